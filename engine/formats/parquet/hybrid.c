/* engine/formats/parquet/hybrid.c - see the header. */
#include "engine/formats/parquet/hybrid.h"
#include "engine/formats/parquet/bits.h"

void weft_pq_hybrid_init(weft_pq_hybrid *h, const weft_pq_kernels *kernels, const uint8_t *bytes, int64_t len,
                         int32_t width)
{
    *h = (weft_pq_hybrid){.kernels = kernels, .at = bytes, .end = bytes + len, .bits = bytes, .width = width};
}

/* Read the header of the next run; false at the end or when it is malformed. left > 0 afterwards. */
static bool hybrid_next_run(weft_pq_hybrid *h)
{
    uint64_t header = 0;
    for (int shift = 0;; shift += 7) {
        if (h->at >= h->end || shift > 35) return false;
        const uint8_t byte = *h->at++;
        header |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) break;
    }
    const uint64_t count = header >> 1;
    const int64_t bytes_left = h->end - h->at;
    h->packed = (header & 1) != 0;
    if (h->packed) {
        /* The last run may be cut short where the page ends: what is there counts. */
        if (count == 0 || count > INT32_MAX / 8) return false;
        const int64_t whole = (int64_t)count * h->width;
        const int64_t bytes = weft_min_i64(whole, bytes_left);
        h->left = bytes == whole ? (int32_t)count * 8 : (int32_t)(bytes * 8 / h->width);
        h->bits = h->at;
        h->bit = 0;
        h->at += bytes;
        return h->left > 0;
    }
    const int32_t value_bytes = (h->width + 7) / 8;
    if (count == 0 || count > INT32_MAX || value_bytes > bytes_left) return false;
    h->left = (int32_t)count;
    h->value = 0;
    memcpy(&h->value, h->at, (size_t)value_bytes);
    if (h->width < 32 && h->value >> h->width != 0) return false;
    h->at += value_bytes;
    return true;
}

bool weft_pq_hybrid_read(weft_pq_hybrid *h, uint32_t *out, int32_t n)
{
    while (n > 0) {
        if (h->left == 0 && !hybrid_next_run(h)) return false;
        const int32_t part = weft_min_i32(n, h->left);
        if (h->packed) {
            h->kernels->unpack(h->bits, h->bit, h->width, out, part);
            h->bit += (int64_t)part * h->width;
        } else {
            const uint32_t value = h->value;
            for (int32_t i = 0; i < part; i++) out[i] = value;
        }
        h->left -= part;
        out += part;
        n -= part;
    }
    return true;
}

bool weft_pq_hybrid_skip(weft_pq_hybrid *h, int64_t n)
{
    while (n > 0) {
        if (h->left == 0 && !hybrid_next_run(h)) return false;
        const int32_t part = (int32_t)weft_min_i64(n, h->left);
        h->bit += (int64_t)part * h->width;
        h->left -= part;
        n -= part;
    }
    return true;
}

bool weft_pq_hybrid_pick(weft_pq_hybrid *h, const uint32_t *offsets, int32_t count, uint32_t *out)
{
    const uint32_t mask = h->width == 32 ? UINT32_MAX : ((uint32_t)1 << h->width) - 1;
    int64_t at = 0; /* offset of the cursor */
    int32_t i = 0;
    while (i < count) {
        if (h->left == 0 && !hybrid_next_run(h)) return false;
        const int64_t end = at + h->left;
        if (!h->packed) {
            for (; i < count && offsets[i] < end; i++) out[i] = h->value;
        } else {
            const uint8_t *bits = h->bits;
            const int64_t base = h->bit - at * h->width;
            for (; i < count && offsets[i] < end; i++) {
                const int64_t bit = base + (int64_t)offsets[i] * h->width;
                uint64_t word;
                memcpy(&word, bits + (bit >> 3), 8);
                out[i] = (uint32_t)(word >> (bit & 7)) & mask;
            }
        }
        /* Behind the last offset, or to the next run. */
        const int64_t next = i < count ? end : (int64_t)offsets[count - 1] + 1;
        h->bit += (next - at) * h->width;
        h->left -= (int32_t)(next - at);
        at = next;
    }
    return true;
}

bool weft_pq_hybrid_bits(weft_pq_hybrid *h, uint64_t *map, int64_t at, int64_t n, int64_t *ones)
{
    while (n > 0) {
        if (h->left == 0 && !hybrid_next_run(h)) return false;
        const int64_t part = weft_min_i64(n, h->left);
        if (h->packed) {
            *ones += weft_pq_bits_copy(map, at, h->bits, h->bit, part);
            h->bit += part;
        } else {
            weft_pq_bits_fill(map, at, part, h->value != 0);
            *ones += h->value != 0 ? part : 0;
        }
        h->left -= (int32_t)part;
        at += part;
        n -= part;
    }
    return true;
}
