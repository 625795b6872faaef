/* engine/plan/physical_text.c - the tree of an optimised plan as it will run, in the manner of Spark's
 * physical plans: operators by their names there, an aggregate as its partial and its final half with the
 * exchange between. How sides of joins are moved is decided when the sizes of both are known, hence the root
 * AdaptivePlan: EXPLAIN ANALYZE shows the stages that ran. */
#include <string.h>

#include "common/settings.h"
#include "engine/plan/node_text.h"
#include "engine/plan/planner_impl.h"
#include "engine/plan/pointers.h"

/* What is under way: the tree goes to `text`, and with details every line gets the number of its section. */
typedef struct physical {
    text_buffer text, indent, sections;
    bool details;
    int32_t count; /* of sections */
    plan_ground ground;
    weft_fields_read fields;
    weft_pointer_map buckets; /* node that makes use of buckets, and SCAN that is read by them, to the int32_t
                               * how many */
} physical;

/* How many buckets the node makes use of; 0: of none. */
static int32_t buckets_of(const physical *p, const weft_node *node)
{
    const int32_t *count = weft_pointer_map_get(&p->buckets, node);
    return count == NULL ? 0 : *count;
}

static weft_status put_buckets(physical *p, const weft_node *node, int32_t buckets, const plan_list *scans)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = p->text.ctx;
    int32_t *count = NULL;
    if (buckets == 0) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, &count));
    *count = buckets;
    WEFT_TRY(st, weft_pointer_map_put(ctx, &p->buckets, node, count));
    for (int32_t i = 0; i < scans->count; i++)
        WEFT_TRY(st,
                 weft_pointer_map_put(ctx, &p->buckets, *PLAN_LIST_AT(scans, const weft_node *, i), count));
done:
    return st;
}

/* Tell of the node, and of the scans below it, that it makes use of buckets. */
static weft_status find_buckets(physical *p, const weft_node *node)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = p->text.ctx;
    plan_distribution left = {0}, right = {0};
    int32_t buckets = 0;
    if (node->kind == WEFT_NODE_AGGREGATE || node->kind == WEFT_NODE_WINDOW) {
        WEFT_TRY(st, plan_groups_distribution(ctx, &p->ground, node, &left));
        WEFT_TRY(st, put_buckets(p, node, left.count, &left.scans));
    } else if (node->kind == WEFT_NODE_JOIN) {
        WEFT_TRY(st, plan_join_buckets(ctx, &p->ground, node, &left, &right, &buckets));
        WEFT_TRY(st, put_buckets(p, node, buckets, &left.scans));
        WEFT_TRY(st, put_buckets(p, node, buckets, &right.scans));
    } else if (node->kind == WEFT_NODE_SCAN && weft_setting(ctx, WEFT_SET_AUTO_BUCKETED_SCAN) == 0 &&
               buckets_of(p, node) == 0) {
        WEFT_TRY(st, plan_distribution_of(ctx, &p->ground, node, &left));
        WEFT_TRY(st, put_buckets(p, node, left.count, &left.scans));
    }
done:
    return st;
}

static const char *operator_name(const weft_node *node)
{
    switch (node->kind) {
    case WEFT_NODE_SCAN:
        return node->scan.relation != NULL && node->scan.relation->cached != NULL ? "InMemoryTableScan"
                                                                                  : "FileScan";
    case WEFT_NODE_VALUES: return "LocalTableScan";
    case WEFT_NODE_JOIN:
        if (node->join.key_count > 0 && node->join.strategy == WEFT_STRATEGY_BROADCAST)
            return "BroadcastHashJoin";
        if (node->join.key_count > 0)
            return node->join.strategy == WEFT_STRATEGY_NONE ? "HashJoin" : "ShuffledHashJoin";
        if (node->join.strategy == WEFT_STRATEGY_BROADCAST) return "BroadcastNestedLoopJoin";
        if (node->join.strategy == WEFT_STRATEGY_REPLICATE) return "CartesianProduct";
        return node->join.condition_count == 0 && node->join.kind == WEFT_JOIN_INNER ? "CartesianProduct"
                                                                                     : "NestedLoopJoin";
    case WEFT_NODE_AGGREGATE: return "HashAggregate";
    case WEFT_NODE_SORT: return node->sort.limit >= 0 ? "TakeOrdered" : "Sort";
    case WEFT_NODE_LIMIT: return "GlobalLimit";
    case WEFT_NODE_SET: return "HashSetOperation";
    case WEFT_NODE_REPARTITION:
        return node->repartition.kind == WEFT_REPARTITION_COALESCE ? "Coalesce" : "Exchange";
    case WEFT_NODE_FILTER:
    case WEFT_NODE_PROJECT:
    case WEFT_NODE_WINDOW:
    case WEFT_NODE_UNION:
    case WEFT_NODE_EXPAND:
    case WEFT_NODE_SINGLE_ROW:
    case WEFT_NODE_WRITE:
    case WEFT_NODE_EXPLAIN:
    case WEFT_NODE_CREATE_VIEW:
    case WEFT_NODE_DROP_VIEW:
    case WEFT_NODE_SET_CONFIG:
    case WEFT_NODE_SHOW:
    case WEFT_NODE_RELATION:
    case WEFT_NODE_ALIAS:
    case WEFT_NODE_WITH:
    case WEFT_NODE_SELECT:
    case WEFT_NODE_PIVOT:
    case WEFT_NODE_UNPIVOT:
    case WEFT_NODE_SAMPLE:
    case WEFT_NODE_TABLE_FUNCTION:
    case WEFT_NODE_TABLE_COMMAND:
    case WEFT_NODE_GIVEN:
    case WEFT_NODE_ROUTINE:
    case WEFT_NODE_VARIABLE:
    case WEFT_NODE_EXECUTE:
    case WEFT_NODE_RECURSION:
    case WEFT_NODE_LEVEL:
    case WEFT_NODE_SCRIPT:
    case WEFT_NODE_KIND_COUNT: break;
    }
    return weft_node_kind_text(node->kind);
}

