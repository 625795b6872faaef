/* engine/plan/analyzer_scope.c - names: which column, which table's, or which one was meant. */
#include <stdio.h>
#include <strings.h>

#include "engine/expr/nested_call.h"
#include "engine/expr/value_sql.h"
#include "engine/plan/analyzer_internal.h"

weft_status weft_name_column(weft_ctx *ctx, const weft_name *name, const weft_expr **out)
{
    return weft_expr_column(ctx, name->id, name->name, name->type, name->nullable, out);
}

weft_status weft_names_of(weft_ctx *ctx, const weft_node *node, const char *qualifier, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_name *names = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->output.count, &names));
    for (int32_t i = 0; i < node->output.count; i++) {
        const weft_output *column = &node->output.columns[i];
        names[i] = (weft_name){.id = column->id,
                               .name = column->name,
                               .qualifier = qualifier,
                               .type = column->type,
                               .nullable = column->nullable};
    }
    *out = (weft_bound){.node = node, .count = node->output.count, .names = names};
done:
    return st;
}

int32_t weft_visible_names(const weft_bound *bound)
{
    int32_t count = 0;
    for (int32_t i = 0; i < bound->count; i++) count += !bound->names[i].hidden;
    return count;
}

weft_status weft_bound_node(weft_analyzer *a, const weft_bound *bound, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers exprs = {0};
    const weft_outputs *have = &bound->node->output;
    int32_t visible = 0;
    bool same = true;
    for (int32_t i = 0; i < bound->count; i++) {
        const weft_name *name = &bound->names[i];
        if (name->hidden) continue;
        same = same && visible < have->count && have->columns[visible].id == name->id &&
               strcmp(have->columns[visible].name, name->name) == 0;
        visible++;
    }
    if (same && visible == have->count) {
        *out = bound->node;
        return WEFT_OK;
    }
    for (int32_t i = 0; i < bound->count; i++) {
        const weft_name *name = &bound->names[i];
        const int32_t at = weft_node_find_output(bound->node, name->id);
        const weft_expr *e = NULL;
        if (name->hidden) continue;
        bool again = false;
        for (int32_t k = 0; k < i; k++) again |= !bound->names[k].hidden && bound->names[k].id == name->id;
        WEFT_TRY(st, weft_name_column(a->ctx, name, &e));
        if (again || strcmp(have->columns[at].name, name->name) != 0) {
            WEFT_TRY(st, weft_expr_alias(a->ctx, e, weft_next_id(a->ids), name->name, &e));
        }
        WEFT_TRY(st, weft_pointers_push(a->ctx, &exprs, e));
    }
    WEFT_TRY(st, weft_node_project(a->ctx, bound->node, weft_pointers_exprs(&exprs), exprs.count, out));
done:
    return st;
}

/* ---- did you mean ---- */

enum { NEAREST_MAX = 5, NAME_MAX_COMPARED = 64 };

/* Levenshtein distance without case, of at most the first 64 bytes. */
static int32_t distance(const char *a, const char *b)
{
    int32_t row[NAME_MAX_COMPARED + 1];
    const int32_t la = (int32_t)strnlen(a, NAME_MAX_COMPARED), lb = (int32_t)strnlen(b, NAME_MAX_COMPARED);
    for (int32_t j = 0; j <= lb; j++) row[j] = j;
    for (int32_t i = 1; i <= la; i++) {
        int32_t diagonal = row[0];
        row[0] = i;
        for (int32_t j = 1; j <= lb; j++) {
            const bool same = strncasecmp(&a[i - 1], &b[j - 1], 1) == 0;
            const int32_t next =
                weft_min_i32(weft_min_i32(row[j], row[j - 1]) + 1, diagonal + (same ? 0 : 1));
            diagonal = row[j];
            row[j] = next;
        }
    }
    return row[lb];
}

