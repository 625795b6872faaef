/* tests/simulation/cluster_net.c - see cluster.h: connections, packets, and the port of the core. */
#include <string.h>

#include "common/hash.h"
#include "tests/simulation/cluster.h"

enum {
    LATE_US = 1000000, /* until an end notices at the latest that its connection is gone, when it does */
    IN_FLIGHT_MAX = 20000
};

wire *net_wire(cluster *c, uint64_t id)
{
    return id == 0 || id > (uint64_t)c->wire_count ? NULL : &c->wires[id - 1];
}

uint64_t net_connect(cluster *c, node *n)
{
    if (c->wire_count == c->wire_capacity) {
        c->wire_capacity = c->wire_capacity == 0 ? 64 : c->wire_capacity * 2;
        const weft_status st = weft_mem_resize(c->ctx, WEFT_MEM_WORKING,
                                               (size_t)c->wire_capacity * sizeof(wire), (void **)&c->wires);
        assert(st == WEFT_OK);
    }
    c->wires[c->wire_count++] = (wire){.node = (int32_t)(n - c->nodes),
                                       .incarnation = n->incarnation,
                                       .worker_open = true,
                                       .coordinator_open = true};
    return (uint64_t)c->wire_count;
}

/* ---- packets ---- */

static packet *pack(cluster *c, const weft_net_frame *frames, int32_t count)
{
    packet *p = NULL;
    size_t bytes = 0;
    for (int32_t i = 0; i < count; i++) bytes += frames[i].len;
    const weft_status st = weft_mem_alloc(c->ctx, WEFT_MEM_WORKING, sizeof(*p) + bytes, (void **)&p);
    assert(st == WEFT_OK && count <= FRAMES_MAX);
    p->refs = 1;
    p->count = count;
    p->bytes = bytes;
    uint8_t *at = (uint8_t *)(p + 1);
    for (int32_t i = 0; i < count; i++) {
        if (frames[i].len > 0) memcpy(at, frames[i].bytes, frames[i].len);
        p->frames[i] = (weft_net_frame){.bytes = at, .len = frames[i].len};
        at += frames[i].len;
    }
    return p;
}

void net_release(cluster *c, packet *p)
{
    (void)c;
    if (p != NULL && --p->refs == 0) weft_mem_free(p);
}

static void fly(cluster *c, uint64_t id, bool to_worker, packet *p)
{
    wire *w = net_wire(c, id);
    node *n = &c->nodes[w->node];
    int64_t *last = to_worker ? &w->to_worker : &w->to_coordinator;
    const int64_t parted = to_worker ? n->parted_in : n->parted_out;
    const bool faulty = !cluster_is_quiet(c), slow = faulty && dice_chance(&c->random, 3);
    int64_t at = c->now + (slow ? dice_range(&c->random, 1000, 300000) : dice_range(&c->random, 20, 500));
    if (!c->wild || !slow) at = weft_max_i64(at, *last); /* wild ones overtake what is slow */
    if (!c->wild) at = weft_max_i64(at, parted);         /* else what is parted waits */
    if (!c->wild || !slow) *last = at;
    if (++w->in_flight > IN_FLIGHT_MAX) cluster_wrong(c, "messages pile up on a connection");
    p->refs++;
    cluster_plan(c, at - c->now,
                 (happening){.kind = to_worker ? TO_WORKER : TO_COORDINATOR,
                             .node = w->node,
                             .incarnation = w->incarnation,
                             .wire = id,
                             .packet = p});
}

bool net_send(cluster *c, uint64_t id, bool to_worker, const weft_net_frame *frames, int32_t count)
{
    wire *w = net_wire(c, id);
    if (w == NULL || !(to_worker ? w->coordinator_open : w->worker_open)) return false;
    const node *n = &c->nodes[w->node];
    const bool parted = c->now < (to_worker ? n->parted_in : n->parted_out);
    const bool dropped = c->wild && !cluster_is_quiet(c) &&
                         (parted || dice_range(&c->random, 1, 1000) <= c->loss_permille);
    if (w->cut || dropped) {
        c->lost++;
        return true;
    }
    packet *p = pack(c, frames, count);
    fly(c, id, to_worker, p);
    if (c->wild && !cluster_is_quiet(c) && dice_range(&c->random, 1, 1000) <= c->twice_permille) {
        c->doubled++;
        fly(c, id, to_worker, p);
    }
    net_release(c, p);
    return true;
}

