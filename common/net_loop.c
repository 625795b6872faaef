/* common/net_loop.c - the thread of an endpoint.
 *
 * Each round: wait for a socket, the eventfd or the next due time; answer ZAP, take a bounded number of
 * messages from each socket, look at the monitors (who is gone), send what other threads have queued.
 *
 * Who is gone. A connection that this endpoint opened tells by its own monitor; one that stands for too long
 * before it stands is given up. For an accepted one libzmq tells only that a file descriptor was closed, and
 * by then the next connection may have its number. So every peer that was seen on that descriptor is probed
 * with an empty message, which receivers ignore: a ROUTER with MANDATORY knows whether a route is still there
 * (EHOSTUNREACH). The pipe of a broken connection ends a moment later, hence several probes. What came before
 * the end is delivered before it: the peer is gone only when the socket has nothing more to give. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "common/log.h"
#include "common/net_private.h"

enum {
    PROBES = 8,     /* 1, 4, 16, … 16384 ms after a disconnection: also on a machine that stalls */
    BLOCKED_MS = 1, /* a full pipe of an accepted connection is tried again so often */
    REFRESH_NS = 500 * 1000 * 1000, /* the folder of allowed keys is looked at so often */
    LINGER_MS_MAX = 1000            /* what libzmq may take to send what it has when the endpoint stops */
};

/* ---- who is gone ---- */

/* Accepted connections on a closed descriptor are probed, see above. */
static void watch_router(weft_net *net, int64_t now)
{
    int32_t event = 0, fd = -1;
    while (weft_net_monitor_next(net->router_monitor, &event, &fd))
        for (peer *p = net->mine; p != NULL; p = p->next) {
            if (p->route_len == 0 || p->fd != fd) continue;
            p->probes = PROBES;
            p->probe_ns = now;
        }
}

/* Send the probes that are due. When the next one is; INT64_MAX when none is. */
static int64_t send_probes(weft_net *net, int64_t now)
{
    int64_t next = INT64_MAX;
    for (peer *p = net->mine; p != NULL; p = p->next) {
        if (p->probes == 0 || p->ending != NULL) continue;
        if (p->probe_ns <= now) {
            if (!weft_net_peer_probe(net, p)) {
                p->ending = "the connection is broken";
                net->endings++;
                continue;
            }
            p->probe_ns = now + ((int64_t)NET_MS << (2 * (PROBES - p->probes)));
            p->probes--;
        }
        if (p->probes > 0) next = weft_min_i64(next, p->probe_ns);
    }
    return next;
}

/* All that came over the ROUTER has been delivered: who has ended is gone. */
static void finish_endings(weft_net *net)
{
    peer *following = NULL;
    for (peer *p = net->endings > 0 ? net->mine : NULL; p != NULL; p = following) {
        following = p->next;
        if (p->ending != NULL) weft_net_peer_gone(net, p, p->ending);
    }
}

static const char closed_early[] =
    "it closed the connection before it stood: another protocol, other keys, or keys at one end only";
static const char broken[] = "the connection is broken";
static const char no_socket[] = "its name is not known, or the process has no descriptor left";

bool weft_net_was_closed(const char *why) { return why == closed_early || why == broken; }

static const char *dealer_event_text(int32_t event)
{
    switch (event) {
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return "it refused the key";
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: return "it does not speak the same protocol, or has other keys";
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: return closed_early;
    case ZMQ_EVENT_DISCONNECTED: return broken;
    case ZMQ_EVENT_CONNECT_RETRIED: return no_socket; /* the first event only when none was made */
    default: return "nobody answers there";
    }
}

/* What happened to a connection that this endpoint opened; true when it is gone (and p freed). */
static bool watch_dealer(weft_net *net, peer *p)
{
    int32_t event = 0, value = 0;
    if (!weft_net_monitor_next(p->monitor, &event, &value)) return false;
    if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        p->stand_ns = 0;
        return false;
    }
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH || event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL ||
        event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
        net->server_attempt++;
    weft_net_peer_gone(net, p, dealer_event_text(event));
    return true;
}

/* Connections that do not come to stand. libzmq has its own limits, but not for all of the way. When the next
 * one is due; INT64_MAX when none is. */
