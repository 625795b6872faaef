/* engine/exec/lane.c - stages open in a process, and lanes that run their tasks.
 *
 * A lane keeps one output batch per operator. `at` is the operator that gets its input next, `more` says
 * which operators still hold output for the input they have. After each push the deepest operator with more
 * goes on, then the ones above it, then the source. Nothing is on the C stack between two pushes.
 *
 * At the end of the input END is signalled operator by operator from the top; what an operator gives then
 * flows through those below it before they are signalled themselves. */
#include <string.h>

#include "engine/exec/op.h"

struct weft_stage_shared {
    const weft_stage *stage;
    const weft_types *input_types; /* [op_count + 1]: of each operator, then of the sink */
    void **shared;                 /* [1 + op_count]: source, operators */
    int32_t *first_unit;           /* [1 + op_count + 1] */
    int32_t opened;                /* of shared[], for closing after a failure */
};

struct weft_lane {
    weft_stage_shared *stage;
    const weft_task *task;
    weft_op_metrics *metrics;
    const weft_source_def *source;
    const weft_sink_def *sink;
    void *source_state, *sink_state;
    void **op_states; /* [op_count] */
    weft_batch *out;  /* [op_count + 1]: out[i] is the input of operator i (of the sink, the last) */
    bool *more;       /* [op_count]: the operator has more output for its input */
    int32_t at;       /* operator (op_count: sink) whose input waits in out[at]; -1: none */
    int32_t ended;    /* operators [0, ended) have seen END; -1: the input goes on */
    bool ending_more; /* operator `ended` gave a batch on END and has more */
};

/* ---- stages ---- */

static weft_status open_part(weft_ctx *ctx, weft_stage_shared *s, int32_t part, const weft_input *inputs,
                             int32_t *units)
{
    const weft_fragment *f = &s->stage->fragment;
    *units = 0;
    if (part == 0) {
        const weft_source_def *def = weft_source_find(f->source.kind);
        if (def->shared_open == NULL) return WEFT_OK;
        return def->shared_open(ctx, &f->source, inputs, &s->shared[0], units);
    }
    const weft_op_spec *op = &f->ops[part - 1];
    const weft_op_def *def = weft_op_find(op->kind);
    if (def->shared_open == NULL) return WEFT_OK;
    return def->shared_open(ctx, op, &s->input_types[part - 1], inputs, &s->shared[part], units);
}

weft_status weft_stage_open(weft_ctx *ctx, const weft_stage *stage, const weft_input *inputs,
                            weft_stage_shared **out, int32_t *units)
{
    weft_status st = WEFT_OK;
    weft_stage_shared *s = NULL;
    weft_types *types = NULL;
    const weft_fragment *f = &stage->fragment;
    const int32_t parts = 1 + f->op_count;

    *out = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    s->stage = stage;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, parts, &types));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, parts, &s->shared));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, parts + 1, &s->first_unit));
    for (int32_t i = 0; i < parts; i++) types[i] = i == 0 ? f->source.output : f->ops[i - 1].output;
    s->input_types = types;
    for (int32_t i = 0; i < parts; i++) {
        int32_t count = 0;
        WEFT_TRY(st, open_part(ctx, s, i, inputs, &count));
        s->opened = i + 1;
        s->first_unit[i + 1] = s->first_unit[i] + count;
    }
    *units = s->first_unit[parts];
    *out = s;
    s = NULL;
done:
    weft_stage_close(&s);
    return st;
}

weft_status weft_stage_unit(weft_ctx *ctx, weft_stage_shared *s, int32_t unit)
{
    const weft_fragment *f = &s->stage->fragment;
    int32_t part = 0;
    while (unit >= s->first_unit[part + 1]) part++;
    const int32_t own = unit - s->first_unit[part];
    if (part == 0) return weft_source_find(f->source.kind)->shared_unit(ctx, s->shared[0], own);
    return weft_op_find(f->ops[part - 1].kind)->shared_unit(ctx, s->shared[part], own);
}

void weft_stage_close(weft_stage_shared **shared)
{
    weft_stage_shared *s = *shared;
    *shared = NULL;
    if (s == NULL) return;
    for (int32_t i = 0; i < s->opened; i++) {
        if (s->shared[i] == NULL) continue;
        if (i == 0)
            weft_source_find(s->stage->fragment.source.kind)->shared_close(s->shared[0]);
        else
            weft_op_find(s->stage->fragment.ops[i - 1].kind)->shared_close(s->shared[i]);
    }
}

