/* engine/expr/fn_interval.c - see fn_interval.h. Row by row: these are mostly folded, and where they are not
 * the calendar costs more than the loop. */
#include "engine/expr/fn_interval.h"

#include "engine/expr/calendar.h"
#include "engine/expr/interval.h"
#include "engine/expr/kernel.h"
#include "engine/expr/raise.h"
#include "engine/expr/zone.h"

typedef bool (*interval_step)(int64_t a, int64_t b, int64_t *out); /* false: out of range */
typedef bool (*interval_zoned_step)(weft_zone *zone, int64_t a, int64_t b, int64_t *out);

static bool is_least(int64_t value, weft_type type)
{
    if (!weft_type_is_interval(type)) return false;
    return value == (type.id == WEFT_TYPE_INTERVAL_YM ? INT32_MIN : INT64_MIN);
}

/* The class of the error is that of the step at which Spark fails: it negates what is subtracted, counts the
 * nanoseconds of an interval beside a time, and adds months to dates in whole numbers. */
static weft_status fail_range(weft_ctx *ctx, weft_kernel_call *call, int64_t a, int64_t b, const char *what)
{
    const weft_expr *e = call->expr;
    const bool negates = call->arg_count == 1, adds = !negates && strchr(e->call.function->name, '+') != NULL;
    int64_t ns;
    if (negates && is_least(a, e->type)) return weft_raise_interval_sign(ctx, e);
    if (weft_type_is_interval(e->type)) return weft_raise_interval_overflow(ctx, e);
    if (!adds && is_least(b, call->args[1].type)) return weft_raise_interval_sign(ctx, e);
    if (e->type.id == WEFT_TYPE_DATE && call->args[1].type.id != WEFT_TYPE_INTERVAL_DT)
        return weft_raise_overflow(ctx, e, "overflow", NULL);
    if (e->type.id == WEFT_TYPE_TIME && __builtin_mul_overflow(b, (int64_t)1000, &ns))
        return weft_raise_overflow(ctx, e, "long overflow", NULL);
    return weft_raise_datetime_overflow(ctx, e, what, b);
}

/* zoned: the step in a time zone that is not UTC; NULL when zones do not matter. */
static weft_status interval_zoned_rows(weft_ctx *ctx, weft_kernel_call *call, interval_step step,
                                       interval_zoned_step zoned, const char *what)
{
    weft_zone *zone = zoned != NULL ? call->state : NULL;
    const bool narrow = call->out->column.phys == WEFT_PHYS_I32;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t b = call->arg_count > 1 ? weft_arg_i64(&call->args[1], i) : 0;
        int64_t value = 0;
        const int64_t a = weft_arg_i64(&call->args[0], i);
        bool fits = zone != NULL ? zoned(zone, a, b, &value) : step(a, b, &value);
        fits = fits && (!narrow || value == (int32_t)value);
        if (!fits && weft_raise_tried(call->expr)) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        if (!fits) return fail_range(ctx, call, a, b, what);
        if (narrow)
            ((int32_t *)call->out->values)[i] = (int32_t)value;
        else
            ((int64_t *)call->out->values)[i] = value;
    }
    return WEFT_OK;
}

static weft_status interval_rows(weft_ctx *ctx, weft_kernel_call *call, interval_step step, const char *what)
{
    return interval_zoned_rows(ctx, call, step, NULL, what);
}

static bool step_add(int64_t a, int64_t b, int64_t *out) { return !__builtin_add_overflow(a, b, out); }
static bool step_sub(int64_t a, int64_t b, int64_t *out) { return !__builtin_sub_overflow(a, b, out); }

/* Nanoseconds of the day and microseconds. */
static bool step_time(weft_i128 ns, int64_t *out)
{
    *out = (int64_t)ns;
    return ns >= 0 && ns < WEFT_DAY_NS;
}
static bool step_time_add(int64_t a, int64_t b, int64_t *out)
{
    return step_time(a + (weft_i128)b * 1000, out);
}
static bool step_time_subtract(int64_t a, int64_t b, int64_t *out)
{
    return step_time(a - (weft_i128)b * 1000, out);
}
static bool step_time_difference(int64_t a, int64_t b, int64_t *out)
{
    *out = (a - b) / 1000;
    return true;
}

static bool step_months(int64_t a, int64_t b, int64_t *out)
{
    int32_t days = 0;
    const bool fits = weft_days_add_months((int32_t)a, b, &days);
    *out = days;
    return fits;
}
static bool step_months_back(int64_t a, int64_t b, int64_t *out) { return step_months(a, -b, out); }

/* The whole days of a day-time interval. */
static bool step_days_us(int64_t a, int64_t b, int64_t *out) { return step_add(a, b / WEFT_DAY_US, out); }
static bool step_days_us_back(int64_t a, int64_t b, int64_t *out)
{
    return step_sub(a, b / WEFT_DAY_US, out);
}

static bool step_timestamp_months(int64_t a, int64_t b, int64_t *out)
{
    int32_t days = 0;
    int64_t midnight;
    return weft_days_add_months(weft_days_of_us(a), b, &days) &&
           !__builtin_mul_overflow((int64_t)days, (int64_t)WEFT_DAY_US, &midnight) &&
           !__builtin_add_overflow(midnight, weft_us_of_day(a), out);
}
static bool step_timestamp_months_back(int64_t a, int64_t b, int64_t *out)
{
    return step_timestamp_months(a, -b, out);
}

