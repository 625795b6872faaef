/* coordinator/table_alter.c - ALTER TABLE and ALTER VIEW: the definition changes, files stay. */
#include <string.h>
#include <strings.h>

#include "coordinator/table_private.h"
#include "engine/catalog/warehouse.h"
#include "engine/columnar/collation.h"
#include "engine/columnar/declared_type.h"
#include "engine/expr/collate.h"
#include "engine/plan/table_clustering.h"
#include "engine/plan/table_layout.h"

/* A column that names no collation has that of the table, and so has the value of the rows that are there. */
static weft_status settle_column(weft_ctx *ctx, const char *collation, weft_column_definition *column)
{
    weft_status st = WEFT_OK;
    weft_value *value = NULL;
    WEFT_TRY(st, weft_type_settle_collation(ctx, collation, &column->type));
    if (column->absent == NULL) goto done;
    WEFT_TRY(st, WEFT_NEW(ctx, &value));
    *value = *column->absent;
    WEFT_TRY(st, weft_type_of_values(ctx, column->type, &value->type));
    column->absent = value;
done:
    return st;
}

weft_status weft_command_add_columns(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *old = NULL, *more = c->node->command.table;
    weft_column_definition *columns = NULL;
    WEFT_TRY(st, weft_command_find_altered(c, &old));
    weft_table_definition d = *old;
    const int32_t plain = old->column_count - old->partition_count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(c->ctx, old->column_count + more->column_count, &columns));
    WEFT_TRY(st, weft_command_expect_fields(c, old));
    for (int32_t i = 0; i < plain; i++) columns[i] = old->columns[i];
    for (int32_t i = 0; i < more->column_count; i++) {
        bool twice = weft_table_find_column(old, more->columns[i].name) >= 0;
        for (int32_t k = 0; k < i; k++)
            twice |= strcasecmp(more->columns[k].name, more->columns[i].name) == 0;
        if (twice)
            WEFT_TRY(st, weft_fail_at(c->ctx, WEFT_COLUMN_ALREADY_EXISTS, &c->node->span,
                                      "The column `%s` already exists. Choose another name or rename the "
                                      "existing column.",
                                      more->columns[i].name));
        columns[plain + i] = more->columns[i];
        WEFT_TRY(st, settle_column(c->ctx, old->collation, &columns[plain + i]));
    }
    for (int32_t i = plain; i < old->column_count; i++) columns[more->column_count + i] = old->columns[i];
    d.columns = columns;
    d.column_count = old->column_count + more->column_count;
    WEFT_TRY(st, weft_warehouse_put(c->ctx, &d, true));
done:
    return st;
}

weft_status weft_command_merge_properties(weft_ctx *ctx, const weft_table_definition *old,
                                          const weft_table_definition *set, weft_pointers *pairs)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < old->property_count; i++) {
        bool again = false;
        for (int32_t k = 0; k < set->property_count; k++)
            again |= strcmp(old->properties[2 * i], set->properties[2 * k]) == 0;
        for (int32_t k = 0; !again && k < 2; k++)
            WEFT_TRY(st, weft_pointers_push(ctx, pairs, old->properties[2 * i + k]));
    }
    for (int32_t i = 0; i < 2 * set->property_count; i++)
        WEFT_TRY(st, weft_pointers_push(ctx, pairs, set->properties[i]));
done:
    return st;
}

/* The property "comment" is the comment of the table. */
static void take_comment(weft_pointers *pairs, weft_table_definition *d)
{
    int32_t at = 0;
    while (at < pairs->count && strcmp(pairs->items[at], "comment") != 0) at += 2;
    if (at == pairs->count) return;
    d->comment = pairs->items[at + 1];
    for (; at + 2 < pairs->count; at++) pairs->items[at] = pairs->items[at + 2];
    pairs->count -= 2;
}

weft_status weft_command_set_properties(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *old = NULL;
    weft_pointers pairs = {0};
    WEFT_TRY(st, weft_command_find_altered(c, &old));
    weft_table_definition d = *old;
    WEFT_TRY(st, weft_command_merge_properties(c->ctx, old, c->node->command.table, &pairs));
    take_comment(&pairs, &d);
    d.properties = weft_pointers_texts(&pairs);
    d.property_count = pairs.count / 2;
    WEFT_TRY(st, weft_clustering_check(c->ctx, &c->node->span, &d));
    if (c->node->command.table->collation != NULL) d.collation = c->node->command.table->collation;
    WEFT_TRY(st, weft_warehouse_put(c->ctx, &d, true));
done:
    return st;
}

weft_status weft_command_rename(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    const weft_node *n = c->node;
    WEFT_TRY(st, weft_command_find_altered(c, &d));
    if (n->command.source_count > 1 &&
        strcasecmp(n->command.source[n->command.source_count - 2], d->database) != 0)
        WEFT_TRY(st, weft_fail_at(c->ctx, WEFT_RENAME_DATABASE, &n->span,
                                  "RENAME TABLE source and destination databases do not match: `%s` != `%s`.",
                                  d->database, n->command.source[n->command.source_count - 2]));
    WEFT_TRY(st, weft_warehouse_rename(c->ctx, d, c->node->command.to));
done:
    return st;
}

