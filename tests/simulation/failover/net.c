/* tests/simulation/failover/net.c - see net.h. */
#include "tests/simulation/failover/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/net.h"
#include "coordinator/relay_port.h"

#define MS INT64_C(1000000)

enum {
    LISTENERS_MAX = 64,
    FIRST_FREE_PORT = 30000,
    ALIGN = 64,
    BEAT_MS = 100,
    FLIGHT_US = 300,   /* of a message, at most … */
    LATE_US = 400000,  /* … and of one that is late */
    BREAK_US = 30000,  /* until an end hears that the other is gone, at most */
    SILENCE_MS = 10000 /* of an endpoint that names none, and until a connection must stand */
};

static const char nobody[] = "nobody answers there";
static const char closed[] = "it closed the connection";
static const char silent[] = "nothing was heard";

typedef struct net_packet {
    int32_t refs, count;
    int64_t bytes;
    weft_net_frame frames[WEFT_NET_FRAMES_MAX]; /* into what follows the struct */
} net_packet;

typedef struct net_link {
    struct net_link *next;
    weft_net *end[2]; /* [0]: who opened it. NULL: that end is closed, or was never there */
    const process *of[2];
    weft_net_peer peer[2];                          /* what it is called there */
    bool ends[2];                                   /* that end will hear that it is gone */
    bool of_worker, of_client;                      /* to a coordinator */
    int64_t arrives_ns[2], heard_ns[2], waiting[2]; /* of what goes to that end */
    weft_relay_port *via;
} net_link;

typedef enum item_kind { ITEM_MESSAGE, ITEM_GONE, ITEM_RELEASE } item_kind;

/* What an endpoint's thread has to do; or what is on its way. */
typedef struct net_item {
    struct net_item *next;
    item_kind kind;
    net_link *link;
    int32_t to; /* which end */
    net_packet *packet;
    const char *why;
    weft_net_peer peer;
    void (*release)(void *owner);
    void *owner;
} net_item;

struct weft_net {
    process *of;
    weft_net_options options;
    int32_t port; /* 0: it does not listen */
    weft_net_peer last_peer;
    net_item *first, *last;
    fiber *thread;
    bool stops, hushed, handles, woken;
    int64_t tick_ns, tick_at_ns; /* of its own clock */
    weft_net_counts counts;
};

struct weft_relay_port {
    process *of;
    int32_t port, leader; /* ports; leader 0: nobody knows */
    weft_relay_port_counts counts;
};

typedef struct listener {
    int32_t port;
    weft_net *net; /* or */
    weft_relay_port *relay;
} listener;

static struct {
    listener listeners[LISTENERS_MAX];
    int32_t listener_count, next_port, slow_permille, wild_permille;
    net_link *links;
    int64_t parted_ns[PROCESSES_MAX][PROCESSES_MAX];
    int64_t crash_at; /* so many messages are to be sent before */
    bool crash_to_clients;
    net_counts counts;
} all;

/* ---- memory of the world ---- */

static void *take(size_t bytes)
{
    void *memory = NULL;
    const weft_status st = weft_mem_alloc_zero(sim()->ctx, WEFT_MEM_WORKING, bytes, &memory);
    assert(st == WEFT_OK);
    return memory;
}

static void packet_release(net_packet *p)
{
    if (p != NULL && --p->refs == 0) weft_mem_free(p);
}

static net_packet *pack(const weft_net_frame *frames, int32_t count)
{
    size_t room = sizeof(net_packet);
    for (int32_t i = 0; i < count; i++) room += weft_round_up(frames[i].len, ALIGN) + ALIGN;
    net_packet *p = take(room);
    uint8_t *at = (uint8_t *)weft_round_up((size_t)(uintptr_t)(p + 1), ALIGN);
    p->refs = 1;
    p->count = count;
    for (int32_t i = 0; i < count; i++) {
        if (frames[i].len > 0) memcpy(at, frames[i].bytes, frames[i].len);
        p->frames[i] = (weft_net_frame){.bytes = at, .len = frames[i].len, .owner = p};
        p->bytes += (int64_t)frames[i].len;
        at += weft_round_up(frames[i].len, ALIGN);
    }
    return p;
}

/* ---- who reaches whom ---- */

static int64_t parted_until(const net_link *l, int32_t to)
{
    const process *from = l->of[1 - to], *end = l->of[to], *via = l->via == NULL ? NULL : l->via->of;
    if (via == NULL) return all.parted_ns[from->id][end->id];
    return weft_max_i64(all.parted_ns[from->id][via->id], all.parted_ns[via->id][end->id]);
}

