/* engine/expr/datetime_zone.c - reading time zones by the letters V z O X x Z.
 *
 * As DateTimeFormatterBuilder has it: X, x and Z are distances in one form each, O and ZZZZ stand behind what
 * the locale has for GMT, V and z are a zone of the tz database, a distance, or (z) a name in English. */
#include <ctype.h>
#include <string.h>

#include "engine/expr/datetime_private.h"
#include "engine/expr/zone_names.h"

enum { OFFSET_S_MAX = 18 * 3600 };

static int32_t digit_at(const datetime_input *in, size_t at)
{
    return at < in->len && isdigit((unsigned char)in->text[at]) ? in->text[at] - '0' : -1;
}

/* Two digits below 60 at in->at, which moves on; -1: they are not there. */
static int32_t take_two(datetime_input *in, int32_t most)
{
    const int32_t tens = digit_at(in, in->at), ones = tens < 0 ? -1 : digit_at(in, in->at + 1);
    if (ones < 0 || tens * 10 + ones > most) return -1;
    in->at += 2;
    return tens * 10 + ones;
}

static bool take_char(datetime_input *in, char c)
{
    if (in->at == in->len || in->text[in->at] != c) return false;
    in->at++;
    return true;
}

bool datetime_set_offset(datetime_zone *zone, bool minus, int32_t hours, int32_t minutes, int32_t seconds)
{
    const int32_t size = (hours * 60 + minutes) * 60 + seconds;
    zone->has_offset = true;
    zone->offset_s = minus ? -size : size;
    return size <= OFFSET_S_MAX;
}

typedef struct offset_form {
    const char *zero; /* what stands for no distance */
    bool colons, needs_minutes, takes_seconds;
} offset_form;

static bool read_offset(datetime_input *in, const offset_form *form, datetime_zone *zone)
{
    if (datetime_read_text(in, form->zero, strlen(form->zero)))
        return datetime_set_offset(zone, false, 0, 0, 0);
    const bool minus = in->at < in->len && in->text[in->at] == '-';
    if (!minus && (in->at == in->len || in->text[in->at] != '+')) return false;
    in->at++;
    const int32_t hours = take_two(in, 99);
    if (hours < 0) return false;
    const datetime_input before = *in;
    int32_t minutes = form->colons && !take_char(in, ':') ? -1 : take_two(in, 59), seconds = 0;
    if (minutes < 0) {
        *in = before;
        return !form->needs_minutes && datetime_set_offset(zone, minus, hours, 0, 0);
    }
    if (form->takes_seconds) {
        const datetime_input short_of = *in;
        seconds = form->colons && !take_char(in, ':') ? -1 : take_two(in, 59);
        if (seconds < 0) {
            *in = short_of;
            seconds = 0;
        }
    }
    return datetime_set_offset(zone, minus, hours, minutes, seconds);
}

/* GMT, GMT+1, GMT+1:30; in_full: GMT+01:30. */
static bool read_gmt(datetime_input *in, const char *gmt, bool in_full, datetime_zone *zone)
{
    if (!datetime_read_text(in, gmt, strlen(gmt))) return false;
    const bool minus = in->at < in->len && in->text[in->at] == '-';
    if (!minus && (in->at == in->len || in->text[in->at] != '+'))
        return datetime_set_offset(zone, false, 0, 0, 0);
    in->at++;
    int32_t hours = take_two(in, 99), minutes = 0, seconds = 0;
    if (hours < 0 && !in_full && (hours = digit_at(in, in->at)) >= 0) in->at++;
    if (hours < 0) return false;
    for (int32_t k = 0; k < 2; k++) {
        const datetime_input before = *in;
        int32_t *const part = k == 0 ? &minutes : &seconds;
        *part = take_char(in, ':') ? take_two(in, 59) : -1;
        if (*part >= 0) continue;
        *in = before;
        *part = 0;
        if (k == 0 && in_full) return false;
        break;
    }
    return datetime_set_offset(zone, minus, hours, minutes, seconds);
}

/* ---- zones by name ---- */

