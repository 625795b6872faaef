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

/* ---- directories ---- */

/* There is one path: the one behind DIRECTORY, or that of the options. */
static weft_status check_directory_path(sql_parser *p, const weft_span *start, const char *path,
                                        const char *option)
{
    const bool given = path != NULL && path[0] != '\0';
    if (given != (option != NULL)) return WEFT_OK;
    return weft_fail_at(p->ctx, WEFT_DIRECTORY_PATH, start,
                        "Directory path and 'path' in OPTIONS should be specified one, but not both.");
}

/* ['path'] [ROW FORMAT …] [STORED AS …] query: Hive writes it. */
static weft_status refuse_hive_directory(sql_parser *p, const weft_span *start)
{
    weft_status st = WEFT_OK;
    sql_storage storage = {0};
    const weft_node *query = NULL;
    char *what = NULL;
    bool found = false;
    do WEFT_TRY(st, weft_sql_storage(p, start, &storage, &found));
    while (found);
    WEFT_TRY(st, weft_sql_query(p, &query));
    WEFT_TRY(st, weft_sql_check_storage(p, start, &storage));
    if (storage.format != NULL && !weft_sql_hive_format(storage.format)) {
        WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &what, "STORED AS with file format '%s'",
                                       storage.format));
        return weft_sql_not_allowed(p, start, what);
    }
    st = weft_sql_needs_hive(p, start, "INSERT OVERWRITE DIRECTORY with the Hive format");
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
    const char *path = NULL, *option = NULL, *format = NULL;
    size_t len = 0;
    if (sql_is(p, SQL_STRING)) WEFT_TRY(st, weft_sql_string(p, "a path", &path, &len));
    if (path != NULL && !sql_word(p, SQL_KW_USING)) return refuse_hive_directory(p, start);
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_USING));
    WEFT_TRY(st, weft_sql_provider(p, &format));
    if (weft_sql_accept_word(p, SQL_KW_OPTIONS)) WEFT_TRY(st, weft_sql_options(p, &options));
    for (int32_t i = 0; i < options.count; i += 2) {
        const char *key = weft_pointers_texts(&options)[i], *value = weft_pointers_texts(&options)[i + 1];
        if (strcasecmp(key, "path") == 0) {
            option = value;
        } else {
            WEFT_TRY(st, weft_pointers_push(p->ctx, &kept, key));
            WEFT_TRY(st, weft_pointers_push(p->ctx, &kept, value));
        }
    }
    WEFT_TRY(st, check_directory_path(p, start, path, option));
    WEFT_TRY(st, weft_sql_query(p, &query));
    WEFT_TRY(st, make_write(p, start, query, &node));
    node->write.format = format;
    node->write.path = option != NULL ? option : path;
    node->write.overwrite = true;
    node->write.option_count = kept.count / 2;
    node->write.options = weft_pointers_texts(&kept);
    *out = node;
done:
    return st;
}

/* ---- tables ---- */

typedef struct insert_table {
    const weft_span *start;
    bool overwrite, evolves, aliased, by_name;
    weft_pointers options;
    weft_partition_spec *spec;
    const char *const *parts, *const *columns;
    int32_t part_count, column_count;
} insert_table;

/* Does REPLACE WHERE, REPLACE ON or REPLACE USING stand here, `ahead` of the current token? */
static bool at_replace(sql_parser *p, int32_t ahead)
{
    return weft_sql_is_text(p, ahead, "REPLACE") &&
           (sql_word_at(p, ahead + 1, SQL_KW_WHERE) || sql_word_at(p, ahead + 1, SQL_KW_ON) ||
            sql_word_at(p, ahead + 1, SQL_KW_USING));
}

/* [AS] name of the table, which only REPLACE can refer to. It is a name where no other clause and no query
 * begins with it. */
