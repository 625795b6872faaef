/* coordinator/service_session.c - the thread of a client's session: statements one after the other, and their
 * results (service_pages.c). It goes on while there is no connection, until the session is closed. */
#include <poll.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/settings.h"
#include "coordinator/command.h"
#include "coordinator/recovery.h"
#include "coordinator/service_private.h"
#include "coordinator/service_upload.h"

enum {
    FULL_WAIT_NS = 2 * 1000 * 1000,   /* a queue that takes no more is tried again so often */
    KEEP_WAIT_NS = 100 * 1000 * 1000, /* a result that nobody reads on is looked at so often */
    SECOND_NS = 1000 * 1000 * 1000
};

/* Lock held. */
void service_stop_operation(client_session *s, operation *op)
{
    atomic_store(&op->stop, true);
    if (s->running == op && s->session != NULL) weft_session_cancel(s->session);
}

/* ---- sending ---- */

/* Lock held. Would the client drop it, or hear it again? */
static bool is_needless(const client_session *s, const operation *op)
{
    return s->peer == 0 || (op != NULL && (atomic_load(&op->stop) || !op->attached || op->resume >= 0));
}

weft_status service_queue(client_session *s, const operation *op, const weft_net_frame *frames, int32_t count)
{
    weft_service *service = s->service;
    for (;;) {
        pthread_mutex_lock(&service->lock);
        const weft_net_peer peer = s->peer;
        const bool needless = is_needless(s, op);
        pthread_mutex_unlock(&service->lock);
        if (needless) return WEFT_OK;
        const weft_status st = weft_net_send(&s->ctx, service->options.net, peer, frames, count);
        if (st == WEFT_OK || (st != WEFT_LIMIT && st != WEFT_UNREACHABLE)) return st;
        weft_error_clear(&s->ctx);
        if (st == WEFT_UNREACHABLE) return WEFT_OK;
        nanosleep(&(struct timespec){.tv_nsec = FULL_WAIT_NS}, NULL);
    }
}

static weft_status session_send(client_session *s, const weft_session_reply *reply)
{
    weft_status st = WEFT_OK;
    weft_net_frame frames[SERVICE_FIXED_FRAMES];
    WEFT_TRY(st, service_encode(&s->ctx, reply, frames));
    WEFT_TRY(st, service_queue(s, NULL, frames, SERVICE_FIXED_FRAMES));
done:
    return st;
}

static void send_failure(client_session *s, uint64_t operation_id, const weft_error *error)
{
    const weft_error copy = *error;
    const weft_session_reply reply = {.kind = WEFT_REPLY_FAILED, .operation = operation_id, .error = &copy};
    if (session_send(s, &reply) != WEFT_OK) weft_error_clear(&s->ctx);
}

/* Ten times a second while a statement runs. A CANCEL that came before the statement had begun was not heard
 * by the session; now it is. What cannot be queued at once is not worth waiting for. */
static void show_progress(void *self, const weft_progress *p)
{
    client_session *s = self;
    weft_service *service = s->service;
    const weft_session_reply reply = {.kind = WEFT_REPLY_PROGRESS,
                                      .operation = s->running->id,
                                      .progress = {.stages = p->stages,
                                                   .stages_done = p->stages_done,
                                                   .tasks = p->tasks,
                                                   .running = p->running,
                                                   .tasks_done = p->tasks_done}};
    if (atomic_load(&s->running->stop)) weft_session_cancel(s->session);
    pthread_mutex_lock(&service->lock);
    const weft_net_peer peer = s->peer;
    pthread_mutex_unlock(&service->lock);
    if (peer == 0) return;
    if (service_send(&s->ctx, service, peer, &reply) != WEFT_OK) weft_error_clear(&s->ctx);
    weft_arena_reset(s->arena);
}

/* ---- operations ---- */

static void operation_set(client_session *s, operation *op, operation_state state)
{
    pthread_mutex_lock(&s->service->lock);
    op->state = state;
    pthread_mutex_unlock(&s->service->lock);
}

