/* engine/plan/plan_recursion.c - WITH RECURSIVE: the anchor, then the step again and again, each time over
 * the rows of the round before, until a round gives none.
 *
 * A round is planned when the one before it has finished: its step is a copy of the plan in which the nodes
 * above LEVEL are new, so that it makes stages of its own; what does not depend on LEVEL stays the same node,
 * and what is dear of that is made once for all rounds. The rows of all rounds are read like those of a
 * UNION. How many rounds there are goes by the rows that came out, which is on record: planned again it is
 * the same.
 */
#include <string.h>

#include "common/settings.h"
#include "engine/plan/planner_impl.h"

struct plan_rounds {
    plan_list made;        /* made *: finished rounds, the anchor first */
    const weft_node *root; /* of the round that runs */
    made *running;         /* NULL: not issued yet */
    int64_t rows;          /* of all finished ones */
    bool done;
};

static plan_rounds *find_rounds(const weft_planner *p, const weft_node *node)
{
    return (plan_rounds *)(uintptr_t)weft_pointer_map_get(&p->rounds, node);
}

/* ---- the step of a round ---- */

typedef struct step_copy {
    weft_planner *p;
    int64_t recursion;
    made *before;           /* the rows that LEVEL stands for */
    weft_pointer_map nodes; /* to their copies */
} step_copy;

static bool has_level(const weft_node *node, int64_t recursion)
{
    if (node->kind == WEFT_NODE_LEVEL && node->recursion.id == recursion) return true;
    for (int32_t i = 0; i < node->input_count; i++)
        if (has_level(node->inputs[i], recursion)) return true;
    return false;
}

/* Is it worth keeping as rows what every round reads again? */
static bool is_dear(const weft_node *node)
{
    if (node->kind == WEFT_NODE_SCAN || node->kind == WEFT_NODE_VALUES) return false;
    if (node->kind == WEFT_NODE_FILTER || node->kind == WEFT_NODE_PROJECT) return is_dear(node->inputs[0]);
    return true;
}

static weft_status copy_node(weft_ctx *ctx, step_copy *c, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node **inputs = NULL;
    *out = weft_pointer_map_get(&c->nodes, node);
    if (*out != NULL) return WEFT_OK;
    *out = node;
    if (!has_level(node, c->recursion)) {
        if (is_dear(node))
            WEFT_TRY(st, weft_pointer_map_put(ctx, &c->p->ground.parents, node, (const void *)(uintptr_t)2));
        goto done;
    }
    if (node->kind == WEFT_NODE_LEVEL) {
        weft_node *level = NULL;
        WEFT_TRY(st, WEFT_NEW(ctx, &level));
        *level = *node;
        *out = level;
        WEFT_TRY(st, weft_pointer_map_put(ctx, &c->p->level_rows, level, c->before));
    } else {
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->input_count, &inputs));
        for (int32_t i = 0; i < node->input_count; i++)
            WEFT_TRY(st, copy_node(ctx, c, node->inputs[i], &inputs[i]));
        WEFT_TRY(st, weft_node_with_inputs(ctx, node, inputs, out));
    }
    WEFT_TRY(st, weft_pointer_map_put(ctx, &c->p->ground.parents, *out,
                                      weft_pointer_map_get(&c->p->ground.parents, node)));
    WEFT_TRY(st, weft_pointer_map_put(ctx, &c->nodes, node, *out));
done:
    return st;
}

/* ---- rounds ---- */

