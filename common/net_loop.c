/* common/net_loop.c - the thread of an endpoint: the only one that touches its sockets.
 *
 * Each round: wait for a socket, the eventfd or the next tick; look at the monitors (who is gone), answer
 * ZAP, take a bounded number of messages from each socket, send what other threads have queued.
 *
 * Who is gone. A connection that this endpoint opened tells by its own monitor. For an accepted one libzmq
 * tells only that a file descriptor was closed, and by then the next connection may have its number. So every
 * peer that was seen on that descriptor is probed with an empty message, which receivers ignore: a ROUTER
 * with MANDATORY knows whether a route is still there (EHOSTUNREACH). The pipe of a broken connection ends a
 * moment later, hence several probes.
 *
 * Sources: libzmq 4.3.4 zmq_socket_monitor(3), zmq_setsockopt(3); ZAP is RFC 27/ZAP of ZeroMQ. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "common/hash.h"
#include "common/net_private.h"

enum {
    MESSAGES_A_ROUND = 256, /* of one socket, before the others have their turn */
    SOCKET_MESSAGES = 1000, /* high-water mark of a pipe; what waits beyond it is counted in bytes, here */
    HANDSHAKE_MS = 5000,
    PROBES = 5,                     /* 1, 4, 16, 64 and 256 ms after a disconnection */
    BLOCKED_MS = 1,                 /* a full pipe of an accepted connection is tried again so often */
    REFRESH_NS = 500 * 1000 * 1000, /* the folder of allowed keys is looked at so often */
    MS = 1000 * 1000,
    COPY_BYTES = 32 /* libzmq keeps so few bytes in the message itself */
};

static const char zap_domain[] = "weft";

/* ---- sockets ---- */

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value)) == 0;
}

/* What both kinds have in common. The order of options does not matter before bind and connect. */
static bool socket_setup(const weft_net *net, void *socket)
{
    const int64_t most = net->options.message_bytes;
    const int silence = net->options.silence_ms;
    bool ok = socket != NULL && set_int(socket, ZMQ_LINGER, 0) && set_int(socket, ZMQ_IPV6, 1) &&
              set_int(socket, ZMQ_SNDHWM, SOCKET_MESSAGES) && set_int(socket, ZMQ_RCVHWM, SOCKET_MESSAGES) &&
              set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) &&
              zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof(most)) == 0;
    if (ok && silence > 0)
        ok = set_int(socket, ZMQ_HEARTBEAT_IVL, weft_max_i32(1, silence / 3)) &&
             set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, silence) &&
             set_int(socket, ZMQ_HEARTBEAT_TTL, silence / 100 * 100);
    if (ok && net->options.keys != NULL) {
        const weft_key_pair *own = weft_keys_own(net->options.keys);
        ok = zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, own->public_key, WEFT_KEY_TEXT_BYTES) == 0 &&
             zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own->secret_key, WEFT_KEY_TEXT_BYTES) == 0;
    }
    return ok;
}

/* A PAIR that gives the events of a socket. */
static void *monitor_open(weft_net *net, void *socket, const char *name, int events)
{
    if (zmq_socket_monitor(socket, name, events) != 0) return NULL;
    void *monitor = zmq_socket(net->zmq, ZMQ_PAIR);
    if (monitor != NULL && set_int(monitor, ZMQ_LINGER, 0) && zmq_connect(monitor, name) == 0) return monitor;
    if (monitor != NULL) zmq_close(monitor);
    return NULL;
}

static weft_status zmq_fail(weft_ctx *ctx, const char *what)
{
    return weft_fail(ctx, errno == EMFILE || errno == ENOMEM ? WEFT_NOMEM : WEFT_IO, "%s: %s", what,
                     zmq_strerror(errno));
}

