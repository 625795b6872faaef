/* engine/expr/fn_time.c - functions of TIME, the time of the day. Where the setting has turned the type off
 * they say so, as Spark's do; current_time() is there always. */
#include "engine/expr/calendar.h"
#include "engine/expr/datetime_pattern.h"
#include "engine/expr/decimal.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/fn_pattern.h"
#include "engine/expr/interval.h"
#include "engine/expr/zone.h"

enum { SECOND_NS = 1000000000 };

/* ---- binding ---- */

/* The right count of arguments, and a type that is turned on. */
static weft_status time_begin(weft_ctx *ctx, const weft_function *fn, int32_t count, const weft_span *span)
{
    const weft_signature *s = &fn->signatures[0];
    if (count < s->min_args || count > s->max_args)
        return weft_fail_arg_count(ctx, fn->name, s->min_args, s->max_args, count, span);
    return weft_expect_time_type(ctx, span);
}

static weft_status time_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, time_begin(ctx, fn, count, span));
    const bool casts = strcmp(fn->name, "time_diff") == 0 || strcmp(fn->name, "time_trunc") == 0;
    for (int32_t i = 0; i < count; i++) { /* a text is a time to these two alone */
        const bool wanted = fn->signatures[0].args[i] == WEFT_TYPE_TIME;
        const weft_type_id id = (weft_type_id)args[i]->type.id;
        const bool moment = id == WEFT_TYPE_TIMESTAMP || id == WEFT_TYPE_TIMESTAMP_NTZ;
        if (wanted && casts && (id == WEFT_TYPE_STRING || (moment && weft_ansi(ctx))))
            WEFT_TRY(st, weft_expr_cast(ctx, args[i], weft_type_time(6), true, &args[i]));
        if (wanted && args[i]->type.id != WEFT_TYPE_TIME && args[i]->type.id != WEFT_TYPE_NULL)
            return weft_fail_arg_type(ctx, i, "\"time\"", args[i], span);
    }
    st = weft_bind_default(ctx, fn, args, count, span, variant, type);
done:
    return st;
}

/* Seconds to six decimals. */
static weft_status make_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, time_begin(ctx, fn, count, span));
    for (int32_t i = 0; i < 2; i++)
        WEFT_TRY(st, weft_expr_cast(ctx, args[i], WEFT_TYPE_OF(WEFT_TYPE_INT), true, &args[i]));
    WEFT_TRY(st, weft_expr_cast(ctx, args[2], weft_type_decimal(16, 6), true, &args[2]));
    st = weft_bind_default(ctx, fn, args, count, span, variant, type);
done:
    return st;
}

/* time_to_seconds: microseconds behind midnight as seconds. */
static weft_status seconds_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    const weft_status st = time_bind(ctx, fn, args, count, span, variant, type);
    *type = weft_type_decimal(14, 6);
    return st;
}

/* ---- now ---- */

static void zone_close(void *state)
{
    weft_zone *zone = state;
    weft_zone_close(&zone);
}

static weft_status zone_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_zone *zone = NULL;
    (void)call;
    const weft_status st = weft_zone_open_session(ctx, &zone);
    *state = zone;
    return st;
}

/* The digits are part of the type: they have to be known now. */
static weft_status current_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_expr *digits = NULL;
    WEFT_TRY(st, weft_bind_default(ctx, fn, args, count, span, variant, type));
    if (count == 0) goto done;
    WEFT_TRY(st, weft_expr_fold(ctx, args[0], &digits));
    if (digits->kind != WEFT_EXPR_LITERAL || digits->literal.is_null) {
        return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                            "the precision of %s must be a constant that is not NULL", fn->name);
    }
    if (digits->literal.i64 < 0 || digits->literal.i64 > WEFT_TIME_DIGITS_MAX) {
        return weft_fail_at(ctx, WEFT_VALUE_OUT_OF_RANGE, span,
                            "The `precision` must be between [0, %d] (current value = %lld).",
                            WEFT_TIME_DIGITS_MAX, (long long)digits->literal.i64);
    }
    *type = weft_type_time((int32_t)digits->literal.i64);
done:
    return st;
}

static weft_status kernel_current(weft_ctx *ctx, weft_kernel_call *call)
{
    const int64_t local = weft_zone_to_local(call->state, ctx->clock->wall_us(ctx->clock->self));
    for (int32_t i = 0; i < call->rows; i++)
        weft_store_i64(call->out, i, weft_time_cut(call->expr->type, weft_us_of_day(local) * 1000));
    return WEFT_OK;
}

