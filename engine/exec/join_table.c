/* engine/exec/join_table.c - the shared pointer table over the build rows of a join.
 *
 * All rows of the table's partitions are numbered from 0; `rows` holds their addresses. A lookup gives a
 * candidate, index + 1 of the first row of a chain; `next` links the rows of one chain in build order.
 *   direct: head[key - low], for one integer key. Exact.
 *   hashed: linear probing over 64-bit slots (32 bits of hash, 32 of candidate) in a region of its own for
 * each partition. A chain holds the rows of one full hash, so the caller compares keys. The units are the
 * partitions: equal keys lie in one partition, so no two units write the same chain or slot region, and in a
 * direct table no two units write the same entry.
 *
 * Memory: 8 bytes a row, 4 for `next`, and 4 a value of the key range or 16 to 32 a row for slots, all
 * RETAINED. */
#include "engine/exec/join_table.h"

#include <string.h>

#include "engine/columnar/slots.h"
#include "engine/exec/hash.h"
#include "engine/exec/reader_queue.h"

enum {
    DIRECT_RANGE_PER_ROW = 8,     /* a direct table up to 32 bytes a row: as much as the slots it replaces */
    DIRECT_RANGE_SMALL = 1 << 16, /* and always when it fits the second-level cache */
    BUILD_CHECK_ROWS = 1 << 16,   /* entered between two looks at the cancel flag */
    BUILD_AHEAD = 16,             /* rows whose place in the table is asked for before it is needed */
    ROWS_AHEAD = 32               /* the same of addresses of rows */
};

/* What one unit builds. */
typedef struct table_part {
    int32_t partition;
    int64_t first; /* index of its first row */
    int64_t rows;
    int64_t skip;    /* rows of the partition before them */
    uint64_t *slots; /* hashed: its region */
    uint64_t slot_mask;
    weft_row_set loaded; /* pages read back from scratch */
    bool has_null, chained, pinned;
} table_part;

struct weft_join_table {
    const weft_input *input;
    const weft_row_layout *layout;
    const int32_t *keys;
    int32_t key_count;
    const bool *null_equal;
    int32_t partition_begin, part_count, shift;
    weft_mem_kind kind;
    table_part *parts;
    int64_t rows;           /* in the table */
    int64_t first_number;   /* number of row 0: rows of earlier partitions */
    const int64_t *numbers; /* [rows], or NULL */
    int64_t input_rows;
    const uint8_t **row; /* [rows] */
    uint32_t *next;      /* [rows] */
    uint64_t *slots;
    uint32_t *heads; /* direct: [range] */
    int64_t low;
    uint64_t range;
    bool direct, on_heap;
};

/* ---- opening ---- */

static int64_t input_rows(const weft_input *input, int32_t partition)
{
    int64_t rows = 0;
    for (int32_t b = 0; b < input->block_count; b++) rows += weft_block_rows(input->blocks[b], partition);
    return rows;
}

static bool integer_key(const weft_row_layout *layout, int32_t column)
{
    const weft_type type = layout->types[column];
    return weft_type_is_integral(type) || type.id == WEFT_TYPE_DATE ||
           (type.id == WEFT_TYPE_DECIMAL && layout->phys[column] == WEFT_PHYS_I64);
}

/* Low and high of the first key over all blocks; false when some block did not track it. */
static bool input_range(const weft_input *input, int64_t *low, int64_t *high)
{
    *low = INT64_MAX;
    *high = INT64_MIN;
    for (int32_t b = 0; b < input->block_count; b++) {
        weft_key_range range = {0};
        if (!weft_block_key_range(input->blocks[b], 0, &range) || !range.has) return false;
        if (range.low > range.high) continue;
        *low = weft_min_i64(*low, range.low);
        *high = weft_max_i64(*high, range.high);
    }
    return true;
}

static void choose_direct(weft_join_table *t)
{
    int64_t low, high;
    if (t->key_count != 1 || t->keys[0] != 0 || (t->null_equal != NULL && t->null_equal[0]) ||
        !integer_key(t->layout, 0) || !input_range(t->input, &low, &high))
        return;
    const uint64_t range = low > high ? 1 : (uint64_t)high - (uint64_t)low + 1;
    const uint64_t most = (uint64_t)t->rows * DIRECT_RANGE_PER_ROW;
    if (range == 0 || (range > DIRECT_RANGE_SMALL && range > most)) return;
    t->direct = true;
    t->low = low > high ? 0 : low;
    t->range = range;
}

static uint64_t part_slots(int64_t rows) { return weft_pow2_ceil((uint64_t)rows * 3 / 2 + 1); }

