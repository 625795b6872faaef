/* engine/formats/parquet/write_encode.c - RLE / bit-packed hybrid, bits, DELTA_BINARY_PACKED,
 * DELTA_BYTE_ARRAY.
 *
 * The hybrid looks for runs at every eighth value only: a run of 16 always covers one whole group of eight,
 * shorter ones cost less bit-packed than the search for them would. */
#include "engine/formats/parquet/write_encode.h"

enum {
    HYBRID_RUN_MIN = 8, /* a shorter run cannot beat the group of eight that it lies in */
    DELTA_BLOCK = 128,  /* what parquet-java and Arrow write */
    DELTA_MINIBLOCKS = 4,
    DELTA_MINI = DELTA_BLOCK / DELTA_MINIBLOCKS
};

/* Append count values of `width` bits, least significant bit first; count is a multiple of 8. Room was
 * reserved. */
static void put_packed(weft_bytes *out, const uint32_t *values, int64_t count, int width)
{
    uint8_t *to = out->data + out->len;
    uint64_t window = 0;
    int bits = 0;
    for (int64_t i = 0; i < count; i++) {
        window |= (uint64_t)values[i] << bits;
        bits += width;
        if (bits >= 32) {
            const uint32_t word = (uint32_t)window;
            memcpy(to, &word, 4);
            to += 4;
            window >>= 32;
            bits -= 32;
        }
    }
    for (; bits > 0; bits -= 8) {
        *to++ = (uint8_t)window;
        window >>= 8;
    }
    out->len = to - out->data;
}

/* A bit-packed run of any length; the last group is filled up with zeros. Room was reserved. */
static void hybrid_literals(weft_bytes *out, const uint32_t *values, int64_t count, int width)
{
    if (count == 0) return;
    const int64_t groups = (count + 7) / 8;
    const int64_t whole = count / 8 * 8;
    weft_bytes_put_varint(out, (uint64_t)groups << 1 | 1);
    put_packed(out, values, whole, width);
    if (whole < count) {
        uint32_t last[8] = {0};
        memcpy(last, values + whole, (size_t)(count - whole) * sizeof(*last));
        put_packed(out, last, 8, width);
    }
}

static void hybrid_run(weft_bytes *out, uint32_t value, int64_t count, int width)
{
    weft_bytes_put_varint(out, (uint64_t)count << 1);
    weft_bytes_put(out, &value, (width + 7) / 8);
}

weft_status weft_pqw_put_repeated(weft_ctx *ctx, weft_bytes *out, uint32_t value, int64_t count, int width)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_bytes_reserve(ctx, out, 16));
    if (count > 0) hybrid_run(out, value, count, width);
done:
    return st;
}

weft_status weft_pqw_put_hybrid(weft_ctx *ctx, weft_bytes *out, const uint32_t *values, int64_t count,
                                int width)
{
    weft_status st = WEFT_OK;
    int64_t begin = 0; /* of the literals not yet written */
    /* Worst: every other group is a run of eight: header and value of the run, header of the literals. */
    WEFT_TRY(st, weft_bytes_reserve(ctx, out, (count + 7) / 8 * (width + 8) + 64));
    for (int64_t i = 0; i < count;) {
        int64_t end = i + 1;
        while (end < count && values[end] == values[i]) end++;
        if (end - i >= HYBRID_RUN_MIN) {
            hybrid_literals(out, values + begin, i - begin, width);
            hybrid_run(out, values[i], end - i, width);
            begin = i = end;
        } else {
            i += 8;
        }
    }
    hybrid_literals(out, values + begin, count - begin, width);
done:
    return st;
}

weft_status weft_pqw_put_bits(weft_ctx *ctx, weft_bytes *out, const uint8_t *values, int64_t count)
{
    weft_status st = WEFT_OK;
    const int64_t bytes = (count + 7) / 8;
    WEFT_TRY(st, weft_bytes_reserve(ctx, out, bytes));
    uint8_t *to = out->data + out->len;
    memset(to, 0, (size_t)bytes);
    for (int64_t i = 0; i < count; i++) to[i >> 3] = (uint8_t)(to[i >> 3] | values[i] << (i & 7));
    out->len += bytes;
done:
    return st;
}

/* Append 32 values of `width` bits (0..64). Room was reserved. */
static void delta_pack(weft_bytes *out, const uint64_t *values, int width)
{
    uint8_t *to = out->data + out->len;
    weft_u128 window = 0;
    int bits = 0;
    for (int i = 0; i < DELTA_MINI; i++) {
        window |= (weft_u128)values[i] << bits;
        bits += width;
        while (bits >= 8) {
            *to++ = (uint8_t)window;
            window >>= 8;
            bits -= 8;
        }
    }
    out->len = to - out->data; /* 32 values of any width end at a whole byte */
}

