/* engine/columnar/type.c - properties of types; their texts are in type_text.c. */
#include "engine/columnar/type.h"

#include <string.h>

bool weft_type_equal(weft_type a, weft_type b)
{
    if (a.id != b.id || a.child_count != b.child_count) return false;
    if (a.precision != b.precision || a.scale != b.scale) return false;
    if (a.length_kind != b.length_kind || a.parameter != b.parameter) return false;
    if (a.collation != b.collation) return false;
    for (int32_t i = 0; i < a.child_count; i++) {
        if (a.id == WEFT_TYPE_STRUCT && strcmp(a.children[i].name, b.children[i].name) != 0) return false;
        if (!weft_type_equal(a.children[i].type, b.children[i].type)) return false;
    }
    return true;
}

/* The number of the last field that an interval can have. */
static int32_t interval_fields(weft_type_id id) { return id == WEFT_TYPE_INTERVAL_YM ? 1 : 3; }

weft_type weft_type_interval(weft_type_id id, int32_t first, int32_t last)
{
    assert(first >= 0 && first <= last && last <= interval_fields(id));
    return (weft_type){
        .id = (uint8_t)id, .precision = (uint8_t)first, .scale = (uint8_t)(interval_fields(id) - last)};
}

int32_t weft_type_first_field(weft_type interval) { return interval.precision; }

int32_t weft_type_last_field(weft_type interval)
{
    return interval_fields((weft_type_id)interval.id) - interval.scale;
}

weft_phys weft_type_phys(weft_type type)
{
    switch ((weft_type_id)type.id) {
    case WEFT_TYPE_NULL: return WEFT_PHYS_NULL;
    case WEFT_TYPE_BOOLEAN: return WEFT_PHYS_BOOL;
    case WEFT_TYPE_TINYINT: return WEFT_PHYS_I8;
    case WEFT_TYPE_SMALLINT: return WEFT_PHYS_I16;
    case WEFT_TYPE_INT:
    case WEFT_TYPE_DATE:
    case WEFT_TYPE_INTERVAL_YM: return WEFT_PHYS_I32;
    case WEFT_TYPE_BIGINT:
    case WEFT_TYPE_TIMESTAMP:
    case WEFT_TYPE_TIMESTAMP_NTZ:
    case WEFT_TYPE_TIMESTAMP_NS:
    case WEFT_TYPE_TIMESTAMP_NTZ_NS:
    case WEFT_TYPE_TIME:
    case WEFT_TYPE_INTERVAL_DT: return WEFT_PHYS_I64;
    case WEFT_TYPE_INTERVAL: return WEFT_PHYS_I128;
    case WEFT_TYPE_FLOAT: return WEFT_PHYS_F32;
    case WEFT_TYPE_DOUBLE: return WEFT_PHYS_F64;
    case WEFT_TYPE_DECIMAL: return type.precision <= 18 ? WEFT_PHYS_I64 : WEFT_PHYS_I128;
    case WEFT_TYPE_STRING:
    case WEFT_TYPE_BINARY:
    case WEFT_TYPE_GEOMETRY:
    case WEFT_TYPE_GEOGRAPHY:
    case WEFT_TYPE_VARIANT: return WEFT_PHYS_STR;
    case WEFT_TYPE_ARRAY:
    case WEFT_TYPE_MAP: return WEFT_PHYS_LIST;
    case WEFT_TYPE_STRUCT: return WEFT_PHYS_STRUCT;
    case WEFT_TYPE_COUNT: break;
    }
    assert(false && "a type id");
    return WEFT_PHYS_NULL;
}

int32_t weft_phys_bytes(weft_phys phys)
{
    static const uint8_t bytes[WEFT_PHYS_COUNT] = {
        [WEFT_PHYS_BOOL] = 1, [WEFT_PHYS_I8] = 1,    [WEFT_PHYS_I16] = 2, [WEFT_PHYS_I32] = 4,
        [WEFT_PHYS_I64] = 8,  [WEFT_PHYS_I128] = 16, [WEFT_PHYS_F32] = 4, [WEFT_PHYS_F64] = 8,
        [WEFT_PHYS_STR] = 16, [WEFT_PHYS_LIST] = 8,
    };
    assert((uint32_t)phys < WEFT_PHYS_COUNT);
    return bytes[phys];
}

bool weft_type_is_integral(weft_type type)
{
    return type.id >= WEFT_TYPE_TINYINT && type.id <= WEFT_TYPE_BIGINT;
}

bool weft_type_is_numeric(weft_type type)
{
    return type.id >= WEFT_TYPE_TINYINT && type.id <= WEFT_TYPE_DECIMAL;
}
