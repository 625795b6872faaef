/* engine/expr/fn_lambda.c - functions that take lambdas: transform, filter, exists, forall, aggregate,
 * zip_with, the functions of maps, and array_sort with a comparison (see lambda.h).
 *
 * Where the calls of a body do not depend on each other they run over all elements of all rows of a batch;
 * aggregate() runs over the k-th elements of all rows, array_sort() one comparison at a time. */
#include <stdio.h>

#include "engine/expr/lambda.h"
#include "engine/expr/nested_call.h"

/* ---- binding ---- */

/* Where lambdas stand: from this argument on. */
static int32_t first_lambda(const weft_function *fn)
{
    return strstr(fn->name, "zip") != NULL || strcmp(fn->name, "aggregate") == 0 ? 2 : 1;
}

/* The keys of both maps get one type. */
static weft_status common_keys(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                               const weft_span *span)
{
    weft_status st = WEFT_OK;
    weft_type key, map;
    bool found = args[0]->type.id == WEFT_TYPE_MAP && args[1]->type.id == WEFT_TYPE_MAP &&
                 (!weft_ansi(ctx) ||
                  !weft_text_promoted(args[0]->type.children[0].type, args[1]->type.children[0].type));
    if (found)
        WEFT_TRY(st, weft_type_common_in(ctx, args[0]->type.children[0].type, args[1]->type.children[0].type,
                                         &key, &found));
    if (!found) {
        char a[256], b[256];
        return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_MAP_ZIP, span,
                            "The input of %s() should have been two maps with compatible key types, but the "
                            "types are [\"%s\", \"%s\"].",
                            fn->name, weft_type_text(args[0]->type, a, sizeof a),
                            weft_type_text(args[1]->type, b, sizeof b));
    }
    for (int32_t i = 0; i < 2; i++) {
        if (weft_type_equal(args[i]->type.children[0].type, key)) continue;
        WEFT_TRY(st, weft_type_make_map(ctx, key, args[i]->type.children[1].type, &map));
        WEFT_TRY(st, weft_expr_cast(ctx, args[i], map, true, &args[i]));
    }
done:
    return st;
}

static weft_status variable_types(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t at,
                                  const weft_span *span, weft_type *types, int32_t *count)
{
    weft_status st = WEFT_OK;
    const bool maps = fn->signatures[0].result == WEFT_TYPE_MAP;
    *count = 0;
    if (at < first_lambda(fn)) return WEFT_OK;
    if (strcmp(fn->name, "map_zip_with") == 0) {
        WEFT_TRY(st, common_keys(ctx, fn, args, span));
    } else {
        WEFT_TRY(st, (maps ? weft_bind_map_arg : weft_bind_array_arg)(ctx, args, 0, span));
    }
    *count = 2;
    types[0] = args[0]->type.children[0].type;
    if (strcmp(fn->name, "transform") == 0 || strcmp(fn->name, "filter") == 0) {
        types[1] = WEFT_TYPE_OF(WEFT_TYPE_INT);
    } else if (strcmp(fn->name, "aggregate") == 0) {
        types[1] = types[0];
        types[0] = args[1]->type;
        if (at == 3) *count = 1;
    } else if (strcmp(fn->name, "zip_with") == 0) {
        WEFT_TRY(st, weft_bind_array_arg(ctx, args, 1, span));
        types[1] = args[1]->type.children[0].type;
    } else if (strcmp(fn->name, "(array_sort_by)") == 0) {
        types[1] = types[0];
    } else if (maps) {
        types[1] = args[0]->type.children[1].type;
    } else {
        *count = 1;
    }
    if (strcmp(fn->name, "map_zip_with") != 0) goto done;
    types[2] = args[1]->type.children[1].type;
    *count = 3;
done:
    return st;
}

/* args[at] is a lambda of `least` variables at least, of the types that the function gives them. */
static weft_status expect_lambda(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t at,
                                 int32_t least, const weft_span *span)
{
    weft_status st = WEFT_OK;
    weft_type types[WEFT_LAMBDA_VARIABLES_MAX];
    const weft_expr *e = args[at];
    int32_t most = 0;
    if (!weft_is_lambda(e)) return weft_fail_arg_type(ctx, at, "of a lambda function", e, span);
    WEFT_TRY(st, variable_types(ctx, fn, args, at, span, types, &most));
    const int32_t count = e->arg_count - 1;
    if (count < least || count > most)
        return weft_fail_at(ctx, WEFT_LAMBDA_ARGUMENTS, &e->span,
                            "Invalid lambda function call. A higher order function expects %d arguments, but "
                            "got %d.",
                            count, most);
    for (int32_t i = 0; i < count; i++) {
        if (weft_type_equal(e->args[1 + i]->type, types[i])) continue;
        return weft_fail_at(ctx, WEFT_INTERNAL, &e->span, "variable %d of a lambda of %s() has a wrong type",
                            i, fn->name);
    }
done:
    return st;
}

