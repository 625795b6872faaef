/* coordinator/session_analyze.c - ANALYZE TABLE: queries about a table, whose answer becomes part of its
 * definition (engine/plan/table_statistics.h).
 *
 * The statement names what is analysed; when it has ended its session runs the queries, as statements of its
 * own without a name: asked for again they give the same. A write of a table drops what was known of it. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "coordinator/session_private.h"
#include "coordinator/table_private.h"
#include "engine/catalog/warehouse.h"
#include "engine/columnar/declared_type.h"
#include "engine/expr/value_sql.h"
#include "engine/formats/partition.h"
#include "engine/plan/table_layout.h"
#include "engine/plan/table_statistics.h"

/* ---- which columns ---- */

static bool is_text(weft_type type) { return type.id == WEFT_TYPE_STRING || type.id == WEFT_TYPE_BINARY; }

/* Types of which Spark has statistics. */
static bool may_analyze(weft_type type)
{
    const weft_type_id id = type.id;
    return is_text(type) || weft_type_is_integral(type) || id == WEFT_TYPE_FLOAT || id == WEFT_TYPE_DOUBLE ||
           id == WEFT_TYPE_DECIMAL || id == WEFT_TYPE_BOOLEAN || id == WEFT_TYPE_DATE ||
           id == WEFT_TYPE_TIMESTAMP || id == WEFT_TYPE_TIMESTAMP_NTZ;
}

static int32_t default_size(weft_type type)
{
    if (type.id == WEFT_TYPE_DECIMAL) return type.precision <= 18 ? 8 : 16;
    return weft_phys_bytes(weft_type_phys(type));
}

static weft_status check_columns(weft_ctx *ctx, const weft_node *command, const weft_table_definition *d)
{
    for (int32_t i = 0; i < command->command.column_count; i++) {
        const char *name = command->command.columns[i];
        const int32_t at = weft_table_find_column(d, name);
        char type[256];
        if (at < 0)
            return weft_fail_at(ctx, WEFT_COLUMN_NOT_FOUND, &command->span,
                                "The column `%s` cannot be found. Verify the spelling and correctness of the "
                                "column name according to the SQL config \"spark.sql.caseSensitive\".",
                                name);
        if (!may_analyze(d->columns[at].type))
            return weft_fail_at(
                ctx, WEFT_ANALYZE_COLUMN_TYPE, &command->span,
                "The feature is not supported: The ANALYZE TABLE FOR COLUMNS command does not "
                "support the type \"%s\" of the column `%s` in the table `%s`.",
                weft_type_text(d->columns[at].type, type, sizeof type), name, d->name);
    }
    return WEFT_OK;
}

static bool is_chosen(const weft_node *command, const weft_column_definition *column)
{
    if (command->command.column_count < 0) return may_analyze(column->type);
    for (int32_t i = 0; i < command->command.column_count; i++)
        if (strcasecmp(command->command.columns[i], column->name) == 0) return true;
    return false;
}

/* ---- the query ---- */

/* `a``b` */
static weft_status quoted(weft_ctx *ctx, const char *name, char **out)
{
    weft_status st = WEFT_OK;
    size_t n = 0;
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, 2 * strlen(name) + 3, (void **)out));
    (*out)[n++] = '`';
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '`') (*out)[n++] = '`';
        (*out)[n++] = *c;
    }
    (*out)[n++] = '`';
    (*out)[n] = '\0';
done:
    return st;
}

/* SELECT count(*) and six columns for each that is analysed, all as text. */
static weft_status query_text(weft_ctx *ctx, const weft_node *command, const weft_table_definition *d,
                              char **out)
{
    weft_status st = WEFT_OK;
    char *table = NULL, *c = NULL, *database = NULL;
    WEFT_TRY(st, quoted(ctx, d->database, &database));
    WEFT_TRY(st, quoted(ctx, d->name, &table));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "SELECT CAST(count(*) AS STRING)"));
    for (int32_t i = 0; i < d->column_count; i++) {
        const weft_type type = d->columns[i].type;
        if (!is_chosen(command, &d->columns[i])) continue;
        WEFT_TRY(st, quoted(ctx, d->columns[i].name, &c));
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out,
                                       "%s, CAST(least(approx_count_distinct(%s), count(%s)) AS STRING), "
                                       "CAST(count(*) - count(%s) AS STRING)",
                                       *out, c, c, c));
        if (is_text(type))
            WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out,
                                           "%s, CAST(NULL AS STRING), CAST(NULL AS STRING), "
                                           "CAST(CAST(ceil(avg(length(%s))) AS BIGINT) AS STRING), "
                                           "CAST(max(length(%s)) AS STRING)",
                                           *out, c, c));
        else
            WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out,
                                           "%s, CAST(min(%s) AS STRING), CAST(max(%s) AS STRING), '%d', '%d'",
                                           *out, c, c, default_size(type), default_size(type)));
    }
    WEFT_TRY(st,
             weft_arena_printf(ctx, ctx->arena, out, "%s FROM spark_catalog.%s.%s", *out, database, table));
