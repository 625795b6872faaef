/* engine/exec/source_aggregate.c - merge the partial aggregates of the task's partitions, and finish them.
 *
 * A partition at a time: its rows from all blocks, in block order, are merged into a table by their stored
 * hashes; then the groups are given in the order in which they were first seen. A partition of one block
 * whose groups are known to be distinct is given as it lies, without a table.
 *
 * A partition that does not fit in memory is read again and parted by the next bits of the hash into a block
 * in scratch, whose partitions are then done one by one, and if need be parted again. Rows keep their order
 * on the way, so every state is merged from the same rows in the same order; and they keep their numbers, so
 * that the finished groups of all parts are sorted by the number of the first row of each: they leave in the
 * order of a partition that fits.
 *
 * An aggregation without keys gives one row even over nothing: the task that has partition 0 does. */
#include "common/settings.h"
#include "engine/exec/agg_table.h"
#include "engine/exec/block_private.h"
#include "engine/exec/defs.h"
#include "engine/exec/force_spill.h"
#include "engine/exec/refine.h"
#include "engine/exec/sorter.h"

enum {
    MERGE_CHUNK_BYTES = 64 * 1024, /* rows merged at once: a table grows by no more at a time */
    REFINE_LEVELS_MAX = 8 /* 16^8 parts: beyond, equal hashes are the matter, and parting does not help */
};

/* Partitions still to do: of the task, or of a block in scratch that was made from one partition. */
typedef struct source_level {
    weft_input input, numbers;
    weft_block *block; /* owned; NULL for the task's own input, as is the next */
    weft_block *number_block;
    int32_t partition, end;
    int32_t skip_bits; /* high bits of the hash that all rows of one partition share */
} source_level;

typedef struct source_state {
    const weft_source_spec *spec;
    const weft_task *task;
    weft_agg_plan plan;
    weft_agg_table *table;
    weft_gather gather;
    weft_row_cursor cursor;
    source_level levels[REFINE_LEVELS_MAX];
    int32_t level_count;
    int32_t batch_rows;
    bool direct;         /* groups come straight from the cursor */
    bool blank;          /* the row over nothing may still have to be given */
    int64_t emitted;     /* groups of the table that were given */
    weft_refine *refine; /* NULL before a partition was parted */
    weft_row_cursor number_cursor;
    int64_t *firsts; /* of a part: the number of the first row of each group of the table */
    int64_t first_capacity;
    weft_sorter *sorter; /* of the groups of a partition that was parted; else NULL */
    weft_types sorted;   /* its rows: the output, then the number */
    weft_sort_key sort_key;
    weft_column *sorted_columns;
    weft_op_metrics metrics;
    const uint8_t *rows[WEFT_BATCH_ROWS_MAX];
} source_state;

static void level_close(source_level *level)
{
    weft_block_release(&level->block);
    weft_block_release(&level->number_block);
}

static void source_close(void *state)
{
    source_state *s = state;
    if (s == NULL) return;
    weft_row_cursor_close(&s->cursor);
    weft_row_cursor_close(&s->number_cursor);
    weft_sorter_close(&s->sorter);
    for (int32_t i = 0; i < s->level_count; i++) level_close(&s->levels[i]);
    if (s->refine != NULL) weft_refine_close(s->refine);
    weft_mem_free(s->refine);
    weft_mem_free(s->firsts);
    weft_agg_table_free(&s->table);
    weft_gather_deinit(&s->gather);
    weft_mem_free(s);
}

static weft_status source_open(weft_ctx *ctx, const weft_source_spec *spec, void *shared,
                               const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    source_state *s = NULL;
    (void)shared;
    *state = NULL;
    assert(spec->input < task->input_count);
    const weft_input *input = &task->inputs[spec->input];
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    s->spec = spec;
    s->task = task;
    s->batch_rows = (int32_t)weft_setting(ctx, WEFT_SET_BATCH_ROWS);
    s->blank = spec->aggregate.group_count == 0 && task->spec->partition_begin == 0;
    WEFT_TRY(st, weft_agg_plan_init(ctx, &s->plan, spec->output.types, spec->aggregate.group_count,
                                    spec->aggregate.aggregates, spec->aggregate.aggregate_count));
    for (int32_t i = 0; i < input->block_count; i++) {
        const weft_row_layout *layout = weft_block_layout(input->blocks[i]);
        if (layout->count == s->plan.layout.count && layout->row_bytes == s->plan.layout.row_bytes) continue;
        st = weft_fail(ctx, WEFT_INTERNAL, "partial aggregates of %d columns come as %d",
                       s->plan.layout.count, layout->count);
        goto done;
    }
    s->levels[s->level_count++] = (source_level){
        .input = *input, .partition = task->spec->partition_begin, .end = task->spec->partition_end};
    WEFT_TRY(st, weft_agg_table_new(ctx, &s->plan, &s->table));
    WEFT_TRY(st, weft_gather_init(ctx, &s->gather, &spec->output));
    *state = s;
    s = NULL;
done:
    source_close(s);
    return st;
}

