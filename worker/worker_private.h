/* worker/worker_private.h - what the files of a worker share; for nobody else.
 *
 * worker.c takes orders and owns the slots, attempt.c knows which attempts and what else is here, fragment.c
 * puts large fragments together, stage.c opens stages, task.c runs tasks and reports, room.c says how many of
 * them run at once. One lock, the worker's; a block store has its own, taken after it. */
#ifndef WEFT_WORKER_WORKER_PRIVATE_H
#define WEFT_WORKER_WORKER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/mailbox.h"
#include "engine/exec/op.h"
#include "worker/relay.h"
#include "worker/worker.h"

typedef enum stage_state {
    STAGE_NEW,
    STAGE_AWAITED, /* its fragment is on its way, in pieces; then it is NEW */
    STAGE_OPENING,
    STAGE_BUILDING,
    STAGE_READY,
    STAGE_BROKEN
} stage_state;

typedef struct worker_job {
    struct worker_job *next;
    uint64_t id;
    atomic_bool cancelled;
    int32_t stages;
    weft_scratch_space *scratch; /* where all its tasks spill */
    weft_stage_spill *spills;    /* of blocks that were dropped: a memory block of the worker's account */
    int32_t spill_count, spill_capacity;
} worker_job;

/* What a decoded message lies in; nothing for one by reference. */
typedef struct message_memory {
    weft_account *account;
    weft_arena *arena;
} message_memory;

typedef struct worker_stage {
    struct worker_stage *next;
    worker_job *job;
    weft_to_worker order; /* the STAGE message; what it points to is the sender's, or lies in */
    message_memory message;
    uint8_t *fragment;     /* that comes in pieces: a memory block of the stage's account, of the length that
                              the order tells; NULL: it came with the order */
    size_t fragment_got;   /* so much of it is there, */
    uint32_t fragment_crc; /* with this CRC-32C */
    int32_t users;         /* slots at work on it; guarded by the worker's lock, as is all up to `account` */
    bool dropped;          /* CLOSE or END came: free it when the last user leaves */
    stage_state state;
    int32_t units, next_unit, built_units;
    weft_status broken;
    weft_error error;
    weft_fetch_failure failure; /* broken, since this block of an input cannot be read */
    weft_account *account;
    weft_arena *arena;
    weft_ctx ctx;            /* of the opening slot */
    const weft_stage *stage; /* what the order brought, or `decoded` */
    weft_stage *decoded;     /* from the wire; its table is closed with it */
    weft_input *inputs;
    weft_stage_shared *shared;
} worker_stage;

/* How many slots may work at once; guarded by the worker's lock. */
typedef struct worker_room {
    int32_t most;    /* as many as the pool has memory for, at least 1 */
    int32_t running; /* slots at work */
    int64_t entries; /* slots that ever went to work: who worked alone, sees no other entry than its own */
    int32_t alone;   /* slots that wait to work alone: before them nobody else begins */
} worker_room;

typedef struct slot {
    weft_worker *worker;
    pthread_t thread;
    bool started;
    weft_account *account;
    weft_arena *arena;
} slot;

/* From its launch until it was reported; guarded by the worker's lock. One memory block of its account. */
typedef struct worker_attempt {
    struct worker_attempt *next, **link; /* link: what points to it */
    worker_stage *stage;                 /* one use of it is the attempt's */
    int32_t partition, attempt;
    int64_t epoch;         /* of the leader that has launched it */
    atomic_bool cancelled; /* of itself, or with its job */
    bool forgotten; /* it waited for its stage's fragment, and the session that would have brought it is over:
                       it never was here */
    const weft_task_spec *task; /* the sender's, or NULL and */
    size_t task_len;
    uint8_t task_bytes[]; /* … its wire form */
} worker_attempt;

typedef enum order_kind { ORDER_TASK, ORDER_HELP, ORDER_STOP } order_kind;
typedef struct order {
    order_kind kind;
    worker_stage *stage;     /* HELP: one use of it is the order's */
    worker_attempt *attempt; /* TASK */
} order;

struct weft_worker {
    weft_worker_options options;
    weft_account *account;
    weft_account *store_account;
    weft_store *store;
    weft_relay *relay; /* of blocks that lie elsewhere and are read here */
    weft_mailbox *orders;
    message_memory incoming; /* what the next message is decoded into; an order that opens a stage takes it */
    atomic_int held;         /* reports that the link was not told to send yet */
    pthread_mutex_t lock;
    pthread_cond_t changed;   /* some stage's state or unit count, the room, or a job was cancelled */
    worker_stage *stages;     /* guarded by lock */
    worker_job *jobs;         /* guarded by lock */
    worker_attempt *attempts; /* guarded by lock */
    int64_t epoch;            /* the highest seen; guarded by lock */
    bool paused;              /* no attempt begins; guarded by lock */
    atomic_bool stopping;
    _Atomic int32_t number; /* what the coordinator calls this worker */
    worker_room room;
    slot *slots;
};

