/* engine/sql/parser_command.c - statements: queries, EXPLAIN, views; options and IF EXISTS of all of them. */
#include <string.h>
#include <strings.h>

#include "engine/sql/parser_internal.h"

weft_status weft_sql_once(sql_parser *p, const weft_span *start, bool *seen, const char *clause)
{
    if (*seen) {
        const weft_span span = weft_sql_span_from(p, start);
        return weft_fail_at(p->ctx, WEFT_DUPLICATE_CLAUSES, &span,
                            "Found duplicate clauses: %s. Please, remove one of them.", clause);
    }
    *seen = true;
    return WEFT_OK;
}

/* ---- options ---- */

/* The value of an option: a string, a number, TRUE or FALSE, as text. */
static weft_status parse_option_value(sql_parser *p, const char **out)
{
    weft_status st = WEFT_OK;
    size_t len = 0;
    const sql_token token = *weft_sql_peek(p, 0);
    if (token.kind == SQL_STRING || token.kind == SQL_RAW_STRING) {
        WEFT_TRY(st, weft_sql_string(p, "a value", out, &len));
        goto done;
    }
    const bool truth = sql_word(p, SQL_KW_TRUE) || sql_word(p, SQL_KW_FALSE);
    if (!truth && token.kind != SQL_INTEGER && token.kind != SQL_DECIMAL)
        WEFT_TRY(st, weft_sql_syntax_error(p, "a value"));
    WEFT_TRY(st, weft_sql_text_copy(p, token.span.start, token.span.stop, out));
    weft_sql_advance(p);
done:
    return st;
}

/* A constant expression as CAST(… AS STRING) gives it, NULL as the word. */
static weft_status parse_option_constant(sql_parser *p, const char *key, const char **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const weft_expr *e = NULL;
    WEFT_TRY(st, weft_sql_expr(p, &e));
    const weft_span span = weft_sql_span_from(p, &start);
    if (strcasecmp(key, "path") == 0 &&
        (e->kind != WEFT_EXPR_LITERAL || e->literal.type.id != WEFT_TYPE_STRING))
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_OPTION_CONSTANT, &span,
                                  "Invalid SQL syntax: option or property key %s is invalid; only literal "
                                  "strings are supported.",
                                  key));
    WEFT_TRY(st, weft_sql_constant_text(p, e, &span, key, out));
done:
    return st;
}

/* a.b.c as one text. */
static weft_status dotted_name(sql_parser *p, const char *what, const char **out)
{
    weft_status st = WEFT_OK;
    const char *const *parts = NULL;
    int32_t count = 0;
    char *joined = NULL;
    WEFT_TRY(st, weft_sql_names(p, what, &parts, &count));
    *out = parts[0];
    for (int32_t i = 1; i < count; i++) {
        WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &joined, "%s.%s", *out, parts[i]));
        *out = joined;
    }
done:
    return st;
}

weft_status weft_sql_provider(sql_parser *p, const char **out)
{
    static const char *const classes[][2] = {{"org.apache.spark.sql.parquet", "parquet"},
                                             {"org.apache.spark.sql.json", "json"},
                                             {"com.databricks.spark.csv", "csv"}};
    weft_status st = WEFT_OK;
    WEFT_TRY(st, dotted_name(p, "the name of a format", out));
    for (int32_t i = 0; i < WEFT_COUNT(classes); i++)
        if (strcmp(*out, classes[i][0]) == 0) *out = classes[i][1];
done:
    return st;
}

weft_status weft_sql_option_key(sql_parser *p, const char **out)
{
    weft_status st = WEFT_OK;
    size_t len = 0;
    char *joined = NULL;
    if (sql_is(p, SQL_STRING)) { /* only this string: the next one is the value */
        WEFT_TRY(st, weft_sql_unquote(p->ctx, p->text, weft_sql_peek(p, 0), &joined, &len));
        weft_sql_advance(p);
        *out = joined;
        goto done;
    }
    WEFT_TRY(st, dotted_name(p, "the name of an option", out));
done:
    return st;
}

/* key [=] value, where the key may not have come before, but for constants. */
static weft_status parse_option(sql_parser *p, bool constant, weft_pointers *options)
{
    weft_status st = WEFT_OK;
    const char *key = NULL, *value = NULL;
    char *what = NULL;
    const weft_span start = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, weft_sql_option_key(p, &key));
    if (sql_is(p, SQL_COMMA) || sql_is(p, SQL_RPAREN)) {
        WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &what,
                                       constant ? "A value must be specified for the key: %s."
                                                : "Values must be specified for key(s): [%s]",
                                       key));
        return weft_sql_not_allowed(p, &start, what);
    }
    for (int32_t i = 0; i < options->count && !constant; i += 2)
        if (strcmp(options->items[i], key) == 0)
            return weft_fail_at(p->ctx, WEFT_DUPLICATE_KEY, &start, "Found duplicate keys `%s`.", key);
    weft_sql_accept(p, SQL_EQ);
    WEFT_TRY(st, constant ? parse_option_constant(p, key, &value) : parse_option_value(p, &value));
    WEFT_TRY(st, weft_pointers_push(p->ctx, options, key));
    WEFT_TRY(st, weft_pointers_push(p->ctx, options, value));
