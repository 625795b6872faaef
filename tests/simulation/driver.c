/* tests/simulation/driver.c - see world.h: jobs as their planner would issue them, and what must be true of
 * their results. */
#include <string.h>

#include "common/hash.h"
#include "tests/simulation/world.h"

void driver_open(world *w)
{
    w->job_count = (int32_t)world_range(w, 1, JOBS_MAX);
    for (int32_t i = 0; i < w->job_count; i++) {
        plan_make(&w->random, &w->jobs[i], i);
        w->wait_ns[i] = world_chance(w, 20) ? 0 : world_range(w, 1, 60000) * 1000;
        world_plan(w, world_range(w, 0, 2000000), (happening){.kind = SUBMITS, .job = i});
    }
}

job_plan *driver_job(world *w, uint64_t id)
{
    for (int32_t i = 0; i < w->job_count; i++)
        if (w->jobs[i].id == id) return &w->jobs[i];
    return NULL;
}

/* ---- issuing ---- */

/* Issue what has all inputs done; then tell which stages only issued ones still read. */
static void issue(world *w, job_plan *j)
{
    for (int32_t s = 0; s < j->stage_count && !j->failed; s++) {
        stage_plan *sp = &j->stages[s];
        bool ready = !sp->issued;
        for (int32_t i = 0; i < sp->input_count; i++) ready &= j->stages[sp->inputs[i]].done;
        if (!ready) continue;
        sp->issued = sp->needed = true;
        weft_split splits[TASKS_MAX];
        weft_task_spec specs[TASKS_MAX];
        for (int32_t p = 0; p < sp->tasks; p++) {
            splits[p] = (weft_split){.end = sp->tasks - p};
            specs[p] = (weft_task_spec){.split_count = 1, .splits = &splits[p]};
        }
        const weft_event e = {.kind = WEFT_EVENT_STAGE,
                              .job = j->id,
                              .stage = s,
                              .tasks = sp->tasks,
                              .determinism = sp->determinism,
                              .input_count = sp->input_count,
                              .inputs = sp->inputs,
                              .broadcast = sp->broadcast,
                              .splits = s % 2 == 0 ? specs : NULL,
                              .needed = true};
        world_step(w, &e);
    }
    for (int32_t s = 0; s < j->stage_count - 1 && !j->failed; s++) {
        if (!j->stages[s].needed || !j->stages[s].issued || plan_is_read_later(j, s)) continue;
        j->stages[s].needed = false;
        const weft_event e = {.kind = WEFT_EVENT_NEEDED, .job = j->id, .stage = s};
        world_step(w, &e);
    }
}

/* Let go of what no unfinished stage reads, as a coordinator that is short of memory may. */
static void free_unread(world *w, job_plan *j)
{
    for (int32_t s = 0; s < j->stage_count - 1 && !j->failed; s++) {
        if (j->stages[s].needed || !weft_scheduler_is_finished(w->scheduler, j->id, s) ||
            weft_scheduler_is_read(w->scheduler, j->id, s) || !world_chance(w, 30))
            continue;
        const weft_event e = {.kind = WEFT_EVENT_FREED, .job = j->id, .stage = s};
        world_step(w, &e);
    }
}

void driver_submits(world *w, int32_t place)
{
    job_plan *j = &w->jobs[place];
    const weft_event e = {.kind = WEFT_EVENT_JOB,
                          .job = j->id,
                          .attempts = ATTEMPTS,
                          .wait_ns = w->wait_ns[place],
                          .seed = world_chance(w, 30) ? world_random(w) : 0};
    j->submitted = true;
    world_step(w, &e);
    issue(w, j);
}

/* ---- what the scheduler tells ---- */

static void accept(world *w, job_plan *j, const weft_action *a)
{
    stage_plan *sp = &j->stages[a->stage];
    const attempt_id id = {a->job, a->stage, a->generation, a->partition, a->attempt};
    const int32_t place = world_node_of(w, a->worker);
    if (a->generation != sp->generation) world_wrong(w, "an attempt of an old generation was accepted");
    if (sp->accepted[a->partition] > 0) world_wrong(w, "two attempts of a task were accepted");
    if (place < 0) world_wrong(w, "an attempt of a dead worker was accepted");
    if (w->wrong != NULL) return;
    sp->accepted[a->partition]++;
    if (w->nodes[place].alive && worker_block(w, place, &id) == NULL)
        world_wrong(w, "an attempt was accepted whose block was dropped");
}

static void again(job_plan *j, const weft_action *a)
{
    stage_plan *sp = &j->stages[a->stage];
    sp->generation = a->generation;
    sp->done = false;
    memset(sp->accepted, 0, sizeof(sp->accepted));
    if (a->stage == j->stage_count - 1) j->read = 0;
}

static void fail(world *w, job_plan *j, const weft_action *a)
{
    if (j->failed) world_wrong(w, "a job failed twice");
    j->failed = j->ended = true;
    j->status = a->status;
    if (a->status == WEFT_IO && j->stages[a->stage].failures[a->partition] < ATTEMPTS)
        world_wrong(w, "a job failed though its task had attempts left");
    const weft_event end = {.kind = WEFT_EVENT_END, .job = j->id};
    world_step(w, &end);
}

