/* Endpoints among far ends that misbehave, and without descriptors: nothing hangs, nothing is lost that need
 * not be, nothing is counted twice, all that was borrowed is given back. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "tests/unit/common/net_rig.h"

/* A server with a fixture of its own, and a client: what most tests begin with. */
typedef struct pair {
    weft_fixture f, g;
    seen server, client;
} pair;

static void pair_open(pair *p, const weft_net_options *server, const weft_net_options *client)
{
    weft_net_options options;
    weft_fixture_open(&p->f);
    weft_fixture_open(&p->g);
    seen_init(&p->server);
    seen_init(&p->client);
    options = options_of(&p->server, "tcp://127.0.0.1:0");
    if (server != NULL) {
        options.message_bytes = server->message_bytes;
        options.peers_max = server->peers_max;
    }
    start(&p->f, &p->server, &options);
    options = options_of(&p->client, NULL);
    if (client != NULL) options.queue_bytes = client->queue_bytes;
    start(&p->g, &p->client, &options);
}

static void pair_close(pair *p)
{
    weft_net_stop(&p->client.net, 0);
    weft_net_stop(&p->server.net, 0);
    weft_fixture_close(&p->g);
    weft_fixture_close(&p->f);
}

/* ---- a far end that is no endpoint of ours ---- */

typedef struct raw_end {
    void *zmq, *socket;
} raw_end;

static void raw_open(raw_end *raw, const weft_net *to)
{
    char address[64];
    int none = 0;
    raw->zmq = zmq_ctx_new();
    raw->socket = zmq_socket(raw->zmq, ZMQ_DEALER);
    assert_int_equal(zmq_setsockopt(raw->socket, ZMQ_LINGER, &none, sizeof(none)), 0);
    snprintf(address, sizeof(address), "tcp://127.0.0.1:%d", weft_net_port(to));
    assert_int_equal(zmq_connect(raw->socket, address), 0);
}

static void raw_send(raw_end *raw, const char *text, int32_t parts)
{
    for (int32_t i = 0; i < parts; i++)
        assert_true(zmq_send(raw->socket, text, strlen(text), i + 1 < parts ? ZMQ_SNDMORE : 0) >= 0);
}

static void raw_close(raw_end *raw)
{
    zmq_close(raw->socket);
    zmq_ctx_term(raw->zmq);
}

/* ---- limits ---- */

static void a_frame_that_is_too_large_breaks_its_connection(void **state)
{
    const weft_net_options small = {.message_bytes = 1000, .peers_max = 10};
    pair p;
    char large[2000] = "x";
    (void)state;
    pair_open(&p, &small, NULL);
    const weft_net_peer peer = open_to(&p.g, &p.client, &p.server, WEFT_ROLE_ANY);
    send_text(&p.g, &p.client, peer, "first");
    wait_for(&p.server, &p.server.messages, 1);
    const weft_net_frame frame = {.bytes = large, .len = sizeof(large)};
    weft_fixture_ok(&p.g, weft_net_send(&p.g.ctx, p.client.net, peer, &frame, 1));
    wait_for(&p.client, &p.client.gone, 1);
    wait_for(&p.server, &p.server.gone, 1);
    assert_int_equal(p.server.messages, 1);
    pair_close(&p);
}

static void odd_messages_are_ignored(void **state)
{
    const weft_net_options one = {.message_bytes = 1 << 20, .peers_max = 1};
    weft_net_counts counts;
    raw_end first, second;
    pair p;
    (void)state;
    pair_open(&p, &one, NULL);
    raw_open(&first, p.server.net);
    raw_send(&first, "many", WEFT_NET_FRAMES_MAX + 1);
    raw_send(&first, "very many", 10 * WEFT_NET_FRAMES_MAX);
    raw_send(&first, "", 1); /* a probe */
    raw_send(&first, "", 2); /* a goodbye: only its own end may end a connection */
    raw_send(&first, "", 3);
    raw_send(&first, "last", WEFT_NET_FRAMES_MAX);
    wait_for(&p.server, &p.server.messages, 1);
    assert_int_equal(p.server.last_count, WEFT_NET_FRAMES_MAX);
    assert_memory_equal(p.server.last, "last", 4);
    raw_open(&second, p.server.net); /* one too many */
    raw_send(&second, "hello", 1);
    do {
        weft_net_count(p.server.net, &counts);
        usleep(1000);
    } while (counts.ignored < 3);
    assert_int_equal(counts.ignored, 3);
    assert_int_equal(counts.peers, 1);
    assert_int_equal(counts.messages_received, 1);
    assert_int_equal(value_of(&p.server, &p.server.gone), 0);
    raw_close(&second);
    raw_close(&first);
    wait_for(&p.server, &p.server.gone, 1);
    const weft_net_frame empty = {.bytes = "", .len = 0};
    assert_int_equal(weft_net_send(&p.f.ctx, p.server.net, 1, &empty, 1), WEFT_INVALID);
    pair_close(&p);
}

