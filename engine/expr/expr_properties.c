/* engine/expr/expr_properties.c - what rules ask about expressions: may it raise, is it constant, does it
 * reject NULL. */
#include "engine/expr/aggregate.h"
#include "engine/expr/coerce.h"
#include "engine/expr/program.h"
#include "engine/expr/special_moment.h"

static bool is_name(const weft_function *function, const char *name)
{
    return strcmp(function->name, name) == 0;
}

/* A literal that cannot make a division raise: neither 0 nor (-1: the least integer overflows) unless
 * decimal. */
static bool is_safe_divisor(const weft_expr *e)
{
    if (e->kind == WEFT_EXPR_CAST && e->args[0]->kind == WEFT_EXPR_LITERAL)
        e = e->args[0]; /* not folded yet */
    if (e->kind != WEFT_EXPR_LITERAL || e->literal.is_null) return false;
    if (e->type.id == WEFT_TYPE_DECIMAL) return e->literal.i128 != 0;
    if (e->type.id == WEFT_TYPE_FLOAT || e->type.id == WEFT_TYPE_DOUBLE) return e->literal.f64 != 0;
    return weft_type_is_integral(e->type) && e->literal.i64 != 0 && e->literal.i64 != -1;
}

/* Arithmetic that its types or its divisor keep from raising, though the function as such may: kernels check
 * then for nothing, and rules may move it freely. */
static bool is_safe_arithmetic(const weft_expr *e)
{
    const weft_function *fn = e->call.function;
    const bool floating = e->type.id == WEFT_TYPE_DOUBLE || e->type.id == WEFT_TYPE_FLOAT;
    const bool decimal = e->type.id == WEFT_TYPE_DECIMAL;
    bool lossy = true;

    if (e->arg_count == 1) {
        return (floating || decimal) &&
               (is_name(fn, "negative") || is_name(fn, "positive") || is_name(fn, "abs"));
    }
    if (e->arg_count != 2) return false;
    const bool both_decimal = e->args[0]->type.id == WEFT_TYPE_DECIMAL &&
                              e->args[1]->type.id == WEFT_TYPE_DECIMAL;
    if (is_name(fn, "+") || is_name(fn, "-") || is_name(fn, "*")) {
        if (floating) return true;
        if (!decimal || !both_decimal) return false;
        (void)weft_decimal_arithmetic_type(fn->name[0], e->args[0]->type, e->args[1]->type, &lossy);
        return !lossy;
    }
    if (is_name(fn, "/") || is_name(fn, "%")) {
        if (!is_safe_divisor(e->args[1])) return false;
        if (!decimal) return true;
        if (!both_decimal) return false;
        (void)weft_decimal_arithmetic_type(fn->name[0], e->args[0]->type, e->args[1]->type, &lossy);
        return !lossy;
    }
    return is_name(fn, "div") && !both_decimal && is_safe_divisor(e->args[1]);
}

/* An integer literal beside a decimal, cast to as many digits as it has. */
static bool is_safe_literal_cast(const weft_expr *e)
{
    const weft_expr *arg = e->args[0];
    if (arg->kind != WEFT_EXPR_LITERAL || !weft_type_is_integral(arg->type)) return false;
    if (arg->literal.is_null) return true;
    return e->type.id == WEFT_TYPE_DECIMAL &&
           weft_decimal_for_literal(arg->literal.i64).precision <= e->type.precision - e->type.scale;
}

bool weft_expr_fallible_node(const weft_expr *e)
{
    if (e->kind == WEFT_EXPR_CALL) {
        return (e->call.function->flags & WEFT_FN_FALLIBLE) != 0 && !is_safe_arithmetic(e);
    }
    if (e->kind == WEFT_EXPR_CAST) {
        return !e->cast.try_ && weft_cast_fallible(e->args[0]->type, e->type) && !is_safe_literal_cast(e);
    }
    return e->kind == WEFT_EXPR_SUBQUERY && e->subquery.kind == WEFT_SUBQUERY_SCALAR;
}

/* ---- facts: kept in the nodes, so that asking at every level of a tree costs no walk ---- */

static unsigned node_facts(const weft_expr *e)
{
    unsigned facts = weft_expr_fallible_node(e) ? WEFT_EXPR_FALLIBLE : 0;
    if (e->kind == WEFT_EXPR_CALL && (e->call.function->flags & WEFT_FN_NONDETERMINISTIC) != 0)
        facts |= WEFT_EXPR_NONDETERMINISTIC;
    if (e->kind == WEFT_EXPR_CALL && (e->call.function->flags & WEFT_FN_BY_ATTEMPT) != 0)
        facts |= WEFT_EXPR_BY_ATTEMPT;
    if (e->kind == WEFT_EXPR_SUBQUERY) facts |= WEFT_EXPR_SUBQUERIES;
    if (e->kind == WEFT_EXPR_WINDOW) facts |= WEFT_EXPR_WINDOWS;
    return facts;
}

