/* engine/expr/fn_moment.c - timestamps and dates: cut to a unit, moved between zones, counted.
 */
#include <math.h>
#include <strings.h>

#include "engine/expr/calendar.h"
#include "engine/expr/datetime_private.h"
#include "engine/expr/decimal.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/fn_zones.h"
#include "engine/expr/zone.h"

/* ---- units ---- */

typedef enum moment_unit {
    UNIT_MICROSECOND,
    UNIT_MILLISECOND,
    UNIT_SECOND,
    UNIT_MINUTE,
    UNIT_HOUR,
    UNIT_DAY,
    UNIT_WEEK,
    UNIT_MONTH,
    UNIT_QUARTER,
    UNIT_YEAR,
    UNIT_NONE
} moment_unit;

static const int64_t unit_us[] = {1, 1000, 1000000, 60000000, 3600000000, WEFT_DAY_US, 7 * WEFT_DAY_US};
static const int64_t unit_months[] = {[UNIT_MONTH] = 1, [UNIT_QUARTER] = 3, [UNIT_YEAR] = 12};

static moment_unit unit_find(const weft_str *name)
{
    static const char *const names[] = {" MICROSECOND ", " MILLISECOND ", " SECOND ", " MINUTE ",
                                        " HOUR ",        " DAY DD ",      " WEEK ",   " MONTH MM MON ",
                                        " QUARTER ",     " YEAR YYYY YY "};
    char word[32];
    if (name->len == 0 || name->len > sizeof word - 3) return UNIT_NONE;
    word[0] = ' ';
    memcpy(word + 1, weft_str_data(name), name->len);
    word[name->len + 1] = ' ';
    word[name->len + 2] = 0;
    for (int32_t k = 0; k < WEFT_COUNT(names); k++) {
        if (strcasestr(names[k], word) != NULL) return (moment_unit)k;
    }
    return UNIT_NONE;
}

static int32_t weekday_of(int32_t days) /* Monday is 0 */
{
    return (int32_t)((((int64_t)days + 3) % 7 + 7) % 7);
}

/* The first day of the unit, a week or longer. */
static int32_t unit_first_day(moment_unit unit, int32_t days)
{
    const weft_civil c = weft_civil_of_days(days);
    if (unit == UNIT_WEEK) return days - weekday_of(days);
    if (unit == UNIT_YEAR) return weft_days_of_civil(c.year, 1, 1);
    return weft_days_of_civil(c.year, unit == UNIT_QUARTER ? (c.month - 1) / 3 * 3 + 1 : c.month, 1);
}

/* trunc(date, unit): a week or longer. */
static weft_status kernel_trunc(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const moment_unit unit = unit_find(weft_arg_str(&call->args[1], i));
        if (unit < UNIT_WEEK || unit == UNIT_NONE)
            weft_vector_set_null(call->out, i);
        else
            ((int32_t *)call->out->values)[i] =
                unit_first_day(unit, (int32_t)weft_arg_i64(&call->args[0], i));
    }
    return WEFT_OK;
}

/* A constant unit that is none gives NULL before the text of a moment is read. */
static weft_status bind_trunc(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_expr *unit = NULL;
    const int32_t at = strcmp(fn->name, "trunc") == 0 ? 1 : 0;
    WEFT_TRY(st, weft_bind_default(ctx, fn, args, count, span, variant, type));
    WEFT_TRY(st, weft_expr_fold(ctx, args[at], &unit));
    const weft_expr *moment = args[1 - at];
    if (unit->kind != WEFT_EXPR_LITERAL || moment->kind != WEFT_EXPR_CAST || !moment->cast.implicit)
        return WEFT_OK;
    if (!unit->literal.is_null && unit_find(&unit->literal.str) != UNIT_NONE) return WEFT_OK;
    weft_expr copy = *moment;
    copy.cast.try_ = true;
    WEFT_TRY(st, weft_expr_with_args(ctx, &copy, copy.args, &args[1 - at]));
done:
    return st;
}

