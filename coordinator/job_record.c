/* coordinator/job_record.c - what of a running job stands in the journal, so that the next leader can go on
 * with it (docs/failover.md, "Records").
 *
 * A job that writes files has its JOB before it begins (commits.h). One that only reads gets it when it is
 * old enough to be worth it, or when rows of a large result are to leave; until then its client would say it
 * again. JOB is the last of its first records: where it stands, all that it needs does. */
#include <string.h>

#include "common/log.h"
#include "coordinator/commits.h"
#include "coordinator/coordinator_private.h"

enum {
    STAGE_BITS = 12,    /* of the number of an ACCEPTED, the rest is the generation: WEFT_STAGES_MAX */
    FORGET_EVERY = 100, /* what has ended is forgotten so many at a time, … */
    KEEP_JOBS = 1000,   /* … but for the last, … */
    MANY_RECORDS = 100000,
    AGE_NS = 100 * 1000 * 1000
};

#define KEEP_US (INT64_C(24) * 3600 * 1000000) /* … and writes of a day (of an hour, when there are many) */

static bool has_file(const coordinator_job *j) { return j->file.record != NULL && !j->file.is_left_out; }

void coordinator_file_open(coordinator_job *j, const weft_job_record *record)
{
    if (j->c->journal == NULL || record == NULL) return;
    const weft_job_name name = {.session = record->session, .operation = record->operation};
    j->file.record = record;
    j->file.uuid = weft_job_uuid(&name);
    j->file.is_written = record->output[0] != 0;
    j->core.recorded = j->file.is_written;
}

weft_status coordinator_file_step(weft_ctx *ctx, coordinator_job *j, int32_t stage,
                                  const weft_stage_stats *stats)
{
    weft_status st = WEFT_OK;
    job_file *f = &j->file;
    weft_record_step *grown = NULL;
    if (!has_file(j)) return WEFT_OK;
    if (f->step_count == f->step_capacity) {
        const int32_t capacity = weft_max_i32(32, 2 * f->step_capacity);
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, capacity, &grown));
        if (f->step_count > 0) memcpy(grown, f->steps, (size_t)f->step_count * sizeof(*grown));
        f->steps = grown;
        f->step_capacity = capacity;
    }
    weft_record_step *step = &f->steps[f->step_count++];
    *step = (weft_record_step){.stage = -1};
    if (stats == NULL) goto done;
    *step = (weft_record_step){.stage = stage,
                               .stats = {.rows = stats->rows,
                                         .bytes = stats->bytes,
                                         .partition_count = stats->partition_count,
                                         .partition_rows = stats->partition_rows,
                                         .partition_bytes = stats->partition_bytes,
                                         .key_count = stats->key_count,
                                         .keys = stats->keys,
                                         .sample_count = stats->sample_count,
                                         .samples = stats->samples}};
done:
    return st;
}

/* ---- single records; *ctx has an arena of their own, as large ones are needed only now ---- */

static weft_status write_record(weft_ctx *ctx, const coordinator_job *j, weft_journal_kind kind,
                                uint32_t number, const uint8_t *bytes, size_t len)
{
    const weft_status st = weft_journal_create(ctx, j->c->journal, j->file.uuid, kind, number, bytes, len);
    if (st != WEFT_EXISTS) return st;
    weft_error_clear(ctx); /* this leader's own, of a try that failed half way: the same bytes */
    return WEFT_OK;
}

