/* coordinator/service_private.h - what service.c (requests, the network's thread), service_session.c (a
 * session's thread) and service_pages.c (the pages of its results) share; for nobody else.
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
    SERVICE_NAMED_KEEP_MS = 60 * 60 * 1000, /* of those with a name */
    SERVICE_RECORD_NAMED = 1, /* number of SESSION of one with a name: it is kept for a day after its end */
    SERVICE_REREADS_MAX = 8,  /* of one page, as worker after worker is lost */
    SERVICE_FIXED_FRAMES = 2  /* envelope and message */
};

typedef enum operation_state {
    OPERATION_WANTED, /* its client holds it; its EXECUTE or SET is to come again */
    OPERATION_QUEUED,
    OPERATION_RUNNING,
    OPERATION_RESULT, /* its pages are being sent, or all were */
    OPERATION_FAILED
} operation_state;

/* A page that was sent: so that it can be sent again to a client that comes back without it. */
typedef struct sent_page {
    weft_session_place place; /* behind it */
    uint32_t rows, bytes;
} sent_page;

/* Where the pages begin that this coordinator sends: those before came to the client from an earlier one. */
typedef struct sent_before {
    int64_t pages, bytes, rows;
    int64_t block_rows; /* of the block of the place */
    weft_session_place place;
} sent_before;

/* One statement of a client, until the client lets it go. */
typedef struct operation {
    struct operation *next; /* guarded by lock, as is all up to `released` */
    uint64_t id;
    operation_state state;
    int64_t credit;
    bool attached;          /* what it has may be sent: its client is there, and knows of it */
    bool whole;             /* all of its result was sent */
    int64_t resume;         /* attached anew: pages that its client has; else -1 */
    weft_session_held held; /* as its client said when it was attached last; zeros: it was here since */
    bool released;
    bool has_rows;    /* RESULT: */
    bool settled;     /* its end counts (service_named.c) */
    atomic_bool stop; /* cancelled, or nobody is there any more */
    /* of the session's thread, once queued: */
    bool is_set;
    bool again;                     /* it was asked for again: … */
    uint64_t version;               /* … of the session that it was first asked in, as its client knew it */
    struct weft_recovered_job *job; /* an earlier coordinator had begun it, and it is to be gone on with */
    struct service_upload *upload;  /* files that it names (service_upload.h); NULL: none */
    char *text;                     /* memory block; SET: key, zero byte, value */
    size_t len;
    uint64_t text_hash; /* fixed */
    weft_error error;   /* FAILED: why */
    weft_result *result;
    int32_t block; /* that comes after the one that is read */
    weft_block_reader *reader;
    int64_t sent, rows; /* of all pages that the client has, or that are on their way */
    sent_before before;
    sent_page *pages; /* [page_count] a memory block: those behind `before` */
    int32_t page_count, page_capacity;
} operation;

typedef struct client_session {
    struct client_session *next; /* guarded by lock, as is all up to `work` */
    weft_net_peer peer;          /* 0: no connection */
    int64_t lost_ns;             /* since when */
    operation *first;            /* by their numbers */
    int32_t operation_count;
    uint64_t last_id; /* of the operation that came last */
    uint64_t version; /* of the session, as its thread told last */
    bool opened, closing, ended;
    bool from_before; /* operations may have come to an earlier coordinator */
    bool resumed;     /* its client had it before: from an earlier coordinator, or before it was opened */
    bool instead;     /* … had another, which is not here: it begins when it is sure that this one leads */
    weft_submission submission; /* of one with a name */
    bool noted;                 /* that has changed since it was recorded */
    weft_session *session;      /* set while it can be cancelled */
    operation *running;
    pthread_cond_t work;
    /* fixed: */
    weft_service *service;
    weft_uuid id;
    weft_identity who;
    char name[WEFT_SESSION_NAME_BYTES]; /* that its user gave it; "": none */
    pthread_t thread;
    int32_t setting_count;
    char *settings; /* memory block: of OPEN, key, zero byte, value, zero byte, … */
    uint8_t *state; /* memory block: of the journal (session_state.h); NULL: it begins */
    size_t state_len;
    /* of its thread: */
    uint64_t recorded;          /* version that stands in the journal */
    weft_status record_failure; /* why it could not be written last; WEFT_OK: it could */
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
    bool ending;              /* no new one; who ends the service joins them */
    bool suspended;           /* likewise guarded: no new statement */
};