/* ---- one partition ---- */

static int64_t partition_rows(const weft_input *input, int32_t partition, bool *distinct)
{
    int64_t rows = 0;
    int32_t blocks = 0;
    *distinct = true;
    for (int32_t i = 0; i < input->block_count; i++) {
        const weft_block *block = input->blocks[i];
        if (partition >= weft_block_partitions(block) || weft_block_rows(block, partition) == 0) continue;
        rows += weft_block_rows(block, partition);
        blocks++;
        *distinct = *distinct && blocks == 1 && weft_block_runs(block, partition) == 1;
    }
    return rows;
}

/* The numbers of the next `count` rows of a part; the first row of groups [from, table->group_count) is
 * fresh[] of them. */
static weft_status note_firsts(weft_ctx *ctx, source_state *s, int64_t from, int32_t count)
{
    weft_status st = WEFT_OK;
    const uint8_t *rows[WEFT_BATCH_ROWS_MAX];
    const weft_agg_table *table = s->table;
    const int32_t offset = weft_block_layout(s->number_cursor.inputs->blocks[0])->offsets[0];
    int32_t some;
    WEFT_TRY(st, weft_row_cursor_next(ctx, &s->number_cursor, rows, count, &some));
    assert(some == count); /* numbers have no strings: nothing cuts them */
    if (table->group_count > s->first_capacity) {
        const int64_t capacity = weft_max_i64(2 * s->first_capacity, table->group_count);
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_RETAINED, (size_t)capacity * sizeof(*s->firsts),
                                     (void **)&s->firsts));
        s->first_capacity = capacity;
    }
    for (int64_t g = from; g < table->group_count; g++)
        memcpy(&s->firsts[g], rows[table->fresh[g - from]] + offset, sizeof(*s->firsts));
done:
    return st;
}

static weft_status partition_merge(weft_ctx *ctx, source_state *s, const source_level *level,
                                   int32_t partition)
{
    weft_status st = WEFT_OK;
    const int32_t rows_of_chunk = MERGE_CHUNK_BYTES / s->plan.layout.row_bytes;
    const int32_t most = weft_min_i32(weft_max_i32(rows_of_chunk, 64), WEFT_BATCH_ROWS_MAX);
    const bool part = level->number_block != NULL;
    weft_row_cursor_init(&s->cursor, &level->input, 1, partition, partition + 1);
    if (part) weft_row_cursor_init(&s->number_cursor, &level->numbers, 1, partition, partition + 1);
    for (;;) {
        int32_t count;
        WEFT_TRY(st, weft_row_cursor_next(ctx, &s->cursor, s->rows, most, &count));
        if (count == 0) break;
        const int64_t groups = s->table->group_count;
        WEFT_TRY(st, weft_agg_table_merge(ctx, s->table, s->rows, count));
        if (part) WEFT_TRY(st, note_firsts(ctx, s, groups, count));
        WEFT_TRY(st, weft_check_cancel(ctx));
    }
done:
    weft_row_cursor_close(&s->cursor);
    weft_row_cursor_close(&s->number_cursor);
    s->metrics.memory_bytes = weft_max_i64(s->metrics.memory_bytes, weft_agg_table_bytes(s->table));
    return st;
}

/* The first partition that does not fit: from now on groups go to a sorter. */
static weft_status sorter_open(weft_ctx *ctx, source_state *s)
{
    weft_status st = WEFT_OK;
    const weft_types *output = &s->spec->output;
    const int32_t width = output->count + 1;
    if (s->refine == NULL) {
        weft_type *types = NULL;
        WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s->refine), (void **)&s->refine));
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &types));
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &s->sorted_columns));
        for (int32_t i = 0; i < output->count; i++) types[i] = output->types[i];
        types[output->count] = WEFT_TYPE_OF(WEFT_TYPE_BIGINT);
        s->sorted = (weft_types){.count = width, .types = types};
        s->sort_key = (weft_sort_key){.column = output->count};
    }
    WEFT_TRY(st, weft_sorter_open(ctx, &s->sorted, &s->sort_key, 1, 0, s->task, &s->sorter));
