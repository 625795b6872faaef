/* engine/expr/sketch/agg_theta.c - theta_sketch_agg, theta_union_agg, theta_intersection_agg and those of
 * tuple sketches, whose summaries are doubles or integers.
 *
 * The body of the first two is a state of theta.h. That of an intersection: a byte that says whether there
 * was a sketch, one whether it is empty, from 8 theta, the count, and the entries by hash, 16 bytes each. */
#include <strings.h>

#include "common/mem.h"
#include "engine/expr/coerce.h"
#include "engine/expr/sketch/fn_theta.h"

/* ---- arguments ---- */

weft_theta_kind weft_theta_kind_of(const char *name)
{
    const size_t len = strlen(name);
    if (len > 7 && strcmp(name + len - 7, "_double") == 0) return WEFT_THETA_DOUBLE;
    return len > 8 && strcmp(name + len - 8, "_integer") == 0 ? WEFT_THETA_INTEGER : WEFT_THETA_PLAIN;
}

weft_status weft_theta_mode_of(weft_ctx *ctx, const char *name, const weft_str *text, const weft_span *span,
                               weft_theta_mode *out)
{
    static const char *const modes[] = {"sum", "min", "max", "alwaysone"};
    for (int32_t k = 0; k < WEFT_COUNT(modes); k++) {
        *out = (weft_theta_mode)k;
        if (strlen(modes[k]) == text->len && strncasecmp(modes[k], weft_str_data(text), text->len) == 0)
            return WEFT_OK;
    }
    return weft_fail_at(ctx, WEFT_TUPLE_MODE, span,
                        "Invalid call to %s: mode '%.*s' is not supported. Valid modes are: sum, min, max, "
                        "alwaysone.",
                        name, (int)weft_min_i64(text->len, 64), weft_str_data(text));
}

weft_status weft_theta_check_lg(weft_ctx *ctx, const char *name, int64_t lg, const weft_span *span)
{
    if (lg >= WEFT_THETA_LG_MIN && lg <= WEFT_THETA_LG_MAX) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_SKETCH_LG, span,
                        "Invalid call to %s; the `lgNomEntries` value must be between %d and %d, inclusive: "
                        "%lld.",
                        name, WEFT_THETA_LG_MIN, WEFT_THETA_LG_MAX, (long long)lg);
}

weft_status weft_theta_take(weft_ctx *ctx, const char *name, weft_theta_kind kind, const weft_str *bytes,
                            const weft_span *span, weft_theta_list *out)
{
    weft_status st = WEFT_OK;
    bool good = false;
    WEFT_TRY(st, weft_theta_read(ctx, kind, weft_str_data(bytes), bytes->len, out, &good));
    if (good) {
        weft_theta_sort(out, WEFT_THETA_LG_MAX);
        goto done;
    }
    weft_mem_free(out->entries);
    out->entries = NULL;
    const char *what = kind == WEFT_THETA_PLAIN ? "Theta" : "Tuple";
    st = weft_fail_at(
        ctx, kind == WEFT_THETA_PLAIN ? WEFT_THETA_SKETCH : WEFT_TUPLE_SKETCH, span,
        "Invalid call to %s; only valid %s sketch buffers are supported as inputs (such as those "
        "produced by the `%s_sketch_agg` functions).",
        name, what, kind == WEFT_THETA_PLAIN ? "theta" : "tuple");
done:
    return st;
}

weft_status weft_theta_put(weft_ctx *ctx, weft_theta_kind kind, weft_theta_mode mode,
                           const weft_theta_list *list, weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    char *to = NULL;
    WEFT_TRY(st, weft_vector_heap(ctx, out, weft_theta_write_room(list), &to));
    const size_t len = weft_theta_write(kind, mode, list, to);
    ((weft_str *)out->values)[i] = weft_str_view(to, (uint32_t)len);
done:
    return st;
}

/* What a call's name and constants say. */
typedef struct theta_call {
    const char *name;
    weft_theta_kind kind;
    weft_theta_mode mode;
    int lg;
} theta_call;

static bool builds(const weft_expr *call) /* from values, not from sketches */
{
    return strstr(call->aggregate.function->name, "_sketch_agg") != NULL;
}