done:
    return st;
}

/* Cell i of the answer, or NULL. */
static weft_status cell_text(weft_ctx *ctx, const weft_batch *batch, int32_t i, const char **out)
{
    weft_status st = WEFT_OK;
    weft_value value;
    char *copy = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_value_take(ctx, &batch->columns[i], 0, &value));
    if (value.is_null) goto done;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(&value.str), value.str.len, &copy));
    *out = copy;
done:
    return st;
}

static weft_status take_answer(weft_ctx *ctx, const weft_node *command, const weft_table_definition *d,
                               const weft_batch *batch, weft_pointers *pairs)
{
    static const char *const names[] = {"distinct", "nulls", "min", "max", "length", "longest"};
    weft_status st = WEFT_OK;
    const char *text = NULL;
    int32_t at = 0;
    WEFT_TRY(st, cell_text(ctx, batch, at++, &text));
    WEFT_TRY(st, weft_statistic_put(ctx, pairs, "rows", NULL, text));
    for (int32_t i = 0; i < d->column_count; i++) {
        if (!is_chosen(command, &d->columns[i])) continue;
        for (int32_t k = 0; k < WEFT_COUNT(names); k++) {
            WEFT_TRY(st, cell_text(ctx, batch, at++, &text));
            WEFT_TRY(st, weft_statistic_put(ctx, pairs, names[k], d->columns[i].name, text));
        }
    }
done:
    return st;
}

/* Put what is known of a table now, in place of what was known: queries have run since it was found, so the
 * rest of its definition is that of this moment. Of a table that is gone nothing is kept. */
static weft_status put_statistics(weft_ctx *ctx, const weft_table_definition *d, const weft_pointers *pairs)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *now = NULL;
    int lock = -1;
    WEFT_TRY(st, weft_warehouse_lock(ctx, &lock));
    WEFT_TRY(st, weft_warehouse_find(ctx, d->database, d->name, &now));
    if (now == NULL || now->query != NULL) goto done;
    weft_table_definition known = *now;
    known.statistics = weft_pointers_texts(pairs);
    known.statistic_count = pairs->count / 2;
    WEFT_TRY(st, weft_warehouse_put(ctx, &known, true));
done:
    weft_warehouse_unlock(&lock);
    return st;
}

/* ---- one table ---- */

static weft_status folder_bytes(weft_ctx *ctx, const char *path, int64_t *bytes)
{
    weft_file_info *files = NULL;
    int32_t count = 0;
    weft_status st = weft_fs_list(ctx, path, &files, &count);
    *bytes = 0;
    if (st == WEFT_NOT_FOUND) {
        weft_error_clear(ctx);
        return WEFT_OK;
    }
    for (int32_t i = 0; st == WEFT_OK && i < count; i++) *bytes += files[i].size_bytes;
    return st;
}

static weft_status analyze_table(weft_session *s, weft_ctx *ctx, const weft_node *command,
                                 const weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    weft_result *answer = NULL;
    weft_pointers pairs = {0};
    weft_batch batch = {0};
    int64_t bytes = 0;
    char *text = NULL, *number = NULL;
    for (int32_t i = 0; i < 2 * d->statistic_count; i++)
        WEFT_TRY(st, weft_pointers_push(ctx, &pairs, d->statistics[i]));
    WEFT_TRY(st, folder_bytes(ctx, d->location, &bytes));
    for (int32_t i = 0; i < d->place_count; i++) {
        int64_t more = 0;
        if (d->places[2 * i + 1][0] != '\0') WEFT_TRY(st, folder_bytes(ctx, d->places[2 * i + 1], &more));
        bytes += more;
    }
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &number, "%lld", (long long)bytes));
    WEFT_TRY(st, weft_statistic_put(ctx, &pairs, "bytes", NULL, number));
    if (command->command.scans) {
        WEFT_TRY(st, query_text(ctx, command, d, &text));
        const weft_statement statement = {.text = text, .len = strlen(text)};
        WEFT_TRY(st, weft_session_execute(s, &statement, &ctx->error, &answer));
        WEFT_TRY(st, weft_result_next(answer, &ctx->error, &batch));
        WEFT_TRY(st, take_answer(ctx, command, d, &batch, &pairs));
    }
    WEFT_TRY(st, put_statistics(ctx, d, &pairs));
