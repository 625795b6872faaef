/* engine/expr/agg_sum.c - sum.
 *
 * sum(integers) is a BIGINT that raises on overflow; sum(decimal(p,s)) is decimal(p+10,s), summed in 128 bits
 * and checked at the end; other sums are doubles, added in the order of the rows. One state, NULL until a
 * value came. */
#include "engine/expr/agg_sum.h"

#include "engine/expr/coerce.h"
#include "engine/expr/raise.h"

weft_status weft_agg_fail_overflow(weft_ctx *ctx, const weft_agg_place *place)
{
    char type[64];
    if (weft_type_is_interval(place->call->type)) return weft_raise_interval_overflow(ctx, place->call);
    const weft_status st = weft_fail_at(
        ctx, WEFT_ARITHMETIC_OVERFLOW, &place->call->span, "overflow in %s of type \"%s\"",
        place->call->aggregate.function->name, weft_type_text(place->call->type, type, sizeof(type)));
    weft_hint(
        ctx,
        "cast the argument to a wider type; with weft.sql.ansi.enabled=false the result is NULL or wraps");
    return st;
}

weft_i128 weft_agg_decimal_limit(int32_t digits)
{
    weft_i128 power = 1;
    for (int32_t i = 0; i < digits; i++) power *= 10;
    return power;
}

/* ---- a whole column into one number ---- */

extern const weft_agg_sum_loops weft_agg_sum_loops_base;
#ifdef WEFT_HAVE_AVX2
extern const weft_agg_sum_loops weft_agg_sum_loops_avx2;
#endif

static const weft_agg_sum_loops *sum_loops(void)
{
#ifdef WEFT_HAVE_AVX2
    if (__builtin_cpu_supports("avx2")) return &weft_agg_sum_loops_avx2;
#endif
    return &weft_agg_sum_loops_base;
}

int64_t weft_agg_sum_integers(const weft_batch *batch, const weft_column *column, weft_i128 *sum)
{
    const weft_agg_sum_loops *loops = sum_loops();
    weft_agg_reader reader;
    weft_agg_chunk chunk;
    int64_t seen = 0;

    /* What a scan gives mostly: no NULLs, right width. Then the selection is used as it is. */
    if (column->phys == WEFT_PHYS_I64 && column->validity == NULL && batch->selection != NULL) {
        if (column->encoding == WEFT_FLAT) {
            *sum += loops->positions(column->data, batch->selection, batch->selected);
            return batch->selected;
        }
        if (column->encoding == WEFT_DICTIONARY) {
            *sum += loops->codes(column->dict->values, column->data, batch->selection, batch->selected);
            return batch->selected;
        }
    }
    weft_agg_reader_init(&reader, batch, column, NULL, WEFT_AGG_AS_I64);
    while (weft_agg_reader_next(&reader, &chunk)) {
        *sum += chunk.index != NULL ? loops->index(chunk.values, chunk.index, chunk.count)
                                    : loops->dense(chunk.values, chunk.count);
        seen += chunk.count;
    }
    return seen;
}

/* ---- one value into each row ---- */

static inline bool sum_rows_i64(const weft_agg_chunk *c, weft_agg_slot slot, bool indexed)
{
    const int64_t *values = c->values;
    bool overflow = false;
    for (int32_t k = 0; k < c->count; k++) {
        uint8_t *row = c->rows[k];
        int64_t sum;
        overflow |= __builtin_add_overflow(weft_agg_load_i64(row, slot),
                                           values[indexed ? c->index[k] : (uint32_t)k], &sum);
        weft_agg_store_i64(row, slot, sum);
        weft_agg_set_valid(row, slot);
    }
    return overflow;
}

/* 64-bit values into a 128-bit sum: it would take 2^63 rows to overflow. */
static inline void sum_rows_d64(const weft_agg_chunk *c, weft_agg_slot slot, bool indexed)
{
    const int64_t *values = c->values;
    for (int32_t k = 0; k < c->count; k++) {
        uint8_t *row = c->rows[k];
        weft_agg_store_i128(row, slot,
                            weft_agg_load_i128(row, slot) + values[indexed ? c->index[k] : (uint32_t)k]);
        weft_agg_set_valid(row, slot);
    }
}

