/* engine/expr/agg_vector.c - vector_sum(array), vector_avg(array): arrays of FLOAT added element by element.
 *
 * The body: u32 dimension, u32 how many vectors, then a float for each element: the sum, or the running mean,
 * which Spark keeps as floats too. A vector that is NULL, or has an element that is, does not count. */
#include "engine/expr/agg_object.h"
#include "engine/expr/coerce.h"

extern const weft_aggregate weft_aggregate_vector_avg;

enum { VECTOR_HEAD = 12, VECTOR_COUNT = 4 };

static bool is_mean(const weft_expr *call) { return call->aggregate.function == &weft_aggregate_vector_avg; }

static uint64_t vector_bytes(const weft_expr *call, const weft_column *args, int32_t position)
{
    const weft_list *list = weft_column_value(args, position);
    (void)call;
    return (uint64_t)list->length * sizeof(float);
}

/* bytes is that of all vectors together: at least that of the first. */
static uint64_t vector_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                            uint64_t bytes)
{
    (void)call;
    if (body != NULL && weft_get_u64(body + VECTOR_COUNT) > 0) return len;
    return VECTOR_HEAD + (updates == 0 ? 0 : bytes);
}

static float element(const uint8_t *body, uint32_t k)
{
    float value;
    memcpy(&value, body + VECTOR_HEAD + (size_t)k * sizeof value, sizeof value);
    return value;
}
static void set_element(uint8_t *body, uint32_t k, float value)
{
    memcpy(body + VECTOR_HEAD + (size_t)k * sizeof value, &value, sizeof value);
}

static weft_status vector_fit(weft_ctx *ctx, const weft_expr *call, uint8_t *body, uint32_t dimension)
{
    if (weft_get_u64(body + VECTOR_COUNT) == 0) weft_put_u32(body, dimension);
    if (weft_get_u32(body) == dimension) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_VECTOR_DIMENSIONS, &call->span,
                        "Vectors passed to %s must have the same dimension, but got %u and %u.",
                        call->aggregate.function->name, weft_get_u32(body), dimension);
}

static weft_status vector_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                              const weft_column *args, int32_t position)
{
    weft_status st = WEFT_OK;
    const weft_list list = *(const weft_list *)weft_column_value(args, position);
    const weft_column *child = &args->children[0];
    const float *values = (const float *)child->data + list.offset;
    (void)len;
    for (int32_t k = 0; k < list.length; k++)
        if (weft_column_is_null(child, list.offset + k)) return WEFT_OK;
    WEFT_TRY(st, vector_fit(ctx, call, body, (uint32_t)list.length));
    const uint64_t count = weft_get_u64(body + VECTOR_COUNT) + 1;
    for (uint32_t k = 0; k < (uint32_t)list.length; k++) {
        const float old = element(body, k);
        set_element(body, k, is_mean(call) ? old + (values[k] - old) / (float)count : old + values[k]);
    }
    weft_put_u64(body + VECTOR_COUNT, count);
done:
    return st;
}

static uint64_t vector_merge_need(const weft_expr *call, const uint8_t *into, size_t len, const uint8_t *from,
                                  size_t from_len)
{
    (void)from;
    return vector_need(call, into, len, 1, from_len - VECTOR_HEAD);
}

static weft_status vector_merge(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len,
                                const uint8_t *from, size_t from_len)
{
    weft_status st = WEFT_OK;
    const uint64_t more = weft_get_u64(from + VECTOR_COUNT), count = weft_get_u64(into + VECTOR_COUNT);
    const uint32_t dimension = weft_get_u32(from);
    if (more == 0) return WEFT_OK;
    if (dimension > (from_len - VECTOR_HEAD) / sizeof(float))
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of vector_sum or vector_avg");
    WEFT_TRY(st, vector_fit(ctx, call, into, dimension));
    if (dimension > (len - VECTOR_HEAD) / sizeof(float))
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of vector_sum or vector_avg");
    for (uint32_t k = 0; k < dimension; k++) {
        const float mine = element(into, k), other = element(from, k);
        const float part = (float)more / (float)(count + more);
        set_element(into, k,
                    !is_mean(call) ? mine + other
                    : count == 0   ? other
                                   : mine * ((float)count / (float)(count + more)) + other * part);
    }
    weft_put_u64(into + VECTOR_COUNT, count + more);
done:
    return st;
}

static weft_status vector_finish(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                                 weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    int32_t first = 0;
    (void)call;
    if (body == NULL || weft_get_u64(body + VECTOR_COUNT) == 0) {
        weft_vector_set_null(out, i);
        return WEFT_OK;
    }
    const uint32_t dimension = weft_get_u32(body);
    if (dimension > (len - VECTOR_HEAD) / sizeof(float))
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of vector_sum or vector_avg");
    WEFT_TRY(st, weft_vector_add_list(ctx, out, i, (int32_t)dimension, &first));
    if (dimension > 0)
        memcpy((float *)out->children[0].values + first, body + VECTOR_HEAD, dimension * sizeof(float));
done:
    return st;
}

static weft_status bind_vector(weft_ctx *ctx, const char *name, const weft_expr **args, int32_t count,
                               const weft_span *span, weft_type *type)
{
    if (count != 1) return weft_fail_arg_count(ctx, name, 1, 1, count, span);
    *type = args[0]->type;
    if (type->id == WEFT_TYPE_ARRAY && type->children[0].type.id == WEFT_TYPE_FLOAT) return WEFT_OK;
    return weft_fail_arg_type(ctx, 0, "\"array<float>\"", args[0], span);
}
static weft_status sum_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                            weft_type *type)
{
    return bind_vector(ctx, "vector_sum", args, count, span, type);
}
static weft_status avg_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                            weft_type *type)
{
    return bind_vector(ctx, "vector_avg", args, count, span, type);
}

static const weft_agg_object vector_object = {.bytes = vector_bytes,
                                              .need = vector_need,
                                              .add = vector_add,
                                              .merge_need = vector_merge_need,
                                              .merge = vector_merge,
                                              .finish = vector_finish};

const weft_aggregate weft_aggregate_vector_sum = {
    .name = "vector_sum",
    .bind = sum_bind,
    WEFT_AGG_OBJECT_ENTRY,
    .result_nullable = true,
    .order_sensitive = true,
    .object = &vector_object,
    .help = "vector_sum(array) - The sums of the elements of vectors of FLOAT.",
    .example = "SELECT vector_sum(col) FROM VALUES (array(1.0F, 2.0F)), (array(3.0F, 4.0F)) AS tab(col)",
    .example_result = "[4.0, 6.0]"};
const weft_aggregate weft_aggregate_vector_avg = {
    .name = "vector_avg",
    .bind = avg_bind,
    WEFT_AGG_OBJECT_ENTRY,
    .result_nullable = true,
    .order_sensitive = true,
    .object = &vector_object,
    .help = "vector_avg(array) - The means of the elements of vectors of FLOAT.",
    .example = "SELECT vector_avg(col) FROM VALUES (array(1.0F, 2.0F)), (array(3.0F, 4.0F)) AS tab(col)",
    .example_result = "[2.0, 3.0]"};
