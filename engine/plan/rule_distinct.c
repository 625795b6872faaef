/* engine/plan/rule_distinct.c - aggregates of DISTINCT arguments become aggregates in two levels.
 *
 * One set of arguments, and no other aggregates: the inner level groups by the arguments too, the outer one
 * aggregates what is then distinct.
 * Else every row is expanded: branch 0 carries the arguments of the plain aggregates, branch i those of the
 * i-th distinct set (arguments and filter); all other arguments are NULL. The inner level groups by groups,
 * branch and the distinct arguments, and computes the plain aggregates; there is one such row a group in
 * branch 0. The outer level takes that row's results (max of one value), and aggregates the distinct
 * arguments of each branch. */
#include "engine/expr/aggregate.h"
#include "engine/expr/coerce.h"
#include "engine/plan/optimizer_impl.h"

enum { SETS_MAX = 64 };

typedef struct distinct_set {
    const weft_expr *const *args;
    int32_t count;
    const weft_expr *filter; /* may be NULL; one set has one, since it parts equal arguments */
} distinct_set;

typedef struct splitter {
    weft_ids *ids;
    const weft_node *node;
    distinct_set sets[SETS_MAX];
    int32_t set_count;
    int32_t *set_of; /* [aggregate_count] -1: not distinct */
    bool plain, filtered;
} splitter;

static bool is_distinct(const weft_expr *call)
{
    return call->aggregate.distinct && !call->aggregate.function->ignores_duplicates;
}

static bool same_set(const distinct_set *set, const weft_expr *call)
{
    const weft_expr *filter = call->aggregate.filter;
    if (set->count != call->arg_count || (set->filter == NULL) != (filter == NULL)) return false;
    if (filter != NULL && !weft_expr_equal(set->filter, filter)) return false;
    for (int32_t i = 0; i < set->count; i++)
        if (!weft_expr_equal(set->args[i], call->args[i])) return false;
    return true;
}

static weft_status find_sets(weft_ctx *ctx, splitter *s)
{
    weft_status st = WEFT_OK;
    const int32_t count = s->node->aggregate.aggregate_count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &s->set_of));
    for (int32_t i = 0; i < count; i++) {
        const weft_expr *call = opt_below_alias(s->node->aggregate.aggregates[i]);
        s->set_of[i] = -1;
        if (!is_distinct(call)) {
            s->plain = true;
            continue;
        }
        s->filtered |= call->aggregate.filter != NULL;
        for (int32_t k = 0; k < s->set_count && s->set_of[i] < 0; k++)
            if (same_set(&s->sets[k], call)) s->set_of[i] = k;
        if (s->set_of[i] >= 0) continue;
        if (s->set_count == SETS_MAX)
            return weft_fail_at(ctx, WEFT_LIMIT, &call->span,
                                "more than %d different DISTINCT arguments in one query", (int)SETS_MAX);
        s->set_of[i] = s->set_count;
        s->sets[s->set_count++] =
            (distinct_set){.args = call->args, .count = call->arg_count, .filter = call->aggregate.filter};
    }
done:
    return st;
}

/* The aggregate over other arguments and filter, not DISTINCT, under its old name or a new one. */
static weft_status plain_call(weft_ctx *ctx, const weft_expr *call, const weft_expr *const *args,
                              const weft_expr *filter, int64_t id, const char *name, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr model = *call;
    model.aggregate.distinct = false;
    model.aggregate.filter = filter;
    WEFT_TRY(st, weft_expr_with_args(ctx, &model, args, out));
    WEFT_TRY(st, weft_expr_alias(ctx, *out, id, name, out));
done:
    return st;
}

static weft_status column_of_named(weft_ctx *ctx, const weft_expr *named, const weft_expr **out)
{
    const char *name = named->kind == WEFT_EXPR_ALIAS ? named->alias.name : named->column.name;
    return weft_expr_column(ctx, opt_output_id(named), name, named->type, named->nullable, out);
}

/* min(DISTINCT x) is min(x). */
static weft_status drop_useless(weft_ctx *ctx, const weft_node *node, bool *any, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers calls = {0};
    bool changed = false;
    *any = false;
    for (int32_t i = 0; i < node->aggregate.aggregate_count; i++) {
        const weft_expr *e = node->aggregate.aggregates[i], *call = opt_below_alias(e);
        *any |= is_distinct(call);
        if (call->aggregate.distinct && !is_distinct(call)) {
            WEFT_TRY(st, plain_call(ctx, call, call->args, call->aggregate.filter, e->alias.id, e->alias.name,
                                    &e));
            changed = true;
        }
        WEFT_TRY(st, weft_pointers_push(ctx, &calls, e));
    }
    *out = node;
    if (changed)
        WEFT_TRY(st, weft_node_aggregate(ctx, node->inputs[0], node->aggregate.groups,
                                         node->aggregate.group_count, weft_pointers_exprs(&calls),
                                         calls.count, out));
done:
    return st;
}

