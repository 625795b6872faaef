/* engine/plan/analyzer_insert.c - INSERT: which column of the query goes where, and as what.
 *
 * Values are stored by the ANSI rules: numbers as other numbers when they fit, everything as a string, dates
 * and timestamps as each other, nothing else; what does not fit raises as it is written. A column that is not
 * given has its DEFAULT, or NULL. */
#include <strings.h>

#include "engine/expr/cast.h"
#include "engine/plan/analyzer_internal.h"

typedef struct insertion {
    weft_analyzer *a;
    const weft_table_definition *table;
    const weft_node *query;
    const weft_node *write;
    int32_t *source; /* [column_count] the query's column of each of the table's, or -1 */
} insertion;

static bool is_time(weft_type type)
{
    return type.id == WEFT_TYPE_DATE || type.id == WEFT_TYPE_TIMESTAMP || type.id == WEFT_TYPE_TIMESTAMP_NTZ;
}

/* ANSI store assignment. */
static bool may_store(weft_type from, weft_type to)
{
    if (weft_type_equal(from, to) || from.id == WEFT_TYPE_NULL) return true;
    if (weft_type_is_nested(from) || weft_type_is_nested(to)) {
        if (from.id != to.id || from.child_count != to.child_count) return false;
        for (int32_t i = 0; i < from.child_count; i++)
            if (!may_store(from.children[i].type, to.children[i].type)) return false;
        return true;
    }
    if (to.id == WEFT_TYPE_STRING) return from.id != WEFT_TYPE_BINARY;
    if (weft_type_is_numeric(from) && weft_type_is_numeric(to)) return true;
    return is_time(from) && is_time(to);
}

static weft_status wrong_count(const insertion *in, bool few, int32_t have)
{
    return weft_fail_at(in->a->ctx, few ? WEFT_INSERT_TOO_FEW : WEFT_INSERT_TOO_MANY, &in->write->span,
                        "Cannot write to `spark_catalog`.`%s`.`%s`, the reason is %s data columns: the table "
                        "has %d columns, the data %d.",
                        in->table->database, in->table->name, few ? "not enough" : "too many",
                        in->write->write.into_column_count > 0 ? in->write->write.into_column_count
                                                               : in->table->column_count,
                        have);
}

static int32_t find_column(const weft_table_definition *table, const char *name)
{
    for (int32_t i = 0; i < table->column_count; i++)
        if (strcasecmp(table->columns[i].name, name) == 0) return i;
    return -1;
}

/* By place: the n-th column of the query is the n-th of the table, or of the list. */
static weft_status map_by_place(insertion *in)
{
    const weft_node *w = in->write;
    const int32_t have = in->query->output.count;
    const int32_t want = w->write.into_column_count > 0 ? w->write.into_column_count
                                                        : in->table->column_count;
    if (have != want) return wrong_count(in, have < want, have);
    for (int32_t i = 0; i < have; i++) {
        const char *name = w->write.into_column_count > 0 ? w->write.into_columns[i] : NULL;
        const int32_t at = name == NULL ? i : find_column(in->table, name);
        if (at < 0)
            return weft_fail_at(
                in->a->ctx, WEFT_UNRESOLVED_COLUMN_ALONE, &w->span,
                "A column, variable, or function parameter with name `%s` cannot be resolved.", name);
        if (in->source[at] >= 0)
            return weft_fail_at(in->a->ctx, WEFT_COLUMN_ALREADY_EXISTS, &w->span,
                                "The column `%s` already exists. Choose another name or rename the existing "
                                "column.",
                                name);
        in->source[at] = i;
    }
    return WEFT_OK;
}

static weft_status map_by_name(insertion *in)
{
    for (int32_t i = 0; i < in->query->output.count; i++) {
        const char *name = in->query->output.columns[i].name;
        const int32_t at = find_column(in->table, name);
        if (at < 0)
            return weft_fail_at(
                in->a->ctx, WEFT_INSERT_EXTRA_COLUMNS, &in->write->span,
                "Cannot write incompatible data for the table `spark_catalog`.`%s`.`%s`: Cannot "
                "write extra columns `%s`.",
                in->table->database, in->table->name, name);
        in->source[at] = i;
    }
    return WEFT_OK;
}

