/* engine/sql/parser_relation.c - FROM: tables, derived tables, inline tables, calls, joins.
 *
 * As in Spark a join behind a comma has all that stands before it as its left side: in a, b JOIN c ON … the
 * condition may read a. */
#include "engine/sql/parser_internal.h"

static weft_status parse_relation(sql_parser *p, const weft_node **out);

/* t CHANGES FROM …: what was changed between two versions. */
static bool at_changes(sql_parser *p)
{
    return weft_sql_is_text(p, 0, "CHANGES") && sql_word_at(p, 1, SQL_KW_FROM);
}

/* Can the current token be an alias without AS? */
static bool begins_alias(sql_parser *p)
{
    const sql_token *token = weft_sql_peek(p, 0);
    if (token->kind == SQL_QUOTED) return true;
    if (token->kind != SQL_WORD || (token->flags & SQL_KW_JOINS) != 0) return false;
    if (token->flags != 0) return weft_sql_is_cut(p, 1) || sql_word_at(p, 1, SQL_KW_WHERE);
    if (weft_sql_ends_query(p)) return false;
    if (weft_sql_at_best_join(p) || weft_sql_at_bin_by(p) || at_changes(p) || weft_sql_at_map(p))
        return false;
    /* `INSERT … SELECT … FROM t SET` does not exist; VALUES and the like may be names. */
    return true;
}

weft_status weft_sql_table_alias(sql_parser *p, const weft_node *input, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const char *name = NULL;
    const char *const *columns = NULL;
    int32_t count = 0;
    weft_node *node = NULL;
    *out = input;
    const bool as = !weft_sql_is_cut(p, 1) && weft_sql_accept_word(p, SQL_KW_AS);
    if (!as && !begins_alias(p)) goto done;
    if (as && sql_is(p, SQL_LPAREN)) /* AS (a, b): nothing but its columns has a name */
        name = "__auto_generated_subquery_name";
    else
        WEFT_TRY(st, weft_sql_name(p, "a table alias", &name));
    if (sql_is(p, SQL_MINUS)) WEFT_TRY(st, weft_sql_plain_error(p, "no hyphen in an alias"));
    if (sql_is(p, SQL_LPAREN)) WEFT_TRY(st, weft_sql_name_list(p, &columns, &count));
    WEFT_TRY(st,
             weft_sql_node_new(p, WEFT_NODE_ALIAS, weft_sql_span_from(p, &input->span), &input, 1, &node));
    node->alias.name = name;
    node->alias.column_count = count;
    node->alias.columns = columns;
    *out = node;
done:
    return st;
}

/* The alias of VALUES that stand without parentheses. */
weft_status weft_sql_values_alias(sql_parser *p, const weft_node *values, const weft_node **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_sql_table_alias(p, values, out));
    const int32_t names = (*out)->kind == WEFT_NODE_ALIAS ? (*out)->alias.column_count : 0;
    if (names == 0 || names == values->values.column_count) goto done;
    WEFT_TRY(st, weft_fail_at(
                     p->ctx, WEFT_INLINE_TABLE_COLUMNS, &(*out)->span,
                     "Invalid inline table. Inline table expected %d columns but found %d columns in row 0.",
                     names, values->values.column_count));
done:
    return st;
}

/* FROM VALUES 1, VALUES 2: the comma parts tables where no row can begin. */
static bool at_next_values(sql_parser *p)
{
    return sql_is(p, SQL_COMMA) && sql_word_at(p, 1, SQL_KW_VALUES) &&
           (sql_is_at(p, 2, SQL_INTEGER) || sql_is_at(p, 2, SQL_DECIMAL));
}

/* VALUES row, row, …: a row is (a, b) or a single expression. */
weft_status weft_sql_values(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_pointers cells = {0};
    weft_node *node = NULL;
    int32_t rows = 0, columns = 0;
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_VALUES));
    do {
        const weft_expr *e = NULL;
        WEFT_TRY(st, weft_sql_expr(p, &e));
        const bool row = weft_sql_is_row(e);
        const int32_t count = row ? e->arg_count : 1;
        if (rows++ == 0) columns = count;
        if (count != columns) {
            WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_INLINE_TABLE_COLUMNS, &e->span,
                                      "Invalid inline table. Inline table expected %d columns but found %d "
                                      "columns in row %d.",
                                      columns, count, rows - 1));
        }
        for (int32_t i = 0; i < count; i++) {
            WEFT_TRY(st, weft_pointers_push(p->ctx, &cells, row ? e->args[i] : e));
        }
    } while (!at_next_values(p) && weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_VALUES, weft_sql_span_from(p, &start), NULL, 0, &node));
    node->values.row_count = rows;
    node->values.column_count = columns;
    node->values.cells = weft_pointers_exprs(&cells);
    *out = node;
