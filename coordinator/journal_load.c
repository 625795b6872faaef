/* coordinator/journal_load.c - opening and repairing a journal, forgetting jobs, writing it anew; see
 * journal.h.
 *
 * Repair. Records are appended one at a time, each durable before the next, so that only the last one can be
 * torn. What follows the last whole record is cut off if it can be one torn record; when a whole record
 * follows it, or it is too long, the file was damaged otherwise, and nobody but a human can say what is
 * missing. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "coordinator/journal_private.h"

enum {
    ID_BYTES = 16,
    REMOVED_MOST = WEFT_JOURNAL_INLINE_BYTES / ID_BYTES, /* jobs in one record */
    GARBAGE_BYTES = 1 << 20                              /* less is not worth writing the file anew */
};

static const uint8_t file_head[JOURNAL_FILE_HEAD] = {'w', 'e', 'f', 't', 'j', 'r', 'n', 'l', JOURNAL_VERSION};

/* ---- forgetting jobs ---- */

static int compare_ids(const void *a, const void *b)
{
    const weft_uuid *x = a, *y = b;
    if (x->high != y->high) return x->high < y->high ? -1 : 1;
    return x->low == y->low ? 0 : x->low < y->low ? -1 : 1;
}

/* Take the entries of these jobs out of the index. ids: sorted. *blobs is set when one had a file of its own.
 */
static weft_status forget_jobs(weft_ctx *ctx, weft_journal *j, const weft_uuid *ids, int32_t id_count,
                               bool *blobs)
{
    weft_status st = WEFT_OK;
    const int32_t count = j->count;
    weft_journal_index_clear(j);
    for (int32_t i = 0; i < count && st == WEFT_OK; i++) {
        const journal_entry e = j->entries[i]; /* its place may be taken by the next line but one */
        if (bsearch(&e.shown.job, ids, (size_t)id_count, sizeof(*ids), compare_ids) != NULL) {
            j->garbage_bytes += JOURNAL_HEAD + (int64_t)e.body_bytes;
            *blobs |= (e.flags & JOURNAL_FLAG_BLOB) != 0;
            continue;
        }
        journal_draft draft = {.record = e.shown, .body_bytes = e.body_bytes};
        st = weft_journal_index(ctx, j, &draft, e.offset); /* there is room: it had its place */
        j->entries[j->count - 1].flags = e.flags;
    }
    return st;
}

/* ---- reading the file ---- */

/* Carry out one record that was read. */
static weft_status apply(weft_ctx *ctx, weft_journal *j, const journal_draft *draft, int64_t offset)
{
    weft_status st = WEFT_OK;
    weft_uuid *ids = NULL;
    bool blobs = false; /* they are swept when all is read */
    const weft_journal_record *r = &draft->record;
    if (draft->sequence != j->sequence + 1 || r->epoch < j->epoch)
        return weft_fail(ctx, WEFT_CORRUPT, "record %llu of the journal is not the one that belongs here",
                         (unsigned long long)draft->sequence);
    if (r->kind >= WEFT_JOURNAL_KIND_COUNT)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "the journal was written by a later version (record kind %d)",
                         (int)r->kind);
    j->sequence++;
    j->epoch = r->epoch;
    if (r->kind >= WEFT_JOURNAL_JOB) {
        char name[JOURNAL_BLOB_NAME];
        if ((draft->flags & JOURNAL_FLAG_BLOB) &&
            !weft_journal_blob_name(draft->body, draft->body_bytes, name))
            return weft_fail(ctx, WEFT_CORRUPT, "a record of the journal names no file");
        return weft_journal_index(ctx, j, draft, offset);
    }
    j->garbage_bytes += JOURNAL_HEAD + (int64_t)draft->body_bytes;
    if (r->kind == WEFT_JOURNAL_REMOVED) {
        const size_t count = draft->body_bytes / ID_BYTES;
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, count * sizeof(*ids), (void **)&ids));
        if (count > 0) memcpy(ids, draft->body, count * sizeof(*ids)); /* sorted when it was written */
        st = forget_jobs(ctx, j, ids, (int32_t)count, &blobs);
    }
done:
    weft_mem_free(ids);
    return st;
}

