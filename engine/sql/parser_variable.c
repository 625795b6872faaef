/* engine/sql/parser_variable.c - variables of the session, and EXECUTE IMMEDIATE. */
#include <strings.h>

#include "common/settings.h"
#include "engine/sql/parser_internal.h"

/* x, session.x or system.session.x, as a column of that name. */
static weft_status parse_target(sql_parser *p, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_expr *e = NULL;
    WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_UNRESOLVED_COLUMN, start, NULL, 0, &e));
    WEFT_TRY(st, weft_sql_names(p, "the name of a variable", &e->name.parts, &e->name.part_count));
    e->span = weft_sql_span_from(p, &start);
    *out = e;
done:
    return st;
}

static weft_status parse_targets(sql_parser *p, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    do {
        const weft_expr *e = NULL;
        WEFT_TRY(st, parse_target(p, &e));
        WEFT_TRY(st, weft_pointers_push(p->ctx, out, e));
    } while (weft_sql_accept(p, SQL_COMMA));
done:
    return st;
}

static weft_status variable_node(sql_parser *p, const weft_span *start, const weft_variable_command *command,
                                 const weft_pointers *targets, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_VARIABLE, weft_sql_span_from(p, start), NULL, 0, &node));
    node->variable = *command;
    node->variable.count = targets->count;
    node->variable.targets = weft_pointers_exprs(targets);
    *out = node;
done:
    return st;
}

void weft_sql_variable_word(sql_parser *p)
{
    const bool word = weft_sql_is_text(p, 0, "VARIABLE") || weft_sql_is_text(p, 0, "VAR");
    const bool name = sql_is_at(p, 1, SQL_WORD) || sql_is_at(p, 1, SQL_QUOTED);
    const bool type = sql_is_at(p, 2, SQL_LPAREN) || sql_is_at(p, 2, SQL_LT); /* DECLARE var DECIMAL(3, 1) */
    if (word && name && !type) weft_sql_advance(p);
}

bool weft_sql_at_cursor(sql_parser *p)
{
    if (weft_sql_is_text(p, 0, "OPEN") || weft_sql_is_text(p, 0, "CLOSE") || weft_sql_is_text(p, 0, "FETCH"))
        return true;
    const bool kind = weft_sql_is_text(p, 2, "ASENSITIVE") || weft_sql_is_text(p, 2, "INSENSITIVE");
    const int32_t at = kind ? 3 : 2; /* a variable may have the name cursor */
    return weft_sql_is_text(p, 0, "DECLARE") && weft_sql_is_text(p, at, "CURSOR") &&
           sql_word_at(p, at + 1, SQL_KW_FOR);
}

weft_status weft_sql_refuse_cursor(sql_parser *p)
{
    if (weft_setting(p->ctx, WEFT_SET_SCRIPT_CURSORS) != 0)
        return weft_fail(p->ctx, WEFT_CURSOR_OUTSIDE_SCRIPT,
                         "Cursor operations can only be used within SQL scripts.");
    return weft_fail(
        p->ctx, WEFT_SQL_CURSOR,
        "The feature is not supported: SQL cursor operations (DECLARE CURSOR, OPEN, FETCH, CLOSE) "
        "are not supported.");
}

/* Each variable of a DECLARE has a name of its own. */
static weft_status check_targets(sql_parser *p, const weft_pointers *targets)
{
    for (int32_t i = 0; i < targets->count; i++) {
        const weft_expr *e = targets->items[i];
        const char *name = e->name.parts[e->name.part_count - 1];
        for (int32_t k = 0; k < i; k++) {
            const weft_expr *other = targets->items[k];
            if (strcasecmp(name, other->name.parts[other->name.part_count - 1]) == 0)
                return weft_fail_at(p->ctx, WEFT_DUPLICATE_VARIABLE, &e->span,
                                    "Found duplicate variable `%s` in the declare variable list. Please, "
                                    "remove one of them.",
                                    name);
        }
    }
    return WEFT_OK;
}

weft_status weft_sql_variable_without_type(sql_parser *p, const weft_span *span)
{
    return weft_fail_at(
        p->ctx, WEFT_VARIABLE_WITHOUT_TYPE, span,
        "Invalid SQL syntax: The definition of a SQL variable requires either a datatype or a "
        "DEFAULT clause. For example, use `DECLARE name STRING` or `DECLARE name = 'SQL'` "
        "instead of `DECLARE name`.");
}