/* Another coordinator leads: the client hears of all this from that one. */
static void fall_silent(client_session *s)
{
    pthread_mutex_lock(&s->service->lock);
    s->peer = 0;
    for (operation *op = s->first; op != NULL; op = op->next) op->attached = false;
    pthread_mutex_unlock(&s->service->lock);
}

/* Before its client is told how an operation ended (code WEFT_OK: well). When this cannot be made durable,
 * that is how it ended. */
static void make_durable(client_session *s, const operation *op, weft_error *error)
{
    const weft_job_name name = {.session = s->id, .operation = op->id};
    if (error->code != WEFT_NOT_LEADER &&
        weft_coordinator_tell(&s->ctx, s->service->options.coordinator, &name, error) != WEFT_OK)
        *error = s->ctx.error;
    if (error->code == WEFT_NOT_LEADER) fall_silent(s);
    weft_error_clear(&s->ctx);
}

/* The operation failed: while it ran, or while it was read. It is durable that it did. */
static void tell_failure(client_session *s, operation *op, const weft_error *error)
{
    op->error = *error;
    service_drop_result(op);
    operation_set(s, op, OPERATION_FAILED);
    send_failure(s, op->id, &op->error);
}

static void operation_fail(client_session *s, operation *op, const weft_error *error)
{
    weft_error told = *error;
    make_durable(s, op, &told);
    tell_failure(s, op, &told);
}

/* ---- work ---- */

static weft_status change_setting(client_session *s, const operation *op, weft_error *error)
{
    const weft_status st = weft_session_set(&s->ctx, s->session, op->text, op->text + strlen(op->text) + 1);
    if (st != WEFT_OK) *error = s->ctx.error;
    return st;
}

static const weft_error cancelled = {.code = WEFT_CANCELLED, .message = "the statement was cancelled"};

/* An earlier coordinator ran it, and nothing is known of that: it is run anew, unless names or settings have
 * changed since. */
static weft_status check_again(client_session *s, const operation *op, weft_error *error)
{
    const uint64_t version = weft_session_version(s->session);
    if (!op->again || op->is_set || op->version == version || weft_session_changed_by(s->session) == op->id)
        return WEFT_OK;
    *error = (weft_error){
        .code = WEFT_RESULT_LOST,
        .message = "the coordinator that made the result is gone, and views or settings of the session have "
                   "changed since: it cannot be made again",
        .hint = "run the statement again"};
    return error->code;
}

/* A write that an earlier coordinator has brought to its end, or a failure that it was about to tell. */
static weft_status find_end(client_session *s, const operation *op, bool *ended, weft_error *error)
{
    const weft_job_name name = {.session = s->id, .operation = op->id};
    if (!op->again || op->is_set) return WEFT_OK;
    const weft_status st =
        weft_coordinator_find_end(&s->ctx, s->service->options.coordinator, &name, ended, error);
    if (st != WEFT_OK) *error = s->ctx.error;
    return st != WEFT_OK ? st : error->code;
}

static void leave_job(operation *op)
{
    if (op->job != NULL) weft_recovered_job_leave(op->job);
    op->job = NULL;
}

static weft_status run_statement(client_session *s, operation *op, weft_error *error)
{
    const weft_statement statement = {.text = op->text,
                                      .len = op->len,
                                      .name = {.session = s->id, .operation = op->id},
                                      .resume = op->job,
                                      .upload = service_upload_open(s, op)};
    weft_status st = WEFT_OK;
    bool ended = false;
    if (atomic_load(&op->stop)) {
        *error = cancelled;
        return cancelled.code;
    }
    WEFT_TRY(st, find_end(s, op, &ended, error));
    if (ended) goto done;
    WEFT_TRY(st, check_again(s, op, error));
    op->job = NULL; /* it is the statement's from now on */
    WEFT_TRY(st, op->is_set ? change_setting(s, op, error)
                            : weft_session_execute(s->session, &statement, error, &op->result));
done:
    return st;
}

