/* engine/expr/fn_array.c - functions of arrays; those of maps are in fn_map.c. Elements are equal as keys
 * are: NULL to NULL, NaN to NaN; where it matters the first of equal ones stays. */
#include "engine/expr/nested_call.h"
#include "engine/expr/nested_text.h"

/* ---- size, contains, position ---- */

static weft_status bind_size(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 1) return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_INT);
    const bool either = strcmp(fn->name, "array_size") != 0;
    if (!either || args[0]->type.id != WEFT_TYPE_MAP) WEFT_TRY(st, weft_bind_array_arg(ctx, args, 0, span));
done:
    return st;
}

/* Without ANSI the size of NULL is -1, but for array_size(). */
static weft_status kernel_size(weft_ctx *ctx, weft_kernel_call *call)
{
    const bool counts_null = !weft_ansi(ctx) && strcmp(call->expr->call.function->name, "size") == 0;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!counts_null && weft_call_skip_null(call, i)) continue;
        const bool null = weft_arg_is_null(&call->args[0], i);
        ((int32_t *)call->out->values)[i] = null ? -1 : weft_arg_list(&call->args[0], i).length;
    }
    return WEFT_OK;
}

static weft_status bind_contains(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                 int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    *variant = 0;
    *type = WEFT_TYPE_OF((weft_type_id)fn->signatures[0].result);
    const bool contains = type->id == WEFT_TYPE_BOOLEAN; /* array_position() takes a NULL */
    if (contains && args[1]->type.id == WEFT_TYPE_NULL && args[0]->type.id == WEFT_TYPE_ARRAY) {
        return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NULL_TYPE, span,
                            "Null typed values cannot be used as arguments of `%s`.", fn->name);
    }
    WEFT_TRY(st, weft_bind_element(ctx, fn, args, 1, span));
    WEFT_TRY(st, weft_expect_orderable(ctx, fn->name, args[1], span));
done:
    return st;
}

/* 1 and up: where it is; 0: nowhere; -1: nowhere, but among NULLs. */
static int64_t array_find(const weft_column *array, const weft_column *keys, int32_t i,
                          const weft_column *value)
{
    const weft_list list = weft_arg_list(array, i);
    int64_t found = 0;
    for (int32_t k = 0; k < list.length; k++) {
        if (weft_column_is_null(&array->children[0], list.offset + k))
            found = -1;
        else if (weft_slots_equal(keys, list.offset + k, value, weft_arg_slot(value, i)))
            return k + 1;
    }
    return found;
}

static weft_status kernel_contains(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *keys = NULL, *value = NULL;
    WEFT_TRY(st, weft_element_keys(ctx, call, 0, &keys));
    WEFT_TRY(st, weft_value_keys(ctx, call, 1, &value));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const int64_t at = array_find(&call->args[0], keys, i, value);
        if (at < 0)
            weft_vector_set_null(call->out, i);
        else
            ((uint8_t *)call->out->values)[i] = at > 0;
    }
done:
    return st;
}

static weft_status kernel_array_position(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *keys = NULL, *value = NULL;
    WEFT_TRY(st, weft_element_keys(ctx, call, 0, &keys));
    WEFT_TRY(st, weft_value_keys(ctx, call, 1, &value));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const int64_t at = array_find(&call->args[0], keys, i, value);
        ((int64_t *)call->out->values)[i] = at < 0 ? 0 : at;
    }
done:
    return st;
}

/* ---- least and greatest ---- */

static weft_status bind_extreme(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 1) return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    *variant = 0;
    WEFT_TRY(st, weft_bind_array_arg(ctx, args, 0, span));
    WEFT_TRY(st, weft_expect_orderable(ctx, fn->name, args[0], span));
    *type = args[0]->type.children[0].type;
done:
    return st;
}

static weft_status run_extreme(weft_ctx *ctx, weft_kernel_call *call, int direction)
{
    weft_status st = WEFT_OK;
    const weft_column *keys = NULL;
    WEFT_TRY(st, weft_element_keys(ctx, call, 0, &keys));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const weft_list list = weft_arg_list(&call->args[0], i);
        const weft_column *child = &call->args[0].children[0];
        int32_t best = -1;
        for (int32_t e = list.offset; e < list.offset + list.length; e++) {
            if (weft_column_is_null(child, e)) continue;
            if (best < 0 || weft_nested_compare_columns(keys, e, keys, best) * direction > 0) best = e;
        }
        if (best < 0)
            weft_vector_set_null(call->out, i);
        else
            WEFT_TRY(st, weft_vector_set(ctx, call->out, i, child, best));
    }
