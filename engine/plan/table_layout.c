/* engine/plan/table_layout.c - see table_layout.h. */
#include "engine/plan/table_layout.h"
#include "engine/plan/table_clustering.h"

#include <ctype.h>
#include <strings.h>

#include "engine/columnar/collation.h"
#include "engine/columnar/schema_names.h"
#include "engine/expr/coerce.h"
#include "engine/expr/collate.h"
#include "engine/plan/analyzer_internal.h"
#include "engine/plan/pointers.h"

int32_t weft_table_find_column(const weft_table_definition *d, const char *name)
{
    for (int32_t i = 0; i < d->column_count; i++)
        if (strcasecmp(d->columns[i].name, name) == 0) return i;
    return -1;
}

int32_t weft_table_find_partition(const weft_table_definition *d, const char *name)
{
    const int32_t at = weft_table_find_column(d, name) - (d->column_count - d->partition_count);
    return at < 0 ? -1 : at;
}

const char *weft_table_partition_place(const char *const *places, int32_t place_count, const char *folder)
{
    for (int32_t i = 0; i < place_count; i++)
        if (strcmp(places[2 * i], folder) == 0) return places[2 * i + 1];
    return NULL;
}

bool weft_partition_is_below(const char *partition, const char *folder)
{
    const size_t len = folder == NULL ? 0 : strlen(folder);
    if (len == 0) return true;
    return strncmp(partition, folder, len) == 0 && (partition[len] == '/' || partition[len] == '\0');
}

weft_status weft_fail_no_partition(weft_ctx *ctx, const weft_span *span, const weft_table_definition *d,
                                   const char *what)
{
    return weft_fail_at(
        ctx, WEFT_PARTITIONS_NOT_FOUND, span,
        "The partition(s) `%s` cannot be found in table `spark_catalog`.`%s`.`%s`. Verify the "
        "partition specification and table name.",
        what, d->database, d->name);
}

weft_status weft_fail_no_column(weft_ctx *ctx, const weft_span *span, const weft_table_definition *d,
                                const char *const *parts, int32_t part_count)
{
    weft_status st = WEFT_OK;
    weft_pointers names = {0};
    const char *near = "";
    char *quoted = "";
    for (int32_t i = 0; i < d->column_count; i++)
        WEFT_TRY(st, weft_pointers_push(ctx, &names, d->columns[i].name));
    for (int32_t i = 0; i < part_count; i++)
        WEFT_TRY(st,
                 weft_arena_printf(ctx, ctx->arena, &quoted, "%s%s`%s`", quoted, i > 0 ? "." : "", parts[i]));
    WEFT_TRY(st,
             weft_nearest_names(ctx, parts[part_count - 1], weft_pointers_texts(&names), names.count, &near));
    st = weft_fail_at(ctx, WEFT_UNRESOLVED_COLUMN, span,
                      "A column, variable, or function parameter with name %s cannot be resolved. Did you "
                      "mean one of the following? [%s].",
                      quoted, near);
done:
    return st;
}

/* "`a`, `b`" */
static weft_status column_names(weft_ctx *ctx, const weft_table_definition *d, char **out)
{
    weft_status st = WEFT_OK;
    *out = NULL;
    for (int32_t i = 0; i < d->column_count; i++)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s%s`%s`", i > 0 ? *out : "", i > 0 ? ", " : "",
                                       d->columns[i].name));
done:
    return st;
}

/* Are the names those of columns, each only once? what: "partition", "bucket", "sort". */
static weft_status check_names(weft_ctx *ctx, const weft_span *span, const char *database,
                               const weft_table_definition *d, const char *what, const char *const *names,
                               int32_t count)
{
    weft_status st = WEFT_OK;
    char *columns = NULL;
    for (int32_t i = 0; i < count; i++) {
        for (int32_t k = 0; k < i; k++)
            if (strcasecmp(names[i], names[k]) == 0)
                return weft_fail_at(ctx, WEFT_COLUMN_ALREADY_EXISTS, span,
                                    "The column `%s` already exists. Choose another name or rename the "
                                    "existing column.",
                                    names[i]);
        if (weft_table_find_column(d, names[i]) >= 0) continue;
        WEFT_TRY(st, column_names(ctx, d, &columns));
        return weft_fail_at(ctx, WEFT_COLUMN_NOT_IN_TABLE, span,
                            "%s column `%s` is not defined in table `spark_catalog`.`%s`.`%s`, defined table "
                            "columns are: %s.",
                            what, names[i], database, d->name, columns);
    }
done:
    return st;
}

static weft_status check_collations(weft_ctx *ctx, const weft_span *span, const weft_table_definition *d)
{
    for (int32_t i = 0; i < d->column_count; i++) {
        if (d->columns[i].type.collation != WEFT_COLLATION_NULL) continue;
        return weft_fail_at(ctx, WEFT_INDETERMINATE_COLLATION_SCHEMA, span,
                            "Schema contains indeterminate collation at: [%s]. Use COLLATE clause to set the "
                            "collation explicitly.",
                            d->columns[i].name);
    }
    return WEFT_OK;
}

