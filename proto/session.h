/* proto/session.h - what a client and the coordinator say to each other, as structs and as bytes.
 *
 *   OPEN → OPENED                     a session: new, or one that this user has and that lost its connection
 *   EXECUTE → PROGRESS*, RESULT, PAGE*, END    one statement; or FAILED instead of any of these
 *   SET → RESULT                      a setting of the session, as SET does
 *   CREDIT                            more pages of a result may be sent
 *   CANCEL → FAILED                   end the statement
 *   RELEASE                           the result is read, or not wanted
 *   CLOSE, PING → PONG
 *   WANT → PART*                      chunks of a file that the statement names, while it runs
 *
 * A session outlives its connection: the client opens it again by its name, and says which operations it
 * still holds and how many pages of each it has (held). What stands is told then: PROGRESS while it runs,
 * RESULT again when it has no page yet, the pages behind those that it has, or FAILED. Operations that it
 * does not name are let go. OPENED says of which the EXECUTE or SET is to be sent again, smaller numbers
 * first.
 *
 * A session also outlives the coordinator (docs/failover.md). Each page comes with its place in the result,
 * which the client gives back as it came; another coordinator goes on behind it when it has the same block,
 * or when as many pages of what it has have the same digest. RESULT comes again then: it must have the
 * columns and the pages of the first one. The version of a session grows with each change of its views and
 * settings: a coordinator that does not know the session, or has an older one, begins a new session under the
 * same name when the client has heard of none but version 0.
 *
 * A request is in the frame after the envelope. The client makes the operation's number, and no number is
 * used twice in a session: an EXECUTE that comes twice changes nothing. A page is sent while the bytes sent
 * before it are fewer than the credit, which is given as a sum since the beginning of the operation: so a
 * page of any size passes, and a CREDIT that comes twice gives nothing. Long texts and pages are cut into
 * frames of WEFT_SESSION_FRAME_BYTES.
 *
 * An EXECUTE says of the files of the client's machine that its statement names (ADD FILE) how long they are,
 * and their digests. The coordinator asks for their bytes, chunk by chunk (common/blob.h), as it has room for
 * them; over a new connection it asks again for what has not come. The client gives those files and no
 * others.
 *
 * A session with a name is found again by a client that was started anew: OPEN with the name, and no session
 * to go on with. What it ran goes on, and waits for its client for longer than others do. Its operations are
 * the statements of one submission, with numbers made of their place and of how many ended otherwise than
 * well (weft_submission_operation), so a statement that is asked for again by another process is the same
 * one. RELEASE says whether it is done, CLOSE whether that was all; then the name stands for what is done.
 *
 * FAILED with operation 0 is about the session: it could not be opened, or is not there. */
#ifndef WEFT_PROTO_SESSION_H
#define WEFT_PROTO_SESSION_H

#include "common/blob.h"
#include "common/ctx.h"
#include "common/uuid.h"

enum {
    WEFT_SESSION_VERSION = 3,
    WEFT_SESSION_BYTES_MAX = 64 << 20,  /* a message: the schema and the pages' sizes of a large result */
    WEFT_SESSION_FRAME_BYTES = 4 << 20, /* a text of WEFT_SQL_BYTES_MAX takes 16 frames */
    WEFT_SESSION_RELEASE_BYTES = 64,    /* "0.1.0", with the zero byte */
    WEFT_SESSION_SETTINGS_MAX = 1024,   /* far more than there are */
    WEFT_SESSION_FILES_OF_STATEMENT = 64,
    WEFT_SESSION_PATH_BYTES = 4096,
    WEFT_SESSION_NAME_BYTES = 128, /* of a session, with the zero byte */
    WEFT_SESSION_WANT_MAX = 4,     /* chunks that may be under way */
    WEFT_SESSION_HELD_MAX = 256    /* results that one client reads at the same time, and more */
};

typedef struct weft_session_setting {
    const char *key, *value;
} weft_session_setting;

/* Behind which page of a result a client is. Of no page: zeros. */
typedef struct weft_session_place {
    uint64_t job;                       /* with the next three: the block that the page is of */
    int32_t block, generation, attempt; /* block: in the result, from 0 */
    int32_t pages;                      /* of that block, up to here */
    uint64_t block_digest;              /* of them */
    uint64_t digest;                    /* of all pages of the result up to here */
} weft_session_place;

/* An operation that goes on over a new connection. */
typedef struct weft_session_held {
    uint64_t operation;
    int64_t pages, credit; /* pages: that have come, … */
    int64_t bytes;         /* … with so many bytes */
    weft_session_place place;
} weft_session_held;

/* How far the statements of a session with a name are: they have places 1, 2, 3, … */
typedef struct weft_submission {
    uint64_t done;   /* up to here they ended well, and their results were read */
    uint64_t digest; /* of their texts, as the client made it; 0: not known */
    uint64_t tries;  /* those that ended otherwise: each begins anew under a number of its own */
    bool finished;   /* these were all */
} weft_submission;

#define WEFT_SUBMISSION_PLACES (UINT64_C(1) << 32)

static inline uint64_t weft_submission_operation(const weft_submission *s, uint64_t place)
{
    return s->tries * WEFT_SUBMISSION_PLACES + place;
}

/* A file of the client's machine. */
typedef struct weft_session_attachment {
    const char *path; /* as the statement has it */
    const char *sha256;
    int64_t bytes;
} weft_session_attachment;

