/* engine/formats/parquet/delta.h - DELTA_BINARY_PACKED and BYTE_STREAM_SPLIT (Encodings.md of
 * apache/parquet-format). */
#ifndef WEFT_FORMATS_PARQUET_DELTA_H
#define WEFT_FORMATS_PARQUET_DELTA_H

#include "engine/formats/parquet/kernels.h"

/* Decode exactly count values at *at, which moves behind them; bytes have slack after end. False when
 * malformed, or when the encoded number of values is another. */
bool weft_pq_delta_decode(const weft_pq_kernels *kernels, const uint8_t **at, const uint8_t *end,
                          int64_t count, int64_t *out);
/* count values of width bytes: byte j of value i is at [j * count + i]. */
void weft_pq_stream_split(const uint8_t *bytes, int64_t count, int32_t width, uint8_t *out);

#endif