static theta_call call_of(const weft_expr *call)
{
    theta_call out = {.name = call->aggregate.function->name, .lg = WEFT_THETA_LG};
    out.kind = weft_theta_kind_of(out.name);
    for (int32_t k = 1; k < call->arg_count; k++) {
        const weft_expr *arg = call->args[k];
        if (!weft_aggregate_constant(call, k) || arg->kind != WEFT_EXPR_LITERAL) continue;
        if (arg->type.id == WEFT_TYPE_INT) out.lg = (int)arg->literal.i64;
        if (arg->type.id != WEFT_TYPE_STRING) continue;
        const char first = weft_str_data(&arg->literal.str)[0], second = weft_str_data(&arg->literal.str)[1];
        out.mode = first == 's' || first == 'S'     ? WEFT_THETA_SUM
                   : first == 'a' || first == 'A'   ? WEFT_THETA_ONE
                   : second == 'i' || second == 'I' ? WEFT_THETA_MIN
                                                    : WEFT_THETA_MAX;
    }
    return out;
}

/* ---- values and unions ---- */

static uint64_t state_bytes(const weft_expr *call, const weft_column *args, int32_t position)
{
    const weft_str *sketch = builds(call) ? NULL : weft_column_value(args, position);
    return sketch == NULL ? 1
                          : (uint64_t)sketch->len * 8; /* an entry of a packed sketch has a bit at least */
}

static uint64_t state_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                           uint64_t bytes)
{
    const theta_call c = call_of(call);
    (void)len, (void)updates;
    return weft_theta_room(body, c.kind, c.lg, bytes);
}

static void state_start(const weft_expr *call, uint8_t *body, size_t len)
{
    const theta_call c = call_of(call);
    weft_theta_start(body, len, c.kind, c.mode, c.lg);
}

static void state_grown(const weft_expr *call, uint8_t *body, size_t old_len, size_t len)
{
    (void)call, (void)old_len;
    weft_theta_grown(body, len);
}

static void update_by_value(uint8_t *body, const weft_column *key, int32_t position,
                            weft_theta_summary summary)
{
    if (key->phys == WEFT_PHYS_STR) {
        const weft_str *text = weft_column_value(key, position);
        if (text->len > 0) weft_theta_update(body, weft_str_data(text), text->len, summary);
    } else if (key->phys == WEFT_PHYS_LIST) {
        const weft_list *list = weft_column_value(key, position);
        const size_t each = (size_t)weft_phys_bytes((weft_phys)key->children[0].phys);
        const char *at = (const char *)key->children[0].data + (size_t)list->offset * each;
        if (list->length > 0) weft_theta_update(body, at, (size_t)list->length * each, summary);
    } else {
        const weft_value value = weft_value_of_column(key, position);
        const bool real = value.type.id == WEFT_TYPE_FLOAT || value.type.id == WEFT_TYPE_DOUBLE;
        const double number = value.f64 != value.f64 ? __builtin_nan("") : value.f64 + 0.0;
        if (real)
            weft_theta_update(body, &number, sizeof number, summary);
        else
            weft_theta_update(body, &value.i64, sizeof value.i64, summary);
    }
}

static weft_status state_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                             const weft_column *args, int32_t position)
{
    weft_status st = WEFT_OK;
    const theta_call c = call_of(call);
    weft_theta_list list = {0};
    weft_theta_summary summary = 0;
    (void)len;
    if (!builds(call)) {
        WEFT_TRY(st,
                 weft_theta_take(ctx, c.name, c.kind, weft_column_value(args, position), &call->span, &list));
        weft_theta_union(body, &list);
        goto done;
    }
    if (c.kind != WEFT_THETA_PLAIN) {
        const weft_value value = weft_value_of_column(&args[1], position);
        if (value.is_null) goto done;
        summary = (uint64_t)value.i64;
        if (c.kind == WEFT_THETA_DOUBLE) memcpy(&summary, &value.f64, sizeof summary);
    }
    update_by_value(body, &args[0], position, summary);
done:
    weft_mem_free(list.entries);
    return st;
}

static uint64_t state_merge_need(const weft_expr *call, const uint8_t *into, size_t len, const uint8_t *from,
                                 size_t from_len)
{
    const theta_call c = call_of(call);
    (void)len, (void)from;
    return weft_theta_room(into, c.kind, c.lg, from_len / 16);
}

static weft_status state_merge(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len,
                               const uint8_t *from, size_t from_len)
{
    weft_status st = WEFT_OK;
    weft_theta_list list = {0};
    (void)call, (void)len;
    WEFT_TRY(st, weft_theta_list_of(ctx, from, from_len, &list));
    weft_theta_union(into, &list);
done:
    weft_mem_free(list.entries);
    return st;
}

