/* tests/support/parquet_sample.h - rows of every type, by formulas of the row number, written as a Parquet
 * file.
 *
 * tests/conformance/parquet_write.py knows the same formulas and compares what other engines read. Batches
 * come with and without a selection, and columns flat, constant, coded and run-length, in turns. */
#ifndef WEFT_TESTS_SUPPORT_PARQUET_SAMPLE_H
#define WEFT_TESTS_SUPPORT_PARQUET_SAMPLE_H

#include "engine/formats/source.h"

/* The schema of the sample; static. */
const weft_schema *weft_parquet_sample_schema(void);

/* The rows as batches. */
typedef struct weft_parquet_sample weft_parquet_sample;
WEFT_MUST_CHECK weft_status weft_parquet_sample_new(weft_ctx *ctx, weft_parquet_sample **out);
/* Rows first .. first + count (at most 1000; 500 with a selection, then with other rows between them),
 * borrowed until the next call. */
WEFT_MUST_CHECK weft_status weft_parquet_sample_batch(weft_ctx *ctx, weft_parquet_sample *sample,
                                                      int64_t first, int32_t count, bool selected,
                                                      weft_batch *out);
void weft_parquet_sample_free(weft_parquet_sample **sample);

/* Write rows 0 .. rows - 1 to a new file. options: pairs, option_count of them. */
WEFT_MUST_CHECK weft_status weft_parquet_sample_write(weft_ctx *ctx, const char *path, int64_t rows,
                                                      const char *const *options, int32_t option_count,
                                                      int64_t *bytes);

#endif
