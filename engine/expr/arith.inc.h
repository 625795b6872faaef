/* engine/expr/arith.inc.h - the four loops of one arithmetic operator over one type.
 *
 * WEFT_T: the type. WEFT_APPLY(a, b, bad): the result; ORs into bad (a WEFT_BAD_T). WEFT_IS_BAD(bad): some
 * lane of those computed overflowed. WEFT_NAME: prefix of the functions and name of the table entry. */
static bool WEFT_CAT(WEFT_NAME, _vv)(const void *left, const void *right, void *result, int32_t n)
{
    const WEFT_T *a = left, *b = right;
    WEFT_T *restrict out = result;
    WEFT_BAD_T bad = 0;
    for (int32_t i = 0; i < n; i++) out[i] = WEFT_APPLY(a[i], b[i], bad);
    return WEFT_IS_BAD(bad);
}

static bool WEFT_CAT(WEFT_NAME, _vc)(const void *left, const void *right, void *result, int32_t n)
{
    const WEFT_T *a = left;
    WEFT_T *restrict out = result;
    WEFT_T b;
    WEFT_BAD_T bad = 0;
    memcpy(&b, right, sizeof b);
    for (int32_t i = 0; i < n; i++) out[i] = WEFT_APPLY(a[i], b, bad);
    return WEFT_IS_BAD(bad);
}

static bool WEFT_CAT(WEFT_NAME, _cv)(const void *left, const void *right, void *result, int32_t n)
{
    const WEFT_T *b = right;
    WEFT_T *restrict out = result;
    WEFT_T a;
    WEFT_BAD_T bad = 0;
    memcpy(&a, left, sizeof a);
    for (int32_t i = 0; i < n; i++) out[i] = WEFT_APPLY(a, b[i], bad);
    return WEFT_IS_BAD(bad);
}

static bool WEFT_CAT(WEFT_NAME, _sparse)(const void *left, int32_t a_stride, const void *right,
                                         int32_t b_stride, void *result, const uint16_t *selection, int32_t n)
{
    const WEFT_T *a = left, *b = right;
    WEFT_T *restrict out = result;
    WEFT_BAD_T bad = 0;
    for (int32_t k = 0; k < n; k++) {
        const int32_t i = selection[k];
        out[i] = WEFT_APPLY(a[i * a_stride], b[i * b_stride], bad);
    }
    return WEFT_IS_BAD(bad);
}
#undef WEFT_NAME
#undef WEFT_T
#undef WEFT_APPLY
#undef WEFT_BAD_T
#undef WEFT_IS_BAD
