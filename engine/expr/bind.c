/* engine/expr/bind.c - binding of calls: coerce the arguments, then choose the signature.
 *
 * Coercion never looks at the signatures and the choice never converts, but for bind_default, where the
 * signatures are all there is. Casts that are put in are implicit. */
#include "common/settings.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/bind_errors.h"
#include "engine/expr/coerce.h"
#include "engine/expr/collate.h"
#include "engine/expr/expr.h"
#include "engine/expr/inputs.h"
#include "engine/expr/interval.h"
#include "engine/expr/kernel.h"
#include "engine/expr/type_sql.h"

static bool is_id(const weft_expr *e, weft_type_id id) { return e->type.id == id; }
static bool is_interval(const weft_expr *e)
{
    return is_id(e, WEFT_TYPE_INTERVAL_YM) || is_id(e, WEFT_TYPE_INTERVAL_DT);
}
/* An interval without fields. */
static bool is_calendar(const weft_expr *e) { return is_id(e, WEFT_TYPE_INTERVAL); }
static bool is_timestamp(const weft_expr *e)
{
    return is_id(e, WEFT_TYPE_TIMESTAMP) || is_id(e, WEFT_TYPE_TIMESTAMP_NTZ);
}
static bool is_datetime(const weft_expr *e) { return is_id(e, WEFT_TYPE_DATE) || is_timestamp(e); }

static weft_status cast_arg(weft_ctx *ctx, const weft_expr **arg, weft_type type)
{
    return weft_expr_cast(ctx, *arg, type, true, arg);
}

/* ---- what types can do ---- */

bool weft_type_holds(weft_type type, weft_type_id id)
{
    if (type.id == id) return true;
    for (int32_t i = 0; i < type.child_count; i++) {
        if (weft_type_holds(type.children[i].type, id)) return true;
    }
    return false;
}

bool weft_type_is_groupable(weft_type type)
{
    return !weft_type_holds(type, WEFT_TYPE_MAP) && !weft_type_holds(type, WEFT_TYPE_VARIANT);
}

bool weft_type_is_orderable(weft_type type)
{
    return weft_type_is_groupable(type) && !weft_type_holds(type, WEFT_TYPE_INTERVAL) &&
           !weft_type_holds(type, WEFT_TYPE_GEOMETRY) && !weft_type_holds(type, WEFT_TYPE_GEOGRAPHY);
}

bool weft_argument_fits(weft_type from, weft_type to)
{
    /* a time is of the day of today; of what is to be a DATE the cast tells that there is none */
    if (from.id == WEFT_TYPE_TIME &&
        (to.id == WEFT_TYPE_DATE || to.id == WEFT_TYPE_TIMESTAMP || to.id == WEFT_TYPE_TIMESTAMP_NTZ))
        return true;
    return weft_type_equal(from, to) || weft_cast_implicit(from, to) ||
           (weft_type_is_numeric(from) && weft_type_is_numeric(to));
}

/* ---- choosing a signature ---- */

static uint8_t signature_type(const weft_signature *signature, int32_t index)
{
    int32_t named = 0; /* types that the signature spells out: the last one repeats */
    if (signature->max_args >= 0) return signature->args[weft_min_i32(index, WEFT_SIGNATURE_ARGS_MAX - 1)];
    while (named < WEFT_SIGNATURE_ARGS_MAX && signature->args[named] != WEFT_TYPE_NULL) named++;
    if (named == 0) return WEFT_TYPE_COUNT;
    return signature->args[weft_min_i32(index, named - 1)];
}

static bool signature_takes(const weft_signature *signature, int32_t count)
{
    return count >= signature->min_args && (signature->max_args < 0 || count <= signature->max_args);
}

int32_t weft_signature_find_exact(const weft_function *fn, const weft_expr *const *args, int32_t count)
{
    for (int32_t s = 0; s < fn->signature_count; s++) {
        bool same = signature_takes(&fn->signatures[s], count);
        for (int32_t i = 0; i < count && same; i++) {
            const uint8_t id = signature_type(&fn->signatures[s], i);
            same = id == WEFT_TYPE_COUNT || id == args[i]->type.id;
        }
        if (same) return s;
    }
    return -1;
}