static weft_status write_stage(weft_ctx *ctx, const coordinator_job *j, const weft_core_stage *s)
{
    weft_status st = WEFT_OK;
    const job_file *f = &j->file;
    const int32_t id = s->stage->id, resumed = j->recovered == NULL ? 0 : f->stage_count;
    const int32_t first = id == 0 || id == resumed ? 0 : f->step_ends[id - 1];
    uint8_t *stage = NULL, *bytes = NULL;
    size_t stage_len = 0, len = 0;
    WEFT_TRY(st, weft_stage_encode(ctx, s->stage, &stage, &stage_len));
    const weft_stage_record record = {.slots = id == 0 ? f->asked.slots : 0,
                                      .workers = id == 0 ? f->asked.workers : 0,
                                      .memory_bytes = id == 0 ? f->asked.memory_bytes : 0,
                                      .step_count = f->step_ends[id] - first,
                                      .steps = f->steps + first,
                                      .stage = stage,
                                      .stage_len = stage_len,
                                      .is_result = s->answer_bytes > 0};
    WEFT_TRY(st, weft_stage_record_encode(ctx, &record, &bytes, &len));
    WEFT_TRY(st, write_record(ctx, j, WEFT_JOURNAL_STAGE, (uint32_t)id, bytes, len));
done:
    return st;
}

static weft_status write_generations(weft_ctx *ctx, const coordinator_job *j, int32_t number)
{
    weft_status st = WEFT_OK;
    weft_core_generation *now = NULL;
    weft_record_generation *stages = NULL;
    int32_t count = 0;
    uint8_t *bytes = NULL;
    size_t len = 0;
    pthread_mutex_lock(&j->c->lock);
    st = weft_core_generations(ctx, &j->core, &now, &count);
    pthread_mutex_unlock(&j->c->lock);
    WEFT_TRY(st, st);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &stages));
    for (int32_t i = 0; i < count; i++)
        stages[i] = (weft_record_generation){.stage = now[i].stage, .generation = now[i].generation};
    WEFT_TRY(st, weft_generation_record_encode(ctx, stages, count, &bytes, &len));
    WEFT_TRY(st, write_record(ctx, j, WEFT_JOURNAL_GENERATION, (uint32_t)number, bytes, len));
done:
    return st;
}

static weft_status write_accepted(weft_ctx *ctx, const coordinator_job *j, const weft_core_record *r)
{
    weft_status st = WEFT_OK;
    int32_t *attempts = NULL;
    bool there = false;
    uint8_t *bytes = NULL;
    size_t len = 0;
    pthread_mutex_lock(&j->c->lock);
    st = weft_core_accepted(ctx, j->c->core, &j->core, r, &attempts, &there);
    pthread_mutex_unlock(&j->c->lock);
    if (st != WEFT_OK || !there) return st;
    const weft_accepted_record record = {.stage = r->stage,
                                         .generation = r->generation,
                                         .count = j->core.stages[r->stage]->stage->task_count,
                                         .attempts = attempts};
    WEFT_TRY(st, weft_accepted_record_encode(ctx, &record, &bytes, &len));
    const uint32_t number = (uint32_t)r->generation << STAGE_BITS | (uint32_t)r->stage;
    WEFT_TRY(st, write_record(ctx, j, WEFT_JOURNAL_ACCEPTED, number, bytes, len));
done:
    return st;
}

static weft_status write_hold(weft_ctx *ctx, const coordinator_job *j, const weft_core_record *r)
{
    return r->kind == WEFT_RECORD_GENERATION ? write_generations(ctx, j, r->number)
                                             : write_accepted(ctx, j, r);
}

/* ---- the job ---- */

/* What is encoded is not needed for longer than the write takes. */
static weft_status begin_writing(weft_ctx *ctx, weft_ctx *own)
{
    weft_arena *arena = weft_arena_new(ctx->memory);
    if (arena == NULL) return weft_fail(ctx, WEFT_NOMEM, "no memory for the records of a job");
    *own = *ctx;
    own->arena = arena;
    own->cancel = NULL; /* a record is written or not, whatever the client wants meanwhile */
    own->deadline_ns = INT64_MAX;
    return WEFT_OK;
}

static weft_status end_writing(weft_ctx *ctx, weft_ctx *own, weft_status st)
{
    weft_arena_free(&own->arena);
    return st == WEFT_OK ? st : weft_error_copy(ctx, own);
}