done:
    return st;
}

/* The rows of one partition into a block of their own, by the next bits of their hashes. */
static weft_status partition_refine(weft_ctx *ctx, source_state *s, const source_level *from,
                                    int32_t partition)
{
    weft_status st = WEFT_OK;
    const weft_block_name *name = &s->task->name;
    const int32_t skip = from->skip_bits;
    if (s->sorter == NULL) WEFT_TRY(st, sorter_open(ctx, s));
    WEFT_TRY(st, weft_sorter_yield(ctx, s->sorter));
    source_level *level = &s->levels[s->level_count++];
    *level = (source_level){.end = WEFT_REFINE_PARTS, .skip_bits = skip + WEFT_REFINE_BITS};
    WEFT_TRY(st, weft_refine_rows(ctx, s->refine, &from->input, partition, skip, name, &level->block));
    if (from->number_block == NULL)
        WEFT_TRY(st, weft_refine_number(ctx, s->refine, &from->input, partition, skip, 0, name,
                                        &level->number_block));
    else
        WEFT_TRY(st, weft_refine_numbers(ctx, s->refine, &from->numbers, partition, skip,
                                         s->levels[0].skip_bits, name, &level->number_block));
    s->metrics.spilled_bytes += weft_block_spilled_bytes(level->block);
    s->metrics.spilled_bytes += weft_block_spilled_bytes(level->number_block);
    level->input = (weft_input){.stage_id = -1, .block_count = 1, .blocks = &level->block};
    level->numbers = (weft_input){.stage_id = -1, .block_count = 1, .blocks = &level->number_block};
done:
    return st;
}

/* Did parting the partition bring anything? Not when all its rows went to one part. */
static bool level_is_stuck(const source_level *level, int64_t rows)
{
    return level->block != NULL && rows == weft_block_rows(level->block, -1);
}

/* Merge the next partition into the table, or decide that it goes without. False in *more when none is left.
 * Nothing is merged when the last part of a partition was: then the sorter has its groups. */
static weft_status source_advance(weft_ctx *ctx, source_state *s, bool *more)
{
    weft_status st = WEFT_OK;
    *more = true;
    weft_agg_table_clear(s->table);
    s->emitted = 0;
    s->direct = false;
    while (s->level_count > 0) {
        source_level *level = &s->levels[s->level_count - 1];
        if (s->sorter != NULL && s->level_count == 1) goto done; /* all parts are merged */
        if (level->partition >= level->end) {
            level_close(level);
            s->level_count--;
            continue;
        }
        const int32_t partition = level->partition++;
        const int64_t rows = partition_rows(&level->input, partition, &s->direct);
        if (rows == 0) continue;
        if (s->direct) {
            weft_row_cursor_init(&s->cursor, &level->input, 1, partition, partition + 1);
            goto done;
        }
        if (s->level_count == 1)
            level->skip_bits = __builtin_ctz((uint32_t)weft_block_partitions(level->input.blocks[0]));
        const bool forced = weft_force_spill(ctx) && s->level_count == 1;
        st = forced ? WEFT_NOMEM : partition_merge(ctx, s, level, partition);
        if (st == WEFT_OK) goto done;
        if (st != WEFT_NOMEM || s->level_count == REFINE_LEVELS_MAX || level_is_stuck(level, rows)) goto done;
        weft_error_clear(ctx);
        weft_agg_table_clear(s->table);
        WEFT_TRY(st, partition_refine(ctx, s, level, partition));
    }
    s->direct = false;
    *more = false;
done:
    return st;
}

/* ---- giving ---- */

static weft_status source_emit(weft_ctx *ctx, source_state *s, const uint8_t *const *rows, int32_t count,
                               weft_batch *out)
{
    weft_status st = WEFT_OK;
    const weft_agg_plan *plan = &s->plan;
    for (int32_t i = 0; i < plan->group_count; i++) {
        WEFT_TRY(st, weft_gather_column(ctx, &s->gather, &plan->layout, i, i, rows, count));
    }
    for (int32_t c = 0; c < plan->call_count; c++) {
        const weft_agg_place place = weft_agg_place_of(plan, c, &s->table->rows);
        weft_vector *vector = &s->gather.vectors[plan->group_count + c];
        weft_vector_reset(vector);
        WEFT_TRY(st, plan->calls[c].variant->finalize(ctx, &place, rows, count, vector));
    }
    weft_gather_view(&s->gather, count, out);
done:
    return st;
}

