/* engine/columnar/rows_gather.c - from rows back into columns: one loop a width, and one for the nulls. */
#include "engine/columnar/rows_private.h"

#define WEFT_T    uint8_t
#define WEFT_NAME gather_1
#include "engine/columnar/rows_gather.inc.h"
#define WEFT_T    uint16_t
#define WEFT_NAME gather_2
#include "engine/columnar/rows_gather.inc.h"
#define WEFT_T    uint32_t
#define WEFT_NAME gather_4
#include "engine/columnar/rows_gather.inc.h"
#define WEFT_T    uint64_t
#define WEFT_NAME gather_8
#include "engine/columnar/rows_gather.inc.h"
#define WEFT_T    weft_i128
#define WEFT_NAME gather_16
#include "engine/columnar/rows_gather.inc.h"

static void gather_values(int32_t bytes, const uint8_t *const *rows, int32_t offset, int32_t count,
                          const uint16_t *at, void *values)
{
    switch (bytes) {
    case 1: gather_1(rows, offset, count, at, values); return;
    case 2: gather_2(rows, offset, count, at, values); return;
    case 4: gather_4(rows, offset, count, at, values); return;
    case 8: gather_8(rows, offset, count, at, values); return;
    case 16: gather_16(rows, offset, count, at, values); return;
    default: return;
    }
}

/* Validity words of dense positions, 64 rows a word; the bits after the last row are not touched. */
static uint64_t gather_valid_dense(const uint8_t *const *rows, int32_t byte, int32_t shift, int32_t count,
                                   uint64_t *validity)
{
    uint64_t nulls = 0;
    for (int32_t first = 0; first < count; first += 64) {
        const int32_t some = weft_min_i32(count - first, 64);
        uint64_t word = 0;
        for (int32_t i = 0; i < some; i++) word |= (uint64_t)(rows[first + i][byte] >> shift & 1) << i;
        nulls |= word;
        const uint64_t mask = some == 64 ? UINT64_MAX : ((uint64_t)1 << some) - 1;
        validity[first >> 6] = (validity[first >> 6] & ~mask) | (~word & mask);
    }
    return nulls;
}

static uint64_t gather_valid_at(const uint8_t *const *rows, int32_t byte, int32_t shift, int32_t count,
                                const uint16_t *at, uint64_t *validity)
{
    uint64_t nulls = 0;
    for (int32_t i = 0; i < count; i++) {
        const uint64_t null = rows[i][byte] >> shift & 1;
        nulls |= null;
        validity[at[i] >> 6] &= ~((uint64_t)1 << (at[i] & 63));
        validity[at[i] >> 6] |= (null ^ 1) << (at[i] & 63);
    }
    return nulls;
}

void weft_rows_gather(const weft_row_layout *layout, int32_t column, const uint8_t *const *rows,
                      int32_t count, const uint16_t *at, void *values, uint64_t *validity, bool *has_nulls)
{
    gather_values(weft_phys_bytes((weft_phys)layout->phys[column]), rows, layout->offsets[column], count, at,
                  values);
    if (validity == NULL) return;
    const int32_t byte = 8 + (column >> 3), shift = column & 7;
    const uint64_t nulls = at == NULL ? gather_valid_dense(rows, byte, shift, count, validity)
                                      : gather_valid_at(rows, byte, shift, count, at, validity);
    if (nulls != 0) *has_nulls = true;
}
