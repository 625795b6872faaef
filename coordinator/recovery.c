/* coordinator/recovery.c - see recovery.h.
 *
 * Loading: the records are sorted by their owner, and each group with a JOB and no END becomes a job of the
 * core, with its stages as they were issued. Replaying: the planner is made anew and given what it was given
 * before; each stage that it issues must be the one on record, and none is issued twice. */
#include "coordinator/recovery.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/settings.h"
#include "coordinator/commits.h"
#include "coordinator/coordinator_private.h"

/* A job of an earlier leader. It lies in its own arena, with all that it is made of. */
struct recovered_state {
    weft_recovered_job shown;
    weft_coordinator *c;
    weft_account *account;
    weft_arena *arena;
    weft_ctx ctx;
    weft_settings settings;
    weft_job_record record;
    int32_t stage_count;
    weft_stage_record *stages; /* [stage_count] by id */
    weft_run run;              /* until somebody runs it */
    coordinator_job *job;      /* NULL: it is not in the core */
    bool is_committed, is_taken;
    weft_error error; /* why it cannot be gone on with */
};

struct weft_recovery {
    weft_arena *arena; /* it lies there */
    int32_t count;
    struct recovered_state **states; /* [count] by their beginning */
};

static void state_free(struct recovered_state **state)
{
    struct recovered_state *s = *state;
    *state = NULL;
    if (s == NULL) return;
    weft_account *account = s->account;
    weft_arena *arena = s->arena;
    weft_arena_free(&arena);
    weft_account_close(&account);
}

weft_status coordinator_take_over(weft_ctx *ctx, weft_recovered_job *from, coordinator_job **out)
{
    struct recovered_state *s = from->state;
    s->is_taken = true;
    *out = s->job;
    if (s->error.code != WEFT_OK) ctx->error = s->error;
    return s->error.code;
}

void coordinator_release_recovered(weft_recovered_job *job)
{
    struct recovered_state *s = job->state;
    if (s->is_taken)
        state_free(&s);
    else
        weft_recovered_job_leave(job);
}

const weft_job_record *weft_recovered_job_record(const weft_recovered_job *job)
{
    return &job->state->record;
}

bool weft_recovered_job_is_committed(const weft_recovered_job *job) { return job->state->is_committed; }
bool weft_recovered_job_has_run(const weft_recovered_job *job) { return job->state->stage_count > 0; }

/* ---- one job from its records ---- */

/* The records of one owner, by kind and number. */
typedef struct group {
    const weft_journal_record *records;
    int32_t count;
} group;

static const weft_journal_record *group_find(const group *g, weft_journal_kind kind)
{
    for (int32_t i = 0; i < g->count; i++)
        if (g->records[i].kind == kind) return &g->records[i];
    return NULL;
}

static weft_status read_record(struct recovered_state *s, const weft_journal_record *r, uint8_t **bytes,
                               size_t *len)
{
    void *value = NULL;
    const weft_status st = weft_journal_read(&s->ctx, s->c->journal, r, &value, len);
    *bytes = value;
    return st;
}

/* Records of stages are dense from 0: one that is missing was never launched, nor was any after it. */
static weft_status read_stages(struct recovered_state *s, const group *g)
{
    weft_status st = WEFT_OK;
    int32_t first = 0;
    while (first < g->count && g->records[first].kind != WEFT_JOURNAL_STAGE) first++;
    while (first + s->stage_count < g->count &&
           g->records[first + s->stage_count].kind == WEFT_JOURNAL_STAGE &&
           g->records[first + s->stage_count].number == (uint32_t)s->stage_count)
        s->stage_count++;
    WEFT_TRY(st, WEFT_NEW_ARRAY(&s->ctx, s->stage_count, &s->stages));
    for (int32_t i = 0; i < s->stage_count; i++) {
        uint8_t *bytes = NULL;
        size_t len = 0;
        WEFT_TRY(st, read_record(s, &g->records[first + i], &bytes, &len));
        WEFT_TRY(st, weft_stage_record_decode(&s->ctx, bytes, len, &s->stages[i]));
    }
done:
    return st;
}

