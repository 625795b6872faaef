/* engine/plan/analyzer_aggregate.c - the AGGREGATE node of a SELECT block, with EXPAND below it for grouping
 * sets.
 *
 * Expressions above are rewritten from the top: what equals a group becomes the group's column, an aggregate
 * call becomes its output's column (equal calls share one), and any column that is left is an error. A group
 * that is a plain column keeps its id, so that correlated subqueries above may go on naming it.
 *
 * Grouping sets: EXPAND gives every row once per set, with the groups that are not in the set NULL and the
 * set's number as Spark's spark_grouping_id: bit (n-1-i) is 1 when group i is not in the set. */
#include "engine/plan/analyzer_internal.h"
#include "engine/plan/optimizer_impl.h"

typedef struct aggregate_builder {
    weft_analyzer *a;
    int32_t group_count;
    const weft_expr *const *groups; /* over the input, each once */
    const weft_expr **columns;      /* what they are above */
    weft_pointers calls, aliases;   /* AGGREGATE, ALIAS over it */
    uint64_t *hashes;               /* of calls */
    int32_t hash_capacity;
    weft_pointers subqueries; /* that go on living above the aggregate */
    int32_t set_count;
    const uint64_t *sets;
    const weft_expr *set_id; /* column spark_grouping_id, or NULL */
    weft_pointers asked;     /* subqueries within groups */
    const weft_pointers *lifted;
    bool beyond; /* now in HAVING, QUALIFY or ORDER BY, which name what the block gives */
} aggregate_builder;

static int64_t set_number(const aggregate_builder *g, uint64_t set)
{
    int64_t number = 0;
    for (int32_t i = 0; i < g->group_count; i++) number = number * 2 + ((set >> i & 1) == 0 ? 1 : 0);
    return number;
}

static weft_status integer(weft_ctx *ctx, weft_type type, int64_t i64, const weft_expr **out)
{
    const weft_value value = {.type = type, .i64 = i64};
    return weft_expr_literal(ctx, &value, out);
}

/* ---- grouping() ---- */

/* The value of the call for one set: a bit per argument, the first is the highest; grouping_id() takes all
 * groups. */
static weft_status grouping_value(aggregate_builder *g, const weft_expr *e, uint64_t set, int64_t *out)
{
    *out = 0;
    if (e->arg_count == 0) {
        *out = set_number(g, set);
        return WEFT_OK;
    }
    for (int32_t i = 0; i < e->arg_count; i++) {
        int32_t at = 0;
        while (at < g->group_count && !weft_expr_equal(g->groups[at], e->args[i])) at++;
        if (at == g->group_count) {
            return weft_fail_at(g->a->ctx, WEFT_GROUPING_COLUMN, &e->span,
                                "Column of %s() is not among the grouping columns.", e->unresolved.name);
        }
        *out = *out * 2 + ((set >> at & 1) == 0 ? 1 : 0);
    }
    return WEFT_OK;
}

/* grouping_id(x, …) names all groups in their order, or none. */
static weft_status check_grouping_id(aggregate_builder *g, const weft_expr *e)
{
    bool same = e->arg_count == g->group_count;
    for (int32_t i = 0; same && i < e->arg_count; i++) same = weft_expr_equal(g->groups[i], e->args[i]);
    if (same || e->arg_count == 0 || strcmp(e->unresolved.name, "grouping_id") != 0) return WEFT_OK;
    weft_fail_at(g->a->ctx, WEFT_GROUPING_ID_COLUMNS, &e->span,
                 "Columns of grouping_id do not match the %d grouping columns.", g->group_count);
    weft_hint(g->a->ctx, "Name them all in the order of GROUP BY, or write grouping_id().");
    return WEFT_GROUPING_ID_COLUMNS;
}