done:
    return st;
}

static weft_status kernel_array_max(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_extreme(ctx, call, 1);
}
static weft_status kernel_array_min(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_extreme(ctx, call, -1);
}

/* ---- sorting ---- */

typedef struct sort_order {
    bool descending, nulls_last;
} sort_order;

static int order_elements(const weft_element *a, const weft_element *b, const sort_order *order)
{
    const int null_a = weft_column_is_null(a->keys, a->slot), null_b = weft_column_is_null(b->keys, b->slot);
    if (null_a || null_b) return order->nulls_last ? null_a - null_b : null_b - null_a;
    const int by = weft_nested_compare_columns(a->keys, a->slot, b->keys, b->slot);
    return order->descending ? -by : by;
}

/* Merge sort: equal elements keep their order. spare has as much room. */
static void sort_elements(weft_element *at, int32_t count, weft_element *spare, const sort_order *order)
{
    const int32_t half = count / 2;
    int32_t left = 0, right = half, n = 0;
    if (count < 2) return;
    sort_elements(at, half, spare, order);
    sort_elements(at + half, count - half, spare, order);
    memcpy(spare, at, (size_t)count * sizeof *at);
    while (left < half && right < count)
        at[n++] = order_elements(&spare[left], &spare[right], order) <= 0 ? spare[left++] : spare[right++];
    while (left < half) at[n++] = spare[left++];
    while (right < count) at[n++] = spare[right++];
}

static weft_status bind_sort(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const int32_t most = fn->signatures[0].max_args;
    if (count < 1 || count > most) return weft_fail_arg_count(ctx, fn->name, 1, most, count, span);
    *variant = 0;
    WEFT_TRY(st, weft_bind_array_arg(ctx, args, 0, span));
    WEFT_TRY(st, weft_expect_orderable(ctx, fn->name, args[0], span));
    if (count == 2 && args[1]->type.id == WEFT_TYPE_STRING)
        return weft_fail_arg_type(ctx, 1, "\"boolean\"", args[1], span);
    if (count == 2) {
        WEFT_TRY(st, weft_bind_arg_as(ctx, args, 1, WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), span));
        WEFT_TRY(st, weft_expr_fold(ctx, args[1], &args[1]));
        if (args[1]->kind != WEFT_EXPR_LITERAL)
            return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                                "the input `ascendingOrder` should be a foldable \"BOOLEAN\" expression");
    }
    *type = args[0]->type;
done:
    return st;
}

static weft_status run_sort(weft_ctx *ctx, weft_kernel_call *call, bool nulls_last)
{
    weft_status st = WEFT_OK;
    weft_elements elements = {0}, spare = {0};
    const weft_column *keys = NULL;
    WEFT_TRY(st, weft_element_keys(ctx, call, 0, &keys));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        sort_order order = {.nulls_last = nulls_last};
        if (call->arg_count == 2) {
            order.descending = ((const uint8_t *)call->args[1].data)[weft_arg_slot(&call->args[1], i)] == 0;
            order.nulls_last = order.descending;
        }
        WEFT_TRY(st, weft_elements_add_all(ctx, &elements, &call->args[0], keys, i));
        spare.count = 0;
        WEFT_TRY(st, weft_elements_add_all(ctx, &spare, &call->args[0], keys, i));
        sort_elements(elements.at, elements.count, spare.at, &order);
        WEFT_TRY(st, weft_elements_put(ctx, &elements, call->out, i));
    }
done:
    weft_elements_free(&elements);
    weft_elements_free(&spare);
    return st;
}

static weft_status kernel_sort_array(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_sort(ctx, call, false);
}
static weft_status kernel_array_sort(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_sort(ctx, call, true);
}

/* ---- arrays of one array ---- */

static weft_status bind_like_array(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                   int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 1) return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    *variant = 0;
    WEFT_TRY(st, weft_bind_array_arg(ctx, args, 0, span));
    if (strcmp(fn->name, "array_distinct") == 0)
        WEFT_TRY(st, weft_expect_orderable(ctx, fn->name, args[0], span));
    *type = args[0]->type;
