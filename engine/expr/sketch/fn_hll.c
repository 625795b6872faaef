/* engine/expr/sketch/fn_hll.c - hll_sketch_agg, hll_union_agg, hll_union, hll_sketch_estimate over the
 * sketches of hll.h. The body of hll_sketch_agg is the sketch; that of hll_union_agg is a byte that says how
 * many registers it may have (lg), 0 before the first sketch, and the union. */
#include <math.h>

#include "engine/expr/agg_object.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/sketch/hll.h"

static weft_status invalid(weft_ctx *ctx, const char *name, const weft_span *span)
{
    return weft_fail_at(ctx, WEFT_HLL_SKETCH, span,
                        "Invalid call to %s; only valid HLL sketch buffers are supported as inputs (such as "
                        "those produced by the `hll_sketch_agg` function).",
                        name);
}

static weft_status different(weft_ctx *ctx, const char *name, int left, int right, const weft_span *span)
{
    return weft_fail_at(ctx, WEFT_HLL_UNION, span,
                        "Sketches have different `lgConfigK` values: %d and %d. Set the "
                        "`allowDifferentLgConfigK` parameter to true to call %s with different values.",
                        left, right, name);
}

/* ---- hll_sketch_agg ---- */

static int agg_lg_k(const weft_expr *call) { return (int)weft_agg_constant(call, 1, WEFT_HLL_LG_K_DEFAULT); }

static uint64_t agg_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                         uint64_t bytes)
{
    (void)len, (void)bytes;
    return weft_hll_room(body, agg_lg_k(call), updates);
}

static void agg_start(const weft_expr *call, uint8_t *body, size_t len)
{
    (void)len;
    weft_hll_start(body, agg_lg_k(call));
}

static weft_status agg_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                           const weft_column *args, int32_t position)
{
    (void)ctx, (void)call;
    if (args[0].phys == WEFT_PHYS_STR) {
        const weft_str *text = weft_column_value(args, position);
        if (text->len > 0) weft_hll_update(body, len, weft_str_data(text), text->len);
        return WEFT_OK;
    }
    const int64_t value = weft_value_of_column(args, position).i64;
    weft_hll_update(body, len, &value, sizeof value);
    return WEFT_OK;
}

static uint64_t agg_merge_need(const weft_expr *call, const uint8_t *into, size_t len, const uint8_t *from,
                               size_t from_len)
{
    (void)into, (void)len, (void)from, (void)from_len;
    return weft_hll_room_most(agg_lg_k(call));
}

static weft_status agg_merge(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len,
                             const uint8_t *from, size_t from_len)
{
    if (!weft_hll_valid(from, from_len))
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of hll_sketch_agg");
    weft_hll_merge(into, len, agg_lg_k(call), from, from_len);
    return WEFT_OK;
}

static weft_status agg_finish(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                              weft_vector *out, int32_t i)
{
    uint8_t empty[64];
    if (body == NULL) weft_hll_start(empty, agg_lg_k(call));
    if (body != NULL && !weft_hll_valid(body, len))
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of hll_sketch_agg");
    const uint8_t *sketch = body == NULL ? empty : body;
    return weft_vector_set_string(ctx, out, i, (const char *)sketch, (uint32_t)weft_hll_bytes(sketch));
}

static weft_status agg_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                            weft_type *type)
{
    weft_status st = WEFT_OK;
    const char *name = "hll_sketch_agg";
    *type = WEFT_TYPE_OF(WEFT_TYPE_BINARY);
    if (count < 1 || count > 2) return weft_fail_arg_count(ctx, name, 1, 2, count, span);
    const weft_type_id id = (weft_type_id)args[0]->type.id;
    if (id == WEFT_TYPE_NULL)
        WEFT_TRY(st, weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_INT), true, &args[0]));
    else if (id != WEFT_TYPE_INT && id != WEFT_TYPE_BIGINT && id != WEFT_TYPE_STRING &&
             id != WEFT_TYPE_BINARY)
        return weft_fail_arg_type(ctx, 0, "\"int\" or \"bigint\" or \"string\" or \"binary\"", args[0], span);
    if (count < 2) goto done;
    if (args[1]->type.id != WEFT_TYPE_INT && args[1]->type.id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, 1, "\"int\"", args[1], span);
    WEFT_TRY(st, weft_expr_cast(ctx, args[1], WEFT_TYPE_OF(WEFT_TYPE_INT), true, &args[1]));
    WEFT_TRY(st, weft_expr_fold(ctx, args[1], &args[1]));
    if (args[1]->kind != WEFT_EXPR_LITERAL) {
        return weft_fail_at(ctx, WEFT_HLL_K_CONSTANT, span,
                            "Invalid call to %s; the `K` value must be a constant value, but got a "
                            "non-constant expression.",
                            name);
    }
    const int64_t lg_k = args[1]->literal.is_null ? 0 : args[1]->literal.i64;
    if (lg_k < WEFT_HLL_LG_K_MIN || lg_k > WEFT_HLL_LG_K_MAX) {
        st = weft_fail_at(
            ctx, WEFT_HLL_LG_K, span,
            "Invalid call to %s; the `lgConfigK` value must be between %d and %d, inclusive: %lld.", name,
            WEFT_HLL_LG_K_MIN, WEFT_HLL_LG_K_MAX, (long long)lg_k);
    }