done:
    return st;
}

/* @v1, @20240131120000000 behind a table: *found, and read; its time must have all digits. */
static weft_status parse_version_mark(sql_parser *p, bool *found)
{
    enum { TIME_DIGITS = 17 }; /* yyyyMMddHHmmssSSS */
    const sql_token *mark = weft_sql_peek(p, 0), *version = weft_sql_peek(p, 1);
    *found = mark->kind == SQL_OTHER && p->text[mark->span.start] == '@' &&
             (version->kind == SQL_INTEGER || version->kind == SQL_WORD);
    if (!*found) return WEFT_OK;
    const int32_t digits = version->span.stop - version->span.start;
    if (version->kind == SQL_INTEGER && digits != TIME_DIGITS)
        return weft_fail_at(
            p->ctx, WEFT_TIME_TRAVEL_FORMAT, &version->span,
            "The provided timestamp %.*s doesn't match the expected syntax yyyyMMddHHmmssSSS.",
            weft_min_i32(digits, 100), p->text + version->span.start);
    weft_sql_advance(p);
    weft_sql_advance(p);
    return WEFT_OK;
}

/* t [FOR] VERSION | TIMESTAMP AS OF …, t@v1: the analyser refuses it once it has found the table. */
static weft_status parse_time_travel(sql_parser *p, weft_node *table)
{
    weft_status st = WEFT_OK;
    const int32_t at = weft_sql_is_text(p, 0, "FOR") ? 1 : 0;
    const bool version = weft_sql_is_text(p, at, "VERSION") || weft_sql_is_text(p, at, "SYSTEM_VERSION");
    const bool moment = weft_sql_is_text(p, at, "TIMESTAMP") || weft_sql_is_text(p, at, "SYSTEM_TIME");
    WEFT_TRY(st, parse_version_mark(p, &table->relation.travels));
    if (!sql_word_at(p, at + 1, SQL_KW_AS) || !weft_sql_is_text(p, at + 2, "OF") || (!version && !moment))
        goto done;
    for (int32_t i = 0; i < at + 3; i++) weft_sql_advance(p);
    table->relation.travels = true;
    if (moment)
        WEFT_TRY(st, weft_sql_value_expr(p, &table->relation.moment));
    else if (sql_is(p, SQL_INTEGER) || sql_is(p, SQL_STRING))
        weft_sql_advance(p);
    else
        WEFT_TRY(st, weft_sql_syntax_error(p, "a version"));
done:
    return st;
}

/* Behind a table: WITH (key = value, …), the options that it is read with. */
static weft_status parse_options(sql_parser *p, weft_node *table)
{
    weft_status st = WEFT_OK;
    weft_pointers options = {0};
    if (!sql_word(p, SQL_KW_WITH) || !sql_is_at(p, 1, SQL_LPAREN)) return WEFT_OK;
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_options(p, &options));
    table->relation.option_count = options.count / 2;
    table->relation.options = weft_pointers_texts(&options);
done:
    return st;
}

/* A name with dots, and an opening parenthesis behind it. */
static bool at_call(sql_parser *p)
{
    int32_t at = 1;
    while (at + 2 < SQL_LOOKAHEAD && sql_is_at(p, at, SQL_DOT)) at += 2;
    return sql_is_at(p, at, SQL_LPAREN);
}

