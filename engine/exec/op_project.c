/* engine/exec/op_project.c - expressions over the input's columns.
 *
 * Memory: the registers of one weft_eval a lane. Selection and row count are the input's. */
#include "engine/exec/defs.h"
#include "engine/expr/program.h"

typedef struct project_state {
    weft_eval *eval;
    int32_t count;
    weft_column *columns;
} project_state;

static weft_status project_shared_open(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types,
                                       const weft_input *inputs, void **shared, int32_t *units)
{
    const weft_program *program = NULL;
    (void)inputs;
    *units = 0;
    const weft_status st = weft_program_compile(ctx, spec->project.exprs, spec->project.count,
                                                input_types->types, input_types->count, &program);
    *shared = (void *)(uintptr_t)program;
    return st;
}

static void project_shared_close(void *shared) { (void)shared; /* the program lives in the stage's arena */ }

static weft_status project_open(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types,
                                void *shared, const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    project_state *s = NULL;
    (void)input_types, (void)task;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    s->count = spec->project.count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->count, &s->columns));
    WEFT_TRY(st, weft_eval_open(ctx, shared, &s->eval));
    *state = s;
done:
    return st;
}

static weft_status project_push(weft_ctx *ctx, void *state, const weft_batch *in, weft_batch *out,
                                weft_op_result *result)
{
    weft_status st = WEFT_OK;
    project_state *s = state;
    WEFT_TRY(st, weft_eval_project(ctx, s->eval, in, s->columns));
    *out = *in;
    out->column_count = s->count;
    out->columns = s->columns;
    *result = WEFT_NEED_INPUT;
done:
    return st;
}

static void project_close(void *state)
{
    project_state *s = state;
    weft_eval_close(&s->eval);
}

const weft_op_def weft_op_project = {.name = "Project",
                                     .shared_open = project_shared_open,
                                     .shared_close = project_shared_close,
                                     .open = project_open,
                                     .push = project_push,
                                     .close = project_close};
