/* engine/expr/fn_pattern.c - timestamps as text and text as timestamps, by patterns: date_format,
 * to_timestamp, to_date, unix_timestamp, from_unixtime and their kin.
 *
 * The state of a call is the session's zone and the pattern, compiled once where it is a literal, else again
 * whenever its text changes. */
#include "engine/expr/fn_pattern.h"
#include "common/mem.h"
#include "engine/expr/calendar.h"
#include "engine/expr/datetime_pattern.h"
#include "engine/expr/fn_entry.h"

typedef struct pattern_state {
    weft_zone *zone;
    weft_datetime_pattern *pattern;
    char *text; /* what it was compiled from */
    uint32_t len;
    bool parsing;
} pattern_state;

static void pattern_forget(pattern_state *s)
{
    weft_datetime_pattern_free(&s->pattern);
    weft_mem_free(s->text);
    s->text = NULL;
}

void weft_pattern_close(void *state)
{
    pattern_state *s = state;
    weft_zone_close(&s->zone);
    pattern_forget(s);
    weft_mem_free(s);
}

static weft_status pattern_open(weft_ctx *ctx, bool parsing, void **state)
{
    weft_status st = WEFT_OK;
    pattern_state *s = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *s, (void **)&s));
    s->parsing = parsing;
    WEFT_TRY(st, weft_zone_open_session(ctx, &s->zone));
    *state = s;
    s = NULL;
done:
    if (s != NULL) weft_pattern_close(s);
    return st;
}
static weft_status pattern_open_format(weft_ctx *ctx, const weft_expr *call, void **state)
{
    (void)call;
    return pattern_open(ctx, false, state);
}
weft_status weft_pattern_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    (void)call;
    return pattern_open(ctx, true, state);
}

/* The compiled pattern of row i; the default one when the call has no pattern argument. */
static weft_status pattern_of_row(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    weft_status st = WEFT_OK;
    static const char usual[] = "yyyy-MM-dd HH:mm:ss";
    pattern_state *s = call->state;
    const weft_str plain = weft_str_view(usual, sizeof usual - 1);
    const weft_str *text = call->arg_count > 1 ? weft_arg_str(&call->args[1], i) : &plain;
    if (s->pattern != NULL && s->len == text->len && memcmp(s->text, weft_str_data(text), s->len) == 0)
        return WEFT_OK;
    const weft_type_id result = (weft_type_id)call->expr->type.id;
    const bool is_time = call->args[0].type.id == WEFT_TYPE_TIME || result == WEFT_TYPE_TIME;
    const weft_datetime_place place = {.use = is_time || result == WEFT_TYPE_TIMESTAMP_NTZ
                                                  ? WEFT_DATETIME_WITHOUT_ZONE
                                                  : WEFT_DATETIME_IN_FUNCTION};
    pattern_forget(s);
    WEFT_TRY(st, weft_datetime_pattern_new(ctx, text, &place, &call->expr->span, s->parsing, &s->pattern));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)text->len + 1, (void **)&s->text));
    memcpy(s->text, weft_str_data(text), text->len);
    s->len = text->len;
done:
    if (st != WEFT_OK) pattern_forget(s);
    return st;
}

/* ---- writing ---- */

static weft_status pattern_write(weft_ctx *ctx, weft_kernel_call *call, int32_t i, int64_t us)
{
    weft_status st = WEFT_OK;
    const pattern_state *s = call->state;
    char *to;
    WEFT_TRY(st, pattern_of_row(ctx, call, i));
    WEFT_TRY(st, weft_text_room(ctx, call, s->pattern->text_bytes_max, &to));
    weft_zone *zone = call->args[0].type.id == WEFT_TYPE_TIME ? NULL : s->zone;
    *weft_call_text(call, i) = weft_str_view(to, (uint32_t)weft_datetime_format(s->pattern, zone, us, to));
done:
    return st;
}

static weft_status kernel_date_format(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i))
            WEFT_TRY(st, pattern_write(ctx, call, i, weft_arg_i64(&call->args[0], i)));
    }
done:
    return st;
}

