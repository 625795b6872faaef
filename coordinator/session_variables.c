/* coordinator/session_variables.c - variables of a session, and EXECUTE IMMEDIATE. What a variable becomes is
 * the row of a query; where that is known without running it, nothing runs. */
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "coordinator/session_private.h"
#include "engine/expr/value_sql.h"
#include "engine/plan/optimizer.h"
#include "engine/sql/parser.h"
#include "engine/sql/script_tree.h"

/* ---- the values of a query's row ---- */

/* SELECT exprs, parsed. */
static weft_status select_of(weft_ctx *ctx, const weft_expr *const *exprs, int32_t count,
                             const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &node));
    *node = (weft_node){.kind = WEFT_NODE_SELECT, .output = {.count = -1}};
    node->select.item_count = count;
    node->select.items = exprs;
    *out = node;
done:
    return st;
}

/* A plan that is one row of literals: into values. */
static bool take_constants(const weft_node *plan, weft_value *values)
{
    const int32_t count = plan->output.count;
    const weft_node *rows = plan->kind == WEFT_NODE_PROJECT ? plan->inputs[0] : plan;
    if (rows->kind != WEFT_NODE_VALUES || rows->values.row_count != 1) return false;
    for (int32_t i = 0; i < count; i++) {
        const weft_expr *e = plan == rows ? rows->values.cells[i] : plan->project.exprs[i];
        if (e->kind == WEFT_EXPR_ALIAS) e = e->args[0];
        if (e->kind != WEFT_EXPR_LITERAL) return false;
        values[i] = e->literal;
    }
    return true;
}

/* The only row of the result that was run; none is all NULLs. Its blocks go. */
static weft_status take_row(weft_result *r, const weft_outputs *output, weft_value *values)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    int64_t rows = 0;
    for (int32_t i = 0; i < output->count; i++)
        values[i] = (weft_value){.type = output->columns[i].type, .is_null = true};
    for (;;) {
        weft_batch batch = {0};
        WEFT_TRY(st, weft_result_next(r, &ctx->error, &batch));
        if (batch.rows == 0) break;
        rows += batch.rows;
        if (rows > 1)
            WEFT_TRY(st, weft_fail(ctx, WEFT_ROW_SUBQUERY_TOO_MANY_ROWS,
                                   "More than one row returned by a subquery used as a row."));
        for (int32_t i = 0; i < batch.column_count; i++)
            WEFT_TRY(st, weft_value_take(ctx, &batch.columns[i], 0, &values[i]));
    }
done:
    return st;
}

/* The row of a parsed query of count columns, which are cast to the given types (NULL: they stay). targets:
 * the variables that it sets, whose DEFAULTs it may name; or NULL. */
static weft_status row_of(weft_session *s, weft_result *r, weft_ids *ids, const weft_node *query,
                          const weft_table_definition *targets, const weft_type *types, int32_t count,
                          weft_value **values)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    const weft_catalog catalog = weft_session_catalog_view(s->catalog);
    const weft_node *bound = NULL, *plan = NULL;
    weft_pointers exprs = {0};
    WEFT_TRY(st, targets == NULL ? weft_analyze(ctx, &catalog, ids, query, &bound)
                                 : weft_analyze_assigned(ctx, &catalog, ids, targets, query, &bound));
    if (bound->output.count != count)
        WEFT_TRY(st,
                 weft_fail(ctx, WEFT_ASSIGNMENT_ARITY,
                           "The number of columns or variables assigned or aliased: %d does not match the "
                           "number of source expressions: %d.",
                           count, bound->output.count));
    for (int32_t i = 0; i < count; i++) {
        const weft_expr *e = NULL;
        WEFT_TRY(st, weft_node_column(ctx, bound, i, &e));
        if (types != NULL) WEFT_TRY(st, weft_expr_cast(ctx, e, types[i], true, &e));
        WEFT_TRY(st, weft_expr_alias(ctx, e, weft_next_id(ids), "value", &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    }
    WEFT_TRY(st, weft_node_project(ctx, bound, weft_pointers_exprs(&exprs), count, &plan));
    WEFT_TRY(st, weft_optimize(ctx, ids, plan, &plan));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, values));
    if (take_constants(plan, *values)) goto done;
    WEFT_TRY(st, weft_session_run_plan(s, r, ids, plan, false));
    WEFT_TRY(st, take_row(r, &plan->output, *values));
    weft_result_forget(r);
