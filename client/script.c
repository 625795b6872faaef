/* client/script.c - see script.h. */
#include "client/script.h"

#include <string.h>
#include <strings.h>

#include "client/script_run.h"
#include "common/settings.h"
#include "coordinator/result.h"

static weft_status run_list(script_run *s, const weft_script_list *list);
static weft_status run_node(script_run *s, const weft_script *node);
static weft_status handle(script_run *s, weft_status st);

/* ---- variables ---- */

static weft_status push_local(script_run *s, const char *label, const char *name,
                              const weft_script_variable *declared, char *type, char *value)
{
    weft_status st = WEFT_OK;
    script_local *l = NULL;
    st = weft_mem_alloc(&s->ctx, WEFT_MEM_WORKING, sizeof(*l), (void **)&l);
    if (st == WEFT_OK) st = weft_pointers_push(&s->ctx, &s->locals, l);
    if (st != WEFT_OK) {
        weft_mem_free(l);
        weft_mem_free(type);
        weft_mem_free(value);
        return st;
    }
    *l = (script_local){.label = label, .name = name, .declared = declared, .type = type, .value = value};
    return WEFT_OK;
}

static weft_status place_text(script_run *s, weft_script_place place, char **out)
{
    weft_status st = WEFT_OK;
    const size_t len = (size_t)(place.stop - place.start);
    WEFT_TRY(st, weft_mem_alloc(&s->ctx, WEFT_MEM_WORKING, len + 1, (void **)out));
    memcpy(*out, s->text + place.start, len);
    (*out)[len] = '\0';
done:
    return st;
}

static weft_status declare(script_run *s, const weft_script *block, const weft_script_variable *v)
{
    weft_status st = WEFT_OK;
    weft_result *result = NULL;
    char *type = NULL, *value = NULL, *behind = NULL;
    const bool typed = v->type.stop > v->type.start;
    if (typed) WEFT_TRY(st, place_text(s, v->type, &type));
    if (v->initial.stop == v->initial.start) {
        WEFT_TRY(st, script_copy(s, "NULL", &value));
    } else {
        WEFT_TRY(st, script_step_failed(s, weft_arena_printf(&s->step, s->step.arena, &behind, "%s%s%s",
                                                             typed ? " AS " : "", typed ? type : "",
                                                             typed ? ")" : "")));
        WEFT_TRY(st, script_send(s, typed ? "SELECT CAST(" : "SELECT ", v->initial, behind, &result));
        WEFT_TRY(st, script_take_row(s, result, 1, &value));
        if (!typed) WEFT_TRY(st, script_type_of(s, weft_result_schema(result)->fields[0].type, &type));
    }
    st = push_local(s, block->label == NULL ? "" : block->label, v->name, v, type, value);
    type = value = NULL;
done:
    weft_mem_free(type);
    weft_mem_free(value);
    weft_result_free(&result);
    return st;
}

/* A variable of the session: told to it, as it is no matter of the script. */
static weft_status set_session(script_run *s, const weft_script *node, int32_t i, const char *value)
{
    weft_status st = WEFT_OK;
    weft_result *result = NULL;
    const char *name = NULL;
    char *before = NULL;
    const weft_script_place nothing = {.start = node->text.start, .stop = node->text.start};
    const weft_script_place place = value == NULL ? node->values[i] : nothing;
    st = script_quote_name(&s->step, node->targets[i], &name);
    if (st == WEFT_OK)
        st = weft_arena_printf(&s->step, s->step.arena, &before, "SET VAR %s = %s", name,
                               value != NULL               ? value
                               : place.start == place.stop ? "DEFAULT"
                                                           : "");
    WEFT_TRY(st, script_step_failed(s, st));
    st = script_send(s, before, place, "", &result);
    weft_result_free(&result);
done:
    return st;
}

