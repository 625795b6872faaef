/* engine/expr/fn_variant_edit.c - VARIANT values with a part changed: variant_insert, variant_set,
 * variant_array_append, their try_ forms, variant_delete and variant_strip_nulls. */
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/fn_variant.h"
#include "engine/expr/variant_cast.h"
#include "engine/expr/variant_edit.h"

/* Of a call site in a lane. */
typedef struct edit_state {
    weft_variant_path *path; /* of the last row */
    weft_variant_builder builder, value;
    weft_text room, other; /* bytes of values between two edits */
} edit_state;

static void edit_close(void *state)
{
    edit_state *s = state;
    if (s == NULL) return;
    weft_mem_free(s->path);
    weft_variant_builder_deinit(&s->builder);
    weft_variant_builder_deinit(&s->value);
    weft_text_release(&s->room);
    weft_text_release(&s->other);
    weft_mem_free(s);
}

static weft_status edit_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    (void)call;
    return weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(edit_state), state);
}

static const weft_variant_edit_kind edit_kinds[] = {WEFT_VARIANT_INSERT, WEFT_VARIANT_SET,
                                                    WEFT_VARIANT_DELETE, WEFT_VARIANT_APPEND};

/* By the function's name, with or without try_. */
static weft_variant_edit_kind kind_of(const weft_function *fn)
{
    static const char *const ends[] = {"_insert", "_set", "_delete", "_append"};
    const size_t len = strlen(fn->name);
    for (int32_t i = 0; i < WEFT_COUNT(ends); i++) {
        const size_t end = strlen(ends[i]);
        if (len > end && strcmp(fn->name + len - end, ends[i]) == 0) return edit_kinds[i];
    }
    assert(false && "a function that edits");
    return WEFT_VARIANT_INSERT;
}

static weft_status read_path(weft_ctx *ctx, weft_kernel_call *call, const weft_str *text, bool root)
{
    weft_status st = WEFT_OK;
    edit_state *s = call->state;
    weft_mem_free(s->path);
    s->path = NULL;
    WEFT_TRY(st, weft_variant_path_new(ctx, weft_str_data(text), text->len, &s->path));
    if (s->path == NULL || (s->path->count == 0 && !root))
        return weft_fail_at(ctx, WEFT_INVALID_VARIANT_PATH, &call->expr->span,
                            "The path '%.*s' is not a valid `%s` target. A valid path should start with `$` "
                            "and is followed by segments like `[123]`, `.name`, `['name']`, or `[\"name\"]`.",
                            (int)weft_min_i64(text->len, 400), weft_str_data(text),
                            call->expr->call.function->name);
done:
    return st;
}

/* ---- binding ---- */

static weft_status bind_edit(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const bool set = kind_of(fn) == WEFT_VARIANT_SET;
    char text[256];
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_VARIANT);
    if (count < 3 || count > 3 + set) return weft_fail_arg_count(ctx, fn->name, 3, 3 + set, count, span);
    WEFT_TRY(st, weft_bind_variant_arg(ctx, args, 0, span));
    WEFT_TRY(st, weft_bind_text_arg(ctx, args, 1, span));
    if (args[2]->type.id == WEFT_TYPE_NULL)
        WEFT_TRY(st, weft_expr_cast(ctx, args[2], WEFT_TYPE_OF(WEFT_TYPE_VARIANT), true, &args[2]));
    else if (!weft_variant_makeable(args[2]->type, false))
        return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_CAST, span, "cannot cast \"%s\" to \"VARIANT\"",
                            weft_type_text(args[2]->type, text, sizeof text));
    if (count < 4) goto done;
    if (args[3]->type.id != WEFT_TYPE_BOOLEAN && args[3]->type.id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, 3, "\"BOOLEAN\"", args[3], span);
    WEFT_TRY(st, weft_expr_cast(ctx, args[3], WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), true, &args[3]));
done:
    return st;
}

static weft_status bind_delete(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                               const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_VARIANT);
    if (count < 2) return weft_fail_arg_count(ctx, fn->name, 2, -1, count, span);
    WEFT_TRY(st, weft_bind_variant_arg(ctx, args, 0, span));
    for (int32_t i = 1; i < count; i++) WEFT_TRY(st, weft_bind_text_arg(ctx, args, i, span));
done:
    return st;
}

static weft_status bind_strip(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_VARIANT);
    if (count < 1 || count > 2) return weft_fail_arg_count(ctx, fn->name, 1, 2, count, span);
    WEFT_TRY(st, weft_bind_variant_arg(ctx, args, 0, span));
    if (count < 2) goto done;
    if (args[1]->type.id != WEFT_TYPE_BOOLEAN && args[1]->type.id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, 1, "\"BOOLEAN\"", args[1], span);
    WEFT_TRY(st, weft_expr_cast(ctx, args[1], WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), true, &args[1]));
