/* tests/zookeeper/relay.c - see relay.h. One thread, which looks ten times a second whether it is to end. */
#include "tests/zookeeper/relay.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/test.h"

static int dial(int port)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0) return fd;
    close(fd);
    return -1;
}

static void take(relay *r)
{
    const int from = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
    for (int i = 0; i < RELAY_PAIRS && from >= 0; i++) {
        if (r->pairs[i][0] >= 0) continue;
        r->pairs[i][0] = from;
        r->pairs[i][1] = dial(r->target_port);
        if (r->pairs[i][1] >= 0) return;
        r->pairs[i][0] = -1;
        break;
    }
    if (from >= 0) close(from);
}

/* What one end has said goes to the other. */
static void pass(relay *r, int pair, int end)
{
    char bytes[65536];
    const ssize_t got = recv(r->pairs[pair][end], bytes, sizeof(bytes), 0);
    for (ssize_t sent = 0, n = 0; sent < got; sent += n) {
        n = send(r->pairs[pair][1 - end], bytes + sent, (size_t)(got - sent), MSG_NOSIGNAL);
        if (n <= 0) break;
    }
    if (got > 0) return;
    for (int i = 0; i < 2; i++) {
        close(r->pairs[pair][i]);
        r->pairs[pair][i] = -1;
    }
}

static void *relay_main(void *of)
{
    relay *r = of;
    while (!atomic_load(&r->is_done)) {
        struct pollfd fds[1 + 2 * RELAY_PAIRS] = {{.fd = r->listener, .events = POLLIN}};
        const bool is_cut = atomic_load(&r->is_cut);
        for (int i = 0; i < 2 * RELAY_PAIRS; i++)
            fds[1 + i] = (struct pollfd){.fd = r->pairs[i / 2][i % 2], .events = POLLIN};
        if (is_cut) {
            usleep(10000);
            continue;
        }
        if (poll(fds, 1 + 2 * RELAY_PAIRS, 20) <= 0) continue;
        for (int i = 0; i < 2 * RELAY_PAIRS; i++)
            if (fds[1 + i].revents != 0 && r->pairs[i / 2][i % 2] == fds[1 + i].fd &&
                !atomic_load(&r->is_cut))
                pass(r, i / 2, i % 2);
        if (fds[0].revents != 0) take(r);
    }
    return NULL;
}

void relay_open(relay *r, const char *servers)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    memset(r, 0, sizeof(*r));
    memset(r->pairs, 0xff, sizeof(r->pairs));
    r->target_port = (int)strtol(strchr(servers, ':') + 1, NULL, 10);
    r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(r->listener, (const struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(r->listener, 16), 0);
    assert_int_equal(getsockname(r->listener, (struct sockaddr *)&at, &len), 0);
    snprintf(r->address, sizeof(r->address), "127.0.0.1:%d", ntohs(at.sin_port));
    assert_int_equal(pthread_create(&r->thread, NULL, relay_main, r), 0);
}

void relay_cut(relay *r, bool is_cut) { atomic_store(&r->is_cut, is_cut); }

void relay_close(relay *r)
{
    atomic_store(&r->is_done, true);
    pthread_join(r->thread, NULL);
    for (int i = 0; i < 2 * RELAY_PAIRS; i++)
        if (r->pairs[i / 2][i % 2] >= 0) close(r->pairs[i / 2][i % 2]);
    close(r->listener);
}