/* ---- made of numbers ---- */

static weft_status kernel_make(weft_ctx *ctx, weft_kernel_call *call)
{
    static const char *const names[] = {"HourOfDay", "MinuteOfHour", "SecondOfMinute"};
    static const int64_t most[] = {23, 59, 59999999}, units[] = {1, 1, 1000000};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int64_t f[3];
        if (!weft_call_valid(call, i)) continue;
        for (int32_t a = 0; a < 3; a++) {
            f[a] = weft_arg_i64(&call->args[a], i);
            if (f[a] >= 0 && f[a] <= most[a]) continue;
            return weft_fail_at(ctx, WEFT_DATETIME_FIELD_OUT_OF_BOUNDS, &call->expr->span,
                                "Invalid value for %s (valid values 0 - %lld): %lld.", names[a],
                                (long long)(most[a] / units[a]), (long long)(f[a] / units[a]));
        }
        weft_store_i64(call->out, i, ((f[0] * 60 + f[1]) * 60 * 1000000 + f[2]) * 1000);
    }
    return WEFT_OK;
}

static weft_status put_time(weft_ctx *ctx, weft_kernel_call *call, int32_t i, weft_i128 ns)
{
    if (ns < 0 || ns >= WEFT_DAY_NS) {
        char text[WEFT_DECIMAL_TEXT_BYTES];
        (void)weft_decimal_text(ns, 0, text);
        return weft_fail_at(ctx, WEFT_DATETIME_FIELD_OUT_OF_BOUNDS, &call->expr->span,
                            "Invalid TIME value: must be between 00:00:00 and 23:59:59.999999999, but got %s "
                            "nanoseconds.",
                            text);
    }
    weft_store_i64(call->out, i, weft_time_cut(call->expr->type, (int64_t)ns));
    return WEFT_OK;
}

static weft_status of_units(weft_ctx *ctx, weft_kernel_call *call, int64_t ns)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i))
            WEFT_TRY(st, put_time(ctx, call, i, (weft_i128)weft_arg_i64(&call->args[0], i) * ns));
    }
done:
    return st;
}
static weft_status kernel_of_seconds(weft_ctx *ctx, weft_kernel_call *call)
{
    return of_units(ctx, call, SECOND_NS);
}
static weft_status kernel_of_millis(weft_ctx *ctx, weft_kernel_call *call)
{
    return of_units(ctx, call, 1000000);
}
static weft_status kernel_of_micros(weft_ctx *ctx, weft_kernel_call *call)
{
    return of_units(ctx, call, 1000);
}

static weft_status kernel_of_decimal(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[0];
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_i128 ns = 0;
        if (!weft_call_valid(call, i)) continue;
        const weft_i128 value = weft_load_i128(a->data, a->phys, weft_arg_slot(a, i));
        if (!weft_decimal_rescale(value, a->type.scale, 9, &ns)) ns = -1;
        WEFT_TRY(st, put_time(ctx, call, i, ns));
    }
done:
    return st;
}

static weft_status kernel_of_real(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const double ns = weft_arg_f64(&call->args[0], i) * SECOND_NS;
        WEFT_TRY(st, put_time(ctx, call, i, ns > -1 && ns < 1e15 ? (weft_i128)ns : -1));
    }
done:
    return st;
}

/* ---- as numbers ---- */

static weft_status to_units(weft_kernel_call *call, int64_t ns)
{
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        ((int64_t *)call->out->values)[i] = weft_arg_i64(&call->args[0], i) / ns;
    }
    return WEFT_OK;
}
static weft_status kernel_to_millis(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return to_units(call, 1000000);
}
static weft_status kernel_to_micros(weft_ctx *ctx, weft_kernel_call *call) /* time_to_seconds: six decimals */
{
    (void)ctx;
    call->out->column.phys = WEFT_PHYS_I64;
    return to_units(call, 1000);
}

/* ---- units ---- */

