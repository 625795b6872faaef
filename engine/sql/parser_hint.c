/* engine/sql/parser_hint.c - hints: the comments with a plus sign behind SELECT, as in
 *
 *     BROADCAST(d), REPARTITION(3, f.k)
 *
 * To the lexer they are comments, so the text between SELECT and the next token is read here, by a parser of
 * its own. Elsewhere such a comment is a comment. */
#include "engine/sql/parser_internal.h"

/* name [(argument, …)] */
static weft_status parse_one(sql_parser *h, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(h, 0)->span;
    weft_select_hint *hint = NULL;
    weft_pointers args = {0};
    WEFT_TRY(st, WEFT_NEW(h->ctx, &hint));
    WEFT_TRY(st, weft_sql_name(h, "the name of a hint", &hint->name));
    if (weft_sql_accept(h, SQL_LPAREN)) {
        while (!sql_is(h, SQL_RPAREN)) {
            const weft_expr *arg = NULL;
            WEFT_TRY(st, weft_sql_primary(h, &arg));
            WEFT_TRY(st, weft_pointers_push(h->ctx, &args, arg));
            if (!weft_sql_accept(h, SQL_COMMA)) break;
        }
        WEFT_TRY(st, weft_sql_expect(h, SQL_RPAREN, "',' or ')'"));
    }
    hint->span = weft_sql_span_from(h, &start);
    hint->args = weft_pointers_exprs(&args);
    hint->arg_count = args.count;
    WEFT_TRY(st, weft_pointers_push(h->ctx, out, hint));
done:
    return st;
}

/* The comment from open to close, which its last two bytes end. */
static weft_status parse_comment(sql_parser *p, int32_t open, int32_t close, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    sql_parser h = {.ctx = p->ctx, .text = p->text, .catalog = p->catalog};
    h.lexer = p->lexer;
    h.lexer.position = open + 3;
    h.lexer.len = close - 2;
    h.lexer.line = p->last.line;
    h.lexer.line_start = p->last.start - p->last.column + 1;
    do {
        WEFT_TRY(st, parse_one(&h, out));
        (void)weft_sql_accept(&h, SQL_COMMA); /* it may be left out */
    } while (!sql_is(&h, SQL_END));
done:
    return st;
}

static bool at_text(const sql_parser *p, int32_t at, int32_t end, const char *text)
{
    const int32_t len = (int32_t)strlen(text);
    return end - at >= len && memcmp(p->text + at, text, (size_t)len) == 0;
}

weft_status weft_sql_hints(sql_parser *p, weft_select *select)
{
    weft_status st = WEFT_OK;
    weft_pointers hints = {0};
    int32_t at = p->last.stop;
    const int32_t end = weft_sql_peek(p, 0)->span.start;
    for (;;) {
        while (at < end && (p->text[at] == ' ' || (p->text[at] >= '\t' && p->text[at] <= '\r'))) at++;
        if (!at_text(p, at, end, "/*+")) break;
        int32_t close = at + 3;
        while (close < end && !at_text(p, close, end, "*/")) close++;
        WEFT_TRY(st, parse_comment(p, at, close + 2, &hints));
        at = close + 2;
    }
    select->hints = (const weft_select_hint *const *)hints.items;
    select->hint_count = hints.count;
done:
    return st;
}
