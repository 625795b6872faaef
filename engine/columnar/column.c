/* engine/columnar/column.c - reading columns through their encodings. Hashing is in column_hash.c. */
#include "engine/columnar/column.h"

#include <stdatomic.h>

#include "engine/columnar/slots.h"

uint64_t weft_dictionary_new_id(void)
{
    static _Atomic uint64_t last;
    return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}

int32_t weft_column_slot(const weft_column *column, int32_t row)
{
    switch ((weft_encoding)column->encoding) {
    case WEFT_FLAT: return row;
    case WEFT_CONSTANT: return 0;
    case WEFT_DICTIONARY: return (int32_t)((const uint32_t *)column->data)[row];
    case WEFT_RUN_LENGTH: return weft_column_run(column, row);
    }
    return row;
}

bool weft_column_is_null(const weft_column *column, int32_t row)
{
    if (column->phys == WEFT_PHYS_NULL) return true;
    if (column->validity == NULL) return false;
    const bool by_slot = column->encoding == WEFT_CONSTANT || column->encoding == WEFT_RUN_LENGTH;
    return !weft_bit_get(column->validity, by_slot ? weft_column_slot(column, row) : row);
}

const void *weft_column_value(const weft_column *column, int32_t row)
{
    const void *values = column->encoding == WEFT_DICTIONARY ? column->dict->values : column->data;
    const size_t bytes = (size_t)weft_phys_bytes((weft_phys)column->phys);
    return values == NULL ? NULL : (const uint8_t *)values + (size_t)weft_column_slot(column, row) * bytes;
}

/* ---- flatten: one copy loop a width, for a dense and for a selected target ---- */

typedef void flatten_copy(const weft_slots *slots, const weft_positions *positions, void *values);

#define WEFT_T    uint8_t
#define WEFT_NAME flatten_1
#include "engine/columnar/flatten.inc.h"
#define WEFT_T    uint16_t
#define WEFT_NAME flatten_2
#include "engine/columnar/flatten.inc.h"
#define WEFT_T    uint32_t
#define WEFT_NAME flatten_4
#include "engine/columnar/flatten.inc.h"
#define WEFT_T    uint64_t
#define WEFT_NAME flatten_8
#include "engine/columnar/flatten.inc.h"
typedef struct flatten_pair {
    uint64_t low, high;
} flatten_pair;
#define WEFT_T    flatten_pair
#define WEFT_NAME flatten_16
#include "engine/columnar/flatten.inc.h"

static flatten_copy *flatten_find(int32_t bytes)
{
    switch (bytes) {
    case 1: return flatten_1;
    case 2: return flatten_2;
    case 4: return flatten_4;
    case 8: return flatten_8;
    case 16: return flatten_16;
    default: return NULL; /* NULL and STRUCT: no data */
    }
}

/* Validity bits of a chunk at its positions, and zero where null: a dictionary's code 0 names a value. */
static void flatten_nulls(const weft_positions *positions, const uint8_t *null, int32_t bytes,
                          uint8_t *values, uint64_t *validity)
{
    for (int32_t i = 0; i < positions->count; i++) {
        const size_t at = positions->dense ? (size_t)(positions->first + i) : positions->at[i];
        validity[at >> 6] &= ~((uint64_t)1 << (at & 63));
        validity[at >> 6] |= (uint64_t)(null[i] ^ 1) << (at & 63);
        if (null[i] && bytes > 0) memset(values + at * (size_t)bytes, 0, (size_t)bytes);
    }
}

void weft_column_flatten(const weft_column *column, const uint16_t *selection, int32_t selected, int32_t rows,
                         void *values, uint64_t *validity, bool *has_nulls)
{
    weft_positions positions;
    weft_slots slots;
    uint32_t scratch[WEFT_SLOTS_CHUNK];
    uint8_t null[WEFT_SLOTS_CHUNK];
    const int32_t bytes = weft_phys_bytes((weft_phys)column->phys);
    flatten_copy *copy = flatten_find(bytes);
    const int32_t count = selection == NULL ? rows : selected;
    *has_nulls = false;
    for (int32_t first = 0; first < count; first += WEFT_SLOTS_CHUNK) {
        weft_positions_load(selection, first, weft_min_i32(count - first, WEFT_SLOTS_CHUNK), &positions);
        weft_slots_load(column, &positions, scratch, &slots);
        if (copy != NULL) copy(&slots, &positions, values);
        if (weft_slots_nulls(&slots, positions.count, null)) {
            /* The chunks before this one had no null, so their bits are not written yet. */
            if (!*has_nulls) memset(validity, 0xff, (size_t)weft_bit_words(rows) * sizeof *validity);
            *has_nulls = true;
            flatten_nulls(&positions, null, bytes, values, validity);
        }
    }
}
