/* engine/columnar/column_hash.c - the hashes of rows, a column and a chunk at a time.
 *
 * The first key column writes its value hashes, each further one is combined into them, so a single key's row
 * hash is its value hash. What a value hashes to depends on the value alone, never on encoding, width of a
 * decimal, or selection. A dictionary that has fewer entries than the batch has rows is hashed once an entry,
 * a constant once. */
#include "engine/columnar/column.h"
#include "engine/columnar/slots.h"

typedef void hash_values(const void *values, const uint32_t *index, int32_t count, uint64_t *out);

static inline uint64_t hash_of_i8(const int8_t *v) { return weft_hash_i64(*v); }
static inline uint64_t hash_of_i16(const int16_t *v) { return weft_hash_i64(*v); }
static inline uint64_t hash_of_i32(const int32_t *v) { return weft_hash_i64(*v); }
static inline uint64_t hash_of_i64(const int64_t *v) { return weft_hash_i64(*v); }
static inline uint64_t hash_of_i128(const weft_i128 *v) { return weft_hash_i128(*v); }
static inline uint64_t hash_of_f32(const float *v) { return weft_hash_f64((double)*v); }
static inline uint64_t hash_of_f64(const double *v) { return weft_hash_f64(*v); }
static inline uint64_t hash_of_null(const uint64_t *v)
{
    (void)v;
    return weft_hash_null;
}
static inline uint64_t hash_of_hash(const uint64_t *v) { return *v; }

#define WEFT_T    int8_t
#define WEFT_NAME hash_i8
#define WEFT_HASH hash_of_i8
#include "engine/columnar/hash_values.inc.h"
#define WEFT_T    int16_t
#define WEFT_NAME hash_i16
#define WEFT_HASH hash_of_i16
#include "engine/columnar/hash_values.inc.h"
#define WEFT_T    int32_t
#define WEFT_NAME hash_i32
#define WEFT_HASH hash_of_i32
#include "engine/columnar/hash_values.inc.h"
#define WEFT_T    int64_t
#define WEFT_NAME hash_i64
#define WEFT_HASH hash_of_i64
#include "engine/columnar/hash_values.inc.h"
#define WEFT_T    weft_i128
#define WEFT_NAME hash_i128
#define WEFT_HASH hash_of_i128
#include "engine/columnar/hash_values.inc.h"
#define WEFT_T    float
#define WEFT_NAME hash_f32
#define WEFT_HASH hash_of_f32
#include "engine/columnar/hash_values.inc.h"
#define WEFT_T    double
#define WEFT_NAME hash_f64
#define WEFT_HASH hash_of_f64
#include "engine/columnar/hash_values.inc.h"
#define WEFT_T    weft_str
#define WEFT_NAME hash_str
#define WEFT_HASH weft_str_hash
#include "engine/columnar/hash_values.inc.h"
#define WEFT_T    uint64_t
#define WEFT_NAME hash_null
#define WEFT_HASH hash_of_null
#include "engine/columnar/hash_values.inc.h"
#define WEFT_T    uint64_t
#define WEFT_NAME hash_ready /* gathers hashes that were made once an entry */
#define WEFT_HASH hash_of_hash
#include "engine/columnar/hash_values.inc.h"

/* NULL for LIST and STRUCT, which go row by row. */
static hash_values *const hash_table[WEFT_PHYS_COUNT] = {
    [WEFT_PHYS_NULL] = hash_null, [WEFT_PHYS_BOOL] = hash_i8, [WEFT_PHYS_I8] = hash_i8,
    [WEFT_PHYS_I16] = hash_i16,   [WEFT_PHYS_I32] = hash_i32, [WEFT_PHYS_I64] = hash_i64,
    [WEFT_PHYS_I128] = hash_i128, [WEFT_PHYS_F32] = hash_f32, [WEFT_PHYS_F64] = hash_f64,
    [WEFT_PHYS_STR] = hash_str,
};

