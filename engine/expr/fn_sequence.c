/* engine/expr/fn_sequence.c - sequence(start, stop [, step]): numbers, dates and timestamps at equal steps.
 *
 * The k-th value is start and k steps at once, so that months count from the first day of all. Days of
 * timestamps without a step are days on the wall of the session's zone. */
#include "engine/expr/calendar.h"
#include "engine/expr/calendar_interval.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/nested_call.h"
#include "engine/expr/zone.h"

enum { SEQUENCE_MOST = INT32_MAX - 15 };

static weft_status fail_types(weft_ctx *ctx, const weft_span *span)
{
    return weft_fail_at(
        ctx, WEFT_DATATYPE_MISMATCH_SEQUENCE, span,
        "`sequence` uses the wrong parameter type. The start and stop expressions must resolve "
        "to the same type, a whole number, a date or a timestamp; the step of dates and "
        "timestamps is an interval, otherwise of that type too.");
}

static weft_status bind_sequence(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                 int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    weft_type element;
    bool found = true;
    if (count < 2 || count > 3) return weft_fail_arg_count(ctx, fn->name, 2, 3, count, span);
    *variant = 0;
    WEFT_TRY(st, weft_type_common_in(ctx, args[0]->type, args[1]->type, &element, &found));
    const bool moments = found && (element.id == WEFT_TYPE_DATE || element.id == WEFT_TYPE_TIMESTAMP ||
                                   element.id == WEFT_TYPE_TIMESTAMP_NTZ);
    if (count == 3 && found && !moments)
        WEFT_TRY(st, weft_type_common_in(ctx, element, args[2]->type, &element, &found));
    if (!found || (!moments && !weft_type_is_integral(element))) return fail_types(ctx, span);
    for (int32_t i = 0; i < (moments ? 2 : count); i++)
        WEFT_TRY(st, weft_expr_cast(ctx, args[i], element, true, &args[i]));
    if (moments && count == 3) {
        const weft_type_id step = (weft_type_id)args[2]->type.id;
        if (step == WEFT_TYPE_NULL)
            WEFT_TRY(st, weft_expr_cast(ctx, args[2], WEFT_TYPE_OF(WEFT_TYPE_INTERVAL_DT), true, &args[2]));
        else if (step != WEFT_TYPE_INTERVAL && step != WEFT_TYPE_INTERVAL_YM && step != WEFT_TYPE_INTERVAL_DT)
            return fail_types(ctx, span);
    }
    WEFT_TRY(st, weft_type_make_array(ctx, element, type));
done:
    return st;
}

typedef struct stepping {
    /* Of the values; of the step: BIGINT, INTERVAL, INTERVAL_YM, INTERVAL_DT, DATE for days. */
    weft_type_id type, unit;
    int64_t start, stop, step; /* step: 1 or -1 for an INTERVAL, whose length is in parts */
    weft_calendar_interval parts;
    weft_zone *zone; /* or NULL */
} stepping;

/* Months, then days, then time behind the first value; a date keeps none of its time. */
static bool calendar_at(const stepping *s, int64_t k, int64_t *out)
{
    const bool date = s->type == WEFT_TYPE_DATE;
    const int64_t start = date ? s->start * WEFT_DAY_US : s->start;
    weft_calendar_interval step;
    if (k != (int32_t)k || __builtin_mul_overflow(s->parts.months, (int32_t)k, &step.months) ||
        __builtin_mul_overflow(s->parts.days, (int32_t)k, &step.days) ||
        __builtin_mul_overflow(s->parts.us, k, &step.us))
        return false;
    if (!weft_timestamp_add_interval(s->type == WEFT_TYPE_TIMESTAMP ? s->zone : NULL, start, step, out))
        return false;
    if (date) *out = weft_days_of_us(*out);
    return true;
}

/* The k-th value; false when it is beyond the type. */
static bool value_at(const stepping *s, int64_t k, int64_t *out)
{
    int64_t moved;
    if (s->unit == WEFT_TYPE_INTERVAL) return calendar_at(s, k, out);
    if (__builtin_mul_overflow(s->step, k, &moved)) return false;
    const bool date = s->type == WEFT_TYPE_DATE, zoned = s->type == WEFT_TYPE_TIMESTAMP && s->zone != NULL;
    if (s->unit == WEFT_TYPE_INTERVAL_YM || s->unit == WEFT_TYPE_DATE) {
        const int64_t local = zoned ? weft_zone_to_local(s->zone, s->start) : s->start;
        const int32_t days = date ? (int32_t)s->start : weft_days_of_us(local);
        int32_t day = days;
        int64_t us;
        if (s->unit == WEFT_TYPE_INTERVAL_YM) {
            if (!weft_days_add_months(days, moved, &day)) return false;
        } else if (moved != (int32_t)moved || __builtin_add_overflow(days, (int32_t)moved, &day)) {
            return false;
        }
        *out = day;
        if (date) return true;
        if (__builtin_mul_overflow((int64_t)day, (int64_t)86400000000, &us)) return false;
        if (__builtin_add_overflow(us, weft_us_of_day(local), out)) return false;
        if (zoned) *out = weft_zone_to_utc_near(s->zone, *out, s->start);
        return true;
    }
    return !__builtin_add_overflow(s->start, moved, out);
}

