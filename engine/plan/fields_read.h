/* engine/plan/fields_read.h - which fields of nested columns a plan reads.
 *
 * A column that a plan reads by its fields alone (s.a, s.b.c, array.field, s IS NULL) keeps its type, but
 * its scan may leave the other fields out: nobody sees what stands in them. What reads it whole (a key, a
 * function, a result) wants all of them. */
#ifndef WEFT_PLAN_FIELDS_READ_H
#define WEFT_PLAN_FIELDS_READ_H

#include "engine/plan/pointer_map.h"

/* Plain value in ctx's arena; zeroed: all columns are read whole. */
typedef struct weft_fields_read {
    weft_pointer_map columns; /* id + 1, as a pointer, to what is read of the column */
} weft_fields_read;

/* Of a tree as it will run; its root's columns are read whole. */
WEFT_MUST_CHECK weft_status weft_fields_read_find(weft_ctx *ctx, const weft_node *root,
                                                  weft_fields_read *out);
/* The part of the type that is read of a column, never without a field: the type itself when all is. */
WEFT_MUST_CHECK weft_status weft_fields_read_type(weft_ctx *ctx, const weft_fields_read *fields, int64_t id,
                                                  weft_type type, weft_type *out);
/* May a scan of the relation leave fields out? */
bool weft_reads_fields(const weft_ctx *ctx, const weft_relation *relation);
/* Is `part` the type without some fields of its structs, in their order? */
bool weft_is_part_of_type(weft_type part, weft_type whole);

#endif
