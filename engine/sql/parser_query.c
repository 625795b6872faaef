/* engine/sql/parser_query.c - queries: WITH, set operations, SELECT blocks.
 *
 * INTERSECT binds tighter than UNION, EXCEPT and MINUS. A chain of one kind of UNION is one node of many
 * inputs, so its height does not grow with its length. */
#include <string.h>
#include <strings.h>

#include "common/settings.h"
#include "engine/sql/parser_internal.h"

static weft_status parse_set_operations(sql_parser *p, bool intersect, const weft_node *first,
                                        const weft_node **out);

/* (a, b, …) behind an item or AS: names for the columns of a generator, as columns behind the expression. */
static weft_status parse_item_names(sql_parser *p, const weft_span *start, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers args = {0};
    weft_expr *alias = NULL, *name = NULL;
    const char *const *names = NULL;
    int32_t count = 0;
    WEFT_TRY(st, weft_sql_name_list(p, &names, &count));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &args, *out));
    for (int32_t i = 0; i < count; i++) {
        const weft_span span = weft_sql_span_from(p, start);
        WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_UNRESOLVED_COLUMN, span, NULL, 0, &name));
        name->name.part_count = 1;
        name->name.parts = &names[i];
        WEFT_TRY(st, weft_pointers_push(p->ctx, &args, name));
    }
    WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_ALIAS, weft_sql_span_from(p, start),
                                   weft_pointers_exprs(&args), args.count, &alias));
    if ((*out)->kind != WEFT_EXPR_UNRESOLVED_CALL) {
        WEFT_TRY(st,
                 weft_fail_at(
                     p->ctx, WEFT_MULTI_ALIAS, start,
                     "Multi part aliasing is not supported with \"%.*s\" as it is not a generator function.",
                     (int)weft_min_i32((*out)->span.stop - (*out)->span.start, 200),
                     p->text + (*out)->span.start));
    }
    alias->alias.name = "";
    *out = alias;
done:
    return st;
}

bool weft_sql_is_cut(sql_parser *p, int32_t ahead)
{
    const sql_token *token = weft_sql_peek(p, ahead);
    if (token->kind == SQL_END || token->kind == SQL_RPAREN || token->kind == SQL_SEMICOLON) return true;
    if (token->kind != SQL_WORD) return false;
    switch (token->keyword) {
    case SQL_KW_GROUP:
    case SQL_KW_ORDER:
    case SQL_KW_SORT:
    case SQL_KW_CLUSTER:
    case SQL_KW_DISTRIBUTE: return sql_word_at(p, ahead + 1, SQL_KW_BY);
    case SQL_KW_LIMIT: return sql_is_at(p, ahead + 1, SQL_INTEGER);
    case SQL_KW_UNION:
    case SQL_KW_INTERSECT: return true;
    default: return false;
    }
}

/* [AS] behind an item, or AS as its name: SELECT x AS FROM t. */
static bool accept_as(sql_parser *p)
{
    if (!sql_word(p, SQL_KW_AS) || weft_sql_is_cut(p, 1) || sql_is_at(p, 1, SQL_COMMA)) return false;
    const bool from = sql_word_at(p, 1, SQL_KW_FROM) && !weft_sql_is_cut(p, 2) &&
                      !sql_is_at(p, 2, SQL_COMMA) && !sql_word_at(p, 2, SQL_KW_FROM);
    return !from && weft_sql_accept_word(p, SQL_KW_AS);
}

/* Can the current token be the name of an item without AS? */
static bool begins_item_name(sql_parser *p)
{
    const sql_token *token = weft_sql_peek(p, 0);
    if (token->kind == SQL_QUOTED) return true;
    if (token->kind != SQL_WORD || weft_sql_ends_query(p) || weft_sql_at_grouping_sets(p)) return false;
    if ((token->flags & (SQL_KW_IN_CLAUSE | SQL_KW_AFTER_NAME)) == 0 || token->keyword == SQL_KW_AS)
        return true;
    return (token->flags & SQL_KW_JOINS) == 0 &&
           (weft_sql_is_cut(p, 1) || (token->keyword == SQL_KW_FROM && sql_word_at(p, 1, SQL_KW_WHERE)));
}

