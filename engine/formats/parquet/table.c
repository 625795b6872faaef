/* engine/formats/parquet/table.c - opening a table: footers, schema, columns by name; and the format's entry.
 *
 * The schema is the first file's, or with mergeSchema the union of all (Spark's option of that name), or what
 * the caller gives. Columns are found by name, without regard to case when there is no exact one; a file that
 * lacks a column gives NULLs for it. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "engine/formats/parquet/parquet.h"
#include "engine/formats/parquet/table.h"

static weft_status table_options(weft_ctx *ctx, const char *const *options, int32_t count, bool *merge)
{
    *merge = false;
    for (int32_t i = 0; i < count; i++) {
        const char *key = options[2 * i], *value = options[2 * i + 1];
        if (strcasecmp(key, "path") == 0) continue;
        if (strcasecmp(key, "mergeSchema") != 0) {
            return weft_fail(ctx, WEFT_CONFIG,
                             "unknown option \"%s\" of format parquet; it knows mergeSchema", key);
        }
        if (strcasecmp(value, "true") != 0 && strcasecmp(value, "false") != 0) {
            return weft_fail(ctx, WEFT_CONFIG, "option mergeSchema must be true or false, not \"%s\"", value);
        }
        *merge = strcasecmp(value, "true") == 0;
    }
    return WEFT_OK;
}

static int32_t table_find_field(const weft_field *fields, int32_t count, const char *name)
{
    for (int32_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0) return i;
    }
    for (int32_t i = 0; i < count; i++) {
        if (strcasecmp(fields[i].name, name) == 0) return i;
    }
    return -1;
}

/* Names and children are copied: the metas may go before the plan does. */
static weft_status table_copy_type(weft_ctx *ctx, weft_type type, weft_type *out)
{
    weft_status st = WEFT_OK;
    weft_field *children = NULL;
    *out = type;
    if (type.child_count == 0) goto done;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, type.child_count, &children));
    for (int32_t i = 0; i < type.child_count; i++) {
        char *name = NULL;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, type.children[i].name, strlen(type.children[i].name),
                                     &name));
        children[i] = (weft_field){.name = name, .nullable = type.children[i].nullable};
        WEFT_TRY(st, table_copy_type(ctx, type.children[i].type, &children[i].type));
    }
    out->children = children;
done:
    return st;
}

static weft_status table_infer_schema(weft_ctx *ctx, weft_table *table, bool merge)
{
    weft_status st = WEFT_OK;
    const int32_t files = merge ? table->file_count : 1;
    int64_t most = 0;
    weft_field *fields = NULL;
    for (int32_t f = 0; f < files; f++) most += table->files[f].meta->field_count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i64(most, 1), &fields));
    for (int32_t f = 0; f < files; f++) {
        const weft_pq_meta *meta = table->files[f].meta;
        for (int32_t i = 0; i < meta->field_count; i++) {
            const weft_field *column = &meta->columns[i];
            const int32_t known = f == 0 ? -1 : table_find_field(fields, table->schema.count, column->name);
            if (known >= 0) continue; /* a type that differs is found when columns are mapped */
            weft_field *field = &fields[table->schema.count++];
            char *name = NULL;
            WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, column->name, strlen(column->name), &name));
            *field = (weft_field){.name = name, .nullable = column->nullable || table->file_count > 1};
            WEFT_TRY(st, table_copy_type(ctx, column->type, &field->type));
        }
    }
    table->schema.fields = fields;
done:
    return st;
}

static weft_status table_map_columns(weft_ctx *ctx, weft_table *table, weft_pq_file *file)
{
    weft_status st = WEFT_OK;
    int32_t *map = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(table->schema.count, 1), &map));
    for (int32_t c = 0; c < table->schema.count; c++) {
        const weft_field *want = &table->schema.fields[c];
        map[c] = table_find_field(file->meta->columns, file->meta->field_count, want->name);
        if (map[c] < 0) continue;
        const weft_type have = file->meta->columns[map[c]].type;
        if (!weft_type_equal(have, want->type)) {
            char have_text[256], want_text[256];
            return weft_fail(ctx, WEFT_CORRUPT, "Parquet file %s: column %s has type %s, but %s is expected",
                             file->info->path, want->name, weft_type_text(have, have_text, sizeof have_text),
                             weft_type_text(want->type, want_text, sizeof want_text));
        }
    }
    file->fields = map;
done:
    return st;
}

static void table_close(weft_table **table)
{
    if (*table == NULL) return;
    for (int32_t i = 0; i < (*table)->file_count; i++) weft_pq_meta_release(&(*table)->files[i].meta);
    *table = NULL; /* the rest lies in the arena */
}

static weft_status table_open(weft_ctx *ctx, const weft_file_info *files, int32_t file_count,
                              const char *const *options, int32_t option_count, const weft_schema *schema,
                              weft_table **out)
{
    weft_status st = WEFT_OK;
    weft_table *table = NULL;
    bool merge;
    *out = NULL;
    WEFT_TRY(st, table_options(ctx, options, option_count, &merge));
    WEFT_TRY(st, WEFT_NEW(ctx, &table));
    if (file_count == 0 && schema == NULL) {
        st = weft_fail(ctx, WEFT_UNABLE_TO_INFER_SCHEMA,
                       "unable to infer the schema of Parquet: there is no file");
        goto done;
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(file_count, 1), &table->files));
    for (int32_t i = 0; i < file_count; i++) {
        table->files[i].info = &files[i];
        WEFT_TRY(st, weft_pq_meta_get(ctx, &files[i], &table->files[i].meta));
        table->file_count = i + 1;
        table->rows += table->files[i].meta->rows;
    }
    if (schema != NULL) {
        table->schema = *schema;
    } else {
        WEFT_TRY(st, table_infer_schema(ctx, table, merge));
    }
    for (int32_t i = 0; i < file_count; i++) WEFT_TRY(st, table_map_columns(ctx, table, &table->files[i]));
    *out = table;
done:
    if (st != WEFT_OK) table_close(&table);
    return st;
}

static const weft_schema *table_schema(const weft_table *table) { return &table->schema; }
static int64_t table_row_count(const weft_table *table) { return table->rows; }

void weft_pq_group_bounds(const weft_pq_file *file, int32_t row_group, const int32_t *columns,
                          int32_t column_count, weft_pq_bounds *out)
{
    const weft_pq_row_group *group = &file->meta->row_groups[row_group];
    for (int32_t i = 0; i < column_count; i++) {
        const weft_pq_node *node = weft_pq_file_field(file, columns[i]);
        out[i] = (weft_pq_bounds){.null_count = -1};
        if (node == NULL) {
            out[i] = (weft_pq_bounds){.null_count = group->rows, .rows = group->rows};
        } else if (node->is_leaf) {
            out[i] = weft_pq_bounds_of(&file->meta->leaves[node->leaf], &group->chunks[node->leaf].stats,
                                       group->rows);
        }
    }
}

const weft_format weft_format_parquet = {
    .name = "parquet",
    .open = table_open,
    .close = table_close,
    .schema = table_schema,
    .row_count = table_row_count,
    .stats = weft_pq_table_stats,
    .splits = weft_pq_table_splits,
    .scan_open = weft_pq_scan_open,
    .scan_next = weft_pq_scan_next,
    .scan_metrics = weft_pq_scan_metrics,
    .scan_close = weft_pq_scan_close,
};
