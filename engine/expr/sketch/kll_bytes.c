/* engine/expr/sketch/kll_bytes.c - KLL sketches as bytes, and what they answer; see kll.h. The layout:
 *
 *     0 preamble ints  1 serial version  2 family (15)  3 flags  4 k  6 the least size of a level (8)
 *     one value: 8 the value
 *     full: 8 n  16 the least k  18 levels, 20 where each level begins, least and greatest value, the items;
 *     in version 3, which can be updated, also where the last level ends, and the free places */
#include <math.h>
#include <stdlib.h>

#include "common/mem.h"
#include "engine/expr/sketch/kll_impl.h"

enum {
    KLL_FAMILY = 15,
    KLL_FLAG_EMPTY = 1,
    KLL_FLAG_SORTED = 2,
    KLL_FLAG_SINGLE = 4,
    KLL_FULL = 20,
    KLL_ROUNDED_TO = 10000000 /* ranks of smaller sketches are rounded to one in so many */
};

static size_t value_bytes(weft_kll_type type) { return type == WEFT_KLL_FLOAT ? 4 : 8; }

static weft_kll_value value_get(weft_kll_type type, const uint8_t *at)
{
    float narrow;
    if (type != WEFT_KLL_FLOAT) return kll_get(at);
    memcpy(&narrow, at, sizeof narrow);
    const double wide = narrow;
    return kll_get(&wide);
}

static void value_put(weft_kll_type type, weft_kll_value value, uint8_t *at)
{
    double wide;
    memcpy(&wide, &value, sizeof wide);
    const float narrow = (float)wide;
    memcpy(at, type == WEFT_KLL_FLOAT ? (const void *)&narrow : (const void *)&value, value_bytes(type));
}

static bool is_nan(weft_kll_type type, weft_kll_value value)
{
    double wide;
    memcpy(&wide, &value, sizeof wide);
    return type != WEFT_KLL_BIGINT && wide != wide;
}

/* ---- reading ---- */

/* What a full sketch's head says: where levels begin, and the items. */
typedef struct kll_full {
    uint64_t n;
    int k, k_least, levels;
    uint32_t begin[WEFT_KLL_LEVELS_MAX + 2];
    const uint8_t *ends, *items; /* least and greatest; those of begin[0] and on */
} kll_full;

static bool full_read(weft_kll_type type, const uint8_t *at, size_t len, kll_full *out)
{
    const size_t each = value_bytes(type);
    const bool updatable = at[1] == 3;
    if (at[0] != 5 || len < KLL_FULL) return false;
    uint16_t k_least;
    memcpy(&out->n, at + 8, 8);
    memcpy(&k_least, at + 16, 2);
    out->k_least = k_least;
    out->levels = at[18];
    if (out->levels < 1 || out->levels > WEFT_KLL_LEVELS_MAX || out->n >> 61 != 0) return false;
    const size_t count = (size_t)out->levels + updatable;
    if (len < KLL_FULL + 4 * count + 2 * each) return false;
    memcpy(out->begin, at + KLL_FULL, 4 * count);
    const int64_t capacity = kll_capacity(out->k, out->levels);
    if (updatable && out->begin[out->levels] != capacity) return false;
    out->begin[out->levels] = (uint32_t)capacity;
    uint64_t n = 0;
    for (int level = 0; level < out->levels; level++) {
        if (out->begin[level] > out->begin[level + 1]) return false;
        n += (uint64_t)(out->begin[level + 1] - out->begin[level]) << level;
    }
    out->ends = at + KLL_FULL + 4 * count;
    out->items = out->ends + 2 * each + (updatable ? out->begin[0] * each : 0);
    const size_t before = (size_t)(out->items - at), items = (size_t)capacity - out->begin[0];
    return n == out->n && before <= len && items <= (len - before) / each;
}