done:
    return st;
}

/* ---- names ---- */

/* The last part of x, session.x or system.session.x; what else it may be qualified with is wrong. */
static weft_status name_of(weft_ctx *ctx, const weft_expr *target, const char **out)
{
    const char *const *parts = target->name.parts;
    const int32_t count = target->name.part_count;
    *out = parts[count - 1];
    const bool session = count == 2 && strcasecmp(parts[0], "session") == 0;
    const bool system = count == 3 && strcasecmp(parts[0], "system") == 0 &&
                        strcasecmp(parts[1], "session") == 0;
    if (count == 1 || session || system) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_UNRESOLVED_VARIABLE, &target->span,
                        "Cannot resolve variable `%s`.`%s` on search path [`system`.`session`].", parts[0],
                        *out);
}

static weft_status find_target(weft_session *s, weft_ctx *ctx, const weft_expr *target,
                               const weft_variable **out)
{
    weft_status st = WEFT_OK;
    const char *name = NULL;
    WEFT_TRY(st, name_of(ctx, target, &name));
    *out = weft_session_objects_variable(weft_session_catalog_objects(s->catalog), name);
    if (*out == NULL)
        st = weft_fail_at(ctx, WEFT_UNRESOLVED_VARIABLE, &target->span,
                          "Cannot resolve variable `%s` on search path [`system`.`builtin`, "
                          "`system`.`session`, `spark_catalog`.`%s`].",
                          name, weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE));
done:
    return st;
}

/* ---- DECLARE ---- */

static bool is_subquery(void *self, const weft_expr *e)
{
    (void)self;
    return e->kind == WEFT_EXPR_SUBQUERY;
}

static weft_status check_declared(weft_session *s, weft_ctx *ctx, const weft_variable_command *c)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < c->count; i++) {
        const char *name = NULL;
        WEFT_TRY(st, name_of(ctx, c->targets[i], &name));
        const weft_variable *v =
            weft_session_objects_variable(weft_session_catalog_objects(s->catalog), name);
        if (v != NULL && !c->replace)
            WEFT_TRY(st, weft_fail(ctx, WEFT_VARIABLE_EXISTS,
                                   "Cannot create the variable `system`.`session`.`%s` because it already "
                                   "exists. Choose a different name, or drop or replace the existing "
                                   "variable.",
                                   name));
        if (c->initial != NULL && weft_expr_any(c->initial, is_subquery, NULL))
            WEFT_TRY(st,
                     weft_fail(ctx, WEFT_DEFAULT_SUBQUERY,
                               "Failed to execute DECLARE VARIABLE command because the destination column "
                               "or variable `system`.`session`.`%s` has a DEFAULT value %s, which contains "
                               "subquery expressions.",
                               name, c->initial_text));
    }
done:
    return st;
}

static weft_status declare(weft_session *s, weft_result *r, weft_ids *ids, const weft_variable_command *c)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    const weft_node *query = NULL;
    weft_value nothing = {.type = c->type, .is_null = true}, *value = &nothing;
    WEFT_TRY(st, check_declared(s, ctx, c));
    if (c->initial != NULL) {
        WEFT_TRY(st, select_of(ctx, &c->initial, 1, &query));
        WEFT_TRY(st, row_of(s, r, ids, query, NULL, c->typed ? &c->type : NULL, 1, &value));
    }
    for (int32_t i = 0; i < c->count; i++) {
        const char *name = NULL;
        WEFT_TRY(st, name_of(ctx, c->targets[i], &name));
        WEFT_TRY(st, weft_session_objects_set(ctx, weft_session_catalog_objects(s->catalog), name, value,
                                              c->initial_text));
    }
done:
    return st;
}

/* ---- SET ---- */

static weft_status check_targets(weft_session *s, weft_ctx *ctx, const weft_variable_command *c,
                                 const weft_variable **variables, weft_type *types)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < c->count; i++) {
        WEFT_TRY(st, find_target(s, ctx, c->targets[i], &variables[i]));
        types[i] = variables[i]->value.type;
        for (int32_t k = 0; k < i; k++) {
            if (variables[k] != variables[i]) continue;
            WEFT_TRY(st,
                     weft_fail(ctx, WEFT_DUPLICATE_ASSIGNMENTS,
                               "The columns or variables `%s` appear more than once as assignment targets.",
                               variables[i]->name));
        }
    }
