/* engine/plan/analyzer_select.c - one SELECT block, with the ORDER BY around it.
 *
 * From below: FROM, FILTER (WHERE), AGGREGATE, FILTER (HAVING), WINDOW nodes, PROJECT (select list),
 * AGGREGATE (DISTINCT), SORT. All expressions are bound over FROM first, then carried over aggregate and
 * windows. A sort key that the select list does not give is projected beside it and dropped again above the
 * sort. */
#include <strings.h>

#include "common/limits.h"
#include "common/settings.h"
#include "engine/expr/coerce.h"
#include "engine/expr/function.h"
#include "engine/plan/analyzer_select.h"

/* ---- groups ---- */

static bool is_position(const weft_expr *parsed)
{
    return parsed->kind == WEFT_EXPR_LITERAL && parsed->literal.type.id == WEFT_TYPE_INT;
}

static weft_status position_item(select_block *s, const weft_expr *parsed, bool group, const weft_expr **out)
{
    const int64_t position = parsed->literal.i64;
    if (position < 1 || position > s->item_count) {
        return weft_fail_at(s->a->ctx,
                            group ? WEFT_UNRESOLVED_GROUP_BY_POSITION : WEFT_UNRESOLVED_ORDER_BY_POSITION,
                            weft_analyzer_span(s->a, &parsed->span),
                            "%s BY position %lld is not in select list (valid range is [1, %d]).",
                            group ? "GROUP" : "ORDER", (long long)position, s->item_count);
    }
    *out = s->items[position - 1].expr;
    if (!group) return WEFT_OK;
    for (int32_t i = 0; i < s->select->item_count; i++) {
        if (s->select->items[i]->kind == WEFT_EXPR_STAR)
            return weft_fail_at(s->a->ctx, WEFT_STAR_GROUP_BY_POS, weft_analyzer_span(s->a, &parsed->span),
                                "Star (*) is not allowed in a select list when GROUP BY an ordinal position "
                                "is used.");
    }
    if (select_has_aggregate(s, *out) || select_has_window(s, *out))
        return weft_fail_at(s->a->ctx, WEFT_GROUP_BY_POS_AGGREGATE, weft_analyzer_span(s->a, &parsed->span),
                            "GROUP BY %lld refers to an expression that contains an aggregate or window "
                            "function, which are not allowed in GROUP BY.",
                            (long long)position);
    return WEFT_OK;
}

/* A column that stands outside of aggregates, subqueries' own ones too. */
static bool has_plain_column(const weft_expr *e)
{
    if (e->kind == WEFT_EXPR_COLUMN) return true;
    if (e->kind == WEFT_EXPR_AGGREGATE || e->kind == WEFT_EXPR_OUTER) return false;
    if (e->kind == WEFT_EXPR_SUBQUERY && e->subquery.outer_count > 0) return true;
    for (int32_t i = 0; i < e->arg_count; i++)
        if (has_plain_column(e->args[i])) return true;
    return false;
}

/* GROUP BY ALL: the items without aggregates. */
static weft_status bind_all_groups(select_block *s)
{
    weft_status st = WEFT_OK;
    const weft_expr *mixed = NULL;
    for (int32_t i = 0; i < s->item_count; i++) {
        const weft_expr *e = s->items[i].expr;
        const bool aggregate = select_has_aggregate(s, e) || select_has_window(s, e);
        if (aggregate && mixed == NULL && has_plain_column(e)) mixed = e;
        if (aggregate || e->kind == WEFT_EXPR_LITERAL) continue;
        if (select_groups_map(e->type))
            WEFT_TRY(st, select_sort_map(s, e, weft_analyzer_span(s->a, &e->span), &e));
        WEFT_TRY(st, weft_pointers_push(s->a->ctx, &s->groups, e));
    }
    if (s->groups.count == 0 && mixed != NULL)
        st = weft_fail_at(s->a->ctx, WEFT_UNRESOLVED_ALL, weft_analyzer_span(s->a, &mixed->span),
                          "Cannot infer grouping columns for GROUP BY ALL based on the select clause. Please "
                          "explicitly specify the grouping columns.");
done:
    return st;
}

/* GROUP BY ALL, unless there is a column of that name. */
static weft_status bind_all(select_block *s, weft_binder *b)
{
    weft_status st = WEFT_OK;
    const char *part = "all";
    const weft_expr *e = NULL;
    const weft_expr name = {.kind = WEFT_EXPR_UNRESOLVED_COLUMN, .name = {.part_count = 1, .parts = &part}};
    if (!weft_names_own(b, &name)) return bind_all_groups(s);
    WEFT_TRY(st, weft_bind_expr(b, &name, &e));
    WEFT_TRY(st, weft_pointers_push(s->a->ctx, &s->groups, e));
done:
    return st;
}

