/* engine/formats/parquet/key_test.c - key filters over a column. NULL keys never match. */
#include "common/bloom.h"
#include "common/hash.h"
#include "engine/formats/parquet/scan.h"

static inline bool key_test_integer(const weft_key_filter *keys, int64_t value)
{
    if (keys->has_range && (value < keys->low || value > keys->high)) return false;
    if (keys->kind == WEFT_KEY_FILTER_BITMAP) {
        const uint64_t bit = (uint64_t)value - (uint64_t)keys->low;
        return (keys->bits[bit >> 6] >> (bit & 63)) & 1;
    }
    if (keys->kind == WEFT_KEY_FILTER_BLOOM)
        return weft_bloom_test(keys->bits, keys->block_mask, weft_hash_u64((uint64_t)value));
    return true;
}

static inline bool key_test_string(const weft_key_filter *keys, const weft_str *value)
{
    if (keys->kind != WEFT_KEY_FILTER_BLOOM) return true;
    return weft_bloom_test(keys->bits, keys->block_mask, weft_hash_bytes(weft_str_data(value), value->len));
}

/* One value of any type; types that have no keys always may match. */
static bool key_test_value(const weft_key_filter *keys, uint8_t phys, const void *value)
{
    switch ((weft_phys)phys) {
    case WEFT_PHYS_BOOL:
    case WEFT_PHYS_I8: return key_test_integer(keys, *(const int8_t *)value);
    case WEFT_PHYS_I16: return key_test_integer(keys, *(const int16_t *)value);
    case WEFT_PHYS_I32: return key_test_integer(keys, *(const int32_t *)value);
    case WEFT_PHYS_I64: return key_test_integer(keys, *(const int64_t *)value);
    case WEFT_PHYS_I128: {
        weft_i128 wide;
        memcpy(&wide, value, sizeof wide);
        return wide == (int64_t)wide && key_test_integer(keys, (int64_t)wide);
    }
    case WEFT_PHYS_STR: return key_test_string(keys, value);
    case WEFT_PHYS_F32:
    case WEFT_PHYS_F64:
    case WEFT_PHYS_LIST:
    case WEFT_PHYS_STRUCT:
    case WEFT_PHYS_NULL:
    case WEFT_PHYS_COUNT: break;
    }
    return true;
}

int32_t weft_pq_test_keys(const weft_pq_kernels *kernels, const weft_key_filter *keys,
                          const weft_column *column, const uint16_t *positions, int32_t count, uint16_t *out)
{
    int32_t kept = 0;
    if (keys->empty) return 0;
    if (column->encoding == WEFT_FLAT && column->validity == NULL) {
        if (column->phys == WEFT_PHYS_I64) return kernels->keys64(keys, column->data, positions, count, out);
        if (column->phys == WEFT_PHYS_I32) return kernels->keys32(keys, column->data, positions, count, out);
    }
    for (int32_t i = 0; i < count; i++) {
        const int32_t row = positions != NULL ? positions[i] : i;
        out[kept] = (uint16_t)row;
        kept += !weft_column_is_null(column, row) &&
                key_test_value(keys, column->phys, weft_column_value(column, row));
    }
    return kept;
}
