/* engine/plan/rule_struct_fields.c - a field of a struct that a projection makes of columns is the column,
 * wherever the projection passes that on.
 *
 * So it is with _metadata: its fields are columns of the scan, which the projection above it passes on beside
 * the struct, and joins do. Who asks for fields alone never has the struct made, and his filters reach the
 * scan. */
#include "engine/expr/nested_call.h"
#include "engine/plan/optimizer_impl.h"

static weft_status find_structs(weft_ctx *ctx, const weft_node *node, weft_pointer_map *met,
                                weft_pointers *structs)
{
    weft_status st = WEFT_OK;
    if (weft_pointer_map_get(met, node) != NULL) return WEFT_OK;
    WEFT_TRY(st, weft_pointer_map_put(ctx, met, node, node));
    for (int32_t i = 0; node->kind == WEFT_NODE_PROJECT && i < node->project.count; i++)
        if (opt_is_call(opt_below_alias(node->project.exprs[i]), "named_struct"))
            WEFT_TRY(st, weft_pointers_push(ctx, structs, node->project.exprs[i]));
    for (int32_t i = 0; i < node->input_count; i++)
        WEFT_TRY(st, find_structs(ctx, node->inputs[i], met, structs));
done:
    return st;
}

typedef struct field_rewrite {
    const weft_pointers *structs;
    const weft_node *node;
} field_rewrite;

static const weft_expr *made_struct(const weft_pointers *structs, int64_t id)
{
    for (int32_t i = 0; i < structs->count; i++)
        if (opt_output_id(structs->items[i]) == id) return opt_below_alias(structs->items[i]);
    return NULL;
}

static weft_status to_column(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    const field_rewrite *r = self;
    *out = e;
    if (!opt_is_call(e, ".") || e->args[0]->kind != WEFT_EXPR_COLUMN || e->args[1]->kind != WEFT_EXPR_LITERAL)
        return WEFT_OK;
    const weft_expr *made = made_struct(r->structs, e->args[0]->column.id);
    if (made == NULL) return WEFT_OK;
    const weft_str *name = &e->args[1]->literal.str;
    const int32_t at = weft_type_find_field(made->type, weft_str_data(name), name->len);
    const weft_expr *value = at < 0 ? made : made->args[2 * at + 1];
    if (value->kind != WEFT_EXPR_COLUMN) return WEFT_OK;
    for (int32_t i = 0; i < r->node->input_count; i++) {
        const weft_node *input = r->node->inputs[i];
        const int32_t output = weft_node_find_output(input, value->column.id);
        if (output >= 0) return opt_output_column(ctx, &input->output.columns[output], out);
    }
    return WEFT_OK;
}

static weft_status rewrite_node(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out)
{
    field_rewrite r = {.structs = self, .node = node};
    return opt_rewrite_exprs(ctx, node, to_column, &r, out);
}

weft_status opt_rule_struct_fields(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers structs = {0};
    weft_pointer_map met = {0};
    (void)ids;
    *out = root;
    WEFT_TRY(st, find_structs(ctx, root, &met, &structs));
    if (structs.count > 0) WEFT_TRY(st, opt_rewrite(ctx, root, rewrite_node, &structs, NULL, out));
done:
    return st;
}
