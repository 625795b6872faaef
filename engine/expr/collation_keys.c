/* engine/expr/collation_keys.c - see collation_keys.h. */
#include "engine/expr/collation_keys.h"

#include "common/mem.h"
#include "engine/columnar/builder.h"
#include "engine/columnar/collation.h"
#include "engine/columnar/type_map.h"
#include "engine/expr/collate.h"
#include "engine/expr/collator.h"
#include "engine/expr/kernel.h"
#include "engine/expr/nested_copy.h"

struct weft_keyer {
    weft_copy_plan plan; /* its leaves are collators */
};

static bool become_key(const void *arg, weft_type *type)
{
    (void)arg;
    const bool collated = weft_type_is_collated(*type);
    if (collated && type->id == WEFT_TYPE_STRING) *type = WEFT_TYPE_OF(WEFT_TYPE_BINARY);
    return collated;
}

weft_status weft_type_of_keys(weft_ctx *ctx, weft_type type, weft_type *out)
{
    return weft_type_map(ctx, type, become_key, NULL, out);
}

/* ---- a value's key ---- */

static void close_leaf(void *leaf)
{
    weft_collator *c = leaf;
    weft_collator_close(&c);
}

static weft_status plan_keys(weft_ctx *ctx, weft_type type, weft_copy_plan *plan)
{
    weft_status st = WEFT_OK;
    weft_collator *c = NULL;
    plan->changes = weft_type_is_collated(type);
    if (!plan->changes) return WEFT_OK;
    if (type.collation == WEFT_COLLATION_NULL)
        return weft_fail(ctx, WEFT_INDETERMINATE_COLLATION,
                         "Data type of what is compared has indeterminate collation. Use COLLATE clause to "
                         "set the collation explicitly.");
    if (type.id == WEFT_TYPE_STRING) {
        WEFT_TRY(st, weft_collator_open(ctx, type.collation, &c));
        plan->leaf = c;
        goto done;
    }
    WEFT_TRY(st, weft_copy_plan_children(ctx, plan, type.child_count));
    for (int32_t i = 0; i < type.child_count; i++)
        WEFT_TRY(st, plan_keys(ctx, type.children[i].type, &plan->children[i]));
done:
    return st;
}

weft_status weft_keyer_open(weft_ctx *ctx, weft_type type, weft_keyer **out)
{
    weft_status st = WEFT_OK;
    void *block = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof **out, &block));
    *out = block;
    WEFT_TRY(st, plan_keys(ctx, type, &(*out)->plan));
done:
    if (st != WEFT_OK) weft_keyer_close(out);
    return st;
}

void weft_keyer_close(weft_keyer **keyer)
{
    if (*keyer == NULL) return;
    weft_copy_plan_deinit(&(*keyer)->plan, close_leaf);
    weft_mem_free(*keyer);
    *keyer = NULL;
}

static weft_status put_key(weft_ctx *ctx, void *leaf, const weft_str *s, weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    const char *key = NULL;
    size_t len = 0;
    WEFT_TRY(st, weft_collator_key(ctx, leaf, weft_str_data(s), s->len, &key, &len));
    st = weft_vector_set_string(ctx, out, i, key, (uint32_t)len);
done:
    return st;
}

weft_status weft_keyer_put(weft_ctx *ctx, weft_keyer *keyer, const weft_column *column, int32_t row,
                           weft_vector *out, int32_t i)
{
    return weft_nested_copy(ctx, &keyer->plan, put_key, column, row, out, i);
}

/* ---- what a call compares ---- */

/* Of one argument; opened when a kernel asks for it first. */
typedef struct arg_keys {
    weft_keyer *keyer;
    weft_vector keys;
} arg_keys;

typedef struct call_keys {
    int32_t count;
    arg_keys args[];
} call_keys;

weft_status weft_call_keys_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    *state = NULL;
    if (!weft_any_collated(call->args, call->arg_count)) return WEFT_OK;
    const size_t bytes = sizeof(call_keys) + (size_t)call->arg_count * sizeof(arg_keys);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, bytes, state));
    ((call_keys *)*state)->count = call->arg_count;
