/* engine/columnar/nested_private.h - what the files of nested share; for nobody else. */
#ifndef WEFT_COLUMNAR_NESTED_PRIVATE_H
#define WEFT_COLUMNAR_NESTED_PRIVATE_H

#include "engine/columnar/nested.h"

static inline size_t nested_null_bytes(int32_t count) { return ((size_t)count + 7) / 8; }
static inline bool nested_get_null(const uint8_t *nulls, int32_t i) { return nulls[i >> 3] >> (i & 7) & 1; }
static inline void nested_set_null(uint8_t *nulls, int32_t i) { nulls[i >> 3] |= (uint8_t)(1 << (i & 7)); }

/* Values of a size that the type alone tells. */
static inline bool nested_is_fixed(weft_type type)
{
    const weft_phys phys = weft_type_phys(type);
    return phys != WEFT_PHYS_STR && phys != WEFT_PHYS_LIST && phys != WEFT_PHYS_STRUCT;
}
static inline int32_t nested_fixed_bytes(weft_type type) { return weft_phys_bytes(weft_type_phys(type)); }

/* A MAP's one child is the struct of its key and value. */
static inline weft_type nested_child_type(weft_type type, int32_t i)
{
    if (type.id != WEFT_TYPE_MAP) return type.children[i].type;
    return (weft_type){.id = WEFT_TYPE_STRUCT, .child_count = type.child_count, .children = type.children};
}

/* A decimal of any width; value need not be aligned. */
static inline weft_i128 nested_read_decimal(weft_phys phys, const void *value)
{
    if (phys == WEFT_PHYS_I32) {
        int32_t v;
        memcpy(&v, value, sizeof v);
        return v;
    }
    if (phys == WEFT_PHYS_I64) {
        int64_t v;
        memcpy(&v, value, sizeof v);
        return v;
    }
    weft_i128 v;
    memcpy(&v, value, sizeof v);
    return v;
}

#endif
