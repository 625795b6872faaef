/* engine/sql/parser_primary.c - primary expressions: literals, names, parentheses, CASE, and what follows
 * them
 * (:: type, [index], .field). */
#include <stdio.h>

#include "common/settings.h"
#include "engine/sql/parser_internal.h"

static bool begins_with_query_word(const sql_token *token)
{
    return token->kind == SQL_WORD && (token->keyword == SQL_KW_SELECT || token->keyword == SQL_KW_WITH ||
                                       token->keyword == SQL_KW_FROM);
}

/* Is there a query behind the run of opening parentheses that begins at the current token? Each run is looked
 * past once, so that deep nesting costs linear time. */
static bool run_begins_query(sql_parser *p)
{
    const int32_t start = weft_sql_peek(p, 0)->span.start;
    if (start >= p->run_start && start < p->run_stop) return p->run_is_query;
    sql_token ahead = *weft_sql_peek(p, 0);
    sql_lexer lexer = p->lexer;
    lexer.position = ahead.span.stop;
    lexer.previous = SQL_LPAREN;
    for (int32_t i = 0; ahead.kind == SQL_LPAREN && i <= WEFT_EXPR_DEPTH_MAX; i++)
        ahead = weft_sql_lex(&lexer);
    p->run_start = start;
    p->run_stop = ahead.span.start;
    p->run_is_query = begins_with_query_word(&ahead);
    return p->run_is_query;
}

/* A subquery may be parenthesised itself. VALUES may be the name of a function or a column too: it begins a
 * query only right behind the first parenthesis. */
bool weft_sql_begins_query(sql_parser *p)
{
    const sql_token *token = weft_sql_peek(p, 0);
    if (token->kind == SQL_LPAREN) return run_begins_query(p);
    if (begins_with_query_word(token)) return true;
    if (token->kind != SQL_WORD) return false;
    if (weft_sql_at_map(p) && (sql_is_at(p, 2, SQL_COMMA) || sql_word_at(p, 2, SQL_KW_USING))) return true;
    if (token->keyword == SQL_KW_TABLE) return sql_is_at(p, 1, SQL_WORD) || sql_is_at(p, 1, SQL_QUOTED);
    return token->keyword == SQL_KW_VALUES && !sql_is_at(p, 1, SQL_COMMA) && !sql_is_at(p, 1, SQL_RPAREN);
}

static weft_status parse_subquery(sql_parser *p, weft_subquery_kind kind, const weft_span *start,
                                  const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_node *plan = NULL;
    weft_expr *e = NULL;
    WEFT_TRY(st, weft_sql_query(p, &plan));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_SUBQUERY, weft_sql_span_from(p, start), NULL, 0, &e));
    e->subquery.kind = kind;
    e->subquery.plan = plan;
    *out = e;
done:
    return st;
}

/* ( expression ), ( a, b, … ) or ( query ). */
static weft_status parse_parenthesis(sql_parser *p, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_pointers items = {0};
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    bool query =
        weft_sql_begins_query(p); /* ((SELECT 1) + 1) is an expression, ((SELECT 1) LIMIT 1) a query */
    if (query && sql_is(p, SQL_LPAREN)) WEFT_TRY(st, weft_sql_query_continues(p, &query));
    if (query) return parse_subquery(p, WEFT_SUBQUERY_SCALAR, &start, out);
    WEFT_TRY(st, weft_sql_fields(p, &items));
    *out = weft_pointers_exprs(&items)[0];
    const bool named = items.count == 1 && (*out)->kind == WEFT_EXPR_ALIAS;
    WEFT_TRY(st, weft_sql_expect(p, named ? SQL_COMMA : SQL_RPAREN, named ? "','" : "',' or ')'"));
    if (items.count > 1) {
        WEFT_TRY(st, weft_sql_call(p, WEFT_ROW_FUNCTION, weft_sql_span_from(p, &start),
                                   weft_pointers_exprs(&items), items.count, out));
    }
done:
    return st;
}

