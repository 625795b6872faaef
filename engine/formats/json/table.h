/* engine/formats/json/table.h - what opening, inferring and scanning share. */
#ifndef WEFT_FORMATS_JSON_TABLE_H
#define WEFT_FORMATS_JSON_TABLE_H

#include "engine/expr/json_convert.h"
#include "engine/formats/text/table.h"

struct weft_table {
    weft_text_table base; /* first */
    weft_json_options options;
    int32_t corrupt;      /* the column that gets bad records, or -1 */
    int64_t records_seen; /* when the schema was inferred, else -1 */
    bool is_regular; /* so it was seen then: every record is UTF-8 and one object without repeated names */
};

/* The texts of a file's split one by one: lines, or the file as a whole. */
typedef struct weft_json_texts {
    weft_text_lines lines;
    weft_text_block block;
    int64_t at;    /* next byte of the block */
    int64_t begin; /* of the text at hand */
    int64_t len;
    bool whole;   /* the file is one text */
    bool is_utf8; /* known to be */
    bool broken;  /* somewhere in the block are bytes that are no UTF-8 */
} weft_json_texts;

WEFT_MUST_CHECK weft_status weft_json_texts_init(weft_ctx *ctx, const weft_table *table,
                                                 weft_json_texts *out);
/* Before the first text of another input. */
void weft_json_texts_reset(weft_json_texts *texts);
/* The next text of the block at hand; false: another block is needed. */
bool weft_json_texts_next(weft_json_texts *texts);
/* Is the text at hand UTF-8? Texts that are not are bad, as Jackson has it. */
bool weft_json_texts_valid(const weft_json_texts *texts);
/* Another block of the input; *end: there is none. */
WEFT_MUST_CHECK weft_status weft_json_texts_load(weft_ctx *ctx, weft_json_texts *texts,
                                                 weft_text_input *input, bool *end);
/* The error of a bad text in FAILFAST mode, with file and line. why: what is wrong, at byte `at` of the text,
 * or NULL. */
weft_status weft_json_fail_text(weft_ctx *ctx, const weft_json_texts *texts, const weft_text_input *input,
                                const char *why, size_t at);

/* The columns of all files, in ctx->arena; table->records_seen is set. Errors: WEFT_MALFORMED_RECORD in
 * FAILFAST mode, WEFT_IO and other errors of reading. */
WEFT_MUST_CHECK weft_status weft_json_infer_files(weft_ctx *ctx, weft_table *table, weft_schema *out);

WEFT_MUST_CHECK weft_status weft_json_scan_open(weft_ctx *ctx, const weft_table *table,
                                                const weft_scan_spec *spec, const weft_split *splits,
                                                int32_t split_count, weft_scan **out);
WEFT_MUST_CHECK weft_status weft_json_scan_next(weft_ctx *ctx, weft_scan *scan, weft_batch *out);
void weft_json_scan_close(weft_scan **scan);

#endif
