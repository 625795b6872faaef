/* engine/sql/parser.h - text of the Spark SQL dialect to parsed plans.
 *
 * Hand-written lexer and precedence-climbing recursive descent; depth is limited (WEFT_EXPR_DEPTH_MAX).
 * Nodes, expressions and strings live in ctx->arena; the text may be freed afterwards. Threads: any, one ctx
 * each. */
#ifndef WEFT_SQL_PARSER_H
#define WEFT_SQL_PARSER_H

#include "engine/plan/logical.h"

/* Parse one statement (a trailing semicolon is allowed). Spans are offsets into text.
 * Errors: WEFT_PARSE_SYNTAX_ERROR with place, the token found and, where it is clear, a hint. */
WEFT_MUST_CHECK weft_status weft_sql_parse(weft_ctx *ctx, const char *text, size_t len,
                                           const weft_node **out);

/* Split a script at top-level semicolons (outside strings, comments, quoted names). Gives the offsets of the
 * next non-empty statement at or after *position; false when there is none. */
bool weft_sql_next_statement(const char *text, size_t len, size_t *position, size_t *start, size_t *stop);
/* Is the text a whole statement, or does it go on (unclosed quote, comment, no semicolon)? For the shell. */
bool weft_sql_is_complete(const char *text, size_t len);

/* The error as users see it: "[CLASS] message SQLSTATE: 42703 (line 1, pos 7)", the line and carets under the
 * place as Spark prints them ("== SQL (line 1, position 8) =="), and the hint. In ctx->arena. */
WEFT_MUST_CHECK weft_status weft_sql_error_text(weft_ctx *ctx, const weft_error *error, const char *text,
                                                size_t len, char **out);

#endif
