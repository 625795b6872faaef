/* coordinator/function_command.c - see function_command.h. */
#include "coordinator/function_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/settings.h"
#include "coordinator/table_command.h"
#include "engine/catalog/warehouse.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/function.h"

/* ---- SHOW FUNCTIONS ---- */

/* The name and its aliases, without those that the parser alone gives: (unary_minus). */
static weft_status add_names(weft_ctx *ctx, const char *name, const char *aliases, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_pointers_push(ctx, out, name));
    while (aliases != NULL && aliases[0] != '\0') {
        const size_t len = strcspn(aliases, ",");
        char *copy = NULL;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, aliases, len, &copy));
        if (copy[0] != '(') WEFT_TRY(st, weft_pointers_push(ctx, out, copy));
        aliases += len + (aliases[len] == ',');
        while (*aliases == ' ') aliases++;
    }
done:
    return st;
}

static weft_status add_builtin(weft_ctx *ctx, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    int32_t count = 0;
    const weft_function *const *functions = weft_function_all(&count);
    for (int32_t i = 0; i < count; i++) {
        /* What stands for other things, what plans alone hold ((char_pad) …), and what is only grammar: a.b,
         * a[b]. */
        if ((functions[i]->flags & WEFT_FN_LAMBDA_PART) != 0 || strchr("(.[", functions[i]->name[0]) != NULL)
            continue;
        WEFT_TRY(st, add_names(ctx, functions[i]->name, functions[i]->aliases, out));
    }
    const weft_aggregate *const *aggregates = weft_aggregate_all(&count);
    for (int32_t i = 0; i < count; i++) {
        if (aggregates[i]->name[0] == '(') continue;
        WEFT_TRY(st, add_names(ctx, aggregates[i]->name, aggregates[i]->aliases, out));
    }
    const weft_form *forms = weft_form_all(&count);
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, weft_pointers_push(ctx, out, forms[i].name));
done:
    return st;
}

static weft_status add_own(weft_ctx *ctx, weft_session_catalog *catalog, const char *database,
                           weft_pointers *out)
{
    weft_status st = WEFT_OK;
    const weft_session_objects *objects = weft_session_catalog_objects(catalog);
    const char *const *names = NULL;
    int32_t count = 0;
    if (database == NULL) database = weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE);
    for (int32_t i = 0; i < objects->functions.count; i++)
        WEFT_TRY(st,
                 weft_pointers_push(ctx, out, ((const weft_routine *)objects->functions.items[i])->shown));
    WEFT_TRY(st, weft_warehouse_functions(ctx, database, &names, &count));
    for (int32_t i = 0; i < count; i++) {
        char *full = NULL;
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &full, "spark_catalog.%s.%s", database, names[i]));
        WEFT_TRY(st, weft_pointers_push(ctx, out, full));
    }
done:
    return st;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A pattern is of the name alone, without the database of what outlives the session. */
static const char *last_part(const char *name)
{
    const char *dot = strncmp(name, "spark_catalog.", 14) == 0 ? strrchr(name, '.') : NULL;
    return dot == NULL ? name : dot + 1;
}

static weft_status show_functions(weft_ctx *ctx, weft_session_catalog *catalog, const weft_node *show,
                                  weft_command_rows *out)
{
    static const char *const names[] = {"function"};
    weft_status st = WEFT_OK;
    weft_pointers all = {0}, cells = {0};
    const char what = show->show.what[0]; /* functions, user functions or system functions */
    if (show->show.name != NULL) WEFT_TRY(st, weft_warehouse_expect_database(ctx, show->show.name));
    if (what != 'u') WEFT_TRY(st, add_builtin(ctx, &all));
    if (what != 's') WEFT_TRY(st, add_own(ctx, catalog, show->show.name, &all));
    if (all.count > 1) qsort(all.items, (size_t)all.count, sizeof(*all.items), compare_texts);
    for (int32_t i = 0; i < all.count; i++) {
        const char *name = all.items[i];
        if (!weft_show_pattern_matches(show->show.pattern, last_part(name))) continue;
        if (cells.count > 0 && strcmp(cells.items[cells.count - 1], name) == 0) continue;
        WEFT_TRY(st, weft_pointers_push(ctx, &cells, name));
    }
    *out = (weft_command_rows){
        .width = 1, .names = names, .count = cells.count, .cells = weft_pointers_texts(&cells)};
done:
    return st;
}

/* ---- DESCRIBE FUNCTION ---- */

