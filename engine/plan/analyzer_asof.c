/* engine/plan/analyzer_asof.c - left [LEFT] ASOF JOIN right MATCH_CONDITION (l >= r) [ON … | USING …]: every
 * left row with the right row whose r is the greatest that is at most l (the least that is at least l for
 * <=).
 *
 * It is one sorted walk over the rows of both sides, as a window:
 *     UNION ALL of the left rows and the right rows, with the keys, the time and a mark of the side
 *     WINDOW    last(right columns) IGNORE NULLS, PARTITION BY the keys, ORDER BY the time, then the side
 *     FILTER    the left rows
 * so it is exchanged by the keys, sorts, and spills, as windows do, and no pair of rows is made. For <= and <
 * the order is descending. Of equal times the right rows come first where they may match. What has no partner
 * is NULL before the walk: right rows without a time or a key are left out, left rows whose own conditions
 * fail lose their time. Conditions that read both sides beside the keys go by the best row of a lateral query
 * (analyzer_nearest.c).
 *
 * A right column that may be NULL goes as a struct of itself, so that IGNORE NULLS does not pass over it. */
#include "engine/plan/analyzer_asof.h"

#include "engine/expr/coerce.h"
#include "engine/expr/function.h"
#include "engine/plan/analyzer_nearest.h"

/* The operands of the condition, and which way it goes. */
typedef struct asof_match {
    const weft_expr *left, *right, *condition; /* condition: left op right, bound */
    bool descending;                           /* left is at most right: < and <= */
    bool strict;                               /* < and > */
} asof_match;

typedef struct asof_join {
    weft_analyzer *a;
    const weft_node *join; /* the plain one */
    asof_match match;
    bool inner;
    int32_t left_count, right_count, key_count;
    const weft_node *sides; /* UNION: left columns, right columns packed, keys, time, side, found */
} asof_join;

/* ---- the condition ---- */

static bool is_generator(void *self, const weft_expr *e)
{
    (void)self;
    return e->kind == WEFT_EXPR_CALL && (e->call.function->flags & WEFT_FN_GENERATOR) != 0;
}

static weft_status bind_operand(weft_binder *b, const weft_expr *parsed, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    char *text = NULL;
    WEFT_TRY(st, weft_bind_expr(b, parsed, out));
    if (!weft_expr_has_subquery(*out) && !weft_expr_has_window(*out) && weft_expr_deterministic(*out) &&
        !weft_expr_any(*out, is_generator, NULL))
        goto done;
    WEFT_TRY(st, weft_expr_text(ctx, *out, false, &text));
    WEFT_TRY(st, weft_fail_at(
                     ctx, WEFT_ASOF_EXPRESSION, weft_analyzer_span(b->a, &parsed->span),
                     "The MATCH_CONDITION operand contains an invalid expression: \"%.200s\". Rewrite the "
                     "query to avoid subqueries, aggregate functions, window functions, generator "
                     "functions, or non-deterministic functions in MATCH_CONDITION operands.",
                     text));
done:
    return st;
}

static weft_status fail_types(weft_analyzer *a, const weft_node *parsed, const weft_expr *const *operands)
{
    char left[128], right[128];
    return weft_fail_at(
        a->ctx, WEFT_ASOF_TYPE, weft_analyzer_span(a, &parsed->span),
        "The MATCH_CONDITION operands must be of an orderable, mutually comparable type. Got: "
        "\"%s\" and \"%s\".",
        weft_type_text(operands[0]->type, left, sizeof left),
        weft_type_text(operands[1]->type, right, sizeof right));
}

static bool is_moment(weft_type type)
{
    return type.id == WEFT_TYPE_DATE || type.id == WEFT_TYPE_TIMESTAMP ||
           type.id == WEFT_TYPE_TIMESTAMP_NTZ || type.id == WEFT_TYPE_TIME;
}

