/* engine/expr/cast_interval.c - casts of intervals and times of the day.
 *
 * A number beside an interval counts units of its last field, one beside a time seconds since midnight. */
#include "engine/expr/calendar.h"
#include "engine/expr/cast_private.h"
#include "engine/expr/decimal.h"
#include "engine/expr/fn_decimal.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/interval.h"
#include "engine/expr/raise.h"

enum { TIME_SCALE = 9 };

/* Fields that the target lacks are dropped. */
weft_status cast_interval_interval(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_store_i64(call->out, i, weft_interval_cut(call->expr->type, weft_arg_i64(&call->args[0], i)));
    }
    return WEFT_OK;
}

weft_status cast_time_time(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_store_i64(call->out, i, weft_time_cut(call->expr->type, weft_arg_i64(&call->args[0], i)));
    }
    return WEFT_OK;
}

/* The clock on the wall at the timestamp. */
weft_status cast_timestamp_time(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    weft_zone *zone = call->args[0].type.id == WEFT_TYPE_TIMESTAMP ? call->state : NULL;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const int64_t local = weft_zone_to_local(zone, weft_arg_i64(&call->args[0], i));
        weft_store_i64(call->out, i, weft_time_cut(call->expr->type, weft_us_of_day(local) * 1000));
    }
    return WEFT_OK;
}

static bool fits_bytes(int64_t value, int32_t bytes)
{
    const int64_t high = (int64_t)(UINT64_MAX >> (65 - 8 * bytes));
    return value <= high && value >= -high - 1;
}

/* Of an INTERVAL, out of range is an error without ANSI, too: only try_cast() gives NULL. */
static weft_status bad_range(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    const bool time = call->args[0].type.id == WEFT_TYPE_TIME;
    if (time || call->expr->cast.try_) return cast_bad_range(ctx, call, i);
    weft_value value = weft_value_of_column(&call->args[0], i);
    value.type = call->args[0].type;
    return weft_raise_cast_overflow(ctx, call->expr, &value);
}

/* A value that counts 1 / (unit * 10^-scale)ths, as so many units: whole ones, or with their fraction. */
static weft_status counts_to_number(weft_ctx *ctx, weft_kernel_call *call, int64_t unit, int scale)
{
    weft_status st = WEFT_OK;
    const weft_type type = call->expr->type;
    const bool decimal = type.id == WEFT_TYPE_DECIMAL;
    const int32_t bytes = decimal ? 0 : weft_phys_bytes((weft_phys)call->out->column.phys);
    weft_decimal_out out;
    if (decimal) weft_decimal_out_begin(ctx, call, &out);
    if (decimal && weft_type_is_interval(call->args[0].type)) out.raise = !call->expr->cast.try_;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t value = weft_arg_i64(&call->args[0], i);
        if (decimal) {
            weft_i128 result = 0;
            const bool exact = scale > 0 ? weft_decimal_rescale(value, scale, type.scale, &result)
                                         : weft_decimal_rescale(value / unit, 0, type.scale, &result);
            WEFT_TRY(st, weft_decimal_out_put(ctx, &out, i, result, exact));
            continue;
        }
        const int64_t whole = value / unit;
        weft_store_i64(call->out, i, whole);
        if (!fits_bytes(whole, bytes)) WEFT_TRY(st, bad_range(ctx, call, i));
    }
    if (decimal) weft_decimal_out_end(&out);
done:
    return st;
}

static int64_t last_unit(weft_type type)
{
    return weft_interval_unit((weft_type_id)type.id, weft_type_last_field(type));
}

weft_status cast_interval_number(weft_ctx *ctx, weft_kernel_call *call)
{
    const int64_t unit = last_unit(call->args[0].type);
    return counts_to_number(ctx, call, unit, unit == 1000000 ? 6 : 0);
}

weft_status cast_time_number(weft_ctx *ctx, weft_kernel_call *call)
{
    return counts_to_number(ctx, call, 1000000000, TIME_SCALE);
}

/* A decimal is rounded to months or microseconds; what its last field does not show is there all the same. */
weft_status cast_number_interval(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[0];
    const int64_t unit = last_unit(call->expr->type);
    const int32_t bytes = weft_phys_bytes((weft_phys)call->out->column.phys);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_i128 value = 0;
        bool fits = true;
        if (!weft_call_valid(call, i)) continue;
        if (a->type.id == WEFT_TYPE_DECIMAL)
            fits = weft_decimal_multiply(weft_load_i128(a->data, a->phys, weft_arg_slot(a, i)), unit,
                                         a->type.scale, &value);
        else
            value = (weft_i128)weft_arg_i64(a, i) * unit;
        fits = fits && value == (int64_t)value && fits_bytes((int64_t)value, bytes);
        if (fits)
            weft_store_i64(call->out, i, (int64_t)value);
        else
            WEFT_TRY(st, bad_range(ctx, call, i));
    }
done:
    return st;
}
