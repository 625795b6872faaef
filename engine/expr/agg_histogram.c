/* engine/expr/agg_histogram.c - histogram_numeric(x, bins): the centres and heights of at most so many bins,
 * by Ben-Haim and Tom-Tov, "A Streaming Parallel Decision Tree Algorithm" (JMLR 2010), algorithms 1 and 2.
 *
 * The body: u32 bins used, u64 state of the generator that decides between equal distances (Java's, with the
 * seed that Hive and Spark give it), then the bins, ascending: two doubles each. */
#include "engine/expr/agg_object.h"
#include "engine/expr/coerce.h"
#include "engine/expr/java_random.h"
#include "engine/expr/nested_call.h"

enum { HISTOGRAM_HEAD = 12, HISTOGRAM_BIN = 16, HISTOGRAM_SEED = 31183 };

static uint8_t *bin_at(uint8_t *body, uint32_t k)
{
    return body + HISTOGRAM_HEAD + (size_t)k * HISTOGRAM_BIN;
}
static double bin_x(const uint8_t *body, uint32_t k)
{
    return weft_get_f64(body + HISTOGRAM_HEAD + (size_t)k * HISTOGRAM_BIN);
}
static double bin_y(const uint8_t *body, uint32_t k)
{
    return weft_get_f64(body + HISTOGRAM_HEAD + (size_t)k * HISTOGRAM_BIN + 8);
}
static void set_bin(uint8_t *body, uint32_t k, double x, double y)
{
    weft_put_f64(bin_at(body, k), x);
    weft_put_f64(bin_at(body, k) + 8, y);
}

static uint64_t histogram_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                               uint64_t bytes)
{
    const uint64_t most = (uint64_t)weft_agg_constant(call, 1, 2) + 1;
    const uint64_t used = (body == NULL ? 0 : weft_get_u32(body)) + (uint64_t)updates;
    (void)len, (void)bytes;
    return HISTOGRAM_HEAD + (used < most ? used : most) * HISTOGRAM_BIN;
}

static void histogram_start(const weft_expr *call, uint8_t *body, size_t len)
{
    weft_java_random random;
    (void)call, (void)len;
    weft_java_random_init(&random, HISTOGRAM_SEED);
    weft_put_u64(body + 4, random.state);
}

/* Unite the two bins that are nearest to each other, until there are at most so many. */
static void histogram_trim(const weft_expr *call, uint8_t *body)
{
    const uint32_t most = (uint32_t)weft_agg_constant(call, 1, 2);
    weft_java_random random = {weft_get_u64(body + 4)};
    uint32_t used = weft_get_u32(body);
    for (; used > most; used--) {
        double least = bin_x(body, 1) - bin_x(body, 0);
        uint32_t at = 0, equal = 1;
        for (uint32_t k = 1; k + 1 < used; k++) {
            const double apart = bin_x(body, k + 1) - bin_x(body, k);
            if (apart < least) {
                least = apart;
                at = k;
                equal = 1;
            } else if (apart == least && weft_java_random_double(&random) <= 1.0 / ++equal) {
                at = k;
            }
        }
        const double left = bin_y(body, at), right = bin_y(body, at + 1), both = left + right;
        const double centre = bin_x(body, at) * (left / both);
        set_bin(body, at, centre + bin_x(body, at + 1) / both * right, both);
        memmove(bin_at(body, at + 1), bin_at(body, at + 2), (size_t)(used - at - 2) * HISTOGRAM_BIN);
    }
    weft_put_u32(body, used);
    weft_put_u64(body + 4, random.state);
}

static weft_status histogram_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                                 const weft_column *args, int32_t position)
{
    const double value = weft_agg_get_real(args, position);
    const uint32_t used = weft_get_u32(body);
    uint32_t at = 0;
    (void)ctx, (void)len;
    for (uint32_t low = 0, high = used; low < high;) {
        at = (low + high) / 2;
        if (bin_x(body, at) > value)
            high = at;
        else if (bin_x(body, at) < value)
            low = ++at;
        else
            break;
    }
    if (at < used && bin_x(body, at) == value) {
        set_bin(body, at, value, bin_y(body, at) + 1);
        return WEFT_OK;
    }
    memmove(bin_at(body, at + 1), bin_at(body, at), (size_t)(used - at) * HISTOGRAM_BIN);
    set_bin(body, at, value, 1);
    weft_put_u32(body, used + 1);
    histogram_trim(call, body);
    return WEFT_OK;
}

static uint64_t histogram_merge_need(const weft_expr *call, const uint8_t *into, size_t len,
                                     const uint8_t *from, size_t from_len)
{
    (void)call, (void)len, (void)from_len;
    return HISTOGRAM_HEAD +
           ((into == NULL ? 0 : (uint64_t)weft_get_u32(into)) + weft_get_u32(from)) * HISTOGRAM_BIN;
}

