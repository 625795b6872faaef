/* engine/formats/parquet/write_dict.c - see the header.
 *
 * One loop a width: `dict_put.inc.h` is included with the type, its hash and its equality. */
#include "engine/formats/parquet/write_dict.h"

#include "common/hash.h"

enum { DICT_SLOTS_FIRST = 1024, DICT_ENTRIES_FIRST = 512 };

static int32_t dict_entry_bytes(weft_pqw_width width)
{
    static const int32_t bytes[] = {4, 8, 16, 16};
    return bytes[width];
}

weft_status weft_pqw_dict_init(weft_ctx *ctx, weft_pqw_width width, int32_t plain_bytes, weft_pqw_dict *out)
{
    weft_status st = WEFT_OK;
    *out =
        (weft_pqw_dict){.width = width, .fixed_plain_bytes = plain_bytes, .slot_mask = DICT_SLOTS_FIRST - 1};
    out->capacity = DICT_ENTRIES_FIRST;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)(out->capacity * dict_entry_bytes(width)),
                                &out->entries));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, DICT_SLOTS_FIRST * sizeof(*out->slots),
                                     (void **)&out->slots));
    if (width == WEFT_PQW_WSTR && (out->heap = weft_arena_new(ctx->memory)) == NULL) {
        st = weft_fail(ctx, WEFT_NOMEM, "No memory for the dictionary of a Parquet column.");
    }
done:
    if (st != WEFT_OK) weft_pqw_dict_deinit(out);
    return st;
}

static inline uint64_t dict_hash_w4(const uint32_t *v) { return weft_hash_u64(*v); }
static inline uint64_t dict_hash_w8(const uint64_t *v) { return weft_hash_u64(*v); }
static inline uint64_t dict_hash_w16(const weft_i128 *v)
{
    return weft_hash_combine(weft_hash_u64((uint64_t)*v), weft_hash_u64((uint64_t)(*v >> 64)));
}
static inline uint64_t dict_hash_str(const weft_str *v)
{
    if (v->len > WEFT_STR_INLINE) return weft_hash_bytes(v->pointer, v->len);
    uint64_t half[2]; /* unused bytes are zero, so the 16 bytes are the value */
    memcpy(half, v, sizeof(half));
    return weft_hash_combine(weft_hash_u64(half[0]), weft_hash_u64(half[1]));
}

static uint64_t dict_entry_hash(const weft_pqw_dict *dict, int32_t code)
{
    switch (dict->width) {
    case WEFT_PQW_W4: return dict_hash_w4((const uint32_t *)dict->entries + code);
    case WEFT_PQW_W8: return dict_hash_w8((const uint64_t *)dict->entries + code);
    case WEFT_PQW_W16: return dict_hash_w16((const weft_i128 *)dict->entries + code);
    case WEFT_PQW_WSTR: break;
    }
    return dict_hash_str((const weft_str *)dict->entries + code);
}

/* Make room for one more entry and keep the slots at most half full. */
static weft_status dict_grow(weft_ctx *ctx, weft_pqw_dict *dict)
{
    weft_status st = WEFT_OK;
    uint64_t *slots = NULL;
    if (dict->count == dict->capacity) {
        const size_t bytes = (size_t)dict->capacity * 2 * (size_t)dict_entry_bytes(dict->width);
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, bytes, &dict->entries));
        dict->capacity *= 2;
    }
    if ((uint64_t)dict->count * 2 < dict->slot_mask) goto done;
    const uint64_t mask = dict->slot_mask * 2 + 1;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (mask + 1) * sizeof(*slots), (void **)&slots));
    for (int32_t code = 0; code < dict->count; code++) {
        const uint64_t hash = dict_entry_hash(dict, code);
        uint64_t at = hash & mask;
        while (slots[at] != 0) at = (at + 1) & mask;
        slots[at] = (hash & 0xffffffff00000000u) | (uint64_t)(code + 1);
    }
    weft_mem_free(dict->slots);
    dict->slots = slots;
    dict->slot_mask = mask;
done:
    return st;
}