/* The body of a lambda is cast to a type; what does not convert implicitly is an error. */
static weft_status cast_body(weft_ctx *ctx, const weft_expr **args, int32_t at, weft_type type,
                             const weft_span *span)
{
    weft_status st = WEFT_OK;
    char name[256], quoted[260];
    const weft_expr *e = args[at], *body = weft_lambda_body(e);
    if (weft_type_equal(body->type, type)) return WEFT_OK;
    const bool text = body->type.id == WEFT_TYPE_STRING && type.id == WEFT_TYPE_BOOLEAN; /* is no truth */
    if (text || !weft_cast_implicit(body->type, type)) {
        (void)snprintf(quoted, sizeof quoted, "\"%s\"", weft_type_text(type, name, sizeof name));
        return weft_fail_arg_type(ctx, at, quoted, body, span);
    }
    WEFT_TRY(st, weft_expr_cast(ctx, body, type, true, &body));
    WEFT_TRY(st, weft_lambda_make(ctx, body, e->args + 1, e->arg_count - 1, &e->span, &args[at]));
done:
    return st;
}

static weft_status bind_transform(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                  int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    *variant = 0;
    WEFT_TRY(st, weft_bind_array_arg(ctx, args, 0, span));
    WEFT_TRY(st, expect_lambda(ctx, fn, args, 1, 1, span));
    WEFT_TRY(st, weft_type_make_array(ctx, args[1]->type, type));
done:
    return st;
}

/* filter, exists, forall, map_filter */
static weft_status bind_predicate(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                  int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const bool map = strcmp(fn->name, "map_filter") == 0, keeps = map || strcmp(fn->name, "filter") == 0;
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    *variant = 0;
    WEFT_TRY(st, (map ? weft_bind_map_arg : weft_bind_array_arg)(ctx, args, 0, span));
    WEFT_TRY(st, expect_lambda(ctx, fn, args, 1, map ? 2 : 1, span));
    WEFT_TRY(st, cast_body(ctx, args, 1, WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), span));
    *type = keeps ? args[0]->type : WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN);
done:
    return st;
}

static weft_status bind_aggregate(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                  int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 3 && count != 4) return weft_fail_arg_count(ctx, fn->name, 3, 4, count, span);
    *variant = 0;
    WEFT_TRY(st, weft_bind_array_arg(ctx, args, 0, span));
    WEFT_TRY(st, expect_lambda(ctx, fn, args, 2, 2, span));
    if (!weft_type_equal(args[2]->type, args[1]->type)) { /* equal but for the names of fields */
        char zero[256], merged[256];
        if (!weft_type_same_shape(args[2]->type, args[1]->type))
            WEFT_TRY(st, weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH, span,
                                      "The third parameter of %s() must have the type \"%s\" of its start "
                                      "value, but has the type \"%s\".",
                                      fn->name, weft_type_text(args[1]->type, zero, sizeof zero),
                                      weft_type_text(args[2]->type, merged, sizeof merged)));
        WEFT_TRY(st, cast_body(ctx, args, 2, args[1]->type, span));
    }
    *type = args[1]->type;
    if (count == 3) goto done;
    WEFT_TRY(st, expect_lambda(ctx, fn, args, 3, 1, span));
    *type = args[3]->type;
done:
    return st;
}

static weft_status bind_zip_with(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                 int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 3) return weft_fail_arg_count(ctx, fn->name, 3, 3, count, span);
    *variant = 0;
    WEFT_TRY(st, weft_bind_array_arg(ctx, args, 0, span));
    WEFT_TRY(st, weft_bind_array_arg(ctx, args, 1, span));
    WEFT_TRY(st, expect_lambda(ctx, fn, args, 2, 2, span));
    WEFT_TRY(st, weft_type_make_array(ctx, args[2]->type, type));
done:
    return st;
}

