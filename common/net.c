/* common/net.c - see net.h: the interface; what the endpoint's own thread does is in net_loop.c.
 *
 * Other threads touch the table of peers and their queues, under one lock that is never held over a call of
 * libzmq or of a handler; then they wake the thread by an eventfd, if it waits and nobody has yet. Before it
 * waits it looks for what was left to it meanwhile. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/net_private.h"

/* ---- peers ---- */

peer *weft_net_peer_find(weft_net *net, weft_net_peer id)
{
    const uint64_t slot = id & ((1U << NET_SLOT_BITS) - 1);
    if (slot >= (uint64_t)net->slot_count) return NULL;
    peer *p = net->slots[slot];
    return p != NULL && p->id == id && p->state != PEER_DROPPED ? p : NULL;
}

weft_status weft_net_peer_add(weft_ctx *ctx, weft_net *net, peer **out)
{
    weft_status st = WEFT_OK;
    peer *p = NULL;
    weft_account *const callers = ctx->memory;
    ctx->memory = net->account;
    while (net->slot_free < net->slot_count && net->slots[net->slot_free] != NULL) net->slot_free++;
    if (net->slot_free >= 1 << NET_SLOT_BITS)
        WEFT_TRY(
            st, weft_fail(ctx, WEFT_LIMIT, "an endpoint has its most of %d connections", 1 << NET_SLOT_BITS));
    if (net->slot_free == net->slot_capacity) {
        const int32_t capacity = net->slot_capacity == 0 ? 64 : net->slot_capacity * 2;
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(peer *),
                                     (void **)&net->slots));
        net->slot_capacity = capacity;
    }
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*p), (void **)&p));
    p->id = ++net->next_serial << NET_SLOT_BITS | (uint64_t)net->slot_free;
    p->fd = -1;
    net->slots[net->slot_free] = p;
    net->slot_count = weft_max_i32(net->slot_count, net->slot_free + 1);
    net->counts.peers++;
    *out = p;
done:
    ctx->memory = callers;
    return st;
}

net_message *weft_net_peer_forget(weft_net *net, peer *p)
{
    const int32_t slot = (int32_t)(p->id & ((1U << NET_SLOT_BITS) - 1));
    net_message *const waiting = p->first;
    net->slots[slot] = NULL;
    net->slot_free = weft_min_i32(net->slot_free, slot);
    net->counts.peers--;
    p->first = p->last = NULL;
    if (!p->dirty) return waiting;
    peer **at = &net->dirty;
    while (*at != p) at = &(*at)->next_dirty;
    *at = p->next_dirty;
    p->dirty = false;
    return waiting;
}

/* Lock held. */
static void wake(weft_net *net)
{
    if (!net->idle || net->woken) return;
    net->woken = true;
    const uint64_t one = 1;
    const ssize_t wrote = write(net->wake, &one, sizeof(one));
    assert(wrote == sizeof(one)); /* the counter is read before it could overflow */
}

void weft_net_peer_touch(weft_net *net, peer *p)
{
    if (!p->dirty) {
        p->dirty = true;
        p->next_dirty = net->dirty;
        net->dirty = p;
    }
    wake(net);
}

void weft_net_wake(weft_net *net)
{
    pthread_mutex_lock(&net->lock);
    net->tick_wanted = true;
    wake(net);
    pthread_mutex_unlock(&net->lock);
}

void weft_net_tick_at(weft_net *net, int64_t time_ns)
{
    pthread_mutex_lock(&net->lock);
    net->tick_at_ns = time_ns;
    wake(net);
    pthread_mutex_unlock(&net->lock);
}

/* ---- messages ---- */

/* All parts were given back: what the message took of its peer's queue is free again. */
static void message_done(net_message *message)
{
    weft_net *net = message->net;
    pthread_mutex_lock(&net->lock);
    peer *p = weft_net_peer_find(net, message->peer);
    if (p != NULL) p->waiting_bytes -= message->bytes;
    pthread_mutex_unlock(&net->lock);
    weft_mem_free(message);
}

