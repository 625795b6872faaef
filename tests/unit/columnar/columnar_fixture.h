/* tests/unit/columnar/columnar_fixture.h - random columns of every type and encoding, and comparing of cells.
 */
#ifndef WEFT_TESTS_UNIT_COLUMNAR_COLUMNAR_FIXTURE_H
#define WEFT_TESTS_UNIT_COLUMNAR_COLUMNAR_FIXTURE_H

#include "engine/columnar/builder.h"
#include "engine/columnar/rows.h"
#include "tests/support/fixture.h"

typedef struct columnar_shape {
    int32_t rows;
    int null_percent;
    int select_percent; /* 100: no selection */
} columnar_shape;

/* Types to go through, nested ones last. */
static const char *const columnar_types[] = {
    "boolean",
    "tinyint",
    "smallint",
    "int",
    "bigint",
    "float",
    "double",
    "decimal(9,2)",
    "decimal(18,2)",
    "decimal(38,10)",
    "string",
    "binary",
    "date",
    "timestamp",
    "timestamp_ntz",
    "interval year to month",
    "interval day to second",
    "void",
    "array<int>",
    "array<string>",
    "struct<a:int,b:string,c:double>",
    "map<string,bigint>",
    "array<struct<x:array<double>,y:boolean>>",
    "struct<>",
    "map<int,array<string>>",
};
enum { COLUMNAR_TYPES = sizeof columnar_types / sizeof columnar_types[0], COLUMNAR_FLAT_TYPES = 18 };

static inline weft_type columnar_type(weft_fixture *f, const char *text)
{
    weft_type type = {0};
    weft_fixture_ok(f, weft_type_parse(&f->ctx, text, &type));
    return type;
}

static inline void *columnar_alloc(weft_fixture *f, size_t bytes)
{
    void *block = NULL;
    weft_fixture_ok(f, weft_arena_alloc(&f->ctx, f->arena, bytes + 8, &block));
    return block;
}

/* A string from a small set of pieces, so that equal ones, equal prefixes and all lengths around 12 come up.
 */
static inline weft_str columnar_string(weft_fixture *f, weft_test_random *r)
{
    const int64_t kind = weft_test_random_range(r, 0, 9);
    const uint32_t len = (uint32_t)(kind < 6   ? weft_test_random_range(r, 0, 14)
                                    : kind < 9 ? weft_test_random_range(r, 10, 40)
                                               : weft_test_random_range(r, 40, 300));
    char *bytes = columnar_alloc(f, len);
    for (uint32_t i = 0; i < len; i++) bytes[i] = (char)weft_test_random_range(r, 'a', i < 10 ? 'b' : 'c');
    if (len > 0 && kind == 3) bytes[len - 1] = '\0';
    return weft_str_view(bytes, len);
}

/* One random value of a physical type that is not nested; small numbers, edges, and for floats NaN and -0.0.
 */
static inline void columnar_value(weft_fixture *f, weft_test_random *r, weft_phys phys, void *out)
{
    const int64_t edge = weft_test_random_range(r, 0, 7);
    int64_t number = weft_test_random_range(r, -20, 20);
    if (edge == 0) number = (int64_t)weft_test_random_u64(r);
    if (edge == 1) number = INT64_MIN;
    switch (phys) {
    case WEFT_PHYS_NULL:
    case WEFT_PHYS_LIST:
    case WEFT_PHYS_STRUCT:
    case WEFT_PHYS_COUNT: return;
    case WEFT_PHYS_BOOL: *(uint8_t *)out = (uint8_t)(number & 1); return;
    case WEFT_PHYS_I8: *(int8_t *)out = (int8_t)number; return;
    case WEFT_PHYS_I16: *(int16_t *)out = (int16_t)number; return;
    case WEFT_PHYS_I32: *(int32_t *)out = (int32_t)number; return;
    case WEFT_PHYS_I64: *(int64_t *)out = number; return;
    case WEFT_PHYS_I128: *(weft_i128 *)out = edge == 2 ? number * ((weft_i128)1 << 62) : number; return;
    case WEFT_PHYS_F32:
        *(float *)out = edge == 2   ? -0.0f
                        : edge == 3 ? (float)-__builtin_nan("7")
                                    : (float)(number % 100) / 4;
        return;
    case WEFT_PHYS_F64:
        *(double *)out = edge == 2 ? -0.0 : edge == 3 ? -__builtin_nan("7") : (double)(number % 100) / 4;
        return;
    case WEFT_PHYS_STR: *(weft_str *)out = columnar_string(f, r); return;
    }
}

