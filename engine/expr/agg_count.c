/* engine/expr/agg_count.c - count, count_if: one BIGINT state that starts at 0.
 *
 * count(a, b, …) counts rows where no argument is NULL; count(1), and so count(*), counts rows. */
#include "engine/expr/agg_input.h"
#include "engine/expr/coerce.h"

/* ---- loops ---- */

static void count_chunk_rows(const weft_agg_chunk *c, weft_agg_slot slot)
{
    for (int32_t k = 0; k < c->count; k++) {
        weft_agg_store_i64(c->rows[k], slot, weft_agg_load_i64(c->rows[k], slot) + 1);
    }
}

/* The i-th selected row counts: no argument is NULL. For several arguments, which are rare. */
static bool none_null(const weft_batch *batch, const weft_column *args, int32_t arg_count, int32_t i)
{
    const int32_t position = batch->selection != NULL ? batch->selection[i] : i;
    for (int32_t a = 0; a < arg_count; a++) {
        if (args[a].phys == WEFT_PHYS_NULL || weft_column_is_null(&args[a], position)) return false;
    }
    return true;
}

/* ---- count ---- */

static weft_status count_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                const weft_batch *batch, const weft_column *args)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_agg_reader reader;
    weft_agg_chunk chunk;

    (void)ctx;
    if (place->call->arg_count == 1) {
        weft_agg_reader_init(&reader, batch, args, rows, WEFT_AGG_AS_NONE);
        while (weft_agg_reader_next(&reader, &chunk)) count_chunk_rows(&chunk, slot);
        return WEFT_OK;
    }
    for (int32_t i = 0; i < batch->selected; i++) {
        const int64_t add = none_null(batch, args, place->call->arg_count, i);
        weft_agg_store_i64(rows[i], slot, weft_agg_load_i64(rows[i], slot) + add);
    }
    return WEFT_OK;
}

static int64_t count_column(const weft_batch *batch, const weft_column *column)
{
    weft_agg_reader reader;
    weft_agg_chunk chunk;
    int64_t count = 0;
    const bool per_row = column->encoding == WEFT_FLAT || column->encoding == WEFT_DICTIONARY;

    if (column->phys != WEFT_PHYS_NULL && column->validity == NULL) return batch->selected;
    if (column->phys != WEFT_PHYS_NULL && per_row && batch->selection == NULL) {
        for (int32_t word = 0; word < batch->rows / 64; word++)
            count += __builtin_popcountll(column->validity[word]);
        const int32_t rest = batch->rows % 64;
        const uint64_t mask = ((uint64_t)1 << rest) - 1;
        if (rest > 0) count += __builtin_popcountll(column->validity[batch->rows / 64] & mask);
        return count;
    }
    weft_agg_reader_init(&reader, batch, column, NULL, WEFT_AGG_AS_NONE);
    while (weft_agg_reader_next(&reader, &chunk)) count += chunk.count;
    return count;
}

static weft_status count_update_one(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                    const weft_batch *batch, const weft_column *args)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    int64_t count = 0;

    (void)ctx;
    if (place->call->arg_count == 1) {
        count = count_column(batch, args);
    } else {
        for (int32_t i = 0; i < batch->selected; i++)
            count += none_null(batch, args, place->call->arg_count, i);
    }
    weft_agg_store_i64(row, slot, weft_agg_load_i64(row, slot) + count);
    return WEFT_OK;
}

static weft_status count_merge(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                               const weft_row_layout *from_layout, int32_t from_first_column,
                               const uint8_t *const *from, int32_t count)
{
    const weft_agg_slot to = weft_agg_state(place, 0),
                        slot = weft_agg_slot_at(from_layout, from_first_column);
    (void)ctx;
    for (int32_t i = 0; i < count; i++) {
        weft_agg_store_i64(into[i], to, weft_agg_load_i64(into[i], to) + weft_agg_load_i64(from[i], slot));
    }
    return WEFT_OK;
}

static weft_status count_finalize(weft_ctx *ctx, const weft_agg_place *place, const uint8_t *const *rows,
                                  int32_t count, weft_vector *out)
{
    return weft_agg_finish_state(ctx, place, 0, rows, count, out);
}

/* ---- count_if ---- */

static weft_status count_if_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                   const weft_batch *batch, const weft_column *args)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_agg_reader reader;
    weft_agg_chunk chunk;

    (void)ctx;
    weft_agg_reader_init(&reader, batch, args, rows, WEFT_AGG_AS_I64);
    while (weft_agg_reader_next(&reader, &chunk)) {
        const int64_t *values = chunk.values;
        for (int32_t k = 0; k < chunk.count; k++) {
            weft_agg_store_i64(chunk.rows[k], slot, weft_agg_load_i64(chunk.rows[k], slot) + values[k]);
        }
    }
    return WEFT_OK;
}

static weft_status count_if_update_one(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                       const weft_batch *batch, const weft_column *args)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_agg_reader reader;
    weft_agg_chunk chunk;
    int64_t count = weft_agg_load_i64(row, slot);

    (void)ctx;
    weft_agg_reader_init(&reader, batch, args, NULL, WEFT_AGG_AS_I64);
    while (weft_agg_reader_next(&reader, &chunk)) {
        const int64_t *values = chunk.values;
        for (int32_t k = 0; k < chunk.count; k++) count += values[k];
    }
    weft_agg_store_i64(row, slot, count);
    return WEFT_OK;
}

/* ---- registry ---- */

static weft_status count_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                              weft_type *type)
{
    (void)args;
    if (count < 1) return weft_fail_arg_count(ctx, "count", 1, -1, count, span);
    *type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT);
    return WEFT_OK;
}

static weft_status count_if_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                                 weft_type *type)
{
    if (count != 1) return weft_fail_arg_count(ctx, "count_if", 1, 1, count, span);
    *type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT);
    return weft_agg_bind_condition(ctx, args, span);
}

static int32_t count_states(const weft_expr *call, weft_type *types, bool *starts_zero)
{
    (void)call;
    types[0] = WEFT_TYPE_OF(WEFT_TYPE_BIGINT);
    starts_zero[0] = true;
    return 1;
}

static const weft_agg_variant count_any = {count_update, count_update_one, count_merge, count_finalize};
static const weft_agg_variant count_if_any = {count_if_update, count_if_update_one, count_merge,
                                              count_finalize};

static const weft_agg_variant *count_variant(const weft_expr *call)
{
    (void)call;
    return &count_any;
}
static const weft_agg_variant *count_if_variant(const weft_expr *call)
{
    (void)call;
    return &count_if_any;
}

const weft_aggregate weft_aggregate_count = {
    .name = "count",
    .bind = count_bind,
    .states = count_states,
    .variant = count_variant,
    .help = "count(*) - The number of rows; count(expr, …): of rows where no expr is NULL.",
    .example = "SELECT count(*) FROM VALUES (NULL), (5), (5), (20) AS tab(col)",
    .example_result = "4"};

const weft_aggregate weft_aggregate_count_if = {
    .name = "count_if",
    .bind = count_if_bind,
    .states = count_states,
    .variant = count_if_variant,
    .help = "count_if(expr) - The number of rows where expr is true.",
    .example = "SELECT count_if(col % 2 = 0) FROM VALUES (NULL), (0), (1), (2), (3) AS tab(col)",
    .example_result = "2"};