/* Below a day instants are cut as they are, by UTC's seconds; hours by the clock on the wall. */
static int64_t moment_truncate(weft_zone *zone, moment_unit unit, int64_t us)
{
    const int64_t local = weft_zone_to_local(zone, us);
    if (unit < UNIT_DAY) {
        const int64_t rest = local % unit_us[unit];
        return us - (rest < 0 ? rest + unit_us[unit] : rest);
    }
    const int32_t days = weft_days_of_us(local);
    return weft_zone_midnight(zone, unit == UNIT_DAY ? days : unit_first_day(unit, days));
}

static weft_status kernel_date_trunc(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    const weft_type_id id = (weft_type_id)call->args[1].type.id;
    weft_zone *zone = id == WEFT_TYPE_TIMESTAMP || id == WEFT_TYPE_TIMESTAMP_NS ? call->state : NULL;
    const int64_t parts = weft_type_counts_nanos(call->args[1].type) ? 1000 : 1; /* of a microsecond */
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const moment_unit unit = unit_find(weft_arg_str(&call->args[0], i));
        const int64_t at = weft_arg_i64(&call->args[1], i);
        if (unit == UNIT_NONE)
            weft_vector_set_null(call->out, i);
        else
            ((int64_t *)call->out->values)[i] = moment_truncate(zone, unit, at / parts - (at % parts < 0)) *
                                                parts;
    }
    return WEFT_OK;
}

/* A timestamp that counts nanoseconds stays what it is. */
static weft_status date_trunc_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                   int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const bool nanos = count == 2 && weft_type_counts_nanos(args[1]->type);
    if (!nanos) return bind_trunc(ctx, fn, args, count, span, variant, type);
    WEFT_TRY(st, weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_STRING), true, &args[0]));
    *variant = args[1]->type.id == WEFT_TYPE_TIMESTAMP_NS ? 1 : 2;
    *type = args[1]->type;
done:
    return st;
}

/* ---- timestampadd, timestampdiff ---- */

static bool moment_add(weft_zone *zone, moment_unit unit, int64_t count, int64_t us, int64_t *out)
{
    int64_t local = weft_zone_to_local(zone, us), amount;
    int32_t days;
    if (unit < UNIT_DAY) {
        return !__builtin_mul_overflow(count, unit_us[unit], &amount) &&
               !__builtin_add_overflow(us, amount, out);
    }
    if (unit <= UNIT_WEEK) {
        if (__builtin_mul_overflow(count, unit_us[unit], &amount) ||
            __builtin_add_overflow(local, amount, &local))
            return false;
    } else {
        if (__builtin_mul_overflow(count, unit_months[unit], &amount) ||
            !weft_days_add_months(weft_days_of_us(local), amount, &days))
            return false;
        local = (int64_t)days * WEFT_DAY_US + weft_us_of_day(local);
    }
    *out = weft_zone_to_utc_near(zone, local, us);
    return true;
}

static weft_status kernel_timestampadd(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_zone *zone = call->args[2].type.id == WEFT_TYPE_TIMESTAMP ? call->state : NULL;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t count = weft_arg_i64(&call->args[1], i);
        const moment_unit unit = unit_find(weft_arg_str(&call->args[0], i));
        if (!moment_add(zone, unit, count, weft_arg_i64(&call->args[2], i),
                        (int64_t *)call->out->values + i)) {
            return weft_raise_datetime_overflow(ctx, call->expr, "add to the timestamp, in units,", count);
        }
    }
    return WEFT_OK;
}

/* Whole months between two local times. */
static int64_t moment_months(int64_t from, int64_t to)
{
    const weft_civil a = weft_civil_of_days(weft_days_of_us(from)),
                     b = weft_civil_of_days(weft_days_of_us(to));
    const int64_t months = ((int64_t)b.year - a.year) * 12 + b.month - a.month;
    const int64_t rest_a = a.day * WEFT_DAY_US + weft_us_of_day(from),
                  rest_b = b.day * WEFT_DAY_US + weft_us_of_day(to);
    if (months > 0 && rest_b < rest_a) return months - 1;
    return months < 0 && rest_b > rest_a ? months + 1 : months;
}

