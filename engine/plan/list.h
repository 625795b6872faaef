/* engine/plan/list.h - a growing array of pointers in the arena of ctx, for parser, analyser and rules.
 *
 * Doubling leaves the old arrays behind in the arena: at most as much again as the last one. Plain value, one thread;
 * a zeroed list is empty. */
#ifndef WEFT_PLAN_LIST_H
#define WEFT_PLAN_LIST_H

#include <string.h>

#include "common/mem.h"
#include "engine/expr/expr.h"

typedef struct weft_list {
    const void **items;
    int32_t count, capacity;
} weft_list;

WEFT_MUST_CHECK static inline weft_status weft_list_push(weft_ctx *ctx, weft_list *list, const void *item)
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
static inline const weft_expr *const *weft_list_exprs(const weft_list *list)
{
    return (const weft_expr *const *)list->items;
}
static inline const weft_node *const *weft_list_nodes(const weft_list *list)
{
    return (const weft_node *const *)list->items;
}
static inline const char *const *weft_list_texts(const weft_list *list) { return (const char *const *)list->items; }

#endif
