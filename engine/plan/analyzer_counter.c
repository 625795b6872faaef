/* engine/plan/analyzer_counter.c - counter_diff(value [, start]) OVER (…) as a step from the row before.
 *
 * lag() over the window finds the last value that is not NULL, together with its start, which may be NULL. */
#include "engine/plan/analyzer_internal.h"

static weft_status text_literal(weft_ctx *ctx, const char *text, const weft_expr **out)
{
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING), .str = weft_str_view(text, 1)};
    return weft_expr_literal(ctx, &value, out);
}

/* The value, or, where there is a start, both as a struct that is NULL where the value is. */
static weft_status known_value(weft_ctx *ctx, const weft_expr *diff, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *fields[4] = {NULL, diff->args[0], NULL, NULL}, *when[2] = {NULL, NULL};
    *out = diff->args[0];
    if (diff->arg_count == 1) return WEFT_OK;
    fields[3] = diff->args[1];
    WEFT_TRY(st, text_literal(ctx, "v", &fields[0]));
    WEFT_TRY(st, text_literal(ctx, "s", &fields[2]));
    WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_IS_NOT_NULL, &diff->args[0], 1, NULL, &when[0]));
    WEFT_TRY(st, weft_expr_call(ctx, "named_struct", fields, 4, &diff->span, &when[1]));
    WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_CASE, when, 2, NULL, out));
done:
    return st;
}

static weft_status field_of(weft_ctx *ctx, const weft_expr *base, const char *name, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[2] = {base, NULL};
    WEFT_TRY(st, text_literal(ctx, name, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, ".", args, 2, &base->span, out));
done:
    return st;
}

weft_status weft_counter_step(weft_ctx *ctx, const weft_expr *diff, const weft_window_spec *spec,
                              const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *known = NULL, *before = NULL, *args[4] = {diff->args[0], NULL, NULL, NULL};
    WEFT_TRY(st, known_value(ctx, diff, &known));
    WEFT_TRY(st, weft_expr_call(ctx, "lag", &known, 1, &diff->span, &before));
    weft_expr lag = *before;
    lag.call.ignore_nulls = true;
    WEFT_TRY(st, weft_expr_with_args(ctx, &lag, before->args, &before));
    WEFT_TRY(st, weft_expr_window(ctx, before, spec, &before));
    args[1] = before;
    if (diff->arg_count > 1) {
        args[2] = diff->args[1];
        WEFT_TRY(st, field_of(ctx, before, "v", &args[1]));
        WEFT_TRY(st, field_of(ctx, before, "s", &args[3]));
    }
    WEFT_TRY(st, weft_expr_call(ctx, "(counter_step)", args, diff->arg_count * 2, &diff->span, out));
done:
    return st;
}
