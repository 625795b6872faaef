/* engine/expr/agg_mode.c - mode(x [, deterministic]), mode() WITHIN GROUP (ORDER BY x): the most frequent
 * value.
 *
 * The body is a log: u32 used, then records of a count (u64) and a packed value (columnar/nested.h), first
 * seen first. Before it grows, records of one value become one. Of values that are equally frequent the least
 * is taken (args[1] is 'a'), the greatest ('d'), or the one that Spark's hash map gives first ('h'): the one
 * in the lowest slot of a table of 64 and more slots, by the scrambled hash of Java's object. */
#include "common/mem.h"
#include "engine/columnar/nested.h"
#include "engine/expr/agg_object.h"
#include "engine/expr/coerce.h"
#include "engine/expr/java_hash.h"
#include "engine/expr/spark_hash.h"

enum { MODE_HEAD = 4, MODE_COUNT = 8 };

static uint64_t mode_bytes(const weft_expr *call, const weft_column *args, int32_t position)
{
    (void)call;
    return MODE_COUNT + weft_nested_bytes(args, position);
}

static uint64_t mode_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                          uint64_t bytes)
{
    (void)call, (void)len, (void)updates;
    return (body == NULL ? MODE_HEAD : weft_get_u32(body)) + bytes;
}

static void mode_start(const weft_expr *call, uint8_t *body, size_t len)
{
    (void)call, (void)len;
    weft_put_u32(body, MODE_HEAD);
}

/* -0.0 counts as 0.0, every NaN as one. */
static void mode_normalise(weft_type type, uint8_t *packed)
{
    double wide;
    float narrow;
    if (type.id == WEFT_TYPE_DOUBLE) {
        memcpy(&wide, packed, sizeof wide);
        weft_put_f64(packed, wide != wide ? __builtin_nan("") : wide + 0.0);
    } else if (type.id == WEFT_TYPE_FLOAT) {
        memcpy(&narrow, packed, sizeof narrow);
        narrow = narrow != narrow ? __builtin_nanf("") : narrow + 0.0f;
        memcpy(packed, &narrow, sizeof narrow);
    }
}

static weft_status mode_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                            const weft_column *args, int32_t position)
{
    uint8_t *at = body + weft_get_u32(body);
    (void)ctx, (void)len;
    weft_put_u64(at, 1);
    uint8_t *end = weft_nested_pack(args, position, at + MODE_COUNT);
    mode_normalise(call->type, at + MODE_COUNT);
    weft_put_u32(body, (uint32_t)(end - body));
    return WEFT_OK;
}

static uint64_t mode_merge_need(const weft_expr *call, const uint8_t *into, size_t len, const uint8_t *from,
                                size_t from_len)
{
    (void)from_len;
    return mode_need(call, into, len, 0, weft_get_u32(from) - MODE_HEAD);
}

static weft_status mode_merge(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len,
                              const uint8_t *from, size_t from_len)
{
    const uint32_t used = weft_get_u32(into), more = weft_get_u32(from);
    (void)call;
    if (more < MODE_HEAD || more > from_len || used + more - MODE_HEAD > len)
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of mode");
    memcpy(into + used, from + MODE_HEAD, more - MODE_HEAD);
    weft_put_u32(into, used + more - MODE_HEAD);
    return WEFT_OK;
}

/* Records of one value become the first of them. *count: how many are left. */
static weft_status mode_unite(weft_ctx *ctx, weft_type type, uint8_t *body, size_t len, int64_t *count)
{
    weft_status st = WEFT_OK;
    uint32_t *table = NULL;
    const uint32_t used = weft_get_u32(body);
    const uint8_t *end = body + used, *next;
    uint8_t *to = body + MODE_HEAD;
    size_t records = 0;
    for (const uint8_t *at = to; at < end; at = next, records++) {
        next = used <= len && end - at > MODE_COUNT ? weft_nested_end(type, at + MODE_COUNT, end) : NULL;
        if (next == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "a malformed state of mode"));
    }
    const size_t size = weft_pow2_ceil(records * 2 + 2);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, size * 2 * sizeof *table, (void **)&table));
    *count = 0;
    for (const uint8_t *at = to; at < end; at = next) { /* table: place and length of a value; 0: free */
        next = weft_nested_end(type, at + MODE_COUNT, end);
        const uint32_t bytes = (uint32_t)(next - at);
        size_t slot = weft_hash_bytes(at + MODE_COUNT, bytes - MODE_COUNT) & (size - 1);
        for (;; slot = (slot + 1) & (size - 1)) {
            uint8_t *old = body + table[2 * slot];
            if (table[2 * slot] == 0) break;
            if (table[2 * slot + 1] != bytes ||
                memcmp(old + MODE_COUNT, at + MODE_COUNT, bytes - MODE_COUNT) != 0)
                continue;
            weft_put_u64(old, weft_get_u64(old) + weft_get_u64(at));
            break;
        }
        if (table[2 * slot] != 0) continue;
        memmove(to, at, bytes);
        table[2 * slot] = (uint32_t)(to - body);
        table[2 * slot + 1] = bytes;
        to += bytes;
        (*count)++;
    }
    weft_put_u32(body, (uint32_t)(to - body));
