/* engine/formats/parquet/schema.c - the flat list of schema elements to a tree of nodes, leaves and weft
 * types.
 *
 * Types are Spark's for Parquet. What Spark refuses is read by its meaning here: UUID is BINARY of 16 bytes,
 * FLOAT16 is FLOAT, TIME adjusted to UTC is BIGINT microseconds of the day, nanosecond timestamps are rounded
 * down to microseconds. Lists and maps follow the compatibility rules of LogicalTypes.md of
 * apache/parquet-format. */
#include <stdio.h>
#include <string.h>

#include "engine/formats/parquet/meta.h"

enum { SCHEMA_DEPTH_MAX = 64, SCHEMA_PATH_BYTES = 1024 };

typedef struct schema {
    weft_ctx *ctx;
    weft_pq_meta *meta;
    const weft_pq_element *elements;
    int32_t count, next; /* elements; the next one to read */
    int32_t leaf_count;
    int32_t depth;
    weft_pq_leaf *leaves;
    char path[SCHEMA_PATH_BYTES]; /* of the node being read, dotted */
} schema;

static weft_status schema_fail(schema *s, weft_status code, const char *what)
{
    return weft_fail(s->ctx, code, "Parquet file %s: column %s: %s", s->meta->path, s->path, what);
}

static bool schema_set(weft_pq_leaf *leaf, weft_type_id id, weft_pq_convert convert)
{
    leaf->type = WEFT_TYPE_OF(id);
    leaf->convert = (uint8_t)convert;
    return true;
}

static bool schema_int32(const weft_pq_element *e, weft_pq_leaf *leaf)
{
    int bits = 32;
    bool is_signed = true;
    if (e->logical == WEFT_PQ_LOGICAL_INTEGER) {
        bits = e->bit_width;
        is_signed = e->is_signed;
    } else if (e->converted >= WEFT_PQ_CONVERTED_UINT_8 && e->converted <= WEFT_PQ_CONVERTED_UINT_32) {
        bits = 8 << (e->converted - WEFT_PQ_CONVERTED_UINT_8);
        is_signed = false;
    } else if (e->converted == WEFT_PQ_CONVERTED_INT_8 || e->converted == WEFT_PQ_CONVERTED_INT_16) {
        bits = e->converted == WEFT_PQ_CONVERTED_INT_8 ? 8 : 16;
    } else if (e->logical == WEFT_PQ_LOGICAL_DATE || e->converted == WEFT_PQ_CONVERTED_DATE) {
        return schema_set(leaf, WEFT_TYPE_DATE, WEFT_PQ_AS_IS);
    } else if (e->logical == WEFT_PQ_LOGICAL_TIME || e->converted == WEFT_PQ_CONVERTED_TIME_MILLIS) {
        return schema_set(leaf, WEFT_TYPE_BIGINT, WEFT_PQ_TIME_MS);
    }
    leaf->unsigned_order = !is_signed;
    if (bits == 8) {
        return is_signed ? schema_set(leaf, WEFT_TYPE_TINYINT, WEFT_PQ_TO_I8)
                         : schema_set(leaf, WEFT_TYPE_SMALLINT, WEFT_PQ_U8_TO_I16);
    }
    if (bits == 16) {
        return is_signed ? schema_set(leaf, WEFT_TYPE_SMALLINT, WEFT_PQ_TO_I16)
                         : schema_set(leaf, WEFT_TYPE_INT, WEFT_PQ_U16_TO_I32);
    }
    return is_signed ? schema_set(leaf, WEFT_TYPE_INT, WEFT_PQ_AS_IS)
                     : schema_set(leaf, WEFT_TYPE_BIGINT, WEFT_PQ_U32_TO_I64);
}

