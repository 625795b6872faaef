/* engine/formats/parquet/footer.c - FileMetaData: thrift to checked structs.
 *
 * Every offset and count is checked here against the file, so that the reader of pages may use them as they
 * are. What a chunk's own pages then claim is checked again, page by page (page.c). */
#include <string.h>

#include "engine/formats/parquet/meta.h"
#include "engine/formats/parquet/thrift_read.h"

/* A chunk while it is read: what the footer says, before it is checked. */
typedef struct footer_chunk {
    int32_t physical;
    bool has_meta, encrypted, elsewhere;
    int64_t compressed_bytes, data_offset, dictionary_offset;
    int32_t data_pages, dictionary_pages; /* by encoding_stats */
    weft_pq_chunk_meta meta;
} footer_chunk;

typedef struct footer {
    weft_ctx *ctx;
    weft_pq_meta *meta;
    weft_thrift t;
    int64_t offset;                  /* of the footer in the file */
    int32_t spark_version;           /* 301 is 3.1; 0: written by others */
    bool legacy_times, legacy_int96; /* Spark says that it counted by the Julian calendar */
} footer;

#define footer_fail(f, code, ...) footer_fail_at(f, code, __VA_ARGS__)
static weft_status footer_fail_at(footer *f, weft_status code, const char *what)
{
    return weft_fail(f->ctx, code, "Parquet file %s: %s (footer at offset %lld, near byte %lld)",
                     f->meta->path, what, (long long)f->offset,
                     (long long)(f->offset + (f->t.at - f->t.begin)));
}

static weft_status footer_array(footer *f, int64_t count, size_t bytes, void *out)
{
    return weft_arena_alloc(f->ctx, f->meta->arena, (size_t)weft_max_i64(count, 1) * bytes, (void **)out);
}

static void footer_time_unit(weft_thrift *t, weft_pq_element *e)
{
    weft_thrift_field field = {0};
    weft_thrift_struct_begin(t);
    while (weft_thrift_struct_next(t, &field)) {
        e->unit = field.id;
        weft_thrift_skip(t, field);
    }
}

/* The struct inside of one LogicalType: DECIMAL, TIME, TIMESTAMP and INTEGER have fields. */
static void footer_logical_fields(weft_thrift *t, weft_pq_element *e)
{
    weft_thrift_field field = {0};
    const bool is_time = e->logical == WEFT_PQ_LOGICAL_TIME || e->logical == WEFT_PQ_LOGICAL_TIMESTAMP;
    weft_thrift_struct_begin(t);
    while (weft_thrift_struct_next(t, &field)) {
        if (e->logical == WEFT_PQ_LOGICAL_DECIMAL && field.id == 1) {
            e->scale = weft_thrift_i32(t, field);
        } else if (e->logical == WEFT_PQ_LOGICAL_DECIMAL && field.id == 2) {
            e->precision = weft_thrift_i32(t, field);
        } else if (is_time && field.id == 1) {
            e->adjusted_to_utc = weft_thrift_bool(t, field);
        } else if (is_time && field.id == 2 && weft_thrift_is_struct(t, field)) {
            footer_time_unit(t, e);
        } else if (e->logical == WEFT_PQ_LOGICAL_INTEGER && field.id == 1) {
            e->bit_width = weft_thrift_i32(t, field);
        } else if (e->logical == WEFT_PQ_LOGICAL_INTEGER && field.id == 2) {
            e->is_signed = weft_thrift_bool(t, field);
        } else {
            weft_thrift_skip(t, field);
        }
    }
}

static void footer_logical(weft_thrift *t, weft_pq_element *e)
{
    weft_thrift_field field = {0};
    weft_thrift_struct_begin(t);
    while (weft_thrift_struct_next(t, &field)) {
        e->logical = field.id;
        if (weft_thrift_is_struct(t, field)) footer_logical_fields(t, e);
    }
}

