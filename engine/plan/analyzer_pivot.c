/* engine/plan/analyzer_pivot.c - PIVOT and UNPIVOT.
 *
 * PIVOT becomes a SELECT block over its bound input: grouped by the columns that neither the aggregates nor
 * FOR name, with every aggregate once per value, over the rows of that value. UNPIVOT becomes an EXPAND with
 * one projection per item, and a filter of the rows without a value. */
#include <strings.h>

#include "engine/expr/aggregate.h"
#include "engine/expr/cast.h"
#include "engine/plan/analyzer_internal.h"

/* Does the column, or the one whose twin it is, stand in the clause? */
static bool is_column(const weft_name *name, const weft_expr *column)
{
    return name->id == column->column.id || (name->twin != 0 && name->twin == column->column.id);
}

/* ---- parsed expressions, made here ---- */

static weft_status make_parsed(weft_ctx *ctx, weft_expr_kind kind, const weft_span *span,
                               const weft_expr *const *args, int32_t count, weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **copy = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, out));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &copy));
    for (int32_t i = 0; i < count; i++) copy[i] = args[i];
    **out = (weft_expr){.kind = kind, .nullable = true, .span = *span, .arg_count = count, .args = copy};
done:
    return st;
}

static weft_status make_call(weft_ctx *ctx, const char *name, const weft_span *span,
                             const weft_expr *const *args, int32_t count, const weft_expr **out)
{
    weft_expr *e = NULL;
    const weft_status st = make_parsed(ctx, WEFT_EXPR_UNRESOLVED_CALL, span, args, count, &e);
    if (st == WEFT_OK) e->unresolved.name = name;
    *out = e;
    return st;
}

static weft_status make_name(weft_ctx *ctx, const weft_name *name, const weft_span *span,
                             const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr *e = NULL;
    const char **parts = NULL;
    WEFT_TRY(st, make_parsed(ctx, WEFT_EXPR_UNRESOLVED_COLUMN, span, NULL, 0, &e));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 2, &parts));
    int32_t count = 0;
    if (name->qualifier != NULL) parts[count++] = name->qualifier;
    parts[count++] = name->name;
    e->name.part_count = count;
    e->name.parts = parts;
    *out = e;
done:
    return st;
}

static weft_status make_alias(weft_ctx *ctx, const weft_expr *arg, const char *name, const weft_expr **out)
{
    weft_expr *e = NULL;
    const weft_status st = make_parsed(ctx, WEFT_EXPR_ALIAS, &arg->span, &arg, 1, &e);
    if (st == WEFT_OK) e->alias.name = name;
    *out = e;
    return st;
}

/* ---- PIVOT ---- */

typedef struct pivot {
    weft_analyzer *a;
    const weft_node *parsed;
    weft_cte *ctes;
    weft_scope scope;
    const weft_bound *input;
    bool *used;  /* [input->count] named by an aggregate or by FOR */
    bool nested; /* what is walked is the argument of an aggregate */
} pivot;

/* Mark the columns that a parsed expression names. */
static weft_status mark_used(pivot *p, const weft_expr *e)
{
    weft_status st = WEFT_OK;
    if (e->kind == WEFT_EXPR_UNRESOLVED_COLUMN) {
        weft_binder b = {.a = p->a, .scope = &p->scope, .clause = "PIVOT"};
        const weft_expr *bound = NULL;
        WEFT_TRY(st, weft_bind_name(&b, e, &bound));
        while (bound->kind == WEFT_EXPR_CALL && bound->arg_count > 0) bound = bound->args[0]; /* .field */
        for (int32_t i = 0; bound->kind == WEFT_EXPR_COLUMN && i < p->input->count; i++)
            p->used[i] |= is_column(&p->input->names[i], bound);
    }
    for (int32_t i = 0; i < e->arg_count; i++) WEFT_TRY(st, mark_used(p, e->args[i]));
    if (e->kind == WEFT_EXPR_UNRESOLVED_CALL && e->unresolved.filter != NULL)
        WEFT_TRY(st, mark_used(p, e->unresolved.filter));
done:
    return st;
}

