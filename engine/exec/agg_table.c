/* engine/exec/agg_table.c - find or insert, a batch at a time.
 *
 * Finding goes in rounds. In a round every waiting row walks from its slot to the first that is empty or has
 * its tag. Empty slots are claimed, and the claimers become groups in one append. The others compare their
 * keys with the row they met, column by column (rows of the same batch and key have met the row of the first
 * of them by then); those that differ, rare with 16 bits of tag, wait for the next round one slot further.
 *
 * Groups stand in the order in which they were first seen, whatever the batches and slots: those that later
 * rounds of a batch insert are moved up to where the row that made them belongs. Their pages keep the order
 * of insertion; ordered tells whether that is the same. */
#include "engine/exec/agg_table.h"

#include "engine/exec/block_private.h"

enum {
    TABLE_SLOTS_FIRST = 1 << 12, /* 32 KiB: a small result stays in the first-level cache */
    TABLE_SLOTS_KEPT = 1 << 16,  /* a cleared table keeps at most this many */
    TABLE_GROUPS_FIRST = 1 << 10,
    TABLE_PREFETCH_SLOTS = 1 << 14 /* below, the slots are in the second-level cache anyway */
};
static const uint64_t slot_address = ((uint64_t)1 << 48) - 1;

static inline uint64_t slot_tag(uint64_t hash) { return (hash << 16) & ~slot_address; }
static inline uint8_t *slot_row(uint64_t slot) { return (uint8_t *)(uintptr_t)(slot & slot_address); }
static inline uint64_t slot_make(uint64_t hash, const uint8_t *row)
{
    WEFT_DASSERT(((uint64_t)(uintptr_t)row & ~slot_address) == 0);
    return slot_tag(hash) | (uint64_t)(uintptr_t)row;
}

weft_status weft_agg_table_new(weft_ctx *ctx, const weft_agg_plan *plan, weft_agg_table **out)
{
    weft_status st = WEFT_OK;
    weft_agg_table *table = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(*table), (void **)&table));
    memset(table, 0, offsetof(weft_agg_table, at)); /* the arrays after it are scratch */
    table->plan = plan;
    for (int32_t i = 0; i < WEFT_BATCH_ROWS_MAX; i++) table->positions[i] = (uint16_t)i;
    const size_t columns = (size_t)plan->layout.count, starts = columns - (size_t)plan->group_count;
    WEFT_TRY(
        st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, columns * sizeof(*table->insert), (void **)&table->insert));
    if (starts > 0) memcpy(table->insert + plan->group_count, plan->starts, starts * sizeof(*table->insert));
    *out = table;
    table = NULL;
done:
    weft_agg_table_free(&table);
    return st;
}

void weft_agg_table_free(weft_agg_table **table)
{
    weft_agg_table *t = *table;
    if (t == NULL) return;
    weft_rows_clear(&t->rows);
    weft_mem_free(t->slots);
    weft_mem_free(t->groups);
    weft_mem_free(t->insert);
    weft_mem_free(t);
    *table = NULL;
}

void weft_agg_table_clear(weft_agg_table *table)
{
    weft_rows_clear(&table->rows);
    if (table->slots != NULL) {
        if (table->mask + 1 > TABLE_SLOTS_KEPT) {
            weft_mem_free(table->slots);
            table->slots = NULL;
            table->mask = 0;
        } else {
            memset(table->slots, 0, (table->mask + 1) * sizeof(*table->slots));
        }
    }
    table->group_count = 0;
    table->unordered = false;
}

int64_t weft_agg_table_bytes(const weft_agg_table *table)
{
    const int64_t slots = table->slots == NULL ? 0 : (int64_t)(table->mask + 1);
    return table->rows.bytes + slots * (int64_t)sizeof(*table->slots) +
           table->group_capacity * (int64_t)sizeof(*table->groups);
}

weft_status weft_agg_table_give(weft_ctx *ctx, const weft_agg_table *table, weft_block_writer *writer)
{
    weft_status st = WEFT_OK;
    const uint8_t *const *groups = (const uint8_t *const *)table->groups;
    for (int64_t first = 0; first < table->group_count; first += WEFT_BATCH_ROWS_MAX) {
        const int32_t some = (int32_t)weft_min_i64(table->group_count - first, WEFT_BATCH_ROWS_MAX);
        WEFT_TRY(st, weft_block_scatter_rows(ctx, writer, 0, groups + first, some));
    }
done:
    return st;
}

