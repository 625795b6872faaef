/* worker/member.h - a worker as a member of its cluster: control.h's machine on a network endpoint.
 *
 *     weft_member_new(ctx, &options, &member);
 *     weft_worker_start(ctx, &(…){… .coordinator = weft_member_link(member)}, &worker);
 *     weft_member_start(ctx, member, worker, address, NULL);
 *     …
 *     weft_member_leave(member);
 *     weft_member_stop(member);
 *     weft_worker_stop(&worker);
 *     weft_member_free(&member);
 *
 * Threads: the endpoint's own runs the machine, takes orders and beats; it never runs a kernel and waits for
 * nothing but, once for each new leader, for the disk (epoch.h). Slots leave reports in the outbox and wake
 * it.
 *
 * What goes wrong ends the session, never the process: an order that cannot be decoded or for which there is
 * no memory, a report that found no room. In the next session both ends compare what they hold, so nothing
 * needs to be mended here. The process ends when the coordinator refuses it, or when there was none for the
 * grace time. */
#ifndef WEFT_WORKER_MEMBER_H
#define WEFT_WORKER_MEMBER_H

#include "common/keys.h"
#include "worker/control.h"
#include "worker/worker.h"

typedef struct weft_member weft_member;

enum { WEFT_CONTROL_PORT = 7077 }; /* of an address that names none */

/* Texts are borrowed until it is freed. */
typedef struct weft_member_options {
    const char *masters; /* "weft://HOST[:PORT][,HOST[:PORT]]…": each try goes to the next one */
    const char *host_id, *cluster, *version;
    const char *folder; /* where the highest epoch is kept; NULL: in this process only */
    weft_uuid uuid;
    weft_keys *keys; /* borrowed; NULL: none, loopback only */
    weft_control_options control;
    int64_t outbox_bytes; /* most bytes of reports that wait for an acknowledgement */
    /* Called by the endpoint's thread; they wait for nothing. Members may be NULL. */
    void (*registered)(void *self, int32_t number, const char *master); /* at every session */
    void (*artifacts)(void *self, const char *address);                 /* before it: where they are; "" */
    void (*ended)(void *self, const weft_error *why);                   /* once: the process should end */
    void *self;
} weft_member_options;

/* What is usual for a cluster that notices a death within a second or two. */
weft_control_options weft_member_times(void);

/* Memory is charged to ctx's account. Errors: WEFT_INVALID for addresses that are none, or not on the
 * loopback without keys (with a hint); those of weft_epoch_read; WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_member_new(weft_ctx *ctx, const weft_member_options *options,
                                            weft_member **out);
/* Where the worker reports to. */
weft_coordinator_link weft_member_link(weft_member *member);
/* Start the endpoint, which connects and registers. Borrowed until weft_member_stop: worker; address: of the
 * block server as others reach it, "tcp://HOST:PORT"; web: where the worker is watched, "http://HOST:PORT" or
 * "https://…", or NULL. Errors: those of weft_net_start. */
WEFT_MUST_CHECK weft_status weft_member_start(weft_ctx *ctx, weft_member *member, weft_worker *worker,
                                              const char *address, const char *web);
/* Send what waits and tell the coordinator that the worker ends. From then on no order is taken. Waits for at
 * most a second. */
void weft_member_leave(weft_member *member);
/* Close the connection and join the endpoint's thread: before the worker is stopped, which may report until
 * then; nobody hears it. NULL is allowed. */
void weft_member_stop(weft_member *member);
/* After weft_worker_stop. NULL is allowed. */
void weft_member_free(weft_member **member);

#endif
