/* worker/outbox.c - see outbox.h: one list of reports, each with the number of its batch. The lock guards the
 * list; bytes of a report do not change, so frames are read without it. */
#include "worker/outbox.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct weft_parcel {
    weft_parcel *next; /* guarded by the outbox's lock, as is all up to `again` */
    uint64_t batch;    /* 0: waits */
    bool boxed;        /* it is in the outbox */
    bool again;        /* … once more */
    bool skipped;      /* its block was gone when the session began: it is not sent */
    atomic_bool gone;
    atomic_int counts;
    weft_parcel *kept; /* the same without the answer; NULL: it has none, or is not kept */
    bool is_attempt;
    weft_block_name name;
    size_t len;
    uint8_t bytes[];
};

struct weft_outbox {
    weft_account *account;
    int64_t limit_bytes;
    pthread_mutex_t lock;
    weft_parcel *first, *last; /* guarded by lock, as is all below */
    weft_parcel *waiting;      /* the first that is in no batch */
    uint64_t batches;
    int64_t
        bytes; /* but for what is sent again: that is kept anyhow, and must not stand in the way of news */
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
        weft_parcel *p = box->first;
        box->first = p->next;
        weft_parcel_release(&p);
    }
    pthread_mutex_destroy(&box->lock);
    weft_mem_free(box);
}

/* ---- parcels ---- */

weft_parcel *weft_parcel_share(weft_parcel *p)
{
    atomic_fetch_add(&p->counts, 1);
    return p;
}

void weft_parcel_release(weft_parcel **parcel)
{
    weft_parcel *p = *parcel;
    *parcel = NULL;
    if (p == NULL || atomic_fetch_sub(&p->counts, 1) > 1) return;
    weft_parcel_release(&p->kept);
    weft_mem_free(p);
}

void weft_parcel_void(weft_parcel *p) { atomic_store(&p->gone, true); }

int64_t weft_parcel_bytes(const weft_parcel *p) { return (int64_t)weft_mem_size(p); }