/* Room for `more` addresses of groups. */
static weft_status groups_room(weft_ctx *ctx, weft_agg_table *table, int64_t more)
{
    weft_status st = WEFT_OK;
    if (table->group_count + more <= table->group_capacity) return WEFT_OK;
    int64_t capacity = weft_max_i64(table->group_capacity * 2, TABLE_GROUPS_FIRST);
    while (capacity < table->group_count + more) capacity *= 2;
    WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_RETAINED, (size_t)capacity * sizeof(*table->groups),
                                 (void **)&table->groups));
    table->group_capacity = capacity;
done:
    return st;
}

/* Slots for `more` groups beside those there are, at most half of them full. */
static weft_status slots_room(weft_ctx *ctx, weft_agg_table *table, int64_t more)
{
    weft_status st = WEFT_OK;
    const uint64_t have = table->slots == NULL ? 0 : table->mask + 1;
    const uint64_t want = 2 * (uint64_t)(table->group_count + more);
    uint64_t *slots = NULL;
    if (want <= have) return WEFT_OK;
    uint64_t count = have == 0 ? TABLE_SLOTS_FIRST : 4 * have;
    while (count < want) count *= 2;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_RETAINED, count * sizeof(*slots), (void **)&slots));
    const uint64_t mask = count - 1;
    for (int64_t i = 0; i < table->group_count; i++) {
        const uint8_t *row = table->groups[i];
        const uint64_t hash = weft_row_hash(row);
        uint64_t s = hash & mask;
        while (slots[s] != 0) s = (s + 1) & mask;
        slots[s] = slot_make(hash, row);
    }
    weft_mem_free(table->slots);
    table->slots = slots;
    table->mask = mask;
done:
    return st;
}

/* The group columns of the batch stand before the starting states. */
static weft_batch insert_batch(weft_agg_table *table, const weft_batch *batch, const int32_t *columns)
{
    for (int32_t i = 0; i < table->plan->group_count; i++) table->insert[i] = batch->columns[columns[i]];
    return (weft_batch){.rows = batch->rows,
                        .selected = batch->selected,
                        .selection = batch->selection,
                        .column_count = table->plan->layout.count,
                        .columns = table->insert};
}

/* Count the rows that were really added to the set as groups. */
static int32_t groups_add(weft_agg_table *table, int64_t rows_before, uint8_t *const *rows)
{
    const int32_t added = (int32_t)(table->rows.rows - rows_before);
    memcpy(table->groups + table->group_count, rows, (size_t)added * sizeof(*rows));
    table->group_count += added;
    return added;
}

weft_status weft_agg_table_add(weft_ctx *ctx, weft_agg_table *table, const weft_batch *batch,
                               const int32_t *columns, const uint64_t *hashes, uint8_t **rows)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, groups_room(ctx, table, batch->selected));
    const weft_batch insert = insert_batch(table, batch, columns);
    const int64_t before = table->rows.rows;
    st = weft_rows_append(ctx, &table->plan->layout, &table->rows, &insert, table->plan->columns, hashes,
                          rows);
    groups_add(table, before, rows);
done:
    return st;
}

/* ---- find ---- */

/* The last `added` groups come from a later round: move them up among those of the earlier ones. made[] are
 * the rows that made the groups [first, group_count), ascending but for the last ones. */
static void find_order(weft_agg_table *table, int64_t first, int32_t added)
{
    uint8_t **groups = table->groups + first;
    const int32_t count = (int32_t)(table->group_count - first);
    for (int32_t i = count - added; i < count; i++) {
        const uint16_t made = table->made[i];
        uint8_t *group = groups[i];
        int32_t at = i;
        for (; at > 0 && table->made[at - 1] > made; at--) {
            table->made[at] = table->made[at - 1];
            groups[at] = groups[at - 1];
        }
        table->made[at] = made;
        groups[at] = group;
        if (at < i) table->unordered = true;
    }
}

/* Rows that claimed a slot become groups. */
static weft_status find_insert(weft_ctx *ctx, weft_agg_table *table, const weft_batch *batch,
                               const int32_t *columns, const uint64_t *hashes, int64_t first,
                               int32_t fresh_count, uint8_t **rows)
{
    const uint16_t *positions = batch->selection == NULL ? table->positions : batch->selection;
    weft_batch insert = insert_batch(table, batch, columns);
    for (int32_t k = 0; k < fresh_count; k++) {
        table->fresh_positions[k] = positions[table->fresh[k]];
        table->fresh_hashes[k] = hashes[table->fresh[k]];
    }
    insert.selection = table->fresh_positions;
    insert.selected = fresh_count;
    const int64_t before = table->rows.rows;
    const weft_status st = weft_rows_append(ctx, &table->plan->layout, &table->rows, &insert,
                                            table->plan->columns, table->fresh_hashes, table->fresh_rows);
    const int32_t added = groups_add(table, before, table->fresh_rows);
    for (int32_t k = 0; k < added; k++) {
        const uint16_t i = table->fresh[k];
        table->slots[table->at[i]] = slot_make(hashes[i], table->fresh_rows[k]);
        rows[i] = table->fresh_rows[k];
        table->made[table->group_count - first - added + k] = i;
    }
    /* claims without a row are given back: no group was put behind one of them */
    for (int32_t k = added; k < fresh_count; k++) table->slots[table->at[table->fresh[k]]] = 0;
    if (table->group_count - first > added) find_order(table, first, added);
    return st;
}

