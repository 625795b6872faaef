/* engine/expr/fn_bits.c - & | ^ ~, shifts, and counting bits, of integers. Amounts of shifts count modulo the
 * width, as Java has it. */
#include "engine/expr/fn_entry.h"

typedef enum bits_op { BITS_AND, BITS_OR, BITS_XOR } bits_op;

static weft_status bits_rows(weft_kernel_call *call, bits_op op)
{
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const int64_t a = weft_arg_i64(&call->args[0], i), b = weft_arg_i64(&call->args[1], i);
        weft_store_i64(call->out, i, op == BITS_AND ? a & b : op == BITS_OR ? a | b : a ^ b);
    }
    return WEFT_OK;
}
static weft_status kernel_and(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return bits_rows(call, BITS_AND);
}
static weft_status kernel_or(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return bits_rows(call, BITS_OR);
}
static weft_status kernel_xor(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return bits_rows(call, BITS_XOR);
}

static weft_status kernel_not(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_store_i64(call->out, i, ~weft_arg_i64(&call->args[0], i));
    }
    return WEFT_OK;
}

typedef enum bits_shift { SHIFT_LEFT, SHIFT_RIGHT, SHIFT_RIGHT_UNSIGNED } bits_shift;

static weft_status shift_rows(weft_kernel_call *call, bits_shift shift)
{
    const bool wide = call->args[0].phys == WEFT_PHYS_I64;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const int64_t value = weft_arg_i64(&call->args[0], i);
        const uint32_t amount = (uint32_t)weft_arg_i64(&call->args[1], i) & (wide ? 63 : 31);
        const uint64_t bits = wide ? (uint64_t)value : (uint32_t)value;
        weft_store_i64(call->out, i,
                       shift == SHIFT_LEFT    ? (int64_t)(bits << amount)
                       : shift == SHIFT_RIGHT ? value >> amount
                                              : (int64_t)(bits >> amount));
    }
    return WEFT_OK;
}
static weft_status kernel_shift_left(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return shift_rows(call, SHIFT_LEFT);
}
static weft_status kernel_shift_right(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return shift_rows(call, SHIFT_RIGHT);
}
static weft_status kernel_shift_right_unsigned(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return shift_rows(call, SHIFT_RIGHT_UNSIGNED);
}

static weft_status kernel_count(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const uint64_t bits = (uint64_t)weft_arg_i64(&call->args[0], i); /* sign-extended, as Spark counts */
        ((int32_t *)call->out->values)[i] = __builtin_popcountll(bits);
    }
    return WEFT_OK;
}

static weft_status kernel_get(weft_ctx *ctx, weft_kernel_call *call)
{
    const int32_t width = 8 * weft_phys_bytes((weft_phys)call->args[0].phys);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const int64_t at = weft_arg_i64(&call->args[1], i);
        if (!weft_call_valid(call, i)) continue;
        if (at < 0 || at >= width) {
            return weft_fail_at(
                ctx, WEFT_BIT_POSITION, &call->expr->span,
                "The value of parameter(s) `pos` in `%s` is invalid: expects an integer value "
                "in [0, %d), but got %lld.",
                call->expr->call.function->name, width, (long long)at);
        }
        ((int8_t *)call->out->values)[i] = (int8_t)((weft_arg_i64(&call->args[0], i) >> at) & 1);
    }
    return WEFT_OK;
}