static weft_status footer_element(footer *f, weft_pq_element *e)
{
    weft_status st = WEFT_OK;
    weft_thrift *t = &f->t;
    weft_thrift_field field = {0};
    const uint8_t *name = NULL;
    int32_t name_bytes = 0;
    *e =
        (weft_pq_element){.physical = -1, .repetition = WEFT_PQ_REQUIRED, .converted = -1, .is_signed = true};
    weft_thrift_struct_begin(t);
    while (weft_thrift_struct_next(t, &field)) {
        switch (field.id) {
        case 1: e->physical = weft_thrift_i32(t, field); break;
        case 2: e->type_length = weft_thrift_i32(t, field); break;
        case 3: e->repetition = weft_thrift_i32(t, field); break;
        case 4: name = weft_thrift_binary(t, field, &name_bytes); break;
        case 5: e->child_count = weft_thrift_i32(t, field); break;
        case 6: e->converted = weft_thrift_i32(t, field); break;
        case 7: e->scale = weft_thrift_i32(t, field); break;
        case 8: e->precision = weft_thrift_i32(t, field); break;
        case 10:
            if (weft_thrift_is_struct(t, field)) footer_logical(t, e);
            break;
        default: weft_thrift_skip(t, field); break;
        }
    }
    if (t->bad || name == NULL) return footer_fail(f, WEFT_CORRUPT, "a schema element is malformed");
    char *copy = NULL;
    WEFT_TRY(st, weft_arena_copy(f->ctx, f->meta->arena, name, (size_t)name_bytes, &copy));
    e->name = copy;
done:
    return st;
}

static weft_status footer_schema(footer *f, weft_thrift_field field)
{
    weft_status st = WEFT_OK;
    weft_thrift_field element;
    weft_pq_element *elements = NULL;
    const int32_t count = weft_thrift_list(&f->t, field, &element);
    if (f->t.bad || count < 1 || element.type != WEFT_THRIFT_STRUCT || count > 2 * WEFT_COLUMNS_MAX) {
        return footer_fail(f, WEFT_CORRUPT, "the schema list is malformed");
    }
    WEFT_TRY(st, footer_array(f, count, sizeof *elements, &elements));
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, footer_element(f, &elements[i]));
    WEFT_TRY(st, weft_pq_schema_build(f->ctx, f->meta, elements, count));
done:
    return st;
}

static void footer_stats(weft_thrift *t, const weft_pq_leaf *leaf, weft_pq_stats *stats)
{
    weft_thrift_field field = {0};
    weft_pq_stats old = {0};
    weft_thrift_struct_begin(t);
    while (weft_thrift_struct_next(t, &field)) {
        switch (field.id) {
        case 1: old.max = weft_thrift_binary(t, field, &old.max_bytes); break;
        case 2: old.min = weft_thrift_binary(t, field, &old.min_bytes); break;
        case 3: stats->null_count = weft_thrift_int(t, field); break;
        case 5: stats->max = weft_thrift_binary(t, field, &stats->max_bytes); break;
        case 6: stats->min = weft_thrift_binary(t, field, &stats->min_bytes); break;
        default: weft_thrift_skip(t, field); break;
        }
    }
    /* The deprecated fields were written with signed byte order: good for signed numbers only. */
    const bool signed_number = leaf->physical != WEFT_PQ_BYTE_ARRAY && leaf->physical != WEFT_PQ_FIXED &&
                               leaf->physical != WEFT_PQ_INT96 && !leaf->unsigned_order;
    if (stats->min == NULL && stats->max == NULL && signed_number) {
        stats->min = old.min;
        stats->max = old.max;
        stats->min_bytes = old.min_bytes;
        stats->max_bytes = old.max_bytes;
    }
}

/* encoding_stats tell whether all data pages are dictionary-encoded. */
static void footer_encoding_stats(weft_thrift *t, weft_thrift_field list, footer_chunk *chunk)
{
    weft_thrift_field element;
    for (int32_t n = weft_thrift_list(t, list, &element); n > 0 && weft_thrift_is_struct(t, element); n--) {
        weft_thrift_field field = {0};
        int32_t type = -1, encoding = -1, pages = 0;
        weft_thrift_struct_begin(t);
        while (weft_thrift_struct_next(t, &field)) {
            if (field.id == 1) {
                type = weft_thrift_i32(t, field);
            } else if (field.id == 2) {
                encoding = weft_thrift_i32(t, field);
            } else if (field.id == 3) {
                pages = weft_thrift_i32(t, field);
            } else {
                weft_thrift_skip(t, field);
            }
        }
        if ((type != WEFT_PQ_DATA_PAGE && type != WEFT_PQ_DATA_PAGE_V2) || pages <= 0) continue;
        const bool dictionary = encoding == WEFT_PQ_RLE_DICTIONARY || encoding == WEFT_PQ_PLAIN_DICTIONARY;
        if (dictionary) {
            chunk->dictionary_pages = 1;
        } else {
            chunk->data_pages = 1;
        }
    }
}