weft_status weft_nearest_names(weft_ctx *ctx, const char *name, const char *const *candidates, int32_t count,
                               const char **out)
{
    weft_status st = WEFT_OK;
    const char *best[NEAREST_MAX];
    int32_t far[NEAREST_MAX], found = 0;
    char *text = NULL;
    for (int32_t i = 0; i < count; i++) {
        const int32_t d = distance(name, candidates[i]);
        int32_t at = found;
        bool twice = false;
        for (int32_t k = 0; k < found; k++) twice |= strcasecmp(best[k], candidates[i]) == 0;
        while (at > 0 && far[at - 1] > d) at--;
        if (twice || at == NEAREST_MAX) continue;
        if (found < NEAREST_MAX) found++;
        for (int32_t k = found - 1; k > at; k--) {
            best[k] = best[k - 1];
            far[k] = far[k - 1];
        }
        best[at] = candidates[i];
        far[at] = d;
    }
    *out = "";
    for (int32_t i = 0; i < found; i++) {
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s%s`%s`", *out, i > 0 ? ", " : "", best[i]));
        *out = text;
    }
done:
    return st;
}

/* a.b as `a`.`b`, cut where it does not fit. */
static void quoted_name(const weft_expr *e, char *text, size_t bytes)
{
    size_t n = 0;
    text[0] = '\0';
    for (int32_t i = 0; i < e->name.part_count && n < bytes; i++) {
        n += (size_t)snprintf(text + n, bytes - n, "%s`%s`", i > 0 ? "." : "", e->name.parts[i]);
    }
}

enum { TABLE_PARTS_MAX = 3 }; /* catalogue, database, table */

/* Would the name be found if tables had their column _metadata? */
static void note_missing_files(weft_binder *b, const weft_expr *e)
{
    if (b->a->tells_files) return;
    for (int32_t i = 0; i < e->name.part_count && i <= TABLE_PARTS_MAX; i++)
        b->a->misses_files |= strcasecmp(e->name.parts[i], WEFT_FILE_COLUMN) == 0;
}

static weft_status unresolved(weft_binder *b, const weft_expr *e)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    weft_pointers candidates = {0};
    const char *near = "";
    char quoted[256];
    quoted_name(e, quoted, sizeof quoted);
    note_missing_files(b, e);
    for (int32_t i = 0; i < b->scope->count; i++) { /* those of the queries around it are not proposed */
        if (!b->scope->names[i].hidden)
            WEFT_TRY(st, weft_pointers_push(ctx, &candidates, b->scope->names[i].name));
    }
    for (int32_t i = 0; i < b->item_count; i++) {
        WEFT_TRY(st, weft_pointers_push(ctx, &candidates, b->items[i].name));
    }
    WEFT_TRY(st, weft_nearest_names(ctx, e->name.parts[e->name.part_count - 1],
                                    weft_pointers_texts(&candidates), candidates.count, &near));
    st = weft_fail_at(ctx, near[0] != '\0' ? WEFT_UNRESOLVED_COLUMN : WEFT_UNRESOLVED_COLUMN_ALONE,
                      weft_analyzer_span(b->a, &e->span),
                      "A column, variable, or function parameter with name %s cannot be resolved.%s%s%s",
                      quoted, near[0] != '\0' ? " Did you mean one of the following? [" : "", near,
                      near[0] != '\0' ? "]." : "");
done:
    return st;
}

static weft_status ambiguous(weft_binder *b, const weft_expr *e, const weft_name *one, const weft_name *two)
{
    char quoted[256];
    quoted_name(e, quoted, sizeof quoted);
    weft_fail_at(b->a->ctx, WEFT_AMBIGUOUS_REFERENCE, weft_analyzer_span(b->a, &e->span),
                 "Reference %s is ambiguous, could be: [`%s`.`%s`, `%s`.`%s`].", quoted,
                 one->qualifier != NULL ? one->qualifier : "?", one->name,
                 two->qualifier != NULL ? two->qualifier : "?", two->name);
    weft_hint(b->a->ctx, "Put the table's name or alias before the column.");
    return WEFT_AMBIGUOUS_REFERENCE;
}

/* ---- look-up ---- */

/* Is the column of the table that the parts name: t, database.t, or spark_catalog.database.t? */
bool weft_is_of_table(const weft_name *n, const char *const *parts, int32_t count)
{
    if (n->qualifier == NULL || strcasecmp(n->qualifier, parts[count - 1]) != 0) return false;
    if (count == 1) return true;
    return n->database != NULL && strcasecmp(n->database, parts[count - 2]) == 0 &&
           (count == 2 || (count == 3 && strcasecmp(n->database, WEFT_GLOBAL_DATABASE) != 0 &&
                           strcasecmp(parts[0], WEFT_CATALOG_NAME) == 0));
}

/* The column of the scope with the name of part `at`, of the table that the parts before name; or NULL. Of
 * files: what tables tell of their files, else everything but that. */
