/* engine/formats/text/input.c - see input.h.
 *
 *   file → (decompress) → bytes → (character set, or U+FFFD for what is no UTF-8) → buffer → blocks
 *
 * The begin and the end of a split are moved to begins of lines at once, on the bytes of the file; what lies
 * between is then read straight on. */
#include "engine/formats/text/input.h"

#include <string.h>

#include "engine/expr/utf8.h"
#include "engine/formats/text/mark.h"

enum {
    INPUT_ROOM_MIN = 64,           /* a decoded character, and what it leaves */
    INPUT_PEEK_BYTES = 64 << 10,   /* read at a time to find the begin of a line */
    INPUT_AHEAD_BYTES = 8 << 20,   /* told to the system at a time */
    INPUT_STAGE_BYTES = 256 << 10, /* of another character set, decoded at a time */
    INPUT_CHARACTER_BYTES_MAX = 16 /* what a decoder may leave for the next call */
};

struct weft_text_input {
    const weft_file_info *info;
    const weft_text_spec *spec;
    weft_text_lines lines;
    weft_text_codec codec;
    weft_charset *charset;
    weft_charset_kind kind;
    weft_file *file;
    weft_text_stream *stream; /* compressed */
    int64_t record_bytes_max;
    int64_t begin, end;        /* of the file: first byte of the first record, behind the last one's */
    int64_t read_at, ahead_at; /* next byte of the file to read, to be told of */
    uint8_t head[4];           /* first bytes of a stream that were looked at */
    int32_t head_at, head_len;
    bool source_is_at_end;
    uint8_t *stage; /* bytes of another character set */
    int64_t stage_len;
    uint8_t *buffer;
    int64_t room, len; /* of buffer: for text; text in it */
    int64_t checked;   /* so many bytes of it are known to be UTF-8 */
    int64_t foreign;   /* behind the last piece that is not ASCII */
    int64_t given;     /* len of the block that was given out */
    int64_t offset;    /* decoded bytes before buffer[0] */
};

weft_text_codec weft_text_codec_of(const weft_file_info *file, const weft_text_spec *spec)
{
    const weft_text_codec named = weft_text_codec_of_path(file->path);
    return named != WEFT_TEXT_PLAIN || spec->codec < 0 ? named : (weft_text_codec)spec->codec;
}

/* ---- bytes of the file ---- */

static weft_status input_file_read(weft_ctx *ctx, void *self, uint8_t *to, int64_t room, int64_t *got)
{
    weft_status st = WEFT_OK;
    weft_text_input *in = self;
    *got = weft_min_i64(room, in->end - in->read_at);
    if (*got <= 0) {
        *got = 0;
        return WEFT_OK;
    }
    if (in->read_at + *got > in->ahead_at) {
        weft_file_prefetch(in->file, in->read_at, weft_min_i64(INPUT_AHEAD_BYTES, in->end - in->read_at));
        in->ahead_at = in->read_at + INPUT_AHEAD_BYTES;
    }
    WEFT_TRY(st, weft_file_read(ctx, in->file, in->read_at, to, *got));
    in->read_at += *got;
done:
    return st;
}

/* *got 0: at the end, or where a file that may fail does. */
static weft_status input_raw_read(weft_ctx *ctx, weft_text_input *in, uint8_t *to, int64_t room, int64_t *got)
{
    weft_status st = WEFT_OK;
    if (in->head_at < in->head_len) {
        *got = weft_min_i64(room, in->head_len - in->head_at);
        memcpy(to, in->head + in->head_at, (size_t)*got);
        in->head_at += (int32_t)*got;
        return WEFT_OK;
    }
    st = in->stream != NULL ? weft_text_stream_read(ctx, in->stream, to, room, got)
                            : input_file_read(ctx, in, to, room, got);
    if (st == WEFT_OK || !weft_tolerates(ctx, in->spec->tolerance, st, in->info->path)) return st;
    *got = 0;
    return WEFT_OK;
}

/* ---- open ---- */

/* Take the first bytes of the text, and from them, where it is not given, the character set. A mark is left
 * out. */
