/* engine/expr/fn_arith.c - + - * / % div, pmod, negative, positive, abs over integers and floats, and the
 * entries of these functions; decimals are in fn_decimal.c, dates and intervals in fn_interval.c. */
#include <math.h>

#include "engine/expr/fn_decimal.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/fn_interval.h"

static const char *arith_overflow_text(weft_type type)
{
    if (type.id == WEFT_TYPE_BIGINT) return "long overflow";
    if (type.id == WEFT_TYPE_SMALLINT) return "smallint overflow";
    return type.id == WEFT_TYPE_TINYINT ? "tinyint overflow" : "integer overflow";
}

/* Does a op b leave the range of an integer of `bytes` bytes? */
static bool arith_overflows(weft_arith_op op, int64_t a, int64_t b, int32_t bytes)
{
    int64_t r;
    const bool wide = op == WEFT_ARITH_ADD   ? __builtin_add_overflow(a, b, &r)
                      : op == WEFT_ARITH_SUB ? __builtin_sub_overflow(a, b, &r)
                                             : __builtin_mul_overflow(a, b, &r);
    const int64_t high = bytes == 8 ? INT64_MAX : ((int64_t)1 << (8 * bytes - 1)) - 1;
    return wide || r > high || r < -high - 1;
}

/* Some lane overflowed: an error when a row that counts did, NULL for try_add and its like; without ANSI
 * integers wrap. */
static weft_status arith_recheck(weft_ctx *ctx, weft_kernel_call *call, weft_arith_op op)
{
    static const char *const alternatives[WEFT_ARITH_OPS] = {"try_add", "try_subtract", "try_multiply"};
    const int32_t bytes = weft_phys_bytes((weft_phys)call->args[0].phys);
    const bool tried = weft_raise_tried(call->expr);
    if (!tried && !weft_raise_wanted(ctx, call->expr)) return WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        if (arith_overflows(op, weft_arg_i64(&call->args[0], i), weft_arg_i64(&call->args[1], i), bytes)) {
            if (tried) {
                weft_vector_set_null(call->out, i);
                continue;
            }
            if (bytes < 4)
                return weft_raise_binary_overflow(ctx, call->expr, weft_arg_i64(&call->args[0], i),
                                                  weft_arg_i64(&call->args[1], i), alternatives[op]);
            return weft_raise_overflow(ctx, call->expr, arith_overflow_text(call->expr->type),
                                       alternatives[op]);
        }
    }
    return WEFT_OK;
}

static weft_status arith_run(weft_ctx *ctx, weft_kernel_call *call, weft_arith_op op)
{
    const weft_column *a = &call->args[0], *b = &call->args[1];
    const weft_arith_loops *loops = &weft_arith_loops_get()->loops[op][a->phys];
    const bool a_constant = a->encoding == WEFT_CONSTANT, b_constant = b->encoding == WEFT_CONSTANT;
    void *out = call->out->values;
    bool bad;
    if (!weft_call_dense(call)) {
        bad = loops->sparse(a->data, !a_constant, b->data, !b_constant, out, call->selection, call->selected);
    } else if (a_constant && !b_constant) {
        bad = loops->cv(a->data, b->data, out, call->rows);
    } else {
        bad = (b_constant ? loops->vc : loops->vv)(a->data, b->data, out, call->rows);
    }
    return WEFT_UNLIKELY(bad) ? arith_recheck(ctx, call, op) : WEFT_OK;
}

static weft_status kernel_add(weft_ctx *ctx, weft_kernel_call *call)
{
    return arith_run(ctx, call, WEFT_ARITH_ADD);
}
static weft_status kernel_sub(weft_ctx *ctx, weft_kernel_call *call)
{
    return arith_run(ctx, call, WEFT_ARITH_SUB);
}
static weft_status kernel_mul(weft_ctx *ctx, weft_kernel_call *call)
{
    return arith_run(ctx, call, WEFT_ARITH_MUL);
}

