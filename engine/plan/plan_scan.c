/* engine/plan/plan_scan.c - scans with their dynamic filters, and the cutting of pipes into tasks.
 *
 * Tasks of a scan are ordered lists of splits, long at first and shorter towards the end (guided
 * self-scheduling: a task takes the n-th part of what is left), so that slots finish together without
 * stealing work. Tasks over partitions take consecutive partitions until they have a fair share of bytes. */
#include <string.h>

#include "common/limits.h"
#include "common/settings.h"
#include "engine/expr/bucket.h"
#include "engine/plan/planner_impl.h"

enum {
    TASKS_PER_SLOT = 2,           /* a task takes 1 / (slots × this) of what is left */
    TASK_ROWS_MIN = 32 * 1024,    /* below, starting a task costs more than sharing it saves */
    SPLIT_ROWS_MIN = 4096,        /* however few bytes a task is allowed: each costs a footer and a message */
    PARTITION_TASKS_PER_SLOT = 4, /* partitions are already equal by hash; a few a slot even out the rest */
    SPLITS_PER_SLOT = 24,         /* how fine the format is asked to cut */
    SPLITS_ENOUGH = 48,           /* … while that is not many: a cut inside a page decodes it twice */
    SPLITS_PER_SLOT_LEAST = 4     /* … but so fine at least that slots end at about the same time */
};

static int32_t scan_position(const int32_t *columns, int32_t count, int32_t table_column)
{
    for (int32_t i = 0; i < count; i++)
        if (columns[i] == table_column) return i;
    return -1;
}

/* The output column of a SCAN node with this id, or -1. */
static int32_t scan_output(const weft_node *node, int64_t id)
{
    for (int32_t i = 0; i < node->output.count; i++)
        if (node->output.columns[i].id == id) return i;
    return -1;
}

/* The range of a constraint's keys leaves splits out, which costs nothing; the keys themselves leave out
 * rows, where reading them on every worker is less than what they may save. */
static weft_status scan_add_keys(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                                 const constraint_list *constraints, const int32_t *columns,
                                 double scan_bytes, pipeline *out)
{
    weft_status st = WEFT_OK;
    plan_list keys = {0};
    for (int32_t i = 0; i < constraints->count; i++) {
        const plan_constraint *c = &constraints->items[i];
        const made *build = plan_made_of_stage(p, c->stage_id);
        const int32_t output = scan_output(node, c->id);
        if (output < 0) continue;
        const int32_t column =
            scan_position(columns, out->source.scan.spec.column_count, node->scan.columns[output]);
        assert(column >= 0);
        if (c->key >= 0 && c->key < build->stats.key_count && build->stats.keys[c->key].has) {
            scan_range *range = NULL;
            WEFT_TRY(st, plan_list_add(ctx, &out->scan_ranges, sizeof(*range), (void **)&range));
            *range = (scan_range){.column = column, .range = build->stats.keys[c->key]};
        }
        if (!plan_reads_whole(p, &build->stats, scan_bytes)) continue;
        weft_scan_key *key = NULL;
        WEFT_TRY(st, plan_list_add(ctx, &keys, sizeof(*key), (void **)&key));
        key->build_column = c->build_column;
        key->column = column;
        WEFT_TRY(st, pipe_add_input(ctx, out, c->stage_id, WEFT_INPUT_ALL, &key->input));
    }
    out->source.scan.key_count = keys.count;
    out->source.scan.keys = keys.items;
done:
    return st;
}

static bool constraint_on(const constraint_list *constraints, int64_t id)
{
    for (int32_t i = 0; i < constraints->count; i++)
        if (constraints->items[i].id == id) return true;
    return false;
}

/* Where columns are read by some of their fields, tell which. */
static weft_status scan_set_read(weft_ctx *ctx, const weft_planner *p, const weft_node *node,
                                 weft_scan_spec *spec)
{
    weft_status st = WEFT_OK;
    weft_type *read = NULL;
    bool less = false;
    if (!weft_reads_fields(ctx, node->scan.relation)) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->column_count, &read));
    for (int32_t i = 0; i < spec->column_count; i++) {
        const int32_t at = scan_position(node->scan.columns, node->output.count, spec->columns[i]);
        const weft_output *column = &node->output.columns[at];
        WEFT_TRY(st, weft_fields_read_type(ctx, &p->fields, column->id, column->type, &read[i]));
        less |= !weft_type_equal(read[i], column->type);
    }
    if (less) spec->read = read;
done:
    return st;
}

