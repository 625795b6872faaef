/* engine/plan/analyzer_view.c - the columns of a view that outlives the session.
 *
 * The tables that a view reads may have other columns by now than when it was made: a * means more, a type is
 * another. The view has the columns that it had then, picked by the names that its query gave them; of
 * several with one name, by their order. How far a column may differ is what the view says (WITH SCHEMA). */
#include <strings.h>

#include "engine/columnar/declared_type.h"
#include "engine/expr/coerce.h"
#include "engine/expr/type_sql.h"
#include "engine/plan/analyzer_internal.h"

static weft_status columns_changed(weft_analyzer *a, const weft_table_definition *d, const char *name,
                                   int32_t wanted, int32_t found)
{
    const weft_status st =
        weft_fail(a->ctx, WEFT_INCOMPATIBLE_VIEW,
                  "The SQL query of view `spark_catalog`.`%s`.`%s` has an incompatible schema change and "
                  "column %s cannot be resolved. Expected %d columns named %s but got %d.",
                  d->database, d->name, name, wanted, name, found);
    weft_hint(a->ctx, "Make the view again, by CREATE OR REPLACE VIEW.");
    return st;
}

/* The column of the query that column i of the view is. */
static weft_status find_column(weft_analyzer *a, const weft_table_definition *d, const weft_node *query,
                               int32_t i, int32_t *out)
{
    const char *name = d->query_columns[i];
    int32_t wanted = 0, before = 0, found = 0;
    *out = -1;
    for (int32_t k = 0; k < d->column_count; k++) {
        if (strcasecmp(d->query_columns[k], name) != 0) continue;
        wanted++;
        before += k < i;
    }
    for (int32_t k = 0; k < query->output.count; k++) {
        if (strcasecmp(query->output.columns[k].name, name) != 0) continue;
        if (found++ == before) *out = k;
    }
    return found == wanted ? WEFT_OK : columns_changed(a, d, name, wanted, found);
}

/* As the type that the column had when the view was made. */
static weft_status compensate(weft_analyzer *a, const weft_table_definition *d,
                              const weft_column_definition *column, const weft_expr **e)
{
    weft_status st = WEFT_OK;
    weft_text from = {0}, to = {0};
    weft_type type;
    WEFT_TRY(st, weft_type_of_values(a->ctx, column->type, &type));
    if (weft_type_equal((*e)->type, type)) return WEFT_OK; /* of a table's column the length stays known */
    if (d->view_schema != WEFT_VIEW_BINDING || weft_type_up_casts((*e)->type, type))
        return weft_expr_cast(a->ctx, *e, type, false, e);
    WEFT_TRY(st, weft_text_append_type(a->ctx, &from, (*e)->type));
    WEFT_TRY(st, weft_text_append_type(a->ctx, &to, type));
    st = weft_fail(a->ctx, WEFT_CANNOT_UP_CAST,
                   "Cannot up cast %s from \"%.*s\" to \"%.*s\". The type path of the target object is: the "
                   "column `%s` of the view `%s`, which is made WITH SCHEMA BINDING.",
                   (*e)->column.name, (int)from.len, from.bytes, (int)to.len, to.bytes, column->name,
                   d->name);
done:
    weft_text_release(&from);
    weft_text_release(&to);
    return st;
}

