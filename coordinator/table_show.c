/* coordinator/table_show.c - what SHOW and DESCRIBE say of one table or view, as Spark words it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/redact.h"
#include "common/settings.h"
#include "common/version.h"
#include "coordinator/table_private.h"
#include "engine/catalog/warehouse.h"
#include "engine/expr/type_sql.h"
#include "engine/plan/table_clustering.h"
#include "engine/plan/table_layout.h"
#include "engine/plan/table_statistics.h"

/* A table or a view of the warehouse. */
static weft_status find_shown(command_run *c, const weft_table_definition **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st,
             weft_session_catalog_entry(c->ctx, c->node->command.parts, c->node->command.part_count, out));
    if (*out == NULL) st = weft_command_find_table(c, out); /* it says what is wrong */
done:
    return st;
}

/* A type as CREATE TABLE writes it. */
static weft_status create_type(weft_ctx *ctx, weft_type type, const char **out)
{
    weft_status st = WEFT_OK;
    weft_text text = {0};
    char *copy = NULL;
    WEFT_TRY(st, weft_text_append_declared(ctx, &text, type));
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, text.bytes, text.len, &copy));
    *out = copy;
done:
    weft_text_release(&text);
    return st;
}

/* A name as it can be written: between backquotes where it must be. */
static weft_status quoted_name(weft_ctx *ctx, const char *name, char **out)
{
    weft_status st = WEFT_OK;
    weft_text text = {0};
    WEFT_TRY(st, weft_text_append_name(ctx, &text, name, strlen(name)));
    st = weft_arena_copy(ctx, ctx->arena, text.bytes, text.len, out);
done:
    weft_text_release(&text);
    return st;
}

/* A text as it can be written: 'it\'s'. */
static weft_status quoted_text(weft_ctx *ctx, const char *text, char **out)
{
    weft_status st = WEFT_OK;
    char *to = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 2 * strlen(text) + 3, &to));
    *out = to;
    *to++ = '\'';
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\') *to++ = '\\';
        *to++ = *text;
    }
    *to++ = '\'';
    *to = '\0';
done:
    return st;
}

/* " COMMENT 'text'", or nothing. */
static weft_status comment_clause(weft_ctx *ctx, const char *comment, char **out)
{
    weft_status st = WEFT_OK;
    *out = "";
    if (comment == NULL) return WEFT_OK;
    WEFT_TRY(st, quoted_text(ctx, comment, out));
    st = weft_arena_printf(ctx, ctx->arena, out, " COMMENT %s", *out);
done:
    return st;
}

/* The value of an option or property as people may see it. */
static const char *shown_value(const char *key, const char *value)
{
    return weft_redact_is_secret(key, strlen(key)) ? WEFT_REDACTED : value;
}

static int compare_pairs(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "WORDS (\n  'a' = 'b')\n", when there are pairs; in the order of the keys. */
static weft_status add_pairs(weft_ctx *ctx, const char *words, const char *const *given, int32_t count,
                             char **text)
{
    weft_status st = WEFT_OK;
    const char **pairs = NULL;
    if (count == 0) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 2 * count, &pairs));
    memcpy(pairs, given, 2 * (size_t)count * sizeof(*pairs));
    qsort(pairs, (size_t)count, 2 * sizeof(*pairs), compare_pairs);
    for (int32_t i = 0; i < count; i++) {
        char *key = NULL, *value = NULL;
        WEFT_TRY(st, quoted_text(ctx, pairs[2 * i], &key));
        WEFT_TRY(st, quoted_text(ctx, shown_value(pairs[2 * i], pairs[2 * i + 1]), &value));
        WEFT_TRY(st,
                 weft_arena_printf(ctx, ctx->arena, text, "%s%s%s\n  %s = %s%s", *text, i == 0 ? words : ",",
                                   i == 0 ? " (" : "", key, value, i + 1 < count ? "" : ")\n"));
    }
done:
    return st;
}

