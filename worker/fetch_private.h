/* worker/fetch_private.h - what fetch.c (connections, headers) and fetch_stream.c (pages) share.
 *
 * One lock, the fetcher's. It may be held while the endpoint is called (weft_net_send), which never waits and
 * never holds its own lock over a handler. Pages are copied without it. */
#ifndef WEFT_WORKER_FETCH_PRIVATE_H
#define WEFT_WORKER_FETCH_PRIVATE_H

#include <pthread.h>

#include "common/net.h"
#include "proto/data.h"
#include "worker/fetch.h"

enum {
    FETCH_BUCKETS = 1024,
    FETCH_WAIT_NS = 20 * 1000 * 1000,  /* between two looks at the cancel flag */
    FETCH_STEP_NS = 100 * 1000 * 1000, /* a wait counts as no longer: this process may have been stopped */
    FETCH_STARVED = 12, /* deadlines: so long a live holder may leave a stream without a page */
    FETCH_BACKOFF_NS = 5 * 1000 * 1000, /* after BUSY, doubled up to … */
    FETCH_BACKOFF_MOST_NS = 200 * 1000 * 1000,
    FETCH_ADDRESS_BYTES = WEFT_HOST_BYTES + 16
};

typedef struct fetch_stream fetch_stream;
typedef struct fetch_request fetch_request;

/* A connection to a block server. It leaves the list when it breaks, and goes with its last user. */
typedef struct connection {
    struct connection *next;
    weft_net_peer peer;
    fetch_stream *asking; /* streams that want pages which they have not asked for */
    int32_t asking_count;
    int64_t asking_bytes;
    int32_t users;   /* streams and requests */
    int64_t idle_ns; /* since when it has none */
    int64_t heard;   /* messages that came over it */
    bool broken;
    const char *why; /* broken: static text */
    char address[FETCH_ADDRESS_BYTES];
} connection;

/* A waiter's clock: how long nothing was heard, by a clock that leaves out when this process did not run. */
typedef struct patience {
    int64_t last_ns, silent_ns, starved_ns, heard;
    int64_t silent_most, starved_most;
} patience;

/* A holder of blocks, shared by the stand-ins that came from it. */
typedef struct holder {
    atomic_int users;
    weft_fetcher *fetcher;
    int32_t worker;
    bool relay; /* somebody else has it too */
    weft_uuid process;
    char address[FETCH_ADDRESS_BYTES];
} holder;

struct weft_fetcher {
    weft_account *account;
    weft_arena *arena; /* of the network's thread */
    weft_ctx ctx;
    uint64_t host;
    int64_t deadline_ns;
    int64_t ahead_most;        /* bytes, of all streams together … */
    int64_t stream_ahead_most; /* … and of one */
    pthread_mutex_t lock;
    weft_net *net; /* guarded by lock, as is all below */
    connection *connections;
    uint64_t next_id;
    fetch_stream *streams[FETCH_BUCKETS]; /* by id */
    fetch_request *requests;
    weft_fetch_counts counts;
};

/* ---- fetch.c ---- */

/* Lock held: the connection to an address, with one more user; opened when there is none. */
WEFT_MUST_CHECK weft_status weft_fetch_connect(weft_ctx *ctx, weft_fetcher *f, const char *address,
                                               connection **out);
/* Lock held: one user less. *conn is NULL afterwards. */
void weft_fetch_leave(weft_fetcher *f, connection **conn);
/* Lock held: it leads nowhere any more; who asks next opens another. It is freed when it has no user. */
void weft_fetch_break(weft_fetcher *f, connection *conn, const char *why);
/* Lock held: begin and go on waiting for something over this connection. Waits at most FETCH_WAIT_NS for
 * `changed`. Errors: WEFT_UNREACHABLE, and those of weft_check_cancel. */
void weft_fetch_wait_begin(const weft_ctx *ctx, const connection *conn, const holder *of, patience *p);
WEFT_MUST_CHECK weft_status weft_fetch_wait(weft_ctx *ctx, weft_fetcher *f, const connection *conn,
                                            pthread_cond_t *changed, patience *p);
void weft_fetch_cond_init(pthread_cond_t *cond);
int64_t weft_fetch_backoff(int32_t tries);
void weft_holder_release(holder *h);

/* ---- fetch_stream.c ---- */

/* The origin of one stand-in: holder is one use of it, which the origin takes. */
WEFT_MUST_CHECK weft_status weft_fetch_origin(weft_ctx *ctx, holder *h, weft_block_origin *out);
/* The stand-in was made: streams ask it for the sizes of its pages. */
void weft_fetch_origin_of(const weft_block_origin *origin, const weft_block *block);
/* In the network's thread, lock not held: pages came. False when the message contradicts itself. */
bool weft_fetch_pages(weft_fetcher *f, const weft_net_frame *frames, int32_t count,
                      const weft_data_head *head);
/* Lock held: wake all streams of a connection. */
void weft_fetch_streams_wake(weft_fetcher *f, const connection *conn);

#endif