/* A name, or name(arguments): a call that gives rows. */
static weft_status parse_named(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const sql_token token = *weft_sql_peek(p, 0);
    const weft_span start = token.span;
    const bool identifier = weft_sql_at_identifier(p);
    weft_node *node = NULL;
    if (token.kind == SQL_WORD && (token.flags & SQL_KW_IN_CLAUSE) != 0)
        WEFT_TRY(st, weft_sql_syntax_error(p, "a table"));
    if (at_call(p)) {
        const weft_expr *call = NULL;
        WEFT_TRY(st, weft_sql_function(p, &call));
        if (call->kind == WEFT_EXPR_UNRESOLVED_COLUMN && identifier) { /* IDENTIFIER('t') */
            WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_RELATION, call->span, NULL, 0, &node));
            node->relation.parts = call->name.parts;
            node->relation.part_count = call->name.part_count;
            *out = node;
            goto done;
        }
        if (call->kind != WEFT_EXPR_UNRESOLVED_CALL) WEFT_TRY(st, weft_sql_syntax_error(p, NULL));
        p->calls.count--; /* it gives a table */
        WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_TABLE_FUNCTION, weft_sql_span_from(p, &start), NULL, 0,
                                       &node));
        node->table_function.call = call;
    } else {
        WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_RELATION, start, NULL, 0, &node));
        WEFT_TRY(st, weft_sql_names(p, "a table", &node->relation.parts, &node->relation.part_count));
        node->span = weft_sql_span_from(p, &start);
        WEFT_TRY(st, parse_time_travel(p, node));
        WEFT_TRY(st, parse_options(p, node));
        if (at_changes(p))
            WEFT_TRY(st, weft_fail_at(
                             p->ctx, WEFT_CHANGE_DATA, &node->span,
                             "The feature is not supported: Catalog spark_catalog does not support Change "
                             "Data Capture (CDC)."));
    }
    *out = node;
done:
    return st;
}

/* [LATERAL] a table, a query, VALUES or joined tables in parentheses. */
static weft_status parse_relation_primary(sql_parser *p, bool *lateral, const weft_node **out)
{
    weft_status st = WEFT_OK;
    *lateral = sql_word(p, SQL_KW_LATERAL) && !sql_word_at(p, 1, SQL_KW_VIEW);
    if (*lateral) weft_sql_advance(p);
    const weft_node *input = NULL;
    sql_frame frame = {0};
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    if (weft_sql_accept(p, SQL_LPAREN)) {
        bool query = weft_sql_begins_query(p);
        if (query && sql_is(p, SQL_LPAREN)) WEFT_TRY(st, weft_sql_query_continues(p, &query));
        WEFT_TRY(st, query ? weft_sql_query(p, &input) : parse_relation(p, &input));
        WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
        if (sql_word(p, SQL_KW_TABLESAMPLE)) WEFT_TRY(st, weft_sql_sample(p, &input));
    } else if (sql_word(p, SQL_KW_VALUES) && !sql_is_at(p, 1, SQL_COMMA) && !sql_is_at(p, 1, SQL_END)) {
        WEFT_TRY(st, weft_sql_values(p, &input));
        WEFT_TRY(st, weft_sql_values_alias(p, input, out));
        sql_leave(p, frame);
        goto done;
    } else {
        WEFT_TRY(st, weft_sql_rows_call(p, &input));
        if (input == NULL) WEFT_TRY(st, parse_named(p, &input));
        if (input->kind == WEFT_NODE_RELATION && sql_word(p, SQL_KW_TABLESAMPLE))
            WEFT_TRY(st, weft_sql_sample(p, &input));
    }
    WEFT_TRY(st, weft_sql_table_alias(p, input, out));
    sql_leave(p, frame);
done:
    return st;
}

weft_status weft_sql_from_one(sql_parser *p, const weft_node **out)
{
    bool lateral = false;
    return parse_relation_primary(p, &lateral, out);
}