/* A zero divisor in row i: an error, or NULL without ANSI. */
static weft_status arith_zero(weft_ctx *ctx, weft_kernel_call *call, int32_t i, bool remainder)
{
    if (!weft_raise_wanted(ctx, call->expr)) {
        weft_vector_set_null(call->out, i);
        return WEFT_OK;
    }
    return remainder ? weft_raise_remainder_by_zero(ctx, call->expr)
                     : weft_raise_divide_by_zero(ctx, call->expr);
}

static weft_status kernel_div_f64(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[0], *b = &call->args[1];
    const double *x = a->data, *y = b->data;
    double *out = call->out->values;
    const int32_t sx = a->encoding != WEFT_CONSTANT, sy = b->encoding != WEFT_CONSTANT;
    bool zero = false;
    if (weft_call_dense(call)) {
        for (int32_t i = 0; i < call->rows; i++) {
            out[i] = x[i * sx] / y[i * sy];
            zero |= y[i * sy] == 0;
        }
    } else {
        for (int32_t k = 0; k < call->selected; k++) {
            const int32_t i = call->selection[k];
            out[i] = x[i * sx] / y[i * sy];
            zero |= y[i * sy] == 0;
        }
    }
    for (int32_t k = 0; zero && k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (y[i * sy] == 0 && weft_call_valid(call, i)) WEFT_TRY(st, arith_zero(ctx, call, i, false));
    }
done:
    return st;
}

/* r + b in the width of Java's type: bytes and shorts are added as ints. */
static int64_t wrapped_sum(const weft_vector *out, int64_t r, int64_t b)
{
    const int64_t sum = (int64_t)((uint64_t)r + (uint64_t)b);
    return out->column.phys == WEFT_PHYS_I64 ? sum : (int64_t)(int32_t)sum;
}

/* Remainders take the sign of the dividend (Java's %); pmod brings negative ones into the divisor's range. */
static weft_status remainder_integral(weft_ctx *ctx, weft_kernel_call *call, bool positive)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t a = weft_arg_i64(&call->args[0], i), b = weft_arg_i64(&call->args[1], i);
        if (b == 0) {
            WEFT_TRY(st, arith_zero(ctx, call, i, true));
            continue;
        }
        int64_t r = b == -1 ? 0 : a % b; /* the least integer over -1 traps */
        if (positive && r < 0 && b != -1) r = wrapped_sum(call->out, r, b) % b;
        weft_store_i64(call->out, i, r);
    }
done:
    return st;
}

static weft_status remainder_float(weft_ctx *ctx, weft_kernel_call *call, bool positive)
{
    weft_status st = WEFT_OK;
    const bool single = call->out->column.phys == WEFT_PHYS_F32;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const double a = weft_arg_f64(&call->args[0], i), b = weft_arg_f64(&call->args[1], i);
        if (b == 0) {
            WEFT_TRY(st, arith_zero(ctx, call, i, true));
            continue;
        }
        double r = fmod(a, b); /* exact, in either width */
        if (positive && r < 0) r = single ? (double)fmodf((float)r + (float)b, (float)b) : fmod(r + b, b);
        if (single)
            ((float *)call->out->values)[i] = (float)r;
        else
            ((double *)call->out->values)[i] = r;
    }
done:
    return st;
}

static weft_status kernel_mod_int(weft_ctx *ctx, weft_kernel_call *call)
{
    return remainder_integral(ctx, call, false);
}
static weft_status kernel_mod_f(weft_ctx *ctx, weft_kernel_call *call)
{
    return remainder_float(ctx, call, false);
}
static weft_status kernel_pmod_int(weft_ctx *ctx, weft_kernel_call *call)
{
    return remainder_integral(ctx, call, true);
}
static weft_status kernel_pmod_f(weft_ctx *ctx, weft_kernel_call *call)
{
    return remainder_float(ctx, call, true);
}

