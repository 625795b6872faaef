/* engine/formats/source.h - what plan and exec know of a source: tables, splits, scans (contract 5).
 *
 * A format gives a const weft_format. Opening a table reads metadata only (schema, statistics, how it can be
 * split). A scan reads a fixed, ordered list of splits; its output is a function of (splits, columns,
 * filters' effect) alone: rows come in file order within a split. */
#ifndef WEFT_FORMATS_SOURCE_H
#define WEFT_FORMATS_SOURCE_H

#include "engine/expr/program.h"
#include "engine/storage/fs.h"
#include "proto/report.h"

typedef struct weft_table weft_table;
typedef struct weft_format weft_format;
typedef struct weft_scan weft_scan;

/* What is known of a column before reading it. Unknown numbers are -1. */
typedef struct weft_column_stats {
    int64_t null_count;
    int64_t distinct_estimate; /* from dictionary pages and integer ranges */
    bool has_bounds;
    weft_value low,
        high;           /* bounds of non-null values; strings may be truncated: low is below, high is above */
    double value_bytes; /* average bytes of a decoded value */
} weft_column_stats;

/* A piece of one file, in units that the format counts by: rows of Parquet (also inside a row group), bytes
 * of text files (a record belongs to the piece in which its first byte lies). Plain value. */
typedef struct weft_split {
    int32_t file_index; /* in the table's file list */
    int64_t begin, end; /* units of that file */
    int64_t bytes;      /* compressed bytes of the read columns, about */
} weft_split;

/* A runtime filter from a join's build side on one column (integers, dates, decimals ≤ 18 digits, strings by
 * hash). Immutable once published. A row survives when test says that its key may be present. */
typedef enum weft_key_filter_kind {
    WEFT_KEY_FILTER_BITMAP, /* exact: bit (value - low) of bits; integers */
    WEFT_KEY_FILTER_BLOOM,  /* split-block bloom filter over weft_hash_u64 / weft_hash_bytes of the value */
    WEFT_KEY_FILTER_RANGE   /* low..high only */
} weft_key_filter_kind;

typedef struct weft_key_filter {
    weft_key_filter_kind kind;
    bool empty;          /* the build side had no (non-null) key: nothing survives */
    int64_t low, high;   /* inclusive bounds of the keys (integers) */
    bool has_range;      /* low and high are meant (not for strings) */
    uint64_t *bits;      /* bitmap words, or blocks of 256 bits */
    uint64_t block_mask; /* BLOOM: number of blocks - 1; see bloom.h */
} weft_key_filter;

typedef struct weft_scan_filter {
    const weft_key_filter *keys;
    int32_t column; /* position in weft_scan_spec.columns */
} weft_scan_filter;

/* What a scan reads. Everything is borrowed for the life of the scan. */
typedef struct weft_scan_spec {
    int32_t column_count;
    const int32_t *columns; /* table columns, and those of file_field.h, in output order; columns only needed
                               by filters included */
    int32_t conjunct_count;
    const weft_expr *const
        *conjuncts; /* physical: ordinals are positions in columns[]. All of them must be applied */
    int32_t key_filter_count;
    const weft_scan_filter *key_filters; /* dynamic filters; all rows that fail are dropped */
    const uint8_t *needed; /* [column_count] 1: values are used above; 0: only conjuncts read them, and the
                              output column may be anything */
    /* [column_count] the fields of nested columns that are read: types without the others, of which the
     * values may be anything; NULL: all of all. A format may give what nobody reads. */
    const weft_type *read;
    int32_t batch_rows;
} weft_scan_spec;

