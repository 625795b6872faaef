/* engine/expr/sketch/hll_table.h - how raw HyperLogLog estimates relate to true counts, as DataSketches
 * measured it ("composite" estimator): for 2^4 to 2^21 registers, the mean raw estimate at 257 counts that
 * are a stride apart. */
#ifndef WEFT_EXPR_SKETCH_HLL_TABLE_H
#define WEFT_EXPR_SKETCH_HLL_TABLE_H

enum { WEFT_HLL_TABLES = 18, WEFT_HLL_POINTS = 257 };

extern const double weft_hll_strides[WEFT_HLL_TABLES];
extern const double weft_hll_raw[WEFT_HLL_TABLES][WEFT_HLL_POINTS];

#endif
