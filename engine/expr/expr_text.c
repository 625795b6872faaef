/* engine/expr/expr_text.c - Spark's text of expressions.
 *
 * Two styles: that of generated column names (Spark's "pretty SQL": inserted casts hidden, literals bare) and
 * that of EXPLAIN (column ids, every cast, isnotnull(x) for x IS NOT NULL). Both are built in one growing
 * buffer. */
#include <ctype.h>
#include <stdio.h>

#include "engine/columnar/collation.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/cast.h"
#include "engine/expr/expr_shown.h"
#include "engine/expr/expr_text_private.h"
#include "engine/expr/function.h"
#include "engine/expr/lambda.h"

void expr_text_append(expr_text *t, const char *bytes, size_t len)
{
    if (t->st != WEFT_OK) return;
    if (t->used + len + 1 > t->capacity) {
        const size_t capacity = weft_pow2_ceil((t->used + len + 1) * 2);
        char *grown = NULL;
        t->st = weft_arena_alloc(t->ctx, t->ctx->arena, capacity, (void **)&grown);
        if (t->st != WEFT_OK) return;
        if (t->used > 0) memcpy(grown, t->bytes, t->used);
        t->bytes = grown;
        t->capacity = capacity;
    }
    if (len > 0) memcpy(t->bytes + t->used, bytes, len);
    t->used += len;
    t->bytes[t->used] = '\0';
}

void expr_text_put(expr_text *t, const char *string) { expr_text_append(t, string, strlen(string)); }

static void expr_text_number(expr_text *t, long long number)
{
    char digits[32];
    expr_text_append(t, digits, (size_t)snprintf(digits, sizeof(digits), "%lld", number));
}

void expr_text_list(expr_text *t, const weft_expr *const *list, int32_t count, const char *separator)
{
    for (int32_t i = 0; i < count; i++) {
        if (i > 0) expr_text_put(t, separator);
        expr_text_expr(t, list[i]);
    }
}

static void text_type(expr_text *t, weft_type type, bool upper)
{
    char name[512], collation[WEFT_COLLATION_NAME_BYTES];
    const bool collated = type.id == WEFT_TYPE_STRING && type.collation != WEFT_COLLATION_BINARY;
    weft_collation_name(type.collation, collation); /* it keeps its case */
    if (collated) type.collation = WEFT_COLLATION_BINARY;
    weft_type_text(type, name, sizeof(name));
    for (char *c = name; upper && *c != '\0'; c++) *c = (char)toupper((unsigned char)*c);
    expr_text_put(t, name);
    if (!collated) return;
    expr_text_put(t, upper ? " COLLATE " : " collate ");
    expr_text_put(t, collation);
}

/* (a op b). A longer chain is shown as the balanced tree that Spark's parser makes of it:
 * ((a AND b) AND (c AND d)). */
static void text_infix_part(expr_text *t, const weft_expr *const *args, int32_t count, const char *op)
{
    const int32_t left = (count + 1) / 2;
    if (count == 1) {
        expr_text_expr(t, args[0]);
        return;
    }
    expr_text_put(t, "(");
    text_infix_part(t, args, left, op);
    expr_text_put(t, " ");
    expr_text_put(t, op);
    expr_text_put(t, " ");
    text_infix_part(t, args + left, count - left, op);
    expr_text_put(t, ")");
}

static void text_infix(expr_text *t, const weft_expr *e, const char *op)
{
    if (!t->ids || e->arg_count < 3) {
        text_infix_part(t, e->args, e->arg_count, op);
        return;
    }
    expr_text_put(t, "("); /* plans show the chain that is kept */
    for (int32_t i = 0; i < e->arg_count; i++) {
        if (i > 0) {
            expr_text_put(t, " ");
            expr_text_put(t, op);
            expr_text_put(t, " ");
        }
        expr_text_expr(t, e->args[i]);
    }
    expr_text_put(t, ")");
}

