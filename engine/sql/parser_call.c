/* engine/sql/parser_call.c - function calls (DISTINCT, FILTER, OVER), window specifications, and the forms
 * that have a syntax of their own: CAST, EXTRACT, SUBSTRING FROM, TRIM FROM, POSITION IN, CURRENT_DATE. */
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "engine/sql/parser_internal.h"

/* ---- windows ---- */

static weft_status parse_bound(sql_parser *p, weft_bound_kind *kind, const weft_expr **offset)
{
    weft_status st = WEFT_OK;
    *offset = NULL;
    if (sql_word(p, SQL_KW_CURRENT) && sql_word_at(p, 1, SQL_KW_ROW)) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        *kind = WEFT_BOUND_CURRENT_ROW;
        goto done;
    }
    const bool unbounded = weft_sql_accept_word(p, SQL_KW_UNBOUNDED);
    if (!unbounded) WEFT_TRY(st, weft_sql_value_expr(p, offset));
    if (weft_sql_accept_word(p, SQL_KW_PRECEDING)) {
        *kind = unbounded ? WEFT_BOUND_UNBOUNDED_PRECEDING : WEFT_BOUND_PRECEDING;
    } else if (weft_sql_accept_word(p, SQL_KW_FOLLOWING)) {
        *kind = unbounded ? WEFT_BOUND_UNBOUNDED_FOLLOWING : WEFT_BOUND_FOLLOWING;
    } else {
        WEFT_TRY(st, weft_sql_syntax_error(p, "PRECEDING or FOLLOWING"));
    }
done:
    return st;
}

static weft_status parse_frame(sql_parser *p, weft_window_spec *spec)
{
    weft_status st = WEFT_OK;
    if (!sql_word(p, SQL_KW_ROWS) && !sql_word(p, SQL_KW_RANGE)) return WEFT_OK;
    spec->has_frame = true;
    spec->rows = sql_word(p, SQL_KW_ROWS);
    weft_sql_advance(p);
    if (weft_sql_accept_word(p, SQL_KW_BETWEEN)) {
        WEFT_TRY(st, parse_bound(p, &spec->low, &spec->low_offset));
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_AND));
        WEFT_TRY(st, parse_bound(p, &spec->high, &spec->high_offset));
    } else {
        WEFT_TRY(st, parse_bound(p, &spec->low, &spec->low_offset));
        spec->high = WEFT_BOUND_CURRENT_ROW;
    }
done:
    return st;
}

/* ( [PARTITION BY …] [ORDER BY …] [frame] ): the parentheses too. */
weft_status weft_sql_window_spec(sql_parser *p, const weft_window_spec **out)
{
    weft_status st = WEFT_OK;
    weft_window_spec *spec = NULL;
    weft_pointers partition = {0}, order = {0};
    WEFT_TRY(st, WEFT_NEW(p->ctx, &spec));
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    if (weft_sql_accept_word(p, SQL_KW_PARTITION) || weft_sql_accept_word(p, SQL_KW_DISTRIBUTE) ||
        weft_sql_accept_word(p, SQL_KW_CLUSTER)) {
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_BY));
        WEFT_TRY(st, weft_sql_exprs(p, &partition));
    }
    if (weft_sql_accept_word(p, SQL_KW_ORDER) || weft_sql_accept_word(p, SQL_KW_SORT)) {
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_BY));
        WEFT_TRY(st, weft_sql_sort_keys(p, &order));
    }
    WEFT_TRY(st, parse_frame(p, spec));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "PARTITION BY, ORDER BY, a frame or ')'"));
    spec->partition_count = partition.count;
    spec->partition = weft_pointers_exprs(&partition);
    spec->order_count = order.count;
    spec->order = weft_pointers_exprs(&order);
    *out = spec;
done:
    return st;
}

/* OVER (spec) or OVER name: WINDOW over the call; a named window is its second argument, a column of that
 * name. */
