/* engine/expr/fn_nested.c - making arrays, maps and structs, and reading their elements and fields. */
#include <stdio.h>
#include <strings.h>

#include "engine/expr/nested_call.h"
#include "engine/expr/raise.h"

static weft_type plain(weft_type_id id) { return WEFT_TYPE_OF(id); }

/* ---- array ---- */

static weft_status bind_array(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    weft_type element = plain(WEFT_TYPE_NULL);
    (void)fn;
    *variant = 0;
    if (count > 0) st = weft_expr_common_type(ctx, args, count, span, &element);
    if (st == WEFT_DATATYPE_MISMATCH_DATA_DIFF) {
        char a[256], b[256];
        weft_error_clear(ctx);
        return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_DATA_DIFF, span,
                            "the elements of array() have types that do not go together: \"%s\", \"%s\"",
                            weft_type_text(args[0]->type, a, sizeof a),
                            weft_type_text(args[count - 1]->type, b, sizeof b));
    }
    if (st != WEFT_OK) goto done;
    WEFT_TRY(st, weft_type_make_array(ctx, element, type));
done:
    return st;
}

static weft_status kernel_array(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int32_t first = 0;
        WEFT_TRY(st, weft_vector_add_list(ctx, call->out, i, call->arg_count, &first));
        for (int32_t a = 0; a < call->arg_count; a++)
            WEFT_TRY(st, weft_vector_set(ctx, &call->out->children[0], first + a, &call->args[a], i));
    }
done:
    return st;
}

/* ---- named_struct ---- */

static weft_status bind_named_struct(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                     int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const char **names = NULL;
    weft_type *types = NULL;
    *variant = 0;
    if (count == 0 || count % 2 != 0) {
        return weft_fail_at(ctx, WEFT_WRONG_NUM_ARGS, span,
                            "The `%s` requires 2n (n > 0) parameters but the actual number is %d.", fn->name,
                            count);
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count / 2, &names));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count / 2, &types));
    for (int32_t i = 0; i < count / 2; i++) {
        const weft_expr *name = args[2 * i];
        char *text = NULL;
        if (name->type.id != WEFT_TYPE_STRING || name->kind != WEFT_EXPR_LITERAL || name->literal.is_null) {
            WEFT_TRY(st, weft_expr_text(ctx, name, false, &text));
            return weft_fail_at(
                ctx, WEFT_NAMED_STRUCT_NAME, span,
                "Only foldable `STRING` expressions are allowed to appear at odd position, but "
                "they are [\"%s\"].",
                text);
        }
        const weft_str *s = &name->literal.str;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(s), s->len, &text));
        names[i] = text;
        types[i] = args[2 * i + 1]->type;
    }
    WEFT_TRY(st, weft_type_make_struct(ctx, names, types, count / 2, type));
done:
    return st;
}

static weft_status kernel_named_struct(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t a = 1; a < call->arg_count; a += 2) {
        weft_vector *field = &call->out->children[a / 2];
        for (int32_t k = 0; k < call->selected; k++) {
            const int32_t i = weft_call_row(call, k);
            WEFT_TRY(st, weft_vector_set(ctx, field, i, &call->args[a], i));
        }
    }
done:
    return st;
}

/* ---- map ---- */

static weft_status bind_map_side(weft_ctx *ctx, const weft_expr **args, int32_t count, int32_t side,
                                 const weft_span *span, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_expr **list = NULL;
    *type = plain(WEFT_TYPE_NULL);
    if (count == 0) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count / 2, &list));
    for (int32_t i = 0; i < count / 2; i++) list[i] = args[2 * i + side];
    st = weft_expr_common_type(ctx, list, count / 2, span, type);
    if (st == WEFT_DATATYPE_MISMATCH_DATA_DIFF) {
        weft_error_clear(ctx);
        return weft_fail_at(
            ctx, side == 0 ? WEFT_DATATYPE_MISMATCH_KEY_DIFF : WEFT_DATATYPE_MISMATCH_VALUE_DIFF, span,
            "the %s of map() have types that do not go together", side == 0 ? "keys" : "values");
    }
    for (int32_t i = 0; st == WEFT_OK && i < count / 2; i++) args[2 * i + side] = list[i];
done:
    return st;
}

