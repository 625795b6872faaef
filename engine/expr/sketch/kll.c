/* engine/expr/sketch/kll.c - see kll.h: states. A state is a head, where each level begins (and the last one
 * ends), and the items: level 0 first, as far up as all together fit, so that the free places are at the
 * bottom and level 0 grows down into them. */
#include "engine/expr/sketch/kll.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "engine/expr/sketch/kll_impl.h"

/* ---- sizes ---- */

/* k (2/3)^depth, rounded: each level is two thirds as large as the one above. */
static int64_t level_size(int64_t k, int depth)
{
    static const int64_t powers[] = {1,
                                     3,
                                     9,
                                     27,
                                     81,
                                     243,
                                     729,
                                     2187,
                                     6561,
                                     19683,
                                     59049,
                                     177147,
                                     531441,
                                     1594323,
                                     4782969,
                                     14348907,
                                     43046721,
                                     129140163,
                                     387420489,
                                     1162261467,
                                     3486784401,
                                     10460353203,
                                     31381059609,
                                     94143178827,
                                     282429536481,
                                     847288609443,
                                     2541865828329,
                                     7625597484987,
                                     22876792454961,
                                     68630377364883,
                                     205891132094649};
    if (depth > 30) return level_size(level_size(k, depth / 2), depth - depth / 2);
    const int64_t twice = (k << 1 << depth) / powers[depth];
    return (twice + 1) >> 1;
}

int64_t kll_level_capacity(int k, int levels, int level)
{
    const int64_t size = level_size(k, levels - level - 1);
    return size < KLL_LEVEL_LEAST ? KLL_LEVEL_LEAST : size;
}

int64_t kll_capacity(int k, int levels)
{
    int64_t total = 0;
    for (int level = 0; level < levels; level++) total += kll_level_capacity(k, levels, level);
    return total;
}

/* Enough levels for n values, and two more: a level may give to the one above before all are full. */
static int levels_for(int k, uint64_t n, int levels)
{
    for (; levels < WEFT_KLL_LEVELS_MAX; levels++) {
        double most = 0;
        for (int level = 0; level < levels; level++)
            most += ldexp((double)kll_level_capacity(k, levels, level), level);
        if (most >= (double)n) break;
    }
    return levels + 2 < WEFT_KLL_LEVELS_MAX ? levels + 2 : WEFT_KLL_LEVELS_MAX;
}

uint64_t weft_kll_room(const uint8_t *state, int k, uint64_t more)
{
    int levels = 1;
    uint64_t n = more;
    if (state != NULL) {
        const kll_head head = kll_head_of(state);
        k = head.k;
        levels = head.levels;
        n += head.n;
        if (n <= (uint64_t)k && levels == 1) levels = 0; /* no level more */
    } else if (n <= (uint64_t)k) {
        levels = 0;
    }
    const int most = levels == 0 ? 1 : levels_for(k, n, levels);
    return KLL_ITEMS + 8 * (uint64_t)kll_capacity(k, most);
}

uint64_t weft_kll_merge_room(const uint8_t *state, int k, const uint8_t *other)
{
    const kll_head from = kll_head_of(other);
    const uint64_t alone = weft_kll_room(state, k, from.n);
    if (state != NULL) k = kll_head_of(state).k;
    const int levels = from.levels == 1 ? 1 : from.levels + 2;
    const int most = levels < WEFT_KLL_LEVELS_MAX ? levels : WEFT_KLL_LEVELS_MAX;
    const uint64_t theirs = KLL_ITEMS + 8 * (uint64_t)kll_capacity(k, most);
    return alone > theirs ? alone : theirs;
}

void weft_kll_start(uint8_t *state, weft_kll_type type, int k)
{
    const kll_head head = {.k = (uint16_t)k,
                           .k_least = (uint16_t)k,
                           .type = (uint8_t)type,
                           .levels = 1,
                           .chance = 0x9e3779b97f4a7c15u};
    memcpy(state, &head, sizeof head);
    memset(state + sizeof head, 0, KLL_ITEMS - sizeof head);
    kll_set_begin(state, 0, (uint32_t)kll_capacity(k, 1));
    kll_set_begin(state, 1, (uint32_t)kll_capacity(k, 1));
}

