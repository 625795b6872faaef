/* engine/expr/fn_json.c - functions that read JSON text as it is: get_json_object, json_array_length,
 * json_object_keys, and the rows of the generator json_tuple.
 *
 * They read as Hive did: single quotes and control characters in strings are allowed, NaN is not. A malformed
 * text gives NULL. */
#include "engine/expr/fn_json.h"

#include "common/mem.h"
#include "engine/expr/json_path.h"

static const weft_json_rules hive_rules = {.allow = WEFT_JSON_SINGLE_QUOTES | WEFT_JSON_CONTROL_CHARS,
                                           .depth_max = WEFT_JSON_DEPTH};

/* Of a call site in a lane. */
typedef struct json_state {
    weft_json json;
    weft_text room, out;
    weft_json_path *path; /* of a literal path; NULL when that is no path, or the path is no literal */
    bool literal;
} json_state;

static void json_close(void *state)
{
    json_state *s = state;
    if (s == NULL) return;
    weft_text_release(&s->room);
    weft_text_release(&s->out);
    weft_mem_free(s->path);
    weft_mem_free(s);
}

static weft_status json_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    json_state *s = NULL;
    const weft_value *path = weft_call_literal(call, 1);
    *state = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *s, (void **)&s));
    *state = s;
    s->literal = path != NULL && call->arg_count == 2 && call->type.id == WEFT_TYPE_STRING;
    if (s->literal) WEFT_TRY(st, weft_json_path_new(ctx, weft_str_data(&path->str), path->str.len, &s->path));
done:
    return st;
}

weft_status weft_bind_json_args(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t low,
                                int32_t high, int32_t count, const weft_span *span)
{
    weft_status st = WEFT_OK;
    if (count < low || (high >= 0 && count > high))
        return weft_fail_arg_count(ctx, fn->name, low, high, count, span);
    for (int32_t i = 0; i < low; i++) {
        if (args[i]->type.id == WEFT_TYPE_NULL)
            WEFT_TRY(st, weft_expr_cast(ctx, args[i], WEFT_TYPE_OF(WEFT_TYPE_STRING), true, &args[i]));
        if (args[i]->type.id != WEFT_TYPE_STRING)
            WEFT_TRY(st, weft_fail_arg_type(ctx, i, "\"STRING\"", args[i], span));
    }
done:
    return st;
}

/* ---- get_json_object ---- */

static weft_status bind_object(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                               const weft_span *span, int32_t *variant, weft_type *type)
{
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    return weft_bind_json_args(ctx, fn, args, 2, 2, count, span);
}

static weft_status get_object(weft_ctx *ctx, weft_kernel_call *call, json_state *s, int32_t i)
{
    weft_status st = WEFT_OK;
    const weft_str *text = weft_arg_str(&call->args[0], i), *path = weft_arg_str(&call->args[1], i);
    bool found = false;
    if (!s->literal) {
        weft_mem_free(s->path);
        s->path = NULL;
        WEFT_TRY(st, weft_json_path_new(ctx, weft_str_data(path), path->len, &s->path));
    }
    s->out.len = 0;
    if (s->path != NULL) {
        weft_json_start(&s->json, &hive_rules, weft_str_data(text), text->len);
        WEFT_TRY(st, weft_json_path_find(ctx, s->path, &s->json, &s->room, &s->out, &found));
    }
    if (found)
        WEFT_TRY(st, weft_vector_set_string(ctx, call->out, i, s->out.bytes, (uint32_t)s->out.len));
    else
        weft_vector_set_null(call->out, i);
done:
    return st;
}

static weft_status kernel_object(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        WEFT_TRY(st, get_object(ctx, call, call->state, i));
    }
done:
    return st;
}

/* ---- json_array_length, json_object_keys ---- */

static weft_status bind_length(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                               const weft_span *span, int32_t *variant, weft_type *type)
{
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_INT);
    return weft_bind_json_args(ctx, fn, args, 1, 1, count, span);
}

/* Elements of the array that is the text; -1 when it is none. */
static int32_t array_length(weft_json *json)
{
    int32_t count = 0;
    if (weft_json_next(json) != WEFT_JSON_ARRAY) return -1;
    for (; weft_json_next(json) != WEFT_JSON_ARRAY_END; count++) {
        if (!weft_json_skip(json)) return -1;
    }
    return count;
}

static weft_status kernel_length(weft_ctx *ctx, weft_kernel_call *call)
{
    json_state *s = call->state;
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const weft_str *text = weft_arg_str(&call->args[0], i);
        weft_json_start(&s->json, &hive_rules, weft_str_data(text), text->len);
        const int32_t count = array_length(&s->json);
        if (count < 0)
            weft_vector_set_null(call->out, i);
        else
            ((int32_t *)call->out->values)[i] = count;
    }
    return WEFT_OK;
}