static void footer_chunk_meta(weft_thrift *t, const weft_pq_leaf *leaf, footer_chunk *chunk)
{
    weft_thrift_field field = {0};
    chunk->has_meta = true;
    weft_thrift_struct_begin(t);
    while (weft_thrift_struct_next(t, &field)) {
        switch (field.id) {
        case 1: chunk->physical = weft_thrift_i32(t, field); break;
        case 4: {
            const int32_t codec = weft_thrift_i32(t, field);
            chunk->meta.codec = codec < 0 || codec > UINT8_MAX ? UINT8_MAX : (uint8_t)codec;
            break;
        }
        case 5: chunk->meta.num_values = weft_thrift_int(t, field); break;
        case 6: chunk->meta.uncompressed_bytes = weft_thrift_int(t, field); break;
        case 7: chunk->compressed_bytes = weft_thrift_int(t, field); break;
        case 9: chunk->data_offset = weft_thrift_int(t, field); break;
        case 11: chunk->dictionary_offset = weft_thrift_int(t, field); break;
        case 12:
            if (weft_thrift_is_struct(t, field)) footer_stats(t, leaf, &chunk->meta.stats);
            break;
        case 13: footer_encoding_stats(t, field, chunk); break;
        case 14: chunk->meta.bloom = weft_thrift_int(t, field); break;
        default: weft_thrift_skip(t, field); break;
        }
    }
}

/* Check one chunk and finish its meta. */
static weft_status footer_chunk_check(footer *f, const weft_pq_leaf *leaf, int64_t rows, footer_chunk *c)
{
    weft_pq_chunk_meta *m = &c->meta;
    const int64_t file_bytes = f->meta->file_bytes;
    if (c->encrypted) return footer_fail(f, WEFT_UNSUPPORTED, "a column is encrypted");
    if (c->elsewhere) return footer_fail(f, WEFT_UNSUPPORTED, "a column chunk lies in another file");
    if (!c->has_meta || c->physical != leaf->physical) {
        return footer_fail(f, WEFT_CORRUPT, "a column chunk does not fit the schema");
    }
    if (m->num_values < 0 || c->compressed_bytes < 0 || m->uncompressed_bytes < 0 || c->data_offset < 0 ||
        (leaf->max_rep == 0 && m->num_values != rows)) {
        return footer_fail(f, WEFT_CORRUPT, "a column chunk's counts are wrong");
    }
    /* Some writers leave the dictionary offset 0 when there is none. */
    const bool dictionary = c->dictionary_offset > 0 && c->dictionary_offset < c->data_offset;
    m->dictionary_offset = dictionary ? c->dictionary_offset : -1;
    m->data_offset = c->data_offset;
    m->begin = dictionary ? c->dictionary_offset : c->data_offset;
    if (c->compressed_bytes > file_bytes || m->begin > file_bytes - c->compressed_bytes ||
        c->data_offset > m->begin + c->compressed_bytes) {
        return footer_fail(f, WEFT_CORRUPT, "a column chunk lies outside of the file");
    }
    m->end = m->begin + c->compressed_bytes;
    m->all_dictionary = c->dictionary_pages > 0 && c->data_pages == 0;
    /* An index that lies outside of the file is not used: it is an aid, not data. */
    if (m->offset_index <= 0 || m->offset_index_bytes <= 0 ||
        m->offset_index > file_bytes - m->offset_index_bytes) {
        m->offset_index = -1;
        m->offset_index_bytes = 0;
    }
    if (m->column_index <= 0 || m->column_index_bytes <= 0 ||
        m->column_index > file_bytes - m->column_index_bytes) {
        m->column_index = -1;
        m->column_index_bytes = 0;
    }
    if (m->bloom <= 0 || m->bloom >= file_bytes) m->bloom = -1;
    if (m->stats.null_count < -1 || m->stats.null_count > m->num_values) m->stats.null_count = -1;
    return WEFT_OK;
}

static weft_status footer_column_chunk(footer *f, const weft_pq_leaf *leaf, footer_chunk *chunk)
{
    weft_thrift *t = &f->t;
    weft_thrift_field field = {0};
    int32_t path_bytes = 0;
    *chunk = (footer_chunk){.physical = -1, .dictionary_offset = -1, .data_offset = -1};
    chunk->meta = (weft_pq_chunk_meta){.stats = {.null_count = -1}, .num_values = -1, .codec = UINT8_MAX};
    weft_thrift_struct_begin(t);
    while (weft_thrift_struct_next(t, &field)) {
        switch (field.id) {
        case 1:
            (void)weft_thrift_binary(t, field, &path_bytes);
            chunk->elsewhere = path_bytes > 0;
            break;
        case 3:
            if (weft_thrift_is_struct(t, field)) footer_chunk_meta(t, leaf, chunk);
            break;
        case 4: chunk->meta.offset_index = weft_thrift_int(t, field); break;
        case 5: chunk->meta.offset_index_bytes = weft_thrift_i32(t, field); break;
        case 6: chunk->meta.column_index = weft_thrift_int(t, field); break;
        case 7: chunk->meta.column_index_bytes = weft_thrift_i32(t, field); break;
        case 8:
        case 9:
            chunk->encrypted = true;
            weft_thrift_skip(t, field);
            break;
        default: weft_thrift_skip(t, field); break;
        }
    }
    return t->bad ? footer_fail(f, WEFT_CORRUPT, "a column chunk is malformed") : WEFT_OK;
}

