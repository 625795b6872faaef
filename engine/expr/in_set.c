/* engine/expr/in_set.c - see in_set.h. */
#include "engine/expr/in_set.h"

#include <string.h>

#include "engine/expr/kernel.h"

enum {
    IN_SHORT = 8,               /* items compared in turn: below a search's branches */
    IN_TABLE_RANGE_MAX = 65536, /* bytes of a table of integers: stays in L2 */
};

typedef enum in_kind { IN_EMPTY, IN_INTEGERS, IN_TABLE, IN_STRINGS, IN_OTHERS } in_kind;

struct weft_in_set {
    in_kind kind;
    bool has_null;
    int32_t count;     /* of items that are not NULL */
    int64_t *integers; /* sorted, distinct */
    int64_t low;       /* IN_TABLE: value of table[0] */
    uint8_t *table;
    int64_t table_bytes;
    const weft_str *items; /* IN_STRINGS: few and short ones as they are, else NULL */
    weft_str *strings;     /* open addressing, mask + 1 slots */
    uint8_t *used;
    uint64_t mask;
    const weft_value **values; /* IN_OTHERS: sorted */
};

bool weft_in_set_has_null(const weft_in_set *set) { return set->has_null; }

static bool in_is_integer(weft_type type, const weft_value *value)
{
    if (type.id == WEFT_TYPE_DECIMAL) return value->i128 == (int64_t)value->i128;
    const weft_phys phys = weft_type_phys(type);
    return phys == WEFT_PHYS_I8 || phys == WEFT_PHYS_I16 || phys == WEFT_PHYS_I32 || phys == WEFT_PHYS_I64;
}

static int64_t in_integer(const weft_value *value)
{
    return value->type.id == WEFT_TYPE_DECIMAL ? (int64_t)value->i128 : value->i64;
}

/* Sort by merging runs of one, two, four …; spare has room for as many. *sorted is one of the two. Lists that
 * come in order, as generated ones do, cost one look. */
static void in_sort_integers(int64_t *list, int64_t *spare, int32_t count, int64_t **sorted)
{
    bool ordered = true;
    for (int32_t k = 1; k < count && ordered; k++) ordered = list[k - 1] <= list[k];
    for (int32_t run = 1; run < count && !ordered; run *= 2) {
        for (int32_t start = 0; start < count; start += 2 * run) {
            const int32_t middle = weft_min_i32(start + run, count), stop = weft_min_i32(middle + run, count);
            int32_t left = start, right = middle;
            for (int32_t at = start; at < stop; at++) {
                const bool take = right == stop || (left < middle && list[left] <= list[right]);
                spare[at] = take ? list[left++] : list[right++];
            }
        }
        int64_t *swap = list;
        list = spare;
        spare = swap;
    }
    *sorted = list;
}

static void in_sort_values(const weft_value **list, const weft_value **spare, int32_t count,
                           const weft_value ***sorted)
{
    for (int32_t run = 1; run < count; run *= 2) {
        for (int32_t start = 0; start < count; start += 2 * run) {
            const int32_t middle = weft_min_i32(start + run, count), stop = weft_min_i32(middle + run, count);
            int32_t left = start, right = middle;
            for (int32_t at = start; at < stop; at++) {
                const bool take = right == stop ||
                                  (left < middle && weft_value_compare(list[left], list[right]) <= 0);
                spare[at] = take ? list[left++] : list[right++];
            }
        }
        const weft_value **swap = list;
        list = spare;
        spare = swap;
    }
    *sorted = list;
}

static weft_status in_build_integers(weft_ctx *ctx, weft_in_set *set, const weft_value **values,
                                     int32_t count)
{
    weft_status st = WEFT_OK;
    int64_t *list = NULL, *spare = NULL;
    int32_t n = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &list));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &spare));
    for (int32_t k = 0; k < count; k++) list[k] = in_integer(values[k]);
    in_sort_integers(list, spare, count, &list);
    for (int32_t k = 0; k < count; k++)
        if (n == 0 || list[n - 1] != list[k]) list[n++] = list[k];
    set->integers = list;
    set->kind = IN_INTEGERS;
    set->count = n;
    const uint64_t range = (uint64_t)list[n - 1] - (uint64_t)list[0];
    if (n <= IN_SHORT || range >= IN_TABLE_RANGE_MAX) goto done;
    set->kind = IN_TABLE;
    set->low = list[0];
    set->table_bytes = (int64_t)range + 1;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, set->table_bytes, &set->table));
    for (int32_t k = 0; k < n; k++) set->table[list[k] - set->low] = 1;
done:
    return st;
}

static weft_status in_build_strings(weft_ctx *ctx, weft_in_set *set, const weft_value **values, int32_t count)
{
    weft_status st = WEFT_OK;
    set->kind = IN_STRINGS;
    set->count = count;
    set->mask = weft_pow2_ceil((uint64_t)count * 2) - 1;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, set->mask + 1, &set->strings));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, set->mask + 1, &set->used));
    weft_str *items = NULL;
    bool inlined = count <= IN_SHORT;
    for (int32_t k = 0; k < count; k++) inlined &= values[k]->str.len <= WEFT_STR_INLINE;
    if (inlined) WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &items));
    for (int32_t k = 0; inlined && k < count; k++) items[k] = values[k]->str;
    set->items = items;
    for (int32_t k = 0; k < count; k++) {
        uint64_t slot = weft_str_hash(&values[k]->str) & set->mask;
        while (set->used[slot]) slot = (slot + 1) & set->mask;
        set->used[slot] = 1;
        set->strings[slot] = values[k]->str;
    }