done:
    return st;
}

typedef enum array_job {
    ARRAY_DISTINCT,
    ARRAY_REVERSE,
    ARRAY_COMPACT,
    ARRAY_UNION,
    ARRAY_INTERSECT,
    ARRAY_EXCEPT,
    ARRAY_CONCAT
} array_job;

static weft_status take_one(weft_ctx *ctx, array_job job, const weft_column *array, const weft_column *keys,
                            int32_t i, weft_elements *out)
{
    weft_status st = WEFT_OK;
    const weft_list list = weft_arg_list(array, i);
    const weft_column *child = &array->children[0];
    for (int32_t k = 0; k < list.length; k++) {
        const int32_t slot = list.offset + (job == ARRAY_REVERSE ? list.length - 1 - k : k);
        if (job == ARRAY_COMPACT && weft_column_is_null(child, slot)) continue;
        if ((job == ARRAY_DISTINCT || job == ARRAY_UNION) && weft_elements_have(out, keys, slot)) continue;
        WEFT_TRY(st, weft_elements_add_keyed(ctx, out, child, keys, slot));
    }
done:
    return st;
}

/* The elements of the first array that are, or are not, in the second, each once. */
static weft_status take_matching(weft_ctx *ctx, array_job job, weft_kernel_call *call,
                                 const weft_column *const keys[2], int32_t i, weft_elements *other,
                                 weft_elements *out)
{
    weft_status st = WEFT_OK;
    const weft_list list = weft_arg_list(&call->args[0], i);
    const weft_column *child = &call->args[0].children[0];
    other->count = 0;
    WEFT_TRY(st, weft_elements_add_all(ctx, other, &call->args[1], keys[1], i));
    for (int32_t slot = list.offset; slot < list.offset + list.length; slot++) {
        if (weft_elements_have(other, keys[0], slot) != (job == ARRAY_INTERSECT)) continue;
        if (weft_elements_have(out, keys[0], slot)) continue;
        WEFT_TRY(st, weft_elements_add_keyed(ctx, out, child, keys[0], slot));
    }
done:
    return st;
}

/* Sets of doubles have no negative zero. */
static void drop_negative_zeros(weft_vector *out)
{
    weft_vector *elements = &out->children[0];
    for (int32_t i = 0; i < elements->used; i++) {
        if (elements->column.phys == WEFT_PHYS_F64 && ((double *)elements->values)[i] == 0)
            ((double *)elements->values)[i] = 0;
        else if (elements->column.phys == WEFT_PHYS_F32 && ((float *)elements->values)[i] == 0)
            ((float *)elements->values)[i] = 0;
    }
}

static weft_status run_arrays(weft_ctx *ctx, weft_kernel_call *call, array_job job)
{
    weft_status st = WEFT_OK;
    weft_elements elements = {0}, other = {0};
    const weft_column *keys[2] = {NULL, NULL}; /* of sets, which have two arguments at most */
    const bool set = job == ARRAY_DISTINCT || job == ARRAY_UNION || job == ARRAY_INTERSECT ||
                     job == ARRAY_EXCEPT;
    for (int32_t a = 0; a < call->arg_count && set; a++)
        WEFT_TRY(st, weft_element_keys(ctx, call, a, &keys[a]));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        if (job == ARRAY_INTERSECT || job == ARRAY_EXCEPT) {
            WEFT_TRY(st, take_matching(ctx, job, call, keys, i, &other, &elements));
        } else {
            for (int32_t a = 0; a < call->arg_count; a++)
                WEFT_TRY(st, take_one(ctx, job, &call->args[a], set ? keys[a] : &call->args[a].children[0], i,
                                      &elements));
        }
        WEFT_TRY(st, weft_elements_put(ctx, &elements, call->out, i));
    }
    if (set) drop_negative_zeros(call->out);
done:
    weft_elements_free(&elements);
    weft_elements_free(&other);
    return st;
}

