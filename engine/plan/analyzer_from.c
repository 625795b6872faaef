/* engine/plan/analyzer_from.c - FROM: tables, views, CTEs, aliases, joins. */
#include <stdio.h>
#include <strings.h>

#include "common/settings.h"
#include "engine/expr/function.h"
#include "engine/plan/analyzer_asof.h"

/* Views of views that are bound anew at every use could double without end. */
enum { VIEW_BINDINGS_MAX = 1000 };

/* ---- tables ---- */

static weft_status table_not_found(weft_analyzer *a, const weft_node *parsed, weft_cte *ctes)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    weft_pointers candidates = {0};
    const char *const *names = NULL;
    const char *near = "";
    char text[256];
    size_t n = 0;
    int32_t count = 0;
    const int32_t parts = parsed->relation.part_count;
    const int32_t first = strcasecmp(parsed->relation.parts[0], "spark_catalog") == 0; /* of the name in it */
    text[0] = '\0';
    for (int32_t i = 0; i < parts && n < sizeof text; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s`%s`", i > 0 ? "." : "",
                              parsed->relation.parts[i]);
    }
    if (parts - first > 2) {
        const char *in_catalog = first == 0 ? text : strchr(text, '.') + 1;
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_SINGLE_PART_NAMESPACE, weft_analyzer_span(a, &parsed->span),
                                  "spark_catalog requires a single-part namespace, but got identifier %s.",
                                  in_catalog));
    }
    WEFT_TRY(st, a->catalog->names(ctx, a->catalog->self, &names, &count));
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, weft_pointers_push(ctx, &candidates, names[i]));
    for (; ctes != NULL; ctes = ctes->next) WEFT_TRY(st, weft_pointers_push(ctx, &candidates, ctes->name));
    WEFT_TRY(st, weft_nearest_names(ctx, parsed->relation.parts[parts - 1], weft_pointers_texts(&candidates),
                                    candidates.count, &near));
    st = weft_fail_at(
        ctx, WEFT_TABLE_OR_VIEW_NOT_FOUND, weft_analyzer_span(a, &parsed->span),
        "The table or view %s cannot be found. Verify the spelling and correctness of the schema and "
        "catalog.",
        text);
    if (near[0] != '\0') weft_hint(ctx, "Did you mean one of the following? [%s]", near);
done:
    return st;
}

static weft_status bind_view(weft_analyzer *a, const weft_node *relation, const weft_node *parsed,
                             weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    const char *name = relation->relation.parts[relation->relation.part_count - 1];
    const weft_span *span = weft_analyzer_span(a, &relation->span);
    weft_bound_view *view = a->views;
    while (view != NULL && (view->parsed != parsed || (view->chance && !view->binding))) view = view->next;
    if (view != NULL && view->binding) {
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_RECURSION_LIMIT, span, "The view `%s` reads itself.", name));
    }
    if (view == NULL && a->bindings == VIEW_BINDINGS_MAX) {
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_LIMIT, span,
                                  "the query reads views more than %d times, those without functions of "
                                  "chance counted once",
                                  (int)VIEW_BINDINGS_MAX));
    }
    if (view == NULL) {
        const int64_t size = a->size;
        const int32_t height = a->height, chance = a->chance_count, binding = a->binding;
        const weft_node *node = NULL;
        WEFT_TRY(st, WEFT_NEW(ctx, &view));
        view->parsed = parsed;
        view->binding = true;
        view->next = a->views;
        a->views = view;
        a->in_view++;
        a->binding = ++a->bindings;
        a->height = 0;
        const weft_node *around = weft_analyzer_within(a, parsed);
        const weft_select *block = a->block;
        const weft_settings *const settings = ctx->settings;
        a->block = NULL; /* hints do not reach into it */
        st = weft_analyzer_go_by(a, a->catalog->kept == NULL ? NULL
                                                             : a->catalog->kept(a->catalog->self, parsed));
        if (st == WEFT_OK) st = weft_bind_query(a, parsed, NULL, NULL, &view->cte.bound);
        (void)weft_analyzer_within(a, around);
        a->block = block;
        if (st == WEFT_OK) st = weft_bound_node(a, &view->cte.bound, &node);
        if (st == WEFT_OK) st = weft_bind_view_columns(a, parsed, &node);
        ctx->settings = settings;
        a->in_view--;
        a->binding = binding;
        if (st != WEFT_OK) {
            weft_error_prefix(ctx, "in the view `%s`: ", name);
            if (span != NULL) ctx->error.span = *span;
            goto done;
        }
        WEFT_TRY(st, weft_names_of(ctx, node, NULL, &view->cte.bound));
        view->binding = false;
        view->chance = a->chance_count > chance;
        view->cte.name = name;
        view->cte.height = a->height;
        view->cte.size = a->size - size;
        a->size = size;
        a->height = height;
    }
    WEFT_TRY(st, weft_use_cte(a, &view->cte, &relation->span, out));