static weft_status encode(weft_ctx *ctx, weft_outbox *box, const weft_to_coordinator *report,
                          weft_parcel **out)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_account *const callers = ctx->memory;
    weft_status st = weft_to_coordinator_encode(ctx, report, &bytes, &len);
    if (st != WEFT_OK) return st;
    ctx->memory = box->account;
    st = weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(**out) + len, (void **)out);
    ctx->memory = callers;
    if (st != WEFT_OK) return st;
    **out = (weft_parcel){.counts = 1,
                          .is_attempt = report->kind == WEFT_FROM_WORKER_DONE ||
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

static void miss(weft_outbox *box)
{
    pthread_mutex_lock(&box->lock);
    box->missed = true;
    pthread_mutex_unlock(&box->lock);
}

weft_status weft_parcel_new(weft_ctx *ctx, weft_outbox *box, const weft_to_coordinator *report,
                            weft_parcel **out, weft_parcel **kept)
{
    weft_to_coordinator bare = *report;
    const weft_error error = ctx->error;
    *out = *kept = NULL;
    const weft_status st = encode(ctx, box, report, out);
    if (st != WEFT_OK) {
        miss(box);
        return st;
    }
    if (report->kind != WEFT_FROM_WORKER_DONE) return WEFT_OK;
    if (report->answer == NULL) {
        *kept = weft_parcel_share(*out);
        return WEFT_OK;
    }
    bare.answer = NULL;
    bare.answer_len = 0;
    if (encode(ctx, box, &bare, kept) == WEFT_OK)
        (*out)->kept = weft_parcel_share(*kept);
    else
        ctx->error = error; /* without memory to keep it another coordinator has the task run again */
    return WEFT_OK;
}

/* ---- putting in ---- */

/* Lock held. */
static void append(weft_outbox *box, weft_parcel *p, bool again)
{
    p->next = NULL;
    p->batch = 0;
    p->boxed = true;
    p->again = again;
    if (!again) box->bytes += weft_parcel_bytes(p);
    if (p->kept != NULL) p->kept->boxed = true;
    if (box->last != NULL)
        box->last->next = p;
    else
        box->first = p;
    box->last = p;
    if (box->waiting == NULL) box->waiting = p;
    box->count++;
}

weft_status weft_outbox_add(weft_ctx *ctx, weft_outbox *box, weft_parcel *p)
{
    weft_status st = WEFT_OK;
    pthread_mutex_lock(&box->lock);
    if (!p->boxed && box->bytes + weft_parcel_bytes(p) > box->limit_bytes) {
        st = weft_fail(ctx, WEFT_LIMIT, "%d reports of %lld bytes wait for the coordinator: that is the most",
                       box->count, (long long)box->bytes);
        box->missed = true;
    } else if (!p->boxed) {
        append(box, p, false);
        p = NULL;
    }
    pthread_mutex_unlock(&box->lock);
    weft_parcel_release(&p);
    return st;
}

void weft_outbox_again(weft_outbox *box, weft_parcel *p)
{
    pthread_mutex_lock(&box->lock);
    if (!p->boxed) append(box, weft_parcel_share(p), true);
    pthread_mutex_unlock(&box->lock);
}

weft_status weft_outbox_put(weft_ctx *ctx, weft_outbox *box, const weft_to_coordinator *report)
{
    weft_status st = WEFT_OK;
    weft_parcel *p = NULL, *kept = NULL;
    WEFT_TRY(st, weft_parcel_new(ctx, box, report, &p, &kept));
    weft_parcel_release(&kept);
    st = weft_outbox_add(ctx, box, p);
done:
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
    for (weft_parcel *p = box->waiting; p != NULL; p = p->next) {
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
    for (const weft_parcel *p = box->first; p != box->waiting && p->batch <= batch; p = p->next)
        if (p->batch == batch && !p->skipped)
            frames[count++] = (weft_net_frame){.bytes = p->bytes, .len = p->len};
    pthread_mutex_unlock(&locked->lock);
    return count;
}

void weft_outbox_forget(weft_outbox *box, uint64_t batch)
{
    pthread_mutex_lock(&box->lock);
    while (box->first != box->waiting && box->first->batch <= batch) {
        weft_parcel *p = box->first;
        box->first = p->next;
        if (box->first == NULL) box->last = NULL;
        if (!p->again) box->bytes -= weft_parcel_bytes(p);
        box->count--;
        p->boxed = p->again = p->skipped = false;
        if (p->kept != NULL) p->kept->boxed = false;
        weft_parcel_release(&p);
    }
    pthread_mutex_unlock(&box->lock);
}

/* Lock held. Behind the first `count` of names: attempts that are told of again, or for the first time. */
static int32_t list_attempts(const weft_outbox *box, bool again, weft_block_name *names, int32_t count)
{
    for (const weft_parcel *p = box->first; p != NULL; p = p->next)
        if (p->is_attempt && p->again == again && !p->skipped) names[count++] = p->name;
    return count;
}

weft_status weft_outbox_attempts(weft_ctx *ctx, weft_outbox *box, weft_block_name **names, int32_t *count,
                                 int32_t *again)
{
    weft_status st = WEFT_OK;
    *count = *again = 0;
    pthread_mutex_lock(&box->lock);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, box->count, names));
    for (weft_parcel *p = box->first; p != NULL; p = p->next)
        p->skipped = atomic_load(p->kept != NULL ? &p->kept->gone : &p->gone);
    *count = list_attempts(box, false, *names, 0);
    *again = list_attempts(box, true, *names, *count) - *count;
done:
    pthread_mutex_unlock(&box->lock);
    if (*again > 1) qsort(*names + *count, (size_t)*again, sizeof(**names), weft_block_name_compare);
    return st;
}
