/* coordinator/journal_file.c - see journal_file.h: writing and reading; journal_load.c opens and writes anew.
 *
 * Group commit. begin puts a ticket behind the others; whoever waits while nobody writes takes all that are
 * there (up to APPEND_BYTES), writes them by one append, and puts them into the index; the others find their
 * tickets done. With one writer it is one append a record, as before; with many it is as few as the disk can
 * do. */
#include "coordinator/journal_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/hash.h"
#include "coordinator/journal_file_private.h"

/* ---- values of their own file ---- */

/* Put a large value into a file named by its content, and its body into body. It is durable before the record
 * that names it. */
static weft_status blob_write(weft_ctx *ctx, journal_file *f, journal_ticket *t)
{
    char name[JOURNAL_BLOB_NAME] = {0};
    int64_t there = 0;
    const void *value = t->draft.body;
    const size_t bytes = (size_t)t->draft.record.value_bytes;
    const uint64_t first = weft_hash_bytes(value, bytes);
    const uint64_t second =
        weft_hash_combine((uint64_t)weft_crc32c(0, value, bytes) << 32 | weft_crc32(0, value, bytes), first);
    snprintf(name, sizeof(name), "blob-%016" PRIx64 "%016" PRIx64, first, second);
    weft_journal_blob_body(bytes, name, t->blob);
    pthread_mutex_lock(&f->disk_lock);
    weft_status st = f->disk->size(ctx, f->disk->self, name, &there);
    if (st == WEFT_OK && there != (int64_t)bytes) { /* else the same content is there already */
        st = f->disk->put(ctx, f->disk->self, name, value, bytes);
        if (st == WEFT_IO) { /* it may be there, but not durable */
            pthread_mutex_lock(&f->base.lock);
            weft_journal_break(ctx, &f->base);
            pthread_mutex_unlock(&f->base.lock);
        }
    }
    pthread_mutex_unlock(&f->disk_lock);
    return st;
}

/* From before a large value is written until its record is in the index: it is not swept meanwhile. */
static void blob_guard(journal_file *f, journal_ticket *t, bool hold)
{
    pthread_mutex_lock(&f->base.lock);
    while (hold && f->is_sweeping) pthread_cond_wait(&f->base.changed, &f->base.lock);
    f->blob_writers += hold ? 1 : -1;
    t->has_blob_lock = hold;
    pthread_mutex_unlock(&f->base.lock);
}

/* ---- appending ---- */

/* As many tickets as go into one append, taken off the queue; lock held. */
static journal_ticket *take_tickets(journal_file *f, size_t *bytes)
{
    journal_ticket *first = f->queue, *last = NULL;
    *bytes = 0;
    for (journal_ticket *t = first; t != NULL; t = t->next) {
        const size_t more = JOURNAL_HEAD + (size_t)t->draft.body_bytes;
        if (last != NULL && *bytes + more > JOURNAL_APPEND_BYTES) break;
        *bytes += more;
        last = t;
    }
    if (last == NULL) return NULL;
    f->queue = last->next;
    if (f->queue == NULL) f->queue_end = NULL;
    last->next = NULL;
    return first;
}

static weft_status append(weft_ctx *ctx, journal_file *f, journal_ticket *first, size_t bytes, bool *undone)
{
    weft_status st = WEFT_OK;
    uint8_t *out = NULL;
    size_t at = 0;
    uint64_t sequence = f->sequence;
    weft_account *const callers = ctx->memory;
    *undone = true;
    ctx->memory = f->base.account;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, bytes, (void **)&out));
    for (journal_ticket *t = first; t != NULL; t = t->next) {
        t->draft.sequence = ++sequence;
        t->draft.flags = (uint16_t)(t->draft.flags | (t == first ? 0 : JOURNAL_FLAG_JOINED));
        weft_journal_encode(&t->draft, out + at);
        at += JOURNAL_HEAD + t->draft.body_bytes;
    }
    pthread_mutex_lock(&f->disk_lock);
    st = f->disk->append(ctx, f->disk->self, JOURNAL_FILE, f->end, out, bytes, undone);
    pthread_mutex_unlock(&f->disk_lock);
