/* engine/exec/direct_codes.inc.h - range and codes of a chunk of WEFT_T integers; null[i] != 0 is NULL (null
 * NULL: there is none). */

/* Widen low..high by the values. */
static void WEFT_CAT(range_, WEFT_NAME)(const weft_slots *slots, const uint8_t *null, int32_t count,
                                        int64_t *low, int64_t *high)
{
    const WEFT_T *v = slots->values;
    int64_t least = *low, most = *high;
    for (int32_t i = 0; i < count; i++) {
        const int64_t value = v[slots->index == NULL ? (uint32_t)i : slots->index[i]];
        if (null != NULL && null[i]) continue;
        least = weft_min_i64(least, value);
        most = weft_max_i64(most, value);
    }
    *low = least;
    *high = most;
}

/* codes[i] = codes[i] * radix + (value - low + 1, or 0 for NULL). */
static void WEFT_CAT(codes_, WEFT_NAME)(const weft_slots *slots, const uint8_t *null, int32_t count,
                                        int64_t low, uint32_t radix, uint32_t *codes)
{
    const WEFT_T *v = slots->values;
    if (null == NULL && slots->index == NULL) {
        for (int32_t i = 0; i < count; i++) codes[i] = codes[i] * radix + (uint32_t)(v[i] - low) + 1;
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        const int64_t value = v[slots->index == NULL ? (uint32_t)i : slots->index[i]];
        const uint32_t code = null != NULL && null[i] ? 0 : (uint32_t)(value - low) + 1;
        codes[i] = codes[i] * radix + code;
    }
}
#undef WEFT_T
#undef WEFT_NAME
