/* coordinator/session_state.h - all that a session is, as a value and as bytes of the journal: so that
 * another coordinator makes it again (docs/failover.md, record SESSION).
 *
 * A plain value: texts are borrowed from the session that it describes, or lie where it was decoded. */
#ifndef WEFT_COORDINATOR_SESSION_STATE_H
#define WEFT_COORDINATOR_SESSION_STATE_H

#include "common/blob.h"
#include "common/keys.h"
#include "engine/catalog/session_catalog.h"
#include "proto/session.h"

enum {
    WEFT_SESSION_STATE_FORMAT = 1,
    WEFT_SESSION_STATE_BYTES_MAX = 128
                                   << 20, /* a view over a million files, and the largest text of a query */
    WEFT_SESSION_OBJECTS_MAX = 100000,    /* functions, variables */
    WEFT_SESSION_VIEWS_MAX = 100000       /* a million SHOW TABLES lines are for nobody */
};

enum {
    WEFT_SESSION_FILES_MAX = 10000,
    WEFT_SESSION_FILE_NAME_BYTES = 512 /* with "files/" and the zero byte */
};

typedef struct weft_session_file {
    const char *name;   /* "files/NAME" */
    const char *sha256; /* of its bytes */
    int64_t bytes;
} weft_session_file;

typedef struct weft_session_variable {
    const char *name;
    const char *value;   /* as SQL, with a cast to its type */
    const char *initial; /* its DEFAULT, as SQL; NULL: none */
} weft_session_variable;

typedef struct weft_session_state {
    weft_role role;      /* whose it is: ANY or CLIENT, … */
    const char *user;    /* … and of that the user; "" without keys */
    uint64_t version;    /* 0: nothing was changed since it was opened; grows with each change */
    uint64_t changed_by; /* the client's number of the statement that made this version; 0: it has none */
    int32_t setting_count, start_count;
    const weft_session_setting *settings, *start; /* that are set; start: what RESET goes back to */
    int32_t view_count;
    const weft_view_definition *views; /* in the order of their definition */
    int32_t file_count;
    const weft_session_file *files; /* in the order in which they were added */
    const char *name;               /* that its user gave it; NULL: none */
    weft_submission submission;     /* of a session with a name */
    int32_t function_count, variable_count;
    const char *const *functions; /* the statements that make its temporary functions */
    const weft_session_variable *variables;
} weft_session_state;

/* Bytes are in ctx->arena. Errors: WEFT_LIMIT, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_session_state_encode(weft_ctx *ctx, const weft_session_state *state,
                                                      uint8_t **bytes, size_t *len);
/* Into ctx->arena; bytes are not needed afterwards. Errors: WEFT_CORRUPT, WEFT_LIMIT, WEFT_NOMEM;
 * WEFT_UNSUPPORTED for what a later version wrote. */
WEFT_MUST_CHECK weft_status weft_session_state_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                                      weft_session_state *out);

#endif