static inline void sum_rows_f64(const weft_agg_chunk *c, weft_agg_slot slot, bool indexed)
{
    const double *values = c->values;
    for (int32_t k = 0; k < c->count; k++) {
        uint8_t *row = c->rows[k];
        weft_agg_store_f64(row, slot,
                           weft_agg_load_f64(row, slot) + values[indexed ? c->index[k] : (uint32_t)k]);
        weft_agg_set_valid(row, slot);
    }
}

static bool rows_i64(const weft_agg_chunk *c, weft_agg_slot slot)
{
    return c->index != NULL ? sum_rows_i64(c, slot, true) : sum_rows_i64(c, slot, false);
}
static void rows_d64(const weft_agg_chunk *c, weft_agg_slot slot)
{
    if (c->index != NULL)
        sum_rows_d64(c, slot, true);
    else
        sum_rows_d64(c, slot, false);
}
static void rows_f64(const weft_agg_chunk *c, weft_agg_slot slot)
{
    if (c->index != NULL)
        sum_rows_f64(c, slot, true);
    else
        sum_rows_f64(c, slot, false);
}

/* ---- sum of integers and intervals ---- */

static weft_status sum_i64_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                  const weft_batch *batch, const weft_column *args)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_agg_reader reader;
    weft_agg_chunk chunk;
    bool overflow = false;

    weft_agg_reader_init(&reader, batch, args, rows, WEFT_AGG_AS_I64);
    while (weft_agg_reader_next(&reader, &chunk)) overflow |= rows_i64(&chunk, slot);
    return overflow && weft_agg_raises(ctx, place) ? weft_agg_fail_overflow(ctx, place) : WEFT_OK;
}

static weft_status sum_i64_update_one(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                      const weft_batch *batch, const weft_column *args)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_i128 sum = weft_agg_load_i64(row, slot);

    if (weft_agg_sum_integers(batch, args, &sum) > 0) weft_agg_set_valid(row, slot);
    weft_agg_store_i64(row, slot, (int64_t)sum);
    return sum != (int64_t)sum && weft_agg_raises(ctx, place) ? weft_agg_fail_overflow(ctx, place) : WEFT_OK;
}

static weft_status sum_i64_merge(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                                 const weft_row_layout *from_layout, int32_t from_first_column,
                                 const uint8_t *const *from, int32_t count)
{
    const weft_agg_slot to = weft_agg_state(place, 0),
                        slot = weft_agg_slot_at(from_layout, from_first_column);
    bool overflow = false;
    for (int32_t i = 0; i < count; i++) {
        int64_t sum;
        if (weft_agg_is_null(from[i], slot)) continue;
        overflow |=
            __builtin_add_overflow(weft_agg_load_i64(into[i], to), weft_agg_load_i64(from[i], slot), &sum);
        weft_agg_store_i64(into[i], to, sum);
        weft_agg_set_valid(into[i], to);
    }
    return overflow && weft_agg_raises(ctx, place) ? weft_agg_fail_overflow(ctx, place) : WEFT_OK;
}

static weft_status sum_i64_finalize(weft_ctx *ctx, const weft_agg_place *place, const uint8_t *const *rows,
                                    int32_t count, weft_vector *out)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    int32_t *months = out->values;

    if (weft_type_phys(place->call->type) == WEFT_PHYS_I64)
        return weft_agg_finish_state(ctx, place, 0, rows, count, out);
    out->column.phys = WEFT_PHYS_I32; /* INTERVAL_YM */
    for (int32_t i = 0; i < count; i++) {
        const int64_t sum = weft_agg_load_i64(rows[i], slot);
        if (sum != (int32_t)sum) return weft_agg_fail_overflow(ctx, place);
        months[i] = (int32_t)sum;
        if (weft_agg_is_null(rows[i], slot)) weft_vector_set_null(out, i);
    }
    return WEFT_OK;
}

