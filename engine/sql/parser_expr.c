/* engine/sql/parser_expr.c - expressions by precedence, lowest first:
 *
 *     OR, AND, NOT, predicate (BETWEEN, IN, LIKE, IS …), comparison, |, ^, &, shifts, + - ||, * / % DIV,
 * unary
 *
 * Predicates stand above comparison as in Spark's grammar, so `a = b IS NULL` asks whether the comparison is
 * NULL. */
#include "common/settings.h"
#include "engine/sql/parser_internal.h"

typedef struct binary_operator {
    uint8_t kind;       /* sql_token_kind */
    uint8_t precedence; /* higher binds tighter */
    const char *name;
} binary_operator;

enum { PRECEDENCE_LOWEST = 1, PRECEDENCE_TIMES = 7 };

static const binary_operator binary_operators[] = {
    {SQL_EQ, 1, "="},
    {SQL_NULL_EQ, 1, "<=>"},
    {SQL_NE, 1, "<>"},
    {SQL_LT, 1, "<"},
    {SQL_LE, 1, "<="},
    {SQL_GT, 1, ">"},
    {SQL_GE, 1, ">="},
    {SQL_PIPE, 2, "|"},
    {SQL_CARET, 3, "^"},
    {SQL_AMPERSAND, 4, "&"},
    {SQL_SHIFT_LEFT, 5, "<<"},
    {SQL_SHIFT_RIGHT, 5, ">>"},
    {SQL_SHIFT_RIGHT_UNSIGNED, 5, ">>>"},
    {SQL_PLUS, 6, "+"},
    {SQL_MINUS, 6, "-"},
    {SQL_CONCAT, 6, "||"},
    {SQL_STAR, 7, "*"},
    {SQL_SLASH, 7, "/"},
    {SQL_PERCENT, 7, "%"},
};
static const binary_operator div_operator = {SQL_WORD, PRECEDENCE_TIMES, "div"};

static const binary_operator *find_operator(sql_parser *p)
{
    if (sql_word(p, SQL_KW_DIV)) return &div_operator;
    const uint8_t kind = weft_sql_peek(p, 0)->kind;
    if (kind == SQL_PIPE && weft_sql_at_pipe(p)) return NULL;
    for (int32_t i = 0; i < WEFT_COUNT(binary_operators); i++) {
        if (binary_operators[i].kind == kind) return &binary_operators[i];
    }
    return NULL;
}

/* - + ~ over a primary. */
static weft_status parse_unary(sql_parser *p, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const sql_token token = *weft_sql_peek(p, 0);
    const uint8_t next = token.kind == SQL_MINUS ? weft_sql_peek(p, 1)->kind : SQL_END;
    const bool number = next == SQL_INTEGER || next == SQL_DECIMAL || next == SQL_EXPONENT ||
                        next == SQL_SUFFIXED;
    const char *name = token.kind == SQL_MINUS   ? "(unary_minus)"
                       : token.kind == SQL_PLUS  ? "positive"
                       : token.kind == SQL_TILDE ? "~"
                                                 : NULL;
    sql_frame frame = {0};
    if (name == NULL || number)
        return weft_sql_primary(p, out); /* a negative literal is one token to the primary */
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    weft_sql_advance(p);
    const weft_expr *arg = NULL;
    WEFT_TRY(st, parse_unary(p, &arg));
    WEFT_TRY(st, weft_sql_call(p, name, weft_sql_span_from(p, &token.span), &arg, 1, out));
    sql_leave(p, frame);
done:
    return st;
}

/* A long chain of one of + * || is one call of many args from the CHAIN_BINARY-th operator on, so that its
 * height does not grow with its length: f(a, b, c) stands for f(f(a, b), c). */
enum { CHAIN_BINARY = 100 };

typedef struct operator_chain {
    const char *name;   /* of the operators read last */
    int32_t count;      /* how many of them */
    weft_pointers args; /* of the call of many args, when there is one */
} operator_chain;

static weft_status chain_end(sql_parser *p, operator_chain *chain, const weft_span *start,
                             const weft_expr **left)
{
    weft_status st = WEFT_OK;
    if (chain->args.count > 0) {
        WEFT_TRY(st, weft_sql_call(p, chain->name, weft_sql_span_from(p, start),
                                   weft_pointers_exprs(&chain->args), chain->args.count, left));
    }
    *chain = (operator_chain){0};
done:
    return st;
}