static bool hears(const net_link *l, int32_t end)
{
    const process *other = l->of[1 - end];
    if (l->via != NULL && process_is_stopped(l->via->of)) return false;
    return l->end[1 - end] != NULL && other->alive && !process_is_stopped(other) &&
           parted_until(l, end) <= sim()->now_ns;
}

void net_part(const process *from, const process *to, int64_t until_ns)
{
    int64_t *at = &all.parted_ns[from->id][to->id];
    *at = weft_max_i64(*at, until_ns);
}

void net_slow(int32_t permille) { all.slow_permille = permille; }
void net_wild(int32_t permille) { all.wild_permille = permille; }

net_counts net_count(void)
{
    net_counts counts = all.counts;
    for (const net_link *l = all.links; l != NULL; l = l->next)
        counts.waiting_bytes += l->waiting[0] + l->waiting[1];
    return counts;
}

/* ---- what an endpoint's thread has to do ---- */

static void put(weft_net *net, net_item item)
{
    net_item *copy = take(sizeof(item));
    *copy = item;
    *(net->last == NULL ? &net->first : &net->last->next) = copy;
    net->last = copy;
    fiber_wake(net, true);
}

static void arrive(void *of, int64_t number)
{
    net_item *item = of;
    net_link *l = item->link;
    weft_net *net = l->end[item->to];
    const int64_t parted = parted_until(l, item->to);
    (void)number;
    if (net != NULL && parted > sim()->now_ns) { /* what comes behind it waits behind it */
        l->arrives_ns[item->to] = weft_max_i64(l->arrives_ns[item->to], parted + MS);
        sim_at(parted + 1000 - sim()->now_ns, arrive, item, 0);
        return;
    }
    if (item->kind == ITEM_MESSAGE) l->waiting[item->to] -= item->packet->bytes;
    if (net == NULL || net->hushed || (item->kind == ITEM_MESSAGE && l->ends[item->to]))
        packet_release(item->packet);
    else {
        item->peer = l->peer[item->to];
        if (item->kind == ITEM_GONE) l->end[item->to] = NULL;
        put(net, *item);
    }
    weft_mem_free(item);
}

static void fly(net_link *l, int32_t to, net_item item, int64_t delay_ns)
{
    net_item *copy = take(sizeof(item));
    item.link = l;
    item.to = to;
    *copy = item;
    const int64_t at = weft_max_i64(sim()->now_ns + delay_ns, l->arrives_ns[to] + 1);
    l->arrives_ns[to] = at;
    sim_at(at - sim()->now_ns, arrive, copy, 0);
}

/* This end will hear that the connection is gone; what is on its way to it comes first, or never. */
static void end_gone(net_link *l, int32_t end, const char *why, bool at_once)
{
    if (l->end[end] == NULL || l->ends[end]) return;
    l->ends[end] = at_once; /* then nothing more arrives */
    all.counts.broken++;
    fly(l, end, (net_item){.kind = ITEM_GONE, .why = why}, sim_dice(20, BREAK_US) * 1000);
}

/* This end closes it. */
static void end_close(net_link *l, int32_t end)
{
    l->end[end] = NULL;
    end_gone(l, 1 - end, closed, false);
}

static void link_break(net_link *l)
{
    end_gone(l, 0, closed, true);
    end_gone(l, 1, closed, true);
}

static void beats(void *of, int64_t number)
{
    for (net_link *l = all.links; l != NULL; l = l->next)
        for (int32_t i = 0; i < 2; i++) {
            const weft_net *net = l->end[i];
            if (net == NULL || process_is_stopped(l->of[i])) continue;
            const int64_t most = net->options.silence_ms > 0 ? net->options.silence_ms : SILENCE_MS;
            if (hears(l, i))
                l->heard_ns[i] = sim()->now_ns;
            else if (sim()->now_ns - l->heard_ns[i] > most * MS)
                end_gone(l, i, silent, true);
        }
    sim_at(BEAT_MS * MS, beats, of, number);
}

void net_begin(void)
{
    memset(&all, 0, sizeof(all));
    all.next_port = FIRST_FREE_PORT;
    sim_at(BEAT_MS * MS, beats, NULL, 0);
}

static void listener_remove(const weft_net *net, const weft_relay_port *relay)
{
    for (int32_t i = 0; i < all.listener_count; i++)
        if (all.listeners[i].net == net && all.listeners[i].relay == relay)
            all.listeners[i--] = all.listeners[--all.listener_count];
}

