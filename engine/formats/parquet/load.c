/* engine/formats/parquet/load.c - from a located page to its levels and values: read, check, decompress,
 * decode. */
#include "common/hash.h"
#include "engine/formats/parquet/bits.h"
#include "engine/formats/parquet/page_cache.h"

/* Values of one page. Pages have thousands; the bound keeps a lying header from asking for all memory. */
enum { LOAD_VALUES_MAX = 1 << 27 };

/* Can packed_bytes of this codec become plain_bytes at all? Checked before memory is asked for. */
static bool load_ratio_plausible(int codec, int64_t packed_bytes, int64_t plain_bytes)
{
    switch (codec) {
    case WEFT_PQ_SNAPPY: return plain_bytes <= packed_bytes * 64;
    case WEFT_PQ_LZ4:
    case WEFT_PQ_LZ4_RAW: return plain_bytes <= packed_bytes * 256;
    case WEFT_PQ_GZIP: return plain_bytes <= packed_bytes * 1100;
    default: return true;
    }
}

static weft_status load_decompress(weft_ctx *ctx, weft_pq_chunk *chunk, const weft_pq_page_header *h,
                                   const uint8_t *packed, int64_t packed_bytes, uint8_t *to,
                                   int64_t plain_bytes)
{
    const bool numbers = chunk->leaf->type_bytes == 8 &&
                         (h->type == WEFT_PQ_DICTIONARY_PAGE || h->encoding == WEFT_PQ_PLAIN);
    const weft_status st = weft_pq_decompress(ctx, &chunk->lane->codecs, (weft_pq_codec)chunk->meta->codec,
                                              packed, packed_bytes, to, plain_bytes, numbers);
    if (st == WEFT_CORRUPT) return weft_pq_chunk_corrupt(ctx, chunk, "the page cannot be decompressed");
    if (st == WEFT_UNSUPPORTED) {
        weft_error_prefix(ctx, "Parquet file %s, column %s: ", chunk->path, chunk->leaf->path);
    }
    return st;
}

/* What a body that is read must be, before memory is asked for it. */
static weft_status load_check(weft_ctx *ctx, weft_pq_chunk *chunk, const weft_pq_page_header *h,
                              int64_t levels, const uint8_t *packed, bool plain)
{
    if (h->has_crc && weft_crc32(0, packed, (size_t)h->packed_bytes) != h->crc)
        return weft_pq_chunk_corrupt(ctx, chunk, "the page's checksum is wrong");
    if (levels > h->packed_bytes || levels > h->plain_bytes)
        return weft_pq_chunk_corrupt(ctx, chunk, "the levels are longer than the page");
    if (plain && h->packed_bytes != h->plain_bytes)
        return weft_pq_chunk_corrupt(ctx, chunk, "an uncompressed page has two sizes");
    if (!plain &&
        !load_ratio_plausible(chunk->meta->codec, h->packed_bytes - levels, h->plain_bytes - levels)) {
        return weft_pq_chunk_corrupt(ctx, chunk, "the page tells an impossible size");
    }
    return WEFT_OK;
}

/* Where the body of a page lies. */
typedef struct load_place {
    weft_pq_buffer *buffer;        /* decompressed into it, or */
    const weft_pq_cached **cached; /* held of the cache */
    bool in_io;                    /* or as it was read */
} load_place;

/* Decompress what is behind the first `levels` bytes (v2 keeps levels uncompressed), into the cache when it
 * has room. */
static weft_status load_unpack(weft_ctx *ctx, weft_pq_chunk *chunk, int64_t offset,
                               const weft_pq_page_header *h, int64_t levels, const uint8_t *packed,
                               load_place *place, const uint8_t **out)
{
    weft_status st = WEFT_OK;
    const int64_t cache_bytes = chunk->lane->cache_bytes;
    weft_pq_cached *page = cache_bytes > 0 ? weft_pq_page_cache_new(ctx, cache_bytes, h) : NULL;
    const weft_pq_cached *unused;
    if (page == NULL) WEFT_TRY(st, weft_pq_buffer_reserve(ctx, place->buffer, (size_t)h->plain_bytes));
    uint8_t *to = page != NULL ? page->body : place->buffer->data;
    memcpy(to, packed, (size_t)levels);
    if (h->plain_bytes > levels || h->packed_bytes > levels) {
        WEFT_TRY(st, load_decompress(ctx, chunk, h, packed + levels, h->packed_bytes - levels, to + levels,
                                     h->plain_bytes - levels));
    }
    *out = to;
    if (page != NULL) {
        weft_pq_page_cache_add(page, chunk->file_id, offset);
        *place->cached = page;
        page = NULL;
    }
done:
    unused = page;
    weft_pq_page_cache_release(&unused);
    return st;
}

