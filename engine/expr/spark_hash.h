/* engine/expr/spark_hash.h - the hashes that Spark's answers depend on: its MurmurHash3 of 32 bits, and
 * xxHash64, over values of any type, as hash() and xxhash64() chain them. */
#ifndef WEFT_EXPR_SPARK_HASH_H
#define WEFT_EXPR_SPARK_HASH_H

#include "engine/columnar/column.h"

/* The hash so far (at first the seed, 42) with the value of a physical row; NULL changes nothing. Elements of
 * arrays, fields of structs, keys and values of maps go in one after the other. */
uint64_t weft_spark_murmur(const weft_column *column, int32_t row, uint64_t hash);
uint64_t weft_spark_xxhash(const weft_column *column, int32_t row, uint64_t hash);

/* MurmurHash3_x86_32 of bytes, but that those behind the last word are mixed one by one. */
uint32_t weft_murmur_bytes(const void *bytes, uint32_t len, uint32_t seed);
/* MurmurHash3_x86_32 of one 32-bit word and of one of 64 bits. */
uint32_t weft_murmur_u32(uint32_t value, uint32_t seed);
uint32_t weft_murmur_u64(uint64_t value, uint32_t seed);

#endif
