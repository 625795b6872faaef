/* engine/formats/parquet/write_schema.c - see the header.
 *
 * Sources: LogicalTypes.md of apache/parquet-format 2.11 for groups and annotations; Spark's documentation of
 * its Parquet types for what it expects to read (DECIMAL by precision, TIMESTAMP in microseconds). */
#include "engine/formats/parquet/write_schema.h"

#include "common/limits.h"

enum { SCHEMA_DEPTH_MAX = 32 }; /* nested types within each other; definition levels stay far below 255 */

/* What stands in the group of a VARIANT, in the order in which columns of it are split (write_variant.c). */
static const weft_field variant_fields[2] = {{.name = "metadata", .type = {.id = WEFT_TYPE_BINARY}},
                                             {.name = "value", .type = {.id = WEFT_TYPE_BINARY}}};

/* Bytes that hold every value of a precision, as big-endian two's complement: what Spark chooses. */
static int32_t decimal_bytes(int precision)
{
    weft_u128 limit = 1;
    for (int i = 0; i < precision; i++) limit *= 10;
    int32_t bytes = 1;
    while (bytes < 16 && ((weft_u128)1 << (8 * bytes - 1)) < limit) bytes++;
    return bytes;
}

static weft_status leaf_kind(weft_ctx *ctx, weft_type type, const char *name, weft_pqw_leaf *leaf)
{
    char text[128];
    switch ((weft_type_id)type.id) {
    case WEFT_TYPE_BOOLEAN:
        leaf->kind = WEFT_PQW_BOOL;
        leaf->physical = WEFT_PQ_BOOLEAN;
        return WEFT_OK;
    case WEFT_TYPE_TINYINT:
    case WEFT_TYPE_SMALLINT:
    case WEFT_TYPE_INT:
    case WEFT_TYPE_DATE:
    case WEFT_TYPE_INTERVAL_YM:
        leaf->kind = WEFT_PQW_I32;
        leaf->physical = WEFT_PQ_INT32;
        return WEFT_OK;
    case WEFT_TYPE_BIGINT:
    case WEFT_TYPE_TIMESTAMP:
    case WEFT_TYPE_TIMESTAMP_NTZ:
    case WEFT_TYPE_TIMESTAMP_NS:
    case WEFT_TYPE_TIMESTAMP_NTZ_NS:
    case WEFT_TYPE_TIME:
    case WEFT_TYPE_INTERVAL_DT:
        leaf->kind = WEFT_PQW_I64;
        leaf->physical = WEFT_PQ_INT64;
        return WEFT_OK;
    case WEFT_TYPE_FLOAT:
        leaf->kind = WEFT_PQW_F32;
        leaf->physical = WEFT_PQ_FLOAT;
        return WEFT_OK;
    case WEFT_TYPE_DOUBLE:
        leaf->kind = WEFT_PQW_F64;
        leaf->physical = WEFT_PQ_DOUBLE;
        return WEFT_OK;
    case WEFT_TYPE_DECIMAL:
        leaf->kind = type.precision <= 9    ? WEFT_PQW_I32
                     : type.precision <= 18 ? WEFT_PQW_I64
                                            : WEFT_PQW_FIXED;
        leaf->physical = type.precision <= 9    ? WEFT_PQ_INT32
                         : type.precision <= 18 ? WEFT_PQ_INT64
                                                : WEFT_PQ_FIXED;
        leaf->fixed_bytes = leaf->kind == WEFT_PQW_FIXED ? decimal_bytes(type.precision) : 0;
        return WEFT_OK;
    case WEFT_TYPE_STRING:
    case WEFT_TYPE_BINARY:
        leaf->kind = WEFT_PQW_BYTES;
        leaf->physical = WEFT_PQ_BYTE_ARRAY;
        return WEFT_OK;
    case WEFT_TYPE_NULL:
    case WEFT_TYPE_INTERVAL:
    case WEFT_TYPE_ARRAY:
    case WEFT_TYPE_STRUCT:
    case WEFT_TYPE_MAP:
    case WEFT_TYPE_VARIANT:
    case WEFT_TYPE_GEOMETRY:
    case WEFT_TYPE_GEOGRAPHY:
    case WEFT_TYPE_COUNT: break;
    }
    return weft_fail(ctx, WEFT_DATASOURCE_TYPE,
                     "The Parquet datasource doesn't support the column `%s` of the type \"%s\".", name,
                     weft_type_text(type, text, sizeof(text)));
}