/* A value becomes one of its column's type. */
static weft_status cast_value(pivot *p, const weft_expr *column, const weft_expr *value,
                              const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_binder b = {.a = p->a, .scope = &p->scope, .clause = "PIVOT"};
    const weft_expr *bound = NULL;
    weft_expr *cast = NULL;
    WEFT_TRY(st, weft_bind_expr(&b, column, &bound));
    *out = value;
    if (value->kind != WEFT_EXPR_LITERAL || bound->type.id == value->type.id) goto done;
    WEFT_TRY(st, make_parsed(p->a->ctx, WEFT_EXPR_CAST, &value->span, &value, 1, &cast));
    cast->type = bound->type;
    *out = cast;
done:
    return st;
}

/* FOR column = value, or (a, b) = (x, y) column by column. */
static weft_status value_condition(pivot *p, const weft_expr *value, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = p->a->ctx;
    const weft_node *n = p->parsed;
    const int32_t count = n->pivot.column_count;
    const bool row = value->kind == WEFT_EXPR_UNRESOLVED_CALL && value->arg_count == count &&
                     (strcasecmp(value->unresolved.name, "struct") == 0 ||
                      strcmp(value->unresolved.name, WEFT_ROW_FUNCTION) == 0);
    if (count > 1 && !row)
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_PIVOT_VALUE_TYPE, weft_analyzer_span(p->a, &value->span),
                                  "Invalid pivot value: it must be a row of %d values, one for each column "
                                  "of FOR.",
                                  count));
    *out = NULL;
    for (int32_t i = 0; i < count; i++) {
        const weft_expr *pair[2] = {n->pivot.columns[i], NULL};
        const weft_expr *equal = NULL;
        weft_expr *both = NULL;
        WEFT_TRY(st, cast_value(p, n->pivot.columns[i], count > 1 ? value->args[i] : value, &pair[1]));
        WEFT_TRY(st, make_call(ctx, "<=>", &value->span, pair, 2, &equal));
        if (*out == NULL) {
            *out = equal;
            continue;
        }
        const weft_expr *parts[2] = {*out, equal};
        WEFT_TRY(st, make_parsed(ctx, WEFT_EXPR_AND, &value->span, parts, 2, &both));
        *out = both;
    }
done:
    return st;
}

/* CASE WHEN count(*) FILTER (WHERE condition) > 0 THEN e END: a value that no row has gives NULL, where the
 * aggregate of no row would give a value. */
static weft_status guard_empty(pivot *p, const weft_expr *condition, const weft_expr **e)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = p->a->ctx;
    const weft_span *span = &(*e)->span;
    weft_expr *zero = NULL, *count = NULL, *one = NULL, *guarded = NULL;
    const weft_expr *parts[2] = {NULL, *e}, *pair[2] = {NULL, NULL};
    WEFT_TRY(st, make_parsed(ctx, WEFT_EXPR_LITERAL, span, NULL, 0, &one));
    one->type = WEFT_TYPE_OF(WEFT_TYPE_INT);
    one->literal = (weft_value){.type = one->type, .i64 = 1};
    WEFT_TRY(st, make_parsed(ctx, WEFT_EXPR_LITERAL, span, NULL, 0, &zero));
    zero->type = one->type;
    zero->literal = (weft_value){.type = one->type, .i64 = 0};
    const weft_expr *counted = one;
    WEFT_TRY(st, make_parsed(ctx, WEFT_EXPR_UNRESOLVED_CALL, span, &counted, 1, &count));
    count->unresolved.name = "count";
    count->unresolved.filter = condition;
    pair[0] = count;
    pair[1] = zero;
    WEFT_TRY(st, make_call(ctx, ">", span, pair, 2, &parts[0]));
    WEFT_TRY(st, make_parsed(ctx, WEFT_EXPR_CASE, span, parts, 2, &guarded));
    *e = guarded;
done:
    return st;
}

/* The aggregate over the rows that meet the condition alone. */
static weft_status filter_aggregates(pivot *p, const weft_expr *e, const weft_expr *condition,
                                     const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = p->a->ctx;
    weft_expr *copy = NULL;
    const weft_expr **args = NULL;
    const weft_aggregate *aggregate =
        e->kind == WEFT_EXPR_UNRESOLVED_CALL ? weft_aggregate_find(e->unresolved.name) : NULL;
    if (e->kind == WEFT_EXPR_UNRESOLVED_COLUMN)
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_PIVOT_AGGREGATE, weft_analyzer_span(p->a, &e->span),
                                  "Aggregate expression required for pivot, but '%s' did not appear in any "
                                  "aggregate function.",
                                  e->name.parts[e->name.part_count - 1]));
    *out = e;
    if (aggregate == NULL && e->arg_count == 0) goto done;
    WEFT_TRY(st, WEFT_NEW(ctx, &copy));
    *copy = *e;
    *out = copy;
    if (aggregate != NULL) {
        copy->unresolved.filter = condition;
        if (e->unresolved.filter != NULL) {
            const weft_expr *parts[2] = {e->unresolved.filter, condition};
            weft_expr *both = NULL;
            WEFT_TRY(st, make_parsed(ctx, WEFT_EXPR_AND, &e->span, parts, 2, &both));
            copy->unresolved.filter = both;
        }
        if (!aggregate->result_nullable) WEFT_TRY(st, guard_empty(p, condition, out));
        goto done;
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, e->arg_count, &args));
    for (int32_t i = 0; i < e->arg_count; i++)
        WEFT_TRY(st, filter_aggregates(p, e->args[i], condition, &args[i]));
    copy->args = args;
