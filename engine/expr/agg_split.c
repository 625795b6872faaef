/* engine/expr/agg_split.c - see agg_split.h.
 *
 * Group numbers are found by a tiny direct-mapped table over row addresses: with eight groups it nearly
 * always hits. Then one pass a group where they are few (positions are written always, kept when they
 * belong), else one pass that scatters. */
#include "engine/expr/agg_split.h"

enum { SPLIT_SLOTS = 64, SPLIT_PASSES = 4 };

static inline uint32_t split_slot(const uint8_t *row)
{
    return (uint32_t)(((uint64_t)(uintptr_t)row * 0x9e3779b97f4a7c15u) >>
                      58); /* golden ratio: the best spread */
}

/* The number of a row that its slot does not know; -1: one too many. */
static int32_t split_number(weft_agg_split *split, uint8_t *row)
{
    for (int32_t g = 0; g < split->count; g++) {
        if (split->row[g] == row) return g;
    }
    if (split->count == WEFT_AGG_SPLIT_GROUPS) return -1;
    split->row[split->count] = row;
    return split->count++;
}

static void split_by_passes(weft_agg_split *split, const weft_batch *batch)
{
    const uint16_t *selection = batch->selection;
    int32_t at = 0;
    for (int32_t g = 0; g < split->count; g++) {
        split->begin[g] = at;
        if (selection != NULL) {
            for (int32_t i = 0; i < batch->selected; i++) {
                split->positions[weft_min_i32(at, WEFT_BATCH_ROWS_MAX - 1)] = selection[i];
                at += split->group[i] == g;
            }
        } else {
            for (int32_t i = 0; i < batch->selected; i++) {
                split->positions[weft_min_i32(at, WEFT_BATCH_ROWS_MAX - 1)] = (uint16_t)i;
                at += split->group[i] == g;
            }
        }
    }
}

static void split_by_scatter(weft_agg_split *split, const weft_batch *batch)
{
    int32_t next[WEFT_AGG_SPLIT_GROUPS] = {0};
    int32_t at = 0;
    for (int32_t i = 0; i < batch->selected; i++) next[split->group[i]]++;
    for (int32_t g = 0; g < split->count; g++) {
        split->begin[g] = at;
        at += next[g];
        next[g] = split->begin[g];
    }
    for (int32_t i = 0; i < batch->selected; i++) {
        split->positions[next[split->group[i]]++] = batch->selection != NULL ? batch->selection[i]
                                                                             : (uint16_t)i;
    }
}

bool weft_agg_split_rows(uint8_t *const *rows, const weft_batch *batch, weft_agg_split *out)
{
    const uint8_t *keys[SPLIT_SLOTS] = {NULL};
    uint8_t numbers[SPLIT_SLOTS] = {0};

    out->count = 0;
    for (int32_t i = 0; i < batch->selected; i++) {
        const uint32_t slot = split_slot(rows[i]);
        if (WEFT_UNLIKELY(keys[slot] != rows[i])) {
            const int32_t number = split_number(out, rows[i]);
            if (number < 0) return false;
            keys[slot] = rows[i];
            numbers[slot] = (uint8_t)number;
        }
        out->group[i] = numbers[slot];
    }
    if (out->count <= SPLIT_PASSES)
        split_by_passes(out, batch);
    else
        split_by_scatter(out, batch);
    out->begin[out->count] = batch->selected;
    return true;
}

weft_status weft_agg_split_update(weft_ctx *ctx, const weft_agg_split *split, const weft_agg_place *place,
                                  const weft_agg_variant *variant, const weft_batch *batch,
                                  const weft_column *args)
{
    weft_status st = WEFT_OK;
    weft_batch part = *batch;
    for (int32_t g = 0; g < split->count; g++) {
        part.selection = split->positions + split->begin[g];
        part.selected = split->begin[g + 1] - split->begin[g];
        WEFT_TRY(st, variant->update_one(ctx, place, split->row[g], &part, args));
    }
done:
    return st;
}