/* The type that an argument is cast to where a signature names only an id. */
static weft_type target_type(weft_type from, uint8_t id)
{
    if (id == WEFT_TYPE_COUNT || id == from.id) return from;
    if (id != WEFT_TYPE_DECIMAL) return WEFT_TYPE_OF(id);
    if (weft_type_is_integral(from)) return weft_decimal_for_integral(from);
    if (from.id == WEFT_TYPE_FLOAT)
        return weft_type_decimal(14, 7); /* Spark's, by digits that the type holds */
    if (from.id == WEFT_TYPE_DOUBLE) return weft_type_decimal(30, 15);
    return weft_type_decimal(WEFT_DECIMAL_PRECISION_MAX,
                             18); /* Spark's system default, for strings and NULL */
}

/* Result of a signature whose result is not spelled out by its id alone. */
static weft_type result_type(const weft_signature *signature, const weft_expr *const *args, int32_t count)
{
    if (signature->result != WEFT_TYPE_COUNT && signature->result != WEFT_TYPE_DECIMAL &&
        signature->result < WEFT_TYPE_ARRAY) {
        return WEFT_TYPE_OF(signature->result);
    }
    for (int32_t i = 0; i < count; i++) {
        const uint8_t id = signature_type(signature, i);
        if (id == signature->result || (signature->result == WEFT_TYPE_COUNT && id == WEFT_TYPE_COUNT)) {
            return args[i]->type;
        }
    }
    return count > 0 ? args[0]->type : WEFT_TYPE_OF(signature->result);
}

/* What a cast of an argument costs: none is best, then one without loss, a narrower number, a text. A text
 * becomes a double rather than another number. A step outweighs those below it of every argument. */
static int32_t cast_cost(weft_type from, weft_type to)
{
    enum { LOSSLESS = 1, NARROWER = 64, TEXT = 4096 };
    if (weft_type_equal(from, to)) return 0;
    if (from.id == WEFT_TYPE_STRING && weft_type_is_numeric(to))
        return to.id == WEFT_TYPE_DOUBLE ? LOSSLESS : NARROWER;
    if (weft_type_is_numeric(from) && to.id == WEFT_TYPE_STRING) return TEXT;
    return weft_cast_implicit(from, to) ? LOSSLESS : NARROWER;
}

/* The first signature of those whose casts cost least; -1: there is none. */
static int32_t find_signature(const weft_function *fn, const weft_expr *const *args, int32_t count)
{
    int32_t found = -1, least = INT32_MAX;
    for (int32_t s = 0; s < fn->signature_count; s++) {
        int32_t cost = 0;
        bool fits = signature_takes(&fn->signatures[s], count);
        for (int32_t i = 0; i < count && fits; i++) {
            const weft_type from = args[i]->type;
            const weft_type to = target_type(from, signature_type(&fn->signatures[s], i));
            fits = weft_argument_fits(from, to);
            cost += cast_cost(from, to);
        }
        if (!fits || cost >= least) continue;
        found = s;
        least = cost;
    }
    return found;
}

weft_status weft_bind_default(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    int32_t found = weft_signature_find_exact(fn, args, count);

    if (found < 0) found = find_signature(fn, args, count);
    if (found < 0) return weft_fail_no_signature(ctx, fn, args, count, span);
    const weft_signature *signature = &fn->signatures[found];
    for (int32_t i = 0; i < count; i++) {
        WEFT_TRY(st, cast_arg(ctx, &args[i], target_type(args[i]->type, signature_type(signature, i))));
    }
    *variant = found;
    *type = result_type(signature, args, count);
done:
    return st;
}