int64_t weft_kll_n(const uint8_t *state) { return (int64_t)kll_head_of(state).n; }
int weft_kll_k(const uint8_t *state) { return kll_head_of(state).k; }

size_t weft_kll_state_bytes(const uint8_t *state)
{
    return KLL_ITEMS + 8 * (size_t)kll_begin(state, kll_head_of(state).levels);
}

bool weft_kll_state_valid(const uint8_t *state, size_t len)
{
    if (len < KLL_ITEMS) return false;
    const kll_head head = kll_head_of(state);
    if (head.type > WEFT_KLL_FLOAT || head.levels < 1 || head.levels > WEFT_KLL_LEVELS_MAX) return false;
    if (head.k < WEFT_KLL_K_MIN) return false;
    for (int level = 0; level < head.levels; level++)
        if (kll_begin(state, level) > kll_begin(state, level + 1)) return false;
    return KLL_ITEMS + 8 * (uint64_t)kll_begin(state, head.levels) <= len &&
           kll_begin(state, head.levels) == (uint64_t)kll_capacity(head.k, head.levels);
}

/* ---- order ---- */

int kll_compare(weft_kll_type type, weft_kll_value a, weft_kll_value b)
{
    if (type == WEFT_KLL_BIGINT) return (int64_t)a < (int64_t)b ? -1 : (int64_t)a > (int64_t)b;
    double x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x < y ? -1 : x > y;
}

static int compare_integers(const void *a, const void *b)
{
    return kll_compare(WEFT_KLL_BIGINT, kll_get(a), kll_get(b));
}
static int compare_reals(const void *a, const void *b)
{
    return kll_compare(WEFT_KLL_DOUBLE, kll_get(a), kll_get(b));
}

void kll_sort(weft_kll_type type, uint8_t *items, uint32_t count)
{
    if (count > 1) qsort(items, count, 8, type == WEFT_KLL_BIGINT ? compare_integers : compare_reals);
}

/* Two sorted runs into `to`, which may begin where the first one does if the room before the second one is
 * left to it (a is read no faster than `to` is written). */
static void merge_runs(weft_kll_type type, const uint8_t *a, uint32_t count_a, const uint8_t *b,
                       uint32_t count_b, uint8_t *to)
{
    const uint8_t *end_a = a + 8 * (size_t)count_a, *end_b = b + 8 * (size_t)count_b;
    for (; a < end_a || b < end_b; to += 8) {
        const bool first = b == end_b || (a < end_a && kll_compare(type, kll_get(a), kll_get(b)) < 0);
        memmove(to, first ? a : b, 8);
        a += first ? 8 : 0;
        b += first ? 0 : 8;
    }
}

/* ---- compaction ---- */

static uint32_t coin(uint64_t *chance) /* xorshift64 */
{
    *chance ^= *chance << 13;
    *chance ^= *chance >> 7;
    *chance ^= *chance << 17;
    return (uint32_t)(*chance >> 40 & 1);
}

/* Every other one of `count` sorted items, an even number: to the upper half of their places. */
static void halve_up(uint8_t *items, uint32_t count, uint64_t *chance)
{
    const uint32_t offset = coin(chance);
    for (uint32_t k = 0; k < count / 2; k++)
        memmove(items + 8 * (size_t)(count - 1 - k), items + 8 * (size_t)(count - 1 - offset - 2 * k), 8);
}

/* The same to the lower half. */
static void halve_down(uint8_t *items, uint32_t count, uint64_t *chance)
{
    const uint32_t offset = coin(chance);
    for (uint32_t k = 0; k < count / 2; k++)
        memmove(items + 8 * (size_t)k, items + 8 * (size_t)(offset + 2 * k), 8);
}

