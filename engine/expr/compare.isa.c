/* engine/expr/compare.isa.c - comparison loops for every physical type, once per instruction set. */
#include <string.h>

#include "engine/expr/kernel.h"

/* Strings by their first twelve bytes as long as these decide. */
static inline int str_equal(const weft_str a, const weft_str b) { return weft_str_equal(&a, &b); }

static inline int str_compare(const weft_str *a, const weft_str *b)
{
    uint32_t left, right;
    memcpy(&left, a->prefix, 4);
    memcpy(&right, b->prefix, 4);
    if (left != right) return __builtin_bswap32(left) < __builtin_bswap32(right) ? -1 : 1;
    return weft_str_compare(a, b);
}
static inline int str_less(const weft_str a, const weft_str b) { return str_compare(&a, &b) < 0; }
static inline int str_less_equal(const weft_str a, const weft_str b) { return str_compare(&a, &b) <= 0; }

#define WEFT_P        byte
#define WEFT_T        uint8_t
#define WEFT_EQ(a, b) ((a) == (b))
#define WEFT_LT(a, b) ((a) < (b))
#define WEFT_LE(a, b) ((a) <= (b))
#include "engine/expr/compare_type.inc.h"

#define WEFT_P        i8
#define WEFT_T        int8_t
#define WEFT_EQ(a, b) ((a) == (b))
#define WEFT_LT(a, b) ((a) < (b))
#define WEFT_LE(a, b) ((a) <= (b))
#include "engine/expr/compare_type.inc.h"

#define WEFT_P        i16
#define WEFT_T        int16_t
#define WEFT_EQ(a, b) ((a) == (b))
#define WEFT_LT(a, b) ((a) < (b))
#define WEFT_LE(a, b) ((a) <= (b))
#include "engine/expr/compare_type.inc.h"

#define WEFT_P        i32
#define WEFT_T        int32_t
#define WEFT_EQ(a, b) ((a) == (b))
#define WEFT_LT(a, b) ((a) < (b))
#define WEFT_LE(a, b) ((a) <= (b))
#include "engine/expr/compare_type.inc.h"

#define WEFT_P        i64
#define WEFT_T        int64_t
#define WEFT_EQ(a, b) ((a) == (b))
#define WEFT_LT(a, b) ((a) < (b))
#define WEFT_LE(a, b) ((a) <= (b))
#include "engine/expr/compare_type.inc.h"

#define WEFT_P        i128
#define WEFT_T        weft_i128
#define WEFT_EQ(a, b) ((a) == (b))
#define WEFT_LT(a, b) ((a) < (b))
#define WEFT_LE(a, b) ((a) <= (b))
#include "engine/expr/compare_type.inc.h"

#define WEFT_P        f32
#define WEFT_T        float
#define WEFT_EQ(a, b) (((a) == (b)) | (((a) != (a)) & ((b) != (b))))
#define WEFT_LT(a, b) (((a) < (b)) | (((a) == (a)) & ((b) != (b))))
#define WEFT_LE(a, b) (((a) <= (b)) | ((b) != (b)))
#include "engine/expr/compare_type.inc.h"

#define WEFT_P        f64
#define WEFT_T        double
#define WEFT_EQ(a, b) (((a) == (b)) | (((a) != (a)) & ((b) != (b))))
#define WEFT_LT(a, b) (((a) < (b)) | (((a) == (a)) & ((b) != (b))))
#define WEFT_LE(a, b) (((a) <= (b)) | ((b) != (b)))
#include "engine/expr/compare_type.inc.h"

#define WEFT_P        str
#define WEFT_T        weft_str
#define WEFT_EQ(a, b) str_equal(a, b)
#define WEFT_LT(a, b) str_less(a, b)
#define WEFT_LE(a, b) str_less_equal(a, b)
#include "engine/expr/compare_type.inc.h"

#define LOOPS(name)                                                                                          \
    {                                                                                                        \
        WEFT_CAT(name, _bools_vv), WEFT_CAT(name, _bools_vc), WEFT_CAT(name, _select_vv),                    \
            WEFT_CAT(name, _select_vc)                                                                       \
    }
#define TYPE(p)                                                                                              \
    {                                                                                                        \
        [WEFT_CMP_EQ] = LOOPS(p##_eq), [WEFT_CMP_NE] = LOOPS(p##_ne), [WEFT_CMP_LT] = LOOPS(p##_lt),         \
        [WEFT_CMP_LE] = LOOPS(p##_le), [WEFT_CMP_GT] = LOOPS(p##_gt), [WEFT_CMP_GE] = LOOPS(p##_ge)          \
    }

extern const weft_compare_table WEFT_CAT(weft_compare_loops_, WEFT_ISA);
const weft_compare_table WEFT_CAT(weft_compare_loops_, WEFT_ISA) = {.loops = {[WEFT_PHYS_BOOL] = TYPE(byte),
                                                                              [WEFT_PHYS_I8] = TYPE(i8),
                                                                              [WEFT_PHYS_I16] = TYPE(i16),
                                                                              [WEFT_PHYS_I32] = TYPE(i32),
                                                                              [WEFT_PHYS_I64] = TYPE(i64),
                                                                              [WEFT_PHYS_I128] = TYPE(i128),
                                                                              [WEFT_PHYS_F32] = TYPE(f32),
                                                                              [WEFT_PHYS_F64] = TYPE(f64),
                                                                              [WEFT_PHYS_STR] = TYPE(str)}};
