/* engine/plan/analyzer_nearest.c - left [LEFT] JOIN right APPROX | EXACT NEAREST n BY DISTANCE | SIMILARITY
 * rank.
 *
 * It is the lateral join with (SELECT * FROM right WHERE rank IS NOT NULL ORDER BY rank LIMIT n), in which
 * columns of the left side are those of the query around it; APPROX gives the exact answer too, as in Spark.
 */
#include "engine/plan/analyzer_nearest.h"

#include "engine/expr/coerce.h"
#include "engine/plan/analyzer_asof.h"

/* Columns of the left side become those of an outer query. */
static weft_status to_outer(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_outputs *left = self;
    weft_expr *made = NULL;
    const weft_expr **args = NULL;
    if (e->kind != WEFT_EXPR_COLUMN || !weft_outputs_cover(left, e)) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, &made));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 1, &args));
    args[0] = e;
    *made = (weft_expr){.kind = WEFT_EXPR_OUTER,
                        .type = e->type,
                        .nullable = e->nullable,
                        .span = e->span,
                        .arg_count = 1,
                        .args = args};
    weft_expr_settle(made);
    *out = made;
done:
    return st;
}

static weft_status push_outer(weft_analyzer *a, const weft_node *join, const weft_expr *e,
                              weft_pointers *list)
{
    weft_status st = WEFT_OK;
    weft_outputs left = join->inputs[0]->output;
    const weft_expr *made = NULL;
    WEFT_TRY(st, weft_rewrite_top(a->ctx, e, to_outer, &left, &made));
    WEFT_TRY(st, weft_pointers_push(a->ctx, list, made));
done:
    return st;
}

weft_status weft_best_with(weft_analyzer *a, const weft_node *join, const weft_expr *condition,
                           const weft_expr *rank, bool descending, int32_t count, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    weft_pointers conjuncts = {0}, keys = {0};
    const weft_node *right = join->inputs[1];
    const weft_expr *key = NULL;
    for (int32_t i = 0; i < join->join.key_count; i++) {
        const weft_expr *pair[2] = {join->join.left_keys[i], join->join.right_keys[i]}, *equal = NULL;
        const bool null_equal = join->join.null_equal != NULL && join->join.null_equal[i];
        WEFT_TRY(st, weft_expr_call(ctx, null_equal ? "<=>" : "=", pair, 2, NULL, &equal));
        WEFT_TRY(st, push_outer(a, join, equal, &conjuncts));
    }
    for (int32_t i = 0; i < join->join.condition_count; i++)
        WEFT_TRY(st, push_outer(a, join, join->join.conditions[i], &conjuncts));
    if (condition != NULL) WEFT_TRY(st, push_outer(a, join, condition, &conjuncts));
    WEFT_TRY(st, weft_node_filter(ctx, right, weft_pointers_exprs(&conjuncts), conjuncts.count, &right));
    WEFT_TRY(st, push_outer(a, join, rank, &keys));
    WEFT_TRY(st, weft_expr_sort_key(ctx, weft_pointers_exprs(&keys)[0], descending, !descending, &key));
    WEFT_TRY(st, weft_node_sort(ctx, right, &key, 1, -1, &right));
    WEFT_TRY(st, weft_node_limit(ctx, right, 0, count, &right));
    const weft_node *inputs[2] = {join->inputs[0], right};
    weft_node model = {.kind = WEFT_NODE_JOIN, .span = join->span, .input_count = 2, .inputs = inputs};
    model.join.kind = join->join.kind;
    model.join.lateral = true;
    WEFT_TRY(st, weft_node_join_from(ctx, &model, out));
done:
    return st;
}

weft_status weft_bind_nearest(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                              weft_cte *ctes, const weft_bound *left, const weft_bound *right,
                              const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    const weft_span *span = weft_analyzer_span(a, &parsed->join.rank->span);
    weft_scope scope = {0};
    weft_pointers none = {0};
    const weft_expr *rank = NULL, *known = NULL;
    const weft_node *join = NULL;
    char *text = NULL, type[128];
    WEFT_TRY(st, weft_join_scope(ctx, left, right, outer, &scope));
    weft_binder b = {.a = a,
                     .scope = &scope,
                     .ctes = ctes,
                     .clause = "NEAREST BY",
                     .no_aggregates = WEFT_UNSUPPORTED_EXPR};
    WEFT_TRY(st, weft_bind_expr(&b, parsed->join.rank, &rank));
    if (!weft_type_is_orderable(rank->type)) {
        WEFT_TRY(st, weft_expr_text(ctx, rank, false, &text));
        WEFT_TRY(st, weft_fail_at(
                         ctx, WEFT_NEAREST_ORDER, span,
                         "Invalid nearest-by join. The ranking expression \"%.200s\" of type \"%s\" is not "
                         "orderable. Provide an expression that returns an orderable type, such as a "
                         "numeric distance like abs(a.col - b.col) or a numeric similarity score.",
                         text, weft_type_text(rank->type, type, sizeof type)));
    }
    WEFT_TRY(st, weft_expect_deterministic(a, &rank, 1, &parsed->join.rank->span));
    WEFT_TRY(st, weft_build_join(a, parsed, left->node, right->node, &none, &join));
    WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_IS_NOT_NULL, &rank, 1, span, &known));
    WEFT_TRY(st, weft_best_with(a, join, known, rank, parsed->join.similarity, parsed->join.nearest, out));
done:
    return st;
}
