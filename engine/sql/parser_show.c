/* engine/sql/parser_show.c - SHOW, DESCRIBE, SET, RESET, ADD FILE, LIST FILES.
 *
 * A command about one table carries it as input 0, so that the analyser finds it like any other table. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "engine/sql/parser_internal.h"

static weft_status show_node(sql_parser *p, const weft_span *start, const char *what, const weft_node *input,
                             weft_node **out)
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
    WEFT_TRY(st, show_node(p, &start, what, table, &node));
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
    WEFT_TRY(st, show_node(p, &start, "refresh function", NULL, &node));
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
        return show_node(p, start, "describe", input, out);
    }
    if (!sql_is_at(p, 1, SQL_END) && !sql_is_at(p, 1, SQL_DOT)) weft_sql_accept_word(p, SQL_KW_TABLE);
    if (!sql_is_at(p, 1, SQL_END) && !sql_is_at(p, 1, SQL_DOT))
        model.show.extended = weft_sql_accept_word(p, SQL_KW_EXTENDED) ||
                              weft_sql_accept_word(p, SQL_KW_FORMATTED);
    WEFT_TRY(st, parse_table(p, &input, &name));
    WEFT_TRY(st, parse_described(p, start, &model, &as_json));
    WEFT_TRY(st, show_node(p, start, as_json ? "describe as json" : "describe", input, out));
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
        WEFT_TRY(st, show_node(p, &start, extended ? "function extended" : "function", NULL, &node));
        node->show.name = name;
    } else {
        WEFT_TRY(st, describe_relation(p, &start, &node));
    }
    *out = node;
done:
    return st;
}

/* The text without blanks at its ends; one of the quotes around the whole is taken off. */
static weft_status unquoted(sql_parser *p, int32_t start, int32_t stop, const char *quotes, const char **out)
{
    const char *text = p->text;
    while (start < stop && strchr(" \t\r\n", text[start]) != NULL) start++;
    while (stop > start && strchr(" \t\r\n", text[stop - 1]) != NULL) stop--;
    const char first = start < stop ? text[start] : '\0';
    if (stop - start >= 2 && first != '\0' && strchr(quotes, first) != NULL && text[stop - 1] == first) {
        start++;
        stop--;
    }
    return weft_sql_text_copy(p, start, stop, out);
}

static weft_status trimmed(sql_parser *p, int32_t start, int32_t stop, const char **out)
{
    return unquoted(p, start, stop, "'\"`", out);
}

/* What was taken as it is written ends at stop. */
static void go_on_behind(sql_parser *p, int32_t stop)
{
    p->look_count = 0;
    p->lexer.position = stop;
    p->lexer.problem = SQL_NO_PROBLEM;
    p->last.stop = stop;
}

/* Where the rest of the statement ends; quoted texts may hold a semicolon. */
static int32_t end_of_rest(const sql_parser *p, int32_t from)
{
    char quote = '\0';
    int32_t stop = from;
    for (; stop < p->lexer.len; stop++) {
        const char c = p->text[stop];
        if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (c == ';')
            break;
    }
    return stop;
}

weft_status weft_sql_rest(sql_parser *p, const char **out)
{
    int32_t from = p->last.stop, stop = end_of_rest(p, from);
    while (from < stop && isspace((unsigned char)p->text[from])) from++;
    while (stop > from && isspace((unsigned char)p->text[stop - 1])) stop--;
    const weft_status st = weft_sql_text_copy(p, from, stop, out);
    go_on_behind(p, stop);
    return st;
}

/* The quoted texts between from and stop; without any the whole is one path. */
static weft_status parse_paths(sql_parser *p, int32_t from, int32_t stop, weft_pointers *paths)
{
    weft_status st = WEFT_OK;
    const char *path = NULL;
    for (int32_t at = from; at < stop; at++) {
        const char quote = p->text[at];
        if (quote != '\'' && quote != '"') continue;
        const int32_t begin = ++at;
        while (at < stop && p->text[at] != quote) at++;
        WEFT_TRY(st, weft_sql_text_copy(p, begin, at, &path));
        WEFT_TRY(st, weft_pointers_push(p->ctx, paths, path));
    }
    if (paths->count > 0) goto done;
    WEFT_TRY(st, trimmed(p, from, stop, &path));
    if (path[0] != '\0') WEFT_TRY(st, weft_pointers_push(p->ctx, paths, path));
done:
    return st;
}

