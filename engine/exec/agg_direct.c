/* engine/exec/agg_direct.c - see agg_direct.h. */
#include "engine/exec/agg_direct.h"

#include "engine/columnar/slots.h"
#include "engine/exec/hash.h"

enum {
    DIRECT_MOST = 1 << 16,    /* numbers: 512 KiB of addresses, what a second-level cache holds */
    DIRECT_REFUSALS_MOST = 8, /* batches in a row that it did not serve: then it is not tried any more */
    DIRECT_KEYS_MAX = 8
};

/* How one key column is numbered. */
typedef struct direct_key {
    uint64_t dictionary; /* its id; 0: integers */
    int64_t low;         /* integers */
    uint32_t radix;      /* NULL is 0, values are 1 … radix - 1 */
} direct_key;

struct weft_agg_direct {
    int32_t key_count;
    int32_t refusals;
    weft_place place;
    direct_key keys[DIRECT_KEYS_MAX];
    uint32_t size;    /* numbers in use */
    uint8_t **groups; /* [DIRECT_MOST]; the first `size` are meant */
    uint32_t codes[WEFT_BATCH_ROWS_MAX];
    uint16_t misses[WEFT_BATCH_ROWS_MAX], positions[WEFT_BATCH_ROWS_MAX];
    uint8_t *found[WEFT_BATCH_ROWS_MAX];
};

#define WEFT_T    uint8_t
#define WEFT_NAME u8
#include "engine/exec/direct_codes.inc.h"
#define WEFT_T    int8_t
#define WEFT_NAME i8
#include "engine/exec/direct_codes.inc.h"
#define WEFT_T    int16_t
#define WEFT_NAME i16
#include "engine/exec/direct_codes.inc.h"
#define WEFT_T    int32_t
#define WEFT_NAME i32
#include "engine/exec/direct_codes.inc.h"
#define WEFT_T    int64_t
#define WEFT_NAME i64
#include "engine/exec/direct_codes.inc.h"

typedef struct direct_kind {
    void (*range)(const weft_slots *slots, const uint8_t *null, int32_t count, int64_t *low, int64_t *high);
    void (*codes)(const weft_slots *slots, const uint8_t *null, int32_t count, int64_t low, uint32_t radix,
                  uint32_t *codes);
} direct_kind;

static const direct_kind direct_kinds[WEFT_PHYS_COUNT] = {
    [WEFT_PHYS_BOOL] = {range_u8, codes_u8},  [WEFT_PHYS_I8] = {range_i8, codes_i8},
    [WEFT_PHYS_I16] = {range_i16, codes_i16}, [WEFT_PHYS_I32] = {range_i32, codes_i32},
    [WEFT_PHYS_I64] = {range_i64, codes_i64},
};

weft_status weft_agg_direct_new(weft_ctx *ctx, int32_t group_count, weft_place place, weft_agg_direct **out)
{
    weft_status st = WEFT_OK;
    weft_agg_direct *direct = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(*direct), (void **)&direct));
    memset(direct, 0, offsetof(weft_agg_direct, codes));
    direct->key_count = group_count;
    direct->place = place;
    if (group_count < 1 || group_count > DIRECT_KEYS_MAX) direct->refusals = DIRECT_REFUSALS_MOST;
    *out = direct;
done:
    return st;
}

void weft_agg_direct_free(weft_agg_direct **direct)
{
    if (*direct == NULL) return;
    weft_mem_free((*direct)->groups);
    weft_mem_free(*direct);
    *direct = NULL;
}

void weft_agg_direct_forget(weft_agg_direct *direct)
{
    if (direct->size > 0) memset(direct->groups, 0, direct->size * sizeof(*direct->groups));
}

/* ---- which numbering fits ---- */

/* The least and greatest value of the batch; low > high when all are NULL. */
static void column_range(const weft_batch *batch, const weft_column *column, int64_t *low, int64_t *high)
{
    *low = INT64_MAX;
    *high = INT64_MIN;
    for (int32_t first = 0; first < batch->selected; first += WEFT_SLOTS_CHUNK) {
        uint32_t scratch[WEFT_SLOTS_CHUNK];
        uint8_t null[WEFT_SLOTS_CHUNK];
        weft_positions at;
        weft_slots slots;
        weft_positions_load(batch->selection, first, weft_min_i32(batch->selected - first, WEFT_SLOTS_CHUNK),
                            &at);
        weft_slots_load(column, &at, scratch, &slots);
        const bool has_nulls = weft_slots_nulls(&slots, at.count, null);
        direct_kinds[column->phys].range(&slots, has_nulls ? null : NULL, at.count, low, high);
    }
}

/* Does the numbering of a key hold for this batch? Else *key becomes one that does; radix 0 when there is
 * none. */
static bool key_holds(const weft_batch *batch, const weft_column *column, direct_key *key)
{
    if (column->encoding == WEFT_DICTIONARY) {
        if (key->dictionary == column->dict->id) return true;
        const bool small = column->dict->count < DIRECT_MOST;
        *key = (direct_key){.dictionary = column->dict->id,
                            .radix = small ? (uint32_t)column->dict->count + 1 : 0};
        return false;
    }
    if (column->encoding == WEFT_CONSTANT || direct_kinds[column->phys].range == NULL) {
        *key = (direct_key){0};
        return false;
    }
    int64_t low, high;
    column_range(batch, column, &low, &high);
    if (low > high) low = high = 0;
    const bool was = key->dictionary == 0 && key->radix > 0;
    if (was && low >= key->low && (uint64_t)high - (uint64_t)key->low < key->radix - 1) return true;
    if (was) { /* room to go on in the same direction: keys that grow with the rows widen it seldom */
        const int64_t was_high = key->low + (int64_t)key->radix - 2, slack = (int64_t)key->radix / 2;
        if (low > key->low)
            low = key->low;
        else if (low < key->low && low > INT64_MIN + slack)
            low -= slack;
        if (high < was_high)
            high = was_high;
        else if (high > was_high && high < INT64_MAX - slack)
            high += slack;
    }
    const uint64_t span = (uint64_t)high - (uint64_t)low;
    *key = (direct_key){.low = low, .radix = span < DIRECT_MOST ? (uint32_t)span + 2 : 0};
    return false;
}