/* ---- lanes ---- */

static int32_t lane_ops(const weft_lane *lane) { return lane->stage->stage->fragment.op_count; }

weft_status weft_lane_open(weft_ctx *ctx, weft_stage_shared *shared, const weft_task *task,
                           weft_op_metrics *metrics, weft_lane **out)
{
    weft_status st = WEFT_OK;
    weft_lane *lane = NULL;
    const weft_fragment *f = &shared->stage->fragment;

    *out = NULL;
    ctx->partition = task->name.partition;
    WEFT_TRY(st, WEFT_NEW(ctx, &lane));
    lane->stage = shared;
    lane->task = task;
    lane->metrics = metrics;
    lane->at = -1;
    lane->ended = -1;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, f->op_count, &lane->op_states));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, f->op_count + 1, &lane->out));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, f->op_count, &lane->more));
    lane->source = weft_source_find(f->source.kind);
    lane->sink = weft_sink_find(f->sink.kind);
    WEFT_TRY(st, lane->sink->open(ctx, &f->sink, &shared->input_types[f->op_count], task, &lane->sink_state));
    for (int32_t i = 0; i < f->op_count; i++)
        WEFT_TRY(st, weft_op_find(f->ops[i].kind)
                         ->open(ctx, &f->ops[i], &shared->input_types[i], shared->shared[i + 1], task,
                                &lane->op_states[i]));
    WEFT_TRY(st, lane->source->open(ctx, &f->source, shared->shared[0], task, &lane->source_state));
    *out = lane;
    lane = NULL;
done:
    weft_lane_close(&lane);
    return st;
}

static int64_t lane_clock(const weft_ctx *ctx, const weft_lane *lane)
{
    return lane->task->timed ? weft_now_ns(ctx) : 0;
}

static void lane_count(const weft_ctx *ctx, weft_lane *lane, int32_t part, int64_t rows_in, int64_t rows_out,
                       int64_t began_ns)
{
    weft_op_metrics *m = &lane->metrics[part];
    m->rows_in += rows_in;
    m->rows_out += rows_out;
    m->batches++;
    m->time_ns += lane_clock(ctx, lane) - began_ns;
}

/* The input is over for operators [0, first): go on with END from `first`. */
static void lane_end(weft_lane *lane, int32_t first)
{
    for (int32_t i = 0; i < first && i < lane_ops(lane); i++) lane->more[i] = false;
    if (lane->ended < first) {
        lane->ended = first;
        lane->ending_more = false;
    }
}

/* Give the waiting batch to operator (or sink) `at`. */
static weft_status lane_push(weft_ctx *ctx, weft_lane *lane, const weft_batch *in, int32_t at,
                             weft_op_result *result)
{
    weft_status st = WEFT_OK;
    const weft_fragment *f = &lane->stage->stage->fragment;
    const int64_t began = lane_clock(ctx, lane);
    const int64_t rows_in = in == NULL ? 0 : in->selected;

    if (at == f->op_count) {
        WEFT_TRY(st, lane->sink->sink(ctx, lane->sink_state, in, result));
        lane->at = -1;
        lane_count(ctx, lane, 1 + at, rows_in, rows_in, began);
        if (*result == WEFT_FINISHED) lane_end(lane, f->op_count);
        goto done;
    }
    weft_batch *out = &lane->out[at + 1];
    WEFT_TRY(st, weft_op_find(f->ops[at].kind)->push(ctx, lane->op_states[at], in, out, result));
    lane_count(ctx, lane, 1 + at, rows_in, out->selected, began);
    lane->more[at] = *result == WEFT_HAVE_MORE;
    lane->at = out->selected > 0 ? at + 1 : -1;
    if (*result == WEFT_FINISHED) lane_end(lane, at + 1);
done:
    return st;
}

