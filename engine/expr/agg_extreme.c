/* engine/expr/agg_extreme.c - min and max of every type that has an order. One state of the argument's type.
 *
 * Order: NaN above every other double, -0.0 equal to 0.0, strings by unsigned bytes, false before true. */
#include <math.h>

#include "common/mem.h"
#include "engine/columnar/nested.h"
#include "engine/expr/agg_input.h"
#include "engine/expr/coerce.h"

static weft_status finalize_state(weft_ctx *ctx, const weft_agg_place *place, const uint8_t *const *rows,
                                  int32_t count, weft_vector *out)
{
    return weft_agg_finish_state(ctx, place, 0, rows, count, out);
}

#define BELOW(a, b)     ((a) < (b))
#define ABOVE(a, b)     ((a) > (b))
#define BELOW_NAN(a, b) ((a) < (b) || (isnan(b) && !isnan(a)))
#define ABOVE_NAN(a, b) ((a) > (b) || (isnan(a) && !isnan(b)))

#define WEFT_T      uint8_t
#define WEFT_NAME   min_bool
#define WEFT_AS     WEFT_AGG_AS_IS
#define WEFT_BEFORE BELOW
#include "engine/expr/agg_extreme.inc.h"
#define WEFT_T      uint8_t
#define WEFT_NAME   max_bool
#define WEFT_AS     WEFT_AGG_AS_IS
#define WEFT_BEFORE ABOVE
#include "engine/expr/agg_extreme.inc.h"

#define WEFT_T      int8_t
#define WEFT_NAME   min_i8
#define WEFT_AS     WEFT_AGG_AS_IS
#define WEFT_BEFORE BELOW
#include "engine/expr/agg_extreme.inc.h"
#define WEFT_T      int8_t
#define WEFT_NAME   max_i8
#define WEFT_AS     WEFT_AGG_AS_IS
#define WEFT_BEFORE ABOVE
#include "engine/expr/agg_extreme.inc.h"

#define WEFT_T      int16_t
#define WEFT_NAME   min_i16
#define WEFT_AS     WEFT_AGG_AS_IS
#define WEFT_BEFORE BELOW
#include "engine/expr/agg_extreme.inc.h"
#define WEFT_T      int16_t
#define WEFT_NAME   max_i16
#define WEFT_AS     WEFT_AGG_AS_IS
#define WEFT_BEFORE ABOVE
#include "engine/expr/agg_extreme.inc.h"

#define WEFT_T      int32_t
#define WEFT_NAME   min_i32
#define WEFT_AS     WEFT_AGG_AS_IS
#define WEFT_BEFORE BELOW
#include "engine/expr/agg_extreme.inc.h"
#define WEFT_T      int32_t
#define WEFT_NAME   max_i32
#define WEFT_AS     WEFT_AGG_AS_IS
#define WEFT_BEFORE ABOVE
#include "engine/expr/agg_extreme.inc.h"

/* Decimals come in the width of the batch: the reader makes it the state's. */
#define WEFT_T      int64_t
#define WEFT_NAME   min_i64
#define WEFT_AS     WEFT_AGG_AS_I64
#define WEFT_BEFORE BELOW
#include "engine/expr/agg_extreme.inc.h"
#define WEFT_T      int64_t
#define WEFT_NAME   max_i64
#define WEFT_AS     WEFT_AGG_AS_I64
#define WEFT_BEFORE ABOVE
#include "engine/expr/agg_extreme.inc.h"

#define WEFT_T      weft_i128
#define WEFT_NAME   min_i128
#define WEFT_AS     WEFT_AGG_AS_I128
#define WEFT_BEFORE BELOW
#include "engine/expr/agg_extreme.inc.h"
#define WEFT_T      weft_i128
#define WEFT_NAME   max_i128
#define WEFT_AS     WEFT_AGG_AS_I128
#define WEFT_BEFORE ABOVE
#include "engine/expr/agg_extreme.inc.h"

#define WEFT_T      float
#define WEFT_NAME   min_f32
#define WEFT_AS     WEFT_AGG_AS_IS
#define WEFT_BEFORE BELOW_NAN
#include "engine/expr/agg_extreme.inc.h"
#define WEFT_T      float
#define WEFT_NAME   max_f32
#define WEFT_AS     WEFT_AGG_AS_IS
#define WEFT_BEFORE ABOVE_NAN
#include "engine/expr/agg_extreme.inc.h"

