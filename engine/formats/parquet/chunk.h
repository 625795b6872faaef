/* engine/formats/parquet/chunk.h - reading one leaf column of one row group, page by page.
 *
 * A chunk is a lane's state for one leaf, opened anew for each row group and going forward only. A page is
 * first located (its rows are known), and loaded (read, decompressed, levels decoded) when a value of it is
 * wanted: pages that nobody wants are never read where the file has page locations, and never decompressed in
 * any case.
 *
 * Memory: buffers are the lane's (weft_pq_lane) and are reused page after page. Strings that were given out
 * point into the page they came from: such a buffer is put aside when its page is left, until
 * weft_pq_lane_release. */
#ifndef WEFT_FORMATS_PARQUET_CHUNK_H
#define WEFT_FORMATS_PARQUET_CHUNK_H

#include "engine/formats/parquet/codec.h"
#include "engine/formats/parquet/hybrid.h"
#include "engine/formats/parquet/meta.h"
#include "engine/formats/source.h"

/* A block that grows and never shrinks. */
typedef struct weft_pq_buffer {
    void *data; /* weft_mem block, or NULL */
    size_t bytes;
} weft_pq_buffer;

/* A page of page_cache.h. */
typedef struct weft_pq_cached weft_pq_cached;

/* What the chunks of one lane share. */
typedef struct weft_pq_lane {
    weft_pq_codecs codecs;
    const weft_pq_kernels *kernels;
    weft_scan_metrics metrics;
    weft_pq_buffer *aside; /* buffers that strings given out still point into */
    int32_t aside_count, aside_room;
    int64_t aside_bytes;
    const weft_pq_cached **aside_pages; /* the same for pages of the cache */
    int32_t aside_page_count, aside_page_room;
    int64_t cache_bytes;  /* of the page cache; 0: it is off */
    weft_pq_buffer spare; /* the largest buffer released, for the next that is needed */
    weft_pq_buffer raw;   /* scratch of decoding */
} weft_pq_lane;

typedef enum weft_pq_form {
    WEFT_PQ_FORM_NONE,
    WEFT_PQ_FORM_FLAT,    /* values[] of phys; of STR, they may point into body and values buffer */
    WEFT_PQ_FORM_STRINGS, /* length-prefixed strings, read in order */
    WEFT_PQ_FORM_CODES    /* dictionary codes */
} weft_pq_form;

typedef struct weft_pq_page_header {
    int32_t type;
    int32_t plain_bytes, packed_bytes; /* of the body, uncompressed and as stored */
    int64_t num_values, num_rows;      /* num_rows -1: not told (v1) */
    int32_t encoding, def_encoding, rep_encoding;
    int32_t def_bytes, rep_bytes; /* v2 */
    int32_t header_bytes;
    bool compressed;
    bool has_crc;
    uint32_t crc;
} weft_pq_page_header;

typedef struct weft_pq_page {
    bool located, loaded;
    int64_t row_begin, row_end; /* within the row group */
    int64_t offset;             /* in the file */
    weft_pq_page_header header;
    weft_pq_form form;
    uint8_t phys;                          /* FLAT */
    int64_t value_count;                   /* not null */
    const uint8_t *values;                 /* FLAT */
    const uint8_t *string_at, *string_end; /* STRINGS: the next one */
    weft_pq_hybrid codes;
    int64_t next_value;       /* STRINGS, CODES: index of the value that comes next */
    const uint64_t *validity; /* NULL: none null; flat columns only */
    int64_t rank_row, rank;   /* values before row rank_row of the page */
    bool lent;                /* strings that point into the body were given out */
    bool body_is_io;          /* the body lies in the chunk's io buffer */
    const uint8_t *def, *rep; /* nested columns: levels, one a slot; NULL when the maximum is 0 */
    int64_t slot_count;       /* nested */
} weft_pq_page;

typedef struct weft_pq_location {
    int64_t offset, first_row;
    int32_t bytes; /* header included */
} weft_pq_location;

typedef struct weft_pq_chunk {
    weft_pq_lane *lane;
    weft_file *file;
    uint64_t file_id; /* the meta's */
    const char *path; /* of the file, for messages */
    const weft_pq_leaf *leaf;
    const char *rebase_zone; /* the meta's */
    const weft_pq_chunk_meta *meta;
    int64_t rows;                /* of the row group */
    bool nested;                 /* levels are kept, rows are counted by repetition levels */
    bool indexed;                /* page locations are read, even if all pages are */
    bool sparse;                 /* few rows will be wanted: read page by page */
    bool narrow;                 /* decimals of more than 18 digits as I64 where they fit */
    int64_t next_offset;         /* of the page after `page`, without locations */
    weft_pq_location *locations; /* or NULL; in locations_buffer */
    int32_t location_count, location_at;
    weft_pq_buffer locations_buffer;
    weft_pq_buffer io; /* bytes [io_begin, io_end) of the file */
    int64_t io_begin, io_end;
    bool io_lent; /* strings given out point into io */
    weft_pq_page page;
    weft_pq_buffer body;          /* decompressed page, or */
    const weft_pq_cached *cached; /* where it lies in the cache */
    weft_pq_buffer values;        /* decoded values */
    weft_pq_buffer validity, def_levels, rep_levels;
    bool dictionary_loaded;
    int32_t dictionary_phys;
    weft_dictionary dictionary;
    weft_pq_buffer dictionary_body, dictionary_values;
    const weft_pq_cached *dictionary_cached;
} weft_pq_chunk;

