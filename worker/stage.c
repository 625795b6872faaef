/* worker/stage.c - the stages open on a worker.
 *
 * A stage is opened by the first slot that has a task of it: inputs are looked up in the store, shared state
 * is prepared (weft_stage_open), and then its units (partitions of join tables, key filters) are built by
 * that slot and by every other slot that is free or has a task of the stage. Tasks start when all units are
 * built. A stage's shared state is built without the worker's lock, which guards the list of stages and their
 * states. */
#include "common/settings.h"
#include "worker/stand_in.h"
#include "worker/worker_private.h"

/* What opening it made. again: it will be opened once more. */
static void stage_clear(weft_worker *w, worker_stage *s, bool again)
{
    weft_relay_forget(w->relay, s, again);
    weft_stage_close(&s->shared);
    for (int32_t i = 0; i < s->order.source_count && s->inputs != NULL; i++)
        for (int32_t b = 0; b < s->inputs[i].block_count && s->inputs[i].blocks != NULL; b++) {
            weft_block *block = s->inputs[i].blocks[b];
            weft_block_release(&block);
        }
    if (s->decoded != NULL) weft_stage_unbind(s->decoded);
    s->decoded = NULL;
    s->inputs = NULL;
}

void weft_worker_stage_free(weft_worker *w, worker_stage *s)
{
    stage_clear(w, s, false);
    weft_mem_free(s->fragment);
    weft_arena_free(&s->arena);
    weft_account_close(&s->account);
    weft_arena_free(&s->message.arena);
    weft_account_close(&s->message.account);
    weft_mem_free(s);
}

/* Bytes of blocks that were dropped had gone to scratch. Lock held. */
static void count_spilled(weft_ctx *ctx, weft_worker *w, worker_job *job, int32_t stage, int64_t spilled)
{
    weft_stage_spill *at = NULL;
    for (int32_t i = 0; i < job->spill_count; i++)
        if (job->spills[i].stage == stage) at = &job->spills[i];
    if (spilled == 0) return;
    if (at == NULL && job->spill_count == job->spill_capacity) {
        const int32_t capacity = job->spill_capacity == 0 ? 16 : job->spill_capacity * 2;
        weft_account *const callers = ctx->memory;
        ctx->memory = w->account;
        const weft_error kept = ctx->error;
        const weft_status st =
            weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(*at), (void **)&job->spills);
        ctx->memory = callers;
        if (st != WEFT_OK) { /* a number in a report is missing then */
            ctx->error = kept;
            return;
        }
        job->spill_capacity = capacity;
    }
    if (at == NULL) {
        at = &job->spills[job->spill_count++];
        *at = (weft_stage_spill){.stage = stage};
    }
    at->bytes += spilled;
}

/* Lock held. */
void weft_worker_drop_blocks(weft_ctx *ctx, weft_worker *w, worker_job *job, int32_t stage,
                             int32_t generation)
{
    count_spilled(ctx, w, job, stage, weft_store_drop(w->store, job->id, stage, generation));
}

/* Lock held. */
void weft_worker_drop_block(weft_ctx *ctx, weft_worker *w, worker_job *job, const weft_block_name *name)
{
    count_spilled(ctx, w, job, name->stage, weft_store_drop_block(w->store, name));
}

/* Lock held. Nothing of a job that has ended is left: forget it and answer its END. */
void weft_worker_job_ended(weft_ctx *ctx, weft_worker *w, worker_job *job, int64_t epoch)
{
    weft_to_coordinator ended = {
        .kind = WEFT_FROM_WORKER_ENDED, .worker = w->number, .epoch = epoch, .job = job->id};
    for (worker_job **at = &w->jobs; *at != NULL; at = &(*at)->next)
        if (*at == job) {
            *at = job->next;
            break;
        }
    for (int32_t stage; (stage = weft_store_some_stage(w->store, job->id)) >= 0;)
        weft_worker_drop_blocks(ctx, w, job, stage, INT32_MAX);
    ended.spills = job->spills; /* the receiver's now */
    ended.spill_count = job->spill_count;
    weft_scratch_space_release(&job->scratch);
    weft_mem_free(job);
    weft_worker_report(ctx, w, &ended);
}

/* Lock held. A job that has ended ends with its last stage. */
void weft_worker_stage_unlink(weft_ctx *ctx, weft_worker *w, worker_stage *s)
{
    worker_job *job = s->job;
    const int64_t epoch = s->order.epoch;
    for (worker_stage **at = &w->stages; *at != NULL; at = &(*at)->next)
        if (*at == s) {
            *at = s->next;
            break;
        }
    weft_worker_stage_free(w, s);
    if (--job->stages == 0 && atomic_load(&job->cancelled)) weft_worker_job_ended(ctx, w, job, epoch);
}