static bool schema_int64(const weft_pq_element *e, weft_pq_leaf *leaf)
{
    const bool is_unsigned =
        e->logical == WEFT_PQ_LOGICAL_INTEGER ? !e->is_signed : e->converted == WEFT_PQ_CONVERTED_UINT_64;
    if (e->logical == WEFT_PQ_LOGICAL_TIMESTAMP) {
        const weft_type_id id = e->adjusted_to_utc ? WEFT_TYPE_TIMESTAMP : WEFT_TYPE_TIMESTAMP_NTZ;
        if (e->unit == WEFT_PQ_MILLIS) return schema_set(leaf, id, WEFT_PQ_MS_TO_US);
        if (e->unit == WEFT_PQ_NANOS) return schema_set(leaf, id, WEFT_PQ_NS_TO_US);
        return schema_set(leaf, id, WEFT_PQ_AS_IS);
    }
    if (e->logical == WEFT_PQ_LOGICAL_TIME && !e->adjusted_to_utc) { /* as Spark: others stay numbers */
        leaf->type = weft_type_time(e->unit == WEFT_PQ_NANOS ? 9 : 6);
        leaf->convert = e->unit == WEFT_PQ_NANOS ? WEFT_PQ_AS_IS : WEFT_PQ_MS_TO_US; /* times 1000 */
        return true;
    }
    if (e->logical == WEFT_PQ_LOGICAL_TIME && e->unit == WEFT_PQ_NANOS) {
        return schema_set(leaf, WEFT_TYPE_BIGINT, WEFT_PQ_NS_TO_US);
    }
    if (e->converted == WEFT_PQ_CONVERTED_TIMESTAMP_MILLIS) {
        return schema_set(leaf, WEFT_TYPE_TIMESTAMP, WEFT_PQ_MS_TO_US);
    }
    if (e->converted == WEFT_PQ_CONVERTED_TIMESTAMP_MICROS) {
        return schema_set(leaf, WEFT_TYPE_TIMESTAMP, WEFT_PQ_AS_IS);
    }
    if (is_unsigned) {
        leaf->unsigned_order = true;
        leaf->type = weft_type_decimal(20, 0);
        leaf->convert = WEFT_PQ_U64_TO_I128;
        return true;
    }
    return schema_set(leaf, WEFT_TYPE_BIGINT, WEFT_PQ_AS_IS);
}

static weft_status schema_decimal(schema *s, const weft_pq_element *e, weft_pq_leaf *leaf)
{
    if (e->precision < 1 || e->precision > WEFT_DECIMAL_PRECISION_MAX || e->scale < 0 ||
        e->scale > e->precision) {
        return schema_fail(s, WEFT_UNSUPPORTED,
                           "a decimal of more than 38 digits, or with a scale out of range");
    }
    const bool wide = e->precision > 18;
    leaf->type = weft_type_decimal(e->precision, e->scale);
    if (e->physical == WEFT_PQ_INT32) {
        leaf->convert = wide ? WEFT_PQ_I32_TO_I128 : WEFT_PQ_I32_TO_I64;
    } else if (e->physical == WEFT_PQ_INT64) {
        leaf->convert = wide ? WEFT_PQ_I64_TO_I128 : WEFT_PQ_AS_IS;
    } else if (e->physical == WEFT_PQ_FIXED || e->physical == WEFT_PQ_BYTE_ARRAY) {
        leaf->convert = WEFT_PQ_BYTES_TO_DECIMAL;
    } else {
        return schema_fail(s, WEFT_CORRUPT, "a decimal of a physical type that cannot hold one");
    }
    return WEFT_OK;
}

static weft_status schema_leaf_type(schema *s, const weft_pq_element *e, weft_pq_leaf *leaf)
{
    static const uint8_t widths[WEFT_PQ_PHYSICAL_COUNT] = {[WEFT_PQ_INT32] = 4,
                                                           [WEFT_PQ_INT64] = 8,
                                                           [WEFT_PQ_INT96] = 12,
                                                           [WEFT_PQ_FLOAT] = 4,
                                                           [WEFT_PQ_DOUBLE] = 8};
    if (e->physical < 0 || e->physical >= WEFT_PQ_PHYSICAL_COUNT) {
        return schema_fail(s, WEFT_CORRUPT, "unknown physical type");
    }
    leaf->physical = (uint8_t)e->physical;
    leaf->type_bytes = widths[e->physical];
    if (e->physical == WEFT_PQ_FIXED) {
        if (e->type_length < 1 || e->type_length > (1 << 24)) {
            return schema_fail(s, WEFT_CORRUPT, "a fixed-length type of impossible length");
        }
        leaf->type_bytes = e->type_length;
    }
    if (e->logical == WEFT_PQ_LOGICAL_DECIMAL || e->converted == WEFT_PQ_CONVERTED_DECIMAL) {
        return schema_decimal(s, e, leaf);
    }
    switch ((weft_pq_physical)e->physical) {
    case WEFT_PQ_BOOLEAN: schema_set(leaf, WEFT_TYPE_BOOLEAN, WEFT_PQ_TO_BOOL); break;
    case WEFT_PQ_INT32: schema_int32(e, leaf); break;
    case WEFT_PQ_INT64: schema_int64(e, leaf); break;
    case WEFT_PQ_INT96: schema_set(leaf, WEFT_TYPE_TIMESTAMP, WEFT_PQ_INT96_TO_US); break;
    case WEFT_PQ_FLOAT: schema_set(leaf, WEFT_TYPE_FLOAT, WEFT_PQ_AS_IS); break;
    case WEFT_PQ_DOUBLE: schema_set(leaf, WEFT_TYPE_DOUBLE, WEFT_PQ_AS_IS); break;
    case WEFT_PQ_BYTE_ARRAY: {
        const bool text = e->logical == WEFT_PQ_LOGICAL_STRING || e->logical == WEFT_PQ_LOGICAL_ENUM ||
                          e->logical == WEFT_PQ_LOGICAL_JSON || e->converted == WEFT_PQ_CONVERTED_UTF8 ||
                          e->converted == WEFT_PQ_CONVERTED_ENUM || e->converted == WEFT_PQ_CONVERTED_JSON;
        schema_set(leaf, text ? WEFT_TYPE_STRING : WEFT_TYPE_BINARY, WEFT_PQ_AS_IS);
        break;
    }
    case WEFT_PQ_FIXED:
        if (e->logical == WEFT_PQ_LOGICAL_FLOAT16 && e->type_length == 2) {
            schema_set(leaf, WEFT_TYPE_FLOAT, WEFT_PQ_FLOAT16);
        } else {
            schema_set(leaf, WEFT_TYPE_BINARY, WEFT_PQ_FIXED_TO_STR);
        }
        break;
    case WEFT_PQ_PHYSICAL_COUNT: break;
    }
    return WEFT_OK;
}

