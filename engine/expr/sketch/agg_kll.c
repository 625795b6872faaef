/* engine/expr/sketch/agg_kll.c - kll_sketch_agg_bigint, _double, _float and kll_merge_agg_bigint, _double,
 * _float. The body is a state of kll.h; that of a merge whose k is the first sketch's begins with it. */
#include "common/mem.h"
#include "engine/expr/coerce.h"
#include "engine/expr/sketch/fn_kll.h"

weft_kll_type weft_kll_type_of(const char *name)
{
    const size_t len = strlen(name);
    if (len > 7 && strcmp(name + len - 7, "_double") == 0) return WEFT_KLL_DOUBLE;
    return len > 6 && strcmp(name + len - 6, "_float") == 0 ? WEFT_KLL_FLOAT : WEFT_KLL_BIGINT;
}

weft_type weft_kll_sql_type(weft_kll_type type)
{
    return WEFT_TYPE_OF(type == WEFT_KLL_DOUBLE  ? WEFT_TYPE_DOUBLE
                        : type == WEFT_KLL_FLOAT ? WEFT_TYPE_FLOAT
                                                 : WEFT_TYPE_BIGINT);
}

weft_kll_value weft_kll_value_of(weft_kll_type type, const weft_value *value)
{
    weft_kll_value out = (uint64_t)value->i64;
    if (type != WEFT_KLL_BIGINT) memcpy(&out, &value->f64, sizeof out);
    return out;
}

weft_status weft_kll_invalid(weft_ctx *ctx, const char *name, const weft_span *span)
{
    return weft_fail_at(
        ctx, WEFT_KLL_SKETCH, span,
        "Invalid call to %s; only valid KLL sketch buffers are supported as inputs (such as those "
        "produced by the `kll_sketch_agg` function).",
        name);
}

weft_status weft_kll_take(weft_ctx *ctx, const char *name, const weft_str *bytes, const weft_span *span,
                          uint8_t **out)
{
    weft_status st = WEFT_OK;
    bool good = false;
    WEFT_TRY(st, weft_kll_read(ctx, weft_kll_type_of(name), weft_str_data(bytes), bytes->len, out, &good));
    if (good) goto done;
    weft_mem_free(*out);
    *out = NULL;
    st = weft_kll_invalid(ctx, name, span);
done:
    return st;
}

static bool merges(const weft_expr *call)
{
    return strstr(call->aggregate.function->name, "_merge_agg") != NULL;
}

static int k_of(const weft_expr *call) { return (int)weft_agg_constant(call, 1, WEFT_KLL_K_DEFAULT); }

/* ---- values ---- */

static uint64_t agg_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                         uint64_t bytes)
{
    (void)len, (void)bytes;
    return weft_kll_room(body, k_of(call), updates);
}

static void agg_start(const weft_expr *call, uint8_t *body, size_t len)
{
    (void)len;
    weft_kll_start(body, weft_kll_type_of(call->aggregate.function->name), k_of(call));
}

static weft_status agg_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                           const weft_column *args, int32_t position)
{
    const weft_value value = weft_value_of_column(args, position);
    (void)ctx, (void)len;
    weft_kll_update(body, weft_kll_value_of(weft_kll_type_of(call->aggregate.function->name), &value));
    return WEFT_OK;
}

static uint64_t agg_merge_need(const weft_expr *call, const uint8_t *into, size_t len, const uint8_t *from,
                               size_t from_len)
{
    const uint8_t *base = into != NULL && weft_kll_n(into) > 0 ? into : NULL; /* an empty one takes any k */
    const bool adopts = merges(call) && call->arg_count < 2;
    if (!weft_kll_state_valid(from, from_len)) return into == NULL ? weft_kll_room(NULL, k_of(call), 0) : len;
    return weft_kll_merge_room(base, adopts ? weft_kll_k(from) : k_of(call), from);
}

static weft_status agg_merge(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len,
                             const uint8_t *from, size_t from_len)
{
    (void)len;
    if (!weft_kll_state_valid(from, from_len))
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of a KLL sketch");
    const bool adopts = merges(call) && call->arg_count < 2;
    if (weft_kll_n(into) == 0 && (adopts || weft_kll_k(into) == weft_kll_k(from))) {
        memcpy(into, from, weft_kll_state_bytes(from)); /* values keep their order */
        return WEFT_OK;
    }
    return weft_kll_merge(ctx, into, from);
}

