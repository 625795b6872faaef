/* engine/expr/program_run.c - runs units: the steps of one batch, in order (see program_impl.h).
 *
 * A step sees FLAT and CONSTANT arguments; what comes as dictionary or runs is decoded once a batch. A step
 * whose arguments are all constant computes one row. */
#include <string.h>

#include "common/mem.h"
#include "engine/expr/program_impl.h"

static const uint64_t program_zeros[4]; /* a null constant of any type: value and validity */

weft_status program_register(weft_ctx *ctx, weft_eval *ev, int32_t value, weft_vector **out, uint64_t **valid)
{
    weft_status st = WEFT_OK;
    const program_value *v = &ev->program->values[value];
    weft_vector *reg = &ev->registers[v->reg];
    if (!ev->has_register[v->reg]) {
        WEFT_TRY(st, weft_vector_init(ctx, v->type, WEFT_BATCH_ROWS_MAX, reg));
        ev->has_register[v->reg] = 1;
    }
    if (ev->register_valid[v->reg] == NULL) { /* also after a failure between the two */
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, WEFT_BATCH_ROWS_MAX / 8,
                                    (void **)&ev->register_valid[v->reg]));
    }
    reg->column.type = v->type;
    weft_vector_reset(reg);
    reg->column.phys = (uint8_t)weft_type_phys(v->type);
    *out = reg;
    *valid = ev->register_valid[v->reg];
done:
    return st;
}

void program_zero_nulls(const uint64_t *valid, int32_t rows, void *values, int32_t bytes)
{
    if (bytes == 0) return; /* the type NULL has no values */
    for (int64_t w = 0; w < weft_bit_words(rows); w++) {
        uint64_t nulls = ~valid[w];
        if (rows - w * 64 < 64) nulls &= ((uint64_t)1 << (rows - w * 64)) - 1;
        for (; nulls != 0; nulls &= nulls - 1) {
            const int64_t i = w * 64 + __builtin_ctzll(nulls);
            memset((char *)values + i * bytes, 0, (size_t)bytes);
        }
    }
}

static void run_null(weft_eval *ev, int32_t value)
{
    const weft_type type = ev->program->values[value].type;
    ev->values[value] = (weft_column){.type = type,
                                      .phys = (uint8_t)weft_type_phys(type),
                                      .encoding = WEFT_CONSTANT,
                                      .data = program_zeros,
                                      .validity = program_zeros};
}

void program_set(weft_eval *ev, int32_t value, const weft_vector *reg, bool constant,
                 const uint64_t *validity)
{
    weft_column *column = &ev->values[value];
    *column = reg->column;
    column->type = ev->program->values[value].type;
    column->encoding = constant ? WEFT_CONSTANT : WEFT_FLAT;
    column->data = reg->values;
    column->validity = validity;
}

/* Decimals of 32 bits as 64: kernels know two widths. */
static void run_widen(const weft_column *from, int32_t rows, int64_t *to)
{
    const int32_t *narrow = from->data;
    for (int32_t i = 0; i < rows; i++) to[i] = narrow[i];
}

weft_status program_flat_store(weft_ctx *ctx, weft_eval *ev, int32_t value, weft_type type, weft_vector **out)
{
    weft_status st = WEFT_OK;
    weft_vector *store = NULL;
    if (ev->flat_store[value] == NULL) {
        WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *store, (void **)&store));
        WEFT_TRY(st, weft_vector_init(ctx, type, WEFT_BATCH_ROWS_MAX, store));
        ev->flat_store[value] = store; /* only when it is whole: a lane may be asked again after a failure */
        store = NULL;
    }
    *out = ev->flat_store[value];
done:
    weft_mem_free(store);
    return st;
}