/* expression [[AS] name | [AS] (name, …)] */
static weft_status parse_item(sql_parser *p, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const char *name = NULL;
    weft_expr *alias = NULL;
    sql_frame frame = {0};
    const bool within = p->in_item;
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    p->in_item = true;
    WEFT_TRY(st, weft_sql_expr(p, out));
    p->in_item = within;
    const bool as = accept_as(p);
    if (sql_is(p, SQL_LPAREN)) return parse_item_names(p, &start, out);
    if (as || begins_item_name(p)) {
        WEFT_TRY(st, weft_sql_name(p, "an alias", &name));
        WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_ALIAS, weft_sql_span_from(p, &start), out, 1, &alias));
        alias->alias.name = name;
        *out = alias;
    }
    sql_leave(p, frame);
done:
    return st;
}

weft_status weft_sql_items(sql_parser *p, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    do {
        const weft_expr *item = NULL;
        WEFT_TRY(st, parse_item(p, &item));
        WEFT_TRY(st, weft_pointers_push(p->ctx, out, item));
    } while (weft_sql_accept(p, SQL_COMMA));
done:
    return st;
}

/* WINDOW name AS (spec), … */
weft_status weft_sql_windows(sql_parser *p, weft_select *select)
{
    weft_status st = WEFT_OK;
    weft_pointers names = {0}, specs = {0};
    do {
        const char *name = NULL;
        const weft_window_spec *spec = NULL;
        const weft_span at = weft_sql_peek(p, 0)->span;
        WEFT_TRY(st, weft_sql_name(p, "the name of a window", &name));
        for (int32_t i = 0; i < names.count; i++)
            if (strcmp(names.items[i], name) == 0)
                WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_REPEATED_WINDOW, &at,
                                          "Invalid SQL syntax: The definition of window `%s` is repetitive.",
                                          name));
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_AS));
        WEFT_TRY(st, weft_sql_window_spec(p, &spec));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &names, name));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &specs, spec));
    } while (weft_sql_accept(p, SQL_COMMA));
    select->window_count = names.count;
    select->window_names = weft_pointers_texts(&names);
    select->windows = (const weft_window_spec *const *)specs.items;
done:
    return st;
}

bool weft_sql_quantifier(sql_parser *p)
{
    if (weft_sql_accept_word(p, SQL_KW_DISTINCT)) return true;
    if (sql_word(p, SQL_KW_ALL) && !sql_is_at(p, 1, SQL_COMMA)) weft_sql_advance(p);
    return false;
}

weft_status weft_sql_select_clauses(sql_parser *p, bool qualifies, weft_select *select)
{
    weft_status st = WEFT_OK;
    if (select->from == NULL && weft_sql_accept_word(p, SQL_KW_FROM))
        WEFT_TRY(st, weft_sql_from(p, &select->from));
    if (weft_sql_accept_word(p, SQL_KW_WHERE)) WEFT_TRY(st, weft_sql_expr(p, &select->where));
    if (weft_sql_accept_word(p, SQL_KW_GROUP)) {
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_BY));
        WEFT_TRY(st, weft_sql_group_by(p, select));
    }
    const bool grouped = select->group_count > 0 || select->group_all || select->grouping_set_count > 0;
    const bool filters = !grouped && select->where == NULL &&
                         weft_setting(p->ctx, WEFT_SET_HAVING_AS_WHERE) != 0;
    if (weft_sql_accept_word(p, SQL_KW_HAVING))
        WEFT_TRY(st, weft_sql_expr(p, filters ? &select->where : &select->having));
    if (qualifies && weft_sql_accept_word(p, SQL_KW_QUALIFY))
        WEFT_TRY(st, weft_sql_expr(p, &select->qualify));
    if (weft_sql_accept_word(p, SQL_KW_WINDOW)) WEFT_TRY(st, weft_sql_windows(p, select));
    if (qualifies && select->qualify == NULL && weft_sql_accept_word(p, SQL_KW_QUALIFY))
        WEFT_TRY(st, weft_sql_expr(p, &select->qualify));
done:
    return st;
}

/* SELECT a, FROM t: so far a column FROM that is called t, of no table. */
static weft_status check_trailing_comma(sql_parser *p, const weft_select *select)
{
    const weft_expr *last = select->items[select->item_count - 1];
    if (select->from != NULL || select->item_count < 2 || last->kind != WEFT_EXPR_ALIAS) return WEFT_OK;
    const weft_expr *column = last->args[0];
    if (column->kind != WEFT_EXPR_UNRESOLVED_COLUMN || column->name.part_count != 1 ||
        strcasecmp(column->name.parts[0], "FROM") != 0)
        return WEFT_OK;
    return weft_fail_at(p->ctx, WEFT_TRAILING_COMMA, &last->span,
                        "Trailing comma detected in SELECT clause. Remove the trailing comma before the FROM "
                        "clause.");
}

