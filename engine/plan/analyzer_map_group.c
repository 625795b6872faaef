/* engine/plan/analyzer_map_group.c - GROUP BY of a MAP: two maps are one group when they have the same
 * entries, in whatever order. The group is the map with its entries sorted by their keys, as in Spark. */
#include "engine/expr/coerce.h"
#include "engine/plan/analyzer_select.h"

/* A map whose entries can be sorted; keys differ, so that values are never compared. */
bool select_groups_map(weft_type type)
{
    return type.id == WEFT_TYPE_MAP && weft_type_is_orderable(type.children[0].type) &&
           weft_type_is_orderable(type.children[1].type);
}

/* The group in the place of the map. */
weft_status select_sort_map(select_block *s, const weft_expr *map, const weft_span *span,
                            const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = s->a->ctx;
    select_map_group *group = NULL;
    WEFT_TRY(st, weft_expr_call(ctx, "map_entries", &map, 1, span, out));
    WEFT_TRY(st, weft_expr_call(ctx, "array_sort", out, 1, span, out));
    WEFT_TRY(st, weft_expr_call(ctx, "map_from_entries", out, 1, span, out));
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
