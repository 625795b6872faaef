/* engine/plan/wire_op.c - decoded operators, each checked against the columns that reach it. */
#include "engine/expr/aggregate.h"
#include "engine/plan/wire_private.h"

/* The operator's columns must be these. */
static weft_status check_output(const wire_stage *w, const weft_op_spec *op, const weft_types *given)
{
    return wire_types_equal(&op->output, given) ? WEFT_OK : wire_fail(w, "its columns have other types");
}

static weft_status get_filter(const wire_stage *w, const Weft__Wire__Operator *from, weft_op_spec *out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, wire_get_predicates(w, &from->exprs, &w->now, &out->filter.conjuncts, &out->filter.count));
    WEFT_TRY(st, check_output(w, out, &w->now));
done:
    return st;
}

/* A list of expressions that gives the operator's columns. */
static weft_status get_projection(const wire_stage *w, const ProtobufCBinaryData *from,
                                  const weft_op_spec *op, const weft_expr *const **out)
{
    weft_status st = WEFT_OK;
    int32_t count = 0;
    WEFT_TRY(st, wire_get_exprs(w, from, &w->now, op->output.count, out, &count));
    for (int32_t i = 0; i < count; i++)
        if (!weft_type_equal((*out)[i]->type, op->output.types[i]))
            return wire_fail(w, "an expression has another type than its column");
done:
    return st;
}

/* ---- joins ---- */

/* The columns that leave a join: probe columns, build columns, mark. */
static weft_status check_join_output(const wire_stage *w, const weft_op_spec *op,
                                     const weft_stage_input *build, const int32_t *probe_columns,
                                     size_t probe_count, const int32_t *build_columns, size_t build_count,
                                     bool mark)
{
    weft_status st = WEFT_OK;
    weft_type *types = NULL;
    weft_types given = {0};
    if (probe_count > WEFT_COLUMNS_MAX || !wire_in_range(probe_columns, probe_count, w->now.count))
        return wire_fail(w, "a column of the input is not there");
    if (build_count > WEFT_COLUMNS_MAX || !wire_in_range(build_columns, build_count, build->rows.count))
        return wire_fail(w, "a column of the build rows is not there");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, probe_count + build_count + 1, &types));
    wire_pick(&w->now, probe_columns, probe_count, types, &given.count);
    wire_pick(&build->rows, build_columns, build_count, types, &given.count);
    if (mark) types[given.count++] = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN);
    given.types = types;
    WEFT_TRY(st, check_output(w, op, &given));
done:
    return st;
}

/* Conditions see all columns of the input, then all of the build rows. */
static weft_status get_conditions(const wire_stage *w, const ProtobufCBinaryData *from,
                                  const weft_stage_input *build, const weft_expr *const **out, int32_t *count)
{
    weft_status st = WEFT_OK;
    weft_type *types = NULL;
    weft_types both = {.count = w->now.count + build->rows.count};
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, both.count, &types));
    for (int32_t i = 0; i < both.count; i++)
        types[i] = i < w->now.count ? w->now.types[i] : build->rows.types[i - w->now.count];
    both.types = types;
    WEFT_TRY(st, wire_get_predicates(w, from, &both, out, count));
done:
    return st;
}

static bool gives_pairs(weft_join_kind kind)
{
    return kind == WEFT_JOIN_INNER || kind == WEFT_JOIN_LEFT || kind == WEFT_JOIN_SINGLE;
}

static weft_status check_join_kind(const wire_stage *w, uint32_t kind, bool loop, size_t build_columns)
{
    if (kind > WEFT_JOIN_SINGLE) return wire_unknown(w, "join", kind);
    if (kind == WEFT_JOIN_RIGHT || kind == WEFT_JOIN_FULL)
        return wire_fail(w, "a join of this kind is made of others");
    if (loop && kind == WEFT_JOIN_ANTI_NULL) return wire_fail(w, "there is no such join without keys");
    if (!gives_pairs((weft_join_kind)kind) && build_columns > 0)
        return wire_fail(w, "a join of this kind gives no build columns");
    return WEFT_OK;
}