static weft_status read_settings(struct recovered_state *s)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < s->record.setting_count; i++)
        WEFT_TRY(st, weft_settings_set(&s->ctx, &s->settings, s->record.settings[i].key,
                                       s->record.settings[i].value));
done:
    return st;
}

/* The generation of each stage: of the last record that tells. */
static weft_status read_generations(struct recovered_state *s, const group *g)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < g->count; i++) {
        const weft_record_generation *list = NULL;
        int32_t count = 0;
        uint8_t *bytes = NULL;
        size_t len = 0;
        if (g->records[i].kind != WEFT_JOURNAL_GENERATION) continue;
        WEFT_TRY(st, read_record(s, &g->records[i], &bytes, &len));
        WEFT_TRY(st, weft_generation_record_decode(&s->ctx, bytes, len, &list, &count));
        s->job->core.generation_number =
            weft_max_i32(s->job->core.generation_number, (int32_t)g->records[i].number);
        for (int32_t k = 0; k < count; k++)
            if (list[k].stage < s->stage_count)
                s->job->core.stages[list[k].stage]->generation = list[k].generation;
    }
done:
    return st;
}

static weft_status read_accepted(struct recovered_state *s, const group *g)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < g->count; i++) {
        weft_accepted_record r;
        uint8_t *bytes = NULL;
        size_t len = 0;
        if (g->records[i].kind != WEFT_JOURNAL_ACCEPTED) continue;
        WEFT_TRY(st, read_record(s, &g->records[i], &bytes, &len));
        WEFT_TRY(st, weft_accepted_record_decode(&s->ctx, bytes, len, &r));
        if (r.stage >= s->stage_count) continue;
        weft_core_stage *stage = s->job->core.stages[r.stage];
        if (stage->generation != r.generation) continue;
        if (stage->stage->task_count != r.count)
            WEFT_TRY(st, weft_fail(&s->ctx, WEFT_CORRUPT, "stage %d has %d tasks, and %d on record", r.stage,
                                   stage->stage->task_count, r.count));
        stage->accepted = r.attempts;
    }
done:
    return st;
}

/* The sums that the planner was given stand for the stage from then on. */
static weft_status fix_sums(struct recovered_state *s, const weft_record_step *step)
{
    if (step->stage < 0) return WEFT_OK;
    if (step->stage >= s->stage_count)
        return weft_fail(&s->ctx, WEFT_CORRUPT, "a record has sums of stage %d, which is not there",
                         step->stage);
    weft_core_stage *stage = s->job->core.stages[step->stage];
    const weft_record_stats *from = &step->stats;
    if (from->partition_count != stage->stats.partition_count || from->key_count != stage->stats.key_count)
        return weft_fail(&s->ctx, WEFT_CORRUPT, "a record has sums of %d partitions and %d keys of stage %d",
                         from->partition_count, from->key_count, step->stage);
    const size_t bytes = (size_t)from->partition_count * sizeof(int64_t);
    memcpy(stage->rows, from->partition_rows, bytes);
    memcpy(stage->bytes, from->partition_bytes, bytes);
    if (from->key_count > 0)
        memcpy(stage->keys, from->keys, (size_t)from->key_count * sizeof(weft_key_range));
    if (from->sample_count > stage->sample_room)
        return weft_fail(&s->ctx, WEFT_CORRUPT, "a record has %d samples of stage %d", from->sample_count,
                         step->stage);
    if (from->sample_count > 0)
        memcpy(stage->samples, from->samples, (size_t)from->sample_count * sizeof(*from->samples));
    stage->stats.sample_count = from->sample_count;
    stage->stats.rows = from->rows;
    stage->stats.bytes = from->bytes;
    stage->report.rows = from->rows;
    stage->report.bytes = from->bytes;
    stage->complete = stage->done = stage->fixed = true;
    s->job->stages_done++;
    return WEFT_OK;
}