done:
    return st;
}

static weft_status requalify(weft_ctx *ctx, const char *database, const char *qualifier, weft_bound *bound)
{
    weft_status st = WEFT_OK;
    weft_name *names = NULL;
    int32_t count = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, bound->count, &names));
    for (int32_t i = 0; i < bound->count; i++) {
        if (bound->names[i].hidden && !bound->names[i].of_file)
            continue; /* an alias around a join hides its tables */
        names[count] = bound->names[i];
        names[count].database = database;
        names[count++].qualifier = qualifier;
    }
    bound->names = names;
    bound->count = count;
done:
    return st;
}

static weft_status bind_relation(weft_analyzer *a, const weft_node *parsed, weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    const int32_t parts = parsed->relation.part_count;
    const char *name = parsed->relation.parts[parts - 1], *database = NULL;
    const weft_node *view = NULL, *node = NULL;
    const weft_relation *relation = NULL;
    if (parsed->relation.moment != NULL) WEFT_TRY(st, weft_check_moment(a, parsed));
    for (weft_cte *cte = ctes; parts == 1 && cte != NULL; cte = cte->next) {
        if (strcasecmp(cte->name, name) != 0) continue;
        if (parsed->relation.travels) return weft_fail_time_travel(a, parsed, NULL);
        WEFT_TRY(st, weft_use_cte(a, cte, &parsed->span, out));
        WEFT_TRY(st, requalify(ctx, NULL, name, out));
        goto done;
    }
    WEFT_TRY(st, a->catalog->find(ctx, a->catalog->self, parsed->relation.parts, parts, &view, &relation,
                                  &database));
    if (parsed->relation.travels && (view != NULL || relation != NULL))
        return weft_fail_time_travel(a, parsed, database);
    if (view != NULL && view == a->replaced)
        return weft_fail_at(ctx, WEFT_RECURSIVE_VIEW, weft_analyzer_span(a, &parsed->span),
                            "Recursive view `%s` detected: it would read itself.", name);
    if (view != NULL) {
        WEFT_TRY(st, bind_view(a, parsed, view, out));
        WEFT_TRY(st, requalify(ctx, database, name, out));
        goto done;
    }
    const char *qualifier = name;
    if (relation != NULL) WEFT_TRY(st, weft_uncache_files(a, database, name, &relation));
    if (relation != NULL && parsed->relation.option_count > 0)
        WEFT_TRY(st,
                 weft_fail_at(ctx, WEFT_UNSUPPORTED, &parsed->span,
                              "Options of `%s`: a table is read with those that it was made with.", name));
    if (relation == NULL && parts == 2) { /* format.`path` */
        st = a->catalog->open(ctx, a->catalog->self, parsed->relation.parts[0], name,
                              parsed->relation.options, parsed->relation.option_count, &relation);
        if (st == WEFT_DATA_SOURCE_NOT_FOUND) { /* then the first part is no format but a database */
            weft_error_clear(ctx);
            st = WEFT_OK;
            relation = NULL;
        }
        if (st != WEFT_OK) {
            if (a->in_view == 0 && ctx->error.span.line == 0) ctx->error.span = parsed->span;
            goto done;
        }
        qualifier = NULL;
    }
    if (relation == NULL) WEFT_TRY(st, table_not_found(a, parsed, ctes));
    if (parsed->relation.travels) return weft_fail_time_travel(a, parsed, NULL);
    WEFT_TRY(st, weft_node_scan(ctx, a->ids, relation, qualifier, &node));
    if (relation->definition != NULL || qualifier == NULL) WEFT_TRY(st, weft_tell_files(a, &node));
    WEFT_TRY(st, weft_names_of(ctx, node, NULL, out));
    weft_mark_file_columns(out, relation->schema->count);
    WEFT_TRY(st, requalify(ctx, database, qualifier, out));
done:
    return st;
}