static weft_status chain_add(sql_parser *p, operator_chain *chain, const binary_operator *op,
                             const weft_span *start, const weft_expr *right, const weft_expr **left)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[2] = {*left, right};
    const bool chains = op->kind == SQL_PLUS || op->kind == SQL_STAR || op->kind == SQL_CONCAT;
    chain->name = op->name;
    chain->count++;
    if (!chains || chain->count < CHAIN_BINARY) {
        WEFT_TRY(st, weft_sql_call(p, op->name, weft_sql_span_from(p, start), args, 2, left));
    } else {
        if (chain->args.count == 0) WEFT_TRY(st, weft_pointers_push(p->ctx, &chain->args, *left));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &chain->args, right));
    }
done:
    return st;
}

/* Operators of at least this precedence, from the left. */
static weft_status parse_binary(sql_parser *p, int32_t precedence, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    sql_frame frame = {0};
    operator_chain chain = {0};
    const weft_expr *left = NULL, *right = NULL;
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    WEFT_TRY(st, parse_unary(p, &left));
    for (;;) {
        const binary_operator *op = find_operator(p);
        if (op == NULL || op->precedence < precedence) break;
        if (chain.name != op->name) WEFT_TRY(st, chain_end(p, &chain, &start, &left));
        weft_sql_advance(p);
        WEFT_TRY(st, parse_binary(p, op->precedence + 1, &right));
        WEFT_TRY(st, chain_add(p, &chain, op, &start, right, &left));
    }
    WEFT_TRY(st, chain_end(p, &chain, &start, &left));
    sql_leave(p, frame);
    *out = left;
done:
    return st;
}

weft_status weft_sql_value_expr(sql_parser *p, const weft_expr **out)
{
    return parse_binary(p, PRECEDENCE_LOWEST, out);
}

/* A boolean form over args. */
static weft_status make(sql_parser *p, weft_expr_kind kind, const weft_span *start,
                        const weft_expr *const *args, int32_t count, const weft_expr **out)
{
    weft_expr *e = NULL;
    const weft_status st = weft_sql_expr_new(p, kind, weft_sql_span_from(p, start), args, count, &e);
    *out = e;
    return st;
}

/* The same of what is named otherwise (analyzer_named_form.c), be it of one test alone. */
static weft_status make_written(sql_parser *p, weft_expr_kind kind, const weft_span *start,
                                const char *written, const weft_pointers *tests, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr *e = NULL;
    WEFT_TRY(st, weft_sql_expr_new(p, kind, weft_sql_span_from(p, start), weft_pointers_exprs(tests),
                                   tests->count, &e));
    e->form.written = written;
    *out = e;
done:
    return st;
}

static weft_status negate(sql_parser *p, const weft_span *start, bool negated, const weft_expr **e)
{
    return negated ? make(p, WEFT_EXPR_NOT, start, e, 1, e) : WEFT_OK;
}

static weft_status parse_between(sql_parser *p, const weft_span *start, const weft_expr *value,
                                 const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *low[2] = {value, NULL}, *high[2] = {value, NULL};
    weft_pointers both = {0};
    const weft_expr *test = NULL;
    WEFT_TRY(st, weft_sql_repeat(p, p->operand)); /* the value is used twice */
    WEFT_TRY(st, weft_sql_value_expr(p, &low[1]));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_AND));
    WEFT_TRY(st, weft_sql_value_expr(p, &high[1]));
    const weft_span span = weft_sql_span_from(p, start);
    WEFT_TRY(st, weft_sql_call(p, ">=", span, low, 2, &test));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &both, test));
    WEFT_TRY(st, weft_sql_call(p, "<=", span, high, 2, &test));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &both, test));
    st = make_written(p, WEFT_EXPR_AND, start, "between", &both, out);
done:
    return st;
}

bool weft_sql_is_row(const weft_expr *e)
{
    return e->kind == WEFT_EXPR_UNRESOLVED_CALL && strcmp(e->unresolved.name, WEFT_ROW_FUNCTION) == 0;
}

/* What is compared of an item of a row: names of its fields do not count. */
static const weft_expr *unnamed(const weft_expr *item)
{
    return item->kind == WEFT_EXPR_ALIAS ? item->args[0] : item;
}

/* (a, b) IN ((1, 2), (3, 4)) is an OR of ANDs of equalities: the same three-valued answer, without structs.
 */
