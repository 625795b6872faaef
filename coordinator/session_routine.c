/* coordinator/session_routine.c - CREATE FUNCTION and DROP FUNCTION, of the session and of the warehouse. */
#include <string.h>
#include <strings.h>

#include "common/settings.h"
#include "coordinator/session_private.h"
#include "engine/catalog/warehouse.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/function.h"

/* The catalogue of the session, which also has the function that is being made: but not within itself. */
typedef struct trial_catalog {
    weft_catalog session;
    const weft_routine *made;
    bool found;
    bool reads; /* its body reads a table, a view or files */
} trial_catalog;

/* What outlives the session must not need what ends with it. */
static weft_status check_lasting(weft_ctx *ctx, const trial_catalog *t, const char *name, const char *type)
{
    if (t->made->temporary) return WEFT_OK;
    const char *own = t->made->parts[t->made->part_count - 1];
    return weft_fail(ctx, WEFT_TEMPORARY_REFERENCE,
                     "Cannot create the persistent object `%s` of the type FUNCTION because it references to "
                     "the temporary object `%s` of the type %s. Please make the temporary object `%s` "
                     "persistent, or make the persistent object `%s` temporary.",
                     own, name, type, name, own);
}

static weft_status trial_find(weft_ctx *ctx, void *self, const char *const *parts, int32_t part_count,
                              const weft_node **parsed, const weft_relation **relation, const char **database)
{
    weft_status st = WEFT_OK;
    trial_catalog *t = self;
    WEFT_TRY(st, t->session.find(ctx, t->session.self, parts, part_count, parsed, relation, database));
    if (*parsed == NULL && *relation == NULL) goto done;
    t->reads = true;
    if (*database == NULL) st = check_lasting(ctx, t, parts[part_count - 1], "VIEW");
done:
    return st;
}

static weft_status trial_open(weft_ctx *ctx, void *self, const char *format, const char *path,
                              const char *const *options, int32_t option_count,
                              const weft_relation **relation)
{
    const weft_catalog *c = &((trial_catalog *)self)->session;
    if (strcmp(format, "range") != 0) ((trial_catalog *)self)->reads = true; /* range() reads nothing */
    return c->open(ctx, c->self, format, path, options, option_count, relation);
}

static const weft_node *trial_within(void *self, const weft_node *view)
{
    const weft_catalog *c = &((trial_catalog *)self)->session;
    return c->within(c->self, view);
}

static const weft_table_definition *trial_view(void *self, const weft_node *parsed)
{
    const weft_catalog *c = &((trial_catalog *)self)->session;
    return c->view(c->self, parsed);
}

static const weft_kept_settings *trial_kept(void *self, const weft_node *parsed)
{
    const weft_catalog *c = &((trial_catalog *)self)->session;
    return c->kept(c->self, parsed);
}

static weft_status trial_names(weft_ctx *ctx, void *self, const char *const **names, int32_t *count)
{
    const weft_catalog *c = &((trial_catalog *)self)->session;
    return c->names(ctx, c->self, names, count);
}

static weft_status trial_variable(weft_ctx *ctx, void *self, const char *const *parts, int32_t part_count,
                                  int32_t *used, const weft_variable **out)
{
    weft_status st = WEFT_OK;
    const trial_catalog *t = self;
    WEFT_TRY(st, t->session.variable(ctx, t->session.self, parts, part_count, used, out));
    if (*out != NULL) st = check_lasting(ctx, t, (*out)->name, "VARIABLE");
done:
    return st;
}

static weft_status trial_routine(weft_ctx *ctx, void *self, const char *name, const weft_routine **out)
{
    weft_status st = WEFT_OK;
    trial_catalog *t = self;
    *out = t->made;
    if (strcasecmp(t->made->parts[t->made->part_count - 1], name) != 0) {
        WEFT_TRY(st, t->session.routine(ctx, t->session.self, name, out));
        const char *access = *out == NULL ? NULL : (*out)->access;
        t->reads |= access != NULL && strcmp(access, "READS SQL DATA") == 0;
        if (*out != NULL && (*out)->temporary) st = check_lasting(ctx, t, name, "FUNCTION");
        goto done;
    }
    if (t->found && t->made->replace) /* what it replaces may be what it calls, through others */
        WEFT_TRY(st, weft_fail(ctx, WEFT_CYCLIC_FUNCTION, "Cyclic function reference detected: `%s` -> `%s`.",
                               name, name));
    if (t->found)
        WEFT_TRY(st, weft_fail(ctx, WEFT_ROUTINE_NOT_FOUND,
                               "The routine `%s` cannot be found: a function cannot call itself.", name));
    t->found = true;
done:
    return st;
}

