/* engine/exec/sort_keys.h - sort keys as 16 bytes that compare like the keys, and rows compared in full.
 *
 * The first 16 bytes of the normalised key stand beside the row's address. For every key in turn: one byte
 * for null or not, then the value in as many bytes as its type has, most significant first: integers with the
 * sign bit turned, doubles by their bits with NaN above all and -0.0 as 0.0, strings by their bytes, zero
 * filled; complemented when descending. What does not fit is cut: then equal prefixes are decided by
 * comparing rows (exact is false). */
#ifndef WEFT_EXEC_SORT_KEYS_H
#define WEFT_EXEC_SORT_KEYS_H

#include "engine/columnar/rows.h"
#include "engine/plan/physical.h"

/* A row to sort. */
typedef struct weft_sort_entry {
    weft_sort_prefix prefix;
    const uint8_t *row;
} weft_sort_entry;

/* How keys lie in rows; const once made. Borrows the layout and the keys. */
typedef struct weft_sort_plan {
    const weft_row_layout *layout;
    int32_t key_count;
    const weft_sort_key *keys;
    bool exact; /* equal prefixes mean equal keys */
} weft_sort_plan;

void weft_sort_plan_init(weft_sort_plan *plan, const weft_row_layout *layout, const weft_sort_key *keys,
                         int32_t key_count);
/* Ones where the keys of the plan stand in a prefix. Of plans over the same keys, or the first of them,
 * masked prefixes that differ mean keys that differ; equal ones mean equal keys when the plan is exact. */
weft_sort_prefix weft_sort_prefix_mask(const weft_sort_plan *plan);
/* Prefixes of the selected rows of a batch whose columns are those of the layout; dense. */
void weft_sort_prefixes(const weft_sort_plan *plan, const weft_batch *batch, weft_sort_prefix *out);
/* The same of rows; at most WEFT_SORT_ROWS_CHUNK of them. */
enum { WEFT_SORT_ROWS_CHUNK = 256 };
void weft_sort_prefixes_of_rows(const weft_sort_plan *plan, const uint8_t *const *rows, int32_t count,
                                weft_sort_prefix *out);
/* <0, 0, >0 by all keys. */
int weft_sort_compare_rows(const weft_sort_plan *plan, const uint8_t *a, const uint8_t *b);

static inline int weft_sort_compare(const weft_sort_plan *plan, const weft_sort_entry *a,
                                    const weft_sort_entry *b)
{
    const int by_prefix = weft_sort_compare_prefix(a->prefix, b->prefix);
    if (by_prefix != 0 || plan->exact) return by_prefix;
    return weft_sort_compare_rows(plan, a->row, b->row);
}

/* How many of the first keys are the same in all rows of entries [0, count), whose prefixes are equal: those
 * that lie in the prefix as a whole, then one text that does, and that is the same. */
int32_t weft_sort_shared_keys(const weft_sort_plan *plan, const weft_sort_entry *entries, int64_t count);

/* Sort entries; equal keys keep their order. spare has room for count entries too. */
WEFT_MUST_CHECK weft_status weft_sort_entries(weft_ctx *ctx, const weft_sort_plan *plan,
                                              weft_sort_entry *entries, weft_sort_entry *spare,
                                              int64_t count);

#endif
