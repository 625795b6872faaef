/* engine/expr/datetime_legacy_parse.c - reading text by a pattern of Spark 2, see datetime_legacy.h.
 *
 * A number takes all digits at hand, but where another one follows it directly (yyyyMMdd) no more than it has
 * letters; names are looked for in all their lengths, in any case. Reading stops behind the pattern. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "engine/expr/datetime_legacy.h"
#include "engine/expr/datetime_private.h"
#include "engine/expr/rebase.h"

enum {
    NUMBER_DIGITS_MAX = 18,         /* what fits 64 bits for certain */
    OFFSET_LEAST_S = -13 * 60 * 60, /* distances that java.util.Calendar takes when it is not lenient */
    OFFSET_MOST_S = 14 * 60 * 60
};

typedef struct legacy_reader {
    weft_ctx *ctx;
    weft_datetime_pattern *pattern;
    datetime_input in;
    legacy_fields fields;
    datetime_zone zone;
    int64_t fraction_us; /* of FastDateFormat, which has no limit of digits */
    bool ambiguous;      /* the year is the one in which the hundred years begin and end */
} legacy_reader;

static void set_field(legacy_reader *r, legacy_field field, int64_t value)
{
    r->fields.value[field] = (int32_t)value; /* cut as Java's intValue() */
    r->fields.stamp[field] = ++r->fields.stamp_last;
}

/* ---- numbers ---- */

static bool is_number(const weft_datetime_item *item)
{
    if (item->letter == 'M' || item->letter == 'L') return item->count < 3;
    return item->letter != 0 && strchr("yYdDFwWuHkKhmsS", item->letter) != NULL;
}

static bool is_fast(const legacy_reader *r) { return r->pattern->style == WEFT_DATETIME_FAST; }

static bool is_blank(const legacy_reader *r, char c)
{
    return c == ' ' || c == '\t' || (is_fast(r) && c >= '\n' && c <= '\r');
}

static void skip_blanks(legacy_reader *r)
{
    while (r->in.at < r->in.len && is_blank(r, r->in.text[r->in.at])) r->in.at++;
}

static bool read_digits(datetime_input *in, size_t end, int64_t *out)
{
    const size_t begin = in->at;
    int64_t value = 0;
    for (; in->at < end && isdigit((unsigned char)in->text[in->at]); in->at++) {
        if (in->at - begin >= NUMBER_DIGITS_MAX) return false;
        value = value * 10 + (in->text[in->at] - '0');
    }
    *out = value;
    return in->at > begin;
}

/* The number of item k. */
static bool read_field(legacy_reader *r, int32_t k, int64_t *out)
{
    const weft_datetime_pattern *const p = r->pattern;
    datetime_input *const in = &r->in;
    const bool limited = k + 1 < p->count && is_number(&p->items[k + 1]);
    const size_t most = in->at + p->items[k].count;
    if (is_fast(r)) {
        if (!limited) skip_blanks(r);
        return read_digits(in, limited && most < in->len ? most : in->len, out) && *out <= INT32_MAX;
    }
    skip_blanks(r);
    if (in->at == in->len || (limited && most > in->len)) return false;
    const bool minus = in->text[in->at] == '-';
    in->at += minus;
    if (!read_digits(in, limited ? most : in->len, out)) return false;
    if (minus) *out = -*out;
    return true;
}

/* Two digits, of up to two letters, are a year within the hundred years. */
static bool read_year(legacy_reader *r, int32_t k, legacy_field field)
{
    const datetime_input before = r->in;
    int64_t year;
    if (!read_field(r, k, &year)) return false;
    size_t digits = 0;
    for (size_t at = r->in.at; at > before.at && isdigit((unsigned char)r->in.text[at - 1]); at--) digits++;
    const bool is_short = is_fast(r) ? year < 100 : digits == 2 && year >= 0;
    if (r->pattern->items[k].count <= 2 && is_short) {
        const int64_t first = weft_civil_of_days(weft_days_of_us(r->pattern->century_us)).year;
        r->ambiguous = !is_fast(r) && field == LEGACY_YEAR && year == first % 100;
        year += first / 100 * 100 + (year < first % 100 ? 100 : 0);
    }
    set_field(r, field, year);
    return true;
}

/* ---- names ---- */

/* Names in full and short ones, the longest that fits. */
static bool read_either(legacy_reader *r, const char *const *names, const char *const *more, int32_t count,
                        int64_t *index)
{
    datetime_input other = r->in;
    int64_t of_more = 0;
    const bool found = datetime_read_name(&r->in, names, count, index);
    const bool found_more = datetime_read_name(&other, more, count, &of_more);
    if (!found_more || (found && other.at <= r->in.at)) return found;
    r->in = other;
    *index = of_more;
    return true;
}