static weft_status open_memory(weft_ctx *ctx, weft_join_table *t)
{
    weft_status st = WEFT_OK;
    const size_t rows = (size_t)weft_max_i64(t->rows, 1);
    WEFT_TRY(st, weft_mem_alloc(ctx, t->kind, rows * sizeof(*t->row), (void **)&t->row));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, t->kind, rows * sizeof(*t->next), (void **)&t->next));
    if (t->direct) {
        WEFT_TRY(st,
                 weft_mem_alloc_zero(ctx, t->kind, (size_t)t->range * sizeof(*t->heads), (void **)&t->heads));
        goto done;
    }
    uint64_t total = 0;
    for (int32_t i = 0; i < t->part_count; i++) total += part_slots(t->parts[i].rows);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, t->kind, (size_t)total * sizeof(*t->slots), (void **)&t->slots));
    total = 0;
    for (int32_t i = 0; i < t->part_count; i++) {
        t->parts[i].slots = t->slots + total;
        t->parts[i].slot_mask = part_slots(t->parts[i].rows) - 1;
        total += t->parts[i].slot_mask + 1;
    }
done:
    return st;
}

weft_status weft_join_table_open(weft_ctx *ctx, const weft_input *input, int32_t partition_begin,
                                 int32_t partition_end, const int32_t *keys, int32_t key_count,
                                 const bool *null_equal, weft_join_table **out, int32_t *units)
{
    weft_status st = WEFT_OK;
    weft_join_table *t = NULL;
    const int32_t partitions = weft_block_partitions(input->blocks[0]);

    *out = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &t));
    t->input = input;
    t->layout = weft_block_layout(input->blocks[0]);
    t->keys = keys;
    t->key_count = key_count;
    t->null_equal = null_equal;
    t->kind = WEFT_MEM_RETAINED;
    t->partition_begin = partition_begin;
    t->part_count = partition_end - partition_begin;
    t->shift = weft_partition_shift(partitions);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, t->part_count, &t->parts));
    for (int32_t p = 0; p < partitions; p++) {
        const int64_t rows = input_rows(input, p);
        t->input_rows += rows;
        if (p < partition_begin) t->first_number += rows;
        if (p < partition_begin || p >= partition_end) continue;
        t->parts[p - partition_begin] = (table_part){.partition = p, .first = t->rows, .rows = rows};
        t->rows += rows;
    }
    if (t->rows >= UINT32_MAX)
        WEFT_TRY(st, weft_fail(ctx, WEFT_LIMIT,
                               "the build side of a join has %lld rows in one table; at most 2^32 - 2",
                               (long long)t->rows));
    choose_direct(t);
    WEFT_TRY(st, open_memory(ctx, t));
    *units = t->part_count;
    *out = t;
    t = NULL;
done:
    weft_join_table_close(&t);
    return st;
}

weft_status weft_join_table_open_piece(weft_ctx *ctx, const weft_input *input, int32_t partition,
                                       int64_t first_row, int64_t rows, const int32_t *keys,
                                       int32_t key_count, const bool *null_equal, weft_mem_kind kind,
                                       weft_join_table **out)
{
    weft_status st = WEFT_OK;
    weft_join_table *t = NULL;
    *out = NULL;
    assert(rows < UINT32_MAX);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*t) + sizeof(*t->parts), (void **)&t));
    t->on_heap = true;
    t->input = input;
    t->layout = weft_block_layout(input->blocks[0]);
    t->keys = keys;
    t->key_count = key_count;
    t->null_equal = null_equal;
    t->kind = kind;
    t->parts = (table_part *)(void *)(t + 1);
    t->part_count = 1; /* of partition 0, as far as a lookup can tell: shift is 0 */
    *t->parts = (table_part){.partition = partition, .rows = rows, .skip = first_row};
    t->rows = rows;
    for (int32_t p = 0; p < weft_block_partitions(input->blocks[0]); p++) {
        const int64_t some = input_rows(input, p);
        t->input_rows += some;
        if (p < partition) t->first_number += some;
    }
    t->first_number += first_row;
    choose_direct(t);
    WEFT_TRY(st, open_memory(ctx, t));
    WEFT_TRY(st, weft_join_table_unit(ctx, t, 0));
    *out = t;
    t = NULL;
done:
    weft_join_table_close(&t);
    return st;
}

/* The pages that the table points to stay in memory as long as it does. */
static void part_pin(const weft_join_table *t, table_part *part, bool pin)
{
    if (part->pinned == pin) return;
    part->pinned = pin;
    for (int32_t b = 0; b < t->input->block_count; b++) {
        if (pin)
            weft_block_pin(t->input->blocks[b], part->partition);
        else
            weft_block_unpin(t->input->blocks[b], part->partition);
    }
}

