/* engine/formats/parquet/decode.c - the values of a page: from their encoding to the page's form.
 *
 * Hot forms stay as they are in the body and are read where they lie: plain numbers, length-prefixed strings
 * and dictionary codes. All other encodings are decoded here, the whole page at once, to flat values. */
#include "engine/formats/parquet/chunk.h"
#include "engine/formats/parquet/delta.h"

bool weft_pq_leaf_is_string(const weft_pq_leaf *leaf)
{
    return leaf->type.id == WEFT_TYPE_STRING || leaf->type.id == WEFT_TYPE_BINARY;
}

bool weft_pq_split_strings(const uint8_t **at, const uint8_t *end, int64_t count, weft_str *out)
{
    const uint8_t *p = *at;
    for (int64_t i = 0; i < count; i++) {
        uint32_t len;
        if (end - p < 4) return false;
        memcpy(&len, p, 4);
        p += 4;
        if (len > (uint64_t)(end - p) || len > INT32_MAX) return false;
        out[i] = weft_str_view((const char *)p, len);
        p += len;
    }
    *at = p;
    return true;
}

/* count physical values of fixed width at raw become the page's flat values; in place when nothing changes.
 */
static weft_status decode_fixed(weft_ctx *ctx, weft_pq_chunk *chunk, const uint8_t *raw)
{
    weft_status st = WEFT_OK;
    weft_pq_page *page = &chunk->page;
    const weft_pq_leaf *leaf = chunk->leaf;
    page->form = WEFT_PQ_FORM_FLAT;
    if (leaf->convert != WEFT_PQ_AS_IS) {
        WEFT_TRY(st, weft_pq_convert_fixed(ctx, chunk, raw, page->value_count, &chunk->values, &page->phys));
        page->values = chunk->values.data;
        goto done;
    }
    page->phys = (uint8_t)weft_type_phys(leaf->type);
    page->values = raw;
    if (((uintptr_t)raw & (size_t)(leaf->type_bytes - 1)) != 0) { /* levels may leave the values unaligned */
        const size_t bytes = (size_t)page->value_count * (size_t)leaf->type_bytes;
        WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &chunk->values, bytes));
        memcpy(chunk->values.data, raw, bytes);
        page->values = chunk->values.data;
    }
done:
    return st;
}

static weft_status decode_booleans(weft_ctx *ctx, weft_pq_chunk *chunk, const uint8_t *bytes, int64_t len,
                                   bool rle)
{
    weft_status st = WEFT_OK;
    weft_pq_page *page = &chunk->page;
    const int64_t count = page->value_count;
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &chunk->values, (size_t)count));
    uint8_t *out = chunk->values.data;
    bool good = true;
    if (rle) {
        uint32_t part[256 + 8], told = 0;
        weft_pq_hybrid h;
        good = len >= 4;
        if (good) memcpy(&told, bytes, 4);
        good = good && told <= len - 4;
        weft_pq_hybrid_init(&h, chunk->lane->kernels, bytes + 4, good ? told : 0, 1);
        for (int64_t i = 0; good && i < count;) {
            const int32_t n = (int32_t)weft_min_i64(256, count - i);
            good = weft_pq_hybrid_read(&h, part, n);
            for (int32_t k = 0; k < n; k++) out[i + k] = (uint8_t)(part[k] & 1);
            i += n;
        }
    } else {
        good = (count + 7) / 8 <= len;
        for (int64_t i = 0; good && i < count; i++) out[i] = (bytes[i >> 3] >> (i & 7)) & 1;
    }
    if (!good) st = weft_pq_chunk_corrupt(ctx, chunk, "the booleans are malformed");
    page->form = WEFT_PQ_FORM_FLAT;
    page->phys = WEFT_PHYS_BOOL;
    page->values = out;
done:
    return st;
}