done:
    return st;
}

/* DEFAULT by itself, as a query may say it: the parser has left it out. */
static const weft_expr *default_word(void)
{
    static const char *const parts[] = {"DEFAULT"};
    static const weft_expr word = {.kind = WEFT_EXPR_UNRESOLVED_COLUMN,
                                   .name = {.part_count = 1, .parts = parts}};
    return &word;
}

/* The variables as the columns of a table, whose DEFAULTs are theirs. */
static weft_status as_columns(weft_ctx *ctx, const weft_variable *const *variables, int32_t count,
                              weft_table_definition *out)
{
    weft_status st = WEFT_OK;
    weft_column_definition *columns = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &columns));
    for (int32_t i = 0; i < count; i++)
        columns[i] = (weft_column_definition){
            .name = variables[i]->name, .type = variables[i]->value.type, .initial = variables[i]->initial};
    *out = (weft_table_definition){.column_count = count, .columns = columns};
done:
    return st;
}

static weft_status set(weft_session *s, weft_result *r, weft_ids *ids, const weft_variable_command *c)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    const weft_variable **variables = NULL;
    weft_type *types = NULL;
    weft_value *values = NULL;
    const weft_node *query = c->query;
    weft_pointers exprs = {0};
    weft_table_definition targets;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, c->count, &variables));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, c->count, &types));
    WEFT_TRY(st, check_targets(s, ctx, c, variables, types));
    for (int32_t i = 0; query == NULL && i < c->count; i++) {
        const weft_expr *e = c->values[i];
        if (e == NULL)
            e = default_word();
        else if (e->kind != WEFT_EXPR_UNRESOLVED_COLUMN) /* those behind it see it, as aliases of a SELECT */
            WEFT_TRY(st, weft_expr_alias(ctx, e, -1, variables[i]->name, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    }
    if (query == NULL) WEFT_TRY(st, select_of(ctx, weft_pointers_exprs(&exprs), exprs.count, &query));
    WEFT_TRY(st, as_columns(ctx, variables, c->count, &targets));
    WEFT_TRY(st, row_of(s, r, ids, query, &targets, types, c->count, &values));
    for (int32_t i = 0; i < c->count; i++)
        WEFT_TRY(st, weft_session_objects_set(ctx, weft_session_catalog_objects(s->catalog),
                                              variables[i]->name, &values[i], variables[i]->initial));
done:
    return st;
}

static weft_status drop(weft_session *s, weft_ctx *ctx, const weft_variable_command *c)
{
    weft_status st = WEFT_OK;
    const char *name = NULL;
    weft_session_objects *objects = weft_session_catalog_objects(s->catalog);
    WEFT_TRY(st, name_of(ctx, c->targets[0], &name));
    if (weft_session_objects_variable(objects, name) == NULL && !c->if_exists)
        WEFT_TRY(st,
                 weft_fail(ctx, WEFT_VARIABLE_NOT_FOUND,
                           "The variable `system`.`session`.`%s` cannot be found. Verify the spelling and "
                           "correctness of the schema and catalog. To tolerate the error on drop use DROP "
                           "VARIABLE IF EXISTS.",
                           name));
    weft_session_objects_drop_variable(objects, name);
done:
    return st;
}

weft_status weft_session_variable_command(weft_session *s, weft_result *r, weft_ids *ids,
                                          const weft_node *parsed)
{
    const weft_variable_command *c = &parsed->variable;
    weft_status st = WEFT_OK;
    switch (c->op) {
    case WEFT_VARIABLE_DECLARE: st = declare(s, r, ids, c); break;
    case WEFT_VARIABLE_SET:
    case WEFT_VARIABLE_SET_QUERY: st = set(s, r, ids, c); break;
    case WEFT_VARIABLE_DROP: st = drop(s, &r->ctx, c); break;
    }
    if (st != WEFT_OK) return st;
    weft_session_changed(s, &r->run.name);
    return WEFT_OK;
}

/* ---- EXECUTE IMMEDIATE ---- */

/* What a constant expression of the statement is. */
static weft_status constant(weft_session *s, weft_ctx *ctx, weft_ids *ids, const weft_expr *e,
                            weft_value *out)
{
    weft_status st = WEFT_OK;
    const weft_catalog catalog = weft_session_catalog_view(s->catalog);
    const weft_node *query = NULL, *bound = NULL;
    WEFT_TRY(st, select_of(ctx, &e, 1, &query));
    WEFT_TRY(st, weft_analyze(ctx, &catalog, ids, query, &bound));
    WEFT_TRY(st, weft_optimize(ctx, ids, bound, &bound));
    if (bound->output.count != 1 || !take_constants(bound, out))
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_UNSUPPORTED, &e->span,
                                  "An expression of EXECUTE IMMEDIATE must be a constant."));
