/* engine/plan/analyzer_items.c - the items of a select list: expressions, stars, generators, and their names.
 */
#include <strings.h>

#include "common/limits.h"
#include "engine/expr/expr_shown.h"
#include "engine/plan/analyzer_select.h"

/* An alias stands for its expression: aliases of aliases could double without end. */
enum { ITEM_NODES_MAX = 100000 };

/* What the generator of a select list gives: calls, and the columns that they become. */
typedef struct generated_columns {
    int32_t count;
    const weft_expr **calls;
    const char **names;
    int64_t *ids;
} generated_columns;

weft_binder select_binder(select_block *s, const char *clause)
{
    return (weft_binder){.a = s->a,
                         .scope = &s->scope,
                         .ctes = s->ctes,
                         .clause = clause,
                         .select = s->select,
                         .no_aggregates = WEFT_INVALID_WHERE_CONDITION};
}

/* ---- select list ---- */

weft_status select_check_substitution(weft_binder *b, const weft_expr *parsed, const weft_expr *bound)
{
    if (!b->substituted || bound->size <= ITEM_NODES_MAX) return WEFT_OK;
    return weft_fail_at(b->a->ctx, WEFT_LIMIT, weft_analyzer_span(b->a, &parsed->span),
                        "With the aliases in it replaced, this expression has more than %d parts",
                        ITEM_NODES_MAX);
}

static weft_status push_item(select_block *s, const weft_expr *e, const char *name)
{
    weft_status st = WEFT_OK;
    if (s->item_count == s->item_capacity) {
        const int32_t capacity = s->item_capacity == 0 ? 16 : s->item_capacity * 2;
        weft_item *items = NULL;
        WEFT_TRY(st, WEFT_NEW_ARRAY(s->a->ctx, capacity, &items));
        if (s->item_count > 0) memcpy(items, s->items, (size_t)s->item_count * sizeof *items);
        s->items = items;
        s->item_capacity = capacity;
    }
    s->items[s->item_count++] = (weft_item){.expr = e, .name = name};
done:
    return st;
}

/* Did a name without parentheses become a call? */
static bool is_bare_call(const weft_expr *parsed, const weft_expr *bound)
{
    return weft_bare_function(parsed) != NULL && bound->kind == WEFT_EXPR_CALL && bound->arg_count == 0;
}

/* The generated name of an item without an alias. */
static weft_status item_name(select_block *s, const weft_expr *parsed, const weft_expr *bound,
                             const char **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = s->a->ctx;
    char *text = NULL;
    if (parsed->kind == WEFT_EXPR_UNRESOLVED_COLUMN && !is_bare_call(parsed, bound)) {
        *out = parsed->name.parts[parsed->name.part_count - 1];
        return WEFT_OK;
    }
    if (bound->kind == WEFT_EXPR_CAST && parsed->arg_count == 1 &&
        parsed->args[0]->kind == WEFT_EXPR_UNRESOLVED_COLUMN &&
        !is_bare_call(parsed->args[0], bound->args[0])) { /* a cast of a column keeps its name */
        *out = parsed->args[0]->name.parts[parsed->args[0]->name.part_count - 1];
        return WEFT_OK;
    }
    const weft_expr *path = bound->kind == WEFT_EXPR_CAST ? bound->args[0] : bound;
    const weft_str *last = weft_shown_extract(path);
    if (last != NULL && last->len > 0) { /* v:path and a cast of it */
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(last), last->len, &text));
        *out = text;
        return WEFT_OK;
    }
    static const char *const extracts[] = {"extract", "date_part", "datepart"};
    const char *extract = NULL;
    const bool pair = parsed->kind == WEFT_EXPR_UNRESOLVED_CALL && parsed->arg_count == 2 &&
                      bound->kind == WEFT_EXPR_CALL;
    for (int32_t i = 0; pair && i < WEFT_COUNT(extracts); i++) {
        if (strcasecmp(parsed->unresolved.name, extracts[i]) == 0) extract = extracts[i];
    }
    if (extract != NULL) {
        const weft_str *field = &parsed->args[0]->literal.str;
        WEFT_TRY(st, weft_expr_text(ctx, bound->args[bound->arg_count - 1], false, &text));
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s(%.*s%s%s)", extract, (int)field->len,
                                       weft_str_data(field),
                                       strcmp(extract, "date_part") == 0 ? ", " : " FROM ", text));
    } else {
        return weft_shown_text(s->a, bound, out);
    }
    *out = text;
