/* engine/plan/analyzer_repartition.c - where rows go: hints of a SELECT block, and DISTRIBUTE BY, SORT BY.
 *
 * The hints are COALESCE(n), REPARTITION([n,] columns), REPARTITION_BY_RANGE([n,] columns) and
 * REBALANCE([n,] columns). They stand over the block's result, whose columns they name, and below its
 * ORDER BY.
 *
 * DISTRIBUTE BY is a REPARTITION by hash. SORT BY over one makes the order of each of its tasks; over
 * anything else it is ORDER BY, whose tasks have a range of the keys each and so are in order as well. */
#include <strings.h>

#include "engine/expr/coerce.h"
#include "engine/plan/analyzer_internal.h"
#include "engine/plan/optimizer_impl.h"

static const struct {
    const char *name;
    weft_repartition_kind kind;
} partition_hints[] = {{"COALESCE", WEFT_REPARTITION_COALESCE},
                       {"REPARTITION", WEFT_REPARTITION_HASH},
                       {"REPARTITION_BY_RANGE", WEFT_REPARTITION_RANGE},
                       {"REBALANCE", WEFT_REPARTITION_REBALANCE}};

static int32_t find_hint(const weft_select_hint *hint)
{
    for (int32_t i = 0; i < WEFT_COUNT(partition_hints); i++)
        if (strcasecmp(hint->name, partition_hints[i].name) == 0) return i;
    return -1;
}

bool weft_is_partition_hint(const weft_select_hint *hint) { return find_hint(hint) >= 0; }

/* A whole number from 1 on; false: it is something else. */
static bool partition_number(const weft_expr *arg, int32_t *out)
{
    if (arg->kind != WEFT_EXPR_LITERAL || arg->literal.is_null || arg->type.id != WEFT_TYPE_INT) return false;
    *out = (int32_t)arg->literal.i64;
    return *out > 0;
}

static weft_status bind_one(weft_analyzer *a, const weft_select_hint *hint, const weft_scope *scope,
                            weft_cte *ctes, const weft_node **node)
{
    weft_status st = WEFT_OK;
    weft_pointers keys = {0};
    weft_node model = {.kind = WEFT_NODE_REPARTITION};
    weft_binder b = {.a = a,
                     .scope = scope,
                     .ctes = ctes,
                     .clause = "a hint",
                     .no_aggregates = WEFT_INVALID_WHERE_CONDITION};
    model.repartition.kind = partition_hints[find_hint(hint)].kind;
    const bool counted = hint->arg_count > 0 && partition_number(hint->args[0], &model.repartition.count);
    if (model.repartition.kind == WEFT_REPARTITION_COALESCE && (!counted || hint->arg_count != 1))
        return weft_fail_at(a->ctx, WEFT_HINT_PARTITIONS, weft_analyzer_span(a, &hint->span),
                            "%s Hint expects a partition number as a parameter.", hint->name);
    for (int32_t i = counted; i < hint->arg_count; i++) {
        const weft_expr *arg = hint->args[i], *key = NULL;
        if (arg->kind != WEFT_EXPR_UNRESOLVED_COLUMN)
            return weft_fail_at(a->ctx, WEFT_HINT_COLUMNS, weft_analyzer_span(a, &hint->span),
                                "%s Hint parameter should include columns, but argument %d is none.",
                                hint->name, i + 1);
        WEFT_TRY(st, weft_bind_expr(&b, arg, &key));
        if (model.repartition.kind == WEFT_REPARTITION_RANGE) {
            WEFT_TRY(st, weft_expect_orderable(a->ctx, "sort order", key, weft_analyzer_span(a, &arg->span)));
            WEFT_TRY(st, weft_expr_sort_key(a->ctx, key, false, true, &key));
        }
        WEFT_TRY(st, weft_pointers_push(a->ctx, &keys, key));
    }
    if (model.repartition.kind == WEFT_REPARTITION_RANGE && keys.count == 0)
        return weft_fail_at(a->ctx, WEFT_HINT_COLUMNS, weft_analyzer_span(a, &hint->span),
                            "%s Hint parameter should include columns.", hint->name);
    model.repartition.keys = weft_pointers_exprs(&keys);
    model.repartition.key_count = keys.count;
    WEFT_TRY(st, weft_node_repartition(a->ctx, *node, &model, node));
done:
    return st;
}

