/* engine/expr/cast_number.c - casts between integers, floats and booleans.
 *
 * Casts to a wider type are loops; the others look at every row for its range. */
#include <math.h>
#include <string.h>

#include "engine/expr/cast_private.h"
#include "engine/expr/kernel.h"
#include "engine/expr/raise.h"

#define WEFT_NAME byte_i8
#define WEFT_FROM uint8_t
#define WEFT_TO   int8_t
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME byte_i16
#define WEFT_FROM uint8_t
#define WEFT_TO   int16_t
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME byte_i32
#define WEFT_FROM uint8_t
#define WEFT_TO   int32_t
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME byte_i64
#define WEFT_FROM uint8_t
#define WEFT_TO   int64_t
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME byte_f32
#define WEFT_FROM uint8_t
#define WEFT_TO   float
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME byte_f64
#define WEFT_FROM uint8_t
#define WEFT_TO   double
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME i8_i16
#define WEFT_FROM int8_t
#define WEFT_TO   int16_t
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME i8_i32
#define WEFT_FROM int8_t
#define WEFT_TO   int32_t
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME i8_i64
#define WEFT_FROM int8_t
#define WEFT_TO   int64_t
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME i16_i32
#define WEFT_FROM int16_t
#define WEFT_TO   int32_t
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME i16_i64
#define WEFT_FROM int16_t
#define WEFT_TO   int64_t
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME i32_i64
#define WEFT_FROM int32_t
#define WEFT_TO   int64_t
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME i8_f32
#define WEFT_FROM int8_t
#define WEFT_TO   float
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME i8_f64
#define WEFT_FROM int8_t
#define WEFT_TO   double
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME i16_f32
#define WEFT_FROM int16_t
#define WEFT_TO   float
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME i16_f64
#define WEFT_FROM int16_t
#define WEFT_TO   double
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME i32_f32
#define WEFT_FROM int32_t
#define WEFT_TO   float
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME i32_f64
#define WEFT_FROM int32_t
#define WEFT_TO   double
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME i64_f32
#define WEFT_FROM int64_t
#define WEFT_TO   float
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME i64_f64
#define WEFT_FROM int64_t
#define WEFT_TO   double
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME f32_f64
#define WEFT_FROM float
#define WEFT_TO   double
#include "engine/expr/cast_loop.inc.h"
#define WEFT_NAME f64_f32
#define WEFT_FROM double
#define WEFT_TO   float
#include "engine/expr/cast_loop.inc.h"

typedef void (*cast_loop)(const weft_kernel_call *call);
static const cast_loop cast_loops[WEFT_PHYS_COUNT][WEFT_PHYS_COUNT] = {
    [WEFT_PHYS_BOOL] = {[WEFT_PHYS_I8] = byte_i8,
                        [WEFT_PHYS_I16] = byte_i16,
                        [WEFT_PHYS_I32] = byte_i32,
                        [WEFT_PHYS_I64] = byte_i64,
                        [WEFT_PHYS_F32] = byte_f32,
                        [WEFT_PHYS_F64] = byte_f64},
    [WEFT_PHYS_I8] = {[WEFT_PHYS_I16] = i8_i16,
                      [WEFT_PHYS_I32] = i8_i32,
                      [WEFT_PHYS_I64] = i8_i64,
                      [WEFT_PHYS_F32] = i8_f32,
                      [WEFT_PHYS_F64] = i8_f64},
    [WEFT_PHYS_I16] = {[WEFT_PHYS_I32] = i16_i32,
                       [WEFT_PHYS_I64] = i16_i64,
                       [WEFT_PHYS_F32] = i16_f32,
                       [WEFT_PHYS_F64] = i16_f64},
    [WEFT_PHYS_I32] = {[WEFT_PHYS_I64] = i32_i64, [WEFT_PHYS_F32] = i32_f32, [WEFT_PHYS_F64] = i32_f64},
    [WEFT_PHYS_I64] = {[WEFT_PHYS_F32] = i64_f32, [WEFT_PHYS_F64] = i64_f64},
    [WEFT_PHYS_F32] = {[WEFT_PHYS_F64] = f32_f64},
    [WEFT_PHYS_F64] = {[WEFT_PHYS_F32] = f64_f32},
};

