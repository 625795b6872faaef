/* engine/plan/rule_infer.c - conditions that follow from others are written out, where they can help.
 *
 *   - (a AND b) OR (a AND c) becomes a AND (b OR c): a may be a join's key, or stop rows early;
 *   - from (a1 AND b1) OR (a2 AND b2), where the a's read one side of a join and the b's the other, follow
 *     a1 OR a2 and b1 OR b2, which push_filter moves to their sides;
 *   - what a condition says of one column it says of all columns that equal it.
 *
 * All three hold in three-valued logic: the derived condition is true wherever the first is, so that beside
 * it nothing changes. Only what neither raises nor varies is moved or repeated. */
#include "engine/plan/optimizer_impl.h"

enum {
    INFER_BRANCHES_MAX = 64, /* of an OR: every branch is compared with the first one's conjuncts */
    INFER_PARTS_MAX = 512,   /* conjuncts of all branches together */
    INFER_COLUMNS_MAX = 64   /* in classes of equal columns at one filter: each is compared with each */
};

/* ---- common factors ---- */

static bool contains(const weft_pointers *list, const weft_expr *e)
{
    for (int32_t i = 0; i < list->count; i++)
        if (weft_expr_equal(list->items[i], e)) return true;
    return false;
}

/* The conjuncts that all branches share. */
static weft_status common_of(weft_ctx *ctx, const weft_pointers *branches, int32_t count,
                             weft_pointers *common)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < branches[0].count; i++) {
        const weft_expr *e = branches[0].items[i];
        bool everywhere = opt_is_free(e) && !contains(common, e);
        for (int32_t b = 1; b < count && everywhere; b++) everywhere = contains(&branches[b], e);
        if (everywhere) WEFT_TRY(st, weft_pointers_push(ctx, common, e));
    }
done:
    return st;
}

/* The branches without the common conjuncts, as one OR; *out is NULL when one of them has nothing left. */
static weft_status rest_of(weft_ctx *ctx, const weft_pointers *branches, int32_t count,
                           const weft_pointers *common, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers rests = {0};
    *out = NULL;
    for (int32_t b = 0; b < count; b++) {
        weft_pointers rest = {0};
        const weft_expr *e = NULL;
        for (int32_t i = 0; i < branches[b].count; i++)
            if (!contains(common, branches[b].items[i]))
                WEFT_TRY(st, weft_pointers_push(ctx, &rest, branches[b].items[i]));
        if (rest.count == 0) goto done;
        WEFT_TRY(st, weft_expr_logic(ctx, WEFT_EXPR_AND, weft_pointers_exprs(&rest), rest.count, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &rests, e));
    }
    WEFT_TRY(st, weft_expr_logic(ctx, WEFT_EXPR_OR, weft_pointers_exprs(&rests), rests.count, out));
done:
    return st;
}

/* The conjuncts of each branch of an OR; *out is NULL when they are too many to be compared. */
static weft_status split_branches(weft_ctx *ctx, const weft_expr *e, weft_pointers **out)
{
    weft_status st = WEFT_OK;
    int32_t parts = 0;
    *out = NULL;
    if (e->kind != WEFT_EXPR_OR || e->arg_count > INFER_BRANCHES_MAX) return WEFT_OK;
    for (int32_t b = 0; b < e->arg_count; b++)
        parts += e->args[b]->kind == WEFT_EXPR_AND ? e->args[b]->arg_count : 1;
    if (parts > INFER_PARTS_MAX) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, e->arg_count, out));
    for (int32_t b = 0; b < e->arg_count; b++) WEFT_TRY(st, opt_split(ctx, e->args[b], &(*out)[b]));
done:
    return st;
}

static weft_status factor(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers *branches = NULL, common = {0};
    const weft_expr *rest = NULL;
    (void)self;
    *out = e;
    WEFT_TRY(st, split_branches(ctx, e, &branches));
    if (branches == NULL) goto done;
    WEFT_TRY(st, common_of(ctx, branches, e->arg_count, &common));
    if (common.count == 0) goto done;
    WEFT_TRY(st, rest_of(ctx, branches, e->arg_count, &common, &rest));
    if (rest != NULL) WEFT_TRY(st, weft_pointers_push(ctx, &common, rest));
    WEFT_TRY(st, weft_expr_logic(ctx, WEFT_EXPR_AND, weft_pointers_exprs(&common), common.count, out));
done:
    return st;
}

/* ---- what an OR says of one side ---- */

/* The sides: what joins below the condition join, as far down as there are joins. */
static weft_status add_sides(weft_ctx *ctx, const weft_node *node, weft_pointers *sides)
{
    weft_status st = WEFT_OK;
    if (node->kind == WEFT_NODE_JOIN) {
        for (int32_t i = 0; i < 2; i++) WEFT_TRY(st, add_sides(ctx, node->inputs[i], sides));
    } else if (node->kind == WEFT_NODE_FILTER) {
        WEFT_TRY(st, add_sides(ctx, node->inputs[0], sides));
    } else {
        WEFT_TRY(st, weft_pointers_push(ctx, sides, node));
    }
done:
    return st;
}