/* Is there a whole record anywhere in these bytes that belongs behind the last good one? */
static bool has_later_record(const weft_journal *j, const uint8_t *bytes, size_t len)
{
    journal_draft draft;
    for (size_t at = 1; at + JOURNAL_HEAD <= len; at++) {
        uint64_t sequence;
        memcpy(&sequence, bytes + at + 8, sizeof(sequence));
        if (sequence <= j->sequence || sequence > j->sequence + 1000)
            continue; /* cheap before the checksum */
        if (weft_journal_decode(bytes + at, len - at, &draft)) return true;
    }
    return false;
}

/* What follows the last whole record: cut it off, or say that the file is damaged. */
static weft_status repair(weft_ctx *ctx, weft_journal *j, const uint8_t *bytes, size_t len)
{
    if (len > JOURNAL_HEAD + WEFT_JOURNAL_INLINE_BYTES || has_later_record(j, bytes, len)) {
        const weft_status st = weft_fail(
            ctx, WEFT_CORRUPT, "the journal is damaged at byte %lld, in the middle", (long long)j->end);
        weft_hint(ctx, "what it says of running jobs cannot be trusted: move it away to begin without them");
        return st;
    }
    weft_log(WEFT_LOG_WARN, "journal_repaired", WEFT_LOG_INT("offset", j->end),
             WEFT_LOG_INT("bytes", (int64_t)len));
    return j->disk->truncate(ctx, j->disk->self, JOURNAL_FILE, j->end);
}

static weft_status load(weft_ctx *ctx, weft_journal *j)
{
    weft_status st = WEFT_OK;
    uint8_t *bytes = NULL;
    int64_t size = 0;
    journal_draft draft;
    WEFT_TRY(st, j->disk->size(ctx, j->disk->self, JOURNAL_FILE, &size));
    if (size == 0) {
        WEFT_TRY(st, j->disk->put(ctx, j->disk->self, JOURNAL_FILE, file_head, sizeof(file_head)));
        size = JOURNAL_FILE_HEAD;
    }
    if (size > WEFT_JOURNAL_FILE_BYTES_MAX)
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "the journal has %lld bytes: more than one may have",
                               (long long)size));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)size + 1, (void **)&bytes));
    WEFT_TRY(st, j->disk->read(ctx, j->disk->self, JOURNAL_FILE, 0, bytes, (size_t)size));
    if (size < JOURNAL_FILE_HEAD || memcmp(bytes, file_head, 8) != 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "the file is no journal"));
    if (memcmp(bytes, file_head, sizeof(file_head)) != 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_UNSUPPORTED, "the journal was written by a later version"));
    j->end = JOURNAL_FILE_HEAD;
    while (weft_journal_decode(bytes + j->end, (size_t)(size - j->end), &draft)) {
        WEFT_TRY(st, apply(ctx, j, &draft, j->end + JOURNAL_HEAD));
        j->end += JOURNAL_HEAD + (int64_t)draft.body_bytes;
    }
    if (j->end < size) WEFT_TRY(st, repair(ctx, j, bytes + j->end, (size_t)(size - j->end)));
done:
    weft_mem_free(bytes);
    return st;
}

/* ---- files of large values ---- */

typedef struct blob_names {
    weft_journal *journal;
    char (*names)[JOURNAL_BLOB_NAME]; /* sorted: those that records name */
    int32_t count;
} blob_names;

static int compare_names(const void *a, const void *b) { return strcmp(a, b); }

static weft_status remove_unnamed(weft_ctx *ctx, void *of, const char *name)
{
    blob_names *b = of;
    char key[JOURNAL_BLOB_NAME] = {0};
    const size_t len = strlen(name);
    if (strncmp(name, "blob-", 5) != 0 || len >= sizeof(key)) return WEFT_OK;
    memcpy(key, name, len);
    if (b->count > 0 && bsearch(key, b->names, (size_t)b->count, sizeof(key), compare_names) != NULL)
        return WEFT_OK;
    return b->journal->disk->remove(ctx, b->journal->disk->self, name);
}

/* Remove the files that no record names: of a write that a crash cut short, or of forgotten jobs. Not needed
 * for anything but room: what the disk refuses is only logged. Errors: WEFT_NOMEM, WEFT_CORRUPT. */
