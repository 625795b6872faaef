/* engine/formats/parquet/convert.c - physical values to values of the weft type, a page or a dictionary at a
 * time. */
#include "engine/expr/calendar.h"
#include "engine/expr/decimal.h"
#include "engine/expr/rebase.h"
#include "engine/formats/parquet/chunk.h"

#define CONVERT_LOOP(from_type, to_type, expression)                                                         \
    do {                                                                                                     \
        const from_type *in = (const void *)raw;                                                             \
        to_type *to = out->data;                                                                             \
        for (int64_t i = 0; i < count; i++) {                                                                \
            from_type v;                                                                                     \
            memcpy(&v, in + i, sizeof v);                                                                    \
            to[i] = (to_type)(expression);                                                                   \
        }                                                                                                    \
    } while (0)

/* floor(v / 1000), also for times before the epoch */
static int64_t convert_floor_1000(int64_t v) { return v / 1000 - (v % 1000 < 0); }

static float convert_half(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half >> 15) << 31;
    uint32_t exponent = (half >> 10) & 31, fraction = half & 1023, bits;
    if (exponent == 31) {
        bits = sign | 0x7f800000u | fraction << 13;
    } else if (exponent != 0) {
        bits = sign | (exponent + 112) << 23 | fraction << 13;
    } else if (fraction == 0) {
        bits = sign;
    } else { /* a subnormal half is a normal float */
        exponent = 113;
        while ((fraction & 1024) == 0) {
            fraction <<= 1;
            exponent--;
        }
        bits = sign | exponent << 23 | (fraction & 1023) << 13;
    }
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

/* INT96: eight bytes nanoseconds of the day, four bytes Julian day (2440588 is 1970-01-01). Wraps when out of
 * range, as Spark does. */
static void convert_int96(const uint8_t *raw, int64_t count, int64_t *to)
{
    for (int64_t i = 0; i < count; i++, raw += 12) {
        int64_t nanos;
        int32_t day;
        memcpy(&nanos, raw, 8);
        memcpy(&day, raw + 8, 4);
        const uint64_t us = (uint64_t)((int64_t)day - 2440588) * 86400000000u +
                            (uint64_t)convert_floor_1000(nanos);
        to[i] = (int64_t)us;
    }
}

/* EXCEPTION: a date or time that has another number of days in the older calendar, in a file that does not
 * say which one it has. */
static weft_status convert_fail_ancient(weft_ctx *ctx, const weft_pq_chunk *chunk)
{
    const weft_status st =
        weft_fail(ctx, WEFT_READ_ANCIENT_DATETIME,
                  "You may get a different result due to the upgrading to Spark >= 3.0: reading dates before "
                  "1582-10-15 or "
                  "timestamps before 1900-01-01T00:00:00Z of the Parquet column %s can be ambiguous, as the "
                  "file may have "
                  "been written by Spark 2.x or legacy versions of Hive, which count by another calendar.",
                  chunk->leaf->path);
    weft_hint(ctx, "Set the option datetimeRebaseMode or int96RebaseMode to LEGACY for such files, or to "
                   "CORRECTED to read the values as they are.");
    return st;
}

/* Times of the older calendar, in place. The zone is opened when the first value needs it. */
static weft_status convert_rebase(weft_ctx *ctx, weft_pq_chunk *chunk, int64_t *us, int64_t count)
{
    weft_status st = WEFT_OK;
    const char *name = chunk->rebase_zone;
    weft_zone *zone = NULL;
    bool open = false;
    for (int64_t i = 0; i < count; i++) {
        if (us[i] >= WEFT_REBASE_US) continue;
        if (chunk->leaf->ancient_fails) WEFT_TRY(st, convert_fail_ancient(ctx, chunk));
        if (!open && name != NULL) WEFT_TRY(st, weft_zone_open(ctx, name, &zone));
        if (!open && name == NULL) WEFT_TRY(st, weft_zone_open_session(ctx, &zone));
        open = true;
        us[i] = weft_rebase_us(zone, us[i]);
    }
done:
    weft_zone_close(&zone);
    return st;
}

static weft_status convert_rebase_days(weft_ctx *ctx, const weft_pq_chunk *chunk, int32_t *days,
                                       int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (days[i] >= WEFT_REBASE_DAY) continue;
        if (chunk->leaf->ancient_fails) return convert_fail_ancient(ctx, chunk);
        days[i] = weft_rebase_day(days[i]);
    }
    return WEFT_OK;
}

static uint64_t convert_load_big(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, 8);
    return __builtin_bswap64(word);
}

