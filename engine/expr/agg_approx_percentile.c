/* engine/expr/agg_approx_percentile.c - approx_percentile(x, share [, accuracy]): Greenwald and Khanna,
 * "Space-Efficient Online Computation of Quantile Summaries" (SIGMOD 2001), with the buffer of newest values,
 * the thresholds and the rounding that Spark has, so that answers are equal.
 *
 * The body: u64 count of the values in samples, u32 samples, u32 newest, u32 whether it is compressed; then
 * the samples, ascending: a value (double), how many values it stands for since the last one (i64), and how
 * many more its rank may be (i64). The newest values are doubles at the body's end, the first one last. */
#include <math.h>
#include <stdlib.h>

#include "common/mem.h"
#include "engine/expr/agg_object.h"
#include "engine/expr/coerce.h"
#include "engine/expr/nested_call.h"

enum {
    QUANTILE_COUNT = 0,
    QUANTILE_SAMPLES = 8,
    QUANTILE_NEWEST = 12,
    QUANTILE_COMPRESSED = 16,
    QUANTILE_HEAD = 20,
    QUANTILE_SAMPLE = 24,
    QUANTILE_NEWEST_MAX = 50000, /* Spark's: then they are sorted in */
    QUANTILE_SAMPLES_MAX = 10000 /* and from so many samples on compressed */
};

typedef struct sample {
    double value;
    int64_t count, spread;
} sample;

static sample sample_get(const uint8_t *body, int64_t k)
{
    sample out;
    memcpy(&out, body + QUANTILE_HEAD + k * QUANTILE_SAMPLE, sizeof out);
    return out;
}
static void sample_put(uint8_t *body, int64_t k, sample value)
{
    memcpy(body + QUANTILE_HEAD + k * QUANTILE_SAMPLE, &value, sizeof value);
}

static double relative_error(const weft_expr *call)
{
    return 1.0 / (double)weft_agg_constant(call, 2, 10000);
}

/* Once the newest values become samples they take three times the room: it is made for the batch that does
 * it, and stays. */
static uint64_t quantile_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                              uint64_t bytes)
{
    const uint64_t samples = body == NULL ? 0 : weft_get_u32(body + QUANTILE_SAMPLES);
    const uint64_t newest = (body == NULL ? 0 : weft_get_u32(body + QUANTILE_NEWEST)) + (uint64_t)updates;
    (void)call, (void)len, (void)bytes;
    if (newest < QUANTILE_NEWEST_MAX)
        return QUANTILE_HEAD + samples * QUANTILE_SAMPLE + newest * sizeof(double);
    return QUANTILE_HEAD + (samples + newest) * QUANTILE_SAMPLE + QUANTILE_NEWEST_MAX * sizeof(double);
}

static void quantile_grown(const weft_expr *call, uint8_t *body, size_t old_len, size_t len)
{
    const size_t bytes = weft_get_u32(body + QUANTILE_NEWEST) * sizeof(double);
    (void)call;
    memmove(body + len - bytes, body + old_len - bytes, bytes);
}

/* ---- samples ---- */

static int compare_values(const void *a, const void *b) /* NaN above all */
{
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    if (isnan(x) || isnan(y)) return isnan(x) - isnan(y);
    return (x > y) - (x < y);
}

