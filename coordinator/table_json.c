/* coordinator/table_json.c - DESCRIBE EXTENDED … and SHOW … AS JSON: one document, with Spark's keys in
 * Spark's order. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/redact.h"
#include "common/settings.h"
#include "common/version.h"
#include "coordinator/table_private.h"
#include "engine/columnar/collation.h"
#include "engine/expr/nested_text.h"
#include "engine/plan/table_layout.h"
#include "engine/plan/table_statistics.h"

typedef struct json_out {
    weft_ctx *ctx;
    weft_text text;
    bool comma; /* before what comes next */
} json_out;

static weft_status put_raw(json_out *o, const char *text)
{
    return weft_text_append(o->ctx, &o->text, text, strlen(text));
}

static weft_status put_text(json_out *o, const char *text)
{
    return weft_text_append_json(o->ctx, &o->text, text, strlen(text), WEFT_JSON_ESCAPE_LEAST);
}

/* ,"key": */
static weft_status put_key(json_out *o, const char *key)
{
    weft_status st = WEFT_OK;
    if (o->comma) WEFT_TRY(st, put_raw(o, ","));
    o->comma = true;
    WEFT_TRY(st, put_text(o, key));
    WEFT_TRY(st, put_raw(o, ":"));
done:
    return st;
}

static weft_status put_pair(json_out *o, const char *key, const char *value)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, put_key(o, key));
    WEFT_TRY(st, put_text(o, value));
done:
    return st;
}

static weft_status put_number(json_out *o, const char *key, int64_t value)
{
    weft_status st = WEFT_OK;
    char number[32];
    snprintf(number, sizeof number, "%lld", (long long)value);
    WEFT_TRY(st, put_key(o, key));
    WEFT_TRY(st, put_raw(o, number));
done:
    return st;
}

static weft_status put_flag(json_out *o, const char *key, bool value)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, put_key(o, key));
    WEFT_TRY(st, put_raw(o, value ? "true" : "false"));
done:
    return st;
}

/* What opens an object or array, and what closes it: between them the first has no comma before it. */
static weft_status put_open(json_out *o, const char *mark)
{
    o->comma = false;
    return put_raw(o, mark);
}

static weft_status put_close(json_out *o, const char *mark)
{
    o->comma = true;
    return put_raw(o, mark);
}

/* ,"key":["a","b"] */
static weft_status put_names(json_out *o, const char *key, const char *const *names, int32_t count)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, put_key(o, key));
    WEFT_TRY(st, put_open(o, "["));
    for (int32_t i = 0; i < count; i++) {
        if (i > 0) WEFT_TRY(st, put_raw(o, ","));
        WEFT_TRY(st, put_text(o, names[i]));
    }
    WEFT_TRY(st, put_close(o, "]"));
done:
    return st;
}

/* ,"key":{"a":"b"}, when there are any. */
static weft_status put_pairs(json_out *o, const char *key, const char *const *pairs, int32_t count)
{
    weft_status st = WEFT_OK;
    if (count == 0) return WEFT_OK;
    WEFT_TRY(st, put_key(o, key));
    WEFT_TRY(st, put_open(o, "{"));
    for (int32_t i = 0; i < count; i++) {
        const bool secret = weft_redact_is_secret(pairs[2 * i], strlen(pairs[2 * i]));
        WEFT_TRY(st, put_pair(o, pairs[2 * i], secret ? WEFT_REDACTED : pairs[2 * i + 1]));
    }
    WEFT_TRY(st, put_close(o, "}"));
done:
    return st;
}

/* ---- types ---- */

static weft_status put_type(json_out *o, const char *key, weft_type type);

/* "interval year to month": its units. */
static weft_status put_units(json_out *o, const char *text)
{
    weft_status st = WEFT_OK;
    char first[16] = "", last[16] = "";
    WEFT_TRY(st, put_pair(o, "name", "interval"));
    if (sscanf(text, "interval %15s to %15s", first, last) >= 1) {
        WEFT_TRY(st, put_pair(o, "start_unit", first));
        WEFT_TRY(st, put_pair(o, "end_unit", last[0] != '\0' ? last : first));
    }
done:
    return st;
}

static weft_status put_fields(json_out *o, weft_type type)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, put_pair(o, "name", "struct"));
    WEFT_TRY(st, put_key(o, "fields"));
    WEFT_TRY(st, put_open(o, "["));
    for (int32_t i = 0; i < type.child_count; i++) {
        WEFT_TRY(st, put_raw(o, i > 0 ? "," : ""));
        WEFT_TRY(st, put_open(o, "{"));
        WEFT_TRY(st, put_pair(o, "name", type.children[i].name));
        WEFT_TRY(st, put_type(o, "type", type.children[i].type));
        WEFT_TRY(st, put_flag(o, "nullable", type.children[i].nullable));
        WEFT_TRY(st, put_close(o, "}"));
    }
    WEFT_TRY(st, put_close(o, "]"));
