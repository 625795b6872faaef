/* engine/expr/fn_format_number.c - format_number: numbers with groups of digits, or by a pattern. */
#include <math.h>

#include "engine/expr/decimal.h"
#include "engine/expr/decimal_pattern.h"
#include "engine/expr/fn_entry.h"

static weft_decimal_number real_number(double value, int32_t tens)
{
    weft_decimal_number number = {.bounded = true, .negative = signbit(value) != 0};
    value = fabs(value);
    if (tens > 0) value *= tens == 2 ? 100 : 1000;
    number.infinite = isinf(value);
    if (!number.infinite) weft_number_digits_of_real(value, &number.digits);
    return number;
}

static weft_decimal_number whole_number(const weft_column *arg, int32_t slot, int32_t tens)
{
    const bool decimal = arg->type.id == WEFT_TYPE_DECIMAL;
    const weft_i128 value = arg->phys == WEFT_PHYS_I128 ? weft_load_i128(arg->data, arg->phys, slot)
                                                        : weft_load_i64(arg->data, arg->phys, slot);
    weft_decimal_number number = {.bounded = !decimal, .negative = value < 0};
    weft_number_digits_of_whole(weft_i128_abs(value), (decimal ? arg->type.scale : 0) - tens, &number.digits);
    return number;
}

static weft_status number_put(weft_ctx *ctx, weft_kernel_call *call, int32_t i,
                              const weft_decimal_pattern *pattern)
{
    weft_status st = WEFT_OK;
    const weft_column *arg = &call->args[0];
    const bool real = arg->phys == WEFT_PHYS_F64 || arg->phys == WEFT_PHYS_F32;
    const double value = real ? weft_arg_f64(arg, i) : 0;
    format_sink sink = {0};
    if (isnan(value)) return weft_vector_set_string(ctx, call->out, i, "NaN", 3);
    const weft_decimal_number number = real ? real_number(value, pattern->tens)
                                            : whole_number(arg, weft_arg_slot(arg, i), pattern->tens);
    weft_decimal_pattern_write(pattern, number, &sink);
    const size_t len = sink.used;
    sink.used = 0;
    WEFT_TRY(st, weft_text_room(ctx, call, len, &sink.to));
    weft_decimal_pattern_write(pattern, number, &sink);
    *weft_call_text(call, i) = weft_str_view(sink.to, (uint32_t)len);
done:
    return st;
}

static weft_status pattern_of(weft_ctx *ctx, weft_kernel_call *call, int32_t i, weft_decimal_pattern *out)
{
    const weft_str *text = weft_arg_str(&call->args[1], i);
    if (text->len == 0 || weft_decimal_pattern_parse(text, out)) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_INVALID, &call->expr->span,
                        "The pattern '%.*s' of `%s` is none of numbers: it has digit marks in a wrong order "
                        "or number, a quote without its end, or a sign too many.",
                        (int)weft_min_i64(text->len, 100), weft_str_data(text),
                        call->expr->call.function->name);
}

static weft_status kernel_format_number(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_decimal_pattern pattern = {.whole_least = 1, .group = 3};
        if (!weft_call_valid(call, i)) continue;
        if (call->args[1].phys == WEFT_PHYS_STR) {
            WEFT_TRY(st, pattern_of(ctx, call, i, &pattern));
        } else {
            const int64_t places = weft_arg_i64(&call->args[1], i);
            if (places < 0) {
                weft_vector_set_null(call->out, i);
                continue;
            }
            pattern.places_least = pattern.places_most = (int32_t)places;
        }
        WEFT_TRY(st, number_put(ctx, call, i, &pattern));
    }
done:
    return st;
}

#define NUMBER(id, with)                                                                                     \
    {                                                                                                        \
        {WEFT_TYPE_##id, WEFT_TYPE_##with}, 2, 2, WEFT_TYPE_STRING, kernel_format_number                     \
    }
static const weft_signature format_number_signatures[] = {
    NUMBER(TINYINT, INT),   NUMBER(SMALLINT, INT),   NUMBER(INT, INT),       NUMBER(BIGINT, INT),
    NUMBER(DECIMAL, INT),   NUMBER(DOUBLE, INT),     NUMBER(FLOAT, INT),     NUMBER(INT, STRING),
    NUMBER(BIGINT, STRING), NUMBER(DECIMAL, STRING), NUMBER(DOUBLE, STRING), NUMBER(FLOAT, STRING)};
WEFT_FN_ENTRY(
    format_number, "format_number", NULL, WEFT_FN_GIVES_NULL | WEFT_FN_FALLIBLE, NULL,
    "format_number(x, n): with commas and n digits behind the point, or by a pattern such as '#,##0.00'",
    "SELECT format_number(12332.123456, 4)", "12,332.1235");
