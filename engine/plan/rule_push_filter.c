/* engine/plan/rule_push_filter.c - filters move towards the scans.
 *
 * The walk goes from the root down with the conjuncts that stand above a node, in their order; each node
 * passes on what it may and keeps the rest in a FILTER above itself. On the way
 *   - one-sided conditions of joins go to their side, equalities of the two sides become keys;
 *   - LEFT, RIGHT and FULL joins whose optional side is not wanted as NULL above lose that;
 *   - a MARK that must be true (false) becomes SEMI (ANTI).
 * A conjunct that may raise moves only where it runs on the same rows, after the same conjuncts as before;
 * nodes with several parents are a border, since their other parents want all rows. */
#include "engine/plan/optimizer_impl.h"

typedef struct pusher {
    weft_pointer_map parents, done;
} pusher;

/* Conjuncts that a node gets from above, and witnesses: expressions above whose NULL (or false) drops a row,
 * which only serve to simplify outer joins. */
typedef struct above {
    weft_pointers preds, witnesses;
} above;

static weft_status push(weft_ctx *ctx, pusher *p, const weft_node *node, const above *from,
                        const weft_node **out);

static weft_status push_input(weft_ctx *ctx, pusher *p, const weft_node *node, const above *down,
                              const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *input = NULL;
    WEFT_TRY(st, push(ctx, p, node->inputs[0], down, &input));
    WEFT_TRY(st, opt_with_inputs(ctx, node, &input, out));
done:
    return st;
}

/* ---- what may move ---- */

/* Is there a conjunct of chance? It counts the rows it is asked for: none that follows may overtake it. */
static bool any_chance(const weft_pointers *list)
{
    for (int32_t i = 0; i < list->count; i++)
        if (!weft_expr_deterministic(list->items[i])) return true;
    return false;
}

/* Split a list in order: what covers says goes to moved, the rest to kept. same_rows: below it would run on
 * the rows it runs on here, so that it may raise as long as nothing before it was kept. */
static weft_status divide(weft_ctx *ctx, const weft_pointers *list, const weft_outputs *cover, bool same_rows,
                          weft_pointers *moved, weft_pointers *kept)
{
    weft_status st = WEFT_OK;
    bool fixed = any_chance(kept);
    for (int32_t i = 0; i < list->count; i++) {
        const weft_expr *e = list->items[i];
        const bool raises = weft_expr_fallible(e);
        fixed |= !weft_expr_deterministic(e);
        const bool may = !fixed && weft_outputs_cover(cover, e) &&
                         (!raises || (same_rows && kept->count == 0));
        WEFT_TRY(st, may ? opt_add_unique(ctx, moved, e) : opt_add_unique(ctx, kept, e));
    }
done:
    return st;
}

static weft_status keep_above(weft_ctx *ctx, const weft_node *node, const weft_pointers *kept,
                              const weft_node **out)
{
    return opt_filter(ctx, node, kept, out);
}

/* ---- FILTER, PROJECT and others with one input ---- */

static weft_status push_filter(weft_ctx *ctx, pusher *p, const weft_node *node, const above *from,
                               const weft_node **out)
{
    weft_status st = WEFT_OK;
    above down = {0};
    WEFT_TRY(st, opt_add_all(ctx, &down.preds, node->filter.conjuncts, node->filter.count));
    if (any_chance(&down.preds)) { /* the rows that it leaves are those of a part of the query by itself */
        WEFT_TRY(st, push(ctx, p, node->inputs[0], &down, out));
        return keep_above(ctx, *out, &from->preds, out);
    }
    for (int32_t i = 0; i < from->preds.count; i++)
        WEFT_TRY(st, opt_add_unique(ctx, &down.preds, from->preds.items[i]));
    down.witnesses = from->witnesses;
    WEFT_TRY(st, push(ctx, p, node->inputs[0], &down, out));
done:
    return st;
}

typedef struct named_list {
    const weft_expr *const *named;
    int32_t count;
} named_list;

