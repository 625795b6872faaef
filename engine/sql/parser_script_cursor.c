/* engine/sql/parser_script_cursor.c - cursors of scripts: DECLARE … CURSOR, OPEN, FETCH, CLOSE. */
#include <string.h>

#include "engine/sql/parser_script.h"

bool script_at_cursor(sql_parser *p)
{
    const bool kind = weft_sql_is_text(p, 1, "ASENSITIVE") || weft_sql_is_text(p, 1, "INSENSITIVE");
    const int32_t at = kind ? 2 : 1; /* a variable may have the name cursor */
    return weft_sql_is_text(p, at, "CURSOR") && sql_word_at(p, at + 1, SQL_KW_FOR);
}

/* name [ASENSITIVE | INSENSITIVE] CURSOR FOR query [FOR READ ONLY]: the rows of a cursor are those of the
 * moment when it is opened, so both words mean the same. */
weft_status script_declare_cursor(sql_parser *p, weft_pointers *cursors)
{
    weft_status st = WEFT_OK;
    weft_script_cursor *cursor = NULL;
    const weft_node *query = NULL;
    p->features->cursor = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, WEFT_NEW(p->ctx, &cursor));
    WEFT_TRY(st, weft_sql_name(p, "the name of a cursor", &cursor->name));
    if (!weft_sql_accept_text(p, "ASENSITIVE")) (void)weft_sql_accept_text(p, "INSENSITIVE");
    weft_sql_advance(p); /* CURSOR */
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_FOR));
    const int32_t start = script_here(p);
    p->in_cursor = true;
    WEFT_TRY(st, weft_sql_query(p, &query));
    p->in_cursor = false;
    cursor->query = script_place_from(p, start);
    if (weft_sql_accept_word(p, SQL_KW_FOR)) {
        WEFT_TRY(st, script_expect(p, "READ"));
        WEFT_TRY(st, script_expect(p, "ONLY"));
    }
    WEFT_TRY(st, weft_pointers_push(p->ctx, cursors, cursor));
done:
    return st;
}

/* c or label.c */
static weft_status parse_cursor(sql_parser *p, weft_script *node)
{
    weft_status st = WEFT_OK;
    const char *const *parts = NULL;
    int32_t count = 0;
    const weft_span start = weft_sql_peek(p, 0)->span;
    p->features->cursor = start;
    WEFT_TRY(st, weft_sql_names(p, "the name of a cursor", &parts, &count));
    const weft_span span = weft_sql_span_from(p, &start);
    if (count > 2)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_CURSOR_QUALIFIER, &span,
                                  "Cursor reference %.*s is invalid. Cursor references can only have at most "
                                  "one qualifier (e.g., label.cursor).",
                                  (int)(span.stop - span.start), p->text + span.start));
    node->label = count == 2 ? parts[0] : NULL;
    node->name = parts[count - 1];
done:
    return st;
}

/* USING (expression [AS name], …), the parentheses as one likes: the names are targets, or NULL. */
static weft_status parse_arguments(sql_parser *p, weft_script *node)
{
    weft_status st = WEFT_OK;
    weft_pointers places = {0}, names = {0};
    weft_script_place *values = NULL;
    const bool parenthesis = weft_sql_accept(p, SQL_LPAREN);
    do {
        weft_script_place *place = NULL;
        const char *name = NULL;
        WEFT_TRY(st, WEFT_NEW(p->ctx, &place));
        WEFT_TRY(st, script_expr(p, place));
        const bool as = weft_sql_accept_word(p, SQL_KW_AS);
        if (as || sql_is(p, SQL_WORD) || sql_is(p, SQL_QUOTED))
            WEFT_TRY(st, weft_sql_name(p, "the name of an argument", &name));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &places, place));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &names, name));
    } while (weft_sql_accept(p, SQL_COMMA));
    if (parenthesis) WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, places.count, &values));
    for (int32_t i = 0; i < places.count; i++) values[i] = *(const weft_script_place *)places.items[i];
    node->values = values;
    node->target_count = places.count;
    node->targets = weft_pointers_texts(&names);
done:
    return st;
}

weft_status script_cursor_statement(sql_parser *p, weft_script *node)
{
    weft_status st = WEFT_OK;
    const int32_t start = script_here(p);
    node->kind = weft_sql_is_text(p, 0, "OPEN")    ? WEFT_SCRIPT_OPEN
                 : weft_sql_is_text(p, 0, "FETCH") ? WEFT_SCRIPT_FETCH
                                                   : WEFT_SCRIPT_CLOSE;
    weft_sql_advance(p);
    if (node->kind == WEFT_SCRIPT_FETCH) {
        const bool next = weft_sql_is_text(p, 0, "NEXT") && sql_word_at(p, 1, SQL_KW_FROM);
        if (next) weft_sql_advance(p);
        (void)weft_sql_accept_word(p, SQL_KW_FROM);
    }
    WEFT_TRY(st, parse_cursor(p, node));
    if (node->kind == WEFT_SCRIPT_OPEN && weft_sql_accept_word(p, SQL_KW_USING))
        WEFT_TRY(st, parse_arguments(p, node));
    if (node->kind == WEFT_SCRIPT_FETCH) {
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_INTO));
        WEFT_TRY(st, script_targets(p, node));
    }
    node->text = script_place_from(p, start);
done:
    return st;
}
