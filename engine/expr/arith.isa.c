/* engine/expr/arith.isa.c - loops of + - * for every physical type, once per instruction set.
 *
 * Integers wrap and report: for a sum the sign of (a ^ r) & (b ^ r) tells of overflow, for a difference that
 * of (a ^ b) & (a ^ r); both vectorise, unlike the carry flag. Products are formed in the next wider type. */
#include <string.h>

#include "engine/expr/kernel.h"

/* These functions exist so that the operators have the checked form f(a, b, &bad) with plain types. */

static inline int8_t i8_add(int8_t a, int8_t b, int8_t *bad)
{
    const int8_t r = (int8_t)((uint8_t)a + (uint8_t)b);
    *bad = (int8_t)(*bad | ((a ^ r) & (b ^ r)));
    return r;
}
static inline int8_t i8_sub(int8_t a, int8_t b, int8_t *bad)
{
    const int8_t r = (int8_t)((uint8_t)a - (uint8_t)b);
    *bad = (int8_t)(*bad | ((a ^ b) & (a ^ r)));
    return r;
}

static inline int8_t i8_mul(int8_t a, int8_t b, int8_t *bad)
{
    const int32_t wide = (int32_t)a * b;
    const int8_t r = (int8_t)wide;
    *bad = (int8_t)(*bad | -(wide != r)); /* the sign bit, as of the sums */
    return r;
}

static inline int16_t i16_add(int16_t a, int16_t b, int16_t *bad)
{
    const int16_t r = (int16_t)((uint16_t)a + (uint16_t)b);
    *bad = (int16_t)(*bad | ((a ^ r) & (b ^ r)));
    return r;
}
static inline int16_t i16_sub(int16_t a, int16_t b, int16_t *bad)
{
    const int16_t r = (int16_t)((uint16_t)a - (uint16_t)b);
    *bad = (int16_t)(*bad | ((a ^ b) & (a ^ r)));
    return r;
}

static inline int16_t i16_mul(int16_t a, int16_t b, int16_t *bad)
{
    const int32_t wide = (int32_t)a * b;
    const int16_t r = (int16_t)wide;
    *bad = (int16_t)(*bad | -(wide != r)); /* the sign bit, as of the sums */
    return r;
}

static inline int32_t i32_add(int32_t a, int32_t b, int32_t *bad)
{
    const int32_t r = (int32_t)((uint32_t)a + (uint32_t)b);
    *bad = (int32_t)(*bad | ((a ^ r) & (b ^ r)));
    return r;
}
static inline int32_t i32_sub(int32_t a, int32_t b, int32_t *bad)
{
    const int32_t r = (int32_t)((uint32_t)a - (uint32_t)b);
    *bad = (int32_t)(*bad | ((a ^ b) & (a ^ r)));
    return r;
}

static inline int32_t i32_mul(int32_t a, int32_t b, int32_t *bad)
{
    const int64_t wide = (int64_t)a * b;
    const int32_t r = (int32_t)wide;
    *bad = (int32_t)(*bad | -(wide != r)); /* the sign bit, as of the sums */
    return r;
}

static inline int64_t i64_add(int64_t a, int64_t b, int64_t *bad)
{
    const int64_t r = (int64_t)((uint64_t)a + (uint64_t)b);
    *bad = (int64_t)(*bad | ((a ^ r) & (b ^ r)));
    return r;
}
static inline int64_t i64_sub(int64_t a, int64_t b, int64_t *bad)
{
    const int64_t r = (int64_t)((uint64_t)a - (uint64_t)b);
    *bad = (int64_t)(*bad | ((a ^ b) & (a ^ r)));
    return r;
}

static inline int64_t i64_mul(int64_t a, int64_t b, int64_t *bad)
{
    int64_t r;
    *bad |= -(int64_t)__builtin_mul_overflow(a, b, &r);
    return r;
}

static inline weft_i128 i128_add(weft_i128 a, weft_i128 b, bool *bad)
{
    weft_i128 r;
    *bad |= __builtin_add_overflow(a, b, &r);
    return r;
}

static inline weft_i128 i128_sub(weft_i128 a, weft_i128 b, bool *bad)
{
    weft_i128 r;
    *bad |= __builtin_sub_overflow(a, b, &r);
    return r;
}

static inline weft_i128 i128_mul(weft_i128 a, weft_i128 b, bool *bad)
{
    weft_i128 r;
    *bad |= __builtin_mul_overflow(a, b, &r);
    return r;
}