static inline bool columnar_chance(weft_test_random *r, int percent)
{
    return weft_test_random_range(r, 1, 100) <= percent;
}

/* Random slots [first, first + count) of a vector; nulls by chance. */
static inline void columnar_fill(weft_fixture *f, weft_test_random *r, weft_vector *v, int32_t first,
                                 int32_t count, int null_percent)
{
    const weft_phys phys = (weft_phys)v->column.phys;
    const int32_t bytes = weft_phys_bytes(phys);
    if (phys == WEFT_PHYS_STRUCT) {
        for (int32_t k = 0; k < v->column.child_count; k++) {
            columnar_fill(f, r, &v->children[k], first, count, null_percent);
        }
    }
    for (int32_t i = first; i < first + count; i++) {
        if (columnar_chance(r, null_percent)) {
            weft_vector_set_null(v, i);
        } else if (phys == WEFT_PHYS_LIST) {
            const int32_t length = (int32_t)weft_test_random_range(r, 0, 4);
            int32_t start = 0;
            weft_fixture_ok(f, weft_vector_add_list(&f->ctx, v, i, length, &start));
            /* Keys of maps are never null, nor are the entries. */
            const bool map = v->column.type.id == WEFT_TYPE_MAP;
            columnar_fill(f, r, &v->children[0], start, length, map ? 0 : null_percent);
        } else if (bytes > 0) {
            columnar_value(f, r, phys, (uint8_t *)v->values + (size_t)i * (size_t)bytes);
        }
    }
}

/* A vector of a type with random slots, as a column of the fixture's arena would live: freed by the caller.
 */
static inline weft_column columnar_flat(weft_fixture *f, weft_test_random *r, weft_type type, int32_t rows,
                                        int null_percent, weft_vector *owner)
{
    weft_fixture_ok(f, weft_vector_init(&f->ctx, type, rows, owner));
    columnar_fill(f, r, owner, 0, rows, null_percent);
    weft_vector_finish(owner);
    return owner->column;
}

/* Random values of a physical type, count of them, in the arena. */
static inline void *columnar_values(weft_fixture *f, weft_test_random *r, weft_phys phys, int32_t count)
{
    const size_t bytes = (size_t)weft_phys_bytes(phys);
    uint8_t *values = columnar_alloc(f, (size_t)count * bytes + 16);
    for (int32_t i = 0; bytes > 0 && i < count; i++) columnar_value(f, r, phys, values + (size_t)i * bytes);
    return values;
}

static inline uint64_t *columnar_validity(weft_fixture *f, weft_test_random *r, int32_t count,
                                          int null_percent)
{
    uint64_t *map = columnar_alloc(f, (size_t)weft_bit_words(count) * 8 + 8);
    for (int32_t i = 0; i < count; i++) {
        if (!columnar_chance(r, null_percent)) weft_bit_set(map, i);
    }
    return map;
}

/* A column that is not nested, of the given encoding and physical type, its null slots zero. */
static inline weft_column columnar_encoded(weft_fixture *f, weft_test_random *r, weft_type type,
                                           weft_phys phys, weft_encoding encoding, int32_t rows,
                                           int null_percent)
{
    weft_column c = {.type = type, .phys = (uint8_t)phys, .encoding = (uint8_t)encoding};
    const size_t bytes = (size_t)weft_phys_bytes(phys);
    int32_t slots = rows;
    if (encoding == WEFT_CONSTANT) slots = 1;
    if (encoding == WEFT_DICTIONARY) {
        weft_dictionary *dict = columnar_alloc(f, sizeof *dict);
        const int32_t count = (int32_t)weft_test_random_range(r, 1, 2 * (rows + 1));
        *dict = (weft_dictionary){.id = weft_dictionary_new_id(), .count = count, .phys = (uint8_t)phys};
        dict->values = columnar_values(f, r, phys, count);
        uint32_t *codes = columnar_alloc(f, (size_t)rows * 4);
        for (int32_t i = 0; i < rows; i++) codes[i] = (uint32_t)weft_test_random_range(r, 0, count - 1);
        c.dict = dict;
        c.data = codes;
    } else if (encoding == WEFT_RUN_LENGTH) {
        int32_t *ends = columnar_alloc(f, (size_t)(rows + 1) * 4);
        int32_t end = 0;
        for (slots = 0; end < rows || slots == 0; slots++) {
            end += (int32_t)weft_test_random_range(r, 1, 20);
            ends[slots] = end;
        }
        c.run_ends = ends;
        c.run_count = slots;
    }
    if (encoding != WEFT_DICTIONARY) c.data = columnar_values(f, r, phys, slots);
    if (null_percent > 0) c.validity = columnar_validity(f, r, slots, null_percent);
    for (int32_t i = 0; c.validity != NULL && i < slots; i++) {
        uint8_t *data = (uint8_t *)(uintptr_t)c.data;
        if (weft_bit_get(c.validity, i)) continue;
        if (encoding == WEFT_DICTIONARY)
            memset(data + 4 * (size_t)i, 0, 4);
        else if (bytes > 0)
            memset(data + (size_t)i * bytes, 0, bytes);
    }
    return c;
}

