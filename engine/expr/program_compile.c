/* engine/expr/program_compile.c - from expression trees to units of steps (see program_impl.h).
 *
 * One pass over each tree, arguments first; equal subexpressions of a unit become one value when the earlier
 * one was computed in the same scope or above. Lazy arguments get a scope of their own only when they may
 * raise or are costly: the others run dense over the rows of the expression. */
#include <string.h>

#include "engine/columnar/nested.h"
#include "engine/expr/cast.h"
#include "engine/expr/coerce.h"
#include "engine/expr/lambda.h"
#include "engine/expr/program_impl.h"

enum { LAZY_COST = 12 }; /* nanoseconds a row from which a lazy argument is worth a scope */

weft_status program_grow(weft_ctx *ctx, int32_t count, int32_t *room, size_t bytes, void *items)
{
    weft_status st = WEFT_OK;
    void **array = items, *grown;
    if (count < *room) return WEFT_OK;
    const int32_t more = *room == 0 ? 2 : *room * 2; /* most units have one step or two */
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, (size_t)more * bytes, &grown));
    if (count > 0) memcpy(grown, *array, (size_t)count * bytes);
    *array = grown;
    *room = more;
done:
    return st;
}

static weft_status compile_scope(weft_ctx *ctx, program_compiler *c, int32_t parent, int32_t *scope)
{
    weft_status st = WEFT_OK;
    weft_program *p = c->program;
    WEFT_TRY(st,
             program_grow(ctx, p->scope_count, &c->scope_room, sizeof *c->scope_parents, &c->scope_parents));
    c->scope_parents[p->scope_count] = parent;
    *scope = p->scope_count++;
done:
    return st;
}

static weft_status compile_value(weft_ctx *ctx, program_compiler *c, program_value_kind kind,
                                 const weft_expr *e, int32_t scope, int32_t *value)
{
    weft_status st = WEFT_OK;
    weft_program *p = c->program;
    WEFT_TRY(st, program_grow(ctx, p->value_count, &c->value_room, sizeof *p->values, &p->values));
    p->values[p->value_count] = (program_value){.kind = kind,
                                                .type = e->type,
                                                .expr = e,
                                                .unit = c->unit_index,
                                                .scope = scope,
                                                .ordinal = -1,
                                                .reg = -1,
                                                .last_use = -1};
    *value = p->value_count++;
    WEFT_TRY(st, program_find_add(ctx, c, *value));
done:
    return st;
}

/* Append a step with a new value for e (or, for STEP_SCOPE, without). args and scopes are copied. */
static weft_status compile_step(weft_ctx *ctx, program_compiler *c, program_step step, const int32_t *args,
                                const int32_t *scopes, int32_t *value)
{
    weft_status st = WEFT_OK;
    program_unit *unit = c->unit;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, step.arg_count + 1, &step.args));
    memcpy(step.args, args, (size_t)step.arg_count * sizeof *args);
    if (scopes != NULL) {
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, step.arg_count + 1, &step.scopes));
        memcpy(step.scopes, scopes, (size_t)step.arg_count * sizeof *scopes);
    }
    if (step.kind != STEP_SCOPE) {
        WEFT_TRY(st, compile_value(ctx, c, VALUE_STEP, step.expr, step.scope, value));
        step.dst = *value;
    }
    c->program->arg_max = weft_max_i32(c->program->arg_max, step.arg_count);
    WEFT_TRY(st, program_grow(ctx, unit->step_count, &unit->step_room, sizeof *unit->steps, &unit->steps));
    unit->steps[unit->step_count++] = step;
done:
    return st;
}

static weft_status compile_narrow(weft_ctx *ctx, program_compiler *c, program_scope_test test, int32_t value,
                                  int32_t parent, int32_t *scope)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, compile_scope(ctx, c, parent, scope));
    st = compile_step(
        ctx, c,
        (program_step){
            .kind = STEP_SCOPE, .scope = parent, .dst = *scope, .test = test, .arg_count = 1, .state = -1},
        &value, NULL, NULL);
done:
    return st;
}

