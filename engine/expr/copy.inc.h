/* engine/expr/copy.inc.h - copy the values of some rows from one flat array to another. WEFT_T: a type of the
 * width. stride 0 repeats a constant. */
static void WEFT_NAME(const void *from, int32_t stride, void *to, const uint16_t *selection, int32_t n)
{
    const WEFT_T *source = from;
    WEFT_T *restrict target = to;
    if (selection != NULL) {
        for (int32_t k = 0; k < n; k++) target[selection[k]] = source[selection[k] * stride];
    } else if (stride == 0) {
        const WEFT_T value = source[0];
        for (int32_t i = 0; i < n; i++) target[i] = value;
    } else {
        memcpy(target, source, (size_t)n * sizeof *target);
    }
}
#undef WEFT_T
#undef WEFT_NAME