static void add_level(uint8_t *state, kll_head *head)
{
    const uint32_t before = kll_begin(state, head->levels);
    const uint32_t more = (uint32_t)kll_capacity(head->k, head->levels + 1) - before;
    memmove(kll_item(state, more), kll_item(state, 0), 8 * (size_t)before);
    for (int level = 0; level <= head->levels; level++)
        kll_set_begin(state, level, kll_begin(state, level) + more);
    head->levels++;
    kll_set_begin(state, head->levels, before + more);
}

/* The lowest level that is full gives half of its items to the one above. */
static void make_place(uint8_t *state, kll_head *head)
{
    int level = 0;
    while (level < head->levels - 1 && kll_begin(state, level + 1) - kll_begin(state, level) <
                                           kll_level_capacity(head->k, head->levels, level))
        level++;
    if (level == head->levels - 1) add_level(state, head);
    const uint32_t begin = kll_begin(state, level), end = kll_begin(state, level + 1);
    const uint32_t above = kll_begin(state, level + 2) - end, odd = (end - begin) & 1;
    const uint32_t count = end - begin - odd, half = count / 2;
    const weft_kll_type type = (weft_kll_type)head->type;
    uint8_t *items = kll_item(state, begin + odd);
    if (level == 0) kll_sort(type, items, count);
    if (above == 0) {
        halve_up(items, count, &head->chance);
    } else {
        halve_down(items, count, &head->chance);
        merge_runs(type, items, half, kll_item(state, end), above, kll_item(state, begin + odd + half));
    }
    kll_set_begin(state, level + 1, end - half);
    kll_set_begin(state, level, end - half - odd);
    if (odd != 0) memmove(kll_item(state, end - half - 1), kll_item(state, begin), 8);
    const uint32_t below = kll_begin(state, 0);
    if (level == 0) return;
    memmove(kll_item(state, below + half), kll_item(state, below), 8 * (size_t)(begin - below));
    for (int k = 0; k < level; k++) kll_set_begin(state, k, kll_begin(state, k) + half);
}

static void update(uint8_t *state, kll_head *head, weft_kll_value value)
{
    const weft_kll_type type = (weft_kll_type)head->type;
    if (type != WEFT_KLL_BIGINT && kll_compare(type, value, value) == 0) {
        double real;
        memcpy(&real, &value, sizeof real);
        if (real != real) return;
    }
    if (head->n == 0 || kll_compare(type, value, head->least) < 0) head->least = value;
    if (head->n == 0 || kll_compare(type, value, head->greatest) > 0) head->greatest = value;
    if (kll_begin(state, 0) == 0) make_place(state, head);
    head->n++;
    kll_set_begin(state, 0, kll_begin(state, 0) - 1);
    memcpy(kll_item(state, kll_begin(state, 0)), &value, 8);
}

void weft_kll_update(uint8_t *state, weft_kll_value value)
{
    kll_head head = kll_head_of(state);
    update(state, &head, value);
    memcpy(state, &head, sizeof head);
}

/* ---- merging ---- */

/* What both states hold above level 0, and this one's level 0, in a buffer of its own. */
typedef struct kll_work {
    uint8_t *items;
    int levels;
    uint32_t begin[WEFT_KLL_LEVELS_MAX + 3];
} kll_work;

static uint32_t size_of(const uint8_t *state, const kll_head *head, int level)
{
    return level >= head->levels ? 0 : kll_begin(state, level + 1) - kll_begin(state, level);
}

static void work_fill(kll_work *work, const uint8_t *a, const kll_head *head_a, const uint8_t *b,
                      const kll_head *head_b)
{
    const uint32_t zero = size_of(a, head_a, 0);
    memcpy(work->items, kll_item_at(a, kll_begin(a, 0)), 8 * (size_t)zero);
    work->begin[0] = 0;
    work->begin[1] = zero;
    for (int level = 1; level < work->levels; level++) {
        const uint32_t mine = size_of(a, head_a, level), other = size_of(b, head_b, level);
        const uint8_t *from_a = mine == 0 ? NULL : kll_item_at(a, kll_begin(a, level));
        const uint8_t *from_b = other == 0 ? NULL : kll_item_at(b, kll_begin(b, level));
        uint8_t *to = work->items + 8 * (size_t)work->begin[level];
        if (mine == 0 || other == 0)
            memcpy(to, mine == 0 ? (other == 0 ? to : from_b) : from_a, 8 * (size_t)(mine + other));
        else
            merge_runs((weft_kll_type)head_a->type, from_a, mine, from_b, other, to);
        work->begin[level + 1] = work->begin[level] + mine + other;
    }
}

