/* engine/expr/fn_calendar_interval.c - INTERVAL without fields: make_interval, and the kernels of + - * / and
 * extract over it. */
#include "engine/expr/calendar.h"
#include "engine/expr/calendar_interval.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/fn_interval.h"

static weft_calendar_interval arg_interval(const weft_column *arg, int32_t i)
{
    return weft_calendar_interval_of(weft_load_i128(arg->data, arg->phys, weft_arg_slot(arg, i)));
}

static void put_interval(weft_kernel_call *call, int32_t i, weft_calendar_interval interval)
{
    memcpy((char *)call->out->values + (size_t)i * sizeof interval, &interval, sizeof interval);
}

/* A row whose result does not fit. */
static weft_status put_overflow(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    if (weft_raise_wanted(ctx, call->expr)) return weft_raise_overflow(ctx, call->expr, "overflow", NULL);
    weft_vector_set_null(call->out, i);
    return WEFT_OK;
}

/* Without ANSI the operators wrap; try_add and its like give NULL. */
static weft_interval_overflow overflow_of(weft_ctx *ctx, const weft_expr *e)
{
    const bool exact = weft_raise_tried(e) || weft_raise_wanted(ctx, e);
    return exact ? WEFT_INTERVAL_EXACT : WEFT_INTERVAL_WRAP;
}

/* ---- + and - ---- */

typedef bool (*interval_pair)(weft_calendar_interval a, weft_calendar_interval b,
                              weft_interval_overflow overflow, weft_calendar_interval *out);

static weft_status pair_rows(weft_ctx *ctx, weft_kernel_call *call, interval_pair pair)
{
    weft_status st = WEFT_OK;
    const weft_interval_overflow overflow = overflow_of(ctx, call->expr);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_calendar_interval sum;
        if (!weft_call_valid(call, i)) continue;
        const weft_calendar_interval left = arg_interval(&call->args[0], i);
        const bool one = call->arg_count == 1;
        if (one ? pair((weft_calendar_interval){0}, left, overflow, &sum)
                : pair(left, arg_interval(&call->args[1], i), overflow, &sum))
            put_interval(call, i, sum);
        else
            WEFT_TRY(st, put_overflow(ctx, call, i));
    }
done:
    return st;
}

weft_status weft_kernel_calendar_add(weft_ctx *ctx, weft_kernel_call *call)
{
    return pair_rows(ctx, call, weft_calendar_interval_add);
}
weft_status weft_kernel_calendar_subtract(weft_ctx *ctx, weft_kernel_call *call)
{
    return pair_rows(ctx, call, weft_calendar_interval_subtract);
}
weft_status weft_kernel_calendar_negative(weft_ctx *ctx, weft_kernel_call *call)
{
    return pair_rows(ctx, call, weft_calendar_interval_subtract);
}

/* ---- * and / ---- */

static weft_status scale_rows(weft_ctx *ctx, weft_kernel_call *call, bool divides)
{
    weft_status st = WEFT_OK;
    const weft_interval_overflow overflow = overflow_of(ctx, call->expr);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_calendar_interval scaled;
        if (!weft_call_valid(call, i)) continue;
        const double factor = weft_arg_f64(&call->args[1], i);
        if (divides && factor == 0) {
            if (weft_raise_wanted(ctx, call->expr)) return weft_raise_interval_by_zero(ctx, call->expr);
            weft_vector_set_null(call->out, i);
        } else if (weft_calendar_interval_scale(arg_interval(&call->args[0], i), factor, divides, overflow,
                                                &scaled)) {
            put_interval(call, i, scaled);
        } else {
            WEFT_TRY(st, put_overflow(ctx, call, i));
        }
    }
done:
    return st;
}

weft_status weft_kernel_calendar_multiply(weft_ctx *ctx, weft_kernel_call *call)
{
    return scale_rows(ctx, call, false);
}
weft_status weft_kernel_calendar_divide(weft_ctx *ctx, weft_kernel_call *call)
{
    return scale_rows(ctx, call, true);
}

