/* engine/exec/op_probe.c - hash join: the probe side of every kind.
 *
 * A batch is looked up at once; then come rounds. In round r every probe row that still has a candidate takes
 * its r-th one: candidates are compared (unless the table is exact), conditions are evaluated over the pairs,
 * and what survives is one output batch. So a round is a selection over the probe batch: the probe columns
 * pass through without a copy, and the build columns are gathered to the positions of their probe rows. A
 * join on a unique key has one round. Kinds that only ask whether there is a match (SEMI, ANTI, MARK) run
 * their rounds at once.
 *
 * Shared: the table, one unit a partition (not when partitioned: then each lane builds the table of its
 * partitions). Where a table is refused memory, each lane keeps its probe rows in scratch and joins partition
 * by partition at the end (join_spill.h); what that gives is sorted by (batch, round, position), which is the
 * order above, and cut into batches at the same places. Memory: vectors of one batch a build column, and one
 * bit a build row where matches are marked. */
#include <string.h>

#include "engine/columnar/gather.h"
#include "engine/exec/defs.h"
#include "engine/exec/force_spill.h"
#include "engine/exec/join_spill.h"
#include "engine/exec/row_cursor.h"
#include "engine/exec/sorter.h"
#include "engine/expr/program.h"

enum {
    PLACE_COLUMNS = 3,     /* batch, round, position: what the output of turns is sorted by */
    LAST_ROUND = INT32_MAX /* of what is known when a batch has met all build rows */
};

typedef struct probe_shared {
    const weft_op_spec *spec;
    const weft_program *conditions; /* or NULL */
    weft_join_table *table;         /* or NULL: partitioned, or refused memory */
    int32_t units;
    atomic_int built;
    atomic_bool refused; /* some unit was */
} probe_shared;

typedef struct probe_state {
    const weft_op_spec *spec;
    const weft_task *task;
    weft_place place; /* of the task among the partitions of the build rows */
    weft_join_table *table;
    weft_join_table *own_table; /* partitioned */
    weft_join_spill *spill;     /* or NULL: there is a table */
    weft_join_turn turn;        /* of spill */
    bool turning;               /* its batch is at work */
    weft_sorter *sorter;        /* of the output of turns; NULL before the first of it */
    weft_types sorted;          /* its rows: the output, then its place (PLACE_COLUMNS) */
    weft_column *sorted_columns;
    bool giving;                   /* all turns are over */
    const weft_row_layout *layout; /* of the build rows */
    int64_t build_rows;            /* in all partitions: the length of the marks */
    bool null_build_key;           /* some build row has a NULL key; only where that matters */
    weft_eval *conditions;
    weft_vector *build;     /* [layout count or build_count]: gathered build columns */
    int32_t *build_columns; /* which */
    int32_t build_count;
    weft_vector mark;
    weft_column *out_columns, *pair_columns;
    uint64_t *marks;
    /* the batch at work */
    weft_batch in;
    bool active;                            /* rounds go on */
    bool last;                              /* no further build rows will come for it */
    int64_t round;                          /* of the pairs that leave */
    int32_t live;                           /* rows that still have a candidate */
    uint16_t position[WEFT_BATCH_ROWS_MAX]; /* physical position of live row i */
    uint32_t candidate[WEFT_BATCH_ROWS_MAX];
    uint64_t matched[WEFT_BATCH_ROWS_MAX / 64]; /* by physical position */
    uint16_t selection[WEFT_BATCH_ROWS_MAX];
    uint16_t pick[WEFT_BATCH_ROWS_MAX];
    uint32_t chosen[WEFT_BATCH_ROWS_MAX];
    const uint8_t *rows[WEFT_BATCH_ROWS_MAX];
    uint32_t heads[WEFT_BATCH_ROWS_MAX];
    uint32_t row_of[WEFT_BATCH_ROWS_MAX]; /* the pair's candidate at a physical position, after conditions */
} probe_state;

static bool pads(weft_join_kind kind) { return kind == WEFT_JOIN_LEFT || kind == WEFT_JOIN_SINGLE; }
static bool asks_only(weft_join_kind kind)
{
    return kind == WEFT_JOIN_SEMI || kind == WEFT_JOIN_ANTI || kind == WEFT_JOIN_ANTI_NULL ||
           kind == WEFT_JOIN_MARK;
}

