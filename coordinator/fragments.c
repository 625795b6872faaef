/* coordinator/fragments.c - see fragments.h: one list, in the order in which they were told. */
#include "coordinator/fragments.h"

#include <string.h>

#include "common/shared.h"

typedef struct passage {
    struct passage *next;
    int32_t worker, stage, generation;
    int64_t epoch;
    uint64_t job;
    weft_shared *bytes;
    size_t sent;
    uint64_t numbers[WEFT_FRAGMENT_WINDOW]; /* [under_way] of pieces that are not acknowledged, in order */
    int32_t under_way;
} passage;

struct weft_fragments {
    weft_account *account;
    passage *first;
};

weft_status weft_fragments_new(weft_ctx *ctx, weft_fragments **out)
{
    const weft_status st = weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(**out), (void **)out);
    if (st == WEFT_OK) (*out)->account = ctx->memory;
    return st;
}

static void unlink_passage(passage **at)
{
    passage *p = *at;
    *at = p->next;
    weft_shared_release(p->bytes);
    weft_mem_free(p);
}

void weft_fragments_free(weft_fragments **fragments)
{
    weft_fragments *f = *fragments;
    *fragments = NULL;
    if (f == NULL) return;
    while (f->first != NULL) unlink_passage(&f->first);
    weft_mem_free(f);
}

weft_status weft_fragments_add(weft_ctx *ctx, weft_fragments *f, int32_t worker, const weft_to_worker *order)
{
    weft_status st = WEFT_OK;
    passage *p = NULL, **at = &f->first;
    weft_account *const callers = ctx->memory;
    ctx->memory = f->account;
    st = weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(*p), (void **)&p);
    ctx->memory = callers;
    WEFT_TRY(st, st);
    while (*at != NULL) {
        const passage *old = *at;
        if (old->worker == worker && old->job == order->job && old->stage == order->stage &&
            old->generation == order->generation)
            unlink_passage(at);
        else
            at = &(*at)->next;
    }
    weft_shared_hold(order->fragment_shared);
    *p = (passage){.worker = worker,
                   .stage = order->stage,
                   .generation = order->generation,
                   .epoch = order->epoch,
                   .job = order->job,
                   .bytes = order->fragment_shared};
    *at = p;
done:
    return st;
}

void weft_fragments_end(weft_fragments *f, int32_t worker, uint64_t job)
{
    for (passage **at = &f->first; *at != NULL;)
        if ((*at)->worker == worker && (*at)->job == job)
            unlink_passage(at);
        else
            at = &(*at)->next;
}

void weft_fragments_leave(weft_fragments *f, int32_t worker)
{
    for (passage **at = &f->first; *at != NULL;)
        if ((*at)->worker == worker)
            unlink_passage(at);
        else
            at = &(*at)->next;
}

/* ---- sending ---- */

static void note_acked(passage *p, uint64_t acked)
{
    int32_t arrived = 0;
    while (arrived < p->under_way && p->numbers[arrived] <= acked) arrived++;
    p->under_way -= arrived;
    memmove(p->numbers, p->numbers + arrived, (size_t)p->under_way * sizeof(p->numbers[0]));
}

/* As many pieces as the window allows. False: the worker's session is at its end. */
static bool send_some(weft_ctx *ctx, passage *p, const weft_fragments_way *way)
{
    while (p->under_way < WEFT_FRAGMENT_WINDOW && p->sent < p->bytes->len) {
        const size_t left = p->bytes->len - p->sent;
        const weft_to_worker piece = {.kind = WEFT_TO_WORKER_PIECE,
                                      .epoch = p->epoch,
                                      .job = p->job,
                                      .stage = p->stage,
                                      .generation = p->generation,
                                      .fragment_bytes = p->bytes->bytes + p->sent,
                                      .fragment_len = left < WEFT_PIECE_BYTES_MAX ? left
                                                                                  : WEFT_PIECE_BYTES_MAX,
                                      .fragment_shared = p->bytes,
                                      .fragment_offset = p->sent};
        const uint64_t number = way->send(ctx, way->self, p->worker, &piece);
        if (number == 0) return false;
        p->numbers[p->under_way++] = number;
        p->sent += piece.fragment_len;
    }
    return true;
}

static bool is_first_of_worker(const weft_fragments *f, const passage *p)
{
    const passage *first = f->first;
    while (first->worker != p->worker) first = first->next;
    return first == p;
}

void weft_fragments_send(weft_ctx *ctx, weft_fragments *f, const weft_fragments_way *way)
{
    for (passage **at = &f->first; *at != NULL;) {
        passage *p = *at;
        const bool turn = is_first_of_worker(f, p);
        if (turn) note_acked(p, way->acked(way->self, p->worker));
        const bool lost = turn && !send_some(ctx, p, way);
        if (lost || (turn && p->sent == p->bytes->len && p->under_way == 0))
            unlink_passage(at); /* of a lost one's others the next is the first, and lost too */
        else
            at = &p->next;
    }
}
