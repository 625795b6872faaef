/* engine/exec/sink_sort.c - sorted runs of a task's rows, or the first N of them.
 *
 * Rows are copied into pages; beside them an array of entries (normalised prefix, address) is what gets
 * sorted. At the end, or when memory is refused, the entries are sorted and the rows written to the block in
 * that order: one run a partition. Equal keys keep the order of the input. With a hash (windows) entries are
 * first parted by partition.
 *
 * Top-N: once twice as many rows as wanted are held, the entries are sorted, the first N rows kept, and the
 * last of them becomes the threshold: later rows at or behind it are dropped before they are copied.
 *
 * First of each group: rows that are numbered above the limit within a run of their own are not written
 * (windows of which only the first rows are wanted).
 *
 * Short runs: while memory is plenty, a run ends at a size that is small for the pool, and the next one is
 * collected in the same memory: what the kernel must fill with zero is then little more than the sorted rows.
 * They are so few that they are merged in one pass still, should they go to scratch. When the pool fills up,
 * a run takes what memory there is.
 *
 * Memory: pages, entries and as many spare entries, so that sorting itself never asks for more. */
#include "engine/exec/block_private.h"
#include "engine/exec/defs.h"
#include "engine/exec/force_spill.h"
#include "engine/exec/hash.h"
#include "engine/exec/sort_keys.h"
#include "engine/exec/sorter.h"

enum {
    SORT_ENTRIES_FIRST = 1 << 12,
    SORT_FORCED_ROWS = 1 << 10,  /* FORCE_SPILL: rows of a run */
    SORT_CHECK_ROWS = 1 << 16,   /* moved between two looks at the cancel flag */
    SORT_TOP_LEAST = 1 << 12,    /* a small top-N sorts only every so many rows */
    SORT_SHORT_LEAST = 64 << 20, /* bytes of a short run at least, */
    SORT_SHORT_PART = 256,       /* … of the pool's limit; */
    SORT_PLENTY_PART = 8 /* while less of it is used: 32 short runs at most, and those of tasks' ends */
};

typedef struct sort_state {
    const weft_sink_spec *spec;
    const weft_task *task;
    weft_sort_plan plan;
    weft_block_writer *writer;
    weft_row_set rows;
    weft_sort_entry *entries; /* [2 * capacity]: the upper half is the spare */
    int64_t count, capacity;
    int64_t limit;               /* or -1 */
    weft_sort_plan groups;       /* of the keys that make a group */
    weft_sort_prefix group_mask; /* where they stand in prefixes */
    bool has_threshold;
    weft_sort_entry threshold; /* the N-th of the rows kept */
    weft_op_metrics metrics;
    int32_t *columns; /* identity */
    int32_t shift;
    weft_place place;
    uint64_t hashes[WEFT_BATCH_ROWS_MAX];
    weft_sort_prefix prefixes[WEFT_BATCH_ROWS_MAX];
    uint8_t *addresses[WEFT_BATCH_ROWS_MAX];
    const uint8_t *sorted[WEFT_BATCH_ROWS_MAX];
    uint16_t selection[WEFT_BATCH_ROWS_MAX];
} sort_state;

static void sort_close(void *state)
{
    sort_state *s = state;
    if (s == NULL) return;
    weft_rows_clear(&s->rows);
    weft_mem_free(s->entries);
    weft_block_writer_abandon(&s->writer);
    weft_mem_free(s);
}

static weft_status sort_open(weft_ctx *ctx, const weft_sink_spec *spec, const weft_types *input_types,
                             const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    sort_state *s = NULL;
    (void)input_types;
    *state = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    s->spec = spec;
    s->task = task;
    s->limit = spec->partition_count > 1 ? -1
                                         : spec->sort.limit; /* of all partitions together it means nothing */
    if (s->limit > INT64_MAX / 4) s->limit = -1; /* no task has as many rows: none, and nothing overflows */
    s->shift = weft_partition_shift(spec->partition_count);
    s->place = weft_place_of(spec->placed, spec->partition_count, task->spec->partition_begin,
                             task->spec->partition_end);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->rows.count, &s->columns));
    for (int32_t i = 0; i < spec->rows.count; i++) s->columns[i] = i;
    WEFT_TRY(st, weft_block_writer_open(ctx, &spec->rows, spec->partition_count, &s->writer));
    const weft_row_layout *layout = weft_block_writer_layout(s->writer);
    weft_sort_plan_init(&s->plan, layout, spec->sort.keys, spec->sort.key_count);
    weft_sort_plan_init(&s->groups, layout, spec->sort.keys, spec->sort.group_keys);
    s->group_mask = weft_sort_prefix_mask(&s->groups);
    *state = s;
    s = NULL;
