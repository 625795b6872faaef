/* engine/formats/parquet/write_gather.c - from the physical types of columns to the staged form of a leaf.
 *
 * Narrow integers are widened; decimals are held in 64 or 128 bits as the batch's values need, and are
 * written in the width of their declared precision. A value that does not fit there is a defect of what made
 * the batch. */
#include "engine/formats/parquet/write_column.h"

#define WEFT_FROM int8_t
#define WEFT_INTO int32_t
#define WEFT_NAME i8_i32
#include "engine/formats/parquet/write_gather.inc.h"

#define WEFT_FROM int16_t
#define WEFT_INTO int32_t
#define WEFT_NAME i16_i32
#include "engine/formats/parquet/write_gather.inc.h"

#define WEFT_FROM int64_t
#define WEFT_INTO int32_t
#define WEFT_NAME i64_i32
#include "engine/formats/parquet/write_gather.inc.h"

#define WEFT_FROM weft_i128
#define WEFT_INTO int32_t
#define WEFT_NAME i128_i32
#include "engine/formats/parquet/write_gather.inc.h"

#define WEFT_FROM int32_t
#define WEFT_INTO int64_t
#define WEFT_NAME i32_i64
#include "engine/formats/parquet/write_gather.inc.h"

#define WEFT_FROM weft_i128
#define WEFT_INTO int64_t
#define WEFT_NAME i128_i64
#include "engine/formats/parquet/write_gather.inc.h"

#define WEFT_FROM int32_t
#define WEFT_INTO weft_i128
#define WEFT_NAME i32_i128
#include "engine/formats/parquet/write_gather.inc.h"

#define WEFT_FROM int64_t
#define WEFT_INTO weft_i128
#define WEFT_NAME i64_i128
#include "engine/formats/parquet/write_gather.inc.h"

/* The same type on both sides: moved by its bytes. */
static bool gather_w1(const void *from, const uint32_t *index, int32_t n, void *to)
{
    for (int32_t i = 0; i < n; i++) ((uint8_t *)to)[i] = ((const uint8_t *)from)[index[i]];
    return true;
}

static bool gather_w4(const void *from, const uint32_t *index, int32_t n, void *to)
{
    for (int32_t i = 0; i < n; i++) ((uint32_t *)to)[i] = ((const uint32_t *)from)[index[i]];
    return true;
}

static bool gather_w8(const void *from, const uint32_t *index, int32_t n, void *to)
{
    for (int32_t i = 0; i < n; i++) ((uint64_t *)to)[i] = ((const uint64_t *)from)[index[i]];
    return true;
}

static bool gather_w16(const void *from, const uint32_t *index, int32_t n, void *to)
{
    for (int32_t i = 0; i < n; i++) ((weft_str *)to)[i] = ((const weft_str *)from)[index[i]];
    return true;
}

typedef bool (*gather_function)(const void *from, const uint32_t *index, int32_t n, void *to);

/* By kind of leaf and physical type of the column; NULL where the two do not meet. */
static const gather_function gather_table[WEFT_PQW_BYTES + 1][WEFT_PHYS_COUNT] = {
    [WEFT_PQW_BOOL] = {[WEFT_PHYS_BOOL] = gather_w1},
    [WEFT_PQW_I32] = {[WEFT_PHYS_I8] = gather_i8_i32,
                      [WEFT_PHYS_I16] = gather_i16_i32,
                      [WEFT_PHYS_I32] = gather_w4,
                      [WEFT_PHYS_I64] = gather_i64_i32,
                      [WEFT_PHYS_I128] = gather_i128_i32},
    [WEFT_PQW_I64] =
        {[WEFT_PHYS_I32] = gather_i32_i64, [WEFT_PHYS_I64] = gather_w8, [WEFT_PHYS_I128] = gather_i128_i64},
    [WEFT_PQW_F32] = {[WEFT_PHYS_F32] = gather_w4},
    [WEFT_PQW_F64] = {[WEFT_PHYS_F64] = gather_w8},
    [WEFT_PQW_FIXED] =
        {[WEFT_PHYS_I32] = gather_i32_i128, [WEFT_PHYS_I64] = gather_i64_i128, [WEFT_PHYS_I128] = gather_w16},
    [WEFT_PQW_BYTES] = {[WEFT_PHYS_STR] = gather_w16},
};

static int32_t gather_bytes(weft_pqw_kind kind)
{
    static const int32_t bytes[] = {1, 4, 8, 4, 8, 16, 16};
    return bytes[kind];
}

weft_status weft_pqw_gather(weft_ctx *ctx, const weft_pqw_leaf *leaf, weft_phys phys, const void *values,
                            const uint32_t *index, int32_t n, void *to)
{
    const gather_function gather = gather_table[leaf->kind][phys];
    if (gather == NULL) {
        return weft_fail(ctx, WEFT_INTERNAL,
                         "The column `%s` came as physical type %d to be written as Parquet's %d.",
                         leaf->dotted, (int)phys, (int)leaf->physical);
    }
    if (index == NULL && weft_phys_bytes(phys) == gather_bytes(leaf->kind)) {
        memcpy(to, values, (size_t)n * (size_t)gather_bytes(leaf->kind));
        return WEFT_OK;
    }
    if (!gather(values, index, n, to)) {
        return weft_fail(ctx, WEFT_INTERNAL, "A value of the column `%s` is too large for its type.",
                         leaf->dotted);
    }
    return WEFT_OK;
}

weft_status weft_pqw_gather_input(weft_ctx *ctx, const weft_pqw_leaf *leaf, weft_phys phys,
                                  const void *values, const uint32_t *index, int32_t n, void *to)
{
    weft_status st = WEFT_OK;
    const bool micros = leaf->type.id == WEFT_TYPE_TIME && weft_type_time_digits(leaf->type) <= 6;
    WEFT_TRY(st, weft_pqw_gather(ctx, leaf, phys, values, index, n, to));
    for (int32_t i = 0; micros && i < n; i++) ((int64_t *)to)[i] /= 1000;
done:
    return st;
}
