/* tests/support/fake_zookeeper.h - a ZooKeeper in memory behind common/zookeeper.h, with what a real one does
 * to its clients: outcomes that nobody knows, stale reads, watches that fire once, sessions that end when the
 * servers say so and are told of it later, a size limit, access lists.
 *
 * Nothing happens by itself: a test takes one step after the other (which one is chosen by the seed: the same
 * seed, the same run), or starts a thread that takes them, for code that waits. Callbacks come from within a
 * step. Time is the test's: sessions are looked at when it says what time it is. */
#ifndef WEFT_TESTS_SUPPORT_FAKE_ZOOKEEPER_H
#define WEFT_TESTS_SUPPORT_FAKE_ZOOKEEPER_H

#include "common/zookeeper.h"

typedef struct fake_zookeeper fake_zookeeper;

typedef enum fake_zookeeper_fault {
    FAKE_ZOOKEEPER_LOST_BEFORE,   /* the connection is lost, the request too */
    FAKE_ZOOKEEPER_LOST_AFTER,    /* it was carried out, the answer is lost */
    FAKE_ZOOKEEPER_SILENT_BEFORE, /* the session is cut off for good before it, near the end of its lease … */
    FAKE_ZOOKEEPER_SILENT_AFTER, /* … or after it: nothing is heard any more */
    FAKE_ZOOKEEPER_FAULT_COUNT
} fake_zookeeper_fault;

fake_zookeeper *fake_zookeeper_new(uint64_t seed);
/* All sessions are closed before. */
void fake_zookeeper_free(fake_zookeeper *fake);
/* A session as user:password; connected from the first step on. */
void fake_zookeeper_open(fake_zookeeper *fake, const weft_zookeeper_options *options, weft_zookeeper *out);

/* One thing happens: a request is carried out, or an answer or event is delivered. False: nothing is left to
 * do. */
bool fake_zookeeper_step(fake_zookeeper *fake);
/* Steps until nothing is left. */
void fake_zookeeper_run(fake_zookeeper *fake);
/* One thing happens to this session; false: it has nothing to do. Then fake_zookeeper_wait waits until it
 * has; false: fake_zookeeper_leave was called. For whoever gives each session a thread of its own. */
bool fake_zookeeper_step_of(fake_zookeeper *fake, const weft_zookeeper *zk);
bool fake_zookeeper_wait(fake_zookeeper *fake, const weft_zookeeper *zk);
void fake_zookeeper_leave(fake_zookeeper *fake, const weft_zookeeper *zk);

/* Somebody who sees each write. Called with the fake's lock held: it asks the fake nothing. session: self of
 * the weft_zookeeper. */
typedef struct fake_zookeeper_watcher {
    void *of;
    /* Before one is carried out: what it meets; FAKE_ZOOKEEPER_FAULT_COUNT: nothing. */
    fake_zookeeper_fault (*before)(void *of, const void *session);
    /* It was carried out, or refused: outcome. */
    void (*after)(void *of, const void *session, const weft_zookeeper_op *ops, int32_t count,
                  weft_zookeeper_outcome outcome);
} fake_zookeeper_watcher;
void fake_zookeeper_watch(fake_zookeeper *fake, const fake_zookeeper_watcher *watcher);

/* A thread that takes steps, and tells the real time, until it is stopped. */
void fake_zookeeper_start(fake_zookeeper *fake);
void fake_zookeeper_stop(fake_zookeeper *fake);
/* It is that late: who is connected is heard, and has its lease; who was not heard for its timeout is ended
 * by the servers. */
void fake_zookeeper_time(fake_zookeeper *fake, int64_t now_ns);

/* Cut a session's cable (some of what it asked for is carried out, nothing of it is answered but by UNKNOWN),
 * or mend it: it hears then whether it still lives. */
void fake_zookeeper_cut(fake_zookeeper *fake, const weft_zookeeper *zk, bool is_cut);
/* The servers end it, whatever the time. */
void fake_zookeeper_expire(fake_zookeeper *fake, const weft_zookeeper *zk);
/* The next writes are numbered 1, 2, …: the one with this number meets the fault; 0: none. */
void fake_zookeeper_fault_at(fake_zookeeper *fake, int64_t write, fake_zookeeper_fault fault);
/* Writes since the last fake_zookeeper_fault_at. */
int64_t fake_zookeeper_writes(fake_zookeeper *fake);
/* Reads of sessions see the tree as it was so many transactions ago, unless a sync was answered since. */
void fake_zookeeper_lag(fake_zookeeper *fake, int32_t transactions);
/* Nodes below a path (itself not counted), and the bytes of their values. */
int32_t fake_zookeeper_count(fake_zookeeper *fake, const char *path, int64_t *bytes);
/* The value of a node as it stands, without asking; false: there is none. At most room bytes are copied. */
bool fake_zookeeper_look(fake_zookeeper *fake, const char *path, void *out, size_t room, size_t *bytes);
/* Change a node behind everybody's back: what somebody else does, or damage. */
void fake_zookeeper_put(fake_zookeeper *fake, const char *path, const void *value, size_t bytes);
void fake_zookeeper_remove(fake_zookeeper *fake, const char *path);

#endif
