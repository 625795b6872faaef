/* client/remote_private.h - what remote.c (sessions and statements, the caller's thread), remote_link.c (the
 * connection) and remote_pages.c (results) share; for nobody else.
 *
 * One lock guards what the network's thread writes. Whoever waits for it (one thread at a time) does so on
 * `news`, a semaphore: a signal handler that cancels may post it, and nobody has to look now and then. */
#ifndef WEFT_CLIENT_REMOTE_PRIVATE_H
#define WEFT_CLIENT_REMOTE_PRIVATE_H

#include <pthread.h>
#include <semaphore.h>

#include "client/remote.h"
#include "common/net.h"
#include "proto/session.h"

enum {
    REMOTE_ADDRESSES_MAX = 16,
    REMOTE_ADDRESS_BYTES = 256,
    REMOTE_WINDOW_BYTES = 4 << 20, /* pages on their way: enough for 1 GB/s at 4 ms, 16 pages of memory */
    REMOTE_WHOLE_BYTES = 2 << 20,  /* a result of several parts is given to its caller when all of it, or so
                                      much,  is there: a coordinator has those of more than 1 MiB on record */
    REMOTE_LOOK_NS = 1000 * 1000 * 1000 /* a statement that was cancelled is not waited for for ever */
};

typedef struct remote_page {
    struct remote_page *next;
    void *image; /* memory block */
    size_t len;
    uint32_t crc;
} remote_page;

typedef enum remote_state {
    REMOTE_WAITING,
    REMOTE_RESULT, /* pages may come */
    REMOTE_ENDED,  /* all have come */
    REMOTE_FAILED
} remote_state;

/* A statement from its EXECUTE until the last block of its result is let go. */
typedef struct remote_operation {
    struct remote_operation *next; /* guarded by lock, as is all up to `error` */
    remote_state state;
    int64_t granted, received; /* bytes of pages */
    int64_t pages;             /* that have come */
    weft_session_place place;  /* of the last of them */
    remote_page *first, *last;
    uint8_t *reply; /* memory block: the bytes of RESULT */
    size_t reply_len;
    bool has_parts; /* several */
    bool is_given;  /* to the caller: from now on what comes must go on from what came */
    bool is_second; /* what came of it was forgotten once: the next break goes on from what came, or a
                       way that is cut again and again would bring nothing */
    bool progressed, wanted; /* wanted: chunks of a file */
    struct {
        int32_t file, chunk, count;
    } want; /* [want_count] of them, one after the other */
    weft_progress progress;
    weft_error error;
    /* of the caller's thread: */
    weft_remote *remote;
    uint64_t id;
    bool is_set;                  /* SET instead of EXECUTE */
    weft_session_setting setting; /* WAITING: of the caller */
    char *text; /* memory block: another coordinator may have to run it again while its result is read */
    size_t text_len;
    uint64_t version; /* of the session, when it was asked for first */
    int32_t users;    /* blocks of the result, and who executes */
    int64_t taken;    /* bytes of pages that were read */
    int64_t rows, rows_taken;
    struct remote_files *files; /* that the statement names (remote_files.c); NULL: none */
} remote_operation;

typedef enum remote_link_state { LINK_NONE, LINK_OPENING, LINK_OPEN, LINK_BROKEN } remote_link_state;

struct weft_remote {
    weft_own_memory memory; /* its arena: of what lives as long as the session */
    weft_ctx ctx;
    weft_settings settings;
    weft_keys *keys;
    weft_net *net;
    char addresses[REMOTE_ADDRESSES_MAX][REMOTE_ADDRESS_BYTES]; /* "HOST:PORT" */
    int32_t address_count, address; /* address: that it is, or was last, connected to */
    atomic_bool cancel;
    void (*progress)(void *self, const weft_progress *progress);
    void *progress_self;
    uint64_t last_operation;
    const char *name;     /* of the session; NULL: none. With one: */
    uint64_t place, took; /* … of the last statement; the operation that is done */
    uint64_t chain;       /* … digest of the texts up to there */
    bool finished;
    weft_arena *send_arena; /* of the caller's thread, reset after each message */
    uint64_t random;
    int64_t broke_ns, opened_ns; /* when the link broke, or broke first of several times soon after another;
                                    when a session was opened last */

