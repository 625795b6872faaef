/* engine/expr/fn_json_schema.c - functions of JSON text and a type: from_json, to_json, schema_of_json.
 * Schema and options are constants; kernels read them from the literals that binding left. */
#include <stddef.h>
#include <string.h>

#include "common/mem.h"
#include "engine/expr/fn_schema.h"
#include "engine/expr/json_convert.h"
#include "engine/expr/json_format.h"
#include "engine/expr/json_infer.h"
#include "engine/expr/type_sql.h"

/* Of a call site in a lane; what a function has no use for stays zero. */
typedef struct schema_state {
    weft_json_options options;
    weft_json_convert *convert;
    weft_json_infer *infer;
    weft_json_format format;
    weft_text text;
    int32_t corrupt; /* the field that gets bad texts, or -1 */
} schema_state;

static void schema_close(void *state)
{
    schema_state *s = state;
    if (s == NULL) return;
    weft_json_convert_free(&s->convert);
    weft_json_infer_free(&s->infer);
    weft_json_format_close(&s->format);
    weft_text_release(&s->text);
    weft_mem_free(s);
}

/* ---- options ---- */

static weft_status set_rule(weft_ctx *ctx, void *rules, const char *key, const char *value)
{
    bool known = false;
    return weft_json_option_set(ctx, rules, key, value, &known); /* unknown keys are ignored, as in Spark */
}

static const weft_text_format json = {"json", &weft_json_defaults, sizeof(weft_json_options), set_rule};

static weft_status json_open(weft_ctx *ctx, const weft_expr *call, int32_t options_at, void **state)
{
    return weft_schema_state_new(ctx, &json, call, options_at, sizeof(schema_state),
                                 offsetof(schema_state, options), state);
}

/* ---- from_json ---- */

weft_status weft_expect_single_variant(weft_ctx *ctx, weft_type type, const char *corrupt,
                                       const weft_span *span)
{
    char text[256];
    int32_t variants = 0, others = 0;
    for (int32_t i = 0; i < type.child_count; i++) {
        const weft_field *field = &type.children[i];
        if (field->type.id == WEFT_TYPE_VARIANT)
            variants++;
        else
            others += field->type.id != WEFT_TYPE_STRING || strcmp(field->name, corrupt) != 0;
    }
    if (type.id == WEFT_TYPE_STRUCT && variants == 1 && others == 0) return WEFT_OK;
    return weft_fail_at(
        ctx, WEFT_SINGLE_VARIANT_COLUMN, span,
        "User specified schema \"%s\" is invalid when the `singleVariantColumn` option is "
        "enabled. The schema must either be a variant field, or a variant field plus a corrupt "
        "column field.",
        weft_type_text(type, text, sizeof text));
}

static weft_status bind_from_json(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                  int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    char text[256];
    weft_json_options options;
    weft_json_convert *convert = NULL;
    *variant = 0;
    WEFT_TRY(st, weft_bind_json_args(ctx, fn, args, 1, 3, count, span));
    if (count < 2) WEFT_TRY(st, weft_fail_arg_count(ctx, fn->name, 2, 3, count, span));
    WEFT_TRY(st, weft_bind_schema(ctx, fn, args, 1, span, type));
    WEFT_TRY(st, weft_bind_rules(ctx, &json, fn, args, 2, count, span, &options));
    (void)weft_type_text(*type, text, sizeof text);
    if (!weft_type_is_nested(*type) && type->id != WEFT_TYPE_VARIANT)
        WEFT_TRY(st,
                 weft_fail_at(ctx, WEFT_INVALID_JSON_SCHEMA, span,
                              "Input schema \"%s\" must be a struct, an array, a map or a variant.", text));
    if (!weft_has_text_keys(*type))
        WEFT_TRY(st,
                 weft_fail_at(ctx, WEFT_INVALID_JSON_MAP_KEY, span,
                              "Input schema \"%s\" can only contain STRING as a key type for a MAP.", text));
    WEFT_TRY(st, weft_refuse_drop(ctx, fn, options.mode, span));
    if (options.single_variant != NULL)
        WEFT_TRY(st, weft_expect_single_variant(ctx, *type, options.corrupt, span));
    WEFT_TRY(st, weft_json_convert_new(ctx, &options, *type, -1, &convert)); /* says what cannot be read */
done:
    weft_json_convert_free(&convert);
    return st;
}

static weft_status open_from_json(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, json_open(ctx, call, 2, state));
    schema_state *const s = *state;
    WEFT_TRY(st, weft_call_corrupt(ctx, call, &s->options, &s->corrupt));
    WEFT_TRY(st, weft_json_convert_new(ctx, &s->options, call->type, s->corrupt, &s->convert));
done:
    return st;
}

