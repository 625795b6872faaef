/* engine/expr/agg_by_k.c - max_by(x, y, k), min_by(x, y, k): the x of the k rows whose y are greatest or
 * least, as an array, best first.
 *
 * The body is a log: u32 used, then records of the packed y, a byte (1: x is NULL) and the packed x. Before
 * it grows, the k best records are kept; so it holds about twice them. */
#include <stdlib.h>

#include "common/mem.h"
#include "engine/columnar/nested.h"
#include "engine/expr/agg_by.h"

enum { BY_HEAD = 4 };

static uint64_t by_bytes(const weft_expr *call, const weft_column *args, int32_t position)
{
    (void)call;
    if (weft_column_is_null(&args[1], position)) return 0;
    const uint64_t value = weft_column_is_null(&args[0], position) ? 0 : weft_nested_bytes(args, position);
    return weft_nested_bytes(&args[1], position) + 1 + value;
}

static uint64_t by_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                        uint64_t bytes)
{
    (void)call, (void)len, (void)updates;
    return (body == NULL ? BY_HEAD : weft_get_u32(body)) + bytes;
}

static void by_start(const weft_expr *call, uint8_t *body, size_t len)
{
    (void)call, (void)len;
    weft_put_u32(body, BY_HEAD);
}

static weft_status by_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                          const weft_column *args, int32_t position)
{
    uint8_t *at = body + weft_get_u32(body);
    (void)ctx, (void)call, (void)len;
    if (weft_column_is_null(&args[1], position)) return WEFT_OK;
    at = weft_nested_pack(&args[1], position, at);
    *at = weft_column_is_null(&args[0], position);
    at = *at != 0 ? at + 1 : weft_nested_pack(&args[0], position, at + 1);
    weft_put_u32(body, (uint32_t)(at - body));
    return WEFT_OK;
}

static uint64_t by_merge_need(const weft_expr *call, const uint8_t *into, size_t len, const uint8_t *from,
                              size_t from_len)
{
    (void)from_len;
    return by_need(call, into, len, 0, weft_get_u32(from) - BY_HEAD);
}

static weft_status by_merge(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len,
                            const uint8_t *from, size_t from_len)
{
    const uint32_t used = weft_get_u32(into), more = weft_get_u32(from);
    (void)call;
    if (more < BY_HEAD || more > from_len || used + more - BY_HEAD > len)
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of max_by or min_by");
    memcpy(into + used, from + BY_HEAD, more - BY_HEAD);
    weft_put_u32(into, used + more - BY_HEAD);
    return WEFT_OK;
}

/* ---- the best ---- */

typedef struct by_record {
    const uint8_t *key, *value, *end; /* value: NULL where x is */
    const weft_expr *call;
} by_record;

/* > 0: a is better. */
static int compare_records(const by_record *a, const by_record *b)
{
    const int sign = weft_nested_compare(a->call->args[1]->type, a->key, b->key);
    return weft_by_greatest(a->call) ? sign : -sign;
}

/* The k best records in slots, and over them a heap of the slots' numbers, the worst on top. Which of equal
 * ones goes, and so whose slot a better one takes, is as in Spark: the order of equal ones shows it. */
typedef struct by_heap {
    by_record *slots;
    int32_t *heap;
    int64_t count, most;
} by_heap;

static void heap_swap(by_heap *h, int64_t a, int64_t b)
{
    const int32_t slot = h->heap[a];
    h->heap[a] = h->heap[b];
    h->heap[b] = slot;
}

static int heap_compare(const by_heap *h, int64_t a, int64_t b)
{
    return compare_records(&h->slots[h->heap[a]], &h->slots[h->heap[b]]);
}

static void heap_insert(by_heap *h, const by_record *record)
{
    int64_t at = 0;
    if (h->count < h->most) {
        at = h->count++;
        h->slots[at] = *record;
        h->heap[at] = (int32_t)at;
        for (; at > 0 && heap_compare(h, at, (at - 1) / 2) < 0; at = (at - 1) / 2)
            heap_swap(h, at, (at - 1) / 2);
        return;
    }
    if (compare_records(record, &h->slots[h->heap[0]]) <= 0) return;
    h->slots[h->heap[0]] = *record;
    while (2 * at + 1 < h->count) {
        int64_t below = 2 * at + 1;
        if (below + 1 < h->count && heap_compare(h, below + 1, below) < 0) below++;
        if (heap_compare(h, at, below) <= 0) return;
        heap_swap(h, at, below);
        at = below;
    }
}

