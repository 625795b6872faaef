/* engine/plan/collation_aggregate.c - aggregates by and of collated strings (rule_collation.c).
 *
 * A group gives back the string of its first row. min(s) and max(s) become (min_key)(s, key) and
 * (max_key)(s, key), arguments that are counted become keys. What tells strings apart and gives them back
 * (mode, DISTINCT arguments) gets one string for all that are equal: the first of its group with that key, by
 * a window below the aggregation. */
#include "engine/columnar/collation.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/collate.h"
#include "engine/plan/optimizer_impl.h"

/* min(s), max(s): the string with the least or greatest key. */
static weft_status extreme_by(weft_ctx *ctx, const weft_expr *call, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[2] = {call->args[0], NULL};
    const bool least = strcmp(call->aggregate.function->name, "min") == 0;
    WEFT_TRY(st, opt_collation_key(ctx, args[0], &args[1]));
    st = weft_expr_aggregate(ctx, least ? "(min_key)" : "(max_key)", args, 2, false, call->aggregate.filter,
                             &call->span, out);
done:
    return st;
}

/* The call over keys of its arguments from `first` on. */
static weft_status over_keys(weft_ctx *ctx, const weft_expr *call, int32_t first, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **args = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, call->arg_count, &args));
    for (int32_t i = 0; i < call->arg_count; i++) {
        args[i] = call->args[i];
        if (i >= first) WEFT_TRY(st, opt_collation_key(ctx, args[i], &args[i]));
    }
    st = weft_expr_aggregate(ctx, call->aggregate.function->name, args, call->arg_count,
                             call->aggregate.distinct, call->aggregate.filter, &call->span, out);
done:
    return st;
}

enum { LISTAGG_ORDER = 3 }; /* the first argument of listagg() by which it is ordered */

static bool is_set(const weft_expr *call)
{
    return strcmp(call->aggregate.function->name, "collect_set") == 0;
}

/* Does it tell strings apart, and give them back? */
static bool tells_apart(const weft_expr *call)
{
    static const char *const own[] = {"mode", "approx_top_k"};
    const char *name = call->aggregate.function->name;
    for (int32_t i = 0; i < WEFT_COUNT(own); i++)
        if (strcmp(name, own[i]) == 0) return true;
    return call->aggregate.distinct && !call->aggregate.function->ignores_duplicates &&
           strcmp(name, "count") != 0;
}

/* Does it count different strings in a sketch? */
static bool is_sketch(const char *name)
{
    static const char *const sketches[] = {"hll_sketch_agg", "theta_sketch_agg", "tuple_sketch_agg_double",
                                           "tuple_sketch_agg_integer"};
    for (int32_t i = 0; i < WEFT_COUNT(sketches); i++)
        if (strcmp(name, sketches[i]) == 0) return true;
    return false;
}

weft_status opt_collate_call(weft_ctx *ctx, const weft_expr *call, const weft_expr **out)
{
    const char *name = call->aggregate.function->name;
    *out = call;
    if (!weft_any_collated(call->args, call->arg_count)) return WEFT_OK;
    if (strcmp(name, "min") == 0 || strcmp(name, "max") == 0) return extreme_by(ctx, call, out);
    if (strcmp(name, "min_by") == 0 || strcmp(name, "max_by") == 0) return over_keys(ctx, call, 1, out);
    if (strcmp(name, "count") == 0 && !call->aggregate.distinct) return WEFT_OK;
    if (strcmp(name, "count") == 0 || strcmp(name, "approx_count_distinct") == 0)
        return over_keys(ctx, call, 0, out);
    if (is_sketch(name)) return over_keys(ctx, call, 0, out);
    if (is_set(call))
        return weft_fail_at(ctx, WEFT_UNSUPPORTED_INPUT_TYPE, &call->span,
                            "The input of `collect_set` can't be \"COLLATED STRING\" type data.");
    if (tells_apart(call))
        return weft_fail_at(ctx, WEFT_UNSUPPORTED, &call->span, "%s%s of collated strings is not supported.",
                            name, call->aggregate.distinct ? "() with DISTINCT arguments" : "()");
    if (strcmp(name, "listagg") == 0) return over_keys(ctx, call, LISTAGG_ORDER, out);
    return WEFT_OK;
}

/* A group by the key, and an aggregate that gives its string. */
static weft_status split_group(weft_ctx *ctx, weft_ids *ids, const weft_expr *group, weft_pointers *groups,
                               weft_pointers *calls)
{
    weft_status st = WEFT_OK;
    const weft_expr *value = opt_below_alias(group), *key = NULL, *first = NULL;
    const char *name = group->kind == WEFT_EXPR_ALIAS ? group->alias.name : group->column.name;
    WEFT_TRY(st, opt_collation_key(ctx, value, &key));
    if (key == value) {
        WEFT_TRY(st, weft_pointers_push(ctx, groups, group));
        goto done;
    }
    WEFT_TRY(st, weft_expr_alias(ctx, key, weft_next_id(ids), name, &key));
    WEFT_TRY(st, weft_pointers_push(ctx, groups, key));
    WEFT_TRY(st, weft_expr_aggregate(ctx, "first", &value, 1, false, NULL, &group->span, &first));
    WEFT_TRY(st, weft_expr_alias(ctx, first, opt_output_id(group), name, &first));
    WEFT_TRY(st, weft_pointers_push(ctx, calls, first));
done:
    return st;
}