/* FILE, JAR or ARCHIVE, or several: only files are there. */
static weft_status parse_resource(sql_parser *p, const weft_span *start, bool add, bool *files)
{
    weft_status st = WEFT_OK;
    char *why = NULL;
    *files = weft_sql_accept_word(p, SQL_KW_FILE) || weft_sql_accept_word(p, SQL_KW_FILES);
    if (*files) return WEFT_OK;
    const weft_span at = weft_sql_peek(p, 0)->span;
    const bool known = weft_sql_accept_text(p, "JAR") || weft_sql_accept_text(p, "JARS") ||
                       weft_sql_accept_text(p, "ARCHIVE") || weft_sql_accept_text(p, "ARCHIVES");
    if (known) return add ? weft_sql_unsupported(p, start, "ADD JAR and ADD ARCHIVE") : WEFT_OK;
    if (!sql_is(p, SQL_WORD)) return weft_sql_syntax_error(p, "FILE or FILES");
    WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &why, "%s with resource type '%.*s'",
                                   add ? "ADD" : "LIST", (int)(at.stop - at.start), p->text + at.start));
    st = weft_sql_not_allowed(p, start, why);
done:
    return st;
}

/* ADD FILE path, ADD FILES 'path' 'path' …, LIST FILES [paths]: paths are taken as they are written. */
weft_status weft_sql_files(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const bool add = sql_word(p, SQL_KW_ADD);
    bool files = true;
    weft_pointers paths = {0};
    weft_node *node = NULL;
    weft_sql_advance(p);
    WEFT_TRY(st, parse_resource(p, &start, add, &files));
    const int32_t from = p->last.stop, stop = end_of_rest(p, from);
    WEFT_TRY(st, parse_paths(p, from, stop, &paths));
    if (add && paths.count == 0) WEFT_TRY(st, weft_sql_syntax_error(p, "the path of a file"));
    go_on_behind(p, stop);
    WEFT_TRY(st, show_node(p, &start, add ? "add files" : files ? "files" : "jars", NULL, &node));
    node->show.path_count = paths.count;
    node->show.paths = weft_pointers_texts(&paths);
    *out = node;
done:
    return st;
}

/* INTERVAL 10 HOURS as the zone that is as far from UTC: +10:00. */
static weft_status zone_of_interval(sql_parser *p, const char **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const weft_expr *e = NULL;
    char *text = NULL;
    WEFT_TRY(st, weft_sql_interval(p, &e));
    const int64_t limit_us = 18 * INT64_C(3600000000);
    const int64_t us = e != NULL && e->kind == WEFT_EXPR_LITERAL && e->type.id == WEFT_TYPE_INTERVAL_DT
                           ? e->literal.i64
                           : INT64_MAX;
    const weft_span span = weft_sql_span_from(p, &start);
    if (us > limit_us || us < -limit_us || us % 1000000 != 0)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_ZONE_INTERVAL, &span,
                                  "The interval value must be in the range of [-18, +18] hours with second "
                                  "precision."));
    const int64_t seconds = us < 0 ? -us / 1000000 : us / 1000000;
    const int hours = (int)(seconds / 3600), minutes = (int)(seconds / 60 % 60), rest = (int)(seconds % 60);
    WEFT_TRY(st,
             weft_arena_printf(p->ctx, p->ctx->arena, &text, rest != 0 ? "%c%02d:%02d:%02d" : "%c%02d:%02d",
                               us < 0 ? '-' : '+', hours, minutes, rest));
    *out = text;
done:
    return st;
}

/* SET [key [= value]], SET TIME ZONE zone, RESET [key]: the rest of the statement is taken as it is written,
 * since keys and values are not SQL (SET a.b = hdfs://x). */
/* A key of SET and RESET: letters, digits, dots, colons and backslashes, or anything between backquotes. */
static bool is_key(const sql_parser *p, int32_t start, int32_t stop)
{
    const char *text = p->text;
    while (start < stop && isspace((unsigned char)text[start])) start++;
    while (stop > start && isspace((unsigned char)text[stop - 1])) stop--;
    if (stop - start > 2 && text[start] == '`' && text[stop - 1] == '`') return true;
    for (int32_t i = start; i < stop; i++)
        if (!isalnum((unsigned char)text[i]) && strchr("_.:\\", text[i]) == NULL) return false;
    return stop > start;
}

/* SET key, SET key = value, RESET key, or none; the key stands up to stop. */
static weft_status check_key(sql_parser *p, const weft_node *config, bool value, int32_t from, int32_t stop)
{
    const bool none = config->config.key == NULL && !value;
    if (none || is_key(p, from, stop)) return WEFT_OK;
    if (config->config.reset)
        return weft_fail_at(p->ctx, WEFT_RESET_SYNTAX, &config->span,
                            "Expected format is 'RESET' or 'RESET key'. If you want to include special "
                            "characters in key, please use quotes, e.g., RESET `key`.");
    return weft_fail_at(p->ctx, WEFT_SET_SYNTAX, &config->span,
                        "Expected format is 'SET', 'SET key', or 'SET key=value'. If you want to include "
                        "special characters in key, or include semicolon in value, please use backquotes, "
                        "e.g., SET `key`=`value`.");
}

