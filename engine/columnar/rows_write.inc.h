/* engine/columnar/rows_write.inc.h - put the values of a chunk into their rows, at a fixed offset.
 * WEFT_T: the value in the column; WEFT_TO: in the row. */
static void WEFT_NAME(uint8_t *const *rows, int32_t offset, const void *values, const uint32_t *index,
                      int32_t count)
{
    const WEFT_T *v = values;
    if (index == NULL) {
        for (int32_t i = 0; i < count; i++) {
            const WEFT_TO value = (WEFT_TO)v[i];
            memcpy(rows[i] + offset, &value, sizeof value);
        }
    } else {
        for (int32_t i = 0; i < count; i++) {
            const WEFT_TO value = (WEFT_TO)v[index[i]];
            memcpy(rows[i] + offset, &value, sizeof value);
        }
    }
}
#undef WEFT_T
#undef WEFT_TO
#undef WEFT_NAME