/* Room for bytes plus WEFT_PQ_SLACK; contents are lost when it grows. */
WEFT_MUST_CHECK weft_status weft_pq_buffer_reserve(weft_ctx *ctx, weft_pq_buffer *buffer, size_t bytes);
/* The same, but contents are kept. */
WEFT_MUST_CHECK weft_status weft_pq_buffer_grow(weft_ctx *ctx, weft_pq_buffer *buffer, size_t bytes);
void weft_pq_buffer_free(weft_pq_buffer *buffer);
/* Put a buffer aside until the next release; *buffer is empty afterwards. */
WEFT_MUST_CHECK weft_status weft_pq_lane_put_aside(weft_ctx *ctx, weft_pq_lane *lane, weft_pq_buffer *buffer);
/* The same for a page of the cache. */
WEFT_MUST_CHECK weft_status weft_pq_lane_put_page_aside(weft_ctx *ctx, weft_pq_lane *lane,
                                                        const weft_pq_cached **page);
void weft_pq_lane_release(weft_pq_lane *lane);
void weft_pq_lane_init(weft_pq_lane *lane);
void weft_pq_lane_deinit(weft_pq_lane *lane);

/* Open over one row group. file, meta and `as`, how the leaf is read, are borrowed until the next open or
 * deinit. */
WEFT_MUST_CHECK weft_status weft_pq_chunk_open(weft_ctx *ctx, weft_pq_chunk *chunk, weft_file *file,
                                               const weft_pq_meta *meta, int32_t row_group, int32_t leaf,
                                               const weft_pq_leaf *as);
void weft_pq_chunk_deinit(weft_pq_chunk *chunk);
/* Make page the one that holds row (>= page.row_begin); does not load it. */
WEFT_MUST_CHECK weft_status weft_pq_chunk_locate(weft_ctx *ctx, weft_pq_chunk *chunk, int64_t row);
/* Without locations: go to the page after the current one; *more false when there is none. */
WEFT_MUST_CHECK weft_status weft_pq_chunk_next(weft_ctx *ctx, weft_pq_chunk *chunk, bool *more);
/* Load the located page. */
WEFT_MUST_CHECK weft_status weft_pq_chunk_load(weft_ctx *ctx, weft_pq_chunk *chunk);
/* Load the dictionary page, if not yet done. Errors: WEFT_CORRUPT when there is none. */
WEFT_MUST_CHECK weft_status weft_pq_chunk_dictionary(weft_ctx *ctx, weft_pq_chunk *chunk);
/* Note that strings which point into the page are given out. */
static inline void weft_pq_chunk_lend(weft_pq_chunk *chunk)
{
    chunk->page.lent = true;
    if (chunk->page.body_is_io) chunk->io_lent = true;
}
/* Strings given out are dead now. */
static inline void weft_pq_chunk_release(weft_pq_chunk *chunk)
{
    chunk->page.lent = false;
    chunk->io_lent = false;
}

/* WEFT_CORRUPT with file, column and the page's offset. */
#define weft_pq_chunk_corrupt(ctx, chunk, ...)                                                               \
    weft_pq_chunk_fail_from(ctx, chunk, __FILE__, __LINE__, __VA_ARGS__)
weft_status weft_pq_chunk_fail_from(weft_ctx *ctx, const weft_pq_chunk *chunk, const char *file, int line,
                                    const char *what);

/* Bytes [offset, offset + bytes) of the chunk, in its io buffer until the next call. */
WEFT_MUST_CHECK weft_status weft_pq_chunk_bytes(weft_ctx *ctx, weft_pq_chunk *chunk, int64_t offset,
                                                int64_t bytes, const uint8_t **out);
WEFT_MUST_CHECK weft_status weft_pq_chunk_header(weft_ctx *ctx, weft_pq_chunk *chunk, int64_t offset,
                                                 weft_pq_page_header *header);

/* decode.c: a page body of any encoding to page form, phys and values. bytes have slack. */
WEFT_MUST_CHECK weft_status weft_pq_decode_values(weft_ctx *ctx, weft_pq_chunk *chunk, const uint8_t *bytes,
                                                  int64_t len);
/* convert.c: count physical values (fixed width, packed) at raw to the leaf's weft type in out (room for it);
 * *phys is what they became. */
WEFT_MUST_CHECK weft_status weft_pq_convert_fixed(weft_ctx *ctx, weft_pq_chunk *chunk, const uint8_t *raw,
                                                  int64_t count, weft_pq_buffer *out, uint8_t *phys);
/* The same for byte arrays given as weft_str (decimals). */
WEFT_MUST_CHECK weft_status weft_pq_convert_strings(weft_ctx *ctx, weft_pq_chunk *chunk, const weft_str *raw,
                                                    int64_t count, weft_pq_buffer *out, uint8_t *phys);
bool weft_pq_leaf_is_string(const weft_pq_leaf *leaf);
/* Split count length-prefixed strings; false when they pass the end. *at moves behind the last. */
bool weft_pq_split_strings(const uint8_t **at, const uint8_t *end, int64_t count, weft_str *out);

#endif
