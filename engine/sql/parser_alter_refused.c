/* engine/sql/parser_alter_refused.c - what ALTER TABLE says of columns and constraints that tables of files
 * cannot carry out. It is read whole; the table, and the columns that it names, are looked for before it is
 * refused, as in Spark. */
#include "engine/sql/parser_internal.h"

void weft_sql_refuse(weft_node *node, const char *what)
{
    node->command.op = WEFT_TABLE_REFUSED;
    node->command.text = what;
}

void weft_sql_set_fields(weft_node *node, const weft_pointers *fields)
{
    node->command.fields = (const weft_altered_field *const *)fields->items;
    node->command.field_count = fields->count;
}

weft_status weft_sql_altered_field(sql_parser *p, weft_pointers *fields, weft_altered_field **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(p->ctx, out));
    WEFT_TRY(st, weft_sql_names(p, "the name of a column", &(*out)->parts, &(*out)->part_count));
    WEFT_TRY(st, weft_pointers_push(p->ctx, fields, *out));
done:
    return st;
}

/* RENAME COLUMN a TO b: at COLUMN. */
static weft_status parse_rename(sql_parser *p, weft_node *node)
{
    weft_status st = WEFT_OK;
    weft_pointers fields = {0};
    weft_altered_field *field = NULL;
    const char *name = NULL;
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_altered_field(p, &fields, &field));
    if (!weft_sql_accept_text(p, "TO")) WEFT_TRY(st, weft_sql_syntax_error(p, "TO"));
    WEFT_TRY(st, weft_sql_name(p, "the new name", &name));
    weft_sql_refuse(node, "RENAME COLUMN");
    weft_sql_set_fields(node, &fields);
done:
    return st;
}

/* DROP COLUMN[S] [IF EXISTS] a, b | (a, b): at COLUMN. */
static weft_status parse_drop_columns(sql_parser *p, weft_node *node)
{
    weft_status st = WEFT_OK;
    weft_pointers fields = {0};
    weft_altered_field *field = NULL;
    bool absent = false;
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_if_exists(p, false, &absent));
    const bool parentheses = weft_sql_accept(p, SQL_LPAREN);
    do WEFT_TRY(st, weft_sql_altered_field(p, &fields, &field));
    while (weft_sql_accept(p, SQL_COMMA));
    if (parentheses) WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    weft_sql_refuse(node, "DROP COLUMN");
    if (!absent) weft_sql_set_fields(node, &fields);
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
    weft_sql_refuse(node, "DROP CONSTRAINT");
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
    weft_sql_refuse(node, partition ? "PARTITION SET SERDE" : "SET SERDE");
done:
    return st;
}

/* (a INT COMMENT text, …) behind REPLACE COLUMNS, as Hive writes it. */
static weft_status parse_replace_columns(sql_parser *p, weft_node *node)
{
    weft_status st = WEFT_OK;
    weft_pointers fields = {0}, columns = {0};
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    do {
        const weft_span span = weft_sql_peek(p, 0)->span;
        weft_altered_field *field = NULL;
        WEFT_TRY(st, weft_sql_altered_field(p, &fields, &field));
        if (field->part_count > 1) WEFT_TRY(st, weft_sql_refuse_replaced(p, &span, "A nested column"));
        WEFT_TRY(st, weft_sql_column(p, field, field->parts[0], NULL, &columns));
    } while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    weft_sql_refuse(node, "REPLACE COLUMNS");
done:
    return st;
}

weft_status weft_sql_alter_refused(sql_parser *p, weft_node *node, bool *found)
{
    weft_status st = WEFT_OK;
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
        WEFT_TRY(st, parse_replace_columns(p, node));
    } else if (weft_sql_is_text(p, 0, "ADD") && !many && !sql_word_at(p, 1, SQL_KW_PARTITION)) {
        weft_sql_advance(p);
        if (!weft_sql_at_constraint(p, true)) return weft_sql_syntax_error(p, "COLUMN or a constraint");
        WEFT_TRY(st, weft_sql_constraint(p, true, &made));
        weft_sql_refuse(node, "ADD CONSTRAINT");
    } else {
        st = weft_sql_alter_serde(p, false, node, found);
    }
done:
    return st;
}
