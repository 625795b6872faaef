/* engine/expr/agg_collect.c - collect_list, collect_set: the values of a group as an array, without NULLs;
 * collect_union: the elements of its arrays as one.
 *
 * State: one string of bytes, which grows by doubling: u32 0, count, used bytes, bytes promised; then the
 * packed values (columnar/nested.h) one behind the other, then room. Room for all values of a batch is made
 * before the first is written, so that an update that was refused memory can be done again.
 * The sets drop duplicates whenever the state would grow, and at the end: the state is at most about
 * twice as large as the set. Values are duplicates when their packed bytes are equal; first ones stay. */
#include "common/mem.h"
#include "engine/columnar/nested.h"
#include "engine/expr/agg_input.h"
#include "engine/expr/nested_call.h"

extern const weft_aggregate weft_aggregate_collect_list, weft_aggregate_collect_union;

typedef struct collect_head {
    uint32_t mark; /* 0: the first four bytes of a string are kept beside its pointer and must not change */
    uint32_t count, used, promised;
} collect_head;

enum { COLLECT_HEAD = sizeof(collect_head), COLLECT_LEAST = 64 };

static uint8_t *collect_bytes(const weft_str *state)
{
    return (uint8_t *)(uintptr_t)state->pointer; /* never inline: the heap of the row's own set */
}

static collect_head collect_read(const uint8_t *bytes)
{
    collect_head head;
    memcpy(&head, bytes, sizeof head);
    return head;
}

static bool is_set(const weft_agg_place *place)
{
    return place->call->aggregate.function != &weft_aggregate_collect_list;
}

/* What a row gives: itself, or the elements of its array. */
typedef struct collect_run {
    const weft_column *column;
    int32_t first, count;
} collect_run;

static collect_run run_of(const weft_agg_place *place, const weft_column *args, int32_t position)
{
    if (weft_column_is_null(args, position)) return (collect_run){args, 0, 0};
    if (place->call->aggregate.function != &weft_aggregate_collect_union)
        return (collect_run){args, position, 1};
    const weft_list *list = weft_column_value(args, position);
    return (collect_run){&args->children[0], list->offset, list->length};
}

static weft_type element_type(const weft_agg_place *place) { return place->call->type.children[0].type; }

/* ---- duplicates ---- */

/* Open addressing over the values of a state: each once, in place. */
static weft_status drop_duplicates(weft_ctx *ctx, weft_type type, uint8_t *bytes)
{
    weft_status st = WEFT_OK;
    collect_head head = collect_read(bytes);
    void *block = NULL;
    const uint8_t *end = bytes + head.used, *at = bytes + COLLECT_HEAD;
    uint8_t *to = bytes + COLLECT_HEAD;
    const size_t size = weft_pow2_ceil((size_t)head.count * 2 + 2);
    if (head.count < 2) return WEFT_OK;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, size * 2 * sizeof(uint32_t), &block));
    uint32_t *table = block; /* begin and length of a value; begin 0: free */
    head.count = 0;
    while (at < end) {
        const uint8_t *next = weft_nested_end(type, at, end);
        if (next == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "a malformed state of collect_set"));
        const uint32_t len = (uint32_t)(next - at);
        size_t slot = weft_hash_bytes(at, len) & (size - 1);
        bool found = false;
        for (; table[2 * slot] != 0 && !found; slot = found ? slot : (slot + 1) & (size - 1))
            found = table[2 * slot + 1] == len && memcmp(bytes + table[2 * slot], at, len) == 0;
        if (!found) {
            memmove(to, at, len);
            table[2 * slot] = (uint32_t)(to - bytes);
            table[2 * slot + 1] = len;
            to += len;
            head.count++;
        }
        at = next;
    }
    memset(to, 0, (size_t)(end - to));
    head.used = (uint32_t)(to - bytes);
    memcpy(bytes, &head, sizeof head);