static weft_status parse_in_rows(sql_parser *p, const weft_span *start, const weft_expr *row, int64_t weight,
                                 const weft_pointers *items, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers cases = {0};
    const int32_t height = p->height; /* of all operands */
    for (int32_t i = 0; i < items->count; i++) {
        const weft_expr *item = weft_pointers_exprs(items)[i];
        weft_pointers parts = {0};
        const weft_expr *all = NULL;
        p->height = height; /* the cases lie side by side */
        if (i > 0) WEFT_TRY(st, weft_sql_repeat(p, weight));
        if (!weft_sql_is_row(item) || item->arg_count != row->arg_count) {
            const char *text =
                "Items of this IN list have another number of columns than its left side: that";
            WEFT_TRY(st, weft_sql_unsupported(p, &item->span, text));
        }
        for (int32_t k = 0; k < row->arg_count; k++) {
            const weft_expr *pair[2] = {unnamed(row->args[k]), unnamed(item->args[k])};
            p->height = height;
            WEFT_TRY(st, weft_sql_call(p, "=", item->span, pair, 2, &all));
            WEFT_TRY(st, weft_pointers_push(p->ctx, &parts, all));
        }
        WEFT_TRY(st, make(p, WEFT_EXPR_AND, start, weft_pointers_exprs(&parts), parts.count, &all));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &cases, all));
    }
    WEFT_TRY(st, make_written(p, WEFT_EXPR_OR, start, "in", &cases, out));
done:
    return st;
}

static weft_status parse_in(sql_parser *p, const weft_span *start, const weft_expr *value,
                            const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr *e = NULL;
    weft_pointers args = {0};
    const int64_t weight = p->operand;
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    if (sql_is(p, SQL_RPAREN))
        return weft_fail_at(
            p->ctx, WEFT_EMPTY_IN, start,
            "Invalid SQL syntax: IN predicate requires at least one value. Empty IN clauses like 'IN ()' "
            "are not allowed. Consider using 'WHERE FALSE' if you need an always-false condition, or "
            "provide at least one value in the IN list.");
    bool query = weft_sql_begins_query(p); /* ((SELECT 1), 2) is a list */
    if (query && sql_is(p, SQL_LPAREN)) WEFT_TRY(st, weft_sql_query_continues(p, &query));
    if (query) {
        const weft_node *plan = NULL;
        WEFT_TRY(st, weft_sql_query(p, &plan));
        WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
        const bool row = weft_sql_is_row(value);
        for (int32_t i = 0; row && i < value->arg_count; i++)
            WEFT_TRY(st, weft_pointers_push(p->ctx, &args, unnamed(value->args[i])));
        if (!row) WEFT_TRY(st, weft_pointers_push(p->ctx, &args, value));
        WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_SUBQUERY, weft_sql_span_from(p, start),
                                       weft_pointers_exprs(&args), args.count, &e));
        e->subquery.kind = WEFT_SUBQUERY_IN;
        e->subquery.plan = plan;
        *out = e;
        goto done;
    }
    if (weft_sql_is_row(value)) {
        WEFT_TRY(st, weft_sql_exprs(p, &args));
        WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
        WEFT_TRY(st, parse_in_rows(p, start, value, weight, &args, out));
        goto done;
    }
    WEFT_TRY(st, weft_pointers_push(p->ctx, &args, value));
    WEFT_TRY(st, weft_sql_exprs(p, &args));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    WEFT_TRY(st, make(p, WEFT_EXPR_IN, start, weft_pointers_exprs(&args), args.count, out));
done:
    return st;
}