/* What stands behind SET TIME ZONE: a text, or LOCAL, which is what the session began with. */
static weft_status zone_of_text(sql_parser *p, const weft_span *start, int32_t from, int32_t stop,
                                weft_node *config)
{
    weft_status st = WEFT_OK;
    const bool text = sql_is(p, SQL_STRING);
    WEFT_TRY(st, trimmed(p, from, stop, &config->config.value));
    if (text) goto done;
    if (strcasecmp(config->config.value, "LOCAL") != 0)
        return weft_fail_at(p->ctx, WEFT_ZONE_DISPLACEMENT, start, "Invalid time zone displacement value.");
    config->config.value = NULL;
    config->config.reset = config->config.shows = true;
done:
    return st;
}

static bool is_name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '`' || (c & 0x80) != 0;
}

/* SET PATH = a.b, c: a list of names; with anything else `path` is a key like another. */
static bool is_path_list(sql_parser *p)
{
    if (!weft_sql_is_text(p, 0, "PATH") || !sql_is_at(p, 1, SQL_EQ)) return false;
    const int32_t from = weft_sql_peek(p, 1)->span.stop, stop = end_of_rest(p, from);
    char before = '\0'; /* the last one that is no blank */
    bool gap = false;
    for (int32_t i = from; i < stop; i++) {
        const char c = p->text[i];
        gap |= isspace((unsigned char)c) != 0;
        if (isspace((unsigned char)c)) continue;
        if (!is_name_byte(c) && strchr(".,()", c) == NULL) return false;
        if (gap && is_name_byte(c) && is_name_byte(before)) return false;
        before = c;
        gap = false;
    }
    return before != '\0';
}

weft_status weft_sql_set(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const bool reset = sql_word(p, SQL_KW_RESET);
    weft_node *node = NULL;
    weft_sql_advance(p);
    const bool variable = !reset && !sql_is_at(p, 1, SQL_DOT) && !sql_is_at(p, 1, SQL_EQ) &&
                          (weft_sql_accept_text(p, "VARIABLE") || weft_sql_accept_text(p, "VAR"));
    if (variable) return weft_sql_set_variable(p, &start, out);
    const bool catalog = weft_sql_is_text(p, 0, "CATALOG") && !sql_is_at(p, 1, SQL_DOT) &&
                         !sql_is_at(p, 1, SQL_EQ) && !sql_is_at(p, 1, SQL_END) &&
                         !sql_is_at(p, 1, SQL_SEMICOLON);
    if (!reset && catalog) return weft_sql_set_catalog(p, &start, out);
    if (!reset && is_path_list(p)) return weft_sql_set_path(p, &start, out);
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_SET_CONFIG, start, NULL, 0, &node));
    node->config.reset = reset;
    const bool zone = !reset && sql_word(p, SQL_KW_TIME) && sql_word_at(p, 1, SQL_KW_ZONE);
    if (zone) {
        weft_sql_advance(p);
        weft_sql_advance(p);
    }
    const int32_t from = p->last.stop;
    int32_t stop = from, equals = -1;
    char quote = '\0';
    for (; stop < p->lexer.len; stop++) {
        const char c = p->text[stop];
        if (quote != '\0') {
            if (c == quote) quote = '\0';
        } else if (c == '\'' || c == '"' || c == '`') {
            quote = c;
        } else if (c == ';') {
            break;
        } else if (c == '=' && equals < 0) {
            equals = stop;
        }
    }
    if (zone && sql_word(p, SQL_KW_INTERVAL)) {
        node->config.key = "spark.sql.session.timeZone";
        WEFT_TRY(st, zone_of_interval(p, &node->config.value));
        stop = p->last.stop;
    } else if (zone) {
        node->config.key = "spark.sql.session.timeZone";
        WEFT_TRY(st, zone_of_text(p, &start, from, stop, node));
    } else {
        const int32_t end = equals >= 0 && !reset ? equals : stop;
        WEFT_TRY(st, trimmed(p, from, end, &node->config.key));
        if (equals >= 0 && !reset) {
            WEFT_TRY(st, trimmed(p, equals + 1, stop, &node->config.value));
            WEFT_TRY(st, unquoted(p, equals + 1, stop, "`", &node->config.written));
        }
        const bool all = !reset && strcasecmp(node->config.key, "-v") == 0;
        if (node->config.key[0] == '\0' || all) node->config.key = NULL;
        WEFT_TRY(st, check_key(p, node, node->config.value != NULL, from, end));
    }
    go_on_behind(p, stop);
    node->span = weft_sql_span_from(p, &start);
    *out = node;
done:
    return st;
}
