/* coordinator/jobs.c - see jobs.h. Running jobs are an array that is searched from its end (there are few),
 * ended ones a ring. A record and its texts are one block; its stages are another, which grows. */
#include "coordinator/jobs.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/redact.h"

typedef struct job_record {
    weft_job_status status;    /* as far as it is known before the sums; text points behind the record */
    weft_stage_status *stages; /* [status.stages] */
    int32_t capacity;
    size_t bytes;
} job_record;

struct weft_jobs {
    pthread_mutex_t lock; /* guards all below */
    weft_ctx ctx;         /* for allocations under the lock; has no arena */
    weft_account *account;
    job_record **running; /* [running_count] */
    int32_t running_count, running_capacity;
    job_record *ended[WEFT_JOBS_ENDED_MOST]; /* a ring */
    int32_t first, ended_count;
    size_t ended_bytes;
    weft_job_totals totals; /* bytes: of ended jobs */
};

weft_status weft_jobs_new(weft_ctx *ctx, weft_jobs **out)
{
    weft_status st = WEFT_OK;
    weft_jobs *jobs = NULL;
    weft_account *account = weft_account_open(weft_account_pool(ctx->memory), "jobs");
    weft_ctx own = *ctx;
    *out = NULL;
    if (account == NULL) return weft_fail(ctx, WEFT_NOMEM, "no memory for the list of jobs");
    own.memory = account;
    own.arena = NULL;
    own.cancel = NULL;
    st = weft_mem_alloc_zero(&own, WEFT_MEM_WORKING, sizeof(*jobs), (void **)&jobs);
    if (st != WEFT_OK) {
        weft_account_close(&account);
        return weft_error_copy(ctx, &own);
    }
    jobs->ctx = own;
    jobs->account = account;
    pthread_mutex_init(&jobs->lock, NULL);
    *out = jobs;
    return st;
}

static void record_free(job_record *job)
{
    if (job == NULL) return;
    weft_mem_free(job->stages);
    weft_mem_free(job);
}

/* At most `most` bytes of text, cut before a character that would not fit whole. */
static size_t cut_text(const char *text, size_t len, size_t most)
{
    if (len <= most) return len;
    len = most;
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) len--;
    return len;
}

/* Lock held. */
static weft_status running_reserve(weft_jobs *jobs)
{
    if (jobs->running_count < jobs->running_capacity) return WEFT_OK;
    const int32_t capacity = jobs->running_capacity == 0 ? 16 : 2 * jobs->running_capacity;
    weft_status st = weft_mem_resize(&jobs->ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(job_record *),
                                     (void **)&jobs->running);
    if (st == WEFT_OK) jobs->running_capacity = capacity;
    return st;
}

/* Lock held. */
static weft_status record_new(weft_jobs *jobs, const weft_job_begin *begin, job_record **out)
{
    size_t skip = 0;
    while (begin->text != NULL && skip < begin->text_len && strchr(" \t\r\n", begin->text[skip]) != NULL)
        skip++;
    const char *statement = begin->text == NULL ? "" : begin->text + skip;
    const size_t said_len =
        begin->text == NULL ? 0 : cut_text(statement, begin->text_len - skip, WEFT_JOBS_TEXT_BYTES_MOST);
    const size_t text_len = weft_redact_text(statement, said_len, NULL);
    const size_t user_len = begin->user == NULL ? 0 : strlen(begin->user);
    const size_t bytes = sizeof(job_record) + text_len + user_len + 2;
    job_record *job = NULL;
    weft_status st = weft_mem_alloc_zero(&jobs->ctx, WEFT_MEM_WORKING, bytes, (void **)&job);
    if (st != WEFT_OK) return st;
    char *text = (char *)(job + 1);
    char *user = text + text_len + 1;
    weft_redact_text(statement, said_len, text);
    if (user_len > 0) memcpy(user, begin->user, user_len);
    job->bytes = bytes;
    job->status = (weft_job_status){.id = begin->id,
                                    .state = WEFT_JOB_RUNNING,
                                    .text = text,
                                    .user = user,
                                    .begin_us = jobs->ctx.clock->wall_us(jobs->ctx.clock->self)};
    *out = job;
    return st;
}

