/* engine/plan/analyzer_insert.c - INSERT: which column of the query goes where, and as what.
 *
 * Values are stored by the ANSI rules, whether the session's own are ANSI's or not: numbers as other numbers
 * when they fit, everything as a string, dates and timestamps as each other, nothing else; what does not fit
 * raises as it is written. STRICT takes only what loses nothing. LEGACY casts as without ANSI: what does not
 * fit wraps around or becomes NULL. A column that is not given has its DEFAULT, or NULL. */
#include <string.h>
#include <strings.h>

#include "common/settings.h"
#include "engine/columnar/declared_type.h"
#include "engine/expr/cast.h"
#include "engine/expr/coerce.h"
#include "engine/expr/declared_length.h"
#include "engine/plan/analyzer_internal.h"
#include "engine/plan/table_layout.h"

typedef struct insertion {
    weft_analyzer *a;
    const weft_table_definition *table;
    weft_node *write;
    const weft_node *query;
    int32_t target_count;
    int32_t *targets;        /* by place: [target_count] columns of the table, in the order of the query's */
    int32_t *source;         /* [column_count] the query's column of each of the table's, or -1 */
    const weft_expr **fixed; /* [column_count] PARTITION (column = constant), or NULL */
    int32_t fixed_count;
    weft_settings *legacy; /* what its casts go by; NULL: there was none yet */
} insertion;

static bool is_time(weft_type type)
{
    return type.id == WEFT_TYPE_TIME || type.id == WEFT_TYPE_DATE || type.id == WEFT_TYPE_TIMESTAMP ||
           type.id == WEFT_TYPE_TIMESTAMP_NTZ;
}

/* ANSI store assignment. */
static bool may_store_ansi(weft_type from, weft_type to)
{
    if (weft_type_equal(from, to) || from.id == WEFT_TYPE_NULL) return true;
    if (weft_type_is_nested(from) || weft_type_is_nested(to)) {
        if (from.id != to.id || from.child_count != to.child_count) return false;
        for (int32_t i = 0; i < from.child_count; i++)
            if (!may_store_ansi(from.children[i].type, to.children[i].type)) return false;
        return true;
    }
    if (to.id == WEFT_TYPE_STRING) return weft_cast_allowed(from, to);
    if (weft_type_is_numeric(from) && weft_type_is_numeric(to)) return true;
    if (from.id == WEFT_TYPE_TIME && to.id == WEFT_TYPE_TIME)
        return weft_type_time_digits(from) <= weft_type_time_digits(to);
    return is_time(from) && is_time(to) && weft_cast_allowed(from, to);
}

static bool is_policy(const weft_ctx *ctx, const char *policy)
{
    return strcasecmp(weft_setting_text(ctx, WEFT_SET_STORE_ASSIGNMENT), policy) == 0;
}

/* By the policy of the session: STRICT loses nothing, ANSI allows what does not mean something else, LEGACY
 * leaves it to the cast. */
static bool may_store(const weft_ctx *ctx, weft_type from, weft_type to)
{
    if (is_policy(ctx, "LEGACY")) return true;
    return is_policy(ctx, "STRICT") ? weft_type_up_casts(from, to) : may_store_ansi(from, to);
}

/* The columns of the table that PARTITION gives no value are `expected`. */
static weft_status wrong_count(const insertion *in, int32_t expected, int32_t have)
{
    const bool few = have < expected;
    const weft_status code = in->fixed_count > 0 ? WEFT_INSERT_PARTITION_ARITY
                             : few               ? WEFT_INSERT_TOO_FEW
                                                 : WEFT_INSERT_TOO_MANY;
    return weft_fail_at(in->a->ctx, code, &in->write->span,
                        "Cannot write to `spark_catalog`.`%s`.`%s`, the reason is %s data columns: the table "
                        "has %d columns, %d of them given by PARTITION, the data %d.",
                        in->table->database, in->table->name, few ? "not enough" : "too many",
                        expected + in->fixed_count, in->fixed_count, have);
}