static void text_literal(expr_text *t, const weft_value *value)
{
    char *shown = NULL;
    const weft_type_id id = (weft_type_id)value->type.id;
    if (t->st != WEFT_OK) return;
    if (t->ids && value->is_null) {
        expr_text_put(t, "null");
        return;
    }
    const bool bare = t->ids &&
                      (id == WEFT_TYPE_DATE || id == WEFT_TYPE_TIMESTAMP || id == WEFT_TYPE_TIMESTAMP_NTZ);
    t->st = bare ? weft_value_cast_text(t->ctx, value, &shown) : weft_value_text(t->ctx, value, &shown);
    if (t->st != WEFT_OK) return;
    if (id != WEFT_TYPE_STRING || value->type.collation == WEFT_COLLATION_BINARY) {
        expr_text_put(t, shown);
        return;
    }
    char collation[WEFT_COLLATION_NAME_BYTES];
    expr_text_put(t, "'");
    expr_text_put(t, shown);
    expr_text_put(t, "' collate ");
    expr_text_put(t, weft_collation_name(value->type.collation, collation));
}

static void text_column(expr_text *t, const weft_expr *e)
{
    if (e->column.name != NULL) {
        expr_text_put(t, e->column.name);
        if (!t->ids || e->column.ordinal >= 0) return;
        expr_text_put(t, "#");
        expr_text_number(t, e->column.id);
    } else {
        expr_text_put(t, "input[");
        expr_text_number(t, e->column.ordinal);
        expr_text_put(t, "]");
    }
}

static void text_cast(expr_text *t, const weft_expr *e)
{
    if (!t->ids && (e->cast.implicit || weft_type_is_nested(e->type))) { /* Spark hides casts to these */
        expr_text_expr(t, e->args[0]);
        return;
    }
    if (t->ids)
        expr_text_put(t, e->cast.try_ ? "try_cast(" : "cast(");
    else
        expr_text_put(t, e->cast.try_ ? "TRY_CAST(" : "CAST(");
    expr_text_expr(t, e->args[0]);
    expr_text_put(t, t->ids ? " as " : " AS ");
    text_type(t, e->type, !t->ids);
    expr_text_put(t, ")");
}

static void text_call_as(expr_text *t, const char *name, const weft_expr *const *args, int32_t count)
{
    expr_text_put(t, name);
    expr_text_put(t, "(");
    expr_text_list(t, args, count, ", ");
    expr_text_put(t, ")");
}

/* CASE, and the functions that were turned into one. */
static void text_case(expr_text *t, const weft_expr *e)
{
    const char *written = e->form.written;
    if (written != NULL && strcmp(written, "if") == 0) {
        expr_text_put(t, t->ids ? "if (" : "(IF(");
        expr_text_expr(t, e->args[0]);
        expr_text_put(t, t->ids ? ") " : ", ");
        expr_text_expr(t, e->args[1]);
        expr_text_put(t, t->ids ? " else " : ", ");
        expr_text_expr(t, e->args[2]);
        if (!t->ids) expr_text_put(t, "))");
        return;
    }
    if (written != NULL && strcmp(written, "nullif") == 0 && !t->ids && e->args[0]->arg_count == 2) {
        text_call_as(t, written, e->args[0]->args, 2);
        return;
    }
    if (written != NULL && strcmp(written, "nanvl") == 0 && !t->ids && e->arg_count == 3) {
        const weft_expr *args[2] = {e->args[2], e->args[1]};
        text_call_as(t, written, args, 2);
        return;
    }
    if (written != NULL && strcmp(written, "nullifzero") == 0 && !t->ids && e->args[0]->arg_count == 2) {
        text_call_as(t, written, e->args[0]->args, 1);
        return;
    }
    if (written != NULL && strcmp(written, "decode") == 0 && !t->ids && e->args[0]->arg_count == 2) {
        expr_text_put(t, "decode(");
        expr_text_expr(t, e->args[0]->args[0]);
        for (int32_t i = 0; i < e->arg_count; i++) {
            expr_text_put(t, ", ");
            expr_text_expr(t, i % 2 == 0 && i + 1 < e->arg_count ? e->args[i]->args[1] : e->args[i]);
        }
        expr_text_put(t, ")");
        return;
    }
    if (written != NULL && strcmp(written, "nvl2") == 0 && !t->ids && e->args[0]->arg_count == 1) {
        const weft_expr *args[3] = {e->args[0]->args[0], e->args[1], e->args[2]};
        text_call_as(t, written, args, 3);
        return;
    }
    expr_text_put(t, "CASE");
    for (int32_t i = 0; i + 1 < e->arg_count; i += 2) {
        expr_text_put(t, " WHEN ");
        expr_text_expr(t, e->args[i]);
        expr_text_put(t, " THEN ");
        expr_text_expr(t, e->args[i + 1]);
    }
    if (e->arg_count % 2 == 1) {
        expr_text_put(t, " ELSE ");
        expr_text_expr(t, e->args[e->arg_count - 1]);
    }
    expr_text_put(t, " END");
}

