/* engine/expr/sketch/items.c - see items.h. A slot is the item's count (i64), its place in the heap and its
 * length (u32 each), its hash (i32), and how far it is from where its hash sends it, plus 1 (u16; 0: free).
 */
#include "engine/expr/sketch/items.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

enum {
    ITEMS_LG_LEAST = 3,
    ITEMS_SAMPLE = 1024 /* counts of which the median is taken */
};

typedef struct items_head {
    uint64_t offset, weight, nulls;
    uint32_t active, heap; /* items; bytes of the heap in use */
    uint8_t lg, lg_most;   /* of the slots */
    uint8_t unused[6];
} items_head;
_Static_assert(sizeof(items_head) == 40, "the head of a state has no holes");

typedef struct items_slot {
    int64_t count;
    uint32_t at, len;
    int32_t hash;
    uint16_t drift, unused;
} items_slot;
_Static_assert(sizeof(items_slot) == 24, "a slot has no holes");

static items_head head_of(const uint8_t *state)
{
    items_head head;
    memcpy(&head, state, sizeof head);
    return head;
}
static uint8_t *slot_at(uint8_t *state, size_t len, int lg, uint32_t k)
{
    return state + len - (((size_t)1 << lg) - k) * sizeof(items_slot);
}
static items_slot slot_get(const uint8_t *state, size_t len, int lg, uint32_t k)
{
    items_slot slot;
    memcpy(&slot, state + len - (((size_t)1 << lg) - k) * sizeof(items_slot), sizeof slot);
    return slot;
}
static void slot_put(uint8_t *state, size_t len, int lg, uint32_t k, items_slot slot)
{
    memcpy(slot_at(state, len, lg, k), &slot, sizeof slot);
}

static uint32_t load_most(int lg) { return (uint32_t)(((uint64_t)3 << lg) / 4); }

/* ---- sizes ---- */

uint64_t weft_items_room(const uint8_t *state, int lg, uint64_t more, uint64_t bytes)
{
    items_head head = {.lg = ITEMS_LG_LEAST, .lg_most = (uint8_t)lg};
    if (state != NULL) head = head_of(state);
    int final = head.lg;
    while (final < head.lg_most && head.active + more > load_most(final)) final++;
    const uint64_t table = ((uint64_t)1 << final) * sizeof(items_slot);
    return sizeof head + head.heap + bytes + table + (final > head.lg ? table / 2 : 0);
}

void weft_items_start(uint8_t *state, size_t len, int lg)
{
    const items_head head = {.lg = ITEMS_LG_LEAST,
                             .lg_most = (uint8_t)(lg < ITEMS_LG_LEAST ? ITEMS_LG_LEAST : lg)};
    memset(state, 0, len);
    memcpy(state, &head, sizeof head);
}

void weft_items_grown(uint8_t *state, size_t old_len, size_t len)
{
    const size_t table = ((size_t)1 << head_of(state).lg) * sizeof(items_slot);
    memmove(state + len - table, state + old_len - table, table);
}

bool weft_items_valid(const uint8_t *state, size_t len)
{
    if (len < sizeof(items_head)) return false;
    const items_head head = head_of(state);
    if (head.lg < ITEMS_LG_LEAST || head.lg > head.lg_most || head.lg_most > 26) return false;
    const size_t table = ((size_t)1 << head.lg) * sizeof(items_slot);
    if (sizeof head + (size_t)head.heap + table > len || head.active > load_most(head.lg) + 1) return false;
    uint32_t active = 0;
    for (uint32_t k = 0; k < (uint32_t)1 << head.lg; k++) {
        const items_slot slot = slot_get(state, len, head.lg, k);
        if (slot.drift == 0) continue;
        active++;
        if ((uint64_t)slot.at + slot.len > head.heap) return false;
    }
    return active == head.active;
}

/* ---- the table ---- */

static uint64_t scramble(int64_t key) /* MurmurHash3's finish */
{
    uint64_t k = (uint64_t)key;
    k = (k ^ k >> 33) * 0xff51afd7ed558ccdu;
    k = (k ^ k >> 33) * 0xc4ceb9fe1a85ec53u;
    return k ^ k >> 33;
}

/* The slot of an item, or the free one where it goes; *drift is what it would say there. */
static uint32_t find_slot(const uint8_t *state, size_t len, int lg, const void *item, uint32_t item_len,
                          int32_t hash, uint16_t *drift)
{
    const uint32_t mask = ((uint32_t)1 << lg) - 1;
    uint32_t at = (uint32_t)scramble(hash) & mask;
    for (*drift = 1;; at = (at + 1) & mask, (*drift)++) {
        const items_slot slot = slot_get(state, len, lg, at);
        if (slot.drift == 0) return at;
        if (slot.hash == hash && slot.len == item_len &&
            memcmp(state + sizeof(items_head) + slot.at, item, item_len) == 0)
            return at;
    }
}