static weft_status state_of(weft_ctx *ctx, weft_kll_type type, const kll_full *full, uint8_t **out,
                            bool *good)
{
    weft_status st = WEFT_OK;
    const size_t each = value_bytes(type), capacity = full->begin[full->levels];
    uint8_t *state = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, KLL_ITEMS + 8 * capacity, (void **)&state));
    weft_kll_start(state, type, full->k);
    kll_head head = kll_head_of(state);
    head.n = full->n;
    head.levels = (uint8_t)full->levels;
    head.k_least = (uint16_t)full->k_least;
    head.least = value_get(type, full->ends);
    head.greatest = value_get(type, full->ends + each);
    head.chance ^= full->n << 1;
    *good = !is_nan(type, head.least) && !is_nan(type, head.greatest);
    for (int level = 0; level <= full->levels; level++) kll_set_begin(state, level, full->begin[level]);
    for (size_t k = full->begin[0]; k < capacity; k++) {
        const weft_kll_value value = value_get(type, full->items + (k - full->begin[0]) * each);
        *good = *good && !is_nan(type, value);
        memcpy(kll_item(state, (uint32_t)k), &value, 8);
    }
    for (int level = 1; level < full->levels && *good; level++) /* they should be sorted already */
        kll_sort(type, kll_item(state, full->begin[level]), full->begin[level + 1] - full->begin[level]);
    memcpy(state, &head, sizeof head);
    *out = state;
done:
    return st;
}

weft_status weft_kll_read(weft_ctx *ctx, weft_kll_type type, const void *bytes, size_t len, uint8_t **out,
                          bool *good)
{
    weft_status st = WEFT_OK;
    const uint8_t *at = bytes;
    uint16_t k = 0;
    *out = NULL;
    *good = false;
    if (len < 8 || at[2] != KLL_FAMILY || at[6] != KLL_LEVEL_LEAST || at[1] < 1 || at[1] > 3) return WEFT_OK;
    memcpy(&k, at + 4, 2);
    if (k < WEFT_KLL_K_MIN) return WEFT_OK;
    const bool empty = (at[3] & KLL_FLAG_EMPTY) != 0, single = at[1] == 2;
    if (!empty && !single) {
        kll_full full = {.k = k};
        return full_read(type, at, len, &full) ? state_of(ctx, type, &full, out, good) : WEFT_OK;
    }
    if (at[0] != 2 || (single && len < 8 + value_bytes(type))) return WEFT_OK;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)weft_kll_room(NULL, k, 1), (void **)out));
    weft_kll_start(*out, type, k);
    if (single) weft_kll_update(*out, value_get(type, at + 8));
    *good = !single || weft_kll_n(*out) == 1;
done:
    return st;
}

/* ---- writing ---- */

static uint32_t items_of(const uint8_t *state, const kll_head *head)
{
    return kll_begin(state, head->levels) - kll_begin(state, 0);
}

size_t weft_kll_bytes(const uint8_t *state)
{
    const kll_head head = kll_head_of(state);
    const size_t each = value_bytes((weft_kll_type)head.type);
    if (head.n <= 1) return 8 + (size_t)head.n * each;
    return KLL_FULL + 4 * (size_t)head.levels + (2 + (size_t)items_of(state, &head)) * each;
}

void weft_kll_write(const uint8_t *state, void *bytes)
{
    const kll_head head = kll_head_of(state);
    const weft_kll_type type = (weft_kll_type)head.type;
    const size_t each = value_bytes(type);
    uint8_t *to = bytes;
    memset(to, 0, head.n > 1 ? KLL_FULL : 8);
    to[0] = head.n > 1 ? 5 : 2;
    to[1] = head.n == 1 ? 2 : 1;
    to[2] = KLL_FAMILY;
    to[3] = head.n == 0 ? KLL_FLAG_EMPTY : head.n == 1 ? KLL_FLAG_SINGLE : 0;
    memcpy(to + 4, &head.k, 2);
    to[6] = KLL_LEVEL_LEAST;
    const uint32_t first = kll_begin(state, 0), last = kll_begin(state, head.levels);
    if (head.n == 1) value_put(type, kll_get(kll_item_at(state, first)), to + 8);
    if (head.n <= 1) return;
    memcpy(to + 8, &head.n, 8);
    memcpy(to + 16, &head.k_least, 2);
    to[18] = head.levels;
    memcpy(to + KLL_FULL, state + KLL_BEGINS, 4 * (size_t)head.levels);
    uint8_t *at = to + KLL_FULL + 4 * (size_t)head.levels;
    value_put(type, head.least, at);
    value_put(type, head.greatest, at + each);
    at += 2 * each;
    for (uint32_t k = first; k < last; k++, at += each) value_put(type, kll_get(kll_item_at(state, k)), at);
}

