/* engine/sql/parser_routine.c - functions written in SQL: CREATE FUNCTION, DROP FUNCTION. */
#include <strings.h>

#include "engine/columnar/collation.h"
#include "engine/columnar/declared_type.h"
#include "engine/expr/collate.h"
#include "engine/sql/parser_internal.h"

/* A type, whose strings have the collation that a clause behind it may say. Values have no length:
 * *has_length says that one was written. */
static weft_status parse_declared(sql_parser *p, bool *has_length, weft_type *out)
{
    const uint16_t before = p->type_collation;
    p->type_collation = WEFT_COLLATION_NULL;
    weft_status st = weft_sql_column_type(p, out);
    p->type_collation = before;
    if (st != WEFT_OK || !weft_type_has_length(*out)) return st;
    *has_length = true;
    return weft_type_of_values(p->ctx, *out, out);
}

static weft_status settle_parameters(sql_parser *p, const weft_routine *r, const weft_parameter *of,
                                     int32_t count)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < count; i++)
        WEFT_TRY(
            st, weft_type_settle_collation(p->ctx, r->collation, &((weft_parameter *)(uintptr_t)of)[i].type));
done:
    return st;
}

/* All types of a function once its collation is known. */
static weft_status settle_types(sql_parser *p, weft_routine *r)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, settle_parameters(p, r, r->parameters, r->parameter_count));
    WEFT_TRY(st, settle_parameters(p, r, r->columns, r->column_count));
    st = weft_type_settle_collation(p->ctx, r->collation, &r->type);
done:
    return st;
}

/* What the lists of a function say that only columns of tables may: it is told once the statement is whole.
 */
typedef struct refused_parts {
    sql_made made;
    bool has_length;      /* CHAR(n), VARCHAR(n) */
    const char *not_null; /* the text of the list in which it stands */
} refused_parts;

/* name type [NOT NULL] [DEFAULT expression] [COMMENT 'text']; what else a column of a table may have is read,
 * for the error. A column that the function gives has no DEFAULT. */
static weft_status parse_parameter(sql_parser *p, bool given, refused_parts *refused, bool *not_null,
                                   weft_parameter *out)
{
    weft_status st = WEFT_OK;
    size_t len = 0;
    *out = (weft_parameter){0};
    WEFT_TRY(st, weft_sql_name(p, "the name of a parameter", &out->name));
    WEFT_TRY(st, parse_declared(p, &refused->has_length, &out->type));
    for (;;) {
        if (sql_word(p, SQL_KW_NOT) && weft_sql_peek(p, 1)->kind == SQL_WORD) {
            weft_sql_advance(p);
            WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_NULL));
            *not_null = true;
        } else if (!given && weft_sql_is_text(p, 0, "GENERATED")) {
            WEFT_TRY(st, weft_sql_generated(p, out->type, &refused->made));
        } else if (!given && weft_sql_at_constraint(p, false)) {
            WEFT_TRY(st, weft_sql_constraint(p, false, &refused->made));
        } else if (!given && out->initial == NULL && weft_sql_accept_text(p, "DEFAULT")) {
            const int32_t from = weft_sql_peek(p, 0)->span.start;
            WEFT_TRY(st, weft_sql_expr(p, &out->initial));
            WEFT_TRY(st, weft_sql_text_copy(p, from, p->last.stop, &out->initial_text));
        } else if (out->comment == NULL && weft_sql_accept_word(p, SQL_KW_COMMENT)) {
            WEFT_TRY(st, weft_sql_string(p, "a comment", &out->comment, &len));
        } else {
            break;
        }
    }
done:
    return st;
}

/* (parameter, …); the parentheses may be empty, but not those of the columns that are given. */
static weft_status parse_parameters(sql_parser *p, bool given, refused_parts *refused,
                                    const weft_parameter **out, int32_t *count)
{
    weft_status st = WEFT_OK;
    weft_pointers list = {0};
    weft_parameter *all = NULL;
    bool not_null = false;
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    const int32_t from = weft_sql_peek(p, 0)->span.start;
    while ((given && list.count == 0) || !sql_is(p, SQL_RPAREN)) {
        weft_parameter *one = NULL;
        WEFT_TRY(st, WEFT_NEW(p->ctx, &one));
        WEFT_TRY(st, parse_parameter(p, given, refused, &not_null, one));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &list, one));
        if (!weft_sql_accept(p, SQL_COMMA)) break;
    }
    if (not_null && refused->not_null == NULL)
        WEFT_TRY(st, weft_sql_text_copy(p, from, p->last.stop, &refused->not_null));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, list.count, &all));
    for (int32_t i = 0; i < list.count; i++) all[i] = *(const weft_parameter *)list.items[i];
    *out = all;
    *count = list.count;
