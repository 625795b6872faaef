/* engine/sql/parser_create.c - CREATE TABLE, of columns, AS a query, or LIKE another table. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "engine/columnar/collation.h"
#include "engine/expr/collate.h"
#include "engine/plan/table_clustering.h"
#include "engine/sql/parser_internal.h"

typedef struct table_clauses {
    const weft_span *start; /* of the statement */
    bool like;
    weft_pointers columns, options, properties, partitions;
    weft_pointers typed; /* columns that PARTITIONED BY makes */
    sql_made made;
    sql_storage storage;
    weft_clustering clustering;
    const char *format, *path, *comment, *collation;
    const char *const *buckets, *const *sorts;
    int32_t bucket_name_count, sort_count, bucket_count;
    bool has_format, has_path, has_comment, has_options, has_properties, has_partitions, has_buckets;
} table_clauses;

static weft_status set_columns(sql_parser *p, const weft_pointers *list, const char *collation,
                               weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    weft_column_definition *columns = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, list->count, &columns));
    for (int32_t i = 0; i < list->count; i++) {
        columns[i] = *(const weft_column_definition *)list->items[i];
        WEFT_TRY(st, weft_type_settle_collation(p->ctx, collation, &columns[i].type));
    }
    d->collation = collation;
    d->columns = columns;
    d->column_count = list->count;
done:
    return st;
}

/* ---- PARTITIONED BY ---- */

static weft_status set_bucket_count(sql_parser *p, const weft_span *at, const weft_expr *number,
                                    table_clauses *c)
{
    const int64_t count = weft_type_is_integral(number->type) ? number->literal.i64 : -1;
    if (count < 1 || count > WEFT_BUCKETS_MAX)
        return weft_fail_at(p->ctx, WEFT_BUCKET_COUNT, at,
                            "Number of buckets should be greater than 0 but less than or equal to %d. Got "
                            "`%lld`.",
                            WEFT_BUCKETS_MAX, (long long)count);
    c->bucket_count = (int32_t)count;
    return WEFT_OK;
}

/* bucket(n, a, b): the same as CLUSTERED BY (a, b) INTO n BUCKETS. After the parenthesis. */
static weft_status parse_bucket_transform(sql_parser *p, table_clauses *c)
{
    weft_status st = WEFT_OK;
    weft_pointers names = {0};
    const weft_expr *number = NULL;
    const weft_span at = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, weft_sql_once(p, c->start, &c->has_buckets, "CLUSTERED BY"));
    WEFT_TRY(st, weft_sql_number(p, false, at, &number));
    WEFT_TRY(st, set_bucket_count(p, &at, number, c));
    do {
        const char *name = NULL;
        WEFT_TRY(st, weft_sql_expect(p, SQL_COMMA, "','"));
        WEFT_TRY(st, weft_sql_name(p, "the name of a column", &name));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &names, name));
    } while (sql_is(p, SQL_COMMA));
    c->buckets = weft_pointers_texts(&names);
    c->bucket_name_count = names.count;
done:
    return st;
}

/* identity(a), bucket(n, a): at the parenthesis. */
static weft_status parse_transform(sql_parser *p, const char *name, const weft_span *at, table_clauses *c)
{
    weft_status st = WEFT_OK;
    const char *column = NULL;
    weft_sql_advance(p);
    if (strcasecmp(name, "identity") == 0) {
        WEFT_TRY(st, weft_sql_name(p, "the name of a column", &column));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &c->partitions, column));
    } else if (strcasecmp(name, "bucket") == 0) {
        WEFT_TRY(st, parse_bucket_transform(p, c));
    } else {
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_PARTITION_TRANSFORM, at,
                                  "Unsupported partition transform: `%s`. The supported transforms are "
                                  "`identity`, `bucket`, and `clusterBy`. Ensure your transform expression "
                                  "uses one of these.",
                                  name));
    }
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
done:
    return st;
}

