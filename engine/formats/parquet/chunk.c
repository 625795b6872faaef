/* engine/formats/parquet/chunk.c - where the pages of a chunk lie: locations, headers, reading.
 *
 * With page locations (offset index) a page is found by its first row. Without, headers are read one after
 * the other; a flat column's page has as many rows as values, a nested one's rows are known once its levels
 * are decoded. */
#include "engine/formats/parquet/page_cache.h"
#include "engine/formats/parquet/thrift_read.h"

enum {
    CHUNK_HEADER_BYTES_MAX = 1 << 20, /* a header with statistics of long strings; larger is no header */
    CHUNK_HEADER_BYTES = 256,         /* first try */
    CHUNK_AHEAD_BYTES = 1 << 18 /* read at once when all pages are wanted: half of L2, a few columns a lane */
};

weft_status weft_pq_chunk_fail_from(weft_ctx *ctx, const weft_pq_chunk *chunk, const char *file, int line,
                                    const char *what)
{
    return weft_fail_from(ctx, WEFT_CORRUPT, NULL, file, line,
                          "Parquet file %s, column %s, page at offset %lld: %s", chunk->path,
                          chunk->leaf->path, (long long)chunk->page.offset, what);
}

weft_status weft_pq_chunk_bytes(weft_ctx *ctx, weft_pq_chunk *chunk, int64_t offset, int64_t bytes,
                                const uint8_t **out)
{
    weft_status st = WEFT_OK;
    if (offset < chunk->meta->begin || bytes > chunk->meta->end - offset) {
        return weft_pq_chunk_corrupt(ctx, chunk, "a page passes the end of its column chunk");
    }
    if (offset < chunk->io_begin || offset + bytes > chunk->io_end) {
        const int64_t ahead = chunk->sparse ? bytes : weft_max_i64(bytes, CHUNK_AHEAD_BYTES);
        const int64_t len = weft_min_i64(ahead, chunk->meta->end - offset);
        int64_t kept = 0; /* bytes of the old contents that the new begin with */
        if (chunk->io_lent) {
            WEFT_TRY(st, weft_pq_lane_put_aside(ctx, chunk->lane, &chunk->io));
            chunk->io_lent = false;
        } else if (offset >= chunk->io_begin && offset < chunk->io_end &&
                   (size_t)len + WEFT_PQ_SLACK <= chunk->io.bytes) {
            kept = chunk->io_end - offset;
            memmove(chunk->io.data, (uint8_t *)chunk->io.data + (offset - chunk->io_begin), (size_t)kept);
        }
        chunk->io_begin = chunk->io_end = 0;
        WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &chunk->io, (size_t)len));
        uint8_t *to = (uint8_t *)chunk->io.data + kept;
        WEFT_TRY(st, weft_file_read(ctx, chunk->file, offset + kept, to, len - kept));
        chunk->lane->metrics.bytes_read += len - kept;
        chunk->io_begin = offset;
        chunk->io_end = offset + len;
    }
    *out = (const uint8_t *)chunk->io.data + (offset - chunk->io_begin);
done:
    return st;
}

static void header_data_page(weft_thrift *t, weft_pq_page_header *h)
{
    weft_thrift_field field = {0};
    weft_thrift_struct_begin(t);
    while (weft_thrift_struct_next(t, &field)) {
        switch (field.id) {
        case 1: h->num_values = weft_thrift_int(t, field); break;
        case 2: h->encoding = weft_thrift_i32(t, field); break;
        case 3: h->def_encoding = weft_thrift_i32(t, field); break;
        case 4: h->rep_encoding = weft_thrift_i32(t, field); break;
        default: weft_thrift_skip(t, field); break;
        }
    }
}

static void header_dictionary_page(weft_thrift *t, weft_pq_page_header *h)
{
    weft_thrift_field field = {0};
    weft_thrift_struct_begin(t);
    while (weft_thrift_struct_next(t, &field)) {
        if (field.id == 1) {
            h->num_values = weft_thrift_int(t, field);
        } else if (field.id == 2) {
            h->encoding = weft_thrift_i32(t, field);
        } else {
            weft_thrift_skip(t, field);
        }
    }
}

