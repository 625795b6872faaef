/* engine/expr/variant_build.h - VARIANT values being made.
 *
 * A value is put, or begun, filled with values and ended; what is in an object has a name put before it. The
 * bytes are those that Spark makes of the same calls: the smallest form of each number, names in the order of
 * their first use. One thread; memory is kept from value to value. Zeroed is empty. */
#ifndef WEFT_EXPR_VARIANT_BUILD_H
#define WEFT_EXPR_VARIANT_BUILD_H

#include "engine/columnar/builder.h"
#include "engine/columnar/variant.h"
#include "engine/expr/nested_text.h"

typedef struct weft_variant_entry { /* of an object or array that is open */
    uint32_t name;                  /* its number in the metadata */
    uint32_t at;                    /* in value */
} weft_variant_entry;

typedef struct weft_variant_builder {
    weft_text value;   /* the bytes so far; lists get their heads when they end */
    weft_text names;   /* the bytes of all names */
    weft_text ends;    /* uint32_t each: the end of the i-th name */
    weft_text slots;   /* uint32_t each, a power of two: open addressing by name, number + 1 or 0 */
    weft_text entries; /* weft_variant_entry each: a stack */
    uint32_t name_count;
} weft_variant_builder;

typedef struct weft_variant_mark { /* where a list began */
    uint32_t value, entries;
} weft_variant_mark;

void weft_variant_builder_reset(weft_variant_builder *b); /* for the next value */
void weft_variant_builder_deinit(weft_variant_builder *b);

/* Errors of all: WEFT_NOMEM; WEFT_VARIANT_SIZE above WEFT_VARIANT_BYTES. */
WEFT_MUST_CHECK weft_status weft_variant_put_plain(weft_ctx *ctx, weft_variant_builder *b,
                                                   weft_variant_primitive type, const void *bytes,
                                                   size_t len);
WEFT_MUST_CHECK weft_status weft_variant_put_null(weft_ctx *ctx, weft_variant_builder *b);
WEFT_MUST_CHECK weft_status weft_variant_put_bool(weft_ctx *ctx, weft_variant_builder *b, bool value);
WEFT_MUST_CHECK weft_status weft_variant_put_i64(weft_ctx *ctx, weft_variant_builder *b, int64_t value);
/* scale 0..38, at most 38 digits. */
WEFT_MUST_CHECK weft_status weft_variant_put_decimal(weft_ctx *ctx, weft_variant_builder *b, weft_i128 value,
                                                     int32_t scale);
WEFT_MUST_CHECK weft_status weft_variant_put_text(weft_ctx *ctx, weft_variant_builder *b, const char *bytes,
                                                  size_t len);
WEFT_MUST_CHECK weft_status weft_variant_put_binary(weft_ctx *ctx, weft_variant_builder *b, const char *bytes,
                                                    size_t len);
/* A value that is there, with names of its own metadata. */
WEFT_MUST_CHECK weft_status weft_variant_put_copy(weft_ctx *ctx, weft_variant_builder *b,
                                                  const weft_variant *v);

weft_variant_mark weft_variant_begin(const weft_variant_builder *b);
/* Before each value of an array; before each of an object, with its name. */
WEFT_MUST_CHECK weft_status weft_variant_next(weft_ctx *ctx, weft_variant_builder *b);
WEFT_MUST_CHECK weft_status weft_variant_name(weft_ctx *ctx, weft_variant_builder *b, const char *name,
                                              size_t len);
WEFT_MUST_CHECK weft_status weft_variant_end_array(weft_ctx *ctx, weft_variant_builder *b,
                                                   weft_variant_mark mark);
/* Errors: also WEFT_VARIANT_DUPLICATE_KEY for a name that came twice. */
WEFT_MUST_CHECK weft_status weft_variant_end_object(weft_ctx *ctx, weft_variant_builder *b,
                                                    weft_variant_mark mark);

/* The one value that was put into slot i of a vector of VARIANT. */
WEFT_MUST_CHECK weft_status weft_variant_store(weft_ctx *ctx, weft_variant_builder *b, weft_vector *out,
                                               int32_t i);
/* The same in room, whose contents it replaces; *out borrows from it. */
WEFT_MUST_CHECK weft_status weft_variant_take(weft_ctx *ctx, weft_variant_builder *b, weft_text *room,
                                              weft_variant *out);

#endif