static bool reads_other(void *self, const weft_expr *e)
{
    const named_list *l = self;
    if (e->kind != WEFT_EXPR_COLUMN) return false;
    for (int32_t i = 0; i < l->count; i++)
        if (opt_output_id(l->named[i]) == e->column.id) return false;
    return true;
}

/* Each of list that reads only the named expressions, in terms of what is below them. The named expressions
 * are evaluated once more then, and on fewer rows: none of them may be of chance. */
static weft_status substitute_all(weft_ctx *ctx, const weft_pointers *list, const weft_expr *const *named,
                                  int32_t count, weft_pointers *below, weft_pointers *kept)
{
    weft_status st = WEFT_OK;
    named_list l = {.named = named, .count = count};
    bool fixed = kept != NULL && any_chance(kept);
    for (int32_t i = 0; i < count; i++) fixed |= !weft_expr_deterministic(named[i]);
    for (int32_t i = 0; i < list->count; i++) {
        const weft_expr *e = list->items[i];
        const bool chance = !weft_expr_deterministic(e);
        /* what may raise must not overtake what stays */
        if (fixed || (chance && kept == NULL) || weft_expr_any(e, reads_other, &l) ||
            !opt_may_substitute(e, named, count) ||
            (kept != NULL && kept->count > 0 && weft_expr_fallible(e))) {
            fixed |= chance && kept != NULL;
            if (kept != NULL) WEFT_TRY(st, weft_pointers_push(ctx, kept, e));
            continue;
        }
        WEFT_TRY(st, opt_substitute(ctx, e, named, count, &e));
        WEFT_TRY(st, opt_split(ctx, e, below));
    }
done:
    return st;
}

static weft_status push_project(weft_ctx *ctx, pusher *p, const weft_node *node, const above *from,
                                const weft_node **out)
{
    weft_status st = WEFT_OK;
    above down = {0};
    weft_pointers kept = {0};
    WEFT_TRY(st,
             substitute_all(ctx, &from->preds, node->project.exprs, node->project.count, &down.preds, &kept));
    WEFT_TRY(st, substitute_all(ctx, &from->witnesses, node->project.exprs, node->project.count,
                                &down.witnesses, NULL));
    WEFT_TRY(st, push_input(ctx, p, node, &down, out));
    WEFT_TRY(st, keep_above(ctx, *out, &kept, out));
done:
    return st;
}

/* Conditions on groups: a group is there when a row of it is. */
static weft_status push_aggregate(weft_ctx *ctx, pusher *p, const weft_node *node, const above *from,
                                  const weft_node **out)
{
    weft_status st = WEFT_OK;
    above down = {0};
    weft_pointers kept = {0};
    const weft_outputs groups = {.count = node->aggregate.group_count, .columns = node->output.columns};
    if (groups.count == 0) {
        kept = from->preds;
    } else {
        weft_pointers moved = {0};
        WEFT_TRY(st, divide(ctx, &from->preds, &groups, false, &moved, &kept));
        for (int32_t i = 0; i < moved.count; i++) {
            if (!opt_has_columns(moved.items[i]))
                WEFT_TRY(st, weft_pointers_push(ctx, &kept, moved.items[i]));
        }
        int32_t count = 0;
        for (int32_t i = 0; i < moved.count; i++)
            if (opt_has_columns(moved.items[i])) moved.items[count++] = moved.items[i];
        moved.count = count;
        WEFT_TRY(st, substitute_all(ctx, &moved, node->aggregate.groups, groups.count, &down.preds, &kept));
    }
    WEFT_TRY(st, push_input(ctx, p, node, &down, out));
    WEFT_TRY(st, keep_above(ctx, *out, &kept, out));
done:
    return st;
}