static weft_status kernel_timestampdiff(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    weft_zone *zone = call->args[1].type.id == WEFT_TYPE_TIMESTAMP ? call->state : NULL;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const moment_unit unit = unit_find(weft_arg_str(&call->args[0], i));
        const int64_t from = weft_zone_to_local(zone, weft_arg_i64(&call->args[1], i));
        const int64_t to = weft_zone_to_local(zone, weft_arg_i64(&call->args[2], i));
        ((int64_t *)call->out->values)[i] = unit <= UNIT_WEEK
                                                ? (int64_t)(((weft_i128)to - from) / unit_us[unit])
                                                : moment_months(from, to) / unit_months[unit];
    }
    return WEFT_OK;
}

/* The unit must be a word that is known. */
static weft_status moment_unit_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                    int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_bind_default(ctx, fn, args, count, span, variant, type));
    const bool literal = args[0]->kind == WEFT_EXPR_LITERAL && !args[0]->literal.is_null;
    if (!literal || unit_find(&args[0]->literal.str) == UNIT_NONE) {
        st = weft_fail_at(
            ctx, WEFT_DATETIME_UNIT, span,
            "The value of parameter(s) `unit` in `%s` is invalid: expects one of the units without quotes "
            "YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND.",
            fn->name);
    }
done:
    return st;
}

/* ---- zones ---- */

static weft_status kernel_from_utc(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const bool from = call->expr->call.function->name[0] == 'f';
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_zone *zone;
        if (!weft_call_valid(call, i)) continue;
        WEFT_TRY(st, weft_zones_get(ctx, call, 1, weft_arg_str(&call->args[1], i), &zone));
        const int64_t us = weft_arg_i64(&call->args[0], i);
        ((int64_t *)call->out->values)[i] = from ? weft_zone_to_local(zone, us) : weft_zone_to_utc(zone, us);
    }
done:
    return st;
}

/* convert_timezone([from,] to, local time) */
static weft_status kernel_convert(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const int32_t last = call->arg_count - 1;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_zone *from = ((weft_zones *)call->state)->zones[0], *to;
        if (!weft_call_valid(call, i)) continue;
        if (last == 2) WEFT_TRY(st, weft_zones_get(ctx, call, 0, weft_arg_str(&call->args[0], i), &from));
        WEFT_TRY(st, weft_zones_get(ctx, call, 1, weft_arg_str(&call->args[last - 1], i), &to));
        const int64_t us = weft_zone_to_utc(from, weft_arg_i64(&call->args[last], i));
        ((int64_t *)call->out->values)[i] = weft_zone_to_local(to, us);
    }
done:
    return st;
}

/* ---- counting ---- */

/* Seconds that have passed since the day began: on a day that skips or repeats an hour not what clocks show.
 */
static int64_t seconds_of_day(weft_zone *zone, int64_t us, int32_t days)
{
    return (us - weft_zone_to_utc(zone, days * INT64_C(86400000000))) / 1000000;
}

static double moment_months_between(weft_zone *zone, int64_t a, int64_t b, bool round)
{
    const int32_t days_a = weft_days_of_us(weft_zone_to_local(zone, a)),
                  days_b = weft_days_of_us(weft_zone_to_local(zone, b));
    const weft_civil x = weft_civil_of_days(days_a), y = weft_civil_of_days(days_b);
    const int64_t months = ((int64_t)x.year - y.year) * 12 + x.month - y.month;
    const bool ends = x.day == weft_days_in_month(x.year, x.month) &&
                      y.day == weft_days_in_month(y.year, y.month);
    if (x.day == y.day || ends) return (double)months;
    const int64_t seconds = (x.day - y.day) * 86400LL + seconds_of_day(zone, a, days_a) -
                            seconds_of_day(zone, b, days_b);
    const double between = (double)months + (double)seconds / (31.0 * 86400);
    return round ? floor(between * 1e8 + 0.5) / 1e8 : between;
}