static weft_status agg_finish(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                              weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    const weft_kll_type type = weft_kll_type_of(call->aggregate.function->name);
    void *empty = NULL;
    char *to = NULL;
    if (body == NULL) {
        WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)weft_kll_room(NULL, k_of(call), 0),
                                         &empty));
        weft_kll_start(empty, type, k_of(call));
        body = empty;
    } else if (!weft_kll_state_valid(body, len)) {
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "a malformed state of a KLL sketch"));
    }
    const size_t bytes = weft_kll_bytes(body);
    WEFT_TRY(st, weft_vector_heap(ctx, out, bytes, &to));
    weft_kll_write(body, to);
    ((weft_str *)out->values)[i] = weft_str_view(to, (uint32_t)bytes);
done:
    weft_mem_free(empty);
    return st;
}

static weft_status bind_k(weft_ctx *ctx, const char *name, const weft_expr **args, const weft_span *span)
{
    weft_status st = WEFT_OK;
    if (!weft_type_is_integral(args[1]->type) && args[1]->type.id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, 1, "\"int\"", args[1], span);
    WEFT_TRY(st, weft_agg_bind_constant(ctx, name, "k", args, 1, WEFT_TYPE_OF(WEFT_TYPE_INT), false, span));
    const int64_t k = args[1]->literal.i64;
    if (k < WEFT_KLL_K_MIN || k > WEFT_KLL_K_MAX) {
        st = weft_fail_at(ctx, WEFT_TYPE_CHECK_HINT, span,
                          "[KLL_SKETCH_K_OUT_OF_RANGE] For function `%s`, the k parameter must be between 8 "
                          "and 65535 (inclusive), but got %lld.",
                          name, (long long)k);
    }
done:
    return st;
}

static weft_status bind_values(weft_ctx *ctx, const char *name, const weft_expr **args, int32_t count,
                               const weft_span *span, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_kll_type kind = weft_kll_type_of(name);
    const weft_type want = weft_kll_sql_type(kind);
    *type = WEFT_TYPE_OF(WEFT_TYPE_BINARY);
    if (count < 1 || count > 2) return weft_fail_arg_count(ctx, name, 1, 2, count, span);
    const weft_type_id id = (weft_type_id)args[0]->type.id;
    const bool fits = kind == WEFT_KLL_BIGINT   ? weft_type_is_integral(args[0]->type)
                      : kind == WEFT_KLL_DOUBLE ? id == WEFT_TYPE_DOUBLE || id == WEFT_TYPE_FLOAT
                                                : id == WEFT_TYPE_FLOAT;
    if (!fits && id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, 0,
                                  kind == WEFT_KLL_BIGINT   ? "\"integral\""
                                  : kind == WEFT_KLL_DOUBLE ? "\"float\" or \"double\""
                                                            : "\"float\"",
                                  args[0], span);
    WEFT_TRY(st, weft_expr_cast(ctx, args[0], want, true, &args[0]));
    if (count > 1) WEFT_TRY(st, bind_k(ctx, name, args, span));
done:
    return st;
}

/* ---- sketches ---- */

/* Of levels for so many values that no stream has more. */
static uint64_t room_of(int k) { return weft_kll_room(NULL, k, (uint64_t)1 << 48); }

/* What a union with this sketch's k takes. */
static uint64_t merge_bytes(const weft_expr *call, const weft_column *args, int32_t position)
{
    const weft_str *bytes = weft_column_value(args, position);
    uint16_t k = WEFT_KLL_K_MIN;
    (void)call;
    if (bytes->len >= 8) memcpy(&k, weft_str_data(bytes) + 4, sizeof k);
    return room_of(k < WEFT_KLL_K_MIN ? WEFT_KLL_K_MIN : k);
}

