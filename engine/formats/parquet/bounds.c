/* engine/formats/parquet/bounds.c - see the header. Whatever is not understood "may match". */
#include <math.h>
#include <string.h>

#include "engine/expr/calendar.h"
#include "engine/expr/decimal.h"
#include "engine/expr/function.h"
#include "engine/expr/rebase.h"
#include "engine/formats/parquet/bounds.h"

/* One plain-encoded value as a weft value; false when it has not the size of its type. */
static bool bounds_number(const weft_pq_leaf *leaf, const uint8_t *bytes, int32_t len, weft_value *out)
{
    int32_t i32 = 0;
    int64_t i64 = 0;
    if (leaf->type_bytes != 0 && len != leaf->type_bytes) return false;
    if (leaf->physical == WEFT_PQ_INT32) memcpy(&i32, bytes, 4);
    if (leaf->physical == WEFT_PQ_INT64) memcpy(&i64, bytes, 8);
    const bool decimal = leaf->type.id == WEFT_TYPE_DECIMAL;
    switch ((weft_pq_convert)leaf->convert) {
    case WEFT_PQ_AS_IS:
        if (leaf->physical == WEFT_PQ_INT32) i64 = i32;
        if (leaf->physical == WEFT_PQ_FLOAT) {
            float value;
            memcpy(&value, bytes, 4);
            out->f64 = value;
            return !isnan(value);
        }
        if (leaf->physical == WEFT_PQ_DOUBLE) {
            memcpy(&out->f64, bytes, 8);
            return !isnan(out->f64);
        }
        break;
    case WEFT_PQ_TO_I8:
    case WEFT_PQ_TO_I16:
    case WEFT_PQ_I32_TO_I64:
    case WEFT_PQ_I32_TO_I128: i64 = i32; break;
    case WEFT_PQ_U8_TO_I16:
    case WEFT_PQ_U16_TO_I32:
    case WEFT_PQ_U32_TO_I64: i64 = (uint32_t)i32; break;
    case WEFT_PQ_I64_TO_I128: break;
    case WEFT_PQ_U64_TO_I128: out->i128 = (uint64_t)i64; return true;
    case WEFT_PQ_MS_TO_US: return !__builtin_mul_overflow(i64, 1000, &out->i64);
    case WEFT_PQ_NS_TO_US: out->i64 = i64 / 1000 - (i64 % 1000 < 0); return true;
    case WEFT_PQ_TIME_MS: out->i64 = (int64_t)i32 * 1000; return true;
    case WEFT_PQ_BYTES_TO_DECIMAL: {
        if (len < 1 || len > 16) return false;
        weft_u128 value = (bytes[0] & 0x80) != 0 ? ~(weft_u128)0 : 0;
        for (int32_t i = 0; i < len; i++) value = value << 8 | bytes[i];
        out->i128 = (weft_i128)value;
        return true;
    }
    case WEFT_PQ_DATE_TO_US: out->i64 = i32 * WEFT_DAY_US; return true;
    case WEFT_PQ_TO_BOOL: out->boolean = len > 0 && bytes[0] != 0; return len == 1;
    case WEFT_PQ_DATE_REBASED: out->i64 = i32; return i32 >= WEFT_REBASE_DAY;
    case WEFT_PQ_US_REBASED: out->i64 = i64; return i64 >= WEFT_REBASE_US;
    case WEFT_PQ_MS_REBASED:
        return !__builtin_mul_overflow(i64, 1000, &out->i64) && out->i64 >= WEFT_REBASE_US;
    case WEFT_PQ_INT96_TO_US:
    case WEFT_PQ_INT96_REBASED:
    case WEFT_PQ_I32_TO_F64:
    case WEFT_PQ_F32_TO_F64:
    case WEFT_PQ_FLOAT16:
    case WEFT_PQ_FIXED_TO_STR: return false;
    }
    if (decimal) {
        out->i128 = i64;
    } else {
        out->i64 = i64;
    }
    return true;
}

static bool bounds_value(const weft_pq_leaf *leaf, const uint8_t *bytes, int32_t len, weft_value *out)
{
    *out = (weft_value){.type = leaf->type};
    if (leaf->physical == WEFT_PQ_BYTE_ARRAY && leaf->convert == WEFT_PQ_AS_IS) {
        out->str = weft_str_view((const char *)bytes, (uint32_t)len);
        return true;
    }
    if (!bounds_number(leaf, bytes, len, out)) return false;
    return leaf->scale_up == 0 ||
           !__builtin_mul_overflow(out->i128, weft_i128_pow10(leaf->scale_up), &out->i128);
}

