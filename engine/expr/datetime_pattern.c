/* engine/expr/datetime_pattern.c - compiling and formatting; reading is in datetime_parse.c. */
#include "engine/expr/datetime_pattern.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/settings.h"
#include "engine/expr/calendar.h"
#include "engine/expr/datetime_private.h"
#include "engine/expr/utf8.h"

/* ---- compiling ---- */

/* The most letters of a kind that stand together, or 0 for a letter that Spark refuses. */
static int32_t pattern_most(char letter)
{
    switch (letter) {
    case 'G':
    case 'M':
    case 'L':
    case 'Q':
    case 'q':
    case 'E':
    case 'z': return 4;
    case 'y': return 6;
    case 'D': return 3;
    case 'd':
    case 'H':
    case 'h':
    case 'K':
    case 'k':
    case 'm':
    case 's':
    case 'V': return 2;
    case 'F':
    case 'a': return 1;
    case 'S': return 9;
    case 'O': return 4;
    case 'X':
    case 'x':
    case 'Z': return 5;
    default: return 0;
    }
}

static weft_status pattern_fail(weft_ctx *ctx, weft_status code, const weft_str *text, const weft_span *span)
{
    return weft_fail_at(ctx, code, span, "Unrecognized datetime pattern: '%.*s'.",
                        (int)weft_min_i64(text->len, 100), weft_str_data(text));
}

static weft_status pattern_letters(weft_ctx *ctx, const weft_str *text, const weft_span *span, char letter,
                                   int32_t count, bool parsing)
{
    const int32_t most = pattern_most(letter);
    if (strchr("YWwu", letter) != NULL) /* patterns of Spark 2 have these */
        return pattern_fail(ctx, WEFT_DATETIME_PATTERN_RECOGNITION, text, span);
    if (strchr("ec", letter) != NULL) {
        return weft_fail_at(ctx, WEFT_DATETIME_WEEK_PATTERN, span,
                            "All week-based patterns are unsupported since Spark 3.0, detected week-based "
                            "character: %c. Please use the SQL function EXTRACT instead.",
                            letter);
    }
    if (strchr("ABnNp", letter) != NULL || (parsing && (letter == 'Q' || letter == 'q')))
        return weft_fail_at(
            ctx, WEFT_DATETIME_PATTERN_CHARACTER, span,
            "Unrecognized datetime pattern: %.*s. Illegal pattern character found in datetime "
            "pattern: %c. Please provide legal character.",
            (int)weft_min_i64(text->len, 100), weft_str_data(text), letter);
    const bool is_offset = letter == 'X' ||
                           letter == 'x'; /* more of them were no pattern of Spark 2 either */
    if (most == 0 || (count > most && is_offset) || (letter == 'V' && count != 2) ||
        (letter == 'O' && count != 1 && count != 4)) {
        return weft_fail_at(ctx, WEFT_DATETIME_PATTERN, span, "Unrecognized datetime pattern: '%.*s'.",
                            (int)weft_min_i64(text->len, 100), weft_str_data(text));
    }
    if (count > most || (parsing && strchr("EFQq", letter) != NULL)) {
        const bool newer = letter == 'Q' || letter == 'q' || letter == 'V'; /* no pattern of Spark 2 */
        return weft_fail_at(ctx, newer ? WEFT_DATETIME_PATTERN_LENGTH : WEFT_DATETIME_PATTERN_RECOGNITION,
                            span, "Unrecognized datetime pattern: '%.*s': %s.",
                            (int)weft_min_i64(text->len, 100), weft_str_data(text),
                            count > most ? "too many letters of one kind" : "text is not read by E, F, Q");
    }
    return WEFT_OK;
}

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

weft_status weft_datetime_pattern_new(weft_ctx *ctx, const weft_str *text, const weft_datetime_place *place,
                                      const weft_span *span, bool parsing, weft_datetime_pattern **out)
{
    weft_status st = WEFT_OK;
    weft_datetime_pattern *p = NULL;
    const char *const locale = place == NULL ? NULL : place->locale;
    const char *s = weft_str_data(text);
    uint32_t used = 0;
    const size_t items = ((size_t)text->len + 1) * sizeof(weft_datetime_item);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *p + items + text->len + 1, (void **)&p));
    p->bytes = (char *)p + sizeof *p + items;
    p->zone_name = place != NULL && place->zone != NULL ? place->zone
                                                        : weft_setting_text(ctx, WEFT_SET_TIME_ZONE);
    WEFT_TRY(st, weft_datetime_names_open(ctx, locale, &p->names, &p->own_names));
    for (uint32_t at = 0; at < text->len;) {
        const char c = s[at];
        if (isalpha((unsigned char)c)) {
            uint32_t count = 1;
            while (at + count < text->len && s[at + count] == c) count++;
            WEFT_TRY(st, pattern_letters(ctx, text, span, c, (int32_t)weft_min_i64(count, 1000), parsing));
            p->items[p->count++] = (weft_datetime_item){.letter = c, .count = (uint8_t)count};
            p->era = p->era || c == 'G';
            if (c == 'z') WEFT_TRY(st, name_zone(ctx, locale, p));
            p->text_bytes_max += item_bytes(p, c);
            at += count;
        } else if (c == '\'') {
            at = pattern_quoted(p, s, text->len, at, &used);
            if (at > text->len) WEFT_TRY(st, pattern_fail(ctx, WEFT_DATETIME_PATTERN, text, span));
        } else if (c == '{' || c == '}' || c == '#') {
            WEFT_TRY(st, pattern_fail(ctx, WEFT_DATETIME_PATTERN_RECOGNITION, text, span));
        } else if (c == '[' || c == ']') {
            p->items[p->count++] = (weft_datetime_item){.letter = c};
            at++;
        } else {
            const uint32_t bytes =
                (uint32_t)weft_min_i64(weft_utf8_bytes((unsigned char)c), (int64_t)text->len - at);
            p->items[p->count++] = (weft_datetime_item){.begin = used, .len = bytes};
            memcpy(p->bytes + used, s + at, bytes);
            used += bytes;
            at += bytes;
        }
    }
    p->text_bytes_max += used + 1;
    *out = p;
    p = NULL;
