/* coordinator/core_sources.c - what an order to open a stage says of its inputs: where their blocks are, and
 * who can be asked for them before their holders.
 *
 * Relays (relays.h) are for inputs that every worker reads whole and that few workers hold much of: alone, a
 * holder would send its part to all others. Where every worker holds its share, all of them send about as
 * much as they receive, and nothing is gained. */
#include "common/settings.h"
#include "coordinator/core_state.h"

/* The workers that an order names; room for all. */
typedef struct place_table {
    weft_place *places;
    int32_t count;
} place_table;

static int32_t place_index(place_table *table, const core_worker *w)
{
    for (int32_t i = table->count - 1; i >= 0; i--)
        if (table->places[i].worker == w->number) return i;
    table->places[table->count] =
        (weft_place){.worker = w->number, .uuid = w->hello->uuid, .address = w->hello->address};
    return table->count++;
}

/* Attempt and place of each block of an input. False when one is nowhere: then nothing would have been
 * launched. */
static bool fill_source(const weft_core *core, const weft_core_job *job, const weft_core_stage *input,
                        int32_t *attempts, int32_t *places, place_table *table)
{
    for (int32_t p = 0; p < input->stage->task_count; p++) {
        int32_t generation = 0, worker = 0;
        if (!weft_scheduler_block(core->scheduler, job->id, input->stage->id, p, &generation, &attempts[p],
                                  &worker))
            return false;
        const core_worker *w = core_find_worker(core, worker);
        if (w == NULL) return false;
        if (places != NULL) places[p] = place_index(table, w);
    }
    return true;
}

/* ---- relays ---- */

static bool is_usable(const void *self, int32_t worker)
{
    const core_worker *w = core_find_worker(self, worker);
    return w != NULL && !w->silent;
}

static bool is_alive(const void *self, int32_t worker) { return core_find_worker(self, worker) != NULL; }

const char *core_check_relays(const weft_core *core, const weft_core_stage *s)
{
    return weft_relays_check(s->relays, is_alive, core);
}

/* Would the holder of so many of the blocks send more than two times the whole input? */
static bool sends_much(const weft_core *core, int64_t blocks, int32_t tasks)
{
    return blocks * (core->worker_count - 1) > WEFT_RELAY_CHILDREN * (int64_t)tasks;
}

static bool is_large(const weft_core_job *job, const weft_core_stage *input)
{
    const int64_t least = job->settings->number[WEFT_SET_EXCHANGE_RELAY];
    return least >= 0 && input->stats.bytes >= least;
}

/* Whom the receiver asks for blocks of an input of the stage before their holders. source: all else of it is
 * there. */
static weft_status add_relays(weft_ctx *ctx, weft_core *core, const weft_core_job *job, weft_core_stage *s,
                              int32_t receiver, int32_t input, place_table *table, weft_stage_source *source)
{
    weft_status st = WEFT_OK;
    weft_source_relay *relays = NULL;
    int32_t *blocks = NULL;
    weft_account *const callers = ctx->memory;
    const int32_t holders = table->count;
    if (s->stage->inputs[input].mode != WEFT_INPUT_ALL || !is_large(job, job->stages[source->stage]))
        return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, holders, &blocks));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, holders, &relays));
    for (int32_t t = 0; t < source->task_count; t++) blocks[source->places[t]]++;
    for (int32_t h = 0; h < holders; h++) {
        int32_t parent = -1;
        if (!sends_much(core, blocks[h], source->task_count)) continue;
        source->shared = true;
        if (table->places[h].worker == receiver) continue;
        ctx->memory = core->account;
        st = weft_relays_join(ctx, &s->relays, table->places[h].worker, receiver, is_usable, core, &parent);
        ctx->memory = callers;
        WEFT_TRY(st, st);
        if (parent < 0) continue;
        const int32_t place = place_index(table, core_find_worker(core, parent));
        relays[source->relay_count++] = (weft_source_relay){.holder = h, .place = place};
    }
    source->relays = relays;
done:
    return st;
}

/* ---- all inputs ---- */

weft_status core_make_sources(weft_ctx *ctx, weft_core *core, const weft_core_job *job, weft_core_stage *s,
                              int32_t receiver, weft_to_worker *order)
{
    weft_status st = WEFT_OK;
    weft_stage_source *sources = NULL;
    place_table table = {0};
    const weft_stage *stage = s->stage;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stage->input_count, &sources));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, core->worker_count, &table.places));
    for (int32_t i = 0; i < stage->input_count; i++) {
        const weft_core_stage *input = job->stages[stage->inputs[i].stage_id];
        const int32_t tasks = input->stage->task_count;
        int32_t *attempts = NULL, *places = NULL;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, tasks, &attempts));
        if (core->options.by_value) WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, tasks, &places));
        if (!fill_source(core, job, input, attempts, places, &table))
            return weft_fail(ctx, WEFT_INTERNAL, "stage %d was launched while stage %d lacks a block",
                             stage->id, input->stage->id);
        sources[i] = (weft_stage_source){.stage = input->stage->id,
                                         .generation = input->generation,
                                         .task_count = tasks,
                                         .attempts = attempts,
                                         .places = places};
        if (places != NULL) WEFT_TRY(st, add_relays(ctx, core, job, s, receiver, i, &table, &sources[i]));
    }
    order->source_count = stage->input_count;
    order->sources = sources;
    order->place_count = table.count;
    order->places = table.places;
done:
    return st;
}
