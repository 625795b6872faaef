/* engine/plan/wire_decode.c - bytes to a stage: the stage itself, and the pieces that its parts share.
 *
 * Arrays of numbers and texts stay where protobuf-c put them, which is the arena. Types flow as they do in a
 * pipeline: each part is checked against the columns that the part before it gives. */
#include "common/limits.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/wire.h"
#include "engine/plan/wire_private.h"
#include "proto/wire.h"

static weft_status fail_part(const wire_stage *w, weft_status code, const char *what)
{
    if (w->number < 0)
        return weft_fail(w->ctx, code, "stage %d from the wire: %s: %s", w->stage->id, w->part, what);
    return weft_fail(w->ctx, code, "stage %d from the wire: %s %d: %s", w->stage->id, w->part, w->number,
                     what);
}

weft_status wire_fail(const wire_stage *w, const char *what) { return fail_part(w, WEFT_CORRUPT, what); }

weft_status wire_unknown(const wire_stage *w, const char *what, uint32_t value)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    WEFT_TRY(st, weft_arena_printf(w->ctx, w->ctx->arena, &text,
                                   "%s %u is not known here: it was made by a newer version", what, value));
    st = fail_part(w, WEFT_UNSUPPORTED, text);
done:
    return st;
}

/* ---- pieces ---- */

bool wire_types_equal(const weft_types *a, const weft_types *b)
{
    if (a->count != b->count) return false;
    for (int32_t i = 0; i < a->count; i++)
        if (!weft_type_equal(a->types[i], b->types[i])) return false;
    return true;
}

const int32_t *wire_ints(const int32_t *values)
{
    static const int32_t none[1];
    return values != NULL ? values : none;
}

bool wire_in_range(const int32_t *values, size_t count, int32_t limit)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] < 0 || values[i] >= limit) return false;
    return true;
}

weft_status wire_get_types(const wire_stage *w, const ProtobufCBinaryData *from, weft_types *out)
{
    return weft_types_decode(w->ctx, from->data, from->len, &out->types, &out->count);
}

weft_status wire_get_exprs(const wire_stage *w, const ProtobufCBinaryData *from, const weft_types *inputs,
                           int32_t wanted, const weft_expr *const **exprs, int32_t *count)
{
    weft_status st = WEFT_OK;
    static const weft_type no_inputs[1];
    const weft_type *types = NULL;
    if (inputs != NULL) types = inputs->count > 0 ? inputs->types : no_inputs;
    *exprs = NULL;
    *count = 0;
    if (from->len > 0)
        WEFT_TRY(st, weft_exprs_decode(w->ctx, from->data, from->len, types,
                                       inputs != NULL ? inputs->count : 0, exprs, count));
    if (wanted >= 0 && *count != wanted) st = wire_fail(w, "another number of expressions is expected");
done:
    return st;
}

weft_status wire_get_predicates(const wire_stage *w, const ProtobufCBinaryData *from,
                                const weft_types *inputs, const weft_expr *const **exprs, int32_t *count)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, wire_get_exprs(w, from, inputs, -1, exprs, count));
    for (int32_t i = 0; i < *count; i++)
        if ((*exprs)[i]->type.id != WEFT_TYPE_BOOLEAN) return wire_fail(w, "a condition is not boolean");
done:
    return st;
}

weft_status wire_get_sort_keys(const wire_stage *w, Weft__Wire__SortKey *const *from, size_t count,
                               const weft_types *columns, const weft_sort_key **out)
{
    weft_status st = WEFT_OK;
    weft_sort_key *keys = NULL;
    if (count > WEFT_COLUMNS_MAX) return wire_fail(w, "too many sort keys");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, count, &keys));
    for (size_t i = 0; i < count; i++) {
        keys[i] = (weft_sort_key){.column = from[i]->column,
                                  .descending = from[i]->descending,
                                  .nulls_first = from[i]->nulls_first};
        if (!wire_in_range(&keys[i].column, 1, columns->count))
            return wire_fail(w, "a sort key names no column");
    }
    *out = keys;