/* The newest values become samples: merged from the back, in place. */
static void quantile_insert(const weft_expr *call, uint8_t *body, size_t len)
{
    const int64_t count = (int64_t)weft_get_u64(body), newest = weft_get_u32(body + QUANTILE_NEWEST);
    const int64_t samples = weft_get_u32(body + QUANTILE_SAMPLES);
    uint8_t *values = body + len - (size_t)newest * sizeof(double);
    const double width = 2 * relative_error(call);
    if (newest == 0) return;
    qsort(values, (size_t)newest, sizeof(double), compare_values);
    for (int64_t old = samples, next = newest, to = samples + newest; next > 0;) {
        const double value = weft_get_f64(values + (size_t)(next - 1) * sizeof(double));
        to--;
        if (old > 0 && !(sample_get(body, old - 1).value <= value)) {
            sample_put(body, to, sample_get(body, --old));
            continue;
        }
        next--;
        const bool outermost = to == 0 || (old == samples && next == newest - 1);
        const int64_t spread = outermost ? 0 : (int64_t)floor(width * (double)(count + next + 1));
        sample_put(body, to, (sample){value, 1, spread});
    }
    weft_put_u64(body, (uint64_t)(count + newest));
    weft_put_u32(body + QUANTILE_SAMPLES, (uint32_t)(samples + newest));
    weft_put_u32(body + QUANTILE_NEWEST, 0);
}

/* Samples whose ranks are known well enough together become one; the first and the last stay. */
static void quantile_unite(uint8_t *body, double threshold)
{
    const int64_t samples = weft_get_u32(body + QUANTILE_SAMPLES);
    if (samples == 0) return;
    const sample first = sample_get(body, 0);
    sample head = sample_get(body, samples - 1);
    int64_t to = samples; /* what is kept lies behind it */
    for (int64_t k = samples - 2; k >= 1; k--) {
        const sample one = sample_get(body, k);
        if ((double)(one.count + head.count + head.spread) < threshold) {
            head.count += one.count;
            continue;
        }
        sample_put(body, --to, head);
        head = one;
    }
    sample_put(body, --to, head);
    if (samples > 1 && first.value <= head.value) sample_put(body, --to, first);
    memmove(body + QUANTILE_HEAD, body + QUANTILE_HEAD + to * QUANTILE_SAMPLE,
            (size_t)(samples - to) * QUANTILE_SAMPLE);
    weft_put_u32(body + QUANTILE_SAMPLES, (uint32_t)(samples - to));
}

static void quantile_compress(const weft_expr *call, uint8_t *body, size_t len)
{
    if (weft_get_u32(body + QUANTILE_COMPRESSED) != 0) return;
    quantile_insert(call, body, len);
    quantile_unite(body, 2 * relative_error(call) * (double)weft_get_u64(body));
    weft_put_u32(body + QUANTILE_COMPRESSED, 1);
}

static weft_status quantile_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                                const weft_column *args, int32_t position)
{
    const uint32_t newest = weft_get_u32(body + QUANTILE_NEWEST) + 1;
    (void)ctx;
    weft_put_f64(body + len - (size_t)newest * sizeof(double), weft_agg_get_real(args, position));
    weft_put_u32(body + QUANTILE_NEWEST, newest);
    weft_put_u32(body + QUANTILE_COMPRESSED, 0);
    if (newest < QUANTILE_NEWEST_MAX) return WEFT_OK;
    quantile_insert(call, body, len);
    if (weft_get_u32(body + QUANTILE_SAMPLES) >= QUANTILE_SAMPLES_MAX) quantile_compress(call, body, len);
    return WEFT_OK;
}

/* ---- merging ---- */

static uint64_t value_count(const uint8_t *body)
{
    return (uint64_t)weft_get_u32(body + QUANTILE_SAMPLES) + weft_get_u32(body + QUANTILE_NEWEST);
}

static uint64_t quantile_merge_need(const weft_expr *call, const uint8_t *into, size_t len,
                                    const uint8_t *from, size_t from_len)
{
    (void)call, (void)len, (void)from_len;
    return QUANTILE_HEAD + ((into == NULL ? 0 : value_count(into)) + value_count(from)) * QUANTILE_SAMPLE;
}

