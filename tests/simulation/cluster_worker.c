/* tests/simulation/cluster_worker.c - see cluster.h: what worker/member.c and worker/worker.c do, without
 * sockets and threads. A worker believes every order: the coordinator must not give a wrong one. */
#include <stdio.h>
#include <string.h>

#include "common/hash.h"
#include "tests/simulation/cluster.h"

enum { TICK_US = 50000 };

static const weft_control_options times = {.tick_ns = TICK_US * 1000,
                                           .beat_ns = 200000000,
                                           .silent_ns = 2000000000,
                                           .lease_ns = 5000000000,
                                           .grace_ns = 30000000000,
                                           .backoff_least_ns = 50000000,
                                           .backoff_most_ns = 500000000,
                                           .welcome_ns = 3000000000};

/* ---- what it holds ---- */

const held_block *worker_find_block(const node *n, const weft_block_name *name)
{
    for (int32_t i = 0; i < n->block_count; i++)
        if (weft_block_name_equal(&n->blocks[i].name, name)) return &n->blocks[i];
    return NULL;
}

static void drop_report(held_block *block)
{
    if (block->report != NULL) weft_parcel_void(block->report);
    weft_parcel_release(&block->report);
}

static void drop_block(node *n, const weft_block_name *name)
{
    for (int32_t i = 0; i < n->block_count; i++)
        if (weft_block_name_equal(&n->blocks[i].name, name)) {
            drop_report(&n->blocks[i]);
            n->blocks[i] = n->blocks[--n->block_count];
            return;
        }
}

static void drop_blocks(node *n, uint64_t job, int32_t stage, int32_t generation)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < n->block_count; i++) {
        const weft_block_name *name = &n->blocks[i].name;
        if (name->job == job && (stage < 0 || name->stage == stage) && name->generation <= generation)
            drop_report(&n->blocks[i]);
        else
            n->blocks[kept++] = n->blocks[i];
    }
    n->block_count = kept;
}

void worker_drops_all(node *n)
{
    for (int32_t i = 0; i < n->block_count; i++) weft_parcel_release(&n->blocks[i].report);
    n->block_count = n->attempt_count = n->job_count = 0;
}

static held_job *find_job(node *n, uint64_t id)
{
    for (int32_t i = 0; i < n->job_count; i++)
        if (n->jobs[i].id == id) return &n->jobs[i];
    return NULL;
}

static held_stage *find_stage(node *n, const weft_to_worker *m)
{
    for (int32_t i = 0; i < NODE_STAGES_MAX; i++) {
        held_stage *s = &n->stages[i];
        if (s->serial != 0 && !s->dropped && s->job == m->job && s->stage == m->stage &&
            s->generation == m->generation)
            return s;
    }
    return NULL;
}

static held_stage *stage_of(node *n, uint64_t serial)
{
    for (int32_t i = 0; i < NODE_STAGES_MAX; i++)
        if (n->stages[i].serial == serial) return &n->stages[i];
    return NULL;
}

bool worker_is_empty(const node *n)
{
    bool empty = n->block_count == 0 && n->attempt_count == 0 && n->job_count == 0;
    for (int32_t i = 0; i < NODE_STAGES_MAX; i++) empty &= n->stages[i].serial == 0;
    return empty && weft_outbox_is_empty(n->outbox);
}

/* ---- reports ---- */

/* What does not fit is missed: a new session begins (see post). */
static void put_report(node *n, const weft_to_coordinator *m)
{
    if (weft_outbox_put(n->cluster->ctx, n->outbox, m) != WEFT_OK) weft_error_clear(n->cluster->ctx);
}

static weft_to_coordinator about_attempt(const node *n, weft_to_coordinator_kind kind,
                                         const weft_block_name *name)
{
    return (weft_to_coordinator){.kind = kind,
                                 .worker = n->number,
                                 .epoch = n->control.epoch,
                                 .job = name->job,
                                 .stage = name->stage,
                                 .generation = name->generation,
                                 .partition = name->partition,
                                 .attempt = name->attempt};
}

