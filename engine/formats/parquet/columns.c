/* engine/formats/parquet/columns.c - the table's columns in each of its files.
 *
 * Columns are found by name, without regard to case when there is no exact one. A file's type may be narrower
 * than the table's where every value stays what it is, as Spark's reader has it:
 *
 *   TINYINT, SMALLINT, INT → wider whole numbers, DOUBLE, DECIMAL with 10 whole digits
 *   BIGINT → DECIMAL with 20;   FLOAT → DOUBLE;   DATE → TIMESTAMP_NTZ
 *   DECIMAL → no fewer digits on either side of the point
 *   STRUCT → fields by name; one that the file lacks is NULL;   elements, keys and values alike
 *   STRING ↔ BINARY;   TIMESTAMP ↔ TIMESTAMP_NTZ (the instant becomes UTC's clock, and back)
 *   nanoseconds, rounded down to microseconds elsewhere → TIMESTAMP and TIMESTAMP_NTZ that count them
 *
 * Then the column has a leaf of its own, which converts. Any other type is an error, but only of a scan that
 * reads the column of that file. Spark also reads 300 of an INT as a TINYINT (44) and a DATE as an INT: here
 * these are errors too. */
#include <string.h>
#include <strings.h>

#include "engine/formats/parquet/table.h"

const weft_pq_node weft_pq_mismatch = {.name = "", .shape = WEFT_PQ_SHAPE_STRUCT};

int32_t weft_pq_find_field(const weft_field *fields, int32_t count, const char *name, int32_t hint)
{
    if (hint >= 0 && hint < count && strcmp(fields[hint].name, name) == 0) return hint;
    for (int32_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0) return i;
    }
    for (int32_t i = 0; i < count; i++) {
        if (strcasecmp(fields[i].name, name) == 0) return i;
    }
    return -1;
}

/* DECIMAL(p, s) or a whole number as a wider DECIMAL. */
static bool columns_to_decimal(const weft_pq_leaf *from, weft_type to, weft_pq_leaf *out)
{
    const bool decimal = from->type.id == WEFT_TYPE_DECIMAL;
    const int scale = decimal ? from->type.scale : 0;
    int whole = decimal ? from->type.precision - scale : 10;
    if (from->type.id == WEFT_TYPE_BIGINT) whole = 20;
    if (!decimal && from->convert != WEFT_PQ_AS_IS && from->convert != WEFT_PQ_TO_I8 &&
        from->convert != WEFT_PQ_TO_I16) {
        return false; /* unsigned, and times */
    }
    if (to.scale < scale || to.precision - to.scale < whole) return false;
    out->scale_up = (uint8_t)(to.scale - scale);
    if (from->physical == WEFT_PQ_INT32) {
        const bool narrow = decimal && to.precision <= 18 && out->scale_up == 0;
        out->convert = narrow ? WEFT_PQ_I32_TO_I64 : WEFT_PQ_I32_TO_I128;
    } else if (from->physical == WEFT_PQ_INT64 && from->convert == WEFT_PQ_AS_IS) {
        out->convert = to.precision <= 18 && out->scale_up == 0 ? WEFT_PQ_AS_IS : WEFT_PQ_I64_TO_I128;
    }
    return true;
}

