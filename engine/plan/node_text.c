/* engine/plan/node_text.c - the indented text of a tree, in the manner of Spark's EXPLAIN EXTENDED.
 *
 *     Project [a#1, (b#2 + 1) AS c#3]
 *     +- Filter (a#1 > 5)
 *        +- Relation [a#1, b#2] parquet /data/t
 *
 * Plans of subquery expressions are printed as further inputs, as Spark does. A node that is shared prints
 * each time it is met, up to a limit of the whole text. */
#include <stdarg.h>
#include <stdio.h>

#include "engine/plan/node_text.h"
#include "engine/plan/pointers.h"

weft_status node_text_put(text_buffer *b, const char *bytes, size_t count)
{
    weft_status st = WEFT_OK;
    if (b->count + count + 1 > b->capacity) {
        const size_t capacity = weft_pow2_ceil(b->count + count + 1) * 2;
        char *data = NULL;
        WEFT_TRY(st, weft_arena_alloc(b->ctx, b->ctx->arena, capacity, (void **)&data));
        if (b->count > 0) memcpy(data, b->data, b->count);
        b->data = data;
        b->capacity = capacity;
    }
    memcpy(b->data + b->count, bytes, count);
    b->count += count;
    b->data[b->count] = '\0';
done:
    return st;
}

weft_status node_text_printf(text_buffer *b, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    const int count = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (count < 0) return WEFT_OK;
    return node_text_put(b, line, (size_t)count < sizeof line ? (size_t)count : sizeof line - 1);
}

weft_status node_text_words(text_buffer *b, const char *words)
{
    return node_text_put(b, words, strlen(words));
}

weft_status node_text_expr(text_buffer *b, const weft_expr *e)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    WEFT_TRY(st, weft_expr_text(b->ctx, e, true, &text));
    WEFT_TRY(st, node_text_words(b, text));
done:
    return st;
}

weft_status node_text_exprs(text_buffer *b, const weft_expr *const *exprs, int32_t count,
                            const char *separator)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < count; i++) {
        if (i > 0) WEFT_TRY(st, node_text_words(b, separator));
        WEFT_TRY(st, node_text_expr(b, exprs[i]));
    }
done:
    return st;
}

weft_status node_text_list(text_buffer *b, const weft_expr *const *exprs, int32_t count)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, node_text_words(b, " ["));
    WEFT_TRY(st, node_text_exprs(b, exprs, count, ", "));
    WEFT_TRY(st, node_text_words(b, "]"));
done:
    return st;
}

weft_status node_text_outputs(text_buffer *b, const weft_outputs *outputs)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, node_text_words(b, " ["));
    for (int32_t i = 0; i < outputs->count; i++) {
        WEFT_TRY(st, node_text_words(b, i > 0 ? ", " : ""));
        WEFT_TRY(st, node_text_words(b, outputs->columns[i].name != NULL ? outputs->columns[i].name : "?"));
        WEFT_TRY(st, node_text_printf(b, "#%lld", (long long)outputs->columns[i].id));
    }
    WEFT_TRY(st, node_text_words(b, "]"));
done:
    return st;
}

/* What a hint asks for. */
static weft_status text_strategy(text_buffer *b, const weft_node *join)
{
    static const char *const names[] = {"", "broadcast", "merge", "shuffle_hash", "shuffle_replicate_nl"};
    weft_status st = WEFT_OK;
    const char *name = names[join->join.strategy];
    if (join->join.strategy_left) WEFT_TRY(st, node_text_printf(b, ", leftHint=(strategy=%s)", name));
    if (join->join.strategy_right) WEFT_TRY(st, node_text_printf(b, ", rightHint=(strategy=%s)", name));
done:
    return st;
}