/* Test setting: how it ended is on record, and something can happen before its client hears of it. */
static void delay_answer(client_session *s, const operation *op)
{
    const weft_job_name name = {.session = s->id, .operation = op->id};
    const int64_t ms = weft_session_settings(s->session)->number[WEFT_SET_ANSWER_DELAY];
    weft_error error = {0};
    bool found = false;
    if (ms == 0 || op->again) return;
    const weft_status st =
        weft_coordinator_find_end(&s->ctx, s->service->options.coordinator, &name, &found, &error);
    if (st != WEFT_OK || !found) return;
    weft_log(WEFT_LOG_INFO, "answer_delayed", WEFT_LOG_INT("operation", (int64_t)op->id),
             WEFT_LOG_INT("ms", ms));
    (void)poll(NULL, 0, (int)ms);
}

static void run_operation(client_session *s, operation *op)
{
    weft_error error = {0};
    weft_status st = run_statement(s, op, &error);
    leave_job(op);
    if (st != WEFT_OK && error.code == WEFT_OK) error = s->ctx.error;
    if (service_record_change(s) != WEFT_OK) error = s->ctx.error;
    make_durable(s, op, &error);
    delay_answer(s, op);
    pthread_mutex_lock(&s->service->lock);
    s->running = NULL;
    s->version = weft_session_version(s->session);
    op->state = OPERATION_RESULT;
    op->has_rows = op->result != NULL && weft_result_schema(op->result)->count > 0;
    op->resume =
        -1; /* whoever is there now hears it from its beginning, or from where an earlier one ended */
    const weft_session_held held = op->held;
    pthread_mutex_unlock(&s->service->lock);
    weft_mem_free(op->text);
    op->text = NULL;
    if (error.code != WEFT_OK) {
        tell_failure(s, op, &error);
        return;
    }
    st = service_send_result(s, op);
    if (st == WEFT_OK) st = service_go_to(s, op, &held);
    if (st != WEFT_OK) operation_fail(s, op, &s->ctx.error);
}

/* Send what the client of the operation waits for. resume: it has come back, with so many pages; else -1. */
static void answer_operation(client_session *s, operation *op, int64_t resume)
{
    weft_session_held held;
    weft_status st = WEFT_OK;
    if (op->state == OPERATION_FAILED) {
        send_failure(s, op->id, &op->error);
        return;
    }
    if (atomic_load(&op->stop)) {
        operation_fail(s, op, &cancelled);
        return;
    }
    pthread_mutex_lock(&s->service->lock);
    held = op->held;
    pthread_mutex_unlock(&s->service->lock);
    /* RESULT of an earlier coordinator may be another one: its client compares them */
    if (resume == 0 || (resume > 0 && s->from_before)) st = service_send_result(s, op);
    if (resume >= 0 && st == WEFT_OK) st = service_go_to(s, op, &held);
    if (resume < 0) st = service_send_more(s, op);
    if (st != WEFT_OK && st != WEFT_CANCELLED && op->result != NULL)
        weft_run_break(weft_result_run(op->result), &s->ctx.error);
    if (st != WEFT_OK) operation_fail(s, op, &s->ctx.error);
}

static void operation_free(operation *op)
{
    leave_job(op);
    service_upload_free(op);
    service_drop_result(op);
    weft_mem_free(op->text);
    weft_mem_free(op);
}

/* Lock held. Take an operation that was let go out of the list. */
static operation *take_released(client_session *s)
{
    for (operation **at = &s->first; *at != NULL; at = &(*at)->next) {
        operation *op = *at;
        if (!op->released && !s->closing) continue;
        *at = op->next;
        s->operation_count--;
        return op;
    }
    return NULL;
}

/* Lock held. Does its client wait for something that can be sent? */
static bool has_answer(const operation *op)
{
    if (!op->attached) return false;
    if (op->state == OPERATION_FAILED) return op->resume >= 0;
    return op->state == OPERATION_RESULT &&
           (op->resume >= 0 || atomic_load(&op->stop) || (!op->whole && op->sent < op->credit));
}

