/* engine/plan/analyzer_write.c - the rows of a write as its sink takes them: the columns of the files, then
 * those that say in which file a row is.
 *
 *   columns of the table, in its order → columns of the files, the partition columns as texts, the bucket
 *
 * A bucket's number is pmod(hash(columns), buckets), hash being Spark's (murmur3 with the seed 42). */
#include <strings.h>

#include "common/settings.h"
#include "engine/columnar/declared_type.h"
#include "engine/expr/cast.h"
#include "engine/plan/analyzer_internal.h"
#include "engine/plan/table_layout.h"

/* The text of a value as it stands in the name of a folder; NULL for none. */
static weft_status key_text(weft_ctx *ctx, const weft_expr *value, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_value empty = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING), .str = weft_str_view("", 0)};
    const weft_expr *args[2] = {NULL, NULL};
    const bool is_text = value->type.id == WEFT_TYPE_STRING || value->type.id == WEFT_TYPE_BINARY;
    WEFT_TRY(st, weft_expr_cast(ctx, value, WEFT_TYPE_OF(WEFT_TYPE_STRING), true, &args[0]));
    *out = args[0];
    if (!is_text) return WEFT_OK;
    WEFT_TRY(st, weft_expr_literal(ctx, &empty, &args[1])); /* as NULL, or it would have the same folder */
    WEFT_TRY(st, weft_expr_call(ctx, "nullif", args, 2, NULL, out));
done:
    return st;
}

static weft_status bucket_number(weft_ctx *ctx, const weft_table_definition *table, const weft_node *rows,
                                 const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers columns = {0};
    const weft_value count = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = table->bucket_count};
    const weft_expr *args[2] = {NULL, NULL};
    for (int32_t i = 0; i < table->bucket_name_count; i++) {
        const weft_expr *column = NULL;
        WEFT_TRY(st,
                 weft_node_column(ctx, rows, weft_table_find_column(table, table->bucket_names[i]), &column));
        WEFT_TRY(st, weft_pointers_push(ctx, &columns, column));
    }
    WEFT_TRY(st, weft_expr_call(ctx, "hash", weft_pointers_exprs(&columns), columns.count, NULL, &args[0]));
    WEFT_TRY(st, weft_expr_literal(ctx, &count, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, "pmod", args, 2, NULL, out));
done:
    return st;
}

static weft_status add_column(weft_analyzer *a, weft_pointers *exprs, const weft_expr *e, const char *name)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_expr_alias(a->ctx, e, weft_next_id(a->ids), name, &e));
    WEFT_TRY(st, weft_pointers_push(a->ctx, exprs, e));
done:
    return st;
}

static weft_status set_sort_columns(weft_ctx *ctx, const weft_table_definition *table, weft_node *write)
{
    weft_status st = WEFT_OK;
    int32_t *columns = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, table->sort_name_count, &columns));
    for (int32_t i = 0; i < table->sort_name_count; i++)
        columns[i] = weft_table_find_column(table, table->sort_names[i]);
    write->write.sort_columns = columns;
    write->write.sort_count = table->sort_name_count;
done:
    return st;
}

weft_status weft_bind_write_keys(weft_analyzer *a, const weft_table_definition *table, const weft_node *rows,
                                 weft_node *write)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    weft_pointers exprs = {0}, names = {0};
    const weft_node **inputs = NULL;
    const int32_t plain = table->column_count - table->partition_count;
    const weft_expr *e = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 1, &inputs));
    inputs[0] = rows;
    write->inputs = inputs;
    write->input_count = 1;
    write->write.sort_count = 0;
    if (table->partition_count == 0 && table->bucket_count == 0) goto done;
    for (int32_t i = 0; i < table->column_count; i++) {
        const char *name = table->columns[i].name;
        WEFT_TRY(st, weft_node_column(ctx, rows, i, &e));
        if (i < plain) {
            WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
            continue;
        }
        WEFT_TRY(st, key_text(ctx, e, &e));
        WEFT_TRY(st, add_column(a, &exprs, e, name));
        WEFT_TRY(st, weft_pointers_push(ctx, &names, name));
    }
    if (table->bucket_count > 0) {
        WEFT_TRY(st, bucket_number(ctx, table, rows, &e));
        WEFT_TRY(st, add_column(a, &exprs, e, "bucket"));
        WEFT_TRY(st, set_sort_columns(ctx, table, write));
    }
    WEFT_TRY(st, weft_node_project(ctx, rows, weft_pointers_exprs(&exprs), exprs.count, &inputs[0]));
    write->write.key_count = table->partition_count;
    write->write.key_names = weft_pointers_texts(&names);
    write->write.bucketed = table->bucket_count > 0;