/* (a, b) of columns, or (a INT, b STRING COMMENT 'x') that are columns also. */
static weft_status parse_partitioned(sql_parser *p, table_clauses *c)
{
    weft_status st = WEFT_OK;
    bool named = false;
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    do {
        const char *name = NULL;
        const weft_span at = weft_sql_peek(p, 0)->span;
        WEFT_TRY(st, weft_sql_name(p, "the name of a column", &name));
        if (sql_is(p, SQL_LPAREN)) {
            WEFT_TRY(st, parse_transform(p, name, &at, c));
            named = true;
            continue;
        }
        if (sql_is(p, SQL_COMMA) || sql_is(p, SQL_RPAREN))
            named = true;
        else
            WEFT_TRY(st, weft_sql_column(p, NULL, name, NULL, &c->typed));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &c->partitions, name));
    } while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    if (named && c->typed.count > 0)
        st = weft_sql_not_allowed(p, c->start,
                                  "PARTITION BY: Cannot mix partition expressions and partition columns");
done:
    return st;
}

/* ---- CLUSTER BY, CLUSTERED BY ---- */

weft_status weft_sql_clustering(sql_parser *p, weft_clustering *out)
{
    weft_status st = WEFT_OK;
    weft_pointers list = {0};
    weft_clustering_column *columns = NULL;
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_BY));
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    do {
        weft_clustering_column *column = NULL;
        WEFT_TRY(st, WEFT_NEW(p->ctx, &column));
        WEFT_TRY(st, weft_sql_names(p, "the name of a column", &column->parts, &column->part_count));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &list, column));
    } while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, list.count, &columns));
    for (int32_t i = 0; i < list.count; i++) columns[i] = *(const weft_clustering_column *)list.items[i];
    *out = (weft_clustering){.set = true, .count = list.count, .columns = columns};
done:
    return st;
}

/* CLUSTERED BY (a, b) [SORTED BY (c [ASC], …)] INTO n BUCKETS: after CLUSTERED. */
static weft_status parse_buckets(sql_parser *p, table_clauses *c)
{
    weft_status st = WEFT_OK;
    weft_pointers sorts = {0};
    const weft_expr *number = NULL;
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_BY));
    WEFT_TRY(st, weft_sql_name_list(p, &c->buckets, &c->bucket_name_count));
    if (weft_sql_accept_text(p, "SORTED")) {
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_BY));
        WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
        do {
            const char *name = NULL;
            const weft_span at = weft_sql_peek(p, 0)->span;
            WEFT_TRY(st, weft_sql_name(p, "the name of a column", &name));
            if (weft_sql_accept_text(p, "DESC"))
                WEFT_TRY(st, weft_sql_not_allowed(p, &at, "Column ordering must be ASC, was 'DESC'"));
            weft_sql_accept_text(p, "ASC");
            WEFT_TRY(st, weft_pointers_push(p->ctx, &sorts, name));
        } while (weft_sql_accept(p, SQL_COMMA));
        WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    }
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_INTO));
    const weft_span at = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, weft_sql_number(p, false, at, &number));
    if (!weft_sql_accept_text(p, "BUCKETS")) WEFT_TRY(st, weft_sql_syntax_error(p, "BUCKETS"));
    WEFT_TRY(st, set_bucket_count(p, &at, number, c));
    c->sorts = weft_pointers_texts(&sorts);
    c->sort_count = sorts.count;
done:
    return st;
}

/* ---- all clauses ---- */

/* Those that CREATE TABLE … LIKE has, too; *found. */
static weft_status parse_shared_clause(sql_parser *p, table_clauses *c, bool *found)
{
    weft_status st = WEFT_OK;
    size_t len = 0;
    WEFT_TRY(st, weft_sql_storage(p, c->start, &c->storage, found));
    if (*found) goto done;
    *found = true;
    if (c->like && weft_sql_accept_word(p, SQL_KW_USING)) {
        WEFT_TRY(st, weft_sql_once(p, c->start, &c->has_format, "PROVIDER"));
        WEFT_TRY(st, weft_sql_provider(p, &c->format));
    } else if (weft_sql_accept_word(p, SQL_KW_LOCATION)) {
        WEFT_TRY(st, weft_sql_once(p, c->start, &c->has_path, "LOCATION"));
        WEFT_TRY(st, weft_sql_string(p, "a path", &c->path, &len));
    } else if (weft_sql_accept_word(p, SQL_KW_TBLPROPERTIES)) {
        WEFT_TRY(st, weft_sql_once(p, c->start, &c->has_properties, "TBLPROPERTIES"));
        WEFT_TRY(st, weft_sql_options(p, &c->properties));
    } else {
        *found = false;
    }
done:
    return st;
}

