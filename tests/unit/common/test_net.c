/* Messages between endpoints: order, sizes, bounded queues, who is gone, and who is let in. */
#include "common/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/storage/fs.h"
#include "tests/unit/common/net_rig.h"

enum { MANY = 20000 };

static void messages_keep_order_and_come_back(void **state)
{
    weft_fixture f, g; /* each endpoint's thread has an account of its own: contexts are not shared */
    seen server, client;
    (void)state;
    weft_fixture_open(&f);
    weft_fixture_open(&g);
    seen_init(&server);
    seen_init(&client);
    weft_net_options options = options_of(&server, "tcp://127.0.0.1:0");
    start(&g, &server, &options);
    set_echo(&server);
    options = options_of(&client, NULL);
    start(&f, &client, &options);
    const weft_net_peer peer = open_to(&f, &client, &server, WEFT_ROLE_ANY);
    for (int64_t i = 0; i < MANY; i++) {
        const weft_net_frame frame = {.bytes = &i, .len = sizeof(i)};
        weft_fixture_ok(&f, weft_net_send(&f.ctx, client.net, peer, &frame, 1));
    }
    wait_for(&client, &client.messages, MANY);
    assert_int_equal(weft_net_waiting_bytes(client.net, peer), 0);
    weft_net_stop(&client.net, 0);
    weft_net_stop(&server.net, 0);
    assert_int_equal(server.disorder, 0);
    assert_int_equal(client.disorder, 0);
    assert_int_equal(server.who.role, WEFT_ROLE_ANY);
    weft_fixture_close(&g);
    weft_fixture_close(&f);
}

static void count_release(void *owner) { atomic_fetch_add((atomic_int *)owner, 1); }

static void large_frames_go_uncopied_and_are_given_back(void **state)
{
    weft_fixture f, g;
    seen server, client;
    atomic_int released = 0;
    (void)state;
    weft_fixture_open(&f);
    weft_fixture_open(&g);
    seen_init(&server);
    seen_init(&client);
    weft_net_options options = options_of(&server, "tcp://127.0.0.1:0");
    start(&g, &server, &options);
    options = options_of(&client, NULL);
    start(&f, &client, &options);
    const weft_net_peer peer = open_to(&f, &client, &server, WEFT_ROLE_ANY);
    const size_t bytes = 4 << 20;
    char *big = malloc(bytes);
    memset(big, 'x', bytes);
    const weft_net_frame frames[3] = {
        {.bytes = "head", .len = 4},
        {.bytes = big, .len = bytes, .release = count_release, .owner = &released},
        {.bytes = big, .len = 10, .release = count_release, .owner = &released}};
    for (int32_t i = 0; i < 8; i++) weft_fixture_ok(&f, weft_net_send(&f.ctx, client.net, peer, frames, 3));
    wait_for(&server, &server.messages, 8);
    assert_int_equal(server.last_count, 3);
    assert_int_equal(server.bytes, 8 * (4 + (int64_t)bytes + 10));
    assert_memory_equal(server.last, "head", 4);
    weft_net_stop(&client.net, 100);
    assert_int_equal(atomic_load(&released), 16);
    weft_net_stop(&server.net, 0);
    free(big);
    weft_fixture_close(&g);
    weft_fixture_close(&f);
}

