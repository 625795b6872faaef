/* engine/formats/parquet/table.c - opening a table: footers, schema, partition columns; the format's entry.
 *
 * The schema is the first file's, or with mergeSchema the union of all (Spark's option of that name), or what
 * the caller gives. Partition columns come behind it, unless it has a column of that name: then that one's
 * values are those of the folders. How a file's columns become the table's is told in columns.c. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/settings.h"
#include "engine/columnar/type_map.h"
#include "engine/formats/options.h"
#include "engine/formats/parquet/parquet.h"
#include "engine/formats/parquet/table.h"

/* What a file that may fail has: no rows and no columns. */
static const weft_pq_meta nothing = {.path = "", .row_group_count = 0};

typedef struct table_options {
    bool merge; /* mergeSchema */
    weft_pq_calendars calendars;
    bool recursive;   /* recursiveFileLookup: folders are no partitions */
    const char *base; /* basePath, normalised; or NULL */
} table_options;

/* A mode of Spark's. Spark looks at it first in a file of others; here a word that is none is refused at
 * once. */
static weft_status table_read_calendar(weft_ctx *ctx, const char *key, const char *value,
                                       weft_pq_calendar *out)
{
    static const char *const words[] = {"CORRECTED", "LEGACY", "EXCEPTION"}; /* by weft_pq_calendar */
    for (int32_t i = 0; i < WEFT_COUNT(words); i++) {
        if (strcasecmp(value, words[i]) != 0) continue;
        *out = (weft_pq_calendar)i;
        return WEFT_OK;
    }
    return weft_fail(ctx, WEFT_CONFIG, "option %s is CORRECTED, LEGACY or EXCEPTION, not \"%s\"", key, value);
}

static weft_status table_read_options(weft_ctx *ctx, const char *const *options, int32_t count,
                                      table_options *out)
{
    weft_status st = WEFT_OK;
    *out = (table_options){.merge = weft_setting(ctx, WEFT_SET_PARQUET_MERGE) != 0};
    WEFT_TRY(st, table_read_calendar(ctx, "datetimeRebaseMode",
                                     weft_setting_text(ctx, WEFT_SET_PARQUET_REBASE), &out->calendars.times));
    WEFT_TRY(st, table_read_calendar(ctx, "int96RebaseMode",
                                     weft_setting_text(ctx, WEFT_SET_PARQUET_REBASE_INT96),
                                     &out->calendars.int96));
    for (int32_t i = 0; i < count; i++) {
        const char *key = options[2 * i], *value = options[2 * i + 1];
        if (weft_option_is_general(key)) continue;
        if (strcasecmp(key, "mergeSchema") == 0) {
            WEFT_TRY(st, weft_option_flag(ctx, key, value, &out->merge));
        } else if (strcasecmp(key, "datetimeRebaseMode") == 0) {
            WEFT_TRY(st, table_read_calendar(ctx, key, value, &out->calendars.times));
        } else if (strcasecmp(key, "int96RebaseMode") == 0) {
            WEFT_TRY(st, table_read_calendar(ctx, key, value, &out->calendars.int96));
        } else if (strcasecmp(key, "recursiveFileLookup") == 0) {
            WEFT_TRY(st, weft_option_flag(ctx, key, value, &out->recursive));
        } else if (strcasecmp(key, "basePath") == 0) {
            WEFT_TRY(st, weft_option_folder(ctx, value, &out->base));
        } else {
            weft_option_unknown("parquet", key,
                                "mergeSchema, datetimeRebaseMode, int96RebaseMode, pathGlobFilter, "
                                "modifiedBefore, modifiedAfter, "
                                "recursiveFileLookup, ignoreCorruptFiles, ignoreMissingFiles and "
                                "basePath");
        }
    }
done:
    return st;
}

static weft_status table_merge_types(weft_ctx *ctx, weft_type a, weft_type b, weft_type *out, bool *fits);

/* The fields of both structs, the first one's first. */
static weft_status table_merge_structs(weft_ctx *ctx, weft_type a, weft_type b, weft_type *out, bool *fits)
{
    weft_status st = WEFT_OK;
    weft_field *fields = NULL;
    int32_t count = a.child_count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, (int64_t)a.child_count + b.child_count, &fields));
    for (int32_t i = 0; i < count; i++) fields[i] = a.children[i];
    for (int32_t i = 0; i < b.child_count; i++) {
        const weft_field *other = &b.children[i];
        const int32_t at = a.id == WEFT_TYPE_STRUCT ? weft_pq_find_field(fields, count, other->name, i) : i;
        if (at >= 0) {
            fields[at].nullable |= other->nullable;
            WEFT_TRY(st, table_merge_types(ctx, fields[at].type, other->type, &fields[at].type, fits));
            continue;
        }
        char *name = NULL;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, other->name, strlen(other->name), &name));
        fields[count] = (weft_field){.name = name, .nullable = true};
        WEFT_TRY(st, weft_type_copy(ctx, other->type, &fields[count++].type));
    }
    *out = (weft_type){.id = a.id, .child_count = count, .children = fields};
