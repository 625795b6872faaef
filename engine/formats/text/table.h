/* engine/formats/text/table.h - what the tables and scans of all text formats share: partition columns, the
 * cutting of files, the way from split to split, filters.
 *
 * A format's own struct weft_table begins with a weft_text_table, its struct weft_scan with a
 * weft_text_lane. */
#ifndef WEFT_FORMATS_TEXT_TABLE_H
#define WEFT_FORMATS_TEXT_TABLE_H

#include "engine/formats/constant.h"
#include "engine/formats/file_field.h"
#include "engine/formats/partition.h"
#include "engine/formats/source.h"
#include "engine/formats/text/input.h"

enum { WEFT_TEXT_LEAST_BYTES = 1 << 20 }; /* less is not worth a task of its own */

typedef struct weft_text_table {
    weft_schema schema; /* the columns of the files, then the partition columns */
    int32_t data_count; /* columns of the files */
    int32_t file_count;
    const weft_file_info *files;
    int64_t bytes; /* of all files */
    weft_partitions partitions;
    weft_text_spec spec;
    bool whole_files; /* a file is one split */
} weft_text_table;

/* Find the partition columns: before the columns of the files are known. recursive: folders are none. base:
 * as for weft_partitions_find. */
WEFT_MUST_CHECK weft_status weft_text_table_begin(weft_ctx *ctx, const weft_file_info *files,
                                                  int32_t file_count, bool recursive, const char *base,
                                                  const weft_schema *given, weft_text_table *table);
/* Set the schema: these columns of the files (in ctx->arena), without those that are partition columns where
 * `given` says that a user named them, and then the partition columns. Errors: WEFT_COLUMN_ALREADY_EXISTS for
 * a name that comes twice. */
WEFT_MUST_CHECK weft_status weft_text_table_set(weft_ctx *ctx, const weft_schema *columns, bool given,
                                                weft_text_table *table);

/* Where a file of more than target bytes is cut, ascending, in ctx->arena; NULL: at every target bytes. */
typedef weft_status weft_text_cuts(weft_ctx *ctx, const weft_text_table *table, int32_t file, int64_t target,
                                   int64_t **cuts, int32_t *count);
/* The value of a column that all rows of a file have: of a partition column, or a field of the file. */
WEFT_MUST_CHECK weft_status weft_text_file_value(weft_ctx *ctx, const weft_text_table *table, int32_t file,
                                                 int32_t column, weft_value *out);
/* The splits of all files that spec's conjuncts on such columns leave. */
WEFT_MUST_CHECK weft_status weft_text_table_splits(weft_ctx *ctx, const weft_text_table *table,
                                                   const weft_scan_spec *spec, int64_t target_bytes,
                                                   weft_text_cuts *cuts, weft_split **splits, int32_t *count);
/* Of weft_format: what does not depend on the format. The table is a weft_text_table. */
const weft_schema *weft_text_table_schema(const weft_table *table);
int64_t weft_text_table_row_count(const weft_table *table);    /* -1 */
int64_t weft_text_table_row_estimate(const weft_table *table); /* by bytes */
int64_t weft_text_table_units(const weft_table *table);

typedef struct weft_text_lane {
    const weft_text_table *table;
    weft_scan_spec spec;
    int32_t batch_rows;
    const weft_split *splits;
    int32_t split_count, split_at; /* the open one */
    weft_text_input *input;        /* of it; NULL: none is open */
    weft_column *columns;          /* [spec.column_count] what is given out; partition columns are set */
    weft_constant *constants;      /* … from these */
    uint16_t *selection;
    int32_t selected; /* of the rows at work */
    bool chosen;      /* selection is meant; else all rows */
    weft_eval *eval;  /* conjuncts, or NULL */
    weft_scan_metrics metrics;
} weft_text_lane;

WEFT_MUST_CHECK weft_status weft_text_lane_open(weft_ctx *ctx, weft_text_lane *lane,
                                                const weft_text_table *table, const weft_scan_spec *spec,
                                                const weft_split *splits, int32_t split_count);
/* Go to the next split: opens its input, sets the partition columns. *end: there is none. */
WEFT_MUST_CHECK weft_status weft_text_lane_next_split(weft_ctx *ctx, weft_text_lane *lane, bool *end);
/* Apply all filters to `rows` rows of lane->columns (those that filters read are set): lane->selected,
 * chosen, selection. */
WEFT_MUST_CHECK weft_status weft_text_lane_filter(weft_ctx *ctx, weft_text_lane *lane, int32_t rows);
bool weft_text_lane_has_filters(const weft_text_lane *lane);
/* Does a filter read column i of the spec? */
bool weft_text_lane_filters_on(const weft_text_lane *lane, int32_t i);
/* Give out `rows` rows as selected. */
void weft_text_lane_give(weft_text_lane *lane, int32_t rows, weft_batch *out);
/* A scan that wants the column of malformed records and no other: whether a record is malformed depends on
 * the columns that are read. */
weft_status weft_text_fail_only_corrupt(weft_ctx *ctx);
void weft_text_lane_metrics(const weft_scan *scan, weft_scan_metrics *out);
void weft_text_lane_close(weft_text_lane *lane);

#endif
