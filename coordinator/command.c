/* coordinator/command.c - see command.h. */
#include "coordinator/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/redact.h"
#include "common/settings.h"
#include "coordinator/table_command.h"
#include "engine/columnar/collation.h"
#include "engine/columnar/declared_type.h"
#include "engine/expr/icu.h"
#include "engine/expr/zone.h"
#include "engine/plan/pointers.h"
#include "engine/plan/table_statistics.h"

/* names and cells are in ctx->arena, or live longer; cells are row-major. */
static weft_command_rows text_rows(const char *const *names, int32_t width, const weft_pointers *cells)
{
    return (weft_command_rows){
        .width = width, .names = names, .count = cells->count / width, .cells = weft_pointers_texts(cells)};
}

weft_status weft_command_text(weft_ctx *ctx, const char *column, const char *text, weft_command_rows *out)
{
    weft_status st = WEFT_OK;
    weft_pointers lines = {0}, names = {0};
    WEFT_TRY(st, weft_pointers_push(ctx, &names, column));
    while (*text != 0) {
        const char *end = strchrnul(text, '\n');
        char *line = NULL;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, text, (size_t)(end - text), &line));
        WEFT_TRY(st, weft_pointers_push(ctx, &lines, line));
        text = *end == 0 ? end : end + 1;
    }
    *out = text_rows(weft_pointers_texts(&names), 1, &lines);
done:
    return st;
}

weft_status weft_command_settings(weft_ctx *ctx, const weft_settings *settings, const char *key,
                                  weft_pointers *cells, weft_command_rows *out)
{
    static const char *const names[] = {"key", "value"};
    weft_status st = WEFT_OK;
    const weft_setting_id wanted = key == NULL ? WEFT_SETTING_COUNT : weft_settings_find(key);
    for (int32_t i = 0; i < WEFT_SETTING_COUNT; i++) {
        if (key == NULL ? !settings->set[i] : (int32_t)wanted != i) continue;
        const char *name = weft_setting_find_def((weft_setting_id)i)->key;
        const bool is_secret = weft_redact_is_secret(name, strlen(name));
        WEFT_TRY(st, weft_pointers_push(ctx, cells, key != NULL ? key : name));
        WEFT_TRY(st, weft_pointers_push(ctx, cells, is_secret ? WEFT_REDACTED : settings->text[i]));
    }
    if (key != NULL && cells->count == 0) {
        WEFT_TRY(st, weft_pointers_push(ctx, cells, key));
        WEFT_TRY(st, weft_pointers_push(ctx, cells, "<undefined>"));
    }
    *out = text_rows(names, 2, cells);
done:
    return st;
}

/* May a session change it? Unknown keys may pass: setting them names the nearest. */
static weft_status check_scope(weft_ctx *ctx, const char *key)
{
    const weft_setting_id id = weft_settings_find(key);
    if (id == WEFT_SETTING_COUNT || weft_setting_find_def(id)->scope != WEFT_SCOPE_PROCESS) return WEFT_OK;
    const weft_status st = weft_fail(ctx, WEFT_CANNOT_MODIFY_CONFIG, "%s is fixed when the process starts",
                                     weft_setting_find_def(id)->key);
    weft_hint(ctx, "start it with --conf %s=…", weft_setting_find_def(id)->key);
    return st;
}

static weft_status check_zone(weft_ctx *ctx, const char *name)
{
    weft_zone *zone = NULL;
    weft_status st = weft_zone_open(ctx, name, &zone);
    weft_zone_close(&zone);
    if (st == WEFT_CONFIG) {
        weft_error_clear(ctx);
        st = weft_fail(ctx, WEFT_CONFIG_ZONE,
                       "The value '%.100s' in the config \"spark.sql.session.timeZone\" is invalid. Cannot "
                       "resolve the given timezone.",
                       name);
    }
    return st;
}

weft_status weft_command_refuse_setting(weft_ctx *ctx, const char *key, const char *value)
{
    const weft_status st =
        weft_fail(ctx, WEFT_UNSUPPORTED,
                  "The feature is not supported: %s = %.100s, which changes what queries mean.", key, value);
    weft_hint(ctx, "Leave it as it is in Spark by default; docs/conformance.md lists what is not there.");
    return st;
}

