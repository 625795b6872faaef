/* engine/sql/script.c - statements of a script, found by their semicolons: strings, quoted names and comments
 * are the lexer's matter, so a semicolon inside them ends nothing. */
#include <string.h>
#include <strings.h>

#include "engine/sql/lexer.h"
#include "engine/sql/parser.h"

/* A script, BEGIN … END, is one statement: how deep a token is in it. What ends with END IF, END WHILE …
 * begins with that word; everything else that ends with END begins with BEGIN or CASE. */
typedef struct block_depth {
    bool script, behind_end;
    int32_t depth;
} block_depth;

static bool is_word(const char *text, const sql_token *token, const char *word)
{
    const size_t len = (size_t)(token->span.stop - token->span.start);
    return token->kind == SQL_WORD && strlen(word) == len &&
           strncasecmp(text + token->span.start, word, len) == 0;
}

static void count_depth(block_depth *d, const char *text, const sql_token *token, bool first)
{
    static const char *const closers[] = {"IF", "WHILE", "LOOP", "REPEAT", "FOR"};
    const bool begin = is_word(text, token, "BEGIN"), is_case = is_word(text, token, "CASE");
    if (first) *d = (block_depth){.script = begin};
    if (!d->script) return;
    if (d->behind_end) { /* END of a block or of CASE, unless a loop's word follows */
        bool other = false;
        for (int32_t i = 0; i < WEFT_COUNT(closers); i++) other |= is_word(text, token, closers[i]);
        if (!other && d->depth > 0) d->depth--;
        d->behind_end = false;
        if (is_case) return; /* END CASE */
    }
    d->depth += begin || is_case;
    d->behind_end = is_word(text, token, "END");
}

bool weft_sql_next_statement(const char *text, size_t len, size_t *position, size_t *start, size_t *stop)
{
    sql_lexer lexer;
    if (*position >= len || len > INT32_MAX) return false;
    weft_sql_lexer_init(&lexer, text + *position, len - *position);
    int32_t first = -1, last = 0;
    block_depth depth = {0};
    for (;;) {
        const sql_token token = weft_sql_lex(&lexer);
        if (token.kind == SQL_END) break;
        count_depth(&depth, text + *position, &token, first < 0);
        if (token.kind == SQL_SEMICOLON && depth.depth == 0) {
            if (first >= 0) break;
            continue; /* an empty statement */
        }
        if (first < 0) first = token.span.start;
        last = token.span.stop;
        if (token.kind == SQL_BAD) break; /* the parser will say what is not closed */
    }
    const size_t base = *position;
    *position = base + (size_t)lexer.position;
    if (first < 0) return false;
    *start = base + (size_t)first;
    *stop = base + (size_t)last;
    return true;
}

bool weft_sql_is_complete(const char *text, size_t len)
{
    sql_lexer lexer;
    if (len > INT32_MAX) return true;
    weft_sql_lexer_init(&lexer, text, len);
    uint8_t before = SQL_SEMICOLON; /* nothing at all is complete */
    block_depth depth = {0};
    for (;;) {
        const sql_token token = weft_sql_lex(&lexer);
        if (token.kind == SQL_BAD) return false;
        if (token.kind == SQL_END) return before == SQL_SEMICOLON && depth.depth == 0;
        count_depth(&depth, text, &token, before == SQL_SEMICOLON && depth.depth == 0);
        before = token.kind;
    }
}
