/* engine/exec/source_aggregate.c - merge the partial aggregates of the task's partitions, and finish them.
 *
 * A partition at a time: its rows from all blocks, in block order, are merged into a table by their stored
 * hashes; then the groups are given in the order in which they were first seen. A partition of one block
 * whose groups are known to be distinct is given as it lies, without a table.
 *
 * A partition that does not fit in memory is read again and parted by the next bits of the hash into a block
 * in scratch, whose partitions are then done one by one, and if need be parted again. Rows keep their order
 * on the way, so every state is merged from the same rows in the same order.
 *
 * An aggregation without keys gives one row even over nothing: the task that has partition 0 does. */
#include "common/settings.h"
#include "engine/exec/agg_table.h"
#include "engine/exec/block_private.h"
#include "engine/exec/defs.h"
#include "engine/exec/row_cursor.h"

enum {
    REFINE_BITS = 4, /* partitions of a partition: 16, each a page or two when memory is scarce */
    MERGE_CHUNK_BYTES = 64 * 1024, /* rows merged at once: a table grows by no more at a time */
    REFINE_LEVELS_MAX = 8 /* 16^8 parts: beyond, equal hashes are the matter, and parting does not help */
};

/* Partitions still to do: of the task, or of a block in scratch that was made from one partition. */
typedef struct source_level {
    weft_input input;
    weft_block *block; /* owned; NULL for the task's own input */
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
    bool direct;     /* groups come straight from the cursor */
    bool blank;      /* the row over nothing may still have to be given */
    int64_t emitted; /* groups of the table that were given */
    weft_op_metrics metrics;
    const uint8_t *rows[WEFT_BATCH_ROWS_MAX];
} source_state;

static void source_close(void *state)
{
    source_state *s = state;
    if (s == NULL) return;
    weft_row_cursor_close(&s->cursor);
    for (int32_t i = 0; i < s->level_count; i++) weft_block_release(&s->levels[i].block);
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

static weft_status partition_merge(weft_ctx *ctx, source_state *s, const weft_input *input, int32_t partition)
{
    weft_status st = WEFT_OK;
    const int32_t rows_of_chunk = MERGE_CHUNK_BYTES / s->plan.layout.row_bytes;
    const int32_t most = weft_min_i32(weft_max_i32(rows_of_chunk, 64), WEFT_BATCH_ROWS_MAX);
    weft_row_cursor_init(&s->cursor, input, 1, partition, partition + 1);
    for (;;) {
        int32_t count;
        bool stable;
        WEFT_TRY(st, weft_row_cursor_next(ctx, &s->cursor, s->rows, most, &count, &stable));
        if (count == 0) break;
        WEFT_TRY(st, weft_agg_table_merge(ctx, s->table, s->rows, count));
        WEFT_TRY(st, weft_check_cancel(ctx));
    }
done:
    weft_row_cursor_close(&s->cursor);
    s->metrics.memory_bytes = weft_max_i64(s->metrics.memory_bytes, weft_agg_table_bytes(s->table));
    return st;
}

/* The rows of one partition into a block of their own, by the next bits of their hashes. */
static weft_status partition_refine(weft_ctx *ctx, source_state *s, const source_level *from,
                                    int32_t partition)
{
    weft_status st = WEFT_OK;
    weft_block_writer *writer = NULL;
    weft_block *block = NULL;
    const weft_types types = {.count = s->plan.layout.count, .types = s->plan.layout.types};
    WEFT_TRY(st, weft_block_writer_open(ctx, &types, 1 << REFINE_BITS, &writer));
    weft_row_cursor_init(&s->cursor, &from->input, 1, partition, partition + 1);
    for (;;) {
        int32_t count;
        bool stable;
        WEFT_TRY(st, weft_row_cursor_next(ctx, &s->cursor, s->rows, WEFT_BATCH_ROWS_MAX, &count, &stable));
        if (count == 0) break;
        WEFT_TRY(st, weft_block_scatter_rows(ctx, writer, from->skip_bits, s->rows, count));
        WEFT_TRY(st, weft_check_cancel(ctx));
    }
    WEFT_TRY(st, weft_block_relieve(ctx, writer)); /* the memory is for the tables to come */
    WEFT_TRY(st, weft_block_finish(ctx, &writer, ctx->memory, &s->task->name, &block));
    s->metrics.spilled_bytes += weft_block_spilled_bytes(block);
    source_level *level = &s->levels[s->level_count++];
    *level =
        (source_level){.block = block, .end = 1 << REFINE_BITS, .skip_bits = from->skip_bits + REFINE_BITS};
    level->input = (weft_input){.stage_id = from->input.stage_id, .block_count = 1, .blocks = &level->block};
done:
    weft_row_cursor_close(&s->cursor);
    weft_block_writer_abandon(&writer);
    return st;
}

/* Did parting the partition bring anything? Not when all its rows went to one part. */
static bool level_is_stuck(const source_level *level, int64_t rows)
{
    return level->block != NULL && rows == weft_block_rows(level->block, -1);
}

/* Merge the next partition into the table, or decide that it goes without. False in *more when none is left.
 */
static weft_status source_advance(weft_ctx *ctx, source_state *s, bool *more)
{
    weft_status st = WEFT_OK;
    *more = true;
    weft_agg_table_clear(s->table);
    s->emitted = 0;
    s->direct = false;
    while (s->level_count > 0) {
        source_level *level = &s->levels[s->level_count - 1];
        if (level->partition >= level->end) {
            weft_block_release(&level->block);
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
        const bool forced = weft_setting(ctx, WEFT_SET_FORCE_SPILL) != 0 && s->level_count == 1;
        st = forced ? WEFT_NOMEM : partition_merge(ctx, s, &level->input, partition);
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
        bool stable;
        *rows = s->rows;
        WEFT_TRY(st, weft_row_cursor_next(ctx, &s->cursor, s->rows, s->batch_rows, count, &stable));
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

static weft_status source_next(weft_ctx *ctx, void *state, weft_batch *out, weft_op_result *result)
{
    weft_status st = WEFT_OK;
    source_state *s = state;
    const uint8_t *const *rows = NULL;
    int32_t count;
    bool more = true;
    *result = WEFT_FINISHED;
    for (;;) {
        WEFT_TRY(st, source_take(ctx, s, &rows, &count));
        if (count > 0) break;
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