static weft_status parse_over(sql_parser *p, const weft_span *start, const weft_expr *call,
                              const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[2] = {call, NULL};
    const weft_window_spec *spec = NULL;
    weft_expr *e = NULL, *name = NULL;
    const char **parts = NULL;
    sql_frame frame = {0};
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    const bool parenthesis = sql_is(p, SQL_LPAREN);
    const uint8_t first = weft_sql_peek(p, 1)->kind;
    const bool named = !parenthesis ||
                       ((first == SQL_WORD || first == SQL_QUOTED) && sql_is_at(p, 2, SQL_RPAREN));
    if (named) {
        if (parenthesis) weft_sql_advance(p);
        const weft_span span = weft_sql_peek(p, 0)->span;
        WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, 1, &parts));
        WEFT_TRY(st, weft_sql_name(p, "the name of a window or '('", &parts[0]));
        WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_UNRESOLVED_COLUMN, span, NULL, 0, &name));
        name->name.part_count = 1;
        name->name.parts = parts;
        args[1] = name;
        if (parenthesis) WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    } else {
        WEFT_TRY(st, weft_sql_window_spec(p, &spec));
    }
    sql_leave(p, frame);
    WEFT_TRY(st,
             weft_sql_expr_new(p, WEFT_EXPR_WINDOW, weft_sql_span_from(p, start), args, named ? 2 : 1, &e));
    e->window.spec = spec;
    *out = e;
done:
    return st;
}

/* ---- calls ---- */

static bool accept_nulls(sql_parser *p, bool *ignore)
{
    const bool is_ignore = sql_word(p, SQL_KW_IGNORE);
    if ((!is_ignore && !sql_word(p, SQL_KW_RESPECT)) || !sql_word_at(p, 1, SQL_KW_NULLS)) return false;
    weft_sql_advance(p);
    weft_sql_advance(p);
    *ignore = is_ignore;
    return true;
}

static weft_status parse_filter(sql_parser *p, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_WHERE));
    WEFT_TRY(st, weft_sql_expr(p, out));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
done:
    return st;
}

/* a.b.f as "a.b.f". */
static weft_status join_name(sql_parser *p, const char *const *parts, int32_t count, const char **out)
{
    weft_status st = WEFT_OK;
    char *joined = NULL;
    const bool builtin = count > 1 && strcasecmp(parts[count - 2], "builtin") == 0 &&
                         (count == 2 || (count == 3 && strcasecmp(parts[0], "system") == 0));
    *out = parts[builtin ? count - 1 : 0];
    for (int32_t i = 1; i < count && !builtin; i++) {
        WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &joined, "%s.%s", *out, parts[i]));
        *out = joined;
    }
done:
    return st;
}

/* The function that a name stands for where a unit comes first; or NULL. */
static const char *unit_function(const char *name)
{
    static const char *const adds[] = {"timestampadd", "dateadd", "date_add"};
    static const char *const diffs[] = {"timestampdiff", "datediff", "date_diff", "timediff"};
    for (int32_t i = 0; i < WEFT_COUNT(adds); i++)
        if (strcasecmp(name, adds[i]) == 0) return "(timestampadd)";
    for (int32_t i = 0; i < WEFT_COUNT(diffs); i++)
        if (strcasecmp(name, diffs[i]) == 0) return "(timestampdiff)";
    return NULL;
}

/* The unit is no text: dateadd('DAY', 1, d). */
static weft_status refuse_quoted_unit(sql_parser *p, const char *name, const weft_pointers *args)
{
    const weft_expr *first = args->count == 3 ? args->items[0] : NULL;
    if (first == NULL || unit_function(name) == NULL || first->kind != WEFT_EXPR_LITERAL ||
        first->literal.type.id != WEFT_TYPE_STRING || first->literal.is_null)
        return WEFT_OK;
    return weft_fail_at(
        p->ctx, WEFT_DATETIME_UNIT, &first->span,
        "The value of parameter(s) `unit` in `%s` is invalid: expects one of the units without "
        "quotes YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFYEAR, HOUR, MINUTE, SECOND, MILLISECOND, "
        "MICROSECOND, but got the string literal '%.*s'.",
        name, (int)weft_min_i64(first->literal.str.len, 100), weft_str_data(&first->literal.str));
}

