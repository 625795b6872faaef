/* engine/exec/op_loop.c - nested-loop join with all rows of an input: cross joins, inequality joins, scalar
 * values.
 *
 * For each probe batch the build rows are taken one after the other: a round pairs every probe row with one
 * build row, so the probe columns pass through and the build columns are constants. Conditions narrow the
 * round's selection. Build sides are small by the planner's choice mostly; the order of the output is (batch,
 * build row, probe row). Shared: the addresses of the build rows; one unit. Pages read back from scratch are
 * copied and held. When that is refused memory each lane reads the build rows page by page, again for each
 * probe batch: a row that is read is paired with a whole batch, beside which reading it costs little. So the
 * rounds, and the output, are the same. Memory: 8 bytes a build row, or one page in a lane; one value a build
 * column. */
#include <string.h>

#include "engine/exec/force_spill.h"

#include "engine/columnar/gather.h"
#include "engine/exec/defs.h"
#include "engine/exec/row_cursor.h"
#include "engine/expr/program.h"

typedef struct loop_shared {
    const weft_op_spec *spec;
    const weft_input *input;
    const weft_row_layout *layout;
    const weft_program *conditions; /* or NULL */
    const uint8_t **row;            /* NULL: refused memory */
    weft_input *by_block;           /* [input->block_count] of one block each: rows go block by block */
    int32_t partitions;
    int64_t rows;
    weft_row_set loaded;
    bool pinned;
} loop_shared;

typedef struct loop_state {
    const weft_op_spec *spec;
    const loop_shared *shared;
    weft_eval *conditions;
    weft_vector *build; /* [layout count], one slot each */
    int32_t opened;
    weft_column *out_columns, *pair_columns;
    weft_vector mark;
    weft_batch in;
    int64_t next;           /* build row of the next round; shared->rows + 1: the batch is done */
    weft_row_cursor cursor; /* without shared->row: the build rows, from the first for each batch */
    int32_t chunk_at, chunk_count;
    const uint8_t *chunk[WEFT_BATCH_ROWS_MAX];
    uint64_t matched[WEFT_BATCH_ROWS_MAX / 64];
    uint16_t selection[WEFT_BATCH_ROWS_MAX];
} loop_state;

static bool asks_only(weft_join_kind kind)
{
    return kind == WEFT_JOIN_SEMI || kind == WEFT_JOIN_ANTI || kind == WEFT_JOIN_MARK;
}

/* The pages that rows point to stay in memory as long as the stage is open. */
static void loop_pin(loop_shared *s, bool pin)
{
    if (s->pinned == pin) return;
    s->pinned = pin;
    for (int32_t b = 0; b < s->input->block_count; b++)
        for (int32_t p = 0; p < weft_block_partitions(s->input->blocks[b]); p++) {
            if (pin)
                weft_block_pin(s->input->blocks[b], p);
            else
                weft_block_unpin(s->input->blocks[b], p);
        }
}

static void loop_shared_close(void *shared)
{
    loop_shared *s = shared;
    loop_pin(s, false);
    weft_mem_free(s->row);
    weft_rows_clear(&s->loaded);
}

static weft_status loop_shared_open(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types,
                                    const weft_input *inputs, void **shared, int32_t *units)
{
    weft_status st = WEFT_OK;
    loop_shared *s = NULL;
    weft_type *types = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    s->spec = spec;
    s->input = &inputs[spec->loop.input];
    s->layout = weft_block_layout(s->input->blocks[0]);
    const int32_t width = input_types->count + s->layout->count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &types));
    for (int32_t i = 0; i < input_types->count; i++) types[i] = input_types->types[i];
    for (int32_t i = 0; i < s->layout->count; i++) types[input_types->count + i] = s->layout->types[i];
    if (spec->loop.condition_count > 0)
        WEFT_TRY(st, weft_program_compile_filter(ctx, spec->loop.conditions, spec->loop.condition_count,
                                                 types, width, &s->conditions));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->input->block_count, &s->by_block));
    for (int32_t b = 0; b < s->input->block_count; b++) {
        s->by_block[b] =
            (weft_input){.stage_id = s->input->stage_id, .block_count = 1, .blocks = &s->input->blocks[b]};
        s->rows += weft_block_rows(s->input->blocks[b], -1);
        s->partitions = weft_max_i32(s->partitions, weft_block_partitions(s->input->blocks[b]));
    }
    if (!weft_force_spill(ctx)) {
        st = weft_mem_alloc(ctx, WEFT_MEM_RETAINED, (size_t)weft_max_i64(1, s->rows) * sizeof(*s->row),
                            (void **)&s->row);
        if (st != WEFT_OK && st != WEFT_NOMEM) goto done;
        if (st == WEFT_NOMEM) weft_error_clear(ctx);
        st = WEFT_OK;
    }
    *units = s->row != NULL;
    *shared = s;
done:
    return st;
}

