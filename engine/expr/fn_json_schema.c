/* engine/expr/fn_json_schema.c - functions of JSON text and a type: from_json, to_json, schema_of_json.
 * Schema and options are constants; kernels read them from the literals that binding left. */
#include <ctype.h>
#include <string.h>

#include "common/mem.h"
#include "engine/expr/fn_json.h"
#include "engine/expr/json_convert.h"
#include "engine/expr/json_format.h"
#include "engine/expr/json_infer.h"
#include "engine/expr/json_schema.h"

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

/* The entries of a literal map of strings; its texts in ctx->arena. Unknown keys are ignored, as in Spark. */
static weft_status read_options(weft_ctx *ctx, const weft_value *map, weft_json_options *out)
{
    weft_status st = WEFT_OK;
    weft_column column;
    bool known;
    *out = weft_json_defaults;
    if (map == NULL) return WEFT_OK;
    WEFT_TRY(st, weft_nested_constant(ctx, map->type, &map->str, &column));
    const weft_list list = *(const weft_list *)column.data;
    const weft_column *keys = &column.children[0].children[0], *values = &column.children[0].children[1];
    for (int32_t i = list.offset; i < list.offset + list.length; i++) {
        char *key = NULL, *value = NULL;
        if (weft_column_is_null(values, i)) continue;
        const weft_str *k = weft_column_value(keys, i), *v = weft_column_value(values, i);
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(k), k->len, &key));
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(v), v->len, &value));
        WEFT_TRY(st, weft_json_option_set(ctx, out, key, value, &known));
    }
done:
    return st;
}

/* args[i], if there is one, becomes the literal that it is: a map of strings. */
static weft_status bind_options(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t i,
                                int32_t count, const weft_span *span, weft_json_options *out)
{
    weft_status st = WEFT_OK;
    *out = weft_json_defaults;
    if (i >= count) return WEFT_OK;
    const weft_type type = args[i]->type;
    const bool texts = type.id == WEFT_TYPE_MAP && type.children[0].type.id == WEFT_TYPE_STRING &&
                       type.children[1].type.id == WEFT_TYPE_STRING;
    if (!texts) return weft_fail_arg_type(ctx, fn->name, i, "\"MAP<STRING, STRING>\"", args[i], span);
    WEFT_TRY(st, weft_expr_fold(ctx, args[i], &args[i]));
    if (args[i]->kind != WEFT_EXPR_LITERAL || args[i]->literal.is_null)
        return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                            "the options of %s() must be a constant map", fn->name);
    WEFT_TRY(st, read_options(ctx, &args[i]->literal, out));
done:
    return st;
}

static weft_status open_state(weft_ctx *ctx, const weft_expr *call, int32_t options_at, schema_state **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof **out, (void **)out));
    (*out)->corrupt = -1;
    WEFT_TRY(st, read_options(ctx, weft_call_literal(call, options_at), &(*out)->options));
done:
    return st;
}

/* ---- from_json ---- */

/* Every map has strings as keys. */
static bool has_text_keys(weft_type type)
{
    if (type.id == WEFT_TYPE_MAP && type.children[0].type.id != WEFT_TYPE_STRING) return false;
    for (int32_t i = 0; i < type.child_count; i++) {
        if (!has_text_keys(type.children[i].type)) return false;
    }
    return true;
}

/* "a INT, b STRING" or any type, or a StructType as JSON. */
static weft_status parse_schema(weft_ctx *ctx, const weft_str *text, const weft_span *span, weft_type *out)
{
    weft_status st = WEFT_OK;
    char *copy = NULL, *fields = NULL;
    size_t blank = 0;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(text), text->len, &copy));
    while (isspace((unsigned char)copy[blank])) blank++;
    if (copy[blank] == 0)
        return weft_fail_at(ctx, WEFT_PARSE_EMPTY_STATEMENT, span,
                            "Syntax error, unexpected empty statement.");
    if (copy[blank] == '{') return weft_json_schema_parse(ctx, copy + blank, span, out);
    if (weft_type_parse(ctx, copy, out) == WEFT_OK) return WEFT_OK;
    weft_error_clear(ctx);
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &fields, "struct<%s>", copy));
    if (weft_type_parse(ctx, fields, out) == WEFT_OK) return WEFT_OK;
    weft_error_clear(ctx);
    st = weft_fail_at(ctx, WEFT_PARSE_SYNTAX_ERROR, span,
                      "\"%.200s\" is neither a type nor a list of columns", copy);
