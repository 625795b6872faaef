/* common/net_receive.c - messages out of sockets: whose they are, and whose key is let in. In the endpoint's
 * thread.
 *
 * A message whose first part is empty is the endpoint's own: one part is a probe, two are a goodbye.
 *
 * Source: ZAP is RFC 27 of ZeroMQ. */
#include <string.h>
#include <zmq.h>

#include "common/net_private.h"

enum { MESSAGES_A_ROUND = 256 /* of one socket, before the others have their turn */ };

typedef struct incoming {
    zmq_msg_t parts[WEFT_NET_FRAMES_MAX + 1]; /* and the route */
    int32_t count;
    bool too_many;
} incoming;

/* A whole message; false when none waits. What is too much of it is taken and dropped. */
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
            in->too_many |= in->count > 0; /* parts of a message come together: what is this? */
            return in->count > 0;
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

/* ---- whose it is ---- */

static peer *accepted_find(weft_net *net, zmq_msg_t *route)
{
    const int32_t len = (int32_t)zmq_msg_size(route);
    peer *p = *weft_net_route_bucket(net, zmq_msg_data(route), len);
    while (p != NULL && (p->route_len != len || memcmp(p->route, zmq_msg_data(route), (size_t)len) != 0))
        p = p->next_route;
    return p;
}

/* A connection that speaks for the first time. NULL: it is not let in. first: its part after the route. */
static peer *accepted_new(weft_net *net, zmq_msg_t *route, zmq_msg_t *first)
{
    peer *p = NULL;
    weft_identity who = {.role = WEFT_ROLE_ANY};
    const int32_t len = (int32_t)zmq_msg_size(route);
    if (len <= 0 || len > NET_ROUTE_BYTES || net->accepted >= net->options.peers_max) return NULL;
    if (net->options.keys != NULL) {
        const char *key = zmq_msg_gets(first, "User-Id"); /* what our ZAP handler said of it */
        if (key == NULL || !weft_keys_find(net->options.keys, key, &who)) return NULL;
    }
    pthread_mutex_lock(&net->lock);
    const weft_status st = weft_net_peer_add(&net->ctx, net, &p);
    if (st == WEFT_OK) p->state = PEER_OPEN;
    pthread_mutex_unlock(&net->lock);
    if (st != WEFT_OK) {
        weft_error_clear(&net->ctx);
        return NULL;
    }
    p->who = who;
    p->fd = zmq_msg_get(first, ZMQ_SRCFD);
    p->route_len = len;
    memcpy(p->route, zmq_msg_data(route), (size_t)len);
    peer **bucket = weft_net_route_bucket(net, p->route, len);
    p->next_route = *bucket;
    *bucket = p;
    net->accepted++;
    weft_net_peer_adopt(net, p);
    return p;
}

/* ---- delivering ---- */

static void count_ignored(weft_net *net)
{
    pthread_mutex_lock(&net->lock);
    net->counts.ignored++;
    pthread_mutex_unlock(&net->lock);
}

/* Parts from `first` on. */
static void deliver(weft_net *net, peer *p, incoming *in, int32_t first)
{
    weft_net_frame frames[WEFT_NET_FRAMES_MAX];
    int64_t bytes = 0;
    const int32_t count = in->count - first;
    for (int32_t i = 0; i < count; i++) {
        zmq_msg_t *part = &in->parts[first + i];
        frames[i] = (weft_net_frame){.bytes = zmq_msg_data(part), .len = zmq_msg_size(part), .owner = part};
        bytes += (int64_t)frames[i].len;
    }
    pthread_mutex_lock(&net->lock);
    const bool dropped = p->state == PEER_DROPPED;
    net->counts.messages_received += !dropped;
    net->counts.bytes_received += dropped ? 0 : bytes;
    pthread_mutex_unlock(&net->lock);
    if (!dropped && net->options.handler.message != NULL)
        net->options.handler.message(net->options.handler.self, p->id, &p->who, frames, count);
}

void *weft_net_keep(const weft_net_frame *frame, weft_net_kept *out)
{
    static_assert(sizeof(*out) == sizeof(zmq_msg_t) && alignof(weft_net_kept) >= alignof(zmq_msg_t),
                  "one is kept in the other");
    zmq_msg_t *kept = (zmq_msg_t *)(void *)out;
    zmq_msg_init(kept);
    zmq_msg_move(kept, frame->owner);
    return zmq_msg_data(kept);
}