static weft_status schema_leaf(schema *s, const weft_pq_element *e, weft_pq_node *node)
{
    weft_status st = WEFT_OK;
    weft_pq_leaf *leaf = &s->leaves[s->leaf_count];
    char *path = NULL;
    WEFT_TRY(st, weft_arena_copy(s->ctx, s->meta->arena, s->path, strlen(s->path), &path));
    leaf->path = path;
    leaf->max_def = node->max_def;
    leaf->max_rep = node->max_rep;
    WEFT_TRY(st, schema_leaf_type(s, e, leaf));
    node->is_leaf = true;
    node->as = leaf;
    node->shape = WEFT_PQ_SHAPE_LEAF;
    node->type = leaf->type;
    node->leaf_count = 1;
    s->leaf_count++;
done:
    return st;
}

static weft_status schema_node(schema *s, int16_t def, int16_t rep, weft_pq_node *node);
static weft_status schema_body(schema *s, const weft_pq_element *e, weft_pq_node *node);

static weft_status schema_children(schema *s, weft_pq_node *node, int32_t count)
{
    node->child_count = count;
    return weft_arena_alloc(s->ctx, s->meta->arena, (size_t)weft_max_i32(count, 1) * sizeof *node->children,
                            (void **)&node->children);
}

/* Fill in node->type from its children. */
static weft_status schema_group_type(schema *s, weft_pq_node *node)
{
    static const char *const list_names[] = {"element"};
    static const char *const map_names[] = {"key", "value"};
    weft_status st = WEFT_OK;
    weft_field *fields = NULL;
    const size_t bytes = (size_t)weft_max_i32(node->child_count, 1) * sizeof *fields;
    WEFT_TRY(st, weft_arena_alloc(s->ctx, s->meta->arena, bytes, (void **)&fields));
    weft_type_id id = WEFT_TYPE_STRUCT;
    if (node->shape == WEFT_PQ_SHAPE_LIST) id = WEFT_TYPE_ARRAY;
    if (node->shape == WEFT_PQ_SHAPE_MAP) id = WEFT_TYPE_MAP;
    for (int32_t i = 0; i < node->child_count; i++) {
        const weft_pq_node *child = &node->children[i];
        const char *name = child->name;
        if (id == WEFT_TYPE_ARRAY) name = list_names[0];
        if (id == WEFT_TYPE_MAP) name = map_names[i];
        fields[i] = (weft_field){.name = name, .type = child->type, .nullable = child->nullable};
    }
    node->type = (weft_type){.id = (uint8_t)id, .child_count = node->child_count, .children = fields};
done:
    return st;
}

/* Is the repeated child of a LIST group the element itself (older writers), not a wrapper around it? */
static bool schema_list_is_bare(const schema *s, const weft_pq_element *list, const weft_pq_element *repeated)
{
    char tuple[SCHEMA_PATH_BYTES];
    if (repeated->physical >= 0 || repeated->child_count != 1) return true;
    if (s->next + 1 < s->count && s->elements[s->next + 1].repetition == WEFT_PQ_REPEATED) return true;
    snprintf(tuple, sizeof tuple, "%s_tuple", list->name);
    return strcmp(repeated->name, "array") == 0 || strcmp(repeated->name, tuple) == 0;
}

