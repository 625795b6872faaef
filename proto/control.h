/* proto/control.h - the messages between coordinator and worker.
 *
 * In one process they are these structs, passed by value through a mailbox, and what they point to is shared;
 * between processes the same fields travel as protobuf and raw frames. Each side sees the other only as a
 * function to send with. Every message carries the epoch of the leader that it belongs to. Handlers are
 * idempotent: a message may come twice, late, or never. */
#ifndef WEFT_PROTO_CONTROL_H
#define WEFT_PROTO_CONTROL_H

#include "common/ctx.h"

typedef struct weft_stage weft_stage;           /* engine/plan/physical.h */
typedef struct weft_block weft_block;           /* engine/exec/block.h */
typedef struct weft_op_metrics weft_op_metrics; /* engine/exec/op.h */

/* The accepted blocks of one input of a stage: the attempt of each map task, in task order. */
typedef struct weft_stage_source {
    int32_t stage, generation;
    int32_t task_count;
    const int32_t *attempts; /* [task_count] */
} weft_stage_source;

typedef enum weft_to_worker_kind {
    WEFT_TO_WORKER_STAGE,  /* a fragment and where its inputs are: before the first task of the stage */
    WEFT_TO_WORKER_LAUNCH, /* run one attempt */
    WEFT_TO_WORKER_CLOSE,  /* every task of a stage was accepted: its tables and inputs can go */
    WEFT_TO_WORKER_FREE,   /* the blocks of a stage are not needed any more */
    WEFT_TO_WORKER_END     /* the job is over (or cancelled): stop its tasks, drop all that is left of it */
} weft_to_worker_kind;

typedef struct weft_to_worker {
    weft_to_worker_kind kind;
    int64_t epoch;
    uint64_t job;
    int32_t stage, generation;
    int32_t partition, attempt;    /* LAUNCH */
    const weft_stage *fragment;    /* STAGE: borrowed until END of the job has been answered; or NULL, and */
    const uint8_t *fragment_bytes; /* … its wire form (weft_stage_encode), borrowed likewise */
    size_t fragment_len;
    int32_t source_count;             /* STAGE: one for each input of the stage */
    const weft_stage_source *sources; /* borrowed likewise */
    const weft_settings *settings;    /* STAGE: of the statement, borrowed likewise */
    bool timed;                       /* STAGE: measure operator times */
} weft_to_worker;

typedef enum weft_to_coordinator_kind {
    WEFT_FROM_WORKER_REGISTER, /* a worker with so many slots is there */
    WEFT_FROM_WORKER_DONE,     /* an attempt has left its block */
    WEFT_FROM_WORKER_FAILED,
    WEFT_FROM_WORKER_ENDED /* nothing of the job is left */
} weft_to_coordinator_kind;

typedef struct weft_to_coordinator {
    weft_to_coordinator_kind kind;
    int32_t worker;
    int64_t epoch;
    uint64_t job;
    int32_t slots; /* REGISTER */
    int32_t stage, generation, partition, attempt;
    weft_block *block; /* DONE: one count of it goes to the receiver */
    weft_op_metrics
        *metrics;       /* DONE: [2 + op_count], weft_mem_free by the receiver; NULL when memory was out */
    weft_status status; /* FAILED */
    weft_error *error;  /* FAILED: weft_mem_free by the receiver; NULL when memory was out */
    int64_t run_ns;     /* DONE, FAILED: how long the attempt ran */
} weft_to_coordinator;

/* The far end, as each side sees it. send never waits. */
typedef struct weft_worker_link {
    weft_status (*send)(weft_ctx *ctx, void *self, const weft_to_worker *message);
    void *self;
} weft_worker_link;
typedef struct weft_coordinator_link {
    weft_status (*send)(weft_ctx *ctx, void *self, const weft_to_coordinator *message);
    void *self;
} weft_coordinator_link;

#endif