done:
    weft_datetime_pattern_free(&p);
    return st;
}

/* ---- formatting ---- */

typedef struct pattern_moment {
    weft_civil civil;
    int32_t days;
    int64_t us; /* of the day */
    int64_t offset_s;
    bool forward; /* clocks are put forward; looked up where a name is written */
} pattern_moment;

static size_t put_number(char *to, int64_t value, int32_t digits)
{
    return (size_t)snprintf(to, DATETIME_FIELD_BYTES, "%0*lld", digits, (long long)value);
}

static size_t put_text(char *to, const char *text, size_t len)
{
    memcpy(to, text, len);
    return len;
}

/* +hh, +hhmm or +hh:mm, with seconds where there are some and they are wanted; Z for zero where `zulu`. */
static size_t put_offset(char *to, int64_t offset_s, bool zulu, bool colon, bool hours_only,
                         bool wants_seconds)
{
    if (!wants_seconds) offset_s -= offset_s % 60;
    const int64_t size = offset_s < 0 ? -offset_s : offset_s, minutes = size / 60 % 60, seconds = size % 60;
    if (zulu && offset_s == 0) return put_text(to, "Z", 1);
    size_t used =
        (size_t)snprintf(to, DATETIME_FIELD_BYTES, "%c%02d", offset_s < 0 ? '-' : '+', (int)(size / 3600));
    if (hours_only && minutes == 0) return used;
    used +=
        (size_t)snprintf(to + used, DATETIME_FIELD_BYTES - used, "%s%02d", colon ? ":" : "", (int)minutes);
    if (seconds != 0)
        used += (size_t)snprintf(to + used, DATETIME_FIELD_BYTES - used, "%s%02d", colon ? ":" : "",
                                 (int)seconds);
    return used;
}

/* GMT, GMT+1, GMT+1:30:15, GMT+01:00 */
static size_t put_gmt(const char *gmt, char *to, int64_t offset_s, bool full)
{
    const int64_t size = offset_s < 0 ? -offset_s : offset_s;
    size_t used = put_text(to, gmt, strlen(gmt));
    if (offset_s == 0) return used;
    if (full) return used + put_offset(to + used, offset_s, false, true, false, true);
    used += (size_t)snprintf(to + used, DATETIME_FIELD_BYTES, "%c%d", offset_s < 0 ? '-' : '+',
                             (int)(size / 3600));
    if (size % 3600 != 0)
        used += (size_t)snprintf(to + used, DATETIME_FIELD_BYTES, ":%02d", (int)(size / 60 % 60));
    if (size % 60 != 0) used += (size_t)snprintf(to + used, DATETIME_FIELD_BYTES, ":%02d", (int)(size % 60));
    return used;
}

/* z: a name, else the distance from UTC, which zones that are nothing but a distance write without GMT. */
static size_t put_zone_name(const weft_datetime_pattern *p, const weft_datetime_item *item,
                            const pattern_moment *m, char *to)
{
    static const char *const distances[] = {"EST", "MST", "HST"}; /* as Java takes them */
    const weft_zone_names *names = &p->zone_names;
    if (names->zones != NULL) {
        const char *name = item->count < 4 ? (m->forward ? names->summer : names->plain)
                                           : (m->forward ? names->summer_long : names->plain_long);
        return put_text(to, name, strlen(name));
    }
    bool bare = p->zone_name[0] == '+' || p->zone_name[0] == '-';
    for (int32_t i = 0; i < WEFT_COUNT(distances); i++)
        bare = bare || strcmp(p->zone_name, distances[i]) == 0;
    return bare ? put_offset(to, m->offset_s, false, true, false, true)
                : put_gmt(p->names->gmt, to, m->offset_s, true);
}