done:
    return st;
}

/* RETURNS type | RETURNS TABLE [(columns)] */
static weft_status parse_returns(sql_parser *p, refused_parts *refused, weft_routine *r)
{
    weft_status st = WEFT_OK;
    r->table = weft_sql_accept_word(p, SQL_KW_TABLE);
    r->typed = !r->table || sql_is(p, SQL_LPAREN);
    if (!r->table)
        WEFT_TRY(st, parse_declared(p, &refused->has_length, &r->type));
    else if (r->typed)
        WEFT_TRY(st, parse_parameters(p, true, refused, &r->columns, &r->column_count));
done:
    return st;
}

static weft_status refuse_language(sql_parser *p, const weft_span *start, const char *language)
{
    weft_status st = WEFT_OK;
    char *what = NULL;
    WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &what,
                                   "Unsupported language for user defined functions: %s", language));
    st = weft_sql_not_allowed(p, start, what);
done:
    return st;
}

/* What may stand between the parameters and the body, in any order. *found: there was one. */
static weft_status parse_characteristic(sql_parser *p, refused_parts *refused, weft_routine *r, bool *found)
{
    weft_status st = WEFT_OK;
    size_t len = 0;
    const weft_span at = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, weft_sql_default_collation(p, &at, &r->collation, found));
    if (*found) goto done;
    *found = true;
    if (weft_sql_accept_text(p, "RETURNS")) {
        WEFT_TRY(st, parse_returns(p, refused, r));
    } else if (weft_sql_accept_text(p, "LANGUAGE")) {
        const char *language = NULL;
        WEFT_TRY(st, weft_sql_name(p, "the name of a language", &language));
        if (strcasecmp(language, "SQL") != 0) st = refuse_language(p, &at, language);
    } else if (weft_sql_accept_text(p, "DETERMINISTIC")) {
        r->deterministic = "true";
    } else if (sql_word(p, SQL_KW_NOT) && weft_sql_is_text(p, 1, "DETERMINISTIC")) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        r->deterministic = "false";
    } else if (sql_word(p, SQL_KW_COMMENT)) {
        bool seen = r->comment != NULL;
        WEFT_TRY(st, weft_sql_once(p, &at, &seen, "COMMENT"));
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_string(p, "a comment", &r->comment, &len));
    } else if (weft_sql_is_text(p, 0, "MODIFIES") && weft_sql_is_text(p, 1, "SQL")) {
        WEFT_TRY(st, weft_sql_not_allowed(p, &at, "SQL function with MODIFIES SQL DATA is not supported"));
    } else if (weft_sql_is_text(p, 0, "CONTAINS") && weft_sql_is_text(p, 1, "SQL")) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        r->access = "CONTAINS SQL";
    } else if (weft_sql_is_text(p, 0, "READS") && weft_sql_is_text(p, 1, "SQL")) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        if (!weft_sql_accept_text(p, "DATA")) WEFT_TRY(st, weft_sql_syntax_error(p, "DATA"));
        r->access = "READS SQL DATA";
    } else if (weft_sql_is_text(p, 0, "SQL") && weft_sql_is_text(p, 1, "SECURITY")) {
        const weft_span start = weft_sql_peek(p, 0)->span;
        weft_sql_advance(p);
        weft_sql_advance(p);
        if (weft_sql_accept_text(p, "INVOKER"))
            st = weft_sql_not_allowed(p, &start, "SQL function with SQL SECURITY INVOKER is not supported");
        else if (!weft_sql_accept_text(p, "DEFINER"))
            st = weft_sql_syntax_error(p, "DEFINER or INVOKER");
    } else {
        *found = false;
    }
done:
    return st;
}

/* After RETURN. */
static weft_status parse_body(sql_parser *p, weft_routine *r)
{
    weft_status st = WEFT_OK;
    const int32_t from = weft_sql_peek(p, 0)->span.start;
    const bool query = weft_sql_begins_query(p);
    if (query && (r->table || !sql_is(p, SQL_LPAREN)))
        WEFT_TRY(st, weft_sql_query(p, &r->query));
    else
        WEFT_TRY(st, weft_sql_expr(p, &r->body));
    if (r->table && !query)
        WEFT_TRY(st,
                 weft_fail(p->ctx, WEFT_ROUTINE_TABLE_BODY,
                           "User defined function is invalid: SQL table function %s body must be a query.",
                           r->parts[r->part_count - 1]));
    WEFT_TRY(st, weft_sql_text_copy(p, from, p->last.stop, &r->body_text));
done:
    return st;
}

