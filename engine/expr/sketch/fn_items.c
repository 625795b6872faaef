/* engine/expr/sketch/fn_items.c - approx_top_k, approx_top_k_accumulate, approx_top_k_combine and
 * approx_top_k_estimate over the sketches of items.h. NULLs are counted beside them.
 *
 * A sketch as a value is struct<sketch, maxItemsTracked, itemDataType, itemDataTypeDDL>, of which the third
 * field is always NULL: its type is that of the items. The body of approx_top_k_combine begins with how many
 * items its first sketch tracked (u32). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"
#include "engine/columnar/nested.h"
#include "engine/expr/agg_object.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/java_hash.h"
#include "engine/expr/nested_call.h"
#include "engine/expr/sketch/items_bytes.h"

enum { TOP_K_DEFAULT = 5, TOP_TRACKED_DEFAULT = 10000, TOP_TRACKED_MOST = 1000000, COMBINE_HEAD = 4 };

extern const weft_aggregate weft_aggregate_approx_top_k, weft_aggregate_approx_top_k_combine;

/* The table has room for so many items at three quarters of its slots. */
static int lg_of(int64_t tracked)
{
    int lg = 3;
    while ((double)((int64_t)1 << lg) < ceil((double)tracked / 0.75)) lg++;
    return lg;
}

static bool combines(const weft_expr *call)
{
    return call->aggregate.function == &weft_aggregate_approx_top_k_combine;
}

static int64_t tracked_of(const weft_expr *call)
{
    const bool top = call->aggregate.function == &weft_aggregate_approx_top_k;
    return weft_agg_constant(call, top ? 2 : 1, TOP_TRACKED_DEFAULT);
}

static weft_type item_type(const weft_expr *call)
{
    return combines(call) ? call->args[0]->type.children[2].type : call->args[0]->type;
}

/* ---- results ---- */

static int compare_items(const void *a, const void *b)
{
    const weft_item *const *x = a, *const *y = b;
    if ((*x)->count != (*y)->count) return (*x)->count > (*y)->count ? -1 : 1;
    return *x < *y ? -1 : *x > *y;
}

/* Slot i of a vector of array<struct<item, count>> becomes the k most frequent items, most frequent first. */
static weft_status put_top(weft_ctx *ctx, const uint8_t *state, size_t len, int64_t k, weft_vector *out,
                           int32_t i)
{
    weft_status st = WEFT_OK;
    const int64_t count = weft_items_count(state), offset = weft_items_offset(state);
    int64_t nulls = weft_items_nulls(state), found = 0, next = 0;
    weft_item *items = NULL;
    const weft_item **order = NULL;
    int32_t first = 0;
    char *copy = NULL;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, ((size_t)count + 1) * sizeof *items, (void **)&items));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, ((size_t)count + 1) * sizeof *order, (void **)&order));
    weft_items_list(state, len, false, items);
    for (int64_t at = 0; at < count; at++) /* the others may not be what they seem */
        if (items[at].count > offset) order[found++] = &items[at];
    qsort(order, (size_t)found, sizeof *order, compare_items);
    const int64_t all = weft_min_i64(found + (nulls > 0), k);
    WEFT_TRY(st, weft_vector_add_list(ctx, out, i, (int32_t)all, &first));
    weft_vector *pairs = &out->children[0];
    for (int64_t at = 0; at < all; at++) {
        const int32_t slot = first + (int32_t)at;
        const bool null = nulls > 0 && (next == found || nulls > order[next]->count + offset);
        int64_t *counts = pairs->children[1].values;
        if (null) {
            weft_vector_set_null(&pairs->children[0], slot);
            counts[slot] = nulls;
            nulls = 0;
            continue;
        }
        const weft_item *item = order[next++];
        WEFT_TRY(st, weft_vector_heap(ctx, &pairs->children[0], item->len + 1, &copy));
        memcpy(copy, item->bytes, item->len);
        const weft_str packed = weft_str_view(copy, item->len);
        WEFT_TRY(st, weft_nested_unpack_one(ctx, &packed, slot, &pairs->children[0]));
        counts[slot] = item->count + offset;
    }
done:
    weft_mem_free(items);
    weft_mem_free(order);
    return st;
}

