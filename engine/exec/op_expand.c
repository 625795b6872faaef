/* engine/exec/op_expand.c - every row once per projection list: grouping sets, several DISTINCT aggregates.
 *
 * A projection with generators gives every row once for each element instead (generate.h).
 *
 * Output batches follow the lists: all rows of a batch under list 0, then under list 1, and so on.
 * Memory: the registers of one weft_eval a list and lane. */
#include "engine/exec/defs.h"
#include "engine/exec/generate.h"
#include "engine/expr/program.h"

typedef struct expand_shared {
    int32_t count;
    const weft_program **programs;
    weft_generate_spec *generate; /* of the only projection when it has generators, else NULL */
} expand_shared;

typedef struct expand_state {
    int32_t count, next;
    weft_eval **evals;
    weft_column *columns;
    int32_t width;
    weft_batch in;
    weft_generate *generate;
} expand_state;

static weft_status expand_shared_open(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types,
                                      const weft_input *inputs, void **shared, int32_t *units)
{
    weft_status st = WEFT_OK;
    expand_shared *s = NULL;
    (void)inputs;
    *units = 0;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    s->count = spec->expand.projection_count;
    *shared = s;
    WEFT_TRY(st, weft_generate_prepare(ctx, spec, input_types, &s->generate));
    if (s->generate != NULL) goto done;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->count, &s->programs));
    for (int32_t i = 0; i < s->count; i++)
        WEFT_TRY(st, weft_program_compile(ctx, spec->expand.projections[i], spec->output.count,
                                          input_types->types, input_types->count, &s->programs[i]));
done:
    return st;
}

static void expand_shared_close(void *shared) { (void)shared; /* programs live in the stage's arena */ }

static void expand_close(void *state)
{
    expand_state *s = state;
    for (int32_t i = 0; i < s->count && s->evals != NULL; i++) weft_eval_close(&s->evals[i]);
    weft_generate_close(&s->generate);
}

static weft_status expand_open(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types,
                               void *shared, const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    const expand_shared *sh = shared;
    expand_state *s = NULL;
    (void)input_types, (void)task;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    *state = s;
    if (sh->generate != NULL) return weft_generate_open(ctx, sh->generate, &s->generate);
    s->count = sh->count;
    s->width = spec->output.count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->count, &s->evals));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->width, &s->columns));
    for (int32_t i = 0; i < s->count; i++) WEFT_TRY(st, weft_eval_open(ctx, sh->programs[i], &s->evals[i]));
done:
    return st;
}

static weft_status expand_push(weft_ctx *ctx, void *state, const weft_batch *in, weft_batch *out,
                               weft_op_result *result)
{
    weft_status st = WEFT_OK;
    expand_state *s = state;
    if (s->generate != NULL) return weft_generate_push(ctx, s->generate, in, out, result);
    if (in != NULL) {
        s->in = *in;
        s->next = 0;
    }
    WEFT_TRY(st, weft_eval_project(ctx, s->evals[s->next], &s->in, s->columns));
    *out = s->in;
    out->column_count = s->width;
    out->columns = s->columns;
    s->next++;
    *result = s->next < s->count ? WEFT_HAVE_MORE : WEFT_NEED_INPUT;
done:
    return st;
}

const weft_op_def weft_op_expand = {.name = "Expand",
                                    .shared_open = expand_shared_open,
                                    .shared_close = expand_shared_close,
                                    .open = expand_open,
                                    .push = expand_push,
                                    .close = expand_close};
