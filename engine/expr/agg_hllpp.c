/* engine/expr/agg_hllpp.c - approx_count_distinct(x [, relativeSD]): HyperLogLog++ as Spark does it, so that
 * estimates are equal: xxHash64 with seed 42, 2^p registers by the first p bits, the paper's corrections.
 *
 * The body is the registers, a byte each. */
#include <math.h>

#include "engine/expr/agg_object.h"
#include "engine/expr/coerce.h"
#include "engine/expr/hllpp_table.h"
#include "engine/expr/spark_hash.h"

enum { HLLPP_NEAREST = 6, HLLPP_MOST = 28 };

/* The deviation of one register is 1.106 (of Spark's choice; the paper has 1.04). */
static int hllpp_bits(const weft_expr *call)
{
    const double deviation = call->arg_count > 1 ? call->args[1]->literal.f64 : 0.05;
    return (int)ceil(2.0 * log(1.106 / deviation) / log(2.0));
}

static uint64_t hllpp_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                           uint64_t bytes)
{
    (void)body, (void)len, (void)updates, (void)bytes;
    return (uint64_t)1 << hllpp_bits(call);
}

static weft_status hllpp_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                             const weft_column *args, int32_t position)
{
    const int p = hllpp_bits(call);
    const uint64_t hash = weft_spark_xxhash(args, position, 42);
    const uint64_t rest = hash << p | (uint64_t)1 << (p - 1);
    const uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);
    uint8_t *at = body + (hash >> (64 - p));
    (void)ctx, (void)len;
    if (*at < rank) *at = rank;
    return WEFT_OK;
}

static uint64_t hllpp_merge_need(const weft_expr *call, const uint8_t *into, size_t len, const uint8_t *from,
                                 size_t from_len)
{
    (void)from, (void)from_len;
    return hllpp_need(call, into, len, 0, 0);
}

static weft_status hllpp_merge(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len,
                               const uint8_t *from, size_t from_len)
{
    (void)ctx, (void)call;
    for (size_t k = 0; k < len && k < from_len; k++)
        if (into[k] < from[k]) into[k] = from[k];
    return WEFT_OK;
}

/* The mean of the biases of the six nearest raw estimates. */
static double hllpp_bias(const weft_hllpp_table *table, double e)
{
    int32_t nearest = 0;
    for (int32_t high = table->count; nearest < high;) {
        const int32_t middle = (nearest + high) / 2;
        if (table->raw[middle] < e)
            nearest = middle + 1;
        else
            high = middle;
    }
    int32_t low = weft_max_i32(nearest - HLLPP_NEAREST + 1, 0);
    int32_t high = weft_min_i32(low + HLLPP_NEAREST, table->count);
    for (; high < table->count; low++, high++) {
        const double above = e - table->raw[high], below = e - table->raw[low];
        if (above * above >= below * below) break;
    }
    double sum = 0;
    for (int32_t k = low; k < high; k++) sum += table->bias[k];
    return sum / (high - low);
}

static double hllpp_alpha(int p, double m)
{
    if (p == 4) return 0.673 * m * m;
    if (p == 5) return 0.697 * m * m;
    if (p == 6) return 0.709 * m * m;
    return 0.7213 / (1.0 + 1.079 / m) * m * m;
}

static int64_t hllpp_estimate(int p, const uint8_t *registers)
{
    const double m = (double)((int64_t)1 << p);
    const weft_hllpp_table *table =
        p < WEFT_HLLPP_LEAST + WEFT_HLLPP_TABLES ? &weft_hllpp_tables[p - WEFT_HLLPP_LEAST] : NULL;
    double inverse = 0, empty = 0;
    for (int64_t k = 0; k < (int64_t)1 << p; k++) {
        inverse += 1.0 / (double)((uint64_t)1 << registers[k]);
        empty += registers[k] == 0;
    }
    const double e = hllpp_alpha(p, m) / inverse;
    const double linear = empty > 0 ? m * log(m / empty) : 0;
    if (empty > 0 && ((table != NULL && linear <= table->threshold) || e <= 2.5 * m))
        return (int64_t)floor(linear + 0.5);
    const double corrected = table != NULL && e < 5.0 * m ? e - hllpp_bias(table, e) : e;
    return (int64_t)floor(corrected + 0.5);
}

static weft_status hllpp_finish(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                                weft_vector *out, int32_t i)
{
    const int p = hllpp_bits(call);
    if (body != NULL && len < (size_t)1 << p)
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of approx_count_distinct");
    ((int64_t *)out->values)[i] = body == NULL ? 0 : hllpp_estimate(p, body);
    return WEFT_OK;
}

static weft_status hllpp_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                              weft_type *type)
{
    weft_status st = WEFT_OK;
    *type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT);
    if (count < 1 || count > 2) return weft_fail_arg_count(ctx, "approx_count_distinct", 1, 2, count, span);
    if (weft_type_holds(args[0]->type, WEFT_TYPE_VARIANT))
        return weft_fail_arg_type(ctx, 0, "that holds no \"variant\"", args[0], span);
    if (args[0]->type.id == WEFT_TYPE_NULL)
        WEFT_TRY(st, weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), true, &args[0]));
    if (count < 2) goto done;
    WEFT_TRY(st, weft_agg_bind_constant(ctx, "approx_count_distinct", "relativeSD", args, 1,
                                        WEFT_TYPE_OF(WEFT_TYPE_DOUBLE), false, span));
    const double deviation = args[1]->literal.f64;
    const int bits = deviation > 0 ? (int)ceil(2.0 * log(1.106 / deviation) / log(2.0)) : HLLPP_MOST + 1;
    if (bits < WEFT_HLLPP_LEAST || bits > HLLPP_MOST) {
        st = weft_fail_at(ctx, WEFT_VALUE_OUT_OF_RANGE, span,
                          "The relativeSD of approx_count_distinct must be above 0 and at most 0.39, not %g.",
                          deviation);
    }
done:
    return st;
}

static const weft_agg_object hllpp_object = {.need = hllpp_need,
                                             .add = hllpp_add,
                                             .merge_need = hllpp_merge_need,
                                             .merge = hllpp_merge,
                                             .finish = hllpp_finish};

const weft_aggregate weft_aggregate_approx_count_distinct = {
    .name = "approx_count_distinct",
    .constant_first = 1,
    .constant_last = 1,
    .bind = hllpp_bind,
    WEFT_AGG_OBJECT_ENTRY,
    .ignores_duplicates = true,
    .object = &hllpp_object,
    .help = "approx_count_distinct(expr [, relativeSD]) - An estimate of the number of different values.",
    .example = "SELECT approx_count_distinct(col1) FROM VALUES (1), (1), (2), (2), (3) tab(col1)",
    .example_result = "3"};
