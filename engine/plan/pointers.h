/* engine/plan/pointers.h - a growing array of pointers in the arena of ctx, for parser, analyser and rules.
 *
 * Doubling leaves the old arrays behind in the arena: at most as much again as the last one. Plain value, one
 * thread; a zeroed list is empty. */
#ifndef WEFT_PLAN_POINTERS_H
#define WEFT_PLAN_POINTERS_H

#include <string.h>

#include "common/mem.h"
#include "engine/expr/expr.h"

typedef struct weft_pointers {
    const void **items;
    int32_t count, capacity;
} weft_pointers;

WEFT_MUST_CHECK static inline weft_status weft_pointers_push(weft_ctx *ctx, weft_pointers *list,
                                                             const void *item)
{
    weft_status st = WEFT_OK;
    if (list->count == list->capacity) {
        const int32_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
        const void **items = NULL;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, capacity, &items));
        if (list->count > 0) memcpy(items, list->items, (size_t)list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = item;
done:
    return st;
}

/* The items as what they are; valid until the next push. */
static inline const weft_expr *const *weft_pointers_exprs(const weft_pointers *list)
{
    return (const weft_expr *const *)list->items;
}
static inline const weft_node *const *weft_pointers_nodes(const weft_pointers *list)
{
    return (const weft_node *const *)list->items;
}
static inline const char *const *weft_pointers_texts(const weft_pointers *list)
{
    return (const char *const *)list->items;
}

#endif