struct weft_format {
    const char *name;
    /* Open a table over files (listed already). options: key/value pairs, option_count of them. schema: NULL
     * to infer. The table lives in ctx->arena and borrows files; footers are cached by (path, size, mtime) in
     * the process. Errors: WEFT_CORRUPT with file and offset, WEFT_UNABLE_TO_INFER_SCHEMA, WEFT_CONFIG for an
     * unknown option. */
    weft_status (*open)(weft_ctx *ctx, const weft_file_info *files, int32_t file_count,
                        const char *const *options, int32_t option_count, const weft_schema *schema,
                        weft_table **out);
    void (*close)(weft_table **table);
    bool reads_fields; /* heeds weft_scan_spec.read */
    const weft_schema *(*schema)(const weft_table *table);
    int64_t (*row_count)(const weft_table *table); /* exact, or -1 */
    /* About how many rows, where row_count does not know; NULL, or -1: nobody does. */
    int64_t (*row_estimate)(const weft_table *table);
    /* Units of all files, by which splits are cut; NULL: row_count. least_units: fewer are not worth a task
     * of their own; 0: as for rows. */
    int64_t (*units)(const weft_table *table);
    int64_t least_units;
    weft_status (*stats)(weft_ctx *ctx, const weft_table *table, int32_t column, weft_column_stats *out);
    /* The splits that reading these columns takes, pruned by conjuncts and key filters through statistics
     * alone, each at most target_units units where it can be cut (also inside row groups, at page bounds
     * where there are). In ctx->arena. */
    weft_status (*splits)(weft_ctx *ctx, const weft_table *table, const weft_scan_spec *spec,
                          int64_t target_units, weft_split **splits, int32_t *count);
    /* Lane: open over an ordered list of splits; next gives a batch borrowed until the next call; rows 0 at
     * the end. */
    weft_status (*scan_open)(weft_ctx *ctx, const weft_table *table, const weft_scan_spec *spec,
                             const weft_split *splits, int32_t split_count, weft_scan **out);
    weft_status (*scan_next)(weft_ctx *ctx, weft_scan *scan, weft_batch *out);
    void (*scan_metrics)(const weft_scan *scan, weft_scan_metrics *out); /* may be NULL */
    void (*scan_close)(weft_scan **scan);
    bool without_files; /* its rows are made from its options */
    bool row_index;     /* its scans know the place of each row in its file (file_field.h) */
};

/* An error of opening a table, or of a scan, as Spark has it: FAILED_READ_FILE around what is wrong with the
 * file (while opening: around damage alone). Others stay. Returns the error's code. */
weft_status weft_opening_failed(weft_ctx *ctx, weft_status st);
weft_status weft_reading_failed(weft_ctx *ctx, weft_status st);

/* Rows of a table: exactly, or about; -1 when nobody knows. */
static inline int64_t weft_table_rows_about(const weft_format *format, const weft_table *table)
{
    const int64_t rows = format->row_count(table);
    return rows >= 0 || format->row_estimate == NULL ? rows : format->row_estimate(table);
}

/* A format that can write has a sink: one file a task, in the attempt's own place. */
typedef struct weft_file_sink weft_file_sink;
typedef struct weft_sink_format {
    const char *name;
    const char *extension; /* ".parquet" */
    /* How a file's name ends with these options (".snappy.parquet"): static, or in ctx->arena. NULL: the
     * extension. */
    weft_status (*suffix)(weft_ctx *ctx, const char *const *options, int32_t option_count, const char **out);
    weft_status (*open)(weft_ctx *ctx, const char *path, const weft_schema *schema,
                        const char *const *options, int32_t option_count, weft_file_sink **out);
    weft_status (*write)(weft_ctx *ctx, weft_file_sink *sink, const weft_batch *batch);
    /* Finish the file durably: rows and bytes written. *sink is NULL afterwards. */
    weft_status (*finish)(weft_ctx *ctx, weft_file_sink **sink, int64_t *rows, int64_t *bytes);
    void (*abandon)(weft_file_sink **sink);
    int64_t (*bytes)(const weft_file_sink *sink); /* about how many the file has so far */
} weft_sink_format;

/* ---- what writers share ---- */

enum { WEFT_PARTITION_COLUMNS_MAX = 64 }; /* folders of one path */

/* The folder "name=value" of a value, escaped as Spark does, as a part of a path; value NULL or empty:
 * __HIVE_DEFAULT_PARTITION__. text has room for what the first gives, and a '/' before it when slash is set;
 * the length comes back. No byte 0 is added. */
size_t weft_partition_folder_most(const char *name, const weft_str *value);
size_t weft_partition_folder_put(char *text, const char *name, const weft_str *value, bool slash);
/* The option maxRecordsPerFile, if it is among them: most rows of a file, 0 and less: any number. Errors:
 * WEFT_CONFIG. */
WEFT_MUST_CHECK weft_status weft_sink_most_rows(weft_ctx *ctx, const char *const *options,
                                                int32_t option_count, int64_t *rows);

const weft_format *weft_format_find(const char *name); /* "parquet"; NULL when unknown */
const weft_sink_format *weft_sink_format_find(const char *name);
/* "csv, parquet, text": what can be read, what can be written; for people. */
void weft_format_names(char *text, size_t text_bytes);
void weft_sink_format_names(char *text, size_t text_bytes);

#endif
