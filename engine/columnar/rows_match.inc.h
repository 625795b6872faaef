/* engine/columnar/rows_match.inc.h - keep the candidates whose row value equals the batch's value, nulls
 * aside: a null on either side is no match here. WEFT_T: value in the batch; WEFT_ROW_T: in the row;
 * WEFT_EQUAL(a, b) of two pointers. slot[j] is where candidate j's value lies; NULL: at
 * positions[candidates[j]]. */
static int32_t WEFT_NAME(const match_column *m, const uint32_t *slot, uint16_t *candidates, int32_t count)
{
    const WEFT_T *v = m->values;
    const int32_t offset = m->offset, byte = m->null_byte;
    const uint8_t bit = m->null_bit;
    int32_t kept = 0;
    for (int32_t j = 0; j < count; j++) {
        const uint16_t c = candidates[j];
        const uint8_t *row = m->rows[c];
        WEFT_ROW_T r;
        memcpy(&r, row + offset, sizeof r);
        const WEFT_T *value = &v[slot == NULL ? m->positions[c] : slot[j]];
        candidates[kept] = c;
        kept += WEFT_EQUAL(value, &r) & ((row[byte] & bit) == 0);
    }
    return kept;
}
#undef WEFT_T
#undef WEFT_ROW_T
#undef WEFT_NAME
#undef WEFT_EQUAL
