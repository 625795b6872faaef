/* proto/control.h - the messages between coordinator and worker.
 *
 * An order of a stage and a launch together are the descriptor of a task (contract 5): the fragment with the
 * files that it reads (path, size, time), the accepted attempts of its inputs, the settings, all
 * as they were planned; then the splits and partitions of this task. Nothing else decides its output.
 *
 * In one process a message points to what the sender holds (nothing is copied or packed). Between processes,
 * and under the setting weft.test.serialize, it is bytes (control.proto): weft_to_worker_encode and its
 * counterparts here; a decoded message is whole, owns nothing of the sender's, and was validated. What only
 * the engine can check, fragment and task, stays packed until it is used.
 *
 * Each side sees the other only as functions to send with. Every message carries the epoch of the leader that
 * it belongs to. Handlers are idempotent: a message may come twice, late, or never. */
#ifndef WEFT_PROTO_CONTROL_H
#define WEFT_PROTO_CONTROL_H

#include "common/ctx.h"
#include "common/uuid.h"
#include "proto/report.h"

typedef struct weft_stage weft_stage;         /* engine/plan/physical.h */
typedef struct weft_task_spec weft_task_spec; /* likewise */
typedef struct weft_block weft_block;         /* engine/exec/block.h */
typedef struct weft_shared weft_shared;       /* common/shared.h */

/* A worker that holds blocks. */
typedef struct weft_place {
    int32_t worker;      /* its number */
    weft_uuid uuid;      /* its process */
    const char *address; /* "tcp://HOST:PORT" of its block server */
} weft_place;

/* Whom to ask before the holder of blocks: it was told to read them too. Both are indexes of places. */
typedef struct weft_source_relay {
    int32_t holder, place;
} weft_source_relay;

/* The accepted blocks of one input of a stage: attempt and place of each map task, in task order. */
typedef struct weft_stage_source {
    int32_t stage, generation;
    int32_t task_count;
    const int32_t *attempts; /* [task_count] */
    const int32_t *places;   /* [task_count] index into the order's places; NULL: all are with the receiver */
    bool shared;             /* others may come and ask for what is read of it */
    int32_t relay_count;
    const weft_source_relay *relays; /* [relay_count]; those of one holder in the order to ask them */
} weft_stage_source;

typedef enum weft_to_worker_kind {
    WEFT_TO_WORKER_STAGE,  /* a fragment and where its inputs are: before the first task of the stage */
    WEFT_TO_WORKER_LAUNCH, /* run one attempt */
    WEFT_TO_WORKER_CLOSE,  /* no task of the stage will come: its tables and inputs can go; it may be opened
                              again, with other inputs */
    WEFT_TO_WORKER_FREE,   /* the blocks of a stage are not needed any more */
    WEFT_TO_WORKER_END,    /* the job is over (or cancelled): stop its tasks, drop all that is left of it */
    WEFT_TO_WORKER_CANCEL, /* stop this attempt: nobody waits for it. It is answered by a report all the same
                            */
    WEFT_TO_WORKER_DROP,   /* this block (of partition and attempt) does not count and is not needed */
    WEFT_TO_WORKER_PIECE /* the next bytes of the fragment of a stage, of which STAGE told only the length */
} weft_to_worker_kind;