/* Settings that are one of a few words. */
static const struct {
    weft_setting_id id;
    const char *words[4]; /* in the order in which Spark shows them */
} choices[] = {
    {WEFT_SET_STORE_ASSIGNMENT, {"ANSI", "LEGACY", "STRICT"}},
    {WEFT_SET_PARTITION_OVERWRITE, {"STATIC", "DYNAMIC"}},
    {WEFT_SET_TIMESTAMP_TYPE, {"TIMESTAMP_NTZ", "TIMESTAMP_LTZ"}},
    {WEFT_SET_TIME_PARSER, {"EXCEPTION", "LEGACY", "CORRECTED"}},
    {WEFT_SET_PARQUET_REBASE, {"EXCEPTION", "LEGACY", "CORRECTED"}},
    {WEFT_SET_PARQUET_REBASE_INT96, {"EXCEPTION", "LEGACY", "CORRECTED"}},
};

static weft_status check_choice(weft_ctx *ctx, weft_setting_id id, const char *value)
{
    char shown[128]; /* each list above is far shorter */
    size_t n = 0;
    for (int32_t i = 0; i < WEFT_COUNT(choices); i++) {
        const char *const *words = choices[i].words;
        if (choices[i].id != id) continue;
        const char *const key = weft_setting_find_def(id)->alias;
        for (int32_t k = 0; words[k] != NULL; k++) {
            if (strcasecmp(words[k], value) == 0) return WEFT_OK;
            n += (size_t)snprintf(shown + n, sizeof shown - n, "%s%s", k > 0 ? ", " : "", words[k]);
        }
        return weft_fail(ctx, WEFT_CONFIG_OPTIONS,
                         "The value '%.100s' in the config \"%s\" is invalid. It should be one of '%s'.",
                         value, key, shown);
    }
    return WEFT_OK;
}

weft_status weft_command_check(weft_ctx *ctx, const weft_settings *settings)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < WEFT_COUNT(choices); i++)
        WEFT_TRY(st, check_choice(ctx, choices[i].id, settings->text[choices[i].id]));
    st = check_zone(ctx, settings->text[WEFT_SET_TIME_ZONE]);
done:
    return st;
}

/* The type that its values have in Spark. */
static const char *setting_type(const weft_setting_def *def)
{
    switch (def->kind) {
    case WEFT_SETTING_BOOL: return "boolean";
    case WEFT_SETTING_INT: return def->high > INT32_MAX ? "long" : "int";
    case WEFT_SETTING_BYTES: return "bytes in BYTE";
    case WEFT_SETTING_MS: return "time in MILLISECONDS";
    case WEFT_SETTING_TEXT: return "string";
    }
    return "string";
}

static bool is_of_type(const weft_setting_def *def, const char *value)
{
    int64_t number = 0;
    char *end = NULL;
    switch (def->kind) {
    case WEFT_SETTING_BOOL: return strcasecmp(value, "true") == 0 || strcasecmp(value, "false") == 0;
    case WEFT_SETTING_INT:
        errno = 0;
        (void)strtoll(value, &end, 10);
        return errno == 0 && end != value && *end == '\0';
    case WEFT_SETTING_BYTES: return weft_parse_bytes(value, &number);
    case WEFT_SETTING_MS: return weft_parse_ms(value, &number);
    case WEFT_SETTING_TEXT: return true;
    }
    return true;
}

/* A value that the setting did not take, in the words of Spark; the hint stays. */
static weft_status refuse_value(weft_ctx *ctx, const char *key, const char *value)
{
    const weft_setting_id id = weft_settings_find(key);
    const weft_error error = ctx->error;
    weft_status st = WEFT_CONFIG;
    if (id == WEFT_SETTING_COUNT) return st;
    const weft_setting_def *def = weft_setting_find_def(id);
    weft_error_clear(ctx);
    if (is_of_type(def, value))
        st = weft_fail(ctx, WEFT_CONFIG_REQUIREMENT,
                       "The value '%.100s' in the config \"%s\" is invalid. It is out of bounds.", value,
                       key);
    else
        st = weft_fail(ctx, WEFT_CONFIG_TYPE,
                       "The value '%.100s' in the config \"%s\" is invalid. It should be a/an '%s' value.",
                       value, key, setting_type(def));
    weft_hint(ctx, "%s", error.hint);
    return st;
}

