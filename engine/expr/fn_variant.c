/* engine/expr/fn_variant.c - functions that make VARIANT values, tell what they are, and take them apart. */
#include "engine/expr/fn_variant.h"

#include "common/mem.h"
#include "engine/expr/fn_schema.h"
#include "engine/expr/variant_cast.h"
#include "engine/expr/variant_json.h"
#include "engine/expr/variant_schema.h"

/* Of a call site in a lane. */
typedef struct variant_state {
    weft_json json;
    weft_text room;
    weft_variant_builder builder;
} variant_state;

static void variant_close(void *state)
{
    variant_state *s = state;
    if (s == NULL) return;
    weft_text_release(&s->room);
    weft_variant_builder_deinit(&s->builder);
    weft_mem_free(s);
}

static weft_status variant_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    (void)call;
    return weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(variant_state), state);
}

weft_status weft_bind_variant_arg(weft_ctx *ctx, const weft_expr **args, int32_t i, const weft_span *span)
{
    if (args[i]->type.id == WEFT_TYPE_NULL)
        return weft_expr_cast(ctx, args[i], WEFT_TYPE_OF(WEFT_TYPE_VARIANT), true, &args[i]);
    if (args[i]->type.id == WEFT_TYPE_VARIANT) return WEFT_OK;
    return weft_fail_arg_type(ctx, i, "\"VARIANT\"", args[i], span);
}

weft_status weft_bind_text_arg(weft_ctx *ctx, const weft_expr **args, int32_t i, const weft_span *span)
{
    if (args[i]->type.id != WEFT_TYPE_STRING &&
        !weft_cast_implicit(args[i]->type, WEFT_TYPE_OF(WEFT_TYPE_STRING)))
        return weft_fail_arg_type(ctx, i, "\"STRING\"", args[i], span);
    return weft_expr_cast(ctx, args[i], WEFT_TYPE_OF(WEFT_TYPE_STRING), true, &args[i]);
}

/* ---- parse_json ---- */

static weft_status bind_parse(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_VARIANT);
    if (count != 1) return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    if (args[0]->type.id == WEFT_TYPE_NULL)
        return weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_STRING), true, &args[0]);
    if (args[0]->type.id == WEFT_TYPE_STRING) return WEFT_OK;
    return weft_fail_arg_type(ctx, 0, "\"STRING\"", args[0], span);
}

static weft_status parse_row(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    weft_status st = WEFT_OK;
    variant_state *s = call->state;
    const weft_str *text = weft_arg_str(&call->args[0], i);
    const bool tried = (call->expr->call.function->flags & WEFT_FN_TRY) != 0;
    bool bad = false;
    weft_variant_builder_reset(&s->builder);
    weft_json_start(&s->json, &weft_variant_json_rules, weft_str_data(text), text->len);
    weft_json_next(&s->json);
    st = weft_variant_put_json(ctx, &s->builder, &s->json, &s->room, &bad);
    if (st == WEFT_VARIANT_DUPLICATE_KEY) { /* malformed, for parse_json */
        weft_error_clear(ctx);
        bad = true;
        st = WEFT_OK;
    }
    WEFT_TRY(st, st);
    if (!bad) return weft_variant_store(ctx, &s->builder, call->out, i);
    if (!tried) return weft_fail_malformed(ctx, call->expr, text);
    weft_vector_set_null(call->out, i);
done:
    return st;
}

static weft_status kernel_parse(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        WEFT_TRY(st, parse_row(ctx, call, i));
    }
done:
    return st;
}

/* ---- what it is ---- */

static weft_status bind_one(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                            const weft_span *span, int32_t *variant, weft_type *type)
{
    *variant = 0;
    *type = WEFT_TYPE_OF(fn->signatures[0].result);
    if (count != 1) return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    return weft_bind_variant_arg(ctx, args, 0, span);
}

/* NULL is no value of VARIANT, so not its null either. */
static weft_status kernel_is_null(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        uint8_t *out = (uint8_t *)call->out->values + i;
        *out = false;
        if (weft_column_is_null(&call->args[0], i)) continue;
        const weft_variant v = weft_arg_variant(&call->args[0], i);
        *out = weft_variant_is_null(&v);
    }
    return WEFT_OK;
}

