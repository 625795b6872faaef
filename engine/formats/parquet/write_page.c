/* engine/formats/parquet/write_page.c - closing a page: bounds, encoding, compression, header.
 *
 *   V1: [length, repetition levels] [length, definition levels] values, all compressed
 *   V2: repetition levels, definition levels, then the values compressed
 *
 * Levels are written where their maximum is above 0. Source: README.md and parquet.thrift of
 * parquet-format 2.11. */
#include "engine/formats/parquet/write_column.h"

#include "common/hash.h"
#include "engine/formats/parquet/write_encode.h"

weft_status weft_pqw_put_page_header(weft_ctx *ctx, weft_bytes *out, const weft_pqw_page_head *head,
                                     bool checksum, const void *packed)
{
    weft_thrift_writer w = weft_thrift_into(ctx, out);
    if (head->raw_bytes > INT32_MAX || head->packed_bytes > INT32_MAX) {
        return weft_fail(ctx, WEFT_LIMIT, "A Parquet page of %lld bytes is more than 2 GiB.",
                         (long long)head->raw_bytes);
    }
    weft_thrift_put_struct_open(&w);
    weft_thrift_put_i32(&w, 1, (int32_t)head->type);
    weft_thrift_put_i32(&w, 2, (int32_t)head->raw_bytes);
    weft_thrift_put_i32(&w, 3, (int32_t)head->packed_bytes);
    if (checksum) weft_thrift_put_i32(&w, 4, (int32_t)weft_crc32(0, packed, (size_t)head->packed_bytes));
    if (head->type == WEFT_PQ_DICTIONARY_PAGE) {
        weft_thrift_put_struct_begin(&w, 7);
        weft_thrift_put_i32(&w, 1, head->levels);
        weft_thrift_put_i32(&w, 2, (int32_t)head->encoding);
    } else if (head->type == WEFT_PQ_DATA_PAGE_V2) {
        weft_thrift_put_struct_begin(&w, 8);
        weft_thrift_put_i32(&w, 1, head->levels);
        weft_thrift_put_i32(&w, 2, head->nulls);
        weft_thrift_put_i32(&w, 3, head->rows);
        weft_thrift_put_i32(&w, 4, (int32_t)head->encoding);
        weft_thrift_put_i32(&w, 5, head->def_bytes);
        weft_thrift_put_i32(&w, 6, head->rep_bytes);
        weft_thrift_put_bool(&w, 7, head->compressed);
    } else {
        weft_thrift_put_struct_begin(&w, 5);
        weft_thrift_put_i32(&w, 1, head->levels);
        weft_thrift_put_i32(&w, 2, (int32_t)head->encoding);
        weft_thrift_put_i32(&w, 3, WEFT_PQ_RLE);
        weft_thrift_put_i32(&w, 4, WEFT_PQ_RLE);
    }
    weft_thrift_put_struct_end(&w);
    weft_thrift_put_struct_end(&w);
    return w.st;
}

/* Levels of the page as RLE; V1 has their length before them. */
static weft_status page_put_levels(weft_ctx *ctx, weft_pqw_scratch *scratch, const weft_bytes *levels,
                                   int max, bool with_length)
{
    weft_status st = WEFT_OK;
    weft_bytes *out = &scratch->raw;
    const int64_t length_at = out->len;
    const int width = weft_pqw_bit_width((uint32_t)max);
    if (max == 0) goto done;
    if (with_length) WEFT_TRY(st, weft_bytes_append(ctx, out, &(uint32_t){0}, 4));
    const uint8_t first = levels->len > 0 ? levels->data[0] : 0;
    if (levels->len > 0 && memcmp(levels->data, levels->data + 1, (size_t)levels->len - 1) == 0) {
        WEFT_TRY(st, weft_pqw_put_repeated(ctx, out, first, levels->len, width)); /* all the same */
    } else {
        scratch->words.len = 0;
        WEFT_TRY(st, weft_bytes_reserve(ctx, &scratch->words, 4 * levels->len));
        uint32_t *words = (uint32_t *)(void *)scratch->words.data;
        for (int64_t i = 0; i < levels->len; i++) words[i] = levels->data[i];
        WEFT_TRY(st, weft_pqw_put_hybrid(ctx, out, words, levels->len, width));
    }
    if (with_length) {
        const uint32_t length = (uint32_t)(out->len - length_at - 4);
        memcpy(out->data + length_at, &length, 4);
    }
done:
    return st;
}