void weft_net_kept_free(weft_net_kept *kept)
{
    static const weft_net_kept empty = {0};
    if (memcmp(kept, &empty, sizeof(empty)) == 0) return;
    zmq_msg_close((zmq_msg_t *)(void *)kept);
    *kept = empty;
}

/* Is it a goodbye of the far end of a connection that this endpoint opened? */
static bool is_goodbye(const peer *from, const incoming *in)
{
    return from != NULL && in->count == 2 && zmq_msg_size(&in->parts[1]) == 0;
}

bool weft_net_receive(weft_net *net, void *socket, peer *from, bool *gone)
{
    const int32_t first = from == NULL; /* after the route */
    incoming in;
    *gone = false;
    for (int32_t n = 0; n < MESSAGES_A_ROUND && !*gone; n++) {
        if (!incoming_take(socket, &in)) return true;
        peer *p = from;
        if (p == NULL && in.count > 1) p = accepted_find(net, &in.parts[0]);
        if (p == NULL && in.count > 1) p = accepted_new(net, &in.parts[0], &in.parts[1]);
        const int32_t count = in.count - first;
        if (p != NULL && p->dealer != NULL) p->stand_ns = 0;
        if (p == NULL || in.too_many || count < 1 || count > WEFT_NET_FRAMES_MAX)
            count_ignored(net);
        else if (zmq_msg_size(&in.parts[first]) > 0)
            deliver(net, p, &in, first);
        else
            *gone = is_goodbye(from, &in);
        incoming_close(&in);
    }
    if (*gone) weft_net_peer_gone(net, from, "the far end has closed the connection");
    return *gone;
}

/* ---- keys ---- */

static bool part_is(const zmq_msg_t *part, const char *text)
{
    const size_t len = strlen(text);
    zmq_msg_t *m = (zmq_msg_t *)(uintptr_t)part; /* libzmq's functions know no const */
    return zmq_msg_size(m) == len && memcmp(zmq_msg_data(m), text, len) == 0;
}

/* Send a part of an answer. The handler's socket drops what it cannot deliver: the far end is gone then. */
static void zap_send(weft_net *net, const void *bytes, size_t len, bool more)
{
    zmq_send(net->zap, bytes, len, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
}

/* Answer one request: is this key allowed? Whoever it is goes on as the key itself. */
static void zap_answer(weft_net *net, incoming *in)
{
    enum { ROUTE, EMPTY, VERSION, REQUEST, DOMAIN, ADDRESS, IDENTITY, MECHANISM, KEY, COUNT };
    char key[WEFT_KEY_TEXT_BYTES] = "";
    weft_identity who;
    if (in->too_many || in->count < KEY) return; /* no request of libzmq looks so */
    const bool curve = in->count == COUNT && part_is(&in->parts[VERSION], "1.0") &&
                       part_is(&in->parts[DOMAIN], "weft") && part_is(&in->parts[MECHANISM], "CURVE") &&
                       zmq_msg_size(&in->parts[KEY]) == 32 &&
                       zmq_z85_encode(key, zmq_msg_data(&in->parts[KEY]), 32) != NULL;
    const bool allowed = curve && weft_keys_find(net->options.keys, key, &who);
    const char *const text = allowed ? "OK" : "this key is not allowed";
    zap_send(net, zmq_msg_data(&in->parts[ROUTE]), zmq_msg_size(&in->parts[ROUTE]), true);
    zap_send(net, "", 0, true);
    zap_send(net, "1.0", 3, true);
    zap_send(net, zmq_msg_data(&in->parts[REQUEST]), zmq_msg_size(&in->parts[REQUEST]), true);
    zap_send(net, allowed ? "200" : "400", 3, true);
    zap_send(net, text, strlen(text), true);
    zap_send(net, key, allowed ? strlen(key) : 0, true);
    zap_send(net, "", 0, false);
}

void weft_net_serve_zap(weft_net *net)
{
    incoming in;
    for (int32_t n = 0; n < MESSAGES_A_ROUND && incoming_take(net->zap, &in); n++) {
        zap_answer(net, &in);
        incoming_close(&in);
    }
}
