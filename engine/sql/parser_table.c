/* engine/sql/parser_table.c - statements about tables and databases: CREATE, DROP, ALTER, TRUNCATE, USE,
 * SHOW. */
#include <strings.h>

#include "common/settings.h"
#include "engine/columnar/collation.h"
#include "engine/expr/collate.h"
#include "engine/sql/parser_internal.h"

weft_status weft_sql_command(sql_parser *p, const weft_span *start, weft_table_op op, weft_node **out)
{
    const weft_status st =
        weft_sql_node_new(p, WEFT_NODE_TABLE_COMMAND, weft_sql_span_from(p, start), NULL, 0, out);
    if (st == WEFT_OK) (*out)->command.op = op;
    return st;
}

weft_status weft_sql_command_name(sql_parser *p, const char *what, weft_node *node)
{
    return weft_sql_names(p, what, &node->command.parts, &node->command.part_count);
}

/* ---- columns ---- */

static weft_status check_descriptor(sql_parser *p, bool added, const char *column, const char *what,
                                    bool twice)
{
    const weft_span span = weft_sql_peek(p, 0)->span;
    if (!twice) return WEFT_OK;
    return weft_fail_at(p->ctx, added ? WEFT_COLUMN_DESCRIPTOR_TWICE : WEFT_CREATE_DESCRIPTOR_TWICE, &span,
                        "%s column %s specifies descriptor \"%s\" more than once, which is invalid.",
                        added ? "ALTER TABLE ADD" : "CREATE TABLE", column, what);
}

weft_status weft_sql_check_default(sql_parser *p)
{
    const weft_span span = weft_sql_peek(p, 0)->span;
    if (weft_setting(p->ctx, WEFT_SET_DEFAULT_COLUMNS) != 0) return WEFT_OK;
    return weft_fail_at(p->ctx, WEFT_DEFAULT_DISABLED, &span,
                        "DEFAULT column values is not supported. Enable it by setting "
                        "\"spark.sql.defaultColumn.enabled\" to \"true\".");
}

/* What stands behind a column's type. added: of ALTER TABLE ADD COLUMNS. */
static weft_status parse_descriptors(sql_parser *p, bool added, weft_column_definition *c)
{
    weft_status st = WEFT_OK;
    bool not_null = false;
    size_t len = 0;
    for (;;) {
        const weft_span span = weft_sql_peek(p, 0)->span;
        if (sql_word(p, SQL_KW_NOT)) {
            WEFT_TRY(st, check_descriptor(p, added, c->name, "NOT NULL", not_null));
            if (added)
                WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_ADD_COLUMN_NOT_NULL, &span,
                                          "ADD COLUMN with v1 tables cannot specify NOT NULL."));
            weft_sql_advance(p);
            WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_NULL)); /* as in Spark files do not know of it */
            not_null = true;
        } else if (weft_sql_is_text(p, 0, "DEFAULT")) {
            const weft_expr *e = NULL;
            WEFT_TRY(st, check_descriptor(p, added, c->name, "DEFAULT", c->initial != NULL));
            WEFT_TRY(st, weft_sql_check_default(p));
            weft_sql_advance(p);
            const int32_t from = weft_sql_peek(p, 0)->span.start;
            WEFT_TRY(st, weft_sql_expr(p, &e));
            WEFT_TRY(st, weft_sql_text_copy(p, from, p->last.stop, &c->initial));
        } else if (sql_word(p, SQL_KW_COMMENT)) {
            WEFT_TRY(st, check_descriptor(p, added, c->name, "COMMENT", c->comment != NULL));
            weft_sql_advance(p);
            WEFT_TRY(st, weft_sql_string(p, "a comment", &c->comment, &len));
        } else if (weft_sql_is_text(p, 0, "GENERATED")) {
            WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_TABLE_OPERATION, &span,
                                      "The feature is not supported: the table does not support generated "
                                      "columns."));
        } else {
            break;
        }
    }
done:
    return st;
}