static weft_status check_refused(sql_parser *p, const refused_parts *refused, const weft_span *span)
{
    if (refused->made.generated)
        return weft_fail_at(p->ctx, WEFT_ROUTINE_GENERATED, span,
                            "Invalid SQL syntax: CREATE FUNCTION with generated columns as parameters is not "
                            "allowed.");
    if (refused->made.constraint)
        return weft_fail_at(p->ctx, WEFT_ROUTINE_CONSTRAINT, span,
                            "Invalid SQL syntax: CREATE FUNCTION with constraints on parameters is not "
                            "allowed.");
    if (refused->not_null == NULL) return WEFT_OK;
    return weft_fail(p->ctx, WEFT_ROUTINE_NOT_NULL,
                     "User defined function is invalid: Cannot specify NOT NULL on function parameters: %s",
                     refused->not_null);
}

static weft_status check_clauses(sql_parser *p, const weft_span *span, const weft_routine *r)
{
    if (r->replace && r->if_not_exists)
        return weft_fail_at(p->ctx, WEFT_INVALID_SQL_SYNTAX_CREATE_ROUTINE, span,
                            "Invalid SQL syntax: CREATE FUNCTION with both IF NOT EXISTS and REPLACE "
                            "is not allowed.");
    if (r->temporary && r->if_not_exists)
        return weft_fail_at(p->ctx, WEFT_INVALID_SQL_SYNTAX_TEMP_IF_NOT_EXISTS, span,
                            "Invalid SQL syntax: CREATE TEMPORARY FUNCTION with IF NOT EXISTS is not "
                            "allowed.");
    return WEFT_OK;
}

weft_status weft_sql_create_function(sql_parser *p, const weft_span *start, bool replace, bool temporary,
                                     const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_routine *r = NULL;
    refused_parts refused = {0};
    weft_node *node = NULL;
    bool more = true;
    WEFT_TRY(st, WEFT_NEW(p->ctx, &r));
    *r = (weft_routine){.replace = replace, .temporary = temporary};
    WEFT_TRY(st, weft_sql_if_exists(p, true, &r->if_not_exists));
    WEFT_TRY(st, weft_sql_names(p, "the name of a function", &r->parts, &r->part_count));
    if (sql_word(p, SQL_KW_AS)) {
        WEFT_TRY(st, check_clauses(p, start, r));
        WEFT_TRY(st, weft_sql_unsupported(p, start, "CREATE FUNCTION … AS a class of Java"));
    }
    WEFT_TRY(st, parse_parameters(p, false, &refused, &r->parameters, &r->parameter_count));
    while (more) WEFT_TRY(st, parse_characteristic(p, &refused, r, &more));
    WEFT_TRY(st, settle_types(p, r));
    if (!weft_sql_accept_text(p, "RETURN")) WEFT_TRY(st, weft_sql_syntax_error(p, "RETURNS or RETURN"));
    WEFT_TRY(st, parse_body(p, r));
    const weft_span span = weft_sql_span_from(p, start);
    WEFT_TRY(st, weft_sql_text_copy(p, span.start, span.stop, &r->text));
    WEFT_TRY(st, check_refused(p, &refused, &span));
    r->has_length = refused.has_length;
    if (temporary && r->part_count > 1) {
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_INVALID_SQL_SYNTAX_TEMP_FUNCTION, &span,
                                  "Invalid SQL syntax: The temporary function `%s`.`%s` may not have a "
                                  "database before its name.",
                                  r->parts[0], r->parts[1]));
    }
    WEFT_TRY(st, check_clauses(p, &span, r));
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_ROUTINE, span, NULL, 0, &node));
    node->routine.created = r;
    node->routine.part_count = r->part_count;
    node->routine.parts = r->parts;
    node->routine.temporary = temporary;
    *out = node;
done:
    return st;
}

weft_status weft_sql_drop_function(sql_parser *p, const weft_span *start, bool temporary,
                                   const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_ROUTINE, *start, NULL, 0, &node));
    node->routine.temporary = temporary;
    WEFT_TRY(st, weft_sql_if_exists(p, false, &node->routine.if_exists));
    WEFT_TRY(st,
             weft_sql_names(p, "the name of a function", &node->routine.parts, &node->routine.part_count));
    node->span = weft_sql_span_from(p, start);
    *out = node;
done:
    return st;
}
