/* engine/expr/datetime_format.c - timestamps as text by a pattern. */
#include <stdio.h>
#include <string.h>

#include "engine/expr/calendar.h"
#include "engine/expr/datetime_legacy.h"
#include "engine/expr/datetime_private.h"

typedef struct pattern_moment {
    weft_civil civil;
    int32_t days;
    int64_t us; /* of the day */
    int64_t offset_s;
    bool forward; /* clocks are put forward; looked up where a name is written */
} pattern_moment;

size_t datetime_put_number(char *to, int64_t value, int32_t digits)
{
    return (size_t)snprintf(to, DATETIME_FIELD_BYTES, "%0*lld", digits, (long long)value);
}

static size_t put_text(char *to, const char *text, size_t len)
{
    memcpy(to, text, len);
    return len;
}

size_t datetime_put_offset(char *to, int64_t offset_s, datetime_offset_form form)
{
    if (!form.wants_seconds) offset_s -= offset_s % 60;
    const int64_t size = offset_s < 0 ? -offset_s : offset_s, minutes = size / 60 % 60, seconds = size % 60;
    const char *const colon = form.colon ? ":" : "";
    if (form.zulu && offset_s == 0) return put_text(to, "Z", 1);
    size_t used =
        (size_t)snprintf(to, DATETIME_FIELD_BYTES, "%c%02d", offset_s < 0 ? '-' : '+', (int)(size / 3600));
    if (form.hours_only && minutes == 0) return used;
    used += (size_t)snprintf(to + used, DATETIME_FIELD_BYTES - used, "%s%02d", colon, (int)minutes);
    if (seconds != 0)
        used += (size_t)snprintf(to + used, DATETIME_FIELD_BYTES - used, "%s%02d", colon, (int)seconds);
    return used;
}

/* In full: +01:00, with seconds where there are some. */
static const datetime_offset_form full_offset = {.colon = true, .wants_seconds = true};

size_t datetime_put_gmt(const char *gmt, char *to, int64_t offset_s, bool full)
{
    const int64_t size = offset_s < 0 ? -offset_s : offset_s;
    size_t used = put_text(to, gmt, strlen(gmt));
    if (offset_s == 0) return used;
    if (full) return used + datetime_put_offset(to + used, offset_s, full_offset);
    used += (size_t)snprintf(to + used, DATETIME_FIELD_BYTES, "%c%d", offset_s < 0 ? '-' : '+',
                             (int)(size / 3600));
    if (size % 3600 != 0)
        used += (size_t)snprintf(to + used, DATETIME_FIELD_BYTES, ":%02d", (int)(size / 60 % 60));
    if (size % 60 != 0) used += (size_t)snprintf(to + used, DATETIME_FIELD_BYTES, ":%02d", (int)(size % 60));
    return used;
}

const char *datetime_zone_name(const weft_datetime_pattern *p, bool in_full, bool forward)
{
    const weft_zone_names *const names = &p->zone_names;
    if (names->zones == NULL) return NULL;
    if (in_full) return forward ? names->summer_long : names->plain_long;
    return forward ? names->summer : names->plain;
}

/* z: a name, else the distance from UTC, which zones that are nothing but a distance write without GMT. */
static size_t put_zone_name(const weft_datetime_pattern *p, const weft_datetime_item *item,
                            const pattern_moment *m, char *to)
{
    static const char *const distances[] = {"EST", "MST", "HST"}; /* as Java takes them */
    const char *const name = datetime_zone_name(p, item->count >= 4, m->forward);
    if (name != NULL) return datetime_put_name(name, to);
    bool bare = p->zone_name[0] == '+' || p->zone_name[0] == '-';
    for (int32_t i = 0; i < WEFT_COUNT(distances); i++)
        bare = bare || strcmp(p->zone_name, distances[i]) == 0;
    return bare ? datetime_put_offset(to, m->offset_s, full_offset)
                : datetime_put_gmt(p->names->gmt, to, m->offset_s, true);
}

static size_t put_zone(const weft_datetime_pattern *p, const weft_datetime_item *item,
                       const pattern_moment *m, char *to)
{
    const int32_t count = item->count;
    const int64_t offset_s = m->offset_s;
    const datetime_offset_form form = {.zulu = item->letter == 'X',
                                       .colon = count == 3 || count == 5,
                                       .hours_only = count == 1,
                                       .wants_seconds = count > 3};
    const datetime_offset_form plain = {.zulu = count == 5, .colon = count == 5, .wants_seconds = count == 5};
    switch (item->letter) {
    case 'X':
    case 'x': return datetime_put_offset(to, offset_s, form);
    case 'Z':
        return count == 4 ? datetime_put_gmt(p->names->gmt, to, offset_s, true)
                          : datetime_put_offset(to, offset_s, plain);
    case 'O': return datetime_put_gmt(p->names->gmt, to, offset_s, count == 4);
    case 'V': return put_text(to, p->zone_name, strlen(p->zone_name));
    default: return put_zone_name(p, item, m, to);
    }
}

