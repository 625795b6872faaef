/* engine/expr/fn_variant_get.c - what a path leads to in a VARIANT: variant_get, try_variant_get, and v:path.
 */
#include <string.h>

#include "common/mem.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/fn_schema.h"
#include "engine/expr/fn_variant.h"
#include "engine/expr/variant_cast.h"

/* Of a call site in a lane. */
typedef struct get_state {
    weft_variant_path *path; /* of a literal path, else of the last row's */
    bool literal;
    weft_variant_caster *caster;
} get_state;

static void get_close(void *state)
{
    get_state *s = state;
    if (s == NULL) return;
    weft_mem_free(s->path);
    weft_variant_caster_free(&s->caster);
    weft_mem_free(s);
}

static weft_status read_path(weft_ctx *ctx, const weft_expr *call, const weft_str *text, get_state *s)
{
    weft_status st = WEFT_OK;
    weft_mem_free(s->path);
    s->path = NULL;
    WEFT_TRY(st, weft_variant_path_new(ctx, weft_str_data(text), text->len, &s->path));
    if (s->path == NULL)
        return weft_fail_at(ctx, WEFT_INVALID_VARIANT_GET_PATH, &call->span,
                            "The path `%.*s` is not a valid variant extraction path in `%s`. A valid path "
                            "should start with `$` and is followed by zero or more segments like `[123]`, "
                            "`.name`, `['name']`, or `[\"name\"]`.",
                            (int)weft_min_i64(text->len, 400), weft_str_data(text),
                            call->call.function->name);
done:
    return st;
}

static weft_status get_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    get_state *s = NULL;
    const bool tried = (call->call.function->flags & WEFT_FN_TRY) != 0;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *s, (void **)&s));
    *state = s;
    s->literal = weft_call_literal(call, 1) != NULL;
    if (s->literal) WEFT_TRY(st, read_path(ctx, call, &weft_call_literal(call, 1)->str, s));
    WEFT_TRY(st, weft_variant_caster_new(ctx, call->type, !tried, &call->span, &s->caster));
done:
    return st;
}

static weft_status parse_type(weft_ctx *ctx, const char *text, const weft_span *span, weft_type *type)
{
    const weft_status st = weft_type_parse(ctx, text, type);
    if (st != WEFT_UNSUPPORTED_DATATYPE || weft_is_type_name(text)) return st;
    weft_error_clear(ctx);
    if (text[strspn(text, " \t\r\n")] == '\0')
        return weft_fail_at(ctx, WEFT_PARSE_EMPTY_STATEMENT, span,
                            "Syntax error, unexpected empty statement.");
    return weft_fail_at(ctx, WEFT_PARSE_SYNTAX_ERROR, span, "\"%.200s\" is no data type", text);
}

/* The type is a constant, which binding reads. */
static weft_status bind_type(weft_ctx *ctx, const weft_expr **args, const weft_span *span, weft_type *type)
{
    weft_status st = WEFT_OK;
    char *text = NULL, name[256];
    WEFT_TRY(st, weft_expr_fold(ctx, args[2], &args[2]));
    if (args[2]->kind != WEFT_EXPR_LITERAL || args[2]->type.id != WEFT_TYPE_STRING ||
        args[2]->literal.is_null)
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_INVALID_SCHEMA_TEXT, span,
                                  "The input schema is not a valid schema string. The input expression must "
                                  "be string literal and not null."));
    const weft_str *given = &args[2]->literal.str;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(given), given->len, &text));
    WEFT_TRY(st, parse_type(ctx, text, span, type));
    if (!weft_variant_castable(*type))
        st = weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_CAST, span, "cannot cast \"VARIANT\" to \"%s\"",
                          weft_type_text(*type, name, sizeof name));
done:
    return st;
}

static weft_status bind_get(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                            const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_VARIANT);
    if (count < 2 || count > 3) return weft_fail_arg_count(ctx, fn->name, 2, 3, count, span);
    const bool extract = fn->name[0] == '('; /* its third argument is a name */
    if (extract && args[0]->type.id != WEFT_TYPE_VARIANT)
        return weft_fail_at(
            ctx, WEFT_NOT_VARIANT_COLUMN, span,
            "The semi-structured extraction operator (`:`) can only be applied to a column of "
            "the VARIANT type.");
    if (count == 3 && !extract) WEFT_TRY(st, bind_type(ctx, args, span, type)); /* before the others */
    WEFT_TRY(st, weft_bind_variant_arg(ctx, args, 0, span));
    if (args[1]->type.id != WEFT_TYPE_STRING && args[1]->type.id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, 1, "\"STRING\"", args[1], span);
    WEFT_TRY(st, weft_bind_text_arg(ctx, args, 1, span));
done:
    return st;
}

static weft_status kernel_get(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    get_state *s = call->state;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        if (!s->literal) WEFT_TRY(st, read_path(ctx, call->expr, weft_arg_str(&call->args[1], i), s));
        weft_variant v = weft_arg_variant(&call->args[0], i);
        if (weft_variant_path_find(s->path, &v))
            WEFT_TRY(st, weft_variant_cast(ctx, s->caster, &v, call->out, i));
        else
            weft_vector_set_null(call->out, i);
    }
done:
    return st;
}

static const weft_signature get_forms[] = {
    {{WEFT_TYPE_COUNT, WEFT_TYPE_COUNT, WEFT_TYPE_COUNT}, 2, 3, WEFT_TYPE_COUNT, kernel_get}};

#define ENTRY(symbol, text, bits, usage, query, answer)                                                      \
    const weft_function weft_fn_##symbol = {.name = text,                                                    \
                                            .flags = WEFT_FN_NULL_OWN | WEFT_FN_GIVES_NULL |                 \
                                                     WEFT_FN_FALLIBLE | WEFT_FN_SHOWS_TWO | (bits),          \
                                            .signatures = get_forms,                                         \
                                            .signature_count = 1,                                            \
                                            .bind = bind_get,                                                \
                                            .open = get_open,                                                \
                                            .close = get_close,                                              \
                                            .help = usage,                                                   \
                                            .example = query,                                                \
                                            .example_result = answer}

ENTRY(variant_get, "variant_get", 0,
      "variant_get(v, path[, type]): what the path leads to in a VARIANT, cast to the type; NULL where there "
      "is nothing",
      "SELECT variant_get(parse_json('{\"a\": 1}'), '$.a', 'int')", "1");
ENTRY(try_variant_get, "try_variant_get", WEFT_FN_TRY,
      "try_variant_get(v, path[, type]): as variant_get, NULL where the cast fails",
      "SELECT try_variant_get(parse_json('[1, \"hello\"]'), '$[1]', 'int')", "NULL");
/* What the analyser makes of v:path: its name is none that a query can write. */
ENTRY(variant_extract, "(variant_extract)", 0, "v:path, as variant_get(v, path)",
      "SELECT parse_json('{\"a\": 1}'):a", "1");
