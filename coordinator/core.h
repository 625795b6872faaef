/* coordinator/core.h - the coordinator as one machine: members, scheduler, and what each worker was told.
 *
 * Passive and without I/O, clock or randomness: functions here step it with what happened, and it answers
 * through its port (orders to workers, words to connections) and in the job's own struct, where a waiting
 * thread finds what is new. Whoever calls holds the coordinator's lock. The simulation runs this very code.
 *
 * A worker is told a stage before its first task there, and again when blocks of its inputs are elsewhere
 * than it was told. When a session begins, both ends are compared: attempts that the worker does not have are
 * failed, those that nobody waits for are cancelled; blocks that are still wanted count again, others are
 * dropped by name; jobs that are over are ended. There is no other path that mends what was lost.
 *
 * A new leader's core begins with the jobs that stand in the journal (`resumed`), and with the names of the
 * members that there were: weft_core_recover. A worker that it did not welcome before sends the reports of
 * all blocks that it holds again, then says so (HELD); attempts that it runs are taken over. When all members
 * have, or their time is up, the rest of the resumed stages is launched. Until then only new stages are. */
#ifndef WEFT_COORDINATOR_CORE_H
#define WEFT_COORDINATOR_CORE_H

#include "coordinator/members.h"
#include "coordinator/relays.h"
#include "coordinator/scheduler.h"
#include "proto/control.h"

typedef struct weft_core weft_core;
typedef struct weft_event_log weft_event_log; /* event_log.h */

/* What ran: for EXPLAIN ANALYZE and the event log. */
typedef struct weft_stage_report {
    const weft_stage *stage;
    weft_op_metrics *metrics;           /* [op_count + 2], summed over the accepted attempts */
    int64_t rows, bytes, spilled_bytes; /* of its blocks */
    int64_t begin_ns, end_ns, run_ns;   /* run: summed over attempts */
    int64_t relayed_bytes;              /* of what it reads: passed on by workers that had read it */
    int32_t attempts, failures;
} weft_stage_report;

typedef struct weft_core_options {
    weft_members_options members;
    weft_scheduler_options scheduler;
    int64_t epoch;
    bool by_value;       /* fragments and tasks travel as bytes, and workers are told places */
    const char *cluster; /* workers of another name are refused; NULL: all are welcome */
    int64_t recover_ns;  /* so long members may take to tell what they hold; 0: WEFT_CORE_RECOVER_NS */
} weft_core_options;

#define WEFT_CORE_RECOVER_NS INT64_C(2000000000)

typedef enum weft_core_change { WEFT_CORE_PRESENT, WEFT_CORE_SILENT, WEFT_CORE_DEAD } weft_core_change;

/* How the core reaches others. The functions must not step it again. */
typedef struct weft_core_port {
    /* An order, after those before it; good for the call, or as control.h says. An error means that it was
     * not taken: the worker's session is at its end. */
    weft_status (*order)(weft_ctx *ctx, void *self, int32_t worker, const weft_to_worker *order);
    void (*flush)(weft_ctx *ctx, void *self); /* orders of a step are complete */
    void (*welcome)(void *self, uint64_t peer, const weft_link_head *head, int32_t worker);
    void (*refuse)(void *self, uint64_t peer, const char *text);
    void (*beat)(void *self, uint64_t peer, const weft_link_head *head);
    void (*close)(void *self, uint64_t peer);
    void (*changed)(void *self, int32_t worker, weft_core_change change); /* for the log */
    /* Tick at this time, not only as usual; the last call counts. May be NULL with one worker. */
    void (*wake)(void *self, int64_t due_ns);
    void *self;
} weft_core_port;

/* All but an order is passed over: for a worker that needs no messages. The caller sets order and self. */
extern const weft_core_port weft_core_port_mute;

/* What a worker was told of a stage. */
typedef struct weft_core_told {
    int32_t worker;
    uint32_t sources; /* the scheduler's number of where the input blocks are */
    bool open;        /* it can run tasks; else it must be told (again) */
} weft_core_told;

/* A block that came within its report. */
typedef struct weft_core_answer {
    int32_t generation, attempt;
    uint8_t *bytes; /* weft_block_encode: a memory block of the core's account; NULL: there is none */
    size_t len;
} weft_core_answer;

