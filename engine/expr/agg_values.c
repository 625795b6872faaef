/* engine/expr/agg_values.c - what needs all values of a group: percentiles, the median, and texts put
 * together. The first state is a blob of the values: doubles, or texts with the separators between them;
 * the others are the constant arguments behind the first, known once a value was taken. */
#include <math.h>
#include <stdlib.h>

#include "common/mem.h"
#include "engine/expr/agg_blob.h"
#include "engine/expr/coerce.h"

extern const weft_aggregate weft_aggregate_percentile_disc;

/* ---- appending and merging ---- */

/* The separator, before another text. */
static weft_status values_separate(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row)
{
    if (place->call->arg_count < 2) return WEFT_OK;
    const weft_value separator = weft_agg_value_at(place->layout, place->first_column + 1, row);
    if (separator.is_null) return WEFT_OK;
    return weft_agg_blob_append(ctx, place, row, 0, weft_str_data(&separator.str), separator.str.len);
}

static weft_status values_take(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                               const weft_column *args, int32_t position)
{
    weft_status st = WEFT_OK;
    const weft_value value = weft_value_of_column(&args[0], position);
    if (value.is_null) return WEFT_OK;
    const bool first = weft_row_is_null(row, place->first_column);
    for (int32_t k = 1; k < place->call->arg_count && first; k++) {
        const weft_value constant = weft_value_of_column(&args[k], position);
        WEFT_TRY(st, weft_agg_put_value(ctx, place, row, k, &constant));
    }
    if (value.type.id != WEFT_TYPE_STRING) {
        return weft_agg_blob_append(ctx, place, row, 0, &value.f64, sizeof value.f64);
    }
    if (!first) WEFT_TRY(st, values_separate(ctx, place, row));
    WEFT_TRY(st, weft_agg_blob_append(ctx, place, row, 0, weft_str_data(&value.str), value.str.len));
done:
    return st;
}

static weft_status values_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                 const weft_batch *batch, const weft_column *args)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < batch->selected; i++) {
        WEFT_TRY(st,
                 values_take(ctx, place, rows[i], args, batch->selection != NULL ? batch->selection[i] : i));
    }
done:
    return st;
}

static weft_status values_update_one(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                     const weft_batch *batch, const weft_column *args)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < batch->selected; i++) {
        WEFT_TRY(st, values_take(ctx, place, row, args, batch->selection != NULL ? batch->selection[i] : i));
    }
done:
    return st;
}

static weft_status values_merge(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                                const weft_row_layout *from_layout, int32_t from_first_column,
                                const uint8_t *const *from, int32_t count)
{
    weft_status st = WEFT_OK;
    const bool text = place->call->type.id == WEFT_TYPE_STRING;
    for (int32_t i = 0; i < count; i++) {
        size_t len;
        const char *bytes = weft_agg_blob_view(from_layout, from_first_column, from[i], &len);
        if (bytes == NULL) continue;
        const bool first = weft_row_is_null(into[i], place->first_column);
        for (int32_t k = 1; k < place->call->arg_count && first; k++) {
            const weft_value constant = weft_agg_value_at(from_layout, from_first_column + k, from[i]);
            WEFT_TRY(st, weft_agg_put_value(ctx, place, into[i], k, &constant));
        }
        if (text && !first) WEFT_TRY(st, values_separate(ctx, place, into[i]));
        WEFT_TRY(st, weft_agg_blob_append(ctx, place, into[i], 0, bytes, len));
    }
done:
    return st;
}

/* ---- percentiles ---- */

static int compare_doubles(const void *a, const void *b) /* NaN above all */
{
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    if (isnan(x) || isnan(y)) return isnan(x) - isnan(y);
    return (x > y) - (x < y);
}