/* transform_keys, transform_values */
static weft_status bind_transform_map(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                      int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const bool keys = strcmp(fn->name, "transform_keys") == 0;
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    *variant = 0;
    WEFT_TRY(st, weft_bind_map_arg(ctx, args, 0, span));
    WEFT_TRY(st, expect_lambda(ctx, fn, args, 1, 2, span));
    if (keys) WEFT_TRY(st, weft_expect_map_key(ctx, args[1]->type, span));
    WEFT_TRY(st, weft_type_make_map(ctx, keys ? args[1]->type : args[0]->type.children[0].type,
                                    keys ? args[0]->type.children[1].type : args[1]->type, type));
done:
    return st;
}

static weft_status bind_map_zip(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 3) return weft_fail_arg_count(ctx, fn->name, 3, 3, count, span);
    *variant = 0;
    WEFT_TRY(st, weft_bind_map_arg(ctx, args, 0, span));
    WEFT_TRY(st, weft_bind_map_arg(ctx, args, 1, span));
    WEFT_TRY(st, expect_lambda(ctx, fn, args, 2, 3, span));
    WEFT_TRY(st, weft_type_make_map(ctx, args[0]->type.children[0].type, args[2]->type, type));
done:
    return st;
}

static weft_status bind_sort_by(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 2) return weft_fail_arg_count(ctx, "array_sort", 1, 2, count, span);
    *variant = 0;
    WEFT_TRY(st, weft_bind_array_arg(ctx, args, 0, span));
    WEFT_TRY(st, expect_lambda(ctx, fn, args, 1, 2, span));
    if (args[1]->type.id != WEFT_TYPE_INT)
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_RETURN, span,
                                  "The comparison of array_sort() has to give an \"INT\"."));
    *type = args[0]->type;
done:
    return st;
}

/* ---- kernels ---- */

static weft_lambda *lambda_of(const weft_kernel_call *call, int32_t k)
{
    return &((weft_lambdas *)call->state)->at[k];
}

static bool any_row_null(const weft_kernel_call *call, int32_t arrays, int32_t i)
{
    for (int32_t a = 0; a < arrays; a++) {
        if (weft_column_is_null(&call->args[a], i)) return true;
    }
    return false;
}

static void set_number(weft_lambda *lambda, int32_t v, int32_t value)
{
    ((int32_t *)lambda->inputs[v].values)[lambda->filled] = value;
}

/* Run the lambda over every element (entry, of a map) of the first argument, rows in order. */
static weft_status run_elements(weft_ctx *ctx, weft_kernel_call *call, weft_lambda *lambda)
{
    weft_status st = WEFT_OK;
    const bool map = call->args[0].type.id == WEFT_TYPE_MAP;
    weft_lambda_begin(lambda);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (any_row_null(call, 1, i)) continue;
        const weft_list list = weft_arg_list(&call->args[0], i);
        const weft_column *child = &call->args[0].children[0];
        for (int32_t e = list.offset; e < list.offset + list.length; e++) {
            const int32_t slot = map ? weft_column_slot(child, e) : e;
            WEFT_TRY(st, weft_lambda_set(ctx, lambda, 0, map ? &child->children[0] : child, slot));
            if (map)
                WEFT_TRY(st, weft_lambda_set(ctx, lambda, 1, &child->children[1], slot));
            else if (lambda->variable_count == 2)
                set_number(lambda, 1, e - list.offset);
            WEFT_TRY(st, weft_lambda_push(ctx, lambda, call, i));
        }
    }
    WEFT_TRY(st, weft_lambda_end(ctx, lambda));
done:
    return st;
}

static weft_status kernel_transform(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_lambda *lambda = lambda_of(call, 0);
    int32_t next = 0, first = 0;
    WEFT_TRY(st, run_elements(ctx, call, lambda));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (any_row_null(call, 1, i)) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        const int32_t length = weft_arg_list(&call->args[0], i).length;
        WEFT_TRY(st, weft_vector_add_list(ctx, call->out, i, length, &first));
        for (int32_t e = 0; e < length; e++)
            WEFT_TRY(st, weft_vector_set(ctx, &call->out->children[0], first + e, &lambda->results.column,
                                         next++));
    }
done:
    return st;
}

static bool is_true(const weft_column *bools, int32_t i)
{
    return !weft_column_is_null(bools, i) && ((const uint8_t *)bools->data)[i] != 0;
}

