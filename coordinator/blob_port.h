/* coordinator/blob_port.h - where a coordinator, leading or standing by, takes and gives blobs
 * (proto/blob.h).
 *
 * With keys only coordinators may put blobs here and say which are needed, and read those of the journal;
 * workers may read artifacts; nobody else gets an answer. A PUT or KEEP of a lower epoch than the highest
 * that was heard of is refused: of a leader that leads no more.
 *
 * The network's thread only checks and queues; one thread of its own reads and writes files, so that nobody
 * who leads ever waits for a disk here. Everything is bounded: what waits (a request more is refused, and its
 * sender tries later), chunks that are under way, uploads at a time. */
#ifndef WEFT_COORDINATOR_BLOB_PORT_H
#define WEFT_COORDINATOR_BLOB_PORT_H

#include "common/net.h"
#include "engine/storage/blob_store.h"
#include "proto/blob.h"

typedef struct weft_blob_port weft_blob_port;

typedef struct weft_blob_port_options {
    const char *host; /* where to listen; all is borrowed */
    int32_t port;     /* 0: any free one */
    weft_keys *keys;  /* NULL: loopback only */
    weft_pool *pool;
    const weft_settings *settings;
    weft_blob_store *stores[WEFT_BLOB_CLASS_COUNT];
    int64_t idle_ns; /* what a KEEP does not name, and nobody used for so long before its time, is removed */
} weft_blob_port_options;

typedef struct weft_blob_port_counts {
    int64_t puts, gets, keeps;   /* blobs that came whole; chunks that went out; lists */
    int64_t bytes_in, bytes_out; /* of chunks */
    int64_t refused, ignored;    /* refused by an answer; no message at all, or of who may not ask */
    int32_t uploads;             /* now */
} weft_blob_port_counts;

/* Returns when it listens. Errors: those of weft_net_start. */
WEFT_MUST_CHECK weft_status weft_blob_port_start(weft_ctx *ctx, const weft_blob_port_options *options,
                                                 weft_blob_port **out);
int32_t weft_blob_port_number(const weft_blob_port *port);
/* This process has seen this epoch: lower ones are refused from now on. Any thread. */
void weft_blob_port_see_epoch(weft_blob_port *port, uint64_t epoch);
void weft_blob_port_count(weft_blob_port *port, weft_blob_port_counts *out);
/* Close all, join, free. NULL is allowed. */
void weft_blob_port_stop(weft_blob_port **port);

#endif
