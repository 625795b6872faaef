/* engine/sql/parser.c - the parser's entry, its cursor over tokens, and the making of nodes. */
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "common/settings.h"
#include "engine/sql/parser_internal.h"

/* ---- cursor ---- */

const sql_token *weft_sql_peek(sql_parser *p, int32_t ahead)
{
    assert(ahead < SQL_LOOKAHEAD);
    while (p->look_count <= ahead) {
        p->look[(p->look_first + p->look_count) % SQL_LOOKAHEAD] = weft_sql_lex(&p->lexer);
        p->look_count++;
    }
    return &p->look[(p->look_first + ahead) % SQL_LOOKAHEAD];
}

void weft_sql_advance(sql_parser *p)
{
    const sql_token *token = weft_sql_peek(p, 0);
    if (token->kind == SQL_END || token->kind == SQL_BAD)
        return; /* these stay, so that no rule runs past them */
    p->last = token->span;
    p->look_first = (p->look_first + 1) % SQL_LOOKAHEAD;
    p->look_count--;
}

bool weft_sql_accept(sql_parser *p, sql_token_kind kind)
{
    if (!sql_is(p, kind)) return false;
    weft_sql_advance(p);
    return true;
}

bool weft_sql_accept_word(sql_parser *p, sql_keyword keyword)
{
    if (!sql_word(p, keyword)) return false;
    weft_sql_advance(p);
    return true;
}

bool weft_sql_token_is(const sql_parser *p, const sql_token *token, const char *text)
{
    const size_t len = (size_t)(token->span.stop - token->span.start);
    return token->kind == SQL_WORD && strlen(text) == len &&
           strncasecmp(p->text + token->span.start, text, len) == 0;
}

bool weft_sql_is_text(sql_parser *p, int32_t ahead, const char *text)
{
    return weft_sql_token_is(p, weft_sql_peek(p, ahead), text);
}

bool weft_sql_accept_text(sql_parser *p, const char *text)
{
    if (!weft_sql_is_text(p, 0, text)) return false;
    weft_sql_advance(p);
    return true;
}

weft_status weft_sql_expect(sql_parser *p, sql_token_kind kind, const char *what)
{
    return weft_sql_accept(p, kind) ? WEFT_OK : weft_sql_syntax_error(p, what);
}

weft_status weft_sql_expect_word(sql_parser *p, sql_keyword keyword)
{
    return weft_sql_accept_word(p, keyword) ? WEFT_OK
                                            : weft_sql_syntax_error(p, weft_sql_keyword_text(keyword));
}

static weft_status lexical_error(sql_parser *p, const weft_span *span)
{
    switch (p->lexer.problem) {
    case SQL_OPEN_COMMENT:
        return weft_fail_at(
            p->ctx, WEFT_UNCLOSED_BRACKETED_COMMENT, span,
            "Found an unclosed bracketed comment. Please, append */ at the end of the comment.");
    case SQL_OPEN_STRING:
        weft_fail_at(p->ctx, WEFT_PARSE_SYNTAX_ERROR, span, "Syntax error: this string is not closed.");
        weft_hint(p->ctx,
                  "Put the same quote at its end; a quote inside is written twice or after a backslash.");
        return WEFT_PARSE_SYNTAX_ERROR;
    case SQL_OPEN_NAME:
        weft_fail_at(p->ctx, WEFT_PARSE_SYNTAX_ERROR, span, "Syntax error: this quoted name is not closed.");
        weft_hint(p->ctx, "Put ` at its end; a ` inside is written twice.");
        return WEFT_PARSE_SYNTAX_ERROR;
    case SQL_NO_PROBLEM: break;
    }
    return weft_fail_at(p->ctx, WEFT_INTERNAL, span, "the lexer gave a bad token without a reason");
}

static weft_status fail_unquoted(sql_parser *p, const weft_span *span)
{
    const int len = (int)weft_min_i32(span->stop - span->start, 100);
    const char *name = p->text + span->start;
    return weft_fail_at(
        p->ctx, WEFT_INVALID_IDENTIFIER, span,
        "The unquoted identifier %.*s is invalid and must be back quoted as: `%.*s`. Unquoted "
        "identifiers can only contain ASCII letters ('a' - 'z', 'A' - 'Z'), digits ('0' - "
        "'9'), and underbar ('_'). Unquoted identifiers must also not start with a digit. "
        "Different data sources and meta stores may impose additional restrictions on valid "
        "identifiers.",
        len, name, len, name);
}