static void report_failure(node *n, const held_attempt *a, weft_status status, const held_stage *s)
{
    weft_to_coordinator m = about_attempt(n, WEFT_FROM_WORKER_FAILED, &a->name);
    weft_error error = {.code = status};
    memcpy(error.message, "it failed", 10);
    m.status = status;
    m.error = &error;
    m.broken = s == NULL || s->broken;
    if (s != NULL && status == WEFT_FETCH_FAILED) {
        m.has_lost = true;
        m.lost = s->lost;
        m.unreachable = s->unreachable;
    }
    put_report(n, &m);
}

static void job_ended(node *n, uint64_t id)
{
    held_job *j = find_job(n, id);
    const weft_to_coordinator ended = {
        .kind = WEFT_FROM_WORKER_ENDED, .worker = n->number, .epoch = n->control.epoch, .job = id};
    if (j != NULL) {
        drop_blocks(n, id, -1, INT32_MAX);
        *j = n->jobs[--n->job_count];
    }
    put_report(n, &ended);
}

/* ---- orders ---- */

static void unlink_stage(node *n, held_stage *s)
{
    held_job *j = find_job(n, s->job);
    s->serial = 0;
    if (--j->stages == 0 && j->ended) job_ended(n, j->id);
}

static void drop_stage(node *n, held_stage *s)
{
    s->dropped = true;
    if (s->users == 0) unlink_stage(n, s);
}

static void fill_sources(cluster *c, held_stage *s, const weft_to_worker *m)
{
    s->source_count = m->source_count;
    if (m->source_count > STAGES_MAX) {
        cluster_wrong(c, "a stage has more inputs than there are stages");
        s->source_count = 0;
    }
    for (int32_t i = 0; i < s->source_count; i++) {
        const weft_stage_source *from = &m->sources[i];
        held_source *to = &s->sources[i];
        assert(from->task_count <= TASKS_MAX && from->places != NULL);
        *to = (held_source){.stage = from->stage, .generation = from->generation, .count = from->task_count};
        for (int32_t p = 0; p < from->task_count; p++) {
            to->attempts[p] = from->attempts[p];
            to->holders[p] = m->places[from->places[p]].uuid;
        }
    }
}

static bool same_sources(const held_stage *a, const held_stage *b)
{
    bool same = a->source_count == b->source_count;
    for (int32_t i = 0; i < a->source_count && same; i++) {
        const held_source *x = &a->sources[i], *y = &b->sources[i];
        same = x->stage == y->stage && x->generation == y->generation && x->count == y->count;
        for (int32_t p = 0; p < x->count && same; p++)
            same = x->attempts[p] == y->attempts[p] && weft_uuid_equal(x->holders[p], y->holders[p]);
    }
    return same;
}

static void on_stage(cluster *c, node *n, const weft_to_worker *m)
{
    held_stage told = {.job = m->job, .stage = m->stage, .generation = m->generation};
    held_stage *before = find_stage(n, m), *s = NULL;
    if (m->fragment_len != 2) {
        cluster_wrong(c, "a fragment is not what was sent");
        return;
    }
    told.place = m->fragment_bytes[0];
    told.shape = m->fragment_bytes[1];
    fill_sources(c, &told, m);
    if (before != NULL && !before->broken && same_sources(before, &told)) return;
    if (before != NULL) drop_stage(n, before);
    held_job *j = find_job(n, m->job);
    if (j == NULL) {
        if (n->job_count == HELD_JOBS_MAX) {
            cluster_wrong(c, "a worker holds more jobs than there are");
            return;
        }
        j = &n->jobs[n->job_count++];
        *j = (held_job){.id = m->job};
    }
    s = stage_of(n, 0);
    if (s == NULL) {
        cluster_wrong(c, "stages pile up on a worker");
        return;
    }
    told.serial = ++c->serial;
    *s = told;
    j->stages++;
}

