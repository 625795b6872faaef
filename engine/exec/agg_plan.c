/* engine/exec/agg_plan.c - how an aggregation lies in rows, and its updates by batches. */
#include "engine/columnar/slots.h"
#include "engine/exec/agg_table.h"
#include "engine/expr/agg_split.h"

static const uint64_t start_zero[2];  /* the value of every state at first */
static const uint64_t start_null = 0; /* validity of a constant: its bit 0 says null */

static weft_status plan_call(weft_ctx *ctx, const weft_expr *call, weft_agg_call *out)
{
    weft_status st = WEFT_OK;
    if (call->kind != WEFT_EXPR_AGGREGATE) {
        return weft_fail(ctx, WEFT_INTERNAL, "an aggregation of something that is no aggregate");
    }
    out->call = call;
    out->variant = call->aggregate.function->variant(call);
    out->arg_count = call->arg_count;
    out->filter = -1;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, call->arg_count, &out->args));
    for (int32_t i = 0; i < call->arg_count; i++) {
        if (weft_aggregate_constant(call, i)) { /* a literal: what its column is does not matter */
            out->args[i] = out->args[0];
            continue;
        }
        if (call->args[i]->kind != WEFT_EXPR_COLUMN) {
            return weft_fail(ctx, WEFT_INTERNAL, "an argument of %s is no column",
                             call->aggregate.function->name);
        }
        out->args[i] = call->args[i]->column.ordinal;
    }
    if (call->aggregate.filter != NULL) out->filter = call->aggregate.filter->column.ordinal;
done:
    return st;
}

/* Types of all states behind those of the groups; how they start. */
static weft_status plan_states(weft_ctx *ctx, weft_agg_plan *plan, weft_type *types, int32_t *count)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, plan->call_count * WEFT_AGG_STATES_MAX, &plan->starts));
    for (int32_t i = 0; i < plan->call_count; i++) {
        weft_agg_call *call = &plan->calls[i];
        bool zero[WEFT_AGG_STATES_MAX] = {false};
        call->first_column = *count;
        call->state_count = call->call->aggregate.function->states(call->call, types + *count, zero);
        for (int32_t k = 0; k < call->state_count; k++) {
            const weft_type type = types[*count];
            const weft_phys phys = weft_type_phys(type);
            plan->starts[*count - plan->group_count] =
                (weft_column){.type = type,
                              .phys = (uint8_t)phys,
                              .encoding = WEFT_CONSTANT,
                              .data = start_zero,
                              .validity = zero[k] ? NULL : &start_null};
            if (phys == WEFT_PHYS_STR || phys == WEFT_PHYS_LIST || phys == WEFT_PHYS_STRUCT)
                call->repeatable = true;
            (*count)++;
        }
    }
done:
    return st;
}

weft_status weft_agg_plan_init(weft_ctx *ctx, weft_agg_plan *plan, const weft_type *group_types,
                               int32_t group_count, const weft_expr *const *aggregates,
                               int32_t aggregate_count)
{
    weft_status st = WEFT_OK;
    weft_type *types = NULL;
    int32_t count = group_count;
    *plan = (weft_agg_plan){.group_count = group_count, .call_count = aggregate_count, .compare_bytes = true};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, group_count + aggregate_count * WEFT_AGG_STATES_MAX, &types));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, aggregate_count, &plan->calls));
    for (int32_t i = 0; i < group_count; i++) types[i] = group_types[i];
    for (int32_t i = 0; i < aggregate_count; i++) {
        WEFT_TRY(st, plan_call(ctx, aggregates[i], &plan->calls[i]));
        plan->arg_most = weft_max_i32(plan->arg_most, plan->calls[i].arg_count);
    }
    WEFT_TRY(st, plan_states(ctx, plan, types, &count));
    WEFT_TRY(st, weft_row_layout_init(ctx, types, count, &plan->layout));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &plan->columns));
    for (int32_t i = 0; i < count; i++) plan->columns[i] = i;
    for (int32_t i = 0; i < group_count; i++) {
        const uint8_t phys = plan->layout.phys[i];
        if (phys == WEFT_PHYS_F32 || phys == WEFT_PHYS_F64 || phys == WEFT_PHYS_STR)
            plan->compare_bytes = false;
    }
done:
    return st;
}

weft_agg_place weft_agg_place_of(const weft_agg_plan *plan, int32_t call, weft_row_set *heap)
{
    return (weft_agg_place){.layout = &plan->layout,
                            .heap = heap,
                            .first_column = plan->calls[call].first_column,
                            .call = plan->calls[call].call};
}