/* ---- shared ---- */

static void probe_shared_close(void *shared)
{
    probe_shared *s = shared;
    weft_join_table_close(&s->table);
}

static weft_status compile_conditions(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types,
                                      const weft_row_layout *layout, const weft_program **out)
{
    weft_status st = WEFT_OK;
    weft_type *types = NULL;
    const int32_t width = input_types->count + layout->count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &types));
    for (int32_t i = 0; i < input_types->count; i++) types[i] = input_types->types[i];
    for (int32_t i = 0; i < layout->count; i++) types[input_types->count + i] = layout->types[i];
    WEFT_TRY(st, weft_program_compile_filter(ctx, spec->probe.conditions, spec->probe.condition_count, types,
                                             width, out));
done:
    return st;
}

static weft_status probe_shared_open(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types,
                                     const weft_input *inputs, void **shared, int32_t *units)
{
    weft_status st = WEFT_OK;
    probe_shared *s = NULL;
    const weft_input *input = &inputs[spec->probe.input];
    const weft_row_layout *layout = weft_block_layout(input->blocks[0]);

    *units = 0;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    s->spec = spec;
    if (spec->probe.condition_count > 0)
        WEFT_TRY(st, compile_conditions(ctx, spec, input_types, layout, &s->conditions));
    if (!spec->probe.partitioned && !weft_force_spill(ctx)) {
        st = weft_join_table_open(ctx, input, 0, weft_block_partitions(input->blocks[0]),
                                  spec->probe.build_keys, spec->probe.key_count, spec->probe.null_equal,
                                  &s->table, units);
        if (st != WEFT_OK && st != WEFT_NOMEM) goto done;
        st = WEFT_OK;
        s->units = *units;
    }
    *shared = s;
done:
    return st;
}

static weft_status probe_shared_unit(weft_ctx *ctx, void *shared, int32_t unit)
{
    weft_status st = WEFT_OK;
    probe_shared *s = shared;
    if (!atomic_load(&s->refused)) st = weft_join_table_unit(ctx, s->table, unit);
    if (st == WEFT_NOMEM) {
        weft_error_clear(ctx);
        atomic_store(&s->refused, true);
        st = WEFT_OK;
    }
    /* what the other units have made is in the way of those who go without it */
    if (atomic_fetch_add(&s->built, 1) + 1 == s->units && atomic_load(&s->refused))
        weft_join_table_close(&s->table);
    return st;
}

/* ---- lane ---- */

static void probe_close(void *state)
{
    probe_state *s = state;
    for (int32_t i = 0; i < s->build_count && s->build != NULL; i++) weft_vector_deinit(&s->build[i]);
    weft_vector_deinit(&s->mark);
    weft_eval_close(&s->conditions);
    weft_join_table_close(&s->own_table);
    weft_join_spill_close(&s->spill);
    weft_sorter_close(&s->sorter);
    weft_mem_free(s->marks);
}

/* The table of the task's own partitions; *refused when they do not fit. */
static weft_status open_own_table(weft_ctx *ctx, probe_state *s, const weft_task *task, bool *refused)
{
    weft_status st = WEFT_OK;
    const weft_op_spec *spec = s->spec;
    int32_t units = 0;
    *refused = weft_force_spill(ctx);
    if (*refused) return WEFT_OK;
    st = weft_join_table_open(ctx, &task->inputs[spec->probe.input], task->spec->partition_begin,
                              task->spec->partition_end, spec->probe.build_keys, spec->probe.key_count,
                              spec->probe.null_equal, &s->own_table, &units);
    for (int32_t i = 0; i < units && st == WEFT_OK; i++) st = weft_join_table_unit(ctx, s->own_table, i);
    s->table = s->own_table;
    if (st != WEFT_NOMEM) return st;
    weft_error_clear(ctx);
    weft_join_table_close(&s->own_table);
    s->table = NULL;
    *refused = true;
    return WEFT_OK;
}