/* An attempt reaches a worker once, in all sessions and whatever the network does. */
static void note_launch(cluster *c, const weft_to_worker *m)
{
    sim_job *j = driver_find(c, m->job);
    const weft_block_name name = {m->job, m->stage, m->generation, m->partition, m->attempt};
    if (j == NULL) return; /* of a coordinator that is none any more */
    int32_t *count = &j->launch_count[m->stage];
    for (int32_t i = 0; i < *count; i++)
        if (weft_block_name_equal(&j->launches[m->stage][i], &name))
            cluster_wrong(c, "an attempt was begun twice");
    if (*count < LAUNCHES_MAX) j->launches[m->stage][(*count)++] = name;
}

/* For longer than ticks take to notice it. */
static bool lease_is_out(const cluster *c, const node *n)
{
    const int64_t ends = (n->control.heard_ns + times.lease_ns) / n->pace;
    const int64_t since = weft_max_i64(ends, n->stopped_until);
    return c->now > since + 2 * TICK_US;
}

static void begin_some(node *n)
{
    cluster *c = n->cluster;
    int32_t running = 0;
    for (int32_t i = 0; i < n->attempt_count; i++) running += n->attempts[i].running;
    for (int32_t i = 0; i < n->attempt_count; i++) {
        held_attempt *a = &n->attempts[i];
        const bool may = !n->paused && running < n->slots;
        if (a->running || (!may && !a->cancelled)) continue;
        if (!a->cancelled && lease_is_out(c, n)) cluster_wrong(c, "an attempt begins after the lease");
        a->running = true;
        a->run_us = a->cancelled ? 100 : dice_range(&c->random, 1000, 50000) * n->slowness / 10;
        running++;
        cluster_plan(c, a->run_us,
                     (happening){.kind = ATTEMPT_ENDS,
                                 .node = (int32_t)(n - c->nodes),
                                 .incarnation = n->incarnation,
                                 .serial = a->serial});
    }
}

static void on_launch(cluster *c, node *n, const weft_to_worker *m)
{
    held_stage *s = find_stage(n, m);
    held_attempt a = {.serial = ++c->serial,
                      .name = {m->job, m->stage, m->generation, m->partition, m->attempt}};
    if (m->task_len != 2 || m->task_bytes[0] != m->partition || m->task_bytes[1] != (uint8_t)m->attempt) {
        cluster_wrong(c, "a task is not what was sent");
        return;
    }
    if (s == NULL) {
        report_failure(n, &a, WEFT_UNREACHABLE, NULL);
        return;
    }
    note_launch(c, m);
    if (n->attempt_count == NODE_ATTEMPTS_MAX) {
        cluster_wrong(c, "attempts pile up on a worker");
        return;
    }
    a.stage = s->serial;
    s->users++;
    n->attempts[n->attempt_count++] = a;
}

static void cancel(node *n, const weft_to_worker *m, bool all)
{
    for (int32_t i = 0; i < n->attempt_count; i++) {
        held_attempt *a = &n->attempts[i];
        a->cancelled |= a->name.job == m->job &&
                        (all || (a->name.stage == m->stage && a->name.generation == m->generation &&
                                 a->name.partition == m->partition && a->name.attempt == m->attempt));
    }
}

static void on_end(node *n, const weft_to_worker *m)
{
    held_job *j = find_job(n, m->job);
    if (j == NULL || j->stages == 0) {
        job_ended(n, m->job);
        return;
    }
    j->ended = true;
    cancel(n, m, true);
    for (int32_t i = 0; i < NODE_STAGES_MAX; i++)
        if (n->stages[i].serial != 0 && n->stages[i].job == m->job && !n->stages[i].dropped)
            drop_stage(n, &n->stages[i]);
}

