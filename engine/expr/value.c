/* engine/expr/value.c - text, order and extraction of single SQL values. */
#include "engine/expr/value.h"

#include <math.h>
#include <stdio.h>

#include "engine/columnar/nested.h"
#include "engine/expr/cast.h"
#include "engine/expr/decimal.h"
#include "engine/expr/interval.h"

static weft_status interval_text(weft_ctx *ctx, const weft_value *value, char **out)
{
    char text[WEFT_INTERVAL_TEXT_BYTES];
    const int len = weft_interval_text(value->type, value->i64, text);
    return weft_arena_copy(ctx, ctx->arena, text, (size_t)len, out);
}

static weft_status binary_text(weft_ctx *ctx, const weft_str *bytes, char **out)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    const uint8_t *from = (const uint8_t *)weft_str_data(bytes);

    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, (size_t)bytes->len * 2 + 4, (void **)&text));
    memcpy(text, "X'", 2);
    for (uint32_t i = 0; i < bytes->len; i++) {
        text[2 + 2 * i] = "0123456789ABCDEF"[from[i] >> 4];
        text[3 + 2 * i] = "0123456789ABCDEF"[from[i] & 15];
    }
    text[2 + 2 * (size_t)bytes->len] = '\'';
    *out = text;
done:
    return st;
}

/* DATE '…' and the like: the cast's text behind a type name. */
static weft_status quoted_text(weft_ctx *ctx, const char *type_name, const weft_value *value, char **out)
{
    char *inner = NULL;
    const weft_status st = weft_value_cast_text(ctx, value, &inner);
    return st != WEFT_OK ? st : weft_arena_printf(ctx, ctx->arena, out, "%s '%s'", type_name, inner);
}

weft_status weft_value_text(weft_ctx *ctx, const weft_value *value, char **out)
{
    char text[WEFT_DECIMAL_TEXT_BYTES];

    if (value->is_null) return weft_arena_copy(ctx, ctx->arena, "NULL", 4, out);
    switch ((weft_type_id)value->type.id) {
    case WEFT_TYPE_BOOLEAN:
        return weft_arena_printf(ctx, ctx->arena, out, "%s", value->boolean ? "true" : "false");
    case WEFT_TYPE_TINYINT:
    case WEFT_TYPE_SMALLINT:
    case WEFT_TYPE_INT:
    case WEFT_TYPE_BIGINT: return weft_arena_printf(ctx, ctx->arena, out, "%lld", (long long)value->i64);
    case WEFT_TYPE_DECIMAL:
        return weft_arena_copy(ctx, ctx->arena, text,
                               (size_t)weft_decimal_exponent_text(value->i128, value->type.scale, text), out);
    case WEFT_TYPE_STRING:
        return weft_arena_copy(ctx, ctx->arena, weft_str_data(&value->str), value->str.len, out);
    case WEFT_TYPE_GEOMETRY:
    case WEFT_TYPE_GEOGRAPHY:
    case WEFT_TYPE_BINARY: return binary_text(ctx, &value->str, out);
    case WEFT_TYPE_DATE: return quoted_text(ctx, "DATE", value, out);
    case WEFT_TYPE_TIMESTAMP: return quoted_text(ctx, "TIMESTAMP", value, out);
    case WEFT_TYPE_TIMESTAMP_NTZ: return quoted_text(ctx, "TIMESTAMP_NTZ", value, out);
    case WEFT_TYPE_TIMESTAMP_NS: return quoted_text(ctx, "TIMESTAMP_LTZ", value, out);
    case WEFT_TYPE_TIMESTAMP_NTZ_NS: return quoted_text(ctx, "TIMESTAMP_NTZ", value, out);
    case WEFT_TYPE_TIME: return quoted_text(ctx, "TIME", value, out);
    case WEFT_TYPE_INTERVAL: return quoted_text(ctx, "INTERVAL", value, out);
    case WEFT_TYPE_INTERVAL_YM:
    case WEFT_TYPE_INTERVAL_DT: return interval_text(ctx, value, out);
    case WEFT_TYPE_FLOAT:
    case WEFT_TYPE_DOUBLE:
    case WEFT_TYPE_ARRAY:
    case WEFT_TYPE_STRUCT:
    case WEFT_TYPE_MAP:
    case WEFT_TYPE_VARIANT: return weft_value_cast_text(ctx, value, out);
    case WEFT_TYPE_NULL:
    case WEFT_TYPE_COUNT: break;
    }
    return weft_fail(ctx, WEFT_INTERNAL, "a literal of type number %d has no text", value->type.id);
}

