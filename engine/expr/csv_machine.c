/* engine/expr/csv_machine.c - see csv_machine.h.
 *
 * It follows, character by character, what the parser of Spark does (univocity's CsvParser), because each of
 * its corners is a published answer: which quote closes, what white space behind it means, what is left of a
 * value that never closes. A character is a byte, a delimiter (of one or more bytes), a line end, or a quote
 * or an escape beyond ASCII. */
#include "engine/expr/csv_machine.h"

#include <string.h>

#include "common/mem.h"
#include "engine/expr/utf8.h"

enum {
    CH_NONE = 0,
    CH_LINE = 256,
    CH_DELIMITER = 257,
    CH_NO_BYTE = 258, /* an option that is not set */
    CH_WIDE = 1 << 16 /* on: a quote or an escape beyond ASCII */
};

typedef struct machine {
    weft_ctx *ctx;
    const weft_csv_source *t;
    const weft_csv_grammar *o;
    weft_csv_fields *fields;
    weft_status st;
    const uint8_t *data;
    int64_t begin, at, stop;
    int64_t token; /* where the current character begins */
    int ch, prev;
    int quote, escape, escape_escape;
    bool unescaped; /* a quote was found where none may be */
    bool trim;      /* white space at the end of the value goes */
    bool is_bad;    /* a quote that may not be there (RAISE_ERROR) */
    uint8_t *out;   /* all values; the current one from `value` on */
    int64_t len, value;
    int64_t line_end; /* of the record: where it begins; -1 at the end of the text */
} machine;

/* ---- fields ---- */

weft_status weft_csv_fields_grow(weft_ctx *ctx, int64_t columns_max, weft_csv_fields *fields)
{
    enum { FIELDS_FIRST = 64 };
    void *list = fields->list;
    const int64_t room = weft_min_i64(weft_max_i64(2 * (int64_t)fields->room, FIELDS_FIRST), columns_max);
    if (fields->count == columns_max)
        return weft_fail(ctx, WEFT_LIMIT,
                         "a record has more than %lld columns; the option maxColumns sets the limit",
                         (long long)columns_max);
    const weft_status st =
        weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)room * sizeof(*fields->list), &list);
    if (st != WEFT_OK) return st;
    fields->list = list;
    fields->room = (int32_t)room;
    return WEFT_OK;
}

weft_status weft_csv_check_lengths(weft_ctx *ctx, int64_t characters_max, const weft_csv_fields *fields,
                                   const uint8_t *data)
{
    for (int32_t i = 0; characters_max >= 0 && i < fields->count; i++) {
        const weft_csv_field f = fields->list[i];
        if (f.len >= WEFT_CSV_EMPTY || (int64_t)f.len <= characters_max) continue;
        int64_t units = 0; /* of UTF-16, as Java counts */
        for (uint32_t b = 0; b < f.len; b++) {
            const uint8_t byte = data[f.begin + b];
            units += (byte & 0xc0) != 0x80;
            units += byte >= 0xf0;
        }
        if (units > characters_max)
            return weft_fail(
                ctx, WEFT_LIMIT,
                "a value has %lld characters, more than the %lld that the option maxCharsPerColumn "
                "allows",
                (long long)units, (long long)characters_max);
    }
    return WEFT_OK;
}

/* ---- characters ---- */

/* Bytes of the line end at p; 0 when there is none. */
static int32_t line_end_bytes(const weft_csv_source *t, const uint8_t *p, int64_t left)
{
    if (t->ends == WEFT_CSV_ENDS_NONE) return 0;
    if (t->ends == WEFT_CSV_ENDS_GIVEN)
        return left >= t->line_end_len && memcmp(p, t->line_end, (size_t)t->line_end_len) == 0
                   ? t->line_end_len
                   : 0;
    if (*p == '\n') return 1;
    if (*p != '\r') return 0;
    return t->ends == WEFT_CSV_ENDS_RETURN ? 1 : left > 1 && p[1] == '\n' ? 2 : 0;
}

/* A character of an option as the machine has it. */
static int code_of(uint16_t character)
{
    return character == 0 ? CH_NO_BYTE : character < 0x80 ? character : CH_WIDE + character;
}