/* Lock held. What can be done now: a statement that waits, else the result that has credit and was asked for
 * first. */
static operation *find_work(const client_session *s)
{
    for (operation *op = s->first; op != NULL; op = op->next)
        if (op->state == OPERATION_QUEUED) return op;
    for (operation *op = s->first; op != NULL; op = op->next)
        if (has_answer(op)) return op;
    return NULL;
}

/* Lock held. Wait for news; while a result is not read to its end, not for long: its job may have to go on
 * record. */
static void wait_for_work(client_session *s)
{
    weft_service *service = s->service;
    bool reads = false;
    for (const operation *op = s->first; op != NULL; op = op->next)
        reads |= op->state == OPERATION_RESULT && !op->whole;
    if (!reads || service->options.journal == NULL) {
        pthread_cond_wait(&s->work, &service->lock);
        return;
    }
    const int64_t until_ns = weft_now_ns(&s->ctx) + KEEP_WAIT_NS;
    const struct timespec until = {.tv_sec = until_ns / SECOND_NS, .tv_nsec = until_ns % SECOND_NS};
    pthread_cond_timedwait(&s->work, &service->lock, &until);
}

/* Results that are read: a job that lives so long goes on record. Only this thread takes operations out. */
static void keep_results(client_session *s)
{
    weft_status st = WEFT_OK;
    if (s->service->options.journal == NULL) return;
    pthread_mutex_lock(&s->service->lock);
    for (operation *op = s->first; op != NULL; op = op->next) {
        if (op->state != OPERATION_RESULT) continue; /* only this thread makes it another then */
        pthread_mutex_unlock(&s->service->lock);
        st = op->result == NULL ? WEFT_OK : weft_result_keep(&s->ctx, op->result);
        if (st == WEFT_NOT_LEADER) fall_silent(s);
        weft_error_clear(&s->ctx);
        pthread_mutex_lock(&s->service->lock);
    }
    pthread_mutex_unlock(&s->service->lock);
}

/* How far a session with a name is stands before its next statement begins. over: an operation that is let
 * go, or NULL. Errors: WEFT_NOT_LEADER. */
static weft_status record_noted(client_session *s, operation *over)
{
    pthread_mutex_lock(&s->service->lock);
    if (over != NULL) service_named_ended(s, over);
    const bool noted = s->noted && (!s->closing || s->submission.finished);
    pthread_mutex_unlock(&s->service->lock);
    return noted ? service_record_change(s) : WEFT_OK;
}

static void session_loop(client_session *s)
{
    weft_service *service = s->service;
    for (;;) {
        operation *over = NULL, *op = NULL;
        pthread_mutex_lock(&service->lock);
        const bool closing = s->closing;
        over = take_released(s);
        if (over == NULL && !closing) op = find_work(s);
        const bool idle = over == NULL && op == NULL && !closing;
        if (idle) wait_for_work(s);
        int64_t resume = -1;
        const bool run = op != NULL && op->state == OPERATION_QUEUED;
        if (run) {
            op->state = OPERATION_RUNNING;
            s->running = op;
        } else if (op != NULL) {
            resume = op->resume;
            op->resume = -1;
        }
        pthread_mutex_unlock(&service->lock);
        if (!closing) keep_results(s);
        if (record_noted(s, closing ? NULL : over) != WEFT_OK) fall_silent(s);
        if (over != NULL)
            operation_free(over);
        else if (run)
            run_operation(s, op);
        else if (op != NULL)
            answer_operation(s, op, resume);
        else if (!idle)
            return; /* closing, and nothing is left */
        weft_error_clear(&s->ctx);
        weft_arena_reset(s->arena);
    }
}

/* Settings as a new session begins with them, then the client's. */
static weft_status read_settings(client_session *s, weft_settings *settings)
{
    weft_status st = WEFT_OK;
    const char *at = s->settings;
    *settings = *s->service->options.settings;
    for (int32_t i = 0; i < s->setting_count; i++) {
        const char *value = at + strlen(at) + 1;
        WEFT_TRY(st, weft_command_set(&s->ctx, settings, at, value));
        at = value + strlen(value) + 1;
    }
done:
    return st;
}

