/* engine/formats/parquet/splits.c - cutting a table into pieces of at most target_rows rows.
 *
 * Row groups that statistics rule out are left out. Neighbours that are left are put together while they fit;
 * a row group larger than the target is cut, at the page bounds of its widest wanted column where there are
 * locations. */
#include "engine/formats/file_prune.h"
#include "engine/formats/parquet/table.h"
#include "engine/formats/parquet/thrift_read.h"

enum { SPLITS_MAX = 1 << 22 }; /* a footer may lie about its rows: the list stays under 200 MB */

typedef struct splits {
    weft_ctx *ctx;
    const weft_table *table;
    const weft_scan_spec *spec;
    int64_t target_rows;
    weft_pq_bounds *bounds; /* [column_count] scratch */
    weft_split *list;
    int32_t count, room;
} splits;

static weft_status splits_add(splits *s, weft_split split)
{
    weft_status st = WEFT_OK;
    weft_split *last = s->count > 0 ? &s->list[s->count - 1] : NULL;
    if (last != NULL && last->file_index == split.file_index && last->end == split.begin &&
        split.end - last->begin <= s->target_rows) {
        last->end = split.end;
        last->bytes += split.bytes;
        return WEFT_OK;
    }
    if (s->count == SPLITS_MAX) {
        return weft_fail(s->ctx, WEFT_LIMIT, "more than %d splits; ask for more rows a split", SPLITS_MAX);
    }
    if (s->count == s->room) {
        const int32_t room = s->room * 2 + 16;
        weft_split *grown = NULL;
        WEFT_TRY(st, WEFT_NEW_ARRAY(s->ctx, room, &grown));
        for (int32_t i = 0; i < s->count; i++) grown[i] = s->list[i];
        s->list = grown;
        s->room = room;
    }
    s->list[s->count++] = split;
done:
    return st;
}

static bool splits_group_matches(splits *s, const weft_pq_file *file, int32_t group)
{
    const weft_scan_spec *spec = s->spec;
    if (spec->conjunct_count == 0 && spec->key_filter_count == 0) return true;
    weft_pq_group_bounds(s->table, file, group, spec->columns, spec->column_count, s->bounds);
    for (int32_t i = 0; i < spec->conjunct_count; i++) {
        if (!weft_pq_may_match(spec->conjuncts[i], s->bounds, spec->column_count)) return false;
    }
    for (int32_t i = 0; i < spec->key_filter_count; i++) {
        const weft_scan_filter *f = &spec->key_filters[i];
        if (!weft_pq_may_match_keys(f->keys, &s->bounds[f->column])) return false;
    }
    return true;
}

/* Compressed bytes of the wanted columns of a row group, and the leaf that has the most. */
static int64_t splits_group_bytes(const splits *s, const weft_pq_file *file, int32_t group, int32_t *widest)
{
    const weft_pq_chunk_meta *chunks = file->meta->row_groups[group].chunks;
    int64_t bytes = 0, most = -1;
    *widest = -1;
    for (int32_t i = 0; i < s->spec->column_count; i++) {
        const weft_pq_node *node = weft_pq_file_field(file, s->spec->columns[i]);
        for (int32_t l = 0; node != NULL && l < node->leaf_count; l++) {
            const int64_t chunk = chunks[node->leaf + l].end - chunks[node->leaf + l].begin;
            bytes += chunk;
            if (chunk > most) {
                most = chunk;
                *widest = node->leaf + l;
            }
        }
    }
    return bytes;
}

/* The first row of each page of a chunk, from the page locations kept with the footer; 0 when there are none.
 */
static int32_t splits_page_rows(const weft_pq_meta *meta, const weft_pq_chunk_meta *chunk, int64_t *rows,
                                int32_t room)
{
    const int64_t begin = chunk->offset_index - meta->offset_indexes_begin;
    weft_thrift_field field = {0}, element;
    if (meta->offset_indexes == NULL || chunk->offset_index < 0 || begin < 0 ||
        begin + chunk->offset_index_bytes > meta->offset_indexes_bytes) {
        return 0;
    }
    weft_thrift t = weft_thrift_over(meta->offset_indexes + begin, chunk->offset_index_bytes);
    weft_thrift_struct_begin(&t);
    while (weft_thrift_struct_next(&t, &field) && field.id != 1) weft_thrift_skip(&t, field);
    const int32_t count = t.bad || field.id != 1 ? 0 : weft_thrift_list(&t, field, &element);
    for (int32_t i = 0; i < count && weft_thrift_is_struct(&t, element); i++) {
        weft_thrift_field inner = {0};
        weft_thrift_struct_begin(&t);
        while (weft_thrift_struct_next(&t, &inner)) {
            if (inner.id == 3 && i < room) {
                rows[i] = weft_thrift_int(&t, inner);
            } else {
                weft_thrift_skip(&t, inner);
            }
        }
    }
    return t.bad || count > room ? 0 : count;
}

