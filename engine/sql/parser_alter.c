/* engine/sql/parser_alter.c - ALTER TABLE, VIEW and DATABASE; COMMENT ON, MSCK REPAIR, REFRESH. */
#include <string.h>
#include <strings.h>

#include "engine/sql/parser_internal.h"

weft_status weft_sql_command_spec(sql_parser *p, weft_node *node)
{
    weft_status st = WEFT_OK;
    weft_pointers specs = {0};
    for (int32_t i = 0; i < node->command.spec_count; i++)
        WEFT_TRY(st, weft_pointers_push(p->ctx, &specs, node->command.specs[i]));
    weft_partition_spec *spec = NULL;
    WEFT_TRY(st, weft_sql_partition_spec(p, false, &spec));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &specs, spec));
    node->command.specs = (const weft_partition_spec *const *)specs.items;
    node->command.spec_count = specs.count;
done:
    return st;
}

/* LOCATION path, of the last specification, when partitions are added. */
static weft_status parse_place(sql_parser *p, weft_node *node)
{
    weft_status st = WEFT_OK;
    size_t len = 0;
    if (node->command.op != WEFT_TABLE_ADD_PARTITIONS)
        return weft_sql_syntax_error(p, "PARTITION or the end");
    weft_partition_spec *spec =
        (weft_partition_spec *)(uintptr_t)node->command.specs[node->command.spec_count - 1];
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_string(p, "a path", &spec->location, &len));
done:
    return st;
}

/* PARTITION (…) [LOCATION path] … */
static weft_status parse_specs(sql_parser *p, weft_node *node)
{
    weft_status st = WEFT_OK;
    do {
        WEFT_TRY(st, weft_sql_command_spec(p, node));
        if (sql_word(p, SQL_KW_LOCATION)) WEFT_TRY(st, parse_place(p, node));
        weft_sql_accept(p, SQL_COMMA);
    } while (sql_word(p, SQL_KW_PARTITION));
done:
    return st;
}

static weft_status set_definition(sql_parser *p, const weft_pointers *columns,
                                  const weft_pointers *properties, const char *collation, weft_node *node)
{
    weft_status st = WEFT_OK;
    weft_table_definition *d = NULL;
    weft_column_definition *list = NULL;
    WEFT_TRY(st, WEFT_NEW(p->ctx, &d));
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, columns->count, &list));
    for (int32_t i = 0; i < columns->count; i++) list[i] = *(const weft_column_definition *)columns->items[i];
    d->columns = list;
    d->column_count = columns->count;
    d->property_count = properties->count / 2;
    d->properties = weft_pointers_texts(properties);
    d->collation = collation;
    node->command.table = d;
done:
    return st;
}

/* ('a', b.c): keys alone. start: of the statement. */
static weft_status parse_keys(sql_parser *p, const weft_span *start, weft_pointers *pairs)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    do {
        const char *key = NULL;
        char *what = NULL;
        WEFT_TRY(st, weft_sql_option_key(p, &key));
        if (!sql_is(p, SQL_COMMA) && !sql_is(p, SQL_RPAREN)) {
            WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &what,
                                           "Values should not be specified for key(s): [%s]", key));
            return weft_sql_not_allowed(p, start, what);
        }
        WEFT_TRY(st, weft_pointers_push(p->ctx, pairs, key));
        WEFT_TRY(st, weft_pointers_push(p->ctx, pairs, ""));
    } while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
done:
    return st;
}

