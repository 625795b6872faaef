/* engine/expr/fn_vector.c - arrays of FLOAT as vectors: products, distances, norms. Sums are of floats, in
 * eight parts as Spark adds them (a loop of eight terms at a time), the rest at the end. */
#include <math.h>

#include "engine/expr/nested_call.h"

static weft_status bind_vectors(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const bool norm = strncmp(fn->name, "vector_norm", strlen("vector_norm")) == 0;
    const int32_t low = norm ? 1 : 2;
    if (count < low || count > 2) return weft_fail_arg_count(ctx, fn->name, low, 2, count, span);
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_FLOAT);
    for (int32_t i = 0; i < count; i++) {
        if (norm && i == 1) {
            WEFT_TRY(st, weft_bind_arg_as(ctx, args, i, *type, span));
            continue;
        }
        const weft_type have = args[i]->type;
        if (have.id != WEFT_TYPE_ARRAY || have.children[0].type.id != WEFT_TYPE_FLOAT)
            return weft_fail_arg_type(ctx, i, "\"array<float>\"", args[i], span);
    }
    if (strcmp(fn->name, "vector_normalize") == 0) *type = args[0]->type;
done:
    return st;
}

typedef struct vector {
    const float *at;
    int32_t count;
    bool null; /* an element is NULL */
} vector;

static vector vector_of(const weft_column *column, int32_t i)
{
    const weft_list list = weft_arg_list(column, i);
    const weft_column *child = &column->children[0];
    vector v = {.at = (const float *)child->data + list.offset, .count = list.length};
    for (int32_t e = 0; e < list.length && !v.null; e++) v.null = weft_column_is_null(child, list.offset + e);
    return v;
}

static float inner(vector a, vector b)
{
    float sum = 0;
    int32_t k = 0;
    for (; k + 8 <= a.count; k += 8) {
        sum += a.at[k] * b.at[k] + a.at[k + 1] * b.at[k + 1] + a.at[k + 2] * b.at[k + 2] +
               a.at[k + 3] * b.at[k + 3] + a.at[k + 4] * b.at[k + 4] + a.at[k + 5] * b.at[k + 5] +
               a.at[k + 6] * b.at[k + 6] + a.at[k + 7] * b.at[k + 7];
    }
    for (; k < a.count; k++) sum += a.at[k] * b.at[k];
    return sum;
}

static float square_distance(vector a, vector b)
{
    float sum = 0;
    for (int32_t k = 0; k < a.count; k++) {
        const float d = a.at[k] - b.at[k];
        sum += d * d;
    }
    return sum;
}

typedef enum vector_job { VECTOR_INNER, VECTOR_COSINE, VECTOR_DISTANCE } vector_job;

static weft_status run_pair(weft_ctx *ctx, weft_kernel_call *call, vector_job job)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const vector a = vector_of(&call->args[0], i), b = vector_of(&call->args[1], i);
        if (a.count != b.count)
            WEFT_TRY(st, weft_fail_at(ctx, WEFT_VECTOR_DIMENSIONS, &call->expr->span,
                                      "Vectors passed to %s must have the same dimension, but got %d and %d.",
                                      call->expr->call.function->name, a.count, b.count));
        float value = 0;
        bool null = a.null || b.null;
        if (!null && job == VECTOR_INNER) value = inner(a, b);
        if (!null && job == VECTOR_DISTANCE) value = (float)sqrt((double)square_distance(a, b));
        if (!null && job == VECTOR_COSINE) {
            const double lengths = sqrt((double)inner(a, a)) * sqrt((double)inner(b, b));
            null = lengths == 0;
            if (!null) value = (float)((double)inner(a, b) / lengths);
        }
        if (null)
            weft_vector_set_null(call->out, i);
        else
            ((float *)call->out->values)[i] = value;
    }
done:
    return st;
}

static weft_status kernel_inner(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_pair(ctx, call, VECTOR_INNER);
}
static weft_status kernel_cosine(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_pair(ctx, call, VECTOR_COSINE);
}
static weft_status kernel_distance(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_pair(ctx, call, VECTOR_DISTANCE);
}

