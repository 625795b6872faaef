/* engine/expr/fn_make_timestamp.c - timestamps of their fields, or of a date and a time of the day. */
#include "engine/expr/calendar.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/fn_zones.h"

static weft_status moment_field_error(weft_ctx *ctx, const weft_kernel_call *call, const char *field,
                                      int64_t high, int64_t value)
{
    return weft_fail_at(ctx, WEFT_DATETIME_FIELD_OUT_OF_BOUNDS, &call->expr->span,
                        "Invalid value for %s (valid values up to %lld): %lld.", field, (long long)high,
                        (long long)value);
}

/* args: year, month, day, hour, minute, seconds with six decimals. *local: NULL where the mode says so. */
static weft_status moment_fields(weft_ctx *ctx, weft_kernel_call *call, int32_t i, int64_t *local,
                                 bool *found)
{
    static const char *const names[6] = {"Year",      "MonthOfYear",  "DayOfMonth",
                                         "HourOfDay", "MinuteOfHour", "SecondOfMinute"};
    int64_t f[6];
    for (int32_t k = 0; k < 6; k++) f[k] = weft_arg_i64(&call->args[k], i);
    const int64_t most[6] = {999999,
                             12,
                             weft_days_in_month((int32_t)weft_min_i64(f[0], 999999),
                                                (int32_t)(f[1] >= 1 && f[1] <= 12 ? f[1] : 1)),
                             23,
                             59,
                             60000000};
    *found = true;
    if (f[5] > 60000000 && f[5] < 61000000) { /* a leap second has no fraction; told before all else */
        *found = false;
        if (!weft_raise_wanted(ctx, call->expr)) return WEFT_OK;
        return weft_fail_at(
            ctx, WEFT_FRACTION_OF_SECOND, &call->expr->span,
            "Valid range for seconds is [0, 60] (inclusive), but the provided value is "
            "%lld.%06lld. To avoid this error, use `try_make_timestamp`, which returns NULL on "
            "error.",
            (long long)f[5] / 1000000, (long long)f[5] % 1000000);
    }
    for (int32_t k = 0; k < 6; k++) {
        const bool good = f[k] <= most[k] && f[k] >= (k == 0 ? -999999 : k < 3 ? 1 : 0);
        if (good) continue;
        *found = false;
        if (!weft_raise_wanted(ctx, call->expr)) return WEFT_OK;
        return moment_field_error(ctx, call, names[k], k == 5 ? 59 : most[k], k == 5 ? f[k] / 1000000 : f[k]);
    }
    const int64_t days = weft_days_of_civil((int32_t)f[0], (int32_t)f[1], (int32_t)f[2]);
    *local = days * WEFT_DAY_US + (f[3] * 60 + f[4]) * 60000000 + f[5]; /* 60 seconds are the next minute */
    return WEFT_OK;
}

static weft_status kernel_make_timestamp(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const bool zoned = call->expr->type.id == WEFT_TYPE_TIMESTAMP;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_zone *zone = zoned ? ((weft_zones *)call->state)->zones[0] : NULL;
        int64_t local;
        bool found;
        if (!weft_call_valid(call, i)) continue;
        if (call->arg_count > 6 && zoned)
            WEFT_TRY(st, weft_zones_get(ctx, call, 1, weft_arg_str(&call->args[6], i), &zone));
        WEFT_TRY(st, moment_fields(ctx, call, i, &local, &found));
        if (found)
            ((int64_t *)call->out->values)[i] = weft_zone_to_utc(zone, local);
        else
            weft_vector_set_null(call->out, i);
    }
done:
    return st;
}

/* (date [, time] [, zone]): midnight without a time. */
static weft_status kernel_of_date(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const int32_t last = call->arg_count - 1;
    const bool zoned = call->expr->type.id == WEFT_TYPE_TIMESTAMP;
    const bool timed = last > 0 && call->args[1].type.id == WEFT_TYPE_TIME;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_zone *zone = zoned ? ((weft_zones *)call->state)->zones[0] : NULL;
        int64_t local;
        if (!weft_call_valid(call, i)) continue;
        if (call->args[last].type.id == WEFT_TYPE_STRING)
            WEFT_TRY(st, weft_zones_get(ctx, call, 1, weft_arg_str(&call->args[last], i), &zone));
        const int64_t days = weft_arg_i64(&call->args[0], i);
        if (__builtin_mul_overflow(days, (int64_t)WEFT_DAY_US, &local))
            return weft_raise_overflow(ctx, call->expr, "long overflow", NULL);
        if (timed) local += weft_arg_i64(&call->args[1], i) / 1000;
        ((int64_t *)call->out->values)[i] = weft_zone_to_utc(zone, local);
    }
done:
    return st;
}

/* A DATE and, behind it, a TIME: no other type is taken for one. */
static weft_status expect_date_time(weft_ctx *ctx, const weft_expr **args, int32_t count,
                                    const weft_span *span)
{
    static const weft_type_id wanted[] = {WEFT_TYPE_DATE, WEFT_TYPE_TIME};
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < count && i < 2; i++) {
        const weft_type_id id = (weft_type_id)args[i]->type.id;
        if (id == WEFT_TYPE_NULL) {
            const weft_value null = {.type = WEFT_TYPE_OF(wanted[i]), .is_null = true};
            WEFT_TRY(st, weft_expr_literal(ctx, &null, &args[i]));
        } else if (id != wanted[i]) {
            return weft_fail_arg_type(ctx, i, i == 0 ? "\"date\"" : "\"time\"", args[i], span);
        }
    }