/* timestampadd(HOUR, 1, t), datediff(DAY, a, b) and their kin: the unit is a word. *name becomes the function
 * that takes it as a text; *unit stays NULL where the call is of another form. */
static weft_status parse_unit(sql_parser *p, const char **name, const weft_expr **unit)
{
    weft_status st = WEFT_OK;
    static const char *const units[] = {"YEAR", "QUARTER", "MONTH",  "WEEK",        "DAY",        "DAYOFYEAR",
                                        "HOUR", "MINUTE",  "SECOND", "MILLISECOND", "MICROSECOND"};
    const char *function = unit_function(*name), *word = NULL;
    const sql_token token = *weft_sql_peek(p, 0);
    if (function == NULL || token.kind != SQL_WORD || !sql_is_at(p, 1, SQL_COMMA)) return WEFT_OK;
    for (int32_t i = 0; i < WEFT_COUNT(units); i++) {
        if (weft_sql_is_text(p, 0, units[i])) word = units[i];
    }
    if (word == NULL) return WEFT_OK;
    weft_sql_advance(p);
    weft_sql_advance(p);
    if (strcmp(word, "DAYOFYEAR") == 0) word = "DAY";
    *name = function;
    WEFT_TRY(st, weft_sql_string_literal(p, word, token.span, unit));
done:
    return st;
}

/* The word was a column after all. */
static weft_status parse_unit_column(sql_parser *p, const weft_expr *unit, const void **out)
{
    weft_status st = WEFT_OK;
    const char **parts = NULL;
    weft_expr *e = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, 1, &parts));
    WEFT_TRY(st, weft_sql_text_copy(p, unit->span.start, unit->span.stop, &parts[0]));
    WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_UNRESOLVED_COLUMN, unit->span, NULL, 0, &e));
    e->name.part_count = 1;
    e->name.parts = parts;
    *out = e;
done:
    return st;
}

weft_status weft_sql_fields(sql_parser *p, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    do {
        const weft_expr *e = NULL;
        const weft_span start = weft_sql_peek(p, 0)->span;
        WEFT_TRY(st, weft_sql_expr(p, &e));
        const bool as = weft_sql_accept_word(p, SQL_KW_AS);
        const int32_t next = (int32_t)weft_sql_peek(p, 0)->kind;
        if (as || next == SQL_WORD || next == SQL_QUOTED) {
            const char *name = NULL;
            weft_expr *alias = NULL;
            WEFT_TRY(st, weft_sql_name(p, "the name of a field", &name));
            WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_ALIAS, weft_sql_span_from(p, &start), &e, 1, &alias));
            alias->alias.name = name;
            e = alias;
        }
        WEFT_TRY(st, weft_pointers_push(p->ctx, out, e));
    } while (weft_sql_accept(p, SQL_COMMA));
done:
    return st;
}

/* collection => a: the name of the one argument of a generator. */
static weft_status parse_named(sql_parser *p, const char *name)
{
    static const char *const generators[][2] = {
        {"explode", "COLLECTION"},    {"explode_outer", "COLLECTION"},
        {"posexplode", "COLLECTION"}, {"posexplode_outer", "COLLECTION"},
        {"inline", "INPUT"},          {"inline_outer", "INPUT"},
        {"variant_explode", "INPUT"}, {"variant_explode_outer", "INPUT"}};
    if (!sql_is(p, SQL_WORD) || !sql_is_at(p, 1, SQL_FAT_ARROW)) return WEFT_OK;
    for (int32_t i = 0; i < WEFT_COUNT(generators); i++) {
        if (strcasecmp(name, generators[i][0]) != 0 || !weft_sql_is_text(p, 0, generators[i][1])) continue;
        weft_sql_advance(p);
        weft_sql_advance(p);
        return WEFT_OK;
    }
    return WEFT_OK;
}