/* Nanoseconds of a unit, 0 for a word that is none. */
static int64_t unit_ns(const weft_str *name)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"HOUR", INT64_C(3600000000000)},
                 {"MINUTE", INT64_C(60000000000)},
                 {"SECOND", SECOND_NS},
                 {"MILLISECOND", 1000000},
                 {"MICROSECOND", 1000}};
    for (int32_t k = 0; k < WEFT_COUNT(units); k++) {
        if (strlen(units[k].name) == name->len &&
            strncasecmp(units[k].name, weft_str_data(name), name->len) == 0)
            return units[k].ns;
    }
    return 0;
}

static weft_status unit_of_row(weft_ctx *ctx, const weft_kernel_call *call, int32_t i, int64_t *ns)
{
    const weft_str *name = weft_arg_str(&call->args[0], i);
    *ns = unit_ns(name);
    if (*ns != 0) return WEFT_OK;
    return weft_fail_at(
        ctx, WEFT_TIME_UNIT, &call->expr->span,
        "The value of parameter(s) `unit` in `%s` is invalid: expects one of the units 'HOUR', "
        "'MINUTE', 'SECOND', 'MILLISECOND', 'MICROSECOND', but got '%.*s'.",
        call->expr->call.function->name, (int)weft_min_i64(name->len, 60), weft_str_data(name));
}

static weft_status kernel_diff(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int64_t ns = 0;
        if (!weft_call_valid(call, i)) continue;
        WEFT_TRY(st, unit_of_row(ctx, call, i, &ns));
        ((int64_t *)call->out->values)[i] =
            (weft_arg_i64(&call->args[2], i) - weft_arg_i64(&call->args[1], i)) / ns;
    }
done:
    return st;
}

static weft_status kernel_trunc(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int64_t ns = 0;
        if (!weft_call_valid(call, i)) continue;
        WEFT_TRY(st, unit_of_row(ctx, call, i, &ns));
        const int64_t value = weft_arg_i64(&call->args[1], i);
        ((int64_t *)call->out->values)[i] = value - value % ns;
    }
done:
    return st;
}

/* The result has the digits of its argument. */
static weft_status trunc_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    const weft_status st = time_bind(ctx, fn, args, count, span, variant, type);
    if (st == WEFT_OK) *type = args[1]->type;
    return st;
}

/* ---- texts ---- */

/* to_time(text [, pattern]) */
static weft_status kernel_read(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const bool tried = weft_raise_tried(call->expr);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const weft_str *text = weft_arg_str(&call->args[0], i);
        int64_t value = 0;
        int32_t digits;
        bool found = false;
        if (!weft_call_valid(call, i)) continue;
        if (call->arg_count == 1) {
            found = weft_parse_time(weft_str_data(text), text->len, &value, &digits);
        } else {
            st = weft_pattern_time(ctx, call, i, &value, &found);
            if (st != WEFT_OK && tried && weft_status_classify(st) == WEFT_CLASS_USER) {
                weft_error_clear(ctx);
                st = WEFT_OK;
            }
            WEFT_TRY(st, st);
        }
        if (found) {
            weft_store_i64(call->out, i, weft_time_cut(call->expr->type, value));
        } else if (tried) {
            weft_vector_set_null(call->out, i);
        } else {
            const weft_str usual = weft_str_view("HH:mm:ss.SSSSSS", 15);
            const weft_str *form = call->arg_count > 1 ? weft_arg_str(&call->args[1], i) : &usual;
            return weft_fail_at(
                ctx, WEFT_CANNOT_PARSE_TIME, &call->expr->span,
                "The input string '%.*s' cannot be parsed to a TIME value because it does not "
                "match to the datetime format '%.*s'.",
                (int)weft_min_i64(text->len, 200), weft_str_data(text), (int)weft_min_i64(form->len, 100),
                weft_str_data(form));
        }
    }
done:
    return st;
}

