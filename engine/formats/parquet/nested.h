/* engine/formats/parquet/nested.h - lists, maps and structs of a window of rows, from the levels of their
 * leaves. */
#ifndef WEFT_FORMATS_PARQUET_NESTED_H
#define WEFT_FORMATS_PARQUET_NESTED_H

#include "engine/formats/parquet/take.h"

typedef struct weft_pq_nested weft_pq_nested;

/* A reader of the column `node` of a file, for the row group that is open; opened again for each row group,
 * *nested may be reused for another node. Caller frees with weft_pq_nested_free. */
WEFT_MUST_CHECK weft_status weft_pq_nested_open(weft_ctx *ctx, weft_pq_nested **nested, weft_pq_lane *lane,
                                                weft_file *file, const weft_pq_meta *meta, int32_t row_group,
                                                const weft_pq_node *node, bool narrow);
/* The column of rows [row, row + rows) of the row group; row is never less than before. Valid until the next
 * read; strings as long as the lane keeps pages. */
WEFT_MUST_CHECK weft_status weft_pq_nested_read(weft_ctx *ctx, weft_pq_nested *nested, int64_t row,
                                                int32_t rows, weft_column *out);
void weft_pq_nested_release(weft_pq_nested *nested); /* as weft_pq_chunk_release */
void weft_pq_nested_free(weft_pq_nested **nested);

#endif
