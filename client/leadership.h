/* client/leadership.h - all that a coordinator has while it leads: journal, core, control port. It is made
 * when a leadership begins and torn down when it ends, any number of times in one process.
 *
 * One thread starts and stops it; `coordinator` and `is_suspended` may be asked by any. */
#ifndef WEFT_CLIENT_LEADERSHIP_H
#define WEFT_CLIENT_LEADERSHIP_H

#include "client/daemon.h"
#include "common/keys.h"
#include "common/seal.h"
#include "coordinator/blobs.h"
#include "coordinator/coordinator.h"
#include "coordinator/elector.h"

typedef struct weft_leadership weft_leadership;

typedef struct weft_leadership_options {
    const weft_daemon *daemon; /* borrowed, as are all here */
    const char *host, *cluster;
    int32_t port; /* 0: any free one */
    int64_t grace_ms, session_grace_ms, named_grace_ms, away_ms;
    weft_keys *keys;
    const char *journal;     /* folder of a file journal, or NULL */
    const weft_reign *reign; /* what was won in ZooKeeper, or NULL */
    const weft_seal *seal;   /* with a reign: of its records */
    weft_blobs *blobs;       /* large records of ZooKeeper and files of sessions; NULL: there is no place */
} weft_leadership_options;

/* Open the journal, bring back what is in it, and listen. Without a reign the epoch is the journal's next, or
 * the clock's. Errors: those of its parts. */
WEFT_MUST_CHECK weft_status weft_leadership_start(weft_ctx *ctx, const weft_leadership_options *options,
                                                  weft_leadership **out);
int32_t weft_leadership_port(const weft_leadership *leadership);
weft_coordinator *weft_leadership_coordinator(const weft_leadership *leadership);
/* Does its journal take nothing more, as another leads or will? */
bool weft_leadership_is_deposed(const weft_leadership *leadership);
/* While ZooKeeper cannot be reached: nothing new is taken. */
void weft_leadership_suspend(weft_leadership *leadership, bool suspended);
/* Tear all down. silent: without a word to clients and workers, who go on with the next leader; else their
 * jobs end. NULL is allowed. */
void weft_leadership_stop(weft_leadership **leadership, bool silent);

#endif
