/* engine/formats/csv/token.h - blocks of text as records of fields.
 *
 * The rules are those of the parser that Spark uses (univocity): a quote matters only at the begin of a
 * value; inside a quoted value `escape` hides a quote; what follows a closing quote is the business of
 * unescapedQuoteHandling. Almost all records are read by the positions of the bytes that matter, which a SIMD
 * kernel gives (token.c); the others, byte by byte (machine.c). */
#ifndef WEFT_FORMATS_CSV_TOKEN_H
#define WEFT_FORMATS_CSV_TOKEN_H

#include "engine/expr/csv_machine.h"
#include "engine/formats/csv/options.h"

typedef struct weft_csv_tokens {
    const weft_csv_options *options;
    weft_text_lines lines;
    weft_text_set set;        /* bytes that matter */
    bool simple;              /* one byte a delimiter, one byte a line end: positions do */
    weft_text_first_end ends; /* with multiLine, where no line end is given: what the file's first one says */
    uint8_t *data;            /* the block */
    int64_t len, at;          /* at: the next record */
    bool is_last;             /* nothing comes behind the block */
    uint32_t *positions;
    int64_t position_count, position_at, window_end;
    /* The record: */
    int64_t begin, end;     /* of its bytes, without the line end */
    weft_csv_fields fields; /* bytes of the block */
    bool keeps_raw;         /* set by the caller: a record whose bytes are changed is kept in raw */
    int64_t raw_len;        /* of the record in raw; -1: its bytes are as they were */
    uint8_t *raw;
    int64_t raw_room;
    uint8_t *scratch; /* of the machine */
    int64_t scratch_room;
} weft_csv_tokens;

/* options: borrowed. The caller deinits, also after a failure. */
WEFT_MUST_CHECK weft_status weft_csv_tokens_init(weft_ctx *ctx, const weft_csv_options *options,
                                                 weft_csv_tokens *out);
void weft_csv_tokens_deinit(weft_csv_tokens *tokens);
/* With multiLine the first line end of a file says what ends its records: \n; or \r\n and \n; or \r and \n,
 * each of its own. Those inside of values become \n, and other \r are characters. To be called before the
 * first block of each file. Errors: those of reading the file. */
WEFT_MUST_CHECK weft_status weft_csv_tokens_file(weft_ctx *ctx, weft_csv_tokens *tokens,
                                                 const weft_file_info *file, const weft_text_spec *spec);
/* Read from this block on; `at` becomes 0. */
void weft_csv_tokens_block(weft_csv_tokens *tokens, const weft_text_block *block);
/* The next record: its bytes and fields; empty lines and comments are left out. *got false: the block has no
 * whole record from `at` on. Values with escapes are written, without them, into the block's bytes of their
 * record. Errors: WEFT_LIMIT for too many columns or too long values, WEFT_MALFORMED_RECORD for a quote that
 * may not be there (the messages say no place), WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_csv_tokens_next(weft_ctx *ctx, weft_csv_tokens *tokens, bool *got);
/* machine.c: the record at tokens->at, byte by byte, up to `stop`, where the text ends when is_end. *whole
 * false: stop came before the end of the record, nothing is changed. */
WEFT_MUST_CHECK weft_status weft_csv_tokens_machine(weft_ctx *ctx, weft_csv_tokens *tokens, int64_t stop,
                                                    bool is_end, bool *whole);

#endif
