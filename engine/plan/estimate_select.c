/* engine/plan/estimate_select.c - what part of the rows a predicate keeps.
 *
 * Equality keeps one of the distinct values, a range its part of the span between the bounds, AND multiplies,
 * OR adds what is left. Where nothing is known, constants that are about right for usual queries. A scan's
 * own conjuncts are estimated over its unfiltered table. */
#include <math.h>

#include "engine/expr/aggregate.h"
#include "engine/expr/function.h"
#include "engine/plan/estimate_impl.h"

/* Guesses for what statistics do not tell. */
#define KEEP_RANGE    0.3  /* x < constant, without bounds */
#define KEEP_AGG      0.2  /* a comparison with an aggregate's result (HAVING): written to select */
#define KEEP_CONTAINS 0.06 /* LIKE '%x%' */
#define KEEP_SUFFIX   0.15 /* LIKE '%x' */
#define KEEP_PREFIX   0.03 /* LIKE 'x%' */
#define KEEP_NULL     0.05

static double clamp(double value) { return value < 0 ? 0 : value > 1 ? 1 : value; }

bool estimate_number(const weft_value *value, double *out)
{
    if (value->is_null) return false;
    const weft_type_id id = (weft_type_id)value->type.id;
    if (id == WEFT_TYPE_DECIMAL) {
        *out = (double)value->i128;
        for (int i = 0; i < value->type.scale; i++) *out /= 10;
        return true;
    }
    if (id == WEFT_TYPE_FLOAT || id == WEFT_TYPE_DOUBLE) {
        *out = value->f64;
        return isfinite(*out);
    }
    if (id == WEFT_TYPE_STRING) { /* the first bytes as a fraction */
        double scale = 1;
        *out = 0;
        const char *bytes = weft_str_data(&value->str);
        for (uint32_t i = 0; i < 6; i++) {
            scale /= 256;
            if (i < value->str.len) *out += (unsigned char)bytes[i] * scale;
        }
        return true;
    }
    if (weft_type_is_integral(value->type) || id == WEFT_TYPE_DATE || id == WEFT_TYPE_TIMESTAMP ||
        id == WEFT_TYPE_TIMESTAMP_NTZ) {
        *out = (double)value->i64;
        return true;
    }
    return false;
}

/* ---- the column of an expression ---- */

/* The one column that e is, casts left out; else NULL. */
static const weft_expr *plain_column(const weft_expr *e)
{
    while (e->kind == WEFT_EXPR_CAST || e->kind == WEFT_EXPR_ALIAS) e = e->args[0];
    return e->kind == WEFT_EXPR_COLUMN ? e : NULL;
}

typedef struct product {
    weft_ctx *ctx;
    weft_estimator *e;
    const weft_node *node;
    double distinct;
    weft_status st;
} product;

static bool multiply_column(void *self, const weft_expr *e)
{
    product *p = self;
    weft_column_stats stats = {0};
    if (e->kind != WEFT_EXPR_COLUMN) return false;
    p->st = weft_estimator_column(p->ctx, p->e, p->node, e->column.id, &stats);
    if (stats.distinct_estimate > 0) p->distinct *= (double)stats.distinct_estimate;
    return p->st != WEFT_OK;
}

/* Values that functions of few results give, whatever they are given. */
static double distinct_of_call(const weft_expr *e)
{
    if (e->type.id == WEFT_TYPE_BOOLEAN) return 2;
    if (opt_is_call(e, "year")) return 30;
    if (opt_is_call(e, "month")) return 12;
    if (opt_is_call(e, "day") || opt_is_call(e, "dayofmonth")) return 31;
    if (opt_is_call(e, "substring") || opt_is_call(e, "left")) return 200;
    return 1e18;
}

weft_status weft_estimator_distinct(weft_ctx *ctx, weft_estimator *e, const weft_node *node,
                                    const weft_expr *expr, double *out)
{
    weft_status st = WEFT_OK;
    weft_estimate estimate = {0};
    product p = {.ctx = ctx, .e = e, .node = node, .distinct = 1};
    WEFT_TRY(st, weft_estimator_node(ctx, e, node, &estimate));
    (void)weft_expr_any(expr, multiply_column, &p);
    WEFT_TRY(st, p.st);
    const double most = distinct_of_call(opt_below_alias(expr));
    if (p.distinct > most) p.distinct = most;
    *out = p.distinct > estimate.rows ? estimate.rows : p.distinct;
    if (*out < 1) *out = 1;
done:
    return st;
}

/* Statistics of a column as a predicate of this node sees it: of a scan, before its own conjuncts. */
static weft_status column_before(weft_ctx *ctx, weft_estimator *e, const weft_node *node, int64_t id,
                                 weft_column_stats *out)
{
    if (node->kind == WEFT_NODE_SCAN) return estimate_raw_column(ctx, e, node, id, out);
    return weft_estimator_column(ctx, e, node, id, out);
}

