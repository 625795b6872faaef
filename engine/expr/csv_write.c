/* engine/expr/csv_write.c - see csv_write.h.
 *
 * Which values are quoted is what Spark's writer (univocity) does: those that hold the delimiter or a line
 * end, begin with a quote, or (escapeQuotes) hold one, and a record's first if it begins like a comment. No
 * quote and no escape are a byte of zero, as there. */
#include "engine/expr/csv_write.h"

#include <string.h>

#include "engine/expr/utf8.h"

enum { COMMENT_DEFAULT = '#' };

void weft_csv_writer_init(weft_csv_writer *w, const weft_csv_grammar *grammar)
{
    w->grammar = grammar;
    w->quote_len = weft_utf8_encode(grammar->quote, w->quote);
}

/* Is a quote, which may have more bytes than one, at text? */
static inline bool is_quote(const weft_csv_writer *w, const char *text, uint32_t len)
{
    return *text == w->quote[0] && len >= w->quote_len && memcmp(text, w->quote, w->quote_len) == 0;
}

/* text: without what is trimmed at its begin, but with what is trimmed at its end, as univocity looks at it.
 */
static bool must_quote(const weft_csv_writer *w, const char *text, uint32_t len, bool is_first)
{
    const weft_csv_grammar *g = w->grammar;
    const uint16_t comment = g->comment != 0 ? g->comment : COMMENT_DEFAULT;
    if (w->quote_all) return true;
    if (len == 0) return false;
    if (is_quote(w, text, len) || (is_first && weft_csv_match(comment, text, len) > 0)) return true;
    for (uint32_t i = 0; i < len; i++) {
        const char byte = text[i];
        if (byte == '\n' || byte == '\r' || byte == w->line_end[0] ||
            (w->escape_quotes && is_quote(w, text + i, len - i)))
            return true;
        if (byte == g->delimiter[0] && (int64_t)len - i >= g->delimiter_len &&
            memcmp(text + i, g->delimiter, (size_t)g->delimiter_len) == 0)
            return true;
    }
    return false;
}

static weft_status put_quoted(weft_ctx *ctx, const weft_csv_writer *w, const char *text, uint32_t len,
                              weft_text *out)
{
    weft_status st = WEFT_OK;
    const weft_csv_grammar *g = w->grammar;
    const size_t line_end_len = strlen(w->line_end);
    char hidden[4];
    uint32_t begin = 0;
    WEFT_TRY(st, weft_text_append(ctx, out, w->quote, w->quote_len));
    for (uint32_t i = 0; i < len; i++) {
        if (text[i] == '\n' &&
            line_end_len == 2) { /* a line end of one byte or more than two changes nothing */
            WEFT_TRY(st, weft_text_append(ctx, out, text + begin, i - begin));
            WEFT_TRY(st, weft_text_append(ctx, out, w->line_end, line_end_len));
            begin = i + 1;
            continue;
        }
        const bool quote = is_quote(w, text + i, len - i);
        const uint16_t before = quote                                              ? g->escape
                                : weft_csv_match(g->escape, text + i, len - i) > 0 ? g->escape_escape
                                                                                   : 0;
        if (before == 0 && !quote) continue;
        WEFT_TRY(st, weft_text_append(ctx, out, text + begin, i - begin));
        WEFT_TRY(st, weft_text_append(ctx, out, hidden, weft_utf8_encode(before, hidden)));
        begin = i;
    }
    WEFT_TRY(st, weft_text_append(ctx, out, text + begin, len - begin));
    WEFT_TRY(st, weft_text_append(ctx, out, w->quote, w->quote_len));
done:
    return st;
}

weft_status weft_csv_put_value(weft_ctx *ctx, const weft_csv_writer *w, bool is_first, const char *text,
                               uint32_t len, weft_text *out)
{
    weft_status st = WEFT_OK;
    const weft_csv_grammar *g = w->grammar;
    const bool is_null = text == NULL;
    if (!is_first) WEFT_TRY(st, weft_text_append(ctx, out, g->delimiter, (size_t)g->delimiter_len));
    if (is_null) {
        text = w->null_value;
        len = (uint32_t)strlen(text);
    }
    while (g->trim_left && len > 0 && (uint8_t)text[0] <= ' ') {
        text++;
        len--;
    }
    uint32_t untrimmed = len;
    while (g->trim_right && len > 0 && (uint8_t)text[len - 1] <= ' ') len--;
    if (len == 0 && !is_null) { /* as it stands, when it brings its quotes along */
        text = w->empty_value;
        len = (uint32_t)strlen(text);
        if (len >= 2 * w->quote_len && is_quote(w, text, len) &&
            is_quote(w, text + len - w->quote_len, w->quote_len))
            return weft_text_append(ctx, out, text, len);
        untrimmed = len;
    }
    st = must_quote(w, text, untrimmed, is_first) ? put_quoted(ctx, w, text, len, out)
                                                  : weft_text_append(ctx, out, text, len);
done:
    return st;
}