static bool is_datetime(const weft_expr *e)
{
    return e->type.id == WEFT_TYPE_DATE || e->type.id == WEFT_TYPE_TIMESTAMP ||
           e->type.id == WEFT_TYPE_TIMESTAMP_NTZ;
}

/* date + 1 is shown as date_add(date, 1); date + INTERVAL without parentheses; an INTERVAL without fields
 * times a number as a function. False: it is plain arithmetic. */
static bool text_datetime(expr_text *t, const weft_expr *e, const char *op)
{
    const weft_expr *right = e->args[1];
    const bool plus = op[0] == '+';
    if (op[0] == '*' || op[0] == '/') {
        if (e->type.id != WEFT_TYPE_INTERVAL) return false;
        text_call_as(t, op[0] == '*' ? "multiply_interval" : "divide_interval", e->args, 2);
        return true;
    }
    if (e->args[0]->type.id == WEFT_TYPE_TIME ||
        (is_datetime(e->args[0]) && !is_datetime(right) && right->type.id == WEFT_TYPE_INTERVAL)) {
        expr_text_expr(t, e->args[0]);
        expr_text_put(t, plus ? " + " : " - ");
        expr_text_expr(t, right);
        return true;
    }
    if (!is_datetime(e->args[0]) || is_datetime(right)) return false;
    if (right->type.id == WEFT_TYPE_INTERVAL_DT && e->type.id == WEFT_TYPE_DATE) {
        expr_text_put(t, "date_add(");
        expr_text_expr(t, e->args[0]);
        expr_text_put(t, plus ? ", extractansiintervaldays(" : ", (- extractansiintervaldays(");
        expr_text_expr(t, right);
        expr_text_put(t, plus ? "))" : ")))");
    } else if (right->type.id == WEFT_TYPE_INTERVAL_DT || right->type.id == WEFT_TYPE_INTERVAL_YM) {
        expr_text_expr(t, e->args[0]);
        expr_text_put(t, plus ? " + " : " - ");
        expr_text_expr(t, right);
    } else {
        text_call_as(t, plus ? "date_add" : "date_sub", e->args, 2);
    }
    return true;
}

/* x >= low AND x <= high as it was written: between(x, low, high). False where it has lost that form. */
static bool text_between(expr_text *t, const weft_expr *e)
{
    if (strcmp(e->form.written, "between") != 0) return false;
    for (int32_t i = 0; i < 2; i++) {
        if (e->arg_count != 2 || e->args[i]->kind != WEFT_EXPR_CALL || e->args[i]->arg_count != 2)
            return false;
    }
    const weft_expr *shown[3] = {e->args[0]->args[0], e->args[0]->args[1], e->args[1]->args[1]};
    text_call_as(t, e->form.written, shown, 3);
    return true;
}

static void text_like(expr_text *t, const weft_expr *e, const char *word)
{
    expr_text_expr(t, e->args[0]);
    expr_text_put(t, word);
    expr_text_expr(t, e->args[1]);
    if (e->arg_count == 3) {
        expr_text_put(t, " ESCAPE '");
        expr_text_expr(t, e->args[2]);
        expr_text_put(t, "'");
    }
}

enum { FIELD_NAME_BYTES = 16 };

/* What a value of a struct is called by itself: its column's or field's name, or by its place. */
static weft_str field_name(const weft_expr *value, const char *by_place)
{
    if (value->kind == WEFT_EXPR_CALL && strcmp(value->call.function->name, ".") == 0 &&
        value->args[1]->literal.str.len > 0)
        return value->args[1]->literal.str;
    const bool column = value->kind == WEFT_EXPR_COLUMN && value->column.name != NULL;
    const char *own = column ? value->column.name : by_place;
    return weft_str_view(own, (uint32_t)strlen(own));
}