done:
    return st;
}

weft_status weft_in_set_new(weft_ctx *ctx, const weft_expr *const *items, int32_t count,
                            const weft_in_set **out)
{
    weft_status st = WEFT_OK;
    weft_in_set *set;
    const weft_value **values;
    int32_t n = 0;
    bool integers = true;
    *out = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &set));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + 1, &values));
    for (int32_t k = 0; k < count; k++) {
        const weft_value *value = &items[k]->literal;
        assert(items[k]->kind == WEFT_EXPR_LITERAL);
        set->has_null |= value->is_null;
        if (value->is_null) continue;
        integers &= in_is_integer(items[k]->type, value);
        values[n++] = value;
    }
    *out = set;
    set->kind = IN_EMPTY;
    if (n == 0) goto done;
    if (integers) {
        WEFT_TRY(st, in_build_integers(ctx, set, values, n));
    } else if (weft_type_phys(items[0]->type) == WEFT_PHYS_STR) {
        WEFT_TRY(st, in_build_strings(ctx, set, values, n));
    } else {
        const weft_value **spare;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, n, &spare));
        in_sort_values(values, spare, n, &set->values);
        set->kind = IN_OTHERS;
        set->count = n;
    }
done:
    return st;
}

static bool in_find_integer(const weft_in_set *set, int64_t value)
{
    const int64_t *list = set->integers;
    if (set->kind == IN_TABLE) {
        const uint64_t at = (uint64_t)value - (uint64_t)set->low;
        return at < (uint64_t)set->table_bytes && set->table[at] != 0;
    }
    if (set->count <= IN_SHORT) {
        bool found = false;
        for (int32_t k = 0; k < set->count; k++) found |= list[k] == value;
        return found;
    }
    int32_t low = 0;
    for (int32_t left = set->count; left > 1;) {
        const int32_t half = left / 2;
        low = list[low + half] <= value ? low + half : low;
        left -= half;
    }
    return list[low] == value;
}

static bool in_find_string(const weft_in_set *set, const weft_str *value)
{
    uint64_t slot = weft_str_hash(value) & set->mask;
    for (; set->used[slot]; slot = (slot + 1) & set->mask) {
        if (weft_str_equal(&set->strings[slot], value)) return true;
    }
    return false;
}

static bool in_find_other(const weft_in_set *set, const weft_column *column, int32_t slot)
{
    weft_column one = *column;
    one.encoding = WEFT_FLAT;
    one.validity = NULL;
    const weft_value value = weft_value_of_column(&one, slot);
    int32_t low = 0, high = set->count;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        const int order = weft_value_compare(set->values[middle], &value);
        if (order == 0) return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* The general way. */
static bool in_test_one(const weft_in_set *set, const weft_column *column, int32_t i)
{
    if (set->kind == IN_EMPTY) return false;
    if (set->kind == IN_STRINGS) return in_find_string(set, (const weft_str *)column->data + i);
    if (set->kind == IN_OTHERS) return in_find_other(set, column, i);
    const weft_i128 value = weft_load_i128(column->data, column->phys, i);
    return value == (int64_t)value && in_find_integer(set, (int64_t)value);
}

#define WEFT_NAME in_test_i8
#define WEFT_T    int8_t
#include "engine/expr/in_set.inc.h"
#define WEFT_NAME in_test_i16
#define WEFT_T    int16_t
#include "engine/expr/in_set.inc.h"
#define WEFT_NAME in_test_i32
#define WEFT_T    int32_t
#include "engine/expr/in_set.inc.h"
#define WEFT_NAME in_test_i64
#define WEFT_T    int64_t
#include "engine/expr/in_set.inc.h"

/* Items of at most 12 bytes: all 16 bytes of the string tell. */
static void in_test_inline(const weft_in_set *set, const weft_str *strings, const uint16_t *selection,
                           int32_t selected, uint8_t *out)
{
    for (int32_t k = 0; k < selected; k++) {
        const int32_t i = selection == NULL ? k : selection[k];
        uint64_t value[2], differ = 1;
        memcpy(value, &strings[i], sizeof value);
        for (int32_t item = 0; item < set->count; item++) {
            uint64_t want[2];
            memcpy(want, &set->items[item], sizeof want);
            differ = ((value[0] ^ want[0]) | (value[1] ^ want[1])) == 0 ? 0 : differ;
        }
        out[i] = differ == 0;
    }
}

void weft_in_set_test(const weft_in_set *set, const weft_column *column, const uint16_t *selection,
                      int32_t selected, uint8_t *out)
{
    const weft_phys phys = (weft_phys)column->phys;
    const bool integers = set->kind == IN_INTEGERS || set->kind == IN_TABLE;
    if (integers && phys == WEFT_PHYS_I64) {
        in_test_i64(set, column->data, selection, selected, out);
    } else if (integers && phys == WEFT_PHYS_I32) {
        in_test_i32(set, column->data, selection, selected, out);
    } else if (integers && phys == WEFT_PHYS_I16) {
        in_test_i16(set, column->data, selection, selected, out);
    } else if (integers && phys == WEFT_PHYS_I8) {
        in_test_i8(set, column->data, selection, selected, out);
    } else if (set->kind == IN_STRINGS && set->items != NULL) {
        in_test_inline(set, column->data, selection, selected, out);
    } else {
        for (int32_t k = 0; k < selected; k++) {
            const int32_t i = selection == NULL ? k : selection[k];
            out[i] = in_test_one(set, column, i);
        }
    }
}