static weft_status kernel_months_between(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    weft_zone *zone = call->state;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const bool round = call->arg_count < 3 || weft_arg_i64(&call->args[2], i) != 0;
        ((double *)call->out->values)[i] = moment_months_between(zone, weft_arg_i64(&call->args[0], i),
                                                                 weft_arg_i64(&call->args[1], i), round);
    }
    return WEFT_OK;
}

/* MO, MON, MONDAY … in any case; 0 is Monday, -1 none. */
static int32_t moment_weekday(const weft_str *name)
{
    for (int32_t d = 0; d < 7; d++) {
        const uint32_t full = (uint32_t)strlen(weft_datetime_names_us.days_long[d]);
        if ((name->len == 2 || name->len == 3 || name->len == full) &&
            strncasecmp(weft_str_data(name), weft_datetime_names_us.days_long[d], name->len) == 0)
            return d;
    }
    return -1;
}

static weft_status kernel_next_day(weft_ctx *ctx, weft_kernel_call *call)
{
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *name = weft_arg_str(&call->args[1], i);
        const int32_t days = (int32_t)weft_arg_i64(&call->args[0], i), wanted = moment_weekday(name);
        if (wanted >= 0) {
            ((int32_t *)call->out->values)[i] = days + (wanted - weekday_of(days) + 6) % 7 + 1;
        } else if (weft_raise_wanted(ctx, call->expr)) {
            return weft_fail_at(ctx, WEFT_DAY_OF_WEEK, &call->expr->span,
                                "Illegal input for day of week: %.*s.", (int)weft_min_i64(name->len, 60),
                                weft_str_data(name));
        } else {
            weft_vector_set_null(call->out, i);
        }
    }
    return WEFT_OK;
}

static weft_status kernel_weekday(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        ((int32_t *)call->out->values)[i] = weekday_of((int32_t)weft_arg_i64(&call->args[0], i));
    }
    return WEFT_OK;
}

/* The first three letters of the month's or the day's name. */
static weft_status kernel_name(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    const bool month = call->expr->call.function->name[0] == 'm';
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const int32_t days = (int32_t)weft_arg_i64(&call->args[0], i);
        if (!weft_call_valid(call, i)) continue;
        *weft_call_text(call, i) =
            weft_str_view(month ? weft_datetime_names_us.months_long[weft_civil_of_days(days).month - 1]
                                : weft_datetime_names_us.days_long[weekday_of(days)],
                          3);
    }
    return WEFT_OK;
}

static weft_status kernel_same_days(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        ((int32_t *)call->out->values)[i] = (int32_t)weft_arg_i64(&call->args[0], i);
    }
    return WEFT_OK;
}

/* unix_seconds, unix_millis, unix_micros: rounded down. */
static weft_status kernel_unix(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    const char *unit = call->expr->call.function->name + strlen("unix_");
    const int64_t us = unit[0] == 's' ? 1000000 : strcmp(unit, "millis") == 0 ? 1000 : 1;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const int64_t value = weft_arg_i64(&call->args[0], i);
        ((int64_t *)call->out->values)[i] = value / us - (value % us < 0);
    }
    return WEFT_OK;
}

static weft_status moment_of_units(weft_ctx *ctx, weft_kernel_call *call, int64_t us)
{
    const char *unit = us == 1000 ? "milliseconds" : "seconds";
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t amount = weft_arg_i64(&call->args[0], i);
        if (__builtin_mul_overflow(amount, us, (int64_t *)call->out->values + i)) {
            return weft_fail_at(
                ctx, WEFT_DATETIME_OVERFLOW, &call->expr->span,
                "Datetime operation overflow: create a TIMESTAMP from %lldL %s since the epoch.",
                (long long)amount, unit);
        }
    }
    return WEFT_OK;
}
static weft_status kernel_of_seconds(weft_ctx *ctx, weft_kernel_call *call)
{
    return moment_of_units(ctx, call, 1000000);
}
static weft_status kernel_of_millis(weft_ctx *ctx, weft_kernel_call *call)
{
    return moment_of_units(ctx, call, 1000);
}
static weft_status kernel_of_micros(weft_ctx *ctx, weft_kernel_call *call)
{
    return moment_of_units(ctx, call, 1);
}