static weft_status aggregate_content(text_buffer *b, const weft_node *node, bool partial)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, node_text_words(b, "(keys=["));
    WEFT_TRY(st, node_text_exprs(b, node->aggregate.groups, node->aggregate.group_count, ", "));
    WEFT_TRY(st, node_text_words(b, "], functions=["));
    for (int32_t i = 0; i < node->aggregate.aggregate_count; i++) {
        const weft_expr *call = node->aggregate.aggregates[i];
        if (call->kind == WEFT_EXPR_ALIAS) call = call->args[0];
        WEFT_TRY(st, node_text_words(b, i > 0 ? ", " : ""));
        WEFT_TRY(st, node_text_words(b, partial ? "partial_" : ""));
        WEFT_TRY(st, node_text_expr(b, call));
    }
    WEFT_TRY(st, node_text_words(b, "])"));
done:
    return st;
}

static weft_status join_content(const physical *p, text_buffer *b, const weft_node *node)
{
    static const char *const kinds[] = {"Inner",    "LeftOuter",       "RightOuter", "FullOuter", "LeftSemi",
                                        "LeftAnti", "LeftAnti (null)", "Mark",       "Single"};
    weft_status st = WEFT_OK;
    if (node->join.key_count > 0) {
        WEFT_TRY(st, node_text_list(b, node->join.left_keys, node->join.key_count));
        WEFT_TRY(st, node_text_words(b, ","));
        WEFT_TRY(st, node_text_list(b, node->join.right_keys, node->join.key_count));
        WEFT_TRY(st, node_text_words(b, ","));
    }
    WEFT_TRY(st, node_text_printf(b, " %s, %s", kinds[node->join.kind],
                                  node->join.build_left ? "BuildLeft" : "BuildRight"));
    if (buckets_of(p, node) > 0) WEFT_TRY(st, node_text_printf(b, ", Buckets: %d", buckets_of(p, node)));
    if (node->join.condition_count > 0) {
        WEFT_TRY(st, node_text_words(b, ", "));
        WEFT_TRY(st, node_text_exprs(b, node->join.conditions, node->join.condition_count, " AND "));
    }
done:
    return st;
}

static weft_status sort_content(text_buffer *b, const weft_node *node)
{
    weft_status st = WEFT_OK;
    if (node->sort.limit >= 0) {
        WEFT_TRY(st, node_text_printf(b, "(limit=%lld, orderBy=[", (long long)node->sort.limit));
        WEFT_TRY(st, node_text_exprs(b, node->sort.keys, node->sort.count, ", "));
        WEFT_TRY(st, node_text_words(b, "])"));
        goto done;
    }
    WEFT_TRY(st, node_text_list(b, node->sort.keys, node->sort.count));
    WEFT_TRY(st, node_text_words(b, ", true"));
done:
    return st;
}

/* What of the buckets of a table is read. */
static weft_status bucket_content(const physical *p, text_buffer *b, const weft_node *scan)
{
    weft_status st = WEFT_OK;
    plan_bucket_set set = {0};
    const int32_t read = buckets_of(p, scan);
    if (scan->scan.relation == NULL) return WEFT_OK;
    WEFT_TRY(st, plan_buckets(b->ctx, scan, &set));
    if (set.wanted == NULL && read == 0) return WEFT_OK;
    const int32_t count = scan->scan.relation->definition->bucket_count;
    WEFT_TRY(st, node_text_printf(b, ", SelectedBucketsCount: %d out of %d",
                                  set.wanted == NULL ? count : set.selected, count));
    if (read > 0 && read < count) WEFT_TRY(st, node_text_printf(b, " (Coalesced to %d)", read));
done:
    return st;
}