/* ---- ends of connections ---- */

/* At once, later, or never: then only silence tells. */
static void tell_gone(cluster *c, uint64_t id, happening_kind kind)
{
    const wire *w = net_wire(c, id);
    const int64_t how = c->strikes_workers ? dice_range(&c->random, 1, 100) : 1; /* else all ends are seen */
    if (how > 85) return;
    cluster_plan(c, how <= 50 ? dice_range(&c->random, 20, 500) : dice_range(&c->random, 1000, LATE_US),
                 (happening){.kind = kind, .node = w->node, .incarnation = w->incarnation, .wire = id});
}

void net_close(cluster *c, uint64_t id, bool by_worker)
{
    wire *w = net_wire(c, id);
    if (w == NULL || !(by_worker ? w->worker_open : w->coordinator_open)) return;
    *(by_worker ? &w->worker_open : &w->coordinator_open) = false;
    if (by_worker ? w->coordinator_open : w->worker_open)
        tell_gone(c, id, by_worker ? COORDINATOR_HEARS_GONE : WORKER_HEARS_GONE);
}

void net_cut(cluster *c, uint64_t id)
{
    wire *w = net_wire(c, id);
    if (w == NULL || w->cut) return;
    w->cut = true;
    if (w->worker_open) tell_gone(c, id, WORKER_HEARS_GONE);
    if (w->coordinator_open) tell_gone(c, id, COORDINATOR_HEARS_GONE);
}

void net_crashed(cluster *c, const node *n)
{
    for (int32_t i = 0; i < c->wire_count; i++) {
        wire *w = &c->wires[i];
        if (w->node != n - c->nodes || w->incarnation != n->incarnation) continue;
        w->worker_open = false;
        if (w->coordinator_open) tell_gone(c, (uint64_t)i + 1, COORDINATOR_HEARS_GONE);
    }
}

void net_coordinator_crashed(cluster *c)
{
    for (int32_t i = 0; i < c->wire_count; i++) {
        if (!c->wires[i].coordinator_open) continue;
        c->wires[i].coordinator_open = false;
        if (c->wires[i].worker_open) tell_gone(c, (uint64_t)i + 1, WORKER_HEARS_GONE);
    }
    c->broken_count = c->batch_count = 0;
}

/* ---- the core's port: as coordinator/port.c ---- */

static void give_up(cluster *c, uint64_t peer)
{
    net_close(c, peer, false);
    if (c->broken_count < WEFT_COUNT(c->broken)) c->broken[c->broken_count++] = peer;
}

static bool send_words(cluster *c, uint64_t peer, const weft_envelope *envelope)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    const weft_status st = weft_envelope_encode(c->ctx, envelope, &bytes, &len);
    const weft_net_frame frame = {.bytes = bytes, .len = len};
    assert(st == WEFT_OK);
    return net_send(c, peer, true, &frame, 1);
}

static void port_welcome(void *self, uint64_t peer, const weft_link_head *head, int32_t worker)
{
    cluster *c = self;
    const weft_envelope e = {.kind = WEFT_ENVELOPE_WELCOME, .head = *head, .worker = worker};
    node *n = &c->nodes[net_wire(c, peer)->node];
    const wire *w = net_wire(c, peer);
    if (w->incarnation == n->incarnation && worker == n->number && peer < n->welcomed &&
        n->welcomed_by == c->term)
        cluster_wrong(c, "a registration that came late took the place of a newer one");
    if (w->incarnation == n->incarnation) n->welcomed = peer;
    n->welcomed_by = c->term;
    n->number = worker;
    journal_member(c, worker_uuid(n, w->incarnation), worker); /* also of one that is gone by now */
    memset(n->told, 0, sizeof(n->told));
    c->sessions++;
    if (cluster_is_quiet(c)) n->sessions_since++;
    cluster_say(c, "welcome node %d as worker %d, session %llu on wire %llu", (int)(n - c->nodes), worker,
                (unsigned long long)(uint32_t)head->session, (unsigned long long)peer);
    if (!send_words(c, peer, &e)) give_up(c, peer);
}