/* Conditions on the partition columns of all window expressions. */
static weft_status push_window(weft_ctx *ctx, pusher *p, const weft_node *node, const above *from,
                               const weft_node **out)
{
    weft_status st = WEFT_OK;
    above down = {0};
    weft_pointers kept = {0};
    weft_output *columns = NULL;
    int32_t count = 0;
    const weft_window_spec *spec = opt_below_alias(node->window.exprs[0])->window.spec;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->partition_count, &columns));
    for (int32_t i = 0; i < spec->partition_count; i++)
        if (spec->partition[i]->kind == WEFT_EXPR_COLUMN) columns[count++].id = spec->partition[i]->column.id;
    const weft_outputs cover = {.count = count, .columns = columns};
    bool fixed = false;
    for (int32_t i = 0; i < from->preds.count; i++) {
        const weft_expr *e = from->preds.items[i];
        fixed |= !weft_expr_deterministic(e);
        const bool may = !fixed && count > 0 && opt_is_free(e) && opt_has_columns(e) &&
                         weft_outputs_cover(&cover, e);
        WEFT_TRY(st, weft_pointers_push(ctx, may ? &down.preds : &kept, e));
    }
    WEFT_TRY(st, push_input(ctx, p, node, &down, out));
    WEFT_TRY(st, keep_above(ctx, *out, &kept, out));
done:
    return st;
}

/* The rows are the same below, but not their order. */
static weft_status push_sort(weft_ctx *ctx, pusher *p, const weft_node *node, const above *from,
                             const weft_node **out)
{
    weft_status st = WEFT_OK;
    above down = {.witnesses = from->witnesses};
    weft_pointers kept = {0};
    WEFT_TRY(st, divide(ctx, &from->preds, &node->output, true, &down.preds, &kept));
    WEFT_TRY(st, push_input(ctx, p, node, &down, out));
    WEFT_TRY(st, keep_above(ctx, *out, &kept, out));
done:
    return st;
}

static weft_status push_union(weft_ctx *ctx, pusher *p, const weft_node *node, const above *from,
                              const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers moved = {0}, kept = {0};
    const weft_node **inputs = NULL;
    WEFT_TRY(st, divide(ctx, &from->preds, &node->output, true, &moved, &kept));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->input_count, &inputs));
    for (int32_t i = 0; i < node->input_count; i++) {
        above down = {0};
        const weft_outputs *outputs = &node->inputs[i]->output;
        for (int32_t k = 0; k < moved.count; k++) {
            const weft_expr *e = NULL;
            WEFT_TRY(st, opt_relabel(ctx, moved.items[k], &node->output, outputs, &e));
            WEFT_TRY(st, weft_pointers_push(ctx, &down.preds, e));
        }
        WEFT_TRY(st, push(ctx, p, node->inputs[i], &down, &inputs[i]));
        WEFT_TRY(st, opt_restore(ctx, inputs[i], outputs, &inputs[i]));
    }
    WEFT_TRY(st, opt_with_inputs(ctx, node, inputs, out));
    WEFT_TRY(st, keep_above(ctx, *out, &kept, out));
done:
    return st;
}

static weft_status push_scan(weft_ctx *ctx, const weft_node *node, const above *from, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers moved = {0}, kept = {0};
    weft_node *scan = NULL;
    *out = node;
    WEFT_TRY(st, opt_add_all(ctx, &moved, node->scan.conjuncts, node->scan.conjunct_count));
    WEFT_TRY(st, divide(ctx, &from->preds, &node->output, true, &moved, &kept));
    if (moved.count > node->scan.conjunct_count) {
        WEFT_TRY(st, WEFT_NEW(ctx, &scan));
        *scan = *node;
        scan->scan.conjuncts = weft_pointers_exprs(&moved);
        scan->scan.conjunct_count = moved.count;
        *out = scan;
    }
    WEFT_TRY(st, keep_above(ctx, *out, &kept, out));
done:
    return st;
}

/* ---- JOIN ---- */

static bool rejects_side(const above *from, const weft_outputs *side)
{
    const weft_pointers *lists[2] = {&from->preds, &from->witnesses};
    for (int l = 0; l < 2; l++)
        for (int32_t i = 0; i < lists[l]->count; i++)
            for (int32_t c = 0; c < side->count; c++)
                if (weft_expr_rejects_null(lists[l]->items[i], side->columns[c].id)) return true;
    return false;
}