static weft_status get_probe_keys(const wire_stage *w, const Weft__Wire__Probe *from,
                                  const weft_stage_input *build, weft_op_spec *out)
{
    weft_status st = WEFT_OK;
    bool *null_equal = NULL;
    if (from->n_keys < 1 || from->n_keys > WEFT_COLUMNS_MAX || from->n_build_keys != from->n_keys ||
        (from->n_null_equal != 0 && from->n_null_equal != from->n_keys))
        return wire_fail(w, "its keys differ in number");
    if (!wire_in_range(from->keys, from->n_keys, w->now.count) ||
        !wire_in_range(from->build_keys, from->n_keys, build->rows.count))
        return wire_fail(w, "a key names no column");
    for (size_t i = 0; i < from->n_keys; i++)
        if (!weft_type_equal(w->now.types[from->keys[i]], build->rows.types[from->build_keys[i]]))
            return wire_fail(w, "the types of a key's sides differ");
    if (from->n_null_equal > 0) WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, from->n_keys, &null_equal));
    for (size_t i = 0; i < from->n_null_equal; i++) null_equal[i] = from->null_equal[i] != 0;
    out->probe.key_count = (int32_t)from->n_keys;
    out->probe.keys = wire_ints(from->keys);
    out->probe.build_keys = wire_ints(from->build_keys);
    out->probe.null_equal = null_equal;
done:
    return st;
}

static weft_status get_probe(const wire_stage *w, const Weft__Wire__Probe *from, weft_op_spec *out)
{
    weft_status st = WEFT_OK;
    if (from == NULL) return wire_fail(w, "a join says nothing");
    const weft_stage_input *build =
        wire_input(w, from->input, from->partitioned ? WEFT_INPUT_PARTITION : WEFT_INPUT_ALL);
    if (build == NULL) return wire_fail(w, "there is no such input");
    WEFT_TRY(st, check_join_kind(w, from->kind, false, from->n_build_columns));
    WEFT_TRY(st, get_probe_keys(w, from, build, out));
    const bool silent = from->record_marks && !from->emit_pairs;
    const bool all_rows = from->kind == WEFT_JOIN_ANTI_NULL || from->kind == WEFT_JOIN_MARK;
    if (from->record_marks && !gives_pairs((weft_join_kind)from->kind))
        return wire_fail(w, "a join of this kind marks nothing");
    if (all_rows && from->partitioned && (from->kind == WEFT_JOIN_ANTI_NULL || from->mark_nullable))
        return wire_fail(w, "a NULL among the keys is not seen by all partitions");
    if (silent && from->n_probe_columns + from->n_build_columns > 0)
        return wire_fail(w, "a join that only marks gives no columns");
    out->probe.kind = (weft_join_kind)from->kind;
    out->probe.record_marks = from->record_marks != 0;
    out->probe.emit_pairs = from->emit_pairs != 0;
    out->probe.mark_nullable = from->mark_nullable != 0;
    out->probe.unique = from->unique != 0;
    out->probe.partitioned = from->partitioned != 0;
    out->probe.placed = from->placed != 0;
    if (from->placed && !from->partitioned) return wire_fail(w, "a join has a place and no partitions");
    out->probe.input = from->input;
    out->probe.probe_columns = wire_ints(from->probe_columns);
    out->probe.probe_count = (int32_t)from->n_probe_columns;
    out->probe.build_columns = wire_ints(from->build_columns);
    out->probe.build_count = (int32_t)from->n_build_columns;
    WEFT_TRY(
        st, get_conditions(w, &from->conditions, build, &out->probe.conditions, &out->probe.condition_count));
    WEFT_TRY(st,
             check_join_output(w, out, build, from->probe_columns, from->n_probe_columns, from->build_columns,
                               from->n_build_columns, !silent && out->probe.kind == WEFT_JOIN_MARK));
done:
    return st;
}

