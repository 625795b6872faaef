/* client/remote.c - see remote.h: a session from its opening to its end, and its statements. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/local.h"
#include "client/machine.h"
#include "client/remote_private.h"
#include "common/hash.h"
#include "common/limits.h"

enum {
    OPEN_MS = 4500,        /* a person waits for it */
    CANCEL_MS = 10 * 1000, /* a coordinator that does not even cancel is not waited for */
    LINGER_MS = 200
};

/* ---- addresses ---- */

static const char *const schemes[] = {"weft://", "spark://"};

static const char *after_scheme(const char *master)
{
    for (int32_t i = 0; i < (int32_t)WEFT_COUNT(schemes); i++)
        if (strncmp(master, schemes[i], strlen(schemes[i])) == 0) return master + strlen(schemes[i]);
    return NULL;
}

bool weft_remote_is(const char *master) { return after_scheme(master) != NULL; }

/* HOST, HOST:PORT or [IPV6]:PORT into "HOST:PORT". */
static bool parse_address(const char *text, size_t len, char out[REMOTE_ADDRESS_BYTES])
{
    char *end = NULL;
    if (len == 0 || len + 8 > REMOTE_ADDRESS_BYTES) return false;
    memcpy(out, text, len);
    out[len] = 0;
    if (strpbrk(out, "/ @?#") != NULL) return false;
    const char *const bracket = strrchr(out, ']');
    const char *const colon = strrchr(out, ':');
    if (colon == NULL || (bracket != NULL && colon < bracket)) {
        snprintf(out + len, REMOTE_ADDRESS_BYTES - len, ":%d", WEFT_REMOTE_PORT);
        return true;
    }
    const long port = strtol(colon + 1, &end, 10);
    return colon > out && end > colon + 1 && *end == 0 && port > 0 && port <= 65535;
}

static weft_status parse_master(weft_remote *r, const char *master)
{
    const char *at = after_scheme(master);
    assert(at != NULL); /* the caller has asked weft_remote_is */
    for (;;) {
        const size_t len = strcspn(at, ",");
        if (r->address_count == REMOTE_ADDRESSES_MAX)
            return weft_fail(&r->ctx, WEFT_CONFIG, "a master has at most %d addresses", REMOTE_ADDRESSES_MAX);
        if (!parse_address(at, len, r->addresses[r->address_count])) {
            const weft_status st =
                weft_fail(&r->ctx, WEFT_CONFIG, "the master %s is no list of addresses", master);
            weft_hint(&r->ctx, "write weft://HOST:PORT, with several weft://HOST:PORT,HOST:PORT");
            return st;
        }
        r->address_count++;
        if (at[len] == 0) break;
        at += len + 1;
    }
    r->address = r->address_count - 1; /* the first one is tried first */
    return WEFT_OK;
}

/* ---- life ---- */

static weft_status start(weft_remote *r, const char *master, const char *keys)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    r->send_arena = weft_arena_new(r->memory.account);
    r->net_arena = weft_arena_new(r->memory.account);
    if (r->send_arena == NULL || r->net_arena == NULL)
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for a session"));
    weft_ctx_init(&r->net_ctx, r->net_arena, r->memory.account, &r->settings);
    WEFT_TRY(st, parse_master(r, master));
    WEFT_TRY(st, remote_link_start(r, keys));
    WEFT_TRY(st, remote_link_open(r, OPEN_MS));
done:
    return st;
}

weft_status weft_remote_open(const char *master, const char *keys, const weft_settings *settings,
                             weft_error *error, weft_remote **out)
{
    return weft_remote_open_named(master, keys, NULL, settings, error, out);
}

