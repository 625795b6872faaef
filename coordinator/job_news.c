/* coordinator/job_news.c - how a job's thread waits: for news of its own job, and now and then without any.
 *
 * A thousand jobs may wait at once. Each is woken by its own news alone; and what each does without news
 * (look whether it was cancelled, show its progress) is done less often the more of them there are, so that
 * all together take no more than a few hundredths of a core. */
#include <time.h>

#include "coordinator/coordinator_private.h"

enum {
    POLL_NS = 20 * 1000 * 1000,        /* cancel and deadline are looked at this often … */
    POLL_MOST_NS = 100 * 1000 * 1000,  /* … and at least this often */
    POLL_OF_JOB_NS = 200 * 1000,       /* for each that waits */
    SHOW_NS = 100 * 1000 * 1000,       /* progress is shown this often … */
    SHOW_MOST_NS = 1000 * 1000 * 1000, /* … and at least this often */
    SHOW_OF_JOB_NS = 1000 * 1000,
    SECOND_NS = 1000 * 1000 * 1000
};

static int64_t between(int64_t least, int64_t wanted, int64_t most)
{
    return weft_max_i64(least, weft_min_i64(wanted, most));
}

weft_status coordinator_news_init(weft_ctx *ctx, coordinator_job *j)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    const int error = pthread_cond_init(&j->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    j->news = true;
    return error == 0 ? WEFT_OK : weft_fail(ctx, WEFT_NOMEM, "the system has no memory for a job");
}

void coordinator_tell_news(void *self)
{
    coordinator_job *j = self;
    j->news = true;
    pthread_cond_signal(&j->changed);
}

int64_t coordinator_progress_ns(weft_coordinator *c)
{
    pthread_mutex_lock(&c->lock);
    const int64_t wanted = c->job_count * (int64_t)SHOW_OF_JOB_NS;
    pthread_mutex_unlock(&c->lock);
    return between(SHOW_NS, wanted, SHOW_MOST_NS);
}

weft_status coordinator_wait(weft_ctx *ctx, coordinator_job *j)
{
    weft_status st = WEFT_OK;
    weft_coordinator *c = j->c;
    weft_to_coordinator m;
    if (c->inbox != NULL) {
        if (!weft_mailbox_take(c->inbox, &m, POLL_NS)) return WEFT_OK;
        weft_core *core = weft_coordinator_enter(c);
        st = weft_core_report(ctx, core, m.worker, &m);
        weft_core_flush(ctx, core);
        weft_coordinator_leave(c);
        weft_to_coordinator_release(&m);
        return st;
    }
    const int64_t now_ns = weft_now_ns(ctx);
    pthread_mutex_lock(&c->lock);
    const int64_t until_ns = now_ns + between(POLL_NS, c->job_count * (int64_t)POLL_OF_JOB_NS, POLL_MOST_NS);
    const struct timespec until = {.tv_sec = until_ns / SECOND_NS, .tv_nsec = until_ns % SECOND_NS};
    if (!j->news) pthread_cond_timedwait(&j->changed, &c->lock, &until);
    pthread_mutex_unlock(&c->lock);
    return WEFT_OK;
}