done:
    return st;
}

/* The values of columns that records lack; *fits: each is one of a column of its type. */
static weft_status get_absent(weft_ctx *ctx, const Weft__Wire__Schema *from, weft_field *fields,
                              int32_t field_count, bool *fits)
{
    weft_status st = WEFT_OK;
    const weft_expr *const *values = NULL;
    int32_t count = 0;
    if (from->absent.len > 0)
        WEFT_TRY(st, weft_exprs_decode(ctx, from->absent.data, from->absent.len, NULL, 0, &values, &count));
    *fits = from->n_absent_columns == (size_t)count &&
            wire_in_range(from->absent_columns, from->n_absent_columns, field_count);
    for (int32_t i = 0; *fits && i < count; i++) {
        weft_field *field = &fields[from->absent_columns[i]];
        *fits = values[i]->kind == WEFT_EXPR_LITERAL && weft_type_equal(values[i]->type, field->type);
        field->absent = &values[i]->literal;
    }
done:
    return st;
}

/* *out stays NULL when names, types and values do not match. */
static weft_status get_schema(weft_ctx *ctx, const Weft__Wire__Schema *from, const weft_schema **out)
{
    weft_status st = WEFT_OK;
    weft_types types = {0};
    weft_schema *schema = NULL;
    weft_field *fields = NULL;
    bool fits = false;
    *out = NULL;
    WEFT_TRY(st, weft_types_decode(ctx, from->types.data, from->types.len, &types.types, &types.count));
    if (from->n_names != (size_t)types.count || from->n_nullable != (size_t)types.count) goto done;
    WEFT_TRY(st, WEFT_NEW(ctx, &schema));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, types.count, &fields));
    for (int32_t i = 0; i < types.count; i++)
        fields[i] =
            (weft_field){.name = from->names[i], .type = types.types[i], .nullable = from->nullable[i] != 0};
    WEFT_TRY(st, get_absent(ctx, from, fields, types.count, &fits));
    if (!fits) goto done;
    *schema = (weft_schema){.count = types.count, .fields = fields};
    *out = schema;
done:
    return st;
}

weft_status wire_get_schema(const wire_stage *w, const Weft__Wire__Schema *from, const weft_schema **out)
{
    weft_status st = WEFT_OK;
    if (from == NULL) return wire_fail(w, "there is no schema");
    WEFT_TRY(st, get_schema(w->ctx, from, out));
    if (*out == NULL) st = wire_fail(w, "the schema's names, types and values do not go together");
done:
    return st;
}

weft_status weft_schema_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len, const weft_schema **out)
{
    weft_status st = WEFT_OK;
    ProtobufCMessage *message = NULL;
    WEFT_TRY(st, weft_wire_unpack(ctx, &weft__wire__schema__descriptor, bytes, len, &message));
    WEFT_TRY(st, get_schema(ctx, (const Weft__Wire__Schema *)(const void *)message, out));
    if (*out == NULL)
        st = weft_fail(ctx, WEFT_CORRUPT, "a schema's names, types and values do not go together");
done:
    return st;
}

weft_status wire_get_aggregates(const wire_stage *w, const Weft__Wire__Aggregation *from,
                                const weft_types *inputs, const weft_types *groups,
                                const weft_expr *const **aggregates, int32_t *count, weft_types *states)
{
    weft_status st = WEFT_OK;
    weft_type *types = NULL;
    int32_t at = groups->count;
    WEFT_TRY(st, wire_get_exprs(w, &from->aggregates, inputs, -1, aggregates, count));
    if (*count > WEFT_COLUMNS_MAX) return wire_fail(w, "too many aggregates");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, groups->count + *count * WEFT_AGG_STATES_MAX, &types));
    for (int32_t i = 0; i < groups->count; i++) types[i] = groups->types[i];
    for (int32_t i = 0; i < *count; i++) {
        const weft_expr *call = (*aggregates)[i];
        bool zero[WEFT_AGG_STATES_MAX];
        if (call->kind != WEFT_EXPR_AGGREGATE) return wire_fail(w, "an aggregate is none");
        for (int32_t k = 0; k < call->arg_count; k++)
            if (call->args[k]->kind !=
                (weft_aggregate_constant(call, k) ? WEFT_EXPR_LITERAL : WEFT_EXPR_COLUMN))
                return wire_fail(w, "an aggregate's argument is no column");
        if (call->aggregate.filter != NULL && call->aggregate.filter->kind != WEFT_EXPR_COLUMN)
            return wire_fail(w, "an aggregate's filter is no column");
        at += call->aggregate.function->states(call, types + at, zero);
    }
    *states = (weft_types){.count = at, .types = types};
