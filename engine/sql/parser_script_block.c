/* engine/sql/parser_script_block.c - BEGIN … END: variables, conditions, handlers, statements. */
#include <string.h>
#include <strings.h>

#include "engine/sql/parser_script.h"

typedef struct block_parts {
    weft_pointers variables, cursors, handlers;
    weft_pointers names; /* of conditions: nothing raises them, so their states tell nothing */
    bool statements;
} block_parts;

static weft_status declare_variables(sql_parser *p, block_parts *b)
{
    weft_status st = WEFT_OK;
    weft_pointers names = {0};
    weft_script_place type = {0}, initial = {0};
    const weft_span span = weft_sql_peek(p, 0)->span;
    do {
        const char *name = NULL;
        const char *label = NULL;
        WEFT_TRY(st, script_target_name(p, &name, &label));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &names, name));
        if (label == NULL) continue;
        const weft_span at = weft_sql_span_from(p, &span);
        WEFT_TRY(st,
                 weft_fail_at(p->ctx, WEFT_VARIABLE_QUALIFIED, &at,
                              "Invalid variable declaration. The variable %.*s must be declared without a "
                              "qualifier, as qualifiers are not allowed for local variable declarations.",
                              (int)(at.stop - at.start), p->text + at.start));
    } while (weft_sql_accept(p, SQL_COMMA));
    if (b->statements || b->cursors.count > 0 || b->handlers.count > 0)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_VARIABLE_NOT_AT_START, &span,
                                  "Invalid variable declaration. Variable `%s` can only be declared at the "
                                  "beginning of the compound.",
                                  (const char *)names.items[0]));
    if (sql_is(p, SQL_SEMICOLON)) WEFT_TRY(st, weft_sql_variable_without_type(p, &span));
    if (!sql_is(p, SQL_EQ) && !weft_sql_is_text(p, 0, "DEFAULT")) {
        weft_type parsed;
        const int32_t start = script_here(p);
        WEFT_TRY(st, weft_sql_type(p, &parsed));
        type = script_place_from(p, start);
    }
    if (weft_sql_accept(p, SQL_EQ) || weft_sql_accept_text(p, "DEFAULT"))
        WEFT_TRY(st, script_expr(p, &initial));
    for (int32_t i = 0; i < names.count; i++) {
        weft_script_variable *v = NULL;
        WEFT_TRY(st, WEFT_NEW(p->ctx, &v));
        *v = (weft_script_variable){.name = names.items[i], .type = type, .initial = initial};
        for (int32_t k = 0; k < b->variables.count; k++) {
            if (strcasecmp(((const weft_script_variable *)b->variables.items[k])->name, v->name) != 0)
                continue;
            WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_VARIABLE_EXISTS, &span,
                                      "Cannot create the variable `%s` because it already exists. Choose a "
                                      "different name, or drop or replace the existing variable.",
                                      v->name));
        }
        WEFT_TRY(st, weft_pointers_push(p->ctx, &b->variables, v));
    }
done:
    return st;
}