static weft_status decode_plain(weft_ctx *ctx, weft_pq_chunk *chunk, const uint8_t *bytes, int64_t len)
{
    weft_status st = WEFT_OK;
    weft_pq_page *page = &chunk->page;
    const weft_pq_leaf *leaf = chunk->leaf;
    if (leaf->physical == WEFT_PQ_BOOLEAN) return decode_booleans(ctx, chunk, bytes, len, false);
    if (leaf->physical == WEFT_PQ_BYTE_ARRAY) {
        if (weft_pq_leaf_is_string(leaf)) {
            page->form = WEFT_PQ_FORM_STRINGS;
            page->phys = WEFT_PHYS_STR;
            page->string_at = bytes;
            page->string_end = bytes + len;
            page->next_value = 0;
            return WEFT_OK;
        }
        const size_t views = (size_t)page->value_count * sizeof(weft_str);
        if (page->value_count > len / 4)
            return weft_pq_chunk_corrupt(ctx, chunk, "the page's values are cut short");
        WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &chunk->lane->raw, views));
        weft_str *strings = chunk->lane->raw.data;
        if (!weft_pq_split_strings(&bytes, bytes + len, page->value_count, strings)) {
            return weft_pq_chunk_corrupt(ctx, chunk, "the page's values are cut short");
        }
        WEFT_TRY(
            st, weft_pq_convert_strings(ctx, chunk, strings, page->value_count, &chunk->values, &page->phys));
        page->form = WEFT_PQ_FORM_FLAT;
        page->values = chunk->values.data;
        goto done;
    }
    if (page->value_count > len / leaf->type_bytes) {
        return weft_pq_chunk_corrupt(ctx, chunk, "the page's values are cut short");
    }
    WEFT_TRY(st, decode_fixed(ctx, chunk, bytes));
done:
    return st;
}

static weft_status decode_codes(weft_ctx *ctx, weft_pq_chunk *chunk, const uint8_t *bytes, int64_t len)
{
    weft_pq_page *page = &chunk->page;
    const int32_t width = len > 0 ? bytes[0] : 0;
    if (width > 32 || (len == 0 && page->value_count > 0)) {
        return weft_pq_chunk_corrupt(ctx, chunk, "the dictionary codes' width is malformed");
    }
    page->form = WEFT_PQ_FORM_CODES;
    page->phys = chunk->dictionary.phys;
    page->next_value = 0;
    weft_pq_hybrid_init(&page->codes, chunk->lane->kernels, bytes + (len > 0), len > 0 ? len - 1 : 0, width);
    return WEFT_OK;
}

static weft_status decode_delta_numbers(weft_ctx *ctx, weft_pq_chunk *chunk, const uint8_t *bytes,
                                        int64_t len)
{
    weft_status st = WEFT_OK;
    const int64_t count = chunk->page.value_count;
    const bool narrow = chunk->leaf->physical == WEFT_PQ_INT32;
    if (!narrow && chunk->leaf->physical != WEFT_PQ_INT64) {
        return weft_pq_chunk_corrupt(ctx, chunk, "delta encoding of a type that has no such");
    }
    /* AS_IS values are used where they lie, so they must not lie in the lane's shared scratch. */
    weft_pq_buffer *to = chunk->leaf->convert == WEFT_PQ_AS_IS ? &chunk->values : &chunk->lane->raw;
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, to, (size_t)count * 8));
    int64_t *wide = to->data;
    if (!weft_pq_delta_decode(chunk->lane->kernels, &bytes, bytes + len, count, wide)) {
        st = weft_pq_chunk_corrupt(ctx, chunk, "the deltas are malformed");
        goto done;
    }
    if (narrow) { /* in place: value i is written before where i + 1 is read */
        int32_t *small = to->data;
        for (int64_t i = 0; i < count; i++) small[i] = (int32_t)wide[i];
    }
    WEFT_TRY(st, decode_fixed(ctx, chunk, to->data));
done:
    return st;
}

