/* engine/columnar/collation.c - see collation.h. */
#include "engine/columnar/collation.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const weft_collation_locale locales[] = {
#define X(name, icu, language, country) {#name, icu, language, country},
#include "engine/columnar/collation_list.h"
#undef X
};

enum { LOCALE_COUNT = WEFT_COUNT(locales), BINARY_PARTS = WEFT_COLLATION_RTRIM };

const weft_collation_locale *weft_collation_find_locale(uint16_t collation)
{
    const int32_t base = collation & WEFT_COLLATION_BASE;
    return collation == WEFT_COLLATION_NULL || base < WEFT_COLLATION_LOCALE
               ? NULL
               : &locales[base - WEFT_COLLATION_LOCALE];
}

bool weft_collation_is_valid(uint32_t collation)
{
    const uint32_t base = collation & WEFT_COLLATION_BASE, parts = collation & ~(uint32_t)WEFT_COLLATION_BASE;
    if (collation == WEFT_COLLATION_NULL) return true;
    if (base < WEFT_COLLATION_LOCALE) return (parts & ~(uint32_t)BINARY_PARTS) == 0;
    const uint32_t all = WEFT_COLLATION_CI | WEFT_COLLATION_AI | WEFT_COLLATION_RTRIM;
    return base < WEFT_COLLATION_LOCALE + LOCALE_COUNT && (parts & ~all) == 0;
}

/* ---- names ---- */

static bool begins(const char *name, size_t len, const char *with)
{
    const size_t n = strlen(with);
    return len >= n && strncasecmp(name, with, n) == 0 && (len == n || name[n] == '_');
}

/* The longest base that the name begins with; *at gets its length, 0: there is none. */
static uint16_t parse_base(const char *name, size_t len, size_t *at)
{
    static const char *const bytes[] = {"UTF8_BINARY", "UTF8_LCASE"};
    uint16_t base = 0;
    *at = 0;
    for (int32_t i = 0; i < WEFT_COUNT(bytes) + LOCALE_COUNT; i++) {
        const char *known = i < WEFT_COUNT(bytes) ? bytes[i] : locales[i - WEFT_COUNT(bytes)].name;
        if (strlen(known) <= *at || !begins(name, len, known)) continue;
        *at = strlen(known);
        base = (uint16_t)i;
    }
    return base;
}

/* _CI, _AS, _RTRIM …, each at most once. */
static bool parse_parts(const char *name, size_t len, bool locale, uint16_t *collation)
{
    static const struct collation_part {
        const char *name;
        uint16_t kind, bit; /* the kind may be said once */
    } parts[] = {{"_CI", WEFT_COLLATION_CI, WEFT_COLLATION_CI},
                 {"_CS", WEFT_COLLATION_CI, 0},
                 {"_AI", WEFT_COLLATION_AI, WEFT_COLLATION_AI},
                 {"_AS", WEFT_COLLATION_AI, 0},
                 {"_RTRIM", WEFT_COLLATION_RTRIM, WEFT_COLLATION_RTRIM}};
    uint16_t said = 0;
    while (len > 0) {
        const struct collation_part *part = NULL;
        for (int32_t i = 0; i < WEFT_COUNT(parts) && part == NULL; i++)
            if (begins(name, len, parts[i].name)) part = &parts[i];
        if (part == NULL || (said & part->kind) != 0) return false;
        if (!locale && part->kind != WEFT_COLLATION_RTRIM) return false;
        said |= part->kind;
        *collation |= part->bit;
        name += strlen(part->name);
        len -= strlen(part->name);
    }
    return true;
}

bool weft_collation_parse(const char *name, size_t len, uint16_t *out)
{
    size_t at = 0;
    uint16_t collation = parse_base(name, len, &at);
    if (at == 0 || !parse_parts(name + at, len - at, collation >= WEFT_COLLATION_LOCALE, &collation))
        return false;
    *out = collation;
    return true;
}

weft_status weft_collation_resolve(weft_ctx *ctx, const char *name, size_t len, const weft_span *span,
                                   uint16_t *out)
{
    char near[WEFT_COLLATION_NAME_BYTES] = "UTF8_BINARY";
    size_t at = 0;
    if (weft_collation_parse(name, len, out)) return WEFT_OK;
    const uint16_t base = parse_base(name, len, &at);
    if (at > 0) weft_collation_name(base, near);
    weft_fail_at(
        ctx, WEFT_COLLATION_INVALID_NAME, span,
        "The value %.*s does not represent a correct collation name. Suggested valid collation names: "
        "[%s].",
        (int)weft_min_i64((int64_t)len, 100), name, near);
    weft_hint(ctx, "SELECT * FROM collations() lists them.");
    return WEFT_COLLATION_INVALID_NAME;
}