/* ---- one string for all that are equal ---- */

/* first(value) OVER (PARTITION BY the groups, the filter, the value's key). */
static weft_status first_of_equals(weft_ctx *ctx, weft_ids *ids, const weft_node *node, const weft_expr *call,
                                   const weft_expr *value, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_window_spec *spec = NULL;
    weft_pointers keys = {0};
    const weft_expr *key = NULL, *first = NULL;
    for (int32_t i = 0; i < node->aggregate.group_count; i++) {
        WEFT_TRY(st, opt_collation_key(ctx, opt_below_alias(node->aggregate.groups[i]), &key));
        WEFT_TRY(st, weft_pointers_push(ctx, &keys, key));
    }
    if (call->aggregate.filter != NULL) WEFT_TRY(st, weft_pointers_push(ctx, &keys, call->aggregate.filter));
    WEFT_TRY(st, opt_collation_key(ctx, value, &key));
    WEFT_TRY(st, weft_pointers_push(ctx, &keys, key));
    WEFT_TRY(st, WEFT_NEW(ctx, &spec));
    *spec = (weft_window_spec){.partition_count = keys.count,
                               .partition = weft_pointers_exprs(&keys),
                               .has_frame = true,
                               .rows = true,
                               .low = WEFT_BOUND_UNBOUNDED_PRECEDING,
                               .high = WEFT_BOUND_UNBOUNDED_FOLLOWING};
    WEFT_TRY(st, weft_expr_aggregate(ctx, "first", &value, 1, false, NULL, &call->span, &first));
    WEFT_TRY(st, weft_expr_window(ctx, first, spec, &first));
    st = weft_expr_alias(ctx, first, weft_next_id(ids), "first", out);
done:
    return st;
}

/* *call over such columns, which are put on top of *input. Their strings are compared by their bytes now,
 * whatever the type says: no rule behind this one looks at it. */
static weft_status over_first(weft_ctx *ctx, weft_ids *ids, const weft_node *node, const weft_node **input,
                              const weft_expr **call)
{
    weft_status st = WEFT_OK;
    const weft_expr **args = NULL, *old = *call;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, old->arg_count, &args));
    for (int32_t i = 0; i < old->arg_count; i++) {
        const weft_expr *first = NULL;
        args[i] = old->args[i];
        if (!weft_type_is_collated(args[i]->type)) continue;
        WEFT_TRY(st, first_of_equals(ctx, ids, node, old, args[i], &first));
        WEFT_TRY(st, weft_node_window(ctx, *input, &first, 1, input));
        WEFT_TRY(st, weft_node_column(ctx, *input, (*input)->output.count - 1, &args[i]));
    }
    st = weft_expr_with_args(ctx, old, args, call);
done:
    return st;
}

/* ---- the node ---- */

/* A call with its name, over what is below it by then. */
static weft_status collate_named(weft_ctx *ctx, weft_ids *ids, const weft_node *node, const weft_node **input,
                                 const weft_expr *named, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *call = named->args[0];
    *out = named;
    const bool ordered = call->arg_count > LISTAGG_ORDER; /* by the key, and what is ordered is told apart */
    if (tells_apart(call) && weft_any_collated(call->args, call->arg_count) && !is_set(call) && !ordered)
        WEFT_TRY(st, over_first(ctx, ids, node, input, &call));
    else
        WEFT_TRY(st, opt_collate_call(ctx, call, &call));
    if (call != named->args[0])
        WEFT_TRY(st, weft_expr_alias(ctx, call, named->alias.id, named->alias.name, out));
done:
    return st;
}

weft_status opt_collate_aggregate(weft_ctx *ctx, weft_ids *ids, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers groups = {0}, calls = {0};
    const weft_node *input = node->inputs[0];
    bool changed = weft_any_collated(node->aggregate.groups, node->aggregate.group_count);
    for (int32_t i = 0; i < node->aggregate.aggregate_count; i++) {
        const weft_expr *named = NULL;
        WEFT_TRY(st, collate_named(ctx, ids, node, &input, node->aggregate.aggregates[i], &named));
        changed |= named != node->aggregate.aggregates[i];
        WEFT_TRY(st, weft_pointers_push(ctx, &calls, named));
    }
    *out = node;
    if (!changed) goto done;
    for (int32_t i = 0; i < node->aggregate.group_count; i++)
        WEFT_TRY(st, split_group(ctx, ids, node->aggregate.groups[i], &groups, &calls));
    WEFT_TRY(st, weft_node_aggregate(ctx, input, weft_pointers_exprs(&groups), groups.count,
                                     weft_pointers_exprs(&calls), calls.count, out));
    WEFT_TRY(st, opt_restore(ctx, *out, &node->output, out));
done:
    return st;
}