/* Have the body of a page: from the cache, or read and decompressed. */
static weft_status load_body(weft_ctx *ctx, weft_pq_chunk *chunk, int64_t offset,
                             const weft_pq_page_header *h, int64_t levels, load_place *place,
                             const uint8_t **out)
{
    weft_status st = WEFT_OK;
    const uint8_t *packed;
    const bool plain = chunk->meta->codec == WEFT_PQ_UNCOMPRESSED || !h->compressed;
    place->in_io = plain;
    if (!plain && chunk->lane->cache_bytes > 0) {
        weft_pq_page_cache_release(place->cached);
        *place->cached = weft_pq_page_cache_find(chunk->file_id, offset);
        if (*place->cached != NULL) {
            *out = (*place->cached)->body;
            return WEFT_OK;
        }
    }
    WEFT_TRY(st, weft_pq_chunk_bytes(ctx, chunk, offset + h->header_bytes, h->packed_bytes, &packed));
    WEFT_TRY(st, load_check(ctx, chunk, h, levels, packed, plain));
    if (plain) {
        *out = packed;
    } else {
        WEFT_TRY(st, load_unpack(ctx, chunk, offset, h, levels, packed, place, out));
    }
done:
    return st;
}

/* Levels as bytes: bit-packed from the high bit, the deprecated BIT_PACKED of old v1 pages. */
static bool load_levels_msb(const uint8_t *bytes, int64_t len, int32_t width, int64_t count, uint8_t *out)
{
    if ((count * width + 7) / 8 > len) return false;
    for (int64_t i = 0, bit = 0; i < count; i++) {
        uint32_t level = 0;
        for (int32_t b = 0; b < width; b++, bit++)
            level = level << 1 | ((bytes[bit >> 3] >> (7 - (bit & 7))) & 1);
        out[i] = (uint8_t)level;
    }
    return true;
}

static bool load_levels_rle(const weft_pq_kernels *kernels, const uint8_t *bytes, int64_t len, int32_t width,
                            int64_t count, int32_t max, uint8_t *out)
{
    uint32_t part[256 + 8];
    weft_pq_hybrid h;
    weft_pq_hybrid_init(&h, kernels, bytes, len, width);
    for (int64_t i = 0; i < count;) {
        const int32_t n = (int32_t)weft_min_i64(256, count - i);
        if (!weft_pq_hybrid_read(&h, part, n)) return false;
        for (int32_t k = 0; k < n; k++) {
            if (part[k] > (uint32_t)max) return false;
            out[i + k] = (uint8_t)part[k];
        }
        i += n;
    }
    return true;
}

typedef struct load_levels {
    const uint8_t *at, *end; /* the rest of the body */
    int64_t count;           /* slots */
} load_levels;

/* The bytes of one kind of levels: v1 by their own length (or bit-packed, by count), v2 by the header. */
static bool load_level_bytes(load_levels *l, const weft_pq_page_header *h, int encoding, int32_t v2_bytes,
                             int32_t width, const uint8_t **bytes, int64_t *len)
{
    if (h->type == WEFT_PQ_DATA_PAGE_V2) {
        *len = v2_bytes;
    } else if (encoding == WEFT_PQ_BIT_PACKED) {
        *len = (l->count * width + 7) / 8;
    } else if (encoding == WEFT_PQ_RLE && l->end - l->at >= 4) {
        uint32_t told;
        memcpy(&told, l->at, 4);
        l->at += 4;
        *len = told;
    } else {
        return false;
    }
    if (*len < 0 || *len > l->end - l->at) return false;
    *bytes = l->at;
    l->at += *len;
    return true;
}

