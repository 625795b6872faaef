/* engine/expr/fn_time_bucket.c - time_bucket(size, t [, origin]): where the bucket began, of buckets of one
 * size that follow each other from the origin on and back. Days and months are those on the wall. */
#include "engine/expr/calendar.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/zone.h"

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

/* months after a local time, the day cut to the last of the month; false beyond the calendar. */
static bool months_later(int64_t local, int64_t months, int64_t *out)
{
    int32_t days = 0;
    int64_t midnight;
    return weft_days_add_months(weft_days_of_us(local), months, &days) &&
           !__builtin_mul_overflow((int64_t)days, (int64_t)WEFT_DAY_US, &midnight) &&
           !__builtin_add_overflow(midnight, weft_us_of_day(local), out);
}

static bool bucket_months(int64_t size, int64_t local, int64_t origin, int64_t *out)
{
    const weft_civil a = weft_civil_of_days(weft_days_of_us(origin));
    const weft_civil b = weft_civil_of_days(weft_days_of_us(local));
    const int64_t between = ((int64_t)b.year - a.year) * 12 + b.month - a.month;
    int64_t k = floor_div(between, size);
    if (!months_later(origin, k * size, out)) return false;
    if (*out > local) return months_later(origin, (k - 1) * size, out); /* later in its month than t */
    return true;
}

static bool bucket_us(int64_t size, int64_t t, int64_t origin, int64_t *out)
{
    int64_t distance;
    if (__builtin_sub_overflow(t, origin, &distance)) return false;
    return !__builtin_add_overflow(origin, floor_div(distance, size) * size, out);
}

static weft_status kernel_bucket(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_zone *zone = call->expr->type.id == WEFT_TYPE_TIMESTAMP ? call->state : NULL;
    const bool months = call->args[0].type.id == WEFT_TYPE_INTERVAL_YM;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int64_t at = 0;
        if (!weft_call_valid(call, i)) continue;
        const int64_t size = weft_arg_i64(&call->args[0], i);
        const int64_t t = weft_arg_i64(&call->args[1], i);
        const int64_t origin = call->arg_count > 2 ? weft_arg_i64(&call->args[2], i)
                                                   : weft_zone_to_utc(zone, 0);
        const bool wall = months || size % WEFT_DAY_US == 0;
        const int64_t from = wall ? weft_zone_to_local(zone, origin) : origin;
        const int64_t time = wall ? weft_zone_to_local(zone, t) : t;
        if (!(months ? bucket_months : bucket_us)(size, time, from, &at))
            return weft_raise_datetime_overflow(ctx, call->expr, "the bucket of the timestamp, of the size",
                                                size);
        ((int64_t *)call->out->values)[i] = wall ? weft_zone_to_utc(zone, at) : at;
    }
    return WEFT_OK;
}

/* The size is a constant interval above 0; without an origin the buckets count from 1970-01-01 on. */
static weft_status bucket_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                               const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_expr *size = NULL;
    if (count < 2 || count > 3) return weft_fail_arg_count(ctx, fn->name, 2, 3, count, span);
    const bool null = args[0]->type.id == WEFT_TYPE_NULL;
    if (!null && !weft_type_is_interval(args[0]->type))
        return weft_fail_arg_type(ctx, 0, "of an interval", args[0], span);
    for (int32_t i = 1; i < count; i++) {
        const weft_type_id id = (weft_type_id)args[i]->type.id;
        if (id != WEFT_TYPE_TIMESTAMP && id != WEFT_TYPE_TIMESTAMP_NTZ && id != WEFT_TYPE_NULL)
            return weft_fail_arg_type(ctx, i, "\"timestamp\"", args[i], span);
    }
    WEFT_TRY(st, weft_expr_fold(ctx, args[0], &size));
    if (size->kind != WEFT_EXPR_LITERAL)
        return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                            "the size of a bucket must be constant");
    if (!size->literal.is_null && size->literal.i64 <= 0)
        return weft_fail_at(ctx, WEFT_VALUE_OUT_OF_RANGE, span, "The `bucketSize` must be between (0, inf).");
    args[0] = size;
    st = weft_bind_default(ctx, fn, args, count, span, variant, type);
done:
    return st;
}

#define YM    WEFT_TYPE_INTERVAL_YM
#define DT    WEFT_TYPE_INTERVAL_DT
#define STAMP WEFT_TYPE_TIMESTAMP
#define LOCAL WEFT_TYPE_TIMESTAMP_NTZ
static const weft_signature time_bucket_signatures[] = {{{DT, STAMP, STAMP}, 2, 3, STAMP, kernel_bucket},
                                                        {{YM, STAMP, STAMP}, 2, 3, STAMP, kernel_bucket},
                                                        {{DT, LOCAL, LOCAL}, 2, 3, LOCAL, kernel_bucket},
                                                        {{YM, LOCAL, LOCAL}, 2, 3, LOCAL, kernel_bucket}};
WEFT_FN_ENTRY(time_bucket, "time_bucket", NULL, WEFT_FN_FALLIBLE | WEFT_FN_ZONED, bucket_bind,
              "time_bucket(size, t [, origin]): where the bucket of t began",
              "SELECT time_bucket(INTERVAL '15' MINUTE, TIMESTAMP '2024-01-01 11:27:00')",
              "2024-01-01 11:15:00");