weft_status weft_fail_alias_count(weft_analyzer *a, const weft_span *span, const char *function,
                                  int32_t names, int32_t columns)
{
    span = weft_analyzer_span(a, span);
    if (function != NULL && function[0] != '(')
        return weft_fail_at(
            a->ctx, WEFT_TABLE_FUNCTION_ALIASES, span,
            "Number of given aliases does not match number of output columns. Function name: `%s`; "
            "number of aliases: %d; number of output columns: %d.",
            function, names, columns);
    return weft_fail_at(
        a->ctx, WEFT_ASSIGNMENT_ARITY, span,
        "The number of columns or variables assigned or aliased: %d does not match the number of "
        "source expressions: %d.",
        columns, names);
}

static weft_status fail_alias(weft_analyzer *a, const weft_node *parsed, int32_t columns)
{
    const weft_node *input = parsed->inputs[0];
    const int32_t names = parsed->alias.column_count;
    const bool function = input->kind == WEFT_NODE_TABLE_FUNCTION;
    return weft_fail_alias_count(
        a, &parsed->span, function ? input->table_function.call->unresolved.name : NULL, names, columns);
}

static weft_status bind_alias(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                              weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_name *names = NULL;
    WEFT_TRY(st, weft_bind_from(a, parsed->inputs[0], outer, ctes, out));
    WEFT_TRY(st, requalify(a->ctx, NULL, parsed->alias.name, out));
    if (parsed->alias.column_count == 0) goto done;
    const int32_t width = weft_visible_names(out);
    if (parsed->alias.column_count != width) WEFT_TRY(st, fail_alias(a, parsed, width));
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, out->count, &names));
    for (int32_t i = 0, at = 0; i < out->count; i++) {
        names[i] = out->names[i];
        names[i].twin = 0;
        if (!names[i].hidden) names[i].name = parsed->alias.columns[at++];
    }
    out->names = names;
done:
    return st;
}

/* ---- joins ---- */

/* ON as keys and other conditions. */
typedef struct join_parts {
    weft_pointers left, right, conditions;
    bool *null_equal;
    bool any_null_equal;
} join_parts;

static bool has_column(void *self, const weft_expr *e)
{
    (void)self;
    return e->kind == WEFT_EXPR_COLUMN;
}

