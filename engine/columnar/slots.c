/* engine/columnar/slots.c - where the values of a chunk of rows are, for every encoding. */
#include "engine/columnar/slots.h"

/* Constants are one value named by everyone; a column of type NULL is one null. */
static const uint32_t slots_zeros[WEFT_SLOTS_CHUNK];
static const uint64_t slots_all_null[1];
static const uint64_t slots_nothing[2]; /* a zero of any physical type */

void weft_positions_load(const uint16_t *selection, int32_t first, int32_t count, weft_positions *out)
{
    WEFT_DASSERT(count <= WEFT_SLOTS_CHUNK);
    out->first = first;
    out->count = count;
    out->dense = selection == NULL;
    if (selection == NULL) return;
    for (int32_t i = 0; i < count; i++) out->at[i] = selection[first + i];
}

int32_t weft_column_run(const weft_column *column, int32_t row)
{
    int32_t low = 0, high = column->run_count - 1;
    while (low < high) {
        const int32_t mid = low + (high - low) / 2;
        if (column->run_ends[mid] > row)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

/* The run of every position; they ascend, so the ends are walked once. */
static void slots_runs(const weft_column *column, const weft_positions *positions, uint32_t *run_of)
{
    if (positions->count == 0) return;
    int32_t run = weft_column_run(column, positions->dense ? positions->first : (int32_t)positions->at[0]);
    for (int32_t i = 0; i < positions->count; i++) {
        const int32_t row = positions->dense ? positions->first + i : (int32_t)positions->at[i];
        while (column->run_ends[run] <= row) run++;
        run_of[i] = (uint32_t)run;
    }
}

void weft_slots_load(const weft_column *column, const weft_positions *positions, uint32_t *scratch,
                     weft_slots *out)
{
    const uint32_t *at = positions->dense ? NULL : positions->at;
    *out = (weft_slots){.values = column->data,
                        .index = at,
                        .validity = column->validity,
                        .valid_index = at,
                        .valid_first = positions->first};
    if (column->phys == WEFT_PHYS_NULL) {
        *out = (weft_slots){.values = slots_nothing,
                            .index = slots_zeros,
                            .validity = slots_all_null,
                            .valid_index = slots_zeros};
        return;
    }
    switch ((weft_encoding)column->encoding) {
    case WEFT_FLAT:
        if (at == NULL && column->data != NULL) {
            out->values = (const uint8_t *)column->data +
                          (size_t)positions->first * (size_t)weft_phys_bytes((weft_phys)column->phys);
        }
        return;
    case WEFT_CONSTANT:
        out->index = slots_zeros;
        out->valid_index = slots_zeros;
        return;
    case WEFT_DICTIONARY: {
        const uint32_t *codes = column->data;
        out->values = column->dict->values;
        out->index = at == NULL ? codes + positions->first : scratch;
        for (int32_t i = 0; at != NULL && i < positions->count; i++) scratch[i] = codes[at[i]];
        return;
    }
    case WEFT_RUN_LENGTH:
        slots_runs(column, positions, scratch);
        out->index = scratch;
        out->valid_index = scratch;
        return;
    }
}

/* Bit i of eight as byte i, 1 where the bit is 0. */
static inline uint64_t slots_spread_zeros(uint8_t bits)
{
    const uint64_t apart = (uint8_t)~bits * 0x0101010101010101ULL & 0x8040201008040201ULL;
    return (apart + 0x7f7f7f7f7f7f7f7fULL) >> 7 & 0x0101010101010101ULL;
}

/* Rows first .. first + count, eight at a time where they begin at a byte. */
static bool slots_nulls_dense(const uint64_t *map, int32_t first, int32_t count, uint8_t *null)
{
    const uint8_t *bytes = (const uint8_t *)map + (first >> 3);
    uint64_t any = 0;
    int32_t i = 0;
    for (; (first & 7) == 0 && i + 8 <= count; i += 8) {
        const uint64_t eight = slots_spread_zeros(bytes[i >> 3]);
        memcpy(null + i, &eight, 8);
        any |= eight;
    }
    for (; i < count; i++) {
        null[i] = !weft_bit_get(map, first + i);
        any |= null[i];
    }
    return any != 0;
}

bool weft_slots_nulls(const weft_slots *slots, int32_t count, uint8_t *null)
{
    const uint64_t *map = slots->validity;
    const uint32_t *bit = slots->valid_index;
    if (map == NULL) return false;
    if (bit == NULL) return slots_nulls_dense(map, slots->valid_first, count, null);
    uint32_t any = 0;
    for (int32_t i = 0; i < count; i++) {
        null[i] = (uint8_t)(~(map[bit[i] >> 6] >> (bit[i] & 63)) & 1);
        any |= null[i];
    }
    return any != 0;
}

void weft_slots_copy(const weft_slots *slots, int32_t count, int32_t bytes, void *out)
{
    const uint32_t *index = slots->index;
    if (index == NULL) {
        if (bytes > 0) memcpy(out, slots->values, (size_t)count * (size_t)bytes);
        return;
    }
    switch (bytes) {
    case 1:
        for (int32_t i = 0; i < count; i++) ((uint8_t *)out)[i] = ((const uint8_t *)slots->values)[index[i]];
        return;
    case 2:
        for (int32_t i = 0; i < count; i++)
            ((uint16_t *)out)[i] = ((const uint16_t *)slots->values)[index[i]];
        return;
    case 4:
        for (int32_t i = 0; i < count; i++)
            ((uint32_t *)out)[i] = ((const uint32_t *)slots->values)[index[i]];
        return;
    case 8:
        for (int32_t i = 0; i < count; i++)
            ((uint64_t *)out)[i] = ((const uint64_t *)slots->values)[index[i]];
        return;
    case 16:
        for (int32_t i = 0; i < count; i++)
            ((weft_str *)out)[i] = ((const weft_str *)slots->values)[index[i]];
        return;
    default: return; /* types without data */
    }
}
