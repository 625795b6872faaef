/* engine/expr/fn_to_char.c - to_char, to_number and their kin: numbers as text and back by a format
 * (number_format.h), which is a constant and is compiled once. The analyser makes date_format, hex, base64 or
 * decode of a to_char whose first argument is no number (analyzer_format.c). */
#include "common/mem.h"
#include "engine/expr/decimal.h"
#include "engine/expr/fn_decimal.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/number_format.h"

/* The format, or *found false for NULL. */
static weft_status format_of(weft_ctx *ctx, const weft_function *fn, const weft_expr *arg,
                             const weft_span *span, weft_number_format *out, bool *found)
{
    weft_status st = WEFT_OK;
    const weft_expr *folded = NULL;
    *found = false;
    *out = (weft_number_format){0};
    WEFT_TRY(st, weft_expr_fold(ctx, arg, &folded));
    if (folded->kind != WEFT_EXPR_LITERAL) {
        return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                            "the format of %s must be a constant string", fn->name);
    }
    *found = !folded->literal.is_null && folded->literal.type.id == WEFT_TYPE_STRING;
    if (*found) WEFT_TRY(st, weft_number_format_parse(ctx, &folded->literal.str, span, out));
done:
    return st;
}

static weft_status format_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    weft_number_format *format = NULL;
    bool found;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *format, (void **)&format));
    WEFT_TRY(st, format_of(ctx, call->call.function, call->args[1], &call->span, format, &found));
    *state = format;
    format = NULL;
done:
    weft_mem_free(format);
    return st;
}

static void format_close(void *state) { weft_mem_free(state); }

/* ---- binding ---- */

static weft_status to_char_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    weft_number_format format;
    bool found;
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    if (args[0]->type.id == WEFT_TYPE_FLOAT)
        WEFT_TRY(st, weft_expr_cast(ctx, args[0], weft_type_decimal(14, 7), true, &args[0]));
    if (args[0]->type.id == WEFT_TYPE_DOUBLE)
        WEFT_TRY(st, weft_expr_cast(ctx, args[0], weft_type_decimal(30, 15), true, &args[0]));
    WEFT_TRY(st, weft_bind_default(ctx, fn, args, count, span, variant, type));
    WEFT_TRY(st, format_of(ctx, fn, args[1], span, &format, &found));
done:
    return st;
}

/* The result has the digits of the format. */
static weft_status to_number_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                  int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    weft_number_format format;
    bool found;
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    WEFT_TRY(st, weft_bind_default(ctx, fn, args, count, span, variant, type));
    WEFT_TRY(st, format_of(ctx, fn, args[1], span, &format, &found));
    if (found && format.whole + format.fraction > WEFT_DECIMAL_PRECISION_MAX)
        return weft_fail_at(ctx, WEFT_DECIMAL_PRECISION, span,
                            "Decimal precision %d exceeds max precision %d.", format.whole + format.fraction,
                            WEFT_DECIMAL_PRECISION_MAX);
    *type = found ? weft_type_decimal(format.whole + format.fraction, format.fraction)
                  : weft_type_decimal(10, 0);
done:
    return st;
}

/* ---- kernels ---- */

static weft_status kernel_to_char(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[0];
    char text[WEFT_NUMBER_FORMAT_BYTES];
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_i128 value = weft_load_i128(a->data, a->phys, weft_arg_slot(a, i));
        const int32_t len = weft_number_format_write(call->state, value, a->type.scale, text);
        WEFT_TRY(st, weft_vector_set_string(ctx, call->out, i, text, (uint32_t)len));
    }
done:
    return st;
}

static weft_status kernel_to_number(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const bool tried = weft_raise_tried(call->expr);
    weft_decimal_out out;
    weft_decimal_out_begin(ctx, call, &out);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const weft_str *text = weft_arg_str(&call->args[0], i);
        weft_i128 value = 0;
        if (!weft_call_valid(call, i)) continue;
        if (weft_number_format_read(call->state, weft_str_data(text), text->len, &value)) {
            WEFT_TRY(st, weft_decimal_out_put(ctx, &out, i, value, true));
        } else if (tried) {
            weft_vector_set_null(call->out, i);
        } else {
            return weft_fail_at(ctx, WEFT_NUMBER_MISMATCH, &call->expr->span,
                                "The input \"STRING\" %.*s does not match the format.",
                                (int)weft_min_i64(text->len, 100), weft_str_data(text));
        }
    }
    weft_decimal_out_end(&out);
done:
    return st;
}

#define S       WEFT_TYPE_STRING
#define DECIMAL WEFT_TYPE_DECIMAL
#define FORMATS(symbol, others, bits, binder, usage, sql, want)                                              \
    const weft_function weft_fn_##symbol = {.name = #symbol,                                                 \
                                            .aliases = others,                                               \
                                            .flags = bits,                                                   \
                                            .signatures = symbol##_signatures,                               \
                                            .signature_count = 1,                                            \
                                            .bind = binder,                                                  \
                                            .open = format_open,                                             \
                                            .close = format_close,                                           \
                                            .help = usage,                                                   \
                                            .example = sql,                                                  \
                                            .example_result = want}
WEFT_FN_FORM(to_char, 2, 2, S, kernel_to_char, DECIMAL, S);
FORMATS(to_char, "to_varchar", WEFT_FN_FALLIBLE, to_char_bind,
        "to_char(x, format): a number, time or binary as text", "SELECT to_char(78.12, '$99.99')", "$78.12");
WEFT_FN_FORM(to_number, 2, 2, DECIMAL, kernel_to_number, S, S);
FORMATS(to_number, NULL, WEFT_FN_FALLIBLE, to_number_bind, "to_number(s, format): the number that s says",
        "SELECT to_number('12,454.8-', '99,999.9S')", "-12454.8");
WEFT_FN_FORM(try_to_number, 2, 2, DECIMAL, kernel_to_number, S, S);
FORMATS(try_to_number, NULL, WEFT_FN_TRY, to_number_bind, "try_to_number(s, format): as to_number, or NULL",
        "SELECT try_to_number('4a4', '999')", "NULL");
