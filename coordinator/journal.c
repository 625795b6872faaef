/* coordinator/journal.c - see journal.h: records, their index, writing and reading one. */
#include "coordinator/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/hash.h"
#include "coordinator/journal_private.h"

/* ---- bytes ---- */

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

bool weft_journal_blob_name(const uint8_t *body, uint32_t bytes, char name[JOURNAL_BLOB_NAME])
{
    if (bytes != JOURNAL_BLOB_BODY || get_uint(body, 8) > WEFT_JOURNAL_VALUE_BYTES) return false;
    memcpy(name, body + 8, JOURNAL_BLOB_NAME);
    return name[JOURNAL_BLOB_NAME - 1] == 0 && strncmp(name, "blob-", 5) == 0 && strchr(name, '/') == NULL;
}

/* ---- the index ---- */

static uint64_t name_hash(weft_uuid job, weft_journal_kind kind, uint32_t number)
{
    const uint64_t rest = (uint64_t)number << 8 | (uint64_t)kind;
    return weft_hash_combine(weft_hash_combine(weft_hash_u64(job.high), job.low), weft_hash_u64(rest));
}

static int32_t *bucket_of(const weft_journal *j, const weft_journal_record *r)
{
    return &j->buckets[name_hash(r->job, r->kind, r->number) & (uint64_t)(j->bucket_count - 1)];
}

static weft_status index_grow(weft_ctx *ctx, weft_journal *j)
{
    weft_status st = WEFT_OK;
    weft_account *const callers = ctx->memory;
    const int32_t capacity = j->capacity == 0 ? 64 : j->capacity * 2;
    ctx->memory = j->account;
    WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(*j->entries),
                                 (void **)&j->entries));
    WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(*j->buckets),
                                 (void **)&j->buckets));
    j->capacity = j->bucket_count = capacity;
    memset(j->buckets, 0xff, (size_t)capacity * sizeof(*j->buckets)); /* all -1 */
    for (int32_t i = 0; i < j->count; i++) {
        int32_t *bucket = bucket_of(j, &j->entries[i].shown);
        j->entries[i].next = *bucket;
        *bucket = i;
    }
done:
    ctx->memory = callers;
    return st;
}

weft_status weft_journal_index(weft_ctx *ctx, weft_journal *j, const journal_draft *draft, int64_t offset)
{
    weft_status st = WEFT_OK;
    if (j->count == j->capacity) WEFT_TRY(st, index_grow(ctx, j));
    int32_t *bucket = bucket_of(j, &draft->record);
    j->entries[j->count] = (journal_entry){.shown = draft->record,
                                           .offset = offset,
                                           .body_bytes = draft->body_bytes,
                                           .flags = draft->flags,
                                           .next = *bucket};
    if (draft->flags & JOURNAL_FLAG_BLOB)
        j->entries[j->count].shown.value_bytes = (int64_t)get_uint(draft->body, 8);
    *bucket = j->count++;
done:
    return st;
}

void weft_journal_index_clear(weft_journal *j)
{
    j->count = 0;
    if (j->bucket_count > 0) memset(j->buckets, 0xff, (size_t)j->bucket_count * sizeof(*j->buckets));
}

const weft_journal_record *weft_journal_find(const weft_journal *j, weft_uuid job, weft_journal_kind kind,
                                             uint32_t number)
{
    const weft_journal_record name = {.job = job, .kind = kind, .number = number};
    for (int32_t i = j->count == 0 ? -1 : *bucket_of(j, &name); i >= 0; i = j->entries[i].next) {
        const weft_journal_record *r = &j->entries[i].shown;
        if (weft_uuid_equal(r->job, job) && r->kind == kind && r->number == number) return r;
    }
    return NULL;
}

int32_t weft_journal_count(const weft_journal *j) { return j->count; }

const weft_journal_record *weft_journal_at(const weft_journal *j, int32_t index)
{
    assert(index >= 0 && index < j->count);
    return &j->entries[index].shown;
}

/* ---- writing ---- */

weft_status weft_journal_append(weft_ctx *ctx, weft_journal *j, journal_draft *draft, int64_t *offset)
{
    weft_status st = WEFT_OK;
    const size_t len = JOURNAL_HEAD + (size_t)draft->body_bytes;
    uint8_t *bytes = NULL;
    bool undone = false;
    if (j->is_broken) {
        st = weft_fail(ctx, WEFT_IO, "the journal is broken: a write to it has failed");
        weft_hint(ctx, "the coordinator has to be started again");
        return st;
    }
    if (draft->record.kind >= WEFT_JOURNAL_JOB && j->end + (int64_t)len > WEFT_JOURNAL_FILE_BYTES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "the journal has its most of %lld bytes",
                         (long long)WEFT_JOURNAL_FILE_BYTES_MAX);
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, len, (void **)&bytes));
    draft->sequence = j->sequence + 1;
    draft->record.epoch = j->epoch;
    draft->record.at_us = ctx->clock->wall_us(ctx->clock->self);
    weft_journal_encode(draft, bytes);
    st = j->disk->append(ctx, j->disk->self, JOURNAL_FILE, j->end, bytes, len, &undone);
    if (st != WEFT_OK) {
        j->is_broken = !undone;
        goto done;
    }
    *offset = j->end + JOURNAL_HEAD;
    j->sequence++;
    j->end += (int64_t)len;
done:
    weft_mem_free(bytes);
    return st;
}

/* Put a large value into a file named by its content, and its body into body. It is durable before the record
 * that names it. */
