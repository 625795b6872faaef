/* engine/expr/zone.c - see zone.h. Between two changes local time is UTC and a constant; a change makes
 * clocks skip (the distance grows) or repeat (it shrinks) a stretch of local time, which is decided as Java
 * does it, and with it Spark. */
#include "engine/expr/zone.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/settings.h"
#include "engine/expr/calendar.h"
#include "engine/expr/function.h"
#include "engine/expr/zone_private.h"

enum { SECOND_US = 1000000, DAY_S = 86400, OFFSET_S_MAX = 18 * 3600, ZONE_FILE_BYTES_MAX = 1 << 18 };

weft_status weft_zone_new(weft_ctx *ctx, int32_t room, int32_t offset_s, weft_zone **out)
{
    weft_status st = WEFT_OK;
    weft_zone *zone = NULL;
    const size_t bytes = sizeof *zone + (size_t)room * sizeof zone->periods[0];
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, bytes, (void **)&zone));
    *zone = (weft_zone){.count = 1, .repeat_s = INT64_MAX};
    zone->periods[0] = (weft_zone_period){.from_s = INT64_MIN, .offset_s = offset_s};
    *out = zone;
done:
    return st;
}

void weft_zone_add(weft_zone *zone, int64_t from_s, int32_t offset_s)
{
    if (zone->periods[zone->count - 1].offset_s == offset_s) return;
    zone->periods[zone->count++] = (weft_zone_period){.from_s = from_s, .offset_s = offset_s};
}

void weft_zone_close(weft_zone **zone)
{
    weft_mem_free(*zone);
    *zone = NULL;
}

/* ---- looking up ---- */

static int64_t floor_seconds(int64_t us) { return us / SECOND_US - (us % SECOND_US < 0); }

static int64_t add_seconds(int64_t us, int64_t seconds)
{
    int64_t sum;
    if (!__builtin_add_overflow(us, seconds * SECOND_US, &sum)) return sum;
    return us < 0 ? INT64_MIN : INT64_MAX;
}

/* Whole cycles by which a second lies behind what the table spells out. */
static int64_t cycles_behind(const weft_zone *zone, int64_t second)
{
    return second < zone->repeat_s ? 0
                                   : ((second - zone->repeat_s) / WEFT_ZONE_CYCLE_S + 1) * WEFT_ZONE_CYCLE_S;
}

/* The period of a second that the table spells out. */
static int32_t period_of(weft_zone *zone, int64_t second)
{
    const weft_zone_period *p = zone->periods;
    int32_t low = zone->at, high = zone->at + 1;
    if (second >= p[low].from_s && (high == zone->count || second < p[high].from_s)) return low;
    low = 0;
    high = zone->count;
    while (high - low > 1) {
        const int32_t middle = low + (high - low) / 2;
        if (second >= p[middle].from_s)
            low = middle;
        else
            high = middle;
    }
    zone->at = low;
    return low;
}

static int32_t offset_at(weft_zone *zone, int64_t second)
{
    return zone->periods[period_of(zone, second - cycles_behind(zone, second))].offset_s;
}

int64_t weft_zone_to_local(weft_zone *zone, int64_t us)
{
    return zone == NULL ? us : add_seconds(us, offset_at(zone, floor_seconds(us)));
}

/* The period that local time belongs to: before a change up to the later of its two faces, so that what is
 * skipped or repeated belongs to the period before. */
static int32_t period_of_local(weft_zone *zone, int64_t local_s)
{
    const weft_zone_period *p = zone->periods;
    int32_t i = period_of(zone, local_s - 2 * DAY_S); /* no zone is that far from UTC */
    while (i + 1 < zone->count) {
        const int32_t further = weft_max_i32(p[i].offset_s, p[i + 1].offset_s);
        if (local_s < p[i + 1].from_s + further) break;
        i++;
    }
    return i;
}

int64_t weft_zone_to_utc(weft_zone *zone, int64_t local_us)
{
    if (zone == NULL) return local_us;
    const int64_t local_s = floor_seconds(local_us);
    const int32_t i = period_of_local(zone, local_s - cycles_behind(zone, local_s));
    return add_seconds(local_us, -zone->periods[i].offset_s);
}

