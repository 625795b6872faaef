/* engine/formats/parquet/out.h - what take.c does to an out; inside of the reader only. */
#ifndef WEFT_FORMATS_PARQUET_OUT_H
#define WEFT_FORMATS_PARQUET_OUT_H

#include "engine/formats/parquet/take.h"

/* Make out, which holds values in its first `held` slots, ready for values of a page of this form: afterwards
 * its form is CODES only if the page's codes may be stored as they are; phys is wide enough. */
void weft_pq_out_prepare(weft_pq_out *out, weft_pq_form form, uint8_t phys, const weft_dictionary *dictionary,
                         int32_t held);
/* Room for capacity slots; values (16 bytes each) are kept, codes are not. */
WEFT_MUST_CHECK weft_status weft_pq_out_grow(weft_ctx *ctx, weft_pq_out *out, int32_t capacity);
/* From now on out has nulls; the first `held` slots have none. */
void weft_pq_out_nulls(weft_pq_out *out, int32_t held);
/* n slots of width bytes: the next value of from where the bit is set, zero elsewhere. */
void weft_pq_out_spread(const void *from, const uint64_t *bits, int32_t n, int32_t width, void *to);
/* to[positions[i]] = from[i] */
void weft_pq_out_scatter(const void *from, const uint16_t *positions, int32_t n, int32_t width, void *to);
/* to[i] = from[indexes[i]] */
void weft_pq_out_pick32(const void *from, const void *indexes, int32_t n, int32_t width, void *to);
void weft_pq_out_pick16(const void *from, const void *indexes, int32_t n, int32_t width, void *to);

#endif