static weft_status get_loop(const wire_stage *w, const Weft__Wire__Loop *from, weft_op_spec *out)
{
    weft_status st = WEFT_OK;
    if (from == NULL) return wire_fail(w, "a join says nothing");
    const weft_stage_input *build = wire_input(w, from->input, WEFT_INPUT_ALL);
    if (build == NULL) return wire_fail(w, "there is no such input");
    WEFT_TRY(st, check_join_kind(w, from->kind, true, from->n_build_columns));
    out->loop.kind = (weft_join_kind)from->kind;
    out->loop.input = from->input;
    out->loop.probe_columns = wire_ints(from->probe_columns);
    out->loop.probe_count = (int32_t)from->n_probe_columns;
    out->loop.build_columns = wire_ints(from->build_columns);
    out->loop.build_count = (int32_t)from->n_build_columns;
    WEFT_TRY(st,
             get_conditions(w, &from->conditions, build, &out->loop.conditions, &out->loop.condition_count));
    WEFT_TRY(st,
             check_join_output(w, out, build, from->probe_columns, from->n_probe_columns, from->build_columns,
                               from->n_build_columns, out->loop.kind == WEFT_JOIN_MARK));
done:
    return st;
}

/* ---- windows ---- */

static bool has_offset(weft_bound_kind kind)
{
    return kind == WEFT_BOUND_PRECEDING || kind == WEFT_BOUND_FOLLOWING;
}

/* An offset counts rows, or is added to the one order key. */
static weft_status check_offset(const wire_stage *w, const weft_window_spec *frame, weft_bound_kind bound,
                                const weft_expr *offset, int32_t order_count)
{
    if (!has_offset(bound)) return WEFT_OK;
    const weft_type type = offset->type;
    const bool interval = type.id == WEFT_TYPE_INTERVAL_DT || type.id == WEFT_TYPE_INTERVAL_YM;
    if (offset->literal.is_null) return wire_fail(w, "a frame's offset is NULL");
    if (frame->rows && weft_type_is_integral(type)) return WEFT_OK;
    if (frame->rows || order_count != 1 ||
        !(weft_type_is_numeric(type) || type.id == WEFT_TYPE_STRING || interval))
        return wire_fail(w, "a frame's offset does not go with its order");
    return WEFT_OK;
}

static weft_status check_window_call(const wire_stage *w, const weft_op_spec *op, const weft_expr *window)
{
    weft_status st = WEFT_OK;
    if (window->kind != WEFT_EXPR_WINDOW) return wire_fail(w, "a call is no window function");
    const weft_window_spec *frame = window->window.spec;
    const weft_expr *call = window->args[0];
    const bool aggregate = call->kind == WEFT_EXPR_AGGREGATE;
    WEFT_TRY(st, check_offset(w, frame, frame->low, frame->low_offset, op->window.order_count));
    WEFT_TRY(st, check_offset(w, frame, frame->high, frame->high_offset, op->window.order_count));
    for (int32_t i = 0; i < call->arg_count; i++) {
        const weft_expr_kind kind = call->args[i]->kind;
        const bool constant = !aggregate || weft_aggregate_constant(call, i);
        if (kind != WEFT_EXPR_COLUMN && (!constant || kind != WEFT_EXPR_LITERAL))
            return wire_fail(w, "an argument of a call is neither column nor constant");
    }
    if (aggregate && call->aggregate.filter != NULL && call->aggregate.filter->kind != WEFT_EXPR_COLUMN)
        st = wire_fail(w, "the filter of a call is no column");
done:
    return st;
}

static weft_status get_window_calls(const wire_stage *w, const weft_expr *const *windows, int32_t count,
                                    weft_op_spec *out)
{
    weft_status st = WEFT_OK;
    weft_window_call *calls = NULL;
    weft_type *types = NULL;
    weft_types given = {.count = w->now.count};
    if (count > WEFT_COLUMNS_MAX) return wire_fail(w, "too many calls");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, count, &calls));
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, w->now.count + count, &types));
    for (int32_t i = 0; i < w->now.count; i++) types[i] = w->now.types[i];
    for (int32_t i = 0; i < count; i++) {
        WEFT_TRY(st, check_window_call(w, out, windows[i]));
        calls[i] = (weft_window_call){.call = windows[i]->args[0], .spec = windows[i]->window.spec};
        types[given.count++] = windows[i]->type;
    }
    given.types = types;
    out->window.calls = calls;
    out->window.call_count = count;
    WEFT_TRY(st, check_output(w, out, &given));
done:
    return st;
}