done:
    return st;
}

static weft_status put_plain_type(json_out *o, weft_type type)
{
    weft_status st = WEFT_OK;
    char text[256], collation[WEFT_COLLATION_NAME_BYTES];
    switch ((int)type.id) {
    case WEFT_TYPE_STRING: /* also CHAR(n) and VARCHAR(n) */
        WEFT_TRY(st, put_pair(o, "name", "string"));
        WEFT_TRY(st, put_pair(o, "collation", weft_collation_name(type.collation, collation)));
        break;
    case WEFT_TYPE_DECIMAL:
        WEFT_TRY(st, put_pair(o, "name", "decimal"));
        WEFT_TRY(st, put_number(o, "precision", type.precision));
        WEFT_TRY(st, put_number(o, "scale", type.scale));
        break;
    case WEFT_TYPE_TIMESTAMP: WEFT_TRY(st, put_pair(o, "name", "timestamp_ltz")); break;
    case WEFT_TYPE_INTERVAL_YM:
    case WEFT_TYPE_INTERVAL_DT: WEFT_TRY(st, put_units(o, weft_type_text(type, text, sizeof text))); break;
    default: WEFT_TRY(st, put_pair(o, "name", weft_type_text(type, text, sizeof text))); break;
    }
done:
    return st;
}

static weft_status put_type(json_out *o, const char *key, weft_type type)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, put_key(o, key));
    WEFT_TRY(st, put_open(o, "{"));
    if (type.id == WEFT_TYPE_ARRAY) {
        WEFT_TRY(st, put_pair(o, "name", "array"));
        WEFT_TRY(st, put_type(o, "element_type", type.children[0].type));
        WEFT_TRY(st, put_flag(o, "element_nullable", type.children[0].nullable));
    } else if (type.id == WEFT_TYPE_MAP) {
        WEFT_TRY(st, put_pair(o, "name", "map"));
        WEFT_TRY(st, put_type(o, "key_type", type.children[0].type));
        WEFT_TRY(st, put_type(o, "value_type", type.children[1].type));
        WEFT_TRY(st, put_flag(o, "value_nullable", type.children[1].nullable));
    } else if (type.id == WEFT_TYPE_STRUCT) {
        WEFT_TRY(st, put_fields(o, type));
    } else {
        WEFT_TRY(st, put_plain_type(o, type));
    }
    WEFT_TRY(st, put_close(o, "}"));
done:
    return st;
}

/* ---- the document ---- */

static weft_status put_columns(json_out *o, const weft_table_definition *d, const weft_outputs *output)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, put_key(o, "columns"));
    WEFT_TRY(st, put_open(o, "["));
    for (int32_t i = 0; i < output->count; i++) {
        const weft_output *column = &output->columns[i];
        const int32_t at = weft_table_find_column(d, column->name);
        WEFT_TRY(st, put_raw(o, i > 0 ? "," : ""));
        WEFT_TRY(st, put_open(o, "{"));
        WEFT_TRY(st, put_pair(o, "name", column->name));
        WEFT_TRY(st, put_type(o, "type", column->type));
        WEFT_TRY(st, put_flag(o, "nullable", d->query == NULL || column->nullable));
        if (at >= 0 && d->columns[at].comment != NULL)
            WEFT_TRY(st, put_pair(o, "comment", d->columns[at].comment));
        if (at >= 0 && d->columns[at].initial != NULL)
            WEFT_TRY(st, put_pair(o, "default", d->columns[at].initial));
        WEFT_TRY(st, put_close(o, "}"));
    }
    WEFT_TRY(st, put_close(o, "]"));
done:
    return st;
}

static weft_status put_place(json_out *o, const char *location)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    WEFT_TRY(st, weft_arena_printf(o->ctx, o->ctx->arena, &text, "file:%s", location));
    WEFT_TRY(st, put_pair(o, "location", text));
done:
    return st;
}