static weft_status input_open_charset(weft_ctx *ctx, weft_text_input *in)
{
    weft_status st = WEFT_OK;
    int64_t got = 1;
    int32_t mark = 0;
    while (in->head_len < 4 && got > 0) {
        if (in->stream != NULL) {
            WEFT_TRY(st,
                     weft_text_stream_read(ctx, in->stream, in->head + in->head_len, 4 - in->head_len, &got));
        } else {
            got = weft_min_i64(4, weft_file_size(in->file));
            if (got > 0) WEFT_TRY(st, weft_file_read(ctx, in->file, 0, in->head, got));
            in->head_len = (int32_t)got;
            break;
        }
        in->head_len += (int32_t)got;
    }
    WEFT_TRY(st,
             weft_text_mark_charset(ctx, in->head, in->head_len, in->spec->encoding, &in->charset, &mark));
    in->kind = weft_charset_kind_of(in->charset);
    in->head_at = in->spec->keep_mark ? 0 : mark;
done:
    return st;
}

static bool line_end_can_cut(const weft_text_lines *lines, weft_charset_kind kind)
{
    for (int32_t i = 0; i < lines->len; i++)
        if ((uint8_t)lines->bytes[i] >= 0x80 && kind != WEFT_CHARSET_UTF8) return false;
    /* a line end that ends as it begins ("aba"): where one is depends on those before it */
    for (int32_t n = 1; n < lines->len; n++)
        if (memcmp(lines->bytes, lines->bytes + lines->len - n, (size_t)n) == 0) return false;
    return true;
}

/* The begin of the first line at or after `at`; limit, when there is none before it. */
static weft_status input_line_begin(weft_ctx *ctx, weft_text_input *in, int64_t at, int64_t limit,
                                    int64_t *out)
{
    weft_status st = WEFT_OK;
    const int64_t size = weft_file_size(in->file);
    const int32_t len = weft_max_i32(in->lines.len, 1);
    *out = at <= 0 ? 0 : weft_min_i64(limit, size);
    if (at <= 0) return WEFT_OK;
    for (int64_t from = weft_max_i64(at - len, 0); from < weft_min_i64(limit, size);) {
        int64_t next = 0;
        const int64_t n = weft_min_i64(weft_min_i64(INPUT_PEEK_BYTES, in->room), size - from);
        WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, weft_file_read(ctx, in->file, from, in->buffer, n));
        const int64_t found = weft_text_line_end(&in->lines, in->buffer, n, &next);
        const bool is_cut = in->lines.len == 0 && found == n - 1 && in->buffer[found] == '\r' &&
                            from + n < size;
        if (found < n && !(is_cut && n > 1)) {
            if (is_cut) { /* the file gives one byte at a time: look at the one behind \r */
                WEFT_TRY(st, weft_file_read(ctx, in->file, from + n, in->buffer, 1));
                next += in->buffer[0] == '\n';
            }
            *out = from + next;
            break;
        }
        from += is_cut ? found : weft_max_i64(n - (len - 1), 1);
    }
done:
    return st;
}

/* Which bytes of the file are read. */
static weft_status input_set_range(weft_ctx *ctx, weft_text_input *in, int64_t begin, int64_t end)
{
    weft_status st = WEFT_OK;
    const int64_t size = weft_file_size(in->file);
    const int32_t mark = in->head_at;
    const bool can_cut = in->codec == WEFT_TEXT_PLAIN && in->kind != WEFT_CHARSET_OTHER &&
                         line_end_can_cut(&in->lines, in->kind);
    if (in->codec != WEFT_TEXT_PLAIN || !can_cut) {
        in->source_is_at_end = begin > 0;
        if (in->stream == NULL) {
            in->head_len = in->head_at = 0;
            in->read_at = mark;
        }
        in->end = size;
        return WEFT_OK;
    }
    in->head_len = in->head_at = 0;
    in->begin = weft_max_i64(begin, mark);
    in->end = weft_min_i64(end, size);
    if (!in->spec->is_free) {
        if (begin > mark) WEFT_TRY(st, input_line_begin(ctx, in, begin, end, &in->begin));
        if (in->begin < in->end) WEFT_TRY(st, input_line_begin(ctx, in, in->end, INT64_MAX, &in->end));
    }
    if (in->begin > in->end || begin >= end) in->begin = in->end;
    in->read_at = in->begin;
done:
    return st;
}

static weft_status input_start(weft_ctx *ctx, weft_text_input *in, int64_t begin, int64_t end)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_file_open(ctx, in->info->path, &in->file));
    in->end = weft_file_size(in->file);
    if (in->codec != WEFT_TEXT_PLAIN && in->end > 0)
        WEFT_TRY(st, weft_text_stream_open(ctx, in->codec, in->info->path, input_file_read, in, &in->stream));
    WEFT_TRY(st, input_open_charset(ctx, in));
    WEFT_TRY(st, input_set_range(ctx, in, begin, end));
done:
    return st;
}

