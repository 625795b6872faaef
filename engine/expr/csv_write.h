/* engine/expr/csv_write.h - values as text of CSV: of the sink "csv" and of to_csv(). */
#ifndef WEFT_EXPR_CSV_WRITE_H
#define WEFT_EXPR_CSV_WRITE_H

#include "engine/expr/csv_grammar.h"
#include "engine/expr/nested_text.h"

/* Texts are borrowed. */
typedef struct weft_csv_writer {
    const weft_csv_grammar *grammar;
    const char *null_value, *empty_value, *line_end;
    bool quote_all, escape_quotes;
    char quote[4]; /* its bytes: one of zero where there is none */
    uint32_t quote_len;
} weft_csv_writer;

/* What the grammar says about quotes, for the writer. grammar: borrowed. */
void weft_csv_writer_init(weft_csv_writer *writer, const weft_csv_grammar *grammar);
/* Append a value, behind a delimiter unless it is the first of its record; text NULL: it is NULL.
 * Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_csv_put_value(weft_ctx *ctx, const weft_csv_writer *writer, bool is_first,
                                               const char *text, uint32_t len, weft_text *out);

#endif