static int compare_f64(double a, double b)
{
    if (isnan(a) || isnan(b)) return isnan(a) - isnan(b);
    return a < b ? -1 : a > b;
}

int weft_value_compare(const weft_value *a, const weft_value *b)
{
    if (a->is_null || b->is_null) return b->is_null - a->is_null;
    switch ((weft_type_id)a->type.id) {
    case WEFT_TYPE_BOOLEAN: return a->boolean - b->boolean;
    case WEFT_TYPE_FLOAT:
    case WEFT_TYPE_DOUBLE: return compare_f64(a->f64, b->f64);
    case WEFT_TYPE_INTERVAL:
    case WEFT_TYPE_DECIMAL: return a->i128 < b->i128 ? -1 : a->i128 > b->i128;
    case WEFT_TYPE_STRING:
    case WEFT_TYPE_BINARY:
    case WEFT_TYPE_GEOMETRY:
    case WEFT_TYPE_GEOGRAPHY:
    case WEFT_TYPE_VARIANT: return weft_str_compare(&a->str, &b->str);
    case WEFT_TYPE_TINYINT:
    case WEFT_TYPE_SMALLINT:
    case WEFT_TYPE_INT:
    case WEFT_TYPE_BIGINT:
    case WEFT_TYPE_DATE:
    case WEFT_TYPE_TIMESTAMP:
    case WEFT_TYPE_TIMESTAMP_NTZ:
    case WEFT_TYPE_TIMESTAMP_NS:
    case WEFT_TYPE_TIMESTAMP_NTZ_NS:
    case WEFT_TYPE_TIME:
    case WEFT_TYPE_INTERVAL_YM:
    case WEFT_TYPE_INTERVAL_DT: return a->i64 < b->i64 ? -1 : a->i64 > b->i64;
    case WEFT_TYPE_ARRAY:
    case WEFT_TYPE_STRUCT:
    case WEFT_TYPE_MAP:
        return weft_nested_compare(a->type, (const uint8_t *)weft_str_data(&a->str),
                                   (const uint8_t *)weft_str_data(&b->str));
    case WEFT_TYPE_NULL:
    case WEFT_TYPE_COUNT: break;
    }
    return 0;
}

/* One physical value as a 128-bit integer; the caller knows that it is of an integer kind. */
static weft_i128 slot_integer(weft_phys phys, const void *slot)
{
    int16_t i16;
    int32_t i32;
    int64_t i64;
    weft_i128 i128;

    switch (phys) {
    case WEFT_PHYS_BOOL: return *(const uint8_t *)slot;
    case WEFT_PHYS_I8: return *(const int8_t *)slot;
    case WEFT_PHYS_I16: memcpy(&i16, slot, sizeof(i16)); return i16;
    case WEFT_PHYS_I32: memcpy(&i32, slot, sizeof(i32)); return i32;
    case WEFT_PHYS_I64: memcpy(&i64, slot, sizeof(i64)); return i64;
    case WEFT_PHYS_I128: memcpy(&i128, slot, sizeof(i128)); return i128;
    case WEFT_PHYS_NULL:
    case WEFT_PHYS_F32:
    case WEFT_PHYS_F64:
    case WEFT_PHYS_STR:
    case WEFT_PHYS_LIST:
    case WEFT_PHYS_STRUCT:
    case WEFT_PHYS_COUNT: break;
    }
    return 0;
}

