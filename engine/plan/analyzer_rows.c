/* engine/plan/analyzer_rows.c - UNNEST(array, …) and JSON_TABLE(text, path COLUMNS (…)): generators that
 * stand in FROM only, in forms of their own.
 *
 * The parser leaves calls of names that a query cannot write: (unnest)(ordinality, array, …), and
 * (json rows)(text, path, fails, column, …) where a column is (ordinality)(name), or a cast of (value)(name,
 * path) or of (exists)(name, path). */
#include "engine/plan/analyzer_rows.h"

#include "engine/expr/coerce.h"

bool weft_is_rows_call(const char *name)
{
    return strcmp(name, WEFT_UNNEST_CALL) == 0 || strcmp(name, WEFT_JSON_ROWS_CALL) == 0;
}

/* ---- UNNEST ---- */

/* An argument, of which NULL is an array without elements when there are several. */
static weft_status bind_array(weft_binder *b, const weft_expr *parsed, int32_t i, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_span *span = weft_analyzer_span(b->a, &parsed->span);
    const weft_expr *args[2] = {NULL, NULL};
    WEFT_TRY(st, weft_bind_expr(b, parsed->args[i], &args[0]));
    if (args[0]->type.id != WEFT_TYPE_ARRAY)
        WEFT_TRY(st, weft_fail_arg_type(ctx, i - 1, "\"ARRAY\"", args[0], span));
    *out = args[0];
    if (parsed->arg_count == 2) goto done;
    WEFT_TRY(st, weft_expr_call(ctx, "array", NULL, 0, span, &args[1]));
    WEFT_TRY(st, weft_expr_cast(ctx, args[1], args[0]->type, true, &args[1]));
    WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_COALESCE, args, 2, span, out));
done:
    return st;
}

static weft_status bind_unnest(weft_binder *b, const weft_expr *parsed, bool outer, weft_generated *out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const char *function = outer ? "explode_outer" : "explode";
    const int32_t count = parsed->arg_count - 1;
    weft_pointers arrays = {0};
    for (int32_t i = 1; i <= count; i++) {
        const weft_expr *array = NULL;
        WEFT_TRY(st, bind_array(b, parsed, i, &array));
        WEFT_TRY(st, weft_pointers_push(ctx, &arrays, array));
    }
    const weft_expr *rows = weft_pointers_exprs(&arrays)[0];
    if (count > 1)
        WEFT_TRY(st, weft_expr_call(ctx, "arrays_zip", weft_pointers_exprs(&arrays), count,
                                    weft_analyzer_span(b->a, &parsed->span), &rows));
    for (int32_t i = 0; i < count; i++) {
        char *name = NULL;
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &name, count > 1 ? "col%d" : "col", i));
        WEFT_TRY(st, weft_add_generated_part(b, parsed, function, rows, count > 1 ? i + 1 : 0, name, out));
    }
    if (parsed->args[0]->literal.i64 != 0)
        WEFT_TRY(st, weft_add_generated_part(b, parsed, function, rows, -2, "ordinality", out));
done:
    return st;
}

/* ---- JSON_TABLE ---- */

/* The arguments of the function that reads: the text and the literals of the columns that it finds. */
static weft_status json_arguments(weft_binder *b, const weft_expr *parsed, weft_pointers *args)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_type string = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    const weft_expr *text = NULL;
    WEFT_TRY(st, weft_bind_expr(b, parsed->args[0], &text));
    if (weft_type_is_nested(text->type))
        WEFT_TRY(st, weft_fail_arg_type(ctx, 0, "\"STRING\"", text, weft_analyzer_span(b->a, &parsed->span)));
    WEFT_TRY(st, weft_expr_cast(ctx, text, string, true, &text));
    WEFT_TRY(st, weft_pointers_push(ctx, args, text));
    WEFT_TRY(st, weft_pointers_push(ctx, args, parsed->args[2]));
    WEFT_TRY(st, weft_pointers_push(ctx, args, parsed->args[1]));
    for (int32_t i = 3; i < parsed->arg_count; i++) {
        if (parsed->args[i]->kind != WEFT_EXPR_CAST) continue;
        const weft_expr *column = parsed->args[i]->args[0], *exists = NULL;
        const weft_value flag = {.type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN),
                                 .i64 = strcmp(column->unresolved.name, WEFT_JSON_EXISTS_CALL) == 0};
        WEFT_TRY(st, weft_expr_literal(ctx, &flag, &exists));
        WEFT_TRY(st, weft_pointers_push(ctx, args, column->args[0]));
        WEFT_TRY(st, weft_pointers_push(ctx, args, exists));
        WEFT_TRY(st, weft_pointers_push(ctx, args, column->args[1]));
    }
