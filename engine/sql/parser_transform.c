/* engine/sql/parser_transform.c - SELECT TRANSFORM (…), MAP …, REDUCE … USING 'command': three spellings of
 * one query block, whose rows a process reads and writes. */
#include <string.h>

#include "engine/sql/parser_internal.h"

static bool at_script_row_format(sql_parser *p)
{
    return weft_sql_is_text(p, 0, "ROW") && weft_sql_is_text(p, 1, "FORMAT");
}

bool weft_sql_at_map(sql_parser *p)
{
    if (!weft_sql_is_text(p, 0, "MAP") && !weft_sql_is_text(p, 0, "REDUCE")) return false;
    const sql_token *next = weft_sql_peek(p, 1);
    /* anything else begins an expression, or goes on with a table of this name */
    if (next->kind == SQL_WORD)
        return (next->flags & (SQL_KW_IN_CLAUSE | SQL_KW_AFTER_NAME | SQL_KW_JOINS)) == 0;
    return next->kind == SQL_QUOTED || next->kind == SQL_STAR || next->kind == SQL_INTEGER ||
           next->kind == SQL_STRING;
}

/* [DISTINCT | ALL] e, …: the quantifiers are read to be refused. */
static weft_status parse_inputs(sql_parser *p, bool *quantified, weft_select *select)
{
    weft_status st = WEFT_OK;
    weft_pointers items = {0};
    const bool within = p->in_item;
    *quantified = sql_word(p, SQL_KW_DISTINCT) || (sql_word(p, SQL_KW_ALL) && !sql_is_at(p, 1, SQL_COMMA));
    if (*quantified) weft_sql_advance(p);
    p->in_item = true;
    WEFT_TRY(st, weft_sql_exprs(p, &items));
    p->in_item = within;
    select->item_count = items.count;
    select->items = weft_pointers_exprs(&items);
done:
    return st;
}

/* [ROW FORMAT …] of one direction: what parts fields, and what stands for NULL. */
static weft_status parse_format(sql_parser *p, const char **fields, const char **null, bool *serde)
{
    weft_status st = WEFT_OK;
    sql_storage storage = {0};
    *fields = "\001"; /* as in Hive's own files */
    *null = "\\N";
    if (!at_script_row_format(p)) return WEFT_OK;
    WEFT_TRY(st, weft_sql_row_format(p, &storage));
    if (storage.field_separator != NULL) *fields = storage.field_separator;
    if (storage.null_text != NULL) *null = storage.null_text;
    *serde |= storage.serde;
done:
    return st;
}

/* RECORDWRITER 'class', RECORDREADER 'class' */
static weft_status parse_class(sql_parser *p, const char *word, bool *seen)
{
    weft_status st = WEFT_OK;
    const char *name = NULL;
    size_t len = 0;
    if (!weft_sql_accept_text(p, word)) return WEFT_OK;
    *seen = true;
    WEFT_TRY(st, weft_sql_string(p, "the name of a class", &name, &len));
done:
    return st;
}

/* type [NOT NULL] [COMMENT text], where the first column has one: then all do. */
static weft_status parse_column_type(sql_parser *p, weft_type *out)
{
    weft_status st = WEFT_OK;
    const char *comment = NULL;
    size_t len = 0;
    WEFT_TRY(st, weft_sql_type(p, out));
    if (weft_sql_accept_word(p, SQL_KW_NOT)) WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_NULL));
    if (weft_sql_accept_word(p, SQL_KW_COMMENT))
        WEFT_TRY(st, weft_sql_string(p, "a comment", &comment, &len));
done:
    return st;
}

/* Does a type stand behind the name of the first column? */
static bool at_column_type(sql_parser *p, bool parentheses)
{
    const sql_token *token = weft_sql_peek(p, 0);
    if (parentheses) return token->kind != SQL_COMMA && token->kind != SQL_RPAREN;
    if (token->kind != SQL_WORD || at_script_row_format(p) || weft_sql_is_text(p, 0, "RECORDREADER"))
        return false;
    return token->keyword == SQL_KW_INTERVAL || (token->flags & (SQL_KW_IN_CLAUSE | SQL_KW_AFTER_NAME)) == 0;
}