/* The kind that the join has once rows that the conditions above drop anyway need not be made. */
static weft_join_kind simplify_outer(const weft_node *node, const above *from)
{
    const weft_join_kind kind = node->join.kind;
    const weft_outputs *left = &node->inputs[0]->output, *right = &node->inputs[1]->output;
    const bool pads_left = kind == WEFT_JOIN_RIGHT || kind == WEFT_JOIN_FULL;
    const bool pads_right = kind == WEFT_JOIN_LEFT || kind == WEFT_JOIN_FULL;
    if (!pads_left && !pads_right) return kind;
    const bool no_left_pads = !pads_left || rejects_side(from, left);
    const bool no_right_pads = !pads_right || rejects_side(from, right);
    if (no_left_pads && no_right_pads) return WEFT_JOIN_INNER;
    if (kind != WEFT_JOIN_FULL) return kind;
    if (no_left_pads) return WEFT_JOIN_LEFT; /* no row whose left side is NULL is wanted */
    return no_right_pads ? WEFT_JOIN_RIGHT : kind;
}

/* A MARK column that a conjunct asks for: SEMI when it must be true, ANTI when it must be false. */
static void simplify_mark(weft_node *join, weft_pointers *preds)
{
    if (join->join.kind != WEFT_JOIN_MARK) return;
    int32_t uses = 0, at = -1;
    for (int32_t i = 0; i < preds->count; i++) {
        const weft_expr *e = preds->items[i];
        if (!opt_reads(e, join->join.mark_id)) continue;
        uses++;
        const bool no = e->kind == WEFT_EXPR_NOT;
        const weft_expr *bare = no ? e->args[0] : e;
        if (bare->kind == WEFT_EXPR_COLUMN && (!no || !join->join.mark_nullable)) at = i;
    }
    if (uses != 1 || at < 0) return;
    /* the column itself is still an output: the caller checks that nobody above reads it */
    join->join.kind = ((const weft_expr *)preds->items[at])->kind == WEFT_EXPR_NOT ? WEFT_JOIN_ANTI
                                                                                   : WEFT_JOIN_SEMI;
    for (int32_t i = at; i + 1 < preds->count; i++) preds->items[i] = preds->items[i + 1];
    preds->count--;
}

/* After a MARK became SEMI or ANTI its column is a constant. */
static weft_status restore_mark(weft_ctx *ctx, const weft_node *mark, const weft_node *join,
                                const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers exprs = {0};
    const weft_expr *e = NULL;
    for (int32_t i = 0; i < join->output.count; i++) {
        WEFT_TRY(st, opt_output_column(ctx, &join->output.columns[i], &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    }
    WEFT_TRY(st, opt_boolean(ctx, join->join.kind == WEFT_JOIN_SEMI, &e));
    WEFT_TRY(st, weft_expr_alias(ctx, e, mark->join.mark_id, "exists", &e));
    WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    WEFT_TRY(st, weft_node_project(ctx, join, weft_pointers_exprs(&exprs), exprs.count, out));
done:
    return st;
}

static weft_status add_key(weft_ctx *ctx, opt_join *join, const weft_expr *left, const weft_expr *right,
                           bool null_equal)
{
    weft_status st = WEFT_OK;
    const int32_t count = join->left_keys.count;
    bool *flags = NULL;
    for (int32_t i = 0; i < count; i++)
        if (join->null_equal[i] == null_equal && weft_expr_equal(join->left_keys.items[i], left) &&
            weft_expr_equal(join->right_keys.items[i], right))
            return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + 1, &flags));
    for (int32_t i = 0; i < count; i++) flags[i] = join->null_equal[i];
    flags[count] = null_equal;
    join->null_equal = flags;
    WEFT_TRY(st, weft_pointers_push(ctx, &join->left_keys, left));
    WEFT_TRY(st, weft_pointers_push(ctx, &join->right_keys, right));
done:
    return st;
}

/* Is e an equality of one side with the other? Then it is a key. */
static weft_status try_key(weft_ctx *ctx, const weft_node *node, const weft_expr *e, opt_join *join, bool *is)
{
    bool null_equal = false;
    *is = false;
    if (!opt_is_equality(e, &null_equal) || !opt_is_free(e)) return WEFT_OK;
    for (int side = 0; side < 2; side++) {
        const weft_expr *l = e->args[side], *r = e->args[1 - side];
        if (!opt_has_columns(l) || !opt_has_columns(r) || !weft_outputs_cover(&node->inputs[0]->output, l) ||
            !weft_outputs_cover(&node->inputs[1]->output, r) || !weft_type_equal(l->type, r->type))
            continue;
        *is = true;
        return add_key(ctx, join, l, r, null_equal);
    }
    return WEFT_OK;
}