/* What stands behind ALTER TABLE name, first part; *found. */
static weft_status parse_partition_change(sql_parser *p, const weft_span *start, weft_node *node, bool *found)
{
    weft_status st = WEFT_OK;
    const bool add = weft_sql_is_text(p, 0, "ADD"), drop = sql_word(p, SQL_KW_DROP);
    const bool partition = sql_word_at(p, 1, SQL_KW_PARTITION) || weft_sql_is_text(p, 1, "IF");
    size_t len = 0;
    *found = true;
    if ((add || drop) && partition) {
        node->command.op = add ? WEFT_TABLE_ADD_PARTITIONS : WEFT_TABLE_DROP_PARTITIONS;
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_if_exists(p, add, &node->command.if_exists));
        WEFT_TRY(st, parse_specs(p, node));
        if (drop) weft_sql_accept_text(p, "PURGE"); /* there is no bin that files go to */
    } else if (sql_word(p, SQL_KW_PARTITION)) {
        WEFT_TRY(st, weft_sql_command_spec(p, node));
        WEFT_TRY(st, weft_sql_check_native_alter(p, start, true));
        WEFT_TRY(st, weft_sql_alter_serde(p, true, node, found));
        if (*found) goto done;
        *found = true;
        if (weft_sql_accept_word(p, SQL_KW_SET)) {
            node->command.op = WEFT_TABLE_SET_LOCATION;
            WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_LOCATION));
            WEFT_TRY(st, weft_sql_string(p, "a path", &node->command.text, &len));
            goto done;
        }
        node->command.op = WEFT_TABLE_RENAME_PARTITION;
        if (!weft_sql_accept_text(p, "RENAME")) WEFT_TRY(st, weft_sql_syntax_error(p, "RENAME TO PARTITION"));
        if (!weft_sql_accept_text(p, "TO")) WEFT_TRY(st, weft_sql_syntax_error(p, "TO PARTITION"));
        WEFT_TRY(st, weft_sql_command_spec(p, node));
    } else if (weft_sql_is_text(p, 0, "RECOVER")) {
        weft_sql_advance(p);
        if (!weft_sql_accept_text(p, "PARTITIONS")) WEFT_TRY(st, weft_sql_syntax_error(p, "PARTITIONS"));
        node->command.op = WEFT_TABLE_RECOVER;
        node->command.text = "ADD";
    } else {
        *found = false;
    }
done:
    return st;
}

/* CLUSTER BY (a, b) | NONE: after CLUSTER. */
static weft_status parse_clustering(sql_parser *p, weft_pointers *properties)
{
    weft_status st = WEFT_OK;
    weft_clustering clustering = {.set = true};
    const char *text = NULL;
    if (sql_word(p, SQL_KW_BY) && weft_sql_is_text(p, 1, "NONE")) {
        weft_sql_advance(p);
        weft_sql_advance(p);
    } else {
        WEFT_TRY(st, weft_sql_clustering(p, &clustering));
    }
    WEFT_TRY(st, weft_clustering_text(p->ctx, &clustering, &text));
    WEFT_TRY(st, weft_pointers_push(p->ctx, properties, WEFT_CLUSTERING_KEY));
    WEFT_TRY(st, weft_pointers_push(p->ctx, properties, text));
done:
    return st;
}

static weft_status check_properties(sql_parser *p, const weft_span *start, const weft_pointers *properties)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < properties->count; i += 2)
        WEFT_TRY(st, weft_sql_check_property(p, start, properties->items[i]));
done:
    return st;
}