/* ---- updates ---- */

/* The selected rows where the FILTER column is true: positions, and the rows of their groups. */
static int32_t filter_rows(const weft_batch *batch, const weft_column *filter, uint8_t *const *rows,
                           uint16_t *positions, uint8_t **kept)
{
    int32_t n = 0;
    for (int32_t first = 0; first < batch->selected; first += WEFT_SLOTS_CHUNK) {
        uint32_t scratch[WEFT_SLOTS_CHUNK];
        uint8_t null[WEFT_SLOTS_CHUNK] = {0};
        weft_positions at;
        weft_slots slots;
        weft_positions_load(batch->selection, first, weft_min_i32(batch->selected - first, WEFT_SLOTS_CHUNK),
                            &at);
        weft_slots_load(filter, &at, scratch, &slots);
        const bool has_nulls = weft_slots_nulls(&slots, at.count, null);
        const uint8_t *values = slots.values;
        for (int32_t i = 0; i < at.count; i++) {
            if ((has_nulls && null[i]) || filter->phys != WEFT_PHYS_BOOL) continue;
            if (!values[slots.index == NULL ? (uint32_t)i : slots.index[i]]) continue;
            positions[n] = batch->selection == NULL ? (uint16_t)(first + i) : batch->selection[first + i];
            if (rows != NULL) kept[n] = rows[first + i];
            n++;
        }
    }
    return n;
}

/* split: the rows of batch by group, or NULL. */
static weft_status update_call(weft_ctx *ctx, const weft_agg_plan *plan, int32_t c, weft_row_set *heap,
                               const weft_batch *batch, uint8_t *const *rows, uint8_t *one,
                               const weft_agg_split *split, weft_column *args)
{
    const weft_agg_call *call = &plan->calls[c];
    const weft_agg_place place = weft_agg_place_of(plan, c, heap);
    uint16_t positions[WEFT_BATCH_ROWS_MAX];
    uint8_t *kept[WEFT_BATCH_ROWS_MAX];
    weft_batch some = *batch;
    for (int32_t i = 0; i < call->arg_count; i++) args[i] = batch->columns[call->args[i]];
    if (call->filter >= 0) {
        some.selected = filter_rows(batch, &batch->columns[call->filter], rows, positions, kept);
        some.selection = positions;
        rows = rows != NULL ? kept : NULL;
        if (some.selected == 0) return WEFT_OK;
    }
    if (split != NULL && call->filter < 0 && call->variant->update_one != NULL) {
        return weft_agg_split_update(ctx, split, &place, call->variant, batch, args);
    }
    if (one != NULL && call->variant->update_one != NULL) {
        return call->variant->update_one(ctx, &place, one, &some, args);
    }
    if (one != NULL) {
        for (int32_t i = 0; i < some.selected; i++) kept[i] = one;
        rows = kept;
    }
    return call->variant->update(ctx, &place, rows, &some, args);
}

static weft_status update_calls(weft_ctx *ctx, const weft_agg_plan *plan, weft_row_set *heap,
                                const weft_batch *batch, uint8_t *const *rows, uint8_t *one, int32_t *from)
{
    weft_status st = WEFT_OK;
    weft_column small[8], *args = small;
    weft_agg_split split;
    const bool few = rows != NULL && plan->call_count - *from >= WEFT_AGG_SPLIT_CALLS &&
                     weft_agg_split_rows(rows, batch, &split);
    if (plan->arg_most > WEFT_COUNT(small)) {
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)plan->arg_most * sizeof(*args),
                                    (void **)&args));
    }
    for (; *from < plan->call_count; (*from)++) {
        WEFT_TRY(st, update_call(ctx, plan, *from, heap, batch, rows, one, few ? &split : NULL, args));
    }
done:
    if (args != small) weft_mem_free(args);
    return st;
}

weft_status weft_agg_update(weft_ctx *ctx, const weft_agg_plan *plan, weft_row_set *heap,
                            const weft_batch *batch, uint8_t *const *rows, int32_t *from)
{
    return update_calls(ctx, plan, heap, batch, rows, NULL, from);
}

weft_status weft_agg_update_one(weft_ctx *ctx, const weft_agg_plan *plan, weft_row_set *heap,
                                const weft_batch *batch, uint8_t *row, int32_t *from)
{
    return update_calls(ctx, plan, heap, batch, NULL, row, from);
}
