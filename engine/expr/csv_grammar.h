/* engine/expr/csv_grammar.h - what separates, quotes and escapes values of CSV: of files and of from_csv. */
#ifndef WEFT_EXPR_CSV_GRAMMAR_H
#define WEFT_EXPR_CSV_GRAMMAR_H

#include "common/ctx.h"
#include "engine/expr/utf8.h"

enum {
    WEFT_CSV_DELIMITER_MAX = 16,
    WEFT_CSV_COLUMNS_MAX = 1 << 24 /* the most that maxColumns may say */
};

/* What becomes of a quote inside a quoted value that is not escaped. */
typedef enum weft_csv_unescaped {
    WEFT_CSV_STOP_AT_DELIMITER,
    WEFT_CSV_STOP_AT_CLOSING_QUOTE,
    WEFT_CSV_BACK_TO_DELIMITER,
    WEFT_CSV_SKIP_VALUE,
    WEFT_CSV_RAISE_ERROR
} weft_csv_unescaped;

typedef struct weft_csv_grammar {
    char delimiter[WEFT_CSV_DELIMITER_MAX];
    int32_t delimiter_len;
    /* Characters, as units of UTF-16; 0 is none. escape_escape: what is written before an escape. */
    uint16_t quote, escape, escape_escape, comment;
    bool has_wide; /* one of them is beyond ASCII */
    bool trim_left, trim_right;
    weft_csv_unescaped unescaped;
    int64_t columns_max, characters_max; /* characters_max: of a value; -1: no limit */
} weft_csv_grammar;

/* Where no option is given. */
#define WEFT_CSV_GRAMMAR                                                                                     \
    {                                                                                                        \
        .delimiter = ",", .delimiter_len = 1, .quote = '"', .escape = '\\', .columns_max = 20480,            \
        .characters_max = -1                                                                                 \
    }

/* Take one option; *known is false when it is none of the grammar's. Errors: WEFT_CONFIG,
 * WEFT_OPTION_CHARACTER, WEFT_DELIMITER_ESCAPE for a value that it cannot have. */
WEFT_MUST_CHECK weft_status weft_csv_grammar_set(weft_ctx *ctx, weft_csv_grammar *grammar, const char *key,
                                                 const char *value, bool *known);
/* To be called behind the last option: what is not given follows from others. Errors: WEFT_CONFIG. */
WEFT_MUST_CHECK weft_status weft_csv_grammar_finish(weft_ctx *ctx, weft_csv_grammar *grammar);
/* Bytes of the character at text, if it is this one (of an option); else 0. */
static inline uint32_t weft_csv_match(uint16_t character, const char *text, size_t len)
{
    uint32_t bytes = 1;
    if (len == 0 || character == 0) return 0;
    if (character < 0x80) return (uint8_t)text[0] == character;
    return weft_utf8_decode(text, len, &bytes) == character ? bytes : 0;
}

#endif
