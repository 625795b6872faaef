/* engine/columnar/nested_compare.c - order and equality of nested values, packed or in a column. */
#include "engine/columnar/nested_private.h"

#define WEFT_NESTED_ORDER(a, b) ((a) < (b) ? -1 : (a) > (b))

static int nested_order_double(double a, double b)
{
    if (a != a || b != b) return (a != a) - (b != b); /* NaN is above all, and equal to NaN */
    return WEFT_NESTED_ORDER(a, b);
}

static int64_t nested_read_int(weft_phys phys, const uint8_t *p)
{
    int64_t value = 0;
    switch (weft_phys_bytes(phys)) {
    case 1: return (int8_t)*p;
    case 2: {
        int16_t v;
        memcpy(&v, p, 2);
        return v;
    }
    case 4: {
        int32_t v;
        memcpy(&v, p, 4);
        return v;
    }
    default: memcpy(&value, p, 8); return value;
    }
}

static double nested_read_double(weft_phys phys, const uint8_t *p)
{
    double value;
    float narrow;
    if (phys == WEFT_PHYS_F32) {
        memcpy(&narrow, p, sizeof narrow);
        return (double)narrow;
    }
    memcpy(&value, p, sizeof value);
    return value;
}

static int nested_order_fixed(weft_phys phys, const uint8_t *a, const uint8_t *b)
{
    if (phys == WEFT_PHYS_NULL) return 0;
    if (phys == WEFT_PHYS_F32 || phys == WEFT_PHYS_F64) {
        return nested_order_double(nested_read_double(phys, a), nested_read_double(phys, b));
    }
    if (phys == WEFT_PHYS_I128) {
        const weft_i128 x = nested_read_decimal(phys, a), y = nested_read_decimal(phys, b);
        return WEFT_NESTED_ORDER(x, y);
    }
    const int64_t x = nested_read_int(phys, a), y = nested_read_int(phys, b);
    return WEFT_NESTED_ORDER(x, y);
}

/* Both cursors move past the values when these are equal; otherwise they are of no use any more. */
static int nested_order(weft_type type, const uint8_t **a, const uint8_t **b);

static int nested_order_all(const weft_field *types, int32_t step, int32_t count_a, int32_t count_b,
                            const uint8_t **a, const uint8_t **b)
{
    const uint8_t *nulls_a = *a, *nulls_b = *b;
    const int32_t least = weft_min_i32(count_a, count_b);
    *a += nested_null_bytes(count_a);
    *b += nested_null_bytes(count_b);
    for (int32_t i = 0; i < least; i++) {
        const int null_a = nested_get_null(nulls_a, i), null_b = nested_get_null(nulls_b, i);
        if (null_a != null_b) return null_b - null_a;
        const int order = null_a ? 0 : nested_order(types[i * step].type, a, b);
        if (order != 0) return order;
    }
    return WEFT_NESTED_ORDER(count_a, count_b);
}

static int nested_order_string(const uint8_t **a, const uint8_t **b)
{
    uint32_t la, lb;
    memcpy(&la, *a, 4);
    memcpy(&lb, *b, 4);
    const weft_str x = weft_str_view((const char *)*a + 4, la), y = weft_str_view((const char *)*b + 4, lb);
    *a += 4 + (size_t)la;
    *b += 4 + (size_t)lb;
    return weft_str_compare(&x, &y);
}

static int nested_order(weft_type type, const uint8_t **a, const uint8_t **b)
{
    const weft_phys phys = weft_type_phys(type);
    if (phys == WEFT_PHYS_STR) return nested_order_string(a, b);
    if (phys == WEFT_PHYS_STRUCT) {
        return nested_order_all(type.children, 1, type.child_count, type.child_count, a, b);
    }
    if (phys == WEFT_PHYS_LIST) {
        const weft_field entry = {.type = nested_child_type(type, 0)};
        int32_t la, lb;
        memcpy(&la, *a, 4);
        memcpy(&lb, *b, 4);
        *a += 4;
        *b += 4;
        return nested_order_all(&entry, 0, la, lb, a, b);
    }
    const int order = nested_order_fixed(phys, *a, *b);
    *a += weft_phys_bytes(phys);
    *b += weft_phys_bytes(phys);
    return order;
}

int weft_nested_compare(weft_type type, const uint8_t *a, const uint8_t *b)
{
    return nested_order(type, &a, &b);
}

/* ---- a column's value against a packed one: the end of the packed one, NULL when they differ ---- */

static const uint8_t *nested_same(const weft_column *column, int32_t row, const uint8_t *packed);

