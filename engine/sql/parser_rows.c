/* engine/sql/parser_rows.c - UPDATE, DELETE and MERGE. They are read whole, so that what is wrong in them is
 * told; tables of files refuse them, as in Spark, when they are carried out. */
#include "engine/sql/parser_internal.h"

/* name [[AS] alias] of what is changed. */
static weft_status parse_target(sql_parser *p, weft_node *node)
{
    weft_status st = WEFT_OK;
    const weft_node *aliased = NULL;
    weft_node *table = NULL;
    const weft_span start = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, weft_sql_command_name(p, "the name of a table", node));
    if (sql_word(p, SQL_KW_SET)) goto done;
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_RELATION, start, NULL, 0, &table));
    table->relation.parts = node->command.parts;
    table->relation.part_count = node->command.part_count;
    WEFT_TRY(st, weft_sql_table_alias(p, table, &aliased));
done:
    return st;
}

/* column = value, …; a value may be DEFAULT. */
static weft_status parse_assignments(sql_parser *p)
{
    weft_status st = WEFT_OK;
    do {
        const char *const *parts = NULL;
        int32_t count = 0;
        const weft_expr *value = NULL;
        WEFT_TRY(st, weft_sql_names(p, "the name of a column", &parts, &count));
        WEFT_TRY(st, weft_sql_expect(p, SQL_EQ, "'='"));
        WEFT_TRY(st, weft_sql_expr(p, &value));
    } while (weft_sql_accept(p, SQL_COMMA));
done:
    return st;
}

static weft_status parse_where(sql_parser *p)
{
    const weft_expr *condition = NULL;
    return weft_sql_accept_word(p, SQL_KW_WHERE) ? weft_sql_expr(p, &condition) : WEFT_OK;
}

/* UPDATE SET * | assignments, DELETE, INSERT * | (columns) VALUES (values): behind THEN. */
static weft_status parse_merge_action(sql_parser *p)
{
    weft_status st = WEFT_OK;
    weft_pointers values = {0};
    const char *const *columns = NULL;
    int32_t count = 0;
    if (weft_sql_accept_text(p, "DELETE")) return WEFT_OK;
    if (weft_sql_accept_text(p, "UPDATE")) {
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_SET));
        return weft_sql_accept(p, SQL_STAR) ? WEFT_OK : parse_assignments(p);
    }
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_INSERT));
    if (weft_sql_accept(p, SQL_STAR)) return WEFT_OK;
    if (sql_is(p, SQL_LPAREN)) WEFT_TRY(st, weft_sql_name_list(p, &columns, &count));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_VALUES));
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    WEFT_TRY(st, weft_sql_exprs(p, &values));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
done:
    return st;
}

/* WHEN [NOT] MATCHED [BY SOURCE | TARGET] [AND condition] THEN action */
static weft_status parse_merge_clause(sql_parser *p)
{
    weft_status st = WEFT_OK;
    const weft_expr *condition = NULL;
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_WHEN));
    (void)weft_sql_accept_word(p, SQL_KW_NOT);
    if (!weft_sql_accept_text(p, "MATCHED")) WEFT_TRY(st, weft_sql_syntax_error(p, "MATCHED"));
    if (weft_sql_accept_word(p, SQL_KW_BY) && !weft_sql_accept_text(p, "SOURCE") &&
        !weft_sql_accept_text(p, "TARGET"))
        WEFT_TRY(st, weft_sql_syntax_error(p, "SOURCE or TARGET"));
    if (weft_sql_accept_word(p, SQL_KW_AND)) WEFT_TRY(st, weft_sql_expr(p, &condition));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_THEN));
    WEFT_TRY(st, parse_merge_action(p));
done:
    return st;
}

static weft_status parse_merge(sql_parser *p, weft_node *node)
{
    weft_status st = WEFT_OK;
    const weft_node *source = NULL;
    const weft_expr *on = NULL;
    bool evolves = false;
    WEFT_TRY(st, weft_sql_schema_evolution(p, &evolves));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_INTO));
    WEFT_TRY(st, parse_target(p, node));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_USING));
    WEFT_TRY(st, weft_sql_from_one(p, &source));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_ON));
    WEFT_TRY(st, weft_sql_expr(p, &on));
    if (!sql_word(p, SQL_KW_WHEN))
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_MERGE_WITHOUT_WHEN, &node->span,
                                  "There must be at least one WHEN clause in a MERGE statement."));
    do WEFT_TRY(st, parse_merge_clause(p));
    while (sql_word(p, SQL_KW_WHEN));
done:
    return st;
}

bool weft_sql_at_change(sql_parser *p)
{
    return weft_sql_is_text(p, 0, "UPDATE") || weft_sql_is_text(p, 0, "DELETE") ||
           weft_sql_is_text(p, 0, "MERGE");
}

weft_status weft_sql_change_rows(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_node *node = NULL;
    WEFT_TRY(st, weft_sql_command(p, &start, WEFT_TABLE_REFUSED, &node));
    if (weft_sql_accept_text(p, "MERGE")) {
        node->command.text = "MERGE INTO TABLE";
        WEFT_TRY(st, parse_merge(p, node));
    } else if (weft_sql_accept_text(p, "UPDATE")) {
        node->command.text = "UPDATE TABLE";
        WEFT_TRY(st, parse_target(p, node));
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_SET));
        WEFT_TRY(st, parse_assignments(p));
        WEFT_TRY(st, parse_where(p));
    } else {
        weft_sql_advance(p);
        node->command.text = "DELETE";
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_FROM));
        WEFT_TRY(st, parse_target(p, node));
        WEFT_TRY(st, parse_where(p));
    }
    node->span = weft_sql_span_from(p, &start);
    *out = node;
done:
    return st;
}