static weft_status set_local(script_run *s, script_local *l, weft_script_place value)
{
    weft_status st = WEFT_OK;
    weft_result *result = NULL;
    char *made = NULL, *behind = NULL;
    if (value.start == value.stop && l->declared != NULL) value = l->declared->initial; /* SET x = DEFAULT */
    if (value.start == value.stop) {
        WEFT_TRY(st, script_copy(s, "NULL", &made));
    } else {
        WEFT_TRY(st, script_step_failed(
                         s, weft_arena_printf(&s->step, s->step.arena, &behind, " AS %s)", l->type)));
        WEFT_TRY(st, script_send(s, "SELECT CAST(", value, behind, &result));
        WEFT_TRY(st, script_take_row(s, result, 1, &made));
    }
    weft_mem_free(l->value);
    l->value = made;
    made = NULL;
done:
    weft_mem_free(made);
    weft_result_free(&result);
    return st;
}

/* A value of that type, where the variable's is another. */
static weft_status cast_value(script_run *s, const script_local *l, const weft_field *field, char **value)
{
    weft_status st = WEFT_OK;
    weft_result *result = NULL;
    char *type = NULL, *made = NULL, *text = NULL;
    const weft_script_place nothing = {0};
    if (field != NULL) WEFT_TRY(st, script_type_of(s, field->type, &type));
    if (type != NULL && strcasecmp(type, l->type) == 0) goto done;
    st = weft_arena_printf(&s->step, s->step.arena, &text, "SELECT CAST(%s AS %s)", *value, l->type);
    WEFT_TRY(st, script_step_failed(s, st));
    WEFT_TRY(st, script_send(s, text, nothing, "", &result));
    WEFT_TRY(st, script_take_row(s, result, 1, &made));
    weft_mem_free(*value);
    *value = made;
done:
    weft_mem_free(type);
    weft_result_free(&result);
    return st;
}

weft_status script_assign(script_run *s, const weft_script *node, const weft_schema *schema, char **values)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < node->target_count; i++) {
        script_local *l = script_find_target(s, node, i);
        if (l == NULL) {
            WEFT_TRY(st, set_session(s, node, i, values[i]));
            continue;
        }
        WEFT_TRY(st, cast_value(s, l, schema == NULL ? NULL : &schema->fields[i], &values[i]));
        weft_mem_free(l->value);
        l->value = values[i];
        values[i] = NULL;
    }
done:
    return st;
}

/* The values of a query's row into the targets: SET (x, …) = (query), EXECUTE IMMEDIATE … INTO. */
static weft_status set_row(script_run *s, const weft_script *node, weft_result *result)
{
    weft_status st = WEFT_OK;
    char **values = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(&s->ctx, node->target_count, &values));
    st = script_take_row(s, result, node->target_count, values);
    if (st == WEFT_OK) st = script_assign(s, node, weft_result_schema(result), values);
    for (int32_t i = 0; i < node->target_count; i++) weft_mem_free(values[i]);
done:
    return st;
}

static weft_status run_set(script_run *s, const weft_script *node)
{
    weft_status st = WEFT_OK;
    weft_result *result = NULL;
    if (node->values == NULL) {
        WEFT_TRY(st, script_send(s, "", node->subject, "", &result));
        st = set_row(s, node, result);
        goto done;
    }
    for (int32_t i = 0; i < node->target_count; i++) {
        script_local *l = script_find_target(s, node, i);
        WEFT_TRY(st, l != NULL ? set_local(s, l, node->values[i]) : set_session(s, node, i, NULL));
    }
done:
    weft_result_free(&result);
    return st;
}

/* ---- statements ---- */

static void keep_result(script_run *s, weft_result *result)
{
    weft_result_free(&s->result);
    s->result = result;
}

static weft_status run_statement(script_run *s, const weft_script *node)
{
    weft_result *result = NULL;
    const weft_status st = script_send(s, "", node->text, "", &result);
    if (st == WEFT_OK && node->is_query)
        keep_result(s, result);
    else
        weft_result_free(&result);
    return st;
}