static weft_status parse_own_clause(sql_parser *p, table_clauses *c, bool *found)
{
    weft_status st = WEFT_OK;
    size_t len = 0;
    WEFT_TRY(st, weft_sql_default_collation(p, c->start, &c->collation, found));
    if (*found) goto done;
    *found = true;
    if (weft_sql_accept_word(p, SQL_KW_OPTIONS)) {
        WEFT_TRY(st, weft_sql_once(p, c->start, &c->has_options, "OPTIONS"));
        WEFT_TRY(st, weft_sql_constant_options(p, &c->options));
    } else if (weft_sql_accept_word(p, SQL_KW_COMMENT)) {
        WEFT_TRY(st, weft_sql_once(p, c->start, &c->has_comment, "COMMENT"));
        WEFT_TRY(st, weft_sql_string(p, "a comment", &c->comment, &len));
    } else if (weft_sql_accept_word(p, SQL_KW_PARTITIONED)) {
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_BY));
        WEFT_TRY(st, weft_sql_once(p, c->start, &c->has_partitions, "PARTITIONED BY"));
        WEFT_TRY(st, parse_partitioned(p, c));
    } else if (weft_sql_accept_text(p, "CLUSTERED")) {
        WEFT_TRY(st, weft_sql_once(p, c->start, &c->has_buckets, "CLUSTERED BY"));
        WEFT_TRY(st, parse_buckets(p, c));
    } else if (weft_sql_accept_word(p, SQL_KW_CLUSTER)) {
        WEFT_TRY(st, weft_sql_once(p, c->start, &c->clustering.set, "CLUSTER BY"));
        WEFT_TRY(st, weft_sql_clustering(p, &c->clustering));
    } else if (weft_sql_is_text(p, 0, "SKEWED") && sql_word_at(p, 1, SQL_KW_BY)) {
        WEFT_TRY(st, weft_sql_invalid_statement(p, c->start, "CREATE TABLE ... SKEWED BY"));
    } else {
        *found = false;
    }
done:
    return st;
}

static weft_status parse_clauses(sql_parser *p, table_clauses *c)
{
    weft_status st = WEFT_OK;
    bool found = true;
    if (!c->like && weft_sql_accept_word(p, SQL_KW_USING)) {
        c->has_format = true;
        WEFT_TRY(st, weft_sql_provider(p, &c->format));
    }
    while (found) {
        WEFT_TRY(st, parse_shared_clause(p, c, &found));
        if (!found && !c->like) WEFT_TRY(st, parse_own_clause(p, c, &found));
    }
done:
    return st;
}

/* ---- which of them go together ---- */

weft_status weft_sql_check_property(sql_parser *p, const weft_span *start, const char *key)
{
    static const char *const reserved[][2] = {
        {"provider", "please use the USING clause to specify it"},
        {"location", "please use the LOCATION clause to specify it"},
        {"owner", "it will be set to the current user"},
        {"collation", "please use the DEFAULT COLLATION clause to specify it"},
        {"external", "please use CREATE EXTERNAL TABLE"},
        {"is_managed_location", "please remove it from the TBLPROPERTIES list."}};
    for (int32_t i = 0; i < WEFT_COUNT(reserved); i++)
        if (strcmp(key, reserved[i][0]) == 0)
            return weft_fail_at(p->ctx, WEFT_TABLE_PROPERTY, start,
                                "The feature is not supported: %s is a reserved table property, %s.", key,
                                reserved[i][1]);
    return WEFT_OK;
}

/* The option path is the place of the table, as LOCATION is. */
static weft_status take_path_option(sql_parser *p, table_clauses *c)
{
    weft_status st = WEFT_OK;
    weft_pointers kept = {0};
    for (int32_t i = 0; i < c->options.count; i += 2) {
        const char *key = c->options.items[i], *value = c->options.items[i + 1];
        WEFT_TRY(st, weft_sql_check_property(p, c->start, key));
        if (strcasecmp(key, "path") != 0) {
            WEFT_TRY(st, weft_pointers_push(p->ctx, &kept, key));
            WEFT_TRY(st, weft_pointers_push(p->ctx, &kept, value));
        } else if (c->has_path) {
            WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_TABLE_PATHS, c->start,
                                      "Duplicated table paths found: '%s' and '%s'. LOCATION and the case "
                                      "insensitive key 'path' in OPTIONS are all used to indicate the custom "
                                      "table path, you can only specify one of them.",
                                      c->path, value));
        } else {
            c->path = value;
        }
    }
    c->options = kept;
