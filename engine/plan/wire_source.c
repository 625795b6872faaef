/* engine/plan/wire_source.c - decoded sources, and the table of a scan: opened only when the stage is. */
#include <string.h>

#include "engine/plan/fields_read.h"
#include "engine/plan/wire_private.h"

/* ---- SCAN ---- */

static weft_status get_relation(const wire_stage *w, const Weft__Wire__Relation *from,
                                const weft_relation **out)
{
    weft_status st = WEFT_OK;
    weft_relation *r = NULL;
    weft_file_info *files = NULL;
    if (from == NULL) return wire_fail(w, "a scan has no table");
    if (from->n_files > WEFT_FILES_MAX) return wire_fail(w, "a scan has too many files");
    if (from->n_options % 2 != 0 || from->n_options > INT32_MAX)
        return wire_fail(w, "the table's options are no pairs");
    WEFT_TRY(st, WEFT_NEW(w->ctx, &r));
    r->name = from->name;
    r->format = weft_format_find(from->format);
    if (r->format == NULL)
        return weft_fail(
            w->ctx, WEFT_DATA_SOURCE_NOT_FOUND,
            "stage %d from the wire reads data of format \"%s\", which this process does not know",
            w->stage->id, from->format);
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, from->n_files, &files));
    for (size_t i = 0; i < from->n_files; i++)
        files[i] =
            (weft_file_info){.path = from->files[i]->path,
                             .size_bytes = from->files[i]->size_bytes,
                             .mtime_ns = from->files[i]->mtime_ns,
                             .base_bytes = from->files[i]->base_bytes,
                             .folder = from->files[i]->folder[0] != '\0' ? from->files[i]->folder : NULL};
    for (size_t i = 0; i < from->n_files; i++) {
        if (files[i].base_bytes < 0 || (size_t)files[i].base_bytes > strlen(files[i].path))
            return wire_fail(w, "a file's base folder is longer than its path");
    }
    r->files = files;
    r->file_count = (int32_t)from->n_files;
    r->options = (const char *const *)from->options;
    r->option_count = (int32_t)(from->n_options / 2);
    WEFT_TRY(st, wire_get_schema(w, from->schema, &r->schema));
    *out = r;
done:
    return st;
}

/* Can the build rows' column filter the scan's? Their values are compared as they are stored. */
static bool key_fits(weft_type build, weft_type column)
{
    if (!weft_type_equal(build, column)) return false;
    return weft_type_is_integral(column) || column.id == WEFT_TYPE_DATE || column.id == WEFT_TYPE_STRING ||
           (column.id == WEFT_TYPE_DECIMAL && weft_type_phys(column) == WEFT_PHYS_I64);
}

static weft_status get_scan_keys(const wire_stage *w, const Weft__Wire__Scan *from, const weft_types *columns,
                                 weft_source_spec *out)
{
    weft_status st = WEFT_OK;
    weft_scan_key *keys = NULL;
    if (from->n_keys > WEFT_COLUMNS_MAX) return wire_fail(w, "a scan has too many dynamic filters");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, from->n_keys, &keys));
    for (size_t i = 0; i < from->n_keys; i++) {
        const Weft__Wire__ScanKey *m = from->keys[i];
        const weft_stage_input *build = wire_input(w, m->input, WEFT_INPUT_ALL);
        if (build == NULL || m->build_column < 0 || m->build_column >= build->rows.count || m->column < 0 ||
            m->column >= columns->count)
            return wire_fail(w, "a dynamic filter names no column");
        if (!key_fits(build->rows.types[m->build_column], columns->types[m->column]))
            return wire_fail(w, "a dynamic filter's columns do not go together");
        keys[i] = (weft_scan_key){.input = m->input, .build_column = m->build_column, .column = m->column};
    }
    out->scan.keys = keys;
    out->scan.key_count = (int32_t)from->n_keys;
done:
    return st;
}

/* What is read of nested columns: of each a part of its type. */
static weft_status get_read(const wire_stage *w, const Weft__Wire__Scan *from, const weft_types *columns,
                            weft_scan_spec *spec)
{
    weft_status st = WEFT_OK;
    weft_types read = {0};
    if (from->read.len == 0) return WEFT_OK;
    WEFT_TRY(st, wire_get_types(w, &from->read, &read));
    if (read.count != columns->count) return wire_fail(w, "a scan's columns differ in number");
    for (int32_t i = 0; i < read.count; i++)
        if (!weft_is_part_of_type(read.types[i], columns->types[i]))
            return wire_fail(w, "a scan reads a field that its column has not");
    spec->read = read.types;
done:
    return st;
}