static size_t put_zone(const weft_datetime_pattern *p, const weft_datetime_item *item,
                       const pattern_moment *m, char *to)
{
    const int32_t count = item->count;
    const int64_t offset_s = m->offset_s;
    switch (item->letter) {
    case 'X': return put_offset(to, offset_s, true, count == 3 || count == 5, count == 1, count > 3);
    case 'x': return put_offset(to, offset_s, false, count == 3 || count == 5, count == 1, count > 3);
    case 'Z':
        if (count == 4) return put_gmt(p->names->gmt, to, offset_s, true);
        return put_offset(to, offset_s, count == 5, count == 5, false, count == 5);
    case 'O': return put_gmt(p->names->gmt, to, offset_s, count == 4);
    case 'V': return put_text(to, p->zone_name, strlen(p->zone_name));
    default: return put_zone_name(p, item, m, to);
    }
}

static size_t put_year(const weft_datetime_item *item, int32_t year, bool era, char *to)
{
    const bool negative = !era && year < 0;
    const int32_t of_era = !era ? (negative ? -year : year) : year > 0 ? year : 1 - year;
    if (item->count == 2) return put_number(to, of_era % 100, 2);
    if (negative) {
        *to = '-';
        return 1 + put_number(to + 1, of_era, item->count);
    }
    const int32_t most = item->count == 4   ? 9999
                         : item->count == 5 ? 99999
                         : item->count == 6 ? 999999
                                            : INT32_MAX;
    if (item->count >= 4 && of_era > most) *to++ = '+';
    return put_number(to, of_era, item->count) + (item->count >= 4 && of_era > most);
}

static size_t put_name(const char *name, char *to) { return put_text(to, name, strlen(name)); }

static size_t put_month(const weft_datetime_names *names, const weft_datetime_item *item, int32_t month,
                        char *to)
{
    const bool alone = item->letter == 'L';
    if (item->count < 3) return put_number(to, month, item->count);
    if (item->count == 3) return put_name((alone ? names->months_alone : names->months)[month - 1], to);
    return put_name((alone ? names->months_alone_long : names->months_long)[month - 1], to);
}

static size_t put_quarter(const weft_datetime_names *names, const weft_datetime_item *item, int32_t quarter,
                          char *to)
{
    const bool alone = item->letter == 'q';
    if (item->count < 3) return put_number(to, quarter, item->count);
    if (item->count == 3) return put_name((alone ? names->quarters_alone : names->quarters)[quarter - 1], to);
    return put_name((alone ? names->quarters_alone_long : names->quarters_long)[quarter - 1], to);
}

static size_t put_item(const weft_datetime_pattern *p, const weft_datetime_item *item,
                       const pattern_moment *m, char *to)
{
    static const int64_t units[10] = {0, 100000, 10000, 1000, 100, 10, 1, 1, 1, 1};
    const int64_t hour = m->us / 3600000000, fraction = m->us % 1000000;
    const weft_datetime_names *names = p->names;
    const int32_t count = item->count, weekday = (int32_t)((((int64_t)m->days + 3) % 7 + 7) % 7);
    size_t used;
    switch (item->letter) {
    case 0: return put_text(to, p->bytes + item->begin, item->len);
    case 'G': return put_name((count == 4 ? names->eras_long : names->eras)[m->civil.year > 0], to);
    case 'y': return put_year(item, m->civil.year, p->era, to);
    case 'M':
    case 'L': return put_month(names, item, m->civil.month, to);
    case 'd': return put_number(to, m->civil.day, count);
    case 'D': return put_number(to, m->days - weft_days_of_civil(m->civil.year, 1, 1) + 1, count);
    case 'Q':
    case 'q': return put_quarter(names, item, (m->civil.month - 1) / 3 + 1, to);
    case 'E': return put_name((count == 4 ? names->days_long : names->days)[weekday], to);
    case 'F': return put_number(to, (m->civil.day - 1) % 7 + 1, count);
    case 'a': return put_name(names->halves[hour >= 12], to);
    case 'H': return put_number(to, hour, count);
    case 'k': return put_number(to, hour == 0 ? 24 : hour, count);
    case 'K': return put_number(to, hour % 12, count);
    case 'h': return put_number(to, hour % 12 == 0 ? 12 : hour % 12, count);
    case 'm': return put_number(to, m->us / 60000000 % 60, count);
    case 's': return put_number(to, m->us / 1000000 % 60, count);
    case 'S':
        used = put_number(to, fraction / units[count], weft_min_i32(count, 6));
        for (int32_t k = 6; k < count; k++) to[used++] = '0';
        return used;
    case '[':
    case ']': return 0;
    default: return put_zone(p, item, m, to);
    }
}

size_t weft_datetime_format(const weft_datetime_pattern *pattern, weft_zone *zone, int64_t us, char *to)
{
    const int64_t local = weft_zone_to_local(zone, us);
    pattern_moment m = {.days = weft_days_of_us(local), .us = weft_us_of_day(local)};
    size_t used = 0;
    m.civil = weft_civil_of_days(m.days);
    m.offset_s = (local - us) / 1000000;
    m.forward = pattern->zone_names.zones != NULL && weft_zone_is_forward(zone, us);
    for (int32_t k = 0; k < pattern->count; k++) used += put_item(pattern, &pattern->items[k], &m, to + used);
    return used;
}
