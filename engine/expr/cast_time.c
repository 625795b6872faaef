/* engine/expr/cast_time.c - casts between dates, timestamps and seconds since the epoch. */
#include <math.h>

#include "engine/expr/calendar.h"
#include "engine/expr/cast_private.h"
#include "engine/expr/decimal.h"
#include "engine/expr/fn_decimal.h"
#include "engine/expr/kernel.h"
#include "engine/expr/zone.h"

enum { SECOND_US = 1000000 };

/* Zones matter to TIMESTAMP only: the state of the call is the session's, NULL for UTC. */
static weft_zone *time_zone(const weft_kernel_call *call, weft_type type)
{
    return type.id == WEFT_TYPE_TIMESTAMP ? call->state : NULL;
}

weft_status cast_date_timestamp(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_zone *zone = time_zone(call, call->expr->type);
    const int32_t *days = call->args[0].data;
    int64_t *out = call->out->values;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (__builtin_mul_overflow((int64_t)days[i], (int64_t)WEFT_DAY_US, &out[i]) &&
            weft_call_valid(call, i)) {
            WEFT_TRY(st, cast_bad_range(ctx, call, i));
        } else if (zone != NULL) {
            out[i] = weft_zone_midnight(zone, days[i]);
        }
    }
done:
    return st;
}

weft_status cast_timestamp_date(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    weft_zone *zone = time_zone(call, call->args[0].type);
    const int64_t *us = call->args[0].data;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        ((int32_t *)call->out->values)[i] = weft_days_of_us(weft_zone_to_local(zone, us[i]));
    }
    return WEFT_OK;
}

/* Between instants and local time. */
weft_status cast_timestamp_timestamp(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_zone *zone = call->state;
    if (zone == NULL) return cast_same(ctx, call);
    const bool to_local = call->args[0].type.id == WEFT_TYPE_TIMESTAMP;
    const int64_t *us = call->args[0].data;
    int64_t *out = call->out->values;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        out[i] = to_local ? weft_zone_to_local(zone, us[i]) : weft_zone_to_utc(zone, us[i]);
    }
    return WEFT_OK;
}

/* Whole seconds, rounded down; to fractional types with the microseconds. */
weft_status cast_timestamp_number(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_type type = call->expr->type;
    const int64_t *us = call->args[0].data;
    weft_decimal_out out;
    if (type.id == WEFT_TYPE_DECIMAL) weft_decimal_out_begin(ctx, call, &out);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t seconds = us[i] / SECOND_US - (us[i] % SECOND_US < 0);
        if (type.id == WEFT_TYPE_DECIMAL) {
            weft_i128 value;
            const bool exact = weft_decimal_rescale(us[i], 6, type.scale, &value);
            WEFT_TRY(st, weft_decimal_out_put(ctx, &out, i, value, exact));
        } else if (type.id == WEFT_TYPE_DOUBLE) {
            ((double *)call->out->values)[i] = (double)us[i] / SECOND_US;
        } else if (type.id == WEFT_TYPE_FLOAT) {
            ((float *)call->out->values)[i] = (float)((double)us[i] / SECOND_US);
        } else if (type.id == WEFT_TYPE_BIGINT) {
            ((int64_t *)call->out->values)[i] = seconds;
        } else {
            const int32_t bytes = weft_phys_bytes((weft_phys)call->out->column.phys);
            const int64_t high = ((int64_t)1 << (8 * bytes - 1)) - 1;
            if (bytes == 4)
                ((int32_t *)call->out->values)[i] = (int32_t)seconds;
            else if (bytes == 2)
                ((int16_t *)call->out->values)[i] = (int16_t)seconds;
            else
                ((int8_t *)call->out->values)[i] = (int8_t)seconds;
            if (seconds > high || seconds < -high - 1) WEFT_TRY(st, cast_bad_range(ctx, call, i));
        }
    }
    if (type.id == WEFT_TYPE_DECIMAL) weft_decimal_out_end(&out);
done:
    return st;
}

/* Seconds since the epoch; whole numbers out of range saturate, as Java's TimeUnit does. */
weft_status cast_number_timestamp(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[0];
    int64_t *out = call->out->values;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_i128 us;
        if (!weft_call_valid(call, i)) continue;
        if (a->type.id == WEFT_TYPE_DECIMAL) {
            const int scale = a->type.scale;
            const weft_i128 value = weft_load_i128(a->data, a->phys, i);
            if (scale > 6)
                us = value / weft_i128_pow10(scale - 6);
            else
                us = (weft_i128)((weft_u128)value * (weft_u128)weft_i128_pow10(6 - scale));
            us = (int64_t)(uint64_t)us; /* what is too large wraps, as in Spark */
        } else if (a->phys == WEFT_PHYS_F32 || a->phys == WEFT_PHYS_F64) {
            const double value = weft_arg_f64(a, i) * SECOND_US;
            if (!isfinite(value)) {
                WEFT_TRY(st, cast_bad_input(ctx, call, i));
                continue;
            }
            if ((value >= 0x1p63 || value < -0x1p63) && !cast_narrows(ctx, call))
                WEFT_TRY(st, cast_bad_range(ctx, call, i));
            us = value >= 0x1p63 ? INT64_MAX : value < -0x1p63 ? INT64_MIN : (int64_t)value;
        } else if (a->phys == WEFT_PHYS_BOOL) {
            us = weft_arg_i64(a, i); /* true is one microsecond */
        } else {
            us = (weft_i128)weft_arg_i64(a, i) * SECOND_US;
        }
        out[i] = us > INT64_MAX ? INT64_MAX : us < INT64_MIN ? INT64_MIN : (int64_t)us;
    }
done:
    return st;
}