static weft_status get_window(const wire_stage *w, const Weft__Wire__WindowOp *from, weft_op_spec *out)
{
    weft_status st = WEFT_OK;
    const weft_expr *const *windows = NULL;
    int32_t count = 0;
    if (from == NULL) return wire_fail(w, "a window says nothing");
    if (from->n_partition > WEFT_COLUMNS_MAX ||
        !wire_in_range(from->partition, from->n_partition, w->now.count))
        return wire_fail(w, "a partition column is not there");
    out->window.partition = wire_ints(from->partition);
    out->window.partition_count = (int32_t)from->n_partition;
    WEFT_TRY(st, wire_get_sort_keys(w, from->order, from->n_order, &w->now, &out->window.order));
    out->window.order_count = (int32_t)from->n_order;
    WEFT_TRY(st, wire_get_exprs(w, &from->calls, &w->now, -1, &windows, &count));
    WEFT_TRY(st, get_window_calls(w, windows, count, out));
done:
    return st;
}

/* ---- the others ---- */

static weft_status get_limit(const wire_stage *w, const Weft__Wire__Limit *from, weft_op_spec *out)
{
    if (from == NULL) return wire_fail(w, "a limit says nothing");
    if (from->skip < 0 || from->take < -1) return wire_fail(w, "a limit is out of range");
    out->limit.skip = from->skip;
    out->limit.take = from->take;
    return check_output(w, out, &w->now);
}

static weft_status get_expand(const wire_stage *w, const Weft__Wire__Expand *from, weft_op_spec *out)
{
    weft_status st = WEFT_OK;
    const weft_expr *const **projections = NULL;
    if (from == NULL || from->n_projections < 1 || from->n_projections > WEFT_COLUMNS_MAX)
        return wire_fail(w, "an expansion has no projections, or too many");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, from->n_projections, &projections));
    for (size_t i = 0; i < from->n_projections; i++)
        WEFT_TRY(st, get_projection(w, &from->projections[i], out, &projections[i]));
    out->expand.projections = projections;
    out->expand.projection_count = (int32_t)from->n_projections;
done:
    return st;
}

static weft_status get_script(const wire_stage *w, const Weft__Wire__Script *from, weft_op_spec *out)
{
    static const weft_type text = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    const weft_types lines = {.count = 1, .types = &text};
    if (from == NULL) return wire_fail(w, "a script says nothing");
    if (!wire_in_range(&from->column, 1, w->now.count) || !weft_type_equal(w->now.types[from->column], text))
        return wire_fail(w, "the lines of a script are no column of text");
    out->script.command = from->command;
    out->script.column = from->column;
    return check_output(w, out, &lines);
}

weft_status wire_get_op(wire_stage *w, const Weft__Wire__Operator *from, weft_op_spec *out)
{
    weft_status st = WEFT_OK;
    if (from->kind >= WEFT_OP_KIND_COUNT) return wire_unknown(w, "kind", from->kind);
    out->kind = (weft_op_kind)from->kind;
    WEFT_TRY(st, wire_get_types(w, &from->output, &out->output));
    switch (out->kind) {
    case WEFT_OP_FILTER: WEFT_TRY(st, get_filter(w, from, out)); break;
    case WEFT_OP_PROJECT:
        out->project.count = out->output.count;
        WEFT_TRY(st, get_projection(w, &from->exprs, out, &out->project.exprs));
        break;
    case WEFT_OP_PROBE: WEFT_TRY(st, get_probe(w, from->probe, out)); break;
    case WEFT_OP_LOOP: WEFT_TRY(st, get_loop(w, from->loop, out)); break;
    case WEFT_OP_LIMIT: WEFT_TRY(st, get_limit(w, from->limit, out)); break;
    case WEFT_OP_WINDOW: WEFT_TRY(st, get_window(w, from->window, out)); break;
    case WEFT_OP_EXPAND: WEFT_TRY(st, get_expand(w, from->expand, out)); break;
    case WEFT_OP_SINGLE_ROW: WEFT_TRY(st, check_output(w, out, &w->now)); break;
    case WEFT_OP_SCRIPT: WEFT_TRY(st, get_script(w, from->script, out)); break;
    case WEFT_OP_KIND_COUNT: break;
    }
done:
    return st;
}