done:
    sort_close(s);
    return st;
}

/* ---- runs ---- */

static bool same_group(const sort_state *s, const weft_sort_entry *a, const weft_sort_entry *b)
{
    const uint64_t high = (a->prefix.high ^ b->prefix.high) & s->group_mask.high;
    const uint64_t low = (a->prefix.low ^ b->prefix.low) & s->group_mask.low;
    if ((high | low) != 0) return false;
    return s->groups.exact || weft_sort_compare_rows(&s->groups, a->row, b->row) == 0;
}

/* The end of the group that begins at `first`, by steps that double and then halve: most rows of a large
 * group are not looked at. */
static int64_t group_end(const sort_state *s, int64_t first, int64_t end)
{
    const weft_sort_entry *entries = s->entries;
    int64_t in = first, step = 1;
    while (in + step < end && same_group(s, &entries[first], &entries[in + step])) {
        in += step;
        step *= 2;
    }
    int64_t out = weft_min_i64(in + step, end); /* in is in the group, out is not */
    while (out - in > 1) {
        const int64_t middle = in + (out - in) / 2;
        if (same_group(s, &entries[first], &entries[middle]))
            in = middle;
        else
            out = middle;
    }
    return out;
}

/* Keep those of the sorted entries [first, end) that may be among the first of their group; returns the new
 * end. A row's number among those of all tasks is no lower than here. */
static int64_t groups_cut(sort_state *s, int64_t first, int64_t end)
{
    const weft_numbering numbering = s->spec->sort.numbering;
    int64_t kept = first;
    for (int64_t at = first, next; at < end; at = next) {
        weft_sort_entry before = s->entries[at];
        next = group_end(s, at, end);
        for (int64_t i = at, number = 1; i < next; i++) {
            const weft_sort_entry entry = s->entries[i];
            if (numbering == WEFT_NUMBER_ROWS || weft_sort_compare(&s->plan, &before, &entry) != 0)
                number = numbering == WEFT_NUMBER_DENSE ? number + (i > at) : i - at + 1;
            if (number > s->spec->sort.group_most) break;
            s->entries[kept++] = entry;
            before = entry;
        }
    }
    return kept;
}

/* Write entries [first, end) as a run of a partition. */
static weft_status run_write(weft_ctx *ctx, sort_state *s, int32_t partition, int64_t first, int64_t end)
{
    weft_status st = WEFT_OK;
    if (s->spec->sort.group_most > 0) end = groups_cut(s, first, end);
    if (s->limit >= 0) end = weft_min_i64(end, first + s->limit);
    for (int64_t at = first; at < end;) {
        const int32_t some = (int32_t)weft_min_i64(end - at, WEFT_BATCH_ROWS_MAX);
        for (int32_t i = 0; i < some; i++) s->sorted[i] = s->entries[at + i].row;
        WEFT_TRY(st, weft_block_append_rows(ctx, s->writer, partition, s->sorted, some));
        WEFT_TRY(st, weft_check_cancel(ctx));
        at += some;
    }
    WEFT_TRY(st, weft_block_end_run(ctx, s->writer, partition));
    if (s->spec->sort.by_range)
        WEFT_TRY(st, weft_block_index_run(ctx, s->writer, s->entries + first, end - first));
done:
    return st;
}

/* Entries partition by partition, order kept: by counting, into the spare half and back. */
static weft_status runs_by_partition(weft_ctx *ctx, sort_state *s)
{
    weft_status st = WEFT_OK;
    const int32_t partitions = s->spec->partition_count;
    weft_sort_entry *spare = s->entries + s->capacity;
    int64_t *ends = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, ((size_t)partitions + 1) * sizeof(*ends),
                                     (void **)&ends));
    for (int64_t i = 0; i < s->count; i++) {
        if (i % SORT_CHECK_ROWS == 0) WEFT_TRY(st, weft_check_cancel(ctx));
        ends[weft_partition_of(weft_row_hash(s->entries[i].row), s->shift) + 1]++;
    }
    for (int32_t p = 0; p < partitions; p++) ends[p + 1] += ends[p];
    for (int64_t i = 0; i < s->count; i++) {
        if (i % SORT_CHECK_ROWS == 0) WEFT_TRY(st, weft_check_cancel(ctx));
        spare[ends[weft_partition_of(weft_row_hash(s->entries[i].row), s->shift)]++] = s->entries[i];
    }
    memcpy(s->entries, spare, (size_t)s->count * sizeof(*spare));
    for (int32_t p = 0; p < partitions; p++) {
        const int64_t first = p == 0 ? 0 : ends[p - 1], end = ends[p];
        if (first == end) continue;
        WEFT_TRY(st, weft_sort_entries(ctx, &s->plan, s->entries + first, spare + first, end - first));
        WEFT_TRY(st, run_write(ctx, s, p, first, end));
    }