done:
    return st;
}

/* ---- kernels ---- */

/* The text of the path's first `steps` steps, into text. */
static weft_status path_text(weft_ctx *ctx, const weft_variant_path *path, int32_t steps, weft_text *text)
{
    weft_status st = WEFT_OK;
    char index[16];
    WEFT_TRY(st, weft_text_append(ctx, text, "$", 1));
    for (int32_t i = 0; i < steps; i++) {
        const weft_variant_step *step = &path->steps[i];
        if (step->name != NULL) {
            WEFT_TRY(st, weft_text_append(ctx, text, ".", 1));
            WEFT_TRY(st, weft_text_append(ctx, text, step->name, step->len));
            continue;
        }
        const int len = snprintf(index, sizeof index, "[%d]", step->index);
        WEFT_TRY(st, weft_text_append(ctx, text, index, (size_t)len));
    }
done:
    return st;
}

static weft_status fail_mismatch(weft_ctx *ctx, weft_kernel_call *call, int32_t failed_at)
{
    weft_status st = WEFT_OK;
    edit_state *s = call->state;
    weft_text whole = {0}, part = {0};
    WEFT_TRY(st, path_text(ctx, s->path, s->path->count, &whole));
    WEFT_TRY(st, path_text(ctx, s->path, failed_at, &part));
    st = weft_fail_at(ctx, WEFT_VARIANT_PATH_TYPE, &call->expr->span,
                      "The path '%.*s' is incompatible with the variant value at '%.*s' in `%s`.",
                      (int)weft_min_i64((int64_t)whole.len, 400), whole.bytes,
                      (int)weft_min_i64((int64_t)part.len, 400), part.bytes, call->expr->call.function->name);
done:
    weft_text_release(&whole);
    weft_text_release(&part);
    return st;
}

static weft_status fail_exists(weft_ctx *ctx, weft_kernel_call *call)
{
    const weft_variant_path *path = ((edit_state *)call->state)->path;
    const weft_variant_step *last = &path->steps[path->count - 1];
    return weft_fail_at(ctx, WEFT_VARIANT_DUPLICATE_KEY, &call->expr->span,
                        "Failed to build variant because of a duplicate object key `%.*s`.",
                        (int)weft_min_i64(last->len, 200), last->name);
}

static weft_status edit_row(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    weft_status st = WEFT_OK;
    edit_state *s = call->state;
    const weft_function *fn = call->expr->call.function;
    weft_variant value;
    weft_variant_edited outcome;
    int32_t failed_at = 0;
    weft_variant_edit edit = {.kind = kind_of(fn), .create = true, .value = &value};
    const weft_variant v = weft_arg_variant(&call->args[0], i);
    WEFT_TRY(st, read_path(ctx, call, weft_arg_str(&call->args[1], i), edit.kind == WEFT_VARIANT_APPEND));
    edit.path = s->path;
    if (call->arg_count == 4) edit.create = weft_arg_i64(&call->args[3], i) != 0;
    weft_variant_builder_reset(&s->value);
    WEFT_TRY(st, weft_variant_put_column(ctx, &s->value, &call->args[2], i));
    WEFT_TRY(st, weft_variant_take(ctx, &s->value, &s->room, &value));
    weft_variant_builder_reset(&s->builder);
    WEFT_TRY(st, weft_variant_put_edited(ctx, &s->builder, &v, &edit, &outcome, &failed_at));
    if (outcome == WEFT_VARIANT_EDITED) return weft_variant_store(ctx, &s->builder, call->out, i);
    if ((fn->flags & WEFT_FN_TRY) == 0)
        return outcome == WEFT_VARIANT_EXISTS ? fail_exists(ctx, call) : fail_mismatch(ctx, call, failed_at);
    weft_vector_set_null(call->out, i);
done:
    return st;
}

static weft_status kernel_edit(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        WEFT_TRY(st, edit_row(ctx, call, i));
    }
done:
    return st;
}

/* One path after the other; paths that are NULL are left out. */
static weft_status delete_row(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    weft_status st = WEFT_OK;
    edit_state *s = call->state;
    weft_variant v = weft_arg_variant(&call->args[0], i);
    for (int32_t a = 1; a < call->arg_count; a++) {
        weft_variant_edited outcome;
        int32_t failed_at = 0;
        if (weft_column_is_null(&call->args[a], i)) continue;
        WEFT_TRY(st, read_path(ctx, call, weft_arg_str(&call->args[a], i), false));
        const weft_variant_edit edit = {.kind = WEFT_VARIANT_DELETE, .path = s->path};
        weft_variant_builder_reset(&s->builder);
        WEFT_TRY(st, weft_variant_put_edited(ctx, &s->builder, &v, &edit, &outcome, &failed_at));
        WEFT_TRY(st, weft_variant_take(ctx, &s->builder, a % 2 == 0 ? &s->room : &s->other, &v));
    }
    weft_variant_builder_reset(&s->builder);
    WEFT_TRY(st, weft_variant_put_copy(ctx, &s->builder, &v));
    WEFT_TRY(st, weft_variant_store(ctx, &s->builder, call->out, i));
done:
    return st;
}