uint64_t weft_column_hash(const weft_column *column, int32_t row)
{
    if (weft_column_is_null(column, row)) return weft_hash_null;
    uint64_t hash;
    if (column->phys == WEFT_PHYS_STRUCT) {
        const int32_t slot = weft_column_slot(column, row);
        hash = weft_hash_i64(column->child_count);
        for (int32_t i = 0; i < column->child_count; i++) {
            hash = weft_hash_combine(hash, weft_column_hash(&column->children[i], slot));
        }
    } else if (column->phys == WEFT_PHYS_LIST) {
        const weft_list *list = weft_column_value(column, row);
        hash = weft_hash_i64(list->length);
        for (int32_t i = 0; i < list->length; i++) {
            hash = weft_hash_combine(hash, weft_column_hash(&column->children[0], list->offset + i));
        }
    } else {
        hash_table[column->phys](weft_column_value(column, row), NULL, 1, &hash);
    }
    return hash;
}

/* What a column's chunks are hashed with: the values themselves, or hashes made once an entry. */
typedef struct hash_source {
    hash_values *run;
    const uint64_t *ready;
} hash_source;

static void hash_chunk(const weft_column *column, const hash_source *source, const weft_positions *positions,
                       uint64_t *out)
{
    uint32_t scratch[WEFT_SLOTS_CHUNK];
    uint8_t null[WEFT_SLOTS_CHUNK];
    weft_slots slots;
    if (source->run == NULL) {
        for (int32_t i = 0; i < positions->count; i++) {
            out[i] =
                weft_column_hash(column, positions->dense ? positions->first + i : (int32_t)positions->at[i]);
        }
        return;
    }
    weft_slots_load(column, positions, scratch, &slots);
    source->run(source->ready != NULL ? source->ready : slots.values, slots.index, positions->count, out);
    if (weft_slots_nulls(&slots, positions->count, null)) {
        for (int32_t i = 0; i < positions->count; i++) out[i] = null[i] ? weft_hash_null : out[i];
    }
}

static void hash_column(const weft_batch *batch, const weft_column *column, bool first_key, uint64_t *hashes)
{
    uint64_t entries[WEFT_BATCH_ROWS_MAX], out[WEFT_SLOTS_CHUNK];
    weft_positions positions;
    hash_source source = {.run = hash_table[column->phys]};
    if (source.run != NULL && column->encoding == WEFT_DICTIONARY && column->dict->count <= batch->selected) {
        source.run(column->dict->values, NULL, column->dict->count, entries);
        source = (hash_source){.run = hash_ready, .ready = entries};
    } else if (source.run != NULL && column->encoding == WEFT_CONSTANT) {
        source.run(column->phys == WEFT_PHYS_NULL ? entries : column->data, NULL, 1, entries);
        source = (hash_source){.run = hash_ready, .ready = entries};
    }
    for (int32_t first = 0; first < batch->selected; first += WEFT_SLOTS_CHUNK) {
        uint64_t *to = hashes + first;
        weft_positions_load(batch->selection, first, weft_min_i32(batch->selected - first, WEFT_SLOTS_CHUNK),
                            &positions);
        hash_chunk(column, &source, &positions, first_key ? to : out);
        if (first_key) continue;
        for (int32_t i = 0; i < positions.count; i++) to[i] = weft_hash_combine(to[i], out[i]);
    }
}

void weft_hash_rows(const weft_batch *batch, const int32_t *key_columns, int32_t key_count, uint64_t *hashes)
{
    WEFT_DASSERT(batch->selected <= WEFT_BATCH_ROWS_MAX);
    if (key_count == 0) memset(hashes, 0, (size_t)batch->selected * sizeof *hashes);
    for (int32_t k = 0; k < key_count; k++) {
        hash_column(batch, &batch->columns[key_columns[k]], k == 0, hashes);
    }
}