static weft_status run_execute(script_run *s, const weft_script *node)
{
    weft_status st = WEFT_OK;
    weft_result *result = NULL;
    char *behind = NULL;
    const weft_script_place rest = node->subject;
    WEFT_TRY(st,
             script_step_failed(s, weft_arena_printf(&s->step, s->step.arena, &behind, " %.*s",
                                                     (int)(rest.stop - rest.start), s->text + rest.start)));
    WEFT_TRY(st, script_send(s, "", node->text, behind, &result));
    if (node->target_count == 0 && weft_result_schema(result)->count > 0) {
        keep_result(s, result);
        return WEFT_OK;
    }
    if (node->target_count == 0) goto done;
    if (weft_result_schema(result)->count == 0)
        WEFT_TRY(st, weft_fail(&s->ctx, WEFT_EXECUTE_INTO_NO_QUERY,
                               "The INTO clause of EXECUTE IMMEDIATE is only valid for queries but the given "
                               "statement is not a query."));
    st = set_row(s, node, result);
done:
    weft_result_free(&result);
    return st;
}

/* INSERT into several tables: all are analysed before the first one writes. */
static weft_status run_inserts(script_run *s, const weft_script *node)
{
    weft_status st = WEFT_OK;
    weft_result *result = NULL;
    char *before = NULL;
    const weft_script_place from = node->subject;
    for (int32_t i = 0; i < 2 * node->branch_count; i++) {
        const bool checks = i < node->branch_count;
        const int32_t at = i % node->branch_count;
        const weft_script_place into = node->conditions[at];
        st = weft_arena_printf(&s->step, s->step.arena, &before, "%s%.*s %.*s ",
                               checks ? "EXPLAIN VALIDATE " : "", (int)(into.stop - into.start),
                               s->text + into.start, (int)(from.stop - from.start), s->text + from.start);
        WEFT_TRY(st, script_step_failed(s, st));
        WEFT_TRY(st, script_send(s, before, node->values[at], "", &result));
        weft_result_free(&result);
    }
done:
    return st;
}

/* ---- branches and loops ---- */

/* Does the branch's condition hold? CASE compares its value with it. */
static weft_status branch_holds(script_run *s, const weft_script *node, int32_t i, bool *out)
{
    weft_status st = WEFT_OK;
    char *before = NULL;
    const weft_script_place subject = node->subject;
    if (node->kind == WEFT_SCRIPT_IF) return script_condition(s, "SELECT ", node->conditions[i], "", out);
    WEFT_TRY(st, script_step_failed(
                     s, weft_arena_printf(&s->step, s->step.arena, &before, "SELECT (%.*s) = (",
                                          (int)(subject.stop - subject.start), s->text + subject.start)));
    st = script_condition(s, before, node->conditions[i], ")", out);
done:
    return st;
}

static weft_status run_branches(script_run *s, const weft_script *node)
{
    weft_status st = WEFT_OK;
    int32_t chosen = node->branch_count;
    for (int32_t i = 0; i < node->branch_count && chosen == node->branch_count; i++) {
        bool holds = false;
        WEFT_TRY(st, branch_holds(s, node, i, &holds));
        if (holds) chosen = i;
    }
    st = run_list(s, &node->bodies[chosen]);
done:
    return st;
}

/* The body of a loop once; *on false: it was left. */
static weft_status run_body(script_run *s, const weft_script *node, bool *on)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, run_list(s, &node->bodies[0]));
    *on = s->flow == FLOW_ON;
    if (*on || node->label == NULL || strcasecmp(node->label, s->label) != 0) goto done;
    *on = s->flow == FLOW_ITERATE;
    s->flow = FLOW_ON;
done:
    return st;
}

static weft_status run_loop(script_run *s, const weft_script *node)
{
    weft_status st = WEFT_OK;
    bool on = true;
    while (on) {
        bool holds = true;
        if (node->kind == WEFT_SCRIPT_WHILE)
            WEFT_TRY(st, script_condition(s, "SELECT ", node->conditions[0], "", &holds));
        if (!holds) break;
        WEFT_TRY(st, run_body(s, node, &on));
        if (atomic_load(s->cancelled))
            WEFT_TRY(st, weft_fail(&s->ctx, WEFT_CANCELLED, "the script was cancelled"));
        if (!on || node->kind != WEFT_SCRIPT_REPEAT) continue;
        WEFT_TRY(st, script_condition(s, "SELECT ", node->conditions[0], "", &holds));
        on = !holds;
    }
done:
    return st;
}

