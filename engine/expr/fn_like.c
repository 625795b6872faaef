/* engine/expr/fn_like.c - LIKE and ILIKE; regular expressions are in fn_regexp.c.
 *
 * A LIKE pattern is cut at its % into segments. A pattern without _ is matched by a loop that searches with
 * vectors (bytes.isa.c); the first and the last segment are anchored where the pattern does not begin or end
 * with %. Leftmost matches of the inner segments are as good as any. _ stands for one character, one to four
 * bytes of UTF-8. */
#include "common/mem.h"
#include "engine/expr/kernel.h"
#include "engine/expr/raise.h"

static inline uint32_t like_character_bytes(unsigned char lead)
{
    return lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* Bytes of text that the segment takes at its start, or -1. */
static int64_t like_match_at(const weft_like_segment *s, const char *text, size_t len)
{
    if (s->any == NULL) {
        return len >= s->len && memcmp(text, s->bytes, s->len) == 0 ? (int64_t)s->len : -1;
    }
    size_t at = 0;
    for (uint32_t i = 0; i < s->len; i++) {
        if (at >= len) return -1;
        if (s->any != NULL && s->any[i]) {
            at += like_character_bytes((unsigned char)text[at]);
            continue;
        }
        if (text[at] != s->bytes[i]) return -1;
        at++;
    }
    return at <= len ? (int64_t)at : -1;
}

/* The first place at or behind text where the segment matches; *taken gets its bytes there. */
static const char *like_find(const weft_like_segment *s, const char *text, size_t len, int64_t *taken)
{
    if (s->any == NULL) {
        *taken = s->len;
        return weft_bytes_loops_get()->find(text, len, s->bytes, s->len);
    }
    for (size_t at = 0; at <= len; at += at < len ? like_character_bytes((unsigned char)text[at]) : 1) {
        *taken = like_match_at(s, text + at, len - at);
        if (*taken >= 0) return text + at;
    }
    return NULL;
}

/* Does the segment match the last bytes of text? With _ the characters are counted from the end. */
static bool like_match_end(const weft_like_segment *s, const char *text, size_t len)
{
    size_t start = len;
    if (s->any == NULL) {
        if (len < s->len) return false;
        start = len - s->len;
    } else {
        for (uint32_t i = s->len; i > 0; i--) {
            if (start == 0) return false;
            start--;
            if (!s->any[i - 1]) continue;
            while (start > 0 && ((unsigned char)text[start] & 0xc0) == 0x80) start--;
        }
    }
    return like_match_at(s, text + start, len - start) == (int64_t)(len - start);
}

static bool like_test(const weft_like_pattern *p, const char *text, size_t len)
{
    int32_t first = 0, last = p->count;
    if (p->count == 1 && !p->open_begin && !p->open_end) {
        return like_match_at(&p->segments[0], text, len) == (int64_t)len;
    }
    if (!p->open_begin) {
        const int64_t taken = like_match_at(&p->segments[first++], text, len);
        if (taken < 0) return false;
        text += taken;
        len -= (size_t)taken;
    }
    if (!p->open_end) last--;
    for (int32_t k = first; k < last; k++) {
        int64_t taken;
        const char *at = like_find(&p->segments[k], text, len, &taken);
        if (at == NULL) return false;
        len -= (size_t)(at + taken - text);
        text = at + taken;
    }
    return p->open_end || like_match_end(&p->segments[last], text, len);
}

/* What the loop for plain patterns looks at first. */
static void like_summarise(weft_like_pattern *p)
{
    p->plain = true;
    for (int32_t k = 0; k < p->count; k++) {
        p->plain &= p->segments[k].any == NULL;
        p->least += p->segments[k].len;
    }
    if (!p->plain || p->open_begin) return;
    const size_t bytes = p->segments[0].len < 4 ? p->segments[0].len : 4;
    memcpy(&p->head, p->segments[0].bytes, bytes);
    memset(&p->head_mask, 0xff, bytes);
}

/* Take the pattern apart; everything is one allocation at *memory. */
static weft_status like_parse(weft_ctx *ctx, const weft_expr *e, const weft_str *text, char escape,
                              weft_like_pattern **out)
{
    weft_status st = WEFT_OK;
    const size_t len = text->len;
    const char *pattern = weft_str_data(text);
    char *memory;
    *out = NULL;
    /* pattern struct, at most len + 1 segments, the bytes, the marks of _ */
    const size_t head = weft_round_up(sizeof **out + (len + 1) * sizeof(weft_like_segment), 16);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, head + 2 * (len + 1), (void **)&memory));
    weft_like_pattern *p = (weft_like_pattern *)(void *)memory;
    p->segments = (weft_like_segment *)(void *)(memory + sizeof *p);
    char *bytes = memory + head;
    uint8_t *any = (uint8_t *)bytes + len + 1;
    uint32_t begin = 0, used = 0;
    bool wild = false;
    for (size_t i = 0; i <= len; i++) {
        const bool escaped = i < len && pattern[i] == escape;
        if (i == len || (pattern[i] == '%' && !escaped)) {
            if (i < len && i == 0) p->open_begin = true;
            if (i < len && i + 1 == len) p->open_end = true;
            if (used > begin) {
                p->segments[p->count++] = (weft_like_segment){
                    .bytes = bytes + begin, .len = used - begin, .any = wild ? any + begin : NULL};
            }
            begin = used;
            wild = false;
            continue;
        }
        if (escaped) {
            if (i + 1 >= len ||
                (pattern[i + 1] != '_' && pattern[i + 1] != '%' && pattern[i + 1] != escape)) {
                weft_mem_free(memory);
                return weft_fail_at(
                    ctx, i + 1 >= len ? WEFT_ESCAPE_AT_END : WEFT_INVALID_LIKE_PATTERN, &e->span,
                    "The format is invalid: '%.*s'. The escape character is not allowed to %s.",
                    (int)(len < 200 ? len : 200), pattern,
                    i + 1 >= len ? "end with" : "precede a plain character");
            }
            i++;
        } else if (pattern[i] == '_') {
            any[used] = 1;
            wild = true;
        }
        bytes[used++] = pattern[i];
    }
    if (p->count == 0) { /* '' or only % */
        if (!p->open_begin && !p->open_end) p->count = 1;
        p->segments[0].bytes = bytes;
    }
    like_summarise(p);
    *out = p;