void net_crashed(const process *p)
{
    for (int32_t i = 0; i < all.listener_count; i++) {
        const listener *at = &all.listeners[i];
        if ((at->net != NULL ? at->net->of : at->relay->of) == p)
            all.listeners[i--] = all.listeners[--all.listener_count];
    }
    for (net_link *l = all.links; l != NULL; l = l->next) {
        const bool of[2] = {l->of[0] == p, l->of[1] == p};
        if (l->via != NULL && l->via->of == p) link_break(l);
        if (!of[0] && !of[1]) continue;
        for (int32_t i = 0; i < 2; i++)
            if (of[i]) l->end[i] = NULL;
        for (int32_t i = 0; i < 2; i++)
            if (!of[i]) end_gone(l, i, closed, sim_chance(500));
    }
}

bool net_cut(const process *p)
{
    net_link *chosen = NULL;
    int32_t count = 0;
    for (net_link *l = all.links; l != NULL; l = l->next)
        if ((l->of[0] == p || l->of[1] == p) && l->end[0] != NULL && l->end[1] != NULL &&
            sim_dice(0, count++) == 0)
            chosen = l;
    if (chosen != NULL) link_break(chosen);
    return chosen != NULL;
}

/* ---- the thread of an endpoint ---- */

static void handle(weft_net *net, const net_item *item)
{
    static const weft_identity anybody = {.role = WEFT_ROLE_ANY};
    const weft_net_handler *h = &net->options.handler;
    if (item->kind == ITEM_RELEASE)
        item->release(item->owner);
    else if (net->hushed)
        packet_release(item->packet);
    else if (item->kind == ITEM_GONE) {
        if (h->gone != NULL) h->gone(h->self, item->peer, item->why);
    } else {
        const net_link *l = item->link;
        if (l->end[item->to] == net && h->message != NULL)
            h->message(h->self, item->peer, &anybody, item->packet->frames, item->packet->count);
        packet_release(item->packet);
    }
}

static int64_t tick_due(const weft_net *net)
{
    if (net->hushed) return INT64_MAX;
    if (net->woken) return 0;
    return weft_min_i64(net->tick_ns, net->tick_at_ns);
}

static void tick(weft_net *net)
{
    const int64_t now = process_clock_ns(net->of);
    net->woken = false;
    if (now >= net->tick_at_ns) net->tick_at_ns = INT64_MAX;
    if (now >= net->tick_ns) net->tick_ns = now + net->options.tick_ms * MS;
    if (net->options.handler.tick != NULL) net->options.handler.tick(net->options.handler.self);
}

static void *net_main(void *self)
{
    weft_net *net = self;
    while (!net->stops || net->first != NULL) {
        net_item *item = net->first;
        net->handles = true;
        if (item != NULL) {
            net->first = item->next;
            if (net->first == NULL) net->last = NULL;
            handle(net, item);
            weft_mem_free(item);
        } else if (process_clock_ns(net->of) >= tick_due(net))
            tick(net);
        else {
            net->handles = false;
            (void)fiber_wait(net, tick_due(net));
        }
        net->handles = false;
    }
    return NULL;
}

/* ---- common/net.h ---- */

static int32_t port_of(const char *address)
{
    const char *colon = strrchr(address, ':');
    return colon == NULL ? 0 : (int32_t)strtol(colon + 1, NULL, 10);
}

static listener *find_listener(int32_t port)
{
    for (int32_t i = 0; i < all.listener_count; i++)
        if (all.listeners[i].port == port) return &all.listeners[i];
    return NULL;
}

static weft_status listen_at(weft_ctx *ctx, int32_t port, weft_net *net, weft_relay_port *relay, int32_t *out)
{
    if (port == 0) port = all.next_port++;
    if (find_listener(port) != NULL) return weft_fail(ctx, WEFT_IO, "port %d is in use", port);
    assert(all.listener_count < LISTENERS_MAX);
    all.listeners[all.listener_count++] = (listener){port, net, relay};
    *out = port;
    return WEFT_OK;
}

weft_status weft_net_check_address(weft_ctx *ctx, const char *address, bool keys)
{
    (void)ctx, (void)address, (void)keys;
    return WEFT_OK;
}

