/* engine/columnar/variant.c - see variant.h. */
#include "engine/columnar/variant.h"

#include <string.h>

/* A little-endian number of 1 to 4 bytes. */
static inline uint32_t read_uint(const uint8_t *at, uint32_t bytes)
{
    uint32_t value = at[0];
    for (uint32_t i = 1; i < bytes; i++) value |= (uint32_t)at[i] << (8 * i);
    return value;
}

/* Of a primitive: its bytes behind the header; -1: a u32 length and bytes; -2: unknown. */
static int32_t primitive_bytes(uint32_t type)
{
    static const int8_t bytes[] = {[WEFT_VP_NULL] = 0,
                                   [WEFT_VP_TRUE] = 0,
                                   [WEFT_VP_FALSE] = 0,
                                   [WEFT_VP_INT8] = 1,
                                   [WEFT_VP_INT16] = 2,
                                   [WEFT_VP_INT32] = 4,
                                   [WEFT_VP_INT64] = 8,
                                   [WEFT_VP_DOUBLE] = 8,
                                   [WEFT_VP_DECIMAL4] = 5,
                                   [WEFT_VP_DECIMAL8] = 9,
                                   [WEFT_VP_DECIMAL16] = 17,
                                   [WEFT_VP_DATE] = 4,
                                   [WEFT_VP_TIMESTAMP] = 8,
                                   [WEFT_VP_TIMESTAMP_NTZ] = 8,
                                   [WEFT_VP_FLOAT] = 4,
                                   [WEFT_VP_BINARY] = -1,
                                   [WEFT_VP_STRING] = -1,
                                   [17] = -2,
                                   [18] = -2,
                                   [19] = -2,
                                   [WEFT_VP_UUID] = 16};
    return type < sizeof bytes ? bytes[type] : -2;
}

/* ---- lists: what objects and arrays share ---- */

typedef struct variant_list {
    uint32_t count;
    uint32_t id_bytes, offset_bytes;
    const uint8_t *ids, *offsets, *data; /* ids: NULL in arrays */
    const uint8_t *begin;                /* of the value */
} variant_list;

/* The parts of an object or array, from its header and count alone. False when even those do not fit. */
static bool list_open(const uint8_t *value, uint64_t len, variant_list *out)
{
    const uint8_t bits = value[0] >> 2;
    const bool object = (value[0] & 3) == WEFT_VARIANT_IS_OBJECT;
    const uint32_t count_bytes = (object ? bits >> 4 & 1 : bits >> 2 & 1) != 0 ? 4 : 1;
    if (len < 1 + count_bytes) return false;
    *out = (variant_list){.count = read_uint(value + 1, count_bytes), .begin = value};
    out->offset_bytes = (bits & 3) + 1u;
    out->id_bytes = object ? (bits >> 2 & 3) + 1u : 0;
    const uint64_t head = 1 + (uint64_t)count_bytes + (uint64_t)out->count * out->id_bytes +
                          ((uint64_t)out->count + 1) * out->offset_bytes;
    if (out->count > INT32_MAX || head > len) return false;
    out->ids = object ? value + 1 + count_bytes : NULL;
    out->offsets = value + 1 + count_bytes + (uint64_t)out->count * out->id_bytes;
    out->data = value + head;
    return true;
}

static inline uint32_t list_offset(const variant_list *list, uint32_t i)
{
    return read_uint(list->offsets + (uint64_t)i * list->offset_bytes, list->offset_bytes);
}

static inline uint32_t list_id(const variant_list *list, uint32_t i)
{
    return read_uint(list->ids + (uint64_t)i * list->id_bytes, list->id_bytes);
}