/* expression, … or name => expression, …: a call of "=>" over the name and the value. */
static weft_status parse_arguments(sql_parser *p, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    do {
        const weft_expr *pair[2] = {NULL, NULL};
        const sql_token token = *weft_sql_peek(p, 0);
        const char *name = NULL;
        const bool named = (token.kind == SQL_WORD || token.kind == SQL_QUOTED) &&
                           sql_is_at(p, 1, SQL_FAT_ARROW);
        if (named) {
            WEFT_TRY(st, weft_sql_name(p, "the name of a parameter", &name));
            weft_sql_advance(p);
            WEFT_TRY(st, weft_sql_string_literal(p, name, token.span, &pair[0]));
        }
        WEFT_TRY(st, weft_sql_expr(p, &pair[1]));
        if (named)
            WEFT_TRY(st, weft_sql_call(p, "=>", weft_sql_span_from(p, &token.span), pair, 2, &pair[1]));
        WEFT_TRY(st, weft_pointers_push(p->ctx, out, pair[1]));
    } while (weft_sql_accept(p, SQL_COMMA));
done:
    return st;
}

/* The arguments between the parentheses; *name may become another one. */
static weft_status parse_call_args(sql_parser *p, const char **name, weft_pointers *args)
{
    weft_status st = WEFT_OK;
    const char *written = *name;
    const weft_expr *unit = NULL;
    if (strcasecmp(*name, "struct") == 0) return weft_sql_fields(p, args);
    WEFT_TRY(st, parse_named(p, *name));
    WEFT_TRY(st, parse_unit(p, name, &unit));
    if (unit != NULL) WEFT_TRY(st, weft_pointers_push(p->ctx, args, unit));
    WEFT_TRY(st, parse_arguments(p, args));
    if (unit == NULL) WEFT_TRY(st, refuse_quoted_unit(p, *name, args));
    if (unit != NULL && args->count != 3) { /* datediff(day, d) of a column with the name of a unit */
        *name = written;
        WEFT_TRY(st, parse_unit_column(p, unit, &args->items[0]));
    }
done:
    return st;
}

/* The arguments of a call with an order become those that aggregates with one have: of percentiles the key,
 * the share and whether it is descending, of mode the key and a or d, of listagg text, separator, an a or d
 * for each key (a capital where NULLs come first), and the keys. */
static weft_status within_args(sql_parser *p, const char *name, const weft_pointers *keys,
                               weft_pointers *args)
{
    weft_status st = WEFT_OK;
    const weft_expr *first = keys->items[0], *literal = NULL;
    const bool descending = first->sort.descending;
    weft_pointers moved = {0};
    char *order = NULL;
    if (strcasecmp(name, "listagg") == 0 || strcasecmp(name, "string_agg") == 0) {
        const weft_value none = {.type = WEFT_TYPE_OF(WEFT_TYPE_NULL), .is_null = true};
        WEFT_TRY(st, weft_arena_alloc(p->ctx, p->ctx->arena, (size_t)keys->count + 1, (void **)&order));
        for (int32_t i = 0; i < keys->count; i++) {
            const weft_expr *key = keys->items[i];
            order[i] = key->sort.descending ? 'd' : 'a';
            if (key->sort.nulls_first) order[i] = (char)toupper(order[i]);
        }
        order[keys->count] = '\0';
        if (args->count < 2) {
            WEFT_TRY(st, weft_sql_literal(p, none, first->span, &literal));
            WEFT_TRY(st, weft_pointers_push(p->ctx, args, literal));
        }
        WEFT_TRY(st, weft_sql_string_literal(p, order, first->span, &literal));
        WEFT_TRY(st, weft_pointers_push(p->ctx, args, literal));
        for (int32_t i = 0; i < keys->count; i++)
            WEFT_TRY(st, weft_pointers_push(p->ctx, args, weft_pointers_exprs(keys)[i]->args[0]));
        goto done;
    }
    WEFT_TRY(st, weft_pointers_push(p->ctx, &moved, first->args[0]));
    if (strcasecmp(name, "mode") == 0) {
        WEFT_TRY(st, weft_sql_string_literal(p, descending ? "d" : "a", first->span, &literal));
    } else {
        const weft_value flag = {.type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), .boolean = descending};
        WEFT_TRY(st, weft_pointers_push(p->ctx, &moved, args->items[0]));
        WEFT_TRY(st, weft_sql_literal(p, flag, first->span, &literal));
    }
    WEFT_TRY(st, weft_pointers_push(p->ctx, &moved, literal));
    *args = moved;
