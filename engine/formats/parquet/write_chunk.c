/* engine/formats/parquet/write_chunk.c - a chunk into the file: dictionary page, data pages, bloom filter;
 * its page index for later. Sources: parquet.thrift and PageIndex.md of parquet-format 2.11. */
#include "engine/formats/parquet/write_chunk.h"

/* PLAIN bytes of the dictionary's entries. */
static weft_status chunk_put_entries(weft_ctx *ctx, const weft_pqw_column *column, weft_bytes *out)
{
    weft_status st = WEFT_OK;
    const weft_pqw_dict *dict = &column->dict;
    const int32_t width = weft_pqw_staged_bytes(column->leaf);
    out->len = 0;
    WEFT_TRY(st, weft_bytes_reserve(ctx, out, dict->plain_bytes));
    for (int32_t i = 0; i < dict->count; i++) {
        if (column->leaf->kind == WEFT_PQW_BYTES) {
            const weft_str *s = (const weft_str *)dict->entries + i;
            weft_bytes_put_u32(out, s->len);
            weft_bytes_put(out, weft_str_data(s), s->len);
        } else if (column->leaf->kind == WEFT_PQW_FIXED) {
            weft_pqw_put_fixed(((const weft_i128 *)dict->entries)[i], width, out->data + out->len);
            out->len += width;
        } else {
            weft_bytes_put(out, (const uint8_t *)dict->entries + (int64_t)i * width, width);
        }
    }
done:
    return st;
}

static weft_status chunk_write_dict(weft_ctx *ctx, const weft_pqw_column *column, weft_pqw_scratch *scratch,
                                    weft_file_writer *file, weft_pqw_chunk *chunk)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, chunk_put_entries(ctx, column, &scratch->raw));
    WEFT_TRY(st, weft_pqw_compress(ctx, &scratch->compressor, scratch->raw.data, scratch->raw.len,
                                   &scratch->packed));
    const weft_pqw_page_head head = {
        .type = WEFT_PQ_DICTIONARY_PAGE,
        .encoding = WEFT_PQ_PLAIN,
        .levels = column->dict.count,
        .raw_bytes = scratch->raw.len,
        .packed_bytes = scratch->packed.len,
    };
    scratch->header.len = 0;
    WEFT_TRY(st, weft_pqw_put_page_header(ctx, &scratch->header, &head, column->options->checksums,
                                          scratch->packed.data));
    chunk->dict_offset = weft_file_written_bytes(file);
    chunk->raw_bytes += scratch->header.len + scratch->raw.len;
    chunk->packed_bytes += scratch->header.len + scratch->packed.len;
    WEFT_TRY(st, weft_file_append(ctx, file, scratch->header.data, scratch->header.len));
    WEFT_TRY(st, weft_file_append(ctx, file, scratch->packed.data, scratch->packed.len));
done:
    return st;
}

/* Are the bounds of the pages that have some in ascending (direction 1) or descending (-1) order? */
static bool chunk_is_ordered(const weft_pqw_column *column, int direction)
{
    const weft_pqw_kind kind = column->leaf->kind;
    const weft_pqw_page *before = NULL;
    for (const weft_pqw_page *page = column->first; page != NULL; page = page->next) {
        if (!page->bounds.seen) continue;
        if (before != NULL &&
            (weft_pqw_bound_compare(kind, &before->bounds.low, &page->bounds.low) * direction > 0 ||
             weft_pqw_bound_compare(kind, &before->bounds.high, &page->bounds.high) * direction > 0)) {
            return false;
        }
        before = page;
    }
    return true;
}

/* Every page is either all null or has both bounds: else the format allows no column index. */
static bool chunk_has_column_index(const weft_pqw_column *column)
{
    for (const weft_pqw_page *page = column->first; page != NULL; page = page->next) {
        if (page->nulls < page->levels && !weft_pqw_bounds_told(&page->bounds)) return false;
    }
    return true;
}

static void chunk_put_page_bounds(weft_thrift_writer *w, int16_t id, const weft_pqw_column *column,
                                  bool is_high)
{
    uint8_t bytes[WEFT_PQW_BOUND_BYTES + 8];
    weft_thrift_put_list(w, id, WEFT_THRIFT_BINARY, column->page_count);
    for (const weft_pqw_page *page = column->first; page != NULL; page = page->next) {
        const weft_pqw_bound *bound = is_high ? &page->bounds.high : &page->bounds.low;
        const int32_t len = page->bounds.seen ? weft_pqw_bound_bytes(column->leaf, bound, is_high, bytes) : 0;
        weft_thrift_put_element_binary(w, bytes, len);
    }
}

static weft_status chunk_make_column_index(weft_ctx *ctx, const weft_pqw_column *column, weft_bytes *out)
{
    weft_thrift_writer w = weft_thrift_into(ctx, out);
    const int32_t order = chunk_is_ordered(column, 1) ? 1 : chunk_is_ordered(column, -1) ? 2 : 0;
    out->len = 0;
    weft_thrift_put_struct_open(&w);
    weft_thrift_put_list(&w, 1, WEFT_THRIFT_TRUE, column->page_count); /* null_pages */
    for (const weft_pqw_page *page = column->first; page != NULL; page = page->next) {
        weft_thrift_put_element_bool(&w, !page->bounds.seen);
    }
    chunk_put_page_bounds(&w, 2, column, false);
    chunk_put_page_bounds(&w, 3, column, true);
    weft_thrift_put_i32(&w, 4, order); /* BoundaryOrder: UNORDERED, ASCENDING, DESCENDING */
    weft_thrift_put_list(&w, 5, WEFT_THRIFT_I64, column->page_count);
    for (const weft_pqw_page *page = column->first; page != NULL; page = page->next) {
        weft_thrift_put_element_i64(&w, page->nulls);
    }
    weft_thrift_put_struct_end(&w);
    return w.st;
}