done:
    return st;
}

static weft_status parse_options(sql_parser *p, bool constant, weft_pointers *options)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    do WEFT_TRY(st, parse_option(p, constant, options));
    while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
done:
    return st;
}

weft_status weft_sql_options(sql_parser *p, weft_pointers *options)
{
    return parse_options(p, false, options);
}

weft_status weft_sql_constant_options(sql_parser *p, weft_pointers *options)
{
    return parse_options(p, true, options);
}

weft_status weft_sql_if_exists(sql_parser *p, bool not_exists, bool *out)
{
    weft_status st = WEFT_OK;
    *out = weft_sql_accept_word(p, SQL_KW_IF);
    if (!*out) return WEFT_OK;
    if (not_exists) WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_NOT));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_EXISTS));
done:
    return st;
}

static weft_status parse_create(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_check_pipeline(p, &start));
    if (weft_sql_accept_text(p, "INDEX")) return weft_sql_index(p, &start, true, out);
    const bool replace = weft_sql_accept_word(p, SQL_KW_OR);
    if (replace) WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_REPLACE));
    const bool global = weft_sql_accept_word(p, SQL_KW_GLOBAL);
    const bool temporary = weft_sql_accept_word(p, SQL_KW_TEMP) || weft_sql_accept_word(p, SQL_KW_TEMPORARY);
    if (global && (!temporary || !sql_word(p, SQL_KW_VIEW)))
        WEFT_TRY(st, weft_sql_syntax_error(p, "TEMPORARY VIEW"));
    if (weft_sql_accept_word(p, SQL_KW_VIEW)) {
        WEFT_TRY(st, weft_sql_create_view(p, &start, replace, temporary, global, out));
    } else if (!temporary && !replace && weft_sql_is_text(p, 0, "EXTERNAL") &&
               sql_word_at(p, 1, SQL_KW_TABLE)) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_create_table(p, &start, replace, out));
        const weft_table_definition *d = (*out)->kind == WEFT_NODE_WRITE ? (*out)->write.table
                                                                         : (*out)->command.table;
        if (d->location == NULL)
            st = weft_fail(p->ctx, WEFT_EXTERNAL_WITHOUT_LOCATION,
                           "CREATE EXTERNAL TABLE must be accompanied by LOCATION.");
    } else if (!temporary && weft_sql_accept_word(p, SQL_KW_TABLE)) {
        WEFT_TRY(st, weft_sql_create_table(p, &start, replace, out));
    } else if (temporary && !replace && weft_sql_accept_word(p, SQL_KW_TABLE)) {
        WEFT_TRY(st, weft_sql_create_temporary_table(p, &start, out));
    } else if (!temporary && (weft_sql_accept_text(p, "DATABASE") || weft_sql_accept_text(p, "SCHEMA") ||
                              weft_sql_accept_text(p, "NAMESPACE"))) {
        WEFT_TRY(st, weft_sql_create_database(p, &start, out));
    } else if (weft_sql_accept_word(p, SQL_KW_FUNCTION)) {
        WEFT_TRY(st, weft_sql_create_function(p, &start, replace, temporary, out));
    } else {
        WEFT_TRY(st, weft_sql_syntax_error(p, temporary ? "VIEW or FUNCTION"
                                                        : "VIEW, TEMPORARY VIEW, FUNCTION or TABLE"));
    }
done:
    return st;
}

static weft_status parse_drop(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_node *node = NULL;
    weft_sql_advance(p);
    if (weft_sql_accept_text(p, "INDEX")) return weft_sql_index(p, &start, false, out);
    const bool temporary = weft_sql_accept_word(p, SQL_KW_TEMP) || weft_sql_accept_word(p, SQL_KW_TEMPORARY);
    if (weft_sql_accept_word(p, SQL_KW_FUNCTION)) return weft_sql_drop_function(p, &start, temporary, out);
    if (temporary && (weft_sql_accept_text(p, "VARIABLE") || weft_sql_accept_text(p, "VAR")))
        return weft_sql_drop_variable(p, &start, out);
    if (temporary) return weft_sql_syntax_error(p, "FUNCTION or VARIABLE");
    if (!sql_word(p, SQL_KW_VIEW)) return weft_sql_drop_table(p, &start, out);
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_DROP_VIEW, start, NULL, 0, &node));
    WEFT_TRY(st, weft_sql_if_exists(p, false, &node->view.if_not_exists));
    WEFT_TRY(st, weft_sql_names(p, "the name of a view", &node->view.parts, &node->view.part_count));
    WEFT_TRY(st, weft_sql_global_name(p, &node->view.parts, &node->view.part_count));
    node->view.name = node->view.parts[node->view.part_count - 1];
    node->span = weft_sql_span_from(p, &start);
    *out = node;