static weft_status bind_groups(select_block *s)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = s->a->ctx;
    weft_binder b = select_binder(s, "GROUP BY");
    b.no_aggregates = WEFT_GROUP_BY_AGGREGATE;
    b.items = s->items;
    b.item_count = weft_setting(ctx, WEFT_SET_GROUP_BY_ALIASES) != 0 ? s->item_count : 0;
    const bool ordinals = weft_setting(ctx, WEFT_SET_GROUP_BY_ORDINAL) != 0;
    for (int32_t i = 0; i < s->select->group_count; i++) {
        const weft_expr *parsed = s->select->groups[i], *e = NULL;
        if (ordinals && is_position(parsed) && s->select->pipe == WEFT_PIPE_AGGREGATE)
            e = s->items[i].expr; /* it is the column of that place already */
        else if (ordinals && is_position(parsed))
            WEFT_TRY(st, position_item(s, parsed, true, &e));
        else
            WEFT_TRY(st, weft_bind_expr(&b, parsed, &e));
        WEFT_TRY(st, select_check_substitution(&b, parsed, e));
        if (weft_has_generator(e))
            WEFT_TRY(st, select_misplaced_generator(s, parsed, WEFT_GENERATOR_OUTSIDE));
        if (select_groups_map(e->type))
            WEFT_TRY(st, select_sort_map(s, e, weft_analyzer_span(s->a, &parsed->span), &e));
        else if (!weft_type_is_groupable(e->type)) {
            char type[256];
            WEFT_TRY(st, weft_fail_at(ctx, WEFT_GROUP_NOT_ORDERABLE, weft_analyzer_span(s->a, &parsed->span),
                                      "The expression cannot be used as a grouping expression because its "
                                      "data type \"%s\" is not an orderable data type.",
                                      weft_type_text(e->type, type, sizeof type)));
        }
        if (select_has_aggregate(s, e) || select_has_window(s, e)) {
            WEFT_TRY(st, weft_fail_at(ctx, WEFT_GROUP_BY_AGGREGATE, weft_analyzer_span(s->a, &parsed->span),
                                      "Aggregate and window functions are not allowed in GROUP BY."));
        }
        WEFT_TRY(st, weft_pointers_push(ctx, &s->groups, e));
    }
    if (s->select->group_all) WEFT_TRY(st, bind_all(s, &b));
done:
    return st;
}

/* ---- sessions ---- */

typedef struct column_swap {
    const weft_expr *from, *to;
} column_swap;

static weft_status swap_column(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    (void)ctx;
    const column_swap *swap = self;
    *out = weft_expr_equal(e, swap->from) ? swap->to : e;
    return WEFT_OK;
}

/* GROUP BY session_window(t, gap): what was bound of the block reads the merged sessions. */
static weft_status merge_sessions(select_block *s)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = s->a->ctx;
    column_swap swap = {NULL, NULL};
    weft_pointers groups = {0};
    WEFT_TRY(st, weft_merge_sessions(s->a, &s->from, &s->groups, &s->node, &swap.from, &swap.to));
    if (swap.to == NULL) goto done;
    for (int32_t i = 0; i < s->item_count; i++)
        WEFT_TRY(st, weft_expr_rewrite(ctx, s->items[i].expr, swap_column, &swap, &s->items[i].expr));
    for (int32_t i = 0; i < s->groups.count; i++) {
        const weft_expr *group = NULL;
        WEFT_TRY(st, weft_expr_rewrite(ctx, weft_pointers_exprs(&s->groups)[i], swap_column, &swap, &group));
        WEFT_TRY(st, weft_pointers_push(ctx, &groups, group));
    }
    s->groups = groups;
    weft_name *names = (weft_name *)(uintptr_t)s->from.names; /* made for this block */
    for (int32_t i = 0; i < s->from.count; i++)
        if (names[i].id == swap.from->column.id) names[i].id = swap.to->column.id;
done:
    return st;
}

/* ---- HAVING and ORDER BY ---- */

