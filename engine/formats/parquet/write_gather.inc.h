/* engine/formats/parquet/write_gather.inc.h - body of write_gather.c: WEFT_FROM values to WEFT_INTO, dense.
 *
 * Expects WEFT_FROM, WEFT_INTO and WEFT_NAME. Returns false when a value does not fit. */
static bool WEFT_CAT(gather_, WEFT_NAME)(const void *from, const uint32_t *index, int32_t n, void *into)
{
    const WEFT_FROM *values = from;
    WEFT_INTO *to = into;
    bool fits = true;
    for (int32_t i = 0; i < n; i++) {
        const WEFT_FROM value = values[index != NULL ? index[i] : (uint32_t)i];
        to[i] = (WEFT_INTO)value;
        fits = fits && (WEFT_FROM)to[i] == value;
    }
    return fits;
}
#undef WEFT_FROM
#undef WEFT_INTO
#undef WEFT_NAME