weft_status weft_bind_same(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                           const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    weft_type common = WEFT_TYPE_OF(WEFT_TYPE_NULL);

    if (count == 0) return weft_fail_no_signature(ctx, fn, args, count, span);
    WEFT_TRY(st, weft_expr_common_plain(ctx, args, count, span, &common));
    WEFT_TRY(st, weft_expect_orderable(ctx, fn->name, args[0], span));
    WEFT_TRY(st, weft_bind_default(ctx, fn, args, count, span, variant, type));
done:
    return st;
}

/* ---- comparison ---- */

/* An integer beside a decimal: a literal takes its own digits, so that `x < 24` keeps x as it is. */
static weft_status integral_to_decimal(weft_ctx *ctx, const weft_expr **arg)
{
    const weft_expr *e = *arg;
    const bool literal = e->kind == WEFT_EXPR_LITERAL && !e->literal.is_null;
    if (!weft_type_is_integral(e->type)) return WEFT_OK;
    return cast_arg(ctx, arg,
                    literal ? weft_decimal_for_literal(e->literal.i64) : weft_decimal_for_integral(e->type));
}

/* Decimal beside an integer or a decimal: both decimals afterwards, each with its own precision and scale. */
static weft_status pair_to_decimal(weft_ctx *ctx, const weft_expr **args)
{
    weft_status st = WEFT_OK;
    const bool first = is_id(args[0], WEFT_TYPE_DECIMAL), second = is_id(args[1], WEFT_TYPE_DECIMAL);
    if (first && !second) WEFT_TRY(st, integral_to_decimal(ctx, &args[1]));
    if (second && !first) WEFT_TRY(st, integral_to_decimal(ctx, &args[0]));
done:
    return st;
}

/* Without ANSI a truth value equals 1 or 0, of the type of the number that it is compared with. */
static weft_status truth_to_number(weft_ctx *ctx, const weft_expr **args)
{
    weft_status st = WEFT_OK;
    for (int i = 0; i < 2; i++) {
        if (is_id(args[i], WEFT_TYPE_BOOLEAN) && weft_type_is_numeric(args[1 - i]->type))
            WEFT_TRY(st, cast_arg(ctx, &args[i], args[1 - i]->type));
    }
done:
    return st;
}

weft_status weft_bind_compare(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    weft_type common;
    bool found = false;

    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    if (!weft_ansi(ctx) &&
        (strchr(fn->name, '=') == fn->name || strcmp(fn->name, "<>") == 0 || strcmp(fn->name, "<=>") == 0))
        WEFT_TRY(st, truth_to_number(ctx, args));
    WEFT_TRY(st, pair_to_decimal(ctx, args));
    found = weft_type_compared(ctx, args[0]->type, args[1]->type, &common);
    if (!found && weft_type_is_nested(args[0]->type) && weft_type_texts_agree(args[0]->type, args[1]->type))
        WEFT_TRY(st, weft_type_common_in(ctx, args[0]->type, args[1]->type, &common, &found));
    /* Structs of equal types go together whatever their names. */
    if (!found && args[0]->type.id == WEFT_TYPE_STRUCT &&
        weft_type_same_shape(args[0]->type, args[1]->type)) {
        common = args[0]->type;
        found = true;
    }
    if (!found) {
        return weft_fail_operands(ctx, fn->name, args[0], args[1], span);
    }
    /* NULL = NULL compares as BOOLEAN: no signature needs to know the type NULL. */
    if (common.id == WEFT_TYPE_NULL) common = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN);
    WEFT_TRY(st, cast_arg(ctx, &args[0], common));
    WEFT_TRY(st, cast_arg(ctx, &args[1], common));
    WEFT_TRY(st, weft_expect_orderable(ctx, fn->name, args[0], span));
    *variant = weft_signature_find_exact(fn, args, count);
    if (*variant < 0) return weft_fail_no_signature(ctx, fn, args, count, span);
    *type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN);
done:
    return st;
}

/* ---- arithmetic ---- */

