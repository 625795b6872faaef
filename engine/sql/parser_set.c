/* engine/sql/parser_set.c - SET, RESET, SET TIME ZONE.
 *
 * Keys and values are taken as they are written, since they are no SQL (SET a.b = hdfs://x). */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "engine/sql/parser_internal.h"

static weft_status trimmed(sql_parser *p, int32_t start, int32_t stop, const char **out)
{
    return weft_sql_unquoted(p, start, stop, "'\"`", out);
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
    int32_t at = weft_min_i32(stop + 1, p->lexer.len);
    while (value && at < p->lexer.len && isspace((unsigned char)p->text[at])) at++;
    if (value && at < p->lexer.len && p->text[at] == '`')
        return weft_fail_at(p->ctx, WEFT_PROPERTY_KEY, &config->span,
                            "%.*s is an invalid property key, please use quotes, e.g. SET `key`=`value`.",
                            stop - from, p->text + from);
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
    const int32_t from = weft_sql_peek(p, 1)->span.stop, stop = weft_sql_end_of_rest(p, from);
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

/* Where key = value ends, and its first equals sign outside of quotes; -1: there is none. */
static int32_t end_of_pair(const sql_parser *p, int32_t from, int32_t *equals)
{
    char quote = '\0';
    int32_t stop = from;
    *equals = -1;
    for (; stop < p->lexer.len; stop++) {
        const char c = p->text[stop];
        if (quote != '\0') {
            if (c == quote) quote = '\0';
        } else if (c == '\'' || c == '"' || c == '`') {
            quote = c;
        } else if (c == ';') {
            break;
        } else if (c == '=' && *equals < 0) {
            *equals = stop;
        }
    }
    return stop;
}

/* Behind SET TIME ZONE. */
static weft_status parse_zone(sql_parser *p, const weft_span *start, weft_node *node)
{
    weft_status st = WEFT_OK;
    int32_t equals;
    node->config.key = "spark.sql.session.timeZone";
    if (sql_word(p, SQL_KW_INTERVAL)) return zone_of_interval(p, &node->config.value);
    const int32_t from = p->last.stop, stop = end_of_pair(p, from, &equals);
    WEFT_TRY(st, zone_of_text(p, start, from, stop, node));
    weft_sql_go_on_behind(p, stop);
done:
    return st;
}

/* Behind SET or RESET. */
static weft_status parse_pair(sql_parser *p, weft_node *node)
{
    weft_status st = WEFT_OK;
    int32_t equals;
    const int32_t from = p->last.stop, stop = end_of_pair(p, from, &equals);
    const bool value = equals >= 0 && !node->config.reset;
    const int32_t end = value ? equals : stop;
    WEFT_TRY(st, trimmed(p, from, end, &node->config.key));
    if (value) {
        WEFT_TRY(st, trimmed(p, equals + 1, stop, &node->config.value));
        WEFT_TRY(st, weft_sql_unquoted(p, equals + 1, stop, "`", &node->config.written));
    }
    const bool all = !node->config.reset && strcasecmp(node->config.key, "-v") == 0;
    if (node->config.key[0] == '\0' || all) node->config.key = NULL;
    node->config.shows = all;
    WEFT_TRY(st, check_key(p, node, value, from, end));
    weft_sql_go_on_behind(p, stop);
done:
    return st;
}

/* Does a word that SET knows stand here, and not a key that begins with it? */
static bool is_set_word(sql_parser *p, const char *word)
{
    return weft_sql_is_text(p, 0, word) && !sql_is_at(p, 1, SQL_DOT) && !sql_is_at(p, 1, SQL_EQ);
}

weft_status weft_sql_set(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const bool reset = sql_word(p, SQL_KW_RESET);
    weft_node *node = NULL;
    weft_sql_advance(p);
    if (!reset && (is_set_word(p, "VARIABLE") || is_set_word(p, "VAR"))) {
        weft_sql_advance(p);
        return weft_sql_set_variable(p, &start, out);
    }
    const bool catalog = is_set_word(p, "CATALOG") && !sql_is_at(p, 1, SQL_END) &&
                         !sql_is_at(p, 1, SQL_SEMICOLON);
    if (!reset && catalog) return weft_sql_set_catalog(p, &start, out);
    if (!reset && is_path_list(p)) return weft_sql_set_path(p, &start, out);
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_SET_CONFIG, start, NULL, 0, &node));
    node->config.reset = reset;
    if (!reset && sql_word(p, SQL_KW_TIME) && sql_word_at(p, 1, SQL_KW_ZONE)) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        WEFT_TRY(st, parse_zone(p, &start, node));
    } else {
        WEFT_TRY(st, parse_pair(p, node));
    }
    node->span = weft_sql_span_from(p, &start);
    *out = node;
done:
    return st;
}
