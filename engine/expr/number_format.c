/* engine/expr/number_format.c - see number_format.h. */
#include "engine/expr/number_format.h"

#include <ctype.h>

#include "common/limits.h"
#include "engine/expr/decimal.h"

/* ---- formats ---- */

typedef enum token_kind {
    TOKEN_DIGITS,
    TOKEN_SEPARATOR,
    TOKEN_POINT,
    TOKEN_CURRENCY,
    TOKEN_SIGN,     /* S */
    TOKEN_MINUS,    /* MI */
    TOKEN_BRACKETS, /* PR */
    TOKEN_OTHER
} token_kind;

typedef struct format_token {
    token_kind kind;
    bool exact; /* DIGITS */
    int32_t count;
    char letter;
} format_token;

typedef struct format_tokens {
    format_token at[WEFT_NUMBER_FORMAT_BYTES];
    int32_t count;
} format_tokens;

/* The token at s[i], i moved behind it. */
static format_token token_next(const char *s, int32_t len, int32_t *i)
{
    const char c = (char)toupper((unsigned char)s[*i]);
    const char next = *i + 1 < len ? (char)toupper((unsigned char)s[*i + 1]) : '\0';
    format_token token = {.kind = TOKEN_OTHER, .count = 1, .letter = c};
    if (c == '0' || c == '9') {
        token.kind = TOKEN_DIGITS;
        token.exact = c == '0';
        while (*i + token.count < len && (s[*i + token.count] == '0' || s[*i + token.count] == '9'))
            token.count++;
    } else if (c == ',' || c == 'G') {
        token.kind = TOKEN_SEPARATOR;
    } else if (c == '.' || c == 'D') {
        token.kind = TOKEN_POINT;
    } else if (c == '$') {
        token.kind = TOKEN_CURRENCY;
    } else if (c == 'S') {
        token.kind = TOKEN_SIGN;
    } else if ((c == 'M' && next == 'I') || (c == 'P' && next == 'R')) {
        token.kind = c == 'M' ? TOKEN_MINUS : TOKEN_BRACKETS;
        token.count = 2;
    }
    *i += token.count;
    return token;
}

static int32_t token_find(const format_tokens *t, token_kind kind)
{
    for (int32_t i = 0; i < t->count; i++) {
        if (t->at[i].kind == kind) return i;
    }
    return -1;
}

static weft_status fail_format(weft_ctx *ctx, weft_status code, const weft_str *text, const weft_span *span,
                               const char *why)
{
    return weft_fail_at(ctx, code, span, "The format is invalid: '%.*s'. %s",
                        (int)weft_min_i64(text->len, 100), weft_str_data(text), why);
}

/* Separators stand between digits, all before the point. */
static weft_status check_separators(weft_ctx *ctx, const format_tokens *t, const weft_str *text,
                                    const weft_span *span)
{
    const int32_t point = token_find(t, TOKEN_POINT);
    for (int32_t i = 0; i < t->count; i++) {
        if (t->at[i].kind == TOKEN_SEPARATOR && point >= 0 && i > point)
            return fail_format(ctx, WEFT_FORMAT_SEPARATORS, text, span,
                               "Thousands separators (, or G) may not appear after the decimal point.");
    }
    for (int32_t i = 0; i < t->count; i++) {
        if (t->at[i].kind != TOKEN_SEPARATOR) continue;
        const bool between = i > 0 && i + 1 < t->count && t->at[i - 1].kind == TOKEN_DIGITS &&
                             t->at[i + 1].kind == TOKEN_DIGITS;
        if (!between)
            return fail_format(ctx, WEFT_FORMAT_CONT_SEPARATORS, text, span,
                               "Thousands separators (, or G) must have digits in between them.");
    }
    return WEFT_OK;
}

static weft_status check_tokens(weft_ctx *ctx, const format_tokens *t, const weft_str *text,
                                const weft_span *span)
{
    static const token_kind once[] = {TOKEN_POINT, TOKEN_CURRENCY, TOKEN_SIGN, TOKEN_MINUS, TOKEN_BRACKETS};
    const int32_t digits = token_find(t, TOKEN_DIGITS), currency = token_find(t, TOKEN_CURRENCY);
    const int32_t point = token_find(t, TOKEN_POINT);
    if (text->len == 0)
        return fail_format(ctx, WEFT_FORMAT_EMPTY, text, span, "The number format string cannot be empty.");
    if (digits < 0 && token_find(t, TOKEN_SEPARATOR) >= 0) return check_separators(ctx, t, text, span);
    if (digits < 0)
        return fail_format(ctx, WEFT_FORMAT_NO_DIGIT, text, span, "It requires at least one number digit.");
    if (currency > digits)
        return fail_format(ctx, WEFT_FORMAT_CURRENCY, text, span,
                           "Currency characters must appear before digits.");
    if (point >= 0 && currency > point)
        return fail_format(ctx, WEFT_FORMAT_CURRENCY_POINT, text, span,
                           "Currency characters must appear before any decimal point.");
    const weft_status st = check_separators(ctx, t, text, span);
    if (st != WEFT_OK) return st;
    for (int32_t k = 0; k < WEFT_COUNT(once); k++) {
        int32_t count = 0;
        for (int32_t i = 0; i < t->count; i++) count += t->at[i].kind == once[k];
        if (count > 1)
            return fail_format(ctx, WEFT_FORMAT_TOKENS, text, span,
                               "At most one of a kind of token is allowed.");
    }
    return WEFT_OK;
}

