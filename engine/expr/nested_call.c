/* engine/expr/nested_call.c - see nested_call.h. */
#include "engine/expr/nested_call.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "engine/expr/nested_text.h"

/* ---- types ---- */

static weft_status make_fields(weft_ctx *ctx, weft_type_id id, const char *const *names,
                               const weft_type *types, int32_t count, weft_type *out)
{
    weft_status st = WEFT_OK;
    weft_field *fields = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(count, 1), &fields));
    for (int32_t i = 0; i < count; i++) {
        const bool key = id == WEFT_TYPE_MAP && i == 0;
        fields[i] = (weft_field){.name = names[i], .type = types[i], .nullable = !key};
    }
    *out = (weft_type){.id = (uint8_t)id, .child_count = count, .children = fields};
done:
    return st;
}

static const char *const map_names[] = {"key", "value"};

weft_status weft_type_make_array(weft_ctx *ctx, weft_type element, weft_type *out)
{
    static const char *const names[] = {"element"};
    return make_fields(ctx, WEFT_TYPE_ARRAY, names, &element, 1, out);
}

weft_status weft_type_make_map(weft_ctx *ctx, weft_type key, weft_type value, weft_type *out)
{
    const weft_type types[] = {key, value};
    return make_fields(ctx, WEFT_TYPE_MAP, map_names, types, 2, out);
}

weft_status weft_type_make_entry(weft_ctx *ctx, weft_type map, weft_type *out)
{
    const weft_type types[] = {map.children[0].type, map.children[1].type};
    return make_fields(ctx, WEFT_TYPE_STRUCT, map_names, types, 2, out);
}

weft_status weft_type_make_struct(weft_ctx *ctx, const char *const *names, const weft_type *types,
                                  int32_t count, weft_type *out)
{
    return make_fields(ctx, WEFT_TYPE_STRUCT, names, types, count, out);
}

int32_t weft_type_find_field(weft_type type, const char *name, size_t len)
{
    int32_t found = -1;
    for (int32_t i = 0; i < type.child_count; i++) {
        const char *field = type.children[i].name;
        if (strlen(field) != len || strncasecmp(field, name, len) != 0) continue;
        if (found >= 0) return -2;
        found = i;
    }
    return found;
}

/* ---- binding ---- */

static weft_status expect_nested(weft_ctx *ctx, const weft_expr **args, int32_t i, weft_type_id id,
                                 const weft_span *span)
{
    weft_status st = WEFT_OK;
    const weft_type null = WEFT_TYPE_OF(WEFT_TYPE_NULL);
    weft_type type;
    if (args[i]->type.id == id) return WEFT_OK;
    if (args[i]->type.id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, i, id == WEFT_TYPE_MAP ? "\"map\"" : "\"array\"", args[i], span);
    if (id == WEFT_TYPE_MAP)
        WEFT_TRY(st, weft_type_make_map(ctx, null, null, &type));
    else
        WEFT_TRY(st, weft_type_make_array(ctx, null, &type));
    WEFT_TRY(st, weft_expr_cast(ctx, args[i], type, true, &args[i]));
done:
    return st;
}

weft_status weft_bind_array_arg(weft_ctx *ctx, const weft_expr **args, int32_t i, const weft_span *span)
{
    return expect_nested(ctx, args, i, WEFT_TYPE_ARRAY, span);
}

weft_status weft_bind_map_arg(weft_ctx *ctx, const weft_expr **args, int32_t i, const weft_span *span)
{
    return expect_nested(ctx, args, i, WEFT_TYPE_MAP, span);
}

weft_status weft_bind_arg_as(weft_ctx *ctx, const weft_expr **args, int32_t i, weft_type type,
                             const weft_span *span)
{
    char text[256], quoted[260];
    if (type.id == WEFT_TYPE_STRING && args[i]->type.id == WEFT_TYPE_STRING)
        return WEFT_OK; /* of any collation */
    if (weft_argument_fits(args[i]->type, type)) return weft_expr_cast(ctx, args[i], type, true, &args[i]);
    (void)snprintf(quoted, sizeof quoted, "\"%s\"", weft_type_text(type, text, sizeof text));
    return weft_fail_arg_type(ctx, i, quoted, args[i], span);
}

