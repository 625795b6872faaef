/* engine/expr/sketch/murmur128.h - MurmurHash3_x64_128 (Austin Appleby), which DataSketches hash with. */
#ifndef WEFT_EXPR_SKETCH_MURMUR128_H
#define WEFT_EXPR_SKETCH_MURMUR128_H

#include <stddef.h>
#include <stdint.h>

enum { WEFT_SKETCH_SEED = 9001 }; /* DataSketches' default */

void weft_murmur128(const void *bytes, size_t len, uint64_t seed, uint64_t out[2]);

#endif
