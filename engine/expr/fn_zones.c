/* engine/expr/fn_zones.c - see fn_zones.h. */
#include "engine/expr/fn_zones.h"

#include "common/mem.h"

void weft_zones_close(void *state)
{
    weft_zones *s = state;
    for (int32_t k = 0; k < 2; k++) weft_zone_close(&s->zones[k]);
    weft_mem_free(s);
}

weft_status weft_zones_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    weft_zones *s = NULL;
    (void)call;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *s, (void **)&s));
    WEFT_TRY(st, weft_zone_open_session(ctx, &s->zones[0]));
    *state = s;
    s = NULL;
done:
    if (s != NULL) weft_zones_close(s);
    return st;
}

weft_status weft_zones_get(weft_ctx *ctx, const weft_kernel_call *call, int32_t k, const weft_str *name,
                           weft_zone **out)
{
    weft_zones *s = call->state;
    const bool fits = name->len > 0 && name->len < sizeof s->names[k];
    if (s->have[k] && fits && s->names[k][name->len] == 0 &&
        memcmp(s->names[k], weft_str_data(name), name->len) == 0) {
        *out = s->zones[k];
        return WEFT_OK;
    }
    weft_zone_close(&s->zones[k]);
    s->have[k] = false;
    const weft_status st =
        weft_zone_open_given(ctx, weft_str_data(name), name->len, &call->expr->span, &s->zones[k]);
    if (st == WEFT_OK) {
        memcpy(s->names[k], weft_str_data(name), name->len);
        s->names[k][name->len] = 0;
    }
    s->have[k] = st == WEFT_OK;
    *out = s->zones[k];
    return st;
}
