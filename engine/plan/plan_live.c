/* engine/plan/plan_live.c - which finished stages a later walk of the planner may still read.
 *
 * The walk goes as planning goes: at a node whose rows were issued as a stage of its own it stops, since what
 * lies below was consumed by that stage. What it does not meet can be freed as soon as its issued readers are
 * done. Where planning would need more than the tree to decide, the walk keeps more. */
#include "engine/plan/planner_impl.h"

/* Mark what the node made in that role; false when it has made nothing yet. */
static bool live_mark(weft_planner *p, const weft_node *node, made_role role)
{
    made *m = plan_find_made(p, node, role);
    if (m != NULL) m->live = true;
    return m != NULL;
}

static void live_node(weft_planner *p, const weft_node *node);

static void live_join(weft_planner *p, const weft_node *node)
{
    if (live_mark(p, node, MADE_UNMATCHED)) {
        live_mark(p, node, MADE_MARKS);
    } else if (!live_mark(p, node, MADE_BUILD)) {
        live_node(p, node->inputs[0]);
        live_node(p, node->inputs[1]);
    } else if (!live_mark(p, node, MADE_MARKS) && !live_mark(p, node, MADE_PROBE)) {
        live_node(p, plan_join_probe_side(node));
    }
}

/* A node of one input: the rows that it made of it, or those below. */
static void live_input(weft_planner *p, const weft_node *node, made_role role)
{
    if (!live_mark(p, node, role)) live_node(p, node->inputs[0]);
}

static void live_node(weft_planner *p, const weft_node *node)
{
    if (live_mark(p, node, MADE_SHARED) || live_mark(p, node, MADE_BRANCH)) return;
    const weft_node_kind kind = node->kind;
    if (kind == WEFT_NODE_JOIN)
        live_join(p, node);
    else if (kind == WEFT_NODE_AGGREGATE)
        live_input(p, node, MADE_PARTIAL);
    else if (kind == WEFT_NODE_SORT || kind == WEFT_NODE_WINDOW)
        live_input(p, node, MADE_RUNS);
    else if (kind == WEFT_NODE_LIMIT || kind == WEFT_NODE_SINGLE_ROW)
        live_input(p, node, MADE_INPUT);
    else if (kind == WEFT_NODE_REPARTITION)
        live_input(p, node, plan_repartition_role(node));
    else {
        const weft_node *round = kind == WEFT_NODE_RECURSION ? plan_recursion_live(p, node) : NULL;
        if (round != NULL) live_node(p, round);
        for (int32_t i = 0; i < node->input_count; i++) live_node(p, node->inputs[i]);
    }
}

void plan_mark_live(weft_planner *p)
{
    for (int32_t i = 0; i < p->made.count; i++) (*PLAN_LIST_AT(&p->made, made *, i))->live = false;
    if (p->result_stage >= 0)
        plan_made_of_stage(p, p->result_stage)->live = true;
    else
        live_node(p, p->root->kind == WEFT_NODE_WRITE ? p->root->inputs[0] : p->root);
}
