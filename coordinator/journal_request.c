/* coordinator/journal_request.c - asking ZooKeeper and waiting for the answer; journal_zookeeper_private.h.
 *
 * An answer may come when nobody waits any more, and when the journal is closed: what it needs (itself, and
 * the room in which people wait) is counted. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "coordinator/journal_zookeeper_private.h"

enum { LOOK_MS = 20 }; /* how often who waits looks at the lease */

struct journal_room {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    atomic_int owners; /* the journal, and every request */
};

/* ---- the room ---- */

weft_status weft_journal_room_new(weft_ctx *ctx, journal_room **out)
{
    weft_status st = WEFT_OK;
    pthread_condattr_t monotonic;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(**out), (void **)out));
    pthread_mutex_init(&(*out)->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&(*out)->answered, &monotonic);
    pthread_condattr_destroy(&monotonic);
    atomic_store(&(*out)->owners, 1);
done:
    return st;
}

void weft_journal_room_leave(journal_room **room)
{
    journal_room *r = *room;
    *room = NULL;
    if (r == NULL || atomic_fetch_sub(&r->owners, 1) > 1) return;
    pthread_cond_destroy(&r->answered);
    pthread_mutex_destroy(&r->lock);
    weft_mem_free(r);
}

/* ---- requests ---- */

void weft_journal_request_free(journal_request **request)
{
    journal_request *r = *request;
    *request = NULL;
    if (r == NULL || atomic_fetch_sub(&r->owners, 1) > 1) return;
    weft_mem_free(r->value);
    weft_journal_room_leave(&r->room);
    weft_mem_free(r);
}

static void keep_children(weft_ctx *ctx, journal_request *r, const weft_zookeeper_answer *a)
{
    size_t at = 0;
    for (int32_t i = 0; i < a->child_count; i++) r->bytes += strlen(a->children[i]) + 1;
    r->no_memory = weft_mem_alloc(ctx, WEFT_MEM_WORKING, r->bytes, (void **)&r->value) != WEFT_OK;
    for (int32_t i = 0; i < a->child_count && !r->no_memory; i++) {
        const size_t len = strlen(a->children[i]) + 1;
        memcpy(r->value + at, a->children[i], len);
        at += len;
    }
    r->child_count = a->child_count;
}

/* The library's thread. */
static void on_answer(void *of, const weft_zookeeper_answer *a)
{
    journal_request *r = of;
    weft_ctx ctx;
    weft_ctx_init(&ctx, NULL, r->account, NULL);
    pthread_mutex_lock(&r->room->lock);
    r->outcome = a->outcome;
    r->failed = a->failed;
    r->stat = a->stat;
    if (a->value != NULL) {
        r->bytes = a->bytes;
        r->no_memory = weft_mem_alloc(&ctx, WEFT_MEM_WORKING, a->bytes, (void **)&r->value) != WEFT_OK;
        if (!r->no_memory) memcpy(r->value, a->value, a->bytes);
    } else if (a->children != NULL)
        keep_children(&ctx, r, a);
    r->is_answered = true;
    pthread_cond_broadcast(&r->room->answered);
    pthread_mutex_unlock(&r->room->lock);
    weft_journal_request_free(&r);
}

static weft_status send_request(weft_ctx *ctx, journal_keeper *k, journal_question question, const char *path,
                                const weft_zookeeper_op *ops, int32_t count, journal_request *r)
{
    const weft_zookeeper *zk = k->zk;
    switch (question) {
    case JOURNAL_ASK_GET: return zk->get(ctx, zk->self, path, false, on_answer, r);
    case JOURNAL_ASK_CHILDREN: return zk->children(ctx, zk->self, path, false, on_answer, r);
    case JOURNAL_ASK_SYNC: return zk->sync(ctx, zk->self, path, on_answer, r);
    case JOURNAL_ASK_CREATE: return zk->create(ctx, zk->self, path, "", 0, 0, on_answer, r);
    case JOURNAL_ASK_MULTI: return zk->multi(ctx, zk->self, ops, count, on_answer, r);
    }
    return WEFT_OK;
}

