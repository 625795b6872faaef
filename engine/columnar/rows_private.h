/* engine/columnar/rows_private.h - what the files of rows share; for nobody else. */
#ifndef WEFT_COLUMNAR_ROWS_PRIVATE_H
#define WEFT_COLUMNAR_ROWS_PRIVATE_H

#include "engine/columnar/rows.h"
#include "engine/columnar/slots.h"

/* Room found for a chunk of rows: where each row goes, how many heap bytes it needs, where its strings go. */
typedef struct rows_place {
    int32_t count;                   /* rows that have room; fewer than asked for after an error */
    uint64_t need[WEFT_SLOTS_CHUNK]; /* heap bytes; unused when the layout has no strings */
    uint8_t *row[WEFT_SLOTS_CHUNK];
    uint8_t *heap[WEFT_SLOTS_CHUNK]; /* moves on as strings are written */
} rows_place;

/* Find room for count rows at the end of set, or row i at the end of sets[partition[i]]. On error
 * place->count rows have room, and are counted in their pages: the caller writes them before it reports. */
WEFT_MUST_CHECK weft_status weft_rows_place(weft_ctx *ctx, const weft_row_layout *layout, weft_row_set *set,
                                            int32_t count, rows_place *place);
WEFT_MUST_CHECK weft_status weft_rows_place_by(weft_ctx *ctx, const weft_row_layout *layout,
                                               weft_row_set *sets, const uint16_t *partition, int32_t count,
                                               rows_place *place);

/* The bytes of a string that lie in a heap. */
static inline uint64_t rows_heap_bytes(uint32_t len) { return len > WEFT_STR_INLINE ? len : 0; }

/* memcpy for strings that are not inline, i.e. len > 12: short ones by two overlapping moves. */
static inline void rows_copy_string(uint8_t *to, const char *from, uint32_t len)
{
    if (len <= 16) {
        uint64_t head, tail;
        memcpy(&head, from, 8);
        memcpy(&tail, from + len - 8, 8);
        memcpy(to, &head, 8);
        memcpy(to + len - 8, &tail, 8);
    } else if (len <= 32) {
        weft_u128 head, tail;
        memcpy(&head, from, 16);
        memcpy(&tail, from + len - 16, 16);
        memcpy(to, &head, 16);
        memcpy(to + len - 16, &tail, 16);
    } else {
        memcpy(to, from, len);
    }
}

#endif
