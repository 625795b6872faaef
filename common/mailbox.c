/* common/mailbox.c - a ring buffer under a mutex, grown by doubling up to its limit. */
#include "common/mailbox.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

enum { MAILBOX_FIRST = 64 };

struct weft_mailbox {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    weft_account *account; /* the box outlives the senders that make it grow */
    size_t item_bytes;
    int32_t limit;
    int32_t capacity, first, count; /* guarded by lock, as is all below */
    char *items;
    bool closed;
};

weft_status weft_mailbox_new(weft_ctx *ctx, size_t item_bytes, int32_t limit, weft_mailbox **out)
{
    weft_status st = WEFT_OK;
    weft_mailbox *box = NULL;
    pthread_condattr_t attributes;

    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*box), (void **)&box));
    box->item_bytes = item_bytes;
    box->account = ctx->memory;
    box->limit = limit;
    box->capacity = weft_min_i32(MAILBOX_FIRST, limit);
    WEFT_TRY(st,
             weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)box->capacity * item_bytes, (void **)&box->items));
    pthread_mutex_init(&box->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&box->arrived, &attributes);
    pthread_condattr_destroy(&attributes);
    *out = box;
    box = NULL;
done:
    weft_mem_free(box);
    return st;
}

static char *mailbox_slot(weft_mailbox *box, int32_t i)
{
    return box->items + (size_t)((box->first + i) % box->capacity) * box->item_bytes;
}

/* Lock held. */
static weft_status mailbox_resize(weft_ctx *ctx, weft_mailbox *box, int32_t capacity)
{
    weft_status st = WEFT_OK;
    char *items = NULL;
    weft_account *const senders = ctx->memory;
    ctx->memory = box->account;
    st = weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)capacity * box->item_bytes, (void **)&items);
    ctx->memory = senders;
    WEFT_TRY(st, st);
    for (int32_t i = 0; i < box->count; i++)
        memcpy(items + (size_t)i * box->item_bytes, mailbox_slot(box, i), box->item_bytes);
    weft_mem_free(box->items);
    box->items = items;
    box->capacity = capacity;
    box->first = 0;
done:
    return st;
}

static weft_status mailbox_grow(weft_ctx *ctx, weft_mailbox *box)
{
    if (box->count == box->limit)
        return weft_fail(ctx, WEFT_LIMIT, "a queue between threads holds its most of %d messages",
                         box->limit);
    return mailbox_resize(ctx, box, (int32_t)weft_min_i64((int64_t)box->capacity * 2, box->limit));
}

weft_status weft_mailbox_reserve(weft_ctx *ctx, weft_mailbox *box, int32_t count)
{
    weft_status st = WEFT_OK;
    pthread_mutex_lock(&box->lock);
    count = weft_min_i32(count, box->limit);
    if (count > box->capacity) st = mailbox_resize(ctx, box, count);
    pthread_mutex_unlock(&box->lock);
    return st;
}

weft_status weft_mailbox_put(weft_ctx *ctx, weft_mailbox *box, const void *item, bool urgent)
{
    weft_status st = WEFT_OK;
    pthread_mutex_lock(&box->lock);
    if (box->closed) WEFT_TRY(st, weft_fail(ctx, WEFT_CANCELLED, "the receiver of a message has stopped"));
    if (box->count == box->capacity) WEFT_TRY(st, mailbox_grow(ctx, box));
    if (urgent) {
        box->first = (box->first + box->capacity - 1) % box->capacity;
        memcpy(mailbox_slot(box, 0), item, box->item_bytes);
    } else
        memcpy(mailbox_slot(box, box->count), item, box->item_bytes);
    box->count++;
    pthread_cond_signal(&box->arrived);
done:
    pthread_mutex_unlock(&box->lock);
    return st;
}

/* Wait for a message until the deadline; the lock is held before and after. */
static void mailbox_wait(weft_mailbox *box, int64_t timeout_ns)
{
    struct timespec until;
    if (timeout_ns == INT64_MAX) {
        while (box->count == 0 && !box->closed) pthread_cond_wait(&box->arrived, &box->lock);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    const int64_t ns = until.tv_nsec + timeout_ns % 1000000000;
    until.tv_sec += (time_t)(timeout_ns / 1000000000 + ns / 1000000000);
    until.tv_nsec = (long)(ns % 1000000000);
    while (box->count == 0 && !box->closed)
        if (pthread_cond_timedwait(&box->arrived, &box->lock, &until) != 0) return;
}

bool weft_mailbox_take(weft_mailbox *box, void *item, int64_t timeout_ns)
{
    pthread_mutex_lock(&box->lock);
    if (box->count == 0 && timeout_ns > 0) mailbox_wait(box, timeout_ns);
    const bool got = box->count > 0;
    if (got) {
        memcpy(item, mailbox_slot(box, 0), box->item_bytes);
        box->first = (box->first + 1) % box->capacity;
        box->count--;
    }
    pthread_mutex_unlock(&box->lock);
    return got;
}

void weft_mailbox_close(weft_mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    box->closed = true;
    pthread_cond_broadcast(&box->arrived);
    pthread_mutex_unlock(&box->lock);
}

void weft_mailbox_free(weft_mailbox **box)
{
    if (*box == NULL) return;
    pthread_mutex_destroy(&(*box)->lock);
    pthread_cond_destroy(&(*box)->arrived);
    weft_mem_free((*box)->items);
    weft_mem_free(*box);
    *box = NULL;
}
