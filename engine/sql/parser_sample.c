/* engine/sql/parser_sample.c - TABLESAMPLE [BERNOULLI | SYSTEM] (n PERCENT | n ROWS | BUCKET x OUT OF y)
 * [REPEATABLE (seed)]. SYSTEM would take blocks of files, which no format here offers: it is refused, as
 * Spark refuses it of its own formats. */
#include <stdlib.h>

#include "engine/sql/parser_internal.h"

/* A number of TABLESAMPLE as a double. */
static weft_status parse_sample_number(sql_parser *p, double *out)
{
    weft_status st = WEFT_OK;
    const sql_token token = *weft_sql_peek(p, 0);
    char text[64];
    const int32_t len = token.span.stop - token.span.start;
    const bool number = token.kind == SQL_INTEGER || token.kind == SQL_DECIMAL;
    if (!number || len >= (int32_t)sizeof text) WEFT_TRY(st, weft_sql_syntax_error(p, "a number"));
    memcpy(text, p->text + token.span.start, (size_t)len);
    text[len] = '\0';
    *out = strtod(text, NULL);
    weft_sql_advance(p);
done:
    return st;
}

/* BUCKET x OUT OF y [ON column | function()] */
static weft_status parse_bucket(sql_parser *p, const weft_span *start, weft_node *node)
{
    weft_status st = WEFT_OK;
    double number = 0, of = 1;
    weft_sql_advance(p);
    WEFT_TRY(st, parse_sample_number(p, &number));
    if (!weft_sql_accept_text(p, "OUT")) WEFT_TRY(st, weft_sql_syntax_error(p, "OUT OF"));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_OF));
    WEFT_TRY(st, parse_sample_number(p, &of));
    if (weft_sql_accept_word(p, SQL_KW_ON)) {
        const weft_expr *e = NULL;
        WEFT_TRY(st, weft_sql_primary(p, &e));
        const weft_span span = weft_sql_span_from(p, start);
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_SAMPLE_FORM, &span,
                                  "TABLESAMPLE(BUCKET x OUT OF y ON %s) is not supported.",
                                  e->kind == WEFT_EXPR_UNRESOLVED_COLUMN ? "colname" : "function"));
    }
    node->sample.fraction = number / of;
done:
    return st;
}

/* What stands there is neither PERCENT nor ROWS: a number of bytes, such as 100M, or nothing that is known.
 */
static weft_status fail_bytes(sql_parser *p, const weft_span *start, const weft_expr *e)
{
    const char *text = p->text + e->span.start;
    const int32_t len = e->span.stop - e->span.start;
    const weft_span span = weft_sql_span_from(p, start);
    bool bytes = len > 1 && memchr("bBkKmMgG", text[len - 1], 8) != NULL;
    for (int32_t i = 0; i + 1 < len; i++) bytes &= text[i] >= '0' && text[i] <= '9';
    if (bytes)
        return weft_fail_at(p->ctx, WEFT_SAMPLE_FORM, &span,
                            "TABLESAMPLE(byteLengthLiteral) is not supported.");
    return weft_fail_at(
        p->ctx, WEFT_SAMPLE_BYTES, &span,
        "%.*s is not a valid byte length literal, expected syntax: DIGIT+ ('B' | 'K' | 'M' | 'G').",
        (int)weft_min_i32(len, 100), text);
}

/* Between the parentheses; *method says which form it was. */
static weft_status parse_sample_size(sql_parser *p, const weft_span *start, weft_node *node,
                                     const char **method)
{
    weft_status st = WEFT_OK;
    double number = 0;
    const weft_expr *e = NULL;
    const bool bare = sql_is_at(p, 1, SQL_WORD) && sql_word_at(p, 1, SQL_KW_PERCENT);
    *method = "PERCENT";
    if (sql_is(p, SQL_RPAREN)) {
        const weft_span span = weft_sql_span_from(p, start);
        return weft_fail_at(p->ctx, WEFT_SAMPLE_EMPTY, &span, "TABLESAMPLE does not accept empty inputs.");
    }
    if (weft_sql_is_text(p, 0, "BUCKET") && sql_is_at(p, 1, SQL_INTEGER)) {
        *method = "BUCKET";
        WEFT_TRY(st, parse_bucket(p, start, node));
    } else if (bare || sql_is(p, SQL_MINUS) || sql_is(p, SQL_DECIMAL)) {
        const bool minus = weft_sql_accept(p, SQL_MINUS);
        WEFT_TRY(st, parse_sample_number(p, &number));
        if (minus && sql_word(p, SQL_KW_ROWS))
            WEFT_TRY(
                st, weft_fail_at(p->ctx, WEFT_LIMIT_NEGATIVE, start,
                                 "The limit like expression \"-%g\" is invalid. The limit expression must be "
                                 "equal to or greater than 0, but got -%g.",
                                 number, number));
        node->sample.fraction = (minus ? -number : number) / 100;
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_PERCENT));
    } else {
        WEFT_TRY(st, weft_sql_value_expr(p, &e));
        if (sql_is(p, SQL_RPAREN)) return fail_bytes(p, start, e);
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_ROWS));
        node->sample.rows = e;
        *method = "ROWS";
    }
done:
    return st;
}

static weft_status fail_system(sql_parser *p, const weft_node *node, const char *method)
{
    if (strcmp(method, "PERCENT") != 0)
        return weft_fail_at(
            p->ctx, WEFT_SAMPLE_SYSTEM_METHOD, &node->span,
            "The feature is not supported: TABLESAMPLE SYSTEM does not support %s sampling. Only "
            "PERCENT sampling is supported.",
            method);
    if (node->sample.seeded)
        return weft_fail_at(
            p->ctx, WEFT_SAMPLE_SYSTEM_SEED, &node->span,
            "The feature is not supported: TABLESAMPLE SYSTEM does not support the REPEATABLE clause. "
            "Use TABLESAMPLE BERNOULLI for repeatable sampling with a seed.");
    return weft_fail_at(
        p->ctx, WEFT_SAMPLE_SYSTEM_SCAN, &node->span,
        "The feature is not supported: TABLESAMPLE SYSTEM requires a direct reference to a data source "
        "table that supports block-level sampling. It cannot be applied to subqueries, views, or tables "
        "with intervening operations.");
}

weft_status weft_sql_sample(sql_parser *p, const weft_node **input)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const char *method = NULL;
    weft_node *node = NULL;
    double seed = 0;
    weft_sql_advance(p);
    const bool system = weft_sql_accept_text(p, "SYSTEM");
    if (!system) (void)weft_sql_accept_text(p, "BERNOULLI"); /* which is what is done without it */
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_SAMPLE, start, input, 1, &node));
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    WEFT_TRY(st, parse_sample_size(p, &start, node, &method));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    node->sample.seeded = weft_sql_accept_text(p, "REPEATABLE");
    if (node->sample.seeded) {
        WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
        WEFT_TRY(st, parse_sample_number(p, &seed));
        node->sample.seed = seed < 9e18 ? (int64_t)seed : 0;
        WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    }
    node->span = weft_sql_span_from(p, &start);
    if (system) WEFT_TRY(st, fail_system(p, node, method));
    if (node->sample.rows == NULL && !(node->sample.fraction >= 0 && node->sample.fraction <= 1))
        WEFT_TRY(st,
                 weft_fail_at(p->ctx, WEFT_INVALID_SAMPLE, &node->span,
                              "Sampling fraction (%g) must be on interval [0, 1].", node->sample.fraction));
    *input = node;
done:
    return st;
}
