/* engine/sql/parser_identifier.c - IDENTIFIER(expression): a name that a constant text says. It is looked at
 * while the statement is parsed, so that it may stand wherever a name may. */
#include <string.h>

#include "engine/expr/cast.h"
#include "engine/plan/analyzer.h"
#include "engine/sql/parser_internal.h"

bool weft_sql_at_identifier(sql_parser *p)
{
    return weft_sql_is_text(p, 0, "IDENTIFIER") && sql_is_at(p, 1, SQL_LPAREN);
}

static weft_status refuse(sql_parser *p, const weft_span *span, weft_status code, const char *why)
{
    const int32_t len = weft_min_i32(span->stop - span->start, 200);
    return weft_fail_at(
        p->ctx, code, span,
        "The expression %.*s used for the routine or clause IDENTIFIER must be a constant STRING "
        "which is NOT NULL. %s",
        (int)len, p->text + span->start, why);
}

static bool is_subquery(void *self, const weft_expr *e)
{
    (void)self;
    return e->kind == WEFT_EXPR_SUBQUERY;
}

/* What the expression is, without any row; *constant false: it takes more than that to tell. */
static weft_status evaluate(sql_parser *p, const weft_expr *e, weft_value *out, bool *constant)
{
    weft_status st = WEFT_OK;
    *constant = false;
    weft_ids ids = {.next = 1};
    const weft_catalog none = {.find = NULL};
    const weft_node select = {
        .kind = WEFT_NODE_SELECT, .output = {.count = -1}, .select = {.item_count = 1, .items = &e}};
    const weft_node *bound = NULL;
    const weft_expr *value = NULL;
    if (weft_expr_any(e, is_subquery, NULL)) return WEFT_OK;
    WEFT_TRY(st, weft_analyze(p->ctx, p->catalog != NULL ? p->catalog : &none, &ids, &select, &bound));
    value = bound->kind == WEFT_NODE_PROJECT ? bound->project.exprs[0] : NULL;
    while (value != NULL && value->kind == WEFT_EXPR_ALIAS) value = value->args[0];
    if (value != NULL) WEFT_TRY(st, weft_expr_fold(p->ctx, value, &value));
    *constant = value != NULL && value->kind == WEFT_EXPR_LITERAL;
    if (*constant) *out = value->literal;
done:
    return st;
}

weft_status weft_sql_constant_text(sql_parser *p, const weft_expr *e, const weft_span *span, const char *key,
                                   const char **out)
{
    weft_status st = WEFT_OK;
    weft_value value = {0};
    char *text = NULL;
    bool constant = false;
    *out = NULL;
    if (p->in_script) return WEFT_OK; /* what the parameters in it are is not known yet */
    WEFT_TRY(st, evaluate(p, e, &value, &constant));
    if (!constant || weft_type_is_nested(value.type))
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_OPTION_CONSTANT, span,
                                  "Invalid SQL syntax: option or property key %s is invalid; only constant "
                                  "expressions are supported.",
                                  key));
    if (value.is_null)
        *out = "null";
    else
        WEFT_TRY(st, weft_value_cast_text(p->ctx, &value, &text));
    if (text != NULL) *out = text;
done:
    return st;
}

/* The text as a name with dots. */
static weft_status names_of(sql_parser *p, const weft_span *span, const weft_str *text,
                            const char *const **parts, int32_t *count)
{
    weft_status st = WEFT_OK;
    char *copy = NULL;
    WEFT_TRY(st, weft_arena_copy(p->ctx, p->ctx->arena, weft_str_data(text), text->len, &copy));
    sql_parser inner = {.ctx = p->ctx, .text = copy, .in_identifier = true};
    weft_sql_lexer_init(&inner.lexer, copy, text->len);
    st = weft_sql_names(&inner, "a name", parts, count);
    if (st == WEFT_OK && !sql_is(&inner, SQL_END)) st = weft_sql_syntax_error(&inner, NULL);
    if (st != WEFT_OK) p->ctx->error.span = *span;
done:
    return st;
}

weft_status weft_sql_constant_name(sql_parser *p, const weft_expr *e, const weft_span *span,
                                   const char *const **parts, int32_t *count)
{
    static const char not_constant[] = "To be considered constant the expression must not depend on any "
                                       "columns, contain a subquery, or invoke "
                                       "a non deterministic function such as rand().";
    weft_status st = WEFT_OK;
    weft_value value = {0};
    char type[256], *why = NULL;
    bool constant = false;
    if (p->in_script) {
        static const char *const unknown[] = {"identifier"};
        *parts = unknown;
        *count = 1;
        goto done;
    }
    st = evaluate(p, e, &value, &constant);
    if (st == WEFT_UNRESOLVED_COLUMN || st == WEFT_UNRESOLVED_COLUMN_ALONE) {
        weft_error_clear(p->ctx);
        st = WEFT_OK;
    }
    WEFT_TRY(st, st);
    if (!constant) WEFT_TRY(st, refuse(p, span, WEFT_NOT_A_CONSTANT_STRING, not_constant));
    if (value.type.id != WEFT_TYPE_STRING) {
        WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &why, "The data type of the expression is %s.",
                                       weft_type_text(value.type, type, sizeof(type))));
        WEFT_TRY(st, refuse(p, span, WEFT_NOT_A_CONSTANT_STRING_TYPE, why));
    }
    if (value.is_null)
        WEFT_TRY(st, refuse(p, span, WEFT_NOT_A_CONSTANT_STRING_NULL, "The expression evaluates to NULL."));
    WEFT_TRY(st, names_of(p, span, &value.str, parts, count));
done:
    return st;
}

weft_status weft_sql_identifier(sql_parser *p, const char *const **parts, int32_t *count)
{
    weft_status st = WEFT_OK;
    const weft_expr *e = NULL;
    sql_frame frame = {0};
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    weft_sql_advance(p);
    weft_sql_advance(p);
    const weft_span start = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, weft_sql_expr(p, &e));
    const weft_span span = weft_sql_span_from(p, &start);
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    sql_leave(p, frame);
    st = weft_sql_constant_name(p, e, &span, parts, count);
done:
    return st;
}