/* END for operator `ended`: its output goes on like any batch. */
static weft_status lane_signal(weft_ctx *ctx, weft_lane *lane, weft_op_result *result)
{
    weft_status st = WEFT_OK;
    const int32_t i = lane->ended;
    const weft_op_def *def = weft_op_find(lane->stage->stage->fragment.ops[i].kind);
    weft_batch *out = &lane->out[i + 1];
    const int64_t began = lane_clock(ctx, lane);

    *result = WEFT_NEED_INPUT;
    out->selected = 0;
    if (def->signal != NULL) WEFT_TRY(st, def->signal(ctx, lane->op_states[i], WEFT_SIGNAL_END, out, result));
    lane_count(ctx, lane, 1 + i, 0, out->selected, began);
    if (out->selected > 0) lane->at = i + 1;
    if (*result != WEFT_HAVE_MORE) lane->ended++;
done:
    return st;
}

static int32_t lane_deepest_more(const weft_lane *lane)
{
    for (int32_t i = lane_ops(lane) - 1; i >= 0; i--)
        if (lane->more[i]) return i;
    return -1;
}

static weft_status lane_pull(weft_ctx *ctx, weft_lane *lane, weft_op_result *result)
{
    weft_status st = WEFT_OK;
    const int64_t began = lane_clock(ctx, lane);
    WEFT_TRY(st, weft_check_cancel(ctx));
    WEFT_TRY(st, lane->source->next(ctx, lane->source_state, &lane->out[0], result));
    if (*result == WEFT_FINISHED) {
        lane_end(lane, 0);
        goto done;
    }
    lane_count(ctx, lane, 0, 0, lane->out[0].selected, began);
    if (lane->out[0].selected > 0) lane->at = 0;
done:
    return st;
}

weft_status weft_lane_run(weft_ctx *ctx, weft_lane *lane)
{
    weft_status st = WEFT_OK;
    weft_op_result result = WEFT_NEED_INPUT;
    for (;;) {
        const int32_t more = lane->at >= 0 ? -1 : lane_deepest_more(lane);
        if (lane->at >= 0)
            WEFT_TRY(st, lane_push(ctx, lane, &lane->out[lane->at], lane->at, &result));
        else if (more >= 0) {
            WEFT_TRY(st, weft_check_cancel(ctx)); /* one input may give very many batches (cross joins) */
            WEFT_TRY(st, lane_push(ctx, lane, NULL, more, &result));
        } else if (lane->ended < 0)
            WEFT_TRY(st, lane_pull(ctx, lane, &result));
        else if (lane->ended < lane_ops(lane))
            WEFT_TRY(st, lane_signal(ctx, lane, &result));
        else
            break;
    }
done:
    return st;
}

weft_status weft_lane_finish(weft_ctx *ctx, weft_lane *lane, weft_block **out)
{
    weft_status st = WEFT_OK;
    const weft_fragment *f = &lane->stage->stage->fragment;
    const int64_t began = lane_clock(ctx, lane);
    for (int32_t i = 0; i < f->op_count; i++) {
        const weft_op_def *def = weft_op_find(f->ops[i].kind);
        if (def->leave != NULL)
            WEFT_TRY(st, def->leave(ctx, lane->op_states[i], lane->sink->writer(lane->sink_state)));
    }
    WEFT_TRY(st, lane->sink->finalize(ctx, lane->sink_state, out));
    lane->metrics[1 + f->op_count].time_ns += lane_clock(ctx, lane) - began;
done:
    return st;
}

void weft_lane_close(weft_lane **lane_p)
{
    weft_lane *lane = *lane_p;
    *lane_p = NULL;
    if (lane == NULL) return;
    const weft_fragment *f = &lane->stage->stage->fragment;
    if (lane->source_state != NULL) {
        if (lane->source->metrics != NULL) lane->source->metrics(lane->source_state, &lane->metrics[0]);
        lane->source->close(lane->source_state);
    }
    for (int32_t i = 0; i < f->op_count && lane->op_states != NULL; i++) {
        if (lane->op_states[i] == NULL) continue;
        const weft_op_def *def = weft_op_find(f->ops[i].kind);
        if (def->metrics != NULL) def->metrics(lane->op_states[i], &lane->metrics[1 + i]);
        def->close(lane->op_states[i]);
    }
    if (lane->sink_state != NULL) {
        if (lane->sink->metrics != NULL)
            lane->sink->metrics(lane->sink_state, &lane->metrics[1 + f->op_count]);
        lane->sink->close(lane->sink_state);
    }
}
