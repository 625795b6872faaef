/* common/base.h - the few macros and inline helpers that every file uses.
 *
 * Nothing here allocates, locks or fails. */
#ifndef WEFT_COMMON_BASE_H
#define WEFT_COMMON_BASE_H

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEFT_MUST_CHECK                        __attribute__((warn_unused_result))
#define WEFT_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
#define WEFT_LIKELY(x)                         __builtin_expect(!!(x), 1)
#define WEFT_UNLIKELY(x)                       __builtin_expect(!!(x), 0)
#define WEFT_COUNT(array)                      ((int32_t)(sizeof(array) / sizeof((array)[0])))

/* Run expr, a weft_status; on failure leave by the label `done`. */
#define WEFT_TRY(st, expr)                                                                                   \
    do {                                                                                                     \
        (st) = (expr);                                                                                       \
        if (WEFT_UNLIKELY((st) != WEFT_OK)) goto done;                                                       \
    } while (0)

/* An assert for hot loops: checked in debug builds only. */
#ifdef WEFT_DEBUG
#define WEFT_DASSERT(x) assert(x)
#else
#define WEFT_DASSERT(x) ((void)0)
#endif

#define WEFT_CAT2(a, b)    a##b
#define WEFT_CAT(a, b)     WEFT_CAT2(a, b)
#define WEFT_STRINGIFY2(a) #a
#define WEFT_STRINGIFY(a)  WEFT_STRINGIFY2(a)

__extension__ typedef __int128 weft_i128;
__extension__ typedef unsigned __int128 weft_u128;

static inline int64_t weft_min_i64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t weft_max_i64(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int32_t weft_min_i32(int32_t a, int32_t b) { return a < b ? a : b; }
static inline int32_t weft_max_i32(int32_t a, int32_t b) { return a > b ? a : b; }

/* Round value up to a multiple of unit, a power of two. */
static inline size_t weft_round_up(size_t value, size_t unit) { return (value + unit - 1) & ~(unit - 1); }

/* The least power of two at or above value; 1 for 0. value must be at most 2^63. */
static inline uint64_t weft_pow2_ceil(uint64_t value)
{
    return value <= 1 ? 1 : (uint64_t)1 << (64 - __builtin_clzll(value - 1));
}

/* Bitmaps are little-endian within 64-bit words: bit i of a map is bit (i & 63) of word i / 64 (Arrow's
 * order). */
static inline bool weft_bit_get(const uint64_t *map, int64_t i) { return (map[i >> 6] >> (i & 63)) & 1; }
static inline void weft_bit_set(uint64_t *map, int64_t i) { map[i >> 6] |= (uint64_t)1 << (i & 63); }
static inline void weft_bit_clear(uint64_t *map, int64_t i) { map[i >> 6] &= ~((uint64_t)1 << (i & 63)); }
static inline int64_t weft_bit_words(int64_t bits) { return (bits + 63) >> 6; }

#endif
