/* engine/expr/agg_count_min.c - count_min_sketch(x, eps, confidence, seed): Cormode and Muthukrishnan's
 * sketch of how often values occur, in Spark's binary form: big-endian version (1), total count, depth,
 * width, the depth's multipliers, then the counters row by row.
 *
 * The body is that binary form. */
#include <math.h>
#include <stdlib.h>

#include "engine/expr/agg_object.h"
#include "engine/expr/coerce.h"
#include "engine/expr/java_random.h"
#include "engine/expr/spark_hash.h"

enum { COUNT_MIN_TOTAL = 4, COUNT_MIN_DEPTH = 12, COUNT_MIN_WIDTH = 16, COUNT_MIN_HEAD = 20 };

static int64_t count_min_width(double eps) { return (int64_t)ceil(2.0 / eps); }
static int64_t count_min_depth(double confidence) { return (int64_t)ceil(-log(1.0 - confidence) / log(2.0)); }

static uint64_t big_get(const uint8_t *at) { return __builtin_bswap64(weft_get_u64(at)); }
static void big_put(uint8_t *at, uint64_t value) { weft_put_u64(at, __builtin_bswap64(value)); }
static void big_put32(uint8_t *at, uint32_t value) { weft_put_u32(at, __builtin_bswap32(value)); }
static void big_add(uint8_t *at, uint64_t more) { big_put(at, big_get(at) + more); }

static uint64_t count_min_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                               uint64_t bytes)
{
    const uint64_t width = (uint64_t)count_min_width(call->args[1]->literal.f64);
    const uint64_t depth = (uint64_t)count_min_depth(call->args[2]->literal.f64);
    (void)body, (void)len, (void)updates, (void)bytes;
    return COUNT_MIN_HEAD + 8 * depth + 8 * depth * width;
}

static void count_min_start(const weft_expr *call, uint8_t *body, size_t len)
{
    weft_java_random random;
    const int64_t width = count_min_width(call->args[1]->literal.f64);
    const int64_t depth = count_min_depth(call->args[2]->literal.f64);
    (void)len;
    weft_java_random_init(&random, call->args[3]->literal.i64);
    big_put32(body, 1);
    big_put32(body + COUNT_MIN_DEPTH, (uint32_t)depth);
    big_put32(body + COUNT_MIN_WIDTH, (uint32_t)width);
    for (int64_t d = 0; d < depth; d++) {
        const int32_t factor = weft_java_random_below(&random, INT32_MAX);
        big_put(body + COUNT_MIN_HEAD + 8 * d, (uint64_t)factor);
    }
}

static weft_status count_min_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                                 const weft_column *args, int32_t position)
{
    const int64_t width = count_min_width(call->args[1]->literal.f64);
    const int64_t depth = count_min_depth(call->args[2]->literal.f64);
    const weft_value value = weft_value_of_column(args, position);
    const bool text = value.type.id == WEFT_TYPE_STRING || value.type.id == WEFT_TYPE_BINARY;
    uint32_t first = 0, second = 0;
    (void)ctx, (void)len;
    if (text) {
        first = weft_murmur_bytes(weft_str_data(&value.str), value.str.len, 0);
        second = weft_murmur_bytes(weft_str_data(&value.str), value.str.len, first);
    }
    for (int64_t d = 0; d < depth; d++) {
        int64_t bucket;
        if (text) {
            const int32_t mixed = (int32_t)(first + (uint32_t)d * second);
            bucket = llabs((int64_t)mixed % width);
        } else {
            int64_t hash = (int64_t)(big_get(body + COUNT_MIN_HEAD + 8 * d) * (uint64_t)value.i64);
            hash = (int64_t)((uint64_t)hash + (uint64_t)(hash >> 32)) & INT32_MAX; /* modulo 2^31 - 1 */
            bucket = hash % width;
        }
        big_add(body + COUNT_MIN_HEAD + 8 * depth + 8 * (d * width + bucket), 1);
    }
    big_add(body + COUNT_MIN_TOTAL, 1);
    return WEFT_OK;
}

static uint64_t count_min_merge_need(const weft_expr *call, const uint8_t *into, size_t len,
                                     const uint8_t *from, size_t from_len)
{
    (void)from, (void)from_len;
    return count_min_need(call, into, len, 0, 0);
}

