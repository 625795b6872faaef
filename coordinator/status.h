/* coordinator/status.h - what people see of a coordinator: workers, jobs, stages, as of one moment. */
#ifndef WEFT_COORDINATOR_STATUS_H
#define WEFT_COORDINATOR_STATUS_H

#include "coordinator/coordinator.h"
#include "coordinator/tasks.h"

typedef struct weft_worker_status {
    int32_t number;
    weft_uuid uuid;
    const char *address, *host_id, *version;
    const char *web; /* "http://HOST:PORT" or "https://…": its health and metrics; or "" */
    bool silent;
    int32_t slots, running; /* running: attempts */
    int64_t memory_bytes;
    int64_t since_us, heard_us; /* wall clock, µs since 1970: registered, last heard */
    bool dead;
    const char *reason; /* of the dead, else NULL */
    int64_t end_us;     /* likewise, else 0 */
} weft_worker_status;

typedef enum weft_job_state {
    WEFT_JOB_RUNNING,
    WEFT_JOB_SUCCEEDED,
    WEFT_JOB_FAILED,
    WEFT_JOB_CANCELLED
} weft_job_state;

typedef struct weft_stage_status {
    int32_t stage, generation;
    int64_t tasks, running, tasks_done, attempts, failures;
    bool done;
    int64_t rows, bytes, spilled_bytes, read_bytes; /* rows and bytes: of its blocks; read: from storage */
    int64_t exchange_bytes, exchange_remote_bytes;  /* read of other tasks' blocks; … of other workers' */
    int64_t begin_us, end_us;                       /* wall clock; end 0: not yet */
} weft_stage_status;

typedef struct weft_job_status {
    uint64_t id;
    weft_job_state state;
    const char *text;  /* the statement, cut to its first 4 KiB */
    const char *user;  /* of the session; "" without keys */
    const char *error; /* "[CLASS] message", or NULL */
    int64_t begin_us, end_us;
    int32_t stages, stages_done;
    int64_t tasks, running, tasks_done, attempts, tasks_rerun, blocks_lost, workers_lost;
    int64_t bytes_read, bytes_exchanged, bytes_relayed, bytes_spilled;
    int64_t locality[WEFT_LOCALITY_COUNT]; /* attempts by where they were launched */
    const weft_stage_status *stage_list;   /* [stages] */
} weft_job_status;

/* Of all jobs since the process began, the running ones with what they have done so far. */
typedef struct weft_job_totals {
    int64_t begun, succeeded, failed, cancelled;
    int64_t unseen;     /* jobs that are not listed, for want of memory */
    int64_t elapsed_us; /* of the ended ones */
    int64_t bytes_read, bytes_exchanged, bytes_relayed, bytes_spilled;
} weft_job_totals;

typedef enum weft_coordinator_state {
    WEFT_COORDINATOR_ALIVE,      /* leads */
    WEFT_COORDINATOR_RECOVERING, /* leads, and brings back what the leader before it has left */
    WEFT_COORDINATOR_SUSPENDED,  /* leads, but has lost ZooKeeper for the moment */
    WEFT_COORDINATOR_STANDBY
} weft_coordinator_state;

typedef struct weft_cluster_status {
    weft_coordinator_state state;
    const char *leader_address;                     /* weft://HOST:PORT of who leads; "": nobody knows */
    const char *leader_http;                        /* likewise, http://HOST:PORT */
    const char *recovery;                           /* "zookeeper", "file", "none" */
    const char *lost;                               /* what is lost when this process dies; "": nothing */
    const char *problem;                            /* why it waits, or "" */
    int64_t relayed, relayed_bytes, relays_refused; /* connections that it relays now; since it began */
    const char *cluster, *version;
    int64_t epoch, begin_us;
    bool leader, journal_broken;
    int32_t worker_count, dead_count, job_count;
    const weft_worker_status *workers;
    const weft_worker_status *dead; /* workers that died in the last 15 minutes, the last one first */
    const weft_job_status *jobs; /* running ones, then ended ones from the last to the first (up to 1,000) */
    weft_job_totals totals;
    weft_scheduler_counts counts; /* since the process began */
} weft_cluster_status;

/* Attempts of a stage: those that run, then those that ended and are still known (tasks.h), in the order in
 * which they did; in ctx->arena. Any thread. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_coordinator_list_tasks(weft_ctx *ctx, weft_coordinator *coordinator,
                                                        uint64_t job, int32_t stage, int32_t generation,
                                                        weft_task_record **out, int32_t *count);
/* All of it in ctx->arena. Any thread. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_coordinator_status(weft_ctx *ctx, weft_coordinator *coordinator,
                                                    weft_cluster_status *out);
#endif