/* ---- sum of doubles ---- */

static weft_status sum_f64_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                  const weft_batch *batch, const weft_column *args)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_agg_reader reader;
    weft_agg_chunk chunk;

    (void)ctx;
    weft_agg_reader_init(&reader, batch, args, rows, WEFT_AGG_AS_F64);
    while (weft_agg_reader_next(&reader, &chunk)) rows_f64(&chunk, slot);
    return WEFT_OK;
}

static weft_status sum_f64_update_one(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                      const weft_batch *batch, const weft_column *args)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_agg_reader reader;
    weft_agg_chunk chunk;

    (void)ctx;
    weft_agg_reader_init(&reader, batch, args, NULL, WEFT_AGG_AS_F64);
    while (weft_agg_reader_next(&reader, &chunk)) {
        weft_agg_store_f64(row, slot, weft_agg_chunk_f64(&chunk, weft_agg_load_f64(row, slot)));
        weft_agg_set_valid(row, slot);
    }
    return WEFT_OK;
}

static weft_status sum_f64_merge(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                                 const weft_row_layout *from_layout, int32_t from_first_column,
                                 const uint8_t *const *from, int32_t count)
{
    const weft_agg_slot to = weft_agg_state(place, 0),
                        slot = weft_agg_slot_at(from_layout, from_first_column);
    (void)ctx;
    for (int32_t i = 0; i < count; i++) {
        if (weft_agg_is_null(from[i], slot)) continue;
        weft_agg_store_f64(into[i], to, weft_agg_load_f64(into[i], to) + weft_agg_load_f64(from[i], slot));
        weft_agg_set_valid(into[i], to);
    }
    return WEFT_OK;
}

static weft_status sum_f64_finalize(weft_ctx *ctx, const weft_agg_place *place, const uint8_t *const *rows,
                                    int32_t count, weft_vector *out)
{
    return weft_agg_finish_state(ctx, place, 0, rows, count, out);
}

/* ---- sum of decimals ---- */

static weft_status sum_decimal_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                      const weft_batch *batch, const weft_column *args)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_agg_reader reader;
    weft_agg_chunk chunk;
    bool overflow = false;

    if (args->phys == WEFT_PHYS_I128) {
        weft_agg_reader_init(&reader, batch, args, rows, WEFT_AGG_AS_I128);
        while (weft_agg_reader_next(&reader, &chunk)) overflow |= weft_agg_rows_d128(&chunk, slot);
    } else {
        weft_agg_reader_init(&reader, batch, args, rows, WEFT_AGG_AS_I64);
        while (weft_agg_reader_next(&reader, &chunk)) rows_d64(&chunk, slot);
    }
    return overflow && weft_agg_raises(ctx, place) ? weft_agg_fail_overflow(ctx, place) : WEFT_OK;
}

bool weft_agg_sum_decimals(const weft_batch *batch, const weft_column *column, weft_i128 *sum, int64_t *seen)
{
    weft_agg_reader reader;
    weft_agg_chunk chunk;
    weft_i128 narrow = 0;
    bool overflow = false;

    if (column->phys != WEFT_PHYS_I128) {
        *seen += weft_agg_sum_integers(batch, column, &narrow);
        return weft_agg_add_i128(sum, narrow);
    }
    weft_agg_reader_init(&reader, batch, column, NULL, WEFT_AGG_AS_I128);
    while (weft_agg_reader_next(&reader, &chunk)) {
        overflow |= weft_agg_chunk_d128(&chunk, sum);
        *seen += chunk.count;
    }
    return overflow;
}

static weft_status sum_decimal_update_one(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                          const weft_batch *batch, const weft_column *args)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_i128 sum = weft_agg_load_i128(row, slot);
    int64_t seen = 0;
    const bool overflow = weft_agg_sum_decimals(batch, args, &sum, &seen);

    weft_agg_store_i128(row, slot, sum);
    if (seen > 0) weft_agg_set_valid(row, slot);
    return overflow && weft_agg_raises(ctx, place) ? weft_agg_fail_overflow(ctx, place) : WEFT_OK;
}