void weft_join_table_close(weft_join_table **table)
{
    weft_join_table *t = *table;
    *table = NULL;
    if (t == NULL) return;
    for (int32_t i = 0; i < t->part_count && t->parts != NULL; i++) {
        part_pin(t, &t->parts[i], false);
        weft_rows_clear(&t->parts[i].loaded);
    }
    weft_mem_free(t->row);
    weft_mem_free(t->next);
    weft_mem_free(t->slots);
    weft_mem_free(t->heads);
    if (t->on_heap) weft_mem_free(t);
}

/* ---- building ---- */

/* A page that lives as long as the table: itself, or a copy when it was read from scratch. */
static weft_status hold_page(weft_ctx *ctx, weft_join_table *t, table_part *part, const weft_row_page *page,
                             bool stable, const weft_row_page **out)
{
    weft_status st = WEFT_OK;
    weft_row_page *copy = NULL;
    *out = page;
    if (stable) return WEFT_OK;
    WEFT_TRY(st, weft_mem_alloc(ctx, t->kind, page->bytes, (void **)&copy));
    memcpy(copy, page, page->bytes);
    copy->next = NULL;
    weft_row_page_rebase(t->layout, copy);
    weft_rows_add_page(&part->loaded, copy);
    *out = copy;
done:
    return st;
}

static weft_status collect_rows(weft_ctx *ctx, weft_join_table *t, table_part *part)
{
    weft_status st = WEFT_OK;
    weft_block_reader *reader = NULL;
    int64_t at = part->first, skip = part->skip;
    const int64_t end = part->first + part->rows;
    weft_reader_queue queue;

    weft_reader_queue_init(&queue, t->input, part->partition, part->partition + 1, false);
    part_pin(t, part, true);
    for (int32_t b = 0; b < t->input->block_count && at < end; b++) {
        const int64_t rows = weft_block_rows(t->input->blocks[b], part->partition);
        if (rows <= skip) {
            skip -= rows;
            continue;
        }
        WEFT_TRY(st, weft_reader_queue_open(ctx, &queue, b, part->partition, &reader));
        weft_block_reader_skip(reader, &skip);
        while (at < end) {
            const weft_row_page *page = NULL;
            bool stable = false;
            WEFT_TRY(st, weft_check_cancel(ctx));
            WEFT_TRY(st, weft_block_reader_next(ctx, reader, &page, &stable));
            if (page == NULL) break;
            WEFT_TRY(st, hold_page(ctx, t, part, page, stable, &page));
            const uint8_t *row = weft_row_page_rows(page) + (size_t)skip * (size_t)t->layout->row_bytes;
            const int64_t some = weft_min_i64(page->rows - skip, end - at);
            for (int64_t i = 0; i < some; i++, row += t->layout->row_bytes) t->row[at++] = row;
            skip = 0;
        }
        weft_block_reader_close(&reader);
    }
    assert(at == end);
done:
    weft_block_reader_close(&reader);
    weft_reader_queue_close(&queue);
    return st;
}

static bool row_has_null_key(const weft_join_table *t, const uint8_t *row)
{
    for (int32_t k = 0; k < t->key_count; k++)
        if (weft_row_is_null(row, t->keys[k]) && (t->null_equal == NULL || !t->null_equal[k])) return true;
    return false;
}

static int64_t row_integer(const weft_join_table *t, const uint8_t *row)
{
    const uint8_t *at = row + t->layout->offsets[0];
    const weft_phys phys = (weft_phys)t->layout->phys[0];
    if (phys == WEFT_PHYS_I64) return *(const int64_t *)(const void *)at;
    if (phys == WEFT_PHYS_I32) return *(const int32_t *)(const void *)at;
    if (phys == WEFT_PHYS_I16) return *(const int16_t *)(const void *)at;
    return *(const int8_t *)at;
}

/* Where the key of a row lies in the table; not below range where it is not in it. */
static uint64_t row_place(const weft_join_table *t, const uint8_t *row)
{
    return (uint64_t)row_integer(t, row) - (uint64_t)t->low;
}

/* Rows [begin, end), from the last to the first, so that chains come out in build order. A key that is not in
 * the range its block tells comes from a peer that is wrong. next[] is zero at first, and is written only
 * where there is a next row: of unique keys none of it is touched. */
