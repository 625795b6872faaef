/* coordinator/service.h - sessions of clients in other processes: their statements run here, their results
 * stream to them (proto/session.h).
 *
 * A session has a thread of its own, which plans and runs its statements one after the other and sends their
 * pages while the client gives credit, so that a result of any size takes the memory of a few pages. The
 * network's thread only puts what arrives into its queue. A session whose connection broke goes on for as
 * long as keep_ms: a client that comes back finds its views, its settings, the statement that runs and the
 * rest of its results; when none does, all of them end. */
#ifndef WEFT_COORDINATOR_SERVICE_H
#define WEFT_COORDINATOR_SERVICE_H

#include "common/net.h"
#include "coordinator/coordinator.h"
#include "coordinator/journal.h"

typedef struct weft_service weft_service;
struct weft_recovery; /* recovery.h */

typedef struct weft_service_options {
    weft_pool *pool;
    const weft_settings *settings; /* a new session begins with these; borrowed, as are all here */
    weft_coordinator *coordinator;
    weft_net *net;         /* answers go this way */
    weft_journal *journal; /* sessions stand there, for a coordinator after this one; NULL: they do not */
    int32_t sessions_max;
    int32_t keep_ms;       /* a session without a connection, and what it runs, ends then; 0: a minute */
    int32_t named_keep_ms; /* the same of one with a name; 0: an hour */
} weft_service_options;

WEFT_MUST_CHECK weft_status weft_service_new(weft_ctx *ctx, const weft_service_options *options,
                                             weft_service **out);
/* Make the sessions that an earlier coordinator has left in the journal, and go on at once with their
 * statements: recovery's, all of which are run or left; NULL: none. Clients may come back from now on;
 * sessions whose clients do not end after keep_ms. Before any message. Errors: those of weft_journal_list; a
 * session that cannot be read is logged. */
WEFT_MUST_CHECK weft_status weft_service_recover(weft_ctx *ctx, weft_service *service,
                                                 const struct weft_recovery *recovery);
/* What a client sent: the frames after the envelope, borrowed for the call. From the endpoint's thread; never
 * waits. who: proven identity; a session belongs to the user that opened it. */
void weft_service_message(weft_service *service, weft_net_peer peer, const weft_identity *who,
                          const weft_net_frame *frames, int32_t count);
/* The connection of a client is broken: nothing more is sent until it is back. */
void weft_service_gone(weft_service *service, weft_net_peer peer);
/* While it is suspended, statements and settings are refused with NO_QUORUM: what they change could not be
 * made durable. Any thread. */
void weft_service_suspend(weft_service *service, bool suspended);
/* Time has passed: sessions whose clients have not come back end. From the endpoint's thread. */
void weft_service_tick(weft_service *service);
/* Sessions that there are now. Any thread. */
int32_t weft_service_sessions(weft_service *service);
/* Cancel what runs, and wait until no session is left; a new one is refused from now on. Where there is a
 * journal the coordinator is deposed: sessions and statements are left for the next one. Messages and ticks
 * may still come. NULL is allowed. */
void weft_service_end(weft_service *service);
/* End, and free: nothing must come any more. NULL is allowed. */
void weft_service_stop(weft_service **service);

#endif