static void count_release(void *owner) { atomic_fetch_add((atomic_int *)owner, 1); }

/* What libzmq and the kernel hold for a far end that does not read counts in the peer's queue. */
static void what_is_not_taken_counts(void **state)
{
    enum { BLOCK = 1 << 20, BLOCKS = 8, MOST = 200 };
    const weft_net_options options = {.queue_bytes = (int64_t)BLOCKS * BLOCK};
    pair p;
    char address[128];
    size_t len = sizeof(address);
    int one = 1, none = 0, taken = 0;
    atomic_int released = 0;
    weft_net_peer peer = 0;
    weft_status st = WEFT_OK;
    (void)state;
    pair_open(&p, NULL, &options);
    void *zmq = zmq_ctx_new(), *deaf = zmq_socket(zmq, ZMQ_ROUTER);
    assert_int_equal(zmq_setsockopt(deaf, ZMQ_RCVHWM, &one, sizeof(one)), 0);
    assert_int_equal(zmq_setsockopt(deaf, ZMQ_LINGER, &none, sizeof(none)), 0);
    assert_int_equal(zmq_bind(deaf, "tcp://127.0.0.1:*"), 0);
    assert_int_equal(zmq_getsockopt(deaf, ZMQ_LAST_ENDPOINT, address, &len), 0);
    weft_fixture_ok(&p.g, weft_net_connect(&p.g.ctx, p.client.net, address, WEFT_ROLE_ANY, &peer));
    char *block = calloc(1, BLOCK);
    const weft_net_frame frames[2] = {
        {.bytes = "head", .len = 4},
        {.bytes = block, .len = BLOCK, .release = count_release, .owner = &released}};
    while (taken < MOST) {
        st = weft_net_send(&p.g.ctx, p.client.net, peer, frames, 2);
        taken += st == WEFT_OK;
        if (st != WEFT_OK) {
            assert_int_equal(st, WEFT_LIMIT);
            const int held = taken - atomic_load(&released);
            assert_true(held <= BLOCKS + 1);
            if (held >= BLOCKS - 1) break; /* the far end takes no more */
            usleep(1000);
        }
    }
    assert_true(taken < MOST);
    assert_true(weft_net_waiting_bytes(p.client.net, peer) > (BLOCKS - 2) * BLOCK);
    zmq_close(deaf);
    zmq_ctx_term(zmq);
    wait_for(&p.client, &p.client.gone, 1);
    pair_close(&p);
    assert_int_equal(atomic_load(&released), taken);
    free(block);
}

/* ---- the end of a connection ---- */

/* A dropped far end is told, and is not a new one when it goes on talking. */
static void a_dropped_far_end_is_not_heard(void **state)
{
    weft_net_counts counts;
    raw_end raw;
    char got[8];
    pair p;
    (void)state;
    pair_open(&p, NULL, NULL);
    raw_open(&raw, p.server.net);
    raw_send(&raw, "one", 1);
    wait_for(&p.server, &p.server.messages, 1);
    weft_net_drop(p.server.net, p.server.peer);
    assert_int_equal(zmq_recv(raw.socket, got, sizeof(got), 0), 0); /* the goodbye */
    assert_int_equal(zmq_recv(raw.socket, got, sizeof(got), 0), 0);
    for (int32_t i = 0; i < 100; i++) raw_send(&raw, "still here", 1);
    const weft_net_peer peer = open_to(&p.g, &p.client, &p.server, WEFT_ROLE_ANY);
    send_text(&p.g, &p.client, peer, "two");
    wait_for(&p.server, &p.server.messages, 2);
    assert_memory_equal(p.server.last, "two", 3);
    weft_net_count(p.server.net, &counts);
    assert_int_equal(counts.peers, 1);
    raw_close(&raw);

    weft_net_drop(p.server.net, p.server.peer); /* an endpoint of ours takes the hint */
    wait_for(&p.client, &p.client.gone, 1);
    assert_string_equal(p.client.why, "the far end has closed the connection");
    assert_int_equal(value_of(&p.server, &p.server.gone), 0); /* as promised for the dropped */
    assert_int_equal(value_of(&p.server, &p.server.messages), 2);
    pair_close(&p);
}