static weft_status kernel_filter(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_lambda *lambda = lambda_of(call, 0);
    weft_elements kept = {0};
    int32_t next = 0;
    WEFT_TRY(st, run_elements(ctx, call, lambda));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (any_row_null(call, 1, i)) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        const weft_list list = weft_arg_list(&call->args[0], i);
        for (int32_t e = list.offset; e < list.offset + list.length; e++) {
            if (is_true(&lambda->results.column, next++))
                WEFT_TRY(st, weft_elements_add(ctx, &kept, &call->args[0].children[0], e));
        }
        WEFT_TRY(st, weft_elements_put(ctx, &kept, call->out, i));
    }
done:
    weft_elements_free(&kept);
    return st;
}

/* Is one true (all are, where `all`)? NULL where only the NULLs could tell. */
static weft_status run_test(weft_ctx *ctx, weft_kernel_call *call, bool all)
{
    weft_status st = WEFT_OK;
    weft_lambda *lambda = lambda_of(call, 0);
    const weft_column *results = &lambda->results.column;
    int32_t next = 0;
    WEFT_TRY(st, run_elements(ctx, call, lambda));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        bool decided = false, unknown = false;
        const bool null = any_row_null(call, 1, i);
        const int32_t length = null ? 0 : weft_arg_list(&call->args[0], i).length;
        for (int32_t e = 0; e < length; e++, next++) {
            if (weft_column_is_null(results, next))
                unknown = true;
            else
                decided |= is_true(results, next) != all;
        }
        if (null || (unknown && !decided))
            weft_vector_set_null(call->out, i);
        else
            ((uint8_t *)call->out->values)[i] = decided != all;
    }
done:
    return st;
}

static weft_status kernel_exists(weft_ctx *ctx, weft_kernel_call *call) { return run_test(ctx, call, false); }
static weft_status kernel_forall(weft_ctx *ctx, weft_kernel_call *call) { return run_test(ctx, call, true); }

static weft_status kernel_zip_with(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_lambda *lambda = lambda_of(call, 0);
    int32_t next = 0, first = 0;
    weft_lambda_begin(lambda);
    for (int32_t pass = 0; pass < 2; pass++) {
        for (int32_t k = 0; k < call->selected; k++) {
            const int32_t i = weft_call_row(call, k);
            if (any_row_null(call, 2, i)) {
                weft_vector_set_null(call->out, i);
                continue;
            }
            const weft_list lists[2] = {weft_arg_list(&call->args[0], i), weft_arg_list(&call->args[1], i)};
            const int32_t length = weft_max_i32(lists[0].length, lists[1].length);
            if (pass == 1) WEFT_TRY(st, weft_vector_add_list(ctx, call->out, i, length, &first));
            for (int32_t e = 0; e < length && pass == 1; e++)
                WEFT_TRY(st, weft_vector_set(ctx, &call->out->children[0], first + e, &lambda->results.column,
                                             next++));
            for (int32_t e = 0; e < length && pass == 0; e++) {
                for (int32_t v = 0; v < 2; v++) {
                    if (e < lists[v].length)
                        WEFT_TRY(st, weft_lambda_set(ctx, lambda, v, &call->args[v].children[0],
                                                     lists[v].offset + e));
                    else
                        weft_vector_set_null(&lambda->inputs[v], lambda->filled);
                }
                WEFT_TRY(st, weft_lambda_push(ctx, lambda, call, i));
            }
        }
        if (pass == 0) WEFT_TRY(st, weft_lambda_end(ctx, lambda));
    }
done:
    return st;
}

/* map_filter gets filter's kernel; the others make maps of keys, or of values, that the lambda gave. */
static weft_status run_transform_map(weft_ctx *ctx, weft_kernel_call *call, bool keys)
{
    weft_status st = WEFT_OK;
    weft_lambda *lambda = lambda_of(call, 0);
    const weft_column *made = &lambda->results.column;
    weft_map_builder map = {.keeps_zeros = true};
    int32_t next = 0;
    WEFT_TRY(st, run_elements(ctx, call, lambda));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (any_row_null(call, 1, i)) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        const weft_list list = weft_arg_list(&call->args[0], i);
        const weft_column *entries = &call->args[0].children[0];
        for (int32_t e = list.offset; e < list.offset + list.length; e++, next++) {
            const int32_t slot = weft_column_slot(entries, e);
            if (keys) {
                WEFT_TRY(st, weft_map_add(ctx, &map, call->expr, made, next, &entries->children[1], slot));
            } else { /* the keys are known to differ */
                WEFT_TRY(st, weft_elements_add(ctx, &map.keys, &entries->children[0], slot));
                WEFT_TRY(st, weft_elements_add(ctx, &map.values, made, next));
            }
        }
        WEFT_TRY(st, weft_map_put(ctx, &map, call->out, i));
    }
