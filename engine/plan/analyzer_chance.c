/* engine/plan/analyzer_chance.c - calls of chance: the seeds that a query does not write, and one evaluation
 * for what the query writes once.
 *
 * A seed is drawn when the statement is analysed, so that every attempt of a task has the same. The parser
 * repeats operands (BETWEEN, CASE value WHEN) and an alias may be used many times: each such call is bound to
 * one node, and where expressions hold that node several times it becomes a column of a projection below
 * them. Groups of chance become columns too, as the select list goes on reading them. */
#include "engine/expr/coerce.h"
#include "engine/expr/function.h"
#include "engine/plan/analyzer_internal.h"

/* ---- binding ---- */

/* What a parsed call became, in which scope and which binding of a view. */
typedef struct bound_chance {
    const weft_scope *scope;
    int32_t binding;
    const weft_expr *call;
} bound_chance;

const weft_expr *weft_find_chance(const weft_binder *b, const weft_expr *parsed)
{
    const bound_chance *found = weft_pointer_map_get(&b->a->chance, parsed);
    const bool same = found != NULL && found->scope == b->scope && found->binding == b->a->binding;
    return same ? found->call : NULL;
}

weft_status weft_keep_chance(weft_binder *b, const weft_expr *parsed, const weft_expr *call)
{
    weft_status st = WEFT_OK;
    bound_chance *kept = NULL;
    WEFT_TRY(st, WEFT_NEW(b->a->ctx, &kept));
    *kept = (bound_chance){.scope = b->scope, .binding = b->a->binding, .call = call};
    b->a->chance_count++;
    WEFT_TRY(st, weft_pointer_map_put(b->a->ctx, &b->a->chance, parsed, kept));
done:
    return st;
}

weft_status weft_draw_seed(weft_binder *b, const weft_expr *parsed, const weft_function *fn,
                           weft_pointers *args)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_value drawn = {.type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), .boolean = true};
    weft_value seed = {.type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT)};
    const weft_expr *literal = NULL;
    if (args->count == fn->seed_at) return WEFT_OK;
    if (args->count != fn->seed_at - 1)
        return weft_fail_arg_count(ctx, fn->name, fn->seed_at - 1, fn->seed_at, args->count,
                                   weft_analyzer_span(b->a, &parsed->span));
    seed.i64 = (int64_t)weft_draw_number(b->a->ids);
    WEFT_TRY(st, weft_expr_literal(ctx, &seed, &literal));
    WEFT_TRY(st, weft_pointers_push(ctx, args, literal));
    WEFT_TRY(st, weft_expr_literal(ctx, &drawn, &literal));
    WEFT_TRY(st, weft_pointers_push(ctx, args, literal));
done:
    return st;
}

weft_status weft_expect_deterministic(weft_analyzer *a, const weft_expr *const *exprs, int32_t count,
                                      const weft_span *span)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    for (int32_t i = 0; i < count; i++) {
        if (weft_expr_deterministic(exprs[i])) continue;
        WEFT_TRY(st, weft_expr_text(a->ctx, exprs[i], false, &text));
        st = weft_fail_at(a->ctx, WEFT_NONDETERMINISTIC, weft_analyzer_span(a, span),
                          "The operator expects a deterministic expression, but the actual expression is "
                          "\"%.200s\".",
                          text);
        weft_hint(a->ctx, "compute it in the select list of a subquery, and join that");
        goto done;
    }
done:
    return st;
}

/* ---- columns for calls ---- */

typedef struct chance_lift {
    weft_ctx *ctx;
    weft_pointers calls;  /* each once */
    weft_pointers shared; /* those that get a column */
    weft_pointers columns;
    bool all;
    weft_status st;
} chance_lift;

static int32_t find_call(const chance_lift *l, const weft_pointers *calls, const weft_expr *e)
{
    for (int32_t i = 0; i < calls->count; i++) {
        const weft_expr *call = weft_pointers_exprs(calls)[i];
        if (call == e || (l->all && weft_expr_equal(call, e))) return i;
    }
    return -1;
}

static bool collect_call(void *self, const weft_expr *e)
{
    chance_lift *l = self;
    if (e->kind == WEFT_EXPR_SUBQUERY) { /* x IN (SELECT …): x would be compared with each row anew */
        for (int32_t i = 0; i < e->arg_count; i++) (void)weft_expr_any(e->args[i], collect_call, l);
    }
    if (e->kind != WEFT_EXPR_CALL || (e->call.function->flags & WEFT_FN_NONDETERMINISTIC) == 0) return false;
    const bool again = find_call(l, &l->calls, e) >= 0;
    if (!again && l->st == WEFT_OK) l->st = weft_pointers_push(l->ctx, &l->calls, e);
    if ((again || l->all) && find_call(l, &l->shared, e) < 0 && l->st == WEFT_OK)
        l->st = weft_pointers_push(l->ctx, &l->shared, e);
    return l->st != WEFT_OK;
}

static weft_status to_column(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    const chance_lift *l = self;
    (void)ctx;
    if (e->kind != WEFT_EXPR_CALL) return WEFT_OK;
    const int32_t at = find_call(l, &l->shared, e);
    if (at >= 0) *out = weft_pointers_exprs(&l->columns)[at];
    return WEFT_OK;
}

weft_status weft_lift_chance(weft_analyzer *a, const weft_node *input, weft_carried *carried, int32_t from,
                             bool all, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    chance_lift l = {.ctx = ctx, .all = all};
    weft_pointers exprs = {0};
    const weft_expr *e = NULL;
    for (int32_t i = 0; i < from; i++)
        if (!weft_expr_deterministic(carried->exprs[i]))
            (void)weft_expr_any(carried->exprs[i], collect_call, &l);
    WEFT_TRY(st, l.st);
    *out = input;
    if (l.shared.count == 0) goto done;
    for (int32_t i = 0; i < input->output.count; i++) {
        WEFT_TRY(st, weft_node_column(ctx, input, i, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    }
    for (int32_t i = 0; i < l.shared.count; i++) {
        const weft_expr *call = weft_pointers_exprs(&l.shared)[i];
        const int64_t id = weft_next_id(a->ids);
        WEFT_TRY(st, weft_expr_alias(ctx, call, id, "_nondeterministic", &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
        WEFT_TRY(st, weft_expr_column(ctx, id, "_nondeterministic", call->type, call->nullable, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &l.columns, e));
    }
    for (int32_t i = 0; i < carried->count; i++) {
        if (weft_expr_deterministic(carried->exprs[i])) continue;
        WEFT_TRY(st, weft_rewrite_top(ctx, carried->exprs[i], to_column, &l, &carried->exprs[i]));
    }
    WEFT_TRY(st, weft_node_project(ctx, input, weft_pointers_exprs(&exprs), exprs.count, out));
done:
    return st;
}