/* AS name, where a field of struct() is not called as it would be by itself. */
static void text_field_alias(expr_text *t, const weft_expr *name, const weft_expr *value, int32_t number)
{
    char by_number[FIELD_NAME_BYTES];
    const weft_str *given = &name->literal.str;
    (void)snprintf(by_number, sizeof by_number, "col%d", number);
    const weft_str plain = field_name(value, by_number);
    if (weft_str_equal(given, &plain)) return;
    expr_text_put(t, " AS ");
    expr_text_append(t, weft_str_data(given), given->len);
}

/* Operators that are functions. */
/* A seed that was drawn is shown by EXPLAIN alone, the mark behind it never. */
static int32_t text_arg_count(const expr_text *t, const weft_expr *e)
{
    const weft_function *fn = e->call.function;
    if ((fn->flags & WEFT_FN_SHOWS_FIRST) != 0 && !t->ids) return 1;
    if (!t->ids && strcmp(fn->name, "try_make_timestamp") == 0) return weft_min_i32(e->arg_count, 6);
    if ((fn->flags & WEFT_FN_SHOWS_TWO) != 0 && !t->ids) return 2;
    if (fn->seed_at == 0) return e->arg_count;
    const bool seen = t->ids || (e->arg_count == fn->seed_at && (fn->flags & WEFT_FN_SEED_UNSEEN) == 0);
    return seen ? fn->seed_at : fn->seed_at - 1;
}

/* A column of an enclosing query, with its table where it was found by its name. */
static void text_outer(expr_text *t, const weft_expr *e)
{
    if (t->ids || e->form.written == NULL) {
        text_call_as(t, "outer", e->args, 1);
        return;
    }
    expr_text_put(t, "outer(");
    expr_text_put(t, e->form.written);
    expr_text_put(t, ")");
}

/* A function by its name. */
static void text_function(expr_text *t, const weft_expr *e)
{
    const char *name = e->call.function->name, *written = e->call.written;
    const int32_t count = text_arg_count(t, e);
    const char *more = t->ids ? NULL : weft_shown_defaults(name, count);
    const char *before = t->ids ? NULL : weft_shown_before(name, count);
    const char *side = t->ids ? NULL : weft_shown_trim(e);
    char capitals[32] = "", plain[WEFT_SHOWN_NAME_BYTES];
    if (more != NULL && e->type.id == WEFT_TYPE_BINARY && strcmp(name + 1, "pad") == 0) more = ", X'00'";
    const bool upper = written == NULL && (e->call.function->flags & WEFT_FN_CAPITALS) != 0 &&
                       strcmp(name, "ln") != 0;
    if (side != NULL) {
        const bool behind = side[0] == 'B'; /* the characters are the second argument */
        expr_text_put(t, "TRIM(");
        expr_text_put(t, side);
        expr_text_put(t, " ");
        expr_text_expr(t, e->args[behind]);
        expr_text_put(t, " FROM ");
        expr_text_expr(t, e->args[!behind]);
        expr_text_put(t, ")");
        return;
    }
    for (size_t i = 0; upper && i < sizeof(capitals) - 1 && name[i] != '\0'; i++) {
        capitals[i] = (char)toupper((unsigned char)name[i]);
        capitals[i + 1] = '\0';
    }
    const bool own = upper || e->call.function->seed_at > 0; /* random() is shown as rand() */
    const char *shown = written != NULL && !own ? weft_shown_name(written) : NULL;
    if (shown == NULL)
        shown = upper                     ? capitals
                : written != NULL && !own ? written
                                          : weft_shown_function(e->call.function, plain);
    const char *inner = t->ids ? NULL : weft_shown_inner(name, count);
    expr_text_put(t, shown);
    expr_text_put(t, "(");
    if (inner != NULL) {
        expr_text_put(t, inner);
        expr_text_put(t, "(");
    }
    if (before != NULL) expr_text_put(t, before);
    const bool zip = strcmp(name, "arrays_zip") == 0; /* the names of fields are not shown */
    for (int32_t i = 1; zip && i < count; i += 2) {
        if (i > 1) expr_text_put(t, ", ");
        expr_text_expr(t, e->args[i]);
    }
    if (e->call.swapped && !t->ids) {
        const weft_expr *const turned[2] = {e->args[1], e->args[0]};
        expr_text_list(t, turned, 2, ", ");
    } else if (!zip) {
        expr_text_list(t, e->args, count, ", ");
    }
    if (more != NULL) expr_text_put(t, more);
    if (inner != NULL) expr_text_put(t, ")");
    if (count == 1 && !t->ids && strcmp(name, "assert_true") == 0) {
        expr_text_put(t, ", '");
        expr_text_expr(t, e->args[0]);
        expr_text_put(t, "' is not true!");
    }
    expr_text_put(t, ")");
}

