/* engine/expr/fn_make_interval.c - intervals of their parts: make_ym_interval, make_dt_interval. */
#include "engine/expr/decimal.h"
#include "engine/expr/fn_entry.h"

/* The part at `index` of row i, 0 where it was left out. */
static int64_t part_of(const weft_kernel_call *call, int32_t index, int32_t i)
{
    return index < call->arg_count ? weft_arg_i64(&call->args[index], i) : 0;
}

static weft_status kernel_make_ym(weft_ctx *ctx, weft_kernel_call *call)
{
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t months = part_of(call, 0, i) * 12 + part_of(call, 1, i);
        if (months != (int32_t)months) return weft_raise_interval_parts(ctx, call->expr);
        ((int32_t *)call->out->values)[i] = (int32_t)months;
    }
    return WEFT_OK;
}

/* Seconds are a decimal(18,6): microseconds, in fact. */
static weft_status kernel_make_dt(weft_ctx *ctx, weft_kernel_call *call)
{
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_column *seconds = &call->args[3];
        const weft_i128 us =
            (weft_i128)part_of(call, 0, i) * 86400000000 + (weft_i128)part_of(call, 1, i) * 3600000000 +
            (weft_i128)part_of(call, 2, i) * 60000000 +
            (call->arg_count > 3 ? weft_load_i128(seconds->data, seconds->phys, weft_arg_slot(seconds, i))
                                 : 0);
        if (us != (int64_t)us) return weft_raise_interval_parts(ctx, call->expr);
        ((int64_t *)call->out->values)[i] = (int64_t)us;
    }
    return WEFT_OK;
}

static weft_status dt_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                           const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count == 4 && (weft_type_is_numeric(args[3]->type) || args[3]->type.id == WEFT_TYPE_NULL))
        WEFT_TRY(st, weft_expr_cast(ctx, args[3], weft_type_decimal(18, 6), true, &args[3]));
    st = weft_bind_default(ctx, fn, args, count, span, variant, type);
done:
    return st;
}

#define I WEFT_TYPE_INT
WEFT_FN_FORM(make_ym_interval, 0, 2, WEFT_TYPE_INTERVAL_YM, kernel_make_ym, I, I);
WEFT_FN_ENTRY(make_ym_interval, "make_ym_interval", NULL, WEFT_FN_FALLIBLE, NULL,
              "make_ym_interval([years [, months]]): a year-month interval", "SELECT make_ym_interval(1, 2)",
              "INTERVAL '1-2' YEAR TO MONTH");
WEFT_FN_FORM(make_dt_interval, 0, 4, WEFT_TYPE_INTERVAL_DT, kernel_make_dt, I, I, I, WEFT_TYPE_DECIMAL);
WEFT_FN_ENTRY(make_dt_interval, "make_dt_interval", NULL, WEFT_FN_FALLIBLE, dt_bind,
              "make_dt_interval([days [, hours [, minutes [, seconds]]]]): a day-time interval",
              "SELECT make_dt_interval(1, 2)", "INTERVAL '1 02:00:00' DAY TO SECOND");
