/* engine/expr/cast_nested.c - casts between nested types: the same shape, plain values by their own casts.
 *
 * The slots that are read of each column are listed first, level by level, so that a plain cast sees dense
 * chunks of just the elements that belong to rows: what lies in lists of NULLs never raises. */
#include "common/mem.h"
#include "engine/columnar/nested.h"
#include "engine/expr/cast_private.h"
#include "engine/expr/kernel.h"

typedef struct nested_cast {
    weft_ctx *ctx;
    const weft_expr *expr;
    void *state; /* the zone */
} nested_cast;

enum { SLOT_NULL = -1 };

/* Slots first .. first + count of `to` become the casts of from's slots at[0 .. count). */
static weft_status cast_slots(const nested_cast *c, const weft_column *from, const int32_t *at, int32_t count,
                              weft_vector *to, int32_t first);

static bool slot_is_null(const weft_column *from, int32_t slot)
{
    return slot == SLOT_NULL || weft_column_is_null(from, slot);
}

static weft_status cast_list(const nested_cast *c, const weft_column *from, const int32_t *at, int32_t count,
                             weft_vector *to, int32_t first)
{
    weft_status st = WEFT_OK;
    void *block = NULL;
    int64_t total = 0;
    int32_t n = 0, begin = to->children[0].used, unused;
    for (int32_t i = 0; i < count; i++) {
        if (!slot_is_null(from, at[i])) total += ((const weft_list *)weft_column_value(from, at[i]))->length;
    }
    if (total > INT32_MAX)
        return weft_fail(c->ctx, WEFT_LIMIT, "too many elements in the arrays of one batch");
    WEFT_TRY(st, weft_mem_alloc(c->ctx, WEFT_MEM_WORKING, (size_t)(total + 1) * sizeof(int32_t), &block));
    int32_t *slots = block;
    for (int32_t i = 0; i < count; i++) {
        if (slot_is_null(from, at[i])) {
            weft_vector_set_null(to, first + i);
            continue;
        }
        const weft_list list = *(const weft_list *)weft_column_value(from, at[i]);
        weft_bit_set(to->validity, first + i);
        WEFT_TRY(st, weft_vector_add_list(c->ctx, to, first + i, list.length, &unused));
        for (int32_t k = 0; k < list.length; k++) slots[n++] = list.offset + k;
    }
    if (n > 0) WEFT_TRY(st, cast_slots(c, &from->children[0], slots, n, &to->children[0], begin));
done:
    weft_mem_free(block);
    return st;
}

static weft_status cast_struct(const nested_cast *c, const weft_column *from, const int32_t *at,
                               int32_t count, weft_vector *to, int32_t first)
{
    weft_status st = WEFT_OK;
    void *block = NULL;
    WEFT_TRY(st, weft_mem_alloc(c->ctx, WEFT_MEM_WORKING, (size_t)count * sizeof(int32_t), &block));
    int32_t *slots = block;
    for (int32_t i = 0; i < count; i++) {
        const bool null = slot_is_null(from, at[i]);
        slots[i] = null ? SLOT_NULL : weft_column_slot(from, at[i]);
        if (null) weft_vector_set_null(to, first + i);
    }
    for (int32_t k = 0; k < to->column.child_count && from->child_count > 0; k++)
        WEFT_TRY(st, cast_slots(c, &from->children[k], slots, count, &to->children[k], first));
done:
    weft_mem_free(block);
    return st;
}

/* At most WEFT_BATCH_ROWS_MAX plain values: gathered, cast, and put into their places. */
static weft_status cast_plain(const nested_cast *c, const weft_column *from, const int32_t *at, int32_t count,
                              weft_vector *in, weft_vector *out, weft_vector *to, int32_t first)
{
    weft_status st = WEFT_OK;
    weft_expr leaf = *c->expr; /* for messages: the plain types */
    leaf.type = to->column.type;
    weft_vector_reset(in);
    weft_vector_reset(out);
    for (int32_t i = 0; i < count; i++) {
        if (slot_is_null(from, at[i]))
            weft_vector_set_null(in, i);
        else
            WEFT_TRY(st, weft_vector_set(c->ctx, in, i, from, at[i]));
    }
    weft_vector_finish(in);
    weft_kernel_call call = {.expr = &leaf,
                             .args = &in->column,
                             .arg_count = 1,
                             .rows = count,
                             .selected = count,
                             .valid = in->column.validity,
                             .out = out,
                             .state = c->state};
    WEFT_TRY(st, weft_cast_kernel(from->type, to->column.type)(c->ctx, &call));
    weft_vector_finish(out);
    for (int32_t i = 0; i < count; i++) {
        if (weft_column_is_null(&in->column, i) || weft_column_is_null(&out->column, i)) {
            weft_vector_set_null(to, first + i);
        } else if (out->column.phys == WEFT_PHYS_STR) {
            const weft_str *s = weft_column_value(&out->column, i);
            weft_bit_set(to->validity, first + i);
            WEFT_TRY(st, weft_vector_set_string(c->ctx, to, first + i, weft_str_data(s), s->len));
        } else {
            WEFT_TRY(st, weft_vector_set(c->ctx, to, first + i, &out->column, i));
        }
    }
done:
    return st;
}

static weft_status cast_leaves(const nested_cast *c, const weft_column *from, const int32_t *at,
                               int32_t count, weft_vector *to, int32_t first)
{
    weft_status st = WEFT_OK;
    const int32_t chunk = weft_min_i32(count, WEFT_BATCH_ROWS_MAX);
    weft_vector in = {0}, out = {0};
    const bool same = weft_type_equal(from->type, to->column.type);
    for (int32_t i = 0; i < count && (same || from->type.id == WEFT_TYPE_NULL); i++) {
        if (slot_is_null(from, at[i]))
            weft_vector_set_null(to, first + i);
        else
            WEFT_TRY(st, weft_vector_set(c->ctx, to, first + i, from, at[i]));
    }
    if (same || from->type.id == WEFT_TYPE_NULL) goto done;
    WEFT_TRY(st, weft_vector_init(c->ctx, from->type, chunk, &in));
    WEFT_TRY(st, weft_vector_init(c->ctx, to->column.type, chunk, &out));
    for (int32_t i = 0; i < count; i += chunk)
        WEFT_TRY(st, cast_plain(c, from, at + i, weft_min_i32(chunk, count - i), &in, &out, to, first + i));
done:
    weft_vector_deinit(&in);
    weft_vector_deinit(&out);
    return st;
}

static weft_status cast_slots(const nested_cast *c, const weft_column *from, const int32_t *at, int32_t count,
                              weft_vector *to, int32_t first)
{
    if (count == 0) return WEFT_OK;
    if (weft_type_is_nested(to->column.type) && weft_type_is_nested(from->type)) {
        return to->column.phys == WEFT_PHYS_LIST ? cast_list(c, from, at, count, to, first)
                                                 : cast_struct(c, from, at, count, to, first);
    }
    return cast_leaves(c, from, at, count, to, first);
}

weft_status cast_nested(weft_ctx *ctx, weft_kernel_call *call)
{
    const nested_cast c = {.ctx = ctx, .expr = call->expr, .state = call->state};
    int32_t at[WEFT_BATCH_ROWS_MAX];
    weft_column from = call->args[0];
    for (int32_t i = 0; i < call->rows; i++) at[i] = SLOT_NULL; /* also the rows that are not selected */
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i)) at[i] = weft_column_slot(&from, i);
    }
    from.encoding = WEFT_FLAT; /* slots are told, so that a constant is like a column */
    return cast_slots(&c, &from, at, call->rows, call->out, 0);
}