/* Decoded byte arrays become the page's values: strings, decimals, or what FIXED means. */
static weft_status decode_finish_strings(weft_ctx *ctx, weft_pq_chunk *chunk, weft_str *strings)
{
    weft_status st = WEFT_OK;
    weft_pq_page *page = &chunk->page;
    const weft_pq_leaf *leaf = chunk->leaf;
    const int64_t count = page->value_count;
    page->form = WEFT_PQ_FORM_FLAT;
    if (weft_pq_leaf_is_string(leaf)) {
        page->phys = WEFT_PHYS_STR;
        page->values = (const uint8_t *)strings;
    } else if (leaf->physical == WEFT_PQ_BYTE_ARRAY) {
        WEFT_TRY(st, weft_pq_convert_strings(ctx, chunk, strings, count, &chunk->lane->raw, &page->phys));
        const size_t bytes = (size_t)count * (size_t)weft_phys_bytes((weft_phys)page->phys);
        memcpy(chunk->values.data, chunk->lane->raw.data,
               bytes); /* not wider than the 16 bytes of a string */
        page->values = chunk->values.data;
    } else {
        const size_t width = (size_t)leaf->type_bytes;
        WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &chunk->lane->raw, (size_t)count * width));
        uint8_t *raw = chunk->lane->raw.data;
        for (int64_t i = 0; i < count; i++) {
            if (strings[i].len != width) {
                return weft_pq_chunk_corrupt(ctx, chunk, "a value has not the length of its type");
            }
            memcpy(raw + (size_t)i * width, weft_str_data(&strings[i]), width);
        }
        WEFT_TRY(st, weft_pq_convert_fixed(ctx, chunk, raw, count, &chunk->values, &page->phys));
        page->values = chunk->values.data;
    }
done:
    return st;
}

static weft_status decode_delta_lengths(weft_ctx *ctx, weft_pq_chunk *chunk, const uint8_t *bytes,
                                        int64_t len)
{
    weft_status st = WEFT_OK;
    const int64_t count = chunk->page.value_count;
    const uint8_t *end = bytes + len;
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &chunk->lane->raw, (size_t)count * 8));
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &chunk->values, (size_t)count * sizeof(weft_str)));
    int64_t *lengths = chunk->lane->raw.data;
    weft_str *strings = chunk->values.data;
    bool good = chunk->leaf->physical == WEFT_PQ_BYTE_ARRAY &&
                weft_pq_delta_decode(chunk->lane->kernels, &bytes, end, count, lengths);
    for (int64_t i = 0; good && i < count; i++) {
        good = lengths[i] >= 0 && lengths[i] <= end - bytes;
        if (!good) break;
        strings[i] = weft_str_view((const char *)bytes, (uint32_t)lengths[i]);
        bytes += lengths[i];
    }
    if (!good) {
        st = weft_pq_chunk_corrupt(ctx, chunk, "the string lengths are malformed");
        goto done;
    }
    WEFT_TRY(st, decode_finish_strings(ctx, chunk, strings));
done:
    return st;
}

/* The bytes that DELTA_BYTE_ARRAY's strings take, or -1 when a length is impossible. */
static int64_t decode_prefixed_bytes(const int64_t *prefixes, const int64_t *suffixes, int64_t count,
                                     int64_t left)
{
    int64_t total = 0, previous = 0;
    for (int64_t i = 0; i < count; i++) {
        if (prefixes[i] < 0 || prefixes[i] > previous || suffixes[i] < 0 || suffixes[i] > left) return -1;
        left -= suffixes[i];
        previous = prefixes[i] + suffixes[i];
        if (previous > INT32_MAX || total > INT32_MAX) return -1;
        total += previous;
    }
    return total;
}