static weft_status kernel_of_real_seconds(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const double seconds = weft_arg_f64(&call->args[0], i), us = seconds * 1e6;
        if (!isfinite(seconds))
            weft_vector_set_null(call->out, i);
        else if (fabs(us) >= 0x1p63) /* as Java casts doubles */
            ((int64_t *)call->out->values)[i] = us < 0 ? INT64_MIN : INT64_MAX;
        else
            ((int64_t *)call->out->values)[i] = (int64_t)us;
    }
    return WEFT_OK;
}

/* Seconds as a decimal: they are a whole number of microseconds. */
static weft_status kernel_of_decimal_seconds(weft_ctx *ctx, weft_kernel_call *call)
{
    enum { US_DIGITS = 6 };
    const weft_column *a = &call->args[0];
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_i128 us = 0;
        if (!weft_call_valid(call, i)) continue;
        const weft_i128 value = weft_load_i128(a->data, a->phys, weft_arg_slot(a, i));
        const weft_i128 unit = weft_i128_pow10(weft_max_i32(a->type.scale - US_DIGITS, 0));
        const bool fits = value % unit == 0 && weft_decimal_rescale(value, a->type.scale, US_DIGITS, &us) &&
                          us == (int64_t)us;
        if (!fits)
            return weft_fail_at(
                ctx, WEFT_DATETIME_OVERFLOW, &call->expr->span,
                "Datetime operation overflow: create a TIMESTAMP from seconds that are no whole "
                "number of microseconds of 64 bits.");
        ((int64_t *)call->out->values)[i] = (int64_t)us;
    }
    return WEFT_OK;
}

static weft_status kernel_localtimestamp(weft_ctx *ctx, weft_kernel_call *call)
{
    *(int64_t *)call->out->values = weft_zone_to_local(call->state, ctx->clock->wall_us(ctx->clock->self));
    return WEFT_OK;
}

#define S     WEFT_TYPE_STRING
#define I     WEFT_TYPE_INT
#define LONG  WEFT_TYPE_BIGINT
#define DATE  WEFT_TYPE_DATE
#define STAMP WEFT_TYPE_TIMESTAMP
#define LOCAL WEFT_TYPE_TIMESTAMP_NTZ
#define ENTRY WEFT_FN_ENTRY
#define ZONES(symbol, bits, binder, usage, sql, want)                                                        \
    const weft_function weft_fn_##symbol = {.name = #symbol,                                                 \
                                            .flags = bits,                                                   \
                                            .signatures = symbol##_signatures,                               \
                                            .signature_count = WEFT_COUNT(symbol##_signatures),              \
                                            .bind = binder,                                                  \
                                            .open = weft_zones_open,                                         \
                                            .close = weft_zones_close,                                       \
                                            .help = usage,                                                   \
                                            .example = sql,                                                  \
                                            .example_result = want}
WEFT_FN_FORM(trunc, 2, 2, DATE, kernel_trunc, DATE, S);
ENTRY(trunc, "trunc", NULL, WEFT_FN_GIVES_NULL, bind_trunc,
      "trunc(d, unit): the first day of the YEAR, QUARTER, MONTH or WEEK",
      "SELECT trunc(DATE '2019-08-04', 'MM')", "2019-08-01");
static const weft_signature date_trunc_signatures[] = {
    {{S, STAMP}, 2, 2, STAMP, kernel_date_trunc},
    {{S, WEFT_TYPE_TIMESTAMP_NS}, 2, 2, WEFT_TYPE_TIMESTAMP_NS, kernel_date_trunc},
    {{S, WEFT_TYPE_TIMESTAMP_NTZ_NS}, 2, 2, WEFT_TYPE_TIMESTAMP_NTZ_NS, kernel_date_trunc}};
