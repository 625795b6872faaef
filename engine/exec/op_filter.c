/* engine/exec/op_filter.c - rows where all conjuncts are true.
 *
 * Memory: one selection vector a lane. The columns are the input's; only the selection narrows. */
#include "engine/exec/defs.h"
#include "engine/expr/program.h"

typedef struct filter_state {
    weft_eval *eval;
    uint16_t selection[WEFT_BATCH_ROWS_MAX];
} filter_state;

static weft_status filter_shared_open(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types,
                                      const weft_input *inputs, void **shared, int32_t *units)
{
    const weft_program *program = NULL;
    (void)inputs;
    *units = 0;
    const weft_status st = weft_program_compile_filter(ctx, spec->filter.conjuncts, spec->filter.count,
                                                       input_types->types, input_types->count, &program);
    *shared = (void *)(uintptr_t)program;
    return st;
}

static void filter_shared_close(void *shared) { (void)shared; /* the program lives in the stage's arena */ }

static weft_status filter_open(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types,
                               void *shared, const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    filter_state *s = NULL;
    (void)spec, (void)input_types, (void)task;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    WEFT_TRY(st, weft_eval_open(ctx, shared, &s->eval));
    *state = s;
done:
    return st;
}

static weft_status filter_push(weft_ctx *ctx, void *state, const weft_batch *in, weft_batch *out,
                               weft_op_result *result)
{
    weft_status st = WEFT_OK;
    filter_state *s = state;
    int32_t kept = 0;
    WEFT_TRY(st, weft_eval_filter(ctx, s->eval, in, s->selection, &kept));
    *out = *in;
    out->selected = kept;
    out->selection = kept == in->rows ? NULL : s->selection;
    *result = WEFT_NEED_INPUT;
done:
    return st;
}

static void filter_close(void *state)
{
    filter_state *s = state;
    weft_eval_close(&s->eval);
}

const weft_op_def weft_op_filter = {.name = "Filter",
                                    .shared_open = filter_shared_open,
                                    .shared_close = filter_shared_close,
                                    .open = filter_open,
                                    .push = filter_push,
                                    .close = filter_close};