/* By place: the n-th column of the query is the n-th of the list, or of the table's that have no constant. */
static weft_status set_targets(insertion *in)
{
    weft_status st = WEFT_OK;
    const weft_node *w = in->write;
    const int32_t listed = w->write.into_column_count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(in->a->ctx, weft_max_i32(listed, in->table->column_count), &in->targets));
    for (int32_t i = 0; listed == 0 && i < in->table->column_count; i++)
        if (in->fixed[i] == NULL) in->targets[in->target_count++] = i;
    for (int32_t i = 0; i < listed; i++) {
        const int32_t at = weft_table_find_column(in->table, w->write.into_columns[i]);
        bool twice = false;
        if (at < 0) return weft_fail_no_column(in->a->ctx, &w->span, in->table, &w->write.into_columns[i], 1);
        if (in->fixed[at] != NULL) return wrong_count(in, in->table->column_count - in->fixed_count, listed);
        for (int32_t k = 0; k < i; k++) twice |= in->targets[k] == at;
        if (twice)
            return weft_fail_at(in->a->ctx, WEFT_COLUMN_ALREADY_EXISTS, &w->span,
                                "The column `%s` already exists. Choose another name or rename the existing "
                                "column.",
                                w->write.into_columns[i]);
        in->targets[in->target_count++] = at;
    }
done:
    return st;
}

static weft_status map_by_place(insertion *in)
{
    const int32_t have = in->query->output.count;
    if (have != in->target_count) return wrong_count(in, in->target_count, have);
    for (int32_t i = 0; i < in->target_count; i++) in->source[in->targets[i]] = i;
    return WEFT_OK;
}

static weft_status map_by_name(insertion *in)
{
    const int32_t expected = in->table->column_count - in->fixed_count;
    if (in->query->output.count > expected) return wrong_count(in, expected, in->query->output.count);
    for (int32_t i = 0; i < in->query->output.count; i++) {
        const char *name = in->query->output.columns[i].name;
        const int32_t at = weft_table_find_column(in->table, name);
        if (at < 0 || in->fixed[at] != NULL)
            return weft_fail_at(
                in->a->ctx, WEFT_INSERT_EXTRA_COLUMNS, &in->write->span,
                "Cannot write incompatible data for the table `spark_catalog`.`%s`.`%s`: Cannot "
                "write extra columns `%s`.",
                in->table->database, in->table->name, name);
        if (in->source[at] >= 0)
            return weft_fail_at(in->a->ctx, WEFT_INSERT_AMBIGUOUS, &in->write->span,
                                "Cannot write incompatible data for the table `spark_catalog`.`%s`.`%s`: "
                                "Ambiguous column name in the input data `%s`.",
                                in->table->database, in->table->name, in->table->columns[at].name);
        in->source[at] = i;
    }
    return WEFT_OK;
}

weft_status weft_limit_length(weft_ctx *ctx, weft_type declared, const weft_expr **value)
{
    weft_status st = WEFT_OK;
    const weft_value length = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = declared.parameter};
    const weft_expr *args[2] = {*value, NULL};
    const bool pads = declared.length_kind == WEFT_LENGTH_CHAR;
    if (!weft_type_has_length(declared) || weft_setting(ctx, WEFT_SET_CHAR_AS_STRING) != 0) return WEFT_OK;
    if (weft_type_is_nested(declared))
        return weft_expr_declared(ctx, "(lengths_write)", *value, declared, value);
    WEFT_TRY(st, weft_expr_literal(ctx, &length, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, pads ? "(char_write)" : "(varchar_write)", args, 2, NULL, value));
done:
    return st;
}