weft_status program_unit_begin(weft_ctx *ctx, program_compiler *c, bool mapped, program_unit_frame *outer)
{
    weft_status st = WEFT_OK;
    weft_program *p = c->program;
    program_unit *unit = NULL;
    *outer = (program_unit_frame){.unit = c->unit, .unit_index = c->unit_index, .mapping = c->mapping};
    WEFT_TRY(st, program_grow(ctx, p->unit_count, &c->unit_room, sizeof *p->units, &p->units));
    WEFT_TRY(st, WEFT_NEW(ctx, &unit));
    unit->result = unit->column = -1;
    unit->mapped = mapped;
    WEFT_TRY(st, compile_scope(ctx, c, -1, &unit->scope));
    c->unit_index = p->unit_count;
    c->unit = p->units[p->unit_count++] = unit;
    c->mapping = outer->mapping || mapped;
done:
    return st;
}

/* Registers of a unit: a value takes one that is free at its step and of its width, and gives it back after
 * its last use (strings and nested values never do: results may borrow from them). Units that are no maps
 * never live at the same time, so that they share all of them; a map runs in the midst of others and what it
 * gave stays in use, so that it has its own. */
static weft_status compile_register(weft_ctx *ctx, program_compiler *c, weft_type type, int32_t *reg)
{
    weft_status st = WEFT_OK;
    weft_program *p = c->program;
    const weft_phys phys = weft_type_phys(type);
    bool skipped = false; /* one that is free, but of another width */
    for (int32_t r = c->register_free; !weft_phys_is_nested(phys) && r < p->register_count; r++) {
        if (!c->busy[r] && weft_type_phys(p->register_types[r]) == phys) {
            c->busy[r] = true;
            *reg = r;
            return WEFT_OK;
        }
        skipped |= !c->busy[r];
        if (!skipped) c->register_free = r + 1;
    }
    WEFT_TRY(st, program_grow(ctx, p->register_count, &c->busy_room, sizeof *c->busy, &c->busy));
    WEFT_TRY(st, program_grow(ctx, p->register_count, &c->register_room, sizeof *p->register_types,
                              &p->register_types));
    c->busy[p->register_count] = true;
    p->register_types[p->register_count] = type;
    *reg = p->register_count++;
done:
    return st;
}

static void compile_release(program_compiler *c, int32_t reg)
{
    c->busy[reg] = false;
    c->register_free = weft_min_i32(c->register_free, reg);
}

weft_status program_unit_end(weft_ctx *ctx, program_compiler *c, const program_unit_frame *outer)
{
    weft_status st = WEFT_OK;
    program_value *values = c->program->values;
    program_unit *unit = c->unit;
    const int32_t own = unit->mapped ? c->program->register_count : 0; /* the first that it may take */
    c->register_free = own;
    for (int32_t s = 0; s < unit->step_count; s++) {
        for (int32_t k = 0; k < unit->steps[s].arg_count; k++) values[unit->steps[s].args[k]].last_use = s;
    }
    for (int32_t s = 0; s < unit->step_count; s++) {
        const program_step *step = &unit->steps[s];
        if (step->kind != STEP_SCOPE && step->kind != STEP_MAP) {
            program_value *dst = &values[step->dst];
            WEFT_TRY(st, compile_register(ctx, c, dst->type, &dst->reg));
        }
        for (int32_t k = 0; k < step->arg_count; k++) {
            const program_value *arg = &values[step->args[k]];
            if (arg->last_use != s || arg->kept || arg->reg < own) continue;
            const weft_phys phys = weft_type_phys(arg->type);
            if (phys != WEFT_PHYS_STR && !weft_phys_is_nested(phys)) compile_release(c, arg->reg);
        }
    }
    for (int32_t r = own; r < c->program->register_count; r++) c->busy[r] |= unit->mapped;
    for (int32_t s = 0; !unit->mapped && s < unit->step_count; s++) { /* the next unit may have them all */
        const program_step *step = &unit->steps[s];
        if (step->kind != STEP_SCOPE && step->kind != STEP_MAP) compile_release(c, values[step->dst].reg);
    }
    c->unit = outer->unit;
    c->unit_index = outer->unit_index;
    c->mapping = outer->mapping;
done:
    return st;
}

