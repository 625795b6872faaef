/* engine/plan/analyzer_files.c - the hidden column _metadata: what tables tell of the files of their rows.
 *
 * It is a struct that a projection right above the scan makes of the columns of engine/formats/file_field.h,
 * which go on beside it: rule_struct_fields.c. SELECT blocks without groups and DISTINCT pass it on, unseen,
 * to the query around them; views (also those of the session that are files), common table expressions,
 * USING and set operations do not. */
#include <strings.h>

#include "engine/plan/analyzer_internal.h"

/* The scan gives its fields, too. */
static weft_status scan_with_fields(weft_ctx *ctx, weft_ids *ids, const weft_node *scan,
                                    const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_relation *relation = scan->scan.relation;
    const int32_t fields = weft_file_field_count(relation->format), before = scan->output.count;
    weft_node *node = NULL;
    weft_output *columns = NULL;
    int32_t *numbers = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &node));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, before + fields, &columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, before + fields, &numbers));
    for (int32_t i = 0; i < before; i++) {
        columns[i] = scan->output.columns[i];
        numbers[i] = scan->scan.columns[i];
    }
    for (int32_t k = 0; k < fields; k++) {
        const weft_field *field = weft_file_field_of((weft_file_field)k);
        numbers[before + k] = relation->schema->count + k;
        columns[before + k] =
            (weft_output){.id = weft_next_id(ids), .name = field->name, .type = field->type};
    }
    *node = *scan;
    node->output = (weft_outputs){.count = before + fields, .columns = columns};
    node->scan.columns = numbers;
    *out = node;
done:
    return st;
}

/* named_struct('file_path', …) of what the scan has behind its own columns. */
static weft_status file_struct(weft_analyzer *a, const weft_node *scan, int32_t own, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers args = {0};
    const weft_expr *e = NULL;
    for (int32_t i = own; i < scan->output.count; i++) {
        const char *name = scan->output.columns[i].name + strlen(WEFT_FILE_COLUMN ".");
        const weft_value text = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING),
                                 .str = weft_str_view(name, (uint32_t)strlen(name))};
        WEFT_TRY(st, weft_expr_literal(a->ctx, &text, &e));
        WEFT_TRY(st, weft_pointers_push(a->ctx, &args, e));
        WEFT_TRY(st, weft_node_column(a->ctx, scan, i, &e));
        WEFT_TRY(st, weft_pointers_push(a->ctx, &args, e));
    }
    WEFT_TRY(st, weft_expr_call(a->ctx, "named_struct", weft_pointers_exprs(&args), args.count, NULL, &e));
    st = weft_expr_alias(a->ctx, e, weft_next_id(a->ids), WEFT_FILE_COLUMN, out);
done:
    return st;
}

weft_status weft_uncache_files(weft_analyzer *a, const char *database, const char *name,
                               const weft_relation **relation)
{
    const weft_catalog *c = a->catalog;
    if (!a->tells_files || (*relation)->cached == NULL || database == NULL || c->uncached == NULL)
        return WEFT_OK;
    return c->uncached(a->ctx, c->self, database, name, relation);
}

weft_status weft_tell_files(weft_analyzer *a, const weft_node **scan)
{
    weft_status st = WEFT_OK;
    const weft_node *wide = NULL;
    const int32_t own = (*scan)->output.count;
    const weft_relation *relation = (*scan)->scan.relation;
    const weft_schema *schema = relation->schema;
    weft_pointers exprs = {0};
    const weft_expr *e = NULL;
    if (!a->tells_files || relation->cached != NULL || weft_file_field_count(relation->format) == 0)
        return WEFT_OK;
    for (int32_t i = 0; i < schema->count; i++) /* a column of the data goes before it */
        if (strcasecmp(schema->fields[i].name, WEFT_FILE_COLUMN) == 0) return WEFT_OK;
    WEFT_TRY(st, scan_with_fields(a->ctx, a->ids, *scan, &wide));
    for (int32_t i = 0; i < wide->output.count; i++) {
        WEFT_TRY(st, weft_node_column(a->ctx, wide, i, &e));
        WEFT_TRY(st, weft_pointers_push(a->ctx, &exprs, e));
    }
    WEFT_TRY(st, file_struct(a, wide, own, &e));
    WEFT_TRY(st, weft_pointers_push(a->ctx, &exprs, e));
    WEFT_TRY(st, weft_node_project(a->ctx, wide, weft_pointers_exprs(&exprs), exprs.count, scan));
done:
    return st;
}

void weft_mark_file_columns(weft_bound *bound, int32_t from)
{
    weft_name *names = (weft_name *)(uintptr_t)bound->names; /* made just now */
    for (int32_t i = from; i < bound->count; i++) names[i].hidden = names[i].of_file = true;
}

weft_status weft_drop_file_columns(weft_analyzer *a, weft_bound *bound)
{
    weft_status st = WEFT_OK;
    weft_name *names = NULL;
    int32_t count = 0;
    if (!a->tells_files) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, bound->count + 1, &names));
    for (int32_t i = 0; i < bound->count; i++)
        if (!bound->names[i].of_file) names[count++] = bound->names[i];
    bound->names = names;
    bound->count = count;
done:
    return st;
}