weft_status program_flat(weft_ctx *ctx, weft_eval *ev, int32_t value, const weft_column **out)
{
    weft_status st = WEFT_OK;
    const weft_column *column = &ev->values[value];
    const bool flat = column->encoding == WEFT_FLAT || column->encoding == WEFT_CONSTANT;
    const bool narrow = column->type.id == WEFT_TYPE_DECIMAL && column->phys == WEFT_PHYS_I32;
    *out = column;
    if (flat && !narrow) return WEFT_OK;
    *out = &ev->flat[value];
    if (ev->has_flat[value]) return WEFT_OK;
    weft_vector *store;
    WEFT_TRY(st, program_flat_store(ctx, ev, value, column->type, &store));
    weft_column *to = &ev->flat[value];
    *to = *column;
    if (!flat) {
        const program_scope *scope = &ev->scopes[ev->program->values[value].scope];
        bool has_nulls = false;
        weft_column_flatten(column, scope->selection, scope->count, ev->rows, store->values, store->validity,
                            &has_nulls);
        *to = (weft_column){.type = column->type,
                            .phys = column->phys,
                            .encoding = WEFT_FLAT,
                            .data = store->values,
                            .validity = has_nulls ? store->validity : NULL};
    }
    if (narrow) {
        const int32_t rows = column->encoding == WEFT_CONSTANT ? 1 : ev->rows;
        if (!flat) memcpy(ev->wide, store->values, (size_t)rows * sizeof(int32_t));
        weft_column source = *to;
        if (!flat) source.data = ev->wide;
        run_widen(&source, rows, store->values);
        to->data = store->values;
        to->phys = WEFT_PHYS_I64;
    }
    ev->has_flat[value] = 1;
done:
    return st;
}

/* The flat arguments of a step in ev->args. Returns whether all are constant. */
weft_status program_args(weft_ctx *ctx, weft_eval *ev, const program_step *step, bool *constant)
{
    weft_status st = WEFT_OK;
    *constant = true;
    for (int32_t k = 0; k < step->arg_count; k++) {
        const weft_column *arg;
        WEFT_TRY(st, program_flat(ctx, ev, step->args[k], &arg));
        ev->args[k] = *arg;
        *constant &= arg->encoding == WEFT_CONSTANT;
    }
done:
    return st;
}

bool program_null_constant(const weft_column *column)
{
    if (column->phys == WEFT_PHYS_NULL) return true;
    return column->encoding == WEFT_CONSTANT && column->validity != NULL && (column->validity[0] & 1) == 0;
}

/* Intersect the validity of the flat arguments; NULL when none has any. A constant that is not null counts
 * not. */
static const uint64_t *run_valid(const weft_eval *ev, int32_t arg_count, uint64_t *words)
{
    const int64_t count = weft_bit_words(ev->rows);
    bool any = false;
    for (int32_t k = 0; k < arg_count; k++) {
        const weft_column *arg = &ev->args[k];
        if (arg->encoding == WEFT_CONSTANT || arg->validity == NULL) continue;
        if (!any) memcpy(words, arg->validity, (size_t)count * 8);
        for (int64_t w = 0; any && w < count; w++) words[w] &= arg->validity[w];
        any = true;
    }
    return any ? words : NULL;
}

static weft_status run_state(weft_ctx *ctx, weft_eval *ev, const program_step *step, void **state)
{
    weft_status st = WEFT_OK;
    *state = NULL;
    if (step->state < 0) return WEFT_OK;
    if (ev->states[step->state] == NULL) {
        const weft_expr *call = ev->program->states[step->state];
        if (weft_zone_matters(call))
            WEFT_TRY(st, weft_zone_open_session(ctx, (weft_zone **)&ev->states[step->state]));
        else
            WEFT_TRY(st, call->call.function->open(ctx, call, &ev->states[step->state]));
    }
    *state = ev->states[step->state];
done:
    return st;
}

static weft_status run_kernel(weft_ctx *ctx, weft_eval *ev, const program_step *step,
                              const program_scope *scope)
{
    weft_status st = WEFT_OK;
    bool constant;
    weft_vector *reg;
    uint64_t *words;
    const weft_settings *const settings = ctx->settings;
    WEFT_TRY(st, program_args(ctx, ev, step, &constant));
    if ((step->flags & WEFT_FN_NONDETERMINISTIC) != 0) constant = false;
    const bool nulls_own = (step->flags & WEFT_FN_NULL_OWN) != 0;
    for (int32_t k = 0; k < step->arg_count && !nulls_own; k++) {
        if (!program_null_constant(&ev->args[k])) continue;
        run_null(ev, step->dst);
        return WEFT_OK;
    }
    WEFT_TRY(st, program_register(ctx, ev, step->dst, &reg, &words));
    const uint64_t *valid = constant || nulls_own ? NULL : run_valid(ev, step->arg_count, words);
    weft_kernel_call call = {.expr = step->expr,
                             .args = ev->args,
                             .arg_count = step->arg_count,
                             .rows = constant ? 1 : ev->rows,
                             .selection = constant ? NULL : scope->selection,
                             .selected = constant ? 1 : scope->count,
                             .valid = valid,
                             .out = reg};
    if (step->expr->settings != NULL) ctx->settings = step->expr->settings;
    st = run_state(ctx, ev, step, &call.state);
    if (st == WEFT_OK) st = step->kernel(ctx, &call);
    ctx->settings = settings;
    WEFT_TRY(st, st);
    if (reg->children != NULL && reg->column.children == reg->child_columns) weft_vector_finish(reg);
    if (reg->column.validity != NULL) {
        for (int64_t w = 0; valid != NULL && w < weft_bit_words(call.rows); w++) reg->validity[w] &= valid[w];
        valid = reg->validity;
    }
    if (valid != NULL)
        program_zero_nulls(valid, call.rows, reg->values, weft_phys_bytes((weft_phys)reg->column.phys));
    program_set(ev, step->dst, reg, constant, valid);
done:
    return st;
}

