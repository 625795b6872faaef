/* engine/plan/rule_project.c - a projection over a projection becomes one; a projection that changes nothing
 * goes.
 *
 * Expressions of the lower one are put in place of its columns where that does not make them run twice. */
#include "engine/plan/optimizer_impl.h"

typedef struct use_count {
    int64_t id;
    int32_t uses;
} use_count;

static bool count_use(void *self, const weft_expr *e)
{
    use_count *u = self;
    if (e->kind == WEFT_EXPR_COLUMN && e->column.id == u->id) u->uses++;
    return u->uses > 1;
}

/* May every expression of the lower projection move up? */
static bool may_merge(const weft_node *upper, const weft_node *lower)
{
    for (int32_t i = 0; i < upper->project.count; i++)
        if (!opt_may_substitute(upper->project.exprs[i], lower->project.exprs, lower->project.count))
            return false;
    for (int32_t i = 0; i < lower->project.count; i++) {
        const weft_expr *e = opt_below_alias(lower->project.exprs[i]);
        if (e->kind == WEFT_EXPR_COLUMN || e->kind == WEFT_EXPR_LITERAL) continue;
        if (!weft_expr_deterministic(e)) return false;
        use_count u = {.id = opt_output_id(lower->project.exprs[i])};
        for (int32_t k = 0; k < upper->project.count && u.uses < 2; k++)
            (void)weft_expr_any(upper->project.exprs[k], count_use, &u);
        /* not used: it would no longer raise, as in a plan that prunes it */
        if (u.uses > 1) return false;
    }
    return true;
}

static weft_status merge(weft_ctx *ctx, const weft_node *upper, const weft_node *lower, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **exprs = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, upper->project.count, &exprs));
    for (int32_t i = 0; i < upper->project.count; i++) {
        const weft_output *output = &upper->output.columns[i];
        const weft_expr *e = NULL;
        WEFT_TRY(
            st, opt_substitute(ctx, upper->project.exprs[i], lower->project.exprs, lower->project.count, &e));
        const bool named = (e->kind == WEFT_EXPR_ALIAS || e->kind == WEFT_EXPR_COLUMN) &&
                           opt_output_id(e) == output->id;
        if (!named) WEFT_TRY(st, weft_expr_alias(ctx, e, output->id, output->name, &e));
        exprs[i] = e;
    }
    WEFT_TRY(st, weft_node_project(ctx, lower->inputs[0], exprs, upper->project.count, out));
done:
    return st;
}

static bool is_identity(const weft_node *node)
{
    const weft_outputs *below = &node->inputs[0]->output;
    if (node->project.count != below->count) return false;
    for (int32_t i = 0; i < below->count; i++) {
        const weft_expr *e = node->project.exprs[i];
        if (e->kind != WEFT_EXPR_COLUMN || e->column.id != below->columns[i].id) return false;
        if (strcmp(e->column.name, below->columns[i].name) != 0) return false;
    }
    return true;
}

typedef struct merger {
    weft_pointer_map parents;
} merger;

/* parents counts the nodes of the tree as it was; what was rewritten since is not in it and has one parent
 * only where its original had. */
static weft_status merge_one(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    merger *m = self;
    *out = node;
    if (node->kind != WEFT_NODE_PROJECT) return WEFT_OK;
    if (is_identity(node)) {
        *out = node->inputs[0];
        return WEFT_OK;
    }
    const weft_node *lower = node->inputs[0];
    if (lower->kind != WEFT_NODE_PROJECT || weft_is_shared(&m->parents, lower) || !may_merge(node, lower))
        return WEFT_OK;
    WEFT_TRY(st, merge(ctx, node, lower, out));
    if (is_identity(*out)) *out = (*out)->inputs[0];
done:
    return st;
}

weft_status opt_rule_merge_project(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    weft_status st = WEFT_OK;
    merger m = {0};
    (void)ids;
    WEFT_TRY(st, weft_count_parents(ctx, root, &m.parents));
    WEFT_TRY(st, opt_rewrite(ctx, root, merge_one, &m, NULL, out));
done:
    return st;
}