static weft_status footer_row_group(footer *f, weft_pq_row_group *group)
{
    weft_status st = WEFT_OK;
    weft_thrift *t = &f->t;
    weft_thrift_field field = {0}, element;
    const int32_t leaf_count = f->meta->leaf_count;
    footer_chunk *read = NULL;
    weft_pq_chunk_meta *chunks = NULL;
    int32_t count = -1;
    group->rows = -1;
    WEFT_TRY(st, weft_mem_alloc(f->ctx, WEFT_MEM_WORKING, (size_t)(leaf_count + 1) * sizeof *read,
                                (void **)&read));
    weft_thrift_struct_begin(t);
    while (weft_thrift_struct_next(t, &field)) {
        if (field.id == 1 && count < 0) {
            count = weft_thrift_list(t, field, &element);
            if (t->bad || count != leaf_count || (count > 0 && !weft_thrift_is_struct(t, element))) {
                st = footer_fail(f, WEFT_CORRUPT, "a row group has not one chunk a column");
                goto done;
            }
            for (int32_t i = 0; i < count; i++) {
                WEFT_TRY(st, footer_column_chunk(f, &f->meta->leaves[i], &read[i]));
            }
        } else if (field.id == 3) {
            group->rows = weft_thrift_int(t, field);
        } else {
            weft_thrift_skip(t, field);
        }
    }
    if (t->bad || count < 0 || group->rows < 0 || group->rows > INT64_MAX / 4) {
        st = footer_fail(f, WEFT_CORRUPT, "a row group is malformed");
        goto done;
    }
    WEFT_TRY(st, footer_array(f, leaf_count, sizeof *chunks, &chunks));
    for (int32_t i = 0; i < count; i++) {
        WEFT_TRY(st, footer_chunk_check(f, &f->meta->leaves[i], group->rows, &read[i]));
        chunks[i] = read[i].meta;
    }
    group->chunks = chunks;
done:
    weft_mem_free(read);
    return st;
}

static weft_status footer_row_groups(footer *f, weft_thrift_field field)
{
    weft_status st = WEFT_OK;
    weft_thrift_field element;
    weft_pq_row_group *groups = NULL;
    const int32_t count = weft_thrift_list(&f->t, field, &element);
    int64_t row = 0;
    if (f->t.bad || (count > 0 && element.type != WEFT_THRIFT_STRUCT) || f->meta->columns == NULL) {
        return footer_fail(f, WEFT_CORRUPT, "the list of row groups is malformed");
    }
    WEFT_TRY(st, footer_array(f, count, sizeof *groups, &groups));
    for (int32_t i = 0; i < count; i++) {
        WEFT_TRY(st, footer_row_group(f, &groups[i]));
        groups[i].first_row = row;
        if (row > INT64_MAX / 4 - groups[i].rows) return footer_fail(f, WEFT_CORRUPT, "too many rows");
        row += groups[i].rows;
    }
    f->meta->rows = row;
    f->meta->row_group_count = count;
    f->meta->row_groups = groups;
done:
    return st;
}

/* The major and minor number: 301 of "3.1.2"; 0 when there is none. */
static int32_t footer_version(const uint8_t *text, int32_t len)
{
    int32_t part[2] = {0, 0}, at = 0;
    for (int32_t i = 0; i < len && at < 2; i++) {
        if (text[i] == '.') {
            at++;
        } else if (text[i] < '0' || text[i] > '9' || part[at] > 99) {
            break;
        } else {
            part[at] = part[at] * 10 + text[i] - '0';
        }
    }
    return part[0] * 100 + part[1];
}

static weft_status footer_key_value(footer *f, const char *key, const uint8_t *value, int32_t value_bytes)
{
    weft_status st = WEFT_OK;
    if (strcmp(key, "org.apache.spark.version") == 0) {
        f->spark_version = footer_version(value, value_bytes);
    } else if (strcmp(key, "org.apache.spark.legacyDateTime") == 0) {
        f->legacy_times = true;
    } else if (strcmp(key, "org.apache.spark.legacyINT96") == 0) {
        f->legacy_int96 = true;
    } else if (strcmp(key, "org.apache.spark.timeZone") == 0) {
        char *zone = NULL;
        WEFT_TRY(st, weft_arena_copy(f->ctx, f->meta->arena, value, (size_t)value_bytes, &zone));
        f->meta->rebase_zone = zone;
    } else if (strcmp(key, "org.apache.spark.sql.parquet.row.metadata") == 0) {
        char *text = NULL;
        WEFT_TRY(st, weft_arena_copy(f->ctx, f->meta->arena, value, (size_t)value_bytes, &text));
        f->meta->row_schema = text;
    }
done:
    return st;
}