/* What was sent before the end arrives before it, and does not look like somebody new. */
static void messages_come_before_the_end(void **state)
{
    enum { ROUNDS = 20, MESSAGES = 1000 };
    weft_net_counts counts;
    pair p;
    (void)state;
    pair_open(&p, NULL, NULL);
    for (int64_t round = 1; round <= ROUNDS; round++) {
        seen sender;
        weft_fixture h;
        weft_fixture_open(&h);
        seen_init(&sender);
        const weft_net_options options = options_of(&sender, NULL);
        start(&h, &sender, &options);
        const weft_net_peer peer = open_to(&h, &sender, &p.server, WEFT_ROLE_ANY);
        for (int32_t i = 0; i < MESSAGES; i++)
            send_text(&h, &sender, peer, "a message of more than 32 bytes in all");
        weft_net_stop(&sender.net, 10000);
        weft_fixture_close(&h);
        wait_for(&p.server, &p.server.gone, round);
        assert_int_equal(value_of(&p.server, &p.server.messages), round * MESSAGES);
        weft_net_count(p.server.net, &counts);
        assert_int_equal(counts.peers, 0);
    }
    pair_close(&p);
}

static void the_far_end_stops_while_it_is_sent_to(void **state)
{
    pair p;
    char block[4096] = {0};
    atomic_int released = 0;
    int taken = 0;
    weft_status st = WEFT_OK;
    (void)state;
    pair_open(&p, NULL, NULL);
    const weft_net_peer peer = open_to(&p.g, &p.client, &p.server, WEFT_ROLE_ANY);
    const weft_net_frame frame = {
        .bytes = block, .len = sizeof(block), .release = count_release, .owner = &released};
    while (st == WEFT_OK || st == WEFT_LIMIT) {
        st = weft_net_send(&p.g.ctx, p.client.net, peer, &frame, 1);
        taken += st == WEFT_OK;
        if (taken == 1000) {
            wait_for(&p.server, &p.server.messages, 1);
            weft_net_stop(&p.server.net, 0);
            taken++;
            atomic_fetch_add(&released, 1); /* so that this happens once */
        }
    }
    assert_int_equal(st, WEFT_UNREACHABLE);
    wait_for(&p.client, &p.client.gone, 1);
    pair_close(&p);
    assert_int_equal(atomic_load(&released), taken);
}

/* ---- connections that do not come to stand ---- */