/* l = r with each side from one input makes a key. */
static weft_status add_condition(weft_ctx *ctx, const weft_node *left, const weft_node *right,
                                 const weft_expr *e, join_parts *parts)
{
    weft_status st = WEFT_OK;
    const char *name = e->kind == WEFT_EXPR_CALL && e->arg_count == 2 ? e->call.function->name : "";
    const bool null_equal = strcmp(name, "<=>") == 0;
    if (null_equal || strcmp(name, "=") == 0) {
        const weft_expr *l = e->args[0], *r = e->args[1];
        const bool columns = weft_expr_any(l, has_column, NULL) && weft_expr_any(r, has_column, NULL);
        const bool plain = !weft_expr_has_subquery(l) && !weft_expr_has_subquery(r);
        const bool straight = weft_outputs_cover(&left->output, l) && weft_outputs_cover(&right->output, r);
        const bool crossed = weft_outputs_cover(&left->output, r) && weft_outputs_cover(&right->output, l);
        if (columns && plain && (straight || crossed)) {
            parts->null_equal[parts->left.count] = null_equal;
            parts->any_null_equal |= null_equal;
            WEFT_TRY(st, weft_pointers_push(ctx, &parts->left, straight ? l : r));
            WEFT_TRY(st, weft_pointers_push(ctx, &parts->right, straight ? r : l));
            goto done;
        }
    }
    WEFT_TRY(st, weft_pointers_push(ctx, &parts->conditions, e));
done:
    return st;
}

weft_status weft_build_join(weft_analyzer *a, const weft_node *parsed, const weft_node *left,
                            const weft_node *right, const weft_pointers *conjuncts, const weft_node **out)
{
    weft_status st = WEFT_OK;
    join_parts parts = {0};
    const weft_node *inputs[2] = {left, right};
    weft_node model = {.kind = WEFT_NODE_JOIN, .input_count = 2, .inputs = inputs};
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, conjuncts->count + 1, &parts.null_equal));
    for (int32_t i = 0; i < conjuncts->count; i++) {
        WEFT_TRY(st, add_condition(a->ctx, left, right, weft_pointers_exprs(conjuncts)[i], &parts));
    }
    if (a->in_view == 0) model.span = parsed->span;
    const weft_join_strategy sides[2] = {weft_hinted_strategy(a, parsed->inputs[0]),
                                         weft_hinted_strategy(a, parsed->inputs[1])};
    model.join.strategy = weft_stronger_strategy(sides[0], sides[1]);
    model.join.strategy_left = sides[0] != WEFT_STRATEGY_NONE && sides[0] == model.join.strategy;
    model.join.strategy_right = sides[1] != WEFT_STRATEGY_NONE && sides[1] == model.join.strategy;
    model.join.kind = parsed->join.kind;
    model.join.lateral = parsed->join.lateral;
    model.join.key_count = parts.left.count;
    model.join.left_keys = weft_pointers_exprs(&parts.left);
    model.join.right_keys = weft_pointers_exprs(&parts.right);
    model.join.null_equal = parts.any_null_equal ? parts.null_equal : NULL;
    model.join.condition_count = parts.conditions.count;
    model.join.conditions = weft_pointers_exprs(&parts.conditions);
    WEFT_TRY(st, weft_node_join_from(a->ctx, &model, out));
done:
    return st;
}

/* Names of both sides, with the nullability of the join's output; only the left's for SEMI and ANTI. */
static weft_status join_names(weft_ctx *ctx, weft_join_kind kind, const weft_node *join,
                              const weft_bound *left, const weft_bound *right, weft_name **names,
                              int32_t *count)
{
    weft_status st = WEFT_OK;
    const bool left_only = kind == WEFT_JOIN_SEMI || kind == WEFT_JOIN_ANTI;
    *count = left->count + (left_only ? 0 : right->count);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, *count + 1, names));
    for (int32_t i = 0; i < *count; i++) {
        (*names)[i] = i < left->count ? left->names[i] : right->names[i - left->count];
        const int32_t at = weft_node_find_output(join, (*names)[i].id);
        if (at >= 0) (*names)[i].nullable = join->output.columns[at].nullable;
    }
done:
    return st;
}

/* The first visible column of a side with the name; or NULL. */
static const weft_name *first_column(const weft_bound *side, const char *name)
{
    for (int32_t i = 0; i < side->count; i++)
        if (!side->names[i].hidden && strcasecmp(side->names[i].name, name) == 0) return &side->names[i];
    return NULL;
}