int64_t weft_zone_to_utc_near(weft_zone *zone, int64_t local_us, int64_t origin_us)
{
    if (zone == NULL) return local_us;
    const int32_t wanted = offset_at(zone, floor_seconds(origin_us));
    const int64_t second = floor_seconds(local_us), local_s = second - cycles_behind(zone, second);
    const int32_t i = period_of_local(zone, local_s);
    const weft_zone_period *now = &zone->periods[i], *next = now + 1;
    const bool repeated = i + 1 < zone->count && next->offset_s < now->offset_s &&
                          local_s >= next->from_s + next->offset_s;
    return add_seconds(local_us, -(repeated && next->offset_s == wanted ? next : now)->offset_s);
}

/* What lasts for longer is the time of the zone, and no summer's; Morocco goes back for a month a year. */
enum { FORWARD_DAYS_MAX = 350 };

bool weft_zone_is_forward(weft_zone *zone, int64_t us)
{
    if (zone == NULL) return false;
    const int64_t second = floor_seconds(us);
    const int32_t i = period_of(zone, second - cycles_behind(zone, second));
    const weft_zone_period *p = &zone->periods[i];
    if (i == 0 || p->offset_s <= p[-1].offset_s) return false;
    if (i + 1 == zone->count) return zone->repeat_s != INT64_MAX;
    return p->offset_s > p[1].offset_s && p[1].from_s - p->from_s < FORWARD_DAYS_MAX * DAY_S;
}

int64_t weft_zone_midnight(weft_zone *zone, int32_t days)
{
    const int64_t second = (int64_t)days * DAY_S;
    int64_t utc_s = second;
    if (zone != NULL) {
        const int64_t behind = cycles_behind(zone, second), local_s = second - behind;
        const int32_t i = period_of_local(zone, local_s);
        const weft_zone_period *now = &zone->periods[i], *next = now + 1;
        const bool skipped = i + 1 < zone->count && next->offset_s > now->offset_s &&
                             local_s >= next->from_s + now->offset_s;
        utc_s = skipped ? next->from_s + behind : second - now->offset_s;
    }
    int64_t us;
    if (!__builtin_mul_overflow(utc_s, (int64_t)SECOND_US, &us)) return us;
    return utc_s < 0 ? INT64_MIN : INT64_MAX;
}

/* ---- names ---- */

/* A number of min to max digits. */
static bool take_number(const char **at, const char *end, int min, int max, int *out)
{
    int digits = 0;
    *out = 0;
    while (digits < max && *at < end && isdigit((unsigned char)**at)) {
        *out = *out * 10 + (*(*at)++ - '0');
        digits++;
    }
    return digits >= min;
}

bool weft_zone_parse_offset(const char *name, size_t len, int32_t *offset_s)
{
    static const char *const prefixes[] = {"UTC", "GMT", "UT", "Z"};
    const char *at = name, *end = name + len;
    int hours, minutes = 0, seconds = 0;
    for (int32_t k = 0; k < WEFT_COUNT(prefixes); k++) {
        const size_t prefix = strlen(prefixes[k]);
        if (prefix > len || memcmp(at, prefixes[k], prefix) != 0) continue;
        at += prefix;
        break;
    }
    *offset_s = 0;
    if (at == end) return at > name;
    const bool negative = *at == '-';
    if (!negative && *at != '+') return false;
    at++;
    if (!take_number(&at, end, 1, 2, &hours)) return false;
    if (at < end && *at == ':') at++;
    if (at < end && !take_number(&at, end, 1, 2, &minutes)) return false;
    if (at < end && *at == ':') at++;
    if (at < end && !take_number(&at, end, 1, 2, &seconds)) return false;
    const int32_t offset = (hours * 60 + minutes) * 60 + seconds;
    if (at < end || minutes > 59 || seconds > 59 || offset > OFFSET_S_MAX) return false;
    *offset_s = negative ? -offset : offset;
    return true;
}

