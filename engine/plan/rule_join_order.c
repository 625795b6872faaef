/* engine/plan/rule_join_order.c - regions of joins are taken apart, ordered (join_order.c) and put together
 * again.
 *
 * Only what neither raises nor varies moves; joins with other conditions, outer joins of other kinds and
 * shared nodes are leaves, whose own inputs are ordered by themselves. The columns of the region come out in
 * their old order. */
#include "engine/plan/join_order.h"

typedef struct orderer {
    weft_estimator *estimator;
    weft_pointer_map parents, done;
} orderer;

static weft_status order(weft_ctx *ctx, orderer *o, const weft_node *node, const weft_node **out);

static bool all_free(const weft_expr *const *list, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (!opt_is_free(list[i])) return false;
    return true;
}

static bool join_is_free(const weft_node *node)
{
    return all_free(node->join.left_keys, node->join.key_count) &&
           all_free(node->join.right_keys, node->join.key_count) &&
           all_free(node->join.conditions, node->join.condition_count);
}

static bool is_region_join(const weft_node *node)
{
    if (node->kind != WEFT_NODE_JOIN || node->join.strategy != WEFT_STRATEGY_NONE || !join_is_free(node))
        return false; /* a join with a hint stays where it is, as in Spark */
    return node->join.kind == WEFT_JOIN_INNER || node->join.kind == WEFT_JOIN_SEMI ||
           node->join.kind == WEFT_JOIN_ANTI || node->join.kind == WEFT_JOIN_LEFT;
}

/* ---- taking apart ---- */

static double base_rows(const weft_node *node)
{
    double most = 1;
    if (node->kind == WEFT_NODE_SCAN) {
        const int64_t rows = weft_table_rows_about(node->scan.relation->format, node->scan.relation->table);
        return rows >= 0 ? (double)rows : 1e6;
    }
    for (int32_t i = 0; i < node->input_count; i++) {
        const double rows = base_rows(node->inputs[i]);
        if (rows > most) most = rows;
    }
    return most;
}

static weft_status add_leaf(weft_ctx *ctx, orderer *o, region *r, const weft_node *node, region_leaf **out)
{
    weft_status st = WEFT_OK;
    weft_estimate estimate = {0};
    assert(r->leaf_count < REGION_LEAVES_MAX);
    region_leaf *leaf = &r->leaves[r->leaf_count];
    WEFT_TRY(st, order(ctx, o, node, &node));
    WEFT_TRY(st, weft_estimator_node(ctx, o->estimator, node, &estimate));
    *leaf = (region_leaf){.node = node,
                          .rows = estimate.rows < 1 ? 1 : estimate.rows,
                          .row_bytes = estimate.row_bytes,
                          .single = opt_exactly_one_row(node)};
    leaf->base_rows = base_rows(node);
    if (node->kind == WEFT_NODE_AGGREGATE || leaf->base_rows < leaf->rows) leaf->base_rows = leaf->rows;
    r->leaf_count++;
    if (out != NULL) *out = leaf;
done:
    return st;
}

static weft_status flatten(weft_ctx *ctx, orderer *o, region *r, const weft_node *node, bool top);

static weft_status flatten_dependent(weft_ctx *ctx, orderer *o, region *r, const weft_node *node)
{
    weft_status st = WEFT_OK;
    region_leaf *leaf = NULL;
    WEFT_TRY(st, flatten(ctx, o, r, node->inputs[0], false));
    WEFT_TRY(st, add_leaf(ctx, o, r, node->inputs[1], &leaf));
    leaf->dependent = true;
    leaf->kind = node->join.kind;
    leaf->join.kind = node->join.kind;
    if (node->join.key_count > 0) {
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->join.key_count, &leaf->join.null_equal));
        for (int32_t i = 0; i < node->join.key_count; i++) {
            leaf->join.null_equal[i] = node->join.null_equal != NULL && node->join.null_equal[i];
            WEFT_TRY(st, weft_pointers_push(ctx, &leaf->join.left_keys, node->join.left_keys[i]));
            WEFT_TRY(st, weft_pointers_push(ctx, &leaf->join.right_keys, node->join.right_keys[i]));
        }
    }
    WEFT_TRY(st, opt_add_all(ctx, &leaf->join.conditions, node->join.conditions, node->join.condition_count));
