/* engine/expr/expr_text_window.c - Spark's text of aggregates and of functions over windows. */
#include "engine/expr/aggregate.h"
#include "engine/expr/expr_shown.h"
#include "engine/expr/expr_text_private.h"
#include "engine/expr/function.h"

void expr_text_aggregate(expr_text *t, const weft_expr *e)
{
    const char *name = e->aggregate.function->name;
    const char *more = t->ids ? NULL : weft_shown_defaults(name, e->arg_count);
    const weft_expr *const *args = e->aggregate.shown != NULL && !t->ids ? e->aggregate.shown : e->args;
    const weft_expr *inside[WEFT_SHOWN_ARGS_MAX];
    const int32_t count = weft_shown_args(e, args, inside);
    const bool alias = e->aggregate.written != NULL &&
                       count != 2; /* string_agg() with an order is listagg() */
    expr_text_put(t, alias ? e->aggregate.written : name);
    expr_text_put(t, "(");
    if (e->aggregate.distinct) expr_text_put(t, t->ids ? "distinct " : "DISTINCT ");
    if (count >= 0)
        expr_text_list(t, inside, count, ", ");
    else
        expr_text_list(t, args, e->arg_count, ", ");
    if (more != NULL) expr_text_put(t, more);
    expr_text_put(t, ")");
    int32_t keys = 0;
    for (const char *order;; keys++) {
        const weft_expr *key = count < 0 ? NULL : weft_shown_key(e, args, keys, &order);
        if (key == NULL) break;
        expr_text_put(t, keys == 0 ? " WITHIN GROUP (ORDER BY " : ", ");
        expr_text_expr(t, key);
        expr_text_put(t, order);
    }
    if (keys > 0) expr_text_put(t, ")");
    if (e->aggregate.ignore_nulls && t->ids) expr_text_put(t, " ignore nulls");
    if (e->aggregate.filter != NULL) {
        expr_text_put(t, " FILTER (WHERE ");
        expr_text_expr(t, e->aggregate.filter);
        expr_text_put(t, ")");
    }
}

/* Spark casts an offset to the type of the key unless that is a moment, and then does not know the sign of a
 * PRECEDING one any more. */
static bool text_as_cast(const weft_window_spec *spec, const weft_expr *offset)
{
    if (spec->rows || spec->order_count != 1) return false;
    const weft_type key = spec->order[0]->args[0]->type;
    const bool moment = key.id == WEFT_TYPE_DATE || key.id == WEFT_TYPE_TIMESTAMP ||
                        key.id == WEFT_TYPE_TIMESTAMP_NTZ;
    return !moment && !weft_type_equal(key, offset->type);
}

static void text_bound(expr_text *t, const weft_window_spec *spec, weft_bound_kind bound,
                       const weft_expr *offset)
{
    static const char *const sql[] = {"UNBOUNDED PRECEDING", " PRECEDING", "CURRENT ROW", " FOLLOWING",
                                      "UNBOUNDED FOLLOWING"};
    static const char *const plan[] = {"unboundedpreceding$()", "", "currentrow$()", "",
                                       "unboundedfollowing$()"};
    if (offset != NULL && !t->ids && bound == WEFT_BOUND_PRECEDING && text_as_cast(spec, offset)) {
        expr_text_put(t, "(- ");
        expr_text_expr(t, offset);
        expr_text_put(t, ") FOLLOWING");
        return;
    }
    if (offset != NULL && t->ids && bound == WEFT_BOUND_PRECEDING) expr_text_put(t, "-");
    if (offset != NULL) expr_text_expr(t, offset);
    expr_text_put(t, t->ids ? plan[bound] : sql[bound]);
}