/* Java's ZoneId.SHORT_IDS. */
static const char *short_name(const char *name)
{
    static const char *const names[][2] = {{"ACT", "Australia/Darwin"},
                                           {"AET", "Australia/Sydney"},
                                           {"AGT", "America/Argentina/Buenos_Aires"},
                                           {"ART", "Africa/Cairo"},
                                           {"AST", "America/Anchorage"},
                                           {"BET", "America/Sao_Paulo"},
                                           {"BST", "Asia/Dhaka"},
                                           {"CAT", "Africa/Harare"},
                                           {"CNT", "America/St_Johns"},
                                           {"CST", "America/Chicago"},
                                           {"CTT", "Asia/Shanghai"},
                                           {"EAT", "Africa/Addis_Ababa"},
                                           {"ECT", "Europe/Paris"},
                                           {"EST", "-05:00"},
                                           {"HST", "-10:00"},
                                           {"IET", "America/Indiana/Indianapolis"},
                                           {"IST", "Asia/Kolkata"},
                                           {"JST", "Asia/Tokyo"},
                                           {"MIT", "Pacific/Apia"},
                                           {"MST", "-07:00"},
                                           {"NET", "Asia/Yerevan"},
                                           {"NST", "Pacific/Auckland"},
                                           {"PLT", "Asia/Karachi"},
                                           {"PNT", "America/Phoenix"},
                                           {"PRT", "America/Puerto_Rico"},
                                           {"PST", "America/Los_Angeles"},
                                           {"SST", "Pacific/Guadalcanal"},
                                           {"VST", "Asia/Ho_Chi_Minh"}};
    for (int32_t k = 0; k < WEFT_COUNT(names); k++) {
        if (strcmp(names[k][0], name) == 0) return names[k][1];
    }
    return name;
}

bool weft_zone_is_region(const char *name) { return short_name(name) == name; }

/* Names become paths: letters, digits, _ + - and single slashes between. */
static bool name_is_safe(const char *name)
{
    if (!isalpha((unsigned char)name[0])) return false;
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '/' && (c[1] == '/' || c[1] == '\0')) return false;
        if (!isalnum((unsigned char)*c) && strchr("_+-/", *c) == NULL) return false;
    }
    return true;
}

static weft_status fail_unknown(weft_ctx *ctx, const char *name)
{
    const weft_status st = weft_fail(ctx, WEFT_CONFIG, "there is no time zone '%.60s'", name);
    weft_hint(
        ctx,
        "zones are named as in Europe/Berlin, UTC, +02:00; spark.sql.session.timeZone sets the session's");
    return st;
}

/* The whole file into a block that the caller frees; *len < 0: there is none. */
static weft_status read_file(weft_ctx *ctx, const char *path, uint8_t **bytes, ssize_t *len)
{
    weft_status st = WEFT_OK;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = 0;
    *len = -1;
    if (fd < 0) return WEFT_OK;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, ZONE_FILE_BYTES_MAX, (void **)bytes));
    for (ssize_t used = 0; used < ZONE_FILE_BYTES_MAX; used += got) {
        do {
            got = read(fd, *bytes + used, (size_t)(ZONE_FILE_BYTES_MAX - used));
        } while (got < 0 && errno == EINTR);
        if (got < 0) break; /* a folder, such as America */
        *len = used + got;
        if (got == 0) break;
    }
done:
    (void)close(fd);
    return st;
}

static weft_status open_file(weft_ctx *ctx, const char *name, weft_zone **out)
{
    weft_status st = WEFT_OK;
    const char *folder = getenv("TZDIR");
    char path[512];
    uint8_t *bytes = NULL;
    ssize_t len = -1;
    if (folder == NULL || folder[0] == '\0') folder = "/usr/share/zoneinfo";
    const int path_len = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!name_is_safe(name) || path_len < 0 || (size_t)path_len >= sizeof path)
        return fail_unknown(ctx, name);
    WEFT_TRY(st, read_file(ctx, path, &bytes, &len));
    const bool is_zone = len >= 4 && memcmp(bytes, "TZif", 4) == 0; /* the folder has tables, too */
    if (!is_zone) WEFT_TRY(st, fail_unknown(ctx, name));
    WEFT_TRY(st, weft_zone_parse(ctx, name, bytes, (size_t)len, out));