typedef struct weft_to_worker {
    weft_to_worker_kind kind;
    int64_t epoch;
    uint64_t job;
    int32_t stage, generation;
    int32_t partition, attempt; /* LAUNCH, CANCEL, DROP */
    const weft_task_spec *task; /* LAUNCH: borrowed until END of the job has been answered; or NULL, and */
    const uint8_t *task_bytes;  /* … its wire form (weft_task_encode), borrowed for the call */
    size_t task_len;
    const weft_stage *fragment;    /* STAGE: borrowed like a task; or NULL, and */
    const uint8_t *fragment_bytes; /* … its wire form (weft_stage_encode), borrowed likewise */
    size_t fragment_len;
    weft_shared *fragment_shared; /* … that fragment_bytes are of, or NULL. Who sends them in pieces, as a
                                     large one should be, holds it */
    bool fragment_apart;    /* … which are not in the encoded message: they come in pieces, after it */
    uint32_t fragment_crc;  /* … and have this CRC-32C together */
    size_t fragment_offset; /* PIECE: fragment_bytes, which are not in the encoded message either, lie here in
                               the whole */
    int32_t source_count;   /* STAGE: one for each input of the stage */
    const weft_stage_source *sources; /* borrowed likewise */
    int32_t place_count;
    const weft_place *places;      /* borrowed likewise */
    const weft_settings *settings; /* STAGE: of the statement, borrowed likewise */
    bool timed;                    /* STAGE: measure operator times */
    int32_t answer_bytes; /* STAGE: a block up to this size travels in the report of its attempt too */
} weft_to_worker;

typedef enum weft_to_coordinator_kind {
    WEFT_FROM_WORKER_REGISTER, /* a worker with so many slots is there: `hello` between processes */
    WEFT_FROM_WORKER_DONE,     /* an attempt has left its block */
    WEFT_FROM_WORKER_FAILED,
    WEFT_FROM_WORKER_ENDED, /* nothing of the job is left */
    WEFT_FROM_WORKER_HELD   /* to the leader of this epoch, which has welcomed it for the first time: the
                               reports of all blocks that it holds were sent again, before this one */
} weft_to_coordinator_kind;

enum { WEFT_HOST_BYTES = 256, WEFT_VERSION_BYTES = 32 }; /* with the zero byte at the end */

/* Who a worker is and what it holds, told whenever a session begins. One memory block, arrays and all. */
typedef struct weft_worker_hello {
    weft_uuid uuid;        /* of the process: new at every start */
    uint64_t registration; /* grows with each of the process: one that comes late is known by it */
    int64_t epoch;         /* of the last leader that has welcomed it, 0: none. To another one it will report
                              all its blocks again, and then HELD */
    int32_t slots;
    int64_t memory_bytes;
    char address[WEFT_HOST_BYTES + 16]; /* "tcp://HOST:PORT" of its block server, as others reach it */
    char host_id[WEFT_HOST_BYTES];      /* the failure domain: processes of one host share it */
    char cluster[WEFT_HOST_BYTES];      /* the cluster that it means to join */
    char version[WEFT_VERSION_BYTES];
    char web[WEFT_HOST_BYTES + 16]; /* "http://HOST:PORT" or "https://…": its health and metrics; or "" */
    int32_t running_count, block_count, job_count;
    const weft_block_name *running; /* attempts that it has: begun, waiting, or reported without an
                                       acknowledgement */
    const weft_block_name *blocks;  /* in its store, but those of attempts that are among `running`, and
                                      those whose reports are on their way again */
    const uint64_t *jobs;           /* of which it holds anything at all */
} weft_worker_hello;

/* What it points to are memory blocks that the receiver owns: weft_to_coordinator_release. */
typedef struct weft_to_coordinator {
    weft_to_coordinator_kind kind;
    int32_t worker;
    int64_t epoch;
    uint64_t job;
    int32_t slots;            /* REGISTER */
    weft_worker_hello *hello; /* REGISTER: NULL in one process */
    int32_t stage, generation, partition, attempt;
    weft_block_meta *block;   /* DONE: of the block in the worker's store */
    weft_op_metrics *metrics; /* DONE: [metric_count], source, operators, sink; NULL when memory was out */
    int32_t metric_count;
    uint8_t *answer; /* DONE: the block itself (weft_block_encode), where the order of its stage asks for
                        it; else NULL */
    size_t answer_len;
    weft_status status;    /* FAILED */
    weft_error *error;     /* FAILED: NULL when memory was out */
    bool broken;           /* FAILED: the stage could not be opened, and stays so until it is opened again */
    bool has_lost;         /* FAILED: because of this block of an input, which cannot be read any more */
    weft_block_name lost;  /* … of the same job */
    bool unreachable;      /* … whose holder could not be reached, so that all its blocks are missed */
    int64_t run_ns;        /* DONE, FAILED: how long the attempt ran */
    int64_t relayed_bytes; /* DONE, FAILED: of inputs of its stage that the worker passed on, since it last
                              told */
    weft_stage_spill *spills; /* ENDED: [spill_count]; NULL when there was none, or no memory to tell */
    int32_t spill_count;
} weft_to_coordinator;

