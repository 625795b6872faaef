/* coordinator/journal_load.c - opening and repairing the file of a journal, forgetting, writing it anew; see
 * journal_file.h.
 *
 * Repair. Appends are made one at a time, each durable before the next, so that only the last one can be
 * torn; its records but the first have the flag JOINED. What follows the last whole record is cut off if it
 * can be the rest of one torn append; when a whole record that is not JOINED follows it, or it is too long,
 * the file was damaged otherwise, and nobody but a human can say what is missing. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "coordinator/journal_file_private.h"

enum {
    ID_BYTES = 16,
    GARBAGE_BYTES = 1 << 20 /* less is not worth writing the file anew */
};

static const uint8_t file_head[JOURNAL_FILE_HEAD] = {'w', 'e', 'f', 't', 'j', 'r', 'n', 'l', JOURNAL_VERSION};

/* ---- reading the file ---- */

static weft_status apply_record(weft_ctx *ctx, journal_file *f, const journal_draft *draft, int64_t offset)
{
    weft_status st = WEFT_OK;
    weft_journal *j = &f->base;
    char name[JOURNAL_BLOB_NAME];
    int32_t at = -1;
    int64_t bytes = draft->record.value_bytes;
    if ((draft->flags & JOURNAL_FLAG_BLOB) &&
        !weft_journal_blob_name(draft->body, draft->body_bytes, name, &bytes))
        return weft_fail(ctx, WEFT_CORRUPT, "a record of the journal names no file");
    WEFT_TRY(st, weft_journal_index_add(ctx, &j->index, &draft->record, JOURNAL_PENDING, &at));
    journal_entry *e = &j->index.entries[at];
    e->shown.value_bytes = bytes;
    e->offset = offset;
    e->body_bytes = draft->body_bytes;
    e->flags = draft->flags;
    weft_journal_index_commit(&j->index, at);
done:
    return st;
}

/* Carry out one record that was read. */
static weft_status apply(weft_ctx *ctx, journal_file *f, const journal_draft *draft, int64_t offset)
{
    weft_journal *j = &f->base;
    const weft_journal_record *r = &draft->record;
    if (draft->sequence != f->sequence + 1 || r->epoch < j->epoch)
        return weft_fail(ctx, WEFT_CORRUPT, "record %llu of the journal is not the one that belongs here",
                         (unsigned long long)draft->sequence);
    if (r->kind >= WEFT_JOURNAL_KIND_COUNT)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "the journal was written by a later version (record kind %d)",
                         (int)r->kind);
    f->sequence++;
    j->epoch = r->epoch;
    if (r->kind >= WEFT_JOURNAL_JOB) return apply_record(ctx, f, draft, offset);
    j->index.garbage_bytes += JOURNAL_HEAD + (int64_t)draft->body_bytes;
    if (r->kind == WEFT_JOURNAL_EPOCH && r->number > j->term) j->term = r->number;
    for (uint32_t i = 0; r->kind == WEFT_JOURNAL_REMOVED && i + ID_BYTES <= draft->body_bytes;
         i += ID_BYTES) {
        weft_uuid id;
        memcpy(&id, (const uint8_t *)draft->body + i, sizeof(id));
        weft_journal_index_forget(&j->index, id, &f->has_dead_blobs);
    }
    return WEFT_OK;
}

/* Is there a whole record anywhere in these bytes that was begun when the last good one was durable? */
static bool has_later_append(const journal_file *f, const uint8_t *bytes, size_t len)
{
    journal_draft draft;
    for (size_t at = 1; at + JOURNAL_HEAD <= len; at++) {
        uint64_t sequence;
        memcpy(&sequence, bytes + at + 8, sizeof(sequence));
        if (sequence <= f->sequence || sequence > f->sequence + JOURNAL_APPEND_BYTES / JOURNAL_HEAD)
            continue; /* cheap before the checksum */
        if (weft_journal_decode(bytes + at, len - at, &draft) && !(draft.flags & JOURNAL_FLAG_JOINED))
            return true;
    }
    return false;
}

/* What follows the last whole record: cut it off, or say that the file is damaged. */
static weft_status repair(weft_ctx *ctx, journal_file *f, const uint8_t *bytes, size_t len)
{
    if (len > JOURNAL_APPEND_BYTES || has_later_append(f, bytes, len)) {
        const weft_status st = weft_fail(
            ctx, WEFT_CORRUPT, "the journal is damaged at byte %lld, in the middle", (long long)f->end);
        weft_hint(ctx, "what it says of running jobs cannot be trusted: move it away to begin without them");
        return st;
    }
    weft_log(WEFT_LOG_WARN, "journal_repaired", WEFT_LOG_INT("offset", f->end),
             WEFT_LOG_INT("bytes", (int64_t)len));
    return f->disk->truncate(ctx, f->disk->self, JOURNAL_FILE, f->end);
}

