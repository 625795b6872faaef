/* engine/plan/analyzer_generate.c - explode() and its kin: LATERAL VIEW, and one in a select list.
 *
 * Either way an EXPAND node gives the input's columns and those of the generator (see fn_generate.c). */
#include <stdio.h>
#include <strings.h>

#include "engine/expr/aggregate.h"
#include "engine/expr/coerce.h"
#include "engine/expr/function.h"
#include "engine/expr/inputs.h"
#include "engine/plan/analyzer_rows.h"

bool weft_is_generator_name(const char *name)
{
    const weft_function *fn = weft_function_find(name);
    if (weft_is_rows_call(name)) return true;
    return fn != NULL && (fn->flags & WEFT_FN_GENERATOR) != 0;
}

bool weft_is_variant_explode(const char *name)
{
    return strcasecmp(name, "variant_explode") == 0 || strcasecmp(name, "variant_explode_outer") == 0;
}

weft_status weft_add_generated_part(weft_binder *b, const weft_expr *parsed, const char *function,
                                    const weft_expr *arg, int32_t part, const char *name, weft_generated *out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = part};
    const weft_expr *args[2] = {arg, NULL}, *call = NULL;
    WEFT_TRY(st, weft_expr_literal(ctx, &value, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, function, args, 2, weft_analyzer_span(b->a, &parsed->span), &call));
    WEFT_TRY(st, weft_pointers_push(ctx, &out->calls, call));
    WEFT_TRY(st, weft_pointers_push(ctx, &out->names, name));
done:
    return st;
}

/* Names given by the query replace those that the columns have by themselves. */
static weft_status rename_parts(weft_binder *b, const weft_expr *parsed, const char *const *names,
                                int32_t count, weft_generated *out)
{
    if (count > 0 && count != out->names.count) {
        return weft_fail_at(b->a->ctx, WEFT_GENERATOR_ALIASES, weft_analyzer_span(b->a, &parsed->span),
                            "The number of aliases supplied in the AS clause does not match the number of "
                            "columns output by the UDTF. Expected %d aliases, but got %d.",
                            out->names.count, count);
    }
    for (int32_t i = 0; i < count; i++) out->names.items[i] = names[i];
    return WEFT_OK;
}

/* json_tuple(text, names …) is inline() of an array that another function makes (fn_json.c). */
static weft_status bind_tuple(weft_binder *b, const weft_expr *parsed, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers args = {0};
    for (int32_t i = 0; i < parsed->arg_count; i++) {
        const weft_expr *arg = NULL;
        WEFT_TRY(st, weft_bind_expr(b, parsed->args[i], &arg));
        WEFT_TRY(st, weft_pointers_push(b->a->ctx, &args, arg));
    }
    WEFT_TRY(st, weft_expr_call(b->a->ctx, "(json_tuple)", weft_pointers_exprs(&args), args.count,
                                weft_analyzer_span(b->a, &parsed->span), out));
done:
    return st;
}

/* The count of rows of stack(rows, values …). */
static weft_status stack_rows(weft_binder *b, const weft_expr *parsed, int64_t *out)
{
    weft_status st = WEFT_OK;
    const weft_span *span = weft_analyzer_span(b->a, &parsed->span);
    const weft_expr *rows = NULL;
    if (parsed->arg_count < 2) {
        return weft_fail_at(b->a->ctx, WEFT_WRONG_NUM_ARGS, span,
                            "The `stack` requires > 1 parameters but the actual number is %d.",
                            parsed->arg_count);
    }
    WEFT_TRY(st, weft_bind_expr(b, parsed->args[0], &rows));
    WEFT_TRY(st, weft_expect_inputs(b->a->ctx, "stack", &rows, 1, span));
    WEFT_TRY(st, weft_expr_fold_now(b->a->ctx, rows, &rows));
    if (rows->kind != WEFT_EXPR_LITERAL)
        return weft_fail_at(b->a->ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                            "the number of rows of stack must be a constant whole number");
    *out = rows->literal.is_null ? 0 : rows->literal.i64;
    if (*out < 1 || *out > INT32_MAX)
        return weft_fail_at(b->a->ctx, WEFT_VALUE_OUT_OF_RANGE, span,
                            "The `n` must be between (0, 2147483647] (current value = %lld).",
                            (long long)*out);
done:
    return st;
}