/* name type [NOT NULL] [DEFAULT e] [COMMENT text], …; bare: of ALTER TABLE, also without parentheses. */
weft_status weft_sql_column_list(sql_parser *p, bool bare, weft_pointers *columns)
{
    weft_status st = WEFT_OK;
    const bool parentheses = weft_sql_accept(p, SQL_LPAREN);
    const uint16_t before = p->type_collation;
    if (!parentheses && !bare) WEFT_TRY(st, weft_sql_syntax_error(p, "'('"));
    do {
        weft_column_definition *c = NULL;
        WEFT_TRY(st, WEFT_NEW(p->ctx, &c));
        WEFT_TRY(st, weft_sql_name(p, "the name of a column", &c->name));
        p->type_collation = WEFT_COLLATION_NULL; /* a clause behind them may say it */
        WEFT_TRY(st, weft_sql_column_type(p, &c->type));
        p->type_collation = before;
        WEFT_TRY(st, parse_descriptors(p, bare, c));
        WEFT_TRY(st, weft_pointers_push(p->ctx, columns, c));
    } while (weft_sql_accept(p, SQL_COMMA));
    if (parentheses) WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
done:
    return st;
}

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

/* ---- CREATE TABLE ---- */

typedef struct table_clauses {
    weft_pointers columns, options, properties, partitions;
    const char *format, *path, *comment, *collation;
    const char *const *buckets, *const *sorts;
    int32_t bucket_name_count, sort_count, bucket_count;
} table_clauses;

/* (a, b) of columns, or (a INT, b STRING COMMENT 'x') that are columns also. */
static weft_status parse_partitioned(sql_parser *p, table_clauses *c)
{
    weft_status st = WEFT_OK;
    weft_pointers more = {0};
    const bool typed = sql_is(p, SQL_LPAREN) && !sql_is_at(p, 2, SQL_COMMA) && !sql_is_at(p, 2, SQL_RPAREN) &&
                       !sql_is_at(p, 2, SQL_LPAREN);
    if (typed) {
        WEFT_TRY(st, weft_sql_column_list(p, false, &more));
        for (int32_t i = 0; i < more.count; i++) {
            WEFT_TRY(st, weft_pointers_push(p->ctx, &c->columns, more.items[i]));
            WEFT_TRY(st, weft_pointers_push(p->ctx, &c->partitions,
                                            ((const weft_column_definition *)more.items[i])->name));
        }
        goto done;
    }
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    do {
        const char *name = NULL;
        const weft_span at = weft_sql_peek(p, 0)->span;
        WEFT_TRY(st, weft_sql_name(p, "the name of a column", &name));
        if (sql_is(p, SQL_LPAREN))
            WEFT_TRY(st,
                     weft_fail_at(p->ctx, WEFT_PARTITION_TRANSFORM, &at,
                                  "Unsupported partition transform: `%s`. Tables of files are partitioned "
                                  "by columns.",
                                  name));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &c->partitions, name));
    } while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
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
                WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_BUCKET_COLUMNS, &at,
                                          "Operation not allowed: Column ordering must be ASC, was 'DESC'."));
            weft_sql_accept_text(p, "ASC");
            WEFT_TRY(st, weft_pointers_push(p->ctx, &sorts, name));
        } while (weft_sql_accept(p, SQL_COMMA));
        WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    }
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_INTO));
    const weft_span at = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, weft_sql_number(p, false, at, &number));
    if (!weft_sql_accept_text(p, "BUCKETS")) WEFT_TRY(st, weft_sql_syntax_error(p, "BUCKETS"));
    const int64_t count = weft_type_is_integral(number->type) ? number->literal.i64 : -1;
    if (count < 1 || count > WEFT_BUCKETS_MAX)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_BUCKET_COUNT, &at,
                                  "Number of buckets should be greater than 0 but less than or equal to %d. "
                                  "Got `%lld`.",
                                  WEFT_BUCKETS_MAX, (long long)count));
    c->bucket_count = (int32_t)count;
    c->sorts = weft_pointers_texts(&sorts);
    c->sort_count = sorts.count;
done:
    return st;
}

