/* coordinator/journal_post.c - records that nobody waits for: a queue, and the journal's own thread, which
 * begins up to BATCH of them before it waits for the first. See journal_private.h. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "coordinator/journal_private.h"

enum { BATCH = 64, LOOKED_AT = 4 * BATCH, CLOSE_MS = 1000 };

/* ---- posting ---- */

/* A SESSION that waits still: this one is written instead. lock held. */
static bool supersede(weft_journal *j, journal_post *p)
{
    const weft_journal_record *r = &p->ticket.draft.record;
    if (!p->ticket.replaces) return false;
    for (journal_post *q = j->first, *before = NULL; q != NULL; before = q, q = q->next) {
        const weft_journal_record *other = &q->ticket.draft.record;
        if (!weft_uuid_equal(other->job, r->job) || other->kind != r->kind || other->number != r->number)
            continue;
        p->next = q->next;
        p->ticket.at = q->ticket.at;
        j->index.entries[p->ticket.at].place = &p->ticket.at;
        j->index.entries[p->ticket.at].shown = *r;
        *(before == NULL ? &j->first : &before->next) = p;
        if (j->last == q) j->last = p;
        j->post_bytes += r->value_bytes - other->value_bytes;
        weft_mem_free(q);
        return true;
    }
    return false;
}

static weft_status enqueue(weft_ctx *ctx, weft_journal *j, journal_post *p)
{
    weft_status st = WEFT_OK;
    const int64_t bytes = p->ticket.draft.record.value_bytes;
    WEFT_TRY(st, weft_journal_check_broken(ctx, j));
    if (supersede(j, p)) goto done;
    if (j->posts_open >= WEFT_JOURNAL_POSTS_MAX || j->post_bytes + bytes > WEFT_JOURNAL_POSTS_BYTES)
        WEFT_TRY(st, weft_fail(ctx, WEFT_LIMIT, "%d records wait for the journal already", j->posts_open));
    WEFT_TRY(st, weft_journal_admit(ctx, j, &p->ticket, JOURNAL_POSTED));
    *(j->last == NULL ? &j->first : &j->last->next) = p;
    j->last = p;
    j->post_bytes += bytes;
    j->posts_open++;
    pthread_cond_broadcast(&j->changed);
done:
    j->counts.posted++;
    j->counts.lost += st != WEFT_OK;
    return st;
}

weft_status weft_journal_post(weft_ctx *ctx, weft_journal *j, weft_uuid job, weft_journal_kind kind,
                              uint32_t number, const void *value, size_t bytes)
{
    weft_status st = WEFT_OK;
    journal_post *p = NULL;
    weft_account *const callers = ctx->memory;
    if (kind < WEFT_JOURNAL_JOB || kind >= WEFT_JOURNAL_KIND_COUNT)
        return weft_fail(ctx, WEFT_INVALID, "the journal has no records of kind %d", (int)kind);
    if (bytes > WEFT_JOURNAL_POSTS_BYTES)
        return weft_fail(ctx, WEFT_LIMIT, "a record of %zu bytes is too large to wait for the journal",
                         bytes);
    ctx->memory = j->account;
    st = weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*p) + bytes, (void **)&p);
    ctx->memory = callers;
    if (st != WEFT_OK) return st;
    if (bytes > 0) memcpy(p->value, value, bytes);
    p->ticket = (journal_ticket){.draft = {.record = {.job = job,
                                                      .kind = kind,
                                                      .number = number,
                                                      .epoch = j->epoch,
                                                      .at_us = ctx->clock->wall_us(ctx->clock->self),
                                                      .value_bytes = (int64_t)bytes},
                                           .body = p->value,
                                           .body_bytes = (uint32_t)bytes},
                                 .replaces = kind == WEFT_JOURNAL_SESSION};
    pthread_mutex_lock(&j->lock);
    st = enqueue(ctx, j, p);
    pthread_mutex_unlock(&j->lock);
    if (st != WEFT_OK) weft_mem_free(p);
    return st;
}

static struct timespec after_ms(int64_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t); /* tidy: allow clock_gettime: what pthread_cond_timedwait wants */
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

bool weft_journal_flush(weft_journal *j, int64_t most_ms)
{
    const struct timespec until = after_ms(most_ms);
    pthread_mutex_lock(&j->lock);
    while (j->posts_open > 0 && pthread_cond_timedwait(&j->changed, &j->lock, &until) != ETIMEDOUT) continue;
    const bool is_empty = j->posts_open == 0;
    pthread_mutex_unlock(&j->lock);
    return is_empty;
}

/* ---- the thread ---- */

static bool is_owner_of(const journal_post *const *posts, int32_t count, weft_uuid job)
{
    for (int32_t i = 0; i < count; i++)
        if (weft_uuid_equal(posts[i]->ticket.draft.record.job, job)) return true;
    return false;
}

