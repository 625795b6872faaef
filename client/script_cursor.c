/* client/script_cursor.c - cursors of a script: OPEN runs the query, FETCH takes a row of its result.
 *
 * A cursor lives as long as the block that declares it runs. Its query is run when it is opened, with the
 * variables of that moment, and its result is kept until it is closed. */
#include <string.h>
#include <strings.h>

#include "client/script_run.h"
#include "engine/expr/value_sql.h"
#include "engine/sql/parser.h"

weft_status script_declare_cursors(script_run *s, const weft_script *block)
{
    weft_status st = WEFT_OK;
    const int32_t outer = s->cursors.count;
    for (int32_t i = 0; i < block->cursor_count; i++) {
        script_cursor *c = NULL;
        const weft_script_cursor *declared = &block->cursors[i];
        for (int32_t k = outer; k < s->cursors.count; k++)
            if (strcasecmp(((const script_cursor *)s->cursors.items[k])->declared->name, declared->name) == 0)
                WEFT_TRY(st, weft_fail(&s->ctx, WEFT_CURSOR_EXISTS,
                                       "Cannot declare cursor `%s` because it already exists in the current "
                                       "scope.",
                                       declared->name));
        WEFT_TRY(st, weft_mem_alloc_zero(&s->ctx, WEFT_MEM_WORKING, sizeof(*c), (void **)&c));
        c->declared = declared;
        c->label = block->label;
        st = weft_pointers_push(&s->ctx, &s->cursors, c);
        if (st != WEFT_OK) weft_mem_free(c);
        WEFT_TRY(st, st);
    }
done:
    return st;
}

static void close_cursor(script_cursor *c)
{
    weft_result_free(&c->rows);
    c->batch = (weft_batch){0};
    c->next = 0;
}

void script_drop_cursors(script_run *s, int32_t down_to)
{
    while (s->cursors.count > down_to) {
        script_cursor *c = (script_cursor *)(uintptr_t)s->cursors.items[--s->cursors.count];
        close_cursor(c);
        weft_mem_free(c);
    }
}

/* The innermost of that name, or of the block with that label. */
static weft_status find_cursor(script_run *s, const weft_script *node, script_cursor **out)
{
    *out = NULL;
    for (int32_t i = s->cursors.count - 1; i >= 0 && *out == NULL; i--) {
        script_cursor *c = (script_cursor *)(uintptr_t)s->cursors.items[i];
        const bool block = node->label == NULL ||
                           (c->label != NULL && strcasecmp(c->label, node->label) == 0);
        if (block && strcasecmp(c->declared->name, node->name) == 0) *out = c;
    }
    if (*out != NULL) return WEFT_OK;
    return weft_fail(&s->ctx, WEFT_CURSOR_NOT_FOUND, "Cursor %s%s%s not found in the current scope.",
                     node->label != NULL ? node->label : "", node->label != NULL ? "." : "", node->name);
}

static weft_status not_open(script_run *s, const script_cursor *c)
{
    return weft_fail(&s->ctx, WEFT_CURSOR_NOT_OPEN,
                     "Cannot fetch from or close cursor `%s` because it is not open.", c->declared->name);
}

/* The values behind USING, as SQL: on the heap. */
static weft_status take_arguments(script_run *s, const weft_script *node, char **values)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < node->target_count; i++) {
        weft_result *result = NULL;
        char *type = NULL, *value = NULL;
        WEFT_TRY(st, script_send(s, "SELECT ", node->values[i], "", &result));
        st = script_take_row(s, result, 1, &value);
        if (st == WEFT_OK) st = script_type_of(s, weft_result_schema(result)->fields[0].type, &type);
        if (st == WEFT_OK) st = script_typed(s, value, type, &values[i]);
        weft_mem_free(value);
        weft_mem_free(type);
        weft_result_free(&result);
        WEFT_TRY(st, st);
    }
done:
    return st;
}

/* The query with its markers replaced, sent. */
static weft_status send_with(script_run *s, const script_cursor *c, const weft_script *node,
                             char *const *values, weft_result **out)
{
    weft_status st = WEFT_OK;
    weft_sql_parameter *parameters = NULL;
    weft_sql_text replaced = {0};
    const weft_script_place query = c->declared->query, nothing = {.start = query.start, .stop = query.start};
    st = WEFT_NEW_ARRAY(&s->step, node->target_count, &parameters);
    for (int32_t i = 0; st == WEFT_OK && i < node->target_count; i++)
        parameters[i] = (weft_sql_parameter){.name = node->targets[i], .sql = values[i]};
    if (st == WEFT_OK)
        st = weft_sql_substitute(&s->step, s->text + query.start, (size_t)(query.stop - query.start),
                                 parameters, node->target_count, &replaced);
    WEFT_TRY(st, script_step_failed(s, st));
    st = script_send(s, replaced.text, nothing, "", out);
done:
    return st;
}

