/* engine/formats/csv/machine.c - one record, byte by byte: all that quotes and escapes can do.
 *
 * It follows, character by character, what the parser of Spark does (univocity's CsvParser), because each of
 * its corners is a published answer: which quote closes, what white space behind it means, what is left of a
 * value that never closes. A character is a byte, a delimiter (of one or more bytes) or a line end. Values
 * are collected in a scratch buffer and, when the record is whole, put over the record's own bytes: together
 * they are never longer. */
#include <string.h>

#include "engine/formats/csv/token.h"

enum { CH_NONE = 0, CH_LINE = 256, CH_DELIMITER = 257, CH_NO_BYTE = 258 /* an option that is not set */ };

typedef struct machine {
    weft_ctx *ctx;
    weft_csv_tokens *t;
    const weft_csv_options *o;
    weft_status st;
    const uint8_t *data;
    int64_t begin, at, stop;
    int64_t token; /* where the current character begins */
    int ch, prev;
    int quote, escape, escape_escape;
    bool unescaped; /* a quote was found where none may be */
    bool trim;      /* white space at the end of the value goes */
    bool is_bad;    /* a quote that may not be there (RAISE_ERROR) */
    bool is_end;    /* nothing comes behind the text */
    uint8_t *out;   /* all values; the current one from `value` on */
    int64_t len, value;
    int64_t line_end; /* of the record: where it begins; -1 at the end of the text */
} machine;

/* ---- characters ---- */

/* The next one into m->ch; false at the end. */
static bool next(machine *m)
{
    const weft_csv_options *o = m->o;
    if (m->at >= m->stop) return false;
    m->token = m->at;
    const uint8_t *p = m->data + m->at;
    const int64_t left = m->stop - m->at;
    if (o->multi_line) {
        const weft_text_lines *lines = &m->t->lines;
        int32_t n = 0;
        if (lines->len == 0)
            n = *p == '\n'                             ? 1
                : *p != '\r'                           ? 0
                : m->t->ends == WEFT_TEXT_FIRST_RETURN ? 1
                : left > 1 && p[1] == '\n'             ? 2
                                                       : 0;
        else if (left >= lines->len && memcmp(p, lines->bytes, (size_t)lines->len) == 0)
            n = lines->len;
        if (n > 0) {
            m->ch = CH_LINE;
            m->at += n;
            return true;
        }
    }
    if (*p == (uint8_t)o->delimiter[0] && left >= o->delimiter_len &&
        memcmp(p, o->delimiter, (size_t)o->delimiter_len) == 0) {
        m->ch = CH_DELIMITER;
        m->at += o->delimiter_len;
        return true;
    }
    m->ch = *p;
    m->at++;
    return true;
}

static bool is_space(int ch) { return ch <= ' '; }
static bool is_stop(int ch) { return ch == CH_DELIMITER || ch == CH_LINE; }

static void put(machine *m, int byte) { m->out[m->len++] = (uint8_t)byte; }

/* Append the current character as it stands in the text, but a line end as \n where the file tells which. */
static void put_current(machine *m)
{
    if (m->ch == CH_LINE && m->t->lines.len == 0) {
        put(m, '\n');
        return;
    }
    if (m->ch == CH_NONE && m->token == m->at) return;
    const int64_t n = m->at - m->token;
    memcpy(m->out + m->len, m->data + m->token, (size_t)n);
    m->len += n;
}

/* ---- values ---- */

static void value_end(machine *m, bool is_empty_quoted)
{
    if (m->st != WEFT_OK) return;
    while (m->trim && m->len > m->value && m->out[m->len - 1] <= ' ') m->len--;
    const int64_t len = m->len - m->value;
    m->st = weft_csv_add_field(m->ctx, m->t, m->value,
                               len > 0           ? (uint32_t)len
                               : is_empty_quoted ? WEFT_CSV_EMPTY
                                                 : WEFT_CSV_NULL);
    m->value = m->len;
}

static void value_none(machine *m)
{
    m->len = m->value;
    value_end(m, false);
}

/* At the end of the text univocity forgets what it has passed, unless it compared with a long delimiter. */
static bool put_until_stop(machine *m)
{
    const int first = m->ch;
    while (!is_stop(m->ch)) {
        put_current(m);
        if (next(m)) continue;
        if (m->o->delimiter_len == 1) m->ch = first;
        return false;
    }
    return true;
}

/* An unquoted value, in which a \n is a character where the file's first line end is another one; but not in
 * the last value of a text that ends without a line end. */
static bool put_plain(machine *m)
{
    const machine before = *m;
    if (!m->o->multi_line || m->t->lines.len != 0 || m->o->delimiter_len > 1) return put_until_stop(m);
    while (!is_stop(m->ch) || (m->ch == CH_LINE && m->data[m->token] == '\n')) {
        put_current(m);
        if (next(m)) continue;
        if (!m->is_end) return false;
        *m = before;
        return put_until_stop(m);
    }
    return true;
}

static bool skip_value(machine *m)
{
    m->len = m->value;
    while (!is_stop(m->ch))
        if (!next(m)) return false;
    return true;
}

