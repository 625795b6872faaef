/* engine/formats/parquet/scan.h - the state of one lane's scan; inside of the reader only. */
#ifndef WEFT_FORMATS_PARQUET_SCAN_H
#define WEFT_FORMATS_PARQUET_SCAN_H

#include "engine/formats/constant.h"
#include "engine/formats/parquet/nested.h"
#include "engine/formats/parquet/table.h"
#include "engine/formats/parquet/take.h"

typedef struct weft_pq_range { /* rows of a row group */
    int64_t begin, end;
} weft_pq_range;

/* One column of the scan. */
typedef struct weft_pq_column {
    const weft_pq_node *node; /* of the current file; NULL: the file has no such column */
    weft_type type;
    weft_constant constant; /* node is NULL: the value of all rows of the file, … */
    weft_column fixed;      /* … as a column */
    bool row_index;         /* it is the place of each row in its file */
    bool needed;            /* its values are given out */
    bool filtered;          /* some filter reads it */
    bool in_window;         /* window holds this window's values, at least of the rows still selected */
    weft_pq_chunk chunk;
    weft_pq_nested *nested; /* of lists, maps and structs, in place of chunk */
    weft_pq_out window;     /* slots are rows of the window */
    weft_pq_out build;      /* survivors of many windows, packed */
    bool by_entries;        /* this row group: filters on it alone were answered for every dictionary entry */
    weft_pq_buffer keep;    /* their answers, a byte an entry */
    bool keep_null;         /* their answer for NULL */
    double keep_ratio;      /* entries kept */
} weft_pq_column;

/* One conjunct or one key filter. */
typedef struct weft_pq_filter {
    const weft_expr *conjunct;   /* or NULL */
    const weft_key_filter *keys; /* or NULL */
    int32_t column;              /* the only one it reads, or -1 */
    const uint8_t *reads;        /* [column_count] */
    bool fallible;
    bool by_entries;       /* may be answered per dictionary entry */
    bool keep_null;        /* by_entries: the answer for NULL */
    weft_eval *eval;       /* conjunct over the scan's columns */
    weft_eval *entry_eval; /* by_entries: conjunct over the one column as ordinal 0 */
    int64_t rows_in, rows_out;
} weft_pq_filter;

typedef struct weft_pq_step { /* in the order of a row group */
    int32_t column;           /* >= 0: the answers per entry of this column */
    int32_t filter;           /* else this filter */
    double rank;
} weft_pq_step;

struct weft_scan {
    const weft_table *table;
    weft_scan_spec spec;
    int32_t batch_rows;
    bool late, compact, narrow;
    bool whole_windows; /* some needed column is nested, or the row's index: windows are given out as they are
                         */
    const weft_split *splits;
    int32_t split_count, split_at;
    weft_pq_lane lane;
    weft_pq_column *columns;
    weft_pq_bounds *bounds; /* [column_count] */
    int32_t filter_count, step_count;
    weft_pq_filter *filters;
    weft_pq_step *steps;
    weft_column *batch_columns; /* what filters see and what is given out */

    const weft_pq_file *pq_file;
    weft_file *file;
    int32_t file_index;   /* of file; -1: none is open */
    int64_t split_row;    /* next row of the split, in the file */
    int32_t group;        /* next row group to look at */
    int64_t row, row_end; /* of the open row group: next row, and the end of the wanted ones in a range */
    weft_pq_buffer ranges, ranges_next, pages; /* ranges: weft_pq_range that are wanted; scratch of pruning */
    int32_t range_count, range_at;

    /* The window: rows [window_row, window_row + window_rows) of the row group. */
    int64_t window_row;
    int32_t window_rows;
    int32_t selected; /* rows that passed; all when selection is not `chosen` */
    bool chosen;      /* selection is meant */
    bool pending;     /* filtered, but not given out yet */
    uint16_t *selection;
    int64_t *row_indexes; /* [batch_rows] of the window; NULL: nobody reads them */
    int32_t built;        /* rows in the build outs */
};

/* scan_filter.c */
WEFT_MUST_CHECK weft_status weft_pq_filters_open(weft_ctx *ctx, weft_scan *scan);
void weft_pq_filters_close(weft_scan *scan);
/* For the row group that was just opened: answers per entry, order of steps. *none: nothing can survive. */
WEFT_MUST_CHECK weft_status weft_pq_filters_begin(weft_ctx *ctx, weft_scan *scan, bool *none);
/* How many rows the next window may have, at most `rows`: answers per entry hold for one page. */
WEFT_MUST_CHECK weft_status weft_pq_filters_window(weft_ctx *ctx, weft_scan *scan, int32_t *rows);
/* Filter the window: sets selected, chosen, selection. */
WEFT_MUST_CHECK weft_status weft_pq_filters_run(weft_ctx *ctx, weft_scan *scan);
/* Have the column's values of the selected rows in its window. */
WEFT_MUST_CHECK weft_status weft_pq_scan_load(weft_ctx *ctx, weft_scan *scan, int32_t column);

#endif