done:
    weft_mem_free(block);
    return st;
}

/* ---- growing ---- */

static weft_status grow(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row, const weft_str *held,
                        uint64_t need)
{
    weft_status st = WEFT_OK;
    const weft_agg_slot slot = weft_agg_state(place, 0);
    const collect_head head = held->len == 0 ? (collect_head){.used = COLLECT_HEAD}
                                             : collect_read(collect_bytes(held));
    void *block = NULL;
    if (need > INT32_MAX) {
        return weft_fail(ctx, WEFT_LIMIT, "%s() of a group takes %llu bytes: at most 2147483647 are kept",
                         place->call->aggregate.function->name, (unsigned long long)need);
    }
    const uint64_t room = weft_min_i64(INT32_MAX, (int64_t)weft_pow2_ceil((size_t)need));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)room, &block));
    if (held->len > 0) memcpy(block, collect_bytes(held), head.used);
    memcpy(block, &head, sizeof head);
    const weft_str larger = weft_str_view(block, (uint32_t)room);
    WEFT_TRY(st, weft_agg_set_string(ctx, place, row, slot, &larger));
done:
    weft_mem_free(block);
    return st;
}

/* Promise a row room for len bytes more. */
static weft_status promise(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row, uint64_t len)
{
    weft_status st = WEFT_OK;
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_str held = {0};
    if (!weft_agg_is_null(row, slot)) memcpy(&held, row + slot.offset, sizeof held);
    collect_head head = held.len == 0 ? (collect_head){.used = COLLECT_HEAD}
                                      : collect_read(collect_bytes(&held));
    uint64_t need = (uint64_t)head.used + head.promised + len;
    if (need > held.len && held.len > 0 && is_set(place)) {
        WEFT_TRY(st, drop_duplicates(ctx, element_type(place), collect_bytes(&held)));
        head = collect_read(collect_bytes(&held));
        need = (uint64_t)head.used + head.promised + len;
        if (need > held.len / 2) need = need > held.len ? need : (uint64_t)held.len + 1;
    }
    if (need > held.len) {
        WEFT_TRY(st, grow(ctx, place, row, &held, need < COLLECT_LEAST ? COLLECT_LEAST : need));
        memcpy(&held, row + slot.offset, sizeof held);
    }
    head.promised += (uint32_t)len;
    memcpy(collect_bytes(&held), &head, sizeof head);
done:
    return st;
}

/* Where the next len promised bytes go, `count` more values. */
static uint8_t *take_room(const weft_agg_place *place, uint8_t *row, uint32_t count, uint32_t len)
{
    weft_str held;
    memcpy(&held, row + weft_agg_state(place, 0).offset, sizeof held);
    uint8_t *bytes = collect_bytes(&held);
    collect_head head = collect_read(bytes);
    uint8_t *to = bytes + head.used;
    head.count += count;
    head.used += len;
    head.promised -= len;
    memcpy(bytes, &head, sizeof head);
    return to;
}

static void forget_promises(const weft_agg_place *place, uint8_t *const *rows, int32_t count)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    for (int32_t i = 0; i < count; i++) {
        weft_str held;
        if (weft_agg_is_null(rows[i], slot)) continue;
        memcpy(&held, rows[i] + slot.offset, sizeof held);
        collect_head head = collect_read(collect_bytes(&held));
        head.promised = 0;
        memcpy(collect_bytes(&held), &head, sizeof head);
    }
}

/* ---- update, merge, result ---- */

static int32_t position_of(const weft_batch *batch, int32_t i)
{
    return batch->selection != NULL ? batch->selection[i] : i;
}

