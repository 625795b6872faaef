/* coordinator/service_session.c - the thread of a client's session: statements one after the other, and the
 * pages of their results as the client gives credit.
 *
 * A page goes out as it lies in its block, without a row being decoded. It is copied once, since the network
 * may hold it longer than the block is there. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/hash.h"
#include "common/settings.h"
#include "coordinator/command.h"
#include "coordinator/service_private.h"
#include "engine/exec/block_remote.h"

enum { FULL_WAIT_NS = 2 * 1000 * 1000 }; /* a queue that takes no more is tried again so often */

/* Lock held. */
void service_stop_operation(client_session *s, operation *op)
{
    atomic_store(&op->stop, true);
    if (s->running == op && s->session != NULL) weft_session_cancel(s->session);
}

/* ---- sending ---- */

/* Queue a message, and wait while the client's queue is full. A client that is not there any more is no
 * error: what concerns it is told by weft_service_gone. op: a page of it, which its end makes needless; else
 * NULL. */
static weft_status session_queue(client_session *s, const operation *op, const weft_net_frame *frames,
                                 int32_t count)
{
    weft_service *service = s->service;
    for (;;) {
        pthread_mutex_lock(&service->lock);
        const weft_net_peer peer = s->peer;
        pthread_mutex_unlock(&service->lock);
        if (peer == 0 || (op != NULL && atomic_load(&op->stop))) return WEFT_OK;
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
    WEFT_TRY(st, session_queue(s, NULL, frames, SERVICE_FIXED_FRAMES));
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

/* ---- results ---- */

static void operation_drop_result(operation *op)
{
    weft_block_reader_close(&op->reader);
    weft_result_free(&op->result);
}

static void operation_set(client_session *s, operation *op, operation_state state)
{
    pthread_mutex_lock(&s->service->lock);
    op->state = state;
    pthread_mutex_unlock(&s->service->lock);
}

/* The operation failed: while it ran, or while it was read. */
static void operation_fail(client_session *s, operation *op, const weft_error *error)
{
    const weft_error copy = *error;
    operation_drop_result(op);
    operation_set(s, op, OPERATION_OVER);
    send_failure(s, op->id, &copy);
}

/* RESULT: columns, and what there is to read. */
static weft_status send_result(client_session *s, operation *op)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &s->ctx;
    const weft_run *run = weft_result_run(op->result);
    const weft_schema *schema = weft_result_schema(op->result);
    weft_session_reply reply = {.kind = WEFT_REPLY_RESULT, .operation = op->id};
    weft_reply_result *r = &reply.result;
    weft_bytes *blocks = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;

    if (schema->count > 0) {
        WEFT_TRY(st, weft_schema_encode(ctx, schema, &bytes, &len));
        r->schema = (weft_bytes){.bytes = bytes, .len = len};
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, run->block_count, &blocks));
        r->blocks = blocks;
        for (; r->block_count < run->block_count; r->block_count++) {
            WEFT_TRY(st, weft_block_header_encode(ctx, run->blocks[r->block_count], &bytes, &len));
            blocks[r->block_count] = (weft_bytes){.bytes = bytes, .len = len};
        }
    }
    WEFT_TRY(st, weft_session_settings_list(ctx, weft_result_ctx(op->result)->settings, &r->settings,
                                            &r->setting_count));
    r->is_text = weft_result_is_text(op->result);
    r->rows = weft_result_row_count(op->result);
    r->stages = run->stage_count;
    r->tasks = run->counts.done;
    r->tasks_failed = run->counts.failed;
    r->tasks_rerun = run->counts.rerun;
    r->blocks_lost = run->counts.blocks_lost;
    WEFT_TRY(st, session_send(s, &reply));
done:
    for (int32_t i = 0; i < r->block_count; i++) weft_mem_free((void *)(uintptr_t)blocks[i].bytes);
    return st;
}

/* ---- pages ---- */

/* A piece of a page as frames of a size that the client takes. */
static int32_t add_frames(weft_net_frame *frames, const uint8_t *bytes, size_t len, size_t most)
{
    int32_t count = 0;
    for (size_t at = 0; at < len; at += most)
        frames[count++] = (weft_net_frame){.bytes = bytes + at, .len = len - at < most ? len - at : most};
    return count;
}

