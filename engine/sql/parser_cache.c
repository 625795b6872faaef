/* engine/sql/parser_cache.c - CACHE TABLE, UNCACHE TABLE, CLEAR CACHE, ANALYZE TABLE. */
#include "engine/sql/parser_internal.h"

/* CACHE [LAZY] TABLE name [OPTIONS (…)] [[AS] query] */
static weft_status parse_cache(sql_parser *p, const weft_span *start, weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers options = {0};
    const weft_node *query = NULL;
    weft_node *node = NULL;
    weft_table_definition *d = NULL;
    const char *const *parts = NULL;
    int32_t count = 0;
    const bool lazy = weft_sql_accept_text(p, "LAZY");
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_TABLE));
    WEFT_TRY(st, weft_sql_names(p, "the name of a table", &parts, &count));
    if (weft_sql_accept_word(p, SQL_KW_OPTIONS)) WEFT_TRY(st, weft_sql_options(p, &options));
    const bool as = weft_sql_accept_word(p, SQL_KW_AS);
    const int32_t from = weft_sql_peek(p, 0)->span.start;
    if (as || (!sql_is(p, SQL_END) && !sql_is(p, SQL_SEMICOLON))) WEFT_TRY(st, weft_sql_query(p, &query));
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_TABLE_COMMAND, weft_sql_span_from(p, start), &query,
                                   query == NULL ? 0 : 1, &node));
    node->command.op = WEFT_TABLE_CACHE;
    node->command.parts = parts;
    node->command.part_count = count;
    node->command.lazy = lazy;
    if (query != NULL) WEFT_TRY(st, weft_sql_text_copy(p, from, p->last.stop, &node->command.text));
    if (query != NULL && count > 1)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_CACHE_PREFIX, start,
                                  "It is not allowed to add catalog/namespace prefix %s to the table name in "
                                  "CACHE TABLE AS SELECT.",
                                  parts[count - 2]));
    WEFT_TRY(st, WEFT_NEW(p->ctx, &d));
    d->options = weft_pointers_texts(&options);
    d->option_count = options.count / 2;
    node->command.table = d;
    *out = node;
done:
    return st;
}

/* COMPUTE STATISTICS [NOSCAN | FOR COLUMNS a, … | FOR ALL COLUMNS] */
static weft_status parse_statistics(sql_parser *p, weft_node *node)
{
    weft_status st = WEFT_OK;
    weft_pointers columns = {0};
    if (!weft_sql_accept_text(p, "COMPUTE")) WEFT_TRY(st, weft_sql_syntax_error(p, "COMPUTE STATISTICS"));
    if (!weft_sql_accept_text(p, "STATISTICS")) WEFT_TRY(st, weft_sql_syntax_error(p, "STATISTICS"));
    node->command.scans = !weft_sql_accept_text(p, "NOSCAN");
    if (node->command.scans && sql_is(p, SQL_WORD) && !sql_word(p, SQL_KW_FOR)) {
        const weft_span at = weft_sql_peek(p, 0)->span;
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_ANALYZE_NOSCAN, &at,
                                  "Invalid SQL syntax: ANALYZE TABLE(S) ... COMPUTE STATISTICS ... %.*s must "
                                  "be either NOSCAN or empty.",
                                  (int)(at.stop - at.start), p->text + at.start));
    }
    const bool one = !node->command.view; /* TABLES takes no columns */
    if (!node->command.scans || !one || !weft_sql_accept_word(p, SQL_KW_FOR)) goto done;
    const bool all = weft_sql_accept_word(p, SQL_KW_ALL);
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_COLUMNS));
    if (all) {
        node->command.column_count = -1;
        goto done;
    }
    do {
        const char *name = NULL;
        WEFT_TRY(st, weft_sql_name(p, "the name of a column", &name));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &columns, name));
    } while (weft_sql_accept(p, SQL_COMMA));
    node->command.column_count = columns.count;
    node->command.columns = weft_pointers_texts(&columns);
done:
    return st;
}

/* ANALYZE TABLE name …, ANALYZE TABLES [IN database] …: view says that it is the latter. */
static weft_status parse_analyze(sql_parser *p, const weft_span *start, weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_partition_spec *spec = NULL;
    const weft_partition_spec **specs = NULL;
    WEFT_TRY(st, weft_sql_command(p, start, WEFT_TABLE_ANALYZE, out));
    if (weft_sql_accept_text(p, "TABLES")) {
        (*out)->command.view = true;
        if (weft_sql_accept_word(p, SQL_KW_IN) || weft_sql_accept_word(p, SQL_KW_FROM))
            WEFT_TRY(st, weft_sql_command_name(p, "the name of a database", *out));
    } else {
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_TABLE));
        WEFT_TRY(st, weft_sql_command_name(p, "the name of a table", *out));
        if (sql_word(p, SQL_KW_PARTITION)) {
            WEFT_TRY(st, weft_sql_partition_spec(p, true, &spec));
            WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, 1, &specs));
            specs[0] = spec;
            (*out)->command.specs = specs;
            (*out)->command.spec_count = 1;
        }
    }
    WEFT_TRY(st, parse_statistics(p, *out));
done:
    return st;
}

bool weft_sql_at_cache(sql_parser *p)
{
    return weft_sql_is_text(p, 0, "CACHE") || weft_sql_is_text(p, 0, "UNCACHE") ||
           weft_sql_is_text(p, 0, "CLEAR") || weft_sql_is_text(p, 0, "ANALYZE");
}

weft_status weft_sql_cache(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_node *node = NULL;
    if (weft_sql_accept_text(p, "CACHE")) {
        WEFT_TRY(st, parse_cache(p, &start, &node));
    } else if (weft_sql_accept_text(p, "ANALYZE")) {
        WEFT_TRY(st, parse_analyze(p, &start, &node));
    } else if (weft_sql_accept_text(p, "CLEAR")) {
        if (!weft_sql_accept_text(p, "CACHE")) WEFT_TRY(st, weft_sql_syntax_error(p, "CACHE"));
        WEFT_TRY(st, weft_sql_command(p, &start, WEFT_TABLE_CLEAR_CACHE, &node));
    } else {
        weft_sql_advance(p); /* UNCACHE */
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_TABLE));
        WEFT_TRY(st, weft_sql_command(p, &start, WEFT_TABLE_UNCACHE, &node));
        WEFT_TRY(st, weft_sql_if_exists(p, false, &node->command.if_exists));
        WEFT_TRY(st, weft_sql_command_name(p, "the name of a table", node));
    }
    node->span = weft_sql_span_from(p, &start);
    *out = node;
done:
    return st;
}
