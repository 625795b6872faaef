/* engine/columnar/rows_match.inc.h - which candidates' row values equal the batch's values. WEFT_T: the value
 * in the batch; WEFT_ROW_T: in the row; WEFT_EQUAL(a, b) of two pointers. slot[j] is where candidate j's
 * value lies; NULL: at positions[candidates[j]].
 *
 * Without `equal` the candidates that match are kept, a null in the row being no match; their number is
 * returned. With it, equal[j] is set to 1 or 0 for each, nulls not looked at, and candidates stay. */
static int32_t WEFT_NAME(const match_column *m, const uint32_t *slot, uint16_t *candidates, int32_t count,
                         uint8_t *equal)
{
    const WEFT_T *v = m->values;
    const uint16_t *positions = m->positions;
    const uint8_t *const *rows = m->rows;
    const int32_t offset = m->offset, byte = m->null_byte;
    const uint8_t bit = m->null_bit;
    WEFT_ROW_T r;
    int32_t kept = 0;
    if (equal != NULL) {
        for (int32_t j = 0; j < count; j++) {
            const uint16_t c = candidates[j];
            memcpy(&r, rows[c] + offset, sizeof r);
            equal[j] = WEFT_EQUAL(&v[slot == NULL ? positions[c] : slot[j]], &r);
        }
        return count;
    }
    for (int32_t j = 0; j < count; j++) {
        const uint16_t c = candidates[j];
        const uint8_t *row = rows[c];
        memcpy(&r, row + offset, sizeof r);
        candidates[kept] = c;
        kept += WEFT_EQUAL(&v[slot == NULL ? positions[c] : slot[j]], &r) & ((row[byte] & bit) == 0);
    }
    return kept;
}
#undef WEFT_T
#undef WEFT_ROW_T
#undef WEFT_NAME
#undef WEFT_EQUAL
