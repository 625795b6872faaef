/* engine/sql/parser_alter_column.c - ALTER TABLE … ALTER COLUMN, and CHANGE COLUMN as Hive writes it. */
#include <strings.h>

#include "engine/columnar/collation.h"
#include "engine/sql/parser_internal.h"

/* Its strings keep the collation that they have where the type names none. */
static weft_status column_type(sql_parser *p, weft_node *node)
{
    node->command.op = WEFT_TABLE_COLUMN_TYPE;
    node->command.typed = true;
    p->type_collation = WEFT_COLLATION_NULL;
    const weft_status st = weft_sql_column_type(p, &node->command.type);
    p->type_collation = WEFT_COLLATION_BINARY;
    return st;
}

static weft_status column_comment(sql_parser *p, weft_node *node)
{
    size_t len = 0;
    node->command.op = WEFT_TABLE_COLUMN_COMMENT;
    return weft_sql_string(p, "a comment", &node->command.text, &len);
}

static bool at_position(sql_parser *p)
{
    return weft_sql_is_text(p, 0, "FIRST") || weft_sql_is_text(p, 0, "AFTER");
}

/* FIRST, AFTER column */
static weft_status parse_position(sql_parser *p, weft_node *node)
{
    weft_status st = WEFT_OK;
    const char *name = NULL;
    if (!weft_sql_accept_text(p, "FIRST")) {
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_name(p, "the name of a column", &name));
    }
    st = weft_sql_refuse_column(p, node, "ALTER COLUMN ... FIRST | AFTER", node->command.column);
done:
    return st;
}

/* NOT NULL behind SET or DROP. */
static weft_status parse_not_null(sql_parser *p, weft_node *node, const char *what)
{
    weft_status st = WEFT_OK;
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_NULL));
    st = weft_sql_refuse_column(p, node, what, node->command.column);
done:
    return st;
}

weft_status weft_sql_alter_column(sql_parser *p, const weft_span *start, bool change, weft_node *node)
{
    static const char *const actions[] = {"COMMENT", "TYPE", "SET", "DROP", "FIRST", "AFTER"};
    weft_status st = WEFT_OK;
    const char *again = NULL;
    const char *const *parts = NULL;
    int32_t count = 0;
    bool action = sql_is(p, SQL_END);
    weft_sql_accept_text(p, "COLUMN");
    WEFT_TRY(st, weft_sql_names(p, "the name of a column", &parts, &count));
    node->command.column = parts[count - 1];
    for (int32_t i = 0; i < WEFT_COUNT(actions); i++) action |= weft_sql_is_text(p, 0, actions[i]);
    if (change && !action) {
        WEFT_TRY(st, weft_sql_name(p, "the name of a column", &again));
        if (strcasecmp(again, node->command.column) != 0)
            WEFT_TRY(st,
                     weft_fail_at(p->ctx, WEFT_HIVE_RENAME, start,
                                  "Renaming column is not supported in Hive-style ALTER COLUMN, please run "
                                  "RENAME COLUMN instead."));
        WEFT_TRY(st, column_type(p, node));
        if (weft_sql_accept_word(p, SQL_KW_COMMENT)) WEFT_TRY(st, column_comment(p, node));
        if (at_position(p)) WEFT_TRY(st, parse_position(p, node));
    } else if (at_position(p)) {
        WEFT_TRY(st, parse_position(p, node));
    } else if (weft_sql_accept_word(p, SQL_KW_COMMENT)) {
        WEFT_TRY(st, column_comment(p, node));
    } else if (sql_word(p, SQL_KW_SET) && sql_word_at(p, 1, SQL_KW_NOT)) {
        weft_sql_advance(p);
        WEFT_TRY(st, parse_not_null(p, node, "ALTER COLUMN ... SET NOT NULL"));
    } else if (sql_word(p, SQL_KW_DROP) && sql_word_at(p, 1, SQL_KW_NOT)) {
        weft_sql_advance(p);
        WEFT_TRY(st, parse_not_null(p, node, "ALTER COLUMN ... DROP NOT NULL"));
    } else if (weft_sql_accept_word(p, SQL_KW_SET)) {
        const weft_expr *e = NULL;
        if (weft_sql_is_text(p, 0, "DEFAULT")) WEFT_TRY(st, weft_sql_check_default(p));
        if (!weft_sql_accept_text(p, "DEFAULT")) WEFT_TRY(st, weft_sql_syntax_error(p, "DEFAULT"));
        const int32_t from = weft_sql_peek(p, 0)->span.start;
        node->command.op = WEFT_TABLE_COLUMN_DEFAULT;
        WEFT_TRY(st, weft_sql_expr(p, &e));
        WEFT_TRY(st, weft_sql_text_copy(p, from, p->last.stop, &node->command.text));
    } else if (weft_sql_accept_word(p, SQL_KW_DROP)) {
        if (!weft_sql_accept_text(p, "DEFAULT")) WEFT_TRY(st, weft_sql_syntax_error(p, "DEFAULT"));
        node->command.op = WEFT_TABLE_COLUMN_DEFAULT;
    } else if (weft_sql_accept_text(p, "TYPE")) {
        WEFT_TRY(st, column_type(p, node));
    } else {
        WEFT_TRY(st, weft_sql_not_allowed(p, start,
                                          "ALTER TABLE table ALTER COLUMN requires a TYPE, a SET/DROP, a "
                                          "COMMENT, or a FIRST/AFTER"));
    }
    if (sql_is(p, SQL_COMMA)) { /* more of them: what they say is nobody's then */
        while (!sql_is(p, SQL_END) && !sql_is(p, SQL_SEMICOLON) && !sql_is(p, SQL_BAD)) weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_refuse_column(p, node, "ALTER COLUMN in bulk", node->command.column));
    }
    if (count > 1)
        WEFT_TRY(st, weft_sql_refuse_column(p, node, "ALTER COLUMN with qualified column", parts[0]));
done:
    return st;
}