void weft_worker_stage_leave(weft_ctx *ctx, weft_worker *w, worker_stage *s, worker_attempt *attempt)
{
    ctx->settings = w->options.settings;
    pthread_mutex_lock(&w->lock);
    if (attempt != NULL) weft_worker_attempt_remove(attempt);
    if (--s->users == 0 && s->dropped) weft_worker_stage_unlink(ctx, w, s);
    pthread_mutex_unlock(&w->lock);
    weft_mem_free(attempt);
}

/* The fragment: shared with the coordinator in this process, or from the wire. */
static weft_status find_stage_plan(weft_ctx *ctx, worker_stage *s)
{
    weft_status st = WEFT_OK;
    s->stage = s->order.fragment;
    if (s->stage != NULL) return WEFT_OK;
    WEFT_TRY(st, weft_stage_decode(ctx, s->order.fragment_bytes, s->order.fragment_len, &s->decoded));
    WEFT_TRY(st, weft_stage_bind(ctx, s->decoded));
    s->stage = s->decoded;
    if (s->stage->id != s->order.stage || s->stage->input_count != s->order.source_count)
        st = weft_fail(ctx, WEFT_CORRUPT, "stage %d came as stage %d with %d inputs", s->order.stage,
                       s->stage->id, s->stage->input_count);
done:
    return st;
}

/* The operators were planned for rows of these columns in so many partitions. */
static weft_status check_input(weft_ctx *ctx, const weft_stage_input *planned, const weft_block *block)
{
    const weft_row_layout *layout = weft_block_layout(block);
    bool same = weft_block_partitions(block) == planned->partition_count &&
                layout->count == planned->rows.count;
    for (int32_t i = 0; i < layout->count && same; i++)
        same = weft_type_equal(layout->types[i], planned->rows.types[i]);
    if (same) return WEFT_OK;
    return weft_fail(ctx, WEFT_CORRUPT, "a block of stage %d does not hold the rows that its reader expects",
                     planned->stage_id);
}

/* The blocks of one input: which ones, and where they are. Arrays of the stage's arena. */
typedef struct wanted_blocks {
    int32_t count; /* of those that are elsewhere */
    weft_block_name *names;
    const weft_place **places;
    int32_t *tasks;
    weft_block **blocks;
} wanted_blocks;

static weft_status wanted_new(weft_ctx *ctx, int32_t count, wanted_blocks *out)
{
    weft_status st = WEFT_OK;
    *out = (wanted_blocks){0};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &out->names));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &out->places));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &out->tasks));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &out->blocks));
done:
    return st;
}

/* Where a block of a source is; NULL: here. */
static const weft_place *place_of(const weft_worker *w, const weft_to_worker *stage,
                                  const weft_stage_source *source, int32_t task)
{
    if (source->places == NULL) return NULL;
    const weft_place *place = &stage->places[source->places[task]];
    return weft_uuid_equal(place->uuid, w->options.uuid) ? NULL : place;
}

/* A block of this worker's own store. */
static weft_status find_here(weft_ctx *ctx, weft_worker *w, worker_stage *s, const weft_block_name *name,
                             const weft_types *types, weft_block **out)
{
    weft_status st = WEFT_OK;
    *out = weft_store_find(w->store, name);
    if (*out == NULL) {
        weft_fetch_failed(ctx, WEFT_FETCH_FAILED, name);
        return weft_fail(ctx, WEFT_FETCH_FAILED, "block %d.%d of task %d is not on this worker", name->stage,
                         name->generation, name->partition);
    }
    if (weft_setting(ctx, WEFT_SET_SERIALIZE)) WEFT_TRY(st, weft_stand_in(ctx, s->account, types, out));
done:
    return st;
}