void weft_net_part_release(net_part *part)
{
    net_message *message = part->message;
    if (part->frame.release != NULL) part->frame.release(part->frame.owner);
    if (atomic_fetch_sub(&message->left, 1) == 1) message_done(message);
}

void weft_net_messages_free(net_message *message)
{
    while (message != NULL) {
        net_message *next = message->next;
        const int32_t count = message->count; /* the last release frees it */
        for (int32_t i = 0; i < count; i++) weft_net_part_release(&message->parts[i]);
        message = next;
    }
}

static weft_status message_new(weft_ctx *ctx, weft_net *net, weft_net_peer to, const weft_net_frame *frames,
                               int32_t count, net_message **out)
{
    weft_account *const callers = ctx->memory;
    net_message *message = NULL;
    size_t copied = 0, bytes = 0;
    for (int32_t i = 0; i < count; i++) {
        bytes += frames[i].len;
        if (frames[i].release == NULL) copied += frames[i].len;
    }
    const size_t head = sizeof(*message) + (size_t)count * sizeof(message->parts[0]);
    ctx->memory = net->account;
    const weft_status st = weft_mem_alloc(ctx, WEFT_MEM_WORKING, head + copied, (void **)&message);
    ctx->memory = callers;
    if (st != WEFT_OK) return st;
    *message = (net_message){
        .net = net, .peer = to, .bytes = (int64_t)(bytes + head), .count = count, .left = count};
    char *at = (char *)message + head;
    for (int32_t i = 0; i < count; i++) {
        message->parts[i] = (net_part){.frame = frames[i], .message = message};
        if (frames[i].release != NULL || frames[i].len == 0) continue;
        memcpy(at, frames[i].bytes, frames[i].len);
        message->parts[i].frame.bytes = at;
        at += frames[i].len;
    }
    *out = message;
    return WEFT_OK;
}

/* Has a message only frames that are copied? Their giving back calls nobody, who might wait for a lock of the
 * caller's. */
static bool is_all_copied(const net_message *message)
{
    for (int32_t i = 0; i < message->count; i++)
        if (message->parts[i].frame.release != NULL) return false;
    return true;
}

/* Lock held. Can this thread put what waits for the peer into its socket? Then it holds io. */
static bool take_io(weft_net *net, const peer *p)
{
    if (!net->idle || net->woken || p->state != PEER_OPEN || p->first->next != NULL ||
        !(net->options.lends_freely || is_all_copied(p->first)) || pthread_mutex_trylock(&net->io) != 0)
        return false;
    if (!p->blocked && p->ending == NULL) return true;
    pthread_mutex_unlock(&net->io);
    return false;
}

weft_status weft_net_send(weft_ctx *ctx, weft_net *net, weft_net_peer id, const weft_net_frame *frames,
                          int32_t count)
{
    weft_status st = WEFT_OK;
    net_message *message = NULL;
    bool now = false;
    assert(count >= 1 && count <= WEFT_NET_FRAMES_MAX);
    if (frames[0].len == 0)
        return weft_fail(ctx, WEFT_INVALID,
                         "the first frame of a message is empty: such are the endpoint's own");
    WEFT_TRY(st, message_new(ctx, net, id, frames, count, &message));
    pthread_mutex_lock(&net->lock);
    peer *p = weft_net_peer_find(net, id);
    if (p == NULL || net->is_hushed)
        st = weft_fail(ctx, WEFT_UNREACHABLE, "the connection that a message was for is closed");
    else if (p->waiting_bytes > 0 && p->waiting_bytes + message->bytes > net->options.queue_bytes) {
        net->counts.refused++;
        st = weft_fail(ctx, WEFT_LIMIT, "%lld bytes wait to be sent to one peer already, its most is %lld",
                       (long long)p->waiting_bytes, (long long)net->options.queue_bytes);
    } else {
        if (p->last != NULL)
            p->last->next = message;
        else
            p->first = message;
        p->last = message;
        p->waiting_bytes += message->bytes;
        message = NULL;
        now = take_io(net, p);
        if (!now) weft_net_peer_touch(net, p);
    }
    pthread_mutex_unlock(&net->lock);
    if (now) weft_net_send_now(net, p);
done:
    weft_mem_free(message); /* the frames stay the caller's */
    return st;
}