/* INTERVAL DAY: with it a date stays a date. */
static bool is_whole_days(const weft_expr *e)
{
    return is_id(e, WEFT_TYPE_INTERVAL_DT) && weft_type_last_field(e->type) == 0;
}

/* An interval times or by a number: whole numbers, decimals, doubles, each in a form of its own. */
static weft_status coerce_factor(weft_ctx *ctx, const weft_expr **arg)
{
    weft_type type = (*arg)->type;
    if (weft_type_is_integral(type) || type.id == WEFT_TYPE_NULL) type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT);
    if (type.id == WEFT_TYPE_FLOAT || type.id == WEFT_TYPE_STRING) type = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
    return cast_arg(ctx, arg, type);
}

/* Dates, timestamps and intervals. */
static weft_status coerce_datetime(weft_ctx *ctx, const char *name, const weft_expr **args)
{
    weft_status st = WEFT_OK;
    const weft_type real = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);

    if ((name[0] == '+' || name[0] == '*') && !is_datetime(args[0]) &&
        (is_datetime(args[1]) || is_id(args[1], WEFT_TYPE_TIME) ||
         (name[0] == '*' && (is_interval(args[1]) || is_calendar(args[1]))))) {
        const weft_expr *swap = args[0];
        args[0] = args[1];
        args[1] = swap;
    }
    /* NULL beside an interval is one, and what is added to a date, a timestamp or a time; what is subtracted
     * from one of them is one. So is a string by ANSI; else only one that a date is subtracted from. */
    for (int i = 0; i < 2; i++) {
        const weft_expr *other = args[1 - i];
        const bool null = is_id(args[i], WEFT_TYPE_NULL), text = is_id(args[i], WEFT_TYPE_STRING);
        const bool moment = is_datetime(other) || is_id(other, WEFT_TYPE_TIME);
        const bool sum = name[0] == '+' || name[0] == '-';
        if (null && ((is_interval(other) && (sum || name[0] == 'd')) || (is_calendar(other) && sum))) {
            WEFT_TRY(st, cast_arg(ctx, &args[i], other->type));
        } else if ((null || (text && (weft_ansi(ctx) || (i == 0 && is_id(other, WEFT_TYPE_DATE))))) &&
                   moment && name[0] == '-') {
            WEFT_TRY(st, cast_arg(ctx, &args[i], other->type));
        } else if (null && i == 1 && moment && name[0] == '+') {
            WEFT_TRY(st, cast_arg(ctx, &args[i], weft_type_interval(WEFT_TYPE_INTERVAL_DT, 0, 3)));
        }
    }
    if (is_calendar(args[0]) && (name[0] == '*' || name[0] == '/')) {
        if (weft_type_is_numeric(args[1]->type) || weft_cast_implicit(args[1]->type, real))
            WEFT_TRY(st, cast_arg(ctx, &args[1], real));
    } else if (is_interval(args[0]) && (name[0] == '*' || name[0] == '/')) {
        WEFT_TRY(st, coerce_factor(ctx, &args[1]));
    } else if (is_interval(args[0]) && args[0]->type.id == args[1]->type.id) {
        const weft_type common = weft_interval_common(args[0]->type, args[1]->type);
        WEFT_TRY(st, cast_arg(ctx, &args[0], common));
        WEFT_TRY(st, cast_arg(ctx, &args[1], common));
    } else if (is_id(args[0], WEFT_TYPE_DATE) && is_id(args[1], WEFT_TYPE_INTERVAL_DT) &&
               !is_whole_days(args[1])) {
        WEFT_TRY(st, cast_arg(ctx, &args[0], WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP)));
    } else if (is_datetime(args[0]) && is_datetime(args[1]) && args[0]->type.id != args[1]->type.id &&
               name[0] == '-') {
        weft_type common;
        if (weft_type_common(ctx, args[0]->type, args[1]->type, &common)) {
            WEFT_TRY(st, cast_arg(ctx, &args[0], common));
            WEFT_TRY(st, cast_arg(ctx, &args[1], common));
        }
    } else if (is_id(args[0], WEFT_TYPE_DATE) &&
               (is_id(args[1], WEFT_TYPE_TINYINT) || is_id(args[1], WEFT_TYPE_SMALLINT))) {
        WEFT_TRY(st, cast_arg(ctx, &args[1], WEFT_TYPE_OF(WEFT_TYPE_INT)));
    }