done:
    weft_map_free(&map);
    return st;
}

static weft_status kernel_transform_keys(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_transform_map(ctx, call, true);
}
static weft_status kernel_transform_values(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_transform_map(ctx, call, false);
}

/* The keys of both maps, those of the first first; from[v] is where a value comes from, or NULL. They are
 * equal where `by` is. */
static weft_status zip_keys(weft_ctx *ctx, weft_kernel_call *call, const weft_column *const by[2], int32_t i,
                            weft_elements *keys, weft_elements values[2])
{
    weft_status st = WEFT_OK;
    for (int32_t side = 0; side < 2; side++) {
        const weft_list list = weft_arg_list(&call->args[side], i);
        const weft_column *entries = &call->args[side].children[0];
        const weft_column *other = &call->args[1 - side];
        for (int32_t e = list.offset; e < list.offset + list.length; e++) {
            const int32_t slot = weft_column_slot(entries, e);
            const int32_t match = weft_map_find(other, by[1 - side], i, by[side], slot);
            if (side == 1 && match >= 0) continue;
            WEFT_TRY(st, weft_elements_add(ctx, keys, &entries->children[0], slot));
            WEFT_TRY(st, weft_elements_add(ctx, &values[side], &entries->children[1], slot));
            WEFT_TRY(st, weft_elements_add(ctx, &values[1 - side],
                                           match < 0 ? NULL : &other->children[0].children[1], match));
        }
    }
done:
    return st;
}

static weft_status kernel_map_zip(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_lambda *lambda = lambda_of(call, 0);
    weft_elements keys = {0}, values[2] = {{0}, {0}};
    weft_map_builder map = {.keeps_zeros = true};
    const weft_column *by[2] = {NULL, NULL};
    weft_kernel_call keyed = *call; /* the state of the call itself is the lambda's */
    int32_t next = 0;
    WEFT_TRY(st, weft_call_keys_open(ctx, call->expr, &keyed.state));
    for (int32_t side = 0; side < 2; side++) WEFT_TRY(st, weft_element_keys(ctx, &keyed, side, &by[side]));
    weft_lambda_begin(lambda);
    for (int32_t pass = 0; pass < 2; pass++) {
        for (int32_t k = 0; k < call->selected; k++) {
            const int32_t i = weft_call_row(call, k);
            if (any_row_null(call, 2, i)) {
                weft_vector_set_null(call->out, i);
                continue;
            }
            keys.count = values[0].count = values[1].count = 0;
            WEFT_TRY(st, zip_keys(ctx, call, by, i, &keys, values));
            for (int32_t e = 0; e < keys.count; e++) {
                const weft_element *key = &keys.at[e];
                if (pass == 1) {
                    WEFT_TRY(st, weft_elements_add(ctx, &map.keys, key->column, key->slot));
                    WEFT_TRY(st, weft_elements_add(ctx, &map.values, &lambda->results.column, next++));
                    continue;
                }
                WEFT_TRY(st, weft_lambda_set(ctx, lambda, 0, key->column, key->slot));
                for (int32_t v = 0; v < 2; v++) {
                    const weft_element *value = &values[v].at[e];
                    if (value->column == NULL)
                        weft_vector_set_null(&lambda->inputs[1 + v], lambda->filled);
                    else
                        WEFT_TRY(st, weft_lambda_set(ctx, lambda, 1 + v, value->column, value->slot));
                }
                WEFT_TRY(st, weft_lambda_push(ctx, lambda, call, i));
            }
            if (pass == 1) WEFT_TRY(st, weft_map_put(ctx, &map, call->out, i));
        }
        if (pass == 0) WEFT_TRY(st, weft_lambda_end(ctx, lambda));
    }
done:
    weft_elements_free(&keys);
    weft_elements_free(&values[0]);
    weft_elements_free(&values[1]);
    weft_map_free(&map);
    weft_call_keys_close(keyed.state);
    return st;
}

/* ---- aggregate ---- */

typedef struct folding {
    weft_vector state[2]; /* of the rows that go on, before and after a step, in the order of rows */
    weft_vector done;     /* by row: what the rows that ended have */
} folding;

