/* engine/exec/sink_aggregate.c - partial aggregation of a task's rows, into the partitions of its block.
 *
 *   keys → hash → group rows of a table → update states; when the table is full, its groups go to the block
 *
 * The table is emptied into the block when it has reached the bound that the plan gives it (small where there
 * is little memory; larger than a cache otherwise, since an exchange of more groups costs more than misses).
 * When it did not reduce the rows much by then, the sink gives up: from there on every row becomes a group of
 * its own without looking it up, and the final aggregation does the work once instead of both. What is
 * refused memory is answered by emptying the table early.
 *
 * Grouping sets: rows are grouped by the finest set; when the table is emptied, the groups of the coarser
 * sets are made from its groups and go to the block behind them (agg_sets.h).
 *
 * Order: groups leave in the order in which they were first seen since the table was last empty. When that is
 * is decided by numbers, not by free memory, so the block is a function of the input alone: refused memory,
 * the block's pages go to scratch, and the table has an account with a floor of its own. Only where states
 * outgrow even that (long strings, a great many slots) the table is emptied early: the same groups come in
 * more pieces, which merging in block order puts together (then sums of doubles may round differently).
 *
 * Runs: a partition whose groups are distinct, because the table was emptied once, ends one run; the source
 * merges nothing then. */
#include "common/settings.h"
#include "engine/exec/agg_direct.h"
#include "engine/exec/agg_sets.h"
#include "engine/exec/block_private.h"
#include "engine/exec/defs.h"
#include "engine/exec/hash.h"

enum {
    AGG_LOOK_BYTES = 4 << 20,   /* of a table: by then it shows whether it reduces the rows */
    AGG_STAGE_GROUPS = 1 << 14, /* rows that are gathered before they go to partitions, after giving up */
    AGG_LEAST_ROWS = 32         /* a batch is cut into no smaller pieces for want of memory */
};
/* Groups a row above which partial aggregation costs more than it saves: of a table that is full, and of one
 * that may still grow. Of D groups in equal parts, a table of 4 MiB has seen 0.9 when D is some seven times
 * what it holds: more than one of 16 MiB would reduce. */
static const double give_up_ratio_full = 0.6, give_up_ratio_growing = 0.9;

typedef struct aggregate_state {
    const weft_sink_spec *spec;
    const weft_task *task;
    weft_agg_plan plan;
    weft_agg_table *table;
    weft_agg_direct *direct;
    weft_block_writer *writer;
    weft_op_metrics metrics;
    weft_account *account; /* of the table */
    int64_t rows_in;       /* since the table was last empty */
    int32_t flushes;
    bool gave_up;
    bool distinct;       /* no group of a coarser set was given in pieces */
    weft_agg_sets *sets; /* the coarser grouping sets, or NULL */
    weft_place place;
    uint8_t *single; /* the group of an aggregation without keys */
    uint64_t hashes[WEFT_BATCH_ROWS_MAX];
    uint8_t *rows[WEFT_BATCH_ROWS_MAX];
} aggregate_state;

static void aggregate_close(void *state)
{
    aggregate_state *s = state;
    if (s == NULL) return;
    weft_agg_table_free(&s->table);
    weft_agg_direct_free(&s->direct);
    weft_agg_sets_free(&s->sets);
    weft_block_writer_abandon(&s->writer);
    weft_account_close(&s->account);
    weft_mem_free(s);
}

static weft_status aggregate_open(weft_ctx *ctx, const weft_sink_spec *spec, const weft_types *input_types,
                                  const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    aggregate_state *s = NULL;
    const int32_t group_count = spec->aggregate.group_count;
    (void)input_types;
    *state = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    s->spec = spec;
    s->task = task;
    WEFT_TRY(st, weft_agg_plan_init(ctx, &s->plan, spec->rows.types, group_count, spec->aggregate.aggregates,
                                    spec->aggregate.aggregate_count));
    if (s->plan.layout.count != spec->rows.count) {
        st = weft_fail(ctx, WEFT_INTERNAL,
                       "an aggregation of %d groups and states is planned with %d columns",
                       s->plan.layout.count, spec->rows.count);
        goto done;
    }
    s->account = weft_account_open(weft_account_pool(ctx->memory), "aggregation");
    if (s->account == NULL) {
        st = weft_fail(ctx, WEFT_NOMEM, "no memory for the account of an aggregation");
        goto done;
    }
    s->distinct = true;
    /* the table's memory need not be asked for; twice: arrays that grow; and once more for coarser sets */
    const int64_t floor_bytes = 2 * spec->aggregate.table_bytes;
    weft_account_set_floor(s->account, spec->aggregate.set_count > 0 ? 2 * floor_bytes : floor_bytes);
    if (spec->aggregate.set_count > 0)
        WEFT_TRY(st, weft_agg_sets_new(ctx, &s->plan, spec, s->account, &s->sets));
    WEFT_TRY(st, weft_agg_table_new(ctx, &s->plan, &s->table));
    s->place = weft_place_of(spec->placed, spec->partition_count, task->spec->partition_begin,
                             task->spec->partition_end);
    WEFT_TRY(st, weft_agg_direct_new(ctx, group_count, s->place, &s->direct));
    WEFT_TRY(st, weft_block_writer_open(ctx, &spec->rows, spec->partition_count, &s->writer));
    *state = s;
    s = NULL;
done:
    aggregate_close(s);
    return st;
}

