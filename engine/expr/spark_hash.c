/* engine/expr/spark_hash.c - see spark_hash.h. */
#include "engine/expr/spark_hash.h"

#include "engine/columnar/calendar_interval.h"
#include "engine/expr/kernel.h"

/* ---- hash: MurmurHash3_x86_32, but that bytes behind the last word are mixed one by one ---- */

static uint32_t rotate32(uint32_t x, int32_t by) { return x << by | x >> (32 - by); }

static uint32_t murmur_mix(uint32_t hash, uint32_t word)
{
    return rotate32(hash ^ rotate32(word * 0xcc9e2d51u, 15) * 0x1b873593u, 13) * 5 + 0xe6546b64u;
}

static uint32_t murmur_end(uint32_t hash, uint32_t len)
{
    hash ^= len;
    hash = (hash ^ hash >> 16) * 0x85ebca6bu;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
    return hash ^ hash >> 16;
}

uint32_t weft_murmur_u32(uint32_t value, uint32_t seed) { return murmur_end(murmur_mix(seed, value), 4); }
static uint64_t murmur_int(uint32_t value, uint64_t seed) { return weft_murmur_u32(value, (uint32_t)seed); }

uint32_t weft_murmur_u64(uint64_t value, uint32_t seed)
{
    return murmur_end(murmur_mix(murmur_mix(seed, (uint32_t)value), (uint32_t)(value >> 32)), 8);
}
static uint64_t murmur_long(uint64_t value, uint64_t seed) { return weft_murmur_u64(value, (uint32_t)seed); }

uint32_t weft_murmur_bytes(const void *bytes, uint32_t len, uint32_t seed)
{
    const char *at = bytes, *end = at + len;
    uint32_t hash = seed, word;
    for (; end - at >= 4; at += 4) {
        memcpy(&word, at, 4); /* little-endian machines */
        hash = murmur_mix(hash, word);
    }
    for (; at < end; at++) hash = murmur_mix(hash, (uint32_t)(int32_t)(signed char)*at);
    return murmur_end(hash, len);
}

static uint64_t murmur_bytes(const void *bytes, uint32_t len, uint64_t seed)
{
    return weft_murmur_bytes(bytes, len, (uint32_t)seed);
}

/* ---- xxhash64 (XXH64 of the specification by Yann Collet) ---- */

#define XX_1 0x9e3779b185ebca87u
#define XX_2 0xc2b2ae3d27d4eb4fu
#define XX_3 0x165667b19e3779f9u
#define XX_4 0x85ebca77c2b2ae63u
#define XX_5 0x27d4eb2f165667c5u

static uint64_t rotate64(uint64_t x, int32_t by) { return x << by | x >> (64 - by); }

static uint64_t xx_end(uint64_t hash)
{
    hash = (hash ^ hash >> 33) * XX_2;
    hash = (hash ^ hash >> 29) * XX_3;
    return hash ^ hash >> 32;
}

static uint64_t xx_round(uint64_t lane, uint64_t word) { return rotate64(lane + word * XX_2, 31) * XX_1; }
static uint64_t xx_long_step(uint64_t hash, uint64_t word)
{
    return rotate64(hash ^ xx_round(0, word), 27) * XX_1 + XX_4;
}
static uint64_t xx_int_step(uint64_t hash, uint32_t word)
{
    return rotate64(hash ^ word * XX_1, 23) * XX_2 + XX_3;
}

static uint64_t xx_int(uint32_t value, uint64_t seed) { return xx_end(xx_int_step(seed + XX_5 + 4, value)); }
static uint64_t xx_long(uint64_t value, uint64_t seed)
{
    return xx_end(xx_long_step(seed + XX_5 + 8, value));
}

static uint64_t xx_bytes(const void *bytes, uint32_t len, uint64_t seed)
{
    const unsigned char *at = bytes, *end = at + len;
    uint64_t hash = seed + XX_5, word;
    uint32_t half;
    if (len >= 32) {
        uint64_t lanes[4] = {seed + XX_1 + XX_2, seed + XX_2, seed, seed - XX_1};
        for (; end - at >= 32; at += 32) {
            for (int32_t k = 0; k < 4; k++) {
                memcpy(&word, at + 8 * k, 8);
                lanes[k] = xx_round(lanes[k], word);
            }
        }
        hash = rotate64(lanes[0], 1) + rotate64(lanes[1], 7) + rotate64(lanes[2], 12) +
               rotate64(lanes[3], 18);
        for (int32_t k = 0; k < 4; k++) hash = (hash ^ xx_round(0, lanes[k])) * XX_1 + XX_4;
    }
    hash += len;
    for (; end - at >= 8; at += 8) {
        memcpy(&word, at, 8);
        hash = xx_long_step(hash, word);
    }
    if (end - at >= 4) {
        memcpy(&half, at, 4);
        hash = xx_int_step(hash, half);
        at += 4;
    }
    for (; at < end; at++) hash = rotate64(hash ^ *at * XX_5, 11) * XX_1;
    return xx_end(hash);
}

