/* engine/expr/bind_errors.c - see bind_errors.h. */
#include "engine/expr/bind_errors.h"

#include <ctype.h>
#include <stdio.h>

#include "engine/expr/coerce.h"
#include "engine/expr/expr.h"
#include "engine/expr/kernel.h"
#include "engine/expr/type_sql.h"

weft_status weft_fail_arg_count(weft_ctx *ctx, const char *name, int32_t low, int32_t high, int32_t count,
                                const weft_span *span)
{
    char takes[128];
    size_t used = 0;
    if (high < 0 || low == high)
        snprintf(takes, sizeof(takes), "%s%d", high < 0 ? "> " : "", high < 0 ? low - 1 : low);
    for (int32_t n = low; low != high && n <= high && used < sizeof(takes); n++)
        used += (size_t)snprintf(takes + used, sizeof(takes) - used, "%s%d%s", n == low ? "[" : ", ", n,
                                 n == high ? "]" : "");
    return weft_fail_at(ctx, WEFT_WRONG_NUM_ARGS, span,
                        "The `%s` requires %s parameters but the actual number is %d.", name, takes, count);
}

weft_status weft_fail_arg_type(weft_ctx *ctx, int32_t index, const char *accepts, const weft_expr *arg,
                               const weft_span *span)
{
    static const char *const ordinals[] = {"first", "second", "third"};
    weft_status st = WEFT_OK;
    char wanted[512], ordinal[24];
    char *text = NULL, *type = NULL;
    bool quoted = false;
    const bool several = strstr(accepts, "\" or \"") != NULL && accepts[0] != '(';
    WEFT_TRY(st, weft_expr_text(ctx, arg, false, &text));
    WEFT_TRY(st, weft_type_sql(ctx, arg->type, &type));
    snprintf(wanted, sizeof(wanted), several ? "(%s)" : "%s", accepts);
    for (char *c = wanted; *c != '\0'; c++) { /* the names of types as SQL writes them */
        quoted ^= *c == '"';
        if (quoted) *c = (char)toupper((unsigned char)*c);
    }
    snprintf(ordinal, sizeof(ordinal), "%dth", index + 1);
    st = weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH, span != NULL ? span : &arg->span,
                      "The %s parameter requires the %s type, however \"%s\" has the type \"%s\".",
                      index < WEFT_COUNT(ordinals) ? ordinals[index] : ordinal, wanted, text, type);
done:
    return st;
}

weft_status weft_expect_orderable(weft_ctx *ctx, const char *name, const weft_expr *arg,
                                  const weft_span *span)
{
    weft_status st = WEFT_OK;
    char *type = NULL;
    if (weft_type_is_orderable(arg->type)) return WEFT_OK;
    WEFT_TRY(st, weft_type_sql(ctx, arg->type, &type));
    st = weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_ORDERING, arg->span.line > 0 ? &arg->span : span,
                      "The `%s` does not support ordering on type \"%s\".", name, type);
done:
    return st;
}

/* A sum with a DATE is a function of days, one with an interval of days or time a function of a timestamp:
 * they tell which argument is wrong. Such an interval is taken from something only. */
static bool is_function(const weft_expr *e, bool subtracted_from)
{
    if (e->type.id == WEFT_TYPE_DATE) return true;
    return !subtracted_from && (e->type.id == WEFT_TYPE_INTERVAL_DT || e->type.id == WEFT_TYPE_INTERVAL);
}

/* By ANSI a STRING beside a plain value becomes one of its type, which the operator does not take. */
static bool meets_text(const weft_expr *text, const weft_expr *other)
{
    return text->type.id == WEFT_TYPE_STRING && !weft_type_is_nested(other->type) &&
           !weft_type_is_numeric(other->type) && !weft_type_is_interval(other->type) &&
           other->type.id != WEFT_TYPE_INTERVAL && other->type.id != WEFT_TYPE_NULL &&
           other->type.id != WEFT_TYPE_VARIANT;
}

static bool is_timestamp(const weft_expr *e)
{
    return e->type.id == WEFT_TYPE_TIMESTAMP || e->type.id == WEFT_TYPE_TIMESTAMP_NTZ;
}

static bool is_span(const weft_expr *e)
{
    return weft_type_is_interval(e->type) || e->type.id == WEFT_TYPE_INTERVAL;
}

static weft_status binary_class(const weft_ctx *ctx, const char *name, const weft_expr *left,
                                const weft_expr *right)
{
    const bool minus = strcmp(name, "-") == 0 || strcmp(name, "try_subtract") == 0;
    const bool sum = minus || strcmp(name, "+") == 0 || strcmp(name, "try_add") == 0;
    const bool of_interval = weft_type_is_interval(left->type) || weft_type_is_interval(right->type);
    /* an interval times, or by, something is a function that takes a number */
    const bool multiplies = name[0] == '*' || strcmp(name, "try_multiply") == 0;
    const bool divides = name[0] == '/' || strcmp(name, "try_divide") == 0;
    if (multiplies && (is_span(left) || is_span(right))) return WEFT_DATATYPE_MISMATCH;
    if (divides && is_span(left)) return WEFT_DATATYPE_MISMATCH;
    if (weft_type_equal(left->type, right->type)) return WEFT_DATATYPE_MISMATCH_WRONG_TYPE;
    if (minus && (is_timestamp(left) || is_timestamp(right))) return WEFT_DATATYPE_MISMATCH;
    if (of_interval && (left->type.id == WEFT_TYPE_STRING || right->type.id == WEFT_TYPE_STRING))
        return WEFT_DATATYPE_MISMATCH_BINARY;
    if (sum && (is_function(left, minus) || is_function(right, false))) return WEFT_DATATYPE_MISMATCH;
    if (weft_ansi(ctx) && (meets_text(left, right) || meets_text(right, left)))
        return WEFT_DATATYPE_MISMATCH_WRONG_TYPE;
    return WEFT_DATATYPE_MISMATCH_BINARY;
}