/* Set out, a copy of from, to give values of another type; false when no rule allows it. */
static bool columns_convert(const weft_pq_leaf *from, weft_type to, weft_pq_leaf *out)
{
    const weft_type_id have = (weft_type_id)from->type.id, want = (weft_type_id)to.id;
    const bool small = from->physical == WEFT_PQ_INT32 && have >= WEFT_TYPE_TINYINT &&
                       have <= WEFT_TYPE_INT && !from->unsigned_order;
    const bool bytes = have == WEFT_TYPE_STRING || have == WEFT_TYPE_BINARY;
    const bool time = have == WEFT_TYPE_TIMESTAMP || have == WEFT_TYPE_TIMESTAMP_NTZ;
    out->type = to;
    if (want == WEFT_TYPE_DECIMAL && (small || have == WEFT_TYPE_BIGINT || have == WEFT_TYPE_DECIMAL))
        return columns_to_decimal(from, to, out);
    if (small && want > have && want <= WEFT_TYPE_BIGINT) {
        out->convert = want == WEFT_TYPE_SMALLINT ? WEFT_PQ_TO_I16
                       : want == WEFT_TYPE_INT    ? WEFT_PQ_AS_IS
                                                  : WEFT_PQ_I32_TO_I64;
        return true;
    }
    if (small && want == WEFT_TYPE_DOUBLE) {
        out->convert = WEFT_PQ_I32_TO_F64;
        return true;
    }
    if (from->physical == WEFT_PQ_FLOAT && want == WEFT_TYPE_DOUBLE) {
        out->convert = WEFT_PQ_F32_TO_F64;
        return true;
    }
    if (have == WEFT_TYPE_DATE && from->convert == WEFT_PQ_AS_IS && want == WEFT_TYPE_TIMESTAMP_NTZ) {
        out->convert = WEFT_PQ_DATE_TO_US;
        return true;
    }
    if (time && weft_type_counts_nanos(to) && from->convert == WEFT_PQ_NS_TO_US) {
        out->convert = WEFT_PQ_AS_IS;
        return true;
    }
    if (have == WEFT_TYPE_TIME && want == WEFT_TYPE_TIME) return true; /* the digits are what a table says */
    /* Parquet has no type for intervals: tables that hold them say what the numbers are. */
    if (want == WEFT_TYPE_INTERVAL_YM && have == WEFT_TYPE_INT && from->physical == WEFT_PQ_INT32)
        return true;
    if (want == WEFT_TYPE_INTERVAL_DT && have == WEFT_TYPE_BIGINT && !from->unsigned_order) return true;
    return (bytes && (want == WEFT_TYPE_STRING || want == WEFT_TYPE_BINARY)) ||
           (time && (want == WEFT_TYPE_TIMESTAMP || want == WEFT_TYPE_TIMESTAMP_NTZ));
}

/* A field of a struct that the file has not. */
static weft_status columns_absent(weft_ctx *ctx, const char *name, weft_type type, weft_pq_node *out)
{
    weft_status st = WEFT_OK;
    *out = (weft_pq_node){.name = name, .type = type, .absent = true, .child_count = type.child_count};
    out->is_leaf = type.child_count == 0;
    if (type.id == WEFT_TYPE_STRUCT) out->shape = WEFT_PQ_SHAPE_STRUCT;
    if (type.id == WEFT_TYPE_ARRAY) out->shape = WEFT_PQ_SHAPE_LIST;
    if (type.id == WEFT_TYPE_MAP) out->shape = WEFT_PQ_SHAPE_MAP;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(type.child_count, 1), &out->children));
    for (int32_t i = 0; i < type.child_count; i++) {
        const weft_field *field = &type.children[i];
        WEFT_TRY(st, columns_absent(ctx, field->name, field->type, &out->children[i]));
    }
done:
    return st;
}

/* The field of a node that a field of the table's struct is; NULL: there is none. */
static const weft_pq_node *columns_child(const weft_pq_node *node, const char *name)
{
    const weft_field *fields = node->type.children;
    const int32_t at = weft_pq_find_field(fields, node->child_count, name, -1);
    return at < 0 ? NULL : &node->children[at];
}

