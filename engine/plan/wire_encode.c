/* engine/plan/wire_encode.c - a stage to bytes: messages that point into the stage, then packed at once. */
#include "engine/expr/wire.h"
#include "engine/plan/wire_private.h"
#include "proto/plan.pb-c.h"

/* protobuf-c's structs are not const, but packing only reads. */
static char *text_of(const char *text) { return (char *)(uintptr_t)(text != NULL ? text : ""); }

static void put_ints(const int32_t *values, int32_t count, size_t *n, int32_t **out)
{
    *n = (size_t)count;
    *out = (int32_t *)(uintptr_t)values;
}

static weft_status put_bools(weft_ctx *ctx, const bool *values, int32_t count, size_t *n,
                             protobuf_c_boolean **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, out));
    for (int32_t i = 0; i < count; i++) (*out)[i] = values[i];
    *n = (size_t)count;
done:
    return st;
}

static weft_status put_types(weft_ctx *ctx, const weft_types *types, ProtobufCBinaryData *out)
{
    return weft_types_encode(ctx, types->types, types->count, &out->data, &out->len);
}

/* No expressions are no bytes. */
static weft_status put_exprs(weft_ctx *ctx, const weft_expr *const *exprs, int32_t count,
                             ProtobufCBinaryData *out)
{
    *out = (ProtobufCBinaryData){0};
    if (count == 0) return WEFT_OK;
    return weft_exprs_encode(ctx, exprs, count, &out->data, &out->len);
}

/* `count` lists of `width` expressions. */
static weft_status put_lists(weft_ctx *ctx, const weft_expr *const *const *lists, int32_t count,
                             int32_t width, size_t *n, ProtobufCBinaryData **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, out));
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, put_exprs(ctx, lists[i], width, &(*out)[i]));
    *n = (size_t)count;
done:
    return st;
}

static weft_status put_sort_keys(weft_ctx *ctx, const weft_sort_key *keys, int32_t count, size_t *n,
                                 Weft__Wire__SortKey ***out)
{
    weft_status st = WEFT_OK;
    Weft__Wire__SortKey *items = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &items));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, out));
    for (int32_t i = 0; i < count; i++) {
        weft__wire__sort_key__init(&items[i]);
        items[i].column = keys[i].column;
        items[i].descending = keys[i].descending;
        items[i].nulls_first = keys[i].nulls_first;
        (*out)[i] = &items[i];
    }
    *n = (size_t)count;
done:
    return st;
}

/* What records have that lack a column. */
static weft_status put_absent(weft_ctx *ctx, const weft_schema *schema, Weft__Wire__Schema *m)
{
    weft_status st = WEFT_OK;
    const weft_expr **values = NULL;
    int32_t count = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, schema->count, &values));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, schema->count, &m->absent_columns));
    for (int32_t i = 0; i < schema->count; i++) {
        if (schema->fields[i].absent == NULL) continue;
        m->absent_columns[count] = i;
        WEFT_TRY(st, weft_expr_literal(ctx, schema->fields[i].absent, &values[count++]));
    }
    m->n_absent_columns = (size_t)count;
    WEFT_TRY(st, put_exprs(ctx, values, count, &m->absent));
done:
    return st;
}

static weft_status put_schema(weft_ctx *ctx, const weft_schema *schema, Weft__Wire__Schema **out)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Schema *m = NULL;
    weft_type *types = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    weft__wire__schema__init(m);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, schema->count, &types));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, schema->count, &m->names));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, schema->count, &m->nullable));
    for (int32_t i = 0; i < schema->count; i++) {
        types[i] = schema->fields[i].type;
        m->names[i] = text_of(schema->fields[i].name);
        m->nullable[i] = schema->fields[i].nullable;
    }
    m->n_names = m->n_nullable = (size_t)schema->count;
    WEFT_TRY(st, put_types(ctx, &(weft_types){.count = schema->count, .types = types}, &m->types));
    WEFT_TRY(st, put_absent(ctx, schema, m));
    *out = m;
done:
    return st;
}

weft_status weft_schema_encode(weft_ctx *ctx, const weft_schema *schema, uint8_t **bytes, size_t *len)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Schema *m = NULL;
    WEFT_TRY(st, put_schema(ctx, schema, &m));
    *len = weft__wire__schema__get_packed_size(m);
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, *len, (void **)bytes));
    weft__wire__schema__pack(m, *bytes);
