/* coordinator/tasks.h - the attempts that ended last, of all jobs, for people (Spark's taskList and
 * taskSummary).
 *
 * A ring: the oldest goes when a new one comes, so what is kept takes at most WEFT_TASKS_MOST records however
 * many tasks there are, and a task that waits or runs takes nothing here. Telling it something never fails
 * and does not wait; without memory it keeps fewer. Any thread. */
#ifndef WEFT_COORDINATOR_TASKS_H
#define WEFT_COORDINATOR_TASKS_H

#include "coordinator/scheduler.h"
#include "proto/control.h"

enum { WEFT_TASKS_MOST = 16384 };

typedef struct weft_tasks weft_tasks;

typedef struct weft_task_record {
    uint64_t job;
    int32_t stage, generation, partition, attempt;
    int32_t worker;
    weft_locality locality;
    bool running;       /* then nothing of what follows is known */
    weft_status status; /* WEFT_OK: it left its block */
    int64_t end_us;     /* wall clock: when its report came */
    int64_t run_ns;
    int64_t read_bytes, read_rows; /* of files */
    int64_t rows, bytes;           /* of its block */
    int64_t spilled_bytes;
} weft_task_record;

/* Memory is charged to ctx's account. */
WEFT_MUST_CHECK weft_status weft_tasks_new(weft_ctx *ctx, weft_tasks **out);
/* An attempt has ended, as a worker tells. */
void weft_tasks_report(weft_tasks *tasks, const weft_to_coordinator *report, int32_t worker,
                       weft_locality locality);
void weft_tasks_add(weft_tasks *tasks, const weft_task_record *record);
/* Those of a stage that are still known, in the order in which they ended; in ctx->arena. Errors: WEFT_NOMEM.
 */
WEFT_MUST_CHECK weft_status weft_tasks_list(weft_ctx *ctx, weft_tasks *tasks, uint64_t job, int32_t stage,
                                            int32_t generation, weft_task_record **out, int32_t *count);
void weft_tasks_free(weft_tasks **tasks);

#endif
