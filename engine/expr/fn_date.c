/* engine/expr/fn_date.c - parts of dates and timestamps, and arithmetic on dates. A timestamp's parts are
 * those of the session's zone, which is the state of the call. */
#include <strings.h>

#include "engine/columnar/calendar_interval.h"
#include "engine/expr/calendar.h"
#include "engine/expr/coerce.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/fn_interval.h"
#include "engine/expr/kernel.h"
#include "engine/expr/raise.h"
#include "engine/expr/zone.h"

typedef enum date_part {
    PART_YEAR,
    PART_QUARTER,
    PART_MONTH,
    PART_WEEK,
    PART_DAY,
    PART_DAYOFWEEK,
    PART_DAYOFWEEK_ISO,
    PART_DOY,
    PART_YEAROFWEEK,
    PART_HOUR,
    PART_MINUTE,
    PART_SECOND,
    PART_COUNT
} date_part;

static int32_t date_weekday_iso(int32_t days) /* Monday 1 .. Sunday 7; 1970-01-01 was a Thursday */
{
    const int32_t rest = (int32_t)(((int64_t)days + 3) % 7);
    return (rest < 0 ? rest + 7 : rest) + 1;
}

/* ISO 8601: a week belongs to the year of its Thursday. */
static void date_week(int32_t days, int32_t *year, int32_t *week)
{
    const int32_t thursday = days + 4 - date_weekday_iso(days);
    *year = weft_civil_of_days(thursday).year;
    *week = (thursday - weft_days_of_civil(*year, 1, 1)) / 7 + 1;
}

static int32_t date_part_of(date_part part, int32_t days, int64_t us)
{
    const weft_civil civil = part <= PART_DAY || part == PART_DOY ? weft_civil_of_days(days)
                                                                  : (weft_civil){0};
    int32_t year, week;
    switch (part) {
    case PART_YEAR: return civil.year;
    case PART_QUARTER: return (civil.month - 1) / 3 + 1;
    case PART_MONTH: return civil.month;
    case PART_DAY: return civil.day;
    case PART_DOY: return days - weft_days_of_civil(civil.year, 1, 1) + 1;
    case PART_DAYOFWEEK_ISO: return date_weekday_iso(days);
    case PART_DAYOFWEEK: return date_weekday_iso(days) % 7 + 1; /* Sunday is 1 */
    case PART_WEEK: date_week(days, &year, &week); return week;
    case PART_YEAROFWEEK: date_week(days, &year, &week); return year;
    case PART_HOUR: return (int32_t)(us / 3600000000);
    case PART_MINUTE: return (int32_t)(us / 60000000 % 60);
    case PART_SECOND: return (int32_t)(us / 1000000 % 60);
    case PART_COUNT: break;
    }
    return 0;
}

static void date_years(const weft_kernel_call *call, const int32_t *days, int32_t *out)
{
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        out[i] = weft_year_of_days(days[i]);
    }
}

/* A TIME has hours, minutes and seconds. */
static void time_part_rows(weft_kernel_call *call, const weft_column *arg, date_part part)
{
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        ((int32_t *)call->out->values)[i] = date_part_of(part, 0, weft_arg_i64(arg, i) / 1000);
    }
}

static weft_zone *date_zone(const weft_kernel_call *call, const weft_column *arg)
{
    return arg->type.id == WEFT_TYPE_TIMESTAMP ? call->state : NULL;
}

static void date_part_rows(weft_kernel_call *call, const weft_column *arg, date_part part)
{
    int32_t *out = call->out->values;
    if (arg->type.id == WEFT_TYPE_DATE && part == PART_YEAR) {
        date_years(call, arg->data, out);
        return;
    }
    if (arg->type.id == WEFT_TYPE_TIME) {
        time_part_rows(call, arg, part);
        return;
    }
    const bool date = arg->type.id == WEFT_TYPE_DATE;
    weft_zone *zone = date_zone(call, arg);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const int64_t value = weft_zone_to_local(zone, weft_arg_i64(arg, i));
        out[i] = date_part_of(part, date ? (int32_t)value : weft_days_of_us(value),
                              date ? 0 : weft_us_of_day(value));
    }
}