static weft_status load(weft_ctx *ctx, journal_file *f)
{
    weft_status st = WEFT_OK;
    uint8_t *bytes = NULL;
    int64_t size = 0;
    journal_draft draft;
    WEFT_TRY(st, f->disk->size(ctx, f->disk->self, JOURNAL_FILE, &size));
    if (size == 0) {
        WEFT_TRY(st, f->disk->put(ctx, f->disk->self, JOURNAL_FILE, file_head, sizeof(file_head)));
        size = sizeof(file_head);
    }
    if (size > WEFT_JOURNAL_FILE_BYTES_MAX + WEFT_JOURNAL_INLINE_BYTES + JOURNAL_HEAD + JOURNAL_APPEND_BYTES)
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "the journal has %lld bytes, more than it can have",
                               (long long)size));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)size, (void **)&bytes));
    WEFT_TRY(st, f->disk->read(ctx, f->disk->self, JOURNAL_FILE, 0, bytes, (size_t)size));
    if (size < JOURNAL_FILE_HEAD || memcmp(bytes, file_head, 8) != 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "the file `%s` is no journal", JOURNAL_FILE));
    if (memcmp(bytes, file_head, sizeof(file_head)) != 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_UNSUPPORTED, "the journal was written by a later version"));
    f->end = JOURNAL_FILE_HEAD;
    while (weft_journal_decode(bytes + f->end, (size_t)(size - f->end), &draft)) {
        WEFT_TRY(st, apply(ctx, f, &draft, f->end + JOURNAL_HEAD));
        f->end += JOURNAL_HEAD + (int64_t)draft.body_bytes;
    }
    if (f->end < size) WEFT_TRY(st, repair(ctx, f, bytes + f->end, (size_t)(size - f->end)));
done:
    weft_mem_free(bytes);
    return st;
}

/* ---- the records that stand ---- */

/* A copy of their entries, which the index may move. With is_writing (or before anybody else knows of the
 * journal) none of them comes or goes. Heap. */
static weft_status copy_entries(weft_ctx *ctx, journal_file *f, journal_entry **out, int32_t *count)
{
    weft_status st = WEFT_OK;
    const journal_index *x = &f->base.index;
    *out = NULL;
    *count = 0;
    pthread_mutex_lock(&f->base.lock);
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)x->live * sizeof(**out), (void **)out));
    for (int32_t i = 0; i < x->count; i++)
        if (x->entries[i].state == JOURNAL_LIVE) (*out)[(*count)++] = x->entries[i];
done:
    pthread_mutex_unlock(&f->base.lock);
    return st;
}

/* Nobody appends until it is given back. */
static void take_writing(journal_file *f, bool take)
{
    pthread_mutex_lock(&f->base.lock);
    while (take && f->is_writing) pthread_cond_wait(&f->base.changed, &f->base.lock);
    f->is_writing = take;
    pthread_cond_broadcast(&f->base.changed);
    pthread_mutex_unlock(&f->base.lock);
}

/* ---- files of large values ---- */

typedef struct blob_names {
    journal_file *file;
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
    return b->file->disk->remove(ctx, b->file->disk->self, name);
}

static weft_status name_blobs(weft_ctx *ctx, blob_names *b, const journal_entry *entries, int32_t count)
{
    weft_status st = WEFT_OK;
    const weft_journal_disk *disk = b->file->disk;
    uint8_t body[JOURNAL_BLOB_BODY];
    int32_t blobs = 0;
    int64_t bytes = 0;
    for (int32_t i = 0; i < count; i++) blobs += (entries[i].flags & JOURNAL_FLAG_BLOB) != 0;
    if (blobs > 0)
        WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)blobs * sizeof(*b->names),
                                         (void **)&b->names));
    for (int32_t i = 0; i < count; i++) {
        if (!(entries[i].flags & JOURNAL_FLAG_BLOB)) continue;
        const uint32_t len = entries[i].body_bytes;
        if (len <= sizeof(body))
            WEFT_TRY(st, disk->read(ctx, disk->self, JOURNAL_FILE, entries[i].offset, body, len));
        if (!weft_journal_blob_name(body, len, b->names[b->count++], &bytes))
            WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "a record of the journal names no file"));
    }
    if (b->count > 0) qsort(b->names, (size_t)b->count, sizeof(*b->names), compare_names);