static weft_status bind_map(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                            const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    weft_type key, value;
    *variant = 0;
    if (count % 2 != 0) {
        return weft_fail_at(ctx, WEFT_WRONG_NUM_ARGS, span,
                            "The `%s` requires 2n (n > 0) parameters but the actual number is %d.", fn->name,
                            count);
    }
    WEFT_TRY(st, bind_map_side(ctx, args, count, 0, span, &key));
    WEFT_TRY(st, bind_map_side(ctx, args, count, 1, span, &value));
    WEFT_TRY(st, weft_expect_map_key(ctx, key, span));
    WEFT_TRY(st, weft_type_make_map(ctx, key, value, type));
done:
    return st;
}

static weft_status kernel_map(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_map_builder map = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        for (int32_t a = 0; a < call->arg_count; a += 2) {
            WEFT_TRY(st, weft_map_add(ctx, &map, call->expr, &call->args[a], weft_arg_slot(&call->args[a], i),
                                      &call->args[a + 1], weft_arg_slot(&call->args[a + 1], i)));
        }
        WEFT_TRY(st, weft_map_put(ctx, &map, call->out, i));
    }
done:
    weft_map_free(&map);
    return st;
}

/* ---- fields: struct.f, array of structs.f, map.key ---- */

enum { FIELD_OF_STRUCT, FIELD_OF_ARRAY, FIELD_OF_MAP };

static weft_status fail_field(weft_ctx *ctx, weft_type type, const weft_str *name, int32_t found,
                              const weft_span *span)
{
    char fields[256];
    size_t used = 0;
    fields[0] = '\0';
    for (int32_t i = 0; i < type.child_count && used < sizeof fields; i++)
        used += (size_t)snprintf(fields + used, sizeof fields - used, "%s`%s`", i > 0 ? ", " : "",
                                 type.children[i].name);
    if (found == -2) {
        return weft_fail_at(ctx, WEFT_AMBIGUOUS_FIELD, span,
                            "Ambiguous reference to the field `%.*s`. It appears more than once in the "
                            "schema: %s.",
                            (int)weft_min_i32((int32_t)name->len, 100), weft_str_data(name), fields);
    }
    return weft_fail_at(ctx, WEFT_FIELD_NOT_FOUND, span, "No such struct field `%.*s` in %s.",
                        (int)weft_min_i32((int32_t)name->len, 100), weft_str_data(name), fields);
}

static weft_status bind_key(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                            const weft_span *span, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_type map = args[0]->type;
    WEFT_TRY(st, weft_bind_arg_as(ctx, args, 1, map.children[0].type, span));
    WEFT_TRY(st, weft_expect_orderable(ctx, fn->name, args[1], span));
    *type = map.children[1].type;
done:
    return st;
}

/* args[1] is a constant string. */
static weft_status bind_field(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    char text[256];
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    const weft_type base = args[0]->type;
    const bool array = base.id == WEFT_TYPE_ARRAY && base.children[0].type.id == WEFT_TYPE_STRUCT;
    if (base.id == WEFT_TYPE_MAP) {
        *variant = FIELD_OF_MAP;
        return bind_key(ctx, fn, args, span, type);
    }
    if (base.id == WEFT_TYPE_ARRAY && !array)
        return weft_fail_arg_type(ctx, 1, "\"integral\"", args[1], span);
    if (base.id != WEFT_TYPE_STRUCT && !array) {
        return weft_fail_at(ctx, WEFT_INVALID_EXTRACT_BASE, span,
                            "Can't extract a value from an expression of the type \"%s\": it needs a complex "
                            "type [STRUCT, ARRAY, MAP].",
                            weft_type_text(base, text, sizeof text));
    }
    if (args[1]->kind != WEFT_EXPR_LITERAL || args[1]->type.id != WEFT_TYPE_STRING ||
        args[1]->literal.is_null) {
        return weft_fail_at(ctx, WEFT_INVALID_EXTRACT_FIELD, span,
                            "Field name should be a non-null string literal, but it has the type \"%s\".",
                            weft_type_text(args[1]->type, text, sizeof text));
    }
    const weft_type fields = array ? base.children[0].type : base;
    const weft_str *name = &args[1]->literal.str;
    const int32_t found = weft_type_find_field(fields, weft_str_data(name), name->len);
    if (found < 0) return fail_field(ctx, fields, name, found, span);
    *variant = array ? FIELD_OF_ARRAY : FIELD_OF_STRUCT;
    *type = fields.children[found].type;
    if (array) WEFT_TRY(st, weft_type_make_array(ctx, *type, type));
done:
    return st;
}

static int32_t field_of(const weft_kernel_call *call, weft_type fields)
{
    const weft_str *name = &call->expr->args[1]->literal.str;
    return weft_type_find_field(fields, weft_str_data(name), name->len);
}