static weft_status kernel_part(weft_kernel_call *call, date_part part)
{
    date_part_rows(call, &call->args[0], part);
    return WEFT_OK;
}
static weft_status kernel_year(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return kernel_part(call, PART_YEAR);
}
static weft_status kernel_quarter(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return kernel_part(call, PART_QUARTER);
}
static weft_status kernel_month(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return kernel_part(call, PART_MONTH);
}
static weft_status kernel_day(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return kernel_part(call, PART_DAY);
}
static weft_status kernel_dow(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return kernel_part(call, PART_DAYOFWEEK);
}
static weft_status kernel_doy(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return kernel_part(call, PART_DOY);
}
static weft_status kernel_week(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return kernel_part(call, PART_WEEK);
}
static weft_status kernel_hour(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return kernel_part(call, PART_HOUR);
}
static weft_status kernel_minute(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return kernel_part(call, PART_MINUTE);
}
static weft_status kernel_second(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return kernel_part(call, PART_SECOND);
}

static weft_status clock_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    if (count == 1 && args[0]->type.id == WEFT_TYPE_TIME) {
        const weft_status st = weft_expect_time_type(ctx, span);
        if (st != WEFT_OK) return st;
    }
    return weft_bind_default(ctx, fn, args, count, span, variant, type);
}

/* ---- extract ---- */

static date_part date_part_find(const weft_str *name)
{
    static const struct {
        const char *names; /* blank separated */
        date_part part;
    } parts[] = {{" YEAR Y YEARS YR YRS ", PART_YEAR},
                 {" QUARTER QTR ", PART_QUARTER},
                 {" MONTH MON MONS MONTHS ", PART_MONTH},
                 {" WEEK W WEEKS ", PART_WEEK},
                 {" DAY D DAYS ", PART_DAY},
                 {" DAYOFWEEK DOW ", PART_DAYOFWEEK},
                 {" DAYOFWEEK_ISO DOW_ISO ", PART_DAYOFWEEK_ISO},
                 {" DOY ", PART_DOY},
                 {" YEAROFWEEK ", PART_YEAROFWEEK},
                 {" HOUR H HOURS HR HRS ", PART_HOUR},
                 {" MINUTE M MIN MINS MINUTES ", PART_MINUTE},
                 {" SECOND S SEC SECONDS SECS ", PART_SECOND}};
    char word[32];
    if (name->len == 0 || name->len > sizeof word - 3) return PART_COUNT;
    word[0] = ' ';
    memcpy(word + 1, weft_str_data(name), name->len);
    word[name->len + 1] = ' ';
    word[name->len + 2] = 0;
    for (int32_t k = 0; k < WEFT_COUNT(parts); k++) {
        if (strcasestr(parts[k].names, word) != NULL) return parts[k].part;
    }
    return PART_COUNT;
}

/* Has the interval or time this field? */
static bool date_has_field(date_part part, weft_type type)
{
    static const date_part ym[] = {PART_YEAR, PART_MONTH};
    static const date_part dt[] = {PART_DAY, PART_HOUR, PART_MINUTE, PART_SECOND};
    if (type.id == WEFT_TYPE_TIME) return part >= PART_HOUR && part <= PART_SECOND;
    if (type.id == WEFT_TYPE_INTERVAL)
        return part == PART_YEAR || part == PART_MONTH || part == PART_DAY ||
               (part >= PART_HOUR && part <= PART_SECOND);
    const date_part *fields = type.id == WEFT_TYPE_INTERVAL_YM ? ym : dt;
    for (int32_t k = weft_type_first_field(type); k <= weft_type_last_field(type); k++) {
        if (fields[k] == part) return true;
    }
    return false;
}

static weft_status fail_field(weft_ctx *ctx, const weft_expr *field, const weft_expr *source,
                              const weft_span *span)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    WEFT_TRY(st, weft_expr_text(ctx, source, false, &text));
    st = weft_fail_at(ctx, WEFT_EXTRACT_FIELD, span, "Cannot extract `%.*s` from \"%s\".",
                      (int)weft_min_i64(field->literal.str.len, 100), weft_str_data(&field->literal.str),
                      text);
