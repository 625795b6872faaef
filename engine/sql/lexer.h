/* engine/sql/lexer.h - tokens of the Spark SQL dialect, made on demand from the text.
 *
 * The lexer is a plain value: copying it is looking ahead without a limit. It never allocates and takes time
 * linear in the text. Quoted text is only delimited here; weft_sql_unquote gives its value. */
#ifndef WEFT_SQL_LEXER_H
#define WEFT_SQL_LEXER_H

#include "common/ctx.h"

typedef enum sql_token_kind {
    SQL_END,
    SQL_BAD, /* not a token: lexer.problem says why */
    SQL_WORD,
    SQL_QUOTED, /* `name` */
    SQL_STRING,
    SQL_RAW_STRING, /* r'…': no escapes */
    SQL_INTEGER,
    SQL_DECIMAL,
    SQL_EXPONENT,
    SQL_SUFFIXED, /* number with a type suffix: 1L 1S 1Y 1F 1D 1BD */
    SQL_LPAREN,
    SQL_RPAREN,
    SQL_LBRACKET,
    SQL_RBRACKET,
    SQL_COMMA,
    SQL_DOT,
    SQL_SEMICOLON,
    SQL_STAR,
    SQL_PLUS,
    SQL_MINUS,
    SQL_SLASH,
    SQL_PERCENT,
    SQL_TILDE,
    SQL_AMPERSAND,
    SQL_PIPE,
    SQL_PIPE_INTO, /* |> */
    SQL_CONCAT,
    SQL_CARET,
    SQL_EQ,
    SQL_NULL_EQ, /* <=> */
    SQL_NE,
    SQL_LT,
    SQL_LE,
    SQL_GT,
    SQL_GE,
    SQL_SHIFT_LEFT,
    SQL_SHIFT_RIGHT,
    SQL_SHIFT_RIGHT_UNSIGNED,
    SQL_BANG,
    SQL_COLON,
    SQL_DOUBLE_COLON,
    SQL_ARROW,
    SQL_FAT_ARROW,
    SQL_QUESTION,
    SQL_OTHER /* a character that begins no token */
} sql_token_kind;

/* Keywords. SQL_KW_NONE is a word without a meaning of its own. */
typedef enum sql_keyword {
    SQL_KW_NONE = 0,
#define X(word, flags) SQL_KW_##word,
#include "engine/sql/keyword_list.h"
#undef X
    SQL_KW_COUNT
} sql_keyword;

typedef enum sql_keyword_flags {
    SQL_KW_IN_CLAUSE = 1,
    SQL_KW_JOINS = 2,
    SQL_KW_AFTER_NAME = 4
} sql_keyword_flags;

typedef struct sql_token {
    uint8_t kind;     /* sql_token_kind */
    uint8_t flags;    /* sql_keyword_flags */
    uint16_t keyword; /* sql_keyword, of a WORD */
    weft_span span;
} sql_token;

typedef enum sql_problem { SQL_NO_PROBLEM, SQL_OPEN_COMMENT, SQL_OPEN_STRING, SQL_OPEN_NAME } sql_problem;

typedef struct sql_lexer {
    const char *text;
    int32_t len, position;
    int32_t line, line_start; /* 1-based line of position; offset at which it starts */
    int32_t
        continuation; /* UTF-8 continuation bytes between line_start and position: columns count characters */
    uint8_t previous; /* kind of the token before, to tell `t.5` from `.5` */
    sql_problem problem;
    bool double_quotes_name; /* "a" is a name, not a string (spark.sql.ansi.doubleQuotedIdentifiers) */
} sql_lexer;

void weft_sql_lexer_init(sql_lexer *lexer, const char *text, size_t len);
/* The next token; SQL_END at the end again and again. */
sql_token weft_sql_lex(sql_lexer *lexer);
/* The keyword's text in upper case. */
const char *weft_sql_keyword_text(sql_keyword keyword);

/* The value of a STRING, RAW_STRING or QUOTED token, in ctx->arena, with a zero byte behind. */
WEFT_MUST_CHECK weft_status weft_sql_unquote(weft_ctx *ctx, const char *text, const sql_token *token,
                                             char **out, size_t *out_len);

#endif