/* Up to a batch of finished groups; *count is 0 when the partition at hand is done. */
static weft_status source_take(weft_ctx *ctx, source_state *s, const uint8_t *const **rows, int32_t *count)
{
    weft_status st = WEFT_OK;
    if (s->direct) {
        *rows = s->rows;
        WEFT_TRY(st, weft_row_cursor_next(ctx, &s->cursor, s->rows, s->batch_rows, count));
        if (*count == 0) weft_row_cursor_close(&s->cursor);
    } else {
        /* an empty table has no list of groups to point into */
        *rows = s->table->group_count == 0 ? NULL : (const uint8_t *const *)s->table->groups + s->emitted;
        *count = (int32_t)weft_min_i64(s->table->group_count - s->emitted, s->batch_rows);
        s->emitted += *count;
    }
done:
    return st;
}

/* Groups of a part, with their numbers, to the sorter. */
static weft_status source_keep(weft_ctx *ctx, source_state *s, const uint8_t *const *rows, int32_t count)
{
    weft_status st = WEFT_OK;
    const int32_t width = s->spec->output.count;
    weft_batch batch = {0};
    WEFT_TRY(st, source_emit(ctx, s, rows, count, &batch));
    for (int32_t i = 0; i < width; i++) s->sorted_columns[i] = batch.columns[i];
    s->sorted_columns[width] = (weft_column){.type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT),
                                             .phys = WEFT_PHYS_I64,
                                             .encoding = WEFT_FLAT,
                                             .data = s->firsts + s->emitted - count};
    batch.column_count = s->sorted.count;
    batch.columns = s->sorted_columns;
    WEFT_TRY(st, weft_sorter_add(ctx, s->sorter, &batch));
done:
    return st;
}

/* The next groups of a partition that was parted; *more is false when there are none. */
static weft_status source_sorted(weft_ctx *ctx, source_state *s, weft_batch *out, bool *more)
{
    const weft_status st = weft_sorter_next(ctx, s->sorter, out, more);
    out->column_count = s->spec->output.count;
    if (st != WEFT_OK || *more) return st;
    s->metrics.spilled_bytes += weft_sorter_spilled_bytes(s->sorter);
    weft_sorter_close(&s->sorter);
    return st;
}

static weft_status source_next(weft_ctx *ctx, void *state, weft_batch *out, weft_op_result *result)
{
    weft_status st = WEFT_OK;
    source_state *s = state;
    const uint8_t *const *rows = NULL;
    int32_t count;
    bool more = true;
    *result = WEFT_FINISHED;
    for (;;) {
        if (s->sorter != NULL && s->level_count == 1 && s->table->group_count == 0) {
            WEFT_TRY(st, source_sorted(ctx, s, out, &more));
            if (!more) continue;
            s->blank = false;
            *result = WEFT_HAVE_MORE;
            goto done;
        }
        WEFT_TRY(st, source_take(ctx, s, &rows, &count));
        if (count > 0 && s->sorter == NULL) break;
        if (count > 0) {
            WEFT_TRY(st, source_keep(ctx, s, rows, count));
            continue;
        }
        WEFT_TRY(st, source_advance(ctx, s, &more));
        if (more) continue;
        if (!s->blank) goto done;
        uint8_t *row;
        WEFT_TRY(st, weft_agg_table_blank(ctx, s->table, &row));
    }
    s->blank = false;
    WEFT_TRY(st, source_emit(ctx, s, rows, count, out));
    *result = WEFT_HAVE_MORE;
done:
    return st;
}

static void source_metrics(const void *state, weft_op_metrics *metrics)
{
    const source_state *s = state;
    metrics->spilled_bytes += s->metrics.spilled_bytes;
    metrics->memory_bytes += s->metrics.memory_bytes;
}

const weft_source_def weft_source_aggregate = {.name = "aggregate",
                                               .open = source_open,
                                               .next = source_next,
                                               .metrics = source_metrics,
                                               .close = source_close};