static weft_status kernel_div_i64(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    int64_t *out = call->out->values;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t a = weft_arg_i64(&call->args[0], i), b = weft_arg_i64(&call->args[1], i);
        if (b == 0) {
            WEFT_TRY(st, arith_zero(ctx, call, i, false));
        } else if (a == INT64_MIN && b == -1) {
            if (weft_raise_wanted(ctx, call->expr)) {
                return weft_raise_overflow(ctx, call->expr, "Overflow in integral divide", "try_divide");
            }
            out[i] = INT64_MIN;
        } else {
            out[i] = a / b;
        }
    }
done:
    return st;
}

/* negative and abs of integers: only the least one has no counterpart. Of an interval that is an error
 * without ANSI, too. */
static weft_status sign_integral(weft_ctx *ctx, weft_kernel_call *call, bool absolute)
{
    const int32_t bytes = weft_phys_bytes((weft_phys)call->args[0].phys);
    const int64_t least = bytes == 8 ? INT64_MIN : -((int64_t)1 << (8 * bytes - 1));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const int64_t value = weft_arg_i64(&call->args[0], i);
        if (value == least && weft_call_valid(call, i) &&
            (weft_raise_wanted(ctx, call->expr) || weft_type_is_interval(call->expr->type))) {
            return weft_raise_overflow(ctx, call->expr, arith_overflow_text(call->expr->type), NULL);
        }
        weft_store_i64(call->out, i, absolute && value > 0 ? value : (int64_t) - (uint64_t)value);
    }
    return WEFT_OK;
}

static weft_status sign_float(weft_kernel_call *call, bool absolute)
{
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const double value = weft_arg_f64(&call->args[0], i);
        const double result = absolute ? fabs(value) : -value;
        if (call->out->column.phys == WEFT_PHYS_F32)
            ((float *)call->out->values)[i] = (float)result;
        else
            ((double *)call->out->values)[i] = result;
    }
    return WEFT_OK;
}

static weft_status kernel_negative_int(weft_ctx *ctx, weft_kernel_call *call)
{
    return sign_integral(ctx, call, false);
}
static weft_status kernel_abs_int(weft_ctx *ctx, weft_kernel_call *call)
{
    return sign_integral(ctx, call, true);
}
static weft_status kernel_negative_f(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return sign_float(call, false);
}
static weft_status kernel_abs_f(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return sign_float(call, true);
}

static weft_status kernel_positive(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    const weft_column *a = &call->args[0];
    call->out->column.phys = a->phys;
    memcpy(call->out->values, a->data,
           (size_t)(a->encoding == WEFT_CONSTANT ? 1 : call->rows) *
               (size_t)weft_phys_bytes((weft_phys)a->phys));
    return WEFT_OK;
}