/* my-table, where a - b cannot stand: its name was not quoted. */
static bool at_hyphen(sql_parser *p)
{
    const sql_token *minus = weft_sql_peek(p, 0);
    const weft_span span = minus->span;
    if (minus->kind != SQL_MINUS || !sql_is_at(p, 1, SQL_WORD) || p->last.stop != span.start) return false;
    const char before = p->text[span.start - 1];
    return (isalnum((unsigned char)before) || before == '_') && weft_sql_peek(p, 1)->span.start == span.stop;
}

weft_status weft_sql_syntax_error(sql_parser *p, const char *expected)
{
    weft_span name = p->last;
    if (!at_hyphen(p)) return weft_sql_plain_error(p, expected);
    name.stop = weft_sql_peek(p, 1)->span.stop;
    return fail_unquoted(p, &name);
}

weft_status weft_sql_plain_error(sql_parser *p, const char *expected)
{
    const sql_token *token = weft_sql_peek(p, 0);
    const weft_span span = token->span;
    weft_status st = WEFT_PARSE_SYNTAX_ERROR;
    if (token->kind == SQL_BAD) return lexical_error(p, &span);
    if (token->kind == SQL_END) {
        st = weft_fail_at(p->ctx, WEFT_PARSE_SYNTAX_ERROR, &span, "Syntax error at or near end of input.");
    } else {
        const int32_t len = weft_min_i32(span.stop - span.start, 100);
        st = weft_fail_at(p->ctx, WEFT_PARSE_SYNTAX_ERROR, &span, "Syntax error at or near %s%.*s%s.",
                          token->kind == SQL_STRING ? "" : "'", (int)len, p->text + span.start,
                          token->kind == SQL_STRING ? "" : "'");
    }
    if (expected != NULL) weft_hint(p->ctx, "Expected %s here.", expected);
    return st;
}

weft_status weft_sql_unsupported(sql_parser *p, const weft_span *span, const char *what)
{
    return weft_fail_at(p->ctx, WEFT_UNSUPPORTED, span, "%s is not supported.", what);
}

weft_span weft_sql_span_from(const sql_parser *p, const weft_span *start)
{
    weft_span span = *start;
    if (p->last.stop > span.start) span.stop = p->last.stop;
    return span;
}

static weft_status too_deep(sql_parser *p)
{
    const weft_span span = weft_sql_peek(p, 0)->span;
    weft_fail_at(
        p->ctx, WEFT_NESTING_TOO_DEEP, &span,
        "The statement, or parts of the statement, was too complex to be parsed: it is nested more than "
        "%d levels deep.",
        WEFT_EXPR_DEPTH_MAX);
    weft_hint(p->ctx,
              "Split the statement, or replace a long chain of operators by IN, concat(...) or a join.");
    return WEFT_NESTING_TOO_DEEP;
}

weft_status weft_sql_enter(sql_parser *p, sql_frame *frame)
{
    /* A level of parentheses passes three rules that enter. */
    if (p->depth >= 3 * WEFT_EXPR_DEPTH_MAX) return too_deep(p);
    p->depth++;
    *frame = (sql_frame){.height = p->height, .weight = p->weight};
    p->height = 0;
    p->weight = 0;
    return WEFT_OK;
}

weft_status weft_sql_repeat(sql_parser *p, int64_t weight)
{
    /* A statement of the largest size has fewer nodes than that without any repetition. */
    enum { WEIGHT_MAX = WEFT_SQL_BYTES_MAX / 2 };
    p->weight += weight;
    return p->weight > WEIGHT_MAX ? too_deep(p) : WEFT_OK;
}

weft_status weft_sql_grow(sql_parser *p) { return ++p->height > WEFT_EXPR_DEPTH_MAX ? too_deep(p) : WEFT_OK; }

/* ---- names ---- */

weft_status weft_sql_text_copy(sql_parser *p, int32_t start, int32_t stop, const char **out)
{
    weft_status st = WEFT_OK;
    char *copy = NULL;
    WEFT_TRY(st, weft_arena_copy(p->ctx, p->ctx->arena, p->text + start, (size_t)(stop - start), &copy));
    *out = copy;
done:
    return st;
}