/* Three values as numbers whose minimum is AND and whose maximum is OR. */
enum { LOGIC_FALSE = 0, LOGIC_NULL = 1, LOGIC_TRUE = 2 };

static void logic_codes(const weft_column *arg, const program_scope *scope, uint8_t *codes)
{
    const uint8_t *bytes = arg->data;
    for (int32_t k = 0; k < scope->count; k++) {
        const int32_t i = scope->selection == NULL ? k : scope->selection[k];
        const int32_t slot = weft_arg_slot(arg, i);
        const bool null = arg->validity != NULL && !weft_bit_get(arg->validity, slot);
        codes[i] = null ? LOGIC_NULL : bytes[slot] != 0 ? LOGIC_TRUE : LOGIC_FALSE;
    }
}

static void logic_merge(bool conjunction, const uint8_t *from, const program_scope *scope, uint8_t *to)
{
    for (int32_t k = 0; k < scope->count; k++) {
        const int32_t i = scope->selection == NULL ? k : scope->selection[k];
        to[i] = (from[i] < to[i]) == conjunction ? from[i] : to[i];
    }
}

static void logic_merge_bools(bool conjunction, const weft_column *arg, const program_scope *scope,
                              uint8_t *to)
{
    const uint8_t *from = arg->data;
    const int32_t stride = arg->encoding != WEFT_CONSTANT;
    if (scope->selection == NULL && stride == 1) {
        if (conjunction)
            for (int32_t i = 0; i < scope->count; i++) to[i] &= from[i];
        else
            for (int32_t i = 0; i < scope->count; i++) to[i] |= from[i];
        return;
    }
    for (int32_t k = 0; k < scope->count; k++) {
        const int32_t i = scope->selection == NULL ? k : scope->selection[k];
        to[i] = conjunction ? to[i] & from[i * stride] : to[i] | from[i * stride];
    }
}

static weft_status run_logic(weft_ctx *ctx, weft_eval *ev, const program_step *step)
{
    weft_status st = WEFT_OK;
    weft_vector *reg;
    uint64_t *words;
    bool constant, nulls = false;
    const bool conjunction = step->expr->kind == WEFT_EXPR_AND;
    WEFT_TRY(st, program_args(ctx, ev, step, &constant));
    WEFT_TRY(st, program_register(ctx, ev, step->dst, &reg, &words));
    uint8_t *out = reg->values;
    for (int32_t k = 0; k < step->arg_count; k++) {
        nulls |= ev->args[k].validity != NULL && ev->scopes[step->scopes[k]].count > 0;
    }
    for (int32_t k = 0; k < step->arg_count; k++) {
        const program_scope *rows = &ev->scopes[step->scopes[k]];
        if (rows->count == 0) continue;
        if (k == 0 && nulls) {
            logic_codes(&ev->args[k], rows, out);
        } else if (k == 0) {
            program_copy(&ev->args[k], WEFT_PHYS_BOOL, out, rows->selection, rows->count);
        } else if (nulls) {
            logic_codes(&ev->args[k], rows, ev->scratch);
            logic_merge(conjunction, ev->scratch, rows, out);
        } else {
            logic_merge_bools(conjunction, &ev->args[k], rows, out);
        }
    }
    if (nulls) {
        memset(words, 0xff, (size_t)weft_bit_words(ev->rows) * 8);
        for (int32_t i = 0; i < ev->rows; i++) {
            if (out[i] == LOGIC_NULL) weft_bit_clear(words, i);
            out[i] = out[i] == LOGIC_TRUE;
        }
    }
    program_set(ev, step->dst, reg, false, nulls ? words : NULL);
done:
    return st;
}

