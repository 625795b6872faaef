/* engine/exec/agg_sets.c - grouping sets set by set, each from the groups of one before it.
 *
 *   groups of the finer set → their key columns → those of this set → group rows of its table → merge states
 *
 * A set is made from the set before it in the list where that one has all of its columns (as in a ROLLUP,
 * where every set is one column shorter), else from the finest. So at most two tables stand beside the
 * finest, and neither has more groups than what it is made from. They are emptied with it: what a coarse set
 * could still have merged across that, the final aggregation does, on few groups.
 *
 * Memory that is refused is answered by making the set from fewer groups at a time: the same groups come in
 * more pieces. */
#include "engine/exec/agg_sets.h"

#include "engine/exec/block_private.h"
#include "engine/exec/defs.h"
#include "engine/exec/hash.h"
#include "engine/exec/row_cursor.h"
#include "engine/expr/program.h"

enum { SETS_LEAST_GROUPS = 32 }; /* a set is made from no fewer at a time for want of memory */

struct weft_agg_sets {
    const weft_agg_plan *plan;
    weft_account *account; /* of the tables */
    int32_t set_count, group_count;
    weft_eval **evals;  /* [set_count] a set's group columns from those of a finer one */
    bool *of_previous;  /* [set_count] the set before has all columns of this one */
    int32_t *positions; /* [group_count] the identity */
    weft_column *columns;
    weft_gather gather; /* of group columns */
    weft_agg_table *tables[2];
    int64_t bytes_most;
    uint64_t hashes[WEFT_BATCH_ROWS_MAX];
    uint8_t *rows[WEFT_BATCH_ROWS_MAX];
};

void weft_agg_sets_free(weft_agg_sets **sets)
{
    weft_agg_sets *s = *sets;
    if (s == NULL) return;
    for (int32_t i = 0; s->evals != NULL && i < s->set_count; i++) weft_eval_close(&s->evals[i]);
    for (int32_t i = 0; i < WEFT_COUNT(s->tables); i++) weft_agg_table_free(&s->tables[i]);
    weft_gather_deinit(&s->gather);
    weft_mem_free(s);
    *sets = NULL;
}

/* Has the finer list every column that this one has? */
static bool is_finer(const weft_expr *const *finer, const weft_expr *const *set, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (set[i]->kind == WEFT_EXPR_COLUMN && finer[i]->kind != WEFT_EXPR_COLUMN) return false;
    return true;
}

weft_status weft_agg_sets_new(weft_ctx *ctx, const weft_agg_plan *plan, const weft_sink_spec *spec,
                              weft_account *tables, weft_agg_sets **out)
{
    weft_status st = WEFT_OK;
    weft_agg_sets *s = NULL;
    const weft_expr *const *const *lists = spec->aggregate.sets;
    const weft_types groups = {.count = plan->group_count, .types = plan->layout.types};
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    s->plan = plan;
    s->account = tables;
    s->set_count = spec->aggregate.set_count;
    s->group_count = groups.count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->set_count, &s->evals));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->set_count, &s->of_previous));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->group_count, &s->positions));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->group_count, &s->columns));
    for (int32_t i = 0; i < s->group_count; i++) s->positions[i] = i;
    for (int32_t i = 0; i < s->set_count; i++) {
        const weft_program *program = NULL;
        WEFT_TRY(st, weft_program_compile(ctx, lists[i], groups.count, groups.types, groups.count, &program));
        WEFT_TRY(st, weft_eval_open(ctx, program, &s->evals[i]));
        s->of_previous[i] = i > 0 && is_finer(lists[i - 1], lists[i], groups.count);
    }
    WEFT_TRY(st, weft_gather_init(ctx, &s->gather, &groups));
    for (int32_t i = 0; i < WEFT_COUNT(s->tables); i++)
        WEFT_TRY(st, weft_agg_table_new(ctx, plan, &s->tables[i]));
    *out = s;
    s = NULL;
done:
    weft_agg_sets_free(&s);
    return st;
}