done:
    return st;
}

/* Of equal intervals the sum has their fields, of dates the difference has days; all else has every field
 * that there is. The sum of a time and an interval has as many digits as the one that has more. */
static void datetime_result(const char *name, const weft_expr *const *args, bool legacy, weft_type plain,
                            weft_type *type)
{
    *type = plain;
    if (is_interval(args[0]) && is_interval(args[1]) && name[0] != 'd') *type = args[0]->type;
    if (is_id(args[0], WEFT_TYPE_DATE) && is_id(args[1], WEFT_TYPE_DATE))
        *type = weft_type_interval(WEFT_TYPE_INTERVAL_DT, 0, 0);
    if (legacy && is_datetime(args[0]) && is_datetime(args[1])) *type = WEFT_TYPE_OF(WEFT_TYPE_INTERVAL);
    if (is_id(args[0], WEFT_TYPE_TIME) && is_id(args[1], WEFT_TYPE_TIME))
        *type = weft_type_interval(WEFT_TYPE_INTERVAL_DT, 1, 3);
    if (plain.id == WEFT_TYPE_TIME && is_interval(args[1])) {
        const bool seconds = weft_type_last_field(args[1]->type) == 3;
        *type = weft_type_time(weft_max_i32(weft_type_time_digits(args[0]->type), seconds ? 6 : 0));
    }
}

/* The operator of a function; try_add is +. */
static const char *arithmetic_op(const weft_function *fn)
{
    static const char *const ops[][2] = {{"try_add", "+"},    {"try_subtract", "-"}, {"try_multiply", "*"},
                                         {"try_divide", "/"}, {"try_mod", "%"},      {"mod", "%"},
                                         {"pmod", "%"}};
    for (int32_t i = 0; i < WEFT_COUNT(ops); i++) {
        if (strcmp(fn->name, ops[i][0]) == 0) return ops[i][1];
    }
    return fn->name;
}

/* Without ANSI an operator reads its texts as doubles, whatever stands beside them. */
static weft_status texts_to_doubles(weft_ctx *ctx, const weft_expr **args)
{
    weft_status st = WEFT_OK;
    for (int i = 0; i < 2; i++) {
        if (is_id(args[i], WEFT_TYPE_STRING))
            WEFT_TRY(st, cast_arg(ctx, &args[i], WEFT_TYPE_OF(WEFT_TYPE_DOUBLE)));
    }
done:
    return st;
}

/* By ANSI, and a decimal beside a double anyway, both sides become one type, which the operator does not
 * take; else, or where there is none, they do not go together. */
static weft_status fail_together(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                 const weft_span *span)
{
    weft_status st = WEFT_OK;
    weft_type common;
    const bool decimal = is_id(args[0], WEFT_TYPE_DECIMAL) || is_id(args[1], WEFT_TYPE_DECIMAL);
    const bool whole = weft_type_is_integral(args[0]->type) || weft_type_is_integral(args[1]->type);
    const bool real = is_id(args[0], WEFT_TYPE_DOUBLE) || is_id(args[1], WEFT_TYPE_DOUBLE);
    if ((weft_ansi(ctx) || (decimal && real)) && !(decimal && whole) &&
        weft_type_common(ctx, args[0]->type, args[1]->type, &common)) {
        for (int i = 0; i < 2; i++) WEFT_TRY(st, cast_arg(ctx, &args[i], common));
    }
    st = weft_fail_operands(ctx, fn->name, args[0], args[1], span);
done:
    return st;
}