/* f(NULL, …) */
static weft_status call_of(weft_ctx *ctx, const weft_routine *made, const weft_expr **out)
{
    static const weft_expr null = {.kind = WEFT_EXPR_LITERAL,
                                   .nullable = true,
                                   .literal = {.type = {.id = WEFT_TYPE_NULL}, .is_null = true}};
    weft_status st = WEFT_OK;
    weft_expr *call = NULL;
    const weft_expr **args = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &call));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, made->parameter_count + 1, &args));
    for (int32_t i = 0; i < made->parameter_count; i++) args[i] = &null;
    *call = (weft_expr){.kind = WEFT_EXPR_UNRESOLVED_CALL,
                        .nullable = true,
                        .arg_count = made->parameter_count,
                        .args = args};
    call->unresolved.name = made->parts[made->part_count - 1];
    *out = call;
done:
    return st;
}

/* Is the body good? */
static weft_status try_body(weft_session *s, weft_ctx *ctx, weft_ids *ids, const weft_routine *made)
{
    weft_status st = WEFT_OK;
    trial_catalog trial = {.session = weft_session_catalog_view(s->catalog), .made = made};
    const weft_catalog catalog = {.find = trial_find,
                                  .open = trial_open,
                                  .table = NULL, /* a query writes nowhere */
                                  .within = trial_within,
                                  .view = trial_view,
                                  .kept = trial_kept,
                                  .routine = trial_routine,
                                  .variable = trial_variable,
                                  .names = trial_names,
                                  .self = &trial};
    const weft_expr *call = NULL;
    const weft_node *bound = NULL;
    WEFT_TRY(st, call_of(ctx, made, &call));
    weft_node node = {.kind = made->table ? WEFT_NODE_TABLE_FUNCTION : WEFT_NODE_SELECT,
                      .output = {.count = -1}};
    if (made->table) {
        node.table_function.call = call;
    } else {
        node.select.item_count = 1;
        node.select.items = &call;
    }
    WEFT_TRY(st, weft_analyze(ctx, &catalog, ids, &node, &bound));
    if (trial.reads && made->access != NULL && strcmp(made->access, "CONTAINS SQL") == 0)
        st = weft_fail(ctx, WEFT_FUNCTION_DATA_ACCESS,
                       "Cannot create a SQL function with CONTAINS SQL that accesses a table/view or a SQL "
                       "function that reads SQL data. Please use READS SQL DATA instead.");
done:
    return st;
}

static bool is_query(void *self, const weft_expr *e)
{
    (void)self;
    return e->kind == WEFT_EXPR_SUBQUERY;
}

/* Does the DEFAULT of each parameter give a value of its type, by itself? */
static weft_status try_defaults(weft_session *s, weft_ctx *ctx, weft_ids *ids, const weft_routine *made)
{
    weft_status st = WEFT_OK;
    const weft_catalog catalog = weft_session_catalog_view(s->catalog);
    const weft_node *bound = NULL;
    for (int32_t i = 0; i < made->parameter_count; i++) {
        const weft_parameter *p = &made->parameters[i];
        const weft_expr cast = {.kind = WEFT_EXPR_CAST, .type = p->type, .arg_count = 1, .args = &p->initial};
        const weft_expr *const item = &cast;
        const weft_node select = {
            .kind = WEFT_NODE_SELECT, .output = {.count = -1}, .select = {.item_count = 1, .items = &item}};
        if (p->initial == NULL) continue;
        if (weft_expr_any(p->initial, is_query, NULL))
            WEFT_TRY(st, weft_fail(ctx, WEFT_ROUTINE_DEFAULT,
                                   "User defined function is invalid: The DEFAULT expression of `%s`.`%s` is "
                                   "not supported because it contains a subquery.",
                                   made->parts[made->part_count - 1], p->name));
        WEFT_TRY(st, weft_analyze(ctx, &catalog, ids, &select, &bound));
        if (bound->kind != WEFT_NODE_PROJECT || bound->inputs[0]->kind != WEFT_NODE_VALUES)
            WEFT_TRY(st, weft_fail(ctx, WEFT_ROUTINE_AGGREGATE,
                                   "User defined function is invalid: SQL scalar function cannot contain "
                                   "aggregate/window/generate functions: %s",
                                   p->name));
    }
done:
    return st;
}