/* The visible column of a side that USING names: of several the first, as in Spark. */
static weft_status using_column(weft_analyzer *a, const weft_node *parsed, const weft_bound *side,
                                const char *name, const char *which, const weft_name **out)
{
    *out = first_column(side, name);
    if (*out != NULL) return WEFT_OK;
    return weft_fail_at(a->ctx, WEFT_UNRESOLVED_USING_COLUMN, weft_analyzer_span(a, &parsed->span),
                        "USING column `%s` cannot be resolved on the %s side of the join.", name, which);
}

/* The columns of USING, or those that both sides have in a NATURAL join. */
static weft_status common_columns(weft_analyzer *a, const weft_node *parsed, const weft_bound *left,
                                  const weft_bound *right, weft_pointers *lefts, weft_pointers *rights)
{
    weft_status st = WEFT_OK;
    const weft_name *l = NULL, *r = NULL;
    for (int32_t i = 0; i < parsed->join.using_count; i++) {
        WEFT_TRY(st, using_column(a, parsed, left, parsed->join.using_names[i], "left", &l));
        WEFT_TRY(st, using_column(a, parsed, right, parsed->join.using_names[i], "right", &r));
        WEFT_TRY(st, weft_pointers_push(a->ctx, lefts, l));
        WEFT_TRY(st, weft_pointers_push(a->ctx, rights, r));
    }
    for (int32_t i = 0; parsed->join.natural && i < left->count; i++) {
        l = &left->names[i];
        if (l->hidden || first_column(left, l->name) != l) continue; /* of several the first is joined by */
        r = first_column(right, l->name);
        if (r == NULL) continue;
        WEFT_TRY(st, weft_pointers_push(a->ctx, lefts, l));
        WEFT_TRY(st, weft_pointers_push(a->ctx, rights, r));
    }
done:
    return st;
}

/* FULL … USING: the common column is the first side's that has a value; it is computed above the join. */
static weft_status project_coalesced(weft_analyzer *a, weft_bound *bound, const weft_name *l,
                                     const weft_name *r, weft_pointers *exprs, weft_name *name)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    const weft_expr *sides[2] = {NULL, NULL}, *both = NULL, *alias = NULL;
    (void)bound;
    WEFT_TRY(st, weft_expr_column(ctx, l->id, l->name, l->type, true, &sides[0]));
    WEFT_TRY(st, weft_expr_column(ctx, r->id, r->name, r->type, true, &sides[1]));
    WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_COALESCE, sides, 2, NULL, &both));
    const int64_t id = weft_next_id(a->ids);
    WEFT_TRY(st, weft_expr_alias(ctx, both, id, l->name, &alias));
    WEFT_TRY(st, weft_pointers_push(ctx, exprs, alias));
    *name = (weft_name){.id = id, .name = l->name, .type = both->type, .nullable = true};
done:
    return st;
}

static const weft_name *find_id(const weft_pointers *list, int64_t id)
{
    for (int32_t i = 0; i < list->count; i++) {
        const weft_name *name = list->items[i];
        if (name->id == id) return name;
    }
    return NULL;
}

/* Is it a column of the list, or the twin of one? */
static bool is_common(const weft_pointers *list, const weft_name *name)
{
    return find_id(list, name->id) != NULL || (name->twin != 0 && find_id(list, name->twin) != NULL);
}

