/* coordinator/journal.c - see journal.h: the front of both kinds, journal_private.h. */
#include "coordinator/journal.h"

#include <string.h>

#include "common/log.h"
#include "coordinator/journal_private.h"

enum { FORGOTTEN_MOST = WEFT_JOURNAL_INLINE_BYTES / sizeof(weft_uuid) }; /* owners in one record */

/* ---- state ---- */

uint64_t weft_journal_epoch(const weft_journal *j) { return j->epoch; }
uint64_t weft_journal_term(const weft_journal *j) { return j->term; }

bool weft_journal_is_broken(weft_journal *j)
{
    pthread_mutex_lock(&j->lock);
    const bool is_broken = j->is_broken;
    pthread_mutex_unlock(&j->lock);
    return is_broken;
}

bool weft_journal_is_deposed(const weft_journal *j) { return atomic_load(&j->is_deposed); }

weft_journal_counts weft_journal_count_all(weft_journal *j)
{
    pthread_mutex_lock(&j->lock);
    weft_journal_counts counts = j->counts;
    counts.records = j->index.live;
    counts.waiting = j->posts_open;
    pthread_mutex_unlock(&j->lock);
    return counts;
}

void weft_journal_break(weft_ctx *ctx, weft_journal *j)
{
    if (j->is_broken) return;
    j->is_broken = true;
    j->failure = ctx->error;
    atomic_store(&j->is_deposed, j->failure.code == WEFT_NOT_LEADER);
    weft_log_error(WEFT_LOG_ERROR, "journal_broken", &ctx->error);
    pthread_cond_broadcast(&j->changed);
}

void weft_journal_resign(weft_journal *j)
{
    pthread_mutex_lock(&j->lock);
    if (!j->is_broken) {
        static const weft_error laid_down = {.code = WEFT_NOT_LEADER,
                                             .message = "this coordinator has laid its leadership down"};
        j->is_broken = true;
        j->failure = laid_down;
        atomic_store(&j->is_deposed, true);
    }
    atomic_store(&j->gives_up, true);
    pthread_cond_broadcast(&j->changed);
    pthread_mutex_unlock(&j->lock);
}

weft_status weft_journal_check_broken(weft_ctx *ctx, const weft_journal *j)
{
    if (!j->is_broken) return WEFT_OK;
    weft_status st = weft_fail(ctx, j->failure.code == WEFT_NOT_LEADER ? WEFT_NOT_LEADER : WEFT_IO,
                               "the journal takes no more writes: %s", j->failure.message);
    weft_hint(ctx, "%s",
              j->failure.code == WEFT_NOT_LEADER ? "another coordinator leads, or will"
                                                 : "the coordinator has to be started again");
    return st;
}

/* ---- writing ---- */

static weft_status check_limits(weft_ctx *ctx, const weft_journal *j, const journal_ticket *t)
{
    const weft_journal_record *r = &t->draft.record;
    if (j->index.count >= WEFT_JOURNAL_RECORDS_MAX && j->index.live >= WEFT_JOURNAL_RECORDS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "the journal has its most of %d records", WEFT_JOURNAL_RECORDS_MAX);
    if (j->index.live >= WEFT_JOURNAL_JOB_RECORDS_MAX &&
        weft_journal_index_count(&j->index, r->job, JOURNAL_LIVE) >= WEFT_JOURNAL_JOB_RECORDS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a job has its most of %d records in the journal",
                         WEFT_JOURNAL_JOB_RECORDS_MAX);
    return WEFT_OK;
}

weft_status weft_journal_admit(weft_ctx *ctx, weft_journal *j, journal_ticket *t, journal_state state)
{
    weft_status st = WEFT_OK;
    const weft_journal_record *r = &t->draft.record;
    weft_account *const callers = ctx->memory;
    const uint32_t unsettled = JOURNAL_PENDING | JOURNAL_POSTED;
    while (state == JOURNAL_PENDING && !j->is_broken &&
           (weft_journal_index_find(&j->index, r->job, r->kind, r->number, unsettled) >= 0 ||
            weft_journal_index_count(&j->index, r->job, JOURNAL_POSTED) > 0))
        pthread_cond_wait(&j->changed, &j->lock);
    WEFT_TRY(st, weft_journal_check_broken(ctx, j));
    if (!t->replaces && state == JOURNAL_PENDING &&
        weft_journal_index_find(&j->index, r->job, r->kind, r->number, JOURNAL_LIVE) >= 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_EXISTS, "the journal has record %d/%u of this job already",
                               (int)r->kind, r->number));
    WEFT_TRY(st, check_limits(ctx, j, t));
    ctx->memory = j->account;
    st = weft_journal_index_add(ctx, &j->index, r, state, &t->at);
    ctx->memory = callers;
done:
    return st;
}

/* Begin, wait, and settle the entry of what failed. */
static weft_status write_ticket(weft_ctx *ctx, weft_journal *j, journal_ticket *t)
{
    weft_status st = j->ops->begin(ctx, j, t);
    if (st == WEFT_OK) st = j->ops->wait(ctx, j, t);
    pthread_mutex_lock(&j->lock);
    if (st != WEFT_OK && t->at >= 0) weft_journal_index_abandon(&j->index, t->at);
    if (st == WEFT_OK) j->counts.writes++;
    pthread_cond_broadcast(&j->changed);
    pthread_mutex_unlock(&j->lock);
    return st;
}