/* The words up to JOIN. *found is false when no join begins here. */
static weft_status parse_join_kind(sql_parser *p, weft_node *join, bool *cross, bool *found)
{
    weft_status st = WEFT_OK;
    int32_t words = 0;
    *found = false;
    *cross = false;
    join->join.kind = WEFT_JOIN_INNER;
    join->join.natural = sql_word(p, SQL_KW_NATURAL);
    if (join->join.natural) words++;
    if (sql_word_at(p, words, SQL_KW_INNER)) {
        words++;
    } else if (sql_word_at(p, words, SQL_KW_CROSS)) {
        *cross = true;
        words++;
    } else if (sql_word_at(p, words, SQL_KW_SEMI) || sql_word_at(p, words, SQL_KW_ANTI)) {
        join->join.kind = sql_word_at(p, words, SQL_KW_SEMI) ? WEFT_JOIN_SEMI : WEFT_JOIN_ANTI;
        words++;
    } else if (sql_word_at(p, words, SQL_KW_LEFT) || sql_word_at(p, words, SQL_KW_RIGHT) ||
               sql_word_at(p, words, SQL_KW_FULL)) {
        const bool left = sql_word_at(p, words, SQL_KW_LEFT);
        join->join.kind = left                                  ? WEFT_JOIN_LEFT
                          : sql_word_at(p, words, SQL_KW_RIGHT) ? WEFT_JOIN_RIGHT
                                                                : WEFT_JOIN_FULL;
        words++;
        const bool semi = sql_word_at(p, words, SQL_KW_SEMI);
        if (left && (semi || sql_word_at(p, words, SQL_KW_ANTI))) {
            join->join.kind = semi ? WEFT_JOIN_SEMI : WEFT_JOIN_ANTI;
            words++;
        } else if (sql_word_at(p, words, SQL_KW_OUTER)) {
            words++;
        }
    }
    if (!sql_word_at(p, words, SQL_KW_JOIN)) {
        if (words == 0) return WEFT_OK;
        for (int32_t i = 0; i < words; i++) weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_syntax_error(p, "JOIN"));
    }
    for (int32_t i = 0; i <= words; i++) weft_sql_advance(p);
    *found = true;
done:
    return st;
}

weft_status weft_sql_make_join(sql_parser *p, const weft_span *start, const weft_node *model,
                               const weft_node *right, const weft_node **left)
{
    weft_status st = WEFT_OK;
    const weft_node *inputs[2] = {*left, right};
    weft_node *node = NULL;
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_JOIN, weft_sql_span_from(p, start), inputs, 2, &node));
    node->join = model->join;
    *left = node;
done:
    return st;
}

/* [ON … | USING (…) | APPROX or EXACT NEAREST …] behind the right side of a join to *left. */
weft_status weft_sql_finish_join(sql_parser *p, const weft_span *start, weft_node *model, bool cross,
                                 const weft_node *right, const weft_node **left)
{
    weft_status st = WEFT_OK;
    if (model->join.natural && (sql_word(p, SQL_KW_ON) || sql_word(p, SQL_KW_USING))) {
        const weft_span span = weft_sql_peek(p, 0)->span;
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_PARSE_SYNTAX_ERROR, &span,
                                  "Syntax error: a NATURAL join takes neither ON nor USING."));
    }
    if (model->join.natural && cross) {
        const weft_span span = weft_sql_span_from(p, start);
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_INCOMPATIBLE_JOIN_TYPES, &span,
                                  "The join types NATURAL and CROSS are incompatible."));
    }
    if (weft_sql_accept_word(p, SQL_KW_ON))
        WEFT_TRY(st, weft_sql_expr(p, &model->join.on));
    else if (weft_sql_accept_word(p, SQL_KW_USING))
        WEFT_TRY(st, weft_sql_name_list(p, &model->join.using_names, &model->join.using_count));
    else if (!model->join.natural)
        WEFT_TRY(st, weft_sql_nearest(p, start, cross, model));
    WEFT_TRY(st, weft_sql_make_join(p, start, model, right, left));
done:
    return st;
}

/* What stands on the other side must be there before it is correlated with. */
static weft_status check_lateral(sql_parser *p, const weft_span *start, const weft_node *model)
{
    static const char *const kinds[] = {
        [WEFT_JOIN_RIGHT] = "RIGHT OUTER",
        [WEFT_JOIN_FULL] = "FULL OUTER",
        [WEFT_JOIN_SEMI] = "LEFT SEMI",
        [WEFT_JOIN_ANTI] = "LEFT ANTI",
    };
    const weft_join_kind kind = model->join.kind;
    if (!model->join.lateral || kind == WEFT_JOIN_INNER || kind == WEFT_JOIN_LEFT) return WEFT_OK;
    const weft_span span = weft_sql_span_from(p, start);
    return weft_fail_at(
        p->ctx, WEFT_LATERAL_JOIN_KIND, &span,
        "The %s JOIN with LATERAL correlation is not allowed because an OUTER subquery cannot "
        "correlate to its join partner. Remove the LATERAL correlation or use an INNER JOIN, or LEFT "
        "OUTER JOIN instead.",
        kinds[kind]);
}

