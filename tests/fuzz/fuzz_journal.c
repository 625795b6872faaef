/* tests/fuzz/fuzz_journal.c - journals of any bytes, and of whole records with any content: what opens can be
 * read, written to and opened again, and says the same. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/settings.h"
#include "coordinator/journal_file_private.h"
#include "tests/support/journal_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_MOST = 64 << 10, CONTROL = 6 };

/* Records with the right checksums and sequence numbers: each six bytes that say what it is, then its body.
 */
static size_t make_records(const uint8_t *data, size_t size, uint8_t *out)
{
    size_t at = 0;
    uint64_t sequence = 0;
    while (size >= CONTROL) {
        size_t body = data[4];
        if (body > size - CONTROL) body = size - CONTROL;
        if (at + JOURNAL_HEAD + body > FILE_MOST) break;
        const journal_draft draft = {.record = {.job = {data[0] >> 4, 0},
                                                .kind = (weft_journal_kind)(data[0] & 15),
                                                .number = data[1],
                                                .epoch = data[2]},
                                     .flags = data[3],
                                     .sequence = data[5] == 0xff ? 77 : ++sequence,
                                     .body = data + CONTROL,
                                     .body_bytes = (uint32_t)body};
        weft_journal_encode(&draft, out + at);
        at += JOURNAL_HEAD + body;
        data += CONTROL + body;
        size -= CONTROL + body;
    }
    return at;
}

static void check_open(weft_ctx *ctx, const weft_journal_disk *disk)
{
    weft_journal *j = NULL;
    const weft_uuid job = {99, 99};
    int32_t removed = 0;
    const weft_status st = weft_journal_open_file(ctx, disk, 1, &j);
    if ((st == WEFT_OK) != (j != NULL)) abort();
    if (st != WEFT_OK && st != WEFT_CORRUPT && st != WEFT_UNSUPPORTED) abort();
    if (j == NULL) return;
    weft_journal_record *records = NULL;
    int32_t listed = 0;
    if (weft_journal_list(ctx, j, &records, &listed) != WEFT_OK) abort();
    for (int32_t i = 0; i < listed; i++) {
        void *value = NULL;
        size_t bytes = 0;
        (void)!weft_journal_read(ctx, j, &records[i], &value, &bytes);
    }
    weft_arena_reset(ctx->arena);
    const bool had = weft_journal_find(j, job, WEFT_JOURNAL_JOB, 0, NULL);
    if (weft_journal_create(ctx, j, job, WEFT_JOURNAL_JOB, 0, "x", 1) != (had ? WEFT_EXISTS : WEFT_OK))
        abort();
    if (weft_journal_expire(ctx, j, INT64_MAX, 1, &removed) != WEFT_OK) abort();
    const int64_t count = weft_journal_count_all(j).records;
    const uint64_t epoch = weft_journal_epoch(j), term = weft_journal_term(j);
    weft_journal_close(&j);
    if (weft_journal_open_file(ctx, disk, 1, &j) != WEFT_OK) abort();
    if (weft_journal_count_all(j).records != count || weft_journal_epoch(j) != epoch + 1) abort();
    if (weft_journal_term(j) != term + 1) abort();
    weft_journal_close(&j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[JOURNAL_FILE_HEAD + FILE_MOST] = {
        'w', 'e', 'f', 't', 'j', 'r', 'n', 'l', JOURNAL_VERSION};
    if (size == 0 || size > FILE_MOST) return 0;
    size_t len = size - 1;
    if (data[0] & 1)
        memcpy(file + JOURNAL_FILE_HEAD, data + 1, len);
    else
        len = make_records(data + 1, len, file + JOURNAL_FILE_HEAD);
    weft_settings settings;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_journal_memory m = {0};
    const weft_journal_disk disk = weft_journal_memory_disk(&m);
    weft_ctx ctx;
    weft_ctx_init(&ctx, arena, account, &settings);
    if (weft_log_open(&ctx, &(weft_log_options){.level = WEFT_LOG_ERROR}) != WEFT_OK) abort();
    if (disk.put(&ctx, disk.self, JOURNAL_FILE, file, JOURNAL_FILE_HEAD + len) != WEFT_OK) abort();
    check_open(&ctx, &disk);
    weft_journal_memory_free(&m);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