/* "WORDS (a, b)\n", when there are names. */
static weft_status add_names(weft_ctx *ctx, const char *words, const char *const *names, int32_t count,
                             char **text)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < count; i++)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text, "%s%s%s%s%s", *text, i == 0 ? words : ", ",
                                       i == 0 ? " (" : "", names[i], i + 1 == count ? ")\n" : ""));
done:
    return st;
}

static weft_status partition_names(weft_ctx *ctx, const weft_table_definition *d, const char ***out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, d->partition_count, out));
    for (int32_t i = 0; i < d->partition_count; i++)
        (*out)[i] = d->columns[d->column_count - d->partition_count + i].name;
done:
    return st;
}

/* A column or a field of one: a.x */
static weft_status clustering_name(weft_ctx *ctx, const weft_clustering_column *column, char **out)
{
    weft_status st = WEFT_OK;
    *out = "";
    for (int32_t i = 0; i < column->part_count; i++)
        WEFT_TRY(st,
                 weft_arena_printf(ctx, ctx->arena, out, "%s%s%s", *out, i > 0 ? "." : "", column->parts[i]));
done:
    return st;
}

/* CLUSTER BY, as Spark's statement shows it. */
static weft_status add_clustering(weft_ctx *ctx, const weft_table_definition *d, char **text)
{
    weft_status st = WEFT_OK;
    weft_clustering clustering;
    char *name = NULL;
    WEFT_TRY(st, weft_clustering_read(ctx, d, &clustering));
    for (int32_t i = 0; i < clustering.count; i++) {
        WEFT_TRY(st, clustering_name(ctx, &clustering.columns[i], &name));
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text, "%s%s%s", *text,
                                       i == 0 ? "PARTITIONED BY (cluster_by(" : ", ", name));
    }
    if (clustering.count > 0) WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text, "%s))\n", *text));
done:
    return st;
}

/* PARTITIONED BY (…), CLUSTERED BY (…) SORTED BY (…) INTO n BUCKETS */
static weft_status add_layout(weft_ctx *ctx, const weft_table_definition *d, char **text)
{
    weft_status st = WEFT_OK;
    const char **names = NULL;
    WEFT_TRY(st, partition_names(ctx, d, &names));
    WEFT_TRY(st, add_names(ctx, "PARTITIONED BY", names, d->partition_count, text));
    WEFT_TRY(st, add_clustering(ctx, d, text));
    WEFT_TRY(st, add_names(ctx, "CLUSTERED BY", d->bucket_names, d->bucket_name_count, text));
    WEFT_TRY(st, add_names(ctx, "SORTED BY", d->sort_names, d->sort_name_count, text));
    if (d->bucket_count > 0)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text, "%sINTO %d BUCKETS\n", *text, d->bucket_count));
done:
    return st;
}

static bool shows_schema_mode(const weft_ctx *ctx)
{
    return weft_setting(ctx, WEFT_SET_VIEW_BINDING_MODE) != 0;
}

const char *weft_command_schema_mode(const weft_table_definition *d)
{
    return d->view_schema == WEFT_VIEW_BINDING          ? "BINDING"
           : d->view_schema == WEFT_VIEW_EVOLUTION      ? "EVOLUTION"
           : d->view_schema == WEFT_VIEW_TYPE_EVOLUTION ? "TYPE EVOLUTION"
                                                        : "COMPENSATION";
}

static weft_status add_collation(weft_ctx *ctx, const weft_table_definition *d, char **text)
{
    if (d->collation == NULL) return WEFT_OK;
    return weft_arena_printf(ctx, ctx->arena, text, "%sDEFAULT COLLATION %s\n", *text, d->collation);
}

