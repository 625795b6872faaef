/* engine/exec/window_frame.h - which rows of a sorted partition a window call looks at.
 *
 * A partition is rows by position, in memory or in scratch. Frames are half-open index ranges. Positions are
 * asked for with rising row numbers, so every bound moves forward only: a whole partition costs O(rows). One
 * thread. */
#ifndef WEFT_EXEC_WINDOW_FRAME_H
#define WEFT_EXEC_WINDOW_FRAME_H

#include "engine/exec/window_rows.h"
#include "engine/expr/zone.h"

typedef struct weft_window_frame {
    const weft_row_layout *layout;
    const weft_window_spec *spec;
    int32_t order_count;
    const int32_t *order;               /* layout columns */
    bool descending, nulls_first;       /* of the first order column: RANGE offsets have only that one */
    weft_value low_offset, high_offset; /* of PRECEDING and FOLLOWING bounds */
    /* of the partition at work */
    weft_window_rows *rows;
    int64_t count;
    int64_t peer_begin, peer_end; /* the rows that are equal in order to the last row asked for */
    int64_t low, high;            /* how far the bounds have come (RANGE with offsets) */
    weft_zone *zone;              /* of an offset of months over a TIMESTAMP; or NULL */
} weft_window_frame;

/* spec is borrowed. Errors: WEFT_UNSUPPORTED_WINDOW for RANGE offsets over a type that has no differences,
 * those of the session's time zone. */
WEFT_MUST_CHECK weft_status weft_window_frame_init(weft_ctx *ctx, const weft_row_layout *layout,
                                                   const weft_window_spec *spec, const weft_sort_key *order,
                                                   int32_t order_count, weft_window_frame *out);
void weft_window_frame_deinit(weft_window_frame *frame);
/* Begin a partition. rows are borrowed until the next one. */
void weft_window_frame_begin(weft_window_frame *frame, weft_window_rows *rows);
/* Move to row i (not before the last one): its peers. */
WEFT_MUST_CHECK weft_status weft_window_frame_peers(weft_ctx *ctx, weft_window_frame *frame, int64_t i);
/* The frame of row i (after weft_window_frame_peers of the same row); *low <= *high. */
WEFT_MUST_CHECK weft_status weft_window_frame_bounds(weft_ctx *ctx, weft_window_frame *frame, int64_t i,
                                                     int64_t *low, int64_t *high);

#endif