weft_status weft_sql_extend_once(sql_parser *p, const weft_span *start, const weft_node **left, bool *found)
{
    weft_status st = WEFT_OK;
    weft_node model = {.kind = WEFT_NODE_JOIN};
    const weft_node *right = NULL;
    bool cross = false;
    *found = true;
    if (sql_word(p, SQL_KW_PIVOT) || sql_word(p, SQL_KW_UNPIVOT)) {
        WEFT_TRY(st, weft_sql_pivot(p, left));
        WEFT_TRY(st, weft_sql_table_alias(p, *left, left));
        goto done;
    }
    if (weft_sql_at_bin_by(p)) return weft_sql_bin_by(p, start, left);
    WEFT_TRY(st, weft_sql_asof_join(p, start, left, found));
    if (*found) goto done;
    WEFT_TRY(st, parse_join_kind(p, &model, &cross, found));
    if (!*found) goto done;
    WEFT_TRY(st, parse_relation_primary(p, &model.join.lateral, &right));
    WEFT_TRY(st, check_lateral(p, start, &model));
    WEFT_TRY(st, weft_sql_finish_join(p, start, &model, cross, right, left));
done:
    return st;
}

/* { JOIN primary [ON … | USING (…)] | PIVOT … | UNPIVOT … } behind *left. */
static weft_status extend_relation(sql_parser *p, const weft_span *start, const weft_node **left)
{
    weft_status st = WEFT_OK;
    for (bool found = true; found;) WEFT_TRY(st, weft_sql_extend_once(p, start, left, &found));
done:
    return st;
}

static weft_status parse_relation(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const weft_node *left = NULL;
    sql_frame frame = {0};
    bool flag = false;
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    WEFT_TRY(st, parse_relation_primary(p, &flag, &left));
    WEFT_TRY(st, extend_relation(p, &start, &left));
    sql_leave(p, frame);
    *out = left;
done:
    return st;
}

/* LATERAL VIEW [OUTER] generator(…) name [[AS] column, …] */
weft_status weft_sql_lateral_view(sql_parser *p, const weft_span *start, const weft_node **left)
{
    weft_status st = WEFT_OK;
    weft_pointers columns = {0};
    const weft_expr *call = NULL;
    weft_node *node = NULL;
    weft_sql_advance(p);
    weft_sql_advance(p);
    const bool outer = weft_sql_accept_word(p, SQL_KW_OUTER);
    const weft_span span = weft_sql_peek(p, 0)->span;
    const char *table = NULL, *name = NULL;
    WEFT_TRY(st, weft_sql_function(p, &call));
    if (call->kind != WEFT_EXPR_UNRESOLVED_CALL)
        WEFT_TRY(st, weft_sql_unsupported(p, &span, "A window function in LATERAL VIEW"));
    p->calls.count--; /* it gives a table */
    if (!sql_word(p, SQL_KW_AS) && begins_alias(p)) WEFT_TRY(st, weft_sql_name(p, "a table alias", &table));
    if (weft_sql_accept_word(p, SQL_KW_AS) || begins_alias(p)) {
        do {
            WEFT_TRY(st, weft_sql_name(p, "the name of a column", &name));
            WEFT_TRY(st, weft_pointers_push(p->ctx, &columns, name));
        } while (weft_sql_accept(p, SQL_COMMA));
    }
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_EXPAND, weft_sql_span_from(p, start), left, 1, &node));
    node->expand.call = call;
    node->expand.name = table;
    node->expand.outer = outer;
    node->expand.column_count = columns.count;
    node->expand.column_names = weft_pointers_texts(&columns);
    *left = node;
done:
    return st;
}

weft_status weft_sql_from(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const weft_node *left = NULL;
    sql_frame frame = {0};
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    WEFT_TRY(st, parse_relation(p, &left));
    while (weft_sql_accept(p, SQL_COMMA)) {
        weft_node model = {.kind = WEFT_NODE_JOIN}; /* the comma is a cross join */
        const weft_node *right = NULL;
        WEFT_TRY(st, parse_relation_primary(p, &model.join.lateral, &right));
        WEFT_TRY(st, weft_sql_make_join(p, &start, &model, right, &left));
        WEFT_TRY(st, extend_relation(p, &start, &left));
    }
    while (sql_word(p, SQL_KW_LATERAL) && sql_word_at(p, 1, SQL_KW_VIEW))
        WEFT_TRY(st, weft_sql_lateral_view(p, &start, &left));
    sql_leave(p, frame);
    *out = left;
done:
    return st;
}