weft_status weft_text_input_open(weft_ctx *ctx, const weft_file_info *file, const weft_text_spec *spec,
                                 int64_t begin, int64_t end, weft_text_input **out)
{
    weft_status st = WEFT_OK;
    weft_text_input *in = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*in), (void **)&in));
    in->info = file;
    in->spec = spec;
    in->record_bytes_max = spec->record_bytes_max > 0 ? spec->record_bytes_max : WEFT_TEXT_RECORD_BYTES_MAX;
    WEFT_TRY(st, weft_text_lines_init(ctx, spec->line_end, &in->lines));
    in->codec = weft_text_codec_of(file, spec);
    in->room = weft_min_i64(WEFT_TEXT_BLOCK_BYTES, weft_max_i64(INPUT_PEEK_BYTES, end - begin));
    if (spec->block_bytes > 0) in->room = weft_max_i64(spec->block_bytes, INPUT_ROOM_MIN);
    WEFT_TRY(st,
             weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)in->room + WEFT_TEXT_SLACK, (void **)&in->buffer));
    st = input_start(ctx, in, begin, end);
    if (st != WEFT_OK && weft_tolerates(ctx, spec->tolerance, st, file->path)) {
        in->source_is_at_end = true; /* it has no rows */
        in->kind = WEFT_CHARSET_UTF8;
        st = WEFT_OK;
    }
    if (st != WEFT_OK) goto done;
    if (in->kind != WEFT_CHARSET_UTF8)
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, INPUT_STAGE_BYTES, (void **)&in->stage));
    *out = in;
    in = NULL;
done:
    weft_text_input_close(&in);
    return st;
}

weft_status weft_text_can_cut(weft_ctx *ctx, const weft_file_info *file, const weft_text_spec *spec,
                              bool *can)
{
    weft_status st = WEFT_OK;
    weft_text_input *in = NULL;
    *can = false;
    if (weft_text_codec_of(file, spec) != WEFT_TEXT_PLAIN) return WEFT_OK;
    WEFT_TRY(st, weft_text_input_open(ctx, file, spec, 0, 0, &in));
    *can = in->kind != WEFT_CHARSET_OTHER && line_end_can_cut(&in->lines, in->kind);
done:
    weft_text_input_close(&in);
    return st;
}

void weft_text_input_close(weft_text_input **input)
{
    weft_text_input *in = *input;
    if (in == NULL) return;
    weft_text_stream_close(&in->stream);
    weft_charset_close(&in->charset);
    weft_file_close(&in->file);
    weft_mem_free(in->stage);
    weft_mem_free(in->buffer);
    weft_mem_free(in);
    *input = NULL;
}

/* ---- fill ---- */

static weft_status input_grow(weft_ctx *ctx, weft_text_input *in, int64_t room)
{
    void *buffer = in->buffer;
    if (room <= in->room) return WEFT_OK;
    const weft_status st = weft_mem_resize(ctx, WEFT_MEM_RETAINED, (size_t)room + WEFT_TEXT_SLACK, &buffer);
    if (st != WEFT_OK) {
        weft_error_prefix(ctx, "for a record of file %s: ", in->info->path);
        return st;
    }
    in->buffer = buffer;
    in->room = room;
    return WEFT_OK;
}

/* Bytes at the end of data that may be the begin of a character. */
static int64_t utf8_tail(const uint8_t *data, int64_t len)
{
    for (int64_t n = 1; n <= 3 && n <= len; n++) {
        const uint8_t byte = data[len - n];
        if ((byte & 0xc0) == 0x80) continue;
        const int64_t want = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
        return want > n ? n : 0;
    }
    return 0;
}

/* Make what was read UTF-8; what may be the begin of a character waits. */
static weft_status input_check(weft_ctx *ctx, weft_text_input *in)
{
    weft_status st = WEFT_OK;
    uint8_t *repaired = NULL;
    const uint8_t *from = in->buffer + in->checked;
    const int64_t tail = in->source_is_at_end ? 0 : utf8_tail(from, in->len - in->checked);
    const int64_t len = in->len - in->checked - tail;
    if (in->lines.kernels->is_ascii(from, len)) {
        in->checked += len;
        return WEFT_OK;
    }
    const int64_t good = in->spec->keep_malformed ? len
                                                  : (int64_t)weft_utf8_valid((const char *)from, (size_t)len);
    if (good < len) {
        uint8_t kept[4];
        memcpy(kept, from + len, (size_t)tail);
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)(3 * (len - good)), (void **)&repaired));
        const int64_t n =
            (int64_t)weft_utf8_repair((const char *)from + good, (size_t)(len - good), (char *)repaired);
        WEFT_TRY(st, input_grow(ctx, in, in->checked + good + n + tail));
        uint8_t *to = in->buffer + in->checked + good;
        memcpy(to, repaired, (size_t)n);
        memcpy(to + n, kept, (size_t)tail);
        in->checked += good + n;
    } else {
        in->checked += len;
    }
    in->len = in->checked + tail;
    in->foreign = in->checked;