/* May there be one more? */
static weft_status check_limits(weft_ctx *ctx, const weft_node *node, plan_rounds *r)
{
    const int64_t set = weft_setting(ctx, WEFT_SET_RECURSION_LEVELS);
    const int64_t levels = node->recursion.level_limit >= 0 ? node->recursion.level_limit : set;
    const int64_t rows = weft_setting(ctx, WEFT_SET_RECURSION_ROWS);
    const int64_t take = node->recursion.take;
    if (take >= 0 && r->rows >= take) {
        r->done = true;
        return WEFT_OK;
    }
    if (take < 0 && rows >= 0 && r->rows > rows)
        return weft_fail(ctx, WEFT_RECURSION_ROWS,
                         "Recursion row limit %lld reached but query has not exhausted, try setting a larger "
                         "LIMIT value when querying the CTE relation.",
                         (long long)rows);
    if (levels < 0 || r->made.count <= levels) return WEFT_OK;
    return weft_fail(ctx, WEFT_RECURSION_LEVEL,
                     "Recursion level limit %lld reached but query has not exhausted, try increasing it like "
                     "'WITH RECURSIVE t(col) MAX RECURSION LEVEL 200'.",
                     (long long)levels);
}

/* The round that ran has finished: its rows are kept, and the next one is put together. */
static weft_status end_round(weft_ctx *ctx, weft_planner *p, const weft_node *node, plan_rounds *r)
{
    weft_status st = WEFT_OK;
    made *round = r->running, **slot = NULL;
    if (round->stats.rows > 0 || r->made.count == 0) {
        WEFT_TRY(st, plan_list_add(ctx, &r->made, sizeof(*slot), (void **)&slot));
        *slot = round;
    }
    r->rows += round->stats.rows;
    r->done = round->stats.rows == 0;
    r->running = NULL;
    if (!r->done) WEFT_TRY(st, check_limits(ctx, node, r));
    if (r->done) goto done;
    step_copy copy = {.p = p, .recursion = node->recursion.id, .before = round};
    WEFT_TRY(st, copy_node(ctx, &copy, node->inputs[1], &r->root));
done:
    return st;
}

weft_status plan_recursion(weft_ctx *ctx, weft_planner *p, const weft_node *node, pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    plan_rounds *r = find_rounds(p, node);
    int64_t *ids = NULL;
    *ready = false;
    if (r == NULL) {
        WEFT_TRY(st, WEFT_NEW(ctx, &r));
        r->root = node->inputs[0];
        WEFT_TRY(st, weft_pointer_map_put(ctx, &p->rounds, node, r));
    }
    while (!r->done) {
        const made_role role = plan_is_shared(p, r->root) ? MADE_SHARED : MADE_BRANCH;
        if (r->running == NULL)
            WEFT_TRY(st, plan_rows(ctx, p, r->root, role, &(constraint_list){0}, &r->running));
        if (r->running == NULL || !r->running->finished) goto done;
        WEFT_TRY(st, end_round(ctx, p, node, r));
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->output.count, &ids));
    for (int32_t i = 0; i < node->output.count; i++) ids[i] = node->output.columns[i].id;
    WEFT_TRY(st, pipe_open_rows(ctx, p, r->made.items, r->made.count, ids, out));
    *ready = true;
done:
    return st;
}

weft_status plan_level(weft_ctx *ctx, weft_planner *p, const weft_node *node, pipeline *out)
{
    weft_status st = WEFT_OK;
    int64_t *ids = NULL;
    made *rows = (made *)(uintptr_t)weft_pointer_map_get(&p->level_rows, node);
    if (rows == NULL)
        WEFT_TRY(st, weft_fail(ctx, WEFT_INTERNAL, "a round of a recursive query was planned without rows"));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->output.count, &ids));
    for (int32_t i = 0; i < node->output.count; i++) ids[i] = node->output.columns[i].id;
    WEFT_TRY(st, pipe_open_rows(ctx, p, &rows, 1, ids, out));
done:
    return st;
}

const weft_node *plan_recursion_live(weft_planner *p, const weft_node *node)
{
    plan_rounds *r = find_rounds(p, node);
    if (r == NULL) return NULL;
    for (int32_t i = 0; i < r->made.count; i++) (*PLAN_LIST_AT(&r->made, made *, i))->live = true;
    if (r->running != NULL) r->running->live = true;
    return r->done ? NULL : r->root;
}