/* A text is compared with a number, not with a date or a time. */
static bool comparable(weft_type a, weft_type b)
{
    if (!weft_type_is_orderable(a) || !weft_type_is_orderable(b)) return false;
    return !(a.id == WEFT_TYPE_STRING && is_moment(b)) && !(b.id == WEFT_TYPE_STRING && is_moment(a));
}

static weft_status fail_sides(weft_analyzer *a, const weft_node *parsed, const weft_expr *const *operands)
{
    weft_status st = WEFT_OK;
    char *left = NULL, *right = NULL;
    WEFT_TRY(st, weft_expr_text(a->ctx, operands[0], false, &left));
    WEFT_TRY(st, weft_expr_text(a->ctx, operands[1], false, &right));
    st = weft_fail_at(
        a->ctx, WEFT_ASOF_REFERENCE, weft_analyzer_span(a, &parsed->span),
        "Each operand of the MATCH_CONDITION comparison must reference only columns of one join input. "
        "Got: \"%.200s\" and \"%.200s\".",
        left, right);
done:
    return st;
}

static weft_status bind_match(asof_join *j, const weft_node *parsed, const weft_scope *scope, weft_cte *ctes)
{
    weft_status st = WEFT_OK;
    weft_analyzer *a = j->a;
    const weft_expr *written = parsed->join.match, *operands[2] = {NULL, NULL}, *condition = NULL;
    const weft_outputs *left = &j->join->inputs[0]->output, *right = &j->join->inputs[1]->output;
    const char *op = written->unresolved.name;
    weft_binder b = {.a = a,
                     .scope = scope,
                     .ctes = ctes,
                     .clause = "MATCH_CONDITION",
                     .windows = true,
                     .no_aggregates = WEFT_ASOF_EXPRESSION};
    for (int32_t i = 0; i < 2; i++) WEFT_TRY(st, bind_operand(&b, written->args[i], &operands[i]));
    const bool straight = weft_outputs_cover(left, operands[0]) && weft_outputs_cover(right, operands[1]);
    const bool crossed = weft_outputs_cover(left, operands[1]) && weft_outputs_cover(right, operands[0]);
    if (!straight && !crossed) WEFT_TRY(st, fail_sides(a, parsed, operands));
    st = comparable(operands[0]->type, operands[1]->type)
             ? weft_expr_call(a->ctx, op, operands, 2, NULL, &condition)
             : WEFT_ASOF_TYPE;
    if (st == WEFT_NOMEM) goto done;
    if (st != WEFT_OK || condition->kind != WEFT_EXPR_CALL || condition->arg_count != 2) {
        weft_error_clear(a->ctx);
        WEFT_TRY(st, fail_types(a, parsed, operands));
    }
    j->match.condition = condition;
    j->match.left = condition->args[straight ? 0 : 1];
    j->match.right = condition->args[straight ? 1 : 0];
    j->match.strict = op[1] == '\0';
    j->match.descending = (op[0] == '<') == straight;
done:
    return st;
}

/* ---- the rows of both sides ---- */

static weft_status null_of(weft_ctx *ctx, weft_type type, const weft_expr **out)
{
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_NULL), .is_null = true};
    const weft_status st = weft_expr_literal(ctx, &value, out);
    return st != WEFT_OK ? st : weft_expr_cast(ctx, *out, type, true, out);
}

/* A right column as IGNORE NULLS can carry it. */
static weft_status pack(weft_ctx *ctx, const weft_expr *column, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_value name = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING), .str = weft_str_view("v", 1)};
    const weft_expr *args[2] = {NULL, column};
    *out = column;
    if (!column->nullable) return WEFT_OK;
    WEFT_TRY(st, weft_expr_literal(ctx, &name, &args[0]));
    WEFT_TRY(st, weft_expr_call(ctx, "named_struct", args, 2, NULL, out));
done:
    return st;
}

