/* common/zookeeper.h - one session with ZooKeeper: asynchronous calls, watches, and how long it surely lasts.
 *
 * An interface, so that a simulated ZooKeeper can stand in (tests/support/fake_zookeeper.h); the real one is
 * Debian's multi-threaded C library, opened by the process that needs it. A session is opened, used until it
 * is EXPIRED or REFUSED, and closed; whoever wants to go on opens another.
 *
 * Calls may come from any thread, also from a callback. A call that answers WEFT_OK has its `done` called
 * exactly once, later, by the library's thread (also when the session ends: with UNKNOWN or EXPIRED, at the
 * latest by close); another answer means that nothing was sent and done is never called. Paths and values are
 * copied. Completions and events come one at a time, in the order in which the server answered. What they
 * point to lives until they return; they must not wait for anything: they post to whoever waits.
 *
 * UNKNOWN: the connection was lost; the request may have been carried out, or not. Once a later `sync` of the
 * same session is answered, a read tells which.
 *
 * A watch is set by a call that is answered OK (`exists`: also NO_NODE), fires once, and outlives a change of
 * servers. A read may be stale: only what comes after a `sync` is as new as that.
 *
 * Every node is made with an access list that lets in nobody but the session's own user and password. That
 * password crosses the wire in clear (Debian's library has no TLS): values are sealed before they get here
 * (common/seal.h).
 *
 * The lease. The server ends a session that it has not heard of for the timeout; it alone decides, and tells
 * when the connection is back. A client that hears nothing must count for itself: a probe (a sync, which the
 * leading server answers) goes out every sixth of the timeout, and the session is surely ours until the
 * timeout after the *sending* of the last one that was answered. */
#ifndef WEFT_COMMON_ZOOKEEPER_H
#define WEFT_COMMON_ZOOKEEPER_H

#include "common/ctx.h"

typedef enum weft_zookeeper_outcome {
    WEFT_ZOOKEEPER_OK,
    WEFT_ZOOKEEPER_NO_NODE,     /* of create: the node above it */
    WEFT_ZOOKEEPER_EXISTS,      /* create: the node is there already */
    WEFT_ZOOKEEPER_BAD_VERSION, /* the node is there, in another version than was named */
    WEFT_ZOOKEEPER_NOT_EMPTY,   /* remove: the node has children */
    WEFT_ZOOKEEPER_UNKNOWN,     /* see above */
    WEFT_ZOOKEEPER_EXPIRED,     /* the session is over; nothing was done */
    WEFT_ZOOKEEPER_REFUSED,     /* the node's access list, or the user: not allowed */
    WEFT_ZOOKEEPER_INVALID,     /* what no server accepts: a child of an ephemeral node */
    WEFT_ZOOKEEPER_OUTCOME_COUNT
} weft_zookeeper_outcome;

typedef enum weft_zookeeper_state {
    WEFT_ZOOKEEPER_CONNECTING, /* no server now; the session may live, and the library tries for ever */
    WEFT_ZOOKEEPER_CONNECTED,
    WEFT_ZOOKEEPER_EXPIRED_STATE, /* final: the server said so */
    WEFT_ZOOKEEPER_REFUSED_STATE  /* final: the server wants another login */
} weft_zookeeper_state;

enum {
    WEFT_ZOOKEEPER_ANY_VERSION = -1,
    WEFT_ZOOKEEPER_EPHEMERAL = 1, /* flags of create: the node goes with the session */
    WEFT_ZOOKEEPER_SEQUENCE = 2,  /* ten digits are put behind the name, growing */
    WEFT_ZOOKEEPER_OPS_MAX = 1000,
    /* Of a request: servers refuse 1 MiB by cutting the connection, which looks like any other loss. */
    WEFT_ZOOKEEPER_REQUEST_BYTES = 1000000
};

typedef struct weft_zookeeper_stat {
    int32_t version;          /* of the value; 0 when it is made */
    int32_t children_version; /* how often the list of children changed */
    int32_t child_count;
    int64_t value_bytes;
    int64_t made, changed; /* the transactions that did */
    int64_t session;       /* whose ephemeral node it is; 0: it stays */
} weft_zookeeper_stat;

typedef struct weft_zookeeper_answer {
    weft_zookeeper_outcome outcome;
    const char *path;         /* as asked; of create: as made, with its number; of multi: NULL */
    weft_zookeeper_stat stat; /* of create, get, set, exists, children; of multi: of its last SET */
    const void *value;        /* of get; NULL when there is none */
    size_t bytes;
    const char *const *children; /* of children: names without the path, in no order */
    int32_t child_count;
    int32_t failed; /* of multi: which operation could not be done; -1: not known, or none */
} weft_zookeeper_answer;

typedef void weft_zookeeper_done(void *of, const weft_zookeeper_answer *answer);