/* CASE [value] WHEN … THEN … [ELSE …] END; the form with a value compares it to each WHEN. */
static weft_status parse_case(sql_parser *p, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_pointers args = {0};
    const weft_expr *value = NULL, *e = NULL;
    weft_expr *node = NULL;
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_CASE));
    const int64_t before = p->weight;
    if (!sql_word(p, SQL_KW_WHEN)) WEFT_TRY(st, weft_sql_expr(p, &value));
    const int64_t weight = p->weight - before; /* of the value, which each WHEN uses */
    const int32_t height = p->height;          /* the same */
    do {
        sql_frame frame = {0}; /* the branches lie side by side */
        WEFT_TRY(st, weft_sql_enter(p, &frame));
        p->height = height;
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_WHEN));
        WEFT_TRY(st, weft_sql_expr(p, &e));
        if (value != NULL) {
            if (args.count > 0) WEFT_TRY(st, weft_sql_repeat(p, weight));
            const weft_expr *pair[2] = {value, e};
            WEFT_TRY(st, weft_sql_call(p, "=", e->span, pair, 2, &e));
        }
        WEFT_TRY(st, weft_pointers_push(p->ctx, &args, e));
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_THEN));
        WEFT_TRY(st, weft_sql_expr(p, &e));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &args, e));
        sql_leave(p, frame);
    } while (sql_word(p, SQL_KW_WHEN));
    if (weft_sql_accept_word(p, SQL_KW_ELSE)) {
        WEFT_TRY(st, weft_sql_expr(p, &e));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &args, e));
    }
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_END));
    WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_CASE, weft_sql_span_from(p, &start),
                                   weft_pointers_exprs(&args), args.count, &node));
    *out = node;
done:
    return st;
}

/* a, a.b.c, a.b.*, *; a star may be followed by EXCEPT (columns), which are its arguments. `…` in a select
 * list is a star of the names that match it, its argument, where the setting says so. */
static weft_status parse_column(sql_parser *p, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_pointers parts = {0}, excepted = {0};
    weft_expr *e = NULL;
    const char *name = NULL;
    const bool patterns = p->in_item && weft_setting(p->ctx, WEFT_SET_REGEX_COLUMNS) != 0;
    bool star = sql_is(p, SQL_STAR), quoted = false;
    if (star) weft_sql_advance(p);
    while (!star) {
        quoted = sql_is(p, SQL_QUOTED);
        WEFT_TRY(st, weft_sql_name(p, "an expression", &name));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &parts, name));
        if (!sql_is(p, SQL_DOT)) break;
        weft_sql_advance(p);
        star = weft_sql_accept(p, SQL_STAR);
    }
    const bool pattern = patterns && quoted && !star;
    const sql_token *behind = weft_sql_peek(p, 2);
    const bool query =
        behind->kind == SQL_LPAREN || begins_with_query_word(behind) ||
        (behind->kind == SQL_WORD && (behind->keyword == SQL_KW_VALUES || behind->keyword == SQL_KW_TABLE));
    if (star && sql_word(p, SQL_KW_EXCEPT) && sql_is_at(p, 1, SQL_LPAREN) && !query) { /* no set operation */
        weft_sql_advance(p);
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_exprs(p, &excepted));
        WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    }
    if (pattern) {
        const weft_expr *text = NULL;
        WEFT_TRY(st, weft_sql_string_literal(p, name, weft_sql_span_from(p, &start), &text));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &excepted, text));
    }
    WEFT_TRY(st, weft_sql_expr_new(p, star || pattern ? WEFT_EXPR_STAR : WEFT_EXPR_UNRESOLVED_COLUMN,
                                   weft_sql_span_from(p, &start), weft_pointers_exprs(&excepted),
                                   excepted.count, &e));
    e->name.part_count = pattern ? parts.count - 1 : parts.count;
    e->name.parts = weft_pointers_texts(&parts);
    *out = e;
done:
    return st;
}

/* Is the current word followed by an argument list? b.f( and a.b.f( count too. */
static bool begins_call(sql_parser *p)
{
    if (sql_is_at(p, 1, SQL_LPAREN)) return true;
    if (!sql_is_at(p, 1, SQL_DOT)) return false;
    return sql_is_at(p, 3, SQL_LPAREN) || (sql_is_at(p, 3, SQL_DOT) && sql_is_at(p, 5, SQL_LPAREN));
}

/* FROM where an item of a select list must stand: a column of that name, if a query without FROM follows. */
static bool is_column_from(sql_parser *p)
{
    if (!p->in_item || !sql_word(p, SQL_KW_FROM)) return false;
    if (weft_sql_is_cut(p, 1)) return true;
    return (sql_is_at(p, 1, SQL_WORD) || sql_is_at(p, 1, SQL_QUOTED)) &&
           (weft_sql_is_cut(p, 2) || sql_is_at(p, 2, SQL_COMMA) || sql_word_at(p, 2, SQL_KW_WHERE));
}

