/* engine/expr/in_set.inc.h - membership of integers of one width. WEFT_T: the type.
 * Short lists are compared item by item over all rows, so that each pass vectorises. */
static void WEFT_NAME(const weft_in_set *set, const void *values, const uint16_t *selection, int32_t selected,
                      uint8_t *restrict out)
{
    const WEFT_T *value = values;
    if (set->kind == IN_TABLE) {
        for (int32_t k = 0; k < selected; k++) {
            const int32_t i = selection == NULL ? k : selection[k];
            const uint64_t at = (uint64_t)(int64_t)value[i] - (uint64_t)set->low;
            out[i] = at < (uint64_t)set->table_bytes ? set->table[at] : 0;
        }
    } else if (set->count <= IN_SHORT && selection == NULL) {
        for (int32_t i = 0; i < selected; i++) out[i] = value[i] == set->integers[0];
        for (int32_t item = 1; item < set->count; item++) {
            const int64_t want = set->integers[item];
            for (int32_t i = 0; i < selected; i++) out[i] |= value[i] == want;
        }
    } else {
        for (int32_t k = 0; k < selected; k++) {
            const int32_t i = selection == NULL ? k : selection[k];
            out[i] = in_find_integer(set, value[i]);
        }
    }
}
#undef WEFT_NAME
#undef WEFT_T
