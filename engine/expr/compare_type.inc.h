/* engine/expr/compare_type.inc.h - all six comparisons of one type.
 *
 * WEFT_T: the type; WEFT_P: prefix; WEFT_EQ(a, b), WEFT_LT(a, b), WEFT_LE(a, b): ints 0 or 1. */
#define WEFT_NAME       WEFT_CAT(WEFT_P, _eq)
#define WEFT_TEST(a, b) WEFT_EQ(a, b)
#include "engine/expr/compare.inc.h"

#define WEFT_NAME       WEFT_CAT(WEFT_P, _ne)
#define WEFT_TEST(a, b) (!WEFT_EQ(a, b))
#include "engine/expr/compare.inc.h"

#define WEFT_NAME       WEFT_CAT(WEFT_P, _lt)
#define WEFT_TEST(a, b) WEFT_LT(a, b)
#include "engine/expr/compare.inc.h"

#define WEFT_NAME       WEFT_CAT(WEFT_P, _le)
#define WEFT_TEST(a, b) WEFT_LE(a, b)
#include "engine/expr/compare.inc.h"

#define WEFT_NAME       WEFT_CAT(WEFT_P, _gt)
#define WEFT_TEST(a, b) WEFT_LT(b, a)
#include "engine/expr/compare.inc.h"

#define WEFT_NAME       WEFT_CAT(WEFT_P, _ge)
#define WEFT_TEST(a, b) WEFT_LE(b, a)
#include "engine/expr/compare.inc.h"
#undef WEFT_T
#undef WEFT_P
#undef WEFT_EQ
#undef WEFT_LT
#undef WEFT_LE