/* out: what reads `from` as the type; *fits false when nothing does. Depth is that of the file's schema. */
static weft_status columns_remap(weft_ctx *ctx, const weft_pq_node *from, weft_type want, weft_pq_node *out,
                                 bool *fits)
{
    weft_status st = WEFT_OK;
    weft_pq_leaf *leaf = NULL;
    *out = *from;
    out->type = want;
    if (weft_type_equal(from->type, want)) return WEFT_OK;
    if (from->is_leaf) {
        WEFT_TRY(st, WEFT_NEW(ctx, &leaf));
        *leaf = *from->as;
        *fits = *fits && columns_convert(from->as, want, leaf);
        out->as = leaf;
        goto done;
    }
    *fits = *fits && from->type.id == want.id;
    if (!*fits) goto done;
    out->child_count = want.child_count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(want.child_count, 1), &out->children));
    for (int32_t i = 0; i < want.child_count; i++) {
        const weft_field *field = &want.children[i];
        const bool by_name = want.id == WEFT_TYPE_STRUCT;
        const weft_pq_node *child = by_name ? columns_child(from, field->name) : &from->children[i];
        if (child == NULL) {
            WEFT_TRY(st, columns_absent(ctx, field->name, field->type, &out->children[i]));
        } else {
            WEFT_TRY(st, columns_remap(ctx, child, field->type, &out->children[i], fits));
        }
    }
done:
    return st;
}

/* Copy a node without the fields that `read` has not: those are as if the file had not got them. What tells
 * the levels of a group is the first leaf that is read of it, or else its own first. */
static weft_status columns_cut(weft_ctx *ctx, const weft_pq_node *from, weft_type whole, weft_type read,
                               weft_pq_node *out)
{
    weft_status st = WEFT_OK;
    int32_t first = -1, end = 0;
    *out = *from;
    if (from->absent || weft_type_equal(whole, read)) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, from->child_count, &out->children));
    for (int32_t i = 0, at = 0; i < from->child_count; i++) {
        const weft_field *field = &whole.children[i];
        const bool wanted = at < read.child_count && strcmp(read.children[at].name, field->name) == 0;
        weft_pq_node *child = &out->children[i];
        if (!wanted) {
            WEFT_TRY(st, columns_absent(ctx, field->name, field->type, child));
            continue;
        }
        WEFT_TRY(st, columns_cut(ctx, &from->children[i], field->type, read.children[at++].type, child));
        if (child->absent) continue;
        if (first < 0 || child->leaf < first) first = child->leaf;
        end = weft_max_i32(end, child->leaf + child->leaf_count);
    }
    out->leaf_count = 1;
    if (first < 0) goto done;
    out->leaf = first;
    out->leaf_count = end - first;
done:
    return st;
}

weft_status weft_pq_cut_node(weft_ctx *ctx, const weft_pq_node *node, weft_type whole, weft_type read,
                             const weft_pq_node **out)
{
    weft_status st = WEFT_OK;
    weft_pq_node *copy = NULL;
    *out = node;
    if (node == NULL || node->is_leaf || weft_type_equal(whole, read)) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, &copy));
    WEFT_TRY(st, columns_cut(ctx, node, whole, read, copy));
    *out = copy;
done:
    return st;
}

/* The node that gives the file's column as the table's type. */
static weft_status columns_node(weft_ctx *ctx, const weft_pq_meta *meta, int32_t field, weft_type want,
                                const weft_pq_node **out)
{
    weft_status st = WEFT_OK;
    const weft_pq_node *node = &meta->fields[field];
    *out = node;
    if (weft_type_equal(node->type, want)) return WEFT_OK;
    weft_pq_node *copy = NULL;
    bool fits = true;
    WEFT_TRY(st, WEFT_NEW(ctx, &copy));
    WEFT_TRY(st, columns_remap(ctx, node, want, copy, &fits));
    *out = fits ? copy : &weft_pq_mismatch;
done:
    return st;
}

/* ---- calendars ---- */

/* How a leaf is read whose old dates are of the Julian calendar; what it was where that changes nothing. */
static weft_pq_convert columns_julian(const weft_pq_leaf *leaf)
{
    const bool stamp = leaf->type.id == WEFT_TYPE_TIMESTAMP;
    if (leaf->convert == WEFT_PQ_AS_IS && leaf->type.id == WEFT_TYPE_DATE) return WEFT_PQ_DATE_REBASED;
    if (leaf->convert == WEFT_PQ_AS_IS && stamp) return WEFT_PQ_US_REBASED;
    if (leaf->convert == WEFT_PQ_MS_TO_US && stamp) return WEFT_PQ_MS_REBASED;
    if (leaf->convert == WEFT_PQ_INT96_TO_US && stamp) return WEFT_PQ_INT96_REBASED;
    return (weft_pq_convert)leaf->convert;
}