weft_status plan_scan(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                      const constraint_list *constraints, pipeline *out)
{
    weft_status st = WEFT_OK;
    const int32_t width = node->output.count;
    id_set filtered = {0};
    plan_distribution rows = {0};
    int32_t *columns = NULL, *emit = NULL;
    uint8_t *needed = NULL;
    weft_type *types = NULL;
    double row_bytes = 0;
    int32_t count = 0, emitted = 0;

    memset(out, 0, sizeof(*out));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &emit));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &needed));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &types));
    WEFT_TRY(st, id_set_new(ctx, p, NULL, &filtered));
    for (int32_t i = 0; i < node->scan.conjunct_count; i++)
        WEFT_TRY(st, id_set_add_expr(ctx, &filtered, node->scan.conjuncts[i]));

    out->source.kind = WEFT_SOURCE_SCAN;
    out->scan = node;
    for (int32_t i = 0; i < width; i++) {
        const weft_output *column = &node->output.columns[i];
        const bool use = id_set_has(required, column->id);
        if (!use && !id_set_has(&filtered, column->id) && !constraint_on(constraints, column->id)) continue;
        columns[count] = node->scan.columns[i];
        needed[count] = use;
        /* while the conjuncts are lowered, an id's place is its position among the scan's columns */
        WEFT_TRY(st, pipe_name_column(ctx, out, column->id, count));
        if (use) {
            types[emitted] = column->type;
            row_bytes += plan_column_bytes(column->type);
            emit[emitted++] = count;
        }
        count++;
    }
    out->source.scan.relation = node->scan.relation;
    out->source.scan.emit_count = emitted;
    out->source.scan.emit = emit;
    weft_scan_spec *spec = &out->source.scan.spec;
    spec->column_count = count;
    spec->columns = columns;
    spec->needed = needed;
    spec->batch_rows = (int32_t)weft_setting(ctx, WEFT_SET_BATCH_ROWS);
    WEFT_TRY(st, scan_set_read(ctx, p, node, spec));
    spec->conjunct_count = node->scan.conjunct_count;
    WEFT_TRY(st, pipe_lower_all(ctx, out, node->scan.conjuncts, node->scan.conjunct_count, &spec->conjuncts));

    weft_estimate estimate = {0};
    WEFT_TRY(st, weft_estimate_node(ctx, node, &estimate));
    out->rows = estimate.rows;
    WEFT_TRY(st, scan_add_keys(ctx, p, node, constraints, columns, out->rows * row_bytes, out));
    out->columns.count = 0;
    for (int32_t i = 0; i < emitted; i++)
        for (int32_t j = 0; j < width; j++)
            if (node->scan.columns[j] == columns[emit[i]] && id_set_has(required, node->output.columns[j].id))
                WEFT_TRY(st, pipe_name_column(ctx, out, node->output.columns[j].id, i));
    out->source.output = (weft_types){.count = emitted, .types = types};
    out->types = out->source.output;
    char *name = NULL;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &name, "scan %s", node->scan.relation->name));
    WEFT_TRY(st, pipe_name(ctx, out, name));
    if (weft_setting(ctx, WEFT_SET_AUTO_BUCKETED_SCAN) == 0) {
        WEFT_TRY(st, plan_distribution_of(ctx, &p->ground, node, &rows));
        out->buckets = rows.count;
        out->bucket_tasks = rows.count > 0;
    }
done:
    return st;
}

static weft_status tasks_of_splits(weft_ctx *ctx, const weft_planner *p, const weft_split *splits,
                                   int32_t split_count, int64_t least, bool one_task, plan_list *tasks)
{
    weft_status st = WEFT_OK;
    int64_t left = 0;
    for (int32_t i = 0; i < split_count; i++) left += splits[i].end - splits[i].begin;
    const int64_t share = (int64_t)weft_max_i32(1, p->options.slots) * TASKS_PER_SLOT;
    for (int32_t begin = 0; begin < split_count;) {
        const int64_t want = one_task ? left : weft_max_i64(left / share, least);
        int32_t end = begin;
        int64_t units = 0, bytes = 0;
        while (end < split_count &&
               (end == begin || (units + (splits[end].end - splits[end].begin) / 2 <= want &&
                                 (one_task || bytes + splits[end].bytes <= p->split_bytes)))) {
            units += splits[end].end - splits[end].begin;
            bytes += splits[end].bytes;
            end++;
        }
        weft_task_spec *task = NULL;
        WEFT_TRY(st, plan_list_add(ctx, tasks, sizeof(*task), (void **)&task));
        task->split_count = end - begin;
        task->splits = splits + begin;
        left -= units;
        begin = end;
    }
done:
    return st;
}

