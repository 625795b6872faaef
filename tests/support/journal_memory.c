/* tests/support/journal_memory.c - see journal_memory.h. */
#include "tests/support/journal_memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

weft_journal_memory_file *weft_journal_memory_find(weft_journal_memory *m, const char *name)
{
    for (int32_t i = 0; i < WEFT_COUNT(m->files); i++)
        if (strcmp(m->files[i].name, name) == 0) return &m->files[i];
    return NULL;
}

static void file_resize(weft_journal_memory_file *f, size_t len)
{
    f->bytes = realloc(f->bytes, len + 1);
    assert(f->bytes != NULL);
    if (len > f->len) memset(f->bytes + f->len, 0, len - f->len);
    f->len = len;
}

/* Does this write meet the fault? Then *st is what it answers. */
static bool meets_fault(weft_ctx *ctx, weft_journal_memory *m, weft_status *st)
{
    *st = WEFT_OK;
    m->writes++;
    const bool now = m->fault_at != 0 && m->writes == m->fault_at;
    if (now && m->crashes) m->is_down = true;
    if (now && m->fault == WEFT_JOURNAL_FAULT_FULL)
        *st = weft_fail(ctx, WEFT_NOSPACE, "injected: the disk is full");
    else if (now || m->is_down)
        *st = weft_fail(ctx, WEFT_IO, "injected: write %lld fails", (long long)m->writes);
    return now;
}

static weft_status memory_lock(weft_ctx *ctx, void *self)
{
    weft_journal_memory *m = self;
    if (m->is_locked) return weft_fail(ctx, WEFT_EXISTS, "another coordinator uses the journal");
    m->is_locked = true;
    return WEFT_OK;
}

static void memory_unlock(void *self) { ((weft_journal_memory *)self)->is_locked = false; }

static weft_status memory_size(weft_ctx *ctx, void *self, const char *name, int64_t *bytes)
{
    weft_journal_memory *m = self;
    const weft_journal_memory_file *f = weft_journal_memory_find(m, name);
    *bytes = f == NULL ? 0 : (int64_t)f->len;
    return m->is_down ? weft_fail(ctx, WEFT_IO, "injected: the disk is down") : WEFT_OK;
}

static weft_status memory_read(weft_ctx *ctx, void *self, const char *name, int64_t offset, void *out,
                               size_t len)
{
    weft_journal_memory *m = self;
    const weft_journal_memory_file *f = weft_journal_memory_find(m, name);
    if (m->is_down) return weft_fail(ctx, WEFT_IO, "injected: the disk is down");
    if (f == NULL || (size_t)offset + len > f->len)
        return weft_fail(ctx, WEFT_CORRUPT, "%s is shorter than it was", name);
    if (len > 0) memcpy(out, f->bytes + offset, len);
    return WEFT_OK;
}

static weft_status memory_append(weft_ctx *ctx, void *self, const char *name, int64_t end, const void *bytes,
                                 size_t len, bool *undone)
{
    weft_journal_memory *m = self;
    weft_status st = WEFT_OK;
    const bool fault = meets_fault(ctx, m, &st);
    size_t kept = st == WEFT_OK ? len : 0;
    if (fault && m->fault == WEFT_JOURNAL_FAULT_TORN) kept = len / 2;
    if (fault && m->fault == WEFT_JOURNAL_FAULT_AFTER) kept = len;
    *undone = fault && m->fault == WEFT_JOURNAL_FAULT_FULL;
    weft_journal_memory_file *f = weft_journal_memory_find(m, name);
    assert(f != NULL && f->len == (size_t)end);
    file_resize(f, (size_t)end + kept);
    if (kept > 0) memcpy(f->bytes + end, bytes, kept);
    return st;
}

static weft_status memory_truncate(weft_ctx *ctx, void *self, const char *name, int64_t bytes)
{
    weft_journal_memory *m = self;
    weft_status st = WEFT_OK;
    const bool fault = meets_fault(ctx, m, &st);
    weft_journal_memory_file *f = weft_journal_memory_find(m, name);
    if (f != NULL && (st == WEFT_OK || (fault && m->fault == WEFT_JOURNAL_FAULT_AFTER)))
        file_resize(f, (size_t)bytes);
    return st;
}

static weft_status memory_put(weft_ctx *ctx, void *self, const char *name, const void *bytes, size_t len)
{
    weft_journal_memory *m = self;
    weft_status st = WEFT_OK;
    const bool fault = meets_fault(ctx, m, &st);
    weft_journal_memory_file *f = weft_journal_memory_find(m, name);
    if (st != WEFT_OK && !(fault && m->fault == WEFT_JOURNAL_FAULT_AFTER)) return st;
    if (f == NULL) {
        f = weft_journal_memory_find(m, "");
        assert(f != NULL && strlen(name) < sizeof(f->name));
        snprintf(f->name, sizeof(f->name), "%s", name);
    }
    file_resize(f, len);
    if (len > 0) memcpy(f->bytes, bytes, len);
    return st;
}

static void file_free(weft_journal_memory_file *f)
{
    free(f->bytes);
    *f = (weft_journal_memory_file){0};
}

static weft_status memory_remove(weft_ctx *ctx, void *self, const char *name)
{
    weft_journal_memory *m = self;
    weft_status st = WEFT_OK;
    const bool fault = meets_fault(ctx, m, &st);
    weft_journal_memory_file *f = weft_journal_memory_find(m, name);
    if (f != NULL && (st == WEFT_OK || (fault && m->fault == WEFT_JOURNAL_FAULT_AFTER))) file_free(f);
    return st;
}

static weft_status memory_list(weft_ctx *ctx, void *self,
                               weft_status (*visit)(weft_ctx *ctx, void *of, const char *name), void *of)
{
    weft_journal_memory *m = self;
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < WEFT_COUNT(m->files) && st == WEFT_OK; i++) {
        char name[sizeof(m->files[i].name)];
        if (m->files[i].name[0] == 0) continue;
        memcpy(name, m->files[i].name, sizeof(name)); /* it may be removed by the visit */
        st = visit(ctx, of, name);
    }
    return st;
}

weft_journal_disk weft_journal_memory_disk(weft_journal_memory *m)
{
    return (weft_journal_disk){.self = m,
                               .lock = memory_lock,
                               .unlock = memory_unlock,
                               .size = memory_size,
                               .read = memory_read,
                               .append = memory_append,
                               .truncate = memory_truncate,
                               .put = memory_put,
                               .remove = memory_remove,
                               .list = memory_list};
}

void weft_journal_memory_restart(weft_journal_memory *m)
{
    m->is_down = m->is_locked = false;
    m->fault_at = 0;
}

void weft_journal_memory_free(weft_journal_memory *m)
{
    for (int32_t i = 0; i < WEFT_COUNT(m->files); i++) file_free(&m->files[i]);
}
