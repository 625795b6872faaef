/* engine/sql/parser_best_join.c - joins that take the best rows of their right side:
 *     [INNER | LEFT [OUTER]] ASOF JOIN table MATCH_CONDITION (l >= r) [ON … | USING (…)]
 *     [INNER | LEFT [OUTER]] JOIN table APPROX | EXACT NEAREST [n] BY DISTANCE | SIMILARITY expression
 *
 * None of these words is reserved: ASOF before JOIN, and APPROX and EXACT before NEAREST, are no aliases. */
#include "common/settings.h"
#include "engine/sql/parser_internal.h"

enum { NEAREST_MAX = 100000 }; /* Spark's limit */

static bool at_nearest(sql_parser *p)
{
    return (weft_sql_is_text(p, 0, "APPROX") || weft_sql_is_text(p, 0, "EXACT")) &&
           weft_sql_is_text(p, 1, "NEAREST");
}

bool weft_sql_at_best_join(sql_parser *p)
{
    return (weft_sql_is_text(p, 0, "ASOF") && sql_word_at(p, 1, SQL_KW_JOIN)) ||
           (weft_sql_is_text(p, 0, "MATCH_CONDITION") && sql_is_at(p, 1, SQL_LPAREN)) || at_nearest(p);
}

/* ---- ASOF ---- */

/* The comparison within the parentheses. */
static weft_status parse_match(sql_parser *p, const weft_span *start, const weft_expr **out)
{
    static const char *const ops[] = {">=", ">", "<=", "<"};
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    WEFT_TRY(st, weft_sql_expr(p, out));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    const weft_expr *e = *out;
    const bool call = e->kind == WEFT_EXPR_UNRESOLVED_CALL && e->arg_count == 2;
    for (int32_t i = 0; call && i < WEFT_COUNT(ops); i++)
        if (strcmp(e->unresolved.name, ops[i]) == 0) return WEFT_OK;
    const weft_span span = weft_sql_span_from(p, start);
    const bool named = call || e->kind == WEFT_EXPR_AND || e->kind == WEFT_EXPR_OR;
    const char *got = call ? e->unresolved.name : e->kind == WEFT_EXPR_AND ? "AND" : "OR";
    st = weft_fail_at(p->ctx, WEFT_ASOF_OPERATOR, &span,
                      "The MATCH_CONDITION operator must be one of >=, >, <=, <. Got: %.*s.",
                      named ? (int)strlen(got) : e->span.stop - e->span.start,
                      named ? got : p->text + e->span.start);
done:
    return st;
}

/* FROM t asof JOIN …: without MATCH_CONDITION the word, at `span`, was the alias of t. */
static weft_status name_left(sql_parser *p, const weft_span *span, const weft_node **left)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_ALIAS, (*left)->span, left, 1, &node));
    WEFT_TRY(st, weft_sql_text_copy(p, span->start, span->stop, &node->alias.name));
    *left = node;
done:
    return st;
}

weft_status weft_sql_asof_join(sql_parser *p, const weft_span *start, const weft_node **left, bool *found)
{
    weft_status st = WEFT_OK;
    const weft_span first = weft_sql_peek(p, 0)->span;
    const bool outer = sql_word(p, SQL_KW_LEFT);
    int32_t words = outer || sql_word(p, SQL_KW_INNER) ? 1 : 0;
    if (outer && sql_word_at(p, 1, SQL_KW_OUTER)) words++;
    *found = weft_sql_is_text(p, words, "ASOF") && sql_word_at(p, words + 1, SQL_KW_JOIN);
    if (!*found) return WEFT_OK;
    weft_node model = {.kind = WEFT_NODE_JOIN};
    const weft_node *right = NULL;
    model.join.kind = outer ? WEFT_JOIN_LEFT : WEFT_JOIN_INNER;
    for (int32_t i = 0; i < words + 2; i++) weft_sql_advance(p);
    if (sql_word(p, SQL_KW_LATERAL)) WEFT_TRY(st, weft_sql_syntax_error(p, "a table"));
    WEFT_TRY(st, weft_sql_from_one(p, &right));
    if (words == 0 && !weft_sql_is_text(p, 0, "MATCH_CONDITION") && (*left)->kind != WEFT_NODE_JOIN &&
        (*left)->kind != WEFT_NODE_ALIAS) {
        WEFT_TRY(st, name_left(p, &first, left));
        WEFT_TRY(st, weft_sql_finish_join(p, start, &model, false, right, left));
        goto done;
    }
    if (!weft_sql_accept_text(p, "MATCH_CONDITION"))
        WEFT_TRY(st, weft_sql_syntax_error(p, "MATCH_CONDITION"));
    WEFT_TRY(st, parse_match(p, &first, &model.join.match));
    if (weft_sql_accept_word(p, SQL_KW_ON))
        WEFT_TRY(st, weft_sql_expr(p, &model.join.on));
    else if (weft_sql_accept_word(p, SQL_KW_USING))
        WEFT_TRY(st, weft_sql_name_list(p, &model.join.using_names, &model.join.using_count));
    if (weft_setting(p->ctx, WEFT_SET_ASOF_JOIN) == 0) {
        const weft_span span = weft_sql_span_from(p, &first);
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_ASOF_DISABLED, &span,
                                  "The feature is not supported: SQL ASOF JOIN syntax. Set "
                                  "\"spark.sql.join.asofJoin.enabled\" to true to enable it."));
    }
    WEFT_TRY(st, weft_sql_make_join(p, start, &model, right, left));
