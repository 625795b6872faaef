/* coordinator/service_pages.c - the result of a client's statement: what there is to read, and its pages as
 * the client gives credit.
 *
 * A page goes out as it lies in its block, without a row being decoded. It is copied once, since the network
 * may hold it longer than the block is there. What was sent is remembered as a few numbers a page: a client
 * that lost its connection says how many pages have come, and the stream goes on behind them; and when a
 * block is lost and made again, the pages that its client has must be the same. */
#include <string.h>

#include "common/hash.h"
#include "common/settings.h"
#include "coordinator/service_private.h"
#include "engine/exec/block_remote.h"

void service_drop_result(operation *op)
{
    weft_block_reader_close(&op->reader);
    weft_result_free(&op->result);
    weft_mem_free(op->pages);
    op->pages = NULL;
    op->page_count = op->page_capacity = 0;
}

/* ---- RESULT ---- */

static void set_whole(client_session *s, operation *op, bool whole)
{
    pthread_mutex_lock(&s->service->lock);
    op->whole = whole;
    pthread_mutex_unlock(&s->service->lock);
}

/* Headers of the blocks; each a memory block, which the caller frees. */
static weft_status add_headers(weft_ctx *ctx, const weft_run *run, weft_reply_result *r)
{
    weft_status st = WEFT_OK;
    weft_bytes *blocks = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, run->block_count, &blocks));
    r->blocks = blocks;
    for (; r->block_count < run->block_count; r->block_count++) {
        WEFT_TRY(st, weft_block_header_encode(ctx, run->blocks[r->block_count], &bytes, &len));
        blocks[r->block_count] = (weft_bytes){.bytes = bytes, .len = len};
    }
done:
    return st;
}