#define WEFT_T      double
#define WEFT_NAME   min_f64
#define WEFT_AS     WEFT_AGG_AS_F64
#define WEFT_BEFORE BELOW_NAN
#include "engine/expr/agg_extreme.inc.h"
#define WEFT_T      double
#define WEFT_NAME   max_f64
#define WEFT_AS     WEFT_AGG_AS_F64
#define WEFT_BEFORE ABOVE_NAN
#include "engine/expr/agg_extreme.inc.h"

/* ---- strings ---- */

/* direction 1: min, -1: max. */
static weft_status keep_string(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row, weft_agg_slot slot,
                               const weft_str *value, int direction)
{
    weft_str held;
    memcpy(&held, row + slot.offset, sizeof(held));
    if (!weft_agg_is_null(row, slot) && weft_str_compare(value, &held) * direction >= 0) return WEFT_OK;
    return weft_agg_set_string(ctx, place, row, slot, value);
}

static weft_status update_string(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                 const weft_batch *batch, const weft_column *args, int direction)
{
    weft_status st = WEFT_OK;
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_agg_reader reader;
    weft_agg_chunk c;

    weft_agg_reader_init(&reader, batch, args, rows, WEFT_AGG_AS_IS);
    while (weft_agg_reader_next(&reader, &c)) {
        const weft_str *values = c.values;
        for (int32_t k = 0; k < c.count; k++) {
            const weft_str *value = &values[c.index != NULL ? c.index[k] : (uint32_t)k];
            WEFT_TRY(st, keep_string(ctx, place, c.rows[k], slot, value, direction));
        }
    }
done:
    return st;
}

/* The best of the batch first, then one look at the state. */
static weft_status update_one_string(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                     const weft_batch *batch, const weft_column *args, int direction)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_agg_reader reader;
    weft_agg_chunk c;
    const weft_str *best = NULL;

    weft_agg_reader_init(&reader, batch, args, NULL, WEFT_AGG_AS_IS);
    while (weft_agg_reader_next(&reader, &c)) {
        const weft_str *values = c.values;
        for (int32_t k = 0; k < c.count; k++) {
            const weft_str *value = &values[c.index != NULL ? c.index[k] : (uint32_t)k];
            if (best == NULL || weft_str_compare(value, best) * direction < 0) best = value;
        }
    }
    return best == NULL ? WEFT_OK : keep_string(ctx, place, row, slot, best, direction);
}

static weft_status merge_string(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                                const weft_row_layout *from_layout, int32_t from_first_column,
                                const uint8_t *const *from, int32_t count, int direction)
{
    weft_status st = WEFT_OK;
    const weft_agg_slot to = weft_agg_state(place, 0),
                        slot = weft_agg_slot_at(from_layout, from_first_column);
    for (int32_t i = 0; i < count; i++) {
        weft_str value;
        if (weft_agg_is_null(from[i], slot)) continue;
        memcpy(&value, from[i] + slot.offset, sizeof(value));
        WEFT_TRY(st, keep_string(ctx, place, into[i], to, &value, direction));
    }
done:
    return st;
}

static weft_status update_min_str(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                  const weft_batch *batch, const weft_column *args)
{
    return update_string(ctx, place, rows, batch, args, 1);
}
static weft_status update_max_str(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                  const weft_batch *batch, const weft_column *args)
{
    return update_string(ctx, place, rows, batch, args, -1);
}
static weft_status update_one_min_str(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                      const weft_batch *batch, const weft_column *args)
{
    return update_one_string(ctx, place, row, batch, args, 1);
}
static weft_status update_one_max_str(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                      const weft_batch *batch, const weft_column *args)
{
    return update_one_string(ctx, place, row, batch, args, -1);
}
static weft_status merge_min_str(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                                 const weft_row_layout *from_layout, int32_t from_first_column,
                                 const uint8_t *const *from, int32_t count)
{
    return merge_string(ctx, place, into, from_layout, from_first_column, from, count, 1);
}
static weft_status merge_max_str(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                                 const weft_row_layout *from_layout, int32_t from_first_column,
                                 const uint8_t *const *from, int32_t count)
{
    return merge_string(ctx, place, into, from_layout, from_first_column, from, count, -1);
}

/* ---- nested values: packed, compared as they are sorted ---- */

