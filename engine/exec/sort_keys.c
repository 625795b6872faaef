/* engine/exec/sort_keys.c - normalised prefixes and the comparison of rows; see sort_keys.h. */
#include "engine/exec/sort_keys.h"

#include "engine/columnar/nested.h"
#include "engine/columnar/slots.h"

enum { PREFIX_BYTES = 16, STRING_BYTES = PREFIX_BYTES };

typedef weft_u128 sort_word; /* a prefix as one number, or a value in its low bytes */

/* Bytes of a key's value in the normalised form. */
static int32_t key_bytes(const weft_row_layout *layout, int32_t column)
{
    return layout->phys[column] == WEFT_PHYS_STR ? STRING_BYTES
                                                 : weft_phys_bytes((weft_phys)layout->phys[column]);
}

void weft_sort_plan_init(weft_sort_plan *plan, const weft_row_layout *layout, const weft_sort_key *keys,
                         int32_t key_count)
{
    int32_t bytes = 0;
    *plan = (weft_sort_plan){.layout = layout, .keys = keys, .key_count = key_count, .exact = true};
    for (int32_t k = 0; k < key_count; k++) {
        bytes += 1 + key_bytes(layout, keys[k].column);
        if (layout->phys[keys[k].column] == WEFT_PHYS_STR) plan->exact = false;
    }
    if (bytes > PREFIX_BYTES) plan->exact = false;
}

weft_sort_prefix weft_sort_prefix_mask(const weft_sort_plan *plan)
{
    int32_t bytes = 0;
    for (int32_t k = 0; k < plan->key_count; k++) bytes += 1 + key_bytes(plan->layout, plan->keys[k].column);
    const sort_word ones = bytes >= PREFIX_BYTES ? ~(sort_word)0
                           : bytes == 0          ? 0
                                                 : ~(sort_word)0 << (8 * (PREFIX_BYTES - bytes));
    return (weft_sort_prefix){.high = (uint64_t)(ones >> 64), .low = (uint64_t)ones};
}

/* ---- values in order ---- */