static weft_status parse_clauses(sql_parser *p, table_clauses *c)
{
    weft_status st = WEFT_OK;
    size_t len = 0;
    bool found = false;
    for (;;) {
        WEFT_TRY(st, weft_sql_default_collation(p, &c->collation, &found));
        if (found) continue;
        if (weft_sql_accept_word(p, SQL_KW_USING)) {
            WEFT_TRY(st, weft_sql_name(p, "the name of a format", &c->format));
        } else if (weft_sql_is_text(p, 0, "STORED") && sql_word_at(p, 1, SQL_KW_AS)) {
            weft_sql_advance(p);
            weft_sql_advance(p);
            WEFT_TRY(st, weft_sql_name(p, "the name of a format", &c->format));
        } else if (weft_sql_accept_word(p, SQL_KW_OPTIONS)) {
            WEFT_TRY(st, weft_sql_options(p, &c->options));
        } else if (weft_sql_accept_word(p, SQL_KW_LOCATION)) {
            WEFT_TRY(st, weft_sql_string(p, "a path", &c->path, &len));
        } else if (weft_sql_accept_word(p, SQL_KW_COMMENT)) {
            WEFT_TRY(st, weft_sql_string(p, "a comment", &c->comment, &len));
        } else if (weft_sql_accept_word(p, SQL_KW_TBLPROPERTIES)) {
            WEFT_TRY(st, weft_sql_options(p, &c->properties));
        } else if (weft_sql_accept_word(p, SQL_KW_PARTITIONED)) {
            WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_BY));
            WEFT_TRY(st, parse_partitioned(p, c));
        } else if (weft_sql_accept_text(p, "CLUSTERED")) {
            WEFT_TRY(st, parse_buckets(p, c));
        } else {
            break;
        }
    }
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

weft_status weft_sql_create_table(sql_parser *p, const weft_span *start, bool replace, const weft_node **out)
{
    weft_status st = WEFT_OK;
    table_clauses c = {.format = "parquet"};
    const weft_node *query = NULL;
    weft_node *node = NULL;
    weft_table_definition *d = NULL;
    const char *const *parts = NULL, *const *source = NULL;
    int32_t part_count = 0, source_count = 0;
    bool if_not_exists = false;
    WEFT_TRY(st, weft_sql_if_exists(p, true, &if_not_exists));
    WEFT_TRY(st, weft_sql_names(p, "the name of a table", &parts, &part_count));
    const bool like = weft_sql_accept_word(p, SQL_KW_LIKE);
    if (like) WEFT_TRY(st, weft_sql_names(p, "the name of a table", &source, &source_count));
    if (like) c.format = NULL;
    const weft_span columns_at = weft_sql_peek(p, 0)->span;
    if (sql_is(p, SQL_LPAREN) && !sql_word_at(p, 1, SQL_KW_SELECT))
        WEFT_TRY(st, weft_sql_column_list(p, false, &c.columns));
    WEFT_TRY(st, parse_clauses(p, &c));
    WEFT_TRY(st, make_definition(p, parts, part_count, &c, &d));
    const bool ends = sql_is(p, SQL_END) || sql_is(p, SQL_SEMICOLON);
    if (ends || like) {
        WEFT_TRY(st, weft_sql_command(p, start, like ? WEFT_TABLE_LIKE : WEFT_TABLE_CREATE, &node));
        node->command.source = source;
        node->command.source_count = source_count;
        node->command.parts = parts;
        node->command.part_count = part_count;
        node->command.if_exists = if_not_exists;
        node->command.replace = replace;
        node->command.table = d;
        *out = node;
        goto done;
    }
    weft_sql_accept_word(p, SQL_KW_AS);
    if (c.columns.count > 0)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_PARSE_SYNTAX_ERROR, &columns_at,
                                  "Operation not allowed: Schema may not be specified in a Create Table As "
                                  "Select (CTAS) statement."));
    WEFT_TRY(st, weft_sql_query(p, &query));
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_WRITE, weft_sql_span_from(p, start), &query, 1, &node));
    node->write.format = c.format;
    node->write.path = c.path;
    node->write.overwrite = replace;
    node->write.if_not_exists = if_not_exists;
    node->write.option_count = d->option_count;
    node->write.options = d->options;
    node->write.table_name = d->name;
    node->write.table = d;
    *out = node;
done:
    return st;
}

/* ---- databases ---- */