typedef struct description {
    weft_ctx *ctx;
    weft_pointers lines;
    int32_t width; /* of what stands before a value */
} description;

/* "Key:   value", or a value under the one before. */
static weft_status add_line(description *d, const char *key, const char *value)
{
    weft_status st = WEFT_OK;
    char *line = NULL, head[64];
    const char *colon = key[0] == '\0' ? "" : ":";
    snprintf(head, sizeof(head), "%s%s", key, colon);
    WEFT_TRY(st, weft_arena_printf(d->ctx, d->ctx->arena, &line, "%-*s%s", d->width, head, value));
    WEFT_TRY(st, weft_pointers_push(d->ctx, &d->lines, line));
done:
    return st;
}

static void upper_type(weft_type type, char *text, size_t bytes)
{
    weft_type_text(type, text, bytes);
    for (char *c = text; *c != '\0'; c++) *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
}

static weft_status add_parameters(description *d, const char *key, const weft_parameter *list, int32_t count,
                                  bool extended)
{
    weft_status st = WEFT_OK;
    int32_t names = 0, types = 0;
    char type[1024];
    for (int32_t i = 0; i < count; i++) {
        upper_type(list[i].type, type, sizeof(type));
        names = weft_max_i32(names, (int32_t)strlen(list[i].name));
        types = weft_max_i32(types, (int32_t)strlen(type));
    }
    for (int32_t i = 0; i < count; i++) {
        const weft_parameter *p = &list[i];
        char *text = NULL;
        upper_type(p->type, type, sizeof(type));
        const bool initial = extended && p->initial_text != NULL, comment = extended && p->comment != NULL;
        WEFT_TRY(st,
                 weft_arena_printf(d->ctx, d->ctx->arena, &text, "%-*s %-*s%s%s%s%s%s", names, p->name, types,
                                   type, initial ? " DEFAULT " : "", initial ? p->initial_text : "",
                                   comment ? " '" : "", comment ? p->comment : "", comment ? "'" : ""));
        WEFT_TRY(st, add_line(d, i == 0 ? key : "", text));
    }
    if (count == 0) WEFT_TRY(st, add_line(d, key, "()"));
done:
    return st;
}

static weft_status describe_routine(description *d, const weft_routine *r, bool extended)
{
    weft_status st = WEFT_OK;
    char type[1024];
    d->width = extended ? 15 : 10;
    WEFT_TRY(st, add_line(d, "Function", r->shown));
    WEFT_TRY(st, add_line(d, "Type", r->table ? "TABLE" : "SCALAR"));
    WEFT_TRY(st, add_parameters(d, "Input", r->parameters, r->parameter_count, extended));
    if (r->table && r->typed)
        WEFT_TRY(st, add_parameters(d, "Returns", r->columns, r->column_count, extended));
    upper_type(r->type, type, sizeof(type));
    if (!r->table && r->typed) WEFT_TRY(st, add_line(d, "Returns", type));
    if (!extended) goto done;
    if (r->comment != NULL) WEFT_TRY(st, add_line(d, "Comment", r->comment));
    if (r->collation != NULL) WEFT_TRY(st, add_line(d, "Collation", r->collation));
    WEFT_TRY(st, add_line(d, "Deterministic", r->deterministic != NULL ? r->deterministic : "true"));
    WEFT_TRY(st, add_line(d, "Data Access",
                          r->access != NULL  ? r->access
                          : r->query != NULL ? "READS SQL DATA"
                                             : "CONTAINS SQL"));
    for (int32_t i = 0; i < r->kept.count; i++) {
        char *setting = NULL;
        WEFT_TRY(st, weft_arena_printf(d->ctx, d->ctx->arena, &setting, "%s=%s", r->kept.pairs[2 * i],
                                       r->kept.pairs[2 * i + 1]));
        WEFT_TRY(st, add_line(d, i == 0 ? "Configs" : "", setting));
    }
    WEFT_TRY(st, add_line(d, "Body", r->body_text));
done:
    return st;
}