/* SQLSTATE [VALUE] 'xxxxx' behind SQLSTATE */
static weft_status parse_sqlstate(sql_parser *p, const char **out)
{
    weft_status st = WEFT_OK;
    size_t len = 0;
    const weft_span span = weft_sql_peek(p, 0)->span;
    (void)weft_sql_accept_text(p, "VALUE");
    WEFT_TRY(st, weft_sql_string(p, "a state of five characters", out, &len));
    const bool plain = len == 5 &&
                       strspn(*out, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == 5;
    if (!plain || strncmp(*out, "00", 2) == 0 || strncmp(*out, "01", 2) == 0 ||
        strncasecmp(*out, "XX", 2) == 0)
        st = weft_fail_at(
            p->ctx, WEFT_INVALID_SQLSTATE, &span,
            "Invalid SQLSTATE value: '%s'. SQLSTATE must be exactly 5 characters long and contain "
            "only A-Z and 0-9. SQLSTATE must not start with '00', '01', or 'XX'.",
            *out);
done:
    return st;
}

/* name CONDITION [FOR SQLSTATE …] */
static weft_status declare_condition(sql_parser *p, block_parts *b)
{
    weft_status st = WEFT_OK;
    const char *name = NULL, *state = NULL;
    const weft_span span = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, weft_sql_name(p, "the name of a condition", &name));
    weft_sql_advance(p);
    if (b->statements || b->cursors.count > 0 || b->handlers.count > 0)
        WEFT_TRY(st, weft_fail_at(
                         p->ctx, WEFT_CONDITION_PLACE, &span,
                         "Invalid condition declaration. Condition %s can only be declared at the start of "
                         "a BEGIN END compound statement.",
                         name));
    if (weft_sql_accept_word(p, SQL_KW_FOR)) {
        WEFT_TRY(st, script_expect(p, "SQLSTATE"));
        WEFT_TRY(st, parse_sqlstate(p, &state));
    }
    for (int32_t i = 0; i < b->names.count; i++)
        if (strcasecmp(b->names.items[i], name) == 0)
            WEFT_TRY(st, weft_fail_at(
                             p->ctx, WEFT_CONDITION_TWICE, &span,
                             "Found duplicate condition %s in the scope. Please, remove one of them.", name));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &b->names, name));
done:
    return st;
}

static weft_status parse_condition(sql_parser *p, weft_script_condition *out)
{
    weft_status st = WEFT_OK;
    const char *const *parts = NULL;
    int32_t count = 0;
    char *name = NULL;
    *out = (weft_script_condition){0};
    if (weft_sql_accept_text(p, "SQLSTATE")) return parse_sqlstate(p, &out->sqlstate);
    if (weft_sql_accept_text(p, "SQLEXCEPTION")) {
        out->sqlstate = "";
        return WEFT_OK;
    }
    if (weft_sql_accept_word(p, SQL_KW_NOT)) {
        out->sqlstate = "02";
        return script_expect(p, "FOUND");
    }
    WEFT_TRY(st, weft_sql_names(p, "a condition", &parts, &count));
    out->name = parts[0];
    for (int32_t i = 1; i < count; i++) {
        WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &name, "%s.%s", out->name, parts[i]));
        out->name = name;
    }
done:
    return st;
}

static bool is_general(const weft_script_condition *c)
{
    return c->sqlstate != NULL && strlen(c->sqlstate) < 5;
}

static bool is_same(const weft_script_condition *a, const weft_script_condition *b)
{
    if ((a->name == NULL) != (b->name == NULL)) return false;
    return strcasecmp(a->name != NULL ? a->name : a->sqlstate, b->name != NULL ? b->name : b->sqlstate) == 0;
}

/* What it is called in errors. */
static const char *shown(const weft_script_condition *c)
{
    if (c->name != NULL) return c->name;
    return !is_general(c) ? c->sqlstate : c->sqlstate[0] == '\0' ? "SQLEXCEPTION" : "NOT FOUND";
}

/* Once in a handler. */
static weft_status check_condition(sql_parser *p, const weft_pointers *list, const weft_script_condition *one)
{
    for (int32_t i = 0; i < list->count; i++) {
        if (!is_same(list->items[i], one)) continue;
        const bool state = one->name == NULL && !is_general(one);
        return weft_fail(p->ctx, state ? WEFT_HANDLER_STATE_TWICE : WEFT_HANDLER_CONDITION_TWICE,
                         "Invalid handler declaration. Found duplicate %s %s in the handler declaration. "
                         "Please, remove one of them.",
                         state ? "sqlState" : "condition", shown(one));
    }
    return WEFT_OK;
}

