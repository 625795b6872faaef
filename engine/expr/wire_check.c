/* engine/expr/wire_check.c - is a decoded node one that the engine may run? Arities, types and values by
 * kind. */
#include <math.h>

#include "engine/columnar/nested.h"
#include "engine/columnar/variant.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/coerce.h"
#include "engine/expr/decimal.h"
#include "engine/expr/wire_private.h"
#include "engine/expr/wkb.h"

bool weft_expr_wire_check_type(weft_type type)
{
    const weft_type_id id = (weft_type_id)type.id;
    if (id >= WEFT_TYPE_COUNT) return false;
    if (id == WEFT_TYPE_DECIMAL) {
        if (type.precision < 1 || type.precision > WEFT_DECIMAL_PRECISION_MAX) return false;
        if (type.scale > type.precision) return false;
    } else if (weft_type_is_interval(type)) { /* fields that it lacks */
        const int32_t most = id == WEFT_TYPE_INTERVAL_YM ? 1 : 3;
        if (type.precision + type.scale > most) return false;
    } else if (type.precision != 0) {
        return false;
    } else if (id == WEFT_TYPE_TIME) {
        if (weft_type_time_digits(type) < 0 || weft_type_time_digits(type) > WEFT_TIME_DIGITS_MAX)
            return false;
    } else if (id == WEFT_TYPE_TIMESTAMP_NS || id == WEFT_TYPE_TIMESTAMP_NTZ_NS) {
        if (type.scale > 2) return false;
    } else if (type.scale != 0) {
        return false;
    }
    if (id == WEFT_TYPE_ARRAY) return type.child_count == 1;
    if (id == WEFT_TYPE_MAP) return type.child_count == 2;
    return id == WEFT_TYPE_STRUCT || type.child_count == 0;
}

static bool is_boolean(weft_type type) { return type.id == WEFT_TYPE_BOOLEAN; }

static bool fits_bits(int64_t value, int bits)
{
    return value >= -((int64_t)1 << (bits - 1)) && value < (int64_t)1 << (bits - 1);
}

static bool check_literal(const weft_expr *e)
{
    const weft_value *value = &e->literal;
    if (e->arg_count != 0) return false;
    if (value->is_null) return true;
    switch ((weft_type_id)e->type.id) {
    case WEFT_TYPE_BOOLEAN:
    case WEFT_TYPE_DOUBLE:
    case WEFT_TYPE_STRING:
    case WEFT_TYPE_BINARY:
    case WEFT_TYPE_BIGINT:
    case WEFT_TYPE_TIMESTAMP:
    case WEFT_TYPE_TIMESTAMP_NTZ:
    case WEFT_TYPE_TIMESTAMP_NS:
    case WEFT_TYPE_TIMESTAMP_NTZ_NS:
    case WEFT_TYPE_INTERVAL_DT:
    case WEFT_TYPE_INTERVAL: return true;
    case WEFT_TYPE_FLOAT: return isnan(value->f64) || (double)(float)value->f64 == value->f64;
    case WEFT_TYPE_TINYINT: return fits_bits(value->i64, 8);
    case WEFT_TYPE_SMALLINT: return fits_bits(value->i64, 16);
    case WEFT_TYPE_TIME: return value->i64 >= 0 && value->i64 < INT64_C(86400000000000);
    case WEFT_TYPE_INT:
    case WEFT_TYPE_DATE:
    case WEFT_TYPE_INTERVAL_YM: return fits_bits(value->i64, 32);
    case WEFT_TYPE_DECIMAL: return weft_decimal_fits(value->i128, e->type.precision);
    case WEFT_TYPE_ARRAY:
    case WEFT_TYPE_STRUCT:
    case WEFT_TYPE_MAP:
        return weft_nested_validate(e->type, (const uint8_t *)weft_str_data(&value->str), value->str.len);
    case WEFT_TYPE_VARIANT:
        return weft_variant_check(weft_str_data(&value->str), value->str.len) == WEFT_VARIANT_GOOD;
    case WEFT_TYPE_GEOMETRY:
    case WEFT_TYPE_GEOGRAPHY: return value->str.len >= WEFT_SRID_BYTES; /* what reads the rest checks it */
    case WEFT_TYPE_NULL:
    case WEFT_TYPE_COUNT: break;
    }
    return false;
}

/* A binding gave `st`, args and type. What it refuses is no expression; what it would change is not what a
 * plan holds. *good says so, and what is left is an error of this process. */
static weft_status judge_binding(weft_ctx *ctx, weft_status bound, const weft_expr *e,
                                 const weft_expr *const *args, weft_type type, bool *good)
{
    if (bound == WEFT_NOMEM) return bound;
    if (bound != WEFT_OK) weft_error_clear(ctx);
    *good = bound == WEFT_OK && weft_type_equal(type, e->type);
    for (int32_t i = 0; i < e->arg_count && *good; i++) *good = args[i] == e->args[i];
    return WEFT_OK;
}

/* Kernels rely on what the binder grants (equal types, the precision of a decimal result, literal arguments):
 * binding again must change nothing. */
static weft_status check_call(weft_ctx *ctx, const weft_expr *e, const weft_expr **args, bool *good)
{
    weft_status st = WEFT_OK;
    const weft_function *fn = e->call.function;
    weft_type type = WEFT_TYPE_OF(WEFT_TYPE_NULL);
    int32_t variant = -1;
    const weft_status bound = weft_function_bind(ctx, fn, args, e->arg_count, &e->span, &variant, &type);
    WEFT_TRY(st, judge_binding(ctx, bound, e, args, type, good));
    *good = *good && variant == e->call.variant;
done:
    return st;
}

