/* engine/expr/fn_math.c - rounding; greatest and least. Functions of real numbers are in fn_real.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"
#include "engine/columnar/nested.h"
#include "engine/expr/cast_private.h"
#include "engine/expr/coerce.h"
#include "engine/expr/collation_keys.h"
#include "engine/expr/decimal.h"
#include "engine/expr/fn_decimal.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/kernel.h"
#include "engine/expr/raise.h"
#include "engine/expr/real_digits.h"

/* ---- round, bround, floor, ceil ---- */

/* value / unit to the nearest; ties away from zero, or to even. */
static weft_i128 round_quotient(weft_i128 value, weft_i128 unit, bool even)
{
    const weft_i128 quotient = value / unit;
    const weft_u128 rest = weft_i128_abs(value % unit), other = (weft_u128)unit - rest;
    const bool away = rest > other || (rest == other && (!even || (quotient & 1) != 0));
    return away ? quotient + (value < 0 ? -1 : 1) : quotient;
}

/* A decimal value at scale `from` rounded to `digits` behind the point (below 0: before it), at scale `to`.
 */
static bool round_decimal(weft_i128 value, int from, int64_t digits, int to, bool even, weft_i128 *out)
{
    if (digits >= from) return weft_decimal_rescale(value, from, to, out);
    *out = 0;
    if (from - digits > 38) return true;
    const weft_i128 kept = round_quotient(value, weft_i128_pow10((int)(from - digits)), even);
    if (digits >= to) return weft_decimal_rescale(kept, (int)digits, to, out);
    return to - digits > 38 ? kept == 0 : weft_decimal_rescale(kept, 0, (int)(to - digits), out);
}

static int64_t round_digits(const weft_kernel_call *call, int32_t i)
{
    return call->arg_count > 1 ? weft_arg_i64(&call->args[1], i) : 0;
}

static weft_status round_decimal_rows(weft_ctx *ctx, weft_kernel_call *call, bool even)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[0];
    weft_decimal_out out;
    weft_decimal_out_begin(ctx, call, &out);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_i128 value;
        if (!weft_call_valid(call, i)) continue;
        const bool exact = round_decimal(weft_load_i128(a->data, a->phys, weft_arg_slot(a, i)), a->type.scale,
                                         round_digits(call, i), call->expr->type.scale, even, &value);
        WEFT_TRY(st, weft_decimal_out_put(ctx, &out, i, value, exact));
    }
    weft_decimal_out_end(&out);
done:
    return st;
}

static weft_status round_integral_rows(weft_ctx *ctx, weft_kernel_call *call, bool even)
{
    const int32_t bytes = weft_phys_bytes((weft_phys)call->out->column.phys);
    const int64_t high = bytes == 8 ? INT64_MAX : ((int64_t)1 << (8 * bytes - 1)) - 1;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_i128 value;
        if (!weft_call_valid(call, i)) continue;
        (void)round_decimal(weft_arg_i64(&call->args[0], i), 0, round_digits(call, i), 0, even, &value);
        if ((value > high || value < -(weft_i128)high - 1) && weft_raise_wanted(ctx, call->expr)) {
            return weft_raise_overflow(ctx, call->expr, "Overflow in rounding", NULL);
        }
        memcpy((char *)call->out->values + (size_t)i * (size_t)bytes, &value,
               (size_t)bytes); /* little-endian */
    }
    return WEFT_OK;
}

/* Through the digits of its text, as java.math.BigDecimal.valueOf(x).setScale(n): 2.675 rounds to 2.68.
 */
static double round_double(double value, int64_t places, bool even, bool single)
{
    char digits[WEFT_REAL_DIGITS_MAX], text[64];
    int exponent = 0;
    if (!isfinite(value)) return value;
    if (value == 0) return 0; /* a BigDecimal has no negative zero */
    const int count = weft_real_digits(fabs(value), single, digits, &exponent);
    weft_i128 unscaled = 0, kept = 0;
    for (int d = 0; d < count; d++) unscaled = unscaled * 10 + (digits[d] - '0');
    const int scale = count - 1 - exponent;
    if (places >= scale) return value;
    if (scale - places > 38) return 0;
    kept = round_quotient(unscaled, weft_i128_pow10((int)(scale - places)), even);
    (void)snprintf(text, sizeof text, "%s%llde%lld", value < 0 ? "-" : "", (long long)kept,
                   (long long)-places);
    return kept == 0 ? 0 : strtod(text, NULL);
}

static weft_status round_float_rows(weft_kernel_call *call, bool even)
{
    const bool single = call->out->column.phys == WEFT_PHYS_F32;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const double value =
            round_double(weft_arg_f64(&call->args[0], i), round_digits(call, i), even, single);
        if (single)
            ((float *)call->out->values)[i] = (float)value;
        else
            ((double *)call->out->values)[i] = value;
    }
    return WEFT_OK;
}