/* ---- comparisons ---- */

static weft_status keep_equal(weft_ctx *ctx, weft_estimator *e, const weft_node *node,
                              const weft_expr *column, const weft_value *value, double *out)
{
    weft_status st = WEFT_OK;
    weft_column_stats stats = {0};
    *out = 0.1;
    const weft_expr *plain = plain_column(column);
    if (plain == NULL) { /* a function of columns */
        const double most = distinct_of_call(column);
        if (most < 1e17) *out = 1 / most;
        return WEFT_OK;
    }
    WEFT_TRY(st, column_before(ctx, e, node, plain->column.id, &stats));
    if (stats.distinct_estimate > 0) *out = 1 / (double)stats.distinct_estimate;
    if (value != NULL && stats.has_bounds && weft_type_equal(stats.low.type, value->type) &&
        !value->is_null &&
        (weft_value_compare(value, &stats.low) < 0 || weft_value_compare(value, &stats.high) > 0))
        *out = 0;
done:
    return st;
}

/* Part of the rows below `value`; -1 when nothing is known. */
static weft_status part_below(weft_ctx *ctx, weft_estimator *e, const weft_node *node,
                              const weft_expr *column, const weft_value *value, double *out)
{
    weft_status st = WEFT_OK;
    weft_column_stats stats = {0};
    double low = 0, high = 0, at = 0;
    const weft_expr *plain = plain_column(column);
    *out = -1;
    if (plain == NULL || value->is_null) return WEFT_OK;
    WEFT_TRY(st, column_before(ctx, e, node, plain->column.id, &stats));
    if (!stats.has_bounds || !estimate_number(&stats.low, &low) || !estimate_number(&stats.high, &high) ||
        !estimate_number(value, &at))
        goto done;
    if ((stats.low.type.id == WEFT_TYPE_STRING) != (value->type.id == WEFT_TYPE_STRING)) goto done;
    *out = high > low ? clamp((at - low) / (high - low)) : at > low ? 1 : 0;
done:
    return st;
}

/* The AGGREGATE whose result e is, with the call; NULL when it is none. */
static const weft_node *aggregate_of(const weft_node *node, const weft_expr *e, const weft_expr **call)
{
    const weft_expr *column = plain_column(e);
    while (column != NULL && (node->kind == WEFT_NODE_FILTER || node->kind == WEFT_NODE_JOIN)) {
        const weft_node *from = NULL;
        for (int32_t i = 0; i < node->input_count; i++)
            if (weft_node_find_output(node->inputs[i], column->column.id) >= 0) from = node->inputs[i];
        if (from == NULL) return NULL;
        node = from;
    }
    if (column == NULL || node->kind != WEFT_NODE_AGGREGATE) return NULL;
    const int32_t at = weft_node_find_output(node, column->column.id) - node->aggregate.group_count;
    if (at < 0) return NULL;
    *call = opt_below_alias(node->aggregate.aggregates[at]);
    return node;
}

/* Mean and variance of the values of an expression, as if spread evenly between its bounds. */
static weft_status spread_of(weft_ctx *ctx, weft_estimator *e, const weft_node *node, const weft_expr *arg,
                             double *mean, double *variance, bool *known)
{
    weft_status st = WEFT_OK;
    weft_column_stats stats = {0};
    double low = 0, high = 0;
    const weft_expr *column = plain_column(arg);
    *known = false;
    if (column == NULL || arg->type.id == WEFT_TYPE_STRING) return WEFT_OK;
    WEFT_TRY(st, weft_estimator_column(ctx, e, node, column->column.id, &stats));
    if (!stats.has_bounds || !estimate_number(&stats.low, &low) || !estimate_number(&stats.high, &high))
        goto done;
    *mean = (low + high) / 2;
    *variance = (high - low) * (high - low) / 12;
    *known = true;
done:
    return st;
}

/* Part of the groups whose sum, count or average lies above value: rows fall into groups by chance (Poisson),
 * so that sums are about normally distributed with variance n (v + m^2). */