weft_status weft_net_start(weft_ctx *ctx, const weft_net_options *options, weft_net **out)
{
    weft_net *net = take(sizeof(*net));
    *net =
        (weft_net){.of = process_now(), .options = *options, .tick_ns = INT64_MAX, .tick_at_ns = INT64_MAX};
    if (options->tick_ms > 0) net->tick_ns = process_clock_ns(net->of) + options->tick_ms * MS;
    *out = NULL;
    if (options->listen != NULL) {
        const weft_status st = listen_at(ctx, port_of(options->listen), net, NULL, &net->port);
        if (st != WEFT_OK) return st;
    }
    net->thread = fiber_new(net->of, net_main, net);
    *out = net;
    return WEFT_OK;
}

int32_t weft_net_port(const weft_net *net) { return net->port; }
bool weft_net_was_closed(const char *why) { return why == closed; }

static weft_net_peer add_end(net_link *l, int32_t end, weft_net *net)
{
    l->end[end] = net;
    l->of[end] = net->of;
    l->heard_ns[end] = sim()->now_ns;
    l->peer[end] = ++net->last_peer;
    return l->peer[end];
}

weft_status weft_net_connect(weft_ctx *ctx, weft_net *net, const char *address, weft_role server,
                             weft_net_peer *out)
{
    net_link *l = take(sizeof(*l));
    const listener *there = find_listener(port_of(address));
    const char *why = nobody;
    (void)ctx;
    const bool control = port_of(address) < FIRST_FREE_PORT; /* else a coordinator's port of blobs */
    l->of_worker = net->options.role == WEFT_ROLE_WORKER && server == WEFT_ROLE_COORDINATOR && control;
    l->of_client = net->options.role == WEFT_ROLE_CLIENT && server == WEFT_ROLE_COORDINATOR;
    l->next = all.links;
    all.links = l;
    all.counts.connections++;
    *out = add_end(l, 0, net);
    l->of[1] = net->of;
    if (there != NULL && there->relay != NULL) {
        weft_relay_port *relay = there->relay;
        there = relay->leader == 0 ? NULL : find_listener(relay->leader);
        l->via = relay;
        relay->counts.opened++;
        all.counts.relayed++;
        why = closed;
    }
    if (there != NULL && there->net != NULL && !net->hushed)
        (void)add_end(l, 1, there->net);
    else
        end_gone(l, 0, why, false);
    return WEFT_OK;
}

/* The connection that this endpoint knows as peer; NULL: it is gone. */
static net_link *find_link(const weft_net *net, weft_net_peer peer, int32_t *end)
{
    for (net_link *l = all.links; l != NULL; l = l->next)
        for (*end = 0; *end < 2; ++*end)
            if (l->end[*end] == net && l->peer[*end] == peer) return l;
    return NULL;
}

void net_crash_at(int64_t message, bool to_clients)
{
    all.crash_at = message;
    all.crash_to_clients = to_clients;
}

/* Is this the one with which its sender dies? */
static bool is_last(const net_link *l, int32_t to)
{
    const bool counts = to == 0 && (all.crash_to_clients ? l->of_client : l->of_worker);
    return counts && all.crash_at > 0 && --all.crash_at == 0;
}

/* One message gets on its way: none, one or two copies of it. */
static void launch(net_link *l, int32_t to, const weft_net_frame *frames, int32_t count)
{
    const int32_t wild = l->of_worker ? all.wild_permille : 0;
    const bool lost = sim_chance(wild), twice = !lost && sim_chance(wild);
    all.counts.lost += lost;
    all.counts.twice += twice;
    for (int32_t copies = lost ? 0 : twice ? 2 : 1; copies > 0; copies--) {
        const bool late = sim_chance(all.slow_permille), overtakes = sim_chance(wild);
        const int64_t behind_ns = l->arrives_ns[to];
        net_packet *packet = pack(frames, count);
        l->waiting[to] += packet->bytes;
        if (overtakes) l->arrives_ns[to] = 0;
        fly(l, to, (net_item){.kind = ITEM_MESSAGE, .packet = packet},
            sim_dice(20, late ? LATE_US : FLIGHT_US) * 1000);
        l->arrives_ns[to] = weft_max_i64(l->arrives_ns[to], behind_ns);
        all.counts.late += late;
        all.counts.overtaking += overtakes;
    }
}