const char *weft_collation_name(uint16_t collation, char text[WEFT_COLLATION_NAME_BYTES])
{
    const weft_collation_locale *locale = weft_collation_find_locale(collation);
    const int32_t base = collation & WEFT_COLLATION_BASE;
    if (collation == WEFT_COLLATION_NULL) {
        (void)snprintf(text, WEFT_COLLATION_NAME_BYTES, "null");
        return text;
    }
    (void)snprintf(text, WEFT_COLLATION_NAME_BYTES, "%s%s%s%s",
                   locale != NULL                  ? locale->name
                   : base == WEFT_COLLATION_BINARY ? "UTF8_BINARY"
                                                   : "UTF8_LCASE",
                   (collation & WEFT_COLLATION_CI) != 0 ? "_CI" : "",
                   (collation & WEFT_COLLATION_AI) != 0 ? "_AI" : "",
                   (collation & WEFT_COLLATION_RTRIM) != 0 ? "_RTRIM" : "");
    return text;
}

/* ---- the order of collations(): those of bytes, then by locale ---- */

uint16_t weft_collation_next(uint16_t collation)
{
    static const uint16_t bytes[] = {WEFT_COLLATION_BINARY, WEFT_COLLATION_LCASE,
                                     WEFT_COLLATION_BINARY | WEFT_COLLATION_RTRIM,
                                     WEFT_COLLATION_LCASE | WEFT_COLLATION_RTRIM, WEFT_COLLATION_LOCALE};
    static const uint16_t parts[] = {0,
                                     WEFT_COLLATION_AI,
                                     WEFT_COLLATION_AI | WEFT_COLLATION_RTRIM,
                                     WEFT_COLLATION_CI,
                                     WEFT_COLLATION_CI | WEFT_COLLATION_AI,
                                     WEFT_COLLATION_CI | WEFT_COLLATION_AI | WEFT_COLLATION_RTRIM,
                                     WEFT_COLLATION_CI | WEFT_COLLATION_RTRIM,
                                     WEFT_COLLATION_RTRIM};
    const uint16_t base = collation & WEFT_COLLATION_BASE;
    if (collation == WEFT_COLLATION_NULL) return bytes[0];
    for (int32_t i = 0; i + 1 < WEFT_COUNT(bytes); i++)
        if (bytes[i] == collation) return bytes[i + 1];
    for (int32_t i = 0; i + 1 < WEFT_COUNT(parts); i++)
        if (parts[i] == collation - base) return base | parts[i + 1];
    return base + 1 < WEFT_COLLATION_LOCALE + LOCALE_COUNT ? (uint16_t)(base + 1) : WEFT_COLLATION_NULL;
}

/* ---- what is told of them ---- */

const char *const weft_collation_columns[WEFT_COLLATION_COLUMNS] = {
    "CATALOG",          "SCHEMA",        "NAME",       "LANGUAGE", "COUNTRY", "ACCENT_SENSITIVITY",
    "CASE_SENSITIVITY", "PAD_ATTRIBUTE", "ICU_VERSION"};

void weft_collation_texts(uint16_t collation, const char *icu, char name[WEFT_COLLATION_NAME_BYTES],
                          const char *texts[WEFT_COLLATION_COLUMNS])
{
    const weft_collation_locale *locale = weft_collation_find_locale(collation);
    const bool no_case = (collation & WEFT_COLLATION_CI) != 0 ||
                         (collation & WEFT_COLLATION_BASE) == WEFT_COLLATION_LCASE;
    int32_t n = 0;
    texts[n++] = "SYSTEM";
    texts[n++] = "BUILTIN";
    texts[n++] = weft_collation_name(collation, name);
    texts[n++] = locale == NULL ? NULL : locale->language;
    texts[n++] = locale == NULL ? NULL : locale->country;
    texts[n++] = (collation & WEFT_COLLATION_AI) != 0 ? "ACCENT_INSENSITIVE" : "ACCENT_SENSITIVE";
    texts[n++] = no_case ? "CASE_INSENSITIVE" : "CASE_SENSITIVE";
    texts[n++] = (collation & WEFT_COLLATION_RTRIM) != 0 ? "RTRIM" : "NO_PAD";
    texts[n++] = locale == NULL ? NULL : icu;
}
