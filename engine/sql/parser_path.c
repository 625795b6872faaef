/* engine/sql/parser_path.c - SET CATALOG and SET PATH. */
#include <string.h>
#include <strings.h>

#include "common/settings.h"
#include "common/sql_path.h"
#include "engine/sql/parser_internal.h"

/* catalog.schema as an entry. */
static weft_status parse_schema(sql_parser *p, const char **out)
{
    weft_status st = WEFT_OK;
    const char *const *parts = NULL;
    int32_t count = 0;
    char *entry = NULL;
    const weft_span start = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, weft_sql_names(p, "a schema", &parts, &count));
    const weft_span span = weft_sql_span_from(p, &start);
    if (count < 2)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_PATH_REFERENCE, &span,
                                  "Invalid schema reference in SET PATH: %s. Use at least two name parts "
                                  "(catalog.schema); multi-level namespaces are allowed.",
                                  parts[0]));
    *out = parts[0];
    for (int32_t i = 1; i < count; i++) {
        WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &entry, "%s.%s", *out, parts[i]));
        *out = entry;
    }
done:
    return st;
}

/* An element of the list: one entry, or those that a word stands for. */
static weft_status parse_element(sql_parser *p, const char **out)
{
    const struct {
        const char *word, *entries;
    } words[] = {{"DEFAULT_PATH", WEFT_PATH_DEFAULT},
                 {"SYSTEM_PATH", WEFT_PATH_BUILTIN},
                 {"PATH", weft_sql_path_entries(p->ctx)},
                 {"CURRENT_DATABASE", WEFT_PATH_CURRENT},
                 {"CURRENT_SCHEMA", WEFT_PATH_CURRENT}};
    for (int32_t i = 0; i < WEFT_COUNT(words); i++) {
        if (sql_is_at(p, 1, SQL_DOT) || !weft_sql_accept_text(p, words[i].word)) continue;
        *out = words[i].entries;
        return WEFT_OK;
    }
    return parse_schema(p, out);
}

/* Each entry once. */
static weft_status check_entries(weft_ctx *ctx, const char *entries)
{
    weft_status st = WEFT_OK;
    weft_pointers seen = {0};
    for (const char *at = entries;;) {
        const char *entry = NULL;
        WEFT_TRY(st, weft_sql_path_next(ctx, &at, &entry));
        if (entry == NULL) break;
        for (int32_t i = 0; i < seen.count; i++)
            if (strcasecmp(seen.items[i], entry) == 0)
                WEFT_TRY(st, weft_fail(ctx, WEFT_PATH_TWICE,
                                       "Duplicate SQL path entry %s. The session SQL path cannot contain the "
                                       "same namespace more than once (including after expanding shortcuts "
                                       "like DEFAULT_PATH or SYSTEM_PATH).",
                                       entry));
        WEFT_TRY(st, weft_pointers_push(ctx, &seen, entry));
    }
done:
    return st;
}

weft_status weft_sql_set_path(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    const char *all = "", *some = NULL;
    char *text = NULL;
    weft_sql_advance(p); /* PATH */
    weft_sql_advance(p); /* = */
    do {
        WEFT_TRY(st, parse_element(p, &some));
        WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &text, "%s%s%s", all, all[0] != '\0' ? "," : "",
                                       some));
        all = text;
    } while (weft_sql_accept(p, SQL_COMMA));
    if (weft_setting(p->ctx, WEFT_SET_SQL_PATH_ENABLED) == 0)
        WEFT_TRY(st,
                 weft_fail(p->ctx, WEFT_SET_PATH_DISABLED,
                           "The feature is not supported: SET PATH is disabled. Set spark.sql.path.enabled "
                           "to true to enable it."));
    WEFT_TRY(st, check_entries(p->ctx, all));
    WEFT_TRY(st, weft_sql_command(p, start, WEFT_DATABASE_USE, &node));
    node->command.text = all;
    node->span = weft_sql_span_from(p, start);
    *out = node;
done:
    return st;
}

weft_status weft_sql_set_catalog(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    const weft_expr *e = NULL;
    const char *const *parts = NULL;
    int32_t count = 0;
    weft_sql_advance(p);
    const weft_span at = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, weft_sql_expr(p, &e));
    const weft_span span = weft_sql_span_from(p, &at);
    if (e->kind == WEFT_EXPR_UNRESOLVED_COLUMN) {
        parts = e->name.parts;
        count = e->name.part_count;
    } else {
        WEFT_TRY(st, weft_sql_constant_name(p, e, &span, &parts, &count));
    }
    if (count > 1)
        WEFT_TRY(st, weft_fail(p->ctx, WEFT_INVALID_SQL_SYNTAX_TEMP_FUNCTION,
                               "Invalid SQL syntax: SET CATALOG with multiple part name(`%s`.`%s`) is not "
                               "allowed.",
                               parts[0], parts[1]));
    if (strcasecmp(parts[0], "spark_catalog") != 0)
        WEFT_TRY(st, weft_fail(p->ctx, WEFT_CATALOG_NOT_FOUND,
                               "The catalog `%s` not found. Consider to set the SQL config "
                               "\"spark.sql.catalog.%s\" to a catalog plugin.",
                               parts[0], parts[0]));
    WEFT_TRY(st, weft_sql_command(p, start, WEFT_DATABASE_USE, &node));
    node->command.parts = parts;
    node->command.part_count = 1;
    node->span = weft_sql_span_from(p, start);
    *out = node;
done:
    return st;
}