/* Whole columns of one width: the field's values and nulls as they are. */
static bool field_is_plain(const weft_kernel_call *call, const weft_column *base, const weft_column *field)
{
    return base->encoding == WEFT_FLAT && field->encoding == WEFT_FLAT &&
           field->phys == call->out->column.phys && !weft_phys_is_nested((weft_phys)field->phys) &&
           field->phys != WEFT_PHYS_NULL && weft_call_dense(call);
}

static void field_copy(weft_kernel_call *call, const weft_column *base, const weft_column *field)
{
    const size_t bytes = (size_t)weft_phys_bytes((weft_phys)field->phys);
    weft_vector *out = call->out;
    memcpy(out->values, field->data, (size_t)call->rows * bytes);
    if (base->validity == NULL && field->validity == NULL) return;
    for (int64_t w = 0; w < weft_bit_words(call->rows); w++) {
        const uint64_t all = ~(uint64_t)0;
        const uint64_t valid = (base->validity == NULL ? all : base->validity[w]) &
                               (field->validity == NULL ? all : field->validity[w]);
        out->validity[w] = valid;
        uint64_t nulls = ~valid; /* null slots hold zero */
        if (call->rows - w * 64 < 64) nulls &= ((uint64_t)1 << (call->rows - w * 64)) - 1;
        for (; nulls != 0; nulls &= nulls - 1)
            memset((char *)out->values + (size_t)(w * 64 + __builtin_ctzll(nulls)) * bytes, 0, bytes);
    }
    out->column.validity = out->validity;
}

static weft_status kernel_field(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *base = &call->args[0];
    const int32_t at = field_of(call, base->type);
    if (base->child_count > 0 && field_is_plain(call, base, &base->children[at])) {
        field_copy(call, base, &base->children[at]);
        return WEFT_OK;
    }
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_column_is_null(base, i))
            weft_vector_set_null(call->out, i);
        else
            WEFT_TRY(st, weft_vector_set(ctx, call->out, i, &base->children[at], weft_column_slot(base, i)));
    }
done:
    return st;
}

static weft_status kernel_field_of_array(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *base = &call->args[0];
    const int32_t at = field_of(call, base->type.children[0].type);
    weft_elements elements = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_column_is_null(base, i)) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        const weft_list list = weft_arg_list(base, i);
        const weft_column *child = &base->children[0];
        for (int32_t e = list.offset; e < list.offset + list.length; e++) {
            const bool null = weft_column_is_null(child, e);
            WEFT_TRY(st, weft_elements_add(ctx, &elements, null ? NULL : &child->children[at],
                                           null ? 0 : weft_column_slot(child, e)));
        }
        WEFT_TRY(st, weft_elements_put(ctx, &elements, call->out, i));
    }
done:
    weft_elements_free(&elements);
    return st;
}

/* ---- elements by index and by key ---- */

static weft_status kernel_key(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *map = &call->args[0], *keys = NULL, *key = NULL;
    WEFT_TRY(st, weft_element_keys(ctx, call, 0, &keys));
    WEFT_TRY(st, weft_value_keys(ctx, call, 1, &key));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_any_null(call, i)) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        const int32_t slot = weft_map_find(map, keys, i, key, weft_arg_slot(key, i));
        if (slot < 0)
            weft_vector_set_null(call->out, i);
        else
            WEFT_TRY(st, weft_vector_set(ctx, call->out, i, &map->children[0].children[1], slot));
    }
done:
    return st;
}

/* What an index beyond the array is. */
typedef enum index_rule { INDEX_BRACKETS, INDEX_ELEMENT_AT, INDEX_TRY, INDEX_GET } index_rule;

static weft_status fail_index(weft_ctx *ctx, const weft_kernel_call *call, index_rule rule, int64_t index,
                              int32_t length)
{
    return weft_fail_at(
        ctx, rule == INDEX_BRACKETS ? WEFT_INVALID_ARRAY_INDEX : WEFT_INVALID_ELEMENT_AT, &call->expr->span,
        "The index %lld is out of bounds. The array has %d elements. Use %s to tolerate accessing "
        "element at invalid index and return NULL instead.",
        (long long)index, length, rule == INDEX_BRACKETS ? "the SQL function `get()`" : "`try_element_at`");
}