/* Definition levels of a flat nullable column, as a validity bitmap. */
static bool load_validity(weft_pq_chunk *chunk, const weft_pq_page_header *h, const uint8_t *bytes,
                          int64_t len)
{
    weft_pq_page *page = &chunk->page;
    uint64_t *map = chunk->validity.data;
    int64_t ones = 0;
    if (h->type == WEFT_PQ_DATA_PAGE && h->def_encoding == WEFT_PQ_BIT_PACKED) {
        if ((h->num_values + 7) / 8 > len) return false;
        for (int64_t i = 0; i < h->num_values; i++) {
            const bool one = (bytes[i >> 3] >> (7 - (i & 7))) & 1;
            weft_pq_bits_store(map, i, 1, one);
            ones += one;
        }
    } else {
        weft_pq_hybrid hybrid;
        weft_pq_hybrid_init(&hybrid, chunk->lane->kernels, bytes, len, 1);
        if (!weft_pq_hybrid_bits(&hybrid, map, 0, h->num_values, &ones)) return false;
    }
    page->value_count = ones;
    page->validity = ones == h->num_values ? NULL : map;
    return true;
}

static weft_status load_flat_levels(weft_ctx *ctx, weft_pq_chunk *chunk, load_levels *l)
{
    weft_status st = WEFT_OK;
    const weft_pq_page_header *h = &chunk->page.header;
    const uint8_t *bytes;
    int64_t len;
    chunk->page.value_count = h->num_values;
    if (chunk->page.row_end - chunk->page.row_begin != h->num_values) {
        return weft_pq_chunk_corrupt(ctx, chunk,
                                     "the page has another number of rows than its location tells");
    }
    if (chunk->leaf->max_def == 0) {
        l->at += h->type == WEFT_PQ_DATA_PAGE_V2 ? (int64_t)h->def_bytes + h->rep_bytes : 0;
        return WEFT_OK;
    }
    WEFT_TRY(st,
             weft_pq_buffer_reserve(ctx, &chunk->validity, (size_t)weft_bit_words(h->num_values) * 8 + 8));
    if (h->type == WEFT_PQ_DATA_PAGE_V2) l->at += h->rep_bytes;
    if (!load_level_bytes(l, h, h->def_encoding, h->def_bytes, 1, &bytes, &len) ||
        !load_validity(chunk, h, bytes, len)) {
        st = weft_pq_chunk_corrupt(ctx, chunk, "the definition levels are malformed");
    }
done:
    return st;
}

static weft_status load_one_level(weft_ctx *ctx, weft_pq_chunk *chunk, load_levels *l, int encoding,
                                  int32_t v2_bytes, int32_t max, weft_pq_buffer *buffer, const uint8_t **out)
{
    weft_status st = WEFT_OK;
    const weft_pq_page_header *h = &chunk->page.header;
    const int32_t width = 32 - __builtin_clz((uint32_t)max | 1);
    const uint8_t *bytes;
    int64_t len;
    *out = NULL;
    if (max == 0) {
        l->at += h->type == WEFT_PQ_DATA_PAGE_V2 ? v2_bytes : 0;
        return WEFT_OK;
    }
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, buffer, (size_t)l->count));
    *out = buffer->data;
    bool good = load_level_bytes(l, h, encoding, v2_bytes, width, &bytes, &len);
    if (good && h->type == WEFT_PQ_DATA_PAGE && encoding == WEFT_PQ_BIT_PACKED) {
        good = load_levels_msb(bytes, len, width, l->count, buffer->data);
        for (int64_t i = 0; good && i < l->count; i++) good = (*out)[i] <= max;
    } else if (good) {
        good = load_levels_rle(chunk->lane->kernels, bytes, len, width, l->count, max, buffer->data);
    }
    if (!good) st = weft_pq_chunk_corrupt(ctx, chunk, "the levels are malformed");
done:
    return st;
}