done:
    return st;
}

weft_status select_misplaced_generator(select_block *s, const weft_expr *parsed, weft_status code)
{
    return weft_fail_at(s->a->ctx, code, weft_analyzer_span(s->a, &parsed->span),
                        "A generator must stand alone in the select list.");
}

/* explode(…) [AS name | AS (names)]: an item for each of its columns. */
static weft_status bind_generator_items(select_block *s, weft_binder *b, const weft_expr *call,
                                        const weft_expr *alias)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = s->a->ctx;
    weft_pointers names = {0};
    weft_generated made;
    if (alias != NULL && alias->arg_count == 1)
        WEFT_TRY(st, weft_pointers_push(ctx, &names, alias->alias.name));
    for (int32_t i = 1; alias != NULL && i < alias->arg_count; i++) /* AS (a, b) */
        WEFT_TRY(st, weft_pointers_push(ctx, &names, alias->args[i]->name.parts[0]));
    WEFT_TRY(st, weft_bind_generator(b, call, false, weft_pointers_texts(&names), names.count, &made));
    s->generator_count++;
    for (int32_t i = 0; i < made.calls.count; i++) {
        WEFT_TRY(st, push_item(s, weft_pointers_exprs(&made.calls)[i], made.names.items[i]));
        s->items[s->item_count - 1].generator = s->generator_count;
    }
done:
    return st;
}

/* The column that a generator's call became. */
static weft_status to_generated(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    const generated_columns *g = self;
    for (int32_t i = 0; i < g->count; i++) {
        if (!weft_expr_equal(g->calls[i], e)) continue;
        return weft_expr_column(ctx, g->ids[i], g->names[i], e->type, true, out);
    }
    return WEFT_OK;
}

/* EXPAND below the projection for one generator among the items. */
weft_status select_lift_generator(select_block *s, int32_t generator)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = s->a->ctx;
    generated_columns g = {0};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->item_count, &g.calls));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->item_count, &g.names));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->item_count, &g.ids));
    for (int32_t i = 0; i < s->item_count; i++) {
        if (s->items[i].generator != generator) continue;
        g.calls[g.count] = s->items[i].expr;
        g.names[g.count++] = s->items[i].name;
    }
    WEFT_TRY(st, weft_build_generate(s->a, s->node, g.calls, g.names, g.count, g.ids, &s->node));
    for (int32_t i = 0; i < s->item_count; i++) {
        if (s->items[i].generator == generator)
            WEFT_TRY(st, weft_rewrite_top(ctx, s->items[i].expr, to_generated, &g, &s->items[i].expr));
    }
    for (int32_t i = 0; i < s->keys.count; i++) {
        const weft_expr *key = NULL;
        WEFT_TRY(st, weft_rewrite_top(ctx, weft_pointers_exprs(&s->keys)[i], to_generated, &g, &key));
        s->keys.items[i] = key;
    }
done:
    return st;
}

/* The name of the field that the call s.f reads. */
static weft_status field_name(select_block *s, const weft_expr *call, const char **out)
{
    char *text = NULL;
    const weft_str *name = &call->args[1]->literal.str;
    weft_ctx *ctx = s->a->ctx;
    const weft_status st = weft_arena_copy(ctx, ctx->arena, weft_str_data(name), name->len, &text);
    *out = text;
    return st;
}

/* |> SET name = e: every column of that name becomes e, the others stay. */
static weft_status bind_set_star(select_block *s, weft_binder *b, const weft_expr *star)
{
    weft_status st = WEFT_OK;
    const weft_expr *set = star->args[0], *value = NULL;
    weft_expr all = *star;
    weft_pointers columns = {0};
    const weft_expr name = {.kind = WEFT_EXPR_UNRESOLVED_COLUMN,
                            .span = set->span,
                            .name = {.part_count = 1, .parts = &set->alias.name}};
    bool found = false;
    all.arg_count = 0;
    WEFT_TRY(st, weft_bind_name(b, &name, &value)); /* says when it is nobody's, or two tables' */
    WEFT_TRY(st, weft_bind_star(b, &all, &columns));
    WEFT_TRY(st, weft_bind_expr(b, set->args[0], &value));
    for (int32_t i = 0; i < columns.count; i++) {
        const weft_expr *column = weft_pointers_exprs(&columns)[i];
        const bool is = strcasecmp(column->column.name, set->alias.name) == 0;
        found |= is;
        WEFT_TRY(st, push_item(s, is ? value : column, is ? set->alias.name : column->column.name));
    }
    if (found) goto done;
    WEFT_TRY(st, weft_fail_at(s->a->ctx, WEFT_UNRESOLVED_COLUMN_ALONE, weft_analyzer_span(s->a, &set->span),
                              "SET takes names of columns."));
done:
    return st;
}