static weft_status find_part(weft_binder *b, const weft_scope *scope, const weft_expr *e, int32_t at,
                             bool of_file, const weft_name **out)
{
    const char *name = e->name.parts[at];
    *out = NULL;
    for (int32_t i = 0; i < scope->count; i++) {
        const weft_name *n = &scope->names[i];
        if (n->of_file != of_file || strcasecmp(n->name, name) != 0) continue;
        if (of_file && strcmp(n->name, WEFT_FILE_COLUMN) != 0) continue; /* a field that goes on beside it */
        if (at == 0 ? n->hidden && !of_file : !weft_is_of_table(n, e->name.parts, at)) continue;
        if (*out != NULL && n->hidden && !(*out)->hidden) continue; /* two tables of one name, joined by it */
        if (*out == NULL)
            *out = n;
        else if ((*out)->id != n->id && (*out)->id != n->twin)
            return ambiguous(b, e, *out, n);
    }
    return WEFT_OK;
}

/* a.b.c may be a column of a table that is itself qualified, a column of a table with fields below, or a
 * column with fields: the first of these that is one, as in Spark. *used: parts that name the column; the
 * rest are fields. */
static weft_status find_name_among(weft_binder *b, const weft_scope *scope, const weft_expr *e, bool of_file,
                                   int32_t *used, const weft_name **out)
{
    weft_status st = WEFT_OK;
    const int32_t count = e->name.part_count;
    *out = NULL;
    for (int32_t at = weft_min_i32(count - 1, TABLE_PARTS_MAX); at >= 0; at--) {
        *used = at + 1;
        WEFT_TRY(st, find_part(b, scope, e, at, of_file, out));
        if (*out != NULL && (at > 0 || count == 1 || weft_type_is_nested((*out)->type))) goto done;
    }
    *out = NULL; /* a field of a plain column: no such name */
done:
    return st;
}

static weft_status find_name(weft_binder *b, const weft_scope *scope, const weft_expr *e, int32_t *used,
                             const weft_name **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, find_name_among(b, scope, e, false, used, out));
    if (*out == NULL && b->a->tells_files) WEFT_TRY(st, find_name_among(b, scope, e, true, used, out));
done:
    return st;
}

bool weft_names_own(weft_binder *b, const weft_expr *e)
{
    const weft_name *name = NULL;
    int32_t used = 0;
    if (find_name(b, b->scope, e, &used, &name) == WEFT_OK) return name != NULL;
    weft_error_clear(b->a->ctx);
    return true;
}

/* .f for each part from `used` on. */
static weft_status bind_fields(weft_binder *b, const weft_expr *e, int32_t used, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    for (int32_t i = used; i < e->name.part_count; i++) {
        const char *field = e->name.parts[i];
        const weft_value name = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING),
                                 .str = weft_str_view(field, (uint32_t)strlen(field))};
        const weft_expr *args[2] = {*out, NULL};
        WEFT_TRY(st, weft_expr_literal(b->a->ctx, &name, &args[1]));
        WEFT_TRY(st, weft_expr_call(b->a->ctx, ".", args, 2, weft_analyzer_span(b->a, &e->span), out));
    }
done:
    return st;
}

/* The one alias with the first of the parts as its name; none when there are several, which may be meant as
 * columns. Further parts are fields of it. What a literal is called by itself (1, or a variable's name) is an
 * alias for HAVING and ORDER BY only. */
static const weft_item *find_alias(const weft_binder *b, const weft_expr *e)
{
    const weft_item *found = NULL;
    for (int32_t i = 0; i < b->item_count; i++) {
        const weft_item *item = &b->items[i];
        if (strcasecmp(item->name, e->name.parts[0]) != 0) continue;
        if (e->name.part_count > 1 && !weft_type_is_nested(item->expr->type)) continue;
        if (!b->items_first && !item->named && item->expr->kind == WEFT_EXPR_LITERAL) continue;
        if (found != NULL && !weft_expr_equal(found->expr, item->expr)) return NULL;
        found = item;
    }
    return found;
}

/* lateralAliasReference(name) */
static weft_status shown_alias(weft_binder *b, const weft_expr *e, const weft_item *alias,
                               const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    char *text = NULL;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "lateralAliasReference(%s)", e->name.parts[0]));
    WEFT_TRY(st, weft_expr_column(ctx, -1, text, alias->expr->type, alias->expr->nullable, out));