/* ---- emptying ---- */

/* All groups go to the block; the table is empty afterwards. */
static weft_status aggregate_flush(weft_ctx *ctx, aggregate_state *s)
{
    weft_status st = WEFT_OK;
    weft_agg_table *table = s->table;
    s->metrics.memory_bytes = weft_max_i64(s->metrics.memory_bytes, weft_agg_table_bytes(table));
    if (table->group_count == 0) goto done;
    if (s->spec->partition_count == 1 && !s->gave_up && !table->unordered && s->sets == NULL)
        WEFT_TRY(st, weft_block_take(ctx, s->writer, 0, &table->rows));
    else
        WEFT_TRY(st, weft_agg_table_give(ctx, table, s->writer));
    if (s->sets != NULL) WEFT_TRY(st, weft_agg_sets_give(ctx, s->sets, table, s->writer, &s->distinct));
    s->flushes++;
done:
    weft_agg_table_clear(table);
    weft_agg_direct_forget(s->direct);
    s->single = NULL;
    s->rows_in = 0;
    return st;
}

/* After WEFT_NOMEM: give back what the block holds in memory; the second time, empty the table too. */
static weft_status aggregate_relieve(weft_ctx *ctx, aggregate_state *s, bool flush)
{
    weft_status st = WEFT_OK;
    weft_error_clear(ctx);
    if (flush) WEFT_TRY(st, aggregate_flush(ctx, s));
    WEFT_TRY(st, weft_block_relieve(ctx, s->writer));
done:
    return st;
}

/* ---- rows ---- */

/* The group row of every row of the batch. */
static weft_status aggregate_groups(weft_ctx *ctx, aggregate_state *s, const weft_batch *batch)
{
    const int32_t *groups = s->spec->aggregate.groups;
    const int32_t count = s->spec->aggregate.group_count;
    if (count == 0) return s->single != NULL ? WEFT_OK : weft_agg_table_blank(ctx, s->table, &s->single);
    if (!s->gave_up) {
        bool found;
        const weft_status st =
            weft_agg_direct_find(ctx, s->direct, s->table, batch, groups, s->hashes, s->rows, &found);
        if (found || st != WEFT_OK) return st;
    }
    weft_exec_hash_at(ctx, batch, groups, count, s->place, s->hashes);
    return s->gave_up ? weft_agg_table_add(ctx, s->table, batch, groups, s->hashes, s->rows)
                      : weft_agg_table_find(ctx, s->table, batch, groups, s->hashes, s->rows);
}

static weft_status aggregate_update(weft_ctx *ctx, aggregate_state *s, const weft_batch *batch, int32_t *from)
{
    if (s->spec->aggregate.group_count == 0) {
        return weft_agg_update_one(ctx, &s->plan, &s->table->rows, batch, s->single, from);
    }
    return weft_agg_update(ctx, &s->plan, &s->table->rows, batch, s->rows, from);
}

/* Groups, then updates; refused memory, the table is emptied and the step that failed is done again. Groups
 * that were begun in vain leave as groups without rows, which merge as nothing. */
static weft_status aggregate_some(weft_ctx *ctx, aggregate_state *s, const weft_batch *batch, int32_t *from)
{
    weft_status st = WEFT_OK;
    weft_account *own = ctx->memory;
    for (int32_t relieved = 0;; relieved++) {
        ctx->memory = s->account;
        st = aggregate_groups(ctx, s, batch);
        bool again = st == WEFT_NOMEM;
        if (st == WEFT_OK) {
            const int32_t begun = *from;
            st = aggregate_update(ctx, s, batch, from);
            if (*from > begun) relieved = 0;
            again = st == WEFT_NOMEM && s->plan.calls[*from].repeatable;
        }
        ctx->memory = own;
        if (!again || relieved == 3) return st;
        WEFT_TRY(st, aggregate_relieve(ctx, s, relieved > 0));
    }
done:
    return st;
}