/* from: FROM stood before it; or NULL. */
static weft_status parse_select(sql_parser *p, const weft_node *from, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_select select = {.from = from};
    weft_pointers items = {0};
    weft_node *node = NULL;
    bool script = false;
    WEFT_TRY(st, weft_sql_script_follows(p, &script));
    if (script) return weft_sql_transform(p, from, out);
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_SELECT));
    WEFT_TRY(st, weft_sql_hints(p, &select));
    select.distinct = weft_sql_quantifier(p);
    WEFT_TRY(st, weft_sql_items(p, &items));
    select.item_count = items.count;
    select.items = weft_pointers_exprs(&items);
    WEFT_TRY(st, weft_sql_select_clauses(p, true, &select));
    WEFT_TRY(st, check_trailing_comma(p, &select));
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_SELECT, weft_sql_span_from(p, &start), NULL, 0, &node));
    node->select = select;
    *out = node;
done:
    return st;
}

/* FROM tables [SELECT … [ORDER BY …] [LIMIT …]]: without SELECT it is all of their columns; several are a
 * UNION ALL. MAP and REDUCE may stand for SELECT. */
static weft_status parse_from_first(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const sql_set_operator all = {.kind = WEFT_SET_UNION, .all = true};
    const weft_node *from = NULL;
    weft_pointers bodies = {0};
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_from(p, &from));
    *out = from;
    while (sql_word(p, SQL_KW_SELECT) || weft_sql_at_map(p)) {
        bool organized = false;
        const weft_span body = weft_sql_peek(p, 0)->span;
        WEFT_TRY(st,
                 sql_word(p, SQL_KW_SELECT) ? parse_select(p, from, out) : weft_sql_transform(p, from, out));
        WEFT_TRY(st, weft_sql_organization(p, &body, out, &organized));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &bodies, *out));
    }
    if (bodies.count > 1) WEFT_TRY(st, weft_sql_make_set(p, &start, &all, &bodies, out));
done:
    return st;
}

/* SELECT …, FROM …, VALUES …, TABLE name, MAP …, REDUCE …, or ( query ). */
weft_status weft_sql_query_primary(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    sql_frame frame = {0};
    weft_node *node = NULL;
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    if (sql_word(p, SQL_KW_SELECT)) {
        WEFT_TRY(st, parse_select(p, NULL, out));
    } else if (sql_word(p, SQL_KW_FROM)) {
        WEFT_TRY(st, parse_from_first(p, out));
    } else if (weft_sql_accept(p, SQL_LPAREN)) {
        WEFT_TRY(st, weft_sql_query(p, out));
        WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    } else if (sql_word(p, SQL_KW_VALUES)) {
        const weft_node *values = NULL;
        WEFT_TRY(st, weft_sql_values(p, &values));
        WEFT_TRY(st, weft_sql_values_alias(p, values, out));
    } else if (weft_sql_accept_word(p, SQL_KW_TABLE)) {
        WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_RELATION, start, NULL, 0, &node));
        WEFT_TRY(st,
                 weft_sql_names(p, "the name of a table", &node->relation.parts, &node->relation.part_count));
        node->span = weft_sql_span_from(p, &start);
        *out = node;
    } else if (weft_sql_is_text(p, 0, "MAP") || weft_sql_is_text(p, 0, "REDUCE")) {
        WEFT_TRY(st, weft_sql_transform(p, NULL, out));
    } else {
        WEFT_TRY(st, weft_sql_syntax_error(p, "SELECT, VALUES, TABLE or '('"));
    }
    sql_leave(p, frame);
done:
    return st;
}