/* A stage of a job. In the memory of the thread that runs the job, which fills in the first part. */
typedef struct weft_core_stage {
    const weft_stage *stage;
    const uint8_t *fragment; /* by value: its wire form */
    size_t fragment_len;
    weft_shared *fragment_shared; /* … which is in here when it is large; NULL: it is small */
    uint32_t fragment_crc;        /* of a large one: CRC-32C */
    weft_stage_stats stats;       /* sums over the first accepted attempts, in the arrays that follow */
    int64_t *rows, *bytes;
    weft_key_range *keys;
    weft_sort_sample *samples;
    int32_t sample_most;  /* of one block; 0: it is not merged by range … */
    int32_t sample_every; /* … of each of the tasks 0, every, 2 every, … */
    int32_t sample_room;  /* of samples: as many as these may have */
    uint64_t *counted;    /* one bit a task: it is in the sums */
    weft_stage_report report;
    int32_t answer_bytes;    /* blocks up to this size come within their reports; 0: none */
    bool resumed;            /* of an earlier leader, as its records say: */
    const int32_t *accepted; /* … partition → attempt, copied; NULL: not on record */
    bool complete; /* … all its tasks were accepted once. When the sums are on record as well: stats (with
                      rows, bytes, keys) as they stand there, and `done` and `fixed` */
    /* the core's, but for a resumed stage, whose caller sets them first */
    int32_t generation;
    bool done;  /* all its blocks were there at once; stays so */
    bool fixed; /* the planner goes on with the sums: they stay as they are */
    bool freed;
    int64_t spilled_late; /* of its blocks, as told at the end of the job */
    weft_core_told *told; /* a memory block of the core's account */
    int32_t told_count, told_capacity;
    weft_relay_tree *relays;   /* of its inputs, as long as they are where they are: */
    uint32_t relays_sources;   /* the scheduler's number of that */
    weft_core_answer *answers; /* [tasks] a memory block of the core's account; NULL before the first */
} weft_core_stage;

/* A worker that heard of a job, and has to end it. */
typedef struct weft_core_hearer {
    int32_t worker;
    bool ended;
} weft_core_hearer;

/* What must be made durable before the job goes on (docs/failover.md, Holds). */
typedef struct weft_core_record {
    weft_record_kind kind;
    int32_t stage, generation; /* ACCEPTED: of which: weft_core_accepted */
    int32_t number; /* GENERATION: 1, 2, … of the job: weft_core_generations at the time of writing */
} weft_core_record;

typedef struct weft_core_job {
    uint64_t id;
    bool resumed; /* it stands in the journal, and its stages there are begun (each `resumed`, in order
                     of their ids) before any worker is welcomed; those after them are new */
    int32_t first_attempt; /* attempts are numbered from here: WEFT_CORE_ATTEMPTS × terms since its begin */
    bool recorded;         /* it has a record JOB: what must be durable is waited for */
    int32_t generation_number; /* GENERATION records that it has */
    const weft_settings *settings;
    int64_t wait_ns; /* most time that a task waits for a slot near what it reads */
    bool timed;
    weft_event_log *log;
    struct weft_tasks *tasks; /* what is told of attempts that ended goes there; NULL: nowhere */
    weft_arena *orders;       /* by reference: what orders point to, until the job has ended; the job's own */
    weft_core_stage **stages; /* [stage_count] by id */
    int32_t stage_count;
    /* what is new: read and reset by the job's thread */
    bool failed;
    weft_action failure;         /* which attempt failed the job */
    weft_error error;            /* … and why */
    void (*changed)(void *self); /* called when there is something new */
    void *changed_self;
    int64_t blocks_lost, workers_lost, bytes_relayed;
    int32_t record_count; /* > 0: weft_core_take_records */
    /* the core's */
    weft_core_record *records; /* [record_capacity] a memory block of the core's account */
    int32_t record_capacity;
    weft_core_hearer *hearers; /* a memory block of the core's account */
    int32_t hearer_count, hearer_capacity;
    bool ending;
    struct weft_core_job *next, *previous;
} weft_core_job;