done:
    weft_mem_free(ends);
    return st;
}

static void sort_measure(sort_state *s)
{
    const int64_t bytes = s->rows.bytes + 2 * s->capacity * (int64_t)sizeof(*s->entries);
    s->metrics.memory_bytes = weft_max_i64(s->metrics.memory_bytes, bytes);
}

/* Everything held becomes a run; nothing is held afterwards. */
static weft_status sort_flush(weft_ctx *ctx, sort_state *s)
{
    weft_status st = WEFT_OK;
    sort_measure(s);
    if (s->count == 0) goto done;
    if (s->spec->partition_count > 1) {
        WEFT_TRY(st, runs_by_partition(ctx, s));
    } else {
        WEFT_TRY(st, weft_sort_entries(ctx, &s->plan, s->entries, s->entries + s->capacity, s->count));
        WEFT_TRY(st, run_write(ctx, s, 0, 0, s->count));
    }
    s->count = 0;
    s->has_threshold = false; /* its row goes with the pages */
    weft_rows_clear(&s->rows);
done:
    return st;
}

/* After WEFT_NOMEM: a run, all of it to scratch. */
static weft_status sort_relieve(weft_ctx *ctx, sort_state *s)
{
    weft_status st = WEFT_OK;
    weft_error_clear(ctx);
    WEFT_TRY(st, sort_flush(ctx, s));
    weft_mem_free(s->entries);
    s->entries = NULL;
    s->capacity = 0;
    WEFT_TRY(st, weft_block_relieve(ctx, s->writer));
done:
    return st;
}

weft_status weft_sort_sink_relieve(weft_ctx *ctx, void *state) { return sort_relieve(ctx, state); }

int64_t weft_sort_sink_bytes(const void *state)
{
    const sort_state *s = state;
    return s->rows.bytes + 2 * s->capacity * (int64_t)sizeof(*s->entries);
}

/* ---- rows in ---- */

static weft_status entries_room(weft_ctx *ctx, sort_state *s, int64_t more)
{
    weft_status st = WEFT_OK;
    weft_sort_entry *entries = NULL;
    if (s->count + more <= s->capacity) return WEFT_OK;
    int64_t capacity = weft_max_i64(s->capacity * 2, SORT_ENTRIES_FIRST);
    while (capacity < s->count + more) capacity *= 2;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_RETAINED, 2 * (size_t)capacity * sizeof(*entries),
                                (void **)&entries));
    if (s->count > 0) memcpy(entries, s->entries, (size_t)s->count * sizeof(*entries));
    weft_mem_free(s->entries);
    s->entries = entries;
    s->capacity = capacity;
done:
    return st;
}

/* Rows that can be among the first N; prefixes go with them. */
static void drop_behind(sort_state *s, weft_batch *batch)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < batch->selected; i++) {
        const int order = weft_sort_compare_prefix(s->prefixes[i], s->threshold.prefix);
        s->selection[kept] = batch->selection == NULL ? (uint16_t)i : batch->selection[i];
        s->prefixes[kept] = s->prefixes[i];
        kept += order < 0 || (order == 0 && !s->plan.exact);
    }
    batch->selection = s->selection;
    batch->selected = kept;
}

/* Keep the first N of what is held, in pages of their own. */
static weft_status top_prune(weft_ctx *ctx, sort_state *s)
{
    weft_status st = WEFT_OK;
    weft_row_set kept = {0};
    WEFT_TRY(st, weft_sort_entries(ctx, &s->plan, s->entries, s->entries + s->capacity, s->count));
    const int64_t count = weft_min_i64(s->limit, s->count);
    for (int64_t at = 0; at < count;) {
        const int32_t some = (int32_t)weft_min_i64(count - at, WEFT_BATCH_ROWS_MAX);
        for (int32_t i = 0; i < some; i++) s->sorted[i] = s->entries[at + i].row;
        WEFT_TRY(st, weft_rows_append_rows(ctx, s->plan.layout, &kept, s->sorted, some));
        at += some;
    }
    sort_measure(s);
    int64_t i = 0;
    for (const weft_row_page *page = kept.first; page != NULL; page = page->next) {
        const uint8_t *row = weft_row_page_rows(page);
        for (uint32_t r = 0; r < page->rows; r++, row += page->row_bytes) s->entries[i++].row = row;
    }
    weft_rows_clear(&s->rows);
    s->rows = kept;
    kept = (weft_row_set){0};
    s->count = count;
    s->has_threshold = count == s->limit && count > 0;
    if (s->has_threshold) s->threshold = s->entries[count - 1];
done:
    weft_rows_clear(&kept);
    return st;
}