static weft_status part_above(weft_ctx *ctx, weft_estimator *e, const weft_node *node, const weft_expr *call,
                              double value, double *out)
{
    weft_status st = WEFT_OK;
    weft_estimate rows = {0}, groups = {0};
    double mean = 1, variance = 0;
    bool known = true;
    const char *name = call->aggregate.function->name;
    const bool count = strcmp(name, "count") == 0, sum = strcmp(name, "sum") == 0;
    *out = -1;
    if ((!count && !sum && strcmp(name, "avg") != 0) || node->aggregate.group_count == 0 ||
        call->aggregate.distinct || call->aggregate.filter != NULL)
        return WEFT_OK;
    WEFT_TRY(st, weft_estimator_node(ctx, e, node->inputs[0], &rows));
    WEFT_TRY(st, weft_estimator_node(ctx, e, node, &groups));
    if (!count) WEFT_TRY(st, spread_of(ctx, e, node->inputs[0], call->args[0], &mean, &variance, &known));
    if (!known || groups.rows < 1) goto done;
    const double each = fmax(rows.rows / groups.rows, 1);
    if (count || sum) {
        variance = each * (variance + mean * mean);
        mean *= each;
    } else {
        variance /= each;
    }
    *out = variance > 0 ? 0.5 * erfc((value - mean) / sqrt(2 * variance)) : mean > value ? 1 : 0;
done:
    return st;
}

/* A comparison of an aggregate's result with a constant. */
static weft_status keep_having(weft_ctx *ctx, weft_estimator *e, const weft_node *node, const weft_expr *call,
                               const weft_value *value, bool less, double *out)
{
    weft_status st = WEFT_OK;
    double at = 0, above = -1;
    if (estimate_number(value, &at)) WEFT_TRY(st, part_above(ctx, e, node, call, at, &above));
    *out = above < 0 ? KEEP_AGG : less ? 1 - above : above;
done:
    return st;
}

static weft_status keep_compare(weft_ctx *ctx, weft_estimator *e, const weft_node *node, const weft_expr *p,
                                double *out)
{
    weft_status st = WEFT_OK;
    const char *name = p->call.function->name;
    const bool swap = p->args[0]->kind == WEFT_EXPR_LITERAL;
    const weft_expr *column = p->args[swap ? 1 : 0], *other = p->args[swap ? 0 : 1];
    const weft_value *value = other->kind == WEFT_EXPR_LITERAL ? &other->literal : NULL;
    const bool equal = strcmp(name, "=") == 0 || strcmp(name, "<=>") == 0;
    if (equal || strcmp(name, "<>") == 0) {
        WEFT_TRY(st, keep_equal(ctx, e, node, column, value, out));
        if (value == NULL && plain_column(other) != NULL) {
            double second = 0;
            WEFT_TRY(st, keep_equal(ctx, e, node, other, NULL, &second));
            if (second < *out) *out = second;
        }
        if (!equal) *out = 1 - *out;
        goto done;
    }
    const weft_expr *call = NULL;
    const weft_node *aggregate = aggregate_of(node, column, &call);
    if (value == NULL) {
        *out = aggregate != NULL || aggregate_of(node, other, &call) != NULL ? KEEP_RANGE
                                                                             : ESTIMATE_CONDITION;
        goto done;
    }
    const bool less = (name[0] == '<') != swap;
    if (aggregate != NULL) {
        WEFT_TRY(st, keep_having(ctx, e, aggregate, call, value, less, out));
        goto done;
    }
    double below = -1;
    WEFT_TRY(st, part_below(ctx, e, node, column, value, &below));
    *out = below < 0 ? KEEP_RANGE : less ? below : 1 - below;
done:
    return st;
}

static double keep_like(const weft_expr *p)
{
    const weft_expr *pattern = p->args[1];
    if (pattern->kind != WEFT_EXPR_LITERAL || pattern->literal.is_null) return KEEP_RANGE;
    const weft_str *text = &pattern->literal.str;
    const char *bytes = weft_str_data(text);
    if (text->len == 0) return KEEP_NULL;
    const bool opens = bytes[0] == '%', closes = bytes[text->len - 1] == '%';
    return opens && closes ? KEEP_CONTAINS : opens ? KEEP_SUFFIX : KEEP_PREFIX;
}

/* Two ends of one range on the same column are not independent: AND pairs them up. */
static bool is_range(const weft_expr *p, int64_t *id, bool *less)
{
    if (p->kind != WEFT_EXPR_CALL || p->arg_count != 2) return false;
    const char *name = p->call.function->name;
    if ((name[0] != '<' && name[0] != '>') || strcmp(name, "<>") == 0 || strcmp(name, "<=>") == 0)
        return false;
    const bool swap = p->args[0]->kind == WEFT_EXPR_LITERAL;
    const weft_expr *column = plain_column(p->args[swap ? 1 : 0]);
    if (column == NULL || p->args[swap ? 0 : 1]->kind != WEFT_EXPR_LITERAL) return false;
    *id = column->column.id;
    *less = (name[0] == '<') != swap;
    return true;
}