/* The k-th elements of all rows that have one: into[…] gets their new states, from[…] has those before. */
static weft_status fold_step(weft_ctx *ctx, weft_kernel_call *call, int32_t step, weft_column *from,
                             weft_vector *into, weft_vector *done)
{
    weft_status st = WEFT_OK;
    weft_lambda *merge = lambda_of(call, 0);
    int32_t at = 0;
    weft_lambda_begin(merge);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (any_row_null(call, 1, i)) continue;
        const weft_list list = weft_arg_list(&call->args[0], i);
        if (list.length < step) continue;
        const int32_t slot = step == 0 ? i : at++;
        if (list.length == step) {
            WEFT_TRY(st, weft_vector_copy(ctx, done, i, from, slot));
            continue;
        }
        WEFT_TRY(st, weft_lambda_set(ctx, merge, 0, from, slot));
        WEFT_TRY(st, weft_lambda_set(ctx, merge, 1, &call->args[0].children[0], list.offset + step));
        WEFT_TRY(st, weft_lambda_push(ctx, merge, call, i));
    }
    WEFT_TRY(st, weft_lambda_end(ctx, merge));
    weft_vector_reset(into);
    for (int32_t k = 0; k < merge->count; k++)
        WEFT_TRY(st, weft_vector_copy(ctx, into, k, &merge->results.column, k));
    weft_vector_finish(into);
done:
    return st;
}

/* What the finishing lambda makes of the rows' states, or the states themselves. */
static weft_status fold_finish(weft_ctx *ctx, weft_kernel_call *call, const weft_column *done)
{
    weft_status st = WEFT_OK;
    weft_lambda *finish = ((weft_lambdas *)call->state)->count > 1 ? lambda_of(call, 1) : NULL;
    int32_t next = 0;
    if (finish != NULL) weft_lambda_begin(finish);
    for (int32_t k = 0; k < call->selected && finish != NULL; k++) {
        const int32_t i = weft_call_row(call, k);
        if (any_row_null(call, 1, i)) continue;
        WEFT_TRY(st, weft_lambda_set(ctx, finish, 0, done, i));
        WEFT_TRY(st, weft_lambda_push(ctx, finish, call, i));
    }
    if (finish != NULL) WEFT_TRY(st, weft_lambda_end(ctx, finish));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (any_row_null(call, 1, i))
            weft_vector_set_null(call->out, i);
        else
            WEFT_TRY(st, weft_vector_copy(ctx, call->out, i, finish == NULL ? done : &finish->results.column,
                                          finish == NULL ? i : next++));
    }
done:
    return st;
}

static weft_status kernel_aggregate(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    folding f = {0};
    const weft_type type = call->args[1].type;
    weft_column from = call->args[1];
    int32_t steps = 0;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!any_row_null(call, 1, i)) steps = weft_max_i32(steps, weft_arg_list(&call->args[0], i).length);
    }
    for (int32_t s = 0; s < 2; s++)
        WEFT_TRY(st, weft_vector_init(ctx, type, WEFT_BATCH_ROWS_MAX, &f.state[s]));
    WEFT_TRY(st, weft_vector_init(ctx, type, WEFT_BATCH_ROWS_MAX, &f.done));
    for (int32_t step = 0; step <= steps; step++) {
        weft_vector *into = &f.state[step % 2];
        WEFT_TRY(st, fold_step(ctx, call, step, &from, into, &f.done));
        from = into->column;
    }
    weft_vector_finish(&f.done);
    WEFT_TRY(st, fold_finish(ctx, call, &f.done.column));
done:
    weft_vector_deinit(&f.state[0]);
    weft_vector_deinit(&f.state[1]);
    weft_vector_deinit(&f.done);
    return st;
}

/* ---- array_sort with a comparison ---- */

enum { TIMSORT_MERGES = 32 };

typedef struct sorting {
    weft_kernel_call *call;
    int32_t row;
} sorting;