/* The outer groups: the inner level's outputs, under the ids that the node's readers know. */
static weft_status outer_groups(weft_ctx *ctx, const weft_node *node, const weft_expr *const *inner,
                                weft_pointers *groups)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < node->aggregate.group_count; i++) {
        const weft_expr *column = NULL;
        const weft_output *output = &node->output.columns[i];
        WEFT_TRY(st, column_of_named(ctx, inner[i], &column));
        if (output->id != opt_output_id(inner[i]))
            WEFT_TRY(st, weft_expr_alias(ctx, column, output->id, output->name, &column));
        WEFT_TRY(st, weft_pointers_push(ctx, groups, column));
    }
done:
    return st;
}

/* ---- one set, nothing else ---- */

static weft_status split_one(weft_ctx *ctx, splitter *s, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *node = s->node, *inner = NULL;
    weft_pointers named = {0}, groups = {0}, calls = {0};
    const weft_expr **args = NULL;
    distinct_set *set = &s->sets[0];
    WEFT_TRY(st, opt_add_all(ctx, &named, node->aggregate.groups, node->aggregate.group_count));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, set->count, &args));
    for (int32_t i = 0; i < set->count; i++) {
        const weft_expr *e = NULL;
        args[i] = set->args[i];
        if (set->args[i]->kind == WEFT_EXPR_LITERAL && i > 0) continue; /* constants are not grouped by */
        WEFT_TRY(st, weft_expr_alias(ctx, set->args[i], weft_next_id(s->ids), "distinct", &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &named, e));
        WEFT_TRY(st, column_of_named(ctx, e, &args[i]));
    }
    WEFT_TRY(st, weft_node_aggregate(ctx, node->inputs[0], weft_pointers_exprs(&named), named.count, NULL, 0,
                                     &inner));
    WEFT_TRY(st, outer_groups(ctx, node, weft_pointers_exprs(&named), &groups));
    for (int32_t i = 0; i < node->aggregate.aggregate_count; i++) {
        const weft_expr *e = node->aggregate.aggregates[i];
        WEFT_TRY(st, plain_call(ctx, opt_below_alias(e), args, NULL, e->alias.id, e->alias.name, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &calls, e));
    }
    WEFT_TRY(st, weft_node_aggregate(ctx, inner, weft_pointers_exprs(&groups), groups.count,
                                     weft_pointers_exprs(&calls), calls.count, out));
done:
    return st;
}

/* ---- the general case ---- */

/* EXPAND's outputs and projections under construction: column c of projection p is expr[c] in the branch that
 * the column belongs to, NULL in others; branch -1: in all of them. */
typedef struct expansion {
    weft_pointers columns; /* COLUMN expressions of the outputs */
    weft_pointers exprs;
    int32_t *branches;
    int32_t capacity;
} expansion;

static weft_status expand_add(weft_ctx *ctx, splitter *s, expansion *x, const weft_expr *e, int32_t branch,
                              const weft_expr **column)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < x->exprs.count; i++) {
        if (x->branches[i] != branch || !weft_expr_equal(x->exprs.items[i], e)) continue;
        *column = x->columns.items[i];
        return WEFT_OK;
    }
    if (x->exprs.count == x->capacity) {
        int32_t *branches = NULL;
        x->capacity = x->capacity == 0 ? 16 : x->capacity * 2;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, x->capacity, &branches));
        for (int32_t i = 0; i < x->exprs.count; i++) branches[i] = x->branches[i];
        x->branches = branches;
    }
    x->branches[x->exprs.count] = branch;
    WEFT_TRY(st, weft_expr_column(ctx, weft_next_id(s->ids), "expanded", e->type, branch >= 0 || e->nullable,
                                  column));
    WEFT_TRY(st, weft_pointers_push(ctx, &x->exprs, e));
    WEFT_TRY(st, weft_pointers_push(ctx, &x->columns, *column));
done:
    return st;
}

static weft_status literal_int(weft_ctx *ctx, int64_t value, const weft_expr **out)
{
    const weft_value literal = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = value};
    return weft_expr_literal(ctx, &literal, out);
}