done:
    ctx->memory = callers;
    weft_mem_free(out);
    return st;
}

/* What an append of these tickets has come to, into the index and to who waits; lock held. */
static void finish(weft_ctx *ctx, journal_file *f, journal_ticket *first, weft_status st)
{
    weft_journal *j = &f->base;
    for (journal_ticket *t = first, *next; t != NULL; t = next) {
        next = t->next;
        t->status = st;
        t->is_done = true;
        if (st != WEFT_OK) continue;
        const int64_t offset = f->end + JOURNAL_HEAD;
        f->end += JOURNAL_HEAD + (int64_t)t->draft.body_bytes;
        f->sequence++;
        for (int32_t i = 0; i < t->id_count; i++)
            weft_journal_index_forget(&j->index, t->ids[i], &f->has_dead_blobs);
        if (t->at < 0) j->index.garbage_bytes += JOURNAL_HEAD + (int64_t)t->draft.body_bytes;
        if (t->at < 0) continue;
        journal_entry *e = &j->index.entries[t->at];
        e->offset = offset;
        e->body_bytes = t->draft.body_bytes;
        e->flags = t->draft.flags;
        weft_journal_index_commit(&j->index, t->at);
    }
    if (st != WEFT_OK) f->last_failure = ctx->error;
}

/* Write what waits; lock held when it is called and when it returns. */
static void write_queue(weft_ctx *ctx, journal_file *f)
{
    size_t bytes = 0;
    bool undone = true;
    weft_journal *j = &f->base;
    journal_ticket *first = take_tickets(f, &bytes);
    if (first == NULL) return;
    f->is_writing = true;
    weft_status st = weft_journal_check_broken(ctx, j);
    if (st == WEFT_OK && f->end + (int64_t)bytes > WEFT_JOURNAL_FILE_BYTES_MAX && first->at >= 0)
        st = weft_fail(ctx, WEFT_LIMIT, "the journal has its most of %lld bytes",
                       (long long)WEFT_JOURNAL_FILE_BYTES_MAX);
    if (st == WEFT_OK) {
        pthread_mutex_unlock(&j->lock);
        st = append(ctx, f, first, bytes, &undone);
        pthread_mutex_lock(&j->lock);
        if (st != WEFT_OK && !undone) weft_journal_break(ctx, j);
    }
    finish(ctx, f, first, st);
    f->is_writing = false;
    pthread_cond_broadcast(&j->changed);
}

static weft_status file_begin(weft_ctx *ctx, weft_journal *j, journal_ticket *t)
{
    weft_status st = WEFT_OK;
    journal_file *f = (journal_file *)j;
    if (t->draft.record.value_bytes > WEFT_JOURNAL_INLINE_BYTES) {
        blob_guard(f, t, true);
        st = blob_write(ctx, f, t);
        if (st != WEFT_OK) blob_guard(f, t, false);
        if (st != WEFT_OK) return st;
        t->draft.body = t->blob;
        t->draft.body_bytes = sizeof(t->blob);
        t->draft.flags = JOURNAL_FLAG_BLOB;
    }
    pthread_mutex_lock(&j->lock);
    t->next = NULL;
    *(f->queue_end == NULL ? &f->queue : &f->queue_end->next) = t;
    f->queue_end = t;
    pthread_mutex_unlock(&j->lock);
    return st;
}

static weft_status file_wait(weft_ctx *ctx, weft_journal *j, journal_ticket *t)
{
    journal_file *f = (journal_file *)j;
    pthread_mutex_lock(&j->lock);
    while (!t->is_done) {
        if (f->is_writing)
            pthread_cond_wait(&j->changed, &j->lock);
        else
            write_queue(ctx, f);
    }
    const weft_status st = t->status;
    if (st != WEFT_OK) ctx->error = f->last_failure;
    if (st != WEFT_OK) ctx->error.code = st; /* should another one have failed since, by something else */
    pthread_mutex_unlock(&j->lock);
    if (t->has_blob_lock) blob_guard(f, t, false);
    return st;
}