static weft_status kernel_array_distinct(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_arrays(ctx, call, ARRAY_DISTINCT);
}
static weft_status kernel_array_reverse(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_arrays(ctx, call, ARRAY_REVERSE);
}
static weft_status kernel_array_compact(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_arrays(ctx, call, ARRAY_COMPACT);
}
static weft_status kernel_array_union(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_arrays(ctx, call, ARRAY_UNION);
}
static weft_status kernel_array_intersect(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_arrays(ctx, call, ARRAY_INTERSECT);
}
static weft_status kernel_array_except(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_arrays(ctx, call, ARRAY_EXCEPT);
}
static weft_status kernel_array_concat(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_arrays(ctx, call, ARRAY_CONCAT);
}

static weft_status bind_arrays(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                               const weft_span *span, int32_t *variant, weft_type *type)
{
    const weft_signature *form = &fn->signatures[0];
    if (count < form->min_args || (form->max_args >= 0 && count > form->max_args))
        return weft_fail_arg_count(ctx, fn->name, form->min_args, form->max_args, count, span);
    *variant = 0;
    const bool pair = count == 2 && form->max_args == 2;
    weft_status st = pair ? weft_bind_array_pair(ctx, fn, args, span, type)
                          : weft_bind_same_arrays(ctx, fn, args, count, span, type);
    if (st == WEFT_DATATYPE_MISMATCH_ARRAY_DIFF && form->kernel == kernel_array_concat) {
        weft_error_clear(ctx);
        st = weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_DATA_DIFF, span,
                          "Input to `concat` should all be the same type, but the elements of the arrays are "
                          "not.");
    }
    if (st != WEFT_OK || form->kernel == kernel_array_concat) return st;
    return weft_expect_orderable(ctx, fn->name, args[0], span);
}

/* ---- flatten, slice ---- */

static weft_status bind_flatten(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 1) return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    *variant = 0;
    WEFT_TRY(st, weft_bind_array_arg(ctx, args, 0, span));
    *type = args[0]->type.children[0].type;
    if (type->id != WEFT_TYPE_ARRAY)
        return weft_fail_arg_type(ctx, 0, "\"array\" of an \"array\"", args[0], span);
done:
    return st;
}

static weft_status kernel_flatten(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_elements elements = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const weft_list list = weft_arg_list(&call->args[0], i);
        const weft_column *child = &call->args[0].children[0];
        bool null = false;
        for (int32_t e = list.offset; e < list.offset + list.length; e++)
            null |= weft_column_is_null(child, e);
        for (int32_t e = list.offset; e < list.offset + list.length && !null; e++)
            WEFT_TRY(st, weft_elements_add_all(ctx, &elements, child, &child->children[0], e));
        if (null)
            weft_vector_set_null(call->out, i);
        else
            WEFT_TRY(st, weft_elements_put(ctx, &elements, call->out, i));
    }
done:
    weft_elements_free(&elements);
    return st;
}

static weft_status bind_slice(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 3) return weft_fail_arg_count(ctx, fn->name, 3, 3, count, span);
    *variant = 0;
    WEFT_TRY(st, weft_bind_array_arg(ctx, args, 0, span));
    WEFT_TRY(st, weft_bind_arg_as(ctx, args, 1, WEFT_TYPE_OF(WEFT_TYPE_INT), span));
    WEFT_TRY(st, weft_bind_arg_as(ctx, args, 2, WEFT_TYPE_OF(WEFT_TYPE_INT), span));
    *type = args[0]->type;
done:
    return st;
}

static weft_status kernel_slice(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_elements elements = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const weft_list list = weft_arg_list(&call->args[0], i);
        const int64_t start = weft_arg_i64(&call->args[1], i), length = weft_arg_i64(&call->args[2], i);
        if (start == 0) {
            WEFT_TRY(st, weft_fail_at(ctx, WEFT_SLICE_START, &call->expr->span,
                                      "The value of parameter(s) `start` in `slice` is invalid: Expects a "
                                      "positive or a negative value for `start`, but got 0."));
        }
        if (length < 0) {
            WEFT_TRY(st, weft_fail_at(ctx, WEFT_SLICE_LENGTH, &call->expr->span,
                                      "The value of parameter(s) `length` in `slice` is invalid: Expects "
                                      "`length` greater than or equal to 0, but got %lld.",
                                      (long long)length));
        }
        const int64_t first = start > 0 ? start - 1 : list.length + start;
        const int64_t end = weft_min_i64(first + length, list.length);
        for (int64_t e = first; first >= 0 && e < end; e++)
            WEFT_TRY(st,
                     weft_elements_add(ctx, &elements, &call->args[0].children[0], list.offset + (int32_t)e));
        WEFT_TRY(st, weft_elements_put(ctx, &elements, call->out, i));
    }
