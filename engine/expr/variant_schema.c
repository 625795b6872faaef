/* engine/expr/variant_schema.c - see variant_schema.h.
 *
 * The schema of many values at once is found without schemas of each: when all are objects, by the values of
 * each name; when all are arrays, by the elements of all; else by a fold over plain types. A schema is read
 * in the same way, but that its strings are names of types. Null has no part in it. */
#include "engine/expr/variant_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/expr/type_sql.h"

typedef struct schema_part {
    weft_variant v;
    const char *name; /* while fields are sorted */
    uint32_t name_len;
} schema_part;

typedef struct schema_maker {
    weft_ctx *ctx;
    weft_variant_builder *b;
    weft_text parts; /* schema_part each: a stack */
    bool schemas;    /* the parts are schemas */
} schema_maker;

/* ---- plain types ---- */

static int32_t digits_of(weft_i128 value)
{
    int32_t count = 1;
    for (weft_u128 left = value < 0 ? -(weft_u128)value : (weft_u128)value; left >= 10; left /= 10) count++;
    return count;
}

static weft_type plain_type(const weft_variant *v)
{
    int32_t scale = 0;
    switch (weft_variant_kind_of(v)) {
    case WEFT_VARIANT_NULL: return WEFT_TYPE_OF(WEFT_TYPE_NULL);
    case WEFT_VARIANT_BOOLEAN: return WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN);
    case WEFT_VARIANT_LONG: return WEFT_TYPE_OF(WEFT_TYPE_BIGINT);
    case WEFT_VARIANT_UUID:
    case WEFT_VARIANT_STRING: return WEFT_TYPE_OF(WEFT_TYPE_STRING);
    case WEFT_VARIANT_DOUBLE: return WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
    case WEFT_VARIANT_DATE: return WEFT_TYPE_OF(WEFT_TYPE_DATE);
    case WEFT_VARIANT_TIMESTAMP: return WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP);
    case WEFT_VARIANT_TIMESTAMP_NTZ: return WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP_NTZ);
    case WEFT_VARIANT_FLOAT: return WEFT_TYPE_OF(WEFT_TYPE_FLOAT);
    case WEFT_VARIANT_BINARY: return WEFT_TYPE_OF(WEFT_TYPE_BINARY);
    case WEFT_VARIANT_DECIMAL: {
        const int32_t digits = digits_of(weft_variant_decimal(v, &scale));
        return weft_type_decimal(weft_max_i32(digits, scale), scale);
    }
    case WEFT_VARIANT_OBJECT:
    case WEFT_VARIANT_ARRAY: break;
    }
    return WEFT_TYPE_OF(WEFT_TYPE_VARIANT);
}

/* The type that a string of a schema names. */
static weft_type named_type(const weft_variant *v)
{
    static const uint8_t ids[] = {
        WEFT_TYPE_NULL, WEFT_TYPE_BOOLEAN, WEFT_TYPE_BIGINT, WEFT_TYPE_STRING,    WEFT_TYPE_DOUBLE,
        WEFT_TYPE_DATE, WEFT_TYPE_FLOAT,   WEFT_TYPE_BINARY, WEFT_TYPE_TIMESTAMP, WEFT_TYPE_TIMESTAMP_NTZ};
    uint32_t len = 0;
    int precision = 0, scale = 0;
    char name[32], word[32];
    if (weft_variant_kind_of(v) != WEFT_VARIANT_STRING) return WEFT_TYPE_OF(WEFT_TYPE_VARIANT);
    const char *bytes = weft_variant_text(v, &len);
    if (len >= sizeof name) return WEFT_TYPE_OF(WEFT_TYPE_VARIANT);
    memcpy(name, bytes, len);
    name[len] = 0;
    if (sscanf(name, "decimal(%d,%d)", &precision, &scale) == 2) return weft_type_decimal(precision, scale);
    for (size_t i = 0; i < sizeof ids; i++) {
        if (strcmp(weft_type_text(WEFT_TYPE_OF(ids[i]), word, sizeof word), name) == 0)
            return WEFT_TYPE_OF(ids[i]);
    }
    return WEFT_TYPE_OF(WEFT_TYPE_VARIANT);
}

