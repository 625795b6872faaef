/* engine/expr/datetime_pattern.h - patterns such as yyyy-MM-dd: timestamps as text, and text as timestamps.
 *
 * Letters mean what they mean in java.time.format.DateTimeFormatter, as far as Spark allows them, with
 * English names: G y D M L d Q q E F a h H k K m s S V z O X x Z, text in quotes, [optional sections]. */
#ifndef WEFT_EXPR_DATETIME_PATTERN_H
#define WEFT_EXPR_DATETIME_PATTERN_H

#include "engine/expr/locale.h"
#include "engine/expr/zone.h"
#include "engine/expr/zone_names.h"

typedef struct weft_datetime_item {
    char letter; /* 0: text as it is; '[' and ']': around what may be missing */
    uint8_t count;
    uint32_t begin, len; /* of the text */
} weft_datetime_item;

typedef struct weft_datetime_pattern {
    int32_t count;
    size_t text_bytes_max; /* of a formatted timestamp */
    bool era;              /* the letter G is there: years are those of an era, else they may be below 1 */
    char *bytes;           /* of all texts */
    const char *zone_name; /* borrows from the settings or the options */
    weft_zone_names zone_names; /* of that zone; zones NULL: it has none, or the pattern no `z` */
    weft_locale_zone *own_zone; /* what zone_names points into, in another locale */
    const weft_datetime_names *names;
    void *own_names; /* what names lies in, or NULL */
    weft_zone *read; /* the zone that a text named last, and its name; empty: none yet */
    char read_name[WEFT_ZONE_NAME_BYTES];
    weft_datetime_item items[];
} weft_datetime_pattern;

/* Where texts are of; zeroed: en-US, and the session's zone. Borrowed by the pattern. */
typedef struct weft_datetime_place {
    const char *locale, *zone;
} weft_datetime_place;

/* Compile, for reading (parsing) or writing; the caller frees *out. place NULL: a zeroed one. Errors:
 * WEFT_DATETIME_PATTERN*, WEFT_DATETIME_WEEK_PATTERN at span, those of the locale, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_datetime_pattern_new(weft_ctx *ctx, const weft_str *text,
                                                      const weft_datetime_place *place, const weft_span *span,
                                                      bool parsing, weft_datetime_pattern **out);
void weft_datetime_pattern_free(weft_datetime_pattern **pattern);
/* Write the timestamp as that zone's clocks show it; to has room for text_bytes_max. Returns the length. */
size_t weft_datetime_format(const weft_datetime_pattern *pattern, weft_zone *zone, int64_t us, char *to);
/* Read all of text. False when it does not fit: *at is where the item begins at which it ends. What the
 * pattern leaves out is that of 1970-01-01 00:00:00; without a zone in the text it is local time of `zone`.
 */
bool weft_datetime_parse(weft_ctx *ctx, weft_datetime_pattern *pattern, weft_zone *zone, const char *text,
                         size_t len, int64_t *us, size_t *at);
/* The same of local time alone. *zoned: the text names a zone, which is passed over. */
bool weft_datetime_parse_local(weft_ctx *ctx, weft_datetime_pattern *pattern, const char *text, size_t len,
                               int64_t *us, bool *zoned, size_t *at);

#endif