weft_status weft_command_remove_properties(weft_ctx *ctx, const weft_table_definition *old,
                                           const weft_table_definition *unset, weft_table_definition *out)
{
    weft_status st = WEFT_OK;
    weft_pointers pairs = {0};
    for (int32_t i = 0; i < old->property_count; i++) {
        bool gone = false;
        for (int32_t k = 0; k < unset->property_count; k++)
            gone |= strcmp(old->properties[2 * i], unset->properties[2 * k]) == 0;
        for (int32_t k = 0; !gone && k < 2; k++)
            WEFT_TRY(st, weft_pointers_push(ctx, &pairs, old->properties[2 * i + k]));
    }
    out->properties = weft_pointers_texts(&pairs);
    out->property_count = pairs.count / 2;
done:
    return st;
}

weft_status weft_command_unset_properties(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *old = NULL;
    WEFT_TRY(st, weft_command_find_altered(c, &old));
    weft_table_definition d = *old;
    WEFT_TRY(st, weft_command_remove_properties(c->ctx, old, c->node->command.table, &d));
    for (int32_t i = 0; i < c->node->command.table->property_count; i++)
        if (strcmp(c->node->command.table->properties[2 * i], "comment") == 0) d.comment = NULL;
    WEFT_TRY(st, weft_warehouse_put(c->ctx, &d, true));
done:
    return st;
}

/* SET SERDEPROPERTIES: what CREATE TABLE takes as OPTIONS. */
weft_status weft_command_set_options(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *old = NULL;
    weft_pointers pairs = {0};
    WEFT_TRY(st, weft_command_find_altered(c, &old));
    weft_table_definition d = *old;
    const weft_table_definition options = {.property_count = old->option_count, .properties = old->options};
    WEFT_TRY(st, weft_command_merge_properties(c->ctx, &options, c->node->command.table, &pairs));
    d.options = weft_pointers_texts(&pairs);
    d.option_count = pairs.count / 2;
    WEFT_TRY(st, weft_warehouse_put(c->ctx, &d, true));
done:
    return st;
}

weft_status weft_command_comment(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *old = NULL;
    WEFT_TRY(st, weft_command_find_table(c, &old));
    weft_table_definition d = *old;
    d.comment = c->node->command.text;
    WEFT_TRY(st, weft_warehouse_put(c->ctx, &d, true));
done:
    return st;
}

weft_status weft_command_view_schema(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *old = NULL;
    const weft_node *n = c->node;
    if (n->command.part_count == 1 && weft_session_catalog_has_view(c->catalog, n->command.parts[0]))
        return weft_fail_at(c->ctx, WEFT_TEMPORARY_VIEW_SCHEMA, &n->span,
                            "The feature is not supported: Temporary views cannot be created with the "
                            "WITH SCHEMA clause. Recreate the temporary view when the underlying schema "
                            "changes, or use a persisted view.");
    WEFT_TRY(st, weft_session_catalog_entry(c->ctx, n->command.parts, n->command.part_count, &old));
    if (old != NULL && old->query == NULL)
        WEFT_TRY(st, weft_fail_at(c->ctx, WEFT_EXPECT_VIEW, &n->span,
                                  "The table `spark_catalog`.`%s`.`%s` does not support ALTER VIEW ... WITH "
                                  "SCHEMA ....",
                                  old->database, old->name));
    WEFT_TRY(st, weft_command_find_altered(c, &old)); /* it says what is wrong */
    weft_table_definition d = *old;
    d.view_schema = n->command.view_schema;
    WEFT_TRY(st, weft_warehouse_put(c->ctx, &d, true));
done:
    return st;
}

/* The type of a column stays what it is, but for the collation of its strings. */
static weft_status check_column_type(command_run *c, const weft_table_definition *d, int32_t at,
                                     weft_type *out)
{
    char from[128], to[128];
    const weft_column_definition *column = &d->columns[at];
    weft_type wanted = c->node->command.type, same = column->type;
    *out = column->type;
    if (!c->node->command.typed) return WEFT_OK;
    if (wanted.id == WEFT_TYPE_STRING && wanted.collation == WEFT_COLLATION_NULL)
        wanted.collation = column->type.id == WEFT_TYPE_STRING ? column->type.collation
                                                               : WEFT_COLLATION_BINARY;
    same.collation = wanted.collation;
    *out = same;
    if (weft_type_equal(same, wanted)) return WEFT_OK;
    return weft_fail_at(
        c->ctx, WEFT_CHANGE_COLUMN, &c->node->span,
        "ALTER TABLE ALTER/CHANGE COLUMN is not supported for changing `spark_catalog`.`%s`.`%s`'s "
        "column `%s` with type \"%s\" to `%s` with type \"%s\".",
        d->database, d->name, column->name, weft_type_text(column->type, from, sizeof from), column->name,
        weft_type_text(wanted, to, sizeof to));
}

