/* client/script.c - see script.h. */
#include "client/script.h"

#include <string.h>
#include <strings.h>

#include "client/script_run.h"
#include "coordinator/result.h"

static weft_status run_list(script_run *s, const weft_script_list *list);
static weft_status run_node(script_run *s, const weft_script *node);

/* ---- variables ---- */

static weft_status push_local(script_run *s, const char *label, const char *name, char *type, char *value)
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
    *l = (script_local){.label = label, .name = name, .type = type, .value = value};
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
    st = push_local(s, block->label == NULL ? "" : block->label, v->name, type, value);
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

/* The values of a query's row into the targets: SET (x, …) = (query), EXECUTE IMMEDIATE … INTO. */
static weft_status set_row(script_run *s, const weft_script *node, weft_result *result)
{
    weft_status st = WEFT_OK;
    char **values = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(&s->ctx, node->target_count, &values));
    st = script_take_row(s, result, node->target_count, values);
    for (int32_t i = 0; st == WEFT_OK && i < node->target_count; i++) {
        script_local *l = node->qualified[i] ? NULL : script_find_local(s, node->targets[i]);
        if (l == NULL) {
            st = set_session(s, node, i, values[i]);
            continue;
        }
        weft_mem_free(l->value);
        l->value = values[i];
        values[i] = NULL;
    }
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
        script_local *l = node->qualified[i] ? NULL : script_find_local(s, node->targets[i]);
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
    if (st == WEFT_OK) keep_result(s, result);
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
    if (node->target_count == 0) {
        keep_result(s, result);
        return WEFT_OK;
    }
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
        st = weft_arena_printf(&s->step, s->step.arena, &before, "%s%.*s %.*s ", checks ? "EXPLAIN " : "",
                               (int)(into.stop - into.start), s->text + into.start,
                               (int)(from.stop - from.start), s->text + from.start);
        WEFT_TRY(st, script_step_failed(s, st));
        WEFT_TRY(st, script_send(s, before, node->values[at], "", &result));
        if (checks)
            weft_result_free(&result);
        else
            keep_result(s, result);
        result = NULL;
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
        WEFT_TRY(st,
                 push_local(s, node->name == NULL ? "" : node->name, schema->fields[i].name, type, value));
    }
done:
    return st;
}

static weft_status run_for(script_run *s, const weft_script *node)
{
    weft_status st = WEFT_OK;
    weft_result *rows = NULL;
    const int32_t locals = s->locals.count;
    bool on = true;
    WEFT_TRY(st, script_send(s, "", node->subject, "", &rows));
    const weft_schema *schema = weft_result_schema(rows);
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

/* Is the condition one of this error? How near it names it: 0 not at all, 3 by its class. */
static int32_t match(const weft_script_condition *c, weft_status code)
{
    const char *text = weft_status_text(code), *state = weft_status_sqlstate(code);
    if (c->name != NULL) {
        const size_t len = strlen(c->name);
        return strncasecmp(text, c->name, len) == 0 && (text[len] == '\0' || text[len] == '.') ? 3 : 0;
    }
    if (strlen(c->sqlstate) == 5) return strcasecmp(c->sqlstate, state) == 0 ? 2 : 0;
    const bool not_found = strncmp(state, "02", 2) == 0;
    return (c->sqlstate[0] == '\0') != not_found ? 1 : 0;
}

static const weft_script_handler *find_handler(const weft_script *block, weft_status code)
{
    const weft_script_handler *found = NULL;
    int32_t best = 0;
    if (code == WEFT_CANCELLED || code == WEFT_DEADLINE || code == WEFT_NOMEM ||
        weft_status_classify(code) == WEFT_CLASS_INTERNAL)
        return NULL;
    for (int32_t i = 0; i < block->handler_count; i++) {
        const weft_script_handler *handler = &block->handlers[i];
        for (int32_t k = 0; k < handler->count; k++) {
            const int32_t how = match(&handler->conditions[k], code);
            if (how <= best) continue;
            best = how;
            found = handler;
        }
    }
    return found;
}

static weft_status run_block(script_run *s, const weft_script *node)
{
    weft_status st = WEFT_OK;
    const int32_t outer = s->locals.count;
    for (int32_t i = 0; st == WEFT_OK && i < node->variable_count; i++)
        st = declare(s, node, &node->variables[i]);
    const int32_t own = s->locals.count;
    if (st == WEFT_OK) st = run_list(s, &node->bodies[0]);
    const weft_script_handler *handler = st == WEFT_OK ? NULL : find_handler(node, s->ctx.error.code);
    if (handler != NULL) {
        script_drop_locals(s, own); /* the blocks inside are gone */
        weft_error_clear(&s->ctx);
        st = run_node(s, handler->body);
    }
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
    for (int32_t i = 0; i < list->count && s->flow == FLOW_ON; i++) WEFT_TRY(st, run_node(s, list->items[i]));
done:
    return st;
}

weft_status weft_script_run(const weft_connection *connection, const char *text, size_t len,
                            const atomic_bool *cancelled, weft_error *error, weft_result **out)
{
    weft_status st = WEFT_NOMEM;
    script_run s = {.connection = connection, .text = text, .cancelled = cancelled};
    const weft_script *tree = NULL;
    const weft_settings *settings = weft_connection_settings(connection);
    *out = NULL;
    *error = (weft_error){.code = WEFT_NOMEM, .message = "no memory for a script"};
    if (!weft_own_memory_open(&s.memory, INT64_MAX, "script") ||
        !weft_own_memory_open(&s.scratch, INT64_MAX, "script"))
        goto done;
    weft_ctx_init(&s.ctx, s.memory.arena, s.memory.account, settings);
    weft_ctx_init(&s.step, s.scratch.arena, s.scratch.account, settings);
    st = weft_sql_parse_script(&s.ctx, text, len, &tree);
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