weft_status select_bind_item(select_block *s, const weft_expr *parsed)
{
    weft_status st = WEFT_OK;
    weft_binder b = select_binder(s, "the select list");
    const bool alias = parsed->kind == WEFT_EXPR_ALIAS;
    const weft_expr *e = alias ? parsed->args[0] : parsed, *bound = NULL;
    const char *name = alias ? parsed->alias.name : NULL;
    b.aggregates = b.windows = true;
    b.items = s->items; /* lateral: aliases of the items before this one */
    b.item_count = s->item_count;
    if (e->kind == WEFT_EXPR_UNRESOLVED_CALL && weft_is_variant_explode(e->unresolved.name))
        return weft_fail_at(
            s->a->ctx, WEFT_NOT_SCALAR_FUNCTION, weft_analyzer_span(s->a, &e->span),
            "`%s` appears as a scalar expression here, but the function was defined as a table "
            "function. Please update the query to move the function call into the FROM clause.",
            e->unresolved.name);
    if (e->kind == WEFT_EXPR_UNRESOLVED_CALL && weft_is_generator_name(e->unresolved.name)) {
        WEFT_TRY(st, bind_generator_items(s, &b, e, alias ? parsed : NULL));
        goto done;
    }
    if (alias && parsed->arg_count > 1) {
        WEFT_TRY(st, weft_fail_at(s->a->ctx, WEFT_UNSUPPORTED, weft_analyzer_span(s->a, &parsed->span),
                                  "An alias of several names is for generators only."));
    }
    if (e->kind == WEFT_EXPR_STAR && e->arg_count == 1 && e->args[0]->kind == WEFT_EXPR_ALIAS) {
        WEFT_TRY(st, bind_set_star(s, &b, e));
        goto done;
    }
    if (e->kind == WEFT_EXPR_STAR && name == NULL) {
        weft_pointers columns = {0};
        WEFT_TRY(st, weft_bind_star(&b, e, &columns));
        for (int32_t i = 0; i < columns.count; i++) {
            const weft_expr *column = weft_pointers_exprs(&columns)[i];
            const char *field = NULL;
            if (column->kind == WEFT_EXPR_ALIAS) { /* a struct without some of its fields */
                field = column->alias.name;
                column = column->args[0];
            }
            if (column->kind == WEFT_EXPR_OUTER) field = column->args[0]->column.name;
            if (column->kind == WEFT_EXPR_CALL && field == NULL) WEFT_TRY(st, field_name(s, column, &field));
            WEFT_TRY(st, push_item(s, column, field != NULL ? field : column->column.name));
        }
        goto done;
    }
    WEFT_TRY(st, weft_bind_expr(&b, e, &bound));
    WEFT_TRY(st, select_check_substitution(&b, e, bound));
    if (weft_has_generator(bound)) WEFT_TRY(st, select_misplaced_generator(s, e, WEFT_GENERATOR_NESTED));
    if (name == NULL && b.substituted && e->kind != WEFT_EXPR_UNRESOLVED_COLUMN) {
        const weft_expr *shown = NULL;
        b.shows_aliases = true;
        WEFT_TRY(st, weft_bind_expr(&b, e, &shown));
        WEFT_TRY(st, item_name(s, e, shown, &name));
    }
    if (name == NULL) WEFT_TRY(st, item_name(s, e, bound, &name));
    WEFT_TRY(st, push_item(s, bound, name));
    s->items[s->item_count - 1].named = alias;
    s->items[s->item_count - 1].unnamed = !alias && weft_item_is_unnamed(e, bound);
done:
    return st;
}