static weft_status bind_having(select_block *s)
{
    weft_binder b = select_binder(s, "HAVING");
    if (s->select->having == NULL) return WEFT_OK;
    b.aggregates = true;
    b.items = s->items;
    b.item_count = s->item_count;
    b.items_first = true;
    b.groups = &s->groups;
    b.casts_predicate = true;
    s->scope.lends = true;
    const weft_status st = weft_bind_predicate(&b, s->select->having, &s->having);
    s->scope.lends = false;
    for (int32_t i = 0; st == WEFT_OK && i < s->having.count; i++) {
        if (weft_has_generator(weft_pointers_exprs(&s->having)[i]))
            return select_misplaced_generator(s, s->select->having, WEFT_GENERATOR_OUTSIDE);
    }
    return st;
}

/* QUALIFY sees the columns of FROM, and the aliases of the select list behind them. */
static weft_status bind_qualify(select_block *s)
{
    weft_status st = WEFT_OK;
    weft_binder b = select_binder(s, "QUALIFY");
    bool windows = false;
    if (s->select->qualify == NULL) return WEFT_OK;
    b.aggregates = b.windows = true;
    b.items = s->items;
    b.item_count = s->item_count;
    WEFT_TRY(st, weft_bind_predicate(&b, s->select->qualify, &s->qualify));
    for (int32_t i = 0; i < s->item_count; i++) windows = windows || select_has_window(s, s->items[i].expr);
    for (int32_t i = 0; i < s->qualify.count; i++) {
        windows = windows || select_has_window(s, weft_pointers_exprs(&s->qualify)[i]);
    }
    if (!windows) {
        st = weft_fail_at(
            s->a->ctx, WEFT_QUALIFY_WITHOUT_WINDOW, weft_analyzer_span(s->a, &s->select->qualify->span),
            "The QUALIFY clause requires at least one window function in the current SELECT list or "
            "the QUALIFY condition.");
    }
done:
    return st;
}

static bool is_order_all(const select_block *s)
{
    const bool one = s->sort->sort.count == 1 && s->sort->sort.clause == WEFT_CLAUSE_ORDER_BY;
    const weft_expr *key = one ? s->sort->sort.keys[0]->args[0] : NULL;
    if (key == NULL || key->kind != WEFT_EXPR_UNRESOLVED_COLUMN || key->name.part_count != 1) return false;
    if (strcasecmp(key->name.parts[0], "all") != 0) return false;
    for (int32_t i = 0; i < s->scope.count; i++) {
        if (strcasecmp(s->scope.names[i].name, "all") == 0) return false;
    }
    return true;
}

/* What equals an item is its output column. */
static weft_status to_output(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    const select_block *s = self;
    if (e->kind == WEFT_EXPR_LITERAL) return WEFT_OK;
    if (e->kind == WEFT_EXPR_OUTER) *out = e;
    for (int32_t i = 0; i < s->item_count; i++) {
        const weft_item *item = &s->items[i];
        if (!weft_expr_equal(item->expr, e)) continue;
        return weft_expr_column(ctx, item->id, item->name, e->type, e->nullable, out);
    }
    return WEFT_OK;
}

/* Is key i one that rows are distributed by? */
static bool is_distributed(const select_block *s, int32_t i)
{
    return s->sort->sort.distributed > 0 && i >= s->sort->sort.count - s->sort->sort.distributed;
}

static weft_status bind_keys(select_block *s)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = s->a->ctx;
    if (s->sort == NULL) return WEFT_OK;
    if (is_order_all(s)) {
        const weft_span *span = weft_analyzer_span(s->a, &s->sort->sort.keys[0]->span);
        for (int32_t i = 0; i < s->item_count; i++) {
            WEFT_TRY(st, weft_expect_orderable(ctx, "sort order", s->items[i].expr, span));
            WEFT_TRY(st, weft_pointers_push(ctx, &s->keys, s->items[i].expr));
            WEFT_TRY(st, weft_pointers_push(ctx, &s->key_terms, s->sort->sort.keys[0]));
        }
        goto done;
    }
    for (int32_t i = 0; i < s->sort->sort.count; i++) {
        weft_binder b = select_binder(s, "ORDER BY");
        const weft_expr *term = s->sort->sort.keys[i], *e = NULL;
        b.aggregates = b.windows = true;
        b.items = s->items;
        b.item_count = s->item_count;
        b.items_first = true;
        const bool distributed = is_distributed(s, i);
        const bool positions = !distributed && s->sort->sort.clause != WEFT_CLAUSE_CLUSTER_BY;
        if (positions && is_position(term->args[0]) && weft_setting(ctx, WEFT_SET_ORDER_BY_ORDINAL) != 0)
            WEFT_TRY(st, position_item(s, term->args[0], false, &e));
        else
            WEFT_TRY(st, weft_bind_expr(&b, term->args[0], &e));
        WEFT_TRY(st, select_check_substitution(&b, term, e));
        if (distributed) { /* what it reads of the select list may be an aggregate there */
            const weft_expr *over = NULL;
            WEFT_TRY(st, weft_rewrite_top(ctx, e, to_output, s, &over));
            WEFT_TRY(st, weft_expect_distributable(s->a, over, &term->span));
        } else {
            WEFT_TRY(st, weft_expect_orderable(ctx, "sort order", e, weft_analyzer_span(s->a, &term->span)));
        }
        WEFT_TRY(st, weft_pointers_push(ctx, &s->keys, e));
        WEFT_TRY(st, weft_pointers_push(ctx, &s->key_terms, term));
    }