ENTRY(date_trunc, "date_trunc", NULL, WEFT_FN_GIVES_NULL | WEFT_FN_ZONED, date_trunc_bind,
      "date_trunc(unit, t): where the unit, YEAR to MICROSECOND, began",
      "SELECT date_trunc('HOUR', '2015-03-05 09:32:05')", "2015-03-05 09:00:00");
static const weft_signature timestampadd_signatures[] = {
    {{S, LONG, STAMP}, 3, 3, STAMP, kernel_timestampadd},
    {{S, LONG, LOCAL}, 3, 3, LOCAL, kernel_timestampadd}};
ENTRY(timestampadd, "(timestampadd)", NULL, WEFT_FN_FALLIBLE | WEFT_FN_ZONED, moment_unit_bind,
      "timestampadd(unit, n, t): n units later",
      "SELECT timestampadd(HOUR, 8, TIMESTAMP '2022-02-11 20:30:00')", "2022-02-12 04:30:00");
static const weft_signature timestampdiff_signatures[] = {
    {{S, STAMP, STAMP}, 3, 3, LONG, kernel_timestampdiff},
    {{S, LOCAL, LOCAL}, 3, 3, LONG, kernel_timestampdiff}};
ENTRY(timestampdiff, "(timestampdiff)", NULL, WEFT_FN_ZONED, moment_unit_bind,
      "timestampdiff(unit, a, b): whole units from a to b",
      "SELECT timestampdiff(MONTH, DATE '2021-01-01', DATE '2021-03-05')", "2");
static const weft_signature from_utc_timestamp_signatures[] = {{{STAMP, S}, 2, 2, STAMP, kernel_from_utc}};
ZONES(from_utc_timestamp, WEFT_FN_FALLIBLE, NULL,
      "from_utc_timestamp(t, zone): the zone's time where t is that of UTC",
      "SELECT from_utc_timestamp('2016-08-31', 'Asia/Seoul')", "2016-08-31 09:00:00");
static const weft_signature to_utc_timestamp_signatures[] = {{{STAMP, S}, 2, 2, STAMP, kernel_from_utc}};
ZONES(to_utc_timestamp, WEFT_FN_FALLIBLE, NULL,
      "to_utc_timestamp(t, zone): UTC's time where t is that of the zone",
      "SELECT to_utc_timestamp('2016-08-31', 'Asia/Seoul')", "2016-08-30 15:00:00");
static const weft_signature convert_timezone_signatures[] = {{{S, LOCAL}, 2, 2, LOCAL, kernel_convert},
                                                             {{S, S, LOCAL}, 3, 3, LOCAL, kernel_convert}};
ZONES(
    convert_timezone, WEFT_FN_FALLIBLE, NULL,
    "convert_timezone([from,] to, t): the local time of one zone in another",
    "SELECT convert_timezone('Europe/Brussels', 'America/Los_Angeles', TIMESTAMP_NTZ '2021-12-06 00:00:00')",
    "2021-12-05 15:00:00");
WEFT_FN_FORM(months_between, 2, 3, WEFT_TYPE_DOUBLE, kernel_months_between, STAMP, STAMP, WEFT_TYPE_BOOLEAN);
ENTRY(months_between, "months_between", NULL, WEFT_FN_ZONED, NULL,
      "months_between(a, b [, round]): months from b to a, a month having 31 days",
      "SELECT months_between('1997-02-28 10:30:00', '1996-10-30')", "3.94959677");
WEFT_FN_FORM(next_day, 2, 2, DATE, kernel_next_day, DATE, S);
ENTRY(next_day, "next_day", NULL, WEFT_FN_FALLIBLE, NULL, "next_day(d, weekday): the first such day behind d",
      "SELECT next_day('2015-01-14', 'TU')", "2015-01-20");
