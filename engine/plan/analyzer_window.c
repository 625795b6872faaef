/* engine/plan/analyzer_window.c - window calls become WINDOW nodes: one per specification (partition and
 * order), in the order of first appearance; an equal call is computed once. A call that reads another one, as
 * its argument or in its specification, comes above the node of that. */
#include "engine/plan/analyzer_internal.h"

/* The calls of one specification. */
typedef struct window_group {
    const weft_window_spec *spec;
    int32_t level;         /* how many windows are below: 0, or one more than those that the calls read */
    weft_pointers calls;   /* bound WINDOW expressions */
    weft_pointers aliases; /* ALIAS over them */
} window_group;

typedef struct window_builder {
    weft_analyzer *a;
    weft_pointers groups; /* window_group */
    int32_t level; /* of the highest call that was taken so far within the expression at hand, plus one */
} window_builder;

static bool same_list(const weft_expr *const *a, int32_t a_count, const weft_expr *const *b, int32_t b_count)
{
    if (a_count != b_count) return false;
    for (int32_t i = 0; i < a_count; i++) {
        if (!weft_expr_equal(a[i], b[i])) return false;
    }
    return true;
}

static weft_status find_group(window_builder *w, const weft_window_spec *spec, int32_t level,
                              window_group **out)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < w->groups.count; i++) {
        window_group *g = (window_group *)(uintptr_t)w->groups.items[i];
        if (g->level == level &&
            same_list(g->spec->partition, g->spec->partition_count, spec->partition, spec->partition_count) &&
            same_list(g->spec->order, g->spec->order_count, spec->order, spec->order_count)) {
            *out = g;
            return WEFT_OK;
        }
    }
    WEFT_TRY(st, WEFT_NEW(w->a->ctx, out));
    (*out)->spec = spec;
    (*out)->level = level;
    WEFT_TRY(st, weft_pointers_push(w->a->ctx, &w->groups, *out));
done:
    return st;
}

static weft_status take_window(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    window_builder *w = self;
    window_group *group = NULL;
    const weft_expr *alias = NULL;
    char *name = NULL;
    if (e->kind != WEFT_EXPR_WINDOW) return WEFT_OK;
    const int32_t beside = w->level;
    w->level = 0;
    WEFT_TRY(st, weft_rewrite_window(ctx, e, take_window, w, &e)); /* those that it reads */
    WEFT_TRY(st, find_group(w, e->window.spec, w->level, &group));
    w->level = weft_max_i32(beside, w->level + 1);
    for (int32_t i = 0; i < group->calls.count && alias == NULL; i++) {
        if (weft_expr_equal(weft_pointers_exprs(&group->calls)[i], e))
            alias = weft_pointers_exprs(&group->aliases)[i];
    }
    if (alias == NULL) {
        WEFT_TRY(st, weft_expr_text(ctx, e, false, &name));
        WEFT_TRY(st, weft_expr_alias(ctx, e, weft_next_id(w->a->ids), name, &alias));
        WEFT_TRY(st, weft_pointers_push(ctx, &group->calls, e));
        WEFT_TRY(st, weft_pointers_push(ctx, &group->aliases, alias));
    }
    WEFT_TRY(st, weft_expr_column(ctx, alias->alias.id, alias->alias.name, e->type, e->nullable, out));
done:
    return st;
}

weft_status weft_build_windows(weft_analyzer *a, const weft_node *input, weft_carried *carried,
                               const weft_node **out)
{
    weft_status st = WEFT_OK;
    window_builder w = {.a = a};
    for (int32_t i = 0; i < carried->count; i++) {
        WEFT_TRY(st, weft_rewrite_top(a->ctx, carried->exprs[i], take_window, &w, &carried->exprs[i]));
    }
    int32_t left = w.groups.count;
    for (int32_t level = 0; left > 0; level++) {
        for (int32_t i = 0; i < w.groups.count; i++) {
            const window_group *g = w.groups.items[i];
            if (g->level != level) continue;
            WEFT_TRY(st, weft_node_window(a->ctx, input, weft_pointers_exprs(&g->aliases), g->aliases.count,
                                          &input));
            left--;
        }
    }
    *out = input;
done:
    return st;
}