typedef enum weft_request_kind {
    WEFT_REQUEST_OPEN,
    WEFT_REQUEST_EXECUTE,
    WEFT_REQUEST_SET,
    WEFT_REQUEST_CREDIT,
    WEFT_REQUEST_CANCEL,
    WEFT_REQUEST_RELEASE,
    WEFT_REQUEST_CLOSE,
    WEFT_REQUEST_PING,
    WEFT_REQUEST_PART
} weft_request_kind;

typedef struct weft_session_request {
    weft_request_kind kind;
    uint64_t operation;  /* of those about one, from 1; else 0 */
    weft_uuid session;   /* OPEN: to go on with; zero: a new one */
    const char *release; /* OPEN: the client's version */
    int32_t setting_count;
    const weft_session_setting *settings; /* OPEN: what differs from a fresh session; SET: one */
    int64_t credit;                       /* EXECUTE, CREDIT */
    int64_t text_bytes;                   /* EXECUTE: in the frames that follow, at most WEFT_SQL_BYTES_MAX */
    uint64_t number;                      /* PING: comes back */
    int32_t held_count;                   /* OPEN */
    const weft_session_held *held;
    uint64_t session_version; /* OPEN, EXECUTE, SET: of the session, that the client has heard of last */
    int32_t attachment_count; /* EXECUTE */
    const weft_session_attachment *attachments;
    int32_t file, chunk; /* PART: of which attachment; its bytes are the frame that follows */
    const char *name;    /* OPEN: of the session, or NULL */
    /* OPEN of a session with a name: what the client knows of; RELEASE: with this statement, `done` 0 when it
     * is not done; CLOSE: `finished` */
    weft_submission submission;
} weft_session_request;

typedef enum weft_reply_kind {
    WEFT_REPLY_OPENED,
    WEFT_REPLY_PROGRESS,
    WEFT_REPLY_RESULT,
    WEFT_REPLY_PAGE,
    WEFT_REPLY_END,
    WEFT_REPLY_FAILED,
    WEFT_REPLY_PONG,
    WEFT_REPLY_WANT
} weft_reply_kind;

typedef struct weft_bytes {
    const uint8_t *bytes;
    size_t len;
} weft_bytes;

typedef struct weft_reply_result {
    weft_bytes schema; /* weft_schema_encode; len 0: no columns */
    int32_t block_count;
    const weft_bytes *blocks; /* weft_block_header_encode, in the order in which their pages come */
    int32_t setting_count;
    const weft_session_setting *settings; /* of the statement */
    bool is_text;
    int64_t rows;
    int32_t stages;
    int64_t tasks, tasks_failed, tasks_rerun, blocks_lost;
    uint64_t session_version; /* after the statement */
} weft_reply_result;

typedef struct weft_session_reply {
    weft_reply_kind kind;
    uint64_t operation; /* 0: OPENED, PONG, FAILED of the session */
    union {
        struct {
            weft_uuid session, incarnation;
            const char *release;
            bool resumed;
            uint64_t last_operation; /* that has come; 0: none */
            uint64_t session_version;
            int32_t again_count;
            const uint64_t *again;      /* held operations whose EXECUTE or SET is to be sent again */
            weft_submission submission; /* of a session with a name */
        } opened;
        struct {
            int32_t stages, stages_done;
            int64_t tasks, running, tasks_done;
        } progress;
        weft_reply_result result;
        struct {
            int64_t number; /* from 0 in its operation */
            int64_t bytes;  /* in the frames that follow */
            uint32_t crc;
            weft_session_place place; /* behind it */
        } page;
        int64_t rows;            /* END: of all pages */
        const weft_error *error; /* FAILED */
        uint64_t number;         /* PONG */
        struct {
            int32_t file, chunk, count; /* chunks [chunk, chunk + count) of an attachment */
        } want;
    };
} weft_session_reply;

/* Of this program: "0.1.0". */
const char *weft_session_release(void);

/* Bytes are in ctx->arena. Errors: WEFT_LIMIT, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_session_request_encode(weft_ctx *ctx, const weft_session_request *request,
                                                        uint8_t **bytes, size_t *len);
WEFT_MUST_CHECK weft_status weft_session_reply_encode(weft_ctx *ctx, const weft_session_reply *reply,
                                                      uint8_t **bytes, size_t *len);
/* Into ctx->arena; bytes are not needed afterwards. What comes out is of its kind and within the limits
 * above. Errors: WEFT_CORRUPT, WEFT_LIMIT, WEFT_NOMEM; WEFT_UNSUPPORTED for another version, kind or field.
 */
WEFT_MUST_CHECK weft_status weft_session_request_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                                        weft_session_request *out);
WEFT_MUST_CHECK weft_status weft_session_reply_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                                      weft_session_reply *out);

/* May a session have this name: 1 to 127 printable characters of ASCII, without spaces? */
bool weft_session_name_is(const char *name);

/* The settings that a session starts with, or a statement had: all of them that are not the process's and not
 * as in a fresh session. In ctx->arena, values borrowed from settings. */
WEFT_MUST_CHECK weft_status weft_session_settings_list(weft_ctx *ctx, const weft_settings *settings,
                                                       const weft_session_setting **out, int32_t *count);

#endif