/* Keep a copy of a string's bytes: the batch that they lie in goes away. */
static weft_status dict_keep_str(weft_ctx *ctx, weft_pqw_dict *dict, const weft_str *value, weft_str *out)
{
    weft_status st = WEFT_OK;
    char *copy = NULL;
    *out = *value;
    if (value->len > WEFT_STR_INLINE) {
        WEFT_TRY(st, weft_arena_copy(ctx, dict->heap, value->pointer, value->len, &copy));
        out->pointer = copy;
    }
done:
    return st;
}

#define WEFT_T           uint32_t
#define WEFT_NAME        w4
#define WEFT_EQUAL(a, b) (*(a) == *(b))
#include "engine/formats/parquet/write_dict_put.inc.h"

#define WEFT_T           uint64_t
#define WEFT_NAME        w8
#define WEFT_EQUAL(a, b) (*(a) == *(b))
#include "engine/formats/parquet/write_dict_put.inc.h"

#define WEFT_T           weft_i128
#define WEFT_NAME        w16
#define WEFT_EQUAL(a, b) (*(a) == *(b))
#include "engine/formats/parquet/write_dict_put.inc.h"

#define WEFT_T           weft_str
#define WEFT_NAME        str
#define WEFT_EQUAL(a, b) weft_str_equal(a, b)
#define WEFT_IS_STR      1
#include "engine/formats/parquet/write_dict_put.inc.h"

weft_status weft_pqw_dict_put(weft_ctx *ctx, weft_pqw_dict *dict, const void *values, int32_t n,
                              int64_t limit_bytes, uint32_t *codes, int32_t *done)
{
    switch (dict->width) {
    case WEFT_PQW_W4: return dict_put_w4(ctx, dict, values, n, limit_bytes, codes, done);
    case WEFT_PQW_W8: return dict_put_w8(ctx, dict, values, n, limit_bytes, codes, done);
    case WEFT_PQW_W16: return dict_put_w16(ctx, dict, values, n, limit_bytes, codes, done);
    case WEFT_PQW_WSTR: break;
    }
    return dict_put_str(ctx, dict, values, n, limit_bytes, codes, done);
}

weft_status weft_pqw_dict_put_coded(weft_ctx *ctx, weft_pqw_dict *dict, const weft_dictionary *source,
                                    const uint32_t *source_codes, int32_t n, int64_t limit_bytes,
                                    uint32_t *codes, int32_t *done)
{
    weft_status st = WEFT_OK;
    const weft_str *entries = source->values;
    int32_t i = 0;
    if (dict->source_id != source->id) {
        dict->source_id = 0; /* until the map is whole */
        if (source->count > dict->source_capacity) {
            weft_mem_free(dict->codes_of_source);
            dict->codes_of_source = NULL;
            dict->source_capacity = 0;
            WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)source->count * sizeof(uint32_t),
                                        (void **)&dict->codes_of_source));
            dict->source_capacity = source->count;
        }
        if (source->count > 0) {
            memset(dict->codes_of_source, 0xff, (size_t)source->count * sizeof(*dict->codes_of_source));
        }
        dict->source_id = source->id;
    }
    for (; i < n; i++) {
        uint32_t *code = &dict->codes_of_source[source_codes[i]];
        if (WEFT_UNLIKELY(*code == UINT32_MAX)) {
            int32_t one;
            WEFT_TRY(st, dict_put_str(ctx, dict, &entries[source_codes[i]], 1, limit_bytes, code, &one));
            if (one == 0) break;
        }
        codes[i] = *code;
    }
done:
    *done = i;
    return st;
}

void weft_pqw_dict_clear(weft_pqw_dict *dict)
{
    if (dict->slots != NULL) memset(dict->slots, 0, (dict->slot_mask + 1) * sizeof(*dict->slots));
    if (dict->heap != NULL) weft_arena_reset(dict->heap);
    dict->count = 0;
    dict->plain_bytes = 0;
    dict->source_id = 0;
}

void weft_pqw_dict_deinit(weft_pqw_dict *dict)
{
    weft_mem_free(dict->entries);
    weft_mem_free(dict->slots);
    weft_mem_free(dict->codes_of_source);
    weft_arena_free(&dict->heap);
    *dict = (weft_pqw_dict){0};
}