weft_status weft_remote_open_named(const char *master, const char *keys, const char *name,
                                   const weft_settings *settings, weft_error *error, weft_remote **out)
{
    weft_status st = WEFT_NOMEM;
    const int64_t limit = weft_machine_pool_bytes(settings->number[WEFT_SET_MEMORY]);
    weft_own_memory memory;
    weft_remote *r = NULL;
    weft_ctx boot;

    *out = NULL;
    *error = (weft_error){.code = WEFT_NOMEM, .message = "no memory for a session"};
    if (!weft_own_memory_open(&memory, limit, "remote session")) return st;
    weft_ctx_init(&boot, memory.arena, memory.account, settings);
    WEFT_TRY(st, weft_mem_alloc_zero(&boot, WEFT_MEM_WORKING, sizeof(*r), (void **)&r));
    r->memory = memory;
    r->settings = *settings;
    r->name = name;
    weft_ctx_init(&r->ctx, memory.arena, memory.account, &r->settings);
    pthread_mutex_init(&r->lock, NULL);
    sem_init(&r->news, 0, 0);
    st = start(r, master, keys);
    if (st != WEFT_OK) *error = r->ctx.error;
    *out = r;
    if (st != WEFT_OK) weft_remote_close(out);
    return st;
done:
    weft_own_memory_close(&memory);
    return st;
}

weft_pool *weft_remote_pool(weft_remote *r) { return r->memory.pool; }
const weft_settings *weft_remote_settings(const weft_remote *r) { return &r->settings; }
void weft_remote_cancel(weft_remote *r)
{
    atomic_store(&r->cancel, true);
    remote_wake(r);
}

void weft_remote_on_progress(weft_remote *r, void (*progress)(void *self, const weft_progress *progress),
                             void *self)
{
    r->progress = progress;
    r->progress_self = self;
}

void weft_remote_close(weft_remote **remote)
{
    weft_remote *r = *remote;
    *remote = NULL;
    if (r == NULL) return;
    assert(r->operations == NULL); /* results are freed before their session */
    pthread_mutex_lock(&r->lock);
    const bool open = r->state == LINK_OPEN;
    pthread_mutex_unlock(&r->lock);
    if (open && (r->name == NULL || r->finished)) { /* else it ends there by itself, or waits */
        const weft_session_request bye = {
            .kind = WEFT_REQUEST_CLOSE,
            .submission = {.done = r->finished ? r->place : 0, .digest = r->chain, .finished = r->finished}};
        if (remote_send(&r->ctx, r, &bye, NULL, 0) != WEFT_OK) weft_error_clear(&r->ctx);
    }
    weft_net_stop(&r->net, LINGER_MS);
    weft_keys_close(&r->keys);
    pthread_mutex_destroy(&r->lock);
    sem_destroy(&r->news);
    weft_arena_free(&r->send_arena);
    weft_arena_free(&r->net_arena);
    weft_own_memory memory = r->memory;
    weft_mem_free(r);
    weft_own_memory_close(&memory);
}

/* ---- submissions: the statements of a session with a name ---- */

/* Those that were done, up to this one, are these? Lock held. */
static weft_status check_place(weft_remote *r, uint64_t place, weft_error *error)
{
    const weft_submission *s = &r->submission;
    const bool past = s->finished && place > s->done;
    if (!past && (place != s->done || s->digest == 0 || s->digest == r->chain)) return WEFT_OK;
    *error =
        (weft_error){.code = WEFT_SESSION_OF_OTHERS,
                     .hint = "take another name for other statements, or the same files for the same name"};
    snprintf(error->message, sizeof(error->message),
             past ? "the session %s was finished after %llu statements, and here are more"
                  : "the session %s has done %llu statements, and those here are others",
             r->name, (unsigned long long)s->done);
    return error->code;
}

bool weft_remote_is_named(const weft_remote *r) { return r->name != NULL; }

weft_status weft_remote_pass(weft_remote *r, const char *text, size_t len, bool *passed, weft_error *error)
{
    weft_status st = WEFT_OK;
    *passed = false;
    if (r->name == NULL) return WEFT_OK;
    r->place++;
    r->chain = weft_hash_combine(r->chain, weft_hash_bytes(text, len));
    if (r->chain == 0) r->chain = 1; /* 0 is not known */
    pthread_mutex_lock(&r->lock);
    st = check_place(r, r->place, error);
    *passed = r->place <= r->submission.done;
    pthread_mutex_unlock(&r->lock);
    return st;
}

