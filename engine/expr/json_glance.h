/* engine/expr/json_glance.h - steps over plain JSON text: a place in it goes in, the place behind comes out.
 *
 * For readers that expect a text to be like those before it (json_infer_known.c, json_convert_pick.c).
 * Nothing is remembered but the place, which stays in a register. NULL: the text is not that plain, or
 * malformed; the reader then leaves it, from its first byte on, to its plain twin. What is taken here
 * weft_json_next takes too, with all rules but those of string_max and digits_max. */
#ifndef WEFT_EXPR_JSON_GLANCE_H
#define WEFT_EXPR_JSON_GLANCE_H

#include "engine/expr/json_pass.h"

enum {
    WEFT_JSON_GLANCE_BYTES = WEFT_JSON_PASS_BYTES + 3, /* may be read from where a name or a value begins */
    WEFT_JSON_LEAD_BYTES = 16                          /* of a lead, compared at once */
};

typedef struct weft_json_glance {
    const char *end;   /* of the text */
    const char *limit; /* bytes before it may be read, whatever those behind the end hold */
} weft_json_glance;

static inline bool weft_json_glance_fits(const weft_json_glance *g, const char *at)
{
    return g->limit - at >= WEFT_JSON_GLANCE_BYTES;
}

/* The mask of a lead, "name": with its quotes and colon: bits of its bytes among the first LEAD_BYTES. */
static inline uint32_t weft_json_lead_mask(size_t len)
{
    return ((uint32_t)1 << (len < WEFT_JSON_LEAD_BYTES ? len : WEFT_JSON_LEAD_BYTES)) - 1;
}

#ifdef __SSE2__
/* Does the lead of len bytes stand at `at`, where it fits? LEAD_BYTES of `lead` may be read. */
static inline bool weft_json_lead_is(const weft_json_glance *g, const char *lead, uint32_t mask, size_t len,
                                     const char *at)
{
    const __m128i want = _mm_loadu_si128((const __m128i *)(const void *)lead);
    const __m128i have = _mm_loadu_si128((const __m128i *)(const void *)at);
    if (((uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(want, have)) & mask) != mask) return false;
    if (WEFT_LIKELY(len <= WEFT_JSON_LEAD_BYTES)) return true;
    return (size_t)(g->end - at) >= len &&
           weft_json_same(at + WEFT_JSON_LEAD_BYTES, lead + WEFT_JSON_LEAD_BYTES, len - WEFT_JSON_LEAD_BYTES);
}

/* Behind a string, from behind its first quote on. *odd: an escape or a byte above 0x7f is in it. */
static inline const char *weft_json_glance_string(const weft_json_glance *g, const char *at, bool *odd)
{
    uint32_t high, highs = 0;
    *odd = false;
    while (g->limit - at >= WEFT_JSON_BLOCK_BYTES) {
        const uint32_t stop = weft_json_block_stops(at, '"', &high);
        if (stop == 0) {
            highs |= high;
            at += WEFT_JSON_BLOCK_BYTES;
            continue;
        }
        highs |= weft_json_before_stop(high, stop);
        at += __builtin_ctz(stop);
        if (WEFT_LIKELY(*at == '"')) {
            *odd |= highs != 0;
            return at + 1;
        }
        if (*at != '\\' || g->limit - at < 2 || memchr("\"\\/bfnrt", at[1], 8) == NULL) return NULL;
        *odd = true;
        at += 2;
    }
    return NULL;
}

/* Behind a scalar. */
static inline const char *weft_json_glance_scalar(const weft_json_glance *g, const char *at)
{
    weft_json_token token;
    bool odd;
    switch (*at) {
    case '"': return weft_json_glance_string(g, at + 1, &odd);
    case 't': return memcmp(at, "true", 4) == 0 ? at + 4 : NULL;
    case 'f': return memcmp(at, "false", 5) == 0 ? at + 5 : NULL;
    case 'n': return memcmp(at, "null", 4) == 0 ? at + 4 : NULL;
    default: return weft_json_pass_number(at, &token);
    }
}
#endif

/* Whether to cast a glance at all: where glances told nothing for a while, fewer are cast. */
typedef struct weft_json_patience {
    uint32_t pause, rest; /* texts that are read after the next glance in vain, and still now */
} weft_json_patience;

static inline bool weft_json_patience_rests(weft_json_patience *p)
{
    if (p->rest == 0) return false;
    p->rest--;
    return true;
}

static inline void weft_json_patience_note(weft_json_patience *p, bool told)
{
    enum { PAUSE_MAX = 1023 };
    if (told) {
        p->pause /= 2;
        return;
    }
    p->rest = p->pause;
    p->pause = p->pause < PAUSE_MAX / 2 ? p->pause * 2 + 1 : PAUSE_MAX;
}

#endif