static weft_status check_aggregate(weft_ctx *ctx, const weft_expr *e, const weft_expr **args, bool *good)
{
    weft_type type = WEFT_TYPE_OF(WEFT_TYPE_NULL);
    *good = e->aggregate.filter == NULL || is_boolean(e->aggregate.filter->type);
    if (!*good) return WEFT_OK;
    return judge_binding(ctx,
                         weft_aggregate_bind(ctx, e->aggregate.function, args, e->arg_count, &e->span, &type),
                         e, args, type, good);
}

static weft_status check_bound_args(weft_ctx *ctx, const weft_expr *e, bool *good)
{
    weft_status st = WEFT_OK;
    const weft_expr **args = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(e->arg_count, 1), &args));
    if (e->arg_count > 0) memcpy(args, e->args, (size_t)e->arg_count * sizeof(*args));
    WEFT_TRY(st, (e->kind == WEFT_EXPR_CALL ? check_call : check_aggregate)(ctx, e, args, good));
done:
    return st;
}

static bool check_case(const weft_expr *e)
{
    if (e->arg_count < 2) return false;
    for (int32_t i = 0; i < e->arg_count; i++) {
        const bool is_value = i % 2 == 1 || i == e->arg_count - 1;
        if (!(is_value ? weft_type_equal(e->args[i]->type, e->type) : is_boolean(e->args[i]->type)))
            return false;
    }
    return true;
}

static bool all_boolean(const weft_expr *e)
{
    for (int32_t i = 0; i < e->arg_count; i++) {
        if (!is_boolean(e->args[i]->type)) return false;
    }
    return is_boolean(e->type);
}

static bool all_of_type(const weft_expr *e, weft_type type)
{
    for (int32_t i = 0; i < e->arg_count; i++) {
        if (!weft_type_equal(e->args[i]->type, type)) return false;
    }
    return true;
}

static bool check_sort_keys(const weft_expr *const *keys, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (keys[i]->kind != WEFT_EXPR_SORT_KEY) return false;
    }
    return true;
}

static bool check_bound(weft_bound_kind bound, const weft_expr *offset)
{
    const bool needs = bound == WEFT_BOUND_PRECEDING || bound == WEFT_BOUND_FOLLOWING;
    return needs == (offset != NULL) && (offset == NULL || offset->kind == WEFT_EXPR_LITERAL);
}

static bool check_window(const weft_expr *e)
{
    if (e->arg_count != 1 || !weft_type_equal(e->type, e->args[0]->type)) return false;
    if (e->args[0]->kind != WEFT_EXPR_AGGREGATE && e->args[0]->kind != WEFT_EXPR_CALL) return false;
    const weft_window_spec *spec = e->window.spec;
    return check_sort_keys(spec->order, spec->order_count) && check_bound(spec->low, spec->low_offset) &&
           check_bound(spec->high, spec->high_offset);
}

static bool check_form(const weft_expr *e)
{
    const int32_t count = e->arg_count;
    switch (e->kind) {
    case WEFT_EXPR_LITERAL: return check_literal(e);
    case WEFT_EXPR_COLUMN: return count == 0 && e->column.ordinal >= 0;
    case WEFT_EXPR_CAST: return count == 1 && weft_cast_kernel(e->args[0]->type, e->type) != NULL;
    case WEFT_EXPR_CASE: return check_case(e);
    case WEFT_EXPR_AND:
    case WEFT_EXPR_OR: return count >= 2 && all_boolean(e);
    case WEFT_EXPR_NOT: return count == 1 && all_boolean(e);
    case WEFT_EXPR_IN: return count >= 2 && is_boolean(e->type) && all_of_type(e, e->args[0]->type);
    case WEFT_EXPR_IS_NULL:
    case WEFT_EXPR_IS_NOT_NULL: return count == 1 && is_boolean(e->type);
    case WEFT_EXPR_COALESCE: return count >= 1 && all_of_type(e, e->type);
    case WEFT_EXPR_WINDOW: return check_window(e);
    case WEFT_EXPR_ALIAS:
    case WEFT_EXPR_SORT_KEY: return count == 1 && all_of_type(e, e->type);
    case WEFT_EXPR_BLOOM: return count >= 1 && is_boolean(e->type) && e->bloom.filter_id >= 0;
    case WEFT_EXPR_CALL:
    case WEFT_EXPR_AGGREGATE:
    case WEFT_EXPR_SUBQUERY:
    case WEFT_EXPR_OUTER:
    case WEFT_EXPR_UNRESOLVED_COLUMN:
    case WEFT_EXPR_UNRESOLVED_CALL:
    case WEFT_EXPR_STAR:
    case WEFT_EXPR_INTERVAL:
    case WEFT_EXPR_KIND_COUNT: break;
    }
    return false;
}

weft_status weft_expr_wire_check(weft_ctx *ctx, const weft_expr *e, bool *good)
{
    if (e->kind == WEFT_EXPR_CALL || e->kind == WEFT_EXPR_AGGREGATE) return check_bound_args(ctx, e, good);
    *good = check_form(e);
    return WEFT_OK;
}