done:
    weft_mem_free(bytes);
    return st;
}

weft_status weft_zone_open(weft_ctx *ctx, const char *name, weft_zone **out)
{
    int32_t offset_s;
    *out = NULL;
    name = short_name(name);
    if (!weft_zone_parse_offset(name, strlen(name), &offset_s)) return open_file(ctx, name, out);
    return offset_s == 0 ? WEFT_OK : weft_zone_new(ctx, 1, offset_s, out);
}

weft_status weft_zone_find(weft_ctx *ctx, const char *name, size_t len, weft_zone **out, bool *found)
{
    char text[WEFT_ZONE_NAME_BYTES];
    *out = NULL;
    *found = false;
    if (len == 0 || len >= sizeof text || memchr(name, 0, len) != NULL) return WEFT_OK;
    memcpy(text, name, len);
    text[len] = '\0';
    const weft_status st = weft_zone_open(ctx, text, out);
    *found = st == WEFT_OK;
    if (st != WEFT_CONFIG) return st;
    weft_error_clear(ctx);
    return WEFT_OK;
}

weft_status weft_zone_open_given(weft_ctx *ctx, const char *name, size_t len, const weft_span *span,
                                 weft_zone **out)
{
    weft_status st = WEFT_OK;
    bool found = false;
    WEFT_TRY(st, weft_zone_find(ctx, name, len, out, &found));
    if (found) return WEFT_OK;
    st =
        weft_fail_at(ctx, WEFT_TIMEZONE, span,
                     "The timezone: %.*s is invalid. The timezone must be either a region-based zone ID such "
                     "as 'America/Los_Angeles' or a zone offset such as '+02:00'.",
                     (int)weft_min_i64((int64_t)len, 100), name);
done:
    return st;
}

weft_status weft_zone_open_session(weft_ctx *ctx, weft_zone **out)
{
    return weft_zone_open(ctx, weft_setting_text(ctx, WEFT_SET_TIME_ZONE), out);
}

bool weft_type_has_timestamp(weft_type type)
{
    bool has = type.id == WEFT_TYPE_TIMESTAMP || type.id == WEFT_TYPE_TIMESTAMP_NS ||
               type.id == WEFT_TYPE_VARIANT;
    for (int32_t i = 0; i < type.child_count; i++) has |= weft_type_has_timestamp(type.children[i].type);
    return has;
}

bool weft_zone_matters(const weft_expr *e)
{
    bool instant = e->type.id == WEFT_TYPE_TIMESTAMP, wall = false;
    if (e->kind == WEFT_EXPR_CAST) {
        const weft_type types[2] = {e->args[0]->type, e->type};
        if (weft_type_is_nested(types[0]) || types[0].id == WEFT_TYPE_VARIANT)
            return weft_type_has_timestamp(types[0]) || weft_type_has_timestamp(types[1]);
        for (int k = 0; k < 2; k++) {
            const uint8_t id = types[k].id;
            instant |= id == WEFT_TYPE_TIMESTAMP || id == WEFT_TYPE_TIMESTAMP_NS;
            wall |= id == WEFT_TYPE_STRING || id == WEFT_TYPE_DATE || id == WEFT_TYPE_TIMESTAMP_NTZ ||
                    id == WEFT_TYPE_TIMESTAMP_NTZ_NS || id == WEFT_TYPE_TIME;
        }
        return instant && wall;
    }
    if (e->kind != WEFT_EXPR_CALL || (e->call.function->flags & WEFT_FN_ZONED) == 0) return false;
    for (int32_t k = 0; k < e->arg_count; k++) instant |= e->args[k]->type.id == WEFT_TYPE_TIMESTAMP;
    return instant || e->arg_count == 0;
}