/* [AS [(] name [type], … [)]] */
static weft_status parse_outputs(sql_parser *p, weft_script_format *format)
{
    weft_status st = WEFT_OK;
    weft_pointers names = {0}, types = {0};
    weft_type *list = NULL;
    bool typed = false;
    if (!weft_sql_accept_word(p, SQL_KW_AS)) return WEFT_OK;
    const bool parentheses = weft_sql_accept(p, SQL_LPAREN);
    do {
        const char *name = NULL;
        weft_type *type = NULL;
        WEFT_TRY(st, weft_sql_name(p, "the name of a column", &name));
        WEFT_TRY(st, WEFT_NEW(p->ctx, &type));
        *type = WEFT_TYPE_OF(WEFT_TYPE_STRING);
        if (names.count == 0) typed = at_column_type(p, parentheses);
        if (typed) WEFT_TRY(st, parse_column_type(p, type));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &names, name));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &types, type));
    } while (weft_sql_accept(p, SQL_COMMA));
    if (parentheses) WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, types.count, &list));
    for (int32_t i = 0; i < types.count; i++) list[i] = *(const weft_type *)types.items[i];
    format->column_count = names.count;
    format->names = weft_pointers_texts(&names);
    format->types = list;
done:
    return st;
}

/* What Spark has only with Hive, or not at all; in the order in which it looks. */
static weft_status check_forms(sql_parser *p, const weft_span *start, bool quantified, bool classes,
                               bool serde)
{
    const weft_span span = weft_sql_span_from(p, start);
    if (quantified)
        return weft_fail_at(p->ctx, WEFT_TRANSFORM_DISTINCT_ALL, &span,
                            "The feature is not supported: TRANSFORM with the DISTINCT/ALL clause.");
    if (classes)
        return weft_fail_at(p->ctx, WEFT_RECORD_CLASSES, &span,
                            "Unsupported operation: Used defined record reader/writer classes.");
    if (serde)
        return weft_fail_at(
            p->ctx, WEFT_TRANSFORM_NON_HIVE, &span,
            "The feature is not supported: TRANSFORM with SERDE is only supported in hive mode.");
    return WEFT_OK;
}

weft_status weft_sql_transform(sql_parser *p, const weft_node *from, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_select select = {.from = from};
    weft_script_format *format = NULL;
    const char *command = NULL;
    weft_node *block = NULL, *node = NULL;
    bool quantified = false, classes = false, serde = false;
    size_t len = 0;
    WEFT_TRY(st, WEFT_NEW(p->ctx, &format));
    const bool selects = weft_sql_accept_word(p, SQL_KW_SELECT);
    weft_sql_advance(p); /* TRANSFORM, MAP or REDUCE */
    if (selects) WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    WEFT_TRY(st, parse_inputs(p, &quantified, &select));
    if (selects) WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    WEFT_TRY(st, parse_format(p, &format->in_fields, &format->in_null, &serde));
    WEFT_TRY(st, parse_class(p, "RECORDWRITER", &classes));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_USING));
    WEFT_TRY(st, weft_sql_string(p, "a command", &command, &len));
    WEFT_TRY(st, parse_outputs(p, format));
    WEFT_TRY(st, parse_format(p, &format->out_fields, &format->out_null, &serde));
    WEFT_TRY(st, parse_class(p, "RECORDREADER", &classes));
    WEFT_TRY(st, weft_sql_select_clauses(p, false, &select));
    WEFT_TRY(st, check_forms(p, &start, quantified, classes, serde));
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_SELECT, weft_sql_span_from(p, &start), NULL, 0, &block));
    block->select = select;
    const weft_node *input = block;
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_SCRIPT, block->span, &input, 1, &node));
    node->script.command = command;
    node->script.format = format;
    *out = node;
done:
    return st;
}
