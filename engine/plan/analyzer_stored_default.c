/* engine/plan/analyzer_stored_default.c - the DEFAULT that CREATE TABLE and ALTER TABLE give to columns.
 *
 * The text is kept for rows to come (analyzer_default.c). It is also evaluated once, when the column is made:
 * what it is then is the value of rows that were there before, whose files lack the column. */
#include <strings.h>

#include "engine/columnar/declared_type.h"
#include "engine/expr/cast.h"
#include "engine/expr/coerce.h"
#include "engine/expr/program.h"
#include "engine/expr/type_sql.h"
#include "engine/plan/analyzer_internal.h"
#include "engine/plan/table_layout.h"

typedef struct stored_default {
    weft_analyzer *a;
    const weft_node *command;
    const char *statement; /* for messages */
    const char *collation; /* DEFAULT COLLATION of the table, or NULL */
    const weft_column_definition *column;
    weft_type type; /* of the column's values */
} stored_default;

static weft_status refuse(const stored_default *d, weft_status code, const char *why)
{
    return weft_fail_at(d->a->ctx, code, &d->command->span,
                        "Failed to execute %s command because the destination column or variable `%s` has a "
                        "DEFAULT value %s, which %s.",
                        d->statement, d->column->name, d->column->initial, why);
}

static bool is_wide_literal(const weft_expr *e, weft_type to)
{
    return e->kind == WEFT_EXPR_LITERAL && !weft_type_is_nested(e->type) && !weft_type_is_nested(to) &&
           e->type.id != WEFT_TYPE_STRING && to.id != WEFT_TYPE_STRING && e->type.id != WEFT_TYPE_VARIANT &&
           to.id != WEFT_TYPE_VARIANT && weft_cast_allowed(e->type, to);
}

/* A value of a wider type may stand when it fits: 3 for a TINYINT, also 3.5, but not 300. */
static weft_status narrow_literal(const stored_default *d, const weft_expr **e, bool *fits)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = d->a->ctx;
    const weft_expr *cast = NULL;
    WEFT_TRY(st, weft_expr_cast(ctx, *e, d->type, false, &cast));
    weft_expr attempt = *cast;
    attempt.cast.try_ = true;
    WEFT_TRY(st, weft_expr_with_args(ctx, &attempt, attempt.args, &cast));
    WEFT_TRY(st, weft_expr_fold(ctx, cast, &cast));
    *fits = cast->kind == WEFT_EXPR_LITERAL && !cast->literal.is_null;
    if (*fits) *e = cast;
done:
    return st;
}

static weft_status to_column_type(const stored_default *d, const weft_expr **e)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = d->a->ctx;
    weft_text from = {0}, to = {0};
    char *why = NULL;
    bool fits = weft_type_up_casts((*e)->type, d->type);
    if (fits) return weft_expr_cast(ctx, *e, d->type, true, e);
    if (is_wide_literal(*e, d->type)) WEFT_TRY(st, narrow_literal(d, e, &fits));
    if (fits) goto done;
    WEFT_TRY(st, weft_text_append_type(ctx, &from, (*e)->type));
    WEFT_TRY(st, weft_text_append_type(ctx, &to, d->column->type));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &why,
                                   "requires \"%.*s\" type, but the statement provided a value of "
                                   "incompatible \"%.*s\" type",
                                   (int)to.len, to.bytes, (int)from.len, from.bytes));
    st = refuse(d, WEFT_DEFAULT_DATA_TYPE, why);
done:
    weft_text_release(&from);
    weft_text_release(&to);
    return st;
}