/* Names of other letters than those of ASCII stand in backquotes. */
static weft_status expect_plain(sql_parser *p, const weft_span *span, const char *name)
{
    for (const char *c = name; *c != '\0'; c++)
        if ((*c & 0x80) != 0) return fail_unquoted(p, span);
    return WEFT_OK;
}

weft_status weft_sql_name(sql_parser *p, const char *what, const char **out)
{
    weft_status st = WEFT_OK;
    const sql_token token = *weft_sql_peek(p, 0);
    if (token.kind == SQL_WORD && !p->in_identifier && weft_sql_at_identifier(p)) {
        const char *const *parts = NULL;
        int32_t count = 0;
        WEFT_TRY(st, weft_sql_identifier(p, &parts, &count));
        *out = parts[0];
        if (count == 1) return WEFT_OK;
        return weft_fail_at(p->ctx, WEFT_NAME_PARTS, &token.span,
                            "IDENTIFIER gives a name of %d parts where one is expected.", count);
    }
    if (token.kind == SQL_WORD) {
        WEFT_TRY(st, weft_sql_text_copy(p, token.span.start, token.span.stop, out));
        WEFT_TRY(st, expect_plain(p, &token.span, *out));
    } else if (token.kind == SQL_QUOTED) {
        char *name = NULL;
        size_t len = 0;
        WEFT_TRY(st, weft_sql_unquote(p->ctx, p->text, &token, &name, &len));
        if (len == 0 || strlen(name) != len)
            WEFT_TRY(st, weft_sql_syntax_error(p, "a name that is not empty"));
        *out = name;
    } else {
        WEFT_TRY(st, weft_sql_syntax_error(p, what));
    }
    weft_sql_advance(p);
done:
    return st;
}

weft_status weft_sql_names(sql_parser *p, const char *what, const char *const **parts, int32_t *count)
{
    weft_status st = WEFT_OK;
    weft_pointers list = {0};
    if (!p->in_identifier && weft_sql_at_identifier(p)) return weft_sql_identifier(p, parts, count);
    do {
        const char *name = NULL;
        WEFT_TRY(st, weft_sql_name(p, what, &name));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &list, name));
    } while (weft_sql_accept(p, SQL_DOT));
    *parts = weft_pointers_texts(&list);
    *count = list.count;
done:
    return st;
}

weft_status weft_sql_name_list(sql_parser *p, const char *const **names, int32_t *count)
{
    weft_status st = WEFT_OK;
    weft_pointers list = {0};
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    do {
        const char *name = NULL;
        WEFT_TRY(st, weft_sql_name(p, "a name", &name));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &list, name));
        if (weft_sql_accept_word(p, SQL_KW_COMMENT)) { /* a view's column may have a comment */
            const char *comment = NULL;
            size_t len = 0;
            WEFT_TRY(st, weft_sql_string(p, "the comment as a string", &comment, &len));
        }
    } while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    *names = weft_pointers_texts(&list);
    *count = list.count;
done:
    return st;
}

static bool is_string(sql_parser *p) { return sql_is(p, SQL_STRING) || sql_is(p, SQL_RAW_STRING); }

weft_status weft_sql_string(sql_parser *p, const char *what, const char **out, size_t *len)
{
    weft_status st = WEFT_OK;
    char *text = NULL, *joined = NULL;
    size_t count = 0;
    if (!is_string(p)) WEFT_TRY(st, weft_sql_syntax_error(p, what));
    WEFT_TRY(st, weft_sql_unquote(p->ctx, p->text, weft_sql_peek(p, 0), &text, &count));
    weft_sql_advance(p);
    if (is_string(p)) {
        /* Room for all of them at once: the parts are no longer than their tokens. */
        sql_lexer ahead = p->lexer;
        const weft_span first = weft_sql_peek(p, 0)->span;
        ahead.position = first.start;
        ahead.previous = 0;
        sql_token token = weft_sql_lex(&ahead);
        int32_t stop = first.start;
        while (token.kind == SQL_STRING || token.kind == SQL_RAW_STRING) {
            stop = token.span.stop;
            token = weft_sql_lex(&ahead);
        }
        WEFT_TRY(st, weft_arena_alloc(p->ctx, p->ctx->arena, count + (size_t)(stop - first.start) + 1,
                                      (void **)&joined));
        memcpy(joined, text, count);
        while (is_string(p)) {
            size_t more = 0;
            WEFT_TRY(st, weft_sql_unquote(p->ctx, p->text, weft_sql_peek(p, 0), &text, &more));
            memcpy(joined + count, text, more);
            count += more;
            weft_sql_advance(p);
        }
        text = joined;
    }
    *out = text;
    *len = count;
done:
    return st;
}