done:
    return st;
}

static weft_status flatten_inner(weft_ctx *ctx, orderer *o, region *r, const weft_node *node)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < 2; i++) WEFT_TRY(st, flatten(ctx, o, r, node->inputs[i], false));
    for (int32_t i = 0; i < node->join.key_count; i++) {
        const weft_expr *args[2] = {node->join.left_keys[i], node->join.right_keys[i]};
        const bool null_equal = node->join.null_equal != NULL && node->join.null_equal[i];
        const weft_expr *e = NULL;
        WEFT_TRY(st, opt_equal_bytes(ctx, null_equal, args, NULL, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &r->all_preds, e));
    }
    WEFT_TRY(st, opt_add_all(ctx, &r->all_preds, node->join.conditions, node->join.condition_count));
done:
    return st;
}

/* May one more node be taken apart? Each turns one leaf to come into two. */
static bool fits(const region *r) { return r->leaves_to_come + 1 <= REGION_LEAVES_MAX; }

static weft_status flatten(weft_ctx *ctx, orderer *o, region *r, const weft_node *node, bool top)
{
    weft_status st = WEFT_OK;
    const bool open = (top || !weft_is_shared(&o->parents, node)) && fits(r);
    if (open && is_region_join(node)) {
        r->leaves_to_come++;
        if (node->join.kind == WEFT_JOIN_INNER) return flatten_inner(ctx, o, r, node);
        return flatten_dependent(ctx, o, r, node);
    }
    if (open && node->kind == WEFT_NODE_FILTER && is_region_join(node->inputs[0]) &&
        !weft_is_shared(&o->parents, node->inputs[0]) &&
        all_free(node->filter.conjuncts, node->filter.count)) {
        WEFT_TRY(st, flatten(ctx, o, r, node->inputs[0], false));
        return opt_add_all(ctx, &r->all_preds, node->filter.conjuncts, node->filter.count);
    }
    WEFT_TRY(st, add_leaf(ctx, o, r, node, NULL));
done:
    return st;
}

/* ---- classes and predicates ---- */

typedef struct mask_of {
    const region *r;
    uint64_t mask;
} mask_of;

static bool add_mask(void *self, const weft_expr *e)
{
    mask_of *m = self;
    if (e->kind != WEFT_EXPR_COLUMN) return false;
    for (int32_t i = 0; i < m->r->leaf_count; i++) {
        const region_leaf *leaf = &m->r->leaves[i];
        if (leaf->dependent && leaf->kind != WEFT_JOIN_LEFT) continue; /* gives no columns */
        if (weft_node_find_output(leaf->node, e->column.id) < 0) continue;
        m->mask |= (uint64_t)1 << i;
        break;
    }
    return false;
}

static uint64_t leaves_of(const region *r, const weft_expr *e)
{
    mask_of m = {.r = r};
    (void)weft_expr_any(e, add_mask, &m);
    return m.mask;
}

static weft_status member_for(weft_ctx *ctx, region *r, const weft_expr *column, int32_t leaf, int32_t *out)
{
    weft_status st = WEFT_OK;
    region_member *members = NULL;
    for (*out = 0; *out < r->member_count; (*out)++)
        if (r->members[*out].column->column.id == column->column.id) return WEFT_OK;
    if (r->member_count == r->member_capacity) {
        r->member_capacity = r->member_capacity == 0 ? 32 : r->member_capacity * 2;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->member_capacity, &members));
        for (int32_t i = 0; i < r->member_count; i++) members[i] = r->members[i];
        r->members = members;
    }
    region_member *m = &r->members[r->member_count++];
    *m = (region_member){.column = column, .leaf = leaf, .class_index = r->class_count++};
    WEFT_TRY(st, weft_estimator_distinct(ctx, r->estimator, r->leaves[leaf].node, column, &m->distinct));
done:
    return st;
}

static int32_t leaf_of_mask(uint64_t mask) { return __builtin_ctzll(mask); }

