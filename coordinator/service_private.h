/* coordinator/service_private.h - what service.c (requests, the network's thread) and service_session.c (a
 * session's thread) share; for nobody else.
 *
 * One lock guards the list of sessions and what the network's thread writes into them; it is never held over
 * a statement, a page or a message. */
#ifndef WEFT_COORDINATOR_SERVICE_PRIVATE_H
#define WEFT_COORDINATOR_SERVICE_PRIVATE_H

#include <pthread.h>

#include "coordinator/service.h"
#include "coordinator/session.h"
#include "proto/session.h"

enum {
    SERVICE_OPERATIONS_MAX = 64, /* of a session, with the results that were not let go */
    SERVICE_QUEUED_MAX = 4,      /* … of which wait for their turn: a client that waits for each has one */
    SERVICE_KEEP_MS = 60 * 1000,
    SERVICE_REREADS_MAX = 8, /* of one page, as worker after worker is lost */
    SERVICE_FIXED_FRAMES = 2 /* envelope and message */
};

typedef enum operation_state {
    OPERATION_QUEUED,
    OPERATION_RUNNING,
    OPERATION_RESULT, /* its pages are being sent */
    OPERATION_OVER
} operation_state;

/* One statement of a client, until the client lets it go. */
typedef struct operation {
    struct operation *next; /* guarded by lock, as is all up to `released` */
    uint64_t id;
    operation_state state;
    int64_t credit;
    bool released;
    atomic_bool stop; /* cancelled, or nobody is there any more */
    /* of the session's thread, once queued: */
    bool is_set;
    char *text; /* memory block; SET: key, zero byte, value */
    size_t len;
    weft_result *result;
    int32_t block;
    weft_block_reader *reader;
    int64_t sent, rows;
    int32_t pages;   /* of the current block, sent so far */
    uint64_t digest; /* … and a hash of their checksums */
} operation;

typedef struct client_session {
    struct client_session *next; /* guarded by lock, as is all up to `work` */
    weft_net_peer peer;          /* 0: no connection */
    int64_t lost_ns;             /* since when */
    operation *first, *last;
    int32_t operation_count;
    uint64_t last_id; /* of the operation that came last */
    bool opened, closing, ended;
    weft_session *session; /* set while it can be cancelled */
    operation *running;
    pthread_cond_t work;
    /* fixed: */
    weft_service *service;
    weft_uuid id;
    weft_identity who;
    pthread_t thread;
    int32_t setting_count;
    char *settings; /* memory block: of OPEN, key, zero byte, value, zero byte, … */
    /* of its thread: */
    weft_account *account;
    weft_arena *arena; /* reset after each piece of work */
    weft_ctx ctx;
} client_session;

struct weft_service {
    weft_service_options options;
    weft_uuid incarnation;
    weft_account *account;
    weft_arena *arena; /* of the network's thread, reset after each message */
    weft_ctx ctx;
    pthread_mutex_t lock;
    client_session *sessions; /* guarded by lock, as is the next */
    int32_t session_count;    /* that have not ended */
};

/* Envelope and message of a reply, in ctx->arena, into frames[SERVICE_FIXED_FRAMES]. */
WEFT_MUST_CHECK weft_status service_encode(weft_ctx *ctx, const weft_session_reply *reply,
                                           weft_net_frame *frames);
/* Queue a reply. Errors: those of weft_net_send and of encoding. */
WEFT_MUST_CHECK weft_status service_send(weft_ctx *ctx, weft_service *service, weft_net_peer peer,
                                         const weft_session_reply *reply);

/* ---- service_session.c ---- */
void *service_session_main(void *session);
/* Lock held: have an operation end without a result, and the thread look. */
void service_stop_operation(client_session *s, operation *op);

#endif