/* CASE spark_grouping_id WHEN … THEN … END over the sets. */
static weft_status resolve_grouping(aggregate_builder *g, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = g->a->ctx;
    weft_pointers args = {0};
    if (g->set_id == NULL) {
        return weft_fail_at(ctx, WEFT_GROUPING_EXPRESSION, &e->span,
                            "%s() can only be used with GROUPING SETS, CUBE or ROLLUP.", e->unresolved.name);
    }
    WEFT_TRY(st, check_grouping_id(g, e));
    for (int32_t i = 0; i < g->set_count; i++) {
        const weft_expr *pair[2] = {g->set_id, NULL}, *test = NULL, *value = NULL;
        int64_t number = 0;
        WEFT_TRY(st, grouping_value(g, e, g->sets[i], &number));
        WEFT_TRY(st, integer(ctx, g->set_id->type, set_number(g, g->sets[i]), &pair[1]));
        WEFT_TRY(st, weft_expr_call(ctx, "=", pair, 2, NULL, &test));
        WEFT_TRY(st, integer(ctx, e->type, number, &value));
        if (i + 1 < g->set_count) WEFT_TRY(st, weft_pointers_push(ctx, &args, test));
        WEFT_TRY(st, weft_pointers_push(ctx, &args, value)); /* the last set is the ELSE */
    }
    if (args.count == 1)
        *out = weft_pointers_exprs(&args)[0];
    else
        WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_CASE, weft_pointers_exprs(&args), args.count, NULL, out));
done:
    return st;
}

/* ---- rewriting what stands above ---- */

static weft_status push_hash(aggregate_builder *g, uint64_t hash)
{
    weft_status st = WEFT_OK;
    if (g->calls.count == g->hash_capacity) {
        const int32_t capacity = g->hash_capacity == 0 ? 8 : g->hash_capacity * 2;
        uint64_t *hashes = NULL;
        WEFT_TRY(st, WEFT_NEW_ARRAY(g->a->ctx, capacity, &hashes));
        if (g->hash_capacity > 0) memcpy(hashes, g->hashes, (size_t)g->hash_capacity * sizeof *hashes);
        g->hashes = hashes;
        g->hash_capacity = capacity;
    }
    g->hashes[g->calls.count] = hash;
done:
    return st;
}

static weft_status take_call(aggregate_builder *g, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = g->a->ctx;
    const weft_expr *alias = NULL;
    char *name = NULL;
    const uint64_t hash = weft_expr_hash(e);
    for (int32_t i = 0; i < g->calls.count && alias == NULL; i++) {
        if (g->hashes[i] == hash && weft_expr_equal(weft_pointers_exprs(&g->calls)[i], e)) {
            alias = weft_pointers_exprs(&g->aliases)[i];
        }
    }
    if (alias == NULL) {
        WEFT_TRY(st, weft_expr_text(ctx, e, false, &name));
        WEFT_TRY(st, weft_expr_alias(ctx, e, weft_next_id(g->a->ids), name, &alias));
        WEFT_TRY(st, push_hash(g, hash));
        WEFT_TRY(st, weft_pointers_push(ctx, &g->calls, e));
        WEFT_TRY(st, weft_pointers_push(ctx, &g->aliases, alias));
    }
    WEFT_TRY(st, weft_expr_column(ctx, alias->alias.id, alias->alias.name, e->type, e->nullable, out));
done:
    return st;
}

static weft_status missing(aggregate_builder *g, const weft_expr *column)
{
    if (g->beyond) {
        weft_fail_at(g->a->ctx, WEFT_UNRESOLVED_COLUMN, &column->span,
                     "A column, variable, or function parameter with name `%s` cannot be resolved: behind "
                     "GROUP BY there are groups, aggregates and the columns of the select list.",
                     column->column.name);
        weft_hint(g->a->ctx, "Add the column to GROUP BY, or aggregate it.");
        return WEFT_UNRESOLVED_COLUMN;
    }
    if (g->group_count == 0) {
        weft_fail_at(g->a->ctx, WEFT_MISSING_GROUP_BY, &column->span,
                     "The query does not include a GROUP BY clause, but the column \"%s\" stands beside "
                     "aggregate functions.",
                     column->column.name);
        weft_hint(g->a->ctx, "Add GROUP BY, or use any_value(%s) if any of its values will do.",
                  column->column.name);
        return WEFT_MISSING_GROUP_BY;
    }
    weft_fail_at(
        g->a->ctx, WEFT_MISSING_AGGREGATION, &column->span,
        "The non-aggregating expression \"%s\" is based on columns which are not participating in the GROUP "
        "BY clause.",
        column->column.name);
    weft_hint(
        g->a->ctx,
        "Add the column to GROUP BY, aggregate it, or use any_value(%s) if any value of the group will do.",
        column->column.name);
    return WEFT_MISSING_AGGREGATION;
}

