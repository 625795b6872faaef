/* engine/expr/fn_schema.c - see fn_schema.h. */
#include "engine/expr/fn_schema.h"

#include <ctype.h>
#include <string.h>

#include "common/mem.h"
#include "engine/columnar/schema_text.h"
#include "engine/expr/json_schema.h"

bool weft_has_text_keys(weft_type type)
{
    if (type.id == WEFT_TYPE_MAP && type.children[0].type.id != WEFT_TYPE_STRING) return false;
    for (int32_t i = 0; i < type.child_count; i++) {
        if (!weft_has_text_keys(type.children[i].type)) return false;
    }
    return true;
}

bool weft_is_type_name(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char digits[] = "0123456789", blanks[] = " \t\r\n";
    text += strspn(text, blanks);
    const size_t whole = strspn(text, digits);
    if (strchr(letters, text[whole]) == NULL || text[whole] == '\0') return false;
    while (*text != '\0' && (strchr(letters, *text) != NULL || strchr(digits, *text) != NULL)) text++;
    text += strspn(text, blanks);
    if (*text == '(') {
        text += 1 + strspn(text + 1, "0123456789, ");
        if (*text++ != ')') return false;
        text += strspn(text, blanks);
    }
    return *text == '\0';
}

static weft_status parse_schema(weft_ctx *ctx, const weft_str *text, const weft_span *span, weft_type *out)
{
    weft_status st = WEFT_OK;
    char *copy = NULL;
    weft_schema fields;
    size_t blank = 0;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(text), text->len, &copy));
    while (isspace((unsigned char)copy[blank])) blank++;
    if (copy[blank] == 0)
        return weft_fail_at(ctx, WEFT_PARSE_EMPTY_STATEMENT, span,
                            "Syntax error, unexpected empty statement.");
    if (copy[blank] == '{') return weft_json_schema_parse(ctx, copy + blank, span, out);
    st = weft_type_parse(ctx, copy, out);
    if (st == WEFT_OK || weft_is_type_name(copy)) return st;
    weft_error_clear(ctx);
    if (weft_schema_parse(ctx, copy, &fields) == WEFT_OK) {
        *out = (weft_type){.id = WEFT_TYPE_STRUCT, .child_count = fields.count, .children = fields.fields};
        return WEFT_OK;
    }
    weft_error_clear(ctx);
    st = weft_fail_at(ctx, WEFT_PARSE_SYNTAX_ERROR, span,
                      "\"%.200s\" is neither a type nor a list of columns", copy);
done:
    return st;
}

weft_status weft_bind_schema(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t i,
                             const weft_span *span, weft_type *out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_expr_fold(ctx, args[i], &args[i]));
    const weft_expr *schema = args[i];
    if (schema->kind != WEFT_EXPR_LITERAL || schema->type.id != WEFT_TYPE_STRING || schema->literal.is_null)
        return weft_fail_at(ctx, WEFT_INVALID_SCHEMA_TEXT, span,
                            "The schema of %s() must be a constant string that is not NULL.", fn->name);
    st = parse_schema(ctx, &schema->literal.str, span, out);
done:
    return st;
}

static weft_status bind_options(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t i,
                                int32_t count, const weft_span *span)
{
    weft_status st = WEFT_OK;
    char text[256];
    if (i >= count) return WEFT_OK;
    const weft_type type = args[i]->type;
    const bool made = args[i]->kind == WEFT_EXPR_CALL && strcmp(args[i]->call.function->name, "map") == 0;
    if (type.id != WEFT_TYPE_MAP || (!made && args[i]->kind != WEFT_EXPR_LITERAL))
        return weft_fail_at(ctx, WEFT_INVALID_OPTIONS_MAP, span,
                            "Invalid options: Must use the `map()` function for options.");
    if (type.children[0].type.id != WEFT_TYPE_STRING || type.children[1].type.id != WEFT_TYPE_STRING)
        return weft_fail_at(ctx, WEFT_INVALID_OPTIONS_TEXT, span,
                            "Invalid options: A type of keys and values in `map()` must be string, but got "
                            "\"%s\".",
                            weft_type_text(type, text, sizeof text));
    WEFT_TRY(st, weft_expr_fold(ctx, args[i], &args[i]));
    if (args[i]->kind != WEFT_EXPR_LITERAL || args[i]->literal.is_null)
        st = weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                          "the options of %s() must be a constant map", fn->name);