static void table_double(uint8_t *state, size_t len, items_head *head)
{
    const uint32_t old = (uint32_t)1 << head->lg;
    const size_t table = 2 * (size_t)old * sizeof(items_slot), bytes = old * sizeof(items_slot);
    uint8_t *aside = state + len - table - bytes; /* there is room for half of the table before it */
    memmove(aside, slot_at(state, len, head->lg, 0), bytes);
    head->lg++;
    memset(slot_at(state, len, head->lg, 0), 0, table);
    for (uint32_t k = 0; k < old; k++) {
        items_slot slot;
        memcpy(&slot, aside + k * sizeof slot, sizeof slot);
        if (slot.drift == 0) continue;
        const void *item = state + sizeof *head + slot.at;
        const uint32_t to = find_slot(state, len, head->lg, item, slot.len, slot.hash, &slot.drift);
        slot_put(state, len, head->lg, to, slot);
    }
}

/* The slots behind a freed one move up, where that brings them nearer to their own. */
static void delete_slot(uint8_t *state, size_t len, int lg, uint32_t deleted)
{
    const uint32_t mask = ((uint32_t)1 << lg) - 1;
    uint32_t drift = 1, probe = (deleted + 1) & mask;
    items_slot slot = slot_get(state, len, lg, deleted);
    slot.drift = 0;
    slot_put(state, len, lg, deleted, slot);
    for (;; probe = (probe + 1) & mask, drift++) {
        slot = slot_get(state, len, lg, probe);
        if (slot.drift == 0) return;
        if (slot.drift <= drift) continue;
        slot.drift = (uint16_t)(slot.drift - drift);
        slot_put(state, len, lg, deleted, slot);
        slot.drift = 0;
        slot_put(state, len, lg, probe, slot);
        drift = 0;
        deleted = probe;
    }
}

static int compare_counts(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void drop_if_spent(uint8_t *state, size_t len, items_head *head, uint32_t k)
{
    const items_slot slot = slot_get(state, len, head->lg, k);
    if (slot.drift == 0 || slot.count > 0) return;
    delete_slot(state, len, head->lg, k);
    head->active--;
}

/* Take the median of the first counts off all of them; what is not positive then goes. */
static void purge(uint8_t *state, size_t len, items_head *head)
{
    int64_t samples[ITEMS_SAMPLE];
    const uint32_t slots = (uint32_t)1 << head->lg;
    uint32_t limit = head->active < ITEMS_SAMPLE ? head->active : ITEMS_SAMPLE, taken = 0, first = slots - 1;
    if (limit > load_most(head->lg_most)) limit = load_most(head->lg_most);
    for (uint32_t k = 0; taken < limit; k++) {
        const items_slot slot = slot_get(state, len, head->lg, k);
        if (slot.drift > 0) samples[taken++] = slot.count;
    }
    qsort(samples, taken, sizeof *samples, compare_counts);
    const int64_t median = samples[limit / 2];
    for (uint32_t k = 0; k < slots; k++) {
        items_slot slot = slot_get(state, len, head->lg, k);
        slot.count = (int64_t)((uint64_t)slot.count - (uint64_t)median);
        slot_put(state, len, head->lg, k, slot);
    }
    while (slot_get(state, len, head->lg, first).drift > 0) first--;
    for (uint32_t k = first; k-- > 0;) drop_if_spent(state, len, head, k);
    for (uint32_t k = slots; k-- > first;) drop_if_spent(state, len, head, k);
    head->offset += (uint64_t)median;
}

void weft_items_update(uint8_t *state, size_t len, const void *item, uint32_t item_len, int32_t hash,
                       int64_t count)
{
    items_head head = head_of(state);
    uint16_t drift = 1;
    const uint32_t at = find_slot(state, len, head.lg, item, item_len, hash, &drift);
    items_slot slot = slot_get(state, len, head.lg, at);
    head.weight += (uint64_t)count;
    if (slot.drift == 0) {
        slot = (items_slot){.at = head.heap, .len = item_len, .hash = hash, .drift = drift};
        memcpy(state + sizeof head + head.heap, item, item_len);
        head.heap += item_len;
        head.active++;
    }
    slot.count = (int64_t)((uint64_t)slot.count + (uint64_t)count); /* counts from outside may wrap round */
    slot_put(state, len, head.lg, at, slot);
    if (head.active > load_most(head.lg)) {
        if (head.lg < head.lg_most)
            table_double(state, len, &head);
        else
            purge(state, len, &head);
    }
    memcpy(state, &head, sizeof head);
}

weft_status weft_items_shrink(weft_ctx *ctx, uint8_t *state, size_t len)
{
    weft_status st = WEFT_OK;
    items_head head = head_of(state);
    uint8_t *copy = NULL;
    uint32_t used = 0;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)head.heap + 1, (void **)&copy));
    for (uint32_t k = 0; k < (uint32_t)1 << head.lg; k++) {
        items_slot slot = slot_get(state, len, head.lg, k);
        if (slot.drift == 0) continue;
        memcpy(copy + used, state + sizeof head + slot.at, slot.len);
        slot.at = used;
        used += slot.len;
        slot_put(state, len, head.lg, k, slot);
    }
    memcpy(state + sizeof head, copy, used);
    head.heap = used;
    memcpy(state, &head, sizeof head);