done:
    return st;
}

static const weft_agg_object agg_object = {.need = agg_need,
                                           .start = agg_start,
                                           .add = agg_add,
                                           .merge_need = agg_merge_need,
                                           .merge = agg_merge,
                                           .finish = agg_finish};

const weft_aggregate weft_aggregate_hll_sketch_agg = {
    .name = "hll_sketch_agg",
    .constant_first = 1,
    .constant_last = 1,
    .bind = agg_bind,
    WEFT_AGG_OBJECT_ENTRY,
    .order_sensitive = true,
    .object = &agg_object,
    .help = "hll_sketch_agg(expr [, lgConfigK]) - A HyperLogLog sketch of the values, as Apache DataSketches "
            "have it.",
    .example =
        "SELECT hll_sketch_estimate(hll_sketch_agg(col, 12)) FROM VALUES (1), (1), (2), (2), (3) tab(col)",
    .example_result = "3"};

/* ---- hll_union_agg ---- */

static bool allows_different(const weft_expr *call)
{
    return call->arg_count > 1 && !call->args[1]->literal.is_null && call->args[1]->literal.boolean;
}

/* What a union with as many registers as this sketch takes. */
static uint64_t union_bytes(const weft_expr *call, const weft_column *args, int32_t position)
{
    const weft_str *bytes = weft_column_value(args, position);
    (void)call;
    if (!weft_hll_valid((const uint8_t *)weft_str_data(bytes), bytes->len)) return 0;
    return weft_hll_room_most(weft_hll_lg_k((const uint8_t *)weft_str_data(bytes)));
}

/* bytes: of the sketches together, at least what the first one asks for. */
static uint64_t union_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                           uint64_t bytes)
{
    const uint64_t most = weft_hll_room_most(WEFT_HLL_LG_K_MAX);
    (void)call, (void)updates;
    if (body != NULL && body[0] != 0) return len;
    return 1 + (bytes < most ? bytes : most);
}

static weft_status union_take(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                              const uint8_t *sketch, size_t sketch_len, int lg_most)
{
    if (!weft_hll_valid(sketch, sketch_len)) return invalid(ctx, "hll_union_agg", &call->span);
    if (body[0] == 0) {
        body[0] = (uint8_t)lg_most;
        weft_hll_start(body + 1, lg_most);
    }
    const int mine = weft_hll_lg_k(body + 1), other = weft_hll_lg_k(sketch);
    if (!allows_different(call) && mine != other)
        return different(ctx, "hll_union_agg", mine, other, &call->span);
    weft_hll_merge(body + 1, len - 1, body[0], sketch, sketch_len);
    return WEFT_OK;
}

static weft_status union_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                             const weft_column *args, int32_t position)
{
    const weft_str *bytes = weft_column_value(args, position);
    const uint8_t *sketch = (const uint8_t *)weft_str_data(bytes);
    return union_take(ctx, call, body, len, sketch, bytes->len, bytes->len < 8 ? 0 : weft_hll_lg_k(sketch));
}

static uint64_t union_merge_need(const weft_expr *call, const uint8_t *into, size_t len, const uint8_t *from,
                                 size_t from_len)
{
    (void)from_len;
    return union_need(call, into, len, 0, from[0] == 0 ? 0 : weft_hll_room_most(from[0]));
}

static weft_status union_merge(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len,
                               const uint8_t *from, size_t from_len)
{
    if (from[0] == 0) return WEFT_OK;
    if (!weft_hll_valid(from + 1, from_len - 1) || from[0] > WEFT_HLL_LG_K_MAX)
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of hll_union_agg");
    return union_take(ctx, call, into, len, from + 1, from_len - 1, from[0]);
}

static weft_status union_finish(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                                weft_vector *out, int32_t i)
{
    uint8_t empty[64];
    const bool none = body == NULL || body[0] == 0;
    (void)call;
    weft_hll_start(empty, WEFT_HLL_LG_K_DEFAULT);
    if (!none && !weft_hll_valid(body + 1, len - 1))
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of hll_union_agg");
    const uint8_t *sketch = none ? empty : body + 1;
    return weft_vector_set_string(ctx, out, i, (const char *)sketch, (uint32_t)weft_hll_bytes(sketch));
}