weft_status script_open(script_run *s, const weft_script *node)
{
    weft_status st = WEFT_OK;
    script_cursor *c = NULL;
    char **values = NULL;
    WEFT_TRY(st, find_cursor(s, node, &c));
    if (c->rows != NULL)
        WEFT_TRY(st, weft_fail(&s->ctx, WEFT_CURSOR_OPEN,
                               "Cannot open cursor `%s` because it is already open.", c->declared->name));
    if (node->target_count == 0) return script_send(s, "", c->declared->query, "", &c->rows);
    WEFT_TRY(st, WEFT_NEW_ARRAY(&s->ctx, node->target_count, &values));
    st = take_arguments(s, node, values);
    if (st == WEFT_OK) st = send_with(s, c, node, values, &c->rows);
    for (int32_t i = 0; i < node->target_count; i++) weft_mem_free(values[i]);
done:
    return st;
}

/* One variable that is a struct takes a row of several columns whole. */
static weft_status row_as_struct(script_run *s, int32_t count, char **values)
{
    weft_status st = WEFT_OK;
    char *text = "";
    for (int32_t i = 0; st == WEFT_OK && i < count; i++)
        st = weft_arena_printf(&s->step, s->step.arena, &text, "%s%s%s", text, i > 0 ? ", " : "struct(",
                               values[i]);
    if (st == WEFT_OK) st = weft_arena_printf(&s->step, s->step.arena, &text, "%s)", text);
    WEFT_TRY(st, script_step_failed(s, st));
    for (int32_t i = 0; i < count; i++) {
        weft_mem_free(values[i]);
        values[i] = NULL;
    }
    st = script_copy(s, text, &values[0]);
    weft_arena_reset(s->scratch.arena);
done:
    return st;
}

static bool takes_struct(script_run *s, const weft_script *node, const weft_schema *schema)
{
    if (node->target_count != 1) return false;
    const script_local *l = script_find_target(s, node, 0);
    const bool is_struct = l != NULL && strncasecmp(l->type, "struct<", 7) == 0;
    return is_struct && (schema->count != 1 || schema->fields[0].type.id != WEFT_TYPE_STRUCT);
}

weft_status script_fetch(script_run *s, const weft_script *node)
{
    weft_status st = WEFT_OK;
    script_cursor *c = NULL;
    char **values = NULL;
    WEFT_TRY(st, find_cursor(s, node, &c));
    if (c->rows == NULL) return not_open(s, c);
    const weft_schema *schema = weft_result_schema(c->rows);
    const bool whole = takes_struct(s, node, schema);
    if (!whole && schema->count != node->target_count)
        WEFT_TRY(st, script_wrong_count(s, node->target_count, schema->count));
    while (c->next == c->batch.rows) {
        WEFT_TRY(st, weft_result_next(c->rows, &s->ctx.error, &c->batch));
        c->next = 0;
        if (c->batch.rows > 0) continue;
        return weft_fail(&s->ctx, WEFT_CURSOR_NO_ROWS, "No more rows available to fetch from cursor `%s`.",
                         c->declared->name);
    }
    WEFT_TRY(st, weft_mem_alloc_zero(&s->ctx, WEFT_MEM_WORKING, (size_t)schema->count * sizeof(*values),
                                     (void **)&values));
    for (int32_t i = 0; st == WEFT_OK && i < schema->count; i++)
        st = script_value_text(s, &c->batch.columns[i], c->next, &values[i]);
    c->next++;
    if (st == WEFT_OK && whole) st = row_as_struct(s, schema->count, values);
    if (st == WEFT_OK) st = script_assign(s, node, whole ? NULL : schema, values);
    for (int32_t i = 0; i < schema->count; i++) weft_mem_free(values[i]);
    weft_mem_free(values);
done:
    return st;
}

weft_status script_close(script_run *s, const weft_script *node)
{
    weft_status st = WEFT_OK;
    script_cursor *c = NULL;
    WEFT_TRY(st, find_cursor(s, node, &c));
    if (c->rows == NULL) return not_open(s, c);
    close_cursor(c);
done:
    return st;
}
