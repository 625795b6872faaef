/* engine/expr/agg_avg.c - avg: decimal(p,s) gives decimal(p+4,s+4), every other number a double.
 *
 * States: the sum (0) and the number of values (1), both 0 at first. */
#include "engine/expr/agg_sum.h"
#include "engine/expr/coerce.h"
#include "engine/expr/raise.h"

static inline void count_rows(const weft_agg_chunk *c, weft_agg_slot slot)
{
    for (int32_t k = 0; k < c->count; k++) {
        weft_agg_store_i64(c->rows[k], slot, weft_agg_load_i64(c->rows[k], slot) + 1);
    }
}

static inline void avg_rows_f64(const weft_agg_chunk *c, weft_agg_slot sum, weft_agg_slot seen, bool indexed)
{
    const double *values = c->values;
    for (int32_t k = 0; k < c->count; k++) {
        uint8_t *row = c->rows[k];
        weft_agg_store_f64(row, sum,
                           weft_agg_load_f64(row, sum) + values[indexed ? c->index[k] : (uint32_t)k]);
        weft_agg_store_i64(row, seen, weft_agg_load_i64(row, seen) + 1);
    }
}

static inline void avg_rows_d64(const weft_agg_chunk *c, weft_agg_slot sum, weft_agg_slot seen, bool indexed)
{
    const int64_t *values = c->values;
    for (int32_t k = 0; k < c->count; k++) {
        uint8_t *row = c->rows[k];
        weft_agg_store_i128(row, sum,
                            weft_agg_load_i128(row, sum) + values[indexed ? c->index[k] : (uint32_t)k]);
        weft_agg_store_i64(row, seen, weft_agg_load_i64(row, seen) + 1);
    }
}

static weft_status avg_f64_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                  const weft_batch *batch, const weft_column *args)
{
    const weft_agg_slot sum = weft_agg_state(place, 0), seen = weft_agg_state(place, 1);
    weft_agg_reader reader;
    weft_agg_chunk chunk;

    (void)ctx;
    weft_agg_reader_init(&reader, batch, args, rows, WEFT_AGG_AS_F64);
    while (weft_agg_reader_next(&reader, &chunk)) {
        if (chunk.index != NULL)
            avg_rows_f64(&chunk, sum, seen, true);
        else
            avg_rows_f64(&chunk, sum, seen, false);
    }
    return WEFT_OK;
}

static weft_status avg_f64_update_one(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                      const weft_batch *batch, const weft_column *args)
{
    const weft_agg_slot slot = weft_agg_state(place, 0), seen = weft_agg_state(place, 1);
    weft_agg_reader reader;
    weft_agg_chunk chunk;
    double sum = weft_agg_load_f64(row, slot);
    int64_t count = weft_agg_load_i64(row, seen);

    (void)ctx;
    weft_agg_reader_init(&reader, batch, args, NULL, WEFT_AGG_AS_F64);
    while (weft_agg_reader_next(&reader, &chunk)) {
        sum = weft_agg_chunk_f64(&chunk, sum);
        count += chunk.count;
    }
    weft_agg_store_f64(row, slot, sum);
    weft_agg_store_i64(row, seen, count);
    return WEFT_OK;
}

static weft_status avg_f64_merge(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                                 const weft_row_layout *from_layout, int32_t from_first_column,
                                 const uint8_t *const *from, int32_t count)
{
    const weft_agg_slot sum = weft_agg_state(place, 0), seen = weft_agg_state(place, 1);
    const weft_agg_slot from_sum = weft_agg_slot_at(from_layout, from_first_column);
    const weft_agg_slot from_seen = weft_agg_slot_at(from_layout, from_first_column + 1);
    (void)ctx;
    for (int32_t i = 0; i < count; i++) {
        weft_agg_store_f64(into[i], sum,
                           weft_agg_load_f64(into[i], sum) + weft_agg_load_f64(from[i], from_sum));
        weft_agg_store_i64(into[i], seen,
                           weft_agg_load_i64(into[i], seen) + weft_agg_load_i64(from[i], from_seen));
    }
    return WEFT_OK;
}

static weft_status avg_f64_finalize(weft_ctx *ctx, const weft_agg_place *place, const uint8_t *const *rows,
                                    int32_t count, weft_vector *out)
{
    const weft_agg_slot sum = weft_agg_state(place, 0), seen = weft_agg_state(place, 1);
    double *to = out->values;
    (void)ctx;
    out->column.phys = WEFT_PHYS_F64;
    for (int32_t i = 0; i < count; i++) {
        const int64_t n = weft_agg_load_i64(rows[i], seen);
        to[i] = n == 0 ? 0 : weft_agg_load_f64(rows[i], sum) / (double)n;
        if (n == 0) weft_vector_set_null(out, i);
    }
    return WEFT_OK;
}

