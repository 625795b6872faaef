/* coordinator/core_recover.c - see core.h: what a new leader takes over, and what must be durable. */
#include <string.h>

#include "common/log.h"
#include "coordinator/core_state.h"

/* ---- members ---- */

weft_status weft_core_recover(weft_ctx *ctx, weft_core *core, const weft_uuid *members, int32_t count)
{
    weft_status st = WEFT_OK;
    weft_account *const callers = ctx->memory;
    const size_t bytes = (size_t)count * sizeof(*members);
    ctx->memory = core->account;
    if (count > 0) WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, bytes, (void **)&core->expected));
    if (count > 0) memcpy(core->expected, members, bytes);
    core->expected_count = count;
    core->recovering = true;
    core->recover_until_ns = INT64_MAX;
done:
    ctx->memory = callers;
    return st;
}

bool weft_core_is_recovering(const weft_core *core) { return core->recovering; }

int64_t weft_core_highest_epoch(const weft_core *core)
{
    return weft_max_i64(core->highest_epoch, core->options.epoch);
}

void core_has_told(weft_core *core, weft_uuid uuid)
{
    for (int32_t i = core->expected_count - 1; i >= 0; i--)
        if (weft_uuid_equal(core->expected[i], uuid))
            core->expected[i] = core->expected[--core->expected_count];
}

/* Time in which this process did not run is nobody's fault. */
static bool is_over(weft_core *core, int64_t now)
{
    const int64_t most = core->options.recover_ns > 0 ? core->options.recover_ns : WEFT_CORE_RECOVER_NS;
    const int64_t tick_ns = weft_min_i64(core->options.members.tick_ns, most);
    if (core->recover_until_ns == INT64_MAX)
        core->recover_until_ns = now + most;
    else if (now - core->ticked_ns > 2 * tick_ns)
        core->recover_until_ns += now - core->ticked_ns - tick_ns;
    core->ticked_ns = now;
    return core->expected_count == 0 || now >= core->recover_until_ns;
}

void core_recover_tick(weft_ctx *ctx, weft_core *core)
{
    if (!core->recovering || !is_over(core, weft_now_ns(ctx))) return;
    core->recovering = false;
    if (core->expected_count > 0)
        weft_log(WEFT_LOG_WARN, "members_not_heard", WEFT_LOG_INT("workers", core->expected_count));
    core_tell(ctx, core, WEFT_EVENT_RECOVERED, -1);
}

/* What was said to an earlier leader, which died before it could acknowledge it, comes once more, and before
 * the reports that are sent to this one. */
void core_held(weft_ctx *ctx, weft_core *core, int32_t worker, int64_t epoch)
{
    const core_worker *w = core_find_worker(core, worker);
    if (w == NULL || epoch != core->options.epoch) return;
    core_has_told(core, w->hello->uuid);
    core_recover_tick(ctx, core);
}

/* ---- what a worker has ---- */

weft_status core_take_over(weft_ctx *ctx, weft_core *core, int32_t worker, const weft_worker_hello *hello)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < hello->job_count; i++) {
        weft_core_job *job = core_find_job(core, hello->jobs[i]);
        if (job != NULL) WEFT_TRY(st, core_may_be_open(ctx, core, job, worker));
    }
    for (int32_t i = 0; i < hello->running_count; i++) {
        const weft_block_name *name = &hello->running[i];
        weft_core_job *job = core_find_job(core, name->job);
        const weft_event runs = {.kind = WEFT_EVENT_RUNS,
                                 .worker = worker,
                                 .job = name->job,
                                 .stage = name->stage,
                                 .generation = name->generation,
                                 .partition = name->partition,
                                 .attempt = name->attempt};
        if (job == NULL || weft_scheduler_awaits(core->scheduler, worker, name)) continue;
        WEFT_TRY(st, core_step(ctx, core, &runs));
        if (weft_scheduler_awaits(core->scheduler, worker, name)) job->stages[name->stage]->report.attempts++;
    }
done:
    return st;
}

/* ---- records ---- */

/* One of each stage, and one of generations: what is asked for again takes the place of what was. */
weft_status core_reserve_records(weft_ctx *ctx, weft_core *core, weft_core_job *job)
{
    weft_status st = WEFT_OK;
    weft_account *const callers = ctx->memory;
    if (job->record_capacity > job->stage_count + 1) return WEFT_OK;
    const int32_t capacity = weft_max_i32(16, 2 * (job->stage_count + 2));
    ctx->memory = core->account;
    st = weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(*job->records),
                         (void **)&job->records);
    ctx->memory = callers;
    if (st == WEFT_OK) job->record_capacity = capacity;
    return st;
}