static weft_status state_finish(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                                weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    const theta_call c = call_of(call);
    weft_theta_list list = {.theta = WEFT_THETA_ALL, .empty = true};
    if (body != NULL) WEFT_TRY(st, weft_theta_list_of(ctx, body, len, &list));
    weft_theta_sort(&list, c.lg);
    WEFT_TRY(st, weft_theta_put(ctx, c.kind, c.mode, &list, out, i));
done:
    weft_mem_free(list.entries);
    return st;
}

static const weft_agg_object state_object = {.bytes = state_bytes,
                                             .need = state_need,
                                             .start = state_start,
                                             .grown = state_grown,
                                             .add = state_add,
                                             .merge_need = state_merge_need,
                                             .merge = state_merge,
                                             .finish = state_finish};

/* ---- intersections ---- */

enum { BOTH_SEEN = 0, BOTH_EMPTY = 1, BOTH_THETA = 8, BOTH_COUNT = 16, BOTH_HEAD = 24 };

/* A packed sketch has a bit an entry at least, but no more entries than fit in what is read. */
static uint64_t both_bytes(const weft_expr *call, const weft_column *args, int32_t position)
{
    const weft_str *sketch = weft_column_value(args, position);
    (void)call;
    return (uint64_t)sketch->len * 8 * sizeof(weft_theta_entry);
}

static uint64_t both_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                          uint64_t bytes)
{
    (void)call, (void)updates;
    return body != NULL && body[BOTH_SEEN] != 0 ? len : BOTH_HEAD + bytes;
}

static void both_write(uint8_t *body, const weft_theta_list *list)
{
    body[BOTH_SEEN] = 1;
    body[BOTH_EMPTY] = list->empty;
    weft_put_u64(body + BOTH_THETA, list->theta);
    weft_put_u64(body + BOTH_COUNT, (uint64_t)list->count);
    if (list->count > 0) memcpy(body + BOTH_HEAD, list->entries, (size_t)list->count * sizeof *list->entries);
}

static weft_status both_read(weft_ctx *ctx, const uint8_t *body, size_t len, weft_theta_list *out)
{
    weft_status st = WEFT_OK;
    const uint64_t count = weft_get_u64(body + BOTH_COUNT);
    *out = (weft_theta_list){.theta = weft_get_u64(body + BOTH_THETA), .empty = body[BOTH_EMPTY] != 0};
    if (count > (len - BOTH_HEAD) / sizeof *out->entries)
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of an intersection of sketches");
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, ((size_t)count + 1) * sizeof *out->entries,
                                (void **)&out->entries));
    memcpy(out->entries, body + BOTH_HEAD, (size_t)count * sizeof *out->entries);
    out->count = (int64_t)count;
done:
    return st;
}

static weft_status both_take(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                             const weft_theta_list *other)
{
    weft_status st = WEFT_OK;
    const theta_call c = call_of(call);
    weft_theta_list mine = {0};
    if (body[BOTH_SEEN] == 0) {
        both_write(body, other);
        return WEFT_OK;
    }
    WEFT_TRY(st, both_read(ctx, body, len, &mine));
    weft_theta_intersect(c.kind, c.mode, &mine, other);
    both_write(body, &mine);
done:
    weft_mem_free(mine.entries);
    return st;
}

static weft_status both_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                            const weft_column *args, int32_t position)
{
    weft_status st = WEFT_OK;
    const theta_call c = call_of(call);
    weft_theta_list list = {0};
    WEFT_TRY(st, weft_theta_take(ctx, c.name, c.kind, weft_column_value(args, position), &call->span, &list));
    WEFT_TRY(st, both_take(ctx, call, body, len, &list));
done:
    weft_mem_free(list.entries);
    return st;
}

static uint64_t both_merge_need(const weft_expr *call, const uint8_t *into, size_t len, const uint8_t *from,
                                size_t from_len)
{
    (void)from;
    return both_need(call, into, len, 0, from_len - BOTH_HEAD);
}

static weft_status both_merge(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len,
                              const uint8_t *from, size_t from_len)
{
    weft_status st = WEFT_OK;
    weft_theta_list list = {0};
    if (from[BOTH_SEEN] == 0) return WEFT_OK;
    WEFT_TRY(st, both_read(ctx, from, from_len, &list));
    WEFT_TRY(st, both_take(ctx, call, into, len, &list));
done:
    weft_mem_free(list.entries);
    return st;
}

static weft_status both_finish(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                               weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    const theta_call c = call_of(call);
    weft_theta_list list = {.theta = WEFT_THETA_ALL, .empty = true};
    if (body != NULL && body[BOTH_SEEN] != 0) WEFT_TRY(st, both_read(ctx, body, len, &list));
    WEFT_TRY(st, weft_theta_put(ctx, c.kind, c.mode, &list, out, i));
done:
    weft_mem_free(list.entries);
    return st;
}