static weft_status expand_node(weft_ctx *ctx, splitter *s, const expansion *x, const weft_expr *branch,
                               const weft_node **out)
{
    weft_status st = WEFT_OK;
    const int32_t width = x->columns.count + 1, branches = s->set_count + 1;
    const weft_expr *const **projections = NULL;
    weft_output *outputs = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &outputs));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, branches, &projections));
    for (int32_t c = 0; c < width; c++) {
        const weft_expr *e = c == 0 ? branch : x->columns.items[c - 1];
        outputs[c] = (weft_output){
            .id = e->column.id, .name = e->column.name, .type = e->type, .nullable = e->nullable};
    }
    for (int32_t p = 0; p < branches; p++) {
        const weft_expr **list = NULL;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &list));
        WEFT_TRY(st, literal_int(ctx, p, &list[0]));
        for (int32_t c = 1; c < width; c++) {
            const weft_expr *e = x->exprs.items[c - 1];
            const weft_value null = {.type = e->type, .is_null = true};
            list[c] = e;
            if (x->branches[c - 1] >= 0 && x->branches[c - 1] != p)
                WEFT_TRY(st, weft_expr_literal(ctx, &null, &list[c]));
        }
        projections[p] = list;
    }
    const weft_outputs all = {.count = width, .columns = outputs};
    WEFT_TRY(st, weft_node_expand(ctx, s->node->inputs[0], &all, projections, branches, out));
done:
    return st;
}

static weft_status in_branch(weft_ctx *ctx, const weft_expr *branch, int32_t number, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[2] = {branch, NULL};
    WEFT_TRY(st, literal_int(ctx, number, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, "=", args, 2, NULL, out));
done:
    return st;
}

static weft_status both(weft_ctx *ctx, const weft_expr *a, const weft_expr *b, const weft_expr **out)
{
    const weft_expr *args[2] = {a, b};
    *out = a;
    return b == NULL ? WEFT_OK : weft_expr_logic(ctx, WEFT_EXPR_AND, args, 2, out);
}

/* Arguments (and the filter) of one aggregate as columns of the expansion, in its branch. */
static weft_status expand_call(weft_ctx *ctx, splitter *s, expansion *x, const weft_expr *call,
                               int32_t branch, const weft_expr **args, const weft_expr **filter)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < call->arg_count; i++) {
        args[i] = call->args[i];
        if (weft_aggregate_constant(call, i)) continue;
        WEFT_TRY(st, expand_add(ctx, s, x, call->args[i], branch, &args[i]));
    }
    *filter = NULL;
    if (call->aggregate.filter != NULL)
        WEFT_TRY(st, expand_add(ctx, s, x, call->aggregate.filter, branch, filter));
done:
    return st;
}

/* What the levels hold: the inner one's groups and aggregates, the outer one's aggregates. */
typedef struct levels {
    weft_pointers inner_groups, inner_calls, outer_calls,
        results; /* results: outputs above the outer level */
} levels;

static weft_status add_plain(weft_ctx *ctx, splitter *s, expansion *x, const weft_expr *branch,
                             const weft_expr *e, levels *l)
{
    weft_status st = WEFT_OK;
    const weft_expr *call = opt_below_alias(e), *filter = NULL, *zero = NULL, *inner = NULL,
                    *parts[2] = {NULL};
    const weft_expr **args = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, call->arg_count, &args));
    WEFT_TRY(st, expand_call(ctx, s, x, call, 0, args, &filter));
    WEFT_TRY(st, in_branch(ctx, branch, 0, &zero));
    WEFT_TRY(st, both(ctx, zero, filter, &filter));
    WEFT_TRY(st, plain_call(ctx, call, args, filter, weft_next_id(s->ids), "partial", &inner));
    WEFT_TRY(st, weft_pointers_push(ctx, &l->inner_calls, inner));
    WEFT_TRY(st, column_of_named(ctx, inner, &inner));
    /* of one row: what has no order has no max() */
    const char *pick = weft_type_is_orderable(inner->type) ? "max" : "first";
    WEFT_TRY(st, weft_expr_aggregate(ctx, pick, &inner, 1, false, zero, &call->span, &parts[0]));
    const bool counts = !call->aggregate.function->result_nullable; /* no row at all: 0, not NULL */
    const int64_t id = counts ? weft_next_id(s->ids) : e->alias.id;
    WEFT_TRY(st, weft_expr_alias(ctx, parts[0], id, e->alias.name, &parts[0]));
    WEFT_TRY(st, weft_pointers_push(ctx, &l->outer_calls, parts[0]));
    WEFT_TRY(st, column_of_named(ctx, parts[0], &parts[0]));
    if (counts) {
        WEFT_TRY(st, opt_zero(ctx, parts[0]->type, &parts[1]));
        WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_COALESCE, parts, 2, NULL, &parts[0]));
        WEFT_TRY(st, weft_expr_alias(ctx, parts[0], e->alias.id, e->alias.name, &parts[0]));
    }
    WEFT_TRY(st, weft_pointers_push(ctx, &l->results, parts[0]));
done:
    return st;
}

