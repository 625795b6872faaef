/* coordinator/placement.c - see placement.h. */
#include "coordinator/placement.h"

enum {
    NEAR_PART = NEAR_MOST,      /* a near worker holds one in so many bytes at least */
    FETCH_NS_A_KIB = 5 * 1024,  /* to read blocks from another worker: 200 MB/s with all that it costs */
    WAIT_LEAST_NS = 1000 * 1000 /* a shorter wait is not worth a timer */
};

const char *weft_locality_name(weft_locality locality)
{
    static const char *const names[] = {[WEFT_PROCESS_LOCAL] = "PROCESS_LOCAL",
                                        [WEFT_NODE_LOCAL] = "NODE_LOCAL",
                                        [WEFT_NO_PREF] = "NO_PREF",
                                        [WEFT_ANY] = "ANY"};
    return names[locality];
}

/* ---- runs of a scan ---- */

/* A task has one at least, since starting it costs something too. */
static int64_t rows_of(const weft_task_spec *spec)
{
    int64_t rows = 1;
    for (int32_t i = 0; i < spec->split_count; i++) rows += spec->splits[i].end - spec->splits[i].begin;
    return rows;
}

/* Where each run ends: at the task in whose middle its worker's share of the rows is full. */
static void cut_runs(const weft_scheduler *s, stage *st, const weft_task_spec *splits, int64_t slots)
{
    int64_t total = 0, before = 0, share = 0;
    int32_t next = 0;
    for (int32_t p = 0; p < st->tasks; p++) total += rows_of(&splits[p]);
    for (int32_t i = 0; i < st->run_count; i++) {
        run *r = &st->runs[i];
        share += scheduler_find_worker(s, r->worker)->slots;
        r->begin = next;
        for (; next < st->tasks; next++) {
            const int64_t rows = rows_of(&splits[next]);
            const double most = (double)total * (double)share / (double)slots;
            const bool full = (double)before + (double)rows / 2 > most;
            if (full && i + 1 < st->run_count) break;
            before += rows;
        }
        r->end = next;
    }
    placement_again(st);
}

weft_status placement_deal(weft_ctx *ctx, weft_scheduler *s, stage *st, const weft_task_spec *splits)
{
    weft_status ok = WEFT_OK;
    int64_t slots = 0;
    int32_t count = 0;
    if (splits == NULL || st->order != NULL || s->usable < 2) return WEFT_OK;
    WEFT_TRY(ok,
             weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)s->usable * sizeof(run), (void **)&st->runs));
    for (int32_t i = 0; i < s->worker_count; i++) {
        const worker *w = &s->workers[i];
        if (!worker_is_usable(w) || w->slots == 0) continue;
        st->runs[count++].worker = w->id;
        slots += w->slots;
    }
    st->run_count = count;
    if (count > 0) cut_runs(s, st, splits, slots);
done:
    return ok;
}

/* The next task for a worker: of its own run; when that is at its end, the last of the longest. */
static int32_t take_of_runs(stage *st, int32_t worker_id)
{
    run *longest = &st->runs[0];
    for (int32_t i = 0; i < st->run_count; i++) {
        run *r = &st->runs[i];
        if (r->worker == worker_id && r->first < r->last) return r->first++;
        if (r->last - r->first > longest->last - longest->first) longest = r;
    }
    assert(longest->first < longest->last);
    return --longest->last;
}

/* ---- what waits ---- */

void placement_retry(stage *st, int32_t number)
{
    task *t = &st->task[number];
    if (t->retried) return;
    t->retried = true;
    t->next = NO_TASK;
    if (st->last_retried == NO_TASK)
        st->first_retried = number;
    else
        st->task[st->last_retried].next = number;
    st->last_retried = number;
}

static void remove_retried(stage *st)
{
    task *t = &st->task[st->first_retried];
    t->retried = false;
    st->first_retried = t->next;
    if (st->first_retried == NO_TASK) st->last_retried = NO_TASK;
    t->next = NO_TASK;
}

/* Those whose block came back do not wait any more. */
static int32_t first_retried(stage *st)
{
    while (st->first_retried != NO_TASK && st->task[st->first_retried].state != TASK_WAITING)
        remove_retried(st);
    return st->first_retried;
}