/* Results of steps that give bytes from one argument: same shape as the argument. */
static weft_status run_bytes(weft_ctx *ctx, weft_eval *ev, const program_step *step,
                             const program_scope *scope)
{
    weft_status st = WEFT_OK;
    weft_vector *reg;
    uint64_t *words;
    const weft_column *arg;
    WEFT_TRY(st, program_flat(ctx, ev, step->args[0], &arg));
    WEFT_TRY(st, program_register(ctx, ev, step->dst, &reg, &words));
    const bool constant = arg->encoding == WEFT_CONSTANT;
    const int32_t rows = constant ? 1 : ev->rows;
    uint8_t *out = reg->values;
    const uint64_t *validity = arg->validity;
    if (validity != NULL) {
        memcpy(words, validity, constant ? 8 : (size_t)weft_bit_words(rows) * 8);
        validity = words;
    }
    if (step->kind == STEP_NOT) {
        const uint8_t *in = arg->data;
        for (int32_t i = 0; i < rows; i++) out[i] = in[i] ^ 1;
    } else if (step->kind == STEP_IN) {
        weft_in_set_test(step->set, arg, constant ? NULL : scope->selection, constant ? 1 : scope->count,
                         out);
        if (weft_in_set_has_null(step->set)) { /* not found among values and a NULL: unknown */
            if (validity == NULL) memset(words, 0xff, constant ? 8 : (size_t)weft_bit_words(rows) * 8);
            validity = words;
            for (int32_t i = 0; i < rows; i++) {
                if (out[i] == 0) weft_bit_clear(words, i);
            }
        }
    } else {
        const bool want_null = step->kind == STEP_IS_NULL;
        const bool all = arg->phys == WEFT_PHYS_NULL;
        for (int32_t i = 0; i < rows; i++) {
            out[i] = (all || (validity != NULL && !weft_bit_get(validity, i))) == want_null;
        }
        validity = NULL;
    }
    if (validity != NULL) program_zero_nulls(validity, rows, out, 1);
    program_set(ev, step->dst, reg, constant, validity);
done:
    return st;
}

/* args[0] IN (args[1..]) with items that are no literals: the disjunction of the equalities. */
static weft_status run_in_list(weft_ctx *ctx, weft_eval *ev, const program_step *step,
                               const program_scope *scope)
{
    weft_status st = WEFT_OK;
    weft_vector *reg;
    uint64_t *words;
    bool constant;
    WEFT_TRY(st, program_args(ctx, ev, step, &constant));
    WEFT_TRY(st, program_register(ctx, ev, step->dst, &reg, &words));
    const int32_t rows = constant ? 1 : ev->rows, selected = constant ? 1 : scope->count;
    const uint16_t *selection = constant ? NULL : scope->selection;
    uint8_t *out = reg->values; /* codes first */
    memset(out, LOGIC_FALSE, (size_t)rows);
    for (int32_t item = 1; item < step->arg_count; item++) {
        weft_column left = ev->args[0], right = ev->args[item];
        if (weft_phys_is_nested((weft_phys)left.phys) || weft_phys_is_nested((weft_phys)right.phys)) {
            weft_compare_nested(WEFT_CMP_EQ, &left, &right, selection, selected, ev->scratch);
        } else if (left.encoding == WEFT_CONSTANT && right.encoding == WEFT_CONSTANT) {
            left.encoding = right.encoding = WEFT_FLAT;
            weft_compare_bools(WEFT_CMP_EQ, &left, &right, NULL, 1, 1, ev->scratch);
            memset(ev->scratch, ev->scratch[0], (size_t)rows);
        } else {
            weft_compare_bools(WEFT_CMP_EQ, &left, &right, selection, selected, rows, ev->scratch);
        }
        for (int32_t k = 0; k < selected; k++) {
            const int32_t i = selection == NULL ? k : selection[k];
            const bool null = weft_arg_is_null(&ev->args[0], i) || weft_arg_is_null(&ev->args[item], i);
            const uint8_t code = null ? LOGIC_NULL : ev->scratch[i] != 0 ? LOGIC_TRUE : LOGIC_FALSE;
            out[i] = code > out[i] ? code : out[i];
        }
    }
    memset(words, 0xff, (size_t)weft_bit_words(rows) * 8);
    for (int32_t i = 0; i < rows; i++) {
        if (out[i] == LOGIC_NULL) weft_bit_clear(words, i);
        out[i] = out[i] == LOGIC_TRUE;
    }
    program_set(ev, step->dst, reg, constant, words);
done:
    return st;
}

