/* common/net_send.c - from the queues of peers into sockets, and the end of a peer. In the endpoint's thread,
 * but for weft_net_send_now. */
#include <errno.h>
#include <string.h>
#include <zmq.h>

#include "common/hash.h"
#include "common/net_private.h"

enum { COPY_BYTES = 32 /* libzmq keeps so few bytes in the message itself */ };

/* ---- peers ---- */

peer **weft_net_route_bucket(weft_net *net, const void *route, int32_t len)
{
    return &net->buckets[weft_hash_bytes(route, (size_t)len) % NET_BUCKETS];
}

void weft_net_peer_adopt(weft_net *net, peer *p)
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

static void route_forget(weft_net *net, peer *p)
{
    peer **at = weft_net_route_bucket(net, p->route, p->route_len);
    while (*at != p) at = &(*at)->next_route;
    *at = p->next_route;
    net->accepted--;
}

/* Close its sockets, drop what waits, free it. */
static void peer_free(weft_net *net, peer *p)
{
    net_message *waiting = NULL;
    peer_disown(net, p);
    if (p->route_len > 0) route_forget(net, p);
    net->endings -= p->ending != NULL;
    weft_net_socket_close(&p->dealer, &p->monitor);
    if (!p->deaf) {
        pthread_mutex_lock(&net->lock);
        waiting = weft_net_peer_forget(net, p);
        pthread_mutex_unlock(&net->lock);
    }
    weft_net_messages_free(waiting);
    weft_mem_free(p);
}

void weft_net_peer_gone(weft_net *net, peer *p, const char *why)
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

/* Tell the far end of an accepted connection to close it: two empty parts. Best effort: without it the far
 * end is left to its own timeouts. */
