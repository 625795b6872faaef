/* engine/expr/raise.c - see raise.h. The wording follows Spark 4's list of error conditions. */
#include "engine/expr/raise.h"

#include <ctype.h>
#include <stdio.h>

#include "common/settings.h"
#include "engine/expr/cast.h"
#include "engine/expr/decimal.h"
#include "engine/expr/function.h"

#define ANSI_HINT "If necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass this error"

weft_status weft_raise_occurrence(weft_ctx *ctx, const weft_expr *e, int64_t occurrence)
{
    return weft_fail_at(ctx, WEFT_OCCURRENCE, &e->span,
                        "The value of parameter(s) `occurrence` in `instr` is invalid: expects a positive "
                        "integer, but got %lld.",
                        (long long)occurrence);
}

bool weft_raise_tried(const weft_expr *e)
{
    if (e->kind == WEFT_EXPR_CAST) return e->cast.try_;
    return e->kind == WEFT_EXPR_CALL && (e->call.function->flags & WEFT_FN_TRY) != 0;
}

static bool is_stored(const weft_expr *e) { return e->kind == WEFT_EXPR_CAST && e->cast.column != NULL; }

bool weft_raise_wanted(const weft_ctx *ctx, const weft_expr *e)
{
    return !weft_raise_tried(e) && (is_stored(e) || weft_setting(ctx, WEFT_SET_ANSI) != 0);
}

weft_status weft_raise_divide_by_zero(weft_ctx *ctx, const weft_expr *e)
{
    return weft_fail_at(ctx, WEFT_DIVIDE_BY_ZERO, &e->span,
                        "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL "
                        "instead. " ANSI_HINT ".");
}

weft_status weft_raise_remainder_by_zero(weft_ctx *ctx, const weft_expr *e)
{
    return weft_fail_at(ctx, WEFT_REMAINDER_BY_ZERO, &e->span,
                        "Remainder by zero. Use `try_mod` to tolerate divisor being 0 and return NULL "
                        "instead. " ANSI_HINT ".");
}

weft_status weft_raise_overflow(weft_ctx *ctx, const weft_expr *e, const char *what, const char *alternative)
{
    if (alternative == NULL) {
        return weft_fail_at(ctx, WEFT_ARITHMETIC_OVERFLOW, &e->span, "%s. " ANSI_HINT ".", what);
    }
    return weft_fail_at(ctx, WEFT_ARITHMETIC_OVERFLOW, &e->span,
                        "%s. Use '%s' to tolerate overflow and return NULL instead. " ANSI_HINT ".", what,
                        alternative);
}

weft_status weft_raise_binary_overflow(weft_ctx *ctx, const weft_expr *e, int64_t a, int64_t b,
                                       const char *alternative)
{
    return weft_fail_at(
        ctx, WEFT_BINARY_OVERFLOW, &e->span,
        "%lldS %s %lldS caused overflow. Use `%s` to ignore overflow problem and return NULL.", (long long)a,
        e->call.function->name, (long long)b, alternative);
}

weft_status weft_raise_interval_overflow(weft_ctx *ctx, const weft_expr *e)
{
    const bool less = e->kind == WEFT_EXPR_CALL && strcmp(e->call.function->name, "-") == 0;
    return weft_fail_at(
        ctx, WEFT_INTERVAL_OVERFLOW, &e->span,
        "Integer overflow while operating with intervals. Use `%s` to tolerate overflow and return "
        "NULL instead.",
        less ? "try_subtract" : "try_add");
}

weft_status weft_raise_interval_sign(weft_ctx *ctx, const weft_expr *e)
{
    return weft_fail_at(
        ctx, WEFT_INTERVAL_OVERFLOW_PLAIN, &e->span,
        "Integer overflow while operating with intervals: the least interval has no opposite.");
}

weft_status weft_raise_interval_by_zero(weft_ctx *ctx, const weft_expr *e)
{
    return weft_fail_at(ctx, WEFT_INTERVAL_DIVIDED_BY_ZERO, &e->span,
                        "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL "
                        "instead.");
}

weft_status weft_raise_interval_parts(weft_ctx *ctx, const weft_expr *e)
{
    return weft_fail_at(
        ctx, WEFT_INTERVAL_OVERFLOW_PLAIN, &e->span,
        "Integer overflow while operating with intervals. Try devising appropriate values for the "
        "interval parameters.");
}

/* The SQL name of a type as messages show it: upper case. */
static const char *raise_type_text(weft_type type, char *text, size_t bytes)
{
    (void)weft_type_text(type, text, bytes);
    for (char *c = text; *c != 0; c++) *c = (char)toupper((unsigned char)*c);
    return text;
}