done:
    return st;
}

enum { LOCAL_FIELDS = 2 }; /* the form of fields where TIMESTAMP stands for one without time zone */

/* Seconds to six decimals. */
static weft_status make_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count < 6) WEFT_TRY(st, expect_date_time(ctx, args, count, span));
    if (count >= 6 && !weft_type_is_numeric(args[5]->type) && args[5]->type.id != WEFT_TYPE_STRING &&
        args[5]->type.id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, 5, "\"decimal(16,6)\"", args[5], span);
    if (count >= 6 && args[5]->type.id != WEFT_TYPE_NULL)
        WEFT_TRY(st, weft_expr_cast(ctx, args[5], weft_type_decimal(16, 6), true, &args[5]));
    WEFT_TRY(st, weft_bind_default(ctx, fn, args, count, span, variant, type));
    if (count >= 6 && fn->signature_count > LOCAL_FIELDS && weft_timestamp_is_local(ctx)) {
        *variant = LOCAL_FIELDS;
        *type = WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP_NTZ);
    }
done:
    return st;
}

#define S      WEFT_TYPE_STRING
#define I      WEFT_TYPE_INT
#define DATE   WEFT_TYPE_DATE
#define TIME   WEFT_TYPE_TIME
#define STAMP  WEFT_TYPE_TIMESTAMP
#define LOCAL  WEFT_TYPE_TIMESTAMP_NTZ
#define FIELDS I, I, I, I, I, WEFT_TYPE_DECIMAL
static const weft_signature zoned_signatures[] = {{{FIELDS, S}, 6, 7, STAMP, kernel_make_timestamp},
                                                  {{DATE, TIME, S}, 1, 3, STAMP, kernel_of_date}};
static const weft_signature local_signatures[] = {{{FIELDS}, 6, 6, LOCAL, kernel_make_timestamp},
                                                  {{DATE, TIME}, 2, 2, LOCAL, kernel_of_date}};
static const weft_signature either_signatures[] = {
    {{FIELDS, S}, 6, 7, STAMP, kernel_make_timestamp},
    {{DATE, TIME, S}, 1, 3, STAMP, kernel_of_date},
    [LOCAL_FIELDS] = {{FIELDS, S}, 6, 7, LOCAL, kernel_make_timestamp}};
#define MAKES(symbol, bits, list, usage, sql, want)                                                          \
    const weft_function weft_fn_##symbol = {.name = #symbol,                                                 \
                                            .flags = bits,                                                   \
                                            .signatures = list,                                              \
                                            .signature_count = WEFT_COUNT(list),                             \
                                            .bind = make_bind,                                               \
                                            .open = weft_zones_open,                                         \
                                            .close = weft_zones_close,                                       \
                                            .help = usage,                                                   \
                                            .example = sql,                                                  \
                                            .example_result = want}
MAKES(make_timestamp, WEFT_FN_FALLIBLE, either_signatures,
      "make_timestamp(year, month, day, hour, minute, second [, zone]) or (date [, time] [, zone]): the "
      "timestamp",
      "SELECT make_timestamp(2014, 12, 28, 6, 30, 45.887)", "2014-12-28 06:30:45.887");
MAKES(make_timestamp_ltz, WEFT_FN_FALLIBLE, zoned_signatures,
      "make_timestamp_ltz(year, month, day, hour, minute, second [, zone]) or (date [, time] [, zone]): the "
      "timestamp",
      "SELECT make_timestamp_ltz(DATE '2014-12-28', TIME '06:30:45.887')", "2014-12-28 06:30:45.887");
MAKES(
    make_timestamp_ntz, WEFT_FN_FALLIBLE, local_signatures,
    "make_timestamp_ntz(year, month, day, hour, minute, second) or (date, time): the timestamp without time "
    "zone",
    "SELECT make_timestamp_ntz(2014, 12, 28, 6, 30, 45.887)", "2014-12-28 06:30:45.887");
MAKES(try_make_timestamp, WEFT_FN_TRY, either_signatures,
      "try_make_timestamp(year, month, day, hour, minute, second [, zone]) or (date [, time] [, zone]): the "
      "timestamp, or NULL",
      "SELECT try_make_timestamp(2014, 13, 28, 6, 30, 45.887)", "NULL");
MAKES(try_make_timestamp_ltz, WEFT_FN_TRY, zoned_signatures,
      "try_make_timestamp_ltz(year, month, day, hour, minute, second [, zone]) or (date [, time] [, zone]): "
      "the "
      "timestamp, or NULL",
      "SELECT try_make_timestamp_ltz(2024, 13, 22, 15, 30, 0)", "NULL");
MAKES(try_make_timestamp_ntz, WEFT_FN_TRY, local_signatures,
      "try_make_timestamp_ntz(year, month, day, hour, minute, second) or (date, time): the timestamp without "
      "time zone, or NULL",
      "SELECT try_make_timestamp_ntz(2024, 13, 22, 15, 30, 0)", "NULL");