/* Memory is charged to ctx's account; caller frees. The port's self is borrowed. */
WEFT_MUST_CHECK weft_status weft_core_new(weft_ctx *ctx, const weft_core_options *options,
                                          const weft_core_port *port, weft_core **out);
void weft_core_free(weft_core **core);

/* ---- from workers; peer: their connection. Errors: WEFT_NOMEM; the message may come again ---- */

/* Without memory the connection is closed, and the worker asks again. */
void weft_core_registers(weft_ctx *ctx, weft_core *core, uint64_t peer, const weft_worker_hello *hello);
/* True when it is next in its session: then call weft_core_report for each of its reports. */
bool weft_core_message(weft_ctx *ctx, weft_core *core, uint64_t peer, const weft_link_head *head,
                       int32_t *worker);
void weft_core_beat(weft_ctx *ctx, weft_core *core, uint64_t peer, const weft_link_head *head);
/* A report; what it holds stays the caller's. worker: who sent it. The orders that follow from it go with the
 * next weft_core_flush, so that those of all reports of a message are one. */
WEFT_MUST_CHECK weft_status weft_core_report(weft_ctx *ctx, weft_core *core, int32_t worker,
                                             const weft_to_coordinator *report);
void weft_core_flush(weft_ctx *ctx, weft_core *core);
void weft_core_leaves(weft_ctx *ctx, weft_core *core, uint64_t peer);
void weft_core_gone(weft_ctx *ctx, weft_core *core, uint64_t peer);
void weft_core_tick(weft_ctx *ctx, weft_core *core);
/* For what the port has collected for a worker: where it goes, and its place in the session. False: the
 * worker is not there. */
bool weft_core_head(weft_ctx *ctx, weft_core *core, int32_t worker, uint64_t *peer, weft_link_head *head);
/* All messages of its session up to this number have arrived there; 0: none, or there is no session. */
uint64_t weft_core_acked(const weft_core *core, int32_t worker);
/* The connection of a worker, 0 when there is none. */
uint64_t weft_core_peer(const weft_core *core, int32_t worker);

/* ---- from the threads that run jobs ---- */

WEFT_MUST_CHECK weft_status weft_core_job_begin(weft_ctx *ctx, weft_core *core, weft_core_job *job,
                                                int32_t attempts, uint64_t order_seed);
/* The stage with id stage_count - 1 of the job is there. positions: see the scheduler's event. */
WEFT_MUST_CHECK weft_status weft_core_stage_begin(weft_ctx *ctx, weft_core *core, weft_core_job *job,
                                                  const int32_t *inputs, const bool *positions);
/* Let go of the blocks of a stage, when it is finished and no stage that was issued will read it. */
WEFT_MUST_CHECK weft_status weft_core_free_unread(weft_ctx *ctx, weft_core *core, weft_core_job *job,
                                                  int32_t stage);
bool weft_core_is_finished(const weft_core *core, const weft_core_job *job, int32_t stage);
/* Where an accepted block is. False: nowhere at the moment. */
bool weft_core_find_block(const weft_core *core, const weft_core_job *job, int32_t stage, int32_t partition,
                          weft_block_name *name, weft_place *place);
/* The bytes of a block that came within its report, once: the caller's from then on (weft_mem_free). False:
 * they did not, or of another attempt. */
bool weft_core_take_answer(const weft_core_job *job, const weft_block_name *name, uint8_t **bytes,
                           size_t *len);
/* A block of the result could not be read; it is made again when it was the accepted one. */
WEFT_MUST_CHECK weft_status weft_core_block_lost(weft_ctx *ctx, weft_core *core, weft_core_job *job,
                                                 const weft_block_name *name);
/* Rows are about to reach the client: no new generation from now on. */
WEFT_MUST_CHECK weft_status weft_core_pin(weft_ctx *ctx, weft_core *core, weft_core_job *job);
/* End the job everywhere. The struct may go when weft_core_is_ended. */
void weft_core_job_end(weft_ctx *ctx, weft_core *core, weft_core_job *job);
/* Has every worker that can be reached let go of it? */
bool weft_core_is_ended(const weft_core *core, const weft_core_job *job);
/* Forget a job that has ended: workers that come back are told that it is over. */
void weft_core_job_forget(weft_core *core, weft_core_job *job);