void core_add_record(weft_core_job *job, const weft_action *a)
{
    const bool of_stage = a->record == WEFT_RECORD_ACCEPTED;
    const weft_core_record record = {.kind = a->record,
                                     .stage = of_stage ? a->stage : -1,
                                     .generation = of_stage ? a->generation : 0,
                                     .number = a->number};
    int32_t i = 0;
    while (i < job->record_count &&
           (job->records[i].kind != record.kind || job->records[i].stage != record.stage))
        i++;
    assert(i < job->record_capacity);
    job->records[i] = record;
    job->record_count = weft_max_i32(job->record_count, i + 1);
    if (!of_stage) job->generation_number = a->number;
}

weft_status weft_core_take_records(weft_ctx *ctx, weft_core_job *job, weft_core_record **out, int32_t *count)
{
    weft_status st = WEFT_OK;
    *count = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, job->record_count, out));
    if (job->record_count > 0) memcpy(*out, job->records, (size_t)job->record_count * sizeof(**out));
    *count = job->record_count;
    job->record_count = 0;
done:
    return st;
}

weft_status weft_core_recorded(weft_ctx *ctx, weft_core *core, weft_core_job *job,
                               const weft_core_record *record)
{
    const weft_event event = {.kind = WEFT_EVENT_RECORDED,
                              .job = job->id,
                              .record = record->kind,
                              .stage = record->stage,
                              .generation = record->generation,
                              .number = record->number};
    return core_step(ctx, core, &event);
}

weft_status weft_core_accepted(weft_ctx *ctx, const weft_core *core, const weft_core_job *job,
                               const weft_core_record *record, int32_t **attempts, bool *there)
{
    weft_status st = WEFT_OK;
    const weft_core_stage *s = job->stages[record->stage];
    *there = s->generation == record->generation;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->stage->task_count, attempts));
    weft_scheduler_accepted(core->scheduler, job->id, record->stage, *attempts);
    for (int32_t p = 0; p < s->stage->task_count; p++) *there &= (*attempts)[p] >= 0;
done:
    return st;
}

weft_status weft_core_generations(weft_ctx *ctx, const weft_core_job *job, weft_core_generation **out,
                                  int32_t *count)
{
    weft_status st = WEFT_OK;
    *count = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, job->stage_count, out));
    for (int32_t i = 0; i < job->stage_count; i++)
        if (job->stages[i]->generation > 0)
            (*out)[(*count)++] = (weft_core_generation){.stage = i, .generation = job->stages[i]->generation};
done:
    return st;
}

/* What would be on record by now if it had been from the begin. */
static void list_present(const weft_core *core, const weft_core_job *job, weft_core_record *out,
                         int32_t *count)
{
    bool anew = false;
    for (int32_t i = 0; i < job->stage_count; i++) {
        bool read = false;
        anew |= job->stages[i]->generation > 0;
        if (weft_scheduler_is_kept(core->scheduler, job->id, i, &read) && read)
            out[(*count)++] = (weft_core_record){
                .kind = WEFT_RECORD_ACCEPTED, .stage = i, .generation = job->stages[i]->generation};
    }
    if (anew)
        out[(*count)++] = (weft_core_record){
            .kind = WEFT_RECORD_GENERATION, .stage = -1, .number = job->generation_number + 1};
}

weft_status weft_core_record_from_now(weft_ctx *ctx, weft_core *core, weft_core_job *job,
                                      weft_core_record **out, int32_t *count)
{
    weft_status st = WEFT_OK;
    *count = 0;
    if (job->recorded) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, job->stage_count + 1, out));
    list_present(core, job, *out, count);
    const bool anew = *count > 0 && (*out)[*count - 1].kind == WEFT_RECORD_GENERATION;
    const weft_event event = {
        .kind = WEFT_EVENT_RECORDING, .job = job->id, .number = job->generation_number + anew};
    WEFT_TRY(st, core_step(ctx, core, &event));
    job->generation_number += anew;
    job->recorded = true;
done:
    if (st != WEFT_OK) *count = 0;
    return st;
}