/* Big-endian two's complement of 1 to 8 bytes, byte by byte: what convert_narrow_decimals does at once. */
static int64_t convert_small(const uint8_t *bytes, int32_t len)
{
    uint64_t value = 0;
    for (int32_t i = 0; i < len; i++) value = value << 8 | bytes[i];
    const int32_t unused = 64 - 8 * len;
    return (int64_t)(value << unused) >> unused;
}

/* Big-endian two's complement of 8 to 16 bytes: two words that overlap. */
static weft_i128 convert_wide(const uint8_t *bytes, int64_t len)
{
    const int64_t high = (int64_t)convert_load_big(bytes) >> (8 * (16 - len) & 63);
    const uint64_t low = convert_load_big(bytes + len - 8);
    return len == 8 ? (int64_t)low : (weft_i128)((weft_u128)(weft_i128)high << 64 | low);
}

/* Big-endian two's complement of len bytes; false when it does not fit 128 bits. */
static bool convert_big_endian(const uint8_t *bytes, int64_t len, weft_i128 *out)
{
    *out = 0;
    if (len == 0) return true;
    const uint8_t fill = (bytes[0] & 0x80) != 0 ? 0xff : 0;
    while (len > 16) {
        if (*bytes != fill) return false;
        bytes++;
        len--;
    }
    *out = len >= 8 ? convert_wide(bytes, len) : convert_small(bytes, (int32_t)len);
    return fill == ((bytes[0] & 0x80) != 0 ? 0xff : 0);
}

/* Values of up to 8 bytes straight to I64. A word from the first byte of a value holds it and some of the
 * next: only the last values, whose word would pass the end, are read byte by byte. */
static void convert_narrow_decimals(const uint8_t *raw, int32_t width, int64_t count, int64_t *to)
{
    const int32_t unused = 64 - 8 * width;
    const int64_t words = count * width >= 8 ? (count * width - 8) / width + 1 : 0;
    for (int64_t i = 0; i < words; i++) to[i] = (int64_t)convert_load_big(raw + i * width) >> unused;
    for (int64_t i = words; i < count; i++) to[i] = convert_small(raw + i * width, width);
}

/* Wide decimals in place to I64, when all fit. */
static bool convert_narrow(weft_i128 *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (values[i] != (int64_t)values[i]) return false;
    }
    int64_t *small = (int64_t *)values;
    for (int64_t i = 0; i < count; i++) small[i] = (int64_t)values[i];
    return true;
}

/* Values read as 128 bits: decimals of up to 18 digits must be I64, the others may. */
static weft_status convert_finish_decimal(weft_ctx *ctx, weft_pq_chunk *chunk, weft_i128 *values,
                                          int64_t count, uint8_t *phys)
{
    const bool must = chunk->leaf->type.precision <= 18;
    const weft_i128 factor = weft_i128_pow10(chunk->leaf->scale_up);
    *phys = WEFT_PHYS_I128;
    for (int64_t i = 0; factor != 1 && i < count; i++) {
        if (__builtin_mul_overflow(values[i], factor, &values[i]))
            return weft_pq_chunk_corrupt(ctx, chunk, "a decimal has more digits than its type");
    }
    if ((must || chunk->narrow) && convert_narrow(values, count)) {
        *phys = WEFT_PHYS_I64;
    } else if (must) {
        return weft_pq_chunk_corrupt(ctx, chunk, "a decimal has more digits than its type");
    }
    return WEFT_OK;
}

weft_status weft_pq_convert_strings(weft_ctx *ctx, weft_pq_chunk *chunk, const weft_str *raw, int64_t count,
                                    weft_pq_buffer *out, uint8_t *phys)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, out, (size_t)count * 16));
    weft_i128 *to = out->data;
    for (int64_t i = 0; i < count; i++) {
        if (!convert_big_endian((const uint8_t *)weft_str_data(&raw[i]), raw[i].len, &to[i])) {
            return weft_pq_chunk_corrupt(ctx, chunk, "a decimal has more than 38 digits");
        }
    }
    WEFT_TRY(st, convert_finish_decimal(ctx, chunk, to, count, phys));
done:
    return st;
}

static weft_status convert_fixed_decimals(weft_ctx *ctx, weft_pq_chunk *chunk, const uint8_t *raw,
                                          int64_t count, weft_i128 *to, uint8_t *phys)
{
    const int32_t width = chunk->leaf->type_bytes;
    const bool small = chunk->leaf->type.precision <= 18 || chunk->narrow;
    if (width > 0 && width <= 8 && chunk->leaf->scale_up == 0 && small) {
        convert_narrow_decimals(raw, width, count, (int64_t *)to);
        *phys = WEFT_PHYS_I64;
        return WEFT_OK;
    }
    for (int64_t i = 0; i < count; i++) {
        if (!convert_big_endian(raw + i * width, width, &to[i])) {
            return weft_pq_chunk_corrupt(ctx, chunk, "a decimal has more than 38 digits");
        }
    }
    return convert_finish_decimal(ctx, chunk, to, count, phys);
}