/* What is read of nested columns, where that is not all. */
static weft_status read_content(const physical *p, text_buffer *b, const weft_node *scan)
{
    weft_status st = WEFT_OK;
    bool any = false;
    if (scan->scan.relation == NULL || !weft_reads_fields(b->ctx, scan->scan.relation)) return WEFT_OK;
    for (int32_t i = 0; i < scan->output.count; i++) {
        const weft_output *column = &scan->output.columns[i];
        char text[1024];
        weft_type read = {0};
        WEFT_TRY(st, weft_fields_read_type(b->ctx, &p->fields, column->id, column->type, &read));
        if (weft_type_equal(read, column->type)) continue;
        WEFT_TRY(st, node_text_printf(b, "%s%s:%s", any ? "," : ", ReadSchema: ", column->name,
                                      weft_type_text(read, text, sizeof text)));
        any = true;
    }
done:
    return st;
}

static weft_status scan_content(const physical *p, text_buffer *b, const weft_node *node)
{
    weft_status st = WEFT_OK;
    const char *cached = node->scan.relation != NULL ? node->scan.relation->cached : NULL;
    const char *name = node->scan.relation != NULL && cached == NULL ? node->scan.relation->name : NULL;
    const char *path = name != NULL ? strchr(name, ' ') : NULL;
    if (path != NULL) {
        WEFT_TRY(st, node_text_words(b, " "));
        WEFT_TRY(st, node_text_put(b, name, (size_t)(path - name)));
    }
    WEFT_TRY(st, node_text_outputs(b, &node->output));
    if (cached != NULL) WEFT_TRY(st, node_text_printf(b, ", InMemoryRelation `%s`", cached));
    if (path != NULL) {
        WEFT_TRY(st, node_text_words(b, " Location: "));
        WEFT_TRY(st, node_text_words(b, path + 1));
    }
    if (node->scan.relation != NULL && node->scan.relation->partitions > 0)
        WEFT_TRY(st, node_text_printf(b, ", Partitions: %d", node->scan.relation->partitions));
    if (buckets_of(p, node) > 0) WEFT_TRY(st, node_text_words(b, ", Bucketed: true"));
    WEFT_TRY(st, node_text_words(b, ", PushedFilters:"));
    WEFT_TRY(st, node_text_list(b, node->scan.conjuncts, node->scan.conjunct_count));
    WEFT_TRY(st, read_content(p, b, node));
    WEFT_TRY(st, bucket_content(p, b, node));
done:
    return st;
}

/* Exchange hashpartitioning(k, 3), REPARTITION_BY_NUM; rangepartitioning(k ASC NULLS FIRST, 3), … */
static weft_status repartition_content(text_buffer *b, const weft_node *node)
{
    weft_status st = WEFT_OK;
    const int32_t count = node->repartition.count, keys = node->repartition.key_count;
    const bool rebalance = node->repartition.kind == WEFT_REPARTITION_REBALANCE;
    if (node->repartition.kind == WEFT_REPARTITION_COALESCE) return node_text_printf(b, " %d", count);
    const bool by_range = node->repartition.kind == WEFT_REPARTITION_RANGE;
    WEFT_TRY(st, node_text_words(b, by_range   ? " rangepartitioning("
                                    : keys > 0 ? " hashpartitioning("
                                               : " RoundRobinPartitioning("));
    WEFT_TRY(st, node_text_exprs(b, node->repartition.keys, keys, ", "));
    if (count > 0) WEFT_TRY(st, node_text_printf(b, "%s%d", keys > 0 ? ", " : "", count));
    WEFT_TRY(st, node_text_words(b, rebalance   ? "), REBALANCE_PARTITIONS_BY_"
                                    : count > 0 ? "), REPARTITION_BY_NUM"
                                                : "), REPARTITION_BY_COL"));
    if (rebalance) WEFT_TRY(st, node_text_words(b, keys > 0 ? "COL" : "NONE"));
    WEFT_TRY(st, node_text_sorted(b, node));
done:
    return st;
}

static weft_status content(const physical *p, text_buffer *b, const weft_node *node)
{
    if (node->kind == WEFT_NODE_REPARTITION) return repartition_content(b, node);
    if (node->kind == WEFT_NODE_AGGREGATE) return aggregate_content(b, node, false);
    if (node->kind == WEFT_NODE_JOIN) return join_content(p, b, node);
    if (node->kind == WEFT_NODE_SORT) return sort_content(b, node);
    if (node->kind == WEFT_NODE_SCAN) return scan_content(p, b, node);
    return node_text_content(b, node);
}

