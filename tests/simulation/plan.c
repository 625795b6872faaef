/* tests/simulation/plan.c - see plan.h. */
#include "tests/simulation/plan.h"

#include <string.h>

#include "common/hash.h"

/* ---- chance ---- */

uint64_t dice_next(uint64_t *dice)
{
    *dice += 0x9e3779b97f4a7c15ULL;
    return weft_hash_u64(*dice);
}

int64_t dice_range(uint64_t *dice, int64_t low, int64_t high)
{
    return low + (int64_t)(dice_next(dice) % (uint64_t)(high - low + 1));
}

bool dice_chance(uint64_t *dice, int32_t percent) { return dice_range(dice, 1, 100) <= percent; }

/* ---- the agenda ---- */

static uint8_t *item_at(const agenda *a, int32_t i) { return a->items + (size_t)i * a->item_bytes; }

static bool earlier(const void *x, const void *y)
{
    const due *a = x, *b = y;
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void agenda_add(weft_ctx *ctx, agenda *a, int64_t at, void *item)
{
    *(due *)item = (due){.at = at, .order = a->order++};
    if (a->count == a->capacity) {
        a->capacity = a->capacity == 0 ? 256 : a->capacity * 2;
        const weft_status st =
            weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)a->capacity * a->item_bytes, (void **)&a->items);
        assert(st == WEFT_OK);
    }
    int32_t i = a->count++;
    for (; i > 0 && earlier(item, item_at(a, (i - 1) / 2)); i = (i - 1) / 2)
        memcpy(item_at(a, i), item_at(a, (i - 1) / 2), a->item_bytes);
    memcpy(item_at(a, i), item, a->item_bytes);
}

void agenda_take(agenda *a, void *item)
{
    memcpy(item, a->items, a->item_bytes);
    const uint8_t *last = item_at(a, --a->count);
    int32_t i = 0;
    for (;;) {
        int32_t child = 2 * i + 1;
        if (child >= a->count) break;
        if (child + 1 < a->count && earlier(item_at(a, child + 1), item_at(a, child))) child++;
        if (!earlier(item_at(a, child), last)) break;
        memcpy(item_at(a, i), item_at(a, child), a->item_bytes);
        i = child;
    }
    if (i != a->count) memcpy(item_at(a, i), last, a->item_bytes);
}

/* ---- jobs ---- */

bool trace_merge(trace *into, const trace *from)
{
    bool agree = true;
    for (int32_t s = 0; s < STAGES_MAX; s++)
        for (int32_t p = 0; p < TASKS_MAX; p++) {
            const uint64_t nonce = from->nonce[s][p];
            if (nonce == 0) continue;
            agree &= into->nonce[s][p] == 0 || into->nonce[s][p] == nonce;
            into->nonce[s][p] = nonce;
        }
    return agree;
}

void plan_make(uint64_t *dice, job_plan *j, int32_t place)
{
    bool read[STAGES_MAX] = {false};
    *j = (job_plan){.id = 100 + (uint64_t)place, .stage_count = (int32_t)dice_range(dice, 1, STAGES_MAX)};
    for (int32_t s = 0; s < j->stage_count; s++) {
        stage_plan *sp = &j->stages[s];
        sp->tasks = (int32_t)dice_range(dice, 1, TASKS_MAX);
        sp->determinism = dice_chance(dice, 20) ? WEFT_INDETERMINATE : WEFT_ORDERED;
        for (int32_t i = 0; i < s; i++) {
            const bool last = s == j->stage_count - 1;
            if (last ? read[i] && !dice_chance(dice, 20) : !dice_chance(dice, 40)) continue;
            sp->broadcast[sp->input_count] = dice_chance(dice, 25);
            sp->inputs[sp->input_count++] = i;
            read[i] = true;
        }
    }
    j->poisoned = dice_chance(dice, 5);
    j->poison_stage = (int32_t)dice_range(dice, 0, j->stage_count - 1);
    j->poison_partition = (int32_t)dice_range(dice, 0, j->stages[j->poison_stage].tasks - 1);
}

bool plan_is_read_later(const job_plan *j, int32_t stage)
{
    for (int32_t s = stage + 1; s < j->stage_count; s++)
        for (int32_t i = 0; i < j->stages[s].input_count; i++)
            if (j->stages[s].inputs[i] == stage && !j->stages[s].issued) return true;
    return false;
}

bool plan_is_determinate(const job_plan *j)
{
    bool determinate = true;
    for (int32_t s = 0; s < j->stage_count; s++)
        determinate &= j->stages[s].determinism != WEFT_INDETERMINATE;
    return determinate;
}

/* Nothing, or up to 16 MiB, so that some are worth a wait and others not. */
int64_t plan_block_bytes(const job_plan *j, int32_t stage, int32_t partition)
{
    const uint64_t chance = weft_hash_combine(j->id, plan_own_content(stage, partition));
    return chance % 5 == 0 ? 0 : (int64_t)(chance >> 8 & ((UINT64_C(1) << (chance % 25)) - 1));
}

uint64_t plan_own_content(int32_t stage, int32_t partition)
{
    return weft_hash_u64((uint64_t)stage << 32 | (uint32_t)partition);
}

uint64_t plan_right_content(const job_plan *j, int32_t stage, int32_t partition)
{
    const stage_plan *sp = &j->stages[stage];
    uint64_t content = plan_own_content(stage, partition);
    for (int32_t i = 0; i < sp->input_count; i++)
        for (int32_t p = 0; p < j->stages[sp->inputs[i]].tasks; p++)
            content = weft_hash_combine(content, plan_right_content(j, sp->inputs[i], p));
    return content;
}

bool plan_has_right_result(const job_plan *j)
{
    const int32_t result = j->stage_count - 1;
    bool right = true;
    for (int32_t p = 0; plan_is_determinate(j) && p < j->stages[result].tasks; p++)
        right &= j->result[p] == plan_right_content(j, result, p);
    return right;
}