/* Values were checked where they came in. */
static weft_status kernel_is_valid(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const weft_str *bytes = weft_arg_str(&call->args[0], i);
        ((uint8_t *)call->out->values)[i] = weft_variant_check(weft_str_data(bytes), bytes->len) ==
                                            WEFT_VARIANT_GOOD;
    }
    return WEFT_OK;
}

static weft_status kernel_schema_of(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    variant_state *s = call->state;
    weft_text text = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const weft_variant v = weft_arg_variant(&call->args[0], i);
        weft_variant schema;
        weft_variant_builder_reset(&s->builder);
        text.len = 0;
        WEFT_TRY(st, weft_variant_put_schema(ctx, &s->builder, &v));
        WEFT_TRY(st, weft_variant_take(ctx, &s->builder, &s->room, &schema));
        WEFT_TRY(st, weft_variant_schema_text(ctx, &schema, &text));
        WEFT_TRY(st, weft_vector_set_string(ctx, call->out, i, text.bytes, (uint32_t)text.len));
    }
done:
    weft_text_release(&text);
    return st;
}

/* ---- to_variant_object ---- */

static weft_status bind_object(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                               const weft_span *span, int32_t *variant, weft_type *type)
{
    char text[256];
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_VARIANT);
    if (count != 1) return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    if (weft_type_is_nested(args[0]->type) && weft_variant_makeable(args[0]->type, true)) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_CAST, span, "cannot cast \"%s\" to \"VARIANT\"",
                        weft_type_text(args[0]->type, text, sizeof text));
}

static weft_status kernel_object(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    variant_state *s = call->state;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        weft_variant_builder_reset(&s->builder);
        WEFT_TRY(st, weft_variant_put_column(ctx, &s->builder, &call->args[0], i));
        WEFT_TRY(st, weft_variant_store(ctx, &s->builder, call->out, i));
    }
done:
    return st;
}

/* ---- the rows of variant_explode ---- */

/* variant_explode(v) in a query is inline((variant_rows)(v)): an array of structs. */
static weft_status bind_rows(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    static const char *const names[] = {"pos", "key", "value"};
    const weft_type types[] = {WEFT_TYPE_OF(WEFT_TYPE_INT), WEFT_TYPE_OF(WEFT_TYPE_STRING),
                               WEFT_TYPE_OF(WEFT_TYPE_VARIANT)};
    weft_status st = WEFT_OK;
    *variant = 0;
    if (count != 1) return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    WEFT_TRY(st, weft_bind_variant_arg(ctx, args, 0, span));
    WEFT_TRY(st, weft_type_make_struct(ctx, names, types, 3, type));
    WEFT_TRY(st, weft_type_make_array(ctx, *type, type));
done:
    return st;
}

static weft_status put_row(weft_ctx *ctx, variant_state *s, const weft_variant *v, int32_t i,
                           weft_vector *rows, int32_t slot)
{
    weft_status st = WEFT_OK;
    weft_variant part;
    const char *name = NULL;
    uint32_t len = 0;
    weft_vector *fields = rows->children;
    if (rows->column.validity != NULL) weft_bit_set(rows->validity, slot);
    for (int32_t f = 0; f < 3; f++) {
        if (fields[f].column.validity != NULL) weft_bit_set(fields[f].validity, slot);
    }
    ((int32_t *)fields[0].values)[slot] = i;
    if (weft_variant_kind_of(v) == WEFT_VARIANT_OBJECT) {
        part = weft_variant_field(v, i, &name, &len);
        WEFT_TRY(st, weft_vector_set_string(ctx, &fields[1], slot, name, len));
    } else {
        part = weft_variant_element(v, i);
        weft_vector_set_null(&fields[1], slot);
    }
    weft_variant_builder_reset(&s->builder);
    WEFT_TRY(st, weft_variant_put_copy(ctx, &s->builder, &part));
    WEFT_TRY(st, weft_variant_store(ctx, &s->builder, &fields[2], slot));
done:
    return st;
}

