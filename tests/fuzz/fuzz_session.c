/* tests/fuzz/fuzz_session.c - what clients and the coordinator say to each other, from bytes that nobody
 * vouches for.
 *
 * What is decoded is encoded again and must then stay the same; its schema and block headers are decoded as a
 * client does, and a stand-in is made of what they say. */
#include <stdlib.h>
#include <string.h>

#include "common/settings.h"
#include "engine/exec/block_remote.h"
#include "proto/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_request(weft_ctx *ctx, const uint8_t *data, size_t size)
{
    weft_session_request request, again;
    uint8_t *bytes = NULL, *same = NULL;
    size_t len = 0, same_len = 0;
    if (weft_session_request_decode(ctx, data, size, &request) != WEFT_OK) return;
    if (weft_session_request_encode(ctx, &request, &bytes, &len) != WEFT_OK) abort();
    if (weft_session_request_decode(ctx, bytes, len, &again) != WEFT_OK) abort();
    if (weft_session_request_encode(ctx, &again, &same, &same_len) != WEFT_OK) abort();
    if (len != same_len || memcmp(bytes, same, len) != 0) abort();
}

/* ---- what a client makes of a result ---- */

static weft_status origin_open(weft_ctx *ctx, void *self, const weft_block_name *name, int32_t partition,
                               int32_t first, int32_t count, void **stream)
{
    (void)ctx;
    (void)name;
    (void)partition;
    (void)first;
    (void)count;
    *stream = self;
    return WEFT_OK;
}

/* One page of zeros, as long as said nowhere. */
static weft_status origin_next(weft_ctx *ctx, void *stream, weft_page_arrived *page)
{
    (void)stream;
    *page = (weft_page_arrived){.len = 4096};
    const weft_status st = weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, page->len, &page->memory);
    page->image = page->memory;
    return st;
}

static void origin_close(void *stream) { (void)stream; }
static void origin_release(void *self) { ++*(int *)self; }

static void read_block(weft_ctx *ctx, const weft_types *types, const weft_bytes *bytes)
{
    static const weft_block_name name = {.job = 1};
    weft_block_header header;
    weft_block *block = NULL;
    weft_block_reader *reader = NULL;
    const weft_row_page *page = NULL;
    bool stable = false;
    int released = 0;
    const weft_block_origin origin = {.open = origin_open,
                                      .next = origin_next,
                                      .close = origin_close,
                                      .release = origin_release,
                                      .self = &released};
    if (weft_block_header_decode(ctx, bytes->bytes, bytes->len, &header) != WEFT_OK) return;
    if (weft_block_remote_new(ctx, ctx->memory, types, &name, &header, &origin, &block) != WEFT_OK) return;
    if (weft_block_reader_open(ctx, block, 0, -1, &reader) != WEFT_OK) abort();
    if (weft_block_reader_next(ctx, reader, &page, &stable) == WEFT_OK && page != NULL) abort();
    weft_block_reader_close(&reader);
    weft_block_release(&block);
    if (released != 1) abort();
}

static void read_result(weft_ctx *ctx, const weft_reply_result *result)
{
    const weft_schema *schema = NULL;
    weft_type *types = NULL;
    if (result->schema.len == 0 ||
        weft_schema_decode(ctx, result->schema.bytes, result->schema.len, &schema) != WEFT_OK)
        return;
    if (WEFT_NEW_ARRAY(ctx, schema->count, &types) != WEFT_OK) abort();
    for (int32_t i = 0; i < schema->count; i++) {
        if (schema->fields[i].name == NULL) abort();
        types[i] = schema->fields[i].type;
    }
    for (int32_t i = 0; i < result->block_count; i++)
        read_block(ctx, &(weft_types){.count = schema->count, .types = types}, &result->blocks[i]);
}

static void check_reply(weft_ctx *ctx, const uint8_t *data, size_t size)
{
    weft_session_reply reply, again;
    uint8_t *bytes = NULL, *same = NULL;
    size_t len = 0, same_len = 0;
    if (weft_session_reply_decode(ctx, data, size, &reply) != WEFT_OK) return;
    if (weft_session_reply_encode(ctx, &reply, &bytes, &len) != WEFT_OK) abort();
    if (weft_session_reply_decode(ctx, bytes, len, &again) != WEFT_OK) abort();
    if (weft_session_reply_encode(ctx, &again, &same, &same_len) != WEFT_OK) abort();
    if (len != same_len || memcmp(bytes, same, len) != 0) abort();
    if (reply.kind == WEFT_REPLY_RESULT) read_result(ctx, &reply.result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static weft_settings settings;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(256 << 20);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx ctx;
    weft_ctx_init(&ctx, arena, account, &settings);
    check_request(&ctx, data, size);
    check_reply(&ctx, data, size);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