static weft_status describe_builtin(description *d, const char *name, const char *help, const char *example,
                                    const char *result, bool extended)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    WEFT_TRY(st, weft_arena_printf(d->ctx, d->ctx->arena, &text, "Function: %s", name));
    WEFT_TRY(st, weft_pointers_push(d->ctx, &d->lines, text));
    WEFT_TRY(st, weft_arena_printf(d->ctx, d->ctx->arena, &text, "Usage: %s", help == NULL ? "N/A." : help));
    WEFT_TRY(st, weft_pointers_push(d->ctx, &d->lines, text));
    if (!extended) goto done;
    if (example == NULL)
        WEFT_TRY(st, weft_arena_printf(d->ctx, d->ctx->arena, &text,
                                       "Extended Usage:\n    No example for %s.\n", name));
    else
        WEFT_TRY(st, weft_arena_printf(d->ctx, d->ctx->arena, &text,
                                       "Extended Usage:\n    Examples:\n      > %s;\n       %s\n", example,
                                       result == NULL ? "" : result));
    WEFT_TRY(st, weft_pointers_push(d->ctx, &d->lines, text));
done:
    return st;
}

static weft_status describe(weft_ctx *ctx, weft_session_catalog *catalog, const weft_node *show,
                            weft_command_rows *out)
{
    static const char *const names[] = {"function_desc"};
    weft_status st = WEFT_OK;
    description d = {.ctx = ctx};
    const char *name = show->show.name;
    const bool extended = strcmp(show->show.what, "function extended") == 0;
    const weft_catalog view = weft_session_catalog_view(catalog);
    const weft_function *fn = weft_function_find(name);
    const weft_aggregate *aggregate = weft_aggregate_find(name);
    const weft_form *form = weft_form_find(name);
    const weft_routine *routine = NULL;
    if (fn != NULL && (fn->flags & WEFT_FN_LAMBDA_PART) != 0) fn = NULL;
    if (fn == NULL && aggregate == NULL && form == NULL)
        WEFT_TRY(st, view.routine(ctx, view.self, name, &routine));
    if (fn != NULL)
        WEFT_TRY(st, describe_builtin(&d, fn->name, fn->help, fn->example, fn->example_result, extended));
    else if (aggregate != NULL)
        WEFT_TRY(st, describe_builtin(&d, aggregate->name, aggregate->help, aggregate->example,
                                      aggregate->example_result, extended));
    else if (form != NULL)
        WEFT_TRY(st,
                 describe_builtin(&d, form->name, form->help, form->example, form->example_result, extended));
    else if (routine != NULL)
        WEFT_TRY(st, describe_routine(&d, routine, extended));
    else
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_UNRESOLVED_ROUTINE, &show->span,
                                  "Cannot resolve routine `%s` on search path [`system`.`builtin`, "
                                  "`system`.`session`, `spark_catalog`.`%s`].",
                                  name, weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE)));
    *out = (weft_command_rows){
        .width = 1, .names = names, .count = d.lines.count, .cells = weft_pointers_texts(&d.lines)};
done:
    return st;
}

/* REFRESH FUNCTION: those that outlive the session are read anew by every statement, so that nothing is kept
 * that could be old. */
static weft_status refresh(weft_ctx *ctx, weft_session_catalog *catalog, const weft_node *show,
                           weft_command_rows *out)
{
    weft_status st = WEFT_OK;
    const char *name = show->show.name;
    const weft_catalog view = weft_session_catalog_view(catalog);
    const weft_routine *routine = NULL;
    *out = (weft_command_rows){0};
    if (weft_function_find(name) != NULL || weft_aggregate_find(name) != NULL || weft_form_find(name) != NULL)
        return weft_fail_at(ctx, WEFT_REFRESH_BUILTIN_FUNCTION, &show->span,
                            "Cannot refresh built-in function %s.", name);
    if (weft_session_objects_find_function(weft_session_catalog_objects(catalog), name) != NULL)
        return weft_fail_at(ctx, WEFT_REFRESH_TEMPORARY_FUNCTION, &show->span,
                            "Cannot refresh temporary function %s.", name);
    WEFT_TRY(st, view.routine(ctx, view.self, name, &routine));
    if (routine == NULL)
        st = weft_fail_at(ctx, WEFT_ROUTINE_NOT_FOUND, &show->span,
                          "The routine `%s`.`%s` cannot be found. Verify the spelling and correctness of the "
                          "schema and catalog.",
                          weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE), name);
done:
    return st;
}

weft_status weft_function_command_run(weft_ctx *ctx, weft_session_catalog *catalog, const weft_node *show,
                                      weft_command_rows *out)
{
    const bool one = strcmp(show->show.what, "function") == 0 ||
                     strcmp(show->show.what, "function extended") == 0;
    if (strcmp(show->show.what, "refresh function") == 0) return refresh(ctx, catalog, show, out);
    return one ? describe(ctx, catalog, show, out) : show_functions(ctx, catalog, show, out);
}
