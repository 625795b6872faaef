/* engine/sql/parser_alter_refused.c - what ALTER TABLE says of columns and constraints that tables of files
 * cannot carry out. It is read whole; the table, and the columns that it names, are looked for before it is
 * refused, as in Spark. */
#include "engine/sql/parser_internal.h"

static void refuse(weft_node *node, const char *what)
{
    node->command.op = WEFT_TABLE_REFUSED;
    node->command.text = what;
}

weft_status weft_sql_refuse_column(sql_parser *p, weft_node *node, const char *what, const char *column)
{
    weft_status st = WEFT_OK;
    const char **columns = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, 1, &columns));
    columns[0] = column;
    refuse(node, what);
    node->command.columns = columns;
    node->command.column_count = 1;
done:
    return st;
}

/* RENAME COLUMN a TO b: at COLUMN. */
static weft_status parse_rename(sql_parser *p, weft_node *node)
{
    weft_status st = WEFT_OK;
    const char *const *parts = NULL, *name = NULL;
    int32_t count = 0;
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_names(p, "the name of a column", &parts, &count));
    if (!weft_sql_accept_text(p, "TO")) WEFT_TRY(st, weft_sql_syntax_error(p, "TO"));
    WEFT_TRY(st, weft_sql_name(p, "the new name", &name));
    st = weft_sql_refuse_column(p, node, "RENAME COLUMN", parts[0]);
done:
    return st;
}

/* DROP COLUMN[S] [IF EXISTS] a, b | (a, b): at COLUMN. */
static weft_status parse_drop_columns(sql_parser *p, weft_node *node)
{
    weft_status st = WEFT_OK;
    weft_pointers columns = {0};
    bool absent = false;
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_if_exists(p, false, &absent));
    const bool parentheses = weft_sql_accept(p, SQL_LPAREN);
    do {
        const char *const *parts = NULL;
        int32_t count = 0;
        WEFT_TRY(st, weft_sql_names(p, "the name of a column", &parts, &count));
        if (!absent) WEFT_TRY(st, weft_pointers_push(p->ctx, &columns, parts[0]));
    } while (weft_sql_accept(p, SQL_COMMA));
    if (parentheses) WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    refuse(node, "DROP COLUMN");
    node->command.columns = weft_pointers_texts(&columns);
    node->command.column_count = columns.count;
done:
    return st;
}

/* DROP CONSTRAINT [IF EXISTS] name [CASCADE | RESTRICT]: at CONSTRAINT. */
static weft_status parse_drop_constraint(sql_parser *p, weft_node *node)
{
    weft_status st = WEFT_OK;
    const char *name = NULL;
    bool absent = false;
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_if_exists(p, false, &absent));
    WEFT_TRY(st, weft_sql_name(p, "the name of a constraint", &name));
    if (!weft_sql_accept_text(p, "CASCADE")) (void)weft_sql_accept_text(p, "RESTRICT");
    refuse(node, "DROP CONSTRAINT");
done:
    return st;
}

weft_status weft_sql_alter_serde(sql_parser *p, bool partition, weft_node *node, bool *found)
{
    weft_status st = WEFT_OK;
    weft_pointers properties = {0};
    const char *name = NULL;
    size_t len = 0;
    const bool serde = weft_sql_is_text(p, 1, "SERDE"), keys = weft_sql_is_text(p, 1, "SERDEPROPERTIES");
    *found = sql_word(p, SQL_KW_SET) && (serde || (keys && partition));
    if (!*found) return WEFT_OK;
    weft_sql_advance(p);
    if (serde) {
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_string(p, "the name of a class", &name, &len));
        if (weft_sql_accept_word(p, SQL_KW_WITH) && !weft_sql_is_text(p, 0, "SERDEPROPERTIES"))
            WEFT_TRY(st, weft_sql_syntax_error(p, "SERDEPROPERTIES"));
    }
    if (weft_sql_accept_text(p, "SERDEPROPERTIES")) WEFT_TRY(st, weft_sql_options(p, &properties));
    refuse(node, partition ? "PARTITION SET SERDE" : "SET SERDE");
done:
    return st;
}

weft_status weft_sql_alter_refused(sql_parser *p, weft_node *node, bool *found)
{
    weft_status st = WEFT_OK;
    weft_pointers columns = {0};
    sql_made made = {0};
    const bool column = weft_sql_is_text(p, 1, "COLUMN");
    const bool many = column || sql_word_at(p, 1, SQL_KW_COLUMNS);
    *found = true;
    if (weft_sql_is_text(p, 0, "RENAME") && column) {
        weft_sql_advance(p);
        st = parse_rename(p, node);
    } else if (sql_word(p, SQL_KW_DROP) && many) {
        weft_sql_advance(p);
        st = parse_drop_columns(p, node);
    } else if (sql_word(p, SQL_KW_DROP) && weft_sql_is_text(p, 1, "CONSTRAINT")) {
        weft_sql_advance(p);
        st = parse_drop_constraint(p, node);
    } else if (weft_sql_is_text(p, 0, "REPLACE") && sql_word_at(p, 1, SQL_KW_COLUMNS)) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_column_list(p, NULL, NULL, &columns));
        refuse(node, "REPLACE COLUMNS");
    } else if (weft_sql_is_text(p, 0, "ADD") && !many && !sql_word_at(p, 1, SQL_KW_PARTITION)) {
        weft_sql_advance(p);
        if (!weft_sql_at_constraint(p, true)) return weft_sql_syntax_error(p, "COLUMN or a constraint");
        WEFT_TRY(st, weft_sql_constraint(p, true, &made));
        refuse(node, "ADD CONSTRAINT");
    } else {
        st = weft_sql_alter_serde(p, false, node, found);
    }
done:
    return st;
}
