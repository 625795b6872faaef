/* engine/expr/fn_decimal.c - decimal arithmetic.
 *
 * Batches whose values are 64 bits wide are computed in 64 bits with an overflow mask; only when some lane
 * overflowed, or digits must be rounded away, is the batch computed again in 128 bits, row by row and with
 * all checks. */
#include "engine/expr/fn_decimal.h"

#include "engine/expr/coerce.h"
#include "engine/expr/decimal.h"
#include "engine/expr/kernel.h"
#include "engine/expr/raise.h"

void weft_decimal_out_begin(const weft_ctx *ctx, weft_kernel_call *call, weft_decimal_out *out)
{
    *out = (weft_decimal_out){.call = call, .narrow_fits = true, .raise = weft_raise_wanted(ctx, call->expr)};
    out->wide = weft_type_phys(call->expr->type) == WEFT_PHYS_I128;
    call->out->column.phys = out->wide ? WEFT_PHYS_I128 : WEFT_PHYS_I64;
}

weft_status weft_decimal_out_put(weft_ctx *ctx, weft_decimal_out *out, int32_t i, weft_i128 value, bool exact)
{
    const weft_type type = out->call->expr->type;
    if (WEFT_UNLIKELY(!exact || !weft_decimal_fits(value, type.precision))) {
        if (!out->raise) {
            weft_vector_set_null(out->call->out, i);
            return WEFT_OK;
        }
        return exact ? weft_raise_decimal_range(ctx, out->call->expr, value, type.scale, type)
                     : weft_raise_decimal_huge(ctx, out->call->expr, type);
    }
    if (out->wide)
        ((weft_i128 *)out->call->out->values)[i] = value;
    else
        ((int64_t *)out->call->out->values)[i] = (int64_t)value;
    out->narrow_fits &= value == (int64_t)value;
    return WEFT_OK;
}

void weft_decimal_out_end(weft_decimal_out *out)
{
    if (!out->wide || !out->narrow_fits) return;
    const weft_i128 *from = out->call->out->values;
    int64_t *to = out->call->out->values; /* ascending, so that nothing is overwritten before it is read */
    for (int32_t i = 0; i < out->call->rows; i++) to[i] = (int64_t)from[i];
    out->call->out->column.phys = WEFT_PHYS_I64;
}

/* An argument as 64-bit values multiplied by 10^shift; a constant is scaled here, a column in the loop. */
typedef struct decimal_side {
    const int64_t *values;
    int32_t stride; /* 0: constant */
    int64_t factor;
    int64_t scaled; /* the constant */
} decimal_side;

static bool decimal_side_of(const weft_column *arg, int shift, decimal_side *side)
{
    if (arg->phys != WEFT_PHYS_I64 || shift > 18) return false;
    *side = (decimal_side){
        .values = arg->data, .stride = arg->encoding != WEFT_CONSTANT, .factor = weft_pow10_i64(shift)};
    if (side->stride != 0) return true;
    if (__builtin_mul_overflow(side->values[0], side->factor, &side->scaled)) return false;
    side->values = &side->scaled;
    side->factor = 1;
    return true;
}

/* a * factor op b * factor in 64 bits; true when a lane overflowed. */
static bool decimal_scaled(const decimal_side *a, const decimal_side *b, bool subtract,
                           const weft_kernel_call *call)
{
    int64_t *restrict out = call->out->values;
    bool bad = false;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int64_t x, y;
        bad |= __builtin_mul_overflow(a->values[i * a->stride], a->factor, &x);
        bad |= __builtin_mul_overflow(b->values[i * b->stride], b->factor, &y);
        bad |= subtract ? __builtin_sub_overflow(x, y, &out[i]) : __builtin_add_overflow(x, y, &out[i]);
    }
    return bad;
}

static bool decimal_narrow(const decimal_side *a, const decimal_side *b, weft_arith_op op,
                           const weft_kernel_call *call)
{
    const weft_arith_loops *loops = &weft_arith_loops_get()->loops[op][WEFT_PHYS_I64];
    void *out = call->out->values;
    if (!weft_call_dense(call)) {
        return loops->sparse(a->values, a->stride, b->values, b->stride, out, call->selection,
                             call->selected);
    }
    if (a->stride == 0 && b->stride != 0) return loops->cv(a->values, b->values, out, call->rows);
    return (b->stride == 0 ? loops->vc : loops->vv)(a->values, b->values, out, call->rows);
}

