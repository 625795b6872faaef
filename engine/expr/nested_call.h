/* engine/expr/nested_call.h - what the functions of arrays, maps and structs share: types, rows, elements. */
#ifndef WEFT_EXPR_NESTED_CALL_H
#define WEFT_EXPR_NESTED_CALL_H

#include "engine/columnar/nested.h"
#include "engine/expr/coerce.h"
#include "engine/expr/collation_keys.h"
#include "engine/expr/kernel.h"

/* ---- types, their children in ctx->arena ---- */

WEFT_MUST_CHECK weft_status weft_type_make_array(weft_ctx *ctx, weft_type element, weft_type *out);
WEFT_MUST_CHECK weft_status weft_type_make_map(weft_ctx *ctx, weft_type key, weft_type value, weft_type *out);
/* The struct of a map's entries. */
WEFT_MUST_CHECK weft_status weft_type_make_entry(weft_ctx *ctx, weft_type map, weft_type *out);
WEFT_MUST_CHECK weft_status weft_type_make_struct(weft_ctx *ctx, const char *const *names,
                                                  const weft_type *types, int32_t count, weft_type *out);
/* The position of a field by name in any case; -1: none, -2: several. */
int32_t weft_type_find_field(weft_type type, const char *name, size_t len);

/* ---- binding ---- */

/* *arg is an array (a map) or becomes one where it is NULL. Errors: WEFT_DATATYPE_MISMATCH. */
WEFT_MUST_CHECK weft_status weft_bind_array_arg(weft_ctx *ctx, const weft_expr **args, int32_t i,
                                                const weft_span *span);
WEFT_MUST_CHECK weft_status weft_bind_map_arg(weft_ctx *ctx, const weft_expr **args, int32_t i,
                                              const weft_span *span);
/* *arg is cast to a type that it converts to implicitly. Errors: WEFT_DATATYPE_MISMATCH. */
WEFT_MUST_CHECK weft_status weft_bind_arg_as(weft_ctx *ctx, const weft_expr **args, int32_t i, weft_type type,
                                             const weft_span *span);
/* Would one of them become a text, or a text something else, for the other? Elements and keys do not. */
bool weft_text_promoted(weft_type a, weft_type b);
/* The array args[0] and the value args[i] get one element type. Errors: WEFT_DATATYPE_MISMATCH_ARRAY_DIFF. */
WEFT_MUST_CHECK weft_status weft_bind_element(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                              int32_t i, const weft_span *span);
/* The keys of the map args[0] and the key args[1] get one type: 1 is not 1.25. Errors:
 * WEFT_MAP_FUNCTION_TYPES. */
WEFT_MUST_CHECK weft_status weft_bind_map_key(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                              const weft_span *span);
/* Both arguments become arrays of one type. Errors: WEFT_DATATYPE_MISMATCH_ARRAYS. */
WEFT_MUST_CHECK weft_status weft_bind_array_pair(weft_ctx *ctx, const weft_function *fn,
                                                 const weft_expr **args, const weft_span *span,
                                                 weft_type *type);
/* All arguments become arrays of one type. Errors as above. */
WEFT_MUST_CHECK weft_status weft_bind_same_arrays(weft_ctx *ctx, const weft_function *fn,
                                                  const weft_expr **args, int32_t count,
                                                  const weft_span *span, weft_type *type);

/* ---- rows of kernels ---- */

/* A list's entry of row i, which is not null. */
static inline weft_list weft_arg_list(const weft_column *arg, int32_t i)
{
    return ((const weft_list *)arg->data)[weft_arg_slot(arg, i)];
}

/* Is some argument of row i NULL? For kernels that handle NULLs themselves. */
static inline bool weft_call_any_null(const weft_kernel_call *call, int32_t i)
{
    for (int32_t a = 0; a < call->arg_count; a++) {
        if (weft_column_is_null(&call->args[a], i)) return true;
    }
    return false;
}

/* Begin of a kernel's loop: row i has a value; rows with a NULL argument become NULL. */
static inline bool weft_call_skip_null(weft_kernel_call *call, int32_t i)
{
    if (!weft_call_any_null(call, i)) return false;
    weft_vector_set_null(call->out, i);
    return true;
}

/* Are two slots equal values, NULL being equal to NULL? */
static inline bool weft_slots_equal(const weft_column *a, int32_t slot_a, const weft_column *b,
                                    int32_t slot_b)
{
    const bool null_a = weft_column_is_null(a, slot_a), null_b = weft_column_is_null(b, slot_b);
    if (null_a || null_b) return null_a && null_b;
    return weft_nested_compare_columns(a, slot_a, b, slot_b) == 0;
}

/* ---- elements of an array that is being made ---- */

typedef struct weft_element {
    const weft_column *column; /* NULL: the element is NULL */
    const weft_column *keys;   /* by which it is compared, at the same slot */
    int32_t slot;
} weft_element;

