/* engine/formats/parquet/meta.h - a file's footer: schema tree, row groups, column chunks, where their
 * indexes lie.
 *
 * A meta is made by weft_pq_meta_get, which reads and checks the footer once and keeps it in the process by
 * (path, size, mtime); it is immutable, counted and read by any thread. Everything in it was checked when it
 * was made: offsets lie within the file, counts are not negative, every row group has a chunk for every leaf.
 */
#ifndef WEFT_FORMATS_PARQUET_META_H
#define WEFT_FORMATS_PARQUET_META_H

#include <stdatomic.h>

#include "common/limits.h"
#include "engine/columnar/type.h"
#include "engine/formats/parquet/spec.h"
#include "engine/storage/fs.h"

/* How values of a leaf become values of its weft type. */
typedef enum weft_pq_convert {
    WEFT_PQ_AS_IS,            /* same bytes: INT32, INT64, FLOAT, DOUBLE, strings of BYTE_ARRAY */
    WEFT_PQ_TO_BOOL,          /* bits to bytes */
    WEFT_PQ_TO_I8,            /* INT32 narrowed */
    WEFT_PQ_TO_I16,           /* INT32 narrowed */
    WEFT_PQ_U8_TO_I16,        /* INT32 as unsigned 8 bits */
    WEFT_PQ_U16_TO_I32,       /* INT32 as unsigned 16 bits */
    WEFT_PQ_I32_TO_I64,       /* signed: decimals */
    WEFT_PQ_U32_TO_I64,       /* INT32 as unsigned 32 bits */
    WEFT_PQ_I32_TO_I128,      /* decimals of more than 18 declared digits */
    WEFT_PQ_I64_TO_I128,      /* the same */
    WEFT_PQ_U64_TO_I128,      /* DECIMAL(20, 0) */
    WEFT_PQ_MS_TO_US,         /* INT64 milliseconds */
    WEFT_PQ_NS_TO_US,         /* INT64 nanoseconds, rounded down */
    WEFT_PQ_TIME_MS,          /* INT32 milliseconds of a day to INT64 microseconds */
    WEFT_PQ_INT96_TO_US,      /* nanoseconds of the day and Julian day */
    WEFT_PQ_BYTES_TO_DECIMAL, /* big-endian two's complement, FIXED or BYTE_ARRAY */
    WEFT_PQ_FLOAT16,          /* FIXED(2) half precision */
    WEFT_PQ_FIXED_TO_STR,     /* FIXED to binary strings */
    WEFT_PQ_DATE_REBASED,     /* INT32 days counted as rebase.h says */
    WEFT_PQ_US_REBASED,       /* INT64 microseconds */
    WEFT_PQ_MS_REBASED,       /* INT64 milliseconds */
    WEFT_PQ_INT96_REBASED,    /* INT96 */
    /* Of a table whose type is wider than the file's: columns.c. */
    WEFT_PQ_I32_TO_F64,
    WEFT_PQ_F32_TO_F64,
    WEFT_PQ_DATE_TO_US
} weft_pq_convert;

typedef struct weft_pq_node weft_pq_node;
typedef struct weft_pq_leaf weft_pq_leaf;
struct weft_pq_node {
    const char *name;
    weft_type type; /* as read; of a group: ARRAY, MAP or STRUCT */
    bool is_leaf;
    bool nullable;
    bool absent;     /* a field that a table's struct has and the file's has not: all NULL; has no leaf */
    uint8_t shape;   /* weft_pq_shape */
    int16_t max_def; /* definition level at which this node is not null */
    int16_t max_rep; /* repeated nodes above it; elements of a LIST or MAP have one more in both levels */
    int32_t leaf;    /* leaf: index among the file's leaves; group: of its first leaf */
    int32_t leaf_count;
    const weft_pq_leaf *as; /* leaf: how its values are read; the meta's, or that of a table of wider type */
    int32_t child_count;    /* LIST 1, MAP 2, STRUCT its fields; wrapper groups are folded away */
    weft_pq_node *children;
};

typedef enum weft_pq_shape {
    WEFT_PQ_SHAPE_LEAF,
    WEFT_PQ_SHAPE_STRUCT,
    WEFT_PQ_SHAPE_LIST,
    WEFT_PQ_SHAPE_MAP,
    WEFT_PQ_SHAPE_VARIANT /* a group of two leaves: children[0] metadata, children[1] value */
} weft_pq_shape;

