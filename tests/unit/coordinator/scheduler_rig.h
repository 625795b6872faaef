/* tests/unit/coordinator/scheduler_rig.h - a scheduler to tell events, and what it answered to the last one.
 */
#ifndef WEFT_TESTS_UNIT_COORDINATOR_SCHEDULER_RIG_H
#define WEFT_TESTS_UNIT_COORDINATOR_SCHEDULER_RIG_H

#include "coordinator/scheduler.h"
#include "tests/support/fixture.h"

enum { WORKER = 7, JOB = 3 };

static const weft_scheduler_options options = {
    .grace_ns = 1000, .crashes_most = 4, .misses_most = 2, .strikes_most = 3, .aside_ns = 100};

typedef struct rig {
    weft_fixture f;
    weft_scheduler *s;
    weft_actions last; /* of the last event */
} rig;

static inline void open_rig(rig *r)
{
    weft_fixture_open(&r->f);
    weft_fixture_ok(&r->f, weft_scheduler_new(&r->f.ctx, &options, &r->s));
}

static inline void close_rig(rig *r)
{
    weft_scheduler_free(&r->s);
    weft_fixture_close(&r->f);
}

/* One event at a time; the state adds up after each. */
static inline void step_at(rig *r, weft_event e, int64_t now)
{
    weft_fixture_ok(&r->f, weft_scheduler_step(&r->f.ctx, r->s, &e, now, &r->last));
    const char *wrong = weft_scheduler_check(r->s);
    if (wrong != NULL) fail_msg("after event %d: %s", (int)e.kind, wrong);
}

static inline void step(rig *r, weft_event e) { step_at(r, e, 0); }

static inline void worker_comes(rig *r, int32_t worker, int32_t slots)
{
    step(r, (weft_event){.kind = WEFT_EVENT_WORKER, .worker = worker, .slots = slots});
}

static inline void job_comes(rig *r, uint64_t job, int32_t attempts, uint64_t seed)
{
    step(r, (weft_event){.kind = WEFT_EVENT_JOB, .job = job, .attempts = attempts, .seed = seed});
}

static inline void stage_comes(rig *r, uint64_t job, int32_t stage, int32_t tasks)
{
    step(r,
         (weft_event){.kind = WEFT_EVENT_STAGE, .job = job, .stage = stage, .tasks = tasks, .needed = true});
}

/* The report of an attempt, as its worker would send it. */
static inline weft_event report(const weft_action *launch, weft_status status)
{
    return (weft_event){.kind = status == WEFT_OK ? WEFT_EVENT_DONE : WEFT_EVENT_FAILED,
                        .worker = launch->worker,
                        .job = launch->job,
                        .stage = launch->stage,
                        .generation = launch->generation,
                        .partition = launch->partition,
                        .attempt = launch->attempt,
                        .status = status};
}

static inline int32_t count_of(const rig *r, weft_action_kind kind)
{
    int32_t n = 0;
    for (int32_t i = 0; i < r->last.count; i++) n += r->last.items[i].kind == kind;
    return n;
}

/* The only action of this kind. */
static inline weft_action the(const rig *r, weft_action_kind kind)
{
    weft_action found = {0};
    assert_int_equal(count_of(r, kind), 1);
    for (int32_t i = 0; i < r->last.count; i++)
        if (r->last.items[i].kind == kind) found = r->last.items[i];
    return found;
}

static inline weft_scheduler_counts counts(const rig *r)
{
    weft_scheduler_counts c;
    weft_scheduler_count(r->s, &c);
    return c;
}

#endif