/* The accepted blocks of one input: those that are here by reference, stand-ins of the others. */
static weft_status find_input(weft_ctx *ctx, weft_worker *w, worker_stage *s, int32_t i)
{
    weft_status st = WEFT_OK;
    const weft_stage_source *source = &s->order.sources[i];
    const weft_types *types = &s->stage->inputs[i].rows;
    const bool whole = s->stage->inputs[i].mode == WEFT_INPUT_ALL; /* read by filters, tables and tasks */
    weft_account *const owner = whole ? weft_relay_account(w->relay) : s->account;
    weft_block **blocks = NULL;
    weft_block_read *read = NULL;
    wanted_blocks wanted;
    int32_t lost;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, source->task_count, &blocks));
    WEFT_TRY(st, wanted_new(ctx, source->places == NULL ? 0 : source->task_count, &wanted));
    WEFT_TRY(st, WEFT_NEW(ctx, &read));
    s->inputs[i] = (weft_input){
        .stage_id = source->stage, .block_count = source->task_count, .blocks = blocks, .read = read};
    for (int32_t p = 0; p < source->task_count; p++) {
        const weft_place *place = place_of(w, &s->order, source, p);
        const weft_block_name name = {.job = s->order.job,
                                      .stage = source->stage,
                                      .generation = source->generation,
                                      .partition = p,
                                      .attempt = source->attempts[p]};
        if (weft_worker_is_lost(ctx, &name)) {
            weft_fetch_failed(ctx, WEFT_FETCH_FAILED, &name);
            WEFT_TRY(st, weft_fail(ctx, WEFT_FETCH_FAILED, "block %d.%d of task 0 is lost (%s)", name.stage,
                                   name.generation, "weft.test.loseBlocks"));
        }
        if (place == NULL) {
            WEFT_TRY(st, find_here(ctx, w, s, &name, types, &blocks[p]));
            continue;
        }
        wanted.names[wanted.count] = name;
        wanted.places[wanted.count] = place;
        wanted.tasks[wanted.count++] = p;
    }
    if (wanted.count > 0 && w->options.fetcher == NULL)
        WEFT_TRY(st, weft_fail(ctx, WEFT_INTERNAL, "a worker that fetches nothing got places of blocks"));
    if (wanted.count > 0)
        WEFT_TRY(st, weft_fetch_blocks(ctx, w->options.fetcher, wanted.names, wanted.places, wanted.count,
                                       types, owner, wanted.blocks, &lost));
    for (int32_t n = 0; n < wanted.count; n++) blocks[wanted.tasks[n]] = wanted.blocks[n];
    for (int32_t p = 0; p < source->task_count; p++)
        WEFT_TRY(st, check_input(ctx, &s->stage->inputs[i], blocks[p]));
    if (whole && wanted.count > 0)
        WEFT_TRY(st, weft_relay_open(ctx, w->relay, w->options.fetcher, s, s->order.job, source,
                                     s->order.places, blocks));
done:
    return st;
}

static weft_status find_inputs(weft_ctx *ctx, weft_worker *w, worker_stage *s)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->order.source_count, &s->inputs));
    for (int32_t i = 0; i < s->order.source_count; i++) WEFT_TRY(st, find_input(ctx, w, s, i));
done:
    return st;
}

static weft_status stage_open(weft_worker *w, worker_stage *s)
{
    weft_status st = WEFT_OK;
    int32_t units = 0;
    weft_ctx_init(&s->ctx, s->arena, s->account, s->order.settings);
    s->ctx.cancel = &s->job->cancelled;
    s->ctx.scratch = s->job->scratch;
    s->ctx.fetch_failure = &s->failure;
    s->ctx.named = w->options.named;
    WEFT_TRY(st, find_stage_plan(&s->ctx, s));
    WEFT_TRY(st, find_inputs(&s->ctx, w, s));
    WEFT_TRY(st, weft_stage_open(&s->ctx, s->stage, s->inputs, &s->shared, &units));
    s->units = units;
done:
    return st;
}

/* Lock held. */
static void stage_break(weft_worker *w, worker_stage *s, weft_status st, const weft_ctx *ctx)
{
    if (s->state != STAGE_BROKEN) {
        s->broken = st;
        s->error = ctx->error;
        if (ctx->fetch_failure != NULL) s->failure = *ctx->fetch_failure;
    }
    s->state = STAGE_BROKEN;
    pthread_cond_broadcast(&w->changed);
}

/* Ask free slots to help with the units. Lock held. */
static void ask_for_help(weft_ctx *ctx, weft_worker *w, worker_stage *s)
{
    const int32_t helpers = weft_min_i32(w->options.slots - 1, s->units - 1);
    for (int32_t i = 0; i < helpers; i++) {
        const order help = {.kind = ORDER_HELP, .stage = s};
        if (weft_mailbox_put(ctx, w->orders, &help, true) != WEFT_OK) {
            weft_error_clear(ctx); /* without help it only takes longer */
            return;
        }
        s->users++;
    }
}

