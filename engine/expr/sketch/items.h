/* engine/expr/sketch/items.h - frequent items by Apache DataSketches: a hash table of items and counts; when
 * it is as large as it may be and full, about the median of the counts is taken off all of them (Misra and
 * Gries), and added to `offset`, by which a count may be too small. The table's order is that of
 * DataSketches, since the order of items that are equally frequent shows it.
 *
 * A state moves as bytes and lies at any address: a head, a heap of packed items, and the table at the end.
 */
#ifndef WEFT_EXPR_SKETCH_ITEMS_H
#define WEFT_EXPR_SKETCH_ITEMS_H

#include "engine/columnar/type.h"

/* Room for a state with `more` further items of `bytes` in all; NULL: a new one, of 2^lg slots at most. */
uint64_t weft_items_room(const uint8_t *state, int lg, uint64_t more, uint64_t bytes);
void weft_items_start(uint8_t *state, size_t len, int lg);
void weft_items_grown(uint8_t *state, size_t old_len, size_t len);
/* Forget the bytes of items that are no longer tracked. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_items_shrink(weft_ctx *ctx, uint8_t *state, size_t len);
/* Count an item, packed (columnar/nested.h), with the hashCode() of its Java object. */
void weft_items_update(uint8_t *state, size_t len, const void *item, uint32_t item_len, int32_t hash,
                       int64_t count);
/* All of another state, by the way of its serialised form; there is room for its items. Errors: WEFT_NOMEM.
 */
WEFT_MUST_CHECK weft_status weft_items_merge(weft_ctx *ctx, uint8_t *state, size_t len, const uint8_t *other,
                                             size_t other_len);
bool weft_items_valid(const uint8_t *state, size_t len);

typedef struct weft_item {
    const uint8_t *bytes;
    uint32_t len;
    int32_t hash;
    int64_t count; /* without the offset */
} weft_item;

int64_t weft_items_offset(const uint8_t *state);
int64_t weft_items_weight(const uint8_t *state);
int64_t weft_items_nulls(const uint8_t *state);
/* What a sketch that was read says of itself. */
void weft_items_settle(uint8_t *state, int64_t weight, int64_t offset, int64_t nulls);
/* A state without items may have this many slots at most. */
void weft_items_limit(uint8_t *state, int lg);
void weft_items_add_nulls(uint8_t *state, int64_t count);
/* lg of the slots it may have and has. */
int weft_items_lg_most(const uint8_t *state);
int weft_items_lg(const uint8_t *state);
int64_t weft_items_count(const uint8_t *state);
/* Every item into out[weft_items_count]: in the order of slots, or in that of DataSketches' iterator. */
void weft_items_list(const uint8_t *state, size_t len, bool by_slot, weft_item *out);

#endif