/* The value of the DEFAULT now; *out NULL: there is none. */
static weft_status evaluate(const stored_default *d, const weft_value **out)
{
    static const char not_constant[] =
        "is not a constant expression whose equivalent value is known at query "
        "planning time";
    weft_status st = WEFT_OK;
    weft_ctx *ctx = d->a->ctx;
    const weft_scope nothing = {0};
    weft_binder b = {
        .a = d->a, .scope = &nothing, .clause = "DEFAULT", .no_aggregates = WEFT_DEFAULT_NOT_CONSTANT};
    const weft_expr *e = NULL;
    weft_value *value = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_parse_default(d->a, d->collation, d->column, &e));
    if (e == NULL) goto done;
    if (weft_expr_has_subquery(e))
        WEFT_TRY(st, refuse(d, WEFT_DEFAULT_SUBQUERY, "contains subquery expressions"));
    d->a->in_view++; /* its spans are not the statement's */
    st = weft_bind_expr(&b, e, &e);
    d->a->in_view--;
    if (st == WEFT_UNRESOLVED_COLUMN || st == WEFT_UNRESOLVED_COLUMN_ALONE || st == b.no_aggregates ||
        st == WEFT_WINDOW_NOT_ALLOWED) {
        weft_error_clear(ctx);
        st = refuse(d, WEFT_DEFAULT_NOT_CONSTANT, not_constant);
    }
    WEFT_TRY(st, st);
    WEFT_TRY(st, weft_expr_fold(ctx, e, &e));
    WEFT_TRY(st, to_column_type(d, &e));
    WEFT_TRY(st, weft_limit_length(ctx, d->column->type, &e));
    WEFT_TRY(st, weft_expr_fold(ctx, e, &e));
    if (e->kind != WEFT_EXPR_LITERAL && !weft_expr_deterministic(e))
        WEFT_TRY(st, refuse(d, WEFT_DEFAULT_NON_DETERMINISTIC, "contains a non-deterministic expression"));
    WEFT_TRY(st, WEFT_NEW(ctx, &value));
    if (e->kind == WEFT_EXPR_LITERAL)
        *value = e->literal;
    else
        WEFT_TRY(st, weft_eval_constant(ctx, e, value)); /* it raises what it raises */
    value->type = d->type;
    *out = value;
done:
    return st;
}

/* CREATE TABLE, ADD COLUMNS: the columns of the definition with what older rows have. */
static weft_status bind_columns(stored_default *d, weft_node *command)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = d->a->ctx;
    const weft_table_definition *parsed = command->command.table;
    weft_table_definition *table = NULL;
    weft_column_definition *columns = NULL;
    const weft_table_definition *altered = parsed;
    if (command->command.op == WEFT_TABLE_ADD_COLUMNS)
        WEFT_TRY(st, d->a->catalog->table(ctx, d->a->catalog->self, command->command.parts,
                                          command->command.part_count, &altered));
    if (altered != NULL) d->collation = altered->collation; /* else whoever runs the statement says so */
    WEFT_TRY(st, WEFT_NEW(ctx, &table));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, parsed->column_count, &columns));
    *table = *parsed;
    for (int32_t i = 0; i < parsed->column_count; i++) {
        columns[i] = parsed->columns[i];
        d->column = &columns[i];
        WEFT_TRY(st, weft_type_of_values(ctx, columns[i].type, &d->type));
        WEFT_TRY(st, evaluate(d, &columns[i].absent));
    }
    table->columns = columns;
    command->command.table = table;
done:
    return st;
}

/* ALTER COLUMN … SET DEFAULT: it is checked; rows that are there keep what they have. */
static weft_status check_change(stored_default *d)
{
    weft_status st = WEFT_OK;
    const weft_node *n = d->command;
    const weft_table_definition *table = NULL;
    const weft_value *value = NULL;
    WEFT_TRY(st, d->a->catalog->table(d->a->ctx, d->a->catalog->self, n->command.parts, n->command.part_count,
                                      &table));
    const int32_t at = table == NULL ? -1 : weft_table_find_column(table, n->command.column);
    if (at < 0) goto done; /* whoever runs the statement says so */
    weft_column_definition column = table->columns[at];
    column.initial = n->command.text;
    d->collation = table->collation;
    d->column = &column;
    WEFT_TRY(st, weft_type_of_values(d->a->ctx, column.type, &d->type));
    WEFT_TRY(st, evaluate(d, &value));
done:
    return st;
}

weft_status weft_bind_stored_defaults(weft_analyzer *a, weft_node *command)
{
    stored_default d = {.a = a, .command = command};
    if (command->command.op == WEFT_TABLE_COLUMN_DEFAULT) {
        d.statement = "ALTER TABLE ALTER COLUMN";
        return check_change(&d);
    }
    d.statement = command->command.op == WEFT_TABLE_CREATE ? "CREATE TABLE" : "ALTER TABLE ADD COLUMNS";
    return bind_columns(&d, command);
}
