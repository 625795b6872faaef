/* engine/formats/parquet/write_shred.c - see the header. */
#include "engine/formats/parquet/write_shred.h"

#include "engine/columnar/slots.h"

_Static_assert((int)WEFT_PQW_CHUNK == (int)WEFT_SLOTS_CHUNK, "a chunk of the writer is a chunk of slots");

static weft_status shred_fail_null(weft_ctx *ctx, const weft_pqw_leaf *leaf)
{
    return weft_fail(ctx, WEFT_INTERNAL, "A NULL came for the column `%s`, which is declared to have none.",
                     leaf->dotted);
}

/* Bytes of the strings of an input; 0 for other kinds. */
static int64_t shred_string_bytes(const weft_pqw_leaf *leaf, const weft_pqw_input *in)
{
    int64_t bytes = 0;
    if (leaf->kind != WEFT_PQW_BYTES || in->phys != WEFT_PHYS_STR) return 0;
    const weft_str *strings = in->values;
    for (int32_t i = 0; i < in->present; i++)
        bytes += strings[in->index != NULL ? in->index[i] : (uint32_t)i].len;
    return bytes;
}

/* A chunk with more string bytes than a page is put in halves, down to one row. */
static bool shred_too_long(const weft_pqw_column *column, const weft_pqw_input *in)
{
    return in->rows > 1 && shred_string_bytes(column->leaf, in) > column->options->page_bytes;
}

/* Keep the places of the values that are there, and tell the levels of all. */
static int32_t shred_drop_nulls(const weft_slots *slots, const uint8_t *null, int32_t count, uint8_t max_def,
                                uint32_t *index, uint8_t *def)
{
    int32_t present = 0;
    for (int32_t i = 0; i < count; i++) {
        index[present] = slots->index != NULL ? slots->index[i] : (uint32_t)i;
        def[i] = (uint8_t)(max_def - null[i]);
        present += !null[i];
    }
    return present;
}

static weft_status shred_flat(weft_ctx *ctx, weft_pqw_column *column, weft_pqw_scratch *scratch,
                              const weft_batch *batch)
{
    weft_status st = WEFT_OK;
    const weft_pqw_leaf *leaf = column->leaf;
    const weft_column *source = &batch->columns[leaf->column];
    weft_positions positions;
    uint32_t slot_scratch[WEFT_SLOTS_CHUNK];
    uint32_t index[WEFT_SLOTS_CHUNK];
    uint8_t null[WEFT_SLOTS_CHUNK], def[WEFT_SLOTS_CHUNK];
    int32_t most = WEFT_SLOTS_CHUNK;
    for (int32_t first = 0; first < batch->selected;) {
        const int32_t room = weft_min_i32(most, weft_pqw_column_room_rows(column));
        const int32_t n = weft_min_i32(room, batch->selected - first);
        weft_slots slots;
        weft_positions_load(batch->selection, first, n, &positions);
        weft_slots_load(source, &positions, slot_scratch, &slots);
        weft_pqw_input in = {
            .rows = n,
            .levels = n,
            .present = n,
            .phys = (weft_phys)source->phys,
            .values = slots.values,
            .index = slots.index,
            .dictionary = source->encoding == WEFT_DICTIONARY ? source->dict : NULL,
        };
        if (weft_slots_nulls(&slots, n, null)) {
            if (!leaf->optional) {
                st = shred_fail_null(ctx, leaf);
                goto done;
            }
            in.present = shred_drop_nulls(&slots, null, n, leaf->max_def, index, def);
            in.index = index;
            in.def = def;
        }
        if (shred_too_long(column, &in)) {
            most = weft_max_i32(1, n / 2);
            continue;
        }
        WEFT_TRY(st, weft_pqw_column_put(ctx, column, scratch, &in));
        first += n;
    }
done:
    return st;
}