/* CREATE VIEW as Spark writes it. */
static weft_status view_statement(weft_ctx *ctx, const weft_table_definition *d, char **text)
{
    weft_status st = WEFT_OK;
    char *comment = NULL;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text, "CREATE VIEW %s.%s (\n", d->database, d->name));
    for (int32_t i = 0; i < d->column_count; i++) {
        char *name = NULL;
        WEFT_TRY(st, quoted_name(ctx, d->columns[i].name, &name));
        WEFT_TRY(st, comment_clause(ctx, d->columns[i].comment, &comment));
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text, "%s  %s%s%s", *text, name, comment,
                                       i + 1 < d->column_count ? ",\n" : ")\n"));
    }
    WEFT_TRY(st, comment_clause(ctx, d->comment, &comment));
    if (d->comment != NULL)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text, "%s%s\n", *text, comment + 1));
    WEFT_TRY(st, add_pairs(ctx, "TBLPROPERTIES", d->properties, d->property_count, text));
    WEFT_TRY(st, add_collation(ctx, d, text));
    if (shows_schema_mode(ctx))
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text, "%sWITH SCHEMA %s\n", *text,
                                       weft_command_schema_mode(d)));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text, "%sAS %s\n", *text, d->query));
done:
    return st;
}

weft_status weft_command_show_create(command_run *c)
{
    static const char *const names[] = {"createtab_stmt"};
    weft_status st = WEFT_OK;
    weft_ctx *ctx = c->ctx;
    const weft_table_definition *d = NULL;
    weft_pointers cells = {0};
    char *text = NULL, *comment = NULL;
    const char *type = NULL;
    const weft_node *n = c->node;
    if (n->command.part_count == 1 && weft_session_catalog_has_view(c->catalog, n->command.parts[0]))
        return weft_fail_at(ctx, WEFT_EXPECT_PERMANENT_VIEW, &n->span,
                            "'SHOW CREATE TABLE' expects a permanent view but `%s` is a temp view.",
                            n->command.parts[0]);
    WEFT_TRY(st, find_shown(c, &d));
    if (d->query == NULL && n->command.extended)
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_SHOW_CREATE_SERDE, &n->span,
                                  "Unsupported a SHOW CREATE TABLE command. The table "
                                  "`spark_catalog`.`%s`.`%s` is a Spark data source table. Please use SHOW "
                                  "CREATE TABLE without AS SERDE instead.",
                                  d->database, d->name));
    if (d->query != NULL) {
        WEFT_TRY(st, view_statement(ctx, d, &text));
        WEFT_TRY(st, weft_pointers_push(ctx, &cells, text));
        weft_command_give(c, names, 1, &cells);
        goto done;
    }
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "CREATE TABLE spark_catalog.%s.%s (\n",
                                   d->database, d->name));
    for (int32_t i = 0; i < d->column_count; i++) {
        const weft_column_definition *column = &d->columns[i];
        char *name = NULL;
        WEFT_TRY(st, quoted_name(ctx, column->name, &name));
        WEFT_TRY(st, create_type(ctx, column->type, &type));
        WEFT_TRY(st, comment_clause(ctx, column->comment, &comment));
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s  %s %s%s%s%s%s", text, name, type,
                                       column->initial != NULL ? " DEFAULT " : "",
                                       column->initial != NULL ? column->initial : "", comment,
                                       i + 1 < d->column_count ? ",\n" : ")\n"));
    }
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%sUSING %s\n", text, d->format));
    WEFT_TRY(st, add_pairs(ctx, "OPTIONS", d->options, d->option_count, &text));
    WEFT_TRY(st, add_layout(ctx, d, &text));
    if (d->external)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%sLOCATION 'file:%s'\n", text, d->location));
    WEFT_TRY(st, comment_clause(ctx, d->comment, &comment));
    if (d->comment != NULL)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s%s\n", text, comment + 1));
    WEFT_TRY(st, add_pairs(ctx, "TBLPROPERTIES", d->properties, d->property_count, &text));
    WEFT_TRY(st, add_collation(ctx, d, &text));
    WEFT_TRY(st, weft_pointers_push(ctx, &cells, text));
    weft_command_give(c, names, 1, &cells);
done:
    return st;
}

