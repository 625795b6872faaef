/* engine/plan/pointer_map.c - the map by address, and the counting of parents. */
#include "engine/plan/pointer_map.h"

#include "common/hash.h"
#include "common/mem.h"

static uint64_t map_slot(const weft_pointer_map *map, const void *key)
{
    uint64_t slot = weft_hash_u64((uint64_t)(uintptr_t)key) & (map->capacity - 1);
    while (map->keys[slot] != NULL && map->keys[slot] != key) slot = (slot + 1) & (map->capacity - 1);
    return slot;
}

weft_status weft_pointer_map_put(weft_ctx *ctx, weft_pointer_map *map, const void *key, const void *value)
{
    weft_status st = WEFT_OK;
    if (map->count * 2 >= map->capacity) {
        weft_pointer_map bigger = {.capacity = map->capacity == 0 ? 32 : map->capacity * 2};
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, bigger.capacity, &bigger.keys));
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, bigger.capacity, &bigger.values));
        for (uint64_t i = 0; i < map->capacity; i++) {
            if (map->keys[i] == NULL) continue;
            const uint64_t slot = map_slot(&bigger, map->keys[i]);
            bigger.keys[slot] = map->keys[i];
            bigger.values[slot] = map->values[i];
            bigger.count++;
        }
        *map = bigger;
    }
    const uint64_t slot = map_slot(map, key);
    map->count += map->keys[slot] == NULL;
    map->keys[slot] = key;
    map->values[slot] = value;
done:
    return st;
}

const void *weft_pointer_map_get(const weft_pointer_map *map, const void *key)
{
    if (map->capacity == 0) return NULL;
    const uint64_t slot = map_slot(map, key);
    return map->keys[slot] == key ? map->values[slot] : NULL;
}

static weft_status count_node(weft_ctx *ctx, const weft_node *node, weft_pointer_map *parents)
{
    weft_status st = WEFT_OK;
    const uintptr_t seen = (uintptr_t)weft_pointer_map_get(parents, node);
    WEFT_TRY(st, weft_pointer_map_put(ctx, parents, node, (const void *)(seen + 1)));
    if (seen > 0) goto done;
    for (int32_t i = 0; i < node->input_count; i++) WEFT_TRY(st, count_node(ctx, node->inputs[i], parents));
done:
    return st;
}

weft_status weft_count_parents(weft_ctx *ctx, const weft_node *root, weft_pointer_map *parents)
{
    *parents = (weft_pointer_map){0};
    return count_node(ctx, root, parents);
}

bool weft_is_shared(const weft_pointer_map *parents, const weft_node *node)
{
    return (uintptr_t)weft_pointer_map_get(parents, node) > 1;
}