static weft_status get_scan(const wire_stage *w, const Weft__Wire__Scan *from, weft_source_spec *out)
{
    weft_status st = WEFT_OK;
    weft_scan_spec *spec = &out->scan.spec;
    weft_types columns = {0}, emitted = {0};
    weft_type *types = NULL, *emit_types = NULL;
    uint8_t *needed = NULL;

    if (from == NULL) return wire_fail(w, "a scan says nothing");
    WEFT_TRY(st, get_relation(w, from->relation, &out->scan.relation));
    const weft_schema *schema = out->scan.relation->schema;
    const int32_t most = schema->count + weft_file_field_count(out->scan.relation->format);
    if (from->n_columns > WEFT_COLUMNS_MAX || !wire_in_range(from->columns, from->n_columns, most))
        return wire_fail(w, "a scan's column is not in the schema");
    if (from->n_needed != from->n_columns) return wire_fail(w, "a scan's columns differ in number");
    if (from->batch_rows < 1 || from->batch_rows > WEFT_BATCH_ROWS_MAX)
        return wire_fail(w, "a scan's batch size is out of range");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, from->n_columns, &types));
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, from->n_columns, &needed));
    for (size_t i = 0; i < from->n_columns; i++) {
        types[i] = weft_scan_field(schema, from->columns[i])->type;
        needed[i] = from->needed[i] != 0;
    }
    columns = (weft_types){.count = (int32_t)from->n_columns, .types = types};
    spec->column_count = columns.count;
    spec->columns = wire_ints(from->columns);
    spec->needed = needed;
    spec->batch_rows = from->batch_rows;
    WEFT_TRY(st, get_read(w, from, &columns, spec));
    WEFT_TRY(st, wire_get_predicates(w, &from->conjuncts, &columns, &spec->conjuncts, &spec->conjunct_count));
    WEFT_TRY(st, get_scan_keys(w, from, &columns, out));
    if (from->n_emit > WEFT_COLUMNS_MAX || !wire_in_range(from->emit, from->n_emit, columns.count))
        return wire_fail(w, "a scan gives a column that it does not read");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, from->n_emit, &emit_types));
    wire_pick(&columns, from->emit, from->n_emit, emit_types, &emitted.count);
    emitted.types = emit_types;
    out->scan.emit = wire_ints(from->emit);
    out->scan.emit_count = (int32_t)from->n_emit;
    if (!wire_types_equal(&emitted, &out->output)) st = wire_fail(w, "its columns have other types");
done:
    return st;
}

weft_status weft_stage_bind(weft_ctx *ctx, weft_stage *stage)
{
    weft_status st = WEFT_OK;
    weft_source_spec *source = &stage->fragment.source;
    weft_relation *r = NULL;
    if (source->kind != WEFT_SOURCE_SCAN) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, &r));
    *r = *source->scan.relation;
    st = r->format->open(ctx, r->files, r->file_count, r->options, r->option_count, r->schema, &r->table);
    if (st != WEFT_OK) return weft_opening_failed(ctx, st);
    source->scan.relation = r;
done:
    return st;
}

void weft_stage_unbind(weft_stage *stage)
{
    weft_source_spec *source = &stage->fragment.source;
    if (source->kind != WEFT_SOURCE_SCAN || source->scan.relation->table == NULL) return;
    weft_table *table = source->scan.relation->table;
    source->scan.relation->format->close(&table);
}

/* ---- the others ---- */

static weft_status get_rows(const wire_stage *w, const Weft__Wire__Source *from, weft_source_spec *out)
{
    if (from->rows_inputs < 1 || from->rows_inputs > w->stage->input_count)
        return wire_fail(w, "it reads no inputs");
    for (int32_t i = 0; i < from->rows_inputs; i++) {
        const weft_stage_input *input = from->input < 0 || from->input > w->stage->input_count - i - 1
                                            ? NULL
                                            : wire_input(w, from->input + i, WEFT_INPUT_PARTITION);
        if (input == NULL) return wire_fail(w, "there is no such input");
        if (!wire_types_equal(&input->rows, &out->output))
            return wire_fail(w, "an input's rows have other columns");
    }
    out->rows.input_count = from->rows_inputs;
    return WEFT_OK;
}

static weft_status get_aggregate(const wire_stage *w, const weft_stage_input *input,
                                 const Weft__Wire__Aggregation *from, weft_source_spec *out)
{
    weft_status st = WEFT_OK;
    weft_types states = {0};
    if (from == NULL) return wire_fail(w, "an aggregation says nothing");
    if (from->group_count < 0 || from->group_count > out->output.count)
        return wire_fail(w, "it has another number of groups");
    const weft_types groups = {.count = from->group_count, .types = out->output.types};
    WEFT_TRY(st, wire_get_aggregates(w, from, NULL, &groups, &out->aggregate.aggregates,
                                     &out->aggregate.aggregate_count, &states));
    if (!wire_types_equal(&states, &input->rows))
        return wire_fail(w, "the input's rows are not groups and states of its aggregates");
    if (out->output.count != from->group_count + out->aggregate.aggregate_count)
        return wire_fail(w, "it gives another number of columns");
    for (int32_t i = 0; i < out->aggregate.aggregate_count; i++)
        if (!weft_type_equal(out->output.types[from->group_count + i], out->aggregate.aggregates[i]->type))
            return wire_fail(w, "an aggregate's result has another type");
    out->aggregate.group_count = from->group_count;
done:
    return st;
}