static weft_status send_page(client_session *s, operation *op, const weft_row_page *page)
{
    weft_status st = WEFT_OK;
    weft_page_pieces pieces;
    weft_net_frame frames[WEFT_NET_FRAMES_MAX];
    int32_t count = SERVICE_FIXED_FRAMES;

    weft_page_lend(page, &pieces);
    const int64_t len = (int64_t)(sizeof(pieces.head) + pieces.rows_len + pieces.heap_len);
    const weft_session_reply reply = {
        .kind = WEFT_REPLY_PAGE, .operation = op->id, .page = {.bytes = len, .crc = pieces.crc}};
    /* rows and heap may both end in a frame that is not full */
    const size_t most = (size_t)weft_max_i64(WEFT_SESSION_FRAME_BYTES, len / (WEFT_NET_FRAMES_MAX / 2) + 1);
    WEFT_TRY(st, service_encode(&s->ctx, &reply, frames));
    count += add_frames(frames + count, pieces.head, sizeof(pieces.head), most);
    count += add_frames(frames + count, pieces.rows, pieces.rows_len, most);
    count += add_frames(frames + count, pieces.heap, pieces.heap_len, most);
    WEFT_TRY(st, session_queue(s, op, frames, count));
    op->sent += len;
    op->rows += page->rows;
done:
    return st;
}

static uint64_t add_page(uint64_t digest, const weft_row_page *page)
{
    weft_page_pieces pieces;
    weft_page_lend(page, &pieces);
    return weft_hash_combine(digest, pieces.crc);
}

/* The next page of the current block and those after it; NULL at the end. */
static weft_status read_page(client_session *s, operation *op, const weft_row_page **page)
{
    weft_status st = WEFT_OK;
    const weft_run *run = weft_result_run(op->result);
    bool stable = false;
    *page = NULL;
    while (*page == NULL && (op->reader != NULL || op->block < run->block_count)) {
        if (op->reader == NULL) {
            op->pages = 0;
            op->digest = 0;
            WEFT_TRY(st, weft_block_reader_open(&s->ctx, run->blocks[op->block++], 0, -1, &op->reader));
        }
        WEFT_TRY(st, weft_block_reader_next(&s->ctx, op->reader, page, &stable));
        if (*page == NULL) weft_block_reader_close(&op->reader);
    }
done:
    return st;
}

/* The current block is lost: go on in one that was made again, behind the pages that the client has, when
 * these are the same. */
static weft_status read_again(client_session *s, operation *op)
{
    weft_status st = WEFT_OK;
    const int32_t index = op->block - 1;
    const weft_row_page *page = NULL;
    uint64_t digest = 0;
    bool stable = false;
    weft_error_clear(&s->ctx);
    weft_block_reader_close(&op->reader);
    WEFT_TRY(st, weft_result_fetch_again(&s->ctx, op->result, index));
    WEFT_TRY(st,
             weft_block_reader_open(&s->ctx, weft_result_run(op->result)->blocks[index], 0, -1, &op->reader));
    for (int32_t i = 0; i < op->pages; i++) {
        WEFT_TRY(st, weft_block_reader_next(&s->ctx, op->reader, &page, &stable));
        if (page != NULL) digest = add_page(digest, page);
    }
    if (digest != op->digest)
        st =
            weft_fail(&s->ctx, WEFT_RESULT_LOST,
                      "a worker was lost while the result was read, and rows that were sent already came out "
                      "otherwise when they were made again");
done:
    return st;
}

static bool is_loss(weft_status st)
{
    return st == WEFT_FETCH_FAILED || st == WEFT_UNREACHABLE || st == WEFT_CHECKSUM;
}

/* The next page of the result, or its end. */
static weft_status send_more(client_session *s, operation *op)
{
    weft_status st = WEFT_OK;
    const weft_row_page *page = NULL;

    s->ctx.cancel = &op->stop;
    st = read_page(s, op, &page);
    for (int32_t tries = 0; is_loss(st) && tries < SERVICE_REREADS_MAX; tries++) {
        st = read_again(s, op);
        if (st == WEFT_OK) st = read_page(s, op, &page);
    }
    WEFT_TRY(st, st);
    if (page != NULL) {
        op->digest = add_page(op->digest, page);
        op->pages++;
        WEFT_TRY(st, send_page(s, op, page));
        goto done;
    }
    const weft_session_reply reply = {.kind = WEFT_REPLY_END, .operation = op->id, .rows = op->rows};
    operation_drop_result(op);
    operation_set(s, op, OPERATION_OVER);
    WEFT_TRY(st, session_send(s, &reply));
done:
    s->ctx.cancel = NULL;
    return st;
}

/* ---- work ---- */

static weft_status change_setting(client_session *s, const operation *op, weft_error *error)
{
    const weft_status st = weft_session_set(&s->ctx, s->session, op->text, op->text + strlen(op->text) + 1);
    if (st != WEFT_OK) *error = s->ctx.error;
    return st;
}

/* A setting has no result; an empty one is told of, so that both end alike. */
static weft_status answer_set(client_session *s, operation *op)
{
    const weft_session_reply reply = {.kind = WEFT_REPLY_RESULT, .operation = op->id};
    operation_set(s, op, OPERATION_OVER);
    return session_send(s, &reply);
}

