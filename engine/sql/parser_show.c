/* engine/sql/parser_show.c - SHOW, DESCRIBE, REFRESH FUNCTION.
 *
 * A command about one table carries it as input 0, so that the analyser finds it like any other table. */
#include <string.h>
#include <strings.h>

#include "engine/sql/parser_internal.h"

weft_status weft_sql_show_node(sql_parser *p, const weft_span *start, const char *what,
                               const weft_node *input, weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span span = weft_sql_span_from(p, start);
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_SHOW, span, &input, input != NULL ? 1 : 0, out));
    (*out)->show.what = what;
done:
    return st;
}

static weft_status parse_table(sql_parser *p, const weft_node **out, const char **name)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_node *node = NULL;
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_RELATION, start, NULL, 0, &node));
    WEFT_TRY(st, weft_sql_names(p, "the name of a table", &node->relation.parts, &node->relation.part_count));
    node->span = weft_sql_span_from(p, &start);
    WEFT_TRY(st, weft_sql_text_copy(p, node->span.start, node->span.stop, name));
    *out = node;
done:
    return st;
}

/* SHOW COLUMNS IN table [FROM database]: the name is database.table then. */
static weft_status parse_columns_table(sql_parser *p, const weft_node **out, const char **name)
{
    weft_status st = WEFT_OK;
    const char *const *database = NULL;
    const char **parts = NULL;
    int32_t count = 0;
    weft_node *node = NULL;
    WEFT_TRY(st, parse_table(p, out, name));
    if (!weft_sql_accept_word(p, SQL_KW_FROM) && !weft_sql_accept_word(p, SQL_KW_IN)) goto done;
    WEFT_TRY(st, weft_sql_names(p, "the name of a database", &database, &count));
    const int32_t own = (*out)->relation.part_count;
    if (own > 1 && strcasecmp((*out)->relation.parts[own - 2], database[count - 1]) != 0)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_SHOW_COLUMNS_CONFLICT, &(*out)->span,
                                  "SHOW COLUMNS with conflicting namespaces: `%s` != `%s`.",
                                  database[count - 1], (*out)->relation.parts[own - 2]));
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, 2, &parts));
    WEFT_TRY(st, WEFT_NEW(p->ctx, &node));
    parts[0] = database[count - 1];
    parts[1] = (*out)->relation.parts[own - 1];
    *node = **out;
    node->relation.parts = parts;
    node->relation.part_count = 2;
    *out = node;
done:
    return st;
}

/* [LIKE] 'pattern' */
static weft_status parse_pattern(sql_parser *p, const char **out)
{
    weft_status st = WEFT_OK;
    size_t len = 0;
    const bool like = weft_sql_accept_word(p, SQL_KW_LIKE);
    if (like || sql_is(p, SQL_STRING)) WEFT_TRY(st, weft_sql_string(p, "a pattern as a string", out, &len));
done:
    return st;
}

/* SHOW FUNCTIONS [database.]name, which is not behind IN. */
static weft_status parse_shown_function(sql_parser *p, bool of, const char **database, const char **name)
{
    weft_status st = WEFT_OK;
    const char *const *parts = NULL;
    int32_t count = 0;
    const weft_span start = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, weft_sql_names(p, "the name of a function", &parts, &count));
    const weft_span span = weft_sql_span_from(p, &start);
    if (of)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_SHOW_FUNCTIONS_PATTERN, &span,
                                  "Invalid SQL syntax: Invalid pattern in SHOW FUNCTIONS: `%s`. It must be a "
                                  "\"STRING\" literal.",
                                  parts[count - 1]));
    *name = parts[count - 1];
    if (count > 1) *database = parts[count - 2];
done:
    return st;
}

/* USER, SYSTEM or ALL before FUNCTIONS. */
static weft_status parse_scope(sql_parser *p, const weft_span *start, const char **out)
{
    weft_status st = WEFT_OK;
    const char *scope = NULL;
    if (weft_sql_is_text(p, 0, "USER"))
        *out = "user functions";
    else if (weft_sql_is_text(p, 0, "SYSTEM"))
        *out = "system functions";
    const bool known = weft_sql_is_text(p, 0, "ALL") || strcmp(*out, "functions") != 0;
    WEFT_TRY(st, weft_sql_name(p, "USER, SYSTEM or ALL", &scope));
    if (known) goto done;
    weft_sql_advance(p);
    const weft_span span = weft_sql_span_from(p, start);
    st = weft_fail_at(p->ctx, WEFT_FUNCTION_SCOPE, &span,
                      "Invalid SQL syntax: SHOW `%s` FUNCTIONS not supported.", scope);
done:
    return st;
}