WEFT_FN_FORM(weekday, 1, 1, I, kernel_weekday, DATE);
ENTRY(weekday, "weekday", NULL, 0, NULL, "weekday(d): 0 (Monday) to 6", "SELECT weekday('2009-07-30')", "3");
WEFT_FN_FORM(dayname, 1, 1, S, kernel_name, DATE);
ENTRY(dayname, "dayname", NULL, 0, NULL, "dayname(d): Mon to Sun", "SELECT dayname('2008-02-20')", "Wed");
WEFT_FN_FORM(monthname, 1, 1, S, kernel_name, DATE);
ENTRY(monthname, "monthname", NULL, 0, NULL, "monthname(d): Jan to Dec", "SELECT monthname('2008-02-20')",
      "Feb");
WEFT_FN_FORM(unix_date, 1, 1, I, kernel_same_days, DATE);
ENTRY(unix_date, "unix_date", NULL, 0, NULL, "unix_date(d): days since 1970-01-01",
      "SELECT unix_date(DATE '1970-01-02')", "1");
WEFT_FN_FORM(date_from_unix_date, 1, 1, DATE, kernel_same_days, I);
ENTRY(date_from_unix_date, "date_from_unix_date", NULL, 0, NULL,
      "date_from_unix_date(n): n days behind 1970-01-01", "SELECT date_from_unix_date(1)", "1970-01-02");
WEFT_FN_FORM(unix_seconds, 1, 1, LONG, kernel_unix, STAMP);
ENTRY(unix_seconds, "unix_seconds", NULL, 0, NULL, "unix_seconds(t): seconds since 1970",
      "SELECT unix_seconds(TIMESTAMP '1970-01-01 00:00:01Z')", "1");
WEFT_FN_FORM(unix_millis, 1, 1, LONG, kernel_unix, STAMP);
ENTRY(unix_millis, "unix_millis", NULL, 0, NULL, "unix_millis(t): milliseconds since 1970",
      "SELECT unix_millis(TIMESTAMP '1970-01-01 00:00:01Z')", "1000");
WEFT_FN_FORM(unix_micros, 1, 1, LONG, kernel_unix, STAMP);
ENTRY(unix_micros, "unix_micros", NULL, 0, NULL, "unix_micros(t): microseconds since 1970",
      "SELECT unix_micros(TIMESTAMP '1970-01-01 00:00:01Z')", "1000000");
static const weft_signature timestamp_seconds_signatures[] = {
    {{LONG}, 1, 1, STAMP, kernel_of_seconds},
    {{WEFT_TYPE_DECIMAL}, 1, 1, STAMP, kernel_of_decimal_seconds},
    {{WEFT_TYPE_DOUBLE}, 1, 1, STAMP, kernel_of_real_seconds},
    {{WEFT_TYPE_FLOAT}, 1, 1, STAMP, kernel_of_real_seconds}};
ENTRY(timestamp_seconds, "timestamp_seconds", NULL, WEFT_FN_FALLIBLE | WEFT_FN_GIVES_NULL, NULL,
      "timestamp_seconds(n): n seconds behind 1970", "SELECT timestamp_seconds(1230219000)",
      "2008-12-25 15:30:00");
WEFT_FN_FORM(timestamp_millis, 1, 1, STAMP, kernel_of_millis, LONG);
ENTRY(timestamp_millis, "timestamp_millis", NULL, WEFT_FN_FALLIBLE, NULL,
      "timestamp_millis(n): n milliseconds behind 1970", "SELECT timestamp_millis(1230219000123)",
      "2008-12-25 15:30:00.123");
WEFT_FN_FORM(timestamp_micros, 1, 1, STAMP, kernel_of_micros, LONG);
ENTRY(timestamp_micros, "timestamp_micros", NULL, 0, NULL, "timestamp_micros(n): n microseconds behind 1970",
      "SELECT timestamp_micros(1230219000123123)", "2008-12-25 15:30:00.123123");
WEFT_FN_FORM(localtimestamp, 0, 0, LOCAL, kernel_localtimestamp, 0);
ENTRY(localtimestamp, "localtimestamp", NULL, WEFT_FN_STATEMENT_CONSTANT | WEFT_FN_ZONED, NULL,
      "localtimestamp(): the time now on the wall", NULL, NULL);
