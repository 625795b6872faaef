/* engine/expr/datetime_pattern.c - compiling; writing is in datetime_format.c, reading in datetime_parse.c.
 */
#include "engine/expr/datetime_pattern.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "common/settings.h"
#include "engine/expr/datetime_legacy.h"
#include "engine/expr/datetime_private.h"
#include "engine/expr/utf8.h"

/* Text in quotes from s[at] (the quote) on; '' is one quote. Returns the place behind it. */
static uint32_t pattern_quoted(weft_datetime_pattern *p, const char *s, uint32_t len, uint32_t at,
                               uint32_t *used)
{
    weft_datetime_item *item = &p->items[p->count++];
    *item = (weft_datetime_item){.begin = *used};
    if (at + 1 < len && s[at + 1] == '\'') {
        p->bytes[(*used)++] = '\'';
        item->len = 1;
        return at + 2;
    }
    for (at++; at < len; at++) {
        if (s[at] == '\'' && (at + 1 == len || s[at + 1] != '\'')) break;
        if (s[at] == '\'') at++;
        p->bytes[(*used)++] = s[at];
    }
    item->len = *used - item->begin;
    return at + 1;
}

void weft_datetime_pattern_free(weft_datetime_pattern **pattern)
{
    weft_datetime_pattern *p = *pattern;
    *pattern = NULL;
    if (p == NULL) return;
    weft_datetime_pattern_free(&p->older);
    weft_mem_free(p->own_zone);
    weft_mem_free(p->own_names);
    weft_zone_close(&p->read);
    weft_mem_free(p);
}

/* The names of the zone that is written: in the locale where it has them, else in English. */
static weft_status name_zone(weft_ctx *ctx, const char *locale, weft_datetime_pattern *p)
{
    weft_status st = WEFT_OK;
    const weft_zone_names *english = weft_zone_names_find(p->zone_name);
    if (english == NULL || p->zone_names.zones != NULL) return WEFT_OK;
    p->zone_names = *english;
    if (weft_locale_is_us(locale)) return WEFT_OK;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof *p->own_zone, (void **)&p->own_zone));
    WEFT_TRY(st, weft_locale_zone_open(ctx, locale, p->zone_name, p->own_zone));
    const char **const names[] = {&p->zone_names.plain, &p->zone_names.plain_long, &p->zone_names.summer,
                                  &p->zone_names.summer_long};
    for (int32_t k = 0; k < WEFT_COUNT(names); k++)
        if (p->own_zone->names[k][0] != '\0') *names[k] = p->own_zone->names[k];
done:
    return st;
}

/* More bytes than any item of that letter takes. */
static size_t item_bytes(const weft_datetime_pattern *p, char letter)
{
    switch (letter) {
    case 'V': return strlen(p->zone_name);
    case 'z': return WEFT_LOCALE_ZONE_BYTES;
    case 'G':
    case 'M':
    case 'L':
    case 'Q':
    case 'q':
    case 'E':
    case 'a':
    case 'O':
    case 'Z': return p->names->longest + DATETIME_FIELD_BYTES;
    default: return DATETIME_FIELD_BYTES;
    }
}

/* Letters from s[at] on, all the same. */
static weft_status pattern_field(weft_ctx *ctx, weft_datetime_pattern *p, const weft_str *text, uint32_t at,
                                 const char *locale, uint32_t *count)
{
    weft_status st = WEFT_OK;
    const char *const s = weft_str_data(text);
    const char c = s[at];
    for (*count = 1; at + *count < text->len && s[at + *count] == c;) *count += 1;
    p->items[p->count++] = (weft_datetime_item){.letter = c, .count = (uint8_t)*count};
    p->era = p->era || c == 'G';
    if (c == 'z') WEFT_TRY(st, name_zone(ctx, locale, p));
    p->text_bytes_max += item_bytes(p, c) + *count;
done:
    return st;
}