static weft_status parse_word(sql_parser *p, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const sql_token token = *weft_sql_peek(p, 0);
    weft_value value = {0};
    *out = NULL;
    if (token.kind == SQL_WORD) {
        switch (token.keyword) { /* a bare keyword */
        case SQL_KW_CASE: return parse_case(p, out);
        case SQL_KW_NULL:
            value = (weft_value){.type = WEFT_TYPE_OF(WEFT_TYPE_NULL), .is_null = true};
            weft_sql_advance(p);
            return weft_sql_literal(p, value, token.span, out);
        case SQL_KW_TRUE:
        case SQL_KW_FALSE:
            value = (weft_value){.type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN),
                                 .boolean = token.keyword == SQL_KW_TRUE};
            weft_sql_advance(p);
            return weft_sql_literal(p, value, token.span, out);
        case SQL_KW_EXISTS:
            if (!sql_is_at(p, 1, SQL_LPAREN)) break;
            if (!sql_is_at(p, 2, SQL_LPAREN) && !sql_word_at(p, 2, SQL_KW_VALUES) &&
                !(sql_word_at(p, 2, SQL_KW_TABLE) && !sql_is_at(p, 3, SQL_COMMA)) &&
                !begins_with_query_word(weft_sql_peek(p, 2)))
                break; /* exists(array, x -> …) */
            weft_sql_advance(p);
            weft_sql_advance(p);
            if (!weft_sql_begins_query(p)) return weft_sql_syntax_error(p, "a query");
            return parse_subquery(p, WEFT_SUBQUERY_EXISTS, &token.span, out);
        case SQL_KW_INTERVAL: WEFT_TRY(st, weft_sql_interval(p, out)); break;
        default: break; /* all others are forms, functions or names */
        }
        if (*out == NULL) WEFT_TRY(st, weft_sql_typed_literal(p, out));
        if (*out == NULL) WEFT_TRY(st, weft_sql_special_form(p, out));
        if (*out != NULL) goto done;
        const bool like = token.keyword == SQL_KW_LIKE || token.keyword == SQL_KW_ILIKE ||
                          token.keyword == SQL_KW_RLIKE || token.keyword == SQL_KW_REGEXP;
        if ((like || token.keyword == SQL_KW_DIV) && sql_is_at(p, 1, SQL_LPAREN))
            return weft_sql_function(p, out); /* like(a, b), div(a, b) */
        if ((token.flags & SQL_KW_IN_CLAUSE) != 0 && !sql_is_at(p, 1, SQL_DOT) && !is_column_from(p))
            WEFT_TRY(st, weft_sql_syntax_error(p, "an expression"));
    }
    if (begins_call(p))
        WEFT_TRY(st, weft_sql_function(p, out));
    else
        WEFT_TRY(st, parse_column(p, out));
done:
    return st;
}

/* A marker that nothing replaced: the statement came without parameters. */
static weft_status unbound_parameter(sql_parser *p, const weft_expr **out)
{
    const weft_span span = weft_sql_peek(p, 0)->span;
    char position[32];
    if (sql_is(p, SQL_COLON) && !sql_is_at(p, 1, SQL_WORD)) return weft_sql_syntax_error(p, "an expression");
    const weft_span name = weft_sql_peek(p, 1)->span;
    if (p->in_cursor) { /* it is replaced when the cursor is opened */
        if (sql_is(p, SQL_COLON)) weft_sql_advance(p);
        weft_sql_advance(p);
        return weft_sql_literal(p, (weft_value){.is_null = true}, span, out);
    }
    snprintf(position, sizeof(position), "_%d", (int)span.start);
    const bool named = sql_is(p, SQL_COLON);
    return weft_fail_at(
        p->ctx, WEFT_UNBOUND_PARAMETER, &span,
        "Found the unbound parameter: %.*s. Please, fix `args` and provide a mapping of the "
        "parameter to either a SQL literal or collection constructor functions such as `map()`, "
        "`array()`, `struct()`.",
        named ? (int)(name.stop - name.start) : (int)strlen(position),
        named ? p->text + name.start : position);
}

