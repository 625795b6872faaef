/* tests/unit/common/net_rig.h - endpoints under test, and what each has seen. */
#ifndef WEFT_TESTS_UNIT_COMMON_NET_RIG_H
#define WEFT_TESTS_UNIT_COMMON_NET_RIG_H

#include <pthread.h>
#include <time.h>

#include "common/net.h"
#include "tests/support/fixture.h"

enum { WAIT_MS = 60000 };

/* What an endpoint has seen. */
typedef struct seen {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    weft_net *net;
    weft_ctx *ctx;
    bool echo; /* answers every message with the same; guarded by lock, as is all below */
    int64_t messages, gone, bytes, next, disorder;
    weft_net_peer peer; /* of the last message */
    weft_identity who;
    int32_t last_count;
    char last[64], why[128];
} seen;

static inline void on_message(void *self, weft_net_peer peer, const weft_identity *who,
                              const weft_net_frame *frames, int32_t count)
{
    seen *s = self;
    pthread_mutex_lock(&s->lock);
    s->messages++;
    s->peer = peer;
    s->who = *who;
    s->last_count = count;
    for (int32_t i = 0; i < count; i++) s->bytes += (int64_t)frames[i].len;
    const size_t len = frames[0].len < sizeof(s->last) ? frames[0].len : sizeof(s->last);
    memcpy(s->last, frames[0].bytes, len);
    int64_t number = 0;
    if (frames[0].len == sizeof(number)) {
        memcpy(&number, frames[0].bytes, sizeof(number));
        s->disorder += number != s->next++;
    }
    const bool echo = s->echo;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (echo) assert_int_equal(weft_net_send(s->ctx, s->net, peer, frames, count), WEFT_OK);
}

static inline void on_gone(void *self, weft_net_peer peer, const char *why)
{
    seen *s = self;
    (void)peer;
    pthread_mutex_lock(&s->lock);
    s->gone++;
    snprintf(s->why, sizeof(s->why), "%s", why);
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static inline void seen_init(seen *s)
{
    *s = (seen){0};
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
}

/* Until *value is at least want; fails the test after WAIT_MS. */
static inline void wait_for(seen *s, const int64_t *value, int64_t want)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_MS / 1000;
    int error = 0;
    pthread_mutex_lock(&s->lock);
    while (*value < want && error == 0) error = pthread_cond_timedwait(&s->changed, &s->lock, &until);
    const int64_t got = *value;
    pthread_mutex_unlock(&s->lock);
    if (got < want) print_error("only %lld of %lld came in time\n", (long long)got, (long long)want);
    assert_true(got >= want);
}

static inline int64_t value_of(seen *s, const int64_t *value)
{
    pthread_mutex_lock(&s->lock);
    const int64_t now = *value;
    pthread_mutex_unlock(&s->lock);
    return now;
}

static inline void set_echo(seen *s)
{
    pthread_mutex_lock(&s->lock);
    s->echo = true;
    pthread_mutex_unlock(&s->lock);
}

static inline weft_net_options options_of(seen *s, const char *listen)
{
    return (weft_net_options){.listen = listen,
                              .handler = {.self = s, .message = on_message, .gone = on_gone},
                              .silence_ms = 10000,
                              .queue_bytes = 64 << 20,
                              .message_bytes = 16 << 20,
                              .peers_max = 100};
}

static inline void start(weft_fixture *f, seen *s, const weft_net_options *options)
{
    s->ctx = &f->ctx; /* before there is a thread that uses it */
    weft_fixture_ok(f, weft_net_start(&f->ctx, options, &s->net));
}

static inline weft_net_peer open_to(weft_fixture *f, seen *client, seen *server, weft_role role)
{
    char address[64];
    weft_net_peer peer = 0;
    snprintf(address, sizeof(address), "tcp://127.0.0.1:%d", weft_net_port(server->net));
    weft_fixture_ok(f, weft_net_connect(&f->ctx, client->net, address, role, &peer));
    return peer;
}

static inline void send_text(weft_fixture *f, seen *s, weft_net_peer peer, const char *text)
{
    const weft_net_frame frame = {.bytes = text, .len = strlen(text)};
    weft_fixture_ok(f, weft_net_send(&f->ctx, s->net, peer, &frame, 1));
}

#endif