static weft_status get_merge(const wire_stage *w, const weft_stage_input *input,
                             const Weft__Wire__Merge *from, weft_source_spec *out)
{
    weft_status st = WEFT_OK;
    if (from == NULL) return wire_fail(w, "a merge says nothing");
    if (from->limit < -1) return wire_fail(w, "a merge's limit is out of range");
    if (!wire_types_equal(&input->rows, &out->output))
        return wire_fail(w, "the input's rows have other columns");
    WEFT_TRY(st, wire_get_sort_keys(w, from->keys, from->n_keys, &input->rows, &out->merge.keys));
    out->merge.key_count = (int32_t)from->n_keys;
    out->merge.limit = from->limit;
    out->merge.together = from->together != 0;
done:
    return st;
}

static weft_status get_values(const wire_stage *w, const Weft__Wire__Values *from, weft_source_spec *out)
{
    weft_status st = WEFT_OK;
    const weft_types none = {0};
    int32_t count = 0;
    if (from == NULL) return wire_fail(w, "values say nothing");
    const int64_t cells = (int64_t)from->row_count * out->output.count;
    if (from->row_count < 0 || cells > INT32_MAX) return wire_fail(w, "the number of rows is out of range");
    WEFT_TRY(st, wire_get_exprs(w, &from->cells, &none, (int32_t)cells, &out->values.cells, &count));
    for (int32_t i = 0; i < count; i++) {
        const weft_expr *cell = out->values.cells[i];
        if (cell->kind != WEFT_EXPR_LITERAL ||
            !weft_type_equal(cell->type, out->output.types[i % out->output.count]))
            return wire_fail(w, "a cell is no literal of its column's type");
    }
    out->values.row_count = from->row_count;
done:
    return st;
}

static weft_status get_marked(const wire_stage *w, const weft_stage_input *input,
                              const Weft__Wire__Marked *from, weft_source_spec *out)
{
    weft_status st = WEFT_OK;
    weft_type *types = NULL;
    weft_types given = {0};
    if (from == NULL) return wire_fail(w, "marked rows say nothing");
    if (wire_input(w, from->marks_input, WEFT_INPUT_ALL) == NULL)
        return wire_fail(w, "there is no input with marks");
    if (from->n_columns > WEFT_COLUMNS_MAX ||
        !wire_in_range(from->columns, from->n_columns, input->rows.count))
        return wire_fail(w, "a column is not in the input's rows");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, from->n_columns + 1, &types));
    wire_pick(&input->rows, from->columns, from->n_columns, types, &given.count);
    if (from->emit_mark) types[given.count++] = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN);
    given.types = types;
    if (!wire_types_equal(&given, &out->output)) return wire_fail(w, "its columns have other types");
    out->marked.marks_input = from->marks_input;
    out->marked.matched = from->matched != 0;
    out->marked.emit_mark = from->emit_mark != 0;
    out->marked.columns = wire_ints(from->columns);
    out->marked.column_count = (int32_t)from->n_columns;
done:
    return st;
}

weft_status wire_get_source(wire_stage *w, const Weft__Wire__Source *from, weft_source_spec *out)
{
    weft_status st = WEFT_OK;
    const weft_stage_input *input = wire_input(w, from->input, WEFT_INPUT_PARTITION);
    if (from->kind >= WEFT_SOURCE_KIND_COUNT) return wire_unknown(w, "kind", from->kind);
    out->kind = (weft_source_kind)from->kind;
    out->input = from->input;
    WEFT_TRY(st, wire_get_types(w, &from->output, &out->output));
    const bool reads_one = out->kind == WEFT_SOURCE_AGGREGATE || out->kind == WEFT_SOURCE_MERGE ||
                           out->kind == WEFT_SOURCE_MARKED;
    if (reads_one && input == NULL) return wire_fail(w, "there is no such input");
    switch (out->kind) {
    case WEFT_SOURCE_SCAN: WEFT_TRY(st, get_scan(w, from->scan, out)); break;
    case WEFT_SOURCE_ROWS: WEFT_TRY(st, get_rows(w, from, out)); break;
    case WEFT_SOURCE_AGGREGATE: WEFT_TRY(st, get_aggregate(w, input, from->aggregate, out)); break;
    case WEFT_SOURCE_MERGE: WEFT_TRY(st, get_merge(w, input, from->merge, out)); break;
    case WEFT_SOURCE_VALUES: WEFT_TRY(st, get_values(w, from->values, out)); break;
    case WEFT_SOURCE_MARKED: WEFT_TRY(st, get_marked(w, input, from->marked, out)); break;
    case WEFT_SOURCE_KIND_COUNT: break;
    }
done:
    return st;
}
