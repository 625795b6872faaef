/* engine/expr/datetime_record.c - see datetime_record.h. */
#include "engine/expr/datetime_record.h"

#include <string.h>

#include "engine/expr/calendar.h"

#define DAY_LETTERS   "GyMLgdDQqEF"
#define CLOCK_LETTERS "aHhKkmsS"
#define ZONE_LETTERS  "VzOXxZ"

static const char *lacking_letters(weft_type_id type)
{
    if (type == WEFT_TYPE_DATE) return CLOCK_LETTERS ZONE_LETTERS;
    if (type == WEFT_TYPE_TIME) return DAY_LETTERS ZONE_LETTERS;
    return type == WEFT_TYPE_TIMESTAMP_NTZ ? ZONE_LETTERS : "";
}

/* Note which sections have such a letter by themselves: in the item that opens the section, whose `begin` is
 * the section around it and whose `len` is 1 then. */
static void mark_sections(weft_datetime_pattern *p, const char *lacking)
{
    enum { OUTSIDE = INT32_MAX };
    uint32_t open = OUTSIDE;
    for (int32_t i = 0; i < p->count; i++) {
        weft_datetime_item *item = &p->items[i];
        if (item->letter == '[') {
            item->begin = open;
            open = (uint32_t)i;
        } else if (item->letter == ']') {
            open = p->items[open].begin;
        } else if (item->letter != 0 && strchr(lacking, item->letter) != NULL) {
            if (open != OUTSIDE) p->items[open].len = 1;
            if (open == OUTSIDE && p->lacking == 0) p->lacking = item->letter;
        }
    }
}

static void drop_sections(weft_datetime_pattern *p)
{
    int32_t kept = 0, depth = 0; /* depth: of what is dropped */
    for (int32_t i = 0; i < p->count; i++) {
        const weft_datetime_item item = p->items[i];
        if (depth > 0 || (item.letter == '[' && item.len == 1))
            depth += (item.letter == '[') - (item.letter == ']');
        else
            p->items[kept++] = item;
    }
    p->count = kept;
}

weft_status weft_datetime_record_pattern(weft_ctx *ctx, const char *format, weft_type_id type,
                                         const char *locale, const char *zone, weft_datetime_pattern **out)
{
    weft_status st = WEFT_OK;
    const weft_str text = weft_str_view(format, (uint32_t)strlen(format));
    const bool is_new = type == WEFT_TYPE_TIMESTAMP_NTZ || type == WEFT_TYPE_TIME;
    const weft_datetime_use use = is_new ? WEFT_DATETIME_WITHOUT_ZONE : WEFT_DATETIME_IN_RECORD;
    const weft_datetime_place place = {.locale = locale, .zone = zone, .use = use};
    WEFT_TRY(st, weft_datetime_pattern_new(ctx, &text, &place, NULL, false, out));
    if ((*out)->style == WEFT_DATETIME_OF_JAVA_TIME) { /* Spark 2 takes a DATE for its midnight */
        mark_sections(*out, lacking_letters(type));
        drop_sections(*out);
    }
done:
    return st;
}

weft_status weft_datetime_record_put(weft_ctx *ctx, const weft_datetime_pattern *pattern, weft_zone *zone,
                                     weft_type_id type, int64_t value, char *to, size_t *len)
{
    char name[64];
    if (pattern->lacking != 0)
        return weft_fail(ctx, WEFT_CONFIG,
                         "The format of values of the type \"%s\" has the letter '%c', and they have no such "
                         "field: leave it out, or put it into an [optional section].",
                         weft_type_text(WEFT_TYPE_OF(type), name, sizeof name), pattern->lacking);
    const int64_t us = type == WEFT_TYPE_DATE   ? value * WEFT_DAY_US
                       : type == WEFT_TYPE_TIME ? value / 1000
                                                : value;
    *len = weft_datetime_format(pattern, type == WEFT_TYPE_TIMESTAMP ? zone : NULL, us, to);
    return WEFT_OK;
}
