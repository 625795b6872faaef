/* engine/expr/fn_map.c - functions of maps. Keys are equal as elements of arrays are (fn_array.c). */
#include "engine/expr/nested_call.h"

enum { MAP_KEYS, MAP_VALUES, MAP_ENTRIES };

static weft_status bind_of_map(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                               const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    weft_type element;
    if (count != 1) return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    *variant = 0;
    WEFT_TRY(st, weft_bind_map_arg(ctx, args, 0, span));
    element = args[0]->type.children[strcmp(fn->name, "map_values") == 0].type;
    if (strcmp(fn->name, "map_entries") == 0)
        WEFT_TRY(st, weft_type_make_entry(ctx, args[0]->type, &element));
    WEFT_TRY(st, weft_type_make_array(ctx, element, type));
done:
    return st;
}

static weft_status run_of_map(weft_ctx *ctx, weft_kernel_call *call, int32_t part)
{
    weft_status st = WEFT_OK;
    weft_elements elements = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const weft_list list = weft_arg_list(&call->args[0], i);
        const weft_column *entries = &call->args[0].children[0];
        for (int32_t e = list.offset; e < list.offset + list.length; e++) {
            const weft_column *from = part == MAP_ENTRIES ? entries : &entries->children[part];
            WEFT_TRY(st, weft_elements_add(ctx, &elements, from,
                                           part == MAP_ENTRIES ? e : weft_column_slot(entries, e)));
        }
        WEFT_TRY(st, weft_elements_put(ctx, &elements, call->out, i));
    }
done:
    weft_elements_free(&elements);
    return st;
}

static weft_status kernel_map_keys(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_of_map(ctx, call, MAP_KEYS);
}
static weft_status kernel_map_values(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_of_map(ctx, call, MAP_VALUES);
}
static weft_status kernel_map_entries(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_of_map(ctx, call, MAP_ENTRIES);
}

static weft_status bind_contains_key(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                     int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN);
    WEFT_TRY(st, weft_bind_map_arg(ctx, args, 0, span));
    WEFT_TRY(st, weft_bind_map_key(ctx, fn, args, span));
done:
    return st;
}

static weft_status kernel_contains_key(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *keys = NULL, *key = NULL;
    WEFT_TRY(st, weft_element_keys(ctx, call, 0, &keys));
    WEFT_TRY(st, weft_value_keys(ctx, call, 1, &key));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        ((uint8_t *)call->out->values)[i] =
            weft_map_find(&call->args[0], keys, i, key, weft_arg_slot(key, i)) >= 0;
    }
done:
    return st;
}

static weft_status bind_from_arrays(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                    int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    *variant = 0;
    WEFT_TRY(st, weft_bind_array_arg(ctx, args, 0, span));
    WEFT_TRY(st, weft_bind_array_arg(ctx, args, 1, span));
    WEFT_TRY(st, weft_expect_map_key(ctx, args[0]->type.children[0].type, span));
    WEFT_TRY(st,
             weft_type_make_map(ctx, args[0]->type.children[0].type, args[1]->type.children[0].type, type));
done:
    return st;
}

static weft_status kernel_from_arrays(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_map_builder map = {.keeps_zeros = true};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const weft_list keys = weft_arg_list(&call->args[0], i), values = weft_arg_list(&call->args[1], i);
        if (keys.length != values.length) {
            WEFT_TRY(st, weft_fail_at(ctx, WEFT_MAP_LENGTHS, &call->expr->span,
                                      "The key array and value array of MapData must have the same length, "
                                      "but have %d and %d elements.",
                                      keys.length, values.length));
        }
        for (int32_t e = 0; e < keys.length; e++)
            WEFT_TRY(st, weft_map_add(ctx, &map, call->expr, &call->args[0].children[0], keys.offset + e,
                                      &call->args[1].children[0], values.offset + e));
        WEFT_TRY(st, weft_map_put(ctx, &map, call->out, i));
    }
done:
    weft_map_free(&map);
    return st;
}

/* ---- registry ---- */

enum { OWN = WEFT_FN_NULL_OWN, RAISES = WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE };

WEFT_NESTED_FORM(map_keys, 1, 1, WEFT_TYPE_ARRAY, kernel_map_keys);
WEFT_NESTED_FORM(map_values, 1, 1, WEFT_TYPE_ARRAY, kernel_map_values);
WEFT_NESTED_FORM(map_entries, 1, 1, WEFT_TYPE_ARRAY, kernel_map_entries);
WEFT_NESTED_FORM(map_contains_key, 2, 2, WEFT_TYPE_BOOLEAN, kernel_contains_key);
WEFT_NESTED_FORM(map_from_arrays, 2, 2, WEFT_TYPE_MAP, kernel_from_arrays);

WEFT_NESTED_ENTRY(map_keys, "map_keys", NULL, OWN, bind_of_map, "map_keys(m): the keys",
                  "SELECT map_keys(map('a', 1))", "[a]");
WEFT_NESTED_ENTRY(map_values, "map_values", NULL, OWN, bind_of_map, "map_values(m): the values",
                  "SELECT map_values(map('a', 1))", "[1]");
WEFT_NESTED_ENTRY(map_entries, "map_entries", NULL, OWN, bind_of_map,
                  "map_entries(m): structs of key and value", "SELECT map_entries(map('a', 1))", "[{a, 1}]");
WEFT_KEYED_ENTRY(map_contains_key, "map_contains_key", NULL, OWN, bind_contains_key,
                 "map_contains_key(m, k): is there an entry with this key?",
                 "SELECT map_contains_key(map('a', 1), 'a')", "true");
WEFT_NESTED_ENTRY(map_from_arrays, "map_from_arrays", NULL, RAISES, bind_from_arrays,
                  "map_from_arrays(keys, values): a map of these entries",
                  "SELECT map_from_arrays(array('a'), array(1))", "{a -> 1}");