typedef enum weft_zookeeper_op_kind {
    WEFT_ZOOKEEPER_CHECK, /* the node is there, in this version */
    WEFT_ZOOKEEPER_CREATE,
    WEFT_ZOOKEEPER_SET,
    WEFT_ZOOKEEPER_REMOVE
} weft_zookeeper_op_kind;

typedef struct weft_zookeeper_op {
    weft_zookeeper_op_kind kind;
    const char *path;
    int32_t version; /* of all but CREATE */
    uint32_t flags;  /* of CREATE; not SEQUENCE: nobody would learn the name */
    const void *value;
    size_t bytes;
} weft_zookeeper_op;

typedef enum weft_zookeeper_event_kind {
    WEFT_ZOOKEEPER_EVENT_STATE, /* of the session */
    WEFT_ZOOKEEPER_EVENT_MADE,  /* what a watch saw */
    WEFT_ZOOKEEPER_EVENT_REMOVED,
    WEFT_ZOOKEEPER_EVENT_CHANGED,
    WEFT_ZOOKEEPER_EVENT_CHILDREN
} weft_zookeeper_event_kind;

typedef struct weft_zookeeper_event {
    weft_zookeeper_event_kind kind;
    weft_zookeeper_state state;
    const char *path; /* of a watch; else NULL */
} weft_zookeeper_event;

typedef void weft_zookeeper_on_event(void *of, const weft_zookeeper_event *event);

/* A session. ctx of a call: for its error text and memory; the deadline is not looked at. Errors of every
 * call: WEFT_LIMIT (larger than REQUEST_BYTES or OPS_MAX; says which path), WEFT_NOMEM, WEFT_UNREACHABLE (the
 * session is over). version: WEFT_ZOOKEEPER_ANY_VERSION does not look at it. done may be NULL. */
typedef struct weft_zookeeper {
    void *self;
    weft_status (*create)(weft_ctx *ctx, void *self, const char *path, const void *value, size_t bytes,
                          uint32_t flags, weft_zookeeper_done *done, void *of);
    weft_status (*get)(weft_ctx *ctx, void *self, const char *path, bool watch, weft_zookeeper_done *done,
                       void *of);
    weft_status (*set)(weft_ctx *ctx, void *self, const char *path, const void *value, size_t bytes,
                       int32_t version, weft_zookeeper_done *done, void *of);
    weft_status (*remove)(weft_ctx *ctx, void *self, const char *path, int32_t version,
                          weft_zookeeper_done *done, void *of);
    weft_status (*exists)(weft_ctx *ctx, void *self, const char *path, bool watch, weft_zookeeper_done *done,
                          void *of);
    weft_status (*children)(weft_ctx *ctx, void *self, const char *path, bool watch,
                            weft_zookeeper_done *done, void *of);
    /* All of them, or none. Outcome: of the one that failed. */
    weft_status (*multi)(weft_ctx *ctx, void *self, const weft_zookeeper_op *ops, int32_t count,
                         weft_zookeeper_done *done, void *of);
    weft_status (*sync)(weft_ctx *ctx, void *self, const char *path, weft_zookeeper_done *done, void *of);

    /* Any thread; none of them waits. */
    weft_zookeeper_state (*state)(void *self);
    /* Until when (ctx->clock's now_ns) the session is surely ours; 0: nobody knows. Never falls but to 0. */
    int64_t (*lease_until_ns)(void *self);
    int32_t (*timeout_ms)(void *self); /* as agreed with the server; until then as wished */
    int64_t (*session)(void *self);    /* its id, 0 before the first connection */

    /* End the session at once: its ephemeral nodes go. What waits is answered (UNKNOWN or EXPIRED) before
     * this returns. Not from a callback. */
    void (*close)(void *self);
} weft_zookeeper;

typedef struct weft_zookeeper_options {
    const char *servers; /* "host:port,host:port" */
    int32_t timeout_ms;  /* wished for */
    const char *user, *password;
    weft_zookeeper_on_event *on_event; /* may be NULL */
    void *of;
} weft_zookeeper_options;

/* Begin a session; answers before there is a connection. All is copied. Errors: WEFT_UNSUPPORTED (no
 * library), WEFT_UNREACHABLE (no server has an address), WEFT_INVALID, WEFT_NOMEM. Caller closes. */
WEFT_MUST_CHECK weft_status weft_zookeeper_open(weft_ctx *ctx, const weft_zookeeper_options *options,
                                                weft_zookeeper *out);
/* *zk is zeroed; one that is zeroed is closed. */
void weft_zookeeper_close(weft_zookeeper *zk);

/* "NO_NODE"; static. */
const char *weft_zookeeper_outcome_name(weft_zookeeper_outcome outcome);
const char *weft_zookeeper_state_name(weft_zookeeper_state state);

#endif