weft_status weft_agg_merge_decimals(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                                    const weft_row_layout *from_layout, int32_t from_first_column,
                                    const uint8_t *const *from, int32_t count)
{
    const weft_agg_slot to = weft_agg_state(place, 0),
                        slot = weft_agg_slot_at(from_layout, from_first_column);
    bool overflow = false;
    for (int32_t i = 0; i < count; i++) {
        weft_i128 sum = weft_agg_load_i128(into[i], to);
        const weft_i128 add = weft_agg_load_i128(from[i], slot);
        if (weft_agg_is_null(from[i], slot)) continue;
        if (add == WEFT_AGG_SUM_LOST) sum = WEFT_AGG_SUM_LOST;
        overflow |= weft_agg_add_i128(&sum, add);
        weft_agg_store_i128(into[i], to, sum);
        weft_agg_set_valid(into[i], to);
    }
    return overflow && weft_agg_raises(ctx, place) ? weft_agg_fail_overflow(ctx, place) : WEFT_OK;
}

static weft_status sum_decimal_finalize(weft_ctx *ctx, const weft_agg_place *place,
                                        const uint8_t *const *rows, int32_t count, weft_vector *out)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    const weft_i128 limit = weft_agg_decimal_limit(place->call->type.precision);
    weft_i128 values[WEFT_BATCH_ROWS_MAX];
    uint8_t is_null[WEFT_BATCH_ROWS_MAX];

    assert(count <= WEFT_BATCH_ROWS_MAX);
    for (int32_t i = 0; i < count; i++) {
        values[i] = weft_agg_load_i128(rows[i], slot);
        is_null[i] = weft_agg_is_null(rows[i], slot);
        if (WEFT_LIKELY(values[i] < limit && values[i] > -limit)) continue;
        if (weft_agg_raises(ctx, place)) return weft_agg_fail_overflow(ctx, place);
        values[i] = 0;
        is_null[i] = 1;
    }
    weft_agg_finish_decimals(values, is_null, count, out);
    return WEFT_OK;
}

/* ---- registry ---- */

static weft_status sum_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                            weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count == 1 &&
        (args[0]->type.id == WEFT_TYPE_INTERVAL_YM || args[0]->type.id == WEFT_TYPE_INTERVAL_DT)) {
        *type = args[0]->type;
        return WEFT_OK;
    }
    WEFT_TRY(st, weft_agg_bind_sum(ctx, "sum", args, count, span));
    const weft_type arg = args[0]->type;
    if (arg.id == WEFT_TYPE_DECIMAL)
        *type = weft_decimal_bounded(arg.precision + 10, arg.scale);
    else
        *type = WEFT_TYPE_OF(weft_type_is_integral(arg) ? WEFT_TYPE_BIGINT : WEFT_TYPE_DOUBLE);
done:
    return st;
}

weft_type weft_agg_sum_state(const weft_expr *call, weft_type otherwise)
{
    const weft_type arg = call->args[0]->type;
    return arg.id == WEFT_TYPE_DECIMAL ? weft_type_decimal(WEFT_DECIMAL_PRECISION_MAX, arg.scale) : otherwise;
}

static int32_t sum_states(const weft_expr *call, weft_type *types, bool *starts_zero)
{
    const bool floating = call->type.id == WEFT_TYPE_DOUBLE;
    types[0] = weft_agg_sum_state(call, WEFT_TYPE_OF(floating ? WEFT_TYPE_DOUBLE : WEFT_TYPE_BIGINT));
    starts_zero[0] = false;
    return 1;
}

static const weft_agg_variant sum_i64 = {sum_i64_update, sum_i64_update_one, sum_i64_merge, sum_i64_finalize};
static const weft_agg_variant sum_f64 = {sum_f64_update, sum_f64_update_one, sum_f64_merge, sum_f64_finalize};
static const weft_agg_variant sum_decimal = {sum_decimal_update, sum_decimal_update_one,
                                             weft_agg_merge_decimals, sum_decimal_finalize};