/* The slot from the array's begin, or -1 for NULL. */
static weft_status find_index(weft_ctx *ctx, const weft_kernel_call *call, index_rule rule, int64_t index,
                              int32_t length, int64_t *out)
{
    const bool from_one = rule == INDEX_ELEMENT_AT || rule == INDEX_TRY;
    *out = index;
    if (from_one && index == 0) {
        return weft_fail_at(ctx, WEFT_INVALID_INDEX_OF_ZERO, &call->expr->span,
                            "The index 0 is invalid. An index shall be either < 0 or > 0 (the first element "
                            "has index 1).");
    }
    if (from_one) *out = index > 0 ? index - 1 : length + index;
    if (*out >= 0 && *out < length) return WEFT_OK;
    *out = -1;
    const bool raises = (rule == INDEX_BRACKETS || rule == INDEX_ELEMENT_AT) && weft_ansi(ctx);
    return raises ? fail_index(ctx, call, rule, index, length) : WEFT_OK;
}

static weft_status run_index(weft_ctx *ctx, weft_kernel_call *call, index_rule rule)
{
    weft_status st = WEFT_OK;
    const weft_column *array = &call->args[0];
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int64_t at = -1;
        if (!weft_call_any_null(call, i)) {
            const weft_list list = weft_arg_list(array, i);
            WEFT_TRY(st, find_index(ctx, call, rule, weft_arg_i64(&call->args[1], i), list.length, &at));
            if (at >= 0) {
                WEFT_TRY(st,
                         weft_vector_set(ctx, call->out, i, &array->children[0], list.offset + (int32_t)at));
                continue;
            }
        }
        weft_vector_set_null(call->out, i);
    }
done:
    return st;
}

static weft_status kernel_brackets(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_index(ctx, call, INDEX_BRACKETS);
}
static weft_status kernel_element_at(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_index(ctx, call, INDEX_ELEMENT_AT);
}
static weft_status kernel_try_element_at(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_index(ctx, call, INDEX_TRY);
}
static weft_status kernel_get(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_index(ctx, call, INDEX_GET);
}

/* value[index]: the variants are those of element access, then that of a field. */
enum { ITEM_OF_ARRAY, ITEM_OF_MAP, ITEM_OF_STRUCT, ITEM_OF_STRUCTS };

static weft_status bind_item(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const bool brackets = strcmp(fn->name, "[]") == 0;
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    const weft_type base = args[0]->type;
    if (base.id == WEFT_TYPE_MAP && strcmp(fn->name, "get") != 0) {
        *variant = ITEM_OF_MAP;
        if (!brackets) WEFT_TRY(st, weft_bind_map_key(ctx, fn, args, span));
        st = bind_key(ctx, fn, args, span, type);
        goto done;
    }
    const bool structs = base.id == WEFT_TYPE_ARRAY && base.children[0].type.id == WEFT_TYPE_STRUCT &&
                         args[1]->type.id == WEFT_TYPE_STRING;
    if (brackets && (base.id == WEFT_TYPE_STRUCT || structs || base.id != WEFT_TYPE_ARRAY)) {
        WEFT_TRY(st, bind_field(ctx, fn, args, count, span, variant, type));
        *variant = structs ? ITEM_OF_STRUCTS : ITEM_OF_STRUCT;
        goto done;
    }
    *variant = ITEM_OF_ARRAY;
    if (base.id == WEFT_TYPE_NULL && strcmp(fn->name, "get") == 0)
        return weft_fail_arg_type(ctx, 0, "\"array\"", args[0], span);
    WEFT_TRY(st, weft_bind_array_arg(ctx, args, 0, span));
    const bool get = strcmp(fn->name, "get") == 0;
    const bool any = get && (weft_type_is_numeric(args[1]->type) || args[1]->type.id == WEFT_TYPE_STRING);
    if ((args[1]->type.id == WEFT_TYPE_NULL && (get || brackets)) || any)
        WEFT_TRY(st, weft_expr_cast(ctx, args[1], plain(WEFT_TYPE_INT), true, &args[1]));
    const bool fits = weft_type_is_integral(args[1]->type) &&
                      (brackets || args[1]->type.id != WEFT_TYPE_BIGINT);
    if (!fits) {
        WEFT_TRY(st, weft_fail_arg_type(ctx, 1, brackets ? "\"integral\"" : "\"int\"", args[1], span));
    }
    *type = args[0]->type.children[0].type;
done:
    return st;
}

/* ---- registry ---- */

#define ANY         WEFT_TYPE_COUNT
#define OWN         WEFT_FN_NULL_OWN
#define FORMS(list) .signatures = list, .signature_count = WEFT_COUNT(list)
#define KEYED       .open = weft_call_keys_open, .close = weft_call_keys_close