static weft_status compile_literal(weft_ctx *ctx, program_compiler *c, const weft_expr *e, int32_t *value)
{
    weft_status st = WEFT_OK;
    uint64_t *memory; /* two words of value, then one of validity */
    weft_column *column;
    WEFT_TRY(st, compile_value(ctx, c, VALUE_LITERAL, e, -1, value));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 4, &memory));
    WEFT_TRY(st, WEFT_NEW(ctx, &column));
    c->program->values[*value].literal = column;
    const weft_value *literal = &e->literal;
    *column = (weft_column){
        .type = e->type, .phys = (uint8_t)weft_type_phys(e->type), .encoding = WEFT_CONSTANT, .data = memory};
    if (literal->is_null) {
        column->validity = memory + 2;
        goto done;
    }
    switch ((weft_phys)column->phys) {
    case WEFT_PHYS_BOOL: memory[0] = literal->boolean; break;
    case WEFT_PHYS_I8:
    case WEFT_PHYS_I16:
    case WEFT_PHYS_I32:
        memory[0] = (uint64_t)literal->i64;
        break; /* little-endian: the low bytes come first */
    case WEFT_PHYS_I64:
        memory[0] = e->type.id == WEFT_TYPE_DECIMAL ? (uint64_t)literal->i128 : (uint64_t)literal->i64;
        break;
    case WEFT_PHYS_I128:
        memcpy(memory, &literal->i128, 16);
        if (e->type.id == WEFT_TYPE_DECIMAL && literal->i128 == (int64_t)literal->i128)
            column->phys = WEFT_PHYS_I64;
        break;
    case WEFT_PHYS_F32: {
        const float single = (float)literal->f64;
        memcpy(memory, &single, 4);
        break;
    }
    case WEFT_PHYS_F64: memcpy(memory, &literal->f64, 8); break;
    case WEFT_PHYS_STR: memcpy(memory, &literal->str, 16); break;
    case WEFT_PHYS_LIST:
    case WEFT_PHYS_STRUCT: WEFT_TRY(st, weft_nested_constant(ctx, e->type, &literal->str, column)); break;
    case WEFT_PHYS_NULL:
    case WEFT_PHYS_COUNT: column->validity = memory + 2; break;
    }
done:
    return st;
}

static weft_status compile_input(weft_ctx *ctx, program_compiler *c, const weft_expr *e, int32_t *value)
{
    weft_status st = WEFT_OK;
    program_unit *unit = c->unit;
    if (e->column.ordinal < 0 || e->column.ordinal >= c->program->input_count) {
        return weft_fail(ctx, WEFT_INTERNAL, "column %s has ordinal %d but the input has %d columns",
                         e->column.name == NULL ? "?" : e->column.name, e->column.ordinal,
                         c->program->input_count);
    }
    WEFT_TRY(st, compile_value(ctx, c, VALUE_INPUT, e, unit->scope, value));
    c->program->values[*value].ordinal = e->column.ordinal;
    WEFT_TRY(st,
             program_grow(ctx, unit->input_count, &unit->input_room, sizeof *unit->inputs, &unit->inputs));
    unit->inputs[unit->input_count++] = *value;
done:
    return st;
}

/* A scope for a lazy argument: the narrow one when it may raise, is costly or counts its rows, else the wide
 * one. */
static bool compile_lazy(const weft_expr *e)
{
    return weft_expr_fallible(e) || !weft_expr_deterministic(e) || program_cost(e) > LAZY_COST;
}

/* The arguments, then one step over them. */
static weft_status compile_plain(weft_ctx *ctx, program_compiler *c, program_step step, const weft_expr *e,
                                 int32_t arg_count, int32_t *value)
{
    weft_status st = WEFT_OK;
    int32_t *args;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, arg_count + 1, &args));
    for (int32_t k = 0; k < arg_count; k++) {
        WEFT_TRY(st, program_value_compile(ctx, c, e->args[k], step.scope, &args[k]));
    }
    step.expr = e;
    step.arg_count = arg_count;
    st = compile_step(ctx, c, step, args, NULL, value);