static weft_status router_bind(weft_ctx *ctx, weft_net *net)
{
    char bound[NET_ADDRESS_BYTES];
    size_t len = sizeof(bound);
    if (zmq_bind(net->router, net->options.listen) != 0) {
        const weft_status st =
            weft_fail(ctx, WEFT_IO, "cannot listen on %s: %s", net->options.listen, zmq_strerror(errno));
        if (errno == EADDRINUSE) weft_hint(ctx, "another process listens there; choose another --port");
        return st;
    }
    if (zmq_getsockopt(net->router, ZMQ_LAST_ENDPOINT, bound, &len) != 0)
        return zmq_fail(ctx, "cannot ask libzmq for its port");
    net->port = (int32_t)strtol(strrchr(bound, ':') + 1, NULL, 10);
    return WEFT_OK;
}

weft_status weft_net_open_sockets(weft_ctx *ctx, weft_net *net)
{
    net->zmq = zmq_ctx_new();
    if (net->zmq == NULL) return zmq_fail(ctx, "cannot start libzmq");
    zmq_ctx_set(net->zmq, ZMQ_BLOCKY, 0);
    if (net->options.keys != NULL) {
        net->zap = zmq_socket(net->zmq, ZMQ_ROUTER);
        if (net->zap == NULL || !set_int(net->zap, ZMQ_LINGER, 0) ||
            zmq_bind(net->zap, "inproc://zeromq.zap.01") != 0)
            return zmq_fail(ctx, "cannot start the handler that checks keys");
    }
    if (net->options.listen == NULL) return WEFT_OK;
    net->router = zmq_socket(net->zmq, ZMQ_ROUTER);
    bool ok = socket_setup(net, net->router) && set_int(net->router, ZMQ_ROUTER_MANDATORY, 1);
    if (ok && net->options.keys != NULL)
        ok = set_int(net->router, ZMQ_CURVE_SERVER, 1) &&
             zmq_setsockopt(net->router, ZMQ_ZAP_DOMAIN, zap_domain, sizeof(zap_domain) - 1) == 0;
    if (ok) {
        net->router_monitor =
            monitor_open(net, net->router, "inproc://monitor.router", ZMQ_EVENT_DISCONNECTED);
        ok = net->router_monitor != NULL;
    }
    if (!ok) return zmq_fail(ctx, "cannot make a socket to listen");
    return router_bind(ctx, net);
}

static void socket_close(void **socket)
{
    if (*socket != NULL) zmq_close(*socket);
    *socket = NULL;
}

void weft_net_close_sockets(weft_net *net, int32_t linger_ms)
{
    if (net->router != NULL) set_int(net->router, ZMQ_LINGER, linger_ms);
    for (peer *p = net->mine; p != NULL; p = p->next) {
        if (p->dealer == NULL) continue;
        set_int(p->dealer, ZMQ_LINGER, linger_ms);
        socket_close(&p->monitor);
        socket_close(&p->dealer);
    }
    socket_close(&net->router_monitor);
    socket_close(&net->router);
    socket_close(&net->zap);
    if (net->zmq != NULL) zmq_ctx_term(net->zmq);
    net->zmq = NULL;
}

/* ---- the end of a peer ---- */

static peer **route_bucket(weft_net *net, const void *route, int32_t len)
{
    return &net->buckets[weft_hash_bytes(route, (size_t)len) % NET_BUCKETS];
}

static void peer_adopt(weft_net *net, peer *p)
{
    p->next = net->mine;
    if (net->mine != NULL) net->mine->prev = p;
    net->mine = p;
    net->mine_count++;
}

static void peer_disown(weft_net *net, peer *p)
{
    if (p->prev == NULL && net->mine != p) return; /* dropped before it was opened */
    if (p->next != NULL) p->next->prev = p->prev;
    if (p->prev != NULL)
        p->prev->next = p->next;
    else
        net->mine = p->next;
    net->mine_count--;
}

