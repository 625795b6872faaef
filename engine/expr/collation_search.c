/* engine/expr/collation_search.c - see collation_search.h. */
#include "engine/expr/collation_search.h"

#include <string.h>

#include "common/mem.h"
#include "engine/columnar/collation.h"
#include "engine/expr/collator_private.h"

/* A string in the units that are compared: bytes in small letters, or ICU's characters of 16 bits. */
typedef struct search_side {
    void *units;
    int32_t *places; /* [count + 1] the byte that a unit begins at; -1: it is within a character */
    int32_t count;
} search_side;

struct weft_collation_search {
    weft_collator *collator;
    search_side text, part;
    UStringSearch *icu; /* of a locale, from the first part on */
};

weft_status weft_collation_search_open(weft_ctx *ctx, uint16_t collation, weft_collation_search **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof **out, (void **)out));
    WEFT_TRY(st, weft_collator_open(ctx, collation, &(*out)->collator));
done:
    if (st != WEFT_OK) weft_collation_search_close(out);
    return st;
}

void weft_collation_search_close(weft_collation_search **search)
{
    weft_collation_search *s = *search;
    *search = NULL;
    if (s == NULL) return;
    if (s->icu != NULL) s->collator->icu.usearch_close(s->icu);
    weft_collator_close(&s->collator);
    weft_mem_free(s->text.units);
    weft_mem_free(s->text.places);
    weft_mem_free(s->part.units);
    weft_mem_free(s->part.places);
    weft_mem_free(s);
}

/* ---- units ---- */

static void put_small(const weft_collator *c, const char *text, size_t len, search_side *side)
{
    char *to = side->units;
    int32_t count = 0;
    for (size_t at = 0; at < len;) {
        uint32_t taken = 1;
        const uint32_t put = weft_collator_small(c, text + at, len - at, to + count, &taken);
        for (uint32_t i = 0; i < put; i++) side->places[count + (int32_t)i] = i == 0 ? (int32_t)at : -1;
        count += (int32_t)put;
        at += taken;
    }
    side->places[count] = (int32_t)len;
    side->count = count;
}

static void put_wide(const char *text, size_t len, search_side *side)
{
    UChar *to = side->units;
    int32_t count = 0;
    for (size_t at = 0; at < len;) {
        uint32_t taken = 1;
        const uint32_t c = weft_utf8_decode(text + at, len - at, &taken);
        side->places[count] = (int32_t)at;
        if (c > 0xffff) {
            side->places[count + 1] = -1;
            to[count++] = U16_LEAD(c);
            to[count++] = U16_TRAIL(c);
        } else {
            to[count++] = (UChar)c;
        }
        at += taken;
    }
    side->places[count] = (int32_t)len;
    side->count = count;
}

static weft_status set_side(weft_ctx *ctx, const weft_collator *c, const weft_str *s, search_side *side)
{
    weft_status st = WEFT_OK;
    const size_t most = (size_t)s->len * WEFT_COLLATOR_GROWTH + 2; /* units */
    if (s->len > WEFT_COLLATOR_TEXT_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a text of %u bytes is searched by a collation: at most %d may be",
                         s->len, (int)WEFT_COLLATOR_TEXT_MAX);
    WEFT_TRY(st, weft_collator_reserve(ctx, &side->units, most * sizeof(UChar)));
    WEFT_TRY(st, weft_collator_reserve(ctx, (void **)&side->places, most * sizeof *side->places));
    if (c->rules != NULL)
        put_wide(weft_str_data(s), s->len, side);
    else
        put_small(c, weft_str_data(s), s->len, side);
done:
    return st;
}

weft_status weft_collation_search_set(weft_ctx *ctx, weft_collation_search *s, weft_str text, weft_str part)
{
    weft_status st = WEFT_OK;
    UErrorCode error = U_ZERO_ERROR;
    assert(part.len > 0);
    WEFT_TRY(st, set_side(ctx, s->collator, &text, &s->text));
    WEFT_TRY(st, set_side(ctx, s->collator, &part, &s->part));
    if (s->collator->rules == NULL || s->text.count == 0) goto done;
    const weft_icu *icu = &s->collator->icu;
    if (s->icu == NULL) {
        s->icu = icu->usearch_openFromCollator(s->part.units, s->part.count, s->text.units, s->text.count,
                                               s->collator->rules, NULL, &error);
    } else {
        icu->usearch_setText(s->icu, s->text.units, s->text.count, &error);
        icu->usearch_setPattern(s->icu, s->part.units, s->part.count, &error);
    }
    if (U_FAILURE(error))
        st = weft_fail(ctx, WEFT_UNSUPPORTED, "ICU cannot search a text (error %d)", (int)error);
done:
    return st;
}

/* ---- matches ---- */

/* The unit that byte `at` of the text, the begin of a character, begins. */
static int32_t unit_at(const search_side *side, size_t at)
{
    int32_t low = 0, high = side->count;
    while (low < high) {
        int32_t middle = low + (high - low) / 2, known = middle;
        while (side->places[known] < 0) known--;
        if ((size_t)side->places[known] < at)
            low = middle + 1;
        else
            high = known;
    }
    return low;
}

static bool next_small(const weft_collation_search *s, size_t at, size_t *from, size_t *to)
{
    const char *text = s->text.units;
    for (int32_t unit = unit_at(&s->text, at); unit + s->part.count <= s->text.count; unit++) {
        const char *hit =
            memmem(text + unit, (size_t)(s->text.count - unit), s->part.units, (size_t)s->part.count);
        if (hit == NULL) return false;
        unit = (int32_t)(hit - text);
        if (s->text.places[unit] < 0 || s->text.places[unit + s->part.count] < 0) continue;
        *from = (size_t)s->text.places[unit];
        *to = (size_t)s->text.places[unit + s->part.count];
        return true;
    }
    return false;
}

static bool next_wide(const weft_collation_search *s, size_t at, size_t *from, size_t *to)
{
    const weft_icu *icu = &s->collator->icu;
    UErrorCode error = U_ZERO_ERROR;
    int32_t unit = unit_at(&s->text, at);
    while (unit < s->text.count) {
        unit = icu->usearch_following(s->icu, unit, &error);
        if (U_FAILURE(error) || unit == USEARCH_DONE) return false;
        const int32_t end = unit + icu->usearch_getMatchedLength(s->icu);
        if (end > unit && s->text.places[unit] >= 0 && s->text.places[end] >= 0) {
            *from = (size_t)s->text.places[unit];
            *to = (size_t)s->text.places[end];
            return true;
        }
        unit++;
    }
    return false;
}

bool weft_collation_search_next(weft_collation_search *s, size_t at, size_t *from, size_t *to)
{
    return s->collator->rules != NULL ? next_wide(s, at, from, to) : next_small(s, at, from, to);
}