/* Take the zone of that name; the one read last is at hand. */
static bool open_zone(weft_ctx *ctx, weft_datetime_pattern *p, const char *name, size_t len,
                      datetime_zone *zone)
{
    if (len >= sizeof p->read_name) return false;
    if (p->read_name[0] == '\0' || strlen(p->read_name) != len || memcmp(p->read_name, name, len) != 0) {
        char copy[WEFT_ZONE_NAME_BYTES];
        weft_zone *opened = NULL;
        bool found = false;
        memcpy(copy, name, len);
        copy[len] = '\0';
        if (!weft_zone_is_region(copy)) return false;
        const weft_status st = weft_zone_find(ctx, copy, len, &opened, &found);
        if (st != WEFT_OK) p->failed = st;
        if (!found) return false;
        weft_zone_close(&p->read);
        p->read = opened;
        memcpy(p->read_name, copy, len + 1);
    }
    zone->has_zone = true;
    zone->zone = p->read;
    return true;
}

/* The longest name of the tz database with which the text goes on; 0: none. */
static size_t read_region(weft_ctx *ctx, weft_datetime_pattern *p, const datetime_input *in, size_t least,
                          datetime_zone *zone)
{
    const char *text = in->text + in->at;
    const size_t left = in->len - in->at;
    size_t len = 0;
    while (len < left && len < WEFT_ZONE_NAME_BYTES - 1 &&
           (isalnum((unsigned char)text[len]) || strchr("/_+-", text[len]) != NULL))
        len++;
    for (; len > least && isalpha((unsigned char)text[0]); len--) {
        const bool cut = len < left && isalnum((unsigned char)text[len]) &&
                         isalnum((unsigned char)text[len - 1]);
        if (!cut && open_zone(ctx, p, text, len, zone)) return len;
    }
    return 0;
}

/* What may stand behind UTC, UT or GMT: a distance, else nothing of the zone. */
static bool read_behind(datetime_input *in, datetime_zone *zone)
{
    static const offset_form form = {
        .zero = "0", .colons = true, .needs_minutes = true, .takes_seconds = true};
    const datetime_input before = *in;
    const bool bare = in->at == in->len || in->text[in->at] == '0' || in->text[in->at] == 'Z';
    if (!bare && read_offset(in, &form, zone)) return true;
    *in = before;
    return datetime_set_offset(zone, false, 0, 0, 0);
}

static bool read_named(weft_ctx *ctx, weft_datetime_pattern *p, const weft_datetime_item *item,
                       datetime_input *in, datetime_zone *zone)
{
    static const offset_form plain = {
        .zero = "Z", .colons = true, .needs_minutes = true, .takes_seconds = true};
    size_t bytes = 0;
    if (in->at == in->len) return false;
    if (in->text[in->at] == '+' || in->text[in->at] == '-') return read_offset(in, &plain, zone);
    if (datetime_read_text(in, "UTC", 3) || datetime_read_text(in, "UT", 2)) return read_behind(in, zone);
    if (datetime_read_text(in, "GMT0", 4)) return datetime_set_offset(zone, false, 0, 0, 0);
    if (datetime_read_text(in, "GMT", 3)) return read_behind(in, zone);
    const char *named = item->letter == 'z' ? weft_zone_name_read(in->text + in->at, in->len - in->at,
                                                                  item->count == 4, &bytes)
                                            : NULL;
    const size_t region = read_region(ctx, p, in, bytes, zone);
    if (region == 0 && named == NULL)
        return datetime_read_text(in, "Z", 1) && datetime_set_offset(zone, false, 0, 0, 0);
    in->at += region > 0 ? region : bytes;
    return region > 0 || open_zone(ctx, p, named, strlen(named), zone);
}

bool datetime_read_zone(weft_ctx *ctx, weft_datetime_pattern *p, const weft_datetime_item *item,
                        datetime_input *in, datetime_zone *zone)
{
    static const char *const zeros[] = {"+00", "+0000", "+00:00", "+0000", "+00:00"};
    const int32_t count = item->count;
    offset_form form = {.zero = item->letter == 'X' ? "Z" : zeros[count - 1],
                        .colons = count == 3 || count == 5,
                        .needs_minutes = count > 1,
                        .takes_seconds = count > 3};
    *zone = (datetime_zone){0};
    switch (item->letter) {
    case 'V':
    case 'z': return read_named(ctx, p, item, in, zone);
    case 'O': return read_gmt(in, p->names->gmt, count == 4, zone);
    case 'Z':
        if (count == 4) return read_gmt(in, p->names->gmt, true, zone);
        form = (offset_form){.zero = count == 5 ? "Z" : "+0000",
                             .colons = count == 5,
                             .needs_minutes = true,
                             .takes_seconds = count == 5};
        return read_offset(in, &form, zone);
    default: return read_offset(in, &form, zone);
    }
}