/* SimpleDateFormat looks for anything only where a blank is not all that is left. */
static bool has_more(const legacy_reader *r)
{
    size_t at = r->in.at;
    while (at < r->in.len && is_blank(r, r->in.text[at])) at++;
    return at < r->in.len;
}

static bool read_named(legacy_reader *r, const weft_datetime_item *item)
{
    const weft_datetime_names *const n = r->pattern->names;
    int64_t index = 0;
    if (!has_more(r)) return false;
    switch (item->letter) {
    case 'G':
        if (!read_either(r, n->eras_long, n->eras, 2, &index)) return false;
        set_field(r, LEGACY_ERA, index);
        return true;
    case 'a':
        if (!datetime_read_name(&r->in, n->halves, 2, &index)) return false;
        set_field(r, LEGACY_HALF, index);
        return true;
    case 'E':
        if (!read_either(r, n->days_long, n->days, 7, &index)) return false;
        set_field(r, LEGACY_DAY_OF_WEEK, (index + 1) % 7 + 1);
        return true;
    default: {
        const bool alone = item->letter == 'L';
        if (!read_either(r, alone ? n->months_alone_long : n->months_long,
                         alone ? n->months_alone : n->months, 12, &index))
            return false;
        set_field(r, LEGACY_MONTH, index);
        return true;
    }
    }
}

/* ---- zones ---- */

static int32_t read_digit(datetime_input *in)
{
    if (in->at == in->len || !isdigit((unsigned char)in->text[in->at])) return -1;
    return in->text[in->at++] - '0';
}

/* hh, hhmm or hh:mm behind the sign; short_hours: the hours may have one digit. */
static bool read_offset(legacy_reader *r, bool colon, bool has_minutes, bool short_hours)
{
    datetime_input *const in = &r->in;
    const bool minus = in->text[in->at++] == '-';
    int32_t hours = read_digit(in), tens = 0, ones = 0;
    if (hours < 0) return false;
    const int32_t more = read_digit(in);
    if (more < 0 && !short_hours) return false;
    if (more >= 0) hours = hours * 10 + more;
    if (has_minutes) {
        if (colon && (in->at == in->len || in->text[in->at++] != ':')) return false;
        tens = read_digit(in);
        ones = tens < 0 ? -1 : read_digit(in);
    }
    if (hours > 23 || tens < 0 || tens > 5 || ones < 0) return false;
    r->zone.has_offset = true;
    r->zone.offset_s = (hours * 60 + tens * 10 + ones) * (minus ? -60 : 60);
    return is_fast(r) || (r->zone.offset_s >= OFFSET_LEAST_S && r->zone.offset_s <= OFFSET_MOST_S);
}

static bool has_sign(const datetime_input *in)
{
    return in->at < in->len && (in->text[in->at] == '+' || in->text[in->at] == '-');
}

/* Standard time of the zone, or summer time where the name is that of summer, whatever the day. */
static bool read_zone_name(legacy_reader *r)
{
    const char *const text = r->in.text + r->in.at;
    const size_t left = r->in.len - r->in.at;
    size_t bytes[2];
    const char *const zones[2] = {weft_zone_name_read(text, left, false, &bytes[0]),
                                  weft_zone_name_read(text, left, true, &bytes[1])};
    const int32_t longer = bytes[1] > bytes[0];
    const char *const name = zones[longer];
    weft_zone *zone = NULL;
    bool found = false;
    if (name == NULL) return false;
    const weft_status st = weft_zone_find(r->ctx, name, strlen(name), &zone, &found);
    if (st != WEFT_OK) r->pattern->failed = st;
    if (!found) return false;
    const weft_zone_names *const names = weft_zone_names_find(name);
    const char *const summer = names == NULL ? "" : longer ? names->summer_long : names->summer;
    const bool is_summer = strlen(summer) == bytes[longer] && strncasecmp(text, summer, bytes[longer]) == 0;
    const int64_t offset_us = is_summer ? weft_rebase_summer_offset(zone) : weft_rebase_old_offset(zone);
    weft_zone_close(&zone);
    r->zone.has_offset = true;
    r->zone.offset_s = (int32_t)(offset_us / 1000000);
    r->in.at += bytes[longer];
    return true;
}

static bool read_zone(legacy_reader *r, const weft_datetime_item *item)
{
    datetime_input *const in = &r->in;
    const bool iso = item->letter == 'X' || (item->letter == 'Z' && item->count == 2 && is_fast(r));
    const int32_t form = item->letter == 'X' ? item->count : 3;
    if (!is_fast(r)) skip_blanks(r);
    if (iso) {
        if (in->at < in->len && in->text[in->at] == 'Z') {
            in->at++;
            r->zone.has_offset = true;
            return true;
        }
        return has_sign(in) && read_offset(r, form == 3, form > 1, false);
    }
    if (has_sign(in)) return read_offset(r, false, true, false);
    if (datetime_read_text(in, "GMT", 3) || datetime_read_text(in, "UTC", 3)) {
        r->zone.has_offset = true;
        return !has_sign(in) || read_offset(r, true, true, true);
    }
    return read_zone_name(r);
}