/* Of n sorted values: between the two around the place, or (disc) the first whose rank reaches the share. */
static double percentile_of(const weft_agg_place *place, const uint8_t *row, const double *values, int64_t n)
{
    const weft_row_layout *layout = place->layout;
    const int32_t first = place->first_column, count = place->call->arg_count;
    double share = count > 1 ? weft_agg_value_at(layout, first + 1, row).f64 : 0.5;
    const bool descending = count > 2 && weft_agg_value_at(layout, first + 2, row).boolean;
    if (place->call->aggregate.function == &weft_aggregate_percentile_disc) {
        const int64_t rank = weft_max_i64(weft_min_i64((int64_t)ceil(share * (double)n), n), 1);
        return values[descending ? n - rank : rank - 1];
    }
    if (descending) share = 1 - share;
    const double at = share * (double)(n - 1);
    const int64_t low = (int64_t)floor(at), high = (int64_t)ceil(at);
    if (low == high || values[low] == values[high]) return values[low];
    return ((double)high - at) * values[low] + (at - (double)low) * values[high];
}

static weft_status percentile_finalize(weft_ctx *ctx, const weft_agg_place *place, const uint8_t *const *rows,
                                       int32_t count, weft_vector *out)
{
    weft_status st = WEFT_OK;
    double *sorted = NULL;
    size_t room = 0, len;
    for (int32_t i = 0; i < count; i++) {
        const char *bytes = weft_agg_blob_view(place->layout, place->first_column, rows[i], &len);
        if (bytes == NULL || len < sizeof *sorted) {
            weft_vector_set_null(out, i);
            continue;
        }
        if (len > room) {
            weft_mem_free(sorted);
            sorted = NULL;
            WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, len, (void **)&sorted));
            room = len;
        }
        memcpy(sorted, bytes, len);
        qsort(sorted, len / sizeof *sorted, sizeof *sorted, compare_doubles);
        ((double *)out->values)[i] = percentile_of(place, rows[i], sorted, (int64_t)(len / sizeof *sorted));
    }
done:
    weft_mem_free(sorted);
    return st;
}

static weft_status text_finalize(weft_ctx *ctx, const weft_agg_place *place, const uint8_t *const *rows,
                                 int32_t count, weft_vector *out)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < count; i++) {
        size_t len;
        const char *bytes = weft_agg_blob_view(place->layout, place->first_column, rows[i], &len);
        if (bytes == NULL)
            weft_vector_set_null(out, i);
        else
            WEFT_TRY(st, weft_vector_set_string(ctx, out, i, bytes, (uint32_t)len));
    }
done:
    return st;
}

/* ---- registry ---- */

/* The argument becomes a literal of the type. In physical plans it is a column that holds the literal. */
static weft_status bind_literal(weft_ctx *ctx, const char *name, const weft_expr **arg, weft_type type,
                                const weft_span *span)
{
    weft_status st = WEFT_OK;
    if ((*arg)->kind == WEFT_EXPR_COLUMN && (*arg)->column.ordinal >= 0 &&
        weft_type_equal((*arg)->type, type)) {
        return WEFT_OK;
    }
    WEFT_TRY(st, weft_expr_cast(ctx, *arg, type, true, arg));
    WEFT_TRY(st, weft_expr_fold(ctx, *arg, arg));
    if ((*arg)->kind != WEFT_EXPR_LITERAL || (*arg)->literal.is_null) {
        st = weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                          "the second argument of %s must be a constant that is not NULL", name);
    }
done:
    return st;
}

static weft_status bind_share(weft_ctx *ctx, const weft_expr **args, int32_t count, int32_t wanted,
                              const weft_span *span, weft_type *type)
{
    weft_status st = WEFT_OK;
    const char *name = wanted == 1 ? "median" : "percentile";
    *type = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
    if (count < wanted || count > wanted + (wanted > 1)) {
        return weft_fail_arg_count(ctx, name, wanted, wanted, count, span);
    }
    WEFT_TRY(st, weft_agg_bind_numeric(ctx, name, args, 1, span));
    WEFT_TRY(st, weft_expr_cast(ctx, args[0], *type, true, &args[0]));
    if (wanted == 1) goto done;
    WEFT_TRY(st, bind_literal(ctx, name, &args[1], *type, span));
    const double share = args[1]->kind == WEFT_EXPR_LITERAL ? args[1]->literal.f64 : 0;
    if (!(share >= 0 && share <= 1)) {
        st = weft_fail_at(ctx, WEFT_VALUE_OUT_OF_RANGE, span,
                          "The percentage must be between [0.0, 1.0] (current value = %g).", share);
        goto done;
    }
    if (count > 2) WEFT_TRY(st, bind_literal(ctx, name, &args[2], WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), span));