/* column = column of two inner leaves: one class. *is false: it is something else. */
static weft_status add_to_class(weft_ctx *ctx, region *r, const weft_expr *e, bool *is)
{
    weft_status st = WEFT_OK;
    bool null_equal = false;
    int32_t members[2] = {0, 0};
    *is = false;
    if (!opt_is_equality(e, &null_equal) || null_equal) return WEFT_OK;
    for (int i = 0; i < 2; i++) {
        if (e->args[i]->kind != WEFT_EXPR_COLUMN || leaves_of(r, e->args[i]) == 0) return WEFT_OK;
        if (r->leaves[leaf_of_mask(leaves_of(r, e->args[i]))].dependent) return WEFT_OK;
    }
    if (leaves_of(r, e->args[0]) == leaves_of(r, e->args[1])) return WEFT_OK;
    for (int i = 0; i < 2; i++)
        WEFT_TRY(st, member_for(ctx, r, e->args[i], leaf_of_mask(leaves_of(r, e->args[i])), &members[i]));
    const int32_t from = r->members[members[1]].class_index, to = r->members[members[0]].class_index;
    for (int32_t i = 0; i < r->member_count; i++)
        if (r->members[i].class_index == from) r->members[i].class_index = to;
    *is = true;
done:
    return st;
}

static weft_status filter_leaf(weft_ctx *ctx, region *r, int32_t leaf, const weft_expr *e)
{
    weft_status st = WEFT_OK;
    weft_estimate estimate = {0};
    WEFT_TRY(st, weft_node_filter(ctx, r->leaves[leaf].node, &e, 1, &r->leaves[leaf].node));
    WEFT_TRY(st, weft_estimator_node(ctx, r->estimator, r->leaves[leaf].node, &estimate));
    r->leaves[leaf].rows = estimate.rows < 1 ? 1 : estimate.rows;
done:
    return st;
}

/* Two columns of one leaf in one class: equal already within the leaf, so that one stands for both. */
static weft_status settle_classes(weft_ctx *ctx, region *r)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < r->member_count; i++) {
        for (int32_t k = i + 1; k < r->member_count; k++) {
            const region_member *a = &r->members[i], *b = &r->members[k];
            if (a->class_index != b->class_index || a->leaf != b->leaf) continue;
            const weft_expr *args[2] = {a->column, b->column}, *e = NULL;
            WEFT_TRY(st, opt_equal_bytes(ctx, false, args, NULL, &e));
            WEFT_TRY(st, filter_leaf(ctx, r, a->leaf, e));
            r->members[k--] = r->members[--r->member_count];
        }
    }
done:
    return st;
}

/* Classes in use numbered from 0, with their members side by side, and which leaves have some. */
static weft_status number_classes(weft_ctx *ctx, region *r)
{
    weft_status st = WEFT_OK;
    region_member *sorted = NULL;
    region_class *list = NULL;
    int32_t count = 0, used = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->member_count, &sorted));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->member_count, &list));
    for (int32_t c = 0; c < r->class_count; c++) {
        const int32_t first = used;
        for (int32_t i = 0; i < r->member_count; i++) {
            if (r->members[i].class_index != c) continue;
            sorted[used] = r->members[i];
            sorted[used++].class_index = count;
            list[count].leaves |= (uint64_t)1 << r->members[i].leaf;
        }
        if (used == first) continue;
        list[count].first = first;
        list[count++].count = used - first;
    }
    r->members = sorted;
    r->member_capacity = r->member_count;
    r->classes = list;
    r->class_count = count;
done:
    return st;
}