weft_value weft_value_of_column(const weft_column *column, int32_t row)
{
    weft_value value = {.type = column->type, .is_null = true};
    const weft_phys phys = (weft_phys)column->phys;

    if (phys == WEFT_PHYS_NULL || weft_phys_is_nested(phys) || weft_column_is_null(column, row)) return value;
    value.is_null = false;
    const void *slot = weft_column_value(column, row);
    if (phys == WEFT_PHYS_STR) {
        memcpy(&value.str, slot, sizeof(value.str));
    } else if (phys == WEFT_PHYS_F64) {
        memcpy(&value.f64, slot, sizeof(value.f64));
    } else if (phys == WEFT_PHYS_F32) {
        float narrow;
        memcpy(&narrow, slot, sizeof(narrow));
        value.f64 = (double)narrow;
    } else if (column->type.id == WEFT_TYPE_DECIMAL || column->type.id == WEFT_TYPE_INTERVAL) {
        value.i128 = slot_integer(phys, slot);
    } else if (phys == WEFT_PHYS_BOOL) {
        value.boolean = *(const uint8_t *)slot != 0;
    } else {
        value.i64 = (int64_t)slot_integer(phys, slot);
    }
    return value;
}

weft_status weft_value_take(weft_ctx *ctx, const weft_column *column, int32_t row, weft_value *out)
{
    weft_status st = WEFT_OK;
    char *bytes = NULL;
    if (weft_phys_is_nested((weft_phys)column->phys)) {
        *out = (weft_value){.type = column->type, .is_null = weft_column_is_null(column, row)};
        if (!out->is_null) WEFT_TRY(st, weft_nested_pack_value(ctx, column, row, &out->str));
        goto done;
    }
    *out = weft_value_of_column(column, row);
    if (!out->is_null && column->phys == WEFT_PHYS_STR && out->str.len > WEFT_STR_INLINE) {
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, out->str.pointer, out->str.len, &bytes));
        out->str = weft_str_view(bytes, out->str.len);
    }
done:
    return st;
}

weft_status weft_value_store(weft_ctx *ctx, const weft_value *value, weft_vector *vector, int32_t i)
{
    const weft_phys phys = (weft_phys)vector->column.phys;
    if (value->is_null) {
        weft_vector_set_null(vector, i);
        return WEFT_OK;
    }
    char *at = (char *)vector->values + (size_t)i * (size_t)weft_phys_bytes(phys);
    switch (phys) {
    case WEFT_PHYS_NULL: return WEFT_OK;
    case WEFT_PHYS_BOOL: *(uint8_t *)at = value->boolean; return WEFT_OK;
    case WEFT_PHYS_I8: *(int8_t *)at = (int8_t)value->i64; return WEFT_OK;
    case WEFT_PHYS_I16: *(int16_t *)(void *)at = (int16_t)value->i64; return WEFT_OK;
    case WEFT_PHYS_I32: *(int32_t *)(void *)at = (int32_t)value->i64; return WEFT_OK;
    case WEFT_PHYS_I64:
        *(int64_t *)(void *)at = value->type.id == WEFT_TYPE_DECIMAL ? (int64_t)value->i128 : value->i64;
        return WEFT_OK;
    case WEFT_PHYS_I128: *(weft_i128 *)(void *)at = value->i128; return WEFT_OK;
    case WEFT_PHYS_F32: *(float *)(void *)at = (float)value->f64; return WEFT_OK;
    case WEFT_PHYS_F64: *(double *)(void *)at = value->f64; return WEFT_OK;
    case WEFT_PHYS_STR:
        return weft_vector_set_string(ctx, vector, i, weft_str_data(&value->str), value->str.len);
    case WEFT_PHYS_LIST:
    case WEFT_PHYS_STRUCT: return weft_nested_unpack_one(ctx, &value->str, i, vector);
    case WEFT_PHYS_COUNT: break;
    }
    return weft_fail(ctx, WEFT_INTERNAL, "a literal of type number %d", value->type.id);
}