/* Numbers, strings and NULLs. `/` works on doubles or decimals, div on bigints or decimals. */
static weft_status coerce_numbers(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                  const weft_span *span)
{
    weft_status st = WEFT_OK;
    weft_type common;
    const bool divides = arithmetic_op(fn)[0] == '/', whole = strcmp(fn->name, "div") == 0;

    if (!weft_ansi(ctx)) WEFT_TRY(st, texts_to_doubles(ctx, args));
    for (int i = 0; i < 2 && strchr("&|^", fn->name[0]) != NULL; i++) { /* of whole numbers alone */
        if (weft_type_is_numeric(args[i]->type) && !weft_type_is_integral(args[i]->type))
            return fail_together(ctx, fn, args, span);
    }
    WEFT_TRY(st, pair_to_decimal(ctx, args));
    if (is_id(args[0], WEFT_TYPE_DECIMAL) && is_id(args[1], WEFT_TYPE_DECIMAL)) return WEFT_OK;
    if (!weft_type_common(ctx, args[0]->type, args[1]->type, &common) || common.id == WEFT_TYPE_STRING ||
        (!weft_type_is_numeric(common) && common.id != WEFT_TYPE_NULL)) {
        return weft_fail_operands(ctx, fn->name, args[0], args[1], span);
    }
    if (common.id == WEFT_TYPE_NULL || (divides && common.id != WEFT_TYPE_DECIMAL)) {
        common = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
    }
    if (whole && common.id != WEFT_TYPE_DECIMAL) {
        if (is_id(args[0], WEFT_TYPE_NULL) && is_id(args[1], WEFT_TYPE_NULL)) common.id = WEFT_TYPE_BIGINT;
        if (!weft_type_is_integral(common)) return fail_together(ctx, fn, args, span);
        common = WEFT_TYPE_OF(WEFT_TYPE_BIGINT);
    }
    WEFT_TRY(st, cast_arg(ctx, &args[0], common));
    WEFT_TRY(st, cast_arg(ctx, &args[1], common));
done:
    return st;
}

/* negative and positive. */
static weft_status bind_unary(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (is_id(args[0], WEFT_TYPE_STRING) || is_id(args[0], WEFT_TYPE_NULL)) {
        WEFT_TRY(st, cast_arg(ctx, &args[0], WEFT_TYPE_OF(WEFT_TYPE_DOUBLE)));
    }
    WEFT_TRY(st, weft_bind_default(ctx, fn, args, 1, span, variant, type));
    if (is_interval(args[0])) *type = args[0]->type;
done:
    return st;
}

/* a + b + c + …: as a + b, when that has the type of a and c … have the type of b. */
static weft_status bind_chain(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_type left = args[0]->type, right = args[1]->type;
    WEFT_TRY(st, weft_bind_arithmetic(ctx, fn, args, 2, span, variant, type));
    bool same = weft_type_equal(*type, left) && weft_type_equal(args[0]->type, left);
    for (int32_t i = 1; i < count; i++) same = same && weft_type_equal(args[i]->type, right);
    if (!same || (fn->name[0] != '+' && fn->name[0] != '*'))
        WEFT_TRY(st, weft_fail_arg_count(ctx, fn->name, 2, 2, count, span));
done:
    return st;
}