/* Is one a + b and the other b + a? */
static bool is_commuted(const weft_expr *a, const weft_expr *b)
{
    if (a->kind != WEFT_EXPR_CALL || b->kind != WEFT_EXPR_CALL || a->call.function != b->call.function ||
        a->arg_count != 2 || b->arg_count != 2)
        return false;
    const char *name = a->call.function->name;
    return (strcmp(name, "+") == 0 || strcmp(name, "*") == 0) && weft_type_equal(a->type, b->type) &&
           weft_expr_equal(a->args[0], b->args[1]) && weft_expr_equal(a->args[1], b->args[0]);
}

static bool is_same_group(const weft_expr *a, const weft_expr *b)
{
    return weft_expr_equal(a, b) || is_commuted(a, b);
}

/* A subquery that is one of a group's, under other ids: that one. */
static weft_status as_asked(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const aggregate_builder *g = self;
    bool same = false;
    if (e->kind != WEFT_EXPR_SUBQUERY) return WEFT_OK;
    for (int32_t i = 0; i < g->asked.count && !same; i++) {
        const weft_expr *asked = g->asked.items[i];
        same = asked->subquery.kind == e->subquery.kind && asked->subquery.negated == e->subquery.negated &&
               asked->arg_count == e->arg_count;
        for (int32_t k = 0; same && k < e->arg_count; k++) same = weft_expr_equal(asked->args[k], e->args[k]);
        if (same) WEFT_TRY(st, opt_same_plans(ctx, asked->subquery.plan, e->subquery.plan, &same));
        if (same) *out = asked;
    }
done:
    return st;
}

static bool is_subquery(void *self, const weft_expr *e)
{
    (void)self;
    return e->kind == WEFT_EXPR_SUBQUERY;
}

/* The group that the expression is; -1: none. */
static weft_status find_group(weft_ctx *ctx, aggregate_builder *g, const weft_expr *e, int32_t *out)
{
    weft_status st = WEFT_OK;
    *out = -1;
    if (e->kind == WEFT_EXPR_LITERAL) return WEFT_OK;
    if (g->asked.count > 0 && weft_expr_any(e, is_subquery, NULL))
        WEFT_TRY(st, weft_rewrite_top(ctx, e, as_asked, g, &e));
    for (int32_t i = 0; i < g->group_count && *out < 0; i++)
        if (is_same_group(g->groups[i], e)) *out = i;
done:
    return st;
}

/* Subqueries of groups, each of which what stands above may ask again. */
static weft_status collect_asked(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    aggregate_builder *g = self;
    (void)out;
    return e->kind == WEFT_EXPR_SUBQUERY ? weft_pointers_push(ctx, &g->asked, e) : WEFT_OK;
}

static weft_status carry(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    aggregate_builder *g = self;
    int32_t group = -1;
    WEFT_TRY(st, find_group(ctx, g, e, &group));
    if (group >= 0) {
        *out = g->columns[group];
        goto done;
    }
    if (e->kind == WEFT_EXPR_AGGREGATE) return take_call(g, e, out);
    if (e->kind == WEFT_EXPR_WINDOW) return weft_rewrite_window(ctx, e, carry, self, out);
    if (e->kind == WEFT_EXPR_COLUMN && weft_find_lifted(g->lifted, e->column.id) == NULL)
        return missing(g, e);
    if (e->kind == WEFT_EXPR_OUTER) *out = e;
    if (weft_is_grouping(e)) return resolve_grouping(g, e, out);
    if (e->kind == WEFT_EXPR_SUBQUERY) return weft_pointers_push(ctx, &g->subqueries, e);
done:
    return st;
}

/* The aggregates that subqueries in HAVING take from here, under the ids that they know. */
static weft_status lend_aggregates(aggregate_builder *g, const weft_pointers *uses)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; uses != NULL && i < uses->count; i++) {
        const weft_outer_use *use = uses->items[i];
        const weft_expr *alias = NULL;
        if (use->aggregate == NULL) continue;
        WEFT_TRY(st, weft_expr_alias(g->a->ctx, use->aggregate, use->column->column.id,
                                     use->column->column.name, &alias));
        WEFT_TRY(st, weft_pointers_push(g->a->ctx, &g->aliases, alias));
    }