done:
    return st;
}

/* Where there is a provider, Hive's clauses are none; without, they are Hive's, which is not there. LIKE
 * knows files of Parquet by Hive's name, too. */
static weft_status check_storage(sql_parser *p, table_clauses *c)
{
    weft_status st = WEFT_OK;
    const sql_storage *s = &c->storage;
    char *what = NULL;
    if (!s->has_row_format && !s->has_format) return WEFT_OK;
    WEFT_TRY(st, weft_sql_check_storage(p, c->start, s));
    if (c->has_format) {
        WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &what, "CREATE TABLE%s ... USING ...%s%s",
                                       c->like ? " LIKE" : "", s->format != NULL ? " STORED AS " : "",
                                       s->format != NULL ? s->format
                                       : s->serde        ? " ROW FORMAT SERDE X"
                                                         : ""));
        for (char *at = strstr(what, "STORED AS "); at != NULL && *at != '\0'; at++)
            *at = (char)toupper((unsigned char)*at);
        return weft_sql_invalid_statement(p, c->start, what);
    }
    if (c->like && s->serde && !s->has_format)
        return weft_fail_at(p->ctx, WEFT_ROW_FORMAT_ALONE, c->start,
                            "'ROW FORMAT' must be used with 'STORED AS'.");
    if (s->format != NULL && !weft_sql_hive_format(s->format))
        return weft_fail_at(p->ctx, WEFT_STORED_AS, c->start, "STORED AS with file format '%s' is invalid.",
                            s->format);
    c->format = s->format;
    if (!c->like || s->format == NULL || strcasecmp(s->format, "parquet") != 0)
        st = weft_sql_needs_hive(p, c->start, "CREATE Hive TABLE (AS SELECT)");
done:
    return st;
}

static weft_status check_clauses(sql_parser *p, table_clauses *c)
{
    weft_status st = WEFT_OK;
    const char *text = NULL;
    for (int32_t i = 0; i < c->properties.count; i += 2)
        WEFT_TRY(st, weft_sql_check_property(p, c->start, c->properties.items[i]));
    WEFT_TRY(st, take_path_option(p, c));
    WEFT_TRY(st, check_storage(p, c));
    if (!c->clustering.set) goto done;
    if (c->has_partitions)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_CLUSTER_AND_PARTITION, c->start,
                                  "Cannot specify both CLUSTER BY and PARTITIONED BY."));
    if (c->has_buckets)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_CLUSTER_AND_BUCKET, c->start,
                                  "Cannot specify both CLUSTER BY and CLUSTERED BY INTO BUCKETS."));
    WEFT_TRY(st, weft_clustering_text(p->ctx, &c->clustering, &text));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &c->properties, WEFT_CLUSTERING_KEY));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &c->properties, text));
done:
    return st;
}

static weft_status make_definition(sql_parser *p, const char *const *parts, int32_t part_count,
                                   const table_clauses *c, weft_table_definition **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(p->ctx, out));
    **out = (weft_table_definition){.database = part_count > 1 ? parts[part_count - 2] : NULL,
                                    .name = parts[part_count - 1],
                                    .external = c->path != NULL,
                                    .format = c->format,
                                    .location = c->path,
                                    .comment = c->comment,
                                    .option_count = c->options.count / 2,
                                    .options = weft_pointers_texts(&c->options),
                                    .property_count = c->properties.count / 2,
                                    .properties = weft_pointers_texts(&c->properties),
                                    .partition_count = c->partitions.count,
                                    .partition_names = weft_pointers_texts(&c->partitions),
                                    .bucket_count = c->bucket_count,
                                    .bucket_name_count = c->bucket_name_count,
                                    .bucket_names = c->buckets,
                                    .sort_name_count = c->sort_count,
                                    .sort_names = c->sorts};
    WEFT_TRY(st, set_columns(p, &c->columns, c->collation, *out));