/* ---- records, by the threads that run jobs (core_record.c) ---- */

enum { WEFT_CORE_ATTEMPTS = 4096 }; /* numbers of attempts of one task that a leader has for itself */

/* What is to be made durable, in ctx->arena; the job's list is empty afterwards. Each holds something until
 * weft_core_recorded. Errors: WEFT_NOMEM; the list is as it was. */
WEFT_MUST_CHECK weft_status weft_core_take_records(weft_ctx *ctx, weft_core_job *job, weft_core_record **out,
                                                   int32_t *count);
/* It is durable: what waited for it goes on. */
WEFT_MUST_CHECK weft_status weft_core_recorded(weft_ctx *ctx, weft_core *core, weft_core_job *job,
                                               const weft_core_record *record);
/* The accepted attempt of each task of a stage, in ctx->arena: [task_count]. False: the stage is not (any
 * more) in this generation, or a task has none: then there is nothing to write, and the record is void: what
 * it held is gone. */
WEFT_MUST_CHECK weft_status weft_core_accepted(weft_ctx *ctx, const weft_core *core, const weft_core_job *job,
                                               const weft_core_record *record, int32_t **attempts,
                                               bool *there);
/* The stages that are not in their first generation, in ctx->arena. */
typedef struct weft_core_generation {
    int32_t stage, generation;
} weft_core_generation;
WEFT_MUST_CHECK weft_status weft_core_generations(weft_ctx *ctx, const weft_core_job *job,
                                                  weft_core_generation **out, int32_t *count);
/* The job becomes `recorded` while it runs. Holds begin; what goes on already is not held. *out: the records
 * of its present state, in ctx->arena, to be durable before its JOB is; they need no weft_core_recorded.
 * Errors: WEFT_NOMEM; nothing has changed then. */
WEFT_MUST_CHECK weft_status weft_core_record_from_now(weft_ctx *ctx, weft_core *core, weft_core_job *job,
                                                      weft_core_record **out, int32_t *count);

/* ---- a new leader (core_recover.c) ---- */

/* Begin to recover, before the port opens; members: processes that there were, as the journal knows them,
 * copied. With or without jobs, before or after they are begun. The phase ends with a tick or a report: when
 * each of them has told all that it holds, or options.recover_ns after the first tick. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_core_recover(weft_ctx *ctx, weft_core *core, const weft_uuid *members,
                                              int32_t count);
bool weft_core_is_recovering(const weft_core *core);
/* The highest epoch that a worker has told of: above options.epoch this leader is deposed. Such a worker is
 * not welcomed. */
int64_t weft_core_highest_epoch(const weft_core *core);

/* ---- what people see ---- */

/* Why a worker is dead. */
typedef enum weft_core_end { WEFT_CORE_UNHEARD, WEFT_CORE_BROKEN, WEFT_CORE_LEFT } weft_core_end;

enum { WEFT_CORE_DEAD_MOST = 64 }; /* dead workers that are remembered for people */

typedef struct weft_core_worker {
    int32_t number, slots;
    weft_uuid uuid;
    bool silent;
    weft_core_end end; /* of the dead */
    int64_t end_ns;    /* likewise */
    int64_t memory_bytes, since_ns, heard_ns;
    const char *address, *host_id, *version, *web; /* owned by the core */
} weft_core_worker;

int32_t weft_core_worker_count(const weft_core *core);
void weft_core_get_worker(const weft_core *core, int32_t index, weft_core_worker *out);
/* The dead that are remembered; index 0 died last. */
int32_t weft_core_dead_count(const weft_core *core);
void weft_core_get_dead(const weft_core *core, int32_t index, weft_core_worker *out);
/* What the workers that are present have. */
typedef struct weft_core_room {
    int32_t workers, slots;
    int64_t memory_bytes; /* of the smallest */
} weft_core_room;
weft_core_room weft_core_measure(const weft_core *core);
const weft_scheduler *weft_core_scheduler(const weft_core *core);
weft_core_job *weft_core_first_job(const weft_core *core);
/* NULL, or what does not add up; for tests and simulation. */
const char *weft_core_check(const weft_core *core);

#endif
