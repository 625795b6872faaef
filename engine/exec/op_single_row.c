/* engine/exec/op_single_row.c - a scalar subquery's rows: at most one comes in, exactly one goes out.
 *
 * The row is kept as one row of a row set; without any, a row of NULLs goes out at the end.
 * Memory: one row page, one vector a column. */
#include <string.h>

#include "engine/columnar/gather.h"
#include "engine/exec/defs.h"

typedef struct single_state {
    weft_row_layout layout;
    weft_row_set set;
    int32_t *all; /* 0, 1, … */
    weft_vector *vectors;
    int32_t opened;
    weft_column *columns;
    bool given;
} single_state;

static void single_close(void *state)
{
    single_state *s = state;
    weft_rows_clear(&s->set);
    for (int32_t i = 0; i < s->opened; i++) weft_vector_deinit(&s->vectors[i]);
}

static weft_status single_open(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types,
                               void *shared, const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    single_state *s = NULL;
    (void)spec, (void)shared, (void)task;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    *state = s;
    WEFT_TRY(st, weft_row_layout_init(ctx, input_types->types, input_types->count, &s->layout));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, input_types->count, &s->all));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, input_types->count, &s->vectors));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, input_types->count, &s->columns));
    for (; s->opened < input_types->count; s->opened++) {
        s->all[s->opened] = s->opened;
        WEFT_TRY(st, weft_vector_init(ctx, input_types->types[s->opened], 1, &s->vectors[s->opened]));
    }
done:
    return st;
}

static weft_status single_push(weft_ctx *ctx, void *state, const weft_batch *in, weft_batch *out,
                               weft_op_result *result)
{
    single_state *s = state;
    out->selected = 0;
    *result = WEFT_NEED_INPUT;
    if (s->set.rows + in->selected > 1)
        return weft_fail(ctx, WEFT_SCALAR_SUBQUERY_ROWS,
                         "more than one row returned by a subquery used as an expression");
    return weft_rows_append(ctx, &s->layout, &s->set, in, s->all, NULL, NULL);
}

static weft_status single_signal(weft_ctx *ctx, void *state, weft_signal signal, weft_batch *out,
                                 weft_op_result *result)
{
    weft_status st = WEFT_OK;
    single_state *s = state;
    *result = WEFT_NEED_INPUT;
    if (signal != WEFT_SIGNAL_END || s->given) return WEFT_OK;
    s->given = true;
    const uint8_t *row = s->set.first == NULL ? NULL : weft_row_page_rows(s->set.first);
    for (int32_t i = 0; i < s->opened; i++) {
        weft_vector *v = &s->vectors[i];
        weft_vector_reset(v);
        if (row == NULL)
            weft_vector_set_null(v, 0);
        else
            WEFT_TRY(st, weft_vector_gather(ctx, &s->layout, i, &row, 1, NULL, v));
        s->columns[i] = v->column;
    }
    *out = (weft_batch){.rows = 1, .selected = 1, .column_count = s->opened, .columns = s->columns};
done:
    return st;
}

const weft_op_def weft_op_single_row = {.name = "SingleRow",
                                        .open = single_open,
                                        .push = single_push,
                                        .signal = single_signal,
                                        .close = single_close};