weft_status weft_bind_view_columns(weft_analyzer *a, const weft_node *parsed, const weft_node **node)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    weft_pointers exprs = {0};
    weft_node *project = NULL;
    const weft_table_definition *d = a->catalog->view == NULL ? NULL
                                                              : a->catalog->view(a->catalog->self, parsed);
    if (d == NULL) return WEFT_OK;
    const bool evolves = d->view_schema == WEFT_VIEW_EVOLUTION;
    if (evolves && !d->names_columns) return WEFT_OK;
    if (evolves && d->column_count != (*node)->output.count) /* they get their names by place */
        return columns_changed(a, d, d->columns[0].name, d->column_count, (*node)->output.count);
    for (int32_t i = 0; i < d->column_count; i++) {
        const weft_column_definition *column = &d->columns[i];
        const weft_expr *e = NULL;
        int32_t at = i;
        if (!evolves) WEFT_TRY(st, find_column(a, d, *node, i, &at));
        WEFT_TRY(st, weft_node_column(ctx, *node, at, &e));
        if (!evolves && d->view_schema != WEFT_VIEW_TYPE_EVOLUTION)
            WEFT_TRY(st, compensate(a, d, column, &e));
        WEFT_TRY(st, weft_expr_alias(ctx, e, weft_next_id(a->ids), column->name, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    }
    WEFT_TRY(st, weft_node_project(ctx, *node, weft_pointers_exprs(&exprs), exprs.count, node));
    WEFT_TRY(st, WEFT_NEW(ctx, &project));
    *project = **node;
    project->project.view = d;
    *node = project;
done:
    return st;
}

/* A row of the columns that the view had when it was made: only the columns are looked at. */
static weft_status columns_alone(weft_analyzer *a, const weft_table_definition *d, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers cells = {0};
    const char **names = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, d->column_count, &names));
    for (int32_t i = 0; i < d->column_count; i++) {
        weft_value null = {.is_null = true};
        const weft_expr *e = NULL;
        names[i] = d->columns[i].name;
        WEFT_TRY(st, weft_type_of_values(a->ctx, d->columns[i].type, &null.type));
        WEFT_TRY(st, weft_expr_literal(a->ctx, &null, &e));
        WEFT_TRY(st, weft_pointers_push(a->ctx, &cells, e));
    }
    WEFT_TRY(st,
             weft_node_values(a->ctx, a->ids, weft_pointers_exprs(&cells), 1, d->column_count, names, out));
done:
    return st;
}

weft_status weft_bind_described(weft_analyzer *a, const weft_node *show, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *parsed = NULL;
    const weft_relation *relation = NULL;
    const char *database = NULL;
    weft_bound bound = {0};
    WEFT_TRY(st, weft_bind_query(a, show->inputs[0], NULL, NULL, &bound));
    WEFT_TRY(st, weft_bound_node(a, &bound, out));
done:
    if (st == WEFT_OK || weft_status_classify(st) != WEFT_CLASS_USER || a->catalog->view == NULL) return st;
    const weft_error error = a->ctx->error;
    weft_error_clear(a->ctx);
    if (a->catalog->find(a->ctx, a->catalog->self, show->show.parts, show->show.part_count, &parsed,
                         &relation, &database) == WEFT_OK &&
        parsed != NULL) {
        const weft_table_definition *d = a->catalog->view(a->catalog->self, parsed);
        if (d != NULL) return columns_alone(a, d, out);
    }
    a->ctx->error = error;
    return st;
}

/* What the source of LIKE has, when it is a view of the session; else nothing. */
static weft_status session_columns(weft_analyzer *a, const weft_node *like, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_catalog *c = a->catalog;
    const weft_table_definition *table = NULL;
    const weft_node *view = NULL;
    const weft_relation *relation = NULL;
    const char *database = NULL;
    weft_bound bound = {0};
    const weft_node source = {
        .kind = WEFT_NODE_RELATION,
        .span = like->span,
        .relation = {.part_count = like->command.source_count, .parts = like->command.source}};
    WEFT_TRY(st, c->table(a->ctx, c->self, source.relation.parts, source.relation.part_count, &table));
    if (table != NULL) goto done;
    WEFT_TRY(st, c->find(a->ctx, c->self, source.relation.parts, source.relation.part_count, &view, &relation,
                         &database));
    const bool lasts = view != NULL && c->view != NULL && c->view(c->self, view) != NULL;
    if (lasts || (view == NULL && relation == NULL)) goto done;
    WEFT_TRY(st, weft_bind_query(a, &source, NULL, NULL, &bound));
    WEFT_TRY(st, weft_bound_node(a, &bound, out));
done:
    return st;
}

weft_status weft_bind_like(weft_analyzer *a, weft_node *like)
{
    weft_status st = WEFT_OK;
    const weft_node *source = NULL;
    weft_table_definition *d = NULL;
    weft_column_definition *columns = NULL;
    if (a->catalog->table == NULL) return WEFT_OK;
    WEFT_TRY(st, session_columns(a, like, &source));
    if (source == NULL) goto done; /* whoever runs the statement finds it, or says that it is not there */
    WEFT_TRY(st, WEFT_NEW(a->ctx, &d));
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, source->output.count, &columns));
    for (int32_t i = 0; i < source->output.count; i++)
        columns[i] = (weft_column_definition){.name = source->output.columns[i].name,
                                              .comment = weft_declared_comment(source, i),
                                              .type = weft_declared_type(a->ctx, source, i)};
    *d = *like->command.table;
    d->columns = columns;
    d->column_count = source->output.count;
    like->command.table = d;
done:
    return st;
}