/* As Spark merges the types that it infers from JSON, with VARIANT where they have nothing in common. */
static weft_type merge_plain(weft_type a, weft_type b)
{
    if (a.id == WEFT_TYPE_NULL) return b;
    if (b.id == WEFT_TYPE_NULL || weft_type_equal(a, b)) return a;
    if (a.id > b.id) return merge_plain(b, a); /* BIGINT, FLOAT, DOUBLE, DECIMAL; DATE, TIMESTAMP, …_NTZ */
    if (a.id == WEFT_TYPE_BIGINT && b.id == WEFT_TYPE_DECIMAL) a = weft_type_decimal(20, 0);
    if (a.id == WEFT_TYPE_DECIMAL && b.id == WEFT_TYPE_DECIMAL) {
        const int32_t scale = weft_max_i32(a.scale, b.scale);
        const int32_t whole = weft_max_i32(a.precision - a.scale, b.precision - b.scale);
        return whole + scale > WEFT_DECIMAL_PRECISION_MAX ? WEFT_TYPE_OF(WEFT_TYPE_DOUBLE)
                                                          : weft_type_decimal(whole + scale, scale);
    }
    if (a.id == WEFT_TYPE_BIGINT && (b.id == WEFT_TYPE_FLOAT || b.id == WEFT_TYPE_DOUBLE)) return b;
    if (a.id == WEFT_TYPE_FLOAT && b.id == WEFT_TYPE_DOUBLE) return b;
    if (a.id == WEFT_TYPE_DOUBLE && b.id == WEFT_TYPE_DECIMAL) return a;
    if (a.id == WEFT_TYPE_DATE && (b.id == WEFT_TYPE_TIMESTAMP || b.id == WEFT_TYPE_TIMESTAMP_NTZ)) return b;
    if (a.id == WEFT_TYPE_TIMESTAMP && b.id == WEFT_TYPE_TIMESTAMP_NTZ) return a;
    return WEFT_TYPE_OF(WEFT_TYPE_VARIANT);
}

/* ---- parts ---- */

static schema_part *part_at(const schema_maker *m, size_t i)
{
    return (schema_part *)(void *)m->parts.bytes + i;
}

static size_t part_count(const schema_maker *m) { return m->parts.len / sizeof(schema_part); }

static weft_status push_part(schema_maker *m, const schema_part *part)
{
    return weft_text_append(m->ctx, &m->parts, (const char *)part, sizeof *part);
}

static int compare_parts(const void *a, const void *b)
{
    const schema_part *x = a, *y = b;
    return weft_variant_compare_names(x->name, x->name_len, y->name, y->name_len);
}

static weft_status put_schema(schema_maker *m, size_t first, size_t end);

/* The parts first .. end are objects (or nulls). */
static weft_status put_object(schema_maker *m, size_t first, size_t end)
{
    weft_status st = WEFT_OK;
    const weft_variant_mark mark = weft_variant_begin(m->b);
    const size_t fields = part_count(m);
    for (size_t i = first; i < end; i++) {
        const weft_variant v = part_at(m, i)->v;
        const int32_t count = weft_variant_kind_of(&v) == WEFT_VARIANT_OBJECT ? weft_variant_count(&v) : 0;
        for (int32_t k = 0; k < count; k++) {
            schema_part part;
            part.v = weft_variant_field(&v, k, &part.name, &part.name_len);
            WEFT_TRY(st, push_part(m, &part));
        }
    }
    const size_t all = part_count(m);
    if (end - first > 1 && all > fields)
        qsort(part_at(m, fields), all - fields, sizeof(schema_part), compare_parts);
    for (size_t i = fields; i < all;) {
        size_t next = i + 1;
        const schema_part part = *part_at(m, i);
        while (next < all && compare_parts(&part, part_at(m, next)) == 0) next++;
        WEFT_TRY(st, weft_variant_name(m->ctx, m->b, part.name, part.name_len));
        WEFT_TRY(st, put_schema(m, i, next));
        i = next;
    }
    m->parts.len = fields * sizeof(schema_part);
    WEFT_TRY(st, weft_variant_end_object(m->ctx, m->b, mark));
done:
    return st;
}