done:
    return st;
}

/* What subqueries above the aggregate take from below must be a group. */
static weft_status check_outer_uses(aggregate_builder *g, const weft_node *node, const weft_pointers *uses)
{
    for (int32_t i = 0; uses != NULL && i < uses->count; i++) {
        const weft_outer_use *use = uses->items[i];
        bool above = false;
        if (weft_find_lifted(g->lifted, use->column->column.id) != NULL) continue;
        for (int32_t k = 0; k < g->subqueries.count; k++) above |= g->subqueries.items[k] == use->owner;
        if (above && weft_node_find_output(node, use->column->column.id) < 0) return missing(g, use->column);
    }
    return WEFT_OK;
}

/* ---- groups ---- */

static weft_status name_of(weft_ctx *ctx, const weft_expr *e, const char **out)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    if (e->kind == WEFT_EXPR_COLUMN) {
        *out = e->column.name;
        return WEFT_OK;
    }
    WEFT_TRY(st, weft_expr_text(ctx, e, false, &text));
    *out = text;
done:
    return st;
}

/* Plain groups: columns as they are, others named. */
static weft_status name_groups(aggregate_builder *g, weft_pointers *named)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = g->a->ctx;
    for (int32_t i = 0; i < g->group_count; i++) {
        const weft_expr *e = g->groups[i];
        const char *name = NULL;
        g->columns[i] = e;
        if (e->kind != WEFT_EXPR_COLUMN) {
            const int64_t id = weft_next_id(g->a->ids);
            WEFT_TRY(st, name_of(ctx, e, &name));
            WEFT_TRY(st, weft_expr_alias(ctx, e, id, name, &e));
            WEFT_TRY(st, weft_expr_column(ctx, id, name, e->type, e->nullable, &g->columns[i]));
        }
        WEFT_TRY(st, weft_pointers_push(ctx, named, e));
    }
done:
    return st;
}

static bool has_duplicate_sets(const aggregate_builder *g)
{
    for (int32_t i = 0; i < g->set_count; i++) {
        for (int32_t k = 0; k < i; k++) {
            if (g->sets[i] == g->sets[k]) return true;
        }
    }
    return false;
}

