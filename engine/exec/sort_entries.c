/* engine/exec/sort_entries.c - sorting entries of 24 bytes, stably.
 *
 * Few entries: insertion sort. More: radix sort of the prefix, least significant byte first, leaving out the
 * bytes that all entries share (found by one pass that counts all bytes at once). Radix costs no comparison
 * and no mispredicted branch; every pass reads and writes in streams.
 *
 * Where prefixes do not tell all, each run of equal ones is sorted further. The keys that its rows share for
 * certain are left out, and the run is sorted by prefixes of the others, in the same way: PARTITION BY a text
 * ORDER BY a number has a few long runs, of which a second prefix is the whole number. A short run, and one
 * whose first key is a text that goes on behind the prefix, is merge-sorted by comparing rows, each of which
 * waits for two places of memory. */
#include "engine/exec/sort_keys.h"

enum {
    INSERTION_MOST = 24,    /* below, moving beats counting */
    RADIX_LEAST = 256,      /* below, clearing the counters costs more than merging */
    DEEPER_LEAST = 64,      /* below, comparing rows costs less than making prefixes */
    CHECK_RUNS = 1 << 12,   /* a cancelled statement is noticed within so many short runs, */
    CHECK_ENTRIES = 1 << 17 /* … or entries moved: a few milliseconds */
};

static void insertion_sort(const weft_sort_plan *plan, weft_sort_entry *entries, int64_t count)
{
    for (int64_t i = 1; i < count; i++) {
        const weft_sort_entry entry = entries[i];
        int64_t at = i;
        for (; at > 0 && weft_sort_compare(plan, &entry, &entries[at - 1]) < 0; at--)
            entries[at] = entries[at - 1];
        entries[at] = entry;
    }
}

static weft_status merge_sort(weft_ctx *ctx, const weft_sort_plan *plan, weft_sort_entry *entries,
                              weft_sort_entry *spare, int64_t count)
{
    weft_status st = WEFT_OK;
    for (int64_t first = 0; first < count; first += INSERTION_MOST) {
        if (first % (INSERTION_MOST * CHECK_RUNS) == 0) WEFT_TRY(st, weft_check_cancel(ctx));
        insertion_sort(plan, entries + first, weft_min_i64(count - first, INSERTION_MOST));
    }
    weft_sort_entry *from = entries, *to = spare;
    for (int64_t width = INSERTION_MOST; width < count; width *= 2) {
        for (int64_t first = 0; first < count; first += 2 * width) {
            int64_t a = first, b = weft_min_i64(first + width, count), at = first;
            const int64_t a_end = b, b_end = weft_min_i64(b + width, count);
            while (a < a_end && b < b_end) {
                if (at % CHECK_ENTRIES == 0) WEFT_TRY(st, weft_check_cancel(ctx));
                to[at++] = weft_sort_compare(plan, &from[b], &from[a]) < 0 ? from[b++] : from[a++];
            }
            while (a < a_end) to[at++] = from[a++];
            while (b < b_end) to[at++] = from[b++];
        }
        weft_sort_entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != entries) memcpy(entries, from, (size_t)count * sizeof(*entries));
done:
    return st;
}

static inline uint32_t prefix_byte(const weft_sort_entry *entry, int32_t byte) /* 0: least significant */
{
    return (uint32_t)((byte < 8 ? entry->prefix.low : entry->prefix.high) >> (8 * (byte & 7))) & 0xff;
}

/* *sorted: the array that holds the result. */
static weft_status radix_sort(weft_ctx *ctx, weft_sort_entry *entries, weft_sort_entry *spare, int64_t count,
                              const weft_sort_entry **sorted)
{
    weft_status st = WEFT_OK;
    int64_t counts[16][256];
    memset(counts, 0, sizeof(counts));
    for (int64_t i = 0; i < count; i++) {
        const uint64_t low = entries[i].prefix.low, high = entries[i].prefix.high;
        for (int32_t b = 0; b < 8; b++) {
            counts[b][(low >> (8 * b)) & 0xff]++;
            counts[8 + b][(high >> (8 * b)) & 0xff]++;
        }
    }
    for (int32_t byte = 0; byte < 16; byte++) {
        int64_t *starts = counts[byte];
        if (starts[prefix_byte(&entries[0], byte)] == count) continue; /* all the same */
        for (int64_t b = 0, at = 0; b < 256; b++) {
            const int64_t some = starts[b];
            starts[b] = at;
            at += some;
        }
        for (int64_t i = 0; i < count;) {
            const int64_t end = weft_min_i64(count, i + CHECK_ENTRIES);
            for (; i < end; i++) spare[starts[prefix_byte(&entries[i], byte)]++] = entries[i];
            WEFT_TRY(st, weft_check_cancel(ctx));
        }
        weft_sort_entry *swap = entries;
        entries = spare;
        spare = swap;
    }
    *sorted = entries;
done:
    return st;
}

/* Entries whose rows have equal prefixes, by the keys behind those that they share. */
static weft_status sort_deeper(weft_ctx *ctx, const weft_sort_plan *plan, weft_sort_entry *entries,
                               weft_sort_entry *spare, int64_t count)
{
    weft_status st = WEFT_OK;
    const weft_sort_prefix shared = entries[0].prefix;
    weft_sort_plan rest;
    const int32_t keys = count < DEEPER_LEAST ? 0 : weft_sort_shared_keys(plan, entries, count);
    if (keys == 0) return merge_sort(ctx, plan, entries, spare, count);
    if (keys == plan->key_count) return WEFT_OK;
    weft_sort_plan_init(&rest, plan->layout, plan->keys + keys, plan->key_count - keys);
    for (int64_t first = 0; first < count; first += WEFT_SORT_ROWS_CHUNK) {
        const int32_t some = (int32_t)weft_min_i64(count - first, WEFT_SORT_ROWS_CHUNK);
        const uint8_t *rows[WEFT_SORT_ROWS_CHUNK];
        weft_sort_prefix prefixes[WEFT_SORT_ROWS_CHUNK];
        for (int32_t i = 0; i < some; i++) rows[i] = entries[first + i].row;
        weft_sort_prefixes_of_rows(&rest, rows, some, prefixes);
        for (int32_t i = 0; i < some; i++) entries[first + i].prefix = prefixes[i];
    }
    WEFT_TRY(st, weft_sort_entries(ctx, &rest, entries, spare, count));
    for (int64_t i = 0; i < count; i++) entries[i].prefix = shared;
done:
    return st;
}

weft_status weft_sort_entries(weft_ctx *ctx, const weft_sort_plan *plan, weft_sort_entry *entries,
                              weft_sort_entry *spare, int64_t count)
{
    weft_status st = WEFT_OK;
    const weft_sort_entry *sorted = NULL;
    if (count < RADIX_LEAST) return merge_sort(ctx, plan, entries, spare, count);
    WEFT_TRY(st, radix_sort(ctx, entries, spare, count, &sorted));
    if (sorted != entries) memcpy(entries, sorted, (size_t)count * sizeof(*entries));
    if (plan->exact) goto done;
    for (int64_t first = 0, i = 1; i <= count; i++) {
        if (i < count && weft_sort_compare_prefix(entries[i].prefix, entries[first].prefix) == 0) continue;
        if (i - first > 1) WEFT_TRY(st, sort_deeper(ctx, plan, entries + first, spare, i - first));
        first = i;
    }
done:
    return st;
}