/* A NULL among the build keys decides for every probe row of NOT IN and of a nullable mark. */
static weft_status find_null_key(weft_ctx *ctx, probe_state *s, const weft_input *input)
{
    weft_status st = WEFT_OK;
    weft_row_cursor cursor;
    int32_t count = 0;
    weft_row_cursor_init(&cursor, input, 1, 0, weft_block_partitions(input->blocks[0]));
    do {
        WEFT_TRY(st, weft_row_cursor_next(ctx, &cursor, s->rows, WEFT_BATCH_ROWS_MAX, &count));
        for (int32_t i = 0; i < count; i++)
            for (int32_t k = 0; k < s->spec->probe.key_count; k++)
                s->null_build_key |= weft_row_is_null(s->rows[i], s->spec->probe.build_keys[k]);
        WEFT_TRY(st, weft_check_cancel(ctx));
    } while (count > 0 && !s->null_build_key);
done:
    weft_row_cursor_close(&cursor);
    return st;
}

static weft_status open_table(weft_ctx *ctx, probe_state *s, const probe_shared *sh,
                              const weft_types *input_types, const weft_task *task)
{
    weft_status st = WEFT_OK;
    const weft_op_spec *spec = s->spec;
    const weft_input *input = &task->inputs[spec->probe.input];
    const int32_t partitions = weft_block_partitions(input->blocks[0]);
    const bool partitioned = spec->probe.partitioned;
    s->place =
        weft_place_of(spec->probe.placed, partitions, task->spec->partition_begin, task->spec->partition_end);
    bool refused = sh->table == NULL;
    s->table = sh->table;
    s->layout = weft_block_layout(input->blocks[0]);
    for (int32_t b = 0; b < input->block_count; b++) s->build_rows += weft_block_rows(input->blocks[b], -1);
    if (partitioned) WEFT_TRY(st, open_own_table(ctx, s, task, &refused));
    if (!refused) {
        s->null_build_key = weft_join_table_has_null_key(s->table);
        goto done;
    }
    WEFT_TRY(st,
             weft_join_spill_open(ctx, spec, input_types, task, partitioned ? task->spec->partition_begin : 0,
                                  partitioned ? task->spec->partition_end : partitions, &s->spill));
    if (spec->probe.kind == WEFT_JOIN_ANTI_NULL || spec->probe.mark_nullable)
        WEFT_TRY(st, find_null_key(ctx, s, input));
done:
    return st;
}

static weft_status probe_open(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types,
                              void *shared, const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    const probe_shared *sh = shared;
    probe_state *s = NULL;

    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    *state = s;
    s->spec = spec;
    s->task = task;
    WEFT_TRY(st, open_table(ctx, s, sh, input_types, task));
    const weft_row_layout *layout = s->layout;
    const bool pairs = sh->conditions != NULL;
    const int32_t build_count = pairs ? layout->count : spec->probe.build_count;
    if (pairs) WEFT_TRY(st, weft_eval_open(ctx, sh->conditions, &s->conditions));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, build_count, &s->build));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, build_count, &s->build_columns));
    for (int32_t i = 0; i < build_count; i++) {
        s->build_columns[i] = pairs ? i : spec->probe.build_columns[i];
        s->build_count = i + 1;
        WEFT_TRY(
            st, weft_vector_init(ctx, layout->types[s->build_columns[i]], WEFT_BATCH_ROWS_MAX, &s->build[i]));
    }
    WEFT_TRY(st, weft_vector_init(ctx, WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), WEFT_BATCH_ROWS_MAX, &s->mark));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->output.count, &s->out_columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, input_types->count + layout->count, &s->pair_columns));
    if (spec->probe.record_marks) {
        const int64_t words = weft_max_i64(1, weft_bit_words(s->build_rows));
        WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)words * 8, (void **)&s->marks));
    }
done:
    return st;
}

/* ---- one batch ---- */

static void begin_batch(weft_ctx *ctx, probe_state *s, const weft_batch *in)
{
    s->in = *in;
    memset(s->matched, 0, sizeof(s->matched));
    weft_join_table_find(ctx, s->table, in, s->spec->probe.keys, s->place, s->heads);
    int32_t live = 0;
    for (int32_t i = 0; i < in->selected; i++) {
        s->position[live] = in->selection == NULL ? (uint16_t)i : in->selection[i];
        s->candidate[live] = s->heads[i];
        live += s->heads[i] != 0;
    }
    s->live = live;
    s->active = true;
    s->last = true;
    s->round = -1;
}