static weft_status compare_by(weft_ctx *ctx, const sorting *s, const weft_element *a, const weft_element *b,
                              int32_t *out)
{
    weft_status st = WEFT_OK;
    weft_lambda *lambda = lambda_of(s->call, 0);
    weft_lambda_begin(lambda);
    WEFT_TRY(st, weft_lambda_set(ctx, lambda, 0, a->column, a->slot));
    WEFT_TRY(st, weft_lambda_set(ctx, lambda, 1, b->column, b->slot));
    WEFT_TRY(st, weft_lambda_push(ctx, lambda, s->call, s->row));
    WEFT_TRY(st, weft_lambda_end(ctx, lambda));
    if (weft_column_is_null(&lambda->results.column, 0))
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_COMPARATOR_NULL, &s->call->expr->span,
                                  "The comparator has returned a NULL for a comparison between two elements. "
                                  "It should return a positive integer for \"greater than\", 0 for \"equal\" "
                                  "and a negative integer for \"less than\"."));
    *out = ((const int32_t *)lambda->results.column.data)[0];
done:
    return st;
}

/* The length of the run that at[] begins with: none is before the one in front of it, or all are, and then it
 * is turned around. */
static weft_status sort_first_run(weft_ctx *ctx, const sorting *s, weft_element *at, int32_t count,
                                  int32_t *length)
{
    weft_status st = WEFT_OK;
    int32_t order = 0, n = 2;
    WEFT_TRY(st, compare_by(ctx, s, &at[1], &at[0], &order));
    const bool falls = order < 0;
    for (; n < count; n++) {
        WEFT_TRY(st, compare_by(ctx, s, &at[n], &at[n - 1], &order));
        if ((order < 0) != falls) break;
    }
    for (int32_t i = 0, k = n - 1; falls && i < k; i++, k--) {
        const weft_element swap = at[i];
        at[i] = at[k];
        at[k] = swap;
    }
    *length = n;
done:
    return st;
}

/* The first run, and into it one after another, each to its place by halves. */
static weft_status sort_by_places(weft_ctx *ctx, const sorting *s, weft_element *at, int32_t count)
{
    weft_status st = WEFT_OK;
    int32_t sorted = 0, order = 0;
    WEFT_TRY(st, sort_first_run(ctx, s, at, count, &sorted));
    for (; sorted < count; sorted++) {
        const weft_element one = at[sorted];
        int32_t low = 0, high = sorted;
        while (low < high) {
            const int32_t middle = (low + high) / 2;
            WEFT_TRY(st, compare_by(ctx, s, &one, &at[middle], &order));
            if (order < 0)
                high = middle;
            else
                low = middle + 1;
        }
        memmove(at + low + 1, at + low, (size_t)(sorted - low) * sizeof *at);
        at[low] = one;
    }
done:
    return st;
}

/* Merge sort: equal elements keep their order. spare has as much room. Fewer elements than Java's TimSort
 * merges are sorted as there, so that a comparison that is no order gives what it gives in Spark. */
static weft_status sort_by(weft_ctx *ctx, const sorting *s, weft_element *at, int32_t count,
                           weft_element *spare)
{
    weft_status st = WEFT_OK;
    const int32_t half = count / 2;
    int32_t left = 0, right = half, n = 0, order = 0;
    if (count < 2) return WEFT_OK;
    if (count < TIMSORT_MERGES) return sort_by_places(ctx, s, at, count);
    WEFT_TRY(st, sort_by(ctx, s, at, half, spare));
    WEFT_TRY(st, sort_by(ctx, s, at + half, count - half, spare));
    memcpy(spare, at, (size_t)count * sizeof *at);
    while (left < half && right < count) {
        WEFT_TRY(st, compare_by(ctx, s, &spare[left], &spare[right], &order));
        at[n++] = order <= 0 ? spare[left++] : spare[right++];
    }
    while (left < half) at[n++] = spare[left++];
    while (right < count) at[n++] = spare[right++];
done:
    return st;
}

static weft_status kernel_sort_by(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_elements elements = {0}, spare = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (any_row_null(call, 1, i)) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        const sorting s = {.call = call, .row = i};
        WEFT_TRY(st, weft_elements_add_all(ctx, &elements, &call->args[0], &call->args[0].children[0], i));
        spare.count = 0;
        WEFT_TRY(st, weft_elements_add_all(ctx, &spare, &call->args[0], &call->args[0].children[0], i));
        WEFT_TRY(st, sort_by(ctx, &s, elements.at, elements.count, spare.at));
        WEFT_TRY(st, weft_elements_put(ctx, &elements, call->out, i));
    }
done:
    weft_elements_free(&elements);
    weft_elements_free(&spare);
    return st;
}

/* ---- registry ---- */