void weft_remote_took(weft_remote *r)
{
    if (r->name == NULL) return;
    pthread_mutex_lock(&r->lock);
    r->took = weft_submission_operation(&r->submission, r->place);
    r->submission.done = r->place;
    r->submission.digest = r->chain;
    pthread_mutex_unlock(&r->lock);
}

weft_status weft_remote_finish(weft_remote *r, weft_error *error)
{
    weft_status st = WEFT_OK;
    if (r->name == NULL) return WEFT_OK;
    pthread_mutex_lock(&r->lock);
    if (r->place < r->submission.done) {
        *error = (weft_error){.code = WEFT_SESSION_OF_OTHERS};
        snprintf(error->message, sizeof(error->message),
                 "the session %s has done %llu statements, and here are only %llu", r->name,
                 (unsigned long long)r->submission.done, (unsigned long long)r->place);
        st = error->code;
    }
    pthread_mutex_unlock(&r->lock);
    r->finished = st == WEFT_OK;
    return st;
}

/* ---- statements ---- */

/* A connection, and the session that there was. A new one in its place is told of once, when the old one had
 * views and settings that statements may rely on. */
static weft_status connect_again(weft_remote *r)
{
    weft_status st = WEFT_OK;
    pthread_mutex_lock(&r->lock);
    const bool open = r->state == LINK_OPEN;
    pthread_mutex_unlock(&r->lock);
    if (open) return WEFT_OK;
    WEFT_TRY(st, remote_link_open(r, r->settings.number[WEFT_SET_CLIENT_RETURN]));
    if (r->resumed) {
        WEFT_TRY(st, remote_ask_again(r));
        goto done;
    }
    const bool changed = r->version > 0;
    remote_lose_session(r);
    if (changed)
        st = WEFT_SESSION_NOT_FOUND;
    else
        weft_error_clear(&r->ctx);
done:
    return st;
}

/* text: of EXECUTE; setting: of SET; the other is NULL. */
static weft_status operation_new(weft_remote *r, const char *text, size_t len,
                                 const weft_session_setting *setting, remote_operation **out)
{
    weft_status st = WEFT_OK;
    remote_operation *op = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(&r->ctx, WEFT_MEM_WORKING, sizeof(*op), (void **)&op));
    if (setting != NULL) {
        op->is_set = true;
        op->setting = *setting;
    } else {
        WEFT_TRY(st, weft_mem_alloc(&r->ctx, WEFT_MEM_WORKING, len + 1, (void **)&op->text));
        memcpy(op->text, text, len);
        op->text[len] = 0;
        op->text_len = len;
    }
    op->remote = r;
    op->users = 1;
    op->granted = REMOTE_WINDOW_BYTES;
    pthread_mutex_lock(&r->lock);
    op->id = r->name == NULL ? ++r->last_operation : weft_submission_operation(&r->submission, r->place);
    op->version = r->version;
    op->next = r->operations;
    r->operations = op;
    pthread_mutex_unlock(&r->lock);
    *out = op;
    op = NULL;
done:
    weft_mem_free(op);
    return st;
}

/* Tell the coordinator once; then its answer is waited for, but not for ever. Lock not held. */
static weft_status pass_cancel(weft_remote *r, const remote_operation *op, int64_t *cancelled_ns)
{
    weft_status st = WEFT_OK;
    const weft_session_request cancel = {.kind = WEFT_REQUEST_CANCEL, .operation = op->id};
    if (!atomic_load(&r->cancel)) return WEFT_OK;
    if (*cancelled_ns != 0) {
        if (weft_now_ns(&r->ctx) - *cancelled_ns < (int64_t)CANCEL_MS * 1000000) return WEFT_OK;
        return weft_fail(&r->ctx, WEFT_CANCELLED,
                         "the statement was cancelled; the coordinator at weft://%s has not answered within "
                         "%d s",
                         remote_name(r), CANCEL_MS / 1000);
    }
    *cancelled_ns = weft_now_ns(&r->ctx);
    st = remote_send(&r->ctx, r, &cancel, NULL, 0);
    if (st != WEFT_UNREACHABLE) return st;
    weft_error_clear(&r->ctx); /* the operation learns by itself that the connection broke */
    return WEFT_OK;
}