static weft_status collect_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                  const weft_batch *batch, const weft_column *args)
{
    weft_status st = WEFT_OK;
    int32_t promised = 0;
    for (; promised < batch->selected; promised++) {
        const collect_run run = run_of(place, args, position_of(batch, promised));
        uint64_t bytes = 0;
        for (int32_t k = run.first; k < run.first + run.count; k++)
            if (!weft_column_is_null(run.column, k)) bytes += weft_nested_bytes(run.column, k);
        if (run.count > 0) WEFT_TRY(st, promise(ctx, place, rows[promised], bytes));
    }
    for (int32_t i = 0; i < batch->selected; i++) {
        const collect_run run = run_of(place, args, position_of(batch, i));
        for (int32_t k = run.first; k < run.first + run.count; k++) {
            if (weft_column_is_null(run.column, k)) continue;
            const uint32_t len = (uint32_t)weft_nested_bytes(run.column, k);
            (void)weft_nested_pack(run.column, k, take_room(place, rows[i], 1, len));
        }
    }
done:
    if (st != WEFT_OK) forget_promises(place, rows, promised);
    return st;
}

static bool head_is_good(const weft_str *state, const collect_head *head)
{
    return state->len > WEFT_STR_INLINE && head->used >= COLLECT_HEAD && head->used <= state->len;
}

static weft_status collect_merge(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                                 const weft_row_layout *from_layout, int32_t from_first_column,
                                 const uint8_t *const *from, int32_t count)
{
    weft_status st = WEFT_OK;
    const weft_agg_slot slot = weft_agg_slot_at(from_layout, from_first_column);
    int32_t promised = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t i = 0; i < count; i++) {
            weft_str state;
            if (weft_agg_is_null(from[i], slot)) continue;
            memcpy(&state, from[i] + slot.offset, sizeof state);
            const uint8_t *bytes = collect_bytes(&state);
            const collect_head head = state.len <= WEFT_STR_INLINE ? (collect_head){0} : collect_read(bytes);
            if (!head_is_good(&state, &head))
                WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "a malformed state of collect_list"));
            const uint32_t len = head.used - COLLECT_HEAD;
            if (pass == 0) {
                promised = i + 1;
                WEFT_TRY(st, promise(ctx, place, into[i], len));
            } else {
                memcpy(take_room(place, into[i], head.count, len), bytes + COLLECT_HEAD, len);
            }
        }
    }
done:
    if (st != WEFT_OK) forget_promises(place, into, promised);
    return st;
}

/* The values of one state as the array in slot i. */
static weft_status put_array(weft_ctx *ctx, weft_type type, const uint8_t *bytes, uint32_t used,
                             uint32_t count, weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    const uint8_t *at = bytes + COLLECT_HEAD, *end = bytes + used;
    int32_t first = 0;
    if (count > used) return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of collect_list");
    WEFT_TRY(st, weft_vector_add_list(ctx, out, i, (int32_t)count, &first));
    for (uint32_t k = 0; k < count; k++) {
        const uint8_t *next = weft_nested_end(type, at, end);
        if (next == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "a malformed state of collect_list"));
        const weft_str packed = weft_str_view((const char *)at, (uint32_t)(next - at));
        WEFT_TRY(st, weft_nested_unpack_one(ctx, &packed, first + (int32_t)k, &out->children[0]));
        at = next;
    }
done:
    return st;
}

static weft_status collect_finalize(weft_ctx *ctx, const weft_agg_place *place, const uint8_t *const *rows,
                                    int32_t count, weft_vector *out)
{
    weft_status st = WEFT_OK;
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_vector_reset(out);
    for (int32_t i = 0; i < count; i++) {
        weft_str state;
        int32_t first;
        if (weft_agg_is_null(rows[i], slot)) {
            WEFT_TRY(st, weft_vector_add_list(ctx, out, i, 0, &first));
            continue;
        }
        memcpy(&state, rows[i] + slot.offset, sizeof state);
        collect_head head = {0};
        if (state.len > WEFT_STR_INLINE) head = collect_read(collect_bytes(&state));
        if (!head_is_good(&state, &head))
            WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "a malformed state of collect_list"));
        uint8_t *bytes = collect_bytes(&state);
        if (is_set(place)) { /* rows are not ours to write: a copy, which lives as long as the vector */
            char *copy = NULL;
            WEFT_TRY(st, weft_vector_heap(ctx, &out->children[0], head.used, &copy));
            memcpy(copy, bytes, head.used);
            bytes = (uint8_t *)copy;
            WEFT_TRY(st, drop_duplicates(ctx, element_type(place), bytes));
            head = collect_read(bytes);
        }
        WEFT_TRY(st, put_array(ctx, element_type(place), bytes, head.used, head.count, out, i));
    }
    weft_vector_finish(out);
