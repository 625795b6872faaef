/* engine/formats/parquet/bytes.h - a growing buffer of bytes, for what the writer assembles.
 *
 * Zero is empty. Doubling growth, working memory of the ctx; contents move when it grows. */
#ifndef WEFT_FORMATS_PARQUET_BYTES_H
#define WEFT_FORMATS_PARQUET_BYTES_H

#include <string.h>

#include "common/mem.h"

typedef struct weft_bytes {
    uint8_t *data;
    int64_t len, capacity;
} weft_bytes;

/* Room for `more` bytes behind len. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK static inline weft_status weft_bytes_reserve(weft_ctx *ctx, weft_bytes *b, int64_t more)
{
    if (WEFT_LIKELY(more <= b->capacity - b->len)) return WEFT_OK;
    const int64_t want = (int64_t)weft_pow2_ceil((uint64_t)weft_max_i64(b->len + more, 256));
    void *data = b->data;
    const weft_status st = weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)want, &data);
    if (st != WEFT_OK) return st;
    b->data = data;
    b->capacity = want;
    return WEFT_OK;
}

/* Append what was reserved before. */
static inline void weft_bytes_put(weft_bytes *b, const void *data, int64_t len)
{
    WEFT_DASSERT(len <= b->capacity - b->len);
    if (len > 0) memcpy(b->data + b->len, data, (size_t)len);
    b->len += len;
}
static inline void weft_bytes_put_u32(weft_bytes *b, uint32_t value) /* little-endian machines only */
{
    weft_bytes_put(b, &value, 4);
}
static inline void weft_bytes_put_varint(weft_bytes *b, uint64_t value) /* at most 10 bytes */
{
    WEFT_DASSERT(b->capacity - b->len >= 10);
    while (value >= 0x80) {
        b->data[b->len++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    b->data[b->len++] = (uint8_t)value;
}
static inline void weft_bytes_put_zigzag(weft_bytes *b, int64_t value)
{
    weft_bytes_put_varint(b, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

WEFT_MUST_CHECK static inline weft_status weft_bytes_append(weft_ctx *ctx, weft_bytes *b, const void *data,
                                                            int64_t len)
{
    const weft_status st = weft_bytes_reserve(ctx, b, len);
    if (st == WEFT_OK) weft_bytes_put(b, data, len);
    return st;
}

static inline void weft_bytes_deinit(weft_bytes *b)
{
    weft_mem_free(b->data);
    *b = (weft_bytes){0};
}

#endif
