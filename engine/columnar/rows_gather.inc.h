/* engine/columnar/rows_gather.inc.h - read the values of WEFT_T at an offset of rows into a flat column. */
static void WEFT_NAME(const uint8_t *const *rows, int32_t offset, int32_t count, const uint16_t *at,
                      void *values)
{
    WEFT_T *v = values;
    if (at == NULL) {
        for (int32_t i = 0; i < count; i++) memcpy(&v[i], rows[i] + offset, sizeof *v);
    } else {
        for (int32_t i = 0; i < count; i++) memcpy(&v[at[i]], rows[i] + offset, sizeof *v);
    }
}
#undef WEFT_T
#undef WEFT_NAME
