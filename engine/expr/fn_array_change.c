/* engine/expr/fn_array_change.c - arrays with elements put in, taken out, repeated or paired; arrays that
 * meet. Elements are equal as keys are (fn_array.c). */
#include <stdio.h>

#include "engine/expr/nested_call.h"

/* ---- append, prepend, insert, remove ---- */

static weft_status bind_with_element(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                     int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const int32_t takes = fn->signatures[0].max_args, value = takes - 1;
    if (count != takes) return weft_fail_arg_count(ctx, fn->name, takes, takes, count, span);
    *variant = 0;
    WEFT_TRY(st, weft_bind_array_arg(ctx, args, 0, span));
    if (takes == 3) {
        if (args[1]->type.id == WEFT_TYPE_NULL) return weft_fail_arg_type(ctx, 1, "\"int\"", args[1], span);
        WEFT_TRY(st, weft_bind_arg_as(ctx, args, 1, WEFT_TYPE_OF(WEFT_TYPE_INT), span));
    }
    WEFT_TRY(st, weft_bind_element(ctx, fn, args, value, span));
    *type = args[0]->type;
done:
    return st;
}

/* The first argument is NULL: so is the result. */
static bool skip_null_array(weft_kernel_call *call, int32_t i)
{
    if (!weft_column_is_null(&call->args[0], i)) return false;
    weft_vector_set_null(call->out, i);
    return true;
}

static weft_status run_add(weft_ctx *ctx, weft_kernel_call *call, bool front)
{
    weft_status st = WEFT_OK;
    weft_elements elements = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (skip_null_array(call, i)) continue;
        const weft_column *value = &call->args[1];
        const weft_column *added = weft_column_is_null(value, i) ? NULL : value;
        const int32_t slot = weft_arg_slot(value, i);
        if (front) WEFT_TRY(st, weft_elements_add(ctx, &elements, added, slot));
        WEFT_TRY(st, weft_elements_add_all(ctx, &elements, &call->args[0], &call->args[0].children[0], i));
        if (!front) WEFT_TRY(st, weft_elements_add(ctx, &elements, added, slot));
        WEFT_TRY(st, weft_elements_put(ctx, &elements, call->out, i));
    }
done:
    weft_elements_free(&elements);
    return st;
}

static weft_status kernel_append(weft_ctx *ctx, weft_kernel_call *call) { return run_add(ctx, call, false); }
static weft_status kernel_prepend(weft_ctx *ctx, weft_kernel_call *call) { return run_add(ctx, call, true); }

static weft_status fail_size(weft_ctx *ctx, const weft_expr *e, int64_t count)
{
    return weft_fail_at(ctx, WEFT_COLLECTION_SIZE, &e->span,
                        "Can't create array with %lld elements in %s(), which is more than %d.",
                        (long long)count, e->call.function->name, INT32_MAX - 15);
}

/* The array of a row with a value at a place counted from 1, or from the end where it is negative; NULLs
 * fill what lies between. */
static weft_status insert_at(weft_ctx *ctx, weft_kernel_call *call, int32_t i, int64_t place,
                             weft_elements *out)
{
    weft_status st = WEFT_OK;
    const weft_list list = weft_arg_list(&call->args[0], i);
    const weft_column *child = &call->args[0].children[0], *value = &call->args[2];
    const weft_column *added = weft_column_is_null(value, i) ? NULL : value;
    const int64_t at = place > 0 ? place - 1 : list.length + 1 + place; /* in the result, when it is inside */
    const int64_t length = at < 0 ? list.length + 1 - at : weft_max_i64(list.length, at) + 1;
    if (length > INT32_MAX - 15) return fail_size(ctx, call->expr, length);
    if (at < 0) WEFT_TRY(st, weft_elements_add(ctx, out, added, weft_arg_slot(value, i)));
    for (int64_t n = at; n < 0; n++) WEFT_TRY(st, weft_elements_add(ctx, out, NULL, 0));
    for (int32_t e = 0; e < list.length; e++) {
        if (e == at) WEFT_TRY(st, weft_elements_add(ctx, out, added, weft_arg_slot(value, i)));
        WEFT_TRY(st, weft_elements_add(ctx, out, child, list.offset + e));
    }
    for (int64_t n = list.length; n < at; n++) WEFT_TRY(st, weft_elements_add(ctx, out, NULL, 0));
    if (at >= list.length) WEFT_TRY(st, weft_elements_add(ctx, out, added, weft_arg_slot(value, i)));
done:
    return st;
}

