/* engine/expr/agg_percentile.c - percentile(x, share [, frequency]), median(x), percentile_cont(share) and
 * percentile_disc(share) WITHIN GROUP (ORDER BY x [DESC]): exact, from all values of a group.
 *
 * The body: u64 count, then values as doubles (a log: agg_log.h), each with its frequency (i64) where that is
 * an argument. The share is one number or an array of them; so is the result. Arguments: x, share; then the
 * frequency, or of percentile_cont and percentile_disc whether the order is descending.
 *
 * What is asked is the value at one or two ranks: those are selected; only values with frequencies, and those
 * of many shares, are sorted. */
#include <math.h>
#include <stdlib.h>

#include "common/mem.h"
#include "engine/columnar/nested.h"
#include "engine/expr/agg_log.h"
#include "engine/expr/coerce.h"
#include "engine/expr/nested_call.h"
#include "engine/expr/select.h"

extern const weft_aggregate weft_aggregate_percentile, weft_aggregate_percentile_disc, weft_aggregate_median;

enum {
    PERCENTILE_HEAD = WEFT_AGG_LOG_HEAD,
    PERCENTILE_SELECT_MOST = 4 /* shares that are selected one by one: that many look at all values as often
                                  as sorting a thousand of them does */
};

typedef struct counted {
    double value;
    int64_t times;
} counted;

static bool has_frequency(const weft_expr *call)
{
    return call->aggregate.function == &weft_aggregate_percentile && call->arg_count > 2;
}

static size_t record_bytes(const weft_expr *call) { return has_frequency(call) ? 16 : 8; }

static uint64_t percentile_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                                uint64_t bytes)
{
    (void)len, (void)bytes;
    const uint64_t count = body == NULL ? 0 : weft_get_u64(body);
    return PERCENTILE_HEAD + (count + updates) * record_bytes(call);
}

static weft_status percentile_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                                  const weft_column *args, int32_t position)
{
    const weft_value value = weft_value_of_column(&args[0], position);
    const uint64_t count = weft_get_u64(body);
    uint8_t *at = body + PERCENTILE_HEAD + count * record_bytes(call);
    (void)len;
    if (has_frequency(call)) {
        const weft_value times = weft_value_of_column(&args[2], position);
        if (times.is_null || times.i64 == 0) return WEFT_OK;
        if (times.i64 < 0) {
            return weft_fail_at(ctx, WEFT_INVALID, &call->span,
                                "Negative values found in the frequency: %lld.", (long long)times.i64);
        }
        weft_put_u64(at + 8, (uint64_t)times.i64);
    }
    weft_put_f64(at, value.type.id == WEFT_TYPE_DOUBLE ? value.f64 : (double)value.i64);
    weft_put_u64(body, count + 1);
    return WEFT_OK;
}

static uint64_t percentile_merge_need(const weft_expr *call, const uint8_t *into, size_t len,
                                      const uint8_t *from, size_t from_len)
{
    const uint64_t most = (from_len - PERCENTILE_HEAD) / record_bytes(call), count = weft_get_u64(from);
    return percentile_need(call, into, len, (uint32_t)(count < most ? count : most), 0);
}

static weft_status percentile_merge(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len,
                                    const uint8_t *from, size_t from_len)
{
    const size_t each = record_bytes(call);
    const uint64_t count = weft_get_u64(into), more = weft_get_u64(from);
    if (more > (from_len - PERCENTILE_HEAD) / each || count + more > (len - PERCENTILE_HEAD) / each)
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of a percentile");
    memcpy(into + PERCENTILE_HEAD + count * each, from + PERCENTILE_HEAD, more * each);
    weft_put_u64(into, count + more);
    return WEFT_OK;
}

/* ---- the result ---- */

static int compare_counted(const void *a, const void *b) /* NaN above all */
{
    const counted *x = a, *y = b;
    if (isnan(x->value) || isnan(y->value)) return isnan(x->value) - isnan(y->value);
    return (x->value > y->value) - (x->value < y->value);
}