/* Names of a USING or NATURAL join: the common columns first, the other side's twins hidden. */
static weft_status using_names(weft_analyzer *a, weft_join_kind kind, const weft_bound *left,
                               const weft_bound *right, const weft_pointers *lefts,
                               const weft_pointers *rights, weft_bound *bound)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    weft_name *all = NULL, *names = NULL;
    weft_pointers exprs = {0};
    int32_t total = 0, count = 0;
    WEFT_TRY(st, join_names(ctx, kind, bound->node, left, right, &all, &total));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, total + lefts->count + 1, &names));
    for (int32_t i = 0; i < lefts->count; i++) {
        const weft_name *l = lefts->items[i], *r = rights->items[i];
        if (kind == WEFT_JOIN_FULL) {
            WEFT_TRY(st, project_coalesced(a, bound, l, r, &exprs, &names[count++]));
            continue;
        }
        const int64_t id = kind == WEFT_JOIN_RIGHT ? r->id : l->id;
        for (int32_t k = 0; k < total; k++) {
            if (all[k].id == id) {
                names[count++] = all[k];
                break;
            }
        }
    }
    const int32_t common = count;
    for (int32_t k = 0; k < total; k++) {
        bool listed = false;
        for (int32_t i = 0; i < common; i++) listed |= names[i].id == all[k].id;
        if (listed) continue;
        names[count] = all[k];
        names[count++].hidden |= is_common(lefts, &all[k]) || is_common(rights, &all[k]);
    }
    if (exprs.count > 0) {
        for (int32_t k = 0; k < bound->node->output.count; k++) {
            const weft_expr *column = NULL;
            WEFT_TRY(st, weft_node_column(ctx, bound->node, k, &column));
            WEFT_TRY(st, weft_pointers_push(ctx, &exprs, column));
        }
        WEFT_TRY(st,
                 weft_node_project(ctx, bound->node, weft_pointers_exprs(&exprs), exprs.count, &bound->node));
    }
    bound->names = names;
    bound->count = count;
done:
    return st;
}

weft_status weft_join_scope(weft_ctx *ctx, const weft_bound *left, const weft_bound *right,
                            const weft_scope *outer, weft_scope *out)
{
    weft_status st = WEFT_OK;
    weft_name *both = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, left->count + right->count + 1, &both));
    for (int32_t i = 0; i < left->count; i++) both[i] = left->names[i];
    for (int32_t i = 0; i < right->count; i++) both[left->count + i] = right->names[i];
    *out = (weft_scope){.count = left->count + right->count, .names = both, .outer = outer};
done:
    return st;
}

/* An ASOF join by USING, whose plain join *out is: the common columns are those of the new node. */
static weft_status asof_using(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                              weft_cte *ctes, weft_bound *left, weft_bound *right, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_pointers lefts = {0}, rights = {0};
    WEFT_TRY(st, weft_bind_asof(a, parsed, out->node, outer, ctes, left, right, &out->node));
    WEFT_TRY(st, common_columns(a, parsed, left, right, &lefts, &rights));
    WEFT_TRY(st, using_names(a, parsed->join.kind, left, right, &lefts, &rights, out));
done:
    return st;
}