/* One handler in a block. */
static weft_status check_handlers(sql_parser *p, const weft_pointers *handlers,
                                  const weft_script_handler *one)
{
    for (int32_t i = 0; i < handlers->count; i++) {
        const weft_script_handler *other = handlers->items[i];
        for (int32_t k = 0; k < one->count * other->count; k++) {
            const weft_script_condition *c = &one->conditions[k / other->count];
            if (!is_same(c, &other->conditions[k % other->count])) continue;
            const bool state = c->name == NULL && !is_general(c);
            return weft_fail(p->ctx, state ? WEFT_HANDLERS_OF_STATE : WEFT_HANDLERS_OF_CONDITION,
                             "Found duplicate handlers. Please, remove one of them. Found duplicate handlers "
                             "for the same %s %s.",
                             state ? "SQLSTATE" : "condition", shown(c));
        }
    }
    return WEFT_OK;
}

/* Is there such a condition, of the engine or of the block? */
static bool is_known_condition(const block_parts *b, const char *name)
{
    static const char *const known[] = {
#define X(condition) #condition,
#include "engine/sql/condition_list.h"
#undef X
    };
    const size_t len = strcspn(name, ".");
    for (int32_t i = 0; i < WEFT_COUNT(known); i++)
        if (strlen(known[i]) == len && strncasecmp(known[i], name, len) == 0) return true;
    for (int32_t i = 0; i < WEFT_STATUS_COUNT; i++) { /* those that only this engine has */
        const char *own = weft_status_text((weft_status)i);
        if (strcspn(own, ".") == len && strncasecmp(own, name, len) == 0) return true;
    }
    for (int32_t i = 0; i < b->names.count; i++)
        if (strcasecmp(b->names.items[i], name) == 0) return true;
    return false;
}

/* Those that the handlers of the block name. */
static weft_status check_conditions(sql_parser *p, const block_parts *b)
{
    for (int32_t i = 0; i < b->handlers.count; i++) {
        const weft_script_handler *handler = b->handlers.items[i];
        for (int32_t k = 0; k < handler->count; k++) {
            const char *name = handler->conditions[k].name;
            if (name != NULL && !is_known_condition(b, name))
                return weft_fail(p->ctx, WEFT_HANDLER_CONDITION_UNKNOWN,
                                 "Invalid handler declaration. Condition %s not found.", name);
        }
    }
    return WEFT_OK;
}

/* EXIT | CONTINUE HANDLER FOR condition, … body */
static weft_status declare_handler(sql_parser *p, const label_scope *labels, block_parts *b)
{
    weft_status st = WEFT_OK;
    weft_script_handler *handler = NULL;
    weft_pointers list = {0};
    weft_script_condition *all = NULL;
    bool general = false, particular = false;
    const weft_span span = weft_sql_peek(p, 0)->span;
    const bool goes_on = weft_sql_accept_text(p, "CONTINUE");
    if (goes_on) p->features->continue_handler = span;
    if (!goes_on) WEFT_TRY(st, script_expect(p, "EXIT"));
    WEFT_TRY(st, script_expect(p, "HANDLER"));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_FOR));
    if (b->statements)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_HANDLER_PLACE, &span,
                                  "Invalid handler declaration. Handlers must be declared after "
                                  "variable/condition/cursor declarations, and before other statements."));
    do {
        weft_script_condition *one = NULL;
        WEFT_TRY(st, WEFT_NEW(p->ctx, &one));
        WEFT_TRY(st, parse_condition(p, one));
        WEFT_TRY(st, check_condition(p, &list, one));
        *(is_general(one) ? &general : &particular) = true;
        WEFT_TRY(st, weft_pointers_push(p->ctx, &list, one));
    } while (weft_sql_accept(p, SQL_COMMA));
    if (general && particular)
        WEFT_TRY(st,
                 weft_fail_at(p->ctx, WEFT_HANDLER_COMBINATION, &span,
                              "Invalid handler declaration. Invalid combination of conditions in the handler "
                              "declaration. SQLEXCEPTION and NOT FOUND cannot be used together with other "
                              "condition/sqlstate values."));
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, list.count, &all));
    for (int32_t i = 0; i < list.count; i++) all[i] = *(const weft_script_condition *)list.items[i];
    WEFT_TRY(st, WEFT_NEW(p->ctx, &handler));
    handler->goes_on = goes_on;
    handler->count = list.count;
    handler->conditions = all;
    WEFT_TRY(st, check_handlers(p, &b->handlers, handler));
    WEFT_TRY(st, script_node(p, labels, &handler->body));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &b->handlers, handler));
