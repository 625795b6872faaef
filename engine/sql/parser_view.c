/* engine/sql/parser_view.c - CREATE VIEW. */
#include <strings.h>

#include "common/settings.h"
#include "engine/sql/parser_internal.h"

typedef struct view_clauses {
    weft_pointers columns, comments, options, properties;
    const char *format, *schema, *comment, *collation;
    bool has_comment, has_properties, has_mode; /* has_mode: WITH SCHEMA */
    weft_view_schema mode;
} view_clauses;

/* (a INT, b STRING): the columns of a table, not just the names of a view's? */
static bool has_column_types(sql_parser *p)
{
    if (weft_sql_is_text(p, 1, "IDENTIFIER") && sql_is_at(p, 2, SQL_LPAREN)) return false;
    return !sql_is_at(p, 2, SQL_COMMA) && !sql_is_at(p, 2, SQL_RPAREN) && !sql_word_at(p, 2, SQL_KW_COMMENT);
}

/* Their text, for weft_schema_parse. */
static weft_status parse_schema_text(sql_parser *p, const char **text)
{
    int32_t depth = 1;
    weft_sql_advance(p);
    const int32_t start = weft_sql_peek(p, 0)->span.start;
    int32_t stop = start;
    for (; !sql_is(p, SQL_END) && !sql_is(p, SQL_BAD); weft_sql_advance(p)) {
        depth += sql_is(p, SQL_LPAREN) - sql_is(p, SQL_RPAREN);
        if (depth == 0) break;
        stop = weft_sql_peek(p, 0)->span.stop;
    }
    const weft_status st = weft_sql_text_copy(p, start, stop, text);
    return st != WEFT_OK ? st : weft_sql_expect(p, SQL_RPAREN, "')'");
}

/* (a [COMMENT text], b …) */
static weft_status parse_names(sql_parser *p, view_clauses *c)
{
    weft_status st = WEFT_OK;
    size_t len = 0;
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    do {
        const char *name = NULL, *comment = NULL;
        WEFT_TRY(st, weft_sql_name(p, "the name of a column", &name));
        if (weft_sql_accept_word(p, SQL_KW_COMMENT))
            WEFT_TRY(st, weft_sql_string(p, "a comment", &comment, &len));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &c->columns, name));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &c->comments, comment));
    } while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
done:
    return st;
}

weft_status weft_sql_view_schema(sql_parser *p, const weft_span *start, weft_view_schema *out)
{
    if (weft_setting(p->ctx, WEFT_SET_VIEW_BINDING_MODE) == 0)
        return weft_fail_at(
            p->ctx, WEFT_FEATURE_NOT_ENABLED, start,
            "The feature VIEW ... WITH SCHEMA ... is not enabled. Consider setting the config "
            "spark.sql.legacy.viewSchemaBindingMode to true to enable this capability.");
    weft_sql_advance(p); /* WITH SCHEMA */
    weft_sql_advance(p);
    if (weft_sql_accept_text(p, "COMPENSATION")) {
        *out = WEFT_VIEW_COMPENSATION;
    } else if (weft_sql_accept_text(p, "EVOLUTION")) {
        *out = WEFT_VIEW_EVOLUTION;
    } else if (weft_sql_accept_text(p, "TYPE")) {
        if (!weft_sql_accept_text(p, "EVOLUTION")) return weft_sql_syntax_error(p, "EVOLUTION");
        *out = WEFT_VIEW_TYPE_EVOLUTION;
    } else if (weft_sql_accept_text(p, "BINDING")) {
        *out = WEFT_VIEW_BINDING;
    } else {
        return weft_sql_syntax_error(p, "BINDING, COMPENSATION, EVOLUTION or TYPE EVOLUTION");
    }
    return WEFT_OK;
}

/* [WITH METRICS] [LANGUAGE YAML] … AS $$ … $$: a metric view, which there is none of. */
static weft_status refuse_metrics(sql_parser *p, const weft_span *start)
{
    bool metrics = false, language = false;
    while (!sql_word(p, SQL_KW_AS) && !sql_is(p, SQL_END) && !sql_is(p, SQL_SEMICOLON) &&
           !sql_is(p, SQL_BAD)) {
        metrics |= weft_sql_is_text(p, 0, "METRICS");
        language |= weft_sql_is_text(p, 0, "LANGUAGE");
        weft_sql_advance(p);
    }
    const int32_t body = weft_sql_peek(p, 1)->span.start;
    if (!weft_sql_accept_word(p, SQL_KW_AS) || body + 2 > p->lexer.len ||
        strncmp(p->text + body, "$$", 2) != 0)
        return weft_sql_syntax_error(p, "AS $$ … $$");
    if (metrics && language) return weft_sql_unsupported(p, start, "CREATE VIEW … WITH METRICS");
    return weft_fail_at(p->ctx, WEFT_MISSING_CLAUSES, start,
                        "Missing required clause(s) %s for operation CREATE METRIC VIEW.",
                        metrics ? "LANGUAGE" : "WITH METRICS");
}

