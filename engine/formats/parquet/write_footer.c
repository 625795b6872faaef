/* engine/formats/parquet/write_footer.c - page indexes and FileMetaData at the end of the file.
 *
 * Source: parquet.thrift of parquet-format 2.11; field numbers are in the order of their writing. */
#include "engine/formats/parquet/write_chunk.h"

/* Spark corrects dates before 1582 and old time stamps of files that name no version, or one below 3.0; ours
 * are proleptic Gregorian as those of Spark 3 and later are. */
#define FOOTER_SPARK_VERSION "4.0.0"
#define FOOTER_CREATED_BY    "weft version " WEFT_VERSION

static void put_statistics(weft_thrift_writer *w, int16_t id, const weft_pqw_chunk *chunk)
{
    uint8_t bytes[WEFT_PQW_BOUND_BYTES + 8];
    const weft_pqw_bounds *b = &chunk->bounds;
    weft_thrift_put_struct_begin(w, id);
    weft_thrift_put_i64(w, 3, chunk->nulls);
    if (chunk->distinct >= 0) weft_thrift_put_i64(w, 4, chunk->distinct);
    const bool high = b->seen && !b->high_open;
    const bool low = b->seen && !b->low_open;
    if (high) weft_thrift_put_binary(w, 5, bytes, weft_pqw_bound_bytes(chunk->leaf, &b->high, true, bytes));
    if (low) weft_thrift_put_binary(w, 6, bytes, weft_pqw_bound_bytes(chunk->leaf, &b->low, false, bytes));
    if (high) weft_thrift_put_bool(w, 7, b->high.exact);
    if (low) weft_thrift_put_bool(w, 8, b->low.exact);
    weft_thrift_put_struct_end(w);
}

static void put_encoding_stats(weft_thrift_writer *w, weft_pq_page_type type, weft_pq_encoding encoding,
                               int32_t count)
{
    weft_thrift_put_struct_open(w);
    weft_thrift_put_i32(w, 1, (int32_t)type);
    weft_thrift_put_i32(w, 2, (int32_t)encoding);
    weft_thrift_put_i32(w, 3, count);
    weft_thrift_put_struct_end(w);
}

static void put_encodings(weft_thrift_writer *w, const weft_pqw_chunk *chunk)
{
    const bool coded = chunk->coded_pages > 0;
    const bool other = chunk->plain_pages > 0 && !(coded && chunk->plain_encoding == WEFT_PQ_PLAIN);
    weft_thrift_put_list(w, 2, WEFT_THRIFT_I32, 1 + 2 * coded + other);
    weft_thrift_put_element_i32(w, WEFT_PQ_RLE);
    if (coded) weft_thrift_put_element_i32(w, WEFT_PQ_PLAIN); /* the dictionary page */
    if (coded) weft_thrift_put_element_i32(w, WEFT_PQ_RLE_DICTIONARY);
    if (other) weft_thrift_put_element_i32(w, (int32_t)chunk->plain_encoding);
}

static void put_chunk_meta(weft_thrift_writer *w, int16_t id, const weft_pqw_chunk *chunk)
{
    const weft_pqw_leaf *leaf = chunk->leaf;
    const weft_pq_page_type data = chunk->page_v2 ? WEFT_PQ_DATA_PAGE_V2 : WEFT_PQ_DATA_PAGE;
    weft_thrift_put_struct_begin(w, id);
    weft_thrift_put_i32(w, 1, (int32_t)leaf->physical);
    put_encodings(w, chunk);
    weft_thrift_put_list(w, 3, WEFT_THRIFT_BINARY, leaf->path_count);
    for (int32_t i = 0; i < leaf->path_count; i++) {
        weft_thrift_put_element_binary(w, leaf->path[i], (int64_t)strlen(leaf->path[i]));
    }
    weft_thrift_put_i32(w, 4, (int32_t)chunk->codec);
    weft_thrift_put_i64(w, 5, chunk->levels);
    weft_thrift_put_i64(w, 6, chunk->raw_bytes);
    weft_thrift_put_i64(w, 7, chunk->packed_bytes);
    weft_thrift_put_i64(w, 9, chunk->data_offset);
    if (chunk->dict_offset > 0) weft_thrift_put_i64(w, 11, chunk->dict_offset);
    put_statistics(w, 12, chunk);
    const bool coded = chunk->coded_pages > 0;
    const bool plain = chunk->plain_pages > 0;
    weft_thrift_put_list(w, 13, WEFT_THRIFT_STRUCT, 2 * coded + plain);
    if (coded) put_encoding_stats(w, WEFT_PQ_DICTIONARY_PAGE, WEFT_PQ_PLAIN, 1);
    if (coded) put_encoding_stats(w, data, WEFT_PQ_RLE_DICTIONARY, chunk->coded_pages);
    if (plain) put_encoding_stats(w, data, chunk->plain_encoding, chunk->plain_pages);
    if (chunk->bloom_offset > 0) {
        weft_thrift_put_i64(w, 14, chunk->bloom_offset);
        weft_thrift_put_i32(w, 15, chunk->bloom_bytes);
    }
    weft_thrift_put_struct_end(w);
}