static weft_status avg_decimal_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                      const weft_batch *batch, const weft_column *args)
{
    const weft_agg_slot sum = weft_agg_state(place, 0), seen = weft_agg_state(place, 1);
    weft_agg_reader reader;
    weft_agg_chunk chunk;
    bool overflow = false;
    const bool wide = args->phys == WEFT_PHYS_I128;

    weft_agg_reader_init(&reader, batch, args, rows, wide ? WEFT_AGG_AS_I128 : WEFT_AGG_AS_I64);
    while (weft_agg_reader_next(&reader, &chunk)) {
        if (wide) {
            overflow |= weft_agg_rows_d128(&chunk, sum);
            count_rows(&chunk, seen);
        } else if (chunk.index != NULL) {
            avg_rows_d64(&chunk, sum, seen, true);
        } else {
            avg_rows_d64(&chunk, sum, seen, false);
        }
    }
    return overflow && weft_agg_raises(ctx, place) ? weft_agg_fail_overflow(ctx, place) : WEFT_OK;
}

static weft_status avg_decimal_update_one(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                          const weft_batch *batch, const weft_column *args)
{
    const weft_agg_slot slot = weft_agg_state(place, 0), seen = weft_agg_state(place, 1);
    weft_i128 sum = weft_agg_load_i128(row, slot);
    int64_t count = weft_agg_load_i64(row, seen);
    const bool overflow = weft_agg_sum_decimals(batch, args, &sum, &count);

    weft_agg_store_i128(row, slot, sum);
    weft_agg_store_i64(row, seen, count);
    return overflow && weft_agg_raises(ctx, place) ? weft_agg_fail_overflow(ctx, place) : WEFT_OK;
}

static weft_status avg_decimal_merge(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                                     const weft_row_layout *from_layout, int32_t from_first_column,
                                     const uint8_t *const *from, int32_t count)
{
    const weft_agg_slot seen = weft_agg_state(place, 1);
    const weft_agg_slot from_seen = weft_agg_slot_at(from_layout, from_first_column + 1);
    for (int32_t i = 0; i < count; i++) {
        weft_agg_store_i64(into[i], seen,
                           weft_agg_load_i64(into[i], seen) + weft_agg_load_i64(from[i], from_seen));
    }
    return weft_agg_merge_decimals(ctx, place, into, from_layout, from_first_column, from, count);
}

/* sum * scale_up / n, half away from zero; false when 128 bits do not hold it. The rest of the division is
 * less than n, so that it may be scaled up without loss. */
static bool avg_divide(weft_i128 sum, int64_t n, int64_t scale_up, weft_i128 *out)
{
    const weft_i128 rest = sum % n * scale_up;
    const weft_i128 twice_rest = rest % n * 2;
    const weft_i128 rounded = rest / n + (twice_rest >= n) - (twice_rest <= -(weft_i128)n);
    return !__builtin_mul_overflow(sum / n, (weft_i128)scale_up, out) &&
           !__builtin_add_overflow(*out, rounded, out);
}

static weft_status avg_decimal_finalize(weft_ctx *ctx, const weft_agg_place *place,
                                        const uint8_t *const *rows, int32_t count, weft_vector *out)
{
    const weft_agg_slot slot = weft_agg_state(place, 0), seen = weft_agg_state(place, 1);
    const weft_type type = place->call->type;
    const int32_t digits_up = type.scale - place->call->args[0]->type.scale; /* 0..4 */
    const int64_t scale_up = (int64_t)weft_agg_decimal_limit(digits_up);
    const weft_i128 limit = weft_agg_decimal_limit(type.precision);
    weft_i128 values[WEFT_BATCH_ROWS_MAX];
    uint8_t is_null[WEFT_BATCH_ROWS_MAX];

    assert(count <= WEFT_BATCH_ROWS_MAX);
    for (int32_t i = 0; i < count; i++) {
        const int64_t n = weft_agg_load_i64(rows[i], seen);
        const weft_i128 sum = weft_agg_load_i128(rows[i], slot);
        values[i] = 0;
        is_null[i] = n == 0;
        if (n == 0) continue;
        if (sum != WEFT_AGG_SUM_LOST && avg_divide(sum, n, scale_up, &values[i]) && values[i] < limit &&
            values[i] > -limit) {
            continue;
        }
        if (weft_agg_raises(ctx, place)) {
            if (sum == WEFT_AGG_SUM_LOST) return weft_agg_fail_overflow(ctx, place);
            return weft_raise_decimal_range(ctx, place->call, sum / n, place->call->args[0]->type.scale,
                                            type);
        }
        values[i] = 0;
        is_null[i] = 1;
    }
    weft_agg_finish_decimals(values, is_null, count, out);
    return WEFT_OK;
}

