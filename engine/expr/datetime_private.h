/* engine/expr/datetime_private.h - what formatting and reading of patterns share. */
#ifndef WEFT_EXPR_DATETIME_PRIVATE_H
#define WEFT_EXPR_DATETIME_PRIVATE_H

#include "engine/expr/datetime_pattern.h"

enum { DATETIME_FIELD_BYTES = 32 }; /* more than any field without a name takes */

typedef struct datetime_input {
    const char *text;
    size_t len, at;
} datetime_input;

/* What a text says of its zone. */
typedef struct datetime_zone {
    bool has_offset, has_zone;
    int32_t offset_s;
    weft_zone *zone; /* borrows from the pattern; NULL: UTC */
} datetime_zone;

/* Is it this text that the input goes on with, in any case? Then behind it. */
bool datetime_read_text(datetime_input *in, const char *text, size_t len);
/* A zone as the item has it; the input stays anywhere where there is none. */
bool datetime_read_zone(weft_ctx *ctx, weft_datetime_pattern *pattern, const weft_datetime_item *item,
                        datetime_input *in, datetime_zone *zone);

#endif