/* bytes: of the sketches together, at least what the first one asks for. */
static uint64_t merge_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                           uint64_t bytes)
{
    (void)updates;
    if (body != NULL && weft_kll_n(body) > 0) return len;
    const uint64_t most = room_of(call->arg_count > 1 ? k_of(call) : WEFT_KLL_K_MAX);
    const uint64_t least = weft_kll_room(NULL, k_of(call), 0);
    return call->arg_count > 1 || bytes > most ? most : bytes < least ? least : bytes;
}

static weft_status merge_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                             const weft_column *args, int32_t position)
{
    weft_status st = WEFT_OK;
    const char *name = call->aggregate.function->name;
    uint8_t *sketch = NULL;
    WEFT_TRY(st, weft_kll_take(ctx, name, weft_column_value(args, position), &call->span, &sketch));
    if (weft_kll_n(body) == 0 && call->arg_count < 2)
        weft_kll_start(body, weft_kll_type_of(name), weft_kll_k(sketch));
    if (weft_kll_merge_room(body, 0, sketch) > len)
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_LIMIT, &call->span, "a sketch is too large for %s", name));
    WEFT_TRY(st, weft_kll_merge(ctx, body, sketch));
done:
    weft_mem_free(sketch);
    return st;
}

static weft_status bind_sketches(weft_ctx *ctx, const char *name, const weft_expr **args, int32_t count,
                                 const weft_span *span, weft_type *type)
{
    weft_status st = WEFT_OK;
    *type = WEFT_TYPE_OF(WEFT_TYPE_BINARY);
    if (count < 1 || count > 2) return weft_fail_arg_count(ctx, name, 1, 2, count, span);
    if (args[0]->type.id == WEFT_TYPE_NULL) WEFT_TRY(st, weft_expr_cast(ctx, args[0], *type, true, &args[0]));
    if (args[0]->type.id != WEFT_TYPE_BINARY) return weft_fail_arg_type(ctx, 0, "\"binary\"", args[0], span);
    if (count > 1) WEFT_TRY(st, bind_k(ctx, name, args, span));
done:
    return st;
}

/* ---- registry ---- */

static const weft_agg_object agg_object = {.need = agg_need,
                                           .start = agg_start,
                                           .add = agg_add,
                                           .merge_need = agg_merge_need,
                                           .merge = agg_merge,
                                           .finish = agg_finish};
static const weft_agg_object merge_object = {.bytes = merge_bytes,
                                             .need = merge_need,
                                             .start = agg_start,
                                             .add = merge_add,
                                             .merge_need = agg_merge_need,
                                             .merge = agg_merge,
                                             .finish = agg_finish};

#define KLL_ENTRY(symbol, binder, what, usage, sql, want)                                                    \
    static weft_status symbol##_bind(weft_ctx *ctx, const weft_expr **args, int32_t count,                   \
                                     const weft_span *span, weft_type *type)                                 \
    {                                                                                                        \
        return binder(ctx, #symbol, args, count, span, type);                                                \
    }                                                                                                        \
    const weft_aggregate weft_aggregate_##symbol = {.name = #symbol,                                         \
                                                    .constant_first = 1,                                     \
                                                    .constant_last = 1,                                      \
                                                    .bind = symbol##_bind,                                   \
                                                    WEFT_AGG_OBJECT_ENTRY,                                   \
                                                    .order_sensitive = true,                                 \
                                                    .object = &what,                                         \
                                                    .help = usage,                                           \
                                                    .example = sql,                                          \
                                                    .example_result = want}
#define KLL(end, what)                                                                                       \
    KLL_ENTRY(kll_sketch_agg_##end, bind_values, agg_object,                                                 \
              "kll_sketch_agg_" #end "(expr [, k]) - A KLL sketch of " what ", which answers what their "    \
              "quantiles and ranks are, about.",                                                             \
              "SELECT kll_sketch_get_n_" #end "(kll_sketch_agg_" #end "(CAST(col AS " #end                   \
              "))) FROM VALUES (1), (2), (3) tab(col)",                                                      \
              "3");                                                                                          \
    KLL_ENTRY(kll_merge_agg_##end, bind_sketches, merge_object,                                              \
              "kll_merge_agg_" #end "(sketch [, k]) - The union of KLL sketches of " what ".", NULL, NULL)
KLL(bigint, "integers");
KLL(double, "doubles");
KLL(float, "floats");