/* Groups of the set from `count` rows of a finer one, their states merged. */
static weft_status merge_rows(weft_ctx *ctx, weft_agg_sets *s, int32_t set, const uint8_t *const *from,
                              int32_t count, weft_agg_table *into)
{
    weft_status st = WEFT_OK;
    weft_batch batch = {0};
    for (int32_t i = 0; i < s->group_count; i++)
        WEFT_TRY(st, weft_gather_column(ctx, &s->gather, &s->plan->layout, i, i, from, count));
    weft_gather_view(&s->gather, count, &batch);
    WEFT_TRY(st, weft_eval_project(ctx, s->evals[set], &batch, s->columns));
    batch.columns = s->columns;
    weft_exec_hash(ctx, &batch, s->positions, s->group_count, s->hashes);
    WEFT_TRY(st, weft_agg_table_find(ctx, into, &batch, s->positions, s->hashes, s->rows));
    for (int32_t c = 0; c < s->plan->call_count; c++) {
        const weft_agg_place place = weft_agg_place_of(s->plan, c, &into->rows);
        WEFT_TRY(st, s->plan->calls[c].variant->merge(ctx, &place, s->rows, &s->plan->layout,
                                                      place.first_column, from, count));
    }
done:
    return st;
}

/* The same from groups [first, first + count) of a table; after an error `into` can only be cleared. */
static weft_status merge_groups(weft_ctx *ctx, weft_agg_sets *s, int32_t set, const weft_agg_table *from,
                                int64_t first, int64_t count, weft_agg_table *into)
{
    weft_status st = WEFT_OK;
    weft_account *own = ctx->memory;
    ctx->memory = s->account;
    weft_agg_table_clear(into);
    for (int64_t at = first; at < first + count; at += WEFT_BATCH_ROWS_MAX) {
        const int32_t some = (int32_t)weft_min_i64(first + count - at, WEFT_BATCH_ROWS_MAX);
        WEFT_TRY(st, merge_rows(ctx, s, set, (const uint8_t *const *)from->groups + at, some, into));
    }
    s->bytes_most =
        weft_max_i64(s->bytes_most, weft_agg_table_bytes(s->tables[0]) + weft_agg_table_bytes(s->tables[1]));
done:
    ctx->memory = own;
    return st;
}

/* One set's groups over those of `from`; they are left in `into` when *whole. */
static weft_status give_set(weft_ctx *ctx, weft_agg_sets *s, int32_t set, const weft_agg_table *from,
                            weft_agg_table *into, weft_block_writer *writer, bool *whole)
{
    weft_status st = WEFT_OK;
    int64_t most = from->group_count;
    *whole = true;
    for (int64_t first = 0; first < from->group_count;) {
        const int64_t count = weft_min_i64(most, from->group_count - first);
        st = merge_groups(ctx, s, set, from, first, count, into);
        if (st == WEFT_NOMEM && count > SETS_LEAST_GROUPS) {
            weft_error_clear(ctx);
            weft_agg_table_clear(into);
            WEFT_TRY(st, weft_block_relieve(ctx, writer));
            most = count / 2;
            *whole = false;
            continue;
        }
        WEFT_TRY(st, st);
        WEFT_TRY(st, weft_agg_table_give(ctx, into, writer));
        first += count;
    }
done:
    return st;
}

weft_status weft_agg_sets_give(weft_ctx *ctx, weft_agg_sets *sets, const weft_agg_table *finest,
                               weft_block_writer *writer, bool *distinct)
{
    weft_status st = WEFT_OK;
    const weft_agg_table *from = finest;
    bool whole = true;
    for (int32_t i = 0; i < sets->set_count; i++) {
        if (!sets->of_previous[i] || !whole) from = finest;
        weft_agg_table *into = sets->tables[from == sets->tables[0]];
        WEFT_TRY(st, give_set(ctx, sets, i, from, into, writer, &whole));
        if (!whole) *distinct = false;
        from = into;
    }
done:
    for (int32_t i = 0; i < WEFT_COUNT(sets->tables); i++) weft_agg_table_clear(sets->tables[i]);
    return st;
}

int64_t weft_agg_sets_bytes(const weft_agg_sets *sets) { return sets->bytes_most; }