/* A LIST: s->next is its repeated child. */
static weft_status schema_list(schema *s, const weft_pq_element *e, weft_pq_node *node)
{
    weft_status st = WEFT_OK;
    const weft_pq_element *repeated = &s->elements[s->next];
    const int16_t def = (int16_t)(node->max_def + 1), rep = (int16_t)(node->max_rep + 1);
    node->shape = WEFT_PQ_SHAPE_LIST;
    WEFT_TRY(st, schema_children(s, node, 1));
    weft_pq_node *child = &node->children[0];
    if (schema_list_is_bare(s, e, repeated)) {
        s->next++;
        *child =
            (weft_pq_node){.name = repeated->name, .max_def = def, .max_rep = rep, .leaf = s->leaf_count};
        WEFT_TRY(st, schema_body(s, repeated, child));
    } else {
        s->next++;
        WEFT_TRY(st, schema_node(s, def, rep, child));
    }
    WEFT_TRY(st, schema_group_type(s, node));
done:
    return st;
}

static weft_status schema_map(schema *s, weft_pq_node *node)
{
    weft_status st = WEFT_OK;
    const int16_t def = (int16_t)(node->max_def + 1), rep = (int16_t)(node->max_rep + 1);
    node->shape = WEFT_PQ_SHAPE_MAP;
    s->next++; /* the repeated key_value group */
    WEFT_TRY(st, schema_children(s, node, 2));
    for (int i = 0; i < 2; i++) WEFT_TRY(st, schema_node(s, def, rep, &node->children[i]));
    WEFT_TRY(st, schema_group_type(s, node));
done:
    return st;
}

/* A group that says so is a VARIANT; one of the two binaries that a VARIANT has is one too, since Spark
 * before 4.1 writes them without a word. */
static weft_status schema_variant(schema *s, const weft_pq_element *e, weft_pq_node *node)
{
    const bool told = e->logical == WEFT_PQ_LOGICAL_VARIANT;
    int32_t found = 0;
    weft_pq_node parts[2];
    for (int32_t i = 0; i < node->child_count; i++) {
        const weft_pq_node *child = &node->children[i];
        const bool binary = child->is_leaf && child->type.id == WEFT_TYPE_BINARY;
        const int32_t at = strcmp(child->name, "metadata") == 0 ? 0
                           : strcmp(child->name, "value") == 0  ? 1
                                                                : -1;
        if (at < 0 || !binary || child->nullable) continue;
        parts[at] = *child;
        found |= 1 << at;
    }
    if (found != 3 || node->child_count != 2) {
        if (!told) return WEFT_OK;
        return schema_fail(
            s, WEFT_UNSUPPORTED,
            "a VARIANT that is not the two binaries `metadata` and `value` (a shredded one) is not "
            "supported");
    }
    node->children[0] = parts[0];
    node->children[1] = parts[1];
    node->shape = WEFT_PQ_SHAPE_VARIANT;
    node->type = WEFT_TYPE_OF(WEFT_TYPE_VARIANT);
    return WEFT_OK;
}

/* The inside of a node whose levels are known: a leaf, or a group with its children. */
static weft_status schema_body(schema *s, const weft_pq_element *e, weft_pq_node *node)
{
    weft_status st = WEFT_OK;
    const weft_pq_element *child = s->next < s->count ? &s->elements[s->next] : NULL;
    if (e->physical >= 0) return schema_leaf(s, e, node);
    if (child == NULL || e->child_count < 1 || e->child_count > s->count - s->next) {
        return schema_fail(s, WEFT_CORRUPT, "a group without children, or with more than there are");
    }
    const bool wraps = e->child_count == 1 && child->repetition == WEFT_PQ_REPEATED;
    const bool is_list = e->logical == WEFT_PQ_LOGICAL_LIST || e->converted == WEFT_PQ_CONVERTED_LIST;
    const bool is_map = e->logical == WEFT_PQ_LOGICAL_MAP || e->converted == WEFT_PQ_CONVERTED_MAP ||
                        e->converted == WEFT_PQ_CONVERTED_MAP_KEY_VALUE;
    if (wraps && is_list) {
        WEFT_TRY(st, schema_list(s, e, node));
    } else if (wraps && is_map && child->physical < 0 && child->child_count == 2) {
        WEFT_TRY(st, schema_map(s, node));
    } else {
        node->shape = WEFT_PQ_SHAPE_STRUCT;
        WEFT_TRY(st, schema_children(s, node, e->child_count));
        for (int32_t i = 0; i < e->child_count; i++) {
            WEFT_TRY(st, schema_node(s, node->max_def, node->max_rep, &node->children[i]));
        }
        WEFT_TRY(st, schema_group_type(s, node));
        WEFT_TRY(st, schema_variant(s, e, node));
    }
    node->leaf_count = s->leaf_count - node->leaf;
done:
    return st;
}