/* "item INT NOT NULL"; Spark writes a text's type in lower case. */
static void write_ddl(weft_type type, char *to, size_t room)
{
    char text[64];
    weft_type_text(type, text, sizeof text);
    if (type.id == WEFT_TYPE_STRING) {
        (void)snprintf(to, room, "item string not null");
        return;
    }
    for (char *at = text; *at != '\0'; at++)
        if (*at >= 'a' && *at <= 'z') *at = (char)(*at - 'a' + 'A');
    (void)snprintf(to, room, "item %s NOT NULL", text);
}

static weft_status put_sketch(weft_ctx *ctx, weft_type type, const uint8_t *state, size_t len,
                              int64_t tracked, weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    char ddl[96];
    write_ddl(type, ddl, sizeof ddl);
    WEFT_TRY(st, weft_items_write(ctx, type, state, len, &out->children[0], i));
    ((int32_t *)out->children[1].values)[i] = (int32_t)tracked;
    weft_vector_set_null(&out->children[2], i);
    WEFT_TRY(st, weft_vector_set_string(ctx, &out->children[3], i, ddl, (uint32_t)strlen(ddl)));
done:
    return st;
}

/* ---- counting values ---- */

static uint64_t count_bytes(const weft_expr *call, const weft_column *args, int32_t position)
{
    (void)call;
    return weft_column_is_null(args, position) ? 0 : weft_nested_bytes(args, position);
}

static uint64_t count_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                           uint64_t bytes)
{
    (void)len;
    return weft_items_room(body, lg_of(tracked_of(call)), updates, bytes);
}

static weft_status count_shrink(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len)
{
    (void)call;
    return weft_items_shrink(ctx, body, len);
}

static void count_start(const weft_expr *call, uint8_t *body, size_t len)
{
    weft_items_start(body, len, lg_of(tracked_of(call)));
}

static void count_grown(const weft_expr *call, uint8_t *body, size_t old_len, size_t len)
{
    (void)call;
    weft_items_grown(body, old_len, len);
}

static weft_status count_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                             const weft_column *args, int32_t position)
{
    weft_status st = WEFT_OK;
    uint8_t small[64];
    void *block = NULL;
    if (args[0].phys == WEFT_PHYS_NULL || weft_column_is_null(args, position)) {
        weft_items_add_nulls(body, 1);
        return WEFT_OK;
    }
    const uint64_t bytes = weft_nested_bytes(args, position);
    if (bytes > sizeof small) WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)bytes, &block));
    uint8_t *item = block == NULL ? small : block;
    (void)weft_nested_pack(args, position, item);
    const int32_t hash = weft_java_hash(call->args[0]->type, item, (size_t)bytes, true);
    weft_items_update(body, len, item, (uint32_t)bytes, hash, 1);
done:
    weft_mem_free(block);
    return st;
}

static uint64_t count_merge_need(const weft_expr *call, const uint8_t *into, size_t len, const uint8_t *from,
                                 size_t from_len)
{
    (void)len;
    return weft_items_room(into, lg_of(tracked_of(call)), (uint64_t)weft_items_count(from), from_len);
}

static weft_status count_merge(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len,
                               const uint8_t *from, size_t from_len)
{
    (void)call;
    if (!weft_items_valid(from, from_len))
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of approx_top_k");
    return weft_items_merge(ctx, into, len, from, from_len);
}

static weft_status count_finish(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                                weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    const int lg = lg_of(tracked_of(call));
    void *empty = NULL;
    if (body == NULL) {
        len = (size_t)weft_items_room(NULL, lg, 0, 0);
        WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, len, &empty));
        weft_items_start(empty, len, lg);
        body = empty;
    } else if (!weft_items_valid(body, len)) {
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "a malformed state of approx_top_k"));
    }
    if (call->aggregate.function == &weft_aggregate_approx_top_k)
        WEFT_TRY(st, put_top(ctx, body, len, weft_agg_constant(call, 1, TOP_K_DEFAULT), out, i));
    else
        WEFT_TRY(st, put_sketch(ctx, item_type(call), body, len, tracked_of(call), out, i));
done:
    weft_mem_free(empty);
    return st;
}