done:
    return st;
}

/* ---- the statement ---- */

/* AS query: the columns are those of the query. */
static weft_status create_as(sql_parser *p, const table_clauses *c, const weft_table_definition *d,
                             bool if_not_exists, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *query = NULL;
    weft_node *node = NULL;
    weft_sql_accept_word(p, SQL_KW_AS);
    WEFT_TRY(st, weft_sql_query(p, &query));
    if (c->made.constraint)
        return weft_sql_not_allowed(
            p, c->start, "Constraints may not be specified in a Create Table As Select (CTAS) statement");
    if (c->columns.count > c->typed.count)
        return weft_sql_not_allowed(
            p, c->start, "Schema may not be specified in a Create Table As Select (CTAS) statement");
    if (c->typed.count > 0)
        return weft_sql_not_allowed(
            p, c->start, "Partition column types may not be specified in Create Table As Select (CTAS)");
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_WRITE, weft_sql_span_from(p, c->start), &query, 1, &node));
    node->write.format = c->format;
    node->write.path = c->path;
    node->write.if_not_exists = if_not_exists;
    node->write.option_count = d->option_count;
    node->write.options = d->options;
    node->write.table_name = d->name;
    node->write.table = d;
    *out = node;
done:
    return st;
}

/* What Spark's own catalogue cannot carry out of the statement, for its error; NULL: nothing. */
static weft_status refused_part(sql_parser *p, const table_clauses *c, bool replace, bool ends,
                                const char **out)
{
    weft_status st = WEFT_OK;
    const weft_node *query = NULL;
    *out = NULL;
    if (replace && !ends) {
        weft_sql_accept_word(p, SQL_KW_AS);
        WEFT_TRY(st, weft_sql_query(p, &query));
    }
    if (replace)
        *out = ends ? "REPLACE TABLE" : "REPLACE TABLE AS SELECT";
    else if (ends && c->made.constraint)
        *out = "CONSTRAINT";
    else if (ends && c->made.generated)
        *out = "generated columns";
done:
    return st;
}

weft_status weft_sql_create_table(sql_parser *p, const weft_span *start, bool replace, const weft_node **out)
{
    weft_status st = WEFT_OK;
    table_clauses c = {.start = start, .format = "parquet"};
    weft_node *node = NULL;
    weft_table_definition *d = NULL;
    const char *const *parts = NULL, *const *source = NULL, *refused = NULL;
    int32_t part_count = 0, source_count = 0;
    bool if_not_exists = false;
    if (!replace) WEFT_TRY(st, weft_sql_if_exists(p, true, &if_not_exists));
    WEFT_TRY(st, weft_sql_names(p, "the name of a table", &parts, &part_count));
    c.like = !replace && weft_sql_accept_word(p, SQL_KW_LIKE);
    if (c.like) WEFT_TRY(st, weft_sql_names(p, "the name of a table", &source, &source_count));
    if (c.like) c.format = NULL;
    if (!c.like && sql_is(p, SQL_LPAREN) && !sql_word_at(p, 1, SQL_KW_SELECT))
        WEFT_TRY(st, weft_sql_column_list(p, NULL, &c.made, &c.columns));
    WEFT_TRY(st, parse_clauses(p, &c));
    WEFT_TRY(st, check_clauses(p, &c));
    for (int32_t i = 0; i < c.typed.count; i++)
        WEFT_TRY(st, weft_pointers_push(p->ctx, &c.columns, c.typed.items[i]));
    WEFT_TRY(st, make_definition(p, parts, part_count, &c, &d));
    const bool ends = sql_is(p, SQL_END) || sql_is(p, SQL_SEMICOLON) || c.like;
    WEFT_TRY(st, refused_part(p, &c, replace, ends, &refused));
    if (!ends && refused == NULL) return create_as(p, &c, d, if_not_exists, out);
    WEFT_TRY(st, weft_sql_command(p, start, c.like ? WEFT_TABLE_LIKE : WEFT_TABLE_CREATE, &node));
    node->command.source = source;
    node->command.source_count = source_count;
    node->command.parts = parts;
    node->command.part_count = part_count;
    node->command.if_exists = if_not_exists;
    node->command.text = refused;
    node->command.table = d;
    *out = node;
done:
    return st;
}