/* ---- intervals: the sum in 128 bits, which has to be an interval itself ---- */

static weft_status avg_interval_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                       const weft_batch *batch, const weft_column *args)
{
    const weft_agg_slot sum = weft_agg_state(place, 0), seen = weft_agg_state(place, 1);
    weft_agg_reader reader;
    weft_agg_chunk chunk;
    (void)ctx;
    weft_agg_reader_init(&reader, batch, args, rows, WEFT_AGG_AS_I64);
    while (weft_agg_reader_next(&reader, &chunk)) {
        if (chunk.index != NULL)
            avg_rows_d64(&chunk, sum, seen, true);
        else
            avg_rows_d64(&chunk, sum, seen, false);
    }
    return WEFT_OK;
}

static weft_status avg_interval_update_one(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                           const weft_batch *batch, const weft_column *args)
{
    const weft_agg_slot slot = weft_agg_state(place, 0), seen = weft_agg_state(place, 1);
    weft_agg_reader reader;
    weft_agg_chunk chunk;
    weft_i128 sum = weft_agg_load_i128(row, slot);
    int64_t count = weft_agg_load_i64(row, seen);
    (void)ctx;
    weft_agg_reader_init(&reader, batch, args, NULL, WEFT_AGG_AS_I64);
    while (weft_agg_reader_next(&reader, &chunk)) {
        const int64_t *values = chunk.values;
        for (int32_t k = 0; k < chunk.count; k++)
            sum += values[chunk.index != NULL ? chunk.index[k] : (uint32_t)k];
        count += chunk.count;
    }
    weft_agg_store_i128(row, slot, sum);
    weft_agg_store_i64(row, seen, count);
    return WEFT_OK;
}

extern const weft_aggregate weft_aggregate_try_avg;

static weft_status avg_interval_finalize(weft_ctx *ctx, const weft_agg_place *place,
                                         const uint8_t *const *rows, int32_t count, weft_vector *out)
{
    const weft_agg_slot slot = weft_agg_state(place, 0), seen = weft_agg_state(place, 1);
    const bool months = place->call->type.id == WEFT_TYPE_INTERVAL_YM;
    for (int32_t i = 0; i < count; i++) {
        const int64_t n = weft_agg_load_i64(rows[i], seen);
        const weft_i128 sum = weft_agg_load_i128(rows[i], slot);
        const bool fits = months ? sum == (int32_t)sum : sum == (int64_t)sum;
        weft_i128 mean = 0;
        const bool tried = place->call->aggregate.function == &weft_aggregate_try_avg;
        if (n > 0 && !fits && !tried) /* whatever the mode */
            return weft_raise_interval_overflow(ctx, place->call);
        if (n == 0 || !fits || !avg_divide(sum, n, 1, &mean)) {
            weft_vector_set_null(out, i);
            continue;
        }
        if (months)
            ((int32_t *)out->values)[i] = (int32_t)mean;
        else
            ((int64_t *)out->values)[i] = (int64_t)mean;
    }
    return WEFT_OK;
}

/* ---- registry ---- */

static weft_status avg_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                            weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count == 1 && weft_type_is_interval(args[0]->type)) { /* of all fields */
        *type = WEFT_TYPE_OF(args[0]->type.id);
        return WEFT_OK;
    }
    WEFT_TRY(st, weft_agg_bind_sum(ctx, "avg", args, count, span));
    const weft_type arg = args[0]->type;
    if (arg.id == WEFT_TYPE_DECIMAL)
        *type = weft_decimal_bounded(arg.precision + 4, arg.scale + 4);
    else
        *type = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
done:
    return st;
}

/* regr_avgx(y, x), regr_avgy(y, x): avg() of one of the two where neither is NULL. That stands for both
 * arguments then, so that DISTINCT looks at nothing else; bound again, as for the wire, equal ones stay. */
