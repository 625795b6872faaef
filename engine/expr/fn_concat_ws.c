/* engine/expr/fn_concat_ws.c - concat_ws(separator, …): texts and arrays of texts joined to one text. */
#include <string.h>

#include "engine/expr/fn_entry.h"
#include "engine/expr/nested_call.h"
#include "engine/expr/nested_text.h"

/* Each argument behind the separator becomes a text or, where it is an array, an array of texts. */
static weft_status bind_concat_ws(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                  int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_type string = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    weft_type strings;
    if (count < 1) return weft_fail_arg_count(ctx, fn->name, 1, -1, count, span);
    WEFT_TRY(st, weft_type_make_array(ctx, string, &strings));
    for (int32_t i = 0; i < count; i++) {
        const bool array = i > 0 && args[i]->type.id == WEFT_TYPE_ARRAY;
        WEFT_TRY(st, weft_bind_arg_as(ctx, args, i, array ? strings : string, span));
    }
    *variant = 0;
    *type = string;
done:
    return st;
}

static weft_status append(weft_ctx *ctx, weft_text *text, const weft_str *separator, const weft_str *s,
                          bool *any)
{
    weft_status st = WEFT_OK;
    if (*any) WEFT_TRY(st, weft_text_append(ctx, text, weft_str_data(separator), separator->len));
    WEFT_TRY(st, weft_text_append(ctx, text, weft_str_data(s), s->len));
    *any = true;
done:
    return st;
}

/* Row i of the arguments behind the separator; NULLs, of elements too, are left out. */
static weft_status join_row(weft_ctx *ctx, const weft_kernel_call *call, int32_t i, weft_text *text)
{
    weft_status st = WEFT_OK;
    const weft_str *separator = weft_arg_str(&call->args[0], i);
    bool any = false;
    text->len = 0;
    for (int32_t a = 1; a < call->arg_count; a++) {
        const weft_column *arg = &call->args[a];
        if (weft_column_is_null(arg, i)) continue;
        if (arg->type.id != WEFT_TYPE_ARRAY) {
            WEFT_TRY(st, append(ctx, text, separator, weft_arg_str(arg, i), &any));
            continue;
        }
        const weft_list list = weft_arg_list(arg, i);
        const weft_column *child = &arg->children[0];
        for (int32_t e = list.offset; e < list.offset + list.length; e++) {
            if (weft_column_is_null(child, e)) continue;
            WEFT_TRY(st, append(ctx, text, separator, weft_column_value(child, e), &any));
        }
    }
done:
    return st;
}

/* NULL only where the separator is. */
static weft_status kernel_concat_ws(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_text text = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_column_is_null(&call->args[0], i)) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        WEFT_TRY(st, join_row(ctx, call, i, &text));
        WEFT_TRY(st, weft_vector_set_string(ctx, call->out, i, text.len == 0 ? "" : text.bytes,
                                            (uint32_t)text.len));
    }
done:
    weft_text_release(&text);
    return st;
}

WEFT_NESTED_FORM(concat_ws, 1, -1, WEFT_TYPE_STRING, kernel_concat_ws);
WEFT_NESTED_ENTRY(
    concat_ws, "concat_ws", NULL, WEFT_FN_NULL_OWN, bind_concat_ws,
    "concat_ws(separator, a, b, ...): the texts, and elements of arrays, that are not NULL with "
    "separators between them",
    "SELECT concat_ws(',', 'a', array('b', NULL))", "a,b");