/* The values of a group, to be asked by their ranks. */
typedef struct ranked_values {
    counted *pairs; /* with frequencies: ascending; times: how many values up to and with this one */
    uint64_t *keys; /* without: of select.h */
    int64_t count;  /* of pairs or keys */
    int64_t total;  /* of values */
    int64_t known;  /* keys[known] has its rank, and stands between lesser and greater ones; -1: not yet */
    bool sorted;    /* the keys are */
    bool descending;
} ranked_values;

static double pair_at(const ranked_values *values, int64_t place)
{
    int64_t low = 0, high = values->count - 1;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (values->pairs[middle].times > place)
            high = middle;
        else
            low = middle + 1;
    }
    return values->pairs[low].value;
}

/* The second rank of a percentile is next to the first, on one side of it. */
static double key_at(ranked_values *values, int64_t place)
{
    const int64_t known = values->known;
    if (!values->sorted && place != known) {
        if (known < 0)
            weft_select_u64(values->keys, values->count, place);
        else if (place < known)
            weft_select_u64(values->keys, known, place);
        else
            weft_select_u64(values->keys + known + 1, values->count - known - 1, place - known - 1);
        values->known = place;
    }
    return weft_f64_of_key(values->keys[place]);
}

/* The value at place `rank` (from 0) of the order. */
static double value_at(ranked_values *values, int64_t rank)
{
    const int64_t place = values->descending ? values->total - 1 - rank : rank;
    return values->pairs != NULL ? pair_at(values, place) : key_at(values, place);
}

/* Between the two values around the place, or (disc) the first whose rank reaches the share. */
static double value_of_share(const weft_expr *call, ranked_values *values, double share)
{
    const int64_t total = values->total;
    if (call->aggregate.function == &weft_aggregate_percentile_disc) {
        const int64_t rank = weft_max_i64(weft_min_i64((int64_t)ceil(share * (double)total), total), 1);
        return value_at(values, rank - 1);
    }
    const double at = share * (double)(total - 1);
    const int64_t low = (int64_t)floor(at), high = (int64_t)ceil(at);
    const double below = value_at(values, low);
    if (low == high) return below;
    const double above = value_at(values, high);
    if (below == above) return below;
    return below + (at - (double)low) * (above - below);
}

/* A literal array of doubles, none of them NULL: packed (columnar/nested.h). */
static int32_t share_count(const weft_value *shares)
{
    return shares->str.len < 4 ? 0 : (int32_t)weft_get_u32((const uint8_t *)weft_str_data(&shares->str));
}
static double share_of(const weft_value *shares, int32_t k)
{
    const int32_t nulls = (share_count(shares) + 7) / 8;
    return weft_get_f64((const uint8_t *)weft_str_data(&shares->str) + 4 + nulls + 8 * k);
}

int32_t weft_agg_share_count(const weft_expr *call)
{
    if (call->arg_count < 2 || call->args[1]->type.id != WEFT_TYPE_ARRAY) return 1;
    return share_count(&call->args[1]->literal);
}

double weft_agg_share(const weft_expr *call, int32_t k)
{
    if (call->arg_count < 2) return 0.5; /* the median */
    const weft_value *shares = &call->args[1]->literal;
    const double share = shares->type.id == WEFT_TYPE_ARRAY ? share_of(shares, k) : shares->f64;
    return isnan(share) ? 0 : share; /* of the least value, as in Spark */
}

/* values->count values of the body. */
static weft_status rank_values(weft_ctx *ctx, const weft_expr *call, const uint8_t *body,
                               ranked_values *values)
{
    weft_status st = WEFT_OK;
    const size_t count = (size_t)values->count;
    const uint8_t *at = body + PERCENTILE_HEAD;
    if (has_frequency(call)) {
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, count * sizeof *values->pairs,
                                    (void **)&values->pairs));
        for (size_t k = 0; k < count; k++, at += 16)
            values->pairs[k] = (counted){weft_get_f64(at), (int64_t)weft_get_u64(at + 8)};
        qsort(values->pairs, count, sizeof *values->pairs, compare_counted);
        for (size_t k = 0; k < count; k++) values->pairs[k].times = values->total += values->pairs[k].times;
    } else {
        WEFT_TRY(st,
                 weft_mem_alloc(ctx, WEFT_MEM_WORKING, count * sizeof *values->keys, (void **)&values->keys));
        for (size_t k = 0; k < count; k++, at += 8) values->keys[k] = weft_key_of_f64(weft_get_f64(at));
        values->total = values->count;
        values->sorted = weft_agg_share_count(call) > PERCENTILE_SELECT_MOST;
        if (values->sorted) weft_sort_u64(values->keys, values->count);
    }