static const weft_agg_object count_object = {.keeps_nulls = true,
                                             .bytes = count_bytes,
                                             .need = count_need,
                                             .shrink = count_shrink,
                                             .start = count_start,
                                             .grown = count_grown,
                                             .add = count_add,
                                             .merge_need = count_merge_need,
                                             .merge = count_merge,
                                             .finish = count_finish};

/* ---- binding ---- */

static weft_status bind_number(weft_ctx *ctx, const char *name, const char *what, const weft_expr **args,
                               int32_t k, const weft_span *span)
{
    weft_status st = WEFT_OK;
    if (!weft_argument_fits(args[k]->type, WEFT_TYPE_OF(WEFT_TYPE_INT)))
        return weft_fail_arg_type(ctx, k, "\"int\"", args[k], span);
    WEFT_TRY(st, weft_agg_bind_constant(ctx, name, what, args, k, WEFT_TYPE_OF(WEFT_TYPE_INT), true, span));
    if (args[k]->literal.is_null) {
        st = weft_fail_at(ctx, WEFT_TOP_K_NULL, span, "The value of `%s` in `approx_top_k` cannot be NULL.",
                          what);
    } else if (args[k]->literal.i64 <= 0) {
        st = weft_fail_at(ctx, WEFT_TOP_K_POSITIVE, span,
                          "The value of `%s` in `approx_top_k` must be a positive integer, but got %lld.",
                          what, (long long)args[k]->literal.i64);
    }
done:
    return st;
}

static weft_status bind_tracked(weft_ctx *ctx, const char *name, const weft_expr **args, int32_t k,
                                const weft_span *span)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, bind_number(ctx, name, "maxItemsTracked", args, k, span));
    if (args[k]->literal.i64 > TOP_TRACKED_MOST) {
        st = weft_fail_at(
            ctx, WEFT_TOP_K_LIMIT, span,
            "The max items tracked `maxItemsTracked`(%lld) of `approx_top_k` should be less than or "
            "equal to %d.",
            (long long)args[k]->literal.i64, TOP_TRACKED_MOST);
    }
done:
    return st;
}

static weft_status bind_items(weft_ctx *ctx, const weft_expr **args, const weft_span *span)
{
    if (weft_items_type(args[0]->type)) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_TYPE_CHECK_HINT, span,
                        "the first argument has to be of numbers, texts, dates, timestamps or booleans.");
}

static weft_status make_result_type(weft_ctx *ctx, weft_type item, weft_type *type)
{
    static const char *const names[] = {"item", "count"};
    weft_status st = WEFT_OK;
    const weft_type types[] = {item, WEFT_TYPE_OF(WEFT_TYPE_BIGINT)};
    WEFT_TRY(st, weft_type_make_struct(ctx, names, types, 2, type));
    WEFT_TRY(st, weft_type_make_array(ctx, *type, type));
done:
    return st;
}

static weft_status make_sketch_type(weft_ctx *ctx, weft_type item, weft_type *type)
{
    static const char *const names[] = {"sketch", "maxItemsTracked", "itemDataType", "itemDataTypeDDL"};
    const weft_type types[] = {WEFT_TYPE_OF(WEFT_TYPE_BINARY), WEFT_TYPE_OF(WEFT_TYPE_INT), item,
                               WEFT_TYPE_OF(WEFT_TYPE_STRING)};
    return weft_type_make_struct(ctx, names, types, 4, type);
}

static weft_status expect_tracked(weft_ctx *ctx, int64_t tracked, int64_t k, const weft_span *span)
{
    if (tracked >= k) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_TOP_K_TRACKED, span,
                        "The max items tracked `maxItemsTracked`(%lld) of `approx_top_k` should be greater "
                        "than or equal to `k`(%lld).",
                        (long long)tracked, (long long)k);
}

static weft_status top_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                            weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count < 1 || count > 3) return weft_fail_arg_count(ctx, "approx_top_k", 1, 3, count, span);
    WEFT_TRY(st, bind_items(ctx, args, span));
    if (count > 1) WEFT_TRY(st, bind_number(ctx, "approx_top_k", "k", args, 1, span));
    if (count > 2) WEFT_TRY(st, bind_tracked(ctx, "approx_top_k", args, 2, span));
    const int64_t k = count > 1 ? args[1]->literal.i64 : TOP_K_DEFAULT;
    const int64_t tracked = count > 2 ? args[2]->literal.i64 : TOP_TRACKED_DEFAULT;
    WEFT_TRY(st, expect_tracked(ctx, tracked, k, span));
    WEFT_TRY(st, make_result_type(ctx, args[0]->type, type));