static weft_status load_nested_levels(weft_ctx *ctx, weft_pq_chunk *chunk, load_levels *l)
{
    weft_status st = WEFT_OK;
    weft_pq_page *page = &chunk->page;
    const weft_pq_page_header *h = &page->header;
    const int32_t max_def = chunk->leaf->max_def, max_rep = chunk->leaf->max_rep;
    WEFT_TRY(st, load_one_level(ctx, chunk, l, h->rep_encoding, h->rep_bytes, max_rep, &chunk->rep_levels,
                                &page->rep));
    WEFT_TRY(st, load_one_level(ctx, chunk, l, h->def_encoding, h->def_bytes, max_def, &chunk->def_levels,
                                &page->def));
    page->slot_count = h->num_values;
    page->value_count = h->num_values;
    if (page->def != NULL) {
        page->value_count = 0;
        for (int64_t i = 0; i < page->slot_count; i++) page->value_count += page->def[i] == max_def;
    }
    int64_t rows = page->slot_count;
    if (page->rep != NULL) {
        rows = 0;
        for (int64_t i = 0; i < page->slot_count; i++) rows += page->rep[i] == 0;
    }
    if (page->row_end == 0) page->row_end = page->row_begin + rows;
    /* Only without locations may a page begin within a row, and never the first. */
    const bool begins_within = page->rep != NULL && page->slot_count > 0 && page->rep[0] != 0;
    if (rows != page->row_end - page->row_begin || page->row_end > chunk->rows ||
        (begins_within && (chunk->locations != NULL || page->row_begin == 0))) {
        st = weft_pq_chunk_corrupt(ctx, chunk, "the page's levels do not make its rows");
    }
done:
    return st;
}

/* The header of a page that its location led to. The whole page is read at once, unless the cache has it. */
static weft_status load_located_header(weft_ctx *ctx, weft_pq_chunk *chunk)
{
    weft_status st = WEFT_OK;
    const weft_pq_location *l = &chunk->locations[chunk->location_at];
    const weft_pq_cached *cached = NULL;
    const uint8_t *whole;
    if (chunk->lane->cache_bytes > 0) cached = weft_pq_page_cache_find(chunk->file_id, l->offset);
    if (cached == NULL) WEFT_TRY(st, weft_pq_chunk_bytes(ctx, chunk, l->offset, l->bytes, &whole));
    WEFT_TRY(st, weft_pq_chunk_header(ctx, chunk, l->offset, &chunk->page.header));
done:
    weft_pq_page_cache_release(&cached);
    return st;
}

weft_status weft_pq_chunk_load(weft_ctx *ctx, weft_pq_chunk *chunk)
{
    weft_status st = WEFT_OK;
    weft_pq_page *page = &chunk->page;
    weft_pq_page_header *h = &page->header;
    const uint8_t *body = NULL;
    if (page->loaded) return WEFT_OK;
    if (h->type < 0) {
        WEFT_TRY(st, load_located_header(ctx, chunk));
        if ((h->type != WEFT_PQ_DATA_PAGE && h->type != WEFT_PQ_DATA_PAGE_V2)) {
            st = weft_pq_chunk_corrupt(ctx, chunk, "a page location does not lead to a data page");
            goto done;
        }
    }
    if (h->type != WEFT_PQ_DATA_PAGE && h->type != WEFT_PQ_DATA_PAGE_V2) {
        st = weft_pq_chunk_corrupt(ctx, chunk, "unknown page type");
        goto done;
    }
    if (h->num_values < 0 || h->num_values > LOAD_VALUES_MAX || h->def_bytes < 0 || h->rep_bytes < 0) {
        st = weft_pq_chunk_corrupt(ctx, chunk, "the page header tells impossible counts");
        goto done;
    }
    if (h->encoding == WEFT_PQ_RLE_DICTIONARY || h->encoding == WEFT_PQ_PLAIN_DICTIONARY) {
        WEFT_TRY(st, weft_pq_chunk_dictionary(ctx, chunk)); /* before the body: both use the io buffer */
    }
    const bool v2 = h->type == WEFT_PQ_DATA_PAGE_V2;
    const int64_t levels = v2 ? (int64_t)h->def_bytes + h->rep_bytes : 0;
    load_place place = {.buffer = &chunk->body, .cached = &chunk->cached};
    WEFT_TRY(st, load_body(ctx, chunk, page->offset, h, levels, &place, &body));
    page->body_is_io = place.in_io;
    load_levels l = {.at = body, .end = body + h->plain_bytes, .count = h->num_values};
    if (chunk->nested) {
        WEFT_TRY(st, load_nested_levels(ctx, chunk, &l));
    } else {
        WEFT_TRY(st, load_flat_levels(ctx, chunk, &l));
    }
    WEFT_TRY(st, weft_pq_decode_values(ctx, chunk, l.at, l.end - l.at));
    page->loaded = true;
    chunk->lane->metrics.pages++;
done:
    return st;
}