done:
    return st;
}

/* ---- aggregate and windows ---- */

static bool is_aggregate_query(const select_block *s)
{
    if (s->groups.count > 0 || s->select->group_all || s->select->grouping_set_count > 0 ||
        s->select->having != NULL) {
        return true;
    }
    for (int32_t i = 0; i < s->item_count; i++) {
        if (select_has_aggregate(s, s->items[i].expr)) return true;
    }
    for (int32_t i = 0; i < s->keys.count; i++) {
        if (select_has_aggregate(s, weft_pointers_exprs(&s->keys)[i])) return true;
    }
    for (int32_t i = 0; i < s->qualify.count; i++) {
        if (select_has_aggregate(s, weft_pointers_exprs(&s->qualify)[i])) return true;
    }
    return false;
}

/* Groups of chance are computed below the aggregate, once, also for what reads them above. */
static weft_status lift_group_chance(select_block *s, weft_carried *carried)
{
    weft_status st = WEFT_OK;
    const int32_t groups = s->groups.count;
    weft_carried both = {.count = groups + carried->count};
    WEFT_TRY(st, WEFT_NEW_ARRAY(s->a->ctx, both.count, &both.exprs));
    for (int32_t i = 0; i < groups; i++) both.exprs[i] = weft_pointers_exprs(&s->groups)[i];
    for (int32_t i = 0; i < carried->count; i++) both.exprs[groups + i] = carried->exprs[i];
    WEFT_TRY(st, weft_lift_chance(s->a, s->node, &both, groups, true, &s->node));
    for (int32_t i = 0; i < groups; i++) s->groups.items[i] = both.exprs[i];
    for (int32_t i = 0; i < carried->count; i++) carried->exprs[i] = both.exprs[groups + i];
done:
    return st;
}

/* Where the carried expressions of each kind begin. */
typedef struct carried_places {
    int32_t arguments, keys, qualify, having;
} carried_places;

static weft_status carry_all(select_block *s, weft_carried *carried, carried_places *at)
{
    weft_status st = WEFT_OK;
    at->arguments = s->item_count;
    at->keys = at->arguments + s->lifted.count;
    at->qualify = at->keys + s->keys.count;
    at->having = at->qualify + s->qualify.count;
    *carried =
        (weft_carried){.count = at->having + s->having.count, .selected = at->keys, .lifted = &s->lifted};
    WEFT_TRY(st, WEFT_NEW_ARRAY(s->a->ctx, carried->count, &carried->exprs));
    for (int32_t i = 0; i < s->item_count; i++) carried->exprs[i] = s->items[i].expr;
    for (int32_t i = 0; i < s->lifted.count; i++) {
        const weft_lifted_argument *argument = s->lifted.items[i];
        carried->exprs[at->arguments + i] = argument->value;
    }
    for (int32_t i = 0; i < s->keys.count; i++)
        carried->exprs[at->keys + i] = weft_pointers_exprs(&s->keys)[i];
    for (int32_t i = 0; i < s->qualify.count; i++)
        carried->exprs[at->qualify + i] = weft_pointers_exprs(&s->qualify)[i];
    for (int32_t i = 0; i < s->having.count; i++)
        carried->exprs[at->having + i] = weft_pointers_exprs(&s->having)[i];
done:
    return st;
}

/* Items, arguments of SQL functions, sort keys, QUALIFY, then HAVING: lifted over AGGREGATE and WINDOW nodes.
 */