/* Close its sockets, drop what waits, free it. Lock not held. */
static void peer_free(weft_net *net, peer *p)
{
    peer_disown(net, p);
    if (p->dealer == NULL && p->route_len > 0) {
        for (peer **at = route_bucket(net, p->route, p->route_len); *at != NULL; at = &(*at)->next_route)
            if (*at == p) {
                *at = p->next_route;
                break;
            }
        net->accepted--;
    }
    socket_close(&p->monitor);
    socket_close(&p->dealer);
    pthread_mutex_lock(&net->lock);
    const int32_t slot = (int32_t)(p->id & ((1U << NET_SLOT_BITS) - 1));
    net->slots[slot] = NULL;
    net->slot_free = weft_min_i32(net->slot_free, slot);
    net->counts.peers--;
    for (peer **at = &net->dirty; *at != NULL; at = &(*at)->next_dirty)
        if (*at == p) {
            *at = p->next_dirty;
            break;
        }
    net_message *message = p->first;
    pthread_mutex_unlock(&net->lock);
    while (message != NULL) {
        net_message *next = message->next;
        weft_net_message_free(message);
        message = next;
    }
    weft_mem_free(p);
}

static void peer_gone(weft_net *net, peer *p, const char *why)
{
    pthread_mutex_lock(&net->lock);
    const bool tell = p->state != PEER_DROPPED;
    p->state = PEER_DROPPED;
    pthread_mutex_unlock(&net->lock);
    const weft_net_peer id = p->id;
    peer_free(net, p);
    if (tell && net->options.handler.gone != NULL)
        net->options.handler.gone(net->options.handler.self, id, why);
}

/* ---- sending ---- */

static void part_done(void *bytes, void *hint)
{
    (void)bytes;
    weft_net_part_release(hint);
}

/* Hand a part to libzmq. 0, or errno; after a failure the part is still ours. */
static int part_send(void *socket, net_part *part, bool more)
{
    zmq_msg_t m;
    const weft_net_frame *f = &part->frame;
    const bool copy = f->len <= COPY_BYTES;
    if ((copy ? zmq_msg_init_size(&m, f->len)
              : zmq_msg_init_data(&m, (void *)(uintptr_t)f->bytes, f->len, part_done, part)) != 0)
        return errno;
    if (copy && f->len > 0) memcpy(zmq_msg_data(&m), f->bytes, f->len);
    if (zmq_msg_send(&m, socket, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) < 0) {
        const int error = errno;
        if (copy) zmq_msg_close(&m); /* closing the other kind would give the part back */
        return error;
    }
    if (copy) weft_net_part_release(part);
    return 0;
}