void weft_jobs_begin(weft_jobs *jobs, const weft_job_begin *begin)
{
    job_record *job = NULL;
    pthread_mutex_lock(&jobs->lock);
    jobs->totals.begun++;
    if (running_reserve(jobs) == WEFT_OK && record_new(jobs, begin, &job) == WEFT_OK)
        jobs->running[jobs->running_count++] = job;
    else
        jobs->totals.unseen++;
    pthread_mutex_unlock(&jobs->lock);
}

/* Lock held. -1: not running, or not listed. */
static int32_t find_running(const weft_jobs *jobs, uint64_t id)
{
    int32_t i = jobs->running_count - 1;
    while (i >= 0 && jobs->running[i]->status.id != id) i--;
    return i;
}

/* Lock held. The stage's place, or NULL when there is no memory for one more. */
static weft_stage_status *find_stage(weft_jobs *jobs, job_record *job, int32_t stage)
{
    for (int32_t i = job->status.stages - 1; i >= 0; i--)
        if (job->stages[i].stage == stage) return &job->stages[i];
    if (job->status.stages == job->capacity) {
        const int32_t capacity = job->capacity == 0 ? 4 : 2 * job->capacity;
        if (weft_mem_resize(&jobs->ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(weft_stage_status),
                            (void **)&job->stages) != WEFT_OK)
            return NULL;
        job->capacity = capacity;
    }
    job->stages[job->status.stages] =
        (weft_stage_status){.begin_us = jobs->ctx.clock->wall_us(jobs->ctx.clock->self)};
    return &job->stages[job->status.stages++];
}

void weft_jobs_stage(weft_jobs *jobs, uint64_t id, const weft_stage_status *stage)
{
    pthread_mutex_lock(&jobs->lock);
    const int32_t at = find_running(jobs, id);
    weft_stage_status *known = at < 0 ? NULL : find_stage(jobs, jobs->running[at], stage->stage);
    if (known != NULL) {
        const int64_t begin_us = known->begin_us, end_us = known->end_us;
        *known = *stage;
        if (known->begin_us == 0) known->begin_us = begin_us;
        if (!known->done)
            known->end_us = 0;
        else if (known->end_us == 0)
            known->end_us = end_us != 0 ? end_us : jobs->ctx.clock->wall_us(jobs->ctx.clock->self);
    }
    pthread_mutex_unlock(&jobs->lock);
}

/* Lock held. */
static void take_counts(job_record *job, const weft_job_counts *counts)
{
    job->status.tasks_rerun = counts->tasks_rerun;
    job->status.blocks_lost = counts->blocks_lost;
    job->status.workers_lost = counts->workers_lost;
    job->status.bytes_relayed = counts->bytes_relayed;
    memcpy(job->status.locality, counts->locality, sizeof(counts->locality));
}

void weft_jobs_count(weft_jobs *jobs, uint64_t id, const weft_job_counts *counts)
{
    pthread_mutex_lock(&jobs->lock);
    const int32_t at = find_running(jobs, id);
    if (at >= 0) take_counts(jobs->running[at], counts);
    pthread_mutex_unlock(&jobs->lock);
}

/* What the stages add up to. */
static void sum_stages(weft_job_status *job, const weft_stage_status *stages)
{
    job->stages_done = 0;
    job->tasks = job->running = job->tasks_done = job->attempts = 0;
    job->bytes_read = job->bytes_exchanged = job->bytes_spilled = 0;
    for (int32_t i = 0; i < job->stages; i++) {
        job->stages_done += stages[i].done ? 1 : 0;
        job->tasks += stages[i].tasks;
        job->running += stages[i].running;
        job->tasks_done += stages[i].tasks_done;
        job->attempts += stages[i].attempts;
        job->bytes_read += stages[i].read_bytes;
        job->bytes_exchanged += stages[i].exchange_bytes;
        job->bytes_spilled += stages[i].spilled_bytes;
    }
}

