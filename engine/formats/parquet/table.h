/* engine/formats/parquet/table.h - an open table: its files' metas, and how their columns map to the table's.
 */
#ifndef WEFT_FORMATS_PARQUET_TABLE_H
#define WEFT_FORMATS_PARQUET_TABLE_H

#include "engine/formats/file_field.h"
#include "engine/formats/parquet/bounds.h"
#include "engine/formats/parquet/meta.h"
#include "engine/formats/partition.h"
#include "engine/formats/source.h"
#include "engine/formats/tolerance.h"

typedef struct weft_pq_file {
    const weft_file_info *info;
    const weft_pq_meta *meta;
    /* [schema.count + WEFT_FILE_FIELD_COUNT] the file's field for a column; NULL: it has none (its value is
     * weft_pq_constant_value's, or one of file_field.h);
     * &weft_pq_mismatch: it has one of a type that cannot be read as the table's. */
    const weft_pq_node *const *nodes;
    const weft_value *values; /* [partitions.count] */
} weft_pq_file;

struct weft_table {
    weft_schema schema;
    int32_t file_count;
    weft_pq_file *files;
    int64_t rows;
    weft_tolerance tolerance; /* of files that cannot be read */
    weft_partitions partitions;
    int32_t *partition_of; /* [schema.count] the partition column that a column is, or -1 */
};

/* The field of a file that holds a table column, or NULL, or &weft_pq_mismatch. */
static inline const weft_pq_node *weft_pq_file_field(const weft_pq_file *file, int32_t column)
{
    return file->nodes[column];
}

/* The value that all rows of the file have: in a partition column, and in one that the file lacks and its
 * table has a value for; NULL for other columns. */
static inline const weft_value *weft_pq_constant_value(const weft_table *table, const weft_pq_file *file,
                                                       int32_t column)
{
    if (column >= table->schema.count) return NULL;
    if (table->partition_of[column] >= 0) return &file->values[table->partition_of[column]];
    return file->nodes[column] == NULL ? table->schema.fields[column].absent : NULL;
}

/* Is it the place of each row in its file? */
static inline bool weft_pq_is_row_index(const weft_table *table, int32_t column)
{
    return column == table->schema.count + WEFT_FILE_ROW_INDEX;
}

/* Bounds of a row group for the columns of a scan (room for column_count). A column that the file lacks is
 * all null; of nested columns nothing is known. */
void weft_pq_group_bounds(const weft_table *table, const weft_pq_file *file, int32_t row_group,
                          const int32_t *columns, int32_t column_count, weft_pq_bounds *out);

/* described.c: the file's columns, with types of which only Spark's description in the file tells. */
WEFT_MUST_CHECK weft_status weft_pq_described_columns(weft_ctx *ctx, const weft_pq_meta *meta,
                                                      const weft_field **out);

/* columns.c */
extern const weft_pq_node weft_pq_mismatch;
/* The field of that name, without regard to case when there is no exact one; or -1. hint: where it is likely,
 * so that files with thousands of columns are not searched for each. */
int32_t weft_pq_find_field(const weft_field *fields, int32_t count, const char *name, int32_t hint);
/* How dates and timestamps before the Gregorian calendar are counted in files that do not say it. */
typedef enum weft_pq_calendar {
    WEFT_PQ_GREGORIAN,
    WEFT_PQ_JULIAN, /* before 1582-10-15 */
    WEFT_PQ_UNTOLD  /* nobody knows: they are an error */
} weft_pq_calendar;
typedef struct weft_pq_calendars {
    weft_pq_calendar times, int96;
} weft_pq_calendars;
/* Fill in file->nodes. */
WEFT_MUST_CHECK weft_status weft_pq_map_columns(weft_ctx *ctx, const weft_table *table,
                                                weft_pq_calendars calendars, weft_pq_file *file);
/* What gives of a file's field for a column of type `whole` only the fields of `read` (weft_scan_spec). */
WEFT_MUST_CHECK weft_status weft_pq_cut_node(weft_ctx *ctx, const weft_pq_node *node, weft_type whole,
                                             weft_type read, const weft_pq_node **out);
/* WEFT_PARQUET_TYPE_MISMATCH with file, column and both types. */
weft_status weft_pq_fail_mismatch(weft_ctx *ctx, const weft_table *table, const weft_pq_file *file,
                                  int32_t column);

/* stats.c, splits.c: the functions of the format. */
weft_status weft_pq_table_stats(weft_ctx *ctx, const weft_table *table, int32_t column,
                                weft_column_stats *out);
weft_status weft_pq_table_splits(weft_ctx *ctx, const weft_table *table, const weft_scan_spec *spec,
                                 int64_t target_rows, weft_split **splits, int32_t *count);
/* scan.c */
weft_status weft_pq_scan_open(weft_ctx *ctx, const weft_table *table, const weft_scan_spec *spec,
                              const weft_split *splits, int32_t split_count, weft_scan **out);
weft_status weft_pq_scan_next(weft_ctx *ctx, weft_scan *scan, weft_batch *out);
void weft_pq_scan_metrics(const weft_scan *scan, weft_scan_metrics *out);
void weft_pq_scan_close(weft_scan **scan);

#endif