/* The values of the page into scratch->raw; *encoding says how. */
static weft_status page_put_values(weft_ctx *ctx, weft_pqw_column *column, weft_pqw_scratch *scratch,
                                   weft_pq_encoding *encoding)
{
    weft_status st = WEFT_OK;
    weft_bytes *out = &scratch->raw;
    const void *staged = column->staged.data;
    *encoding = WEFT_PQ_PLAIN;
    if (column->dict_on) {
        const int width = column->dict.count == 0 ? 0 : weft_pqw_bit_width((uint32_t)column->dict.count - 1);
        *encoding = WEFT_PQ_RLE_DICTIONARY;
        WEFT_TRY(st, weft_bytes_append(ctx, out, &(uint8_t){(uint8_t)width}, 1));
        WEFT_TRY(st, weft_pqw_put_hybrid(ctx, out, (const uint32_t *)(const void *)column->codes.data,
                                         column->codes.len / 4, width));
    } else if (column->leaf->kind == WEFT_PQW_BOOL) {
        WEFT_TRY(st, weft_pqw_put_bits(ctx, out, staged, column->values));
    } else if (column->wants_delta && column->leaf->kind == WEFT_PQW_I32) {
        *encoding = WEFT_PQ_DELTA_BINARY_PACKED;
        WEFT_TRY(st, weft_pqw_put_delta_i32(ctx, out, staged, column->values));
    } else if (column->wants_delta && column->leaf->kind == WEFT_PQW_I64) {
        *encoding = WEFT_PQ_DELTA_BINARY_PACKED;
        WEFT_TRY(st, weft_pqw_put_delta_i64(ctx, out, staged, column->values));
    } else if (column->wants_delta && column->leaf->kind == WEFT_PQW_BYTES) {
        *encoding = WEFT_PQ_DELTA_BYTE_ARRAY;
        WEFT_TRY(st, weft_pqw_put_delta_bytes(ctx, out, staged, column->values));
    } else {
        WEFT_TRY(st, weft_bytes_append(ctx, out, staged, column->staged.len));
    }
done:
    return st;
}

/* Least and greatest string of the page. */
static void page_string_bounds(const weft_pqw_column *column, const uint8_t *used, weft_pqw_bounds *out)
{
    weft_str low = {0}, high = {0};
    const uint8_t *plain = column->staged.data;
    const int32_t count = column->dict_on ? column->dict.count : column->values;
    bool any = false;
    for (int32_t i = 0; i < count; i++) {
        weft_str value;
        if (column->dict_on) {
            if (!used[i]) continue;
            value = ((const weft_str *)column->dict.entries)[i];
        } else {
            uint32_t len;
            memcpy(&len, plain, 4);
            value = weft_str_view((const char *)plain + 4, len);
            plain += 4 + (size_t)len;
        }
        if (!any || weft_str_compare(&value, &low) < 0) low = value;
        if (!any || weft_str_compare(&value, &high) > 0) high = value;
        any = true;
    }
    if (any) weft_pqw_bounds_of_strings(&low, &high, column->leaf->type.id == WEFT_TYPE_STRING, out);
}