static weft_status round_rows(weft_ctx *ctx, weft_kernel_call *call, bool even)
{
    const weft_type type = call->args[0].type;
    if (type.id == WEFT_TYPE_DECIMAL) return round_decimal_rows(ctx, call, even);
    if (weft_type_is_integral(type)) return round_integral_rows(ctx, call, even);
    return round_float_rows(call, even);
}
static weft_status kernel_round(weft_ctx *ctx, weft_kernel_call *call)
{
    return round_rows(ctx, call, false);
}
static weft_status kernel_bround(weft_ctx *ctx, weft_kernel_call *call)
{
    return round_rows(ctx, call, true);
}

static weft_status round_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count > 0 && args[0]->type.id == WEFT_TYPE_NULL)
        WEFT_TRY(st, weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_DOUBLE), true, &args[0]));
    WEFT_TRY(st, weft_bind_default(ctx, fn, args, count, span, variant, type));
    weft_value digits = {.i64 = 0};
    if (count > 1) {
        const weft_expr *folded;
        WEFT_TRY(st, weft_expr_fold(ctx, args[1], &folded));
        if (folded->kind != WEFT_EXPR_LITERAL) {
            return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                                "the input `scale` should be a foldable \"INT\" expression");
        }
        args[1] = folded;
        digits = folded->literal;
        if (digits.is_null) goto done; /* the result is NULL, of the argument's type */
    }
    if (args[0]->type.id == WEFT_TYPE_DECIMAL) {
        const weft_type from = args[0]->type;
        const int32_t whole = from.precision - from.scale + 1; /* 9.9 rounds to 10 */
        if (digits.i64 < 0) {
            *type = weft_decimal_bounded(weft_max_i32(whole, (int32_t)weft_min_i64(-digits.i64, 100) + 1), 0);
        } else {
            const int32_t scale = (int32_t)weft_min_i64(from.scale, digits.i64);
            *type = weft_decimal_bounded(whole + scale, scale);
        }
    }
done:
    return st;
}

static weft_status whole_rows(weft_ctx *ctx, weft_kernel_call *call, bool up)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[0];
    weft_decimal_out out;
    if (a->type.id == WEFT_TYPE_DECIMAL) weft_decimal_out_begin(ctx, call, &out);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        if (a->type.id == WEFT_TYPE_DECIMAL) {
            const weft_i128 unit = weft_i128_pow10(a->type.scale);
            const weft_i128 value = weft_load_i128(a->data, a->phys, weft_arg_slot(a, i)),
                            rest = value % unit;
            const weft_i128 whole = value / unit + (up && rest > 0) - (!up && rest < 0);
            WEFT_TRY(st, weft_decimal_out_put(ctx, &out, i, whole, true));
        } else if (a->phys == WEFT_PHYS_F64) {
            const double value = up ? ceil(weft_arg_f64(a, i)) : floor(weft_arg_f64(a, i));
            if ((value >= 0x1p63 || value < -0x1p63) && weft_raise_wanted(ctx, call->expr))
                WEFT_TRY(st, weft_raise_overflow(ctx, call->expr, "overflow", NULL));
            ((int64_t *)call->out->values)[i] = value != value    ? 0
                                                : value >= 0x1p63 ? INT64_MAX
                                                : value < -0x1p63 ? INT64_MIN
                                                                  : (int64_t)value;
        } else {
            ((int64_t *)call->out->values)[i] = weft_arg_i64(a, i);
        }
    }
    if (a->type.id == WEFT_TYPE_DECIMAL) weft_decimal_out_end(&out);
done:
    return st;
}
/* Of decimals, to so many digits behind the point, or before it. */
static weft_status whole_digits_rows(weft_ctx *ctx, weft_kernel_call *call, bool up)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[0];
    const int scale = call->expr->type.scale;
    weft_decimal_out out;
    weft_decimal_out_begin(ctx, call, &out);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t digits = weft_arg_i64(&call->args[1], i), cut = a->type.scale - digits;
        const weft_i128 value = weft_load_i128(a->data, a->phys, weft_arg_slot(a, i));
        weft_i128 result = value;
        bool fits = true;
        if (cut > WEFT_DECIMAL_PRECISION_MAX) {
            fits = !(up ? value > 0 : value < 0);
            result = 0;
        } else if (cut > 0) {
            const weft_i128 unit = weft_i128_pow10((int)cut), rest = value % unit;
            result = value / unit + (up && rest > 0) - (!up && rest < 0);
            if (digits < 0) fits = !__builtin_mul_overflow(result, weft_i128_pow10((int)-digits), &result);
        } else {
            fits = weft_decimal_rescale(value, a->type.scale, scale, &result);
        }
        WEFT_TRY(st, weft_decimal_out_put(ctx, &out, i, result, fits));
    }
    weft_decimal_out_end(&out);