/* A time of the day has no fields of days, nor a zone. */
static weft_status kernel_time_format(weft_ctx *ctx, weft_kernel_call *call)
{
    static const char letters[] = "aHkKhmsS[]";
    weft_status st = WEFT_OK;
    pattern_state *s = call->state;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        WEFT_TRY(st, pattern_of_row(ctx, call, i));
        for (int32_t at = 0; at < s->pattern->count; at++) {
            const char letter = s->pattern->items[at].letter;
            if (letter == 0 || strchr(letters, letter) != NULL) continue;
            return weft_fail_at(ctx, WEFT_INVALID_PATTERN, &call->expr->span,
                                "The value of parameter(s) `format` in `date_format` is invalid: '%.*s'.",
                                (int)s->len, s->text);
        }
        WEFT_TRY(st, pattern_write(ctx, call, i, weft_arg_i64(&call->args[0], i) / 1000));
    }
done:
    return st;
}

/* Seconds beyond the range of microseconds wrap around, as in Spark. */
static weft_status kernel_from_unixtime(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const uint64_t us = (uint64_t)weft_arg_i64(&call->args[0], i) * 1000000u;
        WEFT_TRY(st, pattern_write(ctx, call, i, (int64_t)us));
    }
done:
    return st;
}

/* ---- reading ---- */

static weft_status fail_unparsed(weft_ctx *ctx, const weft_expr *e, const weft_str *text, size_t at,
                                 bool is_legacy)
{
    const char *const other = e->type.id == WEFT_TYPE_DATE ? "try_to_date" : "try_to_timestamp";
    const int shown = (int)weft_min_i64(text->len, 200);
    if (is_legacy)
        return weft_fail_at(
            ctx, WEFT_CANNOT_PARSE_TIMESTAMP, &e->span,
            "Unparseable date: \"%.*s\". Use `%s` to tolerate invalid input string and return "
            "NULL instead.",
            shown, weft_str_data(text), other);
    return weft_fail_at(ctx, WEFT_CANNOT_PARSE_TIMESTAMP, &e->span,
                        "Text '%.*s' could not be parsed at index %zu. Use `%s` to tolerate invalid input "
                        "string and return NULL instead.",
                        shown, weft_str_data(text), at, other);
}

/* Text of row i by the pattern; *found false: it does not fit, and that gives NULL. */
static weft_status pattern_read(weft_ctx *ctx, weft_kernel_call *call, int32_t i, int64_t *us, bool *found)
{
    weft_status st = WEFT_OK;
    const pattern_state *s = call->state;
    const weft_str *text = weft_arg_str(&call->args[0], i);
    weft_datetime_reading read;
    WEFT_TRY(st, pattern_of_row(ctx, call, i));
    if (call->expr->type.id == WEFT_TYPE_TIMESTAMP_NTZ)
        WEFT_TRY(st, weft_datetime_parse_local(ctx, s->pattern, weft_str_data(text), text->len, &read));
    else
        WEFT_TRY(st, weft_datetime_parse(ctx, s->pattern, s->zone, weft_str_data(text), text->len, &read));
    *us = read.us;
    *found = read.fits;
    if (!read.fits && weft_raise_wanted(ctx, call->expr))
        st = fail_unparsed(ctx, call->expr, text, read.at, s->pattern->style == WEFT_DATETIME_SIMPLE);
done:
    return st;
}

weft_status weft_pattern_time(weft_ctx *ctx, weft_kernel_call *call, int32_t i, int64_t *ns, bool *found)
{
    weft_status st = WEFT_OK;
    const pattern_state *s = call->state;
    const weft_str *text = weft_arg_str(&call->args[0], i);
    weft_datetime_reading read;
    WEFT_TRY(st, pattern_of_row(ctx, call, i));
    WEFT_TRY(st, weft_datetime_parse_local(ctx, s->pattern, weft_str_data(text), text->len, &read));
    *found = read.fits;
    *ns = weft_us_of_day(read.us) * 1000;
done:
    return st;
}

/* DATE, TIMESTAMP, TIMESTAMP_NTZ or (unix_timestamp) BIGINT seconds, by the type of the result. A date is
 * that of the instant in the session's zone: a text may name another. */
static weft_status kernel_parse(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const pattern_state *s = call->state;
    const weft_type_id id = (weft_type_id)call->expr->type.id;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int64_t us = 0;
        bool found;
        if (!weft_call_valid(call, i)) continue;
        WEFT_TRY(st, pattern_read(ctx, call, i, &us, &found));
        if (!found)
            weft_vector_set_null(call->out, i);
        else if (id == WEFT_TYPE_DATE)
            ((int32_t *)call->out->values)[i] = weft_days_of_us(weft_zone_to_local(s->zone, us));
        else
            ((int64_t *)call->out->values)[i] = id == WEFT_TYPE_BIGINT ? us / 1000000 : us; /* as below */
    }