static weft_status make_stages(struct recovered_state *s, const group *g)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &s->ctx;
    coordinator_job *j = s->job;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->stage_count + 1, &j->core.stages));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->stage_count + 1, &j->file.step_ends));
    j->stage_capacity = s->stage_count + 1;
    for (int32_t i = 0; i < s->stage_count; i++) {
        const weft_stage_record *r = &s->stages[i];
        weft_stage *stage = NULL;
        WEFT_TRY(st, weft_stage_decode(ctx, r->stage, r->stage_len, &stage));
        if (stage->id != i)
            return weft_fail(ctx, WEFT_CORRUPT, "the record of stage %d is of %d", i, stage->id);
        WEFT_TRY(st, coordinator_new_stage(ctx, j, stage, r->is_result, &j->core.stages[i]));
        j->core.stages[i]->resumed = true;
        for (int32_t k = 0; k < stage->input_count; k++) /* its reader is on record: so it was whole */
            if (stage->inputs[k].stage_id < i) j->core.stages[stage->inputs[k].stage_id]->complete = true;
    }
    for (int32_t i = 0; i < s->stage_count; i++)
        for (int32_t k = 0; k < s->stages[i].step_count; k++)
            WEFT_TRY(st, fix_sums(s, &s->stages[i].steps[k]));
    WEFT_TRY(st, read_generations(s, g));
    WEFT_TRY(st, read_accepted(s, g));
done:
    return st;
}

static weft_status begin(struct recovered_state *s)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &s->ctx;
    coordinator_job *j = s->job;
    const int32_t count = s->stage_count;
    WEFT_TRY(st, coordinator_begin_job(ctx, j));
    (void)weft_coordinator_enter(s->c);
    for (int32_t i = 0; i < count && st == WEFT_OK; i++)
        st = coordinator_begin_stage(ctx, j, j->core.stages[i]);
    weft_coordinator_leave(s->c);
    j->file.stage_count = count;
done:
    return st;
}

static weft_status make_job(struct recovered_state *s, const group *g)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &s->ctx;
    const uint64_t term = weft_journal_term(s->c->journal);
    WEFT_TRY(st, read_settings(s));
    WEFT_TRY(st, read_stages(s, g));
    WEFT_TRY(st, WEFT_NEW(ctx, &s->job));
    if (term < s->record.term || term - s->record.term > INT32_MAX / WEFT_CORE_ATTEMPTS - 1)
        return weft_fail(ctx, WEFT_LIMIT, "the job began %llu leaders ago",
                         (unsigned long long)(term - s->record.term));
    *s->job = (coordinator_job){
        .c = s->c, .ctx = ctx, .run = &s->run, .recovered = s, .file = {.began_ns = weft_now_ns(ctx)}};
    weft_core_job *core = &s->job->core;
    core->id = s->record.number;
    core->resumed = true;
    core->first_attempt = (int32_t)(term - s->record.term) * WEFT_CORE_ATTEMPTS;
    WEFT_TRY(st, coordinator_set_up(ctx, s->job, s->record.timed));
    coordinator_file_open(s->job, &s->record);
    s->job->file.is_written = true;
    core->recorded = true;
    s->run = (weft_run){.text = s->record.text,
                        .text_len = s->record.text_len,
                        .user = s->record.user,
                        .name = s->shown.name};
    WEFT_TRY(st, make_stages(s, g));
    WEFT_TRY(st, begin(s));
done:
    return st;
}

static weft_status new_state(weft_ctx *ctx, weft_coordinator *c, struct recovered_state **out)
{
    weft_status st = WEFT_OK;
    struct recovered_state *s = NULL;
    weft_account *account = weft_account_open(weft_account_pool(ctx->memory), "recovered job");
    weft_arena *arena = account == NULL ? NULL : weft_arena_new(account);
    weft_ctx own;
    if (arena == NULL) {
        weft_account_close(&account);
        return weft_fail(ctx, WEFT_NOMEM, "no memory for a job of an earlier leader");
    }
    weft_ctx_init(&own, arena, account, ctx->settings);
    st = WEFT_NEW(&own, &s);
    if (st != WEFT_OK) {
        weft_arena_free(&arena);
        weft_account_close(&account);
        return weft_error_copy(ctx, &own);
    }
    *s = (struct recovered_state){.c = c, .account = account, .arena = arena, .settings = *ctx->settings};
    s->shown.state = s;
    weft_ctx_init(&s->ctx, arena, account, &s->settings);
    *out = s;
    return WEFT_OK;
}