/* The 1-, 2- or infinity-norm. Errors: WEFT_INVALID for another degree. */
static weft_status norm_of(weft_ctx *ctx, const weft_kernel_call *call, int32_t i, vector v, float *out)
{
    const double degree = call->arg_count > 1 ? weft_arg_f64(&call->args[1], i) : 2;
    float value = 0;
    if (degree != 1 && degree != 2 && !(isinf(degree) && degree > 0))
        return weft_fail_at(ctx, WEFT_INVALID, &call->expr->span,
                            "The degree of a norm has to be 1.0, 2.0 or float('inf'), not %g.", degree);
    for (int32_t k = 0; k < v.count && degree != 2; k++) {
        const float size = fabsf(v.at[k]);
        value = degree == 1 ? value + size : size > value ? size : value;
    }
    *out = degree == 2 ? (float)sqrt((double)inner(v, v)) : value;
    return WEFT_OK;
}

static weft_status run_norm(weft_ctx *ctx, weft_kernel_call *call, bool normalize)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        float norm = 0;
        int32_t first = 0;
        if (weft_call_skip_null(call, i)) continue;
        const vector v = vector_of(&call->args[0], i);
        if (!v.null) WEFT_TRY(st, norm_of(ctx, call, i, v, &norm));
        if (v.null || (normalize && norm == 0 && v.count > 0)) {
            weft_vector_set_null(call->out, i);
        } else if (!normalize) {
            ((float *)call->out->values)[i] = norm;
        } else {
            WEFT_TRY(st, weft_vector_add_list(ctx, call->out, i, v.count, &first));
            for (int32_t e = 0; e < v.count; e++)
                ((float *)call->out->children[0].values)[first + e] = v.at[e] / norm;
        }
    }
done:
    return st;
}

static weft_status kernel_norm(weft_ctx *ctx, weft_kernel_call *call) { return run_norm(ctx, call, false); }
static weft_status kernel_normalize(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_norm(ctx, call, true);
}

enum { RAISES = WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE };

WEFT_NESTED_FORM(vector_inner_product, 2, 2, WEFT_TYPE_FLOAT, kernel_inner);
WEFT_NESTED_FORM(vector_cosine_similarity, 2, 2, WEFT_TYPE_FLOAT, kernel_cosine);
WEFT_NESTED_FORM(vector_l2_distance, 2, 2, WEFT_TYPE_FLOAT, kernel_distance);
WEFT_NESTED_FORM(vector_norm, 1, 2, WEFT_TYPE_FLOAT, kernel_norm);
WEFT_NESTED_FORM(vector_normalize, 1, 2, WEFT_TYPE_ARRAY, kernel_normalize);

WEFT_NESTED_ENTRY(vector_inner_product, "vector_inner_product", NULL, RAISES, bind_vectors,
                  "vector_inner_product(a, b): the sum of the products of elements",
                  "SELECT vector_inner_product(array(1.0F, 2.0F), array(3.0F, 4.0F))", "11.0");
WEFT_NESTED_ENTRY(vector_cosine_similarity, "vector_cosine_similarity", NULL, RAISES, bind_vectors,
                  "vector_cosine_similarity(a, b): the cosine of the angle between two vectors",
                  "SELECT vector_cosine_similarity(array(1.0F), array(2.0F))", "1.0");
WEFT_NESTED_ENTRY(vector_l2_distance, "vector_l2_distance", NULL, RAISES, bind_vectors,
                  "vector_l2_distance(a, b): the distance of two points",
                  "SELECT vector_l2_distance(array(0.0F, 0.0F), array(3.0F, 4.0F))", "5.0");
WEFT_NESTED_ENTRY(vector_norm, "vector_norm", NULL, RAISES, bind_vectors,
                  "vector_norm(a [, degree]): the length, of degree 2.0, 1.0 or float('inf')",
                  "SELECT vector_norm(array(3.0F, 4.0F))", "5.0");
WEFT_NESTED_ENTRY(vector_normalize, "vector_normalize", NULL, RAISES, bind_vectors,
                  "vector_normalize(a [, degree]): the vector over its length",
                  "SELECT vector_normalize(array(3.0F, 4.0F))", "[0.6, 0.8]");
