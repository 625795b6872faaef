/* engine/expr/zone_names.h - English names of time zones, as date patterns write them: EST, Eastern Standard
 * Time. */
#ifndef WEFT_EXPR_ZONE_NAMES_H
#define WEFT_EXPR_ZONE_NAMES_H

typedef struct weft_zone_names {
    const char *zones; /* of the tz database, each between two spaces */
    const char *plain, *plain_long;
    const char *summer, *summer_long; /* while clocks are put forward */
} weft_zone_names;

/* NULL: the zone has no names but its distance from UTC. Static lifetime. */
const weft_zone_names *weft_zone_names_find(const char *zone);

#endif
