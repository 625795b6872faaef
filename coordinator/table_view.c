/* coordinator/table_view.c - views that outlive the session: CREATE, ALTER … AS, DROP. */
#include "common/settings.h"
#include "coordinator/table_command.h"
#include "engine/catalog/warehouse.h"
#include "engine/plan/analyzer.h"

/* The columns of a view: those of its query, under the names that it gives them. */
static weft_status view_columns(weft_ctx *ctx, const weft_node *create, weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    const weft_outputs *output = &create->inputs[0]->output;
    weft_column_definition *columns = NULL;
    const char **outputs = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, output->count, &columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, output->count, &outputs));
    for (int32_t i = 0; i < output->count; i++) {
        outputs[i] = output->columns[i].name;
        columns[i] = (weft_column_definition){.name = outputs[i],
                                              .comment = weft_declared_comment(create->inputs[0], i),
                                              .type = weft_declared_type(ctx, create->inputs[0], i)};
        if (create->view.column_count == 0) continue;
        columns[i].name = create->view.columns[i];
        if (create->view.column_comments[i] != NULL) columns[i].comment = create->view.column_comments[i];
    }
    d->columns = columns;
    d->query_columns = outputs;
    d->column_count = output->count;
    d->names_columns = create->view.column_count > 0;
done:
    return st;
}

weft_status weft_table_command_define_view(weft_ctx *ctx, const weft_node *create)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *old = NULL;
    int lock = -1;
    const char *current = weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE);
    weft_table_definition d = {.format = "view",
                               .location = "",
                               .query = create->view.text,
                               .query_database = current,
                               .comment = create->view.comment,
                               .collation = create->view.collation,
                               .view_schema = create->view.schema,
                               .property_count = create->view.property_count,
                               .properties = create->view.properties};
    WEFT_TRY(st, weft_session_catalog_name_of(ctx, create->view.parts, create->view.part_count, &d.database,
                                              &d.name));
    WEFT_TRY(st, weft_warehouse_lock(ctx, &lock));
    WEFT_TRY(st, weft_session_catalog_entry(ctx, create->view.parts, create->view.part_count, &old));
    if (old != NULL && create->view.if_not_exists) goto done;
    if (old == NULL && create->view.alter)
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_TABLE_OR_VIEW_NOT_FOUND, &create->span,
                                  "The table or view `%s` cannot be found.", create->view.name));
    if (old != NULL && create->view.replace && old->query == NULL)
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_EXPECT_VIEW, &create->span,
                                  "The statement expects a view but `spark_catalog`.`%s`.`%s` is a table.",
                                  old->database, old->name));
    if (create->view.alter) { /* AS alone: the rest stays */
        d.comment = old->comment;
        d.collation = old->collation;
        d.view_schema = old->view_schema;
        d.property_count = old->property_count;
        d.properties = old->properties;
        d.created_us = old->created_us;
    }
    WEFT_TRY(st, view_columns(ctx, create, &d));
    WEFT_TRY(st, weft_kept_settings_take(ctx, false, &d.kept));
    WEFT_TRY(st, weft_warehouse_put(ctx, &d, create->view.replace));
done:
    weft_warehouse_unlock(&lock);
    return st;
}

weft_status weft_table_command_drop_view(weft_ctx *ctx, const weft_node *drop)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    WEFT_TRY(st, weft_session_catalog_entry(ctx, drop->view.parts, drop->view.part_count, &d));
    if (d == NULL && drop->view.if_not_exists) goto done;
    if (d == NULL)
        WEFT_TRY(st,
                 weft_fail_at(ctx, WEFT_TABLE_OR_VIEW_NOT_FOUND, &drop->span,
                              "The table or view `%s` cannot be found. Verify the spelling and correctness "
                              "of the schema and catalog.",
                              drop->view.name));
    if (d->query == NULL)
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_WRONG_COMMAND, &drop->span,
                                  "The operation DROP VIEW requires a VIEW. But spark_catalog.%s.%s is a "
                                  "table. Use DROP TABLE instead.",
                                  d->database, d->name));
    WEFT_TRY(st, weft_warehouse_drop(ctx, d));
done:
    return st;
}