static weft_status add_pred(weft_ctx *ctx, region *r, const weft_expr *e)
{
    weft_status st = WEFT_OK;
    region_pred pred = {.expr = e, .mask = leaves_of(r, e), .keep = 0.4};
    bool is_class = false;
    if (pred.mask == 0) return weft_pointers_push(ctx, &r->constants, e);
    const bool one = (pred.mask & (pred.mask - 1)) == 0;
    if (one && !r->leaves[leaf_of_mask(pred.mask)].dependent)
        return filter_leaf(ctx, r, leaf_of_mask(pred.mask), e);
    WEFT_TRY(st, add_to_class(ctx, r, e, &is_class));
    if (is_class) goto done;
    if (opt_is_equality(e, &pred.null_equal)) {
        const uint64_t left = leaves_of(r, e->args[0]), right = leaves_of(r, e->args[1]);
        if (left != 0 && right != 0 && (left & right) == 0 &&
            weft_type_equal(e->args[0]->type, e->args[1]->type)) {
            pred.left_mask = left;
            pred.right_mask = right;
        }
        pred.keep = 0.01;
        for (int side = 0; side < 2; side++) { /* one of the values of the side that has more of them */
            double distinct = 1;
            const uint64_t mask = side == 0 ? left : right;
            if (mask == 0 || (mask & (mask - 1)) != 0) continue;
            WEFT_TRY(st, weft_estimator_distinct(ctx, r->estimator, r->leaves[leaf_of_mask(mask)].node,
                                                 e->args[side], &distinct));
            if (1 / distinct < pred.keep) pred.keep = 1 / distinct;
        }
    }
    r->preds[r->pred_count++] = pred;
done:
    return st;
}

/* Part of the left rows with a partner in a dependent leaf, and how many. */
static weft_status measure_dependent(weft_ctx *ctx, region *r, region_leaf *leaf)
{
    weft_status st = WEFT_OK;
    double left = 1, right = 1;
    for (int32_t i = 0; i < leaf->join.left_keys.count; i++) {
        const weft_expr *l = leaf->join.left_keys.items[i];
        const uint64_t mask = leaves_of(r, l);
        double a = 1, b = 1;
        if (mask != 0 && (mask & (mask - 1)) == 0)
            WEFT_TRY(st,
                     weft_estimator_distinct(ctx, r->estimator, r->leaves[leaf_of_mask(mask)].node, l, &a));
        WEFT_TRY(st,
                 weft_estimator_distinct(ctx, r->estimator, leaf->node, leaf->join.right_keys.items[i], &b));
        left *= a;
        right *= b;
    }
    if (right > leaf->rows) right = leaf->rows;
    leaf->matched = leaf->join.left_keys.count == 0 || left <= right ? 1 : right / left;
    if (leaf->join.conditions.count > 0) leaf->matched *= 0.8;
    leaf->fanout = leaf->rows / (left > right ? left : right);
    for (int32_t i = 0; i < leaf->join.conditions.count; i++) leaf->fanout *= 0.4;
done:
    return st;
}

static weft_status connect(weft_ctx *ctx, region *r)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->all_preds.count, &r->preds));
    for (int32_t i = 0; i < r->all_preds.count; i++) WEFT_TRY(st, add_pred(ctx, r, r->all_preds.items[i]));
    WEFT_TRY(st, settle_classes(ctx, r));
    WEFT_TRY(st, number_classes(ctx, r));
    for (int32_t i = 0; i < r->member_count; i++)
        for (int32_t k = 0; k < r->member_count; k++)
            if (i != k && r->members[i].class_index == r->members[k].class_index)
                r->adjacent[r->members[i].leaf] |= (uint64_t)1 << r->members[k].leaf;
    for (int32_t i = 0; i < r->pred_count; i++) {
        for (int32_t leaf = 0; leaf < r->leaf_count; leaf++)
            if ((r->preds[i].mask >> leaf & 1) != 0)
                r->adjacent[leaf] |= r->preds[i].mask & ~((uint64_t)1 << leaf);
    }
    for (int32_t i = 0; i < r->leaf_count; i++) {
        region_leaf *leaf = &r->leaves[i];
        if (!leaf->dependent) continue;
        for (int32_t k = 0; k < leaf->join.left_keys.count; k++)
            leaf->needs |= leaves_of(r, leaf->join.left_keys.items[k]);
        for (int32_t k = 0; k < leaf->join.conditions.count; k++)
            leaf->needs |= leaves_of(r, leaf->join.conditions.items[k]);
        leaf->needs &= ~((uint64_t)1 << i);
        WEFT_TRY(st, measure_dependent(ctx, r, leaf));
    }
done:
    return st;
}

/* ---- putting together ---- */