/* The walk from the root: what the path has gathered so far. */
typedef struct schema_walk {
    weft_arena *arena;
    weft_pqw_schema *out;
    int32_t capacity;
    int32_t column;
    const char *path[3 * SCHEMA_DEPTH_MAX];
    int32_t path_count;
    weft_pqw_step steps[SCHEMA_DEPTH_MAX];
    int32_t step_count;
    int32_t def, rep;
} schema_walk;

static weft_status walk_leaf(weft_ctx *ctx, schema_walk *walk, const weft_field *field)
{
    weft_status st = WEFT_OK;
    weft_pqw_schema *out = walk->out;
    char *dotted = NULL;
    size_t dotted_len = 0;
    if (out->leaf_count == walk->capacity) {
        const int32_t capacity = weft_max_i32(16, walk->capacity * 2);
        weft_pqw_leaf *leaves = NULL;
        WEFT_TRY(st,
                 weft_arena_alloc(ctx, walk->arena, (size_t)capacity * sizeof(*leaves), (void **)&leaves));
        if (out->leaf_count > 0) memcpy(leaves, out->leaves, (size_t)out->leaf_count * sizeof(*leaves));
        out->leaves = leaves;
        walk->capacity = capacity;
    }
    weft_pqw_leaf *leaf = &out->leaves[out->leaf_count];
    *leaf = (weft_pqw_leaf){
        .column = walk->column,
        .type = field->type,
        .optional = field->nullable,
        .max_def = (uint8_t)(walk->def + field->nullable),
        .max_rep = (uint8_t)walk->rep,
        .step_count = walk->step_count,
        .path_count = walk->path_count,
    };
    WEFT_TRY(st, leaf_kind(ctx, field->type, field->name, leaf));
    WEFT_TRY(st,
             weft_arena_copy(ctx, walk->arena, walk->steps, (size_t)walk->step_count * sizeof(*walk->steps),
                             (char **)(void *)&leaf->steps));
    WEFT_TRY(st, weft_arena_copy(ctx, walk->arena, walk->path, (size_t)walk->path_count * sizeof(*walk->path),
                                 (char **)(void *)&leaf->path));
    for (int32_t i = 0; i < walk->path_count; i++) dotted_len += strlen(walk->path[i]) + 1;
    WEFT_TRY(st, weft_arena_alloc(ctx, walk->arena, dotted_len, (void **)&dotted));
    leaf->dotted = dotted;
    for (int32_t i = 0; i < walk->path_count; i++) {
        if (i > 0) *dotted++ = '.';
        const size_t len = strlen(walk->path[i]);
        memcpy(dotted, walk->path[i], len);
        dotted += len;
    }
    out->leaf_count++;
done:
    return st;
}

static weft_status walk_field(weft_ctx *ctx, schema_walk *walk, const weft_field *field);

/* One child below the group that was entered last. */
static weft_status walk_child(weft_ctx *ctx, schema_walk *walk, int32_t index, const weft_field *child)
{
    walk->steps[walk->step_count - 1].next_child = index;
    return walk_field(ctx, walk, child);
}