/* *out: OR of the conjuncts of each branch that read this side alone; NULL when some branch has none. */
static weft_status part_of_side(weft_ctx *ctx, const weft_expr *e, const weft_pointers *branches,
                                const weft_node *side, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers parts = {0};
    *out = NULL;
    for (int32_t b = 0; b < e->arg_count; b++) {
        weft_pointers part = {0};
        const weft_expr *one = NULL;
        for (int32_t i = 0; i < branches[b].count; i++)
            if (opt_has_columns(branches[b].items[i]) &&
                weft_outputs_cover(&side->output, branches[b].items[i]))
                WEFT_TRY(st, weft_pointers_push(ctx, &part, branches[b].items[i]));
        if (part.count == 0) goto done;
        WEFT_TRY(st, weft_expr_logic(ctx, WEFT_EXPR_AND, weft_pointers_exprs(&part), part.count, &one));
        WEFT_TRY(st, opt_add_unique(ctx, &parts, one));
    }
    WEFT_TRY(st, weft_expr_logic(ctx, WEFT_EXPR_OR, weft_pointers_exprs(&parts), parts.count, out));
done:
    return st;
}

static weft_status add_parts(weft_ctx *ctx, const weft_pointers *sides, const weft_expr *e,
                             weft_pointers *list)
{
    weft_status st = WEFT_OK;
    weft_pointers *branches = NULL;
    WEFT_TRY(st, split_branches(ctx, e, &branches));
    if (branches == NULL || !opt_is_free(e)) goto done;
    for (int32_t s = 0; s < sides->count; s++) {
        const weft_node *side = sides->items[s];
        const weft_expr *part = NULL;
        if (weft_outputs_cover(&side->output, e)) break; /* goes there as it is */
        WEFT_TRY(st, part_of_side(ctx, e, branches, side, &part));
        if (part != NULL) WEFT_TRY(st, factor(ctx, NULL, part, &part));
        if (part != NULL) WEFT_TRY(st, opt_split(ctx, part, list));
    }
done:
    return st;
}

/* ---- equal columns ---- */

typedef struct classes {
    int32_t count;
    const weft_expr *columns[INFER_COLUMNS_MAX];
    int32_t classes[INFER_COLUMNS_MAX];
} classes;

static int32_t class_member(const classes *c, int64_t id)
{
    for (int32_t i = 0; i < c->count; i++)
        if (c->columns[i]->column.id == id) return i;
    return -1;
}

static int32_t class_add(classes *c, const weft_expr *column)
{
    const int32_t at = class_member(c, column->column.id);
    if (at >= 0 || c->count == INFER_COLUMNS_MAX) return at;
    c->columns[c->count] = column;
    c->classes[c->count] = c->count;
    return c->count++;
}

/* Equal values must be the same to every function: 0.0 and -0.0 are not, nor are nested values compared here.
 */
static bool same_when_equal(weft_type type)
{
    return type.id != WEFT_TYPE_FLOAT && type.id != WEFT_TYPE_DOUBLE && type.child_count == 0;
}

static void class_join(classes *c, const weft_expr *a, const weft_expr *b)
{
    if (a->kind != WEFT_EXPR_COLUMN || b->kind != WEFT_EXPR_COLUMN || !same_when_equal(a->type) ||
        !weft_type_equal(a->type, b->type))
        return;
    const int32_t at = class_add(c, a), bt = class_add(c, b);
    if (at < 0 || bt < 0 || c->classes[at] == c->classes[bt]) return;
    const int32_t from = c->classes[bt], to = c->classes[at];
    for (int32_t i = 0; i < c->count; i++)
        if (c->classes[i] == from) c->classes[i] = to;
}

static void class_equality(classes *c, const weft_expr *e)
{
    bool null_equal = false;
    if (opt_is_equality(e, &null_equal) && !null_equal) class_join(c, e->args[0], e->args[1]);
}

typedef struct one_column {
    const weft_expr *column;
    bool other;
} one_column;

static bool find_one_column(void *self, const weft_expr *e)
{
    one_column *one = self;
    if (e->kind != WEFT_EXPR_COLUMN) return false;
    one->other = one->column != NULL && one->column->column.id != e->column.id;
    one->column = e;
    return one->other;
}

static weft_status swap_column(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    const weft_expr *const *pair = self;
    (void)ctx;
    *out = e->kind == WEFT_EXPR_COLUMN && e->column.id == pair[0]->column.id ? pair[1] : e;
    return WEFT_OK;
}

weft_status opt_repeat_for(weft_ctx *ctx, const weft_expr *e, const weft_expr *from, const weft_expr *to,
                           const weft_expr **out)
{
    const weft_expr *pair[2] = {from, to};
    one_column one = {0};
    *out = NULL;
    if (from->kind != WEFT_EXPR_COLUMN || to->kind != WEFT_EXPR_COLUMN || !same_when_equal(from->type) ||
        !weft_type_equal(from->type, to->type) || !opt_is_free(e))
        return WEFT_OK;
    (void)weft_expr_any(e, find_one_column, &one);
    if (one.other || one.column == NULL || one.column->column.id != from->column.id) return WEFT_OK;
    return weft_expr_rewrite(ctx, e, swap_column, pair, out);
}