done:
    return st;
}

static weft_status accumulate_bind(weft_ctx *ctx, const weft_expr **args, int32_t count,
                                   const weft_span *span, weft_type *type)
{
    weft_status st = WEFT_OK;
    const char *name = "approx_top_k_accumulate";
    if (count < 1 || count > 2) return weft_fail_arg_count(ctx, name, 1, 2, count, span);
    WEFT_TRY(st, bind_items(ctx, args, span));
    if (count > 1) WEFT_TRY(st, bind_tracked(ctx, name, args, 1, span));
    WEFT_TRY(st, make_sketch_type(ctx, args[0]->type, type));
done:
    return st;
}

/* struct<binary, int, items, string> */
static bool is_sketch(weft_type type)
{
    return type.id == WEFT_TYPE_STRUCT && type.child_count == 4 &&
           type.children[0].type.id == WEFT_TYPE_BINARY && type.children[1].type.id == WEFT_TYPE_INT &&
           weft_items_type(type.children[2].type) && type.children[3].type.id == WEFT_TYPE_STRING;
}

/* A struct, or NULL, is told apart from what could be no sketch at all. */
static weft_status fail_sketch(weft_ctx *ctx, const weft_expr *arg, const weft_span *span)
{
    if (arg->type.id != WEFT_TYPE_STRUCT && arg->type.id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, 0, "\"STRUCT\"", arg, span);
    return weft_fail_at(ctx, WEFT_TYPE_CHECK_HINT, span,
                        "the first argument has to be what approx_top_k_accumulate() gives.");
}

static weft_status combine_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                                weft_type *type)
{
    weft_status st = WEFT_OK;
    const char *name = "approx_top_k_combine";
    if (count < 1 || count > 2) return weft_fail_arg_count(ctx, name, 1, 2, count, span);
    if (!is_sketch(args[0]->type)) return fail_sketch(ctx, args[0], span);
    if (count > 1) WEFT_TRY(st, bind_tracked(ctx, name, args, 1, span));
    WEFT_TRY(st, make_sketch_type(ctx, args[0]->type.children[2].type, type));
done:
    return st;
}

/* ---- combining sketches ---- */

/* The fields of a sketch in row i of a struct column. */
typedef struct items_value {
    const weft_str *sketch, *ddl;
    int64_t tracked;
} items_value;

static items_value value_of(const weft_column *column, int32_t i)
{
    const int32_t row = column->encoding == WEFT_CONSTANT ? 0 : i;
    return (items_value){.sketch = weft_column_value(&column->children[0], row),
                         .tracked = weft_value_of_column(&column->children[1], row).i64,
                         .ddl = weft_column_value(&column->children[3], row)};
}

static weft_status take_sketch(weft_ctx *ctx, const char *name, weft_type type, const items_value *value,
                               const weft_span *span, uint8_t **out, size_t *len)
{
    weft_status st = WEFT_OK;
    char ddl[96];
    bool good = false;
    write_ddl(type, ddl, sizeof ddl);
    if (value->ddl->len != strlen(ddl) || memcmp(weft_str_data(value->ddl), ddl, value->ddl->len) != 0) {
        return weft_fail_at(ctx, WEFT_TOP_K_TYPE, span,
                            "Combining approx_top_k sketches of different types is not allowed: %s and %.*s.",
                            ddl, (int)weft_min_i64(value->ddl->len, 64), weft_str_data(value->ddl));
    }
    WEFT_TRY(st,
             weft_items_read(ctx, type, weft_str_data(value->sketch), value->sketch->len, out, len, &good));
    if (good) goto done;
    weft_mem_free(*out);
    *out = NULL;
    st = weft_fail_at(ctx, WEFT_INVALID, span, "%s was given bytes that are no sketch of approx_top_k", name);
done:
    return st;
}

static uint64_t combine_bytes(const weft_expr *call, const weft_column *args, int32_t position)
{
    (void)call;
    return value_of(args, position).sketch->len;
}

