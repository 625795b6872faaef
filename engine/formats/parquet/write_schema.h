/* engine/formats/parquet/write_schema.h - from a Weft schema to Parquet's tree, its leaves, and Spark's JSON.
 *
 * Groups are written in the three-level form of LogicalTypes.md, with the names that Spark uses
 * (list/element, key_value/key/value). Everything lies in the arena given; read only afterwards. */
#ifndef WEFT_FORMATS_PARQUET_WRITE_SCHEMA_H
#define WEFT_FORMATS_PARQUET_WRITE_SCHEMA_H

#include "engine/columnar/type.h"
#include "engine/formats/parquet/thrift_write.h"

/* How the values of a leaf are held while a page is filled. */
typedef enum weft_pqw_kind {
    WEFT_PQW_BOOL, /* one byte each */
    WEFT_PQW_I32,
    WEFT_PQW_I64,
    WEFT_PQW_F32,
    WEFT_PQW_F64,
    WEFT_PQW_FIXED, /* decimals above 18 digits: big-endian two's complement of fixed_bytes */
    WEFT_PQW_BYTES
} weft_pqw_kind;

/* One step from the row to a leaf. */
typedef struct weft_pqw_step {
    bool is_list;       /* ARRAY and MAP: repeats; else STRUCT */
    bool optional;      /* may be null */
    int32_t next_child; /* the child column that the path goes on with */
} weft_pqw_step;

typedef struct weft_pqw_leaf {
    int32_t column; /* of the schema */
    weft_type type;
    weft_pqw_kind kind;
    weft_pq_physical physical;
    int32_t fixed_bytes; /* FIXED */
    bool optional;       /* the leaf itself */
    uint8_t max_def, max_rep;
    int32_t step_count; /* 0: a flat column */
    const weft_pqw_step *steps;
    int32_t path_count;
    const char **path;  /* Parquet's names from the root */
    const char *dotted; /* the path with dots, as options name columns */
} weft_pqw_leaf;

typedef struct weft_pqw_schema {
    weft_schema source;
    int32_t leaf_count;
    weft_pqw_leaf *leaves;
} weft_pqw_schema;

/* Lay out the tree. Errors: WEFT_UNSUPPORTED_DATATYPE for NULL columns and empty structs, WEFT_LIMIT for
 * nesting. */
WEFT_MUST_CHECK weft_status weft_pqw_schema_init(weft_ctx *ctx, weft_arena *arena, const weft_schema *source,
                                                 weft_pqw_schema *out);
/* The list<SchemaElement> of the footer as field `id`. */
void weft_pqw_schema_put(weft_thrift_writer *w, int16_t id, const weft_schema *source);
/* Spark's JSON of the schema (org.apache.spark.sql.parquet.row.metadata), appended to out. */
WEFT_MUST_CHECK weft_status weft_pqw_schema_json(weft_ctx *ctx, const weft_schema *source, weft_bytes *out);

#endif