static weft_status text_join(text_buffer *b, const weft_node *node)
{
    static const char *const kinds[] = {"Inner",    "LeftOuter",       "RightOuter", "FullOuter", "LeftSemi",
                                        "LeftAnti", "LeftAnti (null)", "Mark",       "Single"};
    weft_status st = WEFT_OK;
    const bool cross = node->join.key_count + node->join.condition_count == 0 &&
                       node->join.kind == WEFT_JOIN_INNER;
    WEFT_TRY(st, node_text_printf(b, " %s", cross ? "Cross" : kinds[node->join.kind]));
    for (int32_t i = 0; i < node->join.key_count; i++) {
        WEFT_TRY(st, node_text_words(b, i == 0 ? ", (" : " AND ("));
        WEFT_TRY(st, node_text_expr(b, node->join.left_keys[i]));
        const bool null_equal = node->join.null_equal != NULL && node->join.null_equal[i];
        WEFT_TRY(st, node_text_words(b, null_equal ? " <=> " : " = "));
        WEFT_TRY(st, node_text_expr(b, node->join.right_keys[i]));
        WEFT_TRY(st, node_text_words(b, ")"));
    }
    if (node->join.condition_count > 0) {
        WEFT_TRY(st, node_text_words(b, node->join.key_count > 0 ? " AND " : ", "));
        WEFT_TRY(st, node_text_exprs(b, node->join.conditions, node->join.condition_count, " AND "));
    }
    if (node->join.kind == WEFT_JOIN_MARK) {
        WEFT_TRY(st, node_text_printf(b, ", exists#%lld", (long long)node->join.mark_id));
    }
    if (node->join.build_left) WEFT_TRY(st, node_text_words(b, ", BuildLeft"));
    WEFT_TRY(st, text_strategy(b, node));
done:
    return st;
}

weft_status node_text_sorted(text_buffer *b, const weft_node *repartition)
{
    weft_status st = WEFT_OK;
    if (repartition->repartition.sort_count == 0) return WEFT_OK;
    WEFT_TRY(st, node_text_words(b, ", Sort"));
    WEFT_TRY(st, node_text_list(b, repartition->repartition.sort_keys, repartition->repartition.sort_count));
    WEFT_TRY(st, node_text_words(b, ", false"));
done:
    return st;
}

static weft_status text_repartition(text_buffer *b, const weft_node *node)
{
    static const char *const kinds[] = {" coalesce", " hash", " range", " rebalance"};
    weft_status st = WEFT_OK;
    WEFT_TRY(st, node_text_words(b, kinds[node->repartition.kind]));
    if (node->repartition.count > 0) WEFT_TRY(st, node_text_printf(b, " %d", node->repartition.count));
    if (node->repartition.key_count > 0)
        WEFT_TRY(st, node_text_list(b, node->repartition.keys, node->repartition.key_count));
    WEFT_TRY(st, node_text_sorted(b, node));
done:
    return st;
}

/* A SELECT block as parsed; its FROM is printed as an input. */
static weft_status text_select(text_buffer *b, const weft_select *select)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, node_text_words(b, select->distinct ? " Distinct" : ""));
    WEFT_TRY(st, node_text_list(b, select->items, select->item_count));
    if (select->where != NULL) {
        WEFT_TRY(st, node_text_words(b, ", Where "));
        WEFT_TRY(st, node_text_expr(b, select->where));
    }
    if (select->group_count > 0) {
        WEFT_TRY(st, node_text_words(b, ", Group"));
        WEFT_TRY(st, node_text_list(b, select->groups, select->group_count));
    }
    if (select->qualify != NULL) {
        WEFT_TRY(st, node_text_words(b, ", Qualify "));
        WEFT_TRY(st, node_text_expr(b, select->qualify));
    }
    if (select->having != NULL) {
        WEFT_TRY(st, node_text_words(b, ", Having "));
        WEFT_TRY(st, node_text_expr(b, select->having));
    }
done:
    return st;
}

