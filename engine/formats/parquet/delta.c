/* engine/formats/parquet/delta.c - see the header. */
#include "engine/formats/parquet/delta.h"

enum { DELTA_MINIBLOCK_MAX = 1 << 16, DELTA_PART = 256 };

static bool delta_varint(const uint8_t **at, const uint8_t *end, uint64_t *out)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && *at < end; shift += 7) {
        const uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            *out = value;
            return true;
        }
    }
    return false;
}

static bool delta_zigzag(const uint8_t **at, const uint8_t *end, uint64_t *out)
{
    uint64_t v = 0;
    if (!delta_varint(at, end, &v)) return false;
    *out = (v >> 1) ^ (0 - (v & 1));
    return true;
}

/* n deltas of width bits at bits, each plus min_delta, summed up from *last. Sums wrap, as the format says.
 */
static void delta_miniblock(const weft_pq_kernels *kernels, const uint8_t *bits, int32_t width, int32_t n,
                            uint64_t min_delta, uint64_t *last, int64_t *out)
{
    uint64_t value = *last;
    if (width <= 32) {
        uint32_t part[DELTA_PART + 8];
        for (int32_t done = 0; done < n;) {
            const int32_t m = weft_min_i32(DELTA_PART, n - done);
            kernels->unpack(bits, (int64_t)done * width, width, part, m);
            for (int32_t i = 0; i < m; i++) {
                value += min_delta + part[i];
                out[done + i] = (int64_t)value;
            }
            done += m;
        }
    } else {
        const uint64_t mask = width == 64 ? UINT64_MAX : ((uint64_t)1 << width) - 1;
        for (int32_t i = 0; i < n; i++) {
            const int64_t bit = (int64_t)i * width;
            const int shift = (int)(bit & 7);
            uint64_t word;
            memcpy(&word, bits + (bit >> 3), 8);
            word >>= shift;
            if (shift > 0) word |= (uint64_t)bits[(bit >> 3) + 8] << (64 - shift);
            value += min_delta + (word & mask);
            out[i] = (int64_t)value;
        }
    }
    *last = value;
}

bool weft_pq_delta_decode(const weft_pq_kernels *kernels, const uint8_t **at, const uint8_t *end,
                          int64_t count, int64_t *out)
{
    uint64_t block_values, miniblocks, total, last, min_delta;
    if (!delta_varint(at, end, &block_values) || !delta_varint(at, end, &miniblocks) ||
        !delta_varint(at, end, &total) || !delta_zigzag(at, end, &last)) {
        return false;
    }
    if (miniblocks == 0 || miniblocks > 4096 || block_values % miniblocks != 0 || total != (uint64_t)count)
        return false;
    const uint64_t per_miniblock = block_values / miniblocks;
    if (per_miniblock == 0 || per_miniblock > DELTA_MINIBLOCK_MAX) return false;
    if (count == 0) return true;
    out[0] = (int64_t)last;
    for (int64_t i = 1; i < count;) {
        if (!delta_zigzag(at, end, &min_delta) || (uint64_t)(end - *at) < miniblocks) return false;
        const uint8_t *widths = *at;
        *at += miniblocks;
        for (uint64_t m = 0; m < miniblocks && i < count; m++) {
            const int32_t width = widths[m];
            const int64_t bytes = (int64_t)per_miniblock * width / 8;
            const int32_t n = (int32_t)weft_min_i64((int64_t)per_miniblock, count - i);
            /* The last miniblock may be cut behind its last value. */
            if (width > 64 || ((int64_t)n * width + 7) / 8 > end - *at) return false;
            delta_miniblock(kernels, *at, width, n, min_delta, &last, out + i);
            *at += weft_min_i64(bytes, end - *at);
            i += n;
        }
    }
    return true;
}

void weft_pq_stream_split(const uint8_t *bytes, int64_t count, int32_t width, uint8_t *out)
{
    if (width == 4 || width == 8) { /* the usual ones, with a constant inner loop */
        for (int64_t i = 0; i < count; i++) {
            uint64_t value = 0;
            for (int32_t j = 0; j < width; j++) value |= (uint64_t)bytes[j * count + i] << (8 * j);
            memcpy(out + i * width, &value, (size_t)width);
        }
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        for (int32_t j = 0; j < width; j++) out[i * width + j] = bytes[j * count + i];
    }
}