done:
    return st;
}

/* A CASE whose values, and conditions but the first, are cheap and cannot raise: all are computed for all
 * rows, and the values chosen by masks. */
static bool compile_is_choice(const weft_expr *e)
{
    for (int32_t k = 1; k < e->arg_count; k++) {
        if (compile_lazy(e->args[k])) return false;
    }
    return true;
}

static weft_status compile_case(weft_ctx *ctx, program_compiler *c, const weft_expr *e, int32_t scope,
                                int32_t *value)
{
    weft_status st = WEFT_OK;
    const int32_t pairs = e->arg_count / 2;
    int32_t *args, *scopes, rest = scope, condition;
    if (compile_is_choice(e)) {
        return compile_plain(ctx, c, (program_step){.kind = STEP_CHOOSE, .scope = scope, .state = -1}, e,
                             e->arg_count, value);
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, pairs + 1, &args));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, pairs + 1, &scopes));
    for (int32_t k = 0; k < pairs; k++) {
        const weft_expr *when = e->args[2 * k], *then = e->args[2 * k + 1];
        WEFT_TRY(st, program_value_compile(ctx, c, when, compile_lazy(when) ? rest : scope, &condition));
        WEFT_TRY(st, compile_narrow(ctx, c, TEST_TRUE, condition, rest, &scopes[k]));
        WEFT_TRY(st, program_value_compile(ctx, c, then, compile_lazy(then) ? scopes[k] : scope, &args[k]));
        WEFT_TRY(st, compile_narrow(ctx, c, TEST_NOT_TRUE, condition, rest, &rest));
    }
    const bool has_else = e->arg_count % 2 == 1;
    if (has_else) {
        const weft_expr *otherwise = e->args[e->arg_count - 1];
        scopes[pairs] = rest;
        WEFT_TRY(st, program_value_compile(ctx, c, otherwise, compile_lazy(otherwise) ? rest : scope,
                                           &args[pairs]));
    }
    st = compile_step(
        ctx, c,
        (program_step){
            .kind = STEP_CASE, .expr = e, .scope = scope, .arg_count = pairs + has_else, .state = -1},
        args, scopes, value);
done:
    return st;
}

static weft_status compile_coalesce(weft_ctx *ctx, program_compiler *c, const weft_expr *e, int32_t scope,
                                    int32_t *value)
{
    weft_status st = WEFT_OK;
    int32_t *args, *scopes, rest = scope;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, e->arg_count + 1, &args));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, e->arg_count + 1, &scopes));
    for (int32_t k = 0; k < e->arg_count; k++) {
        scopes[k] = rest;
        WEFT_TRY(
            st, program_value_compile(ctx, c, e->args[k], compile_lazy(e->args[k]) ? rest : scope, &args[k]));
        if (k + 1 < e->arg_count) WEFT_TRY(st, compile_narrow(ctx, c, TEST_NULL, args[k], rest, &rest));
    }
    st = compile_step(
        ctx, c,
        (program_step){.kind = STEP_CASE, .expr = e, .scope = scope, .arg_count = e->arg_count, .state = -1},
        args, scopes, value);
done:
    return st;
}

static weft_status compile_logic(weft_ctx *ctx, program_compiler *c, const weft_expr *e, int32_t scope,
                                 int32_t *value)
{
    weft_status st = WEFT_OK;
    int32_t *args, *scopes, rest = scope, narrowed = 0; /* arguments that `rest` has taken into account */
    const program_scope_test test = e->kind == WEFT_EXPR_AND ? TEST_NOT_FALSE : TEST_NOT_TRUE;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, e->arg_count + 1, &args));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, e->arg_count + 1, &scopes));
    for (int32_t k = 0; k < e->arg_count; k++) {
        const bool lazy = compile_lazy(e->args[k]);
        for (; lazy && narrowed < k; narrowed++) {
            WEFT_TRY(st, compile_narrow(ctx, c, test, args[narrowed], rest, &rest));
        }
        scopes[k] = lazy ? rest : scope;
        WEFT_TRY(st, program_value_compile(ctx, c, e->args[k], scopes[k], &args[k]));
    }
    st = compile_step(
        ctx, c,
        (program_step){.kind = STEP_LOGIC, .expr = e, .scope = scope, .arg_count = e->arg_count, .state = -1},
        args, scopes, value);