static weft_status decode_delta_strings(weft_ctx *ctx, weft_pq_chunk *chunk, const uint8_t *bytes,
                                        int64_t len)
{
    weft_status st = WEFT_OK;
    const int64_t count = chunk->page.value_count;
    const uint8_t *end = bytes + len;
    const bool typed = chunk->leaf->physical == WEFT_PQ_BYTE_ARRAY || chunk->leaf->physical == WEFT_PQ_FIXED;
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &chunk->lane->raw, (size_t)count * 16));
    int64_t *prefixes = chunk->lane->raw.data, *suffixes = prefixes + count;
    int64_t total = -1;
    if (typed && weft_pq_delta_decode(chunk->lane->kernels, &bytes, end, count, prefixes) &&
        weft_pq_delta_decode(chunk->lane->kernels, &bytes, end, count, suffixes)) {
        total = decode_prefixed_bytes(prefixes, suffixes, count, end - bytes);
    }
    if (total < 0) {
        st = weft_pq_chunk_corrupt(ctx, chunk, "the string prefixes are malformed");
        goto done;
    }
    /* Views first, then the bytes that they point to. */
    const size_t view_bytes = (size_t)count * sizeof(weft_str);
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &chunk->values, view_bytes + (size_t)total));
    weft_str *strings = chunk->values.data;
    char *heap = (char *)chunk->values.data + view_bytes;
    const char *previous = heap;
    for (int64_t i = 0; i < count; i++) {
        const size_t prefix = (size_t)prefixes[i], suffix = (size_t)suffixes[i];
        memcpy(heap, previous, prefix);
        memcpy(heap + prefix, bytes, suffix);
        strings[i] = weft_str_view(heap, (uint32_t)(prefix + suffix));
        previous = heap;
        heap += prefix + suffix;
        bytes += suffix;
    }
    WEFT_TRY(st, decode_finish_strings(ctx, chunk, strings));
done:
    return st;
}

static weft_status decode_stream_split(weft_ctx *ctx, weft_pq_chunk *chunk, const uint8_t *bytes, int64_t len)
{
    weft_status st = WEFT_OK;
    const int64_t count = chunk->page.value_count;
    const int32_t width = chunk->leaf->type_bytes;
    if (width == 0 || chunk->leaf->physical == WEFT_PQ_INT96 || count > len / width) {
        return weft_pq_chunk_corrupt(ctx, chunk, "the byte streams are malformed");
    }
    const size_t plain_bytes = (size_t)count * (size_t)width;
    if (chunk->leaf->convert == WEFT_PQ_FIXED_TO_STR) { /* views first, then the bytes that they point to */
        const size_t view_bytes = (size_t)count * sizeof(weft_str);
        WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &chunk->values, view_bytes + plain_bytes));
        weft_str *strings = chunk->values.data;
        char *heap = (char *)chunk->values.data + view_bytes;
        weft_pq_stream_split(bytes, count, width, (uint8_t *)heap);
        for (int64_t i = 0; i < count; i++) strings[i] = weft_str_view(heap + i * width, (uint32_t)width);
        WEFT_TRY(st, decode_finish_strings(ctx, chunk, strings));
        goto done;
    }
    weft_pq_buffer *to = chunk->leaf->convert == WEFT_PQ_AS_IS ? &chunk->values : &chunk->lane->raw;
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, to, plain_bytes));
    weft_pq_stream_split(bytes, count, width, to->data);
    WEFT_TRY(st, decode_fixed(ctx, chunk, to->data));
done:
    return st;
}

weft_status weft_pq_decode_values(weft_ctx *ctx, weft_pq_chunk *chunk, const uint8_t *bytes, int64_t len)
{
    switch (chunk->page.header.encoding) {
    case WEFT_PQ_PLAIN: return decode_plain(ctx, chunk, bytes, len);
    case WEFT_PQ_RLE_DICTIONARY:
    case WEFT_PQ_PLAIN_DICTIONARY: return decode_codes(ctx, chunk, bytes, len);
    case WEFT_PQ_RLE:
        if (chunk->leaf->physical == WEFT_PQ_BOOLEAN) return decode_booleans(ctx, chunk, bytes, len, true);
        break;
    case WEFT_PQ_DELTA_BINARY_PACKED: return decode_delta_numbers(ctx, chunk, bytes, len);
    case WEFT_PQ_DELTA_LENGTH_BYTE_ARRAY: return decode_delta_lengths(ctx, chunk, bytes, len);
    case WEFT_PQ_DELTA_BYTE_ARRAY: return decode_delta_strings(ctx, chunk, bytes, len);
    case WEFT_PQ_BYTE_STREAM_SPLIT: return decode_stream_split(ctx, chunk, bytes, len);
    default: break;
    }
    return weft_pq_chunk_corrupt(ctx, chunk, "the page has an encoding that its column cannot have");
}