/* Copy the rows of the batch; *added of them, a prefix, are held whatever comes back. */
static weft_status sort_add(weft_ctx *ctx, sort_state *s, const weft_batch *batch, int32_t from,
                            int32_t *added)
{
    weft_status st = WEFT_OK;
    const uint64_t *hashes = s->spec->sort.hash_count > 0 ? s->hashes + from : NULL;
    const int64_t before = s->rows.rows;
    *added = 0;
    WEFT_TRY(st, entries_room(ctx, s, batch->selected));
    st = weft_rows_append(ctx, s->plan.layout, &s->rows, batch, s->columns, hashes, s->addresses);
    *added = (int32_t)(s->rows.rows - before);
    for (int32_t i = 0; i < *added; i++) {
        s->entries[s->count++] = (weft_sort_entry){.prefix = s->prefixes[from + i], .row = s->addresses[i]};
    }
done:
    return st;
}

/* Not of a top-N, of partitions or of the first of groups: those merge or drop more in a long run. */
static bool short_run_is_full(const weft_ctx *ctx, const sort_state *s)
{
    const weft_pool *pool = weft_account_pool(ctx->memory);
    const int64_t limit = weft_pool_limit_bytes(pool);
    if (s->limit >= 0 || s->spec->partition_count > 1 || s->spec->sort.group_most > 0) return false;
    return weft_sort_sink_bytes(s) >= weft_max_i64(SORT_SHORT_LEAST, limit / SORT_SHORT_PART) &&
           weft_pool_used_bytes(pool) < limit / SORT_PLENTY_PART;
}

static weft_status sort_sink(weft_ctx *ctx, void *state, const weft_batch *batch, weft_op_result *result)
{
    weft_status st = WEFT_OK;
    sort_state *s = state;
    weft_batch rest = *batch;
    *result = s->limit == 0 ? WEFT_FINISHED : WEFT_NEED_INPUT;
    if (s->limit == 0) goto done;
    weft_sort_prefixes(&s->plan, batch, s->prefixes);
    if (s->has_threshold) drop_behind(s, &rest);
    if (s->spec->sort.hash_count > 0) {
        weft_exec_hash_at(ctx, &rest, s->spec->sort.hash, s->spec->sort.hash_count, s->place, s->hashes);
    }
    for (int32_t from = 0, tries = 0; rest.selected > 0; tries++) {
        int32_t added;
        st = sort_add(ctx, s, &rest, from, &added);
        if (st == WEFT_OK) break;
        if (st != WEFT_NOMEM || (tries > 1 && added == 0)) goto done;
        WEFT_TRY(st, sort_relieve(ctx, s));
        from += added;
        const int32_t left = rest.selected - added;
        for (int32_t i = 0; i < left; i++) { /* ascending: may be done in place */
            s->selection[i] = rest.selection == NULL ? (uint16_t)(added + i) : rest.selection[added + i];
        }
        rest.selection = s->selection;
        rest.selected = left;
    }
    if (s->limit > 0 && s->count >= weft_max_i64(2 * s->limit, SORT_TOP_LEAST)) {
        st = top_prune(ctx, s);
        if (st == WEFT_NOMEM) st = sort_relieve(ctx, s);
        if (st != WEFT_OK) goto done;
    }
    if (weft_force_spill(ctx) && s->count >= SORT_FORCED_ROWS) WEFT_TRY(st, sort_relieve(ctx, s));
    if (short_run_is_full(ctx, s)) WEFT_TRY(st, sort_flush(ctx, s));
done:
    return st;
}

static weft_block_writer *sort_writer(void *state) { return ((sort_state *)state)->writer; }

static weft_status sort_finalize(weft_ctx *ctx, void *state, weft_block **out)
{
    weft_status st = WEFT_OK;
    sort_state *s = state;
    *out = NULL;
    WEFT_TRY(st, sort_flush(ctx, s));
    s->metrics.memory_bytes += weft_block_writer_memory(s->writer);
    WEFT_TRY(st, weft_block_finish(ctx, &s->writer, s->task->owner, &s->task->name, out));
    s->metrics.spilled_bytes = weft_block_spilled_bytes(*out);
done:
    return st;
}

static void sort_metrics(const void *state, weft_op_metrics *metrics)
{
    const sort_state *s = state;
    metrics->spilled_bytes += s->metrics.spilled_bytes;
    metrics->memory_bytes += s->metrics.memory_bytes;
}

const weft_sink_def weft_sink_sort = {.name = "sort",
                                      .open = sort_open,
                                      .sink = sort_sink,
                                      .writer = sort_writer,
                                      .finalize = sort_finalize,
                                      .metrics = sort_metrics,
                                      .close = sort_close};
