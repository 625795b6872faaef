/* engine/expr/datetime_pattern.h - patterns such as yyyy-MM-dd: timestamps as text, and text as timestamps.
 *
 * Letters mean what they mean in java.time.format.DateTimeFormatter, as far as Spark allows them, with
 * English names: G y g D M L d Q q E F a h H k K m s S V z O X x Z, text in quotes, [optional sections]. With
 * spark.sql.legacy.timeParserPolicy=LEGACY they are those of Spark 2 (datetime_legacy.h). */
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

/* Whose letters a pattern has, and how strict it reads. */
typedef enum weft_datetime_style {
    WEFT_DATETIME_OF_JAVA_TIME, /* java.time.format.DateTimeFormatter */
    WEFT_DATETIME_SIMPLE,       /* java.text.SimpleDateFormat, not lenient */
    WEFT_DATETIME_FAST          /* FastDateFormat of Apache Commons, lenient */
} weft_datetime_style;

typedef struct weft_datetime_pattern weft_datetime_pattern;
struct weft_datetime_pattern {
    weft_datetime_style style;
    weft_datetime_pattern *older; /* policy EXCEPTION: what would read a text in Spark 2, or NULL */
    int64_t century_us;           /* years of two digits of older styles are within 100 years from here on */
    weft_status failed;           /* why a zone that the text names could not be opened */
    int32_t count;
    size_t text_bytes_max; /* of a formatted timestamp */
    char lacking;          /* written: what values have not (datetime_record.h), or 0 */
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
};

/* What texts are of: the setting spark.sql.legacy.timeParserPolicy gives each another style. */
typedef enum weft_datetime_use {
    WEFT_DATETIME_IN_FUNCTION,
    WEFT_DATETIME_IN_RECORD,    /* CSV, JSON, XML */
    WEFT_DATETIME_WITHOUT_ZONE, /* TIMESTAMP_NTZ and TIME, which Spark 2 had not */
    WEFT_DATETIME_OF_CALENDAR   /* of java.util.Calendar, whatever the setting says */
} weft_datetime_use;

/* Where texts are of; zeroed: en-US, and the session's zone. Borrowed by the pattern. */
typedef struct weft_datetime_place {
    const char *locale, *zone;
    weft_datetime_use use;
} weft_datetime_place;

/* A text that was read. */
typedef struct weft_datetime_reading {
    int64_t us;
    size_t at; /* where the item begins at which a text that does not fit ends */
    bool fits;
    bool zoned; /* the text names a zone */
} weft_datetime_reading;

/* What files have where no format is given, in Spark 2. */
#define WEFT_LEGACY_DATE_FORMAT      "yyyy-MM-dd"
#define WEFT_LEGACY_TIMESTAMP_FORMAT "yyyy-MM-dd'T'HH:mm:ss.SSSXXX"

/* Are patterns those of Spark 2 where Spark 2 had them? */
bool weft_datetime_is_legacy(weft_ctx *ctx);

/* Compile, for reading (parsing) or writing; the caller frees *out. place NULL: a zeroed one. Errors:
 * WEFT_DATETIME_PATTERN*, WEFT_DATETIME_WEEK_PATTERN at span, those of the locale, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_datetime_pattern_new(weft_ctx *ctx, const weft_str *text,
                                                      const weft_datetime_place *place, const weft_span *span,
                                                      bool parsing, weft_datetime_pattern **out);
void weft_datetime_pattern_free(weft_datetime_pattern **pattern);
/* Write the timestamp as that zone's clocks show it; to has room for text_bytes_max. Returns the length. */
size_t weft_datetime_format(const weft_datetime_pattern *pattern, weft_zone *zone, int64_t us, char *to);
/* Read all of text; what the pattern leaves out is that of 1970-01-01 00:00:00; without a zone in the text it
 * is local time of `zone`. Older styles leave what stands behind the pattern. Errors:
 * WEFT_DATETIME_PARSE_UPGRADE for a text that only Spark 2 reads under the policy EXCEPTION, WEFT_CORRUPT and
 * WEFT_NOMEM for a zone's file. */
WEFT_MUST_CHECK weft_status weft_datetime_parse(weft_ctx *ctx, weft_datetime_pattern *pattern,
                                                weft_zone *zone, const char *text, size_t len,
                                                weft_datetime_reading *out);
/* The same of local time alone: a zone that the text names is passed over. */
WEFT_MUST_CHECK weft_status weft_datetime_parse_local(weft_ctx *ctx, weft_datetime_pattern *pattern,
                                                      const char *text, size_t len,
                                                      weft_datetime_reading *out);
/* Text as a TIME, cut to the digits of its type; pattern NULL: as CAST reads. *good: it is one. Errors: those
 * of weft_datetime_parse. */
WEFT_MUST_CHECK weft_status weft_datetime_parse_time(weft_ctx *ctx, weft_datetime_pattern *pattern,
                                                     const char *text, size_t len, weft_type type,
                                                     int64_t *ns, bool *good);
/* Of a reading for inference, which is strict: that only Spark 2 reads a text is no error there. */
WEFT_MUST_CHECK weft_status weft_datetime_inferred(weft_ctx *ctx, bool strict, weft_status st);

#endif