done:
    return st;
}

const weft_stage_input *wire_input(const wire_stage *w, int32_t index, weft_input_mode mode)
{
    if (index < 0 || index >= w->stage->input_count) return NULL;
    const weft_stage_input *input = &w->stage->inputs[index];
    return input->mode == mode ? input : NULL;
}

void wire_pick(const weft_types *columns, const int32_t *picks, size_t count, weft_type *to, int32_t *at)
{
    for (size_t i = 0; i < count; i++) to[(*at)++] = columns->types[picks[i]];
}

/* ---- the stage ---- */

static weft_status get_inputs(wire_stage *w, const Weft__Wire__Stage *from)
{
    weft_status st = WEFT_OK;
    weft_stage_input *inputs = NULL;
    w->part = "input";
    if (from->n_inputs > WEFT_STAGES_MAX) return wire_fail(w, "there are too many");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, from->n_inputs, &inputs));
    for (size_t i = 0; i < from->n_inputs; i++) {
        const Weft__Wire__StageInput *m = from->inputs[i];
        w->number = (int32_t)i;
        if (m->stage < 0 || m->stage >= w->stage->id) return wire_fail(w, "it is no earlier stage");
        if (m->mode > WEFT_INPUT_ALL) return wire_unknown(w, "mode", m->mode);
        if (m->partition_count < 1 || m->partition_count > WEFT_PARTITIONS_MAX)
            return wire_fail(w, "its number of partitions is out of range");
        inputs[i] = (weft_stage_input){
            .stage_id = m->stage, .mode = (weft_input_mode)m->mode, .partition_count = m->partition_count};
        WEFT_TRY(st, wire_get_types(w, &m->rows, &inputs[i].rows));
    }
    w->stage->inputs = inputs;
    w->stage->input_count = (int32_t)from->n_inputs;
done:
    return st;
}

static weft_status get_ops(wire_stage *w, const Weft__Wire__Stage *from)
{
    weft_status st = WEFT_OK;
    weft_op_spec *ops = NULL;
    w->part = "operator";
    if (from->n_operators > WEFT_STAGE_WIRE_OPS_MAX) return wire_fail(w, "there are too many");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, from->n_operators, &ops));
    for (size_t i = 0; i < from->n_operators; i++) {
        w->number = (int32_t)i;
        WEFT_TRY(st, wire_get_op(w, from->operators[i], &ops[i]));
        w->now = ops[i].output;
    }
    w->stage->fragment.ops = ops;
    w->stage->fragment.op_count = (int32_t)from->n_operators;
done:
    return st;
}

/* The partitions in which the tasks of a stage have places; 0: they have none. */
static int32_t placed_partitions(const weft_stage *stage)
{
    if (stage->fragment.sink.placed) return stage->fragment.sink.partition_count;
    for (int32_t i = 0; i < stage->fragment.op_count; i++) {
        const weft_op_spec *op = &stage->fragment.ops[i];
        if (op->kind == WEFT_OP_PROBE && op->probe.placed)
            return stage->inputs[op->probe.input].partition_count;
    }
    return 0;
}

/* A place is a power of two of partitions that begins at a multiple of it. */
static bool is_place(int32_t begin, int32_t end)
{
    const int32_t width = end - begin;
    return width > 0 && (width & (width - 1)) == 0 && begin % width == 0;
}