/* Full levels give to those above, as long as all together have too many items; they move to the front. */
static void work_compress(kll_work *work, kll_head *head)
{
    uint32_t *begin = work->begin, out[WEFT_KLL_LEVELS_MAX + 3];
    int64_t count = begin[work->levels], target = kll_capacity(head->k, work->levels);
    out[0] = 0;
    for (int level = 0; level < work->levels; level++) {
        if (level == work->levels - 1) begin[level + 2] = begin[level + 1];
        const uint32_t size = begin[level + 1] - begin[level];
        uint8_t *items = work->items + 8 * (size_t)begin[level], *to = work->items + 8 * (size_t)out[level];
        if (count < target || size < kll_level_capacity(head->k, work->levels, level)) {
            memmove(to, items, 8 * (size_t)size);
            out[level + 1] = out[level] + size;
            continue;
        }
        const uint32_t odd = size & 1, even = size - odd, half = even / 2;
        const uint32_t above = begin[level + 2] - begin[level + 1];
        const weft_kll_type type = (weft_kll_type)head->type;
        if (odd != 0) memmove(to, items, 8);
        out[level + 1] = out[level] + odd;
        items += 8 * (size_t)odd;
        if (level == 0) kll_sort(type, items, even);
        if (above == 0) {
            halve_up(items, even, &head->chance);
        } else {
            halve_down(items, even, &head->chance);
            merge_runs(type, items, half, items + 8 * (size_t)even, above, items + 8 * (size_t)half);
        }
        count -= half;
        begin[level + 1] -= half;
        if (level == work->levels - 1 && work->levels < WEFT_KLL_LEVELS_MAX) {
            work->levels++;
            target += kll_level_capacity(head->k, work->levels, 0);
        }
    }
    memcpy(begin, out, sizeof out);
}

weft_status weft_kll_merge(weft_ctx *ctx, uint8_t *state, const uint8_t *other)
{
    weft_status st = WEFT_OK;
    kll_head head = kll_head_of(state);
    const kll_head from = kll_head_of(other);
    const uint64_t n = head.n + from.n;
    kll_work work = {0};
    if (from.n == 0) return WEFT_OK;
    weft_kll_value least = from.least, greatest = from.greatest;
    if (head.n > 0 && kll_compare((weft_kll_type)head.type, head.least, least) < 0) least = head.least;
    if (head.n > 0 && kll_compare((weft_kll_type)head.type, head.greatest, greatest) > 0)
        greatest = head.greatest;
    const size_t items = (size_t)kll_begin(state, head.levels) + kll_begin(other, from.levels) +
                         (size_t)kll_begin(other, 1) + 64;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, items * 8, (void **)&work.items));
    for (uint32_t k = kll_begin(other, 0); k < kll_begin(other, 1); k++)
        update(state, &head, kll_get(kll_item_at(other, k)));
    if (from.levels > 1) {
        work.levels = head.levels > from.levels ? head.levels : from.levels;
        work_fill(&work, state, &head, other, &from);
        work_compress(&work, &head);
        const uint32_t count = work.begin[work.levels];
        const uint32_t free = (uint32_t)kll_capacity(head.k, work.levels) - count;
        memcpy(kll_item(state, free), work.items, 8 * (size_t)count);
        for (int level = 0; level <= work.levels; level++)
            kll_set_begin(state, level, work.begin[level] + free);
        head.levels = (uint8_t)work.levels;
        if (from.k_least < head.k_least) head.k_least = from.k_least;
    }
    head.n = n;
    head.least = least;
    head.greatest = greatest;
    memcpy(state, &head, sizeof head);
done:
    weft_mem_free(work.items);
    return st;
}