static weft_status from_json_row(weft_ctx *ctx, weft_kernel_call *call, const weft_str *text, int32_t i)
{
    weft_status st = WEFT_OK;
    schema_state *s = call->state;
    weft_vector *out = call->out;
    weft_json_outcome outcome = WEFT_JSON_NO;
    const bool is_struct = out->column.type.id == WEFT_TYPE_STRUCT;
    WEFT_TRY(st, weft_json_convert_text(ctx, s->convert, weft_str_data(text), text->len, out, i, &outcome));
    if (s->options.mode == WEFT_JSON_FAIL && (outcome == WEFT_JSON_NO || outcome == WEFT_JSON_PART))
        return weft_fail_malformed(ctx, call->expr, text);
    if (outcome == WEFT_JSON_NO_TEXT || (outcome == WEFT_JSON_NO && !is_struct)) {
        weft_vector_set_null(out, i);
        goto done;
    }
    if (!is_struct) goto done;
    if (out->column.validity != NULL) weft_bit_set(out->validity, i);
    for (int32_t k = 0; outcome == WEFT_JSON_NO && k < out->column.child_count; k++)
        weft_vector_set_null(&out->children[k], i);
    if (s->corrupt >= 0 && outcome != WEFT_JSON_GOOD) {
        weft_vector *corrupt = &out->children[s->corrupt];
        if (corrupt->column.validity != NULL) weft_bit_set(corrupt->validity, i);
        ((weft_str *)corrupt->values)[i] = *text;
    }
done:
    return st;
}

static weft_status kernel_from_json(weft_ctx *ctx, weft_kernel_call *call)
{
    return weft_each_text(ctx, call, from_json_row);
}

/* ---- to_json ---- */

static weft_status bind_to_json(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    char text[256];
    weft_json_options options;
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    if (count < 1 || count > 2) return weft_fail_arg_count(ctx, fn->name, 1, 2, count, span);
    const weft_type_id from = (weft_type_id)args[0]->type.id;
    if (!weft_type_is_nested(args[0]->type) && from != WEFT_TYPE_VARIANT && from != WEFT_TYPE_NULL)
        return weft_fail_at(ctx, WEFT_INVALID_JSON_SCHEMA, span,
                            "Input schema \"%s\" must be a struct, an array, a map or a variant.",
                            weft_type_text(args[0]->type, text, sizeof text));
    WEFT_TRY(st, weft_bind_rules(ctx, &json, fn, args, 1, count, span, &options));
done:
    return st;
}

static weft_status open_to_json(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, json_open(ctx, call, 1, state));
    schema_state *const s = *state;
    WEFT_TRY(st, weft_json_format_open(ctx, &s->options, &s->format));
done:
    return st;
}

static weft_status kernel_to_json(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    schema_state *s = call->state;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        s->text.len = 0;
        WEFT_TRY(st, weft_nested_json(ctx, s->format.zone, &s->format.style, &call->args[0], i, &s->text));
        WEFT_TRY(st, weft_vector_set_string(ctx, call->out, i, s->text.bytes, (uint32_t)s->text.len));
    }
done:
    return st;
}

/* ---- schema_of_json ---- */

static weft_status bind_schema_of(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                  int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    return weft_bind_schema_of(ctx, &json, fn, args, count, span, variant, type);
}

static weft_status open_schema_of(weft_ctx *ctx, const weft_expr *call, void **state)
{
    return json_open(ctx, call, 1, state);
}

static weft_status kernel_schema_of(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    schema_state *s = call->state;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const weft_str *text = weft_arg_str(&call->args[0], i);
        weft_type type;
        bool bad = false;
        weft_json_infer_free(&s->infer);
        WEFT_TRY(st, weft_json_infer_new(ctx, &s->options, &s->infer));
        WEFT_TRY(st, weft_json_infer_value(ctx, s->infer, weft_str_data(text), text->len, &bad));
        if (bad) return weft_fail_malformed(ctx, call->expr, text);
        WEFT_TRY(st, weft_json_infer_type(ctx, s->infer, NULL, &type));
        s->text.len = 0;
        WEFT_TRY(st, weft_text_append_type(ctx, &s->text, type));
        WEFT_TRY(st, weft_vector_set_string(ctx, call->out, i, s->text.bytes, (uint32_t)s->text.len));
    }
done:
    return st;
}

/* ---- registry ---- */

#define ANY WEFT_TYPE_COUNT

static const weft_signature from_forms[] = {{{ANY, ANY, ANY}, 2, 3, ANY, kernel_from_json}};
static const weft_signature to_forms[] = {{{ANY, ANY}, 1, 2, WEFT_TYPE_STRING, kernel_to_json}};
static const weft_signature schema_forms[] = {{{ANY, ANY}, 1, 2, WEFT_TYPE_STRING, kernel_schema_of}};

#define ENTRY(symbol, forms, bits, binder, opener, usage, query, answer)                                     \
    WEFT_SCHEMA_ENTRY(symbol, forms, bits, binder, opener, schema_close, usage, query, answer)

ENTRY(from_json, from_forms, WEFT_FN_FALLIBLE, bind_from_json, open_from_json,
      "from_json(text, schema[, options]): a JSON text as a value of this type",
      "SELECT from_json('{\"a\":1, \"b\":0.8}', 'a INT, b DOUBLE')", "{1, 0.8}");
ENTRY(to_json, to_forms, 0, bind_to_json, open_to_json,
      "to_json(value[, options]): a struct, array or map as JSON text",
      "SELECT to_json(named_struct('a', 1, 'b', 2))", "{\"a\":1,\"b\":2}");
ENTRY(schema_of_json, schema_forms, WEFT_FN_FALLIBLE, bind_schema_of, open_schema_of,
      "schema_of_json(text[, options]): the type of a JSON text", "SELECT schema_of_json('[{\"col\":0}]')",
      "ARRAY<STRUCT<col: BIGINT>>");