/* What a column holds that the statement does not give. */
static weft_status ungiven_value(insertion *in, int32_t index, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = in->a->ctx;
    const weft_column_definition *column = &in->table->columns[index];
    if (column->initial == NULL && weft_setting(ctx, WEFT_SET_DEFAULT_NULLS) == 0)
        return weft_fail_at(ctx, WEFT_INSERT_NO_DATA, &in->write->span,
                            "Cannot write incompatible data for the table `spark_catalog`.`%s`.`%s`: Cannot "
                            "find data for the output column `%s`.",
                            in->table->database, in->table->name, column->name);
    WEFT_TRY(st, weft_column_default(in->a, in->table, index, &in->write->span, out));
    st = weft_limit_length(ctx, column->type, out);
done:
    return st;
}

/* The value as the column's type. A number that does not fit raises as one of this column. */
static weft_status cast_to_column(weft_ctx *ctx, const weft_column_definition *column, weft_type type,
                                  const weft_expr **value)
{
    weft_status st = WEFT_OK;
    const weft_expr *given = *value;
    weft_expr *stored = NULL;
    WEFT_TRY(st, weft_expr_cast(ctx, given, type, true, value));
    const bool casts = (*value)->kind == WEFT_EXPR_CAST && *value != given;
    if (!casts || !weft_type_is_numeric(given->type) || !weft_type_is_numeric(type)) goto done;
    WEFT_TRY(st, WEFT_NEW(ctx, &stored));
    *stored = **value;
    stored->cast.column = column->name;
    *value = stored;
done:
    return st;
}

/* The same of LEGACY. */
static weft_status cast_without_ansi(insertion *in, weft_type type, const weft_expr **value)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = in->a->ctx;
    const weft_settings *const settings = ctx->settings;
    if (in->legacy == NULL) {
        WEFT_TRY(st, WEFT_NEW(ctx, &in->legacy));
        *in->legacy = *settings;
        in->legacy->reader = settings;
        WEFT_TRY(st, weft_settings_set(ctx, in->legacy, "weft.sql.ansi.enabled", "false"));
    }
    ctx->settings = in->legacy;
    st = weft_expr_cast(ctx, *value, type, true, value);
    ctx->settings = settings;
done:
    return st;
}

static weft_status stored_value(insertion *in, int32_t index, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = in->a->ctx;
    const weft_column_definition *column = &in->table->columns[index];
    char from[256], to[256];
    weft_type type;
    *out = in->fixed[index];
    if (*out != NULL) return WEFT_OK;
    if (in->source[index] < 0) return ungiven_value(in, index, out);
    WEFT_TRY(st, weft_node_column(ctx, in->query, in->source[index], out));
    WEFT_TRY(st, weft_type_of_values(ctx, column->type, &type));
    if (!may_store(ctx, (*out)->type, type))
        WEFT_TRY(
            st, weft_fail_at(ctx, WEFT_INSERT_UNSAFE_CAST, &in->write->span,
                             "Cannot write incompatible data for the table `spark_catalog`.`%s`.`%s`: Cannot "
                             "safely cast `%s` \"%s\" to \"%s\".",
                             in->table->database, in->table->name, column->name,
                             weft_type_text((*out)->type, from, sizeof from),
                             weft_type_text(column->type, to, sizeof to)));
    WEFT_TRY(st, is_policy(ctx, "LEGACY") ? cast_without_ansi(in, type, out)
                                          : cast_to_column(ctx, column, type, out));
    WEFT_TRY(st, weft_limit_length(ctx, column->type, out));
done:
    return st;
}