/* The bytes of the value that begins here. 0 when it does not fit; *unknown is set for an unknown type. */
static uint64_t value_bytes(const uint8_t *value, uint64_t len, bool *unknown)
{
    uint64_t bytes = 0;
    variant_list list;
    if (len == 0) return 0;
    switch (value[0] & 3) {
    case WEFT_VARIANT_SHORT: bytes = 1 + (uint64_t)(value[0] >> 2); break;
    case WEFT_VARIANT_PRIMITIVE: {
        const int32_t fixed = primitive_bytes(value[0] >> 2);
        if (fixed == -2) *unknown = true;
        if (fixed == -2 || (fixed == -1 && len < 5)) return 0;
        bytes = fixed >= 0 ? 1 + (uint64_t)fixed : 5 + (uint64_t)read_uint(value + 1, 4);
        break;
    }
    default:
        if (!list_open(value, len, &list)) return 0;
        bytes = (uint64_t)(list.data - value) + list_offset(&list, list.count);
        break;
    }
    return bytes <= len ? bytes : 0;
}

/* ---- metadata ---- */

static inline uint32_t meta_offset_bytes(const uint8_t *meta) { return (meta[0] >> 6) + 1u; }
static inline uint32_t meta_count(const uint8_t *meta)
{
    return read_uint(meta + 1, meta_offset_bytes(meta));
}

static const char *meta_name(const uint8_t *meta, uint32_t id, uint32_t *len)
{
    const uint32_t bytes = meta_offset_bytes(meta), count = meta_count(meta);
    const uint8_t *offsets = meta + 1 + bytes;
    const uint8_t *names = offsets + ((uint64_t)count + 1) * bytes;
    const uint32_t from = read_uint(offsets + (uint64_t)id * bytes, bytes);
    *len = read_uint(offsets + ((uint64_t)id + 1) * bytes, bytes) - from;
    return (const char *)names + from;
}

uint32_t weft_variant_meta_bytes(const uint8_t *bytes, uint64_t len)
{
    if (len < 1) return 0;
    const uint32_t width = meta_offset_bytes(bytes);
    if (len < 1 + width) return 0;
    const uint64_t head = 1 + width + ((uint64_t)meta_count(bytes) + 1) * width;
    if (head > len) return 0;
    const uint64_t all = head + read_uint(bytes + head - width, width);
    return all <= len && all <= WEFT_VARIANT_BYTES ? (uint32_t)all : 0;
}

/* ---- check ---- */

static bool meta_is_good(const uint8_t *meta)
{
    const uint32_t width = meta_offset_bytes(meta), count = meta_count(meta);
    uint32_t before = 0;
    for (uint64_t i = 0; i <= count; i++) {
        const uint32_t offset = read_uint(meta + 1 + width + i * width, width);
        if (offset < before || (i == 0 && offset != 0)) return false;
        before = offset;
    }
    return true;
}

static bool value_is_good(const uint8_t *value, uint64_t len, uint32_t names, int32_t depth, bool *unknown);

/* Values inside may lie in any order, but not over one another, so that time goes by the bytes: their sizes
 * add up to no more than there are. */
static bool list_is_good(const uint8_t *value, uint64_t len, uint32_t names, int32_t depth, bool *unknown)
{
    variant_list list;
    if (depth >= WEFT_VARIANT_DEPTH || !list_open(value, len, &list)) return false;
    const uint64_t data = list_offset(&list, list.count);
    uint64_t used = 0;
    for (uint32_t i = 0; i < list.count; i++) {
        const uint32_t offset = list_offset(&list, i);
        if (list.ids != NULL && list_id(&list, i) >= names) return false;
        if (offset >= data) return false;
        const uint64_t bytes = value_bytes(list.data + offset, data - offset, unknown);
        used += bytes;
        if (bytes == 0 || used > data) return false;
        if (!value_is_good(list.data + offset, bytes, names, depth + 1, unknown)) return false;
    }
    return true;
}

static bool value_is_good(const uint8_t *value, uint64_t len, uint32_t names, int32_t depth, bool *unknown)
{
    const uint32_t type = value[0] >> 2;
    if ((value[0] & 3) >= WEFT_VARIANT_IS_OBJECT) return list_is_good(value, len, names, depth, unknown);
    if ((value[0] & 3) == WEFT_VARIANT_SHORT) return true;
    if (type >= WEFT_VP_DECIMAL4 && type <= WEFT_VP_DECIMAL16) return value[1] <= WEFT_DECIMAL_PRECISION_MAX;
    return true;
}

