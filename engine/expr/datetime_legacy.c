/* engine/expr/datetime_legacy.c - the calendar of datetime_legacy.h, and formatting. Facts: the documentation
 * of java.util.GregorianCalendar, java.text.SimpleDateFormat and FastDateFormat. */
#include "engine/expr/datetime_legacy.h"

#include <stdio.h>
#include <string.h>

#include "engine/expr/calendar.h"
#include "engine/expr/datetime_private.h"
#include "engine/expr/rebase.h"

enum {
    EPOCH_YEAR = 1970,
    YEARS_MAX = 300000, /* beyond, microseconds leave 64 bits */
    SUNDAY = 1
};

bool datetime_legacy_letter(char letter, int32_t count)
{
    return strchr("GyMdkHmsSEDFwWahKzZYuXL", letter) != NULL && (letter != 'X' || count <= 3);
}

int64_t datetime_legacy_century(weft_ctx *ctx)
{
    const int64_t now = ctx->clock->wall_us(ctx->clock->self);
    int32_t days = weft_days_of_us(now);
    (void)weft_days_add_months(days, -80 * 12, &days); /* of now it leaves no range */
    return days * (int64_t)WEFT_DAY_US + weft_us_of_day(now);
}

/* ---- days ---- */

/* 0: Sunday. */
static int32_t weekday_of(int64_t days) { return (int32_t)(((days + 4) % 7 + 7) % 7); }

/* The last day up to `days` that is that weekday (1: Sunday). */
static int64_t weekday_until(int64_t days, int64_t weekday)
{
    return days - (((weekday_of(days) - (weekday - SUNDAY)) % 7 + 7) % 7);
}

/* A day of a month, which may be any number of months from January on. */
static int64_t day_of_month(int64_t year, int64_t month, int64_t day)
{
    const int64_t rest = (month % 12 + 12) % 12;
    return weft_julian_days_of_civil((int32_t)(year + (month - rest) / 12), (int32_t)rest + 1, day);
}

static int64_t month_begin(int64_t year, int64_t month) { return day_of_month(year, month, 1); }

/* The Sunday with which the first week of a year or month begins. */
static int64_t weeks_begin(int64_t first_day) { return weekday_until(first_day, SUNDAY); }

void legacy_fields_of(int32_t days, int64_t us_of_day, legacy_fields *out)
{
    const weft_civil civil = weft_julian_civil_of_days(days);
    const int64_t new_year = month_begin(civil.year, 0), month = month_begin(civil.year, civil.month - 1);
    const int64_t next_weeks = weeks_begin(month_begin((int64_t)civil.year + 1, 0));
    const bool of_next = days >= next_weeks;
    const int64_t seconds = us_of_day / 1000000;
    int32_t *const v = out->value;
    *out = (legacy_fields){0};
    v[LEGACY_ERA] = civil.year > 0;
    v[LEGACY_YEAR] = civil.year > 0 ? civil.year : 1 - civil.year;
    v[LEGACY_WEEK_YEAR] = civil.year + of_next;
    v[LEGACY_MONTH] = civil.month - 1;
    v[LEGACY_WEEK_OF_YEAR] = of_next ? 1 : (int32_t)((days - weeks_begin(new_year)) / 7 + 1);
    v[LEGACY_WEEK_OF_MONTH] = (int32_t)((days - weeks_begin(month)) / 7 + 1);
    v[LEGACY_DAY] = civil.day;
    v[LEGACY_DAY_OF_YEAR] = (int32_t)(days - new_year + 1);
    v[LEGACY_DAY_OF_WEEK] = weekday_of(days) + SUNDAY;
    v[LEGACY_DAY_OF_WEEK_IN_MONTH] = (civil.day - 1) / 7 + 1;
    v[LEGACY_HOUR] = (int32_t)(seconds / 3600);
    v[LEGACY_HALF] = v[LEGACY_HOUR] / 12;
    v[LEGACY_HALF_HOUR] = v[LEGACY_HOUR] % 12;
    v[LEGACY_MINUTE] = (int32_t)(seconds / 60 % 60);
    v[LEGACY_SECOND] = (int32_t)(seconds % 60);
    v[LEGACY_MILLISECOND] = (int32_t)(us_of_day / 1000 % 1000);
}