static weft_status bind_keys(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    *variant = 0;
    WEFT_TRY(st, weft_bind_json_args(ctx, fn, args, 1, 1, count, span));
    WEFT_TRY(st, weft_type_make_array(ctx, WEFT_TYPE_OF(WEFT_TYPE_STRING), type));
done:
    return st;
}

/* The names of the object that is the text, counted and, where there is a child, put from its slot `first`
 * on; count -1 when it is no object. */
static weft_status object_keys(weft_ctx *ctx, json_state *s, weft_vector *child, int32_t first,
                               int32_t *count)
{
    weft_status st = WEFT_OK;
    *count = 0;
    if (weft_json_next(&s->json) != WEFT_JSON_OBJECT) *count = -1;
    while (*count >= 0 && weft_json_next(&s->json) != WEFT_JSON_OBJECT_END) {
        const char *bytes = NULL;
        size_t len = 0;
        if (s->json.token == WEFT_JSON_BAD) {
            *count = -1;
            break;
        }
        WEFT_TRY(st, weft_json_value(ctx, &s->json, WEFT_JSON_LONE_MARK, &s->room, &bytes, &len));
        if (child != NULL)
            WEFT_TRY(st, weft_vector_set_string(ctx, child, first + *count, bytes, (uint32_t)len));
        ++*count;
        if (weft_json_next(&s->json) == WEFT_JSON_BAD || !weft_json_skip(&s->json)) *count = -1;
    }
done:
    return st;
}

static weft_status kernel_keys(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    json_state *s = call->state;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int32_t count = 0, first = 0;
        if (weft_call_skip_null(call, i)) continue;
        const weft_str *text = weft_arg_str(&call->args[0], i);
        weft_json_start(&s->json, &hive_rules, weft_str_data(text), text->len);
        WEFT_TRY(st, object_keys(ctx, s, NULL, 0, &count));
        if (count < 0) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        WEFT_TRY(st, weft_vector_add_list(ctx, call->out, i, count, &first));
        weft_json_start(&s->json, &hive_rules, weft_str_data(text), text->len);
        WEFT_TRY(st, object_keys(ctx, s, &call->out->children[0], first, &count));
    }
done:
    return st;
}

/* ---- json_tuple ---- */

/* json_tuple(text, names …) in a query is inline(json_tuple_rows(text, names …)): an array of one struct. */
static weft_status bind_rows(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const char **names = NULL;
    weft_type *types = NULL;
    (void)fn;
    *variant = 0;
    if (count < 2) {
        return weft_fail_at(ctx, WEFT_WRONG_NUM_ARGS, span,
                            "The `json_tuple` requires > 1 parameters but the actual number is %d.", count);
    }
    for (int32_t i = 0; i < count; i++) {
        if (args[i]->type.id == WEFT_TYPE_STRING) continue;
        return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NON_STRING, span,
                            "all arguments of the function `json_tuple` must be strings, but argument %d is "
                            "none",
                            i + 1);
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &names));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &types));
    for (int32_t i = 0; i + 1 < count; i++) {
        char *name = NULL;
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &name, "c%d", i));
        names[i] = name;
        types[i] = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    }
    WEFT_TRY(st, weft_type_make_struct(ctx, names, types, count - 1, type));
    WEFT_TRY(st, weft_type_make_array(ctx, *type, type));
done:
    return st;
}

/* The value at hand, not null, as text in s->out. */
static weft_status tuple_value(weft_ctx *ctx, json_state *s, bool *failed)
{
    weft_status st = WEFT_OK;
    const char *bytes = NULL;
    size_t len = 0;
    s->out.len = 0;
    if (s->json.token != WEFT_JSON_STRING)
        return weft_json_copy(ctx, &s->json, WEFT_JSON_ESCAPE_PAIRS, &s->room, &s->out, failed);
    WEFT_TRY(st, weft_json_value(ctx, &s->json, WEFT_JSON_LONE_FAIL, &s->room, &bytes, &len));
    *failed = bytes == NULL;
    if (bytes != NULL) WEFT_TRY(st, weft_text_append(ctx, &s->out, bytes, len));
done:
    return st;
}

/* The first argument that is the name at hand; 0: none. */
static weft_status tuple_find(weft_ctx *ctx, weft_kernel_call *call, int32_t i, int32_t *found)
{
    weft_status st = WEFT_OK;
    json_state *s = call->state;
    const char *bytes = NULL;
    size_t len = 0;
    *found = 0;
    WEFT_TRY(st, weft_json_value(ctx, &s->json, WEFT_JSON_LONE_KEEP, &s->room, &bytes, &len));
    for (int32_t a = 1; a < call->arg_count && *found == 0; a++) {
        if (weft_column_is_null(&call->args[a], i)) continue;
        const weft_str *name = weft_arg_str(&call->args[a], i);
        if (name->len == len && memcmp(weft_str_data(name), bytes, len) == 0) *found = a;
    }
done:
    return st;
}