/* An item takes 8 bytes of a sketch at least, and no more room in the heap than in the sketch. */
static uint64_t combine_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                             uint64_t bytes)
{
    (void)call, (void)len, (void)updates;
    const uint8_t *state = body == NULL ? NULL : body + COMBINE_HEAD;
    return COMBINE_HEAD + weft_items_room(state, lg_of(TOP_TRACKED_MOST), bytes / 8, bytes * 4);
}

static weft_status combine_shrink(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len)
{
    (void)call;
    return weft_items_shrink(ctx, body + COMBINE_HEAD, len - COMBINE_HEAD);
}
static void combine_start(const weft_expr *call, uint8_t *body, size_t len)
{
    (void)call;
    weft_items_start(body + COMBINE_HEAD, len - COMBINE_HEAD, lg_of(TOP_TRACKED_MOST));
}
static void combine_grown(const weft_expr *call, uint8_t *body, size_t old_len, size_t len)
{
    (void)call;
    weft_items_grown(body + COMBINE_HEAD, old_len - COMBINE_HEAD, len - COMBINE_HEAD);
}

static weft_status combine_size(weft_ctx *ctx, const weft_expr *call, uint8_t *body, int64_t tracked)
{
    const int64_t had = weft_get_u32(body);
    if (call->arg_count > 1) tracked = tracked_of(call);
    if (had != 0 && had != tracked) {
        return weft_fail_at(
            ctx, WEFT_TOP_K_SIZE, &call->span,
            "Combining approx_top_k sketches of different sizes is not allowed. Found sketches of "
            "size %lld and %lld.",
            (long long)had, (long long)tracked);
    }
    if (tracked < 1 || tracked > TOP_TRACKED_MOST)
        return weft_fail_at(ctx, WEFT_INVALID, &call->span, "a sketch that tracks %lld items",
                            (long long)tracked);
    if (had == 0) weft_items_limit(body + COMBINE_HEAD, lg_of(tracked));
    weft_put_u32(body, (uint32_t)tracked);
    return WEFT_OK;
}

static weft_status combine_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                               const weft_column *args, int32_t position)
{
    weft_status st = WEFT_OK;
    const items_value value = value_of(args, position);
    uint8_t *other = NULL;
    size_t other_len = 0;
    WEFT_TRY(st, take_sketch(ctx, "approx_top_k_combine", item_type(call), &value, &call->span, &other,
                             &other_len));
    WEFT_TRY(st, combine_size(ctx, call, body, value.tracked));
    WEFT_TRY(st, weft_items_merge(ctx, body + COMBINE_HEAD, len - COMBINE_HEAD, other, other_len));
done:
    weft_mem_free(other);
    return st;
}

static uint64_t combine_merge_need(const weft_expr *call, const uint8_t *into, size_t len,
                                   const uint8_t *from, size_t from_len)
{
    const uint8_t *state = into == NULL ? NULL : into + COMBINE_HEAD;
    (void)call, (void)len;
    return COMBINE_HEAD + weft_items_room(state, lg_of(TOP_TRACKED_MOST),
                                          (uint64_t)weft_items_count(from + COMBINE_HEAD), from_len);
}

static weft_status combine_merge(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len,
                                 const uint8_t *from, size_t from_len)
{
    weft_status st = WEFT_OK;
    if (from_len < COMBINE_HEAD || !weft_items_valid(from + COMBINE_HEAD, from_len - COMBINE_HEAD))
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of approx_top_k_combine");
    if (weft_get_u32(from) == 0) return WEFT_OK;
    WEFT_TRY(st, combine_size(ctx, call, into, weft_get_u32(from)));
    WEFT_TRY(st, weft_items_merge(ctx, into + COMBINE_HEAD, len - COMBINE_HEAD, from + COMBINE_HEAD,
                                  from_len - COMBINE_HEAD));
done:
    return st;
}

static weft_status combine_finish(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                                  weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    if (body == NULL || weft_get_u32(body) == 0) {
        weft_vector_set_null(out, i);
        for (int32_t k = 0; k < 4; k++) weft_vector_set_null(&out->children[k], i);
        return WEFT_OK;
    }
    if (!weft_items_valid(body + COMBINE_HEAD, len - COMBINE_HEAD))
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of approx_top_k_combine");
    WEFT_TRY(st, put_sketch(ctx, item_type(call), body + COMBINE_HEAD, len - COMBINE_HEAD, weft_get_u32(body),
                            out, i));
done:
    return st;
}