/* ---- dates and timestamps ---- */

/* In a year that no timestamp has, or a day that no date has. */
static weft_status put_moment(weft_ctx *ctx, weft_kernel_call *call, int32_t i, bool fits, int64_t value)
{
    if (fits && (call->out->column.phys != WEFT_PHYS_I32 || value == (int32_t)value)) {
        weft_store_i64(call->out, i, value);
        return WEFT_OK;
    }
    if (!weft_raise_tried(call->expr)) return weft_raise_overflow(ctx, call->expr, "overflow", NULL);
    weft_vector_set_null(call->out, i);
    return WEFT_OK;
}

/* A date takes no time with ANSI; without, what is left of a day behind the moment is dropped. */
static weft_status add_to_date(weft_ctx *ctx, weft_kernel_call *call, int32_t i,
                               weft_calendar_interval interval)
{
    int64_t day = 0, us = 0;
    int32_t date = 0;
    if (interval.us == 0) {
        const int32_t from = (int32_t)weft_arg_i64(&call->args[0], i);
        const bool fits = weft_days_add_months(from, interval.months, &date);
        day = (int64_t)date + interval.days;
        return put_moment(ctx, call, i, fits, day);
    }
    if (weft_raise_tried(call->expr)) {
        weft_vector_set_null(call->out, i);
        return WEFT_OK;
    }
    if (weft_raise_wanted(ctx, call->expr))
        return weft_fail_at(ctx, WEFT_INTERVAL_OF_DATE, &call->expr->span,
                            "Cannot add an interval to a date because its microseconds part is not 0. To "
                            "resolve this, cast the input date to a timestamp, which supports the addition "
                            "of intervals with non-zero microseconds.");
    const bool fits = !__builtin_mul_overflow(weft_arg_i64(&call->args[0], i), (int64_t)WEFT_DAY_US, &us) &&
                      weft_timestamp_add_interval(NULL, us, interval, &us);
    return put_moment(ctx, call, i, fits, weft_days_of_us(us));
}

static weft_status moment_rows(weft_ctx *ctx, weft_kernel_call *call, bool back)
{
    weft_status st = WEFT_OK;
    const weft_calendar_interval none = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int64_t moved = 0;
        if (!weft_call_valid(call, i)) continue;
        weft_calendar_interval interval = arg_interval(&call->args[1], i);
        if (back) (void)weft_calendar_interval_subtract(none, interval, WEFT_INTERVAL_WRAP, &interval);
        if (call->args[0].type.id == WEFT_TYPE_DATE) {
            WEFT_TRY(st, add_to_date(ctx, call, i, interval));
            continue;
        }
        weft_zone *zone = call->args[0].type.id == WEFT_TYPE_TIMESTAMP ? call->state : NULL;
        const bool fits =
            weft_timestamp_add_interval(zone, weft_arg_i64(&call->args[0], i), interval, &moved);
        WEFT_TRY(st, put_moment(ctx, call, i, fits, moved));
    }
done:
    return st;
}

weft_status weft_kernel_moment_add_calendar(weft_ctx *ctx, weft_kernel_call *call)
{
    return moment_rows(ctx, call, false);
}
weft_status weft_kernel_moment_sub_calendar(weft_ctx *ctx, weft_kernel_call *call)
{
    return moment_rows(ctx, call, true);
}

/* spark.sql.legacy.interval.enabled: months and days between dates, the time between timestamps, that of the
 * clock on the wall where they have a zone. */