static void take_order(cluster *c, node *n, const weft_to_worker *m)
{
    const weft_block_name name = {m->job, m->stage, m->generation, m->partition, m->attempt};
    held_stage *s = NULL;
    switch (m->kind) {
    case WEFT_TO_WORKER_STAGE: on_stage(c, n, m); break;
    case WEFT_TO_WORKER_LAUNCH: on_launch(c, n, m); break;
    case WEFT_TO_WORKER_CLOSE:
        s = find_stage(n, m);
        if (s != NULL) drop_stage(n, s);
        break;
    case WEFT_TO_WORKER_FREE: drop_blocks(n, m->job, m->stage, m->generation); break;
    case WEFT_TO_WORKER_END: on_end(n, m); break;
    case WEFT_TO_WORKER_CANCEL: cancel(n, m, false); break;
    case WEFT_TO_WORKER_DROP: drop_block(n, &name); break;
    case WEFT_TO_WORKER_PIECE: cluster_wrong(c, "a small fragment came in pieces"); break;
    }
}

static void take_orders(cluster *c, node *n)
{
    for (int32_t i = 1; i < n->orders->count && c->wrong == NULL; i++) {
        weft_to_worker m;
        if (weft_to_worker_decode(c->ctx, c->ctx->settings, n->orders->frames[i].bytes,
                                  n->orders->frames[i].len, &m) != WEFT_OK)
            cluster_wrong(c, "an order is not understood");
        else
            take_order(c, n, &m);
    }
}

/* ---- tasks ---- */

/* Read every block of every input. False: one could not be had, and the stage is broken by that. */
static bool read_inputs(cluster *c, node *n, held_stage *s, const held_attempt *a, held_block *out)
{
    for (int32_t i = 0; i < s->source_count; i++)
        for (int32_t p = 0; p < s->sources[i].count; p++) {
            const held_source *from = &s->sources[i];
            const weft_block_name name = {a->name.job, from->stage, from->generation, p, from->attempts[p]};
            const int32_t at = cluster_node_of(c, from->holders[p]);
            const bool here = at >= 0 && &c->nodes[at] == n;
            const bool reachable = here || (at >= 0 && c->now >= c->nodes[at].stopped_until &&
                                            (cluster_is_quiet(c) || dice_range(&c->random, 1, 1000) > 3));
            const held_block *b = at < 0 ? NULL : worker_find_block(&c->nodes[at], &name);
            if (b == NULL || !reachable) {
                s->broken = true;
                s->lost = name;
                s->unreachable = !reachable;
                c->misses++;
                return false;
            }
            out->content = weft_hash_combine(out->content, b->content);
            if (!trace_merge(&out->from, &b->from))
                cluster_wrong(c, "a task has read two generations of one indeterminate task");
        }
    return true;
}

static void report_block(cluster *c, node *n, const held_attempt *a, const held_block *made)
{
    weft_to_coordinator m = about_attempt(n, WEFT_FROM_WORKER_DONE, &a->name);
    const int64_t rows = (int64_t)(made->content % 1000), bytes = 20000 * rows;
    weft_block_meta meta = {.partition_count = 1, .rows = &rows, .bytes = &bytes};
    weft_op_metrics metrics[2] = {{.rows_out = rows}, {.rows_in = rows}};
    if (n->block_count == NODE_BLOCKS_MAX) {
        cluster_wrong(c, "blocks pile up on a worker");
        return;
    }
    held_block *held = &n->blocks[n->block_count++];
    weft_parcel *parcel = NULL;
    *held = *made;
    m.block = &meta;
    m.run_ns = a->run_us * 1000;
    m.metrics = metrics;
    m.metric_count = 2;
    weft_status st = weft_parcel_new(c->ctx, n->outbox, &m, &parcel, &held->report);
    if (st == WEFT_OK) st = weft_outbox_add(c->ctx, n->outbox, parcel);
    if (st != WEFT_OK) weft_error_clear(c->ctx); /* it is missed: see post */
}

