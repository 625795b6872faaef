/* engine/expr/datetime_private.h - what formatting and reading of patterns share. */
#ifndef WEFT_EXPR_DATETIME_PRIVATE_H
#define WEFT_EXPR_DATETIME_PRIVATE_H

#include "engine/expr/datetime_pattern.h"

enum {
    DATETIME_FIELD_BYTES = 32,    /* more than any field without a name takes */
    DATETIME_DAY_OF_EPOCH = 40587 /* 1970-01-01 as `g` counts days: from 1858-11-17 on */
};

typedef struct datetime_input {
    const char *text;
    size_t len, at;
} datetime_input;

/* What a pattern is compiled from. */
typedef struct datetime_source {
    const weft_str *text;
    const weft_span *span; /* of the call; NULL: there is none */
    weft_datetime_use use;
    bool parsing;
} datetime_source;

/* Is it a pattern of that style? Errors: WEFT_DATETIME_PATTERN*, WEFT_DATETIME_WEEK_PATTERN. */
WEFT_MUST_CHECK weft_status datetime_check(weft_ctx *ctx, const datetime_source *source,
                                           weft_datetime_style style);

/* What a text says of its zone. */
typedef struct datetime_zone {
    bool has_offset, has_zone;
    int32_t offset_s;
    weft_zone *zone; /* borrows from the pattern; NULL: UTC */
} datetime_zone;

/* The longest of `count` names with which the input goes on: *out is its index. */
bool datetime_read_name(datetime_input *in, const char *const *names, int32_t count, int64_t *out);
/* Is it this text that the input goes on with, in any case? Then behind it. */
bool datetime_read_text(datetime_input *in, const char *text, size_t len);
/* A zone as the item has it; the input stays anywhere where there is none. */
bool datetime_read_zone(weft_ctx *ctx, weft_datetime_pattern *pattern, const weft_datetime_item *item,
                        datetime_input *in, datetime_zone *zone);
/* A distance, read or refused at once. */
bool datetime_set_offset(datetime_zone *zone, bool minus, int32_t hours, int32_t minutes, int32_t seconds);

/* What is written of a distance from UTC: +hh, +hhmm or +hh:mm, with seconds where there are some and they
 * are wanted; Z for zero where `zulu`. */
typedef struct datetime_offset_form {
    bool zulu, colon, hours_only, wants_seconds;
} datetime_offset_form;
size_t datetime_put_offset(char *to, int64_t offset_s, datetime_offset_form form);
/* GMT, GMT+1, GMT+1:30:15; in full GMT+01:00 */
size_t datetime_put_gmt(const char *gmt, char *to, int64_t offset_s, bool full);
/* The name of the pattern's zone, or NULL. */
const char *datetime_zone_name(const weft_datetime_pattern *pattern, bool in_full, bool forward);
size_t datetime_put_number(char *to, int64_t value, int32_t digits);
size_t datetime_put_name(const char *name, char *to);

#endif