static const weft_agg_object combine_object = {.bytes = combine_bytes,
                                               .need = combine_need,
                                               .shrink = combine_shrink,
                                               .start = combine_start,
                                               .grown = combine_grown,
                                               .add = combine_add,
                                               .merge_need = combine_merge_need,
                                               .merge = combine_merge,
                                               .finish = combine_finish};

/* ---- approx_top_k_estimate ---- */

static weft_status estimate_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                 int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    *variant = 0;
    if (count < 1 || count > 2) return weft_fail_arg_count(ctx, fn->name, 1, 2, count, span);
    if (!is_sketch(args[0]->type)) return fail_sketch(ctx, args[0], span);
    if (count > 1) WEFT_TRY(st, bind_number(ctx, fn->name, "k", args, 1, span));
    WEFT_TRY(st, make_result_type(ctx, args[0]->type.children[2].type, type));
done:
    return st;
}

static weft_status kernel_estimate(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const char *name = call->expr->call.function->name;
    const weft_value *given = weft_call_literal(call->expr, 1);
    const int64_t wanted = given == NULL ? TOP_K_DEFAULT : given->i64;
    uint8_t *state = NULL;
    size_t len = 0;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const items_value value = value_of(&call->args[0], i);
        WEFT_TRY(st, take_sketch(ctx, name, call->expr->args[0]->type.children[2].type, &value,
                                 &call->expr->span, &state, &len));
        WEFT_TRY(st, expect_tracked(ctx, value.tracked, wanted, &call->expr->span));
        WEFT_TRY(st, put_top(ctx, state, len, wanted, call->out, i));
        weft_mem_free(state);
        state = NULL;
    }
done:
    weft_mem_free(state);
    return st;
}

/* ---- registry ---- */

#define TOP(symbol, first, last, binder, what, usage, sql, want)                                             \
    const weft_aggregate weft_aggregate_##symbol = {.name = #symbol,                                         \
                                                    .constant_first = first,                                 \
                                                    .constant_last = last,                                   \
                                                    .bind = binder,                                          \
                                                    WEFT_AGG_OBJECT_ENTRY,                                   \
                                                    .order_sensitive = true,                                 \
                                                    .object = &what,                                         \
                                                    .help = usage,                                           \
                                                    .example = sql,                                          \
                                                    .example_result = want}
TOP(approx_top_k, 1, 2, top_bind, count_object,
    "approx_top_k(expr [, k [, maxItemsTracked]]) - About the k most frequent values, and how often they "
    "occur.",
    "SELECT approx_top_k(expr, 2) FROM VALUES 'a', 'b', 'c', 'c', 'c', 'c', 'd', 'd' AS tab(expr)",
    "[{c, 4}, {d, 2}]");
TOP(approx_top_k_accumulate, 1, 1, accumulate_bind, count_object,
    "approx_top_k_accumulate(expr [, maxItemsTracked]) - A sketch of how often values occur.",
    "SELECT approx_top_k_estimate(approx_top_k_accumulate(expr, 100), 2) FROM VALUES 'a', 'b', 'c', 'c', "
    "'c', 'c', "
    "'d', 'd' AS tab(expr)",
    "[{c, 4}, {d, 2}]");
TOP(approx_top_k_combine, 1, 1, combine_bind, combine_object,
    "approx_top_k_combine(sketch [, maxItemsTracked]) - The sketches of approx_top_k_accumulate as one.",
    NULL, NULL);

WEFT_FN_FORM(approx_top_k_estimate, 1, 2, WEFT_TYPE_COUNT, kernel_estimate, WEFT_TYPE_COUNT, WEFT_TYPE_COUNT);
WEFT_FN_ENTRY(
    approx_top_k_estimate, "approx_top_k_estimate", NULL, WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE, estimate_bind,
    "approx_top_k_estimate(sketch [, k]): the k most frequent values of a sketch, and how often they occur",
    "SELECT approx_top_k_estimate(approx_top_k_accumulate(expr), 2) FROM VALUES 'a', 'b', 'c', 'c', 'c', "
    "'c', 'd', 'd' tab(expr)",
    "[{c, 4}, {d, 2}]");
