/* engine/exec/block_track.c - the low and high of integer keys that a block keeps for dynamic filters and for
 * direct join tables. */
#include "engine/columnar/slots.h"
#include "engine/exec/block_private.h"

#define WEFT_T    int8_t
#define WEFT_NAME track_i8
#include "engine/exec/track.inc.h"
#define WEFT_T    int16_t
#define WEFT_NAME track_i16
#include "engine/exec/track.inc.h"
#define WEFT_T    int32_t
#define WEFT_NAME track_i32
#include "engine/exec/track.inc.h"
#define WEFT_T    int64_t
#define WEFT_NAME track_i64
#include "engine/exec/track.inc.h"
#define WEFT_T    weft_i128
#define WEFT_NAME track_i128 /* a decimal of at most 18 digits in a wide batch */
#include "engine/exec/track.inc.h"

typedef void track_values(const void *values, const uint32_t *index, const uint8_t *null, int32_t count,
                          int64_t *low, int64_t *high);

static track_values *const track_table[WEFT_PHYS_COUNT] = {
    [WEFT_PHYS_I8] = track_i8,   [WEFT_PHYS_I16] = track_i16,   [WEFT_PHYS_I32] = track_i32,
    [WEFT_PHYS_I64] = track_i64, [WEFT_PHYS_I128] = track_i128,
};

void weft_block_track_batch(weft_key_range *range, const weft_batch *batch, const weft_column *column)
{
    track_values *track = track_table[column->phys];
    if (track == NULL) return; /* NULL physical type: no value at all */
    for (int32_t first = 0; first < batch->selected; first += WEFT_SLOTS_CHUNK) {
        uint32_t scratch[WEFT_SLOTS_CHUNK];
        uint8_t null[WEFT_SLOTS_CHUNK];
        weft_positions positions;
        weft_slots slots;
        const int32_t count = weft_min_i32(batch->selected - first, WEFT_SLOTS_CHUNK);
        weft_positions_load(batch->selection, first, count, &positions);
        weft_slots_load(column, &positions, scratch, &slots);
        const bool has_nulls = weft_slots_nulls(&slots, count, null);
        track(slots.values, slots.index, has_nulls ? null : NULL, count, &range->low, &range->high);
    }
}