/* Where even an empty table has no room for a batch, a piece of it may have. */
static weft_status aggregate_batch(weft_ctx *ctx, aggregate_state *s, const weft_batch *batch)
{
    weft_status st = WEFT_OK;
    const uint16_t *positions = batch->selection != NULL ? batch->selection : s->table->positions;
    int32_t from = 0, size = batch->selected;
    for (int32_t at = 0; at < batch->selected;) {
        weft_batch some = *batch;
        some.selected = weft_min_i32(size, batch->selected - at);
        if (some.selected < batch->selected) some.selection = positions + at;
        st = aggregate_some(ctx, s, &some, &from);
        if (st == WEFT_NOMEM && from == 0 && some.selected > AGG_LEAST_ROWS) {
            size = some.selected / 2;
            continue;
        }
        if (st != WEFT_OK) goto done;
        at += some.selected;
        from = 0;
    }
done:
    return st;
}

/* Is it time to empty the table? Also decides whether it is worth filling on, or again. */
static weft_status aggregate_bound(weft_ctx *ctx, aggregate_state *s)
{
    const weft_agg_table *table = s->table;
    const int64_t most = s->spec->aggregate.table_bytes, bytes = weft_agg_table_bytes(table);
    if (s->gave_up) {
        const bool full = table->group_count >= AGG_STAGE_GROUPS || table->rows.bytes >= AGG_LOOK_BYTES;
        return full ? aggregate_flush(ctx, s) : WEFT_OK;
    }
    if (bytes < AGG_LOOK_BYTES) return WEFT_OK;
    const double ratio = bytes < most ? give_up_ratio_growing : give_up_ratio_full;
    if (s->spec->aggregate.group_count > 0 && weft_setting(ctx, WEFT_SET_PARTIAL_GIVE_UP) != 0 &&
        (double)table->group_count > ratio * (double)s->rows_in) {
        const weft_status st = aggregate_flush(ctx, s);
        s->gave_up = true;
        return st;
    }
    return bytes < most ? WEFT_OK : aggregate_flush(ctx, s);
}

static weft_status aggregate_sink(weft_ctx *ctx, void *state, const weft_batch *batch, weft_op_result *result)
{
    weft_status st = WEFT_OK;
    aggregate_state *s = state;
    *result = WEFT_NEED_INPUT;
    WEFT_TRY(st, aggregate_batch(ctx, s, batch));
    s->rows_in += batch->selected;
    WEFT_TRY(st, aggregate_bound(ctx, s));
done:
    return st;
}

static weft_block_writer *aggregate_writer(void *state) { return ((aggregate_state *)state)->writer; }

static weft_status aggregate_finalize(weft_ctx *ctx, void *state, weft_block **out)
{
    weft_status st = WEFT_OK;
    aggregate_state *s = state;
    *out = NULL;
    const bool once = s->flushes == 0 && !s->gave_up;
    WEFT_TRY(st, aggregate_flush(ctx, s));
    for (int32_t p = 0; once && s->distinct && p < s->spec->partition_count; p++) {
        WEFT_TRY(st, weft_block_end_run(ctx, s->writer, p));
    }
    if (s->sets != NULL) s->metrics.memory_bytes += weft_agg_sets_bytes(s->sets);
    s->metrics.memory_bytes += weft_block_writer_memory(s->writer);
    WEFT_TRY(st, weft_block_finish(ctx, &s->writer, s->task->owner, &s->task->name, out));
    s->metrics.spilled_bytes = weft_block_spilled_bytes(*out);
done:
    return st;
}

static void aggregate_metrics(const void *state, weft_op_metrics *metrics)
{
    const aggregate_state *s = state;
    metrics->spilled_bytes += s->metrics.spilled_bytes;
    metrics->memory_bytes += s->metrics.memory_bytes;
}

const weft_sink_def weft_sink_aggregate = {.name = "aggregate",
                                           .open = aggregate_open,
                                           .sink = aggregate_sink,
                                           .writer = aggregate_writer,
                                           .finalize = aggregate_finalize,
                                           .metrics = aggregate_metrics,
                                           .close = aggregate_close};