done:
    return st;
}

static void put_options(const char *const *options, int32_t count, size_t *n, char ***out)
{
    *n = 2 * (size_t)count;
    *out = (char **)(uintptr_t)options;
}

/* ---- sources ---- */

static weft_status put_relation(weft_ctx *ctx, const weft_relation *r, Weft__Wire__Relation **out)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Relation *m = NULL;
    Weft__Wire__File *files = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    weft__wire__relation__init(m);
    m->name = text_of(r->name);
    m->format = text_of(r->format->name);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->file_count, &files));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->file_count, &m->files));
    for (int32_t i = 0; i < r->file_count; i++) {
        weft__wire__file__init(&files[i]);
        files[i].path = text_of(r->files[i].path);
        files[i].size_bytes = r->files[i].size_bytes;
        files[i].mtime_ns = r->files[i].mtime_ns;
        files[i].base_bytes = r->files[i].base_bytes;
        files[i].folder = text_of(r->files[i].folder);
        m->files[i] = &files[i];
    }
    m->n_files = (size_t)r->file_count;
    put_options(r->options, r->option_count, &m->n_options, &m->options);
    WEFT_TRY(st, put_schema(ctx, r->schema, &m->schema));
    *out = m;
done:
    return st;
}

static weft_status put_scan(weft_ctx *ctx, const weft_source_spec *spec, Weft__Wire__Source *source)
{
    weft_status st = WEFT_OK;
    const weft_scan_spec *scan = &spec->scan.spec;
    Weft__Wire__Scan *m = NULL;
    Weft__Wire__ScanKey *keys = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    weft__wire__scan__init(m);
    WEFT_TRY(st, put_relation(ctx, spec->scan.relation, &m->relation));
    put_ints(scan->columns, scan->column_count, &m->n_columns, &m->columns);
    WEFT_TRY(st, put_exprs(ctx, scan->conjuncts, scan->conjunct_count, &m->conjuncts));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, scan->column_count, &m->needed));
    for (int32_t i = 0; i < scan->column_count; i++)
        m->needed[i] = scan->needed == NULL || scan->needed[i] != 0;
    m->n_needed = (size_t)scan->column_count;
    m->batch_rows = scan->batch_rows;
    const weft_types read = {.count = scan->column_count, .types = scan->read};
    if (scan->read != NULL) WEFT_TRY(st, put_types(ctx, &read, &m->read));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->scan.key_count, &keys));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->scan.key_count, &m->keys));
    for (int32_t i = 0; i < spec->scan.key_count; i++) {
        weft__wire__scan_key__init(&keys[i]);
        keys[i].input = spec->scan.keys[i].input;
        keys[i].build_column = spec->scan.keys[i].build_column;
        keys[i].column = spec->scan.keys[i].column;
        m->keys[i] = &keys[i];
    }
    m->n_keys = (size_t)spec->scan.key_count;
    put_ints(spec->scan.emit, spec->scan.emit_count, &m->n_emit, &m->emit);
    source->scan = m;
done:
    return st;
}

static weft_status put_aggregation(weft_ctx *ctx, const int32_t *groups, int32_t group_count,
                                   const weft_expr *const *aggregates, int32_t count,
                                   Weft__Wire__Aggregation **out)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Aggregation *m = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    weft__wire__aggregation__init(m);
    if (groups != NULL) put_ints(groups, group_count, &m->n_groups, &m->groups);
    m->group_count = group_count;
    WEFT_TRY(st, put_exprs(ctx, aggregates, count, &m->aggregates));
    *out = m;
done:
    return st;
}

static weft_status put_merge(weft_ctx *ctx, const weft_source_spec *spec, Weft__Wire__Source *source)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, &source->merge));
    weft__wire__merge__init(source->merge);
    source->merge->limit = spec->merge.limit;
    source->merge->together = spec->merge.together;
    WEFT_TRY(st, put_sort_keys(ctx, spec->merge.keys, spec->merge.key_count, &source->merge->n_keys,
                               &source->merge->keys));
done:
    return st;
}