done:
    weft_result_free(&answer);
    return st;
}

/* ---- partitions ---- */

/* The partitions that the statement is about. Errors: WEFT_PARTITIONS_NOT_FOUND, WEFT_PARTITION_SPEC_PREFIX.
 */
static weft_status chosen_partitions(weft_ctx *ctx, const weft_node *command, const weft_table_definition *d,
                                     weft_pointers *out)
{
    weft_status st = WEFT_OK;
    const weft_partition_spec *spec = command->command.specs[0];
    weft_pointers all = {0};
    char *wanted = "";
    int32_t fixed = 0;
    if (d->partition_count == 0) return weft_fail_no_partition(ctx, &spec->span, d, spec->names[0]);
    for (; fixed < d->partition_count && spec->folders[fixed] != NULL; fixed++)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &wanted, "%s%s%s", wanted, fixed > 0 ? "/" : "",
                                       spec->folders[fixed]));
    for (int32_t i = fixed; i < d->partition_count; i++)
        if (spec->folders[i] != NULL)
            return weft_fail_at(
                ctx, WEFT_PARTITION_SPEC_PREFIX, &spec->span,
                "The list of partition columns with values in partition specification for "
                "table '%s' in database '%s' is not a prefix of the list of partition columns "
                "defined in the table schema: `%s` has a value, one before it has none.",
                d->name, d->database, d->columns[d->column_count - d->partition_count + i].name);
    WEFT_TRY(st, weft_partition_folders(ctx, d, &all));
    for (int32_t i = 0; i < all.count; i++)
        if (weft_partition_is_below(all.items[i], wanted))
            WEFT_TRY(st, weft_pointers_push(ctx, out, all.items[i]));
    if (out->count == 0 && fixed > 0) st = weft_fail_no_partition(ctx, &spec->span, d, wanted);
done:
    return st;
}

/* SELECT count(*) of one partition: its rows are those with the values of its folder. */
static weft_status partition_query(weft_ctx *ctx, const weft_table_definition *d, const char *folder,
                                   char **out)
{
    weft_status st = WEFT_OK;
    const weft_column_definition *columns = d->columns + (d->column_count - d->partition_count);
    char *table = NULL, *database = NULL, *column = NULL, *name = NULL, *text = NULL, *literal = NULL;
    char type[256];
    weft_type values;
    WEFT_TRY(st, quoted(ctx, d->database, &database));
    WEFT_TRY(st, quoted(ctx, d->name, &table));
    WEFT_TRY(st,
             weft_arena_printf(ctx, ctx->arena, out,
                               "SELECT CAST(count(*) AS STRING) FROM spark_catalog.%s.%s", database, table));
    for (int32_t i = 0; i < d->partition_count; i++) {
        const char *end = strchrnul(folder, '/');
        WEFT_TRY(st, weft_partition_pair(ctx, folder, (size_t)(end - folder), &name, &text));
        WEFT_TRY(st, quoted(ctx, columns[i].name, &column));
        WEFT_TRY(st,
                 weft_sql_quote(ctx, text != NULL ? text : "", text != NULL ? strlen(text) : 0, &literal));
        WEFT_TRY(st, weft_type_of_values(ctx, columns[i].type, &values));
        (void)weft_type_text(values, type, sizeof type);
        WEFT_TRY(st,
                 weft_arena_printf(ctx, ctx->arena, out, "%s %s %s <=> CAST(%s AS %s)", *out,
                                   i == 0 ? "WHERE" : "AND", column, text != NULL ? literal : "NULL", type));
        folder = *end == '/' ? end + 1 : end;
    }
done:
    return st;
}

static weft_status analyze_partition(weft_session *s, weft_ctx *ctx, const weft_node *command,
                                     const weft_table_definition *d, const char *folder, weft_pointers *pairs)
{
    weft_status st = WEFT_OK;
    weft_result *answer = NULL;
    weft_batch batch = {0};
    int64_t bytes = 0;
    char *path = NULL, *number = NULL, *text = NULL;
    const char *rows = NULL, *before = weft_statistic_find(d, "bytes", folder);
    WEFT_TRY(st, weft_partition_location(ctx, d, folder, &path));
    WEFT_TRY(st, folder_bytes(ctx, path, &bytes));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &number, "%lld", (long long)bytes));
    if (command->command.scans) {
        WEFT_TRY(st, partition_query(ctx, d, folder, &text));
        const weft_statement statement = {.text = text, .len = strlen(text)};
        WEFT_TRY(st, weft_session_execute(s, &statement, &ctx->error, &answer));
        WEFT_TRY(st, weft_result_next(answer, &ctx->error, &batch));
        WEFT_TRY(st, cell_text(ctx, &batch, 0, &rows));
    } else if (before != NULL && strcmp(before, number) == 0) {
        rows = weft_statistic_find(d, "rows", folder); /* nothing has changed: it is still true */
    }
    WEFT_TRY(st, weft_statistic_put(ctx, pairs, "bytes", folder, number));
    WEFT_TRY(st, weft_statistic_put(ctx, pairs, "rows", folder, rows));