static weft_status parse_insert_alias(sql_parser *p, insert_table *t)
{
    weft_status st = WEFT_OK;
    const char *name = NULL;
    const bool as = weft_sql_accept_word(p, SQL_KW_AS);
    const bool bare = !as && (sql_is(p, SQL_QUOTED) || (sql_is(p, SQL_WORD) && at_replace(p, 1)) ||
                              (sql_is(p, SQL_WORD) && sql_word_at(p, 1, SQL_KW_BY) && at_replace(p, 3)));
    t->aliased = as || bare;
    if (t->aliased) WEFT_TRY(st, weft_sql_name(p, "a table alias", &name));
done:
    return st;
}

/* PARTITION (…) [IF NOT EXISTS] */
static weft_status parse_insert_partition(sql_parser *p, insert_table *t)
{
    weft_status st = WEFT_OK;
    bool absent = false;
    char *what = NULL;
    if (sql_word(p, SQL_KW_PARTITION)) WEFT_TRY(st, weft_sql_partition_spec(p, true, &t->spec));
    if (t->spec == NULL && t->overwrite) return WEFT_OK;
    WEFT_TRY(st, weft_sql_if_exists(p, true, &absent));
    if (!absent) return WEFT_OK;
    if (!t->overwrite) return weft_sql_invalid_statement(p, t->start, "INSERT INTO ... IF NOT EXISTS");
    t->spec->if_not_exists = true;
    for (int32_t i = 0; i < t->spec->count; i++) {
        if (t->spec->values[i] != NULL) continue;
        WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &what,
                                       "IF NOT EXISTS with dynamic partitions: %s", t->spec->names[i]));
        return weft_sql_not_allowed(p, t->start, what);
    }
done:
    return st;
}

/* At '(': do names alone stand within it? Else a query does. */
static bool at_insert_columns(sql_parser *p)
{
    static const char identifier[] = "IDENTIFIER";
    sql_lexer ahead = p->lexer;
    ahead.position = weft_sql_peek(p, 0)->span.stop;
    ahead.previous = SQL_LPAREN;
    sql_token token = weft_sql_lex(&ahead);
    while (token.kind == SQL_WORD || token.kind == SQL_QUOTED || token.kind == SQL_COMMA) {
        const bool computed = token.kind == SQL_WORD &&
                              token.span.stop - token.span.start == (int32_t)sizeof identifier - 1 &&
                              strncasecmp(p->text + token.span.start, identifier, sizeof identifier - 1) == 0;
        token = weft_sql_lex(&ahead);
        if (!computed || token.kind != SQL_LPAREN) continue;
        for (int32_t depth = 1; depth > 0 && token.kind != SQL_END && token.kind != SQL_BAD;) {
            token = weft_sql_lex(&ahead);
            depth += (token.kind == SQL_LPAREN) - (token.kind == SQL_RPAREN);
        }
        if (token.kind == SQL_RPAREN) token = weft_sql_lex(&ahead);
    }
    return token.kind == SQL_RPAREN;
}

/* BY NAME, or (columns). */
static weft_status parse_insert_columns(sql_parser *p, insert_table *t)
{
    weft_status st = WEFT_OK;
    t->by_name = weft_sql_accept_word(p, SQL_KW_BY);
    if (t->by_name && !weft_sql_accept_text(p, "NAME")) WEFT_TRY(st, weft_sql_syntax_error(p, "NAME"));
    if (!t->by_name && sql_is(p, SQL_LPAREN) && at_insert_columns(p))
        WEFT_TRY(st, weft_sql_name_list(p, &t->columns, &t->column_count));
done:
    return st;
}

/* A statement that no table of files can carry out: what it is, or NULL for the evolution of its schema. */
static weft_status refuse_insert(sql_parser *p, const insert_table *t, const char *what,
                                 const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    WEFT_TRY(st, weft_sql_command(p, t->start, WEFT_TABLE_REFUSED, &node));
    node->command.parts = t->parts;
    node->command.part_count = t->part_count;
    node->command.text = what;
    node->command.extended = t->evolves;
    *out = node;
done:
    return st;
}