/* Only what nobody could go on with fails here; a job that cannot be gone on with has its error. */
static weft_status load_job(weft_ctx *ctx, weft_coordinator *c, const group *g, struct recovered_state **out)
{
    weft_status st = WEFT_OK;
    struct recovered_state *s = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    bool is_decided = false;
    WEFT_TRY(st, new_state(ctx, c, &s));
    st = read_record(s, group_find(g, WEFT_JOURNAL_JOB), &bytes, &len);
    if (st == WEFT_OK) st = weft_job_record_decode(&s->ctx, bytes, len, &s->record);
    if (st != WEFT_OK) WEFT_TRY(st, weft_error_copy(ctx, &s->ctx));
    s->shown.name = (weft_job_name){.session = s->record.session, .operation = s->record.operation};
    s->shown.text = s->record.text;
    s->shown.text_len = s->record.text_len;
    s->shown.user = s->record.user;
    if (c->commits != NULL)
        WEFT_TRY(st, weft_commits_find(ctx, c->commits, g->records[0].job, &is_decided, &s->is_committed));
    if (is_decided && !s->is_committed)
        (void)weft_fail(&s->ctx, WEFT_COMMIT_DENIED, "an earlier leader gave up the write into %s",
                        s->record.output);
    if (is_decided ? !s->is_committed : make_job(s, g) != WEFT_OK) {
        s->error = s->ctx.error;
        weft_log_error(WEFT_LOG_ERROR, "job_not_resumed", &s->error);
    }
    *out = s;
    s = NULL;
done:
    state_free(&s);
    return st;
}

/* ---- all of them ---- */

