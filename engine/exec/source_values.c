/* engine/exec/source_values.c - literal rows: VALUES, and SELECT without FROM (one row of no columns).
 *
 * Memory: one vector a column. Rows are given in batches of at most WEFT_BATCH_ROWS_MAX. */
#include <string.h>

#include "engine/columnar/builder.h"
#include "engine/exec/defs.h"

typedef struct values_state {
    const weft_source_spec *spec;
    int32_t next; /* row */
    weft_vector *vectors;
    weft_column *columns;
    int32_t opened;
} values_state;

static void values_close(void *state)
{
    values_state *s = state;
    for (int32_t i = 0; i < s->opened; i++) weft_vector_deinit(&s->vectors[i]);
}

static weft_status values_open(weft_ctx *ctx, const weft_source_spec *spec, void *shared,
                               const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    values_state *s = NULL;
    const int32_t rows = weft_max_i32(1, weft_min_i32(spec->values.row_count, WEFT_BATCH_ROWS_MAX));
    (void)shared, (void)task;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    *state = s;
    s->spec = spec;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->output.count, &s->vectors));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->output.count, &s->columns));
    for (; s->opened < spec->output.count; s->opened++)
        WEFT_TRY(st, weft_vector_init(ctx, spec->output.types[s->opened], rows, &s->vectors[s->opened]));
done:
    return st;
}

static weft_status values_next(weft_ctx *ctx, void *state, weft_batch *out, weft_op_result *result)
{
    weft_status st = WEFT_OK;
    values_state *s = state;
    const int32_t width = s->spec->output.count;
    const int32_t rows = weft_min_i32(s->spec->values.row_count - s->next, WEFT_BATCH_ROWS_MAX);

    *result = WEFT_FINISHED;
    if (rows <= 0) return WEFT_OK;
    for (int32_t c = 0; c < width; c++) {
        weft_vector_reset(&s->vectors[c]);
        for (int32_t i = 0; i < rows; i++) {
            const weft_expr *cell = s->spec->values.cells[(size_t)(s->next + i) * (size_t)width + (size_t)c];
            assert(cell->kind == WEFT_EXPR_LITERAL);
            WEFT_TRY(st, weft_value_store(ctx, &cell->literal, &s->vectors[c], i));
        }
        weft_vector_finish(&s->vectors[c]);
        s->columns[c] = s->vectors[c].column;
    }
    s->next += rows;
    *out = (weft_batch){.rows = rows, .selected = rows, .column_count = width, .columns = s->columns};
    *result = WEFT_HAVE_MORE;
done:
    return st;
}

const weft_source_def weft_source_values = {
    .name = "Values", .open = values_open, .next = values_next, .close = values_close};