done:
    return st;
}

/* a + b + c + …: a step for each operator. */
static weft_status compile_chain(weft_ctx *ctx, program_compiler *c, program_step step, const weft_expr *e,
                                 int32_t *value)
{
    weft_status st = WEFT_OK;
    int32_t args[2];
    step.expr = e;
    step.arg_count = 2;
    WEFT_TRY(st, program_value_compile(ctx, c, e->args[0], step.scope, value));
    for (int32_t k = 1; k < e->arg_count; k++) {
        args[0] = *value;
        WEFT_TRY(st, program_value_compile(ctx, c, e->args[k], step.scope, &args[1]));
        WEFT_TRY(st, compile_step(ctx, c, step, args, NULL, value));
    }
done:
    return st;
}

/* A call with lambdas: its other arguments, then the columns that the bodies read. */
static weft_status compile_lambdas(weft_ctx *ctx, program_compiler *c, program_step step, const weft_expr *e,
                                   int32_t *value)
{
    weft_status st = WEFT_OK;
    const weft_expr *const *captures = NULL;
    int32_t *args, capture_count = 0;
    WEFT_TRY(st, weft_lambda_captures(ctx, e, &captures, &capture_count));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, e->arg_count + capture_count + 1, &args));
    step.expr = e;
    for (int32_t k = 0; k < e->arg_count; k++) {
        if (weft_is_lambda(e->args[k])) continue;
        WEFT_TRY(st, program_value_compile(ctx, c, e->args[k], step.scope, &args[step.arg_count++]));
    }
    for (int32_t k = 0; k < capture_count; k++)
        WEFT_TRY(st, program_value_compile(ctx, c, captures[k], step.scope, &args[step.arg_count++]));
    st = compile_step(ctx, c, step, args, NULL, value);
done:
    return st;
}

static weft_status compile_call(weft_ctx *ctx, program_compiler *c, const weft_expr *e, int32_t scope,
                                int32_t *value)
{
    weft_status st = WEFT_OK;
    weft_program *p = c->program;
    const weft_function *fn = e->call.function;
    program_step step = {.kind = STEP_KERNEL, .scope = scope, .state = -1};
    if (e->kind == WEFT_EXPR_CAST) {
        step.kernel = weft_cast_kernel(e->args[0]->type, e->type);
        if (step.kernel == NULL) {
            char from[128], to[128];
            return weft_fail_at(ctx, WEFT_INTERNAL, &e->span, "there is no cast from %s to %s",
                                weft_type_text(e->args[0]->type, from, sizeof from),
                                weft_type_text(e->type, to, sizeof to));
        }
    } else {
        step.kernel = fn->signatures[e->call.variant].kernel;
        step.flags = fn->flags;
        if (step.kernel == NULL || (fn->flags & WEFT_FN_WINDOW_ONLY) != 0) {
            return weft_fail_at(ctx, WEFT_INTERNAL, &e->span, "%s is not a scalar function", fn->name);
        }
    }
    if ((e->kind == WEFT_EXPR_CALL && fn->open != NULL) || weft_zone_matters(e)) {
        WEFT_TRY(st, program_grow(ctx, p->state_count, &c->state_room, sizeof *p->states, &p->states));
        step.state = p->state_count;
        p->states[p->state_count++] = e;
    }
    if (e->kind == WEFT_EXPR_CALL && fn->lambda_types != NULL) return compile_lambdas(ctx, c, step, e, value);
    const bool chain = e->kind == WEFT_EXPR_CALL && fn->bind == weft_bind_arithmetic && e->arg_count > 2;
    st = chain ? compile_chain(ctx, c, step, e, value) : compile_plain(ctx, c, step, e, e->arg_count, value);
done:
    return st;
}