static weft_status pair_avg_bind(weft_ctx *ctx, const char *name, int32_t averaged, const weft_expr **args,
                                 int32_t count, const weft_span *span, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_expr *tests[2] = {NULL, NULL}, *parts[3] = {NULL, NULL, NULL}, *one = NULL;
    weft_value null = {.is_null = true};
    if (count != 2) return weft_fail_arg_count(ctx, name, 2, 2, count, span);
    for (int32_t i = 0; i < 2; i++) WEFT_TRY(st, weft_agg_bind_numeric(ctx, name, &args[i], 1, span));
    if (weft_expr_equal(args[0], args[1])) return avg_bind(ctx, args, 1, span, type);
    for (int32_t i = 0; i < 2; i++) {
        WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_IS_NOT_NULL, &args[i], 1, span, &tests[i]));
    }
    null.type = args[averaged]->type;
    WEFT_TRY(st, weft_expr_logic(ctx, WEFT_EXPR_AND, tests, 2, &parts[0]));
    parts[1] = args[averaged];
    WEFT_TRY(st, weft_expr_literal(ctx, &null, &parts[2]));
    WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_CASE, parts, 3, span, &one));
    args[0] = args[1] = one;
    WEFT_TRY(st, avg_bind(ctx, args, 1, span, type));
done:
    return st;
}

static weft_status regr_avgx_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                                  weft_type *type)
{
    return pair_avg_bind(ctx, "regr_avgx", 1, args, count, span, type);
}

static weft_status regr_avgy_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                                  weft_type *type)
{
    return pair_avg_bind(ctx, "regr_avgy", 0, args, count, span, type);
}

static int32_t avg_states(const weft_expr *call, weft_type *types, bool *starts_zero)
{
    types[0] = weft_type_is_interval(call->type) ? weft_type_decimal(WEFT_DECIMAL_PRECISION_MAX, 0)
                                                 : weft_agg_sum_state(call, WEFT_TYPE_OF(WEFT_TYPE_DOUBLE));
    types[1] = WEFT_TYPE_OF(WEFT_TYPE_BIGINT);
    starts_zero[0] = starts_zero[1] = true;
    return 2;
}

static const weft_agg_variant avg_f64 = {avg_f64_update, avg_f64_update_one, avg_f64_merge, avg_f64_finalize};
static const weft_agg_variant avg_decimal = {avg_decimal_update, avg_decimal_update_one, avg_decimal_merge,
                                             avg_decimal_finalize};

static const weft_agg_variant avg_interval = {avg_interval_update, avg_interval_update_one, avg_decimal_merge,
                                              avg_interval_finalize};

static const weft_agg_variant *avg_variant(const weft_expr *call)
{
    if (weft_type_is_interval(call->type)) return &avg_interval;
    return call->type.id == WEFT_TYPE_DECIMAL ? &avg_decimal : &avg_f64;
}

const weft_aggregate weft_aggregate_try_avg = {
    .name = "try_avg",
    .bind = avg_bind,
    .states = avg_states,
    .variant = avg_variant,
    .result_nullable = true,
    .help = "try_avg(expr) - As avg(expr); NULL where it overflows.",
    .example = "SELECT try_avg(col) FROM VALUES (1), (2), (3) AS tab(col)",
    .example_result = "2.0"};
const weft_aggregate weft_aggregate_avg = {
    .name = "avg",
    .aliases = "mean",
    .bind = avg_bind,
    .states = avg_states,
    .variant = avg_variant,
    .result_nullable = true,
    .help = "avg(expr) - The mean of the values that are not NULL; NULL when there is none.",
    .example = "SELECT avg(col) FROM VALUES (1), (2), (3) AS tab(col)",
    .example_result = "2.0"};
const weft_aggregate weft_aggregate_regr_avgx = {
    .name = "regr_avgx",
    .bind = regr_avgx_bind,
    .states = avg_states,
    .variant = avg_variant,
    .result_nullable = true,
    .shows_given = true,
    .help = "regr_avgx(y, x) - The mean of x over the pairs.",
    .example = "SELECT regr_avgx(a, b) FROM VALUES (1, 2), (3, 4), (5, 6) AS tab(a, b)",
    .example_result = "4.0"};
const weft_aggregate weft_aggregate_regr_avgy = {
    .name = "regr_avgy",
    .bind = regr_avgy_bind,
    .states = avg_states,
    .variant = avg_variant,
    .result_nullable = true,
    .shows_given = true,
    .help = "regr_avgy(y, x) - The mean of y over the pairs.",
    .example = "SELECT regr_avgy(a, b) FROM VALUES (1, 2), (3, 4), (5, 6) AS tab(a, b)",
    .example_result = "3.0"};