/* ---- nodes ---- */

enum { NODES_CHECKED = 256 }; /* nodes of a frame between two looks at the cancel flag */

weft_status weft_sql_expr_new(sql_parser *p, weft_expr_kind kind, weft_span span,
                              const weft_expr *const *args, int32_t count, weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr *e = NULL;
    const weft_expr **copy = NULL;
    WEFT_TRY(st, WEFT_NEW(p->ctx, &e));
    if (count > 0) {
        WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, count, &copy));
        memcpy(copy, args, (size_t)count * sizeof *copy);
        WEFT_TRY(st, weft_sql_grow(p));
    }
    if (p->weight % NODES_CHECKED == 0) WEFT_TRY(st, weft_check_cancel(p->ctx));
    p->weight++;
    e->kind = kind;
    e->nullable = true;
    e->span = span;
    e->arg_count = count;
    e->args = copy;
    *out = e;
done:
    return st;
}

weft_status weft_sql_call(sql_parser *p, const char *name, weft_span span, const weft_expr *const *args,
                          int32_t count, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr *e = NULL;
    WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_UNRESOLVED_CALL, span, args, count, &e));
    e->unresolved.name = name;
    *out = e;
done:
    return st;
}

weft_status weft_sql_literal(sql_parser *p, weft_value value, weft_span span, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr *e = NULL;
    WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_LITERAL, span, NULL, 0, &e));
    e->type = value.type;
    e->nullable = value.is_null;
    e->literal = value;
    *out = e;
done:
    return st;
}

weft_status weft_sql_string_literal(sql_parser *p, const char *text, weft_span span, const weft_expr **out)
{
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING),
                              .str = weft_str_view(text, (uint32_t)strlen(text))};
    return weft_sql_literal(p, value, span, out);
}

weft_status weft_sql_node_new(sql_parser *p, weft_node_kind kind, weft_span span,
                              const weft_node *const *inputs, int32_t count, weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    const weft_node **copy = NULL;
    WEFT_TRY(st, WEFT_NEW(p->ctx, &node));
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, count, &copy));
    for (int32_t i = 0; i < count; i++) copy[i] = inputs[i];
    WEFT_TRY(st, weft_sql_grow(p));
    node->kind = kind;
    node->span = span;
    node->input_count = count;
    node->inputs = copy;
    node->output.count = -1;
    *out = node;
done:
    return st;
}

/* ---- entry ---- */

/* Offset of the first byte that is not UTF-8, or len. */
static size_t valid_utf8(const char *text, size_t len)
{
    size_t i = 0;
    while (i < len) {
        const unsigned char c = (unsigned char)text[i];
        size_t more = 0;
        if (c < 0x80) {
            i++;
            continue;
        }
        if (c >= 0xC2 && c <= 0xDF)
            more = 1;
        else if (c >= 0xE0 && c <= 0xEF)
            more = 2;
        else if (c >= 0xF0 && c <= 0xF4)
            more = 3;
        else
            return i;
        if (more >= len - i) return i;
        for (size_t k = 1; k <= more; k++) {
            if (((unsigned char)text[i + k] & 0xC0) != 0x80) return i;
        }
        const unsigned char second = (unsigned char)text[i + 1];
        if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second > 0x9F) || (c == 0xF0 && second < 0x90) ||
            (c == 0xF4 && second > 0x8F)) {
            return i; /* overlong, a surrogate, or beyond U+10FFFF */
        }
        i += more + 1;
    }
    return len;
}

