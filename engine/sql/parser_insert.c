/* engine/sql/parser_insert.c - INSERT into tables and directories. */
#include <strings.h>

#include "engine/sql/parser_internal.h"

static weft_status make_write(sql_parser *p, const weft_span *start, const weft_node *query, weft_node **out)
{
    return weft_sql_node_new(p, WEFT_NODE_WRITE, weft_sql_span_from(p, start), &query, 1, out);
}

/* INSERT OVERWRITE [LOCAL] DIRECTORY ['path'] USING format [OPTIONS (…)] query: after DIRECTORY. */
static weft_status insert_directory(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers options = {0}, kept = {0};
    const weft_node *query = NULL;
    weft_node *node = NULL;
    const char *path = NULL, *format = NULL;
    size_t len = 0;
    if (sql_is(p, SQL_STRING)) WEFT_TRY(st, weft_sql_string(p, "a path", &path, &len));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_USING));
    WEFT_TRY(st, weft_sql_name(p, "the name of a format", &format));
    if (weft_sql_accept_word(p, SQL_KW_OPTIONS)) WEFT_TRY(st, weft_sql_options(p, &options));
    for (int32_t i = 0; i < options.count; i += 2) {
        const char *key = weft_pointers_texts(&options)[i], *value = weft_pointers_texts(&options)[i + 1];
        if (strcasecmp(key, "path") == 0) {
            path = value;
        } else {
            WEFT_TRY(st, weft_pointers_push(p->ctx, &kept, key));
            WEFT_TRY(st, weft_pointers_push(p->ctx, &kept, value));
        }
    }
    if (path == NULL) {
        WEFT_TRY(st,
                 weft_fail_at(
                     p->ctx, WEFT_PARSE_SYNTAX_ERROR, start,
                     "Syntax error: INSERT OVERWRITE DIRECTORY has neither a path nor OPTIONS (path …)."));
    }
    WEFT_TRY(st, weft_sql_query(p, &query));
    WEFT_TRY(st, make_write(p, start, query, &node));
    node->write.format = format;
    node->write.path = path;
    node->write.overwrite = true;
    node->write.option_count = kept.count / 2;
    node->write.options = weft_pointers_texts(&kept);
    *out = node;
done:
    return st;
}

/* INSERT INTO | OVERWRITE [TABLE] name [BY NAME | (columns)] query */
static weft_status insert_table(sql_parser *p, const weft_span *start, bool overwrite, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *query = NULL;
    weft_node *node = NULL;
    const char *const *parts = NULL, *const *columns = NULL;
    int32_t part_count = 0, column_count = 0;
    bool by_name = false;
    weft_sql_accept_word(p, SQL_KW_TABLE);
    WEFT_TRY(st, weft_sql_names(p, "the name of a table", &parts, &part_count));
    if (sql_word(p, SQL_KW_PARTITION)) WEFT_TRY(st, weft_sql_unsupported(p, start, "INSERT … PARTITION"));
    if (sql_word(p, SQL_KW_BY)) {
        weft_sql_advance(p);
        if (!weft_sql_accept_text(p, "NAME")) WEFT_TRY(st, weft_sql_syntax_error(p, "NAME"));
        by_name = true;
    } else if (sql_is(p, SQL_LPAREN)) { /* columns, unless a query is inside */
        bool list = false;
        sql_lexer ahead = p->lexer;
        const sql_token *open = weft_sql_peek(p, 0);
        ahead.position = open->span.stop;
        ahead.previous = SQL_LPAREN;
        sql_token token = weft_sql_lex(&ahead);
        while (token.kind == SQL_WORD || token.kind == SQL_QUOTED || token.kind == SQL_COMMA)
            token = weft_sql_lex(&ahead);
        list = token.kind == SQL_RPAREN;
        if (list) WEFT_TRY(st, weft_sql_name_list(p, &columns, &column_count));
    }
    WEFT_TRY(st, weft_sql_query(p, &query));
    WEFT_TRY(st, make_write(p, start, query, &node));
    node->write.overwrite = overwrite;
    node->write.into = parts;
    node->write.into_count = part_count;
    node->write.into_columns = columns;
    node->write.into_column_count = column_count;
    node->write.by_name = by_name;
    *out = node;
done:
    return st;
}

weft_status weft_sql_insert(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_sql_advance(p);
    if (weft_sql_accept_word(p, SQL_KW_INTO)) return insert_table(p, &start, false, out);
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_OVERWRITE));
    const bool local = weft_sql_accept_word(p, SQL_KW_LOCAL);
    if (weft_sql_accept_word(p, SQL_KW_DIRECTORY)) return insert_directory(p, &start, out);
    if (local) WEFT_TRY(st, weft_sql_syntax_error(p, "DIRECTORY"));
    weft_sql_accept_word(p, SQL_KW_INTO);
    return insert_table(p, &start, true, out);
done:
    return st;
}
