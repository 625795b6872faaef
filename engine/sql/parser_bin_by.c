/* engine/sql/parser_bin_by.c - table BIN BY (RANGE start TO end BIN WIDTH w [ALIGN TO t] DISTRIBUTE UNIFORM
 * (v, …) [BIN_START AS a] [BIN_END AS b] [BIN_DISTRIBUTE_RATIO AS c]) [[AS] alias]. None of these words is
 * reserved. */
#include "common/settings.h"
#include "engine/plan/rows_call.h"
#include "engine/sql/parser_internal.h"

bool weft_sql_at_bin_by(sql_parser *p)
{
    return weft_sql_is_text(p, 0, "BIN") && sql_word_at(p, 1, SQL_KW_BY) && sql_is_at(p, 2, SQL_LPAREN);
}

static weft_status expect_text(sql_parser *p, const char *word)
{
    return weft_sql_accept_text(p, word) ? WEFT_OK : weft_sql_syntax_error(p, word);
}

static weft_status push_column(sql_parser *p, weft_pointers *args)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const char *const *parts = NULL;
    int32_t count = 0;
    weft_expr *e = NULL;
    WEFT_TRY(st, weft_sql_names(p, "a column", &parts, &count));
    WEFT_TRY(st,
             weft_sql_expr_new(p, WEFT_EXPR_UNRESOLVED_COLUMN, weft_sql_span_from(p, &start), NULL, 0, &e));
    e->name.parts = parts;
    e->name.part_count = count;
    WEFT_TRY(st, weft_pointers_push(p->ctx, args, e));
done:
    return st;
}

static weft_status push_expr(sql_parser *p, weft_pointers *args)
{
    const weft_expr *e = NULL;
    const weft_status st = weft_sql_expr(p, &e);
    return st != WEFT_OK ? st : weft_pointers_push(p->ctx, args, e);
}

/* RANGE start TO end BIN WIDTH w [ALIGN TO t] */
static weft_status parse_range(sql_parser *p, weft_pointers *args)
{
    weft_status st = WEFT_OK;
    const weft_expr *epoch = NULL;
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_RANGE));
    WEFT_TRY(st, push_column(p, args));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_TO));
    WEFT_TRY(st, push_column(p, args));
    WEFT_TRY(st, expect_text(p, "BIN"));
    WEFT_TRY(st, expect_text(p, "WIDTH"));
    WEFT_TRY(st, push_expr(p, args));
    if (weft_sql_accept_text(p, "ALIGN")) {
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_TO));
        WEFT_TRY(st, push_expr(p, args));
    } else {
        WEFT_TRY(st, weft_sql_call(p, WEFT_BIN_BY_EPOCH, p->last, NULL, 0, &epoch));
        WEFT_TRY(st, weft_pointers_push(p->ctx, args, epoch));
    }
done:
    return st;
}

/* The names of the three columns, as given or as they are by themselves. */
static weft_status parse_names(sql_parser *p, weft_pointers *names)
{
    static const char *const words[] = {"BIN_START", "BIN_END", "BIN_DISTRIBUTE_RATIO"};
    static const char *const defaults[] = {"bin_start", "bin_end", "bin_distribute_ratio"};
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < WEFT_COUNT(words); i++) {
        const weft_span span = weft_sql_peek(p, 0)->span;
        const char *name = defaults[i];
        const weft_expr *e = NULL;
        if (weft_sql_accept_text(p, words[i])) {
            WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_AS));
            WEFT_TRY(st, weft_sql_name(p, "the name of a column", &name));
        }
        WEFT_TRY(st, weft_sql_string_literal(p, name, span, &e));
        WEFT_TRY(st, weft_pointers_push(p->ctx, names, e));
    }
done:
    return st;
}

weft_status weft_sql_bin_by(sql_parser *p, const weft_span *start, const weft_node **left)
{
    weft_status st = WEFT_OK;
    weft_pointers args = {0}, values = {0};
    const weft_span first = weft_sql_peek(p, 0)->span;
    weft_node *node = NULL;
    for (int32_t i = 0; i < 3; i++) weft_sql_advance(p);
    WEFT_TRY(st, parse_range(p, &args));
    WEFT_TRY(st, expect_text(p, "DISTRIBUTE"));
    WEFT_TRY(st, expect_text(p, "UNIFORM"));
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    do {
        WEFT_TRY(st, push_column(p, &values));
    } while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    WEFT_TRY(st, parse_names(p, &args));
    for (int32_t i = 0; i < values.count; i++)
        WEFT_TRY(st, weft_pointers_push(p->ctx, &args, weft_pointers_exprs(&values)[i]));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    if (weft_setting(p->ctx, WEFT_SET_BIN_BY) == 0)
        WEFT_TRY(st, weft_fail_at(
                         p->ctx, WEFT_BIN_BY_DISABLED, &first,
                         "The feature is not supported: The BIN BY relation operator is not yet supported."));
    WEFT_TRY(st,
             weft_sql_node_new(p, WEFT_NODE_TABLE_FUNCTION, weft_sql_span_from(p, start), left, 1, &node));
    WEFT_TRY(st, weft_sql_call(p, WEFT_BIN_BY_CALL, weft_sql_span_from(p, &first), weft_pointers_exprs(&args),
                               args.count, &node->table_function.call));
    WEFT_TRY(st, weft_sql_table_alias(p, node, left));
done:
    return st;
}
