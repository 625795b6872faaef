/* engine/exec/track.inc.h - low and high of a chunk of WEFT_T values; null[i] != 0 is left out (NULL: none).
 */
static void WEFT_NAME(const void *values, const uint32_t *index, const uint8_t *null, int32_t count,
                      int64_t *low, int64_t *high)
{
    const WEFT_T *v = values;
    int64_t least = *low, most = *high;
    if (index == NULL && null == NULL) {
        WEFT_T a = v[0], b = v[0];
        for (int32_t i = 1; i < count; i++) {
            a = v[i] < a ? v[i] : a;
            b = v[i] > b ? v[i] : b;
        }
        least = weft_min_i64(least, (int64_t)a);
        most = weft_max_i64(most, (int64_t)b);
    } else {
        for (int32_t i = 0; i < count; i++) {
            if (null != NULL && null[i]) continue;
            const int64_t value = (int64_t)v[index == NULL ? (uint32_t)i : index[i]];
            least = weft_min_i64(least, value);
            most = weft_max_i64(most, value);
        }
    }
    *low = least;
    *high = most;
}
#undef WEFT_T
#undef WEFT_NAME
