/* engine/expr/program_filter_compile.c - predicates as trees of narrowings (see program_impl.h).
 *
 * NOT is pushed down to the leaves (in three-valued logic NOT (a < b) is true exactly when a >= b is, and De
 * Morgan's laws hold). The conjuncts that read one column stand together, so that over a dictionary they are
 * one lookup. */
#include <string.h>

#include "engine/expr/program_impl.h"

static weft_status filter_new(weft_ctx *ctx, const weft_expr *e, program_filter_kind kind,
                              program_filter **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, out));
    **out = (program_filter){
        .kind = kind, .column = -1, .map = -1, .order = -1, .unit = -1, .left = -1, .right = -1};
    if (e == NULL) goto done;
    (*out)->fallible = weft_expr_fallible(e);
    (*out)->fixed = !weft_expr_deterministic(e);
    (*out)->cost = program_cost(e);
    const int32_t column = weft_expr_deterministic(e) ? program_only_column(e) : -2;
    (*out)->column = column < 0 ? -1 : column;
done:
    return st;
}

/* A unit that computes one or two values for a leaf. Under a filter that is itself mapped no maps are needed.
 */
static weft_status filter_leaf(weft_ctx *ctx, program_compiler *c, program_filter *f, const weft_expr *left,
                               const weft_expr *right)
{
    weft_status st = WEFT_OK;
    program_unit_frame outer;
    WEFT_TRY(st, program_unit_begin(ctx, c, false, &outer));
    c->mapping = f->column >= 0;
    f->unit = c->unit_index;
    WEFT_TRY(st, program_value_compile(ctx, c, left, c->unit->scope, &f->left));
    if (right != NULL) WEFT_TRY(st, program_value_compile(ctx, c, right, c->unit->scope, &f->right));
    c->program->values[f->left].kept = true;
    if (right != NULL) c->program->values[f->right].kept = true;
    WEFT_TRY(st, program_unit_end(ctx, c, &outer));
done:
    return st;
}

static weft_status filter_build(weft_ctx *ctx, program_compiler *c, const weft_expr *e, bool negate,
                                program_filter **out);

/* Append a child to an AND or OR; children of the same kind are taken apart. */
static weft_status filter_add(weft_ctx *ctx, program_filter *parent, program_filter *child, int32_t *room)
{
    weft_status st = WEFT_OK;
    if (child->kind == parent->kind) {
        for (int32_t k = 0; k < child->child_count; k++) {
            WEFT_TRY(st, filter_add(ctx, parent, child->children[k], room));
        }
        return WEFT_OK;
    }
    WEFT_TRY(st, program_grow(ctx, parent->child_count, room, sizeof *parent->children, &parent->children));
    parent->children[parent->child_count++] = child;
done:
    return st;
}

/* Put the infallible conjuncts over one column into an AND of their own, at the place of the first. */
static weft_status filter_cluster(weft_ctx *ctx, program_filter *f)
{
    weft_status st = WEFT_OK;
    int32_t count = 0;
    for (int32_t i = 0; i < f->child_count; i++) {
        program_filter *first = f->children[i], *group = NULL;
        int32_t room = 0;
        if (first == NULL) continue;
        for (int32_t j = i + 1; j < f->child_count && first->column >= 0 && !first->fallible; j++) {
            program_filter *other = f->children[j];
            if (other == NULL || other->column != first->column || other->fallible) continue;
            if (group == NULL) {
                WEFT_TRY(st, filter_new(ctx, NULL, FILTER_AND, &group));
                group->column = first->column;
                group->cost = first->cost;
                WEFT_TRY(st, filter_add(ctx, group, first, &room));
            }
            group->cost += other->cost;
            WEFT_TRY(st, filter_add(ctx, group, other, &room));
            f->children[j] = NULL;
        }
        f->children[count++] = group == NULL ? first : group;
    }
    f->child_count = count;
done:
    return st;
}

/* Does a stand before b, which follows it in the text? */
static bool filter_before(const program_filter *a, const program_filter *b)
{
    return b->fallible || (!a->fallible && a->cost <= b->cost);
}

/* The infallible children first, by cost; the fallible ones keep their order, and so does what costs the
 * same: a merge sort from runs of one. */
static weft_status filter_sort(weft_ctx *ctx, program_filter *f)
{
    weft_status st = WEFT_OK;
    const int32_t count = f->child_count;
    program_filter **from = f->children, **to = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + 1, &to));
    for (int32_t run = 1; run < count; run *= 2) {
        for (int32_t start = 0; start < count; start += 2 * run) {
            const int32_t middle = weft_min_i32(start + run, count), stop = weft_min_i32(middle + run, count);
            int32_t left = start, right = middle;
            for (int32_t at = start; at < stop; at++) {
                const bool take = right == stop || (left < middle && filter_before(from[left], from[right]));
                to[at] = take ? from[left++] : from[right++];
            }
        }
        program_filter **swap = from;
        from = to;
        to = swap;
    }
    f->children = from;
done:
    return st;
}

static weft_status filter_finish_and(weft_ctx *ctx, program_compiler *c, program_filter *f)
{
    weft_status st = WEFT_OK;
    weft_program *p = c->program;
    for (int32_t i = 0; i < f->child_count; i++)
        if (f->children[i]->fixed) return WEFT_OK;
    if (f->child_count > 1 && f->column < 0) WEFT_TRY(st, filter_cluster(ctx, f));
    WEFT_TRY(st, filter_sort(ctx, f));
    int32_t movable = 0;
    while (movable < f->child_count && !f->children[movable]->fallible) movable++;
    if (movable < 2 || f->column >= 0) goto done;
    WEFT_TRY(st, program_grow(ctx, p->order_count, &c->order_room, sizeof *p->order_sizes, &p->order_sizes));
    f->order = p->order_count;
    p->order_sizes[p->order_count++] = movable;
done:
    return st;
}