/* The values of one column get its type, that of those which are not a bare NULL. */
static weft_status stack_column(weft_binder *b, const weft_expr *parsed, weft_pointers *values,
                                int32_t column, int32_t columns)
{
    weft_status st = WEFT_OK;
    weft_type type = WEFT_TYPE_OF(WEFT_TYPE_NULL);
    for (int32_t i = column; i < values->count; i += columns) {
        const weft_type have = weft_pointers_exprs(values)[i]->type;
        if (have.id == WEFT_TYPE_NULL) continue;
        if (type.id != WEFT_TYPE_NULL && !weft_type_equal(type, have)) {
            char first[128], other[128];
            return weft_fail_at(
                b->a->ctx, WEFT_STACK_TYPES, weft_analyzer_span(b->a, &parsed->span),
                "The data type of the column (%d) do not have the same type: \"%s\" <> \"%s\".", column,
                weft_type_text(type, first, sizeof first), weft_type_text(have, other, sizeof other));
        }
        type = have;
    }
    for (int32_t i = column; i < values->count; i += columns) {
        const weft_expr *cast = NULL;
        WEFT_TRY(st, weft_expr_cast(b->a->ctx, weft_pointers_exprs(values)[i], type, true, &cast));
        values->items[i] = cast;
    }
done:
    return st;
}

/* stack(rows, values …) is inline() of an array of structs col0, col1 …, the last one filled up with NULLs.
 */
static weft_status bind_stack(weft_binder *b, const weft_expr *parsed, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_span *span = weft_analyzer_span(b->a, &parsed->span);
    weft_pointers values = {0}, structs = {0};
    int64_t rows = 0;
    WEFT_TRY(st, stack_rows(b, parsed, &rows));
    const int32_t given = parsed->arg_count - 1;
    const int32_t columns = (int32_t)((given + rows - 1) / rows);
    if (rows * columns > WEFT_COLUMNS_MAX)
        return weft_fail_at(ctx, WEFT_LIMIT, span, "stack of more than %d values", WEFT_COLUMNS_MAX);
    for (int32_t i = 0; i < rows * columns; i++) {
        const weft_value null = {.type = WEFT_TYPE_OF(WEFT_TYPE_NULL), .is_null = true};
        const weft_expr *value = NULL;
        if (i < given)
            WEFT_TRY(st, weft_bind_expr(b, parsed->args[i + 1], &value));
        else
            WEFT_TRY(st, weft_expr_literal(ctx, &null, &value));
        WEFT_TRY(st, weft_pointers_push(ctx, &values, value));
    }
    for (int32_t c = 0; c < columns; c++) WEFT_TRY(st, stack_column(b, parsed, &values, c, columns));
    for (int32_t r = 0; r < rows; r++) {
        weft_pointers fields = {0};
        const weft_expr *row = NULL;
        for (int32_t c = 0; c < columns; c++) {
            char name[16];
            char *kept = NULL;
            const weft_expr *text = NULL;
            const int len = snprintf(name, sizeof name, "col%d", c);
            WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, name, (size_t)len, &kept));
            const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING),
                                      .str = weft_str_view(kept, (uint32_t)len)};
            WEFT_TRY(st, weft_expr_literal(ctx, &value, &text));
            WEFT_TRY(st, weft_pointers_push(ctx, &fields, text));
            WEFT_TRY(st, weft_pointers_push(ctx, &fields, weft_pointers_exprs(&values)[r * columns + c]));
        }
        WEFT_TRY(st,
                 weft_expr_call(ctx, "named_struct", weft_pointers_exprs(&fields), fields.count, span, &row));
        WEFT_TRY(st, weft_pointers_push(ctx, &structs, row));
    }
    WEFT_TRY(st, weft_expr_call(ctx, "array", weft_pointers_exprs(&structs), structs.count, span, out));
done:
    return st;
}

weft_status weft_bind_generator(weft_binder *b, const weft_expr *parsed, bool outer, const char *const *names,
                                int32_t name_count, weft_generated *out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_span *span = weft_analyzer_span(b->a, &parsed->span);
    const char *name = parsed->unresolved.name;
    const size_t len = strlen(name);
    const weft_expr *arg = NULL;
    *out = (weft_generated){0};
    if (weft_is_rows_call(name)) return weft_bind_rows_call(b, parsed, outer, out);
    outer |= len > 6 && strcasecmp(name + len - 6, "_outer") == 0;
    const char *function = outer ? "explode_outer" : "explode";
    const bool tuple = strcasecmp(name, "json_tuple") == 0, variant = weft_is_variant_explode(name);
    const bool stack = strcasecmp(name, "stack") == 0;
    const bool inlined = tuple || stack || variant || strncasecmp(name, "inline", 6) == 0;
    if (!tuple && !stack && parsed->arg_count != 1)
        return weft_fail_arg_count(ctx, name, 1, 1, parsed->arg_count, span);
    if (tuple)
        WEFT_TRY(st, bind_tuple(b, parsed, &arg));
    else if (stack)
        WEFT_TRY(st, bind_stack(b, parsed, &arg));
    else
        WEFT_TRY(st, weft_bind_expr(b, parsed->args[0], &arg));
    if (variant) WEFT_TRY(st, weft_expr_call(ctx, "(variant_explode)", &arg, 1, span, &arg));
    const bool array = arg->type.id == WEFT_TYPE_ARRAY;
    const bool structs = array && arg->type.children[0].type.id == WEFT_TYPE_STRUCT;
    if (inlined ? !structs : !array && arg->type.id != WEFT_TYPE_MAP) {
        return weft_fail_arg_type(ctx, 0, inlined ? "\"array<struct>\"" : "\"array\" or \"map\"", arg, span);
    }
    if (strncasecmp(name, "pos", 3) == 0)
        WEFT_TRY(st, weft_add_generated_part(b, parsed, function, arg, -1, "pos", out));
    if (array && !inlined) {
        WEFT_TRY(st, weft_add_generated_part(b, parsed, function, arg, 0, "col", out));
    } else {
        const weft_type entry = array ? arg->type.children[0].type : arg->type;
        for (int32_t i = 0; i < entry.child_count; i++)
            WEFT_TRY(st,
                     weft_add_generated_part(b, parsed, function, arg, i + 1, entry.children[i].name, out));
    }
    WEFT_TRY(st, rename_parts(b, parsed, names, name_count, out));
done:
    return st;
}