/* One walk of all waiting rows: those that met their tag become candidates, those at an empty slot claim it.
 */
static int32_t find_walk(weft_agg_table *table, const uint64_t *hashes, int32_t waiting, int32_t *fresh_count)
{
    uint64_t *slots = table->slots;
    const uint64_t mask = table->mask;
    int32_t candidates = 0, fresh = 0;
    for (int32_t j = 0; j < waiting; j++) {
        const uint16_t i = table->waiting[j];
        const uint64_t tag = slot_tag(hashes[i]);
        uint64_t s = table->at[i], slot = slots[s];
        while (slot != 0 && (slot & ~slot_address) != tag) {
            s = (s + 1) & mask;
            slot = slots[s];
        }
        table->at[i] = s;
        if (slot == 0) {
            slots[s] = tag | 1; /* claimed: the address comes with the row */
            table->fresh[fresh++] = i;
        } else {
            table->candidates[candidates++] = i;
        }
    }
    *fresh_count = fresh;
    return candidates;
}

/* Those of candidates[0..count) that are not among kept[0..kept_count) wait again, one slot further. Both
 * ascend. */
static int32_t find_wait(weft_agg_table *table, int32_t count, int32_t kept_count)
{
    int32_t waiting = 0, k = 0;
    for (int32_t j = 0; j < count; j++) {
        const uint16_t i = table->waiting[j];
        if (k < kept_count && table->candidates[k] == i) {
            k++;
        } else {
            table->at[i] = (table->at[i] + 1) & table->mask;
            table->waiting[waiting++] = i;
        }
    }
    return waiting;
}

weft_status weft_agg_table_find(weft_ctx *ctx, weft_agg_table *table, const weft_batch *batch,
                                const int32_t *columns, const uint64_t *hashes, uint8_t **rows)
{
    weft_status st = WEFT_OK;
    const weft_agg_plan *plan = table->plan;
    const uint16_t *positions = batch->selection == NULL ? table->positions : batch->selection;
    int32_t waiting = batch->selected;
    const int64_t first = table->group_count;
    WEFT_TRY(st, groups_room(ctx, table, waiting));
    WEFT_TRY(st, slots_room(ctx, table, waiting));
    for (int32_t i = 0; i < waiting; i++) {
        table->waiting[i] = (uint16_t)i;
        table->at[i] = hashes[i] & table->mask;
    }
    if (table->mask >= TABLE_PREFETCH_SLOTS) {
        for (int32_t i = 0; i < waiting; i++) __builtin_prefetch(&table->slots[table->at[i]], 1);
    }
    while (waiting > 0) {
        int32_t fresh;
        const int32_t candidates = find_walk(table, hashes, waiting, &fresh);
        if (fresh > 0) WEFT_TRY(st, find_insert(ctx, table, batch, columns, hashes, first, fresh, rows));
        for (int32_t j = 0; j < candidates; j++) {
            const uint16_t i = table->candidates[j];
            rows[i] = slot_row(table->slots[table->at[i]]);
            __builtin_prefetch(rows[i]);
        }
        memcpy(table->waiting, table->candidates, (size_t)candidates * sizeof(*table->waiting));
        const int32_t kept = weft_rows_match(&plan->layout, plan->columns, plan->group_count, batch, columns,
                                             positions, (const uint8_t *const *)rows, true, table->candidates,
                                             candidates);
        waiting = find_wait(table, candidates, kept);
    }
done:
    return st;
}

/* ---- merge ---- */

/* Are the group columns of two rows equal, all of them integers of some width? */
static bool same_bytes(const weft_agg_plan *plan, const uint8_t *a, const uint8_t *b)
{
    const weft_row_layout *layout = &plan->layout;
    for (int32_t c = 0; c < plan->group_count; c++) {
        const uint8_t *x = a + layout->offsets[c], *y = b + layout->offsets[c];
        bool same;
        switch (weft_phys_bytes((weft_phys)layout->phys[c])) {
        case 8: same = memcmp(x, y, 8) == 0; break;
        case 4: same = memcmp(x, y, 4) == 0; break;
        case 2: same = memcmp(x, y, 2) == 0; break;
        case 1: same = *x == *y; break;
        case 16: same = memcmp(x, y, 16) == 0; break;
        default: same = true; break;
        }
        if (!same || ((a[8 + (c >> 3)] ^ b[8 + (c >> 3)]) >> (c & 7) & 1)) return false;
    }
    return true;
}

