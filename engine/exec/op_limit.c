/* engine/exec/op_limit.c - OFFSET skip LIMIT take over the batches of one task.
 *
 * Memory: one selection vector a lane; keeps no rows.
 * Stops: answers FINISHED with the last row it gives, so that the source stops reading. */
#include <string.h>

#include "engine/exec/defs.h"

typedef struct limit_state {
    int64_t skip; /* still to drop */
    int64_t take; /* still to give; -1: all */
    uint16_t selection[WEFT_BATCH_ROWS_MAX];
} limit_state;

static weft_status limit_open(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types,
                              void *shared, const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    limit_state *s = NULL;
    (void)input_types, (void)shared, (void)task;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    s->skip = spec->limit.skip;
    s->take = spec->limit.take;
    *state = s;
done:
    return st;
}

static weft_status limit_push(weft_ctx *ctx, void *state, const weft_batch *in, weft_batch *out,
                              weft_op_result *result)
{
    limit_state *s = state;
    (void)ctx;
    const int32_t skip = (int32_t)weft_min_i64(s->skip, in->selected);
    int32_t take = in->selected - skip;
    if (s->take >= 0) take = (int32_t)weft_min_i64(s->take, take);

    *out = *in;
    out->selected = take;
    if (take < in->selected) {
        for (int32_t i = 0; i < take; i++)
            s->selection[i] = in->selection == NULL ? (uint16_t)(skip + i) : in->selection[skip + i];
        out->selection = s->selection;
    }
    s->skip -= skip;
    if (s->take >= 0) s->take -= take;
    *result = s->take == 0 ? WEFT_FINISHED : WEFT_NEED_INPUT;
    return WEFT_OK;
}

static void limit_close(void *state) { (void)state; }

const weft_op_def weft_op_limit = {
    .name = "Limit", .open = limit_open, .push = limit_push, .close = limit_close};
