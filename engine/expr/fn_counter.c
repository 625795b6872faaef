/* engine/expr/fn_counter.c - counter_diff(value [, start]) OVER (…): how much a counter grew since the row
 * before.
 *
 * The analyser makes it a step from the last row of the window whose value is not NULL, which lag() finds;
 * the step is a function of its own, and shows in no query. */
#include <math.h>

#include "engine/expr/fn_decimal.h"
#include "engine/expr/fn_entry.h"

enum { VALUE, BEFORE, START, START_BEFORE }; /* arguments of a step; the last two may be missing */

/* Has the counter begun anew between the rows? Errors: WEFT_COUNTER_START when its start went back. */
static weft_status began_anew(weft_ctx *ctx, const weft_kernel_call *call, int32_t i, bool *anew)
{
    *anew = false;
    if (call->arg_count <= START || weft_column_is_null(&call->args[START], i) ||
        weft_column_is_null(&call->args[START_BEFORE], i))
        return WEFT_OK;
    const int64_t start = weft_arg_i64(&call->args[START], i);
    const int64_t before = weft_arg_i64(&call->args[START_BEFORE], i);
    *anew = start > before;
    if (start >= before) return WEFT_OK;
    return weft_fail_at(
        ctx, WEFT_COUNTER_START, &call->expr->span,
        "Start time provided to function `counter_diff` decreased by %lld microseconds. Start "
        "time is required to be non-decreasing.",
        (long long)(before - start));
}

static weft_status fail_negative(weft_ctx *ctx, const weft_kernel_call *call)
{
    return weft_fail_at(ctx, WEFT_COUNTER_NEGATIVE, &call->expr->span,
                        "A negative counter value was provided to function `counter_diff`. Negative counter "
                        "values are not allowed.");
}

/* Both values of row i, as integers of the same scale. */
static weft_status step_integers(weft_ctx *ctx, weft_kernel_call *call, weft_decimal_out *out, int32_t i,
                                 bool first)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[VALUE], *b = &call->args[BEFORE];
    const bool decimal = a->type.id == WEFT_TYPE_DECIMAL;
    const weft_i128 value = decimal ? weft_load_i128(a->data, a->phys, weft_arg_slot(a, i))
                                    : weft_arg_i64(a, i);
    bool anew = true;
    if (value < 0) return fail_negative(ctx, call);
    if (!first) WEFT_TRY(st, began_anew(ctx, call, i, &anew));
    weft_i128 before = 0;
    if (!first) before = decimal ? weft_load_i128(b->data, b->phys, weft_arg_slot(b, i)) : weft_arg_i64(b, i);
    if (anew || value < before)
        weft_vector_set_null(call->out, i);
    else if (decimal)
        WEFT_TRY(st, weft_decimal_out_put(ctx, out, i, value - before, true));
    else
        weft_store_i64(call->out, i, (int64_t)(value - before));
done:
    return st;
}

/* The same of doubles, of which NaN is the greatest. */
static weft_status step_reals(weft_ctx *ctx, weft_kernel_call *call, int32_t i, bool first)
{
    weft_status st = WEFT_OK;
    const double value = weft_arg_f64(&call->args[VALUE], i);
    const double before = first ? 0 : weft_arg_f64(&call->args[BEFORE], i);
    bool anew = true;
    if (value < 0) return fail_negative(ctx, call);
    if (!first) WEFT_TRY(st, began_anew(ctx, call, i, &anew));
    if (anew || value < before || (isnan(before) && !isnan(value)))
        weft_vector_set_null(call->out, i);
    else if (call->out->column.phys == WEFT_PHYS_F32)
        ((float *)call->out->values)[i] = (float)value - (float)before;
    else
        ((double *)call->out->values)[i] = value - before;
done:
    return st;
}

static weft_status kernel_step(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_type_id id = (weft_type_id)call->args[VALUE].type.id;
    weft_decimal_out out;
    if (id == WEFT_TYPE_DECIMAL) weft_decimal_out_begin(ctx, call, &out);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const bool first = weft_column_is_null(&call->args[BEFORE], i);
        if (weft_column_is_null(&call->args[VALUE], i))
            weft_vector_set_null(call->out, i);
        else if (id == WEFT_TYPE_DOUBLE || id == WEFT_TYPE_FLOAT)
            WEFT_TRY(st, step_reals(ctx, call, i, first));
        else
            WEFT_TRY(st, step_integers(ctx, call, &out, i, first));
    }
    if (id == WEFT_TYPE_DECIMAL) weft_decimal_out_end(&out);
done:
    return st;
}

/* The analyser gives arguments of the right types: values of one type, then the starts. */
static weft_status bind_step(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    if (count != BEFORE + 1 && count != START_BEFORE + 1)
        return weft_fail_arg_count(ctx, fn->name, BEFORE + 1, START_BEFORE + 1, count, span);
    *variant = 0;
    *type = args[VALUE]->type;
    return WEFT_OK;
}

/* What is written: a number, and a timestamp. */
static weft_status bind_diff(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count < 1 || count > 2) return weft_fail_arg_count(ctx, fn->name, 1, 2, count, span);
    if (args[0]->type.id == WEFT_TYPE_NULL)
        WEFT_TRY(st, weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_DOUBLE), true, &args[0]));
    if (!weft_type_is_numeric(args[0]->type)) return weft_fail_arg_type(ctx, 0, "\"NUMERIC\"", args[0], span);
    if (count > 1 && args[1]->type.id != WEFT_TYPE_TIMESTAMP && args[1]->type.id != WEFT_TYPE_TIMESTAMP_NTZ)
        return weft_fail_arg_type(ctx, 1, "(\"TIMESTAMP\" or \"TIMESTAMP_NTZ\")", args[1], span);
    *variant = 0;
    *type = args[0]->type;
done:
    return st;
}

#define ANY WEFT_TYPE_COUNT
WEFT_FN_FORM(counter_step, 2, 4, ANY, kernel_step, ANY, ANY, ANY, ANY);
WEFT_FN_ENTRY(counter_step, "(counter_step)", NULL, WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE, bind_step,
              "(counter_step)(value, before [, start, start_before]): a step of counter_diff()", NULL, NULL);
WEFT_FN_FORM(counter_diff, 1, 2, ANY, NULL, ANY, ANY);
WEFT_FN_ENTRY(
    counter_diff, "counter_diff", NULL, WEFT_FN_WINDOW_ONLY | WEFT_FN_NULL_OWN, bind_diff,
    "counter_diff(value [, start]) - How much the counter grew since the last row of the partition that "
    "has a value; NULL where it began anew: the value is less, or its start later.",
    NULL, NULL);