done:
    return st;
}

weft_status weft_session_locals(weft_session *s, weft_ctx *ctx, weft_ids *ids, const char *text, size_t len,
                                size_t *from)
{
    weft_status st = WEFT_OK;
    weft_session_objects *objects = weft_session_catalog_objects(s->catalog);
    const weft_sql_local *locals = NULL;
    int32_t count = 0;
    WEFT_TRY(st, weft_sql_parse_locals(ctx, text, len, &locals, &count, from));
    for (int32_t i = 0; i < count; i++) {
        weft_variable *v = NULL;
        WEFT_TRY(st, WEFT_NEW(ctx, &v));
        *v = (weft_variable){.name = locals[i].name, .label = locals[i].label};
        WEFT_TRY(st, constant(s, ctx, ids, locals[i].value, &v->value));
        WEFT_TRY(st, weft_pointers_push(ctx, &objects->locals, v));
    }
done:
    return st;
}

static weft_status arguments_of(weft_session *s, weft_ctx *ctx, weft_ids *ids, const weft_execute_command *c,
                                const weft_sql_parameter **out)
{
    weft_status st = WEFT_OK;
    weft_sql_parameter *list = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, c->argument_count, &list));
    for (int32_t i = 0; i < c->argument_count; i++) {
        const weft_expr *e = c->arguments[i];
        weft_value value;
        char *sql = NULL;
        if (e->kind == WEFT_EXPR_ALIAS) {
            list[i].name = e->alias.name;
            e = e->args[0];
        } else if (e->kind == WEFT_EXPR_UNRESOLVED_COLUMN) {
            list[i].name = e->name.parts[e->name.part_count - 1]; /* a variable goes by its own name */
        }
        WEFT_TRY(st, constant(s, ctx, ids, e, &value));
        WEFT_TRY(st, weft_value_sql(ctx, &value, &sql));
        list[i].sql = sql;
    }
    *out = list;
done:
    return st;
}

/* … INTO targets: the query sets them. */
static weft_status into_targets(weft_ctx *ctx, const weft_execute_command *c, const char *text,
                                const weft_node **statement)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    if (weft_node_is_command(*statement))
        WEFT_TRY(st, weft_fail(ctx, WEFT_EXECUTE_INTO_NO_QUERY,
                               "The INTO clause of EXECUTE IMMEDIATE is only valid for queries but the given "
                               "statement is not a query: %.300s.",
                               text));
    WEFT_TRY(st, WEFT_NEW(ctx, &node));
    *node = (weft_node){.kind = WEFT_NODE_VARIABLE, .output = {.count = -1}};
    node->variable = (weft_variable_command){
        .op = WEFT_VARIABLE_SET_QUERY, .count = c->target_count, .targets = c->targets, .query = *statement};
    *statement = node;
done:
    return st;
}