weft_status coordinator_file_stage(weft_ctx *ctx, coordinator_job *j, const weft_core_stage *s)
{
    weft_status st = WEFT_OK;
    weft_ctx own;
    if (!has_file(j)) return WEFT_OK;
    j->file.step_ends[s->stage->id] = j->file.step_count;
    if (!j->file.is_written) return WEFT_OK;
    WEFT_TRY(st, begin_writing(ctx, &own));
    st = end_writing(ctx, &own, write_stage(&own, j, s));
done:
    return st;
}

/* All that stands of the job so far, and last JOB. */
static weft_status write_all(weft_ctx *ctx, coordinator_job *j)
{
    weft_status st = WEFT_OK;
    weft_core_record *records = NULL;
    int32_t count = 0;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_core *core = weft_coordinator_enter(j->c);
    if (!j->core.recorded) st = weft_core_record_from_now(ctx, core, &j->core, &records, &count);
    weft_coordinator_leave(j->c);
    WEFT_TRY(st, st);
    for (int32_t i = 0; i < j->core.stage_count; i++) WEFT_TRY(st, write_stage(ctx, j, j->core.stages[i]));
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, write_hold(ctx, j, &records[i]));
    WEFT_TRY(st, weft_job_record_encode(ctx, j->file.record, &bytes, &len));
    WEFT_TRY(st, write_record(ctx, j, WEFT_JOURNAL_JOB, 0, bytes, len));
    j->file.is_written = true;
done:
    return st;
}

/* Let go of what waits for records; those that count are written first. */
static weft_status release_holds(weft_ctx *ctx, coordinator_job *j)
{
    weft_status st = WEFT_OK;
    weft_core_record *records = NULL;
    int32_t count = 0;
    pthread_mutex_lock(&j->c->lock);
    if (j->core.record_count > 0) st = weft_core_take_records(ctx, &j->core, &records, &count);
    pthread_mutex_unlock(&j->c->lock);
    for (int32_t i = 0; i < count && st == WEFT_OK; i++) {
        if (j->file.is_written) WEFT_TRY(st, write_hold(ctx, j, &records[i]));
        weft_core *core = weft_coordinator_enter(j->c);
        st = weft_core_recorded(ctx, core, &j->core, &records[i]);
        weft_coordinator_leave(j->c);
    }
done:
    return st;
}

weft_status coordinator_file_go_on(weft_ctx *ctx, coordinator_job *j)
{
    weft_status st = WEFT_OK;
    weft_ctx own;
    if (j->file.record == NULL) return WEFT_OK;
    const bool due = !j->file.is_written && !j->file.is_left_out &&
                     (j->file.is_wanted || weft_now_ns(ctx) - j->file.began_ns >= AGE_NS);
    pthread_mutex_lock(&j->c->lock);
    const bool held = j->core.record_count > 0;
    pthread_mutex_unlock(&j->c->lock);
    if (!due && !held) return WEFT_OK;
    WEFT_TRY(st, begin_writing(ctx, &own));
    if (due) st = write_all(&own, j);
    if (due && st != WEFT_OK && st != WEFT_NOT_LEADER) { /* it only reads: its client would say it again */
        weft_log_error(WEFT_LOG_WARN, "job_not_recorded", &own.error);
        weft_error_clear(&own);
        j->file.is_left_out = true;
        st = WEFT_OK;
    }
    if (st == WEFT_OK) st = release_holds(&own, j);
    st = end_writing(ctx, &own, st);
done:
    return st;
}

void weft_coordinator_count_end(weft_ctx *ctx, weft_coordinator *c)
{
    int32_t removed = 0;
    if (atomic_fetch_add(&c->ended, 1) % FORGET_EVERY != FORGET_EVERY - 1) return;
    const bool many = weft_journal_count_all(c->journal).records > MANY_RECORDS;
    if (weft_journal_expire(ctx, c->journal, many ? KEEP_US / 24 : KEEP_US, KEEP_JOBS, &removed) == WEFT_OK)
        return;
    weft_log_error(WEFT_LOG_WARN, "journal_not_expired", &ctx->error);
    weft_error_clear(ctx);
}