static weft_status kernel_rows(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int32_t first = 0;
        if (weft_call_skip_null(call, i)) continue;
        const weft_variant v = weft_arg_variant(&call->args[0], i);
        const int32_t count = weft_variant_kind_of(&v) >= WEFT_VARIANT_OBJECT ? weft_variant_count(&v) : 0;
        WEFT_TRY(st, weft_vector_add_list(ctx, call->out, i, count, &first));
        for (int32_t n = 0; n < count; n++)
            WEFT_TRY(st, put_row(ctx, call->state, &v, n, &call->out->children[0], first + n));
    }
done:
    return st;
}

/* ---- registry ---- */

#define ANY WEFT_TYPE_COUNT

static const weft_signature parse_forms[] = {{{ANY}, 1, 1, WEFT_TYPE_VARIANT, kernel_parse}};
static const weft_signature is_null_forms[] = {{{ANY}, 1, 1, WEFT_TYPE_BOOLEAN, kernel_is_null}};
static const weft_signature is_valid_forms[] = {{{ANY}, 1, 1, WEFT_TYPE_BOOLEAN, kernel_is_valid}};
static const weft_signature schema_forms[] = {{{ANY}, 1, 1, WEFT_TYPE_STRING, kernel_schema_of}};
static const weft_signature object_forms[] = {{{ANY}, 1, 1, WEFT_TYPE_VARIANT, kernel_object}};
static const weft_signature rows_forms[] = {{{ANY}, 1, 1, WEFT_TYPE_ARRAY, kernel_rows}};

#define ENTRY(symbol, text, forms, bits, binder, usage, query, answer)                                       \
    const weft_function weft_fn_##symbol = {.name = text,                                                    \
                                            .flags = WEFT_FN_NULL_OWN | (bits),                              \
                                            .signatures = forms,                                             \
                                            .signature_count = 1,                                            \
                                            .bind = binder,                                                  \
                                            .open = variant_open,                                            \
                                            .close = variant_close,                                          \
                                            .help = usage,                                                   \
                                            .example = query,                                                \
                                            .example_result = answer}

ENTRY(parse_json, "parse_json", parse_forms, WEFT_FN_FALLIBLE, bind_parse,
      "parse_json(text): a JSON text as a VARIANT", "SELECT parse_json('{\"a\":1,\"b\":0.8}')",
      "{\"a\":1,\"b\":0.8}");
ENTRY(try_parse_json, "try_parse_json", parse_forms, WEFT_FN_TRY | WEFT_FN_GIVES_NULL, bind_parse,
      "try_parse_json(text): as parse_json, NULL where the text is malformed",
      "SELECT try_parse_json('{\"a\":1,')", "NULL");
ENTRY(is_variant_null, "is_variant_null", is_null_forms, WEFT_FN_NEVER_NULL, bind_one,
      "is_variant_null(v): is the VARIANT the null of JSON? NULL is not",
      "SELECT is_variant_null(parse_json('null'))", "true");
ENTRY(is_valid_variant, "is_valid_variant", is_valid_forms, 0, bind_one,
      "is_valid_variant(v): are the bytes of the VARIANT well-formed?",
      "SELECT is_valid_variant(parse_json('[{\"b\":true,\"a\":0}]'))", "true");
ENTRY(schema_of_variant, "schema_of_variant", schema_forms, 0, bind_one,
      "schema_of_variant(v): the type of a VARIANT's value, as SQL",
      "SELECT schema_of_variant(parse_json('[{\"b\":true,\"a\":0}]'))",
      "ARRAY<OBJECT<a: BIGINT, b: BOOLEAN>>");
ENTRY(to_variant_object, "to_variant_object", object_forms, WEFT_FN_FALLIBLE, bind_object,
      "to_variant_object(value): an array, map or struct as a VARIANT; maps and structs become objects",
      "SELECT to_variant_object(named_struct('a', 1, 'b', 2))", "{\"a\":1,\"b\":2}");
/* What the analyser makes of variant_explode(): its name is none that a query can write. */
ENTRY(variant_rows, "(variant_explode)", rows_forms, 0, bind_rows,
      "(variant_explode)(v): the elements or fields of a VARIANT as an array of structs",
      "SELECT * FROM variant_explode(parse_json('[true]'))", "0 NULL true");