done:
    weft_mem_free(repaired);
    return st;
}

static weft_status input_fill_decoded(weft_ctx *ctx, weft_text_input *in)
{
    weft_status st = WEFT_OK;
    int64_t got = 0, used = 0, written = 0;
    const int64_t fits = (in->room - in->len - 8) / WEFT_CHARSET_GROWTH - INPUT_CHARACTER_BYTES_MAX;
    if (fits <= 0) return WEFT_OK;
    const int64_t want = weft_min_i64(INPUT_STAGE_BYTES - in->stage_len, fits);
    if (want > 0) {
        WEFT_TRY(st, input_raw_read(ctx, in, in->stage + in->stage_len, want, &got));
        in->source_is_at_end = got == 0;
    }
    in->stage_len += got;
    const int64_t len = weft_min_i64(in->stage_len, fits + INPUT_CHARACTER_BYTES_MAX);
    WEFT_TRY(st, weft_charset_decode(ctx, in->charset, in->stage, len, in->source_is_at_end,
                                     in->buffer + in->len, &used, &written));
    if (!in->lines.kernels->is_ascii(in->buffer + in->len, written)) in->foreign = in->len + written;
    in->len += written;
    in->checked = in->len;
    in->stage_len -= used;
    memmove(in->stage, in->stage + used, (size_t)in->stage_len);
    if (in->source_is_at_end && in->stage_len > 0) in->source_is_at_end = used == 0;
done:
    return st;
}

/* Put more text into the buffer, as far as there is room. */
static weft_status input_fill(weft_ctx *ctx, weft_text_input *in)
{
    weft_status st = WEFT_OK;
    while (!in->source_is_at_end && in->len < in->room) {
        const int64_t before = in->len;
        if (in->kind != WEFT_CHARSET_UTF8) {
            WEFT_TRY(st, input_fill_decoded(ctx, in));
            if (in->len == before && !in->source_is_at_end) break;
            continue;
        }
        int64_t got = 0;
        WEFT_TRY(st, input_raw_read(ctx, in, in->buffer + in->len, in->room - in->len, &got));
        in->len += got;
        in->source_is_at_end = got == 0 || (in->stream == NULL && in->read_at == in->end);
    }
    if (in->kind == WEFT_CHARSET_UTF8) WEFT_TRY(st, input_check(ctx, in));
    memset(in->buffer + in->len, 0, WEFT_TEXT_SLACK);
done:
    return st;
}

/* Behind the last line end of the buffer; 0 when there is none. */
static int64_t input_lines_end(const weft_text_input *in)
{
    const uint8_t *data = in->buffer;
    const weft_text_lines *lines = &in->lines;
    int64_t len = in->checked;
    if (lines->len > 1) {
        for (len -= lines->len; len >= 0; len--)
            if (memcmp(data + len, lines->bytes, (size_t)lines->len) == 0) return len + lines->len;
        return 0;
    }
    if (lines->len == 1) {
        const uint8_t *last = memrchr(data, lines->bytes[0], (size_t)len);
        return last == NULL ? 0 : last - data + 1;
    }
    if (len > 0 && data[len - 1] == '\r') len--; /* a \n may follow */
    while (len > 0 && data[len - 1] != '\n' && data[len - 1] != '\r') len--;
    return len;
}

