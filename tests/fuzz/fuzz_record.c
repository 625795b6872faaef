/* tests/fuzz/fuzz_record.c - records of jobs, from bytes that nobody vouches for. The first byte chooses the
 * kind.
 *
 * What is decoded is whole, and encoded again it stays the same. */
#include <stdlib.h>
#include <string.h>

#include "common/settings.h"
#include "proto/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct encoded {
    uint8_t *bytes;
    size_t len;
} encoded;

/* Decode as one of the kinds, and encode what came out. */
static weft_status pass(weft_ctx *ctx, uint8_t kind, const uint8_t *data, size_t size, encoded *out)
{
    weft_status st = WEFT_OK;
    weft_job_record job;
    weft_stage_record stage;
    weft_accepted_record accepted;
    const weft_record_generation *generations = NULL;
    weft_error error;
    int32_t count = 0;
    switch (kind % 5) {
    case 0:
        WEFT_TRY(st, weft_job_record_decode(ctx, data, size, &job));
        if (job.text[job.text_len] != 0) abort();
        return weft_job_record_encode(ctx, &job, &out->bytes, &out->len);
    case 1:
        WEFT_TRY(st, weft_stage_record_decode(ctx, data, size, &stage));
        return weft_stage_record_encode(ctx, &stage, &out->bytes, &out->len);
    case 2:
        WEFT_TRY(st, weft_accepted_record_decode(ctx, data, size, &accepted));
        return weft_accepted_record_encode(ctx, &accepted, &out->bytes, &out->len);
    case 3:
        WEFT_TRY(st, weft_generation_record_decode(ctx, data, size, &generations, &count));
        return weft_generation_record_encode(ctx, generations, count, &out->bytes, &out->len);
    default:
        WEFT_TRY(st, weft_end_record_decode(ctx, data, size, &error));
        return weft_end_record_encode(ctx, &error, &out->bytes, &out->len);
    }
done:
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static weft_settings settings;
    if (size == 0) return 0;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(512 << 20);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx ctx;
    encoded once, twice;
    weft_ctx_init(&ctx, arena, account, &settings);
    if (pass(&ctx, data[0], data + 1, size - 1, &once) == WEFT_OK) {
        if (pass(&ctx, data[0], once.bytes, once.len, &twice) != WEFT_OK) abort();
        if (once.len != twice.len || memcmp(once.bytes, twice.bytes, once.len) != 0) abort();
    }
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
