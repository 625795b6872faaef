/* engine/columnar/rows_append.c - from batches, or other rows, into rows.
 *
 * A chunk of rows goes in three steps: measure the strings of each row; find room, page by page, which gives
 * every row its address and heap place; write column by column. The step in the middle is the only one that
 * can fail, and what it gave room to before is written all the same, so that a set never counts a row that
 * was not written. */
#include "engine/columnar/nested.h"
#include "engine/columnar/rows_private.h"

typedef void rows_write(uint8_t *const *rows, int32_t offset, const void *values, const uint32_t *index,
                        int32_t count);

#define WEFT_T    uint8_t
#define WEFT_TO   uint8_t
#define WEFT_NAME write_1
#include "engine/columnar/rows_write.inc.h"
#define WEFT_T    uint16_t
#define WEFT_TO   uint16_t
#define WEFT_NAME write_2
#include "engine/columnar/rows_write.inc.h"
#define WEFT_T    uint32_t
#define WEFT_TO   uint32_t
#define WEFT_NAME write_4
#include "engine/columnar/rows_write.inc.h"
#define WEFT_T    uint64_t
#define WEFT_TO   uint64_t
#define WEFT_NAME write_8
#include "engine/columnar/rows_write.inc.h"
#define WEFT_T    weft_i128
#define WEFT_TO   weft_i128
#define WEFT_NAME write_16
#include "engine/columnar/rows_write.inc.h"
/* Decimals, whose width in the batch is what its values need. */
#define WEFT_T    int32_t
#define WEFT_TO   int64_t
#define WEFT_NAME write_i32_i64
#include "engine/columnar/rows_write.inc.h"
#define WEFT_T    int32_t
#define WEFT_TO   weft_i128
#define WEFT_NAME write_i32_i128
#include "engine/columnar/rows_write.inc.h"
#define WEFT_T    int64_t
#define WEFT_TO   weft_i128
#define WEFT_NAME write_i64_i128
#include "engine/columnar/rows_write.inc.h"
#define WEFT_T    weft_i128
#define WEFT_TO   int64_t
#define WEFT_NAME write_i128_i64
#include "engine/columnar/rows_write.inc.h"

static rows_write *write_find(uint8_t from, uint8_t to)
{
    if (from == WEFT_PHYS_I32 && to == WEFT_PHYS_I64) return write_i32_i64;
    if (from == WEFT_PHYS_I32 && to == WEFT_PHYS_I128) return write_i32_i128;
    if (from == WEFT_PHYS_I64 && to == WEFT_PHYS_I128) return write_i64_i128;
    if (from == WEFT_PHYS_I128 && to == WEFT_PHYS_I64) return write_i128_i64;
    assert(from == to); /* the batch has the types of the layout */
    switch (weft_phys_bytes((weft_phys)to)) {
    case 1: return write_1;
    case 2: return write_2;
    case 4: return write_4;
    case 8: return write_8;
    case 16: return write_16;
    default: return NULL;
    }
}

/* What the steps share of one chunk. */
typedef struct rows_chunk {
    const weft_row_layout *layout;
    const weft_batch *batch;
    const int32_t *columns;
    weft_positions positions;
    rows_place place;
    weft_slots slots; /* of the column in hand */
    uint32_t scratch[WEFT_SLOTS_CHUNK];
    uint8_t null[WEFT_SLOTS_CHUNK];
    bool has_nulls;
} rows_chunk;

static const weft_column *chunk_load(rows_chunk *chunk, int32_t c)
{
    const weft_column *column = &chunk->batch->columns[chunk->columns[c]];
    weft_slots_load(column, &chunk->positions, chunk->scratch, &chunk->slots);
    chunk->has_nulls = weft_slots_nulls(&chunk->slots, chunk->positions.count, chunk->null);
    return column;
}

static int32_t chunk_row(const rows_chunk *chunk, int32_t i)
{
    return chunk->positions.dense ? chunk->positions.first + i : (int32_t)chunk->positions.at[i];
}

static bool column_is_nested(const weft_column *column)
{
    return column->phys == WEFT_PHYS_LIST || column->phys == WEFT_PHYS_STRUCT;
}

/* ---- measure ---- */

static void measure_strings(rows_chunk *chunk)
{
    const weft_str *v = chunk->slots.values;
    const uint32_t *index = chunk->slots.index;
    uint64_t *need = chunk->place.need;
    const int32_t count = chunk->positions.count;
    if (chunk->has_nulls) {
        for (int32_t i = 0; i < count; i++) {
            const uint32_t len = v[index == NULL ? (uint32_t)i : index[i]].len;
            need[i] += chunk->null[i] ? 0 : rows_heap_bytes(len);
        }
    } else if (index == NULL) {
        for (int32_t i = 0; i < count; i++) need[i] += rows_heap_bytes(v[i].len);
    } else {
        for (int32_t i = 0; i < count; i++) need[i] += rows_heap_bytes(v[index[i]].len);
    }
}