done:
    return st;
}

static weft_status extract_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    const weft_expr *field = args[0];
    if (field->kind != WEFT_EXPR_LITERAL || field->type.id != WEFT_TYPE_STRING || field->literal.is_null) {
        return weft_fail_arg_type(ctx, 0, "\"string\" (a literal)", field, span);
    }
    const date_part part = date_part_find(&field->literal.str);
    const weft_type_id id = (weft_type_id)args[1]->type.id;
    const bool moment = id == WEFT_TYPE_DATE || id == WEFT_TYPE_TIMESTAMP || id == WEFT_TYPE_TIMESTAMP_NTZ;
    const bool interval = weft_type_is_interval(args[1]->type) || id == WEFT_TYPE_INTERVAL;
    const bool fielded = interval || id == WEFT_TYPE_TIME;
    if (part == PART_COUNT || (fielded && !date_has_field(part, args[1]->type)))
        return fail_field(ctx, field, args[1], span);
    if (id == WEFT_TYPE_TIME) WEFT_TRY(st, weft_expect_time_type(ctx, span));
    if (!moment && !fielded && id != WEFT_TYPE_STRING && id != WEFT_TYPE_NULL) {
        return weft_fail_arg_type(ctx, 1, "\"date\" or \"timestamp\"", args[1], span);
    }
    if (!fielded && (!moment || (id == WEFT_TYPE_DATE && part >= PART_HOUR))) {
        WEFT_TRY(st, weft_expr_cast(ctx, args[1], WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP), true, &args[1]));
    }
    *variant = 0;
    *type = part == PART_SECOND ? weft_type_decimal(8, 6) : WEFT_TYPE_OF(WEFT_TYPE_INT);
    const bool byte = part == PART_MONTH || part == PART_HOUR || part == PART_MINUTE;
    if (byte && interval) *type = WEFT_TYPE_OF(WEFT_TYPE_TINYINT);
done:
    return st;
}

static int64_t extract_interval(date_part part, weft_type type, int64_t value)
{
    if (type.id == WEFT_TYPE_TIME) return value / 1000 % 60000000; /* of seconds only */
    if (type.id == WEFT_TYPE_INTERVAL_YM)
        return part == PART_YEAR ? value / 12 : part == PART_MONTH ? value % 12 : 0;
    switch (part) {
    case PART_DAY: return value / WEFT_DAY_US;
    case PART_HOUR: return value % WEFT_DAY_US / 3600000000;
    case PART_MINUTE: return value % 3600000000 / 60000000;
    case PART_SECOND: return value % 60000000;
    case PART_YEAR:
    case PART_QUARTER:
    case PART_MONTH:
    case PART_WEEK:
    case PART_DAYOFWEEK:
    case PART_DAYOFWEEK_ISO:
    case PART_DOY:
    case PART_YEAROFWEEK:
    case PART_COUNT: break;
    }
    return 0;
}

/* Days are those of the interval and the whole ones of its time. */
static int64_t extract_calendar(date_part part, weft_calendar_interval interval)
{
    const bool months = part == PART_YEAR || part == PART_MONTH;
    const int64_t value = months ? interval.months : interval.us;
    const weft_type type = WEFT_TYPE_OF(months ? WEFT_TYPE_INTERVAL_YM : WEFT_TYPE_INTERVAL_DT);
    return extract_interval(part, type, value) + (part == PART_DAY ? interval.days : 0);
}

static weft_status kernel_extract(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    const date_part part = date_part_find(weft_arg_str(&call->args[0], 0));
    const weft_column *arg = &call->args[1];
    const bool interval = weft_type_is_interval(arg->type), calendar = arg->type.id == WEFT_TYPE_INTERVAL;
    if (part != PART_SECOND && !interval && !calendar) {
        date_part_rows(call, arg, part);
        return WEFT_OK;
    }
    weft_zone *zone = date_zone(call, arg);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int64_t result;
        if (calendar) {
            result = extract_calendar(
                part, weft_calendar_interval_of(weft_load_i128(arg->data, arg->phys, weft_arg_slot(arg, i))));
        } else {
            const int64_t value = weft_arg_i64(arg, i);
            result = interval || arg->type.id == WEFT_TYPE_TIME
                         ? extract_interval(part, arg->type, value)
                         : weft_us_of_day(weft_zone_to_local(zone, value)) % 60000000;
        }
        if (part == PART_SECOND)
            ((int64_t *)call->out->values)[i] = result; /* decimal(8,6): microseconds */
        else
            weft_store_i64(call->out, i, result);
    }
    return WEFT_OK;
}

