/* coordinator/session.h - contract 9's other half: a session takes statements and gives results.
 *
 * A session holds settings and temporary views, and runs one statement at a time in the thread that calls it;
 * cancel may be asked from any thread. A result owns its memory and blocks and may outlive later statements,
 * but not the session. Every front door (CLI, C library, Spark Connect) translates to these calls. */
#ifndef WEFT_COORDINATOR_SESSION_H
#define WEFT_COORDINATOR_SESSION_H

#include "coordinator/coordinator.h"
#include "coordinator/session_files.h"
#include "coordinator/session_state.h"

typedef struct weft_session weft_session;
typedef struct weft_result weft_result;

/* pool and coordinator are borrowed for the session's life; settings are copied. Errors: WEFT_CONFIG for a
 * setting whose value is none, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_session_new(weft_ctx *ctx, weft_pool *pool, weft_coordinator *coordinator,
                                             const weft_settings *settings, weft_session **out);
const weft_settings *weft_session_settings(const weft_session *session);
/* What SET does. Errors: WEFT_CONFIG, WEFT_CANNOT_MODIFY_CONFIG for what is fixed when a process starts. */
WEFT_MUST_CHECK weft_status weft_session_set(weft_ctx *ctx, weft_session *session, const char *key,
                                             const char *value);
/* What it is now: settings and views, borrowed until it changes; the lists in ctx->arena. Whose it is, is for
 * the caller to fill in. */
WEFT_MUST_CHECK weft_status weft_session_describe(weft_ctx *ctx, const weft_session *session,
                                                  weft_session_state *out);
/* Make a session that was just made what the state says. A view that cannot be made again is kept, and says
 * why when it is read; a setting that is not known here is logged and left out. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_session_restore(weft_ctx *ctx, weft_session *session,
                                                 const weft_session_state *state);
/* Grows with each change of settings or views; 0: there was none. */
uint64_t weft_session_version(const weft_session *session);
uint64_t weft_session_changed_by(const weft_session *session); /* the statement that did it last; 0: none */
/* Whose session it is, for people; copied, and cut to WEFT_SESSION_USER_BYTES. */
enum { WEFT_SESSION_USER_BYTES = 64 };
void weft_session_belongs_to(weft_session *session, const char *user);
/* Called about ten times a second while a statement runs, in its thread; NULL for none. */
void weft_session_on_progress(weft_session *session,
                              void (*progress)(void *self, const weft_progress *progress), void *self);
/* Stop the running statement, if any: it ends with WEFT_CANCELLED. Any thread, also a signal handler. */
void weft_session_cancel(weft_session *session);

typedef struct weft_statement {
    const char *text; /* with its length; borrowed for the call */
    size_t len;
    weft_job_name name;                /* zero: it has none */
    struct weft_recovered_job *resume; /* go on with this one (recovery.h); NULL: it begins */
    const weft_upload *upload;         /* where files come from that it names; NULL: it may name none */
} weft_statement;

/* Run one statement. On success *out is its result (never NULL; a statement without rows has no columns). On
 * failure *error says all, and *out is NULL. */
WEFT_MUST_CHECK weft_status weft_session_execute(weft_session *session, const weft_statement *statement,
                                                 weft_error *error, weft_result **out);

/* ---- results ---- */
const weft_schema *weft_result_schema(const weft_result *result);
/* Are its rows the lines of a text, as of EXPLAIN? People see them bare then. */
bool weft_result_is_text(const weft_result *r);
int64_t weft_result_row_count(const weft_result *result);
/* The next rows, in order: *batch is borrowed until the next call; rows 0 at the end. Errors are in *error.
 */
WEFT_MUST_CHECK weft_status weft_result_next(weft_result *result, weft_error *error, weft_batch *batch);
/* What ran for it: stages, attempts, planning time. */
/* Block `index` of the result could not be read: hold one that was made again in its place. Whoever has read
 * a part of it must see that the pages are the same. ctx: for the block's memory and its cancel flag. Errors:
 * WEFT_RESULT_LOST when the new one is cut into other pages, or none can be made. */
WEFT_MUST_CHECK weft_status weft_result_fetch_again(weft_ctx *ctx, weft_result *result, int32_t index);
/* As weft_run_keep. */
WEFT_MUST_CHECK weft_status weft_result_keep(weft_ctx *ctx, weft_result *result);
const weft_run *weft_result_run(const weft_result *result);
/* The ctx of the result, for what works on its batches (Arrow export, printing); one thread. */
weft_ctx *weft_result_ctx(weft_result *result);
void weft_result_free(weft_result **result);

void weft_session_free(weft_session **session);

#endif