done:
    return st;
}

/* The column as the query wrote its name (Spark keeps the written case). */
static weft_status make_column(weft_binder *b, const weft_name *name, const weft_expr *e, int32_t used,
                               const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *column = name->value;
    weft_expr *copy = NULL;
    if (column == NULL)
        WEFT_TRY(st, weft_expr_column(b->a->ctx, name->id, e->name.parts[used - 1], name->type,
                                      name->nullable, &column));
    WEFT_TRY(st, WEFT_NEW(b->a->ctx, &copy));
    *copy = *column;
    if (b->a->in_view == 0) copy->span = e->span;
    *out = copy;
done:
    return st;
}

weft_status weft_bind_outer(weft_binder *b, const weft_scope *scope, const weft_expr *column,
                            const weft_expr *aggregate, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr *e = NULL;
    const weft_expr **args = NULL;
    if (scope->outer_uses != NULL) {
        weft_outer_use *use = NULL;
        WEFT_TRY(st, WEFT_NEW(b->a->ctx, &use));
        use->column = column;
        use->aggregate = aggregate;
        WEFT_TRY(st, weft_pointers_push(b->a->ctx, scope->outer_uses, use));
    }
    WEFT_TRY(st, WEFT_NEW(b->a->ctx, &e));
    WEFT_TRY(st, WEFT_NEW_ARRAY(b->a->ctx, 1, &args));
    args[0] = column;
    *e = (weft_expr){.kind = WEFT_EXPR_OUTER,
                     .type = column->type,
                     .nullable = column->nullable,
                     .span = column->span,
                     .arg_count = 1,
                     .args = args};
    weft_expr_settle(e);
    *out = e;
done:
    return st;
}

/* The one column of FROM with the first of the parts as its name, when it is a group: in HAVING it goes
 * before an alias of that name. Else NULL. */
static const weft_name *find_group(const weft_binder *b, const weft_expr *e)
{
    const weft_name *found = NULL;
    for (int32_t i = 0; b->groups != NULL && i < b->scope->count; i++) {
        const weft_name *name = &b->scope->names[i];
        if (name->hidden || strcasecmp(name->name, e->name.parts[0]) != 0) continue;
        if (found != NULL && found->id != name->id) return NULL;
        found = name;
    }
    for (int32_t i = 0; found != NULL && i < b->groups->count; i++) {
        const weft_expr *group = weft_pointers_exprs(b->groups)[i];
        if (group->kind == WEFT_EXPR_COLUMN && group->column.id == found->id) return found;
    }
    return NULL;
}

/* grouping__id: Hive's name for grouping_id() of all groups. */
static bool is_grouping_id(const weft_binder *b, const weft_expr *e)
{
    return b->aggregates && b->select != NULL && b->select->grouping_set_count > 0 &&
           e->name.part_count == 1 && strcasecmp(e->name.parts[0], "grouping__id") == 0;
}

const char *weft_bare_function(const weft_expr *e)
{
    static const char *const names[][2] = {
        {"current_date", "current_date"},     {"current_timestamp", "current_timestamp"},
        {"current_time", "current_time"},     {"localtime", "current_time"},
        {"localtimestamp", "localtimestamp"}, {"current_user", "current_user"},
        {"session_user", "current_user"},     {"user", "current_user"},
        {"current_path", "current_path"},
    };
    if (e->kind != WEFT_EXPR_UNRESOLVED_COLUMN || e->name.part_count != 1) return NULL;
    for (int32_t i = 0; i < WEFT_COUNT(names); i++)
        if (strcasecmp(e->name.parts[0], names[i][0]) == 0) return names[i][1];
    return NULL;
}

/* Spark's text of a variable in names of columns. */
static weft_status variable_text(weft_ctx *ctx, const weft_variable *v, char **out)
{
    weft_status st = WEFT_OK;
    char *sql = NULL;
    const bool local = v->label != NULL;
    WEFT_TRY(st, weft_value_sql(ctx, &v->value, &sql));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "variablereference(%s%s%s%s=%s)",
                                   local ? "local." : "system.session.", local ? v->label : "",
                                   local && v->label[0] != '\0' ? "." : "", v->name, sql));
done:
    return st;
}

