/* engine/formats/parquet/write_chunk.h - column chunks and row groups as they went into the file, and the
 * footer. */
#ifndef WEFT_FORMATS_PARQUET_WRITE_CHUNK_H
#define WEFT_FORMATS_PARQUET_WRITE_CHUNK_H

#include "engine/formats/parquet/write_column.h"

/* What the footer says of one chunk. Blobs lie in the arena of the sink. */
typedef struct weft_pqw_chunk {
    const weft_pqw_leaf *leaf;
    weft_pq_codec codec;
    int64_t levels, nulls, raw_bytes, packed_bytes;
    int64_t data_offset, dict_offset; /* dict_offset 0: none */
    int64_t distinct;                 /* -1: unknown */
    int32_t coded_pages, plain_pages;
    weft_pq_encoding plain_encoding; /* of the pages that are not coded */
    bool page_v2;
    weft_pqw_bounds bounds;
    int64_t bloom_offset;
    int32_t bloom_bytes;
    char *column_index, *offset_index; /* serialised; column_index may be NULL */
    int64_t column_index_bytes, offset_index_bytes;
    int64_t column_index_at, offset_index_at;
} weft_pqw_chunk;

typedef struct weft_pqw_group {
    int64_t rows, raw_bytes, packed_bytes, offset;
    weft_pqw_chunk *chunks; /* one a leaf */
    struct weft_pqw_group *next;
} weft_pqw_group;

/* Write the chunk that the column holds (its last page is closed first) and say what the footer needs.
 */
WEFT_MUST_CHECK weft_status weft_pqw_chunk_write(weft_ctx *ctx, weft_arena *arena, weft_pqw_column *column,
                                                 weft_pqw_scratch *scratch, weft_file_writer *file,
                                                 weft_pqw_chunk *out);
/* Write its bloom filter, if it has one; after all chunks of the row group, which stay together in the file.
 */
WEFT_MUST_CHECK weft_status weft_pqw_chunk_write_bloom(weft_ctx *ctx, weft_pqw_column *column,
                                                       weft_pqw_scratch *scratch, weft_file_writer *file,
                                                       weft_pqw_chunk *chunk);
/* The page indexes of all chunks, then the footer with its length and magic. */
WEFT_MUST_CHECK weft_status weft_pqw_footer_write(weft_ctx *ctx, const weft_pqw_schema *schema,
                                                  weft_pqw_group *groups, int32_t group_count, int64_t rows,
                                                  weft_pqw_scratch *scratch, weft_file_writer *file);

#endif