done:
    return st;
}

/* mergeSchema: one type, decimals with one scale, or nested types whose parts can be merged. */
static weft_status table_merge_types(weft_ctx *ctx, weft_type a, weft_type b, weft_type *out, bool *fits)
{
    *out = a;
    if (weft_type_equal(a, b)) return WEFT_OK;
    if (a.id == b.id && a.child_count > 0) return table_merge_structs(ctx, a, b, out, fits);
    if (a.id == WEFT_TYPE_DECIMAL && b.id == WEFT_TYPE_DECIMAL && a.scale == b.scale) {
        if (b.precision > a.precision) *out = b;
        return WEFT_OK;
    }
    *fits = false;
    return WEFT_OK;
}

/* A column that two files have. */
static weft_status table_merge_field(weft_ctx *ctx, const weft_table *table, int32_t file, weft_field *field,
                                     const weft_field *other)
{
    weft_status st = WEFT_OK;
    char have[256], want[256];
    weft_type merged;
    bool fits = true;
    WEFT_TRY(st, table_merge_types(ctx, field->type, other->type, &merged, &fits));
    if (!fits) {
        return weft_fail(ctx, WEFT_CANNOT_MERGE_SCHEMAS,
                         "Failed merging schemas: column %s has type %s in files before %s, where it has %s.",
                         field->name, weft_type_text(field->type, want, sizeof want),
                         table->files[file].info->path, weft_type_text(other->type, have, sizeof have));
    }
    field->nullable |= other->nullable;
    field->type = merged;
done:
    return st;
}

static weft_status table_infer_schema(weft_ctx *ctx, weft_table *table, bool merge)
{
    weft_status st = WEFT_OK;
    int32_t first = 0;
    while (first < table->file_count && table->files[first].meta == &nothing) first++;
    if (first == table->file_count)
        return weft_fail(ctx, WEFT_UNABLE_TO_INFER_SCHEMA,
                         "unable to infer the schema of Parquet: no file can be read");
    const int32_t files = merge ? table->file_count : first + 1;
    int64_t most = table->partitions.count;
    weft_field *fields = NULL;
    for (int32_t f = first; f < files; f++) most += table->files[f].meta->field_count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i64(most, 1), &fields));
    for (int32_t f = first; f < files; f++) {
        const weft_pq_meta *meta = table->files[f].meta;
        const weft_field *columns;
        WEFT_TRY(st, weft_pq_described_columns(ctx, meta, &columns));
        for (int32_t i = 0; i < meta->field_count; i++) {
            const weft_field *column = &columns[i];
            const int32_t sofar = f == first ? 0 : table->schema.count;
            const int32_t known = weft_pq_find_field(fields, sofar, column->name, i);
            if (known >= 0) {
                WEFT_TRY(st, table_merge_field(ctx, table, f, &fields[known], column));
                continue;
            }
            weft_field *field = &fields[table->schema.count++];
            char *name = NULL;
            WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, column->name, strlen(column->name), &name));
            *field = (weft_field){.name = name, .nullable = column->nullable || table->file_count > 1};
            WEFT_TRY(st, weft_type_copy(ctx, column->type, &field->type));
        }
    }
    for (int32_t p = 0; p < table->partitions.count; p++) {
        int32_t at = weft_pq_find_field(fields, table->schema.count, table->partitions.fields[p].name, -1);
        if (at < 0) at = table->schema.count++;
        fields[at] = table->partitions.fields[p];
    }
    table->schema.fields = fields;
done:
    return st;
}

/* The columns that are given, and behind them those of the folders, be they given or not. */
static weft_status table_give_schema(weft_ctx *ctx, weft_table *table, const weft_schema *given)
{
    weft_status st = WEFT_OK;
    const weft_partitions *p = &table->partitions;
    weft_field *fields = NULL;
    int32_t count = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(given->count + p->count, 1), &fields));
    for (int32_t i = 0; i < given->count; i++) {
        if (weft_pq_find_field(p->fields, p->count, given->fields[i].name, -1) < 0)
            fields[count++] = given->fields[i];
    }
    for (int32_t i = 0; i < p->count; i++) fields[count++] = p->fields[i];
    table->schema = (weft_schema){.count = count, .fields = fields};
done:
    return st;
}

/* Which columns are partition columns. */
static weft_status table_mark_partitions(weft_ctx *ctx, weft_table *table)
{
    weft_status st = WEFT_OK;
    const weft_partitions *p = &table->partitions;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(table->schema.count, 1), &table->partition_of));
    for (int32_t c = 0; c < table->schema.count; c++)
        table->partition_of[c] = weft_pq_find_field(p->fields, p->count, table->schema.fields[c].name, -1);
    for (int32_t f = 0; f < table->file_count && p->count > 0; f++)
        table->files[f].values = p->values + (int64_t)f * p->count;