weft_status weft_command_show_properties(command_run *c)
{
    static const char *const names[] = {"key", "value"};
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    weft_pointers cells = {0};
    const weft_node *n = c->node;
    if (n->command.part_count == 1 && weft_session_catalog_has_view(c->catalog, n->command.parts[0])) {
        weft_command_give(c, names, 2, &cells); /* a temporary view has none */
        goto done;
    }
    WEFT_TRY(st, find_shown(c, &d));
    for (int32_t i = 0; i < d->property_count; i++) {
        if (c->node->command.to != NULL && strcmp(c->node->command.to, d->properties[2 * i]) != 0) continue;
        WEFT_TRY(st, weft_pointers_push(c->ctx, &cells, d->properties[2 * i]));
        WEFT_TRY(st, weft_pointers_push(c->ctx, &cells,
                                        shown_value(d->properties[2 * i], d->properties[2 * i + 1])));
    }
    if (c->node->command.to != NULL && cells.count == 0) { /* as Spark says it */
        char *text = NULL;
        WEFT_TRY(st, weft_arena_printf(c->ctx, c->ctx->arena, &text,
                                       "Table spark_catalog.%s.%s does not have property: %s", d->database,
                                       d->name, c->node->command.to));
        WEFT_TRY(st, weft_pointers_push(c->ctx, &cells, c->node->command.to));
        WEFT_TRY(st, weft_pointers_push(c->ctx, &cells, text));
    }
    weft_command_give(c, names, 2, &cells);
done:
    return st;
}

/* ---- DESCRIBE EXTENDED ---- */

/* "[`a`, `b`]" */
static weft_status name_list(weft_ctx *ctx, const char *const *names, int32_t count, char **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "["));
    for (int32_t i = 0; i < count; i++)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s%s`%s`", *out, i > 0 ? ", " : "", names[i]));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s]", *out));
done:
    return st;
}

/* "[a=b, c=d]" */
static weft_status pair_list(weft_ctx *ctx, const char *const *pairs, int32_t count, char **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "["));
    for (int32_t i = 0; i < count; i++)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s%s%s=%s", *out, i > 0 ? ", " : "",
                                       pairs[2 * i], shown_value(pairs[2 * i], pairs[2 * i + 1])));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s]", *out));
done:
    return st;
}

static weft_status add_fact(weft_ctx *ctx, weft_pointers *facts, const char *name, const char *value)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_pointers_push(ctx, facts, name));
    WEFT_TRY(st, weft_pointers_push(ctx, facts, value));
done:
    return st;
}

static weft_status view_facts(weft_ctx *ctx, const weft_table_definition *d, weft_pointers *facts)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    WEFT_TRY(st, add_fact(ctx, facts, "View Text", d->query));
    WEFT_TRY(st, add_fact(ctx, facts, "View Original Text", d->query));
    if (shows_schema_mode(ctx))
        WEFT_TRY(st, add_fact(ctx, facts, "View Schema Mode", weft_command_schema_mode(d)));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "spark_catalog.%s", d->query_database));
    WEFT_TRY(st, add_fact(ctx, facts, "View Catalog and Namespace", text));
    WEFT_TRY(st, name_list(ctx, d->query_columns, d->column_count, &text));
    WEFT_TRY(st, add_fact(ctx, facts, "View Query Output Columns", text));
done:
    return st;
}