/* Two ascending lists of samples into `to`: the rank of one that lies among the other's is less certain. */
static void quantile_merge_lists(const weft_expr *call, const uint8_t *a, const uint8_t *b, uint8_t *to)
{
    const double width = 2 * relative_error(call);
    const int64_t na = weft_get_u32(a + QUANTILE_SAMPLES), nb = weft_get_u32(b + QUANTILE_SAMPLES);
    const int64_t more_a = (int64_t)floor(width * (double)weft_get_u64(b));
    const int64_t more_b = (int64_t)floor(width * (double)weft_get_u64(a));
    int64_t ia = 0, ib = 0;
    while (ia < na || ib < nb) {
        const bool both = ia < na && ib < nb;
        const bool left = both ? sample_get(a, ia).value < sample_get(b, ib).value : ia < na;
        sample one = left ? sample_get(a, ia) : sample_get(b, ib);
        if (both && left && ib > 0) one.spread += more_a;
        if (both && !left && ia > 0) one.spread += more_b;
        sample_put(to, ia + ib, one);
        ia += left;
        ib += !left;
    }
    const uint64_t count = weft_get_u64(a) + weft_get_u64(b);
    weft_put_u64(to, count);
    weft_put_u32(to + QUANTILE_SAMPLES, (uint32_t)(na + nb));
    weft_put_u32(to + QUANTILE_NEWEST, 0);
    weft_put_u32(to + QUANTILE_COMPRESSED, 1);
    quantile_unite(to, width * (double)count);
}

/* A compressed copy in working memory. */
static weft_status quantile_copy(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                                 void **out)
{
    weft_status st = WEFT_OK;
    const uint64_t newest = weft_get_u32(body + QUANTILE_NEWEST),
                   samples = weft_get_u32(body + QUANTILE_SAMPLES);
    const uint64_t need = QUANTILE_HEAD + (samples + newest) * QUANTILE_SAMPLE + newest * sizeof(double);
    if (QUANTILE_HEAD + samples * QUANTILE_SAMPLE + 8 * newest > len)
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of approx_percentile");
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)need, out));
    uint8_t *copy = *out;
    memcpy(copy, body, QUANTILE_HEAD + (size_t)samples * QUANTILE_SAMPLE);
    memcpy(copy + need - newest * sizeof(double), body + len - newest * sizeof(double),
           (size_t)newest * sizeof(double));
    quantile_compress(call, copy, (size_t)need);
done:
    return st;
}

static weft_status quantile_merge(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len,
                                  const uint8_t *from, size_t from_len)
{
    weft_status st = WEFT_OK;
    void *mine = NULL, *other = NULL;
    WEFT_TRY(st, quantile_copy(ctx, call, from, from_len, &other));
    if (weft_get_u64(other) == 0) goto done;
    WEFT_TRY(st, quantile_copy(ctx, call, into, len, &mine));
    if (QUANTILE_HEAD + ((uint64_t)weft_get_u32((uint8_t *)mine + QUANTILE_SAMPLES) +
                         weft_get_u32((uint8_t *)other + QUANTILE_SAMPLES)) *
                            QUANTILE_SAMPLE >
        len)
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "a malformed state of approx_percentile"));
    if (weft_get_u64(mine) == 0)
        memcpy(into, other,
               QUANTILE_HEAD + weft_get_u32((uint8_t *)other + QUANTILE_SAMPLES) * QUANTILE_SAMPLE);
    else
        quantile_merge_lists(call, mine, other, into);
done:
    weft_mem_free(mine);
    weft_mem_free(other);
    return st;
}

/* ---- the result ---- */

static double quantile_at(const weft_expr *call, const uint8_t *body, double share)
{
    const int64_t samples = weft_get_u32(body + QUANTILE_SAMPLES);
    const double error = relative_error(call);
    if (share <= error || samples == 1) return sample_get(body, 0).value;
    if (share >= 1 - error) return sample_get(body, samples - 1).value;
    const int64_t rank = (int64_t)ceil(share * (double)weft_get_u64(body));
    int64_t widest = INT64_MIN, least = 0;
    for (int64_t k = 0; k < samples; k++) {
        const sample one = sample_get(body, k);
        widest = weft_max_i64(widest, one.count + one.spread);
    }
    const int64_t target = widest / 2;
    for (int64_t k = 0; k + 1 < samples; k++) {
        const sample one = sample_get(body, k);
        least += one.count;
        if (least + one.spread - target <= rank && rank <= least + target) return one.value;
    }
    return sample_get(body, samples - 1).value;
}