static bool visit_facts(void *self, const weft_expr *e)
{
    *(unsigned *)self |= node_facts(e);
    return false;
}

static unsigned facts_of(const weft_expr *e)
{
    unsigned facts = e->facts;
    if (facts == 0) (void)weft_expr_any(e, visit_facts, &facts);
    return facts;
}

typedef struct settling {
    unsigned facts;
    int32_t height;
    int64_t size;
} settling;

static void settle_below(settling *s, const weft_expr *e)
{
    if (e == NULL) return;
    s->facts |= facts_of(e);
    s->height = weft_max_i32(s->height, e->height + 1);
    s->size += weft_max_i32(e->size, 1);
}

void weft_expr_settle(weft_expr *e)
{
    settling s = {.facts = WEFT_EXPR_KNOWN | node_facts(e), .size = 1};
    for (int32_t i = 0; i < e->arg_count; i++) settle_below(&s, e->args[i]);
    if (e->kind == WEFT_EXPR_AGGREGATE) settle_below(&s, e->aggregate.filter);
    if (e->kind == WEFT_EXPR_WINDOW) {
        const weft_window_spec *spec = e->window.spec;
        for (int32_t i = 0; i < spec->partition_count; i++) settle_below(&s, spec->partition[i]);
        for (int32_t i = 0; i < spec->order_count; i++) settle_below(&s, spec->order[i]);
        settle_below(&s, spec->low_offset);
        settle_below(&s, spec->high_offset);
    }
    e->facts = (uint8_t)s.facts;
    e->height = s.height;
    e->size = (int32_t)weft_min_i64(s.size, INT32_MAX);
}

bool weft_expr_fallible(const weft_expr *e) { return (facts_of(e) & WEFT_EXPR_FALLIBLE) != 0; }
bool weft_expr_deterministic(const weft_expr *e) { return (facts_of(e) & WEFT_EXPR_NONDETERMINISTIC) == 0; }
bool weft_expr_by_attempt(const weft_expr *e) { return (facts_of(e) & WEFT_EXPR_BY_ATTEMPT) != 0; }
bool weft_expr_has_subquery(const weft_expr *e) { return (facts_of(e) & WEFT_EXPR_SUBQUERIES) != 0; }
bool weft_expr_has_window(const weft_expr *e) { return (facts_of(e) & WEFT_EXPR_WINDOWS) != 0; }

static bool any_aggregate(const weft_expr *const *list, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (weft_expr_has_aggregate(list[i])) return true;
    }
    return false;
}

/* sum(sum(x)) OVER (ORDER BY count(*)): the function of a window is none, those in its arguments and keys
 * are. */
bool weft_expr_has_aggregate(const weft_expr *e)
{
    if (e->kind == WEFT_EXPR_AGGREGATE) return true;
    if (e->kind != WEFT_EXPR_WINDOW) return any_aggregate(e->args, e->arg_count);
    const weft_expr *function = e->args[0];
    const weft_window_spec *spec = e->window.spec;
    if (any_aggregate(function->args, function->arg_count)) return true;
    return spec != NULL && (any_aggregate(spec->partition, spec->partition_count) ||
                            any_aggregate(spec->order, spec->order_count));
}

/* ---- NULL rejection ---- */

static bool null_when(const weft_expr *e, int64_t id);

static bool any_null_when(const weft_expr *e, int64_t id)
{
    for (int32_t i = 0; i < e->arg_count; i++) {
        if (null_when(e->args[i], id)) return true;
    }
    return false;
}

/* Surely NULL when column id is NULL? */
static bool null_when(const weft_expr *e, int64_t id)
{
    bool all = e->arg_count > 0;
    switch (e->kind) {
    case WEFT_EXPR_LITERAL: return e->literal.is_null;
    case WEFT_EXPR_COLUMN: return e->column.id == id && e->column.ordinal < 0;
    case WEFT_EXPR_CALL: return (e->call.function->flags & WEFT_FN_NULL_OWN) == 0 && any_null_when(e, id);
    case WEFT_EXPR_CAST:
    case WEFT_EXPR_NOT:
    case WEFT_EXPR_ALIAS: return null_when(e->args[0], id);
    case WEFT_EXPR_IN: return null_when(e->args[0], id);
    case WEFT_EXPR_COALESCE:
    case WEFT_EXPR_AND: /* NULL AND false is false: every argument must be NULL */
    case WEFT_EXPR_OR:
        for (int32_t i = 0; i < e->arg_count; i++) all = all && null_when(e->args[i], id);
        return all;
    case WEFT_EXPR_CASE:
        for (int32_t i = 0; i < e->arg_count; i++) {
            if (i % 2 == 1 || i == e->arg_count - 1) all = all && null_when(e->args[i], id);
        }
        return all;
    case WEFT_EXPR_IS_NULL:
    case WEFT_EXPR_IS_NOT_NULL:
    case WEFT_EXPR_AGGREGATE:
    case WEFT_EXPR_WINDOW:
    case WEFT_EXPR_SUBQUERY:
    case WEFT_EXPR_OUTER:
    case WEFT_EXPR_SORT_KEY:
    case WEFT_EXPR_UNRESOLVED_COLUMN:
    case WEFT_EXPR_UNRESOLVED_CALL:
    case WEFT_EXPR_STAR:
    case WEFT_EXPR_INTERVAL:
    case WEFT_EXPR_BLOOM:
    case WEFT_EXPR_KIND_COUNT: break;
    }
    return false;
}