done:
    return st;
}

static weft_status percentile_bind(weft_ctx *ctx, const weft_expr **args, int32_t count,
                                   const weft_span *span, weft_type *type)
{
    return bind_share(ctx, args, count, 2, span, type);
}
static weft_status median_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                               weft_type *type)
{
    return bind_share(ctx, args, count, 1, span, type);
}

static weft_status listagg_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                                weft_type *type)
{
    weft_status st = WEFT_OK;
    *type = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    if (count < 1 || count > 2) return weft_fail_arg_count(ctx, "listagg", 1, 2, count, span);
    if (args[0]->type.child_count > 0)
        return weft_fail_arg_type(ctx, "listagg", 0, "\"string\"", args[0], span);
    WEFT_TRY(st, weft_expr_cast(ctx, args[0], *type, true, &args[0]));
    if (count > 1) WEFT_TRY(st, bind_literal(ctx, "listagg", &args[1], *type, span));
done:
    return st;
}

static int32_t values_states(const weft_expr *call, weft_type *types, bool *starts_zero)
{
    types[0] = WEFT_TYPE_OF(WEFT_TYPE_BINARY);
    starts_zero[0] = false;
    for (int32_t k = 1; k < call->arg_count; k++) {
        types[k] = call->args[k]->type;
        starts_zero[k] = false;
    }
    return call->arg_count;
}

static const weft_agg_variant percentile_any = {values_update, values_update_one, values_merge,
                                                percentile_finalize};
static const weft_agg_variant text_any = {values_update, values_update_one, values_merge, text_finalize};

static const weft_agg_variant *percentile_variant(const weft_expr *call)
{
    (void)call;
    return &percentile_any;
}
static const weft_agg_variant *text_variant(const weft_expr *call)
{
    (void)call;
    return &text_any;
}

#define SHARE(symbol, others, binder, usage, sql, want)                                                      \
    const weft_aggregate weft_aggregate_##symbol = {.name = #symbol,                                         \
                                                    .aliases = others,                                       \
                                                    .bind = binder,                                          \
                                                    .states = values_states,                                 \
                                                    .variant = percentile_variant,                           \
                                                    .result_nullable = true,                                 \
                                                    .help = usage,                                           \
                                                    .example = sql,                                          \
                                                    .example_result = want}
SHARE(median, NULL, median_bind,
      "median(expr) - The value in the middle of the sorted values, or between two.",
      "SELECT median(col) FROM VALUES (0), (10) AS tab(col)", "5.0");
SHARE(percentile, NULL, percentile_bind,
      "percentile(expr, share) - The value at that part, 0 to 1, of the sorted values, or between two.",
      "SELECT percentile(col, 0.3) FROM VALUES (0), (10) AS tab(col)", "3.0");
SHARE(percentile_cont, NULL, percentile_bind,
      "percentile_cont(share) WITHIN GROUP (ORDER BY expr) - As percentile(expr, share).",
      "SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY col) FROM VALUES (0), (10) AS tab(col)", "2.5");
SHARE(percentile_disc, NULL, percentile_bind,
      "percentile_disc(share) WITHIN GROUP (ORDER BY expr) - The first value whose rank reaches the share.",
      "SELECT percentile_disc(0.25) WITHIN GROUP (ORDER BY col) FROM VALUES (0), (10) AS tab(col)", "0.0");
const weft_aggregate weft_aggregate_listagg = {
    .name = "listagg",
    .aliases = "string_agg",
    .bind = listagg_bind,
    .states = values_states,
    .variant = text_variant,
    .result_nullable = true,
    .order_sensitive = true,
    .help = "listagg(expr [, separator]) - The texts that are not NULL, one behind the other.",
    .example = "SELECT listagg(col, ',') FROM VALUES ('a') AS tab(col)",
    .example_result = "a"};