static weft_status parse_alter_table(sql_parser *p, const weft_span *start, weft_node *node)
{
    weft_status st = WEFT_OK;
    weft_pointers columns = {0}, properties = {0};
    const char *collation = NULL;
    bool found = false;
    size_t len = 0;
    WEFT_TRY(st, weft_sql_check_native_alter(p, start, false));
    WEFT_TRY(st, parse_partition_change(p, start, node, &found));
    if (!found && !node->command.view) WEFT_TRY(st, weft_sql_alter_refused(p, node, &found));
    if (found) goto done;
    WEFT_TRY(st, weft_sql_default_collation(p, start, &collation, &found));
    if (found) {
        node->command.op = WEFT_TABLE_SET_PROPERTIES;
        goto done;
    }
    if (weft_sql_is_text(p, 0, "RENAME") && weft_sql_is_text(p, 1, "TO")) {
        const char *const *to = NULL;
        int32_t count = 0;
        weft_sql_advance(p);
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_names(p, "the new name", &to, &count));
        node->command.to = to[count - 1];
        node->command.source = to;
        node->command.source_count = count;
    } else if (weft_sql_accept_word(p, SQL_KW_CLUSTER)) {
        node->command.op = WEFT_TABLE_SET_PROPERTIES;
        WEFT_TRY(st, parse_clustering(p, &properties));
    } else if (weft_sql_accept_text(p, "ADD") &&
               (weft_sql_accept_word(p, SQL_KW_COLUMNS) || weft_sql_accept_text(p, "COLUMN"))) {
        node->command.op = WEFT_TABLE_ADD_COLUMNS;
        weft_pointers fields = {0};
        WEFT_TRY(st, weft_sql_column_list(p, &fields, NULL, &columns));
        weft_sql_set_fields(node, &fields);
        for (int32_t i = 0; i < fields.count; i++)
            if (node->command.fields[i]->part_count > 1)
                weft_sql_refuse(node, "ADD COLUMN with qualified column");
    } else if (weft_sql_accept_text(p, "ALTER")) {
        WEFT_TRY(st, weft_sql_alter_column(p, start, false, node));
    } else if (weft_sql_accept_text(p, "CHANGE")) {
        WEFT_TRY(st, weft_sql_alter_column(p, start, true, node));
    } else if (weft_sql_accept_text(p, "UNSET")) {
        node->command.op = WEFT_TABLE_UNSET_PROPERTIES;
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_TBLPROPERTIES));
        WEFT_TRY(st, weft_sql_if_exists(p, false, &node->command.if_exists));
        WEFT_TRY(st, parse_keys(p, start, &properties));
        WEFT_TRY(st, check_properties(p, start, &properties));
    } else if (sql_word(p, SQL_KW_SET) && sql_word_at(p, 1, SQL_KW_TBLPROPERTIES)) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        node->command.op = WEFT_TABLE_SET_PROPERTIES;
        WEFT_TRY(st, weft_sql_options(p, &properties));
        WEFT_TRY(st, check_properties(p, start, &properties));
    } else if (sql_word(p, SQL_KW_SET) && weft_sql_is_text(p, 1, "SERDEPROPERTIES")) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        node->command.op = WEFT_TABLE_SET_OPTIONS;
        WEFT_TRY(st, weft_sql_options(p, &properties));
    } else if (sql_word(p, SQL_KW_SET) && sql_word_at(p, 1, SQL_KW_LOCATION)) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        node->command.op = WEFT_TABLE_SET_LOCATION;
        WEFT_TRY(st, weft_sql_string(p, "a path", &node->command.text, &len));
    } else {
        WEFT_TRY(st, weft_sql_syntax_error(p, "ADD, ALTER, CHANGE, DROP, RENAME, REPLACE, SET or UNSET"));
    }
done:
    return st == WEFT_OK ? set_definition(p, &columns, &properties, collation, node) : st;
}

/* After ALTER VIEW name: AS query. */
static weft_status parse_view_query(sql_parser *p, const weft_span *start, const weft_node *command,
                                    const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *query = NULL;
    weft_node *node = NULL;
    const int32_t from = weft_sql_peek(p, 0)->span.start;
    WEFT_TRY(st, weft_sql_query(p, &query));
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_CREATE_VIEW, weft_sql_span_from(p, start), &query, 1, &node));
    node->view.name = command->command.parts[command->command.part_count - 1];
    node->view.parts = command->command.parts;
    node->view.part_count = command->command.part_count;
    node->view.replace = node->view.alter = true;
    WEFT_TRY(st, weft_sql_text_copy(p, from, p->last.stop, &node->view.text));
    *out = node;
done:
    return st;
}

/* A database has these as clauses of their own. */
static weft_status check_database_key(sql_parser *p, const weft_span *start, const char *key)
{
    const char *instead = strcasecmp(key, "location") == 0  ? "please use the LOCATION clause to specify it"
                          : strcasecmp(key, "comment") == 0 ? "please use the COMMENT clause to specify it"
                          : strcasecmp(key, "owner") == 0   ? "it will be set to the current user"
                                                            : NULL;
    if (instead == NULL) return WEFT_OK;
    return weft_fail_at(p->ctx, WEFT_NAMESPACE_PROPERTY, start,
                        "The feature is not supported: %s is a reserved namespace property, %s.", key,
                        instead);
}

weft_status weft_sql_database_properties(sql_parser *p, const weft_span *start, weft_pointers *properties)
{
    weft_status st = WEFT_OK;
    if (!weft_sql_accept_text(p, "DBPROPERTIES") && !weft_sql_accept_text(p, "PROPERTIES"))
        return weft_sql_syntax_error(p, "DBPROPERTIES");
    WEFT_TRY(st, weft_sql_options(p, properties));
    for (int32_t i = 0; i < properties->count; i += 2)
        WEFT_TRY(st, check_database_key(p, start, properties->items[i]));
done:
    return st;
}