static weft_status entries_reserve(weft_ctx *ctx, weft_pqw_entries *entries, int64_t more)
{
    weft_status st = WEFT_OK;
    if (entries->count + more > INT32_MAX) {
        return weft_fail(ctx, WEFT_LIMIT, "The lists of a few rows hold more than 2^31 elements.");
    }
    WEFT_TRY(st, weft_bytes_reserve(ctx, &entries->slot, 4 * more));
    WEFT_TRY(st, weft_bytes_reserve(ctx, &entries->def, more));
    WEFT_TRY(st, weft_bytes_reserve(ctx, &entries->rep, more));
done:
    return st;
}

static void entries_clear(weft_pqw_entries *entries)
{
    entries->slot.len = entries->def.len = entries->rep.len = 0;
    entries->count = 0;
}

/* Append one; room was reserved. */
static inline void entries_put(weft_pqw_entries *entries, int32_t slot, uint8_t def, uint8_t rep)
{
    memcpy(entries->slot.data + entries->slot.len, &slot, 4);
    entries->slot.len += 4;
    entries->def.data[entries->def.len++] = def;
    entries->rep.data[entries->rep.len++] = rep;
    entries->count++;
}

static inline int32_t *entries_slots(const weft_pqw_entries *entries)
{
    return (int32_t *)(void *)entries->slot.data;
}

/* A struct step: what is null ends here, the rest goes one level on. */
static weft_status shred_struct(weft_ctx *ctx, const weft_pqw_leaf *leaf, const weft_pqw_step *step,
                                const weft_column *column, weft_pqw_entries *now)
{
    int32_t *slots = entries_slots(now);
    for (int32_t i = 0; i < now->count; i++) {
        if (slots[i] < 0) continue;
        if (weft_column_is_null(column, slots[i])) {
            if (!step->optional) return shred_fail_null(ctx, leaf);
            slots[i] = -1;
            continue;
        }
        slots[i] = weft_column_slot(column, slots[i]);
        now->def.data[i] = (uint8_t)(now->def.data[i] + step->optional);
    }
    return WEFT_OK;
}

/* A list step: null, empty, or one entry an element; all but the first repeat at this list's level. */
static weft_status shred_list(weft_ctx *ctx, const weft_pqw_leaf *leaf, const weft_pqw_step *step,
                              const weft_column *column, uint8_t rep, weft_pqw_shred *shred)
{
    weft_status st = WEFT_OK;
    const weft_pqw_entries *now = &shred->now;
    weft_pqw_entries *next = &shred->next;
    entries_clear(next);
    for (int32_t i = 0; i < now->count; i++) {
        const int32_t slot = entries_slots(now)[i];
        const uint8_t def = now->def.data[i];
        const weft_list *list = NULL;
        if (slot >= 0 && !weft_column_is_null(column, slot)) list = weft_column_value(column, slot);
        if (slot >= 0 && list == NULL && !step->optional) return shred_fail_null(ctx, leaf);
        const int32_t length = list == NULL ? 0 : list->length;
        WEFT_TRY(st, entries_reserve(ctx, next, weft_max_i32(1, length)));
        if (length == 0)
            entries_put(next, -1, (uint8_t)(def + (list != NULL && step->optional)), now->rep.data[i]);
        for (int32_t k = 0; k < length; k++) {
            const uint8_t at = k == 0 ? now->rep.data[i] : rep;
            entries_put(next, list->offset + k, (uint8_t)(def + step->optional + 1), at);
        }
    }
    const weft_pqw_entries swapped = shred->now;
    shred->now = shred->next;
    shred->next = swapped;
done:
    return st;
}

/* The leaf step: present values into the index. */
static weft_status shred_leaf(weft_ctx *ctx, const weft_pqw_leaf *leaf, const weft_column *column,
                              weft_pqw_shred *shred, int32_t *present)
{
    weft_status st = WEFT_OK;
    weft_pqw_entries *now = &shred->now;
    shred->index.len = 0;
    WEFT_TRY(st, weft_bytes_reserve(ctx, &shred->index, 4 * (int64_t)now->count));
    uint32_t *index = (uint32_t *)(void *)shred->index.data;
    int32_t n = 0;
    for (int32_t i = 0; i < now->count; i++) {
        const int32_t slot = entries_slots(now)[i];
        if (slot < 0) continue;
        if (weft_column_is_null(column, slot)) {
            if (!leaf->optional) {
                st = shred_fail_null(ctx, leaf);
                goto done;
            }
            continue;
        }
        now->def.data[i] = (uint8_t)(now->def.data[i] + leaf->optional);
        index[n++] = (uint32_t)weft_column_slot(column, slot);
    }
    *present = n;
done:
    return st;
}