static weft_status keep_nested(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                               const weft_column *column, int32_t position, int direction)
{
    weft_status st = WEFT_OK;
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_str held;
    void *block = NULL;
    const uint64_t bytes = weft_nested_bytes(column, position);
    if (weft_agg_is_null(row, slot)) return weft_agg_set_nested(ctx, place, row, slot, column, position);
    memcpy(&held, row + slot.offset, sizeof(held));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)bytes + 1, &block));
    weft_nested_pack(column, position, block);
    if (weft_nested_compare(place->call->type, block, (const uint8_t *)weft_str_data(&held)) * direction < 0)
        WEFT_TRY(st, weft_agg_set_nested(ctx, place, row, slot, column, position));
done:
    weft_mem_free(block);
    return st;
}

static weft_status update_nested(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                 const weft_batch *batch, const weft_column *args, int direction)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < batch->selected; i++) {
        const int32_t position = batch->selection != NULL ? batch->selection[i] : i;
        if (weft_column_is_null(args, position)) continue;
        WEFT_TRY(st, keep_nested(ctx, place, rows[i], args, position, direction));
    }
done:
    return st;
}

static weft_status merge_nested(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                                const weft_row_layout *from_layout, int32_t from_first_column,
                                const uint8_t *const *from, int32_t count, int direction)
{
    weft_status st = WEFT_OK;
    const weft_agg_slot to = weft_agg_state(place, 0),
                        slot = weft_agg_slot_at(from_layout, from_first_column);
    for (int32_t i = 0; i < count; i++) {
        weft_str value, held;
        if (weft_agg_is_null(from[i], slot)) continue;
        memcpy(&value, from[i] + slot.offset, sizeof(value));
        memcpy(&held, into[i] + to.offset, sizeof(held));
        const bool better = weft_agg_is_null(into[i], to) ||
                            weft_nested_compare(place->call->type, (const uint8_t *)weft_str_data(&value),
                                                (const uint8_t *)weft_str_data(&held)) *
                                    direction <
                                0;
        if (better) WEFT_TRY(st, weft_agg_set_string(ctx, place, into[i], to, &value));
    }
done:
    return st;
}

static weft_status update_min_nested(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                     const weft_batch *batch, const weft_column *args)
{
    return update_nested(ctx, place, rows, batch, args, 1);
}
static weft_status update_max_nested(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                     const weft_batch *batch, const weft_column *args)
{
    return update_nested(ctx, place, rows, batch, args, -1);
}
static weft_status merge_min_nested(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                                    const weft_row_layout *from_layout, int32_t from_first_column,
                                    const uint8_t *const *from, int32_t count)
{
    return merge_nested(ctx, place, into, from_layout, from_first_column, from, count, 1);
}
static weft_status merge_max_nested(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                                    const weft_row_layout *from_layout, int32_t from_first_column,
                                    const uint8_t *const *from, int32_t count)
{
    return merge_nested(ctx, place, into, from_layout, from_first_column, from, count, -1);
}

static const weft_agg_variant variant_min_nested = {update_min_nested, NULL, merge_min_nested,
                                                    finalize_state};
static const weft_agg_variant variant_max_nested = {update_max_nested, NULL, merge_max_nested,
                                                    finalize_state};

static const weft_agg_variant variant_min_str = {update_min_str, update_one_min_str, merge_min_str,
                                                 finalize_state};
static const weft_agg_variant variant_max_str = {update_max_str, update_one_max_str, merge_max_str,
                                                 finalize_state};

/* Of the type VOID there is nothing but NULL: the state stays what it is at first. */
static weft_status update_void(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                               const weft_batch *batch, const weft_column *args)
{
    (void)ctx, (void)place, (void)rows, (void)batch, (void)args;
    return WEFT_OK;
}
static weft_status merge_void(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                              const weft_row_layout *from_layout, int32_t from_first_column,
                              const uint8_t *const *from, int32_t count)
{
    (void)ctx, (void)place, (void)into, (void)from_layout, (void)from_first_column, (void)from, (void)count;
    return WEFT_OK;
}
static const weft_agg_variant variant_void = {update_void, NULL, merge_void, finalize_state};

/* ---- registry ---- */