static weft_status put_values(weft_ctx *ctx, const weft_source_spec *spec, Weft__Wire__Source *source)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, &source->values));
    weft__wire__values__init(source->values);
    source->values->row_count = spec->values.row_count;
    WEFT_TRY(st, put_exprs(ctx, spec->values.cells, spec->values.row_count * spec->output.count,
                           &source->values->cells));
done:
    return st;
}

static weft_status put_marked(weft_ctx *ctx, const weft_source_spec *spec, Weft__Wire__Source *source)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Marked *m = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    weft__wire__marked__init(m);
    m->marks_input = spec->marked.marks_input;
    m->matched = spec->marked.matched;
    m->emit_mark = spec->marked.emit_mark;
    put_ints(spec->marked.columns, spec->marked.column_count, &m->n_columns, &m->columns);
    source->marked = m;
done:
    return st;
}

static weft_status put_source(weft_ctx *ctx, const weft_source_spec *spec, Weft__Wire__Source **out)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Source *m = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    weft__wire__source__init(m);
    m->kind = (uint32_t)spec->kind;
    m->input = spec->input;
    WEFT_TRY(st, put_types(ctx, &spec->output, &m->output));
    switch (spec->kind) {
    case WEFT_SOURCE_SCAN: WEFT_TRY(st, put_scan(ctx, spec, m)); break;
    case WEFT_SOURCE_ROWS: m->rows_inputs = spec->rows.input_count; break;
    case WEFT_SOURCE_AGGREGATE:
        WEFT_TRY(st, put_aggregation(ctx, NULL, spec->aggregate.group_count, spec->aggregate.aggregates,
                                     spec->aggregate.aggregate_count, &m->aggregate));
        break;
    case WEFT_SOURCE_MERGE: WEFT_TRY(st, put_merge(ctx, spec, m)); break;
    case WEFT_SOURCE_VALUES: WEFT_TRY(st, put_values(ctx, spec, m)); break;
    case WEFT_SOURCE_MARKED: WEFT_TRY(st, put_marked(ctx, spec, m)); break;
    case WEFT_SOURCE_KIND_COUNT: break;
    }
    *out = m;
done:
    return st;
}

/* ---- operators ---- */

static weft_status put_probe(weft_ctx *ctx, const weft_op_spec *spec, Weft__Wire__Operator *op)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Probe *m = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    weft__wire__probe__init(m);
    m->kind = (uint32_t)spec->probe.kind;
    m->record_marks = spec->probe.record_marks;
    m->emit_pairs = spec->probe.emit_pairs;
    m->mark_nullable = spec->probe.mark_nullable;
    m->unique = spec->probe.unique;
    m->input = spec->probe.input;
    m->partitioned = spec->probe.partitioned;
    m->placed = spec->probe.placed;
    put_ints(spec->probe.keys, spec->probe.key_count, &m->n_keys, &m->keys);
    put_ints(spec->probe.build_keys, spec->probe.key_count, &m->n_build_keys, &m->build_keys);
    if (spec->probe.null_equal != NULL)
        WEFT_TRY(st, put_bools(ctx, spec->probe.null_equal, spec->probe.key_count, &m->n_null_equal,
                               &m->null_equal));
    put_ints(spec->probe.probe_columns, spec->probe.probe_count, &m->n_probe_columns, &m->probe_columns);
    put_ints(spec->probe.build_columns, spec->probe.build_count, &m->n_build_columns, &m->build_columns);
    WEFT_TRY(st, put_exprs(ctx, spec->probe.conditions, spec->probe.condition_count, &m->conditions));
    op->probe = m;
done:
    return st;
}

static weft_status put_loop(weft_ctx *ctx, const weft_op_spec *spec, Weft__Wire__Operator *op)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Loop *m = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    weft__wire__loop__init(m);
    m->kind = (uint32_t)spec->loop.kind;
    m->input = spec->loop.input;
    put_ints(spec->loop.probe_columns, spec->loop.probe_count, &m->n_probe_columns, &m->probe_columns);
    put_ints(spec->loop.build_columns, spec->loop.build_count, &m->n_build_columns, &m->build_columns);
    WEFT_TRY(st, put_exprs(ctx, spec->loop.conditions, spec->loop.condition_count, &m->conditions));
    op->loop = m;
done:
    return st;
}

/* A call travels as a WINDOW node. Partition and order of its specification are the logical plan's: the
 * operator has its own. */
