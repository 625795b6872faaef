/* engine/expr/fn_time.c - functions of the TIME type. As in Spark, whose TIME type is off by default, they
 * answer that the type is not supported; this engine has no TIME type to turn on yet. */
#include "engine/expr/fn_entry.h"

static weft_status bind_time(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    (void)args;
    (void)count;
    (void)variant;
    (void)type;
    return weft_fail_at(ctx, WEFT_TIME_TYPE, span, "The data type TIME is not supported: %s().", fn->name);
}

static const weft_signature time_signatures[] = {{{WEFT_TYPE_COUNT}, 0, -1, WEFT_TYPE_NULL, NULL}};

#define TIME(symbol, usage)                                                                                  \
    const weft_function weft_fn_##symbol = {.name = #symbol,                                                 \
                                            .flags = WEFT_FN_NULL_OWN,                                       \
                                            .signatures = time_signatures,                                   \
                                            .signature_count = 1,                                            \
                                            .bind = bind_time,                                               \
                                            .help = usage " (there is no TIME type yet)"}

TIME(make_time, "make_time(hour, minute, second): a time of the day");
TIME(to_time, "to_time(s [, pattern]): text as a time of the day");
TIME(try_to_time, "try_to_time(s [, pattern]): as to_time; NULL where it cannot be read");
TIME(time_from_seconds, "time_from_seconds(n): n seconds behind midnight");
TIME(time_from_millis, "time_from_millis(n): n milliseconds behind midnight");
TIME(time_from_micros, "time_from_micros(n): n microseconds behind midnight");
TIME(time_to_seconds, "time_to_seconds(t): the seconds behind midnight");
TIME(time_to_millis, "time_to_millis(t): the milliseconds behind midnight");
TIME(time_to_micros, "time_to_micros(t): the microseconds behind midnight");
TIME(time_diff, "time_diff(unit, a, b): whole units from a to b");
TIME(time_trunc, "time_trunc(unit, t): where the unit began");
