/* common/net_socket.c - the sockets of an endpoint, and what libzmq tells about them.
 *
 * Descriptors. libzmq answers most calls with an error when there is no descriptor left, but ends the process
 * when it cannot make an epoll set; so before it is asked for anything, as many as it will take are tried.
 *
 * Monitors. libzmq's thread sends events with a blocking send, so their pipe must have no limit and its
 * reader must live for as long as there may be events: an event that nobody can receive would stop all
 * connections of the endpoint.
 *
 * Sources: libzmq 4.3.4 zmq_socket_monitor(3), zmq_setsockopt(3). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "common/net_private.h"

enum {
    SOCKET_MESSAGES = 1000,            /* high-water mark of a pipe; bytes are counted by the endpoint */
    SOCKETS_MAX = 16384,               /* libzmq's are 1023: each opened connection has three */
    START_DESCRIPTORS = 32,            /* of a libzmq context with its threads, sockets and their monitors */
    DEALER_DESCRIPTORS = 8,            /* of a connection: three sockets and the network's */
    RECONNECT_MS = 24 * 60 * 60 * 1000 /* never: a socket whose connection is gone is closed at once */
};

static const char zap_domain[] = "weft";

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value)) == 0;
}

/* Could so many descriptors be had just now? fd: any open one. */
static bool descriptors_left(int fd, int32_t count)
{
    int taken[START_DESCRIPTORS];
    int32_t n = 0;
    assert(count <= WEFT_COUNT(taken));
    while (n < count && (taken[n] = fcntl(fd, F_DUPFD_CLOEXEC, 0)) >= 0) n++;
    const int error = errno;
    const bool enough = n == count;
    while (n > 0) close(taken[--n]);
    errno = error;
    return enough;
}

/* What both kinds have in common. The order of options does not matter before bind and connect. */
static bool socket_setup(const weft_net *net, void *socket)
{
    const int64_t most = net->options.message_bytes;
    const int silence = net->options.silence_ms;
    bool ok = socket != NULL && set_int(socket, ZMQ_LINGER, 0) && set_int(socket, ZMQ_IPV6, 1) &&
              set_int(socket, ZMQ_SNDHWM, SOCKET_MESSAGES) && set_int(socket, ZMQ_RCVHWM, SOCKET_MESSAGES) &&
              set_int(socket, ZMQ_HANDSHAKE_IVL, NET_HANDSHAKE_MS) &&
              zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof(most)) == 0;
    if (ok && silence > 0)
        ok = set_int(socket, ZMQ_HEARTBEAT_IVL, weft_max_i32(1, silence / 3)) &&
             set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, silence) &&
             set_int(socket, ZMQ_HEARTBEAT_TTL, silence / 100 * 100); /* the wire has tenths of a second */
    if (ok && net->options.keys != NULL) {
        const weft_key_pair *own = weft_keys_own(net->options.keys);
        ok = zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, own->public_key, WEFT_KEY_TEXT_BYTES) == 0 &&
             zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own->secret_key, WEFT_KEY_TEXT_BYTES) == 0;
    }
    return ok;
}

short weft_net_socket_ready(void *socket)
{
    int events = 0;
    size_t len = sizeof(events);
    while (zmq_getsockopt(socket, ZMQ_EVENTS, &events, &len) != 0)
        if (errno != EINTR) return 0;
    return (short)events;
}

/* ---- monitors ---- */

/* A PAIR that gives the events of a socket. */
static void *monitor_open(weft_net *net, void *socket, const char *name, int events)
{
    if (zmq_socket_monitor(socket, name, events) != 0) return NULL;
    void *monitor = zmq_socket(net->zmq, ZMQ_PAIR);
    if (monitor != NULL && set_int(monitor, ZMQ_LINGER, 0) && set_int(monitor, ZMQ_RCVHWM, 0) &&
        zmq_connect(monitor, name) == 0)
        return monitor;
    const int error = errno;
    zmq_socket_monitor(socket, NULL, 0);
    if (monitor != NULL) zmq_close(monitor);
    errno = error;
    return NULL;
}

void weft_net_socket_close(void **socket, void **monitor)
{
    if (*socket != NULL && *monitor != NULL)
        zmq_socket_monitor(*socket, NULL, 0); /* no events from here on */
    if (*monitor != NULL) zmq_close(*monitor);
    if (*socket != NULL) zmq_close(*socket);
    *socket = *monitor = NULL;
}

bool weft_net_monitor_next(void *monitor, int32_t *event, int32_t *value)
{
    zmq_msg_t m;
    uint16_t number = 0;
    zmq_msg_init(&m);
    const int len = zmq_msg_recv(&m, monitor, ZMQ_DONTWAIT);
    if (len >= (int)(sizeof(number) + sizeof(*value))) {
        memcpy(&number, zmq_msg_data(&m), sizeof(number));
        memcpy(value, (const char *)zmq_msg_data(&m) + sizeof(number), sizeof(*value));
    }
    *event = number;
    bool more = len >= 0 && zmq_msg_more(&m);
    zmq_msg_close(&m);
    while (more) { /* the address */
        zmq_msg_init(&m);
        more = zmq_msg_recv(&m, monitor, ZMQ_DONTWAIT) >= 0 && zmq_msg_more(&m);
        zmq_msg_close(&m);
    }
    return len >= 0;
}

/* ---- what an endpoint has from its start ---- */