/* ---- room.c ---- */

/* Memory for the tasks of all slots: floors, what is left for working memory, how many run at once. */
void weft_room_init(weft_worker *w);
int64_t weft_room_slot_floor(const weft_worker *w);
/* Wait until this slot may go to work, holding nothing; alone: when no other does, and none will until it
 * leaves. Goes on at once when *cancelled. Returns what weft_room_leave takes. */
int64_t weft_room_enter(weft_worker *w, const atomic_bool *cancelled, bool alone);
/* True when another slot was at work at some time since the entry. */
bool weft_room_leave(weft_worker *w, int64_t entry);

/* ---- worker.c ---- */

/* Test setting: is the block to be taken for lost? Only first attempts of first tasks are. */
bool weft_worker_is_lost(const weft_ctx *ctx, const weft_block_name *name);

/* ---- attempt.c ---- */

/* Lock held in these three. add: the launch of one, whose stage is s. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_worker_attempt_add(weft_ctx *ctx, weft_worker *w, worker_stage *s,
                                                    const weft_to_worker *m, worker_attempt **out);
void weft_worker_attempt_remove(worker_attempt *a);
/* Stop the attempts that the order names: one, or all of its job (job != NULL). */
void weft_worker_attempts_cancel(weft_worker *w, const weft_to_worker *m, const worker_job *job);

/* ---- fragment.c ---- */

/* Lock held in these two. The order of the stage tells of a fragment that comes in pieces: have memory for
 * it, or break the stage for want of it. */
void weft_worker_fragment_expect(weft_ctx *ctx, worker_stage *s);
/* A piece is there, for whichever stages wait for it. Errors: WEFT_CORRUPT: it does not fit to those before.
 */
WEFT_MUST_CHECK weft_status weft_worker_fragment_take(weft_ctx *ctx, weft_worker *w, const weft_to_worker *m);
/* By a slot: wait until the fragment of the stage of an attempt is there, or the attempt is cancelled. False:
 * it is forgotten, and to be left without a word. */
bool weft_worker_fragment_await(weft_worker *w, const worker_attempt *a);

/* ---- stage.c ---- */

void weft_worker_stage_free(weft_worker *w, worker_stage *s);
/* Lock held in these two. */
void weft_worker_stage_unlink(weft_ctx *ctx, weft_worker *w, worker_stage *s);
void weft_worker_job_ended(weft_ctx *ctx, weft_worker *w, worker_job *job, int64_t epoch);
/* Drop blocks, and remember how much of them was in scratch for the report at the end of the job. */
void weft_worker_drop_blocks(weft_ctx *ctx, weft_worker *w, worker_job *job, int32_t stage,
                             int32_t generation);
void weft_worker_drop_block(weft_ctx *ctx, weft_worker *w, worker_job *job, const weft_block_name *name);
/* After a read failed by its checksum: which block of the inputs is bad. Reads them all again. */
bool weft_worker_stage_find_bad(weft_ctx *ctx, const worker_stage *s, weft_block_name *bad);
/* One use less of it; ctx has the worker's settings afterwards, as those of the stage may have gone. The
 * attempt that it was, or NULL, is gone too. */
void weft_worker_stage_leave(weft_ctx *ctx, weft_worker *w, worker_stage *s, worker_attempt *attempt);
/* Have it ready, opening it when nobody has yet. alone: no other slot is at work, so a stage that broke for
 * want of memory is opened anew. */
WEFT_MUST_CHECK weft_status weft_worker_stage_prepare(weft_ctx *ctx, weft_worker *w, worker_stage *s,
                                                      bool alone);

/* ---- task.c ---- */

/* Send a message to the coordinator; what it holds is gone afterwards, whether it went or not. */
void weft_worker_report(weft_ctx *ctx, weft_worker *w, weft_to_coordinator *message);
/* Reports that were held back for others to come are on their way. */
void weft_worker_flush(weft_worker *w);
void weft_slot_task(slot *sl, const order *o);
void weft_slot_help(slot *sl, const order *o);
/* The pool's relief: self is the worker. */
int64_t weft_worker_give_way(weft_ctx *ctx, void *self, int64_t bytes);

#endif
