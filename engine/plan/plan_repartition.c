/* engine/plan/plan_repartition.c - REPARTITION nodes: the tasks that a hint or DISTRIBUTE BY asks for.
 *
 * COALESCE lets the tasks of its input do the work of several. By range, rows are sorted and merged by tasks
 * with a range of the keys each (plan_sort.c): so what a task writes is also in order, of which Spark says
 * nothing. The others exchange the rows, by the hash of the keys or of the whole row, into many more
 * partitions than tasks, of which each task gets a run: so there are as many tasks as was asked for, of about
 * equal size, though partitions are a power of two. With SORT BY what is exchanged are sorted runs, of which
 * each task merges all that it gets (plan_sort.c). */
#include "engine/plan/planner_impl.h"

enum {
    PARTITIONS_PER_TASK = 16, /* the largest task is about a sixteenth larger than the smallest */
    PARTITIONS_MAX = 4096     /* each task before the exchange leaves so many lists */
};

static weft_status exchange(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                            made **out)
{
    weft_status st = WEFT_OK;
    const constraint_list none = {0};
    pipeline input = {0};
    id_set below = {0};
    int64_t *keys = NULL;
    int32_t *ordinals = NULL;
    bool ready = false;
    const int32_t count = node->repartition.key_count;
    WEFT_TRY(st, id_set_new(ctx, p, required, &below));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &keys));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &ordinals));
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, id_set_add_expr(ctx, &below, node->repartition.keys[i]));
    WEFT_TRY(st, plan_pipe(ctx, p, node->inputs[0], &below, &none, &input, &ready));
    if (!ready) goto done;
    WEFT_TRY(st, pipe_compute(ctx, &input, node->repartition.keys, count, ordinals));
    const int64_t wished = (int64_t)node->repartition.count * PARTITIONS_PER_TASK;
    exchange_wish wish = {
        .partition_count = node->repartition.count > 0
                               ? (int32_t)weft_pow2_ceil((uint64_t)weft_min_i64(wished, PARTITIONS_MAX))
                               : weft_max_i32(2, plan_partitions_for(p, input.rows * 64, input.rows)),
        .keys = keys,
        .limit = -1};
    for (int32_t i = 0; i < count; i++) {
        const weft_expr *key = node->repartition.keys[i];
        bool again = false; /* what was said twice is one key */
        for (int32_t k = 0; k < i; k++) again |= ordinals[k] == ordinals[i];
        if (again) continue;
        const bool column = key->kind == WEFT_EXPR_COLUMN;
        keys[wish.key_count] = column ? key->column.id : weft_next_id(p->ids);
        if (!column) WEFT_TRY(st, pipe_name_column(ctx, &input, keys[wish.key_count], ordinals[i]));
        wish.key_count++;
    }
    WEFT_TRY(st, plan_issue_exchange(ctx, p, &input, &below, &wish, node, MADE_INPUT, out));
done:
    return st;
}

made_role plan_repartition_role(const weft_node *node)
{
    const bool runs = node->repartition.kind == WEFT_REPARTITION_RANGE || node->repartition.sort_count > 0;
    return runs ? MADE_RUNS : MADE_INPUT;
}

weft_status plan_repartition(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                             pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    const constraint_list none = {0};
    made *rows = plan_find_made(p, node, MADE_INPUT);
    *ready = false;
    if (node->repartition.kind == WEFT_REPARTITION_COALESCE && rows == NULL) {
        WEFT_TRY(st, plan_pipe(ctx, p, node->inputs[0], required, &none, out, ready));
        if (*ready && out->buckets > 0) { /* a task of several buckets has no place: their rows go on */
            *ready = false;
            WEFT_TRY(st, exchange(ctx, p, node, required, &rows));
            goto done;
        }
        const bool fewer = out->task_count == 0 || out->task_count > node->repartition.count;
        if (!fewer) goto done;
        out->task_limit = out->task_count == 0 || out->task_limit;
        out->task_count = node->repartition.count;
        goto done;
    }
    if (node->repartition.sort_count > 0) return plan_repartition_sorted(ctx, p, node, required, out, ready);
    if (node->repartition.kind == WEFT_REPARTITION_RANGE)
        return plan_repartition_by_range(ctx, p, node, required, out, ready);
    if (rows == NULL) {
        WEFT_TRY(st, exchange(ctx, p, node, required, &rows));
        goto done;
    }
    if (!rows->finished) goto done;
    WEFT_TRY(st, pipe_open_rows(ctx, p, &rows, 1, rows->ids, out));
    out->task_count = node->repartition.count;
    *ready = true;
done:
    return st;
}

/* Splits, partitions and ranges of neighbours follow each other. */
static void append_task(weft_task_spec *task, const weft_task_spec *next)
{
    task->split_count += next->split_count;
    task->partition_end = next->partition_end;
    task->range.has_high = next->range.has_high;
    task->range.high = next->range.high;
}

weft_status plan_merge_tasks(weft_ctx *ctx, const pipeline *pipe, plan_list *tasks)
{
    weft_status st = WEFT_OK;
    plan_list merged = {0};
    const int32_t wanted = pipe->task_count;
    if (tasks->count <= wanted) return WEFT_OK;
    for (int32_t i = 0; i < wanted; i++) {
        const int32_t begin = (int32_t)((int64_t)tasks->count * i / wanted);
        const int32_t end = (int32_t)((int64_t)tasks->count * (i + 1) / wanted);
        weft_task_spec *task = NULL;
        WEFT_TRY(st, plan_list_add(ctx, &merged, sizeof(*task), (void **)&task));
        *task = *PLAN_LIST_AT(tasks, const weft_task_spec, begin);
        for (int32_t k = begin + 1; k < end; k++)
            append_task(task, PLAN_LIST_AT(tasks, const weft_task_spec, k));
    }
    *tasks = merged;
done:
    return st;
}
