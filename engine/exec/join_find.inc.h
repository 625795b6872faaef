/* engine/exec/join_find.inc.h - heads of a chunk of integer keys in a direct table. WEFT_T: the key. */
static void WEFT_NAME(const weft_join_table *t, const weft_slots *slots, int32_t count, uint32_t *heads)
{
    const WEFT_T *values = slots->values;
    const uint64_t low = (uint64_t)t->low, range = t->range;
    for (int32_t i = 0; i < count; i++) {
        const WEFT_T value = values[slots->index == NULL ? (uint32_t)i : slots->index[i]];
        const uint64_t at = (uint64_t)(int64_t)value - low;
        heads[i] = at < range ? t->heads[at] : 0;
    }
}
#undef WEFT_T
#undef WEFT_NAME
