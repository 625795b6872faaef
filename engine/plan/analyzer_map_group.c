/* engine/plan/analyzer_map_group.c - GROUP BY of a MAP, or of values that hold one: two maps are one group
 * when they have the same entries, in whatever order. The group has its maps' entries sorted by their keys,
 * as in Spark. */
#include "engine/expr/coerce.h"
#include "engine/plan/analyzer_select.h"

/* Every plain value in it has an order. */
static bool has_ordered_leaves(weft_type type)
{
    if (!weft_type_is_nested(type)) return weft_type_is_orderable(type);
    for (int32_t i = 0; i < type.child_count; i++)
        if (!has_ordered_leaves(type.children[i].type)) return false;
    return true;
}

/* It is, or holds, a map whose entries can be sorted. */
bool select_groups_map(weft_type type)
{
    return weft_type_holds(type, WEFT_TYPE_MAP) && has_ordered_leaves(type);
}

/* The group in the place of the map. */
weft_status select_sort_map(select_block *s, const weft_expr *map, const weft_span *span,
                            const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = s->a->ctx;
    select_map_group *group = NULL;
    WEFT_TRY(st, weft_expr_call(ctx, "(map_sort)", &map, 1, span, out));
    WEFT_TRY(st, WEFT_NEW(ctx, &group));
    *group = (select_map_group){.written = map, .sorted = *out};
    WEFT_TRY(st, weft_pointers_push(ctx, &s->map_groups, group));
done:
    return st;
}

static weft_status to_sorted(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    const select_block *s = self;
    (void)ctx;
    for (int32_t i = 0; i < s->map_groups.count; i++) {
        const select_map_group *group = s->map_groups.items[i];
        if (weft_expr_equal(group->sorted, e)) *out = e;
        if (weft_expr_equal(group->written, e)) *out = group->sorted;
    }
    return WEFT_OK;
}

/* What is selected, filtered and sorted by reads the groups. */
weft_status select_read_map_groups(select_block *s, weft_carried *carried)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; s->map_groups.count > 0 && i < carried->count; i++)
        WEFT_TRY(st, weft_rewrite_top(s->a->ctx, carried->exprs[i], to_sorted, s, &carried->exprs[i]));
done:
    return st;
}
