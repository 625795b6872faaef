/* engine/columnar/rows_match.c - are keys equal: a batch's against rows', or one row's against another's.
 *
 * A key column at a time, candidates that differ drop out. Columns without nulls, which are nearly all, take
 * one loop without branches; where the column has nulls, values are compared first and nulls looked at after.
 */
#include "engine/columnar/nested.h"
#include "engine/columnar/rows_private.h"

typedef struct match_column {
    const void *values; /* of the batch's column, by slot */
    const uint16_t *positions;
    const uint8_t *const *rows;
    int32_t offset;    /* of the value in a row */
    int32_t null_byte; /* of the null bit in a row */
    uint8_t null_bit;
} match_column;

typedef int32_t match_values(const match_column *m, const uint32_t *slot, uint16_t *candidates, int32_t count,
                             uint8_t *equal);

static inline bool equal_8(const uint8_t *a, const uint8_t *b) { return *a == *b; }
static inline bool equal_16(const uint16_t *a, const uint16_t *b) { return *a == *b; }
static inline bool equal_32(const uint32_t *a, const uint32_t *b) { return *a == *b; }
static inline bool equal_64(const uint64_t *a, const uint64_t *b) { return *a == *b; }
static inline bool equal_128(const weft_i128 *a, const weft_i128 *b) { return *a == *b; }
static inline bool equal_i32_i64(const int32_t *a, const int64_t *b) { return *a == *b; }
static inline bool equal_i32_i128(const int32_t *a, const weft_i128 *b) { return *a == *b; }
static inline bool equal_i64_i128(const int64_t *a, const weft_i128 *b) { return *a == *b; }
static inline bool equal_i128_i64(const weft_i128 *a, const int64_t *b) { return *a == *b; }
static inline bool equal_f32(const float *a, const float *b) { return *a == *b || (*a != *a && *b != *b); }
static inline bool equal_f64(const double *a, const double *b) { return *a == *b || (*a != *a && *b != *b); }

#define WEFT_T     uint8_t
#define WEFT_ROW_T uint8_t
#define WEFT_NAME  match_8
#define WEFT_EQUAL equal_8
#include "engine/columnar/rows_match.inc.h"
#define WEFT_T     uint16_t
#define WEFT_ROW_T uint16_t
#define WEFT_NAME  match_16
#define WEFT_EQUAL equal_16
#include "engine/columnar/rows_match.inc.h"
#define WEFT_T     uint32_t
#define WEFT_ROW_T uint32_t
#define WEFT_NAME  match_32
#define WEFT_EQUAL equal_32
#include "engine/columnar/rows_match.inc.h"
#define WEFT_T     uint64_t
#define WEFT_ROW_T uint64_t
#define WEFT_NAME  match_64
#define WEFT_EQUAL equal_64
#include "engine/columnar/rows_match.inc.h"
#define WEFT_T     weft_i128
#define WEFT_ROW_T weft_i128
#define WEFT_NAME  match_128
#define WEFT_EQUAL equal_128
#include "engine/columnar/rows_match.inc.h"
#define WEFT_T     float
#define WEFT_ROW_T float
#define WEFT_NAME  match_f32
#define WEFT_EQUAL equal_f32
#include "engine/columnar/rows_match.inc.h"
#define WEFT_T     double
#define WEFT_ROW_T double
#define WEFT_NAME  match_f64
#define WEFT_EQUAL equal_f64
#include "engine/columnar/rows_match.inc.h"
#define WEFT_T     weft_str
#define WEFT_ROW_T weft_str
#define WEFT_NAME  match_str
#define WEFT_EQUAL weft_str_equal
#include "engine/columnar/rows_match.inc.h"
#define WEFT_T     int32_t
#define WEFT_ROW_T int64_t
#define WEFT_NAME  match_i32_i64
#define WEFT_EQUAL equal_i32_i64
#include "engine/columnar/rows_match.inc.h"
#define WEFT_T     int32_t
#define WEFT_ROW_T weft_i128
#define WEFT_NAME  match_i32_i128
#define WEFT_EQUAL equal_i32_i128
#include "engine/columnar/rows_match.inc.h"
#define WEFT_T     int64_t
#define WEFT_ROW_T weft_i128
#define WEFT_NAME  match_i64_i128
#define WEFT_EQUAL equal_i64_i128
#include "engine/columnar/rows_match.inc.h"
#define WEFT_T     weft_i128
#define WEFT_ROW_T int64_t
#define WEFT_NAME  match_i128_i64
#define WEFT_EQUAL equal_i128_i64
#include "engine/columnar/rows_match.inc.h"

static match_values *match_find(uint8_t from, uint8_t to)
{
    static match_values *const same[WEFT_PHYS_COUNT] = {
        [WEFT_PHYS_BOOL] = match_8,  [WEFT_PHYS_I8] = match_8,    [WEFT_PHYS_I16] = match_16,
        [WEFT_PHYS_I32] = match_32,  [WEFT_PHYS_I64] = match_64,  [WEFT_PHYS_I128] = match_128,
        [WEFT_PHYS_F32] = match_f32, [WEFT_PHYS_F64] = match_f64, [WEFT_PHYS_STR] = match_str,
    };
    if (from == WEFT_PHYS_I32 && to == WEFT_PHYS_I64) return match_i32_i64;
    if (from == WEFT_PHYS_I32 && to == WEFT_PHYS_I128) return match_i32_i128;
    if (from == WEFT_PHYS_I64 && to == WEFT_PHYS_I128) return match_i64_i128;
    if (from == WEFT_PHYS_I128 && to == WEFT_PHYS_I64) return match_i128_i64;
    assert(from == to && same[from] != NULL);
    return same[from];
}