/* A side of a comparison: a literal shown as a whole number, or as it is. */
static void text_side(expr_text *t, const weft_expr *e, bool rounded, int64_t whole)
{
    if (rounded)
        expr_text_number(t, whole);
    else
        expr_text_expr(t, e);
}

static void text_call(expr_text *t, const weft_expr *e)
{
    char plain[WEFT_SHOWN_NAME_BYTES];
    const char *name = weft_shown_function(e->call.function, plain);
    const bool symbol = !isalpha((unsigned char)name[0]) && name[0] != '_';
    int64_t whole = 0;
    int32_t side;

    if (!t->ids && e->call.written != NULL && e->call.written[0] == '\0') { /* WEFT_HIDDEN_CALL */
        expr_text_expr(t, e->args[0]);
        return;
    }
    if (strcmp(name, ".") == 0 || strcmp(name, "[]") == 0) { /* base.field, base[item] */
        expr_text_expr(t, e->args[0]);
        const bool field = name[0] == '.' ||
                           (e->args[0]->type.id != WEFT_TYPE_MAP && e->args[1]->type.id == WEFT_TYPE_STRING);
        expr_text_put(t, field ? "." : "[");
        expr_text_expr(t, e->args[1]);
        if (!field) expr_text_put(t, "]");
        return;
    }
    const weft_str *extract = weft_shown_extract(e);
    if (extract != NULL) { /* v:path */
        expr_text_put(t, "variant_get(");
        expr_text_list(t, e->args, 2, ", ");
        expr_text_put(t, ")");
        if (extract->len > 0) expr_text_put(t, " AS "); /* an element of an array has no name */
        expr_text_append(t, weft_str_data(extract), extract->len);
        return;
    }
    if (strcmp(name, "named_struct") == 0 && e->call.written != NULL && !t->ids) { /* struct(values) */
        expr_text_put(t, "struct(");
        for (int32_t i = 1; i < e->arg_count; i += 2) {
            if (i > 1) expr_text_put(t, ", ");
            expr_text_expr(t, e->args[i]);
            text_field_alias(t, e->args[i - 1], e->args[i], i / 2 + 1);
        }
        expr_text_put(t, ")");
        return;
    }

    if (symbol && e->arg_count > 2) {
        text_infix(t, e, name);
    } else if (symbol && e->arg_count == 2 && e->call.written == NULL) {
        if (strcmp(name, "<>") == 0 || strcmp(name, "!=") == 0) {
            expr_text_put(t, t->ids ? "NOT " : "(NOT ");
            text_infix(t, e, "=");
            if (!t->ids) expr_text_put(t, ")");
        } else if (strcmp(name, "||") == 0) {
            text_call_as(t, "concat", e->args, e->arg_count);
        } else if (!t->ids && (side = weft_shown_whole(e, &whole)) >= 0) {
            expr_text_put(t, "(");
            text_side(t, e->args[0], side == 0, whole);
            expr_text_put(t, " ");
            expr_text_put(t, name);
            expr_text_put(t, " ");
            text_side(t, e->args[1], side == 1, whole);
            expr_text_put(t, ")");
        } else if (strchr("+-*/", name[0]) == NULL || !text_datetime(t, e, name)) {
            text_infix(t, e, name);
        }
    } else if (name[0] == '~') {
        expr_text_put(t, name);
        expr_text_expr(t, e->args[0]);
    } else if (strcmp(name, "div") == 0) {
        text_infix(t, e, "div");
    } else if (strcmp(name, "negative") == 0 && (t->ids || e->call.written != NULL)) { /* the operator */
        expr_text_put(t, t->ids ? "-" : "(- ");
        expr_text_expr(t, e->args[0]);
        if (!t->ids) expr_text_put(t, ")");
    } else if (strcmp(name, "like") == 0 && e->arg_count >= 2) {
        text_like(t, e, " LIKE ");
    } else if (strcmp(name, "ilike") == 0 && e->arg_count >= 2) {
        if (t->ids)
            text_like(t, e, " ILIKE ");
        else
            text_call_as(t, name, e->args, 2);
    } else if (strcmp(name, "rlike") == 0 && e->call.written == NULL) {
        text_call_as(t, "RLIKE", e->args, e->arg_count);
    } else if (strcmp(name, "positive") == 0 && !t->ids) {
        expr_text_put(t, "(+ ");
        expr_text_expr(t, e->args[0]);
        expr_text_put(t, ")");
    } else if (e->call.written == NULL && e->arg_count == 1 &&
               (strcmp(name, "floor") == 0 || strcmp(name, "ceil") == 0)) {
        text_call_as(t, name[0] == 'f' ? "FLOOR" : "CEIL", e->args, 1);
    } else if (weft_is_lambda_variable(e)) {
        expr_text_put(t, "namedlambdavariable()");
    } else {
        text_function(t, e);
    }
}

