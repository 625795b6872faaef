/* engine/expr/fn_zones.h - the state of calls that name time zones: each zone is kept while its name stays.
 *
 * weft_zones_open and weft_zones_close are the open and close of a function. */
#ifndef WEFT_EXPR_FN_ZONES_H
#define WEFT_EXPR_FN_ZONES_H

#include "engine/expr/function.h"
#include "engine/expr/zone.h"

typedef struct weft_zones {
    weft_zone *zones[2]; /* the first is the session's to begin with */
    char names[2][64];
    bool have[2];
} weft_zones;

weft_status weft_zones_open(weft_ctx *ctx, const weft_expr *call, void **state);
void weft_zones_close(void *state);
/* The zone of that name, kept at place k. Errors: WEFT_TIMEZONE. */
WEFT_MUST_CHECK weft_status weft_zones_get(weft_ctx *ctx, const weft_kernel_call *call, int32_t k,
                                           const weft_str *name, weft_zone **out);

#endif