done:
    return st;
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
    WEFT_TRY(st, weft_expr_fold(ctx, args[1], &args[1]));
    const weft_expr *schema = args[1];
    if (schema->kind != WEFT_EXPR_LITERAL || schema->type.id != WEFT_TYPE_STRING || schema->literal.is_null) {
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_INVALID_SCHEMA_TEXT, span,
                                  "The schema of from_json() must be a constant string that is not NULL."));
    }
    WEFT_TRY(st, parse_schema(ctx, &schema->literal.str, span, type));
    WEFT_TRY(st, bind_options(ctx, fn, args, 2, count, span, &options));
    (void)weft_type_text(*type, text, sizeof text);
    if (!weft_type_is_nested(*type))
        WEFT_TRY(st,
                 weft_fail_at(ctx, WEFT_INVALID_JSON_SCHEMA, span,
                              "Input schema \"%s\" must be a struct, an array, a map or a variant.", text));
    if (!has_text_keys(*type))
        WEFT_TRY(st,
                 weft_fail_at(ctx, WEFT_INVALID_JSON_MAP_KEY, span,
                              "Input schema \"%s\" can only contain STRING as a key type for a MAP.", text));
    if (options.mode == WEFT_JSON_DROP)
        WEFT_TRY(st,
                 weft_fail_at(ctx, WEFT_PARSE_MODE_UNSUPPORTED, span,
                              "The function `from_json` doesn't support the DROPMALFORMED mode. Acceptable "
                              "modes are PERMISSIVE and FAILFAST."));
    WEFT_TRY(st, weft_json_convert_new(ctx, &options, *type, -1, &convert)); /* says what cannot be read */
done:
    weft_json_convert_free(&convert);
    return st;
}

static weft_status open_from_json(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    schema_state *s = NULL;
    WEFT_TRY(st, open_state(ctx, call, 2, &s));
    *state = s;
    for (int32_t i = 0; call->type.id == WEFT_TYPE_STRUCT && i < call->type.child_count; i++) {
        const weft_field *field = &call->type.children[i];
        if (field->type.id == WEFT_TYPE_STRING && strcmp(field->name, s->options.corrupt) == 0)
            s->corrupt = i;
    }
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
        return weft_fail_at(ctx, WEFT_MALFORMED_RECORD, &call->expr->span,
                            "Malformed records are detected in record parsing: %.*s.",
                            (int)weft_min_i64(text->len, 200), weft_str_data(text));
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
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_column_is_null(&call->args[0], i))
            weft_vector_set_null(call->out, i);
        else
            WEFT_TRY(st, from_json_row(ctx, call, weft_arg_str(&call->args[0], i), i));
    }
done:
    return st;
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
    if (!weft_type_is_nested(args[0]->type))
        return weft_fail_at(ctx, WEFT_INVALID_JSON_SCHEMA, span,
                            "Input schema \"%s\" must be a struct, an array, a map or a variant.",
                            weft_type_text(args[0]->type, text, sizeof text));
    WEFT_TRY(st, bind_options(ctx, fn, args, 1, count, span, &options));
done:
    return st;
}

static weft_status open_to_json(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    schema_state *s = NULL;
    WEFT_TRY(st, open_state(ctx, call, 1, &s));
    *state = s;
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
    weft_status st = WEFT_OK;
    weft_json_options options;
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    WEFT_TRY(st, weft_bind_json_args(ctx, fn, args, 1, 2, count, span));
    WEFT_TRY(st, weft_expr_fold(ctx, args[0], &args[0]));
    if (args[0]->kind != WEFT_EXPR_LITERAL)
        return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                            "the input `json` should be a foldable \"STRING\" expression");
    if (args[0]->literal.is_null)
        return weft_fail_at(ctx, WEFT_UNEXPECTED_NULL, span, "The json must not be null.");
    WEFT_TRY(st, bind_options(ctx, fn, args, 1, count, span, &options));
done:
    return st;
}