/* The best records, by slot; the caller frees slots and heap. */
static weft_status by_select(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                             by_heap *out)
{
    weft_status st = WEFT_OK;
    const uint32_t used = weft_get_u32(body);
    const uint8_t *end = body + (used > len ? 0 : used), *at = body + BY_HEAD, *next;
    int64_t count = 0;
    for (; at < end; at = next, count++) {
        const uint8_t *flag = weft_nested_end(call->args[1]->type, at, end);
        if (flag == NULL || flag >= end) break;
        next = *flag != 0 ? flag + 1 : weft_nested_end(call->args[0]->type, flag + 1, end);
        if (next == NULL) break;
    }
    if (at != end) return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of max_by or min_by");
    out->most = weft_agg_constant(call, 2, 1);
    const size_t slots = (size_t)weft_min_i64(count, out->most) + 1;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, slots * sizeof *out->slots, (void **)&out->slots));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, slots * sizeof *out->heap, (void **)&out->heap));
    for (at = body + BY_HEAD; at < end; at = next) {
        const uint8_t *flag = weft_nested_end(call->args[1]->type, at, end);
        next = *flag != 0 ? flag + 1 : weft_nested_end(call->args[0]->type, flag + 1, end);
        heap_insert(out, &(by_record){at, *flag != 0 ? NULL : flag + 1, next, call});
    }
done:
    return st;
}

static void heap_free(by_heap *h)
{
    weft_mem_free(h->slots);
    weft_mem_free(h->heap);
}

static weft_status by_shrink(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len)
{
    weft_status st = WEFT_OK;
    by_heap best = {0};
    uint8_t *copy = NULL, *to;
    WEFT_TRY(st, by_select(ctx, call, body, len, &best));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, len, (void **)&copy));
    to = copy + BY_HEAD;
    for (int64_t k = 0; k < best.count; k++) {
        const size_t bytes = (size_t)(best.slots[k].end - best.slots[k].key);
        memcpy(to, best.slots[k].key, bytes);
        to += bytes;
    }
    memcpy(body + BY_HEAD, copy + BY_HEAD, (size_t)(to - copy) - BY_HEAD);
    weft_put_u32(body, (uint32_t)(to - copy));
done:
    weft_mem_free(copy);
    heap_free(&best);
    return st;
}

/* Best first, equal ones by their slots. */
static int compare_for_result(const void *a, const void *b)
{
    const by_record *const *x = a, *const *y = b;
    const int sign = compare_records(*x, *y);
    if (sign != 0) return -sign;
    return *x < *y ? -1 : *x > *y;
}

static weft_status by_finish(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                             weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    by_heap best = {0};
    const by_record **order = NULL;
    int32_t first = 0;
    char *copy = NULL;
    if (body == NULL || weft_get_u32(body) <= BY_HEAD) {
        weft_vector_set_null(out, i);
        return WEFT_OK;
    }
    WEFT_TRY(st, by_select(ctx, call, body, len, &best));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)best.count * sizeof *order, (void **)&order));
    for (int64_t k = 0; k < best.count; k++) order[k] = &best.slots[k];
    qsort(order, (size_t)best.count, sizeof *order, compare_for_result);
    WEFT_TRY(st, weft_vector_add_list(ctx, out, i, (int32_t)best.count, &first));
    weft_vector *values = &out->children[0];
    for (int64_t k = 0; k < best.count; k++) {
        const int32_t slot = first + (int32_t)k;
        if (order[k]->value == NULL) {
            weft_vector_set_null(values, slot);
            continue;
        }
        const size_t bytes = (size_t)(order[k]->end - order[k]->value);
        WEFT_TRY(st, weft_vector_heap(ctx, values, bytes + 1, &copy));
        memcpy(copy, order[k]->value, bytes);
        const weft_str packed = weft_str_view(copy, (uint32_t)bytes);
        WEFT_TRY(st, weft_nested_unpack_one(ctx, &packed, slot, values));
    }
done:
    weft_mem_free(order);
    heap_free(&best);
    return st;
}

const weft_agg_object weft_agg_by_object = {.keeps_nulls = true,
                                            .bytes = by_bytes,
                                            .need = by_need,
                                            .shrink = by_shrink,
                                            .start = by_start,
                                            .add = by_add,
                                            .merge_need = by_merge_need,
                                            .merge = by_merge,
                                            .finish = by_finish};
