/* engine/sql/substitute.c - parameter markers: they are replaced in the text before it is parsed, as Spark
 * does, so that a marker may stand wherever its value may. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/limits.h"
#include "engine/plan/pointers.h"
#include "engine/sql/lexer.h"
#include "engine/sql/parser.h"

/* A marker and its value: the same bytes of both texts. */
typedef struct weft_sql_change {
    weft_span marker;    /* in the first text */
    int32_t start, stop; /* in the replaced one */
    const char *sql;
} weft_sql_change;

typedef struct substitution {
    weft_ctx *ctx;
    const char *text;
    const weft_sql_parameter *parameters;
    int32_t count, positions; /* positional markers so far */
    bool named;               /* there was a named one */
    weft_span first_named;    /* where */
    weft_pointers changes;
} substitution;

/* May this token end an expression, so that a ':' right behind it reads a field? */
static bool ends_value(const sql_token *token)
{
    switch ((int)token->kind) {
    case SQL_WORD:
    case SQL_QUOTED:
    case SQL_STRING:
    case SQL_RAW_STRING:
    case SQL_RPAREN:
    case SQL_RBRACKET: return true;
    default: return false;
    }
}

static weft_status unbound(substitution *s, const weft_span *span, const char *name, int32_t len)
{
    return weft_fail_at(
        s->ctx, WEFT_UNBOUND_PARAMETER, span,
        "Found the unbound parameter: %.*s. Please, fix `args` and provide a mapping of the "
        "parameter to either a SQL literal or collection constructor functions such as `map()`, "
        "`array()`, `struct()`.",
        len, name);
}

static weft_status add_change(substitution *s, const weft_span *marker, const char *sql)
{
    weft_status st = WEFT_OK;
    weft_sql_change *change = NULL;
    WEFT_TRY(st, WEFT_NEW(s->ctx, &change));
    *change = (weft_sql_change){.marker = *marker, .sql = sql};
    WEFT_TRY(st, weft_pointers_push(s->ctx, &s->changes, change));
done:
    return st;
}

static weft_status mixed(substitution *s, const weft_span *span)
{
    return weft_fail_at(s->ctx, WEFT_MIXED_PARAMETERS, span,
                        "Parameterized query must either use positional, or named parameters, but not both.");
}

static weft_status take_named(substitution *s, const weft_span *marker)
{
    const char *name = s->text + marker->start + 1;
    const int32_t len = marker->stop - marker->start - 1;
    if (s->positions > 0) return mixed(s, marker);
    if (!s->named) s->first_named = *marker;
    s->named = true;
    for (int32_t i = 0; i < s->count; i++) {
        const weft_sql_parameter *p = &s->parameters[i];
        if (p->name != NULL && strlen(p->name) == (size_t)len && strncasecmp(p->name, name, (size_t)len) == 0)
            return add_change(s, marker, p->sql);
    }
    for (int32_t i = 0; i < s->count; i++) /* all_named() says so, once it is no mixture of both */
        if (s->parameters[i].name == NULL) return add_change(s, marker, s->parameters[i].sql);
    return unbound(s, marker, name, len);
}

/* A text that names its parameters is given none without a name. */
static weft_status all_named(substitution *s)
{
    for (int32_t i = 0; s->named && i < s->count; i++) {
        if (s->parameters[i].name != NULL) continue;
        return weft_fail_at(
            s->ctx, WEFT_PARAMETERS_NAMED, &s->first_named,
            "Using name parameterized queries requires all parameters to be named. Parameters "
            "missing names: \"%.100s\".",
            s->parameters[i].sql);
    }
    return WEFT_OK;
}

static weft_status take_positional(substitution *s, const weft_span *marker)
{
    char name[32];
    if (s->named) return mixed(s, marker);
    if (s->positions < s->count) return add_change(s, marker, s->parameters[s->positions++].sql);
    const int len = snprintf(name, sizeof(name), "_%d", (int)marker->start);
    return unbound(s, marker, name, len);
}

static weft_status find_markers(substitution *s, size_t len)
{
    weft_status st = WEFT_OK;
    sql_lexer lexer;
    sql_token before = {.kind = SQL_END}, token = {.kind = SQL_END};
    weft_sql_lexer_init(&lexer, s->text, len);
    for (;;) {
        before = token;
        token = weft_sql_lex(&lexer);
        if (token.kind == SQL_END || token.kind == SQL_BAD) break;
        if (token.kind == SQL_QUESTION) WEFT_TRY(st, take_positional(s, &token.span));
        if (token.kind != SQL_COLON) continue;
        const bool field = ends_value(&before) && before.span.stop == token.span.start;
        sql_lexer ahead = lexer;
        const sql_token name = weft_sql_lex(&ahead);
        if (field || name.kind != SQL_WORD || name.span.start != token.span.stop) continue;
        weft_span marker = token.span;
        marker.stop = name.span.stop;
        WEFT_TRY(st, take_named(s, &marker));
        lexer = ahead;
        token = name;
        token.kind = SQL_INTEGER; /* a value: no field follows it */
    }
done:
    return st;
}

