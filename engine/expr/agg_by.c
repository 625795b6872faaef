/* engine/expr/agg_by.c - max_by(x, y), min_by(x, y): the x of the row whose y is greatest or least. Calls
 * with a number k of rows are in agg_by_k.c.
 *
 * States: x (0), y (1) and whether a row was taken (2, a BOOLEAN that starts false); a nested x or y is held
 * packed. Rows whose y is NULL do not count; of equal ones the last is taken, as Spark does; the first by
 * (max_key) and (min_key), which are max(x) and min(x) of strings whose keys are y (collate.h). */
#include "engine/expr/agg_by.h"
#include "engine/columnar/nested.h"
#include "engine/expr/coerce.h"
#include "engine/expr/nested_call.h"

extern const weft_aggregate weft_aggregate_max_by, weft_aggregate_max_key, weft_aggregate_min_key;

enum { BY_K_MAX = 100000 }; /* Spark's limit */

bool weft_by_greatest(const weft_expr *call)
{
    return call->aggregate.function == &weft_aggregate_max_by ||
           call->aggregate.function == &weft_aggregate_max_key;
}

static bool keeps_first(const weft_expr *call)
{
    return call->aggregate.function == &weft_aggregate_max_key ||
           call->aggregate.function == &weft_aggregate_min_key;
}

static bool by_wins(const weft_expr *call, const weft_value *new_key, const weft_value *old_key)
{
    const int order = weft_value_compare(new_key, old_key);
    if (order == 0) return !keeps_first(call);
    return weft_by_greatest(call) ? order > 0 : order < 0;
}

/* The y of a row; a nested one is packed into *block, which the caller frees. */
static weft_status by_key(weft_ctx *ctx, const weft_column *column, int32_t position, void **block,
                          weft_value *out)
{
    weft_status st = WEFT_OK;
    *out = weft_value_of_column(column, position);
    if (!weft_phys_is_nested((weft_phys)column->phys) || weft_column_is_null(column, position))
        return WEFT_OK;
    const uint64_t bytes = weft_nested_bytes(column, position);
    if (bytes > INT32_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a nested value of %llu bytes: at most 2147483647 are kept",
                         (unsigned long long)bytes);
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)bytes + 1, block));
    weft_nested_pack(column, position, *block);
    out->str = weft_str_view(*block, (uint32_t)bytes);
    out->is_null = false;
done:
    return st;
}

/* The y that a state holds. */
static weft_value by_held_key(const weft_row_layout *layout, int32_t column, const uint8_t *row)
{
    weft_value value = {.type = layout->types[column]};
    if (!weft_type_is_nested(value.type) || weft_row_is_null(row, column))
        return weft_agg_value_at(layout, column, row);
    memcpy(&value.str, row + layout->offsets[column], sizeof value.str);
    return value;
}

static weft_status by_put_key(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row, const weft_value *key)
{
    return weft_type_is_nested(key->type)
               ? weft_agg_set_string(ctx, place, row, weft_agg_state(place, 1), &key->str)
               : weft_agg_put_value(ctx, place, row, 1, key);
}

static weft_status by_take(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row, const weft_column *args,
                           int32_t position)
{
    weft_status st = WEFT_OK;
    const weft_agg_slot taken = weft_agg_state(place, 2);
    weft_value key;
    void *block = NULL;
    WEFT_TRY(st, by_key(ctx, &args[1], position, &block, &key));
    if (key.is_null) goto done;
    if (row[taken.offset] != 0) {
        const weft_value old = by_held_key(place->layout, place->first_column + 1, row);
        if (!by_wins(place->call, &key, &old)) goto done;
    }
    if (weft_phys_is_nested((weft_phys)args[0].phys) && !weft_column_is_null(&args[0], position)) {
        WEFT_TRY(st, weft_agg_set_nested(ctx, place, row, weft_agg_state(place, 0), &args[0], position));
    } else {
        const weft_value value = weft_value_of_column(&args[0], position);
        WEFT_TRY(st, weft_agg_put_value(ctx, place, row, 0, &value));
    }
    WEFT_TRY(st, by_put_key(ctx, place, row, &key));
    row[taken.offset] = 1;
done:
    weft_mem_free(block);
    return st;
}

static weft_status by_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                             const weft_batch *batch, const weft_column *args)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < batch->selected; i++) {
        const int32_t position = batch->selection != NULL ? batch->selection[i] : i;
        WEFT_TRY(st, by_take(ctx, place, rows[i], args, position));
    }
done:
    return st;
}

static weft_status by_update_one(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                 const weft_batch *batch, const weft_column *args)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < batch->selected; i++) {
        const int32_t position = batch->selection != NULL ? batch->selection[i] : i;
        WEFT_TRY(st, by_take(ctx, place, row, args, position));
    }
done:
    return st;
}