/* A variable of the script or of the session; fields may follow. */
static weft_status find_variable(weft_binder *b, const weft_expr *e, int32_t *used, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_catalog *catalog = b->a->catalog;
    const weft_variable *variable = NULL;
    char *text = NULL;
    if (catalog == NULL || catalog->variable == NULL) return WEFT_OK;
    WEFT_TRY(st,
             catalog->variable(b->a->ctx, catalog->self, e->name.parts, e->name.part_count, used, &variable));
    if (variable == NULL) goto done;
    WEFT_TRY(st, weft_expr_literal(b->a->ctx, &variable->value, out));
    WEFT_TRY(st, variable_text(b->a->ctx, variable, &text));
    WEFT_TRY(st, weft_pointer_map_put(b->a->ctx, &b->a->shown, *out, text));
done:
    return st;
}

/* Do values of the type have the fields that stand behind the first part of the name? */
static bool has_fields(weft_type type, const weft_expr *e)
{
    for (int32_t i = 1; i < e->name.part_count; i++) {
        const char *field = e->name.parts[i];
        if (type.id == WEFT_TYPE_MAP) return true; /* a key */
        if (type.id == WEFT_TYPE_ARRAY) type = type.children[0].type;
        const int32_t at = type.id == WEFT_TYPE_STRUCT ? weft_type_find_field(type, field, strlen(field))
                                                       : -1;
        if (at < 0) return false;
        type = type.children[at].type;
    }
    return true;
}

static bool has_column_with_fields(const weft_binder *b, const weft_expr *e)
{
    for (int32_t i = 0; i < b->scope->count; i++) {
        const weft_name *name = &b->scope->names[i];
        if (!name->hidden && name->name != NULL && strcasecmp(name->name, e->name.parts[0]) == 0 &&
            has_fields(name->type, e))
            return true;
    }
    return false;
}

/* The alias that the name may stand for: not where a group of that name goes before it, and of an alias and a
 * column the one that has the fields which are asked for. */
static const weft_item *choose_alias(const weft_binder *b, const weft_expr *e)
{
    const weft_name *group = find_group(b, e);
    const weft_item *alias = find_alias(b, e);
    if (alias == NULL) return NULL;
    const bool fits = has_fields(alias->expr->type, e);
    if (group != NULL) return fits && !has_fields(group->type, e) ? alias : NULL;
    return fits || !has_column_with_fields(b, e) ? alias : NULL;
}

/* Names show an outer column with its table: outer(t.c). */
static weft_status show_outer(weft_ctx *ctx, const weft_name *name, const weft_expr *column,
                              const weft_expr **outer)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    weft_expr *shown = NULL;
    if (name->qualifier == NULL) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, &shown));
    *shown = **outer;
    if (name->database == NULL)
        WEFT_TRY(st,
                 weft_arena_printf(ctx, ctx->arena, &text, "%s.%s", name->qualifier, column->column.name));
    else
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "spark_catalog.%s.%s.%s", name->database,
                                       name->qualifier, column->column.name));
    shown->form.written = text;
    *outer = shown;
done:
    return st;
}

weft_status weft_bind_name(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_name *name = NULL;
    const weft_expr *bound = NULL;
    const weft_item *alias = choose_alias(b, e);
    int32_t used = 1;
    WEFT_TRY(st, weft_bind_lambda_name(b, e, &bound));
    bool aliased = bound == NULL && b->items_first && b->in_aggregate == 0 && alias != NULL;
    if (!aliased && bound == NULL) {
        WEFT_TRY(st, find_name(b, b->scope, e, &used, &name));
        if (name != NULL) WEFT_TRY(st, make_column(b, name, e, used, &bound));
        aliased = name == NULL && alias != NULL;
    }
    if (aliased) {
        b->substituted = true;
        bound = alias->expr;
        used = 1;
        if (b->shows_aliases) WEFT_TRY(st, shown_alias(b, e, alias, &bound));
    }
    for (const weft_scope *scope = b->scope->outer; scope != NULL && bound == NULL; scope = scope->outer) {
        WEFT_TRY(st, find_name(b, scope, e, &used, &name));
        if (name == NULL) continue;
        const weft_expr *column = NULL;
        WEFT_TRY(st, make_column(b, name, e, used, &column));
        bound = column;
        if (column->kind != WEFT_EXPR_COLUMN) continue;
        WEFT_TRY(st, weft_bind_outer(b, scope, column, NULL, &bound));
        WEFT_TRY(st, show_outer(b->a->ctx, name, column, &bound));
    }
    if (bound == NULL) WEFT_TRY(st, find_variable(b, e, &used, &bound));
    if (bound != NULL) {
        WEFT_TRY(st, bind_fields(b, e, used, &bound));
        *out = bound;
        goto done;
    }
    const char *function = is_grouping_id(b, e) ? "grouping_id" : weft_bare_function(e);
    if (function != NULL) {
        const weft_expr call = {
            .kind = WEFT_EXPR_UNRESOLVED_CALL, .span = e->span, .unresolved = {.name = function}};
        WEFT_TRY(st, weft_bind_call(b, &call, out));
        goto done;
    }
    if (e->name.part_count > 1) WEFT_TRY(st, find_part(b, b->scope, e, 0, false, &name));
    if (e->name.part_count > 1 && name != NULL) {
        char type[128];
        WEFT_TRY(st, weft_fail_at(
                         b->a->ctx, WEFT_INVALID_EXTRACT_BASE, weft_analyzer_span(b->a, &e->span),
                         "Can't extract a value from \"%s\". Need a complex type [STRUCT, ARRAY, MAP] but "
                         "got \"%s\".",
                         name->name, weft_type_text(name->type, type, sizeof(type))));
    }
    st = unresolved(b, e);
done:
    return st;
}