static weft_status count_min_merge(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len,
                                   const uint8_t *from, size_t from_len)
{
    const size_t counters = COUNT_MIN_HEAD + 8 * (size_t)count_min_depth(call->args[2]->literal.f64);
    if (from_len < len) return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of count_min_sketch");
    big_add(into + COUNT_MIN_TOTAL, big_get(from + COUNT_MIN_TOTAL));
    for (size_t at = counters; at + 8 <= len; at += 8) big_add(into + at, big_get(from + at));
    return WEFT_OK;
}

static weft_status count_min_finish(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                                    weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    char *to = NULL;
    const size_t size = (size_t)count_min_need(call, NULL, 0, 0, 0);
    if (body != NULL && len < size)
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of count_min_sketch");
    WEFT_TRY(st, weft_vector_heap(ctx, out, size, &to));
    if (body != NULL) {
        memcpy(to, body, size);
    } else {
        memset(to, 0, size);
        count_min_start(call, (uint8_t *)to, size);
    }
    ((weft_str *)out->values)[i] = weft_str_view(to, (uint32_t)size);
done:
    return st;
}

static weft_status count_min_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                                  weft_type *type)
{
    static const char *const names[] = {"col", "eps", "confidence", "seed"};
    weft_status st = WEFT_OK;
    const char *name = "count_min_sketch";
    *type = WEFT_TYPE_OF(WEFT_TYPE_BINARY);
    if (count != 4) return weft_fail_arg_count(ctx, name, 4, 4, count, span);
    if (args[0]->type.id == WEFT_TYPE_NULL)
        WEFT_TRY(st, weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_INT), true, &args[0]));
    const weft_type_id id = (weft_type_id)args[0]->type.id;
    if (!weft_type_is_integral(args[0]->type) && id != WEFT_TYPE_STRING && id != WEFT_TYPE_BINARY)
        return weft_fail_arg_type(ctx, 0, "\"integral\" or \"string\" or \"binary\"", args[0], span);
    for (int32_t k = 1; k < 4; k++) {
        const weft_type_id want = k == 3 ? WEFT_TYPE_INT : WEFT_TYPE_DOUBLE;
        if (!weft_type_is_numeric(args[k]->type) && args[k]->type.id != WEFT_TYPE_NULL)
            return weft_fail_arg_type(ctx, k, k == 3 ? "\"int\"" : "\"double\"", args[k], span);
        WEFT_TRY(st, weft_agg_bind_constant(ctx, name, names[k], args, k, WEFT_TYPE_OF(want), false, span));
    }
    const double eps = args[1]->literal.f64, confidence = args[2]->literal.f64;
    if (!(eps > 0)) {
        st = weft_fail_at(ctx, WEFT_VALUE_OUT_OF_RANGE, span,
                          "The eps must be between (0.0, ...) (value = %g).", eps);
    } else if (!(confidence > 0 && confidence < 1)) {
        st = weft_fail_at(ctx, WEFT_VALUE_OUT_OF_RANGE, span,
                          "The confidence must be between (0.0, 1.0) (current value = %g).", confidence);
    } else if (count_min_width(eps) > 1 << 26) {
        st = weft_fail_at(ctx, WEFT_LIMIT, span, "An eps of %g makes the sketch too wide.", eps);
    }
done:
    return st;
}

static const weft_agg_object count_min_object = {.need = count_min_need,
                                                 .start = count_min_start,
                                                 .add = count_min_add,
                                                 .merge_need = count_min_merge_need,
                                                 .merge = count_min_merge,
                                                 .finish = count_min_finish};

const weft_aggregate weft_aggregate_count_min_sketch = {
    .name = "count_min_sketch",
    .constant_first = 1,
    .constant_last = 3,
    .bind = count_min_bind,
    WEFT_AGG_OBJECT_ENTRY,
    .object = &count_min_object,
    .help = "count_min_sketch(expr, eps, confidence, seed) - A sketch of how often values occur, as bytes.",
    .example = "SELECT hex(count_min_sketch(col, 0.5d, 0.5d, 1)) FROM VALUES (1), (2), (1) AS tab(col)",
    .example_result =
        "0000000100000000000000030000000100000004000000005D8D6AB900000000000000000000000000000002000"
        "00000000000010000000000000000"};
