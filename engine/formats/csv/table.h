/* engine/formats/csv/table.h - an open CSV table. */
#ifndef WEFT_FORMATS_CSV_TABLE_H
#define WEFT_FORMATS_CSV_TABLE_H

#include "engine/formats/csv/value.h"
#include "engine/formats/text/table.h"

struct weft_table {
    weft_text_table base; /* first */
    weft_csv_options options;
    int32_t file_columns; /* values of a record */
    int32_t corrupt;      /* the column that takes malformed records, or -1; it is in no file */
    int64_t rows_seen;    /* by inference; -1: not read */
};

/* The place of a data column in a record; -1 for the corrupt column. */
static inline int32_t weft_csv_place(const weft_table *table, int32_t column)
{
    if (table->corrupt < 0 || column < table->corrupt) return column;
    return column == table->corrupt ? -1 : column - 1;
}

/* One pass over a file's records: input and tokens together. */
typedef struct weft_csv_pass {
    weft_text_input *input;
    weft_csv_tokens tokens;
    weft_text_block block;
} weft_csv_pass;

/* Of the records that begin in bytes [begin, end) of the file, as weft_text_input_open has them. Zeroed is
 * closed. options, spec and file: borrowed. */
WEFT_MUST_CHECK weft_status weft_csv_pass_open(weft_ctx *ctx, const weft_file_info *file,
                                               const weft_csv_options *options, const weft_text_spec *spec,
                                               int64_t begin, int64_t end, weft_csv_pass *out);
/* The next record, in pass->tokens; *got false at the end of the file. Errors tell file and line. */
WEFT_MUST_CHECK weft_status weft_csv_pass_next(weft_ctx *ctx, weft_csv_pass *pass, bool *got);
void weft_csv_pass_close(weft_csv_pass *pass);
/* Put file and line of the record at `begin` of the block before the error's text. */
weft_status weft_csv_fail_at(weft_ctx *ctx, weft_status st, const weft_text_input *input, int64_t begin);

/* A weft_text_cuts: where the file is cut, never before or at its first record, so that the piece which has
 * the header begins at byte 0. */
WEFT_MUST_CHECK weft_status weft_csv_cuts(weft_ctx *ctx, const weft_text_table *base, int32_t file,
                                          int64_t target, int64_t **cuts, int32_t *count);

/* infer.c: the columns of the files, in ctx->arena: names from the first record, types as options say;
 * table->rows_seen is set when types are inferred. Of the table are set: files, spec, options. Errors:
 * WEFT_UNABLE_TO_INFER_SCHEMA when there is no record, WEFT_LIMIT, and those of reading. */
WEFT_MUST_CHECK weft_status weft_csv_infer(weft_ctx *ctx, weft_table *table, weft_schema *out);
/* The names of columns that a header gives, as Spark makes them. */
WEFT_MUST_CHECK weft_status weft_csv_names(weft_ctx *ctx, const weft_csv_options *options,
                                           const weft_csv_tokens *header, weft_field *fields);

/* scan.c */
weft_status weft_csv_scan_open(weft_ctx *ctx, const weft_table *table, const weft_scan_spec *spec,
                               const weft_split *splits, int32_t split_count, weft_scan **out);
weft_status weft_csv_scan_next(weft_ctx *ctx, weft_scan *scan, weft_batch *out);
void weft_csv_scan_close(weft_scan **scan);

#endif