weft_pq_bounds weft_pq_bounds_of(const weft_pq_leaf *leaf, const weft_pq_stats *stats, int64_t rows)
{
    weft_pq_bounds b = {.null_count = stats->null_count, .rows = rows};
    if (leaf->max_rep > 0) b.null_count = -1; /* counts elements, not rows */
    if (stats->min == NULL || stats->max == NULL || leaf->max_rep > 0) return b;
    b.has_bounds = bounds_value(leaf, stats->min, stats->min_bytes, &b.low) &&
                   bounds_value(leaf, stats->max, stats->max_bytes, &b.high);
    /* Writers differ in which zero they keep, and NaN is above all numbers in SQL but in no statistics. */
    if (leaf->type.id == WEFT_TYPE_FLOAT || leaf->type.id == WEFT_TYPE_DOUBLE) b.has_bounds = false;
    if (b.has_bounds && weft_value_compare(&b.low, &b.high) > 0) b.has_bounds = false;
    return b;
}

weft_pq_bounds weft_pq_bounds_of_value(const weft_value *value, int64_t rows)
{
    const bool number = value->type.id == WEFT_TYPE_FLOAT || value->type.id == WEFT_TYPE_DOUBLE;
    const bool ordered = !number && !weft_type_is_nested(value->type) &&
                         value->type.id != WEFT_TYPE_VARIANT && value->type.id != WEFT_TYPE_GEOMETRY &&
                         value->type.id != WEFT_TYPE_GEOGRAPHY;
    return (weft_pq_bounds){.has_bounds = !value->is_null && ordered,
                            .low = *value,
                            .high = *value,
                            .null_count = value->is_null ? rows : 0,
                            .rows = rows};
}

/* Numbers that can be held against each other: integers and decimals as an unscaled value and a scale. */
static bool bounds_exact(const weft_value *v, weft_i128 *unscaled, int *scale)
{
    if (v->type.id == WEFT_TYPE_DECIMAL) {
        *unscaled = v->i128;
        *scale = v->type.scale;
        return true;
    }
    *unscaled = v->i64;
    *scale = 0;
    return v->type.id >= WEFT_TYPE_TINYINT && v->type.id <= WEFT_TYPE_BIGINT;
}

/* <0, 0, >0; *known false when the two cannot be compared. */
static int bounds_compare(const weft_value *a, const weft_value *b, bool *known)
{
    weft_i128 x, y;
    int x_scale, y_scale;
    *known = true;
    if (bounds_exact(a, &x, &x_scale) && bounds_exact(b, &y, &y_scale)) {
        for (; x_scale < y_scale && *known; x_scale++) *known = !__builtin_mul_overflow(x, (weft_i128)10, &x);
        for (; y_scale < x_scale && *known; y_scale++) *known = !__builtin_mul_overflow(y, (weft_i128)10, &y);
        return x < y ? -1 : x > y;
    }
    if (a->type.id != b->type.id || a->type.id == WEFT_TYPE_FLOAT || a->type.id == WEFT_TYPE_DOUBLE ||
        a->type.child_count > 0 || a->type.id == WEFT_TYPE_NULL || a->type.id == WEFT_TYPE_VARIANT) {
        *known = false;
        return 0;
    }
    return weft_value_compare(a, b);
}

typedef struct bounds_view {
    const weft_pq_bounds *columns;
    int32_t column_count;
} bounds_view;

static bool bounds_is_exact_type(weft_type type)
{
    return type.id == WEFT_TYPE_DECIMAL || (type.id >= WEFT_TYPE_TINYINT && type.id <= WEFT_TYPE_BIGINT);
}

/* The bounds of an operand that is a column, also below casts that keep every value. */
static const weft_pq_bounds *bounds_column(const bounds_view *v, const weft_expr *e)
{
    while (e->kind == WEFT_EXPR_CAST) {
        const weft_type from = e->args[0]->type, to = e->type;
        const int from_whole = from.id == WEFT_TYPE_DECIMAL ? from.precision - from.scale : 19;
        if (!bounds_is_exact_type(from) || !bounds_is_exact_type(to)) return NULL;
        if (to.id == WEFT_TYPE_DECIMAL) {
            const int from_scale = from.id == WEFT_TYPE_DECIMAL ? from.scale : 0;
            if (to.scale < from_scale || to.precision - to.scale < from_whole) return NULL;
        } else if (from.id == WEFT_TYPE_DECIMAL || to.id < from.id) {
            return NULL;
        }
        e = e->args[0];
    }
    if (e->kind != WEFT_EXPR_COLUMN || e->column.ordinal < 0 || e->column.ordinal >= v->column_count)
        return NULL;
    const weft_pq_bounds *b = &v->columns[e->column.ordinal];
    return b->rows > 0 ? b : NULL;
}