static weft_status parse_atom(sql_parser *p, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const sql_token *token = weft_sql_peek(p, 0);
    const weft_span start = token->span;
    switch (token->kind) {
    case SQL_INTEGER:
    case SQL_DECIMAL:
    case SQL_EXPONENT:
    case SQL_SUFFIXED: return weft_sql_number(p, false, start, out);
    case SQL_MINUS: weft_sql_advance(p); return weft_sql_number(p, true, start, out);
    case SQL_STRING:
    case SQL_RAW_STRING: {
        const char *text = NULL;
        size_t len = 0;
        WEFT_TRY(st, weft_sql_string(p, "a string", &text, &len));
        const weft_value value = {.type = {.id = WEFT_TYPE_STRING, .collation = p->text_collation},
                                  .str = weft_str_view(text, (uint32_t)len)};
        WEFT_TRY(st, weft_sql_literal(p, value, weft_sql_span_from(p, &start), out));
        break;
    }
    case SQL_LPAREN: return parse_parenthesis(p, out);
    case SQL_STAR: return parse_column(p, out);
    case SQL_WORD:
    case SQL_QUOTED: return parse_word(p, out);
    case SQL_QUESTION:
    case SQL_COLON: return unbound_parameter(p, out);
    default: return weft_sql_syntax_error(p, "an expression");
    }
done:
    return st;
}

/* Behind x or (x, y), which are columns so far: -> body. A call of "->" over the body and these. */
static weft_status parse_lambda(sql_parser *p, const weft_span *start, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *names = *out, *body = NULL;
    weft_pointers args = {0};
    sql_frame frame = {0};
    const bool row = names->kind == WEFT_EXPR_UNRESOLVED_CALL &&
                     strcmp(names->unresolved.name, WEFT_ROW_FUNCTION) == 0;
    const int32_t count = row ? names->arg_count : 1;
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    for (int32_t i = 0; i < count; i++) {
        const weft_expr *name = row ? names->args[i] : names;
        if (name->kind != WEFT_EXPR_UNRESOLVED_COLUMN || name->name.part_count != 1)
            return weft_sql_syntax_error(p, "the names of a lambda function's variables before ->");
    }
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_expr(p, &body));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &args, body));
    for (int32_t i = 0; i < count; i++)
        WEFT_TRY(st, weft_pointers_push(p->ctx, &args, row ? names->args[i] : names));
    WEFT_TRY(st, weft_sql_call(p, "->", weft_sql_span_from(p, start), weft_pointers_exprs(&args), args.count,
                               out));
    sql_leave(p, frame);
done:
    return st;
}

/* One step of a path behind v: (a name, or what stands in brackets), appended to the path's text; *last gets
 * its name if it has one. */
static weft_status parse_step(sql_parser *p, char **path, const char **last)
{
    weft_status st = WEFT_OK;
    const char *name = NULL;
    size_t len = 0;
    weft_ctx *ctx = p->ctx;
    const bool bracket = weft_sql_accept(p, SQL_LBRACKET);
    if (bracket && sql_is(p, SQL_INTEGER)) {
        const weft_span at = weft_sql_peek(p, 0)->span;
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, path, "%s[%.*s]", *path, at.stop - at.start,
                                       p->text + at.start));
        weft_sql_advance(p);
        return weft_sql_expect(p, SQL_RBRACKET, "']'");
    }
    if (bracket) {
        WEFT_TRY(st, weft_sql_string(p, "a name or a position", &name, &len));
        WEFT_TRY(st, weft_sql_expect(p, SQL_RBRACKET, "']'"));
    } else {
        WEFT_TRY(st, weft_sql_name(p, "the name of a field", &name));
    }
    *last = name;
    const char *odd = strpbrk(name, ".['");
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, path,
                                   odd == NULL                  ? "%s.%s"
                                   : strchr(name, '\'') == NULL ? "%s['%s']"
                                                                : "%s[\"%s\"]",
                                   *path, name));
done:
    return st;
}

/* Behind v: - a path into a VARIANT, as text, and the name that it gives its value. */
static weft_status parse_extract(sql_parser *p, const weft_span *start, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[3] = {*out, NULL, NULL};
    char root[] = "$", *path = root;
    const char *last = "";
    WEFT_TRY(st, parse_step(p, &path, &last));
    while (sql_is(p, SQL_LBRACKET) || weft_sql_accept(p, SQL_DOT)) WEFT_TRY(st, parse_step(p, &path, &last));
    const weft_span span = weft_sql_span_from(p, start);
    WEFT_TRY(st, weft_sql_string_literal(p, path, span, &args[1]));
    WEFT_TRY(st, weft_sql_string_literal(p, last, span, &args[2]));
    WEFT_TRY(st, weft_sql_call(p, "(variant_extract)", span, args, 3, out));
done:
    return st;
}

