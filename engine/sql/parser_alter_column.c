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
static weft_status parse_position(sql_parser *p, weft_altered_field *field, weft_node *node)
{
    weft_sql_refuse(node, "ALTER COLUMN ... FIRST | AFTER");
    return weft_sql_position(p, field);
}

/* NOT NULL behind SET or DROP. */
static weft_status parse_not_null(sql_parser *p, weft_node *node)
{
    weft_status st = WEFT_OK;
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_NULL));
    weft_sql_refuse(node, "ALTER COLUMN ... SET NOT NULL"); /* Spark says so of DROP as well */
done:
    return st;
}

/* SET or DROP, and NOT NULL or DEFAULT. */
static weft_status parse_set_or_drop(sql_parser *p, weft_node *node)
{
    weft_status st = WEFT_OK;
    const weft_expr *e = NULL;
    const bool set = sql_word(p, SQL_KW_SET);
    weft_sql_advance(p);
    if (sql_word(p, SQL_KW_NOT)) return parse_not_null(p, node);
    if (set && weft_sql_is_text(p, 0, "DEFAULT")) WEFT_TRY(st, weft_sql_check_default(p));
    if (!weft_sql_accept_text(p, "DEFAULT")) WEFT_TRY(st, weft_sql_syntax_error(p, "DEFAULT"));
    node->command.op = WEFT_TABLE_COLUMN_DEFAULT;
    if (!set) goto done;
    const int32_t from = weft_sql_peek(p, 0)->span.start;
    WEFT_TRY(st, weft_sql_expr(p, &e));
    WEFT_TRY(st, weft_sql_text_copy(p, from, p->last.stop, &node->command.text));
done:
    return st;
}

/* Hive's: the name again, its type, a comment and where it goes. */
static weft_status parse_hive_change(sql_parser *p, const weft_span *start, weft_altered_field *field,
                                     weft_node *node)
{
    weft_status st = WEFT_OK;
    const char *again = NULL;
    WEFT_TRY(st, weft_sql_name(p, "the name of a column", &again));
    if (strcasecmp(again, field->parts[field->part_count - 1]) != 0)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_HIVE_RENAME, start,
                                  "Renaming column is not supported in Hive-style ALTER COLUMN, please run "
                                  "RENAME COLUMN instead."));
    WEFT_TRY(st, column_type(p, node));
    if (weft_sql_accept_word(p, SQL_KW_COMMENT)) WEFT_TRY(st, column_comment(p, node));
    if (at_position(p)) WEFT_TRY(st, parse_position(p, field, node));
done:
    return st;
}

/* One column and what is changed of it. */
static weft_status parse_change(sql_parser *p, const weft_span *start, bool change, weft_pointers *fields,
                                weft_node *node)
{
    static const char *const actions[] = {"COMMENT", "TYPE", "SET", "DROP", "FIRST", "AFTER"};
    weft_status st = WEFT_OK;
    weft_altered_field *field = NULL;
    bool action = sql_is(p, SQL_END);
    WEFT_TRY(st, weft_sql_altered_field(p, fields, &field));
    for (int32_t i = 0; i < WEFT_COUNT(actions); i++) action |= weft_sql_is_text(p, 0, actions[i]);
    if (change && !action)
        WEFT_TRY(st, parse_hive_change(p, start, field, node));
    else if (at_position(p))
        WEFT_TRY(st, parse_position(p, field, node));
    else if (weft_sql_accept_word(p, SQL_KW_COMMENT))
        WEFT_TRY(st, column_comment(p, node));
    else if (sql_word(p, SQL_KW_SET) || sql_word(p, SQL_KW_DROP))
        WEFT_TRY(st, parse_set_or_drop(p, node));
    else if (weft_sql_accept_text(p, "TYPE"))
        WEFT_TRY(st, column_type(p, node));
    else
        WEFT_TRY(st, weft_sql_not_allowed(p, start,
                                          "ALTER TABLE table ALTER COLUMN requires a TYPE, a SET/DROP, a "
                                          "COMMENT, or a FIRST/AFTER"));
done:
    return st;
}

weft_status weft_sql_alter_column(sql_parser *p, const weft_span *start, bool change, weft_node *node)
{
    weft_status st = WEFT_OK;
    weft_pointers fields = {0};
    weft_sql_accept_text(p, "COLUMN");
    do WEFT_TRY(st, parse_change(p, start, change, &fields, node));
    while (!change && weft_sql_accept(p, SQL_COMMA));
    weft_sql_set_fields(node, &fields);
    if (fields.count > 1)
        weft_sql_refuse(node, "ALTER COLUMN in bulk");
    else if (node->command.fields[0]->part_count > 1)
        weft_sql_refuse(node, "ALTER COLUMN with qualified column");
    node->command.column = node->command.fields[0]->parts[node->command.fields[0]->part_count - 1];
done:
    return st;
}
