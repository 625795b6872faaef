/* engine/formats/csv/token.c - records by the positions of delimiters, line ends, quotes and escapes.
 *
 * The positions of a window of the block are found at once. A record that does not end in its window is begun
 * again with the window at its begin, and goes to the machine when it is longer than a window. So does each
 * record in which a quoted value holds an escape or a quote. Memory: the positions of a window. */
#include "engine/formats/csv/token.h"

#include <string.h>

enum { WINDOW_BYTES = 64 << 10 };

weft_status weft_csv_tokens_init(weft_ctx *ctx, const weft_csv_options *options, weft_csv_tokens *t)
{
    weft_status st = WEFT_OK;
    *t = (weft_csv_tokens){.options = options};
    const char *line_end = options->spec.line_end;
    WEFT_TRY(st, weft_text_lines_init(ctx, line_end, &t->lines));
    const weft_csv_grammar *g = &options->grammar;
    t->simple = g->delimiter_len == 1 && t->lines.len <= 1 && g->delimiter[0] != '\0' && !g->has_wide;
    weft_text_set_add(&t->set, (uint8_t)g->delimiter[0]);
    if (t->lines.len == 1) {
        weft_text_set_add(&t->set, (uint8_t)t->lines.bytes[0]);
    } else {
        weft_text_set_add(&t->set, '\n');
        weft_text_set_add(&t->set, '\r');
    }
    if (g->quote != 0 && t->simple) {
        weft_text_set_add(&t->set, (uint8_t)g->quote);
        if (g->escape != 0) weft_text_set_add(&t->set, (uint8_t)g->escape);
        if (g->escape_escape != 0) weft_text_set_add(&t->set, (uint8_t)g->escape_escape);
    }
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (WINDOW_BYTES + 8) * sizeof(*t->positions),
                                (void **)&t->positions));
    WEFT_TRY(st, weft_csv_fields_grow(ctx, options->grammar.columns_max, &t->fields));
done:
    return st;
}

void weft_csv_tokens_deinit(weft_csv_tokens *t)
{
    weft_mem_free(t->positions);
    weft_mem_free(t->fields.list);
    weft_mem_free(t->scratch);
    weft_mem_free(t->raw);
    *t = (weft_csv_tokens){0};
}

void weft_csv_tokens_block(weft_csv_tokens *t, const weft_text_block *block)
{
    t->data = block->data;
    t->len = block->len;
    t->is_last = block->is_last;
    t->at = 0;
    t->window_end = t->position_count = t->position_at = 0;
}

static void tokens_window(weft_csv_tokens *t)
{
    const int64_t n = weft_min_i64(WINDOW_BYTES, t->len - t->at);
    t->position_count =
        t->lines.kernels->positions(&t->set, t->data + t->at, n, (uint32_t)t->at, t->positions);
    t->position_at = 0;
    t->window_end = t->at + n;
}

weft_status weft_csv_tokens_file(weft_ctx *ctx, weft_csv_tokens *t, const weft_file_info *file,
                                 const weft_text_spec *spec)
{
    weft_status st = WEFT_OK;
    if (!t->options->multi_line || t->options->spec.line_end != NULL) return WEFT_OK;
    WEFT_TRY(st, weft_text_find_first_end(ctx, file, spec, &t->ends));
    WEFT_TRY(st, weft_text_lines_init(ctx, t->ends == WEFT_TEXT_FIRST_NEWLINE ? "\n" : NULL, &t->lines));
done:
    return st;
}

/* Can the byte be (the begin of) a line end? */
static inline bool is_line_byte(const weft_csv_tokens *t, uint8_t byte)
{
    return t->lines.len == 1 ? byte == (uint8_t)t->lines.bytes[0] : byte == '\n' || byte == '\r';
}

/* Is there a line end at p? */
static inline bool is_line_end(const weft_csv_tokens *t, int64_t p)
{
    if (!is_line_byte(t, t->data[p])) return false;
    return t->data[p] != '\r' || !t->options->multi_line || t->ends != WEFT_TEXT_FIRST_PAIR ||
           (p + 1 < t->len && t->data[p + 1] == '\n');
}

/* A \n where the file's first line end is another one: it ends a record at the begin of a value and behind a
 * closing quote, and is a character of an unquoted value, as univocity has it. */
static inline bool is_foreign_end(const weft_csv_tokens *t, int64_t p)
{
    return t->data[p] == '\n' && t->options->multi_line && t->lines.len == 0;
}

/* May the byte behind the block decide whether there is one at p? */
static inline bool is_open_end(const weft_csv_tokens *t, int64_t p)
{
    return t->data[p] == '\r' && t->options->multi_line && t->ends == WEFT_TEXT_FIRST_PAIR &&
           p + 1 == t->len && !t->is_last;
}

