/* engine/sql/lexer.c - see lexer.h.
 *
 * Words follow Spark's SqlBaseLexer: letters, digits, underscores, so `1a` is a name while `1L`, `1e3` and
 * `1.5BD` are numbers; the longest match wins. Bytes above 0x7F are letters. Comments nest; hints count as
 * comments. */
#include "engine/sql/lexer.h"

#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "common/settings.h"

#define C SQL_KW_IN_CLAUSE
#define J SQL_KW_JOINS
#define A SQL_KW_AFTER_NAME
static const struct {
    const char *text;
    uint8_t flags;
} keywords[SQL_KW_COUNT] = {
    {"", 0},
#define X(word, flags) {#word, flags},
#include "engine/sql/keyword_list.h"
#undef X
};
#undef C
#undef J
#undef A

const char *weft_sql_keyword_text(sql_keyword keyword) { return keywords[keyword].text; }

void weft_sql_lexer_init(sql_lexer *lexer, const char *text, size_t len)
{
    assert(len <= INT32_MAX);
    *lexer = (sql_lexer){.text = text, .len = (int32_t)len, .line = 1};
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || (c & 0x80) != 0;
}

/* The byte `ahead` of the position, or 0 beyond the end. */
static char lexer_at(const sql_lexer *x, int32_t ahead)
{
    return ahead < x->len - x->position ? x->text[x->position + ahead] : '\0';
}

static void lexer_advance(sql_lexer *x, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        const char c = x->text[x->position++];
        if (c == '\n') {
            x->line++;
            x->line_start = x->position;
            x->continuation = 0;
        } else if ((c & 0xC0) == 0x80) {
            x->continuation++;
        }
    }
}

/* Over a comment of slashes and stars, which nests. False: it is not closed. */
static bool skip_bracketed_comment(sql_lexer *x)
{
    int32_t depth = 0;
    while (x->position < x->len) {
        if (lexer_at(x, 0) == '/' && lexer_at(x, 1) == '*') {
            depth++;
            lexer_advance(x, 2);
        } else if (lexer_at(x, 0) == '*' && lexer_at(x, 1) == '/') {
            lexer_advance(x, 2);
            if (--depth == 0) return true;
        } else {
            lexer_advance(x, 1);
        }
    }
    return false;
}

/* Over white space and comments. False: a comment is not closed. */
static bool skip_blanks(sql_lexer *x)
{
    while (x->position < x->len) {
        const char c = lexer_at(x, 0);
        if (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v') {
            lexer_advance(x, 1);
        } else if (c == '-' && lexer_at(x, 1) == '-') {
            while (x->position < x->len && lexer_at(x, 0) != '\n') {
                /* A backslash at the end of the line carries the comment on, as in Spark. */
                lexer_advance(x, lexer_at(x, 0) == '\\' && lexer_at(x, 1) == '\n' ? 2 : 1);
            }
        } else if (c == '/' && lexer_at(x, 1) == '*') {
            if (!skip_bracketed_comment(x)) return false;
        } else if ((unsigned char)c == 0xEF && (unsigned char)lexer_at(x, 1) == 0xBB &&
                   (unsigned char)lexer_at(x, 2) == 0xBF && x->position == 0) {
            lexer_advance(x, 3); /* byte order mark */
        } else {
            break;
        }
    }
    return true;
}

static sql_keyword find_keyword(const char *word, int32_t len)
{
    char upper[24];
    int32_t low = 1, high = SQL_KW_COUNT - 1;
    if (len >= (int32_t)sizeof upper) return SQL_KW_NONE;
    for (int32_t i = 0; i < len; i++)
        upper[i] = (char)(word[i] >= 'a' && word[i] <= 'z' ? word[i] - 32 : word[i]);
    upper[len] = '\0';
    while (low <= high) {
        const int32_t middle = (low + high) / 2;
        const int order = strcmp(upper, keywords[middle].text);
        if (order == 0) return (sql_keyword)middle;
        if (order < 0)
            high = middle - 1;
        else
            low = middle + 1;
    }
    return SQL_KW_NONE;
}