static weft_status find_target(weft_analyzer *a, const weft_node *write, const weft_table_definition **out)
{
    weft_status st = WEFT_OK;
    const char *name = write->write.into[write->write.into_count - 1], *database = NULL;
    const weft_node *parsed = NULL;
    const weft_relation *relation = NULL;
    WEFT_TRY(st,
             a->catalog->table(a->ctx, a->catalog->self, write->write.into, write->write.into_count, out));
    if (*out != NULL) goto done;
    WEFT_TRY(st, a->catalog->find(a->ctx, a->catalog->self, write->write.into, write->write.into_count,
                                  &parsed, &relation, &database));
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

/* ---- PARTITION (…) ---- */

static weft_status bind_spec(insertion *in, const weft_partition_spec *spec)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = in->a->ctx;
    const weft_table_definition *d = in->table;
    const int32_t plain = d->column_count - d->partition_count;
    for (int32_t i = 0; i < spec->count; i++) {
        const int32_t at = weft_table_find_partition(d, spec->names[i]);
        if (at < 0) return weft_fail_no_partition(ctx, &spec->span, d, spec->names[i]);
        if (spec->values[i] == NULL) continue;
        WEFT_TRY(st, weft_check_partition_value(ctx, spec, i));
        const weft_type declared = d->columns[plain + at].type;
        const weft_expr **value = &in->fixed[plain + at];
        weft_type type;
        WEFT_TRY(st, weft_type_of_values(ctx, declared, &type));
        WEFT_TRY(st, weft_bind_constant(in->a, spec->values[i], type, value));
        WEFT_TRY(st, weft_limit_length(ctx, declared, value));
        WEFT_TRY(st, weft_expr_fold(ctx, *value, value));
        in->fixed_count++;
    }
    if (spec->count != d->partition_count)
        return weft_fail_at(ctx, WEFT_PARTITION_COLUMNS_OTHER, &spec->span,
                            "Requested partitioning does not match the table `spark_catalog`.`%s`.`%s`: it "
                            "has %d partition columns, %d are given.",
                            d->database, d->name, d->partition_count, spec->count);
    for (int32_t i = 0; i < in->fixed_count; i++)
        if (in->fixed[plain + i] == NULL)
            return weft_fail_at(ctx, WEFT_PARTITION_VALUES_FIRST, &spec->span,
                                "All partition columns having constant values need to appear before other "
                                "partition columns that do not have an assigned constant value: `%s` has "
                                "none.",
                                d->columns[plain + i].name);
done:
    return st;
}

/* ---- the statement ---- */

/* The query, bound, and where its columns go. */
static weft_status bind_query(insertion *in)
{
    weft_status st = WEFT_OK;
    const bool by_name = in->write->write.by_name;
    const weft_node *parsed = in->write->inputs[0];
    weft_bound bound = {0};
    WEFT_TRY(st, WEFT_NEW_ARRAY(in->a->ctx, in->table->column_count, &in->source));
    for (int32_t i = 0; i < in->table->column_count; i++) in->source[i] = -1;
    if (!by_name) WEFT_TRY(st, set_targets(in));
    WEFT_TRY(st, weft_fill_defaults(in->a, in->table, in->targets, in->target_count, parsed, &parsed));
    WEFT_TRY(st, weft_bind_query(in->a, parsed, NULL, NULL, &bound));
    WEFT_TRY(st, weft_bound_node(in->a, &bound, &in->query));
    WEFT_TRY(st, by_name ? map_by_name(in) : map_by_place(in));
done:
    return st;
}

/* ---- partitions that lie elsewhere ---- */

/* Where the rows go: to the table, or to the place of the one partition that the statement names. *table: as
 * the writer sees it; *rows: without the partition's columns then. */
static weft_status set_place(insertion *in, const weft_table_definition **table, const weft_node **rows)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = in->a->ctx;
    weft_node *w = in->write;
    const weft_table_definition *d = in->table;
    const int32_t plain = d->column_count - d->partition_count;
    const char *folder = NULL, *place = NULL;
    weft_pointers exprs = {0};
    weft_table_definition *local = NULL;
    *table = d;
    w->write.path = d->location;
    if (d->place_count == 0) return WEFT_OK;
    if (in->fixed_count == d->partition_count) {
        WEFT_TRY(st, weft_static_folder(ctx, d, in->fixed + plain, in->fixed_count, &folder));
        place = weft_table_partition_place(d->places, d->place_count, folder);
    }
    if (place == NULL || place[0] == '\0') {
        w->write.place_count = d->place_count;
        w->write.places = d->places;
        goto done;
    }
    w->write.path = place;
    w->write.folder = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &local));
    *local = *d;
    local->column_count = plain;
    local->partition_count = 0;
    *table = local;
    for (int32_t i = 0; i < plain; i++) {
        const weft_expr *e = NULL;
        WEFT_TRY(st, weft_node_column(ctx, *rows, i, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    }
    WEFT_TRY(st, weft_node_project(ctx, *rows, weft_pointers_exprs(&exprs), exprs.count, rows));
done:
    return st;
}

/* One option, unless it is among those that count more. */
static weft_status push_option(insertion *in, weft_pointers *options, const char *key, const char *value,
                               const weft_pointers *over)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; over != NULL && i < over->count; i += 2)
        if (strcasecmp(over->items[i], key) == 0) return WEFT_OK;
    WEFT_TRY(st, weft_pointers_push(in->a->ctx, options, key));
    WEFT_TRY(st, weft_pointers_push(in->a->ctx, options, value));
