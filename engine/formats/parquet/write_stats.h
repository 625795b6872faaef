/* engine/formats/parquet/write_stats.h - the least and greatest value of a page or chunk, as statistics say
 * it.
 *
 * Source: ColumnOrder and Statistics in parquet.thrift 2.11: NaN is left out, zeros are widened to -0.0 and
 * +0.0, strings are cut (the least cut off, the greatest cut and raised) and marked inexact. */
#ifndef WEFT_FORMATS_PARQUET_WRITE_STATS_H
#define WEFT_FORMATS_PARQUET_WRITE_STATS_H

#include "engine/columnar/column.h"
#include "engine/formats/parquet/write_schema.h"

enum { WEFT_PQW_BOUND_BYTES = 64 }; /* what parquet-java keeps of a string in the column index */

typedef struct weft_pqw_bound {
    union {
        int64_t i64;    /* BOOL, I32, I64 */
        double f64;     /* F32, F64 */
        weft_i128 i128; /* FIXED */
    };
    uint8_t bytes[WEFT_PQW_BOUND_BYTES + 8]; /* BYTES; raising a character may take a byte more */
    int32_t len;                             /* BYTES */
    bool exact;
} weft_pqw_bound;

typedef struct weft_pqw_bounds {
    bool seen;                /* a value that has bounds was seen */
    bool has_nan;             /* NaN was seen */
    bool low_open, high_open; /* no bound can be told on that side (a string of 0xff bytes) */
    weft_pqw_bound low, high;
} weft_pqw_bounds;

/* The bounds of n > 0 values in the leaf's staged form (int8 booleans, int32, ..., fixed i128). */
void weft_pqw_bounds_of(weft_pqw_kind kind, const void *values, int64_t n, weft_pqw_bounds *out);
/* The bounds from the least and greatest string. is_text: keep whole UTF-8 characters. */
void weft_pqw_bounds_of_strings(const weft_str *low, const weft_str *high, bool is_text,
                                weft_pqw_bounds *out);
/* Widen `all` by `more`. */
void weft_pqw_bounds_merge(weft_pqw_kind kind, weft_pqw_bounds *all, const weft_pqw_bounds *more);
/* <0, 0, >0 */
int weft_pqw_bound_compare(weft_pqw_kind kind, const weft_pqw_bound *a, const weft_pqw_bound *b);
/* May both bounds be written: values were seen and both sides are closed. */
static inline bool weft_pqw_bounds_told(const weft_pqw_bounds *b)
{
    return b->seen && !b->low_open && !b->high_open;
}
/* The bytes of a bound as PLAIN has them, without a length: up to WEFT_PQW_BOUND_BYTES + 8; returns how many.
 */
int32_t weft_pqw_bound_bytes(const weft_pqw_leaf *leaf, const weft_pqw_bound *bound, bool is_high,
                             uint8_t *to);
/* A decimal as big-endian two's complement of `bytes` bytes. */
void weft_pqw_put_fixed(weft_i128 value, int32_t bytes, uint8_t *to);

#endif
