/* engine/sql/parser_inserts.c - INSERT into several tables from one source:
 *
 *     [WITH …] FROM … INSERT INTO a SELECT … INSERT INTO b SELECT …
 *
 * It is carried out as a script of one INSERT for each, INSERT INTO a [WITH …] FROM … SELECT …, which the
 * engine takes. So only the places of its parts are found here, outside of parentheses. */
#include "engine/plan/pointers.h"
#include "engine/sql/parser_script.h"

typedef struct insert_scan {
    const char *text;
    sql_lexer lexer;
    sql_token token; /* the current one */
    int32_t depth;   /* of parentheses around it */
    int32_t stop;    /* of the token before */
} insert_scan;

static void scan_next(insert_scan *s)
{
    s->stop = s->token.span.stop;
    s->depth += s->token.kind == SQL_LPAREN ? 1 : 0;
    s->token = weft_sql_lex(&s->lexer);
    s->depth -= s->token.kind == SQL_RPAREN ? 1 : 0;
}

static void scan_open(insert_scan *s, const char *text, size_t from, size_t len)
{
    *s = (insert_scan){.text = text};
    weft_sql_lexer_init(&s->lexer, text, len);
    s->lexer.position = (int32_t)from;
    s->token = weft_sql_lex(&s->lexer);
}

static bool scan_ends(const insert_scan *s)
{
    return s->token.kind == SQL_END || s->token.kind == SQL_BAD ||
           (s->token.kind == SQL_SEMICOLON && s->depth == 0);
}

static bool is_keyword(const insert_scan *s, sql_keyword keyword)
{
    return s->token.kind == SQL_WORD && s->token.keyword == keyword && s->depth == 0;
}

/* INSERT INTO, INSERT OVERWRITE: the current word is INSERT. */
static bool is_insert(const insert_scan *s)
{
    insert_scan ahead = *s;
    if (!is_keyword(s, SQL_KW_INSERT)) return false;
    scan_next(&ahead);
    return is_keyword(&ahead, SQL_KW_INTO) || is_keyword(&ahead, SQL_KW_OVERWRITE);
}

bool script_is_inserts(const char *text, size_t from_byte, size_t len)
{
    insert_scan s;
    bool from = false;
    scan_open(&s, text, from_byte, len);
    if (!is_keyword(&s, SQL_KW_FROM) && !is_keyword(&s, SQL_KW_WITH)) return false;
    for (; !scan_ends(&s) && !is_keyword(&s, SQL_KW_SELECT); scan_next(&s)) {
        if (is_insert(&s)) return from;
        from |= is_keyword(&s, SQL_KW_FROM);
    }
    return false;
}

static weft_status no_select(weft_ctx *ctx, const insert_scan *s)
{
    return weft_fail_at(ctx, WEFT_PARSE_SYNTAX_ERROR, &s->token.span,
                        "Syntax error: each INSERT of several needs a SELECT behind it.");
}

/* From an INSERT to the next one: *clause up to its SELECT, *query from there. */
static weft_status scan_insert(weft_ctx *ctx, insert_scan *s, weft_script_place *clause,
                               weft_script_place *query)
{
    clause->start = s->token.span.start;
    scan_next(s);
    while (!scan_ends(s) && !is_keyword(s, SQL_KW_SELECT) && !is_insert(s)) scan_next(s);
    if (!is_keyword(s, SQL_KW_SELECT)) return no_select(ctx, s);
    clause->stop = s->stop;
    query->start = s->token.span.start;
    while (!scan_ends(s) && !is_insert(s)) scan_next(s);
    query->stop = s->stop;
    return WEFT_OK;
}

weft_status script_inserts(weft_ctx *ctx, const char *text, size_t from, size_t len, weft_script **out)
{
    enum { INSERTS_MAX = 1000 };
    weft_status st = WEFT_OK;
    weft_script *node = NULL;
    weft_script_place *clauses = NULL, *queries = NULL;
    insert_scan s;
    WEFT_TRY(st, WEFT_NEW(ctx, &node));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, INSERTS_MAX, &clauses));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, INSERTS_MAX, &queries));
    scan_open(&s, text, from, len);
    const int32_t start = s.token.span.start;
    while (!is_insert(&s)) scan_next(&s);
    *node = (weft_script){.kind = WEFT_SCRIPT_INSERTS,
                          .subject = {.start = start, .stop = s.stop},
                          .conditions = clauses,
                          .values = queries};
    while (!scan_ends(&s)) {
        if (node->branch_count == INSERTS_MAX)
            WEFT_TRY(st, weft_fail_at(ctx, WEFT_LIMIT, &s.token.span,
                                      "a statement inserts into at most %d tables", (int)INSERTS_MAX));
        WEFT_TRY(st, scan_insert(ctx, &s, &clauses[node->branch_count], &queries[node->branch_count]));
        node->branch_count++;
    }
    node->text = (weft_script_place){.start = start, .stop = s.stop};
    *out = node;
done:
    return st;
}