/* The fields of the object that is row i's text, in slot `slot` of the vectors. */
static weft_status tuple_fields(weft_ctx *ctx, weft_kernel_call *call, int32_t i, weft_vector *fields,
                                int32_t slot, bool *failed)
{
    weft_status st = WEFT_OK;
    json_state *s = call->state;
    *failed = weft_json_next(&s->json) != WEFT_JSON_OBJECT;
    while (!*failed && weft_json_next(&s->json) == WEFT_JSON_NAME) {
        int32_t found = 0;
        WEFT_TRY(st, tuple_find(ctx, call, i, &found));
        weft_json_next(&s->json);
        if (found == 0 || s->json.token == WEFT_JSON_NULL) {
            *failed = !weft_json_skip(&s->json);
            continue;
        }
        WEFT_TRY(st, tuple_value(ctx, s, failed));
        for (int32_t a = found; a < call->arg_count && !*failed; a++) { /* one name may be wanted twice */
            if (weft_column_is_null(&call->args[a], i)) continue;
            if (!weft_str_equal(weft_arg_str(&call->args[a], i), weft_arg_str(&call->args[found], i)))
                continue;
            WEFT_TRY(st,
                     weft_vector_set_string(ctx, &fields[a - 1], slot, s->out.bytes, (uint32_t)s->out.len));
            weft_bit_set(fields[a - 1].validity, slot);
        }
    }
    *failed |= s->json.token == WEFT_JSON_BAD;
done:
    return st;
}

static weft_status kernel_rows(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    json_state *s = call->state;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int32_t slot = 0;
        bool failed = true;
        WEFT_TRY(st, weft_vector_add_list(ctx, call->out, i, 1, &slot));
        weft_vector *fields = call->out->children[0].children;
        for (int32_t a = 0; a + 1 < call->arg_count; a++) weft_vector_set_null(&fields[a], slot);
        if (weft_column_is_null(&call->args[0], i)) continue;
        const weft_str *text = weft_arg_str(&call->args[0], i);
        weft_json_start(&s->json, &hive_rules, weft_str_data(text), text->len);
        WEFT_TRY(st, tuple_fields(ctx, call, i, fields, slot, &failed));
        for (int32_t a = 0; failed && a + 1 < call->arg_count; a++) weft_vector_set_null(&fields[a], slot);
    }
done:
    return st;
}

/* ---- registry ---- */

#define ANY WEFT_TYPE_COUNT

static const weft_signature object_forms[] = {{{ANY, ANY}, 2, 2, WEFT_TYPE_STRING, kernel_object}};
static const weft_signature length_forms[] = {{{ANY}, 1, 1, WEFT_TYPE_INT, kernel_length}};
static const weft_signature keys_forms[] = {{{ANY}, 1, 1, WEFT_TYPE_ARRAY, kernel_keys}};
static const weft_signature rows_forms[] = {{{ANY}, 2, -1, WEFT_TYPE_ARRAY, kernel_rows}};

#define ENTRY(symbol, text, forms, binder, usage, query, answer)                                             \
    const weft_function weft_fn_##symbol = {.name = text,                                                    \
                                            .flags = WEFT_FN_NULL_OWN,                                       \
                                            .signatures = forms,                                             \
                                            .signature_count = 1,                                            \
                                            .bind = binder,                                                  \
                                            .open = json_open,                                               \
                                            .close = json_close,                                             \
                                            .help = usage,                                                   \
                                            .example = query,                                                \
                                            .example_result = answer}

ENTRY(get_json_object, "get_json_object", object_forms, bind_object,
      "get_json_object(text, path): what the path finds in a JSON text",
      "SELECT get_json_object('{\"a\":\"b\"}', '$.a')", "b");
ENTRY(json_array_length, "json_array_length", length_forms, bind_length,
      "json_array_length(text): the number of elements of the outermost JSON array, or NULL",
      "SELECT json_array_length('[1,2,3,{\"f1\":1,\"f2\":[5,6]},4]')", "5");
ENTRY(json_object_keys, "json_object_keys", keys_forms, bind_keys,
      "json_object_keys(text): the names of the outermost JSON object as an array, or NULL",
      "SELECT json_object_keys('{\"f1\":\"abc\",\"f2\":{\"f3\":\"a\", \"f4\":\"b\"}}')", "[f1, f2]");
/* What the analyser makes of json_tuple(): its name is none that a query can write. */
ENTRY(json_tuple_rows, "(json_tuple)", rows_forms, bind_rows,
      "(json_tuple)(text, name, ...): an array of one struct, the fields of a JSON object",
      "SELECT json_tuple('{\"a\":1, \"b\":2}', 'a', 'b')", "1 2");