/* Queue a message, and wait while the client's queue is full. A client that is not there is no error: what it
 * missed is told when it comes back. op: a part of its result, which its end, or a new connection, makes
 * needless; else NULL. */
WEFT_MUST_CHECK weft_status service_queue(client_session *s, const operation *op,
                                          const weft_net_frame *frames, int32_t count);
/* Envelope and message of a reply, in ctx->arena, into frames[SERVICE_FIXED_FRAMES]. */
WEFT_MUST_CHECK weft_status service_encode(weft_ctx *ctx, const weft_session_reply *reply,
                                           weft_net_frame *frames);
/* Queue a reply. Errors: those of weft_net_send and of encoding. */
WEFT_MUST_CHECK weft_status service_send(weft_ctx *ctx, weft_service *service, weft_net_peer peer,
                                         const weft_session_reply *reply);

/* ---- service.c: sessions ---- */
/* One that belongs to this user, without a thread. id: zero for a new one. */
WEFT_MUST_CHECK weft_status service_session_new(weft_service *service, const weft_identity *who, weft_uuid id,
                                                client_session **out);
/* Lock held: start its thread and list it. Errors: WEFT_UNREACHABLE (the coordinator ends), WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status service_session_begin(weft_service *service, client_session *s);
/* One that has no thread (any more), with its operations. */
void service_session_free(client_session *s);
/* Lock held, or nobody else knows the session: put an operation where its number belongs. */
void service_insert(client_session *s, operation *op);

/* ---- service_record.c ---- */
/* A new session. Errors: of one with a name only, which must be on record. */
WEFT_MUST_CHECK weft_status service_record_open(client_session *s, weft_session *session);
/* Before the answer of a statement. Errors: WEFT_NOT_LEADER: nothing must be answered. */
WEFT_MUST_CHECK weft_status service_record_change(client_session *s);
void service_record_end(client_session *s);
/* One with a name: what stands of it goes into `state`, when it has ended. Errors: WEFT_SESSION_NOT_FOUND: it
 * ended before it was finished. */
WEFT_MUST_CHECK weft_status service_record_find(client_session *s);
/* May a session begin anew under a name that a client has from an earlier coordinator? */
bool service_may_begin_again(const weft_service *service, weft_uuid id);

/* ---- service_named.c; the lock is held but for the first two ---- */
/* The session of this user with this name. */
WEFT_MUST_CHECK weft_status service_name_id(weft_ctx *ctx, const weft_identity *who, const char *name,
                                            weft_uuid *out);
uint64_t service_text_hash(const operation *op);
bool service_is_named(const client_session *s);
/* OPEN names a session, and `there` is it, or NULL. Errors: WEFT_CONFIG, WEFT_SESSION_IN_USE. */
WEFT_MUST_CHECK weft_status service_named_check(const weft_service *service, weft_ctx *ctx,
                                                const weft_session_request *r, const client_session *there);
/* A client that was started anew has it from now on; what ran goes on, and waits until it is asked for. */
void service_named_take_over(client_session *s, weft_net_peer peer);
/* Such a client asks for a statement that is there: its result goes to it, from the beginning. Errors:
 * WEFT_SESSION_OF_OTHERS: it is another one. */
WEFT_MUST_CHECK weft_status service_named_reclaim(client_session *s, operation *op, const operation *asked);
/* The client lets an operation go, or says how far it is; the operation has ended, and is let go. */
void service_named_released(client_session *s, operation *op, const weft_submission *told);
void service_named_told(client_session *s, const weft_submission *told);
void service_named_ended(client_session *s, operation *op);

/* ---- service_session.c ---- */
void *service_session_main(void *session);
/* Lock held: have an operation end without a result, and the thread look. */
void service_stop_operation(client_session *s, operation *op);
/* Lock held: OPENED of a session that its client had before. again: room for WEFT_SESSION_HELD_MAX. */
weft_session_reply service_resumed(const client_session *s, uint64_t *again);

/* ---- service_pages.c ---- */
/* RESULT: columns, and what there is to read. */
WEFT_MUST_CHECK weft_status service_send_result(client_session *s, operation *op);
/* The next page of the result, or its end. */
WEFT_MUST_CHECK weft_status service_send_more(client_session *s, operation *op);
/* The client has so many pages: go on behind them. Errors: WEFT_CORRUPT when it cannot have them;
 * WEFT_RESULT_LOST when they came from an earlier coordinator, and the result begins otherwise now. */
WEFT_MUST_CHECK weft_status service_go_to(client_session *s, operation *op, const weft_session_held *held);
void service_drop_result(operation *op);

#endif
