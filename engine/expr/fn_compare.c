/* engine/expr/fn_compare.c - = <> < <= > >= <=> as columns of booleans; filters use the same loops to name
 * rows. */
#include "engine/expr/coerce.h"
#include "engine/expr/kernel.h"

static weft_status compare_run(weft_kernel_call *call, weft_compare_op op)
{
    weft_column a = call->args[0], b = call->args[1];
    if (weft_phys_is_nested((weft_phys)a.phys)) {
        weft_compare_nested(op, &a, &b, call->selection, call->selected, call->out->values);
        return WEFT_OK;
    }
    if (a.encoding == WEFT_CONSTANT && b.encoding == WEFT_CONSTANT)
        a.encoding = b.encoding = WEFT_FLAT; /* one row */
    weft_compare_bools(op, &a, &b, call->selection, call->selected, call->rows, call->out->values);
    return WEFT_OK;
}

static weft_status kernel_eq(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return compare_run(call, WEFT_CMP_EQ);
}
static weft_status kernel_ne(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return compare_run(call, WEFT_CMP_NE);
}
static weft_status kernel_lt(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return compare_run(call, WEFT_CMP_LT);
}
static weft_status kernel_le(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return compare_run(call, WEFT_CMP_LE);
}
static weft_status kernel_gt(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return compare_run(call, WEFT_CMP_GT);
}
static weft_status kernel_ge(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return compare_run(call, WEFT_CMP_GE);
}

/* Equal, or both NULL; never NULL itself. */
static weft_status kernel_null_safe(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    const weft_column *a = &call->args[0], *b = &call->args[1];
    uint8_t *out = call->out->values;
    (void)compare_run(call, WEFT_CMP_EQ); /* null slots hold zero */
    if (a->validity == NULL && b->validity == NULL) return WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const bool null_a = weft_arg_is_null(a, i), null_b = weft_arg_is_null(b, i);
        if (null_a || null_b) out[i] = null_a && null_b;
    }
    return WEFT_OK;
}

#define COMPARE(kernel)                                                                                      \
    {                                                                                                        \
        {                                                                                                    \
            {WEFT_TYPE_COUNT, WEFT_TYPE_COUNT}, 2, 2, WEFT_TYPE_BOOLEAN, kernel                              \
        }                                                                                                    \
    }
static const weft_signature eq_signatures[] = COMPARE(kernel_eq);
static const weft_signature ne_signatures[] = COMPARE(kernel_ne);
static const weft_signature lt_signatures[] = COMPARE(kernel_lt);
static const weft_signature le_signatures[] = COMPARE(kernel_le);
static const weft_signature gt_signatures[] = COMPARE(kernel_gt);
static const weft_signature ge_signatures[] = COMPARE(kernel_ge);
static const weft_signature null_safe_signatures[] = COMPARE(kernel_null_safe);

#define SIGNATURES(list) .signatures = list, .signature_count = WEFT_COUNT(list)

const weft_function weft_fn_eq = {.name = "=",
                                  .aliases = "==",
                                  .flags = WEFT_FN_COMMUTATIVE,
                                  SIGNATURES(eq_signatures),
                                  .bind = weft_bind_compare,
                                  .help = "a = b",
                                  .example = "SELECT 1 = 1",
                                  .example_result = "true"};
const weft_function weft_fn_ne = {.name = "<>",
                                  .aliases = "!=",
                                  .flags = WEFT_FN_COMMUTATIVE,
                                  SIGNATURES(ne_signatures),
                                  .bind = weft_bind_compare,
                                  .help = "a <> b",
                                  .example = "SELECT 1 <> 1",
                                  .example_result = "false"};
const weft_function weft_fn_lt = {.name = "<",
                                  SIGNATURES(lt_signatures),
                                  .bind = weft_bind_compare,
                                  .help = "a < b",
                                  .example = "SELECT 1 < 2",
                                  .example_result = "true"};
const weft_function weft_fn_le = {.name = "<=",
                                  SIGNATURES(le_signatures),
                                  .bind = weft_bind_compare,
                                  .help = "a <= b",
                                  .example = "SELECT 2 <= 2",
                                  .example_result = "true"};
const weft_function weft_fn_gt = {.name = ">",
                                  SIGNATURES(gt_signatures),
                                  .bind = weft_bind_compare,
                                  .help = "a > b",
                                  .example = "SELECT 1 > 2",
                                  .example_result = "false"};
const weft_function weft_fn_ge = {.name = ">=",
                                  SIGNATURES(ge_signatures),
                                  .bind = weft_bind_compare,
                                  .help = "a >= b",
                                  .example = "SELECT 2 >= 3",
                                  .example_result = "false"};
const weft_function weft_fn_null_safe_eq = {.name = "<=>",
                                            .aliases = "equal_null",
                                            .flags = WEFT_FN_NULL_OWN | WEFT_FN_COMMUTATIVE,
                                            SIGNATURES(null_safe_signatures),
                                            .bind = weft_bind_compare,
                                            .help = "a <=> b: equal, NULL being equal to NULL",
                                            .example = "SELECT NULL <=> NULL",
                                            .example_result = "true"};