done:
    return st;
}

static weft_status bind_json_rows(weft_binder *b, const weft_expr *parsed, bool outer, weft_generated *out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const char *function = outer ? "explode_outer" : "explode";
    const weft_span *span = weft_analyzer_span(b->a, &parsed->span);
    weft_pointers args = {0};
    const weft_expr *rows = NULL, *none = NULL, *cast = NULL;
    int32_t field = 0;
    WEFT_TRY(st, json_arguments(b, parsed, &args));
    WEFT_TRY(st, weft_expr_call(ctx, "(json_table)", weft_pointers_exprs(&args), args.count, span, &rows));
    for (int32_t i = 3; i < parsed->arg_count; i++) {
        const weft_expr *column = parsed->args[i];
        const weft_type *type = NULL;
        int32_t part = -2; /* FOR ORDINALITY */
        if (column->kind == WEFT_EXPR_CAST) {
            type = &column->type;
            column = column->args[0];
            part = ++field;
            const weft_value value = {.type = rows->type.children[0].type.children[part - 1].type,
                                      .is_null = true};
            WEFT_TRY(st, weft_expr_literal(ctx, &value, &none)); /* can it be cast? */
            WEFT_TRY(st, weft_expr_cast(ctx, none, *type, false, &cast));
        }
        const weft_str *name = &column->args[0]->literal.str;
        char *text = NULL;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(name), name->len, &text));
        WEFT_TRY(st, weft_add_generated_part(b, parsed, function, rows, part, text, out));
        WEFT_TRY(st, weft_pointers_push(ctx, &out->casts, type));
    }
done:
    return st;
}

weft_status weft_bind_rows_call(weft_binder *b, const weft_expr *parsed, bool outer, weft_generated *out)
{
    const bool unnest = strcmp(parsed->unresolved.name, WEFT_UNNEST_CALL) == 0;
    return unnest ? bind_unnest(b, parsed, outer, out) : bind_json_rows(b, parsed, outer, out);
}

weft_status weft_add_generated(weft_analyzer *a, const weft_node *input, const weft_generated *made,
                               int64_t *ids, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    const int32_t before = input->output.count, count = made->calls.count;
    const weft_expr **exprs = NULL;
    WEFT_TRY(st, weft_build_generate(a, input, weft_pointers_exprs(&made->calls),
                                     weft_pointers_texts(&made->names), count, ids, out));
    if (made->casts.count == 0) goto done;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, before + count, &exprs));
    for (int32_t i = 0; i < before + count; i++) {
        const weft_type *type = i < before ? NULL : made->casts.items[i - before];
        const weft_expr *cast = NULL;
        WEFT_TRY(st, weft_node_column(ctx, *out, i, &exprs[i]));
        if (type == NULL) continue;
        WEFT_TRY(st, weft_expr_cast(ctx, exprs[i], *type, false, &cast));
        if (cast == exprs[i]) continue;
        ids[i - before] = weft_next_id(a->ids);
        WEFT_TRY(st, weft_expr_alias(ctx, cast, ids[i - before], made->names.items[i - before], &exprs[i]));
    }
    WEFT_TRY(st, weft_node_project(ctx, *out, exprs, before + count, out));
done:
    return st;
}
