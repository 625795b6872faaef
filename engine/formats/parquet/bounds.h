/* engine/formats/parquet/bounds.h - what statistics say, and whether a predicate may be true where they hold.
 */
#ifndef WEFT_FORMATS_PARQUET_BOUNDS_H
#define WEFT_FORMATS_PARQUET_BOUNDS_H

#include "engine/formats/parquet/meta.h"
#include "engine/formats/source.h"

/* Bounds of one column over some rows. */
typedef struct weft_pq_bounds {
    bool has_bounds;
    weft_value low, high;
    int64_t null_count; /* -1: unknown */
    int64_t rows;
} weft_pq_bounds;

/* From plain-encoded statistics; bounds that cannot be trusted or read are left out. Borrows their bytes. */
weft_pq_bounds weft_pq_bounds_of(const weft_pq_leaf *leaf, const weft_pq_stats *stats, int64_t rows);

/* All rows have this value. */
weft_pq_bounds weft_pq_bounds_of_value(const weft_value *value, int64_t rows);

/* May the predicate be true for some row, given the bounds of the columns (by ordinal; rows 0: nothing is
 * known)? */
bool weft_pq_may_match(const weft_expr *e, const weft_pq_bounds *columns, int32_t column_count);
bool weft_pq_may_match_keys(const weft_key_filter *keys, const weft_pq_bounds *bounds);

#endif