static int by_owner(const void *a, const void *b)
{
    const weft_journal_record *x = a, *y = b;
    if (x->job.high != y->job.high) return x->job.high < y->job.high ? -1 : 1;
    if (x->job.low != y->job.low) return x->job.low < y->job.low ? -1 : 1;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static int by_number(const void *a, const void *b)
{
    const struct recovered_state *x = *(struct recovered_state *const *)a;
    const struct recovered_state *y = *(struct recovered_state *const *)b;
    return x->record.number < y->record.number ? -1 : x->record.number > y->record.number;
}

/* Records of a job that never got its JOB: its client says it again. */
static void drop_beginning(weft_ctx *ctx, weft_coordinator *c, weft_uuid owner)
{
    if (weft_journal_post(ctx, c->journal, owner, WEFT_JOURNAL_END, 0, "", 0) == WEFT_OK) return;
    weft_log_error(WEFT_LOG_WARN, "end_not_recorded", &ctx->error);
    weft_error_clear(ctx);
}

static weft_status load_group(weft_ctx *ctx, weft_coordinator *c, const group *g, weft_recovery *r,
                              weft_uuid *members, int32_t *member_count)
{
    weft_status st = WEFT_OK;
    const weft_uuid owner = g->records[0].job;
    if (group_find(g, WEFT_JOURNAL_END) != NULL) return WEFT_OK;
    if (group_find(g, WEFT_JOURNAL_MEMBER) != NULL) members[(*member_count)++] = owner;
    if (group_find(g, WEFT_JOURNAL_JOB) != NULL) {
        st = load_job(ctx, c, g, &r->states[r->count]);
        if (st == WEFT_OK) r->count++;
        if (st == WEFT_NOMEM || st == WEFT_IO || st == WEFT_NOT_LEADER) return st;
        if (st != WEFT_OK) weft_log_error(WEFT_LOG_ERROR, "job_not_read", &ctx->error);
        weft_error_clear(ctx);
    } else if (group_find(g, WEFT_JOURNAL_STAGE) != NULL) {
        drop_beginning(ctx, c, owner);
    }
    return WEFT_OK;
}

static weft_status new_recovery(weft_ctx *ctx, weft_recovery **out)
{
    weft_status st = WEFT_OK;
    weft_ctx own = *ctx;
    own.arena = weft_arena_new(ctx->memory);
    if (own.arena == NULL) return weft_fail(ctx, WEFT_NOMEM, "no memory for what an earlier leader left");
    st = WEFT_NEW(&own, out);
    if (st == WEFT_OK)
        (*out)->arena = own.arena;
    else
        weft_arena_free(&own.arena);
    return st;
}

static weft_status load_all(weft_ctx *ctx, weft_coordinator *c, weft_recovery *r)
{
    weft_status st = WEFT_OK;
    weft_journal_record *records = NULL;
    weft_uuid *members = NULL;
    int32_t count = 0, member_count = 0;
    WEFT_TRY(st, weft_journal_list(ctx, c->journal, &records, &count));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &r->states));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &members));
    if (count > 0) qsort(records, (size_t)count, sizeof(*records), by_owner);
    for (int32_t i = 0, next = 0; i < count; i = next) {
        while (next < count && weft_uuid_equal(records[next].job, records[i].job)) next++;
        const group g = {.records = records + i, .count = next - i};
        WEFT_TRY(st, load_group(ctx, c, &g, r, members, &member_count));
    }
    if (r->count > 0) qsort(r->states, (size_t)r->count, sizeof(*r->states), by_number);
    if (r->count == 0 && member_count == 0) goto done;
    weft_log(WEFT_LOG_INFO, "recovering", WEFT_LOG_INT("jobs", r->count),
             WEFT_LOG_INT("workers", member_count));
    st = weft_core_recover(ctx, weft_coordinator_enter(c), members, member_count);
    weft_coordinator_leave(c);
done:
    return st;
}

weft_status weft_recovery_load(weft_ctx *ctx, weft_coordinator *c, weft_recovery **out)
{
    weft_status st = WEFT_OK;
    weft_recovery *r = NULL;
    weft_ctx own = *ctx;
    *out = NULL;
    WEFT_TRY(st, new_recovery(ctx, &r));
    own.arena = r->arena;
    st = load_all(&own, c, r);
    if (st != WEFT_OK) WEFT_TRY(st, weft_error_copy(ctx, &own));
    *out = r;
    r = NULL;
done:
    if (r != NULL)
        for (int32_t i = 0; i < r->count; i++) weft_recovered_job_leave(&r->states[i]->shown);
    weft_recovery_free(&r);
    return st;
}

int32_t weft_recovery_count(const weft_recovery *r) { return r->count; }

weft_recovered_job *weft_recovery_job(const weft_recovery *r, int32_t index)
{
    return &r->states[index]->shown;
}

/* How a job that nobody wants any more has ended. */
static void end_left(struct recovered_state *s)
{
    const weft_job_name name = s->shown.name;
    const weft_error error = {.code = s->is_committed ? WEFT_OK : WEFT_CANCELLED,
                              .message = "its session has ended"};
    if (weft_coordinator_is_deposed(s->c)) return;
    if (!s->is_committed && s->c->commits != NULL && s->record.output[0] != 0)
        weft_commits_give_up(&s->ctx, s->c->commits, weft_job_uuid(&name));
    if (weft_coordinator_tell(&s->ctx, s->c, &name, &error) == WEFT_OK) return;
    weft_log_error(WEFT_LOG_WARN, "end_not_recorded", &s->ctx.error);
}

static void refuse_left(struct recovered_state *s)
{
    const weft_job_name name = s->shown.name;
    if (weft_coordinator_is_deposed(s->c) || s->is_committed || s->c->commits == NULL) return;
    if (weft_commits_refuse(&s->ctx, s->c->commits, weft_job_uuid(&name)) == WEFT_OK) return;
    weft_log_error(WEFT_LOG_WARN, "write_not_aborted", &s->ctx.error);
    weft_error_clear(&s->ctx);
}

