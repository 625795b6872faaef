/* tests/unit/client/remote_rig.h - a coordinator with its sessions behind a port of this machine, and a
 * forwarder before it that can be cut: what a remote session talks to. */
#ifndef WEFT_TESTS_UNIT_CLIENT_REMOTE_RIG_H
#define WEFT_TESTS_UNIT_CLIENT_REMOTE_RIG_H

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client/local.h"
#include "client/remote.h"
#include "coordinator/service.h"
#include "proto/envelope.h"
#include "tests/support/fixture.h"

enum { RIG_HANG_S = 120, RIG_SLOTS = 2, RIG_KEEP_MS = 400, RIG_PATIENT_MS = 60000, RIG_SESSIONS = 4 };

/* ---- a coordinator ---- */

typedef struct rig {
    weft_fixture f;
    weft_local *local;
    weft_keys *keys;
    weft_net *net;
    pthread_mutex_t lock; /* the first message may come before there is a service */
    weft_service *service;
    weft_arena *arena; /* of the network's thread */
    weft_ctx ctx;
    int32_t keep_ms; /* how long a session waits for its client */
    char master[64];
} rig;

static void rig_message(void *self, weft_net_peer peer, const weft_identity *who,
                        const weft_net_frame *frames, int32_t count)
{
    rig *r = self;
    weft_envelope envelope;
    pthread_mutex_lock(&r->lock);
    if (weft_envelope_decode(&r->ctx, frames[0].bytes, frames[0].len, &envelope) == WEFT_OK &&
        envelope.kind == WEFT_ENVELOPE_CLIENT && r->service != NULL)
        weft_service_message(r->service, peer, who, frames + 1, count - 1);
    weft_error_clear(&r->ctx);
    weft_arena_reset(r->arena);
    pthread_mutex_unlock(&r->lock);
}

static void rig_gone(void *self, weft_net_peer peer, const char *why)
{
    rig *r = self;
    (void)why;
    pthread_mutex_lock(&r->lock);
    if (r->service != NULL) weft_service_gone(r->service, peer);
    pthread_mutex_unlock(&r->lock);
}

static void rig_tick(void *self)
{
    rig *r = self;
    pthread_mutex_lock(&r->lock);
    if (r->service != NULL) weft_service_tick(r->service);
    pthread_mutex_unlock(&r->lock);
}

/* Listen on a port (0: any) of the loopback; keys NULL: none. */
static void rig_listen(rig *r, int32_t port)
{
    char listen_at[64];
    snprintf(listen_at, sizeof(listen_at), "tcp://127.0.0.1:%d", port);
    const weft_net_options net = {
        .listen = listen_at,
        .keys = r->keys,
        .role = WEFT_ROLE_COORDINATOR,
        .handler = {.self = r, .message = rig_message, .gone = rig_gone, .tick = rig_tick},
        .tick_ms = 20,
        .silence_ms = 10000,
        .queue_bytes = 16 << 20,
        .message_bytes = 64 << 20,
        .peers_max = 100};
    pthread_mutex_lock(&r->lock);
    weft_fixture_ok(&r->f, weft_net_start(&r->f.ctx, &net, &r->net));
    const weft_service_options service = {.pool = weft_local_pool(r->local),
                                          .settings = &r->f.settings,
                                          .coordinator = weft_local_coordinator(r->local),
                                          .net = r->net,
                                          .sessions_max = RIG_SESSIONS,
                                          .keep_ms = r->keep_ms};
    weft_fixture_ok(&r->f, weft_service_new(&r->f.ctx, &service, &r->service));
    pthread_mutex_unlock(&r->lock);
    snprintf(r->master, sizeof(r->master), "weft://127.0.0.1:%d", weft_net_port(r->net));
}

static void rig_silence(rig *r)
{
    pthread_mutex_lock(&r->lock);
    weft_service *service = r->service;
    r->service = NULL; /* what still comes is for nobody */
    pthread_mutex_unlock(&r->lock);
    weft_service_stop(&service);
    weft_net_stop(&r->net, 0);
}

static void rig_open_keeping(rig *r, const char *keys, int32_t keep_ms)
{
    weft_settings settings;
    weft_error error;
    *r = (rig){.keep_ms = keep_ms};
    alarm(RIG_HANG_S); /* nothing here may hang */
    weft_fixture_open(&r->f);
    weft_settings_init(&settings);
    settings.number[WEFT_SET_SLOTS] = RIG_SLOTS;
    settings.number[WEFT_SET_MEMORY] = INT64_C(1) << 30;
    assert_int_equal(weft_local_start(&settings, &error, &r->local), WEFT_OK);
    pthread_mutex_init(&r->lock, NULL);
    r->arena = weft_arena_new(r->f.account);
    weft_ctx_init(&r->ctx, r->arena, r->f.account, &r->f.settings);
    if (keys != NULL)
        weft_fixture_ok(&r->f, weft_keys_open(&r->f.ctx, keys, WEFT_ROLE_COORDINATOR, &r->keys));
    rig_listen(r, 0);
}

