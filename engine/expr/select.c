/* engine/expr/select.c - see select.h.
 *
 *   range → pivot → [less | not less] → [less | equal | greater] → the part that has the rank, again
 *
 * A pass moves each key without a branch on it (a comparison is added to the place where the next lesser key
 * goes), since a branch would be guessed wrong every other time. Keys that equal the pivot are looked for
 * only when the rank is not among the lesser ones; as the pivot is among them, every round shrinks the range,
 * and a range of equal keys is done in one. The pivot is the median of three keys or of three such medians;
 * keys that make this a bad choice round after round are sorted. */
#include "engine/expr/select.h"

#include <stdlib.h>

enum {
    SELECT_SORT_MOST = 16,  /* keys that are inserted in order rather than parted */
    SELECT_NINTHER = 128,   /* keys from which on the pivot is the median of nine */
    SELECT_ROUNDS_A_BIT = 2 /* rounds for each bit of the count, before the keys count as adverse */
};

static int compare_keys(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

void weft_sort_u64(uint64_t *keys, int64_t count) { qsort(keys, (size_t)count, sizeof *keys, compare_keys); }

static void insert_keys(uint64_t *keys, int64_t count)
{
    for (int64_t i = 1; i < count; i++) {
        const uint64_t key = keys[i];
        int64_t at = i;
        for (; at > 0 && keys[at - 1] > key; at--) keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

/* Keys below the pivot to the front; how many. */
static int64_t part_below(uint64_t *keys, int64_t count, uint64_t pivot)
{
    int64_t below = 0;
    for (int64_t i = 0; i < count; i++) {
        const uint64_t key = keys[i];
        keys[i] = keys[below];
        keys[below] = key;
        below += key < pivot;
    }
    return below;
}

/* Keys that equal the pivot, which is the least, to the front; how many. */
static int64_t part_equal(uint64_t *keys, int64_t count, uint64_t pivot)
{
    int64_t equal = 0;
    for (int64_t i = 0; i < count; i++) {
        const uint64_t key = keys[i];
        keys[i] = keys[equal];
        keys[equal] = key;
        equal += key == pivot;
    }
    return equal;
}

static uint64_t median_of_three(uint64_t a, uint64_t b, uint64_t c)
{
    const uint64_t low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

static uint64_t pivot_of(const uint64_t *keys, int64_t count)
{
    const int64_t step = count / 8, middle = count / 2, last = count - 1;
    if (count < SELECT_NINTHER) return median_of_three(keys[0], keys[middle], keys[last]);
    return median_of_three(median_of_three(keys[0], keys[step], keys[2 * step]),
                           median_of_three(keys[middle - step], keys[middle], keys[middle + step]),
                           median_of_three(keys[last - 2 * step], keys[last - step], keys[last]));
}

void weft_select_u64(uint64_t *keys, int64_t count, int64_t rank)
{
    const int32_t rounds = SELECT_ROUNDS_A_BIT * (64 - __builtin_clzll((unsigned long long)count));
    for (int32_t round = 0; count > SELECT_SORT_MOST; round++) {
        if (round == rounds) {
            weft_sort_u64(keys, count);
            return;
        }
        const uint64_t pivot = pivot_of(keys, count);
        const int64_t below = part_below(keys, count, pivot);
        if (rank < below) {
            count = below;
            continue;
        }
        const int64_t equal = part_equal(keys + below, count - below, pivot);
        if (rank < below + equal) return;
        keys += below + equal;
        count -= below + equal;
        rank -= below + equal;
    }
    insert_keys(keys, count);
}
