/* worker/serve.h - the block server of a worker: it gives headers and pages of the blocks in a store to the
 * fetchers of other processes (proto/data.h).
 *
 * The network's thread only checks a request and queues it; a few threads of its own look blocks up, read
 * what is in scratch, and compress. Pages that are in memory are lent to the network until they are sent; the
 * pages of one fetcher never wait for those of another, as what does not fit into a peer's queue is refused
 * (BUSY), and the fetcher asks again.
 *
 * With keys only workers and coordinators of the cluster are answered. */
#ifndef WEFT_WORKER_SERVE_H
#define WEFT_WORKER_SERVE_H

#include "common/net.h"
#include "common/uuid.h"
#include "worker/relay.h"
#include "worker/store.h"

typedef struct weft_serve weft_serve;

typedef struct weft_serve_options {
    const char *listen; /* "tcp://HOST:PORT" (port 0: any free one) */
    weft_keys *keys;    /* borrowed, as are all here; NULL: loopback only */
    weft_pool *pool;
    const weft_settings *settings; /* of the process: whether to compress */
    weft_store *store;
    weft_relay *relay;   /* blocks of others that are read here; NULL: none are passed on */
    weft_uuid uuid;      /* of this process: requests for another find nothing here */
    const char *host_id; /* fetchers with the same one are on this host */
} weft_serve_options;

/* Errors: those of weft_net_start. The store must outlive it. */
WEFT_MUST_CHECK weft_status weft_serve_start(weft_ctx *ctx, const weft_serve_options *options,
                                             weft_serve **out);
int32_t weft_serve_port(const weft_serve *serve);

typedef struct weft_serve_counts {
    int64_t headers, pages, bytes, stored; /* bytes: of images; stored: as they were sent */
    int64_t relayed;                       /* bytes of images that others have made */
    int64_t busy, gone;                    /* answers that were not given */
    int64_t ignored;                       /* messages that are none, or from peers that may not ask */
} weft_serve_counts;
void weft_serve_count(weft_serve *serve, weft_serve_counts *out);

/* Answer nothing more, join, free. NULL is allowed. */
void weft_serve_stop(weft_serve **serve);

/* What a host's id becomes in a request. */
uint64_t weft_host_number(const char *host_id);

#endif