static weft_status quantile_finish(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                                   weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    void *copy = NULL;
    int32_t first = 0;
    const bool array = call->type.id == WEFT_TYPE_ARRAY;
    const int32_t shares = weft_agg_share_count(call);
    if (body != NULL) WEFT_TRY(st, quantile_copy(ctx, call, body, len, &copy));
    if (copy == NULL || weft_get_u64(copy) == 0 || shares == 0) {
        weft_vector_set_null(out, i);
        goto done;
    }
    if (array) WEFT_TRY(st, weft_vector_add_list(ctx, out, i, shares, &first));
    for (int32_t k = 0; k < shares; k++) {
        const double value = quantile_at(call, copy, weft_agg_share(call, k));
        weft_agg_put_real(call->args[0]->type, value, array ? &out->children[0] : out, array ? first + k : i);
    }
done:
    weft_mem_free(copy);
    return st;
}

static weft_status quantile_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                                 weft_type *type)
{
    weft_status st = WEFT_OK;
    const char *name = "approx_percentile";
    if (count < 2 || count > 3) return weft_fail_arg_count(ctx, name, 2, 3, count, span);
    const weft_type_id id = (weft_type_id)args[0]->type.id;
    const bool other = id == WEFT_TYPE_DATE || id == WEFT_TYPE_TIMESTAMP || id == WEFT_TYPE_TIMESTAMP_NTZ ||
                       id == WEFT_TYPE_INTERVAL_YM || id == WEFT_TYPE_INTERVAL_DT || id == WEFT_TYPE_TIME;
    const bool array = args[1]->type.id == WEFT_TYPE_ARRAY;
    if (!other) WEFT_TRY(st, weft_agg_bind_numeric(ctx, name, args, 1, span));
    WEFT_TRY(st, weft_agg_bind_shares(ctx, name, args, span));
    if (count > 2) {
        if (!weft_type_is_integral(args[2]->type) && args[2]->type.id != WEFT_TYPE_NULL)
            return weft_fail_arg_type(ctx, 2, "\"integral\"", args[2], span);
        WEFT_TRY(st, weft_agg_bind_constant(ctx, name, "accuracy", args, 2, WEFT_TYPE_OF(WEFT_TYPE_BIGINT),
                                            false, span));
        const int64_t accuracy = args[2]->literal.i64;
        if (accuracy < 1 || accuracy > INT32_MAX) {
            st = weft_fail_at(ctx, WEFT_VALUE_OUT_OF_RANGE, span,
                              "The accuracy must be between (0, 2147483647] (current value = %lld).",
                              (long long)accuracy);
            goto done;
        }
    }
    *type = args[0]->type;
    if (array) WEFT_TRY(st, weft_type_make_array(ctx, *type, type));
done:
    return st;
}

static const weft_agg_object quantile_object = {.need = quantile_need,
                                                .grown = quantile_grown,
                                                .add = quantile_add,
                                                .merge_need = quantile_merge_need,
                                                .merge = quantile_merge,
                                                .finish = quantile_finish};

const weft_aggregate weft_aggregate_approx_percentile = {
    .name = "approx_percentile",
    .aliases = "percentile_approx",
    .constant_first = 1,
    .constant_last = 2,
    .bind = quantile_bind,
    WEFT_AGG_OBJECT_ENTRY,
    .result_nullable = true,
    .order_sensitive = true,
    .object = &quantile_object,
    .help =
        "approx_percentile(expr, share [, accuracy]) - A value near that part, 0 to 1, of the sorted values, "
        "off by at most 1/accuracy of the ranks; of an array of shares an array.",
    .example = "SELECT approx_percentile(col, 0.5, 100) FROM VALUES (0), (6), (7), (9), (10) AS tab(col)",
    .example_result = "7"};