static weft_status answer_open(client_session *s, weft_session *session)
{
    weft_service *service = s->service;
    uint64_t again[SERVICE_OPERATIONS_MAX];
    weft_session_reply reply = {
        .kind = WEFT_REPLY_OPENED,
        .opened = {.session = s->id, .incarnation = service->incarnation, .release = weft_session_release()}};
    pthread_mutex_lock(&service->lock);
    s->session = session;
    s->opened = true;
    s->version = weft_session_version(session);
    if (s->resumed) reply = service_resumed(s, again);
    pthread_mutex_unlock(&service->lock);
    return session_send(s, &reply);
}

/* All that an earlier coordinator left of it. */
static weft_status restore(client_session *s, weft_session *session)
{
    weft_status st = WEFT_OK;
    weft_session_state state;
    if (s->state == NULL) return WEFT_OK;
    WEFT_TRY(st, weft_session_state_decode(&s->ctx, s->state, s->state_len, &state));
    WEFT_TRY(st, weft_session_restore(&s->ctx, session, &state));
    pthread_mutex_lock(&s->service->lock);
    if (state.submission.done > s->submission.done) s->submission = state.submission;
    pthread_mutex_unlock(&s->service->lock);
done:
    weft_mem_free(s->state);
    s->state = NULL;
    return st;
}

static weft_status session_open(client_session *s, weft_session **out)
{
    weft_status st = WEFT_OK;
    weft_service *service = s->service;
    weft_settings settings;
    WEFT_TRY(st, read_settings(s, &settings));
    WEFT_TRY(st,
             weft_session_new(&s->ctx, service->options.pool, service->options.coordinator, &settings, out));
    weft_session_on_progress(*out, show_progress, s);
    weft_session_belongs_to(*out, s->who.user);
    if (service_is_named(s) && s->state == NULL) WEFT_TRY(st, service_record_find(s));
    if (s->state == NULL) WEFT_TRY(st, service_record_open(s, *out));
    WEFT_TRY(st, restore(s, *out));
    if (s->instead && service->options.journal != NULL)
        WEFT_TRY(st, weft_journal_fence(&s->ctx, service->options.journal));
    WEFT_TRY(st, answer_open(s, *out));
done:
    return st;
}

/* It did not open. When another coordinator leads, its client shall look for that one, which may have what
 * this one has not. */
static void tell_not_opened(client_session *s)
{
    if (s->ctx.error.code != WEFT_NOT_LEADER) {
        send_failure(s, 0, &s->ctx.error);
        return;
    }
    pthread_mutex_lock(&s->service->lock);
    if (s->peer != 0) weft_net_drop(s->service->options.net, s->peer);
    pthread_mutex_unlock(&s->service->lock);
}

void *service_session_main(void *self)
{
    client_session *s = self;
    weft_session *session = NULL;
    if (session_open(s, &session) == WEFT_OK)
        session_loop(s);
    else
        tell_not_opened(s);
    pthread_mutex_lock(&s->service->lock);
    const bool ends = !s->service->ending && s->opened; /* else the next coordinator goes on with it */
    s->closing = true;                                  /* from now on nothing is added */
    s->session = NULL;
    operation *left = s->first;
    s->first = NULL;
    pthread_mutex_unlock(&s->service->lock);
    while (left != NULL) {
        operation *op = left;
        left = op->next;
        operation_free(op);
    }
    if (ends) service_record_end(s);
    weft_session_free(&session);
    pthread_mutex_lock(&s->service->lock);
    const bool last = --s->service->session_count == 0;
    pthread_mutex_unlock(&s->service->lock);
    if (last)
        weft_pool_trim(s->service->options.pool); /* what large statements took goes back to the system */
    pthread_mutex_lock(&s->service->lock);
    s->ended = true;
    pthread_mutex_unlock(&s->service->lock);
    return NULL;
}
