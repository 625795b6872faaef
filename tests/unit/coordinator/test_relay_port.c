/* tests/unit/coordinator/test_relay_port.c - what stands by passes bytes on, in bounded memory, or closes. */
#include "coordinator/relay_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/fixture.h"
#include "tests/support/test.h"

enum {
    WAIT_MS = 20000,
    MANY_BYTES = 24 << 20,
    MEMORY_MOST = 4 << 20,
    OPENINGS = 3,
    FOR_EVER_MS = 1 << 30,
    A_MOMENT_MS = 100,
    WELCOME_BYTES = 400
};

/* A leader: a listener, and the connections that the test takes from it. */
typedef struct rig {
    weft_fixture f;
    weft_relay_port *relay;
    int leader;
    char address[64];
} rig;

static struct sockaddr_in loopback(int32_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int listen_somewhere(char *address, size_t room)
{
    struct sockaddr_in at = loopback(0);
    socklen_t len = sizeof(at);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    snprintf(address, room, "127.0.0.1:%d", ntohs(at.sin_port));
    return fd;
}

static void open_rig(rig *r, int32_t most)
{
    memset(r, 0, sizeof(*r));
    weft_fixture_open(&r->f);
    const weft_relay_port_options options = {.host = "127.0.0.1",
                                             .connections_max = most,
                                             .openings_max = OPENINGS,
                                             .opening_ms = FOR_EVER_MS,
                                             .pool = weft_account_pool(r->f.ctx.memory),
                                             .settings = r->f.ctx.settings};
    assert_int_equal(weft_relay_port_start(&r->f.ctx, &options, &r->relay), WEFT_OK);
    r->leader = listen_somewhere(r->address, sizeof(r->address));
}

static void close_rig(rig *r)
{
    weft_relay_port_stop(&r->relay);
    close(r->leader);
    weft_fixture_close(&r->f);
}

static int come(const rig *r)
{
    const struct sockaddr_in at = loopback(weft_relay_port_number(r->relay));
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    return fd;
}

static int take(const rig *r)
{
    struct pollfd polled = {.fd = r->leader, .events = POLLIN};
    assert_int_equal(poll(&polled, 1, WAIT_MS), 1);
    return accept(r->leader, NULL, NULL);
}

static bool is_closed(int fd)
{
    char byte;
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&polled, 1, WAIT_MS), 1);
    return recv(fd, &byte, 1, 0) <= 0;
}

static void say(int from, int to, const char *text)
{
    char got[64] = {0};
    const size_t len = strlen(text);
    assert_int_equal(send(from, text, len, MSG_NOSIGNAL), len);
    assert_int_equal(recv(to, got, len, MSG_WAITALL), len);
    assert_string_equal(got, text);
}

static void bytes_go_both_ways_until_one_end_closes(void **state)
{
    rig r;
    (void)state;
    open_rig(&r, 4);
    weft_relay_port_lead_to(r.relay, r.address);
    const int client = come(&r), leader = take(&r);
    say(client, leader, "who leads?");
    say(leader, client, "I do");
    close(client);
    assert_true(is_closed(leader));
    close(leader);
    close_rig(&r);
}

static void without_a_leader_nobody_waits(void **state)
{
    rig r;
    (void)state;
    open_rig(&r, 4);
    const int client = come(&r);
    assert_true(is_closed(client));
    close(client);
    close_rig(&r);
}

static void a_leader_that_is_gone_closes(void **state)
{
    rig r;
    (void)state;
    open_rig(&r, 4);
    weft_relay_port_lead_to(r.relay, r.address);
    close(r.leader);
    r.leader = -1;
    const int client = come(&r);
    assert_true(is_closed(client));
    close(client);
    close_rig(&r);
}

static void another_leader_closes_what_went_to_the_first(void **state)
{
    char other_address[64];
    rig r;
    (void)state;
    open_rig(&r, 4);
    const int other = listen_somewhere(other_address, sizeof(other_address));
    weft_relay_port_lead_to(r.relay, r.address);
    const int client = come(&r), leader = take(&r);
    say(client, leader, "hello");
    weft_relay_port_lead_to(r.relay, r.address); /* the same: nothing happens */
    say(client, leader, "still there?");
    weft_relay_port_lead_to(r.relay, other_address);
    assert_true(is_closed(client));
    assert_true(is_closed(leader));
    close(client);
    close(leader);
    close(other);
    close_rig(&r);
}

static void there_are_so_many_and_no_more(void **state)
{
    weft_relay_port_counts counts;
    rig r;
    (void)state;
    open_rig(&r, 1);
    weft_relay_port_lead_to(r.relay, r.address);
    const int client = come(&r), leader = take(&r);
    say(client, leader, "hello");
    const int second = come(&r);
    assert_true(is_closed(second));
    say(client, leader, "still there?");
    weft_relay_port_count(r.relay, &counts);
    assert_int_equal(counts.connections, 1);
    assert_int_equal(counts.opened, 1);
    assert_int_equal(counts.refused, 1);
    close(second);
    close(client);
    close(leader);
    close_rig(&r);
}