static void port_refuse(void *self, uint64_t peer, const char *text)
{
    (void)peer, (void)text;
    cluster_wrong(self, "a worker of this cluster was refused");
}

static void port_beat(void *self, uint64_t peer, const weft_link_head *head)
{
    const weft_envelope e = {.kind = WEFT_ENVELOPE_BEAT, .head = *head};
    if (!send_words(self, peer, &e)) give_up(self, peer);
}

static void port_close(void *self, uint64_t peer)
{
    cluster_say(self, "the coordinator closes wire %llu", (unsigned long long)peer);
    net_close(self, peer, false);
}

static void port_changed(void *self, int32_t worker, weft_core_change change)
{
    cluster_say(self, "worker %d changes: %d", worker, (int)change);
    if (change == WEFT_CORE_DEAD) journal_member_dead(self, worker);
}

static void send_batch(cluster *c, struct batch *b)
{
    weft_envelope e = {.kind = WEFT_ENVELOPE_ORDERS};
    uint64_t peer = 0;
    uint8_t *bytes = NULL;
    const int32_t count = b->count;
    b->count = 1;
    if (count == 1 || !weft_core_head(c->ctx, c->core, b->worker, &peer, &e.head)) return;
    const weft_status st = weft_envelope_encode(c->ctx, &e, &bytes, &b->frames[0].len);
    assert(st == WEFT_OK);
    b->frames[0].bytes = bytes;
    if (!net_send(c, peer, true, b->frames, count)) give_up(c, peer);
}

static void port_flush(weft_ctx *ctx, void *self)
{
    cluster *c = self;
    (void)ctx;
    for (int32_t i = 0; i < c->batch_count; i++) send_batch(c, &c->batches[i]);
    c->batch_count = 0;
}

static node *node_of_number(cluster *c, int32_t number)
{
    const wire *w = net_wire(c, weft_core_peer(c->core, number));
    return w == NULL ? NULL : &c->nodes[w->node];
}

/* A stage's sources, as they are told now. */
static void told_stage(cluster *c, node *n, const weft_to_worker *o)
{
    sim_job *j = driver_find(c, o->job);
    held_stage *told = &n->told[j - c->jobs][o->stage];
    *told = (held_stage){.serial = 1, .generation = o->generation, .source_count = o->source_count};
    for (int32_t i = 0; i < o->source_count; i++) {
        const weft_stage_source *s = &o->sources[i];
        told->sources[i] =
            (held_source){.stage = s->stage, .generation = s->generation, .count = s->task_count};
        for (int32_t p = 0; p < s->task_count; p++) {
            told->sources[i].attempts[p] = s->attempts[p];
            told->sources[i].holders[p] = o->places[s->places[p]].uuid;
        }
    }
}

static bool is_present(const cluster *c, int32_t number)
{
    for (int32_t i = 0; i < weft_core_worker_count(c->core); i++) {
        weft_core_worker w;
        weft_core_get_worker(c->core, i, &w);
        if (w.number == number) return !w.silent;
    }
    return false;
}

/* Whoever is to be asked before a holder is there, and was told to read the same blocks. */
static void check_relays(cluster *c, int32_t worker, const weft_to_worker *o)
{
    const sim_job *j = driver_find(c, o->job);
    for (int32_t i = 0; i < o->source_count; i++)
        for (int32_t r = 0; r < o->sources[i].relay_count; r++) {
            const weft_source_relay *relay = &o->sources[i].relays[r];
            const weft_place *place = &o->places[relay->place], *holder = &o->places[relay->holder];
            const node *n = node_of_number(c, place->worker);
            c->relays++;
            if (place->worker == worker || place->worker == holder->worker || holder->worker == worker)
                cluster_wrong(c, "a worker is to ask itself, or a holder before itself");
            else if (!is_present(c, place->worker))
                cluster_wrong(c, "a worker is to ask one that is not there");
            else if (!o->sources[i].shared)
                cluster_wrong(c, "blocks are passed on and nobody is told to");
            else if (n != NULL && n->number == place->worker) {
                const held_stage *told = &n->told[j - c->jobs][o->stage];
                if (told->serial == 0 || told->generation != o->generation)
                    cluster_wrong(c, "a worker is to ask one that does not read the blocks");
            }
        }
}