/* After LIKE and its kin: ANY|SOME|ALL (patterns), or one pattern with ESCAPE. */
static weft_status parse_like(sql_parser *p, const weft_span *start, const char *name, const weft_expr *value,
                              bool *negated, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[3] = {value, NULL, NULL};
    int32_t count = 2;
    const bool many = sql_is_at(p, 1, SQL_LPAREN);
    const bool all = many && sql_word(p, SQL_KW_ALL);
    if (all || (many && (sql_word(p, SQL_KW_ANY) || sql_word(p, SQL_KW_SOME)))) {
        weft_pointers patterns = {0}, tests = {0};
        const int64_t weight = p->operand; /* of the value, which each pattern uses */
        int32_t height = 0;                /* of all operands */
        weft_sql_advance(p);
        weft_sql_advance(p);
        if (sql_is(p, SQL_RPAREN))
            return weft_fail_at(p->ctx, WEFT_EMPTY_PATTERNS, start,
                                "Invalid SQL syntax: Expected something between '(' and ')'.");
        WEFT_TRY(st, weft_sql_exprs(p, &patterns));
        WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
        height = p->height;
        for (int32_t i = 0; i < patterns.count; i++) {
            const weft_expr *test = NULL;
            p->height = height; /* the tests lie side by side */
            args[1] = weft_pointers_exprs(&patterns)[i];
            if (i > 0) WEFT_TRY(st, weft_sql_repeat(p, weight));
            WEFT_TRY(st, weft_sql_call(p, name, weft_sql_span_from(p, start), args, 2, &test));
            WEFT_TRY(st, negate(p, start, *negated, &test)); /* NOT LIKE ALL: each one does not match */
            WEFT_TRY(st, weft_pointers_push(p->ctx, &tests, test));
        }
        const char *written = all        ? (*negated ? "notlikeall" : "likeall")
                              : *negated ? "notlikeany"
                                         : "likeany";
        *negated = false;
        WEFT_TRY(st, make_written(p, all ? WEFT_EXPR_AND : WEFT_EXPR_OR, start, written, &tests, out));
        goto done;
    }
    WEFT_TRY(st, weft_sql_value_expr(p, &args[1]));
    if (weft_sql_accept_word(p, SQL_KW_ESCAPE)) {
        const char *escape = NULL;
        size_t len = 0;
        const weft_span span = weft_sql_peek(p, 0)->span;
        WEFT_TRY(st, weft_sql_string(p, "the escape character as a string", &escape, &len));
        if (len != 1) {
            WEFT_TRY(st,
                     weft_fail_at(p->ctx, WEFT_INVALID_ESCAPE, &span,
                                  "Found an invalid escape string: '%.40s'. The escape string must contain "
                                  "only one character.",
                                  escape));
        }
        WEFT_TRY(st, weft_sql_string_literal(p, escape, span, &args[2]));
        count = 3;
    }
    WEFT_TRY(st, weft_sql_call(p, name, weft_sql_span_from(p, start), args, count, out));
done:
    return st;
}

/* ! for NOT behind a value: by a setting only. */
static weft_status check_bang(sql_parser *p)
{
    if (!sql_is(p, SQL_BANG) || weft_setting(p->ctx, WEFT_SET_BANG_EQUALS_NOT) != 0) return WEFT_OK;
    const weft_span span = weft_sql_peek(p, 0)->span;
    return weft_fail_at(p->ctx, WEFT_BANG_EQUALS_NOT, &span,
                        "Support of the clause or keyword: ! has been discontinued in this context. The "
                        "'!' keyword is only supported as an alias for the prefix operator 'NOT'. Use the "
                        "'NOT' keyword instead for infix clauses such as `NOT LIKE`, `NOT IN`, "
                        "`NOT BETWEEN`, etc. To re-enable the '!' keyword, set "
                        "\"spark.sql.legacy.bangEqualsNot\" to \"true\".");
}

/* After IS: [NOT] NULL, TRUE, FALSE, UNKNOWN, DISTINCT FROM. */
static weft_status parse_is(sql_parser *p, const weft_span *start, const weft_expr *value,
                            const weft_expr **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, check_bang(p));
    const bool negated = weft_sql_accept_word(p, SQL_KW_NOT) || weft_sql_accept(p, SQL_BANG);
    const weft_expr *args[2] = {value, NULL};
    const bool unknown = weft_sql_accept_word(p, SQL_KW_UNKNOWN);
    if (unknown || weft_sql_accept_word(p, SQL_KW_NULL)) {
        const weft_expr_kind kind = negated ? WEFT_EXPR_IS_NOT_NULL : WEFT_EXPR_IS_NULL;
        weft_expr *test = NULL;
        WEFT_TRY(st, weft_sql_expr_new(p, kind, weft_sql_span_from(p, start), &value, 1, &test));
        test->form.written = unknown ? "unknown" : NULL;
        *out = test;
        goto done;
    }
    if (weft_sql_accept_word(p, SQL_KW_DISTINCT)) {
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_FROM));
        WEFT_TRY(st, weft_sql_value_expr(p, &args[1]));
        WEFT_TRY(st, weft_sql_call(p, "<=>", weft_sql_span_from(p, start), args, 2, out));
        WEFT_TRY(st, negate(p, start, !negated, out));
        goto done;
    }
    const bool truth = sql_word(p, SQL_KW_TRUE);
    if (!truth && !sql_word(p, SQL_KW_FALSE)) {
        WEFT_TRY(st, weft_sql_syntax_error(p, "NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM"));
    }
    weft_sql_advance(p);
    const weft_value literal = {.type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), .boolean = truth};
    WEFT_TRY(st, weft_sql_literal(p, literal, p->last, &args[1]));
    WEFT_TRY(st, weft_sql_call(p, "<=>", weft_sql_span_from(p, start), args, 2, out));
    WEFT_TRY(st, negate(p, start, negated, out));
