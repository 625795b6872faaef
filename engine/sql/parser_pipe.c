/* engine/sql/parser_pipe.c - |> operators: each one is a query block over all that stands before it.
 *
 * What only drops, adds or orders rows keeps the columns as they are, with the tables that they are of: such
 * an operator is a parsed FILTER, SORT, LIMIT, JOIN … over its input; the others are SELECT blocks. */
#include <strings.h>

#include "engine/sql/parser_internal.h"

/* Words that begin an operator, and no operand of a | b. */
static const uint8_t starters[] = {
    SQL_KW_SELECT,     SQL_KW_WHERE,       SQL_KW_JOIN,      SQL_KW_INNER,   SQL_KW_CROSS,
    SQL_KW_LEFT,       SQL_KW_RIGHT,       SQL_KW_FULL,      SQL_KW_NATURAL, SQL_KW_UNION,
    SQL_KW_EXCEPT,     SQL_KW_MINUS,       SQL_KW_INTERSECT, SQL_KW_ORDER,   SQL_KW_CLUSTER,
    SQL_KW_DISTRIBUTE, SQL_KW_SORT,        SQL_KW_LIMIT,     SQL_KW_OFFSET,  SQL_KW_PIVOT,
    SQL_KW_UNPIVOT,    SQL_KW_TABLESAMPLE, SQL_KW_AS,        SQL_KW_DROP,    SQL_KW_SET,
};

bool weft_sql_at_pipe(sql_parser *p)
{
    if (sql_is(p, SQL_PIPE_INTO)) return true;
    if (!sql_is(p, SQL_PIPE)) return false;
    const sql_token after = *weft_sql_peek(p, 2);
    const bool operand = after.kind == SQL_END || after.kind == SQL_COMMA || after.kind == SQL_RPAREN ||
                         (after.kind == SQL_WORD && (after.flags & SQL_KW_IN_CLAUSE) != 0);
    if (operand) return false;
    for (int32_t i = 0; i < WEFT_COUNT(starters); i++)
        if (sql_word_at(p, 1, starters[i])) return true;
    return weft_sql_is_text(p, 1, "EXTEND") || weft_sql_is_text(p, 1, "AGGREGATE");
}

/* Does nothing of an operator stand here any more? */
static bool ends_operator(sql_parser *p)
{
    return sql_is(p, SQL_END) || sql_is(p, SQL_RPAREN) || weft_sql_at_pipe(p);
}

static weft_status make_block(sql_parser *p, const weft_span *start, const weft_select *select,
                              const weft_node **node)
{
    weft_status st = WEFT_OK;
    weft_node *made = NULL;
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_SELECT, weft_sql_span_from(p, start), NULL, 0, &made));
    made->select = *select;
    made->select.from = *node;
    *node = made;
done:
    return st;
}

/* * with what it leaves out (columns), or gives anew (aliases). */
static weft_status make_star(sql_parser *p, const weft_span *start, const weft_expr *const *args,
                             int32_t count, const weft_expr **out)
{
    weft_expr *star = NULL;
    const weft_status st = weft_sql_expr_new(p, WEFT_EXPR_STAR, *start, args, count, &star);
    *out = star;
    return st;
}

static weft_status pipe_select(sql_parser *p, const weft_span *start, const weft_node **node)
{
    weft_status st = WEFT_OK;
    weft_select select = {.pipe = WEFT_PIPE_SELECT};
    weft_pointers items = {0};
    WEFT_TRY(st, weft_sql_hints(p, &select));
    select.distinct = weft_sql_quantifier(p);
    WEFT_TRY(st, weft_sql_items(p, &items));
    select.item_count = items.count;
    select.items = weft_pointers_exprs(&items);
    if (weft_sql_accept_word(p, SQL_KW_GROUP)) {
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_BY));
        WEFT_TRY(st, weft_sql_group_by(p, &select));
    }
    if (weft_sql_accept_word(p, SQL_KW_WINDOW)) WEFT_TRY(st, weft_sql_windows(p, &select));
    WEFT_TRY(st, make_block(p, start, &select, node));
done:
    return st;
}

