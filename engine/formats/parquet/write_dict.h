/* engine/formats/parquet/write_dict.h - the dictionary of a column chunk: value → code, in order of first
 * sight.
 *
 * Open addressing over 64-bit slots (high half: hash tag, low half: code + 1), at most half full. Entries are
 * kept in one array; long strings are copied into an arena of the dictionary. Emptied, not freed, between
 * chunks. */
#ifndef WEFT_FORMATS_PARQUET_WRITE_DICT_H
#define WEFT_FORMATS_PARQUET_WRITE_DICT_H

#include "engine/columnar/column.h"

typedef enum weft_pqw_width { WEFT_PQW_W4, WEFT_PQW_W8, WEFT_PQW_W16, WEFT_PQW_WSTR } weft_pqw_width;

typedef struct weft_pqw_dict {
    weft_pqw_width width;
    int32_t fixed_plain_bytes; /* PLAIN bytes of an entry that is no string */
    int32_t count, capacity;
    void *entries;
    uint64_t *slots;
    uint64_t slot_mask;
    weft_arena *heap;          /* strings above 12 bytes */
    int64_t plain_bytes;       /* of all entries, PLAIN */
    uint64_t source_id;        /* the dictionary that `codes_of_source` translates */
    uint32_t *codes_of_source; /* UINT32_MAX: not yet */
    int32_t source_capacity;
} weft_pqw_dict;

WEFT_MUST_CHECK weft_status weft_pqw_dict_init(weft_ctx *ctx, weft_pqw_width width, int32_t plain_bytes,
                                               weft_pqw_dict *out);
/* Code the values until a new entry would pass limit_bytes of PLAIN entries: *done of n are in codes. */
WEFT_MUST_CHECK weft_status weft_pqw_dict_put(weft_ctx *ctx, weft_pqw_dict *dict, const void *values,
                                              int32_t n, int64_t limit_bytes, uint32_t *codes, int32_t *done);
/* The same for strings that come as codes of a dictionary: entries are looked up once each. */
WEFT_MUST_CHECK weft_status weft_pqw_dict_put_coded(weft_ctx *ctx, weft_pqw_dict *dict,
                                                    const weft_dictionary *source,
                                                    const uint32_t *source_codes, int32_t n,
                                                    int64_t limit_bytes, uint32_t *codes, int32_t *done);
/* Empty it for the next chunk. */
void weft_pqw_dict_clear(weft_pqw_dict *dict);
void weft_pqw_dict_deinit(weft_pqw_dict *dict);

#endif