static weft_status kernel_delete(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_column_is_null(&call->args[0], i))
            weft_vector_set_null(call->out, i);
        else
            WEFT_TRY(st, delete_row(ctx, call, i));
    }
done:
    return st;
}

static weft_status kernel_strip(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    edit_state *s = call->state;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const weft_variant v = weft_arg_variant(&call->args[0], i);
        const bool arrays = call->arg_count < 2 || weft_arg_i64(&call->args[1], i) != 0;
        weft_variant_builder_reset(&s->builder);
        WEFT_TRY(st, weft_variant_put_stripped(ctx, &s->builder, &v, arrays));
        WEFT_TRY(st, weft_variant_store(ctx, &s->builder, call->out, i));
    }
done:
    return st;
}

/* ---- registry ---- */

#define ANY WEFT_TYPE_COUNT

static const weft_signature edit_forms[] = {{{ANY, ANY, ANY, ANY}, 3, 4, WEFT_TYPE_VARIANT, kernel_edit}};
static const weft_signature delete_forms[] = {{{ANY, ANY}, 2, -1, WEFT_TYPE_VARIANT, kernel_delete}};
static const weft_signature strip_forms[] = {{{ANY, ANY}, 1, 2, WEFT_TYPE_VARIANT, kernel_strip}};

#define ENTRY(symbol, forms, bits, binder, usage, query, answer)                                             \
    const weft_function weft_fn_##symbol = {.name = #symbol,                                                 \
                                            .flags = WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE | (bits),           \
                                            .signatures = forms,                                             \
                                            .signature_count = 1,                                            \
                                            .bind = binder,                                                  \
                                            .open = edit_open,                                               \
                                            .close = edit_close,                                             \
                                            .help = usage,                                                   \
                                            .example = query,                                                \
                                            .example_result = answer}
#define TRIED (WEFT_FN_TRY | WEFT_FN_GIVES_NULL)

ENTRY(
    variant_insert, edit_forms, 0, bind_edit,
    "variant_insert(v, path, value): the VARIANT with the value put in; elements of an array move on, a name "
    "that is there is an error",
    "SELECT variant_insert(parse_json('{\"a\": 1}'), '$.b', 2)", "{\"a\":1,\"b\":2}");
ENTRY(try_variant_insert, edit_forms, TRIED, bind_edit,
      "try_variant_insert(v, path, value): as variant_insert, NULL where that would be an error",
      "SELECT try_variant_insert(parse_json('{\"a\": 1}'), '$.a', 2)", "NULL");
ENTRY(variant_set, edit_forms, 0, bind_edit,
      "variant_set(v, path, value[, create]): the VARIANT with the value in the place of what is there; "
      "where nothing is it is put in, unless create is false",
      "SELECT variant_set(parse_json('{\"a\": 1}'), '$.a', 2)", "{\"a\":2}");
ENTRY(try_variant_set, edit_forms, TRIED, bind_edit,
      "try_variant_set(v, path, value[, create]): as variant_set, NULL where that would be an error",
      "SELECT try_variant_set(parse_json('{\"a\": 1}'), '$.a.b', 2)", "NULL");
ENTRY(variant_array_append, edit_forms, 0, bind_edit,
      "variant_array_append(v, path, value): the VARIANT with the value behind the array that the path leads "
      "to",
      "SELECT variant_array_append(parse_json('{\"a\": [1, 2]}'), '$.a', 3)", "{\"a\":[1,2,3]}");
ENTRY(try_variant_array_append, edit_forms, TRIED, bind_edit,
      "try_variant_array_append(v, path, value): as variant_array_append, NULL where that would be an error",
      "SELECT try_variant_array_append(parse_json('{\"a\": 1}'), '$.a', 2)", "NULL");
ENTRY(variant_delete, delete_forms, 0, bind_delete,
      "variant_delete(v, path, ...): the VARIANT without what the paths lead to, one after the other",
      "SELECT variant_delete(parse_json('{\"a\": 1, \"b\": 2}'), '$.a')", "{\"b\":2}");
ENTRY(
    variant_strip_nulls, strip_forms, 0, bind_strip,
    "variant_strip_nulls(v[, arrays]): the VARIANT without fields, and elements unless arrays is false, that "
    "are null",
    "SELECT variant_strip_nulls(parse_json('{\"a\": 1, \"b\": null}'))", "{\"a\":1}");