done:
    return st;
}

static weft_status declare_cursor(sql_parser *p, const weft_span *start, block_parts *b)
{
    if (b->statements || b->handlers.count > 0)
        return weft_fail_at(p->ctx, WEFT_CURSOR_PLACE, start,
                            "Cursors must be declared after variable/condition declarations, and before "
                            "handlers and other statements.");
    return script_declare_cursor(p, &b->cursors);
}

/* At DECLARE. */
static weft_status parse_declaration(sql_parser *p, const label_scope *labels, block_parts *b)
{
    const weft_span span = weft_sql_peek(p, 0)->span;
    weft_sql_advance(p);
    if (sql_word(p, SQL_KW_OR))
        return weft_fail_at(
            p->ctx, WEFT_VARIABLE_REPLACED, &span,
            "Invalid variable declaration. The variable does not support DECLARE OR REPLACE, as "
            "local variables cannot be replaced.");
    if (weft_sql_is_text(p, 1, "HANDLER")) return declare_handler(p, labels, b);
    if (weft_sql_is_text(p, 1, "CONDITION")) return declare_condition(p, b);
    if (script_at_cursor(p)) return declare_cursor(p, &span, b);
    weft_sql_variable_word(p);
    return declare_variables(p, b);
}

weft_status script_block(sql_parser *p, const label_scope *labels, weft_script *node)
{
    weft_status st = WEFT_OK;
    block_parts b = {0};
    weft_pointers list = {0};
    weft_script_variable *variables = NULL;
    weft_script_handler *handlers = NULL;
    weft_script_cursor *cursors = NULL;
    weft_script_list *body = NULL;
    node->kind = WEFT_SCRIPT_BLOCK;
    weft_sql_advance(p);
    if (weft_sql_accept_word(p, SQL_KW_NOT)) WEFT_TRY(st, script_expect(p, "ATOMIC"));
    while (!sql_word(p, SQL_KW_END)) {
        const weft_script *one = NULL;
        if (weft_sql_is_text(p, 0, "DECLARE")) {
            WEFT_TRY(st, parse_declaration(p, labels, &b));
        } else {
            b.statements = true;
            WEFT_TRY(st, script_node(p, labels, &one));
            WEFT_TRY(st, weft_pointers_push(p->ctx, &list, one));
        }
        WEFT_TRY(st, weft_sql_expect(p, SQL_SEMICOLON, "';'"));
    }
    weft_sql_advance(p);
    WEFT_TRY(st, check_conditions(p, &b));
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, b.variables.count, &variables));
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, b.handlers.count, &handlers));
    WEFT_TRY(st, WEFT_NEW(p->ctx, &body));
    for (int32_t i = 0; i < b.variables.count; i++)
        variables[i] = *(const weft_script_variable *)b.variables.items[i];
    for (int32_t i = 0; i < b.handlers.count; i++)
        handlers[i] = *(const weft_script_handler *)b.handlers.items[i];
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, b.cursors.count, &cursors));
    for (int32_t i = 0; i < b.cursors.count; i++)
        cursors[i] = *(const weft_script_cursor *)b.cursors.items[i];
    node->cursor_count = b.cursors.count;
    node->cursors = cursors;
    node->variable_count = b.variables.count;
    node->variables = variables;
    node->handler_count = b.handlers.count;
    node->handlers = handlers;
    *body = (weft_script_list){.count = list.count, .items = (const weft_script *const *)list.items};
    node->bodies = body;
done:
    return st;
}
