/* tests/zookeeper/relay.h - a cable to a server that can be cut: a port of the loopback whose bytes go to
 * another, both ways. Cut, it holds what comes and takes nothing new; nobody is told. */
#ifndef WEFT_TESTS_ZOOKEEPER_RELAY_H
#define WEFT_TESTS_ZOOKEEPER_RELAY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { RELAY_PAIRS = 16 };

typedef struct relay {
    int listener;
    int pairs[RELAY_PAIRS][2]; /* -1: none */
    int target_port;
    char address[32]; /* what to connect to */
    atomic_bool is_cut, is_done;
    pthread_t thread;
} relay;

/* To the first of "127.0.0.1:port,…". */
void relay_open(relay *r, const char *servers);
void relay_cut(relay *r, bool is_cut);
void relay_close(relay *r);

#endif