weft_status weft_command_set(weft_ctx *ctx, weft_settings *settings, const char *key, const char *value)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, check_scope(ctx, key));
    WEFT_TRY(st, check_choice(ctx, weft_settings_find(key), value));
    if (weft_settings_find(key) == WEFT_SET_TIME_ZONE) WEFT_TRY(st, check_zone(ctx, value));
    st = weft_settings_set(ctx, settings, key, value);
    if (st == WEFT_CONFIG) st = refuse_value(ctx, key, value);
done:
    return st;
}

weft_status weft_command_reset(weft_ctx *ctx, weft_settings *settings, const weft_settings *start,
                               const char *key)
{
    weft_status st = WEFT_OK;
    if (key == NULL) {
        *settings = *start;
        return WEFT_OK;
    }
    const weft_setting_id id = weft_settings_find(key);
    if (id == WEFT_SETTING_COUNT) return weft_fail(ctx, WEFT_CONFIG, "there is no setting %s to reset", key);
    WEFT_TRY(st, check_scope(ctx, key));
    WEFT_TRY(st, weft_settings_set(ctx, settings, key, start->text[id]));
    settings->set[id] = start->set[id];
done:
    return st;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Tables of a database, then the temporary views, each by name. */
static weft_status show_tables(weft_ctx *ctx, const weft_session_catalog *catalog, const weft_node *show,
                               bool views, weft_command_rows *out)
{
    static const char *const table_names[] = {"namespace", "tableName", "isTemporary"};
    static const char *const view_names[] = {"namespace", "viewName", "isTemporary"};
    weft_status st = WEFT_OK;
    weft_pointers cells = {0}, found = {0};
    if (show->show.name == NULL || strcasecmp(show->show.name, WEFT_GLOBAL_DATABASE) != 0)
        WEFT_TRY(st, weft_table_command_list(ctx, show->show.name, show->show.pattern, views, &cells));
    for (int32_t i = 0; i < weft_session_catalog_count(catalog); i++)
        WEFT_TRY(st, weft_pointers_push(ctx, &found, weft_session_catalog_name(catalog, i)));
    if (found.count > 1) qsort(found.items, (size_t)found.count, sizeof(*found.items), compare_texts);
    const bool shows_global = show->show.name != NULL &&
                              strcasecmp(show->show.name, WEFT_GLOBAL_DATABASE) == 0;
    for (int32_t i = 0; i < found.count; i++) {
        static const char database[] = WEFT_GLOBAL_DATABASE ".";
        const char *name = found.items[i];
        const bool global = strncasecmp(name, database, sizeof database - 1) == 0;
        if (global && !shows_global) continue;
        if (global) name += sizeof database - 1;
        if (!weft_show_pattern_matches(show->show.pattern, name)) continue;
        WEFT_TRY(st, weft_pointers_push(ctx, &cells, global ? WEFT_GLOBAL_DATABASE : ""));
        WEFT_TRY(st, weft_pointers_push(ctx, &cells, name));
        WEFT_TRY(st, weft_pointers_push(ctx, &cells, "true"));
    }
    *out = text_rows(views ? view_names : table_names, 3, &cells);
    out->flags = 1u << 2;
done:
    return st;
}

static const char *column_comment(const weft_table_definition *d, const weft_node *query, int32_t at)
{
    const char *name = query->output.columns[at].name;
    for (int32_t i = 0; d != NULL && i < d->column_count; i++)
        if (strcasecmp(d->columns[i].name, name) == 0) return d->columns[i].comment;
    return d != NULL ? NULL : weft_declared_comment(query, at);
}

/* What DESCRIBE EXTENDED t c adds; there are no histograms. */
static weft_status column_statistics(weft_ctx *ctx, const weft_table_definition *d, const char *column,
                                     weft_pointers *cells)
{
    static const char *const known[][2] = {{"min", "min"},
                                           {"max", "max"},
                                           {"num_nulls", "nulls"},
                                           {"distinct_count", "distinct"},
                                           {"avg_col_len", "length"},
                                           {"max_col_len", "longest"},
                                           {"histogram", "histogram"}};
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < WEFT_COUNT(known); i++) {
        const char *value = d == NULL ? NULL : weft_statistic_find(d, known[i][1], column);
        WEFT_TRY(st, weft_pointers_push(ctx, cells, known[i][0]));
        WEFT_TRY(st, weft_pointers_push(ctx, cells, value != NULL ? value : "NULL"));
    }
done:
    return st;
}