static weft_status kernel_insert(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_elements elements = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (skip_null_array(call, i)) continue;
        if (weft_column_is_null(&call->args[1], i)) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        const int64_t place = weft_arg_i64(&call->args[1], i);
        if (place == 0)
            WEFT_TRY(st,
                     weft_fail_at(ctx, WEFT_INVALID_INDEX_OF_ZERO, &call->expr->span,
                                  "The index 0 is invalid. An index shall be either < 0 or > 0 (the first "
                                  "element has index 1)."));
        WEFT_TRY(st, insert_at(ctx, call, i, place, &elements));
        WEFT_TRY(st, weft_elements_put(ctx, &elements, call->out, i));
    }
done:
    weft_elements_free(&elements);
    return st;
}

static weft_status kernel_remove(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_elements elements = {0};
    const weft_column *keys = NULL, *removed = NULL;
    WEFT_TRY(st, weft_element_keys(ctx, call, 0, &keys));
    WEFT_TRY(st, weft_value_keys(ctx, call, 1, &removed));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const weft_list list = weft_arg_list(&call->args[0], i);
        const weft_column *child = &call->args[0].children[0];
        for (int32_t e = list.offset; e < list.offset + list.length; e++) {
            if (weft_slots_equal(keys, e, removed, weft_arg_slot(removed, i))) continue;
            WEFT_TRY(st, weft_elements_add(ctx, &elements, child, e));
        }
        WEFT_TRY(st, weft_elements_put(ctx, &elements, call->out, i));
    }
done:
    weft_elements_free(&elements);
    return st;
}

/* ---- array_repeat ---- */

static weft_status bind_repeat(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                               const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    *variant = 0;
    if (!weft_cast_implicit(args[1]->type,
                            WEFT_TYPE_OF(WEFT_TYPE_INT))) /* Spark casts no wider number here */
        return weft_fail_arg_type(ctx, 1, "\"INT\"", args[1], span);
    WEFT_TRY(st, weft_bind_arg_as(ctx, args, 1, WEFT_TYPE_OF(WEFT_TYPE_INT), span));
    WEFT_TRY(st, weft_type_make_array(ctx, args[0]->type, type));
done:
    return st;
}

static weft_status kernel_repeat(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_elements elements = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_column_is_null(&call->args[1], i)) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        const weft_column *value = &call->args[0];
        const weft_column *element = weft_column_is_null(value, i) ? NULL : value;
        const int64_t times = weft_arg_i64(&call->args[1], i);
        if (times > INT32_MAX - 15) WEFT_TRY(st, fail_size(ctx, call->expr, times));
        for (int64_t n = 0; n < times; n++)
            WEFT_TRY(st, weft_elements_add(ctx, &elements, element, weft_arg_slot(value, i)));
        WEFT_TRY(st, weft_elements_put(ctx, &elements, call->out, i));
    }
done:
    weft_elements_free(&elements);
    return st;
}

/* ---- arrays_overlap ---- */

static weft_status bind_overlap(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    weft_type common;
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN);
    WEFT_TRY(st, weft_bind_array_pair(ctx, fn, args, span, &common));
    WEFT_TRY(st, weft_expect_orderable(ctx, fn->name, args[0], span));
done:
    return st;
}

/* 1: they share an element that is not NULL; -1: a NULL might be one; 0: they do not. */
static int overlap(const weft_kernel_call *call, const weft_column *left, const weft_column *right, int32_t i)
{
    const weft_list a = weft_arg_list(&call->args[0], i), b = weft_arg_list(&call->args[1], i);
    bool unknown = false;
    if (a.length == 0 || b.length == 0) return 0;
    for (int32_t e = 0; e < b.length; e++) unknown |= weft_column_is_null(right, b.offset + e);
    for (int32_t e = 0; e < a.length; e++) {
        if (weft_column_is_null(left, a.offset + e)) {
            unknown = true;
            continue;
        }
        for (int32_t f = 0; f < b.length; f++) {
            if (weft_slots_equal(left, a.offset + e, right, b.offset + f)) return 1;
        }
    }
    return unknown ? -1 : 0;
}

static weft_status kernel_overlap(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *left = NULL, *right = NULL;
    WEFT_TRY(st, weft_element_keys(ctx, call, 0, &left));
    WEFT_TRY(st, weft_element_keys(ctx, call, 1, &right));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const int found = overlap(call, left, right, i);
        if (found < 0)
            weft_vector_set_null(call->out, i);
        else
            ((uint8_t *)call->out->values)[i] = (uint8_t)found;
    }
done:
    return st;
}

/* ---- arrays_zip ---- */