/* Behind the line end at p. */
static inline int64_t behind_line_end(const weft_csv_tokens *t, int64_t p)
{
    const bool pairs = t->lines.len == 0 && !(t->options->multi_line && t->ends == WEFT_TEXT_FIRST_RETURN);
    return p + 1 + (pairs && t->data[p] == '\r' && p + 1 < t->len && t->data[p + 1] == '\n');
}

/* The next line end from data[p] on, and *next behind it; both len where there is none. own: one like the
 * file's first. */
static int64_t find_line_end(const weft_csv_tokens *t, int64_t p, bool own, int64_t *next)
{
    int64_t at = p;
    if (!t->options->multi_line || t->lines.len != 0) {
        at += weft_text_line_end(&t->lines, t->data + p, t->len - p, next);
        *next += p;
        return at;
    }
    do {
        at += t->lines.kernels->find(&t->lines.first, t->data + at, t->len - at);
    } while (at < t->len && (!is_line_end(t, at) || (own && t->data[at] == '\n')) && ++at < t->len);
    *next = at < t->len ? behind_line_end(t, at) : at;
    return at;
}

static inline uint8_t *trim(const weft_csv_options *o, uint8_t *begin, uint8_t **end)
{
    while (o->grammar.trim_left && begin < *end && *begin <= ' ') begin++;
    while (o->grammar.trim_right && begin < *end && (*end)[-1] <= ' ') (*end)--;
    return begin;
}

/* An unquoted value; false: white space before a quote, which the machine knows about. */
static inline weft_status add_plain(weft_ctx *ctx, weft_csv_tokens *t, int64_t begin, int64_t end)
{
    const weft_csv_options *o = t->options;
    if (WEFT_UNLIKELY(o->grammar.trim_left || o->grammar.trim_right)) {
        uint8_t *last = t->data + end, *first = trim(o, t->data + begin, &last);
        begin = first - t->data;
        end = last - t->data;
    }
    return weft_csv_add_field(ctx, t->options->grammar.columns_max, &t->fields, begin,
                              begin == end ? WEFT_CSV_NULL : (uint32_t)(end - begin));
}

typedef enum token_end {
    TOKEN_RECORD, /* the record is read */
    TOKEN_WINDOW, /* the window ends before it does */
    TOKEN_MACHINE /* not a plain one */
} token_end;

/* The closing quote of a value that begins at `begin`; k: behind it. False: not a plain one, or not here. */
static inline bool find_quote(const weft_csv_tokens *t, int64_t *k, int64_t *at, bool *window)
{
    const weft_csv_options *o = t->options;
    for (; *k < t->position_count; (*k)++) {
        *at = t->positions[*k];
        const uint8_t byte = t->data[*at];
        if (byte == o->grammar.quote) {
            (*k)++;
            return true;
        }
        if (byte == o->grammar.escape || byte == o->grammar.escape_escape) return false;
        if (is_line_byte(t, byte) && (!o->multi_line || byte == '\r')) return false;
    }
    *window = true;
    return false;
}

/* Read the record at t->at by positions. */
static weft_status tokens_fast(weft_ctx *ctx, weft_csv_tokens *t, token_end *how)
{
    weft_status st = WEFT_OK;
    const weft_csv_options *o = t->options;
    const uint8_t delimiter = (uint8_t)o->grammar.delimiter[0];
    const uint8_t *data = t->data;
    int64_t begin = t->at, k = t->position_at;
    bool window = false;
    *how = TOKEN_MACHINE;
    t->fields.count = 0;
    for (;;) {
        if (k == t->position_count) {
            window = true;
            break;
        }
        int64_t p = t->positions[k++];
        uint8_t byte = data[p];
        if (byte == o->grammar.quote && o->grammar.quote != 0) {
            if (p != begin) {
                if (!o->grammar.trim_left) continue; /* a quote inside a value is a character */
                goto done;
            }
            int64_t closing = 0;
            if (!find_quote(t, &k, &closing, &window)) {
                if (window) break;
                goto done;
            }
            const int64_t behind = closing + 1;
            if (behind == t->window_end && t->window_end < t->len) {
                window = true;
                break;
            }
            const bool at_end = behind == t->len;
            if (at_end && !t->is_last) {
                window = true;
                break;
            }
            if (!at_end && is_open_end(t, behind)) {
                window = true;
                break;
            }
            if (!at_end && data[behind] != delimiter && !is_line_end(t, behind)) goto done;
            const int64_t len = closing - begin - 1;
            WEFT_TRY(st, weft_csv_add_field(ctx, t->options->grammar.columns_max, &t->fields, begin + 1,
                                            len > 0 ? (uint32_t)len : WEFT_CSV_EMPTY));
            if (at_end) {
                t->end = t->at = t->len;
                *how = TOKEN_RECORD;
                goto done;
            }
            p = behind;
            byte = data[p];
            k++;
        } else if (byte == delimiter) {
            WEFT_TRY(st, add_plain(ctx, t, begin, p));
        } else if (is_open_end(t, p)) {
            window = true;
            break;
        } else if (is_line_end(t, p) && !(p > begin && is_foreign_end(t, p))) {
            WEFT_TRY(st, add_plain(ctx, t, begin, p));
        } else {
            continue; /* an escape outside of quotes, a line end that is none here */
        }
        begin = p + 1;
        if (byte == delimiter) continue;
        const int64_t next = behind_line_end(t, p);
        if (next > t->window_end) { /* \n is the first byte of the next window */
            k = t->position_count;
        } else {
            k += next > p + 1;
        }
        t->position_at = k;
        t->end = p;
        t->at = next;
        *how = TOKEN_RECORD;
        goto done;
    }
    if (window && t->window_end == t->len && t->is_last) { /* the text ends without a line end */
        const bool foreign = o->multi_line && t->lines.len == 0 &&
                             memchr(data + begin, '\n', (size_t)(t->len - begin)) != NULL;
        if (k == t->position_count && begin <= t->len && !foreign &&
            !(begin < t->len && data[begin] == o->grammar.quote && o->grammar.quote != 0)) {
            WEFT_TRY(st, add_plain(ctx, t, begin, t->len));
            t->end = t->at = t->len;
            t->position_at = k;
            *how = TOKEN_RECORD;
        }
        goto done;
    }
    *how = TOKEN_WINDOW;
done:
    return st;
}