/* DECLARE [OR REPLACE] [VARIABLE | VAR] name, … [type] [DEFAULT | = expression] */
weft_status weft_sql_declare(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_variable_command command = {.op = WEFT_VARIABLE_DECLARE};
    weft_pointers targets = {0};
    weft_sql_advance(p);
    command.replace = weft_sql_accept_word(p, SQL_KW_OR);
    if (command.replace) WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_REPLACE));
    weft_sql_variable_word(p);
    WEFT_TRY(st, parse_targets(p, &targets));
    WEFT_TRY(st, check_targets(p, &targets));
    command.typed = !sql_is(p, SQL_END) && !sql_is(p, SQL_SEMICOLON) && !sql_is(p, SQL_EQ) &&
                    !weft_sql_is_text(p, 0, "DEFAULT");
    if (command.typed) WEFT_TRY(st, weft_sql_type(p, &command.type));
    if (weft_sql_accept(p, SQL_EQ) || weft_sql_accept_text(p, "DEFAULT")) {
        const int32_t from = weft_sql_peek(p, 0)->span.start;
        WEFT_TRY(st, weft_sql_expr(p, &command.initial));
        WEFT_TRY(st, weft_sql_text_copy(p, from, p->last.stop, &command.initial_text));
    } else if (!command.typed) {
        WEFT_TRY(st, weft_sql_variable_without_type(p, &start));
    }
    WEFT_TRY(st, variable_node(p, &start, &command, &targets, out));
done:
    return st;
}

/* (a, b, …) = (query) */
static weft_status parse_set_query(sql_parser *p, weft_variable_command *command, weft_pointers *targets)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    WEFT_TRY(st, parse_targets(p, targets));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    WEFT_TRY(st, weft_sql_expect(p, SQL_EQ, "'='"));
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "a query in parentheses"));
    WEFT_TRY(st, weft_sql_query(p, &command->query));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    command->op = WEFT_VARIABLE_SET_QUERY;
done:
    return st;
}

/* x = expression | DEFAULT, … */
weft_status weft_sql_set_variable(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_variable_command command = {.op = WEFT_VARIABLE_SET};
    weft_pointers targets = {0}, values = {0};
    if (sql_is(p, SQL_LPAREN)) {
        WEFT_TRY(st, parse_set_query(p, &command, &targets));
        st = variable_node(p, start, &command, &targets, out);
        goto done;
    }
    do {
        const weft_expr *target = NULL, *value = NULL;
        WEFT_TRY(st, parse_target(p, &target));
        WEFT_TRY(st, weft_sql_expect(p, SQL_EQ, "'='"));
        const bool initial =
            weft_sql_is_text(p, 0, "DEFAULT") &&
            (sql_is_at(p, 1, SQL_COMMA) || sql_is_at(p, 1, SQL_END) || sql_is_at(p, 1, SQL_SEMICOLON));
        if (initial)
            weft_sql_advance(p);
        else
            WEFT_TRY(st, weft_sql_expr(p, &value));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &targets, target));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &values, value));
    } while (weft_sql_accept(p, SQL_COMMA));
    command.values = weft_pointers_exprs(&values);
    WEFT_TRY(st, variable_node(p, start, &command, &targets, out));
done:
    return st;
}

weft_status weft_sql_drop_variable(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_variable_command command = {.op = WEFT_VARIABLE_DROP};
    weft_pointers targets = {0};
    const weft_expr *target = NULL;
    if (p->in_script)
        WEFT_TRY(st,
                 weft_fail(p->ctx, WEFT_SCRIPT_DROP_VARIABLE,
                           "The feature is not supported: DROP TEMPORARY VARIABLE is not supported within "
                           "SQL scripts. To bypass this, use `EXECUTE IMMEDIATE 'DROP TEMPORARY VARIABLE "
                           "...'`."));
    WEFT_TRY(st, weft_sql_if_exists(p, false, &command.if_exists));
    WEFT_TRY(st, parse_target(p, &target));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &targets, target));
    WEFT_TRY(st, variable_node(p, start, &command, &targets, out));
done:
    return st;
}

/* EXECUTE IMMEDIATE text [INTO x, …] [USING (expression [AS name], …)], the parentheses as one likes. */
weft_status weft_sql_execute(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_execute_command command = {0};
    weft_pointers targets = {0}, arguments = {0};
    weft_node *node = NULL;
    weft_sql_advance(p);
    if (!weft_sql_accept_text(p, "IMMEDIATE")) WEFT_TRY(st, weft_sql_syntax_error(p, "IMMEDIATE"));
    WEFT_TRY(st, weft_sql_expr(p, &command.text));
    if (weft_sql_accept_word(p, SQL_KW_INTO)) WEFT_TRY(st, parse_targets(p, &targets));
    if (weft_sql_accept_word(p, SQL_KW_USING)) {
        const bool parenthesis = weft_sql_accept(p, SQL_LPAREN);
        WEFT_TRY(st, weft_sql_items(p, &arguments));
        if (parenthesis) WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    }
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_EXECUTE, weft_sql_span_from(p, &start), NULL, 0, &node));
    command.target_count = targets.count;
    command.targets = weft_pointers_exprs(&targets);
    command.argument_count = arguments.count;
    command.arguments = weft_pointers_exprs(&arguments);
    node->execute = command;
    *out = node;
done:
    return st;
}