/* Over quoted text that begins at the position after `skip` bytes. False: it is not closed. */
static bool skip_quoted(sql_lexer *x, int32_t skip, bool escapes, bool doubled)
{
    lexer_advance(x, skip);
    const char quote = lexer_at(x, 0);
    lexer_advance(x, 1);
    while (x->position < x->len) {
        const char c = lexer_at(x, 0);
        if (c == '\\' && escapes) {
            lexer_advance(x, x->position + 1 < x->len ? 2 : 1);
        } else if (c == quote) {
            const bool twice = doubled && lexer_at(x, 1) == quote;
            lexer_advance(x, twice ? 2 : 1);
            if (!twice) return true;
        } else {
            lexer_advance(x, 1);
        }
    }
    return false;
}

/* Bytes of a type suffix at `ahead` that is not part of a longer word: L S Y F D BD. */
static int32_t suffix_bytes(const sql_lexer *x, int32_t ahead, bool whole)
{
    const char c = (char)(lexer_at(x, ahead) | 0x20);
    const char next = (char)(lexer_at(x, ahead + 1) | 0x20);
    if (c == 'b' && next == 'd' && !is_word(lexer_at(x, ahead + 2))) return 2;
    if (is_word(lexer_at(x, ahead + 1))) return 0;
    if (c == 'f' || c == 'd') return 1;
    return whole && (c == 'l' || c == 's' || c == 'y') ? 1 : 0;
}

/* Length and kind of a number at the position, which is a digit, or a dot and a digit. 0: it is a word. */
static int32_t number_bytes(const sql_lexer *x, uint8_t *kind)
{
    int32_t n = 0;
    bool point = false, exponent = false;
    while (is_digit(lexer_at(x, n))) n++;
    const int32_t whole_digits = n;
    /* `1.` is a number but `1.a` is not, and `t.1.2` never gets here. */
    if (lexer_at(x, n) == '.' && (n == 0 || is_digit(lexer_at(x, n + 1)) || !is_word(lexer_at(x, n + 1)) ||
                                  (lexer_at(x, n + 1) | 0x20) == 'e' || suffix_bytes(x, n + 1, false) > 0)) {
        point = true;
        n++;
        while (is_digit(lexer_at(x, n))) n++;
    }
    if ((lexer_at(x, n) | 0x20) == 'e') {
        const int32_t sign = lexer_at(x, n + 1) == '+' || lexer_at(x, n + 1) == '-' ? 1 : 0;
        int32_t end = n + 1 + sign;
        if (is_digit(lexer_at(x, end))) {
            while (is_digit(lexer_at(x, end))) end++;
            exponent = true;
            n = end;
        }
    }
    const int32_t suffix = suffix_bytes(x, n, !point && !exponent);
    *kind = suffix > 0 ? SQL_SUFFIXED : exponent ? SQL_EXPONENT : point ? SQL_DECIMAL : SQL_INTEGER;
    if (suffix == 0 && is_word(lexer_at(x, n))) return point ? whole_digits : 0;
    return n + suffix;
}

typedef struct operator_text {
    char text[4];
    uint8_t len, kind;
} operator_text;

/* Longest first. */
static const operator_text operators[] = {
    {"<=>", 3, SQL_NULL_EQ},    {">>>", 3, SQL_SHIFT_RIGHT_UNSIGNED},
    {"<=", 2, SQL_LE},          {">=", 2, SQL_GE},
    {"<>", 2, SQL_NE},          {"!=", 2, SQL_NE},
    {"==", 2, SQL_EQ},          {"!<", 2, SQL_GE},
    {"!>", 2, SQL_LE},          {"<<", 2, SQL_SHIFT_LEFT},
    {">>", 2, SQL_SHIFT_RIGHT}, {"||", 2, SQL_CONCAT},
    {"|>", 2, SQL_PIPE_INTO},   {"::", 2, SQL_DOUBLE_COLON},
    {"->", 2, SQL_ARROW},       {"=>", 2, SQL_FAT_ARROW},
    {"(", 1, SQL_LPAREN},       {")", 1, SQL_RPAREN},
    {"[", 1, SQL_LBRACKET},     {"]", 1, SQL_RBRACKET},
    {",", 1, SQL_COMMA},        {".", 1, SQL_DOT},
    {";", 1, SQL_SEMICOLON},    {"*", 1, SQL_STAR},
    {"+", 1, SQL_PLUS},         {"-", 1, SQL_MINUS},
    {"/", 1, SQL_SLASH},        {"%", 1, SQL_PERCENT},
    {"~", 1, SQL_TILDE},        {"&", 1, SQL_AMPERSAND},
    {"|", 1, SQL_PIPE},         {"^", 1, SQL_CARET},
    {"=", 1, SQL_EQ},           {"<", 1, SQL_LT},
    {">", 1, SQL_GT},           {"!", 1, SQL_BANG},
    {":", 1, SQL_COLON},        {"?", 1, SQL_QUESTION},
};