/* ---- dates ---- */

static weft_status kernel_datediff(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        ((int32_t *)call->out->values)[i] =
            (int32_t)(weft_arg_i64(&call->args[0], i) - weft_arg_i64(&call->args[1], i));
    }
    return WEFT_OK;
}

static weft_status kernel_last_day(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const int32_t days = (int32_t)weft_arg_i64(&call->args[0], i);
        const weft_civil c = weft_civil_of_days(days);
        ((int32_t *)call->out->values)[i] = days - c.day + weft_days_in_month(c.year, c.month);
    }
    return WEFT_OK;
}

/* A day of Java's calendar: where it is no DATE, that is an overflow without ANSI, too. */
static bool is_far_date(int64_t year, int64_t month, int64_t day)
{
    const int64_t limit = 999999999;
    if (year < -limit || year > limit || month < 1 || month > 12 || day < 1) return false;
    return day <= weft_days_in_month((int32_t)year, (int32_t)month);
}

static weft_status kernel_make_date(weft_ctx *ctx, weft_kernel_call *call)
{
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const int64_t y = weft_arg_i64(&call->args[0], i), m = weft_arg_i64(&call->args[1], i);
        const int64_t d = weft_arg_i64(&call->args[2], i);
        if (!weft_call_valid(call, i)) continue;
        if (weft_civil_valid(y, m, d)) {
            ((int32_t *)call->out->values)[i] = weft_days_of_civil((int32_t)y, (int32_t)m, (int32_t)d);
        } else if (is_far_date(y, m, d)) {
            return weft_raise_overflow(ctx, call->expr, "integer overflow", NULL);
        } else if (weft_raise_wanted(ctx, call->expr)) {
            return weft_fail_at(ctx, WEFT_DATETIME_FIELD_OUT_OF_BOUNDS, &call->expr->span,
                                "There is no date of year %lld, month %lld, day %lld.", (long long)y,
                                (long long)m, (long long)d);
        } else {
            weft_vector_set_null(call->out, i);
        }
    }
    return WEFT_OK;
}

static weft_status kernel_current_date(weft_ctx *ctx, weft_kernel_call *call)
{
    *(int32_t *)call->out->values =
        weft_days_of_us(weft_zone_to_local(call->state, ctx->clock->wall_us(ctx->clock->self)));
    return WEFT_OK;
}

static weft_status kernel_current_timestamp(weft_ctx *ctx, weft_kernel_call *call)
{
    *(int64_t *)call->out->values = ctx->clock->wall_us(ctx->clock->self);
    return WEFT_OK;
}

static weft_status kernel_current_timezone(weft_ctx *ctx, weft_kernel_call *call)
{
    /* of the session that asks, whatever zone the view was made in that asks for it */
    const weft_settings *settings = ctx->settings->reader != NULL ? ctx->settings->reader : ctx->settings;
    const char *name = settings->text[WEFT_SET_TIME_ZONE];
    return weft_vector_set_string(ctx, call->out, 0, name, (uint32_t)strlen(name));
}

#define MOMENTS(kernel)                                                                                      \
    {                                                                                                        \
        {{WEFT_TYPE_DATE}, 1, 1, WEFT_TYPE_INT, kernel},                                                     \
            {{WEFT_TYPE_TIMESTAMP}, 1, 1, WEFT_TYPE_INT, kernel},                                            \
        {                                                                                                    \
            {WEFT_TYPE_TIMESTAMP_NTZ}, 1, 1, WEFT_TYPE_INT, kernel                                           \
        }                                                                                                    \
    }