static const weft_signature array_forms[] = {{{ANY}, 0, -1, WEFT_TYPE_ARRAY, kernel_array}};
static const weft_signature struct_forms[] = {{{ANY}, 2, -1, WEFT_TYPE_STRUCT, kernel_named_struct}};
static const weft_signature map_forms[] = {{{ANY}, 0, -1, WEFT_TYPE_MAP, kernel_map}};
static const weft_signature field_forms[] = {{{ANY, ANY}, 2, 2, ANY, kernel_field},
                                             {{ANY, ANY}, 2, 2, ANY, kernel_field_of_array},
                                             {{ANY, ANY}, 2, 2, ANY, kernel_key}};
static const weft_signature item_forms[] = {{{ANY, ANY}, 2, 2, ANY, kernel_brackets},
                                            {{ANY, ANY}, 2, 2, ANY, kernel_key},
                                            {{ANY, ANY}, 2, 2, ANY, kernel_field},
                                            {{ANY, ANY}, 2, 2, ANY, kernel_field_of_array}};
static const weft_signature element_at_forms[] = {{{ANY, ANY}, 2, 2, ANY, kernel_element_at},
                                                  {{ANY, ANY}, 2, 2, ANY, kernel_key}};
static const weft_signature try_element_at_forms[] = {{{ANY, ANY}, 2, 2, ANY, kernel_try_element_at},
                                                      {{ANY, ANY}, 2, 2, ANY, kernel_key}};
static const weft_signature get_forms[] = {{{ANY, ANY}, 2, 2, ANY, kernel_get}};

const weft_function weft_fn_array = {.name = "array",
                                     .flags = OWN | WEFT_FN_NEVER_NULL,
                                     FORMS(array_forms),
                                     .bind = bind_array,
                                     .help = "array(a, b, ...): an array of these elements",
                                     .example = "SELECT array(1, 2, 3)",
                                     .example_result = "[1, 2, 3]"};
const weft_function weft_fn_named_struct = {
    .name = "named_struct",
    .flags = OWN | WEFT_FN_NEVER_NULL,
    FORMS(struct_forms),
    .bind = bind_named_struct,
    .help = "named_struct(name, value, ...): a struct of these fields; struct(a, b) names them by itself",
    .example = "SELECT named_struct('a', 1, 'b', 'x')",
    .example_result = "{1, x}"};
const weft_function weft_fn_map = {.name = "map",
                                   .flags = OWN | WEFT_FN_NEVER_NULL | WEFT_FN_FALLIBLE,
                                   FORMS(map_forms),
                                   .bind = bind_map,
                                   .help = "map(key, value, ...): a map of these entries",
                                   .example = "SELECT map('a', 1, 'b', 2)",
                                   .example_result = "{a -> 1, b -> 2}"};
const weft_function weft_fn_field = {.name = ".",
                                     .flags = OWN,
                                     FORMS(field_forms),
                                     KEYED,
                                     .bind = bind_field,
                                     .help = "s.f: a field of a struct, of each struct of an array, or a "
                                             "value of a map",
                                     .example = "SELECT named_struct('a', 1).a",
                                     .example_result = "1"};
const weft_function weft_fn_item = {
    .name = "[]",
    .flags = OWN | WEFT_FN_FALLIBLE,
    FORMS(item_forms),
    KEYED,
    .bind = bind_item,
    .help = "a[i]: the element at an index, from 0; m[k]: the value of a key, or NULL",
    .example = "SELECT array(1, 2)[1]",
    .example_result = "2"};
const weft_function weft_fn_element_at = {
    .name = "element_at",
    .flags = OWN | WEFT_FN_FALLIBLE,
    FORMS(element_at_forms),
    KEYED,
    .bind = bind_item,
    .help = "element_at(a, i): the element at an index, from 1, or from the end where it is negative; "
            "element_at(m, k): the value of a key, or NULL",
    .example = "SELECT element_at(array(1, 2, 3), -1)",
    .example_result = "3"};
const weft_function weft_fn_try_element_at = {
    .name = "try_element_at",
    .flags = OWN | WEFT_FN_FALLIBLE, /* of index 0 only */
    FORMS(try_element_at_forms),
    KEYED,
    .bind = bind_item,
    .help = "try_element_at(a, i): as element_at, NULL where there is no such element",
    .example = "SELECT try_element_at(array(1, 2, 3), 5)",
    .example_result = "NULL"};
const weft_function weft_fn_get = {
    .name = "get",
    .flags = OWN,
    FORMS(get_forms),
    .bind = bind_item,
    .help = "get(a, i): the element at an index, from 0; NULL where there is none",
    .example = "SELECT get(array(1, 2, 3), 5)",
    .example_result = "NULL"};