/* What the table says of a column: CHAR(n) and VARCHAR(n) are STRING when they are read. */
static weft_type declared_type(const weft_table_definition *d, const weft_output *column)
{
    for (int32_t i = 0; d != NULL && i < d->column_count; i++)
        if (strcasecmp(d->columns[i].name, column->name) == 0 && weft_type_has_length(d->columns[i].type))
            return d->columns[i].type;
    return column->type;
}

static weft_status quoted_parts(weft_ctx *ctx, const char *const *parts, int32_t count, const char *quote,
                                char **out)
{
    weft_status st = WEFT_OK;
    *out = "";
    for (int32_t i = 0; i < count; i++)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s%s%s%s%s", *out, i > 0 ? "." : "", quote,
                                       parts[i], quote));
done:
    return st;
}

/* The column that [[[catalog.]database.]table.]column is, as its place among the columns. */
static weft_status find_column(weft_ctx *ctx, const weft_node *show, const weft_table_definition *d,
                               int32_t *out)
{
    weft_status st = WEFT_OK;
    const weft_outputs *output = &show->inputs[0]->output;
    const char *const *parts = show->show.column;
    const char *name = show->show.parts[show->show.part_count - 1];
    const char *const table[] = {"spark_catalog", d == NULL ? NULL : d->database,
                                 name}; /* NULL: a view's own */
    const int32_t count = show->show.column_count;
    char *text = NULL;
    for (int32_t before = count < 4 ? count - 1 : 3; before >= 0; before--) {
        bool same = true;
        for (int32_t k = 0; k < before && same; k++) {
            const char *own = table[3 - before + k];
            same = own != NULL && strcasecmp(parts[k], own) == 0 && (k + 1 == before || d != NULL);
        }
        for (*out = 0; same && *out < output->count; ++*out) {
            if (strcasecmp(output->columns[*out].name, parts[before]) != 0) continue;
            if (before + 1 == count) return WEFT_OK;
            WEFT_TRY(st, quoted_parts(ctx, parts + before, count - before, "", &text));
            return weft_fail_at(ctx, WEFT_DESCRIBE_NESTED_COLUMN, &show->span,
                                "DESC TABLE COLUMN does not support nested column: %s.", text);
        }
    }
    WEFT_TRY(st, quoted_parts(ctx, parts, count, "`", &text));
    st = weft_fail_at(
        ctx, WEFT_COLUMN_NOT_FOUND, &show->span,
        "The column %s cannot be found. Verify the spelling and correctness of the column name.", text);
done:
    return st;
}

/* DESCRIBE t c */
static weft_status describe_column(weft_ctx *ctx, const weft_node *show, const weft_table_definition *d,
                                   weft_command_rows *out)
{
    static const char *const names[] = {"info_name", "info_value"};
    weft_status st = WEFT_OK;
    weft_pointers cells = {0};
    char *type = NULL;
    const weft_outputs *output = &show->inputs[0]->output;
    int32_t at = 0;
    WEFT_TRY(st, find_column(ctx, show, d, &at));
    const char *comment = column_comment(d, show->inputs[0], at);
    WEFT_TRY(st, weft_type_text_copy(ctx, declared_type(d, &output->columns[at]), true, &type));
    const char *const rows[] = {"col_name", output->columns[at].name,          "data_type", type,
                                "comment",  comment != NULL ? comment : "NULL"};
    for (int32_t i = 0; i < WEFT_COUNT(rows); i++) WEFT_TRY(st, weft_pointers_push(ctx, &cells, rows[i]));
    if (show->show.extended) WEFT_TRY(st, column_statistics(ctx, d, output->columns[at].name, &cells));
    *out = text_rows(names, 2, &cells);
done:
    return st;
}