/* ---- answers ---- */

typedef struct kll_weighed {
    weft_kll_value value;
    int64_t weight;
} kll_weighed;

static int compare_integers(const void *a, const void *b)
{
    return kll_compare(WEFT_KLL_BIGINT, ((const kll_weighed *)a)->value, ((const kll_weighed *)b)->value);
}
static int compare_reals(const void *a, const void *b)
{
    return kll_compare(WEFT_KLL_DOUBLE, ((const kll_weighed *)a)->value, ((const kll_weighed *)b)->value);
}

weft_status weft_kll_view_new(weft_ctx *ctx, const uint8_t *state, weft_kll_view *out)
{
    weft_status st = WEFT_OK;
    const kll_head head = kll_head_of(state);
    const size_t count = items_of(state, &head);
    kll_weighed *sorted = NULL;
    int64_t rank = 0;
    size_t next = 0;
    *out = (weft_kll_view){.type = (weft_kll_type)head.type, .count = (int64_t)count, .n = (int64_t)head.n};
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (count + 1) * sizeof *sorted, (void **)&sorted));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (count + 1) * 8, (void **)&out->values));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (count + 1) * 8, (void **)&out->ranks));
    for (int level = 0; level < head.levels; level++)
        for (uint32_t k = kll_begin(state, level); k < kll_begin(state, level + 1); k++)
            sorted[next++] = (kll_weighed){kll_get(kll_item_at(state, k)), (int64_t)1 << level};
    qsort(sorted, count, sizeof *sorted, out->type == WEFT_KLL_BIGINT ? compare_integers : compare_reals);
    for (size_t k = 0; k < count; k++) {
        out->values[k] = sorted[k].value;
        out->ranks[k] = rank += sorted[k].weight;
    }
    if (count > 0 && head.levels > 1) { /* what was seen at the ends is known */
        out->values[0] = head.least;
        out->values[count - 1] = head.greatest;
    }
done:
    weft_mem_free(sorted);
    if (st != WEFT_OK) weft_kll_view_free(out);
    return st;
}

weft_kll_value weft_kll_quantile(const weft_kll_view *view, double rank)
{
    double natural = rank * (double)view->n;
    if (view->n <= KLL_ROUNDED_TO) natural = floor(natural * KLL_ROUNDED_TO + 0.5) / KLL_ROUNDED_TO;
    const int64_t wanted = (int64_t)ceil(natural);
    int64_t low = 0, high = view->count - 1;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (view->ranks[middle] >= wanted)
            high = middle;
        else
            low = middle + 1;
    }
    return view->values[low];
}

double weft_kll_rank(const weft_kll_view *view, weft_kll_value value)
{
    int64_t low = 0, high = view->count;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (kll_compare(view->type, view->values[middle], value) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? 0 : (double)view->ranks[low - 1] / (double)view->n;
}

void weft_kll_view_free(weft_kll_view *view)
{
    weft_mem_free(view->values);
    weft_mem_free(view->ranks);
    view->values = NULL;
    view->ranks = NULL;
}

weft_kll_summary weft_kll_summarise(const uint8_t *state)
{
    const kll_head head = kll_head_of(state);
    const size_t each = value_bytes((weft_kll_type)head.type);
    return (weft_kll_summary){
        .k = head.k,
        .k_least = head.k_least,
        .levels = head.levels,
        .n = (int64_t)head.n,
        .capacity = kll_begin(state, head.levels),
        .retained = items_of(state, &head),
        .least = head.least,
        .greatest = head.greatest,
        .error = 2.296 / pow(head.k_least, 0.9723), /* measured by DataSketches, for a confidence of 99 % */
        .error_of_counts = 2.446 / pow(head.k_least, 0.9433),
        .updatable_bytes = KLL_FULL + 4 * ((size_t)head.levels + 1) +
                           (2 + (size_t)kll_begin(state, head.levels)) * each};
}