/* A zeroed hello with room for these counts, in one memory block of ctx's account: weft_mem_free. */
WEFT_MUST_CHECK weft_status weft_worker_hello_new(weft_ctx *ctx, int32_t running_count, int32_t block_count,
                                                  int32_t job_count, weft_worker_hello **out);
/* Free what a report holds. */
void weft_to_coordinator_release(weft_to_coordinator *message);

/* ---- as bytes ---- */

enum {
    WEFT_CONTROL_VERSION = 1,
    WEFT_CONTROL_BYTES_MAX = 512 << 20, /* a stage of a million files; a socket takes no more than this */
    WEFT_PIECE_BYTES_MAX = 256 << 10,   /* of a fragment: also a connection of 128 KiB a second brings one
                                           before its end is taken for dead (2 s) */
    WEFT_CONTROL_TASKS_MAX = 1 << 24,   /* of all inputs together: 64 MiB, which a few bytes can claim */
    WEFT_CONTROL_PLACES_MAX = 65536,    /* workers of one order */
    WEFT_CONTROL_RELAYS_MAX = 65536,    /* of one input */
    WEFT_HELLO_NAMES_MAX = 1 << 22,     /* blocks of a worker, and its attempts */
    WEFT_HELLO_JOBS_MAX = 1 << 20,
    WEFT_ANSWER_BYTES_MAX = 1 << 20 /* of a block within a report */
};

/* The message is of ctx->arena. It must have bytes for its fragment and task, not pointers; a fragment that
 * is apart leaves only its length and checksum there, a piece its place and length, and what is decoded has
 * no fragment_bytes. Of the settings those
 * of the statement travel; what belongs to a process (memory, slots, folders) is each process's own.
 * Errors: WEFT_LIMIT, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_to_worker_encode(weft_ctx *ctx, const weft_to_worker *message,
                                                  uint8_t **bytes, size_t *len);
/* Into ctx->arena; bytes are not needed afterwards. settings: of this process, under those that come. Errors:
 * WEFT_CORRUPT, WEFT_LIMIT, WEFT_UNSUPPORTED for another version, kind, field or setting, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_to_worker_decode(weft_ctx *ctx, const weft_settings *settings,
                                                  const uint8_t *bytes, size_t len, weft_to_worker *out);
WEFT_MUST_CHECK weft_status weft_to_coordinator_encode(weft_ctx *ctx, const weft_to_coordinator *message,
                                                       uint8_t **bytes, size_t *len);
/* The same; what *out points to are memory blocks of ctx's account. After an error there are none. */
WEFT_MUST_CHECK weft_status weft_to_coordinator_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                                       weft_to_coordinator *out);

/* ---- the far end, as each side sees it ---- */

typedef struct weft_worker_link {
    /* Never waits. */
    weft_status (*send)(weft_ctx *ctx, void *self, const weft_to_worker *message);
    /* A count of a block that was accepted. Errors: WEFT_FETCH_FAILED when it is not there any more. */
    weft_status (*fetch)(weft_ctx *ctx, void *self, const weft_block_name *name, weft_block **out);
    void *self;
} weft_worker_link;
typedef struct weft_coordinator_link {
    /* Never waits. Takes what the message holds when it succeeds. */
    weft_status (*send)(weft_ctx *ctx, void *self, const weft_to_coordinator *message);
    /* What was sent so far need not wait for more. NULL: nothing ever waits. */
    void (*flush)(void *self);
    void *self;
} weft_coordinator_link;

#endif