int64_t weft_net_waiting_bytes(weft_net *net, weft_net_peer id)
{
    pthread_mutex_lock(&net->lock);
    const peer *p = weft_net_peer_find(net, id);
    const int64_t bytes = p == NULL ? 0 : p->waiting_bytes;
    pthread_mutex_unlock(&net->lock);
    return bytes;
}

void weft_net_drop(weft_net *net, weft_net_peer id)
{
    pthread_mutex_lock(&net->lock);
    peer *p = weft_net_peer_find(net, id);
    if (p != NULL) {
        p->state = PEER_DROPPED;
        weft_net_peer_touch(net, p);
    }
    pthread_mutex_unlock(&net->lock);
}

/* ---- addresses ---- */

/* tcp://HOST:PORT with a port that is a number; host into out. */
static bool address_split(const char *address, char *out, size_t out_bytes, int32_t *port)
{
    char *end = NULL;
    if (strncmp(address, "tcp://", 6) != 0) return false;
    const char *const host = address + 6;
    const char *const colon = strrchr(host, ':');
    if (colon == NULL || colon == host || (size_t)(colon - host) >= out_bytes) return false;
    if (colon[1] < '0' || colon[1] > '9') return false;
    const long number = strtol(colon + 1, &end, 10);
    if (*end != 0 || number > 65535) return false;
    *port = (int32_t)number;
    memcpy(out, host, (size_t)(colon - host));
    out[colon - host] = 0;
    return true;
}

/* An address, not a name that looks like one: 127.example.org may be anywhere. */
static bool host_is_loopback(const char *host)
{
    struct in_addr number;
    if (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0) return true;
    return inet_pton(AF_INET, host, &number) == 1 && ntohl(number.s_addr) >> 24 == 127;
}

/* *port: of the address. */
static weft_status check_address(weft_ctx *ctx, const char *address, bool keys, int32_t *port)
{
    char host[NET_ADDRESS_BYTES];
    if (strlen(address) >= NET_ADDRESS_BYTES || !address_split(address, host, sizeof(host), port))
        return weft_fail(ctx, WEFT_INVALID,
                         "'%.300s' is no address: HOST:PORT is, with a port from 0 to 65535", address);
    if (keys || host_is_loopback(host)) return WEFT_OK;
    const weft_status st =
        weft_fail(ctx, WEFT_INVALID,
                  "%s is not on the loopback, and without keys anybody could read and send there", address);
    weft_hint(ctx, "make keys with 'weft keys init DIR' and start every process with --keys DIR");
    return st;
}

weft_status weft_net_check_address(weft_ctx *ctx, const char *address, bool keys)
{
    int32_t port = 0;
    return check_address(ctx, address, keys, &port);
}

/* ---- life ---- */

weft_status weft_net_connect(weft_ctx *ctx, weft_net *net, const char *address, weft_role server,
                             weft_net_peer *out)
{
    weft_status st = WEFT_OK;
    peer *p = NULL;
    int32_t port = 0;
    WEFT_TRY(st, check_address(ctx, address, net->options.keys != NULL, &port));
    if (port == 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_INVALID, "nobody can listen on %s: port 0 is none", address));
    pthread_mutex_lock(&net->lock);
    st = weft_net_peer_add(ctx, net, &p);
    if (st == WEFT_OK) {
        p->state = PEER_NEW;
        p->server = server;
        snprintf(p->address, sizeof(p->address), "%s", address);
        *out = p->id;
        weft_net_peer_touch(net, p);
    }
    pthread_mutex_unlock(&net->lock);