/* Behind COLLATE: a name, and not what follows an alias? */
static bool names_collation(sql_parser *p)
{
    const sql_token *token = weft_sql_peek(p, 1);
    return token->kind == SQL_QUOTED || (token->kind == SQL_WORD && token->flags == 0);
}

/* (t.a).b is the name t.a.b. */
static weft_status append_part(sql_parser *p, const weft_span *start, const char *name,
                               const weft_expr **column)
{
    weft_status st = WEFT_OK;
    weft_pointers parts = {0};
    weft_expr *e = NULL;
    for (int32_t i = 0; i < (*column)->name.part_count; i++)
        WEFT_TRY(st, weft_pointers_push(p->ctx, &parts, (*column)->name.parts[i]));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &parts, name));
    WEFT_TRY(st,
             weft_sql_expr_new(p, WEFT_EXPR_UNRESOLVED_COLUMN, weft_sql_span_from(p, start), NULL, 0, &e));
    e->name.part_count = parts.count;
    e->name.parts = weft_pointers_texts(&parts);
    *column = e;
done:
    return st;
}

weft_status weft_sql_primary(sql_parser *p, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, parse_atom(p, out));
    if (sql_is(p, SQL_ARROW)) return parse_lambda(p, &start, out);
    for (;;) {
        if (weft_sql_accept(p, SQL_DOUBLE_COLON)) {
            weft_expr *e = NULL;
            weft_type type = {0};
            WEFT_TRY(st, weft_sql_type(p, &type));
            WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_CAST, weft_sql_span_from(p, &start), out, 1, &e));
            e->type = type;
            *out = e;
        } else if (weft_sql_accept(p, SQL_COLON)) {
            WEFT_TRY(st, parse_extract(p, &start, out));
        } else if (weft_sql_accept(p, SQL_LBRACKET)) {
            const weft_expr *args[2] = {*out, NULL};
            WEFT_TRY(st, weft_sql_value_expr(p, &args[1]));
            WEFT_TRY(st, weft_sql_expect(p, SQL_RBRACKET, "']'"));
            WEFT_TRY(st, weft_sql_call(p, "[]", weft_sql_span_from(p, &start), args, 2, out));
        } else if (weft_sql_is_text(p, 0, "COLLATE") && names_collation(p)) {
            const weft_expr *args[2] = {*out, NULL};
            const char *name = NULL;
            weft_sql_advance(p);
            const weft_span at = weft_sql_peek(p, 0)->span;
            if (weft_sql_is_text(p, 0, "SYSTEM") && sql_is_at(p, 1, SQL_DOT) &&
                weft_sql_is_text(p, 2, "BUILTIN") && sql_is_at(p, 3, SQL_DOT)) /* where all collations are */
                for (int32_t i = 0; i < 4; i++) weft_sql_advance(p);
            WEFT_TRY(st, weft_sql_name(p, "the name of a collation", &name));
            WEFT_TRY(st, weft_sql_string_literal(p, name, at, &args[1]));
            WEFT_TRY(st, weft_sql_call(p, "collate", weft_sql_span_from(p, &start), args, 2, out));
        } else if (sql_is(p, SQL_DOT) && !sql_is_at(p, 1, SQL_STAR)) {
            const weft_expr *args[2] = {*out, NULL};
            const char *name = NULL;
            weft_sql_advance(p);
            const weft_span at = weft_sql_peek(p, 0)->span;
            WEFT_TRY(st, weft_sql_name(p, "the name of a field", &name));
            if ((*out)->kind == WEFT_EXPR_UNRESOLVED_COLUMN) {
                WEFT_TRY(st, append_part(p, &start, name, out));
                continue;
            }
            WEFT_TRY(st, weft_sql_string_literal(p, name, at, &args[1]));
            WEFT_TRY(st, weft_sql_call(p, ".", weft_sql_span_from(p, &start), args, 2, out));
        } else {
            break;
        }
    }
done:
    return st;
}
