/* engine/expr/java_hash.c - see java_hash.h. */
#include "engine/expr/java_hash.h"

#include <string.h>

#include "engine/expr/decimal.h"
#include "engine/expr/spark_hash.h"

static uint32_t of_u64(uint64_t bits) { return (uint32_t)(bits ^ bits >> 32); }

/* s[0] 31^(n-1) + … of UTF-16 units; the text is well-formed, or its bytes are taken one by one. */
static uint32_t of_string(const uint8_t *at, size_t len)
{
    uint32_t hash = 0;
    for (size_t k = 0; k < len;) {
        const uint32_t lead = at[k];
        const size_t more = lead < 0xc0 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
        uint32_t point = more == 0 ? lead : lead & (0x3fu >> more);
        if (k + more >= len) return hash * 31 + lead;
        for (size_t i = 1; i <= more; i++) point = point << 6 | (at[k + i] & 0x3fu);
        k += more + 1;
        if (point >= 0x10000) hash = hash * 31 + (0xd800 + ((point - 0x10000) >> 10));
        hash = hash * 31 + (point >= 0x10000 ? 0xdc00 + ((point - 0x10000) & 0x3ff) : point);
    }
    return hash;
}

/* scala.math.BigDecimal: a whole number as that number, what a double holds as that, else by its digits. */
static uint32_t of_decimal(int64_t unscaled, int scale)
{
    const weft_i128 one = weft_i128_pow10(scale);
    if (unscaled % one == 0) {
        const int64_t whole = (int64_t)(unscaled / one);
        return whole == (int32_t)whole ? (uint32_t)whole : of_u64((uint64_t)whole);
    }
    const double value = (double)unscaled / (double)one;
    uint64_t bits;
    uint32_t half;
    const float narrow = (float)value;
    memcpy(&bits, &value, sizeof bits);
    memcpy(&half, &narrow, sizeof half);
    return (double)narrow == value ? half : of_u64(bits);
}

int32_t weft_java_hash(weft_type type, const uint8_t *packed, size_t bytes, bool java_string)
{
    uint64_t bits = 0;
    if (type.id == WEFT_TYPE_STRING) {
        if (bytes < 4) return 0;
        return (int32_t)(java_string ? of_string(packed + 4, bytes - 4)
                                     : weft_murmur_bytes(packed + 4, (uint32_t)bytes - 4, 42));
    }
    if (type.id == WEFT_TYPE_BOOLEAN) return packed[0] != 0 ? 1231 : 1237;
    if (weft_type_is_nested(type) || type.id == WEFT_TYPE_BINARY || bytes > 8) return 0;
    memcpy(&bits, packed, bytes);
    if (type.id == WEFT_TYPE_DECIMAL) return (int32_t)of_decimal((int64_t)bits, type.scale);
    if (bytes == 1) return (int8_t)bits;
    if (bytes == 2) return (int16_t)bits;
    return (int32_t)(bytes == 4 ? (uint32_t)bits : of_u64(bits));
}