/* Lock held. Is there nothing yet that could be given to the caller? */
static bool is_awaited(weft_remote *r, const remote_operation *op)
{
    return op->state == REMOTE_WAITING ||
           (op->state == REMOTE_RESULT && op->has_parts && op->received < REMOTE_WHOLE_BYTES &&
            !atomic_load(&r->cancel)); /* who reads it sees that */
}

/* Until RESULT, and all of a small result with it, or a failure. */
static weft_status wait_for_result(weft_remote *r, remote_operation *op)
{
    weft_status st = WEFT_OK;
    int64_t cancelled_ns = 0;
    for (;;) {
        pthread_mutex_lock(&r->lock);
        if (is_awaited(r, op) && !op->progressed && !op->wanted && r->state == LINK_OPEN)
            remote_wait(r, weft_now_ns(&r->ctx) + REMOTE_LOOK_NS);
        const bool broken = r->state != LINK_OPEN;
        const bool awaited = is_awaited(r, op);
        if (!awaited) op->is_given = true;
        const bool progressed = op->progressed;
        const weft_progress progress = op->progress;
        const bool wanted = op->wanted;
        op->progressed = false;
        op->wanted = op->wanted && !broken; /* what was wanted over a broken connection is asked for again */
        if (op->state == REMOTE_FAILED) {
            r->ctx.error = op->error;
            st = op->error.code;
        }
        pthread_mutex_unlock(&r->lock);
        if (!awaited) break;
        if (wanted && !broken) WEFT_TRY(st, remote_files_send(r, op));
        if (progressed && r->progress != NULL) r->progress(r->progress_self, &progress);
        WEFT_TRY(st, pass_cancel(r, op, &cancelled_ns));
        if (broken) remote_link_return(r);
    }
done:
    return st;
}

/* Send a statement or a setting and wait for its RESULT. *out stays to be left by the caller. */
static weft_status run(weft_remote *r, const char *text, size_t len, const weft_session_setting *setting,
                       remote_operation **out)
{
    weft_status st = WEFT_OK;
    weft_error_clear(&r->ctx);
    atomic_store(&r->cancel, false);
    WEFT_TRY(st, connect_again(r));
    WEFT_TRY(st, operation_new(r, text, len, setting, out));
    WEFT_TRY(st, remote_files_open(r, *out));
    st = remote_ask(r, *out);
    if (st == WEFT_UNREACHABLE) { /* it broke just now: who waits connects again, and sends it then */
        weft_error_clear(&r->ctx);
        st = WEFT_OK;
    }
    WEFT_TRY(st, st);
    WEFT_TRY(st, wait_for_result(r, *out));
done:
    return st;
}

weft_status weft_remote_execute(weft_remote *r, const char *text, size_t len, weft_error *error,
                                weft_result **out)
{
    weft_status st = WEFT_OK;
    remote_operation *op = NULL;
    *out = NULL;
    *error = (weft_error){0};
    weft_error_clear(&r->ctx);
    if (len > WEFT_SQL_BYTES_MAX)
        st = weft_fail(&r->ctx, WEFT_LIMIT, "the statement has %zu bytes; at most %d are taken", len,
                       WEFT_SQL_BYTES_MAX);
    else
        st = run(r, text, len, NULL, &op);
    if (st != WEFT_OK)
        *error = r->ctx.error;
    else
        st = remote_result_new(r, op, error, out);
    if (st == WEFT_OK && weft_result_schema(*out)->count == 0) weft_remote_took(r);
    if (op != NULL) remote_operation_leave(op);
    weft_arena_reset(r->memory.arena);
    return st;
}

weft_status weft_remote_set(weft_remote *r, const char *key, const char *value, weft_error *error)
{
    remote_operation *op = NULL;
    const weft_session_setting setting = {.key = key, .value = value};
    const weft_status st = run(r, NULL, 0, &setting, &op);
    if (st != WEFT_OK) *error = r->ctx.error;
    if (op != NULL) remote_operation_leave(op);
    weft_arena_reset(r->memory.arena);
    return st;
}