weft_status weft_kernel_calendar_difference(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *to = &call->args[0], *from = &call->args[1];
    weft_zone *zone = to->type.id == WEFT_TYPE_TIMESTAMP ? call->state : NULL;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t high = weft_arg_i64(to, i), low = weft_arg_i64(from, i);
        if (to->type.id == WEFT_TYPE_DATE) {
            put_interval(call, i, weft_calendar_interval_between((int32_t)low, (int32_t)high));
            continue;
        }
        weft_calendar_interval between = {0};
        if (__builtin_sub_overflow(weft_zone_to_local(zone, high), weft_zone_to_local(zone, low),
                                   &between.us))
            WEFT_TRY(st, put_overflow(ctx, call, i));
        else
            put_interval(call, i, between);
    }
done:
    return st;
}

/* ---- make_interval ---- */

enum { MAKE_YEARS, MAKE_MONTHS, MAKE_WEEKS, MAKE_DAYS, MAKE_HOURS, MAKE_MINUTES, MAKE_SECONDS, MAKE_PARTS };

static int64_t part_of(const weft_kernel_call *call, int32_t part, int32_t i)
{
    return part < call->arg_count ? weft_arg_i64(&call->args[part], i) : 0;
}

/* Seconds are a decimal(18,6): microseconds, in fact. */
static bool make_one(const weft_kernel_call *call, int32_t i, weft_calendar_interval *out)
{
    const weft_column *seconds = &call->args[MAKE_SECONDS];
    const weft_i128 months = (weft_i128)part_of(call, MAKE_YEARS, i) * 12 + part_of(call, MAKE_MONTHS, i);
    const weft_i128 days = (weft_i128)part_of(call, MAKE_WEEKS, i) * 7 + part_of(call, MAKE_DAYS, i);
    weft_i128 us = (weft_i128)part_of(call, MAKE_HOURS, i) * 3600000000 +
                   (weft_i128)part_of(call, MAKE_MINUTES, i) * 60000000;
    if (call->arg_count > MAKE_SECONDS)
        us += weft_load_i128(seconds->data, seconds->phys, weft_arg_slot(seconds, i));
    *out = (weft_calendar_interval){.months = (int32_t)months, .days = (int32_t)days, .us = (int64_t)us};
    return out->months == months && out->days == days && out->us == us;
}

static weft_status kernel_make(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_calendar_interval made;
        if (!weft_call_valid(call, i)) continue;
        if (make_one(call, i, &made))
            put_interval(call, i, made);
        else
            WEFT_TRY(st, put_overflow(ctx, call, i));
    }
done:
    return st;
}

/* Numbers of any type are parts. */
static weft_status make_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < weft_min_i32(count, MAKE_PARTS); i++) {
        const weft_type wanted = i == MAKE_SECONDS ? weft_type_decimal(18, 6) : WEFT_TYPE_OF(WEFT_TYPE_INT);
        const weft_type given = args[i]->type;
        if (weft_type_is_numeric(given) || weft_cast_implicit(given, wanted))
            WEFT_TRY(st, weft_expr_cast(ctx, args[i], wanted, true, &args[i]));
    }
    st = weft_bind_default(ctx, fn, args, count, span, variant, type);
done:
    return st;
}

#define I WEFT_TYPE_INT
WEFT_FN_FORM(make_interval, 0, 7, WEFT_TYPE_INTERVAL, kernel_make, I, I, I, I, I, I, WEFT_TYPE_DECIMAL);
WEFT_FN_ENTRY(make_interval, "make_interval", NULL, WEFT_FN_FALLIBLE, make_bind,
              "make_interval([years [, months [, weeks [, days [, hours [, mins [, secs]]]]]]]): an interval "
              "of months, days and microseconds",
              "SELECT make_interval(100, 11, 1, 1, 12, 30, 01.001001)",
              "100 years 11 months 8 days 12 hours 30 minutes 1.001001 seconds");
#define try_make_interval_signatures make_interval_signatures
WEFT_FN_ENTRY(try_make_interval, "try_make_interval", NULL, WEFT_FN_TRY, make_bind,
              "try_make_interval(years, …): make_interval, but NULL where that overflows",
              "SELECT try_make_interval(2147483647)", "NULL");