weft_status weft_journal_depose(weft_ctx *ctx, journal_keeper *k, const char *why)
{
    const weft_status st = weft_fail(ctx, WEFT_NOT_LEADER, "this coordinator leads no more: %s", why);
    pthread_mutex_lock(&k->base.lock);
    weft_journal_break(ctx, &k->base);
    pthread_mutex_unlock(&k->base.lock);
    return st;
}

weft_status weft_journal_ask(weft_ctx *ctx, journal_keeper *k, journal_question question, const char *path,
                             const weft_zookeeper_op *ops, int32_t count, journal_request **out)
{
    weft_status st = WEFT_OK;
    weft_account *const callers = ctx->memory;
    *out = NULL;
    ctx->memory = k->base.account;
    st = weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(**out), (void **)out);
    ctx->memory = callers;
    WEFT_TRY(st, st);
    journal_request *r = *out;
    r->account = k->base.account;
    r->room = k->room;
    atomic_fetch_add(&r->room->owners, 1);
    atomic_store(&r->owners, 2);
    st = send_request(ctx, k, question, path, ops, count, r);
    if (st == WEFT_OK) goto done;
    atomic_store(&r->owners, 1); /* there will be no answer */
    weft_journal_request_free(out);
    if (st == WEFT_UNREACHABLE) st = weft_journal_depose(ctx, k, "its session with ZooKeeper is over");
done:
    return st;
}

static bool lease_is_over(const journal_keeper *k)
{
    const weft_clock *clock = k->base.clock;
    const int64_t until = k->zk->lease_until_ns(k->zk->self);
    if (atomic_load(&k->base.gives_up)) return true;
    if (until == 0)
        return k->zk->state(k->zk->self) != WEFT_ZOOKEEPER_CONNECTED; /* no probe was answered yet */
    return clock->now_ns(clock->self) >= until;
}

/* For LOOK_MS at most; lock of the room held. */
static void wait_a_little(journal_room *room)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until); /* tidy: allow clock_gettime: what pthread_cond_timedwait wants */
    until.tv_nsec += LOOK_MS * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_cond_timedwait(&room->answered, &room->lock, &until);
}

weft_status weft_journal_await(weft_ctx *ctx, journal_keeper *k, journal_request *r)
{
    bool is_over = false;
    pthread_mutex_lock(&k->room->lock);
    while (!r->is_answered && !is_over) {
        wait_a_little(k->room);
        is_over = !r->is_answered && lease_is_over(k);
    }
    pthread_mutex_unlock(&k->room->lock);
    if (is_over) return weft_journal_depose(ctx, k, "its lease has ended, and ZooKeeper does not answer");
    if (r->no_memory) return weft_fail(ctx, WEFT_NOMEM, "no memory for an answer of ZooKeeper");
    if (r->outcome == WEFT_ZOOKEEPER_EXPIRED)
        return weft_journal_depose(ctx, k, "its session with ZooKeeper is over");
    if (r->outcome == WEFT_ZOOKEEPER_REFUSED)
        return weft_fail(ctx, WEFT_PERMISSION_DENIED,
                         "ZooKeeper does not let user and password of zookeeper.secret into %s", k->folder);
    if (r->outcome != WEFT_ZOOKEEPER_UNKNOWN) return WEFT_OK;
    /* The library has lost its server: not at once again. */
    pthread_mutex_lock(&k->room->lock);
    wait_a_little(k->room);
    pthread_mutex_unlock(&k->room->lock);
    return lease_is_over(k)
               ? weft_journal_depose(ctx, k, "its lease has ended, and ZooKeeper cannot be reached")
               : WEFT_OK;
}

weft_status weft_journal_ask_surely(weft_ctx *ctx, journal_keeper *k, journal_question question,
                                    const char *path, journal_request **out)
{
    weft_status st = WEFT_OK;
    do {
        weft_journal_request_free(out);
        WEFT_TRY(st, weft_journal_ask(ctx, k, question, path, NULL, 0, out));
        WEFT_TRY(st, weft_journal_await(ctx, k, *out));
    } while ((*out)->outcome == WEFT_ZOOKEEPER_UNKNOWN);
done:
    if (st != WEFT_OK) weft_journal_request_free(out);
    return st;
}