static weft_status compile_in(weft_ctx *ctx, program_compiler *c, const weft_expr *e, int32_t scope,
                              int32_t *value)
{
    weft_status st = WEFT_OK;
    program_step step = {.kind = STEP_IN, .scope = scope, .state = -1};
    bool literals = true;
    for (int32_t k = 1; k < e->arg_count; k++) literals &= e->args[k]->kind == WEFT_EXPR_LITERAL;
    if (literals && !weft_type_is_nested(e->args[0]->type)) {
        WEFT_TRY(st, weft_in_set_new(ctx, e->args + 1, e->arg_count - 1, &step.set));
    } else {
        step.kind = STEP_IN_LIST;
    }
    st = compile_plain(ctx, c, step, e, step.kind == STEP_IN ? 1 : e->arg_count, value);
done:
    return st;
}

/* A subexpression over one column: a unit of its own. */
static weft_status compile_map(weft_ctx *ctx, program_compiler *c, const weft_expr *e, int32_t column,
                               int32_t scope, int32_t *value)
{
    weft_status st = WEFT_OK;
    program_unit_frame outer;
    int32_t result, input = -1;
    WEFT_TRY(st, program_unit_begin(ctx, c, true, &outer));
    const int32_t unit = c->unit_index;
    c->unit->column = column;
    WEFT_TRY(st, program_value_compile(ctx, c, e, c->unit->scope, &result));
    c->unit->result = result;
    c->program->values[result].kept = true;
    WEFT_TRY(st, program_unit_end(ctx, c, &outer));
    st = compile_step(ctx, c,
                      (program_step){.kind = STEP_MAP,
                                     .expr = e,
                                     .scope = scope,
                                     .state = -1,
                                     .unit = unit,
                                     .map = c->program->map_count++},
                      &input, NULL, value);
done:
    return st;
}

static bool compile_maps(const program_compiler *c, const weft_expr *e, int32_t *column)
{
    const weft_phys phys = weft_type_phys(e->type);
    if (c->mapping || phys == WEFT_PHYS_LIST || phys == WEFT_PHYS_STRUCT || phys == WEFT_PHYS_NULL)
        return false;
    *column = program_only_column(e);
    if (*column < 0 || *column >= c->program->input_count || !weft_expr_deterministic(e)) return false;
    const weft_phys input = weft_type_phys(c->program->input_types[*column]);
    return input != WEFT_PHYS_LIST && input != WEFT_PHYS_STRUCT && input != WEFT_PHYS_NULL;
}

weft_status program_value_compile(weft_ctx *ctx, program_compiler *c, const weft_expr *e, int32_t scope,
                                  int32_t *value)
{
    weft_status st = WEFT_OK;
    int32_t column;
    while (e->kind == WEFT_EXPR_ALIAS || e->kind == WEFT_EXPR_SORT_KEY) e = e->args[0];
    const bool leaf = e->arg_count == 0 && e->kind != WEFT_EXPR_CALL;
    const bool deterministic = leaf || weft_expr_deterministic(e);
    *value = -1;
    WEFT_TRY(st, weft_check_cancel(ctx));
    if (deterministic) WEFT_TRY(st, program_find(ctx, c, e, scope, value));
    if (*value >= 0) goto done;
    if (e->kind == WEFT_EXPR_LITERAL) return compile_literal(ctx, c, e, value);
    if (e->kind == WEFT_EXPR_COLUMN) return compile_input(ctx, c, e, value);
    if (compile_maps(c, e, &column)) return compile_map(ctx, c, e, column, scope, value);

    program_step step = {.scope = scope, .state = -1};
    switch (e->kind) {
    case WEFT_EXPR_CALL:
    case WEFT_EXPR_CAST: return compile_call(ctx, c, e, scope, value);
    case WEFT_EXPR_CASE: return compile_case(ctx, c, e, scope, value);
    case WEFT_EXPR_COALESCE: return compile_coalesce(ctx, c, e, scope, value);
    case WEFT_EXPR_AND:
    case WEFT_EXPR_OR: return compile_logic(ctx, c, e, scope, value);
    case WEFT_EXPR_IN: return compile_in(ctx, c, e, scope, value);
    case WEFT_EXPR_NOT: step.kind = STEP_NOT; break;
    case WEFT_EXPR_IS_NULL: step.kind = STEP_IS_NULL; break;
    case WEFT_EXPR_IS_NOT_NULL: step.kind = STEP_IS_NOT_NULL; break;
    case WEFT_EXPR_LITERAL:
    case WEFT_EXPR_COLUMN:
    case WEFT_EXPR_ALIAS:
    case WEFT_EXPR_SORT_KEY:
    case WEFT_EXPR_AGGREGATE:
    case WEFT_EXPR_WINDOW:
    case WEFT_EXPR_SUBQUERY:
    case WEFT_EXPR_OUTER:
    case WEFT_EXPR_UNRESOLVED_COLUMN:
    case WEFT_EXPR_UNRESOLVED_CALL:
    case WEFT_EXPR_STAR:
    case WEFT_EXPR_INTERVAL:
    case WEFT_EXPR_BLOOM:
    case WEFT_EXPR_KIND_COUNT:
        return weft_fail_at(ctx, WEFT_INTERNAL, &e->span,
                            "an expression of kind %d cannot be computed by rows", (int)e->kind);
    }
    st = compile_plain(ctx, c, step, e, 1, value);
done:
    return st;
}

