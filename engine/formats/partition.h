/* engine/formats/partition.h - columns whose values stand in the names of folders: day=2024-05-01/hour=7.
 *
 * Hive's and Spark's partitioned tables. Only folders below the one that was asked for (weft_file_info's
 * base_bytes) count: reading one partition alone gives no partition columns. Names and values are unescaped
 * (%2F); __HIVE_DEFAULT_PARTITION__ is NULL. Types are inferred as Spark does, from all values: INT,
 * BIGINT, DECIMAL, DOUBLE, DATE, TIMESTAMP, else STRING; a column of NULLs alone is VOID. */
#ifndef WEFT_FORMATS_PARTITION_H
#define WEFT_FORMATS_PARTITION_H

#include "engine/expr/value.h"
#include "engine/storage/fs.h"

typedef struct weft_partitions {
    int32_t count; /* columns; 0: the files are not partitioned */
    const weft_field *fields;
    const weft_value *values; /* [file_count * count], file by file */
    const int64_t *distinct;  /* [count] different values that are not NULL */
} weft_partitions;

/* The partition columns of files. base: the folder below which they stand, for all files; NULL: each file's
 * own. given: a schema whose fields of the same name set the types; NULL or without the name: inferred.
 * Everything lies in ctx->arena. Errors: WEFT_CONFLICTING_PARTITION_COLUMNS, WEFT_CONFLICTING_DIRECTORIES
 * (also for files beside partition folders), WEFT_EMPTY_PARTITION_NAME and _VALUE,
 * WEFT_COLUMN_ALREADY_EXISTS, WEFT_CAST_INVALID_INPUT for a value that is none of its given type. */
WEFT_MUST_CHECK weft_status weft_partitions_find(weft_ctx *ctx, const weft_file_info *files,
                                                 int32_t file_count, const char *base,
                                                 const weft_schema *given, weft_partitions *out);

/* The name and the text of one folder "name=text" of len bytes, unescaped, in ctx->arena: *text NULL for
 * NULL, *name NULL when it is no pair. Errors: WEFT_EMPTY_PARTITION_NAME and _VALUE. */
WEFT_MUST_CHECK weft_status weft_partition_pair(weft_ctx *ctx, const char *folder, size_t len, char **name,
                                                char **text);

/* partition_type.c: the type of one text, unescaped (times: 10:00:00 is a TIME); of
 * two texts' types; and the value of a text. */
weft_type weft_partition_type_of(const char *text, bool times);
weft_type weft_partition_type_common(weft_type a, weft_type b);
/* text NULL: the value is NULL. Borrows text. Errors: WEFT_CAST_INVALID_INPUT, WEFT_UNSUPPORTED. */
WEFT_MUST_CHECK weft_status weft_partition_value(weft_ctx *ctx, const char *column, const char *text,
                                                 weft_type type, weft_value *out);

#endif