static weft_status put_window_call(weft_ctx *ctx, const weft_window_call *call, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr *e = NULL;
    weft_window_spec *frame = NULL;
    const weft_expr **arg = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &e));
    WEFT_TRY(st, WEFT_NEW(ctx, &frame));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 1, &arg));
    arg[0] = call->call;
    *frame = *call->spec;
    frame->partition_count = frame->order_count = 0;
    *e = (weft_expr){.kind = WEFT_EXPR_WINDOW,
                     .type = call->call->type,
                     .nullable = call->call->nullable,
                     .arg_count = 1,
                     .args = arg,
                     .window = {.spec = frame}};
    *out = e;
done:
    return st;
}

static weft_status put_window(weft_ctx *ctx, const weft_op_spec *spec, Weft__Wire__Operator *op)
{
    weft_status st = WEFT_OK;
    Weft__Wire__WindowOp *m = NULL;
    const weft_expr **calls = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    weft__wire__window_op__init(m);
    put_ints(spec->window.partition, spec->window.partition_count, &m->n_partition, &m->partition);
    WEFT_TRY(st, put_sort_keys(ctx, spec->window.order, spec->window.order_count, &m->n_order, &m->order));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->window.call_count, &calls));
    for (int32_t i = 0; i < spec->window.call_count; i++)
        WEFT_TRY(st, put_window_call(ctx, &spec->window.calls[i], &calls[i]));
    WEFT_TRY(st, put_exprs(ctx, calls, spec->window.call_count, &m->calls));
    op->window = m;
done:
    return st;
}

static weft_status put_expand(weft_ctx *ctx, const weft_op_spec *spec, Weft__Wire__Operator *op)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Expand *m = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    weft__wire__expand__init(m);
    WEFT_TRY(st, put_lists(ctx, spec->expand.projections, spec->expand.projection_count, spec->output.count,
                           &m->n_projections, &m->projections));
    op->expand = m;
done:
    return st;
}

static weft_status put_op(weft_ctx *ctx, const weft_op_spec *spec, Weft__Wire__Operator **out)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Operator *m = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    weft__wire__operator__init(m);
    m->kind = (uint32_t)spec->kind;
    WEFT_TRY(st, put_types(ctx, &spec->output, &m->output));
    switch (spec->kind) {
    case WEFT_OP_FILTER:
        WEFT_TRY(st, put_exprs(ctx, spec->filter.conjuncts, spec->filter.count, &m->exprs));
        break;
    case WEFT_OP_PROJECT:
        WEFT_TRY(st, put_exprs(ctx, spec->project.exprs, spec->project.count, &m->exprs));
        break;
    case WEFT_OP_PROBE: WEFT_TRY(st, put_probe(ctx, spec, m)); break;
    case WEFT_OP_LOOP: WEFT_TRY(st, put_loop(ctx, spec, m)); break;
    case WEFT_OP_LIMIT:
        WEFT_TRY(st, WEFT_NEW(ctx, &m->limit));
        weft__wire__limit__init(m->limit);
        m->limit->skip = spec->limit.skip;
        m->limit->take = spec->limit.take;
        break;
    case WEFT_OP_WINDOW: WEFT_TRY(st, put_window(ctx, spec, m)); break;
    case WEFT_OP_EXPAND: WEFT_TRY(st, put_expand(ctx, spec, m)); break;
    case WEFT_OP_SCRIPT:
        WEFT_TRY(st, WEFT_NEW(ctx, &m->script));
        weft__wire__script__init(m->script);
        m->script->command = (char *)(uintptr_t)spec->script.command;
        m->script->column = spec->script.column;
        break;
    case WEFT_OP_SINGLE_ROW:
    case WEFT_OP_KIND_COUNT: break;
    }
    *out = m;
done:
    return st;
}

/* ---- sinks ---- */

static weft_status put_exchange(weft_ctx *ctx, const weft_sink_spec *spec, Weft__Wire__Sink *sink)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Exchange *m = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    weft__wire__exchange__init(m);
    put_ints(spec->exchange.columns, spec->exchange.column_count, &m->n_columns, &m->columns);
    put_ints(spec->exchange.keys, spec->exchange.key_count, &m->n_keys, &m->keys);
    m->track_ranges = spec->exchange.track_ranges;
    m->limit = spec->exchange.limit;
    sink->exchange = m;