/* One block of deltas (count <= 128), the rest of the last miniblock filled with zeros. */
static weft_status delta_block(weft_ctx *ctx, weft_bytes *out, const uint64_t *deltas, int count,
                               int64_t least)
{
    weft_status st = WEFT_OK;
    uint8_t widths[DELTA_MINIBLOCKS] = {0};
    uint64_t rest[DELTA_BLOCK] = {0};
    WEFT_TRY(st, weft_bytes_reserve(ctx, out, 10 + DELTA_MINIBLOCKS + DELTA_BLOCK * 8));
    for (int i = 0; i < count; i++) rest[i] = deltas[i] - (uint64_t)least;
    for (int m = 0; m < DELTA_MINIBLOCKS; m++) {
        uint64_t all = 0;
        for (int i = 0; i < DELTA_MINI; i++) all |= rest[m * DELTA_MINI + i];
        widths[m] = (uint8_t)(all == 0 ? 0 : 64 - __builtin_clzll(all));
    }
    weft_bytes_put_zigzag(out, least);
    weft_bytes_put(out, widths, DELTA_MINIBLOCKS);
    for (int m = 0; m * DELTA_MINI < count; m++) delta_pack(out, rest + m * DELTA_MINI, widths[m]);
done:
    return st;
}

static weft_status delta_head(weft_ctx *ctx, weft_bytes *out, int64_t count, int64_t first)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_bytes_reserve(ctx, out, 40));
    weft_bytes_put_varint(out, DELTA_BLOCK);
    weft_bytes_put_varint(out, DELTA_MINIBLOCKS);
    weft_bytes_put_varint(out, (uint64_t)count);
    weft_bytes_put_zigzag(out, first);
done:
    return st;
}

weft_status weft_pqw_put_delta_i64(weft_ctx *ctx, weft_bytes *out, const int64_t *values, int64_t count)
{
    weft_status st = WEFT_OK;
    uint64_t deltas[DELTA_BLOCK];
    WEFT_TRY(st, delta_head(ctx, out, count, count > 0 ? values[0] : 0));
    for (int64_t i = 1; i < count; i += DELTA_BLOCK) {
        const int n = (int)weft_min_i64(DELTA_BLOCK, count - i);
        int64_t least = INT64_MAX;
        for (int k = 0; k < n; k++) {
            deltas[k] = (uint64_t)values[i + k] - (uint64_t)values[i + k - 1]; /* wraps, as the format says */
            least = weft_min_i64(least, (int64_t)deltas[k]);
        }
        WEFT_TRY(st, delta_block(ctx, out, deltas, n, least));
    }
done:
    return st;
}

/* 32-bit deltas wrap at 32 bits, so that no miniblock is wider than its type. */
weft_status weft_pqw_put_delta_i32(weft_ctx *ctx, weft_bytes *out, const int32_t *values, int64_t count)
{
    weft_status st = WEFT_OK;
    uint64_t deltas[DELTA_BLOCK];
    int32_t wrapped[DELTA_BLOCK];
    WEFT_TRY(st, delta_head(ctx, out, count, count > 0 ? values[0] : 0));
    for (int64_t i = 1; i < count; i += DELTA_BLOCK) {
        const int n = (int)weft_min_i64(DELTA_BLOCK, count - i);
        int32_t least = INT32_MAX;
        for (int k = 0; k < n; k++) {
            wrapped[k] = (int32_t)((uint32_t)values[i + k] - (uint32_t)values[i + k - 1]);
            least = weft_min_i32(least, wrapped[k]);
        }
        for (int k = 0; k < n; k++) deltas[k] = (uint64_t)(int64_t)wrapped[k];
        WEFT_TRY(st, delta_block(ctx, out, deltas, n, least));
    }
done:
    return st;
}

weft_status weft_pqw_put_delta_bytes(weft_ctx *ctx, weft_bytes *out, const uint8_t *plain, int64_t count)
{
    weft_status st = WEFT_OK;
    weft_bytes suffixes = {0};
    int32_t *prefix_lens = NULL;
    int32_t *suffix_lens = NULL;
    const uint8_t *before = NULL;
    uint32_t before_len = 0;
    const size_t lens_bytes = (size_t)weft_max_i64(count, 1) * sizeof(int32_t);
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, lens_bytes, (void **)&prefix_lens));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, lens_bytes, (void **)&suffix_lens));
    for (int64_t i = 0; i < count; i++) {
        uint32_t len;
        memcpy(&len, plain, 4);
        plain += 4;
        uint32_t shared = 0;
        while (shared < len && shared < before_len && plain[shared] == before[shared]) shared++;
        prefix_lens[i] = (int32_t)shared;
        suffix_lens[i] = (int32_t)(len - shared);
        WEFT_TRY(st, weft_bytes_append(ctx, &suffixes, plain + shared, len - shared));
        before = plain;
        before_len = len;
        plain += len;
    }
    WEFT_TRY(st, weft_pqw_put_delta_i32(ctx, out, prefix_lens, count));
    WEFT_TRY(st, weft_pqw_put_delta_i32(ctx, out, suffix_lens, count));
    WEFT_TRY(st, weft_bytes_append(ctx, out, suffixes.data, suffixes.len));
done:
    weft_bytes_deinit(&suffixes);
    weft_mem_free(prefix_lens);
    weft_mem_free(suffix_lens);
    return st;
}
