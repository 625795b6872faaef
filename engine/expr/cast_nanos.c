/* engine/expr/cast_nanos.c - casts between timestamps and dates of which at least one counts nanoseconds. */
#include "engine/expr/calendar.h"
#include "engine/expr/cast_private.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/interval.h"

static bool is_zoned(weft_type type)
{
    return type.id == WEFT_TYPE_TIMESTAMP || type.id == WEFT_TYPE_TIMESTAMP_NS;
}

weft_status cast_nanos(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_type from = call->args[0].type, to = call->expr->type;
    weft_zone *zone = call->state;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int64_t us = weft_arg_i64(&call->args[0], i);
        int32_t rest = 0;
        if (!weft_call_valid(call, i)) continue;
        if (from.id == WEFT_TYPE_DATE) us *= WEFT_DAY_US;
        if (weft_type_counts_nanos(from)) {
            rest = (int32_t)(us % 1000 + (us % 1000 < 0) * 1000);
            us = us / 1000 - (us % 1000 < 0);
        }
        if (is_zoned(from) != is_zoned(to))
            us = is_zoned(from) ? weft_zone_to_local(zone, us) : weft_zone_to_utc(zone, us);
        if (to.id == WEFT_TYPE_DATE)
            ((int32_t *)call->out->values)[i] = weft_days_of_us(us);
        else if (!weft_type_counts_nanos(to))
            ((int64_t *)call->out->values)[i] = us;
        else if (!weft_nanos_of_us(to, us, rest, (int64_t *)call->out->values + i))
            WEFT_TRY(st, cast_bad_range(ctx, call, i));
    }
done:
    return st;
}