/* Months and days are those of the calendar on the wall; the rest of a day-time interval is elapsed time. */
static bool zoned_months(weft_zone *zone, int64_t a, int64_t b, int64_t *out)
{
    int64_t local = 0;
    const bool fits = step_timestamp_months(weft_zone_to_local(zone, a), b, &local);
    *out = weft_zone_to_utc_near(zone, local, a);
    return fits;
}
static bool zoned_months_back(weft_zone *zone, int64_t a, int64_t b, int64_t *out)
{
    return zoned_months(zone, a, -b, out);
}
static bool zoned_us(weft_zone *zone, int64_t a, int64_t b, int64_t *out)
{
    const int64_t rest = b % WEFT_DAY_US;
    int64_t local;
    if (__builtin_add_overflow(weft_zone_to_local(zone, a), b - rest, &local)) return false;
    return !__builtin_add_overflow(weft_zone_to_utc_near(zone, local, a), rest, out);
}
static bool zoned_us_back(weft_zone *zone, int64_t a, int64_t b, int64_t *out)
{
    return b != INT64_MIN && zoned_us(zone, a, -b, out);
}
static bool zoned_difference(weft_zone *zone, int64_t a, int64_t b, int64_t *out)
{
    return step_sub(weft_zone_to_local(zone, a), weft_zone_to_local(zone, b), out);
}

static bool step_date_difference(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_mul_overflow(a - b, (int64_t)WEFT_DAY_US, out);
}

static bool step_negative(int64_t a, int64_t b, int64_t *out)
{
    (void)b;
    return !__builtin_sub_overflow((int64_t)0, a, out);
}

/* Days beyond the range of dates wrap around, as in Spark. */
static bool step_days(int64_t a, int64_t b, int64_t *out)
{
    *out = (int32_t)(uint32_t)(a + b);
    return true;
}
static bool step_days_back(int64_t a, int64_t b, int64_t *out) { return step_days(a, -b, out); }

weft_status weft_kernel_date_add_days(weft_ctx *ctx, weft_kernel_call *call)
{
    return interval_rows(ctx, call, step_days, "add to the date, in days,");
}
weft_status weft_kernel_date_sub_days(weft_ctx *ctx, weft_kernel_call *call)
{
    return interval_rows(ctx, call, step_days_back, "subtract from the date, in days,");
}
weft_status weft_kernel_date_add_months(weft_ctx *ctx, weft_kernel_call *call)
{
    return interval_rows(ctx, call, step_months, "add to the date, in months,");
}
weft_status weft_kernel_date_sub_months(weft_ctx *ctx, weft_kernel_call *call)
{
    return interval_rows(ctx, call, step_months_back, "subtract from the date, in months,");
}
weft_status weft_kernel_date_add_us(weft_ctx *ctx, weft_kernel_call *call)
{
    return interval_rows(ctx, call, step_days_us, "add to the date, in microseconds,");
}
weft_status weft_kernel_date_sub_us(weft_ctx *ctx, weft_kernel_call *call)
{
    return interval_rows(ctx, call, step_days_us_back, "subtract from the date, in microseconds,");
}
weft_status weft_kernel_timestamp_add_months(weft_ctx *ctx, weft_kernel_call *call)
{
    return interval_zoned_rows(ctx, call, step_timestamp_months, zoned_months,
                               "add to the timestamp, in months,");
}
weft_status weft_kernel_timestamp_sub_months(weft_ctx *ctx, weft_kernel_call *call)
{
    return interval_zoned_rows(ctx, call, step_timestamp_months_back, zoned_months_back,
                               "subtract from the timestamp, in months,");
}
weft_status weft_kernel_timestamp_add_us(weft_ctx *ctx, weft_kernel_call *call)
{
    return interval_zoned_rows(ctx, call, step_add, zoned_us, "add to the timestamp, in microseconds,");
}
weft_status weft_kernel_timestamp_sub_us(weft_ctx *ctx, weft_kernel_call *call)
{
    return interval_zoned_rows(ctx, call, step_sub, zoned_us_back,
                               "subtract from the timestamp, in microseconds,");
}
weft_status weft_kernel_date_minus_date(weft_ctx *ctx, weft_kernel_call *call)
{
    if (call->expr->type.id == WEFT_TYPE_INTERVAL) return weft_kernel_calendar_difference(ctx, call);
    return interval_rows(ctx, call, step_date_difference, "interval overflow");
}
weft_status weft_kernel_timestamp_minus_timestamp(weft_ctx *ctx, weft_kernel_call *call)
{
    if (call->expr->type.id == WEFT_TYPE_INTERVAL) return weft_kernel_calendar_difference(ctx, call);
    return interval_zoned_rows(ctx, call, step_sub, zoned_difference, "interval overflow");
}
weft_status weft_kernel_interval_add(weft_ctx *ctx, weft_kernel_call *call)
{
    return interval_rows(ctx, call, step_add, "interval overflow");
}
weft_status weft_kernel_interval_subtract(weft_ctx *ctx, weft_kernel_call *call)
{
    return interval_rows(ctx, call, step_sub, "interval overflow");
}
weft_status weft_kernel_time_add(weft_ctx *ctx, weft_kernel_call *call)
{
    return interval_rows(ctx, call, step_time_add, "add to the time, in microseconds,");
}
weft_status weft_kernel_time_subtract(weft_ctx *ctx, weft_kernel_call *call)
{
    return interval_rows(ctx, call, step_time_subtract, "subtract from the time, in microseconds,");
}
weft_status weft_kernel_time_minus_time(weft_ctx *ctx, weft_kernel_call *call)
{
    return interval_rows(ctx, call, step_time_difference, "interval overflow");
}
weft_status weft_kernel_interval_negative(weft_ctx *ctx, weft_kernel_call *call)
{
    return interval_rows(ctx, call, step_negative, "interval overflow");
}