static weft_status lift(select_block *s)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = s->a->ctx;
    weft_carried carried = {0};
    carried_places at = {0};
    WEFT_TRY(st, carry_all(s, &carried, &at));
    const bool aggregate = is_aggregate_query(s);
    WEFT_TRY(st, select_read_map_groups(s, &carried));
    if (aggregate) {
        WEFT_TRY(st, lift_group_chance(s, &carried));
        WEFT_TRY(st, weft_build_aggregate(s->a, s->node, weft_pointers_exprs(&s->groups), s->groups.count,
                                          s->select->grouping_sets, s->select->grouping_set_count, &carried,
                                          &s->outer_uses, &s->node));
    }
    WEFT_TRY(st, weft_lift_chance(s->a, s->node, &carried, carried.count, false, &s->node));
    WEFT_TRY(st, select_project_lifted(s, carried.exprs + at.arguments, false));
    if (aggregate)
        WEFT_TRY(st, weft_node_filter(ctx, s->node, carried.exprs + at.having, s->having.count, &s->node));
    carried.count = at.having;
    WEFT_TRY(st, weft_build_windows(s->a, s->node, &carried, &s->node));
    WEFT_TRY(st, select_project_lifted(s, carried.exprs + at.arguments, true));
    WEFT_TRY(st, weft_node_filter(ctx, s->node, carried.exprs + at.qualify, s->qualify.count, &s->node));
    for (int32_t i = 0; i < s->item_count; i++) s->items[i].expr = carried.exprs[i];
    for (int32_t i = 0; i < s->keys.count; i++) s->keys.items[i] = carried.exprs[at.keys + i];
done:
    return st;
}

/* ---- projection, DISTINCT, sort ---- */

/* For each item that is a column without an alias the id under which it, or its twin, came first; else 0. */
static weft_status first_ids(const select_block *s, int64_t **out)
{
    weft_status st = WEFT_OK;
    int64_t *ids = NULL;
    bool twins = false;
    WEFT_TRY(st, WEFT_NEW_ARRAY(s->a->ctx, s->item_count, &ids));
    for (int32_t i = 0; i < s->from.count && !twins; i++) twins = s->from.names[i].twin != 0;
    for (int32_t i = 0; i < s->item_count; i++) {
        if (s->items[i].named || s->items[i].expr->kind != WEFT_EXPR_COLUMN) continue;
        ids[i] = s->items[i].expr->column.id;
        for (int32_t k = 0; twins && k < s->from.count; k++)
            if (s->from.names[k].id == ids[i] && s->from.names[k].twin != 0) ids[i] = s->from.names[k].twin;
    }
    *out = ids;
done:
    return st;
}

/* Behind a pipe operator the other side's column of USING can still be named, and _metadata behind all that
 * neither groups nor is DISTINCT. */
static weft_status carry_hidden(select_block *s, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    const weft_select *select = s->select;
    const bool carries = (select->pipe == WEFT_PIPE_SELECT || select->pipe == WEFT_PIPE_EXTEND) &&
                         select->group_count == 0 && !select->group_all && select->grouping_set_count == 0;
    for (int32_t i = 0; i < s->from.count; i++) {
        const weft_name *name = &s->from.names[i];
        const weft_expr *e = NULL;
        bool given = !(name->of_file ? s->passes_files : carries && name->hidden) ||
                     weft_node_find_output(s->node, name->id) < 0;
        for (int32_t k = 0; !given && k < s->item_count; k++) given = s->items[k].id == name->id;
        if (given) continue;
        WEFT_TRY(st, weft_name_column(s->a->ctx, name, &e));
        WEFT_TRY(st, weft_pointers_push(s->a->ctx, out, e));
    }
done:
    return st;
}

/* Items as COLUMN where the column can keep its id, else as ALIAS with a new one. */
static weft_status project_items(select_block *s, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    int64_t *ids = NULL;
    WEFT_TRY(st, first_ids(s, &ids));
    for (int32_t i = 0; i < s->item_count; i++) {
        weft_item *item = &s->items[i];
        const weft_expr *e = item->expr;
        for (int32_t k = 0; ids[i] != 0 && item->twin == 0 && k < i; k++)
            if (ids[k] == ids[i]) item->twin = s->items[k].id;
        bool keeps = e->kind == WEFT_EXPR_COLUMN && strcmp(e->column.name, item->name) == 0;
        for (int32_t k = 0; keeps && k < i; k++) keeps = s->items[k].id != e->column.id;
        item->id = keeps ? e->column.id : weft_next_id(s->a->ids);
        if (item->unnamed && s->a->lasting && s->a->in_view == 0)
            WEFT_TRY(st, weft_note_unnamed(s->a, item->id));
        if (!keeps) WEFT_TRY(st, weft_expr_alias(s->a->ctx, e, item->id, item->name, &e));
        WEFT_TRY(st, weft_pointers_push(s->a->ctx, out, e));
    }
    WEFT_TRY(st, carry_hidden(s, out));
done:
    return st;
}