bool weft_sql_accept_as_json(sql_parser *p)
{
    if (!sql_word(p, SQL_KW_AS) || !weft_sql_is_text(p, 1, "JSON")) return false;
    weft_sql_advance(p);
    weft_sql_advance(p);
    return true;
}

weft_status weft_sql_show(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const weft_node *table = NULL;
    const char *what = NULL, *name = NULL, *pattern = NULL;
    weft_node *node = NULL;
    *out = NULL;
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_show_tables(p, &start, out));
    if (*out == NULL) WEFT_TRY(st, weft_sql_show_native(p, &start, out));
    if (*out != NULL) goto done;
    const char *functions = "functions";
    if (sql_word_at(p, 1, SQL_KW_FUNCTIONS)) WEFT_TRY(st, parse_scope(p, &start, &functions));
    if (weft_sql_accept_word(p, SQL_KW_TABLES))
        what = "tables";
    else if (weft_sql_accept_word(p, SQL_KW_VIEWS))
        what = "views";
    else if (weft_sql_accept_word(p, SQL_KW_FUNCTIONS))
        what = functions;
    else if (weft_sql_accept_word(p, SQL_KW_COLUMNS))
        what = "columns";
    else
        WEFT_TRY(st, weft_sql_syntax_error(p, "TABLES, VIEWS, FUNCTIONS or COLUMNS"));
    const bool of = weft_sql_accept_word(p, SQL_KW_FROM) || weft_sql_accept_word(p, SQL_KW_IN);
    if (strcmp(what, "columns") == 0) {
        if (!of) WEFT_TRY(st, weft_sql_syntax_error(p, "FROM or IN"));
        WEFT_TRY(st, parse_columns_table(p, &table, &name));
    } else {
        const char *const *parts = NULL;
        int32_t count = 0;
        if (of) WEFT_TRY(st, weft_sql_names(p, "the name of a database", &parts, &count));
        if (of) name = parts[count - 1];
        WEFT_TRY(st, parse_pattern(p, &pattern));
        if (strcmp(what, "tables") == 0 && weft_sql_accept_as_json(p)) what = "tables as json";
        if (pattern == NULL && what == functions && (sql_is(p, SQL_WORD) || sql_is(p, SQL_QUOTED)))
            WEFT_TRY(st, parse_shown_function(p, of, &name, &pattern));
    }
    WEFT_TRY(st, weft_sql_show_node(p, &start, what, table, &node));
    node->show.name = name;
    node->show.pattern = pattern;
    *out = node;
done:
    return st;
}

/* a.b.f, a text, or an operator as it is written. */
static weft_status parse_function_name(sql_parser *p, const char **out)
{
    weft_status st = WEFT_OK;
    const char *const *parts = NULL;
    int32_t count = 0;
    size_t len = 0;
    char *joined = NULL;
    const sql_token token = *weft_sql_peek(p, 0);
    if (token.kind == SQL_STRING) return weft_sql_string(p, "the name of a function", out, &len);
    if (token.kind != SQL_WORD && token.kind != SQL_QUOTED && token.kind != SQL_END) {
        WEFT_TRY(st, weft_sql_text_copy(p, token.span.start, token.span.stop, out));
        weft_sql_advance(p);
        goto done;
    }
    WEFT_TRY(st, weft_sql_names(p, "the name of a function", &parts, &count));
    *out = parts[0];
    for (int32_t i = 1; i < count; i++) {
        WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &joined, "%s.%s", *out, parts[i]));
        *out = joined;
    }
done:
    return st;
}

weft_status weft_sql_refresh_function(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const char *name = NULL;
    weft_node *node = NULL;
    weft_sql_advance(p); /* REFRESH FUNCTION */
    weft_sql_advance(p);
    WEFT_TRY(st, parse_function_name(p, &name));
    WEFT_TRY(st, weft_sql_show_node(p, &start, "refresh function", NULL, &node));
    node->show.name = name;
    *out = node;
done:
    return st;
}