static void header_data_page_v2(weft_thrift *t, weft_pq_page_header *h)
{
    weft_thrift_field field = {0};
    weft_thrift_struct_begin(t);
    while (weft_thrift_struct_next(t, &field)) {
        switch (field.id) {
        case 1: h->num_values = weft_thrift_int(t, field); break;
        case 3: h->num_rows = weft_thrift_int(t, field); break;
        case 4: h->encoding = weft_thrift_i32(t, field); break;
        case 5: h->def_bytes = weft_thrift_i32(t, field); break;
        case 6: h->rep_bytes = weft_thrift_i32(t, field); break;
        case 7: h->compressed = weft_thrift_bool(t, field); break;
        default: weft_thrift_skip(t, field); break;
        }
    }
}

static bool header_parse(const uint8_t *bytes, int64_t len, weft_pq_page_header *h)
{
    weft_thrift t = weft_thrift_over(bytes, len);
    weft_thrift_field field = {0};
    *h = (weft_pq_page_header){.type = -1,
                               .plain_bytes = -1,
                               .packed_bytes = -1,
                               .num_values = -1,
                               .num_rows = -1,
                               .encoding = -1,
                               .compressed = true};
    weft_thrift_struct_begin(&t);
    while (weft_thrift_struct_next(&t, &field)) {
        switch (field.id) {
        case 1: h->type = weft_thrift_i32(&t, field); break;
        case 2: h->plain_bytes = weft_thrift_i32(&t, field); break;
        case 3: h->packed_bytes = weft_thrift_i32(&t, field); break;
        case 4:
            h->crc = (uint32_t)weft_thrift_int(&t, field);
            h->has_crc = true;
            break;
        case 5:
            if (weft_thrift_is_struct(&t, field)) header_data_page(&t, h);
            break;
        case 7:
            if (weft_thrift_is_struct(&t, field)) header_dictionary_page(&t, h);
            break;
        case 8:
            if (weft_thrift_is_struct(&t, field)) header_data_page_v2(&t, h);
            break;
        default: weft_thrift_skip(&t, field); break;
        }
    }
    h->header_bytes = (int32_t)(t.at - t.begin);
    return !t.bad;
}

weft_status weft_pq_chunk_header(weft_ctx *ctx, weft_pq_chunk *chunk, int64_t offset,
                                 weft_pq_page_header *header)
{
    weft_status st = WEFT_OK;
    const uint8_t *bytes;
    const int64_t left = chunk->meta->end - offset;
    int64_t len = weft_min_i64(left, CHUNK_HEADER_BYTES);
    if (chunk->lane->cache_bytes > 0) {
        const weft_pq_cached *cached = weft_pq_page_cache_find(chunk->file_id, offset);
        if (cached != NULL) {
            *header = cached->header;
            weft_pq_page_cache_release(&cached);
            return WEFT_OK;
        }
    }
    for (;;) {
        /* What is in the buffer already is tried first, however much it is. */
        if (offset >= chunk->io_begin && chunk->io_end - offset > len) {
            len = weft_min_i64(weft_min_i64(chunk->io_end - offset, CHUNK_HEADER_BYTES_MAX), left);
        }
        WEFT_TRY(st, weft_pq_chunk_bytes(ctx, chunk, offset, len, &bytes));
        if (header_parse(bytes, len, header)) break;
        if (len >= left || len >= CHUNK_HEADER_BYTES_MAX) {
            st = weft_pq_chunk_corrupt(ctx, chunk, "the page header is malformed");
            goto done;
        }
        len = weft_min_i64(left, len * 8);
    }
    if (header->type < 0 || header->plain_bytes < 0 || header->packed_bytes < 0 ||
        header->packed_bytes > left - header->header_bytes) {
        st = weft_pq_chunk_corrupt(ctx, chunk, "the page header tells an impossible type or size");
    }
done:
    return st;
}

