/* coordinator/journal_index.c - see journal_index.h. Two chained hash tables over one growing array. */
#include "coordinator/journal_index.h"

#include <stdlib.h>
#include <string.h>

#include "common/hash.h"

enum { LEAST = 64 };

static uint64_t job_hash(weft_uuid job) { return weft_hash_combine(weft_hash_u64(job.high), job.low); }

static int32_t *job_bucket(const journal_index *x, weft_uuid job)
{
    return &x->jobs[job_hash(job) & (uint64_t)(x->capacity - 1)];
}

static int32_t *name_bucket(const journal_index *x, weft_uuid job, weft_journal_kind kind, uint32_t number)
{
    const uint64_t rest = (uint64_t)number << 8 | (uint64_t)kind;
    return &x->names[weft_hash_combine(job_hash(job), weft_hash_u64(rest)) & (uint64_t)(x->capacity - 1)];
}

static void chain(journal_index *x, int32_t at)
{
    journal_entry *e = &x->entries[at];
    int32_t *name = name_bucket(x, e->shown.job, e->shown.kind, e->shown.number);
    int32_t *job = job_bucket(x, e->shown.job);
    e->next = *name;
    e->next_of_job = *job;
    *name = *job = at;
}

/* Dead entries go; all chains are made anew. */
static void rebuild(journal_index *x)
{
    const int32_t count = x->count;
    const size_t bytes = (size_t)x->capacity * sizeof(*x->names);
    memset(x->names, 0xff, bytes); /* all -1 */
    memset(x->jobs, 0xff, bytes);
    x->count = 0;
    for (int32_t i = 0; i < count; i++) {
        if (x->entries[i].state == JOURNAL_DEAD) continue;
        x->entries[x->count] = x->entries[i];
        if (x->entries[x->count].place != NULL) *x->entries[x->count].place = x->count;
        chain(x, x->count++);
    }
}

static weft_status make_room(weft_ctx *ctx, journal_index *x)
{
    weft_status st = WEFT_OK;
    int32_t dead = 0;
    for (int32_t i = 0; i < x->count; i++) dead += x->entries[i].state == JOURNAL_DEAD;
    const int32_t capacity = x->capacity == 0 ? LEAST : dead * 2 > x->count ? x->capacity : x->capacity * 2;
    if (capacity != x->capacity) {
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(*x->entries),
                                     (void **)&x->entries));
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(*x->names),
                                     (void **)&x->names));
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(*x->jobs),
                                     (void **)&x->jobs));
        x->capacity = capacity;
    }
    rebuild(x);
done:
    return st;
}

weft_status weft_journal_index_add(weft_ctx *ctx, journal_index *x, const weft_journal_record *name,
                                   journal_state state, int32_t *place)
{
    weft_status st = WEFT_OK;
    if (x->count == x->capacity) WEFT_TRY(st, make_room(ctx, x));
    x->entries[x->count] = (journal_entry){.shown = *name, .state = state, .place = place};
    *place = x->count;
    chain(x, x->count++);
done:
    return st;
}

/* It stood, and does so no more. */
static void end_life(journal_index *x, journal_entry *e)
{
    e->state = JOURNAL_DEAD;
    x->live--;
    x->garbage_bytes += JOURNAL_HEAD + (int64_t)e->body_bytes;
    weft_mem_free(e->value);
    e->value = NULL;
}

void weft_journal_index_commit(journal_index *x, int32_t at)
{
    journal_entry *e = &x->entries[at];
    const int32_t before =
        weft_journal_index_find(x, e->shown.job, e->shown.kind, e->shown.number, JOURNAL_LIVE);
    if (before >= 0) end_life(x, &x->entries[before]);
    e->state = JOURNAL_LIVE;
    e->place = NULL;
    x->live++;
}

void weft_journal_index_abandon(journal_index *x, int32_t at)
{
    x->entries[at].state = JOURNAL_DEAD;
    x->entries[at].place = NULL;
}

void weft_journal_index_forget(journal_index *x, weft_uuid job, bool *blobs)
{
    for (int32_t i = weft_journal_index_first(x, job); i >= 0; i = x->entries[i].next_of_job) {
        journal_entry *e = &x->entries[i];
        if (e->state != JOURNAL_LIVE || !weft_uuid_equal(e->shown.job, job)) continue;
        *blobs |= (e->flags & JOURNAL_FLAG_BLOB) != 0;
        end_life(x, e);
    }
}

int32_t weft_journal_index_find(const journal_index *x, weft_uuid job, weft_journal_kind kind,
                                uint32_t number, uint32_t states)
{
    if (x->count == 0) return -1;
    for (int32_t i = *name_bucket(x, job, kind, number); i >= 0; i = x->entries[i].next) {
        const weft_journal_record *r = &x->entries[i].shown;
        if ((x->entries[i].state & states) != 0 && weft_uuid_equal(r->job, job) && r->kind == kind &&
            r->number == number)
            return i;
    }
    return -1;
}

int32_t weft_journal_index_first(const journal_index *x, weft_uuid job)
{
    return x->count == 0 ? -1 : *job_bucket(x, job);
}

int32_t weft_journal_index_count(const journal_index *x, weft_uuid job, uint32_t states)
{
    int32_t count = 0;
    for (int32_t i = weft_journal_index_first(x, job); i >= 0; i = x->entries[i].next_of_job)
        count += (x->entries[i].state & states) != 0 && weft_uuid_equal(x->entries[i].shown.job, job);
    return count;
}

int weft_journal_compare_ids(const void *a, const void *b)
{
    const weft_uuid *x = a, *y = b;
    if (x->high != y->high) return x->high < y->high ? -1 : 1;
    return x->low == y->low ? 0 : x->low < y->low ? -1 : 1;
}

int32_t weft_journal_index_terminal(const journal_index *x, int64_t before_us, int32_t keep_jobs,
                                    weft_uuid *out, int32_t most)
{
    int32_t terminal = 0, seen = 0, count = 0;
    for (int32_t i = 0; i < x->count; i++)
        terminal += x->entries[i].state == JOURNAL_LIVE && x->entries[i].shown.kind == WEFT_JOURNAL_END;
    for (int32_t i = 0; i < x->count && count < most; i++) {
        const weft_journal_record *r = &x->entries[i].shown;
        if (x->entries[i].state != JOURNAL_LIVE || r->kind != WEFT_JOURNAL_END) continue;
        const bool is_old = r->at_us < before_us;
        const bool is_beyond = terminal - seen++ > keep_jobs;
        const bool acted = weft_journal_index_find(x, r->job, WEFT_JOURNAL_DECISION, 0, JOURNAL_LIVE) >= 0 ||
                           weft_journal_index_find(x, r->job, WEFT_JOURNAL_SESSION, 1, JOURNAL_LIVE) >= 0;
        if (!is_old && (!is_beyond || acted)) continue;
        if (weft_journal_index_count(x, r->job, JOURNAL_PENDING | JOURNAL_POSTED) > 0) continue;
        out[count++] = r->job;
    }
    if (count > 0) qsort(out, (size_t)count, sizeof(*out), weft_journal_compare_ids);
    return count;
}

void weft_journal_index_free(journal_index *x)
{
    for (int32_t i = 0; i < x->count; i++) weft_mem_free(x->entries[i].value);
    weft_mem_free(x->entries);
    weft_mem_free(x->names);
    weft_mem_free(x->jobs);
    *x = (journal_index){0};
}