#define PAIR(id, kernel)                                                                                     \
    {                                                                                                        \
        {WEFT_TYPE_##id, WEFT_TYPE_##id}, 2, 2, WEFT_TYPE_##id, kernel                                       \
    }
#define MIXED(a, b, result, kernel)                                                                          \
    {                                                                                                        \
        {WEFT_TYPE_##a, WEFT_TYPE_##b}, 2, 2, WEFT_TYPE_##result, kernel                                     \
    }
#define ONE(id, kernel)                                                                                      \
    {                                                                                                        \
        {WEFT_TYPE_##id}, 1, 1, WEFT_TYPE_##id, kernel                                                       \
    }
#define INTEGRALS(form, kernel)                                                                              \
    form(TINYINT, kernel), form(SMALLINT, kernel), form(INT, kernel), form(BIGINT, kernel)
/* Intervals times or by numbers. */
#define SCALED(kernel)                                                                                       \
    MIXED(INTERVAL_YM, BIGINT, INTERVAL_YM, kernel), MIXED(INTERVAL_YM, DECIMAL, INTERVAL_YM, kernel),       \
        MIXED(INTERVAL_YM, DOUBLE, INTERVAL_YM, kernel), MIXED(INTERVAL_DT, BIGINT, INTERVAL_DT, kernel),    \
        MIXED(INTERVAL_DT, DECIMAL, INTERVAL_DT, kernel), MIXED(INTERVAL_DT, DOUBLE, INTERVAL_DT, kernel)
#define FLOATS(form, kernel) form(FLOAT, kernel), form(DOUBLE, kernel)

static const weft_signature add_signatures[] = {
    INTEGRALS(PAIR, kernel_add),
    FLOATS(PAIR, kernel_add),
    PAIR(DECIMAL, weft_kernel_decimal_add),
    MIXED(DATE, INT, DATE, weft_kernel_date_add_days),
    MIXED(DATE, INTERVAL_YM, DATE, weft_kernel_date_add_months),
    MIXED(DATE, INTERVAL_DT, DATE, weft_kernel_date_add_us),
    MIXED(TIMESTAMP, INTERVAL_YM, TIMESTAMP, weft_kernel_timestamp_add_months),
    MIXED(TIMESTAMP, INTERVAL_DT, TIMESTAMP, weft_kernel_timestamp_add_us),
    MIXED(TIMESTAMP_NTZ, INTERVAL_YM, TIMESTAMP_NTZ, weft_kernel_timestamp_add_months),
    MIXED(TIMESTAMP_NTZ, INTERVAL_DT, TIMESTAMP_NTZ, weft_kernel_timestamp_add_us),
    MIXED(TIME, INTERVAL_DT, TIME, weft_kernel_time_add),
    MIXED(DATE, INTERVAL, DATE, weft_kernel_moment_add_calendar),
    MIXED(TIMESTAMP, INTERVAL, TIMESTAMP, weft_kernel_moment_add_calendar),
    MIXED(TIMESTAMP_NTZ, INTERVAL, TIMESTAMP_NTZ, weft_kernel_moment_add_calendar),
    PAIR(INTERVAL, weft_kernel_calendar_add),
    PAIR(INTERVAL_YM, weft_kernel_interval_add),
    PAIR(INTERVAL_DT, weft_kernel_interval_add)};
static const weft_signature subtract_signatures[] = {
    INTEGRALS(PAIR, kernel_sub),
    FLOATS(PAIR, kernel_sub),
    PAIR(DECIMAL, weft_kernel_decimal_subtract),
    MIXED(DATE, INT, DATE, weft_kernel_date_sub_days),
    MIXED(DATE, INTERVAL_YM, DATE, weft_kernel_date_sub_months),
    MIXED(DATE, INTERVAL_DT, DATE, weft_kernel_date_sub_us),
    MIXED(TIMESTAMP, INTERVAL_YM, TIMESTAMP, weft_kernel_timestamp_sub_months),
    MIXED(TIMESTAMP, INTERVAL_DT, TIMESTAMP, weft_kernel_timestamp_sub_us),
    MIXED(TIMESTAMP_NTZ, INTERVAL_YM, TIMESTAMP_NTZ, weft_kernel_timestamp_sub_months),
    MIXED(TIMESTAMP_NTZ, INTERVAL_DT, TIMESTAMP_NTZ, weft_kernel_timestamp_sub_us),
    MIXED(DATE, DATE, INTERVAL_DT, weft_kernel_date_minus_date),
    MIXED(TIMESTAMP, TIMESTAMP, INTERVAL_DT, weft_kernel_timestamp_minus_timestamp),
    MIXED(TIMESTAMP_NTZ, TIMESTAMP_NTZ, INTERVAL_DT, weft_kernel_timestamp_minus_timestamp),
    MIXED(TIME, INTERVAL_DT, TIME, weft_kernel_time_subtract),
    MIXED(TIME, TIME, INTERVAL_DT, weft_kernel_time_minus_time),
    MIXED(DATE, INTERVAL, DATE, weft_kernel_moment_sub_calendar),
    MIXED(TIMESTAMP, INTERVAL, TIMESTAMP, weft_kernel_moment_sub_calendar),
    MIXED(TIMESTAMP_NTZ, INTERVAL, TIMESTAMP_NTZ, weft_kernel_moment_sub_calendar),
    PAIR(INTERVAL, weft_kernel_calendar_subtract),
    PAIR(INTERVAL_YM, weft_kernel_interval_subtract),
    PAIR(INTERVAL_DT, weft_kernel_interval_subtract)};
static const weft_signature multiply_signatures[] = {
    INTEGRALS(PAIR, kernel_mul), FLOATS(PAIR, kernel_mul), PAIR(DECIMAL, weft_kernel_decimal_multiply),
    SCALED(weft_kernel_interval_multiply), MIXED(INTERVAL, DOUBLE, INTERVAL, weft_kernel_calendar_multiply)};
static const weft_signature divide_signatures[] = {
    PAIR(DOUBLE, kernel_div_f64), PAIR(DECIMAL, weft_kernel_decimal_divide),
    SCALED(weft_kernel_interval_divide), MIXED(INTERVAL, DOUBLE, INTERVAL, weft_kernel_calendar_divide)};
static const weft_signature remainder_signatures[] = {INTEGRALS(PAIR, kernel_mod_int),
                                                      FLOATS(PAIR, kernel_mod_f),
                                                      PAIR(DECIMAL, weft_kernel_decimal_remainder)};
static const weft_signature pmod_signatures[] = {
    INTEGRALS(PAIR, kernel_pmod_int), FLOATS(PAIR, kernel_pmod_f), PAIR(DECIMAL, weft_kernel_decimal_pmod)};
static const weft_signature div_signatures[] = {MIXED(BIGINT, BIGINT, BIGINT, kernel_div_i64),
                                                MIXED(DECIMAL, DECIMAL, BIGINT, weft_kernel_decimal_div),
                                                MIXED(INTERVAL_YM, INTERVAL_YM, BIGINT, kernel_div_i64),
                                                MIXED(INTERVAL_DT, INTERVAL_DT, BIGINT, kernel_div_i64)};
static const weft_signature negative_signatures[] = {INTEGRALS(ONE, kernel_negative_int),
                                                     FLOATS(ONE, kernel_negative_f),
                                                     ONE(DECIMAL, weft_kernel_decimal_negative),
                                                     ONE(INTERVAL_YM, weft_kernel_interval_negative),
                                                     ONE(INTERVAL_DT, weft_kernel_interval_negative),
                                                     ONE(INTERVAL, weft_kernel_calendar_negative)};
static const weft_signature abs_signatures[] = {
    INTEGRALS(ONE, kernel_abs_int), FLOATS(ONE, kernel_abs_f), ONE(DECIMAL, weft_kernel_decimal_abs),
    ONE(INTERVAL_YM, kernel_abs_int), ONE(INTERVAL_DT, kernel_abs_int)};
static const weft_signature positive_signatures[] = {
    INTEGRALS(ONE, kernel_positive),   FLOATS(ONE, kernel_positive),      ONE(DECIMAL, kernel_positive),
    ONE(INTERVAL_YM, kernel_positive), ONE(INTERVAL_DT, kernel_positive), ONE(INTERVAL, kernel_positive)};

#define SIGNATURES(list) .signatures = list, .signature_count = WEFT_COUNT(list)

const weft_function weft_fn_add = {.name = "+",
                                   .flags = WEFT_FN_FALLIBLE | WEFT_FN_COMMUTATIVE | WEFT_FN_ZONED,
                                   SIGNATURES(add_signatures),
                                   .bind = weft_bind_arithmetic,
                                   .help = "a + b: the sum",
                                   .example = "SELECT 1 + 2",
                                   .example_result = "3"};
const weft_function weft_fn_subtract = {.name = "-",
                                        .flags = WEFT_FN_FALLIBLE | WEFT_FN_ZONED,
                                        SIGNATURES(subtract_signatures),
                                        .bind = weft_bind_arithmetic,
                                        .help = "a - b: the difference",
                                        .example = "SELECT 2 - 1",
                                        .example_result = "1"};
const weft_function weft_fn_multiply = {.name = "*",
                                        .flags = WEFT_FN_FALLIBLE | WEFT_FN_COMMUTATIVE,
                                        SIGNATURES(multiply_signatures),
                                        .bind = weft_bind_arithmetic,
                                        .help = "a * b: the product",
                                        .example = "SELECT 2 * 3",
                                        .example_result = "6"};
const weft_function weft_fn_divide = {.name = "/",
                                      .flags = WEFT_FN_FALLIBLE,
                                      SIGNATURES(divide_signatures),
                                      .bind = weft_bind_arithmetic,
                                      .help = "a / b: the quotient, never an integer",
                                      .example = "SELECT 3 / 2",
                                      .example_result = "1.5"};
const weft_function weft_fn_remainder = {.name = "%",
                                         .aliases = "mod",
                                         .flags = WEFT_FN_FALLIBLE,
                                         SIGNATURES(remainder_signatures),
                                         .bind = weft_bind_arithmetic,
                                         .help = "a % b: the remainder, with the sign of a",
                                         .example = "SELECT -7 % 3",
                                         .example_result = "-1"};
const weft_function weft_fn_pmod = {.name = "pmod",
                                    .flags = WEFT_FN_FALLIBLE,
                                    SIGNATURES(pmod_signatures),
                                    .bind = weft_bind_arithmetic,
                                    .help = "pmod(a, b): the remainder brought into the range of b",
                                    .example = "SELECT pmod(-7, 3)",
                                    .example_result = "2"};
const weft_function weft_fn_div = {.name = "div",
                                   .flags = WEFT_FN_FALLIBLE,
                                   SIGNATURES(div_signatures),
                                   .bind = weft_bind_arithmetic,
                                   .help = "a div b: the whole part of the quotient",
                                   .example = "SELECT 7 div 2",
                                   .example_result = "3"};
const weft_function weft_fn_negative = {.name = "negative",
                                        .aliases = "(unary_minus)",
                                        .flags = WEFT_FN_FALLIBLE,
                                        SIGNATURES(negative_signatures),
                                        .bind = weft_bind_arithmetic,
                                        .help = "negative(a): -a",
                                        .example = "SELECT negative(1)",
                                        .example_result = "-1"};
const weft_function weft_fn_positive = {.name = "positive",
                                        .flags = 0,
                                        SIGNATURES(positive_signatures),
                                        .bind = weft_bind_arithmetic,
                                        .help = "positive(a): a",
                                        .example = "SELECT positive(1)",
                                        .example_result = "1"};
const weft_function weft_fn_abs = {.name = "abs",
                                   .flags = WEFT_FN_FALLIBLE,
                                   SIGNATURES(abs_signatures),
                                   .bind = weft_bind_arithmetic,
                                   .help = "abs(a): the absolute value",
                                   .example = "SELECT abs(-1)",
                                   .example_result = "1"};

/* The same where what would raise is NULL. */
#define TRY_ENTRY(symbol, list, bits, usage, sql)                                                            \
    const weft_function weft_fn_##symbol = {.name = #symbol,                                                 \
                                            .flags = WEFT_FN_TRY | (bits),                                   \
                                            SIGNATURES(list),                                                \
                                            .bind = weft_bind_arithmetic,                                    \
                                            .help = usage,                                                   \
                                            .example = sql,                                                  \
                                            .example_result = "NULL"}
TRY_ENTRY(try_add, add_signatures, WEFT_FN_COMMUTATIVE | WEFT_FN_ZONED, "try_add(a, b): the sum, or NULL",
          "SELECT try_add(2147483647, 1)");
TRY_ENTRY(try_subtract, subtract_signatures, WEFT_FN_ZONED, "try_subtract(a, b): the difference, or NULL",
          "SELECT try_subtract(-2147483648, 1)");
TRY_ENTRY(try_multiply, multiply_signatures, WEFT_FN_COMMUTATIVE, "try_multiply(a, b): the product, or NULL",
          "SELECT try_multiply(2147483647, 2)");
TRY_ENTRY(try_divide, divide_signatures, 0, "try_divide(a, b): the quotient, or NULL",
          "SELECT try_divide(1, 0)");
TRY_ENTRY(try_mod, remainder_signatures, 0, "try_mod(a, b): the remainder, or NULL", "SELECT try_mod(1, 0)");
