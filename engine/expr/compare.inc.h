/* engine/expr/compare.inc.h - the four loops of one comparison over one type.
 *
 * WEFT_T: the type. WEFT_TEST(a, b): the comparison of two values, an int 0 or 1. WEFT_NAME: prefix. */
static void WEFT_CAT(WEFT_NAME, _bools_vv)(const void *left, const void *right, uint8_t *restrict out,
                                           int32_t n)
{
    const WEFT_T *a = left, *b = right;
    for (int32_t i = 0; i < n; i++) out[i] = (uint8_t)WEFT_TEST(a[i], b[i]);
}

static void WEFT_CAT(WEFT_NAME, _bools_vc)(const void *left, const void *right, uint8_t *restrict out,
                                           int32_t n)
{
    const WEFT_T *a = left;
    WEFT_T b;
    memcpy(&b, right, sizeof b);
    for (int32_t i = 0; i < n; i++) out[i] = (uint8_t)WEFT_TEST(a[i], b);
}

static int32_t WEFT_CAT(WEFT_NAME, _select_vv)(const void *left, const void *right, const uint16_t *selection,
                                               int32_t n, uint16_t *out)
{
    const WEFT_T *a = left, *b = right;
    int32_t count = 0;
    for (int32_t k = 0; k < n; k++) {
        const uint16_t i = selection[k];
        out[count] = i;
        count += WEFT_TEST(a[i], b[i]);
    }
    return count;
}

static int32_t WEFT_CAT(WEFT_NAME, _select_vc)(const void *left, const void *right, const uint16_t *selection,
                                               int32_t n, uint16_t *out)
{
    const WEFT_T *a = left;
    WEFT_T b;
    int32_t count = 0;
    memcpy(&b, right, sizeof b);
    for (int32_t k = 0; k < n; k++) {
        const uint16_t i = selection[k];
        out[count] = i;
        count += WEFT_TEST(a[i], b);
    }
    return count;
}
#undef WEFT_NAME
#undef WEFT_TEST