/* COMMENT, TBLPROPERTIES, DEFAULT COLLATION, WITH SCHEMA … */
static weft_status parse_clauses(sql_parser *p, const weft_span *start, view_clauses *c)
{
    weft_status st = WEFT_OK;
    size_t len = 0;
    bool found = false;
    for (;;) {
        WEFT_TRY(st, weft_sql_default_collation(p, start, &c->collation, &found));
        if (found) continue;
        if (weft_sql_accept_word(p, SQL_KW_COMMENT)) {
            WEFT_TRY(st, weft_sql_once(p, start, &c->has_comment, "COMMENT"));
            WEFT_TRY(st, weft_sql_string(p, "a comment", &c->comment, &len));
        } else if (weft_sql_accept_word(p, SQL_KW_TBLPROPERTIES)) {
            WEFT_TRY(st, weft_sql_once(p, start, &c->has_properties, "TBLPROPERTIES"));
            WEFT_TRY(st, weft_sql_options(p, &c->properties));
        } else if ((sql_word(p, SQL_KW_WITH) && weft_sql_is_text(p, 1, "METRICS")) ||
                   weft_sql_is_text(p, 0, "LANGUAGE")) {
            WEFT_TRY(st, refuse_metrics(p, start));
        } else if (sql_word(p, SQL_KW_PARTITIONED) && sql_word_at(p, 1, SQL_KW_ON)) {
            WEFT_TRY(st, weft_sql_invalid_statement(p, start, "CREATE VIEW ... PARTITIONED ON"));
        } else if (sql_word(p, SQL_KW_WITH) && weft_sql_is_text(p, 1, "SCHEMA")) {
            c->has_mode = true;
            WEFT_TRY(st, weft_sql_view_schema(p, start, &c->mode));
        } else {
            break;
        }
    }
done:
    return st;
}

static weft_status parse_using(sql_parser *p, view_clauses *c)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_sql_provider(p, &c->format));
    if (weft_sql_accept_word(p, SQL_KW_OPTIONS)) WEFT_TRY(st, weft_sql_options(p, &c->options));
    if (c->schema != NULL) {
        WEFT_TRY(st, weft_pointers_push(p->ctx, &c->options, "schema"));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &c->options, c->schema));
    }
done:
    return st;
}

weft_status weft_sql_global_name(sql_parser *p, const char *const **parts, int32_t *count)
{
    weft_status st = WEFT_OK;
    const char **one = NULL;
    char *name = NULL;
    if (*count != 2 || strcasecmp((*parts)[0], WEFT_GLOBAL_DATABASE) != 0) return WEFT_OK;
    WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &name, WEFT_GLOBAL_DATABASE ".%s", (*parts)[1]));
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, 1, &one));
    one[0] = name;
    *parts = one;
    *count = 1;
done:
    return st;
}

/* The name of a view that is made. */
static weft_status parse_view_name(sql_parser *p, const weft_span *start, bool temporary, bool global,
                                   const char *const **parts, int32_t *count)
{
    weft_status st = WEFT_OK;
    const char **whole = NULL;
    WEFT_TRY(st, weft_sql_names(p, "the name of a view", parts, count));
    if (global && *count == 1) {
        WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, 2, &whole));
        whole[0] = WEFT_GLOBAL_DATABASE;
        whole[1] = (*parts)[0];
        *parts = whole;
        *count = 2;
    }
    if (global) WEFT_TRY(st, weft_sql_global_name(p, parts, count));
    if (temporary && *count > 1)
        st = weft_fail_at(p->ctx, WEFT_TEMPORARY_QUALIFIER, start,
                          "Temporary VIEW `%s` cannot be qualified with `%s`.", (*parts)[*count - 1],
                          (*parts)[*count - 2]);
done:
    return st;
}