/* Both sides as 128 bits a value: the argument's own, or widened into `store`. */
static const weft_i128 *decimal_widen(const weft_kernel_call *call, const weft_column *arg, weft_i128 *store)
{
    if (arg->phys == WEFT_PHYS_I128) return arg->data;
    const int64_t *from = arg->data;
    const int32_t rows = arg->encoding == WEFT_CONSTANT ? 1 : call->rows;
    for (int32_t i = 0; i < rows; i++) store[i] = from[i];
    return store;
}

/* Sum, difference or product at the scales given, of types that keep every digit: no check of the precision
 * is needed. One side at least is wide; false when a lane overflowed 128 bits, or widths would need scaling.
 */
static bool decimal_wide(const weft_kernel_call *call, weft_arith_op op)
{
    const weft_column *a = &call->args[0], *b = &call->args[1];
    weft_i128 store[WEFT_BATCH_ROWS_MAX];
    const weft_arith_loops *loops = &weft_arith_loops_get()->loops[op][WEFT_PHYS_I128];
    const weft_i128 *x = decimal_widen(call, a, store), *y = decimal_widen(call, b, store);
    const int32_t sx = a->encoding != WEFT_CONSTANT, sy = b->encoding != WEFT_CONSTANT;
    void *out = call->out->values;
    if (!weft_call_dense(call)) return !loops->sparse(x, sx, y, sy, out, call->selection, call->selected);
    if (sx == 0 && sy != 0) return !loops->cv(x, y, out, call->rows);
    return !(sy == 0 ? loops->vc : loops->vv)(x, y, out, call->rows);
}

/* Is the node's type one that keeps every digit of the exact result? */
static bool decimal_keeps_all(const weft_kernel_call *call, char op)
{
    bool lossy = true;
    const weft_type type = weft_decimal_arithmetic_type(op, call->args[0].type, call->args[1].type, &lossy);
    return !lossy && weft_type_equal(type, call->expr->type);
}

static weft_status decimal_sum(weft_ctx *ctx, weft_kernel_call *call, bool subtract)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[0], *b = &call->args[1];
    const int scale = weft_max_i32(a->type.scale, b->type.scale), result = call->expr->type.scale;
    const int up_a = scale - a->type.scale, up_b = scale - b->type.scale;
    decimal_side x, y;
    if (result == scale && decimal_side_of(a, up_a, &x) && decimal_side_of(b, up_b, &y)) {
        const bool same = x.factor == 1 && y.factor == 1;
        call->out->column.phys = WEFT_PHYS_I64;
        if (!(same ? decimal_narrow(&x, &y, subtract ? WEFT_ARITH_SUB : WEFT_ARITH_ADD, call)
                   : decimal_scaled(&x, &y, subtract, call))) {
            return WEFT_OK;
        }
    } else if (up_a == 0 && up_b == 0 && decimal_keeps_all(call, subtract ? '-' : '+')) {
        call->out->column.phys = WEFT_PHYS_I128;
        if (decimal_wide(call, subtract ? WEFT_ARITH_SUB : WEFT_ARITH_ADD)) return WEFT_OK;
    }
    weft_decimal_out out;
    weft_decimal_out_begin(ctx, call, &out);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_i128 given = weft_load_i128(a->data, a->phys, weft_arg_slot(a, i));
        const weft_i128 other = weft_load_i128(b->data, b->phys, weft_arg_slot(b, i));
        weft_i128 left = 0, right = 0, value = 0;
        bool exact = weft_decimal_rescale(given, a->type.scale, scale, &left) &&
                     weft_decimal_rescale(other, b->type.scale, scale, &right);
        if (exact) {
            exact = subtract ? !__builtin_sub_overflow(left, right, &value)
                             : !__builtin_add_overflow(left, right, &value);
        }
        if (exact)
            exact = weft_decimal_rescale(value, scale, result, &value);
        else /* digits that are given up may leave room */
            exact = weft_decimal_sum(given, up_a, subtract ? -other : other, up_b, scale - result, &value);
        WEFT_TRY(st, weft_decimal_out_put(ctx, &out, i, value, exact));
    }
    weft_decimal_out_end(&out);
done:
    return st;
}

weft_status weft_kernel_decimal_add(weft_ctx *ctx, weft_kernel_call *call)
{
    return decimal_sum(ctx, call, false);
}
weft_status weft_kernel_decimal_subtract(weft_ctx *ctx, weft_kernel_call *call)
{
    return decimal_sum(ctx, call, true);
}

/* Divide the results by 10^down, half away from zero, in place. */
static void decimal_round_off(const weft_kernel_call *call, int down)
{
    int64_t *out = call->out->values;
    const int64_t unit = weft_pow10_i64(down), half = unit / 2;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const int64_t quotient = out[i] / unit, rest = out[i] % unit;
        out[i] = quotient + (rest >= half) - (rest <= -half);
    }
}