weft_status weft_net_send(weft_ctx *ctx, weft_net *net, weft_net_peer peer, const weft_net_frame *frames,
                          int32_t count)
{
    int32_t end = 0;
    int64_t bytes = 0;
    net_link *l = net->hushed ? NULL : find_link(net, peer, &end);
    for (int32_t i = 0; i < count; i++) bytes += (int64_t)frames[i].len;
    if (l == NULL || l->ends[end]) return weft_fail(ctx, WEFT_UNREACHABLE, "the connection is gone");
    if (frames[0].len == 0) return weft_fail(ctx, WEFT_INVALID, "the first frame is empty");
    const int64_t waiting = l->waiting[1 - end];
    if (waiting > 0 && waiting + bytes > net->options.queue_bytes)
        return weft_fail(ctx, WEFT_LIMIT, "the queue of a peer is full");
    all.counts.messages++;
    net->counts.messages_sent++;
    net->counts.bytes_sent += bytes;
    const bool last = is_last(l, 1 - end);
    launch(l, 1 - end, frames, count);
    if (last) {
        all.counts.crashes++;
        sim_say("%s dies behind a message", net->of->name);
        process_crash(net->of);
    }
    for (int32_t i = 0; i < count; i++)
        if (frames[i].release != NULL)
            put(net,
                (net_item){.kind = ITEM_RELEASE, .release = frames[i].release, .owner = frames[i].owner});
    return WEFT_OK;
}

void *weft_net_keep(const weft_net_frame *frame, weft_net_kept *out)
{
    net_packet *p = frame->owner;
    p->refs++;
    *out = (weft_net_kept){.opaque = {(uint64_t)(uintptr_t)p}};
    return (void *)(uintptr_t)frame->bytes;
}

void weft_net_kept_free(weft_net_kept *kept)
{
    packet_release((net_packet *)(uintptr_t)kept->opaque[0]);
    *kept = (weft_net_kept){0};
}

int64_t weft_net_waiting_bytes(weft_net *net, weft_net_peer peer)
{
    int32_t end = 0;
    const net_link *l = find_link(net, peer, &end);
    return l == NULL ? 0 : l->waiting[1 - end];
}

void weft_net_drop(weft_net *net, weft_net_peer peer)
{
    int32_t end = 0;
    net_link *l = find_link(net, peer, &end);
    if (l != NULL) end_close(l, end);
}

void weft_net_wake(weft_net *net)
{
    net->woken = true;
    fiber_wake(net, true);
}

void weft_net_tick_at(weft_net *net, int64_t time_ns)
{
    net->tick_at_ns = time_ns;
    fiber_wake(net, true);
}

void weft_net_count(weft_net *net, weft_net_counts *out) { *out = net->counts; }

static void close_all(weft_net *net)
{
    listener_remove(net, NULL);
    for (net_link *l = all.links; l != NULL; l = l->next)
        for (int32_t i = 0; i < 2; i++)
            if (l->end[i] == net) end_close(l, i);
}

void weft_net_hush(weft_net *net)
{
    net->hushed = true;
    close_all(net);
    while (net->handles) fiber_yield();
}

void weft_net_stop(weft_net **slot, int32_t linger_ms)
{
    weft_net *net = *slot;
    (void)linger_ms;
    *slot = NULL;
    if (net == NULL) return;
    close_all(net);
    net->hushed = net->stops = true;
    fiber_wake(net, true);
    (void)fiber_join(net->thread);
}

/* ---- coordinator/relay_port.h ---- */

weft_status weft_relay_port_start(weft_ctx *ctx, const weft_relay_port_options *options,
                                  weft_relay_port **out)
{
    weft_relay_port *relay = take(sizeof(*relay));
    relay->of = process_now();
    *out = relay;
    const weft_status st = listen_at(ctx, options->port, NULL, relay, &relay->port);
    if (st != WEFT_OK) *out = NULL;
    return st;
}

int32_t weft_relay_port_number(const weft_relay_port *relay) { return relay->port; }

void weft_relay_port_lead_to(weft_relay_port *relay, const char *address)
{
    const int32_t leader = address == NULL || address[0] == 0 ? 0 : port_of(address);
    if (relay->leader == leader) return;
    relay->leader = leader;
    for (net_link *l = all.links; l != NULL; l = l->next)
        if (l->via == relay) link_break(l);
}

void weft_relay_port_count(weft_relay_port *relay, weft_relay_port_counts *out) { *out = relay->counts; }

void weft_relay_port_stop(weft_relay_port **slot)
{
    weft_relay_port *relay = *slot;
    *slot = NULL;
    if (relay == NULL) return;
    listener_remove(NULL, relay);
    for (net_link *l = all.links; l != NULL; l = l->next)
        if (l->via == relay) link_break(l);
}
