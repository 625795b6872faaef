/* client/remote_pages.c - results of a remote session: stand-ins of the coordinator's blocks, whose pages
 * come over the connection in the order in which they are read.
 *
 * Credit is given for what was read, half a window at a time, so that pages are on their way while others are
 * worked on. */
#include <stdio.h>
#include <string.h>

#include "client/remote_private.h"
#include "coordinator/result.h"
#include "engine/exec/block_remote.h"

/* ---- operations ---- */

static void pages_free(remote_page *page)
{
    while (page != NULL) {
        remote_page *next = page->next;
        weft_mem_free(page->image);
        weft_mem_free(page);
        page = next;
    }
}

void remote_operation_rewind(remote_operation *op)
{
    pages_free(op->first);
    weft_mem_free(op->reply);
    op->first = op->last = NULL;
    op->reply = NULL;
    op->reply_len = 0;
    op->received = op->pages = 0;
    op->place = (weft_session_place){0};
    op->state = REMOTE_WAITING;
    op->is_second = true;
}

void remote_operation_leave(remote_operation *op)
{
    weft_remote *r = op->remote;
    if (--op->users > 0) return;
    pthread_mutex_lock(&r->lock);
    remote_operation **at = &r->operations;
    while (*at != op) at = &(*at)->next;
    *at = op->next;
    const bool connected = r->state == LINK_OPEN;
    pthread_mutex_unlock(&r->lock);
    weft_session_request release = {.kind = WEFT_REQUEST_RELEASE, .operation = op->id};
    if (r->name != NULL && r->took == op->id)
        release.submission = (weft_submission){.done = r->place, .digest = r->chain};
    /* over the next connection it is not named, and so let go */
    if (connected && remote_send(&r->ctx, r, &release, NULL, 0) != WEFT_OK) weft_error_clear(&r->ctx);
    pages_free(op->first);
    weft_mem_free(op->reply);
    remote_files_close(op);
    weft_mem_free(op->text);
    weft_mem_free(op);
}

/* ---- pages ---- */

/* All blocks of a result are read one after the other, as they were sent: the stream is the operation's. */
static weft_status origin_open(weft_ctx *ctx, void *self, const weft_block_name *name, int32_t partition,
                               int32_t first, int32_t count, void **stream)
{
    (void)count;
    if (partition != 0 || first != 0)
        return weft_fail(ctx, WEFT_INTERNAL, "block %d of a result is read from page %d on", name->partition,
                         first);
    *stream = self;
    return WEFT_OK;
}

/* More pages may come when half of the window has been read. */
static weft_status give_credit(weft_ctx *ctx, remote_operation *op)
{
    weft_remote *r = op->remote;
    const int64_t granted = op->taken + REMOTE_WINDOW_BYTES;
    pthread_mutex_lock(&r->lock);
    const bool due = op->state == REMOTE_RESULT && granted - op->granted >= REMOTE_WINDOW_BYTES / 2;
    if (due) op->granted = granted;
    pthread_mutex_unlock(&r->lock);
    if (!due) return WEFT_OK;
    const weft_session_request credit = {.kind = WEFT_REQUEST_CREDIT, .operation = op->id, .credit = granted};
    const weft_status st = remote_send(ctx, r, &credit, NULL, 0);
    if (st != WEFT_UNREACHABLE) return st;
    weft_error_clear(ctx); /* pages that have come are still read */
    return WEFT_OK;
}

static weft_status origin_next(weft_ctx *ctx, void *stream, weft_page_arrived *out)
{
    weft_status st = WEFT_OK;
    remote_operation *op = stream;
    weft_remote *r = op->remote;
    remote_page *page = NULL;
    WEFT_TRY(st, give_credit(ctx, op));
    pthread_mutex_lock(&r->lock);
    while (op->first == NULL && op->state == REMOTE_RESULT && (st = weft_check_cancel(ctx)) == WEFT_OK) {
        if (r->state == LINK_OPEN) {
            remote_wait(r, weft_now_ns(ctx) + REMOTE_LOOK_NS);
            continue;
        }
        pthread_mutex_unlock(&r->lock);
        remote_link_return(r);
        pthread_mutex_lock(&r->lock);
    }
    page = op->first;
    if (st == WEFT_OK && page != NULL) {
        op->first = page->next;
        if (op->first == NULL) op->last = NULL;
    } else if (st == WEFT_OK && op->state == REMOTE_FAILED) {
        ctx->error = op->error;
        st = op->error.code;
    } else if (st == WEFT_OK)
        st = weft_fail(ctx, WEFT_CORRUPT, "the coordinator at weft://%s sent fewer pages than it said",
                       remote_name(r));
    pthread_mutex_unlock(&r->lock);
    WEFT_TRY(st, st);
    weft_mem_move(page->image, ctx->memory);
    *out =
        (weft_page_arrived){.memory = page->image, .image = page->image, .len = page->len, .crc = page->crc};
    op->taken += (int64_t)page->len;
    weft_mem_free(page);
done:
    return st;
}