done:
    weft_elements_free(&elements);
    return st;
}

/* ---- array_join ---- */

static weft_status bind_join(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_type string = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    weft_type strings;
    if (count != 2 && count != 3) return weft_fail_arg_count(ctx, fn->name, 2, 3, count, span);
    *variant = 0;
    WEFT_TRY(st, weft_type_make_array(ctx, string, &strings));
    WEFT_TRY(st, weft_bind_array_arg(ctx, args, 0, span));
    WEFT_TRY(st, weft_bind_arg_as(ctx, args, 0, strings, span));
    for (int32_t i = 1; i < count; i++) WEFT_TRY(st, weft_bind_arg_as(ctx, args, i, string, span));
    *type = string;
done:
    return st;
}

static weft_status kernel_array_join(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_text text = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const weft_list list = weft_arg_list(&call->args[0], i);
        const weft_column *child = &call->args[0].children[0];
        const weft_str *between = weft_arg_str(&call->args[1], i);
        bool first = true;
        text.len = 0;
        for (int32_t e = list.offset; e < list.offset + list.length; e++) {
            const bool null = weft_column_is_null(child, e);
            if (null && call->arg_count < 3) continue;
            const weft_str *s = null ? weft_arg_str(&call->args[2], i) : weft_column_value(child, e);
            if (!first) WEFT_TRY(st, weft_text_append(ctx, &text, weft_str_data(between), between->len));
            WEFT_TRY(st, weft_text_append(ctx, &text, weft_str_data(s), s->len));
            first = false;
        }
        WEFT_TRY(st, weft_vector_set_string(ctx, call->out, i, text.len == 0 ? "" : text.bytes,
                                            (uint32_t)text.len));
    }
done:
    weft_text_release(&text);
    return st;
}

/* ---- registry ---- */

enum { OWN = WEFT_FN_NULL_OWN, RAISES = WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE };

WEFT_NESTED_FORM(size, 1, 1, WEFT_TYPE_INT, kernel_size);
WEFT_NESTED_FORM(array_size, 1, 1, WEFT_TYPE_INT, kernel_size);
WEFT_NESTED_FORM(array_contains, 2, 2, WEFT_TYPE_BOOLEAN, kernel_contains);
WEFT_NESTED_FORM(array_position, 2, 2, WEFT_TYPE_BIGINT, kernel_array_position);
WEFT_NESTED_FORM(array_max, 1, 1, WEFT_TYPE_COUNT, kernel_array_max);
WEFT_NESTED_FORM(array_min, 1, 1, WEFT_TYPE_COUNT, kernel_array_min);
WEFT_NESTED_FORM(sort_array, 1, 2, WEFT_TYPE_ARRAY, kernel_sort_array);
WEFT_NESTED_FORM(array_sort, 1, 1, WEFT_TYPE_ARRAY, kernel_array_sort);
WEFT_NESTED_FORM(array_distinct, 1, 1, WEFT_TYPE_ARRAY, kernel_array_distinct);
WEFT_NESTED_FORM(array_reverse, 1, 1, WEFT_TYPE_ARRAY, kernel_array_reverse);
WEFT_NESTED_FORM(array_compact, 1, 1, WEFT_TYPE_ARRAY, kernel_array_compact);
WEFT_NESTED_FORM(array_union, 2, 2, WEFT_TYPE_ARRAY, kernel_array_union);
WEFT_NESTED_FORM(array_intersect, 2, 2, WEFT_TYPE_ARRAY, kernel_array_intersect);
WEFT_NESTED_FORM(array_except, 2, 2, WEFT_TYPE_ARRAY, kernel_array_except);
WEFT_NESTED_FORM(array_concat, 1, -1, WEFT_TYPE_ARRAY, kernel_array_concat);
WEFT_NESTED_FORM(flatten, 1, 1, WEFT_TYPE_ARRAY, kernel_flatten);
WEFT_NESTED_FORM(slice, 3, 3, WEFT_TYPE_ARRAY, kernel_slice);
WEFT_NESTED_FORM(array_join, 2, 3, WEFT_TYPE_STRING, kernel_array_join);

