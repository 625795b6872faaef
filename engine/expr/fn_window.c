/* engine/expr/fn_window.c - functions that exist only with OVER. They have no kernel: the window operator
 * (engine/exec/op_window.c) knows them by name. */
#include <stdio.h>

#include "engine/expr/coerce.h"
#include "engine/expr/function.h"
#include "engine/expr/type_sql.h"

/* Which part, or how far: a constant. *value is NULL where it is none. */
static weft_status bind_constant(weft_ctx *ctx, const weft_expr *e, const char *what, const weft_span *span,
                                 const weft_expr **value)
{
    weft_status st = WEFT_OK;
    char *text = NULL, *type = NULL;
    WEFT_TRY(st, weft_expr_fold_now(ctx, e, value));
    if ((*value)->kind == WEFT_EXPR_LITERAL) goto done;
    WEFT_TRY(st, weft_expr_text(ctx, e, false, &text));
    WEFT_TRY(st, weft_type_sql(ctx, e->type, &type));
    st = weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                      "the input `%s` should be a foldable \"%s\" expression; however, got \"%.200s\".", what,
                      type, text);
done:
    return st;
}

/* The result has the type of the first argument; a third one (the default of lag and lead) is cast to it. */
static weft_status bind_value(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_expr *offset = NULL;
    if (count > 1) WEFT_TRY(st, bind_constant(ctx, args[1], "offset", span, &offset));
    WEFT_TRY(st, weft_bind_default(ctx, fn, args, count, span, variant, type));
    if (count == 3) WEFT_TRY(st, weft_expr_cast(ctx, args[2], args[0]->type, true, &args[2]));
done:
    return st;
}

/* How far lag and lead look is an INT, to which nothing is cast. */
static weft_status bind_shift(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_expr *offset = NULL;
    if (count > 1) WEFT_TRY(st, bind_constant(ctx, args[1], "offset", span, &offset));
    if (offset != NULL && (args[1]->type.id != WEFT_TYPE_INT || offset->literal.is_null))
        return weft_fail_at(ctx, WEFT_WINDOW_OFFSET, span,
                            "Cannot specify window frame for %s function: how far it looks must be an INT.",
                            fn->name);
    WEFT_TRY(st, bind_value(ctx, fn, args, count, span, variant, type));
done:
    return st;
}

/* As lag and lead, but the offset is above 0; NULL counts as 0. */
static weft_status bind_nth(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                            const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_expr *offset = NULL;
    WEFT_TRY(st, bind_value(ctx, fn, args, count, span, variant, type));
    WEFT_TRY(st, weft_expr_fold_now(ctx, args[1], &offset));
    const int64_t number = offset->literal.is_null ? 0 : offset->literal.i64;
    if (number < 1)
        st = weft_fail_at(ctx, WEFT_VALUE_OUT_OF_RANGE, span,
                          "The offset must be between (0, 9223372036854775807] (current value = %lldL).",
                          (long long)number);
done:
    return st;
}

/* How many parts is an INT, to which nothing is cast. */
static weft_status bind_ntile(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_expr *parts = NULL;
    char number[24] = "null";
    if (count == 1) {
        WEFT_TRY(st, bind_constant(ctx, args[0], "buckets", span, &parts));
        if (args[0]->type.id != WEFT_TYPE_INT) return weft_fail_arg_type(ctx, 0, "\"int\"", args[0], span);
        if (!parts->literal.is_null) snprintf(number, sizeof number, "%lld", (long long)parts->literal.i64);
        if (parts->literal.is_null || parts->literal.i64 < 1)
            return weft_fail_at(ctx, WEFT_VALUE_OUT_OF_RANGE, span,
                                "The buckets must be between (0, 2147483647] (current value = %s).", number);
    }
    WEFT_TRY(st, weft_bind_default(ctx, fn, args, count, span, variant, type));
done:
    return st;
}

#define ANY WEFT_TYPE_COUNT
static const weft_signature no_args_int[] = {{.min_args = 0, .max_args = 0, .result = WEFT_TYPE_INT}};
static const weft_signature no_args_double[] = {{.min_args = 0, .max_args = 0, .result = WEFT_TYPE_DOUBLE}};
/* rank(a, b): what stands in the parentheses does not matter, as in Spark. */
static const weft_signature ranked_int[] = {
    {.args = {ANY}, .min_args = 0, .max_args = -1, .result = WEFT_TYPE_INT}};
static const weft_signature ranked_double[] = {
    {.args = {ANY}, .min_args = 0, .max_args = -1, .result = WEFT_TYPE_DOUBLE}};
static const weft_signature one_int[] = {
    {.args = {WEFT_TYPE_INT}, .min_args = 1, .max_args = 1, .result = WEFT_TYPE_INT}};
static const weft_signature value_offset[] = {
    {.args = {ANY, WEFT_TYPE_INT, ANY}, .min_args = 1, .max_args = 3, .result = ANY}};
static const weft_signature value_nth[] = {
    {.args = {ANY, WEFT_TYPE_INT}, .min_args = 2, .max_args = 2, .result = ANY}};
#undef ANY

#define WINDOW(symbol, text, forms, binding, says)                                                           \
    const weft_function weft_fn_##symbol = {.name = text,                                                    \
                                            .flags = WEFT_FN_WINDOW_ONLY | WEFT_FN_NULL_OWN,                 \
                                            .signatures = forms,                                             \
                                            .signature_count = 1,                                            \
                                            .bind = binding,                                                 \
                                            .help = says}
WINDOW(row_number, "row_number", no_args_int, NULL,
       "row_number() - The number of the row in its partition, from 1.");
WINDOW(rank, "rank", ranked_int, NULL, "rank() - One more than the number of rows before the row's peers.");
WINDOW(dense_rank, "dense_rank", ranked_int, NULL,
       "dense_rank() - The number of the row's group of peers, from 1.");
WINDOW(percent_rank, "percent_rank", ranked_double, NULL,
       "percent_rank() - (rank - 1) / (rows of the partition - 1).");
WINDOW(cume_dist, "cume_dist", no_args_double, NULL,
       "cume_dist() - The part of the partition up to the last peer of the row.");
WINDOW(ntile, "ntile", one_int, bind_ntile,
       "ntile(n) - The number of the row's part when the partition is cut into n.");
WINDOW(lag, "lag", value_offset, bind_shift,
       "lag(value [, offset [, default]]) - The value offset rows before this one in the partition.");
WINDOW(lead, "lead", value_offset, bind_shift,
       "lead(value [, offset [, default]]) - The value offset rows after this one in the partition.");
WINDOW(nth_value, "nth_value", value_nth, bind_nth,
       "nth_value(value, n) - The value of the n-th row of the frame.");
#undef WINDOW
