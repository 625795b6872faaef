/* engine/sql/parser_pivot.c - PIVOT, UNPIVOT and TABLESAMPLE behind a relation. */
#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "engine/sql/parser_internal.h"

/* value [[AS] name], …: in parentheses. */
static weft_status parse_pivot_values(sql_parser *p, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_IN));
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    WEFT_TRY(st, weft_sql_items(p, out));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
done:
    return st;
}

/* A name, or several in parentheses, as columns. */
static weft_status parse_columns(sql_parser *p, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    const bool several = weft_sql_accept(p, SQL_LPAREN);
    do {
        const weft_span start = weft_sql_peek(p, 0)->span;
        const char *const *parts = NULL;
        int32_t count = 0;
        weft_expr *e = NULL;
        WEFT_TRY(st, weft_sql_names(p, "a column", &parts, &count));
        WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_UNRESOLVED_COLUMN, weft_sql_span_from(p, &start), NULL, 0,
                                       &e));
        e->name.part_count = count;
        e->name.parts = parts;
        WEFT_TRY(st, weft_pointers_push(p->ctx, out, e));
    } while (several && weft_sql_accept(p, SQL_COMMA));
    if (several) WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
done:
    return st;
}

/* PIVOT (aggregate [AS name], … FOR column | (columns) IN (value [AS name], …)) */
static weft_status parse_pivot(sql_parser *p, const weft_node **input)
{
    weft_status st = WEFT_OK;
    const weft_span start = (*input)->span;
    weft_pointers aggregates = {0}, columns = {0}, values = {0};
    weft_node *node = NULL;
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    do {
        const weft_span at = weft_sql_peek(p, 0)->span;
        const weft_expr *e = NULL;
        const char *name = NULL;
        weft_expr *alias = NULL;
        WEFT_TRY(st, weft_sql_expr(p, &e));
        const bool as = weft_sql_accept_word(p, SQL_KW_AS);
        if (as || (!sql_word(p, SQL_KW_FOR) && !sql_is(p, SQL_COMMA))) {
            WEFT_TRY(st, weft_sql_name(p, "an alias, ',' or FOR", &name));
            WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_ALIAS, weft_sql_span_from(p, &at), &e, 1, &alias));
            alias->alias.name = name;
            e = alias;
        }
        WEFT_TRY(st, weft_pointers_push(p->ctx, &aggregates, e));
    } while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_FOR));
    WEFT_TRY(st, parse_columns(p, &columns));
    WEFT_TRY(st, parse_pivot_values(p, &values));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_PIVOT, weft_sql_span_from(p, &start), input, 1, &node));
    node->pivot.aggregate_count = aggregates.count;
    node->pivot.aggregates = weft_pointers_exprs(&aggregates);
    node->pivot.column_count = columns.count;
    node->pivot.columns = weft_pointers_exprs(&columns);
    node->pivot.value_count = values.count;
    node->pivot.values = weft_pointers_exprs(&values);
    *input = node;
done:
    return st;
}

/* column [AS name] or (columns) [AS name], each with as many columns as there are value names. several: the
 * latter, as those names stand in parentheses too. */
static weft_status parse_unpivot_items(sql_parser *p, bool several, weft_node *node)
{
    weft_status st = WEFT_OK;
    weft_pointers items = {0};
    weft_unpivot_item *all = NULL;
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    do {
        const weft_span start = weft_sql_peek(p, 0)->span;
        weft_pointers columns = {0};
        weft_unpivot_item *item = NULL;
        const char *alias = NULL;
        if (sql_is(p, SQL_LPAREN) != several)
            WEFT_TRY(st, weft_sql_syntax_error(p, several ? "'('" : "the name of a column"));
        WEFT_TRY(st, parse_columns(p, &columns));
        if (columns.count != node->unpivot.value_count)
            WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_UNPIVOT_VALUES, &start,
                                      "All unpivot value columns must have the same size as there are value "
                                      "column names (%d).",
                                      node->unpivot.value_count));
        const bool as = weft_sql_accept_word(p, SQL_KW_AS);
        if (as || (!sql_is(p, SQL_COMMA) && !sql_is(p, SQL_RPAREN)))
            WEFT_TRY(st, weft_sql_name(p, "an alias, ',' or ')'", &alias));
        WEFT_TRY(st, WEFT_NEW(p->ctx, &item));
        *item = (weft_unpivot_item){.columns = weft_pointers_exprs(&columns), .alias = alias};
        WEFT_TRY(st, weft_pointers_push(p->ctx, &items, item));
    } while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, items.count, &all));
    for (int32_t i = 0; i < items.count; i++) all[i] = *(const weft_unpivot_item *)items.items[i];
    node->unpivot.items = all;
    node->unpivot.item_count = items.count;
done:
    return st;
}

/* UNPIVOT [INCLUDE | EXCLUDE NULLS] (value | (values) FOR name IN (items)) */
static weft_status parse_unpivot(sql_parser *p, const weft_node **input)
{
    weft_status st = WEFT_OK;
    const weft_span start = (*input)->span;
    weft_node *node = NULL;
    const char *const *names = NULL;
    const char **one = NULL;
    int32_t count = 1;
    weft_sql_advance(p);
    const bool include = weft_sql_accept_text(p, "INCLUDE");
    if (include || weft_sql_accept_text(p, "EXCLUDE")) WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_NULLS));
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    const bool several = sql_is(p, SQL_LPAREN);
    if (several) {
        WEFT_TRY(st, weft_sql_name_list(p, &names, &count));
    } else {
        WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, 1, &one));
        WEFT_TRY(st, weft_sql_name(p, "the name of the value column", &one[0]));
        names = one;
    }
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_UNPIVOT, start, input, 1, &node));
    node->unpivot.include_nulls = include;
    node->unpivot.value_names = names;
    node->unpivot.value_count = count;
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_FOR));
    WEFT_TRY(st, weft_sql_name(p, "the name of the name column", &node->unpivot.name));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_IN));
    WEFT_TRY(st, parse_unpivot_items(p, several, node));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    node->span = weft_sql_span_from(p, &start);
    *input = node;
done:
    return st;
}

weft_status weft_sql_pivot(sql_parser *p, const weft_node **input)
{
    return sql_word(p, SQL_KW_PIVOT) ? parse_pivot(p, input) : parse_unpivot(p, input);
}