static void put_group(weft_thrift_writer *w, const weft_pqw_group *group, int32_t leaf_count, int32_t ordinal)
{
    weft_thrift_put_struct_open(w);
    weft_thrift_put_list(w, 1, WEFT_THRIFT_STRUCT, leaf_count);
    for (int32_t i = 0; i < leaf_count; i++) {
        const weft_pqw_chunk *chunk = &group->chunks[i];
        weft_thrift_put_struct_open(w);
        weft_thrift_put_i64(w, 2, 0); /* file_offset: no copy of the metadata beside the chunk */
        put_chunk_meta(w, 3, chunk);
        weft_thrift_put_i64(w, 4, chunk->offset_index_at);
        weft_thrift_put_i32(w, 5, (int32_t)chunk->offset_index_bytes);
        if (chunk->column_index != NULL) {
            weft_thrift_put_i64(w, 6, chunk->column_index_at);
            weft_thrift_put_i32(w, 7, (int32_t)chunk->column_index_bytes);
        }
        weft_thrift_put_struct_end(w);
    }
    weft_thrift_put_i64(w, 2, group->raw_bytes);
    weft_thrift_put_i64(w, 3, group->rows);
    weft_thrift_put_i64(w, 5, group->offset);
    weft_thrift_put_i64(w, 6, group->packed_bytes);
    if (ordinal <= INT16_MAX) weft_thrift_put_i16(w, 7, (int16_t)ordinal);
    weft_thrift_put_struct_end(w);
}

static void put_key_value(weft_thrift_writer *w, const char *key, const void *value, int64_t len)
{
    weft_thrift_put_struct_open(w);
    weft_thrift_put_text(w, 1, key);
    weft_thrift_put_binary(w, 2, value, len);
    weft_thrift_put_struct_end(w);
}

static weft_status footer_put(weft_ctx *ctx, const weft_pqw_schema *schema, const weft_pqw_group *groups,
                              int32_t group_count, int64_t rows, weft_bytes *json, weft_bytes *out)
{
    weft_status st = WEFT_OK;
    weft_thrift_writer w = weft_thrift_into(ctx, out);
    json->len = out->len = 0;
    WEFT_TRY(st, weft_pqw_schema_json(ctx, &schema->source, json));
    weft_thrift_put_struct_open(&w);
    weft_thrift_put_i32(&w, 1, 1); /* version: what parquet-java writes, also with pages V2 */
    weft_pqw_schema_put(&w, 2, &schema->source);
    weft_thrift_put_i64(&w, 3, rows);
    weft_thrift_put_list(&w, 4, WEFT_THRIFT_STRUCT, group_count);
    int32_t ordinal = 0;
    for (const weft_pqw_group *group = groups; group != NULL; group = group->next) {
        put_group(&w, group, schema->leaf_count, ordinal++);
    }
    weft_thrift_put_list(&w, 5, WEFT_THRIFT_STRUCT, 2);
    put_key_value(&w, "org.apache.spark.version", FOOTER_SPARK_VERSION, sizeof(FOOTER_SPARK_VERSION) - 1);
    put_key_value(&w, "org.apache.spark.sql.parquet.row.metadata", json->data, json->len);
    weft_thrift_put_text(&w, 6, FOOTER_CREATED_BY);
    weft_thrift_put_list(&w, 7, WEFT_THRIFT_STRUCT,
                         schema->leaf_count); /* TYPE_ORDER, so that bounds count */
    for (int32_t i = 0; i < schema->leaf_count; i++) {
        weft_thrift_put_struct_open(&w);
        weft_thrift_put_struct_begin(&w, 1);
        weft_thrift_put_struct_end(&w);
        weft_thrift_put_struct_end(&w);
    }
    weft_thrift_put_struct_end(&w);
    st = w.st;
done:
    return st;
}

static weft_status footer_write_indexes(weft_ctx *ctx, const weft_pqw_schema *schema, weft_pqw_group *groups,
                                        weft_file_writer *file)
{
    weft_status st = WEFT_OK;
    for (weft_pqw_group *group = groups; group != NULL; group = group->next) {
        for (int32_t i = 0; i < schema->leaf_count; i++) {
            weft_pqw_chunk *chunk = &group->chunks[i];
            chunk->column_index_at = weft_file_written_bytes(file);
            if (chunk->column_index == NULL) continue;
            WEFT_TRY(st, weft_file_append(ctx, file, chunk->column_index, chunk->column_index_bytes));
        }
    }
    for (weft_pqw_group *group = groups; group != NULL; group = group->next) {
        for (int32_t i = 0; i < schema->leaf_count; i++) {
            weft_pqw_chunk *chunk = &group->chunks[i];
            chunk->offset_index_at = weft_file_written_bytes(file);
            WEFT_TRY(st, weft_file_append(ctx, file, chunk->offset_index, chunk->offset_index_bytes));
        }
    }
done:
    return st;
}

weft_status weft_pqw_footer_write(weft_ctx *ctx, const weft_pqw_schema *schema, weft_pqw_group *groups,
                                  int32_t group_count, int64_t rows, weft_pqw_scratch *scratch,
                                  weft_file_writer *file)
{
    weft_status st = WEFT_OK;
    weft_bytes *out = &scratch->packed;
    WEFT_TRY(st, footer_write_indexes(ctx, schema, groups, file));
    WEFT_TRY(st, footer_put(ctx, schema, groups, group_count, rows, &scratch->raw, out));
    if (out->len > INT32_MAX) {
        st = weft_fail(ctx, WEFT_LIMIT, "A Parquet footer of %lld bytes is more than 2 GiB.",
                       (long long)out->len);
        goto done;
    }
    const uint32_t length = (uint32_t)out->len;
    WEFT_TRY(st, weft_bytes_append(ctx, out, &length, 4));
    WEFT_TRY(st, weft_bytes_append(ctx, out, WEFT_PQ_MAGIC, 4));
    WEFT_TRY(st, weft_file_append(ctx, file, out->data, out->len));
done:
    return st;
}
