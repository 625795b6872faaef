/* engine/expr/program.c - lane states: open, project, filter, close. */
#include "engine/expr/program.h"

#include <string.h>

#include "common/mem.h"
#include "engine/expr/program_impl.h"

static weft_status eval_array(weft_ctx *ctx, int32_t count, size_t bytes, void *out)
{
    return weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)(count + 1) * bytes, out);
}

static weft_status eval_open_orders(weft_ctx *ctx, weft_eval *ev)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < ev->program->order_count; i++) {
        program_order *order = &ev->orders[i];
        order->count = ev->program->order_sizes[i];
        WEFT_TRY(st, eval_array(ctx, order->count, sizeof *order->sequence, &order->sequence));
        WEFT_TRY(st, eval_array(ctx, order->count, sizeof *order->rows_in, &order->rows_in));
        WEFT_TRY(st, eval_array(ctx, order->count, sizeof *order->rows_out, &order->rows_out));
        WEFT_TRY(st, eval_array(ctx, order->count, sizeof *order->time_ns, &order->time_ns));
        for (int32_t k = 0; k < order->count; k++) order->sequence[k] = k;
    }
done:
    return st;
}

weft_status weft_eval_open(weft_ctx *ctx, const weft_program *program, weft_eval **out)
{
    weft_status st = WEFT_OK;
    weft_eval *ev = NULL;
    const weft_program *p = program;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *ev, (void **)&ev));
    ev->program = p;
    WEFT_TRY(st, eval_array(ctx, p->value_count, sizeof *ev->values, &ev->values));
    WEFT_TRY(st, eval_array(ctx, p->value_count, sizeof *ev->flat, &ev->flat));
    WEFT_TRY(st, eval_array(ctx, p->value_count, sizeof *ev->has_flat, &ev->has_flat));
    WEFT_TRY(st, eval_array(ctx, p->value_count, sizeof *ev->flat_store, &ev->flat_store));
    WEFT_TRY(st, eval_array(ctx, p->register_count, sizeof *ev->has_register, &ev->has_register));
    WEFT_TRY(st, eval_array(ctx, p->register_count, sizeof *ev->registers, &ev->registers));
    WEFT_TRY(st, eval_array(ctx, p->register_count, sizeof *ev->register_valid, &ev->register_valid));
    WEFT_TRY(st, eval_array(ctx, p->scope_count, sizeof *ev->scopes, &ev->scopes));
    WEFT_TRY(st, eval_array(ctx, p->state_count, sizeof *ev->states, &ev->states));
    WEFT_TRY(st, eval_array(ctx, p->map_count, sizeof *ev->maps, &ev->maps));
    WEFT_TRY(st, eval_array(ctx, p->order_count, sizeof *ev->orders, &ev->orders));
    WEFT_TRY(st, eval_array(ctx, p->arg_max, sizeof *ev->args, &ev->args));
    WEFT_TRY(st, eval_array(ctx, p->input_count, sizeof *ev->entry_inputs, &ev->entry_inputs));
    WEFT_TRY(st, eval_array(ctx, WEFT_BATCH_ROWS_MAX, 1, &ev->scratch));
    WEFT_TRY(st, eval_array(ctx, WEFT_BATCH_ROWS_MAX, sizeof *ev->wide, &ev->wide));
    WEFT_TRY(st, eval_open_orders(ctx, ev));
    for (int32_t v = 0; v < p->value_count; v++) {
        if (p->values[v].kind == VALUE_LITERAL) ev->values[v] = *p->values[v].literal;
    }
    *out = ev;
    ev = NULL;
done:
    weft_eval_close(&ev);
    return st;
}

/* Free the arrays that opening made, as far as it came. */
static void eval_free_arrays(weft_eval *ev)
{
    const weft_program *p = ev->program;
    for (int32_t i = 0; ev->orders != NULL && i < p->order_count; i++) {
        weft_mem_free(ev->orders[i].sequence);
        weft_mem_free(ev->orders[i].rows_in);
        weft_mem_free(ev->orders[i].rows_out);
        weft_mem_free(ev->orders[i].time_ns);
    }
    weft_mem_free(ev->values);
    weft_mem_free(ev->flat);
    weft_mem_free(ev->has_flat);
    weft_mem_free(ev->flat_store);
    weft_mem_free(ev->has_register);
    weft_mem_free(ev->registers);
    weft_mem_free(ev->register_valid);
    weft_mem_free(ev->scopes);
    weft_mem_free(ev->states);
    weft_mem_free(ev->maps);
    weft_mem_free(ev->orders);
    weft_mem_free(ev->args);
    weft_mem_free(ev->entry_inputs);
    weft_mem_free(ev->scratch);
    weft_mem_free(ev->wide);
}