weft_status estimate_all(weft_ctx *ctx, weft_estimator *e, const weft_node *node,
                         const weft_expr *const *list, int32_t count, double *out)
{
    weft_status st = WEFT_OK;
    double *keep = NULL;
    *out = 1;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &keep));
    for (int32_t i = 0; i < count; i++) {
        int64_t id = 0, other = 0;
        bool less = false, other_less = false, paired = false;
        WEFT_TRY(st, weft_estimator_selectivity(ctx, e, node, list[i], &keep[i]));
        for (int32_t k = 0; k < i && !paired && is_range(list[i], &id, &less); k++) {
            if (keep[k] < 0 || !is_range(list[k], &other, &other_less) || other != id || other_less == less)
                continue;
            double both = keep[i] + keep[k] - 1; /* what lies between the two ends */
            if (both <= 0) both = keep[i] * keep[k] * 0.1;
            *out *= both / (keep[k] > 0 ? keep[k] : 1);
            keep[k] = keep[i] = -1;
            paired = true;
        }
        if (!paired) *out *= keep[i];
    }
    *out = clamp(*out);
done:
    return st;
}

/* ---- all predicates ---- */

static weft_status keep_or(weft_ctx *ctx, weft_estimator *e, const weft_node *node, const weft_expr *p,
                           double *out)
{
    weft_status st = WEFT_OK;
    double none = 1;
    for (int32_t i = 0; i < p->arg_count; i++) {
        double one = 0;
        WEFT_TRY(st, weft_estimator_selectivity(ctx, e, node, p->args[i], &one));
        none *= 1 - one;
    }
    *out = 1 - none;
done:
    return st;
}

static weft_status keep_in(weft_ctx *ctx, weft_estimator *e, const weft_node *node, const weft_expr *p,
                           double *out)
{
    weft_status st = WEFT_OK;
    *out = 0;
    for (int32_t i = 1; i < p->arg_count; i++) {
        double one = 0;
        const weft_expr *item = p->args[i];
        WEFT_TRY(st, keep_equal(ctx, e, node, p->args[0],
                                item->kind == WEFT_EXPR_LITERAL ? &item->literal : NULL, &one));
        *out += one;
    }
done:
    return st;
}

static weft_status keep_null(weft_ctx *ctx, weft_estimator *e, const weft_node *node, const weft_expr *arg,
                             double *out)
{
    weft_status st = WEFT_OK;
    weft_column_stats stats = {0};
    weft_estimate estimate = {0};
    const weft_expr *column = plain_column(arg);
    *out = arg->nullable ? KEEP_NULL : 0;
    if (column == NULL || !arg->nullable) return WEFT_OK;
    WEFT_TRY(st, column_before(ctx, e, node, column->column.id, &stats));
    if (stats.null_count < 0) goto done;
    if (node->kind == WEFT_NODE_SCAN) {
        const int64_t rows = weft_table_rows_about(node->scan.relation->format, node->scan.relation->table);
        if (rows > 0) *out = (double)stats.null_count / (double)rows;
        goto done;
    }
    WEFT_TRY(st, weft_estimator_node(ctx, e, node, &estimate));
    if (estimate.rows > 0 && stats.null_count == 0) *out = 0;
done:
    return st;
}

weft_status weft_estimator_selectivity(weft_ctx *ctx, weft_estimator *e, const weft_node *node,
                                       const weft_expr *p, double *out)
{
    weft_status st = WEFT_OK;
    *out = ESTIMATE_CONDITION;
    if (p->kind == WEFT_EXPR_LITERAL) {
        *out = opt_is_true(p) ? 1 : 0;
    } else if (p->kind == WEFT_EXPR_AND) {
        WEFT_TRY(st, estimate_all(ctx, e, node, p->args, p->arg_count, out));
    } else if (p->kind == WEFT_EXPR_OR) {
        WEFT_TRY(st, keep_or(ctx, e, node, p, out));
    } else if (p->kind == WEFT_EXPR_NOT) {
        WEFT_TRY(st, weft_estimator_selectivity(ctx, e, node, p->args[0], out));
        *out = 1 - *out;
    } else if (p->kind == WEFT_EXPR_IN) {
        WEFT_TRY(st, keep_in(ctx, e, node, p, out));
    } else if (p->kind == WEFT_EXPR_IS_NULL || p->kind == WEFT_EXPR_IS_NOT_NULL) {
        WEFT_TRY(st, keep_null(ctx, e, node, p->args[0], out));
        if (p->kind == WEFT_EXPR_IS_NOT_NULL) *out = 1 - *out;
    } else if (opt_is_call(p, "like")) {
        *out = keep_like(p);
    } else if (p->kind == WEFT_EXPR_CALL && p->arg_count == 2 && strchr("=<>", p->call.function->name[0])) {
        WEFT_TRY(st, keep_compare(ctx, e, node, p, out));
    }
    *out = clamp(*out);
done:
    return st;
}