typedef struct cover_check {
    const weft_outputs *outputs;
    const weft_expr *outer_column; /* the column inside an OUTER, which is no column of this query */
} cover_check;

static bool is_uncovered(void *self, const weft_expr *e)
{
    cover_check *c = self;
    if (e->kind == WEFT_EXPR_SUBQUERY) return true; /* it may name columns of FROM */
    if (e->kind == WEFT_EXPR_OUTER) c->outer_column = e->args[0];
    if (e->kind != WEFT_EXPR_COLUMN || e == c->outer_column) return false;
    for (int32_t i = 0; i < c->outputs->count; i++) {
        if (c->outputs->columns[i].id == e->column.id) return false;
    }
    return true;
}

/* A column for a key that is not selected, behind the visible ones: what is there already is used again. */
static weft_status hidden_key(select_block *s, weft_pointers *exprs, int32_t visible, const weft_expr *key,
                              const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *hidden = NULL;
    for (int32_t i = visible; i < exprs->count && hidden == NULL; i++) {
        const weft_expr *made = weft_pointers_exprs(exprs)[i];
        if (weft_expr_deterministic(key) && weft_expr_equal(made->args[0], key)) hidden = made;
    }
    if (hidden == NULL) {
        WEFT_TRY(st, weft_expr_alias(s->a->ctx, key, weft_next_id(s->a->ids), "_order", &hidden));
        WEFT_TRY(st, weft_pointers_push(s->a->ctx, exprs, hidden));
    }
    WEFT_TRY(st, weft_expr_column(s->a->ctx, hidden->alias.id, "_order", key->type, key->nullable, out));
done:
    return st;
}

static weft_status sort_output(select_block *s, weft_pointers *exprs)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = s->a->ctx;
    const weft_node *narrow = NULL;
    weft_pointers keys = {0};
    const int32_t visible = exprs->count;
    WEFT_TRY(st, weft_node_project(ctx, s->node, weft_pointers_exprs(exprs), visible, &narrow));
    for (int32_t i = 0; i < s->keys.count; i++) {
        const weft_expr *key = weft_pointers_exprs(&s->keys)[i], *over = NULL;
        const weft_expr *term = weft_pointers_exprs(&s->key_terms)[i];
        cover_check check = {.outputs = &narrow->output};
        WEFT_TRY(st, weft_rewrite_top(ctx, key, to_output, s, &over));
        if (weft_expr_any(over, is_uncovered, &check)) {
            if (s->select->distinct || (is_distributed(s, i) && is_aggregate_query(s))) {
                WEFT_TRY(st, weft_fail_at(ctx, WEFT_UNRESOLVED_COLUMN, weft_analyzer_span(s->a, &term->span),
                                          "%s of a SELECT with %s may only use what is in its select list.",
                                          is_distributed(s, i) ? "DISTRIBUTE BY" : "ORDER BY",
                                          s->select->distinct ? "DISTINCT" : "groups"));
            }
            WEFT_TRY(st, hidden_key(s, exprs, visible, key, &over));
        }
        if (!is_distributed(s, i))
            WEFT_TRY(st, weft_expr_sort_key(ctx, over, term->sort.descending, term->sort.nulls_first, &over));
        WEFT_TRY(st, weft_pointers_push(ctx, &keys, over));
    }
    if (exprs->count > visible) {
        WEFT_TRY(st, weft_node_project(ctx, s->node, weft_pointers_exprs(exprs), exprs->count, &s->node));
    } else {
        s->node = narrow;
    }
    if (s->select->distinct) {
        weft_pointers groups = {0};
        WEFT_TRY(st, weft_expect_distinct(s->a, narrow, &s->select->items[0]->span));
        for (int32_t i = 0; i < visible; i++) {
            const weft_expr *column = NULL;
            WEFT_TRY(st, weft_node_column(ctx, s->node, i, &column));
            WEFT_TRY(st, weft_pointers_push(ctx, &groups, column));
        }
        WEFT_TRY(st,
                 weft_node_aggregate(ctx, s->node, weft_pointers_exprs(&groups), visible, NULL, 0, &s->node));
    }
    WEFT_TRY(st, weft_bind_partition_hints(s->a, s->select, s->ctes, &s->node));
    if (keys.count > 0) WEFT_TRY(st, weft_bind_organization(s->a, s->sort, &keys, &s->node));
    if (exprs->count > visible) {
        weft_pointers columns = {0};
        for (int32_t i = 0; i < visible; i++) {
            const weft_expr *column = NULL;
            WEFT_TRY(st, weft_node_column(ctx, s->node, i, &column));
            WEFT_TRY(st, weft_pointers_push(ctx, &columns, column));
        }
        WEFT_TRY(st, weft_node_project(ctx, s->node, weft_pointers_exprs(&columns), visible, &s->node));
    }
