/* engine/exec/source_rows.c - rows of blocks as batches, in (input, partition, block, page, row) order.
 *
 * Memory: one vector a column, and the page that is being read when it was spilled. Strings are not copied.
 */
#include "common/settings.h"
#include "engine/exec/defs.h"
#include "engine/exec/row_cursor.h"

typedef struct rows_state {
    weft_row_cursor cursor;
    weft_gather gather;
    int32_t batch_rows;
    const weft_row_layout *layout; /* of the first block; all blocks of all inputs have the same columns */
    const uint8_t *rows[WEFT_BATCH_ROWS_MAX];
} rows_state;

static void rows_close(void *state)
{
    rows_state *s = state;
    if (s == NULL) return;
    weft_row_cursor_close(&s->cursor);
    weft_gather_deinit(&s->gather);
    weft_mem_free(s);
}

static weft_status rows_open(weft_ctx *ctx, const weft_source_spec *spec, void *shared, const weft_task *task,
                             void **state)
{
    weft_status st = WEFT_OK;
    rows_state *s = NULL;
    (void)shared;
    *state = NULL;
    const int32_t inputs = weft_max_i32(spec->rows.input_count, 1);
    assert(spec->input + inputs <= task->input_count);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    s->batch_rows = (int32_t)weft_setting(ctx, WEFT_SET_BATCH_ROWS);
    weft_row_cursor_init(&s->cursor, &task->inputs[spec->input], inputs, task->spec->partition_begin,
                         task->spec->partition_end);
    for (int32_t i = 0; i < inputs && s->layout == NULL; i++) {
        const weft_input *input = &task->inputs[spec->input + i];
        if (input->block_count > 0) s->layout = weft_block_layout(input->blocks[0]);
    }
    WEFT_TRY(st, weft_gather_init(ctx, &s->gather, &spec->output));
    *state = s;
    s = NULL;
done:
    rows_close(s);
    return st;
}

static weft_status rows_next(weft_ctx *ctx, void *state, weft_batch *out, weft_op_result *result)
{
    weft_status st = WEFT_OK;
    rows_state *s = state;
    int32_t count;
    *result = WEFT_FINISHED;
    WEFT_TRY(st, weft_row_cursor_next(ctx, &s->cursor, s->rows, s->batch_rows, &count));
    if (count == 0) goto done;
    WEFT_TRY(st, weft_gather_batch(ctx, &s->gather, s->layout, s->rows, count, out));
    *result = WEFT_HAVE_MORE;
done:
    return st;
}

const weft_source_def weft_source_rows = {
    .name = "rows", .open = rows_open, .next = rows_next, .close = rows_close};