WEFT_NESTED_ENTRY(size, "size", "cardinality", OWN, bind_size, "size(a): elements of an array or map",
                  "SELECT size(array(1, 2))", "2");
WEFT_NESTED_ENTRY(array_size, "array_size", NULL, OWN, bind_size, "array_size(a): elements of an array",
                  "SELECT array_size(array(1, 2))", "2");
WEFT_KEYED_ENTRY(array_contains, "array_contains", NULL, OWN, bind_contains,
                 "array_contains(a, value): is it among the elements?",
                 "SELECT array_contains(array(1, 2), 2)", "true");
WEFT_KEYED_ENTRY(array_position, "array_position", NULL, OWN, bind_contains,
                 "array_position(a, value): where it is first, from 1; 0 where it is not",
                 "SELECT array_position(array(3, 2), 2)", "2");
WEFT_KEYED_ENTRY(array_max, "array_max", NULL, OWN, bind_extreme, "array_max(a): the greatest element",
                 "SELECT array_max(array(1, 3, 2))", "3");
WEFT_KEYED_ENTRY(array_min, "array_min", NULL, OWN, bind_extreme, "array_min(a): the least element",
                 "SELECT array_min(array(1, 3, 2))", "1");
WEFT_KEYED_ENTRY(sort_array, "sort_array", NULL, OWN, bind_sort,
                 "sort_array(a [, ascending]): the elements in order, NULLs below all",
                 "SELECT sort_array(array(2, NULL, 1))", "[null, 1, 2]");
WEFT_KEYED_ENTRY(array_sort, "array_sort", NULL, OWN, bind_sort,
                 "array_sort(a): the elements in order, NULLs last", "SELECT array_sort(array(2, NULL, 1))",
                 "[1, 2, null]");
WEFT_KEYED_ENTRY(array_distinct, "array_distinct", NULL, OWN, bind_like_array,
                 "array_distinct(a): the elements, each once", "SELECT array_distinct(array(1, 2, 1))",
                 "[1, 2]");
WEFT_NESTED_ENTRY(array_reverse, "(array_reverse)", NULL, OWN, bind_like_array,
                  "reverse(a): the elements backwards", "SELECT reverse(array(1, 2))", "[2, 1]");
WEFT_NESTED_ENTRY(array_compact, "array_compact", NULL, OWN, bind_like_array,
                  "array_compact(a): the elements that are not NULL", "SELECT array_compact(array(1, NULL))",
                  "[1]");
WEFT_KEYED_ENTRY(array_union, "array_union", NULL, OWN, bind_arrays,
                 "array_union(a, b): the elements of both, each once",
                 "SELECT array_union(array(1, 2), array(2, 3))", "[1, 2, 3]");
WEFT_KEYED_ENTRY(array_intersect, "array_intersect", NULL, OWN, bind_arrays,
                 "array_intersect(a, b): the elements that are in both, each once",
                 "SELECT array_intersect(array(1, 2), array(2, 3))", "[2]");
WEFT_KEYED_ENTRY(array_except, "array_except", NULL, OWN, bind_arrays,
                 "array_except(a, b): the elements of a that are not in b, each once",
                 "SELECT array_except(array(1, 2), array(2, 3))", "[1]");
WEFT_NESTED_ENTRY(array_concat, "(array_concat)", NULL, OWN, bind_arrays,
                  "concat(a, b, ...): the elements of all arrays, one after another",
                  "SELECT concat(array(1), array(2))", "[1, 2]");
WEFT_NESTED_ENTRY(flatten, "flatten", NULL, OWN, bind_flatten,
                  "flatten(a): the elements of the arrays in an array",
                  "SELECT flatten(array(array(1), array(2)))", "[1, 2]");
WEFT_NESTED_ENTRY(
    slice, "slice", NULL, RAISES, bind_slice,
    "slice(a, start, length): elements from start on, from 1, or from the end where it is negative",
    "SELECT slice(array(1, 2, 3), 2, 2)", "[2, 3]");
WEFT_NESTED_ENTRY(array_join, "array_join", NULL, OWN, bind_join,
                  "array_join(a, between [, null]): the elements as one text",
                  "SELECT array_join(array('a', 'b'), ',')", "a,b");