/* Surely NULL or false when column id is NULL? */
static bool not_true_when(const weft_expr *e, int64_t id)
{
    if (null_when(e, id)) return true;
    if (e->kind == WEFT_EXPR_LITERAL) return e->type.id == WEFT_TYPE_BOOLEAN && !e->literal.boolean;
    if (e->kind == WEFT_EXPR_IS_NOT_NULL) return null_when(e->args[0], id);
    if (e->kind == WEFT_EXPR_NOT) {
        return e->args[0]->kind == WEFT_EXPR_IS_NULL && null_when(e->args[0]->args[0], id);
    }
    if (e->kind == WEFT_EXPR_AND) {
        for (int32_t i = 0; i < e->arg_count; i++) {
            if (not_true_when(e->args[i], id)) return true;
        }
        return false;
    }
    if (e->kind == WEFT_EXPR_OR) {
        for (int32_t i = 0; i < e->arg_count; i++) {
            if (!not_true_when(e->args[i], id)) return false;
        }
        return true;
    }
    return false;
}

bool weft_expr_rejects_null(const weft_expr *e, int64_t id)
{
    return e->type.id == WEFT_TYPE_BOOLEAN ? not_true_when(e, id) : null_when(e, id);
}

/* ---- folding ---- */

/* What keeps an expression from being a constant. */
static bool visit_varies(void *self, const weft_expr *e)
{
    (void)self;
    switch (e->kind) {
    case WEFT_EXPR_LITERAL:
    case WEFT_EXPR_CAST:
    case WEFT_EXPR_CASE:
    case WEFT_EXPR_AND:
    case WEFT_EXPR_OR:
    case WEFT_EXPR_NOT:
    case WEFT_EXPR_IN:
    case WEFT_EXPR_IS_NULL:
    case WEFT_EXPR_IS_NOT_NULL:
    case WEFT_EXPR_COALESCE: return false;
    case WEFT_EXPR_CALL:
        return (e->call.function->flags & (WEFT_FN_NONDETERMINISTIC | WEFT_FN_WINDOW_ONLY |
                                           WEFT_FN_GENERATOR | WEFT_FN_LAMBDA_PART)) != 0;
    case WEFT_EXPR_COLUMN:
    case WEFT_EXPR_AGGREGATE:
    case WEFT_EXPR_WINDOW:
    case WEFT_EXPR_SUBQUERY:
    case WEFT_EXPR_ALIAS:
    case WEFT_EXPR_OUTER:
    case WEFT_EXPR_SORT_KEY:
    case WEFT_EXPR_UNRESOLVED_COLUMN:
    case WEFT_EXPR_UNRESOLVED_CALL:
    case WEFT_EXPR_STAR:
    case WEFT_EXPR_INTERVAL:
    case WEFT_EXPR_BLOOM:
    case WEFT_EXPR_KIND_COUNT: break;
    }
    return true;
}

bool weft_expr_is_constant(const weft_expr *e) { return !weft_expr_any(e, visit_varies, NULL); }

static weft_status fold(weft_ctx *ctx, const weft_expr *e, bool raises, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_value value = {.is_null = true};
    const weft_expr *literal = NULL;

    *out = e;
    if (e->kind == WEFT_EXPR_LITERAL || !weft_expr_is_constant(e)) {
        return WEFT_OK;
    }
    WEFT_TRY(st, weft_special_moment(ctx, e, &literal));
    if (literal != NULL) {
        *out = literal;
        goto done;
    }
    st = weft_eval_constant(ctx, e, &value);
    if (st != WEFT_OK) {
        if (raises || weft_status_classify(st) != WEFT_CLASS_USER || st == WEFT_CANCELLED ||
            st == WEFT_DEADLINE)
            return st;
        weft_error_clear(ctx);
        return WEFT_OK;
    }
    value.type = e->type;
    WEFT_TRY(st, weft_expr_literal(ctx, &value, &literal));
    *out = literal;
done:
    return st;
}

weft_status weft_expr_fold(weft_ctx *ctx, const weft_expr *e, const weft_expr **out)
{
    /* What raises stays as it is: it must raise when, and only when, a row reaches it. */
    return fold(ctx, e, false, out);
}

weft_status weft_expr_fold_now(weft_ctx *ctx, const weft_expr *e, const weft_expr **out)
{
    return fold(ctx, e, true, out);
}