/* The texts between the markers, and the values. A blank keeps "-" and "-1" apart. */
static weft_status write_text(substitution *s, size_t len, weft_sql_text *out)
{
    weft_status st = WEFT_OK;
    size_t bytes = len + 1;
    weft_sql_change *changes = NULL;
    int32_t from = 0;
    for (int32_t i = 0; i < s->changes.count; i++)
        bytes += strlen(((const weft_sql_change *)s->changes.items[i])->sql) + 2;
    if (bytes > WEFT_SQL_BYTES_MAX)
        WEFT_TRY(st, weft_fail(s->ctx, WEFT_LIMIT,
                               "with its parameters the statement has %zu bytes; at most %d "
                               "are taken",
                               bytes, WEFT_SQL_BYTES_MAX));
    WEFT_TRY(st, weft_arena_alloc(s->ctx, s->ctx->arena, bytes, (void **)&out->text));
    WEFT_TRY(st, WEFT_NEW_ARRAY(s->ctx, s->changes.count, &changes));
    out->len = 0;
    for (int32_t i = 0; i < s->changes.count; i++) {
        weft_sql_change *c = &changes[i];
        *c = *(const weft_sql_change *)s->changes.items[i];
        const size_t plain = (size_t)(c->marker.start - from), value = strlen(c->sql);
        memcpy(out->text + out->len, s->text + from, plain);
        out->len += plain;
        c->start = (int32_t)out->len;
        if (out->len > 0 && out->text[out->len - 1] == '-') out->text[out->len++] = ' ';
        memcpy(out->text + out->len, c->sql, value);
        out->len += value;
        c->stop = (int32_t)out->len;
        from = c->marker.stop;
    }
    memcpy(out->text + out->len, s->text + from, len - (size_t)from);
    out->len += len - (size_t)from;
    out->text[out->len] = '\0';
    out->change_count = s->changes.count;
    out->changes = changes;
done:
    return st;
}

weft_status weft_sql_substitute(weft_ctx *ctx, const char *text, size_t len,
                                const weft_sql_parameter *parameters, int32_t count, weft_sql_text *out)
{
    weft_status st = WEFT_OK;
    substitution s = {.ctx = ctx, .text = text, .parameters = parameters, .count = count};
    *out = (weft_sql_text){0};
    if (len > WEFT_SQL_BYTES_MAX)
        WEFT_TRY(st, weft_fail(ctx, WEFT_LIMIT, "the statement has %zu bytes; at most %d are taken", len,
                               WEFT_SQL_BYTES_MAX));
    if (count > 0) WEFT_TRY(st, find_markers(&s, len));
    WEFT_TRY(st, all_named(&s));
    WEFT_TRY(st, write_text(&s, len, out));
done:
    return st;
}

/* Where an offset of the replaced text comes from; end: the end of a value is the end of its marker. */
static int32_t origin_of(const weft_sql_text *replaced, int32_t at, bool end)
{
    int32_t shift = 0; /* of the text behind the changes so far */
    for (int32_t i = 0; i < replaced->change_count; i++) {
        const weft_sql_change *c = &replaced->changes[i];
        if (at < c->start || (end && at == c->start)) break;
        if (at < c->stop || (end && at == c->stop)) return end ? c->marker.stop : c->marker.start;
        shift = c->marker.stop - c->stop;
    }
    return at + shift;
}

weft_span weft_sql_origin(const weft_sql_text *replaced, const char *text, weft_span span)
{
    if (span.line == 0 || replaced->change_count == 0) return span;
    weft_span out = {.start = origin_of(replaced, span.start, false),
                     .stop = origin_of(replaced, span.stop, true),
                     .line = 1,
                     .column = 1};
    for (int32_t i = 0; i < out.start; i++) {
        const bool line = text[i] == '\n';
        out.line += line;
        if (line)
            out.column = 1;
        else
            out.column += ((unsigned char)text[i] & 0xC0) != 0x80;
    }
    return out;
}

/* ---- values ---- */

static bool is_not_constant(void *self, const weft_expr *e)
{
    static const char *const makers[] = {"array", "map", "struct", "named_struct", "negative"};
    (void)self;
    if (e->kind == WEFT_EXPR_LITERAL || e->kind == WEFT_EXPR_CAST || e->kind == WEFT_EXPR_ALIAS) return false;
    if (e->kind != WEFT_EXPR_UNRESOLVED_CALL) return true;
    for (int32_t i = 0; i < WEFT_COUNT(makers); i++)
        if (strcasecmp(e->unresolved.name, makers[i]) == 0) return false;
    return true;
}

weft_status weft_sql_check_value(weft_ctx *ctx, const char *text)
{
    weft_status st = WEFT_OK;
    char *select = NULL;
    const weft_node *node = NULL;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &select, "SELECT %s", text));
    st = weft_sql_parse(ctx, select, strlen(select), &node);
    ctx->error.span = (weft_span){0};
    if (st != WEFT_OK) goto done;
    const bool one = node->kind == WEFT_NODE_SELECT && node->select.item_count == 1 &&
                     node->select.from == NULL && node->select.where == NULL && node->select.having == NULL &&
                     node->select.qualify == NULL && node->select.group_count == 0 &&
                     !node->select.group_all && !node->select.distinct && node->select.window_count == 0;
    if (!one || weft_expr_any(node->select.items[0], is_not_constant, NULL))
        st = weft_fail(ctx, WEFT_INVALID, "the value of a parameter is no constant: %.200s", text);
done:
    return st;
}