/* True when the worker went down with it. */
static bool run_attempt(cluster *c, node *n, const held_attempt *a, held_stage *s)
{
    job_plan *plan = &c->jobs[s->place].plan;
    held_block made = {.name = a->name, .content = plan_own_content(s->shape, a->name.partition)};
    if (a->cancelled) {
        report_failure(n, a, WEFT_CANCELLED, s);
        return false;
    }
    if (plan->poisoned && s->shape == plan->poison_stage && a->name.partition == plan->poison_partition) {
        worker_dies(c, n, false);
        return true;
    }
    if (c->faults > 0 && dice_chance(&c->random, 2)) {
        plan->stages[s->shape].failures[a->name.partition]++;
        report_failure(n, a, WEFT_IO, s);
        return false;
    }
    if (s->broken || !read_inputs(c, n, s, a, &made)) {
        report_failure(n, a, WEFT_FETCH_FAILED, s);
        return false;
    }
    if (plan->stages[s->shape].determinism == WEFT_INDETERMINATE) {
        const uint64_t nonce = dice_next(&c->random) | 1;
        made.content = weft_hash_combine(made.content, nonce);
        made.from.nonce[s->shape][a->name.partition] = nonce;
    }
    report_block(c, n, a, &made);
    return false;
}

static void post(node *n);

void worker_attempt_ends(cluster *c, node *n, uint64_t serial)
{
    for (int32_t i = 0; i < n->attempt_count; i++) {
        if (n->attempts[i].serial != serial) continue;
        const held_attempt a = n->attempts[i];
        held_stage *s = stage_of(n, a.stage);
        if (run_attempt(c, n, &a, s)) return;
        n->attempts[i] = n->attempts[--n->attempt_count];
        if (--s->users == 0 && s->dropped) unlink_stage(n, s);
        begin_some(n);
        if (!dice_chance(&c->random, 20)) post(n); /* else several go together */
        return;
    }
}

/* ---- the talk with the coordinator: as worker/member.c ---- */

static bool send_message(node *n, uint64_t peer, const weft_envelope *e, weft_net_frame *frames,
                         int32_t count)
{
    uint8_t *bytes = NULL;
    const weft_status st = weft_envelope_encode(n->cluster->ctx, e, &bytes, &frames[0].len);
    assert(st == WEFT_OK);
    frames[0].bytes = bytes;
    return net_send(n->cluster, peer, false, frames, count + 1);
}

static void send_register(cluster *c, node *n, uint64_t peer)
{
    weft_worker_hello hello = {.uuid = n->uuid,
                               .registration = n->control.registrations,
                               .epoch = n->control.epoch,
                               .slots = n->slots,
                               .memory_bytes = 1 << 30};
    hello.host_id[0] = (char)('a' + (n - n->cluster->nodes) % 3);
    weft_block_name *reported = NULL, *running = NULL, *blocks = NULL;
    uint64_t jobs[JOBS_MAX];
    uint8_t *bytes = NULL;
    size_t len = 0;
    int32_t count = 0, again = 0;
    const weft_envelope e = {.kind = WEFT_ENVELOPE_REGISTER};
    weft_status st = weft_outbox_attempts(c->ctx, n->outbox, &reported, &count, &again);
    if (st == WEFT_OK) st = WEFT_NEW_ARRAY(c->ctx, n->attempt_count + count, &running);
    if (st == WEFT_OK) st = WEFT_NEW_ARRAY(c->ctx, n->block_count, &blocks);
    assert(st == WEFT_OK);
    for (int32_t i = 0; i < n->attempt_count; i++) running[hello.running_count++] = n->attempts[i].name;
    for (int32_t i = 0; i < count; i++)
        if (!weft_block_name_is_in(&reported[i], running, hello.running_count))
            running[hello.running_count++] = reported[i];
    for (int32_t i = 0; i < n->block_count; i++)
        if (!weft_block_name_is_in(&n->blocks[i].name, running, hello.running_count) &&
            !weft_block_name_is_in(&n->blocks[i].name, reported + count, again))
            blocks[hello.block_count++] = n->blocks[i].name;
    for (int32_t i = 0; i < n->job_count; i++) jobs[hello.job_count++] = n->jobs[i].id;
    hello.running = running;
    hello.blocks = blocks;
    hello.jobs = jobs;
    snprintf(hello.address, sizeof(hello.address), "tcp://127.0.0.1:%d", 7000 + (int)(n - c->nodes));
    snprintf(hello.version, sizeof(hello.version), "1");
    const weft_to_coordinator here = {
        .kind = WEFT_FROM_WORKER_REGISTER, .slots = hello.slots, .hello = &hello};
    st = weft_to_coordinator_encode(c->ctx, &here, &bytes, &len);
    assert(st == WEFT_OK);
    weft_net_frame frames[2] = {{0}, {.bytes = bytes, .len = len}};
    cluster_say(c, "node %d registers on wire %llu: %d attempts, %d blocks, %d jobs", (int)(n - c->nodes),
                (unsigned long long)peer, hello.running_count, hello.block_count, hello.job_count);
    (void)send_message(n, peer, &e, frames, 1);
}

