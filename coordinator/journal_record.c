/* coordinator/journal_record.c - see journal_record.h. */
#include "coordinator/journal_record.h"

#include <stdio.h>
#include <string.h>

#include "common/hash.h"

static void put_u64(uint8_t *at, uint64_t value)
{
    for (int32_t i = 0; i < 8; i++) at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get_uint(const uint8_t *at, int32_t bytes)
{
    uint64_t value = 0;
    for (int32_t i = bytes - 1; i >= 0; i--) value = value << 8 | at[i];
    return value;
}

void weft_journal_encode(const journal_draft *draft, uint8_t *out)
{
    const weft_journal_record *r = &draft->record;
    put_u64(out, (uint64_t)draft->body_bytes << 32);
    put_u64(out + 8, draft->sequence);
    put_u64(out + 16, (uint64_t)r->at_us);
    put_u64(out + 24, r->job.high);
    put_u64(out + 32, r->job.low);
    put_u64(out + 40, r->epoch);
    put_u64(out + 48, (uint64_t)r->number << 32 | (uint64_t)draft->flags << 16 | (uint16_t)r->kind);
    if (draft->body_bytes > 0) memcpy(out + JOURNAL_HEAD, draft->body, draft->body_bytes);
    const uint32_t crc = weft_crc32c(0, out + 4, JOURNAL_HEAD - 4 + (size_t)draft->body_bytes);
    put_u64(out, (uint64_t)draft->body_bytes << 32 | crc);
}

bool weft_journal_decode(const uint8_t *bytes, size_t len, journal_draft *out)
{
    if (len < JOURNAL_HEAD) return false;
    const uint32_t body = (uint32_t)get_uint(bytes + 4, 4);
    if (body > WEFT_JOURNAL_INLINE_BYTES || len - JOURNAL_HEAD < body) return false;
    if (weft_crc32c(0, bytes + 4, JOURNAL_HEAD - 4 + (size_t)body) != (uint32_t)get_uint(bytes, 4))
        return false;
    *out = (journal_draft){.record = {.at_us = (int64_t)get_uint(bytes + 16, 8),
                                      .job = {get_uint(bytes + 24, 8), get_uint(bytes + 32, 8)},
                                      .epoch = get_uint(bytes + 40, 8),
                                      .kind = (weft_journal_kind)get_uint(bytes + 48, 2),
                                      .number = (uint32_t)get_uint(bytes + 52, 4),
                                      .value_bytes = body},
                           .sequence = get_uint(bytes + 8, 8),
                           .flags = (uint16_t)get_uint(bytes + 50, 2),
                           .body = bytes + JOURNAL_HEAD,
                           .body_bytes = body};
    return true;
}

void weft_journal_blob_body(uint64_t bytes, const char *name, uint8_t out[JOURNAL_BLOB_BODY])
{
    assert(strlen(name) < JOURNAL_BLOB_NAME);
    memset(out, 0, JOURNAL_BLOB_BODY);
    put_u64(out, bytes);
    memcpy(out + 8, name, strlen(name));
}

bool weft_journal_blob_name(const uint8_t *body, uint32_t body_bytes, char name[JOURNAL_BLOB_NAME],
                            int64_t *bytes)
{
    if (body_bytes != JOURNAL_BLOB_BODY && body_bytes != JOURNAL_BLOB_BODY_OLD) return false;
    *bytes = (int64_t)get_uint(body, 8);
    memset(name, 0, JOURNAL_BLOB_NAME);
    memcpy(name, body + 8, body_bytes - 8);
    return get_uint(body, 8) <= WEFT_JOURNAL_VALUE_BYTES && body[body_bytes - 1] == 0 && name[0] != 0 &&
           strspn(name, "blob-0123456789acdef") == strlen(name);
}