weft_status node_text_content(text_buffer *b, const weft_node *node)
{
    weft_status st = WEFT_OK;
    switch (node->kind) {
    case WEFT_NODE_SCAN:
        WEFT_TRY(st, node_text_outputs(b, &node->output));
        if (node->scan.relation != NULL && node->scan.relation->name != NULL) {
            WEFT_TRY(st, node_text_words(b, " "));
            WEFT_TRY(st, node_text_words(b, node->scan.relation->name));
            if (node->scan.relation->partitions > 0)
                WEFT_TRY(st, node_text_printf(b, ", Partitions: %d", node->scan.relation->partitions));
        }
        if (node->scan.conjunct_count > 0) {
            WEFT_TRY(st, node_text_words(b, ", PushedFilters:"));
            WEFT_TRY(st, node_text_list(b, node->scan.conjuncts, node->scan.conjunct_count));
        }
        break;
    case WEFT_NODE_VALUES:
        WEFT_TRY(st, node_text_outputs(b, &node->output));
        WEFT_TRY(st, node_text_printf(b, ", %d rows", node->values.row_count));
        break;
    case WEFT_NODE_FILTER:
        WEFT_TRY(st, node_text_words(b, " "));
        WEFT_TRY(st, node_text_exprs(b, node->filter.conjuncts, node->filter.count, " AND "));
        break;
    case WEFT_NODE_PROJECT: WEFT_TRY(st, node_text_list(b, node->project.exprs, node->project.count)); break;
    case WEFT_NODE_JOIN: WEFT_TRY(st, text_join(b, node)); break;
    case WEFT_NODE_AGGREGATE:
        WEFT_TRY(st, node_text_list(b, node->aggregate.groups, node->aggregate.group_count));
        WEFT_TRY(st, node_text_words(b, ","));
        WEFT_TRY(st, node_text_list(b, node->aggregate.aggregates, node->aggregate.aggregate_count));
        break;
    case WEFT_NODE_SORT:
        WEFT_TRY(st, node_text_list(b, node->sort.keys, node->sort.count));
        WEFT_TRY(st, node_text_words(b, ", true"));
        if (node->sort.limit >= 0)
            WEFT_TRY(st, node_text_printf(b, ", top %lld", (long long)node->sort.limit));
        break;
    case WEFT_NODE_LIMIT:
        if (node->limit.take >= 0) WEFT_TRY(st, node_text_printf(b, " %lld", (long long)node->limit.take));
        if (node->limit.skip > 0)
            WEFT_TRY(st, node_text_printf(b, " offset %lld", (long long)node->limit.skip));
        break;
    case WEFT_NODE_REPARTITION: WEFT_TRY(st, text_repartition(b, node)); break;
    case WEFT_NODE_WINDOW:
        WEFT_TRY(st, node_text_list(b, node->window.exprs, node->window.count));
        if (node->window.most > 0)
            WEFT_TRY(st, node_text_printf(b, " first %lld by call %d", (long long)node->window.most,
                                          node->window.most_call));
        break;
    case WEFT_NODE_SET:
        WEFT_TRY(st, node_text_words(b, node->set.kind == WEFT_SET_INTERSECT ? " Intersect" : " Except"));
        WEFT_TRY(st, node_text_words(b, node->set.all ? " All" : ""));
        break;
    case WEFT_NODE_EXPAND:
        WEFT_TRY(st, node_text_printf(b, " %d projections,", node->expand.projection_count));
        WEFT_TRY(st, node_text_outputs(b, &node->output));
        break;
    case WEFT_NODE_WRITE:
        WEFT_TRY(st,
                 node_text_printf(b, " %s %s", node->write.format != NULL ? node->write.format : "parquet",
                                  node->write.path != NULL ? node->write.path : node->write.table_name));
        break;
    case WEFT_NODE_CREATE_VIEW:
    case WEFT_NODE_DROP_VIEW: WEFT_TRY(st, node_text_printf(b, " %s", node->view.name)); break;
    case WEFT_NODE_SET_CONFIG:
        WEFT_TRY(st, node_text_printf(b, " %s", node->config.key != NULL ? node->config.key : ""));
        break;
    case WEFT_NODE_SCRIPT: WEFT_TRY(st, node_text_printf(b, " %s", node->script.command)); break;
    case WEFT_NODE_SHOW: WEFT_TRY(st, node_text_printf(b, " %s", node->show.what)); break;
    case WEFT_NODE_UNION:
    case WEFT_NODE_SINGLE_ROW:
    case WEFT_NODE_EXPLAIN:
    case WEFT_NODE_WITH:
    case WEFT_NODE_PIVOT:
    case WEFT_NODE_UNPIVOT:
    case WEFT_NODE_SAMPLE:
    case WEFT_NODE_TABLE_COMMAND:
    case WEFT_NODE_GIVEN:
    case WEFT_NODE_ROUTINE:
    case WEFT_NODE_VARIABLE:
    case WEFT_NODE_EXECUTE:
    case WEFT_NODE_RECURSION:
    case WEFT_NODE_LEVEL: break;
    case WEFT_NODE_TABLE_FUNCTION:
        WEFT_TRY(st, node_text_printf(b, " %s", node->table_function.call->unresolved.name));
        break;
    case WEFT_NODE_SELECT: WEFT_TRY(st, text_select(b, &node->select)); break;
    case WEFT_NODE_RELATION:
        for (int32_t i = 0; i < node->relation.part_count; i++) {
            WEFT_TRY(st, node_text_words(b, i == 0 ? " " : "."));
            WEFT_TRY(st, node_text_words(b, node->relation.parts[i]));
        }
        break;
    case WEFT_NODE_ALIAS: WEFT_TRY(st, node_text_printf(b, " %s", node->alias.name)); break;
    case WEFT_NODE_KIND_COUNT: break;
    }
done:
    return st;
}