/* Cut one row group into equal pieces, each end moved back to a page bound if one lies in the piece. */
static weft_status splits_cut(splits *s, int32_t file_index, const weft_pq_file *file, int32_t group)
{
    enum { PAGES_MAX = 4096 };
    weft_status st = WEFT_OK;
    const weft_pq_row_group *g = &file->meta->row_groups[group];
    int32_t widest, pages = 0, page = 0;
    int64_t *page_rows = NULL;
    const int64_t bytes = splits_group_bytes(s, file, group, &widest);
    if (g->rows > s->target_rows && widest >= 0) {
        WEFT_TRY(st, WEFT_NEW_ARRAY(s->ctx, PAGES_MAX, &page_rows));
        pages = splits_page_rows(file->meta, &g->chunks[widest], page_rows, PAGES_MAX);
    }
    const int64_t pieces = (g->rows + s->target_rows - 1) / s->target_rows;
    const int64_t even = (g->rows + pieces - 1) / pieces;
    for (int64_t row = 0; row < g->rows;) {
        int64_t end = weft_min_i64(g->rows, row + even);
        int64_t bound = -1;
        for (; page < pages && page_rows[page] <= end; page++) bound = page_rows[page];
        if (end < g->rows && bound > row) end = bound;
        /* shares of what lies before each bound, so that the bytes of all pieces add up to the group's */
        const double rows = (double)g->rows;
        const int64_t before = (int64_t)((double)bytes * ((double)row / rows));
        const int64_t after = end == g->rows ? bytes : (int64_t)((double)bytes * ((double)end / rows));
        WEFT_TRY(st, splits_add(s, (weft_split){.file_index = file_index,
                                                .begin = g->first_row + row,
                                                .end = g->first_row + end,
                                                .bytes = after - before}));
        row = end;
    }
done:
    return st;
}

static bool splits_is_constant(const void *self, int32_t column)
{
    const weft_table *table = self;
    if (column >= table->schema.count) return !weft_pq_is_row_index(table, column);
    return table->partition_of[column] >= 0;
}

static weft_status splits_file_value(weft_ctx *ctx, const void *self, int32_t file, int32_t column,
                                     weft_value *out)
{
    const weft_table *table = self;
    const weft_pq_file *f = &table->files[file];
    if (column >= table->schema.count)
        return weft_file_field_value(ctx, f->info, (weft_file_field)(column - table->schema.count), out);
    *out = f->values[table->partition_of[column]];
    return WEFT_OK;
}

weft_status weft_pq_table_splits(weft_ctx *ctx, const weft_table *table, const weft_scan_spec *spec,
                                 int64_t target_rows, weft_split **list, int32_t *count)
{
    weft_status st = WEFT_OK;
    splits s = {.ctx = ctx, .table = table, .spec = spec, .target_rows = weft_max_i64(target_rows, 1)};
    const weft_file_pruning pruning = {.schema = &table->schema,
                                       .file_count = table->file_count,
                                       .self = table,
                                       .constant = splits_is_constant,
                                       .value = splits_file_value};
    uint8_t *kept = NULL;
    *list = NULL;
    *count = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(spec->column_count, 1), &s.bounds));
    WEFT_TRY(st, weft_files_prune(ctx, &pruning, spec, &kept));
    for (int32_t f = 0; f < table->file_count; f++) {
        const weft_pq_file *file = &table->files[f];
        if (kept != NULL && !kept[f]) continue;
        for (int32_t g = 0; g < file->meta->row_group_count; g++) {
            if (file->meta->row_groups[g].rows == 0 || !splits_group_matches(&s, file, g)) continue;
            WEFT_TRY(st, splits_cut(&s, f, file, g));
        }
    }
    *list = s.list;
    *count = s.count;
done:
    return st;
}
