/* engine/expr/sketch/items_bytes.c - see items_bytes.h. The layout:
 *
 *     0 preamble longs (1: empty, else 4)  1 serial version  2 family (10)  3 lg of the most slots  4 lg of
 * the slots  5 flags (4: empty); 8 items  16 weight  24 offset; the counts, i64 each; the items; behind all
 * of it how many NULLs there were, big-endian
 *
 * An item is a number of 8 bytes as it is, a smaller one with a byte before it that tells its type, a text or
 * a decimal with its length (u32) before it, and booleans are bits. */
#include "engine/expr/sketch/items_bytes.h"

#include "common/mem.h"
#include "engine/expr/java_hash.h"

#define ITEMS_COUNT_MOST ((int64_t)1 << 56) /* no stream is longer; sums of them do not wrap round */

enum { ITEMS_HEAD = 32, ITEMS_FAMILY = 10, ITEMS_EMPTY = 4, ITEMS_NULLS = 8, ITEMS_LG_MOST = 26 };

bool weft_items_type(weft_type type)
{
    const weft_type_id id = (weft_type_id)type.id;
    return id == WEFT_TYPE_BOOLEAN || weft_type_is_numeric(type) || id == WEFT_TYPE_STRING ||
           id == WEFT_TYPE_DATE || id == WEFT_TYPE_TIME || id == WEFT_TYPE_TIMESTAMP ||
           id == WEFT_TYPE_TIMESTAMP_NTZ;
}

/* The byte before a number, or 0. */
static uint8_t mark_of(weft_type type)
{
    switch (type.id) {
    case WEFT_TYPE_TINYINT: return 2;
    case WEFT_TYPE_SMALLINT: return 3;
    case WEFT_TYPE_INT:
    case WEFT_TYPE_DATE: return 9;
    case WEFT_TYPE_FLOAT: return 6;
    default: return 0;
    }
}

static bool has_length(weft_type type) { return type.id == WEFT_TYPE_STRING || type.id == WEFT_TYPE_DECIMAL; }

/* An unscaled decimal as BigInteger.toByteArray(): big-endian, as few bytes as hold it. */
static uint32_t decimal_write(const weft_item *item, uint8_t *to)
{
    uint8_t big[16];
    const uint8_t fill = (item->bytes[item->len - 1] & 0x80) != 0 ? 0xff : 0;
    uint32_t first = 0;
    for (uint32_t b = 0; b < 16; b++) big[15 - b] = b < item->len ? item->bytes[b] : fill;
    while (first < 15 && big[first] == fill && ((big[first + 1] ^ fill) & 0x80) == 0) first++;
    memcpy(to, big + first, 16 - first);
    return 16 - first;
}

weft_status weft_items_write(weft_ctx *ctx, weft_type type, const uint8_t *state, size_t len,
                             weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    const int64_t count = weft_items_count(state);
    const uint64_t nulls = __builtin_bswap64((uint64_t)weft_items_nulls(state));
    weft_item *list = NULL;
    char *block = NULL;
    size_t room = ITEMS_HEAD + (size_t)count * 29 + ITEMS_NULLS;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, ((size_t)count + 1) * sizeof *list, (void **)&list));
    weft_items_list(state, len, true, list);
    for (int64_t k = 0; k < count; k++) room += list[k].len;
    WEFT_TRY(st, weft_vector_heap(ctx, out, room, &block));
    memset(block, 0, room);
    uint8_t *to = (uint8_t *)block, *at = to + (count == 0 ? 8 : ITEMS_HEAD);
    const uint64_t numbers[] = {(uint64_t)count, (uint64_t)weft_items_weight(state),
                                (uint64_t)weft_items_offset(state)};
    const uint8_t head[] = {count == 0 ? 1 : 4,
                            1,
                            ITEMS_FAMILY,
                            (uint8_t)weft_items_lg_most(state),
                            (uint8_t)weft_items_lg(state),
                            count == 0 ? ITEMS_EMPTY : 0};
    memcpy(to, head, sizeof head);
    if (count > 0) memcpy(to + 8, numbers, sizeof numbers);
    for (int64_t k = 0; k < count; k++, at += 8) memcpy(at, &list[k].count, 8);
    for (int64_t k = 0; k < count; k++) {
        if (type.id == WEFT_TYPE_BOOLEAN) {
            at[k / 8] = (uint8_t)(at[k / 8] | (list[k].bytes[0] != 0) << (k % 8));
        } else if (type.id == WEFT_TYPE_DECIMAL) {
            const uint32_t bytes = decimal_write(&list[k], at + 4);
            memcpy(at, &bytes, 4);
            at += 4 + bytes;
        } else { /* packed texts have their length before them */
            if (mark_of(type) != 0) *at++ = mark_of(type);
            memcpy(at, list[k].bytes, list[k].len);
            at += list[k].len;
        }
    }
    if (type.id == WEFT_TYPE_BOOLEAN) at += (count + 7) / 8;
    memcpy(at, &nulls, 8);
    ((weft_str *)out->values)[i] = weft_str_view(block, (uint32_t)(at + 8 - to));
