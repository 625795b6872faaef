/* client/connection.h - where statements run: an engine of this process (local.h), or a session of a
 * coordinator elsewhere (remote.h). What uses it does not know which. */
#ifndef WEFT_CLIENT_CONNECTION_H
#define WEFT_CLIENT_CONNECTION_H

#include "common/settings.h"
#include "coordinator/session.h"
#include "engine/sql/parser.h"

typedef struct weft_backend weft_backend;

/* Plain value; zero-initialised is none. */
typedef struct weft_connection {
    const weft_backend *backend;
    void *self;
    weft_own_memory memory; /* of what is below */
    atomic_bool *cancelled; /* since a script began */
} weft_connection;

typedef struct weft_connection_options {
    const char *master;  /* weft://HOST:PORT[,…]; NULL: this process, as the settings say */
    const char *keys;    /* folder, or NULL: weft:// on the loopback only */
    const char *session; /* the name of a session elsewhere (weft_remote_open_named), or NULL */
    const weft_settings *settings;
} weft_connection_options;

/* What a master means: weft://… (*remote), or this process, then with so many slots (0: one a core). False
 * when it is neither. */
bool weft_connection_parse(const char *master, bool *remote, int32_t *slots);
extern const char weft_connection_masters[]; /* what there is, for messages */

/* On failure *out stays none and *error says why. */
WEFT_MUST_CHECK weft_status weft_connection_open(const weft_connection_options *options, weft_error *error,
                                                 weft_connection *out);
bool weft_connection_is_open(const weft_connection *c);
/* What it began with; for a ctx of those who print and export. */
const weft_settings *weft_connection_settings(const weft_connection *c);
weft_pool *weft_connection_pool(const weft_connection *c);
/* A statement or a script, BEGIN … END. As weft_session_execute, weft_session_set, weft_session_on_progress.
 * A result is freed before its connection is closed. */
WEFT_MUST_CHECK weft_status weft_connection_execute(const weft_connection *c, const char *text, size_t len,
                                                    weft_error *error, weft_result **out);
/* The same with what its parameter markers stand for (engine/sql/parser.h); values are SQL. */
WEFT_MUST_CHECK weft_status weft_connection_execute_with(const weft_connection *c, const char *text,
                                                         size_t len, const weft_sql_parameter *parameters,
                                                         int32_t count, weft_error *error, weft_result **out);
WEFT_MUST_CHECK weft_status weft_connection_set(weft_ctx *ctx, const weft_connection *c, const char *key,
                                                const char *value);
/* As weft_remote_pass, weft_remote_took, weft_remote_finish; in this process nothing is ever passed. */
WEFT_MUST_CHECK weft_status weft_connection_pass(const weft_connection *c, const char *text, size_t len,
                                                 bool *passed, weft_error *error);
void weft_connection_took(const weft_connection *c);
WEFT_MUST_CHECK weft_status weft_connection_finish(const weft_connection *c, weft_error *error);
void weft_connection_on_progress(const weft_connection *c,
                                 void (*progress)(void *self, const weft_progress *progress), void *self);
/* Stop the running statement, if any. Any thread, also a signal handler. */
void weft_connection_cancel(const weft_connection *c);
void weft_connection_close(weft_connection *c);

#endif