done:
    return st;
}
static weft_status kernel_floor_digits(weft_ctx *ctx, weft_kernel_call *call)
{
    return whole_digits_rows(ctx, call, false);
}
static weft_status kernel_ceil_digits(weft_ctx *ctx, weft_kernel_call *call)
{
    return whole_digits_rows(ctx, call, true);
}

static weft_status kernel_floor(weft_ctx *ctx, weft_kernel_call *call)
{
    return whole_rows(ctx, call, false);
}
static weft_status kernel_ceil(weft_ctx *ctx, weft_kernel_call *call) { return whole_rows(ctx, call, true); }

/* The scale of ceil() and floor() is a constant INT, and not NULL. */
static weft_status expect_scale(weft_ctx *ctx, const weft_function *fn, const weft_expr *scale,
                                const weft_span *span)
{
    weft_status st = WEFT_OK;
    const weft_expr *folded = NULL;
    WEFT_TRY(st, weft_expr_fold(ctx, scale, &folded));
    const bool constant = folded->kind == WEFT_EXPR_LITERAL && !folded->literal.is_null;
    if (!constant || scale->type.id != WEFT_TYPE_INT)
        st = weft_fail_at(ctx, WEFT_NON_FOLDABLE_ARGUMENT, span,
                          "The function `%s` requires the parameter `scale` to be a foldable expression of "
                          "the type \"INT\", but the actual argument is a non-foldable.",
                          fn->name);
done:
    return st;
}

static weft_status whole_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count == 2) {
        WEFT_TRY(st, expect_scale(ctx, fn, args[1], span));
        return round_bind(ctx, fn, args, count, span, variant, type);
    }
    if (count == 1 && args[0]->type.id == WEFT_TYPE_STRING) /* a text may have a fraction */
        WEFT_TRY(st, weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_DOUBLE), true, &args[0]));
    WEFT_TRY(st, weft_bind_default(ctx, fn, args, count, span, variant, type));
    if (type->id == WEFT_TYPE_DECIMAL) {
        *type = weft_decimal_bounded(args[0]->type.precision - args[0]->type.scale + 1, 0);
    }
done:
    return st;
}

/* ---- greatest, least ---- */

/* The greatest or least of the arguments that are not NULL; NULL when all are. */
static weft_status extreme_rows(weft_kernel_call *call, int sign)
{
    const bool decimal = call->expr->type.id == WEFT_TYPE_DECIMAL;
    const size_t bytes = (size_t)weft_phys_bytes((weft_phys)call->out->column.phys);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_value best = {.is_null = true};
        int32_t from = -1;
        for (int32_t a = 0; a < call->arg_count; a++) {
            if (weft_arg_is_null(&call->args[a], i)) continue;
            const weft_value value = weft_value_of_column(&call->args[a], i);
            if (from >= 0 && weft_value_compare(&value, &best) * sign <= 0) continue;
            best = value;
            from = a;
        }
        char *to = (char *)call->out->values + (size_t)i * bytes;
        if (from < 0) {
            weft_vector_set_null(call->out, i);
        } else if (decimal) { /* in the type's width: arguments may be narrower */
            memcpy(to, &best.i128, bytes);
        } else {
            memcpy(to,
                   (const char *)call->args[from].data + (size_t)weft_arg_slot(&call->args[from], i) * bytes,
                   bytes);
        }
    }
    return WEFT_OK;
}
/* The same of nested values, which are compared by their keys. */
static weft_status extreme_nested(weft_ctx *ctx, weft_kernel_call *call, int sign)
{
    weft_status st = WEFT_OK;
    const weft_column **keys = NULL;
    void *block = NULL;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)call->arg_count * sizeof *keys, &block));
    keys = block;
    for (int32_t a = 0; a < call->arg_count; a++) WEFT_TRY(st, weft_value_keys(ctx, call, a, &keys[a]));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int32_t best = -1;
        for (int32_t a = 0; a < call->arg_count; a++) {
            if (weft_column_is_null(keys[a], i)) continue;
            if (best < 0 || weft_nested_compare_columns(keys[a], i, keys[best], i) * sign > 0) best = a;
        }
        if (best < 0)
            weft_vector_set_null(call->out, i);
        else
            WEFT_TRY(st, weft_vector_set(ctx, call->out, i, &call->args[best], i));
    }
done:
    weft_mem_free(block);
    return st;
}