#define LAMBDA_ENTRY(symbol, text, others, low, high, result, kernel, binder, usage, sql, answer)            \
    WEFT_NESTED_FORM(symbol, low, high, result, kernel);                                                     \
    const weft_function weft_fn_##symbol = {.name = text,                                                    \
                                            .aliases = others,                                               \
                                            .flags = WEFT_FN_NULL_OWN,                                       \
                                            .signatures = symbol##_forms,                                    \
                                            .signature_count = 1,                                            \
                                            .bind = binder,                                                  \
                                            .open = weft_lambdas_open,                                       \
                                            .close = weft_lambdas_close,                                     \
                                            .lambda_types = variable_types,                                  \
                                            .help = usage,                                                   \
                                            .example = sql,                                                  \
                                            .example_result = answer}

LAMBDA_ENTRY(transform, "transform", NULL, 2, 2, WEFT_TYPE_ARRAY, kernel_transform, bind_transform,
             "transform(a, x -> e), transform(a, (x, i) -> e): e of every element",
             "SELECT transform(array(1, 2), x -> x * 10)", "[10, 20]");
LAMBDA_ENTRY(filter, "filter", NULL, 2, 2, WEFT_TYPE_ARRAY, kernel_filter, bind_predicate,
             "filter(a, x -> p), filter(a, (x, i) -> p): the elements for which p holds",
             "SELECT filter(array(1, 2, 3), x -> x > 1)", "[2, 3]");
LAMBDA_ENTRY(exists, "exists", NULL, 2, 2, WEFT_TYPE_BOOLEAN, kernel_exists, bind_predicate,
             "exists(a, x -> p): does p hold for some element?", "SELECT exists(array(1, 2), x -> x > 1)",
             "true");
LAMBDA_ENTRY(forall, "forall", NULL, 2, 2, WEFT_TYPE_BOOLEAN, kernel_forall, bind_predicate,
             "forall(a, x -> p): does p hold for all elements?", "SELECT forall(array(1, 2), x -> x > 1)",
             "false");
LAMBDA_ENTRY(aggregate, "aggregate", "reduce", 3, 4, WEFT_TYPE_COUNT, kernel_aggregate, bind_aggregate,
             "aggregate(a, start, (s, x) -> e [, s -> r]): s becomes e for every element; r of the last s",
             "SELECT aggregate(array(1, 2), 10, (s, x) -> s + x)", "13");
LAMBDA_ENTRY(zip_with, "zip_with", NULL, 3, 3, WEFT_TYPE_ARRAY, kernel_zip_with, bind_zip_with,
             "zip_with(a, b, (x, y) -> e): e of the pairs of elements; the shorter array goes on with NULLs",
             "SELECT zip_with(array(1, 2), array(10, 20), (x, y) -> x + y)", "[11, 22]");
LAMBDA_ENTRY(map_filter, "map_filter", NULL, 2, 2, WEFT_TYPE_MAP, kernel_filter, bind_predicate,
             "map_filter(m, (k, v) -> p): the entries for which p holds",
             "SELECT map_filter(map('a', 1, 'b', 2), (k, v) -> v > 1)", "{b -> 2}");
LAMBDA_ENTRY(transform_keys, "transform_keys", NULL, 2, 2, WEFT_TYPE_MAP, kernel_transform_keys,
             bind_transform_map, "transform_keys(m, (k, v) -> e): the map with e as keys",
             "SELECT transform_keys(map('a', 1), (k, v) -> upper(k))", "{A -> 1}");
LAMBDA_ENTRY(transform_values, "transform_values", NULL, 2, 2, WEFT_TYPE_MAP, kernel_transform_values,
             bind_transform_map, "transform_values(m, (k, v) -> e): the map with e as values",
             "SELECT transform_values(map('a', 1), (k, v) -> v + 1)", "{a -> 2}");
LAMBDA_ENTRY(map_zip_with, "map_zip_with", NULL, 3, 3, WEFT_TYPE_MAP, kernel_map_zip, bind_map_zip,
             "map_zip_with(m, n, (k, v, w) -> e): e of the values that both maps have for a key, or NULL",
             "SELECT map_zip_with(map('a', 1), map('a', 2), (k, v, w) -> v + w)", "{a -> 3}");
LAMBDA_ENTRY(array_sort_by, "(array_sort_by)", NULL, 2, 2, WEFT_TYPE_ARRAY, kernel_sort_by, bind_sort_by,
             "array_sort(a, (x, y) -> e): the elements in the order that e tells by its sign",
             "SELECT array_sort(array(1, 3, 2), (x, y) -> y - x)", "[3, 2, 1]");
