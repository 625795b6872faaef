/* engine/sql/parser_table.c - statements about tables and databases: CREATE DATABASE, DROP, TRUNCATE, USE,
 * SHOW. */
#include <strings.h>

#include "engine/sql/parser_internal.h"

weft_status weft_sql_command(sql_parser *p, const weft_span *start, weft_table_op op, weft_node **out)
{
    const weft_status st =
        weft_sql_node_new(p, WEFT_NODE_TABLE_COMMAND, weft_sql_span_from(p, start), NULL, 0, out);
    if (st == WEFT_OK) (*out)->command.op = op;
    return st;
}

weft_status weft_sql_command_name(sql_parser *p, const char *what, weft_node *node)
{
    return weft_sql_names(p, what, &node->command.parts, &node->command.part_count);
}

/* ---- databases ---- */

weft_status weft_sql_schema_collation(sql_parser *p, const weft_span *start)
{
    return weft_fail_at(p->ctx, WEFT_SCHEMA_COLLATION, start,
                        "The feature is not supported: Default collation for the specified schema.");
}

weft_status weft_sql_create_database(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    size_t len = 0;
    weft_pointers properties = {0};
    const char *location = NULL;
    weft_table_definition *d = NULL;
    WEFT_TRY(st, weft_sql_command(p, start, WEFT_DATABASE_CREATE, &node));
    WEFT_TRY(st, weft_sql_if_exists(p, true, &node->command.if_exists));
    WEFT_TRY(st, weft_sql_command_name(p, "the name of a database", node));
    for (;;) {
        if (weft_sql_accept_word(p, SQL_KW_COMMENT)) {
            WEFT_TRY(st, weft_sql_string(p, "a comment", &node->command.text, &len));
        } else if (weft_sql_accept_word(p, SQL_KW_LOCATION)) {
            WEFT_TRY(st, weft_sql_string(p, "a path", &location, &len));
        } else if (weft_sql_is_text(p, 0, "DEFAULT") && weft_sql_is_text(p, 1, "COLLATION")) {
            WEFT_TRY(st, weft_sql_schema_collation(p, start));
        } else if (weft_sql_accept_word(p, SQL_KW_WITH)) {
            WEFT_TRY(st, weft_sql_database_properties(p, start, &properties));
        } else {
            break;
        }
    }
    WEFT_TRY(st, WEFT_NEW(p->ctx, &d));
    d->location = location;
    d->property_count = properties.count / 2;
    d->properties = weft_pointers_texts(&properties);
    node->command.table = d;
    *out = node;
done:
    return st;
}

bool weft_sql_accept_database(sql_parser *p)
{
    return weft_sql_accept_text(p, "DATABASE") || weft_sql_accept_text(p, "SCHEMA") ||
           weft_sql_accept_text(p, "NAMESPACE");
}

weft_status weft_sql_drop_table(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    const bool database = weft_sql_accept_database(p);
    if (!database && !weft_sql_accept_word(p, SQL_KW_TABLE))
        WEFT_TRY(st, weft_sql_syntax_error(p, "VIEW, TABLE or DATABASE"));
    WEFT_TRY(st, weft_sql_command(p, start, database ? WEFT_DATABASE_DROP : WEFT_TABLE_DROP, &node));
    WEFT_TRY(st, weft_sql_if_exists(p, false, &node->command.if_exists));
    WEFT_TRY(st, weft_sql_command_name(p, database ? "the name of a database" : "the name of a table", node));
    if (database)
        node->command.cascade = weft_sql_accept_text(p, "CASCADE") ||
                                (weft_sql_accept_text(p, "RESTRICT") && false);
    else
        weft_sql_accept_text(p, "PURGE");
    node->span = weft_sql_span_from(p, start);
    *out = node;
done:
    return st;
}

/* ---- TRUNCATE, USE ---- */

weft_status weft_sql_table_command(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_node *node = NULL;
    if (weft_sql_is_text(p, 0, "ALTER") || weft_sql_is_text(p, 0, "MSCK") ||
        weft_sql_is_text(p, 0, "REPAIR") || weft_sql_is_text(p, 0, "REFRESH") || sql_word(p, SQL_KW_COMMENT))
        return weft_sql_alter(p, out);
    if (weft_sql_accept_text(p, "TRUNCATE")) {
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_TABLE));
        WEFT_TRY(st, weft_sql_command(p, &start, WEFT_TABLE_TRUNCATE, &node));
        WEFT_TRY(st, weft_sql_command_name(p, "the name of a table", node));
        if (sql_word(p, SQL_KW_PARTITION)) WEFT_TRY(st, weft_sql_command_spec(p, node));
    } else {
        weft_sql_advance(p);
        weft_sql_accept_database(p);
        WEFT_TRY(st, weft_sql_command(p, &start, WEFT_DATABASE_USE, &node));
        WEFT_TRY(st, weft_sql_command_name(p, "the name of a database", node));
    }
    node->span = weft_sql_span_from(p, &start);
    *out = node;