/* Of the live rows, those whose candidate has equal keys: picked[] are indexes of live rows; their number. */
static int32_t compare_keys(probe_state *s)
{
    for (int32_t i = 0; i < s->live; i++) s->pick[i] = (uint16_t)i;
    weft_join_table_rows_of(s->table, s->candidate, s->live, s->rows);
    if (weft_join_table_exact(s->table)) return s->live;
    /* NULL keys that must not match were left out of the lookup on both sides */
    return weft_rows_match(s->layout, s->spec->probe.build_keys, s->spec->probe.key_count, &s->in,
                           s->spec->probe.keys, s->position, s->rows, s->spec->probe.null_equal != NULL,
                           s->pick, s->live);
}

static weft_status gather_build(weft_ctx *ctx, probe_state *s, const uint8_t *const *rows, const uint16_t *at,
                                int32_t count)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < s->build_count; i++)
        WEFT_TRY(st, weft_vector_gather(ctx, s->layout, s->build_columns[i], rows, count, at, &s->build[i]));
done:
    return st;
}

/* The pairs picked in this round that pass the conditions: selection[] (physical positions, ascending) and
 * chosen[] (their candidates); their number in *count. Build columns are gathered when pairs leave or
 * conditions read them. */
static weft_status choose_pairs(weft_ctx *ctx, probe_state *s, int32_t picked, int32_t *count)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < picked; i++) {
        const uint16_t live = s->pick[i];
        s->selection[i] = s->position[live];
        s->chosen[i] = s->candidate[live];
        s->rows[i] = s->rows[live]; /* pick ascends, so this never overwrites one that is still needed */
    }
    *count = picked;
    if (picked == 0) return WEFT_OK;
    if (s->conditions == NULL) {
        if (!asks_only(s->spec->probe.kind) && s->spec->probe.emit_pairs)
            return gather_build(ctx, s, s->rows, s->selection, picked);
        return WEFT_OK;
    }
    WEFT_TRY(st, gather_build(ctx, s, s->rows, s->selection, picked));
    for (int32_t i = 0; i < s->in.column_count; i++) s->pair_columns[i] = s->in.columns[i];
    for (int32_t i = 0; i < s->build_count; i++) s->pair_columns[s->in.column_count + i] = s->build[i].column;
    for (int32_t i = 0; i < picked; i++) s->row_of[s->selection[i]] = s->chosen[i];
    const weft_batch pairs = {.rows = s->in.rows,
                              .selected = picked,
                              .selection = s->selection,
                              .column_count = s->in.column_count + s->build_count,
                              .columns = s->pair_columns};
    WEFT_TRY(st, weft_eval_filter(ctx, s->conditions, &pairs, s->selection, count));
    for (int32_t i = 0; i < *count; i++) s->chosen[i] = s->row_of[s->selection[i]];
done:
    return st;
}

static weft_status note_matches(weft_ctx *ctx, probe_state *s, int32_t count)
{
    if (s->spec->probe.kind == WEFT_JOIN_SINGLE)
        for (int32_t i = 0; i < count; i++)
            if (weft_bit_get(s->matched, s->selection[i]))
                return weft_fail(ctx, WEFT_SCALAR_SUBQUERY_ROWS,
                                 "more than one row returned by a subquery used as an expression");
    for (int32_t i = 0; i < count; i++) weft_bit_set(s->matched, s->selection[i]);
    if (s->marks != NULL)
        for (int32_t i = 0; i < count; i++)
            weft_bit_set(s->marks, weft_join_table_number(s->table, s->chosen[i]));
    return WEFT_OK;
}

/* Live rows go on to their next candidate; those that have none, or need no further match, leave. */
static void next_round(probe_state *s)
{
    int32_t live = 0;
    if (weft_join_table_unique(s->table)) {
        s->live = 0;
        return;
    }
    const bool first_is_enough = asks_only(s->spec->probe.kind) && s->marks == NULL;
    for (int32_t i = 0; i < s->live; i++) {
        const uint32_t next = weft_join_table_next(s->table, s->candidate[i]);
        if (next == 0 || (first_is_enough && weft_bit_get(s->matched, s->position[i]))) continue;
        s->position[live] = s->position[i];
        s->candidate[live++] = next;
    }
    s->live = live;
}