static weft_status measure_nested(weft_ctx *ctx, const weft_column *column, rows_chunk *chunk)
{
    for (int32_t i = 0; i < chunk->positions.count; i++) {
        if (chunk->has_nulls && chunk->null[i]) continue;
        const uint64_t bytes = weft_nested_bytes(column, chunk_row(chunk, i));
        if (bytes > INT32_MAX) {
            return weft_fail(ctx, WEFT_LIMIT,
                             "a nested value of %llu bytes: at most 2147483647 are kept in a row",
                             (unsigned long long)bytes);
        }
        chunk->place.need[i] += rows_heap_bytes((uint32_t)bytes);
    }
    return WEFT_OK;
}

static weft_status chunk_measure(weft_ctx *ctx, rows_chunk *chunk)
{
    weft_status st = WEFT_OK;
    const weft_row_layout *layout = chunk->layout;
    if (!layout->has_strings) return WEFT_OK;
    memset(chunk->place.need, 0, (size_t)chunk->positions.count * sizeof chunk->place.need[0]);
    for (int32_t c = 0; c < layout->count; c++) {
        if (layout->phys[c] != WEFT_PHYS_STR) continue;
        const weft_column *column = chunk_load(chunk, c);
        if (column_is_nested(column))
            WEFT_TRY(st, measure_nested(ctx, column, chunk));
        else if (column->phys == WEFT_PHYS_STR)
            measure_strings(chunk);
    }
done:
    return st;
}

/* ---- write ---- */

/* The hash, no nulls, and zero in the last word, where padding may be. */
static void write_heads(const rows_chunk *chunk, const uint64_t *hashes)
{
    const weft_row_layout *layout = chunk->layout;
    const size_t null_words = weft_round_up((size_t)layout->null_bytes, 8);
    const int32_t last = layout->row_bytes - 8;
    const uint64_t zero = 0;
    for (int32_t i = 0; i < chunk->place.count; i++) {
        uint8_t *row = chunk->place.row[i];
        memcpy(row + last, &zero, 8);
        memcpy(row, hashes != NULL ? &hashes[i] : &zero, 8);
        if (WEFT_LIKELY(null_words == 8))
            memcpy(row + 8, &zero, 8);
        else
            memset(row + 8, 0, null_words);
    }
}

static void write_strings(rows_chunk *chunk, int32_t offset)
{
    const weft_str *v = chunk->slots.values;
    const uint32_t *index = chunk->slots.index;
    for (int32_t i = 0; i < chunk->place.count; i++) {
        weft_str s = v[index == NULL ? (uint32_t)i : index[i]];
        if (s.len > WEFT_STR_INLINE) {
            if (chunk->has_nulls && chunk->null[i])
                continue; /* a dictionary's entry 0: zeroed by write_nulls */
            uint8_t *to = chunk->place.heap[i];
            rows_copy_string(to, s.pointer, s.len);
            s.pointer = (const char *)to;
            chunk->place.heap[i] = to + s.len;
        }
        memcpy(chunk->place.row[i] + offset, &s, sizeof s);
    }
}

static void write_nested(rows_chunk *chunk, const weft_column *column, int32_t offset)
{
    for (int32_t i = 0; i < chunk->place.count; i++) {
        if (chunk->has_nulls && chunk->null[i]) continue;
        const int32_t row = chunk_row(chunk, i);
        const uint32_t bytes = (uint32_t)weft_nested_bytes(column, row);
        uint8_t small[WEFT_STR_INLINE];
        uint8_t *to = bytes > WEFT_STR_INLINE ? chunk->place.heap[i] : small;
        weft_nested_pack(column, row, to);
        const weft_str s = weft_str_view((const char *)to, bytes);
        memcpy(chunk->place.row[i] + offset, &s, sizeof s);
        chunk->place.heap[i] += rows_heap_bytes(bytes);
    }
}

/* Null bits, and zero where null, whatever the column had there. */
static void write_nulls(const rows_chunk *chunk, int32_t c)
{
    const weft_row_layout *layout = chunk->layout;
    const size_t bytes = (size_t)weft_phys_bytes((weft_phys)layout->phys[c]);
    const int32_t at = 8 + (c >> 3), offset = layout->offsets[c];
    for (int32_t i = 0; i < chunk->place.count; i++) {
        if (!chunk->null[i]) continue;
        uint8_t *row = chunk->place.row[i];
        row[at] = (uint8_t)(row[at] | 1 << (c & 7));
        if (bytes > 0) memset(row + offset, 0, bytes);
    }
}

static void chunk_write(rows_chunk *chunk, const uint64_t *hashes)
{
    const weft_row_layout *layout = chunk->layout;
    write_heads(chunk, hashes);
    for (int32_t c = 0; c < layout->count; c++) {
        const weft_column *column = chunk_load(chunk, c);
        const int32_t offset = layout->offsets[c];
        if (column_is_nested(column)) {
            write_nested(chunk, column, offset);
        } else if (column->phys == WEFT_PHYS_STR) {
            write_strings(chunk, offset);
        } else if (column->phys != WEFT_PHYS_NULL) {
            rows_write *write = write_find(column->phys, layout->phys[c]);
            write(chunk->place.row, offset, chunk->slots.values, chunk->slots.index, chunk->place.count);
        }
        if (chunk->has_nulls) write_nulls(chunk, c);
    }
}

