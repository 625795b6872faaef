/* engine/formats/parquet/write_dict_put.inc.h - body of write_dict.c: look up or add n values of type WEFT_T.
 *
 * Expects WEFT_T, WEFT_NAME (also of its hash function) and WEFT_EQUAL; WEFT_IS_STR for strings, whose bytes
 * are kept and whose PLAIN size differs. */
static weft_status WEFT_CAT(dict_put_, WEFT_NAME)(weft_ctx *ctx, weft_pqw_dict *dict, const WEFT_T *values,
                                                  int32_t n, int64_t limit_bytes, uint32_t *codes,
                                                  int32_t *done)
{
    weft_status st = WEFT_OK;
    int32_t i = 0;
    for (; i < n; i++) {
        const uint64_t hash = WEFT_CAT(dict_hash_, WEFT_NAME)(&values[i]);
        const uint64_t tag = hash >> 32;
        const WEFT_T *entries = dict->entries;
        uint64_t at = hash & dict->slot_mask;
        uint64_t slot;
        for (; (slot = dict->slots[at]) != 0; at = (at + 1) & dict->slot_mask) {
            if (slot >> 32 == tag && WEFT_EQUAL(&entries[(uint32_t)slot - 1], &values[i])) break;
        }
        if (WEFT_LIKELY(slot != 0)) {
            codes[i] = (uint32_t)slot - 1;
            continue;
        }
#ifdef WEFT_IS_STR
        const int64_t bytes = 4 + (int64_t)values[i].len;
#else
        const int64_t bytes = dict->fixed_plain_bytes;
#endif
        if (dict->plain_bytes + bytes > limit_bytes) break;
        WEFT_TRY(st, dict_grow(ctx, dict));
        WEFT_T *entry = (WEFT_T *)dict->entries + dict->count;
#ifdef WEFT_IS_STR
        WEFT_TRY(st, dict_keep_str(ctx, dict, &values[i], entry));
#else
        *entry = values[i];
#endif
        at = hash & dict->slot_mask; /* growing may have moved everything */
        while (dict->slots[at] != 0) at = (at + 1) & dict->slot_mask;
        codes[i] = (uint32_t)dict->count++;
        dict->slots[at] = tag << 32 | (uint64_t)dict->count;
        dict->plain_bytes += bytes;
    }
done:
    *done = i;
    return st;
}
#undef WEFT_T
#undef WEFT_NAME
#undef WEFT_EQUAL
#undef WEFT_IS_STR
