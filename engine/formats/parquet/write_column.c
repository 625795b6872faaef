/* engine/formats/parquet/write_column.c - taking values, dictionary or PLAIN, until a page is full. See the
 * header. */
#include "engine/formats/parquet/write_column.h"

#include "engine/formats/parquet/write_encode.h"

int32_t weft_pqw_staged_bytes(const weft_pqw_leaf *leaf)
{
    switch (leaf->kind) {
    case WEFT_PQW_BOOL: return 1;
    case WEFT_PQW_I32:
    case WEFT_PQW_F32: return 4;
    case WEFT_PQW_I64:
    case WEFT_PQW_F64: return 8;
    case WEFT_PQW_FIXED: return leaf->fixed_bytes;
    case WEFT_PQW_BYTES: break;
    }
    return 0;
}

static weft_pqw_width dict_width(weft_pqw_kind kind)
{
    switch (kind) {
    case WEFT_PQW_I32:
    case WEFT_PQW_F32: return WEFT_PQW_W4;
    case WEFT_PQW_I64:
    case WEFT_PQW_F64: return WEFT_PQW_W8;
    case WEFT_PQW_FIXED: return WEFT_PQW_W16;
    case WEFT_PQW_BOOL:
    case WEFT_PQW_BYTES: break;
    }
    return WEFT_PQW_WSTR;
}

weft_status weft_pqw_column_init(weft_ctx *ctx, const weft_pqw_leaf *leaf, const weft_pqw_options *options,
                                 weft_pqw_column *out)
{
    *out = (weft_pqw_column){.leaf = leaf, .options = options, .wants_dict = leaf->kind != WEFT_PQW_BOOL};
    out->dict_on = out->wants_dict;
    if (!out->wants_dict) return WEFT_OK;
    return weft_pqw_dict_init(ctx, dict_width(leaf->kind), weft_pqw_staged_bytes(leaf), &out->dict);
}

int32_t weft_pqw_column_room_rows(const weft_pqw_column *column)
{
    return column->options->page_rows - column->rows;
}

/* Put n gathered values into the filter, as they lie. */
static void column_add_bloom(weft_pqw_column *column, const void *values, int32_t n)
{
    uint8_t fixed[16];
    for (int32_t i = 0; i < n; i++) {
        if (column->leaf->kind == WEFT_PQW_BYTES) {
            const weft_str *s = (const weft_str *)values + i;
            weft_pqw_bloom_add(&column->bloom, weft_str_data(s), s->len);
        } else if (column->leaf->kind == WEFT_PQW_FIXED) {
            weft_pqw_put_fixed(((const weft_i128 *)values)[i], column->leaf->fixed_bytes, fixed);
            weft_pqw_bloom_add(&column->bloom, fixed, (size_t)column->leaf->fixed_bytes);
        } else {
            const size_t bytes = (size_t)weft_pqw_staged_bytes(column->leaf);
            weft_pqw_bloom_add(&column->bloom, (const uint8_t *)values + (size_t)i * bytes, bytes);
        }
    }
}

/* A filter that has the dictionary's entries in it; sized by them when there is nothing else to come. */
static weft_status column_begin_bloom(weft_ctx *ctx, weft_pqw_column *column, bool is_whole)
{
    weft_status st = WEFT_OK;
    const int64_t expected = is_whole                     ? column->dict.count
                             : column->bloom_distinct > 0 ? column->bloom_distinct
                                                          : INT64_MAX; /* unknown: as large as it may be */
    WEFT_TRY(st, weft_pqw_bloom_init(ctx, expected, column->options->bloom_false_positives,
                                     column->options->bloom_max_bytes, &column->bloom));
    column_add_bloom(column, column->dict.entries, column->dict.count);
done:
    return st;
}

weft_status weft_pqw_column_finish_bloom(weft_ctx *ctx, weft_pqw_column *column)
{
    weft_status st = WEFT_OK;
    if (!column->wants_bloom) goto done;
    if (column->bloom.words == NULL) WEFT_TRY(st, column_begin_bloom(ctx, column, true));
    weft_pqw_bloom_fold(&column->bloom, column->options->bloom_false_positives);
done:
    return st;
}

