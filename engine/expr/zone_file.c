/* engine/expr/zone_file.c - zones from TZif files (RFC 8536): changes that the file lists, and those that its
 * last line, a rule as in POSIX's TZ, gives for all years after them.
 *
 * The rule is spelled out for one cycle of the calendar; later times are looked up a number of cycles before.
 */
#include <ctype.h>
#include <string.h>

#include "engine/expr/calendar.h"
#include "engine/expr/zone_private.h"

enum { HEADER_BYTES = 44, CHANGES_MAX = 4096, TYPES_MAX = 256, TYPE_BYTES = 6, OFFSET_S_MAX = 26 * 3600 };

typedef struct zone_reader {
    weft_ctx *ctx;
    const char *name;
    const uint8_t *at, *end;
} zone_reader;

static weft_status fail_damaged(const zone_reader *r, const char *what)
{
    return weft_fail(r->ctx, WEFT_CORRUPT, "the file of the time zone %.60s is damaged: %s", r->name, what);
}

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_i64(const uint8_t *at)
{
    return (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
}

/* One of the two blocks of the file: header, changes, types. */
typedef struct zone_block {
    uint32_t is_utc, is_standard, leaps, changes, types, letters;
    char version;
    size_t bytes; /* behind the header */
} zone_block;

static weft_status read_header(zone_reader *r, size_t time_bytes, zone_block *b)
{
    if ((size_t)(r->end - r->at) < HEADER_BYTES || memcmp(r->at, "TZif", 4) != 0)
        return fail_damaged(r, "it has no header");
    const uint8_t *counts = r->at + 20;
    *b = (zone_block){.is_utc = read_u32(counts),
                      .is_standard = read_u32(counts + 4),
                      .leaps = read_u32(counts + 8),
                      .changes = read_u32(counts + 12),
                      .types = read_u32(counts + 16),
                      .letters = read_u32(counts + 20),
                      .version = (char)r->at[4]};
    if (b->is_utc > TYPES_MAX || b->is_standard > TYPES_MAX || b->leaps > CHANGES_MAX ||
        b->changes > CHANGES_MAX || b->types > TYPES_MAX || b->letters > CHANGES_MAX) {
        return fail_damaged(r, "it counts more than there can be");
    }
    r->at += HEADER_BYTES;
    b->bytes = b->changes * (time_bytes + 1) + b->types * TYPE_BYTES + b->letters +
               b->leaps * (time_bytes + 4) + b->is_standard + b->is_utc;
    if ((size_t)(r->end - r->at) < b->bytes) return fail_damaged(r, "it ends too early");
    return WEFT_OK;
}

/* ---- the rule of the last line ---- */

typedef struct zone_day { /* a day of the year on which clocks are changed, and when */
    char kind; /* 'M': week-th weekday of month; 'J': day 1..365, never February 29; 'N': day 0..365 */
    int month, week, day;
    int32_t time_s; /* by the clock that is changed */
} zone_day;

typedef struct zone_rule {
    int32_t standard_s, summer_s; /* local time less UTC */
    bool summer;
    zone_day begin, end;
} zone_rule;

static bool rule_name(const char **at)
{
    const char *from = *at;
    if (*from == '<') {
        const char *close = strchr(from, '>');
        if (close == NULL) return false;
        *at = close + 1;
        return true;
    }
    while (isalpha((unsigned char)**at)) (*at)++;
    return *at - from >= 3;
}

static bool rule_number(const char **at, int max, int *out)
{
    int value = 0;
    const char *from = *at;
    while (isdigit((unsigned char)**at) && *at - from < 3) value = value * 10 + (*(*at)++ - '0');
    *out = value;
    return *at > from && value <= max;
}

/* [+-]h[h[h]][:mm[:ss]] */
static bool rule_time(const char **at, int32_t *out)
{
    int hours, minutes = 0, seconds = 0;
    const bool negative = **at == '-';
    if (negative || **at == '+') (*at)++;
    if (!rule_number(at, 167, &hours)) return false;
    if (**at == ':' && ((*at)++, !rule_number(at, 59, &minutes))) return false;
    if (**at == ':' && ((*at)++, !rule_number(at, 59, &seconds))) return false;
    *out = (hours * 60 + minutes) * 60 + seconds;
    if (negative) *out = -*out;
    return true;
}

static bool rule_day(const char **at, zone_day *day)
{
    *day = (zone_day){.kind = 'N', .time_s = 2 * 3600};
    if (*(*at)++ != ',') return false;
    if (**at == 'M') {
        day->kind = *(*at)++;
        if (!rule_number(at, 12, &day->month) || day->month < 1 || *(*at)++ != '.') return false;
        if (!rule_number(at, 5, &day->week) || day->week < 1 || *(*at)++ != '.') return false;
        if (!rule_number(at, 6, &day->day)) return false;
    } else {
        if (**at == 'J') day->kind = *(*at)++;
        if (!rule_number(at, 365, &day->day) || (day->kind == 'J' && day->day < 1)) return false;
    }
    if (**at != '/') return true;
    (*at)++;
    return rule_time(at, &day->time_s);
}

static bool rule_parse(const char *text, zone_rule *rule)
{
    const char *at = text;
    *rule = (zone_rule){0};
    if (!rule_name(&at) || !rule_time(&at, &rule->standard_s)) return false;
    rule->standard_s = -rule->standard_s; /* POSIX counts to the west */
    if (*at == '\0') return true;
    rule->summer = true;
    rule->summer_s = rule->standard_s + 3600;
    if (!rule_name(&at)) return false;
    if (*at != ',' && *at != '\0') {
        if (!rule_time(&at, &rule->summer_s)) return false;
        rule->summer_s = -rule->summer_s;
    }
    return rule_day(&at, &rule->begin) && rule_day(&at, &rule->end) && *at == '\0';
}

/* The second of the year's change by the clock before it, as if that were UTC. */
static int64_t rule_moment(const zone_day *day, int32_t year)
{
    int32_t days = weft_days_of_civil(year, 1, 1);
    if (day->kind == 'M') {
        const int32_t first = weft_days_of_civil(year, day->month, 1);
        const int32_t weekday = (first % 7 + 7 + 4) % 7; /* Sunday is 0; 1970-01-01 was a Thursday */
        int32_t of_month = (day->day - weekday + 7) % 7 + (day->week - 1) * 7;
        while (of_month >= weft_days_in_month(year, day->month)) of_month -= 7; /* week 5 is the last one */
        days = first + of_month;
    } else {
        const bool leap = weft_days_in_month(year, 2) == 29;
        days += day->kind == 'J' ? day->day - 1 + (leap && day->day >= 60) : day->day;
    }
    return (int64_t)days * 86400 + day->time_s;
}

/* Two changes a year, those behind the last that is listed. */
static void rule_expand(weft_zone *zone, const zone_rule *rule)
{
    const int64_t last =
        zone->count > 1 ? weft_max_i64(zone->periods[zone->count - 1].from_s, -((int64_t)1 << 36)) : 0;
    const int32_t from = weft_year_of_days((int32_t)(last / 86400));
    for (int32_t year = from; year <= from + WEFT_ZONE_CYCLE_YEARS + 2; year++) {
        const int64_t begin = rule_moment(&rule->begin, year) - rule->standard_s;
        const int64_t end = rule_moment(&rule->end, year) - rule->summer_s;
        const int64_t first = begin < end ? begin : end, second = begin < end ? end : begin;
        const int32_t then = begin < end ? rule->summer_s : rule->standard_s;
        const int32_t after = begin < end ? rule->standard_s : rule->summer_s;
        if (first > last && first > zone->periods[zone->count - 1].from_s) weft_zone_add(zone, first, then);
        if (second > last && second > zone->periods[zone->count - 1].from_s)
            weft_zone_add(zone, second, after);
    }
    zone->repeat_s = (int64_t)weft_days_of_civil(from + 1 + WEFT_ZONE_CYCLE_YEARS, 1, 1) * 86400;
}

/* ---- the file ---- */

static weft_status read_changes(const zone_reader *r, const zone_block *b, size_t time_bytes, weft_zone *zone)
{
    const uint8_t *times = r->at, *indexes = times + b->changes * time_bytes, *types = indexes + b->changes;
    int64_t before = INT64_MIN;
    for (uint32_t i = 0; i < b->types; i++) {
        const int32_t offset = (int32_t)read_u32(types + i * TYPE_BYTES);
        if (offset > OFFSET_S_MAX || offset < -OFFSET_S_MAX)
            return fail_damaged(r, "a distance is too large");
    }
    zone->periods[0].offset_s = (int32_t)read_u32(types); /* before the first change the first type holds */
    for (uint32_t i = 0; i < b->changes; i++) {
        const int64_t time = time_bytes == 8 ? read_i64(times + i * 8)
                                             : (int64_t)(int32_t)read_u32(times + i * 4);
        if (time <= before || indexes[i] >= b->types) return fail_damaged(r, "its changes are out of order");
        if (time < -((int64_t)1 << 60) || time > (int64_t)1 << 40)
            return fail_damaged(r, "a change is too far");
        before = time;
        weft_zone_add(zone, time, (int32_t)read_u32(types + indexes[i] * TYPE_BYTES));
    }
    return WEFT_OK;
}

/* The line at the end; without one there is no summer time. */
static weft_status read_rule(const zone_reader *r, zone_rule *rule)
{
    char text[128];
    *rule = (zone_rule){0};
    const size_t left = (size_t)(r->end - r->at);
    if (left == 0) return WEFT_OK;
    const uint8_t *close = left > 1 ? memchr(r->at + 1, '\n', left - 1) : NULL;
    if (r->at[0] != '\n' || close == NULL) return fail_damaged(r, "its last line is none");
    const size_t len = (size_t)(close - r->at) - 1;
    if (len == 0) return WEFT_OK;
    if (len >= sizeof text) return fail_damaged(r, "its last line is too long");
    memcpy(text, r->at + 1, len);
    text[len] = '\0';
    if (strlen(text) != len || !rule_parse(text, rule)) return fail_damaged(r, "its last line is no rule");
    return WEFT_OK;
}

weft_status weft_zone_parse(weft_ctx *ctx, const char *name, const uint8_t *bytes, size_t len,
                            weft_zone **out)
{
    weft_status st = WEFT_OK;
    zone_reader r = {.ctx = ctx, .name = name, .at = bytes, .end = bytes + len};
    zone_block b;
    zone_rule rule = {0};
    weft_zone *zone = NULL;
    size_t time_bytes = 4;

    *out = NULL;
    WEFT_TRY(st, read_header(&r, time_bytes, &b));
    if (b.version >= '2') { /* the block of 32-bit times is there for old readers only */
        r.at += b.bytes;
        time_bytes = 8;
        WEFT_TRY(st, read_header(&r, time_bytes, &b));
    }
    if (b.types == 0) {
        st = fail_damaged(&r, "it has no type");
        goto done;
    }
    const int32_t room = (int32_t)b.changes + 2 * (WEFT_ZONE_CYCLE_YEARS + 3) + 1;
    WEFT_TRY(st, weft_zone_new(ctx, room, 0, &zone));
    WEFT_TRY(st, read_changes(&r, &b, time_bytes, zone));
    r.at += b.bytes;
    if (time_bytes == 8) WEFT_TRY(st, read_rule(&r, &rule));
    if (rule.summer) rule_expand(zone, &rule);
    *out = zone;
    zone = NULL;
done:
    weft_zone_close(&zone);
    return st;
}