static const weft_agg_object both_object = {.bytes = both_bytes,
                                            .need = both_need,
                                            .add = both_add,
                                            .merge_need = both_merge_need,
                                            .merge = both_merge,
                                            .finish = both_finish};

/* ---- registry ---- */

static bool is_key(weft_type type)
{
    if (type.id == WEFT_TYPE_ARRAY) {
        const weft_type_id id = (weft_type_id)type.children[0].type.id;
        return id == WEFT_TYPE_INT || id == WEFT_TYPE_BIGINT;
    }
    return type.id == WEFT_TYPE_INT || type.id == WEFT_TYPE_BIGINT || type.id == WEFT_TYPE_FLOAT ||
           type.id == WEFT_TYPE_DOUBLE || type.id == WEFT_TYPE_STRING || type.id == WEFT_TYPE_BINARY;
}

static weft_status bind_lg(weft_ctx *ctx, const char *name, const weft_expr **args, int32_t k,
                           const weft_span *span)
{
    weft_status st = WEFT_OK;
    if (args[k]->type.id != WEFT_TYPE_INT && args[k]->type.id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, k, "\"int\"", args[k], span);
    WEFT_TRY(st, weft_agg_bind_constant(ctx, name, "lgNomEntries", args, k, WEFT_TYPE_OF(WEFT_TYPE_INT),
                                        false, span));
    WEFT_TRY(st, weft_theta_check_lg(ctx, name, args[k]->literal.i64, span));
done:
    return st;
}

static weft_status bind_mode(weft_ctx *ctx, const char *name, const weft_expr **args, int32_t k,
                             const weft_span *span)
{
    weft_status st = WEFT_OK;
    weft_theta_mode mode;
    if (args[k]->type.id != WEFT_TYPE_STRING && args[k]->type.id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, k, "\"string\"", args[k], span);
    WEFT_TRY(st,
             weft_agg_bind_constant(ctx, name, "mode", args, k, WEFT_TYPE_OF(WEFT_TYPE_STRING), false, span));
    WEFT_TRY(st, weft_theta_mode_of(ctx, name, &args[k]->literal.str, span, &mode));
done:
    return st;
}

static weft_status bind_build(weft_ctx *ctx, const char *name, const weft_expr **args, int32_t count,
                              const weft_span *span, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_theta_kind kind = weft_theta_kind_of(name);
    const int32_t low = kind == WEFT_THETA_PLAIN ? 1 : 2, high = kind == WEFT_THETA_PLAIN ? 2 : 4;
    *type = WEFT_TYPE_OF(WEFT_TYPE_BINARY);
    if (count < low || count > high) return weft_fail_arg_count(ctx, name, low, high, count, span);
    if (args[0]->type.id == WEFT_TYPE_NULL)
        WEFT_TRY(st, weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_INT), true, &args[0]));
    if (kind != WEFT_THETA_PLAIN &&
        (args[0]->type.id == WEFT_TYPE_TINYINT || args[0]->type.id == WEFT_TYPE_SMALLINT))
        WEFT_TRY(st, weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_INT), true, &args[0]));
    if (!is_key(args[0]->type))
        return weft_fail_arg_type(ctx, 0, "of an integer, a real, a text, bytes or an array of integers",
                                  args[0], span);
    if (kind != WEFT_THETA_PLAIN) {
        const weft_type_id id = kind == WEFT_THETA_DOUBLE ? WEFT_TYPE_DOUBLE : WEFT_TYPE_INT;
        if (!weft_type_is_numeric(args[1]->type) && args[1]->type.id != WEFT_TYPE_STRING &&
            args[1]->type.id != WEFT_TYPE_NULL)
            return weft_fail_arg_type(ctx, 1, id == WEFT_TYPE_INT ? "\"int\"" : "\"double\"", args[1], span);
        WEFT_TRY(st, weft_expr_cast(ctx, args[1], WEFT_TYPE_OF(id), true, &args[1]));
    }
    if (count > low) WEFT_TRY(st, bind_lg(ctx, name, args, low, span));
    if (count > low + 1) WEFT_TRY(st, bind_mode(ctx, name, args, low + 1, span));
done:
    return st;
}