static weft_status old_keys(weft_ctx *ctx, const weft_node *node, opt_join *join)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < node->join.key_count; i++)
        WEFT_TRY(st, add_key(ctx, join, node->join.left_keys[i], node->join.right_keys[i],
                             node->join.null_equal != NULL && node->join.null_equal[i]));
done:
    return st;
}

/* What the keys say about NULLs: a row whose key is NULL has no partner. */
static weft_status add_key_witnesses(weft_ctx *ctx, const opt_join *join, bool left, bool right,
                                     weft_pointers *witnesses)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < join->left_keys.count; i++) {
        const weft_expr *l = join->left_keys.items[i], *r = join->right_keys.items[i];
        if (join->null_equal[i] || l->type.id == WEFT_TYPE_BOOLEAN) continue;
        if (left) WEFT_TRY(st, weft_pointers_push(ctx, witnesses, l));
        if (right) WEFT_TRY(st, weft_pointers_push(ctx, witnesses, r));
    }
done:
    return st;
}

/* INNER: ON and WHERE are one list. What may raise stays, in order, in a FILTER above. */
static weft_status push_inner(weft_ctx *ctx, const weft_node *node, const above *from, opt_join *join,
                              above sides[2], weft_pointers *kept)
{
    weft_status st = WEFT_OK;
    weft_pointers all = {0};
    WEFT_TRY(st, opt_add_all(ctx, &all, node->join.conditions, node->join.condition_count));
    for (int32_t i = 0; i < from->preds.count; i++) WEFT_TRY(st, opt_split(ctx, from->preds.items[i], &all));
    for (int32_t i = 0; i < all.count; i++) {
        const weft_expr *e = all.items[i];
        bool is_key = false;
        if (!opt_is_free(e) || !opt_has_columns(e)) {
            WEFT_TRY(st, weft_pointers_push(ctx, kept, e));
        } else if (weft_outputs_cover(&node->inputs[0]->output, e)) {
            WEFT_TRY(st, opt_add_unique(ctx, &sides[0].preds, e));
        } else if (weft_outputs_cover(&node->inputs[1]->output, e)) {
            WEFT_TRY(st, opt_add_unique(ctx, &sides[1].preds, e));
        } else {
            WEFT_TRY(st, try_key(ctx, node, e, join, &is_key));
            if (!is_key) WEFT_TRY(st, opt_add_unique(ctx, &join->conditions, e));
        }
    }
    for (int s = 0; s < 2; s++) {
        WEFT_TRY(st, opt_add_all(ctx, &sides[s].witnesses, weft_pointers_exprs(&from->witnesses),
                                 from->witnesses.count));
        WEFT_TRY(st,
                 opt_add_all(ctx, &sides[s].witnesses, weft_pointers_exprs(&from->preds), from->preds.count));
        WEFT_TRY(st, opt_add_all(ctx, &sides[s].witnesses, weft_pointers_exprs(&join->conditions),
                                 join->conditions.count));
        WEFT_TRY(st, add_key_witnesses(ctx, join, s == 0, s == 1, &sides[s].witnesses));
    }
done:
    return st;
}

/* Rows of the preserved side that are wanted fulfil its conditions: rows of the other side whose keys do not
 * have no partner among them. */
static weft_status repeat_for_keys(weft_ctx *ctx, const opt_join *join, int preserved, above sides[2])
{
    weft_status st = WEFT_OK;
    const weft_pointers *known = &sides[preserved].preds;
    const weft_pointers *from = preserved == 0 ? &join->left_keys : &join->right_keys,
                        *to = preserved == 0 ? &join->right_keys : &join->left_keys;
    for (int32_t k = 0; k < from->count; k++) {
        for (int32_t i = 0; i < known->count && i < OPT_COMPARED_MAX && !join->null_equal[k]; i++) {
            const weft_expr *copy = NULL;
            WEFT_TRY(st, opt_repeat_for(ctx, known->items[i], from->items[k], to->items[k], &copy));
            if (copy != NULL) WEFT_TRY(st, opt_add_unique(ctx, &sides[1 - preserved].preds, copy));
        }
    }
done:
    return st;
}

