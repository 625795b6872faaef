/* engine/expr/sketch/kll_impl.h - how the states of kll.h lie, for its two sources. */
#ifndef WEFT_EXPR_SKETCH_KLL_IMPL_H
#define WEFT_EXPR_SKETCH_KLL_IMPL_H

#include <string.h>

#include "engine/expr/sketch/kll.h"

typedef struct kll_head {
    uint64_t n;
    uint16_t k, k_least; /* k_least: of all that were merged in */
    uint8_t type, levels, unused[2];
    weft_kll_value least, greatest;
    uint64_t chance;
} kll_head;
_Static_assert(sizeof(kll_head) == 40, "the head of a state has no holes");

enum {
    KLL_BEGINS = sizeof(kll_head),
    KLL_ITEMS = KLL_BEGINS + 4 * (WEFT_KLL_LEVELS_MAX + 3),
    KLL_LEVEL_LEAST = 8 /* "M" of DataSketches */
};

static inline kll_head kll_head_of(const uint8_t *state)
{
    kll_head head;
    memcpy(&head, state, sizeof head);
    return head;
}
static inline uint32_t kll_begin(const uint8_t *state, int level)
{
    uint32_t begin;
    memcpy(&begin, state + KLL_BEGINS + 4 * level, 4);
    return begin;
}
static inline void kll_set_begin(uint8_t *state, int level, uint32_t begin)
{
    memcpy(state + KLL_BEGINS + 4 * level, &begin, 4);
}
static inline uint8_t *kll_item(uint8_t *state, uint32_t k) { return state + KLL_ITEMS + 8 * (size_t)k; }
static inline const uint8_t *kll_item_at(const uint8_t *state, uint32_t k)
{
    return state + KLL_ITEMS + 8 * (size_t)k;
}
static inline weft_kll_value kll_get(const void *item)
{
    weft_kll_value value;
    memcpy(&value, item, 8);
    return value;
}

int64_t kll_level_capacity(int k, int levels, int level);
int64_t kll_capacity(int k, int levels);
int kll_compare(weft_kll_type type, weft_kll_value a, weft_kll_value b);
void kll_sort(weft_kll_type type, uint8_t *items, uint32_t count);

#endif
