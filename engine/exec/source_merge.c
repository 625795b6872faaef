/* engine/exec/source_merge.c - sorted runs of the task's partitions, merged in order: one partition after the
 * other, or all of them together.
 *
 * Runs are in (block, run) order; among equal keys the earlier run goes first, so with stable runs the whole
 * sort is stable. A tournament tree of losers gives the next row in log2(runs) comparisons, mostly of 16-byte
 * prefixes, which are made a few hundred rows at a time.
 *
 * A task may have a range of the keys alone: of every run, pages outside of it are not read, and rows outside
 * of it on the pages at its edges are left out.
 *
 * How rows are cut into batches does not depend on which pages are in scratch: those that end within a batch
 * are held until it was used.
 *
 * Memory: for every run its prefixes and, when it is spilled, one page. When there are more runs than that is
 * good for, neighbouring runs are first merged into longer ones, in a block of their own. */
#include "common/settings.h"
#include "engine/exec/block_private.h"
#include "engine/exec/defs.h"
#include "engine/exec/force_spill.h"
#include "engine/exec/row_cursor.h"
#include "engine/exec/sort_keys.h"
#include "engine/exec/sorter.h"

enum {
    MERGE_PAGES_BYTES = 32 * WEFT_ROW_PAGE_BYTES, /* held at once: 8 MiB of the working headroom */
    MERGE_RUNS_MEMORY = 1024,                     /* pages in memory cost only their prefixes */
    MERGE_GROUP_MOST = 2,
    MERGE_GROUP_HEAP = 16 << 20, /* a group stays together unless its strings pass this */
    MERGE_RUNS_FORCED = 3        /* FORCE_SPILL: several passes even for few runs */
};

typedef struct merge_run {
    const weft_block *block;
    int32_t partition, run;
    weft_block_reader *reader;
    const weft_row_page *page; /* NULL: at its end */
    bool stable;
    bool past;          /* what follows is behind the range */
    uint32_t next;      /* row of the page whose prefix is next to make */
    int32_t at, count;  /* in the arrays below */
    const uint8_t *row; /* of `at` */
    weft_sort_prefix prefixes[WEFT_SORT_ROWS_CHUNK];
} merge_run;

/* One merge of some runs. */
typedef struct merge {
    const weft_sort_plan *plan;
    const weft_sort_range *range;
    int32_t run_count, leaves; /* leaves: a power of two */
    merge_run **runs;
    int32_t *losers;      /* [leaves]: losers[0] is the winner */
    weft_held_pages held; /* pages from scratch that rows of the last batch lie in */
} merge;

typedef struct merge_state {
    const weft_source_spec *spec;
    const weft_task *task;
    const weft_input *input;
    weft_sort_plan plan;
    weft_gather gather;
    merge merge;
    weft_block *pass; /* runs merged from the task's, when those were too many */
    int32_t partition;
    int32_t batch_rows;
    int64_t left;                                 /* rows still to give */
    int32_t group_count, group[MERGE_GROUP_MOST]; /* columns whose values do not change within a batch */
    weft_op_metrics metrics;
    const uint8_t *rows[WEFT_BATCH_ROWS_MAX];
} merge_state;

/* ---- runs ---- */

/* The next page of a run. Rows of the last one may still be in use. */
static weft_status run_turn(weft_ctx *ctx, merge_run *run, weft_held_pages *held)
{
    weft_status st = WEFT_OK;
    if (run->page != NULL && !run->stable) WEFT_TRY(st, weft_held_add(ctx, held, run->reader));
    run->page = NULL;
    if (run->past) goto done;
    do {
        WEFT_TRY(st, weft_block_reader_next(ctx, run->reader, &run->page, &run->stable));
    } while (run->page != NULL && run->page->rows == 0);
    run->next = 0;
    run->at = run->count = 0;
done:
    return st;
}

/* Prefixes of the next rows of the page; false when the page has no more. */
static bool run_prefixes(const weft_sort_plan *plan, merge_run *run)
{
    const uint8_t *rows[WEFT_SORT_ROWS_CHUNK];
    const uint32_t left = run->page->rows - run->next;
    if (left == 0) return false;
    run->at = 0;
    run->count = left < WEFT_SORT_ROWS_CHUNK ? (int32_t)left : WEFT_SORT_ROWS_CHUNK;
    run->row = weft_row_page_rows(run->page) + (size_t)run->next * run->page->row_bytes;
    for (int32_t i = 0; i < run->count; i++) rows[i] = run->row + (size_t)i * run->page->row_bytes;
    weft_sort_prefixes_of_rows(plan, rows, run->count, run->prefixes);
    run->next += (uint32_t)run->count;
    return true;
}