static weft_status loop_hold(weft_ctx *ctx, loop_shared *s, const weft_row_page **page)
{
    weft_status st = WEFT_OK;
    weft_row_page *copy = NULL;
    WEFT_TRY(st, weft_row_page_new(ctx, s->layout, (*page)->bytes, &copy));
    memcpy(copy, *page, (*page)->bytes);
    copy->next = NULL;
    weft_row_page_rebase(s->layout, copy);
    weft_rows_add_page(&s->loaded, copy);
    *page = copy;
done:
    return st;
}

static weft_status loop_collect(weft_ctx *ctx, loop_shared *s)
{
    weft_status st = WEFT_OK;
    weft_block_reader *reader = NULL;
    weft_reader_queue queue;
    int64_t at = 0;
    weft_reader_queue_init(&queue, s->input, 0, s->partitions, true);
    loop_pin(s, true);
    for (int32_t b = 0; b < s->input->block_count; b++)
        for (int32_t p = 0; p < weft_block_partitions(s->input->blocks[b]); p++) {
            WEFT_TRY(st, weft_reader_queue_open(ctx, &queue, b, p, &reader));
            for (;;) {
                const weft_row_page *page = NULL;
                bool stable = false;
                WEFT_TRY(st, weft_block_reader_next(ctx, reader, &page, &stable));
                if (page == NULL) break;
                if (!stable) WEFT_TRY(st, loop_hold(ctx, s, &page));
                const uint8_t *row = weft_row_page_rows(page);
                for (uint32_t i = 0; i < page->rows; i++, row += s->layout->row_bytes) s->row[at++] = row;
            }
            weft_block_reader_close(&reader);
        }
    assert(at == s->rows);
done:
    weft_block_reader_close(&reader);
    weft_reader_queue_close(&queue);
    return st;
}

static weft_status loop_shared_unit(weft_ctx *ctx, void *shared, int32_t unit)
{
    loop_shared *s = shared;
    const weft_status st = loop_collect(ctx, s);
    (void)unit;
    if (st != WEFT_NOMEM) return st;
    weft_error_clear(ctx);
    loop_pin(s, false);
    weft_rows_clear(&s->loaded);
    weft_mem_free(s->row);
    s->row = NULL;
    return WEFT_OK;
}

static void loop_close(void *state)
{
    loop_state *s = state;
    weft_row_cursor_close(&s->cursor);
    for (int32_t i = 0; i < s->opened; i++) weft_vector_deinit(&s->build[i]);
    weft_vector_deinit(&s->mark);
    weft_eval_close(&s->conditions);
}

static weft_status loop_open(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types,
                             void *shared, const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    const loop_shared *sh = shared;
    loop_state *s = NULL;
    (void)task;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    *state = s;
    s->spec = spec;
    s->shared = sh;
    if (sh->conditions != NULL) WEFT_TRY(st, weft_eval_open(ctx, sh->conditions, &s->conditions));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, sh->layout->count, &s->build));
    for (; s->opened < sh->layout->count; s->opened++)
        WEFT_TRY(st, weft_vector_init(ctx, sh->layout->types[s->opened], 1, &s->build[s->opened]));
    WEFT_TRY(st, weft_vector_init(ctx, WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), WEFT_BATCH_ROWS_MAX, &s->mark));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->output.count, &s->out_columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, input_types->count + sh->layout->count, &s->pair_columns));
done:
    return st;
}

/* The build row as constant columns; NULLs without one. */
static weft_status load_row(weft_ctx *ctx, loop_state *s, const uint8_t *row)
{
    weft_status st = WEFT_OK;
    const weft_row_layout *layout = s->shared->layout;
    for (int32_t i = 0; i < s->opened; i++) {
        weft_vector *v = &s->build[i];
        weft_vector_reset(v);
        if (row == NULL)
            weft_vector_set_null(v, 0);
        else
            WEFT_TRY(st, weft_vector_gather(ctx, layout, i, &row, 1, NULL, v));
        v->column.encoding = WEFT_CONSTANT;
    }
done:
    return st;
}

static void loop_output(loop_state *s, weft_batch *out, int32_t count)
{
    const int32_t probe = s->spec->loop.probe_count;
    for (int32_t i = 0; i < probe; i++) s->out_columns[i] = s->in.columns[s->spec->loop.probe_columns[i]];
    for (int32_t i = 0; i < s->spec->loop.build_count; i++)
        s->out_columns[probe + i] = s->build[s->spec->loop.build_columns[i]].column;
    *out = (weft_batch){.rows = s->in.rows,
                        .selected = count,
                        .selection = count == s->in.rows ? NULL : s->selection,
                        .column_count = s->spec->output.count,
                        .columns = s->out_columns};
}

