/* engine/formats/parquet/prune_bloom.c - equalities that a row group's bloom filters rule out.
 *
 * Of a filter only the header and, for each literal, the one block that its hash names are read. A column
 * whose pages are all dictionary-encoded is not asked: its dictionary answers exactly, and is read anyway.
 * Source: BloomFilter.md of apache/parquet-format. */
#include <string.h>

#include "common/bloom.h"
#include "engine/expr/function.h"
#include "engine/formats/parquet/prune.h"
#include "engine/formats/parquet/thrift_read.h"
#include "engine/formats/parquet/write_bloom.h"

enum {
    BLOOM_LITERALS_MAX = 16, /* of one IN: each is a read */
    BLOOM_HEADER_BYTES = 64,
    BLOOM_BLOCK_BYTES = 32
};

typedef struct bloom_scan {
    weft_ctx *ctx;
    weft_scan *scan;
    int32_t group;
} bloom_scan;

/* The column that e is, also below casts among whole numbers, if it has a bloom filter; else NULL. */
static const weft_pq_leaf *bloom_column(const bloom_scan *b, const weft_expr *e,
                                        const weft_pq_chunk_meta **meta)
{
    while (e->kind == WEFT_EXPR_CAST && weft_type_is_integral(e->type) &&
           weft_type_is_integral(e->args[0]->type)) {
        e = e->args[0];
    }
    if (e->kind != WEFT_EXPR_COLUMN || e->column.ordinal < 0 ||
        e->column.ordinal >= b->scan->spec.column_count) {
        return NULL;
    }
    const weft_pq_node *node = weft_pq_file_field(b->scan->pq_file, b->scan->spec.columns[e->column.ordinal]);
    if (node == NULL || !node->is_leaf) return NULL;
    *meta = &b->scan->pq_file->meta->row_groups[b->group].chunks[node->leaf];
    const bool has = (*meta)->bloom >= 0 && !(*meta)->all_dictionary;
    return has ? node->as : NULL;
}

/* The literal as the plain bytes that were hashed; false when it has none that are sure to be equal. */
static bool bloom_bytes(const weft_pq_leaf *leaf, const weft_value *v, weft_value *room, const void **bytes,
                        size_t *len)
{
    int64_t number = v->i64;
    *room = *v;
    if (v->is_null || leaf->scale_up > 0) return false;
    if (leaf->physical == WEFT_PQ_BYTE_ARRAY && leaf->convert == WEFT_PQ_AS_IS) {
        if (v->type.id != leaf->type.id) return false;
        *bytes = weft_str_data(&room->str);
        *len = v->str.len;
        return true;
    }
    if (leaf->type.id == WEFT_TYPE_DECIMAL) {
        if (v->type.id != WEFT_TYPE_DECIMAL || v->type.scale != leaf->type.scale) return false;
        number = (int64_t)v->i128;
        if (number != v->i128) return false;
    } else if (!(weft_type_is_integral(leaf->type) && weft_type_is_integral(v->type)) &&
               leaf->type.id != v->type.id) {
        return false;
    }
    if (leaf->physical == WEFT_PQ_INT32) {
        const bool signed_value = leaf->convert == WEFT_PQ_AS_IS || leaf->convert == WEFT_PQ_TO_I8 ||
                                  leaf->convert == WEFT_PQ_TO_I16 || leaf->convert == WEFT_PQ_I32_TO_I64;
        if (!signed_value || number != (int32_t)number) return false;
        *len = 4;
    } else if (leaf->physical == WEFT_PQ_INT64 && leaf->convert == WEFT_PQ_AS_IS) {
        *len = 8;
    } else {
        return false;
    }
    room->i64 = number; /* little-endian: the low four bytes come first */
    *bytes = &room->i64;
    return true;
}

static bool bloom_header(const uint8_t *bytes, int64_t len, int64_t *header_bytes, int64_t *filter_bytes)
{
    weft_thrift t = weft_thrift_over(bytes, len);
    weft_thrift_field field = {0};
    bool known = true;
    *filter_bytes = -1;
    weft_thrift_struct_begin(&t);
    while (weft_thrift_struct_next(&t, &field)) {
        if (field.id == 1) {
            *filter_bytes = weft_thrift_int(&t, field);
        } else if (field.id >= 2 && field.id <= 4 && weft_thrift_is_struct(&t, field)) {
            /* algorithm, hash, compression: of each union only the first is defined */
            weft_thrift_field choice = {0};
            weft_thrift_struct_begin(&t);
            while (weft_thrift_struct_next(&t, &choice)) {
                known &= choice.id == 1;
                weft_thrift_skip(&t, choice);
            }
        } else {
            weft_thrift_skip(&t, field);
        }
    }
    *header_bytes = t.at - t.begin;
    return !t.bad && known && *filter_bytes >= BLOOM_BLOCK_BYTES && *filter_bytes % BLOOM_BLOCK_BYTES == 0;
}