static weft_status chunk_make_offset_index(weft_ctx *ctx, const weft_pqw_column *column, int64_t offset,
                                           weft_bytes *out)
{
    weft_thrift_writer w = weft_thrift_into(ctx, out);
    int64_t row = 0;
    out->len = 0;
    weft_thrift_put_struct_open(&w);
    weft_thrift_put_list(&w, 1, WEFT_THRIFT_STRUCT, column->page_count);
    for (const weft_pqw_page *page = column->first; page != NULL; page = page->next) {
        weft_thrift_put_struct_open(&w);
        weft_thrift_put_i64(&w, 1, offset);
        weft_thrift_put_i32(&w, 2, (int32_t)page->bytes);
        weft_thrift_put_i64(&w, 3, row);
        weft_thrift_put_struct_end(&w);
        offset += page->bytes;
        row += page->rows;
    }
    weft_thrift_put_struct_end(&w);
    return w.st;
}

static weft_status chunk_make_indexes(weft_ctx *ctx, weft_arena *arena, const weft_pqw_column *column,
                                      weft_pqw_scratch *scratch, weft_pqw_chunk *chunk)
{
    weft_status st = WEFT_OK;
    weft_bytes *work = &scratch->raw;
    if (chunk_has_column_index(column)) {
        WEFT_TRY(st, chunk_make_column_index(ctx, column, work));
        WEFT_TRY(st, weft_arena_copy(ctx, arena, work->data, (size_t)work->len, &chunk->column_index));
        chunk->column_index_bytes = work->len;
    }
    WEFT_TRY(st, chunk_make_offset_index(ctx, column, chunk->data_offset, work));
    WEFT_TRY(st, weft_arena_copy(ctx, arena, work->data, (size_t)work->len, &chunk->offset_index));
    chunk->offset_index_bytes = work->len;
done:
    return st;
}

weft_status weft_pqw_chunk_write_bloom(weft_ctx *ctx, weft_pqw_column *column, weft_pqw_scratch *scratch,
                                       weft_file_writer *file, weft_pqw_chunk *chunk)
{
    weft_status st = WEFT_OK;
    if (!column->wants_bloom) goto done;
    WEFT_TRY(st, weft_pqw_column_finish_bloom(ctx, column));
    scratch->header.len = 0;
    weft_thrift_writer w = weft_thrift_into(ctx, &scratch->header);
    weft_thrift_put_struct_open(&w);
    weft_thrift_put_i32(&w, 1, (int32_t)column->bloom.bytes);
    for (int16_t id = 2; id <= 4;
         id++) { /* algorithm BLOCK, hash XXHASH, compression UNCOMPRESSED: unions' field 1 */
        weft_thrift_put_struct_begin(&w, id);
        weft_thrift_put_struct_begin(&w, 1);
        weft_thrift_put_struct_end(&w);
        weft_thrift_put_struct_end(&w);
    }
    weft_thrift_put_struct_end(&w);
    WEFT_TRY(st, w.st);
    chunk->bloom_offset = weft_file_written_bytes(file);
    chunk->bloom_bytes = (int32_t)(scratch->header.len + column->bloom.bytes);
    WEFT_TRY(st, weft_file_append(ctx, file, scratch->header.data, scratch->header.len));
    WEFT_TRY(st, weft_file_append(ctx, file, column->bloom.words, column->bloom.bytes));
done:
    return st;
}

static weft_pq_encoding chunk_plain_encoding(const weft_pqw_column *column)
{
    const weft_pqw_kind kind = column->leaf->kind;
    if (!column->wants_delta) return WEFT_PQ_PLAIN;
    if (kind == WEFT_PQW_BYTES) return WEFT_PQ_DELTA_BYTE_ARRAY;
    return kind == WEFT_PQW_I32 || kind == WEFT_PQW_I64 ? WEFT_PQ_DELTA_BINARY_PACKED : WEFT_PQ_PLAIN;
}

weft_status weft_pqw_chunk_write(weft_ctx *ctx, weft_arena *arena, weft_pqw_column *column,
                                 weft_pqw_scratch *scratch, weft_file_writer *file, weft_pqw_chunk *out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_pqw_column_close_page(ctx, column, scratch, WEFT_MEM_WORKING));
    *out = (weft_pqw_chunk){
        .leaf = column->leaf,
        .codec = column->options->codec,
        .coded_pages = column->coded_pages,
        .plain_pages = column->page_count - column->coded_pages,
        .plain_encoding = chunk_plain_encoding(column),
        .page_v2 = column->options->page_v2,
        .distinct = -1,
    };
    const bool is_float = column->leaf->kind == WEFT_PQW_F32 || column->leaf->kind == WEFT_PQW_F64;
    if (column->coded_pages > 0) WEFT_TRY(st, chunk_write_dict(ctx, column, scratch, file, out));
    /* Entries are distinct as bytes; 0.0 and -0.0, and NaNs, would count twice. */
    if (out->plain_pages == 0 && column->wants_dict && !is_float) out->distinct = column->dict.count;
    out->data_offset = weft_file_written_bytes(file);
    for (const weft_pqw_page *page = column->first; page != NULL; page = page->next) {
        WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, weft_file_append(ctx, file, page->data, page->bytes));
        out->levels += page->levels;
        out->nulls += page->nulls;
        out->raw_bytes += page->raw_bytes;
        out->packed_bytes += page->bytes;
        weft_pqw_bounds_merge(column->leaf->kind, &out->bounds, &page->bounds);
    }
    WEFT_TRY(st, chunk_make_indexes(ctx, arena, column, scratch, out));
done:
    return st;
}