/* arrays_zip(name, array, name, array, …): expr_call.c puts the names of the fields in. */
static weft_status bind_zip(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                            const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const char **names = NULL;
    weft_type *types = NULL, row;
    *variant = 0;
    if (count % 2 != 0) return weft_fail_routine(ctx, fn->name, span);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + 1, &names));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + 1, &types));
    for (int32_t i = 0; i < count / 2; i++) {
        const weft_expr *name = args[2 * i];
        char *text = NULL;
        if (name->kind != WEFT_EXPR_LITERAL || name->type.id != WEFT_TYPE_STRING || name->literal.is_null)
            return weft_fail_arg_type(ctx, 2 * i, "\"string\"", name, span);
        WEFT_TRY(st, weft_bind_array_arg(ctx, args, 2 * i + 1, span));
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(&name->literal.str),
                                     name->literal.str.len, &text));
        names[i] = text;
        types[i] = args[2 * i + 1]->type.children[0].type;
    }
    WEFT_TRY(st, weft_type_make_struct(ctx, names, types, count / 2, &row));
    WEFT_TRY(st, weft_type_make_array(ctx, row, type));
done:
    return st;
}

static weft_status kernel_zip(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int32_t length = 0, first = 0;
        if (weft_call_skip_null(call, i)) continue;
        for (int32_t a = 1; a < call->arg_count; a += 2)
            length = weft_max_i32(length, weft_arg_list(&call->args[a], i).length);
        WEFT_TRY(st, weft_vector_add_list(ctx, call->out, i, length, &first));
        for (int32_t a = 1; a < call->arg_count; a += 2) {
            const weft_list list = weft_arg_list(&call->args[a], i);
            weft_vector *field = &call->out->children[0].children[a / 2];
            for (int32_t e = 0; e < length; e++) {
                if (e >= list.length)
                    weft_vector_set_null(field, first + e);
                else
                    WEFT_TRY(st, weft_vector_set(ctx, field, first + e, &call->args[a].children[0],
                                                 list.offset + e));
            }
        }
    }
done:
    return st;
}

/* ---- registry ---- */

enum { OWN = WEFT_FN_NULL_OWN, RAISES = WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE };

WEFT_NESTED_FORM(array_append, 2, 2, WEFT_TYPE_ARRAY, kernel_append);
WEFT_NESTED_FORM(array_prepend, 2, 2, WEFT_TYPE_ARRAY, kernel_prepend);
WEFT_NESTED_FORM(array_insert, 3, 3, WEFT_TYPE_ARRAY, kernel_insert);
WEFT_NESTED_FORM(array_remove, 2, 2, WEFT_TYPE_ARRAY, kernel_remove);
WEFT_NESTED_FORM(array_repeat, 2, 2, WEFT_TYPE_ARRAY, kernel_repeat);
WEFT_NESTED_FORM(arrays_overlap, 2, 2, WEFT_TYPE_BOOLEAN, kernel_overlap);
WEFT_NESTED_FORM(arrays_zip, 0, -1, WEFT_TYPE_ARRAY, kernel_zip);

WEFT_NESTED_ENTRY(array_append, "array_append", NULL, OWN, bind_with_element,
                  "array_append(a, value): the array with the value behind its last element",
                  "SELECT array_append(array(1), 2)", "[1, 2]");
WEFT_NESTED_ENTRY(array_prepend, "array_prepend", NULL, OWN, bind_with_element,
                  "array_prepend(a, value): the array with the value before its first element",
                  "SELECT array_prepend(array(1), 2)", "[2, 1]");
WEFT_NESTED_ENTRY(
    array_insert, "array_insert", NULL, RAISES, bind_with_element,
    "array_insert(a, place, value): the value at the place, from 1, or from the end where negative",
    "SELECT array_insert(array(1, 3), 2, 2)", "[1, 2, 3]");
WEFT_KEYED_ENTRY(array_remove, "array_remove", NULL, OWN, bind_with_element,
                 "array_remove(a, value): the elements that differ from the value",
                 "SELECT array_remove(array(1, 2, 1), 1)", "[2]");
WEFT_NESTED_ENTRY(array_repeat, "array_repeat", NULL, RAISES, bind_repeat,
                  "array_repeat(value, n): the value n times", "SELECT array_repeat('a', 2)", "[a, a]");
WEFT_KEYED_ENTRY(arrays_overlap, "arrays_overlap", NULL, OWN, bind_overlap,
                 "arrays_overlap(a, b): have they an element in common?",
                 "SELECT arrays_overlap(array(1, 2), array(2, 3))", "true");
WEFT_NESTED_ENTRY(arrays_zip, "arrays_zip", NULL, OWN, bind_zip,
                  "arrays_zip(a, b, ...): structs of the elements at the same place",
                  "SELECT arrays_zip(array(1), array('a'))", "[{1, a}]");