done:
    return st;
}

static weft_status percentile_finish(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                                     weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    const bool within = call->aggregate.function != &weft_aggregate_percentile && call->arg_count > 2;
    ranked_values values = {.count = body == NULL ? 0 : (int64_t)weft_get_u64(body),
                            .known = -1,
                            .descending = within && call->args[2]->literal.boolean};
    const bool array = call->type.id == WEFT_TYPE_ARRAY;
    const int32_t shares = weft_agg_share_count(call);
    int32_t first = 0;
    if (values.count == 0 || shares == 0) {
        weft_vector_set_null(out, i);
        return WEFT_OK;
    }
    if ((uint64_t)values.count > (len - PERCENTILE_HEAD) / record_bytes(call))
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of a percentile");
    WEFT_TRY(st, rank_values(ctx, call, body, &values));
    if (array) WEFT_TRY(st, weft_vector_add_list(ctx, out, i, shares, &first));
    for (int32_t k = 0; k < shares; k++) {
        const double value = value_of_share(call, &values, weft_agg_share(call, k));
        weft_agg_put_real(array ? call->type.children[0].type : call->type, value,
                          array ? &out->children[0] : out, array ? first + k : i);
    }
done:
    weft_mem_free(values.pairs);
    weft_mem_free(values.keys);
    return st;
}

/* ---- binding ---- */

static weft_status check_share(weft_ctx *ctx, double share, const weft_span *span)
{
    if ((share >= 0 && share <= 1) || isnan(share)) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_VALUE_OUT_OF_RANGE, span,
                        "The percentage must be between [0.0, 1.0] (current value = %g).", share);
}

/* args[1] becomes one literal DOUBLE, or a literal array of them. */
weft_status weft_agg_bind_shares(weft_ctx *ctx, const char *name, const weft_expr **args,
                                 const weft_span *span)
{
    weft_status st = WEFT_OK;
    const bool array = args[1]->type.id == WEFT_TYPE_ARRAY;
    weft_type type = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
    if (array && !weft_type_is_numeric(args[1]->type.children[0].type) &&
        args[1]->type.children[0].type.id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, 1, "\"ARRAY<DOUBLE>\"", args[1], span);
    if (array) WEFT_TRY(st, weft_type_make_array(ctx, type, &type));
    if (array && weft_type_equal(args[1]->type, type)) type = args[1]->type;
    WEFT_TRY(st, weft_agg_bind_constant(ctx, name, "percentage", args, 1, type, false, span));
    const weft_value *shares = &args[1]->literal;
    if (!array) {
        WEFT_TRY(st, check_share(ctx, shares->f64, span));
        goto done;
    }
    const uint8_t *bytes = (const uint8_t *)weft_str_data(&shares->str);
    for (int32_t k = 0; k < share_count(shares); k++) {
        if ((bytes[4 + k / 8] >> (k % 8) & 1) != 0) {
            st =
                weft_fail_at(ctx, WEFT_UNEXPECTED_NULL, span, "the percentages of %s must not be NULL", name);
            goto done;
        }
        WEFT_TRY(st, check_share(ctx, share_of(shares, k), span));
    }
done:
    return st;
}

/* args[0] is a number, which becomes a DOUBLE, an interval, whose percentile has all fields, or a time. */
static weft_status bind_input(weft_ctx *ctx, const char *name, const weft_expr **args, const weft_span *span,
                              weft_type *type)
{
    weft_status st = WEFT_OK;
    if (args[0]->type.id == WEFT_TYPE_TIME) {
        *type = args[0]->type;
        return WEFT_OK;
    }
    *type = WEFT_TYPE_OF(args[0]->type.id);
    if (weft_type_is_interval(*type)) return WEFT_OK;
    *type = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
    WEFT_TRY(st, weft_agg_bind_numeric(ctx, name, args, 1, span));
    WEFT_TRY(st, weft_expr_cast(ctx, args[0], *type, true, &args[0]));
done:
    return st;
}