void placement_again(stage *st)
{
    while (st->first_retried != NO_TASK) remove_retried(st);
    st->first_waiting = 0;
    for (int32_t i = 0; i < st->run_count; i++) {
        st->runs[i].first = st->runs[i].begin;
        st->runs[i].last = st->runs[i].end;
    }
}

static int32_t take_task(stage *st, int32_t retried, int32_t worker_id)
{
    if (retried != NO_TASK) {
        remove_retried(st);
        return retried;
    }
    if (st->run_count > 0) return take_of_runs(st, worker_id);
    const int32_t at = st->first_waiting++;
    return st->order == NULL ? at : st->order[at];
}

/* ---- near workers ---- */

/* What each worker holds of a stage's inputs, in worker.kib; in all. */
static int64_t add_up(weft_scheduler *s, const stage *st)
{
    int64_t total = 0;
    worker *w = NULL;
    for (int32_t i = 0; i < s->worker_count; i++) s->workers[i].kib = 0;
    for (int32_t i = 0; i < st->input_count; i++) {
        const stage *in = st->job->stages[st->inputs[i]];
        for (int32_t p = 0; p < in->tasks && !st->broadcast[i]; p++) {
            const task *t = &in->task[p];
            if (w == NULL || w->id != t->worker) w = scheduler_find_worker(s, t->worker);
            w->kib += t->kib;
            total += t->kib;
        }
    }
    return total;
}

static void add_near(stage *st, const weft_scheduler *s, const worker *w, int64_t total)
{
    const near_worker n = {.worker = w->id, .host = w->host, .eighths = (int32_t)(w->kib * 8 / total)};
    int32_t i = st->near_count++;
    for (; i > 0 && scheduler_find_worker(s, st->near[i - 1].worker)->kib < w->kib; i--)
        st->near[i] = st->near[i - 1];
    st->near[i] = n;
}

void placement_open(weft_scheduler *s, stage *st)
{
    uint32_t sources = 0;
    for (int32_t i = 0; i < st->input_count; i++) sources += st->job->stages[st->inputs[i]]->moved;
    if (st->placed && st->sources == sources) return;
    st->placed = true;
    st->sources = sources;
    st->near_count = 0;
    st->wait_ns = 0;
    st->held_ns = INT64_MAX;
    const int64_t total = add_up(s, st);
    for (int32_t i = 0; i < s->worker_count && total > 0; i++)
        if (s->workers[i].kib * NEAR_PART >= total) add_near(st, s, &s->workers[i], total);
    if (st->near_count == 0) return;
    const int64_t saved = scheduler_find_worker(s, st->near[0].worker)->kib / st->tasks;
    st->wait_ns = weft_min_i64(saved * FETCH_NS_A_KIB, st->job->wait_ns);
    if (st->wait_ns < WAIT_LEAST_NS) st->wait_ns = 0;
}

/* The near worker with a free slot that holds most; of about equals the one with most free slots. */
static worker *near_with_slot(const weft_scheduler *s, const stage *st, int32_t avoid)
{
    worker *best = NULL;
    int32_t most = 0, eighths = 0;
    for (int32_t i = 0; i < st->near_count && st->near[i].eighths >= eighths; i++) {
        worker *w = scheduler_find_worker(s, st->near[i].worker);
        if (w == NULL || !worker_is_usable(w) || w->id == avoid || w->slots - w->running <= most) continue;
        best = w;
        most = w->slots - w->running;
        eighths = st->near[i].eighths;
    }
    return best;
}

static weft_locality locality_at(const stage *st, const worker *w)
{
    bool host = false;
    for (int32_t i = 0; i < st->near_count; i++) {
        if (st->near[i].worker == w->id) return WEFT_PROCESS_LOCAL;
        host |= w->host != 0 && st->near[i].host == w->host;
    }
    return st->near_count == 0 ? WEFT_NO_PREF : host ? WEFT_NODE_LOCAL : WEFT_ANY;
}