static weft_status zmq_fail(weft_ctx *ctx, const char *what)
{
    const bool resource = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
    const weft_status st =
        weft_fail(ctx, resource ? WEFT_NOMEM : WEFT_IO, "%s: %s", what, zmq_strerror(errno));
    if (errno == EMFILE) weft_hint(ctx, NET_DESCRIPTORS_HINT);
    return st;
}

static weft_status router_bind(weft_ctx *ctx, weft_net *net)
{
    char bound[NET_ADDRESS_BYTES];
    size_t len = sizeof(bound);
    if (zmq_bind(net->router, net->options.listen) != 0) {
        const int error = errno;
        const weft_status st =
            weft_fail(ctx, WEFT_IO, "cannot listen on %s: %s", net->options.listen, zmq_strerror(error));
        if (error == EADDRINUSE) weft_hint(ctx, "another process listens there; choose another --port");
        if (error == ENODEV || error == EADDRNOTAVAIL)
            weft_hint(ctx, "no network interface of this machine has that address");
        return st;
    }
    if (zmq_getsockopt(net->router, ZMQ_LAST_ENDPOINT, bound, &len) != 0)
        return zmq_fail(ctx, "cannot ask libzmq for its port");
    const char *colon = strrchr(bound, ':');
    net->port = colon == NULL ? 0 : (int32_t)strtol(colon + 1, NULL, 10);
    return WEFT_OK;
}

static bool zap_open(weft_net *net)
{
    net->zap = zmq_socket(net->zmq, ZMQ_ROUTER);
    return net->zap != NULL && set_int(net->zap, ZMQ_LINGER, 0) &&
           zmq_bind(net->zap, "inproc://zeromq.zap.01") == 0;
}

static bool router_open(weft_net *net)
{
    net->router = zmq_socket(net->zmq, ZMQ_ROUTER);
    if (!socket_setup(net, net->router) || !set_int(net->router, ZMQ_ROUTER_MANDATORY, 1)) return false;
    if (net->options.keys != NULL &&
        (!set_int(net->router, ZMQ_CURVE_SERVER, 1) ||
         zmq_setsockopt(net->router, ZMQ_ZAP_DOMAIN, zap_domain, sizeof(zap_domain) - 1) != 0))
        return false;
    net->router_monitor = monitor_open(net, net->router, "inproc://monitor.router", ZMQ_EVENT_DISCONNECTED);
    return net->router_monitor != NULL;
}

weft_status weft_net_open_sockets(weft_ctx *ctx, weft_net *net)
{
    if (!descriptors_left(net->wake, START_DESCRIPTORS)) return zmq_fail(ctx, "cannot start libzmq");
    net->zmq = zmq_ctx_new();
    if (net->zmq == NULL || zmq_ctx_set(net->zmq, ZMQ_BLOCKY, 0) != 0 ||
        zmq_ctx_set(net->zmq, ZMQ_MAX_SOCKETS, SOCKETS_MAX) != 0)
        return zmq_fail(ctx, "cannot start libzmq");
    if (net->options.keys != NULL && !zap_open(net)) /* before the first bind: without it all are let in */
        return zmq_fail(ctx, "cannot start the handler that checks keys");
    if (net->options.listen == NULL) return WEFT_OK;
    if (!router_open(net)) return zmq_fail(ctx, "cannot make a socket to listen");
    return router_bind(ctx, net);
}

void weft_net_close_sockets(weft_net *net, int32_t linger_ms)
{
    void *none = NULL;
    if (net->router != NULL) set_int(net->router, ZMQ_LINGER, linger_ms);
    for (peer *p = net->mine; p != NULL; p = p->next) {
        if (p->dealer != NULL) set_int(p->dealer, ZMQ_LINGER, linger_ms);
        weft_net_socket_close(&p->dealer, &p->monitor);
    }
    weft_net_socket_close(&net->router, &net->router_monitor);
    weft_net_socket_close(&net->zap, &none);
    while (net->zmq != NULL && zmq_ctx_term(net->zmq) != 0 && errno == EINTR) continue;
    net->zmq = NULL;
}

/* ---- connections that this endpoint opens ---- */

const char *weft_net_dealer_open(weft_net *net, peer *p)
{
    char name[64], server[WEFT_KEY_TEXT_BYTES];
    if (!descriptors_left(net->wake, DEALER_DESCRIPTORS)) return "the process has no descriptor left";
    p->dealer = zmq_socket(net->zmq, ZMQ_DEALER);
    /* IMMEDIATE: what is sent before the connection stands waits here, where it is counted. No reconnecting:
     * a peer is one connection. RECONNECT_IVL -1 would say so, but has libzmq end the pipe from a command, at
     * which it looks with every hundredth zmq_msg_recv: between two parts of a message that is an abort
     * (fq.cpp, its issue 3663). */
    if (!socket_setup(net, p->dealer) || !set_int(p->dealer, ZMQ_IMMEDIATE, 1) ||
        !set_int(p->dealer, ZMQ_RECONNECT_IVL, RECONNECT_MS) ||
        !set_int(p->dealer, ZMQ_CONNECT_TIMEOUT, NET_HANDSHAKE_MS))
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
                                  ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                                  ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    if (p->monitor == NULL) return "libzmq has no socket left";
    if (zmq_connect(p->dealer, p->address) != 0) return "its address cannot be connected to";
    return NULL;
}
