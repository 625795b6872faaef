/* engine/exec/op.h - contract 3: the pipeline. Sources, operators and sinks, run push-wise by one lane.
 *
 * Three kinds of state, three types:
 *   spec    const, from the fragment;
 *   shared  once per stage and process: compiled programs, join tables, key filters. Opened by one thread;
 * then its units are built by any lanes, each unit once, several at a time; immutable after the last unit;
 *   lane    one per running task.
 * A lane never waits inside an operator for what another lane does: stages run when their inputs are whole,
 * and memory that is refused is answered by spilling. */
#ifndef WEFT_EXEC_OP_H
#define WEFT_EXEC_OP_H

#include "engine/exec/block.h"

typedef enum weft_op_result {
    WEFT_NEED_INPUT, /* out holds the output for this input (may be empty: selected 0); push the next */
    WEFT_HAVE_MORE,  /* out holds a batch; call again with in == NULL before the next input */
    WEFT_FINISHED    /* out holds the last batch (may be empty): no more input is wanted */
} weft_op_result;

typedef enum weft_signal {
    WEFT_SIGNAL_END,
    WEFT_SIGNAL_FLUSH,
    WEFT_SIGNAL_WATERMARK,
    WEFT_SIGNAL_BARRIER
} weft_signal;

/* The blocks of one stage input: one per task of that stage, in task order. Borrowed from the task. */
typedef struct weft_input {
    int32_t stage_id;
    int32_t block_count;
    weft_block *const *blocks;
    weft_block_read *read; /* counts what is read of them; NULL: nobody asks */
} weft_input;

/* A stage open in this process. */
typedef struct weft_stage_shared weft_stage_shared;

/* What a lane knows of its task. */
typedef struct weft_task {
    const weft_stage *stage;
    const weft_task_spec *spec;
    weft_block_name name; /* of the block to write */
    int32_t input_count;
    const weft_input *inputs;
    weft_account *owner; /* the finished block is charged to it */
    bool timed;          /* count time_ns of every operator (EXPLAIN ANALYZE) */
} weft_task;

typedef struct weft_source_def {
    const char *name;
    weft_status (*shared_open)(weft_ctx *ctx, const weft_source_spec *spec, const weft_input *inputs,
                               void **shared, int32_t *units); /* may be NULL, as may unit and shared_close */
    weft_status (*shared_unit)(weft_ctx *ctx, void *shared, int32_t unit);
    void (*shared_close)(void *shared);
    weft_status (*open)(weft_ctx *ctx, const weft_source_spec *spec, void *shared, const weft_task *task,
                        void **state);
    /* HAVE_MORE with a batch (selected > 0), or FINISHED with none. */
    weft_status (*next)(weft_ctx *ctx, void *state, weft_batch *out, weft_op_result *result);
    void (*metrics)(const void *state, weft_op_metrics *metrics); /* may be NULL */
    void (*close)(void *state);
} weft_source_def;

typedef struct weft_op_def {
    const char *name;
    weft_status (*shared_open)(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types,
                               const weft_input *inputs, void **shared, int32_t *units);
    weft_status (*shared_unit)(weft_ctx *ctx, void *shared, int32_t unit);
    void (*shared_close)(void *shared);
    weft_status (*open)(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types, void *shared,
                        const weft_task *task, void **state);
    /* in->selected > 0; borrowed for the call and, after HAVE_MORE, until NEED_INPUT. */
    weft_status (*push)(weft_ctx *ctx, void *state, const weft_batch *in, weft_batch *out,
                        weft_op_result *result);
    /* HAVE_MORE: out holds a batch, call again; NEED_INPUT or FINISHED: done (out may hold the last). May be
     * NULL. */
    weft_status (*signal)(weft_ctx *ctx, void *state, weft_signal signal, weft_batch *out,
                          weft_op_result *result);
    /* Called once after END: leave marks in the task's block. May be NULL. */
    weft_status (*leave)(weft_ctx *ctx, void *state, weft_block_writer *writer);
    void (*metrics)(const void *state, weft_op_metrics *metrics);
    void (*close)(void *state);
} weft_op_def;

typedef struct weft_sink_def {
    const char *name;
    weft_status (*open)(weft_ctx *ctx, const weft_sink_spec *spec, const weft_types *input_types,
                        const weft_task *task, void **state);
    weft_status (*sink)(weft_ctx *ctx, void *state, const weft_batch *batch,
                        weft_op_result *result); /* FINISHED: enough */
    /* The block writer that the result goes to, for operators' leave(); valid from open to finalize. */
    weft_block_writer *(*writer)(void *state);
    weft_status (*finalize)(weft_ctx *ctx, void *state, weft_block **out);
    void (*metrics)(const void *state, weft_op_metrics *metrics);
    void (*close)(void *state); /* also after a failure: abandons what was not finalised */
} weft_sink_def;

/* Tables by kind (op_list.h); never NULL for a valid kind. */
const weft_source_def *weft_source_find(weft_source_kind kind);
const weft_op_def *weft_op_find(weft_op_kind kind);
const weft_sink_def *weft_sink_find(weft_sink_kind kind);

/* Open a stage in this process: compiles programs, prepares tables. inputs are in the stage's input order and
 * stay valid until weft_stage_close. The work units are then run by weft_stage_unit, in any order and in
 * parallel, all of them before the first lane opens. */
WEFT_MUST_CHECK weft_status weft_stage_open(weft_ctx *ctx, const weft_stage *stage, const weft_input *inputs,
                                            weft_stage_shared **out, int32_t *units);
WEFT_MUST_CHECK weft_status weft_stage_unit(weft_ctx *ctx, weft_stage_shared *shared, int32_t unit);
void weft_stage_close(weft_stage_shared **shared);

/* Which part of a lane's metrics reads an input of the stage: the operator that joins it, else the source. */
int32_t weft_fragment_reader(const weft_fragment *fragment, int32_t input);

/* A lane: one task, run by one thread at a time. metrics: [1 + op_count + 1] (source, operators, sink), added
 * to when the lane closes. ctx is the task's own, the same in every call. */
typedef struct weft_lane weft_lane;
WEFT_MUST_CHECK weft_status weft_lane_open(weft_ctx *ctx, weft_stage_shared *shared, const weft_task *task,
                                           weft_op_metrics *metrics, weft_lane **out);
/* Push batches until the input ends or no more is wanted. Checks cancel once per batch. After an error the
 * lane can only be closed. */
WEFT_MUST_CHECK weft_status weft_lane_run(weft_ctx *ctx, weft_lane *lane);
/* After that: the task's block. */
WEFT_MUST_CHECK weft_status weft_lane_finish(weft_ctx *ctx, weft_lane *lane, weft_block **out);
/* Close everything; what was not finished is abandoned. *lane is NULL afterwards; NULL is allowed. */
void weft_lane_close(weft_lane **lane);

#endif