/* The lengths of CHAR and VARCHAR are those of columns of tables. */
static weft_status check_lengths(weft_ctx *ctx, const weft_routine *r)
{
    if (!r->has_length || weft_setting(ctx, WEFT_SET_CHAR_AS_STRING) != 0) return WEFT_OK;
    return weft_fail(
        ctx, WEFT_CHAR_AS_STRING,
        "The char/varchar type can't be used in the table schema. If you want Spark treat them as "
        "string type as same as Spark 3.0 and earlier, please set "
        "\"spark.sql.legacy.charVarcharAsString\" to \"true\".");
}

static weft_status check_parameters(weft_ctx *ctx, const weft_routine *r, const char *name)
{
    for (int32_t i = 0; i < r->parameter_count; i++) {
        const weft_parameter *p = &r->parameters[i];
        for (int32_t k = 0; k < i; k++) {
            if (strcasecmp(r->parameters[k].name, p->name) != 0) continue;
            return weft_fail(ctx, WEFT_DUPLICATE_PARAMETER,
                             "Found duplicate name(s) in the parameter list of the user-defined routine %s: "
                             "`%s`.",
                             name, p->name);
        }
        if (i == 0 || p->initial != NULL || r->parameters[i - 1].initial == NULL) continue;
        return weft_fail(ctx, WEFT_ROUTINE_DEFAULT_POSITION,
                         "User defined function is invalid: In routine `%s` parameter `%s` with DEFAULT must "
                         "not be followed by parameter `%s` without DEFAULT.",
                         name, r->parameters[i - 1].name, p->name);
    }
    for (int32_t i = 0; i < r->column_count; i++)
        for (int32_t k = 0; k < i; k++)
            if (strcasecmp(r->columns[k].name, r->columns[i].name) == 0)
                return weft_fail(ctx, WEFT_DUPLICATE_RETURNS,
                                 "Found duplicate column(s) in the RETURNS clause column list of the "
                                 "user-defined routine %s: `%s`.",
                                 name, r->columns[i].name);
    return WEFT_OK;
}

static weft_status exists(weft_ctx *ctx, const char *database, const char *name)
{
    return weft_fail(
        ctx, WEFT_ROUTINE_EXISTS,
        "Cannot create the routine %s%s%s`%s` because a routine of that name already exists. "
        "Choose a different name, drop or replace the existing routine, or add the IF NOT EXISTS "
        "clause to tolerate a pre-existing routine.",
        database == NULL ? "" : "`", database == NULL ? "" : database, database == NULL ? "" : "`.", name);
}

