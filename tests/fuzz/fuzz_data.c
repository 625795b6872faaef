/* tests/fuzz/fuzz_data.c - what block servers and fetchers send each other, from bytes that nobody vouches
 * for: messages, and the headers of blocks.
 *
 * Checksums are made right, so that the checks behind them are met. A message that passes must be written and
 * read to the same again. A header that passes becomes a stand-in or is refused; a stand-in must answer for
 * all that it has, and its pages, which never come, must fail as they should. */
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/settings.h"
#include "engine/exec/block_remote.h"
#include "proto/data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) abort();
}

/* ---- messages ---- */

static void rewrite(const uint8_t *from, const weft_data_head *head, uint8_t *to)
{
    for (int32_t i = 0; i < head->count; i++) {
        weft_block_name name;
        weft_data_want want;
        weft_data_answer answer;
        weft_data_page page;
        switch (head->kind) {
        case WEFT_DATA_HEADERS:
            weft_data_get_name(from, i, &name);
            weft_data_put_name(to, i, &name);
            break;
        case WEFT_DATA_PAGES:
            weft_data_get_want(from, i, &want);
            weft_data_put_want(to, i, &want);
            break;
        case WEFT_DATA_GAVE_HEADERS:
            weft_data_get_answer(from, i, &answer);
            weft_data_put_answer(to, i, &answer);
            break;
        case WEFT_DATA_GAVE_PAGES:
            weft_data_get_page(from, i, &page);
            weft_data_put_page(to, i, &page);
            break;
        }
    }
    weft_data_put_head(to, head);
}

static void check_message(weft_ctx *ctx, uint8_t *bytes, size_t size)
{
    weft_data_head head, again;
    uint8_t *once = NULL, *twice = NULL;
    if (size < WEFT_DATA_HEAD_BYTES) return;
    const uint32_t crc = weft_crc32c(0, bytes + 8, size - 8);
    memcpy(bytes + 4, &crc, sizeof(crc));
    if (weft_data_check(ctx, bytes, size, &head) != WEFT_OK) return;
    must(weft_arena_alloc(ctx, ctx->arena, size, (void **)&once) == WEFT_OK);
    must(weft_arena_alloc(ctx, ctx->arena, size, (void **)&twice) == WEFT_OK);
    rewrite(bytes, &head, once);
    must(weft_data_check(ctx, once, size, &again) == WEFT_OK);
    must(again.kind == head.kind && again.count == head.count);
    rewrite(once, &again, twice);
    must(memcmp(once, twice, size) == 0);
}

/* ---- headers ---- */

static weft_status no_stream(weft_ctx *ctx, void *self, const weft_block_name *name, int32_t partition,
                             int32_t first, int32_t count, void **stream)
{
    (void)self, (void)name, (void)partition, (void)stream;
    must(first >= 0 && count > 0);
    return weft_fail(ctx, WEFT_FETCH_FAILED, "there are no pages here");
}

static void no_release(void *self) { (void)self; }

static void read_partition(weft_ctx *ctx, const weft_block *block, int32_t p)
{
    weft_block_reader *reader = NULL;
    const weft_row_page *page = NULL;
    bool stable;
    const int32_t runs = weft_block_runs(block, p);
    int64_t skip = 3;
    must(weft_block_rows(block, p) >= 0 && weft_block_bytes(block, p) >= 0);
    for (int32_t r = -1; r < runs && r < 64; r++) {
        weft_fetch_failure failure = {0};
        ctx->fetch_failure = &failure;
        must(weft_block_reader_open(ctx, block, p, r, &reader) == WEFT_OK);
        weft_block_reader_skip(reader, &skip);
        const weft_status st = weft_block_reader_next(ctx, reader, &page, &stable);
        must(page == NULL && (st == WEFT_OK || (st == WEFT_FETCH_FAILED && failure.has)));
        weft_block_reader_close(&reader);
        ctx->fetch_failure = NULL;
    }
}

static void check_header(weft_ctx *ctx, uint8_t *bytes, size_t size)
{
    static const weft_type columns[] = {{.id = WEFT_TYPE_BIGINT}, {.id = WEFT_TYPE_STRING}};
    static const weft_types types = {.count = 2, .types = columns};
    const weft_block_name name = {.job = 1};
    const weft_block_origin origin = {.open = no_stream, .release = no_release};
    weft_block_header header;
    weft_block *block = NULL;
    uint8_t *again = NULL;
    size_t len = 0;
    int32_t marks = 0;
    if (size < sizeof(uint32_t)) return;
    const uint32_t crc = weft_crc32c(0, bytes, size - sizeof(crc));
    memcpy(bytes + size - sizeof(crc), &crc, sizeof(crc));
    if (weft_block_header_decode(ctx, bytes, size, &header) != WEFT_OK) return;
    if (weft_block_remote_new(ctx, ctx->memory, &types, &name, &header, &origin, &block) != WEFT_OK) return;
    for (int32_t p = 0; p < weft_block_partitions(block); p++) read_partition(ctx, block, p);
    const weft_marks *mark = weft_block_marks(block, &marks);
    for (int32_t i = 0; i < marks; i++)
        for (int64_t w = 0; w < weft_bit_words(mark[i].rows); w++) (void)weft_bit_get(mark[i].words, w * 64);
    must(weft_block_header_encode(ctx, block, &again, &len) == WEFT_OK);
    must(len == size);
    weft_mem_free(again);
    weft_block_release(&block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static weft_settings settings;
    uint8_t *copy = NULL;
    weft_ctx ctx;
    if (size < 1) return 0;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx_init(&ctx, arena, account, &settings);
    must(weft_mem_alloc(&ctx, WEFT_MEM_WORKING, size, (void **)&copy) == WEFT_OK);
    memcpy(copy, data + 1, size - 1);
    if (data[0] % 2 == 0)
        check_message(&ctx, copy, size - 1);
    else
        check_header(&ctx, copy, size - 1);
    weft_mem_free(copy);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