done:
    return st;
}

/* The name that a value has: its alias, or itself as text. */
static weft_status value_name(pivot *p, const weft_expr *value, const char **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = p->a->ctx;
    const weft_scope nothing = {0};
    weft_binder b = {.a = p->a, .scope = &nothing, .ctes = p->ctes, .clause = "PIVOT"};
    const weft_expr *bound = NULL, *text = NULL;
    char *copy = NULL;
    if (value->kind == WEFT_EXPR_ALIAS) {
        *out = value->alias.name;
        return WEFT_OK;
    }
    st = weft_bind_expr(&b, value, &bound);
    const bool names = st == WEFT_UNRESOLVED_COLUMN || st == WEFT_UNRESOLVED_COLUMN_ALONE;
    if (names) weft_error_clear(ctx);
    if (!names) {
        WEFT_TRY(st, st);
        WEFT_TRY(st, weft_expr_cast(ctx, bound, WEFT_TYPE_OF(WEFT_TYPE_STRING), false, &text));
        WEFT_TRY(st, weft_expr_fold(ctx, text, &text));
    }
    if (names || text->kind != WEFT_EXPR_LITERAL)
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_PIVOT_VALUE_CONSTANT, weft_analyzer_span(p->a, &value->span),
                                  "Literal expressions required for pivot values."));
    *out = "null";
    if (text->literal.is_null) goto done;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(&text->literal.str), text->literal.str.len,
                                 &copy));
    *out = copy;
done:
    return st;
}

/* The name of an aggregate behind that of its value: its alias, or its text. */
static weft_status aggregate_name(pivot *p, const weft_expr *e, const char **out)
{
    weft_status st = WEFT_OK;
    weft_binder b = {.a = p->a, .scope = &p->scope, .ctes = p->ctes, .clause = "PIVOT", .aggregates = true};
    const weft_expr *bound = NULL;
    char *text = NULL;
    if (e->kind == WEFT_EXPR_ALIAS) {
        *out = e->alias.name;
        return WEFT_OK;
    }
    WEFT_TRY(st, weft_bind_expr(&b, e, &bound));
    WEFT_TRY(st, weft_expr_text(p->a->ctx, bound, false, &text));
    *out = text;
done:
    return st;
}

static weft_status add_value(pivot *p, const weft_expr *value, weft_pointers *items)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = p->a->ctx;
    const weft_node *n = p->parsed;
    const weft_expr *condition = NULL;
    const char *name = NULL, *suffix = NULL;
    WEFT_TRY(st, value_name(p, value, &name));
    WEFT_TRY(st, value_condition(p, value->kind == WEFT_EXPR_ALIAS ? value->args[0] : value, &condition));
    for (int32_t i = 0; i < n->pivot.aggregate_count; i++) {
        const weft_expr *e = n->pivot.aggregates[i], *item = NULL;
        char *full = NULL;
        WEFT_TRY(st, filter_aggregates(p, e->kind == WEFT_EXPR_ALIAS ? e->args[0] : e, condition, &item));
        if (n->pivot.aggregate_count > 1) {
            WEFT_TRY(st, aggregate_name(p, e, &suffix));
            WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &full, "%s_%s", name, suffix));
        }
        WEFT_TRY(st, make_alias(ctx, item, full != NULL ? full : name, &item));
        WEFT_TRY(st, weft_pointers_push(ctx, items, item));
    }
done:
    return st;
}