static weft_status unpack(weft_ctx *ctx, const weft_expr *packed, bool nullable, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_value name = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING), .str = weft_str_view("v", 1)};
    const weft_expr *args[2] = {packed, NULL};
    *out = packed;
    if (!nullable) return WEFT_OK;
    WEFT_TRY(st, weft_expr_literal(ctx, &name, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, ".", args, 2, NULL, out));
done:
    return st;
}

static weft_status push_alias(asof_join *j, weft_pointers *list, const weft_expr *e, const char *name)
{
    weft_status st = WEFT_OK;
    const weft_expr *alias = NULL;
    WEFT_TRY(st, weft_expr_alias(j->a->ctx, e, weft_next_id(j->a->ids), name, &alias));
    WEFT_TRY(st, weft_pointers_push(j->a->ctx, list, alias));
done:
    return st;
}

/* The columns of one side of the union, over its input. */
static weft_status project_side(asof_join *j, const weft_node *input, bool right, const weft_expr *time,
                                const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = j->a->ctx;
    weft_pointers exprs = {0};
    const weft_expr *e = NULL, *column = NULL;
    const weft_expr *const *keys = right ? j->join->join.right_keys : j->join->join.left_keys;
    const weft_value side = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = right == j->match.strict};
    const weft_value found = {.type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), .i64 = true, .is_null = !right};
    for (int32_t i = 0; i < j->left_count + j->right_count; i++) {
        const bool own = right == (i >= j->left_count);
        const weft_node *of = j->join->inputs[i >= j->left_count];
        const int32_t at = i >= j->left_count ? i - j->left_count : i;
        WEFT_TRY(st, weft_node_column(ctx, of, at, &column));
        if (i >= j->left_count) WEFT_TRY(st, pack(ctx, column, &column));
        if (own)
            e = column;
        else
            WEFT_TRY(st, null_of(ctx, column->type, &e));
        WEFT_TRY(st, push_alias(j, &exprs, e, of->output.columns[at].name));
    }
    for (int32_t i = 0; i < j->key_count; i++) WEFT_TRY(st, push_alias(j, &exprs, keys[i], "key"));
    WEFT_TRY(st, push_alias(j, &exprs, time, "time"));
    WEFT_TRY(st, weft_expr_literal(ctx, &side, &e));
    WEFT_TRY(st, push_alias(j, &exprs, e, "side"));
    WEFT_TRY(st, weft_expr_literal(ctx, &found, &e));
    WEFT_TRY(st, push_alias(j, &exprs, e, "found"));
    WEFT_TRY(st, weft_node_project(ctx, input, weft_pointers_exprs(&exprs), exprs.count, out));
done:
    return st;
}

static weft_status push_not_null(weft_ctx *ctx, const weft_expr *e, weft_pointers *conjuncts)
{
    weft_status st = WEFT_OK;
    const weft_expr *test = NULL;
    WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_IS_NOT_NULL, &e, 1, NULL, &test));
    WEFT_TRY(st, weft_pointers_push(ctx, conjuncts, test));
done:
    return st;
}

/* The right rows that may match at all. */
static weft_status right_rows(asof_join *j, weft_pointers *conditions, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = j->a->ctx;
    const weft_node *input = j->join->inputs[1];
    WEFT_TRY(st, push_not_null(ctx, j->match.right, conditions));
    for (int32_t i = 0; i < j->key_count; i++) {
        if (j->join->join.null_equal != NULL && j->join->join.null_equal[i]) continue;
        WEFT_TRY(st, push_not_null(ctx, j->join->join.right_keys[i], conditions));
    }
    WEFT_TRY(st, weft_node_filter(ctx, input, weft_pointers_exprs(conditions), conditions->count, &input));
    WEFT_TRY(st, project_side(j, input, true, j->match.right, out));
done:
    return st;
}