done:
    return st;
}

void weft_call_keys_close(void *state)
{
    call_keys *s = state;
    for (int32_t i = 0; s != NULL && i < s->count; i++) {
        weft_keyer_close(&s->args[i].keyer);
        weft_vector_deinit(&s->args[i].keys);
    }
    weft_mem_free(s);
}

/* The argument's keys, empty, with so many slots. */
static weft_status begin_keys(weft_ctx *ctx, weft_kernel_call *call, int32_t arg, weft_type type,
                              int32_t slots, arg_keys **out)
{
    weft_status st = WEFT_OK;
    arg_keys *a = &((call_keys *)call->state)->args[arg];
    weft_type keys;
    if (a->keyer == NULL) {
        WEFT_TRY(st, weft_keyer_open(ctx, type, &a->keyer));
        WEFT_TRY(st, weft_type_of_keys(ctx, type, &keys));
        WEFT_TRY(st, weft_vector_init(ctx, keys, weft_max_i32(slots, 1), &a->keys));
    }
    weft_vector_reset(&a->keys);
    WEFT_TRY(st, weft_vector_reserve(ctx, &a->keys, slots));
    *out = a;
done:
    return st;
}

weft_status weft_value_keys(weft_ctx *ctx, weft_kernel_call *call, int32_t arg, const weft_column **out)
{
    weft_status st = WEFT_OK;
    const weft_column *column = &call->args[arg];
    arg_keys *a = NULL;
    *out = column;
    if (call->state == NULL || !weft_type_is_collated(column->type)) return WEFT_OK;
    const bool constant = column->encoding == WEFT_CONSTANT;
    WEFT_TRY(st, begin_keys(ctx, call, arg, column->type, constant ? 1 : call->rows, &a));
    for (int32_t k = 0; k < (constant ? weft_min_i32(call->selected, 1) : call->selected); k++) {
        const int32_t i = constant ? 0 : weft_call_row(call, k);
        WEFT_TRY(st, weft_keyer_put(ctx, a->keyer, column, i, &a->keys, i));
    }
    weft_vector_finish(&a->keys);
    if (constant) a->keys.column.encoding = WEFT_CONSTANT;
    *out = &a->keys.column;
done:
    return st;
}

/* Behind the last of the elements of the rows that are asked for. */
static int32_t elements_end(const weft_kernel_call *call, const weft_column *column)
{
    int32_t end = 0;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_column_is_null(column, i)) continue;
        const weft_list *list = weft_column_value(column, i);
        if (list->length > 0) end = weft_max_i32(end, list->offset + list->length);
    }
    return end;
}

weft_status weft_element_keys(weft_ctx *ctx, weft_kernel_call *call, int32_t arg, const weft_column **out)
{
    weft_status st = WEFT_OK;
    const weft_column *column = &call->args[arg];
    const bool map = column->type.id == WEFT_TYPE_MAP;
    *out = column;
    if (column->children == NULL) return WEFT_OK; /* NULL in every row */
    const weft_column *entries = &column->children[0], *from = map ? &entries->children[0] : entries;
    arg_keys *a = NULL;
    *out = from;
    if (call->state == NULL || !weft_type_is_collated(from->type)) return WEFT_OK;
    WEFT_TRY(st, begin_keys(ctx, call, arg, from->type, elements_end(call, column), &a));
    const bool constant = column->encoding == WEFT_CONSTANT; /* one array for all rows */
    for (int32_t k = 0; k < (constant ? weft_min_i32(call->selected, 1) : call->selected); k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_column_is_null(column, i)) continue;
        const weft_list list = *(const weft_list *)weft_column_value(column, i);
        for (int32_t e = list.offset; e < list.offset + list.length; e++) {
            const int32_t slot = map ? weft_column_slot(entries, e) : e;
            WEFT_TRY(st, weft_keyer_put(ctx, a->keyer, from, slot, &a->keys, slot));
        }
    }
    weft_vector_finish(&a->keys);
    *out = &a->keys.column;
done:
    return st;
}
