/* tests/simulation/world.c - see world.h: the queue, the network, faults, and the run itself. */
#include "tests/simulation/world.h"

#include <stdio.h>
#include <string.h>

#include "common/hash.h"

enum {
    STEPS_MAX = 60000, /* of a run that ends; more is a run that does not */
    DETECT_US = 1000000,
    TICK_US = 100000
};

uint64_t world_random(world *w) { return dice_next(&w->random); }
int64_t world_range(world *w, int64_t low, int64_t high) { return dice_range(&w->random, low, high); }
bool world_chance(world *w, int32_t percent) { return dice_chance(&w->random, percent); }

void world_wrong(world *w, const char *what)
{
    if (w->wrong == NULL) w->wrong = what;
}

void world_plan(world *w, int64_t delay, happening h) { agenda_add(w->ctx, &w->queue, w->now + delay, &h); }

int32_t world_node_of(const world *w, int32_t number)
{
    for (int32_t i = 0; i < w->node_count; i++)
        if (w->nodes[i].number == number) return i;
    return -1;
}

/* ---- messages ---- */

/* Mostly quick, sometimes slow enough to arrive after much else: which is also how they change places. */
static int64_t delay_us(world *w)
{
    return world_chance(w, 10) ? world_range(w, 1000, 300000) : world_range(w, 20, 500);
}

static void send(world *w, happening h)
{
    world_plan(w, delay_us(w), h);
    if (world_chance(w, 5)) world_plan(w, delay_us(w), h); /* twice */
}

static void send_to_worker(world *w, happening_kind kind, const weft_action *a)
{
    const int32_t place = world_node_of(w, a->worker);
    if (place < 0) return; /* it is known to be dead: nobody is there to tell */
    send(w, (happening){.kind = kind,
                        .node = place,
                        .incarnation = w->nodes[place].incarnation,
                        .worker = a->worker,
                        .id = {a->job, a->stage, a->generation, a->partition, a->attempt}});
}

/* Before a launch the worker hears where the inputs are, when that is not what it was told before. */
static void tell_sources(world *w, const weft_action *a)
{
    const int32_t place = world_node_of(w, a->worker);
    const job_plan *j = driver_job(w, a->job);
    sources *told = &w->nodes[place].told[j - w->jobs][a->stage];
    const stage_plan *sp = &j->stages[a->stage];
    if (told->known && told->number == a->sources) return;
    told->known = true;
    told->number = a->sources;
    for (int32_t i = 0; i < sp->input_count; i++) {
        const int32_t in = sp->inputs[i];
        for (int32_t p = 0; p < j->stages[in].tasks; p++)
            if (!weft_scheduler_block(w->scheduler, j->id, in, p, &told->generation[in],
                                      &told->attempt[in][p], &told->worker[in][p]))
                world_wrong(w, "a task was launched whose inputs are not whole");
    }
}

static void check_launch(world *w, const weft_action *a)
{
    const int32_t place = world_node_of(w, a->worker);
    const job_plan *j = driver_job(w, a->job);
    if (place < 0)
        world_wrong(w, "a task was launched on a worker that was declared dead");
    else if (w->nodes[place].silent)
        world_wrong(w, "a task was launched on a silent worker");
    if (j == NULL || j->ended || j->failed) world_wrong(w, "a task of a job that is over was launched");
}

void world_step(world *w, const weft_event *event)
{
    weft_actions actions = {0};
    weft_action mine[512];
    places_check_waits(w);
    deaths_before(w, event);
    const weft_status st = weft_scheduler_step(w->ctx, w->scheduler, event, w->now * 1000, &actions);
    assert(st == WEFT_OK && actions.count <= WEFT_COUNT(mine));
    const int32_t count = actions.count;
    if (count > 0) memcpy(mine, actions.items, (size_t)count * sizeof(mine[0]));
    const char *wrong = weft_scheduler_check(w->scheduler);
    if (wrong != NULL) world_wrong(w, wrong);
    places_note_waits(w);
    deaths_after(w, event, mine, count);
    w->digest = weft_hash_combine(w->digest, weft_scheduler_digest(w->scheduler));
    if (event->kind == WEFT_EVENT_WORKER_LOST || event->kind == WEFT_EVENT_FAILED ||
        event->kind == WEFT_EVENT_BLOCK_BACK || event->kind == WEFT_EVENT_FREED)
        driver_looks(w);
    for (int32_t i = 0; i < count && w->wrong == NULL; i++) {
        const weft_action *a = &mine[i];
        w->digest = weft_hash_combine(
            w->digest, (uint64_t)a->kind << 48 | (uint64_t)(uint32_t)a->stage << 32 |
                           (uint64_t)(uint32_t)a->partition << 16 | (uint64_t)(uint32_t)a->attempt);
        if (w->verbose)
            printf("%9lld   %s job %llu stage %d.%d task %d attempt %d worker %d\n", (long long)w->now,
                   (const char *[]){"launch", "cancel", "accept", "late", "stage done", "again",
                                    "job failed"}[a->kind],
                   (unsigned long long)a->job, a->stage, a->generation, a->partition, a->attempt, a->worker);
        if (a->kind == WEFT_ACTION_LAUNCH) {
            check_launch(w, a);
            if (w->wrong == NULL) tell_sources(w, a);
            if (w->wrong == NULL) places_check_launch(w, a);
            send_to_worker(w, AT_WORKER, a);
        } else if (a->kind == WEFT_ACTION_CANCEL)
            send_to_worker(w, CANCELS, a);
        else if (a->kind == WEFT_ACTION_LATE)
            send_to_worker(w, DROPS, a);
        else
            driver_acts(w, a);
    }
}

