/* engine/formats/parquet/write_stats.c - see the header. */
#include "engine/formats/parquet/write_stats.h"

#include <math.h>

static void bounds_bool(const uint8_t *v, int64_t n, weft_pqw_bounds *out)
{
    uint8_t low = 1, high = 0;
    for (int64_t i = 0; i < n; i++) {
        low = low & v[i];
        high = high | v[i];
    }
    out->low.i64 = low;
    out->high.i64 = high;
}

static void bounds_i32(const int32_t *v, int64_t n, weft_pqw_bounds *out)
{
    int32_t low = INT32_MAX, high = INT32_MIN;
    for (int64_t i = 0; i < n; i++) {
        low = v[i] < low ? v[i] : low;
        high = v[i] > high ? v[i] : high;
    }
    out->low.i64 = low;
    out->high.i64 = high;
}

static void bounds_i64(const int64_t *v, int64_t n, weft_pqw_bounds *out)
{
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (int64_t i = 0; i < n; i++) {
        low = v[i] < low ? v[i] : low;
        high = v[i] > high ? v[i] : high;
    }
    out->low.i64 = low;
    out->high.i64 = high;
}

static void bounds_i128(const weft_i128 *v, int64_t n, weft_pqw_bounds *out)
{
    out->low.i128 = out->high.i128 = v[0];
    for (int64_t i = 1; i < n; i++) {
        if (v[i] < out->low.i128) out->low.i128 = v[i];
        if (v[i] > out->high.i128) out->high.i128 = v[i];
    }
}

static void bounds_double(double value, weft_pqw_bounds *out)
{
    if (isnan(value)) {
        out->has_nan = true;
        return;
    }
    if (!out->seen || value < out->low.f64) out->low.f64 = value;
    if (!out->seen || value > out->high.f64) out->high.f64 = value;
    out->seen = true;
}

void weft_pqw_bounds_of(weft_pqw_kind kind, const void *values, int64_t n, weft_pqw_bounds *out)
{
    *out = (weft_pqw_bounds){.low.exact = true, .high.exact = true};
    switch (kind) {
    case WEFT_PQW_BOOL: bounds_bool(values, n, out); break;
    case WEFT_PQW_I32: bounds_i32(values, n, out); break;
    case WEFT_PQW_I64: bounds_i64(values, n, out); break;
    case WEFT_PQW_F32:
        for (int64_t i = 0; i < n; i++) bounds_double((double)((const float *)values)[i], out);
        return;
    case WEFT_PQW_F64:
        for (int64_t i = 0; i < n; i++) bounds_double(((const double *)values)[i], out);
        return;
    case WEFT_PQW_FIXED: bounds_i128(values, n, out); break;
    case WEFT_PQW_BYTES: assert(false); /* has its own function */
    }
    out->seen = n > 0;
}

/* Length of the longest prefix of at most `most` bytes that ends between UTF-8 characters. */
static int32_t text_cut(const uint8_t *bytes, int32_t most)
{
    int32_t len = most;
    while (len > 0 && len > most - 4 && (bytes[len] & 0xc0) == 0x80) len--;
    return (bytes[len] & 0xc0) == 0x80 || len == 0 ? most : len; /* no UTF-8 after all: cut anywhere */
}

/* Decode the character at p of exactly len bytes; UINT32_MAX when it is none. */
static uint32_t text_decode(const uint8_t *p, int32_t len)
{
    static const uint8_t lead[] = {0x00, 0x00, 0xc0, 0xe0, 0xf0};
    if (len < 1 || len > 4) return UINT32_MAX;
    if (len == 1) return p[0] < 0x80 ? p[0] : UINT32_MAX;
    uint32_t code = (uint32_t)(p[0] & ~lead[len] & 0x3f);
    for (int32_t i = 1; i < len; i++) code = code << 6 | (p[i] & 0x3fu);
    return code;
}

static int32_t text_encode(uint32_t code, uint8_t *p)
{
    if (code < 0x80) {
        p[0] = (uint8_t)code;
        return 1;
    }
    const int32_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (int32_t i = len - 1; i > 0; i--, code >>= 6) p[i] = (uint8_t)(0x80 | (code & 0x3f));
    p[0] = (uint8_t)((len == 2 ? 0xc0u : len == 3 ? 0xe0u : 0xf0u) | code);
    return len;
}

/* Raise the last character that can be raised and drop what follows it; false when none can. */
static bool text_raise(weft_pqw_bound *bound)
{
    int32_t end = bound->len;
    while (end > 0) {
        int32_t begin = end - 1;
        while (begin > 0 && end - begin < 4 && (bound->bytes[begin] & 0xc0) == 0x80) begin--;
        uint32_t code = text_decode(bound->bytes + begin, end - begin);
        if (code < 0x10ffff) {
            code = code + 1 == 0xd800 ? 0xe000 : code + 1; /* surrogates are no characters */
            bound->len = begin + text_encode(code, bound->bytes + begin);
            return true;
        }
        end = begin;
    }
    return false;
}

