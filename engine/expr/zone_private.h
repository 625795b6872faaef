/* engine/expr/zone_private.h - the table of a zone, between zone.c and zone_file.c. */
#ifndef WEFT_EXPR_ZONE_PRIVATE_H
#define WEFT_EXPR_ZONE_PRIVATE_H

#include "engine/expr/zone.h"

enum { WEFT_ZONE_CYCLE_YEARS = 400 };               /* after which the calendar repeats */
#define WEFT_ZONE_CYCLE_S ((int64_t)146097 * 86400) /* as long */

typedef struct weft_zone_period {
    int64_t from_s;   /* the first second since 1970 in which it holds */
    int32_t offset_s; /* local time less UTC */
} weft_zone_period;

struct weft_zone {
    int32_t count; /* at least 1 */
    int32_t at;    /* where the last look ended */
    int64_t
        repeat_s; /* from here on periods are those of a whole number of cycles before; INT64_MAX: never */
    weft_zone_period periods[]; /* ascending; the first begins with time */
};

/* A zone with room for `room` periods, the first of which is set. */
WEFT_MUST_CHECK weft_status weft_zone_new(weft_ctx *ctx, int32_t room, int32_t offset_s, weft_zone **out);
/* Add a period; what does not change the distance is left out. */
void weft_zone_add(weft_zone *zone, int64_t from_s, int32_t offset_s);

#endif