weft_status cast_same(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    const weft_column *a = &call->args[0];
    const size_t rows = a->encoding == WEFT_CONSTANT ? 1 : (size_t)call->rows;
    call->out->column.phys = a->phys;
    memcpy(call->out->values, a->data, rows * (size_t)weft_phys_bytes((weft_phys)a->phys));
    return WEFT_OK;
}

weft_status cast_all_null(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t i = 0; i < call->rows; i++) weft_vector_set_null(call->out, i);
    return WEFT_OK;
}

static void cast_store(weft_vector *out, int32_t i, int64_t value)
{
    switch (weft_phys_bytes((weft_phys)out->column.phys)) {
    case 1: ((int8_t *)out->values)[i] = (int8_t)value; break;
    case 2: ((int16_t *)out->values)[i] = (int16_t)value; break;
    case 4: ((int32_t *)out->values)[i] = (int32_t)value; break;
    default: ((int64_t *)out->values)[i] = value; break;
    }
}

weft_status cast_integral(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_phys from = (weft_phys)call->args[0].phys, to = (weft_phys)call->out->column.phys;
    if (from == to) return cast_same(ctx, call);
    if (cast_loops[from][to] != NULL) {
        cast_loops[from][to](call);
        return WEFT_OK;
    }
    const int64_t high = ((int64_t)1 << (8 * weft_phys_bytes(to) - 1)) - 1;
    const bool wraps = cast_narrows(ctx, call);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t value = weft_arg_i64(&call->args[0], i);
        cast_store(call->out, i, value);
        if (WEFT_UNLIKELY((value > high || value < -high - 1) && !wraps))
            WEFT_TRY(st, cast_bad_range(ctx, call, i));
    }
done:
    return st;
}

weft_status cast_integral_float(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    cast_loops[call->args[0].phys][call->out->column.phys](call);
    return WEFT_OK;
}

weft_status cast_float_float(weft_ctx *ctx, weft_kernel_call *call) { return cast_integral_float(ctx, call); }

/* The nearest number of so many bytes, NaN gives 0. Below four bytes it is that of four, cut: Java's way. */
static int64_t nearest_integral(double value, int32_t bytes)
{
    const int32_t wide = bytes < 4 ? 4 : bytes;
    const double limit = ldexp(1.0, 8 * wide - 1);
    const int64_t high = wide == 8 ? INT64_MAX : INT32_MAX;
    if (value != value) return 0;
    if (value >= limit) return high;
    return value < -limit ? -high - 1 : (int64_t)value;
}

/* Towards zero; NaN and what lies outside is an overflow (without ANSI: the nearest). */
weft_status cast_float_integral(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const int32_t bytes = weft_phys_bytes((weft_phys)call->out->column.phys);
    const double limit = ldexp(1.0, 8 * bytes - 1); /* first above the range; -limit is the least inside */
    const bool saturates = cast_narrows(ctx, call);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const double value = trunc(weft_arg_f64(&call->args[0], i));
        if (WEFT_LIKELY(value >= -limit && value < limit)) {
            cast_store(call->out, i, (int64_t)value);
        } else if (saturates ||
                   (bytes == 8 && value == limit)) { /* Spark's bound is Long.MaxValue as a double */
            cast_store(call->out, i, nearest_integral(value, bytes));
        } else {
            WEFT_TRY(st, cast_bad_range(ctx, call, i));
        }
    }
done:
    return st;
}

weft_status cast_to_boolean(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    const weft_column *a = &call->args[0];
    uint8_t *out = call->out->values;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (a->type.id == WEFT_TYPE_DECIMAL)
            out[i] = weft_load_i128(a->data, a->phys, i) != 0;
        else if (a->phys == WEFT_PHYS_F32 || a->phys == WEFT_PHYS_F64)
            out[i] = weft_arg_f64(a, i) != 0;
        else
            out[i] = weft_arg_i64(a, i) != 0;
    }
    return WEFT_OK;
}

/* The bytes of a whole number, the highest first. */
weft_status cast_integral_bytes(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[0];
    const int32_t bytes = weft_phys_bytes((weft_phys)a->phys);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char text[sizeof(int64_t)];
        if (!weft_call_valid(call, i)) continue;
        const uint64_t value = (uint64_t)weft_arg_i64(a, i);
        for (int32_t b = 0; b < bytes; b++) text[b] = (char)(value >> (8 * (bytes - 1 - b)) & 0xff);
        WEFT_TRY(st, weft_vector_set_string(ctx, call->out, i, text, bytes));
    }
done:
    return st;
}