#define TIMES(kernel)                                                                                        \
    {                                                                                                        \
        {{WEFT_TYPE_TIMESTAMP}, 1, 1, WEFT_TYPE_INT, kernel},                                                \
            {{WEFT_TYPE_TIME}, 1, 1, WEFT_TYPE_INT, kernel},                                                 \
        {                                                                                                    \
            {WEFT_TYPE_TIMESTAMP_NTZ}, 1, 1, WEFT_TYPE_INT, kernel                                           \
        }                                                                                                    \
    }
static const weft_signature extract_signatures[] = {
    {{WEFT_TYPE_STRING, WEFT_TYPE_COUNT}, 2, 2, WEFT_TYPE_INT, kernel_extract}};
static const weft_signature year_signatures[] = MOMENTS(kernel_year);
static const weft_signature quarter_signatures[] = MOMENTS(kernel_quarter);
static const weft_signature month_signatures[] = MOMENTS(kernel_month);
static const weft_signature day_signatures[] = MOMENTS(kernel_day);
static const weft_signature dayofweek_signatures[] = MOMENTS(kernel_dow);
static const weft_signature dayofyear_signatures[] = MOMENTS(kernel_doy);
static const weft_signature weekofyear_signatures[] = MOMENTS(kernel_week);
static const weft_signature hour_signatures[] = TIMES(kernel_hour);
static const weft_signature minute_signatures[] = TIMES(kernel_minute);
static const weft_signature second_signatures[] = TIMES(kernel_second);
/* Days are INT or narrower: Spark casts no wider number here, as it does for other functions. */
static weft_status days_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    if (count == 2 && weft_type_is_numeric(args[1]->type) &&
        !weft_cast_implicit(args[1]->type, WEFT_TYPE_OF(WEFT_TYPE_INT)))
        return weft_fail_arg_type(ctx, 1, "(\"INT\" or \"SMALLINT\" or \"TINYINT\")", args[1], span);
    return weft_bind_default(ctx, fn, args, count, span, variant, type);
}

static const weft_signature date_add_signatures[] = {
    {{WEFT_TYPE_DATE, WEFT_TYPE_INT}, 2, 2, WEFT_TYPE_DATE, weft_kernel_date_add_days}};
static const weft_signature date_sub_signatures[] = {
    {{WEFT_TYPE_DATE, WEFT_TYPE_INT}, 2, 2, WEFT_TYPE_DATE, weft_kernel_date_sub_days}};
static const weft_signature add_months_signatures[] = {
    {{WEFT_TYPE_DATE, WEFT_TYPE_INT}, 2, 2, WEFT_TYPE_DATE, weft_kernel_date_add_months}};
static const weft_signature datediff_signatures[] = {
    {{WEFT_TYPE_DATE, WEFT_TYPE_DATE}, 2, 2, WEFT_TYPE_INT, kernel_datediff}};
static const weft_signature last_day_signatures[] = {
    {{WEFT_TYPE_DATE}, 1, 1, WEFT_TYPE_DATE, kernel_last_day}};
static const weft_signature make_date_signatures[] = {
    {{WEFT_TYPE_INT, WEFT_TYPE_INT, WEFT_TYPE_INT}, 3, 3, WEFT_TYPE_DATE, kernel_make_date}};
static const weft_signature current_date_signatures[] = {{{0}, 0, 0, WEFT_TYPE_DATE, kernel_current_date}};
static const weft_signature current_timestamp_signatures[] = {
    {{0}, 0, 0, WEFT_TYPE_TIMESTAMP, kernel_current_timestamp}};
static const weft_signature current_timezone_signatures[] = {
    {{0}, 0, 0, WEFT_TYPE_STRING, kernel_current_timezone}};

#define ENTRY(symbol, text, others, bits, usage, sql, result)                                                \
    const weft_function weft_fn_##symbol = {.name = text,                                                    \
                                            .aliases = others,                                               \
                                            .flags = bits,                                                   \
                                            .signatures = symbol##_signatures,                               \
                                            .signature_count = WEFT_COUNT(symbol##_signatures),              \
                                            .help = usage,                                                   \
                                            .example = sql,                                                  \
                                            .example_result = result}