/* Rows of the chunk that are before the bound. */
static int32_t rows_before(const merge_run *run, weft_sort_prefix bound)
{
    int32_t low = 0, high = run->count;
    while (low < high) {
        const int32_t middle = (low + high) / 2;
        if (weft_sort_compare_prefix(run->prefixes[middle], bound) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The next rows of the run that are in the range: a chunk of them, or it is at its end. */
static weft_status run_advance(weft_ctx *ctx, merge *m, merge_run *run)
{
    weft_status st = WEFT_OK;
    for (;;) {
        if (run->past || run->page == NULL || !run_prefixes(m->plan, run)) {
            WEFT_TRY(st, weft_check_cancel(ctx)); /* there may be many pages before the range */
            WEFT_TRY(st, run_turn(ctx, run, &m->held));
            if (run->page == NULL) break;
            continue;
        }
        const int32_t chunk = run->count;
        if (m->range->has_low) run->at = rows_before(run, m->range->low);
        if (m->range->has_high) run->count = rows_before(run, m->range->high);
        run->past = run->count < chunk;
        run->row += (size_t)run->at * run->page->row_bytes;
        if (run->at < run->count) break;
    }
done:
    return st;
}

static void run_free(merge_run **run)
{
    if (*run == NULL) return;
    weft_block_reader_close(&(*run)->reader);
    weft_mem_free(*run);
    *run = NULL;
}

/* ---- tournament ---- */

/* Does run a go before run b? A run at its end goes last. */
static bool goes_before(const merge *m, int32_t a, int32_t b)
{
    const merge_run *x = a < m->run_count ? m->runs[a] : NULL, *y = b < m->run_count ? m->runs[b] : NULL;
    if (x == NULL || x->page == NULL) return false;
    if (y == NULL || y->page == NULL) return true;
    const weft_sort_prefix p = x->prefixes[x->at], q = y->prefixes[y->at];
    if (p.high != q.high) return p.high < q.high;
    if (p.low != q.low) return p.low < q.low;
    const int order = m->plan->exact ? 0 : weft_sort_compare_rows(m->plan, x->row, y->row);
    return order != 0 ? order < 0 : a < b;
}

/* Play the matches of the subtree; leaves the losers in it and returns its winner. */
static int32_t play(merge *m, int32_t node)
{
    if (node >= m->leaves) return node - m->leaves;
    const int32_t a = play(m, 2 * node), b = play(m, 2 * node + 1);
    const bool b_wins = goes_before(m, b, a);
    m->losers[node] = b_wins ? a : b;
    return b_wins ? b : a;
}

/* The run that won has moved on: play its way up again. */
static void replay(merge *m)
{
    int32_t winner = m->losers[0];
    for (int32_t node = (winner + m->leaves) / 2; node > 0; node /= 2) {
        const int32_t other = m->losers[node];
        if (!goes_before(m, other, winner)) continue;
        m->losers[node] = winner;
        winner = other;
    }
    m->losers[0] = winner;
}

static void merge_close(merge *m)
{
    for (int32_t i = 0; m->runs != NULL && i < m->run_count; i++) run_free(&m->runs[i]);
    weft_mem_free(m->runs);
    weft_mem_free(m->losers);
    weft_held_deinit(&m->held);
    *m = (merge){0};
}

/* Partitions of the input, [begin, end), whose runs are merged together. */
typedef struct merge_span {
    const weft_input *input;
    int32_t begin, end;
} merge_span;

/* The first partition behind the span that the block may have runs of. */
static int32_t span_end(const merge_span *span, const weft_block *block)
{
    return weft_min_i32(span->end, weft_block_partitions(block));
}

static weft_status merge_add_run(weft_ctx *ctx, merge *m, const merge_span *span, const weft_block *block,
                                 int32_t partition, int32_t number)
{
    weft_status st = WEFT_OK;
    merge_run *run = NULL;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(*run), (void **)&run));
    *run = (merge_run){.block = block, .partition = partition, .run = number};
    m->runs[m->run_count++] = run;
    WEFT_TRY(st, weft_block_reader_open(ctx, block, partition, number, &run->reader));
    weft_block_reader_count(run->reader, span->input->read);
    weft_block_reader_range(run->reader, m->range);
    weft_block_reader_begin(ctx, run->reader); /* all are under way before the first is waited for */
done:
    return st;
}

/* Open runs [first, first + count) of the span's, which are counted by block, partition and run. */
static weft_status merge_open(weft_ctx *ctx, merge *m, const merge_state *s, const merge_span *span,
                              int32_t first, int32_t count)
{
    weft_status st = WEFT_OK;
    int32_t index = 0;
    *m = (merge){.plan = &s->plan,
                 .range = &s->task->spec->range,
                 .leaves = (int32_t)weft_pow2_ceil((uint64_t)weft_max_i32(count, 2))};
    WEFT_TRY(st,
             weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)count * sizeof(*m->runs), (void **)&m->runs));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)m->leaves * sizeof(*m->losers),
                                     (void **)&m->losers));
    for (int32_t b = 0; b < span->input->block_count; b++) {
        const weft_block *block = span->input->blocks[b];
        for (int32_t p = span->begin; p < span_end(span, block); p++)
            for (int32_t r = 0; r < weft_block_runs(block, p); r++, index++)
                if (index >= first && index < first + count)
                    WEFT_TRY(st, merge_add_run(ctx, m, span, block, p, r));
    }
    for (int32_t i = 0; i < m->run_count; i++) WEFT_TRY(st, run_advance(ctx, m, m->runs[i]));
    m->losers[0] = play(m, 1);
