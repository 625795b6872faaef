/* engine/formats/parquet/table.h - an open table: its files' metas, and how their columns map to the table's.
 */
#ifndef WEFT_FORMATS_PARQUET_TABLE_H
#define WEFT_FORMATS_PARQUET_TABLE_H

#include "engine/formats/parquet/bounds.h"
#include "engine/formats/parquet/meta.h"
#include "engine/formats/source.h"

typedef struct weft_pq_file {
    const weft_file_info *info;
    const weft_pq_meta *meta;
    const int32_t *fields; /* [schema.count] field of the file, -1: the file has no such column (all NULL) */
} weft_pq_file;

struct weft_table {
    weft_schema schema;
    int32_t file_count;
    weft_pq_file *files;
    int64_t rows;
};

/* The field of a file that holds a table column, or NULL. */
static inline const weft_pq_node *weft_pq_file_field(const weft_pq_file *file, int32_t column)
{
    const int32_t field = file->fields[column];
    return field < 0 ? NULL : &file->meta->fields[field];
}

/* Bounds of a row group for the columns of a scan (room for column_count). A column that the file lacks is
 * all null; of nested columns nothing is known. */
void weft_pq_group_bounds(const weft_pq_file *file, int32_t row_group, const int32_t *columns,
                          int32_t column_count, weft_pq_bounds *out);

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