done:
    return st;
}

static weft_status parse_explain(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const weft_node *input = NULL;
    weft_node *node = NULL;
    sql_frame frame = {0};
    weft_explain_mode mode = WEFT_EXPLAIN_SIMPLE;
    weft_sql_advance(p);
    if (weft_sql_accept_word(p, SQL_KW_EXTENDED))
        mode = WEFT_EXPLAIN_EXTENDED;
    else if (weft_sql_accept_word(p, SQL_KW_FORMATTED))
        mode = WEFT_EXPLAIN_FORMATTED;
    else if (weft_sql_accept_word(p, SQL_KW_COST))
        mode = WEFT_EXPLAIN_COST;
    else if (weft_sql_accept_word(p, SQL_KW_ANALYZE))
        mode = WEFT_EXPLAIN_ANALYZE;
    else if (weft_sql_accept_text(p, "VALIDATE")) /* Weft's own, as ANALYZE is */
        mode = WEFT_EXPLAIN_VALIDATE;
    else if (weft_sql_is_text(p, 0, "LOGICAL"))
        WEFT_TRY(st, weft_sql_invalid_statement(p, &start, "EXPLAIN LOGICAL"));
    else if (weft_sql_accept_word(p, SQL_KW_CODEGEN))
        mode = WEFT_EXPLAIN_CODEGEN;
    WEFT_TRY(st, weft_sql_enter(p, &frame)); /* EXPLAIN EXPLAIN … nests */
    WEFT_TRY(st, weft_sql_statement(p, &input));
    sql_leave(p, frame);
    const weft_span span = weft_sql_span_from(p, &start);
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_EXPLAIN, span, &input, 1, &node));
    node->explain.mode = mode;
    *out = node;
done:
    return st;
}

weft_status weft_sql_statement(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const sql_token *token = weft_sql_peek(p, 0);
    if (token->kind == SQL_LPAREN) return weft_sql_query(p, out);
    if (token->kind != SQL_WORD) {
        return weft_sql_syntax_error(p, "a statement such as SELECT");
    }
    WEFT_TRY(st, weft_sql_native(p, out));
    if (*out != NULL) goto done;
    switch (token->keyword) {
    case SQL_KW_SELECT:
    case SQL_KW_FROM:
    case SQL_KW_VALUES:
    case SQL_KW_TABLE: return weft_sql_query(p, out);
    case SQL_KW_WITH: return weft_sql_with_statement(p, out);
    case SQL_KW_EXPLAIN: return parse_explain(p, out);
    case SQL_KW_CREATE: return parse_create(p, out);
    case SQL_KW_DROP: return parse_drop(p, out);
    case SQL_KW_INSERT: return weft_sql_insert(p, out);
    case SQL_KW_SET:
    case SQL_KW_RESET: return weft_sql_set(p, out);
    case SQL_KW_SHOW: return weft_sql_show(p, out);
    case SQL_KW_ADD:
    case SQL_KW_LIST: return weft_sql_files(p, out);
    case SQL_KW_DESC:
    case SQL_KW_DESCRIBE: return weft_sql_describe(p, out);
    default: break;
    }
    if (weft_sql_is_text(p, 0, "REPLACE") && sql_word_at(p, 1, SQL_KW_TABLE)) {
        const weft_span start = token->span;
        weft_sql_advance(p);
        weft_sql_advance(p);
        return weft_sql_create_table(p, &start, true, out);
    }
    if (weft_sql_is_text(p, 0, "MAP") || weft_sql_is_text(p, 0, "REDUCE")) return weft_sql_query(p, out);
    if (weft_sql_at_cache(p)) return weft_sql_cache(p, out);
    if (weft_sql_at_change(p)) return weft_sql_change_rows(p, out);
    if (weft_sql_at_cursor(p)) return weft_sql_refuse_cursor(p);
    if (weft_sql_is_text(p, 0, "DECLARE")) return weft_sql_declare(p, out);
    if (weft_sql_is_text(p, 0, "EXECUTE")) return weft_sql_execute(p, out);
    if (weft_sql_is_text(p, 0, "TRUNCATE") || weft_sql_is_text(p, 0, "ALTER") ||
        weft_sql_is_text(p, 0, "USE") || weft_sql_is_text(p, 0, "MSCK") || weft_sql_is_text(p, 0, "REPAIR") ||
        weft_sql_is_text(p, 0, "REFRESH") || token->keyword == SQL_KW_COMMENT)
        return weft_sql_table_command(p, out);
    return weft_sql_syntax_error(
        p, "SELECT, WITH, VALUES, EXPLAIN, CREATE, DROP, INSERT, SET, SHOW or DESCRIBE");
done:
    return st;
}