done:
    return st;
}

/* to_timestamp(x) and to_date(x) without a pattern are the cast. */
static weft_status kernel_cast(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_expr cast = *call->expr;
    const pattern_state *s = call->state;
    cast.kind = WEFT_EXPR_CAST;
    cast.cast.implicit = false;
    cast.cast.column = NULL;
    cast.cast.try_ = weft_raise_tried(call->expr);
    weft_kernel_call inner = *call;
    inner.expr = &cast;
    inner.state = s->zone;
    return weft_cast_kernel(call->args[0].type, call->expr->type)(ctx, &inner);
}

/* Whole seconds towards 1970, as Spark has them here; its cast to BIGINT and unix_seconds() round down. */
static weft_status kernel_unix_seconds(weft_ctx *ctx, weft_kernel_call *call)
{
    const int64_t now = call->arg_count == 0 ? ctx->clock->wall_us(ctx->clock->self) : 0;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const int64_t us = call->arg_count == 0 ? now : weft_arg_i64(&call->args[0], i);
        ((int64_t *)call->out->values)[i] = us / 1000000;
    }
    return WEFT_OK;
}

#define S     WEFT_TYPE_STRING
#define DATE  WEFT_TYPE_DATE
#define STAMP WEFT_TYPE_TIMESTAMP
#define LOCAL WEFT_TYPE_TIMESTAMP_NTZ
#define LONG  WEFT_TYPE_BIGINT
#define READ_FORMS(result)                                                                                   \
    {{S, S}, 2, 2, result, kernel_parse}, {{S}, 1, 1, result, kernel_cast},                                  \
        {{DATE, S}, 1, 2, result, kernel_cast}, {{STAMP, S}, 1, 2, result, kernel_cast},                     \
    {                                                                                                        \
        {LOCAL, S}, 1, 2, result, kernel_cast                                                                \
    }
#define READS(result)                                                                                        \
    {                                                                                                        \
        READ_FORMS(result)                                                                                   \
    }
/* Of the type that TIMESTAMP stands for: the second half is for timestamps without time zone. */
#define READS_EITHER                                                                                         \
    {                                                                                                        \
        READ_FORMS(STAMP), READ_FORMS(LOCAL)                                                                 \
    }
#define PATTERN(symbol, bits, opener, usage, sql, want)                                                      \
    const weft_function weft_fn_##symbol = {.name = #symbol,                                                 \
                                            .flags = bits,                                                   \
                                            .signatures = symbol##_signatures,                               \
                                            .signature_count = WEFT_COUNT(symbol##_signatures),              \
                                            .open = opener,                                                  \
                                            .close = weft_pattern_close,                                     \
                                            .help = usage,                                                   \
                                            .example = sql,                                                  \
                                            .example_result = want}
static const weft_signature date_format_signatures[] = {{{STAMP, S}, 2, 2, S, kernel_date_format},
                                                        {{WEFT_TYPE_TIME, S}, 2, 2, S, kernel_time_format}};
PATTERN(date_format, WEFT_FN_FALLIBLE, pattern_open_format, "date_format(t, pattern): a timestamp as text",
        "SELECT date_format('2016-04-08', 'y')", "2016");
static const weft_signature from_unixtime_signatures[] = {{{LONG, S}, 1, 2, S, kernel_from_unixtime}};
PATTERN(from_unixtime, WEFT_FN_FALLIBLE, pattern_open_format,
        "from_unixtime(seconds [, pattern]): seconds since 1970 as the text of a timestamp",
        "SELECT from_unixtime(0, 'yyyy')", "1970");
static const weft_signature to_timestamp_signatures[] = READS_EITHER;
/* Numbers are seconds since 1970, where no pattern makes texts of them. */
static weft_status bind_zoned(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count == 1 && weft_type_is_numeric(args[0]->type))
        WEFT_TRY(st, weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(STAMP), true, &args[0]));
    st = weft_bind_default(ctx, fn, args, count, span, variant, type);
