/* engine/formats/parquet/write_column.h - one column chunk in the making: values in, finished pages kept.
 *
 * Values of a page are held as dictionary codes while the dictionary pays, else in PLAIN form ("staged"). A
 * full page is encoded, compressed and kept until the row group is flushed, since the dictionary page goes
 * before it in the file. The dictionary is given up when it passes its size, or when the first page would be
 * no smaller with it; the page at hand is then turned into PLAIN, the pages before it stay as they are. */
#ifndef WEFT_FORMATS_PARQUET_WRITE_COLUMN_H
#define WEFT_FORMATS_PARQUET_WRITE_COLUMN_H

#include "engine/formats/parquet/compress.h"
#include "engine/formats/parquet/write_bloom.h"
#include "engine/formats/parquet/write_dict.h"
#include "engine/formats/parquet/write_stats.h"
#include "engine/storage/fs.h"

enum { WEFT_PQW_CHUNK = 512 }; /* rows that are put at once: their arrays stay in L1 */

/* What the options say, of the whole file. */
typedef struct weft_pqw_options {
    weft_pq_codec codec;
    int level;
    int64_t row_group_bytes, page_bytes, dict_bytes;
    int32_t page_rows;
    bool page_v2, checksums;
    double bloom_false_positives;
    int64_t bloom_max_bytes;
} weft_pqw_options;

/* Buffers that all columns of a file share. */
typedef struct weft_pqw_scratch {
    weft_bytes raw, packed, header;
    weft_bytes words; /* levels as uint32 */
    weft_pqw_compressor compressor;
} weft_pqw_scratch;

/* A finished page: header and payload as they go into the file. */
typedef struct weft_pqw_page {
    struct weft_pqw_page *next;
    int64_t bytes;     /* of data */
    int64_t raw_bytes; /* header and uncompressed payload */
    int32_t rows, nulls, levels;
    bool coded; /* dictionary codes */
    weft_pqw_bounds bounds;
    uint8_t data[];
} weft_pqw_page;

/* Some rows of one leaf. The k-th present value is values[index[k]], or values[k]. */
typedef struct weft_pqw_input {
    int32_t rows;
    int32_t levels;     /* == rows where nothing repeats */
    const uint8_t *def; /* levels of them; NULL: all max_def */
    const uint8_t *rep; /* NULL when max_rep is 0 */
    int32_t present;    /* values that are there */
    weft_phys phys;
    const void *values;
    const uint32_t *index;
    const weft_dictionary *dictionary; /* index holds codes of it; NULL otherwise */
} weft_pqw_input;

typedef struct weft_pqw_column {
    const weft_pqw_leaf *leaf;
    const weft_pqw_options *options;
    bool wants_dict, wants_delta, wants_bloom; /* options of the column */
    int64_t bloom_distinct;                    /* expected; 0: unknown */

    int32_t rows, levels, nulls, values; /* of the page */
    weft_bytes def, rep;                 /* a byte a level */
    weft_bytes staged;                   /* PLAIN values, but for one byte a boolean */
    weft_bytes codes;                    /* uint32 */
    bool dict_on;
    weft_pqw_dict dict;

    weft_pqw_page *first, *last;
    int32_t page_count, coded_pages;
    int64_t page_bytes; /* of finished pages */
    weft_pqw_bloom bloom;
} weft_pqw_column;

WEFT_MUST_CHECK weft_status weft_pqw_column_init(weft_ctx *ctx, const weft_pqw_leaf *leaf,
                                                 const weft_pqw_options *options, weft_pqw_column *out);
/* How many more rows the page takes, at least 1. */
int32_t weft_pqw_column_room_rows(const weft_pqw_column *column);
/* Take rows (at most the room); closes the page when it is full. kind: retained while rows are taken. */
WEFT_MUST_CHECK weft_status weft_pqw_column_put(weft_ctx *ctx, weft_pqw_column *column,
                                                weft_pqw_scratch *scratch, const weft_pqw_input *in);
/* Finish the page at hand, if it holds rows. */
WEFT_MUST_CHECK weft_status weft_pqw_column_close_page(weft_ctx *ctx, weft_pqw_column *column,
                                                       weft_pqw_scratch *scratch, weft_mem_kind kind);
/* Give up the dictionary: the page at hand goes on in PLAIN form. */
WEFT_MUST_CHECK weft_status weft_pqw_column_leave_dict(weft_ctx *ctx, weft_pqw_column *column);
/* Make the chunk's bloom filter whole, where one is wanted; after the last page. */
WEFT_MUST_CHECK weft_status weft_pqw_column_finish_bloom(weft_ctx *ctx, weft_pqw_column *column);
/* Bytes that the chunk would take in the file, about. */
int64_t weft_pqw_column_bytes(const weft_pqw_column *column);
/* Forget the chunk: for the next row group. */
void weft_pqw_column_clear(weft_pqw_column *column);
void weft_pqw_column_deinit(weft_pqw_column *column);

/* Append a page: header, checksum and payload. raw: the uncompressed bytes; packed: what follows the header
 * in the file; levels_bytes: the part of packed that is never compressed (V2). Shared with the dictionary
 * page. */
typedef struct weft_pqw_page_head {
    weft_pq_page_type type;
    weft_pq_encoding encoding;
    int32_t levels, nulls, rows;
    int32_t def_bytes, rep_bytes; /* V2 */
    bool compressed;              /* V2 */
    int64_t raw_bytes, packed_bytes;
} weft_pqw_page_head;
WEFT_MUST_CHECK weft_status weft_pqw_put_page_header(weft_ctx *ctx, weft_bytes *out,
                                                     const weft_pqw_page_head *head, bool checksum,
                                                     const void *packed);

/* Convert n values of a column to the leaf's staged form (FIXED: i128; BYTES: weft_str), dense, 16-byte
 * aligned. Errors: WEFT_INTERNAL for a physical type that the leaf's type never has, or a value too large for
 * it. */
WEFT_MUST_CHECK weft_status weft_pqw_gather(weft_ctx *ctx, const weft_pqw_leaf *leaf, weft_phys phys,
                                            const void *values, const uint32_t *index, int32_t n, void *to);
/* The same of what came in a batch: a TIME of up to six digits has nanoseconds there and microseconds here.
 */
WEFT_MUST_CHECK weft_status weft_pqw_gather_input(weft_ctx *ctx, const weft_pqw_leaf *leaf, weft_phys phys,
                                                  const void *values, const uint32_t *index, int32_t n,
                                                  void *to);
/* Bytes of one staged value; 0 for BYTES. FIXED is staged as fixed_bytes. */
int32_t weft_pqw_staged_bytes(const weft_pqw_leaf *leaf);

#endif