static weft_status table_facts(weft_ctx *ctx, const weft_table_definition *d, weft_pointers *facts)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    if (d->bucket_count > 0) {
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%d", d->bucket_count));
        WEFT_TRY(st, add_fact(ctx, facts, "Num Buckets", text));
        WEFT_TRY(st, name_list(ctx, d->bucket_names, d->bucket_name_count, &text));
        WEFT_TRY(st, add_fact(ctx, facts, "Bucket Columns", text));
        WEFT_TRY(st, name_list(ctx, d->sort_names, d->sort_name_count, &text));
        WEFT_TRY(st, add_fact(ctx, facts, "Sort Columns", text));
    }
    const int64_t bytes = weft_statistic_number(d, "bytes", NULL);
    const int64_t rows = weft_statistic_number(d, "rows", NULL);
    if (bytes >= 0) {
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%lld bytes", (long long)bytes));
        if (rows >= 0)
            WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s, %lld rows", text, (long long)rows));
        WEFT_TRY(st, add_fact(ctx, facts, "Statistics", text));
    }
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "file:%s", d->location));
    WEFT_TRY(st, add_fact(ctx, facts, "Location", text));
    if (d->option_count > 0) {
        WEFT_TRY(st, pair_list(ctx, d->options, d->option_count, &text));
        WEFT_TRY(st, add_fact(ctx, facts, "Storage Properties", text));
    }
    if (d->partition_count > 0) {
        const char **names = NULL;
        WEFT_TRY(st, partition_names(ctx, d, &names));
        WEFT_TRY(st, add_fact(ctx, facts, "Partition Provider", "Catalog"));
        WEFT_TRY(st, name_list(ctx, names, d->partition_count, &text));
        WEFT_TRY(st, add_fact(ctx, facts, "Partition Columns", text));
    }
done:
    return st;
}

/* "Sun Nov 22 09:34:50 UTC 2026" */
static weft_status created_text(weft_ctx *ctx, int64_t created_us, char **out)
{
    char text[64] = "";
    struct tm parts;
    const time_t seconds = (time_t)(created_us / 1000000);
    if (gmtime_r(&seconds, &parts) != NULL) strftime(text, sizeof text, "%a %b %d %H:%M:%S UTC %Y", &parts);
    return weft_arena_printf(ctx, ctx->arena, out, "%s", text);
}

/* Names and values of what is known beside columns, in Spark's order. */
static weft_status facts_of(weft_ctx *ctx, const weft_table_definition *d, weft_pointers *facts)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    const bool view = d->query != NULL;
    WEFT_TRY(st, add_fact(ctx, facts, "Catalog", "spark_catalog"));
    WEFT_TRY(st, add_fact(ctx, facts, "Database", d->database));
    WEFT_TRY(st, add_fact(ctx, facts, "Table", d->name));
    WEFT_TRY(st, created_text(ctx, d->created_us, &text));
    WEFT_TRY(st, add_fact(ctx, facts, "Created Time", text));
    WEFT_TRY(st, add_fact(ctx, facts, "Last Access", "UNKNOWN"));
    WEFT_TRY(st, add_fact(ctx, facts, "Created By", "Weft " WEFT_VERSION_TEXT));
    WEFT_TRY(st, add_fact(ctx, facts, "Type", view ? "VIEW" : d->external ? "EXTERNAL" : "MANAGED"));
    if (!view) WEFT_TRY(st, add_fact(ctx, facts, "Provider", d->format));
    if (d->comment != NULL) WEFT_TRY(st, add_fact(ctx, facts, "Comment", d->comment));
    if (d->collation != NULL) WEFT_TRY(st, add_fact(ctx, facts, "Collation", d->collation));
    if (d->property_count > 0) {
        WEFT_TRY(st, pair_list(ctx, d->properties, d->property_count, &text));
        WEFT_TRY(st, add_fact(ctx, facts, "Table Properties", text));
    }
    WEFT_TRY(st, view ? view_facts(ctx, d, facts) : table_facts(ctx, d, facts));
done:
    return st;
}

static weft_status add_row(weft_ctx *ctx, weft_pointers *cells, const char *a, const char *b,
                           const char *comment)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_pointers_push(ctx, cells, a));
    WEFT_TRY(st, weft_pointers_push(ctx, cells, b));
    WEFT_TRY(st, weft_pointers_push(ctx, cells, comment));
done:
    return st;
}