/* They are arrays (or nulls). */
static weft_status put_array(schema_maker *m, size_t first, size_t end)
{
    weft_status st = WEFT_OK;
    const weft_variant_mark mark = weft_variant_begin(m->b);
    const size_t elements = part_count(m);
    for (size_t i = first; i < end; i++) {
        const weft_variant v = part_at(m, i)->v;
        const int32_t count = weft_variant_kind_of(&v) == WEFT_VARIANT_ARRAY ? weft_variant_count(&v) : 0;
        for (int32_t k = 0; k < count; k++) {
            const schema_part part = {.v = weft_variant_element(&v, k)};
            WEFT_TRY(st, push_part(m, &part));
        }
    }
    WEFT_TRY(st, weft_variant_next(m->ctx, m->b));
    WEFT_TRY(st, put_schema(m, elements, part_count(m)));
    m->parts.len = elements * sizeof(schema_part);
    WEFT_TRY(st, weft_variant_end_array(m->ctx, m->b, mark));
done:
    return st;
}

static weft_status put_schema(schema_maker *m, size_t first, size_t end)
{
    weft_type type = WEFT_TYPE_OF(WEFT_TYPE_NULL);
    bool objects = true, arrays = true, any = false;
    char text[64];
    for (size_t i = first; i < end; i++) {
        const weft_variant *v = &part_at(m, i)->v;
        const weft_type one = m->schemas ? named_type(v) : plain_type(v);
        if (one.id == WEFT_TYPE_NULL) continue;
        any = true;
        objects &= weft_variant_kind_of(v) == WEFT_VARIANT_OBJECT;
        arrays &= weft_variant_kind_of(v) == WEFT_VARIANT_ARRAY;
        type = merge_plain(type, one);
    }
    if (any && objects) return put_object(m, first, end);
    if (any && arrays) return put_array(m, first, end);
    (void)weft_type_text(type, text, sizeof text);
    return weft_variant_put_text(m->ctx, m->b, text, strlen(text));
}

static weft_status put_parts(weft_ctx *ctx, weft_variant_builder *b, const weft_variant *const *values,
                             size_t count, bool schemas)
{
    weft_status st = WEFT_OK;
    schema_maker m = {.ctx = ctx, .b = b, .schemas = schemas};
    for (size_t i = 0; i < count; i++) {
        const schema_part part = {.v = *values[i]};
        WEFT_TRY(st, push_part(&m, &part));
    }
    WEFT_TRY(st, put_schema(&m, 0, count));
done:
    weft_text_release(&m.parts);
    return st;
}

weft_status weft_variant_put_schema(weft_ctx *ctx, weft_variant_builder *b, const weft_variant *v)
{
    return put_parts(ctx, b, &v, 1, false);
}

weft_status weft_variant_merge_schemas(weft_ctx *ctx, weft_variant_builder *b, const weft_variant *a,
                                       const weft_variant *c)
{
    const weft_variant *both[2] = {a, c};
    return put_parts(ctx, b, both, 2, true);
}

/* ---- text ---- */

weft_status weft_variant_schema_text(weft_ctx *ctx, const weft_variant *schema, weft_text *out)
{
    weft_status st = WEFT_OK;
    const weft_variant_kind kind = weft_variant_kind_of(schema);
    const bool object = kind == WEFT_VARIANT_OBJECT;
    if (kind < WEFT_VARIANT_OBJECT) return weft_text_append_type(ctx, out, named_type(schema));
    const int32_t count = weft_variant_count(schema);
    WEFT_TRY(st, weft_text_append(ctx, out, object ? "OBJECT<" : "ARRAY<", object ? 7 : 6));
    for (int32_t i = 0; i < count; i++) {
        const char *name = NULL;
        uint32_t len = 0;
        weft_variant part;
        if (i > 0) WEFT_TRY(st, weft_text_append(ctx, out, ", ", 2));
        if (object) {
            part = weft_variant_field(schema, i, &name, &len);
            WEFT_TRY(st, weft_text_append_name(ctx, out, name, len));
            WEFT_TRY(st, weft_text_append(ctx, out, ": ", 2));
        } else {
            part = weft_variant_element(schema, i);
        }
        WEFT_TRY(st, weft_variant_schema_text(ctx, &part, out));
    }
    WEFT_TRY(st, weft_text_append(ctx, out, ">", 1));
done:
    return st;
}
