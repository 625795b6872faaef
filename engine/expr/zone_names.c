/* engine/expr/zone_names.c - see zone_names.h. */
#include "engine/expr/zone_names.h"

#include <string.h>

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