static void send_again(cluster *c, node *n)
{
    const weft_to_coordinator held = {.kind = WEFT_FROM_WORKER_HELD, .epoch = n->control.epoch};
    weft_parcel *last = NULL, *none = NULL;
    for (int32_t i = 0; i < n->block_count; i++)
        if (n->blocks[i].report != NULL) weft_outbox_again(n->outbox, n->blocks[i].report);
    const weft_status st = weft_parcel_new(c->ctx, n->outbox, &held, &last, &none);
    assert(st == WEFT_OK);
    weft_outbox_again(n->outbox, last);
    weft_parcel_release(&last);
}

static void act(void *self, const weft_control_action *a)
{
    node *n = self;
    cluster *c = n->cluster;
    weft_net_frame frames[WEFT_OUTBOX_REPORTS_MAX + 1];
    weft_envelope e = {.kind = WEFT_ENVELOPE_BEAT, .head = a->head};
    switch (a->kind) {
    case WEFT_CONTROL_CONNECT: n->connects = true; break;
    case WEFT_CONTROL_CLOSE: net_close(c, a->peer, true); break;
    case WEFT_CONTROL_HANDLE: take_orders(c, n); break;
    case WEFT_CONTROL_SEND:
        e.kind = WEFT_ENVELOPE_REPORTS;
        if (!send_message(n, a->peer, &e, frames, weft_outbox_frames(n->outbox, a->report, frames + 1)))
            n->broken = true;
        break;
    case WEFT_CONTROL_AGAIN: send_again(c, n); break;
    case WEFT_CONTROL_FORGET: weft_outbox_forget(n->outbox, a->report); break;
    case WEFT_CONTROL_BEATS: (void)send_message(n, a->peer, &e, frames, 0); break;
    case WEFT_CONTROL_PAUSE: n->paused = true; break;
    case WEFT_CONTROL_RESUME: n->paused = false; break;
    case WEFT_CONTROL_FORSAKEN: c->forsaken++; break;
    }
}

static void step(node *n, const weft_control_event *event)
{
    cluster *c = n->cluster;
    weft_control_step(&n->control, event, c->now * n->pace, act, n);
    if (n->broken && n->control.peer != 0) {
        const weft_control_event gone = {.kind = WEFT_CONTROL_GONE, .peer = n->control.peer};
        net_close(c, n->control.peer, true);
        weft_control_step(&n->control, &gone, c->now * n->pace, act, n);
    }
    n->broken = false;
    if (event->kind == WEFT_CONTROL_TICK && n->control.state == WEFT_CONTROL_MEMBER &&
        c->now * n->pace - n->control.link.heard_ns >= times.silent_ns)
        cluster_wrong(c, "a worker has not noticed the silence of its coordinator");
    if (n->control.forsaken)
        worker_dies(c, n, false);
    else if (n->connects) {
        const uint64_t peer = net_connect(c, n);
        send_register(c, n, peer);
        weft_control_connected(&n->control, peer, c->now * n->pace);
    }
    n->connects = false;
    if (n->alive) begin_some(n);
}