static bool scope_passes(program_scope_test test, bool null, bool value)
{
    switch (test) {
    case TEST_TRUE: return !null && value;
    case TEST_NOT_TRUE: return null || !value;
    case TEST_NOT_FALSE: return null || value;
    case TEST_NULL: return null;
    }
    return false;
}

static weft_status run_scope(weft_ctx *ctx, weft_eval *ev, const program_step *step,
                             const program_scope *parent)
{
    weft_status st = WEFT_OK;
    program_scope *scope = &ev->scopes[step->dst];
    const weft_column *arg;
    int32_t count = 0;
    WEFT_TRY(st, program_flat(ctx, ev, step->args[0], &arg));
    if (scope->buffer == NULL) {
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (WEFT_BATCH_ROWS_MAX + 8) * sizeof(uint16_t),
                                    (void **)&scope->buffer));
    }
    const uint8_t *bytes = arg->data;
    if (arg->encoding == WEFT_CONSTANT) {
        const bool null = program_null_constant(arg);
        *scope =
            (program_scope){.selection = parent->selection,
                            .count = scope_passes(step->test, null, !null && bytes[0]) ? parent->count : 0,
                            .buffer = scope->buffer};
        return WEFT_OK;
    }
    if (arg->validity == NULL && step->test == TEST_NULL) {
        scope->count = 0;
        return WEFT_OK;
    }
    if (arg->validity == NULL && parent->selection == NULL && step->test != TEST_NOT_TRUE) {
        count = weft_select_bytes(bytes, parent->count, scope->buffer);
    } else {
        const uint8_t flip = step->test == TEST_NOT_TRUE, null_passes = step->test != TEST_TRUE;
        for (int32_t k = 0; k < parent->count; k++) {
            const int32_t i = parent->selection == NULL ? k : parent->selection[k];
            scope->buffer[count] = (uint16_t)i;
            const bool null = arg->validity != NULL && !weft_bit_get(arg->validity, i);
            count += null ? null_passes : step->test != TEST_NULL && (bytes[i] ^ flip);
        }
    }
    scope->count = count;
    scope->selection = count == parent->count ? parent->selection : scope->buffer;
done:
    return st;
}

static weft_status run_step(weft_ctx *ctx, weft_eval *ev, const program_step *step)
{
    const program_scope *scope = &ev->scopes[step->scope];
    if (step->kind == STEP_SCOPE) {
        if (scope->count > 0) return run_scope(ctx, ev, step, scope);
        ev->scopes[step->dst].count = 0;
        return WEFT_OK;
    }
    ev->has_flat[step->dst] = 0;
    if (scope->count == 0) {
        run_null(ev, step->dst);
        return WEFT_OK;
    }
    switch (step->kind) {
    case STEP_KERNEL: return run_kernel(ctx, ev, step, scope);
    case STEP_CASE: return program_case(ctx, ev, step, scope);
    case STEP_CHOOSE: return program_choose(ctx, ev, step, scope);
    case STEP_LOGIC: return run_logic(ctx, ev, step);
    case STEP_NOT:
    case STEP_IN:
    case STEP_IS_NULL:
    case STEP_IS_NOT_NULL: return run_bytes(ctx, ev, step, scope);
    case STEP_IN_LIST: return run_in_list(ctx, ev, step, scope);
    case STEP_MAP: return program_map_run(ctx, ev, step);
    case STEP_SCOPE: break;
    }
    return WEFT_OK;
}

weft_status program_unit_run(weft_ctx *ctx, weft_eval *ev, const program_unit *unit,
                             const weft_column *inputs, int32_t rows, const uint16_t *selection,
                             int32_t selected)
{
    weft_status st = WEFT_OK;
    const weft_column *outer_inputs = ev->inputs;
    const int32_t outer_rows = ev->rows;
    ev->inputs = inputs;
    ev->rows = rows;
    ev->scopes[unit->scope].selection = selection;
    ev->scopes[unit->scope].count = selected;
    for (int32_t i = 0; i < unit->input_count; i++) {
        const int32_t value = unit->inputs[i];
        ev->values[value] = inputs[ev->program->values[value].ordinal];
        ev->has_flat[value] = 0;
    }
    for (int32_t s = 0; s < unit->step_count; s++) WEFT_TRY(st, run_step(ctx, ev, &unit->steps[s]));
done:
    ev->inputs = outer_inputs;
    ev->rows = outer_rows;
    return st;
}