static weft_status build_direct(weft_ctx *ctx, weft_join_table *t, table_part *part, int64_t begin,
                                int64_t end)
{
    for (int64_t i = end - 1; i >= begin; i--) {
        const uint8_t *row = t->row[i];
        if (i - BUILD_AHEAD >= begin) { /* of a NULL, any place: nobody reads it */
            const uint64_t ahead = row_place(t, t->row[i - BUILD_AHEAD]);
            __builtin_prefetch(&t->heads[ahead < t->range ? ahead : 0], 1);
        }
        if (row_has_null_key(t, row)) {
            part->has_null = true;
            continue;
        }
        const uint64_t key = row_place(t, row);
        if (WEFT_UNLIKELY(key >= t->range))
            return weft_fail(ctx, WEFT_CORRUPT,
                             "a key of a build row is not in the range that its block tells");
        uint32_t *head = &t->heads[key];
        if (*head != 0) {
            t->next[i] = *head;
            part->chained = true;
        }
        *head = (uint32_t)i + 1;
    }
    return WEFT_OK;
}

static uint64_t slot_tag(uint64_t hash) { return hash >> 32; }

/* Slots go by the middle bits: the high ones chose the partition, and the tag are the high 32. */
static uint64_t slot_of(const table_part *part, uint64_t hash)
{
    return (hash * weft_hash_k1 >> 20) & part->slot_mask;
}

static void build_hashed(weft_join_table *t, table_part *part, int64_t begin, int64_t end)
{
    for (int64_t i = end - 1; i >= begin; i--) {
        const uint8_t *row = t->row[i];
        if (i - BUILD_AHEAD >= begin)
            __builtin_prefetch(&part->slots[slot_of(part, weft_row_hash(t->row[i - BUILD_AHEAD]))], 1);
        if (row_has_null_key(t, row)) {
            part->has_null = true;
            continue;
        }
        const uint64_t hash = weft_row_hash(row);
        uint64_t at = slot_of(part, hash);
        while (part->slots[at] != 0 && (part->slots[at] >> 32 != slot_tag(hash) ||
                                        weft_row_hash(t->row[(uint32_t)part->slots[at] - 1]) != hash))
            at = (at + 1) & part->slot_mask;
        if (part->slots[at] != 0) {
            t->next[i] = (uint32_t)part->slots[at];
            part->chained = true;
        }
        part->slots[at] = slot_tag(hash) << 32 | (uint64_t)(i + 1);
    }
}

weft_status weft_join_table_unit(weft_ctx *ctx, weft_join_table *t, int32_t unit)
{
    weft_status st = WEFT_OK;
    table_part *part = &t->parts[unit];
    WEFT_TRY(st, collect_rows(ctx, t, part));
    for (int64_t end = part->first + part->rows; end > part->first;) {
        const int64_t begin = weft_max_i64(part->first, end - BUILD_CHECK_ROWS);
        WEFT_TRY(st, weft_check_cancel(ctx));
        if (t->direct)
            WEFT_TRY(st, build_direct(ctx, t, part, begin, end));
        else
            build_hashed(t, part, begin, end);
        end = begin;
    }
done:
    return st;
}

/* ---- looking up ---- */

int64_t weft_join_table_rows(const weft_join_table *t) { return t->rows; }
int64_t weft_join_table_input_rows(const weft_join_table *t) { return t->input_rows; }
const weft_row_layout *weft_join_table_layout(const weft_join_table *t) { return t->layout; }
bool weft_join_table_exact(const weft_join_table *t) { return t->direct; }
uint32_t weft_join_table_next(const weft_join_table *t, uint32_t candidate) { return t->next[candidate - 1]; }
const uint8_t *weft_join_table_row(const weft_join_table *t, uint32_t candidate)
{
    return t->row[candidate - 1];
}

void weft_join_table_rows_of(const weft_join_table *t, const uint32_t *candidates, int32_t count,
                             const uint8_t **rows)
{
    for (int32_t i = 0; i < count; i++) {
        if (i + ROWS_AHEAD < count) __builtin_prefetch(&t->row[candidates[i + ROWS_AHEAD] - 1]);
        rows[i] = t->row[candidates[i] - 1];
        __builtin_prefetch(rows[i]); /* who asks for them reads them next */
    }
}
int64_t weft_join_table_number(const weft_join_table *t, uint32_t candidate)
{
    return t->numbers != NULL ? t->numbers[candidate - 1] : t->first_number + candidate - 1;
}

void weft_join_table_set_numbers(weft_join_table *t, const int64_t *numbers) { t->numbers = numbers; }

bool weft_join_table_entered(const weft_join_table *t, uint32_t candidate)
{
    return !row_has_null_key(t, t->row[candidate - 1]);
}

bool weft_join_table_has_null_key(const weft_join_table *t)
{
    for (int32_t i = 0; i < t->part_count; i++)
        if (t->parts[i].has_null) return true;
    return false;
}

