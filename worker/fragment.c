/* worker/fragment.c - large fragments, which come in pieces.
 *
 * The order of a stage tells how long its fragment is and what its checksum is; that much memory is taken
 * then, or refused. Its tasks may be ordered meanwhile: their slots wait, which the coordinator believes to
 * be at work. The pieces come in order, each a message of its own, and belong to the session: when that is
 * over before the last one is here, nobody sends the rest. Then the stage is as if it had never been told. */
#include <string.h>

#include "common/hash.h"
#include "worker/worker_private.h"

void weft_worker_fragment_expect(weft_ctx *ctx, worker_stage *s)
{
    weft_account *const workers = ctx->memory;
    const weft_error kept = ctx->error;
    s->state = STAGE_AWAITED;
    ctx->memory = s->account;
    s->broken = weft_mem_alloc(ctx, WEFT_MEM_WORKING, s->order.fragment_len, (void **)&s->fragment);
    ctx->memory = workers;
    if (s->broken == WEFT_OK) return;
    s->state = STAGE_BROKEN; /* its tasks fail by that: another worker may have the memory */
    s->error = ctx->error;
    ctx->error = kept;
}

static weft_status take(weft_ctx *ctx, weft_worker *w, worker_stage *s, const weft_to_worker *m)
{
    const size_t whole = s->order.fragment_len;
    if (m->fragment_offset < s->fragment_got)
        return WEFT_OK; /* the stage was told anew meanwhile, and with it
                           the fragment from its beginning */
    if (m->fragment_offset > s->fragment_got || m->fragment_len > whole - s->fragment_got)
        return weft_fail(
            ctx, WEFT_CORRUPT,
            "a piece of %zu bytes at %zu of the fragment of stage %d, of which %zu of %zu are here",
            m->fragment_len, m->fragment_offset, m->stage, s->fragment_got, whole);
    memcpy(s->fragment + s->fragment_got, m->fragment_bytes, m->fragment_len);
    s->fragment_got += m->fragment_len;
    s->fragment_crc = weft_crc32c(s->fragment_crc, m->fragment_bytes, m->fragment_len);
    if (s->fragment_got < whole) return WEFT_OK;
    if (s->fragment_crc != s->order.fragment_crc)
        return weft_fail(ctx, WEFT_CORRUPT, "the fragment of stage %d has the checksum %08x, not %08x",
                         m->stage, s->fragment_crc, s->order.fragment_crc);
    s->order.fragment_bytes = s->fragment;
    s->state = STAGE_NEW;
    pthread_cond_broadcast(&w->changed);
    return WEFT_OK;
}

weft_status weft_worker_fragment_take(weft_ctx *ctx, weft_worker *w, const weft_to_worker *m)
{
    weft_status st = WEFT_OK;
    for (worker_stage *s = w->stages; s != NULL; s = s->next) /* also one that is dropped: it has attempts */
        if (s->state == STAGE_AWAITED && s->order.job == m->job && s->order.stage == m->stage &&
            s->order.generation == m->generation)
            WEFT_TRY(st, take(ctx, w, s, m));
done:
    return st;
}

bool weft_worker_fragment_await(weft_worker *w, const worker_attempt *a)
{
    pthread_mutex_lock(&w->lock);
    while (a->stage->state == STAGE_AWAITED && !atomic_load(&a->cancelled))
        pthread_cond_wait(&w->changed, &w->lock);
    const bool forgotten = a->forgotten;
    pthread_mutex_unlock(&w->lock);
    return !forgotten;
}

void weft_worker_parted(weft_ctx *ctx, weft_worker *w)
{
    worker_stage *next = NULL;
    pthread_mutex_lock(&w->lock);
    for (worker_attempt *a = w->attempts; a != NULL; a = a->next)
        a->forgotten |= a->stage->state == STAGE_AWAITED;
    for (worker_stage *s = w->stages; s != NULL; s = next) {
        next = s->next;
        if (s->state != STAGE_AWAITED) continue;
        s->state = STAGE_BROKEN; /* with `broken` OK: nobody is left who would ask */
        s->dropped = true;
        if (s->users == 0) weft_worker_stage_unlink(ctx, w, s);
    }
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}