/* The splits bucket by bucket, each with tasks of its own: one where a task makes the table of its build
 * rows, else as many as suit the rows. A bucket without files has none. */
static weft_status tasks_of_bucket_splits(weft_ctx *ctx, const weft_planner *p, const pipeline *pipe,
                                          const weft_split *splits, int32_t count, int64_t least,
                                          plan_list *tasks)
{
    weft_status st = WEFT_OK;
    const weft_file_info *files = pipe->source.scan.relation->files;
    const int32_t width = plan_bucket_partitions(pipe->buckets) /
                          (int32_t)weft_pow2_ceil((uint64_t)pipe->buckets);
    weft_split *sorted = NULL;
    int32_t *ends = NULL;
    int64_t units = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &sorted));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, pipe->buckets + 1, &ends));
    for (int32_t i = 0; i < count; i++) {
        ends[weft_bucket_of_file(files[splits[i].file_index].path) % pipe->buckets + 1]++;
        units += splits[i].end - splits[i].begin;
    }
    for (int32_t b = 0; b < pipe->buckets; b++) ends[b + 1] += ends[b];
    for (int32_t i = 0; i < count; i++)
        sorted[ends[weft_bucket_of_file(files[splits[i].file_index].path) % pipe->buckets]++] = splits[i];
    least = weft_max_i64(least, units / (weft_max_i32(1, p->options.slots) * TASKS_PER_SLOT));
    for (int32_t b = 0; b < pipe->buckets; b++) {
        const int32_t begin = b == 0 ? 0 : ends[b - 1], first = tasks->count;
        WEFT_TRY(st,
                 tasks_of_splits(ctx, p, sorted + begin, ends[b] - begin, least, pipe->bucket_tasks, tasks));
        for (int32_t i = first; i < tasks->count; i++) {
            PLAN_LIST_AT(tasks, weft_task_spec, i)->partition_begin = b * width;
            PLAN_LIST_AT(tasks, weft_task_spec, i)->partition_end = (b + 1) * width;
        }
    }
done:
    return st;
}

static weft_status tasks_of_scan(weft_ctx *ctx, const weft_planner *p, const pipeline *pipe, plan_list *tasks)
{
    weft_status st = WEFT_OK;
    const weft_relation *relation = pipe->source.scan.relation;
    weft_scan_spec spec = pipe->source.scan.spec;
    weft_key_filter *ranges = NULL;
    weft_scan_filter *filters = NULL;
    weft_split *splits = NULL;
    int32_t split_count = 0;

    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, pipe->scan_ranges.count, &ranges));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, pipe->scan_ranges.count, &filters));
    for (int32_t i = 0; i < pipe->scan_ranges.count; i++) {
        const scan_range *range = PLAN_LIST_AT(&pipe->scan_ranges, const scan_range, i);
        ranges[i] = (weft_key_filter){.kind = WEFT_KEY_FILTER_RANGE,
                                      .has_range = true,
                                      .low = range->range.low,
                                      .high = range->range.high,
                                      .empty = range->range.low > range->range.high};
        filters[i] = (weft_scan_filter){.keys = &ranges[i], .column = range->column};
    }
    spec.key_filter_count = pipe->scan_ranges.count;
    spec.key_filters = filters;
    const weft_format *format = relation->format;
    const int64_t units = format->units == NULL ? format->row_count(relation->table)
                                                : format->units(relation->table);
    const int64_t least = format->least_units == 0 ? TASK_ROWS_MIN : format->least_units;
    const int64_t slots = weft_max_i32(1, p->options.slots);
    const int64_t pieces =
        weft_min_i64(slots * SPLITS_PER_SLOT, weft_max_i64(SPLITS_ENOUGH, slots * SPLITS_PER_SLOT_LEAST));
    int64_t target = weft_max_i64(units < 0 ? 1 << 20 : units / pieces, least), most = 0;
    WEFT_TRY(st, format->splits(ctx, relation->table, &spec, target, &splits, &split_count));
    for (int32_t i = 0; i < split_count; i++) most = weft_max_i64(most, splits[i].bytes);
    if (most > p->split_bytes) { /* cut again, finer by as much as the largest is too large */
        target =
            weft_max_i64((int64_t)((double)target / (double)most * (double)p->split_bytes), SPLIT_ROWS_MIN);
        WEFT_TRY(st, format->splits(ctx, relation->table, &spec, target, &splits, &split_count));
    }
    WEFT_TRY(st, plan_prune_buckets(ctx, pipe->scan, splits, &split_count));
    if (pipe->buckets > 0)
        WEFT_TRY(st, tasks_of_bucket_splits(ctx, p, pipe, splits, split_count, least, tasks));
    else
        WEFT_TRY(st, tasks_of_splits(ctx, p, splits, split_count, least, pipe->one_task, tasks));
