/* engine/plan/join_order.c - the cheapest order of the joins of a region.
 *
 * Cost is in units of one probe of a small table. The executor holds the right side in a table and streams
 * the left one, so a join costs its build rows a few times, its probe rows once; rows that a dynamic filter
 * stops in the scan cost less than those that reach the table, and a table beyond the caches costs more. Up
 * to REGION_DP_MAX leaves every split of every set is compared (Moerkotte and Neumann's DPsub, connected sets
 * only); above, the cheapest pair is joined again and again. */
#include "engine/plan/join_order.h"

#include <math.h>

#define COST_BUILD      2.0  /* a row hashed, written and entered */
#define COST_BUILD_BYTE 0.02 /* and its bytes */
#define COST_FILTER     0.35 /* a row tested by a dynamic filter */
#define COST_PROBE      0.65 /* a row that reaches the table */
#define COST_OUT        0.3  /* a row that leaves the join */
#define COST_LOOP       0.5  /* a pair of a loop join */
#define COST_REREAD     1.5  /* a row read again from a block after marks */
#define ROWS_CACHED     1e5  /* tables below stay in the second-level cache */
#define ROWS_BIG        1e6  /* and above this outside of the last one */

bool region_pred_joins(const region_pred *pred, uint64_t a, uint64_t b)
{
    return (pred->mask & ~(a | b)) == 0 && (pred->mask & ~a) != 0 && (pred->mask & ~b) != 0;
}

double region_class_distinct(const region *r, int32_t class_index, const region_plan *plan, int32_t *member)
{
    double least = 0;
    const region_class *c = &r->classes[class_index];
    if ((c->leaves & plan->set) == 0) return 0;
    for (int32_t i = c->first; i < c->first + c->count; i++) {
        const region_member *m = &r->members[i];
        if ((plan->set >> m->leaf & 1) == 0) continue;
        if (least == 0 || m->distinct < least) {
            least = m->distinct;
            *member = i;
        }
    }
    return least > plan->rows && plan->rows >= 1 ? plan->rows : least;
}

static double inner_rows(const region *r, const region_plan *a, const region_plan *b)
{
    double product = 1, bound = 1e300;
    int32_t keys = 0;
    for (int32_t c = 0; c < r->class_count; c++) {
        int32_t ma = 0, mb = 0;
        if ((r->classes[c].leaves & a->set) == 0 || (r->classes[c].leaves & b->set) == 0) continue;
        const double da = region_class_distinct(r, c, a, &ma), db = region_class_distinct(r, c, b, &mb);
        if (da == 0 || db == 0) continue;
        product *= da > db ? da : db;
        const double base_a = r->leaves[r->members[ma].leaf].base_rows;
        const double base_b = r->leaves[r->members[mb].leaf].base_rows;
        const double base = base_a < base_b ? base_a : base_b;
        if (base < bound) bound = base;
        keys++;
    }
    /* several keys together have no more values than the smaller table has rows */
    if (keys > 1 && product > bound) product = bound;
    double rows = a->rows * b->rows / (product < 1 ? 1 : product);
    for (int32_t i = 0; i < r->pred_count; i++)
        if (region_pred_joins(&r->preds[i], a->set, b->set)) rows *= r->preds[i].keep;
    return rows;
}

static const region_leaf *dependent_of(const region *r, uint64_t set)
{
    if (set == 0 || (set & (set - 1)) != 0) return NULL;
    const region_leaf *leaf = &r->leaves[__builtin_ctzll(set)];
    return leaf->dependent ? leaf : NULL;
}

double region_join_rows(const region *r, const region_plan *a, const region_plan *b)
{
    const region_leaf *leaf = dependent_of(r, b->set);
    if (leaf == NULL) return inner_rows(r, a, b);
    double rows = a->rows;
    if (leaf->kind == WEFT_JOIN_SEMI) rows *= leaf->matched;
    if (leaf->kind == WEFT_JOIN_ANTI) rows *= fmax(1 - leaf->matched, 0.05);
    if (leaf->kind == WEFT_JOIN_LEFT) rows *= fmax(leaf->fanout, 1);
    for (int32_t i = 0; i < r->pred_count; i++)
        if (region_pred_joins(&r->preds[i], a->set, b->set)) rows *= r->preds[i].keep;
    return rows;
}

static double table_factor(double rows) { return rows > ROWS_BIG ? 2.5 : rows > ROWS_CACHED ? 1.5 : 1; }

static double build_cost(double rows, double bytes)
{
    return rows * (COST_BUILD + COST_BUILD_BYTE * bytes) * (rows > ROWS_BIG ? 1.5 : 1);
}