static weft_status kernel_greatest(weft_ctx *ctx, weft_kernel_call *call)
{
    return call->out->children != NULL ? extreme_nested(ctx, call, 1) : extreme_rows(call, 1);
}
static weft_status kernel_least(weft_ctx *ctx, weft_kernel_call *call)
{
    return call->out->children != NULL ? extreme_nested(ctx, call, -1) : extreme_rows(call, -1);
}

#define ROUNDS(kernel)                                                                                       \
    {                                                                                                        \
        {{WEFT_TYPE_TINYINT, WEFT_TYPE_INT}, 1, 2, WEFT_TYPE_TINYINT, kernel},                               \
            {{WEFT_TYPE_SMALLINT, WEFT_TYPE_INT}, 1, 2, WEFT_TYPE_SMALLINT, kernel},                         \
            {{WEFT_TYPE_INT, WEFT_TYPE_INT}, 1, 2, WEFT_TYPE_INT, kernel},                                   \
            {{WEFT_TYPE_BIGINT, WEFT_TYPE_INT}, 1, 2, WEFT_TYPE_BIGINT, kernel},                             \
            {{WEFT_TYPE_FLOAT, WEFT_TYPE_INT}, 1, 2, WEFT_TYPE_FLOAT, kernel},                               \
            {{WEFT_TYPE_DOUBLE, WEFT_TYPE_INT}, 1, 2, WEFT_TYPE_DOUBLE, kernel},                             \
        {                                                                                                    \
            {WEFT_TYPE_DECIMAL, WEFT_TYPE_INT}, 1, 2, WEFT_TYPE_DECIMAL, kernel                              \
        }                                                                                                    \
    }
#define WHOLES(kernel)                                                                                       \
    {                                                                                                        \
        {{WEFT_TYPE_BIGINT}, 1, 1, WEFT_TYPE_BIGINT, kernel},                                                \
            {{WEFT_TYPE_DECIMAL}, 1, 1, WEFT_TYPE_DECIMAL, kernel},                                          \
            {{WEFT_TYPE_DOUBLE}, 1, 1, WEFT_TYPE_BIGINT, kernel},                                            \
        {                                                                                                    \
            {WEFT_TYPE_DECIMAL, WEFT_TYPE_INT}, 2, 2, WEFT_TYPE_DECIMAL, kernel##_digits                     \
        }                                                                                                    \
    }
static const weft_signature round_signatures[] = ROUNDS(kernel_round);
static const weft_signature bround_signatures[] = ROUNDS(kernel_bround);
static const weft_signature floor_signatures[] = WHOLES(kernel_floor);
static const weft_signature ceil_signatures[] = WHOLES(kernel_ceil);
static const weft_signature greatest_signatures[] = {
    {{WEFT_TYPE_COUNT}, 2, -1, WEFT_TYPE_COUNT, kernel_greatest}};
static const weft_signature least_signatures[] = {{{WEFT_TYPE_COUNT}, 2, -1, WEFT_TYPE_COUNT, kernel_least}};

WEFT_FN_ENTRY(round, "round", NULL, WEFT_FN_FALLIBLE, round_bind,
              "round(x [, n]): to n digits behind the point, half up", "SELECT round(2.5)", "3");
WEFT_FN_ENTRY(bround, "bround", NULL, WEFT_FN_FALLIBLE, round_bind,
              "bround(x [, n]): to n digits behind the point, half to even", "SELECT bround(2.5)", "2");
WEFT_FN_ENTRY(floor, "floor", NULL, WEFT_FN_FALLIBLE, whole_bind,
              "floor(x): the next whole number at or below x", "SELECT floor(-0.1)", "-1");
WEFT_FN_ENTRY(ceil, "ceil", "ceiling", WEFT_FN_FALLIBLE, whole_bind,
              "ceil(x): the next whole number at or above x", "SELECT ceil(0.1)", "1");
/* Of nested values, whose keys are compared. */
#define EXTREME(symbol, usage, query, answer)                                                                \
    const weft_function weft_fn_##symbol = {.name = #symbol,                                                 \
                                            .flags = WEFT_FN_NULL_OWN,                                       \
                                            .signatures = symbol##_signatures,                               \
                                            .signature_count = WEFT_COUNT(symbol##_signatures),              \
                                            .bind = weft_bind_same,                                          \
                                            .open = weft_call_keys_open,                                     \
                                            .close = weft_call_keys_close,                                   \
                                            .help = usage,                                                   \
                                            .example = query,                                                \
                                            .example_result = answer}
EXTREME(greatest, "greatest(a, b, ...): the greatest that is not NULL", "SELECT greatest(1, 3, 2)", "3");
EXTREME(least, "least(a, b, ...): the least that is not NULL", "SELECT least(1, 3, 2)", "1");
