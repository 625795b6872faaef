/* engine/expr/sketch/theta_bytes.c - theta and tuple sketches as bytes, see theta.h. The layout:
 *
 *     0 preamble longs  1 serial version  2 family (3 compact theta, 9 tuple)
 *     3 of tuples the type (1), of version 4 the bits of a difference   4 of version 4 the bytes of the count
 *     5 flags  6 hash of the seed
 *     version 3: one entry alone has 1 preamble long; else 8 count, and with 3 preamble longs 16 theta;
 *     the entries: a hash, and in tuples the summary (8 or 4 bytes) and its mode (1)
 *     version 4: with 2 preamble longs 8 theta; the count; the differences of ordered hashes, packed, highest
 *     bits first */
#include <string.h>

#include "common/mem.h"
#include "engine/expr/sketch/theta.h"

enum {
    FAMILY_COMPACT = 3,
    FAMILY_TUPLE = 9,
    FLAG_READ_ONLY = 2,
    FLAG_EMPTY = 4,
    FLAG_COMPACT = 8,
    FLAG_ORDERED = 16,
    FLAG_SINGLE = 32,
    SEED_HASH = 0x93cc, /* the lowest 16 bits of the seed's own hash */
    TUPLE_TYPE = 1
};

static uint64_t get64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, 8);
    return value;
}
static uint32_t get32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, 4);
    return value;
}
static uint16_t get16(const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, at, 2);
    return value;
}

static size_t summary_bytes(weft_theta_kind kind)
{
    return kind == WEFT_THETA_PLAIN ? 0 : kind == WEFT_THETA_DOUBLE ? 9 : 5;
}

/* ---- reading ---- */

/* Hashes are what hashes can be, and below theta. */
static bool hash_good(const weft_theta_list *list, uint64_t hash) { return hash > 0 && hash < list->theta; }

static weft_status list_room(weft_ctx *ctx, weft_theta_list *out, uint64_t count)
{
    out->count = (int64_t)count;
    return weft_mem_alloc(ctx, WEFT_MEM_WORKING, ((size_t)count + 1) * sizeof *out->entries,
                          (void **)&out->entries);
}

static weft_status read_plain(weft_ctx *ctx, weft_theta_kind kind, const uint8_t *at, size_t len,
                              weft_theta_list *out, bool *good)
{
    weft_status st = WEFT_OK;
    const int preamble = at[0] & 63;
    const size_t head = (size_t)preamble * 8, each = 8 + summary_bytes(kind);
    if (preamble < 1 || preamble > 3 || len < head) return WEFT_OK;
    const uint64_t count = preamble == 1 ? 1 : get32(at + 8);
    if (preamble == 3) out->theta = get64(at + 16);
    if (out->theta == 0 || out->theta > WEFT_THETA_ALL || count > (len - head) / each) return WEFT_OK;
    WEFT_TRY(st, list_room(ctx, out, count));
    for (uint64_t k = 0; k < count; k++) {
        const uint8_t *entry = at + head + k * each;
        out->entries[k] = (weft_theta_entry){.hash = get64(entry)};
        if (!hash_good(out, out->entries[k].hash)) goto done;
        if (kind == WEFT_THETA_DOUBLE) out->entries[k].summary = get64(entry + 8);
        if (kind == WEFT_THETA_INTEGER)
            out->entries[k].summary = (uint64_t)(int64_t)(int32_t)get32(entry + 8);
        if (kind != WEFT_THETA_PLAIN && entry[each - 1] > WEFT_THETA_ONE) goto done;
    }
    *good = true;
done:
    return st;
}

static uint64_t bits_get(const uint8_t *at, uint64_t bit, int bits)
{
    uint64_t value = 0;
    for (int left = bits; left > 0;) {
        const int offset = (int)(bit & 7), take = left < 8 - offset ? left : 8 - offset;
        const unsigned byte = at[bit >> 3];
        value = value << take | (byte >> (8 - offset - take) & ((1u << take) - 1));
        bit += (uint64_t)take;
        left -= take;
    }
    return value;
}

static void bits_put(uint8_t *at, uint64_t bit, int bits, uint64_t value)
{
    for (int left = bits; left > 0;) {
        const int offset = (int)(bit & 7), take = left < 8 - offset ? left : 8 - offset;
        const unsigned part = (unsigned)(value >> (left - take)) & ((1u << take) - 1);
        at[bit >> 3] = (uint8_t)(at[bit >> 3] | part << (8 - offset - take));
        bit += (uint64_t)take;
        left -= take;
    }
}

static weft_status read_packed(weft_ctx *ctx, const uint8_t *at, size_t len, weft_theta_list *out, bool *good)
{
    weft_status st = WEFT_OK;
    const int preamble = at[0] & 63, bits = at[3], count_bytes = at[4];
    const size_t head = (size_t)preamble * 8;
    uint64_t count = 0, hash = 0;
    if (preamble < 1 || preamble > 2 || bits < 1 || bits > 63 || count_bytes < 1 || count_bytes > 4)
        return WEFT_OK;
    if (len < head + (size_t)count_bytes) return WEFT_OK;
    if (preamble == 2) out->theta = get64(at + 8);
    if (out->theta == 0 || out->theta > WEFT_THETA_ALL) return WEFT_OK;
    for (int k = count_bytes; k > 0; k--) count = count << 8 | at[head + (size_t)k - 1];
    const uint8_t *packed = at + head + count_bytes;
    if ((count * (uint64_t)bits + 7) / 8 > len - head - (size_t)count_bytes) return WEFT_OK;
    WEFT_TRY(st, list_room(ctx, out, count));
    for (uint64_t k = 0; k < count; k++) {
        hash += bits_get(packed, k * (uint64_t)bits, bits);
        out->entries[k] = (weft_theta_entry){.hash = hash};
        if (!hash_good(out, hash) || (k > 0 && hash <= out->entries[k - 1].hash)) goto done;
    }
    *good = true;
done:
    return st;
}

