/* engine/expr/fn_entry.h - what the families of functions share: the shape of their registry entries, and
 * putting numbers and texts into results. */
#ifndef WEFT_EXPR_FN_ENTRY_H
#define WEFT_EXPR_FN_ENTRY_H

#include "engine/expr/coerce.h"
#include "engine/expr/kernel.h"
#include "engine/expr/raise.h"
#include "engine/expr/utf8.h"

/* The only form of a function: WEFT_FN_FORM(hypot, 2, 2, WEFT_TYPE_DOUBLE, kernel_hypot, types of args…). */
#define WEFT_FN_FORM(symbol, low, high, result, kernel, ...)                                                 \
    static const weft_signature symbol##_signatures[] = {{{__VA_ARGS__}, low, high, result, kernel}}
/* Entries that have nothing but a name, flags and signatures; the others are written out. */
#define WEFT_FN_ENTRY(symbol, text, others, bits, binder, usage, sql, result)                                \
    const weft_function weft_fn_##symbol = {.name = text,                                                    \
                                            .aliases = others,                                               \
                                            .flags = bits,                                                   \
                                            .signatures = symbol##_signatures,                               \
                                            .signature_count = WEFT_COUNT(symbol##_signatures),              \
                                            .bind = binder,                                                  \
                                            .help = usage,                                                   \
                                            .example = sql,                                                  \
                                            .example_result = result}

/* The integer in the width of the result, which holds it. */
static inline void weft_store_i64(weft_vector *out, int32_t i, int64_t value)
{
    switch (weft_phys_bytes((weft_phys)out->column.phys)) {
    case 1: ((int8_t *)out->values)[i] = (int8_t)value; break;
    case 2: ((int16_t *)out->values)[i] = (int16_t)value; break;
    case 4: ((int32_t *)out->values)[i] = (int32_t)value; break;
    default: ((int64_t *)out->values)[i] = value; break;
    }
}

static inline weft_str *weft_call_text(const weft_kernel_call *call, int32_t i)
{
    return (weft_str *)call->out->values + i;
}

/* len bytes from `from` on of s as a string: inline or borrowed. */
static inline weft_str weft_str_part(const weft_str *s, size_t from, size_t len)
{
    return weft_str_view(weft_str_data(s) + from, (uint32_t)len);
}

/* Room for a text of up to len bytes in the result's heap, at *to. */
static inline weft_status weft_text_room(weft_ctx *ctx, weft_kernel_call *call, size_t len, char **to)
{
    if (len > INT32_MAX) {
        return weft_fail_at(ctx, WEFT_LIMIT, &call->expr->span, "a string of %zu bytes: more than 2147483647",
                            len);
    }
    return weft_vector_heap(ctx, call->out, len == 0 ? 1 : len, to);
}

/* The value of a literal argument, or NULL where the argument is not a literal or is NULL. */
static inline const weft_value *weft_call_literal(const weft_expr *call, int32_t k)
{
    if (k >= call->arg_count || call->args[k]->kind != WEFT_EXPR_LITERAL) return NULL;
    return call->args[k]->literal.is_null ? NULL : &call->args[k]->literal;
}

#endif