/* The partitions that tasks may name. Rows may be read from several inputs one after the other, some of which
 * have fewer; both sides of a join have as many. */
static int32_t most_partitions(const weft_stage *stage)
{
    const weft_source_spec *source = &stage->fragment.source;
    const bool reads = source->kind != WEFT_SOURCE_SCAN && source->kind != WEFT_SOURCE_VALUES;
    int32_t most = reads ? stage->inputs[source->input].partition_count : placed_partitions(stage);
    for (int32_t i = 1; source->kind == WEFT_SOURCE_ROWS && i < source->rows.input_count; i++)
        most = weft_max_i32(most, stage->inputs[source->input + i].partition_count);
    for (int32_t i = 0; i < stage->fragment.op_count; i++) {
        const weft_op_spec *op = &stage->fragment.ops[i];
        if (op->kind == WEFT_OP_PROBE && op->probe.partitioned)
            most = weft_min_i32(most, stage->inputs[op->probe.input].partition_count);
    }
    return most;
}

static weft_status get_range(const wire_stage *w, const Weft__Wire__Task *from, weft_sort_range *out)
{
    const Weft__Wire__SortBound *low = from->range_begin, *high = from->range_end;
    *out = (weft_sort_range){.has_low = low != NULL, .has_high = high != NULL};
    if (low == NULL && high == NULL) return WEFT_OK;
    if (w->stage->fragment.source.kind != WEFT_SOURCE_MERGE)
        return wire_fail(w, "it has a range of keys, and merges nothing");
    if (low != NULL) out->low = (weft_sort_prefix){.high = low->high, .low = low->low};
    if (high != NULL) out->high = (weft_sort_prefix){.high = high->high, .low = high->low};
    if (low != NULL && high != NULL && weft_sort_compare_prefix(out->low, out->high) >= 0)
        return wire_fail(w, "its range of keys ends before it begins");
    return WEFT_OK;
}

static weft_status get_task(wire_stage *w, const Weft__Wire__Task *from, int32_t partitions,
                            weft_task_spec *out)
{
    weft_status st = WEFT_OK;
    const weft_source_spec *source = &w->stage->fragment.source;
    const weft_relation *relation = source->kind == WEFT_SOURCE_SCAN ? source->scan.relation : NULL;
    const int32_t files = relation == NULL ? 0 : relation->format->without_files ? 1 : relation->file_count;
    weft_split *splits = NULL;
    if (from->n_splits > INT32_MAX) return wire_fail(w, "there are too many splits");
    if (from->partition_begin < 0 || from->partition_begin > from->partition_end ||
        from->partition_end > partitions)
        return wire_fail(w, "its partitions are not those of the inputs");
    if (placed_partitions(w->stage) > 0 && !is_place(from->partition_begin, from->partition_end))
        return wire_fail(w, "its partitions are no place");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, from->n_splits, &splits));
    for (size_t i = 0; i < from->n_splits; i++) {
        const Weft__Wire__Split *m = from->splits[i];
        if (m->file < 0 || m->file >= files) return wire_fail(w, "a split names no file of the scan");
        if (m->begin < 0 || m->begin > m->end) return wire_fail(w, "a split ends before it begins");
        splits[i] = (weft_split){.file_index = m->file, .begin = m->begin, .end = m->end, .bytes = m->bytes};
    }
    *out = (weft_task_spec){.split_count = (int32_t)from->n_splits,
                            .splits = splits,
                            .partition_begin = from->partition_begin,
                            .partition_end = from->partition_end};
    WEFT_TRY(st, get_range(w, from, &out->range));
done:
    return st;
}