/* The left rows; where their own conditions fail they have no time, and as inner rows they are left out. */
static weft_status left_rows(asof_join *j, weft_pointers *conditions, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = j->a->ctx;
    const weft_node *input = j->join->inputs[0];
    const weft_expr *when[2] = {NULL, j->match.left}, *time = j->match.left;
    if (j->inner && conditions->count > 0) {
        WEFT_TRY(st,
                 weft_node_filter(ctx, input, weft_pointers_exprs(conditions), conditions->count, &input));
    } else if (conditions->count > 0) {
        when[0] = weft_pointers_exprs(conditions)[0];
        if (conditions->count > 1)
            WEFT_TRY(st, weft_expr_logic(ctx, WEFT_EXPR_AND, weft_pointers_exprs(conditions),
                                         conditions->count, &when[0]));
        WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_CASE, when, 2, NULL, &time));
    }
    WEFT_TRY(st, project_side(j, input, false, time, out));
done:
    return st;
}

/* ---- the walk ---- */

static weft_status make_spec(asof_join *j, const weft_window_spec **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = j->a->ctx;
    weft_window_spec *spec = NULL;
    weft_pointers keys = {0}, order = {0};
    const int32_t first = j->left_count + j->right_count, time = first + j->key_count;
    const weft_expr *e = NULL;
    for (int32_t i = first; i < time; i++) {
        WEFT_TRY(st, weft_node_column(ctx, j->sides, i, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &keys, e));
    }
    for (int32_t i = 0; i < 2; i++) { /* the time, and the side */
        WEFT_TRY(st, weft_node_column(ctx, j->sides, time + i, &e));
        WEFT_TRY(st, weft_expr_sort_key(ctx, e, i == 0 && j->match.descending, true, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &order, e));
    }
    WEFT_TRY(st, WEFT_NEW(ctx, &spec));
    *spec = (weft_window_spec){.partition_count = keys.count,
                               .partition = weft_pointers_exprs(&keys),
                               .order_count = order.count,
                               .order = weft_pointers_exprs(&order),
                               .has_frame = true,
                               .rows = true,
                               .low = WEFT_BOUND_UNBOUNDED_PRECEDING,
                               .high = WEFT_BOUND_CURRENT_ROW};
    *out = spec;
done:
    return st;
}

/* The last value of column `at` of the union, so far. */
static weft_status last_of(asof_join *j, const weft_window_spec *spec, int32_t at, weft_pointers *windows)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = j->a->ctx;
    const weft_expr *e = NULL, *last = NULL;
    WEFT_TRY(st, weft_node_column(ctx, j->sides, at, &e));
    WEFT_TRY(st, weft_expr_aggregate(ctx, "last", &e, 1, false, NULL, NULL, &last));
    weft_expr copy = *last;
    copy.aggregate.ignore_nulls = true;
    WEFT_TRY(st, weft_expr_with_args(ctx, &copy, copy.args, &last));
    WEFT_TRY(st, weft_expr_window(ctx, last, spec, &last));
    WEFT_TRY(st, push_alias(j, windows, last, j->sides->output.columns[at].name));
done:
    return st;
}