bool weft_text_promoted(weft_type a, weft_type b)
{
    const bool a_text = a.id == WEFT_TYPE_STRING, b_text = b.id == WEFT_TYPE_STRING;
    return a_text != b_text && a.id != WEFT_TYPE_NULL && b.id != WEFT_TYPE_NULL;
}

weft_status weft_bind_map_key(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                              const weft_span *span)
{
    weft_status st = WEFT_OK;
    const weft_type key = args[0]->type.children[0].type, asked = args[1]->type;
    char map[256], value[256];
    weft_type common, wider;
    bool found = false;
    if (!weft_text_promoted(key, asked)) WEFT_TRY(st, weft_type_common_in(ctx, key, asked, &common, &found));
    if (!found)
        return weft_fail_at(
            ctx, WEFT_MAP_FUNCTION_TYPES, span,
            "Input to `%s` should have been \"MAP\" followed by a value with same key type, but it's "
            "[\"%s\", \"%s\"].",
            fn->name, weft_type_text(args[0]->type, map, sizeof map),
            weft_type_text(asked, value, sizeof value));
    WEFT_TRY(st, weft_type_make_map(ctx, common, args[0]->type.children[1].type, &wider));
    WEFT_TRY(st, weft_expr_cast(ctx, args[0], wider, true, &args[0]));
    WEFT_TRY(st, weft_expr_cast(ctx, args[1], common, true, &args[1]));
done:
    return st;
}

static weft_status fail_array_diff(weft_ctx *ctx, const weft_function *fn, weft_type a, weft_type b,
                                   const weft_span *span)
{
    char left[256], right[256];
    return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_ARRAY_DIFF, span,
                        "the arguments of \"%s\" have the types \"%s\" and \"%s\", which do not go together",
                        fn->name, weft_type_text(a, left, sizeof left),
                        weft_type_text(b, right, sizeof right));
}

static bool both_numbers(weft_type a, weft_type b)
{
    return weft_type_is_numeric(a) && weft_type_is_numeric(b);
}

/* The wider of two types of numbers. A decimal meets whole numbers that it holds, and no others; decimals of
 * other digits do not meet. */
static bool tightest_number(weft_type a, weft_type b, weft_type *out)
{
    const bool first = a.id == WEFT_TYPE_DECIMAL, second = b.id == WEFT_TYPE_DECIMAL;
    *out = first || (!second && a.id > b.id) ? a : b;
    if (weft_type_equal(a, b)) return true;
    if (!first && !second) return true;
    const weft_type whole = first ? b : a;
    if ((first && second) || !weft_type_is_integral(whole)) return false;
    return out->precision - out->scale >= weft_decimal_for_integral(whole).precision;
}

weft_status weft_bind_element(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t i,
                              const weft_span *span)
{
    weft_status st = WEFT_OK;
    weft_type common, array;
    bool found = false;
    WEFT_TRY(st, weft_bind_array_arg(ctx, args, 0, span));
    const weft_type element = args[0]->type.children[0].type;
    if (strcmp(fn->name, "array_contains") != 0 && both_numbers(element, args[i]->type))
        found = tightest_number(element, args[i]->type, &common);
    else if (!weft_text_promoted(element, args[i]->type))
        WEFT_TRY(st, weft_type_common_in(ctx, element, args[i]->type, &common, &found));
    if (!found) return fail_array_diff(ctx, fn, args[0]->type, args[i]->type, span);
    WEFT_TRY(st, weft_type_make_array(ctx, common, &array));
    WEFT_TRY(st, weft_expr_cast(ctx, args[0], array, true, &args[0]));
    WEFT_TRY(st, weft_expr_cast(ctx, args[i], common, true, &args[i]));
done:
    return st;
}