done:
    return st;
}

/* Nobody writes a large value meanwhile; false: somebody does, another time then. */
static bool begin_sweep(journal_file *f, bool begin)
{
    pthread_mutex_lock(&f->base.lock);
    const bool is_free = f->blob_writers == 0;
    f->is_sweeping = begin && is_free;
    if (f->is_sweeping) f->has_dead_blobs = false;
    pthread_cond_broadcast(&f->base.changed);
    pthread_mutex_unlock(&f->base.lock);
    return is_free;
}

/* Remove the files that no record names: of a write that a crash cut short, or of forgotten records. Not
 * needed for anything but room: what the disk refuses is only logged. With is_writing. Errors: WEFT_NOMEM,
 * WEFT_CORRUPT. */
static weft_status sweep_blobs(weft_ctx *ctx, journal_file *f)
{
    weft_status st = WEFT_OK;
    blob_names b = {.file = f};
    journal_entry *entries = NULL;
    int32_t count = 0;
    if (!begin_sweep(f, true)) return WEFT_OK;
    WEFT_TRY(st, copy_entries(ctx, f, &entries, &count));
    WEFT_TRY(st, name_blobs(ctx, &b, entries, count));
    st = f->disk->list(ctx, f->disk->self, remove_unnamed, &b);
done:
    (void)begin_sweep(f, false);
    weft_mem_free(b.names);
    weft_mem_free(entries);
    if (st == WEFT_IO) {
        weft_log_error(WEFT_LOG_WARN, "journal_not_swept", &ctx->error);
        weft_error_clear(ctx);
        st = WEFT_OK;
    }
    return st;
}

/* ---- writing it anew ---- */

static void put_record(uint8_t *out, size_t *at, journal_draft draft, uint64_t *sequence)
{
    draft.sequence = ++*sequence;
    draft.flags = (uint16_t)(draft.flags & ~JOURNAL_FLAG_JOINED);
    weft_journal_encode(&draft, out + *at);
    *at += JOURNAL_HEAD + draft.body_bytes;
}

/* All that stands, as the bytes of a new file; *len of them, the last one with *sequence; the entries get
 * their new offsets. old: the bytes of the file as it is. */
static void compose(const journal_file *f, const uint8_t *old, journal_entry *entries, int32_t count,
                    uint8_t *out, size_t *len, uint64_t *sequence)
{
    const journal_draft now = {
        .record = {.kind = WEFT_JOURNAL_EPOCH, .epoch = f->base.epoch, .number = (uint32_t)f->base.term}};
    journal_draft first = now;
    memcpy(out, file_head, sizeof(file_head));
    *len = JOURNAL_FILE_HEAD;
    *sequence = 0;
    if (count > 0) first.record.epoch = entries[0].shown.epoch; /* epochs never fall */
    put_record(out, len, first, sequence);
    for (int32_t i = 0; i < count; i++) {
        journal_entry *e = &entries[i];
        const journal_draft draft = {
            .record = e->shown, .body = old + e->offset, .body_bytes = e->body_bytes, .flags = e->flags};
        put_record(out, len, draft, sequence);
        e->offset = (int64_t)*len - e->body_bytes;
    }
    if (count > 0) put_record(out, len, now, sequence); /* and the one that is, behind them */
}

/* The new file is there: entries are where it has them. */
static void move_entries(journal_file *f, const journal_entry *entries, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        const weft_journal_record *r = &entries[i].shown;
        const int32_t at = weft_journal_index_find(&f->base.index, r->job, r->kind, r->number, JOURNAL_LIVE);
        assert(at >= 0);
        f->base.index.entries[at].offset = entries[i].offset;
    }
}