done:
    return st;
}

/* f(args) WITHIN GROUP (ORDER BY key [DESC] [NULLS …], …) */
static weft_status parse_within_group(sql_parser *p, const char *name, const weft_span *start, bool distinct,
                                      weft_pointers *args)
{
    static const struct {
        const char *name;
        int32_t low, high; /* arguments in the parentheses */
        bool one_key;
    } forms[] = {{"percentile_cont", 1, 1, true},
                 {"percentile_disc", 1, 1, true},
                 {"mode", 0, 0, true},
                 {"listagg", 1, 2, false},
                 {"string_agg", 1, 2, false}};
    weft_status st = WEFT_OK;
    weft_pointers keys = {0};
    int32_t form = 0;
    weft_sql_advance(p);
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_ORDER));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_BY));
    WEFT_TRY(st, weft_sql_sort_keys(p, &keys));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    while (form < WEFT_COUNT(forms) && strcasecmp(name, forms[form].name) != 0) form++;
    if (form == WEFT_COUNT(forms)) {
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_FUNCTION_SYNTAX, start,
                                  "The function %s does not support WITHIN GROUP (ORDER BY ...).", name));
    }
    if (distinct && forms[form].one_key) {
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_WITHIN_GROUP_DISTINCT, start,
                                  "%s does not support DISTINCT with WITHIN GROUP.", name));
    }
    if (forms[form].one_key && keys.count != 1) {
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_WITHIN_GROUP_ORDERINGS, start,
                                  "%s requires 1 orderings in WITHIN GROUP but got %d.", name, keys.count));
    }
    if (args->count < forms[form].low || args->count > forms[form].high) {
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_WRONG_NUM_ARGS, start,
                                  "The function \"%s\" takes %d to %d arguments before WITHIN GROUP, but was "
                                  "given %d.",
                                  name, forms[form].low, forms[form].high, args->count));
    }
    WEFT_TRY(st, within_args(p, name, &keys, args));
done:
    return st;
}