static void add_bytes(weft_job_totals *totals, const weft_job_status *job)
{
    totals->bytes_read += job->bytes_read;
    totals->bytes_exchanged += job->bytes_exchanged;
    totals->bytes_relayed += job->bytes_relayed;
    totals->bytes_spilled += job->bytes_spilled;
}

/* Lock held. The error's text goes behind the stages, in the block that is made to measure for them. Without
 * memory the job keeps what it has, and has no text of its error. */
static void record_settle(weft_jobs *jobs, job_record *job, const weft_error *error)
{
    char text[WEFT_JOBS_ERROR_BYTES_MOST];
    size_t len = 0;
    if (error != NULL) {
        snprintf(text, sizeof(text), "[%s] %.960s", weft_status_text(error->code), error->message);
        len = strlen(text);
        if (strlen(error->message) > 960) { /* maybe cut within a character */
            while (len > 0 && ((unsigned char)text[len - 1] & 0xc0) == 0x80) len--;
            if (len > 0 && (unsigned char)text[len - 1] >= 0xc0) len--;
        }
        text[len++] = 0;
    }
    const size_t stage_bytes = (size_t)job->status.stages * sizeof(weft_stage_status);
    void *block = job->stages;
    if (stage_bytes + len > 0 &&
        weft_mem_resize(&jobs->ctx, WEFT_MEM_WORKING, stage_bytes + len, &block) == WEFT_OK) {
        job->stages = block;
        if (len > 0) {
            memcpy((char *)block + stage_bytes, text, len);
            job->status.error = (const char *)block + stage_bytes;
        }
    }
    job->bytes += job->stages == NULL ? 0 : weft_mem_size(job->stages);
}

/* Lock held. */
static void drop_oldest(weft_jobs *jobs)
{
    job_record *job = jobs->ended[jobs->first];
    jobs->ended[jobs->first] = NULL;
    jobs->first = (jobs->first + 1) % WEFT_JOBS_ENDED_MOST;
    jobs->ended_count--;
    jobs->ended_bytes -= job->bytes;
    record_free(job);
}

/* Lock held. */
static void keep_ended(weft_jobs *jobs, job_record *job)
{
    while (jobs->ended_count > 0 && (jobs->ended_count == WEFT_JOBS_ENDED_MOST ||
                                     jobs->ended_bytes + job->bytes > WEFT_JOBS_ENDED_BYTES_MOST))
        drop_oldest(jobs);
    jobs->ended[(jobs->first + jobs->ended_count++) % WEFT_JOBS_ENDED_MOST] = job;
    jobs->ended_bytes += job->bytes;
}

static void count_ended(weft_jobs *jobs, weft_job_state state)
{
    switch (state) {
    case WEFT_JOB_SUCCEEDED: jobs->totals.succeeded++; break;
    case WEFT_JOB_FAILED: jobs->totals.failed++; break;
    case WEFT_JOB_CANCELLED: jobs->totals.cancelled++; break;
    case WEFT_JOB_RUNNING: assert(false); break;
    }
}