/* Up to BATCH records of different owners, each the first that waits of its owner: those of one are written
 * one after the other. How many. lock held. */
static int32_t take_batch(weft_journal *j, journal_post **out)
{
    int32_t count = 0, looked = 0;
    journal_post *before = NULL;
    for (journal_post *p = j->first, *next; p != NULL && count < BATCH && looked++ < LOOKED_AT; p = next) {
        next = p->next;
        if (is_owner_of((const journal_post *const *)out, count, p->ticket.draft.record.job)) {
            before = p;
            continue;
        }
        *(before == NULL ? &j->first : &before->next) = next;
        if (next == NULL) j->last = before;
        out[count++] = p;
    }
    return count;
}

/* What stands already is none of the journal's thread; else it goes into the index, or is lost. lock held. */
static void settle(weft_ctx *ctx, weft_journal *j, journal_post *p, weft_status st)
{
    if (st == WEFT_OK)
        j->counts.writes++;
    else
        weft_journal_index_abandon(&j->index, p->ticket.at);
    if (st != WEFT_OK && st != WEFT_EXISTS) {
        j->counts.lost++;
        weft_log_error(WEFT_LOG_WARN, "journal_post_lost", &ctx->error);
    }
    weft_error_clear(ctx);
    j->posts_open--;
    j->post_bytes -= p->ticket.draft.record.value_bytes;
    weft_mem_free(p);
}

static weft_status begin_post(weft_ctx *ctx, weft_journal *j, journal_post *p)
{
    weft_status st = WEFT_OK;
    const weft_journal_record *r = &p->ticket.draft.record;
    pthread_mutex_lock(&j->lock);
    if (!p->ticket.replaces &&
        weft_journal_index_find(&j->index, r->job, r->kind, r->number, JOURNAL_LIVE) >= 0)
        st = weft_fail(ctx, WEFT_EXISTS, "the journal has record %d/%u already", (int)r->kind, r->number);
    pthread_mutex_unlock(&j->lock);
    return st == WEFT_OK ? j->ops->begin(ctx, j, &p->ticket) : st;
}

static void write_batch(weft_ctx *ctx, weft_journal *j, journal_post **posts, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        const weft_status st = begin_post(ctx, j, posts[i]);
        posts[i]->is_begun = st == WEFT_OK;
        if (st == WEFT_OK) continue;
        pthread_mutex_lock(&j->lock);
        settle(ctx, j, posts[i], st);
        pthread_mutex_unlock(&j->lock);
        posts[i] = NULL;
    }
    for (int32_t i = 0; i < count; i++) {
        if (posts[i] == NULL) continue;
        const weft_status st = j->ops->wait(ctx, j, &posts[i]->ticket);
        pthread_mutex_lock(&j->lock);
        settle(ctx, j, posts[i], st);
        pthread_mutex_unlock(&j->lock);
    }
    if (j->ops->tidy == NULL || j->ops->tidy(ctx, j) == WEFT_OK) return;
    weft_log_error(WEFT_LOG_WARN, "journal_not_tidied", &ctx->error);
    weft_error_clear(ctx);
}

static void *post_main(void *of)
{
    weft_journal *j = of;
    weft_ctx ctx;
    weft_ctx_init(&ctx, NULL, j->account, NULL);
    ctx.clock = j->clock;
    pthread_mutex_lock(&j->lock);
    while (!j->is_closing || j->first != NULL) {
        journal_post *posts[BATCH];
        const int32_t count = take_batch(j, posts);
        if (count == 0) {
            pthread_cond_wait(&j->changed, &j->lock);
            continue;
        }
        pthread_mutex_unlock(&j->lock);
        write_batch(&ctx, j, posts, count);
        pthread_mutex_lock(&j->lock);
        pthread_cond_broadcast(&j->changed);
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

weft_status weft_journal_thread_start(weft_ctx *ctx, weft_journal *j)
{
    sigset_t all, before;
    sigfillset(&all); /* signals are for the process's own threads */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    j->has_thread = pthread_create(&j->thread, NULL, post_main, j) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return j->has_thread ? WEFT_OK : weft_fail(ctx, WEFT_NOMEM, "cannot start the journal's thread");
}

void weft_journal_close(weft_journal **journal)
{
    weft_journal *j = *journal;
    *journal = NULL;
    if (j == NULL) return;
    if (j->has_thread) {
        (void)weft_journal_flush(j, CLOSE_MS);
        atomic_store(&j->gives_up, true); /* what is left fails, one after the other */
        pthread_mutex_lock(&j->lock);
        j->is_closing = true;
        pthread_cond_broadcast(&j->changed);
        pthread_mutex_unlock(&j->lock);
        pthread_join(j->thread, NULL);
    }
    j->ops->close(j);
}