weft_status weft_sql_function(sql_parser *p, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_pointers args = {0};
    weft_expr *e = NULL;
    const weft_expr *filter = NULL;
    const char *name = NULL;
    const char *const *parts = NULL;
    int32_t count = 0;
    bool ignore_nulls = false;
    sql_frame frame = {0};
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    const bool identifier = weft_sql_at_identifier(p);
    WEFT_TRY(st, weft_sql_names(p, "the name of a function", &parts, &count));
    if (identifier && !sql_is(p, SQL_LPAREN)) { /* a column */
        WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_UNRESOLVED_COLUMN, weft_sql_span_from(p, &start), NULL, 0,
                                       &e));
        e->name.part_count = count;
        e->name.parts = parts;
        *out = e;
        sql_leave(p, frame);
        goto done;
    }
    WEFT_TRY(st, join_name(p, parts, count, &name));
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    const bool distinct = weft_sql_accept_word(p, SQL_KW_DISTINCT);
    if (!distinct && sql_word(p, SQL_KW_ALL) && !sql_is_at(p, 1, SQL_COMMA) && !sql_is_at(p, 1, SQL_RPAREN)) {
        weft_sql_advance(p);
    }
    if (distinct || !sql_is(p, SQL_RPAREN)) {
        WEFT_TRY(st, parse_call_args(p, &name, &args));
        accept_nulls(p, &ignore_nulls);
    }
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    if (sql_word(p, SQL_KW_WITHIN) && sql_word_at(p, 1, SQL_KW_GROUP)) {
        WEFT_TRY(st, parse_within_group(p, name, &start, distinct, &args));
    }
    if (sql_word(p, SQL_KW_FILTER) && sql_is_at(p, 1, SQL_LPAREN)) WEFT_TRY(st, parse_filter(p, &filter));
    accept_nulls(p, &ignore_nulls);
    WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_UNRESOLVED_CALL, weft_sql_span_from(p, &start),
                                   weft_pointers_exprs(&args), args.count, &e));
    e->unresolved.name = name;
    e->unresolved.distinct = distinct;
    e->unresolved.ignore_nulls = ignore_nulls;
    e->unresolved.filter = filter;
    *out = e;
    WEFT_TRY(st, weft_pointers_push(p->ctx, &p->calls, e));
    if (weft_sql_accept_word(p, SQL_KW_OVER)) WEFT_TRY(st, parse_over(p, &start, e, out));
    sql_leave(p, frame);
done:
    return st;
}

/* ---- special forms ---- */

/* CAST(x AS type), TRY_CAST(x AS type) */
static weft_status parse_cast(sql_parser *p, const weft_span *start, bool try_, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *arg = NULL;
    weft_expr *e = NULL;
    weft_type type = {0};
    WEFT_TRY(st, weft_sql_expr(p, &arg));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_AS));
    WEFT_TRY(st, weft_sql_type(p, &type));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_CAST, weft_sql_span_from(p, start), &arg, 1, &e));
    e->type = type;
    e->cast.try_ = try_;
    *out = e;
done:
    return st;
}

/* EXTRACT(field FROM x): a call of extract with the field as a string. */
static weft_status parse_extract(sql_parser *p, const weft_span *start, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[2] = {NULL, NULL};
    const char *field = NULL;
    size_t len = 0;
    const weft_span span = weft_sql_peek(p, 0)->span;
    if (sql_is(p, SQL_STRING))
        WEFT_TRY(st, weft_sql_string(p, "a field", &field, &len));
    else
        WEFT_TRY(st, weft_sql_name(p, "a field such as YEAR", &field));
    WEFT_TRY(st, weft_sql_string_literal(p, field, span, &args[0]));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_FROM));
    WEFT_TRY(st, weft_sql_value_expr(p, &args[1]));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    WEFT_TRY(st, weft_sql_call(p, "extract", weft_sql_span_from(p, start), args, 2, out));
done:
    return st;
}

/* SUBSTRING(x FROM a [FOR b]) as well as SUBSTRING(x, a [, b]); how many arguments a call has is for the
 * function to say. */
static weft_status parse_substring(sql_parser *p, const weft_span *start, const char *name,
                                   const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers args = {0};
    bool worded = false;
    for (bool more = !sql_is(p, SQL_RPAREN); more;) {
        const weft_expr *arg = NULL;
        WEFT_TRY(st, weft_sql_expr(p, &arg));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &args, arg));
        more = (args.count == 1 && weft_sql_accept_word(p, SQL_KW_FROM)) ||
               (args.count == 2 && weft_sql_accept_word(p, SQL_KW_FOR));
        worded |= more;
        if (!worded || args.count < 3) more = more || weft_sql_accept(p, SQL_COMMA);
    }
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    WEFT_TRY(st, weft_sql_call(p, worded ? "substring" : name, weft_sql_span_from(p, start),
                               weft_pointers_exprs(&args), args.count, out));
done:
    return st;
}