static weft_status stored_value(insertion *in, int32_t index, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = in->a->ctx;
    const weft_column_definition *column = &in->table->columns[index];
    const weft_value null = {.type = column->type, .is_null = true};
    char from[256], to[256];
    if (in->source[index] < 0) {
        if (column->initial != NULL)
            return weft_fail_at(ctx, WEFT_UNSUPPORTED, &in->write->span,
                                "The DEFAULT of the column `%s` is not filled in: give it a value.",
                                column->name);
        return weft_expr_literal(ctx, &null, out);
    }
    WEFT_TRY(st, weft_node_column(ctx, in->query, in->source[index], out));
    if (!may_store((*out)->type, column->type))
        WEFT_TRY(
            st, weft_fail_at(ctx, WEFT_INSERT_UNSAFE_CAST, &in->write->span,
                             "Cannot write incompatible data for the table `spark_catalog`.`%s`.`%s`: Cannot "
                             "safely cast `%s` \"%s\" to \"%s\".",
                             in->table->database, in->table->name, column->name,
                             weft_type_text((*out)->type, from, sizeof from),
                             weft_type_text(column->type, to, sizeof to)));
    WEFT_TRY(st, weft_expr_cast(ctx, *out, column->type, true, out));
done:
    return st;
}

static weft_status find_target(weft_analyzer *a, const weft_node *write, const weft_table_definition **out)
{
    weft_status st = WEFT_OK;
    const char *name = write->write.into[write->write.into_count - 1];
    const weft_node *parsed = NULL;
    const weft_relation *relation = NULL;
    WEFT_TRY(st,
             a->catalog->table(a->ctx, a->catalog->self, write->write.into, write->write.into_count, out));
    if (*out != NULL) goto done;
    WEFT_TRY(st, a->catalog->find(a->ctx, a->catalog->self, write->write.into, write->write.into_count,
                                  &parsed, &relation));
    if (parsed != NULL || relation != NULL)
        st = weft_fail_at(a->ctx, WEFT_EXPECT_TABLE, &write->span,
                          "'INSERT' expects a table but `%s` is a view.", name);
    else
        st =
            weft_fail_at(a->ctx, WEFT_TABLE_OR_VIEW_NOT_FOUND, &write->span,
                         "The table or view `%s` cannot be found. Verify the spelling and correctness of the "
                         "schema and catalog.",
                         name);
done:
    return st;
}

static bool reads_table(const weft_node *node, const char *location)
{
    if (node->kind == WEFT_NODE_SCAN && node->scan.relation->definition != NULL &&
        strcmp(node->scan.relation->definition->location, location) == 0)
        return true;
    for (int32_t i = 0; i < node->input_count; i++)
        if (reads_table(node->inputs[i], location)) return true;
    return false;
}

weft_status weft_bind_insert(weft_analyzer *a, const weft_node *query, weft_node *write)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    insertion in = {.a = a, .query = query, .write = write};
    weft_pointers exprs = {0};
    const weft_node **inputs = NULL;
    WEFT_TRY(st, find_target(a, write, &in.table));
    if (write->write.overwrite && reads_table(query, in.table->location))
        WEFT_TRY(st,
                 weft_fail_at(ctx, WEFT_OVERWRITE_READ_TABLE, &write->span,
                              "Can't overwrite the target that is also being read from. The target table is "
                              "`spark_catalog`.`%s`.`%s`.",
                              in.table->database, in.table->name));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, in.table->column_count, &in.source));
    for (int32_t i = 0; i < in.table->column_count; i++) in.source[i] = -1;
    WEFT_TRY(st, write->write.by_name ? map_by_name(&in) : map_by_place(&in));
    for (int32_t i = 0; i < in.table->column_count; i++) {
        const weft_expr *e = NULL;
        WEFT_TRY(st, stored_value(&in, i, &e));
        WEFT_TRY(st, weft_expr_alias(ctx, e, weft_next_id(a->ids), in.table->columns[i].name, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 1, &inputs));
    WEFT_TRY(st, weft_node_project(ctx, query, weft_pointers_exprs(&exprs), exprs.count, &inputs[0]));
    write->inputs = inputs;
    write->write.format = in.table->format;
    write->write.path = in.table->location;
    write->write.option_count = in.table->option_count;
    write->write.options = in.table->options;
done:
    return st;
}