static bool is_member(const cluster *c, int32_t number)
{
    for (int32_t i = 0; i < weft_core_worker_count(c->core); i++) {
        weft_core_worker w;
        weft_core_get_worker(c->core, i, &w);
        if (w.number == number) return true;
    }
    return false;
}

/* No worker that has told what it holds has the block that this is to make. */
static void check_found(cluster *c, const sim_job *j, const weft_to_worker *o)
{
    const weft_core_stage *s = &j->stages[o->stage];
    const known_block *known = &j->known[o->stage][o->partition];
    if (!s->resumed || known->lost || known->launched || c->outbox_bytes < 1 << 20 ||
        o->generation != j->resumed_generation[o->stage])
        return;
    for (int32_t i = 0; i < c->member_count; i++) {
        const int32_t at = c->members[i].told ? cluster_node_of(c, c->members[i].uuid) : -1;
        for (int32_t b = 0; at >= 0 && b < c->nodes[at].block_count; b++) {
            const weft_block_name *name = &c->nodes[at].blocks[b].name;
            if (name->job == o->job && name->stage == o->stage && name->generation == o->generation &&
                name->partition == o->partition)
                cluster_wrong(c, "a task was launched whose block a member holds");
        }
    }
}

/* What has to be durable before a task is launched; and that it has to be launched at all. */
static void check_records(cluster *c, sim_job *j, const weft_to_worker *o)
{
    const known_block *known = &j->known[o->stage][o->partition];
    const weft_core_stage *s = &j->stages[o->stage];
    const job_journal *jr = &j->journal;
    if (known->there && known->generation == o->generation && is_member(c, known->worker))
        cluster_wrong(c, "a task was launched whose block is there");
    if (weft_core_is_recovering(c->core) && s->resumed && o->generation == j->resumed_generation[o->stage])
        cluster_wrong(c, "a task was launched that may be with a member");
    check_found(c, j, o);
    j->known[o->stage][o->partition].launched = true;
    if (!j->core.recorded || !jr->job) return;
    if (jr->stage_count <= o->stage) cluster_wrong(c, "a task was launched of a stage without a record");
    if (jr->generation[o->stage] < o->generation)
        cluster_wrong(c, "a task was launched of a generation without a record");
    for (int32_t i = 0; i < s->stage->input_count; i++) {
        const int32_t in = s->stage->inputs[i].stage_id;
        bool same = jr->has_accepted[in] && jr->accepted_of[in] == j->stages[in].generation;
        if (j->shapes[in].determinism != WEFT_INDETERMINATE) continue;
        for (int32_t p = 0; p < j->shapes[in].task_count && same; p++) {
            weft_block_name name;
            weft_place place;
            same = !weft_core_find_block(c->core, &j->core, in, p, &name, &place) ||
                   name.attempt == jr->accepted[in][p];
        }
        if (!same) cluster_wrong(c, "rows are read whose attempts have no record");
    }
}

/* A launch follows only when the worker was told where each block is now. */
static void check_launch(cluster *c, const node *n, const weft_to_worker *o)
{
    sim_job *j = driver_find(c, o->job);
    const held_stage *told = &n->told[j - c->jobs][o->stage];
    if (j->ending || j->core.failed) cluster_wrong(c, "a task of a job that is over was launched");
    check_records(c, j, o);
    if (told->serial == 0 || told->generation != o->generation) {
        cluster_wrong(c, "a task was launched of a stage that the worker was not told");
        return;
    }
    for (int32_t i = 0; i < told->source_count; i++)
        for (int32_t p = 0; p < told->sources[i].count; p++) {
            weft_block_name name;
            weft_place place;
            if (!weft_core_find_block(c->core, &j->core, told->sources[i].stage, p, &name, &place))
                cluster_wrong(c, "a task was launched whose inputs are not whole");
            else if (name.generation != told->sources[i].generation ||
                     name.attempt != told->sources[i].attempts[p] ||
                     !weft_uuid_equal(place.uuid, told->sources[i].holders[p]))
                cluster_wrong(c, "a task was launched whose inputs are not where the worker was told");
        }
}