/* Build units until none is left to take. Lock held before and after. */
static void build_units(weft_ctx *ctx, weft_worker *w, worker_stage *s)
{
    while (s->state == STAGE_BUILDING && s->next_unit < s->units) {
        const int32_t unit = s->next_unit++;
        pthread_mutex_unlock(&w->lock);
        weft_status st = weft_check_cancel(ctx);
        if (st == WEFT_OK) st = weft_stage_unit(ctx, s->shared, unit);
        pthread_mutex_lock(&w->lock);
        s->built_units++;
        if (st != WEFT_OK) stage_break(w, s, st, ctx);
        if (s->state == STAGE_BUILDING && s->built_units == s->units) {
            s->state = STAGE_READY;
            pthread_cond_broadcast(&w->changed);
        }
    }
}

/* Lock held before and after. The units are built with a ctx whose memory lives as long as the stage's. */
static void stage_build(weft_ctx *ctx, weft_worker *w, worker_stage *s)
{
    weft_arena *arena = weft_arena_new(s->account);
    weft_fetch_failure failure = {0};
    weft_ctx own;
    if (arena == NULL) {
        const weft_status st = weft_fail(ctx, WEFT_NOMEM, "no memory for preparing a stage");
        stage_break(w, s, st, ctx);
        return;
    }
    weft_ctx_init(&own, arena, s->account, s->order.settings);
    own.cancel = &s->job->cancelled;
    own.scratch = s->job->scratch;
    own.fetch_failure = &failure;
    own.named = w->options.named;
    build_units(&own, w, s);
    weft_arena_free(&arena);
}

/* Lock held before and after. */
static void stage_begin(weft_ctx *ctx, weft_worker *w, worker_stage *s)
{
    s->state = STAGE_OPENING;
    pthread_mutex_unlock(&w->lock);
    const weft_status st = stage_open(w, s);
    pthread_mutex_lock(&w->lock);
    if (st != WEFT_OK) {
        stage_break(w, s, st, &s->ctx);
        return;
    }
    s->state = s->units == 0 ? STAGE_READY : STAGE_BUILDING;
    if (s->units > 1) ask_for_help(ctx, w, s);
    pthread_cond_broadcast(&w->changed);
}

weft_status weft_worker_stage_prepare(weft_ctx *ctx, weft_worker *w, worker_stage *s, bool alone)
{
    pthread_mutex_lock(&w->lock);
    const bool has_fragment = !s->order.fragment_apart || s->fragment != NULL;
    if (alone && s->state == STAGE_BROKEN && s->broken == WEFT_NOMEM && has_fragment) {
        stage_clear(w, s, true);
        weft_arena_reset(s->arena);
        s->units = s->next_unit = s->built_units = 0;
        s->failure = (weft_fetch_failure){0};
        s->state = STAGE_NEW;
    }
    if (s->state == STAGE_NEW) stage_begin(ctx, w, s);
    while (s->state == STAGE_OPENING) pthread_cond_wait(&w->changed, &w->lock);
    if (s->state == STAGE_BUILDING) stage_build(ctx, w, s);
    while (s->state == STAGE_BUILDING) pthread_cond_wait(&w->changed, &w->lock);
    const weft_status st = s->state == STAGE_BROKEN ? s->broken : WEFT_OK;
    if (st != WEFT_OK) ctx->error = s->error;
    if (st != WEFT_OK && ctx->fetch_failure != NULL) *ctx->fetch_failure = s->failure;
    pthread_mutex_unlock(&w->lock);
    return st;
}

/* ---- bad blocks ---- */

static bool block_is_bad(weft_ctx *ctx, const weft_block *block)
{
    bool bad = false;
    for (int32_t p = 0; p < weft_block_partitions(block) && !bad; p++) {
        weft_block_reader *reader = NULL;
        const weft_row_page *page = NULL;
        bool stable = false;
        weft_status st = weft_block_reader_open(ctx, block, p, -1, &reader);
        do {
            if (st == WEFT_OK) st = weft_block_reader_next(ctx, reader, &page, &stable);
        } while (st == WEFT_OK && page != NULL);
        bad = st == WEFT_CHECKSUM;
        weft_block_reader_close(&reader);
    }
    return bad;
}

bool weft_worker_stage_find_bad(weft_ctx *ctx, const worker_stage *s, weft_block_name *bad)
{
    const weft_error kept = ctx->error;
    bool found = false;
    for (int32_t i = 0; i < s->order.source_count && s->inputs != NULL && !found; i++)
        for (int32_t b = 0; b < s->inputs[i].block_count && !found; b++) {
            found = s->inputs[i].blocks[b] != NULL && !weft_block_is_remote(s->inputs[i].blocks[b]) &&
                    block_is_bad(ctx, s->inputs[i].blocks[b]);
            if (found) *bad = *weft_block_get_name(s->inputs[i].blocks[b]);
        }
    ctx->error = kept;
    return found;
}