/* Elements in order, working memory. Zeroed is empty. */
typedef struct weft_elements {
    weft_element *at;
    int32_t count, room;
} weft_elements;

WEFT_MUST_CHECK weft_status weft_elements_add(weft_ctx *ctx, weft_elements *elements,
                                              const weft_column *column, int32_t slot);
/* One that is compared by its key: keys are of weft_element_keys, or the column itself. */
WEFT_MUST_CHECK weft_status weft_elements_add_keyed(weft_ctx *ctx, weft_elements *elements,
                                                    const weft_column *column, const weft_column *keys,
                                                    int32_t slot);
/* All elements of the array of row i of an argument, which is not null; keys as above. */
WEFT_MUST_CHECK weft_status weft_elements_add_all(weft_ctx *ctx, weft_elements *elements,
                                                  const weft_column *array, const weft_column *keys,
                                                  int32_t i);
/* Is the value with this key among them, NULL equal to NULL? Elements are found by a search through all. */
bool weft_elements_have(const weft_elements *elements, const weft_column *keys, int32_t slot);
/* Slot i of out, a vector of an ARRAY, becomes the array of these elements; they are emptied. */
WEFT_MUST_CHECK weft_status weft_elements_put(weft_ctx *ctx, weft_elements *elements, weft_vector *out,
                                              int32_t i);
void weft_elements_free(weft_elements *elements);

/* ---- maps ---- */

/* Errors: WEFT_DATATYPE_MISMATCH_MAP_KEY when the type is, or holds, a map. */
weft_status weft_expect_map_key(weft_ctx *ctx, weft_type key, const weft_span *span);
/* The slot of the entry of a key in the map of row i, which is not null; -1 when there is none. keys are what
 * the map's keys are compared by (weft_element_keys). */
int32_t weft_map_find(const weft_column *map, const weft_column *keys, int32_t i, const weft_column *key,
                      int32_t key_slot);

/* Entries of a map that is being made, in order. Zeroed is empty. */
typedef struct weft_map_builder {
    weft_elements keys, values;
    bool keeps_zeros; /* keys that are an array already stay as they are: else -0.0 becomes 0.0 */
} weft_map_builder;

/* Errors: WEFT_NULL_MAP_KEY, WEFT_DUPLICATED_MAP_KEY at the span of e. */
WEFT_MUST_CHECK weft_status weft_map_add(weft_ctx *ctx, weft_map_builder *map, const weft_expr *e,
                                         const weft_column *key, int32_t key_slot, const weft_column *value,
                                         int32_t value_slot);
/* The same where the key is compared by the column `by`, at the same slot (collation_keys.h). */
WEFT_MUST_CHECK weft_status weft_map_add_keyed(weft_ctx *ctx, weft_map_builder *map, const weft_expr *e,
                                               const weft_column *key, const weft_column *by,
                                               int32_t key_slot, const weft_column *value,
                                               int32_t value_slot);
/* Slot i of out, a vector of a MAP, becomes the map of these entries; they are emptied. */
WEFT_MUST_CHECK weft_status weft_map_put(weft_ctx *ctx, weft_map_builder *map, weft_vector *out, int32_t i);
void weft_map_free(weft_map_builder *map);

/* ---- entries of the registry ---- */

/* A function that takes any types, which its binder checks: its one form, then itself. */
#define WEFT_NESTED_FORM(name, low, high, result, kernel)                                                    \
    static const weft_signature name##_forms[] = {                                                           \
        {{WEFT_TYPE_COUNT, WEFT_TYPE_COUNT, WEFT_TYPE_COUNT}, low, high, result, kernel}}
#define WEFT_NESTED_ENTRY(symbol, text, alias, own_flags, binder, usage, query, answer)                      \
    const weft_function weft_fn_##symbol = {.name = text,                                                    \
                                            .aliases = alias,                                                \
                                            .flags = own_flags,                                              \
                                            .signatures = symbol##_forms,                                    \
                                            .signature_count = 1,                                            \
                                            .bind = binder,                                                  \
                                            .help = usage,                                                   \
                                            .example = query,                                                \
                                            .example_result = answer}
/* The same of one whose kernel compares by keys (collation_keys.h). */
#define WEFT_KEYED_ENTRY(symbol, text, alias, own_flags, binder, usage, query, answer)                       \
    const weft_function weft_fn_##symbol = {.name = text,                                                    \
                                            .aliases = alias,                                                \
                                            .flags = own_flags,                                              \
                                            .signatures = symbol##_forms,                                    \
                                            .signature_count = 1,                                            \
                                            .bind = binder,                                                  \
                                            .open = weft_call_keys_open,                                     \
                                            .close = weft_call_keys_close,                                   \
                                            .help = usage,                                                   \
                                            .example = query,                                                \
                                            .example_result = answer}

#endif