weft_status weft_kernel_decimal_multiply(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[0], *b = &call->args[1];
    const int down = a->type.scale + b->type.scale - call->expr->type.scale;
    decimal_side x, y;
    if (down >= 0 && down <= 18 && decimal_side_of(a, 0, &x) && decimal_side_of(b, 0, &y)) {
        call->out->column.phys = WEFT_PHYS_I64;
        if (!decimal_narrow(&x, &y, WEFT_ARITH_MUL, call)) {
            if (down > 0) decimal_round_off(call, down);
            return WEFT_OK;
        }
    } else if (down == 0 && a->phys != b->phys && decimal_keeps_all(call, '*')) {
        call->out->column.phys = WEFT_PHYS_I128;
        if (decimal_wide(call, WEFT_ARITH_MUL)) return WEFT_OK;
    }
    weft_decimal_out out;
    weft_decimal_out_begin(ctx, call, &out);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        weft_i128 value;
        const bool exact = weft_decimal_multiply(weft_load_i128(a->data, a->phys, weft_arg_slot(a, i)),
                                                 weft_load_i128(b->data, b->phys, weft_arg_slot(b, i)), down,
                                                 &value);
        WEFT_TRY(st, weft_decimal_out_put(ctx, &out, i, value, exact));
    }
    weft_decimal_out_end(&out);
done:
    return st;
}

weft_status weft_kernel_decimal_divide(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[0], *b = &call->args[1];
    const int shift = call->expr->type.scale - a->type.scale + b->type.scale;
    const int up = shift > 0 ? shift : 0, down = shift < 0 ? -shift : 0;
    weft_decimal_out out;
    weft_decimal_out_begin(ctx, call, &out);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_i128 divisor = weft_load_i128(b->data, b->phys, weft_arg_slot(b, i));
        if (WEFT_UNLIKELY(divisor == 0)) {
            if (out.raise) return weft_raise_divide_by_zero(ctx, call->expr);
            weft_vector_set_null(call->out, i);
            continue;
        }
        weft_i128 value;
        const bool exact = weft_decimal_divide(weft_load_i128(a->data, a->phys, weft_arg_slot(a, i)), up,
                                               divisor, down, &value);
        WEFT_TRY(st, weft_decimal_out_put(ctx, &out, i, value, exact));
    }
    weft_decimal_out_end(&out);
done:
    return st;
}

/* Both at the larger scale; false when 128 bits do not hold one. */
static bool decimal_align(const weft_column *a, const weft_column *b, int32_t i, weft_i128 *left,
                          weft_i128 *right)
{
    const int scale = weft_max_i32(a->type.scale, b->type.scale);
    const weft_i128 x = weft_load_i128(a->data, a->phys, weft_arg_slot(a, i));
    const weft_i128 y = weft_load_i128(b->data, b->phys, weft_arg_slot(b, i));
    return weft_decimal_rescale(x, a->type.scale, scale, left) &&
           weft_decimal_rescale(y, b->type.scale, scale, right);
}

/* Where 128 bits do not hold x at the scale of y: the remainder of x * 10^up over y, digit by digit, by
 * doubling what is less than y < 2^127. */
static weft_i128 remainder_scaled(weft_i128 x, int up, weft_i128 y)
{
    const unsigned __int128 by = (unsigned __int128)(y < 0 ? -y : y);
    unsigned __int128 rest = (unsigned __int128)(x < 0 ? -x : x) % by;
    for (; up > 0; up--) {
        const unsigned __int128 two = rest * 2 % by, eight = two * 2 % by * 2 % by;
        rest = (eight + two) % by;
    }
    return x < 0 ? -(weft_i128)rest : (weft_i128)rest;
}

/* The remainder at the larger scale, 0 where b is 0; false when 128 bits do not hold b there. */
static bool remainder_of_row(const weft_column *a, const weft_column *b, int32_t i, bool positive, bool *zero,
                             weft_i128 *value)
{
    weft_i128 left, right;
    const weft_i128 y = weft_load_i128(b->data, b->phys, weft_arg_slot(b, i));
    *zero = y == 0;
    if (*zero) return true;
    if (decimal_align(a, b, i, &left, &right)) {
        *value = left % right;
    } else if (b->type.scale >= a->type.scale) {
        right = y;
        *value = remainder_scaled(weft_load_i128(a->data, a->phys, weft_arg_slot(a, i)),
                                  b->type.scale - a->type.scale, y);
    } else {
        return false;
    }
    if (positive && *value < 0) *value = (*value + right) % right; /* Spark's pmod */
    return true;
}

