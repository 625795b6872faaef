/* engine/catalog/session_objects.c - see session_objects.h. */
#include "engine/catalog/session_objects.h"

#include <strings.h>

#include "engine/columnar/type_map.h"
#include "engine/plan/logical.h"
#include "engine/sql/parser.h"

/* A variable and the memory of what it is. */
typedef struct kept_variable {
    weft_variable is;
    weft_arena *arena;
} kept_variable;

static void remove_at(weft_pointers *list, int32_t at)
{
    list->count--;
    memmove(&list->items[at], &list->items[at + 1], (size_t)(list->count - at) * sizeof(*list->items));
}

/* ---- functions ---- */

weft_status weft_routine_parse(weft_ctx *ctx, const char *text, const weft_routine **out)
{
    weft_status st = WEFT_OK;
    const weft_node *node = NULL;
    weft_routine *r = NULL;
    char *shown = NULL;
    const char *statement = text;
    const weft_settings *before = ctx->settings;
    weft_kept_settings kept = {0};
    WEFT_TRY(st, weft_kept_settings_decode(ctx, &statement, &kept));
    WEFT_TRY(st, weft_kept_settings_enter(ctx, &kept, &before));
    st = weft_sql_parse(ctx, statement, strlen(statement), &node);
    ctx->settings = before;
    if (st != WEFT_OK) goto done;
    if (node->kind != WEFT_NODE_ROUTINE || node->routine.created == NULL)
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "the text of a function makes none: %.200s", text));
    WEFT_TRY(st, WEFT_NEW(ctx, &r));
    *r = *node->routine.created;
    const char *name = r->parts[r->part_count - 1];
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, name, strlen(name), &shown));
    r->shown = shown;
    r->kept = kept;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, text, strlen(text), &shown));
    r->text = shown;
    *out = r;
done:
    return st;
}

static const char *without_session(const char *name)
{
    if (strncasecmp(name, "system.session.", 15) == 0) return name + 15;
    return strncasecmp(name, "session.", 8) == 0 ? name + 8 : name;
}

static int32_t find_function(const weft_session_objects *o, const char *name)
{
    for (int32_t i = 0; i < o->functions.count; i++) {
        const weft_routine *r = o->functions.items[i];
        if (strcasecmp(r->parts[r->part_count - 1], name) == 0) return i;
    }
    return -1;
}

weft_status weft_session_objects_add_function(weft_ctx *ctx, weft_session_objects *o, const char *text)
{
    weft_status st = WEFT_OK;
    const weft_routine *made = NULL;
    WEFT_TRY(st, weft_routine_parse(o->session, text, &made));
    const int32_t at = find_function(o, made->parts[made->part_count - 1]);
    if (at >= 0)
        o->functions.items[at] = made;
    else
        WEFT_TRY(st, weft_pointers_push(o->session, &o->functions, made));
done:
    if (st != WEFT_OK && ctx != o->session) st = weft_error_copy(ctx, o->session);
    return st;
}

const weft_routine *weft_session_objects_find_function(const weft_session_objects *o, const char *name)
{
    const int32_t at = find_function(o, without_session(name));
    return at < 0 ? NULL : o->functions.items[at];
}

void weft_session_objects_drop_function(weft_session_objects *o, const weft_routine *function)
{
    for (int32_t i = 0; i < o->functions.count; i++)
        if (o->functions.items[i] == function) return remove_at(&o->functions, i);
}

/* ---- variables ---- */

static int32_t find_variable(const weft_session_objects *o, const char *name)
{
    for (int32_t i = 0; i < o->variables.count; i++)
        if (strcasecmp(((const kept_variable *)o->variables.items[i])->is.name, name) == 0) return i;
    return -1;
}

weft_status weft_variable_copy(weft_ctx *ctx, const weft_variable *from, weft_variable *out)
{
    weft_status st = WEFT_OK;
    const weft_value *value = &from->value;
    char *copy = NULL;
    *out = *from;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, from->name, strlen(from->name), &copy));
    out->name = copy;
    if (from->initial != NULL) {
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, from->initial, strlen(from->initial), &copy));
        out->initial = copy;
    }
    WEFT_TRY(st, weft_type_copy(ctx, value->type, &out->value.type));
    const bool bytes = value->type.id == WEFT_TYPE_STRING || value->type.id == WEFT_TYPE_BINARY ||
                       weft_type_is_nested(value->type);
    if (!bytes || value->is_null) goto done;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(&value->str), value->str.len, &copy));
    out->value.str = weft_str_view(copy, value->str.len);