static weft_status add_key(weft_ctx *ctx, opt_join *join, const weft_expr *left, const weft_expr *right,
                           bool null_equal)
{
    weft_status st = WEFT_OK;
    bool *flags = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, join->left_keys.count + 1, &flags));
    for (int32_t i = 0; i < join->left_keys.count; i++) flags[i] = join->null_equal[i];
    flags[join->left_keys.count] = null_equal;
    join->null_equal = flags;
    WEFT_TRY(st, weft_pointers_push(ctx, &join->left_keys, left));
    WEFT_TRY(st, weft_pointers_push(ctx, &join->right_keys, right));
done:
    return st;
}

/* Keys and conditions of an inner join of two sets. */
static weft_status collect_inner(weft_ctx *ctx, const region *r, const region_plan *plan, opt_join *join)
{
    weft_status st = WEFT_OK;
    const uint64_t a = plan->left->set, b = plan->right->set;
    for (int32_t c = 0; c < r->class_count; c++) {
        int32_t left = 0, right = 0;
        if (region_class_distinct(r, c, plan->left, &left) == 0 ||
            region_class_distinct(r, c, plan->right, &right) == 0)
            continue;
        WEFT_TRY(st, add_key(ctx, join, r->members[left].column, r->members[right].column, false));
    }
    for (int32_t i = 0; i < r->pred_count; i++) {
        const region_pred *p = &r->preds[i];
        if (!region_pred_joins(p, a, b)) continue;
        if (p->left_mask != 0 && (p->left_mask & ~a) == 0 && (p->right_mask & ~b) == 0)
            WEFT_TRY(st, add_key(ctx, join, p->expr->args[0], p->expr->args[1], p->null_equal));
        else if (p->left_mask != 0 && (p->left_mask & ~b) == 0 && (p->right_mask & ~a) == 0)
            WEFT_TRY(st, add_key(ctx, join, p->expr->args[1], p->expr->args[0], p->null_equal));
        else
            WEFT_TRY(st, weft_pointers_push(ctx, &join->conditions, p->expr));
    }
done:
    return st;
}

static weft_status assemble(weft_ctx *ctx, const region *r, const region_plan *plan, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *left = NULL, *right = NULL;
    opt_join join = {.kind = WEFT_JOIN_INNER};
    weft_pointers above = {0};
    if (plan->left == NULL) {
        *out = r->leaves[leaf_of_mask(plan->set)].node;
        return WEFT_OK;
    }
    WEFT_TRY(st, assemble(ctx, r, plan->left, &left));
    WEFT_TRY(st, assemble(ctx, r, plan->right, &right));
    const uint64_t b = plan->right->set;
    const region_leaf *leaf = &r->leaves[leaf_of_mask(b)];
    if ((b & (b - 1)) == 0 && leaf->dependent) {
        join = leaf->join;
        join.build_left = plan->build_left;
        for (int32_t i = 0; i < r->pred_count; i++) {
            const region_pred *p = &r->preds[i];
            const bool new_here = (p->mask & ~plan->set) == 0 && (p->mask & b) != 0;
            if (new_here) WEFT_TRY(st, weft_pointers_push(ctx, &above, p->expr));
        }
    } else {
        WEFT_TRY(st, collect_inner(ctx, r, plan, &join));
    }
    WEFT_TRY(st, opt_join_node(ctx, &join, left, right, out));
    WEFT_TRY(st, opt_filter(ctx, *out, &above, out));
done:
    return st;
}

/* ---- the walk ---- */

static weft_status order_region(weft_ctx *ctx, orderer *o, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    region *r = NULL;
    const region_plan *plan = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &r));
    r->estimator = o->estimator;
    r->leaves_to_come = 1;
    WEFT_TRY(st, flatten(ctx, o, r, node, true));
    WEFT_TRY(st, connect(ctx, r));
    WEFT_TRY(st, region_choose(ctx, r, &plan));
    WEFT_TRY(st, assemble(ctx, r, plan, out));
    WEFT_TRY(st, opt_filter(ctx, *out, &r->constants, out));
    WEFT_TRY(st, opt_restore(ctx, *out, &node->output, out));
done:
    return st;
}