/* May `column op literal` be true? op: -2 <, -1 <=, 0 =, 1 >=, 2 > */
static bool bounds_may_compare(const weft_pq_bounds *b, int op, const weft_value *literal)
{
    bool low_known = false, high_known = false;
    if (literal->is_null || b->null_count == b->rows) return false;
    if (!b->has_bounds) return true;
    const int low = bounds_compare(&b->low, literal, &low_known);
    const int high = bounds_compare(&b->high, literal, &high_known);
    if (!low_known || !high_known) return true;
    switch (op) {
    case -2: return low < 0;
    case -1: return low <= 0;
    case 0: return low <= 0 && high >= 0;
    case 1: return high >= 0;
    default: return high > 0;
    }
}

static bool bounds_may_call(const bounds_view *v, const weft_expr *e)
{
    static const struct {
        const char *name;
        int op;
    } operators[] = {{"<", -2}, {"<=", -1}, {"=", 0}, {">=", 1}, {">", 2}};
    if (e->arg_count != 2) return true;
    for (int32_t i = 0; i < WEFT_COUNT(operators); i++) {
        if (strcmp(e->call.function->name, operators[i].name) != 0) continue;
        const bool swapped = e->args[0]->kind == WEFT_EXPR_LITERAL;
        const weft_expr *literal = e->args[swapped ? 0 : 1];
        const weft_pq_bounds *b = bounds_column(v, e->args[swapped ? 1 : 0]);
        if (literal->kind != WEFT_EXPR_LITERAL || b == NULL) return true;
        return bounds_may_compare(b, swapped ? -operators[i].op : operators[i].op, &literal->literal);
    }
    return true;
}

static bool bounds_may(const bounds_view *v, const weft_expr *e)
{
    if (e->kind == WEFT_EXPR_LITERAL)
        return e->type.id != WEFT_TYPE_BOOLEAN || (!e->literal.is_null && e->literal.boolean);
    if (e->kind == WEFT_EXPR_AND) {
        for (int32_t i = 0; i < e->arg_count; i++) {
            if (!bounds_may(v, e->args[i])) return false;
        }
        return true;
    }
    if (e->kind == WEFT_EXPR_OR) {
        for (int32_t i = 0; i < e->arg_count; i++) {
            if (bounds_may(v, e->args[i])) return true;
        }
        return false;
    }
    if (e->kind == WEFT_EXPR_CALL) return bounds_may_call(v, e);
    const bool reads_column = e->kind == WEFT_EXPR_IN || e->kind == WEFT_EXPR_IS_NULL ||
                              e->kind == WEFT_EXPR_IS_NOT_NULL;
    const weft_pq_bounds *b = reads_column ? bounds_column(v, e->args[0]) : NULL;
    if (b == NULL) return true;
    if (e->kind == WEFT_EXPR_IS_NULL) return b->null_count != 0;
    if (e->kind == WEFT_EXPR_IS_NOT_NULL) return b->null_count != b->rows;
    for (int32_t i = 1; i < e->arg_count; i++) {
        if (e->args[i]->kind != WEFT_EXPR_LITERAL || bounds_may_compare(b, 0, &e->args[i]->literal))
            return true;
    }
    return false;
}

bool weft_pq_may_match(const weft_expr *e, const weft_pq_bounds *columns, int32_t column_count)
{
    const bounds_view v = {.columns = columns, .column_count = column_count};
    return bounds_may(&v, e);
}

bool weft_pq_may_match_keys(const weft_key_filter *keys, const weft_pq_bounds *bounds)
{
    if (keys->empty) return false;
    if (!keys->has_range || bounds->rows == 0) return true;
    if (bounds->null_count == bounds->rows) return false;
    if (!bounds->has_bounds) return true;
    const weft_type type = bounds->low.type;
    if (type.id == WEFT_TYPE_DECIMAL) return bounds->low.i128 <= keys->high && bounds->high.i128 >= keys->low;
    const bool integer = (type.id >= WEFT_TYPE_TINYINT && type.id <= WEFT_TYPE_BIGINT) ||
                         type.id == WEFT_TYPE_DATE || type.id == WEFT_TYPE_TIMESTAMP ||
                         type.id == WEFT_TYPE_TIMESTAMP_NTZ;
    return !integer || (bounds->low.i64 <= keys->high && bounds->high.i64 >= keys->low);
}
