/* engine/expr/fn_interval_scale.c - intervals times and by numbers, rounded half away from zero to what they
 * count. */
#include <math.h>

#include "engine/expr/decimal.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/fn_interval.h"

/* The number at row i is 0. */
static bool factor_is_zero(const weft_column *factor, int32_t i)
{
    if (factor->phys == WEFT_PHYS_F64) return weft_arg_f64(factor, i) == 0;
    return weft_load_i128(factor->data, factor->phys, weft_arg_slot(factor, i)) == 0;
}

/* False: it does not fit 64 bits. */
static bool scale_real(double value, double factor, bool divides, int64_t *out)
{
    const double result = round(divides ? value / factor : value * factor);
    if (!(result >= -0x1p63 && result < 0x1p63)) return false;
    *out = (int64_t)result;
    return true;
}

static bool scale_one(int64_t value, const weft_column *factor, int32_t i, bool divides, int64_t *out)
{
    const int scale = factor->type.id == WEFT_TYPE_DECIMAL ? factor->type.scale : 0;
    weft_i128 result = 0;
    if (factor->phys == WEFT_PHYS_F64)
        return scale_real((double)value, weft_arg_f64(factor, i), divides, out);
    const weft_i128 by = weft_load_i128(factor->data, factor->phys, weft_arg_slot(factor, i));
    if (!(divides ? weft_decimal_divide(value, scale, by, 0, &result)
                  : weft_decimal_multiply(value, by, scale, &result)))
        return false;
    *out = (int64_t)result;
    return result == (int64_t)result;
}

static weft_status scale_rows(weft_ctx *ctx, weft_kernel_call *call, bool divides)
{
    const bool narrow = call->out->column.phys == WEFT_PHYS_I32;
    const bool tried = weft_raise_tried(call->expr);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int64_t value = 0;
        if (!weft_call_valid(call, i)) continue;
        const bool zero = divides && factor_is_zero(&call->args[1], i);
        const bool fits = !zero &&
                          scale_one(weft_arg_i64(&call->args[0], i), &call->args[1], i, divides, &value) &&
                          (!narrow || value == (int32_t)value);
        if (fits) {
            weft_store_i64(call->out, i, value);
        } else if (tried) {
            weft_vector_set_null(call->out, i);
        } else if (zero) {
            return weft_raise_interval_by_zero(ctx, call->expr);
        } else {
            return weft_raise_interval_overflow(ctx, call->expr);
        }
    }
    return WEFT_OK;
}

weft_status weft_kernel_interval_multiply(weft_ctx *ctx, weft_kernel_call *call)
{
    return scale_rows(ctx, call, false);
}
weft_status weft_kernel_interval_divide(weft_ctx *ctx, weft_kernel_call *call)
{
    return scale_rows(ctx, call, true);
}