/* Read a set operator of this level; false when there is none. */
weft_status weft_sql_set_operator(sql_parser *p, bool intersect, sql_set_operator *op, bool *found)
{
    weft_status st = WEFT_OK;
    *found = false;
    if (intersect) {
        if (!weft_sql_accept_word(p, SQL_KW_INTERSECT)) return WEFT_OK;
        op->kind = WEFT_SET_INTERSECT;
    } else if (weft_sql_accept_word(p, SQL_KW_UNION)) {
        op->kind = WEFT_SET_UNION;
    } else if (weft_sql_accept_word(p, SQL_KW_EXCEPT) || weft_sql_accept_word(p, SQL_KW_MINUS)) {
        op->kind = WEFT_SET_EXCEPT;
    } else {
        return WEFT_OK;
    }
    *found = true;
    op->all = weft_sql_accept_word(p, SQL_KW_ALL);
    if (!op->all) weft_sql_accept_word(p, SQL_KW_DISTINCT);
    op->by_name = op->kind == WEFT_SET_UNION && weft_sql_accept_word(p, SQL_KW_BY);
    if (op->by_name && !weft_sql_accept_text(p, "NAME")) WEFT_TRY(st, weft_sql_syntax_error(p, "NAME"));
done:
    return st;
}

weft_status weft_sql_make_set(sql_parser *p, const weft_span *start, const sql_set_operator *op,
                              const weft_pointers *inputs, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_SET, weft_sql_span_from(p, start),
                                   weft_pointers_nodes(inputs), inputs->count, &node));
    node->set.kind = op->kind;
    node->set.all = op->all;
    node->set.by_name = op->by_name;
    *out = node;
done:
    return st;
}

/* first: its first term, where that has been read; or NULL. */
static weft_status parse_set_operations(sql_parser *p, bool intersect, const weft_node *first,
                                        const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = first != NULL ? first->span : weft_sql_peek(p, 0)->span;
    weft_pointers inputs = {0};
    sql_set_operator op = {0}, next = {0};
    sql_frame frame = {0};
    bool found = false;
    const weft_node *term = first;
    const bool flat = weft_setting(p->ctx, WEFT_SET_SETOPS_PRECEDENCE) != 0; /* all bind alike */
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    if (!intersect && !flat)
        WEFT_TRY(st, parse_set_operations(p, true, first, &term));
    else if (first == NULL)
        WEFT_TRY(st, weft_sql_query_primary(p, &term));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &inputs, term));
    for (;;) {
        WEFT_TRY(st, weft_sql_set_operator(p, intersect || (flat && sql_word(p, SQL_KW_INTERSECT)), &next,
                                           &found));
        if (!found) break;
        const bool same = next.kind == WEFT_SET_UNION && op.kind == WEFT_SET_UNION && next.all == op.all &&
                          !next.by_name && !op.by_name;
        if (inputs.count > 1 && !same) {
            const weft_node *left = NULL;
            WEFT_TRY(st, weft_sql_make_set(p, &start, &op, &inputs, &left));
            inputs = (weft_pointers){0};
            WEFT_TRY(st, weft_pointers_push(p->ctx, &inputs, left));
        }
        op = next;
        WEFT_TRY(st, intersect || flat ? weft_sql_query_primary(p, &term)
                                       : parse_set_operations(p, true, NULL, &term));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &inputs, term));
    }
    if (inputs.count == 1)
        *out = weft_pointers_nodes(&inputs)[0];
    else
        WEFT_TRY(st, weft_sql_make_set(p, &start, &op, &inputs, out));
    sql_leave(p, frame);
done:
    return st;
}

typedef struct with_list {
    weft_pointers inputs, names, columns;
    int32_t *counts;
    int64_t *limits; /* MAX RECURSION LEVEL, or -1 */
    bool recursive;
} with_list;

/* [MAX RECURSION LEVEL n] */
static weft_status parse_level_limit(sql_parser *p, int64_t *out)
{
    *out = -1;
    if (!weft_sql_is_text(p, 0, "MAX") || !weft_sql_is_text(p, 1, "RECURSION")) return WEFT_OK;
    weft_sql_advance(p);
    weft_sql_advance(p);
    if (!weft_sql_accept_text(p, "LEVEL")) return weft_sql_syntax_error(p, "LEVEL");
    const weft_span span = weft_sql_peek(p, 0)->span;
    if (!sql_is(p, SQL_INTEGER) || span.stop - span.start > 9)
        return weft_sql_syntax_error(p, "a whole number");
    *out = 0;
    for (int32_t i = span.start; i < span.stop; i++) *out = *out * 10 + (p->text[i] - '0');
    weft_sql_advance(p);
    return WEFT_OK;
}