done:
    if (st != WEFT_OK) merge_close(m);
    return st;
}

/* The next `most` rows in order, fewer at the end, where their strings pass what a batch may have, or where a
 * column of the group changes. They are valid until the next call. */
static weft_status merge_next(weft_ctx *ctx, merge *m, const int32_t *group, int32_t group_count,
                              const uint8_t **rows, int32_t most, int32_t *count)
{
    weft_status st = WEFT_OK;
    const bool has_strings = m->plan->layout->has_strings;
    int32_t n = 0;
    int64_t heap = 0;
    const int64_t heap_most = group_count > 0 ? MERGE_GROUP_HEAP : WEFT_BATCH_HEAP_MOST;
    *count = 0;
    weft_held_clear(&m->held);
    while (n < most) {
        const int32_t winner = m->losers[0];
        if (winner >= m->run_count || m->runs[winner]->page == NULL) break;
        merge_run *run = m->runs[winner];
        if (has_strings) heap += weft_row_heap_bytes(m->plan->layout, run->row);
        if (heap > heap_most && n > 0) break;
        if (group_count > 0 && n > 0 &&
            !weft_rows_equal(m->plan->layout, group, group_count, rows[0], run->row))
            break;
        rows[n++] = run->row;
        run->row += run->page->row_bytes;
        if (++run->at == run->count) WEFT_TRY(st, run_advance(ctx, m, run));
        replay(m);
    }
    *count = n;
done:
    return st;
}

/* ---- passes ---- */

static int32_t count_runs(const merge_span *span, bool *spilled)
{
    int32_t runs = 0;
    *spilled = false;
    for (int32_t b = 0; b < span->input->block_count; b++) {
        const weft_block *block = span->input->blocks[b];
        if (span->begin >= span_end(span, block)) continue;
        for (int32_t p = span->begin; p < span_end(span, block); p++) runs += weft_block_runs(block, p);
        *spilled = *spilled || weft_block_is_away(block);
    }
    return runs;
}

/* How many runs may be merged at once: each holds a page, which a row with long strings has for itself. */
static int32_t merge_fan(const weft_ctx *ctx, const merge_span *span, bool spilled)
{
    uint32_t most = MERGE_PAGES_BYTES / MERGE_RUNS_MEMORY;
    if (weft_force_spill(ctx)) return MERGE_RUNS_FORCED;
    if (!spilled) return MERGE_RUNS_MEMORY;
    for (int32_t b = 0; b < span->input->block_count; b++) {
        const weft_block *block = span->input->blocks[b];
        for (int32_t p = span->begin; p < span_end(span, block); p++) {
            const uint32_t bytes = weft_block_page_most(block, p);
            most = most > bytes ? most : bytes;
        }
    }
    return weft_max_i32(2, (int32_t)(MERGE_PAGES_BYTES / most));
}

/* Merge the runs of a span, `fan` neighbours at a time, into a block of fewer, longer runs. */
static weft_status merge_pass(weft_ctx *ctx, merge_state *s, const merge_span *span, int32_t runs,
                              int32_t fan, weft_block **out)
{
    weft_status st = WEFT_OK;
    weft_block_writer *writer = NULL;
    merge m = {0};
    const weft_types types = {.count = s->plan.layout->count, .types = s->plan.layout->types};
    *out = NULL;
    WEFT_TRY(st, weft_block_writer_open(ctx, &types, 1, &writer));
    for (int32_t first = 0; first < runs; first += fan) {
        int64_t left = s->left;
        WEFT_TRY(st, merge_open(ctx, &m, s, span, first, weft_min_i32(fan, runs - first)));
        while (left > 0) {
            int32_t count;
            const int32_t most = (int32_t)weft_min_i64(left, WEFT_BATCH_ROWS_MAX);
            WEFT_TRY(st, merge_next(ctx, &m, NULL, 0, s->rows, most, &count));
            if (count == 0) break;
            WEFT_TRY(st, weft_block_append_rows(ctx, writer, 0, s->rows, count));
            WEFT_TRY(st, weft_check_cancel(ctx));
            left -= count;
        }
        WEFT_TRY(st, weft_block_end_run(ctx, writer, 0));
        merge_close(&m);
    }
    WEFT_TRY(st, weft_block_finish(ctx, &writer, ctx->memory, &s->task->name, out));
    s->metrics.spilled_bytes += weft_block_spilled_bytes(*out);
done:
    merge_close(&m);
    weft_block_writer_abandon(&writer);
    return st;
}