/* The table or view of the warehouse that DESCRIBE names; NULL: a temporary view, a path, a query. */
static weft_status described(weft_ctx *ctx, const weft_session_catalog *catalog, const weft_node *show,
                             const weft_table_definition **out)
{
    *out = NULL;
    if (show->show.part_count == 0) return WEFT_OK;
    if (show->show.part_count == 1 && weft_session_catalog_has_view(catalog, show->show.parts[0]))
        return WEFT_OK;
    return weft_session_catalog_entry(ctx, show->show.parts, show->show.part_count, out);
}

static weft_status show_columns(weft_ctx *ctx, const weft_session_catalog *catalog, const weft_node *show,
                                bool describe, weft_command_rows *out)
{
    static const char *const names[] = {"col_name", "data_type", "comment"};
    weft_status st = WEFT_OK;
    weft_pointers cells = {0};
    const weft_outputs *output = &show->inputs[0]->output;
    const weft_table_definition *d = NULL;
    WEFT_TRY(st, described(ctx, catalog, show, &d));
    if (show->show.column_count > 0) return describe_column(ctx, show, d, out);
    for (int32_t i = 0; i < output->count; i++) {
        char *type = NULL;
        WEFT_TRY(st, weft_pointers_push(ctx, &cells, output->columns[i].name));
        if (!describe) continue;
        WEFT_TRY(st, weft_type_text_copy(ctx, declared_type(d, &output->columns[i]), true, &type));
        WEFT_TRY(st, weft_pointers_push(ctx, &cells, type));
        WEFT_TRY(st, weft_pointers_push(ctx, &cells, column_comment(d, show->inputs[0], i)));
    }
    if (show->show.spec != NULL)
        WEFT_TRY(st, weft_table_command_describe_partition(ctx, show, d, &cells));
    else if (describe && d != NULL)
        WEFT_TRY(st, weft_table_command_describe(ctx, d, show->show.extended, &cells));
    *out = text_rows(names, describe ? 3 : 1, &cells);
done:
    return st;
}

static weft_status describe_json(weft_ctx *ctx, const weft_session_catalog *catalog, const weft_node *show,
                                 weft_command_rows *out)
{
    static const char *const names[] = {"json_metadata"};
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    const char *text = NULL;
    weft_pointers cells = {0};
    WEFT_TRY(st, described(ctx, catalog, show, &d));
    if (d == NULL)
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_UNSUPPORTED, &show->span,
                                  "The feature is not supported: DESCRIBE ... AS JSON of a temporary view or "
                                  "a path. Leave AS JSON out."));
    WEFT_TRY(st, weft_table_command_describe_json(ctx, show, d, &text));
    WEFT_TRY(st, weft_pointers_push(ctx, &cells, text));
    *out = text_rows(names, 1, &cells);
done:
    return st;
}

/* ---- what there is beside tables ---- */

/* LIST JARS, LIST ARCHIVES: none can be added. */
static weft_status no_jars(weft_command_rows *out)
{
    static const char *const names[] = {"Results"};
    const weft_pointers none = {0};
    *out = text_rows(names, 1, &none);
    return WEFT_OK;
}

/* There is one catalogue. */
static weft_status show_catalogs(weft_ctx *ctx, const weft_node *show, weft_command_rows *out)
{
    static const char *const names[] = {"catalog"};
    weft_status st = WEFT_OK;
    weft_pointers cells = {0};
    if (weft_show_pattern_matches(show->show.pattern, "spark_catalog"))
        WEFT_TRY(st, weft_pointers_push(ctx, &cells, "spark_catalog"));
    *out = text_rows(names, 1, &cells);
done:
    return st;
}