static weft_status open_schema_of(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    schema_state *s = NULL;
    WEFT_TRY(st, open_state(ctx, call, 1, &s));
    *state = s;
done:
    return st;
}

/* A type as Spark writes it in SQL: STRUCT<a: BIGINT, `b c`: ARRAY<STRING>>. */
static weft_status put_type(weft_ctx *ctx, weft_type type, weft_text *out);

static weft_status put_name(weft_ctx *ctx, const char *name, weft_text *out)
{
    weft_status st = WEFT_OK;
    bool bare = !isdigit((unsigned char)name[0]);
    for (const char *c = name; *c != 0; c++) bare &= isalnum((unsigned char)*c) || *c == '_';
    if (bare) return weft_text_append(ctx, out, name, strlen(name));
    WEFT_TRY(st, weft_text_append(ctx, out, "`", 1));
    for (const char *c = name; *c != 0; c++)
        WEFT_TRY(st, weft_text_append(ctx, out, *c == '`' ? "``" : c, *c == '`' ? 2 : 1));
    WEFT_TRY(st, weft_text_append(ctx, out, "`", 1));
done:
    return st;
}

static weft_status put_type(weft_ctx *ctx, weft_type type, weft_text *out)
{
    weft_status st = WEFT_OK;
    char word[64];
    if (!weft_type_is_nested(type)) {
        (void)weft_type_text(type, word, sizeof word);
        for (char *c = word; *c != 0; c++) *c = (char)toupper((unsigned char)*c);
        return weft_text_append(ctx, out, word, strlen(word));
    }
    const char *begin = type.id == WEFT_TYPE_ARRAY ? "ARRAY<" : "STRUCT<";
    WEFT_TRY(st, weft_text_append(ctx, out, begin, strlen(begin)));
    for (int32_t i = 0; i < type.child_count; i++) {
        if (i > 0) WEFT_TRY(st, weft_text_append(ctx, out, ", ", 2));
        if (type.id == WEFT_TYPE_STRUCT) {
            WEFT_TRY(st, put_name(ctx, type.children[i].name, out));
            WEFT_TRY(st, weft_text_append(ctx, out, ": ", 2));
        }
        WEFT_TRY(st, put_type(ctx, type.children[i].type, out));
    }
    WEFT_TRY(st, weft_text_append(ctx, out, ">", 1));
done:
    return st;
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
        if (bad)
            return weft_fail_at(ctx, WEFT_MALFORMED_RECORD, &call->expr->span,
                                "Malformed records are detected in record parsing: %.*s.",
                                (int)weft_min_i64(text->len, 200), weft_str_data(text));
        WEFT_TRY(st, weft_json_infer_type(ctx, s->infer, NULL, &type));
        s->text.len = 0;
        WEFT_TRY(st, put_type(ctx, type, &s->text));
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
    const weft_function weft_fn_##symbol = {.name = #symbol,                                                 \
                                            .flags = WEFT_FN_NULL_OWN | WEFT_FN_SHOWS_FIRST | (bits),        \
                                            .signatures = forms,                                             \
                                            .signature_count = 1,                                            \
                                            .bind = binder,                                                  \
                                            .open = opener,                                                  \
                                            .close = schema_close,                                           \
                                            .help = usage,                                                   \
                                            .example = query,                                                \
                                            .example_result = answer}

ENTRY(from_json, from_forms, WEFT_FN_FALLIBLE, bind_from_json, open_from_json,
      "from_json(text, schema[, options]): a JSON text as a value of this type",
      "SELECT from_json('{\"a\":1, \"b\":0.8}', 'a INT, b DOUBLE')", "{1, 0.8}");
ENTRY(to_json, to_forms, 0, bind_to_json, open_to_json,
      "to_json(value[, options]): a struct, array or map as JSON text",
      "SELECT to_json(named_struct('a', 1, 'b', 2))", "{\"a\":1,\"b\":2}");
ENTRY(schema_of_json, schema_forms, WEFT_FN_FALLIBLE, bind_schema_of, open_schema_of,
      "schema_of_json(text[, options]): the type of a JSON text", "SELECT schema_of_json('[{\"col\":0}]')",
      "ARRAY<STRUCT<col: BIGINT>>");
