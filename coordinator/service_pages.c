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
    op->before = (sent_before){0};
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

static weft_status fill_result(client_session *s, const operation *op, weft_reply_result *r)
{
    weft_ctx *ctx = &s->ctx;
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
    if (op->result != NULL) WEFT_TRY(st, fill_result(s, op, r));
    r->session_version = weft_session_version(s->session);
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

/* Behind the last page that was sent. */
static const weft_session_place *place_of(const operation *op)
{
    return op->page_count == 0 ? &op->before.place : &op->pages[op->page_count - 1].place;
}

/* The place behind one more page, of the block that is read now. */
static void place_add(const operation *op, const weft_row_page *page, weft_session_place *place)
{
    const weft_block *block = weft_result_run(op->result)->blocks[op->block - 1];
    const weft_block_name *name = weft_block_get_name(block);
    const uint64_t digest = weft_row_page_digest(weft_block_layout(block), page);
    if (place->block != op->block - 1) place->block_digest = (uint64_t)(place->pages = 0);
    place->job = name->job;
    place->block = op->block - 1;
    place->generation = name->generation;
    place->attempt = name->attempt;
    place->pages++;
    place->block_digest = weft_hash_combine(place->block_digest, weft_hash_u64(digest));
    place->digest = weft_hash_combine(place->digest, weft_hash_u64(digest));
}

static weft_status send_page(client_session *s, operation *op, const weft_row_page *page)
{
    weft_status st = WEFT_OK;
    weft_page_pieces pieces;
    weft_net_frame frames[WEFT_NET_FRAMES_MAX];
    int32_t count = SERVICE_FIXED_FRAMES;

    weft_page_lend(page, &pieces);
    const int64_t len = (int64_t)(sizeof(pieces.head) + pieces.rows_len + pieces.heap_len);
    sent_page note = {.place = *place_of(op), .rows = page->rows, .bytes = (uint32_t)len};
    place_add(op, page, &note.place);
    const weft_session_reply reply = {.kind = WEFT_REPLY_PAGE,
                                      .operation = op->id,
                                      .page = {.number = op->before.pages + op->page_count,
                                               .bytes = len,
                                               .crc = pieces.crc,
                                               .place = note.place}};
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

static bool is_loss(weft_status st)
{
    return st == WEFT_FETCH_FAILED || st == WEFT_UNREACHABLE || st == WEFT_CHECKSUM;
}

/* Open a block for reading, from its first page on. */
static weft_status open_block(client_session *s, operation *op, int32_t index)
{
    weft_block_reader_close(&op->reader);
    op->block = index + 1;
    return weft_block_reader_open(&s->ctx, weft_result_run(op->result)->blocks[index], 0, -1, &op->reader);
}

/* The block that is read now is lost: read one that was made again. */
static weft_status open_again(client_session *s, operation *op)
{
    weft_status st = WEFT_OK;
    const int32_t index = op->block - 1;
    weft_error_clear(&s->ctx);
    weft_block_reader_close(&op->reader);
    WEFT_TRY(st, weft_result_fetch_again(&s->ctx, op->result, index));
    WEFT_TRY(st, open_block(s, op, index));
done:
    return st;
}

/* Pass over pages of the block that is read now. place: from where to where; where the block ends earlier,
 * there. rows: of the pages, added. */
static weft_status pass_pages(client_session *s, operation *op, int32_t pages, weft_session_place *place,
                              int64_t *rows)
{
    weft_status st = WEFT_OK;
    const weft_row_page *page = NULL;
    bool stable = false;
    for (int32_t i = 0; i < pages; i++) {
        WEFT_TRY(st, weft_block_reader_next(&s->ctx, op->reader, &page, &stable));
        if (page == NULL) break;
        place_add(op, page, place);
        *rows += page->rows;
    }
done:
    return st;
}

static weft_status result_differs(client_session *s, const char *lost)
{
    const weft_status st = weft_fail(&s->ctx, WEFT_RESULT_LOST,
                                     "%s was lost while the result was read, and rows that were sent already "
                                     "came out otherwise when they were made again",
                                     lost);
    weft_hint(&s->ctx, "Run the statement again; with ORDER BY a result is the same each time.");
    return st;
}

/* The current block is lost: go on in one that was made again, behind the pages that were sent, when these
 * are the same. */
static weft_status read_again(client_session *s, operation *op)
{
    weft_status st = WEFT_OK;
    const weft_session_place sent = *place_of(op);
    weft_session_place place = {.block = -1};
    int64_t rows = 0;
    WEFT_TRY(st, open_again(s, op));
    if (sent.block != op->block - 1) goto done; /* none of it */
    WEFT_TRY(st, pass_pages(s, op, sent.pages, &place, &rows));
    if (place.pages != sent.pages || (sent.pages > 0 && place.block_digest != sent.block_digest))
        st = result_differs(s, "a worker");
done:
    return st;
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

/* ---- where a client goes on ---- */

/* To a page that this coordinator has sent. */
static weft_status go_back(client_session *s, operation *op, int64_t pages)
{
    weft_status st = WEFT_OK;
    if (pages == op->before.pages + op->page_count) return WEFT_OK;
    const int32_t index = op->pages[pages - op->before.pages].place.block;
    while (op->before.pages + op->page_count > pages) {
        op->page_count--;
        op->sent -= op->pages[op->page_count].bytes;
        op->rows -= op->pages[op->page_count].rows;
    }
    int64_t rows = op->before.place.block == index ? op->before.block_rows : 0; /* of the block */
    for (int32_t i = op->page_count; i > 0 && op->pages[i - 1].place.block == index; i--)
        rows += op->pages[i - 1].rows;
    WEFT_TRY(st, open_block(s, op, index));
    weft_block_reader_skip(op->reader, &rows);
    if (rows != 0)
        st = weft_fail(&s->ctx, WEFT_INTERNAL, "block %d of a result has other pages than were sent", index);
done:
    return st;
}

/* Behind pages of an attempt's block: by their rows alone. */
static weft_status skip_pages(client_session *s, operation *op, const weft_session_place *place,
                              int64_t *block_rows)
{
    weft_status st = WEFT_OK;
    const weft_block *block = weft_result_run(op->result)->blocks[place->block];
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_block_header header;
    WEFT_TRY(st, weft_block_header_encode(&s->ctx, block, &bytes, &len));
    WEFT_TRY(st, weft_block_header_decode(&s->ctx, bytes, len, &header));
    if (header.partition_count != 1 || place->pages > header.page_counts[0]) {
        st = result_differs(s, "the coordinator");
        goto done;
    }
    for (int32_t i = 0; i < place->pages; i++) *block_rows += header.page_rows[i];
    int64_t rows = *block_rows;
    WEFT_TRY(st, open_block(s, op, place->block));
    weft_block_reader_skip(op->reader, &rows);
done:
    weft_mem_free(bytes);
    return st;
}

/* Behind pages of a block, which must have the digest that the client heard of; another one is taken in its
 * place when it is lost meanwhile. */
static weft_status compare_pages(client_session *s, operation *op, int32_t index, int32_t pages,
                                 weft_session_place *place, int64_t *rows)
{
    const weft_session_place from = *place;
    weft_status st = open_block(s, op, index);
    if (st == WEFT_OK) st = pass_pages(s, op, pages, place, rows);
    for (int32_t tries = 0; is_loss(st) && tries < SERVICE_REREADS_MAX; tries++) {
        *place = from;
        *rows = 0;
        st = open_again(s, op);
        if (st == WEFT_OK) st = pass_pages(s, op, pages, place, rows);
    }
    return st;
}

/* The job ran anew: all that the client has must come out the same. */
static weft_status compare_all(client_session *s, operation *op, const weft_session_held *held,
                               int64_t *block_rows)
{
    weft_status st = WEFT_OK;
    const weft_session_place *sent = &held->place;
    weft_session_place place = {.block = -1};
    int64_t pages = 0;
    for (int32_t i = 0; i <= sent->block; i++) {
        const int32_t most = i == sent->block ? sent->pages : INT32_MAX;
        *block_rows = 0;
        place.pages = 0;
        WEFT_TRY(st, compare_pages(s, op, i, most, &place, block_rows));
        if (place.block == i) pages += place.pages;
        if (i < sent->block) weft_block_reader_close(&op->reader);
    }
    if (pages != held->pages || place.pages != sent->pages || place.digest != sent->digest)
        st = result_differs(s, "the coordinator");
done:
    return st;
}

/* To a page that an earlier coordinator has sent: this one has sent none. */
static weft_status go_forward(client_session *s, operation *op, const weft_session_held *held)
{
    weft_status st = WEFT_OK;
    const weft_session_place *sent = &held->place;
    const weft_run *run = weft_result_run(op->result);
    weft_session_place place = {.block = -1};
    sent_before before = {.pages = held->pages, .bytes = held->bytes, .place = *sent};
    if (sent->block >= run->block_count) return result_differs(s, "the coordinator");
    const weft_block_name *name = weft_block_get_name(run->blocks[sent->block]);
    const bool same_job = name->job == sent->job && name->generation == sent->generation;
    if (same_job && name->attempt == sent->attempt) {
        WEFT_TRY(st, skip_pages(s, op, sent, &before.block_rows));
    } else if (same_job) {
        WEFT_TRY(st, compare_pages(s, op, sent->block, sent->pages, &place, &before.block_rows));
        if (place.pages != sent->pages || place.block_digest != sent->block_digest)
            WEFT_TRY(st, result_differs(s, "the coordinator"));
    } else
        WEFT_TRY(st, compare_all(s, op, held, &before.block_rows));
    before.rows = before.block_rows;
    for (int32_t i = 0; i < sent->block; i++) before.rows += weft_block_rows(run->blocks[i], 0);
    op->before = before;
    op->sent = before.bytes;
    op->rows = before.rows;
done:
    return st;
}

weft_status service_go_to(client_session *s, operation *op, const weft_session_held *held)
{
    weft_status st = WEFT_OK;
    const int64_t first = op->before.pages, last = first + op->page_count;
    if (!has_pages(op) && held->pages == 0) return WEFT_OK;
    s->ctx.cancel = &op->stop;
    if (has_pages(op)) set_whole(s, op, false); /* its end is told again */
    if (held->pages >= first && held->pages <= last)
        st = go_back(s, op, held->pages);
    else if (last == 0 && held->place.pages > 0 && s->from_before)
        st = has_pages(op) ? go_forward(s, op, held) : result_differs(s, "the coordinator");
    else
        st = weft_fail(&s->ctx, WEFT_CORRUPT, "a client has %lld pages of a result of which %lld were sent",
                       (long long)held->pages, (long long)last);
    s->ctx.cancel = NULL;
    return st;
}
