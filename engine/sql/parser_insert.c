/* engine/sql/parser_insert.c - INSERT into tables and directories. */
#include <strings.h>

#include "engine/sql/parser_internal.h"

static weft_status make_write(sql_parser *p, const weft_span *start, const weft_node *query, weft_node **out)
{
    return weft_sql_node_new(p, WEFT_NODE_WRITE, weft_sql_span_from(p, start), &query, 1, out);
}

/* A constant: a literal, maybe with a minus before it. */
static weft_status parse_constant(sql_parser *p, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    *out = NULL;
    if (weft_sql_accept(p, SQL_MINUS)) {
        WEFT_TRY(st, weft_sql_number(p, true, start, out));
    } else {
        WEFT_TRY(st, weft_sql_primary(p, out));
        if ((*out)->kind != WEFT_EXPR_LITERAL && (*out)->kind != WEFT_EXPR_CAST)
            WEFT_TRY(st, weft_sql_syntax_error(p, "a constant"));
    }
done:
    return st;
}

weft_status weft_sql_partition_spec(sql_parser *p, bool dynamic, weft_partition_spec **out)
{
    weft_status st = WEFT_OK;
    weft_pointers names = {0}, values = {0};
    const weft_span start = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, WEFT_NEW(p->ctx, out));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_PARTITION));
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    do {
        const char *name = NULL;
        const weft_expr *value = NULL;
        WEFT_TRY(st, weft_sql_name(p, "the name of a partition column", &name));
        for (int32_t i = 0; i < names.count; i++)
            if (strcasecmp(weft_pointers_texts(&names)[i], name) == 0)
                WEFT_TRY(
                    st, weft_fail_at(p->ctx, WEFT_DUPLICATE_KEY, &start, "Found duplicate keys `%s`.", name));
        if (!dynamic || sql_is(p, SQL_EQ)) {
            WEFT_TRY(st, weft_sql_expect(p, SQL_EQ, "'='"));
            WEFT_TRY(st, parse_constant(p, &value));
        }
        WEFT_TRY(st, weft_pointers_push(p->ctx, &names, name));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &values, value));
    } while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    (*out)->count = names.count;
    (*out)->names = weft_pointers_texts(&names);
    (*out)->values = weft_pointers_exprs(&values);
    (*out)->span = weft_sql_span_from(p, &start);
done:
    return st;
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

/* INSERT INTO | OVERWRITE [TABLE] name [PARTITION (…) [IF NOT EXISTS]] [BY NAME | (columns)] query */
static weft_status insert_table(sql_parser *p, const weft_span *start, bool overwrite, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *query = NULL;
    weft_node *node = NULL;
    const char *const *parts = NULL, *const *columns = NULL;
    int32_t part_count = 0, column_count = 0;
    bool by_name = false;
    weft_partition_spec *spec = NULL;
    weft_sql_accept_word(p, SQL_KW_TABLE);
    WEFT_TRY(st, weft_sql_names(p, "the name of a table", &parts, &part_count));
    if (sql_word(p, SQL_KW_PARTITION)) WEFT_TRY(st, weft_sql_partition_spec(p, true, &spec));
    if (overwrite && spec != NULL) WEFT_TRY(st, weft_sql_if_exists(p, true, &spec->if_not_exists));
    if (weft_sql_is_text(p, 0, "REPLACE") && sql_word_at(p, 1, SQL_KW_WHERE))
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_TABLE_OPERATION, start,
                                  "The feature is not supported: INSERT INTO … REPLACE WHERE of a table of "
                                  "files."));
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
    node->write.spec = spec;
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
