/* engine/expr/fn_map_sort.c - (map_sort)(v): v with the entries of every map in it in the order of their
 * keys, so that maps of equal entries are equal values. GROUP BY calls it for what is, or holds, a map. */
#include "engine/expr/nested_call.h"

static weft_status bind_map_sort(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                 int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    if (count != 1) return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    *variant = 0;
    *type = args[0]->type;
    return WEFT_OK;
}

/* Merge sort of the keys' slots; they are never NULL. spare has as much room. */
static void sort_keys(const weft_column *keys, int32_t *at, int32_t count, int32_t *spare)
{
    const int32_t half = count / 2;
    int32_t left = 0, right = half, n = 0;
    if (count < 2) return;
    sort_keys(keys, at, half, spare);
    sort_keys(keys, at + half, count - half, spare);
    memcpy(spare, at, (size_t)count * sizeof *at);
    while (left < half && right < count) {
        const bool first = weft_nested_compare_columns(keys, spare[left], keys, spare[right]) <= 0;
        at[n++] = first ? spare[left++] : spare[right++];
    }
    while (left < half) at[n++] = spare[left++];
    while (right < count) at[n++] = spare[right++];
}

static weft_status put_sorted(weft_ctx *ctx, weft_vector *out, int32_t i, const weft_column *from,
                              int32_t row);

/* The entries of a map, by their keys. */
static weft_status put_map(weft_ctx *ctx, weft_vector *out, int32_t i, const weft_column *entries,
                           weft_list list)
{
    weft_status st = WEFT_OK;
    int32_t first = 0, *slots = NULL;
    weft_vector *made = &out->children[0];
    const size_t room = (size_t)weft_max_i32(list.length, 1) * 2 * sizeof *slots;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, room, (void **)&slots));
    for (int32_t k = 0; k < list.length; k++) slots[k] = weft_column_slot(entries, list.offset + k);
    sort_keys(&entries->children[0], slots, list.length, slots + list.length);
    WEFT_TRY(st, weft_vector_add_list(ctx, out, i, list.length, &first));
    for (int32_t k = 0; k < list.length; k++) {
        WEFT_TRY(st, weft_vector_set(ctx, &made->children[0], first + k, &entries->children[0], slots[k]));
        WEFT_TRY(st, put_sorted(ctx, &made->children[1], first + k, &entries->children[1], slots[k]));
    }
done:
    weft_mem_free(slots);
    return st;
}

/* Slot i becomes the value of a row; what holds no map is taken as it is. */
static weft_status put_sorted(weft_ctx *ctx, weft_vector *out, int32_t i, const weft_column *from,
                              int32_t row)
{
    weft_status st = WEFT_OK;
    int32_t first = 0;
    if (weft_column_is_null(from, row)) {
        weft_vector_set_null(out, i);
        return WEFT_OK;
    }
    if (!weft_type_holds(from->type, WEFT_TYPE_MAP)) return weft_vector_set(ctx, out, i, from, row);
    const int32_t slot = weft_column_slot(from, row);
    if (from->type.id == WEFT_TYPE_STRUCT) {
        for (int32_t c = 0; c < from->type.child_count; c++)
            WEFT_TRY(st, put_sorted(ctx, &out->children[c], i, &from->children[c], slot));
        goto done;
    }
    const weft_list list = ((const weft_list *)from->data)[slot];
    if (from->type.id == WEFT_TYPE_MAP) return put_map(ctx, out, i, &from->children[0], list);
    WEFT_TRY(st, weft_vector_add_list(ctx, out, i, list.length, &first));
    for (int32_t k = 0; k < list.length; k++)
        WEFT_TRY(st, put_sorted(ctx, &out->children[0], first + k, &from->children[0], list.offset + k));
done:
    return st;
}

static weft_status kernel_map_sort(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        WEFT_TRY(st, put_sorted(ctx, call->out, i, &call->args[0], i));
    }
done:
    return st;
}

WEFT_NESTED_FORM(map_sort, 1, 1, WEFT_TYPE_COUNT, kernel_map_sort);
WEFT_NESTED_ENTRY(map_sort, "(map_sort)", NULL, WEFT_FN_NULL_OWN, bind_map_sort,
                  "(map_sort)(v): v with the entries of its maps in the order of their keys", NULL, NULL);