void weft_jobs_end(weft_jobs *jobs, uint64_t id, weft_job_state state, const weft_error *error,
                   const weft_job_counts *counts)
{
    assert(state != WEFT_JOB_RUNNING);
    pthread_mutex_lock(&jobs->lock);
    const int32_t at = find_running(jobs, id);
    if (at >= 0) {
        job_record *job = jobs->running[at];
        memmove(jobs->running + at, jobs->running + at + 1,
                (size_t)(jobs->running_count - at - 1) * sizeof(job_record *));
        jobs->running_count--;
        job->status.state = state;
        job->status.end_us = jobs->ctx.clock->wall_us(jobs->ctx.clock->self);
        if (counts != NULL) take_counts(job, counts);
        for (int32_t i = 0; i < job->status.stages; i++) {
            job->stages[i].running = 0;
            if (job->stages[i].end_us == 0) job->stages[i].end_us = job->status.end_us;
        }
        sum_stages(&job->status, job->stages);
        add_bytes(&jobs->totals, &job->status);
        jobs->totals.elapsed_us += job->status.end_us - job->status.begin_us;
        record_settle(jobs, job, error);
        keep_ended(jobs, job);
        count_ended(jobs, state);
    }
    pthread_mutex_unlock(&jobs->lock);
}

void weft_jobs_break(weft_jobs *jobs, uint64_t id, const weft_error *error)
{
    pthread_mutex_lock(&jobs->lock);
    for (int32_t i = jobs->ended_count - 1; i >= 0; i--) {
        job_record *job = jobs->ended[(jobs->first + i) % WEFT_JOBS_ENDED_MOST];
        if (job->status.id != id || job->status.state != WEFT_JOB_SUCCEEDED) continue;
        const size_t before = job->bytes;
        job->status.state = WEFT_JOB_FAILED;
        jobs->totals.succeeded--;
        jobs->totals.failed++;
        job->bytes -= job->stages == NULL ? 0 : weft_mem_size(job->stages);
        record_settle(jobs, job, error);
        jobs->ended_bytes += job->bytes - before;
        break;
    }
    pthread_mutex_unlock(&jobs->lock);
}

/* Lock held. A copy that outlives the lock. */
static weft_status copy_job(weft_ctx *ctx, const job_record *job, weft_job_status *out)
{
    weft_status st = WEFT_OK;
    char *text = NULL, *user = NULL, *error = NULL;
    weft_stage_status *stages = NULL;
    *out = job->status;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, out->text, strlen(out->text), &text));
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, out->user, strlen(out->user), &user));
    if (out->error != NULL)
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, out->error, strlen(out->error), &error));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, out->stages, &stages));
    if (out->stages > 0) memcpy(stages, job->stages, (size_t)out->stages * sizeof(*stages));
    out->text = text;
    out->user = user;
    out->error = error;
    out->stage_list = stages;
    sum_stages(out, stages);
done:
    return st;
}

weft_status weft_jobs_view(weft_ctx *ctx, weft_jobs *jobs, weft_cluster_status *out)
{
    weft_status st = WEFT_OK;
    weft_job_status *list = NULL;
    int32_t count = 0;

    pthread_mutex_lock(&jobs->lock);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, jobs->running_count + jobs->ended_count, &list));
    out->totals = jobs->totals;
    for (int32_t i = 0; i < jobs->running_count; i++) {
        WEFT_TRY(st, copy_job(ctx, jobs->running[i], &list[count++]));
        add_bytes(&out->totals, &list[i]);
    }
    for (int32_t i = jobs->ended_count - 1; i >= 0; i--)
        WEFT_TRY(st, copy_job(ctx, jobs->ended[(jobs->first + i) % WEFT_JOBS_ENDED_MOST], &list[count++]));
    out->jobs = list;
    out->job_count = count;
done:
    pthread_mutex_unlock(&jobs->lock);
    return st;
}

void weft_jobs_free(weft_jobs **slot)
{
    weft_jobs *jobs = *slot;
    if (jobs == NULL) return;
    for (int32_t i = 0; i < jobs->running_count; i++) record_free(jobs->running[i]);
    while (jobs->ended_count > 0) drop_oldest(jobs);
    weft_mem_free(jobs->running);
    pthread_mutex_destroy(&jobs->lock);
    weft_account *account = jobs->account;
    weft_mem_free(jobs);
    weft_account_close(&account);
    *slot = NULL;
}
