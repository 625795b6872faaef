/* engine/sql/parser_rows_call.c - UNNEST(array, …) and JSON_TABLE(text, path COLUMNS (…)) in FROM.
 *
 * Both become table functions that analyzer_rows.c binds. */
#include <strings.h>

#include "engine/plan/rows_call.h"
#include "engine/sql/parser_internal.h"

static weft_status flag_literal(sql_parser *p, bool flag, weft_span span, const weft_expr **out)
{
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), .i64 = flag};
    return weft_sql_literal(p, value, span, out);
}

static weft_status make_table(sql_parser *p, const weft_span *start, const char *name,
                              const weft_pointers *args, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    const weft_span span = weft_sql_span_from(p, start);
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_TABLE_FUNCTION, span, NULL, 0, &node));
    WEFT_TRY(
        st, weft_sql_call(p, name, span, weft_pointers_exprs(args), args->count, &node->table_function.call));
    *out = node;
done:
    return st;
}

/* (expression, …) [WITH ORDINALITY] */
static weft_status parse_unnest(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers args = {0};
    WEFT_TRY(st, weft_pointers_push(p->ctx, &args, NULL)); /* ORDINALITY stands behind */
    WEFT_TRY(st, weft_sql_exprs(p, &args));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    const bool numbered = sql_word(p, SQL_KW_WITH) && weft_sql_is_text(p, 1, "ORDINALITY");
    const weft_expr *flag = NULL;
    WEFT_TRY(st, flag_literal(p, numbered, weft_sql_span_from(p, start), &flag));
    args.items[0] = flag;
    for (int32_t i = 0; numbered && i < 2; i++) weft_sql_advance(p);
    WEFT_TRY(st, make_table(p, start, WEFT_UNNEST_CALL, &args, out));
done:
    return st;
}

/* A column's path, or that of the field of its name. */
static weft_status parse_path(sql_parser *p, const char *name, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_span span = weft_sql_peek(p, 0)->span;
    const char *path = NULL;
    char *made = NULL;
    size_t len = 0;
    if (weft_sql_accept_text(p, "PATH")) {
        WEFT_TRY(st, weft_sql_string(p, "a JSON path", &path, &len));
    } else {
        WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &made, "$['%s']", name));
        path = made;
    }
    WEFT_TRY(st, weft_sql_string_literal(p, path, span, out));
done:
    return st;
}

/* name FOR ORDINALITY, or name type [EXISTS] [PATH path] */
static weft_status parse_column(sql_parser *p, const char **name, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const weft_expr *args[2] = {NULL, NULL}, *column = NULL;
    weft_expr *cast = NULL;
    weft_type type = {0};
    WEFT_TRY(st, weft_sql_name(p, "the name of a column", name));
    WEFT_TRY(st, weft_sql_string_literal(p, *name, start, &args[0]));
    if (sql_word(p, SQL_KW_FOR) && weft_sql_is_text(p, 1, "ORDINALITY")) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        return weft_sql_call(p, WEFT_JSON_ORDINALITY_CALL, weft_sql_span_from(p, &start), args, 1, out);
    }
    WEFT_TRY(st, weft_sql_type(p, &type));
    const bool exists = weft_sql_accept_word(p, SQL_KW_EXISTS);
    WEFT_TRY(st, parse_path(p, *name, &args[1]));
    const weft_span span = weft_sql_span_from(p, &start);
    WEFT_TRY(st,
             weft_sql_call(p, exists ? WEFT_JSON_EXISTS_CALL : WEFT_JSON_VALUE_CALL, span, args, 2, &column));
    WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_CAST, span, &column, 1, &cast));
    cast->type = type;
    *out = cast;
done:
    return st;
}

static weft_status parse_columns(sql_parser *p, const weft_span *start, weft_pointers *args)
{
    weft_status st = WEFT_OK;
    weft_pointers names = {0};
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    do {
        const char *name = NULL;
        const weft_expr *column = NULL;
        WEFT_TRY(st, parse_column(p, &name, &column));
        for (int32_t i = 0; i < names.count; i++) {
            if (strcasecmp(names.items[i], name) != 0) continue;
            WEFT_TRY(st, weft_fail_at(
                             p->ctx, WEFT_JSON_TABLE_COLUMN, start,
                             "Invalid SQL syntax: JSON_TABLE has duplicate column name `%s`. Column names "
                             "in the COLUMNS clause must be unique.",
                             name));
        }
        WEFT_TRY(st, weft_pointers_push(p->ctx, &names, name));
        WEFT_TRY(st, weft_pointers_push(p->ctx, args, column));
    } while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
done:
    return st;
}

/* (expression, path COLUMNS (column, …) [NULL | ERROR ON ERROR]) */
static weft_status parse_json_table(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers args = {0};
    const weft_expr *text = NULL, *rows = NULL, *fails = NULL;
    const char *path = NULL;
    size_t len = 0;
    WEFT_TRY(st, weft_sql_expr(p, &text));
    if (weft_sql_accept(p, SQL_COMMA)) {
        const weft_span span = weft_sql_peek(p, 0)->span;
        WEFT_TRY(st, weft_sql_string(p, "a JSON path", &path, &len));
        WEFT_TRY(st, weft_sql_string_literal(p, path, span, &rows));
    }
    if (sql_is(p, SQL_RPAREN))
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_UNRESOLVED_TABLE_FUNCTION, start,
                                  "Could not resolve `JSON_TABLE` to a table-valued function."));
    if (rows == NULL) WEFT_TRY(st, weft_sql_syntax_error(p, "a JSON path"));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_COLUMNS));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &args, text));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &args, rows));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &args, NULL)); /* ERROR stands behind */
    WEFT_TRY(st, parse_columns(p, start, &args));
    const bool error = weft_sql_is_text(p, 0, "ERROR");
    if (error || sql_word(p, SQL_KW_NULL)) {
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_ON));
        if (!weft_sql_accept_text(p, "ERROR")) WEFT_TRY(st, weft_sql_syntax_error(p, "ERROR"));
    }
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    WEFT_TRY(st, flag_literal(p, error, weft_sql_span_from(p, start), &fails));
    args.items[2] = fails;
    WEFT_TRY(st, make_table(p, start, WEFT_JSON_ROWS_CALL, &args, out));
done:
    return st;
}

weft_status weft_sql_rows_call(sql_parser *p, const weft_node **out)
{
    const weft_span start = weft_sql_peek(p, 0)->span;
    const bool unnest = weft_sql_is_text(p, 0, "UNNEST");
    *out = NULL;
    if ((!unnest && !weft_sql_is_text(p, 0, "JSON_TABLE")) || !sql_is_at(p, 1, SQL_LPAREN)) return WEFT_OK;
    if (sql_is_at(p, 2, SQL_RPAREN) || sql_is_at(p, 3, SQL_FAT_ARROW))
        return WEFT_OK; /* a function of that name */
    weft_sql_advance(p);
    weft_sql_advance(p);
    return unnest ? parse_unnest(p, &start, out) : parse_json_table(p, &start, out);
}