static weft_status histogram_merge(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len,
                                   const uint8_t *from, size_t from_len)
{
    const uint64_t mine = weft_get_u32(into), other = weft_get_u32(from);
    if (other > (from_len - HISTOGRAM_HEAD) / HISTOGRAM_BIN ||
        mine + other > (len - HISTOGRAM_HEAD) / HISTOGRAM_BIN)
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of histogram_numeric");
    for (uint64_t a = mine, b = other, to = mine + other; b > 0;) { /* merged from the back, in place */
        to--;
        if (a > 0 && bin_x(into, (uint32_t)a - 1) > bin_x(from, (uint32_t)b - 1)) {
            a--;
            set_bin(into, (uint32_t)to, bin_x(into, (uint32_t)a), bin_y(into, (uint32_t)a));
        } else {
            b--;
            set_bin(into, (uint32_t)to, bin_x(from, (uint32_t)b), bin_y(from, (uint32_t)b));
        }
    }
    weft_put_u32(into, (uint32_t)(mine + other));
    if (mine > 0) histogram_trim(call, into);
    return WEFT_OK;
}

static weft_status histogram_finish(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                                    weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    int32_t first = 0;
    const uint32_t used = body == NULL ? 0 : weft_get_u32(body);
    if (used == 0) {
        weft_vector_set_null(out, i);
        return WEFT_OK;
    }
    if (used > (len - HISTOGRAM_HEAD) / HISTOGRAM_BIN)
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of histogram_numeric");
    WEFT_TRY(st, weft_vector_add_list(ctx, out, i, (int32_t)used, &first));
    weft_vector *bins = &out->children[0];
    for (uint32_t k = 0; k < used; k++) {
        weft_agg_put_real(call->args[0]->type, bin_x(body, k), &bins->children[0], first + (int32_t)k);
        ((double *)bins->children[1].values)[first + (int32_t)k] = bin_y(body, k);
    }
done:
    return st;
}

static weft_status histogram_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                                  weft_type *type)
{
    static const char *const names[] = {"x", "y"};
    weft_status st = WEFT_OK;
    if (count != 2) return weft_fail_arg_count(ctx, "histogram_numeric", 2, 2, count, span);
    const weft_type_id id = (weft_type_id)args[0]->type.id;
    const bool other = id == WEFT_TYPE_DATE || id == WEFT_TYPE_TIMESTAMP || id == WEFT_TYPE_TIMESTAMP_NTZ ||
                       id == WEFT_TYPE_INTERVAL_YM || id == WEFT_TYPE_INTERVAL_DT || id == WEFT_TYPE_TIME;
    if (!other) WEFT_TRY(st, weft_agg_bind_numeric(ctx, "histogram_numeric", args, 1, span));
    WEFT_TRY(st, weft_agg_bind_constant(ctx, "histogram_numeric", "nb", args, 1, WEFT_TYPE_OF(WEFT_TYPE_INT),
                                        false, span));
    if (args[1]->literal.i64 < 2) {
        return weft_fail_at(ctx, WEFT_VALUE_OUT_OF_RANGE, span,
                            "histogram_numeric needs nBins to be at least 2, but you supplied %lld.",
                            (long long)args[1]->literal.i64);
    }
    const weft_type types[] = {args[0]->type, WEFT_TYPE_OF(WEFT_TYPE_DOUBLE)};
    WEFT_TRY(st, weft_type_make_struct(ctx, names, types, 2, type));
    WEFT_TRY(st, weft_type_make_array(ctx, *type, type));
done:
    return st;
}

static const weft_agg_object histogram_object = {.need = histogram_need,
                                                 .start = histogram_start,
                                                 .add = histogram_add,
                                                 .merge_need = histogram_merge_need,
                                                 .merge = histogram_merge,
                                                 .finish = histogram_finish};

const weft_aggregate weft_aggregate_histogram_numeric = {
    .name = "histogram_numeric",
    .constant_first = 1,
    .constant_last = 1,
    .bind = histogram_bind,
    WEFT_AGG_OBJECT_ENTRY,
    .result_nullable = true,
    .order_sensitive = true,
    .object = &histogram_object,
    .help =
        "histogram_numeric(expr, bins) - An array of at most so many bins: their centres x and heights y.",
    .example = "SELECT histogram_numeric(col, 5) FROM VALUES (0), (1), (2), (10) AS tab(col)",
    .example_result = "[{0, 1.0}, {1, 1.0}, {2, 1.0}, {10, 1.0}]"};