weft_status weft_sql_schema_collation(sql_parser *p, const weft_span *start)
{
    return weft_fail_at(p->ctx, WEFT_SCHEMA_COLLATION, start,
                        "The feature is not supported: Default collation for the specified schema.");
}

weft_status weft_sql_create_database(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    size_t len = 0;
    weft_pointers properties = {0};
    const char *location = NULL;
    weft_table_definition *d = NULL;
    WEFT_TRY(st, weft_sql_command(p, start, WEFT_DATABASE_CREATE, &node));
    WEFT_TRY(st, weft_sql_if_exists(p, true, &node->command.if_exists));
    WEFT_TRY(st, weft_sql_command_name(p, "the name of a database", node));
    for (;;) {
        if (weft_sql_accept_word(p, SQL_KW_COMMENT)) {
            WEFT_TRY(st, weft_sql_string(p, "a comment", &node->command.text, &len));
        } else if (weft_sql_accept_word(p, SQL_KW_LOCATION)) {
            WEFT_TRY(st, weft_sql_string(p, "a path", &location, &len));
        } else if (weft_sql_is_text(p, 0, "DEFAULT") && weft_sql_is_text(p, 1, "COLLATION")) {
            WEFT_TRY(st, weft_sql_schema_collation(p, start));
        } else if (weft_sql_accept_word(p, SQL_KW_WITH)) {
            WEFT_TRY(st, weft_sql_database_properties(p, start, &properties));
        } else {
            break;
        }
    }
    WEFT_TRY(st, WEFT_NEW(p->ctx, &d));
    d->location = location;
    d->property_count = properties.count / 2;
    d->properties = weft_pointers_texts(&properties);
    node->command.table = d;
    *out = node;
done:
    return st;
}

bool weft_sql_accept_database(sql_parser *p)
{
    return weft_sql_accept_text(p, "DATABASE") || weft_sql_accept_text(p, "SCHEMA") ||
           weft_sql_accept_text(p, "NAMESPACE");
}

weft_status weft_sql_drop_table(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    const bool database = weft_sql_accept_database(p);
    if (!database && !weft_sql_accept_word(p, SQL_KW_TABLE))
        WEFT_TRY(st, weft_sql_syntax_error(p, "VIEW, TABLE or DATABASE"));
    WEFT_TRY(st, weft_sql_command(p, start, database ? WEFT_DATABASE_DROP : WEFT_TABLE_DROP, &node));
    WEFT_TRY(st, weft_sql_if_exists(p, false, &node->command.if_exists));
    WEFT_TRY(st, weft_sql_command_name(p, database ? "the name of a database" : "the name of a table", node));
    if (database)
        node->command.cascade = weft_sql_accept_text(p, "CASCADE") ||
                                (weft_sql_accept_text(p, "RESTRICT") && false);
    else
        weft_sql_accept_text(p, "PURGE");
    node->span = weft_sql_span_from(p, start);
    *out = node;
done:
    return st;
}

/* ---- TRUNCATE, USE ---- */

weft_status weft_sql_table_command(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_node *node = NULL;
    if (weft_sql_is_text(p, 0, "ALTER") || weft_sql_is_text(p, 0, "MSCK") ||
        weft_sql_is_text(p, 0, "REPAIR") || weft_sql_is_text(p, 0, "REFRESH") || sql_word(p, SQL_KW_COMMENT))
        return weft_sql_alter(p, out);
    if (weft_sql_accept_text(p, "TRUNCATE")) {
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_TABLE));
        WEFT_TRY(st, weft_sql_command(p, &start, WEFT_TABLE_TRUNCATE, &node));
        WEFT_TRY(st, weft_sql_command_name(p, "the name of a table", node));
        if (sql_word(p, SQL_KW_PARTITION)) WEFT_TRY(st, weft_sql_command_spec(p, node));
    } else {
        weft_sql_advance(p);
        weft_sql_accept_database(p);
        WEFT_TRY(st, weft_sql_command(p, &start, WEFT_DATABASE_USE, &node));
        WEFT_TRY(st, weft_sql_command_name(p, "the name of a database", node));
    }
    node->span = weft_sql_span_from(p, &start);
    *out = node;