/* Go over an empty line or a comment at t->at; false: neither is there. */
static bool tokens_pass(weft_csv_tokens *t, bool *wait)
{
    const weft_csv_options *o = t->options;
    const uint8_t *data = t->data;
    int64_t p = t->at, next = 0;
    const bool comment = weft_csv_match(o->grammar.comment, (const char *)data + p, (size_t)(t->len - p)) > 0;
    if (!comment) {
        /* line by line, a line of white space is empty too */
        if (data[p] > ' ') return false;
        while ((!o->multi_line || o->grammar.trim_left) && p < t->len && data[p] <= ' ' &&
               !is_line_byte(t, data[p]) && !(o->multi_line && (data[p] == (uint8_t)o->grammar.delimiter[0])))
            p++;
        if (p < t->len && !is_open_end(t, p) && !is_line_end(t, p)) return false;
        if (p == t->len && o->multi_line && t->is_last) return false; /* it is a record without a value */
        if (p < t->len && t->lines.len == 2 && memcmp(data + p, t->lines.bytes, 2) != 0) return false;
    }
    const int64_t n = find_line_end(t, p, comment, &next);
    *wait = !t->is_last && o->multi_line && n == t->len;
    if (*wait) return true;
    t->at = next;
    while (t->position_at < t->position_count && (int64_t)t->positions[t->position_at] < t->at)
        t->position_at++;
    return true;
}

/* The record at t->at by the machine. */
static weft_status tokens_slow(weft_ctx *ctx, weft_csv_tokens *t, bool *got)
{
    weft_status st = WEFT_OK;
    int64_t stop = t->len, next = t->len;
    const int64_t begin = t->at;
    if (!t->options->multi_line) {
        stop = begin + weft_text_line_end(&t->lines, t->data + begin, t->len - begin, &next);
        next += begin;
    }
    WEFT_TRY(st, weft_csv_tokens_machine(ctx, t, stop, !t->options->multi_line || t->is_last, got));
    if (!*got) goto done;
    if (!t->options->multi_line) {
        t->end = stop;
        t->at = next;
    }
    while (t->position_at < t->position_count && (int64_t)t->positions[t->position_at] < t->at)
        t->position_at++;
    if (t->at > t->window_end) t->window_end = t->position_count = t->position_at = 0;
done:
    return st;
}

weft_status weft_csv_tokens_next(weft_ctx *ctx, weft_csv_tokens *t, bool *got)
{
    weft_status st = WEFT_OK;
    bool wait = false;
    *got = false;
    t->raw_len = -1;
    while (t->at < t->len && tokens_pass(t, &wait))
        if (wait) return WEFT_OK;
    if (t->at == t->len) return WEFT_OK;
    t->begin = t->at;
    token_end how = TOKEN_MACHINE;
    if (t->simple) {
        if (t->at >= t->window_end) tokens_window(t);
        WEFT_TRY(st, tokens_fast(ctx, t, &how));
        if (how == TOKEN_WINDOW && t->window_end < t->len) {
            tokens_window(t);
            WEFT_TRY(st, tokens_fast(ctx, t, &how));
        }
        if (how == TOKEN_WINDOW && t->window_end == t->len && t->options->multi_line && !t->is_last)
            goto done;
    }
    *got = how == TOKEN_RECORD;
    if (how != TOKEN_RECORD) WEFT_TRY(st, tokens_slow(ctx, t, got));
    const int64_t characters_max = t->options->grammar.characters_max;
    if (*got && characters_max >= 0)
        WEFT_TRY(st, weft_csv_check_lengths(ctx, characters_max, &t->fields, t->data));
done:
    return st;
}
