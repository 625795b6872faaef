/* engine/expr/fn_time_window.c - windows of time: what the analyser makes of window(t, size …), and
 * window_time.
 *
 * Windows of one size begin at every multiple of the slide, counted from the start time on, in microseconds
 * of UTC or of the local time. A time is in those that begin at or before it and end behind it. */
#include "engine/expr/calendar.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/nested_call.h"

enum { WINDOWS_MOST = 100000 }; /* that one time may be in */

static bool is_moment(weft_type type)
{
    return type.id == WEFT_TYPE_TIMESTAMP || type.id == WEFT_TYPE_TIMESTAMP_NTZ;
}

/* (time_windows)(t, size, slide, start): an array of struct<start, end>. */
static weft_status windows_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    static const char *const names[] = {"start", "end"};
    weft_status st = WEFT_OK;
    if (count != 4 || !is_moment(args[0]->type)) return weft_fail_arg_count(ctx, fn->name, 4, 4, count, span);
    const weft_type types[] = {args[0]->type, args[0]->type};
    for (int32_t i = 1; i < 4; i++)
        WEFT_TRY(st, weft_expr_cast(ctx, args[i], WEFT_TYPE_OF(WEFT_TYPE_BIGINT), true, &args[i]));
    *variant = 0;
    WEFT_TRY(st, weft_type_make_struct(ctx, names, types, 2, type));
    WEFT_TRY(st, weft_type_make_array(ctx, *type, type));
done:
    return st;
}

static weft_status put_windows(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    weft_status st = WEFT_OK;
    const int64_t t = weft_arg_i64(&call->args[0], i), size = weft_arg_i64(&call->args[1], i);
    const int64_t slide = weft_arg_i64(&call->args[2], i), start = weft_arg_i64(&call->args[3], i);
    int32_t count = 0, first = 0;
    if (slide <= 0 || size < slide || size / slide >= WINDOWS_MOST)
        return weft_fail_at(ctx, WEFT_LIMIT, &call->expr->span, "a time in more than %d windows",
                            WINDOWS_MOST);
    const weft_i128 behind = ((weft_i128)t - start) % slide;
    const weft_i128 last = t - (behind < 0 ? behind + slide : behind);
    while (last - (weft_i128)count * slide + size > t) count++;
    if (last - (weft_i128)count * slide < INT64_MIN || last + size > INT64_MAX)
        return weft_raise_overflow(ctx, call->expr, "long overflow", NULL);
    WEFT_TRY(st, weft_vector_add_list(ctx, call->out, i, count, &first));
    weft_vector *window = &call->out->children[0];
    for (int32_t k = 0; k < count; k++) { /* the first to begin comes first */
        const int64_t begin = (int64_t)(last - (weft_i128)(count - 1 - k) * slide);
        weft_store_i64(&window->children[0], first + k, begin);
        weft_store_i64(&window->children[1], first + k, begin + size);
    }
done:
    return st;
}

static weft_status kernel_windows(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_skip_null(call, i)) WEFT_TRY(st, put_windows(ctx, call, i));
    }
done:
    return st;
}

/* ---- window_time ---- */

static weft_status time_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    if (count != 1) return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    const weft_type window = args[0]->type;
    const bool good = window.id == WEFT_TYPE_STRUCT && window.child_count == 2 &&
                      is_moment(window.children[0].type) && is_moment(window.children[1].type);
    if (!good) return weft_fail_arg_type(ctx, 0, "\"struct<start:timestamp,end:timestamp>\"", args[0], span);
    *variant = 0;
    *type = window.children[1].type;
    return WEFT_OK;
}

/* The last microsecond of the window. */
static weft_status kernel_time(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    const weft_column *windows = &call->args[0];
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const weft_value end = weft_value_of_column(&windows->children[1], weft_column_slot(windows, i));
        if (end.is_null)
            weft_vector_set_null(call->out, i);
        else
            ((int64_t *)call->out->values)[i] = end.i64 - 1;
    }
    return WEFT_OK;
}

static const weft_signature time_windows_forms[] = {
    {{WEFT_TYPE_COUNT, WEFT_TYPE_BIGINT, WEFT_TYPE_BIGINT, WEFT_TYPE_BIGINT},
     4,
     4,
     WEFT_TYPE_ARRAY,
     kernel_windows}};
static const weft_signature window_time_forms[] = {{{WEFT_TYPE_COUNT}, 1, 1, WEFT_TYPE_COUNT, kernel_time}};
/* What the analyser makes of window(): its name is none that a query can write. */
WEFT_NESTED_ENTRY(time_windows, "(time_windows)", NULL, WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE, windows_bind,
                  "(time_windows)(t, size, slide, start): the windows that a time is in", NULL, NULL);
WEFT_NESTED_ENTRY(window_time, "window_time", NULL, WEFT_FN_NULL_OWN, time_bind,
                  "window_time(window): the last microsecond of a window of time", NULL, NULL);