static void origin_close(void *stream) { (void)stream; }

static void origin_release(void *self) { remote_operation_leave(self); }

/* ---- results ---- */

/* The settings of the statement: its own, over those of this process. */
static weft_status take_settings(weft_ctx *ctx, const weft_remote *r, const weft_reply_result *reply,
                                 weft_settings *out)
{
    weft_status st = WEFT_OK;
    weft_settings_init(out);
    for (int32_t i = 0; i < WEFT_SETTING_COUNT; i++) {
        if (weft_setting_find_def((weft_setting_id)i)->scope != WEFT_SCOPE_PROCESS) continue;
        out->number[i] = r->settings.number[i];
        memcpy(out->text[i], r->settings.text[i], sizeof(out->text[i]));
        out->set[i] = r->settings.set[i];
    }
    for (int32_t i = 0; i < reply->setting_count; i++)
        WEFT_TRY(st, weft_settings_set(ctx, out, reply->settings[i].key, reply->settings[i].value));
done:
    return st;
}

static weft_status add_blocks(remote_operation *op, weft_result *result, const weft_reply_result *reply)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &result->ctx;
    weft_type *types = NULL;
    const weft_block_origin origin = {.open = origin_open,
                                      .next = origin_next,
                                      .close = origin_close,
                                      .release = origin_release,
                                      .self = op};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, result->schema->count, &types));
    for (int32_t i = 0; i < result->schema->count; i++) types[i] = result->schema->fields[i].type;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, reply->block_count, &result->run.blocks));
    for (int32_t i = 0; i < reply->block_count; i++) {
        const weft_types columns = {.count = result->schema->count, .types = types};
        const weft_block_name name = {.job = op->id, .partition = i};
        weft_block_header header;
        WEFT_TRY(st, weft_block_header_decode(ctx, reply->blocks[i].bytes, reply->blocks[i].len, &header));
        if (header.partition_count != 1)
            return weft_fail(ctx, WEFT_CORRUPT, "a result has blocks of %d partitions",
                             header.partition_count);
        WEFT_TRY(st, weft_block_remote_new(ctx, result->account, &columns, &name, &header, &origin,
                                           &result->run.blocks[i]));
        op->users++;
        result->run.block_count = i + 1;
    }
done:
    return st;
}

weft_status remote_result_new(weft_remote *r, remote_operation *op, weft_error *error, weft_result **out)
{
    weft_status st = WEFT_OK;
    weft_result *result = NULL;
    weft_session_reply reply;
    *out = NULL;
    if (weft_result_new(r->memory.pool, &r->settings, &r->cancel, &result) != WEFT_OK) {
        *error = (weft_error){.code = WEFT_NOMEM, .message = "no memory for a result"};
        return WEFT_NOMEM;
    }
    weft_ctx *ctx = &result->ctx;
    WEFT_TRY(st, weft_session_reply_decode(ctx, op->reply, op->reply_len, &reply));
    WEFT_TRY(st, take_settings(ctx, r, &reply.result, &result->settings));
    if (reply.result.schema.len > 0) {
        WEFT_TRY(
            st, weft_schema_decode(ctx, reply.result.schema.bytes, reply.result.schema.len, &result->schema));
        WEFT_TRY(st, add_blocks(op, result, &reply.result));
    }
    result->is_text = reply.result.is_text;
    result->run.counts.done = reply.result.tasks;
    result->run.counts.failed = reply.result.tasks_failed;
    result->run.counts.rerun = reply.result.tasks_rerun;
    result->run.counts.blocks_lost = reply.result.blocks_lost;
    *out = result;
    result = NULL;
done:
    if (st != WEFT_OK) *error = ctx->error;
    weft_result_free(&result);
    return st;
}