weft_variant_verdict weft_variant_check(const char *bytes, uint64_t len)
{
    const uint8_t *at = (const uint8_t *)bytes;
    bool unknown = false;
    const uint32_t meta = weft_variant_meta_bytes(at, len);
    if (meta == 0 || meta == len || len - meta > WEFT_VARIANT_BYTES) return WEFT_VARIANT_BAD;
    if ((at[0] & 15) != WEFT_VARIANT_VERSION) return WEFT_VARIANT_UNKNOWN;
    if (!meta_is_good(at)) return WEFT_VARIANT_BAD;
    const bool good = value_bytes(at + meta, len - meta, &unknown) == len - meta &&
                      value_is_good(at + meta, len - meta, meta_count(at), 0, &unknown);
    return good ? WEFT_VARIANT_GOOD : unknown ? WEFT_VARIANT_UNKNOWN : WEFT_VARIANT_BAD;
}

/* ---- use ---- */

weft_variant weft_variant_of(const weft_str *str)
{
    const uint8_t *bytes = (const uint8_t *)weft_str_data(str);
    const uint32_t meta = weft_variant_meta_bytes(bytes, str->len);
    return (weft_variant){
        .meta = bytes, .value = bytes + meta, .meta_len = meta, .value_len = str->len - meta};
}

weft_variant_kind weft_variant_kind_of(const weft_variant *v)
{
    static const uint8_t kinds[] = {
        [WEFT_VP_NULL] = WEFT_VARIANT_NULL,           [WEFT_VP_TRUE] = WEFT_VARIANT_BOOLEAN,
        [WEFT_VP_FALSE] = WEFT_VARIANT_BOOLEAN,       [WEFT_VP_INT8] = WEFT_VARIANT_LONG,
        [WEFT_VP_INT16] = WEFT_VARIANT_LONG,          [WEFT_VP_INT32] = WEFT_VARIANT_LONG,
        [WEFT_VP_INT64] = WEFT_VARIANT_LONG,          [WEFT_VP_DOUBLE] = WEFT_VARIANT_DOUBLE,
        [WEFT_VP_DECIMAL4] = WEFT_VARIANT_DECIMAL,    [WEFT_VP_DECIMAL8] = WEFT_VARIANT_DECIMAL,
        [WEFT_VP_DECIMAL16] = WEFT_VARIANT_DECIMAL,   [WEFT_VP_DATE] = WEFT_VARIANT_DATE,
        [WEFT_VP_TIMESTAMP] = WEFT_VARIANT_TIMESTAMP, [WEFT_VP_TIMESTAMP_NTZ] = WEFT_VARIANT_TIMESTAMP_NTZ,
        [WEFT_VP_FLOAT] = WEFT_VARIANT_FLOAT,         [WEFT_VP_BINARY] = WEFT_VARIANT_BINARY,
        [WEFT_VP_STRING] = WEFT_VARIANT_STRING,       [WEFT_VP_UUID] = WEFT_VARIANT_UUID};
    switch (v->value[0] & 3) {
    case WEFT_VARIANT_SHORT: return WEFT_VARIANT_STRING;
    case WEFT_VARIANT_IS_OBJECT: return WEFT_VARIANT_OBJECT;
    case WEFT_VARIANT_IS_ARRAY: return WEFT_VARIANT_ARRAY;
    default: return (weft_variant_kind)kinds[v->value[0] >> 2];
    }
}

int64_t weft_variant_i64(const weft_variant *v)
{
    const uint8_t *at = v->value + 1;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    switch (v->value[0] >> 2) {
    case WEFT_VP_TRUE: return 1;
    case WEFT_VP_FALSE: return 0;
    case WEFT_VP_INT8: return (int8_t)at[0];
    case WEFT_VP_INT16: memcpy(&i16, at, sizeof i16); return i16;
    case WEFT_VP_INT32:
    case WEFT_VP_DATE: memcpy(&i32, at, sizeof i32); return i32;
    default: memcpy(&i64, at, sizeof i64); return i64;
    }
}

