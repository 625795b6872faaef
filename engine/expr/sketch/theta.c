/* engine/expr/sketch/theta.c - see theta.h: lists, and the states that aggregates keep. */
#include "engine/expr/sketch/theta.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "engine/expr/sketch/murmur128.h"

/* ---- summaries ---- */

static double as_double(weft_theta_summary bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
static weft_theta_summary of_double(double value)
{
    weft_theta_summary bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
static weft_theta_summary of_integer(int32_t value) { return (uint64_t)(int64_t)value; }

weft_theta_summary weft_theta_first(weft_theta_kind kind, weft_theta_mode mode)
{
    if (kind == WEFT_THETA_DOUBLE) {
        return of_double(mode == WEFT_THETA_MIN   ? __builtin_inf()
                         : mode == WEFT_THETA_MAX ? -__builtin_inf()
                         : mode == WEFT_THETA_ONE ? 1.0
                                                  : 0.0);
    }
    if (kind == WEFT_THETA_PLAIN) return 0;
    return of_integer(mode == WEFT_THETA_MIN   ? INT32_MAX
                      : mode == WEFT_THETA_MAX ? INT32_MIN
                      : mode == WEFT_THETA_ONE ? 1
                                               : 0);
}

weft_theta_summary weft_theta_combine(weft_theta_kind kind, weft_theta_mode mode, weft_theta_summary a,
                                      weft_theta_summary b)
{
    if (kind == WEFT_THETA_PLAIN) return 0;
    if (mode == WEFT_THETA_ONE) return weft_theta_first(kind, mode);
    if (kind == WEFT_THETA_DOUBLE) {
        const double x = as_double(a), y = as_double(b);
        if (mode == WEFT_THETA_SUM) return of_double(x + y);
        return (mode == WEFT_THETA_MIN ? y < x : y > x) ? b : a;
    }
    const int32_t x = (int32_t)a, y = (int32_t)b;
    if (mode == WEFT_THETA_SUM) return of_integer((int32_t)((uint32_t)x + (uint32_t)y));
    return (mode == WEFT_THETA_MIN ? y < x : y > x) ? b : a;
}

/* ---- lists ---- */

double weft_theta_estimate(weft_theta_kind kind, const weft_theta_list *list)
{
    if (list->theta == WEFT_THETA_ALL) return (double)list->count;
    if (kind != WEFT_THETA_PLAIN) return (double)list->count / ((double)list->theta / (double)INT64_MAX);
    return (double)list->count * ((double)INT64_MAX / (double)list->theta);
}

static int compare_entries(const void *a, const void *b)
{
    const weft_theta_entry *x = a, *y = b;
    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

void weft_theta_sort(weft_theta_list *list, int lg)
{
    const int64_t most = (int64_t)1 << lg;
    if (list->count > 1) qsort(list->entries, (size_t)list->count, sizeof *list->entries, compare_entries);
    while (list->count > 0 && list->entries[list->count - 1].hash >= list->theta) list->count--;
    int64_t kept = 0; /* one from outside may hold a hash twice */
    for (int64_t i = 0; i < list->count; i++)
        if (kept == 0 || list->entries[i].hash != list->entries[kept - 1].hash)
            list->entries[kept++] = list->entries[i];
    list->count = kept;
    if (list->count <= most) return;
    list->theta = list->entries[most].hash;
    list->count = most;
}

void weft_theta_intersect(weft_theta_kind kind, weft_theta_mode mode, weft_theta_list *a,
                          const weft_theta_list *b)
{
    int64_t kept = 0, at = 0;
    if (a->empty || b->empty) {
        *a = (weft_theta_list){.theta = WEFT_THETA_ALL, .empty = true, .entries = a->entries};
        return;
    }
    if (b->theta < a->theta) a->theta = b->theta;
    for (int64_t i = 0; i < a->count && a->entries[i].hash < a->theta; i++) {
        while (at < b->count && b->entries[at].hash < a->entries[i].hash) at++;
        if (at == b->count) break;
        if (b->entries[at].hash != a->entries[i].hash) continue;
        weft_theta_entry both = a->entries[i];
        both.summary = weft_theta_combine(kind, mode, both.summary, b->entries[at].summary);
        a->entries[kept++] = both;
    }
    a->count = kept;
    a->empty = kept == 0 && a->theta == WEFT_THETA_ALL;
}

void weft_theta_subtract(weft_theta_list *a, const weft_theta_list *b)
{
    int64_t kept = 0, at = 0;
    if (a->empty || b->empty) return;
    if (b->theta < a->theta) a->theta = b->theta;
    for (int64_t i = 0; i < a->count && a->entries[i].hash < a->theta; i++) {
        while (at < b->count && b->entries[at].hash < a->entries[i].hash) at++;
        if (at < b->count && b->entries[at].hash == a->entries[i].hash) continue;
        a->entries[kept++] = a->entries[i];
    }
    a->count = kept;
    a->empty = kept == 0 && a->theta == WEFT_THETA_ALL;
}

/* ---- states ---- */

enum { STATE_HEAD = 24, STATE_LEAST = 16, PLACE_BYTES = 4 };

typedef struct theta_head {
    uint64_t theta;
    uint32_t count, capacity; /* entries; a power of two */
    uint8_t lg, kind, mode, seen;
    uint32_t unused;
} theta_head;
_Static_assert(sizeof(theta_head) == STATE_HEAD, "the head of a state has no holes");

static theta_head head_of(const uint8_t *state)
{
    theta_head head;
    memcpy(&head, state, sizeof head);
    return head;
}

static size_t entry_bytes(weft_theta_kind kind) { return kind == WEFT_THETA_PLAIN ? 8 : 16; }

/* Two places an entry, so that half of them are free. */
static size_t bytes_an_entry(weft_theta_kind kind) { return entry_bytes(kind) + 2 * PLACE_BYTES; }

static weft_theta_entry entry_get(const uint8_t *state, const theta_head *head, uint32_t k)
{
    weft_theta_entry entry = {0};
    const size_t bytes = entry_bytes((weft_theta_kind)head->kind);
    memcpy(&entry, state + STATE_HEAD + k * bytes, bytes);
    return entry;
}
static void entry_put(uint8_t *state, const theta_head *head, uint32_t k, weft_theta_entry entry)
{
    const size_t bytes = entry_bytes((weft_theta_kind)head->kind);
    memcpy(state + STATE_HEAD + k * bytes, &entry, bytes);
}

static uint8_t *places_of(uint8_t *state, const theta_head *head)
{
    return state + STATE_HEAD + head->capacity * entry_bytes((weft_theta_kind)head->kind);
}

/* The place of a hash, or the free one where it would be; a place holds the entry's number plus 1. */
static uint8_t *place_find(uint8_t *state, const theta_head *head, uint64_t hash, uint32_t *number)
{
    const uint32_t mask = 2 * head->capacity - 1;
    uint8_t *places = places_of(state, head);
    for (uint32_t at = (uint32_t)(hash * 0x9e3779b97f4a7c15u >> 32) & mask;; at = (at + 1) & mask) {
        uint8_t *place = places + (size_t)at * PLACE_BYTES;
        memcpy(number, place, PLACE_BYTES);
        if (*number == 0 || entry_get(state, head, *number - 1).hash == hash) return place;
    }
}

static void places_make(uint8_t *state, const theta_head *head)
{
    uint32_t number;
    memset(places_of(state, head), 0, (size_t)head->capacity * 2 * PLACE_BYTES);
    for (uint32_t k = 0; k < head->count; k++) {
        uint8_t *place = place_find(state, head, entry_get(state, head, k).hash, &number);
        number = k + 1;
        memcpy(place, &number, PLACE_BYTES);
    }
}

uint64_t weft_theta_room(const uint8_t *state, weft_theta_kind kind, int lg, uint64_t updates)
{
    const uint64_t count = (state == NULL ? 0 : head_of(state).count) + updates;
    const uint64_t most = (uint64_t)2 << lg;
    uint64_t capacity = STATE_LEAST;
    while (capacity < count && capacity < most) capacity *= 2;
    return STATE_HEAD + capacity * bytes_an_entry(kind);
}

static uint32_t capacity_of(size_t len, weft_theta_kind kind)
{
    uint64_t capacity = 1;
    while (capacity * 2 * bytes_an_entry(kind) <= len - STATE_HEAD) capacity *= 2;
    return (uint32_t)capacity;
}

void weft_theta_start(uint8_t *state, size_t len, weft_theta_kind kind, weft_theta_mode mode, int lg)
{
    const theta_head head = {.theta = WEFT_THETA_ALL,
                             .capacity = capacity_of(len, kind),
                             .lg = (uint8_t)lg,
                             .kind = (uint8_t)kind,
                             .mode = (uint8_t)mode};
    memcpy(state, &head, sizeof head);
    places_make(state, &head);
}

void weft_theta_grown(uint8_t *state, size_t len)
{
    theta_head head = head_of(state);
    head.capacity = capacity_of(len, (weft_theta_kind)head.kind);
    memcpy(state, &head, sizeof head);
    places_make(state, &head);
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

/* The state is full: the least 2^lg entries stay. */
static void state_trim(uint8_t *state, theta_head *head)
{
    const uint32_t most = (uint32_t)1 << head->lg;
    qsort(state + STATE_HEAD, head->count, entry_bytes((weft_theta_kind)head->kind), compare_hashes);
    if (head->count > most) {
        head->theta = entry_get(state, head, most).hash;
        head->count = most;
    }
    places_make(state, head);
}

static void state_take(uint8_t *state, theta_head *head, weft_theta_entry entry)
{
    uint32_t number;
    const weft_theta_kind kind = (weft_theta_kind)head->kind;
    if (entry.hash == 0 || entry.hash >= head->theta) return;
    uint8_t *place = place_find(state, head, entry.hash, &number);
    if (number != 0) {
        weft_theta_entry held = entry_get(state, head, number - 1);
        held.summary = weft_theta_combine(kind, (weft_theta_mode)head->mode, held.summary, entry.summary);
        entry_put(state, head, number - 1, held);
        return;
    }
    if (head->count == head->capacity) {
        state_trim(state, head);
        if (entry.hash >= head->theta || head->count == head->capacity) return;
        place = place_find(state, head, entry.hash, &number);
    }
    entry_put(state, head, head->count, entry);
    number = ++head->count;
    memcpy(place, &number, PLACE_BYTES);
}

void weft_theta_update(uint8_t *state, const void *value, size_t len, weft_theta_summary summary)
{
    theta_head head = head_of(state);
    uint64_t hash[2];
    const weft_theta_kind kind = (weft_theta_kind)head.kind;
    const weft_theta_mode mode = (weft_theta_mode)head.mode;
    weft_murmur128(value, len, WEFT_SKETCH_SEED, hash);
    head.seen = 1;
    const weft_theta_summary first = weft_theta_first(kind, mode);
    const weft_theta_entry entry = {hash[0] >> 1, weft_theta_combine(kind, mode, first, summary)};
    state_take(state, &head, entry);
    memcpy(state, &head, sizeof head);
}

void weft_theta_union(uint8_t *state, const weft_theta_list *list)
{
    theta_head head = head_of(state);
    if (list->empty) return;
    head.seen = 1;
    for (int64_t k = 0; k < list->count; k++) state_take(state, &head, list->entries[k]);
    if (list->theta < head.theta) { /* entries above it may not stay, and make room */
        uint32_t kept = 0;
        head.theta = list->theta;
        for (uint32_t k = 0; k < head.count; k++) {
            const weft_theta_entry entry = entry_get(state, &head, k);
            if (entry.hash < head.theta) entry_put(state, &head, kept++, entry);
        }
        head.count = kept;
        places_make(state, &head);
    }
    memcpy(state, &head, sizeof head);
}

weft_status weft_theta_list_of(weft_ctx *ctx, const uint8_t *state, size_t len, weft_theta_list *out)
{
    weft_status st = WEFT_OK;
    const theta_head head = len < STATE_HEAD ? (theta_head){.kind = UINT8_MAX} : head_of(state);
    *out = (weft_theta_list){.theta = head.theta, .empty = head.seen == 0, .count = head.count};
    if (head.kind > WEFT_THETA_INTEGER || head.count > head.capacity ||
        head.capacity > (len - STATE_HEAD) / bytes_an_entry((weft_theta_kind)head.kind))
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of a theta or tuple sketch");
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, ((size_t)head.count + 1) * sizeof *out->entries,
                                (void **)&out->entries));
    for (uint32_t k = 0; k < head.count; k++) out->entries[k] = entry_get(state, &head, k);
done:
    return st;
}