weft_status weft_journal_file_write(weft_ctx *ctx, journal_file *f, journal_ticket *t)
{
    weft_status st = file_begin(ctx, &f->base, t);
    return st == WEFT_OK ? file_wait(ctx, &f->base, t) : st;
}

static weft_status file_fence(weft_ctx *ctx, weft_journal *j)
{
    (void)ctx, (void)j;
    return WEFT_OK; /* the lock of the file is the fence */
}

/* ---- reading ---- */

/* The record in the file; f->shape is held for reading, so that it stays where it is. */
static weft_status read_whole(weft_ctx *ctx, journal_file *f, const weft_journal_record *name,
                              journal_draft *out)
{
    weft_status st = WEFT_OK;
    uint8_t *whole = NULL;
    pthread_mutex_lock(&f->base.lock);
    const int32_t at =
        weft_journal_index_find(&f->base.index, name->job, name->kind, name->number, JOURNAL_LIVE);
    const journal_entry e = at < 0 ? (journal_entry){0} : f->base.index.entries[at];
    pthread_mutex_unlock(&f->base.lock);
    if (at < 0)
        return weft_fail(ctx, WEFT_NOT_FOUND, "the journal has no record %d/%u of this job", (int)name->kind,
                         name->number);
    const size_t len = JOURNAL_HEAD + (size_t)e.body_bytes;
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, len, (void **)&whole));
    WEFT_TRY(st, f->disk->read(ctx, f->disk->self, JOURNAL_FILE, e.offset - JOURNAL_HEAD, whole, len));
    if (!weft_journal_decode(whole, len, out))
        st = weft_fail(ctx, WEFT_CORRUPT, "a record of the journal was damaged since it was opened");
done:
    return st;
}

static weft_status file_read(weft_ctx *ctx, weft_journal *j, const weft_journal_record *record, void **value,
                             size_t *bytes)
{
    weft_status st = WEFT_OK;
    journal_file *f = (journal_file *)j;
    char name[JOURNAL_BLOB_NAME], expected[17];
    journal_draft draft;
    int64_t len = 0;
    void *out = NULL;
    pthread_rwlock_rdlock(&f->shape);
    WEFT_TRY(st, read_whole(ctx, f, record, &draft));
    if (!(draft.flags & JOURNAL_FLAG_BLOB)) {
        *value = (void *)(uintptr_t)draft.body;
        *bytes = draft.body_bytes;
        goto done;
    }
    if (!weft_journal_blob_name(draft.body, draft.body_bytes, name, &len))
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "a record of the journal names no file"));
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, (size_t)len, &out));
    WEFT_TRY(st, f->disk->read(ctx, f->disk->self, name, 0, out, (size_t)len));
    snprintf(expected, sizeof(expected), "%016" PRIx64, weft_hash_bytes(out, (size_t)len));
    if (strncmp(name + 5, expected, 16) != 0)
        WEFT_TRY(
            st, weft_fail(ctx, WEFT_CORRUPT, "the journal's file %s does not hold what its name says", name));
    *value = out;
    *bytes = (size_t)len;
done:
    pthread_rwlock_unlock(&f->shape);
    return st;
}

/* ---- life ---- */

static void file_close(weft_journal *j)
{
    journal_file *f = (journal_file *)j;
    if (f->is_locked) f->disk->unlock(f->disk->self);
    if (f->has_locks) {
        pthread_mutex_destroy(&f->disk_lock);
        pthread_rwlock_destroy(&f->shape);
    }
    weft_journal_base_close(j);
    weft_mem_free(f);
}

const journal_kind_ops weft_journal_file_ops = {.begin = file_begin,
                                                .wait = file_wait,
                                                .fence = file_fence,
                                                .read = file_read,
                                                .forget = weft_journal_file_forget,
                                                .tidy = weft_journal_file_tidy,
                                                .close = file_close};