/* All other kinds. preserved: the side (0, 1) whose rows all stay, or are only dropped; -1: FULL. The other
 * side is optional: conditions of ON alone may go there. */
static weft_status push_outer(weft_ctx *ctx, const weft_node *node, int preserved, const above *from,
                              opt_join *join, above sides[2], weft_pointers *kept)
{
    weft_status st = WEFT_OK;
    const bool drops = join->kind == WEFT_JOIN_SEMI || join->kind == WEFT_JOIN_ANTI ||
                       join->kind == WEFT_JOIN_ANTI_NULL;
    weft_pointers conditions = {0};
    if (preserved < 0) {
        *kept = from->preds;
    } else {
        const weft_outputs *cover = &node->inputs[preserved]->output;
        WEFT_TRY(st, divide(ctx, &from->preds, cover, !drops, &sides[preserved].preds, kept));
        sides[preserved].witnesses = from->witnesses;
    }
    WEFT_TRY(st, opt_add_all(ctx, &conditions, node->join.conditions, node->join.condition_count));
    for (int32_t i = 0; i < conditions.count; i++) {
        const weft_expr *e = conditions.items[i];
        const bool free = opt_is_free(e) && opt_has_columns(e);
        bool is_key = false;
        if (preserved >= 0 && free && weft_outputs_cover(&node->inputs[1 - preserved]->output, e) &&
            join->kind != WEFT_JOIN_ANTI_NULL) {
            WEFT_TRY(st, opt_add_unique(ctx, &sides[1 - preserved].preds, e));
        } else if (join->kind == WEFT_JOIN_SEMI && free && weft_outputs_cover(&node->inputs[0]->output, e)) {
            WEFT_TRY(st, opt_add_unique(ctx, &sides[0].preds, e));
        } else {
            if (join->kind != WEFT_JOIN_ANTI_NULL && !(join->kind == WEFT_JOIN_MARK && join->mark_nullable))
                WEFT_TRY(st, try_key(ctx, node, e, join, &is_key));
            if (!is_key) WEFT_TRY(st, weft_pointers_push(ctx, &join->conditions, e));
        }
    }
    if (preserved >= 0 && join->kind != WEFT_JOIN_ANTI_NULL &&
        !(join->kind == WEFT_JOIN_MARK && join->mark_nullable)) {
        WEFT_TRY(st, repeat_for_keys(ctx, join, preserved, sides));
        WEFT_TRY(st, add_key_witnesses(ctx, join, preserved == 1, preserved == 0,
                                       &sides[1 - preserved].witnesses));
    }
done:
    return st;
}

static weft_status push_join(weft_ctx *ctx, pusher *p, const weft_node *node, const above *from,
                             const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node model = *node;
    above list = {.witnesses = from->witnesses, .preds = {0}}, sides[2];
    weft_pointers kept = {0};
    const weft_node *inputs[2] = {NULL, NULL}, *join_node = NULL;
    memset(sides, 0, sizeof(sides));
    for (int32_t i = 0; i < from->preds.count; i++)
        WEFT_TRY(st, weft_pointers_push(ctx, &list.preds, from->preds.items[i]));
    model.join.kind = simplify_outer(node, from);
    simplify_mark(&model, &list.preds);
    opt_join join = {.kind = model.join.kind,
                     .mark_id = node->join.mark_id,
                     .mark_nullable = node->join.mark_nullable,
                     .build_left = node->join.build_left,
                     .strategy = node->join.strategy,
                     .strategy_left = node->join.strategy_left,
                     .strategy_right = node->join.strategy_right};
    WEFT_TRY(st, old_keys(ctx, node, &join));
    if (join.kind == WEFT_JOIN_INNER) {
        WEFT_TRY(st, push_inner(ctx, node, &list, &join, sides, &kept));
    } else {
        const int preserved = join.kind == WEFT_JOIN_FULL ? -1 : join.kind == WEFT_JOIN_RIGHT ? 1 : 0;
        WEFT_TRY(st, push_outer(ctx, node, preserved, &list, &join, sides, &kept));
    }
    for (int s = 0; s < 2; s++) WEFT_TRY(st, push(ctx, p, node->inputs[s], &sides[s], &inputs[s]));
    WEFT_TRY(st, opt_join_node(ctx, &join, inputs[0], inputs[1], &join_node));
    if (node->join.kind == WEFT_JOIN_MARK && join.kind != WEFT_JOIN_MARK)
        WEFT_TRY(st, restore_mark(ctx, node, join_node, &join_node));
    WEFT_TRY(st, keep_above(ctx, join_node, &kept, out));
done:
    return st;
}