/* The left rows of the union with what the walk found for them. */
static weft_status walk(asof_join *j, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = j->a->ctx;
    const weft_window_spec *spec = NULL;
    weft_pointers windows = {0}, conjuncts = {0}, exprs = {0};
    const int32_t before = j->sides->output.count;
    const weft_node *node = NULL;
    const weft_expr *e = NULL, *args[2] = {NULL, NULL};
    const weft_value left = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = !j->match.strict};
    WEFT_TRY(st, make_spec(j, &spec));
    for (int32_t i = 0; i < j->right_count; i++) WEFT_TRY(st, last_of(j, spec, j->left_count + i, &windows));
    WEFT_TRY(st, last_of(j, spec, before - 1, &windows));
    WEFT_TRY(st, weft_node_window(ctx, j->sides, weft_pointers_exprs(&windows), windows.count, &node));
    WEFT_TRY(st, weft_node_column(ctx, node, before - 2, &args[0]));
    WEFT_TRY(st, weft_expr_literal(ctx, &left, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, "=", args, 2, NULL, &e));
    WEFT_TRY(st, weft_pointers_push(ctx, &conjuncts, e));
    WEFT_TRY(st, weft_node_column(ctx, node, before + j->right_count, &e));
    if (j->inner) WEFT_TRY(st, push_not_null(ctx, e, &conjuncts));
    WEFT_TRY(st, weft_node_filter(ctx, node, weft_pointers_exprs(&conjuncts), conjuncts.count, &node));
    for (int32_t i = 0; i < j->left_count + j->right_count; i++) {
        const bool right = i >= j->left_count;
        const int32_t at = right ? i - j->left_count : i;
        const weft_output *column = &j->join->inputs[right]->output.columns[at];
        WEFT_TRY(st, weft_node_column(ctx, node, right ? before + at : i, &e));
        if (right) WEFT_TRY(st, unpack(ctx, e, column->nullable, &e));
        WEFT_TRY(st, push_alias(j, &exprs, e, column->name));
    }
    WEFT_TRY(st, weft_node_project(ctx, node, weft_pointers_exprs(&exprs), exprs.count, out));
done:
    return st;
}

/* The names of one side, of the columns of the result from `first` on. */
static weft_status rename_side(weft_ctx *ctx, const weft_node *input, const weft_node *result, int32_t first,
                               bool nullable, weft_bound *side)
{
    weft_status st = WEFT_OK;
    weft_name *names = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, side->count + 1, &names));
    for (int32_t i = 0; i < side->count; i++) {
        const int32_t at = weft_node_find_output(input, side->names[i].id);
        names[i] = side->names[i];
        if (at < 0) continue; /* a parameter: no column */
        names[i].id = result->output.columns[first + at].id;
        names[i].nullable |= nullable;
    }
    side->names = names;
done:
    return st;
}

weft_status weft_bind_asof(weft_analyzer *a, const weft_node *parsed, const weft_node *join,
                           const weft_scope *outer, weft_cte *ctes, weft_bound *left, weft_bound *right,
                           const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    asof_join j = {.a = a,
                   .join = join,
                   .inner = parsed->join.kind == WEFT_JOIN_INNER,
                   .left_count = join->inputs[0]->output.count,
                   .right_count = join->inputs[1]->output.count,
                   .key_count = join->join.key_count};
    weft_scope scope = {0};
    weft_pointers own[2] = {{0}};
    const weft_node *sides[2] = {NULL, NULL};
    WEFT_TRY(st, weft_join_scope(ctx, left, right, outer, &scope));
    WEFT_TRY(st, bind_match(&j, parsed, &scope, ctes));
    for (int32_t i = 0; i < join->join.condition_count; i++) {
        const weft_expr *e = join->join.conditions[i];
        const bool of_left = weft_outputs_cover(&join->inputs[0]->output, e);
        if (!of_left && !weft_outputs_cover(&join->inputs[1]->output, e)) {
            const weft_expr *rank = j.match.right;
            return weft_best_with(a, join, j.match.condition, rank, !j.match.descending, 1, out);
        }
        WEFT_TRY(st, weft_pointers_push(ctx, &own[!of_left], e));
    }
    WEFT_TRY(st, left_rows(&j, &own[0], &sides[0]));
    WEFT_TRY(st, right_rows(&j, &own[1], &sides[1]));
    WEFT_TRY(st, weft_node_union(ctx, a->ids, sides, 2, &j.sides));
    WEFT_TRY(st, walk(&j, out));
    WEFT_TRY(st, rename_side(ctx, join->inputs[0], *out, 0, false, left));
    WEFT_TRY(st, rename_side(ctx, join->inputs[1], *out, j.left_count, !j.inner, right));
done:
    return st;
}