static void check_order(cluster *c, int32_t worker, const weft_to_worker *o)
{
    node *n = node_of_number(c, worker);
    sim_job *j = driver_find(c, o->job);
    /* one that falls silent in the same step; an earlier process of the node, whose end is not known yet */
    if (n == NULL || n->number != worker) return;
    if (o->kind == WEFT_TO_WORKER_STAGE) {
        check_relays(c, worker, o);
        told_stage(c, n, o);
    }
    if (o->kind == WEFT_TO_WORKER_LAUNCH) check_launch(c, n, o);
    if (o->kind == WEFT_TO_WORKER_CLOSE && j != NULL) n->told[j - c->jobs][o->stage].serial = 0;
}

static weft_status port_order(weft_ctx *ctx, void *self, int32_t worker, const weft_to_worker *order)
{
    cluster *c = self;
    weft_to_worker packed = *order;
    const uint8_t task[2] = {(uint8_t)order->partition, (uint8_t)order->attempt};
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_arena *const callers = ctx->arena;
    struct batch *b = NULL;
    check_order(c, worker, order);
    c->digest = weft_hash_combine(c->digest, (uint64_t)order->kind << 40 | (uint64_t)worker << 32 |
                                                 (uint64_t)order->stage << 24 |
                                                 (uint64_t)order->partition << 12 | (uint64_t)order->attempt);
    cluster_say(c, "%s job %llu stage %d.%d task %d attempt %d → worker %d",
                (const char *[]){"STAGE", "LAUNCH", "CLOSE", "FREE", "END", "CANCEL", "DROP"}[order->kind],
                (unsigned long long)order->job, order->stage, order->generation, order->partition,
                order->attempt, worker);
    if (!cluster_is_quiet(c) && dice_range(&c->random, 1, 1000) <= c->refuse_permille) {
        give_up(c, weft_core_peer(c->core, worker));
        return weft_fail(ctx, WEFT_LIMIT, "an order is not taken");
    }
    if (order->kind == WEFT_TO_WORKER_LAUNCH) {
        packed.task = NULL;
        packed.task_bytes = task;
        packed.task_len = sizeof(task);
    }
    ctx->arena = c->ctx->arena;
    const weft_status st = weft_to_worker_encode(ctx, &packed, &bytes, &len);
    ctx->arena = callers;
    assert(st == WEFT_OK);
    for (int32_t i = 0; i < c->batch_count && b == NULL; i++)
        if (c->batches[i].worker == worker) b = &c->batches[i];
    if (b == NULL) {
        assert(c->batch_count < WEFT_COUNT(c->batches));
        b = &c->batches[c->batch_count++];
        b->worker = worker;
        b->count = 1;
    }
    if (b->count == FRAMES_MAX) send_batch(c, b);
    b->frames[b->count++] = (weft_net_frame){.bytes = bytes, .len = len};
    return WEFT_OK;
}

static void port_wake(void *self, int64_t due_ns)
{
    cluster *c = self;
    cluster_plan(c, weft_max_i64(0, (due_ns + 999) / 1000 - c->now),
                 (happening){.kind = COORDINATOR_WAKES, .incarnation = c->term});
}

weft_core_port net_port(cluster *c)
{
    return (weft_core_port){.order = port_order,
                            .flush = port_flush,
                            .welcome = port_welcome,
                            .refuse = port_refuse,
                            .beat = port_beat,
                            .close = port_close,
                            .changed = port_changed,
                            .wake = port_wake,
                            .self = c};
}

/* ---- what arrives at the coordinator ---- */

static void on_register(cluster *c, uint64_t peer, const packet *p)
{
    weft_to_coordinator m = {0};
    const weft_status st = weft_to_coordinator_decode(c->ctx, p->frames[1].bytes, p->frames[1].len, &m);
    if (st != WEFT_OK || m.hello == NULL || p->count != 2)
        cluster_wrong(c, "a registration is not understood");
    else {
        node *n = &c->nodes[net_wire(c, peer)->node];
        const bool news = m.hello->epoch > 0 && m.hello->epoch < c->options.epoch;
        if (news && weft_uuid_equal(n->uuid, m.hello->uuid)) n->owes = c->term;
        weft_core_registers(c->ctx, c->core, peer, m.hello);
    }
    weft_to_coordinator_release(&m);
}

static void keep_known(known_block *known, const weft_block_name *name, int32_t worker)
{
    known->there = true;
    known->generation = name->generation;
    known->attempt = name->attempt;
    known->worker = worker;
}