/* ---- which fields say the day ---- */

static int32_t stamp_of_both(const legacy_fields *f, legacy_field a, legacy_field b)
{
    if (f->stamp[a] == 0 || f->stamp[b] == 0) return 0;
    return weft_max_i32(f->stamp[a], f->stamp[b]);
}

/* The field that says the day, together with the month or the day of the week where it needs them: of the
 * combinations that are whole the one that was set last, else of the fields alone. */
static legacy_field day_field(const legacy_fields *f)
{
    static const legacy_field fields[] = {LEGACY_DAY, LEGACY_WEEK_OF_MONTH, LEGACY_DAY_OF_WEEK_IN_MONTH,
                                          LEGACY_DAY_OF_YEAR, LEGACY_WEEK_OF_YEAR};
    legacy_field best = LEGACY_DAY;
    int32_t last = 0;
    for (int32_t i = 0; i < WEFT_COUNT(fields); i++) {
        const bool alone = fields[i] == LEGACY_DAY || fields[i] == LEGACY_DAY_OF_YEAR;
        const int32_t stamp = alone ? f->stamp[fields[i]] : stamp_of_both(f, fields[i], LEGACY_DAY_OF_WEEK);
        if (stamp <= last) continue;
        best = fields[i];
        last = stamp;
    }
    if (last > 0) return best;
    const int32_t week_of_month = f->stamp[LEGACY_WEEK_OF_MONTH], week = f->stamp[LEGACY_WEEK_OF_YEAR];
    const int32_t in_month =
        weft_max_i32(f->stamp[LEGACY_DAY_OF_WEEK_IN_MONTH], f->stamp[LEGACY_DAY_OF_WEEK]);
    if (week > week_of_month && week > in_month) return LEGACY_WEEK_OF_YEAR;
    if (week_of_month == 0 && in_month == 0) return LEGACY_DAY;
    return week_of_month >= in_month ? LEGACY_WEEK_OF_MONTH : LEGACY_DAY_OF_WEEK_IN_MONTH;
}

static int64_t value_or(const legacy_fields *f, legacy_field field, int64_t otherwise)
{
    return f->stamp[field] > 0 ? f->value[field] : otherwise;
}

/* The day of the week of a week that begins on that Sunday. */
static int64_t day_of_week(const legacy_fields *f, int64_t sunday, int64_t week)
{
    return weekday_until(sunday + 6, value_or(f, LEGACY_DAY_OF_WEEK, SUNDAY)) + 7 * (week - 1);
}

static bool local_day(const legacy_fields *f, int64_t *days)
{
    int64_t year = value_or(f, LEGACY_YEAR, EPOCH_YEAR);
    const int64_t week_year = f->value[LEGACY_WEEK_YEAR], month = value_or(f, LEGACY_MONTH, 0);
    if (f->stamp[LEGACY_ERA] > 0 && f->value[LEGACY_ERA] == 0) year = 1 - year;
    const bool in_weeks = f->stamp[LEGACY_WEEK_YEAR] > f->stamp[LEGACY_YEAR];
    const int64_t far = in_weeks ? week_year : year + month / 12;
    if (far > YEARS_MAX || far < -YEARS_MAX) return false;
    if (in_weeks) {
        *days = day_of_week(f, weeks_begin(month_begin(week_year, 0)), value_or(f, LEGACY_WEEK_OF_YEAR, 1));
        return true;
    }
    const int64_t begin = month_begin(year, month), new_year = month_begin(year, 0);
    switch ((int32_t)day_field(f)) {
    case LEGACY_WEEK_OF_MONTH:
        *days = day_of_week(f, weeks_begin(begin), f->value[LEGACY_WEEK_OF_MONTH]);
        break;
    case LEGACY_DAY_OF_WEEK_IN_MONTH: {
        const int64_t nth = value_or(f, LEGACY_DAY_OF_WEEK_IN_MONTH, 1);
        const int64_t until = nth >= 0 ? begin + 7 * nth - 1
                                       : month_begin(year, month + 1) + 7 * (nth + 1) - 1;
        *days = weekday_until(until, value_or(f, LEGACY_DAY_OF_WEEK, SUNDAY));
        break;
    }
    case LEGACY_DAY_OF_YEAR: *days = new_year + f->value[LEGACY_DAY_OF_YEAR] - 1; break;
    case LEGACY_WEEK_OF_YEAR:
        *days = day_of_week(f, weeks_begin(new_year), f->value[LEGACY_WEEK_OF_YEAR]);
        break;
    default: *days = day_of_month(year, month, value_or(f, LEGACY_DAY, 1)); break;
    }
    return true;
}