static bool until_delimiter(const machine *m)
{
    return m->o->unescaped == WEFT_CSV_STOP_AT_DELIMITER || m->o->unescaped == WEFT_CSV_SKIP_VALUE ||
           m->o->unescaped == WEFT_CSV_BACK_TO_DELIMITER;
}

static bool parse_quoted(machine *m);
static bool parse_escaped(machine *m);

/* BACK_TO_DELIMITER: what stands before a delimiter in the value so far is a value of its own. */
static void split_back(machine *m)
{
    const int32_t n = m->o->delimiter_len;
    for (;;) {
        uint8_t *value = m->out + m->value;
        uint8_t *found = memmem(value, (size_t)(m->len - m->value), m->o->delimiter, (size_t)n);
        if (found == NULL) return;
        const int64_t end = m->len, behind = found + n - m->out;
        m->len = found - m->out;
        value_end(m, false);
        memmove(m->out + m->value, m->out + behind, (size_t)(end - behind));
        m->len = m->value + (end - behind);
    }
}

/* A character behind a closing quote that cannot be there. */
static bool unescaped_quote(machine *m)
{
    m->unescaped = true;
    switch (m->o->unescaped) {
    case WEFT_CSV_BACK_TO_DELIMITER:
        split_back(m);
        put_current(m);
        m->prev = CH_NONE;
        return parse_quoted(m);
    case WEFT_CSV_STOP_AT_CLOSING_QUOTE:
    case WEFT_CSV_STOP_AT_DELIMITER:
        put(m, m->quote);
        put_current(m);
        m->prev = m->ch;
        return parse_quoted(m);
    case WEFT_CSV_SKIP_VALUE: return skip_value(m);
    case WEFT_CSV_RAISE_ERROR: break;
    }
    m->is_bad = true;
    return skip_value(m);
}

static bool unescaped_quote_in_value(machine *m)
{
    if (m->o->unescaped == WEFT_CSV_SKIP_VALUE) return skip_value(m);
    if (m->o->unescaped == WEFT_CSV_RAISE_ERROR) {
        m->is_bad = true;
        return skip_value(m);
    }
    put(m, m->quote);
    m->prev = m->ch;
    return parse_escaped(m);
}

/* The current character is a quote or an escape. */
static bool quote_or_escape(machine *m)
{
    if (m->ch == m->escape && m->prev == m->escape_escape && m->escape_escape != CH_NO_BYTE) {
        put(m, m->escape);
        m->ch = CH_NONE;
    } else if (m->prev == m->escape) {
        if (m->ch == m->quote) {
            put(m, m->quote);
            m->ch = CH_NONE;
        } else {
            put(m, m->prev);
        }
    } else if (m->ch == m->quote && m->prev == m->quote) {
        put(m, m->quote);
    } else if (m->prev == m->quote) {
        return unescaped_quote_in_value(m);
    }
    return true;
}

static bool parse_escaped(machine *m)
{
    while (!is_stop(m->ch)) {
        if (m->ch != m->quote && m->ch != m->escape) {
            if (m->prev == m->quote) return unescaped_quote_in_value(m);
            put_current(m);
        } else if (!quote_or_escape(m)) {
            return false;
        }
        m->prev = m->ch;
        if (!next(m)) return false;
    }
    return true;
}

/* White space behind a closing quote goes, unless there is more than that before the delimiter. */
static bool space_behind_quote(machine *m)
{
    const int64_t begin = m->token;
    do {
        if (!next(m)) return false;
        if (m->ch == CH_LINE) return true;
    } while (is_space(m->ch));
    if (m->ch == CH_DELIMITER || m->o->unescaped == WEFT_CSV_RAISE_ERROR) {
        m->is_bad |= m->ch != CH_DELIMITER;
        return m->ch == CH_DELIMITER ? true : skip_value(m);
    }
    put(m, m->quote);
    memcpy(m->out + m->len, m->data + begin, (size_t)(m->token - begin));
    m->len += m->token - begin;
    if (until_delimiter(m) || (m->ch != m->quote && m->ch != m->escape)) put_current(m);
    m->prev = m->ch;
    return parse_quoted(m);
}

/* Behind the quote that opens a value; or, with a prev, on after a quote that does not close it. */
static bool parse_quoted(machine *m)
{
    if (m->prev != CH_NONE && until_delimiter(m)) {
        if (m->o->unescaped == WEFT_CSV_SKIP_VALUE) return skip_value(m);
        memmove(m->out + m->value + 1, m->out + m->value, (size_t)(m->len - m->value));
        m->out[m->value] = (uint8_t)m->quote;
        m->len++;
        if (!next(m)) return false;
        m->trim = m->o->trim_right;
        return put_until_stop(m);
    }
    if (!next(m)) return false;
    while (m->prev != m->quote || !(is_space(m->ch) || is_stop(m->ch))) {
        if (m->ch != m->quote && m->ch != m->escape) {
            if (m->prev == m->quote) return unescaped_quote(m);
            if (m->prev == m->escape) put(m, m->escape);
            while (m->ch != m->quote && m->ch != m->escape && m->ch != m->escape_escape) {
                put_current(m);
                if (!next(m)) return false;
            }
            m->prev = m->ch;
            if (!next(m)) return false;
        } else {
            if (!quote_or_escape(m)) return false;
            m->prev = m->ch;
            if (!next(m)) return false;
            if (m->unescaped && is_stop(m->ch)) return true;
        }
    }
    return is_stop(m->ch) ? true : space_behind_quote(m);
}