/* What an operator takes on both sides, as an error says it; NULL where the types of the other side tell. */
static const char *operator_takes(const char *name)
{
    switch (name[0]) {
    case '+':
    case '-':
        return "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")";
    case '*':
    case '%': return "\"NUMERIC\"";
    case '/': return "(\"DOUBLE\" or \"DECIMAL\")";
    case '&':
    case '|':
    case '^': return "\"INTEGRAL\"";
    default: return NULL;
    }
}

weft_status weft_fail_operands(weft_ctx *ctx, const char *name, const weft_expr *left, const weft_expr *right,
                               const weft_span *span)
{
    char *a = NULL, *b = NULL;
    weft_status st = WEFT_OK;
    const weft_status code = binary_class(ctx, name, left, right);
    WEFT_TRY(st, weft_type_sql(ctx, left->type, &a));
    WEFT_TRY(st, weft_type_sql(ctx, right->type, &b));
    if (code == WEFT_DATATYPE_MISMATCH_WRONG_TYPE && operator_takes(name) != NULL)
        return weft_fail_at(ctx, code, span, "the binary operator requires the input type %s, not \"%s\".",
                            operator_takes(name), a);
    st =
        weft_fail_at(ctx, code, span,
                     "the left and right operands of the binary operator have incompatible types (\"%s\" and "
                     "\"%s\").",
                     a, b);
done:
    return st;
}

/* From the narrowest to the widest: what errors call NUMERIC. */
static bool takes_all_numbers(const weft_function *fn, int32_t at)
{
    bool narrowest = false, widest = false;
    for (int32_t s = 0; s < fn->signature_count; s++) {
        narrowest |= fn->signatures[s].args[at] == WEFT_TYPE_TINYINT;
        widest |= fn->signatures[s].args[at] == WEFT_TYPE_DOUBLE;
    }
    return narrowest && widest;
}

weft_status weft_fail_no_signature(weft_ctx *ctx, const weft_function *fn, const weft_expr *const *args,
                                   int32_t count, const weft_span *span)
{
    char accepts[256], one[64];
    size_t used = 0;
    int32_t low = INT32_MAX, high = 0;

    for (int32_t s = 0; s < fn->signature_count; s++) {
        low = weft_min_i32(low, fn->signatures[s].min_args);
        high = fn->signatures[s].max_args < 0 || high < 0 ? -1
                                                          : weft_max_i32(high, fn->signatures[s].max_args);
    }
    if (count < low || (high >= 0 && count > high)) {
        return weft_fail_arg_count(ctx, fn->name, low, high, count, span);
    }
    const bool shifts = strchr("<>", fn->name[0]) != NULL && fn->name[0] == fn->name[1]; /* a function */
    if (count == 2 && fn->name[0] != '\0' && !shifts && strchr("+-*/%=<>", fn->name[0]) != NULL) {
        return weft_fail_operands(ctx, fn->name, args[0], args[1], span);
    }
    /* Blame the first argument that no signature takes at its place; else the last one. */
    for (int32_t i = 0; i < count; i++) {
        bool fits = false;
        used = 0;
        accepts[0] = '\0';
        for (int32_t s = 0; s < fn->signature_count; s++) {
            const weft_signature *signature = &fn->signatures[s];
            const int32_t at = weft_min_i32(i, WEFT_SIGNATURE_ARGS_MAX - 1);
            const uint8_t id = signature->args[at];
            if (signature->max_args >= 0 && i >= signature->max_args) continue;
            fits = fits || id == WEFT_TYPE_COUNT || weft_argument_fits(args[i]->type, WEFT_TYPE_OF(id));
            if (id == WEFT_TYPE_COUNT || used + sizeof(one) > sizeof(accepts)) continue;
            if (weft_type_is_numeric(WEFT_TYPE_OF(id)) && takes_all_numbers(fn, at))
                snprintf(one, sizeof(one), "numeric");
            else
                weft_type_text(WEFT_TYPE_OF(id), one, sizeof(one));
            if (strstr(accepts, one) != NULL) continue;
            used += (size_t)snprintf(accepts + used, sizeof(accepts) - used, "%s\"%s\"",
                                     used > 0 ? " or " : "", one);
        }
        if (!fits || i == count - 1) return weft_fail_arg_type(ctx, i, accepts, args[i], span);
    }
    return weft_fail_arg_count(ctx, fn->name, low, high, count, span);
}

weft_status weft_fail_call(weft_ctx *ctx, weft_status st, const weft_expr *call, const weft_span *span)
{
    char *text = NULL;
    const bool mismatch = strncmp(weft_status_text(st), "DATATYPE_MISMATCH", strlen("DATATYPE_MISMATCH")) ==
                          0;
    if (!mismatch || strncmp(ctx->error.message, "Cannot resolve", strlen("Cannot resolve")) == 0) return st;
    const weft_error error = ctx->error; /* that of the text's making is no news */
    const weft_status made = weft_expr_text(ctx, call, false, &text);
    ctx->error = error;
    if (made != WEFT_OK) return st;
    if (span != NULL && span->line > 0) ctx->error.span = *span;
    weft_error_prefix(ctx, "Cannot resolve \"%s\" due to data type mismatch: ", text);
    return st;
}