static int64_t expire_dealers(weft_net *net, int64_t now)
{
    int64_t next = INT64_MAX;
    peer *following = NULL;
    for (peer *p = net->mine; p != NULL; p = following) {
        following = p->next;
        if (p->stand_ns == 0) continue;
        if (p->stand_ns <= now)
            weft_net_peer_gone(net, p, "nobody answers there");
        else
            next = weft_min_i64(next, p->stand_ns);
    }
    return next;
}

/* ---- what other threads have asked for ---- */

static void open_peer(weft_net *net, peer *p, int64_t now)
{
    weft_net_peer_adopt(net, p);
    p->stand_ns = now + 2LL * NET_HANDSHAKE_MS * NET_MS; /* to connect, and to shake hands */
    const char *why = weft_net_dealer_open(net, p);
    weft_error_clear(&net->ctx);
    if (why != NULL)
        weft_net_peer_gone(net, p, why);
    else
        weft_net_peer_flush(net, p);
}

static void serve_dirty(weft_net *net, int64_t now)
{
    for (;;) {
        pthread_mutex_lock(&net->lock);
        peer *p = net->dirty;
        const peer_state state = p == NULL ? PEER_OPEN : p->state;
        if (p != NULL) {
            net->dirty = p->next_dirty;
            p->dirty = false;
            if (state == PEER_NEW) p->state = PEER_OPEN;
        }
        pthread_mutex_unlock(&net->lock);
        if (p == NULL) return;
        if (state == PEER_DROPPED)
            weft_net_peer_dropped(net, p);
        else if (state == PEER_NEW)
            open_peer(net, p, now);
        else if (!p->blocked)
            weft_net_peer_flush(net, p);
    }
}

/* Accepted connections whose pipe was full: libzmq does not tell when it has room again. True: some are left.
 */
static bool flush_blocked(weft_net *net)
{
    bool left = false;
    for (peer *p = net->mine; p != NULL; p = p->next) {
        if (p->route_len == 0 || !p->blocked) continue;
        weft_net_peer_flush(net, p); /* an accepted one is not freed by it */
        left |= p->blocked;
    }
    return left;
}

/* ---- keys ---- */

/* Keys that were removed cut the connections that showed them; so do keys that became somebody else's. */
static void refresh_keys(weft_net *net, int64_t now)
{
    bool changed = false;
    if (net->options.keys == NULL || now - net->refreshed_ns < REFRESH_NS) return;
    net->refreshed_ns = now;
    const bool failed = weft_keys_refresh(&net->ctx, net->options.keys, &net->key_changes, &changed) !=
                        WEFT_OK;
    if (failed && !net->refresh_failed)
        weft_log_error(WEFT_LOG_WARN, "keys_not_read", &net->ctx.error); /* what was allowed stays so */
    net->refresh_failed = failed;
    weft_error_clear(&net->ctx);
    peer *following = NULL;
    for (peer *p = changed ? net->mine : NULL; p != NULL; p = following) {
        weft_identity who;
        following = p->next;
        if (p->deaf || p->who.public_key[0] == 0) continue;
        const bool same = weft_keys_find(net->options.keys, p->who.public_key, &who) &&
                          who.role == p->who.role && strcmp(who.user, p->who.user) == 0;
        if (!same) weft_net_peer_cut(net, p, "its key is not allowed any more");
    }
}

/* ---- the loop ---- */

static bool watch_reserve(weft_net *net, int32_t need)
{
    if (need <= net->watch_capacity) return true;
    const size_t n = (size_t)need * 2;
    if (weft_mem_resize(&net->ctx, WEFT_MEM_WORKING, n * sizeof(*net->poll_fds), (void **)&net->poll_fds) !=
            WEFT_OK ||
        weft_mem_resize(&net->ctx, WEFT_MEM_WORKING, n * sizeof(*net->watches), (void **)&net->watches) !=
            WEFT_OK) {
        weft_error_clear(&net->ctx);
        return false;
    }
    net->watch_capacity = (int32_t)n;
    return true;
}