/* Of a table that was ever given CLUSTER BY, also when it has none any more. */
static weft_status add_clustering_rows(weft_ctx *ctx, const weft_table_definition *d, weft_pointers *cells)
{
    weft_status st = WEFT_OK;
    weft_clustering clustering;
    char *name = NULL, *text = NULL;
    WEFT_TRY(st, weft_clustering_read(ctx, d, &clustering));
    if (!clustering.set) goto done;
    WEFT_TRY(st, add_row(ctx, cells, "# Clustering Information", "", ""));
    WEFT_TRY(st, add_row(ctx, cells, "# col_name", "data_type", "comment"));
    for (int32_t i = 0; i < clustering.count; i++) {
        const weft_clustering_column *column = &clustering.columns[i];
        const int32_t at = weft_table_find_column(d, column->parts[0]);
        weft_type type;
        if (!weft_clustering_type(d, column, &type)) continue;
        WEFT_TRY(st, clustering_name(ctx, column, &name));
        WEFT_TRY(st, weft_type_text_copy(ctx, type, true, &text));
        WEFT_TRY(st,
                 add_row(ctx, cells, name, text, column->part_count == 1 ? d->columns[at].comment : NULL));
    }
done:
    return st;
}

static weft_status add_partitions(weft_ctx *ctx, const weft_table_definition *d, weft_pointers *cells)
{
    weft_status st = WEFT_OK;
    char *type = NULL;
    if (d->partition_count == 0) return WEFT_OK;
    WEFT_TRY(st, add_row(ctx, cells, "# Partition Information", "", ""));
    WEFT_TRY(st, add_row(ctx, cells, "# col_name", "data_type", "comment"));
    for (int32_t i = d->column_count - d->partition_count; i < d->column_count; i++) {
        WEFT_TRY(st, weft_type_text_copy(ctx, d->columns[i].type, true, &type));
        WEFT_TRY(st, add_row(ctx, cells, d->columns[i].name, type, d->columns[i].comment));
    }
done:
    return st;
}

static weft_status add_defaults(weft_ctx *ctx, const weft_table_definition *d, weft_pointers *cells)
{
    weft_status st = WEFT_OK;
    char *type = NULL;
    bool first = true;
    for (int32_t i = 0; i < d->column_count; i++) {
        if (d->columns[i].initial == NULL) continue;
        if (first) {
            WEFT_TRY(st, add_row(ctx, cells, "", "", ""));
            WEFT_TRY(st, add_row(ctx, cells, "# Column Default Values", "", ""));
        }
        first = false;
        WEFT_TRY(st, weft_type_text_copy(ctx, d->columns[i].type, true, &type));
        WEFT_TRY(st, add_row(ctx, cells, d->columns[i].name, type, d->columns[i].initial));
    }
done:
    return st;
}

weft_status weft_table_command_describe(weft_ctx *ctx, const weft_table_definition *d, bool extended,
                                        weft_pointers *cells)
{
    weft_status st = WEFT_OK;
    weft_pointers facts = {0};
    WEFT_TRY(st, add_partitions(ctx, d, cells));
    WEFT_TRY(st, add_clustering_rows(ctx, d, cells));
    if (extended) {
        WEFT_TRY(st, add_row(ctx, cells, "", "", ""));
        WEFT_TRY(st, add_row(ctx, cells, "# Detailed Table Information", "", ""));
        WEFT_TRY(st, facts_of(ctx, d, &facts));
        for (int32_t i = 0; i + 1 < facts.count; i += 2)
            WEFT_TRY(st, add_row(ctx, cells, facts.items[i], facts.items[i + 1], ""));
    }
    WEFT_TRY(st, add_defaults(ctx, d, cells));
done:
    return st;
}

/* ---- SHOW TABLE EXTENDED ---- */

static weft_status extended_text(weft_ctx *ctx, const weft_table_definition *d, char **out)
{
    weft_status st = WEFT_OK;
    weft_pointers facts = {0};
    char *type = NULL;
    WEFT_TRY(st, facts_of(ctx, d, &facts));
    *out = "";
    for (int32_t i = 0; i + 1 < facts.count; i += 2)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s%s: %s\n", *out, (const char *)facts.items[i],
                                       (const char *)facts.items[i + 1]));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%sSchema: root\n", *out));
    for (int32_t i = 0; i < d->column_count; i++) {
        const weft_type_id id = d->columns[i].type.id;
        WEFT_TRY(st, weft_type_text_copy(ctx, d->columns[i].type, true, &type));
        const char *name = id == WEFT_TYPE_INT ? "integer" : id == WEFT_TYPE_BIGINT ? "long" : type;
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s |-- %s: %s (nullable = true)\n", *out,
                                       d->columns[i].name, name));
    }
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s\n", *out));
done:
    return st;
}

