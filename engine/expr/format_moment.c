/* engine/expr/format_moment.c - see format_moment.h. A letter stands for a pattern of
 * java.text.SimpleDateFormat, whose calendar and names are the same. */
#include "engine/expr/format_moment.h"

#include <ctype.h>
#include <stdio.h>

#include "common/mem.h"
#include "engine/expr/datetime_pattern.h"
#include "engine/expr/format_text.h"
#include "engine/expr/rebase.h"

static const char *pattern_of(char letter)
{
    static const struct {
        char letter;
        const char *pattern;
    } patterns[] = {{'H', "HH"},       {'I', "hh"},          {'k', "H"},
                    {'l', "h"},        {'M', "mm"},          {'S', "ss"},
                    {'L', "SSS"},      {'N', "SSS'000000'"}, {'p', "a"},
                    {'z', "Z"},        {'Z', "z"},           {'a', "EEE"},
                    {'A', "EEEE"},     {'b', "MMM"},         {'h', "MMM"},
                    {'B', "MMMM"},     {'C', "yyyy"},        {'Y', "yyyy"},
                    {'y', "yy"},       {'m', "MM"},          {'d', "dd"},
                    {'e', "d"},        {'j', "DDD"},         {'T', "HH:mm:ss"},
                    {'R', "HH:mm"},    {'r', "hh:mm:ss a"},  {'c', "EEE MMM dd HH:mm:ss z yyyy"},
                    {'D', "MM/dd/yy"}, {'F', "yyyy-MM-dd"}};
    for (int32_t i = 0; i < WEFT_COUNT(patterns); i++)
        if (patterns[i].letter == letter) return patterns[i].pattern;
    return NULL;
}

static weft_status put_fields(weft_ctx *ctx, format_sink *sink, const format_spec *spec, const char *letters,
                              int64_t us)
{
    weft_status st = WEFT_OK;
    static const weft_datetime_place calendar = {.use = WEFT_DATETIME_OF_CALENDAR};
    const weft_str text = weft_str_view(letters, (uint32_t)strlen(letters));
    weft_datetime_pattern *pattern = NULL;
    weft_zone *zone = NULL;
    char *shown = NULL;
    WEFT_TRY(st, weft_zone_open_session(ctx, &zone));
    WEFT_TRY(st, weft_datetime_pattern_new(ctx, &text, &calendar, NULL, false, &pattern));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, pattern->text_bytes_max, (void **)&shown));
    /* An instant is of the older calendar itself; a timestamp only shows the date of the newer one in it. */
    size_t len = weft_datetime_format(pattern, zone, weft_rebase_us(zone, us), shown);
    if (spec->conversion == 'C') len -= 2; /* the year without its last two digits */
    for (size_t i = 0; spec->conversion == 'p' && i < len; i++)
        shown[i] = (char)tolower((unsigned char)shown[i]);
    format_put_text(sink, spec, shown, len);
done:
    weft_mem_free(shown);
    weft_datetime_pattern_free(&pattern);
    weft_zone_close(&zone);
    return st;
}

weft_status format_put_moment(weft_ctx *ctx, format_sink *sink, const format_spec *spec, int64_t ms)
{
    char number[24];
    int64_t us;
    const char *const letters = pattern_of(spec->conversion);
    if (letters == NULL) { /* Q and s */
        const int64_t shown = spec->conversion == 's' ? ms / 1000 : ms;
        format_put_text(sink, spec, number,
                        (size_t)snprintf(number, sizeof number, "%lld", (long long)shown));
        return WEFT_OK;
    }
    if (__builtin_mul_overflow(ms, (int64_t)1000, &us))
        return weft_fail(
            ctx, WEFT_DATETIME_OVERFLOW,
            "%lld milliseconds since 1970, which %%t%c is to show, leave the range of timestamps",
            (long long)ms, spec->conversion);
    return put_fields(ctx, sink, spec, letters, us);
}
