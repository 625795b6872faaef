/* engine/plan/analyzer_session_window.c - GROUP BY session_window(t, gap).
 *
 * Each row opens a session from its time to gap behind it; rows without one, or whose gap is not above zero,
 * are dropped. Grouped by it, sessions that touch become one, from the first begin to the last end:
 *
 *   behind  = the last end of the rows that begin before, among those with equal other groups
 *   number  = how many rows up to here begin behind that, each a new session
 *   session = (min(begin), max(end)) of the rows of a number
 *
 * three windows, so that sessions may be of any size, and lie on any workers. */
#include "engine/expr/coerce.h"
#include "engine/plan/analyzer_internal.h"

static const char session_name[] = "session_window";

static weft_status text_literal(weft_ctx *ctx, const char *text, const weft_expr **out)
{
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING),
                              .str = weft_str_view(text, (uint32_t)strlen(text))};
    return weft_expr_literal(ctx, &value, out);
}

static weft_status make_session(weft_ctx *ctx, const weft_expr *start, const weft_expr *end,
                                const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[4] = {NULL, start, NULL, end};
    WEFT_TRY(st, text_literal(ctx, "start", &args[0]));
    WEFT_TRY(st, text_literal(ctx, "end", &args[2]));
    WEFT_TRY(st, weft_expr_call(ctx, "named_struct", args, 4, NULL, out));
done:
    return st;
}

/* How long a session lasts behind its last row: an INTERVAL without fields, or the text of one. */
static weft_status bind_gap(weft_binder *b, const weft_expr *parsed, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    char text[128];
    WEFT_TRY(st, weft_bind_expr(b, parsed, out));
    const weft_type type = (*out)->type;
    if (type.id != WEFT_TYPE_STRING && type.id != WEFT_TYPE_NULL && type.id != WEFT_TYPE_INTERVAL)
        return weft_fail_at(
            b->a->ctx, WEFT_DATATYPE_MISMATCH, weft_analyzer_span(b->a, &parsed->span),
            "Gap duration expression used in session window must be CalendarIntervalType, but "
            "got %s.",
            weft_type_text(type, text, sizeof text));
    WEFT_TRY(st, weft_expr_cast(b->a->ctx, *out, WEFT_TYPE_OF(WEFT_TYPE_INTERVAL), true, out));
done:
    return st;
}

/* The columns of the node, and one more. */
static weft_status add_column(weft_analyzer *a, const weft_node *node, const weft_expr *e, int64_t *id,
                              const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers exprs = {0};
    const weft_expr *column = NULL;
    for (int32_t i = 0; i < node->output.count; i++) {
        WEFT_TRY(st, weft_node_column(a->ctx, node, i, &column));
        WEFT_TRY(st, weft_pointers_push(a->ctx, &exprs, column));
    }
    *id = weft_next_id(a->ids);
    WEFT_TRY(st, weft_expr_alias(a->ctx, e, *id, session_name, &column));
    WEFT_TRY(st, weft_pointers_push(a->ctx, &exprs, column));
    WEFT_TRY(st, weft_node_project(a->ctx, node, weft_pointers_exprs(&exprs), exprs.count, out));
done:
    return st;
}

weft_status weft_bind_session_window(weft_binder *b, const weft_expr *call, weft_bound *from)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_span *span = weft_analyzer_span(b->a, &call->span);
    const weft_expr *args[2] = {NULL}, *time = NULL, *end = NULL, *session = NULL, *lasts = NULL;
    int64_t id = 0;
    if (call->arg_count != 2)
        return weft_fail_at(ctx, WEFT_WRONG_NUM_ARGS, span,
                            "The `session_window` requires 2 parameters but the actual number is %d.",
                            call->arg_count);
    WEFT_TRY(st, weft_bind_window_time(b, call, &time));
    args[0] = time;
    WEFT_TRY(st, bind_gap(b, call->args[1], &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, "+", args, 2, span, &end));
    args[0] = end;
    args[1] = time;
    WEFT_TRY(st, weft_expr_call(ctx, ">", args, 2, span, &lasts));
    WEFT_TRY(st, weft_node_filter(ctx, from->node, &lasts, 1, &from->node));
    WEFT_TRY(st, make_session(ctx, time, end, &session));
    WEFT_TRY(st, add_column(b->a, from->node, session, &id, &from->node));
    WEFT_TRY(st, weft_add_window_name(b->a, from, id, session_name, session->type, false, from));
done:
    return st;
}

/* ---- merging ---- */

typedef struct session_merge {
    weft_analyzer *a;
    const weft_node *node;
    const weft_expr *const *keys;
    int32_t key_count;
} session_merge;

/* function(args) over the keys and the extra one (NULL: none), in the order of `order` (NULL: of all rows),
 * as a column of the node. ranged: up to all rows with an equal order, else to the row before. */
