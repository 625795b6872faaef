/* engine/plan/wire_sink.c - decoded sinks, checked against the columns that reach them. */
#include "engine/plan/wire_private.h"

/* The rows written must have these columns. */
static weft_status check_rows(const wire_stage *w, const weft_sink_spec *sink, const weft_types *written)
{
    return wire_types_equal(&sink->rows, written) ? WEFT_OK
                                                  : wire_fail(w, "its rows have columns of other types");
}

static weft_status get_exchange(const wire_stage *w, const Weft__Wire__Exchange *from, weft_sink_spec *out)
{
    weft_status st = WEFT_OK;
    weft_type *types = NULL;
    weft_types written = {0};
    if (from == NULL) return wire_fail(w, "an exchange says nothing");
    if (from->n_columns > WEFT_COLUMNS_MAX || !wire_in_range(from->columns, from->n_columns, w->now.count))
        return wire_fail(w, "a column is not there");
    if (from->n_keys > WEFT_COLUMNS_MAX || !wire_in_range(from->keys, from->n_keys, (int32_t)from->n_columns))
        return wire_fail(w, "a key is not among the columns");
    if (from->limit < -1) return wire_fail(w, "a limit is out of range");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, from->n_columns, &types));
    wire_pick(&w->now, from->columns, from->n_columns, types, &written.count);
    written.types = types;
    WEFT_TRY(st, check_rows(w, out, &written));
    out->exchange.columns = wire_ints(from->columns);
    out->exchange.column_count = (int32_t)from->n_columns;
    out->exchange.keys = wire_ints(from->keys);
    out->exchange.key_count = (int32_t)from->n_keys;
    out->exchange.track_ranges = from->track_ranges != 0;
    out->exchange.limit = from->limit;
done:
    return st;
}

/* Coarser grouping sets: of each group its column or a literal. */
static weft_status get_sets(const wire_stage *w, const Weft__Wire__Aggregation *from,
                            const weft_types *groups, weft_sink_spec *out)
{
    weft_status st = WEFT_OK;
    const weft_expr *const **sets = NULL;
    int32_t count = 0;
    if (from->n_sets > WEFT_COLUMNS_MAX || (from->n_sets > 0 && groups->count == 0))
        return wire_fail(w, "an aggregation has too many grouping sets");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, from->n_sets, &sets));
    for (size_t i = 0; i < from->n_sets; i++) {
        WEFT_TRY(st, wire_get_exprs(w, &from->sets[i], groups, groups->count, &sets[i], &count));
        for (int32_t k = 0; k < count; k++) {
            const weft_expr *e = sets[i][k];
            if (e->kind != WEFT_EXPR_LITERAL && (e->kind != WEFT_EXPR_COLUMN || e->column.ordinal != k))
                return wire_fail(w, "a grouping set has something else than its groups");
            if (!weft_type_equal(e->type, groups->types[k]))
                return wire_fail(w, "a grouping set's column has another type");
        }
    }
    out->aggregate.sets = sets;
    out->aggregate.set_count = (int32_t)from->n_sets;
done:
    return st;
}

static weft_status get_aggregate(const wire_stage *w, const Weft__Wire__Aggregation *from,
                                 weft_sink_spec *out)
{
    weft_status st = WEFT_OK;
    weft_type *types = NULL;
    weft_types groups = {0}, written = {0};
    if (from == NULL) return wire_fail(w, "an aggregation says nothing");
    if (from->n_groups > WEFT_COLUMNS_MAX || !wire_in_range(from->groups, from->n_groups, w->now.count))
        return wire_fail(w, "a group is no column");
    if (from->n_groups == 0 && out->partition_count != 1)
        return wire_fail(w, "an aggregation without groups has one partition");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, from->n_groups, &types));
    wire_pick(&w->now, from->groups, from->n_groups, types, &groups.count);
    groups.types = types;
    WEFT_TRY(st, wire_get_aggregates(w, from, &w->now, &groups, &out->aggregate.aggregates,
                                     &out->aggregate.aggregate_count, &written));
    WEFT_TRY(st, check_rows(w, out, &written));
    out->aggregate.groups = wire_ints(from->groups);
    out->aggregate.group_count = groups.count;
    if (from->table_bytes < 0) return wire_fail(w, "a table's bytes are out of range");
    out->aggregate.table_bytes = from->table_bytes;
    WEFT_TRY(st, get_sets(w, from, &groups, out));
done:
    return st;
}

static weft_status get_sort(const wire_stage *w, const Weft__Wire__Sort *from, weft_sink_spec *out)
{
    weft_status st = WEFT_OK;
    if (from == NULL) return wire_fail(w, "a sort says nothing");
    if (from->limit < -1) return wire_fail(w, "a limit is out of range");
    if (from->n_hash > WEFT_COLUMNS_MAX || !wire_in_range(from->hash, from->n_hash, w->now.count))
        return wire_fail(w, "a column to hash is not there");
    if (from->n_hash == 0 && out->partition_count != 1)
        return wire_fail(w, "a sort without hash has one partition");
    if (from->group_most < 0 || from->group_keys < 0 || (size_t)from->group_keys > from->n_keys)
        return wire_fail(w, "a limit of groups is out of range");
    if (from->numbering > WEFT_NUMBER_DENSE) return wire_unknown(w, "numbering", from->numbering);
    if (from->by_range && (out->partition_count != 1 || from->limit >= 0 || from->group_most > 0))
        return wire_fail(w, "runs that are merged by range are cut");
    WEFT_TRY(st, wire_get_sort_keys(w, from->keys, from->n_keys, &w->now, &out->sort.keys));
    out->sort.group_most = from->group_most;
    out->sort.group_keys = from->group_keys;
    out->sort.numbering = (weft_numbering)from->numbering;
    out->sort.by_range = from->by_range;
    WEFT_TRY(st, check_rows(w, out, &w->now));
    out->sort.key_count = (int32_t)from->n_keys;
    out->sort.limit = from->limit;
    out->sort.hash = wire_ints(from->hash);
    out->sort.hash_count = (int32_t)from->n_hash;
done:
    return st;
}