/* A value as messages show it: 'abc', 1L, 2.50BD, DATE '2000-01-01'. */
static weft_status raise_value_text(weft_ctx *ctx, const weft_value *value, char *text, size_t bytes)
{
    weft_status st = WEFT_OK;
    char *plain = NULL;
    const char *before = "", *after = "";
    WEFT_TRY(st, weft_value_cast_text(ctx, value, &plain));
    switch ((weft_type_id)value->type.id) {
    case WEFT_TYPE_STRING:
    case WEFT_TYPE_BINARY: before = after = "'"; break;
    case WEFT_TYPE_TINYINT: after = "Y"; break;
    case WEFT_TYPE_SMALLINT: after = "S"; break;
    case WEFT_TYPE_BIGINT: after = "L"; break;
    case WEFT_TYPE_FLOAT: after = ""; break;
    case WEFT_TYPE_DOUBLE: after = "D"; break;
    case WEFT_TYPE_DECIMAL: after = "BD"; break;
    case WEFT_TYPE_DATE: before = "DATE '", after = "'"; break;
    case WEFT_TYPE_TIMESTAMP: before = "TIMESTAMP '", after = "'"; break;
    case WEFT_TYPE_TIMESTAMP_NTZ: before = "TIMESTAMP_NTZ '", after = "'"; break;
    case WEFT_TYPE_TIMESTAMP_NS: before = "TIMESTAMP '", after = "'"; break;
    case WEFT_TYPE_TIMESTAMP_NTZ_NS: before = "TIMESTAMP_NTZ '", after = "'"; break;
    case WEFT_TYPE_TIME: before = "TIME '", after = "'"; break;
    case WEFT_TYPE_NULL:
    case WEFT_TYPE_BOOLEAN:
    case WEFT_TYPE_INT:
    case WEFT_TYPE_INTERVAL_YM:
    case WEFT_TYPE_INTERVAL_DT:
    case WEFT_TYPE_INTERVAL:
    case WEFT_TYPE_ARRAY:
    case WEFT_TYPE_STRUCT:
    case WEFT_TYPE_MAP:
    case WEFT_TYPE_VARIANT:
    case WEFT_TYPE_GEOMETRY:
    case WEFT_TYPE_GEOGRAPHY:
    case WEFT_TYPE_COUNT: break;
    }
    (void)snprintf(text, bytes, "%s%s%s", before, plain, after);
done:
    return st;
}

weft_status weft_raise_cast_input(weft_ctx *ctx, const weft_expr *e, const weft_value *value)
{
    weft_status st = WEFT_OK;
    char text[512], from[128], to[128];
    WEFT_TRY(st, raise_value_text(ctx, value, text, sizeof(text)));
    if (weft_type_is_interval(e->type)) {
        const bool time = e->type.id == WEFT_TYPE_INTERVAL_DT;
        return weft_fail_at(ctx, time ? WEFT_INTERVAL_FORMAT_NOTICE : WEFT_INTERVAL_FORMAT, &e->span,
                            "Error parsing %s to interval: its form is not that of the type \"%s\".", text,
                            raise_type_text(e->type, to, sizeof(to)));
    }
    st = weft_fail_at(ctx, WEFT_CAST_INVALID_INPUT, &e->span,
                      "The value %s of the type \"%s\" cannot be cast to \"%s\" because it is malformed. "
                      "Correct the value as per the syntax, or change its target type. Use `try_cast` to "
                      "tolerate malformed input and return NULL instead.",
                      text, raise_type_text(value->type, from, sizeof(from)),
                      raise_type_text(e->type, to, sizeof(to)));
done:
    return st;
}

/* The value does not fit in the column that it is stored in. */
static weft_status raise_stored(weft_ctx *ctx, const weft_expr *e)
{
    char from[128], to[128];
    return weft_fail_at(
        ctx, WEFT_CAST_OVERFLOW_INSERT, &e->span,
        "Fail to assign a value of \"%s\" type to the \"%s\" type column or variable `%s` due "
        "to an overflow. Use `try_cast` on the input value to tolerate overflow and return "
        "NULL instead.",
        raise_type_text(e->args[0]->type, from, sizeof(from)), raise_type_text(e->type, to, sizeof(to)),
        e->cast.column);
}

weft_status weft_raise_cast_overflow(weft_ctx *ctx, const weft_expr *e, const weft_value *value)
{
    weft_status st = WEFT_OK;
    char text[512], from[128], to[128];
    if (is_stored(e)) return raise_stored(ctx, e);
    WEFT_TRY(st, raise_value_text(ctx, value, text, sizeof(text)));
    st = weft_fail_at(ctx, WEFT_CAST_OVERFLOW, &e->span,
                      "The value %s of the type \"%s\" cannot be cast to \"%s\" due to an overflow. Use "
                      "`try_cast` to tolerate overflow and return NULL instead.",
                      text, raise_type_text(value->type, from, sizeof(from)),
                      raise_type_text(e->type, to, sizeof(to)));
done:
    return st;
}

weft_status weft_raise_decimal_range(weft_ctx *ctx, const weft_expr *e, weft_i128 value, int scale,
                                     weft_type type)
{
    char text[WEFT_DECIMAL_TEXT_BYTES];
    if (is_stored(e)) return raise_stored(ctx, e);
    (void)weft_decimal_text(value, scale, text);
    return weft_fail_at(ctx, WEFT_NUMERIC_VALUE_OUT_OF_RANGE, &e->span,
                        "%s cannot be represented as Decimal(%d, %d). " ANSI_HINT
                        ", and return NULL instead.",
                        text, type.precision, type.scale);
}

weft_status weft_raise_decimal_sign(weft_ctx *ctx, const weft_expr *e, weft_i128 value, weft_type type)
{
    char text[WEFT_DECIMAL_TEXT_BYTES];
    (void)weft_decimal_text(value, type.scale, text);
    return weft_fail_at(ctx, WEFT_NUMERIC_VALUE_PLAIN, &e->span,
                        "%s cannot be represented as Decimal(%d, %d).", text, type.precision, type.scale);
}

weft_status weft_raise_decimal_huge(weft_ctx *ctx, const weft_expr *e, weft_type type)
{
    if (is_stored(e)) return raise_stored(ctx, e);
    return weft_fail_at(ctx, WEFT_NUMERIC_VALUE_OUT_OF_RANGE, &e->span,
                        "A value of more than 38 digits cannot be represented as Decimal(%d, %d). " ANSI_HINT
                        ", and return NULL instead.",
                        type.precision, type.scale);
}

weft_status weft_raise_datetime_overflow(weft_ctx *ctx, const weft_expr *e, const char *what, int64_t amount)
{
    return weft_fail_at(ctx, WEFT_DATETIME_OVERFLOW, &e->span, "Datetime operation overflow: %s %lld.", what,
                        (long long)amount);
}