static void output_probe(probe_state *s, weft_batch *out, int32_t count)
{
    for (int32_t i = 0; i < s->spec->probe.probe_count; i++)
        s->out_columns[i] = s->in.columns[s->spec->probe.probe_columns[i]];
    *out = (weft_batch){.rows = s->in.rows,
                        .selected = count,
                        .selection = count == s->in.rows ? NULL : s->selection,
                        .column_count = s->spec->output.count,
                        .columns = s->out_columns};
}

static void output_pairs(probe_state *s, weft_batch *out, int32_t count)
{
    output_probe(s, out, count);
    for (int32_t i = 0; i < s->spec->probe.build_count; i++) {
        const int32_t at = s->conditions != NULL ? s->spec->probe.build_columns[i] : i;
        s->out_columns[s->spec->probe.probe_count + i] = s->build[at].column;
    }
}

/* LEFT: the rows without a match, with NULLs. */
static void output_padded(probe_state *s, weft_batch *out)
{
    static const uint64_t no = 0;
    static const uint64_t zeros[2] = {0, 0};
    const weft_row_layout *layout = s->layout;
    int32_t count = 0;
    for (int32_t i = 0; i < s->in.selected; i++) {
        const uint16_t at = s->in.selection == NULL ? (uint16_t)i : s->in.selection[i];
        s->selection[count] = at;
        count += !weft_bit_get(s->matched, at);
    }
    output_probe(s, out, count);
    for (int32_t i = 0; i < s->spec->probe.build_count; i++) {
        const int32_t column = s->spec->probe.build_columns[i];
        const weft_type type = layout->types[column];
        s->out_columns[s->spec->probe.probe_count + i] = (weft_column){.type = type,
                                                                       .phys = (uint8_t)weft_type_phys(type),
                                                                       .encoding = WEFT_CONSTANT,
                                                                       .data = zeros,
                                                                       .validity = &no};
    }
}

static bool probe_key_is_null(const probe_state *s, int32_t at)
{
    for (int32_t k = 0; k < s->spec->probe.key_count; k++)
        if (weft_column_is_null(&s->in.columns[s->spec->probe.keys[k]], at)) return true;
    return false;
}

/* SEMI, ANTI, MARK: which rows leave, by their matches. */
static void output_answers(probe_state *s, weft_batch *out)
{
    const weft_join_kind kind = s->spec->probe.kind;
    const bool some_rows = s->build_rows > 0;
    const bool null_key = s->null_build_key;
    uint8_t *marks = s->mark.values;
    int32_t count = 0;

    if (kind == WEFT_JOIN_MARK) weft_vector_reset(&s->mark);
    for (int32_t i = 0; i < s->in.selected; i++) {
        const uint16_t at = s->in.selection == NULL ? (uint16_t)i : s->in.selection[i];
        const bool matched = weft_bit_get(s->matched, at);
        bool keep = true;
        if (kind == WEFT_JOIN_SEMI)
            keep = matched;
        else if (kind == WEFT_JOIN_ANTI)
            keep = !matched;
        else if (kind == WEFT_JOIN_ANTI_NULL)
            keep = !some_rows || (!matched && !null_key && !probe_key_is_null(s, at));
        else {
            marks[at] = matched;
            if (!matched && s->spec->probe.mark_nullable && some_rows &&
                (null_key || probe_key_is_null(s, at)))
                weft_vector_set_null(&s->mark, at);
        }
        s->selection[count] = at;
        count += keep;
    }
    output_probe(s, out, count);
    if (kind == WEFT_JOIN_MARK) s->out_columns[s->spec->probe.probe_count] = s->mark.column;
}