done:
    return st;
}

static weft_status bind_block_from(select_block *s, const weft_scope *outer)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = s->a->ctx;
    weft_pointers conjuncts = {0};
    const weft_select *around = s->a->block;
    weft_check_hints(s->a, s->select);
    s->a->block = s->select;
    if (s->select->from != NULL) st = weft_bind_from(s->a, s->select->from, outer, s->ctes, &s->from);
    s->a->block = around;
    WEFT_TRY(st, st);
    if (s->select->from == NULL)
        WEFT_TRY(st, weft_node_values(ctx, s->a->ids, NULL, 1, 0, NULL, &s->from.node));
    s->scope = (weft_scope){
        .count = s->from.count, .names = s->from.names, .outer = outer, .outer_uses = &s->outer_uses};
    s->scope.lifted = &s->lifted;
    const weft_expr *window = NULL;
    WEFT_TRY(st, weft_find_time_window(s->a, s->select, s->sort, &window));
    if (window != NULL) {
        weft_binder b = select_binder(s, "window");
        WEFT_TRY(st, weft_bind_time_window(&b, window, &s->from));
        s->scope.count = s->from.count;
        s->scope.names = s->from.names;
    }
    if (s->select->where != NULL) {
        weft_binder b = select_binder(s, "WHERE");
        WEFT_TRY(st, weft_bind_predicate(&b, s->select->where, &conjuncts));
    }
    weft_carried where = {.count = conjuncts.count};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, conjuncts.count, &where.exprs));
    for (int32_t i = 0; i < where.count; i++) where.exprs[i] = weft_pointers_exprs(&conjuncts)[i];
    WEFT_TRY(st, weft_lift_chance(s->a, s->from.node, &where, where.count, false, &s->node));
    WEFT_TRY(st, weft_node_filter(ctx, s->node, where.exprs, where.count, &s->node));
done:
    return st;
}

/* The rows between the steps of the block have a column for each of these. */
static weft_status check_width(const select_block *s)
{
    const int32_t width = s->item_count + s->keys.count + s->groups.count;
    if (width <= WEFT_COLUMNS_MAX) return WEFT_OK;
    return weft_fail_at(s->a->ctx, WEFT_LIMIT, weft_analyzer_span(s->a, &s->select->items[0]->span),
                        "The SELECT has %d columns, groups and sort keys; at most %d are taken", width,
                        WEFT_COLUMNS_MAX);
}

/* Columns that a pipe operator passes on are still of their tables; what tables tell of their files is that
 * behind any block. */
static void keep_origin(const weft_bound *from, bool pipe, weft_name *name)
{
    for (int32_t k = 0; k < from->count; k++) {
        if (from->names[k].id != name->id && from->names[k].id != name->twin) continue;
        name->of_file = name->hidden && from->names[k].of_file;
        if (!pipe) continue;
        name->qualifier = from->names[k].qualifier;
        name->database = from->names[k].database;
    }
}

/* What the block's columns are called. Behind its items stand those of carry_hidden. */
static weft_status name_output(select_block *s, weft_bound *out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_names_of(s->a->ctx, s->node, NULL, out));
    weft_name *names = (weft_name *)(uintptr_t)out->names; /* made for this block */
    for (int32_t i = 0; i < out->count; i++) {
        names[i].hidden = i >= s->item_count;
        if (!names[i].hidden) names[i].twin = s->items[i].twin;
        keep_origin(&s->from, s->select->pipe != WEFT_PIPE_NONE, &names[i]);
    }
done:
    return st;
}

/* grouping(a), grouping_id(a, …) */
static bool is_grouping_of(void *self, const weft_expr *e)
{
    (void)self;
    return weft_is_grouping(e) && e->arg_count > 0;
}