done:
    return st;
}

weft_status weft_session_objects_set(weft_ctx *ctx, weft_session_objects *o, const char *name,
                                     const weft_value *value, const char *initial)
{
    weft_status st = WEFT_OK;
    kept_variable *v = NULL;
    weft_arena *arena = weft_arena_new(o->session->memory);
    weft_ctx own = *ctx;
    const int32_t at = find_variable(o, name);
    if (arena == NULL) return weft_fail(ctx, WEFT_NOMEM, "no memory for the variable %s", name);
    own.arena = arena;
    weft_variable made;
    const weft_variable wanted = {.name = name, .initial = initial, .value = *value};
    st = weft_variable_copy(&own, &wanted, &made);
    if (st != WEFT_OK) st = weft_error_copy(ctx, &own);
    if (st == WEFT_OK && at < 0) {
        st = WEFT_NEW(o->session, &v);
        if (st == WEFT_OK) st = weft_pointers_push(o->session, &o->variables, v);
        if (st != WEFT_OK) st = weft_error_copy(ctx, o->session);
    }
    if (st != WEFT_OK) {
        weft_arena_free(&arena);
        return st;
    }
    if (at >= 0) v = (kept_variable *)(uintptr_t)o->variables.items[at];
    weft_arena *before = v->arena;
    v->arena = arena;
    v->is = made;
    weft_arena_free(&before); /* last: name and initial may lie there */
    return WEFT_OK;
}

/* May the parts behind the name be fields of it? */
static bool may_have_fields(const weft_variable *v, int32_t more)
{
    return more == 0 || weft_type_is_nested(v->value.type);
}

void weft_session_objects_lookup(const weft_session_objects *o, const char *const *parts, int32_t part_count,
                                 int32_t *used, const weft_variable **out)
{
    int32_t at = 0;
    *out = NULL;
    for (int32_t i = o->locals.count - 1; i >= 0 && *out == NULL; i--) {
        const weft_variable *v = o->locals.items[i];
        const bool labelled = part_count > 1 && strcasecmp(v->label, parts[0]) == 0 &&
                              strcasecmp(v->name, parts[1]) == 0 && may_have_fields(v, part_count - 2);
        const bool plain = strcasecmp(v->name, parts[0]) == 0 && may_have_fields(v, part_count - 1);
        if (!labelled && !plain) continue;
        *used = labelled ? 2 : 1;
        *out = v;
    }
    if (*out != NULL) return;
    if (part_count > 2 && strcasecmp(parts[0], "system") == 0 && strcasecmp(parts[1], "session") == 0)
        at = 2;
    else if (part_count > 1 && strcasecmp(parts[0], "session") == 0)
        at = 1;
    *used = at + 1;
    *out = weft_session_objects_variable(o, parts[at]);
    if (*out != NULL && !may_have_fields(*out, part_count - *used)) *out = NULL;
}

const weft_variable *weft_session_objects_variable(const weft_session_objects *o, const char *name)
{
    const int32_t at = find_variable(o, name);
    return at < 0 ? NULL : weft_session_objects_variable_at(o, at);
}

const weft_variable *weft_session_objects_variable_at(const weft_session_objects *o, int32_t i)
{
    return &((const kept_variable *)o->variables.items[i])->is;
}

void weft_session_objects_drop_variable(weft_session_objects *o, const char *name)
{
    const int32_t at = find_variable(o, name);
    if (at < 0) return;
    kept_variable *v = (kept_variable *)(uintptr_t)o->variables.items[at];
    remove_at(&o->variables, at);
    weft_arena_free(&v->arena);
}

void weft_session_objects_deinit(weft_session_objects *o)
{
    for (int32_t i = 0; i < o->variables.count; i++)
        weft_arena_free(&((kept_variable *)(uintptr_t)o->variables.items[i])->arena);
    o->functions = o->variables = (weft_pointers){0};
}