static weft_status add_window(session_merge *m, const char *function, const weft_expr *arg,
                              const weft_expr *extra, const weft_expr *order, bool ranged,
                              const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = m->a->ctx;
    weft_window_spec *spec = NULL;
    weft_pointers keys = {0}, orders = {0};
    const weft_value one = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = 1};
    const weft_expr *call = NULL, *window = NULL, *alias = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &spec));
    for (int32_t i = 0; i < m->key_count; i++) WEFT_TRY(st, weft_pointers_push(ctx, &keys, m->keys[i]));
    if (extra != NULL) WEFT_TRY(st, weft_pointers_push(ctx, &keys, extra));
    *spec = (weft_window_spec){.has_frame = true,
                               .rows = !ranged,
                               .low = WEFT_BOUND_UNBOUNDED_PRECEDING,
                               .high = WEFT_BOUND_UNBOUNDED_FOLLOWING};
    if (order != NULL) {
        WEFT_TRY(st, weft_expr_sort_key(ctx, order, false, true, &order));
        WEFT_TRY(st, weft_pointers_push(ctx, &orders, order));
        spec->high = ranged ? WEFT_BOUND_CURRENT_ROW : WEFT_BOUND_PRECEDING;
        if (!ranged) WEFT_TRY(st, weft_expr_literal(ctx, &one, &spec->high_offset));
    }
    spec->partition = weft_pointers_exprs(&keys);
    spec->partition_count = keys.count;
    spec->order = weft_pointers_exprs(&orders);
    spec->order_count = orders.count;
    WEFT_TRY(st, weft_expr_aggregate(ctx, function, &arg, 1, false, NULL, NULL, &call));
    WEFT_TRY(st, weft_expr_window(ctx, call, spec, &window));
    WEFT_TRY(st, weft_expr_alias(ctx, window, weft_next_id(m->a->ids), function, &alias));
    WEFT_TRY(st, weft_node_window(ctx, m->node, &alias, 1, &m->node));
    WEFT_TRY(st, weft_expr_column(ctx, alias->alias.id, function, window->type, window->nullable, out));
done:
    return st;
}

/* 1 for a row that begins behind all before it, else 0. */
static weft_status begins_anew(weft_ctx *ctx, const weft_expr *start, const weft_expr *behind,
                               const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_value values[2] = {{.type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT), .i64 = 0},
                                  {.type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT), .i64 = 1}};
    const weft_expr *args[2] = {start, behind}, *parts[3] = {NULL};
    WEFT_TRY(st, weft_expr_call(ctx, "<=", args, 2, NULL, &parts[0]));
    WEFT_TRY(st, weft_expr_literal(ctx, &values[0], &parts[1]));
    WEFT_TRY(st, weft_expr_literal(ctx, &values[1], &parts[2]));
    WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_CASE, parts, 3, NULL, out));
done:
    return st;
}

static weft_status field(weft_ctx *ctx, const weft_expr *session, const char *name, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[2] = {session, NULL};
    WEFT_TRY(st, text_literal(ctx, name, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, ".", args, 2, NULL, out));
done:
    return st;
}

static weft_status merge(session_merge *m, const weft_expr *own, const weft_expr **merged)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = m->a->ctx;
    const weft_expr *start = NULL, *end = NULL, *behind = NULL, *anew = NULL, *number = NULL;
    int64_t id = 0;
    WEFT_TRY(st, field(ctx, own, "start", &start));
    WEFT_TRY(st, field(ctx, own, "end", &end));
    WEFT_TRY(st, add_window(m, "max", end, NULL, start, false, &behind));
    WEFT_TRY(st, begins_anew(ctx, start, behind, &anew));
    WEFT_TRY(st, add_window(m, "sum", anew, NULL, start, true, &number));
    WEFT_TRY(st, add_window(m, "min", start, number, NULL, false, &start));
    WEFT_TRY(st, add_window(m, "max", end, number, NULL, false, &end));
    WEFT_TRY(st, make_session(ctx, start, end, merged));
    WEFT_TRY(st, add_column(m->a, m->node, *merged, &id, &m->node));
    WEFT_TRY(st, weft_expr_column(ctx, id, session_name, (*merged)->type, false, merged));
done:
    return st;
}

weft_status weft_merge_sessions(weft_analyzer *a, const weft_bound *from, const weft_pointers *groups,
                                const weft_node **node, const weft_expr **own, const weft_expr **merged)
{
    weft_status st = WEFT_OK;
    weft_pointers keys = {0};
    *own = *merged = NULL;
    for (int32_t i = 0; i < groups->count; i++) {
        const weft_expr *group = weft_pointers_exprs(groups)[i];
        bool session = false;
        for (int32_t k = 0; k < from->count && group->kind == WEFT_EXPR_COLUMN; k++)
            session |= from->names[k].id == group->column.id && weft_is_window_name(&from->names[k]) &&
                       strcmp(from->names[k].name, session_name) == 0;
        if (session)
            *own = group;
        else
            WEFT_TRY(st, weft_pointers_push(a->ctx, &keys, group));
    }
    if (*own == NULL) goto done;
    session_merge m = {.a = a, .node = *node, .keys = weft_pointers_exprs(&keys), .key_count = keys.count};
    WEFT_TRY(st, merge(&m, *own, merged));
    *node = m.node;
done:
    return st;
}