static bool binary_raise(weft_pqw_bound *bound)
{
    while (bound->len > 0) {
        if (bound->bytes[bound->len - 1] != 0xff) {
            bound->bytes[bound->len - 1]++;
            return true;
        }
        bound->len--;
    }
    return false;
}

void weft_pqw_bounds_of_strings(const weft_str *low, const weft_str *high, bool is_text, weft_pqw_bounds *out)
{
    *out = (weft_pqw_bounds){.seen = true};
    const uint8_t *low_bytes = (const uint8_t *)weft_str_data(low);
    const uint8_t *high_bytes = (const uint8_t *)weft_str_data(high);
    out->low.exact = low->len <= WEFT_PQW_BOUND_BYTES;
    out->low.len = (int32_t)low->len;
    if (!out->low.exact) {
        out->low.len = is_text ? text_cut(low_bytes, WEFT_PQW_BOUND_BYTES) : WEFT_PQW_BOUND_BYTES;
    }
    memcpy(out->low.bytes, low_bytes, (size_t)out->low.len);

    out->high.exact = high->len <= WEFT_PQW_BOUND_BYTES;
    out->high.len = (int32_t)high->len;
    if (!out->high.exact) {
        out->high.len = is_text ? text_cut(high_bytes, WEFT_PQW_BOUND_BYTES) : WEFT_PQW_BOUND_BYTES;
    }
    memcpy(out->high.bytes, high_bytes, (size_t)out->high.len);
    if (!out->high.exact) out->high_open = is_text ? !text_raise(&out->high) : !binary_raise(&out->high);
}

int weft_pqw_bound_compare(weft_pqw_kind kind, const weft_pqw_bound *a, const weft_pqw_bound *b)
{
    switch (kind) {
    case WEFT_PQW_BOOL:
    case WEFT_PQW_I32:
    case WEFT_PQW_I64: return a->i64 < b->i64 ? -1 : a->i64 > b->i64;
    case WEFT_PQW_F32:
    case WEFT_PQW_F64: return a->f64 < b->f64 ? -1 : a->f64 > b->f64;
    case WEFT_PQW_FIXED: return a->i128 < b->i128 ? -1 : a->i128 > b->i128;
    case WEFT_PQW_BYTES: break;
    }
    const int order = memcmp(a->bytes, b->bytes, (size_t)weft_min_i32(a->len, b->len));
    return order != 0 ? order : a->len < b->len ? -1 : a->len > b->len;
}

void weft_pqw_bounds_merge(weft_pqw_kind kind, weft_pqw_bounds *all, const weft_pqw_bounds *more)
{
    all->has_nan = all->has_nan || more->has_nan;
    if (!more->seen) return;
    if (!all->seen) {
        const bool has_nan = all->has_nan;
        *all = *more;
        all->has_nan = has_nan;
        return;
    }
    all->low_open = all->low_open || more->low_open;
    all->high_open = all->high_open || more->high_open;
    /* At a tie the exact one holds: the other side's true value lies within it. */
    const int low = weft_pqw_bound_compare(kind, &more->low, &all->low);
    if (low < 0 || (low == 0 && more->low.exact)) all->low = more->low;
    const int high = weft_pqw_bound_compare(kind, &more->high, &all->high);
    if (high > 0 || (high == 0 && more->high.exact)) all->high = more->high;
}

void weft_pqw_put_fixed(weft_i128 value, int32_t bytes, uint8_t *to)
{
    for (int32_t i = bytes - 1; i >= 0; i--, value >>= 8) to[i] = (uint8_t)value;
}

int32_t weft_pqw_bound_bytes(const weft_pqw_leaf *leaf, const weft_pqw_bound *bound, bool is_high,
                             uint8_t *to)
{
    double f64 = bound->f64;
    switch (leaf->kind) {
    case WEFT_PQW_BOOL: *to = (uint8_t)bound->i64; return 1;
    case WEFT_PQW_I32: memcpy(to, &(int32_t){(int32_t)bound->i64}, 4); return 4;
    case WEFT_PQW_I64: memcpy(to, &bound->i64, 8); return 8;
    case WEFT_PQW_F32:
        if (f64 == 0) f64 = is_high ? 0.0 : -0.0;
        memcpy(to, &(float){(float)f64}, 4);
        return 4;
    case WEFT_PQW_F64:
        if (f64 == 0) f64 = is_high ? 0.0 : -0.0;
        memcpy(to, &f64, 8);
        return 8;
    case WEFT_PQW_FIXED: weft_pqw_put_fixed(bound->i128, leaf->fixed_bytes, to); return leaf->fixed_bytes;
    case WEFT_PQW_BYTES: memcpy(to, bound->bytes, (size_t)bound->len); return bound->len;
    }
    return 0;
}
