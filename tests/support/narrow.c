/* tests/support/narrow.c - see narrow.h. */
#include "tests/support/narrow.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK_BYTES = 16 << 10, SOCKET_BYTES = 64 << 10, STEP_MS = 5 };

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct sockaddr_in address_of(int32_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

/* What has come at one end goes to the other, at most `most` bytes. False: one of them is closed. */
static bool pass(int from, int to, int64_t most, int64_t *passed)
{
    char bytes[CHUNK_BYTES];
    const ssize_t got = recv(from, bytes, (size_t)weft_min_i64(most, CHUNK_BYTES), 0);
    for (ssize_t at = 0; at < got;) {
        const ssize_t sent = send(to, bytes + at, (size_t)(got - at), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        at += sent;
    }
    if (got > 0) *passed += got;
    return got > 0;
}

static void carry(weft_narrow *n, int near_end, int far_end)
{
    const int64_t began = now_ns();
    int64_t back = 0, forth = 0;
    for (bool open = true; open && !atomic_load(&n->stops);) {
        const int64_t due = (now_ns() - began) / 1000000 * n->bytes_a_second / 1000 - back;
        struct pollfd ends[] = {{.fd = near_end, .events = POLLIN},
                                {.fd = due > 0 ? far_end : -1, .events = POLLIN}};
        poll(ends, 2, STEP_MS);
        if (ends[0].revents != 0) open = pass(near_end, far_end, INT64_MAX, &forth);
        if (open && ends[1].revents != 0) open = pass(far_end, near_end, due, &back);
    }
}

static void *run(void *argument)
{
    weft_narrow *n = argument;
    const int small = SOCKET_BYTES;
    while (!atomic_load(&n->stops)) {
        struct pollfd waits = {.fd = n->listener, .events = POLLIN};
        if (poll(&waits, 1, STEP_MS) <= 0) continue;
        const struct sockaddr_in far = address_of(n->far_port);
        const int near_end = accept(n->listener, NULL, NULL);
        const int far_end = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(far_end, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)); /* else it swallows megabytes */
        atomic_fetch_add(&n->connections, 1);
        if (connect(far_end, (const struct sockaddr *)(const void *)&far, sizeof(far)) == 0)
            carry(n, near_end, far_end);
        close(far_end);
        close(near_end);
    }
    return NULL;
}

void weft_narrow_start(weft_narrow *n, int32_t far_port, int64_t bytes_a_second)
{
    struct sockaddr_in own = address_of(0);
    socklen_t len = sizeof(own);
    const int small = SOCKET_BYTES;
    n->far_port = far_port;
    n->bytes_a_second = bytes_a_second;
    atomic_init(&n->stops, false);
    atomic_init(&n->connections, 0);
    n->listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(n->listener, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    assert(bind(n->listener, (const struct sockaddr *)(const void *)&own, sizeof(own)) == 0);
    assert(listen(n->listener, 8) == 0);
    assert(getsockname(n->listener, (struct sockaddr *)(void *)&own, &len) == 0);
    n->port = ntohs(own.sin_port);
    assert(pthread_create(&n->thread, NULL, run, n) == 0);
}

void weft_narrow_stop(weft_narrow *n)
{
    atomic_store(&n->stops, true);
    pthread_join(n->thread, NULL);
    close(n->listener);
}