/* Append gathered values in staged form. */
static weft_status column_stage(weft_ctx *ctx, weft_pqw_column *column, const void *values, int32_t n)
{
    weft_status st = WEFT_OK;
    weft_bytes *staged = &column->staged;
    if (column->wants_bloom && column->bloom.words == NULL)
        WEFT_TRY(st, column_begin_bloom(ctx, column, false));
    if (column->wants_bloom) column_add_bloom(column, values, n);
    if (column->leaf->kind == WEFT_PQW_BYTES) {
        const weft_str *strings = values;
        int64_t bytes = 4 * (int64_t)n;
        for (int32_t i = 0; i < n; i++) bytes += strings[i].len;
        WEFT_TRY(st, weft_bytes_reserve(ctx, staged, bytes));
        for (int32_t i = 0; i < n; i++) {
            weft_bytes_put_u32(staged, strings[i].len);
            weft_bytes_put(staged, weft_str_data(&strings[i]), strings[i].len);
        }
    } else if (column->leaf->kind == WEFT_PQW_FIXED) {
        const int32_t width = column->leaf->fixed_bytes;
        WEFT_TRY(st, weft_bytes_reserve(ctx, staged, (int64_t)n * width));
        for (int32_t i = 0; i < n; i++, staged->len += width) {
            weft_pqw_put_fixed(((const weft_i128 *)values)[i], width, staged->data + staged->len);
        }
    } else {
        const int64_t bytes = (int64_t)n * weft_pqw_staged_bytes(column->leaf);
        WEFT_TRY(st, weft_bytes_append(ctx, staged, values, bytes));
    }
done:
    return st;
}

/* Give up the dictionary: the page at hand goes on in PLAIN form. */
weft_status weft_pqw_column_leave_dict(weft_ctx *ctx, weft_pqw_column *column)
{
    weft_status st = WEFT_OK;
    alignas(16) uint8_t values[WEFT_PQW_CHUNK * 16];
    const uint32_t *codes = (const uint32_t *)(const void *)column->codes.data;
    const int64_t count = column->codes.len / 4;
    const weft_phys phys = column->leaf->kind == WEFT_PQW_FIXED   ? WEFT_PHYS_I128
                           : column->leaf->kind == WEFT_PQW_BYTES ? WEFT_PHYS_STR
                           : column->leaf->kind == WEFT_PQW_F32   ? WEFT_PHYS_F32
                           : column->leaf->kind == WEFT_PQW_F64   ? WEFT_PHYS_F64
                           : column->leaf->kind == WEFT_PQW_I32   ? WEFT_PHYS_I32
                                                                  : WEFT_PHYS_I64;
    column->dict_on = false;
    for (int64_t i = 0; i < count; i += WEFT_PQW_CHUNK) {
        const int32_t n = (int32_t)weft_min_i64(WEFT_PQW_CHUNK, count - i);
        WEFT_TRY(st, weft_pqw_gather(ctx, column->leaf, phys, column->dict.entries, codes + i, n, values));
        WEFT_TRY(st, column_stage(ctx, column, values, n));
    }
    column->codes.len = 0;
done:
    return st;
}