static const weft_agg_variant *const min_variants[WEFT_PHYS_COUNT] = {
    [WEFT_PHYS_NULL] = &variant_void,       [WEFT_PHYS_BOOL] = &variant_min_bool,
    [WEFT_PHYS_I8] = &variant_min_i8,       [WEFT_PHYS_I16] = &variant_min_i16,
    [WEFT_PHYS_I32] = &variant_min_i32,     [WEFT_PHYS_I64] = &variant_min_i64,
    [WEFT_PHYS_I128] = &variant_min_i128,   [WEFT_PHYS_F32] = &variant_min_f32,
    [WEFT_PHYS_F64] = &variant_min_f64,     [WEFT_PHYS_STR] = &variant_min_str,
    [WEFT_PHYS_LIST] = &variant_min_nested, [WEFT_PHYS_STRUCT] = &variant_min_nested};
static const weft_agg_variant *const max_variants[WEFT_PHYS_COUNT] = {
    [WEFT_PHYS_NULL] = &variant_void,       [WEFT_PHYS_BOOL] = &variant_max_bool,
    [WEFT_PHYS_I8] = &variant_max_i8,       [WEFT_PHYS_I16] = &variant_max_i16,
    [WEFT_PHYS_I32] = &variant_max_i32,     [WEFT_PHYS_I64] = &variant_max_i64,
    [WEFT_PHYS_I128] = &variant_max_i128,   [WEFT_PHYS_F32] = &variant_max_f32,
    [WEFT_PHYS_F64] = &variant_max_f64,     [WEFT_PHYS_STR] = &variant_max_str,
    [WEFT_PHYS_LIST] = &variant_max_nested, [WEFT_PHYS_STRUCT] = &variant_max_nested};

static const weft_agg_variant *min_variant(const weft_expr *call)
{
    return min_variants[weft_type_phys(call->type)];
}
static const weft_agg_variant *max_variant(const weft_expr *call)
{
    return max_variants[weft_type_phys(call->type)];
}

static weft_status bind_ordered(weft_ctx *ctx, const char *name, const weft_expr **args, int32_t count,
                                const weft_span *span, weft_type *type)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_agg_bind_value(ctx, name, args, count, span, type));
    WEFT_TRY(st, weft_expect_orderable(ctx, name, args[0], span));
done:
    return st;
}

static weft_status min_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                            weft_type *type)
{
    return bind_ordered(ctx, "min", args, count, span, type);
}
static weft_status max_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                            weft_type *type)
{
    return bind_ordered(ctx, "max", args, count, span, type);
}

static int32_t extreme_states(const weft_expr *call, weft_type *types, bool *starts_zero)
{
    types[0] = call->type;
    starts_zero[0] = false;
    return 1;
}

const weft_aggregate weft_aggregate_min = {
    .name = "min",
    .bind = min_bind,
    .states = extreme_states,
    .variant = min_variant,
    .result_nullable = true,
    .ignores_duplicates = true,
    .help = "min(expr) - The least value that is not NULL; NULL when there is none.",
    .example = "SELECT min(col) FROM VALUES (10), (-1), (20) AS tab(col)",
    .example_result = "-1"};

const weft_aggregate weft_aggregate_max = {
    .name = "max",
    .bind = max_bind,
    .states = extreme_states,
    .variant = max_variant,
    .result_nullable = true,
    .ignores_duplicates = true,
    .help = "max(expr) - The greatest value that is not NULL; NULL when there is none.",
    .example = "SELECT max(col) FROM VALUES (10), (50), (20) AS tab(col)",
    .example_result = "50"};

/* bool_and is the least of booleans, bool_or the greatest. */
static weft_status bool_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                             weft_type *type)
{
    if (count != 1) return weft_fail_arg_count(ctx, "bool_and / bool_or", 1, 1, count, span);
    *type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN);
    return weft_agg_bind_condition(ctx, args, span);
}

const weft_aggregate weft_aggregate_bool_and = {
    .name = "bool_and",
    .aliases = "every",
    .bind = bool_bind,
    .states = extreme_states,
    .variant = min_variant,
    .result_nullable = true,
    .ignores_duplicates = true,
    .help = "bool_and(expr) - True when every value that is not NULL is true.",
    .example = "SELECT bool_and(col) FROM VALUES (true), (false) AS tab(col)",
    .example_result = "false"};

const weft_aggregate weft_aggregate_bool_or = {
    .name = "bool_or",
    .aliases = "some,any",
    .bind = bool_bind,
    .states = extreme_states,
    .variant = max_variant,
    .result_nullable = true,
    .ignores_duplicates = true,
    .help = "bool_or(expr) - True when some value is true.",
    .example = "SELECT bool_or(col) FROM VALUES (true), (false) AS tab(col)",
    .example_result = "true"};