double region_outer_cost(weft_join_kind kind, double left, double left_bytes, double right,
                         double right_bytes, double out_rows, bool may_build_left, bool *build_left)
{
    const double key_bytes = kind == WEFT_JOIN_LEFT ? right_bytes : 16;
    const double probe_left = left * (COST_FILTER + COST_PROBE * table_factor(right));
    const double by_right = build_cost(right, key_bytes) + probe_left + out_rows * COST_OUT;
    /* the preserved side in the table: the right side's rows mark, most are stopped by the dynamic filter */
    const double reach = right < left ? right : left;
    double by_left = build_cost(left, left_bytes) + right * COST_FILTER +
                     reach * COST_PROBE * table_factor(left) + left * COST_REREAD;
    if (kind == WEFT_JOIN_LEFT) by_left += out_rows * (COST_BUILD + COST_REREAD); /* pairs pass a block too */
    *build_left = may_build_left && by_left < by_right;
    return *build_left ? by_left : by_right;
}

static double set_bytes(const region *r, uint64_t set)
{
    double bytes = 0;
    for (int32_t i = 0; i < r->leaf_count; i++)
        if ((set >> i & 1) != 0 && !(r->leaves[i].dependent && r->leaves[i].kind != WEFT_JOIN_LEFT))
            bytes += r->leaves[i].row_bytes;
    return bytes;
}

static bool has_key(const region *r, const region_plan *a, const region_plan *b)
{
    for (int32_t c = 0; c < r->class_count; c++)
        if ((r->classes[c].leaves & a->set) != 0 && (r->classes[c].leaves & b->set) != 0) return true;
    for (int32_t i = 0; i < r->pred_count; i++) {
        const region_pred *p = &r->preds[i];
        if (p->left_mask == 0) continue;
        if (((p->left_mask & ~a->set) == 0 && (p->right_mask & ~b->set) == 0) ||
            ((p->left_mask & ~b->set) == 0 && (p->right_mask & ~a->set) == 0))
            return true;
    }
    return false;
}

/* The cost of streaming `left` past a table of `right`. */
static double join_cost(const region *r, const region_plan *left, const region_plan *right, double out_rows,
                        bool keyed, bool *build_left)
{
    const double below = left->cost + right->cost;
    const region_leaf *leaf = dependent_of(r, right->set);
    *build_left = false;
    if (leaf != NULL) {
        return below + region_outer_cost(leaf->kind, left->rows, set_bytes(r, left->set), right->rows,
                                         leaf->row_bytes, out_rows, leaf->join.left_keys.count > 0,
                                         build_left);
    }
    const double build = build_cost(right->rows, set_bytes(r, right->set));
    if (!keyed) return below + build + left->rows * right->rows * COST_LOOP + left->rows * COST_PROBE;
    const double reach = out_rows < left->rows ? out_rows : left->rows;
    return below + build + left->rows * COST_FILTER + reach * COST_PROBE * table_factor(right->rows) +
           out_rows * COST_OUT;
}

/* May right be joined to left? */
static bool may_join(const region *r, uint64_t left, uint64_t right, uint64_t near)
{
    const region_leaf *leaf = dependent_of(r, right);
    if (dependent_of(r, left) != NULL) return false;
    if (leaf != NULL) return (leaf->needs & ~left) == 0;
    return (near & right) != 0;
}

/* ---- all orders ---- */

static weft_status choose_all(weft_ctx *ctx, const region *r, const region_plan **out)
{
    weft_status st = WEFT_OK;
    const uint64_t full = ((uint64_t)1 << r->leaf_count) - 1;
    region_plan *plans = NULL;
    uint64_t *near = NULL;
    *out = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, full + 1, &plans));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, full + 1, &near));
    for (uint64_t set = 1; set <= full; set++) {
        region_plan *best = &plans[set];
        const int32_t low = __builtin_ctzll(set);
        near[set] = near[set & (set - 1)] | r->adjacent[low];
        if ((set & (set - 1)) == 0) {
            *best = (region_plan){.set = set, .rows = r->leaves[low].rows};
            continue;
        }
        bool keyed = false;
        for (uint64_t left = (set - 1) & set; left != 0; left = (left - 1) & set) {
            const uint64_t right = set & ~left;
            bool build_left = false;
            if (plans[left].set == 0 || plans[right].set == 0 || !may_join(r, left, right, near[left]))
                continue;
            if (best->set == 0) best->rows = region_join_rows(r, &plans[left], &plans[right]);
            if (dependent_of(r, right) == NULL) keyed = has_key(r, &plans[left], &plans[right]);
            const double cost = join_cost(r, &plans[left], &plans[right], best->rows, keyed, &build_left);
            if (best->set != 0 && cost >= best->cost) continue;
            *best = (region_plan){.set = set,
                                  .cost = cost,
                                  .rows = best->rows,
                                  .left = &plans[left],
                                  .right = &plans[right],
                                  .build_left = build_left};
        }
    }
    if (plans[full].set != 0) *out = &plans[full];