/* A free slot on the host of a near worker. */
static worker *same_host_with_slot(const weft_scheduler *s, const stage *st)
{
    worker *best = NULL;
    int32_t most = 0;
    for (int32_t i = 0; i < s->worker_count; i++) {
        worker *w = &s->workers[i];
        if (!worker_is_usable(w) || w->slots - w->running <= most) continue;
        if (locality_at(st, w) != WEFT_NODE_LOCAL) continue;
        best = w;
        most = w->slots - w->running;
    }
    return best;
}

/* The time until which tasks of the stage do not take slots elsewhere (on the same host, when such are free);
 * INT64_MIN: they do not wait. */
static int64_t held_until(const weft_scheduler *s, const stage *st, int64_t now)
{
    bool alive = false;
    for (int32_t i = 0; i < st->near_count && !alive; i++) {
        const worker *w = scheduler_find_worker(s, st->near[i].worker);
        alive = w != NULL && worker_is_usable(w);
    }
    if (!alive || st->wait_ns == 0) return INT64_MIN;
    const int64_t since = weft_min_i64(st->held_ns, now);
    return since + (now - since < st->wait_ns / 2 ? st->wait_ns / 2 : st->wait_ns);
}

/* No near worker has a free slot. *host: one that has, on the host of one, when it is time for it. True: do
 * not take any other slot now. */
static bool holds(weft_scheduler *s, stage *st, int64_t now, worker **host)
{
    const int64_t until = held_until(s, st, now);
    *host = NULL;
    if (until <= now) return false;
    if (s->free_slots == 0) return true;
    if (st->held_ns == INT64_MAX) st->held_ns = now;
    if (now - st->held_ns >= st->wait_ns / 2) *host = same_host_with_slot(s, st);
    if (*host == NULL) s->due_ns = weft_min_i64(s->due_ns, until);
    return *host == NULL;
}

/* ---- the next task ---- */

/* How many attempts of the stage a worker may have for each of its slots: as many short ones as last a way
 * there and back; of others one more than is at work, so that no slot stands still for that way, as long as
 * there are enough for all: the last ones go to whoever is free first. */
static int32_t depth_of(const weft_scheduler *s, const stage *st)
{
    const int64_t most = s->options.ahead_most, enough = st->waiting > 2 * (int64_t)s->slots ? 2 : 1;
    if (most <= 1) return 1;
    if (st->run_ns == 0) return (int32_t)enough;
    return (int32_t)weft_min_i64(most, weft_max_i64(enough, 1 + s->options.ahead_ns / st->run_ns));
}

/* The usable worker with the most room, the first of equals, but not `avoid` when another has some. */
static worker *freest_worker(weft_scheduler *s, int32_t avoid, int32_t depth)
{
    worker *best = NULL, *avoided = NULL;
    int64_t most = 0;
    for (int32_t i = 0; i < s->worker_count; i++) {
        worker *w = &s->workers[i];
        const int64_t room = (int64_t)w->slots * depth - w->running;
        if (!worker_is_usable(w) || room <= 0) continue;
        if (w->id == avoid)
            avoided = w;
        else if (room > most) {
            most = room;
            best = w;
        }
    }
    return best != NULL ? best : avoided;
}

placing placement_next(weft_scheduler *s, stage *st, int64_t now, placed *out)
{
    const int32_t depth = depth_of(s, st), retried = first_retried(st);
    const int32_t avoid = retried == NO_TASK ? NO_WORKER : st->task[retried].worker;
    if (s->free_slots == 0 && depth == 1) return PLACING_FULL;
    worker *w = near_with_slot(s, st, avoid);
    if (w == NULL) {
        worker *host = NULL;
        w = freest_worker(s, avoid, depth);
        if (w == NULL) return PLACING_FULL;
        if (st->near_count > 0 && retried == NO_TASK && locality_at(st, w) != WEFT_PROCESS_LOCAL &&
            holds(s, st, now, &host))
            return PLACING_LATER;
        if (host != NULL) w = host;
    }
    *out = (placed){.number = take_task(st, retried, w->id), .worker = w, .locality = locality_at(st, w)};
    assert(st->task[out->number].state == TASK_WAITING);
    return PLACING_FOUND;
}