done:
    return st;
}

static weft_status parse_predicate(sql_parser *p, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const weft_expr *e = NULL;
    const int64_t before = p->weight;
    WEFT_TRY(st, weft_sql_value_expr(p, &e));
    for (;;) {
        p->operand = p->weight - before;
        const int32_t at = sql_word(p, SQL_KW_NOT) || sql_is(p, SQL_BANG) ? 1 : 0; /* NOT LIKE, ! LIKE */
        const sql_token *token = weft_sql_peek(p, at);
        const uint16_t keyword = token->kind == SQL_WORD ? token->keyword : SQL_KW_NONE;
        const char *like = keyword == SQL_KW_LIKE                                ? "like"
                           : keyword == SQL_KW_ILIKE                             ? "ilike"
                           : keyword == SQL_KW_RLIKE || keyword == SQL_KW_REGEXP ? "rlike"
                                                                                 : NULL;
        bool negated = at > 0;
        if (keyword == SQL_KW_IS && !negated) {
            weft_sql_advance(p);
            WEFT_TRY(st, parse_is(p, &start, e, &e));
            continue;
        }
        if (keyword != SQL_KW_BETWEEN && keyword != SQL_KW_IN && like == NULL) break;
        WEFT_TRY(st, check_bang(p));
        for (int32_t i = 0; i <= at; i++) weft_sql_advance(p);
        if (keyword == SQL_KW_BETWEEN)
            WEFT_TRY(st, parse_between(p, &start, e, &e));
        else if (keyword == SQL_KW_IN)
            WEFT_TRY(st, parse_in(p, &start, e, &e));
        else
            WEFT_TRY(st, parse_like(p, &start, like, e, &negated, &e));
        WEFT_TRY(st, negate(p, &start, negated, &e));
    }
    *out = e;
done:
    return st;
}

static weft_status parse_not(sql_parser *p, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    sql_frame frame = {0};
    if (!sql_word(p, SQL_KW_NOT) && !sql_is(p, SQL_BANG)) return parse_predicate(p, out);
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    weft_sql_advance(p);
    const weft_expr *arg = NULL;
    WEFT_TRY(st, parse_not(p, &arg));
    WEFT_TRY(st, make(p, WEFT_EXPR_NOT, &start, &arg, 1, out));
    sql_leave(p, frame);
done:
    return st;
}

/* A chain of AND (or of OR over AND chains) is one node of many args: its height does not grow with its
 * length. */
static weft_status parse_chain(sql_parser *p, bool is_or, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_pointers args = {0};
    const weft_expr *arg = NULL;
    sql_frame frame = {0};
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    for (;;) {
        WEFT_TRY(st, is_or ? parse_chain(p, false, &arg) : parse_not(p, &arg));
        const bool more = sql_word(p, is_or ? SQL_KW_OR : SQL_KW_AND);
        if (!more && args.count == 0) break;
        WEFT_TRY(st, weft_pointers_push(p->ctx, &args, arg));
        if (!more) {
            WEFT_TRY(st, make(p, is_or ? WEFT_EXPR_OR : WEFT_EXPR_AND, &start, weft_pointers_exprs(&args),
                              args.count, &arg));
            break;
        }
        weft_sql_advance(p);
    }
    sql_leave(p, frame);
    *out = arg;
done:
    return st;
}

weft_status weft_sql_expr(sql_parser *p, const weft_expr **out) { return parse_chain(p, true, out); }

weft_status weft_sql_exprs(sql_parser *p, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    do {
        const weft_expr *e = NULL;
        WEFT_TRY(st, weft_sql_expr(p, &e));
        WEFT_TRY(st, weft_pointers_push(p->ctx, out, e));
    } while (weft_sql_accept(p, SQL_COMMA));
done:
    return st;
}