/* ---- entry points ---- */

/* sets has one set when partition is NULL. */
static weft_status rows_add(weft_ctx *ctx, const weft_row_layout *layout, weft_row_set *sets,
                            const weft_batch *batch, const int32_t *columns, const uint64_t *hashes,
                            const uint16_t *partition, uint8_t **row_pointers)
{
    weft_status st = WEFT_OK;
    rows_chunk chunk;
    chunk.layout = layout;
    chunk.batch = batch;
    chunk.columns = columns;
    for (int32_t first = 0; first < batch->selected; first += WEFT_SLOTS_CHUNK) {
        const int32_t count = weft_min_i32(batch->selected - first, WEFT_SLOTS_CHUNK);
        weft_positions_load(batch->selection, first, count, &chunk.positions);
        WEFT_TRY(st, chunk_measure(ctx, &chunk));
        st = partition == NULL
                 ? weft_rows_place(ctx, layout, sets, count, &chunk.place)
                 : weft_rows_place_by(ctx, layout, sets, partition + first, count, &chunk.place);
        chunk_write(&chunk, hashes != NULL ? hashes + first : NULL);
        if (row_pointers != NULL) {
            memcpy(row_pointers + first, chunk.place.row, (size_t)chunk.place.count * sizeof *row_pointers);
        }
        if (st != WEFT_OK) goto done;
    }
done:
    return st;
}

weft_status weft_rows_append(weft_ctx *ctx, const weft_row_layout *layout, weft_row_set *set,
                             const weft_batch *batch, const int32_t *columns, const uint64_t *hashes,
                             uint8_t **row_pointers)
{
    return rows_add(ctx, layout, set, batch, columns, hashes, NULL, row_pointers);
}

weft_status weft_rows_scatter(weft_ctx *ctx, const weft_row_layout *layout, weft_row_set *sets,
                              int32_t partition_count, const weft_batch *batch, const int32_t *columns,
                              const uint64_t *hashes, const uint16_t *partition)
{
    if (partition_count == 1) return rows_add(ctx, layout, sets, batch, columns, hashes, NULL, NULL);
    return rows_add(ctx, layout, sets, batch, columns, hashes, partition, NULL);
}

/* The strings of count rows that were copied as they are move into the heap of the new rows. */
static void adopt_strings(const weft_row_layout *layout, rows_place *place)
{
    for (int32_t c = 0; c < layout->count; c++) {
        if (layout->phys[c] != WEFT_PHYS_STR) continue;
        const int32_t offset = layout->offsets[c];
        for (int32_t i = 0; i < place->count; i++) {
            weft_str s;
            memcpy(&s, place->row[i] + offset, sizeof s);
            if (s.len <= WEFT_STR_INLINE) continue;
            rows_copy_string(place->heap[i], s.pointer, s.len);
            s.pointer = (const char *)place->heap[i];
            memcpy(place->row[i] + offset, &s, sizeof s);
            place->heap[i] += s.len;
        }
    }
}

static void measure_rows(const weft_row_layout *layout, const uint8_t *const *rows, int32_t count,
                         uint64_t *need)
{
    memset(need, 0, (size_t)count * sizeof *need);
    for (int32_t c = 0; c < layout->count; c++) {
        if (layout->phys[c] != WEFT_PHYS_STR) continue;
        const int32_t offset = layout->offsets[c];
        for (int32_t i = 0; i < count; i++) {
            uint32_t len;
            memcpy(&len, rows[i] + offset, sizeof len);
            need[i] += rows_heap_bytes(len);
        }
    }
}

/* Rows that come in an order of their own (sorted) lie anywhere: memory is asked for some of them ahead. A
 * row is a few words: copying them here costs less than a call. */
static void copy_rows(const weft_row_layout *layout, const uint8_t *const *rows, const rows_place *place)
{
    enum { AHEAD = 12 };
    const int32_t words = layout->row_bytes / 8;
    for (int32_t i = 0; i < place->count; i++) {
        const uint8_t *from = rows[i];
        uint8_t *to = place->row[i];
        if (i + AHEAD < place->count) {
            __builtin_prefetch(rows[i + AHEAD]);
            __builtin_prefetch(rows[i + AHEAD] + layout->row_bytes - 1);
        }
        for (int32_t w = 0; w < words; w++) memcpy(to + 8 * w, from + 8 * w, 8);
    }
}

weft_status weft_rows_append_rows(weft_ctx *ctx, const weft_row_layout *layout, weft_row_set *set,
                                  const uint8_t *const *rows, int32_t count)
{
    weft_status st = WEFT_OK;
    rows_place place;
    for (int32_t first = 0; first < count; first += WEFT_SLOTS_CHUNK) {
        const int32_t some = weft_min_i32(count - first, WEFT_SLOTS_CHUNK);
        if (layout->has_strings) measure_rows(layout, rows + first, some, place.need);
        st = weft_rows_place(ctx, layout, set, some, &place);
        copy_rows(layout, rows + first, &place);
        if (layout->has_strings) adopt_strings(layout, &place);
        if (st != WEFT_OK) goto done;
    }
done:
    return st;
}
