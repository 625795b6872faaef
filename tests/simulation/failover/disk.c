/* tests/simulation/failover/disk.c - see disk.h. */
#include "tests/simulation/failover/disk.h"

#include <string.h>

#include "coordinator/journal_disk.h"
#include "tests/simulation/failover/services.h"

enum { DISKS_MAX = PROCESSES_MAX };

typedef struct disk {
    const process *of;
    weft_journal_disk real;
} disk;

static struct {
    disk disks[DISKS_MAX];
    int32_t count;
} all; /* one world a process */

int64_t disk_opened(void) { return all.count; }

void disk_crashed(const process *p)
{
    for (int32_t i = 0; i < all.count; i++)
        if (all.disks[i].of == p) all.disks[i].real.unlock(all.disks[i].real.self);
}

/* A part of an append is there, and nobody is left to know: half of it, or all but the last byte. */
static void tear(weft_ctx *ctx, const disk *d, step_fault fault, const char *name, int64_t end,
                 const void *bytes, size_t len)
{
    const size_t part = fault == STEP_LOST_BEFORE ? len / 2 : len - 1;
    bool undone = false;
    if (d->real.append(ctx, d->real.self, name, end, bytes, part, &undone) != WEFT_OK)
        sim_wrong("the journal cannot be written");
    process_crash(process_now());
}

static weft_status lock(weft_ctx *ctx, void *self)
{
    const disk *d = self;
    return d->real.lock(ctx, d->real.self);
}

static void unlock(void *self)
{
    const disk *d = self;
    d->real.unlock(d->real.self);
}

static weft_status size(weft_ctx *ctx, void *self, const char *name, int64_t *bytes)
{
    const disk *d = self;
    return d->real.size(ctx, d->real.self, name, bytes);
}

static weft_status read(weft_ctx *ctx, void *self, const char *name, int64_t offset, void *out, size_t len)
{
    const disk *d = self;
    return d->real.read(ctx, d->real.self, name, offset, out, len);
}

static weft_status append(weft_ctx *ctx, void *self, const char *name, int64_t end, const void *bytes,
                          size_t len, bool *undone)
{
    const disk *d = self;
    const step_fault fault = services_step();
    if (fault == STEP_LOST_BEFORE || fault == STEP_LOST_AFTER) tear(ctx, d, fault, name, end, bytes, len);
    const weft_status st = d->real.append(ctx, d->real.self, name, end, bytes, len, undone);
    sim_trace(len);
    services_stepped(fault, "append", name, st);
    return st;
}

static weft_status truncate(weft_ctx *ctx, void *self, const char *name, int64_t bytes)
{
    const disk *d = self;
    const step_fault fault = services_step();
    const weft_status st = d->real.truncate(ctx, d->real.self, name, bytes);
    services_stepped(fault, "truncate", name, st);
    return st;
}

static weft_status put(weft_ctx *ctx, void *self, const char *name, const void *bytes, size_t len)
{
    const disk *d = self;
    const step_fault fault = services_step();
    const weft_status st = d->real.put(ctx, d->real.self, name, bytes, len);
    services_stepped(fault, "put", name, st);
    return st;
}

static weft_status remove_file(weft_ctx *ctx, void *self, const char *name)
{
    const disk *d = self;
    const step_fault fault = services_step();
    const weft_status st = d->real.remove(ctx, d->real.self, name);
    services_stepped(fault, "remove", name, st);
    return st;
}

static weft_status list(weft_ctx *ctx, void *self,
                        weft_status (*visit)(weft_ctx *ctx, void *of, const char *name), void *of)
{
    const disk *d = self;
    return d->real.list(ctx, d->real.self, visit, of);
}

weft_status __real_weft_journal_folder_open(weft_ctx *ctx, const char *path, weft_journal_disk *out);
weft_status __wrap_weft_journal_folder_open(weft_ctx *ctx, const char *path, weft_journal_disk *out);
weft_status __wrap_weft_journal_folder_open(weft_ctx *ctx, const char *path, weft_journal_disk *out)
{
    assert(all.count < DISKS_MAX);
    disk *d = &all.disks[all.count];
    const weft_status st = __real_weft_journal_folder_open(ctx, path, &d->real);
    if (st != WEFT_OK) return st;
    d->of = process_now();
    all.count++;
    *out = (weft_journal_disk){.self = d,
                               .lock = lock,
                               .unlock = unlock,
                               .size = size,
                               .read = read,
                               .append = append,
                               .truncate = truncate,
                               .put = put,
                               .remove = remove_file,
                               .list = list};
    return WEFT_OK;
}

void __real_weft_journal_folder_close(weft_journal_disk *out);
void __wrap_weft_journal_folder_close(weft_journal_disk *out);
void __wrap_weft_journal_folder_close(weft_journal_disk *out)
{
    disk *d = out->self;
    if (d == NULL) return;
    d->of = NULL;
    __real_weft_journal_folder_close(&d->real);
    *out = (weft_journal_disk){0};
}