/* The physical types that a column of a type may have. */
static inline weft_phys columnar_phys(weft_test_random *r, weft_type type)
{
    static const weft_phys widths[] = {WEFT_PHYS_I32, WEFT_PHYS_I64, WEFT_PHYS_I128};
    if (columnar_chance(r, 3)) return WEFT_PHYS_NULL;
    if (type.id != WEFT_TYPE_DECIMAL) return weft_type_phys(type);
    return widths[weft_test_random_range(r, 0, type.precision > 18 ? 2 : 1)];
}

static inline const uint16_t *columnar_selection(weft_fixture *f, weft_test_random *r, int32_t rows,
                                                 int percent, int32_t *selected)
{
    *selected = rows;
    if (percent >= 100) return NULL;
    uint16_t *selection = columnar_alloc(f, (size_t)rows * 2);
    *selected = 0;
    for (int32_t i = 0; i < rows; i++) {
        if (columnar_chance(r, percent)) selection[(*selected)++] = (uint16_t)i;
    }
    return selection;
}

/* Are two cells equal: bit for bit, or (as_keys) with -0.0 = 0.0 and NaN = NaN? Nested cells go by their
 * parts. */
static inline bool columnar_same(const weft_column *a, int32_t i, const weft_column *b, int32_t j,
                                 bool as_keys);

static inline bool columnar_same_double(double a, double b, bool as_keys)
{
    if (as_keys) return a == b || (a != a && b != b);
    return memcmp(&a, &b, sizeof a) == 0;
}

static inline weft_i128 columnar_number(const weft_column *c, int32_t i)
{
    const void *value = weft_column_value(c, i);
    switch ((int)c->phys) {
    case WEFT_PHYS_BOOL:
    case WEFT_PHYS_I8: return *(const int8_t *)value;
    case WEFT_PHYS_I16: return *(const int16_t *)value;
    case WEFT_PHYS_I32: return *(const int32_t *)value;
    case WEFT_PHYS_I64: return *(const int64_t *)value;
    case WEFT_PHYS_I128: return *(const weft_i128 *)value;
    default: return 0;
    }
}

static inline bool columnar_same_list(const weft_column *a, int32_t i, const weft_column *b, int32_t j,
                                      bool as_keys)
{
    const weft_list *x = weft_column_value(a, i), *y = weft_column_value(b, j);
    if (x->length != y->length) return false;
    for (int32_t k = 0; k < x->length; k++) {
        if (!columnar_same(&a->children[0], x->offset + k, &b->children[0], y->offset + k, as_keys))
            return false;
    }
    return true;
}

static inline bool columnar_same(const weft_column *a, int32_t i, const weft_column *b, int32_t j,
                                 bool as_keys)
{
    if (weft_column_is_null(a, i) || weft_column_is_null(b, j)) {
        return weft_column_is_null(a, i) && weft_column_is_null(b, j);
    }
    const void *x = weft_column_value(a, i), *y = weft_column_value(b, j);
    switch ((int)a->phys) {
    case WEFT_PHYS_F32:
        return columnar_same_double((double)*(const float *)x, (double)*(const float *)y, as_keys);
    case WEFT_PHYS_F64: return columnar_same_double(*(const double *)x, *(const double *)y, as_keys);
    case WEFT_PHYS_STR: {
        const weft_str *s = x, *t = y;
        return s->len == t->len && memcmp(weft_str_data(s), weft_str_data(t), s->len) == 0;
    }
    case WEFT_PHYS_LIST: return columnar_same_list(a, i, b, j, as_keys);
    case WEFT_PHYS_STRUCT:
        for (int32_t k = 0; k < a->child_count; k++) {
            if (!columnar_same(&a->children[k], weft_column_slot(a, i), &b->children[k],
                               weft_column_slot(b, j), as_keys)) {
                return false;
            }
        }
        return true;
    default: return columnar_number(a, i) == columnar_number(b, j);
    }
}

#endif