done:
    return st;
}

/* ---- SHOW ---- */

/* SHOW CURRENT NAMESPACE, SCHEMA, DATABASE: is the word behind CURRENT one of them? */
static bool names_database(sql_parser *p)
{
    return weft_sql_is_text(p, 1, "NAMESPACE") || weft_sql_is_text(p, 1, "SCHEMA") ||
           weft_sql_is_text(p, 1, "DATABASE");
}

weft_status weft_sql_show_tables(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    size_t len = 0;
    weft_pointers name = {0};
    *out = NULL;
    if (weft_sql_accept_text(p, "DATABASES") || weft_sql_accept_text(p, "SCHEMAS") ||
        weft_sql_accept_text(p, "NAMESPACES")) {
        WEFT_TRY(st, weft_sql_command(p, start, WEFT_DATABASE_SHOW, &node));
        if (weft_sql_accept_word(p, SQL_KW_FROM) || weft_sql_accept_word(p, SQL_KW_IN))
            WEFT_TRY(st, weft_sql_command_name(p, "the name of a catalogue or database", node));
        weft_sql_accept_word(p, SQL_KW_LIKE);
        if (sql_is(p, SQL_STRING)) WEFT_TRY(st, weft_sql_string(p, "a pattern", &node->command.to, &len));
    } else if (sql_word(p, SQL_KW_CURRENT) && names_database(p)) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_command(p, start, WEFT_DATABASE_CURRENT, &node));
    } else if (sql_word(p, SQL_KW_CREATE) && sql_word_at(p, 1, SQL_KW_TABLE)) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_command(p, start, WEFT_TABLE_SHOW_CREATE, &node));
        WEFT_TRY(st, weft_sql_command_name(p, "the name of a table", node));
        node->command.extended = weft_sql_accept_word(p, SQL_KW_AS);
        if (node->command.extended && !weft_sql_accept_text(p, "SERDE"))
            WEFT_TRY(st, weft_sql_syntax_error(p, "SERDE"));
    } else if (weft_sql_accept_text(p, "PARTITIONS")) {
        WEFT_TRY(st, weft_sql_command(p, start, WEFT_TABLE_SHOW_PARTITIONS, &node));
        WEFT_TRY(st, weft_sql_command_name(p, "the name of a table", node));
        if (sql_word(p, SQL_KW_PARTITION)) WEFT_TRY(st, weft_sql_command_spec(p, node));
        node->command.extended = weft_sql_accept_as_json(p);
    } else if (sql_word(p, SQL_KW_TABLE) && sql_word_at(p, 1, SQL_KW_EXTENDED)) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_command(p, start, WEFT_TABLE_SHOW_EXTENDED, &node));
        if (weft_sql_accept_word(p, SQL_KW_FROM) || weft_sql_accept_word(p, SQL_KW_IN))
            WEFT_TRY(st, weft_sql_command_name(p, "the name of a database", node));
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_LIKE));
        WEFT_TRY(st, weft_sql_string(p, "a pattern", &node->command.to, &len));
        if (sql_word(p, SQL_KW_PARTITION)) { /* the pattern is the name of the table then */
            for (int32_t i = 0; i < node->command.part_count; i++)
                WEFT_TRY(st, weft_pointers_push(p->ctx, &name, node->command.parts[i]));
            WEFT_TRY(st, weft_pointers_push(p->ctx, &name, node->command.to));
            node->command.parts = weft_pointers_texts(&name);
            node->command.part_count = name.count;
            WEFT_TRY(st, weft_sql_command_spec(p, node));
        } else {
            node->command.extended = weft_sql_accept_as_json(p);
        }
    } else if (weft_sql_accept_word(p, SQL_KW_TBLPROPERTIES)) {
        WEFT_TRY(st, weft_sql_command(p, start, WEFT_TABLE_SHOW_PROPERTIES, &node));
        WEFT_TRY(st, weft_sql_command_name(p, "the name of a table", node));
        if (weft_sql_accept(p, SQL_LPAREN)) {
            WEFT_TRY(st, weft_sql_option_key(p, &node->command.to));
            WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
        }
    } else {
        return WEFT_OK;
    }
    node->span = weft_sql_span_from(p, start);
    *out = node;
done:
    return st;
}
