/* engine/formats/parquet/prune.h - which rows of a row group need not be read, by what its indexes tell. */
#ifndef WEFT_FORMATS_PARQUET_PRUNE_H
#define WEFT_FORMATS_PARQUET_PRUNE_H

#include "engine/formats/parquet/scan.h"

/* Do the bloom filters of the row group rule out that all conjuncts are true for some row? Reads the header
 * and one block for each literal, from columns that are not all dictionary. A filter that cannot be read
 * rules out nothing. Errors: those of reading. */
WEFT_MUST_CHECK weft_status weft_pq_prune_by_bloom(weft_ctx *ctx, weft_scan *scan, int32_t group, bool *none);

/* Take from scan->ranges the pages of this column whose bounds the filters on it rule out. Its chunk is open
 * with its page locations; without those, or without a column index that fits them, nothing happens. */
WEFT_MUST_CHECK weft_status weft_pq_prune_by_pages(weft_ctx *ctx, weft_scan *scan, int32_t column);

#endif