/* The older form of CREATE TEMPORARY VIEW … USING. */
weft_status weft_sql_create_temporary_table(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    if (sql_word(p, SQL_KW_IF))
        return weft_sql_invalid_statement(p, start, "CREATE TEMPORARY TABLE ... IF NOT EXISTS");
    WEFT_TRY(st, weft_sql_create_view(p, start, false, true, false, out));
    if ((*out)->view.format == NULL || sql_word(p, SQL_KW_AS))
        st = weft_sql_not_allowed(p, start,
                                  "CREATE TEMPORARY TABLE ... AS ..., use CREATE TEMPORARY VIEW instead");
done:
    return st;
}

static weft_status check_absence(sql_parser *p, const weft_span *start, const char *name, bool replace,
                                 bool temporary)
{
    if (temporary && !replace)
        return weft_fail_at(p->ctx, WEFT_TEMPORARY_VIEW_IF_NOT_EXISTS, start,
                            "It is not allowed to define a TEMPORARY view with IF NOT EXISTS.");
    if (replace)
        return weft_fail_at(p->ctx, WEFT_VIEW_REPLACE_IF_NOT_EXISTS, start,
                            "CREATE VIEW %s with both IF NOT EXISTS and REPLACE is not allowed.", name);
    return WEFT_OK;
}

weft_status weft_sql_create_view(sql_parser *p, const weft_span *start, bool replace, bool temporary,
                                 bool global, const weft_node **out)
{
    weft_status st = WEFT_OK;
    view_clauses c = {0};
    const weft_node *query = NULL;
    weft_node *node = NULL;
    bool if_not_exists = false;
    const char *text = NULL;
    const char *const *parts = NULL;
    int32_t part_count = 0;
    WEFT_TRY(st, weft_sql_if_exists(p, true, &if_not_exists));
    WEFT_TRY(st, parse_view_name(p, start, temporary, global, &parts, &part_count));
    const bool typed = sql_is(p, SQL_LPAREN) && has_column_types(p);
    if (typed) WEFT_TRY(st, parse_schema_text(p, &c.schema));
    if (sql_is(p, SQL_LPAREN) && !typed) WEFT_TRY(st, parse_names(p, &c));
    WEFT_TRY(st, parse_clauses(p, start, &c));
    if (temporary && c.has_mode)
        WEFT_TRY(st,
                 weft_fail_at(p->ctx, WEFT_TEMPORARY_VIEW_SCHEMA, start,
                              "The feature is not supported: Temporary views cannot be created with the "
                              "WITH SCHEMA clause. Recreate the temporary view when the underlying schema "
                              "changes, or use a persisted view."));
    if (weft_sql_accept_word(p, SQL_KW_USING)) {
        WEFT_TRY(st, parse_using(p, &c));
    } else {
        if (c.schema != NULL) return weft_sql_syntax_error(p, "USING");
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_AS));
        const int32_t from = weft_sql_peek(p, 0)->span.start;
        WEFT_TRY(st, weft_sql_query(p, &query));
        WEFT_TRY(st, weft_sql_text_copy(p, from, p->last.stop, &text));
    }
    const weft_span span = weft_sql_span_from(p, start);
    if (if_not_exists) WEFT_TRY(st, check_absence(p, &span, parts[part_count - 1], replace, temporary));
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_CREATE_VIEW, span, &query, query != NULL ? 1 : 0, &node));
    node->view.name = parts[part_count - 1];
    node->view.parts = parts;
    node->view.part_count = part_count;
    node->view.replace = replace;
    node->view.temporary = temporary || c.format != NULL; /* USING has no lasting form */
    node->view.if_not_exists = if_not_exists;
    node->view.column_count = c.columns.count;
    node->view.columns = weft_pointers_texts(&c.columns);
    node->view.column_comments = weft_pointers_texts(&c.comments);
    node->view.comment = c.comment;
    node->view.collation = c.collation;
    node->view.format = c.format;
    node->view.option_count = c.options.count / 2;
    node->view.options = weft_pointers_texts(&c.options);
    node->view.property_count = c.properties.count / 2;
    node->view.properties = weft_pointers_texts(&c.properties);
    node->view.text = text;
    const bool casts = weft_setting(p->ctx, WEFT_SET_VIEW_COMPENSATION) != 0;
    node->view.schema = c.has_mode ? c.mode : casts ? WEFT_VIEW_COMPENSATION : WEFT_VIEW_BINDING;
    *out = node;
done:
    return st;
}
