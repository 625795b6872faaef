/* engine/expr/sketch/hll.h - HyperLogLog sketches of Apache DataSketches, as their bytes: the updatable form
 * with one byte a register (HLL_8), which Spark's hll_sketch_agg gives. Others' bytes may also be compact and
 * have 4 or 6 bits a register.
 *
 * A sketch begins as a list of up to 8 coupons (26 bits of the hash, 6 of the rank), goes on as a hash set of
 * them and ends as registers; the estimate of a sketch that saw its values one by one is better ("HIP") than
 * that of a union. All functions work on the bytes in place and ask for no memory. */
#ifndef WEFT_EXPR_SKETCH_HLL_H
#define WEFT_EXPR_SKETCH_HLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEFT_HLL_LG_K_MIN = 4, WEFT_HLL_LG_K_MAX = 21, WEFT_HLL_LG_K_DEFAULT = 12 };

/* Is this a sketch, whole and consistent? Everything else below wants bytes for which it is. */
bool weft_hll_valid(const uint8_t *bytes, size_t len);
int weft_hll_lg_k(const uint8_t *bytes);
/* Bytes of an updatable sketch. */
size_t weft_hll_bytes(const uint8_t *sketch);
/* Room in which a sketch of this size (NULL: a new one) takes `updates` more coupons. */
size_t weft_hll_room(const uint8_t *sketch, int lg_k, uint32_t updates);
/* Room in which a sketch takes whatever may be merged into it. */
size_t weft_hll_room_most(int lg_k);
/* An empty sketch. */
void weft_hll_start(uint8_t *sketch, int lg_k);
/* Add a value by its bytes; room: of the buffer (weft_hll_room). */
void weft_hll_update(uint8_t *sketch, size_t room, const void *value, size_t len);
/* Add what `other` counted; the sketch's registers become as few as the other's. lg_most: the most registers
 * of the union. room: weft_hll_room_most(lg_most). */
void weft_hll_merge(uint8_t *sketch, size_t room, int lg_most, const uint8_t *other, size_t len);
double weft_hll_estimate(const uint8_t *bytes, size_t len);

#endif