static weft_status walk_group(weft_ctx *ctx, schema_walk *walk, const weft_field *field)
{
    weft_status st = WEFT_OK;
    const weft_type type = field->type;
    const schema_walk kept = *walk;
    const bool variant = type.id == WEFT_TYPE_VARIANT;
    const bool is_list = type.id != WEFT_TYPE_STRUCT && !variant;
    if (walk->step_count + 3 > SCHEMA_DEPTH_MAX) {
        return weft_fail(ctx, WEFT_LIMIT, "The column `%s` is nested deeper than %d levels.", walk->path[0],
                         SCHEMA_DEPTH_MAX);
    }
    if (type.child_count == 0 && !variant) {
        return weft_fail(ctx, WEFT_UNSUPPORTED_DATATYPE,
                         "Parquet has no struct without fields, but the column `%s` is one.", field->name);
    }
    walk->def += field->nullable + is_list;
    walk->rep += is_list;
    walk->steps[walk->step_count++] = (weft_pqw_step){.is_list = is_list, .optional = field->nullable};
    if (type.id == WEFT_TYPE_ARRAY) {
        walk->path[walk->path_count++] = "list";
        const weft_field element = {
            .name = "element", .type = type.children[0].type, .nullable = type.children[0].nullable};
        WEFT_TRY(st, walk_child(ctx, walk, 0, &element));
    } else if (variant) {
        for (int32_t i = 0; i < 2; i++) WEFT_TRY(st, walk_child(ctx, walk, i, &variant_fields[i]));
    } else if (type.id == WEFT_TYPE_MAP) {
        walk->path[walk->path_count++] = "key_value";
        walk->steps[walk->step_count++] =
            (weft_pqw_step){.is_list = false, .optional = false}; /* the entry */
        const weft_field key = {.name = "key", .type = type.children[0].type};
        const weft_field value = {
            .name = "value", .type = type.children[1].type, .nullable = type.children[1].nullable};
        WEFT_TRY(st, walk_child(ctx, walk, 0, &key));
        WEFT_TRY(st, walk_child(ctx, walk, 1, &value));
    } else {
        for (int32_t i = 0; i < type.child_count; i++) {
            WEFT_TRY(st, walk_child(ctx, walk, i, &type.children[i]));
        }
    }
done:
    walk->path_count = kept.path_count;
    walk->step_count = kept.step_count;
    walk->def = kept.def;
    walk->rep = kept.rep;
    return st;
}

static weft_status walk_field(weft_ctx *ctx, schema_walk *walk, const weft_field *field)
{
    weft_status st = WEFT_OK;
    const weft_type_id id = (weft_type_id)field->type.id;
    walk->path[walk->path_count++] = field->name;
    if (id == WEFT_TYPE_ARRAY || id == WEFT_TYPE_MAP || id == WEFT_TYPE_STRUCT || id == WEFT_TYPE_VARIANT) {
        WEFT_TRY(st, walk_group(ctx, walk, field));
    } else {
        WEFT_TRY(st, walk_leaf(ctx, walk, field));
    }
done:
    walk->path_count--;
    return st;
}

weft_status weft_pqw_schema_init(weft_ctx *ctx, weft_arena *arena, const weft_schema *source,
                                 weft_pqw_schema *out)
{
    weft_status st = WEFT_OK;
    *out = (weft_pqw_schema){.source = *source};
    schema_walk walk = {.arena = arena, .out = out};
    for (int32_t i = 0; i < source->count; i++) {
        walk.column = i;
        WEFT_TRY(st, walk_field(ctx, &walk, &source->fields[i]));
    }
done:
    return st;
}

static void put_unit(weft_thrift_writer *w, int16_t id, weft_type type)
{
    const bool nanos = weft_type_counts_nanos(type) ||
                       (type.id == WEFT_TYPE_TIME && weft_type_time_digits(type) > 6);
    weft_thrift_put_struct_begin(w, id);
    weft_thrift_put_struct_begin(w, nanos ? WEFT_PQ_NANOS : WEFT_PQ_MICROS);
    weft_thrift_put_struct_end(w);
    weft_thrift_put_struct_end(w);
}