weft_status weft_bind_same_arrays(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                  int32_t count, const weft_span *span, weft_type *type)
{
    weft_status st = WEFT_OK;
    bool found = false;
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, weft_bind_array_arg(ctx, args, i, span));
    *type = args[0]->type;
    for (int32_t i = 1; i < count; i++) {
        WEFT_TRY(st, weft_type_common_in(ctx, *type, args[i]->type, type, &found));
        if (!found) return fail_array_diff(ctx, fn, args[0]->type, args[i]->type, span);
    }
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, weft_expr_cast(ctx, args[i], *type, true, &args[i]));
done:
    return st;
}

weft_status weft_bind_array_pair(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                 const weft_span *span, weft_type *type)
{
    weft_status st = WEFT_OK;
    const bool arrays = args[0]->type.id == WEFT_TYPE_ARRAY && args[1]->type.id == WEFT_TYPE_ARRAY;
    bool same = arrays && !weft_text_promoted(args[0]->type.children[0].type, args[1]->type.children[0].type);
    if (same) st = weft_bind_same_arrays(ctx, fn, args, 2, span, type);
    if (st == WEFT_DATATYPE_MISMATCH_ARRAY_DIFF) {
        weft_error_clear(ctx);
        same = false;
    }
    if (!same)
        st = weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_ARRAYS, span,
                          "Input to function `%s` should have been two arrays with same element type.",
                          fn->name);
    return st;
}

/* ---- elements ---- */

weft_status weft_elements_add(weft_ctx *ctx, weft_elements *elements, const weft_column *column, int32_t slot)
{
    return weft_elements_add_keyed(ctx, elements, column, column, slot);
}

weft_status weft_elements_add_keyed(weft_ctx *ctx, weft_elements *elements, const weft_column *column,
                                    const weft_column *keys, int32_t slot)
{
    weft_status st = WEFT_OK;
    if (elements->count == elements->room) {
        const int32_t room = elements->room == 0 ? 64 : elements->room * 2;
        void *block = elements->at;
        if (elements->room > INT32_MAX / 4) return weft_fail(ctx, WEFT_LIMIT, "an array is too long");
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)room * sizeof *elements->at, &block));
        elements->at = block;
        elements->room = room;
    }
    elements->at[elements->count++] = (weft_element){.column = column, .keys = keys, .slot = slot};
done:
    return st;
}

weft_status weft_elements_add_all(weft_ctx *ctx, weft_elements *elements, const weft_column *array,
                                  const weft_column *keys, int32_t i)
{
    weft_status st = WEFT_OK;
    const weft_list list = weft_arg_list(array, i);
    for (int32_t k = 0; k < list.length; k++)
        WEFT_TRY(st, weft_elements_add_keyed(ctx, elements, &array->children[0], keys, list.offset + k));
done:
    return st;
}

bool weft_elements_have(const weft_elements *elements, const weft_column *keys, int32_t slot)
{
    for (int32_t i = 0; i < elements->count; i++) {
        if (weft_slots_equal(elements->at[i].keys, elements->at[i].slot, keys, slot)) return true;
    }
    return false;
}

weft_status weft_elements_put(weft_ctx *ctx, weft_elements *elements, weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    int32_t first = 0;
    WEFT_TRY(st, weft_vector_add_list(ctx, out, i, elements->count, &first));
    for (int32_t k = 0; k < elements->count; k++) {
        const weft_element *e = &elements->at[k];
        if (e->column == NULL)
            weft_vector_set_null(&out->children[0], first + k);
        else
            WEFT_TRY(st, weft_vector_set(ctx, &out->children[0], first + k, e->column, e->slot));
    }
    elements->count = 0;
done:
    return st;
}

void weft_elements_free(weft_elements *elements)
{
    weft_mem_free(elements->at);
    *elements = (weft_elements){0};
}

/* ---- maps ---- */

