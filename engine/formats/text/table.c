/* engine/formats/text/table.c - see table.h: schema and splits. */
#include "engine/formats/text/table.h"

#include <strings.h>

#include "engine/formats/file_prune.h"

enum { SPLITS_MAX = 1 << 22, ROW_BYTES_GUESS = 80, PACKED_GUESS = 4 };

weft_status weft_text_table_begin(weft_ctx *ctx, const weft_file_info *files, int32_t file_count,
                                  bool recursive, const char *base, const weft_schema *given,
                                  weft_text_table *table)
{
    weft_status st = WEFT_OK;
    table->files = files;
    table->file_count = file_count;
    for (int32_t i = 0; i < file_count; i++) table->bytes += files[i].size_bytes;
    if (!recursive)
        WEFT_TRY(st, weft_partitions_find(ctx, files, file_count, base, given, &table->partitions));
done:
    return st;
}

static bool is_partition(const weft_partitions *p, const char *name)
{
    for (int32_t i = 0; i < p->count; i++)
        if (strcasecmp(p->fields[i].name, name) == 0) return true;
    return false;
}

weft_status weft_text_table_set(weft_ctx *ctx, const weft_schema *columns, bool given, weft_text_table *table)
{
    weft_status st = WEFT_OK;
    const weft_partitions *p = &table->partitions;
    weft_field *fields = NULL;
    int32_t count = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(columns->count + p->count, 1), &fields));
    for (int32_t i = 0; i < columns->count; i++) {
        const bool both = is_partition(p, columns->fields[i].name);
        if (both && given) continue;
        if (both)
            return weft_fail(ctx, WEFT_COLUMN_ALREADY_EXISTS,
                             "The column `%s` is in the files and a partition column too; give a schema that "
                             "names the columns of the files otherwise.",
                             columns->fields[i].name);
        fields[count] = columns->fields[i];
        fields[count++].nullable = true; /* a file is not bound by what a schema says */
    }
    table->data_count = count;
    for (int32_t i = 0; i < p->count; i++) fields[count++] = p->fields[i];
    table->schema = (weft_schema){.count = count, .fields = fields};
done:
    return st;
}

typedef struct split_list {
    weft_split *items;
    int32_t count, room;
} split_list;

static weft_status split_add(weft_ctx *ctx, split_list *list, weft_split split)
{
    weft_status st = WEFT_OK;
    if (list->count == SPLITS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "more than %d splits; ask for more bytes a split", (int)SPLITS_MAX);
    if (list->count == list->room) {
        weft_split *grown = NULL;
        const int32_t room = list->room * 2 + 16;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, room, &grown));
        if (list->count > 0) memcpy(grown, list->items, (size_t)list->count * sizeof *grown);
        list->items = grown;
        list->room = room;
    }
    list->items[list->count++] = split;
done:
    return st;
}

static weft_status even_cuts(weft_ctx *ctx, int64_t size, int64_t target, int64_t **cuts, int32_t *count)
{
    weft_status st = WEFT_OK;
    const int64_t most = weft_min_i64((size - 1) / target, SPLITS_MAX);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, most, cuts));
    for (int64_t i = 0; i < most; i++) (*cuts)[i] = (i + 1) * target;
    *count = (int32_t)most;
done:
    return st;
}

weft_status weft_text_file_value(weft_ctx *ctx, const weft_text_table *table, int32_t file, int32_t column,
                                 weft_value *out)
{
    const weft_partitions *p = &table->partitions;
    if (column >= table->schema.count)
        return weft_file_field_value(ctx, &table->files[file],
                                     (weft_file_field)(column - table->schema.count), out);
    *out = p->values[(int64_t)file * p->count + (column - table->data_count)];
    return WEFT_OK;
}

static bool is_constant(const void *self, int32_t column)
{
    return column >= ((const weft_text_table *)self)->data_count;
}

static weft_status file_value(weft_ctx *ctx, const void *self, int32_t file, int32_t column, weft_value *out)
{
    return weft_text_file_value(ctx, self, file, column, out);
}

weft_status weft_text_table_splits(weft_ctx *ctx, const weft_text_table *table, const weft_scan_spec *spec,
                                   int64_t target_bytes, weft_text_cuts *cuts, weft_split **splits,
                                   int32_t *count)
{
    weft_status st = WEFT_OK;
    split_list list = {0};
    uint8_t *kept = NULL;
    const int64_t target = weft_max_i64(target_bytes, 1);
    const weft_file_pruning pruning = {.schema = &table->schema,
                                       .file_count = table->file_count,
                                       .self = table,
                                       .constant = is_constant,
                                       .value = file_value};
    WEFT_TRY(st, weft_files_prune(ctx, &pruning, spec, &kept));
    for (int32_t f = 0; f < table->file_count; f++) {
        if (kept != NULL && !kept[f]) continue;
        const int64_t size = table->files[f].size_bytes;
        int64_t *at = NULL, begin = 0;
        int32_t n = 0;
        bool can_cut = !table->whole_files && size > target;
        if (can_cut) WEFT_TRY(st, weft_text_can_cut(ctx, &table->files[f], &table->spec, &can_cut));
        if (can_cut && cuts != NULL) {
            WEFT_TRY(st, cuts(ctx, table, f, target, &at, &n));
        } else if (can_cut) {
            WEFT_TRY(st, even_cuts(ctx, size, target, &at, &n));
        }
        for (int32_t i = 0; i <= n; i++) {
            const int64_t end = i < n ? at[i] : size;
            WEFT_TRY(st, split_add(ctx, &list,
                                   (weft_split){
                                       .file_index = f, .begin = begin, .end = end, .bytes = end - begin}));
            begin = end;
        }
    }
    *splits = list.items;
    *count = list.count;
done:
    return st;
}

static const weft_text_table *text_table(const weft_table *table)
{
    return (const weft_text_table *)(const void *)table;
}

const weft_schema *weft_text_table_schema(const weft_table *table) { return &text_table(table)->schema; }

int64_t weft_text_table_row_count(const weft_table *table)
{
    (void)table;
    return -1;
}

int64_t weft_text_table_row_estimate(const weft_table *table)
{
    const weft_text_table *t = text_table(table);
    int64_t bytes = 0;
    for (int32_t i = 0; i < t->file_count; i++) {
        const bool plain = weft_text_codec_of(&t->files[i], &t->spec) == WEFT_TEXT_PLAIN;
        bytes += t->files[i].size_bytes * (plain ? 1 : PACKED_GUESS);
    }
    return bytes / ROW_BYTES_GUESS + 1;
}

int64_t weft_text_table_units(const weft_table *table) { return text_table(table)->bytes; }