/* The older annotation, for readers that know only it; -1 for none. */
static int converted_type(weft_type type)
{
    switch ((weft_type_id)type.id) {
    case WEFT_TYPE_TINYINT: return WEFT_PQ_CONVERTED_INT_8;
    case WEFT_TYPE_SMALLINT: return WEFT_PQ_CONVERTED_INT_16;
    case WEFT_TYPE_DECIMAL: return WEFT_PQ_CONVERTED_DECIMAL;
    case WEFT_TYPE_STRING: return WEFT_PQ_CONVERTED_UTF8;
    case WEFT_TYPE_DATE: return WEFT_PQ_CONVERTED_DATE;
    case WEFT_TYPE_TIMESTAMP: return WEFT_PQ_CONVERTED_TIMESTAMP_MICROS;
    case WEFT_TYPE_ARRAY: return WEFT_PQ_CONVERTED_LIST;
    case WEFT_TYPE_MAP: return WEFT_PQ_CONVERTED_MAP;
    case WEFT_TYPE_NULL:
    case WEFT_TYPE_BOOLEAN:
    case WEFT_TYPE_INT:
    case WEFT_TYPE_BIGINT:
    case WEFT_TYPE_FLOAT:
    case WEFT_TYPE_DOUBLE:
    case WEFT_TYPE_BINARY:
    case WEFT_TYPE_TIMESTAMP_NTZ: /* the older annotation means UTC only */
    case WEFT_TYPE_INTERVAL_YM:   /* as Spark: a bare INT32 and INT64, told by the row metadata */
    case WEFT_TYPE_TIMESTAMP_NS:
    case WEFT_TYPE_TIMESTAMP_NTZ_NS:
    case WEFT_TYPE_TIME:
    case WEFT_TYPE_INTERVAL_DT:
    case WEFT_TYPE_INTERVAL:
    case WEFT_TYPE_STRUCT:
    case WEFT_TYPE_VARIANT:
    case WEFT_TYPE_GEOMETRY:
    case WEFT_TYPE_GEOGRAPHY:
    case WEFT_TYPE_COUNT: break;
    }
    return -1;
}

/* The union LogicalType as field 10 of a SchemaElement. */
static void put_logical_type(weft_thrift_writer *w, weft_type type)
{
    int logical = 0;
    if (type.id == WEFT_TYPE_STRING) logical = WEFT_PQ_LOGICAL_STRING;
    if (type.id == WEFT_TYPE_DATE) logical = WEFT_PQ_LOGICAL_DATE;
    if (type.id == WEFT_TYPE_DECIMAL) logical = WEFT_PQ_LOGICAL_DECIMAL;
    if (type.id == WEFT_TYPE_TIMESTAMP || type.id == WEFT_TYPE_TIMESTAMP_NTZ)
        logical = WEFT_PQ_LOGICAL_TIMESTAMP;
    if (weft_type_counts_nanos(type)) logical = WEFT_PQ_LOGICAL_TIMESTAMP;
    if (type.id == WEFT_TYPE_TIME) logical = WEFT_PQ_LOGICAL_TIME;
    if (type.id == WEFT_TYPE_TINYINT || type.id == WEFT_TYPE_SMALLINT) logical = WEFT_PQ_LOGICAL_INTEGER;
    if (type.id == WEFT_TYPE_ARRAY) logical = WEFT_PQ_LOGICAL_LIST;
    if (type.id == WEFT_TYPE_MAP) logical = WEFT_PQ_LOGICAL_MAP;
    if (type.id == WEFT_TYPE_VARIANT) logical = WEFT_PQ_LOGICAL_VARIANT;
    if (logical == 0) return;
    weft_thrift_put_struct_begin(w, 10);
    weft_thrift_put_struct_begin(w, (int16_t)logical);
    if (logical == WEFT_PQ_LOGICAL_DECIMAL) {
        weft_thrift_put_i32(w, 1, type.scale);
        weft_thrift_put_i32(w, 2, type.precision);
    } else if (logical == WEFT_PQ_LOGICAL_TIMESTAMP || logical == WEFT_PQ_LOGICAL_TIME) {
        weft_thrift_put_bool(w, 1, type.id == WEFT_TYPE_TIMESTAMP || type.id == WEFT_TYPE_TIMESTAMP_NS);
        put_unit(w, 2, type);
    } else if (logical == WEFT_PQ_LOGICAL_VARIANT) {
        weft_thrift_put_i8(w, 1, 1); /* specification_version */
    } else if (logical == WEFT_PQ_LOGICAL_INTEGER) {
        weft_thrift_put_i8(w, 1, type.id == WEFT_TYPE_TINYINT ? 8 : 16);
        weft_thrift_put_bool(w, 2, true);
    }
    weft_thrift_put_struct_end(w);
    weft_thrift_put_struct_end(w);
}