static int64_t local_hour(const legacy_fields *f)
{
    const int32_t hour = f->stamp[LEGACY_HOUR];
    const int32_t half = stamp_of_both(f, LEGACY_HALF_HOUR, LEGACY_HALF);
    if (hour > 0 && hour >= half) return f->value[LEGACY_HOUR];
    return value_or(f, LEGACY_HALF_HOUR, 0) + 12 * value_or(f, LEGACY_HALF, 0);
}

static bool fields_agree(const legacy_fields *f, int64_t us)
{
    legacy_fields real;
    legacy_fields_of(weft_days_of_us(us), weft_us_of_day(us), &real);
    for (int32_t i = 0; i < LEGACY_FIELD_COUNT; i++)
        if (f->stamp[i] > 0 && f->value[i] != real.value[i]) return false;
    return true;
}

bool legacy_local_us(const legacy_fields *f, bool strict, int64_t *us)
{
    int64_t days;
    if (!local_day(f, &days)) return false;
    const int64_t ms =
        ((local_hour(f) * 60 + value_or(f, LEGACY_MINUTE, 0)) * 60 + value_or(f, LEGACY_SECOND, 0)) * 1000 +
        value_or(f, LEGACY_MILLISECOND, 0);
    if (__builtin_mul_overflow(days, (int64_t)WEFT_DAY_US, us) || __builtin_add_overflow(*us, ms * 1000, us))
        return false;
    return !strict || fields_agree(f, *us);
}

/* ---- formatting ---- */

/* At least so many digits. */
static size_t put_padded(char *to, int64_t value, int32_t digits)
{
    char text[24];
    const int32_t len = snprintf(text, sizeof text, "%lld", (long long)value);
    const int32_t zeros = weft_max_i32(digits - len, 0);
    memset(to, '0', (size_t)zeros);
    memcpy(to + zeros, text, (size_t)len);
    return (size_t)(zeros + len);
}

/* Spark 2 gives its microseconds to FastDateFormat as so many digits of the second as the pattern has; to
 * SimpleDateFormat a number of milliseconds. */
static size_t put_fraction(weft_datetime_style style, int32_t count, int64_t us_of_day, char *to)
{
    static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    int64_t value = us_of_day % 1000000;
    if (style == WEFT_DATETIME_SIMPLE) return put_padded(to, value / 1000, count);
    if (count < WEFT_COUNT(units)) return put_padded(to, value / units[count], count);
    for (int32_t k = 6; k < weft_min_i32(count, 9); k++) value *= 10;
    return put_padded(to, value, count);
}

static size_t put_legacy_zone(const weft_datetime_pattern *p, const weft_datetime_item *item,
                              int64_t offset_s, bool forward, char *to)
{
    const int32_t count = item->count;
    const bool is_fast = p->style == WEFT_DATETIME_FAST;
    datetime_offset_form form = {.zulu = item->letter == 'X', .colon = item->letter == 'X' && count == 3};
    if (item->letter == 'z') {
        const char *const name = datetime_zone_name(p, count >= 4, forward);
        return name != NULL ? datetime_put_name(name, to)
                            : datetime_put_gmt(p->names->gmt, to, offset_s, true);
    }
    if (item->letter == 'X' && count == 1) { /* the minutes are dropped */
        form = (datetime_offset_form){.zulu = offset_s == 0, .hours_only = true};
        offset_s -= offset_s % 3600;
    }
    if (item->letter == 'Z' && is_fast && count > 1)
        form = (datetime_offset_form){.zulu = count == 2, .colon = true};
    return datetime_put_offset(to, offset_s, form);
}