static weft_status given_node(weft_analyzer *a, const weft_bound *bound, const weft_span *span,
                              weft_node **out)
{
    const weft_status st = WEFT_NEW(a->ctx, out);
    if (st != WEFT_OK) return st;
    **out = (weft_node){.kind = WEFT_NODE_GIVEN, .span = *span, .output = {.count = -1}};
    (*out)->given = bound;
    return WEFT_OK;
}

weft_status weft_bind_pivot(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                            weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    weft_bound *input = NULL;
    weft_node *given = NULL, *block = NULL;
    weft_pointers items = {0}, groups = {0};
    WEFT_TRY(st, WEFT_NEW(ctx, &input));
    WEFT_TRY(st, weft_bind_from(a, parsed->inputs[0], outer, ctes, input));
    pivot p = {.a = a, .parsed = parsed, .ctes = ctes, .input = input};
    p.scope = (weft_scope){.count = input->count, .names = input->names, .outer = outer};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, input->count, &p.used));
    for (int32_t i = 0; i < parsed->pivot.aggregate_count; i++)
        WEFT_TRY(st, mark_used(&p, parsed->pivot.aggregates[i]));
    for (int32_t i = 0; i < parsed->pivot.column_count; i++)
        WEFT_TRY(st, mark_used(&p, parsed->pivot.columns[i]));
    for (int32_t i = 0; i < input->count; i++) {
        const weft_expr *e = NULL;
        if (p.used[i] || input->names[i].hidden) continue;
        WEFT_TRY(st, make_name(ctx, &input->names[i], &parsed->span, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &items, e));
        WEFT_TRY(st, weft_pointers_push(ctx, &groups, e));
    }
    for (int32_t i = 0; i < parsed->pivot.value_count; i++)
        WEFT_TRY(st, add_value(&p, parsed->pivot.values[i], &items));
    WEFT_TRY(st, given_node(a, input, &parsed->span, &given));
    WEFT_TRY(st, WEFT_NEW(ctx, &block));
    *block = (weft_node){.kind = WEFT_NODE_SELECT, .span = parsed->span, .output = {.count = -1}};
    block->select = (weft_select){.from = given,
                                  .item_count = items.count,
                                  .items = weft_pointers_exprs(&items),
                                  .group_count = groups.count,
                                  .groups = weft_pointers_exprs(&groups)};
    WEFT_TRY(st, weft_bind_select(a, block, NULL, outer, ctes, out));
done:
    return st;
}

/* ---- UNPIVOT ---- */

typedef struct unpivot {
    weft_analyzer *a;
    const weft_node *parsed;
    weft_bound input;
    const weft_expr **cells; /* [item_count * value_count] row-major */
    bool *used;              /* [input.count] */
} unpivot;

static weft_status bind_cells(unpivot *u, const weft_scope *scope)
{
    weft_status st = WEFT_OK;
    const int32_t width = u->parsed->unpivot.value_count, items = u->parsed->unpivot.item_count;
    weft_binder b = {.a = u->a, .scope = scope, .clause = "UNPIVOT"};
    const weft_expr **column = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(u->a->ctx, items, &column));
    for (int32_t i = 0; i < items * width; i++) {
        const weft_expr *parsed = u->parsed->unpivot.items[i / width].columns[i % width];
        WEFT_TRY(st, weft_bind_name(&b, parsed, &u->cells[i]));
        for (int32_t k = 0; u->cells[i]->kind == WEFT_EXPR_COLUMN && k < u->input.count; k++)
            u->used[k] |= is_column(&u->input.names[k], u->cells[i]);
    }
    for (int32_t c = 0; c < width; c++) {
        weft_type type = {0};
        for (int32_t i = 0; i < items; i++) column[i] = u->cells[i * width + c];
        st = weft_expr_common_plain(u->a->ctx, column, items, NULL, &type);
        if (st == WEFT_DATATYPE_MISMATCH_DATA_DIFF) {
            weft_error_clear(u->a->ctx);
            st = weft_fail_at(u->a->ctx, WEFT_UNPIVOT_TYPES, weft_analyzer_span(u->a, &u->parsed->span),
                              "Unpivot value columns must share a least common type, some types do not: the "
                              "columns of `%s`.",
                              u->parsed->unpivot.value_names[c]);
        }
        if (st != WEFT_OK) goto done;
        for (int32_t i = 0; i < items; i++) u->cells[i * width + c] = column[i];
    }
done:
    return st;
}