done:
    return st;
}
static weft_status bind_either(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                               const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (!weft_timestamp_is_local(ctx)) return bind_zoned(ctx, fn, args, count, span, variant, type);
    WEFT_TRY(st, weft_bind_default(ctx, fn, args, count, span, variant, type));
    *variant += WEFT_COUNT(to_timestamp_signatures) / 2;
    *type = WEFT_TYPE_OF(LOCAL);
done:
    return st;
}
#define MOMENT(symbol, bits, list, binder, usage, sql, want)                                                 \
    const weft_function weft_fn_##symbol = {.name = #symbol,                                                 \
                                            .flags = bits,                                                   \
                                            .signatures = list,                                              \
                                            .signature_count = WEFT_COUNT(list),                             \
                                            .bind = binder,                                                  \
                                            .open = weft_pattern_open,                                       \
                                            .close = weft_pattern_close,                                     \
                                            .help = usage,                                                   \
                                            .example = sql,                                                  \
                                            .example_result = want}
MOMENT(to_timestamp, WEFT_FN_FALLIBLE, to_timestamp_signatures, bind_either,
       "to_timestamp(x [, pattern]): x as a timestamp", "SELECT to_timestamp('2016-12-31', 'yyyy-MM-dd')",
       "2016-12-31 00:00:00");
MOMENT(try_to_timestamp, WEFT_FN_TRY, to_timestamp_signatures, bind_either,
       "try_to_timestamp(x [, pattern]): x as a timestamp, or NULL", "SELECT try_to_timestamp('2016-12-32')",
       "NULL");
static const weft_signature to_timestamp_ltz_signatures[] = READS(STAMP);
MOMENT(to_timestamp_ltz, WEFT_FN_FALLIBLE, to_timestamp_ltz_signatures, bind_zoned,
       "to_timestamp_ltz(x [, pattern]): as to_timestamp", "SELECT to_timestamp_ltz('2016-12-31')",
       "2016-12-31 00:00:00");
static const weft_signature to_timestamp_ntz_signatures[] = READS(LOCAL);
PATTERN(to_timestamp_ntz, WEFT_FN_FALLIBLE, weft_pattern_open,
        "to_timestamp_ntz(x [, pattern]): x as a timestamp without time zone",
        "SELECT to_timestamp_ntz('2016-12-31')", "2016-12-31 00:00:00");
static const weft_signature to_date_signatures[] = READS(DATE);
const weft_function weft_fn_to_date = {.name = "to_date",
                                       .flags = WEFT_FN_FALLIBLE,
                                       .signatures = to_date_signatures,
                                       .signature_count = WEFT_COUNT(to_date_signatures),
                                       .open = weft_pattern_open,
                                       .close = weft_pattern_close,
                                       .help = "to_date(x [, pattern]): x as a date",
                                       .example = "SELECT to_date('31.12.1998', 'dd.MM.yyyy')",
                                       .example_result = "1998-12-31"};
static const weft_signature try_to_date_signatures[] = READS(DATE);
PATTERN(try_to_date, WEFT_FN_TRY, weft_pattern_open, "try_to_date(x [, pattern]): x as a date, or NULL",
        "SELECT try_to_date('2016-12-32')", "NULL");
static const weft_signature unix_timestamp_signatures[] = {{{STAMP, S}, 1, 2, LONG, kernel_unix_seconds},
                                                           {{S, S}, 1, 2, LONG, kernel_parse},
                                                           {{LOCAL, S}, 1, 2, LONG, kernel_unix_seconds},
                                                           {{STAMP, S}, 0, 0, LONG, kernel_unix_seconds}};
PATTERN(unix_timestamp, WEFT_FN_FALLIBLE | WEFT_FN_STATEMENT_CONSTANT, weft_pattern_open,
        "unix_timestamp([x [, pattern]]): seconds since 1970",
        "SELECT unix_timestamp('1970-01-02', 'yyyy-MM-dd')", "86400");
static const weft_signature to_unix_timestamp_signatures[] = {{{STAMP, S}, 1, 2, LONG, kernel_unix_seconds},
                                                              {{S, S}, 1, 2, LONG, kernel_parse},
                                                              {{LOCAL, S}, 1, 2, LONG, kernel_unix_seconds}};
PATTERN(to_unix_timestamp, WEFT_FN_FALLIBLE, weft_pattern_open,
        "to_unix_timestamp(x [, pattern]): seconds since 1970",
        "SELECT to_unix_timestamp('1970-01-02', 'yyyy-MM-dd')", "86400");