/* A port whose connections the kernel leaves hanging: its queue is full. The descriptors. */
static void hanging_port(int fds[3], int32_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fds[0], (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fds[0], 0), 0);
    assert_int_equal(getsockname(fds[0], (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    for (int32_t i = 1; i < 3; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)!connect(fds[i], (struct sockaddr *)&at, sizeof(at));
    }
}

/* Dropping them in the middle leaves the other connections of the endpoint alone. */
static void dropped_while_connecting(void **state)
{
    enum { ROUNDS = 50 };
    pair p;
    int fds[3];
    int32_t port = 0;
    char address[64];
    weft_net_peer hanging = 0;
    (void)state;
    pair_open(&p, NULL, NULL);
    set_echo(&p.server);
    hanging_port(fds, &port);
    snprintf(address, sizeof(address), "tcp://127.0.0.1:%d", port);
    const weft_net_peer peer = open_to(&p.g, &p.client, &p.server, WEFT_ROLE_ANY);
    for (int64_t round = 1; round <= ROUNDS; round++) {
        weft_fixture_ok(&p.g, weft_net_connect(&p.g.ctx, p.client.net, address, WEFT_ROLE_ANY, &hanging));
        send_text(&p.g, &p.client, peer, "and back");
        wait_for(&p.client, &p.client.messages, 2 * round - 1); /* by now it is connecting */
        weft_net_drop(p.client.net, hanging);
        send_text(&p.g, &p.client, peer, "again");
        wait_for(&p.client, &p.client.messages, 2 * round);
    }
    assert_int_equal(value_of(&p.client, &p.client.gone), 0);
    for (int32_t i = 0; i < 3; i++) close(fds[i]);
    pair_close(&p);
}

static void addresses(void **state)
{
    static const char *const wrong[] = {"",
                                        "tcp://",
                                        "tcp://host",
                                        "tcp://:1",
                                        "udp://127.0.0.1:1",
                                        "tcp://127.0.0.1:0",
                                        "tcp://127.0.0.1:65536",
                                        "tcp://127.0.0.1:-1",
                                        "tcp://127.0.0.1: 1",
                                        "tcp://127.0.0.1:1x",
                                        "tcp://127.0.0.1:",
                                        "tcp://127.example.org:1",
                                        "tcp://1127.0.0.1:1",
                                        "tcp://*:1",
                                        "tcp://0.0.0.0:1",
                                        "tcp://[::]:1",
                                        "tcp://10.0.0.1:1"};
    weft_fixture f;
    seen s;
    weft_net_peer peer = 0;
    (void)state;
    weft_fixture_open(&f);
    seen_init(&s);
    weft_net_options options = options_of(&s, NULL);
    start(&f, &s, &options);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (weft_net_connect(&f.ctx, s.net, wrong[i], WEFT_ROLE_ANY, &peer) != WEFT_INVALID)
            fail_msg("%s was taken", wrong[i]);
    weft_net_stop(&s.net, 0);
    options.listen = "tcp://0.0.0.0:0";
    assert_int_equal(weft_net_start(&f.ctx, &options, &s.net), WEFT_INVALID);
    assert_null(s.net);
    assert_non_null(strstr(f.ctx.error.hint, "weft keys init"));
    options.listen = "tcp://127.0.0.1:0";
    start(&f, &s, &options);
    char taken[64];
    seen other;
    seen_init(&other);
    snprintf(taken, sizeof(taken), "tcp://127.0.0.1:%d", weft_net_port(s.net));
    options.listen = taken;
    assert_int_equal(weft_net_start(&f.ctx, &options, &other.net), WEFT_IO);
    assert_non_null(strstr(f.ctx.error.hint, "another process listens there"));
    weft_net_stop(&s.net, 0);
    weft_fixture_close(&f);
}

/* ---- descriptors ---- */

enum { SPARE = 60 };

/* In a child with few descriptors: connections beyond them are gone with the reason, the others work, and
 * when some are closed there is room for new ones. Returns the line of what went wrong, 0 when nothing did.
 */
static int with_few_descriptors(void)
{
    pair p;
    weft_net_peer peers[SPARE];
    struct rlimit limit;
    weft_net *none = NULL;
    pair_open(&p, NULL, NULL);
    set_echo(&p.server);
    const int next = dup(0); /* the lowest that is free */
    close(next);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = (rlim_t)next + SPARE;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return __LINE__;
    for (int32_t i = 0; i < SPARE; i++) peers[i] = open_to(&p.g, &p.client, &p.server, WEFT_ROLE_ANY);
    wait_for(&p.client, &p.client.gone, SPARE / 2); /* each takes four and more */
    pthread_mutex_lock(&p.client.lock);
    const bool said = strcmp(p.client.why, "the process has no descriptor left") == 0 ||
                      strcmp(p.client.why, "libzmq has no socket left") == 0 ||
                      strstr(p.client.why, "or the process has no descriptor left") != NULL;
    pthread_mutex_unlock(&p.client.lock);
    if (!said) return __LINE__;
    const weft_net_options options = options_of(&p.client, NULL);
    if (weft_net_start(&p.g.ctx, &options, &none) != WEFT_NOMEM) return __LINE__;
    if (strstr(p.g.ctx.error.hint, "ulimit -n") == NULL) return __LINE__;
    for (int32_t i = 0; i < SPARE; i++) weft_net_drop(p.client.net, peers[i]);
    const weft_net_frame text = {.bytes = "there is room", .len = 13};
    for (bool again = true; again;) { /* they are closed soon */
        const int64_t gone = value_of(&p.client, &p.client.gone);
        const int64_t messages = value_of(&p.client, &p.client.messages);
        const weft_net_peer peer = open_to(&p.g, &p.client, &p.server, WEFT_ROLE_ANY);
        /* without room the connection may be gone before there is anything to send */
        const weft_status sent = weft_net_send(&p.g.ctx, p.client.net, peer, &text, 1);
        if (sent != WEFT_OK && sent != WEFT_UNREACHABLE) return __LINE__;
        while (again && value_of(&p.client, &p.client.gone) == gone) {
            again = value_of(&p.client, &p.client.messages) == messages;
            usleep(1000);
        }
    }
    pair_close(&p);
    return 0;
}

static void no_descriptor_ends_the_process(void **state)
{
    int status = 0;
    (void)state;
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const int line = with_few_descriptors();
        if (line != 0) fprintf(stderr, "test_net_faults.c:%d: this is wrong: %s\n", line, strerror(errno));
        _exit(line == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- many threads ---- */

enum { SENDERS = 4, EACH = 1000 };

typedef struct sender {
    pthread_t thread;
    weft_fixture f;
    seen *through;
    weft_net_peer peer;
    int32_t number;
    int32_t failures;
} sender;

/* What the receiver has seen of each sender; in the endpoint's thread. */
typedef struct order {
    seen base;
    int32_t next[SENDERS];
} order;

static void on_numbered(void *self, weft_net_peer peer, const weft_identity *who,
                        const weft_net_frame *frames, int32_t count)
{
    order *o = self;
    int32_t words[3];
    memcpy(words, frames[0].bytes, sizeof(words));
    if (words[1] != o->next[words[0]]++ || count != 1 + words[1] % 3) o->base.disorder++;
    on_message(&o->base, peer, who, frames, count);
}

static void *send_numbered(void *arg)
{
    sender *s = arg;
    static const char filler[5000];
    for (int32_t i = 0; i < EACH; i++) {
        const int32_t words[3] = {s->number, i};
        const weft_net_frame frames[3] = {{.bytes = words, .len = sizeof(words)},
                                          {.bytes = filler, .len = (size_t)(i * 7 % 5000)},
                                          {.bytes = filler, .len = (size_t)(i % 40)}};
        weft_status st = WEFT_LIMIT;
        while (st == WEFT_LIMIT) st = weft_net_send(&s->f.ctx, s->through->net, s->peer, frames, 1 + i % 3);
        s->failures += st != WEFT_OK;
    }
    return NULL;
}

/* Each thread's messages arrive in its order, whatever their sizes. */
static void threads_keep_their_order(void **state)
{
    static order o;
    static sender senders[SENDERS];
    weft_fixture f, g;
    seen client;
    (void)state;
    memset(&o, 0, sizeof(o));
    weft_fixture_open(&f);
    weft_fixture_open(&g);
    seen_init(&o.base);
    seen_init(&client);
    weft_net_options options = options_of(&o.base, "tcp://127.0.0.1:0");
    options.handler.message = on_numbered;
    start(&f, &o.base, &options);
    options = options_of(&client, NULL);
    options.queue_bytes = 1 << 20; /* it is full now and then */
    start(&g, &client, &options);
    const weft_net_peer peer = open_to(&g, &client, &o.base, WEFT_ROLE_ANY);
    for (int32_t i = 0; i < SENDERS; i++) {
        senders[i] = (sender){.through = &client, .peer = peer, .number = i};
        weft_fixture_open(&senders[i].f);
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_numbered, &senders[i]), 0);
    }
    for (int32_t i = 0; i < SENDERS; i++) {
        pthread_join(senders[i].thread, NULL);
        assert_int_equal(senders[i].failures, 0);
        weft_fixture_close(&senders[i].f);
    }
    wait_for(&o.base, &o.base.messages, SENDERS * EACH);
    assert_int_equal(o.base.disorder, 0);
    weft_net_stop(&client.net, 0);
    weft_net_stop(&o.base.net, 0);
    weft_fixture_close(&g);
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(no_descriptor_ends_the_process),
           WEFT_TEST(a_frame_that_is_too_large_breaks_its_connection), WEFT_TEST(odd_messages_are_ignored),
           WEFT_TEST(what_is_not_taken_counts), WEFT_TEST(a_dropped_far_end_is_not_heard),
           WEFT_TEST(messages_come_before_the_end), WEFT_TEST(the_far_end_stops_while_it_is_sent_to),
           WEFT_TEST(dropped_while_connecting), WEFT_TEST(addresses), WEFT_TEST(threads_keep_their_order))