/* The slots of the candidates' positions; false when they are the positions themselves. */
static bool match_slots(const weft_column *column, const match_column *m, const uint16_t *candidates,
                        int32_t count, uint32_t *slot)
{
    if (column->encoding == WEFT_FLAT) return false;
    if (column->encoding == WEFT_CONSTANT) {
        memset(slot, 0, (size_t)count * sizeof *slot);
    } else if (column->encoding == WEFT_DICTIONARY) {
        const uint32_t *codes = column->data;
        for (int32_t j = 0; j < count; j++) slot[j] = codes[m->positions[candidates[j]]];
    } else {
        for (int32_t j = 0; j < count; j++) {
            slot[j] = (uint32_t)weft_column_run(column, m->positions[candidates[j]]);
        }
    }
    return true;
}

static bool match_nested(const match_column *m, const weft_column *column, uint16_t c)
{
    weft_str packed;
    memcpy(&packed, m->rows[c] + m->offset, sizeof packed);
    return weft_nested_equal(column, m->positions[c], (const uint8_t *)weft_str_data(&packed));
}

/* Nulls of columns that have some: both null match when they may, one null never does. */
static int32_t match_with_nulls(const match_column *m, const weft_column *column, bool null_equal,
                                const uint8_t *equal, uint16_t *candidates, int32_t count)
{
    int32_t kept = 0;
    for (int32_t j = 0; j < count; j++) {
        const uint16_t c = candidates[j];
        const bool row_null = (m->rows[c][m->null_byte] & m->null_bit) != 0;
        const bool null = weft_column_is_null(column, m->positions[c]);
        candidates[kept] = c;
        if (null || row_null)
            kept += null && row_null && null_equal;
        else
            kept += equal != NULL ? equal[j] : match_nested(m, column, c);
    }
    return kept;
}

static int32_t match_key(const match_column *m, const weft_column *column, uint8_t row_phys, bool null_equal,
                         uint16_t *candidates, int32_t count)
{
    uint32_t slot[WEFT_BATCH_ROWS_MAX];
    uint8_t equal[WEFT_BATCH_ROWS_MAX];
    if (column->phys == WEFT_PHYS_LIST || column->phys == WEFT_PHYS_STRUCT ||
        column->phys == WEFT_PHYS_NULL) {
        return match_with_nulls(m, column, null_equal, NULL, candidates, count);
    }
    match_values *match = match_find(column->phys, row_phys);
    const uint32_t *slots = match_slots(column, m, candidates, count, slot) ? slot : NULL;
    if (column->validity == NULL) return match(m, slots, candidates, count, NULL);
    match(m, slots, candidates, count, equal);
    return match_with_nulls(m, column, null_equal, equal, candidates, count);
}

int32_t weft_rows_match(const weft_row_layout *layout, const int32_t *row_columns, int32_t key_count,
                        const weft_batch *batch, const int32_t *key_columns, const uint16_t *positions,
                        const uint8_t *const *rows, bool null_equal, uint16_t *candidates,
                        int32_t candidate_count)
{
    WEFT_DASSERT(candidate_count <= WEFT_BATCH_ROWS_MAX);
    for (int32_t k = 0; k < key_count && candidate_count > 0; k++) {
        const weft_column *column = &batch->columns[key_columns[k]];
        const int32_t c = row_columns[k];
        const match_column m = {.values = column->encoding == WEFT_DICTIONARY ? column->dict->values
                                                                              : column->data,
                                .positions = positions,
                                .rows = rows,
                                .offset = layout->offsets[c],
                                .null_byte = 8 + (c >> 3),
                                .null_bit = (uint8_t)(1 << (c & 7))};
        candidate_count = match_key(&m, column, layout->phys[c], null_equal, candidates, candidate_count);
    }
    return candidate_count;
}

/* Are two values of one physical type equal as keys, both not null? */
static bool equal_value(const weft_row_layout *layout, int32_t c, const uint8_t *a, const uint8_t *b)
{
    a += layout->offsets[c];
    b += layout->offsets[c];
    switch ((weft_phys)layout->phys[c]) {
    case WEFT_PHYS_F32: {
        float x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return equal_f32(&x, &y);
    }
    case WEFT_PHYS_F64: {
        double x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return equal_f64(&x, &y);
    }
    case WEFT_PHYS_STR: {
        weft_str x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        if (weft_str_equal(&x, &y)) return true;
        if (layout->types[c].child_count == 0) return false;
        return weft_nested_compare(layout->types[c], (const uint8_t *)weft_str_data(&x),
                                   (const uint8_t *)weft_str_data(&y)) == 0; /* NaN and -0.0 inside */
    }
    case WEFT_PHYS_NULL:
    case WEFT_PHYS_BOOL:
    case WEFT_PHYS_I8:
    case WEFT_PHYS_I16:
    case WEFT_PHYS_I32:
    case WEFT_PHYS_I64:
    case WEFT_PHYS_I128:
    case WEFT_PHYS_LIST:
    case WEFT_PHYS_STRUCT:
    case WEFT_PHYS_COUNT: break;
    }
    return memcmp(a, b, (size_t)weft_phys_bytes((weft_phys)layout->phys[c])) == 0;
}

bool weft_rows_equal(const weft_row_layout *layout, const int32_t *columns, int32_t count, const uint8_t *a,
                     const uint8_t *b)
{
    for (int32_t k = 0; k < count; k++) {
        const int32_t c = columns[k];
        const bool null = weft_row_is_null(a, c);
        if (null != weft_row_is_null(b, c)) return false;
        if (!null && !equal_value(layout, c, a, b)) return false;
    }
    return true;
}