static size_t put_year(const weft_datetime_item *item, int32_t year, bool era, char *to)
{
    const bool negative = !era && year < 0;
    const int32_t of_era = !era ? (negative ? -year : year) : year > 0 ? year : 1 - year;
    if (item->count == 2) return datetime_put_number(to, of_era % 100, 2);
    if (negative) {
        *to = '-';
        return 1 + datetime_put_number(to + 1, of_era, item->count);
    }
    const int32_t most = item->count == 4   ? 9999
                         : item->count == 5 ? 99999
                         : item->count == 6 ? 999999
                                            : INT32_MAX;
    if (item->count >= 4 && of_era > most) *to++ = '+';
    return datetime_put_number(to, of_era, item->count) + (item->count >= 4 && of_era > most);
}

static size_t put_day_number(int64_t day, int32_t digits, char *to)
{
    if (day >= 0) return datetime_put_number(to, day, digits);
    *to = '-';
    return 1 + datetime_put_number(to + 1, -day, digits);
}

size_t datetime_put_name(const char *name, char *to) { return put_text(to, name, strlen(name)); }

static size_t put_month(const weft_datetime_names *names, const weft_datetime_item *item, int32_t month,
                        char *to)
{
    const bool alone = item->letter == 'L';
    if (item->count < 3) return datetime_put_number(to, month, item->count);
    if (item->count == 3)
        return datetime_put_name((alone ? names->months_alone : names->months)[month - 1], to);
    return datetime_put_name((alone ? names->months_alone_long : names->months_long)[month - 1], to);
}

static size_t put_quarter(const weft_datetime_names *names, const weft_datetime_item *item, int32_t quarter,
                          char *to)
{
    const bool alone = item->letter == 'q';
    if (item->count < 3) return datetime_put_number(to, quarter, item->count);
    if (item->count == 3)
        return datetime_put_name((alone ? names->quarters_alone : names->quarters)[quarter - 1], to);
    return datetime_put_name((alone ? names->quarters_alone_long : names->quarters_long)[quarter - 1], to);
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
    case 'G': return datetime_put_name((count == 4 ? names->eras_long : names->eras)[m->civil.year > 0], to);
    case 'y': return put_year(item, m->civil.year, p->era, to);
    case 'M':
    case 'L': return put_month(names, item, m->civil.month, to);
    case 'g': return put_day_number((int64_t)m->days + DATETIME_DAY_OF_EPOCH, count, to);
    case 'd': return datetime_put_number(to, m->civil.day, count);
    case 'D': return datetime_put_number(to, m->days - weft_days_of_civil(m->civil.year, 1, 1) + 1, count);
    case 'Q':
    case 'q': return put_quarter(names, item, (m->civil.month - 1) / 3 + 1, to);
    case 'E': return datetime_put_name((count == 4 ? names->days_long : names->days)[weekday], to);
    case 'F': return datetime_put_number(to, (m->civil.day - 1) % 7 + 1, count);
    case 'a': return datetime_put_name(names->halves[hour >= 12], to);
    case 'H': return datetime_put_number(to, hour, count);
    case 'k': return datetime_put_number(to, hour == 0 ? 24 : hour, count);
    case 'K': return datetime_put_number(to, hour % 12, count);
    case 'h': return datetime_put_number(to, hour % 12 == 0 ? 12 : hour % 12, count);
    case 'm': return datetime_put_number(to, m->us / 60000000 % 60, count);
    case 's': return datetime_put_number(to, m->us / 1000000 % 60, count);
    case 'S':
        used = datetime_put_number(to, fraction / units[count], weft_min_i32(count, 6));
        for (int32_t k = 6; k < count; k++) to[used++] = '0';
        return used;
    case '[':
    case ']': return 0;
    default: return put_zone(p, item, m, to);
    }
}

size_t weft_datetime_format(const weft_datetime_pattern *pattern, weft_zone *zone, int64_t us, char *to)
{
    if (pattern->style != WEFT_DATETIME_OF_JAVA_TIME) return datetime_legacy_format(pattern, zone, us, to);
    const int64_t local = weft_zone_to_local(zone, us);
    pattern_moment m = {.days = weft_days_of_us(local), .us = weft_us_of_day(local)};
    size_t used = 0;
    m.civil = weft_civil_of_days(m.days);
    m.offset_s = (local - us) / 1000000;
    m.forward = pattern->zone_names.zones != NULL && weft_zone_is_forward(zone, us);
    for (int32_t k = 0; k < pattern->count; k++) used += put_item(pattern, &pattern->items[k], &m, to + used);
    return used;
}
