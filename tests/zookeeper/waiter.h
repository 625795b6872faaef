/* tests/zookeeper/waiter.h - asking ZooKeeper and waiting for the answer, in tests. */
#ifndef WEFT_TESTS_ZOOKEEPER_WAITER_H
#define WEFT_TESTS_ZOOKEEPER_WAITER_H

#include <pthread.h>

#include "common/zookeeper.h"
#include "tests/support/fixture.h"

enum { WAITER_EVENTS = 64, WAITER_VALUE = 4096, WAITER_SECONDS = 20 };

/* The last answer, and the events so far. */
typedef struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int32_t answers;
    weft_zookeeper_answer last; /* value points to `value`, path to `path` */
    char path[256];
    char value[WAITER_VALUE];
    char children[1024]; /* joined by blanks, in order */
    weft_zookeeper_event events[WAITER_EVENTS];
    char event_paths[WAITER_EVENTS][256];
    int32_t event_count;
} waiter;

void waiter_open(waiter *w);
void waiter_close(waiter *w);
/* Callbacks: `of` is the waiter. */
void waiter_done(void *of, const weft_zookeeper_answer *answer);
void waiter_event(void *of, const weft_zookeeper_event *event);
/* Until this many answers have come since the waiter was opened; fails the test after WAITER_SECONDS. */
void waiter_answers(waiter *w, int32_t count);
/* The one answer to a call that has just been made: checks that it was taken. */
weft_zookeeper_outcome waiter_ask(waiter *w, const weft_fixture *f, weft_status st);
/* Until the session is in this state; until a watch of this kind fires for path. */
void waiter_state(waiter *w, const weft_zookeeper *zk, weft_zookeeper_state state);
void waiter_watch(waiter *w, weft_zookeeper_event_kind kind, const char *path);
/* The servers of this run: $WEFT_ZOOKEEPER. */
const char *waiter_servers(void);
/* A session as user:password that is connected. */
void waiter_connect(waiter *w, weft_fixture *f, const char *servers, const char *password, int32_t timeout_ms,
                    weft_zookeeper *zk);

#endif