/* Parse the chunk's offset index into locations. One that does not hold together is not used. */
static weft_status chunk_parse_locations(weft_ctx *ctx, weft_pq_chunk *chunk, const uint8_t *bytes,
                                         int64_t len)
{
    weft_status st = WEFT_OK;
    weft_thrift t = weft_thrift_over(bytes, len);
    weft_thrift_field field = {0}, element;
    int32_t count = 0;
    weft_thrift_struct_begin(&t);
    while (weft_thrift_struct_next(&t, &field) && field.id != 1) weft_thrift_skip(&t, field);
    if (t.bad || field.id != 1) goto done;
    count = weft_thrift_list(&t, field, &element);
    if (count == 0 || !weft_thrift_is_struct(&t, element)) goto done;
    WEFT_TRY(st,
             weft_pq_buffer_reserve(ctx, &chunk->locations_buffer, (size_t)count * sizeof *chunk->locations));
    weft_pq_location *locations = chunk->locations_buffer.data;
    for (int32_t i = 0; i < count; i++) {
        weft_thrift_field inner = {0};
        weft_pq_location *l = &locations[i];
        *l = (weft_pq_location){.offset = -1, .first_row = -1, .bytes = -1};
        weft_thrift_struct_begin(&t);
        while (weft_thrift_struct_next(&t, &inner)) {
            if (inner.id == 1) {
                l->offset = weft_thrift_int(&t, inner);
            } else if (inner.id == 2) {
                l->bytes = weft_thrift_i32(&t, inner);
            } else if (inner.id == 3) {
                l->first_row = weft_thrift_int(&t, inner);
            } else {
                weft_thrift_skip(&t, inner);
            }
        }
        const bool after = i == 0 ? l->first_row == 0 : l->first_row > locations[i - 1].first_row;
        if (t.bad || !after || l->first_row >= chunk->rows || l->bytes <= 0 ||
            l->offset < chunk->meta->begin || l->bytes > chunk->meta->end - l->offset) {
            goto done;
        }
    }
    chunk->locations = locations;
    chunk->location_count = count;
done:
    return st;
}

static weft_status chunk_open_locations(weft_ctx *ctx, weft_pq_chunk *chunk, const weft_pq_meta *meta)
{
    weft_status st = WEFT_OK;
    const int64_t offset = chunk->meta->offset_index, bytes = chunk->meta->offset_index_bytes;
    chunk->locations = NULL;
    chunk->location_count = 0;
    chunk->location_at = 0;
    if (offset < 0 || chunk->rows == 0) goto done;
    if (meta->offset_indexes != NULL && offset >= meta->offset_indexes_begin &&
        offset + bytes <= meta->offset_indexes_begin + meta->offset_indexes_bytes) {
        const uint8_t *at = meta->offset_indexes + (offset - meta->offset_indexes_begin);
        WEFT_TRY(st, chunk_parse_locations(ctx, chunk, at, bytes));
    } else if (chunk->sparse || chunk->nested || chunk->indexed) {
        WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &chunk->lane->raw, (size_t)bytes));
        WEFT_TRY(st, weft_file_read(ctx, chunk->file, offset, chunk->lane->raw.data, bytes));
        WEFT_TRY(st, chunk_parse_locations(ctx, chunk, chunk->lane->raw.data, bytes));
    }
done:
    return st;
}

weft_status weft_pq_chunk_open(weft_ctx *ctx, weft_pq_chunk *chunk, weft_file *file, const weft_pq_meta *meta,
                               int32_t row_group, int32_t leaf, const weft_pq_leaf *as)
{
    chunk->file = file;
    chunk->file_id = meta->id;
    chunk->path = meta->path;
    chunk->leaf = as;
    chunk->rebase_zone = meta->rebase_zone;
    chunk->meta = &meta->row_groups[row_group].chunks[leaf];
    chunk->rows = meta->row_groups[row_group].rows;
    chunk->next_offset = chunk->meta->begin;
    chunk->io_begin = chunk->io_end = 0;
    chunk->io_lent = false;
    chunk->page = (weft_pq_page){.offset = chunk->meta->begin};
    chunk->dictionary_loaded = false;
    weft_pq_page_cache_release(&chunk->cached);
    weft_pq_page_cache_release(&chunk->dictionary_cached);
    chunk->dictionary = (weft_dictionary){0};
    return chunk_open_locations(ctx, chunk, meta);
}

/* Leave the page: a body that strings point into is put aside. */
static weft_status chunk_leave_page(weft_ctx *ctx, weft_pq_chunk *chunk)
{
    weft_status st = WEFT_OK;
    if (chunk->page.located && !chunk->page.loaded) chunk->lane->metrics.pages_skipped++;
    if (chunk->page.lent) {
        if (chunk->cached != NULL) {
            WEFT_TRY(st, weft_pq_lane_put_page_aside(ctx, chunk->lane, &chunk->cached));
        } else if (!chunk->page.body_is_io) {
            WEFT_TRY(st, weft_pq_lane_put_aside(ctx, chunk->lane, &chunk->body));
        }
        if (chunk->page.form == WEFT_PQ_FORM_FLAT) {
            WEFT_TRY(st, weft_pq_lane_put_aside(ctx, chunk->lane, &chunk->values));
        }
    }
    weft_pq_page_cache_release(&chunk->cached);
done:
    return st;
}