done:
    return st;
}

static weft_status tasks_of_partitions(weft_ctx *ctx, const weft_planner *p, const pipeline *pipe,
                                       plan_list *tasks)
{
    weft_status st = WEFT_OK;
    int64_t total_rows = 0;
    for (int32_t i = 0; i < pipe->partition_count; i++) total_rows += pipe->partition_rows[i];
    const int64_t slots = weft_max_i32(1, p->options.slots);
    int64_t share = weft_max_i64(total_rows / (slots * PARTITION_TASKS_PER_SLOT), TASK_ROWS_MIN / 2);
    /* what one task may hold: its slot's half of the memory of a process */
    const int64_t most_bytes = weft_max_i64(p->options.memory_bytes / (2 * plan_slots_of_worker(p)), 1 << 20);
    if (pipe->task_count > 0 && !pipe->task_limit) share = 0; /* a task each, for plan_merge_tasks */
    if (pipe->one_task) share = INT64_MAX;
    for (int32_t begin = 0; begin < pipe->partition_count;) {
        int32_t end = begin;
        int64_t rows = 0, bytes = 0;
        while (end < pipe->partition_count && (pipe->one_task || end == begin ||
                                               (rows + pipe->partition_rows[end] <= share &&
                                                bytes + pipe->partition_bytes[end] <= most_bytes))) {
            rows += pipe->partition_rows[end];
            bytes += pipe->partition_bytes[end];
            end++;
        }
        weft_task_spec *task = NULL;
        WEFT_TRY(st, plan_list_add(ctx, tasks, sizeof(*task), (void **)&task));
        task->partition_begin = begin;
        task->partition_end = end;
        begin = end;
    }
done:
    return st;
}

/* What the tasks of buckets wrote is read as they did: so the rows stay where they are once more. */
static weft_status tasks_of_bucket_rows(weft_ctx *ctx, const pipeline *pipe, plan_list *tasks)
{
    weft_status st = WEFT_OK;
    const int32_t width = pipe->partition_count / (int32_t)weft_pow2_ceil((uint64_t)pipe->buckets);
    for (int32_t b = 0; b < pipe->buckets; b++) {
        weft_task_spec *task = NULL;
        int64_t rows = 0;
        for (int32_t i = b * width; i < (b + 1) * width; i++) rows += pipe->partition_rows[i];
        if (rows == 0) continue;
        WEFT_TRY(st, plan_list_add(ctx, tasks, sizeof(*task), (void **)&task));
        task->partition_begin = b * width;
        task->partition_end = (b + 1) * width;
    }
done:
    return st;
}

static weft_status tasks_of_ranges(weft_ctx *ctx, const pipeline *pipe, plan_list *tasks)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < pipe->range_count; i++) {
        weft_task_spec *task = NULL;
        WEFT_TRY(st, plan_list_add(ctx, tasks, sizeof(*task), (void **)&task));
        task->partition_end = pipe->partition_count;
        task->range = pipe->ranges[i];
    }
done:
    return st;
}

weft_status plan_tasks(weft_ctx *ctx, weft_planner *p, const pipeline *pipe, const weft_task_spec **tasks,
                       int32_t *count)
{
    weft_status st = WEFT_OK;
    plan_list list = {0};
    if (pipe->scan != NULL)
        WEFT_TRY(st, tasks_of_scan(ctx, p, pipe, &list));
    else if (pipe->range_count > 0)
        WEFT_TRY(st, tasks_of_ranges(ctx, pipe, &list));
    else if (pipe->buckets > 0)
        WEFT_TRY(st, tasks_of_bucket_rows(ctx, pipe, &list));
    else if (pipe->partitioned)
        WEFT_TRY(st, tasks_of_partitions(ctx, p, pipe, &list));
    if (pipe->task_count > 0) WEFT_TRY(st, plan_merge_tasks(ctx, pipe, &list));
    if (list.count == 0) {
        /* a stage has at least one task, also over nothing: global aggregates give a row, sinks an empty
         * block */
        weft_task_spec *task = NULL;
        WEFT_TRY(st, plan_list_add(ctx, &list, sizeof(*task), (void **)&task));
        task->partition_end = pipe->buckets > 0 ? plan_bucket_partitions(pipe->buckets)
                                                : pipe->partition_count;
    }
    *tasks = list.items;
    *count = list.count;
done:
    return st;
}
