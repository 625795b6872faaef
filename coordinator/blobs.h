/* coordinator/blobs.h - the blobs of a coordinator: large values of the journal and files of sessions, on the
 * leader and on those that stand by (docs/failover.md, "Large records").
 *
 * It lives as long as the process: its port (blob_port.h) takes and gives blobs while it leads and while it
 * stands by. While it leads, whoever needs a blob to be durable gets it onto this machine and onto another
 * one before he goes on; a thread of its own brings what is needed to all others, tells them what is not, and
 * removes it here too. What this coordinator misses is fetched from the others when it is asked for.
 *
 * How many machines: `copies`. With 2 and nobody standing by WEFT_UNREACHABLE is answered; with 1 this
 * machine is enough, as it is without ZooKeeper, where nothing else would outlive this machine either.
 *
 * Any thread. */
#ifndef WEFT_COORDINATOR_BLOBS_H
#define WEFT_COORDINATOR_BLOBS_H

#include "coordinator/blob_port.h"
#include "coordinator/journal_zookeeper.h"

typedef struct weft_blobs weft_blobs;

typedef struct weft_blobs_options {
    const char *folder; /* made when it is not there; all is borrowed */
    const char *host;   /* where its port listens */
    int32_t port;       /* 0: any free one */
    weft_keys *keys;
    const weft_seal *seal; /* NULL: they lie open */
    weft_pool *pool;
    const weft_settings *settings;
    int64_t most_bytes; /* of each class; 0: no bound */
    int32_t copies;     /* 1 or 2 */
    int64_t idle_ms;    /* what nobody needs is removed so long after its last use */
} weft_blobs_options;

/* Errors: those of weft_blob_store_open and weft_blob_port_start. */
WEFT_MUST_CHECK weft_status weft_blobs_open(weft_ctx *ctx, const weft_blobs_options *options,
                                            weft_blobs **out);
/* Of its port. */
int32_t weft_blobs_port(const weft_blobs *blobs);
/* Where others reach that port, "HOST:PORT"; copied. Before it leads. */
void weft_blobs_name(weft_blobs *blobs, const char *address);
const char *weft_blobs_address(const weft_blobs *blobs);
/* NULL is allowed. It must not lead. */
void weft_blobs_close(weft_blobs **blobs);

/* What sessions need of the artifacts; copied, and asked until blobs lead no more. */
typedef struct weft_blob_needs {
    void *self;
    /* Names; in ctx->arena. */
    weft_status (*list)(weft_ctx *ctx, void *self, const char ***names, int32_t *count);
} weft_blob_needs;
/* Before weft_blobs_tend. */
void weft_blobs_need(weft_blobs *blobs, const weft_blob_needs *needs);

/* Something else is needed than a moment ago: what is not here is brought from the others soon. */
void weft_blobs_wake(weft_blobs *blobs);

/* For a journal in ZooKeeper: where its large values are kept. */
const weft_journal_blobs *weft_blobs_of_journal(weft_blobs *blobs);
/* This process leads, in this epoch; the journal, which may be NULL, is open until weft_blobs_retire. */
void weft_blobs_lead(weft_blobs *blobs, weft_journal *journal, uint64_t epoch);
/* Sessions are being made again: what they need is brought to others, and what nobody needs is removed, from
 * idle_ms on. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_blobs_tend(weft_ctx *ctx, weft_blobs *blobs);
/* It leads no more. Without weft_blobs_lead before it does nothing. */
void weft_blobs_retire(weft_blobs *blobs);

/* The files of sessions: written by their owner, then weft_blobs_spread. */
weft_blob_store *weft_blobs_store(weft_blobs *blobs, weft_blob_class class);
/* A blob that is here durably is so on as many machines as it should be, when this answers WEFT_OK. Errors:
 * WEFT_UNREACHABLE (says what to do), what another coordinator refuses with when all do. */
WEFT_MUST_CHECK weft_status weft_blobs_spread(weft_ctx *ctx, weft_blobs *blobs, weft_blob_class class,
                                              const char *name);
/* Have it here: from another coordinator when it is not. When nobody has it who is there, those who are not
 * are waited for: 30 s, for values of the journal 30 s of a leadership in all. Errors: WEFT_NOT_FOUND (nobody
 * has it), WEFT_CANCELLED, those of weft_blob_create. */
WEFT_MUST_CHECK weft_status weft_blobs_have(weft_ctx *ctx, weft_blobs *blobs, weft_blob_class class,
                                            const char *name);

typedef struct weft_blobs_counts {
    int32_t count; /* of blobs here */
    int64_t bytes;
    int64_t stored, spread, fetched; /* values of the journal; blobs that were sent; that came from others */
    weft_blob_port_counts port;
} weft_blobs_counts;
void weft_blobs_count(weft_blobs *blobs, weft_blobs_counts *out);

#endif
