/* engine/sql/script.c - statements of a script, found by their semicolons: strings, quoted names and comments
 * are the lexer's matter, so a semicolon inside them ends nothing. */
#include "engine/sql/lexer.h"
#include "engine/sql/parser.h"

bool weft_sql_next_statement(const char *text, size_t len, size_t *position, size_t *start, size_t *stop)
{
    sql_lexer lexer;
    if (*position >= len || len > INT32_MAX) return false;
    weft_sql_lexer_init(&lexer, text + *position, len - *position);
    int32_t first = -1, last = 0;
    for (;;) {
        const sql_token token = weft_sql_lex(&lexer);
        if (token.kind == SQL_END) break;
        if (token.kind == SQL_SEMICOLON) {
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
    for (;;) {
        const sql_token token = weft_sql_lex(&lexer);
        if (token.kind == SQL_BAD) return false;
        if (token.kind == SQL_END) return before == SQL_SEMICOLON;
        before = token.kind;
    }
}