double weft_variant_f64(const weft_variant *v)
{
    float f32;
    double f64;
    if (v->value[0] >> 2 == WEFT_VP_FLOAT) {
        memcpy(&f32, v->value + 1, sizeof f32);
        return (double)f32;
    }
    memcpy(&f64, v->value + 1, sizeof f64);
    return f64;
}

weft_i128 weft_variant_decimal(const weft_variant *v, int32_t *scale)
{
    int32_t i32;
    int64_t i64;
    weft_i128 value;
    switch (v->value[0] >> 2) {
    case WEFT_VP_DECIMAL4:
        memcpy(&i32, v->value + 2, sizeof i32);
        value = i32;
        break;
    case WEFT_VP_DECIMAL8:
        memcpy(&i64, v->value + 2, sizeof i64);
        value = i64;
        break;
    default: memcpy(&value, v->value + 2, sizeof value); break;
    }
    *scale = v->value[1];
    for (; *scale > 0 && value % 10 == 0; --*scale) value /= 10;
    return value;
}

const char *weft_variant_text(const weft_variant *v, uint32_t *len)
{
    if ((v->value[0] & 3) == WEFT_VARIANT_SHORT) {
        *len = v->value[0] >> 2;
        return (const char *)v->value + 1;
    }
    if (v->value[0] >> 2 == WEFT_VP_UUID) {
        *len = 16;
        return (const char *)v->value + 1;
    }
    *len = read_uint(v->value + 1, 4);
    return (const char *)v->value + 5;
}

int32_t weft_variant_count(const weft_variant *v)
{
    variant_list list;
    return list_open(v->value, v->value_len, &list) ? (int32_t)list.count : 0;
}

static weft_variant list_at(const weft_variant *v, const variant_list *list, int32_t i)
{
    bool unknown = false;
    weft_variant out = {.meta = v->meta, .meta_len = v->meta_len};
    out.value = list->data + list_offset(list, (uint32_t)i);
    const uint64_t left = (uint64_t)(v->value + v->value_len - out.value);
    out.value_len = (uint32_t)value_bytes(out.value, left, &unknown);
    return out;
}

weft_variant weft_variant_element(const weft_variant *v, int32_t i)
{
    variant_list list;
    const bool open = list_open(v->value, v->value_len, &list);
    assert(open && (uint32_t)i < list.count);
    return list_at(v, &list, i);
}

weft_variant weft_variant_field(const weft_variant *v, int32_t i, const char **name, uint32_t *name_len)
{
    variant_list list;
    const bool open = list_open(v->value, v->value_len, &list);
    assert(open && (uint32_t)i < list.count);
    *name = meta_name(v->meta, list_id(&list, (uint32_t)i), name_len);
    return list_at(v, &list, i);
}

int weft_variant_compare_names(const char *a, uint32_t a_len, const char *b, uint32_t b_len)
{
    const uint32_t least = a_len < b_len ? a_len : b_len;
    const int order = least > 0 ? memcmp(a, b, least) : 0;
    return order != 0 ? order : a_len < b_len ? -1 : a_len > b_len;
}

/* Few fields are searched one by one, as Spark does: then it does not matter how a writer sorted them. */
enum { SEARCH_ALL_BELOW = 32 };

bool weft_variant_find(const weft_variant *v, const char *name, uint32_t len, weft_variant *out)
{
    variant_list list;
    if ((v->value[0] & 3) != WEFT_VARIANT_IS_OBJECT || !list_open(v->value, v->value_len, &list))
        return false;
    int64_t low = 0, high = (int64_t)list.count - 1;
    const bool all = list.count < SEARCH_ALL_BELOW;
    while (low <= high) {
        const int64_t at = all ? low : low + (high - low) / 2;
        uint32_t found_len;
        const char *found = meta_name(v->meta, list_id(&list, (uint32_t)at), &found_len);
        const int order = weft_variant_compare_names(found, found_len, name, len);
        if (order == 0) {
            *out = list_at(v, &list, (int32_t)at);
            return true;
        }
        if (all || order < 0)
            low = at + 1;
        else
            high = at - 1;
    }
    return false;
}
