/* engine/expr/collator.c - see collator.h. */
#include "engine/expr/collator.h"

#include <string.h>

#include "common/mem.h"
#include "engine/columnar/collation.h"
#include "engine/expr/collator_private.h"

/* ---- opening ---- */

static weft_status set_rules(weft_ctx *ctx, weft_collator *c)
{
    const bool no_case = (c->collation & WEFT_COLLATION_CI) != 0;
    const bool no_accents = (c->collation & WEFT_COLLATION_AI) != 0;
    const weft_collation_locale *locale = weft_collation_find_locale(c->collation);
    UErrorCode error = U_ZERO_ERROR;
    c->rules = c->icu.ucol_open(locale->icu, &error);
    if (U_SUCCESS(error))
        c->icu.ucol_setAttribute(c->rules, UCOL_STRENGTH,
                                 no_accents ? UCOL_PRIMARY
                                 : no_case  ? UCOL_SECONDARY
                                            : UCOL_TERTIARY,
                                 &error);
    if (U_SUCCESS(error) && no_accents && !no_case) /* letters, then their case, without what is between */
        c->icu.ucol_setAttribute(c->rules, UCOL_CASE_LEVEL, UCOL_ON, &error);
    if (U_SUCCESS(error)) return WEFT_OK;
    return weft_fail(ctx, WEFT_UNSUPPORTED, "ICU has no collation for the locale \"%s\" (error %d)",
                     locale->name, (int)error);
}

weft_status weft_collator_open(weft_ctx *ctx, uint16_t collation, weft_collator **out)
{
    weft_status st = WEFT_OK;
    weft_collator *c = NULL;
    assert(collation != WEFT_COLLATION_NULL && weft_collation_is_valid(collation));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *c, (void **)&c));
    *out = c;
    c->collation = collation;
    if (weft_collation_find_locale(collation) == NULL) goto done;
    WEFT_TRY(st, weft_icu_open(ctx, "collations but UTF8_BINARY and UTF8_LCASE", &c->icu));
    WEFT_TRY(st, set_rules(ctx, c));
done:
    if (st != WEFT_OK) weft_collator_close(out);
    return st;
}

void weft_collator_close(weft_collator **collator)
{
    weft_collator *c = *collator;
    *collator = NULL;
    if (c == NULL) return;
    if (c->rules != NULL) c->icu.ucol_close(c->rules);
    weft_mem_free(c->wide);
    weft_mem_free(c->key);
    weft_mem_free(c->other);
    weft_mem_free(c);
}

/* ---- keys ---- */

weft_status weft_collator_reserve(weft_ctx *ctx, void **block, size_t bytes)
{
    if (*block != NULL && weft_mem_size(*block) >= bytes) return WEFT_OK;
    return weft_mem_resize(ctx, WEFT_MEM_WORKING, bytes + bytes / 2, block);
}

/* The small dotted i of U+0130 is two characters, and both small sigmas are one. */
uint32_t weft_collator_small(const weft_collator *c, const char *text, size_t len, char *to, uint32_t *taken)
{
    enum { FINAL_SIGMA = 0x3c2, SIGMA = 0x3c3 };
    const unsigned char first = (unsigned char)text[0];
    const bool small = (c->collation & WEFT_COLLATION_BASE) == WEFT_COLLATION_LCASE;
    uint32_t characters[3], bytes = 0;
    *taken = 1;
    if (first < 0x80) {
        to[0] = (char)(small && first >= 'A' && first <= 'Z' ? first + 'a' - 'A' : first);
        return 1;
    }
    const uint32_t character = weft_utf8_decode(text, len, taken);
    if (!small) {
        memcpy(to, text, *taken);
        return *taken;
    }
    const int32_t count = weft_utf8_lower(character == FINAL_SIGMA ? SIGMA : character, characters);
    for (int32_t i = 0; i < count; i++) bytes += weft_utf8_encode(characters[i], to + bytes);
    return bytes;
}