    sem_t news; /* posted once for all that came since it was taken last */
    pthread_mutex_t lock;
    weft_net_peer peer; /* guarded by lock, as are the next */
    remote_link_state state;
    char why[160]; /* BROKEN */
    weft_uuid session;
    bool resumed;
    uint64_t version;           /* of the session: 0 while nothing was changed in it */
    weft_submission submission; /* of a session with a name, as it was opened; `done` as far as is known */
    uint64_t
        again[WEFT_SESSION_HELD_MAX]; /* [again_count]: operations that the coordinator wants once more */
    int32_t again_count;
    bool somebody;      /* answered, and does not take sessions now */
    weft_error refusal; /* BROKEN: code not OK when the coordinator said why */
    remote_operation *operations;

    weft_arena *net_arena; /* of the network's thread, reset after each message */
    weft_ctx net_ctx;
};

/* ---- remote_link.c ---- */

/* Start the endpoint. Errors: those of weft_net_start and weft_keys_open. */
WEFT_MUST_CHECK weft_status remote_link_start(weft_remote *r, const char *keys);
/* Have a connection with an open session: the one that there is, or a new one within limit_ms. Errors as
 * weft_remote_open, in r->ctx. */
WEFT_MUST_CHECK weft_status remote_link_open(weft_remote *r, int64_t limit_ms);
/* The connection is broken: make another one, on which the operations go on; those that cannot fail, all of
 * them when there is none within some time or the session is not known there. */
void remote_link_return(weft_remote *r);
/* Send again what the coordinator wants. Errors as of remote_send, but for a broken connection. */
WEFT_MUST_CHECK weft_status remote_ask_again(weft_remote *r);
/* The session is a new one: what ran in the old one fails, and r->ctx says what was lost. */
void remote_lose_session(weft_remote *r);
/* Send the EXECUTE or SET of an operation that waits for its result or is read. Errors as of remote_send. */
WEFT_MUST_CHECK weft_status remote_ask(weft_remote *r, const remote_operation *op);
/* Queue a request, and the text of a statement. Errors: WEFT_UNREACHABLE, WEFT_LIMIT, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status remote_send(weft_ctx *ctx, weft_remote *r, const weft_session_request *request,
                                        const char *text, size_t len);
/* Lock held: wait for news, at the latest until until_ns. Comes back without any now and then. */
void remote_wait(weft_remote *r, int64_t until_ns);
/* There is news. Any thread, and a signal handler. */
void remote_wake(weft_remote *r);
/* "weft://HOST:PORT" of the connection, for messages. */
const char *remote_name(const weft_remote *r);

/* ---- remote_pages.c ---- */

/* Lock held. Nothing of its result was given to the caller: what came of it is forgotten. */
void remote_operation_rewind(remote_operation *op);

/* The result that RESULT told of. *out's blocks count as users of op. */
WEFT_MUST_CHECK weft_status remote_result_new(weft_remote *r, remote_operation *op, weft_error *error,
                                              weft_result **out);
/* One user less: the last one lets the operation go, here and at the coordinator. */
void remote_operation_leave(remote_operation *op);

/* ---- remote_files.c: files of this machine that a statement names ---- */

/* Find and open them, for an operation that is not asked for yet. Errors: WEFT_LIMIT, those of opening. */
WEFT_MUST_CHECK weft_status remote_files_open(weft_remote *r, remote_operation *op);
/* Of EXECUTE. */
void remote_files_put(const remote_operation *op, weft_session_request *request);
/* Send the chunks that the coordinator wants. Errors as of remote_send, but for a broken connection. */
WEFT_MUST_CHECK weft_status remote_files_send(weft_remote *r, remote_operation *op);
void remote_files_close(remote_operation *op);

#endif
