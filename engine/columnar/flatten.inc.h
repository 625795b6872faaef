/* engine/columnar/flatten.inc.h - copy the values of a chunk to their positions. WEFT_T: a type of the width.
 */
static void WEFT_NAME(const weft_slots *slots, const weft_positions *positions, void *values)
{
    const WEFT_T *from = slots->values;
    WEFT_T *to = values;
    const int32_t count = positions->count;
    const uint32_t *index = slots->index;
    if (positions->dense) {
        to += positions->first;
        if (index == NULL)
            memcpy(to, from, (size_t)count * sizeof *to);
        else
            for (int32_t i = 0; i < count; i++) to[i] = from[index[i]];
        return;
    }
    const uint32_t *at = positions->at;
    for (int32_t i = 0; i < count; i++) to[at[i]] = from[index[i]];
}
#undef WEFT_T
#undef WEFT_NAME