done:
    return st;
}

/* ---- the cheapest pair, again and again ---- */

static uint64_t near_of(const region *r, uint64_t set)
{
    uint64_t near = 0;
    for (int32_t i = 0; i < r->leaf_count; i++)
        if ((set >> i & 1) != 0) near |= r->adjacent[i];
    return near;
}

static weft_status choose_pairs(weft_ctx *ctx, const region *r, const region_plan **out)
{
    weft_status st = WEFT_OK;
    const region_plan *sets[REGION_LEAVES_MAX];
    int32_t count = r->leaf_count;
    for (int32_t i = 0; i < count; i++) {
        region_plan *leaf = NULL;
        WEFT_TRY(st, WEFT_NEW(ctx, &leaf));
        *leaf = (region_plan){.set = (uint64_t)1 << i, .rows = r->leaves[i].rows};
        sets[i] = leaf;
    }
    while (count > 1) {
        region_plan best = {0};
        int32_t best_left = -1, best_right = -1;
        for (int32_t pass = 0; pass < 2 && best_left < 0; pass++) /* second pass: cross joins */
            for (int32_t i = 0; i < count; i++) {
                const uint64_t near = pass == 0 ? near_of(r, sets[i]->set) : ~(uint64_t)0;
                for (int32_t k = 0; k < count; k++) {
                    if (i == k || !may_join(r, sets[i]->set, sets[k]->set, near)) continue;
                    region_plan plan = {
                        .set = sets[i]->set | sets[k]->set, .left = sets[i], .right = sets[k]};
                    plan.rows = region_join_rows(r, sets[i], sets[k]);
                    plan.cost = join_cost(r, sets[i], sets[k], plan.rows, has_key(r, sets[i], sets[k]),
                                          &plan.build_left) +
                                plan.rows;
                    if (best_left >= 0 && plan.cost >= best.cost) continue;
                    best = plan;
                    best_left = i;
                    best_right = k;
                }
            }
        assert(best_left >= 0);
        region_plan *kept = NULL;
        WEFT_TRY(st, WEFT_NEW(ctx, &kept));
        *kept = best;
        sets[best_left] = kept;
        sets[best_right] = sets[--count];
    }
    *out = sets[0];
done:
    return st;
}

/* ---- ---- */

/* Leaves that no condition ties to the others are crossed: each group's smallest leaf with the first group's.
 */
static void connect_groups(region *r)
{
    uint64_t reached = 0, inner = 0;
    int32_t first = -1;
    for (int32_t i = 0; i < r->leaf_count; i++) {
        if (!r->leaves[i].dependent) inner |= (uint64_t)1 << i;
    }
    while (inner & ~reached) {
        const int32_t start = __builtin_ctzll(inner & ~reached);
        uint64_t group = (uint64_t)1 << start, grown = 0;
        while (group != grown) {
            grown = group;
            group |= near_of(r, group) & inner;
        }
        int32_t smallest = start;
        for (int32_t i = 0; i < r->leaf_count; i++)
            if ((group >> i & 1) != 0 && r->leaves[i].rows < r->leaves[smallest].rows) smallest = i;
        reached |= group;
        if (first < 0) {
            first = smallest;
            continue;
        }
        r->adjacent[first] |= (uint64_t)1 << smallest;
        r->adjacent[smallest] |= (uint64_t)1 << first;
    }
}

weft_status region_choose(weft_ctx *ctx, region *r, const region_plan **out)
{
    weft_status st = WEFT_OK;
    uint64_t inner = 0;
    for (int32_t i = 0; i < r->leaf_count; i++)
        if (!r->leaves[i].dependent) inner |= (uint64_t)1 << i;
    for (int32_t i = 0; i < r->leaf_count; i++) { /* one row may be crossed with anything at no cost */
        if (!r->leaves[i].single || r->leaves[i].dependent) continue;
        r->adjacent[i] |= inner & ~((uint64_t)1 << i);
        for (int32_t k = 0; k < r->leaf_count; k++)
            if (k != i && (inner >> k & 1) != 0) r->adjacent[k] |= (uint64_t)1 << i;
    }
    connect_groups(r);
    *out = NULL;
    if (r->leaf_count <= REGION_DP_MAX) WEFT_TRY(st, choose_all(ctx, r, out));
    if (*out == NULL) WEFT_TRY(st, choose_pairs(ctx, r, out));
done:
    return st;
}