static weft_status pipe_extend(sql_parser *p, const weft_span *start, const weft_node **node)
{
    weft_status st = WEFT_OK;
    weft_select select = {.pipe = WEFT_PIPE_EXTEND};
    weft_pointers items = {0};
    const weft_expr *star = NULL;
    WEFT_TRY(st, make_star(p, start, NULL, 0, &star));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &items, star));
    WEFT_TRY(st, weft_sql_items(p, &items));
    for (int32_t i = 1; i < items.count; i++) {
        const weft_expr *item = weft_pointers_exprs(&items)[i];
        if (item->kind == WEFT_EXPR_STAR)
            WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_STAR_USAGE, &item->span,
                                      "Invalid usage of '*': EXTEND adds columns to all that are there."));
    }
    select.item_count = items.count;
    select.items = weft_pointers_exprs(&items);
    if (weft_sql_accept_word(p, SQL_KW_WINDOW)) WEFT_TRY(st, weft_sql_windows(p, &select));
    WEFT_TRY(st, make_block(p, start, &select, node));
done:
    return st;
}

/* SET a = e, b = e: later ones read what earlier ones set, so that each is a block of its own. */
static weft_status pipe_set(sql_parser *p, const weft_span *start, const weft_node **node)
{
    weft_status st = WEFT_OK;
    do {
        weft_select select = {.pipe = WEFT_PIPE_EXTEND, .item_count = 1};
        const weft_span at = weft_sql_peek(p, 0)->span;
        const weft_expr *value = NULL, **items = NULL;
        weft_expr *alias = NULL;
        const char *name = NULL;
        WEFT_TRY(st, weft_sql_name(p, "the name of a column", &name));
        if (sql_is(p, SQL_DOT))
            WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_NOT_ALLOWED, &at,
                                      "Operation not allowed: SQL pipe syntax |> SET operator with "
                                      "multi-part assignment key (only single-part keys are allowed)."));
        WEFT_TRY(st, weft_sql_expect(p, SQL_EQ, "'='"));
        WEFT_TRY(st, weft_sql_expr(p, &value));
        WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_ALIAS, weft_sql_span_from(p, &at), &value, 1, &alias));
        alias->alias.name = name;
        const weft_expr *set = alias;
        WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, 1, &items));
        WEFT_TRY(st, make_star(p, &at, &set, 1, &items[0]));
        select.items = items;
        WEFT_TRY(st, make_block(p, start, &select, node));
    } while (weft_sql_accept(p, SQL_COMMA));
done:
    return st;
}

static weft_status pipe_drop(sql_parser *p, const weft_span *start, const weft_node **node)
{
    weft_status st = WEFT_OK;
    weft_select select = {.pipe = WEFT_PIPE_EXTEND, .item_count = 1};
    weft_pointers columns = {0};
    const weft_expr **items = NULL;
    const weft_span at = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, weft_sql_exprs(p, &columns));
    for (int32_t i = 0; i < columns.count; i++) {
        const weft_expr *e = weft_pointers_exprs(&columns)[i];
        if (e->kind != WEFT_EXPR_UNRESOLVED_COLUMN)
            WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_PARSE_SYNTAX_ERROR, &e->span,
                                      "Syntax error: DROP takes names of columns."));
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, 1, &items));
    WEFT_TRY(st, make_star(p, &at, weft_pointers_exprs(&columns), columns.count, &items[0]));
    select.items = items;
    WEFT_TRY(st, make_block(p, start, &select, node));
done:
    return st;
}

static weft_status refuse_grouping(sql_parser *p, const weft_span *span, const char *what)
{
    return weft_fail_at(p->ctx, WEFT_PIPE_GROUPING, span,
                        "The feature is not supported: The SQL pipe operator syntax with aggregation (using "
                        "|> AGGREGATE) does not support %s.",
                        what);
}