static void text_window_plan(expr_text *t, const weft_window_spec *spec)
{
    expr_text_put(t, " windowspecdefinition(");
    expr_text_list(t, spec->partition, spec->partition_count, ", ");
    if (spec->partition_count > 0) expr_text_put(t, ", ");
    expr_text_list(t, spec->order, spec->order_count, ", ");
    if (spec->order_count > 0) expr_text_put(t, ", ");
    expr_text_put(t, spec->rows ? "specifiedwindowframe(RowFrame, " : "specifiedwindowframe(RangeFrame, ");
    text_bound(t, spec, spec->low, spec->low_offset);
    expr_text_put(t, ", ");
    text_bound(t, spec, spec->high, spec->high_offset);
    expr_text_put(t, "))");
}

/* The function of a window as Spark shows it: ranks in capitals; lag and lead with all arguments. */
static bool text_window_function(expr_text *t, const weft_expr *e)
{
    static const char *const ranks[][2] = {
        {"rank", "RANK()"}, {"dense_rank", "DENSE_RANK()"}, {"percent_rank", "PERCENT_RANK()"}};
    const bool call = e->kind == WEFT_EXPR_CALL;
    const bool shift =
        call && (strcmp(e->call.function->name, "lag") == 0 || strcmp(e->call.function->name, "lead") == 0);
    for (int32_t i = 0; call && i < WEFT_COUNT(ranks); i++) {
        if (strcmp(e->call.function->name, ranks[i][0]) != 0) continue;
        expr_text_put(t, ranks[i][1]);
        return false;
    }
    expr_text_expr(t, e);
    if (!shift || e->arg_count == 3 || t->used == 0) return shift;
    t->used--; /* its closing parenthesis */
    expr_text_put(t, e->arg_count == 1 ? ", 1, NULL)" : ", NULL)");
    return true;
}

/* lag(x, n) has the frame of the one row n before. */
static void text_shift_frame(expr_text *t, const weft_expr *e)
{
    const bool lag = strcmp(e->call.function->name, "lag") == 0;
    for (int32_t i = 0; i < 2; i++) {
        expr_text_put(t, i == 0 ? "ROWS BETWEEN " : " AND ");
        if (lag) expr_text_put(t, "-");
        if (e->arg_count > 1)
            expr_text_expr(t, e->args[1]);
        else
            expr_text_put(t, "1");
        expr_text_put(t, " FOLLOWING");
    }
    expr_text_put(t, ")");
}

void expr_text_window(expr_text *t, const weft_expr *e)
{
    const weft_window_spec *spec = e->window.spec;
    if (spec == NULL || t->ids) expr_text_expr(t, e->args[0]);
    if (spec == NULL) return;
    if (t->ids) {
        text_window_plan(t, spec);
        return;
    }
    const weft_expr *function = e->args[0];
    const bool shift = text_window_function(t, function);
    const bool nth = function->kind == WEFT_EXPR_CALL && function->call.ignore_nulls &&
                     strcmp(function->call.function->name, "nth_value") == 0;
    if (nth) expr_text_put(t, " ignore nulls");
    const bool range = e->args[0]->kind == WEFT_EXPR_CALL &&
                       strcmp(e->args[0]->call.function->name, "cume_dist") ==
                           0; /* its frame as Spark has it */
    expr_text_put(t, " OVER (");
    if (spec->partition_count > 0) {
        expr_text_put(t, "PARTITION BY ");
        expr_text_list(t, spec->partition, spec->partition_count, ", ");
        expr_text_put(t, " ");
    }
    if (spec->order_count > 0) {
        expr_text_put(t, "ORDER BY ");
        expr_text_list(t, spec->order, spec->order_count, ", ");
        expr_text_put(t, " ");
    }
    if (shift) {
        text_shift_frame(t, e->args[0]);
        return;
    }
    expr_text_put(t, spec->rows && !range ? "ROWS BETWEEN " : "RANGE BETWEEN ");
    text_bound(t, spec, spec->low, spec->low_offset);
    expr_text_put(t, " AND ");
    text_bound(t, spec, spec->high, spec->high_offset);
    expr_text_put(t, ")");
}