static weft_status by_merge(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                            const weft_row_layout *from_layout, int32_t from_first_column,
                            const uint8_t *const *from, int32_t count)
{
    weft_status st = WEFT_OK;
    const weft_agg_slot taken = weft_agg_state(place, 2);
    const weft_agg_slot from_taken = weft_agg_slot_at(from_layout, from_first_column + 2);
    for (int32_t i = 0; i < count; i++) {
        if (from[i][from_taken.offset] == 0) continue;
        const weft_value key = by_held_key(from_layout, from_first_column + 1, from[i]);
        if (into[i][taken.offset] != 0) {
            const weft_value old = by_held_key(place->layout, place->first_column + 1, into[i]);
            if (!by_wins(place->call, &key, &old)) continue;
        }
        if (from_layout->types[from_first_column].child_count > 0 &&
            !weft_row_is_null(from[i], from_first_column)) {
            weft_str packed; /* nested values are held as one string */
            memcpy(&packed, from[i] + from_layout->offsets[from_first_column], sizeof packed);
            WEFT_TRY(st, weft_agg_set_string(ctx, place, into[i], weft_agg_state(place, 0), &packed));
        } else {
            const weft_value value = weft_agg_value_at(from_layout, from_first_column, from[i]);
            WEFT_TRY(st, weft_agg_put_value(ctx, place, into[i], 0, &value));
        }
        WEFT_TRY(st, by_put_key(ctx, place, into[i], &key));
        into[i][taken.offset] = 1;
    }
done:
    return st;
}

static weft_status by_finalize(weft_ctx *ctx, const weft_agg_place *place, const uint8_t *const *rows,
                               int32_t count, weft_vector *out)
{
    return weft_agg_finish_state(ctx, place, 0, rows, count, out);
}

static weft_status by_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                           weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count < 2 || count > 3) return weft_fail_arg_count(ctx, "max_by or min_by", 2, 3, count, span);
    WEFT_TRY(st, weft_expect_orderable(ctx, "max_by or min_by", args[1], span));
    if (args[1]->type.id == WEFT_TYPE_NULL)
        WEFT_TRY(st, weft_expr_cast(ctx, args[1], WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), true, &args[1]));
    *type = args[0]->type;
    if (count == 2) goto done;
    if (!weft_type_is_integral(args[2]->type) && args[2]->type.id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, 2, "\"int\"", args[2], span);
    WEFT_TRY(st, weft_agg_bind_constant(ctx, "max_by or min_by", "k", args, 2, WEFT_TYPE_OF(WEFT_TYPE_INT),
                                        false, span));
    if (args[2]->literal.i64 < 1 || args[2]->literal.i64 > BY_K_MAX) {
        return weft_fail_at(ctx, WEFT_VALUE_OUT_OF_RANGE, span,
                            "The k must be between [1, %d] (current value = %lld).", BY_K_MAX,
                            (long long)args[2]->literal.i64);
    }
    WEFT_TRY(st, weft_type_make_array(ctx, *type, type));
done:
    return st;
}

static int32_t by_states(const weft_expr *call, weft_type *types, bool *starts_zero)
{
    if (call->arg_count > 2) return weft_agg_object_states(call, types, starts_zero);
    types[0] = call->args[0]->type;
    types[1] = call->args[1]->type;
    types[2] = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN);
    starts_zero[0] = starts_zero[1] = false;
    starts_zero[2] = true;
    return 3;
}

static const weft_agg_variant by_any = {by_update, by_update_one, by_merge, by_finalize};

static const weft_agg_variant *by_variant(const weft_expr *call)
{
    return call->arg_count > 2 ? weft_agg_object_variant(call) : &by_any;
}

#define COMMON                                                                                               \
    .bind = by_bind, .states = by_states, .variant = by_variant, .result_nullable = true,                    \
    .order_sensitive = true, .constant_first = 2, .constant_last = 2, .object = &weft_agg_by_object
const weft_aggregate weft_aggregate_max_by = {
    .name = "max_by",
    COMMON,
    .help = "max_by(x, y [, k]) - The x of the row with the greatest y; of the k such rows, as an array.",
    .example = "SELECT max_by(x, y) FROM VALUES ('a', 10), ('b', 50), ('c', 20) AS tab(x, y)",
    .example_result = "b"};
const weft_aggregate weft_aggregate_min_by = {
    .name = "min_by",
    COMMON,
    .help = "min_by(x, y [, k]) - The x of the row with the least y; of the k such rows, as an array.",
    .example = "SELECT min_by(x, y) FROM VALUES ('a', 10), ('b', 50), ('c', 20) AS tab(x, y)",
    .example_result = "a"};
const weft_aggregate weft_aggregate_max_key = {
    .name = "(max_key)", COMMON, .help = "(max_key)(x, y) - The x of the first row with the greatest y."};
const weft_aggregate weft_aggregate_min_key = {
    .name = "(min_key)", COMMON, .help = "(min_key)(x, y) - The x of the first row with the least y."};