static weft_status check_partitions(weft_ctx *ctx, const weft_span *span, const weft_table_definition *d)
{
    char text[256];
    if (d->partition_count > WEFT_PARTITION_COLUMNS_MAX)
        return weft_fail_at(ctx, WEFT_LIMIT, span, "A table has %d partition columns at most, not %d.",
                            WEFT_PARTITION_COLUMNS_MAX, d->partition_count);
    for (int32_t i = 0; i < d->partition_count; i++) {
        const weft_type type = d->columns[weft_table_find_column(d, d->partition_names[i])].type;
        if (weft_type_is_nested(type) || type.id == WEFT_TYPE_NULL || weft_type_is_collated(type))
            return weft_fail_at(ctx, WEFT_PARTITION_COLUMN_TYPE, span,
                                "Cannot use \"%s\" for partition column.",
                                weft_type_text(type, text, sizeof text));
    }
    if (d->partition_count > 0 && d->partition_count == d->column_count)
        return weft_fail_at(ctx, WEFT_ALL_PARTITION_COLUMNS, span,
                            "Cannot use all columns for partition columns.");
    return WEFT_OK;
}

static weft_status check_buckets(weft_ctx *ctx, const weft_span *span, const char *database,
                                 const weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, check_names(ctx, span, database, d, "bucket", d->bucket_names, d->bucket_name_count));
    WEFT_TRY(st, check_names(ctx, span, database, d, "sort", d->sort_names, d->sort_name_count));
    for (int32_t i = 0; i < d->bucket_name_count + d->sort_name_count; i++) {
        const bool sorts = i >= d->bucket_name_count;
        const char *name = sorts ? d->sort_names[i - d->bucket_name_count] : d->bucket_names[i];
        if (weft_table_find_partition(d, name) >= 0)
            return weft_fail_at(ctx, WEFT_BUCKET_COLUMNS, span,
                                "%s column '%s' should not be part of partition columns.",
                                sorts ? "Bucket sorting" : "Bucketing", name);
    }
done:
    return st;
}

/* What no source of files has a form for. */
static weft_status check_types(weft_ctx *ctx, const weft_span *span, const weft_table_definition *d)
{
    static const char *const titles[] = {"Parquet", "JSON", "CSV", "ORC", "Avro", "Text"};
    const char *title = d->format;
    char text[256];
    for (int32_t i = 0; i < WEFT_COUNT(titles); i++)
        if (d->format != NULL && strcasecmp(d->format, titles[i]) == 0) title = titles[i];
    for (int32_t i = 0; i < d->column_count && d->format != NULL; i++) {
        if (!weft_type_holds(d->columns[i].type, WEFT_TYPE_INTERVAL) &&
            !weft_type_holds(d->columns[i].type, WEFT_TYPE_GEOMETRY) &&
            !weft_type_holds(d->columns[i].type, WEFT_TYPE_GEOGRAPHY))
            continue;
        (void)weft_type_text(d->columns[i].type, text, sizeof text);
        for (char *c = text; *c != '\0'; c++) *c = (char)toupper((unsigned char)*c);
        return weft_fail_at(ctx, WEFT_DATASOURCE_TYPE, span,
                            "The %s datasource doesn't support the column `%s` of the type \"%s\".", title,
                            d->columns[i].name, text);
    }
    return WEFT_OK;
}

static weft_status check_columns(weft_ctx *ctx, const weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    weft_field *fields = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, d->column_count + 1, &fields));
    for (int32_t i = 0; i < d->column_count; i++)
        fields[i] = (weft_field){.name = d->columns[i].name, .type = d->columns[i].type};
    WEFT_TRY(st, weft_schema_check_names(ctx, fields, d->column_count));
done:
    return st;
}

weft_status weft_table_arrange(weft_ctx *ctx, const weft_span *span, const char *database,
                               weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    weft_column_definition *columns = NULL;
    int32_t n = 0;
    WEFT_TRY(st, check_columns(ctx, d));
    WEFT_TRY(st, check_types(ctx, span, d));
    WEFT_TRY(st, check_collations(ctx, span, d));
    WEFT_TRY(st, check_names(ctx, span, database, d, "partition", d->partition_names, d->partition_count));
    WEFT_TRY(st, check_partitions(ctx, span, d));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, d->column_count, &columns));
    for (int32_t i = 0; i < d->column_count; i++) {
        bool partition = false;
        for (int32_t k = 0; k < d->partition_count; k++)
            partition |= strcasecmp(d->columns[i].name, d->partition_names[k]) == 0;
        if (!partition) columns[n++] = d->columns[i];
    }
    for (int32_t k = 0; k < d->partition_count; k++)
        columns[n++] = d->columns[weft_table_find_column(d, d->partition_names[k])];
    d->columns = columns;
    WEFT_TRY(st, check_buckets(ctx, span, database, d));
    WEFT_TRY(st, weft_clustering_check(ctx, span, d));
done:
    return st;
}