static void put_group_element(weft_thrift_writer *w, const char *name, weft_pq_repetition repetition,
                              int32_t children)
{
    weft_thrift_put_struct_open(w);
    weft_thrift_put_i32(w, 3, (int32_t)repetition);
    weft_thrift_put_text(w, 4, name);
    weft_thrift_put_i32(w, 5, children);
    weft_thrift_put_struct_end(w);
}

static void put_field(weft_thrift_writer *w, const weft_field *field)
{
    const weft_type type = field->type;
    const bool is_group = type.id == WEFT_TYPE_STRUCT || type.id == WEFT_TYPE_ARRAY ||
                          type.id == WEFT_TYPE_MAP || type.id == WEFT_TYPE_VARIANT;
    weft_pqw_leaf leaf = {0};
    weft_thrift_put_struct_open(w);
    if (!is_group && w->st == WEFT_OK) {
        w->st = leaf_kind(w->ctx, type, field->name, &leaf);
        weft_thrift_put_i32(w, 1, (int32_t)leaf.physical);
        if (leaf.kind == WEFT_PQW_FIXED) weft_thrift_put_i32(w, 2, leaf.fixed_bytes);
    }
    weft_thrift_put_i32(w, 3, field->nullable ? WEFT_PQ_OPTIONAL : WEFT_PQ_REQUIRED);
    weft_thrift_put_text(w, 4, field->name);
    const int32_t children = type.id == WEFT_TYPE_STRUCT    ? type.child_count
                             : type.id == WEFT_TYPE_VARIANT ? 2
                                                            : 1;
    if (is_group) weft_thrift_put_i32(w, 5, children);
    const int converted = converted_type(type);
    if (converted >= 0) weft_thrift_put_i32(w, 6, converted);
    if (type.id == WEFT_TYPE_DECIMAL) {
        weft_thrift_put_i32(w, 7, type.scale);
        weft_thrift_put_i32(w, 8, type.precision);
    }
    put_logical_type(w, type);
    weft_thrift_put_struct_end(w);
    if (type.id == WEFT_TYPE_ARRAY) {
        put_group_element(w, "list", WEFT_PQ_REPEATED, 1);
        put_field(w, &(weft_field){.name = "element",
                                   .type = type.children[0].type,
                                   .nullable = type.children[0].nullable});
    } else if (type.id == WEFT_TYPE_MAP) {
        put_group_element(w, "key_value", WEFT_PQ_REPEATED, 2);
        put_field(w, &(weft_field){.name = "key", .type = type.children[0].type});
        put_field(w, &(weft_field){.name = "value",
                                   .type = type.children[1].type,
                                   .nullable = type.children[1].nullable});
    } else if (type.id == WEFT_TYPE_VARIANT) {
        for (int32_t i = 0; i < 2; i++) put_field(w, &variant_fields[i]);
    } else if (type.id == WEFT_TYPE_STRUCT) {
        for (int32_t i = 0; i < type.child_count; i++) put_field(w, &type.children[i]);
    }
}

/* Elements of the tree below a type, itself included. */
static int32_t count_elements(weft_type type)
{
    int32_t count = type.id == WEFT_TYPE_ARRAY || type.id == WEFT_TYPE_MAP ? 2 : 1;
    if (type.id == WEFT_TYPE_VARIANT) count = 3;
    for (int32_t i = 0; i < type.child_count; i++) count += count_elements(type.children[i].type);
    return count;
}

void weft_pqw_schema_put(weft_thrift_writer *w, int16_t id, const weft_schema *source)
{
    int32_t count = 1;
    for (int32_t i = 0; i < source->count; i++) count += count_elements(source->fields[i].type);
    weft_thrift_put_list(w, id, WEFT_THRIFT_STRUCT, count);
    weft_thrift_put_struct_open(w);
    weft_thrift_put_text(w, 4, "spark_schema"); /* the name that Spark gives the root */
    weft_thrift_put_i32(w, 5, source->count);
    weft_thrift_put_struct_end(w);
    for (int32_t i = 0; i < source->count; i++) put_field(w, &source->fields[i]);
}
