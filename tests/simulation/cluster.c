/* tests/simulation/cluster.c - see cluster.h: the run, faults, and what must be true after each step. */
#include "tests/simulation/cluster.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/hash.h"

enum {
    TICK_US = 50000,
    SETTLE_US = 20000000, /* after the last fault or job until nothing is left */
    JOBS_US = 200000000,  /* after the last fault until every job is over */
    SESSIONS_MOST = 4     /* of a worker after the last fault */
};

static const weft_core_options usual = {.members = {.tick_ns = TICK_US * 1000,
                                                    .beat_ns = 250000000,
                                                    .silent_ns = 1500000000,
                                                    .lost_ns = 1000000000},
                                        .scheduler = {.grace_ns = 60000000000, .crashes_most = 4},
                                        .by_value = true};

void cluster_wrong(cluster *c, const char *what)
{
    if (c->wrong == NULL) c->wrong = what;
}

void cluster_say(const cluster *c, const char *format, ...)
{
    va_list arguments;
    if (!c->verbose) return;
    printf("%10.4f  ", (double)c->now / 1e6);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

void cluster_plan(cluster *c, int64_t delay, happening h)
{
    agenda_add(c->ctx, &c->queue, c->now + weft_max_i64(delay, 0), &h);
}

bool cluster_is_quiet(const cluster *c) { return c->now >= c->quiet_at; }

int32_t cluster_node_of(const cluster *c, weft_uuid uuid)
{
    for (int32_t i = 0; i < c->node_count; i++)
        if (c->nodes[i].alive && weft_uuid_equal(c->nodes[i].uuid, uuid)) return i;
    return -1;
}

static int64_t now_ns(void *self) { return ((const cluster *)self)->now * 1000; }

/* ---- what must be true ---- */

/* A block that counts is with the process that is said to hold it. */
static void check_registry(cluster *c)
{
    for (int32_t i = 0; i < c->job_count; i++) {
        const sim_job *j = &c->jobs[i];
        for (int32_t s = 0; s < j->core.stage_count && !j->ending; s++)
            for (int32_t p = 0; p < j->shapes[s].task_count; p++) {
                weft_block_name name;
                weft_place place;
                if (!weft_core_find_block(c->core, &j->core, s, p, &name, &place)) continue;
                const int32_t at = cluster_node_of(c, place.uuid);
                if (name.generation != j->stages[s].generation)
                    cluster_wrong(c, "a block of an old generation counts");
                if (at >= 0 && worker_find_block(&c->nodes[at], &name) == NULL)
                    cluster_wrong(c, "a block is thought to be where it is not");
            }
    }
}

void cluster_check_step(cluster *c)
{
    if (c->core == NULL) return;
    const char *wrong = weft_core_check(c->core);
    journal_check_recovery(c);
    if (wrong != NULL) cluster_wrong(c, wrong);
    check_registry(c);
}

/* Nothing is left of anything. NULL, or what is. */
static const char *left_over(const cluster *c)
{
    if (c->core == NULL) return "there is no coordinator";
    if (weft_core_first_job(c->core) != NULL) return "the coordinator holds a job";
    for (int32_t i = 0; i < c->node_count; i++) {
        const node *n = &c->nodes[i];
        if (!n->alive) return "a worker is not back";
        if (n->owes == c->term && n->paid < n->owes) return "a worker has not told what it holds";
        if (n->control.state != WEFT_CONTROL_MEMBER || n->paused) return "a worker is not a member";
        if (!worker_is_empty(n)) return "something is left on a worker";
        if (weft_scheduler_count_running(weft_core_scheduler(c->core), n->number) != 0)
            return "the scheduler thinks that an attempt runs";
    }
    return weft_core_worker_count(c->core) != c->node_count ? "there are more members than workers" : NULL;
}

static void check_end(cluster *c)
{
    driver_check(c);
    for (int32_t i = 0; i < c->node_count; i++)
        if (c->nodes[i].sessions_since > SESSIONS_MOST)
            cluster_wrong(c, "a worker registers again and again");
    if (!c->strikes_workers && c->counts.workers_lost > 0)
        cluster_wrong(c, "a worker was declared dead since the coordinator was stopped");
}

/* ---- faults ---- */

static int64_t some_time(cluster *c)
{
    return dice_chance(&c->random, 50) ? dice_range(&c->random, 1000, 800000)
                                       : dice_range(&c->random, 800000, 8000000);
}

static void cut_a_wire(cluster *c, const node *n)
{
    if (n->control.peer == 0) return;
    c->cuts++;
    cluster_say(c, "wire %llu is cut", (unsigned long long)n->control.peer);
    net_cut(c, n->control.peer);
}

static void part(cluster *c, node *n)
{
    const int64_t until = weft_min_i64(c->now + some_time(c), c->quiet_at);
    const int64_t how = dice_range(&c->random, 0, 2); /* one way, the other, both */
    c->partings++;
    cluster_say(c, "node %d is parted from the coordinator (%d)", (int)(n - c->nodes), (int)how);
    if (how != 1) n->parted_in = until;
    if (how != 0) n->parted_out = until;
}

static void stop_coordinator(cluster *c)
{
    if (c->now < c->coordinator_stopped || c->core == NULL) return;
    c->stops++;
    c->coordinator_stopped = weft_min_i64(c->now + some_time(c), c->quiet_at);
    cluster_say(c, "the coordinator is stopped until %lld", (long long)c->coordinator_stopped);
}

static void strike(cluster *c)
{
    node *n = &c->nodes[dice_range(&c->random, 0, c->node_count - 1)];
    if (c->faults <= 0 || cluster_is_quiet(c)) {
        c->faults = 0;
        return;
    }
    c->faults--;
    if (c->crashes && dice_chance(&c->random, 40)) {
        coordinator_crashes(c);
        if (c->strikes_workers && dice_chance(&c->random, 30)) worker_dies(c, n, false);
    } else if (!c->strikes_workers)
        stop_coordinator(c);
    else
        switch (dice_range(&c->random, 0, 6)) {
        case 0: worker_dies(c, n, dice_chance(&c->random, 25)); break;
        case 1:
        case 2: cut_a_wire(c, n); break;
        case 3: part(c, n); break;
        case 4:
            if (c->now < n->stopped_until) break;
            c->pauses++;
            n->stopped_until = weft_min_i64(c->now + some_time(c), c->quiet_at);
            cluster_say(c, "node %d is stopped until %lld", (int)(n - c->nodes), (long long)n->stopped_until);
            break;
        case 5: stop_coordinator(c); break;
        default: n->slowness = (int32_t)dice_range(&c->random, 5, 80); break;
        }
    int64_t delay = dice_range(&c->random, 1, c->fault_rate);
    /* now and then it is stopped again before it has heard what came meanwhile */
    if (!c->strikes_workers && dice_chance(&c->random, 50))
        delay = weft_max_i64(0, c->coordinator_stopped - c->now) + dice_range(&c->random, 1, TICK_US / 2);
    cluster_plan(c, delay, (happening){.kind = STRIKES});
}

/* ---- the run ---- */

/* A process that is stopped does nothing; what is for it waits. */
static bool waits(cluster *c, const happening *h)
{
    int64_t until = c->coordinator_stopped;
    switch (h->kind) {
    case TO_WORKER:
    case WORKER_HEARS_GONE:
    case WORKER_TICKS:
    case ATTEMPT_ENDS: until = c->nodes[h->node].stopped_until; break;
    case TO_COORDINATOR:
    case COORDINATOR_HEARS_GONE:
    case COORDINATOR_TICKS:
    case COORDINATOR_WAKES:
    case SUBMITS:
    case WRITTEN:
    case DRIVES: break;
    case NODE_STARTS:
    case COORDINATOR_STARTS:
    case STRIKES: return false;
    }
    if (c->now >= until) return false;
    /* connections are looked at in any order */
    const int64_t turn = h->kind == TO_COORDINATOR || h->kind == COORDINATOR_HEARS_GONE
                             ? (int64_t)(weft_hash_u64(h->wire ^ c->seed) % 1000)
                             : 0;
    cluster_plan(c, until + turn - c->now, *h);
    return true;
}

static void coordinator_hears_gone(cluster *c, uint64_t id)
{
    wire *w = net_wire(c, id);
    if (!w->coordinator_open) return;
    w->coordinator_open = false;
    if (c->core == NULL) return;
    weft_core_gone(c->ctx, c->core, id);
    cluster_check_step(c);
}

static void happen(cluster *c, const happening *h)
{
    node *n = &c->nodes[h->node];
    const bool there = n->alive && n->incarnation == h->incarnation;
    const bool leads = c->core != NULL && h->incarnation == c->term;
    switch (h->kind) {
    case TO_WORKER:
        if (there) worker_arrives(c, h);
        break;
    case WORKER_HEARS_GONE:
        if (there) worker_hears_gone(c, h);
        break;
    case WORKER_TICKS:
        if (there) worker_ticks(c, n);
        break;
    case ATTEMPT_ENDS:
        if (there) worker_attempt_ends(c, n, h->serial);
        break;
    case TO_COORDINATOR: net_arrives(c, h); break;
    case COORDINATOR_HEARS_GONE: coordinator_hears_gone(c, h->wire); break;
    case COORDINATOR_WAKES:
        if (leads) net_ticks(c);
        break;
    case COORDINATOR_TICKS:
        if (!leads) break;
        net_ticks(c);
        cluster_plan(c, TICK_US, *h);
        break;
    case NODE_STARTS:
        if (n->incarnation == h->incarnation) worker_starts(c, n);
        break;
    case STRIKES: strike(c); break;
    case SUBMITS: driver_submits(c, h->job); break;
    case DRIVES:
        if (leads) driver_drives(c, h->job);
        break;
    case WRITTEN:
        if (leads) journal_written(c);
        break;
    case COORDINATOR_STARTS: coordinator_starts(c); break;
    }
    if (h->packet != NULL) {
        net_wire(c, h->wire)->in_flight--;
        net_release(c, h->packet);
    }
}

void cluster_open_core(cluster *c)
{
    c->options.epoch = 10 * c->term;
    const weft_core_port port = net_port(c);
    const weft_status st = weft_core_new(c->ctx, &c->options, &port, &c->core);
    assert(st == WEFT_OK);
}

static void open_world(cluster *c)
{
    weft_status st = WEFT_OK;
    weft_core_options options = usual;
    options.scheduler.misses_most = (int32_t)dice_range(&c->random, 1, 3);
    options.scheduler.strikes_most = (int32_t)dice_range(&c->random, 2, 5);
    options.scheduler.aside_ns = dice_range(&c->random, 1, 10) * 1000000000;
    options.scheduler.ahead_most = (int32_t)dice_range(&c->random, 0, 6);
    options.scheduler.ahead_ns = dice_range(&c->random, 0, 100) * 1000000;
    c->options = options;
    c->term = 1;
    cluster_open_core(c);
    c->strikes_workers = !dice_chance(&c->random, 15);
    c->faults = (int32_t)dice_range(&c->random, 0, 12);
    c->crashes = dice_chance(&c->random, 40);
    c->fault_rate = dice_range(&c->random, 10000, 1500000);
    c->quiet_at = dice_range(&c->random, 1000000, 12000000);
    c->wild = c->strikes_workers && dice_chance(&c->random, 50);
    c->loss_permille = (int32_t)dice_range(&c->random, 0, 30);
    c->twice_permille = (int32_t)dice_range(&c->random, 0, 30);
    c->refuse_permille = c->strikes_workers && dice_chance(&c->random, 20) ? 5 : 0;
    c->outbox_bytes = dice_chance(&c->random, 20) ? (int32_t)dice_range(&c->random, 1500, 8000) : 1 << 20;
    c->node_count = (int32_t)dice_range(&c->random, 1, WORKERS_MAX);
    for (int32_t i = 0; i < c->node_count; i++) {
        node *n = &c->nodes[i];
        *n = (node){.cluster = c, .slots = (int32_t)dice_range(&c->random, 1, 4), .slowness = 10};
        st = weft_mem_alloc(c->ctx, WEFT_MEM_WORKING, NODE_BLOCKS_MAX * sizeof(held_block),
                            (void **)&n->blocks);
        if (st == WEFT_OK)
            st = weft_mem_alloc_zero(c->ctx, WEFT_MEM_WORKING, NODE_STAGES_MAX * sizeof(held_stage),
                                     (void **)&n->stages);
        assert(st == WEFT_OK);
        cluster_plan(c, dice_range(&c->random, 0, 100000), (happening){.kind = NODE_STARTS, .node = i});
    }
    driver_open(c);
    cluster_plan(c, TICK_US, (happening){.kind = COORDINATOR_TICKS, .incarnation = 1});
    cluster_plan(c, dice_range(&c->random, 1, c->fault_rate), (happening){.kind = STRIKES});
}

static void close_world(cluster *c)
{
    while (c->queue.count > 0) {
        happening h;
        agenda_take(&c->queue, &h);
        net_release(c, h.packet);
    }
    for (int32_t i = 0; i < c->job_count; i++)
        if (c->core != NULL && c->jobs[i].begun && !c->jobs[i].forgotten)
            weft_core_job_forget(c->core, &c->jobs[i].core);
    for (int32_t i = 0; i < c->node_count; i++) {
        worker_drops_all(&c->nodes[i]);
        weft_outbox_free(&c->nodes[i].outbox);
        weft_mem_free(c->nodes[i].blocks);
        weft_mem_free(c->nodes[i].stages);
    }
    weft_core_free(&c->core);
    weft_mem_free(c->wires);
    weft_mem_free(c->queue.items);
}

/* True when the run is over. */
static bool is_over(cluster *c, int64_t *settles_at)
{
    if (c->wrong != NULL) return true;
    if (!cluster_is_quiet(c)) return false;
    if (!driver_done(c)) {
        if (c->now > c->quiet_at + JOBS_US) cluster_wrong(c, "a job does not end");
        return false;
    }
    if (*settles_at == 0) *settles_at = c->now + SETTLE_US;
    const char *left = left_over(c);
    if (left != NULL && c->now > *settles_at) cluster_wrong(c, left);
    return left == NULL;
}

const char *cluster_run(weft_ctx *ctx, uint64_t seed, bool verbose, cluster *c)
{
    int64_t settles_at = 0;
    memset(c, 0, sizeof(*c));
    c->ctx = ctx;
    c->seed = seed;
    c->random = weft_hash_u64(seed ^ 0x636c7573746572);
    c->queue.item_bytes = sizeof(happening);
    c->verbose = verbose;
    c->clock = (weft_clock){.now_ns = now_ns, .wall_us = now_ns, .self = c};
    ctx->clock = &c->clock;
    open_world(c);
    for (; !is_over(c, &settles_at); c->steps++) {
        happening h;
        agenda_take(&c->queue, &h);
        c->now = h.due.at;
        if (waits(c, &h)) continue;
        c->digest = weft_hash_combine(c->digest, (uint64_t)c->now << 8 | (uint64_t)h.kind);
        happen(c, &h);
        weft_error_clear(ctx);
        weft_arena_reset(ctx->arena);
    }
    if (c->wrong == NULL) check_end(c);
    if (c->core != NULL)
        c->digest = weft_hash_combine(c->digest, weft_scheduler_digest(weft_core_scheduler(c->core)));
    close_world(c);
    return c->wrong;
}