static weft_status add_distinct(weft_ctx *ctx, splitter *s, expansion *x, const weft_expr *branch,
                                int32_t set, const weft_expr *e, levels *l)
{
    weft_status st = WEFT_OK;
    const weft_expr *call = opt_below_alias(e), *filter = NULL, *mine = NULL, *outer = NULL;
    const weft_expr **args = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, call->arg_count, &args));
    WEFT_TRY(st, expand_call(ctx, s, x, call, set + 1, args, &filter));
    for (int32_t i = 0; i < call->arg_count; i++)
        if (!weft_aggregate_constant(call, i)) WEFT_TRY(st, opt_add_unique(ctx, &l->inner_groups, args[i]));
    if (filter != NULL) WEFT_TRY(st, opt_add_unique(ctx, &l->inner_groups, filter));
    WEFT_TRY(st, in_branch(ctx, branch, set + 1, &mine));
    WEFT_TRY(st, both(ctx, mine, filter, &filter));
    WEFT_TRY(st, plain_call(ctx, call, args, filter, e->alias.id, e->alias.name, &outer));
    WEFT_TRY(st, weft_pointers_push(ctx, &l->outer_calls, outer));
    WEFT_TRY(st, column_of_named(ctx, outer, &outer));
    WEFT_TRY(st, weft_pointers_push(ctx, &l->results, outer));
done:
    return st;
}

static weft_status split_many(weft_ctx *ctx, splitter *s, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *node = s->node, *expand = NULL, *inner = NULL, *outer = NULL;
    const int32_t groups = node->aggregate.group_count;
    expansion x = {0};
    levels l = {0};
    const weft_expr *branch = NULL, *column = NULL;
    weft_pointers outer_named = {0}, results = {0};

    WEFT_TRY(st, weft_expr_column(ctx, weft_next_id(s->ids), "branch", WEFT_TYPE_OF(WEFT_TYPE_INT), false,
                                  &branch));
    for (int32_t i = 0; i < groups; i++) {
        WEFT_TRY(st, expand_add(ctx, s, &x, opt_below_alias(node->aggregate.groups[i]), -1, &column));
        WEFT_TRY(st, weft_pointers_push(ctx, &l.inner_groups, column));
    }
    WEFT_TRY(st, outer_groups(ctx, node, weft_pointers_exprs(&l.inner_groups), &outer_named));
    WEFT_TRY(st, weft_pointers_push(ctx, &l.inner_groups, branch));
    for (int32_t i = 0; i < node->aggregate.aggregate_count; i++) {
        const weft_expr *e = node->aggregate.aggregates[i];
        if (s->set_of[i] < 0)
            WEFT_TRY(st, add_plain(ctx, s, &x, branch, e, &l));
        else
            WEFT_TRY(st, add_distinct(ctx, s, &x, branch, s->set_of[i], e, &l));
    }
    WEFT_TRY(st, expand_node(ctx, s, &x, branch, &expand));
    WEFT_TRY(st, weft_node_aggregate(ctx, expand, weft_pointers_exprs(&l.inner_groups), l.inner_groups.count,
                                     weft_pointers_exprs(&l.inner_calls), l.inner_calls.count, &inner));
    WEFT_TRY(st, weft_node_aggregate(ctx, inner, weft_pointers_exprs(&outer_named), outer_named.count,
                                     weft_pointers_exprs(&l.outer_calls), l.outer_calls.count, &outer));
    for (int32_t i = 0; i < groups; i++) {
        WEFT_TRY(st, column_of_named(ctx, outer_named.items[i], &column));
        WEFT_TRY(st, weft_pointers_push(ctx, &results, column));
    }
    for (int32_t i = 0; i < l.results.count; i++)
        WEFT_TRY(st, weft_pointers_push(ctx, &results, l.results.items[i]));
    WEFT_TRY(st, weft_node_project(ctx, outer, weft_pointers_exprs(&results), results.count, out));
done:
    return st;
}

static weft_status split_aggregate(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    bool any = false;
    splitter s = {.ids = self};
    *out = node;
    if (node->kind != WEFT_NODE_AGGREGATE) return WEFT_OK;
    WEFT_TRY(st, drop_useless(ctx, node, &any, out));
    if (!any) goto done;
    s.node = *out;
    WEFT_TRY(st, find_sets(ctx, &s));
    if (s.set_count == 1 && !s.plain && !s.filtered)
        WEFT_TRY(st, split_one(ctx, &s, out));
    else
        WEFT_TRY(st, split_many(ctx, &s, out));
done:
    return st;
}

weft_status opt_rule_distinct_aggregate(weft_ctx *ctx, weft_ids *ids, const weft_node *root,
                                        const weft_node **out)
{
    return opt_rewrite(ctx, root, split_aggregate, ids, NULL, out);
}
