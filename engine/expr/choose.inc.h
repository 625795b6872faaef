/* engine/expr/choose.inc.h - take the values where a mask byte is 1. WEFT_T: a type of the width. */
static void WEFT_CAT(WEFT_NAME, _column)(const uint8_t *mask, const void *from, void *to, int32_t n)
{
    const WEFT_T *value = from;
    WEFT_T *restrict out = to;
    for (int32_t i = 0; i < n; i++) out[i] = mask[i] != 0 ? value[i] : out[i];
}

static void WEFT_CAT(WEFT_NAME, _constant)(const uint8_t *mask, const void *from, void *to, int32_t n)
{
    WEFT_T *restrict out = to;
    WEFT_T value;
    memcpy(&value, from, sizeof value);
    for (int32_t i = 0; i < n; i++) out[i] = mask[i] != 0 ? value : out[i];
}
#undef WEFT_NAME
#undef WEFT_T