/* The columns of a row as variables. */
static weft_status push_row(script_run *s, const weft_script *node, const weft_schema *schema,
                            const weft_batch *batch, int32_t row)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < schema->count; i++) {
        char *type = NULL, *value = NULL;
        st = script_type_of(s, schema->fields[i].type, &type);
        if (st == WEFT_OK) st = script_value_text(s, &batch->columns[i], row, &value);
        if (st != WEFT_OK) {
            weft_mem_free(type);
            goto done;
        }
        WEFT_TRY(st, push_local(s, node->name == NULL ? "" : node->name, schema->fields[i].name, NULL, type,
                                value));
    }
done:
    return st;
}

/* They are variables, so each name is there once. */
static weft_status check_row_names(script_run *s, const weft_script *node, const weft_schema *schema)
{
    for (int32_t i = 1; node->name != NULL && i < schema->count; i++)
        for (int32_t k = 0; k < i; k++)
            if (strcasecmp(schema->fields[i].name, schema->fields[k].name) == 0)
                return weft_fail(&s->ctx, WEFT_VARIABLE_EXISTS,
                                 "Cannot create the variable `%s`.`%s` because it already exists. Choose a "
                                 "different name, or drop or replace the existing variable.",
                                 node->name, schema->fields[i].name);
    return WEFT_OK;
}

static weft_status run_for(script_run *s, const weft_script *node)
{
    weft_status st = WEFT_OK;
    weft_result *rows = NULL;
    const int32_t locals = s->locals.count;
    bool on = true;
    WEFT_TRY(st, script_send(s, "", node->subject, "", &rows));
    const weft_schema *schema = weft_result_schema(rows);
    WEFT_TRY(st, check_row_names(s, node, schema));
    while (on && schema->count > 0) {
        weft_batch batch = {0};
        WEFT_TRY(st, weft_result_next(rows, &s->ctx.error, &batch));
        if (batch.rows == 0) break;
        for (int32_t i = 0; on && i < batch.rows; i++) {
            WEFT_TRY(st, push_row(s, node, schema, &batch, i));
            WEFT_TRY(st, run_body(s, node, &on));
            script_drop_locals(s, locals);
        }
    }
done:
    script_drop_locals(s, locals);
    weft_result_free(&rows);
    return st;
}

/* ---- blocks and their handlers ---- */

/* Is an error on its way to a handler? */
static bool is_leaving(const script_run *s)
{
    const script_block *b = s->block;
    while (b != NULL && b->leaving == NULL) b = b->outer;
    return b != NULL;
}

static weft_status enter_block(script_run *s, script_block *b)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < b->node->variable_count; i++) {
        st = declare(s, b->node, &b->node->variables[i]);
        if (st != WEFT_OK && !is_leaving(s)) st = handle(s, st); /* a handler around it may go on */
        WEFT_TRY(st, st);
        b->locals = s->locals.count;
    }
    b->locals = s->locals.count;
    WEFT_TRY(st, script_declare_cursors(s, b->node));
done:
    return st;
}

/* The body sees what its block does. */
static weft_status run_handler(script_run *s, script_block *b, const weft_script_handler *handler)
{
    weft_status st = WEFT_OK;
    const void **hidden = NULL;
    const int32_t count = s->locals.count - b->locals;
    weft_error_clear(&s->ctx);
    WEFT_TRY(st, weft_mem_alloc(&s->ctx, WEFT_MEM_WORKING, ((size_t)count + 1) * sizeof(*hidden),
                                (void **)&hidden));
    if (count > 0) memcpy(hidden, s->locals.items + b->locals, (size_t)count * sizeof(*hidden));
    s->locals.count = b->locals;
    b->handling = true;
    st = run_node(s, handler->body);
    if (st != WEFT_OK && !is_leaving(s)) st = handle(s, st);
    b->handling = false;
    if (count > 0) memcpy(s->locals.items + b->locals, hidden, (size_t)count * sizeof(*hidden));
    s->locals.count = b->locals + count;
done:
    weft_mem_free(hidden);
    return st;
}

