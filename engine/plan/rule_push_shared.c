/* engine/plan/rule_push_shared.c - what all parents of a shared node leave out is left out below it.
 *
 *   FILTER (y = 1 AND t = 's')          FILTER (y = 1 AND t = 's')
 *                            \                                   \
 *                             S    →                              FILTER (y IN (1, 2)) - S
 *                            /                                   /
 *   FILTER (y = 2)                      FILTER (y = 2)
 *
 * A node with several parents (a CTE that is named twice) is a border for filters: each parent wants other
 * rows. But where every parent is a FILTER, a row that none of them lets pass need not be made. For each
 * column on which each parent has a condition, the OR of these conditions is put over the node, and goes on
 * towards the scans as any filter; the filters above stay as they are. Conditions over several columns are
 * left out: below an aggregate or a join only those of one column get far. Only what neither raises nor
 * varies is taken. */
#include "engine/plan/optimizer_impl.h"

enum { PARENTS_MOST = 16 }; /* an OR of more lets most rows pass */

typedef struct shared_filters {
    weft_pointer_map parents; /* how many */
    weft_pointer_map filters; /* node to the weft_pointers of the FILTERs over it */
    weft_pointer_map seen;
    weft_pointer_map done;
    bool any;
} shared_filters;

/* ---- who is over what ---- */

static weft_status note_filters(weft_ctx *ctx, shared_filters *s, const weft_node *node)
{
    weft_status st = WEFT_OK;
    if (weft_pointer_map_get(&s->seen, node) != NULL) return WEFT_OK;
    WEFT_TRY(st, weft_pointer_map_put(ctx, &s->seen, node, node));
    if (node->kind == WEFT_NODE_FILTER && weft_is_shared(&s->parents, node->inputs[0])) {
        weft_pointers *list = NULL;
        const void *known = weft_pointer_map_get(&s->filters, node->inputs[0]);
        if (known == NULL) {
            WEFT_TRY(st, WEFT_NEW(ctx, &list));
            WEFT_TRY(st, weft_pointer_map_put(ctx, &s->filters, node->inputs[0], list));
        } else {
            list = (weft_pointers *)(uintptr_t)known; /* the map keeps const addresses; the list is ours */
        }
        WEFT_TRY(st, weft_pointers_push(ctx, list, node));
    }
    for (int32_t i = 0; i < node->input_count; i++) WEFT_TRY(st, note_filters(ctx, s, node->inputs[i]));
done:
    return st;
}

/* ---- what they have in common ---- */

/* The conjuncts of a FILTER over this column alone, as one; NULL: there are none. */
static weft_status condition_of(weft_ctx *ctx, const weft_node *filter, const weft_output *column,
                                const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers found = {0};
    const weft_outputs one = {.count = 1, .columns = (weft_output *)(uintptr_t)column};
    *out = NULL;
    for (int32_t i = 0; i < filter->filter.count; i++) {
        const weft_expr *e = filter->filter.conjuncts[i];
        if (opt_is_free(e) && opt_has_columns(e) && weft_outputs_cover(&one, e))
            WEFT_TRY(st, weft_pointers_push(ctx, &found, e));
    }
    if (found.count > 0)
        WEFT_TRY(st, weft_expr_logic(ctx, WEFT_EXPR_AND, weft_pointers_exprs(&found), found.count, out));
done:
    return st;
}

/* One conjunct more for each column on which all of the filters have a condition. */
static weft_status common_conditions(weft_ctx *ctx, const weft_node *node, const weft_pointers *filters,
                                     weft_pointers *out)
{
    weft_status st = WEFT_OK;
    for (int32_t c = 0; c < node->output.count; c++) {
        weft_pointers arms = {0};
        const weft_expr *one = NULL;
        for (int32_t i = 0; i < filters->count; i++) {
            WEFT_TRY(st, condition_of(ctx, filters->items[i], &node->output.columns[c], &one));
            if (one == NULL) break;
            WEFT_TRY(st, opt_add_unique(ctx, &arms, one));
        }
        if (one == NULL) continue;
        WEFT_TRY(st, weft_expr_logic(ctx, WEFT_EXPR_OR, weft_pointers_exprs(&arms), arms.count, &one));
        WEFT_TRY(st, weft_pointers_push(ctx, out, one));
    }
done:
    return st;
}

/* ---- the rule ---- */

static weft_status filter_shared(weft_ctx *ctx, shared_filters *s, const weft_node *node,
                                 const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers common = {0};
    const weft_node *inputs[2], *const *list = inputs;
    const weft_node **many = inputs;
    *out = weft_pointer_map_get(&s->done, node);
    if (*out != NULL) return WEFT_OK;
    if (node->input_count > WEFT_COUNT(inputs)) {
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->input_count, &many));
        list = many;
    }
    for (int32_t i = 0; i < node->input_count; i++)
        WEFT_TRY(st, filter_shared(ctx, s, node->inputs[i], &many[i]));
    WEFT_TRY(st, opt_with_inputs(ctx, node, list, out));
    const weft_pointers *filters = weft_pointer_map_get(&s->filters, node);
    const uintptr_t parents = (uintptr_t)weft_pointer_map_get(&s->parents, node);
    if (filters != NULL && (uintptr_t)filters->count == parents && parents <= PARENTS_MOST) {
        WEFT_TRY(st, common_conditions(ctx, node, filters, &common));
        WEFT_TRY(st, opt_filter(ctx, *out, &common, out));
        s->any |= common.count > 0;
    }
    WEFT_TRY(st, weft_pointer_map_put(ctx, &s->done, node, *out));
done:
    return st;
}

weft_status opt_rule_push_shared(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    weft_status st = WEFT_OK;
    shared_filters s = {0};
    *out = root;
    WEFT_TRY(st, weft_count_parents(ctx, root, &s.parents));
    WEFT_TRY(st, note_filters(ctx, &s, root));
    if (s.filters.count == 0) goto done;
    const weft_node *filtered = NULL;
    WEFT_TRY(st, filter_shared(ctx, &s, root, &filtered));
    if (!s.any) goto done;
    WEFT_TRY(st, opt_rule_or_to_in(ctx, ids, filtered, &filtered));
    WEFT_TRY(st, opt_rule_push_filter(ctx, ids, filtered, &filtered));
    WEFT_TRY(st,
             opt_rule_fold(ctx, ids, filtered, out)); /* in a branch of a union the column is a constant */
done:
    return st;
}