/* May the column hold the literal? */
static weft_status bloom_ask(bloom_scan *b, const weft_pq_leaf *leaf, const weft_pq_chunk_meta *meta,
                             const weft_value *literal, bool *may)
{
    weft_status st = WEFT_OK;
    uint8_t bytes[BLOOM_HEADER_BYTES];
    weft_value room;
    const void *value;
    size_t value_bytes;
    int64_t header_bytes, filter_bytes;
    const int64_t file_bytes = b->scan->pq_file->meta->file_bytes;
    const int64_t len = weft_min_i64((int64_t)sizeof bytes, file_bytes - meta->bloom);
    *may = true;
    if (!bloom_bytes(leaf, literal, &room, &value, &value_bytes)) goto done;
    WEFT_TRY(st, weft_file_read(b->ctx, b->scan->file, meta->bloom, bytes, len));
    if (!bloom_header(bytes, len, &header_bytes, &filter_bytes) ||
        filter_bytes > file_bytes - meta->bloom - header_bytes) {
        goto done;
    }
    const uint64_t blocks = (uint64_t)filter_bytes / BLOOM_BLOCK_BYTES;
    if (blocks > UINT32_MAX) goto done;
    const uint64_t hash = weft_pqw_xxh64(value, value_bytes);
    const int64_t block = (int64_t)((hash >> 32) * blocks >> 32);
    WEFT_TRY(st, weft_file_read(b->ctx, b->scan->file, meta->bloom + header_bytes + block * BLOOM_BLOCK_BYTES,
                                bytes, BLOOM_BLOCK_BYTES));
    uint32_t words[BLOOM_BLOCK_BYTES / 4];
    memcpy(words, bytes, sizeof words);
    *may = weft_bloom_block_test(words, hash);
done:
    return st;
}

static weft_status bloom_may(bloom_scan *b, const weft_expr *e, bool *may)
{
    weft_status st = WEFT_OK;
    const weft_pq_chunk_meta *meta;
    *may = true;
    if (e->kind == WEFT_EXPR_AND || e->kind == WEFT_EXPR_OR) {
        const bool stop = e->kind == WEFT_EXPR_OR; /* at the first that may be, or that may not be */
        for (int32_t i = 0; i < e->arg_count; i++) {
            WEFT_TRY(st, bloom_may(b, e->args[i], may));
            if (*may == stop) break;
        }
        goto done;
    }
    const bool equal = e->kind == WEFT_EXPR_CALL && e->arg_count == 2 &&
                       strcmp(e->call.function->name, "=") == 0;
    if (!equal && (e->kind != WEFT_EXPR_IN || e->arg_count > BLOOM_LITERALS_MAX + 1)) goto done;
    const int32_t of = equal && e->args[0]->kind == WEFT_EXPR_LITERAL ? 1 : 0;
    const weft_pq_leaf *leaf = bloom_column(b, e->args[of], &meta);
    if (leaf == NULL) goto done;
    for (int32_t i = 0; i < e->arg_count; i++) {
        if (i == of) continue;
        *may = true;
        if (e->args[i]->kind != WEFT_EXPR_LITERAL) goto done;
        WEFT_TRY(st, bloom_ask(b, leaf, meta, &e->args[i]->literal, may));
        if (*may) goto done;
    }
done:
    return st;
}

weft_status weft_pq_prune_by_bloom(weft_ctx *ctx, weft_scan *scan, int32_t group, bool *none)
{
    weft_status st = WEFT_OK;
    bloom_scan b = {.ctx = ctx, .scan = scan, .group = group};
    *none = false;
    for (int32_t i = 0; i < scan->spec.conjunct_count && !*none; i++) {
        bool may;
        WEFT_TRY(st, bloom_may(&b, scan->spec.conjuncts[i], &may));
        *none = !may;
    }
done:
    return st;
}