/* (sketch [, lg] [, mode]): the last two as the function has them. */
static weft_status bind_sketches(weft_ctx *ctx, const char *name, bool has_lg, const weft_expr **args,
                                 int32_t count, const weft_span *span, weft_type *type)
{
    weft_status st = WEFT_OK;
    const bool has_mode = weft_theta_kind_of(name) != WEFT_THETA_PLAIN;
    const int32_t high = 1 + has_lg + has_mode;
    *type = WEFT_TYPE_OF(WEFT_TYPE_BINARY);
    if (count < 1 || count > high) return weft_fail_arg_count(ctx, name, 1, high, count, span);
    if (args[0]->type.id == WEFT_TYPE_NULL) WEFT_TRY(st, weft_expr_cast(ctx, args[0], *type, true, &args[0]));
    if (args[0]->type.id != WEFT_TYPE_BINARY) return weft_fail_arg_type(ctx, 0, "\"binary\"", args[0], span);
    if (has_lg && count > 1) WEFT_TRY(st, bind_lg(ctx, name, args, 1, span));
    if (has_mode && count > 1 + has_lg) WEFT_TRY(st, bind_mode(ctx, name, args, 1 + has_lg, span));
done:
    return st;
}

/* Each aggregate and its binder. */
#define THETA(symbol, first, binder_call, what, usage, sql, want)                                            \
    static weft_status symbol##_bind(weft_ctx *ctx, const weft_expr **args, int32_t count,                   \
                                     const weft_span *span, weft_type *type)                                 \
    {                                                                                                        \
        return binder_call;                                                                                  \
    }                                                                                                        \
    const weft_aggregate weft_aggregate_##symbol = {.name = #symbol,                                         \
                                                    .constant_first = first,                                 \
                                                    .constant_last = 3,                                      \
                                                    .bind = symbol##_bind,                                   \
                                                    WEFT_AGG_OBJECT_ENTRY,                                   \
                                                    .object = &what,                                         \
                                                    .help = usage,                                           \
                                                    .example = sql,                                          \
                                                    .example_result = want}

THETA(
    theta_sketch_agg, 1, bind_build(ctx, "theta_sketch_agg", args, count, span, type), state_object,
    "theta_sketch_agg(expr [, lgNomEntries]) - A theta sketch of the values, as Apache DataSketches have it.",
    "SELECT theta_sketch_estimate(theta_sketch_agg(col, 12)) FROM VALUES (1), (1), (2), (2), (3) tab(col)",
    "3");
THETA(
    theta_union_agg, 1, bind_sketches(ctx, "theta_union_agg", true, args, count, span, type), state_object,
    "theta_union_agg(sketch [, lgNomEntries]) - The union of theta sketches.",
    "SELECT theta_sketch_estimate(theta_union_agg(sketch)) FROM (SELECT theta_sketch_agg(col) AS sketch FROM "
    "VALUES (1) tab(col) UNION ALL SELECT theta_sketch_agg(col, 20) FROM VALUES (1) tab(col))",
    "1");
THETA(theta_intersection_agg, 1, bind_sketches(ctx, "theta_intersection_agg", false, args, count, span, type),
      both_object, "theta_intersection_agg(sketch) - The intersection of theta sketches.",
      "SELECT theta_sketch_estimate(theta_intersection_agg(sketch)) FROM VALUES (CAST(NULL AS BINARY)) "
      "tab(sketch)",
      "0");
#define TUPLE(end, what)                                                                                     \
    THETA(tuple_sketch_agg_##end, 2, bind_build(ctx, "tuple_sketch_agg_" #end, args, count, span, type),     \
          state_object,                                                                                      \
          "tuple_sketch_agg_" #end "(key, summary [, lgNomEntries [, mode]]) - A sketch of the keys with a " \
          "summary of " what " each: sum, min, max or alwaysone.",                                           \
          "SELECT tuple_sketch_estimate_" #end "(tuple_sketch_agg_" #end                                     \
          "(key, summary)) FROM VALUES (1, 5), (1, 1), (2, 2) tab(key, summary)",                            \
          "2.0");                                                                                            \
    THETA(tuple_union_agg_##end, 1,                                                                          \
          bind_sketches(ctx, "tuple_union_agg_" #end, true, args, count, span, type), state_object,          \
          "tuple_union_agg_" #end "(sketch [, lgNomEntries [, mode]]) - The union of tuple sketches.", NULL, \
          NULL);                                                                                             \
    THETA(tuple_intersection_agg_##end, 1,                                                                   \
          bind_sketches(ctx, "tuple_intersection_agg_" #end, false, args, count, span, type), both_object,   \
          "tuple_intersection_agg_" #end "(sketch [, mode]) - The intersection of tuple sketches.", NULL,    \
          NULL)
TUPLE(double, "doubles");
TUPLE(integer, "integers");
