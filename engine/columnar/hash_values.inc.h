/* engine/columnar/hash_values.inc.h - the key hashes of a chunk. WEFT_T: the value; WEFT_HASH(pointer): its
 * hash. */
static void WEFT_NAME(const void *values, const uint32_t *index, int32_t count, uint64_t *out)
{
    const WEFT_T *v = values;
    if (index == NULL) {
        for (int32_t i = 0; i < count; i++) out[i] = WEFT_HASH(&v[i]);
    } else {
        for (int32_t i = 0; i < count; i++) out[i] = WEFT_HASH(&v[index[i]]);
    }
}
#undef WEFT_T
#undef WEFT_NAME
#undef WEFT_HASH