static weft_status bind_percentile(weft_ctx *ctx, const char *name, bool within, const weft_expr **args,
                                   int32_t count, const weft_span *span, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_type input = args[1]->type;
    WEFT_TRY(st, bind_input(ctx, name, args, span, type));
    WEFT_TRY(st, weft_agg_bind_shares(ctx, name, args, span));
    if (input.id == WEFT_TYPE_ARRAY) WEFT_TRY(st, weft_type_make_array(ctx, *type, type));
    if (count < 3) goto done;
    if (within) {
        WEFT_TRY(st, weft_agg_bind_constant(ctx, name, "order", args, 2, WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN),
                                            false, span));
    } else {
        if (!weft_type_is_integral(args[2]->type) && args[2]->type.id != WEFT_TYPE_NULL)
            return weft_fail_arg_type(ctx, 2, "\"integral\"", args[2], span);
        WEFT_TRY(st, weft_expr_cast(ctx, args[2], WEFT_TYPE_OF(WEFT_TYPE_BIGINT), true, &args[2]));
    }
done:
    return st;
}

static weft_status percentile_bind(weft_ctx *ctx, const weft_expr **args, int32_t count,
                                   const weft_span *span, weft_type *type)
{
    if (count < 2 || count > 3) return weft_fail_arg_count(ctx, "percentile", 2, 3, count, span);
    return bind_percentile(ctx, "percentile", false, args, count, span, type);
}

static weft_status within_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                               weft_type *type)
{
    if (count != 3) {
        return weft_fail_at(ctx, WEFT_WITHIN_GROUP_MISSING, span,
                            "WITHIN GROUP is required for percentile_cont and percentile_disc.");
    }
    return bind_percentile(ctx, "percentile_cont", true, args, count, span, type);
}

static weft_status median_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                               weft_type *type)
{
    if (count != 1) return weft_fail_arg_count(ctx, "median", 1, 1, count, span);
    return bind_input(ctx, "median", args, span, type);
}

/* A log is what has no frequencies. */
static const weft_agg_variant *percentile_variant(const weft_expr *call)
{
    return has_frequency(call) ? weft_agg_object_variant(call) : &weft_agg_log_variant;
}

static const weft_agg_object percentile_object = {.need = percentile_need,
                                                  .add = percentile_add,
                                                  .merge_need = percentile_merge_need,
                                                  .merge = percentile_merge,
                                                  .finish = percentile_finish};

#define SHARE(symbol, last, binder, usage, sql, want)                                                        \
    const weft_aggregate weft_aggregate_##symbol = {.name = #symbol,                                         \
                                                    .constant_first = 1,                                     \
                                                    .constant_last = last,                                   \
                                                    .bind = binder,                                          \
                                                    .states = weft_agg_object_states,                        \
                                                    .variant = percentile_variant,                           \
                                                    .result_nullable = true,                                 \
                                                    .object = &percentile_object,                            \
                                                    .help = usage,                                           \
                                                    .example = sql,                                          \
                                                    .example_result = want}
SHARE(median, 1, median_bind, "median(expr) - The value in the middle of the sorted values, or between two.",
      "SELECT median(col) FROM VALUES (0), (10) AS tab(col)", "5.0");
SHARE(percentile, 1, percentile_bind,
      "percentile(expr, share [, frequency]) - The value at that part, 0 to 1, of the sorted values, or "
      "between "
      "two; of an array of shares an array.",
      "SELECT percentile(col, 0.3) FROM VALUES (0), (10) AS tab(col)", "3.0");
SHARE(percentile_cont, 2, within_bind,
      "percentile_cont(share) WITHIN GROUP (ORDER BY expr) - As percentile(expr, share).",
      "SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY col) FROM VALUES (0), (10) AS tab(col)", "2.5");
SHARE(percentile_disc, 2, within_bind,
      "percentile_disc(share) WITHIN GROUP (ORDER BY expr) - The first value whose rank reaches the share.",
      "SELECT percentile_disc(0.25) WITHIN GROUP (ORDER BY col) FROM VALUES (0), (10) AS tab(col)", "0.0");