/* SHUFFLE_REPLICATE_NL: equal keys are conditions like others. */
static weft_status keys_to_conditions(weft_ctx *ctx, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers conditions = {0};
    weft_node model = *node;
    for (int32_t i = 0; i < node->join.key_count; i++) {
        const weft_expr *pair[2] = {node->join.left_keys[i], node->join.right_keys[i]}, *e = NULL;
        const bool null_equal = node->join.null_equal != NULL && node->join.null_equal[i];
        WEFT_TRY(st, opt_equal_bytes(ctx, null_equal, pair, NULL, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &conditions, e));
    }
    WEFT_TRY(st, opt_add_all(ctx, &conditions, node->join.conditions, node->join.condition_count));
    model.join.key_count = 0;
    model.join.null_equal = NULL;
    model.join.conditions = weft_pointers_exprs(&conditions);
    model.join.condition_count = conditions.count;
    WEFT_TRY(st, weft_node_join_from(ctx, &model, out));
done:
    return st;
}

/* Joins that keep their place: only the side to build is chosen, by a hint where there is one. */
static weft_status choose_side(weft_ctx *ctx, orderer *o, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_estimate left = {0}, right = {0};
    weft_node model = *node;
    const weft_join_kind kind = node->join.kind;
    const weft_join_strategy strategy = node->join.strategy;
    const bool hinted_inner = kind == WEFT_JOIN_INNER && strategy != WEFT_STRATEGY_NONE;
    const bool may = node->join.key_count > 0 &&
                     (kind == WEFT_JOIN_LEFT || kind == WEFT_JOIN_SEMI || kind == WEFT_JOIN_ANTI ||
                      (kind == WEFT_JOIN_MARK && !node->join.mark_nullable) || hinted_inner);
    *out = node;
    if (strategy == WEFT_STRATEGY_REPLICATE && kind == WEFT_JOIN_INNER)
        return keys_to_conditions(ctx, node, out);
    if (!may) return WEFT_OK;
    const bool sided = strategy == WEFT_STRATEGY_BROADCAST || strategy == WEFT_STRATEGY_SHUFFLE_HASH;
    if (sided && node->join.strategy_left != node->join.strategy_right) {
        model.join.build_left = node->join.strategy_left;
    } else {
        WEFT_TRY(st, weft_estimator_node(ctx, o->estimator, node->inputs[0], &left));
        WEFT_TRY(st, weft_estimator_node(ctx, o->estimator, node->inputs[1], &right));
        (void)region_outer_cost(kind, left.rows, left.row_bytes, right.rows, right.row_bytes, left.rows, true,
                                &model.join.build_left);
    }
    if (model.join.build_left != node->join.build_left) WEFT_TRY(st, weft_node_join_from(ctx, &model, out));
done:
    return st;
}

static weft_status order(weft_ctx *ctx, orderer *o, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node **inputs = NULL;
    *out = weft_pointer_map_get(&o->done, node);
    if (*out != NULL) return WEFT_OK;
    const bool filtered = node->kind == WEFT_NODE_FILTER && is_region_join(node->inputs[0]) &&
                          !weft_is_shared(&o->parents, node->inputs[0]) &&
                          all_free(node->filter.conjuncts, node->filter.count);
    if (is_region_join(node) || filtered) {
        WEFT_TRY(st, order_region(ctx, o, node, out));
    } else {
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->input_count, &inputs));
        for (int32_t i = 0; i < node->input_count; i++)
            WEFT_TRY(st, order(ctx, o, node->inputs[i], &inputs[i]));
        WEFT_TRY(st, opt_with_inputs(ctx, node, inputs, out));
        if (node->kind == WEFT_NODE_JOIN) WEFT_TRY(st, choose_side(ctx, o, *out, out));
    }
    WEFT_TRY(st, weft_pointer_map_put(ctx, &o->done, node, *out));
done:
    return st;
}

weft_status opt_rule_join_order(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    weft_status st = WEFT_OK;
    orderer o = {0};
    (void)ids;
    WEFT_TRY(st, weft_count_parents(ctx, root, &o.parents));
    WEFT_TRY(st, weft_estimator_new(ctx, &o.estimator));
    WEFT_TRY(st, order(ctx, &o, root, out));
    if (root->output.count >= 0) WEFT_TRY(st, opt_restore(ctx, *out, &root->output, out));
done:
    return st;
}