done:
    weft_mem_free(list);
    return st;
}

/* The item at *at, packed, into item; returns its length, or 0 where there is none. */
static uint32_t item_read(weft_type type, const uint8_t **at, const uint8_t *end, int64_t number,
                          uint8_t small[16], const uint8_t **item)
{
    uint32_t len = (uint32_t)weft_phys_bytes(weft_type_phys(type));
    *item = *at;
    if (type.id == WEFT_TYPE_BOOLEAN) {
        if (end - *at <= number / 8) return 0;
        small[0] = (*at)[number / 8] >> (number % 8) & 1;
        *item = small;
        return 1;
    }
    if (mark_of(type) != 0) {
        if (end - *at < 1 || **at != mark_of(type)) return 0;
        *item = ++*at;
    }
    if (!has_length(type)) {
        if ((size_t)(end - *at) < len) return 0;
        *at += len;
        return len;
    }
    uint32_t bytes;
    if (end - *at < 4) return 0;
    memcpy(&bytes, *at, 4);
    if ((size_t)(end - *at) - 4 < bytes) return 0;
    *at += 4 + (size_t)bytes;
    if (type.id == WEFT_TYPE_STRING) return 4 + bytes;
    if (bytes < 1 || bytes > len) return 0;
    memset(small, ((*at)[-(int64_t)bytes] & 0x80) != 0 ? 0xff : 0, 16);
    for (uint32_t b = 0; b < bytes; b++) small[b] = (*at)[-1 - (int64_t)b];
    *item = small;
    return len;
}

weft_status weft_items_read(weft_ctx *ctx, weft_type type, const void *bytes, size_t len, uint8_t **out,
                            size_t *out_len, bool *good)
{
    weft_status st = WEFT_OK;
    const uint8_t *at = bytes, *end = at + len - ITEMS_NULLS, *item;
    uint64_t numbers[3] = {0}, nulls;
    *out = NULL;
    *good = false;
    if (len < 8 + ITEMS_NULLS || at[1] != 1 || at[2] != ITEMS_FAMILY || at[3] > ITEMS_LG_MOST) return WEFT_OK;
    const bool empty = (at[5] & ITEMS_EMPTY) != 0;
    const int lg = at[3];
    if (at[0] != (empty ? 1 : 4) || (!empty && len < ITEMS_HEAD + ITEMS_NULLS)) return WEFT_OK;
    if (!empty) memcpy(numbers, at + 8, sizeof numbers);
    at += empty ? 8 : ITEMS_HEAD;
    if (numbers[0] > (size_t)(end - at) / 8 || numbers[1] > INT64_MAX ||
        numbers[2] > (uint64_t)ITEMS_COUNT_MOST)
        return WEFT_OK;
    const uint8_t *counts = at;
    *out_len = (size_t)weft_items_room(NULL, lg, numbers[0], len * 4);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, *out_len, (void **)out));
    weft_items_start(*out, *out_len, lg);
    at += numbers[0] * 8;
    for (uint64_t k = 0; k < numbers[0]; k++) {
        uint8_t small[16];
        int64_t count;
        memcpy(&count, counts + 8 * k, 8);
        const uint32_t item_len = item_read(type, &at, end, (int64_t)k, small, &item);
        if (item_len == 0 || count <= 0 || count > ITEMS_COUNT_MOST) goto done;
        weft_items_update(*out, *out_len, item, item_len, weft_java_hash(type, item, item_len, true), count);
    }
    memcpy(&nulls, end, 8);
    nulls = __builtin_bswap64(nulls);
    *good = nulls <= (uint64_t)ITEMS_COUNT_MOST;
    weft_items_settle(*out, (int64_t)numbers[1], (int64_t)numbers[2], (int64_t)nulls);
done:
    return st;
}