static uint8_t lex_operator(sql_lexer *x)
{
    for (int32_t i = 0; i < WEFT_COUNT(operators); i++) {
        const operator_text *op = &operators[i];
        if (op->len <= x->len - x->position && memcmp(x->text + x->position, op->text, op->len) == 0) {
            lexer_advance(x, op->len);
            return op->kind;
        }
    }
    do {
        lexer_advance(x, 1); /* a whole character */
    } while (((unsigned char)lexer_at(x, 0) & 0xC0) == 0x80);
    return SQL_OTHER;
}

static uint8_t lex_problem(sql_lexer *x, sql_problem problem)
{
    x->problem = problem;
    x->position = x->len;
    return SQL_BAD;
}

/* After a name or a closing bracket a dot selects a field; it does not begin a number. */
static bool dot_selects(uint8_t previous)
{
    return previous == SQL_WORD || previous == SQL_QUOTED || previous == SQL_RPAREN ||
           previous == SQL_RBRACKET;
}

static uint8_t lex_body(sql_lexer *x, sql_token *token)
{
    const char c = lexer_at(x, 0);
    uint8_t kind = 0;
    if (c == '"' && x->double_quotes_name)
        return skip_quoted(x, 0, true, true) ? SQL_QUOTED : lex_problem(x, SQL_OPEN_NAME);
    if (c == '\'' || c == '"') {
        return skip_quoted(x, 0, true, true) ? SQL_STRING : lex_problem(x, SQL_OPEN_STRING);
    }
    if (c == '`') return skip_quoted(x, 0, false, true) ? SQL_QUOTED : lex_problem(x, SQL_OPEN_NAME);
    if ((c | 0x20) == 'r' && (lexer_at(x, 1) == '\'' || lexer_at(x, 1) == '"')) {
        return skip_quoted(x, 1, false, false) ? SQL_RAW_STRING : lex_problem(x, SQL_OPEN_STRING);
    }
    /* After a dot digits are a name's (t.1a) only when letters follow; `a.1` is an error anyway. */
    if (is_digit(c) || (c == '.' && is_digit(lexer_at(x, 1)) && !dot_selects(x->previous))) {
        const int32_t bytes = number_bytes(x, &kind);
        if (bytes > 0) {
            lexer_advance(x, bytes);
            return kind;
        }
    }
    if (is_word(c)) {
        const int32_t start = x->position;
        while (is_word(lexer_at(x, 0))) lexer_advance(x, 1);
        token->keyword = (uint16_t)find_keyword(x->text + start, x->position - start);
        token->flags = keywords[token->keyword].flags;
        return SQL_WORD;
    }
    return lex_operator(x);
}

sql_token weft_sql_lex(sql_lexer *x)
{
    sql_token token = {0};
    const sql_lexer before = *x;
    const bool closed = skip_blanks(x);
    if (!closed) { /* the place is where the comment begins */
        sql_lexer at = before;
        while (at.position < at.len && !(lexer_at(&at, 0) == '/' && lexer_at(&at, 1) == '*')) {
            sql_lexer probe = at;
            if (lexer_at(&at, 0) == '-' && lexer_at(&at, 1) == '-') {
                while (at.position < at.len && lexer_at(&at, 0) != '\n') lexer_advance(&at, 1);
            }
            if (at.position == probe.position) lexer_advance(&at, 1);
        }
        token.span = (weft_span){.start = at.position,
                                 .stop = x->len,
                                 .line = at.line,
                                 .column = at.position - at.line_start - at.continuation + 1};
        token.kind = lex_problem(x, SQL_OPEN_COMMENT);
        return token;
    }
    token.span = (weft_span){
        .start = x->position, .line = x->line, .column = x->position - x->line_start - x->continuation + 1};
    token.kind = x->position >= x->len ? SQL_END : lex_body(x, &token);
    token.span.stop = x->position;
    /* SELECT .5: what follows a clause's keyword is no field of it. */
    x->previous = (token.flags & SQL_KW_IN_CLAUSE) != 0 ? SQL_END : token.kind;
    return token;
}

