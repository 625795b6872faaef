/* engine/expr/zone_names.h - English names of time zones, as date patterns write and read them: EST, Eastern
 * Standard Time. */
#ifndef WEFT_EXPR_ZONE_NAMES_H
#define WEFT_EXPR_ZONE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct weft_zone_names {
    const char *zones; /* of the tz database, each between two spaces */
    const char *plain, *plain_long;
    const char *summer, *summer_long; /* while clocks are put forward */
} weft_zone_names;

/* NULL: the zone has no names but its distance from UTC. Static lifetime. */
const weft_zone_names *weft_zone_names_find(const char *zone);
/* The zone that the longest name means with which text begins, in any case; in_full: Eastern Standard Time,
 * else EST. NULL: none does. *bytes: of the name. */
const char *weft_zone_name_read(const char *text, size_t len, bool in_full, size_t *bytes);

#endif
