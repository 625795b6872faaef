/* coordinator/elector.h - takes part in the election: election.h with a session of ZooKeeper, a clock and
 * chance.
 *
 * One thread owns the machine; what ZooKeeper says is posted to it. It tells its owner by the handler, in
 * that thread, which must not wait: what takes time belongs elsewhere.
 *
 * An owner that has led lays the leadership down: everything of it is torn down, and then it says so
 * (weft_elector_laid_down). Until then it is not made leader anew, and the session that it led in stays open
 * for its journal. Its candidate is withdrawn meanwhile, so that others need not wait for it.
 *
 * When there is no ZooKeeper, for however long, it waits, and logs so. */
#ifndef WEFT_COORDINATOR_ELECTOR_H
#define WEFT_COORDINATOR_ELECTOR_H

#include "common/mem.h"
#include "common/seal.h"
#include "common/zookeeper.h"
#include "coordinator/election.h"
#include "coordinator/leader.h"

typedef struct weft_elector weft_elector;

/* What a leadership is, for its journal. */
typedef struct weft_reign {
    uint64_t epoch, term;
    int32_t version;                 /* of the epoch's node */
    const char *epoch_path;          /* of that node */
    const weft_zookeeper *zookeeper; /* open until weft_elector_laid_down */
} weft_reign;

/* In the elector's thread. */
typedef struct weft_elector_handler {
    void *self;
    void (*lead)(void *self, const weft_reign *reign);
    void (*suspend)(void *self);
    void (*resume)(void *self);
    void (*step_down)(void *self, const char *why); /* why: static text */
    void (*follow)(void *self, const weft_leader *leader);
} weft_elector_handler;

typedef struct weft_elector_options {
    weft_pool *pool;
    const weft_settings *settings;
    const char *servers; /* "h1:p,h2:p"; copied, as are all texts here */
    const char *folder;  /* "/weft/CLUSTER" */
    const char *user, *password;
    int32_t timeout_ms;                   /* of the session, as wished for */
    const weft_seal *seal;                /* borrowed; NULL: values lie open, for tests */
    const char *address, *http, *version; /* of this process, for others */
    const char *blobs;                    /* likewise, of its blobs; NULL: it keeps none */
    weft_elector_handler handler;
    /* NULL: weft_zookeeper_open; a test has its own */
    weft_status (*open)(weft_ctx *ctx, const weft_zookeeper_options *options, weft_zookeeper *out);
} weft_elector_options;

/* What people see of it. */
typedef struct weft_elector_view {
    weft_election_state state;
    bool connected;     /* to ZooKeeper */
    uint64_t epoch;     /* the last that was seen; 0: none */
    bool knows_leader;  /* somebody else leads, or did */
    weft_leader leader; /* likewise */
    char problem[256];  /* what went wrong last, or "" */
} weft_elector_view;

/* Stand for election. Errors: WEFT_INVALID (a text is too long, a folder that is none), WEFT_NOMEM, those of
 * weft_zookeeper_open but WEFT_UNREACHABLE. */
WEFT_MUST_CHECK weft_status weft_elector_start(weft_ctx *ctx, const weft_elector_options *options,
                                               weft_elector **out);
/* Nothing of the leadership is left. Any thread; once after each `lead`. */
void weft_elector_laid_down(weft_elector *elector);
/* To the end of the line: this process cannot lead. Any thread. */
void weft_elector_resign(weft_elector *elector);
/* Any thread. */
void weft_elector_look(weft_elector *elector, weft_elector_view *out);
/* Withdraw at once: the session ends, and no call of the handler runs or comes any more. A leadership must be
 * laid down. NULL is allowed. */
void weft_elector_stop(weft_elector **elector);

#endif