static weft_status create(weft_session *s, weft_result *r, weft_ids *ids, const weft_node *parsed)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    weft_session_objects *objects = weft_session_catalog_objects(s->catalog);
    const weft_routine *wanted = parsed->routine.created, *made = NULL;
    weft_kept_settings kept = {0};
    const char *database = NULL, *name = NULL, *text = NULL;
    WEFT_TRY(st, weft_session_catalog_name_of(ctx, wanted->parts, wanted->part_count, &database, &name));
    if (name == NULL)
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_SCHEMA_NOT_FOUND, &parsed->span,
                                  "The name of the function has a catalogue that is not there."));
    WEFT_TRY(st, check_parameters(ctx, wanted, name));
    WEFT_TRY(st, check_lengths(ctx, wanted));
    WEFT_TRY(st, weft_kept_settings_take(ctx, false, &kept));
    WEFT_TRY(st, weft_kept_settings_encode(ctx, &kept, wanted->text, &text));
    WEFT_TRY(st, weft_routine_parse(ctx, text, &made));
    if (wanted->temporary) {
        if (!wanted->replace && weft_session_objects_find_function(objects, name) != NULL)
            WEFT_TRY(st, exists(ctx, NULL, name));
        WEFT_TRY(st, try_defaults(s, ctx, ids, made));
        WEFT_TRY(st, try_body(s, ctx, ids, made));
        WEFT_TRY(st, weft_session_objects_add_function(ctx, objects, text));
        weft_session_changed(s, &r->run.name);
        goto done;
    }
    const char *there = NULL;
    WEFT_TRY(st, weft_warehouse_function(ctx, database, name, &there));
    if (there != NULL && wanted->if_not_exists) goto done;
    if (there != NULL && !wanted->replace) WEFT_TRY(st, exists(ctx, database, name));
    WEFT_TRY(st, try_defaults(s, ctx, ids, made));
    WEFT_TRY(st, try_body(s, ctx, ids, made));
    st = weft_warehouse_put_function(ctx, database, name, text, wanted->replace);
    if (st == WEFT_EXISTS) st = wanted->if_not_exists ? WEFT_OK : exists(ctx, database, name);
    if (st == WEFT_OK) weft_session_changed(s, &r->run.name);
done:
    return st;
}

static weft_status not_found(weft_ctx *ctx, const char *database, const char *name)
{
    return weft_fail(
        ctx, WEFT_ROUTINE_NOT_FOUND,
        "The routine %s%s%s`%s` cannot be found. Verify the spelling and correctness of the schema "
        "and catalog. If you did not qualify the name with a schema and catalog, verify the "
        "current_schema() output, or qualify the name with the correct schema and catalog. To "
        "tolerate the error on drop use DROP ... IF EXISTS.",
        database == NULL ? "" : "`", database == NULL ? "" : database, database == NULL ? "" : "`.", name);
}

static weft_status drop(weft_session *s, weft_result *r, const weft_node *parsed)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    weft_session_objects *objects = weft_session_catalog_objects(s->catalog);
    const char *database = NULL, *name = NULL, *there = NULL;
    WEFT_TRY(st, weft_session_catalog_name_of(ctx, parsed->routine.parts, parsed->routine.part_count,
                                              &database, &name));
    if (name == NULL) name = parsed->routine.parts[parsed->routine.part_count - 1];
    const bool builtin = parsed->routine.part_count == 1 &&
                         (weft_function_find(name) != NULL || weft_aggregate_find(name) != NULL ||
                          weft_form_find(name) != NULL);
    const weft_routine *function = weft_session_objects_find_function(objects, name);
    if (parsed->routine.temporary) {
        if (function != NULL)
            weft_session_objects_drop_function(objects, function);
        else if (builtin)
            WEFT_TRY(st, weft_fail(ctx, WEFT_FORBIDDEN_OPERATION,
                                   "The operation DROP is not allowed on the FUNCTION: `%s`.", name));
        else if (!parsed->routine.if_exists)
            WEFT_TRY(st, not_found(ctx, NULL, name));
        if (function != NULL) weft_session_changed(s, &r->run.name);
        goto done;
    }
    if (builtin)
        WEFT_TRY(st, weft_fail(ctx, WEFT_FORBIDDEN_OPERATION,
                               "The operation DROP is not allowed on the FUNCTION: `%s`.", name));
    if (database != NULL) WEFT_TRY(st, weft_warehouse_function(ctx, database, name, &there));
    if (there == NULL && !parsed->routine.if_exists) WEFT_TRY(st, not_found(ctx, database, name));
    if (there == NULL) goto done;
    WEFT_TRY(st, weft_warehouse_drop_function(ctx, database, name));
    weft_session_changed(s, &r->run.name);
done:
    return st;
}

weft_status weft_session_routine_command(weft_session *s, weft_result *r, weft_ids *ids,
                                         const weft_node *parsed)
{
    return parsed->routine.created != NULL ? create(s, r, ids, parsed) : drop(s, r, parsed);
}