static weft_status filter_many(weft_ctx *ctx, program_compiler *c, const weft_expr *e, bool negate,
                               program_filter **out)
{
    weft_status st = WEFT_OK;
    const bool conjunction = (e->kind == WEFT_EXPR_AND) != negate;
    int32_t room = 0;
    program_filter *child;
    WEFT_TRY(st, filter_new(ctx, e, conjunction ? FILTER_AND : FILTER_OR, out));
    for (int32_t k = 0; k < e->arg_count; k++) {
        WEFT_TRY(st, filter_build(ctx, c, e->args[k], negate, &child));
        WEFT_TRY(st, filter_add(ctx, *out, child, &room));
    }
    if (conjunction) WEFT_TRY(st, filter_finish_and(ctx, c, *out));
done:
    return st;
}

static bool filter_comparable(const weft_expr *e)
{
    const weft_phys phys = weft_type_phys(e->args[0]->type);
    return phys != WEFT_PHYS_NULL && phys != WEFT_PHYS_LIST && phys != WEFT_PHYS_STRUCT;
}

static weft_status filter_build(weft_ctx *ctx, program_compiler *c, const weft_expr *e, bool negate,
                                program_filter **out)
{
    weft_status st = WEFT_OK;
    while (e->kind == WEFT_EXPR_ALIAS || e->kind == WEFT_EXPR_NOT) {
        negate ^= e->kind == WEFT_EXPR_NOT;
        e = e->args[0];
    }
    if (e->kind == WEFT_EXPR_AND || e->kind == WEFT_EXPR_OR) return filter_many(ctx, c, e, negate, out);
    WEFT_TRY(st, filter_new(ctx, e, negate ? FILTER_FALSE : FILTER_TRUE, out));
    program_filter *f = *out;
    if (e->kind == WEFT_EXPR_IS_NULL || e->kind == WEFT_EXPR_IS_NOT_NULL) {
        f->kind = (e->kind == WEFT_EXPR_IS_NULL) != negate ? FILTER_NULL : FILTER_NOT_NULL;
        return filter_leaf(ctx, c, f, e->args[0], NULL);
    }
    if (e->kind == WEFT_EXPR_CALL && filter_comparable(e)) {
        const weft_compare_op op = weft_compare_op_find(e->call.function->name);
        if (op != WEFT_CMP_OPS) {
            f->kind = FILTER_COMPARE;
            f->op = negate ? weft_compare_op_negate(op) : op;
            return filter_leaf(ctx, c, f, e->args[0], e->args[1]);
        }
    }
    bool literals = e->kind == WEFT_EXPR_IN && !weft_type_is_nested(e->args[0]->type);
    for (int32_t k = 1; literals && k < e->arg_count; k++) literals = e->args[k]->kind == WEFT_EXPR_LITERAL;
    if (literals) {
        f->kind = FILTER_IN;
        f->negated = negate;
        WEFT_TRY(st, weft_in_set_new(ctx, e->args + 1, e->arg_count - 1, &f->set));
        return filter_leaf(ctx, c, f, e->args[0], NULL);
    }
    st = filter_leaf(ctx, c, f, e, NULL);
done:
    return st;
}

/* Give a table to every topmost filter over one column. */
static void filter_map(program_compiler *c, program_filter *f)
{
    if (f->column >= 0) {
        const weft_phys phys = f->column < c->program->input_count
                                   ? weft_type_phys(c->program->input_types[f->column])
                                   : WEFT_PHYS_NULL;
        const bool bare = f->kind == FILTER_NULL || f->kind == FILTER_NOT_NULL;
        if (phys != WEFT_PHYS_LIST && phys != WEFT_PHYS_STRUCT && phys != WEFT_PHYS_NULL && !bare) {
            f->map = c->program->map_count++;
        }
        return;
    }
    for (int32_t k = 0; k < f->child_count; k++) filter_map(c, f->children[k]);
}

weft_status program_filter_compile(weft_ctx *ctx, program_compiler *c)
{
    weft_status st = WEFT_OK;
    weft_program *p = c->program;
    program_filter *all;
    int32_t room = 0;
    WEFT_TRY(st, filter_new(ctx, NULL, FILTER_AND, &all));
    for (int32_t i = 0; i < p->expr_count; i++) {
        program_filter *child;
        if (p->exprs[i]->type.id != WEFT_TYPE_BOOLEAN) return WEFT_OK; /* no predicate: only projected */
        WEFT_TRY(st, filter_build(ctx, c, p->exprs[i], false, &child));
        WEFT_TRY(st, filter_add(ctx, all, child, &room));
    }
    bool one = all->child_count > 0;
    for (int32_t k = 1; k < all->child_count && one; k++)
        one = all->children[k]->column == all->children[0]->column;
    if (one) all->column = all->children[0]->column;
    for (int32_t k = 0; k < all->child_count; k++) all->fallible |= all->children[k]->fallible;
    WEFT_TRY(st, filter_finish_and(ctx, c, all));
    filter_map(c, all);
    p->all = all;
done:
    return st;
}