static weft_status decimal_remainder(weft_ctx *ctx, weft_kernel_call *call, bool positive)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[0], *b = &call->args[1];
    const int scale = weft_max_i32(a->type.scale, b->type.scale);
    weft_decimal_out out;
    weft_decimal_out_begin(ctx, call, &out);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_i128 value = 0;
        bool zero;
        if (!weft_call_valid(call, i)) continue;
        bool exact = remainder_of_row(a, b, i, positive, &zero, &value);
        if (zero) {
            if (out.raise) return weft_raise_remainder_by_zero(ctx, call->expr);
            weft_vector_set_null(call->out, i);
            continue;
        }
        if (exact) exact = weft_decimal_rescale(value, scale, call->expr->type.scale, &value);
        WEFT_TRY(st, weft_decimal_out_put(ctx, &out, i, value, exact));
    }
    weft_decimal_out_end(&out);
done:
    return st;
}

weft_status weft_kernel_decimal_remainder(weft_ctx *ctx, weft_kernel_call *call)
{
    return decimal_remainder(ctx, call, false);
}
weft_status weft_kernel_decimal_pmod(weft_ctx *ctx, weft_kernel_call *call)
{
    return decimal_remainder(ctx, call, true);
}

weft_status weft_kernel_decimal_div(weft_ctx *ctx, weft_kernel_call *call)
{
    const weft_column *a = &call->args[0], *b = &call->args[1];
    int64_t *out = call->out->values;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_i128 left, right, value = 0;
        if (!weft_call_valid(call, i)) continue;
        const bool exact = decimal_align(a, b, i, &left, &right);
        const bool zero = exact && right == 0;
        if (exact && !zero) value = left / right;
        out[i] = (int64_t)value; /* without ANSI what is too large loses its upper bits, as in Java */
        if (exact && !zero && (value == out[i] || !weft_raise_wanted(ctx, call->expr))) continue;
        if (!weft_raise_wanted(ctx, call->expr))
            weft_vector_set_null(call->out, i);
        else if (zero)
            return weft_raise_divide_by_zero(ctx, call->expr);
        else
            return weft_raise_overflow(ctx, call->expr, "Overflow in integral divide", "try_divide");
    }
    return WEFT_OK;
}

/* -value, of which Java's BigDecimal keeps 34 digits here, the last one rounded half to even. */
static weft_status decimal_negated(weft_ctx *ctx, const weft_kernel_call *call, weft_i128 value,
                                   weft_i128 *out)
{
    enum { NEGATED_DIGITS = 34 };
    const weft_type type = call->expr->type;
    *out = -value;
    if (weft_decimal_fits(value, NEGATED_DIGITS)) return WEFT_OK;
    const weft_i128 size = value < 0 ? -value : value;
    weft_i128 unit = 10;
    while (!weft_decimal_fits(size / unit, NEGATED_DIGITS)) unit *= 10;
    const weft_i128 rest = size % unit;
    weft_i128 rounded = size - rest;
    if (2 * rest > unit || (2 * rest == unit && rounded / unit % 2 != 0)) rounded += unit;
    *out = value > 0 ? -rounded : rounded;
    return weft_decimal_fits(rounded, type.precision) ? WEFT_OK
                                                      : weft_raise_decimal_sign(ctx, call->expr, *out, type);
}

static weft_status decimal_unary(weft_ctx *ctx, weft_kernel_call *call, bool absolute)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[0];
    /* |value| < 10^38: negation never overflows 128 bits; the least of 64 bits needs more than these. */
    bool widen = false;
    for (int32_t k = 0; k < call->selected && a->phys == WEFT_PHYS_I64; k++)
        widen |= ((const int64_t *)a->data)[weft_call_row(call, k)] == INT64_MIN;
    call->out->column.phys = widen ? WEFT_PHYS_I128 : a->phys;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (call->out->column.phys == WEFT_PHYS_I64) {
            const int64_t value = ((const int64_t *)a->data)[i];
            ((int64_t *)call->out->values)[i] = absolute && value > 0 ? value : (int64_t) - (uint64_t)value;
        } else {
            weft_i128 value = weft_load_i128(a->data, a->phys, i);
            if (!(absolute && value > 0) && weft_call_valid(call, i))
                WEFT_TRY(st, decimal_negated(ctx, call, value, &value));
            ((weft_i128 *)call->out->values)[i] = value;
        }
    }
done:
    return st;
}

weft_status weft_kernel_decimal_negative(weft_ctx *ctx, weft_kernel_call *call)
{
    return decimal_unary(ctx, call, false);
}
weft_status weft_kernel_decimal_abs(weft_ctx *ctx, weft_kernel_call *call)
{
    return decimal_unary(ctx, call, true);
}