static void watch_add(weft_net *net, int32_t *count, void *socket, peer *p, bool wants_out)
{
    int fd = -1; /* poll passes over it */
    size_t len = sizeof(fd);
    (void)zmq_getsockopt(socket, ZMQ_FD, &fd, &len);
    net->poll_fds[*count] = (struct pollfd){.fd = fd, .events = POLLIN};
    net->watches[(*count)++] = (net_watch){.socket = socket, .peer = p, .wants_out = wants_out};
}

/* What to wait for: the eventfd, the own sockets, then each opened connection and its monitor. */
static bool watch_prepare(weft_net *net, int32_t *count)
{
    if (!watch_reserve(net, 4 + 2 * net->mine_count)) return false;
    int32_t n = 1;
    net->poll_fds[0] = (struct pollfd){.fd = net->wake, .events = POLLIN};
    net->watches[0] = (net_watch){0};
    if (net->zap != NULL) watch_add(net, &n, net->zap, NULL, false);
    if (net->router != NULL) {
        watch_add(net, &n, net->router_monitor, NULL, false);
        watch_add(net, &n, net->router, NULL, false);
    }
    for (peer *p = net->mine; p != NULL; p = p->next) {
        if (p->dealer == NULL) continue;
        watch_add(net, &n, p->monitor, p, false);
        watch_add(net, &n, p->dealer, p, p->blocked);
    }
    *count = n;
    return true;
}

/* Is there anything to take from a socket, or room in one that was full? A socket's descriptor tells only of
 * what libzmq has not told of yet, so this is asked before each wait. */
static bool watch_look(weft_net *net, int32_t count)
{
    short any = 0;
    for (int32_t i = 1; i < count; i++) {
        net_watch *w = &net->watches[i];
        const short wanted = (short)(ZMQ_POLLIN | (w->wants_out ? ZMQ_POLLOUT : 0));
        w->ready = (short)(weft_net_socket_ready(w->socket) & wanted);
        any |= w->ready;
    }
    return any != 0;
}

/* count: of the watches, of which those of opened connections come last, two each. */
static void serve_dealers(weft_net *net, int32_t count)
{
    const net_watch *watches = net->watches;
    for (int32_t i = 1 + (net->zap != NULL) + 2 * (net->router != NULL); i < count; i += 2) {
        peer *p = watches[i].peer;
        bool drained = true, gone = false;
        if (watches[i + 1].ready & ZMQ_POLLIN) drained = weft_net_receive(net, p->dealer, p, &gone);
        if (gone) continue;
        if (drained && (watches[i].ready & ZMQ_POLLIN) && watch_dealer(net, p)) continue;
        if (watches[i + 1].ready & ZMQ_POLLOUT) weft_net_peer_flush(net, p);
    }
}

static void serve_router(weft_net *net, int64_t now)
{
    bool gone = false;
    if (net->router == NULL) return;
    if (weft_net_receive(net, net->router, NULL, &gone)) finish_endings(net);
    watch_router(net, now);
}

/* Lock held. What other threads left to this one while it was at work. */
static bool is_called(const weft_net *net)
{
    return net->dirty != NULL || net->tick_wanted || (net->stopping && net->stopping_ns == 0);
}

/* Wait until there is something to do. Other threads may use the sockets meanwhile. */
static void wait_for_work(weft_net *net, int32_t count, int64_t ms)
{
    uint64_t ignored = 0;
    pthread_mutex_lock(&net->lock);
    net->idle = ms != 0 && !is_called(net);
    const bool waits = net->idle;
    pthread_mutex_unlock(&net->lock);
    if (!waits) return;
    pthread_mutex_unlock(&net->io);
    const int ready = poll(net->poll_fds, (nfds_t)count, (int)weft_min_i64(ms, INT32_MAX));
    if (ready < 0 && errno != EINTR) poll(NULL, 0, BLOCKED_MS); /* no memory: it must not spin */
    pthread_mutex_lock(&net->io);
    pthread_mutex_lock(&net->lock);
    const ssize_t got = net->woken ? read(net->wake, &ignored, sizeof(ignored)) : 0;
    net->idle = net->woken = false;
    pthread_mutex_unlock(&net->lock);
    assert(got >= 0); /* it was written before it was said so */
    (void)got;
}