/* The next one into m->ch; false at the end. */
static bool next(machine *m)
{
    const weft_csv_grammar *o = m->o;
    if (m->at >= m->stop) return false;
    m->token = m->at;
    const uint8_t *p = m->data + m->at;
    const int64_t left = m->stop - m->at;
    const int32_t line = line_end_bytes(m->t, p, left);
    if (line > 0) {
        m->ch = CH_LINE;
        m->at += line;
        return true;
    }
    if (*p == (uint8_t)o->delimiter[0] && left >= o->delimiter_len &&
        memcmp(p, o->delimiter, (size_t)o->delimiter_len) == 0) {
        m->ch = CH_DELIMITER;
        m->at += o->delimiter_len;
        return true;
    }
    if (WEFT_UNLIKELY(o->has_wide && *p >= 0x80)) {
        uint32_t bytes = 0;
        const int code = CH_WIDE + (int)weft_utf8_decode((const char *)p, (size_t)left, &bytes);
        if (code == m->quote || code == m->escape || code == m->escape_escape) {
            m->ch = code;
            m->at += bytes;
            return true;
        }
    }
    m->ch = *p;
    m->at++;
    return true;
}

static bool is_space(int ch) { return ch <= ' '; }
static bool is_stop(int ch) { return ch == CH_DELIMITER || ch == CH_LINE; }

/* Bytes of a character that an option gave. */
static int32_t code_bytes(int code) { return code < CH_WIDE ? 1 : code < CH_WIDE + 0x800 ? 2 : 3; }

static void put(machine *m, int code)
{
    if (WEFT_UNLIKELY(code >= CH_WIDE))
        m->len += weft_utf8_encode((uint32_t)(code - CH_WIDE), (char *)m->out + m->len);
    else
        m->out[m->len++] = (uint8_t)code;
}

/* Append the current character as it stands in the text, but a line end as \n where the file tells which. */
static void put_current(machine *m)
{
    if (m->ch == CH_LINE && m->t->ends != WEFT_CSV_ENDS_GIVEN) {
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
    m->st = weft_csv_add_field(m->ctx, m->o->columns_max, m->fields, m->value,
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
    const bool is_told = m->t->ends == WEFT_CSV_ENDS_PAIR || m->t->ends == WEFT_CSV_ENDS_RETURN;
    if (!is_told || m->o->delimiter_len > 1) return put_until_stop(m);
    while (!is_stop(m->ch) || (m->ch == CH_LINE && m->data[m->token] == '\n')) {
        put_current(m);
        if (next(m)) continue;
        if (!m->t->is_end) return false;
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
        const int64_t end = m->len;
        const int32_t n = code_bytes(m->quote);
        memmove(m->out + m->value + n, m->out + m->value, (size_t)(end - m->value));
        m->len = m->value;
        put(m, m->quote);
        m->len = end + n;
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
    const bool plain_empty = m->len == m->value && m->token == begin + code_bytes(m->quote) && is_stop(m->ch);
    if (!(m->unescaped && m->o->unescaped == WEFT_CSV_BACK_TO_DELIMITER && m->len == m->value))
        value_end(m, plain_empty);
    return true;
}

/* The text ended where the record is not: what is there becomes its last value. */
static void text_end(machine *m)
{
    const bool closed = m->ch == m->quote && m->prev == m->quote;
    const bool has_room = m->len + code_bytes(m->quote) <= m->stop - m->begin; /* of the record's own bytes */
    if (m->ch == m->quote && !closed && !m->unescaped && has_room) put(m, m->quote);
    const bool is_comment = m->ch == code_of(m->o->comment);
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

weft_status weft_csv_machine(weft_ctx *ctx, const weft_csv_source *text, weft_csv_fields *fields,
                             uint8_t *values, weft_csv_end *end)
{
    const weft_csv_grammar *o = text->grammar;
    machine m = {.ctx = ctx,
                 .t = text,
                 .o = o,
                 .fields = fields,
                 .data = text->data,
                 .begin = text->begin,
                 .at = text->begin,
                 .stop = text->stop,
                 .quote = code_of(o->quote),
                 .escape = code_of(o->escape),
                 .escape_escape = code_of(o->escape_escape),
                 .out = values};
    fields->count = 0;
    parse_record(&m);
    if (m.st != WEFT_OK) return m.st;
    *end = (weft_csv_end){.whole = text->is_end || m.line_end >= 0,
                          .values_len = m.len,
                          .end = m.line_end >= 0 ? m.line_end : text->stop,
                          .next = m.line_end >= 0 ? m.at : text->stop};
    if (!end->whole || !m.is_bad) return WEFT_OK;
    char quote[5] = {0}; /* a character and its end */
    weft_utf8_encode(o->quote, quote);
    return weft_fail(ctx, WEFT_MALFORMED_RECORD,
                     "Unescaped quote character '%s' inside of a value; the option unescapedQuoteHandling "
                     "says what becomes of it.",
                     quote);
}