weft_status weft_expect_map_key(weft_ctx *ctx, weft_type key, const weft_span *span)
{
    char text[256];
    if (weft_type_is_groupable(key)) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_MAP_KEY, span,
                        "the key of a map cannot be or hold a map or variant, but has the type \"%s\"",
                        weft_type_text(key, text, sizeof text));
}

int32_t weft_map_find(const weft_column *map, const weft_column *keys, int32_t i, const weft_column *key,
                      int32_t key_slot)
{
    const weft_list list = weft_arg_list(map, i);
    const weft_column *entries = &map->children[0];
    for (int32_t e = list.offset; e < list.offset + list.length; e++) {
        const int32_t slot = weft_column_slot(entries, e);
        if (weft_slots_equal(keys, slot, key, key_slot)) return slot;
    }
    return -1;
}

static weft_status fail_duplicate(weft_ctx *ctx, const weft_expr *e, const weft_column *key, int32_t slot)
{
    weft_status st = WEFT_OK;
    weft_text text = {0};
    WEFT_TRY(st, weft_nested_text(ctx, NULL, key, slot, &text));
    st = weft_fail_at(ctx, WEFT_DUPLICATED_MAP_KEY, &e->span,
                      "Duplicate map key %.*s was found, please check the input data.",
                      (int)weft_min_i64((int64_t)text.len, 100), text.bytes);
done:
    weft_text_release(&text);
    return st;
}

weft_status weft_map_add(weft_ctx *ctx, weft_map_builder *map, const weft_expr *e, const weft_column *key,
                         int32_t key_slot, const weft_column *value, int32_t value_slot)
{
    return weft_map_add_keyed(ctx, map, e, key, key, key_slot, value, value_slot);
}

weft_status weft_map_add_keyed(weft_ctx *ctx, weft_map_builder *map, const weft_expr *e,
                               const weft_column *key, const weft_column *by, int32_t key_slot,
                               const weft_column *value, int32_t value_slot)
{
    weft_status st = WEFT_OK;
    if (weft_column_is_null(key, key_slot))
        return weft_fail_at(ctx, WEFT_NULL_MAP_KEY, &e->span, "Cannot use null as map key.");
    if (weft_elements_have(&map->keys, by, key_slot)) return fail_duplicate(ctx, e, key, key_slot);
    WEFT_TRY(st, weft_elements_add_keyed(ctx, &map->keys, key, by, key_slot));
    WEFT_TRY(st, weft_elements_add(ctx, &map->values, value, value_slot));
done:
    return st;
}

/* Of the two zeros a key is the positive one. */
static void key_normalize(weft_vector *keys, int32_t at)
{
    if (keys->column.type.id == WEFT_TYPE_DOUBLE && ((double *)keys->values)[at] == 0)
        ((double *)keys->values)[at] = 0;
    if (keys->column.type.id == WEFT_TYPE_FLOAT && ((float *)keys->values)[at] == 0)
        ((float *)keys->values)[at] = 0;
}

weft_status weft_map_put(weft_ctx *ctx, weft_map_builder *map, weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    int32_t first = 0;
    weft_vector *entries = &out->children[0];
    WEFT_TRY(st, weft_vector_add_list(ctx, out, i, map->keys.count, &first));
    for (int32_t k = 0; k < map->keys.count; k++) {
        const weft_element *key = &map->keys.at[k], *value = &map->values.at[k];
        WEFT_TRY(st, weft_vector_set(ctx, &entries->children[0], first + k, key->column, key->slot));
        if (!map->keeps_zeros) key_normalize(&entries->children[0], first + k);
        if (value->column == NULL)
            weft_vector_set_null(&entries->children[1], first + k);
        else
            WEFT_TRY(st, weft_vector_set(ctx, &entries->children[1], first + k, value->column, value->slot));
    }
    map->keys.count = map->values.count = 0;
done:
    return st;
}

void weft_map_free(weft_map_builder *map)
{
    weft_elements_free(&map->keys);
    weft_elements_free(&map->values);
}