done:
    return st;
}

/* What is left when the thread has ended. */
static void net_free(weft_net *net)
{
    for (int32_t i = 0; i < net->slot_count; i++) {
        peer *p = net->slots[i];
        if (p == NULL) continue;
        net_message *const waiting = p->first;
        p->first = NULL;
        weft_net_messages_free(waiting);
        weft_mem_free(p);
    }
    if (net->wake >= 0) close(net->wake);
    weft_mem_free(net->slots);
    weft_mem_free(net->poll_fds);
    weft_mem_free(net->watches);
    weft_arena_free(&net->arena);
    pthread_cond_destroy(&net->started);
    pthread_mutex_destroy(&net->lock);
    pthread_mutex_destroy(&net->io);
    weft_mem_free(net);
}

/* Run the thread until it has made its sockets, or could not. */
static weft_status thread_start(weft_ctx *ctx, weft_net *net)
{
    const int error = pthread_create(&net->thread, NULL, weft_net_main, net);
    if (error != 0)
        return weft_fail(ctx, WEFT_NOMEM, "the system refuses a thread for a network endpoint: %s",
                         strerror(error));
    pthread_mutex_lock(&net->lock);
    while (!net->is_started) pthread_cond_wait(&net->started, &net->lock);
    const weft_status st = net->start_error;
    pthread_mutex_unlock(&net->lock);
    if (st == WEFT_OK) return WEFT_OK;
    pthread_join(net->thread, NULL);
    return weft_error_copy(ctx, &net->ctx);
}

weft_status weft_net_start(weft_ctx *ctx, const weft_net_options *options, weft_net **out)
{
    weft_status st = WEFT_OK;
    weft_net *net = NULL;
    *out = NULL;
    if (options->listen != NULL)
        WEFT_TRY(st, weft_net_check_address(ctx, options->listen, options->keys != NULL));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*net), (void **)&net));
    net->options = *options;
    net->account = ctx->memory;
    net->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&net->lock, NULL);
    pthread_mutex_init(&net->io, NULL);
    pthread_cond_init(&net->started, NULL);
    net->arena = weft_arena_new(ctx->memory);
    if (net->arena == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for a network endpoint"));
    if (net->wake < 0) {
        const int error = errno;
        st = weft_fail(ctx, WEFT_NOMEM, "cannot make an eventfd: %s", strerror(error));
        if (error == EMFILE) weft_hint(ctx, NET_DESCRIPTORS_HINT);
        goto done;
    }
    weft_ctx_init(&net->ctx, net->arena, ctx->memory, ctx->settings);
    *out = net; /* before there is a thread that might look for it */
    WEFT_TRY(st, thread_start(ctx, net));
    return WEFT_OK;
done:
    *out = NULL;
    if (net != NULL) net_free(net);
    return st;
}

int32_t weft_net_port(const weft_net *net) { return net->port; }

void weft_net_count(weft_net *net, weft_net_counts *out)
{
    pthread_mutex_lock(&net->lock);
    *out = net->counts;
    pthread_mutex_unlock(&net->lock);
}

static void thread_stop(weft_net *net, int32_t linger_ms)
{
    pthread_mutex_lock(&net->lock);
    net->stopping = true;
    net->linger_ns = (int64_t)linger_ms * 1000000;
    wake(net);
    pthread_mutex_unlock(&net->lock);
    pthread_join(net->thread, NULL);
}

void weft_net_hush(weft_net *net)
{
    pthread_mutex_lock(&net->lock);
    net->is_hushed = true;
    pthread_mutex_unlock(&net->lock);
    thread_stop(net, 0);
}

void weft_net_stop(weft_net **net_p, int32_t linger_ms)
{
    weft_net *net = *net_p;
    if (net == NULL) return;
    if (!net->is_hushed) thread_stop(net, linger_ms);
    *net_p = NULL; /* only now: the handler may find the endpoint by it */
    net_free(net);
}