/* ---- both over values of any type ---- */

typedef struct digest_hash {
    uint64_t (*of_int)(uint32_t value, uint64_t seed);
    uint64_t (*of_long)(uint64_t value, uint64_t seed);
    uint64_t (*of_bytes)(const void *bytes, uint32_t len, uint64_t seed);
} digest_hash;

/* A decimal above 18 digits: its least big-endian bytes in two's complement, as BigInteger.toByteArray(). */
static uint64_t digest_decimal(const digest_hash *hash, weft_i128 value, uint64_t seed)
{
    unsigned char bytes[16];
    int32_t first = 0;
    for (int32_t b = 0; b < 16; b++) bytes[15 - b] = (unsigned char)(value >> 8 * b);
    while (first < 15 && ((bytes[first] == 0 && bytes[first + 1] < 0x80) ||
                          (bytes[first] == 0xff && bytes[first + 1] >= 0x80))) {
        first++;
    }
    return hash->of_bytes(bytes + first, (uint32_t)(16 - first), seed);
}

static uint64_t hash_value(const digest_hash *hash, const weft_column *column, int32_t row, uint64_t seed);

static uint64_t hash_nested(const digest_hash *hash, const weft_column *column, int32_t row, uint64_t seed)
{
    if (column->phys == WEFT_PHYS_STRUCT) {
        const int32_t slot = column->encoding == WEFT_CONSTANT ? 0 : row;
        for (int32_t k = 0; k < column->child_count; k++)
            seed = hash_value(hash, &column->children[k], slot, seed);
        return seed;
    }
    const weft_list *list = weft_column_value(column, row);
    for (int32_t e = 0; e < list->length; e++)
        seed = hash_value(hash, &column->children[0], list->offset + e, seed);
    return seed;
}

static uint64_t hash_value(const digest_hash *hash, const weft_column *column, int32_t row, uint64_t seed)
{
    uint64_t bits;
    uint32_t half;
    if (column->phys == WEFT_PHYS_NULL || weft_column_is_null(column, row)) return seed;
    if (weft_phys_is_nested((weft_phys)column->phys)) return hash_nested(hash, column, row, seed);
    const void *at = weft_column_value(column, row);
    if (column->type.id == WEFT_TYPE_DECIMAL) {
        const weft_i128 value = weft_load_i128(at, column->phys, 0);
        return column->type.precision > 18 ? digest_decimal(hash, value, seed)
                                           : hash->of_long((uint64_t)value, seed);
    }
    if (column->type.id == WEFT_TYPE_INTERVAL) {
        const weft_calendar_interval interval =
            weft_calendar_interval_of(weft_load_i128(at, column->phys, 0));
        seed = hash->of_int((uint32_t)interval.days, hash->of_long((uint64_t)interval.us, seed));
        return hash->of_int((uint32_t)interval.months, seed);
    }
    if (column->phys == WEFT_PHYS_STR) {
        const weft_str *s = at;
        return hash->of_bytes(weft_str_data(s), s->len, seed);
    }
    if (column->phys == WEFT_PHYS_F64) {
        const double value = *(const double *)at + 0.0; /* -0.0 is 0.0 */
        memcpy(&bits, &value, 8);
        return hash->of_long(value != value ? 0x7ff8000000000000u : bits, seed);
    }
    if (column->phys == WEFT_PHYS_F32) {
        const float value = *(const float *)at + 0.0f;
        memcpy(&half, &value, 4);
        return hash->of_int(value != value ? 0x7fc00000u : half, seed);
    }
    const int64_t value = weft_load_i64(at, column->phys, 0);
    return column->phys == WEFT_PHYS_I64 ? hash->of_long((uint64_t)value, seed)
                                         : hash->of_int((uint32_t)value, seed);
}

static const digest_hash digest_murmur = {murmur_int, murmur_long, murmur_bytes};
static const digest_hash digest_xx = {xx_int, xx_long, xx_bytes};

uint64_t weft_spark_murmur(const weft_column *column, int32_t row, uint64_t hash)
{
    return hash_value(&digest_murmur, column, row, hash);
}
uint64_t weft_spark_xxhash(const weft_column *column, int32_t row, uint64_t hash)
{
    return hash_value(&digest_xx, column, row, hash);
}