static inline void rig_open(rig *r, const char *keys) { rig_open_keeping(r, keys, RIG_KEEP_MS); }

static void rig_close(rig *r)
{
    rig_silence(r);
    weft_keys_close(&r->keys);
    weft_arena_free(&r->arena);
    pthread_mutex_destroy(&r->lock);
    weft_local_stop(&r->local);
    weft_fixture_close(&r->f);
    alarm(0);
}

static inline weft_remote *rig_connect(rig *r, const char *master)
{
    weft_error error;
    weft_remote *remote = NULL;
    const weft_status st =
        weft_remote_open(master == NULL ? r->master : master, NULL, &r->f.settings, &error, &remote);
    if (st != WEFT_OK) print_error("%s\n", error.message);
    assert_int_equal(st, WEFT_OK);
    return remote;
}

/* ---- a forwarder that can be cut ---- */

enum { FORWARD_MOST = 8 };

typedef struct forwarder {
    pthread_t thread;
    int listener;
    uint16_t port, to;
    atomic_bool cut, stop, frozen; /* cut: all connections now; frozen: nothing is passed on */
    atomic_llong left; /* bytes that the coordinator may say until all are cut; 0: as many as it likes */
    char master[64];
} forwarder;

static inline int forward_connect(uint16_t port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(fd, (const struct sockaddr *)(const void *)&to, sizeof(to)) == 0) return fd;
    close(fd);
    return -1;
}

static inline void forward_drop(int pairs[][2], int32_t *count, int32_t i)
{
    close(pairs[i][0]);
    close(pairs[i][1]);
    memmove(&pairs[i], &pairs[i + 1], (size_t)(--*count - i) * sizeof(pairs[0]));
}

/* Pass on what one end sent; false when it is closed, or may not say more. */
static inline bool forward_pass(int from, int to, atomic_llong *left)
{
    static _Thread_local char bytes[65536];
    const int64_t most = left == NULL ? 0 : atomic_load(left);
    const ssize_t got =
        recv(from, bytes, most > 0 ? (size_t)weft_min_i64(most, sizeof(bytes)) : sizeof(bytes), MSG_DONTWAIT);
    if (got <= 0 || (most > 0 && atomic_fetch_sub(left, got) == got)) return false;
    for (ssize_t at = 0; at < got;) {
        const ssize_t sent = send(to, bytes + at, (size_t)(got - at), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        at += sent;
    }
    return true;
}

static inline void *forward_main(void *self)
{
    forwarder *w = self;
    int pairs[FORWARD_MOST][2];
    int32_t count = 0;
    while (!atomic_load(&w->stop)) {
        struct pollfd polled[1 + 2 * FORWARD_MOST] = {{.fd = w->listener, .events = POLLIN}};
        const short events = atomic_load(&w->frozen) ? 0 : POLLIN;
        for (int32_t i = 0; i < 2 * count; i++)
            polled[1 + i] = (struct pollfd){.fd = pairs[i / 2][i % 2], .events = events};
        poll(polled, (nfds_t)(1 + 2 * count), 5);
        if (atomic_exchange(&w->cut, false))
            while (count > 0) forward_drop(pairs, &count, 0);
        for (int32_t i = count - 1; i >= 0; i--) {
            const bool one = polled[1 + 2 * i].revents == 0 || forward_pass(pairs[i][0], pairs[i][1], NULL);
            const bool other = polled[2 + 2 * i].revents == 0 ||
                               forward_pass(pairs[i][1], pairs[i][0], &w->left);
            if (!one || !other) forward_drop(pairs, &count, i);
        }
        if (polled[0].revents == 0 || count == FORWARD_MOST) continue;
        pairs[count][0] = accept(w->listener, NULL, NULL);
        pairs[count][1] = forward_connect(w->to);
        if (pairs[count][0] >= 0 && pairs[count][1] >= 0) count++;
    }
    while (count > 0) forward_drop(pairs, &count, 0);
    return NULL;
}

static inline void forward_open(forwarder *w, int32_t to)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    *w = (forwarder){.to = (uint16_t)to};
    w->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(w->listener, (const struct sockaddr *)(const void *)&at, sizeof(at)), 0);
    assert_int_equal(listen(w->listener, FORWARD_MOST), 0);
    assert_int_equal(getsockname(w->listener, (struct sockaddr *)(void *)&at, &len), 0);
    snprintf(w->master, sizeof(w->master), "weft://127.0.0.1:%d", ntohs(at.sin_port));
    assert_int_equal(pthread_create(&w->thread, NULL, forward_main, w), 0);
}

static inline void forward_close(forwarder *w)
{
    atomic_store(&w->stop, true);
    pthread_join(w->thread, NULL);
    close(w->listener);
}

static void rig_sleep(int64_t ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

#endif
