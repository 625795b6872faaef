/* engine/expr/agg_first.c - first, last, any_value: the value of one row of the group, by the order of the
 * rows.
 *
 * States: the value (0, NULL at first) and whether one was taken (1, a BOOLEAN that starts false): without
 * IGNORE NULLS a NULL counts as a value. Rows are looked at one by one; first stops caring once it has a
 * value. */
#include "engine/expr/agg_input.h"
#include "engine/expr/coerce.h"

static bool is_taken(const uint8_t *row, weft_agg_slot taken) { return row[taken.offset] != 0; }

/* One value for one row. keep_first: only when none was taken yet. */
static weft_status take_value(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                              const weft_column *column, int32_t position, bool keep_first)
{
    weft_status st = WEFT_OK;
    const weft_agg_slot taken = weft_agg_state(place, 1);
    if (keep_first && is_taken(row, taken)) return WEFT_OK;
    if (weft_phys_is_nested((weft_phys)column->phys) && !weft_column_is_null(column, position)) {
        WEFT_TRY(st, weft_agg_set_nested(ctx, place, row, weft_agg_state(place, 0), column, position));
    } else {
        const weft_value value = weft_value_of_column(column, position);
        if (value.is_null && place->call->aggregate.ignore_nulls) return WEFT_OK;
        WEFT_TRY(st, weft_agg_put_value(ctx, place, row, 0, &value));
    }
    row[taken.offset] = 1;
done:
    return st;
}

static int32_t position_of(const weft_batch *batch, int32_t i)
{
    return batch->selection != NULL ? batch->selection[i] : i;
}

static weft_status first_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                const weft_batch *batch, const weft_column *args)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < batch->selected; i++) {
        WEFT_TRY(st, take_value(ctx, place, rows[i], args, position_of(batch, i), true));
    }
done:
    return st;
}

static weft_status first_update_one(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                    const weft_batch *batch, const weft_column *args)
{
    weft_status st = WEFT_OK;
    const weft_agg_slot taken = weft_agg_state(place, 1);
    for (int32_t i = 0; i < batch->selected && !is_taken(row, taken); i++) {
        WEFT_TRY(st, take_value(ctx, place, row, args, position_of(batch, i), true));
    }
done:
    return st;
}

static weft_status last_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                               const weft_batch *batch, const weft_column *args)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < batch->selected; i++) {
        WEFT_TRY(st, take_value(ctx, place, rows[i], args, position_of(batch, i), false));
    }
done:
    return st;
}

/* From the back, to the first that counts. */
static weft_status last_update_one(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                   const weft_batch *batch, const weft_column *args)
{
    for (int32_t i = batch->selected - 1; i >= 0; i--) {
        const int32_t position = position_of(batch, i);
        const bool skipped = place->call->aggregate.ignore_nulls &&
                             (args->phys == WEFT_PHYS_NULL || weft_column_is_null(args, position));
        if (!skipped) return take_value(ctx, place, row, args, position, false);
    }
    return WEFT_OK;
}

/* The taken value of from[i] into into[i], unless that has one to keep. */
static weft_status merge_taken(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                               const weft_row_layout *from_layout, int32_t from_first_column,
                               const uint8_t *const *from, int32_t count, bool keep_first)
{
    weft_status st = WEFT_OK;
    const weft_agg_slot slot = weft_agg_state(place, 0), taken = weft_agg_state(place, 1);
    const weft_agg_slot from_slot = weft_agg_slot_at(from_layout, from_first_column);
    const weft_agg_slot from_taken = weft_agg_slot_at(from_layout, from_first_column + 1);
    const weft_phys phys = (weft_phys)place->layout->phys[place->first_column];

    for (int32_t i = 0; i < count; i++) {
        if (!is_taken(from[i], from_taken) || (keep_first && is_taken(into[i], taken))) continue;
        if (weft_agg_is_null(from[i], from_slot)) {
            into[i][slot.null_byte] |= slot.null_mask;
        } else if (phys == WEFT_PHYS_STR) {
            weft_str value;
            memcpy(&value, from[i] + from_slot.offset, sizeof(value));
            WEFT_TRY(st, weft_agg_set_string(ctx, place, into[i], slot, &value));
        } else {
            memcpy(into[i] + slot.offset, from[i] + from_slot.offset, (size_t)weft_phys_bytes(phys));
            weft_agg_set_valid(into[i], slot);
        }
        into[i][taken.offset] = 1;
    }
done:
    return st;
}

static weft_status first_merge(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                               const weft_row_layout *from_layout, int32_t from_first_column,
                               const uint8_t *const *from, int32_t count)
{
    return merge_taken(ctx, place, into, from_layout, from_first_column, from, count, true);
}
static weft_status last_merge(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                              const weft_row_layout *from_layout, int32_t from_first_column,
                              const uint8_t *const *from, int32_t count)
{
    return merge_taken(ctx, place, into, from_layout, from_first_column, from, count, false);
}

static weft_status first_finalize(weft_ctx *ctx, const weft_agg_place *place, const uint8_t *const *rows,
                                  int32_t count, weft_vector *out)
{
    return weft_agg_finish_state(ctx, place, 0, rows, count, out);
}

/* ---- registry ---- */

static weft_status first_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                              weft_type *type)
{
    return weft_agg_bind_value(ctx, "first", args, count, span, type);
}
static weft_status last_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                             weft_type *type)
{
    return weft_agg_bind_value(ctx, "last", args, count, span, type);
}

static int32_t first_states(const weft_expr *call, weft_type *types, bool *starts_zero)
{
    types[0] = call->type;
    types[1] = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN);
    starts_zero[0] = false;
    starts_zero[1] = true;
    return 2;
}

static const weft_agg_variant first_any = {first_update, first_update_one, first_merge, first_finalize};
static const weft_agg_variant last_any = {last_update, last_update_one, last_merge, first_finalize};

static const weft_agg_variant *first_variant(const weft_expr *call)
{
    (void)call;
    return &first_any;
}
static const weft_agg_variant *last_variant(const weft_expr *call)
{
    (void)call;
    return &last_any;
}

const weft_aggregate weft_aggregate_first = {
    .name = "first",
    .aliases = "first_value",
    .bind = first_bind,
    .states = first_states,
    .variant = first_variant,
    .result_nullable = true,
    .takes_ignore_nulls = true,
    .order_sensitive = true,
    .help = "first(expr [, ignoreNulls]) - The value of the first row; with ignoreNulls of the first without "
            "NULL.",
    .example = "SELECT first(col) FROM VALUES (10), (5), (20) AS tab(col)",
    .example_result = "10"};

const weft_aggregate weft_aggregate_last = {
    .name = "last",
    .aliases = "last_value",
    .bind = last_bind,
    .states = first_states,
    .variant = last_variant,
    .result_nullable = true,
    .takes_ignore_nulls = true,
    .order_sensitive = true,
    .help =
        "last(expr [, ignoreNulls]) - The value of the last row; with ignoreNulls of the last without NULL.",
    .example = "SELECT last(col) FROM VALUES (10), (5), (20) AS tab(col)",
    .example_result = "20"};

const weft_aggregate weft_aggregate_any_value = {
    .name = "any_value",
    .bind = first_bind,
    .states = first_states,
    .variant = first_variant,
    .result_nullable = true,
    .takes_ignore_nulls = true,
    .order_sensitive = true,
    .help = "any_value(expr [, ignoreNulls]) - The value of some row; with ignoreNulls of one without NULL.",
    .example = "SELECT any_value(col) FROM VALUES (10), (5), (20) AS tab(col)",
    .example_result = "10"};