/* With is_writing. */
static weft_status write_anew(weft_ctx *ctx, journal_file *f)
{
    weft_status st = WEFT_OK;
    weft_journal *j = &f->base;
    journal_entry *entries = NULL;
    uint8_t *old = NULL, *bytes = NULL;
    int32_t count = 0;
    size_t len = 0, most = JOURNAL_FILE_HEAD + 2 * JOURNAL_HEAD;
    uint64_t sequence = 0;
    WEFT_TRY(st, copy_entries(ctx, f, &entries, &count));
    for (int32_t i = 0; i < count; i++) most += JOURNAL_HEAD + entries[i].body_bytes;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)f->end, (void **)&old));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, most, (void **)&bytes));
    WEFT_TRY(st, f->disk->read(ctx, f->disk->self, JOURNAL_FILE, 0, old, (size_t)f->end));
    compose(f, old, entries, count, bytes, &len, &sequence);
    assert(len <= most);
    pthread_rwlock_wrlock(&f->shape);
    pthread_mutex_lock(&f->disk_lock);
    st = f->disk->put(ctx, f->disk->self, JOURNAL_FILE, bytes, len);
    pthread_mutex_unlock(&f->disk_lock);
    pthread_mutex_lock(&j->lock);
    if (st == WEFT_IO) weft_journal_break(ctx, j); /* nobody knows which of the two it is */
    if (st == WEFT_OK) {
        move_entries(f, entries, count);
        f->sequence = sequence;
        f->end = (int64_t)len;
        j->index.garbage_bytes = 0;
    }
    pthread_mutex_unlock(&j->lock);
    pthread_rwlock_unlock(&f->shape);
done:
    weft_mem_free(entries);
    weft_mem_free(old);
    weft_mem_free(bytes);
    return st;
}

weft_status weft_journal_file_tidy(weft_ctx *ctx, weft_journal *j)
{
    weft_status st = WEFT_OK;
    journal_file *f = (journal_file *)j;
    weft_account *const callers = ctx->memory;
    pthread_mutex_lock(&j->lock);
    const bool grown = j->index.garbage_bytes > GARBAGE_BYTES && j->index.garbage_bytes > f->end / 2;
    const bool wanted = !j->is_broken && (grown || f->has_dead_blobs);
    pthread_mutex_unlock(&j->lock);
    if (!wanted) return WEFT_OK;
    take_writing(f, true);
    ctx->memory = j->account;
    if (grown) WEFT_TRY(st, write_anew(ctx, f));
    if (f->has_dead_blobs) st = sweep_blobs(ctx, f);
done:
    ctx->memory = callers;
    take_writing(f, false);
    return st;
}

/* ---- forgetting ---- */

weft_status weft_journal_file_forget(weft_ctx *ctx, weft_journal *j, const weft_uuid *ids, int32_t count)
{
    static_assert(sizeof(weft_uuid) == ID_BYTES, "ids are written as they are");
    journal_ticket t = {.draft = {.record = {.kind = WEFT_JOURNAL_REMOVED,
                                             .epoch = j->epoch,
                                             .at_us = ctx->clock->wall_us(ctx->clock->self)},
                                  .body = ids,
                                  .body_bytes = (uint32_t)count * ID_BYTES},
                        .at = -1,
                        .ids = ids,
                        .id_count = count};
    return weft_journal_file_write(ctx, (journal_file *)j, &t);
}

/* ---- life ---- */

/* The record of this leadership. */
static weft_status begin_term(weft_ctx *ctx, journal_file *f, uint64_t least_epoch)
{
    weft_journal *j = &f->base;
    j->epoch = j->epoch + 1 < least_epoch ? least_epoch : j->epoch + 1;
    j->term++;
    journal_ticket t = {.draft = {.record = {.kind = WEFT_JOURNAL_EPOCH,
                                             .epoch = j->epoch,
                                             .number = (uint32_t)j->term,
                                             .at_us = ctx->clock->wall_us(ctx->clock->self)}},
                        .at = -1};
    return weft_journal_file_write(ctx, f, &t);
}

weft_status weft_journal_open_file(weft_ctx *ctx, const weft_journal_disk *disk, uint64_t least_epoch,
                                   weft_journal **out)
{
    weft_status st = WEFT_OK;
    journal_file *f = NULL;
    weft_journal *j = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*f), (void **)&f));
    j = &f->base;
    f->disk = disk;
    j->ops = &weft_journal_file_ops;
    WEFT_TRY(st, weft_journal_base_open(ctx, j, &weft_journal_file_ops));
    pthread_mutex_init(&f->disk_lock, NULL);
    pthread_rwlock_init(&f->shape, NULL);
    f->has_locks = true;
    WEFT_TRY(st, disk->lock(ctx, disk->self));
    f->is_locked = true;
    WEFT_TRY(st, load(ctx, f));
    WEFT_TRY(st, begin_term(ctx, f, least_epoch));
    WEFT_TRY(st, sweep_blobs(ctx, f));
    WEFT_TRY(st, weft_journal_thread_start(ctx, j));
    *out = j;
    j = NULL;
done:
    weft_journal_close(&j);
    return st;
}