/* The build row of the next round, good until the one after it. */
static weft_status loop_row(weft_ctx *ctx, loop_state *s, const uint8_t **row)
{
    if (s->shared->row != NULL) {
        *row = s->shared->row[s->next];
        return WEFT_OK;
    }
    if (s->next == 0) {
        weft_row_cursor_close(&s->cursor);
        weft_row_cursor_init(&s->cursor, s->shared->by_block, s->shared->input->block_count, 0,
                             s->shared->partitions);
        s->chunk_at = s->chunk_count = 0;
    }
    if (s->chunk_at == s->chunk_count) {
        const weft_status st =
            weft_row_cursor_next(ctx, &s->cursor, s->chunk, WEFT_BATCH_ROWS_MAX, &s->chunk_count);
        if (st != WEFT_OK) return st;
        assert(s->chunk_count > 0); /* shared->rows of them are asked for */
        s->chunk_at = 0;
    }
    *row = s->chunk[s->chunk_at++];
    return WEFT_OK;
}

static weft_status loop_round(weft_ctx *ctx, loop_state *s, int32_t *count)
{
    weft_status st = WEFT_OK;
    const uint8_t *row = NULL;
    WEFT_TRY(st, loop_row(ctx, s, &row));
    WEFT_TRY(st, load_row(ctx, s, row));
    *count = s->in.selected;
    if (s->conditions == NULL) {
        for (int32_t i = 0; i < *count; i++)
            s->selection[i] = s->in.selection == NULL ? (uint16_t)i : s->in.selection[i];
    } else {
        for (int32_t i = 0; i < s->in.column_count; i++) s->pair_columns[i] = s->in.columns[i];
        for (int32_t i = 0; i < s->opened; i++) s->pair_columns[s->in.column_count + i] = s->build[i].column;
        weft_batch pairs = s->in;
        pairs.column_count += s->opened;
        pairs.columns = s->pair_columns;
        WEFT_TRY(st, weft_eval_filter(ctx, s->conditions, &pairs, s->selection, count));
    }
    for (int32_t i = 0; i < *count; i++) {
        if (s->spec->loop.kind == WEFT_JOIN_SINGLE && weft_bit_get(s->matched, s->selection[i]))
            WEFT_TRY(st, weft_fail(ctx, WEFT_SCALAR_SUBQUERY_ROWS,
                                   "more than one row returned by a subquery used as an expression"));
        weft_bit_set(s->matched, s->selection[i]);
    }
done:
    return st;
}

/* The rows of the batch by whether they were matched; with NULLs for the build side where it is given. */
static weft_status loop_answers(weft_ctx *ctx, loop_state *s, weft_batch *out)
{
    weft_status st = WEFT_OK;
    const weft_join_kind kind = s->spec->loop.kind;
    uint8_t *marks = s->mark.values;
    int32_t count = 0;
    if (!asks_only(kind)) WEFT_TRY(st, load_row(ctx, s, NULL));
    if (kind == WEFT_JOIN_MARK) weft_vector_reset(&s->mark);
    for (int32_t i = 0; i < s->in.selected; i++) {
        const uint16_t at = s->in.selection == NULL ? (uint16_t)i : s->in.selection[i];
        const bool matched = weft_bit_get(s->matched, at);
        marks[at] = matched;
        s->selection[count] = at;
        count += kind == WEFT_JOIN_MARK || matched == (kind == WEFT_JOIN_SEMI);
    }
    loop_output(s, out, count);
    if (kind == WEFT_JOIN_MARK) s->out_columns[s->spec->loop.probe_count] = s->mark.column;
done:
    return st;
}

static weft_status loop_push(weft_ctx *ctx, void *state, const weft_batch *in, weft_batch *out,
                             weft_op_result *result)
{
    weft_status st = WEFT_OK;
    loop_state *s = state;
    const weft_join_kind kind = s->spec->loop.kind;
    int32_t count = 0;

    if (in != NULL) {
        s->in = *in;
        s->next = 0;
        memset(s->matched, 0, sizeof(s->matched));
    }
    out->selected = 0;
    *result = WEFT_NEED_INPUT;
    while (s->next < s->shared->rows) {
        if ((s->next & 255) == 0) WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, loop_round(ctx, s, &count));
        s->next++;
        if (asks_only(kind) || count == 0) continue;
        loop_output(s, out, count);
        if (s->next < s->shared->rows || kind != WEFT_JOIN_INNER) *result = WEFT_HAVE_MORE;
        goto done;
    }
    if (kind == WEFT_JOIN_INNER || s->next > s->shared->rows) goto done;
    s->next = s->shared->rows + 1;
    WEFT_TRY(st, loop_answers(ctx, s, out));
done:
    return st;
}

const weft_op_def weft_op_loop = {.name = "LoopJoin",
                                  .shared_open = loop_shared_open,
                                  .shared_unit = loop_shared_unit,
                                  .shared_close = loop_shared_close,
                                  .open = loop_open,
                                  .push = loop_push,
                                  .close = loop_close};