static bool is_sign(const format_tokens *t, int32_t i)
{
    return i < t->count && (t->at[i].kind == TOKEN_SIGN || t->at[i].kind == TOKEN_MINUS);
}

static char sign_letter(token_kind kind)
{
    return kind == TOKEN_SIGN ? 'S' : kind == TOKEN_MINUS ? 'M' : 'P';
}

/* The tokens in the order that the grammar has; returns how many of them it took. */
static int32_t format_build(const format_tokens *t, weft_number_format *f)
{
    int32_t i = 0;
    if (is_sign(t, i)) {
        f->sign = sign_letter(t->at[i++].kind);
        f->sign_first = true;
    }
    if (i < t->count && t->at[i].kind == TOKEN_CURRENCY) {
        f->currency = true;
        i++;
    }
    for (; i < t->count && (t->at[i].kind == TOKEN_DIGITS || t->at[i].kind == TOKEN_SEPARATOR); i++) {
        if (t->at[i].kind == TOKEN_SEPARATOR) continue;
        if (f->group_count == WEFT_NUMBER_FORMAT_GROUPS) return i;
        f->groups[f->group_count++] = (weft_number_group){t->at[i].exact, t->at[i].count};
        f->whole += t->at[i].count;
    }
    if (i < t->count && t->at[i].kind == TOKEN_POINT) {
        f->point = true;
        i++;
        if (i < t->count && t->at[i].kind == TOKEN_DIGITS) f->fraction = t->at[i++].count;
    }
    if (!f->sign_first && (is_sign(t, i) || (i < t->count && t->at[i].kind == TOKEN_BRACKETS)))
        f->sign = sign_letter(t->at[i++].kind);
    return i;
}

weft_status weft_number_format_parse(weft_ctx *ctx, const weft_str *text, const weft_span *span,
                                     weft_number_format *out)
{
    weft_status st = WEFT_OK;
    format_tokens tokens = {.count = 0};
    const char *s = weft_str_data(text);
    const int32_t len = (int32_t)weft_min_i64(text->len, INT32_MAX);
    *out = (weft_number_format){0};
    if (len > WEFT_NUMBER_FORMAT_LETTERS)
        return fail_format(ctx, WEFT_NUMBER_FORMAT, text, span, "It is too long.");
    for (int32_t i = 0; i < len;) {
        tokens.at[tokens.count++] = token_next(s, len, &i);
    }
    WEFT_TRY(st, check_tokens(ctx, &tokens, text, span));
    const int32_t taken = format_build(&tokens, out);
    if (taken < tokens.count) {
        st = fail_format(ctx, WEFT_NUMBER_FORMAT, text, span,
                         "The structure of the format string must match: `[MI|S]` `[$]` `[0|9|G|,]*` `[.|D]` "
                         "`[0|9]*` `[$]` `[PR|MI|S]`.");
        goto done;
    }
done:
    return st;
}

/* ---- writing ---- */

typedef struct format_writer {
    char *text;
    int32_t len;
} format_writer;

/* A space goes before a sign that stands last: the sign keeps to its digits. */
static void write_space(format_writer *w)
{
    const char last = w->len > 0 ? w->text[w->len - 1] : '\0';
    const bool moves = last == '+' || last == '-' || last == '<';
    if (moves) w->text[w->len - 1] = ' ';
    w->text[w->len++] = moves ? last : ' ';
}

static void write_groups(format_writer *w, const weft_number_format *f, const char *digits, int32_t count,
                         bool fits)
{
    int32_t left = f->whole; /* digits of the format still to come */
    for (int32_t g = 0; g < f->group_count; g++) {
        if (g > 0) {
            if (w->len > 0 && isdigit((unsigned char)w->text[w->len - 1]))
                w->text[w->len++] = ',';
            else
                write_space(w);
        }
        for (int32_t k = 0; k < f->groups[g].digits; k++, left--) {
            if (!fits)
                w->text[w->len++] = '#';
            else if (left <= count)
                w->text[w->len++] = digits[count - left];
            else if (f->groups[g].exact)
                w->text[w->len++] = '0';
            else
                write_space(w);
        }
    }
}

static void write_sign(format_writer *w, const weft_number_format *f, bool negative)
{
    if (f->sign == 'S')
        w->text[w->len++] = negative ? '-' : '+';
    else if (negative)
        w->text[w->len++] = '-';
    else
        write_space(w);
}

