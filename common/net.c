/* common/net.c - see net.h: the interface; the endpoint's own thread is in net_loop.c.
 *
 * Other threads touch the table of peers and their queues, under one lock that is never held over a call of
 * libzmq or of a handler; then they wake the thread by an eventfd, once until it has looked. */
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

/* Lock held. */
static void wake(weft_net *net)
{
    if (net->woken) return;
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

/* ---- messages ---- */

void weft_net_part_release(net_part *part)
{
    net_message *message = part->message;
    if (part->frame.release != NULL) part->frame.release(part->frame.owner);
    if (atomic_fetch_sub(&message->left, 1) == 1) weft_mem_free(message);
}

void weft_net_message_free(net_message *message)
{
    const int32_t count = message->count; /* the last release frees it */
    for (int32_t i = 0; i < count; i++) weft_net_part_release(&message->parts[i]);
}

static weft_status message_new(weft_ctx *ctx, weft_net *net, const weft_net_frame *frames, int32_t count,
                               net_message **out)
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
    *message = (net_message){.bytes = (int64_t)(bytes + head), .count = count, .left = count};
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

weft_status weft_net_send(weft_ctx *ctx, weft_net *net, weft_net_peer id, const weft_net_frame *frames,
                          int32_t count)
{
    weft_status st = WEFT_OK;
    net_message *message = NULL;
    assert(count >= 1 && count <= WEFT_NET_FRAMES_MAX);
    WEFT_TRY(st, message_new(ctx, net, frames, count, &message));
    pthread_mutex_lock(&net->lock);
    peer *p = weft_net_peer_find(net, id);
    if (p == NULL)
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
        weft_net_peer_touch(net, p);
    }
    pthread_mutex_unlock(&net->lock);
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
static bool address_host(const char *address, char *out, size_t out_bytes)
{
    char *end = NULL;
    if (strncmp(address, "tcp://", 6) != 0) return false;
    const char *const host = address + 6;
    const char *const colon = strrchr(host, ':');
    if (colon == NULL || colon == host || (size_t)(colon - host) >= out_bytes) return false;
    const long port = strtol(colon + 1, &end, 10);
    if (end == colon + 1 || *end != 0 || port < 0 || port > 65535) return false;
    memcpy(out, host, (size_t)(colon - host));
    out[colon - host] = 0;
    return true;
}

static bool host_is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 || strncmp(host, "127.", 4) == 0;
}

weft_status weft_net_check_address(weft_ctx *ctx, const char *address, bool keys)
{
    char host[NET_ADDRESS_BYTES];
    if (!address_host(address, host, sizeof(host)) || strlen(address) >= NET_ADDRESS_BYTES)
        return weft_fail(ctx, WEFT_INVALID, "'%s' is no address: HOST:PORT is, with a port from 0 to 65535",
                         address);
    if (keys || host_is_loopback(host)) return WEFT_OK;
    const weft_status st =
        weft_fail(ctx, WEFT_INVALID,
                  "%s is not on the loopback, and without keys anybody could read and send there", address);
    weft_hint(ctx, "make keys with 'weft keys init DIR' and start every process with --keys DIR");
    return st;
}

/* ---- life ---- */

weft_status weft_net_connect(weft_ctx *ctx, weft_net *net, const char *address, weft_role server,
                             weft_net_peer *out)
{
    weft_status st = WEFT_OK;
    peer *p = NULL;
    WEFT_TRY(st, weft_net_check_address(ctx, address, net->options.keys != NULL));
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
    net->arena = weft_arena_new(ctx->memory);
    if (net->arena == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for a network endpoint"));
    if (net->wake < 0) WEFT_TRY(st, weft_fail(ctx, WEFT_IO, "no eventfd: %s", strerror(errno)));
    weft_ctx_init(&net->ctx, net->arena, ctx->memory, ctx->settings);
    WEFT_TRY(st, weft_net_open_sockets(ctx, net));
    if (pthread_create(&net->thread, NULL, weft_net_main, net) != 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "the system refuses a thread for a network endpoint"));
    *out = net;
    return WEFT_OK;
done:
    if (net == NULL) return st;
    weft_net_close_sockets(net, 0);
    if (net->wake >= 0) close(net->wake);
    weft_arena_free(&net->arena);
    pthread_mutex_destroy(&net->lock);
    weft_mem_free(net);
    return st;
}

int32_t weft_net_port(const weft_net *net) { return net->port; }

void weft_net_count(weft_net *net, weft_net_counts *out)
{
    pthread_mutex_lock(&net->lock);
    *out = net->counts;
    pthread_mutex_unlock(&net->lock);
}

void weft_net_stop(weft_net **net_p, int32_t linger_ms)
{
    const uint64_t one = 1;
    weft_net *net = *net_p;
    *net_p = NULL;
    if (net == NULL) return;
    pthread_mutex_lock(&net->lock);
    net->stopping = true;
    net->linger_ns = (int64_t)linger_ms * 1000000;
    const ssize_t wrote = write(net->wake, &one, sizeof(one));
    assert(wrote == sizeof(one));
    pthread_mutex_unlock(&net->lock);
    pthread_join(net->thread, NULL);
    for (int32_t i = 0; i < net->slot_count; i++) {
        peer *p = net->slots[i];
        if (p == NULL) continue;
        while (p->first != NULL) {
            net_message *message = p->first;
            p->first = message->next;
            weft_net_message_free(message);
        }
        weft_mem_free(p);
    }
    close(net->wake);
    weft_mem_free(net->slots);
    weft_mem_free(net->poll_items);
    weft_mem_free(net->poll_peers);
    weft_arena_free(&net->arena);
    pthread_mutex_destroy(&net->lock);
    weft_mem_free(net);
}