static const weft_agg_variant *sum_variant(const weft_expr *call)
{
    if (call->type.id == WEFT_TYPE_DECIMAL) return &sum_decimal;
    return call->type.id == WEFT_TYPE_DOUBLE ? &sum_f64 : &sum_i64;
}

/* ---- try_sum of integers and intervals: in 128 bits; what once left the type stays lost ---- */

static weft_i128 tried_add(const weft_expr *call, weft_i128 sum, weft_i128 value)
{
    const weft_i128 lost = (weft_i128)1 << 100, more = sum + value;
    const bool months = call->type.id == WEFT_TYPE_INTERVAL_YM;
    if (sum == lost || value == lost) return lost;
    return (months ? more == (int32_t)more : more == (int64_t)more) ? more : lost;
}

static void tried_take(const weft_agg_place *place, uint8_t *row, weft_i128 value)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_agg_store_i128(row, slot, tried_add(place->call, weft_agg_load_i128(row, slot), value));
    weft_agg_set_valid(row, slot);
}

static weft_status tried_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                const weft_batch *batch, const weft_column *args)
{
    (void)ctx;
    for (int32_t i = 0; i < batch->selected; i++) {
        const weft_value value =
            weft_value_of_column(&args[0], batch->selection != NULL ? batch->selection[i] : i);
        if (!value.is_null) tried_take(place, rows[i], value.i64);
    }
    return WEFT_OK;
}

static weft_status tried_merge(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                               const weft_row_layout *from_layout, int32_t from_first_column,
                               const uint8_t *const *from, int32_t count)
{
    const weft_agg_slot slot = weft_agg_slot_at(from_layout, from_first_column);
    (void)ctx;
    for (int32_t i = 0; i < count; i++) {
        if (!weft_agg_is_null(from[i], slot)) tried_take(place, into[i], weft_agg_load_i128(from[i], slot));
    }
    return WEFT_OK;
}

static weft_status tried_finalize(weft_ctx *ctx, const weft_agg_place *place, const uint8_t *const *rows,
                                  int32_t count, weft_vector *out)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    (void)ctx;
    for (int32_t i = 0; i < count; i++) {
        const weft_i128 sum = weft_agg_load_i128(rows[i], slot);
        if (weft_agg_is_null(rows[i], slot) || sum != (int64_t)sum)
            weft_vector_set_null(out, i);
        else if (out->column.phys == WEFT_PHYS_I32)
            ((int32_t *)out->values)[i] = (int32_t)sum;
        else
            ((int64_t *)out->values)[i] = (int64_t)sum;
    }
    return WEFT_OK;
}

static const weft_agg_variant sum_tried = {tried_update, NULL, tried_merge, tried_finalize};

static const weft_agg_variant *try_sum_variant(const weft_expr *call)
{
    const weft_agg_variant *variant = sum_variant(call);
    return variant == &sum_i64 ? &sum_tried : variant;
}

static int32_t try_sum_states(const weft_expr *call, weft_type *types, bool *starts_zero)
{
    const int32_t count = sum_states(call, types, starts_zero);
    if (sum_variant(call) == &sum_i64) types[0] = weft_type_decimal(WEFT_DECIMAL_PRECISION_MAX, 0);
    return count;
}

const weft_aggregate weft_aggregate_try_sum = {
    .name = "try_sum",
    .bind = sum_bind,
    .states = try_sum_states,
    .variant = try_sum_variant,
    .result_nullable = true,
    .help = "try_sum(expr) - As sum(expr); NULL where it overflows.",
    .example = "SELECT try_sum(col) FROM VALUES (9223372036854775807), (1) AS tab(col)",
    .example_result = "NULL"};
const weft_aggregate weft_aggregate_sum = {
    .name = "sum",
    .bind = sum_bind,
    .states = sum_states,
    .variant = sum_variant,
    .result_nullable = true,
    .help = "sum(expr) - The sum of the values that are not NULL; NULL when there is none.",
    .example = "SELECT sum(col) FROM VALUES (5), (10), (15) AS tab(col)",
    .example_result = "30"};