/* SET DBPROPERTIES (…), SET LOCATION path, UNSET DBPROPERTIES (…) */
static weft_status parse_alter_database(sql_parser *p, const weft_span *start, weft_node *node)
{
    weft_status st = WEFT_OK;
    weft_pointers none = {0}, properties = {0};
    size_t len = 0;
    if (weft_sql_is_text(p, 0, "DEFAULT") && weft_sql_is_text(p, 1, "COLLATION"))
        return weft_sql_schema_collation(p, start);
    if (weft_sql_accept_text(p, "UNSET")) {
        node->command.op = WEFT_DATABASE_UNSET_PROPERTIES;
        if (!weft_sql_accept_text(p, "DBPROPERTIES") && !weft_sql_accept_text(p, "PROPERTIES"))
            WEFT_TRY(st, weft_sql_syntax_error(p, "DBPROPERTIES"));
        WEFT_TRY(st, weft_sql_if_exists(p, false, &node->command.if_exists));
        WEFT_TRY(st, parse_keys(p, start, &properties));
        return set_definition(p, &none, &properties, NULL, node);
    }
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_SET));
    if (weft_sql_accept_word(p, SQL_KW_LOCATION)) {
        node->command.op = WEFT_DATABASE_SET_LOCATION;
        return weft_sql_string(p, "a path", &node->command.text, &len);
    }
    WEFT_TRY(st, weft_sql_database_properties(p, start, &properties));
    WEFT_TRY(st, set_definition(p, &none, &properties, NULL, node));
done:
    return st;
}

static weft_status parse_alter(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    WEFT_TRY(st, weft_sql_command(p, start, WEFT_TABLE_RENAME, &node));
    if (weft_sql_accept_database(p)) {
        node->command.op = WEFT_DATABASE_SET_PROPERTIES;
        WEFT_TRY(st, weft_sql_command_name(p, "the name of a database", node));
        WEFT_TRY(st, parse_alter_database(p, start, node));
    } else {
        node->command.view = weft_sql_accept_word(p, SQL_KW_VIEW);
        if (!node->command.view) WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_TABLE));
        WEFT_TRY(st, weft_sql_command_name(p, "the name of a table or view", node));
        if (node->command.view && sql_word(p, SQL_KW_WITH) && weft_sql_is_text(p, 1, "SCHEMA")) {
            node->command.op = WEFT_TABLE_VIEW_SCHEMA;
            WEFT_TRY(st, weft_sql_view_schema(p, start, &node->command.view_schema));
            goto done;
        }
        if (node->command.view && !weft_sql_is_text(p, 0, "RENAME") && !weft_sql_is_text(p, 0, "UNSET") &&
            !sql_word(p, SQL_KW_SET)) {
            WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_AS));
            return parse_view_query(p, start, node, out);
        }
        WEFT_TRY(st, parse_alter_table(p, start, node));
    }
done:
    *out = node;
    return st;
}

/* (column IS text | NULL, …), as columns of the node's table that have these comments. */
static weft_status parse_comments(sql_parser *p, weft_node *node)
{
    weft_status st = WEFT_OK;
    weft_pointers columns = {0}, none = {0};
    size_t len = 0;
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    do {
        weft_column_definition *c = NULL;
        WEFT_TRY(st, WEFT_NEW(p->ctx, &c));
        WEFT_TRY(st, weft_sql_name(p, "the name of a column", &c->name));
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_IS));
        if (!weft_sql_accept_word(p, SQL_KW_NULL))
            WEFT_TRY(st, weft_sql_string(p, "a comment", &c->comment, &len));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &columns, c));
    } while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    st = set_definition(p, &columns, &none, NULL, node);
done:
    return st;
}