static weft_status bind_join(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                             weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    weft_bound left = {0}, right = {0};
    weft_pointers conjuncts = {0}, lefts = {0}, rights = {0}, uses = {0};
    WEFT_TRY(st, weft_bind_from(a, parsed->inputs[0], outer, ctes, &left));
    const weft_scope lateral = {.count = left.count, .names = left.names, .outer = outer};
    const weft_node *view = NULL;
    if (parsed->join.lateral) WEFT_TRY(st, weft_lateral_as_view(a, parsed, &left, &view));
    if (view != NULL) {
        WEFT_TRY(st, weft_bind_lateral_view(a, view, outer, ctes, out));
        goto done;
    }
    WEFT_TRY(st, weft_bind_from(a, parsed->inputs[1], parsed->join.lateral ? &lateral : outer, ctes, &right));
    if (parsed->join.natural || parsed->join.using_count > 0) {
        WEFT_TRY(st, weft_drop_file_columns(a, &left));
        WEFT_TRY(st, weft_drop_file_columns(a, &right));
        WEFT_TRY(st, common_columns(a, parsed, &left, &right, &lefts, &rights));
        for (int32_t i = 0; i < lefts.count; i++) {
            const weft_expr *pair[2] = {NULL, NULL}, *equal = NULL;
            WEFT_TRY(st, weft_name_column(ctx, lefts.items[i], &pair[0]));
            WEFT_TRY(st, weft_name_column(ctx, rights.items[i], &pair[1]));
            WEFT_TRY(st, weft_expr_call(ctx, "=", pair, 2, weft_analyzer_span(a, &parsed->span), &equal));
            WEFT_TRY(st, weft_pointers_push(ctx, &conjuncts, equal));
        }
        WEFT_TRY(st, weft_build_join(a, parsed, left.node, right.node, &conjuncts, &out->node));
        if (parsed->join.match != NULL) {
            WEFT_TRY(st, asof_using(a, parsed, outer, ctes, &left, &right, out));
            goto done;
        }
        WEFT_TRY(st, using_names(a, parsed->join.kind, &left, &right, &lefts, &rights, out));
        goto done;
    }
    if (parsed->join.on != NULL) {
        weft_scope scope = {0};
        WEFT_TRY(st, weft_join_scope(ctx, &left, &right, outer, &scope));
        scope.outer_uses = &uses;
        weft_binder b = {
            .a = a, .scope = &scope, .ctes = ctes, .clause = "JOIN", .no_aggregates = WEFT_UNSUPPORTED_EXPR};
        WEFT_TRY(st, weft_bind_predicate(&b, parsed->join.on, &conjuncts));
        WEFT_TRY(st, weft_expect_deterministic(a, weft_pointers_exprs(&conjuncts), conjuncts.count,
                                               &parsed->join.on->span));
        WEFT_TRY(st, weft_check_on(a, &conjuncts, &left, &right));
    }
    if (parsed->join.rank != NULL)
        WEFT_TRY(st, weft_bind_nearest(a, parsed, outer, ctes, &left, &right, &out->node));
    else
        WEFT_TRY(st, weft_build_join(a, parsed, left.node, right.node, &conjuncts, &out->node));
    if (parsed->join.match != NULL)
        WEFT_TRY(st, weft_bind_asof(a, parsed, out->node, outer, ctes, &left, &right, &out->node));
    weft_name *names = NULL;
    WEFT_TRY(st, join_names(ctx, parsed->join.kind, out->node, &left, &right, &names, &out->count));
    out->names = names;
done:
    return st;
}

weft_status weft_bind_from(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer, weft_cte *ctes,
                           weft_bound *out)
{
    weft_status st = WEFT_OK;
    int32_t frame = 0;
    WEFT_TRY(st, weft_analyzer_enter(a, &parsed->span, &frame));
    switch ((int)parsed->kind) {
    case WEFT_NODE_RELATION: WEFT_TRY(st, bind_relation(a, parsed, ctes, out)); break;
    case WEFT_NODE_ALIAS: WEFT_TRY(st, bind_alias(a, parsed, outer, ctes, out)); break;
    case WEFT_NODE_JOIN: WEFT_TRY(st, bind_join(a, parsed, outer, ctes, out)); break;
    case WEFT_NODE_EXPAND: WEFT_TRY(st, weft_bind_lateral_view(a, parsed, outer, ctes, out)); break;
    case WEFT_NODE_PIVOT: WEFT_TRY(st, weft_bind_pivot(a, parsed, outer, ctes, out)); break;
    case WEFT_NODE_UNPIVOT: WEFT_TRY(st, weft_bind_unpivot(a, parsed, outer, ctes, out)); break;
    case WEFT_NODE_SAMPLE: WEFT_TRY(st, weft_bind_sample(a, parsed, outer, ctes, out)); break;
    case WEFT_NODE_FILTER: WEFT_TRY(st, weft_bind_pipe_filter(a, parsed, outer, ctes, out)); break;
    case WEFT_NODE_TABLE_FUNCTION: WEFT_TRY(st, weft_bind_table_function(a, parsed, outer, ctes, out)); break;
    case WEFT_NODE_GIVEN: *out = *(const weft_bound *)parsed->given; break;
    default: WEFT_TRY(st, weft_bind_query(a, parsed, outer, ctes, out));
    }
    weft_analyzer_leave(a, frame);
done:
    return st;
}