#define S    WEFT_TYPE_STRING
#define I    WEFT_TYPE_INT
#define LONG WEFT_TYPE_BIGINT
#define TIME WEFT_TYPE_TIME
#define ENTRY(symbol, bits, binder, usage, sql, want)                                                        \
    WEFT_FN_ENTRY(symbol, #symbol, NULL, bits, binder, usage, sql, want)
WEFT_FN_FORM(current_time, 0, 1, TIME, kernel_current, I);
const weft_function weft_fn_current_time = {.name = "current_time",
                                            .aliases = "localtime",
                                            .flags = WEFT_FN_STATEMENT_CONSTANT,
                                            .signatures = current_time_signatures,
                                            .signature_count = 1,
                                            .bind = current_bind,
                                            .open = zone_open,
                                            .close = zone_close,
                                            .help = "current_time([digits]): the time now on the wall"};
WEFT_FN_FORM(make_time, 3, 3, TIME, kernel_make, I, I, WEFT_TYPE_DECIMAL);
ENTRY(make_time, WEFT_FN_FALLIBLE, make_bind, "make_time(hour, minute, second): a time of the day",
      "SELECT make_time(6, 30, 45.887)", "06:30:45.887");
#define READS(symbol, bits, usage, sql, want)                                                                \
    const weft_function weft_fn_##symbol = {.name = #symbol,                                                 \
                                            .flags = bits,                                                   \
                                            .signatures = to_time_signatures,                                \
                                            .signature_count = 1,                                            \
                                            .bind = time_bind,                                               \
                                            .open = weft_pattern_open,                                       \
                                            .close = weft_pattern_close,                                     \
                                            .help = usage,                                                   \
                                            .example = sql,                                                  \
                                            .example_result = want}
WEFT_FN_FORM(to_time, 1, 2, TIME, kernel_read, S, S);
READS(to_time, WEFT_FN_FALLIBLE, "to_time(s [, pattern]): text as a time of the day",
      "SELECT to_time('12.10.05', 'HH.mm.ss')", "12:10:05");
READS(try_to_time, WEFT_FN_TRY, "try_to_time(s [, pattern]): as to_time; NULL where it cannot be read",
      "SELECT try_to_time('12.10', 'HH:mm')", "NULL");
static const weft_signature time_from_seconds_signatures[] = {
    {{LONG}, 1, 1, TIME, kernel_of_seconds},
    {{WEFT_TYPE_DECIMAL}, 1, 1, TIME, kernel_of_decimal},
    {{WEFT_TYPE_DOUBLE}, 1, 1, TIME, kernel_of_real}};
ENTRY(time_from_seconds, WEFT_FN_FALLIBLE, time_bind, "time_from_seconds(n): n seconds behind midnight",
      "SELECT time_from_seconds(52200.5)", "14:30:00.5");
WEFT_FN_FORM(time_from_millis, 1, 1, TIME, kernel_of_millis, LONG);
ENTRY(time_from_millis, WEFT_FN_FALLIBLE, time_bind, "time_from_millis(n): n milliseconds behind midnight",
      "SELECT time_from_millis(52200500)", "14:30:00.5");
WEFT_FN_FORM(time_from_micros, 1, 1, TIME, kernel_of_micros, LONG);
ENTRY(time_from_micros, WEFT_FN_FALLIBLE, time_bind, "time_from_micros(n): n microseconds behind midnight",
      "SELECT time_from_micros(52200500000)", "14:30:00.5");
WEFT_FN_FORM(time_to_seconds, 1, 1, WEFT_TYPE_DECIMAL, kernel_to_micros, TIME);
ENTRY(time_to_seconds, 0, seconds_bind, "time_to_seconds(t): the seconds behind midnight",
      "SELECT time_to_seconds(TIME '14:30:00.5')", "52200.500000");
WEFT_FN_FORM(time_to_millis, 1, 1, LONG, kernel_to_millis, TIME);
ENTRY(time_to_millis, 0, time_bind, "time_to_millis(t): the milliseconds behind midnight",
      "SELECT time_to_millis(TIME '14:30:00.5')", "52200500");
WEFT_FN_FORM(time_to_micros, 1, 1, LONG, kernel_to_micros, TIME);
ENTRY(time_to_micros, 0, time_bind, "time_to_micros(t): the microseconds behind midnight",
      "SELECT time_to_micros(TIME '14:30:00.5')", "52200500000");
WEFT_FN_FORM(time_diff, 3, 3, LONG, kernel_diff, S, TIME, TIME);
ENTRY(time_diff, WEFT_FN_FALLIBLE, time_bind, "time_diff(unit, a, b): whole units from a to b",
      "SELECT time_diff('HOUR', TIME '20:30:29', TIME '21:30:29')", "1");
WEFT_FN_FORM(time_trunc, 2, 2, TIME, kernel_trunc, S, TIME);
ENTRY(time_trunc, WEFT_FN_FALLIBLE, trunc_bind, "time_trunc(unit, t): where the unit began",
      "SELECT time_trunc('HOUR', TIME '09:32:05.359')", "09:00:00");