/* Text that stands for itself, or a bracket, at s[at]. Returns the place behind it. */
static uint32_t pattern_text(weft_datetime_pattern *p, const weft_str *text, uint32_t at, uint32_t *used)
{
    const char *const s = weft_str_data(text);
    const char c = s[at];
    if (c == '\'') return pattern_quoted(p, s, text->len, at, used);
    if (p->style == WEFT_DATETIME_OF_JAVA_TIME && (c == '[' || c == ']')) {
        p->items[p->count++] = (weft_datetime_item){.letter = c};
        return at + 1;
    }
    const uint32_t bytes = (uint32_t)weft_min_i64(weft_utf8_bytes((unsigned char)c), (int64_t)text->len - at);
    p->items[p->count++] = (weft_datetime_item){.begin = *used, .len = bytes};
    memcpy(p->bytes + *used, s + at, bytes);
    *used += bytes;
    return at + bytes;
}

static weft_status pattern_compile(weft_ctx *ctx, const datetime_source *source,
                                   const weft_datetime_place *place, weft_datetime_style style,
                                   weft_datetime_pattern **out)
{
    weft_status st = WEFT_OK;
    weft_datetime_pattern *p = NULL;
    const weft_str *const text = source->text;
    uint32_t used = 0, count;
    const size_t items = ((size_t)text->len + 1) * sizeof(weft_datetime_item);
    WEFT_TRY(st, datetime_check(ctx, source, style));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *p + items + text->len + 1, (void **)&p));
    p->style = style;
    p->bytes = (char *)p + sizeof *p + items;
    p->zone_name = place->zone != NULL ? place->zone : weft_setting_text(ctx, WEFT_SET_TIME_ZONE);
    if (style != WEFT_DATETIME_OF_JAVA_TIME) p->century_us = datetime_legacy_century(ctx);
    WEFT_TRY(st, weft_datetime_names_open(ctx, place->locale, &p->names, &p->own_names));
    for (uint32_t at = 0; at < text->len;) {
        if (isalpha((unsigned char)weft_str_data(text)[at])) {
            WEFT_TRY(st, pattern_field(ctx, p, text, at, place->locale, &count));
            at += count;
        } else {
            at = pattern_text(p, text, at, &used);
        }
    }
    p->text_bytes_max += used + 1;
    *out = p;
    p = NULL;
done:
    weft_datetime_pattern_free(&p);
    return st;
}

bool weft_datetime_is_legacy(weft_ctx *ctx)
{
    return strcasecmp(weft_setting_text(ctx, WEFT_SET_TIME_PARSER), "LEGACY") == 0;
}

/* Policy EXCEPTION: what Spark 2 would read by this pattern; NULL where it was none there. */
static weft_status open_older(weft_ctx *ctx, const datetime_source *source, const weft_datetime_place *place,
                              weft_datetime_style style, weft_datetime_pattern **out)
{
    const weft_status st = pattern_compile(ctx, source, place, style, out);
    if (st != WEFT_DATETIME_PATTERN) return st;
    weft_error_clear(ctx);
    return WEFT_OK;
}

weft_status weft_datetime_pattern_new(weft_ctx *ctx, const weft_str *text, const weft_datetime_place *place,
                                      const weft_span *span, bool parsing, weft_datetime_pattern **out)
{
    weft_status st = WEFT_OK;
    static const weft_datetime_place here = {0};
    if (place == NULL) place = &here;
    const weft_datetime_style older = place->use == WEFT_DATETIME_IN_RECORD ? WEFT_DATETIME_FAST
                                                                            : WEFT_DATETIME_SIMPLE;
    const bool is_legacy = place->use == WEFT_DATETIME_OF_CALENDAR ||
                           (place->use != WEFT_DATETIME_WITHOUT_ZONE && weft_datetime_is_legacy(ctx));
    const datetime_source source = {.text = text, .span = span, .use = place->use, .parsing = parsing};
    WEFT_TRY(st, pattern_compile(ctx, &source, place, is_legacy ? older : WEFT_DATETIME_OF_JAVA_TIME, out));
    if (parsing && strcasecmp(weft_setting_text(ctx, WEFT_SET_TIME_PARSER), "EXCEPTION") == 0)
        st = open_older(ctx, &source, place, older, &(*out)->older);
done:
    if (st != WEFT_OK) weft_datetime_pattern_free(out);
    return st;
}