bool weft_join_table_unique(const weft_join_table *t)
{
    for (int32_t i = 0; i < t->part_count; i++)
        if (t->parts[i].chained) return false;
    return true;
}

#define WEFT_NAME find_i8
#define WEFT_T    int8_t
#include "engine/exec/join_find.inc.h"
#define WEFT_NAME find_i16
#define WEFT_T    int16_t
#include "engine/exec/join_find.inc.h"
#define WEFT_NAME find_i32
#define WEFT_T    int32_t
#include "engine/exec/join_find.inc.h"
#define WEFT_NAME find_i64
#define WEFT_T    int64_t
#include "engine/exec/join_find.inc.h"

static void find_direct(const weft_join_table *t, const weft_batch *batch, int32_t key, uint32_t *heads)
{
    const weft_column *column = &batch->columns[key];
    uint32_t scratch[WEFT_SLOTS_CHUNK];
    uint8_t null[WEFT_SLOTS_CHUNK];
    for (int32_t first = 0; first < batch->selected; first += WEFT_SLOTS_CHUNK) {
        const int32_t count = weft_min_i32(WEFT_SLOTS_CHUNK, batch->selected - first);
        weft_positions positions;
        weft_slots slots;
        weft_positions_load(batch->selection, first, count, &positions);
        weft_slots_load(column, &positions, scratch, &slots);
        uint32_t *to = heads + first;
        if (column->phys == WEFT_PHYS_I64)
            find_i64(t, &slots, count, to);
        else if (column->phys == WEFT_PHYS_I32)
            find_i32(t, &slots, count, to);
        else if (column->phys == WEFT_PHYS_I16)
            find_i16(t, &slots, count, to);
        else if (column->phys == WEFT_PHYS_I8)
            find_i8(t, &slots, count, to);
        else
            memset(to, 0, (size_t)count * sizeof(*to)); /* an untyped NULL */
        if (!weft_slots_nulls(&slots, count, null)) continue;
        for (int32_t i = 0; i < count; i++)
            if (null[i]) to[i] = 0;
    }
}

static void clear_null_keys(const weft_join_table *t, const weft_batch *batch, const int32_t *keys,
                            uint32_t *heads)
{
    for (int32_t k = 0; k < t->key_count; k++) {
        const weft_column *column = &batch->columns[keys[k]];
        if ((column->validity == NULL && column->phys != WEFT_PHYS_NULL) ||
            (t->null_equal != NULL && t->null_equal[k]))
            continue;
        for (int32_t i = 0; i < batch->selected; i++)
            if (weft_column_is_null(column, batch->selection == NULL ? i : batch->selection[i])) heads[i] = 0;
    }
}

static void find_hashed(weft_ctx *ctx, const weft_join_table *t, const weft_batch *batch, const int32_t *keys,
                        weft_place place, uint32_t *heads)
{
    enum { AHEAD = 16 };
    uint64_t hashes[WEFT_BATCH_ROWS_MAX];
    const int32_t count = batch->selected;

    weft_exec_hash_at(ctx, batch, keys, t->key_count, place, hashes);
    for (int32_t i = 0; i < count; i++) {
        if (i + AHEAD < count) {
            const uint32_t ahead = weft_partition_of(hashes[i + AHEAD], t->shift) -
                                   (uint32_t)t->partition_begin;
            if (ahead < (uint32_t)t->part_count)
                __builtin_prefetch(&t->parts[ahead].slots[slot_of(&t->parts[ahead], hashes[i + AHEAD])]);
        }
        const uint64_t hash = hashes[i];
        const uint32_t p = weft_partition_of(hash, t->shift) - (uint32_t)t->partition_begin;
        heads[i] = 0;
        if (p >= (uint32_t)t->part_count) continue;
        const table_part *part = &t->parts[p];
        uint64_t at = slot_of(part, hash);
        /* two hashes with equal tags in one probe run are told apart by the full hash in the row */
        while (part->slots[at] != 0 && (part->slots[at] >> 32 != slot_tag(hash) ||
                                        weft_row_hash(t->row[(uint32_t)part->slots[at] - 1]) != hash))
            at = (at + 1) & part->slot_mask;
        heads[i] = (uint32_t)part->slots[at];
    }
    clear_null_keys(t, batch, keys, heads);
}

void weft_join_table_find(weft_ctx *ctx, const weft_join_table *t, const weft_batch *batch,
                          const int32_t *keys, weft_place place, uint32_t *heads)
{
    if (t->direct)
        find_direct(t, batch, keys[0], heads);
    else
        find_hashed(ctx, t, batch, keys, place, heads);
}