/* Which way an INTERVAL goes is told by months of 28 days. */
static void set_parts(const weft_column *arg, int32_t i, stepping *s)
{
    s->parts = weft_calendar_interval_of(weft_load_i128(arg->data, arg->phys, weft_arg_slot(arg, i)));
    const weft_i128 length = s->parts.us +
                             WEFT_DAY_US * ((weft_i128)s->parts.days + (weft_i128)28 * s->parts.months);
    s->step = length > 0 ? 1 : length < 0 ? -1 : 0;
}

static weft_status stepping_of_row(weft_ctx *ctx, const weft_kernel_call *call, int32_t i, stepping *s)
{
    const bool moments = !weft_type_is_integral(call->args[0].type);
    *s = (stepping){.type = (weft_type_id)call->args[0].type.id,
                    .start = weft_arg_i64(&call->args[0], i),
                    .stop = weft_arg_i64(&call->args[1], i),
                    .zone = call->state};
    s->step = s->start <= s->stop ? 1 : -1;
    s->unit = moments ? WEFT_TYPE_DATE : WEFT_TYPE_BIGINT;
    if (call->arg_count == 3) {
        if (moments) s->unit = (weft_type_id)call->args[2].type.id;
        if (s->unit == WEFT_TYPE_INTERVAL)
            set_parts(&call->args[2], i, s);
        else
            s->step = weft_arg_i64(&call->args[2], i);
    }
    if (s->type == WEFT_TYPE_DATE && s->unit == WEFT_TYPE_INTERVAL_DT) {
        if (s->step % 86400000000 != 0)
            return weft_fail_at(ctx, WEFT_INVALID, &call->expr->span,
                                "sequence step must be an interval day to second of day granularity if start "
                                "and end values are dates");
        s->step /= 86400000000;
        s->unit = WEFT_TYPE_DATE;
    }
    const bool days = s->unit == WEFT_TYPE_INTERVAL_DT && s->step % 86400000000 == 0;
    if (s->type == WEFT_TYPE_TIMESTAMP && s->zone != NULL && days) { /* days on the wall */
        s->step /= 86400000000;
        s->unit = WEFT_TYPE_DATE;
    }
    const bool legal = s->start == s->stop || (s->start < s->stop ? s->step > 0 : s->step < 0);
    if (legal) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_INVALID, &call->expr->span,
                        "Illegal sequence boundaries: %lld to %lld by %lld", (long long)s->start,
                        (long long)s->stop, (long long)s->step);
}

/* How many values there are, or one more than may be. */
static int64_t count_values(const stepping *s)
{
    int64_t count = 0, value = 0;
    if (s->start == s->stop) return 1;
    if (s->unit == WEFT_TYPE_BIGINT || s->unit == WEFT_TYPE_INTERVAL_DT) {
        const weft_i128 span = (weft_i128)s->stop - s->start;
        const weft_i128 steps = span / s->step;
        return steps >= SEQUENCE_MOST ? (int64_t)SEQUENCE_MOST + 1 : (int64_t)steps + 1;
    }
    while (count <= SEQUENCE_MOST && value_at(s, count, &value)) {
        if (s->step > 0 ? value > s->stop : value < s->stop) break;
        count++;
    }
    return count;
}

static weft_status kernel_sequence(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        stepping s;
        int32_t first = 0;
        if (weft_call_skip_null(call, i)) continue;
        WEFT_TRY(st, stepping_of_row(ctx, call, i, &s));
        const int64_t count = count_values(&s);
        if (count > SEQUENCE_MOST)
            WEFT_TRY(st, weft_fail_at(ctx, WEFT_COLLECTION_SIZE, &call->expr->span,
                                      "Can't create array with more than %d elements in the function "
                                      "`sequence`.",
                                      SEQUENCE_MOST));
        WEFT_TRY(st, weft_vector_add_list(ctx, call->out, i, (int32_t)count, &first));
        weft_vector *child = &call->out->children[0];
        for (int64_t n = 0; n < count; n++) {
            int64_t value = s.start;
            (void)value_at(&s, n, &value);
            weft_store_i64(child, first + (int32_t)n, value);
        }
    }
done:
    return st;
}

WEFT_NESTED_FORM(sequence, 2, 3, WEFT_TYPE_ARRAY, kernel_sequence);
WEFT_NESTED_ENTRY(sequence, "sequence", NULL, WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE | WEFT_FN_ZONED,
                  bind_sequence,
                  "sequence(start, stop [, step]): the values from start to stop, both included",
                  "SELECT sequence(1, 5, 2)", "[1, 3, 5]");
