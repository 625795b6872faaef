/* engine/expr/fn_map_make.c - maps of other values: map_concat, map_from_entries. */
#include "engine/expr/nested_call.h"
#include "engine/expr/type_sql.h"

static weft_status fail_differ(weft_ctx *ctx, const weft_function *fn, weft_type a, weft_type b,
                               const weft_span *span)
{
    weft_status st = WEFT_OK;
    char *first = NULL, *other = NULL;
    WEFT_TRY(st, weft_type_sql(ctx, a, &first));
    WEFT_TRY(st, weft_type_sql(ctx, b, &other));
    st = weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_DATA_DIFF, span,
                      "Input to `%s` should all be the same type, but it's (\"%s\" or \"%s\").", fn->name,
                      first, other);
done:
    return st;
}

static weft_status bind_concat(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                               const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    bool found = true, maps = true;
    char first[256], other[256];
    *variant = 0;
    if (count == 0)
        return weft_type_make_map(ctx, WEFT_TYPE_OF(WEFT_TYPE_STRING), WEFT_TYPE_OF(WEFT_TYPE_STRING), type);
    *type = args[0]->type;
    for (int32_t i = 0; i < count && found; i++) {
        found = maps = args[i]->type.id == WEFT_TYPE_MAP || args[i]->type.id == WEFT_TYPE_NULL;
        if (found) WEFT_TRY(st, weft_type_common_in(ctx, *type, args[i]->type, type, &found));
        if (found) continue;
        if (maps) return fail_differ(ctx, fn, args[0]->type, args[i]->type, span);
        return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_MAP_CONCAT, span,
                            "The `%s` should all be of type map of one key and value type, but it's [\"%s\", "
                            "\"%s\"].",
                            fn->name, weft_type_text(args[0]->type, first, sizeof first),
                            weft_type_text(args[i]->type, other, sizeof other));
    }
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, weft_expr_cast(ctx, args[i], *type, true, &args[i]));
    if (type->id == WEFT_TYPE_NULL) WEFT_TRY(st, weft_bind_map_arg(ctx, args, 0, span));
    *type = args[0]->type;
    WEFT_TRY(st, weft_expect_map_key(ctx, type->children[0].type, span));
done:
    return st;
}

static weft_status kernel_concat(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_map_builder map = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        for (int32_t a = 0; a < call->arg_count; a++) {
            const weft_list list = weft_arg_list(&call->args[a], i);
            const weft_column *entries = &call->args[a].children[0];
            for (int32_t e = list.offset; e < list.offset + list.length; e++) {
                const int32_t slot = weft_column_slot(entries, e);
                WEFT_TRY(st, weft_map_add(ctx, &map, call->expr, &entries->children[0], slot,
                                          &entries->children[1], slot));
            }
        }
        WEFT_TRY(st, weft_map_put(ctx, &map, call->out, i));
    }
done:
    weft_map_free(&map);
    return st;
}

static weft_status bind_from_entries(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                     int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 1) return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    *variant = 0;
    const bool array = args[0]->type.id == WEFT_TYPE_ARRAY;
    const weft_type entry = array ? args[0]->type.children[0].type : args[0]->type;
    if (!array || entry.id != WEFT_TYPE_STRUCT || entry.child_count != 2)
        return weft_fail_arg_type(ctx, 0, "\"array\" of pair \"struct\"", args[0], span);
    WEFT_TRY(st, weft_expect_map_key(ctx, entry.children[0].type, span));
    WEFT_TRY(st, weft_type_make_map(ctx, entry.children[0].type, entry.children[1].type, type));
done:
    return st;
}

/* An array with a NULL among its entries gives NULL. */
static weft_status kernel_from_entries(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_map_builder map = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const weft_list list = weft_arg_list(&call->args[0], i);
        const weft_column *entries = &call->args[0].children[0];
        bool null = false;
        for (int32_t e = 0; e < list.length; e++) null |= weft_column_is_null(entries, list.offset + e);
        if (null) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        for (int32_t e = list.offset; e < list.offset + list.length; e++) {
            const int32_t slot = weft_column_slot(entries, e);
            WEFT_TRY(st, weft_map_add(ctx, &map, call->expr, &entries->children[0], slot,
                                      &entries->children[1], slot));
        }
        WEFT_TRY(st, weft_map_put(ctx, &map, call->out, i));
    }
done:
    weft_map_free(&map);
    return st;
}

enum { RAISES = WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE };

WEFT_NESTED_FORM(map_concat, 0, -1, WEFT_TYPE_MAP, kernel_concat);
WEFT_NESTED_FORM(map_from_entries, 1, 1, WEFT_TYPE_MAP, kernel_from_entries);

WEFT_NESTED_ENTRY(map_concat, "map_concat", NULL, RAISES, bind_concat,
                  "map_concat(m, n, ...): the entries of all maps, whose keys have to differ",
                  "SELECT map_concat(map('a', 1), map('b', 2))", "{a -> 1, b -> 2}");
WEFT_NESTED_ENTRY(map_from_entries, "map_from_entries", NULL, RAISES, bind_from_entries,
                  "map_from_entries(a): a map of the pairs in an array",
                  "SELECT map_from_entries(array(struct('a', 1)))", "{a -> 1}");