/* The bounds of coded values: of the entries that the page uses, moved together first. */
static weft_status page_coded_bounds(weft_ctx *ctx, weft_pqw_column *column, weft_pqw_scratch *scratch,
                                     weft_pqw_bounds *out)
{
    weft_status st = WEFT_OK;
    weft_bytes *work = &scratch->words;
    const uint32_t *codes = (const uint32_t *)(const void *)column->codes.data;
    const int32_t entries = column->dict.count;
    const int32_t width = column->leaf->kind == WEFT_PQW_FIXED ? 16 : weft_pqw_staged_bytes(column->leaf);
    const int64_t values_at = (int64_t)weft_round_up((size_t)entries, 16);
    work->len = 0;
    WEFT_TRY(st, weft_bytes_reserve(ctx, work, values_at + (int64_t)entries * width));
    uint8_t *used = work->data;
    memset(used, 0, (size_t)entries);
    for (int32_t i = 0; i < column->values; i++) used[codes[i]] = 1;
    if (column->leaf->kind == WEFT_PQW_BYTES) {
        page_string_bounds(column, used, out);
        goto done;
    }
    int64_t n = 0;
    uint8_t *values = work->data + values_at;
    for (int32_t i = 0; i < entries; i++) {
        if (!used[i]) continue;
        memcpy(values + n++ * width, (const uint8_t *)column->dict.entries + (int64_t)i * width,
               (size_t)width);
    }
    weft_pqw_bounds_of(column->leaf->kind, values, n, out);
done:
    return st;
}

/* PLAIN decimals of 17 digits and more are big-endian bytes: read them back. */
static weft_status page_fixed_bounds(weft_ctx *ctx, weft_pqw_column *column, weft_pqw_scratch *scratch,
                                     weft_pqw_bounds *out)
{
    weft_status st = WEFT_OK;
    const int32_t width = column->leaf->fixed_bytes;
    scratch->words.len = 0;
    WEFT_TRY(st, weft_bytes_reserve(ctx, &scratch->words, 16 * (int64_t)column->values));
    weft_i128 *values = (weft_i128 *)(void *)scratch->words.data;
    const uint8_t *p = column->staged.data;
    for (int32_t i = 0; i < column->values; i++) {
        weft_i128 value = (int8_t)*p++;
        for (int32_t b = 1; b < width; b++) value = value * 256 + *p++;
        values[i] = value;
    }
    weft_pqw_bounds_of(WEFT_PQW_FIXED, values, column->values, out);
done:
    return st;
}

static weft_status page_bounds(weft_ctx *ctx, weft_pqw_column *column, weft_pqw_scratch *scratch,
                               weft_pqw_bounds *out)
{
    *out = (weft_pqw_bounds){0};
    if (column->values == 0) return WEFT_OK;
    if (column->dict_on) return page_coded_bounds(ctx, column, scratch, out);
    if (column->leaf->kind == WEFT_PQW_FIXED) return page_fixed_bounds(ctx, column, scratch, out);
    if (column->leaf->kind == WEFT_PQW_BYTES) {
        page_string_bounds(column, NULL, out);
    } else {
        weft_pqw_bounds_of(column->leaf->kind, column->staged.data, column->values, out);
    }
    return WEFT_OK;
}

/* Is the first page, with its dictionary, no smaller than it would be in PLAIN form? */
static bool page_dict_does_not_pay(const weft_pqw_column *column)
{
    if (!column->dict_on || column->coded_pages > 0 || column->dict.count == 0) return false;
    const uint32_t *codes = (const uint32_t *)(const void *)column->codes.data;
    const int width = weft_pqw_bit_width((uint32_t)column->dict.count - 1);
    const int64_t coded = column->dict.plain_bytes + (int64_t)column->values * width / 8;
    int64_t plain = (int64_t)column->values * weft_pqw_staged_bytes(column->leaf);
    if (column->leaf->kind == WEFT_PQW_BYTES) {
        plain = 4 * (int64_t)column->values;
        for (int32_t i = 0; i < column->values; i++)
            plain += ((const weft_str *)column->dict.entries)[codes[i]].len;
    }
    return coded >= plain;
}