/* Buckets, and where its files lie: those of the partition, when the statement names one. */
static weft_status put_storage(json_out *o, const weft_table_definition *d, const weft_partition_spec *spec,
                               const char *folder)
{
    weft_status st = WEFT_OK;
    char *place = NULL;
    weft_pointers values = {0};
    const int32_t plain = d->column_count - d->partition_count;
    for (int32_t i = 0; spec != NULL && i < d->partition_count; i++) {
        WEFT_TRY(st, weft_pointers_push(o->ctx, &values, d->columns[plain + i].name));
        WEFT_TRY(st, weft_pointers_push(o->ctx, &values, strchr(spec->folders[i], '=') + 1));
    }
    WEFT_TRY(st, put_pairs(o, "partition_values", weft_pointers_texts(&values), values.count / 2));
    if (d->bucket_count > 0) {
        WEFT_TRY(st, put_number(o, "num_buckets", d->bucket_count));
        WEFT_TRY(st, put_names(o, "bucket_columns", d->bucket_names, d->bucket_name_count));
        WEFT_TRY(st, put_names(o, "sort_columns", d->sort_names, d->sort_name_count));
    }
    if (d->query != NULL) goto done;
    if (folder != NULL) WEFT_TRY(st, weft_partition_location(o->ctx, d, folder, &place));
    WEFT_TRY(st, put_place(o, place != NULL ? place : d->location));
    WEFT_TRY(st, put_pairs(o, "storage_properties", d->options, d->option_count));
done:
    return st;
}

static weft_status put_view(json_out *o, const weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    WEFT_TRY(st, put_pair(o, "view_text", d->query));
    WEFT_TRY(st, put_pair(o, "view_original_text", d->query));
    if (weft_setting(o->ctx, WEFT_SET_VIEW_BINDING_MODE) != 0)
        WEFT_TRY(st, put_pair(o, "view_schema_mode", weft_command_schema_mode(d)));
    WEFT_TRY(st, weft_arena_printf(o->ctx, o->ctx->arena, &text, "spark_catalog.%s", d->query_database));
    WEFT_TRY(st, put_pair(o, "view_catalog_and_namespace", text));
    WEFT_TRY(st, put_names(o, "view_query_output_columns", d->query_columns, d->column_count));
    WEFT_TRY(st, put_pairs(o, "view_creation_spark_configuration", d->kept.pairs, d->kept.count));
done:
    return st;
}

static weft_status put_statistics(json_out *o, const weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    const int64_t bytes = weft_statistic_number(d, "bytes", NULL);
    const int64_t rows = weft_statistic_number(d, "rows", NULL);
    if (bytes < 0) return WEFT_OK;
    WEFT_TRY(st, put_key(o, "statistics"));
    WEFT_TRY(st, put_open(o, "{"));
    WEFT_TRY(st, put_number(o, "size_in_bytes", bytes));
    if (rows >= 0) WEFT_TRY(st, put_number(o, "num_rows", rows));
    WEFT_TRY(st, put_close(o, "}"));
done:
    return st;
}

static weft_status put_table(json_out *o, const weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    const char **names = NULL;
    WEFT_TRY(st, put_pair(o, "provider", d->format));
    if (d->comment != NULL) WEFT_TRY(st, put_pair(o, "comment", d->comment));
    WEFT_TRY(st, put_pairs(o, "table_properties", d->properties, d->property_count));
    WEFT_TRY(st, put_statistics(o, d));
    if (d->partition_count == 0) goto done;
    WEFT_TRY(st, WEFT_NEW_ARRAY(o->ctx, d->partition_count, &names));
    for (int32_t i = 0; i < d->partition_count; i++)
        names[i] = d->columns[d->column_count - d->partition_count + i].name;
    WEFT_TRY(st, put_pair(o, "partition_provider", "Catalog"));
    WEFT_TRY(st, put_names(o, "partition_columns", names, d->partition_count));
done:
    return st;
}

static weft_status put_made(json_out *o, const weft_table_definition *d, const char *folder)
{
    weft_status st = WEFT_OK;
    char when[64] = "", *text = NULL;
    struct tm parts;
    const time_t seconds = (time_t)(d->created_us / 1000000);
    if (gmtime_r(&seconds, &parts) != NULL) strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &parts);
    WEFT_TRY(st, put_pair(o, "created_time", when));
    WEFT_TRY(st, put_pair(o, "last_access", "UNKNOWN"));
    if (folder != NULL) WEFT_TRY(st, weft_partition_statistics(o->ctx, d, folder, &text));
    if (text != NULL) WEFT_TRY(st, put_pair(o, "partition_statistics", text));
    WEFT_TRY(st, put_pair(o, "created_by", "Weft " WEFT_VERSION_TEXT));
    WEFT_TRY(st, put_pair(o, "type", d->query != NULL ? "VIEW" : d->external ? "EXTERNAL" : "MANAGED"));
done:
    return st;
}

