/* tests/support/fake_zookeeper_private.h - what the servers' tree (fake_zookeeper_tree.c) and their sessions
 * (fake_zookeeper.c) share. The lock of the fake is held in all of it. */
#ifndef WEFT_TESTS_SUPPORT_FAKE_ZOOKEEPER_PRIVATE_H
#define WEFT_TESTS_SUPPORT_FAKE_ZOOKEEPER_PRIVATE_H

#include <pthread.h>

#include "tests/support/fake_zookeeper.h"

enum { SILENT_NS = 30000000, PATH_BYTES = 512, OVERHEAD_BYTES = 128, LOGIN_BYTES = 256, HISTORY = 64 };

typedef struct node {
    char *path;
    char *value;
    size_t bytes;
    char login[LOGIN_BYTES]; /* who may see it; empty: all */
    weft_zookeeper_stat stat;
    int64_t sequence; /* of the next child with a number */
} node;

/* A node as it was before a transaction; value and path are copies. */
typedef struct past {
    int64_t transaction;
    bool was_there;
    node node;
} past;

typedef struct request {
    struct request *next;
    int kind; /* of calls below */
    char path[PATH_BYTES];
    void *value;
    size_t bytes;
    int32_t version;
    uint32_t flags;
    bool watch;
    weft_zookeeper_op *ops;
    int32_t count;
    weft_zookeeper_done *done;
    void *of;
} request;

/* An answer (done) or an event. */
typedef struct message {
    struct message *next;
    weft_zookeeper_done *done;
    void *of;
    bool is_event;
    weft_zookeeper_event event;
    weft_zookeeper_answer answer;
    char path[PATH_BYTES];
    char *value, **children;
} message;

typedef struct watch {
    struct watch *next;
    char path[PATH_BYTES];
    bool of_children;
} watch;

typedef struct session {
    struct session *next;
    fake_zookeeper *of;
    int64_t id;
    char login[LOGIN_BYTES];
    int32_t timeout_ms;
    weft_zookeeper_on_event *on_event;
    void *event_of;
    weft_zookeeper_state state;         /* as the client knows */
    bool is_cut, is_dead;               /* dead: to the servers */
    bool is_left;                       /* nobody waits for its work any more */
    int64_t heard_ns, lease_ns, synced; /* transaction of its last sync */
    request *first, *last;
    message *out, *out_last;
    watch *watches;
} session;

struct fake_zookeeper {
    pthread_mutex_t lock;
    pthread_cond_t news; /* some session has something to do */
    fake_zookeeper_watcher watcher;
    pthread_t thread;
    bool is_running, is_stopping;
    uint64_t random;
    int64_t now_ns, transactions, sessions_made;
    int32_t lag;
    node *nodes; /* sorted by path */
    int32_t count, capacity;
    past history[HISTORY];
    int32_t history_count;
    session *sessions;
    const session *delivering; /* a callback of it is at work */
    int64_t writes, fault_at;
    fake_zookeeper_fault fault;
};

enum { CREATE, GET, SET, REMOVE, EXISTS, CHILDREN, MULTI, SYNC };

node *fake_find_node(const fake_zookeeper *f, const char *path);
char *fake_copy_bytes(const void *bytes, size_t len);
void fake_past_free(past *p);
void fake_insert_node(fake_zookeeper *f, const session *s, const char *path, const void *value, size_t bytes,
                      uint32_t flags);
weft_zookeeper_outcome fake_do_create(fake_zookeeper *f, const session *s, char path[PATH_BYTES],
                                      const void *value, size_t bytes, uint32_t flags);
weft_zookeeper_outcome fake_do_set(fake_zookeeper *f, const session *s, const char *path, const void *value,
                                   size_t bytes, int32_t version);
weft_zookeeper_outcome fake_do_remove(fake_zookeeper *f, const session *s, const char *path, int32_t version);
weft_zookeeper_outcome fake_do_multi(fake_zookeeper *f, const session *s, const request *r, message *m);
weft_zookeeper_outcome fake_do_read(fake_zookeeper *f, session *s, const request *r, message *m);
/* A watch that was set by a read of what was no longer so: its server hears of the change soon, and it fires.
 * To be called when the answer is on its way. */
void fake_watch_catches_up(fake_zookeeper *f, session *s, const request *r);
void fake_push(session *s, message *m);
void fake_set_state(session *s, weft_zookeeper_state state);

#endif