done:
    return st;
}

/* The folder "name=value" of a constant. */
static weft_status constant_folder(weft_ctx *ctx, const char *name, const weft_expr *constant, char **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *key = NULL;
    WEFT_TRY(st, key_text(ctx, constant, &key));
    WEFT_TRY(st, weft_expr_fold_now(ctx, key, &key));
    if (key->kind != WEFT_EXPR_LITERAL)
        WEFT_TRY(st,
                 weft_fail(ctx, WEFT_INTERNAL, "the value of the partition column %s is no constant", name));
    const weft_str *value = key->literal.is_null ? NULL : &key->literal.str;
    WEFT_TRY(st,
             weft_arena_alloc(ctx, ctx->arena, weft_partition_folder_most(name, value) + 1, (void **)out));
    (*out)[weft_partition_folder_put(*out, name, value, false)] = '\0';
done:
    return st;
}

weft_status weft_static_folder(weft_ctx *ctx, const weft_table_definition *table,
                               const weft_expr *const *values, int32_t count, const char **out)
{
    weft_status st = WEFT_OK;
    const int32_t plain = table->column_count - table->partition_count;
    char *text = NULL, *folder = NULL;
    for (int32_t i = 0; i < count; i++) {
        WEFT_TRY(st, constant_folder(ctx, table->columns[plain + i].name, values[i], &folder));
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s%s%s", i > 0 ? text : "", i > 0 ? "/" : "",
                                       folder));
    }
    *out = text;
done:
    return st;
}

/* ---- PARTITION of statements about tables ---- */

weft_status weft_bind_constant(weft_analyzer *a, const weft_expr *parsed, weft_type type,
                               const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_scope nothing = {0};
    weft_binder b = {.a = a, .scope = &nothing, .clause = "PARTITION"};
    WEFT_TRY(st, weft_bind_expr(&b, parsed, out));
    WEFT_TRY(st, weft_expr_cast(a->ctx, *out, type, false, out));
done:
    return st;
}

weft_status weft_check_partition_value(weft_ctx *ctx, const weft_partition_spec *spec, int32_t at)
{
    const weft_expr *value = spec->values[at];
    const bool text = value->kind == WEFT_EXPR_LITERAL && value->type.id == WEFT_TYPE_STRING;
    if (!text || value->literal.is_null || value->literal.str.len > 0) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_PARTITION_VALUE_EMPTY, &spec->span,
                        "Partition spec is invalid. The spec ([%s=]) contains an empty partition column "
                        "value.",
                        spec->names[at]);
}

static weft_status bind_spec(weft_analyzer *a, const weft_table_definition *table,
                             const weft_partition_spec *parsed, weft_partition_spec *out)
{
    weft_status st = WEFT_OK;
    const int32_t plain = table->column_count - table->partition_count;
    const char **folders = NULL;
    *out = *parsed;
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, weft_max_i32(table->partition_count, 1), &folders));
    for (int32_t i = 0; i < parsed->count && table->partition_count > 0; i++) {
        const int32_t at = weft_table_find_partition(table, parsed->names[i]);
        const weft_expr *value = NULL;
        char *folder = NULL;
        weft_type type;
        if (at < 0) return weft_fail_no_partition(a->ctx, &parsed->span, table, parsed->names[i]);
        if (parsed->values[i] == NULL) continue; /* ANALYZE TABLE … PARTITION (p): of any value */
        WEFT_TRY(st, weft_check_partition_value(a->ctx, parsed, i));
        WEFT_TRY(st, weft_type_of_values(a->ctx, table->columns[plain + at].type, &type));
        WEFT_TRY(st, weft_bind_constant(a, parsed->values[i], type, &value));
        WEFT_TRY(st, constant_folder(a->ctx, table->columns[plain + at].name, value, &folder));
        folders[at] = folder;
    }
    out->folders = folders;