/* Keep header and payload as a page of the chunk. */
static weft_status page_keep(weft_ctx *ctx, weft_pqw_column *column, weft_pqw_scratch *scratch,
                             weft_mem_kind kind, int64_t raw_bytes, const weft_pqw_bounds *bounds)
{
    weft_status st = WEFT_OK;
    weft_pqw_page *page = NULL;
    const int64_t bytes = scratch->header.len + scratch->packed.len;
    WEFT_TRY(st, weft_mem_alloc(ctx, kind, sizeof(*page) + (size_t)bytes, (void **)&page));
    *page = (weft_pqw_page){
        .bytes = bytes,
        .raw_bytes = scratch->header.len + raw_bytes,
        .rows = column->rows,
        .nulls = column->nulls,
        .levels = column->levels,
        .coded = column->dict_on,
        .bounds = *bounds,
    };
    memcpy(page->data, scratch->header.data, (size_t)scratch->header.len);
    if (scratch->packed.len > 0) {
        memcpy(page->data + scratch->header.len, scratch->packed.data, (size_t)scratch->packed.len);
    }
    if (column->last != NULL) column->last->next = page;
    if (column->last == NULL) column->first = page;
    column->last = page;
    column->page_count++;
    column->coded_pages += column->dict_on;
    column->page_bytes += bytes;
    column->rows = column->levels = column->nulls = column->values = 0;
    column->def.len = column->rep.len = column->staged.len = column->codes.len = 0;
done:
    return st;
}

/* V2: levels as they are, values compressed when that makes them smaller. raw holds levels and values. */
static weft_status page_pack_v2(weft_ctx *ctx, weft_pqw_scratch *scratch, int64_t level_bytes,
                                bool *compressed)
{
    weft_status st = WEFT_OK;
    weft_bytes values = {0};
    const int64_t value_bytes = scratch->raw.len - level_bytes;
    const uint8_t *raw_values = scratch->raw.data + level_bytes;
    scratch->packed.len = 0;
    *compressed = false;
    if (scratch->compressor.codec != WEFT_PQ_UNCOMPRESSED && value_bytes > 0) {
        WEFT_TRY(st, weft_pqw_compress(ctx, &scratch->compressor, raw_values, value_bytes, &values));
        *compressed = values.len < value_bytes;
    }
    WEFT_TRY(st, weft_bytes_append(ctx, &scratch->packed, scratch->raw.data, level_bytes));
    WEFT_TRY(st, weft_bytes_append(ctx, &scratch->packed, *compressed ? values.data : raw_values,
                                   *compressed ? values.len : value_bytes));
done:
    weft_bytes_deinit(&values);
    return st;
}

weft_status weft_pqw_column_close_page(weft_ctx *ctx, weft_pqw_column *column, weft_pqw_scratch *scratch,
                                       weft_mem_kind kind)
{
    weft_status st = WEFT_OK;
    const bool v2 = column->options->page_v2;
    weft_pqw_bounds bounds;
    weft_pqw_page_head head = {.type = v2 ? WEFT_PQ_DATA_PAGE_V2 : WEFT_PQ_DATA_PAGE};
    if (column->levels == 0) goto done;
    if (page_dict_does_not_pay(column)) WEFT_TRY(st, weft_pqw_column_leave_dict(ctx, column));
    WEFT_TRY(st, page_bounds(ctx, column, scratch, &bounds));
    scratch->raw.len = 0;
    WEFT_TRY(st, page_put_levels(ctx, scratch, &column->rep, column->leaf->max_rep, !v2));
    head.rep_bytes = (int32_t)scratch->raw.len;
    WEFT_TRY(st, page_put_levels(ctx, scratch, &column->def, column->leaf->max_def, !v2));
    head.def_bytes = (int32_t)scratch->raw.len - head.rep_bytes;
    WEFT_TRY(st, page_put_values(ctx, column, scratch, &head.encoding));
    if (v2) {
        WEFT_TRY(st, page_pack_v2(ctx, scratch, head.rep_bytes + head.def_bytes, &head.compressed));
    } else {
        WEFT_TRY(st, weft_pqw_compress(ctx, &scratch->compressor, scratch->raw.data, scratch->raw.len,
                                       &scratch->packed));
    }
    head.levels = column->levels;
    head.nulls = column->nulls;
    head.rows = column->rows;
    head.raw_bytes = scratch->raw.len;
    head.packed_bytes = scratch->packed.len;
    scratch->header.len = 0;
    WEFT_TRY(st, weft_pqw_put_page_header(ctx, &scratch->header, &head, column->options->checksums,
                                          scratch->packed.data));
    WEFT_TRY(st, page_keep(ctx, column, scratch, kind, scratch->raw.len, &bounds));
done:
    return st;
}