/* Open the merge of these partitions, after as many passes as it takes. */
static weft_status merge_partitions(weft_ctx *ctx, merge_state *s, int32_t begin, int32_t end)
{
    weft_status st = WEFT_OK;
    weft_input passed = {0};
    merge_span span = {.input = s->input, .begin = begin, .end = end};
    bool spilled;
    int32_t runs = count_runs(&span, &spilled);
    for (;;) {
        const int32_t fan = merge_fan(ctx, &span, spilled);
        if (runs <= fan) break;
        weft_block *block = NULL;
        WEFT_TRY(st, merge_pass(ctx, s, &span, runs, fan, &block));
        weft_block_release(&s->pass);
        s->pass = block;
        passed = (weft_input){.stage_id = s->input->stage_id, .block_count = 1, .blocks = &s->pass};
        span = (merge_span){.input = &passed, .begin = 0, .end = 1};
        runs = count_runs(&span, &spilled);
    }
    WEFT_TRY(st, merge_open(ctx, &s->merge, s, &span, 0, runs));
done:
    return st;
}

/* ---- source ---- */

static void merge_source_close(void *state)
{
    merge_state *s = state;
    if (s == NULL) return;
    merge_close(&s->merge);
    weft_block_release(&s->pass);
    weft_gather_deinit(&s->gather);
    weft_mem_free(s);
}

static weft_status merge_source_open(weft_ctx *ctx, const weft_source_spec *spec, void *shared,
                                     const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    merge_state *s = NULL;
    (void)shared;
    *state = NULL;
    assert(spec->input < task->input_count);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    s->spec = spec;
    s->task = task;
    s->input = &task->inputs[spec->input];
    s->partition = task->spec->partition_begin;
    s->left = spec->merge.limit < 0 ? INT64_MAX : spec->merge.limit;
    s->batch_rows = (int32_t)weft_setting(ctx, WEFT_SET_BATCH_ROWS);
    if (s->input->block_count > 0) {
        weft_sort_plan_init(&s->plan, weft_block_layout(s->input->blocks[0]), spec->merge.keys,
                            spec->merge.key_count);
    }
    WEFT_TRY(st, weft_gather_init(ctx, &s->gather, &spec->output));
    *state = s;
    s = NULL;
done:
    merge_source_close(s);
    return st;
}

void weft_merge_source_group(void *state, int32_t keys)
{
    merge_state *s = state;
    assert(keys <= MERGE_GROUP_MOST);
    s->group_count = keys;
    for (int32_t i = 0; i < keys; i++) s->group[i] = s->spec->merge.keys[i].column;
}

static weft_status merge_source_next(weft_ctx *ctx, void *state, weft_batch *out, weft_op_result *result)
{
    weft_status st = WEFT_OK;
    merge_state *s = state;
    int32_t count = 0;
    *result = WEFT_FINISHED;
    while (s->left > 0) {
        if (s->merge.runs == NULL) {
            const int32_t begin = s->partition, end = s->task->spec->partition_end;
            if (begin >= end || s->input->block_count == 0) break;
            s->partition = s->spec->merge.together ? end : begin + 1;
            WEFT_TRY(st, merge_partitions(ctx, s, begin, s->partition));
        }
        WEFT_TRY(st, merge_next(ctx, &s->merge, s->group, s->group_count, s->rows,
                                (int32_t)weft_min_i64(s->left, s->batch_rows), &count));
        if (count > 0) break;
        merge_close(&s->merge);
        weft_block_release(&s->pass);
    }
    if (count == 0) goto done;
    s->left -= count;
    WEFT_TRY(st, weft_gather_batch(ctx, &s->gather, s->plan.layout, s->rows, count, out));
    *result = WEFT_HAVE_MORE;
done:
    return st;
}

static void merge_source_metrics(const void *state, weft_op_metrics *metrics)
{
    const merge_state *s = state;
    metrics->spilled_bytes += s->metrics.spilled_bytes;
    metrics->memory_bytes += s->metrics.memory_bytes;
}

const weft_source_def weft_source_merge = {.name = "merge",
                                           .open = merge_source_open,
                                           .next = merge_source_next,
                                           .metrics = merge_source_metrics,
                                           .close = merge_source_close};