static weft_status get_tasks(wire_stage *w, const Weft__Wire__Stage *from)
{
    weft_status st = WEFT_OK;
    weft_task_spec *tasks = NULL;
    const int32_t partitions = most_partitions(w->stage);
    w->part = "task";
    w->number = -1;
    if (from->n_tasks == 0 && from->task_count > 0) {
        w->stage->task_count = from->task_count;
        return WEFT_OK;
    }
    if (from->n_tasks < 1 || from->n_tasks > INT32_MAX || from->task_count != 0)
        return wire_fail(w, "their number is out of range");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, from->n_tasks, &tasks));
    for (size_t i = 0; i < from->n_tasks; i++) {
        w->number = (int32_t)i;
        WEFT_TRY(st, get_task(w, from->tasks[i], partitions, &tasks[i]));
    }
    w->stage->tasks = tasks;
    w->stage->task_count = (int32_t)from->n_tasks;
done:
    return st;
}

static weft_status get_stage(wire_stage *w, const Weft__Wire__Stage *from)
{
    weft_status st = WEFT_OK;
    weft_fragment *f = &w->stage->fragment;

    if (from->version != WEFT_STAGE_WIRE_VERSION)
        return weft_fail(w->ctx, WEFT_UNSUPPORTED, "a stage of wire version %u; this process speaks %d",
                         from->version, WEFT_STAGE_WIRE_VERSION);
    w->stage->id = from->id;
    if (from->id < 0 || from->id >= WEFT_STAGES_MAX) return wire_fail(w, "its number is out of range");
    if (from->determinism > WEFT_INDETERMINATE) return wire_unknown(w, "determinism", from->determinism);
    w->stage->determinism = (weft_determinism)from->determinism;
    w->stage->name = from->name[0] != '\0' ? from->name : NULL;
    w->stage->estimated_rows = from->estimated_rows;
    WEFT_TRY(st, get_inputs(w, from));
    w->part = "source";
    w->number = -1;
    if (from->source == NULL) return wire_fail(w, "there is none");
    WEFT_TRY(st, wire_get_source(w, from->source, &f->source));
    w->now = f->source.output;
    WEFT_TRY(st, get_ops(w, from));
    w->part = "sink";
    w->number = -1;
    if (from->sink == NULL) return wire_fail(w, "there is none");
    WEFT_TRY(st, wire_get_sink(w, from->sink, &f->sink));
    WEFT_TRY(st, get_tasks(w, from));
done:
    return st;
}

weft_status weft_stage_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len, weft_stage **out)
{
    weft_status st = WEFT_OK;
    ProtobufCMessage *message = NULL;
    wire_stage w = {.ctx = ctx, .part = "stage", .number = -1};

    *out = NULL;
    if (len > WEFT_STAGE_WIRE_BYTES_MAX)
        return weft_fail(ctx, WEFT_CORRUPT, "a stage from the wire: %zu bytes are more than the %d allowed",
                         len, WEFT_STAGE_WIRE_BYTES_MAX);
    WEFT_TRY(st, WEFT_NEW(ctx, &w.stage));
    WEFT_TRY(st, weft_wire_unpack(ctx, &weft__wire__stage__descriptor, bytes, len, &message));
    WEFT_TRY(st, get_stage(&w, (const Weft__Wire__Stage *)message));
    *out = w.stage;
done:
    return st;
}

weft_status weft_task_decode(weft_ctx *ctx, const weft_stage *stage, const uint8_t *bytes, size_t len,
                             weft_task_spec **out)
{
    weft_status st = WEFT_OK;
    ProtobufCMessage *message = NULL;
    weft_stage shared = *stage; /* a wire_stage is one that is still being made; this one is whole */
    wire_stage w = {.ctx = ctx, .stage = &shared, .part = "task", .number = -1};

    *out = NULL;
    if (len > WEFT_STAGE_WIRE_BYTES_MAX)
        return weft_fail(ctx, WEFT_CORRUPT, "a task from the wire: %zu bytes are more than the %d allowed",
                         len, WEFT_STAGE_WIRE_BYTES_MAX);
    WEFT_TRY(st, weft_wire_unpack(ctx, &weft__wire__task__descriptor, bytes, len, &message));
    WEFT_TRY(st, WEFT_NEW(ctx, out));
    WEFT_TRY(st, get_task(&w, (const Weft__Wire__Task *)message, most_partitions(&shared), *out));
done:
    return st;
}