/* One round; *count pairs are in selection[] and chosen[]. */
static weft_status probe_round(weft_ctx *ctx, probe_state *s, int32_t *count)
{
    weft_status st = WEFT_OK;
    const int32_t picked = compare_keys(s);
    s->round++;
    WEFT_TRY(st, choose_pairs(ctx, s, picked, count));
    WEFT_TRY(st, note_matches(ctx, s, *count));
    next_round(s);
done:
    return st;
}

/* The next output of the batch at work; *more: call again for it. */
static weft_status probe_output(weft_ctx *ctx, probe_state *s, weft_batch *out, bool *more)
{
    weft_status st = WEFT_OK;
    const weft_join_kind kind = s->spec->probe.kind;
    const bool rounds_at_once = asks_only(kind) || !s->spec->probe.emit_pairs;
    int32_t count = 0;

    out->selected = 0;
    *more = false;
    while (s->live > 0) {
        WEFT_TRY(st, probe_round(ctx, s, &count));
        if (rounds_at_once || count == 0) continue;
        output_pairs(s, out, count);
        *more = s->live > 0 || (pads(kind) && s->last);
        goto done;
    }
    if (!s->spec->probe.emit_pairs || !s->active || !s->last) goto done;
    s->active = false;
    if (asks_only(kind))
        output_answers(s, out);
    else if (pads(kind))
        output_padded(s, out);
    s->round = LAST_ROUND;
done:
    return st;
}

static weft_status probe_push(weft_ctx *ctx, void *state, const weft_batch *in, weft_batch *out,
                              weft_op_result *result)
{
    weft_status st = WEFT_OK;
    probe_state *s = state;
    bool more = false;

    out->selected = 0;
    if (s->spill != NULL)
        WEFT_TRY(st, weft_join_spill_add(ctx, s->spill, in));
    else {
        if (in != NULL) begin_batch(ctx, s, in);
        WEFT_TRY(st, probe_output(ctx, s, out, &more));
    }
    *result = more ? WEFT_HAVE_MORE : WEFT_NEED_INPUT;
done:
    return st;
}

/* The kept matches of the turn's rows, whose positions are 0, 1, …, go in or out. */
static void turn_load(probe_state *s)
{
    const weft_join_turn *turn = &s->turn;
    for (int32_t i = 0; i < turn->batch.rows && turn->matched != NULL; i++)
        if (weft_bit_get(turn->matched, turn->first + i)) weft_bit_set(s->matched, i);
}

static void turn_store(const probe_state *s)
{
    const weft_join_turn *turn = &s->turn;
    for (int32_t i = 0; i < turn->batch.rows && turn->matched != NULL; i++)
        if (weft_bit_get(s->matched, i)) weft_bit_set(turn->matched, turn->first + i);
}

/* ---- order ---- */

static weft_status sorter_open(weft_ctx *ctx, probe_state *s)
{
    weft_status st = WEFT_OK;
    const weft_types *output = &s->spec->output;
    const int32_t width = output->count + PLACE_COLUMNS;
    weft_type *types = NULL;
    weft_sort_key *keys = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &types));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, PLACE_COLUMNS, &keys));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &s->sorted_columns));
    for (int32_t i = 0; i < width; i++)
        types[i] = i < output->count ? output->types[i] : WEFT_TYPE_OF(WEFT_TYPE_INT);
    for (int32_t i = 0; i < PLACE_COLUMNS; i++) keys[i].column = output->count + i;
    s->sorted = (weft_types){.count = width, .types = types};
    WEFT_TRY(st, weft_sorter_open(ctx, &s->sorted, keys, PLACE_COLUMNS, 2, s->task, &s->sorter));
done:
    return st;
}

/* The output of a turn, with the place of each row. Positions of the turn's batch are 0, 1, …, and so are
 * those of what it gives. */