/* ---- all ---- */

static bool read_number_item(legacy_reader *r, int32_t k)
{
    const weft_datetime_item *const item = &r->pattern->items[k];
    int64_t value = 0;
    if (item->letter == 'y') return read_year(r, k, LEGACY_YEAR);
    if (item->letter == 'Y') return read_year(r, k, LEGACY_WEEK_YEAR);
    if (!read_field(r, k, &value)) return false;
    switch (item->letter) {
    case 'M':
    case 'L': set_field(r, LEGACY_MONTH, value - 1); return true;
    case 'd': set_field(r, LEGACY_DAY, value); return true;
    case 'D': set_field(r, LEGACY_DAY_OF_YEAR, value); return true;
    case 'F': set_field(r, LEGACY_DAY_OF_WEEK_IN_MONTH, value); return true;
    case 'w': set_field(r, LEGACY_WEEK_OF_YEAR, value); return true;
    case 'W': set_field(r, LEGACY_WEEK_OF_MONTH, value); return true;
    case 'u': set_field(r, LEGACY_DAY_OF_WEEK, value == 7 ? 1 : value + 1); return true;
    case 'H': set_field(r, LEGACY_HOUR, value); return true;
    case 'K': set_field(r, LEGACY_HALF_HOUR, value); return true;
    case 'k':
        set_field(r, LEGACY_HOUR, value == 24 ? 0 : value);
        return is_fast(r) || (value >= 1 && value <= 24);
    case 'h':
        set_field(r, LEGACY_HALF_HOUR, value == 12 ? 0 : value);
        return is_fast(r) || (value >= 1 && value <= 12);
    case 'm': set_field(r, LEGACY_MINUTE, value); return true;
    case 's': set_field(r, LEGACY_SECOND, value); return true;
    default: break;
    }
    if (!is_fast(r)) {
        set_field(r, LEGACY_MILLISECOND, value);
        return true;
    }
    r->fraction_us = value * 1000000; /* the digits count as the last ones of so many as it has letters */
    for (int32_t digit = 0; digit < item->count; digit++) r->fraction_us /= 10;
    return true;
}

static bool read_item(legacy_reader *r, int32_t k)
{
    const weft_datetime_pattern *const p = r->pattern;
    const weft_datetime_item *const item = &p->items[k];
    const char *const text = r->in.text + r->in.at;
    switch (item->letter) {
    case 0:
        if (r->in.len - r->in.at < item->len || memcmp(text, p->bytes + item->begin, item->len) != 0)
            return false;
        r->in.at += item->len;
        return true;
    case 'z':
    case 'Z':
    case 'X': return read_zone(r, item);
    default: return is_number(item) ? read_number_item(r, k) : read_named(r, item);
    }
}

/* The instant of local time by Java's older calendar: of two the later one, which has standard time.
 * *skipped: clocks were put forward over it. */
static int64_t instant_of(weft_zone *zone, int64_t local_us, bool *skipped)
{
    *skipped = false;
    int64_t us, later;
    if (local_us < WEFT_REBASE_US)
        return __builtin_sub_overflow(local_us, weft_rebase_old_offset(zone), &us) ? INT64_MIN : us;
    us = weft_zone_to_utc(zone, local_us);
    *skipped = weft_zone_to_local(zone, us) != local_us;
    if (*skipped || __builtin_add_overflow(us, WEFT_DAY_US, &later)) return us;
    return weft_zone_to_utc_near(zone, local_us, later);
}

static bool legacy_instant(const legacy_reader *r, weft_zone *zone, int64_t *us)
{
    const bool strict = !is_fast(r);
    bool skipped = false;
    int64_t local;
    if (!legacy_local_us(&r->fields, strict, &local)) return false;
    if (__builtin_add_overflow(local, r->fraction_us, &local)) return false;
    if (r->zone.has_offset) return !__builtin_sub_overflow(local, r->zone.offset_s * INT64_C(1000000), us);
    *us = instant_of(zone, local, &skipped);
    return !skipped || !strict;
}

void datetime_legacy_parse(weft_ctx *ctx, weft_datetime_pattern *pattern, weft_zone *zone, const char *text,
                           size_t len, weft_datetime_reading *out)
{
    legacy_reader r = {.ctx = ctx, .pattern = pattern, .in = {.text = text, .len = len}};
    int64_t us = 0;
    for (int32_t k = 0; k < pattern->count; k++)
        if (!read_item(&r, k)) return;
    out->fits = legacy_instant(&r, zone, &us);
    if (r.ambiguous && us < pattern->century_us) {
        r.fields.value[LEGACY_YEAR] += 100;
        out->fits = legacy_instant(&r, zone, &us);
    }
    out->us = weft_rebase_us(zone, us);
    out->zoned = r.zone.has_offset;
}