typedef struct flood {
    int fd;
    int64_t sent;
} flood;

static void *pour(void *self)
{
    flood *f = self;
    static uint8_t block[1 << 16];
    while (f->sent < MANY_BYTES) {
        memset(block, (int)(f->sent >> 16), sizeof(block));
        const ssize_t sent = send(f->fd, block, sizeof(block), MSG_NOSIGNAL);
        if (sent <= 0) break;
        f->sent += sent;
        if (sent != (ssize_t)sizeof(block)) break; /* a blocking socket sends all */
    }
    return NULL;
}

/* A receiver that does not read stops the sender; nothing is lost, and little is kept. */
static void a_slow_receiver_is_waited_for(void **state)
{
    rig r;
    pthread_t thread;
    static uint8_t block[1 << 16];
    (void)state;
    open_rig(&r, 4);
    weft_relay_port_lead_to(r.relay, r.address);
    flood f = {.fd = come(&r)};
    const int leader = take(&r);
    assert_int_equal(pthread_create(&thread, NULL, pour, &f), 0);
    usleep(200000);
    assert_true(weft_pool_used_bytes(weft_account_pool(r.f.ctx.memory)) < MEMORY_MOST);
    for (int64_t got = 0; got < MANY_BYTES; got += (int64_t)sizeof(block)) {
        assert_int_equal(recv(leader, block, sizeof(block), MSG_WAITALL), sizeof(block));
        assert_int_equal(block[0], (uint8_t)(got >> 16));
        assert_int_equal(block[sizeof(block) - 1], (uint8_t)(got >> 16));
    }
    pthread_join(thread, NULL);
    assert_int_equal(f.sent, MANY_BYTES);
    close(f.fd);
    assert_true(is_closed(leader));
    close(leader);
    close_rig(&r);
}

/* Those that the leader has not answered yet are few; the others wait, and are not refused. */
static void many_come_a_few_at_a_time(void **state)
{
    enum { COME = 4 * OPENINGS };
    int clients[COME], leaders[COME];
    char welcome[WELCOME_BYTES] = {0};
    weft_relay_port_counts counts;
    rig r;
    (void)state;
    open_rig(&r, COME);
    weft_relay_port_lead_to(r.relay, r.address);
    for (int32_t i = 0; i < COME; i++) clients[i] = come(&r);
    for (int32_t i = 0; i < OPENINGS; i++) leaders[i] = take(&r);
    for (int32_t answered = 0; answered < COME; answered++) {
        struct pollfd polled = {.fd = r.leader, .events = POLLIN};
        if (answered == 0) assert_int_equal(poll(&polled, 1, A_MOMENT_MS), 0);
        weft_relay_port_count(r.relay, &counts);
        assert_true(counts.opened <= OPENINGS + answered);
        assert_int_equal(send(leaders[answered], welcome, sizeof(welcome), MSG_NOSIGNAL), sizeof(welcome));
        if (answered + OPENINGS < COME) leaders[answered + OPENINGS] = take(&r);
    }
    for (int32_t i = 0; i < COME; i++)
        assert_int_equal(recv(clients[i], welcome, sizeof(welcome), MSG_WAITALL), sizeof(welcome));
    for (int32_t i = 0; i < COME; i++) close(clients[i]);
    for (int32_t i = 0; i < COME; i++) close(leaders[i]);
    close_rig(&r);
}

static int64_t cpu_ms(void)
{
    struct rusage used;
    assert_int_equal(getrusage(RUSAGE_SELF, &used), 0);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
           (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
}

/* Without a descriptor for one who comes it waits, and does not ask for it without a pause. */
static void without_descriptors_it_waits(void **state)
{
    struct rlimit before, none;
    rig r;
    (void)state;
    open_rig(&r, 4);
    weft_relay_port_lead_to(r.relay, r.address);
    const struct sockaddr_in at = loopback(weft_relay_port_number(r.relay));
    const int client = socket(AF_INET, SOCK_STREAM, 0), next = dup(client);
    assert_true(next >= 0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)next; /* all below are taken */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(connect(client, (const struct sockaddr *)&at, sizeof(at)), 0);
    const int64_t began = cpu_ms();
    (void)poll(NULL, 0, 4 * A_MOMENT_MS);
    const int64_t spent = cpu_ms() - began;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(spent < A_MOMENT_MS);
    const int leader = take(&r);
    say(client, leader, "in the end");
    close(client);
    close(leader);
    close_rig(&r);
}

WEFT_TESTS(WEFT_TEST(bytes_go_both_ways_until_one_end_closes), WEFT_TEST(without_a_leader_nobody_waits),
           WEFT_TEST(a_leader_that_is_gone_closes), WEFT_TEST(another_leader_closes_what_went_to_the_first),
           WEFT_TEST(there_are_so_many_and_no_more), WEFT_TEST(a_slow_receiver_is_waited_for),
           WEFT_TEST(many_come_a_few_at_a_time), WEFT_TEST(without_descriptors_it_waits))