/* OVERLAY(x PLACING y FROM n [FOR m]), or the plain call. */
static weft_status parse_overlay(sql_parser *p, const weft_span *start, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[4] = {NULL};
    int32_t count = 1;
    WEFT_TRY(st, weft_sql_expr(p, &args[0]));
    const bool placing = weft_sql_is_text(p, 0, "PLACING");
    if (placing) {
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_expr(p, &args[count++]));
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_FROM));
        WEFT_TRY(st, weft_sql_expr(p, &args[count++]));
        if (weft_sql_accept_word(p, SQL_KW_FOR)) WEFT_TRY(st, weft_sql_expr(p, &args[count++]));
    }
    while (!placing && count < 4 && weft_sql_accept(p, SQL_COMMA))
        WEFT_TRY(st, weft_sql_expr(p, &args[count++]));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    WEFT_TRY(st, weft_sql_call(p, "overlay", weft_sql_span_from(p, start), args, count, out));
done:
    return st;
}

/* TRIM([BOTH | LEADING | TRAILING] [characters] FROM x); the plain call is a function. */
static weft_status parse_trim(sql_parser *p, const weft_span *start, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[2] = {NULL, NULL};
    const char *name = "btrim";
    int32_t count = 1;
    bool sided = true;
    if (weft_sql_accept(p, SQL_RPAREN)) /* how many arguments it has is for the function to say */
        return weft_sql_call(p, "trim", weft_sql_span_from(p, start), args, 0, out);
    if (weft_sql_accept_word(p, SQL_KW_LEADING))
        name = "ltrim";
    else if (weft_sql_accept_word(p, SQL_KW_TRAILING))
        name = "rtrim";
    else
        sided = weft_sql_accept_word(p, SQL_KW_BOTH);
    if (sided && weft_sql_accept_word(p, SQL_KW_FROM)) {
        WEFT_TRY(st, weft_sql_expr(p, &args[0]));
    } else {
        WEFT_TRY(st, weft_sql_expr(p, &args[1]));
        if (weft_sql_accept_word(p, SQL_KW_FROM)) {
            WEFT_TRY(st, weft_sql_expr(p, &args[0]));
            count = 2;
        } else if (sided) {
            WEFT_TRY(st, weft_sql_syntax_error(p, "FROM"));
        } else {
            args[0] = args[1];
            if (weft_sql_accept(p, SQL_COMMA)) { /* TRIM(characters, x), Spark's order */
                WEFT_TRY(st, weft_sql_expr(p, &args[0]));
                count = 2;
            }
        }
    }
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    if (count == 1 && strcmp(name, "btrim") == 0) name = "trim";
    if (count == 2 && strcmp(name, "btrim") != 0) { /* ltrim(characters, x) */
        const weft_expr *text = args[0];
        args[0] = args[1];
        args[1] = text;
    }
    if (count == 2 && strcmp(name, "btrim") == 0) name = "(trim_both)"; /* only its column name differs */
    WEFT_TRY(st, weft_sql_call(p, name, weft_sql_span_from(p, start), args, count, out));
done:
    return st;
}

/* POSITION(a IN b) and POSITION(a, b [, from]). */
static weft_status parse_position(sql_parser *p, const weft_span *start, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers args = {0};
    bool in = false;
    for (bool more = !sql_is(p, SQL_RPAREN); more;) {
        const weft_expr *arg = NULL;
        WEFT_TRY(st, weft_sql_value_expr(p, &arg));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &args, arg));
        if (args.count == 1) in = weft_sql_accept_word(p, SQL_KW_IN);
        more = (args.count == 1 && in) || weft_sql_accept(p, SQL_COMMA);
    }
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    WEFT_TRY(st, weft_sql_call(p, in ? "locate" : "position", weft_sql_span_from(p, start),
                               weft_pointers_exprs(&args), args.count, out));
done:
    return st;
}

/* current_timestamp(6) and its kin are the calls without digits, those of more are cast; *out stays NULL for
 * other functions. */