static bool same_group(const weft_agg_plan *plan, const uint8_t *a, const uint8_t *b)
{
    if (plan->compare_bytes) return same_bytes(plan, a, b);
    return weft_rows_equal(&plan->layout, plan->columns, plan->group_count, a, b);
}

/* Every row's slot into at[]; a row that claims one stands in it itself until its copy is there, so that
 * later rows of this call compare with it. Returns how many claimed. */
static int32_t merge_walk(weft_agg_table *table, const uint8_t *const *from, int32_t count)
{
    const weft_agg_plan *plan = table->plan;
    uint64_t *slots = table->slots;
    const uint64_t mask = table->mask;
    int32_t fresh = 0;
    for (int32_t i = 0; i < count; i++) {
        const uint64_t hash = weft_row_hash(from[i]), tag = slot_tag(hash);
        uint64_t s = hash & mask, slot = slots[s];
        while (slot != 0 && ((slot & ~slot_address) != tag || !same_group(plan, slot_row(slot), from[i]))) {
            s = (s + 1) & mask;
            slot = slots[s];
        }
        table->at[i] = s;
        if (slot != 0) continue;
        slots[s] = slot_make(hash, from[i]);
        table->fresh[fresh++] = (uint16_t)i;
    }
    return fresh;
}

/* Copy the rows that claimed slots; their states come with them. */
static weft_status merge_insert(weft_ctx *ctx, weft_agg_table *table, const uint8_t *const *from,
                                int32_t fresh)
{
    weft_row_set *set = &table->rows;
    const uint32_t row_bytes = (uint32_t)table->plan->layout.row_bytes;
    weft_row_page *page = set->last;
    uint32_t row = page == NULL ? 0 : page->rows;
    const int64_t before = set->rows;
    for (int32_t k = 0; k < fresh; k++) table->merge_from[k] = from[table->fresh[k]];
    const weft_status st = weft_rows_append_rows(ctx, &table->plan->layout, set, table->merge_from, fresh);
    const int32_t added = (int32_t)(set->rows - before);
    if (page == NULL) page = set->first;
    for (int32_t k = 0; k < added; k++) {
        while (row >= page->rows) {
            page = page->next;
            row = 0;
        }
        uint8_t *copy = weft_row_page_rows(page) + (size_t)row++ * row_bytes;
        table->slots[table->at[table->fresh[k]]] = slot_make(weft_row_hash(copy), copy);
        table->fresh_rows[k] = copy;
    }
    groups_add(table, before, table->fresh_rows);
    return st;
}

weft_status weft_agg_table_merge(weft_ctx *ctx, weft_agg_table *table, const uint8_t *const *from,
                                 int32_t count)
{
    weft_status st = WEFT_OK;
    const weft_agg_plan *plan = table->plan;
    int32_t rest = 0;
    WEFT_TRY(st, groups_room(ctx, table, count));
    WEFT_TRY(st, slots_room(ctx, table, count));
    if (table->mask >= TABLE_PREFETCH_SLOTS) {
        for (int32_t i = 0; i < count; i++)
            __builtin_prefetch(&table->slots[weft_row_hash(from[i]) & table->mask], 1);
    }
    const int32_t fresh = merge_walk(table, from, count);
    if (fresh > 0) WEFT_TRY(st, merge_insert(ctx, table, from, fresh));
    if (fresh == count) goto done;
    for (int32_t i = 0, k = 0; i < count; i++) {
        if (k < fresh && table->fresh[k] == i) {
            k++;
            continue;
        }
        table->fresh_rows[rest] = slot_row(table->slots[table->at[i]]);
        table->merge_from[rest++] = from[i];
    }
    for (int32_t c = 0; c < plan->call_count; c++) {
        const weft_agg_place place = weft_agg_place_of(plan, c, &table->rows);
        WEFT_TRY(st, plan->calls[c].variant->merge(ctx, &place, table->fresh_rows, &plan->layout,
                                                   place.first_column, table->merge_from, rest));
    }
done:
    return st;
}

weft_status weft_agg_table_blank(weft_ctx *ctx, weft_agg_table *table, uint8_t **row)
{
    const weft_batch one = {.rows = 1, .selected = 1};
    const uint64_t hash = 0;
    assert(table->plan->group_count == 0);
    return weft_agg_table_add(ctx, table, &one, NULL, &hash, row);
}