#define WEFT_NAME             add_i8
#define WEFT_T                int8_t
#define WEFT_APPLY(a, b, bad) i8_add(a, b, &(bad))
#define WEFT_BAD_T            int8_t
#define WEFT_IS_BAD(bad)      ((bad) < 0)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             add_i16
#define WEFT_T                int16_t
#define WEFT_APPLY(a, b, bad) i16_add(a, b, &(bad))
#define WEFT_BAD_T            int16_t
#define WEFT_IS_BAD(bad)      ((bad) < 0)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             add_i32
#define WEFT_T                int32_t
#define WEFT_APPLY(a, b, bad) i32_add(a, b, &(bad))
#define WEFT_BAD_T            int32_t
#define WEFT_IS_BAD(bad)      ((bad) < 0)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             add_i64
#define WEFT_T                int64_t
#define WEFT_APPLY(a, b, bad) i64_add(a, b, &(bad))
#define WEFT_BAD_T            int64_t
#define WEFT_IS_BAD(bad)      ((bad) < 0)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             add_i128
#define WEFT_T                weft_i128
#define WEFT_APPLY(a, b, bad) i128_add(a, b, &(bad))
#define WEFT_BAD_T            bool
#define WEFT_IS_BAD(bad)      (bad)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             add_f32
#define WEFT_T                float
#define WEFT_APPLY(a, b, bad) ((a) + (b))
#define WEFT_BAD_T            bool
#define WEFT_IS_BAD(bad)      (bad)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             add_f64
#define WEFT_T                double
#define WEFT_APPLY(a, b, bad) ((a) + (b))
#define WEFT_BAD_T            bool
#define WEFT_IS_BAD(bad)      (bad)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             sub_i8
#define WEFT_T                int8_t
#define WEFT_APPLY(a, b, bad) i8_sub(a, b, &(bad))
#define WEFT_BAD_T            int8_t
#define WEFT_IS_BAD(bad)      ((bad) < 0)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             sub_i16
#define WEFT_T                int16_t
#define WEFT_APPLY(a, b, bad) i16_sub(a, b, &(bad))
#define WEFT_BAD_T            int16_t
#define WEFT_IS_BAD(bad)      ((bad) < 0)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             sub_i32
#define WEFT_T                int32_t
#define WEFT_APPLY(a, b, bad) i32_sub(a, b, &(bad))
#define WEFT_BAD_T            int32_t
#define WEFT_IS_BAD(bad)      ((bad) < 0)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             sub_i64
#define WEFT_T                int64_t
#define WEFT_APPLY(a, b, bad) i64_sub(a, b, &(bad))
#define WEFT_BAD_T            int64_t
#define WEFT_IS_BAD(bad)      ((bad) < 0)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             sub_i128
#define WEFT_T                weft_i128
#define WEFT_APPLY(a, b, bad) i128_sub(a, b, &(bad))
#define WEFT_BAD_T            bool
#define WEFT_IS_BAD(bad)      (bad)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             sub_f32
#define WEFT_T                float
#define WEFT_APPLY(a, b, bad) ((a) - (b))
#define WEFT_BAD_T            bool
#define WEFT_IS_BAD(bad)      (bad)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             sub_f64
#define WEFT_T                double
#define WEFT_APPLY(a, b, bad) ((a) - (b))
#define WEFT_BAD_T            bool
#define WEFT_IS_BAD(bad)      (bad)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             mul_i8
#define WEFT_T                int8_t
#define WEFT_APPLY(a, b, bad) i8_mul(a, b, &(bad))
#define WEFT_BAD_T            int8_t
#define WEFT_IS_BAD(bad)      ((bad) < 0)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             mul_i16
#define WEFT_T                int16_t
#define WEFT_APPLY(a, b, bad) i16_mul(a, b, &(bad))
#define WEFT_BAD_T            int16_t
#define WEFT_IS_BAD(bad)      ((bad) < 0)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             mul_i32
#define WEFT_T                int32_t
#define WEFT_APPLY(a, b, bad) i32_mul(a, b, &(bad))
#define WEFT_BAD_T            int32_t
#define WEFT_IS_BAD(bad)      ((bad) < 0)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             mul_i64
#define WEFT_T                int64_t
#define WEFT_APPLY(a, b, bad) i64_mul(a, b, &(bad))
#define WEFT_BAD_T            int64_t
#define WEFT_IS_BAD(bad)      ((bad) < 0)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             mul_i128
#define WEFT_T                weft_i128
#define WEFT_APPLY(a, b, bad) i128_mul(a, b, &(bad))
#define WEFT_BAD_T            bool
#define WEFT_IS_BAD(bad)      (bad)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             mul_f32
#define WEFT_T                float
#define WEFT_APPLY(a, b, bad) ((a) * (b))
#define WEFT_BAD_T            bool
#define WEFT_IS_BAD(bad)      (bad)
#include "engine/expr/arith.inc.h"

#define WEFT_NAME             mul_f64
#define WEFT_T                double
#define WEFT_APPLY(a, b, bad) ((a) * (b))
#define WEFT_BAD_T            bool
#define WEFT_IS_BAD(bad)      (bad)
#include "engine/expr/arith.inc.h"

#define LOOPS(name)                                                                                          \
    {                                                                                                        \
        WEFT_CAT(name, _vv), WEFT_CAT(name, _vc), WEFT_CAT(name, _cv), WEFT_CAT(name, _sparse)               \
    }
#define OPERATOR(op)                                                                                         \
    {                                                                                                        \
        [WEFT_PHYS_I8] = LOOPS(op##_i8), [WEFT_PHYS_I16] = LOOPS(op##_i16),                                  \
        [WEFT_PHYS_I32] = LOOPS(op##_i32), [WEFT_PHYS_I64] = LOOPS(op##_i64),                                \
        [WEFT_PHYS_I128] = LOOPS(op##_i128), [WEFT_PHYS_F32] = LOOPS(op##_f32),                              \
        [WEFT_PHYS_F64] = LOOPS(op##_f64)                                                                    \
    }

extern const weft_arith_table WEFT_CAT(weft_arith_loops_, WEFT_ISA);
const weft_arith_table WEFT_CAT(weft_arith_loops_, WEFT_ISA) = {.loops = {[WEFT_ARITH_ADD] = OPERATOR(add),
                                                                          [WEFT_ARITH_SUB] = OPERATOR(sub),
                                                                          [WEFT_ARITH_MUL] = OPERATOR(mul)}};