static const uint8_t *nested_same_child(const weft_column *child, int32_t slot, const uint8_t *nulls,
                                        int32_t i, const uint8_t *packed)
{
    const bool null = weft_column_is_null(child, slot);
    if (null != nested_get_null(nulls, i)) return NULL;
    return null ? packed : nested_same(child, slot, packed);
}

static const uint8_t *nested_same_list(const weft_column *column, int32_t row, const uint8_t *packed)
{
    const weft_list list = *(const weft_list *)weft_column_value(column, row);
    int32_t length;
    memcpy(&length, packed, 4);
    if (length != list.length) return NULL;
    const uint8_t *nulls = packed + 4;
    packed = nulls + nested_null_bytes(length);
    for (int32_t i = 0; i < length && packed != NULL; i++) {
        packed = nested_same_child(&column->children[0], list.offset + i, nulls, i, packed);
    }
    return packed;
}

static const uint8_t *nested_same_fixed(const weft_column *column, int32_t row, const uint8_t *packed)
{
    const weft_phys phys = weft_type_phys(column->type);
    const uint8_t *value = weft_column_value(column, row);
    bool same;
    if (column->phys != phys) {
        same = nested_read_decimal((weft_phys)column->phys, value) == nested_read_decimal(phys, packed);
    } else {
        same = nested_order_fixed(phys, value, packed) == 0;
    }
    return same ? packed + weft_phys_bytes(phys) : NULL;
}

static const uint8_t *nested_same(const weft_column *column, int32_t row, const uint8_t *packed)
{
    if (column->phys == WEFT_PHYS_LIST) return nested_same_list(column, row, packed);
    if (column->phys == WEFT_PHYS_STR) {
        const weft_str *s = weft_column_value(column, row);
        uint32_t len;
        memcpy(&len, packed, 4);
        return len == s->len && memcmp(packed + 4, weft_str_data(s), len) == 0 ? packed + 4 + len : NULL;
    }
    if (column->phys != WEFT_PHYS_STRUCT) return nested_same_fixed(column, row, packed);
    const int32_t slot = weft_column_slot(column, row);
    const uint8_t *nulls = packed;
    packed += nested_null_bytes(column->child_count);
    for (int32_t i = 0; i < column->child_count && packed != NULL; i++) {
        packed = nested_same_child(&column->children[i], slot, nulls, i, packed);
    }
    return packed;
}

bool weft_nested_equal(const weft_column *column, int32_t row, const uint8_t *packed)
{
    return nested_same(column, row, packed) != NULL;
}

/* ---- two columns' values ---- */

static int nested_order_slots(const weft_column *a, int32_t slot_a, const weft_column *b, int32_t slot_b)
{
    const int null_a = weft_column_is_null(a, slot_a), null_b = weft_column_is_null(b, slot_b);
    if (null_a != null_b) return null_b - null_a;
    return null_a ? 0 : weft_nested_compare_columns(a, slot_a, b, slot_b);
}

static int nested_order_lists(const weft_list *x, const weft_list *y, const weft_column *a,
                              const weft_column *b)
{
    const int32_t least = weft_min_i32(x->length, y->length);
    for (int32_t i = 0; i < least; i++) {
        const int order = nested_order_slots(a, x->offset + i, b, y->offset + i);
        if (order != 0) return order;
    }
    return WEFT_NESTED_ORDER(x->length, y->length);
}

int weft_nested_compare_columns(const weft_column *a, int32_t row_a, const weft_column *b, int32_t row_b)
{
    const weft_phys phys = (weft_phys)a->phys;
    if (phys == WEFT_PHYS_STRUCT) {
        const int32_t slot_a = weft_column_slot(a, row_a), slot_b = weft_column_slot(b, row_b);
        for (int32_t i = 0; i < a->child_count; i++) {
            const int order = nested_order_slots(&a->children[i], slot_a, &b->children[i], slot_b);
            if (order != 0) return order;
        }
        return 0;
    }
    const void *x = weft_column_value(a, row_a), *y = weft_column_value(b, row_b);
    if (phys == WEFT_PHYS_LIST) return nested_order_lists(x, y, &a->children[0], &b->children[0]);
    if (phys == WEFT_PHYS_STR) return weft_str_compare(x, y);
    if (a->phys == b->phys) return nested_order_fixed(phys, x, y);
    const weft_i128 wide_a = nested_read_decimal(phys, x);
    const weft_i128 wide_b = nested_read_decimal((weft_phys)b->phys, y);
    return WEFT_NESTED_ORDER(wide_a, wide_b);
}
