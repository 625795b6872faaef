/* tests/simulation/workers.c - see world.h: what workers do with what they are told. A worker believes every
 * order: it is the scheduler that must not give a wrong one. */
#include <string.h>

#include "common/hash.h"
#include "tests/simulation/world.h"

static bool same_attempt(const attempt_id *a, const attempt_id *b)
{
    return a->job == b->job && a->stage == b->stage && a->generation == b->generation &&
           a->partition == b->partition && a->attempt == b->attempt;
}

const block *worker_block(const world *w, int32_t place, const attempt_id *id)
{
    const node *n = &w->nodes[place];
    for (int32_t i = 0; i < n->block_count; i++)
        if (same_attempt(&n->blocks[i].id, id)) return &n->blocks[i];
    return NULL;
}

static void registers(world *w, int32_t place)
{
    node *n = &w->nodes[place];
    if (n->number < 0) n->number = w->next_number++;
    n->silent = false;
    const weft_event here = {
        .kind = WEFT_EVENT_WORKER, .worker = n->number, .slots = n->slots, .host = n->host};
    world_step(w, &here);
    for (int32_t i = 0; i < n->block_count && w->wrong == NULL; i++) {
        const attempt_id *id = &n->blocks[i].id;
        const weft_event holds = {.kind = WEFT_EVENT_BLOCK_BACK,
                                  .worker = n->number,
                                  .job = id->job,
                                  .stage = id->stage,
                                  .generation = id->generation,
                                  .partition = id->partition,
                                  .attempt = id->attempt};
        world_step(w, &holds);
    }
}

void workers_open(world *w)
{
    w->node_count = (int32_t)world_range(w, 1, WORKERS_MAX);
    for (int32_t i = 0; i < w->node_count; i++) {
        node *n = &w->nodes[i];
        *n = (node){.number = -1,
                    .slots = (int32_t)world_range(w, 1, 4),
                    .host = (int32_t)world_range(w, 0, 3),
                    .slowness = 10};
        const weft_status st =
            weft_mem_alloc(w->ctx, WEFT_MEM_WORKING, BLOCKS_MAX * sizeof(block), (void **)&n->blocks);
        assert(st == WEFT_OK);
        world_plan(w, world_range(w, 0, 100000), (happening){.kind = RETURNS, .node = i});
    }
}

void workers_close(world *w)
{
    for (int32_t i = 0; i < w->node_count; i++) weft_mem_free(w->nodes[i].blocks);
}

/* A report of an attempt, sent under the number that the worker had when it was launched. */
static void report(world *w, const happening *h, weft_status status, const weft_block_name *lost,
                   bool unreachable)
{
    happening m = *h;
    m.kind = AT_COORDINATOR;
    m.report = (weft_event){.kind = status == WEFT_OK ? WEFT_EVENT_DONE : WEFT_EVENT_FAILED,
                            .worker = h->worker,
                            .job = h->id.job,
                            .stage = h->id.stage,
                            .generation = h->id.generation,
                            .partition = h->id.partition,
                            .attempt = h->id.attempt,
                            .status = status};
    if (status == WEFT_OK)
        m.report.bytes = plan_block_bytes(driver_job(w, h->id.job), h->id.stage, h->id.partition);
    m.report.has_lost = lost != NULL;
    if (lost != NULL) m.report.lost = *lost;
    m.report.unreachable = unreachable;
    world_plan(w, world_range(w, 20, 2000), m);
    if (world_chance(w, 5)) world_plan(w, world_range(w, 20, 400000), m); /* twice */
}

void worker_gets_launch(world *w, const happening *h)
{
    node *n = &w->nodes[h->node];
    if (!n->alive || n->incarnation != h->incarnation) return;
    if (n->cut) { /* it arrives when the way is free again */
        world_plan(w, world_range(w, 1000, 200000), *h);
        return;
    }
    for (int32_t i = 0; i < n->running_count; i++)
        if (same_attempt(&n->running[i], &h->id)) return; /* it came twice */
    if (worker_block(w, h->node, &h->id) != NULL) return;
    if (n->running_count < WEFT_COUNT(n->running)) n->running[n->running_count++] = h->id;
    happening end = *h;
    end.kind = ENDS;
    world_plan(w, world_range(w, 1000, 50000) * n->slowness / 10, end);
}

static void forget(node *n, const attempt_id *id)
{
    for (int32_t i = 0; i < n->running_count; i++) {
        if (!same_attempt(&n->running[i], id)) continue;
        n->running[i] = n->running[--n->running_count];
        return;
    }
}

void worker_gets_cancel(world *w, const happening *h)
{
    node *n = &w->nodes[h->node];
    if (n->alive && n->incarnation == h->incarnation) forget(n, &h->id);
}