done:
    return st;
}

static char like_escape(const weft_column *args, int32_t count, int32_t i)
{
    if (count < 3) return '\\';
    const weft_str *s = weft_arg_str(&args[2], i);
    return s->len == 0 ? '\0' : weft_str_data(s)[0];
}

typedef struct like_state {
    weft_like_pattern *pattern; /* NULL: the pattern is not a literal */
} like_state;

static bool like_is_literal(const weft_expr *call)
{
    for (int32_t k = 1; k < call->arg_count; k++) {
        if (call->args[k]->kind != WEFT_EXPR_LITERAL || call->args[k]->literal.is_null) return false;
    }
    return true;
}

static void like_close(void *state)
{
    like_state *s = state;
    weft_mem_free(s->pattern);
    weft_mem_free(s);
}

static weft_status like_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    like_state *s = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *s, (void **)&s));
    if (like_is_literal(call)) {
        const weft_str *mark = call->arg_count > 2 ? &call->args[2]->literal.str : NULL;
        const char escape = mark == NULL ? '\\' : mark->len == 0 ? '\0' : weft_str_data(mark)[0];
        WEFT_TRY(st, like_parse(ctx, call, &call->args[1]->literal.str, escape, &s->pattern));
    }
    *state = s;
    s = NULL;
done:
    if (s != NULL) like_close(s);
    return st;
}

static weft_status kernel_like(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const like_state *s = call->state;
    uint8_t *out = call->out->values;
    if (s->pattern != NULL && s->pattern->plain && call->args[0].encoding == WEFT_FLAT) {
        weft_bytes_loops_get()->like(s->pattern, call->args[0].data, call->selection, call->selected, out);
        return WEFT_OK;
    }
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *text = weft_arg_str(&call->args[0], i);
        if (WEFT_LIKELY(s->pattern != NULL)) {
            out[i] = like_test(s->pattern, weft_str_data(text), text->len);
            continue;
        }
        weft_like_pattern *pattern;
        WEFT_TRY(st, like_parse(ctx, call->expr, weft_arg_str(&call->args[1], i),
                                like_escape(call->args, call->arg_count, i), &pattern));
        out[i] = like_test(pattern, weft_str_data(text), text->len);
        weft_mem_free(pattern);
    }
done:
    return st;
}

static const weft_signature like_signatures[] = {
    {{WEFT_TYPE_STRING, WEFT_TYPE_STRING, WEFT_TYPE_STRING}, 2, 3, WEFT_TYPE_BOOLEAN, kernel_like}};
const weft_function weft_fn_like = {
    .name = "like",
    .signatures = like_signatures,
    .signature_count = 1,
    .open = like_open,
    .close = like_close,
    .help = "a LIKE pattern [ESCAPE c]: % stands for any text, _ for one character",
    .example = "SELECT 'Spark' LIKE 'Sp%'",
    .example_result = "true"};
/* Its arguments are in small letters already: weft_expr_call makes them so. */
const weft_function weft_fn_ilike = {.name = "ilike",
                                     .signatures = like_signatures,
                                     .signature_count = 1,
                                     .open = like_open,
                                     .close = like_close,
                                     .help = "a ILIKE pattern [ESCAPE c]: LIKE without regard to case",
                                     .example = "SELECT 'Spark' ILIKE 'sp%'",
                                     .example_result = "true"};