static weft_status fill_result(weft_ctx *ctx, const operation *op, weft_reply_result *r)
{
    weft_status st = WEFT_OK;
    const weft_run *run = weft_result_run(op->result);
    const weft_schema *schema = weft_result_schema(op->result);
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (schema->count > 0) {
        WEFT_TRY(st, weft_schema_encode(ctx, schema, &bytes, &len));
        r->schema = (weft_bytes){.bytes = bytes, .len = len};
        WEFT_TRY(st, add_headers(ctx, run, r));
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
done:
    return st;
}

static bool has_pages(const operation *op)
{
    return op->result != NULL && weft_result_schema(op->result)->count > 0;
}

weft_status service_send_result(client_session *s, operation *op)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &s->ctx;
    weft_net_frame frames[SERVICE_FIXED_FRAMES];
    weft_session_reply reply = {.kind = WEFT_REPLY_RESULT, .operation = op->id};
    weft_reply_result *r = &reply.result;
    /* a setting has no result; an empty one is told of, so that both end alike */
    if (op->result != NULL) WEFT_TRY(st, fill_result(ctx, op, r));
    WEFT_TRY(st, service_encode(ctx, &reply, frames));
    WEFT_TRY(st, service_queue(s, NULL, frames, SERVICE_FIXED_FRAMES));
    if (!has_pages(op)) set_whole(s, op, true);
done:
    for (int32_t i = 0; i < r->block_count; i++) weft_mem_free((void *)(uintptr_t)r->blocks[i].bytes);
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

static weft_status note_page(client_session *s, operation *op, const sent_page *page)
{
    weft_status st = WEFT_OK;
    if (op->page_count == op->page_capacity) {
        const int32_t capacity = weft_max_i32(16, op->page_capacity * 2);
        WEFT_TRY(st, weft_mem_resize(&s->ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(sent_page),
                                     (void **)&op->pages));
        op->page_capacity = capacity;
    }
    op->pages[op->page_count++] = *page;
    op->sent += page->bytes;
    op->rows += page->rows;
done:
    return st;
}

/* Of the block that is read now. */
static uint32_t digest_of(const operation *op, const weft_row_page *page)
{
    const weft_block *block = weft_result_run(op->result)->blocks[op->block - 1];
    return weft_row_page_digest(weft_block_layout(block), page);
}

static weft_status send_page(client_session *s, operation *op, const weft_row_page *page)
{
    weft_status st = WEFT_OK;
    weft_page_pieces pieces;
    weft_net_frame frames[WEFT_NET_FRAMES_MAX];
    int32_t count = SERVICE_FIXED_FRAMES;

    weft_page_lend(page, &pieces);
    const int64_t len = (int64_t)(sizeof(pieces.head) + pieces.rows_len + pieces.heap_len);
    const sent_page note = {
        .block = op->block - 1, .rows = page->rows, .bytes = (uint32_t)len, .digest = digest_of(op, page)};
    const weft_session_reply reply = {.kind = WEFT_REPLY_PAGE,
                                      .operation = op->id,
                                      .page = {.number = op->page_count, .bytes = len, .crc = pieces.crc}};
    /* rows and heap may both end in a frame that is not full */
    const size_t most = (size_t)weft_max_i64(WEFT_SESSION_FRAME_BYTES, len / (WEFT_NET_FRAMES_MAX / 2) + 1);
    WEFT_TRY(st, service_encode(&s->ctx, &reply, frames));
    count += add_frames(frames + count, pieces.head, sizeof(pieces.head), most);
    count += add_frames(frames + count, pieces.rows, pieces.rows_len, most);
    count += add_frames(frames + count, pieces.heap, pieces.heap_len, most);
    WEFT_TRY(st, note_page(s, op, &note));
    WEFT_TRY(st, service_queue(s, op, frames, count));
done:
    return st;
}

/* The next page of the current block and those after it; NULL at the end. */
static weft_status read_page(client_session *s, operation *op, const weft_row_page **page)
{
    weft_status st = WEFT_OK;
    const weft_run *run = weft_result_run(op->result);
    bool stable = false;
    *page = NULL;
    while (*page == NULL && (op->reader != NULL || op->block < run->block_count)) {
        if (op->reader == NULL)
            WEFT_TRY(st, weft_block_reader_open(&s->ctx, run->blocks[op->block++], 0, -1, &op->reader));
        WEFT_TRY(st, weft_block_reader_next(&s->ctx, op->reader, page, &stable));
        if (*page == NULL) weft_block_reader_close(&op->reader);
    }
done:
    return st;
}

/* The first of the pages that were sent of the block that is read now. */
static int32_t first_of_block(const operation *op)
{
    int32_t first = op->page_count;
    while (first > 0 && op->pages[first - 1].block == op->block - 1) first--;
    return first;
}

/* The current block is lost: go on in one that was made again, behind the pages that were sent, when these
 * are the same. */
static weft_status read_again(client_session *s, operation *op)
{
    weft_status st = WEFT_OK;
    const int32_t index = op->block - 1;
    const weft_row_page *page = NULL;
    bool stable = false, same = true;
    weft_error_clear(&s->ctx);
    weft_block_reader_close(&op->reader);
    WEFT_TRY(st, weft_result_fetch_again(&s->ctx, op->result, index));
    WEFT_TRY(st,
             weft_block_reader_open(&s->ctx, weft_result_run(op->result)->blocks[index], 0, -1, &op->reader));
    for (int32_t i = first_of_block(op); i < op->page_count && same; i++) {
        WEFT_TRY(st, weft_block_reader_next(&s->ctx, op->reader, &page, &stable));
        same = page != NULL && digest_of(op, page) == op->pages[i].digest;
    }
    if (!same)
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

weft_status service_send_more(client_session *s, operation *op)
{
    weft_status st = WEFT_OK;
    const weft_row_page *page = NULL;
    weft_net_frame frames[SERVICE_FIXED_FRAMES];

    s->ctx.cancel = &op->stop;
    st = read_page(s, op, &page);
    for (int32_t tries = 0; is_loss(st) && tries < SERVICE_REREADS_MAX; tries++) {
        st = read_again(s, op);
        if (st == WEFT_OK) st = read_page(s, op, &page);
    }
    WEFT_TRY(st, st);
    if (page != NULL) {
        WEFT_TRY(st, send_page(s, op, page));
        goto done;
    }
    const weft_session_reply reply = {.kind = WEFT_REPLY_END, .operation = op->id, .rows = op->rows};
    set_whole(s, op, true);
    WEFT_TRY(st, service_encode(&s->ctx, &reply, frames));
    WEFT_TRY(st, service_queue(s, op, frames, SERVICE_FIXED_FRAMES));
done:
    s->ctx.cancel = NULL;
    return st;
}

weft_status service_go_back(client_session *s, operation *op, int64_t pages)
{
    weft_status st = WEFT_OK;
    if (pages > op->page_count)
        return weft_fail(&s->ctx, WEFT_CORRUPT, "a client has %lld pages of a result of which %d were sent",
                         (long long)pages, op->page_count);
    if (!has_pages(op)) return WEFT_OK;
    set_whole(s, op, false); /* its end is told again */
    if (pages == op->page_count) return WEFT_OK;
    op->block = op->pages[pages].block + 1;
    for (; op->page_count > pages; op->page_count--) {
        op->sent -= op->pages[op->page_count - 1].bytes;
        op->rows -= op->pages[op->page_count - 1].rows;
    }
    int64_t rows = 0; /* of the block, that the client has */
    for (int32_t i = first_of_block(op); i < op->page_count; i++) rows += op->pages[i].rows;
    weft_block_reader_close(&op->reader);
    WEFT_TRY(st, weft_block_reader_open(&s->ctx, weft_result_run(op->result)->blocks[op->block - 1], 0, -1,
                                        &op->reader));
    weft_block_reader_skip(op->reader, &rows);
    if (rows != 0)
        st = weft_fail(&s->ctx, WEFT_INTERNAL, "block %d of a result has other pages than were sent",
                       op->block - 1);
done:
    return st;
}