static void post(node *n)
{
    const weft_control_event report = {.kind = WEFT_CONTROL_REPORT}, nothing = {.kind = WEFT_CONTROL_TICK};
    if (weft_outbox_missed(n->outbox)) {
        n->broken = true;
        step(n, &nothing);
    }
    while (n->alive && weft_outbox_batch(n->outbox)) step(n, &report);
}

void worker_arrives(cluster *c, const happening *h)
{
    node *n = &c->nodes[h->node];
    weft_envelope e;
    if (h->wire != n->control.peer || net_wire(c, h->wire)->cut) return;
    if (weft_envelope_decode(c->ctx, h->packet->frames[0].bytes, h->packet->frames[0].len, &e) != WEFT_OK) {
        cluster_wrong(c, "an envelope is not understood");
        return;
    }
    weft_control_event event = {.kind = WEFT_CONTROL_ORDER, .peer = h->wire, .head = e.head};
    n->orders = h->packet;
    if (e.kind == WEFT_ENVELOPE_WELCOME) {
        event.kind = WEFT_CONTROL_WELCOME;
    } else if (e.kind == WEFT_ENVELOPE_BEAT)
        event.kind = WEFT_CONTROL_BEAT;
    else if (e.kind != WEFT_ENVELOPE_ORDERS)
        cluster_wrong(c, "the coordinator speaks like a worker");
    step(n, &event);
    if (n->alive) post(n);
}

void worker_hears_gone(cluster *c, const happening *h)
{
    node *n = &c->nodes[h->node];
    const weft_control_event gone = {.kind = WEFT_CONTROL_GONE, .peer = h->wire};
    wire *w = net_wire(c, h->wire);
    w->worker_open = false;
    if (h->wire == n->control.peer) step(n, &gone);
}

void worker_ticks(cluster *c, node *n)
{
    const weft_control_event tick = {.kind = WEFT_CONTROL_TICK};
    post(n);
    if (n->alive) step(n, &tick);
    if (n->alive)
        cluster_plan(c, TICK_US,
                     (happening){.kind = WORKER_TICKS,
                                 .node = (int32_t)(n - c->nodes),
                                 .incarnation = n->incarnation});
}

/* ---- life ---- */

weft_uuid worker_uuid(const node *n, int64_t incarnation)
{
    return (weft_uuid){.high = (uint64_t)(n - n->cluster->nodes) + 1, .low = (uint64_t)incarnation + 1};
}

void worker_starts(cluster *c, node *n)
{
    weft_control_options options = times;
    if (n->alive) return;
    n->alive = true;
    n->connects = n->broken = false;
    n->paused = true;
    n->number = -1;
    n->welcomed = 0;
    n->owes = n->paid = 0;
    n->sessions_since = 0;
    n->stopped_until = 0;
    n->uuid = worker_uuid(n, n->incarnation);
    options.seed = dice_next(&c->random);
    n->pace = dice_range(&c->random, 900, 1100);
    weft_control_init(&n->control, &options, 0, c->now * n->pace);
    const weft_status st = weft_outbox_new(c->ctx, c->outbox_bytes, &n->outbox);
    assert(st == WEFT_OK);
    worker_ticks(c, n);
}

void worker_dies(cluster *c, node *n, bool in_order)
{
    weft_net_frame frame;
    const weft_envelope leave = {.kind = WEFT_ENVELOPE_LEAVE};
    if (!n->alive) return;
    cluster_say(c, "node %d %s", (int)(n - c->nodes), in_order ? "leaves" : "dies");
    if (in_order && n->control.state == WEFT_CONTROL_MEMBER)
        (void)send_message(n, n->control.peer, &leave, &frame, 0);
    n->alive = false;
    net_crashed(c, n);
    worker_drops_all(n);
    weft_outbox_free(&n->outbox);
    memset(n->stages, 0, NODE_STAGES_MAX * sizeof(held_stage));
    n->incarnation++;
    c->node_crashes += !in_order;
    cluster_plan(
        c, dice_range(&c->random, 1000, 4000000),
        (happening){.kind = NODE_STARTS, .node = (int32_t)(n - c->nodes), .incarnation = n->incarnation});
}