/* A value; false: the text ends within or right behind it. */
static bool parse_value(machine *m)
{
    m->unescaped = m->trim = false;
    m->prev = CH_NONE;
    while (m->o->trim_left && is_space(m->ch))
        if (!next(m)) return false;
    if (is_stop(m->ch)) {
        value_none(m);
        return true;
    }
    if (m->ch != m->quote) {
        m->trim = m->o->trim_right;
        if (!put_plain(m)) return false;
        value_end(m, false);
        return true;
    }
    const int64_t begin = m->at;
    if (!parse_quoted(m)) return false;
    const bool plain_empty = m->len == m->value && m->token == begin + 1 && is_stop(m->ch);
    if (!(m->unescaped && m->o->unescaped == WEFT_CSV_BACK_TO_DELIMITER && m->len == m->value))
        value_end(m, plain_empty);
    return true;
}

/* The text ended where the record is not: what is there becomes its last value. */
static void text_end(machine *m)
{
    const bool closed = m->ch == m->quote && m->prev == m->quote;
    const bool has_room = m->len < m->stop - m->begin; /* of the record's own bytes */
    if (m->ch == m->quote && !closed && !m->unescaped && has_room) put(m, m->quote);
    const bool is_comment = m->o->comment != 0 && m->ch == m->o->comment;
    const bool take = closed || (m->prev != CH_NONE && !is_stop(m->ch) && !is_comment);
    if (m->len > m->value || take)
        value_end(m, closed);
    else
        value_none(m);
}

static void parse_record(machine *m)
{
    bool more = next(m);
    m->line_end = -1;
    if (!more) return;
    while (more && m->ch != CH_LINE) {
        more = parse_value(m);
        if (!more || m->st != WEFT_OK || m->ch == CH_LINE) break;
        more = next(m); /* behind a delimiter */
        if (more && m->ch == CH_LINE) value_none(m);
    }
    if (more)
        m->line_end = m->token;
    else
        text_end(m);
}

/* ---- the record ---- */

static weft_status keep_raw(weft_ctx *ctx, weft_csv_tokens *t, int64_t begin, int64_t end)
{
    void *raw = t->raw;
    if (t->raw_room < end - begin) {
        const weft_status st = weft_mem_resize(ctx, WEFT_MEM_RETAINED, (size_t)(end - begin), &raw);
        if (st != WEFT_OK) return st;
        t->raw = raw;
        t->raw_room = end - begin;
    }
    if (end > begin) memcpy(t->raw, t->data + begin, (size_t)(end - begin));
    t->raw_len = end - begin;
    return WEFT_OK;
}

weft_status weft_csv_machine(weft_ctx *ctx, weft_csv_tokens *t, int64_t stop, bool is_end, bool *whole)
{
    weft_status st = WEFT_OK;
    const weft_csv_options *o = t->options;
    const int64_t begin = t->at;
    enum { SCRATCH_MORE = 64 };
    if (t->scratch_room < stop - begin + SCRATCH_MORE) {
        void *scratch = t->scratch;
        const int64_t room = stop - begin + SCRATCH_MORE;
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_RETAINED, (size_t)room, &scratch));
        t->scratch = scratch;
        t->scratch_room = room;
    }
    machine m = {.ctx = ctx,
                 .t = t,
                 .o = o,
                 .data = t->data,
                 .begin = begin,
                 .at = begin,
                 .stop = stop,
                 .is_end = is_end,
                 .quote = o->quote == 0 ? CH_NO_BYTE : o->quote,
                 .escape = o->escape == 0 ? CH_NO_BYTE : o->escape,
                 .escape_escape = o->escape_escape == 0 ? CH_NO_BYTE : o->escape_escape,
                 .out = t->scratch};
    t->field_count = 0;
    parse_record(&m);
    WEFT_TRY(st, m.st);
    *whole = is_end || m.line_end >= 0;
    if (!*whole) goto done;
    if (m.is_bad)
        return weft_fail(
            ctx, WEFT_MALFORMED_RECORD,
            "Unescaped quote character '%c' inside of a value; the option unescapedQuoteHandling "
            "says what becomes of it.",
            o->quote);
    if (o->multi_line) {
        t->end = m.line_end >= 0 ? m.line_end : stop;
        t->at = m.line_end >= 0 ? m.at : stop;
    }
    if (t->keeps_raw) WEFT_TRY(st, keep_raw(ctx, t, begin, o->multi_line ? t->end : stop));
    memcpy(t->data + begin, m.out, (size_t)weft_min_i64(m.len, stop - begin));
    for (int32_t i = 0; i < t->field_count; i++) t->fields[i].begin += (uint32_t)begin;
done:
    return st;
}