/* The text that names an item: its alias, or its columns. */
static weft_status item_text(unpivot *u, int32_t index, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = u->a->ctx;
    const weft_unpivot_item *item = &u->parsed->unpivot.items[index];
    const int32_t width = u->parsed->unpivot.value_count;
    const char *text = item->alias;
    for (int32_t c = 0; item->alias == NULL && c < width; c++) {
        const weft_expr *e = item->columns[c];
        char *longer = NULL;
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &longer, "%s%s%s", text == NULL ? "" : text,
                                       text == NULL ? "" : "_", e->name.parts[e->name.part_count - 1]));
        text = longer;
    }
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING),
                              .str = weft_str_view(text, (uint32_t)strlen(text))};
    WEFT_TRY(st, weft_expr_literal(ctx, &value, out));
done:
    return st;
}

/* Rows all of whose values are NULL are left out. */
static weft_status drop_nulls(unpivot *u, int32_t first, const weft_node **node)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = u->a->ctx;
    const int32_t width = u->parsed->unpivot.value_count;
    weft_pointers tests = {0};
    const weft_expr *any = NULL;
    for (int32_t c = 0; c < width; c++) {
        const weft_expr *e = NULL;
        WEFT_TRY(st, weft_node_column(ctx, *node, first + c, &e));
        WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_IS_NOT_NULL, &e, 1, NULL, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &tests, e));
    }
    any = weft_pointers_exprs(&tests)[0];
    if (width > 1) WEFT_TRY(st, weft_expr_logic(ctx, WEFT_EXPR_OR, weft_pointers_exprs(&tests), width, &any));
    WEFT_TRY(st, weft_node_filter(ctx, *node, &any, 1, node));
done:
    return st;
}

static weft_status expand_items(unpivot *u, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = u->a->ctx;
    const int32_t width = u->parsed->unpivot.value_count, items = u->parsed->unpivot.item_count;
    const weft_expr *const **projections = NULL;
    weft_output *columns = NULL;
    weft_name *names = NULL;
    int32_t kept = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, items, &projections));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, u->input.count + 1 + width, &columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, u->input.count + 1 + width, &names));
    for (int32_t i = 0; i < u->input.count; i++) {
        const weft_name *n = &u->input.names[i];
        if (u->used[i] || n->hidden) continue;
        names[kept] = *n;
        columns[kept++] = (weft_output){n->id, n->name, n->type, n->nullable, NULL};
    }
    columns[kept] = (weft_output){weft_next_id(u->a->ids), u->parsed->unpivot.name,
                                  WEFT_TYPE_OF(WEFT_TYPE_STRING), false, NULL};
    for (int32_t c = 0; c < width; c++)
        columns[kept + 1 + c] = (weft_output){weft_next_id(u->a->ids), u->parsed->unpivot.value_names[c],
                                              u->cells[c]->type, true, NULL};
    for (int32_t i = kept; i < kept + 1 + width; i++)
        names[i] = (weft_name){.id = columns[i].id,
                               .name = columns[i].name,
                               .type = columns[i].type,
                               .nullable = columns[i].nullable};
    for (int32_t i = 0; i < items; i++) {
        const weft_expr **list = NULL;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, kept + 1 + width, &list));
        for (int32_t k = 0; k < kept; k++) WEFT_TRY(st, weft_name_column(ctx, &names[k], &list[k]));
        WEFT_TRY(st, item_text(u, i, &list[kept]));
        for (int32_t c = 0; c < width; c++) list[kept + 1 + c] = u->cells[i * width + c];
        projections[i] = list;
    }
    const weft_outputs outputs = {.count = kept + 1 + width, .columns = columns};
    WEFT_TRY(st, weft_node_expand(ctx, u->input.node, &outputs, projections, items, &out->node));
    if (!u->parsed->unpivot.include_nulls) WEFT_TRY(st, drop_nulls(u, kept + 1, &out->node));
    out->names = names;
    out->count = outputs.count;
done:
    return st;
}

weft_status weft_bind_unpivot(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                              weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    unpivot u = {.a = a, .parsed = parsed};
    WEFT_TRY(st, weft_bind_from(a, parsed->inputs[0], outer, ctes, &u.input));
    const weft_scope scope = {.count = u.input.count, .names = u.input.names};
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, u.input.count, &u.used));
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, (int64_t)parsed->unpivot.item_count * parsed->unpivot.value_count,
                                &u.cells));
    WEFT_TRY(st, bind_cells(&u, &scope));
    WEFT_TRY(st, expand_items(&u, out));
done:
    return st;
}