/* END, unless it stands. */
static weft_status write_end(weft_ctx *ctx, weft_coordinator *c, weft_uuid uuid, const weft_error *error)
{
    weft_status st = WEFT_OK;
    weft_ctx own;
    uint8_t *bytes = NULL;
    size_t len = 0;
    WEFT_TRY(st, begin_writing(ctx, &own));
    st = weft_end_record_encode(&own, error, &bytes, &len);
    if (st == WEFT_OK) st = weft_journal_create(&own, c->journal, uuid, WEFT_JOURNAL_END, 0, bytes, len);
    if (st == WEFT_EXISTS) {
        weft_error_clear(&own);
        st = WEFT_OK;
    }
    if (st == WEFT_OK) weft_coordinator_count_end(&own, c);
    st = end_writing(ctx, &own, st);
done:
    return st;
}

static bool is_read_on_record(const coordinator_job *j)
{
    return j->file.is_written && j->file.record->output[0] == 0;
}

/* Deposed is also who was told to end: its jobs are left to the next one as they are. */
static weft_status check_leads(weft_ctx *ctx, const weft_coordinator *c)
{
    if (!weft_coordinator_is_deposed(c)) return WEFT_OK;
    return weft_fail(ctx, WEFT_NOT_LEADER, "this coordinator does not lead any more");
}

weft_status coordinator_file_fail(weft_ctx *ctx, const coordinator_job *j, const weft_error *error)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, check_leads(ctx, j->c));
    if (!j->file.is_written) return weft_journal_fence(ctx, j->c->journal);
    if (!is_read_on_record(j)) WEFT_TRY(st, weft_commits_refuse(ctx, j->c->commits, j->file.uuid));
    WEFT_TRY(st, write_end(ctx, j->c, j->file.uuid, error));
done:
    return st;
}

bool coordinator_file_close(coordinator_job *j)
{
    const weft_error kept = j->ctx->error, success = {0};
    weft_status st = WEFT_OK;
    if (weft_coordinator_is_deposed(j->c)) return false;
    if (!is_read_on_record(j)) return true;
    st = write_end(j->ctx, j->c, j->file.uuid, &success);
    if (st != WEFT_OK) weft_log_error(WEFT_LOG_WARN, "end_not_recorded", &j->ctx->error);
    j->ctx->error = kept;
    return st != WEFT_NOT_LEADER;
}

/* ---- how it ended ---- */

weft_status weft_coordinator_tell(weft_ctx *ctx, weft_coordinator *c, const weft_job_name *name,
                                  const weft_error *error)
{
    weft_journal_record there;
    const weft_uuid uuid = weft_job_uuid(name);
    const weft_status st = check_leads(ctx, c);
    if (st != WEFT_OK || c->journal == NULL) return st;
    if (error->code == WEFT_OK && !weft_journal_find(c->journal, uuid, WEFT_JOURNAL_DECISION, 0, &there))
        return WEFT_OK;
    if (!weft_journal_find(c->journal, uuid, WEFT_JOURNAL_JOB, 0, &there))
        return weft_journal_fence(ctx, c->journal);
    return write_end(ctx, c, uuid, error);
}

weft_status weft_coordinator_find_end(weft_ctx *ctx, weft_coordinator *c, const weft_job_name *name,
                                      bool *found, weft_error *error)
{
    weft_status st = WEFT_OK;
    const weft_uuid uuid = weft_job_uuid(name);
    weft_journal_record end, decision;
    void *value = NULL;
    size_t len = 0;
    *found = false;
    if (c->journal == NULL || !weft_journal_find(c->journal, uuid, WEFT_JOURNAL_END, 0, &end)) return WEFT_OK;
    WEFT_TRY(st, weft_journal_read(ctx, c->journal, &end, &value, &len));
    if (len > 0) WEFT_TRY(st, weft_end_record_decode(ctx, value, len, error));
    /* a query whose result was let go of can be run again */
    *found = error->code != WEFT_OK ||
             weft_journal_find(c->journal, uuid, WEFT_JOURNAL_DECISION, 0, &decision);
done:
    return st;
}