/* ALL, ROLLUP, CUBE and GROUPING SETS are no groups here, neither before a list of groups nor behind it. */
static weft_status refuse_grouping_sets(sql_parser *p, bool behind)
{
    const int32_t ahead = behind && sql_word(p, SQL_KW_WITH) ? 1 : 0;
    const weft_span span = weft_sql_peek(p, ahead)->span;
    const sql_token after = *weft_sql_peek(p, ahead + 1);
    if (!behind && sql_word(p, SQL_KW_ALL) && after.kind != SQL_COMMA && after.kind != SQL_DOT &&
        after.kind != SQL_LPAREN)
        return refuse_grouping(p, &span, "GROUP BY ALL");
    if (sql_word_at(p, ahead, SQL_KW_ROLLUP)) return refuse_grouping(p, &span, "GROUP BY ROLLUP");
    if (sql_word_at(p, ahead, SQL_KW_CUBE)) return refuse_grouping(p, &span, "GROUP BY CUBE");
    if (sql_word_at(p, ahead, SQL_KW_GROUPING) && sql_word_at(p, ahead + 1, SQL_KW_SETS))
        return refuse_grouping(p, &span, "GROUPING SETS");
    return WEFT_OK;
}

/* AGGREGATE [aggregates] [GROUP BY groups [AS name], …]: the groups' columns go before the aggregates'. */
static weft_status pipe_aggregate(sql_parser *p, const weft_span *start, const weft_node **node)
{
    weft_status st = WEFT_OK;
    weft_select select = {.pipe = WEFT_PIPE_AGGREGATE};
    weft_pointers aggregates = {0}, items = {0}, groups = {0};
    if (ends_operator(p))
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_NOT_ALLOWED, start,
                                  "Operation not allowed: The AGGREGATE clause requires a list of aggregate "
                                  "expressions or a list of grouping expressions, or both."));
    if (!sql_word(p, SQL_KW_GROUP)) WEFT_TRY(st, weft_sql_items(p, &aggregates));
    if (weft_sql_accept_word(p, SQL_KW_GROUP)) {
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_BY));
        WEFT_TRY(st, refuse_grouping_sets(p, false));
        WEFT_TRY(st, weft_sql_items(p, &items));
        WEFT_TRY(st, refuse_grouping_sets(p, true));
    }
    for (int32_t i = 0; i < items.count; i++) {
        const weft_expr *e = weft_pointers_exprs(&items)[i];
        WEFT_TRY(st, weft_pointers_push(p->ctx, &groups, e->kind == WEFT_EXPR_ALIAS ? e->args[0] : e));
    }
    for (int32_t i = 0; i < aggregates.count; i++)
        WEFT_TRY(st, weft_pointers_push(p->ctx, &items, aggregates.items[i]));
    select.item_count = items.count;
    select.items = weft_pointers_exprs(&items);
    select.group_count = groups.count;
    select.groups = weft_pointers_exprs(&groups);
    WEFT_TRY(st, make_block(p, start, &select, node));
done:
    return st;
}

static weft_status pipe_where(sql_parser *p, const weft_span *start, const weft_node **node)
{
    weft_status st = WEFT_OK;
    const weft_expr **conjuncts = NULL;
    weft_node *filter = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, 1, &conjuncts));
    WEFT_TRY(st, weft_sql_expr(p, &conjuncts[0]));
    if (sql_word(p, SQL_KW_WINDOW))
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_PIPE_WHERE_WINDOW, start,
                                  "Not allowed in the pipe WHERE clause: WINDOW clause."));
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_FILTER, weft_sql_span_from(p, start), node, 1, &filter));
    filter->filter.count = 1;
    filter->filter.conjuncts = conjuncts;
    *node = filter;
done:
    return st;
}

static weft_status pipe_as(sql_parser *p, const weft_span *start, const weft_node **node)
{
    weft_status st = WEFT_OK;
    weft_node *alias = NULL;
    const char *name = NULL;
    WEFT_TRY(st, weft_sql_name(p, "a table alias", &name));
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_ALIAS, weft_sql_span_from(p, start), node, 1, &alias));
    alias->alias.name = name;
    *node = alias;
done:
    return st;
}

static weft_status pipe_set_operation(sql_parser *p, const weft_span *start, const weft_node **node,
                                      bool *found)
{
    weft_status st = WEFT_OK;
    sql_set_operator op = {0};
    weft_pointers inputs = {0};
    const weft_node *right = NULL;
    WEFT_TRY(st, weft_sql_set_operator(p, sql_word(p, SQL_KW_INTERSECT), &op, found));
    if (!*found) goto done;
    if (op.by_name)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_PARSE_SYNTAX_ERROR, &p->last,
                                  "Syntax error: a set operation of a pipe goes by position, not BY NAME."));
    WEFT_TRY(st, weft_sql_query_primary(p, &right));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &inputs, *node));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &inputs, right));
    WEFT_TRY(st, weft_sql_make_set(p, start, &op, &inputs, node));