#define PAIR(id, kernel)                                                                                     \
    {                                                                                                        \
        {WEFT_TYPE_##id, WEFT_TYPE_##id}, 2, 2, WEFT_TYPE_##id, kernel                                       \
    }
#define ONE(id, kernel)                                                                                      \
    {                                                                                                        \
        {WEFT_TYPE_##id}, 1, 1, WEFT_TYPE_##id, kernel                                                       \
    }
#define SHIFT(id, kernel)                                                                                    \
    {                                                                                                        \
        {WEFT_TYPE_##id, WEFT_TYPE_INT}, 2, 2, WEFT_TYPE_##id, kernel                                        \
    }
#define COUNT(id)                                                                                            \
    {                                                                                                        \
        {WEFT_TYPE_##id}, 1, 1, WEFT_TYPE_INT, kernel_count                                                  \
    }
#define GET(id)                                                                                              \
    {                                                                                                        \
        {WEFT_TYPE_##id, WEFT_TYPE_INT}, 2, 2, WEFT_TYPE_TINYINT, kernel_get                                 \
    }
#define INTEGRALS(form, kernel)                                                                              \
    {                                                                                                        \
        form(TINYINT, kernel), form(SMALLINT, kernel), form(INT, kernel), form(BIGINT, kernel)               \
    }
/* No implicit cast: neither texts nor decimals have bits. */
static weft_status bind_bits(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    const uint8_t id = count > 0 ? args[0]->type.id : WEFT_TYPE_NULL;
    const bool counts = strcmp(fn->name, "bit_count") == 0, boolean = counts && id == WEFT_TYPE_BOOLEAN;
    if (id != WEFT_TYPE_NULL && !boolean && !weft_type_is_integral(args[0]->type))
        return weft_fail_arg_type(ctx, 0, counts ? "\"integral\" or \"boolean\"" : "\"integral\"", args[0],
                                  span);
    return weft_bind_default(ctx, fn, args, count, span, variant, type);
}

static const weft_signature bit_and_op_signatures[] = INTEGRALS(PAIR, kernel_and);
static const weft_signature bit_or_op_signatures[] = INTEGRALS(PAIR, kernel_or);
static const weft_signature bit_xor_op_signatures[] = INTEGRALS(PAIR, kernel_xor);
static const weft_signature bit_not_signatures[] = INTEGRALS(ONE, kernel_not);
static const weft_signature shiftleft_signatures[] = {SHIFT(INT, kernel_shift_left),
                                                      SHIFT(BIGINT, kernel_shift_left)};
static const weft_signature shiftright_signatures[] = {SHIFT(INT, kernel_shift_right),
                                                       SHIFT(BIGINT, kernel_shift_right)};
static const weft_signature shiftrightunsigned_signatures[] = {SHIFT(INT, kernel_shift_right_unsigned),
                                                               SHIFT(BIGINT, kernel_shift_right_unsigned)};
static const weft_signature bit_count_signatures[] = {COUNT(BOOLEAN), COUNT(TINYINT), COUNT(SMALLINT),
                                                      COUNT(INT), COUNT(BIGINT)};
static const weft_signature bit_get_signatures[] = {GET(TINYINT), GET(SMALLINT), GET(INT), GET(BIGINT)};

WEFT_FN_ENTRY(bit_and_op, "&", NULL, WEFT_FN_COMMUTATIVE, weft_bind_arithmetic,
              "a & b: the bits that both have", "SELECT 5 & 3", "1");
WEFT_FN_ENTRY(bit_or_op, "|", NULL, WEFT_FN_COMMUTATIVE, weft_bind_arithmetic, "a | b: the bits that one has",
              "SELECT 5 | 3", "7");
WEFT_FN_ENTRY(bit_xor_op, "^", NULL, WEFT_FN_COMMUTATIVE, weft_bind_arithmetic,
              "a ^ b: the bits that only one has", "SELECT 5 ^ 3", "6");
WEFT_FN_ENTRY(bit_not, "~", NULL, 0, bind_bits, "~a: all bits turned", "SELECT ~5", "-6");
WEFT_FN_ENTRY(shiftleft, "<<", "shiftleft", 0, NULL, "a << n: the bits moved up by n", "SELECT 5 << 2", "20");
WEFT_FN_ENTRY(shiftright, ">>", "shiftright", 0, NULL, "a >> n: the bits moved down by n, the sign kept",
              "SELECT -5 >> 1", "-3");
WEFT_FN_ENTRY(shiftrightunsigned, ">>>", "shiftrightunsigned", 0, NULL,
              "a >>> n: the bits moved down by n, zeros from above", "SELECT -5 >>> 1", "2147483645");
WEFT_FN_ENTRY(bit_count, "bit_count", NULL, 0, bind_bits, "bit_count(a): how many bits are set",
              "SELECT bit_count(7)", "3");
WEFT_FN_ENTRY(bit_get, "bit_get", "getbit", WEFT_FN_FALLIBLE, bind_bits, "bit_get(a, n): bit n of a, from 0",
              "SELECT bit_get(5, 2)", "1");