static weft_status sweep_blobs(weft_ctx *ctx, weft_journal *j)
{
    weft_status st = WEFT_OK;
    blob_names b = {.journal = j};
    uint8_t body[JOURNAL_BLOB_BODY];
    int32_t count = 0;
    for (int32_t i = 0; i < j->count; i++) count += (j->entries[i].flags & JOURNAL_FLAG_BLOB) != 0;
    if (count > 0)
        WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)count * sizeof(*b.names),
                                         (void **)&b.names));
    for (int32_t i = 0; i < j->count; i++) {
        if (!(j->entries[i].flags & JOURNAL_FLAG_BLOB)) continue;
        WEFT_TRY(st,
                 j->disk->read(ctx, j->disk->self, JOURNAL_FILE, j->entries[i].offset, body, sizeof(body)));
        if (!weft_journal_blob_name(body, sizeof(body), b.names[b.count++]))
            WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "a record of the journal names no file"));
    }
    if (b.count > 0) qsort(b.names, (size_t)b.count, sizeof(*b.names), compare_names);
    st = j->disk->list(ctx, j->disk->self, remove_unnamed, &b);
done:
    weft_mem_free(b.names);
    if (st == WEFT_IO) {
        weft_log_error(WEFT_LOG_WARN, "journal_not_swept", &ctx->error);
        weft_error_clear(ctx);
        st = WEFT_OK;
    }
    return st;
}

/* ---- writing it anew ---- */

/* All that counts, as the bytes of a new file; *len of them, the last one with *sequence. old: the bytes of
 * the file as it is. */
static void compose(const weft_journal *j, const uint8_t *old, uint8_t *out, size_t *len, uint64_t *sequence)
{
    journal_draft draft = {.record = {.kind = WEFT_JOURNAL_EPOCH, .epoch = j->epoch}, .sequence = 1};
    size_t at = JOURNAL_FILE_HEAD + JOURNAL_HEAD;
    uint64_t epoch = 0;
    memcpy(out, file_head, sizeof(file_head));
    if (j->count > 0) draft.record.epoch = epoch = j->entries[0].shown.epoch; /* epochs never fall */
    weft_journal_encode(&draft, out + JOURNAL_FILE_HEAD);
    *sequence = 1;
    for (int32_t i = 0; i < j->count; i++) {
        const journal_entry *e = &j->entries[i];
        draft = (journal_draft){.record = e->shown,
                                .body = old + e->offset,
                                .body_bytes = e->body_bytes,
                                .flags = e->flags,
                                .sequence = ++*sequence};
        weft_journal_encode(&draft, out + at);
        at += JOURNAL_HEAD + e->body_bytes;
    }
    if (epoch != 0) { /* and the one that is now, behind them */
        draft = (journal_draft){.record = {.kind = WEFT_JOURNAL_EPOCH, .epoch = j->epoch},
                                .sequence = ++*sequence};
        weft_journal_encode(&draft, out + at);
        at += JOURNAL_HEAD;
    }
    *len = at;
}

static weft_status write_anew(weft_ctx *ctx, weft_journal *j)
{
    weft_status st = WEFT_OK;
    uint8_t *old = NULL, *bytes = NULL;
    size_t len = 0;
    uint64_t sequence = 0;
    int64_t at = JOURNAL_FILE_HEAD + JOURNAL_HEAD;
    const size_t most = (size_t)(j->end - j->garbage_bytes) + 2 * JOURNAL_HEAD;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)j->end, (void **)&old));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, most, (void **)&bytes));
    WEFT_TRY(st, j->disk->read(ctx, j->disk->self, JOURNAL_FILE, 0, old, (size_t)j->end));
    compose(j, old, bytes, &len, &sequence);
    assert(len <= most);
    st = j->disk->put(ctx, j->disk->self, JOURNAL_FILE, bytes, len);
    j->is_broken = st == WEFT_IO; /* nobody knows which of the two it is; without room it is the old one */
    WEFT_TRY(st, st);
    for (int32_t i = 0; i < j->count; at += JOURNAL_HEAD + j->entries[i++].body_bytes)
        j->entries[i].offset = at + JOURNAL_HEAD;
    j->sequence = sequence;
    j->end = (int64_t)len;
    j->garbage_bytes = 0;
