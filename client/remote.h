/* client/remote.h - a session of a coordinator in another process (proto/session.h).
 *
 * A result is read as one of this process is: its blocks stand in for those of the coordinator, and their
 * pages come over the connection as they are read, a few at a time. When the connection breaks, whoever waits
 * for something connects again, to the next address that answers, and the session, the statement that runs
 * and the results that are read go on. One thread at a time uses a remote session and its results; the
 * network has a thread of its own. */
#ifndef WEFT_CLIENT_REMOTE_H
#define WEFT_CLIENT_REMOTE_H

#include "common/settings.h"
#include "coordinator/session.h"

enum { WEFT_REMOTE_PORT = 7077 }; /* of an address that names none */

typedef struct weft_remote weft_remote;

/* Is it weft://HOST[:PORT][,HOST[:PORT]]… (or spark://…, which means the same)? */
bool weft_remote_is(const char *master);
/* Connect and open a session, within 5 s. keys: the key folder, or NULL for none. settings: those of the
 * statement that were set go to the coordinator, those of the process count here. On failure *out is NULL and
 * *error says which address answered how. */
WEFT_MUST_CHECK weft_status weft_remote_open(const char *master, const char *keys,
                                             const weft_settings *settings, weft_error *error,
                                             weft_remote **out);
/* The session with this name: it is begun, or gone on with by a client that was started anew; NULL: without
 * one. Its statements are one submission, told of in their order (weft_remote_pass). Further errors:
 * WEFT_SESSION_IN_USE (another client has it, and has not gone within 40 s), WEFT_CONFIG (a coordinator
 * without records). */
WEFT_MUST_CHECK weft_status weft_remote_open_named(const char *master, const char *keys, const char *name,
                                                   const weft_settings *settings, weft_error *error,
                                                   weft_remote **out);
weft_pool *weft_remote_pool(weft_remote *remote);
const weft_settings *weft_remote_settings(const weft_remote *remote);
/* As weft_session_execute; further errors: WEFT_UNREACHABLE, WEFT_SESSION_NOT_FOUND when the coordinator has
 * forgotten the session; reading the result: also WEFT_RESULT_LOST. */
WEFT_MUST_CHECK weft_status weft_remote_execute(weft_remote *remote, const char *text, size_t len,
                                                weft_error *error, weft_result **out);
WEFT_MUST_CHECK weft_status weft_remote_set(weft_remote *remote, const char *key, const char *value,
                                            weft_error *error);
bool weft_remote_is_named(const weft_remote *remote);
/* The next statement of a submission. *passed: it was done before, and is not to be executed; without a name
 * never. Errors: WEFT_SESSION_OF_OTHERS: those that were done are others. */
WEFT_MUST_CHECK weft_status weft_remote_pass(weft_remote *remote, const char *text, size_t len, bool *passed,
                                             weft_error *error);
/* The result of the last statement has been read, and what was made of it is in its place: it is done. Before
 * the result is freed. One without rows is done when it has been executed. */
void weft_remote_took(weft_remote *remote);
/* That was the last statement: the session ends when it is closed. Else one with a name stays where it is.
 * Errors: as weft_remote_pass. */
WEFT_MUST_CHECK weft_status weft_remote_finish(weft_remote *remote, weft_error *error);
void weft_remote_on_progress(weft_remote *remote, void (*progress)(void *self, const weft_progress *progress),
                             void *self);
/* Any thread, also a signal handler. */
void weft_remote_cancel(weft_remote *remote);
/* End the session; every result must have been freed. NULL is allowed. */
void weft_remote_close(weft_remote **remote);

#endif