static weft_status repeat_for_equals(weft_ctx *ctx, const classes *c, const weft_expr *e, weft_pointers *list)
{
    weft_status st = WEFT_OK;
    one_column one = {0};
    (void)weft_expr_any(e, find_one_column, &one);
    if (one.column == NULL || one.other) return WEFT_OK;
    const int32_t at = class_member(c, one.column->column.id);
    for (int32_t i = 0; at >= 0 && i < c->count; i++) {
        const weft_expr *copy = NULL;
        if (i == at || c->classes[i] != c->classes[at]) continue;
        WEFT_TRY(st, opt_repeat_for(ctx, e, one.column, c->columns[i], &copy));
        if (copy != NULL) WEFT_TRY(st, opt_add_unique(ctx, list, copy));
    }
done:
    return st;
}

/* ---- the walk ---- */

/* Conditions of the inner joins and filters below that hold for every row that comes up. */
static weft_status add_below(weft_ctx *ctx, const weft_node *node, classes *c, weft_pointers *list)
{
    weft_status st = WEFT_OK;
    if (node->kind == WEFT_NODE_FILTER) {
        WEFT_TRY(st, opt_add_all(ctx, list, node->filter.conjuncts, node->filter.count));
        WEFT_TRY(st, add_below(ctx, node->inputs[0], c, list));
    } else if (node->kind == WEFT_NODE_JOIN && node->join.kind == WEFT_JOIN_INNER) {
        for (int32_t i = 0; i < node->join.key_count; i++)
            if (node->join.null_equal == NULL || !node->join.null_equal[i])
                class_join(c, node->join.left_keys[i], node->join.right_keys[i]);
        WEFT_TRY(st, opt_add_all(ctx, list, node->join.conditions, node->join.condition_count));
        for (int32_t i = 0; i < 2; i++) WEFT_TRY(st, add_below(ctx, node->inputs[i], c, list));
    }
done:
    return st;
}

/* What follows from the conjuncts in list, of a filter over node or of the inner join that node is. */
static weft_status derive(weft_ctx *ctx, const weft_node *node, weft_pointers *list)
{
    weft_status st = WEFT_OK;
    weft_pointers sides = {0}, known = {0}, derived = {0};
    classes c = {0};
    WEFT_TRY(st, add_sides(ctx, node, &sides));
    if (sides.count < 2) goto done;
    for (int32_t i = 0; i < list->count; i++) WEFT_TRY(st, add_parts(ctx, &sides, list->items[i], &derived));
    for (int32_t i = 0; i < derived.count; i++) WEFT_TRY(st, opt_add_unique(ctx, list, derived.items[i]));
    known.count = 0;
    WEFT_TRY(st, opt_add_all(ctx, &known, weft_pointers_exprs(list), list->count));
    WEFT_TRY(st, add_below(ctx, node, &c, &known));
    for (int32_t i = 0; i < known.count; i++) class_equality(&c, known.items[i]);
    for (int32_t i = 0; c.count > 0 && i < known.count; i++) {
        derived.count = 0;
        WEFT_TRY(st, repeat_for_equals(ctx, &c, known.items[i], &derived));
        for (int32_t k = 0; k < derived.count; k++)
            if (known.count > INFER_PARTS_MAX || !contains(&known, derived.items[k]))
                WEFT_TRY(st, opt_add_unique(ctx, list, derived.items[k]));
    }
done:
    return st;
}

static weft_status infer_node(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers list = {0};
    weft_node model = *node;
    *out = node;
    if (node->kind == WEFT_NODE_FILTER) {
        WEFT_TRY(st, opt_rewrite_exprs(ctx, node, factor, self, &node));
        WEFT_TRY(st, opt_add_all(ctx, &list, node->filter.conjuncts, node->filter.count));
        WEFT_TRY(st, derive(ctx, node->inputs[0], &list));
        if (list.count == node->filter.count)
            *out = node;
        else
            WEFT_TRY(st, opt_filter(ctx, node->inputs[0], &list, out));
    } else if (node->kind == WEFT_NODE_JOIN && node->join.kind == WEFT_JOIN_INNER) {
        WEFT_TRY(st, opt_rewrite_exprs(ctx, node, factor, self, &node));
        model = *node;
        WEFT_TRY(st, opt_add_all(ctx, &list, node->join.conditions, node->join.condition_count));
        WEFT_TRY(st, derive(ctx, node, &list));
        *out = node;
        if (list.count == node->join.condition_count) goto done;
        model.join.conditions = weft_pointers_exprs(&list);
        model.join.condition_count = list.count;
        WEFT_TRY(st, weft_node_join_from(ctx, &model, out));
    } else if (node->kind == WEFT_NODE_JOIN) {
        WEFT_TRY(st, opt_rewrite_exprs(ctx, node, factor, self, out));
    }
done:
    return st;
}

weft_status opt_rule_infer(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    (void)ids;
    return opt_rewrite(ctx, root, infer_node, NULL, NULL, out);
}