weft_status weft_theta_read(weft_ctx *ctx, weft_theta_kind kind, const void *bytes, size_t len,
                            weft_theta_list *out, bool *good)
{
    const uint8_t *at = bytes;
    const bool tuple = kind != WEFT_THETA_PLAIN;
    *out = (weft_theta_list){.theta = WEFT_THETA_ALL};
    *good = false;
    if (len < 8 || at[2] != (tuple ? FAMILY_TUPLE : FAMILY_COMPACT)) return WEFT_OK;
    if (tuple && (at[1] != 3 || at[3] != TUPLE_TYPE)) return WEFT_OK;
    if (!tuple && at[1] != 3 && at[1] != 4) return WEFT_OK;
    if ((at[5] & FLAG_COMPACT) == 0) return WEFT_OK;
    if ((at[5] & FLAG_EMPTY) != 0) {
        out->empty = *good = true;
        return WEFT_OK;
    }
    if (get16(at + 6) != SEED_HASH) return WEFT_OK;
    return at[1] == 4 ? read_packed(ctx, at, len, out, good) : read_plain(ctx, kind, at, len, out, good);
}

/* ---- writing ---- */

size_t weft_theta_write_room(const weft_theta_list *list) { return 24 + (size_t)list->count * 17; }

static size_t write_packed(const weft_theta_list *list, uint8_t *to)
{
    const bool estimates = list->theta != WEFT_THETA_ALL;
    uint64_t all = 0, last = 0;
    size_t at = 8;
    for (int64_t k = 0; k < list->count; k++) {
        all |= list->entries[k].hash - last;
        last = list->entries[k].hash;
    }
    const int bits = 64 - __builtin_clzll(all);
    const int count_bytes = (64 - __builtin_clzll((uint64_t)list->count) + 7) / 8;
    memset(to, 0, weft_theta_write_room(list));
    to[0] = estimates ? 2 : 1;
    to[1] = 4;
    to[2] = FAMILY_COMPACT;
    to[3] = (uint8_t)bits;
    to[4] = (uint8_t)count_bytes;
    to[5] = FLAG_READ_ONLY | FLAG_COMPACT | FLAG_ORDERED;
    to[6] = SEED_HASH & 0xff;
    to[7] = SEED_HASH >> 8;
    if (estimates) {
        memcpy(to + at, &list->theta, 8);
        at += 8;
    }
    for (int k = 0; k < count_bytes; k++) to[at++] = (uint8_t)(list->count >> 8 * k);
    last = 0;
    for (int64_t k = 0; k < list->count; k++) {
        bits_put(to + at, (uint64_t)k * (uint64_t)bits, bits, list->entries[k].hash - last);
        last = list->entries[k].hash;
    }
    return at + ((uint64_t)list->count * (uint64_t)bits + 7) / 8;
}

size_t weft_theta_write(weft_theta_kind kind, weft_theta_mode mode, const weft_theta_list *list, void *bytes)
{
    uint8_t *to = bytes;
    const bool tuple = kind != WEFT_THETA_PLAIN, estimates = list->theta != WEFT_THETA_ALL;
    const bool single = list->count == 1 && !estimates;
    const float everything = 1.0F;
    if (!tuple && list->count > 0 && !single) return write_packed(list, to);
    memset(to, 0, 24);
    to[0] = list->empty || single ? 1 : estimates ? 3 : 2;
    to[1] = 3;
    to[2] = tuple ? FAMILY_TUPLE : FAMILY_COMPACT;
    to[3] = tuple ? TUPLE_TYPE : 0;
    to[5] = FLAG_READ_ONLY | FLAG_COMPACT;
    if (list->empty) to[5] |= FLAG_EMPTY;
    if (!tuple) to[5] = (uint8_t)(to[5] | FLAG_ORDERED | (single ? FLAG_SINGLE : 0));
    if (tuple || !list->empty) {
        to[6] = SEED_HASH & 0xff;
        to[7] = SEED_HASH >> 8;
    }
    if (list->empty) return 8;
    if (!single) {
        const uint32_t count = (uint32_t)list->count;
        memcpy(to + 8, &count, 4);
        if (!tuple) memcpy(to + 12, &everything, 4);
        if (estimates) memcpy(to + 16, &list->theta, 8);
    }
    size_t at = (size_t)to[0] * 8;
    for (int64_t k = 0; k < list->count; k++) {
        memcpy(to + at, &list->entries[k].hash, 8);
        at += 8;
        if (!tuple) continue;
        const size_t number = summary_bytes(kind) - 1;
        memcpy(to + at, &list->entries[k].summary, number); /* little-endian: the low bytes come first */
        to[at + number] = (uint8_t)mode;
        at += number + 1;
    }
    return at;
}
