/* engine/plan/rule_or_to_in.c - a = 1 OR a = 2 OR a = 3 becomes a IN (1, 2, 3).
 *
 * Both say the same for every row: true when one is equal, else NULL when a or a constant is NULL, else
 * false. A set is looked up once for each row, however long the list is, and scans prune by it. Equalities of
 * one expression are gathered over the whole OR, at the place of the first: what stands between runs on fewer
 * rows than written, never on more. IN lists of the same expression join in. */
#include "engine/plan/optimizer_impl.h"

enum {
    EQUALITIES_LEAST = 3, /* two comparisons cost less than a set */
    GROUPS_MAX = OPT_COMPARED_MAX
};

/* Expressions compared with constants, and the arms that do. */
typedef struct in_group {
    const weft_expr *value;
    uint64_t hash;
    int32_t first;       /* arm of the OR that it stands at */
    weft_pointers items; /* the value, then the constants */
    int32_t arms;
} in_group;

typedef struct gathering {
    in_group groups[GROUPS_MAX];
    int32_t count;
} gathering;

/* The value that an arm compares with constants; NULL when it is another kind of condition. The constants are
 * args[*from], *count of them. */
static const weft_expr *compared(const weft_expr *arm, int32_t *from, int32_t *count)
{
    const weft_expr *value = NULL;
    *count = 1;
    if (arm->kind == WEFT_EXPR_CALL && arm->arg_count == 2 && opt_is_call(arm, "=")) {
        const bool swap = arm->args[0]->kind == WEFT_EXPR_LITERAL;
        *from = swap ? 0 : 1;
        value = arm->args[swap ? 1 : 0];
    } else if (arm->kind == WEFT_EXPR_IN) {
        *from = 1;
        *count = arm->arg_count - 1;
        value = arm->args[0];
    }
    if (value == NULL || value->kind == WEFT_EXPR_LITERAL || !opt_is_free(value)) return NULL;
    for (int32_t i = 0; i < *count; i++) {
        const weft_expr *item = arm->args[*from + i];
        if (item->kind != WEFT_EXPR_LITERAL || !weft_type_equal(item->type, value->type)) return NULL;
    }
    return value;
}

/* The group of the value, a new one where there is none; NULL when there are too many. */
static weft_status group_of(weft_ctx *ctx, gathering *g, const weft_expr *value, int32_t arm, in_group **out)
{
    weft_status st = WEFT_OK;
    const uint64_t hash = weft_expr_hash(value);
    *out = NULL;
    for (int32_t i = 0; i < g->count && *out == NULL; i++)
        if (g->groups[i].hash == hash && weft_expr_equal(g->groups[i].value, value)) *out = &g->groups[i];
    if (*out != NULL || g->count == GROUPS_MAX) return WEFT_OK;
    *out = &g->groups[g->count];
    **out = (in_group){.value = value, .hash = hash, .first = arm};
    WEFT_TRY(st, weft_pointers_push(ctx, &(*out)->items, value));
    g->count++;
done:
    return st;
}

/* Gather; group_at[arm] is its group, or -1. */
static weft_status gather(weft_ctx *ctx, gathering *g, const weft_expr *e, int32_t *group_at)
{
    weft_status st = WEFT_OK;
    for (int32_t a = 0; a < e->arg_count; a++) {
        int32_t from = 0, count = 0;
        const weft_expr *value = compared(e->args[a], &from, &count);
        in_group *group = NULL;
        group_at[a] = -1;
        if (value != NULL) WEFT_TRY(st, group_of(ctx, g, value, a, &group));
        if (group == NULL) continue;
        group_at[a] = (int32_t)(group - g->groups);
        group->arms++;
        for (int32_t i = 0; i < count; i++)
            WEFT_TRY(st, weft_pointers_push(ctx, &group->items, e->args[a]->args[from + i]));
    }
done:
    return st;
}

static weft_status fold_or(weft_ctx *ctx, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    gathering *g = NULL;
    int32_t *group_at = NULL;
    weft_pointers arms = {0};
    bool any = false;
    WEFT_TRY(st, WEFT_NEW(ctx, &g));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, e->arg_count, &group_at));
    WEFT_TRY(st, gather(ctx, g, e, group_at));
    for (int32_t i = 0; i < g->count; i++)
        any |= g->groups[i].arms > 1 && g->groups[i].items.count > EQUALITIES_LEAST;
    *out = e;
    for (int32_t a = 0; a < e->arg_count && any; a++) {
        const in_group *group = group_at[a] >= 0 ? &g->groups[group_at[a]] : NULL;
        const weft_expr *arm = e->args[a];
        if (group != NULL && group->arms > 1 && group->items.count > EQUALITIES_LEAST) {
            if (group->first != a) continue;
            WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_IN, weft_pointers_exprs(&group->items),
                                        group->items.count, &e->span, &arm));
        }
        WEFT_TRY(st, weft_pointers_push(ctx, &arms, arm));
    }
    if (any) WEFT_TRY(st, weft_expr_logic(ctx, WEFT_EXPR_OR, weft_pointers_exprs(&arms), arms.count, out));
done:
    return st;
}

static weft_status fold_expr(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    (void)self;
    *out = e;
    return e->kind == WEFT_EXPR_OR ? fold_or(ctx, e, out) : WEFT_OK;
}

static weft_status fold_node(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out)
{
    return opt_rewrite_exprs(ctx, node, fold_expr, self, out);
}

weft_status opt_rule_or_to_in(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    (void)ids;
    return opt_rewrite(ctx, root, fold_node, NULL, NULL, out);
}