/* Take up to WEFT_PQW_CHUNK present values. */
static weft_status column_put_values(weft_ctx *ctx, weft_pqw_column *column, const weft_pqw_input *in,
                                     int32_t first, int32_t n)
{
    weft_status st = WEFT_OK;
    alignas(16) uint8_t values[WEFT_PQW_CHUNK * 16];
    const int64_t limit = column->options->dict_bytes;
    const uint32_t *index = in->index == NULL ? NULL : in->index + first;
    const uint8_t *base = in->values;
    int32_t coded = 0;
    bool gathered = false;
    if (index == NULL) base += (int64_t)first * weft_phys_bytes(in->phys);
    if (column->dict_on) {
        WEFT_TRY(st, weft_bytes_reserve(ctx, &column->codes, 4 * (int64_t)n));
        uint32_t *codes = (uint32_t *)(void *)(column->codes.data + column->codes.len);
        if (in->dictionary != NULL && column->leaf->kind == WEFT_PQW_BYTES && index != NULL) {
            WEFT_TRY(st, weft_pqw_dict_put_coded(ctx, &column->dict, in->dictionary, index, n, limit, codes,
                                                 &coded));
        } else {
            WEFT_TRY(st, weft_pqw_gather_input(ctx, column->leaf, in->phys, base, index, n, values));
            gathered = true;
            WEFT_TRY(st, weft_pqw_dict_put(ctx, &column->dict, values, n, limit, codes, &coded));
        }
        column->codes.len += 4 * (int64_t)coded;
        if (coded < n) WEFT_TRY(st, weft_pqw_column_leave_dict(ctx, column));
    }
    if (coded < n) {
        if (!gathered)
            WEFT_TRY(st, weft_pqw_gather_input(ctx, column->leaf, in->phys, base, index, n, values));
        const int32_t width = column->leaf->kind == WEFT_PQW_BYTES || column->leaf->kind == WEFT_PQW_FIXED
                                  ? 16
                                  : weft_pqw_staged_bytes(column->leaf);
        WEFT_TRY(st, column_stage(ctx, column, values + (size_t)coded * (size_t)width, n - coded));
    }
    column->values += n;
done:
    return st;
}

weft_status weft_pqw_column_put(weft_ctx *ctx, weft_pqw_column *column, weft_pqw_scratch *scratch,
                                const weft_pqw_input *in)
{
    weft_status st = WEFT_OK;
    const weft_pqw_leaf *leaf = column->leaf;
    for (int32_t i = 0; i < in->present; i += WEFT_PQW_CHUNK) {
        WEFT_TRY(st, column_put_values(ctx, column, in, i, weft_min_i32(WEFT_PQW_CHUNK, in->present - i)));
    }
    if (leaf->max_def > 0) {
        WEFT_TRY(st, weft_bytes_reserve(ctx, &column->def, in->levels));
        uint8_t *def = column->def.data + column->def.len;
        if (in->def != NULL) memcpy(def, in->def, (size_t)in->levels);
        if (in->def == NULL) memset(def, leaf->max_def, (size_t)in->levels);
        column->def.len += in->levels;
    }
    if (leaf->max_rep > 0) WEFT_TRY(st, weft_bytes_append(ctx, &column->rep, in->rep, in->levels));
    column->rows += in->rows;
    column->levels += in->levels;
    column->nulls += in->levels - in->present;
    if (column->rows >= column->options->page_rows || column->staged.len >= column->options->page_bytes ||
        column->levels >= 8 * column->options->page_rows) {
        WEFT_TRY(st, weft_pqw_column_close_page(ctx, column, scratch, WEFT_MEM_RETAINED));
    }
done:
    return st;
}

int64_t weft_pqw_column_bytes(const weft_pqw_column *column)
{
    int64_t bytes = column->page_bytes + column->staged.len;
    if (column->dict.count > 0) {
        const int width = weft_pqw_bit_width((uint32_t)column->dict.count - 1);
        bytes += column->dict.plain_bytes + column->codes.len / 4 * width / 8;
    }
    return bytes;
}

void weft_pqw_column_clear(weft_pqw_column *column)
{
    for (weft_pqw_page *page = column->first; page != NULL;) {
        weft_pqw_page *next = page->next;
        weft_mem_free(page);
        page = next;
    }
    column->first = column->last = NULL;
    column->page_count = column->coded_pages = 0;
    column->page_bytes = 0;
    column->rows = column->levels = column->nulls = column->values = 0;
    column->def.len = column->rep.len = column->staged.len = column->codes.len = 0;
    weft_pqw_dict_clear(&column->dict);
    column->dict_on = column->wants_dict;
    weft_pqw_bloom_deinit(&column->bloom);
}

void weft_pqw_column_deinit(weft_pqw_column *column)
{
    weft_pqw_column_clear(column);
    weft_bytes_deinit(&column->def);
    weft_bytes_deinit(&column->rep);
    weft_bytes_deinit(&column->staged);
    weft_bytes_deinit(&column->codes);
    weft_pqw_dict_deinit(&column->dict);
}
