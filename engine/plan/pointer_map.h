/* engine/plan/pointer_map.h - addresses to addresses, in the arena of ctx: what became of a node.
 *
 * Open addressing; nothing is ever taken out. Plain value, one thread; a zeroed map is empty. */
#ifndef WEFT_PLAN_POINTER_MAP_H
#define WEFT_PLAN_POINTER_MAP_H

#include "engine/plan/logical.h"

typedef struct weft_pointer_map {
    const void **keys, **values;
    uint64_t capacity, count;
} weft_pointer_map;

WEFT_MUST_CHECK weft_status weft_pointer_map_put(weft_ctx *ctx, weft_pointer_map *map, const void *key,
                                                 const void *value);
const void *weft_pointer_map_get(const weft_pointer_map *map,
                                 const void *key); /* NULL when it is not there */

/* How many parents each node of the DAG has; the root counts as having one. */
WEFT_MUST_CHECK weft_status weft_count_parents(weft_ctx *ctx, const weft_node *root,
                                               weft_pointer_map *parents);
/* Has the node several? */
bool weft_is_shared(const weft_pointer_map *parents, const weft_node *node);

#endif