static weft_status lower_key(weft_ctx *ctx, weft_collator *c, const char *text, size_t len, size_t *key_len)
{
    size_t at = 0, to = 0;
    const weft_status st = weft_collator_reserve(ctx, (void **)&c->key, len * WEFT_COLLATOR_GROWTH + 16);
    if (st != WEFT_OK) return st;
    while (at < len) {
        uint32_t taken = 0;
        to += weft_collator_small(c, text + at, len - at, c->key + to, &taken);
        at += taken;
    }
    *key_len = to;
    return WEFT_OK;
}

static weft_status sort_key(weft_ctx *ctx, weft_collator *c, const char *text, size_t len, size_t *key_len)
{
    enum { REPLACEMENT = 0xfffd };
    weft_status st = WEFT_OK;
    UErrorCode error = U_ZERO_ERROR;
    int32_t units = 0, replaced = 0;
    WEFT_TRY(st, weft_collator_reserve(ctx, (void **)&c->wide, (len + 1) * sizeof *c->wide));
    WEFT_TRY(st, weft_collator_reserve(ctx, (void **)&c->key, len * 4 + 16));
    c->icu.u_strFromUTF8WithSub(c->wide, (int32_t)len + 1, &units, text, (int32_t)len, REPLACEMENT, &replaced,
                                &error);
    if (U_FAILURE(error))
        return weft_fail(ctx, WEFT_UNSUPPORTED, "ICU cannot read a text of %zu bytes (error %d)", len,
                         (int)error);
    int32_t room = (int32_t)weft_mem_size(c->key);
    int32_t need = c->icu.ucol_getSortKey(c->rules, c->wide, units, (uint8_t *)c->key, room);
    if (need > room) {
        WEFT_TRY(st, weft_collator_reserve(ctx, (void **)&c->key, (size_t)need));
        room = (int32_t)weft_mem_size(c->key);
        need = c->icu.ucol_getSortKey(c->rules, c->wide, units, (uint8_t *)c->key, room);
    }
    if (need <= 0) return weft_fail(ctx, WEFT_NOMEM, "ICU has no memory for the key of a text");
    *key_len = (size_t)need - 1; /* without the zero at its end */
done:
    return st;
}

weft_status weft_collator_key(weft_ctx *ctx, weft_collator *c, const char *text, size_t len, const char **key,
                              size_t *key_len)
{
    weft_status st = WEFT_OK;
    if ((c->collation & WEFT_COLLATION_RTRIM) != 0)
        while (len > 0 && text[len - 1] == ' ') len--;
    *key = text;
    *key_len = len;
    if ((c->collation & WEFT_COLLATION_BASE) == WEFT_COLLATION_BINARY) return WEFT_OK;
    if (len > WEFT_COLLATOR_TEXT_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a text of %zu bytes is compared by a collation: at most %d may be",
                         len, (int)WEFT_COLLATOR_TEXT_MAX);
    st = c->rules != NULL ? sort_key(ctx, c, text, len, key_len) : lower_key(ctx, c, text, len, key_len);
    *key = c->key;
    return st;
}

weft_status weft_collator_compare(weft_ctx *ctx, weft_collator *c, const char *a, size_t a_len, const char *b,
                                  size_t b_len, int *order)
{
    weft_status st = WEFT_OK;
    const char *key = NULL;
    size_t len = 0, other = 0;
    WEFT_TRY(st, weft_collator_key(ctx, c, a, a_len, &key, &other));
    WEFT_TRY(st, weft_collator_reserve(ctx, (void **)&c->other, other + 1));
    memcpy(c->other, key, other);
    WEFT_TRY(st, weft_collator_key(ctx, c, b, b_len, &key, &len));
    *order = memcmp(c->other, key, other < len ? other : len);
    if (*order == 0) *order = (other > len) - (other < len);
done:
    return st;
}

weft_status weft_collator_equal(weft_ctx *ctx, weft_collator *c, const char *a, size_t a_len, const char *b,
                                size_t b_len, bool *equal)
{
    int order = 0;
    const weft_status st = weft_collator_compare(ctx, c, a, a_len, b, b_len, &order);
    *equal = order == 0;
    return st;
}