struct weft_pq_leaf {
    const char *path; /* dotted, for messages */
    weft_type type;
    uint8_t physical;    /* weft_pq_physical */
    uint8_t convert;     /* weft_pq_convert */
    bool unsigned_order; /* statistics compare as unsigned: UINT columns */
    int16_t max_def, max_rep;
    int32_t type_bytes; /* of one physical value; 0: BYTE_ARRAY and BOOLEAN */
    bool ancient_fails; /* *_REBASED: a value that would change is an error */
    uint8_t scale_up;   /* decimals: digits that the type has more behind the point than the file */
};

typedef struct weft_pq_stats {
    const uint8_t *min, *max; /* plain-encoded bounds; NULL: unknown */
    int32_t min_bytes, max_bytes;
    int64_t null_count; /* -1: unknown */
} weft_pq_stats;

typedef struct weft_pq_chunk_meta {
    int64_t num_values;
    int64_t begin, end;        /* bytes of the file that hold its pages */
    int64_t data_offset;       /* of the first data page */
    int64_t dictionary_offset; /* -1: no dictionary page is known of */
    int64_t uncompressed_bytes;
    int64_t offset_index, column_index, bloom; /* file offsets; -1: none */
    int32_t offset_index_bytes, column_index_bytes;
    uint8_t codec;       /* weft_pq_codec */
    bool all_dictionary; /* every data page is dictionary-encoded, as the footer says */
    weft_pq_stats stats;
} weft_pq_chunk_meta;

typedef struct weft_pq_row_group {
    int64_t first_row, rows;
    const weft_pq_chunk_meta *chunks; /* one a leaf */
} weft_pq_row_group;

typedef struct weft_pq_meta {
    uint64_t id; /* of this meta in the process, never used again */
    const char *path;
    int64_t file_bytes;
    int64_t rows;
    int32_t leaf_count;
    weft_pq_leaf *leaves;
    bool says_calendar;      /* Spark wrote it, and says how old dates are counted: footer.c has seen to it */
    const char *rebase_zone; /* of leaves that are *_REBASED; NULL: the session's */
    const char *row_schema;  /* Spark's JSON of the columns, or NULL */
    int32_t field_count;     /* columns at the top */
    const weft_pq_node *fields;
    const weft_field *columns; /* the same as weft fields */
    int32_t row_group_count;
    const weft_pq_row_group *row_groups;
    /* The page locations of all chunks, when they lie together and are not large; else NULL. */
    const uint8_t *offset_indexes;
    int64_t offset_indexes_begin, offset_indexes_bytes;
    _Atomic int64_t *distinct; /* [leaf_count] estimates of distinct values, -1 unknown, -2 not yet made */
    weft_arena *arena;         /* owns all of the above */
    weft_account *account;     /* what the arena is charged to */
} weft_pq_meta;

/* The meta of one file, from the process's cache or read now. Release with weft_pq_meta_release.
 * Errors: WEFT_CORRUPT with path and offset; WEFT_UNSUPPORTED (encryption); those of reading. */
WEFT_MUST_CHECK weft_status weft_pq_meta_get(weft_ctx *ctx, const weft_file_info *file,
                                             const weft_pq_meta **out);
void weft_pq_meta_release(const weft_pq_meta **meta);

/* Parse the footer's thrift bytes into meta (path, file_bytes and arena are set; bytes live in the arena).
 * footer_offset is where they lie in the file. Errors: WEFT_CORRUPT, WEFT_UNSUPPORTED. */
WEFT_MUST_CHECK weft_status weft_pq_footer_parse(weft_ctx *ctx, weft_pq_meta *meta, const uint8_t *bytes,
                                                 int64_t len, int64_t footer_offset);

/* An element of the schema as stored: a flat list in depth-first order. */
typedef struct weft_pq_element {
    const char *name;
    int32_t physical; /* -1: a group */
    int32_t type_length;
    int32_t repetition;
    int32_t child_count;
    int32_t converted; /* -1: none */
    int32_t scale, precision;
    int32_t logical;   /* weft_pq_logical, 0: none */
    int32_t unit;      /* of TIME, TIMESTAMP */
    int32_t bit_width; /* of INTEGER */
    bool is_signed, adjusted_to_utc;
} weft_pq_element;

/* Build meta->leaves, fields and columns from the elements. Errors: WEFT_CORRUPT, WEFT_UNSUPPORTED. */
WEFT_MUST_CHECK weft_status weft_pq_schema_build(weft_ctx *ctx, weft_pq_meta *meta,
                                                 const weft_pq_element *elements, int32_t count);

#endif