/* All expressions as one unit; what is an output keeps its register. */
static weft_status compile_projection(weft_ctx *ctx, program_compiler *c)
{
    weft_status st = WEFT_OK;
    weft_program *p = c->program;
    program_unit_frame outer;
    WEFT_TRY(st, program_unit_begin(ctx, c, false, &outer));
    for (int32_t i = 0; i < p->expr_count; i++) {
        WEFT_TRY(st, program_value_compile(ctx, c, p->exprs[i], c->unit->scope, &p->outputs[i]));
    }
    for (int32_t i = 0; i < p->expr_count; i++) p->values[p->outputs[i]].kept = true;
    WEFT_TRY(st, program_unit_end(ctx, c, &outer));
done:
    return st;
}

static weft_status compile_begin(weft_ctx *ctx, const weft_expr *const *exprs, int32_t count,
                                 const weft_type *input_types, int32_t input_count, weft_program **out)
{
    weft_status st = WEFT_OK;
    weft_program *p;
    weft_type *types;
    const weft_expr **copies;
    WEFT_TRY(st, WEFT_NEW(ctx, &p));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, input_count + 1, &types));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + 1, &copies));
    if (input_count > 0) memcpy(types, input_types, (size_t)input_count * sizeof *types);
    if (count > 0) memcpy(copies, exprs, (size_t)count * sizeof(const weft_expr *));
    p->input_count = input_count;
    p->input_types = types;
    p->expr_count = count;
    p->exprs = copies;
    *out = p;
done:
    return st;
}

weft_status weft_program_compile(weft_ctx *ctx, const weft_expr *const *exprs, int32_t count,
                                 const weft_type *input_types, int32_t input_count, const weft_program **out)
{
    weft_status st = WEFT_OK;
    weft_program *p = NULL;
    *out = NULL;
    WEFT_TRY(st, compile_begin(ctx, exprs, count, input_types, input_count, &p));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + 1, &p->outputs));
    program_compiler c = {.program = p, .unit_index = -1};
    WEFT_TRY(st, compile_projection(ctx, &c));
    WEFT_TRY(st, program_filter_compile(ctx, &c));
    *out = p;
done:
    return st;
}

weft_status weft_program_compile_filter(weft_ctx *ctx, const weft_expr *const *conjuncts, int32_t count,
                                        const weft_type *input_types, int32_t input_count,
                                        const weft_program **out)
{
    weft_status st = WEFT_OK;
    weft_program *p = NULL;
    *out = NULL;
    WEFT_TRY(st, compile_begin(ctx, conjuncts, count, input_types, input_count, &p));
    program_compiler c = {.program = p, .unit_index = -1};
    WEFT_TRY(st, program_filter_compile(ctx, &c));
    *out = p;
done:
    return st;
}