static void run_operation(client_session *s, operation *op)
{
    static const weft_error cancelled = {.code = WEFT_CANCELLED, .message = "the statement was cancelled"};
    weft_error error = {0};
    weft_status st = WEFT_OK;
    if (atomic_load(&op->stop)) {
        operation_fail(s, op, &cancelled);
        return;
    }
    if (op->is_set)
        st = change_setting(s, op, &error);
    else
        st = weft_session_execute(s->session, op->text, op->len, &error, &op->result);
    pthread_mutex_lock(&s->service->lock);
    s->running = NULL;
    op->state = OPERATION_RESULT;
    pthread_mutex_unlock(&s->service->lock);
    weft_mem_free(op->text);
    op->text = NULL;
    if (st != WEFT_OK) {
        operation_fail(s, op, &error);
        return;
    }
    st = op->is_set ? answer_set(s, op) : send_result(s, op);
    if (st != WEFT_OK) operation_fail(s, op, &s->ctx.error);
    if (st == WEFT_OK && op->result != NULL && weft_result_schema(op->result)->count == 0) {
        operation_drop_result(op); /* there is nothing to read */
        operation_set(s, op, OPERATION_OVER);
    }
}

static void read_operation(client_session *s, operation *op)
{
    static const weft_error cancelled = {.code = WEFT_CANCELLED, .message = "the statement was cancelled"};
    if (atomic_load(&op->stop))
        operation_fail(s, op, &cancelled);
    else if (send_more(s, op) != WEFT_OK)
        operation_fail(s, op, &s->ctx.error);
}

static void operation_free(operation *op)
{
    operation_drop_result(op);
    weft_mem_free(op->text);
    weft_mem_free(op);
}

/* Lock held. Take an operation that was let go out of the list. */
static operation *take_released(client_session *s)
{
    operation *before = NULL;
    for (operation *op = s->first; op != NULL; before = op, op = op->next) {
        if (!op->released && !s->closing) continue;
        *(before == NULL ? &s->first : &before->next) = op->next;
        if (s->last == op) s->last = before;
        s->operation_count--;
        return op;
    }
    return NULL;
}

/* Lock held. What can be done now: a statement that waits, else the result that has credit and was asked for
 * first. */
static operation *find_work(const client_session *s)
{
    for (operation *op = s->first; op != NULL; op = op->next)
        if (op->state == OPERATION_QUEUED) return op;
    for (operation *op = s->first; op != NULL; op = op->next)
        if (op->state == OPERATION_RESULT && (op->sent < op->credit || atomic_load(&op->stop))) return op;
    return NULL;
}

/* Lock held. Wait for work; false when the session without a connection has waited long enough. */
static bool wait_for_work(client_session *s)
{
    const int64_t keep_ns = (int64_t)s->service->options.keep_ms * 1000000;
    const int64_t until = s->lost_ns + keep_ns;
    if (s->peer != 0) {
        pthread_cond_wait(&s->work, &s->service->lock);
        return true;
    }
    const struct timespec at = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
    return pthread_cond_timedwait(&s->work, &s->service->lock, &at) != ETIMEDOUT || s->peer != 0;
}

static void session_loop(client_session *s)
{
    weft_service *service = s->service;
    for (;;) {
        operation *over = NULL, *op = NULL;
        pthread_mutex_lock(&service->lock);
        while ((over = take_released(s)) == NULL && !s->closing && (op = find_work(s)) == NULL)
            if (!wait_for_work(s)) s->closing = true;
        const bool run = op != NULL && op->state == OPERATION_QUEUED;
        if (run) {
            op->state = OPERATION_RUNNING;
            s->running = op;
        }
        pthread_mutex_unlock(&service->lock);
        if (over != NULL)
            operation_free(over);
        else if (run)
            run_operation(s, op);
        else if (op != NULL)
            read_operation(s, op);
        else
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
    pthread_mutex_lock(&service->lock);
    s->session = *out;
    s->opened = true;
    pthread_mutex_unlock(&service->lock);
    const weft_session_reply reply = {
        .kind = WEFT_REPLY_OPENED,
        .opened = {.session = s->id, .incarnation = service->incarnation, .release = weft_session_release()}};
    WEFT_TRY(st, session_send(s, &reply));
done:
    return st;
}

void *service_session_main(void *self)
{
    client_session *s = self;
    weft_session *session = NULL;
    if (session_open(s, &session) == WEFT_OK)
        session_loop(s);
    else
        send_failure(s, 0, &s->ctx.error);
    pthread_mutex_lock(&s->service->lock);
    s->closing = true; /* from now on nothing is added */
    s->session = NULL;
    operation *left = s->first;
    s->first = s->last = NULL;
    pthread_mutex_unlock(&s->service->lock);
    while (left != NULL) {
        operation *op = left;
        left = op->next;
        operation_free(op);
    }
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