done:
    return st;
}

/* Each entry of a literal map of strings (NULL: none); texts in ctx->arena. */
static weft_status read_rules(weft_ctx *ctx, const weft_text_format *format, const weft_value *map,
                              void *rules)
{
    weft_status st = WEFT_OK;
    weft_column column;
    memcpy(rules, format->defaults, format->rules_bytes);
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
        WEFT_TRY(st, format->set(ctx, rules, key, value));
    }
done:
    return st;
}

weft_status weft_bind_rules(weft_ctx *ctx, const weft_text_format *format, const weft_function *fn,
                            const weft_expr **args, int32_t i, int32_t count, const weft_span *span,
                            void *rules)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, bind_options(ctx, fn, args, i, count, span));
    WEFT_TRY(st, read_rules(ctx, format, i < count ? &args[i]->literal : NULL, rules));
done:
    return st;
}

/* args[0] is a constant. */
static weft_status bind_sample(weft_ctx *ctx, const weft_expr **args, const char *what, const weft_span *span)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_expr_fold(ctx, args[0], &args[0]));
    if (args[0]->kind != WEFT_EXPR_LITERAL)
        st = weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                          "the input `%s` should be a foldable \"STRING\" expression", what);
done:
    return st;
}

weft_status weft_bind_schema_of(weft_ctx *ctx, const weft_text_format *format, const weft_function *fn,
                                const weft_expr **args, int32_t count, const weft_span *span,
                                int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    void *rules = NULL;
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    if (count > 0) WEFT_TRY(st, bind_sample(ctx, args, format->name, span));
    WEFT_TRY(st, weft_bind_json_args(ctx, fn, args, 1, 2, count, span));
    WEFT_TRY(st, weft_expr_fold(ctx, args[0], &args[0]));
    if (args[0]->literal.is_null)
        return weft_fail_at(ctx, WEFT_UNEXPECTED_NULL, span, "The %s must not be null.", format->name);
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, format->rules_bytes, &rules));
    WEFT_TRY(st, weft_bind_rules(ctx, format, fn, args, 1, count, span, rules));
done:
    return st;
}

weft_status weft_refuse_drop(weft_ctx *ctx, const weft_function *fn, weft_json_mode mode,
                             const weft_span *span)
{
    if (mode != WEFT_JSON_DROP) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_PARSE_MODE_UNSUPPORTED, span,
                        "The function `%s` doesn't support the DROPMALFORMED mode. Acceptable modes are "
                        "PERMISSIVE and FAILFAST.",
                        fn->name);
}

weft_status weft_schema_state_new(weft_ctx *ctx, const weft_text_format *format, const weft_expr *call,
                                  int32_t options_at, size_t bytes, size_t rules_at, void **state)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, bytes, state));
    WEFT_TRY(st, read_rules(ctx, format, weft_call_literal(call, options_at), (char *)*state + rules_at));
done:
    return st;
}

weft_status weft_call_corrupt(weft_ctx *ctx, const weft_expr *call, const weft_json_options *options,
                              int32_t *out)
{
    const int32_t fields = call->type.id == WEFT_TYPE_STRUCT ? call->type.child_count : 0;
    return weft_corrupt_field(ctx, options->corrupt, call->type.children, fields, out);
}

weft_status weft_each_text(weft_ctx *ctx, weft_kernel_call *call, weft_text_row row)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_column_is_null(&call->args[0], i))
            weft_vector_set_null(call->out, i);
        else
            WEFT_TRY(st, row(ctx, call, weft_arg_str(&call->args[0], i), i));
    }
done:
    return st;
}

weft_status weft_fail_malformed(weft_ctx *ctx, const weft_expr *call, const weft_str *text)
{
    return weft_fail_at(ctx, WEFT_MALFORMED_RECORD, &call->span,
                        "Malformed records are detected in record parsing: %.*s.",
                        (int)weft_min_i64(text->len, 200), weft_str_data(text));
}