weft_status weft_bind_arithmetic(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                 int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;

    if (count > 2) return bind_chain(ctx, fn, args, count, span, variant, type);
    if (count == 1) return bind_unary(ctx, fn, args, span, variant, type);
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    const bool times = is_id(args[0], WEFT_TYPE_TIME) || is_id(args[1], WEFT_TYPE_TIME);
    const bool intervals = is_interval(args[0]) || is_interval(args[1]) || is_calendar(args[0]) ||
                           is_calendar(args[1]);
    if (is_datetime(args[0]) || is_datetime(args[1]) || intervals || times) {
        WEFT_TRY(st, coerce_datetime(ctx, arithmetic_op(fn), args));
        *variant = weft_signature_find_exact(fn, args, count);
        if (*variant < 0) return weft_fail_operands(ctx, fn->name, args[0], args[1], span);
        if (times) WEFT_TRY(st, weft_expect_time_type(ctx, span));
        datetime_result(arithmetic_op(fn), args, weft_setting(ctx, WEFT_SET_LEGACY_INTERVAL) != 0,
                        result_type(&fn->signatures[*variant], args, count), type);
        goto done;
    }
    WEFT_TRY(st, coerce_numbers(ctx, fn, args, span));
    WEFT_TRY(st, weft_bind_default(ctx, fn, args, count, span, variant, type));
    if (is_id(args[0], WEFT_TYPE_DECIMAL) && type->id == WEFT_TYPE_DECIMAL) {
        const char op = arithmetic_op(fn)[0];
        *type = weft_setting(ctx, WEFT_SET_PRECISION_LOSS) != 0
                    ? weft_decimal_arithmetic_type(op, args[0]->type, args[1]->type, NULL)
                    : weft_decimal_whole_type(op, args[0]->type, args[1]->type);
    }
done:
    return st;
}

/* ---- what every call goes through ---- */

/* Casts that a call has put around its arguments fail at the place of the call; of try_add() and its like a
 * text that is no number is NULL. */
static weft_status place_casts(weft_ctx *ctx, const weft_function *fn, const weft_expr *const *given,
                               const weft_expr **args, int32_t count, const weft_span *span)
{
    weft_status st = WEFT_OK;
    const bool tries = (fn->flags & WEFT_FN_TRY) != 0 && fn->bind == weft_bind_arithmetic;
    if (span == NULL || span->line <= 0) return WEFT_OK;
    for (int32_t i = 0; i < count; i++) {
        if (args[i] == given[i] || args[i]->kind != WEFT_EXPR_CAST || !args[i]->cast.implicit) continue;
        weft_expr copy = *args[i];
        copy.span = *span;
        copy.cast.try_ |= tries && is_id(given[i], WEFT_TYPE_STRING);
        WEFT_TRY(st, weft_expr_with_args(ctx, &copy, copy.args, &args[i]));
    }
done:
    return st;
}

/* A wrong number of arguments is told by the bind. */
static bool takes_count(const weft_function *fn, int32_t count)
{
    for (int32_t i = 0; i < fn->signature_count; i++)
        if (signature_takes(&fn->signatures[i], count)) return true;
    return false;
}

weft_status weft_function_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                               const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_expr call = {
        .kind = WEFT_EXPR_CALL, .args = args, .arg_count = count, .call = {.function = fn}};
    const weft_expr **given = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(count, 1), &given));
    if (count > 0) memcpy(given, args, (size_t)count * sizeof(*given));
    if (takes_count(fn, count)) st = weft_expect_inputs(ctx, fn->name, args, count, span);
    if (st == WEFT_OK)
        st = (fn->bind != NULL ? fn->bind : weft_bind_default)(ctx, fn, args, count, span, variant, type);
    if (st != WEFT_OK) return weft_fail_call(ctx, st, &call, span);
    WEFT_TRY(st, place_casts(ctx, fn, given, args, count, span));
    WEFT_TRY(st, weft_collate_result(ctx, fn->name, args, count, type));
done:
    return st;
}

weft_status weft_aggregate_bind(weft_ctx *ctx, const weft_aggregate *fn, const weft_expr **args,
                                int32_t count, const weft_span *span, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_expr call = {
        .kind = WEFT_EXPR_AGGREGATE, .args = args, .arg_count = count, .aggregate = {.function = fn}};
    st = weft_expect_inputs(ctx, fn->name, args, count, span);
    if (st == WEFT_OK) st = fn->bind(ctx, args, count, span, type);
    if (st != WEFT_OK) return weft_fail_call(ctx, st, &call, span);
    /* of what is aggregated, not of what it is ordered by */
    WEFT_TRY(st, weft_collate_result(ctx, fn->name, args, weft_min_i32(count, 1), type));
done:
    return st;
}