weft_status weft_pq_convert_fixed(weft_ctx *ctx, weft_pq_chunk *chunk, const uint8_t *raw, int64_t count,
                                  weft_pq_buffer *out, uint8_t *phys)
{
    weft_status st = WEFT_OK;
    const int32_t width = chunk->leaf->type_bytes;
    *phys = (uint8_t)weft_type_phys(chunk->leaf->type);
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, out, (size_t)count * 16));
    switch ((weft_pq_convert)chunk->leaf->convert) {
    case WEFT_PQ_AS_IS: memcpy(out->data, raw, (size_t)count * (size_t)width); break;
    case WEFT_PQ_TO_BOOL: break; /* never of fixed width: decode_booleans */
    case WEFT_PQ_TO_I8: CONVERT_LOOP(int32_t, int8_t, v); break;
    case WEFT_PQ_TO_I16: CONVERT_LOOP(int32_t, int16_t, v); break;
    case WEFT_PQ_U8_TO_I16: CONVERT_LOOP(uint32_t, int16_t, v & 0xff); break;
    case WEFT_PQ_U16_TO_I32: CONVERT_LOOP(uint32_t, int32_t, v & 0xffff); break;
    case WEFT_PQ_I32_TO_I64: CONVERT_LOOP(int32_t, int64_t, v); break;
    case WEFT_PQ_U32_TO_I64: CONVERT_LOOP(uint32_t, int64_t, v); break;
    case WEFT_PQ_MS_TO_US: CONVERT_LOOP(uint64_t, int64_t, v * 1000); break;
    case WEFT_PQ_NS_TO_US: CONVERT_LOOP(int64_t, int64_t, convert_floor_1000(v)); break;
    case WEFT_PQ_TIME_MS: CONVERT_LOOP(int32_t, int64_t, (int64_t)v * 1000); break;
    case WEFT_PQ_INT96_TO_US: convert_int96(raw, count, out->data); break;
    case WEFT_PQ_DATE_REBASED:
        CONVERT_LOOP(int32_t, int32_t, v);
        WEFT_TRY(st, convert_rebase_days(ctx, chunk, out->data, count));
        break;
    case WEFT_PQ_US_REBASED:
        CONVERT_LOOP(int64_t, int64_t, v);
        WEFT_TRY(st, convert_rebase(ctx, chunk, out->data, count));
        break;
    case WEFT_PQ_MS_REBASED:
        CONVERT_LOOP(uint64_t, int64_t, v * 1000);
        WEFT_TRY(st, convert_rebase(ctx, chunk, out->data, count));
        break;
    case WEFT_PQ_INT96_REBASED:
        convert_int96(raw, count, out->data);
        WEFT_TRY(st, convert_rebase(ctx, chunk, out->data, count));
        break;
    case WEFT_PQ_I32_TO_F64: CONVERT_LOOP(int32_t, double, v); break;
    case WEFT_PQ_F32_TO_F64: CONVERT_LOOP(float, double, v); break;
    case WEFT_PQ_DATE_TO_US: CONVERT_LOOP(int32_t, int64_t, v * WEFT_DAY_US); break;
    case WEFT_PQ_FLOAT16: CONVERT_LOOP(uint16_t, float, convert_half(v)); break;
    case WEFT_PQ_I32_TO_I128:
        CONVERT_LOOP(int32_t, weft_i128, v);
        WEFT_TRY(st, convert_finish_decimal(ctx, chunk, out->data, count, phys));
        break;
    case WEFT_PQ_I64_TO_I128:
        CONVERT_LOOP(int64_t, weft_i128, v);
        WEFT_TRY(st, convert_finish_decimal(ctx, chunk, out->data, count, phys));
        break;
    case WEFT_PQ_U64_TO_I128:
        CONVERT_LOOP(uint64_t, weft_i128, v);
        WEFT_TRY(st, convert_finish_decimal(ctx, chunk, out->data, count, phys));
        break;
    case WEFT_PQ_BYTES_TO_DECIMAL:
        WEFT_TRY(st, convert_fixed_decimals(ctx, chunk, raw, count, out->data, phys));
        break;
    case WEFT_PQ_FIXED_TO_STR: {
        weft_str *to = out->data;
        for (int64_t i = 0; i < count; i++)
            to[i] = weft_str_view((const char *)raw + i * width, (uint32_t)width);
        break;
    }
    }
done:
    return st;
}