/* Make the numbering hold for the batch. False: the domain is too large or of another kind. */
static bool direct_fits(weft_agg_direct *direct, const weft_batch *batch, const int32_t *columns)
{
    bool holds = true;
    uint64_t size = 1;
    for (int32_t k = 0; k < direct->key_count && size <= DIRECT_MOST; k++) {
        holds = key_holds(batch, &batch->columns[columns[k]], &direct->keys[k]) && holds;
        size = direct->keys[k].radix == 0 ? UINT64_MAX : size * direct->keys[k].radix;
    }
    if (size > DIRECT_MOST) {
        direct->refusals++;
        weft_agg_direct_forget(direct);
        direct->size = 0;
        memset(direct->keys, 0, sizeof(direct->keys));
        return false;
    }
    if (!holds) {
        weft_agg_direct_forget(direct);
        direct->size = (uint32_t)size;
    }
    return true;
}

/* ---- numbers of rows ---- */

static void dictionary_codes(const uint32_t *index, const uint8_t *null, int32_t count, uint32_t radix,
                             uint32_t *codes)
{
    if (null == NULL) {
        for (int32_t i = 0; i < count; i++) codes[i] = codes[i] * radix + index[i] + 1;
    } else {
        for (int32_t i = 0; i < count; i++) codes[i] = codes[i] * radix + (null[i] ? 0 : index[i] + 1);
    }
}

static void direct_number(weft_agg_direct *direct, const weft_batch *batch, const int32_t *columns)
{
    memset(direct->codes, 0, (size_t)batch->selected * sizeof(*direct->codes));
    for (int32_t first = 0; first < batch->selected; first += WEFT_SLOTS_CHUNK) {
        uint32_t scratch[WEFT_SLOTS_CHUNK];
        uint8_t null[WEFT_SLOTS_CHUNK];
        weft_positions at;
        weft_slots slots;
        weft_positions_load(batch->selection, first, weft_min_i32(batch->selected - first, WEFT_SLOTS_CHUNK),
                            &at);
        for (int32_t k = 0; k < direct->key_count; k++) {
            const weft_column *column = &batch->columns[columns[k]];
            const direct_key *key = &direct->keys[k];
            weft_slots_load(column, &at, scratch, &slots);
            const uint8_t *nulls = weft_slots_nulls(&slots, at.count, null) ? null : NULL;
            uint32_t *codes = direct->codes + first;
            if (column->encoding == WEFT_DICTIONARY)
                dictionary_codes(slots.index, nulls, at.count, key->radix, codes);
            else
                direct_kinds[column->phys].codes(&slots, nulls, at.count, key->low, key->radix, codes);
        }
    }
}

/* Keys that were not met since the array was forgotten: by the hash table. */
static weft_status direct_meet(weft_ctx *ctx, weft_agg_direct *direct, weft_agg_table *table,
                               const weft_batch *batch, const int32_t *columns, uint64_t *hashes,
                               int32_t miss_count, uint8_t **rows)
{
    weft_status st = WEFT_OK;
    weft_batch some = *batch;
    for (int32_t j = 0; j < miss_count; j++) {
        const uint16_t i = direct->misses[j];
        direct->positions[j] = batch->selection == NULL ? i : batch->selection[i];
    }
    some.selection = direct->positions;
    some.selected = miss_count;
    weft_exec_hash_at(ctx, &some, columns, direct->key_count, direct->place, hashes);
    WEFT_TRY(st, weft_agg_table_find(ctx, table, &some, columns, hashes, direct->found));
    for (int32_t j = 0; j < miss_count; j++) {
        const uint16_t i = direct->misses[j];
        rows[i] = direct->groups[direct->codes[i]] = direct->found[j];
    }
done:
    return st;
}

weft_status weft_agg_direct_find(weft_ctx *ctx, weft_agg_direct *direct, weft_agg_table *table,
                                 const weft_batch *batch, const int32_t *columns, uint64_t *hashes,
                                 uint8_t **rows, bool *found)
{
    weft_status st = WEFT_OK;
    int32_t misses = 0;
    *found = false;
    if (direct->refusals >= DIRECT_REFUSALS_MOST) return WEFT_OK;
    if (direct->groups == NULL) {
        WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, DIRECT_MOST * sizeof(*direct->groups),
                                         (void **)&direct->groups));
    }
    if (!direct_fits(direct, batch, columns)) goto done;
    *found = true;
    direct_number(direct, batch, columns);
    for (int32_t i = 0; i < batch->selected; i++) {
        rows[i] = direct->groups[direct->codes[i]];
        direct->misses[misses] = (uint16_t)i;
        misses += rows[i] == NULL;
    }
    if (misses > batch->selected / 2)
        direct->refusals++; /* a first look at new keys, or always new ones */
    else
        direct->refusals = 0;
    if (misses > 0) WEFT_TRY(st, direct_meet(ctx, direct, table, batch, columns, hashes, misses, rows));
done:
    return st;
}