int32_t weft_number_format_write(const weft_number_format *f, weft_i128 value, int32_t scale, char *text)
{
    char plain[WEFT_DECIMAL_TEXT_BYTES];
    format_writer w = {.text = text};
    const bool negative = value < 0;
    int32_t len = weft_decimal_text(negative ? -value : value, scale, plain);
    const char *point = memchr(plain, '.', (size_t)len);
    int32_t whole = point == NULL ? len : (int32_t)(point - plain);
    int32_t fraction = point == NULL ? 0 : len - whole - 1;
    const char *digits = plain, *behind = point == NULL ? plain + len : point + 1;
    if (whole == 1 && plain[0] == '0') whole = 0;
    while (fraction > 0 && behind[fraction - 1] == '0') fraction--;
    const bool fits = whole <= f->whole && fraction <= f->fraction;

    if (f->sign_first) write_sign(&w, f, negative);
    if (f->sign == 'P' && negative) w.text[w.len++] = '<';
    if (f->currency) w.text[w.len++] = '$';
    write_groups(&w, f, digits, whole, fits);
    if (f->point) {
        if (fits && w.len > 0 && w.text[w.len - 1] == ' ') w.text[w.len - 1] = '0';
        w.text[w.len++] = f->fraction > 0 ? '.' : ' ';
        for (int32_t k = 0; k < f->fraction; k++)
            w.text[w.len++] = !fits ? '#' : k < fraction ? behind[k] : '0';
    }
    if (f->sign == 'P') {
        w.text[w.len++] = negative ? '>' : ' ';
        if (!negative) w.text[w.len++] = ' ';
    } else if (f->sign != 0 && !f->sign_first) {
        w.text[w.len++] = negative ? '-' : f->sign == 'S' ? '+' : ' ';
    }
    return w.len;
}

/* ---- reading ---- */

typedef struct format_reader {
    const char *at, *end;
} format_reader;

/* Blanks may stand anywhere. */
static void pass_blanks(format_reader *r)
{
    while (r->at < r->end && (isspace((unsigned char)*r->at) || (*r->at >= 0x1c && *r->at < 0x20))) r->at++;
}

static bool read_char(format_reader *r, char c)
{
    pass_blanks(r);
    if (r->at == r->end || *r->at != c) return false;
    r->at++;
    return true;
}

static int32_t read_digits(format_reader *r, weft_i128 *value)
{
    int32_t count = 0;
    for (pass_blanks(r); r->at < r->end && isdigit((unsigned char)*r->at); pass_blanks(r)) {
        if (++count > WEFT_DECIMAL_PRECISION_MAX) break;
        *value = *value * 10 + (*r->at++ - '0');
    }
    return count;
}

/* The groups of digits, separated as in the format: the last ones of the format are those that there are. */
static bool read_groups(format_reader *r, const weft_number_format *f, weft_i128 *value, int32_t *count)
{
    int32_t sizes[WEFT_NUMBER_FORMAT_GROUPS], groups = 0;
    *count = 0;
    do {
        if (groups == f->group_count) return false;
        sizes[groups] = read_digits(r, value);
        *count += sizes[groups];
        if (*count > f->whole) return false;
        groups++;
    } while (read_char(r, ','));
    for (int32_t k = 0; k < f->group_count; k++) { /* from the right */
        const weft_number_group *g = &f->groups[f->group_count - 1 - k];
        const int32_t size = k < groups ? sizes[groups - 1 - k] : 0;
        if (g->exact ? size != g->digits : size > g->digits) return false;
    }
    return true;
}

bool weft_number_format_read(const weft_number_format *f, const char *text, size_t len, weft_i128 *out)
{
    format_reader r = {text, text + len};
    weft_i128 value = 0;
    int32_t whole = 0, fraction = 0;
    bool negative = false, bracket = false;
    if (f->sign_first) {
        negative = read_char(&r, '-');
        if (!negative && f->sign == 'S') (void)read_char(&r, '+');
    }
    if (f->sign == 'P') bracket = read_char(&r, '<');
    if (f->currency && !read_char(&r, '$')) return false;
    if (f->group_count > 0 && !read_groups(&r, f, &value, &whole)) return false;
    if (f->point && read_char(&r, '.')) fraction = read_digits(&r, &value);
    if (fraction > f->fraction || whole + fraction == 0) return false;
    if (bracket && !read_char(&r, '>')) return false;
    if (f->sign != 0 && !f->sign_first && f->sign != 'P') {
        negative = read_char(&r, '-');
        if (!negative && f->sign == 'S') (void)read_char(&r, '+');
    }
    pass_blanks(&r);
    if (r.at != r.end) return false;
    for (; fraction < f->fraction; fraction++) value *= 10;
    *out = negative || bracket ? -value : value;
    return true;
}
