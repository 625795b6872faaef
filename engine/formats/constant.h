/* engine/formats/constant.h - columns of one value: partition columns, and what a file has not. */
#ifndef WEFT_FORMATS_CONSTANT_H
#define WEFT_FORMATS_CONSTANT_H

#include "engine/expr/value.h"

/* The memory of a column of one value. */
typedef struct weft_constant {
    _Alignas(16) uint8_t value[16];
    uint64_t validity;
    uint8_t phys;
} weft_constant;

/* value NULL: the column is NULL. Strings are borrowed. */
static inline void weft_constant_set(weft_constant *c, weft_type type, const weft_value *value)
{
    *c = (weft_constant){.phys = (uint8_t)weft_type_phys(type)};
    if (value == NULL || value->is_null) return;
    const float single = (float)value->f64;
    const void *from = &value->i64; /* a number's low bytes come first */
    if (c->phys == WEFT_PHYS_BOOL) from = &value->boolean;
    if (c->phys == WEFT_PHYS_F32) from = &single;
    if (type.id == WEFT_TYPE_DECIMAL) from = &value->i128;
    if (c->phys == WEFT_PHYS_STR) from = &value->str;
    memcpy(c->value, from, (size_t)weft_phys_bytes((weft_phys)c->phys));
    c->validity = 1;
}

/* Borrows c. */
static inline weft_column weft_constant_column(const weft_constant *c, weft_type type)
{
    return (weft_column){.type = type,
                         .phys = c->phys,
                         .encoding = WEFT_CONSTANT,
                         .data = c->value,
                         .validity = c->validity != 0 ? NULL : &c->validity};
}

#endif