/* REPLACE WHERE condition | ON condition | USING (columns), and the query with its alias: at REPLACE. */
static weft_status insert_replace(sql_parser *p, const insert_table *t, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *condition = NULL;
    const weft_node *query = NULL;
    const char *const *columns = NULL;
    int32_t count = 0;
    weft_sql_advance(p);
    const bool where = sql_word(p, SQL_KW_WHERE), using = sql_word(p, SQL_KW_USING);
    weft_sql_advance(p);
    if (using)
        WEFT_TRY(st, weft_sql_name_list(p, &columns, &count));
    else
        WEFT_TRY(st, weft_sql_expr(p, &condition));
    WEFT_TRY(st, weft_sql_query(p, &query));
    WEFT_TRY(st, weft_sql_table_alias(p, query, &query));
    st = refuse_insert(p, t, where ? "INSERT INTO ... REPLACE WHERE" : "INSERT INTO ... REPLACE ON/USING",
                       out);
done:
    return st;
}

/* [TABLE] name [[AS] alias] [WITH (options)] [PARTITION (…) [IF NOT EXISTS]] [BY NAME | (columns)]
 * [REPLACE …] query: after INTO or OVERWRITE. */
static weft_status insert_table_rows(sql_parser *p, insert_table *t, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *query = NULL;
    weft_node *node = NULL;
    weft_sql_accept_word(p, SQL_KW_TABLE);
    WEFT_TRY(st, weft_sql_names(p, "the name of a table", &t->parts, &t->part_count));
    if (!t->overwrite) WEFT_TRY(st, parse_insert_alias(p, t));
    if (sql_word(p, SQL_KW_WITH) && sql_is_at(p, 1, SQL_LPAREN)) {
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_options(p, &t->options));
    }
    if (!t->aliased) WEFT_TRY(st, parse_insert_partition(p, t));
    WEFT_TRY(st, parse_insert_columns(p, t));
    if (at_replace(p, 0) && !t->overwrite && t->spec == NULL) return insert_replace(p, t, out);
    if (t->aliased) WEFT_TRY(st, weft_sql_syntax_error(p, "REPLACE"));
    WEFT_TRY(st, weft_sql_query(p, &query));
    WEFT_TRY(st, weft_sql_table_alias(p, query, &query));
    if (t->evolves) return refuse_insert(p, t, NULL, out);
    WEFT_TRY(st, make_write(p, t->start, query, &node));
    node->write.overwrite = t->overwrite;
    node->write.into = t->parts;
    node->write.into_count = t->part_count;
    node->write.into_columns = t->columns;
    node->write.into_column_count = t->column_count;
    node->write.by_name = t->by_name;
    node->write.spec = t->spec;
    node->write.option_count = t->options.count / 2;
    node->write.options = weft_pointers_texts(&t->options);
    *out = node;
done:
    return st;
}

/* [WITH SCHEMA EVOLUTION]: *found. */
weft_status weft_sql_schema_evolution(sql_parser *p, bool *found)
{
    weft_status st = WEFT_OK;
    *found = weft_sql_accept_word(p, SQL_KW_WITH);
    if (*found && !weft_sql_accept_text(p, "SCHEMA")) WEFT_TRY(st, weft_sql_syntax_error(p, "SCHEMA"));
    if (*found && !weft_sql_accept_text(p, "EVOLUTION")) WEFT_TRY(st, weft_sql_syntax_error(p, "EVOLUTION"));
done:
    return st;
}

weft_status weft_sql_insert(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    insert_table t = {.start = &start};
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_schema_evolution(p, &t.evolves));
    if (weft_sql_accept_word(p, SQL_KW_INTO)) return insert_table_rows(p, &t, out);
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_OVERWRITE));
    t.overwrite = true;
    const bool local = sql_word(p, SQL_KW_LOCAL) && sql_word_at(p, 1, SQL_KW_DIRECTORY);
    const int32_t ahead = local ? 2 : 1;
    const bool directory = (local || sql_word(p, SQL_KW_DIRECTORY)) && !t.evolves &&
                           (sql_is_at(p, ahead, SQL_STRING) || sql_word_at(p, ahead, SQL_KW_USING));
    if (!directory) return insert_table_rows(p, &t, out);
    for (int32_t i = 0; i < ahead; i++) weft_sql_advance(p);
    return insert_directory(p, &start, out);
done:
    return st;
}