/* The rows of collations() without their catalogue and schema. */
static weft_status show_collations(weft_ctx *ctx, const weft_node *show, weft_command_rows *out)
{
    weft_status st = WEFT_OK;
    weft_pointers cells = {0};
    char name[WEFT_COLLATION_NAME_BYTES], version[32];
    const bool icu = weft_icu_version(version, sizeof version);
    const int32_t skipped = 2;
    for (uint16_t c = weft_collation_next(WEFT_COLLATION_NULL); c != WEFT_COLLATION_NULL;
         c = weft_collation_next(c)) {
        const char *texts[WEFT_COLLATION_COLUMNS];
        if (!weft_show_pattern_matches(show->show.pattern, weft_collation_name(c, name))) continue;
        weft_collation_texts(c, icu ? version : NULL, name, texts);
        for (int32_t i = skipped; i < WEFT_COLLATION_COLUMNS; i++) {
            char *copy = NULL;
            if (texts[i] != NULL)
                WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, texts[i], strlen(texts[i]), &copy));
            WEFT_TRY(st, weft_pointers_push(ctx, &cells, copy));
        }
    }
    *out = text_rows(weft_collation_columns + skipped, WEFT_COLLATION_COLUMNS - skipped, &cells);
done:
    return st;
}

static weft_status no_procedure(weft_ctx *ctx, const weft_node *show)
{
    weft_status st = WEFT_OK;
    char *name = NULL;
    WEFT_TRY(st, quoted_parts(ctx, show->show.parts, show->show.part_count, "`", &name));
    st = weft_fail_at(ctx, WEFT_UNRESOLVED_ROUTINE, &show->span,
                      "Cannot resolve routine %s on search path [`system`.`builtin`, `system`.`session`, "
                      "`spark_catalog`.`%s`].",
                      name, weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE));
done:
    return st;
}

weft_status weft_command_show(weft_ctx *ctx, const weft_session_catalog *catalog, const weft_node *show,
                              weft_command_rows *out)
{
    const char *what = show->show.what;
    if (strcmp(what, "tables") == 0) return show_tables(ctx, catalog, show, false, out);
    if (strcmp(what, "tables as json") == 0) {
        const weft_status st = show_tables(ctx, catalog, show, false, out);
        return st == WEFT_OK ? weft_show_tables_json(ctx, out) : st;
    }
    if (strcmp(what, "views") == 0) return show_tables(ctx, catalog, show, true, out);
    if (strcmp(what, "describe as json") == 0) return describe_json(ctx, catalog, show, out);
    if (strcmp(what, "jars") == 0) return no_jars(out);
    if (strcmp(what, "catalogs") == 0) return show_catalogs(ctx, show, out);
    if (strcmp(what, "collations") == 0) return show_collations(ctx, show, out);
    if (strcmp(what, "procedures") == 0)
        return weft_fail(ctx, WEFT_NO_PROCEDURES, "Catalog spark_catalog does not support procedures.");
    if (strcmp(what, "procedure") == 0) return no_procedure(ctx, show);
    if (show->input_count == 1) return show_columns(ctx, catalog, show, strcmp(what, "columns") != 0, out);
    return weft_fail_at(ctx, WEFT_UNSUPPORTED, &show->span, "SHOW %s is not supported.", what);
}

weft_status weft_command_alias(weft_ctx *ctx, const weft_node *create, const weft_node *parsed,
                               const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *alias = NULL;
    const weft_node **input = NULL;
    const char **columns = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &alias));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 1, &input));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, create->view.column_count, &columns));
    for (int32_t i = 0; i < create->view.column_count; i++) {
        char *copy = NULL;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, create->view.columns[i],
                                     strlen(create->view.columns[i]), &copy));
        columns[i] = copy;
    }
    char *name = NULL;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, create->view.name, strlen(create->view.name), &name));
    input[0] = parsed;
    alias->kind = WEFT_NODE_ALIAS;
    alias->span = parsed->span;
    alias->input_count = 1;
    alias->inputs = input;
    alias->output.count = -1;
    alias->alias.name = name;
    alias->alias.column_count = create->view.column_count;
    alias->alias.columns = columns;
    *out = alias;
done:
    return st;
}