/* A repeated field without LIST around it: a list, never null, of elements never null. */
static weft_status schema_repeated(schema *s, const weft_pq_element *e, weft_pq_node *node)
{
    weft_status st = WEFT_OK;
    node->shape = WEFT_PQ_SHAPE_LIST;
    WEFT_TRY(st, schema_children(s, node, 1));
    node->children[0] = (weft_pq_node){.name = e->name,
                                       .max_def = (int16_t)(node->max_def + 1),
                                       .max_rep = (int16_t)(node->max_rep + 1),
                                       .leaf = s->leaf_count};
    WEFT_TRY(st, schema_body(s, e, &node->children[0]));
    WEFT_TRY(st, schema_group_type(s, node));
    node->leaf_count = s->leaf_count - node->leaf;
done:
    return st;
}

/* Read the node at s->next below a parent with these levels. */
static weft_status schema_node(schema *s, int16_t def, int16_t rep, weft_pq_node *node)
{
    weft_status st = WEFT_OK;
    const size_t path_bytes = strlen(s->path);
    if (s->next >= s->count) return schema_fail(s, WEFT_CORRUPT, "the schema ends too early");
    if (++s->depth > SCHEMA_DEPTH_MAX)
        return schema_fail(s, WEFT_UNSUPPORTED, "nested deeper than 64 levels");
    const weft_pq_element *e = &s->elements[s->next++];
    snprintf(s->path + path_bytes, sizeof s->path - path_bytes, "%s%s", path_bytes > 0 ? "." : "", e->name);
    if (e->repetition < WEFT_PQ_REQUIRED || e->repetition > WEFT_PQ_REPEATED) {
        return schema_fail(s, WEFT_CORRUPT, "unknown repetition type");
    }
    *node = (weft_pq_node){.name = e->name, .max_def = def, .max_rep = rep, .leaf = s->leaf_count};
    if (e->repetition == WEFT_PQ_REPEATED) {
        WEFT_TRY(st, schema_repeated(s, e, node));
    } else {
        node->nullable = e->repetition == WEFT_PQ_OPTIONAL;
        node->max_def = (int16_t)(def + (node->nullable ? 1 : 0));
        WEFT_TRY(st, schema_body(s, e, node));
    }
    s->path[path_bytes] = '\0';
    s->depth--;
done:
    return st;
}

weft_status weft_pq_schema_build(weft_ctx *ctx, weft_pq_meta *meta, const weft_pq_element *elements,
                                 int32_t count)
{
    weft_status st = WEFT_OK;
    schema s = {.ctx = ctx, .meta = meta, .elements = elements, .count = count, .next = 1};
    const int32_t fields = elements[0].child_count;
    weft_pq_node *nodes = NULL;
    weft_field *columns = NULL;
    if (elements[0].physical >= 0 || fields < 0 || fields > count - 1) {
        return schema_fail(&s, WEFT_CORRUPT, "the root of the schema is no group");
    }
    const size_t slots = (size_t)weft_max_i32(fields, 1);
    WEFT_TRY(st, weft_arena_alloc(ctx, meta->arena, (size_t)count * sizeof *s.leaves, (void **)&s.leaves));
    WEFT_TRY(st, weft_arena_alloc(ctx, meta->arena, slots * sizeof *nodes, (void **)&nodes));
    WEFT_TRY(st, weft_arena_alloc(ctx, meta->arena, slots * sizeof *columns, (void **)&columns));
    for (int32_t i = 0; i < fields; i++) {
        WEFT_TRY(st, schema_node(&s, 0, 0, &nodes[i]));
        columns[i] =
            (weft_field){.name = nodes[i].name, .type = nodes[i].type, .nullable = nodes[i].nullable};
    }
    if (s.next != count) {
        st = schema_fail(&s, WEFT_CORRUPT, "the schema has elements that belong to no group");
        goto done;
    }
    meta->leaf_count = s.leaf_count;
    meta->leaves = s.leaves;
    meta->field_count = fields;
    meta->fields = nodes;
    meta->columns = columns;
done:
    return st;
}