/* The next page by its header alone. */
static weft_status chunk_next_page(weft_ctx *ctx, weft_pq_chunk *chunk)
{
    weft_status st = WEFT_OK;
    weft_pq_page_header header;
    const int64_t row = chunk->page.located ? chunk->page.row_end : 0;
    for (;;) {
        chunk->page.offset = chunk->next_offset;
        if (chunk->next_offset >= chunk->meta->end) {
            return weft_pq_chunk_corrupt(ctx, chunk, "the column chunk has fewer rows than its row group");
        }
        WEFT_TRY(st, weft_pq_chunk_header(ctx, chunk, chunk->next_offset, &header));
        const int64_t offset = chunk->next_offset;
        chunk->next_offset += header.header_bytes + header.packed_bytes;
        if (header.type == WEFT_PQ_DICTIONARY_PAGE || header.type == WEFT_PQ_INDEX_PAGE) {
            continue; /* the dictionary is read on its own, see dictionary.c */
        }
        WEFT_TRY(st, chunk_leave_page(ctx, chunk));
        chunk->page = (weft_pq_page){.located = true, .offset = offset, .header = header, .row_begin = row};
        break;
    }
    if (!chunk->nested) {
        chunk->page.row_end = row + header.num_values;
        if (header.num_values < 0 || chunk->page.row_end > chunk->rows) {
            st = weft_pq_chunk_corrupt(ctx, chunk, "the pages have more rows than the row group");
        }
    } else if (header.num_rows >= 0 && header.num_rows <= chunk->rows - row) {
        chunk->page.row_end = row + header.num_rows;
    } else { /* rows are counted by repetition levels */
        WEFT_TRY(st, weft_pq_chunk_load(ctx, chunk));
    }
done:
    return st;
}

weft_status weft_pq_chunk_next(weft_ctx *ctx, weft_pq_chunk *chunk, bool *more)
{
    weft_pq_page_header header;
    weft_status st = WEFT_OK;
    *more = false;
    while (chunk->next_offset < chunk->meta->end) { /* what follows may be no data page */
        WEFT_TRY(st, weft_pq_chunk_header(ctx, chunk, chunk->next_offset, &header));
        if (header.type == WEFT_PQ_DATA_PAGE || header.type == WEFT_PQ_DATA_PAGE_V2) {
            *more = true;
            return chunk_next_page(ctx, chunk);
        }
        chunk->next_offset += header.header_bytes + header.packed_bytes;
    }
done:
    return st;
}

weft_status weft_pq_chunk_locate(weft_ctx *ctx, weft_pq_chunk *chunk, int64_t row)
{
    weft_status st = WEFT_OK;
    if (row >= chunk->rows)
        return weft_pq_chunk_corrupt(ctx, chunk, "a row past the end of the row group is wanted");
    if (chunk->page.located && row < chunk->page.row_end) return WEFT_OK;
    if (chunk->locations == NULL) {
        while (!chunk->page.located || row >= chunk->page.row_end) WEFT_TRY(st, chunk_next_page(ctx, chunk));
        return WEFT_OK;
    }
    WEFT_TRY(st, chunk_leave_page(ctx, chunk));
    int32_t i = chunk->location_at;
    while (i + 1 < chunk->location_count && chunk->locations[i + 1].first_row <= row) i++;
    chunk->lane->metrics.pages_skipped += i - chunk->location_at > 1 ? i - chunk->location_at - 1 : 0;
    chunk->location_at = i;
    const bool last = i + 1 == chunk->location_count;
    chunk->page = (weft_pq_page){.located = true,
                                 .offset = chunk->locations[i].offset,
                                 .header = {.type = -1},
                                 .row_begin = chunk->locations[i].first_row,
                                 .row_end = last ? chunk->rows : chunk->locations[i + 1].first_row};
done:
    return st;
}

void weft_pq_chunk_deinit(weft_pq_chunk *chunk)
{
    weft_pq_buffer_free(&chunk->locations_buffer);
    weft_pq_buffer_free(&chunk->io);
    weft_pq_buffer_free(&chunk->body);
    weft_pq_buffer_free(&chunk->values);
    weft_pq_buffer_free(&chunk->validity);
    weft_pq_buffer_free(&chunk->def_levels);
    weft_pq_buffer_free(&chunk->rep_levels);
    weft_pq_buffer_free(&chunk->dictionary_body);
    weft_pq_buffer_free(&chunk->dictionary_values);
    weft_pq_page_cache_release(&chunk->cached);
    weft_pq_page_cache_release(&chunk->dictionary_cached);
    *chunk = (weft_pq_chunk){0};
}