/* Does a column of * EXCEPT (…) name this one? */
static bool is_excepted(const weft_expr *column, const weft_name *name)
{
    if (column->kind != WEFT_EXPR_UNRESOLVED_COLUMN) return false;
    const int32_t last = column->name.part_count - 1;
    if (name->name == NULL || strcasecmp(column->name.parts[last], name->name) != 0) return false;
    return last == 0 || weft_is_of_table(name, column->name.parts, last);
}

bool weft_star_means(const weft_expr *star, const weft_name *name)
{
    const int32_t parts = star->name.part_count;
    if (name->of_file || name->name == NULL) return false;
    return parts == 0 ? !name->hidden : weft_is_of_table(name, star->name.parts, parts);
}

/* Does the star leave this column out? found: [arg_count] whose names have been met, or NULL. */
static bool is_left_out(const weft_expr *star, const weft_name *name, bool *found)
{
    bool left_out = false;
    for (int32_t k = 0; k < star->arg_count; k++) {
        if (!is_excepted(star->args[k], name)) continue;
        left_out = true;
        if (found != NULL) found[k] = true;
    }
    return left_out;
}

/* s.* [EXCEPT (f)]: the fields of a column that is a struct. */
static weft_status star_of_struct(weft_binder *b, const weft_expr *star, bool *found, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    const weft_name *name = NULL;
    const weft_expr *column = NULL;
    int32_t used = 0;
    WEFT_TRY(st, find_name(b, b->scope, star, &used, &name));
    if (name == NULL) goto done;
    WEFT_TRY(st, make_column(b, name, star, used, &column));
    WEFT_TRY(st, bind_fields(b, star, used, &column));
    if (column->type.id != WEFT_TYPE_STRUCT) goto done;
    for (int32_t i = 0; i < column->type.child_count; i++) {
        const char *parts[1] = {column->type.children[i].name};
        const weft_name own = {.name = parts[0]};
        if (is_left_out(star, &own, found)) continue;
        const weft_expr field = {.span = star->span, .name = {.part_count = 1, .parts = parts}};
        const weft_expr *e = column;
        WEFT_TRY(st, bind_fields(b, &field, 0, &e));
        WEFT_TRY(st, weft_pointers_push(b->a->ctx, out, e));
    }
done:
    return st;
}

/* LATERAL (SELECT t.*): columns of a table before it. */
static weft_status star_of_outer(weft_binder *b, const weft_expr *star, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    const int32_t before = out->count;
    for (const weft_scope *scope = b->scope->outer; scope != NULL && out->count == before;
         scope = scope->outer) {
        for (int32_t i = 0; i < scope->count; i++) {
            const weft_name *name = &scope->names[i];
            const weft_expr *e = NULL;
            if (name->of_file || !weft_is_of_table(name, star->name.parts, star->name.part_count)) continue;
            WEFT_TRY(st, weft_name_column(b->a->ctx, name, &e));
            WEFT_TRY(st, weft_bind_outer(b, scope, e, NULL, &e));
            WEFT_TRY(st, weft_pointers_push(b->a->ctx, out, e));
        }
    }
done:
    return st;
}