/* UTF-8 of a code point; 0 when it is none. */
static size_t put_utf8(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | (code >> 6));
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        if (code >= 0xD800 && code < 0xE000) return 0;
        out[0] = (char)(0xE0 | (code >> 12));
        out[1] = (char)(0x80 | ((code >> 6) & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    if (code > 0x10FFFF) return 0;
    out[0] = (char)(0xF0 | (code >> 18));
    out[1] = (char)(0x80 | ((code >> 12) & 0x3F));
    out[2] = (char)(0x80 | ((code >> 6) & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* `count` hex digits at text as a number; false when one is not a hex digit. */
static bool read_hex(const char *text, size_t have, size_t count, uint32_t *out)
{
    uint32_t value = 0;
    if (have < count) return false;
    for (size_t i = 0; i < count; i++) {
        const char c = text[i];
        const int digit = is_digit(c)              ? c - '0'
                          : (c >= 'a' && c <= 'f') ? c - 'a' + 10
                          : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                                   : -1;
        if (digit < 0) return false;
        value = value * 16 + (uint32_t)digit;
    }
    *out = value;
    return true;
}

/* One escape sequence: text[0] is the byte after the backslash. Returns the bytes read. */
static size_t unescape(const char *text, size_t have, char *out, size_t *out_len)
{
    static const char plain[] = "0\0b\bn\nr\rt\tZ\032";
    uint32_t code = 0;
    const char c = text[0];
    if ((c == 'u' && read_hex(text + 1, have - 1, 4, &code)) ||
        (c == 'U' && read_hex(text + 1, have - 1, 8, &code))) {
        const size_t bytes = put_utf8(code, out + *out_len);
        *out_len += bytes;
        if (bytes > 0) return c == 'u' ? 5 : 9;
    }
    if (have >= 3 && (c == '0' || c == '1') && text[1] >= '0' && text[1] <= '7' && text[2] >= '0' &&
        text[2] <= '7') {
        *out_len +=
            put_utf8((uint32_t)((c - '0') * 64 + (text[1] - '0') * 8 + (text[2] - '0')), out + *out_len);
        return 3;
    }
    /* LIKE patterns keep the backslash before their wildcards. */
    if (c == '%' || c == '_') out[(*out_len)++] = '\\';
    char value = c;
    for (size_t i = 0; i + 1 < sizeof plain; i += 2) {
        if (plain[i] == c) value = plain[i + 1];
    }
    out[(*out_len)++] = value;
    return 1;
}

weft_status weft_sql_unquote(weft_ctx *ctx, const char *text, const sql_token *token, char **out,
                             size_t *out_len)
{
    weft_status st = WEFT_OK;
    const size_t skip = token->kind == SQL_RAW_STRING ? 2 : 1;
    const char *body = text + token->span.start + skip;
    const size_t len = (size_t)(token->span.stop - token->span.start) - skip - 1;
    const char quote = body[-1];
    char *value = NULL;
    size_t n = 0;
    /* An escape never gives more bytes than it takes, but for \% and \_, which give the same two. */
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, len + 8, (void **)&value));
    const bool plain = token->kind == SQL_RAW_STRING || weft_setting(ctx, WEFT_SET_ESCAPED_STRINGS) != 0;
    for (size_t i = 0; i < len;) {
        if (body[i] == '\\' && !plain && i + 1 < len) {
            i += 1 + unescape(body + i + 1, len - i - 1, value, &n);
        } else {
            if (body[i] == quote && token->kind != SQL_RAW_STRING) i++; /* the first of two */
            value[n++] = body[i++];
        }
    }
    value[n] = '\0';
    *out = value;
    *out_len = n;
done:
    return st;
}
