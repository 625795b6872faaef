/* engine/expr/cast_decimal.c - casts to and from decimals. Rounding is HALF_UP; to integers digits are cut.
 */
#include <math.h>

#include "engine/expr/cast_private.h"
#include "engine/expr/decimal.h"
#include "engine/expr/fn_decimal.h"
#include "engine/expr/kernel.h"
#include "engine/expr/raise.h"

/* Integers times a power of ten, where the product fits in 64 bits and the type. */
static void cast_scaled(const weft_kernel_call *call, int64_t factor)
{
    const weft_column *a = &call->args[0];
    int64_t *restrict out = call->out->values;
    const bool dense = weft_call_dense(call);
    if (dense && a->phys == WEFT_PHYS_I32) {
        const int32_t *from = a->data;
        for (int32_t i = 0; i < call->rows; i++) out[i] = from[i] * factor;
        return;
    }
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        out[i] = weft_load_i64(a->data, a->phys, i) * factor;
    }
}

weft_status cast_integral_decimal(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_type type = call->expr->type;
    weft_decimal_out out;
    if (call->args[0].phys != WEFT_PHYS_I64 && type.scale <= 8 &&
        !weft_cast_fallible(call->args[0].type, type)) {
        call->out->column.phys = WEFT_PHYS_I64; /* ten digits and eight more */
        cast_scaled(call, weft_pow10_i64(type.scale));
        return WEFT_OK;
    }
    weft_decimal_out_begin(ctx, call, &out);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        weft_i128 value;
        const bool exact = weft_decimal_rescale(weft_arg_i64(&call->args[0], i), 0, type.scale, &value);
        WEFT_TRY(st, weft_decimal_out_put(ctx, &out, i, value, exact));
    }
    weft_decimal_out_end(&out);
done:
    return st;
}

weft_status cast_decimal_decimal(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[0];
    const weft_type type = call->expr->type;
    const int up = type.scale - a->type.scale;
    /* Widening in 64 bits: a multiplication by a power of ten, or nothing. */
    if (!weft_cast_fallible(a->type, type) && up >= 0 && up <= 18 && a->phys == WEFT_PHYS_I64) {
        const int64_t factor = weft_pow10_i64(up);
        call->out->column.phys = WEFT_PHYS_I64;
        if (up == 0) return cast_same(ctx, call);
        const weft_arith_loops *loops = &weft_arith_loops_get()->loops[WEFT_ARITH_MUL][WEFT_PHYS_I64];
        const bool bad = weft_call_dense(call) ? loops->vc(a->data, &factor, call->out->values, call->rows)
                                               : loops->sparse(a->data, 1, &factor, 0, call->out->values,
                                                               call->selection, call->selected);
        if (!bad) return WEFT_OK;
    }
    weft_decimal_out out;
    weft_decimal_out_begin(ctx, call, &out);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        weft_i128 value;
        const bool exact =
            weft_decimal_rescale(weft_load_i128(a->data, a->phys, i), a->type.scale, type.scale, &value);
        WEFT_TRY(st, weft_decimal_out_put(ctx, &out, i, value, exact));
    }
    weft_decimal_out_end(&out);
done:
    return st;
}

weft_status cast_decimal_integral(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[0];
    const int32_t bytes = weft_phys_bytes((weft_phys)call->out->column.phys);
    const int64_t high = bytes == 8 ? INT64_MAX : ((int64_t)1 << (8 * bytes - 1)) - 1;
    const weft_i128 unit = weft_i128_pow10(a->type.scale);
    const bool wraps = cast_narrows(ctx, call);
    void *values = call->out->values;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_i128 value = weft_load_i128(a->data, a->phys, i) / unit;
        switch (bytes) {
        case 1: ((int8_t *)values)[i] = (int8_t)value; break;
        case 2: ((int16_t *)values)[i] = (int16_t)value; break;
        case 4: ((int32_t *)values)[i] = (int32_t)value; break;
        default: ((int64_t *)values)[i] = (int64_t)value; break;
        }
        if ((value > high || value < -(weft_i128)high - 1) && !wraps)
            WEFT_TRY(st, cast_bad_range(ctx, call, i));
    }
done:
    return st;
}

weft_status cast_decimal_float(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    const weft_column *a = &call->args[0];
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const double value = weft_decimal_to_double(weft_load_i128(a->data, a->phys, i), a->type.scale);
        if (call->out->column.phys == WEFT_PHYS_F32)
            ((float *)call->out->values)[i] = (float)value;
        else
            ((double *)call->out->values)[i] = value;
    }
    return WEFT_OK;
}

/* A float is widened first. */
weft_status cast_float_decimal(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_type type = call->expr->type;
    weft_decimal_out out;
    weft_decimal_out_begin(ctx, call, &out);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const double value = weft_arg_f64(&call->args[0], i);
        weft_i128 unscaled = 0;
        if (!isfinite(value)) { /* NULL in Spark, whatever the mode */
            weft_vector_set_null(call->out, i);
            continue;
        }
        const bool exact = weft_decimal_from_double(value, type.scale, &unscaled);
        WEFT_TRY(st, weft_decimal_out_put(ctx, &out, i, unscaled, exact));
    }
    weft_decimal_out_end(&out);
done:
    return st;
}
