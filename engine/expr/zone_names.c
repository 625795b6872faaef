/* engine/expr/zone_names.c - see zone_names.h. */
#include "engine/expr/zone_names.h"

#include <string.h>
#include <strings.h>

#include "common/base.h"

static const weft_zone_names zone_names[] = {
#define X(plain, plain_long, summer, summer_long, zones) {zones, plain, plain_long, summer, summer_long},
#include "engine/expr/zone_name_list.h"
#undef X
};

const weft_zone_names *weft_zone_names_find(const char *zone)
{
    const size_t len = strlen(zone);
    for (int32_t i = 0; i < WEFT_COUNT(zone_names); i++) {
        for (const char *at = zone_names[i].zones; (at = strstr(at, zone)) != NULL; at += len)
            if (at[-1] == ' ' && at[len] == ' ') return &zone_names[i];
    }
    return NULL;
}

static const struct {
    const char *zone, *names[2]; /* short, in full */
} read_zones[] = {
#define X(zone, short_names, long_names) {zone, {short_names, long_names}},
#include "engine/expr/zone_read_list.h"
#undef X
};

const char *weft_zone_name_read(const char *text, size_t len, bool in_full, size_t *bytes)
{
    const char *best = NULL;
    *bytes = 0;
    for (int32_t i = 0; i < WEFT_COUNT(read_zones); i++) {
        for (const char *at = read_zones[i].names[in_full] + 1; *at != '\0';) {
            const size_t size = strcspn(at, "|");
            if (size > *bytes && size <= len && strncasecmp(text, at, size) == 0) {
                best = read_zones[i].zone;
                *bytes = size;
            }
            at += size + 1;
        }
    }
    return best;
}