/* Rows of a chunk of NULLs alone have code 0, which readers may look up: the entry of a dictionary without
 * any. */
_Alignas(16) static const uint8_t no_value[16] = {0};

static weft_status dictionary_values(weft_ctx *ctx, weft_pq_chunk *chunk, const uint8_t *body,
                                     int64_t body_bytes, int64_t count)
{
    weft_status st = WEFT_OK;
    const weft_pq_leaf *leaf = chunk->leaf;
    const uint8_t *at = body;
    uint8_t phys = 0;
    const void *values = body;
    if (leaf->physical == WEFT_PQ_BYTE_ARRAY) {
        const bool is_string = weft_pq_leaf_is_string(leaf);
        weft_pq_buffer *views = is_string ? &chunk->dictionary_values : &chunk->lane->raw;
        WEFT_TRY(st, weft_pq_buffer_reserve(ctx, views, (size_t)count * sizeof(weft_str)));
        if (!weft_pq_split_strings(&at, body + body_bytes, count, views->data)) {
            st = weft_pq_chunk_corrupt(ctx, chunk, "the dictionary's strings are malformed");
            goto done;
        }
        phys = WEFT_PHYS_STR;
        if (!is_string) {
            WEFT_TRY(st, weft_pq_convert_strings(ctx, chunk, views->data, count, &chunk->dictionary_values,
                                                 &phys));
        }
        values = chunk->dictionary_values.data;
    } else if (leaf->type_bytes == 0 || body_bytes / leaf->type_bytes < count) {
        st = weft_pq_chunk_corrupt(ctx, chunk, "the dictionary is shorter than its header tells");
        goto done;
    } else if (leaf->convert == WEFT_PQ_AS_IS) {
        phys = (uint8_t)weft_type_phys(leaf->type);
    } else {
        WEFT_TRY(st, weft_pq_convert_fixed(ctx, chunk, body, count, &chunk->dictionary_values, &phys));
        values = chunk->dictionary_values.data;
    }
    if (count == 0) values = no_value;
    chunk->dictionary = (weft_dictionary){
        .id = weft_dictionary_new_id(), .count = (int32_t)count, .phys = phys, .values = values};
done:
    return st;
}

weft_status weft_pq_chunk_dictionary(weft_ctx *ctx, weft_pq_chunk *chunk)
{
    weft_status st = WEFT_OK;
    weft_pq_page_header h;
    const uint8_t *body;
    load_place place = {.buffer = &chunk->dictionary_body, .cached = &chunk->dictionary_cached};
    const int64_t begin = chunk->meta->begin;
    if (chunk->dictionary_loaded) return WEFT_OK;
    WEFT_TRY(st, weft_pq_chunk_header(ctx, chunk, begin, &h));
    if (h.type != WEFT_PQ_DICTIONARY_PAGE || h.num_values < 0 || h.num_values > LOAD_VALUES_MAX ||
        (h.encoding != WEFT_PQ_PLAIN && h.encoding != WEFT_PQ_PLAIN_DICTIONARY)) {
        st = weft_pq_chunk_corrupt(ctx, chunk, "the column chunk does not begin with a dictionary");
        goto done;
    }
    WEFT_TRY(st, load_body(ctx, chunk, begin, &h, 0, &place, &body));
    if (place.in_io) { /* it must outlive the io buffer */
        WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &chunk->dictionary_body, (size_t)h.plain_bytes));
        memcpy(chunk->dictionary_body.data, body, (size_t)h.plain_bytes);
        body = chunk->dictionary_body.data;
    }
    WEFT_TRY(st, dictionary_values(ctx, chunk, body, h.plain_bytes, h.num_values));
    chunk->dictionary_loaded = true;
done:
    return st;
}