static weft_status union_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                              weft_type *type)
{
    weft_status st = WEFT_OK;
    *type = WEFT_TYPE_OF(WEFT_TYPE_BINARY);
    if (count < 1 || count > 2) return weft_fail_arg_count(ctx, "hll_union_agg", 1, 2, count, span);
    if (args[0]->type.id == WEFT_TYPE_NULL) WEFT_TRY(st, weft_expr_cast(ctx, args[0], *type, true, &args[0]));
    if (args[0]->type.id != WEFT_TYPE_BINARY) return weft_fail_arg_type(ctx, 0, "\"binary\"", args[0], span);
    if (count < 2) goto done;
    if (args[1]->type.id != WEFT_TYPE_BOOLEAN && args[1]->type.id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, 1, "\"boolean\"", args[1], span);
    WEFT_TRY(st, weft_agg_bind_constant(ctx, "hll_union_agg", "allowDifferentLgConfigK", args, 1,
                                        WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), true, span));
done:
    return st;
}

static const weft_agg_object union_object = {.bytes = union_bytes,
                                             .need = union_need,
                                             .add = union_add,
                                             .merge_need = union_merge_need,
                                             .merge = union_merge,
                                             .finish = union_finish};

const weft_aggregate weft_aggregate_hll_union_agg = {
    .name = "hll_union_agg",
    .constant_first = 1,
    .constant_last = 1,
    .bind = union_bind,
    WEFT_AGG_OBJECT_ENTRY,
    .order_sensitive = true,
    .object = &union_object,
    .help = "hll_union_agg(sketch [, allowDifferentLgConfigK]) - The union of HyperLogLog sketches.",
    .example =
        "SELECT hll_sketch_estimate(hll_union_agg(sketch, true)) FROM (SELECT hll_sketch_agg(col) AS sketch "
        "FROM VALUES (1) tab(col) UNION ALL SELECT hll_sketch_agg(col, 20) FROM VALUES (1) tab(col))",
    .example_result = "1"};

/* ---- functions ---- */

static weft_status kernel_estimate(weft_ctx *ctx, weft_kernel_call *call)
{
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        const uint8_t *sketch = (const uint8_t *)weft_str_data(s);
        if (!weft_hll_valid(sketch, s->len)) return invalid(ctx, "hll_sketch_estimate", &call->expr->span);
        ((int64_t *)call->out->values)[i] = (int64_t)floor(weft_hll_estimate(sketch, s->len) + 0.5);
    }
    return WEFT_OK;
}

static weft_status union_pair(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    weft_status st = WEFT_OK;
    const weft_str *a = weft_arg_str(&call->args[0], i), *b = weft_arg_str(&call->args[1], i);
    const uint8_t *left = (const uint8_t *)weft_str_data(a), *right = (const uint8_t *)weft_str_data(b);
    const bool allowed = call->arg_count > 2 && weft_arg_i64(&call->args[2], i) != 0;
    char *to = NULL;
    if (!weft_hll_valid(left, a->len) || !weft_hll_valid(right, b->len))
        return invalid(ctx, "hll_union", &call->expr->span);
    const int lg_left = weft_hll_lg_k(left), lg_right = weft_hll_lg_k(right);
    if (!allowed && lg_left != lg_right)
        return different(ctx, "hll_union", lg_left, lg_right, &call->expr->span);
    const int lg_most = lg_left < lg_right ? lg_left : lg_right;
    const size_t room = weft_hll_room_most(lg_most);
    WEFT_TRY(st, weft_text_room(ctx, call, room, &to));
    uint8_t *sketch = (uint8_t *)to;
    weft_hll_start(sketch, lg_most);
    weft_hll_merge(sketch, room, lg_most, left, a->len);
    weft_hll_merge(sketch, room, lg_most, right, b->len);
    *weft_call_text(call, i) = weft_str_view(to, (uint32_t)weft_hll_bytes(sketch));
done:
    return st;
}

static weft_status kernel_union(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i)) WEFT_TRY(st, union_pair(ctx, call, i));
    }
done:
    return st;
}

#define B WEFT_TYPE_BINARY
WEFT_FN_FORM(hll_sketch_estimate, 1, 1, WEFT_TYPE_BIGINT, kernel_estimate, B);
WEFT_FN_ENTRY(hll_sketch_estimate, "hll_sketch_estimate", NULL, WEFT_FN_FALLIBLE, NULL,
              "hll_sketch_estimate(sketch): how many different values a HyperLogLog sketch saw, about",
              "SELECT hll_sketch_estimate(hll_sketch_agg(col)) FROM VALUES (1), (1), (2), (2), (3) tab(col)",
              "3");
WEFT_FN_FORM(hll_union, 2, 3, B, kernel_union, B, B, WEFT_TYPE_BOOLEAN);
WEFT_FN_ENTRY(
    hll_union, "hll_union", NULL, WEFT_FN_FALLIBLE, NULL,
    "hll_union(a, b [, allowDifferentLgConfigK]): the union of two HyperLogLog sketches",
    "SELECT hll_sketch_estimate(hll_union(hll_sketch_agg(col1), hll_sketch_agg(col2))) FROM VALUES (1, 4), "
    "(1, 4), (2, 5), (2, 5), (3, 6) tab(col1, col2)",
    "6");