/* Subquery plans in one expression list. */
typedef struct plan_collector {
    weft_ctx *ctx;
    weft_pointers *plans;
    weft_status st;
} plan_collector;

static bool collect_plan(void *self, const weft_expr *e)
{
    plan_collector *c = self;
    if (e->kind == WEFT_EXPR_SUBQUERY) c->st = weft_pointers_push(c->ctx, c->plans, e->subquery.plan);
    return c->st != WEFT_OK;
}

static weft_status collect_plans(weft_ctx *ctx, const weft_expr *const *exprs, int32_t count,
                                 weft_pointers *plans)
{
    plan_collector c = {.ctx = ctx, .plans = plans, .st = WEFT_OK};
    for (int32_t i = 0; i < count && c.st == WEFT_OK; i++) weft_expr_any(exprs[i], collect_plan, &c);
    return c.st;
}

static weft_status subquery_plans(weft_ctx *ctx, const weft_node *node, weft_pointers *plans)
{
    if (node->kind == WEFT_NODE_SELECT && node->select.from != NULL)
        return weft_pointers_push(ctx, plans, node->select.from);
    if (node->output.count < 0) return WEFT_OK;
    if (node->kind == WEFT_NODE_FILTER) {
        return collect_plans(ctx, node->filter.conjuncts, node->filter.count, plans);
    }
    if (node->kind == WEFT_NODE_PROJECT)
        return collect_plans(ctx, node->project.exprs, node->project.count, plans);
    if (node->kind == WEFT_NODE_JOIN) {
        return collect_plans(ctx, node->join.conditions, node->join.condition_count, plans);
    }
    if (node->kind == WEFT_NODE_AGGREGATE) {
        return collect_plans(ctx, node->aggregate.aggregates, node->aggregate.aggregate_count, plans);
    }
    return WEFT_OK;
}

/* indent: what stands before the "+- " of this node's children. */
static weft_status text_node(text_buffer *b, const weft_node *node, text_buffer *indent)
{
    weft_status st = WEFT_OK;
    weft_pointers below = {0};
    const size_t depth = indent->count;
    WEFT_TRY(st, node_text_words(b, weft_node_kind_text(node->kind)));
    WEFT_TRY(st, node_text_content(b, node));
    WEFT_TRY(st, node_text_words(b, "\n"));
    WEFT_TRY(st, subquery_plans(b->ctx, node, &below));
    for (int32_t i = 0; i < node->input_count; i++)
        WEFT_TRY(st, weft_pointers_push(b->ctx, &below, node->inputs[i]));
    for (int32_t i = 0; i < below.count; i++) {
        const bool last = i + 1 == below.count;
        if (b->count > NODE_TEXT_BYTES_MAX) break;
        WEFT_TRY(st, node_text_put(b, indent->data, depth));
        WEFT_TRY(st, node_text_words(b, last ? "+- " : ":- "));
        WEFT_TRY(st, node_text_words(indent, last ? "   " : ":  "));
        WEFT_TRY(st, text_node(b, weft_pointers_nodes(&below)[i], indent));
        indent->count = depth;
    }
done:
    return st;
}

weft_status weft_node_text(weft_ctx *ctx, const weft_node *root, char **out)
{
    weft_status st = WEFT_OK;
    text_buffer b = {.ctx = ctx}, indent = {.ctx = ctx};
    WEFT_TRY(st, node_text_put(&b, "", 0));
    WEFT_TRY(st, node_text_put(&indent, "", 0));
    WEFT_TRY(st, text_node(&b, root, &indent));
    *out = b.data;
done:
    return st;
}