static weft_status sorter_keep(weft_ctx *ctx, probe_state *s, const weft_batch *out)
{
    weft_status st = WEFT_OK;
    const weft_join_turn *turn = &s->turn;
    const int32_t width = s->spec->output.count;
    int32_t rounds[WEFT_BATCH_ROWS_MAX];
    weft_batch batch = *out;
    if (s->sorter == NULL) WEFT_TRY(st, sorter_open(ctx, s));
    for (int32_t i = 0; i < out->rows; i++) {
        const int64_t earlier = turn->rounds == NULL || s->round == LAST_ROUND ? 0 : turn->rounds[i];
        const int64_t round = s->round + earlier;
        if (s->round != LAST_ROUND && round >= LAST_ROUND) {
            st = weft_fail(ctx, WEFT_LIMIT, "a key of a join has more than %d build rows", LAST_ROUND);
            goto done;
        }
        rounds[i] = (int32_t)round;
    }
    const void *places[PLACE_COLUMNS] = {turn->batches, rounds, turn->positions};
    for (int32_t i = 0; i < width; i++) s->sorted_columns[i] = out->columns[i];
    for (int32_t i = 0; i < PLACE_COLUMNS; i++)
        s->sorted_columns[width + i] = (weft_column){.type = WEFT_TYPE_OF(WEFT_TYPE_INT),
                                                     .phys = WEFT_PHYS_I32,
                                                     .encoding = WEFT_FLAT,
                                                     .data = places[i]};
    batch.column_count = s->sorted.count;
    batch.columns = s->sorted_columns;
    WEFT_TRY(st, weft_sorter_add(ctx, s->sorter, &batch));
done:
    return st;
}

/* All turns: what they give goes to the sorter. */
static weft_status probe_turns(weft_ctx *ctx, probe_state *s)
{
    weft_status st = WEFT_OK;
    weft_batch out = {0};
    const weft_join_table *table = NULL;
    bool more = false;
    for (;;) {
        if (!s->turning) {
            WEFT_TRY(st, weft_join_spill_next(ctx, s->spill, &s->turn, &more));
            if (!more) goto done;
            if (table != s->turn.table && s->sorter != NULL) WEFT_TRY(st, weft_sorter_yield(ctx, s->sorter));
            table = s->table = s->turn.table;
            begin_batch(ctx, s, &s->turn.batch);
            s->last = s->turn.last;
            turn_load(s);
        }
        WEFT_TRY(st, probe_output(ctx, s, &out, &more));
        s->turning = more;
        if (!more) turn_store(s);
        if (out.selected > 0) WEFT_TRY(st, sorter_keep(ctx, s, &out));
    }
done:
    return st;
}

/* At the end: the rows that were kept, turn by turn, in the order of a join that fits. */
static weft_status probe_signal(weft_ctx *ctx, void *state, weft_signal signal, weft_batch *out,
                                weft_op_result *result)
{
    weft_status st = WEFT_OK;
    probe_state *s = state;
    bool more = false;
    out->selected = 0;
    *result = WEFT_NEED_INPUT;
    if (s->spill == NULL || signal != WEFT_SIGNAL_END) goto done;
    if (!s->giving) WEFT_TRY(st, probe_turns(ctx, s));
    s->giving = true;
    if (s->sorter == NULL) goto done;
    WEFT_TRY(st, weft_sorter_next(ctx, s->sorter, out, &more));
    if (!more) {
        out->selected = 0;
        goto done;
    }
    out->column_count = s->spec->output.count;
    *result = WEFT_HAVE_MORE;
done:
    return st;
}

static void probe_metrics(const void *state, weft_op_metrics *metrics)
{
    const probe_state *s = state;
    if (s->spill != NULL) metrics->spilled_bytes += weft_join_spill_bytes(s->spill);
    if (s->sorter != NULL) metrics->spilled_bytes += weft_sorter_spilled_bytes(s->sorter);
}

static weft_status probe_leave(weft_ctx *ctx, void *state, weft_block_writer *writer)
{
    probe_state *s = state;
    if (s->marks == NULL) return WEFT_OK;
    const weft_marks marks = {.build_stage = s->task->inputs[s->spec->probe.input].stage_id,
                              .rows = s->build_rows,
                              .words = s->marks};
    return weft_block_attach_marks(ctx, writer, &marks);
}

const weft_op_def weft_op_probe = {.name = "HashJoin",
                                   .shared_open = probe_shared_open,
                                   .shared_unit = probe_shared_unit,
                                   .shared_close = probe_shared_close,
                                   .open = probe_open,
                                   .push = probe_push,
                                   .signal = probe_signal,
                                   .metrics = probe_metrics,
                                   .leave = probe_leave,
                                   .close = probe_close};