done:
    return st;
}

/* Of the two a pipe operator takes one. */
static weft_status pipe_pivot(sql_parser *p, const weft_node **node)
{
    weft_status st = WEFT_OK;
    const bool pivot = sql_word(p, SQL_KW_PIVOT);
    WEFT_TRY(st, weft_sql_pivot(p, node));
    WEFT_TRY(st, weft_sql_table_alias(p, *node, node));
    const weft_span span = weft_sql_peek(p, 0)->span;
    if (sql_word(p, pivot ? SQL_KW_UNPIVOT : SQL_KW_PIVOT))
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_UNPIVOT_WITH_PIVOT, &span,
                                  "Not allowed in the FROM clause: UNPIVOT together with PIVOT."));
done:
    return st;
}

/* ORDER BY and its like, or LIMIT and OFFSET, but not both in one operator. */
static weft_status pipe_organization(sql_parser *p, const weft_span *start, const weft_node **node,
                                     bool *found)
{
    weft_status st = WEFT_OK;
    const weft_node *before = *node;
    const weft_span at = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, weft_sql_organization(p, start, node, found));
    if (!*found || (*node)->kind != WEFT_NODE_LIMIT || (*node)->inputs[0] == before) goto done;
    const weft_node *limit = *node;
    if (limit->limit.take_expr == NULL && limit->limit.skip_expr == NULL) goto done; /* LIMIT ALL */
    WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_PIPE_CLAUSES, &at,
                              "ORDER BY, SORT BY, DISTRIBUTE BY or CLUSTER BY and %s cannot coexist in the "
                              "same SQL pipe operator using '|>'. Please separate the multiple result "
                              "clauses into separate pipe operators and then retry the query again.",
                              limit->limit.take_expr != NULL ? "LIMIT" : "OFFSET"));
done:
    return st;
}

static weft_status parse_operator(sql_parser *p, const weft_span *start, const weft_node **node)
{
    weft_status st = WEFT_OK;
    bool found = false;
    if (weft_sql_accept_word(p, SQL_KW_SELECT)) return pipe_select(p, start, node);
    if (weft_sql_accept_text(p, "EXTEND")) return pipe_extend(p, start, node);
    if (weft_sql_accept_word(p, SQL_KW_SET)) return pipe_set(p, start, node);
    if (weft_sql_accept_word(p, SQL_KW_DROP)) return pipe_drop(p, start, node);
    if (weft_sql_accept_text(p, "AGGREGATE")) return pipe_aggregate(p, start, node);
    if (weft_sql_accept_word(p, SQL_KW_WHERE)) return pipe_where(p, start, node);
    if (weft_sql_accept_word(p, SQL_KW_AS)) return pipe_as(p, start, node);
    if (sql_word(p, SQL_KW_TABLESAMPLE)) return weft_sql_sample(p, node);
    if (sql_word(p, SQL_KW_PIVOT) || sql_word(p, SQL_KW_UNPIVOT)) return pipe_pivot(p, node);
    WEFT_TRY(st, pipe_set_operation(p, start, node, &found));
    if (!found) WEFT_TRY(st, pipe_organization(p, start, node, &found));
    if (!found) WEFT_TRY(st, weft_sql_extend_once(p, start, node, &found));
    if (!found && !ends_operator(p))
        WEFT_TRY(st, weft_sql_syntax_error(p, "a pipe operator such as SELECT or WHERE"));
done:
    return st;
}

weft_status weft_sql_pipes(sql_parser *p, const weft_span *start, const weft_node **node)
{
    weft_status st = WEFT_OK;
    while (weft_sql_at_pipe(p)) {
        weft_sql_advance(p);
        const int32_t height = p->height;
        WEFT_TRY(st, parse_operator(p, start, node));
        if (p->height == height) WEFT_TRY(st, weft_sql_grow(p)); /* a chain is as high as it is long */
    }
done:
    return st;
}