/* [PARTITION (…)] [column] [AS JSON], behind the name of a table. */
static weft_status parse_described(sql_parser *p, const weft_span *start, weft_node *show, bool *as_json)
{
    weft_status st = WEFT_OK;
    weft_partition_spec *spec = NULL;
    if (sql_word(p, SQL_KW_PARTITION)) WEFT_TRY(st, weft_sql_partition_spec(p, false, &spec));
    show->show.spec = spec;
    *as_json = weft_sql_accept_as_json(p);
    if (!*as_json && !sql_is(p, SQL_END) && !sql_is(p, SQL_SEMICOLON))
        WEFT_TRY(st, weft_sql_names(p, "the name of a column", &show->show.column, &show->show.column_count));
    *as_json = *as_json || weft_sql_accept_as_json(p);
    if (*as_json && !show->show.extended)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_DESCRIBE_JSON, start,
                                  "DESCRIBE TABLE ... AS JSON only supported when [EXTENDED|FORMATTED] is "
                                  "specified. For example: DESCRIBE EXTENDED <tableName> AS JSON is "
                                  "supported but DESCRIBE <tableName> AS JSON is not."));
    if (*as_json && show->show.column_count > 0)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_DESCRIBE_COLUMN_JSON, start,
                                  "The feature is not supported: DESC TABLE COLUMN AS JSON not supported for "
                                  "individual columns."));
    if (spec != NULL && show->show.column_count > 0)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_DESCRIBE_COLUMN_PARTITION, start,
                                  "The feature is not supported: DESC TABLE COLUMN for a specific "
                                  "partition."));
done:
    return st;
}

/* DESCRIBE QUERY query, DESCRIBE [TABLE] [EXTENDED | FORMATTED] name …: behind DESCRIBE. */
static weft_status describe_relation(sql_parser *p, const weft_span *start, weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *input = NULL;
    const char *name = NULL;
    weft_node model = {0};
    bool as_json = false;
    const bool query = weft_sql_accept_word(p, SQL_KW_QUERY) || sql_word(p, SQL_KW_SELECT) ||
                       sql_word(p, SQL_KW_WITH) || sql_word(p, SQL_KW_VALUES) ||
                       (sql_word(p, SQL_KW_FROM) && sql_is_at(p, 1, SQL_WORD));
    if (query) {
        WEFT_TRY(st, weft_sql_query(p, &input));
        return weft_sql_show_node(p, start, "describe", input, out);
    }
    if (!sql_is_at(p, 1, SQL_END) && !sql_is_at(p, 1, SQL_DOT)) weft_sql_accept_word(p, SQL_KW_TABLE);
    if (!sql_is_at(p, 1, SQL_END) && !sql_is_at(p, 1, SQL_DOT))
        model.show.extended = weft_sql_accept_word(p, SQL_KW_EXTENDED) ||
                              weft_sql_accept_word(p, SQL_KW_FORMATTED);
    WEFT_TRY(st, parse_table(p, &input, &name));
    WEFT_TRY(st, parse_described(p, start, &model, &as_json));
    WEFT_TRY(st, weft_sql_show_node(p, start, as_json ? "describe as json" : "describe", input, out));
    model.show.what = (*out)->show.what;
    model.show.name = name;
    model.show.parts = input->relation.parts;
    model.show.part_count = input->relation.part_count;
    (*out)->show = model.show;
done:
    return st;
}

weft_status weft_sql_describe(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_node *node = NULL;
    weft_sql_advance(p);
    const bool names = !sql_is_at(p, 1, SQL_END) && !sql_is_at(p, 1, SQL_DOT) &&
                       !sql_is_at(p, 1, SQL_SEMICOLON);
    if (names && weft_sql_accept_text(p, "PROCEDURE")) return weft_sql_procedure(p, &start, out);
    if (names && weft_sql_accept_database(p)) {
        WEFT_TRY(st, weft_sql_command(p, &start, WEFT_DATABASE_DESCRIBE, &node));
        node->command.extended = weft_sql_accept_word(p, SQL_KW_EXTENDED);
        WEFT_TRY(st, weft_sql_command_name(p, "the name of a database", node));
    } else if (sql_word(p, SQL_KW_FUNCTION) && !sql_is_at(p, 1, SQL_END) && !sql_is_at(p, 1, SQL_SEMICOLON)) {
        const char *name = NULL;
        weft_sql_advance(p);
        const bool extended = weft_sql_accept_word(p, SQL_KW_EXTENDED);
        WEFT_TRY(st, parse_function_name(p, &name));
        WEFT_TRY(st, weft_sql_show_node(p, &start, extended ? "function extended" : "function", NULL, &node));
        node->show.name = name;
    } else {
        WEFT_TRY(st, describe_relation(p, &start, &node));
    }
    *out = node;
done:
    return st;
}
