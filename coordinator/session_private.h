/* coordinator/session_private.h - inside of a session, for the files that carry out its statements. */
#ifndef WEFT_COORDINATOR_SESSION_PRIVATE_H
#define WEFT_COORDINATOR_SESSION_PRIVATE_H

#include "common/settings.h"
#include "coordinator/command.h"
#include "coordinator/result.h"
#include "coordinator/session.h"
#include "engine/catalog/session_catalog.h"

struct weft_session {
    weft_pool *pool;
    weft_coordinator *coordinator;
    weft_account *account;
    weft_arena *arena;
    weft_ctx ctx;                  /* of what lives as long as the session */
    weft_settings settings, start; /* start: what RESET goes back to */
    const char *cache_folder;      /* session_cache.c; NULL: there is none yet */
    int32_t cache_fills;           /* how many folders are in it */
    weft_pointers foreign;         /* session_settings.c: keys that are no settings here */
    weft_session_catalog *catalog;
    weft_session_files files;
    atomic_bool cancel;
    void (*progress)(void *self, const weft_progress *progress);
    void *progress_self;
    char user[WEFT_SESSION_USER_BYTES];
    uint64_t version, changed_by; /* as in session_state.h */
};

/* By a statement of this name. */
void weft_session_changed(weft_session *session, const weft_job_name *name);
/* Run an optimised query and keep its blocks as the result's rows. */
WEFT_MUST_CHECK weft_status weft_session_run_plan(weft_session *session, weft_result *result, weft_ids *ids,
                                                  const weft_node *plan, bool timed);

/* ---- session_variables.c ---- */
/* Carry out a parsed statement about variables. */
WEFT_MUST_CHECK weft_status weft_session_variable_command(weft_session *session, weft_result *result,
                                                          weft_ids *ids, const weft_node *parsed);
/* The statement that a parsed EXECUTE IMMEDIATE means; with INTO it sets variables. An error in the text has
 * no place: it lies in no text that people see. */
WEFT_MUST_CHECK weft_status weft_session_immediate(weft_session *session, weft_result *result, weft_ids *ids,
                                                   const weft_node *parsed, const weft_node **out);

/* The variables of the script that the statement is of, as its text says; *from: where it begins. */
WEFT_MUST_CHECK weft_status weft_session_locals(weft_session *session, weft_ctx *ctx, weft_ids *ids,
                                                const char *text, size_t len, size_t *from);
/* Functions and variables, for weft_session_describe and weft_session_restore. What cannot be made again is
 * logged and left out. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_session_describe_objects(weft_ctx *ctx, const weft_session *session,
                                                          weft_session_state *out);
WEFT_MUST_CHECK weft_status weft_session_restore_objects(weft_session *session,
                                                         const weft_session_state *state);

/* ---- session.c ---- */
WEFT_MUST_CHECK weft_status weft_session_create_view(weft_session *session, weft_result *result,
                                                     const weft_node *bound);
/* What a command shows is its result. */
WEFT_MUST_CHECK weft_status weft_session_give_rows(weft_result *result, const weft_command_rows *rows);
/* INSERT OVERWRITE DIRECTORY, CREATE TABLE … AS: the tasks' files become visible by one commit. analyzed:
 * what EXPLAIN ANALYZE shows of it, or NULL; it stays NULL where nothing had to be written. */
WEFT_MUST_CHECK weft_status weft_session_write(weft_session *session, weft_result *result, weft_ids *ids,
                                               const weft_node *bound, char **analyzed);
/* Optimised; twice when it reads tables in folders, whose files are listed by what it needs of them. */
WEFT_MUST_CHECK weft_status weft_session_optimise(weft_session *session, weft_result *result, weft_ids *ids,
                                                  const weft_node *bound, const weft_node **out);

/* ---- session_explain.c ---- */
WEFT_MUST_CHECK weft_status weft_session_explain(weft_session *session, weft_result *result, weft_ids *ids,
                                                 const weft_node *parsed, const weft_node *bound);
/* Is the status of a statement's analysis one that its EXPLAIN shows? Then do so: the error is in the
 * result's ctx, which has none afterwards. sql: the statement's text. */
bool weft_session_explains_error(weft_status st, const weft_node *parsed);
WEFT_MUST_CHECK weft_status weft_session_explain_error(weft_result *result, const weft_node *parsed,
                                                       const char *sql, size_t len);

/* ---- session_cache.c ---- */
/* CACHE TABLE, UNCACHE TABLE, CLEAR CACHE: bound. */
WEFT_MUST_CHECK weft_status weft_session_cache_command(weft_session *session, weft_result *result,
                                                       const weft_node *command);
/* Fill what statements have wanted. No statement runs. Errors: those of the query and of writing. */
WEFT_MUST_CHECK weft_status weft_session_cache_fill(weft_session *session, weft_error *error);
/* The table or view (database NULL: a temporary one) is another one now, or none. */
void weft_session_cache_dropped(weft_session *session, const char *database, const char *name);
void weft_session_cache_free(weft_session *session);

/* ---- session_analyze.c ---- */
WEFT_MUST_CHECK weft_status weft_session_check_analyze(weft_session *session, weft_ctx *ctx,
                                                       const weft_node *command);
/* Do what result->after says. No statement runs. */
WEFT_MUST_CHECK weft_status weft_session_analyze(weft_session *session, weft_result *result,
                                                 weft_error *error);
/* The table of this name was written: what was known of it, and kept of it, is no more. */
WEFT_MUST_CHECK weft_status weft_session_written(weft_session *session, weft_ctx *ctx,
                                                 const char *const *parts, int32_t part_count);

/* ---- session_settings.c ---- */
/* Set a setting of `settings`, or a key of the session that is none here. Errors: as weft_command_set;
 * WEFT_UNSUPPORTED for what would change the meaning of queries and is not there; WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_session_put(weft_ctx *ctx, weft_session *session, weft_settings *settings,
                                             const char *key, const char *value);
/* The value of a setting, or of such a key that is set; NULL: there is none. */
const char *weft_session_setting_text(const weft_session *session, const char *key);
/* Such keys behind the settings of the state. */
WEFT_MUST_CHECK weft_status weft_session_foreign(weft_ctx *ctx, const weft_session *session,
                                                 weft_session_state *out);
/* SET, RESET; what it shows is in *rows, of width 0: nothing. */
WEFT_MUST_CHECK weft_status weft_session_config(weft_session *session, weft_ctx *ctx, const weft_node *bound,
                                                weft_command_rows *rows, bool *changed);

/* ---- session_substitute.c ---- */
/* Put values in place of ${key} behind the first `from` bytes of *text; a changed text is in ctx->arena.
 * Errors: WEFT_CONFIG for a value that reads itself, WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_session_substitute(const weft_session *session, weft_ctx *ctx, size_t from,
                                                    const char **text, size_t *len);

/* ---- session_routine.c ---- */
/* CREATE FUNCTION, DROP FUNCTION. */
WEFT_MUST_CHECK weft_status weft_session_routine_command(weft_session *session, weft_result *result,
                                                         weft_ids *ids, const weft_node *parsed);

#endif