/* WITH [RECURSIVE] name [(columns)] AS (query), … */
static weft_status parse_with(sql_parser *p, with_list *list)
{
    weft_status st = WEFT_OK;
    list->recursive = weft_sql_accept_word(p, SQL_KW_RECURSIVE);
    do {
        const char *name = NULL;
        const char *const *columns = NULL;
        int32_t count = 0;
        const weft_node *query = NULL;
        const int32_t index = list->inputs.count;
        int64_t limit = -1;
        WEFT_TRY(st, weft_sql_name(p, "the name of a common table expression", &name));
        const bool query_follows = sql_word_at(p, 1, SQL_KW_SELECT) || sql_word_at(p, 1, SQL_KW_FROM);
        if (sql_is(p, SQL_LPAREN) && !query_follows) WEFT_TRY(st, weft_sql_name_list(p, &columns, &count));
        WEFT_TRY(st, parse_level_limit(p, &limit));
        weft_sql_accept_word(p, SQL_KW_AS);
        WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "AS ("));
        WEFT_TRY(st, weft_sql_query(p, &query));
        WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &list->inputs, query));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &list->names, name));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &list->columns, columns));
        if ((index & (index - 1)) == 0) { /* 0, 1, 2, 4, 8 …: room for as many again */
            int32_t *counts = NULL;
            int64_t *limits = NULL;
            WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, index * 2 + 1, &counts));
            WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, index * 2 + 1, &limits));
            if (index > 0) memcpy(counts, list->counts, (size_t)index * sizeof *counts);
            if (index > 0) memcpy(limits, list->limits, (size_t)index * sizeof *limits);
            list->counts = counts;
            list->limits = limits;
        }
        list->counts[index] = count;
        list->limits[index] = limit;
    } while (weft_sql_accept(p, SQL_COMMA));
done:
    return st;
}

/* The definitions around *body. */
static weft_status wrap_with(sql_parser *p, const weft_span *start, with_list *list, const weft_node **body)
{
    weft_status st = WEFT_OK;
    weft_node *with = NULL;
    WEFT_TRY(st, weft_pointers_push(p->ctx, &list->inputs, *body));
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_WITH, weft_sql_span_from(p, start),
                                   weft_pointers_nodes(&list->inputs), list->inputs.count, &with));
    with->with.count = list->names.count;
    with->with.names = weft_pointers_texts(&list->names);
    with->with.column_names = (const char *const *const *)list->columns.items;
    with->with.column_counts = list->counts;
    with->with.level_limits = list->limits;
    with->with.recursive = list->recursive;
    *body = with;
done:
    return st;
}

/* A query behind its WITH, if it has one. */
static weft_status parse_body(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    bool organized = false;
    WEFT_TRY(st, parse_set_operations(p, false, NULL, out));
    for (bool piped = weft_sql_at_pipe(p); piped; piped = weft_sql_at_pipe(p)) {
        WEFT_TRY(st, weft_sql_pipes(p, &start, out));
        WEFT_TRY(st, parse_set_operations(p, false, *out, out)); /* of what the pipe gives */
    }
    WEFT_TRY(st, weft_sql_organization(p, &start, out, &organized));
done:
    return st;
}

weft_status weft_sql_query(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    with_list list = {0};
    sql_frame frame = {0};
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    const bool has_with = weft_sql_accept_word(p, SQL_KW_WITH);
    if (has_with) WEFT_TRY(st, parse_with(p, &list));
    WEFT_TRY(st, parse_body(p, out));
    if (has_with) WEFT_TRY(st, wrap_with(p, &start, &list, out));
    sql_leave(p, frame);
done:
    return st;
}

weft_status weft_sql_with_statement(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    with_list list = {0};
    const weft_node *insert = NULL, *query = NULL;
    sql_frame frame = {0};
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    weft_sql_advance(p);
    WEFT_TRY(st, parse_with(p, &list));
    if (sql_word(p, SQL_KW_INSERT)) { /* the definitions are those of its query */
        WEFT_TRY(st, weft_sql_insert(p, &insert));
        *out = insert;
        if (insert->input_count == 1) { /* else it is one that is refused */
            query = insert->inputs[0];
            WEFT_TRY(st, wrap_with(p, &start, &list, &query));
            WEFT_TRY(st, weft_node_with_inputs(p->ctx, insert, &query, out));
        }
    } else if (weft_sql_at_change(p)) {
        WEFT_TRY(st, weft_sql_change_rows(p, out));
    } else {
        WEFT_TRY(st, parse_body(p, out));
        WEFT_TRY(st, wrap_with(p, &start, &list, out));
    }
    sql_leave(p, frame);
done:
    return st;
}
