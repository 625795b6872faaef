/* engine/formats/parquet/write_encode.h - the encodings of values and levels, into a growing buffer.
 *
 * Source: "Parquet encoding definitions", Encodings.md of apache/parquet-format 2.11. Pure functions. */
#ifndef WEFT_FORMATS_PARQUET_WRITE_ENCODE_H
#define WEFT_FORMATS_PARQUET_WRITE_ENCODE_H

#include "engine/formats/parquet/bytes.h"

/* Bits that hold every value up to max. */
static inline int weft_pqw_bit_width(uint32_t max) { return max == 0 ? 0 : 32 - __builtin_clz(max); }

/* The RLE / bit-packed hybrid of values < 2^width, width 0..32, without a length before it. */
WEFT_MUST_CHECK weft_status weft_pqw_put_hybrid(weft_ctx *ctx, weft_bytes *out, const uint32_t *values,
                                                int64_t count, int width);
/* One value `count` times: what weft_pqw_put_hybrid would say of it. */
WEFT_MUST_CHECK weft_status weft_pqw_put_repeated(weft_ctx *ctx, weft_bytes *out, uint32_t value,
                                                  int64_t count, int width);
/* PLAIN booleans: one bit each of 0/1 bytes. */
WEFT_MUST_CHECK weft_status weft_pqw_put_bits(weft_ctx *ctx, weft_bytes *out, const uint8_t *values,
                                              int64_t count);
/* DELTA_BINARY_PACKED of 32- or 64-bit integers: blocks of 128, four miniblocks. */
WEFT_MUST_CHECK weft_status weft_pqw_put_delta_i32(weft_ctx *ctx, weft_bytes *out, const int32_t *values,
                                                   int64_t count);
WEFT_MUST_CHECK weft_status weft_pqw_put_delta_i64(weft_ctx *ctx, weft_bytes *out, const int64_t *values,
                                                   int64_t count);
/* DELTA_BYTE_ARRAY of values in PLAIN form (4 bytes of length, then the bytes). */
WEFT_MUST_CHECK weft_status weft_pqw_put_delta_bytes(weft_ctx *ctx, weft_bytes *out, const uint8_t *plain,
                                                     int64_t count);

#endif