done:
    return st;
}

static void table_close(weft_table **table)
{
    if (*table == NULL) return;
    for (int32_t i = 0; i < (*table)->file_count; i++)
        if ((*table)->files[i].meta != &nothing) weft_pq_meta_release(&(*table)->files[i].meta);
    *table = NULL; /* the rest lies in the arena */
}

static weft_status table_open(weft_ctx *ctx, const weft_file_info *files, int32_t file_count,
                              const char *const *options, int32_t option_count, const weft_schema *schema,
                              weft_table **out)
{
    weft_status st = WEFT_OK;
    weft_table *table = NULL;
    table_options set;
    *out = NULL;
    WEFT_TRY(st, table_read_options(ctx, options, option_count, &set));
    WEFT_TRY(st, WEFT_NEW(ctx, &table));
    WEFT_TRY(st, weft_tolerance_read(ctx, options, option_count, &table->tolerance));
    if (file_count == 0 && schema == NULL) {
        st = weft_fail(ctx, WEFT_UNABLE_TO_INFER_SCHEMA,
                       "unable to infer the schema of Parquet: there is no file");
        goto done;
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(file_count, 1), &table->files));
    for (int32_t i = 0; i < file_count; i++) {
        table->files[i].info = &files[i];
        st = weft_pq_meta_get(ctx, &files[i], &table->files[i].meta);
        if (st != WEFT_OK && weft_tolerates(ctx, table->tolerance, st, files[i].path)) {
            table->files[i].meta = &nothing;
            st = WEFT_OK;
        }
        if (st != WEFT_OK) goto done;
        table->file_count = i + 1;
        table->rows += table->files[i].meta->rows;
    }
    if (!set.recursive) {
        WEFT_TRY(st, weft_partitions_find(ctx, files, file_count, set.base, schema, &table->partitions));
    }
    if (schema != NULL) {
        WEFT_TRY(st, table_give_schema(ctx, table, schema));
    } else {
        WEFT_TRY(st, table_infer_schema(ctx, table, set.merge));
    }
    WEFT_TRY(st, table_mark_partitions(ctx, table));
    for (int32_t i = 0; i < file_count; i++)
        WEFT_TRY(st, weft_pq_map_columns(ctx, table, set.calendars, &table->files[i]));
    *out = table;
done:
    if (st != WEFT_OK) table_close(&table);
    return st;
}

static const weft_schema *table_schema(const weft_table *table) { return &table->schema; }
static int64_t table_row_count(const weft_table *table) { return table->rows; }

static weft_pq_bounds bounds_of_rows(const weft_pq_row_group *group)
{
    const weft_type type = weft_file_field_of(WEFT_FILE_ROW_INDEX)->type;
    const int64_t last = group->first_row + weft_max_i64(group->rows, 1) - 1;
    return (weft_pq_bounds){.has_bounds = true,
                            .rows = group->rows,
                            .low = {.type = type, .i64 = group->first_row},
                            .high = {.type = type, .i64 = last}};
}

void weft_pq_group_bounds(const weft_table *table, const weft_pq_file *file, int32_t row_group,
                          const int32_t *columns, int32_t column_count, weft_pq_bounds *out)
{
    const weft_pq_row_group *group = &file->meta->row_groups[row_group];
    for (int32_t i = 0; i < column_count; i++) {
        const weft_pq_node *node = weft_pq_file_field(file, columns[i]);
        const weft_value *value = weft_pq_constant_value(table, file, columns[i]);
        out[i] = (weft_pq_bounds){.null_count = -1};
        if (weft_pq_is_row_index(table, columns[i])) {
            out[i] = bounds_of_rows(group);
        } else if (columns[i] >= table->schema.count) {
            continue; /* weft_files_prune has asked */
        } else if (value != NULL) {
            out[i] = weft_pq_bounds_of_value(value, group->rows);
        } else if (node == NULL) {
            out[i] = (weft_pq_bounds){.null_count = group->rows, .rows = group->rows};
        } else if (node->is_leaf) {
            out[i] = weft_pq_bounds_of(node->as, &group->chunks[node->leaf].stats, group->rows);
        }
    }
}

const weft_format weft_format_parquet = {
    .name = "parquet",
    .open = table_open,
    .close = table_close,
    .reads_fields = true,
    .row_index = true,
    .schema = table_schema,
    .row_count = table_row_count,
    .stats = weft_pq_table_stats,
    .splits = weft_pq_table_splits,
    .scan_open = weft_pq_scan_open,
    .scan_next = weft_pq_scan_next,
    .scan_metrics = weft_pq_scan_metrics,
    .scan_close = weft_pq_scan_close,
};