/* Behind |> AGGREGATE what is no group holds an aggregate; behind |> EXTEND and SET nothing does. */
static weft_status check_pipe(const select_block *s)
{
    const weft_select *select = s->select;
    for (int32_t i = 0; i < s->item_count; i++) {
        if (select->pipe != WEFT_PIPE_EXTEND) break;
        if (!select_has_aggregate(s, s->items[i].expr)) continue;
        return weft_fail_at(s->a->ctx, WEFT_PIPE_HAS_AGGREGATE,
                            weft_analyzer_span(s->a, &select->items[select->item_count - 1]->span),
                            "Aggregate function %s is not allowed when using the pipe operator |> EXTEND "
                            "clause; please use the pipe operator |> AGGREGATE clause instead.",
                            s->items[i].name);
    }
    if (select->pipe != WEFT_PIPE_AGGREGATE) return WEFT_OK;
    for (int32_t i = select->group_count; i < s->item_count; i++) {
        const weft_expr *e = s->items[i].expr;
        const bool windows = select_has_window(s, e);
        if (windows || weft_expr_any(e, is_grouping_of, NULL))
            return weft_fail_at(s->a->ctx, WEFT_PIPE_GROUPING,
                                weft_analyzer_span(s->a, &select->items[select->item_count - 1]->span),
                                "The feature is not supported: The SQL pipe operator syntax with aggregation "
                                "(using |> AGGREGATE) does not support %s.",
                                windows ? "window functions; please use |> EXTEND or |> SELECT for them"
                                        : "GROUPING");
        if (select_has_aggregate(s, e) && !weft_is_grouping(e)) continue;
        return weft_fail_at(s->a->ctx, WEFT_PIPE_NO_AGGREGATE,
                            weft_analyzer_span(s->a, &select->items[select->item_count - 1]->span),
                            "Non-grouping expression %s is provided as an argument to the |> AGGREGATE "
                            "pipe operator but does not contain any aggregate function.",
                            s->items[i].name);
    }
    return WEFT_OK;
}

/* |> AGGREGATE … GROUP BY 1: the first column of what comes in. */
static weft_status bind_input_position(select_block *s, const weft_expr *parsed)
{
    const int64_t position = parsed->literal.i64;
    int64_t at = 0;
    for (int32_t i = 0; i < s->scope.count; i++) {
        const weft_name *name = &s->scope.names[i];
        if (name->hidden || ++at != position) continue;
        const weft_expr column = {.kind = WEFT_EXPR_UNRESOLVED_COLUMN,
                                  .span = parsed->span,
                                  .name = {.part_count = 1, .parts = &name->name}};
        return select_bind_item(s, &column);
    }
    return weft_fail_at(s->a->ctx, WEFT_UNRESOLVED_GROUP_BY_POSITION, weft_analyzer_span(s->a, &parsed->span),
                        "GROUP BY position %lld is not in select list (valid range is [1, %lld]).",
                        (long long)position, (long long)at);
}

weft_status weft_bind_select(weft_analyzer *a, const weft_node *parsed, const weft_node *sort,
                             const weft_scope *outer, weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_pointers exprs = {0};
    select_block s = {.a = a, .select = &parsed->select, .sort = sort, .ctes = ctes};
    WEFT_TRY(st, bind_block_from(&s, outer));
    for (int32_t i = 0; i < s.select->item_count; i++) {
        const bool group = s.select->pipe == WEFT_PIPE_AGGREGATE && i < s.select->group_count;
        WEFT_TRY(st, group && is_position(s.select->groups[i]) ? bind_input_position(&s, s.select->groups[i])
                                                               : select_bind_item(&s, s.select->items[i]));
    }
    WEFT_TRY(st, check_pipe(&s));
    WEFT_TRY(st, bind_groups(&s));
    WEFT_TRY(st, merge_sessions(&s));
    WEFT_TRY(st, bind_having(&s));
    WEFT_TRY(st, bind_qualify(&s));
    WEFT_TRY(st, bind_keys(&s));
    WEFT_TRY(st, check_width(&s));
    s.passes_files = !s.select->distinct && !is_aggregate_query(&s);
    WEFT_TRY(st, lift(&s));
    for (int32_t i = 1; i <= s.generator_count; i++) WEFT_TRY(st, select_lift_generator(&s, i));
    WEFT_TRY(st, project_items(&s, &exprs));
    WEFT_TRY(st, sort_output(&s, &exprs));
    WEFT_TRY(st, name_output(&s, out));
done:
    return st;
}
