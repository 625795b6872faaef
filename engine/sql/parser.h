/* engine/sql/parser.h - text of the Spark SQL dialect to parsed plans.
 *
 * Hand-written lexer and precedence-climbing recursive descent; depth is limited (WEFT_EXPR_DEPTH_MAX).
 * Nodes, expressions and strings live in ctx->arena; the text may be freed afterwards. Threads: any, one ctx
 * each. */
#ifndef WEFT_SQL_PARSER_H
#define WEFT_SQL_PARSER_H

#include "engine/plan/analyzer.h"

/* Parse one statement (a trailing semicolon is allowed). Spans are offsets into text.
 * Errors: WEFT_PARSE_SYNTAX_ERROR with place, the token found and, where it is clear, a hint. */
WEFT_MUST_CHECK weft_status weft_sql_parse(weft_ctx *ctx, const char *text, size_t len,
                                           const weft_node **out);

/* The same, of the text from an offset on; catalog, or NULL, has the variables that an IDENTIFIER() may read.
 */
WEFT_MUST_CHECK weft_status weft_sql_parse_in(weft_ctx *ctx, const weft_catalog *catalog, const char *text,
                                              size_t len, size_t from, const weft_node **out);

/* A statement of a script comes with the variables of the blocks around it:
 *     LOCAL (label.name = value, …) statement
 * where what has no label is name = value, the innermost come last, and values are constants. */
typedef struct weft_sql_local {
    const char *label; /* "" : none */
    const char *name;
    const weft_expr *value; /* parsed */
} weft_sql_local;
/* *from: where the statement begins; *count 0 and 0 where the text has no such list. */
WEFT_MUST_CHECK weft_status weft_sql_parse_locals(weft_ctx *ctx, const char *text, size_t len,
                                                  const weft_sql_local **out, int32_t *count, size_t *from);

/* What a parameter marker of a statement stands for. */
typedef struct weft_sql_parameter {
    const char *name; /* NULL: it has its place only */
    const char *sql;  /* the value, as SQL */
} weft_sql_parameter;

/* A text with its markers replaced, and where in the first text the parts of it stood. In ctx->arena. */
typedef struct weft_sql_text {
    char *text; /* with a zero byte behind */
    size_t len;
    int32_t change_count;
    const struct weft_sql_change *changes;
} weft_sql_text;

/* Replace :name and ? by the values. A ':' right behind a name or an expression reads a field of it, and is
 * no marker. Without any parameters the text stays as it is. Errors: WEFT_UNBOUND_PARAMETER,
 * WEFT_PARAMETERS_NAMED, WEFT_MIXED_PARAMETERS, WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_sql_substitute(weft_ctx *ctx, const char *text, size_t len,
                                                const weft_sql_parameter *parameters, int32_t count,
                                                weft_sql_text *out);
/* The place in the first text that a place in the replaced one comes from. */
weft_span weft_sql_origin(const weft_sql_text *replaced, const char *text, weft_span span);
/* Is the text one literal, or constants in array(), map(), struct() and casts: what a value may be? Errors:
 * WEFT_INVALID, those of the parser. */
WEFT_MUST_CHECK weft_status weft_sql_check_value(weft_ctx *ctx, const char *text);

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