static weft_status blob_write(weft_ctx *ctx, weft_journal *j, const void *value, size_t bytes,
                              uint8_t body[JOURNAL_BLOB_BODY])
{
    char name[JOURNAL_BLOB_NAME] = {0};
    int64_t there = 0;
    const uint64_t first = weft_hash_bytes(value, bytes);
    const uint64_t second =
        weft_hash_combine((uint64_t)weft_crc32c(0, value, bytes) << 32 | weft_crc32(0, value, bytes), first);
    snprintf(name, sizeof(name), "blob-%016" PRIx64 "%016" PRIx64, first, second);
    put_u64(body, bytes);
    memcpy(body + 8, name, sizeof(name));
    weft_status st = j->disk->size(ctx, j->disk->self, name, &there);
    if (st != WEFT_OK || there == (int64_t)bytes) return st; /* the same content is there already */
    st = j->disk->put(ctx, j->disk->self, name, value, bytes);
    if (st == WEFT_IO) j->is_broken = true; /* it may be there, but not durable */
    return st;
}

static int32_t records_of(const weft_journal *j, weft_uuid job)
{
    int32_t count = 0;
    for (int32_t i = 0; i < j->count; i++) count += weft_uuid_equal(j->entries[i].shown.job, job);
    return count;
}

static weft_status check_limits(weft_ctx *ctx, const weft_journal *j, weft_uuid job, size_t bytes)
{
    if (bytes > WEFT_JOURNAL_VALUE_BYTES)
        return weft_fail(ctx, WEFT_LIMIT, "a record of %zu bytes is larger than a journal's may be (%d)",
                         bytes, WEFT_JOURNAL_VALUE_BYTES);
    if (j->count >= WEFT_JOURNAL_RECORDS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "the journal has its most of %d records", WEFT_JOURNAL_RECORDS_MAX);
    if (j->count >= WEFT_JOURNAL_JOB_RECORDS_MAX && records_of(j, job) >= WEFT_JOURNAL_JOB_RECORDS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a job has its most of %d records in the journal",
                         WEFT_JOURNAL_JOB_RECORDS_MAX);
    return WEFT_OK;
}

weft_status weft_journal_create(weft_ctx *ctx, weft_journal *j, weft_uuid job, weft_journal_kind kind,
                                uint32_t number, const void *value, size_t bytes)
{
    weft_status st = WEFT_OK;
    uint8_t blob[JOURNAL_BLOB_BODY];
    int64_t offset = 0;
    journal_draft draft = {
        .record = {.job = job, .kind = kind, .number = number, .value_bytes = (int64_t)bytes},
        .body = value,
        .body_bytes = (uint32_t)bytes};
    if (kind < WEFT_JOURNAL_JOB || kind >= WEFT_JOURNAL_KIND_COUNT)
        return weft_fail(ctx, WEFT_INVALID, "the journal has no records of kind %d", (int)kind);
    if (weft_journal_find(j, job, kind, number) != NULL)
        return weft_fail(ctx, WEFT_EXISTS, "the journal has record %d/%u of this job already", (int)kind,
                         number);
    WEFT_TRY(st, check_limits(ctx, j, job, bytes));
    if (j->count == j->capacity) WEFT_TRY(st, index_grow(ctx, j)); /* nothing may fail after the write */
    if (bytes > WEFT_JOURNAL_INLINE_BYTES) {
        if (j->is_broken) return weft_journal_append(ctx, j, &draft, &offset); /* says so */
        WEFT_TRY(st, blob_write(ctx, j, value, bytes, blob));
        draft.body = blob;
        draft.body_bytes = sizeof(blob);
        draft.flags = JOURNAL_FLAG_BLOB;
    }
    WEFT_TRY(st, weft_journal_append(ctx, j, &draft, &offset));
    st = weft_journal_index(ctx, j, &draft, offset);
done:
    return st;
}

/* ---- reading ---- */

weft_status weft_journal_read(weft_ctx *ctx, weft_journal *j, const weft_journal_record *record, void **value,
                              size_t *bytes)
{
    weft_status st = WEFT_OK;
    const journal_entry *e = (const journal_entry *)record; /* it comes first */
    const size_t len = JOURNAL_HEAD + (size_t)e->body_bytes;
    char name[JOURNAL_BLOB_NAME], expected[17];
    uint8_t *whole = NULL;
    journal_draft draft;
    *bytes = (size_t)record->value_bytes;
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, len, (void **)&whole));
    WEFT_TRY(st, j->disk->read(ctx, j->disk->self, JOURNAL_FILE, e->offset - JOURNAL_HEAD, whole, len));
    if (!weft_journal_decode(whole, len, &draft))
        return weft_fail(ctx, WEFT_CORRUPT, "a record of the journal was damaged since it was opened");
    *value = whole + JOURNAL_HEAD;
    if (!(e->flags & JOURNAL_FLAG_BLOB)) return WEFT_OK;
    if (!weft_journal_blob_name(draft.body, draft.body_bytes, name))
        return weft_fail(ctx, WEFT_CORRUPT, "a record of the journal names no file");
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, *bytes, value));
    WEFT_TRY(st, j->disk->read(ctx, j->disk->self, name, 0, *value, *bytes));
    snprintf(expected, sizeof(expected), "%016" PRIx64, weft_hash_bytes(*value, *bytes));
    if (strncmp(name + 5, expected, 16) != 0)
        st = weft_fail(ctx, WEFT_CORRUPT, "the journal's file %s does not hold what its name says", name);
done:
    return st;
}