/* COMMENT ON TABLE … COLUMN (…): all of them, or none. */
static weft_status comment_columns(command_run *c, const weft_table_definition *old)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *given = c->node->command.table;
    weft_column_definition *columns = NULL;
    weft_table_definition d = *old;
    WEFT_TRY(st, WEFT_NEW_ARRAY(c->ctx, old->column_count, &columns));
    for (int32_t i = 0; i < old->column_count; i++) columns[i] = old->columns[i];
    for (int32_t i = 0; i < given->column_count; i++) {
        const int32_t at = weft_table_find_column(old, given->columns[i].name);
        if (at < 0) return weft_fail_no_column(c->ctx, &c->node->span, old, &given->columns[i].name, 1);
        columns[at].comment = given->columns[i].comment;
    }
    d.columns = columns;
    WEFT_TRY(st, weft_warehouse_put(c->ctx, &d, true));
done:
    return st;
}

/* Its comment, or its DEFAULT (NULL: none); its type as it is. */
weft_status weft_command_change_column(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *old = NULL;
    weft_column_definition *columns = NULL;
    WEFT_TRY(st, weft_command_find_altered(c, &old));
    if (c->node->command.column == NULL) return comment_columns(c, old);
    WEFT_TRY(st, weft_command_expect_fields(c, old));
    const int32_t at = weft_table_find_column(old, c->node->command.column);
    weft_type type;
    if (at < 0) return weft_fail_no_column(c->ctx, &c->node->span, old, &c->node->command.column, 1);
    if (at >= old->column_count - old->partition_count)
        return weft_fail_at(c->ctx, WEFT_ALTER_PARTITION_COLUMN, &c->node->span,
                            "ALTER TABLE (ALTER|CHANGE) COLUMN is not supported for partition columns, but "
                            "found the partition column `%s` in the table `spark_catalog`.`%s`.`%s`.",
                            old->columns[at].name, old->database, old->name);
    WEFT_TRY(st, check_column_type(c, old, at, &type));
    weft_table_definition d = *old;
    WEFT_TRY(st, WEFT_NEW_ARRAY(c->ctx, old->column_count, &columns));
    for (int32_t i = 0; i < old->column_count; i++) columns[i] = old->columns[i];
    columns[at].type = type;
    if (c->node->command.op == WEFT_TABLE_COLUMN_COMMENT)
        columns[at].comment = c->node->command.text;
    else if (c->node->command.op == WEFT_TABLE_COLUMN_DEFAULT)
        columns[at].initial = c->node->command.text;
    d.columns = columns;
    WEFT_TRY(st, weft_warehouse_put(c->ctx, &d, true));
done:
    return st;
}

weft_status weft_fail_operation(weft_ctx *ctx, const weft_span *span, const char *database, const char *name,
                                const char *what)
{
    return weft_fail_at(
        ctx, WEFT_TABLE_OPERATION, span,
        "The feature is not supported: Table `spark_catalog`.`%s`.`%s` does not support %s. "
        "Please check the current catalog and namespace to make sure the qualified table name "
        "is expected, and also check the catalog implementation which is configured by "
        "\"spark.sql.catalog\".",
        database, name, what);
}

weft_status weft_command_refuse(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    const char *const what = c->node->command.text;
    WEFT_TRY(st, weft_command_find_table(c, &d));
    if (c->node->command.extended)
        return weft_fail_at(c->ctx, WEFT_SCHEMA_EVOLUTION, &c->node->span,
                            "INSERT WITH SCHEMA EVOLUTION ... is unsupported for this table format.");
    if (strcmp(what, "LOAD DATA") == 0)
        return weft_fail_at(c->ctx, WEFT_LOAD_DATA, &c->node->span,
                            "LOAD DATA is not supported for datasource tables: `spark_catalog`.`%s`.`%s`.",
                            d->database, d->name);
    if (strstr(what, "Index") != NULL)
        return weft_fail_at(c->ctx, WEFT_NO_INDEX, &c->node->span, "%s is not supported in this table %s.%s.",
                            what, d->database, d->name);
    if (strcmp(what, "SET SERDE") == 0)
        return weft_fail_at(
            c->ctx, WEFT_ALTER_SERDE, &c->node->span,
            "The feature is not supported: ALTER TABLE SET SERDE is not supported for table "
            "`spark_catalog`.`%s`.`%s` created with the datasource API. Consider updating the "
            "table properties with compatible options for your table format.",
            d->database, d->name);
    if (strcmp(what, "PARTITION SET SERDE") == 0)
        return weft_fail_at(c->ctx, WEFT_SERDE_OF_PARTITION, &c->node->span,
                            "Operation not allowed: ALTER TABLE SET [SERDE | SERDEPROPERTIES] for a specific "
                            "partition is not supported for tables created with the datasource API.");
    WEFT_TRY(st, weft_command_expect_fields(c, d));
    st = weft_fail_operation(c->ctx, &c->node->span, d->database, d->name, what);
done:
    return st;
}