done:
    weft_mem_free(old);
    weft_mem_free(bytes);
    return st;
}

/* ---- terminal jobs ---- */

/* The jobs that may be forgotten, sorted; at most REMOVED_MOST. */
static int32_t choose_jobs(const weft_journal *j, int64_t now_us, int64_t keep_us, int32_t keep_jobs,
                           weft_uuid *ids)
{
    int32_t terminal = 0, seen = 0, count = 0;
    for (int32_t i = 0; i < j->count; i++) terminal += j->entries[i].shown.kind == WEFT_JOURNAL_END;
    for (int32_t i = 0; i < j->count && count < REMOVED_MOST; i++) {
        const weft_journal_record *r = &j->entries[i].shown;
        if (r->kind != WEFT_JOURNAL_END) continue;
        const bool is_old = now_us - r->at_us > keep_us;
        const bool is_beyond = terminal - seen++ > keep_jobs;
        const bool acted = weft_journal_find(j, r->job, WEFT_JOURNAL_DECISION, 0) != NULL;
        if (is_old || (is_beyond && !acted)) ids[count++] = r->job;
    }
    if (count > 0) qsort(ids, (size_t)count, sizeof(*ids), compare_ids);
    return count;
}

weft_status weft_journal_expire(weft_ctx *ctx, weft_journal *j, int64_t keep_us, int32_t keep_jobs,
                                int32_t *removed)
{
    weft_status st = WEFT_OK;
    weft_uuid *ids = NULL;
    int64_t offset = 0;
    bool blobs = false;
    static_assert(sizeof(weft_uuid) == ID_BYTES, "ids are written as they are");
    *removed = 0;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)REMOVED_MOST * sizeof(*ids), (void **)&ids));
    const int32_t count = choose_jobs(j, ctx->clock->wall_us(ctx->clock->self), keep_us, keep_jobs, ids);
    if (count == 0) goto done;
    journal_draft draft = {
        .record = {.kind = WEFT_JOURNAL_REMOVED}, .body = ids, .body_bytes = (uint32_t)count * ID_BYTES};
    WEFT_TRY(st, weft_journal_append(ctx, j, &draft, &offset));
    j->garbage_bytes += JOURNAL_HEAD + (int64_t)draft.body_bytes;
    WEFT_TRY(st, forget_jobs(ctx, j, ids, count, &blobs));
    *removed = count;
    if (j->garbage_bytes > GARBAGE_BYTES && j->garbage_bytes > j->end / 2) WEFT_TRY(st, write_anew(ctx, j));
    if (blobs) st = sweep_blobs(ctx, j);
done:
    weft_mem_free(ids);
    return st;
}

/* ---- life ---- */

weft_status weft_journal_open(weft_ctx *ctx, const weft_journal_disk *disk, uint64_t least_epoch,
                              weft_journal **out)
{
    weft_status st = WEFT_OK;
    weft_journal *j = NULL;
    int64_t offset = 0;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*j), (void **)&j));
    j->disk = disk;
    j->account = ctx->memory;
    WEFT_TRY(st, disk->lock(ctx, disk->self));
    j->is_locked = true;
    WEFT_TRY(st, load(ctx, j));
    j->epoch = j->epoch + 1 < least_epoch ? least_epoch : j->epoch + 1;
    journal_draft draft = {.record = {.kind = WEFT_JOURNAL_EPOCH}};
    WEFT_TRY(st, weft_journal_append(ctx, j, &draft, &offset));
    j->garbage_bytes += JOURNAL_HEAD;
    WEFT_TRY(st, sweep_blobs(ctx, j));
    *out = j;
    j = NULL;
done:
    weft_journal_close(&j);
    return st;
}

uint64_t weft_journal_epoch(const weft_journal *j) { return j->epoch; }
bool weft_journal_is_broken(const weft_journal *j) { return j->is_broken; }

void weft_journal_close(weft_journal **journal)
{
    weft_journal *j = *journal;
    *journal = NULL;
    if (j == NULL) return;
    if (j->is_locked) j->disk->unlock(j->disk->self);
    weft_mem_free(j->entries);
    weft_mem_free(j->buckets);
    weft_mem_free(j);
}
