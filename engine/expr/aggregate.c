/* engine/expr/aggregate.c - the registry of aggregate functions: the table that aggregate_list.h spells out.
 */
#include "engine/expr/aggregate.h"

#include <strings.h>

#define X(symbol) extern const weft_aggregate weft_aggregate_##symbol;
#include "engine/expr/aggregate_list.h"
#undef X

static const weft_aggregate *const aggregates[] = {
#define X(symbol) &weft_aggregate_##symbol,
#include "engine/expr/aggregate_list.h"
#undef X
};

/* Is name one of the comma-separated aliases? */
static bool alias_matches(const char *aliases, const char *name)
{
    const size_t len = strlen(name);
    for (const char *at = aliases; at != NULL && *at != '\0';) {
        const size_t part = strcspn(at, ",");
        if (part == len && strncasecmp(at, name, len) == 0) return true;
        at += part + (at[part] == ',');
    }
    return false;
}

const weft_aggregate *weft_aggregate_find(const char *name)
{
    for (int32_t i = 0; i < WEFT_COUNT(aggregates); i++) {
        if (strcasecmp(aggregates[i]->name, name) == 0 || alias_matches(aggregates[i]->aliases, name)) {
            return aggregates[i];
        }
    }
    return NULL;
}

const weft_aggregate *const *weft_aggregate_all(int32_t *count)
{
    *count = WEFT_COUNT(aggregates);
    return aggregates;
}