weft_status weft_table_command_describe_json(weft_ctx *ctx, const weft_node *show,
                                             const weft_table_definition *d, const char **out)
{
    weft_status st = WEFT_OK;
    json_out o = {.ctx = ctx};
    command_run c = {.ctx = ctx, .node = show};
    char *folder = NULL, *copy = NULL;
    if (show->show.spec != NULL) {
        if (d->query != NULL) return weft_fail_described_partition(ctx, show, d);
        WEFT_TRY(st, weft_partition_expect(&c, "DESC PARTITION", d, show->show.spec, &folder));
    }
    const char *const namespace[] = {d->database};
    WEFT_TRY(st, put_open(&o, "{"));
    WEFT_TRY(st, put_pair(&o, "table_name", d->name));
    WEFT_TRY(st, put_pair(&o, "catalog_name", "spark_catalog"));
    WEFT_TRY(st, put_names(&o, "namespace", namespace, 1));
    WEFT_TRY(st, put_pair(&o, "schema_name", d->database));
    WEFT_TRY(st, put_columns(&o, d, &show->inputs[0]->output));
    WEFT_TRY(st, put_storage(&o, d, show->show.spec, folder));
    WEFT_TRY(st, put_made(&o, d, folder));
    WEFT_TRY(st, d->query != NULL ? put_view(&o, d) : put_table(&o, d));
    WEFT_TRY(st, put_pair(&o, "collation", d->collation != NULL ? d->collation : "UTF8_BINARY"));
    WEFT_TRY(st, put_close(&o, "}"));
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, o.text.bytes, o.text.len, &copy));
    *out = copy;
done:
    weft_text_release(&o.text);
    return st;
}

/* ---- SHOW … AS JSON ---- */

/* The document as the one cell of a row. */
static weft_status give_document(json_out *o, weft_command_rows *out)
{
    static const char *const names[] = {"json_metadata"};
    weft_status st = WEFT_OK;
    char *copy = NULL;
    const char **cells = NULL;
    WEFT_TRY(st, weft_arena_copy(o->ctx, o->ctx->arena, o->text.bytes, o->text.len, &copy));
    WEFT_TRY(st, WEFT_NEW_ARRAY(o->ctx, 1, &cells));
    cells[0] = copy;
    *out = (weft_command_rows){.width = 1, .names = names, .count = 1, .cells = cells};
done:
    return st;
}

static weft_status put_shown_table(json_out *o, const char *const *row, bool extended)
{
    weft_status st = WEFT_OK;
    if (o->comma) WEFT_TRY(st, put_raw(o, ","));
    WEFT_TRY(st, put_open(o, "{"));
    WEFT_TRY(st, put_pair(o, "name", row[1]));
    if (extended) WEFT_TRY(st, put_pair(o, "catalog", "spark_catalog"));
    WEFT_TRY(st, put_names(o, "namespace", row, row[0][0] != '\0' ? 1 : 0));
    if (extended) WEFT_TRY(st, put_pair(o, "type", row[3]));
    WEFT_TRY(st, put_flag(o, "isTemporary", strcmp(row[2], "true") == 0));
    WEFT_TRY(st, put_close(o, "}"));
done:
    return st;
}

weft_status weft_show_tables_json(weft_ctx *ctx, weft_command_rows *rows)
{
    weft_status st = WEFT_OK;
    json_out o = {.ctx = ctx};
    WEFT_TRY(st, put_raw(&o, "{\"tables\":["));
    for (int32_t i = 0; i < rows->count; i++)
        WEFT_TRY(st, put_shown_table(&o, rows->cells + (size_t)i * rows->width, rows->width == 4));
    WEFT_TRY(st, put_raw(&o, "]}"));
    st = give_document(&o, rows);
done:
    weft_text_release(&o.text);
    return st;
}

/* "b=x/c=1" as {"b":"x","c":"1"} */
static weft_status put_partition(json_out *o, const char *folder)
{
    weft_status st = WEFT_OK;
    if (o->comma) WEFT_TRY(st, put_raw(o, ","));
    WEFT_TRY(st, put_open(o, "{"));
    while (*folder != '\0') {
        const size_t len = strcspn(folder, "/"), name = strcspn(folder, "=");
        char *key = NULL, *value = NULL;
        WEFT_TRY(st, weft_arena_copy(o->ctx, o->ctx->arena, folder, name, &key));
        WEFT_TRY(st, weft_arena_copy(o->ctx, o->ctx->arena, folder + name + 1, len - name - 1, &value));
        WEFT_TRY(st, put_pair(o, key, value));
        folder += len + (folder[len] == '/');
    }
    WEFT_TRY(st, put_close(o, "}"));
done:
    return st;
}

weft_status weft_show_partitions_json(weft_ctx *ctx, weft_command_rows *rows)
{
    weft_status st = WEFT_OK;
    json_out o = {.ctx = ctx};
    WEFT_TRY(st, put_raw(&o, "{\"partitions\":["));
    for (int32_t i = 0; i < rows->count; i++) WEFT_TRY(st, put_partition(&o, rows->cells[i]));
    WEFT_TRY(st, put_raw(&o, "]}"));
    st = give_document(&o, rows);
done:
    weft_text_release(&o.text);
    return st;
}