done:
    return st;
}

/* ---- registry ---- */

static weft_status bind_collect(weft_ctx *ctx, const char *name, const weft_expr **args, int32_t count,
                                const weft_span *span, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 1) return weft_fail_arg_count(ctx, name, 1, 1, count, span);
    WEFT_TRY(st, weft_type_make_array(ctx, args[0]->type, type));
done:
    return st;
}

static weft_status list_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                             weft_type *type)
{
    return bind_collect(ctx, "collect_list", args, count, span, type);
}

static weft_status set_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                            weft_type *type)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, bind_collect(ctx, "collect_set", args, count, span, type));
    if (weft_type_holds(args[0]->type, WEFT_TYPE_MAP))
        return weft_fail_at(ctx, WEFT_UNSUPPORTED_INPUT_TYPE, span,
                            "The input of collect_set() can't be \"MAP\" type data.");
done:
    return st;
}

static weft_status union_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                              weft_type *type)
{
    if (count != 1) return weft_fail_arg_count(ctx, "collect_union", 1, 1, count, span);
    if (args[0]->type.id != WEFT_TYPE_ARRAY) return weft_fail_arg_type(ctx, 0, "\"array\"", args[0], span);
    if (!weft_type_is_groupable(args[0]->type))
        return weft_fail_arg_type(ctx, 0, "that holds no \"map\"", args[0], span);
    *type = args[0]->type;
    return WEFT_OK;
}

static int32_t collect_states(const weft_expr *call, weft_type *types, bool *starts_zero)
{
    (void)call;
    types[0] = WEFT_TYPE_OF(WEFT_TYPE_BINARY);
    starts_zero[0] = false;
    return 1;
}

static const weft_agg_variant collect_any = {collect_update, NULL, collect_merge, collect_finalize};

static const weft_agg_variant *collect_variant(const weft_expr *call)
{
    (void)call;
    return &collect_any;
}

const weft_aggregate weft_aggregate_collect_list = {
    .name = "collect_list",
    .aliases = "array_agg",
    .bind = list_bind,
    .states = collect_states,
    .variant = collect_variant,
    .order_sensitive = true,
    .help = "collect_list(expr) - The values that are not NULL as an array.",
    .example = "SELECT collect_list(col) FROM VALUES (1), (2), (1) AS tab(col)",
    .example_result = "[1, 2, 1]"};

const weft_aggregate weft_aggregate_collect_set = {
    .name = "collect_set",
    .bind = set_bind,
    .states = collect_states,
    .variant = collect_variant,
    .order_sensitive = true,
    .ignores_duplicates = true,
    .help = "collect_set(expr) - The values that are not NULL as an array, each once.",
    .example = "SELECT collect_set(col) FROM VALUES (1), (2), (1) AS tab(col)",
    .example_result = "[1, 2]"};

const weft_aggregate weft_aggregate_collect_union = {
    .name = "collect_union",
    .bind = union_bind,
    .states = collect_states,
    .variant = collect_variant,
    .order_sensitive = true,
    .ignores_duplicates = true,
    .help = "collect_union(array) - The elements of the arrays that are not NULL as one array, each once.",
    .example = "SELECT collect_union(col) FROM VALUES (array(1, 2)), (array(2, 3)) AS tab(col)",
    .example_result = "[1, 2, 3]"};