static void send_goodbye(weft_net *net, const peer *p)
{
    if (zmq_send(net->router, p->route, (size_t)p->route_len, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) return;
    zmq_send(net->router, "", 0, ZMQ_DONTWAIT | ZMQ_SNDMORE); /* the pipe is chosen, and takes the rest */
    zmq_send(net->router, "", 0, ZMQ_DONTWAIT);
}

void weft_net_peer_dropped(weft_net *net, peer *p)
{
    if (p->route_len == 0 || p->ending != NULL) { /* its socket is its own, or the connection is broken */
        peer_free(net, p);
        return;
    }
    pthread_mutex_lock(&net->lock);
    p->state = PEER_DROPPED;
    net_message *waiting = weft_net_peer_forget(net, p);
    pthread_mutex_unlock(&net->lock);
    p->deaf = true;
    p->blocked = false;
    weft_net_messages_free(waiting);
    send_goodbye(net, p);
}

void weft_net_peer_cut(weft_net *net, peer *p, const char *why)
{
    const weft_net_peer id = p->id;
    pthread_mutex_lock(&net->lock);
    const bool tell = p->state != PEER_DROPPED;
    pthread_mutex_unlock(&net->lock);
    weft_net_peer_dropped(net, p);
    if (tell && net->options.handler.gone != NULL)
        net->options.handler.gone(net->options.handler.self, id, why);
}

bool weft_net_peer_probe(weft_net *net, peer *p)
{
    if (zmq_send(net->router, p->route, (size_t)p->route_len, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
        return errno != EHOSTUNREACH;
    zmq_send(net->router, "", 0, ZMQ_DONTWAIT);
    return true;
}

/* ---- messages ---- */

/* libzmq is done with the bytes of a part: in its own thread, or in ours when it never took them. */
static void part_done(void *bytes, void *hint)
{
    net_part *part = hint;
    (void)bytes;
    if (!atomic_load_explicit(&part->kept, memory_order_acquire)) weft_net_part_release(part);
}

static bool is_copied(const net_part *part) { return part->frame.len <= COPY_BYTES; }

/* Undo part_wrap: the part is ours again. */
static void part_unwrap(zmq_msg_t *m, net_part *part)
{
    atomic_store_explicit(&part->kept, true, memory_order_release);
    zmq_msg_close(m);
}

/* A part as libzmq's. 0 or errno. */
static int part_wrap(zmq_msg_t *m, net_part *part)
{
    const weft_net_frame *f = &part->frame;
    atomic_store_explicit(&part->kept, false, memory_order_relaxed);
    if (!is_copied(part))
        return zmq_msg_init_data(m, (void *)(uintptr_t)f->bytes, f->len, part_done, part) == 0 ? 0 : errno;
    if (zmq_msg_init_size(m, f->len) != 0) return errno;
    if (f->len > 0) memcpy(zmq_msg_data(m), f->bytes, f->len);
    return 0;
}

/* Send the wrapped parts. 0 when all went, or errno of the first one with none sent. Once the first went, the
 * pipe is chosen and takes the rest; should libzmq ever refuse one, EPIPE: the message is lost with its peer.
 */
static int parts_send(void *socket, zmq_msg_t *wrapped, net_message *message, int32_t count)
{
    uint64_t copied =
        0; /* bit i: part i, which is ours to give back; the others are gone with the last one */
    int error = 0;
    for (int32_t i = 0; i < count; i++)
        if (is_copied(&message->parts[i])) copied |= (uint64_t)1 << i;
    for (int32_t i = 0; i < count; i++) {
        const int flags = ZMQ_DONTWAIT | (i + 1 < count ? ZMQ_SNDMORE : 0);
        if (!(copied >> i & 1)) atomic_store_explicit(&message->parts[i].kept, false, memory_order_release);
        if (error == 0 && zmq_msg_send(&wrapped[i], socket, flags) >= 0) continue;
        if (i == 0) return errno;
        error = EPIPE;
        zmq_msg_close(&wrapped[i]); /* gives an uncopied part back */
    }
    for (int32_t i = 0; copied != 0; i++, copied >>= 1)
        if (copied & 1) weft_net_part_release(&message->parts[i]);
    return error;
}

/* One message, whole or not at all. 0; or errno: with EPIPE it was lost, else it is still ours. */
static int message_send(weft_net *net, peer *p, net_message *message)
{
    static_assert(WEFT_NET_FRAMES_MAX <= 64, "a bit a part");
    zmq_msg_t wrapped[WEFT_NET_FRAMES_MAX];
    void *const socket = p->dealer != NULL ? p->dealer : net->router;
    const int32_t count = message->count;
    int32_t n = 0;
    int error = 0;
    while (n < count && error == 0) {
        error = part_wrap(&wrapped[n], &message->parts[n]);
        n += error == 0;
    }
    if (error == 0 && p->dealer == NULL &&
        zmq_send(socket, p->route, (size_t)p->route_len, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
        error = errno;
    if (error == 0) {
        error = parts_send(socket, wrapped, message, count);
        if (error == 0 || error == EPIPE) return error;
    }
    for (int32_t i = 0; i < n; i++) part_unwrap(&wrapped[i], &message->parts[i]);
    return error;
}

static net_message *queue_take(weft_net *net, peer *p)
{
    pthread_mutex_lock(&net->lock);
    net_message *message = p->first;
    if (message != NULL) {
        p->first = message->next;
        if (p->first == NULL) p->last = NULL;
        message->next = NULL;
    }
    pthread_mutex_unlock(&net->lock);
    return message;
}

static void queue_return(weft_net *net, peer *p, net_message *message)
{
    pthread_mutex_lock(&net->lock);
    message->next = p->first;
    p->first = message;
    if (p->last == NULL) p->last = message;
    pthread_mutex_unlock(&net->lock);
}

/* Until the socket takes no more. 0, or errno of what was not taken; with EPIPE it was lost. */
static int push(weft_net *net, peer *p)
{
    int64_t messages = 0, bytes = 0;
    int error = 0;
    while (error == 0) {
        net_message *message = queue_take(net, p);
        if (message == NULL) break;
        const int64_t message_bytes = message->bytes; /* libzmq may have freed it when it returns */
        error = message_send(net, p, message);
        messages += error == 0;
        bytes += error == 0 ? message_bytes : 0;
        if (error != 0 && error != EPIPE) queue_return(net, p, message);
    }
    pthread_mutex_lock(&net->lock);
    net->counts.messages_sent += messages;
    net->counts.bytes_sent += bytes;
    pthread_mutex_unlock(&net->lock);
    /* Without memory for a message it is tried again, as with a full pipe. */
    p->blocked = error == EAGAIN || error == EINTR || error == ENOMEM;
    p->broken |= error == EPIPE;
    return error;
}

void weft_net_peer_flush(weft_net *net, peer *p)
{
    if (p->ending != NULL) return;
    const int error = p->broken ? EPIPE : push(net, p);
    if (error == 0 || p->blocked) return;
    if (p->dealer == NULL && error == EHOSTUNREACH) { /* what came before is delivered first */
        p->ending = "the connection is broken";
        net->endings++;
    } else
        weft_net_peer_gone(net, p, "it cannot be sent to");
}

/* Sending takes notice of what libzmq has brought in the meantime, and of that its descriptor then tells no
 * more: the endpoint's thread has to be called for it. */
void weft_net_send_now(weft_net *net, peer *p)
{
    const int error = push(net, p);
    if (error != 0 || weft_net_socket_ready(p->dealer != NULL ? p->dealer : net->router) & ZMQ_POLLIN) {
        pthread_mutex_lock(&net->lock);
        weft_net_peer_touch(net, p);
        pthread_mutex_unlock(&net->lock);
    }
    pthread_mutex_unlock(&net->io);
}