done:
    return st;
}

weft_status weft_bind_specs(weft_analyzer *a, weft_node *command)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *table = NULL;
    const weft_partition_spec **specs = NULL;
    if (a->catalog->table != NULL)
        WEFT_TRY(st, a->catalog->table(a->ctx, a->catalog->self, command->command.parts,
                                       command->command.part_count, &table));
    if (table == NULL) goto done; /* whoever runs the statement says so */
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, command->command.spec_count, &specs));
    for (int32_t i = 0; i < command->command.spec_count; i++) {
        weft_partition_spec *spec = NULL;
        WEFT_TRY(st, WEFT_NEW(a->ctx, &spec));
        WEFT_TRY(st, bind_spec(a, table, command->command.specs[i], spec));
        specs[i] = spec;
    }
    command->command.specs = specs;
done:
    return st;
}

weft_status weft_bind_described_spec(weft_analyzer *a, weft_node *show)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *table = NULL;
    weft_partition_spec *spec = NULL;
    if (show->show.part_count == 0) return WEFT_OK;
    WEFT_TRY(st,
             a->catalog->table(a->ctx, a->catalog->self, show->show.parts, show->show.part_count, &table));
    if (table == NULL) goto done; /* a view: whoever runs the statement says so */
    WEFT_TRY(st, WEFT_NEW(a->ctx, &spec));
    WEFT_TRY(st, bind_spec(a, table, show->show.spec, spec));
    show->show.spec = spec;
done:
    return st;
}

weft_status weft_bind_overwrite(weft_analyzer *a, const weft_table_definition *table,
                                const weft_expr *const *values, int32_t count, weft_node *write)
{
    const char *mode = weft_setting_text(a->ctx, WEFT_SET_PARTITION_OVERWRITE);
    const bool dynamic = strcasecmp(mode, "dynamic") == 0;
    write->write.dynamic = dynamic && count < table->partition_count;
    return weft_static_folder(a->ctx, table, values, count, &write->write.folder);
}

weft_status weft_bind_create_as(weft_analyzer *a, const weft_node *query, weft_node *write)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    weft_table_definition *d = NULL;
    weft_column_definition *columns = NULL;
    weft_pointers exprs = {0};
    const weft_node *rows = query;
    const weft_outputs *output = &query->output;
    WEFT_TRY(st, WEFT_NEW(ctx, &d));
    *d = *write->write.table;
    if (d->database == NULL) d->database = weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, output->count, &columns));
    for (int32_t i = 0; i < output->count; i++)
        columns[i] = (weft_column_definition){.name = output->columns[i].name,
                                              .comment = weft_declared_comment(query, i),
                                              .type = weft_declared_type(ctx, query, i)};
    d->columns = columns;
    d->column_count = output->count;
    WEFT_TRY(st, weft_table_arrange(ctx, &write->span, d->database, d));
    if (d->partition_count > 0) { /* those of the folders go last */
        for (int32_t i = 0; i < d->column_count; i++) {
            const weft_expr *e = NULL;
            for (int32_t k = 0; k < output->count; k++)
                if (output->columns[k].name == d->columns[i].name)
                    WEFT_TRY(st, weft_node_column(ctx, query, k, &e));
            WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
        }
        WEFT_TRY(st, weft_node_project(ctx, query, weft_pointers_exprs(&exprs), exprs.count, &rows));
    }
    write->write.table = d;
    WEFT_TRY(st, weft_bind_write_keys(a, d, rows, write));
done:
    return st;
}