/* COMMENT ON TABLE | DATABASE name [COLUMN (…)], COLUMN table.column IS text | NULL */
static weft_status parse_comment_on(sql_parser *p, const weft_span *start, weft_node **out)
{
    weft_status st = WEFT_OK;
    size_t len = 0;
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_ON));
    const bool database = weft_sql_accept_database(p), column = weft_sql_accept_text(p, "COLUMN");
    if (!database && !column) WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_TABLE));
    const weft_table_op op = database ? WEFT_DATABASE_COMMENT
                             : column ? WEFT_TABLE_COLUMN_COMMENT
                                      : WEFT_TABLE_COMMENT;
    WEFT_TRY(st, weft_sql_command(p, start, op, out));
    WEFT_TRY(st, weft_sql_command_name(p, "a name", *out));
    if (column) {
        const int32_t count = --(*out)->command.part_count;
        if (count == 0)
            WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_COMMENT_COLUMN_NAME, start,
                                      "Invalid SQL syntax: COMMENT ON COLUMN requires an identifier with at "
                                      "least two parts. Please qualify the column with the table name (e.g. "
                                      "`table.column`, `database.table.column`)."));
        (*out)->command.column = (*out)->command.parts[count];
    } else if (!database && weft_sql_accept_text(p, "COLUMN")) {
        (*out)->command.op = WEFT_TABLE_COLUMN_COMMENT;
        st = parse_comments(p, *out);
        goto done;
    }
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_IS));
    if (!weft_sql_accept_word(p, SQL_KW_NULL))
        WEFT_TRY(st, weft_sql_string(p, "a comment", &(*out)->command.text, &len));
done:
    return st;
}

weft_status weft_sql_alter(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_node *node = NULL;
    size_t len = 0;
    if (weft_sql_accept_text(p, "ALTER")) return parse_alter(p, &start, out);
    if (weft_sql_accept_word(p, SQL_KW_COMMENT)) {
        WEFT_TRY(st, parse_comment_on(p, &start, &node));
    } else if (weft_sql_is_text(p, 0, "MSCK") || weft_sql_is_text(p, 0, "REPAIR")) {
        (void)weft_sql_accept_text(p, "MSCK");
        if (!weft_sql_accept_text(p, "REPAIR")) WEFT_TRY(st, weft_sql_syntax_error(p, "REPAIR TABLE"));
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_TABLE));
        WEFT_TRY(st, weft_sql_command(p, &start, WEFT_TABLE_RECOVER, &node));
        WEFT_TRY(st, weft_sql_command_name(p, "the name of a table", node));
        const bool sync = weft_sql_accept_text(p, "SYNC"), add = weft_sql_accept_text(p, "ADD");
        const bool drop = weft_sql_accept_word(p, SQL_KW_DROP), change = sync || add || drop;
        node->command.text = sync ? "SYNC" : drop ? "DROP" : "ADD";
        if (change && !weft_sql_accept_text(p, "PARTITIONS"))
            WEFT_TRY(st, weft_sql_syntax_error(p, "PARTITIONS"));
    } else if (weft_sql_is_text(p, 0, "REFRESH") && sql_word_at(p, 1, SQL_KW_FUNCTION) &&
               !sql_is_at(p, 2, SQL_END) && !sql_is_at(p, 2, SQL_SEMICOLON)) {
        return weft_sql_refresh_function(p, out);
    } else {
        weft_sql_advance(p); /* REFRESH */
        WEFT_TRY(st, weft_sql_command(p, &start, WEFT_TABLE_REFRESH, &node));
        if (sql_is(p, SQL_END) || sql_is(p, SQL_SEMICOLON))
            WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_REFRESH_EMPTY, &start,
                                      "Invalid SQL syntax: Resource paths cannot be empty in REFRESH "
                                      "statements. Use / to match everything."));
        if (sql_is(p, SQL_STRING) && sql_is_at(p, 1, SQL_END)) {
            WEFT_TRY(st, weft_sql_string(p, "a path", &node->command.text, &len));
        } else if (sql_word(p, SQL_KW_TABLE) && !sql_is_at(p, 1, SQL_END) &&
                   !sql_is_at(p, 1, SQL_SEMICOLON)) {
            weft_sql_advance(p);
            WEFT_TRY(st, weft_sql_command_name(p, "the name of a table", node));
        } else {
            WEFT_TRY(st, weft_sql_rest(p, &node->command.text));
            if (strpbrk(node->command.text, " \n\r\t") != NULL)
                WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_REFRESH_PATH, &start,
                                          "Invalid SQL syntax: REFRESH statements cannot contain ' ', "
                                          "'\\n', '\\r', '\\t' inside unquoted resource paths."));
        }
    }
    node->span = weft_sql_span_from(p, &start);
    *out = node;
done:
    return st;
}