/* Walk `count` selected rows from `first` down to the leaf. */
static weft_status shred_walk(weft_ctx *ctx, weft_pqw_shred *shred, const weft_pqw_leaf *leaf,
                              const weft_batch *batch, int32_t first, int32_t count, weft_pqw_input *in)
{
    weft_status st = WEFT_OK;
    const weft_column *column = &batch->columns[leaf->column];
    uint8_t rep = 0;
    entries_clear(&shred->now);
    WEFT_TRY(st, entries_reserve(ctx, &shred->now, count));
    for (int32_t i = first; i < first + count; i++) {
        entries_put(&shred->now, batch->selection != NULL ? batch->selection[i] : i, 0, 0);
    }
    for (int32_t s = 0; s < leaf->step_count; s++) {
        const weft_pqw_step *step = &leaf->steps[s];
        if (step->is_list) {
            WEFT_TRY(st, shred_list(ctx, leaf, step, column, ++rep, shred));
        } else {
            WEFT_TRY(st, shred_struct(ctx, leaf, step, column, &shred->now));
        }
        /* all ended: neither a column without data nor a NULL literal has children to go to */
        if (column->phys == WEFT_PHYS_NULL || column->child_count == 0) continue;
        assert(step->next_child < column->child_count);
        column = &column->children[step->next_child];
    }
    *in = (weft_pqw_input){.rows = count, .phys = (weft_phys)column->phys, .values = column->data};
    WEFT_TRY(st, shred_leaf(ctx, leaf, column, shred, &in->present));
    if (column->encoding == WEFT_DICTIONARY) in->values = column->dict->values;
    in->levels = shred->now.count;
    in->def = leaf->max_def > 0 ? shred->now.def.data : NULL;
    in->rep = leaf->max_rep > 0 ? shred->now.rep.data : NULL;
    in->index = (const uint32_t *)(const void *)shred->index.data;
done:
    return st;
}

static weft_status shred_nested(weft_ctx *ctx, weft_pqw_shred *shred, weft_pqw_column *column,
                                weft_pqw_scratch *scratch, const weft_batch *batch)
{
    weft_status st = WEFT_OK;
    int32_t most = WEFT_PQW_CHUNK;
    for (int32_t first = 0; first < batch->selected;) {
        const int32_t room = weft_min_i32(most, weft_pqw_column_room_rows(column));
        const int32_t n = weft_min_i32(room, batch->selected - first);
        weft_pqw_input in;
        WEFT_TRY(st, shred_walk(ctx, shred, column->leaf, batch, first, n, &in));
        const int64_t values_bytes = (int64_t)in.present * weft_pqw_staged_bytes(column->leaf);
        if (shred_too_long(column, &in) || (n > 1 && values_bytes > column->options->page_bytes)) {
            most = weft_max_i32(1, n / 2);
            continue;
        }
        WEFT_TRY(st, weft_pqw_column_put(ctx, column, scratch, &in));
        first += n;
    }
done:
    return st;
}

weft_status weft_pqw_shred_batch(weft_ctx *ctx, weft_pqw_shred *shred, weft_pqw_column *column,
                                 weft_pqw_scratch *scratch, const weft_batch *batch)
{
    if (column->leaf->step_count > 0) return shred_nested(ctx, shred, column, scratch, batch);
    return shred_flat(ctx, column, scratch, batch);
}

static void entries_deinit(weft_pqw_entries *entries)
{
    weft_bytes_deinit(&entries->slot);
    weft_bytes_deinit(&entries->def);
    weft_bytes_deinit(&entries->rep);
}

void weft_pqw_shred_deinit(weft_pqw_shred *shred)
{
    entries_deinit(&shred->now);
    entries_deinit(&shred->next);
    weft_bytes_deinit(&shred->index);
}