/* What is done about a statement that failed: it goes on behind it, or the blocks inside of the handler's are
 * left, or all of them. That a cursor has no more rows is no error where nothing asks for it. */
static weft_status handle(script_run *s, weft_status st)
{
    const weft_script_handler *handler = NULL;
    script_block *const inner = s->block, *const b = script_find_handler(s, &handler);
    if (b == NULL && st == WEFT_CURSOR_NO_ROWS) {
        weft_error_clear(&s->ctx);
        return WEFT_OK;
    }
    if (b == NULL) return st;
    if (!handler->goes_on) {
        b->leaving = handler;
        return st;
    }
    s->block = b;
    st = run_handler(s, b, handler);
    s->block = inner;
    for (script_block *at = inner; st != WEFT_OK && at != b->outer; at = at->outer)
        at->handling = true; /* they are left with what the handler has failed with */
    return st;
}

static weft_status run_block(script_run *s, const weft_script *node)
{
    weft_status st = WEFT_OK;
    const int32_t outer = s->locals.count, cursors = s->cursors.count;
    script_block block = {.node = node, .outer = s->block, .locals = outer, .handling = true};
    s->block = &block;
    st = enter_block(s, &block); /* what fails here is no matter of its own handlers */
    block.handling = false;
    if (st == WEFT_OK) st = run_list(s, &node->bodies[0]);
    if (st != WEFT_OK && block.leaving != NULL) {
        const weft_script_handler *handler = block.leaving;
        block.leaving = NULL;
        script_drop_locals(s, block.locals); /* the blocks inside are gone */
        st = run_handler(s, &block, handler);
    }
    s->block = block.outer;
    script_drop_cursors(s, cursors);
    script_drop_locals(s, outer);
    if (st == WEFT_OK && s->flow == FLOW_LEAVE && node->label != NULL &&
        strcasecmp(node->label, s->label) == 0)
        s->flow = FLOW_ON;
    return st;
}

/* ---- the tree ---- */

static weft_status run_node(script_run *s, const weft_script *node)
{
    switch (node->kind) {
    case WEFT_SCRIPT_STATEMENT: return run_statement(s, node);
    case WEFT_SCRIPT_EXECUTE: return run_execute(s, node);
    case WEFT_SCRIPT_INSERTS: return run_inserts(s, node);
    case WEFT_SCRIPT_SET: return run_set(s, node);
    case WEFT_SCRIPT_OPEN: return script_open(s, node);
    case WEFT_SCRIPT_FETCH: return script_fetch(s, node);
    case WEFT_SCRIPT_CLOSE: return script_close(s, node);
    case WEFT_SCRIPT_BLOCK: return run_block(s, node);
    case WEFT_SCRIPT_IF:
    case WEFT_SCRIPT_CASE: return run_branches(s, node);
    case WEFT_SCRIPT_WHILE:
    case WEFT_SCRIPT_REPEAT:
    case WEFT_SCRIPT_LOOP: return run_loop(s, node);
    case WEFT_SCRIPT_FOR: return run_for(s, node);
    case WEFT_SCRIPT_LEAVE: s->flow = FLOW_LEAVE; break;
    case WEFT_SCRIPT_ITERATE: s->flow = FLOW_ITERATE; break;
    }
    s->label = node->label;
    return WEFT_OK;
}

static weft_status run_list(script_run *s, const weft_script_list *list)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < list->count && s->flow == FLOW_ON; i++) {
        st = run_node(s, list->items[i]);
        if (st != WEFT_OK && !is_leaving(s)) st = handle(s, st);
        WEFT_TRY(st, st);
    }