/* *out: the node with leaves that are read by the calendars; itself where none differs. */
static weft_status columns_rebase(weft_ctx *ctx, const weft_pq_node *node, weft_pq_calendars calendars,
                                  const weft_pq_node **out)
{
    weft_status st = WEFT_OK;
    weft_pq_node *copy = NULL;
    *out = node;
    if (node->absent) return WEFT_OK;
    if (node->is_leaf) {
        weft_pq_leaf *leaf = NULL;
        const weft_pq_convert julian = columns_julian(node->as);
        const weft_pq_calendar is = julian == WEFT_PQ_INT96_REBASED ? calendars.int96 : calendars.times;
        if (is == WEFT_PQ_GREGORIAN || julian == (weft_pq_convert)node->as->convert) return WEFT_OK;
        WEFT_TRY(st, WEFT_NEW(ctx, &copy));
        WEFT_TRY(st, WEFT_NEW(ctx, &leaf));
        *copy = *node;
        *leaf = *node->as;
        leaf->convert = (uint8_t)julian;
        leaf->ancient_fails = is == WEFT_PQ_UNTOLD;
        copy->as = leaf;
        *out = copy;
    }
    for (int32_t i = 0; !node->is_leaf && i < node->child_count; i++) {
        const weft_pq_node *child;
        WEFT_TRY(st, columns_rebase(ctx, &node->children[i], calendars, &child));
        if (child == &node->children[i]) continue;
        if (copy == NULL) {
            WEFT_TRY(st, WEFT_NEW(ctx, &copy));
            *copy = *node;
            WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->child_count, &copy->children));
            memcpy(copy->children, node->children, (size_t)node->child_count * sizeof *copy->children);
            *out = copy;
        }
        copy->children[i] = *child;
    }
done:
    return st;
}

weft_status weft_pq_map_columns(weft_ctx *ctx, const weft_table *table, weft_pq_calendars calendars,
                                weft_pq_file *file)
{
    weft_status st = WEFT_OK;
    const weft_pq_node **nodes = NULL;
    if (file->meta->says_calendar) calendars = (weft_pq_calendars){0};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, table->schema.count + WEFT_FILE_FIELD_COUNT, &nodes));
    for (int32_t c = 0; c < table->schema.count; c++) {
        const weft_field *want = &table->schema.fields[c];
        if (table->partition_of[c] >= 0) continue; /* its value stands in the path */
        const int32_t field = weft_pq_find_field(file->meta->columns, file->meta->field_count, want->name, c);
        if (field < 0) continue;
        WEFT_TRY(st, columns_node(ctx, file->meta, field, want->type, &nodes[c]));
        WEFT_TRY(st, columns_rebase(ctx, nodes[c], calendars, &nodes[c]));
    }
    file->nodes = nodes;
done:
    return st;
}

weft_status weft_pq_fail_mismatch(weft_ctx *ctx, const weft_table *table, const weft_pq_file *file,
                                  int32_t column)
{
    char have[256], want[256];
    const weft_field *field = &table->schema.fields[column];
    const int32_t at = weft_pq_find_field(file->meta->columns, file->meta->field_count, field->name, column);
    return weft_fail(ctx, WEFT_PARQUET_TYPE_MISMATCH,
                     "Encountered error while reading file %s. Data type mismatches when reading Parquet "
                     "column [%s]. Expected type %s, actual type of the file %s.",
                     file->info->path, field->name, weft_type_text(field->type, want, sizeof want),
                     at < 0 ? "none" : weft_type_text(file->meta->columns[at].type, have, sizeof have));
}