weft_status weft_text_input_next(weft_ctx *ctx, weft_text_input *in, int64_t taken, weft_text_block *out)
{
    weft_status st = WEFT_OK;
    assert(taken >= 0 && taken <= in->given);
    bool must_grow = taken == 0 && in->given > 0;
    WEFT_TRY(st, weft_check_cancel(ctx));
    in->len -= taken;
    in->checked -= taken;
    in->foreign = weft_max_i64(in->foreign - taken, 0);
    in->offset += taken;
    if (taken > 0) memmove(in->buffer, in->buffer + taken, (size_t)in->len);
    in->given = 0;
    for (;;) {
        if (!in->source_is_at_end && (must_grow || in->len > in->room / 2)) {
            if (in->len > in->record_bytes_max) {
                const int64_t line = weft_text_input_line(ctx, in, 0);
                return weft_fail(ctx, WEFT_LIMIT,
                                 "file %s, line %lld: a record of more than %lld bytes; the option "
                                 "maxRecordBytes sets the limit",
                                 in->info->path, (long long)line, (long long)in->record_bytes_max);
            }
            WEFT_TRY(st, input_grow(ctx, in, 2 * in->room));
        }
        WEFT_TRY(st, input_fill(ctx, in));
        in->given = in->spec->is_free ? in->checked : input_lines_end(in);
        if (in->source_is_at_end) in->given = in->len;
        if (in->given > 0 || in->source_is_at_end) break;
        must_grow = true;
    }
    *out = (weft_text_block){.data = in->buffer,
                             .len = in->given,
                             .is_last = in->source_is_at_end && in->given == in->len,
                             .is_ascii = in->foreign == 0};
done:
    return st;
}

/* ---- where ---- */

weft_status weft_text_find_first_end(weft_ctx *ctx, const weft_file_info *file, const weft_text_spec *spec,
                                     weft_text_first_end *out)
{
    weft_status st = WEFT_OK;
    weft_text_input *in = NULL;
    weft_text_block block = {0};
    weft_text_spec head = *spec;
    int64_t at = 0, next = 0;
    head.is_free = true;
    head.line_end = NULL;
    head.block_bytes = INPUT_PEEK_BYTES;
    *out = WEFT_TEXT_FIRST_NEWLINE;
    WEFT_TRY(st, weft_text_input_open(ctx, file, &head, 0, INT64_MAX, &in));
    do {
        WEFT_TRY(st, weft_text_input_next(ctx, in, at, &block));
        at = weft_text_line_end(&in->lines, block.data, block.len, &next);
        /* a \r at the end of the block comes again, with what follows it */
    } while (!block.is_last && (at == block.len || (block.data[at] == '\r' && at + 1 == block.len)));
    if (at < block.len && block.data[at] == '\r')
        *out = next == at + 2 ? WEFT_TEXT_FIRST_PAIR : WEFT_TEXT_FIRST_RETURN;
done:
    weft_text_input_close(&in);
    return st;
}

int64_t weft_text_input_offset(const weft_text_input *input) { return input->offset; }
int64_t weft_text_input_begin(const weft_text_input *input) { return input->begin; }
int64_t weft_text_input_bytes_read(const weft_text_input *input) { return input->read_at - input->begin; }
const weft_file_info *weft_text_input_file(const weft_text_input *input) { return input->info; }

/* Line ends among the first `bytes` of the text of a split. */
static weft_status count_lines(weft_ctx *ctx, const weft_text_input *in, int64_t begin, int64_t end,
                               int64_t bytes, int64_t *count)
{
    weft_status st = WEFT_OK;
    weft_text_input *again = NULL;
    weft_text_block block = {0};
    weft_text_spec spec = *in->spec;
    spec.is_free = true;
    spec.record_bytes_max = INT64_MAX;
    WEFT_TRY(st, weft_text_input_open(ctx, in->info, &spec, begin, end, &again));
    for (int64_t taken = 0; bytes > 0; bytes -= taken) {
        WEFT_TRY(st, weft_text_input_next(ctx, again, taken, &block));
        int64_t at = 0, next = 0;
        while (at < block.len) {
            const int64_t found = at + weft_text_line_end(&in->lines, block.data + at, block.len - at, &next);
            next += at;
            if (found >= bytes) break;
            if (found == block.len || (next == block.len && !block.is_last)) {
                /* what may be the begin of a line end comes again */
                at = weft_max_i64(at, weft_min_i64(found, block.len - in->lines.len + 1));
                break;
            }
            (*count)++;
            at = next;
        }
        if (block.is_last || at == 0) break;
        taken = at;
    }
done:
    weft_text_input_close(&again);
    return st;
}

int64_t weft_text_input_line(weft_ctx *ctx, const weft_text_input *in, int64_t at)
{
    int64_t lines = 0;
    const weft_error kept = ctx->error;
    weft_status st = WEFT_OK;
    if (in->begin > 0) st = count_lines(ctx, in, 0, in->begin, in->begin, &lines);
    if (st == WEFT_OK) st = count_lines(ctx, in, in->begin, in->end, in->offset + at, &lines);
    if (st != WEFT_OK) ctx->error = kept;
    return st == WEFT_OK ? lines + 1 : 0;
}
