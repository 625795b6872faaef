/* worker/outbox.c - see outbox.h: one list of reports, each with the number of its batch. The lock guards the
 * list; bytes of a report do not change, so frames are read without it. */
#include "worker/outbox.h"

#include <pthread.h>
#include <string.h>

typedef struct parcel {
    struct parcel *next;
    uint64_t batch; /* 0: waits */
    bool is_attempt;
    weft_block_name name;
    size_t len;
    uint8_t bytes[];
} parcel;

struct weft_outbox {
    weft_account *account;
    int64_t limit_bytes;
    pthread_mutex_t lock;
    parcel *first, *last; /* guarded by lock, as is all below */
    parcel *waiting;      /* the first that is in no batch */
    uint64_t batches;
    int64_t bytes;
    int32_t count;
    bool missed;
};

weft_status weft_outbox_new(weft_ctx *ctx, int64_t limit_bytes, weft_outbox **out)
{
    const weft_status st = weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(**out), (void **)out);
    if (st != WEFT_OK) return st;
    (*out)->account = ctx->memory;
    (*out)->limit_bytes = limit_bytes;
    pthread_mutex_init(&(*out)->lock, NULL);
    return WEFT_OK;
}

void weft_outbox_free(weft_outbox **box_p)
{
    weft_outbox *box = *box_p;
    *box_p = NULL;
    if (box == NULL) return;
    weft_outbox_forget(box, UINT64_MAX);
    while (box->first != NULL) {
        parcel *p = box->first;
        box->first = p->next;
        weft_mem_free(p);
    }
    pthread_mutex_destroy(&box->lock);
    weft_mem_free(box);
}

/* ---- putting in ---- */

static weft_status parcel_new(weft_ctx *ctx, weft_outbox *box, const weft_to_coordinator *report,
                              parcel **out)
{
    weft_status st = WEFT_OK;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_account *const callers = ctx->memory;
    st = weft_to_coordinator_encode(ctx, report, &bytes, &len);
    if (st != WEFT_OK) return st;
    ctx->memory = box->account;
    st = weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(**out) + len, (void **)out);
    ctx->memory = callers;
    if (st != WEFT_OK) return st;
    **out = (parcel){.is_attempt = report->kind == WEFT_FROM_WORKER_DONE ||
                                   report->kind == WEFT_FROM_WORKER_FAILED,
                     .name = {.job = report->job,
                              .stage = report->stage,
                              .generation = report->generation,
                              .partition = report->partition,
                              .attempt = report->attempt},
                     .len = len};
    memcpy((*out)->bytes, bytes, len);
    return WEFT_OK;
}

weft_status weft_outbox_put(weft_ctx *ctx, weft_outbox *box, const weft_to_coordinator *report)
{
    parcel *p = NULL;
    weft_status st = parcel_new(ctx, box, report, &p);
    const int64_t bytes = p == NULL ? 0 : (int64_t)weft_mem_size(p);
    pthread_mutex_lock(&box->lock);
    if (st == WEFT_OK && box->bytes + bytes > box->limit_bytes)
        st = weft_fail(ctx, WEFT_LIMIT, "%d reports of %lld bytes wait for the coordinator: that is the most",
                       box->count, (long long)box->bytes);
    if (st == WEFT_OK) {
        if (box->last != NULL)
            box->last->next = p;
        else
            box->first = p;
        box->last = p;
        if (box->waiting == NULL) box->waiting = p;
        box->bytes += bytes;
        box->count++;
        p = NULL;
    } else
        box->missed = true;
    pthread_mutex_unlock(&box->lock);
    weft_mem_free(p);
    return st;
}

bool weft_outbox_missed(weft_outbox *box)
{
    pthread_mutex_lock(&box->lock);
    const bool missed = box->missed;
    box->missed = false;
    pthread_mutex_unlock(&box->lock);
    return missed;
}

bool weft_outbox_is_empty(weft_outbox *box)
{
    pthread_mutex_lock(&box->lock);
    const bool empty = box->first == NULL;
    pthread_mutex_unlock(&box->lock);
    return empty;
}

/* ---- the owner's ---- */

bool weft_outbox_batch(weft_outbox *box)
{
    size_t bytes = 0;
    int32_t count = 0;
    pthread_mutex_lock(&box->lock);
    if (box->waiting != NULL) box->batches++;
    for (parcel *p = box->waiting; p != NULL; p = p->next) {
        bytes += p->len;
        if (count == WEFT_OUTBOX_REPORTS_MAX || (count > 0 && bytes > WEFT_OUTBOX_BATCH_BYTES)) break;
        p->batch = box->batches;
        count++;
        box->waiting = p->next;
    }
    pthread_mutex_unlock(&box->lock);
    return count > 0;
}

int32_t weft_outbox_frames(const weft_outbox *box, uint64_t batch, weft_net_frame *frames)
{
    int32_t count = 0;
    weft_outbox *const locked = (weft_outbox *)(uintptr_t)box;
    pthread_mutex_lock(&locked->lock);
    for (const parcel *p = box->first; p != box->waiting && p->batch <= batch; p = p->next)
        if (p->batch == batch) frames[count++] = (weft_net_frame){.bytes = p->bytes, .len = p->len};
    pthread_mutex_unlock(&locked->lock);
    return count;
}

void weft_outbox_forget(weft_outbox *box, uint64_t batch)
{
    pthread_mutex_lock(&box->lock);
    while (box->first != box->waiting && box->first->batch <= batch) {
        parcel *p = box->first;
        box->first = p->next;
        if (box->first == NULL) box->last = NULL;
        box->bytes -= (int64_t)weft_mem_size(p);
        box->count--;
        weft_mem_free(p);
    }
    pthread_mutex_unlock(&box->lock);
}

weft_status weft_outbox_attempts(weft_ctx *ctx, weft_outbox *box, weft_block_name **names, int32_t *count)
{
    weft_status st = WEFT_OK;
    *count = 0;
    pthread_mutex_lock(&box->lock);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, box->count, names));
    for (const parcel *p = box->first; p != NULL; p = p->next)
        if (p->is_attempt) (*names)[(*count)++] = p->name;
done:
    pthread_mutex_unlock(&box->lock);
    return st;
}