static int32_t count_true(const bool *flags, int32_t count)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < count; i++) sum += flags[i];
    return sum;
}

/* The columns of EXCEPT (…) are different ones. */
static weft_status check_distinct(weft_binder *b, const weft_expr *star)
{
    for (int32_t k = 0; k < star->arg_count; k++) {
        const weft_expr *e = star->args[k];
        if (e->kind != WEFT_EXPR_UNRESOLVED_COLUMN) continue;
        for (int32_t i = 0; i < k; i++) {
            const weft_expr *other = star->args[i];
            bool same = other->kind == e->kind && other->name.part_count == e->name.part_count;
            for (int32_t p = 0; same && p < e->name.part_count; p++)
                same = strcasecmp(e->name.parts[p], other->name.parts[p]) == 0;
            if (!same) continue;
            return weft_fail_at(
                b->a->ctx, WEFT_EXCEPT_OVERLAP, weft_analyzer_span(b->a, &e->span),
                "Columns in an EXCEPT list must be distinct and non-overlapping, but got %s twice.",
                e->name.parts[e->name.part_count - 1]);
        }
    }
    return WEFT_OK;
}

/* What * leaves out must be among the columns that it stands for. */
static weft_status check_excepted(weft_binder *b, const weft_expr *star, const bool *found)
{
    weft_status st = WEFT_OK;
    const weft_expr *bound = NULL;
    for (int32_t k = 0; k < star->arg_count; k++) {
        if (found[k]) continue;
        WEFT_TRY(st, weft_bind_expr(b, star->args[k], &bound)); /* says what it does not know */
        WEFT_TRY(st, weft_fail_at(b->a->ctx, WEFT_UNRESOLVED_COLUMN_ALONE,
                                  weft_analyzer_span(b->a, &star->args[k]->span),
                                  "* EXCEPT takes names of columns that * stands for."));
    }
done:
    return st;
}

weft_status weft_bind_star(weft_binder *b, const weft_expr *star, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    const char *qualifier = star->name.part_count > 0 ? star->name.parts[star->name.part_count - 1] : NULL;
    const int32_t before = out->count;
    bool *found = NULL;
    if (weft_star_pattern(star) != NULL) return weft_bind_pattern(b, star, out);
    WEFT_TRY(st, WEFT_NEW_ARRAY(b->a->ctx, star->arg_count + 1, &found));
    for (int32_t i = 0; i < b->scope->count; i++)
        if (weft_star_means(star, &b->scope->names[i])) (void)is_left_out(star, &b->scope->names[i], found);
    const int32_t excepted = count_true(found, star->arg_count);
    for (int32_t i = 0; i < b->scope->count; i++) {
        const weft_name *name = &b->scope->names[i];
        const weft_expr *column = NULL;
        if (!weft_star_means(star, name)) continue;
        const bool left_out = is_left_out(star, name, NULL);
        if (!left_out) WEFT_TRY(st, weft_name_column(b->a->ctx, name, &column));
        WEFT_TRY(st, weft_except_fields(b, star, name, left_out, found, &column));
        if (!left_out) WEFT_TRY(st, weft_pointers_push(b->a->ctx, out, column));
    }
    for (int32_t k = 0; qualifier == NULL && k < star->arg_count; k++) {
        const weft_expr *bound = NULL; /* a name that two tables have is not clear */
        if (found[k] && star->args[k]->kind == WEFT_EXPR_UNRESOLVED_COLUMN)
            WEFT_TRY(st, weft_bind_name(b, star->args[k], &bound));
    }
    WEFT_TRY(st, check_distinct(b, star));
    const bool of_table = out->count > before || excepted > 0;
    if (!of_table) note_missing_files(b, star);
    if (!of_table && qualifier != NULL) WEFT_TRY(st, star_of_struct(b, star, found, out));
    WEFT_TRY(st, check_excepted(b, star, found));
    if (of_table) goto done;
    if (out->count == before && qualifier != NULL && star->arg_count == 0)
        WEFT_TRY(st, star_of_outer(b, star, out));
    if (out->count > before || qualifier == NULL) goto done; /* files without columns, or no FROM: none */
    st = weft_fail_at(b->a->ctx, WEFT_STAR_EXPAND, weft_analyzer_span(b->a, &star->span),
                      "Cannot resolve `%s`.*: no table of this name is in FROM.", qualifier);
done:
    return st;
}
