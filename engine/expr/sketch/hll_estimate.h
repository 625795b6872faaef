/* engine/expr/sketch/hll_estimate.h - what HyperLogLog sketches are estimated to have seen. */
#ifndef WEFT_EXPR_SKETCH_HLL_ESTIMATE_H
#define WEFT_EXPR_SKETCH_HLL_ESTIMATE_H

#include <stdint.h>

/* Of so many different coupons. */
double weft_hll_coupon_estimate(uint32_t count);
/* Of 2^lg_k registers, `sum` being that of 2^-rank, of which `empty` are 0. */
double weft_hll_composite_estimate(int lg_k, double sum, uint32_t empty);

#endif