done:
    return st;
}

/* Those of the table, over which those of the statement count. JSON leaves NULLs out, and what is left out is
 * the DEFAULT when it is read: there they are written. */
static weft_status set_options(insertion *in)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = in->table;
    weft_node *w = in->write;
    weft_pointers options = {0}, over = {0};
    bool has_defaults = false;
    for (int32_t i = 0; i < d->column_count; i++) has_defaults |= d->columns[i].absent != NULL;
    if (has_defaults && strcasecmp(d->format, "json") == 0)
        WEFT_TRY(st, push_option(in, &over, "ignoreNullFields", "false", NULL));
    for (int32_t i = 0; i < w->write.option_count; i++)
        WEFT_TRY(st, push_option(in, &over, w->write.options[2 * i], w->write.options[2 * i + 1], &over));
    for (int32_t i = 0; i < d->option_count; i++)
        WEFT_TRY(st, push_option(in, &options, d->options[2 * i], d->options[2 * i + 1], &over));
    for (int32_t i = 0; i < over.count; i += 2)
        WEFT_TRY(st, push_option(in, &options, over.items[i], over.items[i + 1], NULL));
    w->write.option_count = options.count / 2;
    w->write.options = weft_pointers_texts(&options);
done:
    return st;
}

weft_status weft_bind_insert(weft_analyzer *a, weft_node *write)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    insertion in = {.a = a, .write = write};
    weft_pointers exprs = {0};
    const weft_node *rows = NULL;
    const weft_table_definition *target = NULL;
    WEFT_TRY(st, find_target(a, write, &in.table));
    const int32_t plain = in.table->column_count - in.table->partition_count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, in.table->column_count, &in.fixed));
    if (write->write.spec != NULL) WEFT_TRY(st, bind_spec(&in, write->write.spec));
    WEFT_TRY(st, bind_query(&in));
    if (write->write.overwrite) {
        WEFT_TRY(st, weft_bind_overwrite(a, in.table, in.fixed + plain, in.fixed_count, write));
        if (!write->write.dynamic && reads_table(in.query, in.table->location))
            WEFT_TRY(st, weft_fail_at(ctx, WEFT_OVERWRITE_READ_TABLE, &write->span,
                                      "Can't overwrite the target that is also being read from. The target "
                                      "table is `spark_catalog`.`%s`.`%s`.",
                                      in.table->database, in.table->name));
    }
    for (int32_t i = 0; i < in.table->column_count; i++) {
        const weft_expr *e = NULL;
        WEFT_TRY(st, stored_value(&in, i, &e));
        WEFT_TRY(st, weft_expr_alias(ctx, e, weft_next_id(a->ids), in.table->columns[i].name, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    }
    WEFT_TRY(st, weft_node_project(ctx, in.query, weft_pointers_exprs(&exprs), exprs.count, &rows));
    WEFT_TRY(st, set_place(&in, &target, &rows));
    WEFT_TRY(st, weft_bind_write_keys(a, target, rows, write));
    write->write.format = in.table->format;
    WEFT_TRY(st, set_options(&in));
done:
    return st;
}