static weft_status check_call(weft_ctx *ctx, weft_journal_kind kind, bool replaces, size_t bytes)
{
    if (kind < WEFT_JOURNAL_JOB || kind >= WEFT_JOURNAL_KIND_COUNT ||
        (replaces && kind != WEFT_JOURNAL_SESSION))
        return weft_fail(ctx, WEFT_INVALID, "the journal has no records of kind %d%s", (int)kind,
                         replaces ? " that can be replaced" : "");
    if (bytes > WEFT_JOURNAL_VALUE_BYTES)
        return weft_fail(ctx, WEFT_LIMIT, "a record of %zu bytes is larger than a journal's may be (%d)",
                         bytes, WEFT_JOURNAL_VALUE_BYTES);
    return WEFT_OK;
}

static weft_status write_record(weft_ctx *ctx, weft_journal *j, weft_uuid job, weft_journal_kind kind,
                                uint32_t number, const void *value, size_t bytes, bool replaces)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, check_call(ctx, kind, replaces, bytes));
    journal_ticket t = {.draft = {.record = {.job = job,
                                             .kind = kind,
                                             .number = number,
                                             .epoch = j->epoch,
                                             .at_us = ctx->clock->wall_us(ctx->clock->self),
                                             .value_bytes = (int64_t)bytes},
                                  .body = value,
                                  .body_bytes = (uint32_t)bytes},
                        .replaces = replaces};
    pthread_mutex_lock(&j->lock);
    st = weft_journal_admit(ctx, j, &t, JOURNAL_PENDING);
    pthread_mutex_unlock(&j->lock);
    WEFT_TRY(st, st);
    st = write_ticket(ctx, j, &t);
done:
    return st;
}

weft_status weft_journal_create(weft_ctx *ctx, weft_journal *j, weft_uuid job, weft_journal_kind kind,
                                uint32_t number, const void *value, size_t bytes)
{
    return write_record(ctx, j, job, kind, number, value, bytes, false);
}

weft_status weft_journal_replace(weft_ctx *ctx, weft_journal *j, weft_uuid job, weft_journal_kind kind,
                                 uint32_t number, const void *value, size_t bytes)
{
    return write_record(ctx, j, job, kind, number, value, bytes, true);
}

weft_status weft_journal_fence(weft_ctx *ctx, weft_journal *j)
{
    pthread_mutex_lock(&j->lock);
    const weft_status st = weft_journal_check_broken(ctx, j);
    pthread_mutex_unlock(&j->lock);
    return st == WEFT_OK ? j->ops->fence(ctx, j) : st;
}

bool weft_journal_leads(weft_journal *j)
{
    return !weft_journal_is_broken(j) && (j->ops->leads == NULL || j->ops->leads(j));
}

/* ---- reading ---- */

bool weft_journal_find(weft_journal *j, weft_uuid job, weft_journal_kind kind, uint32_t number,
                       weft_journal_record *out)
{
    pthread_mutex_lock(&j->lock);
    const int32_t at = weft_journal_index_find(&j->index, job, kind, number, JOURNAL_LIVE);
    if (at >= 0 && out != NULL) *out = j->index.entries[at].shown;
    pthread_mutex_unlock(&j->lock);
    return at >= 0;
}

weft_status weft_journal_list(weft_ctx *ctx, weft_journal *j, weft_journal_record **out, int32_t *count)
{
    weft_status st = WEFT_OK;
    *count = 0;
    pthread_mutex_lock(&j->lock);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, j->index.live, out));
    for (int32_t i = 0; i < j->index.count; i++)
        if (j->index.entries[i].state == JOURNAL_LIVE) (*out)[(*count)++] = j->index.entries[i].shown;
done:
    pthread_mutex_unlock(&j->lock);
    return st;
}

weft_status weft_journal_read(weft_ctx *ctx, weft_journal *j, const weft_journal_record *record, void **value,
                              size_t *bytes)
{
    *value = NULL;
    *bytes = 0;
    return j->ops->read(ctx, j, record, value, bytes);
}

/* ---- forgetting ---- */

weft_status weft_journal_expire(weft_ctx *ctx, weft_journal *j, int64_t keep_us, int32_t keep_jobs,
                                int32_t *removed)
{
    weft_status st = WEFT_OK;
    weft_uuid *ids = NULL;
    const int64_t now_us = ctx->clock->wall_us(ctx->clock->self);
    const int64_t before_us = keep_us > now_us ? INT64_MIN : now_us - keep_us;
    *removed = 0;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, FORGOTTEN_MOST * sizeof(*ids), (void **)&ids));
    pthread_mutex_lock(&j->lock);
    st = weft_journal_check_broken(ctx, j);
    const int32_t count =
        st != WEFT_OK ? 0 : weft_journal_index_terminal(&j->index, before_us, keep_jobs, ids, FORGOTTEN_MOST);
    pthread_mutex_unlock(&j->lock);
    if (st != WEFT_OK || count == 0) goto done;
    WEFT_TRY(st, j->ops->forget(ctx, j, ids, count));
    *removed = count;
    if (j->ops->tidy != NULL) st = j->ops->tidy(ctx, j);
done:
    weft_mem_free(ids);
    return st;
}

/* ---- life ---- */

weft_status weft_journal_base_open(weft_ctx *ctx, weft_journal *j, const journal_kind_ops *ops)
{
    pthread_condattr_t monotonic;
    j->ops = ops;
    j->account = ctx->memory;
    j->clock = ctx->clock;
    if (pthread_mutex_init(&j->lock, NULL) != 0 || pthread_condattr_init(&monotonic) != 0)
        return weft_fail(ctx, WEFT_NOMEM, "no memory for the journal's lock");
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&j->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    j->has_lock = true;
    return WEFT_OK;
}

void weft_journal_base_close(weft_journal *j)
{
    weft_journal_index_free(&j->index);
    if (!j->has_lock) return;
    pthread_cond_destroy(&j->changed);
    pthread_mutex_destroy(&j->lock);
}