/* A port where connections are taken by the kernel and never answered. The descriptor. */
static int silent_listener(int32_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

/* Nobody takes what is sent: the queue fills and refuses, memory does not grow without bound, and all is
 * given back at the end. */
static void a_full_queue_refuses(void **state)
{
    weft_fixture f;
    seen client;
    atomic_int released = 0;
    int32_t taken = 0, port = 0;
    weft_net_peer peer = 0;
    weft_status st = WEFT_OK;
    char block[1024] = {0}, address[64];
    (void)state;
    weft_fixture_open(&f);
    seen_init(&client);
    weft_net_options options = options_of(&client, NULL);
    options.queue_bytes = 1 << 20;
    start(&f, &client, &options);
    const int fd = silent_listener(&port);
    snprintf(address, sizeof(address), "tcp://127.0.0.1:%d", port);
    weft_fixture_ok(&f, weft_net_connect(&f.ctx, client.net, address, WEFT_ROLE_ANY, &peer));
    const weft_net_frame frame = {
        .bytes = block, .len = sizeof(block), .release = count_release, .owner = &released};
    while (st == WEFT_OK && taken < 100000) {
        st = weft_net_send(&f.ctx, client.net, peer, &frame, 1);
        taken += st == WEFT_OK;
    }
    assert_int_equal(st, WEFT_LIMIT);
    assert_in_range(taken, 900, 1100);
    weft_net_drop(client.net, peer);
    assert_int_equal(weft_net_send(&f.ctx, client.net, peer, &frame, 1), WEFT_UNREACHABLE);
    weft_net_stop(&client.net, 0);
    assert_int_equal(atomic_load(&released), taken);
    close(fd);
    weft_fixture_close(&f);
}

/* Nobody listens, and somebody listens who never answers: both are told. */
static void a_connection_that_cannot_be_made_is_gone(void **state)
{
    weft_fixture f;
    seen client;
    int32_t port = 0;
    char address[64];
    weft_net_peer peer = 0;
    (void)state;
    weft_fixture_open(&f);
    seen_init(&client);
    const weft_net_options options = options_of(&client, NULL);
    start(&f, &client, &options);
    close(silent_listener(&port));
    snprintf(address, sizeof(address), "tcp://127.0.0.1:%d", port);
    weft_fixture_ok(&f, weft_net_connect(&f.ctx, client.net, address, WEFT_ROLE_ANY, &peer));
    wait_for(&client, &client.gone, 1);
    assert_string_equal(client.why, "nobody answers there");
    assert_int_equal(weft_net_connect(&f.ctx, client.net, "tcp://nowhere", WEFT_ROLE_ANY, &peer),
                     WEFT_INVALID);
    assert_int_equal(weft_net_connect(&f.ctx, client.net, "tcp://10.0.0.1:7077", WEFT_ROLE_ANY, &peer),
                     WEFT_INVALID);
    assert_non_null(strstr(f.ctx.error.hint, "weft keys init"));
    weft_net_stop(&client.net, 0);
    weft_fixture_close(&f);
}

static void count_tick(void *self)
{
    seen *s = self;
    pthread_mutex_lock(&s->lock);
    s->messages++;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

/* An endpoint without ticks of its own has one for each time that it is woken and waited for. */
static void a_wake_is_a_tick(void **state)
{
    (void)state;
    enum { WAKES = 1000 };
    weft_fixture f;
    seen s;
    weft_fixture_open(&f);
    seen_init(&s);
    weft_net_options options = options_of(&s, NULL);
    options.handler.tick = count_tick;
    start(&f, &s, &options);
    for (int64_t i = 0; i < WAKES; i++) {
        weft_net_wake(s.net);
        wait_for(&s, &s.messages, i + 1);
    }
    weft_net_stop(&s.net, 0);
    assert_true(s.messages >= WAKES);
    weft_fixture_close(&f);
}

/* … and one at the time that was asked for, not before. */
static void a_tick_comes_at_its_time(void **state)
{
    (void)state;
    weft_fixture f;
    seen s;
    weft_fixture_open(&f);
    seen_init(&s);
    weft_net_options options = options_of(&s, NULL);
    options.handler.tick = count_tick;
    start(&f, &s, &options);
    for (int64_t i = 0; i < 5; i++) {
        const int64_t time = weft_now_ns(&f.ctx) + 3000000;
        weft_net_tick_at(s.net, INT64_MAX);
        weft_net_tick_at(s.net, time);
        wait_for(&s, &s.messages, i + 1);
        assert_true(weft_now_ns(&f.ctx) >= time);
    }
    weft_net_stop(&s.net, 0);
    assert_int_equal(s.messages, 5);
    weft_fixture_close(&f);
}

/* In a child process: an endpoint that connects to the parent's port and says hello, and one that listens and
 * writes its port to the pipe. Then it waits to be killed. */
static void child_main(int to_parent, int from_parent)
{
    weft_fixture f;
    seen s;
    int32_t port = 0, parent_port = 0;
    weft_net_peer peer = 0;
    char address[64];
    weft_fixture_open(&f);
    seen_init(&s);
    const weft_net_options options = options_of(&s, "tcp://127.0.0.1:0");
    if (weft_net_start(&f.ctx, &options, &s.net) != WEFT_OK) _exit(1);
    port = weft_net_port(s.net);
    if (write(to_parent, &port, sizeof(port)) != sizeof(port)) _exit(1);
    if (read(from_parent, &parent_port, sizeof(parent_port)) != sizeof(parent_port)) _exit(1);
    snprintf(address, sizeof(address), "tcp://127.0.0.1:%d", parent_port);
    const weft_net_frame hello = {.bytes = "hello", .len = 5};
    if (weft_net_connect(&f.ctx, s.net, address, WEFT_ROLE_ANY, &peer) != WEFT_OK ||
        weft_net_send(&f.ctx, s.net, peer, &hello, 1) != WEFT_OK)
        _exit(1);
    for (;;) pause();
}

static void a_killed_process_is_gone_on_both_sides(void **state)
{
    weft_fixture f, g;
    seen server, client;
    int32_t child_port = 0;
    int up[2], down[2];
    char address[64];
    weft_net_peer peer = 0;
    (void)state;
    assert_int_equal(pipe(up), 0);
    assert_int_equal(pipe(down), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) child_main(up[1], down[0]);
    weft_fixture_open(&f);
    weft_fixture_open(&g);
    seen_init(&server);
    seen_init(&client);
    weft_net_options options = options_of(&server, "tcp://127.0.0.1:0");
    start(&f, &server, &options);
    const int32_t port = weft_net_port(server.net);
    assert_int_equal(read(up[0], &child_port, sizeof(child_port)), sizeof(child_port));
    assert_int_equal(write(down[1], &port, sizeof(port)), sizeof(port));
    wait_for(&server, &server.messages, 1);
    options = options_of(&client, NULL);
    start(&g, &client, &options);
    snprintf(address, sizeof(address), "tcp://127.0.0.1:%d", child_port);
    weft_fixture_ok(&g, weft_net_connect(&g.ctx, client.net, address, WEFT_ROLE_ANY, &peer));
    send_text(&g, &client, peer, "hi");
    assert_int_equal(kill(child, SIGKILL), 0);
    wait_for(&server, &server.gone, 1);
    wait_for(&client, &client.gone, 1);
    assert_int_equal(waitpid(child, NULL, 0), child);
    const weft_net_frame frame = {.bytes = "late", .len = 4};
    assert_int_equal(weft_net_send(&f.ctx, server.net, server.peer, &frame, 1), WEFT_UNREACHABLE);
    assert_int_equal(weft_net_send(&g.ctx, client.net, peer, &frame, 1), WEFT_UNREACHABLE);
    weft_net_counts counts;
    weft_net_count(server.net, &counts);
    assert_int_equal(counts.peers, 0);
    weft_net_stop(&client.net, 0);
    weft_net_stop(&server.net, 0);
    for (int32_t i = 0; i < 2; i++) {
        close(up[i]);
        close(down[i]);
    }
    weft_fixture_close(&g);
    weft_fixture_close(&f);
}

/* ---- keys ---- */

typedef struct key_place {
    char root[64], folder[256], other[256];
} key_place;

static void make_place(weft_fixture *f, key_place *place)
{
    snprintf(place->root, sizeof(place->root), "keys-XXXXXX");
    assert_non_null(mkdtemp(place->root));
    snprintf(place->folder, sizeof(place->folder), "%s/cluster", place->root);
    snprintf(place->other, sizeof(place->other), "%s/other", place->root);
    weft_fixture_ok(f, weft_keys_init(&f->ctx, place->folder, "ann"));
    weft_fixture_ok(f, weft_keys_init(&f->ctx, place->other, "eve"));
}

/* What somebody sends whom the server refuses: the refusal may be there first. */
static void send_refused(weft_fixture *f, seen *s, weft_net_peer peer)
{
    static const char text[] = "let me in";
    const weft_net_frame frame = {.bytes = text, .len = sizeof(text) - 1};
    const weft_status st = weft_net_send(&f->ctx, s->net, peer, &frame, 1);
    assert_true(st == WEFT_OK || st == WEFT_UNREACHABLE);
    weft_error_clear(&f->ctx);
    wait_for(s, &s->gone, 1);
}

/* A worker of the same cluster is let in as one, its messages say so; a stranger is not, and neither is
 * anybody without keys. */
static void keys_decide_who_is_let_in(void **state)
{
    weft_fixture f, g;
    seen server, client, stranger, bare;
    key_place place;
    weft_keys *coordinator = NULL, *worker = NULL, *foreign = NULL;
    (void)state;
    weft_fixture_open(&f);
    weft_fixture_open(&g);
    make_place(&f, &place);
    weft_fixture_ok(&f, weft_keys_open(&f.ctx, place.folder, WEFT_ROLE_COORDINATOR, &coordinator));
    weft_fixture_ok(&g, weft_keys_open(&g.ctx, place.folder, WEFT_ROLE_WORKER, &worker));
    weft_fixture_ok(&g, weft_keys_open(&g.ctx, place.other, WEFT_ROLE_WORKER, &foreign));
    seen_init(&server);
    seen_init(&client);
    seen_init(&stranger);
    seen_init(&bare);
    weft_net_options options = options_of(&server, "tcp://127.0.0.1:0");
    options.keys = coordinator;
    start(&f, &server, &options);
    options = options_of(&client, NULL);
    options.keys = worker;
    start(&g, &client, &options);
    send_text(&g, &client, open_to(&g, &client, &server, WEFT_ROLE_COORDINATOR), "hello");
    wait_for(&server, &server.messages, 1);
    assert_int_equal(server.who.role, WEFT_ROLE_WORKER);
    assert_string_equal(server.who.public_key, weft_keys_own(worker)->public_key);

    options = options_of(&stranger, NULL);
    options.keys = foreign;
    start(&g, &stranger, &options);
    send_refused(&g, &stranger, open_to(&g, &stranger, &server, WEFT_ROLE_COORDINATOR));
    options = options_of(&bare, NULL);
    start(&g, &bare, &options);
    send_refused(&g, &bare, open_to(&g, &bare, &server, WEFT_ROLE_ANY));
    assert_int_equal(server.messages, 1);

    weft_net_stop(&bare.net, 0);
    weft_net_stop(&stranger.net, 0);
    weft_net_stop(&client.net, 0);
    weft_net_stop(&server.net, 0);
    weft_keys_close(&foreign);
    weft_keys_close(&worker);
    weft_keys_close(&coordinator);
    weft_fixture_ok(&f, weft_fs_remove_tree(&f.ctx, place.root));
    weft_fixture_close(&g);
    weft_fixture_close(&f);
}

static void remove_allowed(const char *folder, const char *prefix)
{
    char pattern[512];
    glob_t found;
    snprintf(pattern, sizeof(pattern), "%s/allowed/%s-*.key", folder, prefix);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) assert_int_equal(unlink(found.gl_pathv[i]), 0);
    globfree(&found);
}

/* A second key is valid beside the first; taking the first away cuts who uses it, and only that one. */
static void a_removed_key_cuts_live_peers(void **state)
{
    weft_fixture f, g;
    seen server, first, second;
    key_place place;
    weft_keys *coordinator = NULL, *old = NULL, *user = NULL;
    (void)state;
    weft_fixture_open(&f);
    weft_fixture_open(&g);
    make_place(&f, &place);
    weft_fixture_ok(&f, weft_keys_open(&f.ctx, place.folder, WEFT_ROLE_COORDINATOR, &coordinator));
    weft_fixture_ok(&g, weft_keys_open(&g.ctx, place.folder, WEFT_ROLE_WORKER, &old));
    weft_fixture_ok(&g, weft_keys_open(&g.ctx, place.folder, WEFT_ROLE_CLIENT, &user));
    seen_init(&server);
    seen_init(&first);
    seen_init(&second);
    weft_net_options options = options_of(&server, "tcp://127.0.0.1:0");
    options.keys = coordinator;
    start(&f, &server, &options);
    options = options_of(&first, NULL);
    options.keys = old;
    start(&g, &first, &options);
    options = options_of(&second, NULL);
    options.keys = user;
    start(&g, &second, &options);
    send_text(&g, &first, open_to(&g, &first, &server, WEFT_ROLE_COORDINATOR), "worker");
    wait_for(&server, &server.messages, 1);
    const weft_net_peer user_peer = open_to(&g, &second, &server, WEFT_ROLE_COORDINATOR);
    send_text(&g, &second, user_peer, "user");
    wait_for(&server, &server.messages, 2);
    assert_int_equal(server.who.role, WEFT_ROLE_CLIENT);
    assert_string_equal(server.who.user, "ann");

    remove_allowed(place.folder, "worker");
    wait_for(&server, &server.gone, 1);
    assert_string_equal(server.why, "its key is not allowed any more");
    send_text(&g, &second, user_peer, "still here");
    wait_for(&server, &server.messages, 3);
    weft_net_stop(&second.net, 0);
    weft_net_stop(&first.net, 0);
    weft_net_stop(&server.net, 0);
    weft_keys_close(&user);
    weft_keys_close(&old);
    weft_keys_close(&coordinator);
    weft_fixture_ok(&f, weft_fs_remove_tree(&f.ctx, place.root));
    weft_fixture_close(&g);
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(a_killed_process_is_gone_on_both_sides), WEFT_TEST(messages_keep_order_and_come_back),
           WEFT_TEST(large_frames_go_uncopied_and_are_given_back), WEFT_TEST(a_full_queue_refuses),
           WEFT_TEST(a_connection_that_cannot_be_made_is_gone), WEFT_TEST(keys_decide_who_is_let_in),
           WEFT_TEST(a_removed_key_cuts_live_peers), WEFT_TEST(a_wake_is_a_tick),
           WEFT_TEST(a_tick_comes_at_its_time))