/* The last hint stands below the others, as in Spark. */
weft_status weft_bind_partition_hints(weft_analyzer *a, const weft_select *block, weft_cte *ctes,
                                      const weft_node **node)
{
    weft_status st = WEFT_OK;
    weft_bound bound = {0};
    bool any = false;
    for (int32_t i = 0; i < block->hint_count; i++) any |= weft_is_partition_hint(block->hints[i]);
    if (!any) return WEFT_OK;
    WEFT_TRY(st, weft_names_of(a->ctx, *node, NULL, &bound));
    const weft_scope scope = {.count = bound.count, .names = bound.names};
    for (int32_t i = block->hint_count - 1; i >= 0; i--)
        if (weft_is_partition_hint(block->hints[i]))
            WEFT_TRY(st, bind_one(a, block->hints[i], &scope, ctes, node));
done:
    return st;
}

/* ---- DISTRIBUTE BY, SORT BY ---- */

weft_status weft_expect_distributable(weft_analyzer *a, const weft_expr *key, const weft_span *span)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    const weft_span *at = weft_analyzer_span(a, span);
    const bool misplaced = weft_has_aggregate(key) || weft_expr_has_window(key);
    if (!misplaced && !weft_type_holds(key->type, WEFT_TYPE_VARIANT)) return WEFT_OK;
    WEFT_TRY(st, weft_expr_text(a->ctx, key, false, &text));
    if (misplaced)
        return weft_fail_at(a->ctx, WEFT_UNSUPPORTED_EXPR, at,
                            "The query operator RepartitionByExpression contains one or more unsupported "
                            "expressions. Consider to rewrite it to avoid window functions, aggregate "
                            "functions, and generator functions in the RepartitionByExpression operator. "
                            "Invalid expressions: [\"%.200s\"]",
                            text);
    st = weft_fail_at(a->ctx, WEFT_PARTITION_BY_VARIANT, at,
                      "The feature is not supported: Cannot use VARIANT producing expressions to partition a "
                      "DataFrame, but the type of expression \"%.200s\" is \"VARIANT\".",
                      text);
done:
    return st;
}

/* SORT BY over a REPARTITION by keys, seen through filters and projections: the keys of the order are what
 * the projections made them of. *out NULL: there is none. */
static weft_status sort_within(weft_ctx *ctx, const weft_node *node, const weft_expr *const *keys,
                               int32_t count, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers below = {0};
    const weft_node *input = NULL;
    *out = NULL;
    if (node->kind == WEFT_NODE_REPARTITION) {
        const weft_repartition_kind kind = node->repartition.kind;
        const bool hashed = kind == WEFT_REPARTITION_HASH || kind == WEFT_REPARTITION_REBALANCE;
        if (!hashed || node->repartition.key_count == 0) return WEFT_OK;
        return weft_node_sort_within(ctx, node, keys, count, out);
    }
    if (node->kind != WEFT_NODE_PROJECT && node->kind != WEFT_NODE_FILTER) return WEFT_OK;
    for (int32_t i = 0; i < count; i++) {
        const weft_expr *key = keys[i];
        if (node->kind == WEFT_NODE_PROJECT) {
            if (!opt_may_substitute(key, node->project.exprs, node->project.count)) return WEFT_OK;
            WEFT_TRY(st, opt_substitute(ctx, key, node->project.exprs, node->project.count, &key));
        }
        WEFT_TRY(st, weft_pointers_push(ctx, &below, key));
    }
    WEFT_TRY(st, sort_within(ctx, node->inputs[0], weft_pointers_exprs(&below), count, &input));
    if (input != NULL) WEFT_TRY(st, weft_node_with_inputs(ctx, node, &input, out));
done:
    return st;
}

weft_status weft_bind_organization(weft_analyzer *a, const weft_node *parsed, const weft_pointers *keys,
                                   const weft_node **node)
{
    weft_status st = WEFT_OK;
    const weft_node *sorted = NULL;
    const weft_expr *const *all = weft_pointers_exprs(keys);
    const int32_t distributed = parsed->sort.distributed, order = keys->count - distributed;
    if (distributed > 0) {
        const weft_node model = {
            .kind = WEFT_NODE_REPARTITION,
            .repartition = {.kind = WEFT_REPARTITION_HASH, .key_count = distributed, .keys = all + order}};
        WEFT_TRY(st, weft_node_repartition(a->ctx, *node, &model, node));
    }
    if (order == 0) goto done;
    if (parsed->sort.clause != WEFT_CLAUSE_ORDER_BY)
        WEFT_TRY(st, sort_within(a->ctx, *node, all, order, &sorted));
    if (sorted == NULL) WEFT_TRY(st, weft_node_sort(a->ctx, *node, all, order, -1, &sorted));
    *node = sorted;
done:
    return st;
}