static weft_status give_extended(weft_ctx *ctx, const char *database, const char *name, const char *text,
                                 weft_pointers *cells)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_pointers_push(ctx, cells, database));
    WEFT_TRY(st, weft_pointers_push(ctx, cells, name));
    WEFT_TRY(st, weft_pointers_push(ctx, cells, "false"));
    WEFT_TRY(st, weft_pointers_push(ctx, cells, text));
done:
    return st;
}

/* … PARTITION (…): the partition of the one table that the pattern names as it is. */
static weft_status extended_partition(command_run *c, weft_pointers *cells)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = c->ctx;
    const weft_table_definition *d = NULL;
    const weft_partition_spec *spec = c->node->command.specs[0];
    char *folder = NULL, *text = NULL, *place = NULL, *made = NULL;
    WEFT_TRY(st, weft_command_find_table(c, &d));
    WEFT_TRY(st, weft_partition_expect(c, "SHOW TABLE EXTENDED", d, spec, &folder));
    WEFT_TRY(st, weft_partition_location(ctx, d, folder, &place));
    WEFT_TRY(st, created_text(ctx, d->created_us, &made));
    WEFT_TRY(st, weft_partition_values_text(ctx, d, spec, &text));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text,
                                   "Partition Values: %s\nLocation: file:%s\nCreated Time: %s\nLast "
                                   "Access: UNKNOWN\n",
                                   text, place, made));
    WEFT_TRY(st, weft_partition_statistics(ctx, d, folder, &place));
    if (place != NULL)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%sPartition Statistics: %s\n", text, place));
    WEFT_TRY(st, give_extended(ctx, d->database, d->name, text, cells));
done:
    return st;
}

weft_status weft_command_show_extended(command_run *c)
{
    static const char *const names[] = {"namespace", "tableName", "isTemporary", "information"};
    weft_status st = WEFT_OK;
    weft_ctx *ctx = c->ctx;
    weft_pointers cells = {0};
    const char *const *tables = NULL;
    int32_t count = 0;
    const weft_node *n = c->node;
    bool has = false;
    if (n->command.spec_count > 0) {
        WEFT_TRY(st, extended_partition(c, &cells));
        weft_command_give(c, names, 4, &cells);
        c->rows->flags = 1u << 2;
        goto done;
    }
    const char *database = n->command.part_count > 0 ? n->command.parts[n->command.part_count - 1]
                                                     : weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE);
    WEFT_TRY(st, weft_warehouse_has_database(ctx, database, &has));
    if (!has) WEFT_TRY(st, weft_command_no_database(c, database));
    WEFT_TRY(st, weft_warehouse_tables(ctx, database, &tables, &count));
    for (int32_t i = 0; i < count; i++) {
        const weft_table_definition *d = NULL;
        char *text = NULL;
        if (!weft_show_pattern_matches(n->command.to, tables[i])) continue;
        WEFT_TRY(st, weft_warehouse_find(ctx, database, tables[i], &d));
        if (d == NULL) continue; /* dropped just now */
        if (n->command.extended)
            text = d->query != NULL ? "VIEW" : d->external ? "EXTERNAL" : "MANAGED";
        else
            WEFT_TRY(st, extended_text(ctx, d, &text));
        WEFT_TRY(st, give_extended(ctx, database, tables[i], text, &cells));
    }
    weft_command_give(c, names, 4, &cells);
    c->rows->flags = 1u << 2;
    if (n->command.extended) st = weft_show_tables_json(ctx, c->rows);
done:
    return st;
}