void worker_drops(world *w, const happening *h)
{
    node *n = &w->nodes[h->node];
    if (!n->alive || n->incarnation != h->incarnation) return;
    for (int32_t i = 0; i < n->block_count; i++)
        if (same_attempt(&n->blocks[i].id, &h->id)) {
            n->blocks[i] = n->blocks[--n->block_count];
            return;
        }
}

/* Read every block of every input. False: one could not be had, *lost. */
static bool read_inputs(world *w, const happening *h, const job_plan *j, block *out, weft_block_name *lost,
                        bool *unreachable)
{
    const stage_plan *sp = &j->stages[h->id.stage];
    const sources *told = &w->nodes[h->node].told[j - w->jobs][h->id.stage];
    for (int32_t i = 0; i < sp->input_count; i++) {
        const int32_t in = sp->inputs[i];
        for (int32_t p = 0; p < j->stages[in].tasks; p++) {
            const int32_t generation = told->generation[in], attempt = told->attempt[in][p];
            const int32_t number = told->worker[in][p];
            const attempt_id id = {j->id, in, generation, p, attempt};
            const int32_t holder = world_node_of(w, number);
            const block *b = holder < 0 ? NULL : worker_block(w, holder, &id);
            const bool reachable =
                holder < 0 || holder == h->node ||
                (w->now >= w->parted_until[holder][h->node] && world_range(w, 1, 1000) > 2);
            if (b == NULL || !w->nodes[holder].alive || !reachable) {
                *lost = (weft_block_name){j->id, in, generation, p, attempt};
                *unreachable = !reachable;
                w->misses++;
                return false;
            }
            out->content = weft_hash_combine(out->content, b->content);
            if (!trace_merge(&out->from, &b->from))
                world_wrong(w, "a task has read two generations of one indeterminate task");
        }
    }
    return true;
}

void worker_ends(world *w, const happening *h)
{
    node *n = &w->nodes[h->node];
    weft_block_name lost = {0};
    bool runs = false, unreachable = false;
    if (!n->alive || n->incarnation != h->incarnation) return;
    for (int32_t i = 0; i < n->running_count && !runs; i++) runs = same_attempt(&n->running[i], &h->id);
    if (!runs) return; /* it was cancelled */
    forget(n, &h->id);
    job_plan *j = driver_job(w, h->id.job);
    if (j == NULL || j->ended) return;
    if (j->poisoned && h->id.stage == j->poison_stage && h->id.partition == j->poison_partition) {
        worker_crashes(w, h->node, false);
        return;
    }
    if (world_chance(w, 3)) {
        j->stages[h->id.stage].failures[h->id.partition]++;
        report(w, h, WEFT_IO, NULL, false);
        return;
    }
    /* Of an old generation nothing may be read any more: a worker would find other inputs than it was told.
     */
    if (h->id.generation != j->stages[h->id.stage].generation) return;
    block made = {.id = h->id, .content = plan_own_content(h->id.stage, h->id.partition)};
    if (!read_inputs(w, h, j, &made, &lost, &unreachable)) {
        report(w, h, WEFT_FETCH_FAILED, &lost, unreachable);
        return;
    }
    if (j->stages[h->id.stage].determinism == WEFT_INDETERMINATE) {
        const uint64_t nonce = world_random(w) | 1;
        made.content = weft_hash_combine(made.content, nonce);
        made.from.nonce[h->id.stage][h->id.partition] = nonce;
    }
    if (n->block_count == BLOCKS_MAX) n->block_count--;
    n->blocks[n->block_count++] = made;
    report(w, h, WEFT_OK, NULL, false);
}

void worker_crashes(world *w, int32_t place, bool for_good)
{
    node *n = &w->nodes[place];
    if (!n->alive) return;
    w->crashes++;
    n->alive = n->cut = false;
    n->block_count = n->running_count = 0;
    n->silent = true;
    if (n->number >= 0) {
        const weft_event silent = {.kind = WEFT_EVENT_SILENT, .worker = n->number};
        world_plan(w, world_range(w, 1, 1000000),
                   (happening){.kind = NOTICES, .node = place, .worker = n->number});
        world_step(w, &silent);
    }
    n->incarnation++; /* what was on its way to the dead one reaches nobody */
    memset(n->told, 0, sizeof(n->told));
    if (!for_good)
        world_plan(w, 1000001 + world_range(w, 0, 2000000),
                   (happening){.kind = RETURNS, .node = place, .incarnation = n->incarnation});
}

void worker_returns(world *w, const happening *h)
{
    node *n = &w->nodes[h->node];
    if (n->incarnation != h->incarnation || (n->alive && !n->cut)) return;
    n->alive = true;
    n->cut = false;
    registers(w, h->node);
}