done:
    weft_mem_free(table);
    return st;
}

static weft_status mode_shrink(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len)
{
    int64_t count;
    return mode_unite(ctx, call->type, body, len, &count);
}

/* ---- the result ---- */

static uint32_t mode_slot(weft_type type, const uint8_t *packed, size_t bytes, int64_t count)
{
    int64_t slots = 64;
    while (count > slots * 7 / 10) slots *= 2;
    return weft_murmur_u32((uint32_t)weft_java_hash(type, packed, bytes, false), 0) & (uint32_t)(slots - 1);
}

static weft_status mode_finish(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                               weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    const weft_type type = call->type;
    const char order = call->arg_count > 1 ? weft_str_data(&call->args[1]->literal.str)[0] : 'h';
    char *copy = NULL;
    int64_t count = 0;
    if (body == NULL || weft_get_u32(body) <= MODE_HEAD) {
        weft_vector_set_null(out, i);
        return WEFT_OK;
    }
    const size_t used = (size_t)weft_min_i64((int64_t)len, weft_get_u32(body));
    WEFT_TRY(st, weft_vector_heap(ctx, out, used, &copy));
    memcpy(copy, body, used);
    WEFT_TRY(st, mode_unite(ctx, type, (uint8_t *)copy, len, &count));
    const uint8_t *end = (uint8_t *)copy + weft_get_u32((uint8_t *)copy), *best = NULL;
    uint64_t most = 0;
    uint32_t best_slot = 0, best_bytes = 0;
    for (const uint8_t *at = (uint8_t *)copy + MODE_HEAD, *next; at < end; at = next) {
        next = weft_nested_end(type, at + MODE_COUNT, end);
        const uint8_t *value = at + MODE_COUNT;
        const uint64_t times = weft_get_u64(at);
        const uint32_t slot = order == 'h' ? mode_slot(type, value, (size_t)(next - value), count) : 0;
        bool better = times > most;
        if (times == most && order == 'h') better = slot < best_slot;
        if (times == most && order != 'h') {
            const int sign = weft_nested_compare(type, value, best);
            better = order == 'a' ? sign < 0 : sign > 0;
        }
        if (!better) continue;
        best = value;
        best_bytes = (uint32_t)(next - value);
        best_slot = slot;
        most = times;
    }
    const weft_str packed = weft_str_view((const char *)best, best_bytes);
    WEFT_TRY(st, weft_nested_unpack_one(ctx, &packed, i, out));
done:
    return st;
}

static weft_status mode_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                             weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count == 0) {
        return weft_fail_at(ctx, WEFT_WITHIN_GROUP_MISSING, span, "WITHIN GROUP is required for mode().");
    }
    if (count > 2) return weft_fail_arg_count(ctx, "mode", 0, 2, count, span);
    *type = args[0]->type;
    if (count < 2) goto done;
    const bool text = args[1]->kind == WEFT_EXPR_LITERAL && args[1]->type.id == WEFT_TYPE_STRING;
    if (text && args[1]->literal.str.len == 1) goto done; /* the order of WITHIN GROUP */
    if (args[1]->type.id != WEFT_TYPE_BOOLEAN && args[1]->type.id != WEFT_TYPE_NULL) {
        char got[128];
        return weft_fail_at(ctx, WEFT_PARAMETER_TYPE, span,
                            "Parameter second of function `mode` requires the \"BOOLEAN\" type, however it "
                            "has the type \"%s\".",
                            weft_type_text(args[1]->type, got, sizeof got));
    }
    WEFT_TRY(st, weft_agg_bind_constant(ctx, "mode", "deterministic", args, 1,
                                        WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), false, span));
    const weft_value order = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING),
                              .str = weft_str_view(args[1]->literal.boolean ? "a" : "h", 1)};
    WEFT_TRY(st, weft_expr_literal(ctx, &order, &args[1]));
done:
    return st;
}

static const weft_agg_object mode_object = {.bytes = mode_bytes,
                                            .need = mode_need,
                                            .shrink = mode_shrink,
                                            .start = mode_start,
                                            .add = mode_add,
                                            .merge_need = mode_merge_need,
                                            .merge = mode_merge,
                                            .finish = mode_finish};

const weft_aggregate weft_aggregate_mode = {
    .name = "mode",
    .constant_first = 1,
    .constant_last = 1,
    .bind = mode_bind,
    WEFT_AGG_OBJECT_ENTRY,
    .result_nullable = true,
    .object = &mode_object,
    .help = "mode(expr [, deterministic]), mode() WITHIN GROUP (ORDER BY expr) - The most frequent value.",
    .example = "SELECT mode(col) FROM VALUES (0), (10), (10) AS tab(col)",
    .example_result = "10"};