weft_status weft_sql_check_text(weft_ctx *ctx, const char *text, size_t len)
{
    if (len > WEFT_SQL_BYTES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "the statement has %zu bytes; at most %d are taken", len,
                         WEFT_SQL_BYTES_MAX);
    const size_t valid = valid_utf8(text, len);
    if (valid == len) return WEFT_OK;
    return weft_fail(ctx, WEFT_PARSE_SYNTAX_ERROR, "byte 0x%02x at offset %zu is not valid UTF-8.",
                     (unsigned)(unsigned char)text[valid], valid);
}

weft_status weft_sql_parse(weft_ctx *ctx, const char *text, size_t len, const weft_node **out)
{
    return weft_sql_parse_in(ctx, NULL, text, len, 0, out);
}

static weft_status parse_local(sql_parser *p, weft_sql_local *out)
{
    weft_status st = WEFT_OK;
    *out = (weft_sql_local){.label = ""};
    WEFT_TRY(st, weft_sql_name(p, "the name of a variable", &out->name));
    if (weft_sql_accept(p, SQL_DOT)) {
        out->label = out->name;
        WEFT_TRY(st, weft_sql_name(p, "the name of a variable", &out->name));
    }
    WEFT_TRY(st, weft_sql_expect(p, SQL_EQ, "'='"));
    WEFT_TRY(st, weft_sql_expr(p, &out->value));
done:
    return st;
}

weft_status weft_sql_parse_locals(weft_ctx *ctx, const char *text, size_t len, const weft_sql_local **out,
                                  int32_t *count, size_t *from)
{
    weft_status st = WEFT_OK;
    sql_parser p = {.ctx = ctx, .text = text};
    weft_pointers list = {0};
    weft_sql_local *all = NULL;
    *count = 0;
    *from = 0;
    *out = NULL;
    WEFT_TRY(st, weft_sql_check_text(ctx, text, len));
    weft_sql_lexer_init(&p.lexer, text, len);
    p.lexer.double_quotes_name = weft_setting(ctx, WEFT_SET_DOUBLE_QUOTED_NAMES) != 0;
    if (!weft_sql_is_text(&p, 0, "LOCAL") || !sql_is_at(&p, 1, SQL_LPAREN)) goto done;
    weft_sql_advance(&p);
    weft_sql_advance(&p);
    do {
        weft_sql_local *one = NULL;
        WEFT_TRY(st, WEFT_NEW(ctx, &one));
        WEFT_TRY(st, parse_local(&p, one));
        WEFT_TRY(st, weft_pointers_push(ctx, &list, one));
    } while (weft_sql_accept(&p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_expect(&p, SQL_RPAREN, "',' or ')'"));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, list.count, &all));
    for (int32_t i = 0; i < list.count; i++) all[i] = *(const weft_sql_local *)list.items[i];
    *out = all;
    *count = list.count;
    *from = (size_t)p.last.stop;
done:
    return st;
}

weft_status weft_sql_parse_in(weft_ctx *ctx, const weft_catalog *catalog, const char *text, size_t len,
                              size_t from, const weft_node **out)
{
    weft_status st = WEFT_OK;
    sql_parser p = {.ctx = ctx, .text = text, .catalog = catalog};
    weft_node *root = NULL;
    WEFT_TRY(st, weft_sql_check_text(ctx, text, len));
    weft_sql_lexer_init(&p.lexer, text, len);
    p.lexer.double_quotes_name = weft_setting(ctx, WEFT_SET_DOUBLE_QUOTED_NAMES) != 0;
    p.lexer.position = (int32_t)from;
    while (weft_sql_accept(&p, SQL_SEMICOLON)) {
    }
    if (sql_is(&p, SQL_END)) {
        WEFT_TRY(st, weft_fail(ctx, WEFT_PARSE_EMPTY_STATEMENT, "Syntax error, unexpected empty statement."));
    }
    WEFT_TRY(st, weft_sql_statement(&p, out));
    while (weft_sql_accept(&p, SQL_SEMICOLON)) {
    }
    if (!sql_is(&p, SQL_END)) WEFT_TRY(st, weft_sql_syntax_error(&p, NULL));
    if (p.calls.count == 0) goto done;
    WEFT_TRY(st, WEFT_NEW(ctx, &root));
    *root = **out;
    root->call_count = p.calls.count;
    root->calls = weft_pointers_exprs(&p.calls);
    *out = root;
done:
    return st;
}