done:
    return st;
}

/* ---- SHOW ---- */

/* SHOW CURRENT NAMESPACE, SCHEMA, DATABASE: is the word behind CURRENT one of them? */
static bool names_database(sql_parser *p)
{
    return weft_sql_is_text(p, 1, "NAMESPACE") || weft_sql_is_text(p, 1, "SCHEMA") ||
           weft_sql_is_text(p, 1, "DATABASE");
}

weft_status weft_sql_show_tables(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    size_t len = 0;
    weft_pointers name = {0};
    *out = NULL;
    if (weft_sql_accept_text(p, "DATABASES") || weft_sql_accept_text(p, "SCHEMAS") ||
        weft_sql_accept_text(p, "NAMESPACES")) {
        WEFT_TRY(st, weft_sql_command(p, start, WEFT_DATABASE_SHOW, &node));
        if (weft_sql_accept_word(p, SQL_KW_FROM) || weft_sql_accept_word(p, SQL_KW_IN))
            WEFT_TRY(st, weft_sql_command_name(p, "the name of a catalogue or database", node));
        weft_sql_accept_word(p, SQL_KW_LIKE);
        if (sql_is(p, SQL_STRING)) WEFT_TRY(st, weft_sql_string(p, "a pattern", &node->command.to, &len));
    } else if (sql_word(p, SQL_KW_CURRENT) && names_database(p)) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_command(p, start, WEFT_DATABASE_CURRENT, &node));
    } else if (sql_word(p, SQL_KW_CREATE) && sql_word_at(p, 1, SQL_KW_TABLE)) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_command(p, start, WEFT_TABLE_SHOW_CREATE, &node));
        WEFT_TRY(st, weft_sql_command_name(p, "the name of a table", node));
        node->command.extended = weft_sql_accept_word(p, SQL_KW_AS);
        if (node->command.extended && !weft_sql_accept_text(p, "SERDE"))
            WEFT_TRY(st, weft_sql_syntax_error(p, "SERDE"));
    } else if (weft_sql_accept_text(p, "PARTITIONS")) {
        WEFT_TRY(st, weft_sql_command(p, start, WEFT_TABLE_SHOW_PARTITIONS, &node));
        WEFT_TRY(st, weft_sql_command_name(p, "the name of a table", node));
        if (sql_word(p, SQL_KW_PARTITION)) WEFT_TRY(st, weft_sql_command_spec(p, node));
    } else if (sql_word(p, SQL_KW_TABLE) && sql_word_at(p, 1, SQL_KW_EXTENDED)) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_command(p, start, WEFT_TABLE_SHOW_EXTENDED, &node));
        if (weft_sql_accept_word(p, SQL_KW_FROM) || weft_sql_accept_word(p, SQL_KW_IN))
            WEFT_TRY(st, weft_sql_command_name(p, "the name of a database", node));
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_LIKE));
        WEFT_TRY(st, weft_sql_string(p, "a pattern", &node->command.to, &len));
        if (sql_word(p, SQL_KW_PARTITION)) { /* the pattern is the name of the table then */
            for (int32_t i = 0; i < node->command.part_count; i++)
                WEFT_TRY(st, weft_pointers_push(p->ctx, &name, node->command.parts[i]));
            WEFT_TRY(st, weft_pointers_push(p->ctx, &name, node->command.to));
            node->command.parts = weft_pointers_texts(&name);
            node->command.part_count = name.count;
            WEFT_TRY(st, weft_sql_command_spec(p, node));
        }
    } else if (weft_sql_accept_word(p, SQL_KW_TBLPROPERTIES)) {
        WEFT_TRY(st, weft_sql_command(p, start, WEFT_TABLE_SHOW_PROPERTIES, &node));
        WEFT_TRY(st, weft_sql_command_name(p, "the name of a table", node));
        if (weft_sql_accept(p, SQL_LPAREN)) {
            WEFT_TRY(st, weft_sql_string(p, "the key of a property", &node->command.to, &len));
            WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
        }
    } else {
        return WEFT_OK;
    }
    node->span = weft_sql_span_from(p, start);
    *out = node;
done:
    return st;
}