static inline sort_word order_of_f64(double value)
{
    uint64_t bits;
    if (value != value) return UINT64_MAX;
    value += 0.0; /* -0.0 becomes 0.0 */
    memcpy(&bits, &value, sizeof(bits));
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static inline sort_word order_of_f32(float value)
{
    uint32_t bits;
    if (value != value) return UINT32_MAX;
    value += 0.0f;
    memcpy(&bits, &value, sizeof(bits));
    return bits >> 31 ? ~bits : bits | (uint32_t)1 << 31;
}

/* The first 16 bytes, the first one on top. */
static inline sort_word order_of_str(const weft_str *s)
{
    uint64_t high = 0, low = 0;
    const char *bytes = weft_str_data(s);
    if (s->len >= 16) {
        memcpy(&high, bytes, 8);
        memcpy(&low, bytes + 8, 8);
    } else if (s->len <= WEFT_STR_INLINE) {
        memcpy(&high, bytes, 8); /* zero filled */
        uint32_t rest;
        memcpy(&rest, s->tail + 4, sizeof(rest));
        low = rest;
    } else {
        memcpy(&high, bytes, 8);
        memcpy(&low, bytes + 8, s->len - 8);
    }
    return (sort_word)__builtin_bswap64(high) << 64 | __builtin_bswap64(low);
}

/* An integer of `bytes` bytes with its sign bit turned. */
static inline sort_word order_of_int(int64_t value, int32_t bytes)
{
    const uint64_t turned = (uint64_t)value ^ (uint64_t)1 << (8 * bytes - 1);
    return bytes == 8 ? turned : turned & (((uint64_t)1 << (8 * bytes)) - 1);
}

static inline sort_word order_of_i128(weft_i128 value) { return (sort_word)value ^ (sort_word)1 << 127; }

#define WEFT_LOOP(type, expr)                                                                                \
    do {                                                                                                     \
        const type *v = slots->values;                                                                       \
        for (int32_t i = 0; i < count; i++) {                                                                \
            const type x = v[slots->index == NULL ? (uint32_t)i : slots->index[i]];                          \
            out[i] = (expr);                                                                                 \
        }                                                                                                    \
    } while (0)

/* Values of a chunk as numbers of `bytes` bytes in order; null slots hold anything. The batch may hold a
 * decimal in another width than the row. */
static void chunk_order(weft_phys phys, const weft_slots *slots, int32_t count, int32_t bytes, sort_word *out)
{
    switch (phys) {
    case WEFT_PHYS_BOOL: WEFT_LOOP(uint8_t, x); return;
    case WEFT_PHYS_I8: WEFT_LOOP(int8_t, order_of_int(x, bytes)); return;
    case WEFT_PHYS_I16: WEFT_LOOP(int16_t, order_of_int(x, bytes)); return;
    case WEFT_PHYS_I32:
        if (bytes == 16)
            WEFT_LOOP(int32_t, order_of_i128(x));
        else
            WEFT_LOOP(int32_t, order_of_int(x, bytes));
        return;
    case WEFT_PHYS_I64:
        if (bytes == 16)
            WEFT_LOOP(int64_t, order_of_i128(x));
        else
            WEFT_LOOP(int64_t, order_of_int(x, bytes));
        return;
    case WEFT_PHYS_I128:
        if (bytes == 16)
            WEFT_LOOP(weft_i128, order_of_i128(x));
        else
            WEFT_LOOP(weft_i128, order_of_int((int64_t)x, bytes));
        return;
    case WEFT_PHYS_F32: WEFT_LOOP(float, order_of_f32(x)); return;
    case WEFT_PHYS_F64: WEFT_LOOP(double, order_of_f64(x)); return;
    case WEFT_PHYS_STR: {
        const weft_str *v = slots->values;
        for (int32_t i = 0; i < count; i++)
            out[i] = order_of_str(&v[slots->index == NULL ? (uint32_t)i : slots->index[i]]);
        return;
    }
    case WEFT_PHYS_NULL:
    case WEFT_PHYS_LIST:
    case WEFT_PHYS_STRUCT:
    case WEFT_PHYS_COUNT: break;
    }
    memset(out, 0, (size_t)count * sizeof(*out)); /* nested values and bare nulls: rows decide */
}
#undef WEFT_LOOP

/* ---- prefixes ---- */

/* Put `bytes` low bytes of value at byte `at` of the prefix; what passes its end is cut. */
static inline sort_word place(sort_word value, int32_t at, int32_t bytes)
{
    const int32_t left = PREFIX_BYTES - at - bytes;
    return left >= 0 ? value << (8 * left) : value >> (-8 * left);
}

/* Are strings of unselected or null slots read? No: slots of nulls hold an empty string or code 0, which is
 * one. */
static void chunk_key(const weft_sort_plan *plan, int32_t k, const weft_column *column,
                      const weft_positions *positions, int32_t at, sort_word *prefix)
{
    const weft_sort_key *key = &plan->keys[k];
    const int32_t bytes = key_bytes(plan->layout, key->column), count = positions->count;
    uint32_t scratch[WEFT_SLOTS_CHUNK];
    uint8_t null[WEFT_SLOTS_CHUNK];
    sort_word order[WEFT_SLOTS_CHUNK];
    weft_slots slots;
    weft_slots_load(column, positions, scratch, &slots);
    const bool has_nulls = weft_slots_nulls(&slots, count, null);
    chunk_order((weft_phys)column->phys, &slots, count, bytes, order);
    const sort_word valid_byte = place(key->nulls_first ? 1 : 0, at, 1),
                    null_byte = place(key->nulls_first ? 0 : 1, at, 1);
    const sort_word ones = bytes == 0 ? 0 : ~(sort_word)0 >> (128 - 8 * bytes);
    const sort_word turn = key->descending ? ones : 0;
    for (int32_t i = 0; i < count; i++) {
        const sort_word value = at + 1 < PREFIX_BYTES && bytes > 0 ? place(order[i] ^ turn, at + 1, bytes)
                                                                   : 0;
        prefix[i] |= has_nulls && null[i] ? null_byte : valid_byte | value;
    }
}

void weft_sort_prefixes(const weft_sort_plan *plan, const weft_batch *batch, weft_sort_prefix *out)
{
    for (int32_t first = 0; first < batch->selected; first += WEFT_SLOTS_CHUNK) {
        sort_word prefix[WEFT_SLOTS_CHUNK] = {0};
        weft_positions positions;
        weft_positions_load(batch->selection, first, weft_min_i32(batch->selected - first, WEFT_SLOTS_CHUNK),
                            &positions);
        for (int32_t k = 0, at = 0; k < plan->key_count && at < PREFIX_BYTES; k++) {
            const int32_t column = plan->keys[k].column;
            chunk_key(plan, k, &batch->columns[column], &positions, at, prefix);
            at += 1 + key_bytes(plan->layout, column);
        }
        for (int32_t i = 0; i < positions.count; i++) {
            out[first + i] =
                (weft_sort_prefix){.high = (uint64_t)(prefix[i] >> 64), .low = (uint64_t)prefix[i]};
        }
    }
}

void weft_sort_prefixes_of_rows(const weft_sort_plan *plan, const uint8_t *const *rows, int32_t count,
                                weft_sort_prefix *out)
{
    sort_word prefix[WEFT_SORT_ROWS_CHUNK] = {0};
    weft_positions positions;
    weft_positions_load(NULL, 0, count, &positions);
    for (int32_t k = 0, at = 0; k < plan->key_count && at < PREFIX_BYTES; k++) {
        const int32_t column = plan->keys[k].column;
        alignas(16) uint8_t values[WEFT_SORT_ROWS_CHUNK * 16];
        uint64_t validity[WEFT_SORT_ROWS_CHUNK / 64];
        bool has_nulls = false;
        weft_rows_gather(plan->layout, column, rows, count, NULL, values, validity, &has_nulls);
        const weft_phys phys = weft_type_phys(plan->layout->types[column]);
        const bool nested = weft_phys_is_nested(phys); /* packed: their bytes are in no order */
        const weft_column flat = {.type = plan->layout->types[column],
                                  .phys = nested ? (uint8_t)phys : plan->layout->phys[column],
                                  .encoding = WEFT_FLAT,
                                  .data = values,
                                  .validity = has_nulls ? validity : NULL};
        chunk_key(plan, k, &flat, &positions, at, prefix);
        at += 1 + key_bytes(plan->layout, column);
    }
    for (int32_t i = 0; i < count; i++) {
        out[i] = (weft_sort_prefix){.high = (uint64_t)(prefix[i] >> 64), .low = (uint64_t)prefix[i]};
    }
}

/* ---- rows ---- */

static int compare_strings(const weft_row_layout *layout, int32_t column, const uint8_t *a, const uint8_t *b)
{
    weft_str x, y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    if (layout->types[column].id < WEFT_TYPE_ARRAY) return weft_str_compare(&x, &y);
    return weft_nested_compare(layout->types[column], (const uint8_t *)weft_str_data(&x),
                               (const uint8_t *)weft_str_data(&y));
}

/* A fixed value of a row as a number that is in order. */
static sort_word row_order(weft_phys phys, const uint8_t *at)
{
    weft_slots slots = {0};
    alignas(16) uint8_t value[16];
    sort_word order;
    memcpy(value, at, (size_t)weft_phys_bytes(phys));
    slots.values = value;
    chunk_order(phys, &slots, 1, weft_phys_bytes(phys), &order);
    return order;
}

int weft_sort_compare_rows(const weft_sort_plan *plan, const uint8_t *a, const uint8_t *b)
{
    const weft_row_layout *layout = plan->layout;
    for (int32_t k = 0; k < plan->key_count; k++) {
        const weft_sort_key *key = &plan->keys[k];
        const int32_t c = key->column, offset = layout->offsets[c];
        const bool a_null = weft_row_is_null(a, c), b_null = weft_row_is_null(b, c);
        if (a_null != b_null) return a_null == key->nulls_first ? -1 : 1;
        if (a_null) continue;
        int order;
        if (layout->phys[c] == WEFT_PHYS_STR) {
            order = compare_strings(layout, c, a + offset, b + offset);
        } else {
            const sort_word x = row_order((weft_phys)layout->phys[c], a + offset);
            const sort_word y = row_order((weft_phys)layout->phys[c], b + offset);
            order = x < y ? -1 : x > y;
        }
        if (order != 0) return key->descending ? -order : order;
    }
    return 0;
}

int32_t weft_sort_shared_keys(const weft_sort_plan *plan, const weft_sort_entry *entries, int64_t count)
{
    const weft_row_layout *layout = plan->layout;
    for (int32_t k = 0, at = 0; k < plan->key_count; k++) {
        const int32_t column = plan->keys[k].column;
        if (layout->phys[column] == WEFT_PHYS_STR) { /* or nested: then its bytes may differ and be equal */
            for (int64_t i = 1; i < count; i++)
                if (!weft_rows_equal(layout, &column, 1, entries[0].row, entries[i].row)) return k;
            return k + 1;
        }
        at += 1 + key_bytes(layout, column);
        if (at > PREFIX_BYTES) return k;
    }
    return plan->key_count;
}