static weft_status parse_moment(sql_parser *p, const sql_token *token, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    static const struct {
        const char *word, *function;
        weft_type_id type;
    } moments[] = {{"CURRENT_TIMESTAMP", "current_timestamp", WEFT_TYPE_TIMESTAMP},
                   {"NOW", "now", WEFT_TYPE_TIMESTAMP},
                   {"LOCALTIMESTAMP", "localtimestamp", WEFT_TYPE_TIMESTAMP_NTZ}};
    int32_t at = 0;
    while (at < WEFT_COUNT(moments) && !weft_sql_is_text(p, 0, moments[at].word)) at++;
    if (at == WEFT_COUNT(moments)) return WEFT_OK;
    weft_sql_advance(p);
    weft_sql_advance(p);
    const weft_span span = weft_sql_peek(p, 0)->span;
    const bool one = span.stop - span.start == 1;
    const int32_t digits = one ? p->text[span.start] - '0' : INT32_MAX;
    weft_type type;
    weft_expr *nanos = NULL;
    WEFT_TRY(st, weft_sql_timestamp_digits(p, &span, moments[at].type, digits, &type));
    weft_sql_advance(p);
    weft_sql_advance(p);
    const bool micros = type.id == moments[at].type;
    const char *function = moments[at].function;
    if (!micros && type.id == WEFT_TYPE_TIMESTAMP_NS) function = "current_timestamp"; /* now(9), too */
    WEFT_TRY(st, weft_sql_call(p, function, weft_sql_span_from(p, &token->span), NULL, 0, out));
    if (micros) goto done;
    WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_CAST, (*out)->span, out, 1, &nanos));
    nanos->type = type;
    nanos->cast.implicit = true;
    *out = nanos;
done:
    return st;
}

weft_status weft_sql_special_form(sql_parser *p, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const sql_token token = *weft_sql_peek(p, 0);
    const uint16_t keyword = token.keyword;
    const bool overlay = weft_sql_is_text(p, 0, "OVERLAY");
    const bool extracts = keyword == SQL_KW_EXTRACT && sql_word_at(p, 3, SQL_KW_FROM); /* else a plain call */
    const bool form = keyword == SQL_KW_CAST || keyword == SQL_KW_TRY_CAST || extracts ||
                      keyword == SQL_KW_SUBSTRING || keyword == SQL_KW_SUBSTR || keyword == SQL_KW_TRIM ||
                      keyword == SQL_KW_POSITION || overlay;
    const bool parenthesis = sql_is_at(p, 1, SQL_LPAREN);
    *out = NULL;
    if (parenthesis && sql_is_at(p, 2, SQL_INTEGER) && sql_is_at(p, 3, SQL_RPAREN))
        WEFT_TRY(st, parse_moment(p, &token, out));
    if (*out != NULL) goto done;
    if (!form || !parenthesis) return WEFT_OK;
    sql_frame frame = {0};
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    weft_sql_advance(p);
    weft_sql_advance(p);
    if (keyword == SQL_KW_CAST)
        WEFT_TRY(st, parse_cast(p, &token.span, false, out));
    else if (keyword == SQL_KW_TRY_CAST)
        WEFT_TRY(st, parse_cast(p, &token.span, true, out));
    else if (keyword == SQL_KW_EXTRACT)
        WEFT_TRY(st, parse_extract(p, &token.span, out));
    else if (keyword == SQL_KW_SUBSTRING)
        WEFT_TRY(st, parse_substring(p, &token.span, "substring", out));
    else if (keyword == SQL_KW_SUBSTR)
        WEFT_TRY(st, parse_substring(p, &token.span, "substr", out));
    else if (overlay)
        WEFT_TRY(st, parse_overlay(p, &token.span, out));
    else if (keyword == SQL_KW_TRIM)
        WEFT_TRY(st, parse_trim(p, &token.span, out));
    else
        WEFT_TRY(st, parse_position(p, &token.span, out));
    sql_leave(p, frame);
done:
    return st;
}