/* Behind the columns of the files stand those that say where a row goes. */
static weft_status get_write_keys(const wire_stage *w, const Weft__Wire__Write *from, weft_sink_spec *out)
{
    const int32_t first = out->write.schema->count;
    if (from->n_keys > WEFT_PARTITION_COLUMNS_MAX || from->n_sort > WEFT_COLUMNS_MAX)
        return wire_fail(w, "a write has too many keys");
    const int32_t keys = (int32_t)from->n_keys;
    if (first + keys + (from->bucketed != 0) != w->now.count)
        return wire_fail(w, "the schema has another number of columns");
    for (int32_t i = 0; i < keys; i++)
        if (w->now.types[first + i].id != WEFT_TYPE_STRING || from->keys[i][0] == '\0')
            return wire_fail(w, "a partition column is no text, or has no name");
    if (from->bucketed && w->now.types[first + keys].id != WEFT_TYPE_INT)
        return wire_fail(w, "the number of a bucket is none");
    if (!wire_in_range(from->sort, from->n_sort, first))
        return wire_fail(w, "a column to sort by is not there");
    out->write.key_count = keys;
    out->write.key_names = (const char *const *)from->keys;
    out->write.bucketed = from->bucketed != 0;
    out->write.sort_count = (int32_t)from->n_sort;
    out->write.sort_columns = wire_ints(from->sort);
    return WEFT_OK;
}

static weft_status get_write(const wire_stage *w, const Weft__Wire__Write *from, weft_sink_spec *out)
{
    static const weft_type file_row[] = {
        {.id = WEFT_TYPE_STRING}, {.id = WEFT_TYPE_BIGINT}, {.id = WEFT_TYPE_BIGINT}};
    const weft_types written = {.count = WEFT_COUNT(file_row), .types = file_row};
    weft_status st = WEFT_OK;
    if (from == NULL) return wire_fail(w, "a write says nothing");
    if (from->n_options % 2 != 0 || from->n_options > INT32_MAX)
        return wire_fail(w, "the options are no pairs");
    if (from->directory[0] == '\0' || from->job[0] == '\0')
        return wire_fail(w, "there is no directory or no job to write for");
    if (weft_sink_format_find(from->format) == NULL)
        return weft_fail(
            w->ctx, WEFT_DATA_SOURCE_NOT_FOUND,
            "stage %d from the wire writes data of format \"%s\", which this process does not know",
            w->stage->id, from->format);
    WEFT_TRY(st, wire_get_schema(w, from->schema, &out->write.schema));
    const weft_schema *schema = out->write.schema;
    WEFT_TRY(st, get_write_keys(w, from, out));
    for (int32_t i = 0; i < schema->count; i++)
        if (!weft_type_equal(schema->fields[i].type, w->now.types[i]))
            return wire_fail(w, "the schema has columns of other types");
    if (out->partition_count != 1) return wire_fail(w, "a write has one partition");
    WEFT_TRY(st, check_rows(w, out, &written));
    out->write.format = from->format;
    out->write.directory = from->directory;
    out->write.job = from->job;
    out->write.options = (const char *const *)from->options;
    out->write.option_count = (int32_t)(from->n_options / 2);
done:
    return st;
}

weft_status wire_get_sink(wire_stage *w, const Weft__Wire__Sink *from, weft_sink_spec *out)
{
    weft_status st = WEFT_OK;
    const int32_t partitions = from->partition_count;
    if (from->kind >= WEFT_SINK_KIND_COUNT) return wire_unknown(w, "kind", from->kind);
    if (partitions < 1 || partitions > WEFT_PARTITIONS_MAX || (partitions & (partitions - 1)) != 0)
        return wire_fail(w, "the number of partitions is no power of two in range");
    out->kind = (weft_sink_kind)from->kind;
    out->partition_count = partitions;
    out->placed = from->placed != 0;
    WEFT_TRY(st, wire_get_types(w, &from->rows, &out->rows));
    switch (out->kind) {
    case WEFT_SINK_EXCHANGE: WEFT_TRY(st, get_exchange(w, from->exchange, out)); break;
    case WEFT_SINK_AGGREGATE: WEFT_TRY(st, get_aggregate(w, from->aggregate, out)); break;
    case WEFT_SINK_SORT: WEFT_TRY(st, get_sort(w, from->sort, out)); break;
    case WEFT_SINK_WRITE: WEFT_TRY(st, get_write(w, from->write, out)); break;
    case WEFT_SINK_KIND_COUNT: break;
    }
done:
    return st;
}