/* ---- faults ---- */

static void cut_off(world *w, int32_t place)
{
    node *n = &w->nodes[place];
    if (!n->alive || n->cut || n->number < 0) return;
    n->cut = n->silent = true;
    w->cuts++;
    const weft_event silent = {.kind = WEFT_EVENT_SILENT, .worker = n->number};
    world_step(w, &silent);
    /* Short: it registers again in time. Long: it is declared dead, goes on all the same, and comes back. */
    const bool longer = world_chance(w, 60);
    if (longer) world_plan(w, DETECT_US, (happening){.kind = NOTICES, .node = place, .worker = n->number});
    world_plan(w, longer ? DETECT_US + world_range(w, 1, 5 * DETECT_US) : world_range(w, 1, DETECT_US / 2),
               (happening){.kind = RETURNS, .node = place, .incarnation = n->incarnation});
}

/* Two workers cannot reach each other for a while; the coordinator reaches both. */
static void part(world *w, int32_t place)
{
    const int32_t other = (int32_t)world_range(w, 0, w->node_count - 1);
    if (other == place) return;
    const int64_t until = w->now + (world_chance(w, 20) ? 3600000000 : world_range(w, 10000, 1000000));
    w->parted_until[place][other] = w->parted_until[other][place] = until;
    w->partings++;
}

static void strike(world *w)
{
    const int32_t place = (int32_t)world_range(w, 0, w->node_count - 1);
    if (w->faults-- <= 0) return;
    switch (world_range(w, 0, 4)) {
    case 0:
    case 1: worker_crashes(w, place, world_chance(w, 15) && w->node_count > 1); break;
    case 2: cut_off(w, place); break;
    case 3: part(w, place); break;
    default: w->nodes[place].slowness = (int32_t)world_range(w, 5, 80); break;
    }
    world_plan(w, world_range(w, 1, w->fault_rate), (happening){.kind = STRIKES});
}

/* The coordinator has heard nothing of this registration for too long. */
static void notice(world *w, const happening *h)
{
    if (w->nodes[h->node].number != h->worker) return; /* it has registered again since */
    const weft_event lost = {.kind = WEFT_EVENT_WORKER_LOST, .worker = h->worker};
    w->nodes[h->node].number = -1;
    world_step(w, &lost);
}

/* ---- the run ---- */

static void tick(world *w)
{
    const weft_event tick = {.kind = WEFT_EVENT_TICK};
    world_step(w, &tick);
}

static void happen(world *w, const happening *h)
{
    switch (h->kind) {
    case AT_WORKER: worker_gets_launch(w, h); break;
    case AT_COORDINATOR:
        if (w->nodes[h->node].cut) /* waits in the network until the way is free */
            world_plan(w, world_range(w, 1000, 200000), *h);
        else
            world_step(w, &h->report);
        break;
    case ENDS: worker_ends(w, h); break;
    case CANCELS: worker_gets_cancel(w, h); break;
    case DROPS: worker_drops(w, h); break;
    case NOTICES: notice(w, h); break;
    case RETURNS: worker_returns(w, h); break;
    case STRIKES: strike(w); break;
    case READS: driver_reads(w, h->job); break;
    case SUBMITS: driver_submits(w, h->job); break;
    case TICKS:
        tick(w);
        world_plan(w, TICK_US, *h);
        break;
    case WAKES:
        w->waits++;
        tick(w);
        break;
    }
}

const char *world_run(weft_ctx *ctx, uint64_t seed, bool verbose, world *w)
{
    *w = (world){.ctx = ctx,
                 .seed = seed,
                 .random = weft_hash_u64(seed),
                 .queue = {.item_bytes = sizeof(happening)},
                 .verbose = verbose};
    w->options = (weft_scheduler_options){.grace_ns = 5000000000,
                                          .crashes_most = 4,
                                          .misses_most = (int32_t)world_range(w, 1, 3),
                                          .strikes_most = (int32_t)world_range(w, 2, 5),
                                          .aside_ns = world_range(w, 1, 10) * 1000000000};
    const weft_status st = weft_scheduler_new(ctx, &w->options, &w->scheduler);
    assert(st == WEFT_OK);
    w->faults = (int32_t)world_range(w, 0, 12);
    w->fault_rate = world_range(w, 10000, 800000);
    workers_open(w);
    driver_open(w);
    world_plan(w, 1000, (happening){.kind = TICKS});
    world_plan(w, world_range(w, 1, w->fault_rate), (happening){.kind = STRIKES});
    for (; w->wrong == NULL && !driver_done(w); w->steps++) {
        if (w->steps == STEPS_MAX) {
            world_wrong(w, "the run does not end");
            break;
        }
        happening h;
        agenda_take(&w->queue, &h);
        w->now = h.due.at;
        happen(w, &h);
    }
    if (w->wrong == NULL) driver_check(w);
    weft_scheduler_count(w->scheduler, &w->counts);
    workers_close(w);
    weft_mem_free(w->queue.items);
    weft_scheduler_free(&w->scheduler);
    return w->wrong;
}
