/* engine/plan/analyzer_declared.c - what the tables of a query say of its columns: their lengths and
 * comments.
 *
 * A CHAR(n) or VARCHAR(n) column is a string to expressions, but a table that is made of it by AS has its
 * length again: as long as the column is passed on, also under another name, as a group or through a join. */
#include "common/settings.h"
#include "engine/plan/analyzer_internal.h"

static const weft_expr *behind_names(const weft_expr *e)
{
    while (e->kind == WEFT_EXPR_ALIAS) e = e->args[0];
    return e;
}

static const weft_column_definition *column_of(const weft_node *node, int32_t output);

/* The expression that gives an output: a column of the input that is passed on, or something else. */
static const weft_column_definition *column_of_expr(const weft_node *node, const weft_expr *e)
{
    e = behind_names(e);
    const int32_t at = e->kind == WEFT_EXPR_COLUMN ? weft_node_find_output(node->inputs[0], e->column.id)
                                                   : -1;
    return at < 0 ? NULL : column_of(node->inputs[0], at);
}

/* The column of a table or view that an output of the node is; NULL: it is none. */
static const weft_column_definition *column_of(const weft_node *node, int32_t output)
{
    const weft_output *column = &node->output.columns[output];
    const weft_table_definition *table = NULL;
    switch ((int)node->kind) {
    case WEFT_NODE_SCAN:
        table = node->scan.relation->definition;
        return table == NULL ? NULL : &table->columns[node->scan.columns[output]];
    case WEFT_NODE_PROJECT:
        table = node->project.view;
        return table != NULL ? &table->columns[output] : column_of_expr(node, node->project.exprs[output]);
    case WEFT_NODE_AGGREGATE:
        return output < node->aggregate.group_count ? column_of_expr(node, node->aggregate.groups[output])
                                                    : NULL;
    case WEFT_NODE_FILTER:
    case WEFT_NODE_JOIN:
    case WEFT_NODE_SORT:
    case WEFT_NODE_LIMIT:
    case WEFT_NODE_WINDOW:
    case WEFT_NODE_REPARTITION: break;
    default: return NULL; /* its rows come from several places, or from none */
    }
    for (int32_t i = 0; i < node->input_count; i++) {
        const int32_t at = weft_node_find_output(node->inputs[i], column->id);
        if (at >= 0) return column_of(node->inputs[i], at);
    }
    return NULL;
}

weft_type weft_declared_type(weft_ctx *ctx, const weft_node *query, int32_t output)
{
    const weft_type plain = query->output.columns[output].type;
    const bool holds_texts = plain.id == WEFT_TYPE_STRING || weft_type_is_nested(plain);
    if (!holds_texts || weft_setting(ctx, WEFT_SET_CHAR_AS_STRING) != 0) return plain;
    const weft_column_definition *column = column_of(query, output);
    return column != NULL && column->type.id == plain.id ? column->type : plain;
}

const char *weft_declared_comment(const weft_node *query, int32_t output)
{
    while (query->kind == WEFT_NODE_UNION) query = query->inputs[0];
    const weft_column_definition *column = column_of(query, output);
    return column != NULL ? column->comment : NULL;
}
