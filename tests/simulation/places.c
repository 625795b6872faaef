/* tests/simulation/places.c - see world.h: where tasks should go, found once more from what the world knows
 * of blocks; and that no task waits too long while a slot is free. */
#include "tests/simulation/world.h"

static bool slot_is_free(const world *w)
{
    for (int32_t i = 0; i < w->node_count; i++)
        if (weft_scheduler_has_room(w->scheduler, w->nodes[i].number)) return true;
    return false;
}

/* Does it wait for nothing but a slot? */
static bool stage_is_ready(const world *w, const job_plan *j, int32_t stage)
{
    const stage_plan *sp = &j->stages[stage];
    weft_stage_counts counts = {0};
    int32_t ignored = 0;
    if (!j->submitted || j->ended || !sp->issued) return false;
    for (int32_t i = 0; i < sp->input_count; i++)
        for (int32_t p = 0; p < j->stages[sp->inputs[i]].tasks; p++)
            if (!weft_scheduler_block(w->scheduler, j->id, sp->inputs[i], p, &ignored, &ignored, &ignored))
                return false;
    weft_scheduler_count_stage(w->scheduler, j->id, stage, &counts);
    return counts.waiting > 0;
}

void places_note_waits(world *w)
{
    const int64_t wanted = weft_scheduler_due(w->scheduler);
    const bool slot = slot_is_free(w);
    for (int32_t i = 0; i < w->job_count; i++)
        for (int32_t s = 0; s < w->jobs[i].stage_count; s++) {
            if (!slot || !stage_is_ready(w, &w->jobs[i], s))
                w->free_since[i][s] = 0;
            else if (w->free_since[i][s] == 0)
                w->free_since[i][s] = w->now;
        }
    if (wanted == INT64_MAX || (w->wakes_at > w->now && w->wakes_at <= (wanted + 999) / 1000)) return;
    w->wakes_at = (wanted + 999) / 1000;
    world_plan(w, w->wakes_at - w->now, (happening){.kind = WAKES});
}

/* The state as the last step left it was good until now, but for this. */
void places_check_waits(world *w)
{
    for (int32_t i = 0; i < w->job_count; i++)
        for (int32_t s = 0; s < w->jobs[i].stage_count; s++)
            if (w->free_since[i][s] > 0 && w->now > w->free_since[i][s] + w->wait_ns[i] / 1000 + 1)
                world_wrong(w, "a task waits too long while a slot is free");
}

/* Does the worker hold a fifth of what a task of the stage reads, but for what all tasks read whole? */
static bool is_near(const world *w, const job_plan *j, int32_t stage, int32_t number)
{
    const stage_plan *sp = &j->stages[stage];
    int64_t total = 0, here = 0;
    for (int32_t i = 0; i < sp->input_count; i++) {
        const int32_t in = sp->inputs[i];
        for (int32_t p = 0; p < j->stages[in].tasks && !sp->broadcast[i]; p++) {
            int32_t generation = 0, attempt = 0, holder = 0;
            const int64_t kib = (plan_block_bytes(j, in, p) + 1023) / 1024;
            if (!weft_scheduler_block(w->scheduler, j->id, in, p, &generation, &attempt, &holder)) continue;
            total += kib;
            if (holder == number) here += kib;
        }
    }
    return total > 0 && here * 5 >= total;
}

void places_check_launch(world *w, const weft_action *a)
{
    const job_plan *j = driver_job(w, a->job);
    const bool near = is_near(w, j, a->stage, a->worker);
    bool wanted = false, host = false;
    for (int32_t i = 0; i < w->node_count; i++) {
        const node *n = &w->nodes[i];
        if (n->number < 0 || !is_near(w, j, a->stage, n->number)) continue;
        wanted = true;
        host |= n->host != 0 && n->host == w->nodes[world_node_of(w, a->worker)].host;
        if (!near && a->attempt == 0 && weft_scheduler_has_room(w->scheduler, n->number))
            world_wrong(w, "a task was launched elsewhere though a worker that holds its input is free");
    }
    const weft_locality right = !wanted ? WEFT_NO_PREF
                                : near  ? WEFT_PROCESS_LOCAL
                                : host  ? WEFT_NODE_LOCAL
                                        : WEFT_ANY;
    if (a->locality != right) world_wrong(w, "a task was launched under the wrong locality");
}