/* The section of a node in EXPLAIN FORMATTED. */
static weft_status section(physical *p, const weft_node *node, int32_t number)
{
    weft_status st = WEFT_OK;
    text_buffer *s = &p->sections;
    WEFT_TRY(st, node_text_printf(s, "\n(%d) %s\n", number, operator_name(node)));
    for (int32_t i = 0; i < node->input_count; i++) {
        WEFT_TRY(st, node_text_printf(s, "Input [%d]:", node->inputs[i]->output.count));
        WEFT_TRY(st, node_text_outputs(s, &node->inputs[i]->output));
        WEFT_TRY(st, node_text_words(s, "\n"));
    }
    if (node->kind != WEFT_NODE_WRITE) {
        WEFT_TRY(st, node_text_printf(s, "Output [%d]:", node->output.count));
        WEFT_TRY(st, node_text_outputs(s, &node->output));
        WEFT_TRY(st, node_text_words(s, "\n"));
    }
    WEFT_TRY(st, node_text_words(s, "Arguments:"));
    WEFT_TRY(st, content(p, s, node));
    WEFT_TRY(st, node_text_words(s, "\n"));
done:
    return st;
}

/* The end of a line and the start of the next, one level deeper. */
static weft_status line_below(physical *p, bool last)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, node_text_words(&p->text, "\n"));
    WEFT_TRY(st, node_text_put(&p->text, p->indent.data, p->indent.count));
    WEFT_TRY(st, node_text_words(&p->text, last ? "+- " : ":- "));
    WEFT_TRY(st, node_text_words(&p->indent, last ? "   " : ":  "));
done:
    return st;
}

static weft_status exchange_line(physical *p, const weft_node *node)
{
    weft_status st = WEFT_OK;
    text_buffer *b = &p->text;
    WEFT_TRY(st, line_below(p, true));
    if (node->aggregate.group_count == 0) {
        WEFT_TRY(st, node_text_words(b, "Exchange SinglePartition"));
    } else {
        WEFT_TRY(st, node_text_words(b, "Exchange hashpartitioning("));
        WEFT_TRY(st, node_text_exprs(b, node->aggregate.groups, node->aggregate.group_count, ", "));
        WEFT_TRY(st, node_text_words(b, ")"));
    }
done:
    return st;
}

/* An aggregate's lines: the final half, the exchange if it needs one, the partial half. */
static weft_status aggregate_lines(physical *p, const weft_node *node)
{
    weft_status st = WEFT_OK;
    text_buffer *b = &p->text;
    if (buckets_of(p, node) == 0) WEFT_TRY(st, exchange_line(p, node));
    WEFT_TRY(st, line_below(p, true));
    WEFT_TRY(st, node_text_words(b, "HashAggregate"));
    WEFT_TRY(st, aggregate_content(b, node, true));
done:
    return st;
}

static weft_status operators(physical *p, const weft_node *node)
{
    weft_status st = WEFT_OK;
    const int32_t number = ++p->count;
    WEFT_TRY(st, find_buckets(p, node));
    WEFT_TRY(st, node_text_words(&p->text, operator_name(node)));
    if (p->details) {
        WEFT_TRY(st, node_text_printf(&p->text, " (%d)", number));
        WEFT_TRY(st, section(p, node, number));
    } else {
        WEFT_TRY(st, content(p, &p->text, node));
        if (node->kind == WEFT_NODE_AGGREGATE) WEFT_TRY(st, aggregate_lines(p, node));
    }
    const size_t depth = p->indent.count;
    for (int32_t i = 0; i < node->input_count; i++) {
        if (p->text.count + p->sections.count > NODE_TEXT_BYTES_MAX) break;
        WEFT_TRY(st, line_below(p, i + 1 == node->input_count));
        WEFT_TRY(st, operators(p, node->inputs[i]));
        p->indent.count = depth;
    }
done:
    return st;
}

weft_status weft_physical_text(weft_ctx *ctx, const weft_node *root, bool details, bool ran,
                               int64_t memory_bytes, char **out)
{
    weft_status st = WEFT_OK;
    physical p = {.text = {.ctx = ctx}, .indent = {.ctx = ctx}, .sections = {.ctx = ctx}, .details = details};
    WEFT_TRY(st, plan_ground_of(ctx, root, memory_bytes, &p.ground));
    WEFT_TRY(st, weft_fields_read_find(ctx, root, &p.fields));
    WEFT_TRY(st, node_text_put(&p.indent, "", 0));
    WEFT_TRY(st, node_text_put(&p.sections, "", 0));
    WEFT_TRY(st, node_text_printf(&p.text, "AdaptivePlan isFinalPlan=%s", ran ? "true" : "false"));
    WEFT_TRY(st, line_below(&p, true));
    WEFT_TRY(st, operators(&p, root));
    WEFT_TRY(st, node_text_words(&p.text, "\n"));
    WEFT_TRY(st, node_text_words(&p.text, p.sections.data));
    *out = p.text.data;
done:
    return st;
}