done:
    return st;
}

/* ---- NEAREST BY ---- */

static weft_status check_kind(sql_parser *p, const weft_span *span, bool cross, const weft_node *join)
{
    static const char *const kinds[] = {
        [WEFT_JOIN_RIGHT] = "RIGHT OUTER",
        [WEFT_JOIN_FULL] = "FULL OUTER",
        [WEFT_JOIN_SEMI] = "LEFT SEMI",
        [WEFT_JOIN_ANTI] = "LEFT ANTI",
    };
    const weft_join_kind kind = join->join.kind;
    if (join->join.lateral)
        return weft_fail_at(p->ctx, WEFT_NEAREST_LATERAL, span,
                            "The feature is not supported: LATERAL correlation with NEAREST BY clause.");
    if (!cross && (kind == WEFT_JOIN_INNER || kind == WEFT_JOIN_LEFT)) return WEFT_OK;
    return weft_fail_at(
        p->ctx, WEFT_NEAREST_KIND, span,
        "Invalid nearest-by join. Unsupported nearest-by join type %s. Supported types: 'INNER', "
        "'LEFT OUTER'.",
        cross ? "CROSS" : kinds[kind]);
}

/* [n]: 1 when it is left out. */
static weft_status parse_count(sql_parser *p, const weft_span *start, int32_t *out)
{
    weft_status st = WEFT_OK;
    const sql_token token = *weft_sql_peek(p, 0);
    int64_t count = 0;
    *out = 1;
    if (token.kind != SQL_INTEGER) return WEFT_OK;
    weft_sql_advance(p);
    for (int32_t i = token.span.start; i < token.span.stop && count <= NEAREST_MAX; i++)
        count = count * 10 + (p->text[i] - '0');
    *out = (int32_t)count;
    if (count >= 1 && count <= NEAREST_MAX) return WEFT_OK;
    const weft_span span = weft_sql_span_from(p, start);
    const int len = token.span.stop - token.span.start;
    const char *text = p->text + token.span.start;
    st = weft_fail_at(
        p->ctx, WEFT_NEAREST_COUNT, &span,
        "Invalid nearest-by join. The number of results %.*s must be between 1 and %d. Update the "
        "literal in `APPROX NEAREST %.*s BY ...` (or `EXACT NEAREST %.*s BY ...`) to fall within that "
        "range.",
        len, text, (int)NEAREST_MAX, len, text, len, text);
    return st;
}

weft_status weft_sql_nearest(sql_parser *p, const weft_span *start, bool cross, weft_node *join)
{
    weft_status st = WEFT_OK;
    if (!at_nearest(p)) return WEFT_OK;
    weft_sql_advance(p);
    weft_sql_advance(p);
    WEFT_TRY(st, parse_count(p, start, &join->join.nearest));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_BY));
    join->join.similarity = weft_sql_accept_text(p, "SIMILARITY");
    if (!join->join.similarity && !weft_sql_accept_text(p, "DISTANCE"))
        WEFT_TRY(st, weft_sql_syntax_error(p, "DISTANCE or SIMILARITY"));
    WEFT_TRY(st, weft_sql_expr(p, &join->join.rank));
    const weft_span span = weft_sql_span_from(p, start);
    WEFT_TRY(st, check_kind(p, &span, cross, join));
done:
    return st;
}