static void text_in(expr_text *t, const weft_expr *e)
{
    if (!t->ids) expr_text_put(t, "(");
    expr_text_expr(t, e->args[0]);
    expr_text_put(t, " IN (");
    expr_text_list(t, e->args + 1, e->arg_count - 1, t->ids ? "," : ", ");
    expr_text_put(t, t->ids ? ")" : "))");
}

static void text_null_test(expr_text *t, const weft_expr *e, const char *function, const char *words)
{
    if (t->ids) {
        text_call_as(t, function, e->args, 1);
        return;
    }
    expr_text_put(t, "(");
    expr_text_expr(t, e->args[0]);
    expr_text_put(t, words);
}

/* The row that IN compares with a query. */
static void text_row(expr_text *t, const weft_expr *const *values, int32_t count)
{
    char by_place[FIELD_NAME_BYTES];
    expr_text_put(t, "named_struct(");
    for (int32_t i = 0; i < count; i++) {
        (void)snprintf(by_place, sizeof by_place, "_%d", i);
        const weft_str name = field_name(values[i], by_place);
        expr_text_put(t, i > 0 ? ", '" : "'");
        expr_text_append(t, weft_str_data(&name), name.len);
        expr_text_put(t, "', ");
        expr_text_expr(t, values[i]);
    }
    expr_text_put(t, ")");
}

static void text_subquery(expr_text *t, const weft_expr *e)
{
    const weft_expr *const *outer = e->subquery.outer;
    const int32_t count = e->subquery.outer_count;
    switch (e->subquery.kind) {
    case WEFT_SUBQUERY_SCALAR: text_call_as(t, "scalarsubquery", outer, count); break;
    case WEFT_SUBQUERY_EXISTS:
        expr_text_put(t, e->subquery.negated ? "(NOT " : "");
        text_call_as(t, "exists", outer, count);
        expr_text_put(t, e->subquery.negated ? ")" : "");
        break;
    case WEFT_SUBQUERY_IN:
        expr_text_put(t, e->subquery.negated ? "(NOT (" : "(");
        if (e->arg_count > 1)
            text_row(t, e->args, e->arg_count);
        else
            expr_text_list(t, e->args, e->arg_count, ", ");
        expr_text_put(t, " IN (");
        text_call_as(t, "listquery", outer, count);
        expr_text_put(t, e->subquery.negated ? ")))" : "))");
        break;
    }
}

/* The kinds that only a parsed tree has, in case an error message shows one. */
static void text_parsed(expr_text *t, const weft_expr *e)
{
    if (e->kind == WEFT_EXPR_UNRESOLVED_COLUMN || e->kind == WEFT_EXPR_STAR) {
        for (int32_t i = 0; i < e->name.part_count; i++) {
            if (i > 0) expr_text_put(t, ".");
            expr_text_put(t, e->name.parts[i]);
        }
        if (e->kind == WEFT_EXPR_STAR) expr_text_put(t, e->name.part_count > 0 ? ".*" : "*");
    } else if (e->kind == WEFT_EXPR_UNRESOLVED_CALL) {
        expr_text_put(t, e->unresolved.name);
        expr_text_put(t, e->unresolved.distinct ? "(DISTINCT " : "(");
        expr_text_list(t, e->args, e->arg_count, ", ");
        expr_text_put(t, ")");
    } else {
        expr_text_put(t, "INTERVAL ");
        expr_text_expr(t, e->args[0]);
        expr_text_put(t, " ");
        expr_text_put(t, e->interval.unit);
    }
}