done:
    return st;
}

static weft_status put_sort(weft_ctx *ctx, const weft_sink_spec *spec, Weft__Wire__Sink *sink)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Sort *m = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    weft__wire__sort__init(m);
    WEFT_TRY(st, put_sort_keys(ctx, spec->sort.keys, spec->sort.key_count, &m->n_keys, &m->keys));
    m->limit = spec->sort.limit;
    put_ints(spec->sort.hash, spec->sort.hash_count, &m->n_hash, &m->hash);
    m->group_most = spec->sort.group_most;
    m->group_keys = spec->sort.group_keys;
    m->numbering = (uint32_t)spec->sort.numbering;
    m->by_range = spec->sort.by_range;
    sink->sort = m;
done:
    return st;
}

static weft_status put_write(weft_ctx *ctx, const weft_sink_spec *spec, Weft__Wire__Sink *sink)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Write *m = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    weft__wire__write__init(m);
    m->format = text_of(spec->write.format);
    m->directory = text_of(spec->write.directory);
    m->job = text_of(spec->write.job);
    WEFT_TRY(st, put_schema(ctx, spec->write.schema, &m->schema));
    put_options(spec->write.options, spec->write.option_count, &m->n_options, &m->options);
    m->n_keys = (size_t)spec->write.key_count;
    m->keys = (char **)(uintptr_t)spec->write.key_names;
    m->bucketed = spec->write.bucketed;
    m->n_sort = (size_t)spec->write.sort_count;
    m->sort = (int32_t *)(uintptr_t)spec->write.sort_columns;
    sink->write = m;
done:
    return st;
}

static weft_status put_sink(weft_ctx *ctx, const weft_sink_spec *spec, Weft__Wire__Sink **out)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Sink *m = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    weft__wire__sink__init(m);
    m->kind = (uint32_t)spec->kind;
    m->partition_count = spec->partition_count;
    m->placed = spec->placed;
    WEFT_TRY(st, put_types(ctx, &spec->rows, &m->rows));
    switch (spec->kind) {
    case WEFT_SINK_EXCHANGE: WEFT_TRY(st, put_exchange(ctx, spec, m)); break;
    case WEFT_SINK_AGGREGATE:
        WEFT_TRY(st,
                 put_aggregation(ctx, spec->aggregate.groups, spec->aggregate.group_count,
                                 spec->aggregate.aggregates, spec->aggregate.aggregate_count, &m->aggregate));
        m->aggregate->table_bytes = spec->aggregate.table_bytes;
        WEFT_TRY(st, put_lists(ctx, spec->aggregate.sets, spec->aggregate.set_count,
                               spec->aggregate.group_count, &m->aggregate->n_sets, &m->aggregate->sets));
        break;
    case WEFT_SINK_SORT: WEFT_TRY(st, put_sort(ctx, spec, m)); break;
    case WEFT_SINK_WRITE: WEFT_TRY(st, put_write(ctx, spec, m)); break;
    case WEFT_SINK_KIND_COUNT: break;
    }
    *out = m;
done:
    return st;
}

/* ---- the stage ---- */

static weft_status put_inputs(weft_ctx *ctx, const weft_stage *stage, Weft__Wire__Stage *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__StageInput *inputs = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stage->input_count, &inputs));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stage->input_count, &m->inputs));
    for (int32_t i = 0; i < stage->input_count; i++) {
        weft__wire__stage_input__init(&inputs[i]);
        inputs[i].stage = stage->inputs[i].stage_id;
        inputs[i].mode = (uint32_t)stage->inputs[i].mode;
        inputs[i].partition_count = stage->inputs[i].partition_count;
        WEFT_TRY(st, put_types(ctx, &stage->inputs[i].rows, &inputs[i].rows));
        m->inputs[i] = &inputs[i];
    }
    m->n_inputs = (size_t)stage->input_count;
done:
    return st;
}

static weft_status put_bound(weft_ctx *ctx, bool has, weft_sort_prefix bound, Weft__Wire__SortBound **out)
{
    weft_status st = WEFT_OK;
    if (!has) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, out));
    weft__wire__sort_bound__init(*out);
    (*out)->high = bound.high;
    (*out)->low = bound.low;
done:
    return st;
}