/* ---- the walk ---- */

/* Nothing passes: the inputs start anew. */
static weft_status push_border(weft_ctx *ctx, pusher *p, const weft_node *node, const above *from,
                               const weft_node **out)
{
    weft_status st = WEFT_OK;
    const above none = {0};
    const weft_node **inputs = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->input_count, &inputs));
    for (int32_t i = 0; i < node->input_count; i++) {
        WEFT_TRY(st, push(ctx, p, node->inputs[i], &none, &inputs[i]));
        WEFT_TRY(st, opt_restore(ctx, inputs[i], &node->inputs[i]->output, &inputs[i]));
    }
    WEFT_TRY(st, opt_with_inputs(ctx, node, inputs, out));
    WEFT_TRY(st, keep_above(ctx, *out, &from->preds, out));
done:
    return st;
}

static weft_status push_kind(weft_ctx *ctx, pusher *p, const weft_node *node, const above *from,
                             const weft_node **out)
{
    switch (node->kind) {
    case WEFT_NODE_FILTER: return push_filter(ctx, p, node, from, out);
    case WEFT_NODE_PROJECT: return push_project(ctx, p, node, from, out);
    case WEFT_NODE_AGGREGATE: return push_aggregate(ctx, p, node, from, out);
    case WEFT_NODE_WINDOW: return push_window(ctx, p, node, from, out);
    case WEFT_NODE_UNION: return push_union(ctx, p, node, from, out);
    case WEFT_NODE_SCAN: return push_scan(ctx, node, from, out);
    case WEFT_NODE_JOIN: return push_join(ctx, p, node, from, out);
    case WEFT_NODE_SORT:
        if (node->sort.limit < 0) return push_sort(ctx, p, node, from, out);
        break;
    case WEFT_NODE_REPARTITION: return push_sort(ctx, p, node, from, out);
    case WEFT_NODE_VALUES:
    case WEFT_NODE_LIMIT:
    case WEFT_NODE_SET:
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
    return push_border(ctx, p, node, from, out);
}

static weft_status push(weft_ctx *ctx, pusher *p, const weft_node *node, const above *from,
                        const weft_node **out)
{
    weft_status st = WEFT_OK;
    const above none = {0};
    if (!weft_is_shared(&p->parents, node)) return push_kind(ctx, p, node, from, out);
    const weft_node *done = weft_pointer_map_get(&p->done, node);
    if (done == NULL) {
        WEFT_TRY(st, push_kind(ctx, p, node, &none, &done));
        WEFT_TRY(st, weft_pointer_map_put(ctx, &p->done, node, done));
    }
    WEFT_TRY(st, keep_above(ctx, done, &from->preds, out));
done:
    return st;
}

weft_status opt_rule_push_filter(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    weft_status st = WEFT_OK;
    pusher p = {0};
    const above none = {0};
    (void)ids;
    WEFT_TRY(st, weft_count_parents(ctx, root, &p.parents));
    WEFT_TRY(st, push(ctx, &p, root, &none, out));
    if (root->output.count >= 0) WEFT_TRY(st, opt_restore(ctx, *out, &root->output, out));
done:
    return st;
}