/* The projection of one set: the input's columns, the groups or NULL, the set's number (and its position). */
static weft_status expand_set(aggregate_builder *g, const weft_node *input, int32_t index, bool positions,
                              const weft_expr *const **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = g->a->ctx;
    weft_pointers exprs = {0};
    const weft_expr *e = NULL;
    for (int32_t i = 0; i < input->output.count; i++) {
        WEFT_TRY(st, weft_node_column(ctx, input, i, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    }
    for (int32_t i = 0; i < g->group_count; i++) {
        const weft_value null = {.type = g->groups[i]->type, .is_null = true};
        e = g->groups[i];
        if ((g->sets[index] >> i & 1) == 0) WEFT_TRY(st, weft_expr_literal(ctx, &null, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    }
    WEFT_TRY(st, integer(ctx, WEFT_TYPE_OF(WEFT_TYPE_BIGINT), set_number(g, g->sets[index]), &e));
    WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    if (positions) {
        WEFT_TRY(st, integer(ctx, WEFT_TYPE_OF(WEFT_TYPE_INT), index, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    }
    *out = weft_pointers_exprs(&exprs);
done:
    return st;
}

/* EXPAND below, and the groups over its outputs. */
static weft_status expand_groups(aggregate_builder *g, const weft_node **input, weft_pointers *named)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = g->a->ctx;
    const int32_t below = (*input)->output.count;
    const bool positions = has_duplicate_sets(g);
    weft_output *columns = NULL;
    const weft_expr *const **projections = NULL;
    const int32_t extra = g->group_count + 1 + (positions ? 1 : 0);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, below + extra, &columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, g->set_count, &projections));
    for (int32_t i = 0; i < below; i++) columns[i] = (*input)->output.columns[i];
    for (int32_t i = 0; i < g->group_count; i++) {
        weft_output *column = &columns[below + i];
        *column = (weft_output){.id = weft_next_id(g->a->ids), .type = g->groups[i]->type, .nullable = true};
        WEFT_TRY(st, name_of(ctx, g->groups[i], &column->name));
    }
    columns[below + g->group_count] = (weft_output){
        .id = weft_next_id(g->a->ids), .name = "spark_grouping_id", .type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT)};
    if (positions) {
        columns[below + g->group_count + 1] = (weft_output){
            .id = weft_next_id(g->a->ids), .name = "_gen_grouping_pos", .type = WEFT_TYPE_OF(WEFT_TYPE_INT)};
    }
    for (int32_t i = 0; i < g->set_count; i++)
        WEFT_TRY(st, expand_set(g, *input, i, positions, &projections[i]));
    const weft_outputs outputs = {.count = below + extra, .columns = columns};
    WEFT_TRY(st, weft_node_expand(ctx, *input, &outputs, projections, g->set_count, input));
    for (int32_t i = 0; i < extra; i++) {
        const weft_expr *column = NULL;
        WEFT_TRY(st, weft_node_column(ctx, *input, below + i, &column));
        if (i < g->group_count) g->columns[i] = column;
        if (i == g->group_count) g->set_id = column;
        WEFT_TRY(st, weft_pointers_push(ctx, named, column));
    }
done:
    return st;
}

/* Every group once; masks of sets are kept right by giving a repeated group its first one's bit. */
static weft_status unique_groups(aggregate_builder *g, const weft_expr *const *groups, int32_t count,
                                 const uint64_t *sets)
{
    weft_status st = WEFT_OK;
    weft_pointers unique = {0};
    uint64_t *masks = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(g->a->ctx, g->set_count, &masks));
    for (int32_t i = 0; i < count; i++) {
        int32_t at = 0;
        while (at < unique.count && !is_same_group(weft_pointers_exprs(&unique)[at], groups[i])) at++;
        if (at == unique.count) WEFT_TRY(st, weft_pointers_push(g->a->ctx, &unique, groups[i]));
        for (int32_t s = 0; s < g->set_count; s++) {
            if (sets[s] >> i & 1) masks[s] |= (uint64_t)1 << at;
        }
    }
    g->groups = weft_pointers_exprs(&unique);
    g->group_count = unique.count;
    g->sets = masks;
    WEFT_TRY(st, WEFT_NEW_ARRAY(g->a->ctx, unique.count, &g->columns));
done:
    return st;
}

weft_status weft_build_aggregate(weft_analyzer *a, const weft_node *input, const weft_expr *const *groups,
                                 int32_t group_count, const uint64_t *sets, int32_t set_count,
                                 weft_carried *carried, const weft_pointers *outer_uses,
                                 const weft_node **out)
{
    weft_status st = WEFT_OK;
    aggregate_builder g = {.a = a, .set_count = set_count, .lifted = carried->lifted};
    weft_pointers named = {0};
    WEFT_TRY(st, unique_groups(&g, groups, group_count, sets));
    for (int32_t i = 0; i < g.group_count; i++) {
        const weft_expr *unchanged = NULL;
        WEFT_TRY(st, weft_rewrite_top(a->ctx, g.groups[i], collect_asked, &g, &unchanged));
    }
    if (set_count > 0)
        WEFT_TRY(st, expand_groups(&g, &input, &named));
    else
        WEFT_TRY(st, name_groups(&g, &named));
    for (int32_t i = 0; i < carried->count; i++) {
        g.beyond = i >= carried->selected;
        WEFT_TRY(st, weft_rewrite_top(a->ctx, carried->exprs[i], carry, &g, &carried->exprs[i]));
    }
    g.beyond = false;
    WEFT_TRY(st, lend_aggregates(&g, outer_uses));
    WEFT_TRY(st, weft_node_aggregate(a->ctx, input, weft_pointers_exprs(&named), named.count,
                                     weft_pointers_exprs(&g.aliases), g.aliases.count, out));
    WEFT_TRY(st, check_outer_uses(&g, *out, outer_uses));
done:
    return st;
}
