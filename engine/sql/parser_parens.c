/* engine/sql/parser_parens.c - partners of parentheses, found once for a whole text.
 *
 * FROM ((( ... may open queries and joins alike, and only the token behind a parenthesis' partner tells
 * which. To look for each partner by itself would read a deeply nested text once for every level; one pass
 * with a stack finds all. */
#include "engine/sql/parser_internal.h"

static weft_status parens_add(sql_parser *p, int32_t start, int32_t below)
{
    weft_status st = WEFT_OK;
    sql_parens *all = &p->parens;
    if (all->count == all->capacity) {
        sql_paren *items = NULL;
        const int32_t capacity = all->capacity == 0 ? 16 : all->capacity * 2;
        WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, capacity, &items));
        for (int32_t i = 0; i < all->count; i++) items[i] = all->items[i];
        all->items = items;
        all->capacity = capacity;
    }
    all->items[all->count++] = (sql_paren){.start = start, .below = below, .continues_query = true};
done:
    return st;
}

static bool token_continues_query(const sql_token *token)
{
    if (token->kind == SQL_RPAREN || token->kind == SQL_PIPE_INTO) return true;
    if (token->kind != SQL_WORD) return false;
    return token->keyword == SQL_KW_UNION || token->keyword == SQL_KW_EXCEPT ||
           token->keyword == SQL_KW_MINUS || token->keyword == SQL_KW_INTERSECT ||
           token->keyword == SQL_KW_ORDER || token->keyword == SQL_KW_LIMIT ||
           token->keyword == SQL_KW_OFFSET || token->keyword == SQL_KW_SORT ||
           token->keyword == SQL_KW_CLUSTER || token->keyword == SQL_KW_DISTRIBUTE;
}

/* What makes TRANSFORM (…) one that has a command; the lexer is behind the token. */
static bool token_begins_script(const sql_parser *p, const sql_token *token, const sql_lexer *lexer)
{
    sql_lexer ahead = *lexer;
    if (token->kind != SQL_WORD) return false;
    if (token->keyword == SQL_KW_USING || weft_sql_token_is(p, token, "RECORDWRITER")) return true;
    if (!weft_sql_token_is(p, token, "ROW")) return false;
    const sql_token next = weft_sql_lex(&ahead);
    return weft_sql_token_is(p, &next, "FORMAT");
}

/* From the current token to the end of the text: later questions are about parentheses behind it. One
 * without a partner is left to the query's parser, whose error is the better one. */
static weft_status parens_scan(sql_parser *p)
{
    weft_status st = WEFT_OK;
    int32_t top = -1, closed = -1; /* of the stack; whose partner was the token before */
    bool after_open = false;
    sql_lexer lexer = p->lexer;
    sql_token token = *weft_sql_peek(p, 0);
    lexer.position = token.span.stop;
    lexer.previous = token.kind;
    p->parens.scanned = true;
    while (token.kind != SQL_END && token.kind != SQL_BAD) {
        if (closed >= 0) p->parens.items[closed].continues_query = token_continues_query(&token);
        if (closed >= 0) p->parens.items[closed].script = token_begins_script(p, &token, &lexer);
        if (closed >= 0 && token.kind != SQL_RPAREN) p->parens.items[closed].as_inner = false;
        closed = -1;
        if (token.kind == SQL_LPAREN) {
            if (after_open) p->parens.items[top].as_inner = true;
            WEFT_TRY(st, parens_add(p, token.span.start, top));
            top = p->parens.count - 1;
        } else if (token.kind == SQL_RPAREN && top >= 0) {
            closed = top;
            top = p->parens.items[top].below;
        }
        after_open = token.kind == SQL_LPAREN;
        token = weft_sql_lex(&lexer);
    }
    for (int32_t i = p->parens.count - 2; i >= 0; i--)
        if (p->parens.items[i].as_inner)
            p->parens.items[i].continues_query = p->parens.items[i + 1].continues_query;
done:
    return st;
}

/* The parenthesis that opens at this place; NULL: there is none. */
static weft_status parens_find(sql_parser *p, int32_t start, const sql_paren **out)
{
    weft_status st = WEFT_OK;
    *out = NULL;
    if (!p->parens.scanned) WEFT_TRY(st, parens_scan(p));
    int32_t low = 0, high = p->parens.count;
    while (low < high) { /* the first that does not begin before */
        const int32_t middle = low + (high - low) / 2;
        if (p->parens.items[middle].start < start)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < p->parens.count && p->parens.items[low].start == start) *out = &p->parens.items[low];
done:
    return st;
}

weft_status weft_sql_query_continues(sql_parser *p, bool *out)
{
    weft_status st = WEFT_OK;
    const sql_paren *paren = NULL;
    WEFT_TRY(st, parens_find(p, weft_sql_peek(p, 0)->span.start, &paren));
    *out = paren == NULL || paren->continues_query;
done:
    return st;
}

weft_status weft_sql_script_follows(sql_parser *p, bool *out)
{
    weft_status st = WEFT_OK;
    const sql_paren *paren = NULL;
    *out = false;
    if (!weft_sql_is_text(p, 1, "TRANSFORM") || !sql_is_at(p, 2, SQL_LPAREN)) return WEFT_OK;
    WEFT_TRY(st, parens_find(p, weft_sql_peek(p, 2)->span.start, &paren));
    *out = paren != NULL && paren->script;
done:
    return st;
}