static weft_status put_task(weft_ctx *ctx, const weft_task_spec *task, Weft__Wire__Task *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Split *splits = NULL;
    weft__wire__task__init(m);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, task->split_count, &splits));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, task->split_count, &m->splits));
    for (int32_t i = 0; i < task->split_count; i++) {
        weft__wire__split__init(&splits[i]);
        splits[i].file = task->splits[i].file_index;
        splits[i].begin = task->splits[i].begin;
        splits[i].end = task->splits[i].end;
        splits[i].bytes = task->splits[i].bytes;
        m->splits[i] = &splits[i];
    }
    m->n_splits = (size_t)task->split_count;
    m->partition_begin = task->partition_begin;
    m->partition_end = task->partition_end;
    WEFT_TRY(st, put_bound(ctx, task->range.has_low, task->range.low, &m->range_begin));
    WEFT_TRY(st, put_bound(ctx, task->range.has_high, task->range.high, &m->range_end));
done:
    return st;
}

static weft_status put_tasks(weft_ctx *ctx, const weft_stage *stage, Weft__Wire__Stage *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Task *tasks = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stage->task_count, &tasks));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stage->task_count, &m->tasks));
    for (int32_t i = 0; i < stage->task_count; i++) {
        WEFT_TRY(st, put_task(ctx, &stage->tasks[i], &tasks[i]));
        m->tasks[i] = &tasks[i];
    }
    m->n_tasks = (size_t)stage->task_count;
done:
    return st;
}

/* A message in ctx->arena. */
static weft_status pack(weft_ctx *ctx, const ProtobufCMessage *m, const char *what, int32_t number,
                        uint8_t **bytes, size_t *len)
{
    weft_status st = WEFT_OK;
    const size_t size = protobuf_c_message_get_packed_size(m);
    *bytes = NULL;
    *len = 0;
    if (size > WEFT_STAGE_WIRE_BYTES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "%s %d takes %zu bytes, more than the %d that a message may have",
                         what, number, size, WEFT_STAGE_WIRE_BYTES_MAX);
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, size + 1, (void **)bytes));
    *len = protobuf_c_message_pack(m, *bytes);
done:
    return st;
}

static weft_status encode(weft_ctx *ctx, const weft_stage *stage, bool tasks, uint8_t **bytes, size_t *len)
{
    weft_status st = WEFT_OK;
    const weft_fragment *f = &stage->fragment;
    Weft__Wire__Stage m = WEFT__WIRE__STAGE__INIT;

    m.version = WEFT_STAGE_WIRE_VERSION;
    m.id = stage->id;
    m.determinism = (uint32_t)stage->determinism;
    m.name = text_of(stage->name);
    m.estimated_rows = stage->estimated_rows;
    WEFT_TRY(st, put_inputs(ctx, stage, &m));
    WEFT_TRY(st, put_source(ctx, &f->source, &m.source));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, f->op_count, &m.operators));
    for (int32_t i = 0; i < f->op_count; i++) WEFT_TRY(st, put_op(ctx, &f->ops[i], &m.operators[i]));
    m.n_operators = (size_t)f->op_count;
    WEFT_TRY(st, put_sink(ctx, &f->sink, &m.sink));
    if (tasks)
        WEFT_TRY(st, put_tasks(ctx, stage, &m));
    else
        m.task_count = stage->task_count;
    WEFT_TRY(st, pack(ctx, &m.base, "stage", stage->id, bytes, len));
done:
    return st;
}

weft_status weft_stage_encode(weft_ctx *ctx, const weft_stage *stage, uint8_t **bytes, size_t *len)
{
    return encode(ctx, stage, stage->tasks != NULL, bytes, len);
}

weft_status weft_stage_encode_shared(weft_ctx *ctx, const weft_stage *stage, uint8_t **bytes, size_t *len)
{
    return encode(ctx, stage, false, bytes, len);
}

weft_status weft_task_encode(weft_ctx *ctx, const weft_task_spec *task, uint8_t **bytes, size_t *len)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Task m = WEFT__WIRE__TASK__INIT;
    WEFT_TRY(st, put_task(ctx, task, &m));
    WEFT_TRY(st, pack(ctx, &m.base, "a task from partition", task->partition_begin, bytes, len));
done:
    return st;
}