static size_t put_legacy_year(const weft_datetime_pattern *p, const weft_datetime_item *item, int32_t year,
                              char *to)
{
    if (item->count == 2) return put_padded(to, year % 100, 2);
    return put_padded(to, year, p->style == WEFT_DATETIME_FAST ? weft_max_i32(item->count, 4) : item->count);
}

static size_t put_legacy_name(const weft_datetime_pattern *p, const weft_datetime_item *item,
                              const int32_t *v, char *to)
{
    const weft_datetime_names *const n = p->names;
    const bool in_full = item->count >= 4;
    const int32_t month = v[LEGACY_MONTH], day = (v[LEGACY_DAY_OF_WEEK] + 5) % 7;
    switch (item->letter) {
    case 'G': return datetime_put_name(n->eras[v[LEGACY_ERA]], to);
    case 'a': return datetime_put_name(n->halves[v[LEGACY_HALF]], to);
    case 'E': return datetime_put_name((in_full ? n->days_long : n->days)[day], to);
    case 'L':
        if (item->count < 3) return put_padded(to, month + 1, item->count);
        return datetime_put_name((in_full ? n->months_alone_long : n->months_alone)[month], to);
    default:
        if (item->count < 3) return put_padded(to, month + 1, item->count);
        return datetime_put_name((in_full ? n->months_long : n->months)[month], to);
    }
}

typedef struct legacy_moment {
    legacy_fields fields;
    int64_t us_of_day, offset_s;
    bool forward;
} legacy_moment;

static size_t put_legacy_item(const weft_datetime_pattern *p, const weft_datetime_item *item,
                              const legacy_moment *m, char *to)
{
    const int32_t *const v = m->fields.value, count = item->count;
    switch (item->letter) {
    case 0: memcpy(to, p->bytes + item->begin, item->len); return item->len;
    case 'y': return put_legacy_year(p, item, v[LEGACY_YEAR], to);
    case 'Y': return put_legacy_year(p, item, v[LEGACY_WEEK_YEAR], to);
    case 'd': return put_padded(to, v[LEGACY_DAY], count);
    case 'D': return put_padded(to, v[LEGACY_DAY_OF_YEAR], count);
    case 'F': return put_padded(to, v[LEGACY_DAY_OF_WEEK_IN_MONTH], count);
    case 'w': return put_padded(to, v[LEGACY_WEEK_OF_YEAR], count);
    case 'W': return put_padded(to, v[LEGACY_WEEK_OF_MONTH], count);
    case 'u': return put_padded(to, (v[LEGACY_DAY_OF_WEEK] + 5) % 7 + 1, count);
    case 'H': return put_padded(to, v[LEGACY_HOUR], count);
    case 'k': return put_padded(to, v[LEGACY_HOUR] == 0 ? 24 : v[LEGACY_HOUR], count);
    case 'K': return put_padded(to, v[LEGACY_HALF_HOUR], count);
    case 'h': return put_padded(to, v[LEGACY_HALF_HOUR] == 0 ? 12 : v[LEGACY_HALF_HOUR], count);
    case 'm': return put_padded(to, v[LEGACY_MINUTE], count);
    case 's': return put_padded(to, v[LEGACY_SECOND], count);
    case 'S': return put_fraction(p->style, count, m->us_of_day, to);
    case 'z':
    case 'Z':
    case 'X': return put_legacy_zone(p, item, m->offset_s, m->forward, to);
    default: return put_legacy_name(p, item, v, to);
    }
}

size_t datetime_legacy_format(const weft_datetime_pattern *p, weft_zone *zone, int64_t us, char *to)
{
    const int64_t local = weft_zone_to_local(zone, us);
    const int64_t offset_us = us < WEFT_REBASE_US ? weft_rebase_old_offset(zone) : local - us;
    legacy_moment m = {.us_of_day = weft_us_of_day(local), .offset_s = offset_us / 1000000};
    size_t used = 0;
    legacy_fields_of(weft_rebase_day_back(weft_days_of_us(local)), m.us_of_day, &m.fields);
    m.forward = p->zone_names.zones != NULL && us >= WEFT_REBASE_US && weft_zone_is_forward(zone, us);
    for (int32_t k = 0; k < p->count; k++) used += put_legacy_item(p, &p->items[k], &m, to + used);
    return used;
}