/* What the core was told of blocks, as far as it took it. */
static void note_report(cluster *c, int32_t worker, const weft_to_coordinator *m)
{
    sim_job *j = driver_find(c, m->job);
    weft_block_name name;
    weft_place place;
    if (m->kind == WEFT_FROM_WORKER_HELD && m->epoch == c->options.epoch) journal_told(c, worker);
    if (j == NULL || m->stage >= j->core.stage_count) return;
    if (m->kind == WEFT_FROM_WORKER_DONE &&
        weft_core_find_block(c->core, &j->core, m->stage, m->partition, &name, &place) &&
        name.attempt == m->attempt && name.generation == m->generation)
        keep_known(&j->known[m->stage][m->partition], &name, place.worker);
}

/* Blocks that a reader could not get may be made again. */
static void note_lost(cluster *c, const weft_to_coordinator *m)
{
    sim_job *j = driver_find(c, m->job);
    if (j == NULL || m->kind != WEFT_FROM_WORKER_FAILED || !m->has_lost) return;
    for (int32_t p = 0; p < TASKS_MAX; p++) /* also those that came back under another number */
        if (p == m->lost.partition || m->unreachable)
            j->known[m->lost.stage][p] = (known_block){.lost = true, .launched = true};
}

static void on_reports(cluster *c, uint64_t peer, const weft_link_head *head, const packet *p)
{
    weft_to_coordinator reports[FRAMES_MAX] = {0};
    int32_t worker = -1;
    weft_status st = WEFT_OK;
    for (int32_t i = 1; i < p->count && st == WEFT_OK; i++)
        st = weft_to_coordinator_decode(c->ctx, p->frames[i].bytes, p->frames[i].len, &reports[i]);
    if (st != WEFT_OK) cluster_wrong(c, "a report is not understood");
    if (st == WEFT_OK && weft_core_message(c->ctx, c->core, peer, head, &worker))
        for (int32_t i = 1; i < p->count && st == WEFT_OK; i++) {
            cluster_say(c, "report %d of job %llu stage %d.%d task %d attempt %d status %d from worker %d",
                        (int)reports[i].kind, (unsigned long long)reports[i].job, reports[i].stage,
                        reports[i].generation, reports[i].partition, reports[i].attempt,
                        (int)reports[i].status, worker);
            note_lost(c, &reports[i]);
            st = weft_core_report(c->ctx, c->core, worker, &reports[i]);
            note_report(c, worker, &reports[i]);
        }
    weft_core_flush(c->ctx, c->core);
    for (int32_t i = 1; i < p->count; i++) weft_to_coordinator_release(&reports[i]);
    if (st != WEFT_OK) cluster_wrong(c, "a report could not be taken");
}

void net_arrives(cluster *c, const happening *h)
{
    weft_envelope e;
    const wire *w = net_wire(c, h->wire);
    if (!w->coordinator_open || w->cut) return;
    if (c->core == NULL) { /* nobody listens */
        net_close(c, h->wire, false);
        return;
    }
    if (weft_envelope_decode(c->ctx, h->packet->frames[0].bytes, h->packet->frames[0].len, &e) != WEFT_OK) {
        cluster_wrong(c, "an envelope is not understood");
        return;
    }
    switch (e.kind) {
    case WEFT_ENVELOPE_REGISTER: on_register(c, h->wire, h->packet); break;
    case WEFT_ENVELOPE_REPORTS: on_reports(c, h->wire, &e.head, h->packet); break;
    case WEFT_ENVELOPE_BEAT: weft_core_beat(c->ctx, c->core, h->wire, &e.head); break;
    case WEFT_ENVELOPE_LEAVE: weft_core_leaves(c->ctx, c->core, h->wire); break;
    case WEFT_ENVELOPE_WELCOME:
    case WEFT_ENVELOPE_REFUSE:
    case WEFT_ENVELOPE_ORDERS:
    case WEFT_ENVELOPE_PIECE:
    case WEFT_ENVELOPE_CLIENT: cluster_wrong(c, "a worker speaks like a coordinator"); break;
    }
    cluster_check_step(c);
}

void net_ticks(cluster *c)
{
    while (c->broken_count > 0) weft_core_gone(c->ctx, c->core, c->broken[--c->broken_count]);
    weft_core_tick(c->ctx, c->core);
    cluster_check_step(c);
}