static weft_status footer_key_values(footer *f, weft_thrift_field list)
{
    enum { KEY_BYTES = 64 }; /* longer ones are none of ours */
    weft_status st = WEFT_OK;
    weft_thrift *t = &f->t;
    weft_thrift_field element;
    for (int32_t n = weft_thrift_list(t, list, &element); n > 0 && weft_thrift_is_struct(t, element); n--) {
        weft_thrift_field field = {0};
        const uint8_t *key = NULL, *value = NULL;
        int32_t key_bytes = 0, value_bytes = 0;
        char text[KEY_BYTES] = "";
        weft_thrift_struct_begin(t);
        while (weft_thrift_struct_next(t, &field)) {
            if (field.id == 1) {
                key = weft_thrift_binary(t, field, &key_bytes);
            } else if (field.id == 2) {
                value = weft_thrift_binary(t, field, &value_bytes);
            } else {
                weft_thrift_skip(t, field);
            }
        }
        if (t->bad || key == NULL || key_bytes >= KEY_BYTES) continue;
        memcpy(text, key, (size_t)key_bytes);
        WEFT_TRY(st, footer_key_value(f, text, value, value == NULL ? 0 : value_bytes));
    }
done:
    return st;
}

/* Columns of a file that counted by the Julian calendar are read so. Spark before 3.0 always did, and for
 * INT96 before 3.1. */
static void footer_rebase(footer *f)
{
    const bool is_spark = f->spark_version > 0;
    const bool times = f->legacy_times || (is_spark && f->spark_version < 300);
    const bool int96 = f->legacy_int96 || (is_spark && f->spark_version < 301);
    f->meta->says_calendar = is_spark || times || int96;
    for (int32_t i = 0; i < f->meta->leaf_count; i++) {
        weft_pq_leaf *leaf = &f->meta->leaves[i];
        const bool micros = leaf->convert == WEFT_PQ_AS_IS && leaf->type.id == WEFT_TYPE_TIMESTAMP;
        if (leaf->convert == WEFT_PQ_INT96_TO_US && int96) leaf->convert = WEFT_PQ_INT96_REBASED;
        if (!times) continue;
        if (leaf->type.id == WEFT_TYPE_DATE) leaf->convert = WEFT_PQ_DATE_REBASED;
        if (micros) leaf->convert = WEFT_PQ_US_REBASED;
        if (leaf->convert == WEFT_PQ_MS_TO_US && leaf->type.id == WEFT_TYPE_TIMESTAMP)
            leaf->convert = WEFT_PQ_MS_REBASED;
    }
}

weft_status weft_pq_footer_parse(weft_ctx *ctx, weft_pq_meta *meta, const uint8_t *bytes, int64_t len,
                                 int64_t footer_offset)
{
    weft_status st = WEFT_OK;
    footer f = {.ctx = ctx, .meta = meta, .t = weft_thrift_over(bytes, len), .offset = footer_offset};
    weft_thrift_field field = {0};
    int64_t rows = -1;
    weft_thrift_struct_begin(&f.t);
    while (weft_thrift_struct_next(&f.t, &field)) {
        if (field.id == 2 && meta->columns == NULL) {
            WEFT_TRY(st, footer_schema(&f, field));
        } else if (field.id == 3) {
            rows = weft_thrift_int(&f.t, field);
        } else if (field.id == 4 && meta->row_groups == NULL) {
            WEFT_TRY(st, footer_row_groups(&f, field));
        } else if (field.id == 5) {
            WEFT_TRY(st, footer_key_values(&f, field));
        } else if (field.id == 8) {
            st = footer_fail(&f, WEFT_UNSUPPORTED, "the file is encrypted");
            goto done;
        } else {
            weft_thrift_skip(&f.t, field);
        }
    }
    if (f.t.bad || meta->columns == NULL || meta->row_groups == NULL) {
        st = footer_fail(&f, WEFT_CORRUPT, "the footer is malformed");
    } else if (rows != meta->rows) {
        st = footer_fail(&f, WEFT_CORRUPT, "the rows of the row groups do not add up to the file's");
    }
    footer_rebase(&f);
done:
    return st;
}