void weft_eval_close(weft_eval **eval)
{
    weft_eval *ev = *eval;
    if (ev == NULL) return;
    const weft_program *p = ev->program;
    for (int32_t v = 0; ev->flat_store != NULL && v < p->value_count; v++) {
        if (ev->flat_store[v] == NULL) continue;
        weft_vector_deinit(ev->flat_store[v]);
        weft_mem_free(ev->flat_store[v]);
    }
    for (int32_t r = 0; ev->register_valid != NULL && r < p->register_count; r++) {
        if (ev->has_register[r]) weft_vector_deinit(&ev->registers[r]);
        weft_mem_free(ev->register_valid[r]);
    }
    for (int32_t s = 0; ev->scopes != NULL && s < p->scope_count; s++) weft_mem_free(ev->scopes[s].buffer);
    for (int32_t s = 0; ev->states != NULL && s < p->state_count; s++) {
        if (ev->states[s] == NULL) continue;
        if (weft_zone_matters(p->states[s]))
            weft_zone_close((weft_zone **)&ev->states[s]);
        else if (p->states[s]->call.function->close != NULL)
            p->states[s]->call.function->close(ev->states[s]);
    }
    for (int32_t m = 0; ev->maps != NULL && m < p->map_count; m++) program_map_close(&ev->maps[m]);
    for (int32_t i = 0; i < SELECTIONS_MAX && ev->selections[i] != NULL; i++)
        weft_mem_free(ev->selections[i]);
    eval_free_arrays(ev);
    weft_mem_free(ev);
    *eval = NULL;
}

weft_status weft_eval_project(weft_ctx *ctx, weft_eval *ev, const weft_batch *in, weft_column *out)
{
    weft_status st = WEFT_OK;
    const weft_program *p = ev->program;
    if (p->outputs == NULL) return weft_fail(ctx, WEFT_INTERNAL, "this program only filters");
    WEFT_TRY(st, program_unit_run(ctx, ev, p->units[0], in->columns, in->rows, in->selection, in->selected));
    for (int32_t i = 0; i < p->expr_count; i++) {
        out[i] = ev->values[p->outputs[i]];
        out[i].type = p->exprs[i]->type;
    }
done:
    return st;
}

weft_status weft_eval_filter(weft_ctx *ctx, weft_eval *ev, const weft_batch *in, uint16_t *selection,
                             int32_t *count)
{
    weft_status st = WEFT_OK;
    uint16_t rows[WEFT_BATCH_ROWS_MAX +
                  8]; /* loops write a little past the last row: not into the caller's array */
    *count = 0;
    if (ev->program->all == NULL) {
        return weft_fail(ctx, WEFT_INTERNAL, "a filter needs boolean expressions");
    }
    if (in->selected == 0) return WEFT_OK;
    ev->inputs = in->columns;
    ev->rows = in->rows;
    WEFT_TRY(st, program_filter_run(ctx, ev, ev->program->all, in->selection, in->selected, rows, count));
    memcpy(selection, rows, (size_t)*count * sizeof *rows);
done:
    return st;
}

weft_status weft_eval_dictionary(weft_ctx *ctx, weft_eval *ev, weft_type type,
                                 const weft_dictionary *dictionary, uint8_t *keep)
{
    program_filter *all = ev->program->all;
    if (all == NULL || ev->program->input_count < 1) {
        return weft_fail(ctx, WEFT_INTERNAL, "a dictionary is filtered by a boolean expression of column 0");
    }
    program_filter filter = *all;
    filter.column = 0;
    return program_map_entries(ctx, ev, &filter, type, dictionary, keep);
}

weft_status weft_eval_constant(weft_ctx *ctx, const weft_expr *e, weft_value *out)
{
    weft_status st = WEFT_OK;
    const weft_program *program;
    weft_eval *ev = NULL;
    weft_column column;
    const weft_batch batch = {.rows = 1, .selected = 1};
    WEFT_TRY(st, weft_program_compile(ctx, &e, 1, NULL, 0, &program));
    WEFT_TRY(st, weft_eval_open(ctx, program, &ev));
    WEFT_TRY(st, weft_eval_project(ctx, ev, &batch, &column));
    WEFT_TRY(st, weft_value_take(ctx, &column, 0, out));
    out->type = e->type;
done:
    weft_eval_close(&ev);
    return st;
}