done:
    return st;
}

/* ---- what the session allows ---- */

static weft_status check_allowed(script_run *s, weft_setting_id setting, const weft_span *span,
                                 weft_status code, const char *why)
{
    weft_status st = WEFT_OK;
    weft_result *result = NULL;
    char *before = NULL, *values[2] = {NULL, NULL};
    const weft_script_place nothing = {0};
    st = weft_arena_printf(&s->step, s->step.arena, &before, "SET %s", weft_setting_find_def(setting)->key);
    WEFT_TRY(st, script_step_failed(s, st));
    WEFT_TRY(st, script_send(s, before, nothing, "", &result));
    WEFT_TRY(st, script_take_row(s, result, 2, values));
    if (strcasecmp(values[1], "'true'") != 0)
        st = weft_fail_at(&s->ctx, code, span, "The feature is not supported: %s", why);
done:
    for (int32_t i = 0; i < 2; i++) weft_mem_free(values[i]);
    weft_result_free(&result);
    return st;
}

/* The settings of the session are with its coordinator, so that it is asked. */
static weft_status check_features(script_run *s, const weft_script *tree, const weft_script_features *f)
{
    weft_status st = WEFT_OK;
    const weft_span start = {.stop = 5, .line = 1, .column = 1};
    if (tree->kind != WEFT_SCRIPT_BLOCK) return WEFT_OK;
    WEFT_TRY(st, check_allowed(s, WEFT_SET_SCRIPTING, &start, WEFT_SCRIPTING_DISABLED,
                               "SQL Scripting is under development and not all features are supported. SQL "
                               "Scripting enables users to write procedural SQL including control flow and "
                               "error handling. To enable existing features set "
                               "\"spark.sql.scripting.enabled\" to `true`."));
    if (f->cursor.line > 0)
        WEFT_TRY(st, check_allowed(s, WEFT_SET_SCRIPT_CURSORS, &f->cursor, WEFT_SQL_CURSOR,
                                   "SQL cursor operations (DECLARE CURSOR, OPEN, FETCH, CLOSE) are not "
                                   "supported."));
    if (f->continue_handler.line > 0)
        WEFT_TRY(st, check_allowed(s, WEFT_SET_SCRIPT_CONTINUE, &f->continue_handler, WEFT_CONTINUE_HANDLER,
                                   "CONTINUE exception handler is not supported. Use EXIT handler."));
done:
    return st;
}

weft_status weft_script_run(const weft_connection *connection, const char *text, size_t len,
                            const atomic_bool *cancelled, weft_error *error, weft_result **out)
{
    weft_status st = WEFT_NOMEM;
    script_run s = {.connection = connection, .text = text, .cancelled = cancelled};
    const weft_script *tree = NULL;
    weft_script_features features;
    const weft_settings *settings = weft_connection_settings(connection);
    *out = NULL;
    *error = (weft_error){.code = WEFT_NOMEM, .message = "no memory for a script"};
    if (!weft_own_memory_open(&s.memory, INT64_MAX, "script") ||
        !weft_own_memory_open(&s.scratch, INT64_MAX, "script"))
        goto done;
    weft_ctx_init(&s.ctx, s.memory.arena, s.memory.account, settings);
    weft_ctx_init(&s.step, s.scratch.arena, s.scratch.account, settings);
    st = weft_sql_parse_script(&s.ctx, text, len, &features, &tree);
    if (st == WEFT_OK) st = check_features(&s, tree, &features);
    if (st == WEFT_OK) st = run_node(&s, tree);
    if (st == WEFT_OK && s.result == NULL)
        st = weft_result_new(weft_connection_pool(connection), settings, NULL, &s.result);
    if (st == WEFT_OK) {
        *out = s.result;
        s.result = NULL;
    } else {
        *error = s.ctx.error;
    }
done:
    weft_result_free(&s.result);
    script_drop_locals(&s, 0);
    weft_own_memory_close(&s.scratch);
    weft_own_memory_close(&s.memory);
    return st;
}