ENTRY(year, "year", NULL, WEFT_FN_ZONED, "year(d): the year", "SELECT year(DATE '1998-12-01')", "1998");
ENTRY(quarter, "quarter", NULL, WEFT_FN_ZONED, "quarter(d): 1 to 4", "SELECT quarter(DATE '1998-12-01')",
      "4");
ENTRY(month, "month", NULL, WEFT_FN_ZONED, "month(d): 1 to 12", "SELECT month(DATE '1998-12-01')", "12");
ENTRY(day, "day", "dayofmonth", WEFT_FN_ZONED, "day(d): the day of the month",
      "SELECT day(DATE '1998-12-01')", "1");
ENTRY(dayofweek, "dayofweek", NULL, WEFT_FN_ZONED, "dayofweek(d): 1 (Sunday) to 7",
      "SELECT dayofweek(DATE '1998-12-01')", "3");
ENTRY(dayofyear, "dayofyear", NULL, WEFT_FN_ZONED, "dayofyear(d): from 1",
      "SELECT dayofyear(DATE '1998-12-01')", "335");
ENTRY(weekofyear, "weekofyear", NULL, WEFT_FN_ZONED, "weekofyear(d): the ISO week",
      "SELECT weekofyear(DATE '1998-12-01')", "49");
WEFT_FN_ENTRY(hour, "hour", NULL, WEFT_FN_ZONED, clock_bind, "hour(t): 0 to 23",
              "SELECT hour(TIMESTAMP '1998-12-01 10:20:30')", "10");
WEFT_FN_ENTRY(minute, "minute", NULL, WEFT_FN_ZONED, clock_bind, "minute(t): 0 to 59",
              "SELECT minute(TIMESTAMP '1998-12-01 10:20:30')", "20");
WEFT_FN_ENTRY(second, "second", NULL, WEFT_FN_ZONED, clock_bind, "second(t): 0 to 59",
              "SELECT second(TIMESTAMP '1998-12-01 10:20:30')", "30");
WEFT_FN_ENTRY(date_add, "date_add", "dateadd", WEFT_FN_FALLIBLE, days_bind, "date_add(d, n): n days later",
              "SELECT date_add(DATE '1998-12-01', 2)", "1998-12-03");
WEFT_FN_ENTRY(date_sub, "date_sub", NULL, WEFT_FN_FALLIBLE, days_bind, "date_sub(d, n): n days earlier",
              "SELECT date_sub(DATE '1998-12-03', 2)", "1998-12-01");
ENTRY(add_months, "add_months", NULL, WEFT_FN_FALLIBLE,
      "add_months(d, n): n months later, at most the month's last day",
      "SELECT add_months(DATE '1998-01-31', 1)", "1998-02-28");
ENTRY(datediff, "datediff", "date_diff", 0, "datediff(a, b): days from b to a",
      "SELECT datediff(DATE '1998-12-03', DATE '1998-12-01')", "2");
ENTRY(last_day, "last_day", NULL, 0, "last_day(d): the last day of the month",
      "SELECT last_day(DATE '1998-02-01')", "1998-02-28");
ENTRY(make_date, "make_date", NULL, WEFT_FN_FALLIBLE, "make_date(y, m, d): the date",
      "SELECT make_date(1998, 12, 1)", "1998-12-01");
ENTRY(current_date, "current_date", "curdate", WEFT_FN_STATEMENT_CONSTANT | WEFT_FN_ZONED,
      "current_date(): today", NULL, NULL);
ENTRY(current_timestamp, "current_timestamp", "now", WEFT_FN_STATEMENT_CONSTANT,
      "current_timestamp(): the time now", NULL, NULL);
ENTRY(current_timezone, "current_timezone", NULL, WEFT_FN_STATEMENT_CONSTANT,
      "current_timezone(): the session's time zone", NULL, NULL);
const weft_function weft_fn_extract = {
    .name = "extract",
    .aliases = "date_part,datepart",
    .flags = WEFT_FN_ZONED,
    .signatures = extract_signatures,
    .signature_count = 1,
    .bind = extract_bind,
    .help = "extract(field FROM x): a part of a date, timestamp or interval",
    .example = "SELECT extract(YEAR FROM DATE '1998-12-01')",
    .example_result = "1998"};