void weft_recovered_job_leave(weft_recovered_job *job)
{
    struct recovered_state *s = job->state;
    const bool writes = s->record.output[0] != 0;
    if (!writes) /* on record before its blocks go, as in coordinator_file_close */
        end_left(s);
    else if (s->job != NULL)
        refuse_left(s); /* likewise */
    if (s->job != NULL) coordinator_leave_job(s->job);
    if (writes) end_left(s); /* its tasks make no more of the files that go with it */
    state_free(&s);
}

void weft_recovery_free(weft_recovery **recovery)
{
    weft_recovery *r = *recovery;
    *recovery = NULL;
    if (r == NULL) return;
    weft_arena *arena = r->arena;
    weft_arena_free(&arena);
}

/* ---- planning again ---- */

static weft_status not_resumable(weft_ctx *ctx, const struct recovered_state *s, const char *why,
                                 int32_t stage)
{
    const weft_status st = weft_fail(
        ctx, WEFT_JOB_NOT_RESUMABLE,
        "job %llu was begun by Weft %s; version %s, which leads now, %s stage %d of it",
        (unsigned long long)s->record.number, s->record.release, weft_session_release(), why, stage);
    weft_hint(ctx, "submit it again");
    return st;
}

/* The same stage, to the byte? */
static weft_status check_stage(weft_ctx *ctx, const struct recovered_state *s, const weft_stage *stage)
{
    weft_status st = WEFT_OK;
    uint8_t *bytes = NULL;
    size_t len = 0;
    const weft_stage_record *r = &s->stages[stage->id];
    WEFT_TRY(st, weft_stage_encode(ctx, stage, &bytes, &len));
    if (len != r->stage_len || memcmp(bytes, r->stage, len) != 0)
        WEFT_TRY(st, not_resumable(ctx, s, "plans otherwise", stage->id));
done:
    return st;
}

/* Those on record run already; one whose record was not made any more was never launched. */
static weft_status ask_planner(weft_ctx *ctx, coordinator_job *j, int32_t *issued)
{
    weft_status st = WEFT_OK;
    const struct recovered_state *s = j->recovered;
    const weft_stage *const *stages = NULL;
    int32_t count = 0;
    WEFT_TRY(st, weft_planner_next(ctx, j->planner, &stages, &count));
    for (int32_t i = 0; i < count; i++, (*issued)++) {
        if (stages[i]->id < s->stage_count)
            WEFT_TRY(st, check_stage(ctx, s, stages[i]));
        else
            WEFT_TRY(st, coordinator_issue_stage(ctx, j, stages[i]));
    }
done:
    return st;
}

weft_status coordinator_replay(weft_ctx *ctx, coordinator_job *j, weft_ids *ids, const weft_node *plan)
{
    weft_status st = WEFT_OK;
    const struct recovered_state *s = j->recovered;
    const weft_stage_record *first = &s->stages[0];
    int32_t issued = 0;
    j->file.asked = (weft_planner_options){
        .slots = first->slots, .memory_bytes = first->memory_bytes, .workers = first->workers};
    WEFT_TRY(st, weft_planner_new(ctx, ids, plan, &j->file.asked, &j->planner));
    for (int32_t i = 0; i < s->stage_count; i++) {
        for (int32_t k = 0; k < s->stages[i].step_count; k++) {
            const weft_record_step *step = &s->stages[i].steps[k];
            if (step->stage < 0)
                WEFT_TRY(st, ask_planner(ctx, j, &issued));
            else
                WEFT_TRY(st, weft_planner_finished(ctx, j->planner, step->stage,
                                                   &j->core.stages[step->stage]->stats));
        }
        if (issued <= i) WEFT_TRY(st, not_resumable(ctx, s, "does not plan", i));
    }
done:
    return st;
}
