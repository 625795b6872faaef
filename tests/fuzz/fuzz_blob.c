/* tests/fuzz/fuzz_blob.c - messages about blobs (proto/blob.h) from bytes that nobody vouches for.
 *
 * Checksums are made right, so that the checks behind them are met. A message that passes must be within its
 * limits, and must be written and read to the same again. */
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/mem.h"
#include "common/settings.h"
#include "proto/blob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CRC_AT = 4, BODY_AT = 8, BODY_CRC_AT = 76, BODY_BYTES_AT = 80 };

static void must(bool holds)
{
    if (!holds) abort();
}

static void check_message(weft_ctx *ctx, const uint8_t *data, size_t size)
{
    weft_blob_message m, again;
    uint8_t head[WEFT_BLOB_HEAD_BYTES], once[WEFT_BLOB_HEAD_BYTES];
    const uint8_t *body = data + sizeof(head);
    const size_t body_bytes = size - sizeof(head);
    const uint64_t length = body_bytes;
    memcpy(head, data, sizeof(head));
    const uint32_t body_crc = weft_crc32c(0, body, body_bytes);
    memcpy(head + BODY_CRC_AT, &body_crc, sizeof(body_crc));
    memcpy(head + BODY_BYTES_AT, &length, sizeof(length));
    const uint32_t crc = weft_crc32c(0, head + BODY_AT, sizeof(head) - BODY_AT);
    memcpy(head + CRC_AT, &crc, sizeof(crc));
    if (weft_blob_read_message(ctx, head, sizeof(head), body, body_bytes, &m) != WEFT_OK) return;
    must(m.body_bytes == body_bytes && m.index >= 0 && m.count >= 0 && m.bytes >= 0 && m.time_ns >= 0);
    must(m.name[0] == 0 || weft_sha256_is(m.name));
    must(m.kind != WEFT_BLOB_CHUNK || body_bytes <= WEFT_BLOB_CHUNK_BYTES);
    must(m.kind != WEFT_BLOB_GET || m.count <= WEFT_BLOB_WINDOW);
    if (m.kind == WEFT_BLOB_KEEP || m.kind == WEFT_BLOB_DONE)
        for (int32_t i = 0; i < m.count; i++) (void)weft_blob_message_id(&m, i);
    weft_blob_put_head(once, &m);
    must(weft_blob_read_message(ctx, once, sizeof(once), body, body_bytes, &again) == WEFT_OK);
    must(again.kind == m.kind && again.class == m.class && again.bytes == m.bytes &&
         again.time_ns == m.time_ns && again.epoch == m.epoch && again.index == m.index &&
         again.count == m.count && strcmp(again.name, m.name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static weft_settings settings;
    weft_ctx ctx;
    weft_blob_message m;
    weft_settings_init(&settings);
    weft_ctx_init(&ctx, NULL, NULL, &settings);
    if (size < WEFT_BLOB_HEAD_BYTES) {
        must(weft_blob_read_message(&ctx, data, size, NULL, 0, &m) == WEFT_CORRUPT);
        return 0;
    }
    const uint8_t *body = data + WEFT_BLOB_HEAD_BYTES; /* as it came: mostly refused by its checksum */
    if (weft_blob_read_message(&ctx, data, WEFT_BLOB_HEAD_BYTES, body, size - WEFT_BLOB_HEAD_BYTES, &m) ==
        WEFT_OK)
        must(weft_blob_chunks(m.bytes) > 0);
    check_message(&ctx, data, size);
    return 0;
}