static void text_wrapped(expr_text *t, const weft_expr *e)
{
    if (e->kind == WEFT_EXPR_ALIAS) {
        expr_text_expr(t, e->args[0]);
        expr_text_put(t, " AS ");
        if (e->arg_count > 1) { /* parsed: names for the columns of a generator */
            expr_text_put(t, "(");
            expr_text_list(t, e->args + 1, e->arg_count - 1, ", ");
            expr_text_put(t, ")");
            return;
        }
        expr_text_put(t, e->alias.name);
        if (t->ids) {
            expr_text_put(t, "#");
            expr_text_number(t, e->alias.id);
        }
    } else if (e->kind == WEFT_EXPR_SORT_KEY) {
        expr_text_expr(t, e->args[0]);
        expr_text_put(t, e->sort.descending ? " DESC" : " ASC");
        expr_text_put(t, e->sort.nulls_first ? " NULLS FIRST" : " NULLS LAST");
    } else if (e->kind == WEFT_EXPR_BLOOM) {
        expr_text_put(t, "dynamicfilter#");
        expr_text_number(t, e->bloom.filter_id);
        text_call_as(t, "", e->args, e->arg_count);
    } else {
        expr_text_put(t, t->ids ? "NOT " : "(NOT ");
        expr_text_expr(t, e->args[0]);
        if (!t->ids) expr_text_put(t, ")");
    }
}

void expr_text_expr(expr_text *t, const weft_expr *e)
{
    if (t->st != WEFT_OK) return;
    switch (e->kind) {
    case WEFT_EXPR_LITERAL: text_literal(t, &e->literal); break;
    case WEFT_EXPR_COLUMN: text_column(t, e); break;
    case WEFT_EXPR_CALL: text_call(t, e); break;
    case WEFT_EXPR_CAST: text_cast(t, e); break;
    case WEFT_EXPR_CASE: text_case(t, e); break;
    case WEFT_EXPR_AND:
        if (e->form.written == NULL || t->ids || !text_between(t, e)) text_infix(t, e, "AND");
        break;
    case WEFT_EXPR_OR: text_infix(t, e, "OR"); break;
    case WEFT_EXPR_IN: text_in(t, e); break;
    case WEFT_EXPR_IS_NULL: text_null_test(t, e, "isnull", " IS NULL)"); break;
    case WEFT_EXPR_IS_NOT_NULL:
        text_null_test(t, e, "isnotnull", e->form.written != NULL ? " IS NOT UNKNOWN)" : " IS NOT NULL)");
        break;
    case WEFT_EXPR_COALESCE:
        text_call_as(t, e->form.written != NULL ? e->form.written : "coalesce", e->args,
                     e->form.written != NULL && strcmp(e->form.written, "zeroifnull") == 0 ? 1
                                                                                           : e->arg_count);
        break;
    case WEFT_EXPR_AGGREGATE: expr_text_aggregate(t, e); break;
    case WEFT_EXPR_WINDOW: expr_text_window(t, e); break;
    case WEFT_EXPR_SUBQUERY: text_subquery(t, e); break;
    case WEFT_EXPR_OUTER: text_outer(t, e); break;
    case WEFT_EXPR_NOT:
    case WEFT_EXPR_ALIAS:
    case WEFT_EXPR_SORT_KEY:
    case WEFT_EXPR_BLOOM: text_wrapped(t, e); break;
    case WEFT_EXPR_UNRESOLVED_COLUMN:
    case WEFT_EXPR_UNRESOLVED_CALL:
    case WEFT_EXPR_STAR:
    case WEFT_EXPR_INTERVAL: text_parsed(t, e); break;
    case WEFT_EXPR_KIND_COUNT: break;
    }
}

weft_status weft_expr_text(weft_ctx *ctx, const weft_expr *e, bool with_ids, char **out)
{
    expr_text t = {.ctx = ctx, .st = WEFT_OK, .ids = with_ids};
    expr_text_expr(&t, e);
    expr_text_append(&t, "", 0);
    *out = t.st == WEFT_OK ? t.bytes : NULL;
    return t.st;
}