weft_status weft_session_immediate(weft_session *s, weft_result *r, weft_ids *ids, const weft_node *parsed,
                                   const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    const weft_execute_command *c = &parsed->execute;
    const weft_sql_parameter *arguments = NULL;
    weft_value value;
    weft_sql_text text = {0};
    char type[256], *source = NULL;
    WEFT_TRY(st, constant(s, ctx, ids, c->text, &value));
    if (value.type.id == WEFT_TYPE_STRING && value.is_null)
        WEFT_TRY(st, weft_fail(ctx, WEFT_EXECUTE_NULL_TEXT,
                               "Execute immediate requires a non-null variable as the query string, but the "
                               "provided one is null."));
    if (value.type.id != WEFT_TYPE_STRING) {
        WEFT_TRY(st,
                 weft_fail(ctx, WEFT_EXECUTE_TEXT_TYPE, "Expression type must be string type but got \"%s\".",
                           weft_type_text(value.type, type, sizeof(type))));
    }
    WEFT_TRY(st, arguments_of(s, ctx, ids, c, &arguments));
    weft_session_catalog_objects(s->catalog)->locals = (weft_pointers){0}; /* the text does not see them */
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(&value.str), value.str.len, &source));
    st = weft_sql_substitute(ctx, source, value.str.len, arguments, c->argument_count, &text);
    if (st == WEFT_OK && weft_sql_begins_block(text.text, text.len))
        return weft_fail(
            ctx, WEFT_SCRIPT_IN_EXECUTE,
            "SQL Scripts in EXECUTE IMMEDIATE commands are not allowed. Please ensure that the SQL "
            "query provided (%.200s) is not SQL Script. Make sure the sql_string is a well-formed "
            "SQL statement and does not contain BEGIN and END.",
            text.text);
    if (st == WEFT_OK) st = weft_sql_parse(ctx, text.text, text.len, out);
    if (st != WEFT_OK) {
        weft_error_prefix(ctx, "in the text of EXECUTE IMMEDIATE: ");
        ctx->error.span = (weft_span){0};
        goto done;
    }
    if (c->target_count > 0) WEFT_TRY(st, into_targets(ctx, c, source, out));
done:
    return st;
}

/* ---- the session's state ---- */

static weft_status describe_variable(weft_ctx *ctx, const weft_variable *v, weft_session_variable *out)
{
    weft_status st = WEFT_OK;
    char *sql = NULL, *text = NULL, type[4096];
    WEFT_TRY(st, weft_value_sql(ctx, &v->value, &sql));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "CAST(%s AS %s)", sql,
                                   weft_type_text(v->value.type, type, sizeof(type))));
    *out = (weft_session_variable){.name = v->name, .value = text, .initial = v->initial};
done:
    return st;
}

weft_status weft_session_describe_objects(weft_ctx *ctx, const weft_session *s, weft_session_state *out)
{
    weft_status st = WEFT_OK;
    const weft_session_objects *objects = weft_session_catalog_objects(s->catalog);
    const char **functions = NULL;
    weft_session_variable *variables = NULL;
    weft_ctx own = *ctx;
    own.settings = &s->settings; /* moments are written in the session's zone */
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, objects->functions.count, &functions));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, objects->variables.count, &variables));
    for (int32_t i = 0; i < objects->functions.count; i++)
        functions[i] = ((const weft_routine *)objects->functions.items[i])->text;
    for (int32_t i = 0; i < objects->variables.count; i++) {
        st = describe_variable(&own, weft_session_objects_variable_at(objects, i), &variables[i]);
        if (st != WEFT_OK) return weft_error_copy(ctx, &own);
    }
    out->functions = functions;
    out->function_count = objects->functions.count;
    out->variables = variables;
    out->variable_count = objects->variables.count;
done:
    return st;
}

/* The text of an expression, parsed. */
static weft_status expression_of(weft_ctx *ctx, const char *text, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_node *node = NULL;
    char *select = NULL;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &select, "SELECT %s", text));
    WEFT_TRY(st, weft_sql_parse(ctx, select, strlen(select), &node));
    *out = node->select.items[0];
done:
    return st;
}

static weft_status restore_variable(weft_session *s, const weft_session_variable *v)
{
    weft_status st = WEFT_OK;
    weft_ids ids = {.next = 1};
    const weft_expr *e = NULL;
    weft_value value;
    WEFT_TRY(st, expression_of(&s->ctx, v->value, &e));
    WEFT_TRY(st, constant(s, &s->ctx, &ids, e, &value));
    st = weft_session_objects_set(&s->ctx, weft_session_catalog_objects(s->catalog), v->name, &value,
                                  v->initial);
done:
    return st;
}

weft_status weft_session_restore_objects(weft_session *s, const weft_session_state *state)
{
    weft_status st = WEFT_OK;
    weft_session_objects *objects = weft_session_catalog_objects(s->catalog);
    for (int32_t i = 0; i < state->function_count + state->variable_count; i++) {
        const int32_t variable = i - state->function_count;
        st = variable < 0 ? weft_session_objects_add_function(&s->ctx, objects, state->functions[i])
                          : restore_variable(s, &state->variables[variable]);
        if (st == WEFT_NOMEM) return st;
        if (st != WEFT_OK) weft_log_error(WEFT_LOG_WARN, "session_object_not_restored", &s->ctx.error);
        weft_error_clear(&s->ctx);
    }
    return WEFT_OK;
}
