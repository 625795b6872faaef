/* coordinator/fetch_result.c - the blocks of a job's result: held for the client, and got again when a worker
 * that held one is lost while the client reads. */
#include <string.h>

#include "coordinator/coordinator_private.h"
#include "engine/exec/block.h"

enum {
    /* A result of several parts goes on record before its rows leave: another leader, with other workers,
     * would plan it anew with other parts. Up to so much leaves in a moment, and is not worth a record. */
    UNRECORDED_BYTES = 1 << 20
};

/* Arrays of ctx->arena, by task. */
typedef struct result_blocks {
    int32_t count;
    weft_block_name *names;
    weft_place *places;
    weft_core_answer *answers; /* what came within reports; no bytes: nothing did */
    weft_block **blocks;
} result_blocks;

static weft_status result_new(weft_ctx *ctx, int32_t count, result_blocks *out)
{
    weft_status st = WEFT_OK;
    *out = (result_blocks){.count = count};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &out->names));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &out->places));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &out->answers));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &out->blocks));
done:
    return st;
}

/* Where the result's blocks are, and those that are here. False: one is nowhere. Lock held. */
static bool find_result(const coordinator_job *j, int32_t stage, const result_blocks *r)
{
    bool whole = weft_core_is_finished(j->c->core, &j->core, stage);
    for (int32_t t = 0; t < r->count && whole; t++)
        whole = weft_core_find_block(j->c->core, &j->core, stage, t, &r->names[t], &r->places[t]);
    for (int32_t t = 0; t < r->count && whole; t++)
        (void)weft_core_take_answer(&j->core, &r->names[t], &r->answers[t].bytes, &r->answers[t].len);
    return whole;
}

/* What came within reports. One that cannot be read is fetched like those that did not. */
static void decode_answers(weft_ctx *ctx, const weft_types *types, const result_blocks *r)
{
    const weft_error kept = ctx->error;
    for (int32_t i = 0; i < r->count; i++) {
        if (r->answers[i].bytes == NULL) continue;
        if (weft_block_decode(ctx, ctx->memory, types, r->answers[i].bytes, r->answers[i].len,
                              &r->blocks[i]) != WEFT_OK)
            ctx->error = kept;
        weft_mem_free(r->answers[i].bytes);
    }
}

/* The blocks that are not here yet, from their workers. *lost: which one could not be had. */
static weft_status fetch_others(weft_ctx *ctx, const weft_coordinator *c, const weft_types *types,
                                result_blocks *r, int32_t *lost)
{
    weft_status st = WEFT_OK;
    weft_block_name *names = NULL;
    weft_place *places = NULL;
    weft_block **blocks = NULL;
    int32_t *indexes = NULL;
    int32_t count = 0, bad = -1;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->count, &names));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->count, &places));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->count, &blocks));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->count, &indexes));
    for (int32_t i = 0; i < r->count; i++) {
        if (r->blocks[i] != NULL) continue;
        names[count] = r->names[i];
        places[count] = r->places[i];
        indexes[count++] = i;
    }
    if (count == 0) goto done;
    st = c->source.fetch(ctx, c->source.self, names, places, count, types, blocks, &bad);
    if (st != WEFT_OK && bad >= 0) *lost = indexes[bad];
    WEFT_TRY(st, st);
    for (int32_t i = 0; i < count; i++) r->blocks[indexes[i]] = blocks[i];
done:
    return st;
}

weft_status coordinator_take_result(weft_ctx *ctx, coordinator_job *j, int32_t stage, bool *whole)
{
    weft_status st = WEFT_OK;
    weft_coordinator *c = j->c;
    const weft_core_stage *s = j->core.stages[stage];
    const weft_types *types = &s->stage->fragment.sink.rows;
    result_blocks r;
    int32_t lost = -1;
    *whole = false;
    WEFT_TRY(st, result_new(ctx, s->stage->task_count, &r));
    pthread_mutex_lock(&c->lock);
    const bool found = find_result(j, stage, &r);
    pthread_mutex_unlock(&c->lock);
    if (!found) goto done;
    decode_answers(ctx, types, &r);
    st = fetch_others(ctx, c, types, &r, &lost);
    pthread_mutex_lock(&c->lock);
    if ((st == WEFT_FETCH_FAILED || st == WEFT_UNREACHABLE) && lost >= 0)
        st = weft_core_block_lost(ctx, c->core, &j->core, &r.names[lost]);
    else if (st == WEFT_OK) {
        j->run->blocks = r.blocks;
        j->run->block_count = r.count;
        j->file.is_wanted = r.count > 1 && s->stats.bytes > UNRECORDED_BYTES;
        *whole = true;
        st = weft_core_pin(ctx, c->core, &j->core);
    }
    pthread_mutex_unlock(&c->lock);
    for (int32_t i = 0; i < r.count && !*whole; i++) weft_block_release(&r.blocks[i]);
done:
    return st;
}

/* Has the job ended otherwise meanwhile? Lock held. */
static weft_status is_lost_for_good(weft_ctx *ctx, const coordinator_job *j)
{
    if (j->core.failed) return coordinator_job_error(ctx, j);
    return j->cancelled ? weft_fail(ctx, WEFT_CANCELLED, "The job was cancelled.") : WEFT_OK;
}

/* Wait until the block of a partition is somewhere again, and no more where it was lost. */
static weft_status wait_for_block(weft_ctx *ctx, coordinator_job *j, int32_t stage,
                                  const weft_block_name *lost, weft_block_name *name, weft_place *place)
{
    weft_status st = WEFT_OK;
    for (;;) {
        pthread_mutex_lock(&j->c->lock);
        j->news = false;
        st = is_lost_for_good(ctx, j);
        const bool found = st == WEFT_OK &&
                           weft_core_find_block(j->c->core, &j->core, stage, lost->partition, name, place);
        pthread_mutex_unlock(&j->c->lock);
        WEFT_TRY(st, st);
        if (found && !weft_block_name_equal(name, lost)) break;
        WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, coordinator_wait(ctx, j));
    }
done:
    return st;
}

weft_status weft_run_fetch_again(weft_ctx *ctx, weft_run *run, int32_t index, weft_block **out)
{
    weft_status st = WEFT_OK;
    coordinator_job *j = run->open;
    weft_block_name name = {0};
    weft_place place = {0};
    int32_t bad = -1;
    if (j == NULL)
        return weft_fail(ctx, WEFT_RESULT_LOST, "block %d of the result cannot be read any more", index);
    const weft_block_name lost = *weft_block_get_name(run->blocks[index]);
    const weft_types *types = &j->core.stages[lost.stage]->stage->fragment.sink.rows;
    pthread_mutex_lock(&j->c->lock);
    st = weft_core_block_lost(ctx, j->c->core, &j->core, &lost);
    pthread_mutex_unlock(&j->c->lock);
    WEFT_TRY(st, st);
    WEFT_TRY(st, wait_for_block(ctx, j, lost.stage, &lost, &name, &place));
    if (name.generation != lost.generation) /* it had begun before the result was pinned */
        WEFT_TRY(st, weft_fail(ctx, WEFT_INDETERMINATE_RERUN,
                               "a worker was lost while the result was taken: its rows cannot come out the "
                               "same again, and others of them are taken already"));
    WEFT_TRY(st, j->c->source.fetch(ctx, j->c->source.self, &name, &place, 1, types, out, &bad));
done:
    return st;
}

void weft_run_break(const weft_run *run, const weft_error *error)
{
    const coordinator_job *j = run->open;
    if (j != NULL && j->c->jobs != NULL) weft_jobs_break(j->c->jobs, j->core.id, error);
}