done:
    weft_result_free(&answer);
    return st;
}

static weft_status analyze_partitions(weft_session *s, weft_ctx *ctx, const weft_node *command,
                                      const weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    weft_pointers folders = {0}, pairs = {0};
    for (int32_t i = 0; i < 2 * d->statistic_count; i++)
        WEFT_TRY(st, weft_pointers_push(ctx, &pairs, d->statistics[i]));
    WEFT_TRY(st, chosen_partitions(ctx, command, d, &folders));
    for (int32_t i = 0; i < folders.count; i++)
        WEFT_TRY(st, analyze_partition(s, ctx, command, d, folders.items[i], &pairs));
    WEFT_TRY(st, put_statistics(ctx, d, &pairs));
done:
    return st;
}

/* ---- the statement ---- */

weft_status weft_session_check_analyze(weft_session *s, weft_ctx *ctx, const weft_node *command)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    weft_pointers folders = {0};
    const int32_t last = command->command.part_count - 1;
    const char *name = last < 0 ? NULL : command->command.parts[last];
    if (command->command.view) return name == NULL ? WEFT_OK : weft_warehouse_expect_database(ctx, name);
    if (command->command.part_count == 1 && weft_session_catalog_has_view(s->catalog, name))
        return weft_fail_at(ctx, WEFT_EXPECT_TABLE, &command->span,
                            "'ANALYZE TABLE' expects a permanent view but `%s` is a temp view.", name);
    WEFT_TRY(st, weft_session_catalog_entry(ctx, command->command.parts, command->command.part_count, &d));
    if (d == NULL)
        return weft_fail_at(ctx, WEFT_TABLE_OR_VIEW_NOT_FOUND, &command->span,
                            "The table or view `%s` cannot be found. Verify the spelling and correctness of "
                            "the schema and catalog.",
                            name);
    if (d->query != NULL)
        return weft_fail_at(
            ctx, WEFT_ANALYZE_VIEW, &command->span,
            "The feature is not supported: The ANALYZE TABLE command does not support views.");
    WEFT_TRY(st, check_columns(ctx, command, d));
    if (command->command.spec_count > 0) WEFT_TRY(st, chosen_partitions(ctx, command, d, &folders));
done:
    return st;
}

weft_status weft_session_analyze(weft_session *s, weft_result *r, weft_error *error)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    const weft_node *command = r->after;
    const char *const *tables = NULL;
    const weft_table_definition *d = NULL;
    const char *database = command->command.part_count > 0
                               ? command->command.parts[command->command.part_count - 1]
                               : weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE);
    int32_t count = 0;
    if (!command->command.view) {
        WEFT_TRY(st,
                 weft_session_catalog_table(ctx, command->command.parts, command->command.part_count, &d));
        if (d != NULL)
            WEFT_TRY(st, command->command.spec_count > 0 ? analyze_partitions(s, ctx, command, d)
                                                         : analyze_table(s, ctx, command, d));
        goto done;
    }
    WEFT_TRY(st, weft_warehouse_tables(ctx, database, &tables, &count));
    for (int32_t i = 0; i < count; i++) {
        WEFT_TRY(st, weft_warehouse_find(ctx, database, tables[i], &d));
        if (d != NULL && d->query == NULL) WEFT_TRY(st, analyze_table(s, ctx, command, d));
    }
done:
    if (st != WEFT_OK) *error = ctx->error;
    return st;
}

weft_status weft_session_written(weft_session *s, weft_ctx *ctx, const char *const *parts, int32_t part_count)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    WEFT_TRY(st, weft_session_catalog_table(ctx, parts, part_count, &d));
    if (d == NULL) goto done;
    weft_table_cache_written(weft_session_catalog_cache(s->catalog), d->database, d->name);
    if (d->statistic_count > 0) WEFT_TRY(st, put_statistics(ctx, d, &(weft_pointers){0}));
done:
    return st;
}