void driver_acts(world *w, const weft_action *a)
{
    job_plan *j = driver_job(w, a->job);
    if (j == NULL || j->ended) {
        world_wrong(w, "something happened to a job that is over");
        return;
    }
    if (a->kind == WEFT_ACTION_ACCEPT) accept(w, j, a);
    if (a->kind == WEFT_ACTION_AGAIN) again(j, a);
    if (a->kind == WEFT_ACTION_JOB_FAILED) fail(w, j, a);
    if (a->kind != WEFT_ACTION_STAGE_DONE) return;
    stage_plan *sp = &j->stages[a->stage];
    for (int32_t p = 0; p < sp->tasks; p++)
        if (sp->accepted[p] != 1) world_wrong(w, "a stage is done without all of its tasks");
    sp->done = true;
    issue(w, j);
    free_unread(w, j);
    if (a->stage == j->stage_count - 1 && !j->ended && !j->reading) {
        j->reading = true;
        world_plan(w, 1000, (happening){.kind = READS, .job = (int32_t)(j - w->jobs)});
    }
}

void driver_looks(world *w)
{
    for (int32_t i = 0; i < w->job_count; i++)
        for (int32_t s = 0; s < w->jobs[i].stage_count; s++)
            for (int32_t p = 0; p < w->jobs[i].stages[s].tasks; p++) {
                attempt_id id = {.job = w->jobs[i].id, .stage = s, .partition = p};
                int32_t number = 0;
                const bool there =
                    weft_scheduler_block(w->scheduler, id.job, s, p, &id.generation, &id.attempt, &number);
                const int32_t place = there ? world_node_of(w, number) : -1;
                w->jobs[i].stages[s].accepted[p] = there;
                if (place >= 0 && w->nodes[place].alive && worker_block(w, place, &id) == NULL)
                    world_wrong(w, "a block is thought to be where it is not");
            }
}

/* ---- the client ---- */

static bool read_partition(world *w, job_plan *j)
{
    const int32_t result = j->stage_count - 1;
    int32_t generation = 0, attempt = 0, number = 0;
    if (!weft_scheduler_block(w->scheduler, j->id, result, j->read, &generation, &attempt, &number))
        return false;
    const attempt_id id = {j->id, result, generation, j->read, attempt};
    const int32_t place = world_node_of(w, number);
    const block *b = place < 0 ? NULL : worker_block(w, place, &id);
    if (b == NULL || !w->nodes[place].alive || w->nodes[place].cut) return false;
    if (!j->pinned) { /* the first row leaves */
        const weft_event pinned = {.kind = WEFT_EVENT_PINNED, .job = j->id};
        memset(&j->from, 0, sizeof(j->from));
        j->pinned = true;
        world_step(w, &pinned);
    }
    if (!trace_merge(&j->from, &b->from))
        world_wrong(w, "a result shows two generations of one indeterminate task");
    j->result[j->read++] = b->content;
    return true;
}

void driver_reads(world *w, int32_t place)
{
    job_plan *j = &w->jobs[place];
    if (j->ended) return;
    const bool got = read_partition(w, j);
    if (j->read == j->stages[j->stage_count - 1].tasks) {
        const weft_event end = {.kind = WEFT_EVENT_END, .job = j->id};
        j->ended = true;
        world_step(w, &end);
        return;
    }
    world_plan(w, got ? world_range(w, 100, 100000) : 50000, (happening){.kind = READS, .job = place});
}

bool driver_done(const world *w)
{
    for (int32_t i = 0; i < w->job_count; i++)
        if (!w->jobs[i].ended) return false;
    return true;
}

/* ---- the end ---- */

void driver_check(world *w)
{
    weft_scheduler_counts c;
    weft_scheduler_count(w->scheduler, &c);
    for (int32_t i = 0; i < w->job_count; i++) {
        const job_plan *j = &w->jobs[i];
        if (!j->failed) {
            if (j->poisoned) world_wrong(w, "a poisoned job ended well");
            if (!plan_has_right_result(j)) world_wrong(w, "a result is wrong");
        } else if (j->status == WEFT_FETCH_FAILED)
            world_wrong(w, "a job failed since its blocks were never where its tasks looked for them");
        else if (j->status == WEFT_INDETERMINATE_RERUN && !j->pinned)
            world_wrong(w, "a job that could run again failed");
        else if (j->status != WEFT_INDETERMINATE_RERUN && j->status != WEFT_WORKER_LOST &&
                 j->status != WEFT_NO_WORKERS && j->status != WEFT_IO)
            world_wrong(w, "a job failed with a status that nothing has caused");
    }
    if (c.rerun > c.failed + c.blocks_lost + c.blocks_freed + c.attempts_lost + c.restarted)
        world_wrong(w, "more was run again than was lost");
}