static void tick(weft_net *net, int64_t now)
{
    pthread_mutex_lock(&net->lock);
    const bool due = net->tick_at_ns != 0 && now >= net->tick_at_ns;
    const bool wanted = net->tick_wanted || due;
    if (due) net->tick_at_ns = 0;
    net->tick_wanted = false;
    pthread_mutex_unlock(&net->lock);
    const int64_t every = (int64_t)net->options.tick_ms * NET_MS;
    if (!wanted && (every == 0 || now - net->ticked_ns < every)) return;
    net->ticked_ns = now;
    if (net->options.handler.tick != NULL) net->options.handler.tick(net->options.handler.self);
}

/* Has everything been sent, or was there time enough? */
static bool may_stop(weft_net *net, int64_t now)
{
    bool waiting = false;
    pthread_mutex_lock(&net->lock);
    const bool stopping = net->stopping;
    const int64_t linger = net->linger_ns;
    for (int32_t i = 0; i < net->slot_count && stopping; i++)
        waiting |= net->slots[i] != NULL && net->slots[i]->first != NULL;
    pthread_mutex_unlock(&net->lock);
    if (!stopping) return false;
    if (net->stopping_ns == 0) net->stopping_ns = now;
    return !waiting || now - net->stopping_ns >= linger;
}

/* due_ns: of probes and connections. soon: something is tried again and again. */
static int64_t wait_ms(weft_net *net, int64_t now, int64_t due_ns, bool soon)
{
    int64_t until = due_ns;
    if (net->endings > 0) return 0;
    pthread_mutex_lock(&net->lock);
    if (net->tick_at_ns != 0) until = weft_min_i64(until, net->tick_at_ns);
    pthread_mutex_unlock(&net->lock);
    if (net->options.tick_ms > 0)
        until = weft_min_i64(until, net->ticked_ns + (int64_t)net->options.tick_ms * NET_MS);
    if (net->options.keys != NULL) until = weft_min_i64(until, net->refreshed_ns + REFRESH_NS);
    if (soon) until = weft_min_i64(until, now + (int64_t)BLOCKED_MS * NET_MS);
    if (until == INT64_MAX) return -1;
    return until <= now ? 0 : (until - now + NET_MS - 1) / NET_MS;
}

static void run(weft_net *net)
{
    int64_t due_ns = INT64_MAX;
    bool blocked = false;
    net->ticked_ns = net->refreshed_ns = weft_now_ns(&net->ctx);
    for (;;) {
        int32_t count = 0;
        int64_t now = weft_now_ns(&net->ctx);
        if (!watch_prepare(net, &count)) {
            poll(NULL, 0, BLOCKED_MS); /* no memory for the list: connections wait until there is */
            if (may_stop(net, now)) return;
            continue;
        }
        if (!watch_look(net, count)) {
            wait_for_work(net, count, wait_ms(net, now, due_ns, blocked || net->stopping_ns != 0));
            (void)watch_look(net, count);
        }
        now = weft_now_ns(&net->ctx);
        if (net->zap != NULL) weft_net_serve_zap(net);
        serve_router(net, now);
        serve_dealers(net, count);
        serve_dirty(net, now);
        blocked = flush_blocked(net);
        due_ns = send_probes(net, now);
        due_ns = weft_min_i64(due_ns, expire_dealers(net, now));
        refresh_keys(net, now);
        tick(net, now);
        if (may_stop(net, now)) return;
    }
}

/* Deaf peers have no slot that they would be freed by. */
static void free_deaf(weft_net *net)
{
    peer *following = NULL;
    for (peer *p = net->mine; p != NULL; p = following) {
        following = p->next;
        if (p->deaf) weft_mem_free(p);
    }
    net->mine = NULL;
}

void *weft_net_main(void *self)
{
    weft_net *net = self;
    pthread_mutex_lock(&net->io);
    const weft_status st = weft_net_open_sockets(&net->ctx, net);
    pthread_mutex_lock(&net->lock);
    net->is_started = true;
    net->start_error = st;
    pthread_cond_signal(&net->started);
    pthread_mutex_unlock(&net->lock);
    if (st == WEFT_OK) run(net);
    weft_net_close_sockets(net, (int32_t)weft_min_i64(LINGER_MS_MAX, net->linger_ns / NET_MS));
    free_deaf(net);
    pthread_mutex_unlock(&net->io);
    return NULL;
}