/* One message, whole or not at all. 0, EAGAIN, or what is wrong with the peer. */
static int message_send(weft_net *net, peer *p, net_message *message)
{
    int error = 0;
    void *const socket = p->dealer != NULL ? p->dealer : net->router;
    const int32_t count = message->count;
    if (p->dealer == NULL && zmq_send(socket, p->route, (size_t)p->route_len, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
        return errno;
    /* Only the first part can be refused: after it the pipe is chosen, and takes the rest. */
    for (int32_t i = 0; i < count && error == 0; i++)
        error = part_send(socket, &message->parts[i], i + 1 < count);
    return error;
}

/* Send what waits for a peer until its socket takes no more. */
static void peer_flush(weft_net *net, peer *p)
{
    const char *why = NULL;
    int64_t messages = 0, bytes = 0;
    p->blocked = false;
    while (why == NULL && !p->blocked) {
        pthread_mutex_lock(&net->lock);
        net_message *message = p->first;
        if (message != NULL) {
            p->first = message->next;
            if (p->first == NULL) p->last = NULL;
        }
        pthread_mutex_unlock(&net->lock);
        if (message == NULL) break;
        const int64_t message_bytes = message->bytes; /* libzmq may have freed it when it returns */
        const int error = message_send(net, p, message);
        if (error == 0) {
            messages++;
            bytes += message_bytes;
            pthread_mutex_lock(&net->lock);
            p->waiting_bytes -= message_bytes;
            pthread_mutex_unlock(&net->lock);
            continue;
        }
        pthread_mutex_lock(&net->lock);
        message->next = p->first;
        p->first = message;
        if (p->last == NULL) p->last = message;
        pthread_mutex_unlock(&net->lock);
        p->blocked = error == EAGAIN;
        if (!p->blocked) why = error == EHOSTUNREACH ? "the connection is broken" : "it cannot be sent to";
    }
    pthread_mutex_lock(&net->lock);
    net->counts.messages_sent += messages;
    net->counts.bytes_sent += bytes;
    pthread_mutex_unlock(&net->lock);
    if (why != NULL) peer_gone(net, p, why);
}

/* ---- connections that this endpoint opens ---- */

static const char *dealer_open(weft_net *net, peer *p)
{
    char name[64], server[WEFT_KEY_TEXT_BYTES];
    p->dealer = zmq_socket(net->zmq, ZMQ_DEALER);
    /* IMMEDIATE: what is sent before the connection stands waits here, where it is counted. No reconnecting:
     * a peer is one connection. */
    if (!socket_setup(net, p->dealer) || !set_int(p->dealer, ZMQ_IMMEDIATE, 1) ||
        !set_int(p->dealer, ZMQ_RECONNECT_IVL, -1) || !set_int(p->dealer, ZMQ_CONNECT_TIMEOUT, HANDSHAKE_MS))
        return "libzmq has no socket left";
    p->who = (weft_identity){.role = WEFT_ROLE_ANY};
    if (net->options.keys != NULL) {
        if (weft_keys_server(&net->ctx, net->options.keys, p->server, net->server_attempt, server) != WEFT_OK)
            return "no key of its role is allowed";
        if (zmq_setsockopt(p->dealer, ZMQ_CURVE_SERVERKEY, server, WEFT_KEY_TEXT_BYTES) != 0 ||
            !weft_keys_find(net->options.keys, server, &p->who))
            return "the key of its role is not valid";
    }
    snprintf(name, sizeof(name), "inproc://monitor.%llu", (unsigned long long)p->id);
    p->monitor = monitor_open(net, p->dealer, name,
                              ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED | ZMQ_EVENT_CONNECT_RETRIED |
                                  ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                                  ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    if (p->monitor == NULL) return "libzmq has no socket left";
    if (zmq_connect(p->dealer, p->address) != 0) return "its address cannot be connected to";
    return NULL;
}

/* Carry out what other threads have asked for. */
static void flush_dirty(weft_net *net)
{
    for (;;) {
        const char *why = NULL;
        pthread_mutex_lock(&net->lock);
        peer *p = net->dirty;
        if (p != NULL) {
            net->dirty = p->next_dirty;
            p->dirty = false;
        }
        const peer_state state = p == NULL ? PEER_OPEN : p->state;
        if (state == PEER_NEW) p->state = PEER_OPEN;
        pthread_mutex_unlock(&net->lock);
        if (p == NULL) return;
        if (state == PEER_DROPPED) {
            peer_free(net, p);
            continue;
        }
        if (state == PEER_NEW) {
            peer_adopt(net, p);
            why = dealer_open(net, p);
        }
        if (why != NULL)
            peer_gone(net, p, why);
        else if (!p->blocked)
            peer_flush(net, p);
    }
}

/* ---- monitors ---- */

/* The next event of a monitor; false when there is none. */
static bool monitor_next(void *monitor, int32_t *event, int32_t *value)
{
    zmq_msg_t m;
    uint16_t number = 0;
    bool got = false;
    zmq_msg_init(&m);
    if (zmq_msg_recv(&m, monitor, ZMQ_DONTWAIT) >= 6) {
        memcpy(&number, zmq_msg_data(&m), sizeof(number));
        memcpy(value, (const char *)zmq_msg_data(&m) + sizeof(number), sizeof(*value));
        *event = number;
        got = true;
    }
    bool more = got && zmq_msg_more(&m);
    zmq_msg_close(&m);
    while (more) { /* the address */
        zmq_msg_init(&m);
        more = zmq_msg_recv(&m, monitor, ZMQ_DONTWAIT) >= 0 && zmq_msg_more(&m);
        zmq_msg_close(&m);
    }
    return got;
}

/* Accepted connections on a closed descriptor are probed, see above. */
static void watch_router(weft_net *net, int64_t now)
{
    int32_t event = 0, fd = -1;
    while (monitor_next(net->router_monitor, &event, &fd))
        for (peer *p = net->mine; p != NULL; p = p->next) {
            if (p->dealer != NULL || p->fd != fd) continue;
            p->probes = PROBES;
            p->probe_ns = now;
        }
}

static const char *dealer_event_text(int32_t event)
{
    switch (event) {
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return "it refused the key";
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: return "it does not speak the same protocol, or has other keys";
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: return "it closed the connection before it stood";
    case ZMQ_EVENT_DISCONNECTED: return "the connection is broken";
    default: return "nobody answers there";
    }
}

/* What happened to a connection; true when it is gone (and p freed). */
static bool watch_dealer(weft_net *net, peer *p)
{
    int32_t event = 0, value = 0;
    if (!monitor_next(p->monitor, &event, &value)) return false;
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH || event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL ||
        event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
        net->server_attempt++;
    peer_gone(net, p, dealer_event_text(event));
    return true;
}

/* When the next probe is due; INT64_MAX when none is. */
static int64_t send_probes(weft_net *net, int64_t now)
{
    int64_t next = INT64_MAX;
    peer *following = NULL;
    for (peer *p = net->mine; p != NULL; p = following) {
        following = p->next;
        if (p->probes == 0) continue;
        if (p->probe_ns <= now) {
            const bool there =
                zmq_send(net->router, p->route, (size_t)p->route_len, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0;
            if (there) zmq_send(net->router, "", 0, ZMQ_DONTWAIT);
            if (!there && errno == EHOSTUNREACH) {
                peer_gone(net, p, "the connection is broken");
                continue;
            }
            p->probe_ns = now + ((int64_t)MS << (2 * (PROBES - p->probes)));
            p->probes--;
        }
        if (p->probes > 0) next = weft_min_i64(next, p->probe_ns);
    }
    return next;
}

/* ---- receiving ---- */

typedef struct incoming {
    zmq_msg_t parts[WEFT_NET_FRAMES_MAX + 1]; /* and the route */
    int32_t count;
    bool too_many;
} incoming;

/* A whole message; false when none waits. */
static bool incoming_take(void *socket, incoming *in)
{
    in->count = 0;
    in->too_many = false;
    for (bool more = true; more;) {
        zmq_msg_t extra;
        zmq_msg_t *m = in->count < WEFT_COUNT(in->parts) ? &in->parts[in->count] : &extra;
        zmq_msg_init(m);
        if (zmq_msg_recv(m, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(m);
            return in->count > 0; /* parts of a message come together */
        }
        more = zmq_msg_more(m) != 0;
        if (m != &extra) {
            in->count++;
            continue;
        }
        zmq_msg_close(m);
        in->too_many = true;
    }
    return true;
}

static void incoming_close(incoming *in)
{
    for (int32_t i = 0; i < in->count; i++) zmq_msg_close(&in->parts[i]);
}

/* The peer of a message that came over the ROUTER: known, or new. NULL: none is allowed. */
static peer *accepted_peer(weft_net *net, zmq_msg_t *route, zmq_msg_t *first)
{
    peer *p = NULL;
    const int32_t len = (int32_t)zmq_msg_size(route);
    if (len <= 0 || len > NET_ROUTE_BYTES) return NULL;
    peer **bucket = route_bucket(net, zmq_msg_data(route), len);
    for (p = *bucket; p != NULL; p = p->next_route)
        if (p->route_len == len && memcmp(p->route, zmq_msg_data(route), (size_t)len) == 0) return p;
    weft_identity who = {.role = WEFT_ROLE_ANY};
    if (net->options.keys != NULL) {
        const char *key = zmq_msg_gets(first, "User-Id"); /* what our ZAP handler said of it */
        if (key == NULL || !weft_keys_find(net->options.keys, key, &who)) return NULL;
    }
    if (net->accepted >= net->options.peers_max) return NULL;
    pthread_mutex_lock(&net->lock);
    const weft_status st = weft_net_peer_add(&net->ctx, net, &p);
    if (st == WEFT_OK) p->state = PEER_OPEN;
    pthread_mutex_unlock(&net->lock);
    if (st != WEFT_OK) return NULL;
    p->who = who;
    p->fd = zmq_msg_get(first, ZMQ_SRCFD);
    p->route_len = len;
    memcpy(p->route, zmq_msg_data(route), (size_t)len);
    p->next_route = *bucket;
    *bucket = p;
    net->accepted++;
    peer_adopt(net, p);
    return p;
}

static void deliver(weft_net *net, peer *p, incoming *in, int32_t first)
{
    weft_net_frame frames[WEFT_NET_FRAMES_MAX];
    int64_t bytes = 0;
    const int32_t count = in->count - first;
    if (count == 1 && zmq_msg_size(&in->parts[first]) == 0) return; /* a probe */
    for (int32_t i = 0; i < count; i++) {
        zmq_msg_t *part = &in->parts[first + i];
        frames[i] = (weft_net_frame){.bytes = zmq_msg_data(part), .len = zmq_msg_size(part)};
        bytes += (int64_t)frames[i].len;
    }
    pthread_mutex_lock(&net->lock);
    const bool dropped = p->state == PEER_DROPPED;
    net->counts.messages_received++;
    net->counts.bytes_received += bytes;
    pthread_mutex_unlock(&net->lock);
    if (!dropped && net->options.handler.message != NULL)
        net->options.handler.message(net->options.handler.self, p->id, &p->who, frames, count);
}

static void receive(weft_net *net, void *socket, peer *from)
{
    const int32_t first = from == NULL;
    for (int32_t n = 0; n < MESSAGES_A_ROUND; n++) {
        incoming in;
        if (!incoming_take(socket, &in)) return;
        peer *p = from;
        if (p == NULL && in.count > 1) p = accepted_peer(net, &in.parts[0], &in.parts[1]);
        if (p == NULL || in.too_many || in.count - first < 1 || in.count - first > WEFT_NET_FRAMES_MAX) {
            pthread_mutex_lock(&net->lock);
            net->counts.ignored++;
            pthread_mutex_unlock(&net->lock);
        } else
            deliver(net, p, &in, first);
        incoming_close(&in);
    }
}

/* ---- keys ---- */

/* Answer one request of RFC 27: is this key allowed? Whoever it is goes on as the key itself. */
static void zap_answer(weft_net *net, incoming *in)
{
    /* route, empty, version, request, domain, address, identity, mechanism, key */
    char key[WEFT_KEY_TEXT_BYTES] = "";
    weft_identity who;
    if (in->count < 8 || in->count > WEFT_COUNT(in->parts)) return;
    const bool curve = in->count == 9 && zmq_msg_size(&in->parts[7]) == 5 &&
                       memcmp(zmq_msg_data(&in->parts[7]), "CURVE", 5) == 0 &&
                       zmq_msg_size(&in->parts[8]) == 32 &&
                       zmq_z85_encode(key, zmq_msg_data(&in->parts[8]), 32) != NULL;
    const bool allowed = curve && weft_keys_find(net->options.keys, key, &who);
    const char *const code = allowed ? "200" : "400";
    const char *const text = allowed ? "OK" : "this key is not allowed";
    zmq_send(net->zap, zmq_msg_data(&in->parts[0]), zmq_msg_size(&in->parts[0]), ZMQ_SNDMORE);
    zmq_send(net->zap, "", 0, ZMQ_SNDMORE);
    zmq_send(net->zap, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(net->zap, zmq_msg_data(&in->parts[3]), zmq_msg_size(&in->parts[3]), ZMQ_SNDMORE);
    zmq_send(net->zap, code, 3, ZMQ_SNDMORE);
    zmq_send(net->zap, text, strlen(text), ZMQ_SNDMORE);
    zmq_send(net->zap, key, allowed ? strlen(key) : 0, ZMQ_SNDMORE);
    zmq_send(net->zap, "", 0, 0);
}

static void serve_zap(weft_net *net)
{
    incoming in;
    while (incoming_take(net->zap, &in)) {
        zap_answer(net, &in);
        incoming_close(&in);
    }
}

/* Keys that were removed cut the connections that showed them. */
static void refresh_keys(weft_net *net, int64_t now)
{
    bool changed = false;
    if (net->options.keys == NULL || now - net->refreshed_ns < REFRESH_NS) return;
    net->refreshed_ns = now;
    if (weft_keys_refresh(&net->ctx, net->options.keys, &changed) != WEFT_OK) {
        weft_error_clear(&net->ctx); /* what was allowed stays so; the owner of the folder sees its error */
        return;
    }
    peer *following = NULL;
    for (peer *p = changed ? net->mine : NULL; p != NULL; p = following) {
        weft_identity who;
        following = p->next;
        if (p->who.public_key[0] != 0 && !weft_keys_find(net->options.keys, p->who.public_key, &who))
            peer_gone(net, p, "its key is not allowed any more");
    }
}

/* ---- the loop ---- */

/* What to wait for: the eventfd, the own sockets, then each opened connection and its monitor. */
static bool poll_prepare(weft_net *net, int32_t *count)
{
    const int32_t need = 4 + 2 * net->mine_count;
    if (need > net->poll_capacity) {
        const size_t n = (size_t)need * 2;
        if (weft_mem_resize(&net->ctx, WEFT_MEM_WORKING, n * sizeof(zmq_pollitem_t), &net->poll_items) !=
                WEFT_OK ||
            weft_mem_resize(&net->ctx, WEFT_MEM_WORKING, n * sizeof(peer *), (void **)&net->poll_peers) !=
                WEFT_OK) {
            weft_error_clear(&net->ctx);
            return false;
        }
        net->poll_capacity = (int32_t)n;
    }
    zmq_pollitem_t *items = net->poll_items;
    int32_t n = 0;
    items[n++] = (zmq_pollitem_t){.fd = net->wake, .events = ZMQ_POLLIN};
    if (net->zap != NULL) items[n++] = (zmq_pollitem_t){.socket = net->zap, .events = ZMQ_POLLIN};
    if (net->router != NULL) {
        items[n++] = (zmq_pollitem_t){.socket = net->router_monitor, .events = ZMQ_POLLIN};
        items[n++] = (zmq_pollitem_t){.socket = net->router, .events = ZMQ_POLLIN};
    }
    for (peer *p = net->mine; p != NULL; p = p->next) {
        if (p->dealer == NULL) continue;
        net->poll_peers[n] = p;
        items[n++] = (zmq_pollitem_t){.socket = p->monitor, .events = ZMQ_POLLIN};
        items[n++] = (zmq_pollitem_t){.socket = p->dealer,
                                      .events = (short)(ZMQ_POLLIN | (p->blocked ? ZMQ_POLLOUT : 0))};
    }
    *count = n;
    return true;
}

/* Accepted connections whose pipe was full: libzmq does not tell when it has room again. True: some are left.
 */
static bool flush_blocked(weft_net *net)
{
    bool left = false;
    peer *following = NULL;
    for (peer *p = net->mine; p != NULL; p = following) {
        following = p->next;
        if (p->dealer == NULL && p->blocked) peer_flush(net, p);
    }
    for (peer *p = net->mine; p != NULL; p = p->next) left |= p->dealer == NULL && p->blocked;
    return left;
}

static void serve_dealers(weft_net *net, int32_t count)
{
    const zmq_pollitem_t *items = net->poll_items;
    int32_t i = 1 + (net->zap != NULL) + 2 * (net->router != NULL);
    for (; i < count; i += 2) {
        peer *p = net->poll_peers[i];
        /* What came before the end is delivered before it. */
        if (items[i + 1].revents & ZMQ_POLLIN) receive(net, p->dealer, p);
        if ((items[i].revents & ZMQ_POLLIN) && watch_dealer(net, p)) continue;
        if (items[i + 1].revents & ZMQ_POLLOUT) peer_flush(net, p);
    }
}

/* Has everything been sent, or was there time enough? */
static bool may_stop(weft_net *net, int64_t now, int64_t *since)
{
    bool waiting = false;
    pthread_mutex_lock(&net->lock);
    const bool stopping = net->stopping;
    const int64_t linger = net->linger_ns;
    for (int32_t i = 0; i < net->slot_count && stopping; i++)
        waiting |= net->slots[i] != NULL && net->slots[i]->first != NULL;
    pthread_mutex_unlock(&net->lock);
    if (!stopping) return false;
    if (*since == 0) *since = now;
    return !waiting || now - *since >= linger;
}

static int64_t wait_ms(const weft_net *net, int64_t now, int64_t probe_ns, bool blocked,
                       int64_t stopping_since)
{
    int64_t until = INT64_MAX;
    if (net->options.tick_ms > 0) until = net->ticked_ns + (int64_t)net->options.tick_ms * MS;
    if (net->options.keys != NULL) until = weft_min_i64(until, net->refreshed_ns + REFRESH_NS);
    until = weft_min_i64(until, probe_ns);
    if (blocked || stopping_since != 0) until = weft_min_i64(until, now + BLOCKED_MS * MS);
    if (until == INT64_MAX) return -1;
    return until <= now ? 0 : (until - now + MS - 1) / MS;
}

static void tick(weft_net *net, int64_t now)
{
    pthread_mutex_lock(&net->lock);
    const bool wanted = net->tick_wanted;
    net->tick_wanted = false;
    pthread_mutex_unlock(&net->lock);
    if (!wanted && (net->options.tick_ms == 0 || now - net->ticked_ns < (int64_t)net->options.tick_ms * MS))
        return;
    net->ticked_ns = now;
    if (net->options.handler.tick != NULL) net->options.handler.tick(net->options.handler.self);
}

static void drain_wake(weft_net *net)
{
    uint64_t ignored = 0;
    /* First: who comes between the two leaves a count that wakes once too often, never once too few. */
    const ssize_t got = read(net->wake, &ignored, sizeof(ignored)); /* 0 waiting: EAGAIN */
    (void)got;
    pthread_mutex_lock(&net->lock);
    net->woken = false;
    pthread_mutex_unlock(&net->lock);
}

void *weft_net_main(void *self)
{
    weft_net *net = self;
    int64_t probe_ns = INT64_MAX, stopping_since = 0;
    bool blocked = false;
    net->ticked_ns = net->refreshed_ns = weft_now_ns(&net->ctx);
    for (;;) {
        int32_t count = 0;
        int64_t now = weft_now_ns(&net->ctx);
        if (!poll_prepare(net, &count)) {
            poll(NULL, 0, BLOCKED_MS); /* no memory for the list: connections wait until there is */
            continue;
        }
        zmq_poll(net->poll_items, count, (long)wait_ms(net, now, probe_ns, blocked, stopping_since));
        now = weft_now_ns(&net->ctx);
        drain_wake(net);
        if (net->zap != NULL) serve_zap(net);
        if (net->router != NULL) {
            receive(net, net->router, NULL);
            watch_router(net, now);
        }
        serve_dealers(net, count);
        flush_dirty(net);
        blocked = flush_blocked(net);
        probe_ns = send_probes(net, now);
        refresh_keys(net, now);
        tick(net, now);
        if (may_stop(net, now, &stopping_since)) break;
    }
    weft_net_close_sockets(net, weft_min_i32(1000, (int32_t)(net->linger_ns / MS)));
    return NULL;
}