done:
    weft_mem_free(copy);
    return st;
}

/* ---- lists ---- */

int64_t weft_items_offset(const uint8_t *state) { return (int64_t)head_of(state).offset; }
int64_t weft_items_weight(const uint8_t *state) { return (int64_t)head_of(state).weight; }
int64_t weft_items_nulls(const uint8_t *state) { return (int64_t)head_of(state).nulls; }
int weft_items_lg_most(const uint8_t *state) { return head_of(state).lg_most; }
int weft_items_lg(const uint8_t *state) { return head_of(state).lg; }
int64_t weft_items_count(const uint8_t *state) { return head_of(state).active; }

void weft_items_settle(uint8_t *state, int64_t weight, int64_t offset, int64_t nulls)
{
    items_head head = head_of(state);
    head.weight = (uint64_t)weight;
    head.offset = (uint64_t)offset;
    head.nulls = (uint64_t)nulls;
    memcpy(state, &head, sizeof head);
}

void weft_items_limit(uint8_t *state, int lg)
{
    items_head head = head_of(state);
    head.lg_most = (uint8_t)(lg < ITEMS_LG_LEAST ? ITEMS_LG_LEAST : lg);
    memcpy(state, &head, sizeof head);
}

void weft_items_add_nulls(uint8_t *state, int64_t count)
{
    items_head head = head_of(state);
    head.nulls += (uint64_t)count;
    memcpy(state, &head, sizeof head);
}

void weft_items_list(const uint8_t *state, size_t len, bool by_slot, weft_item *out)
{
    const items_head head = head_of(state);
    const uint32_t slots = (uint32_t)1 << head.lg;
    /* the iterator of DataSketches goes by the golden ratio */
    const uint32_t stride = by_slot ? 1 : (uint32_t)((double)slots * 0.6180339887498949) | 1;
    uint32_t at = 0;
    for (uint32_t k = 0; k < slots; k++, at = (at + stride) & (slots - 1)) {
        const items_slot slot = slot_get(state, len, head.lg, at);
        if (slot.drift > 0)
            *out++ = (weft_item){state + sizeof head + slot.at, slot.len, slot.hash, slot.count};
    }
}

weft_status weft_items_merge(weft_ctx *ctx, uint8_t *state, size_t len, const uint8_t *other,
                             size_t other_len)
{
    weft_status st = WEFT_OK;
    const items_head from = head_of(other), into = head_of(state);
    weft_item *list = NULL;
    uint8_t *again = NULL;
    weft_items_add_nulls(state, (int64_t)from.nulls);
    if (from.active == 0) return WEFT_OK;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, from.active * sizeof *list, (void **)&list));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, other_len, (void **)&again));
    items_head fresh = {.lg = from.lg, .lg_most = from.lg_most}; /* read again, in the order of slots */
    memcpy(again, &fresh, sizeof fresh);
    weft_items_list(other, other_len, true, list);
    for (uint32_t k = 0; k < from.active; k++)
        weft_items_update(again, other_len, list[k].bytes, list[k].len, list[k].hash, list[k].count);
    weft_items_list(again, other_len, false, list);
    const uint32_t count = head_of(again).active;
    for (uint32_t k = 0; k < count; k++)
        weft_items_update(state, len, list[k].bytes, list[k].len, list[k].hash, list[k].count);
    items_head head = head_of(state);
    head.offset += from.offset;
    head.weight = into.weight + from.weight;
    memcpy(state, &head, sizeof head);
done:
    weft_mem_free(list);
    weft_mem_free(again);
    return st;
}