weft_status weft_build_generate(weft_analyzer *a, const weft_node *input, const weft_expr *const *calls,
                                const char *const *names, int32_t count, int64_t *ids, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    const int32_t before = input->output.count;
    weft_output *columns = NULL;
    const weft_expr **exprs = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, before + count, &columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, before + count, &exprs));
    for (int32_t i = 0; i < before; i++) {
        columns[i] = input->output.columns[i];
        WEFT_TRY(st, weft_node_column(ctx, input, i, &exprs[i]));
    }
    for (int32_t i = 0; i < count; i++) {
        ids[i] = weft_next_id(a->ids);
        columns[before + i] =
            (weft_output){.id = ids[i], .name = names[i], .type = calls[i]->type, .nullable = true};
        exprs[before + i] = calls[i];
    }
    const weft_outputs outputs = {.count = before + count, .columns = columns};
    const weft_expr *const *projection = exprs;
    WEFT_TRY(st, weft_node_expand(ctx, input, &outputs, &projection, 1, out));
done:
    return st;
}

weft_status weft_bind_lateral_view(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                                   weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    weft_bound left = {0};
    weft_generated made;
    weft_name *names = NULL;
    int64_t *ids = NULL;
    const weft_expr *call = parsed->expand.call;
    WEFT_TRY(st, weft_bind_from(a, parsed->inputs[0], outer, ctes, &left));
    const weft_scope scope = {.count = left.count, .names = left.names, .outer = outer};
    weft_binder b = {.a = a,
                     .scope = &scope,
                     .ctes = ctes,
                     .clause = "LATERAL VIEW",
                     .no_aggregates = WEFT_INVALID_WHERE_CONDITION};
    const bool view = parsed->inputs[0]->kind != WEFT_NODE_GIVEN; /* else LATERAL, in FROM */
    const char *name = call->unresolved.name;
    if (view && !weft_is_generator_name(name) &&
        (weft_function_find(name) != NULL || weft_aggregate_find(name) != NULL))
        WEFT_TRY(st,
                 weft_fail_at(ctx, WEFT_NOT_GENERATOR, weft_analyzer_span(a, &call->span),
                              "The generator is not supported: `%s` is expected to be a generator.", name));
    if (!weft_is_generator_name(name) || (view && weft_is_variant_explode(name))) {
        WEFT_TRY(st, weft_fail_at(ctx, view ? WEFT_ROUTINE_NOT_FOUND : WEFT_UNRESOLVED_ROUTINE,
                                  weft_analyzer_span(a, &call->span), "there is no generator \"%s\"", name));
    }
    const char *const *given = parsed->expand.column_names;
    const int32_t given_count = parsed->expand.column_count;
    WEFT_TRY(st, weft_bind_generator(&b, call, parsed->expand.outer, given, view ? given_count : 0, &made));
    const int32_t count = made.calls.count;
    if (!view && given_count > 0 && given_count != count)
        WEFT_TRY(st, weft_fail_alias_count(a, &call->span, call->unresolved.name, given_count, count));
    for (int32_t i = 0; !view && i < given_count; i++) made.names.items[i] = given[i];
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &ids));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, left.count + count, &names));
    WEFT_TRY(st, weft_add_generated(a, left.node, &made, ids, &out->node));
    const weft_output *columns = out->node->output.columns + (out->node->output.count - count);
    for (int32_t i = 0; i < left.count; i++) names[i] = left.names[i];
    for (int32_t i = 0; i < count; i++) {
        names[left.count + i] = (weft_name){.id = ids[i],
                                            .name = made.names.items[i],
                                            .qualifier = parsed->expand.name,
                                            .type = columns[i].type,
                                            .nullable = true};
    }
    out->count = left.count + count;
    out->names = names;
done:
    return st;
}
