/* engine/columnar/variant.h - values of VARIANT: the binary encoding of the Parquet format's variant
 * specification (VariantEncoding.md), read where it lies.
 *
 * In a column a value of VARIANT is one string of bytes: its metadata, then its value. The metadata holds the
 * names of all objects' fields once and tells its own length; a value inside another one has its metadata.
 *
 *     metadata = header (version 1 in 4 bits, bytes of an offset less 1 in the upper two)
 *                count, count + 1 offsets, the bytes of the names
 *     value    = header (basic type in 2 bits, and 6 bits by it), then
 *                primitive: nothing, or a fixed number of bytes, or u32 length and bytes
 *                short string: up to 63 bytes
 *                object: count, ids of names in the order of the names, count + 1 offsets, values
 *                array: count, count + 1 offsets, values
 *
 * Numbers are little-endian and not aligned. Bytes from outside pass weft_variant_check at the edge and are
 * trusted after it; all other functions are for checked bytes. Nothing here allocates. */
#ifndef WEFT_COLUMNAR_VARIANT_H
#define WEFT_COLUMNAR_VARIANT_H

#include "engine/columnar/column.h"

typedef struct weft_variant { /* borrows its bytes */
    const uint8_t *meta, *value;
    uint32_t meta_len, value_len;
} weft_variant;

typedef enum weft_variant_kind {
    WEFT_VARIANT_NULL, /* the null of JSON, which is a value; NULL has no bytes */
    WEFT_VARIANT_BOOLEAN,
    WEFT_VARIANT_LONG, /* of 1 to 8 bytes */
    WEFT_VARIANT_STRING,
    WEFT_VARIANT_DOUBLE,
    WEFT_VARIANT_DECIMAL,
    WEFT_VARIANT_DATE,
    WEFT_VARIANT_TIMESTAMP,
    WEFT_VARIANT_TIMESTAMP_NTZ,
    WEFT_VARIANT_FLOAT,
    WEFT_VARIANT_BINARY,
    WEFT_VARIANT_UUID,
    WEFT_VARIANT_OBJECT,
    WEFT_VARIANT_ARRAY
} weft_variant_kind;

/* The low two bits of a value's header. */
enum { WEFT_VARIANT_PRIMITIVE, WEFT_VARIANT_SHORT, WEFT_VARIANT_IS_OBJECT, WEFT_VARIANT_IS_ARRAY };

typedef enum weft_variant_primitive { /* the upper six bits of a primitive's header */
                                      WEFT_VP_NULL,
                                      WEFT_VP_TRUE,
                                      WEFT_VP_FALSE,
                                      WEFT_VP_INT8,
                                      WEFT_VP_INT16,
                                      WEFT_VP_INT32,
                                      WEFT_VP_INT64,
                                      WEFT_VP_DOUBLE,
                                      WEFT_VP_DECIMAL4, /* u8 scale, then the unscaled value */
                                      WEFT_VP_DECIMAL8,
                                      WEFT_VP_DECIMAL16,
                                      WEFT_VP_DATE,
                                      WEFT_VP_TIMESTAMP,
                                      WEFT_VP_TIMESTAMP_NTZ,
                                      WEFT_VP_FLOAT,
                                      WEFT_VP_BINARY,
                                      WEFT_VP_STRING,
                                      WEFT_VP_UUID =
                                          20 /* 17 to 19, times and nanoseconds, are unknown to Spark 4 */
} weft_variant_primitive;

enum {
    WEFT_VARIANT_VERSION = 1,
    WEFT_VARIANT_DEPTH = 1000,      /* as deep as JSON may be */
    WEFT_VARIANT_BYTES = 128 << 20, /* of metadata, and of a value: Spark's limit */
    WEFT_VARIANT_SHORT_MAX = 63,    /* bytes of a short string */
    WEFT_VARIANT_LARGE_COUNT = 256, /* from here on counts take four bytes */
};

typedef enum weft_variant_verdict {
    WEFT_VARIANT_GOOD,
    WEFT_VARIANT_BAD,
    WEFT_VARIANT_UNKNOWN
} weft_variant_verdict;

/* Are these len bytes metadata and a value, to the last byte? UNKNOWN: but for a primitive type that is not
 * among the above, or a version that is not 1. Time goes by len, whatever the bytes. */
weft_variant_verdict weft_variant_check(const char *bytes, uint64_t len);
/* The bytes of metadata at the begin of len bytes; 0 when they are malformed. */
uint32_t weft_variant_meta_bytes(const uint8_t *bytes, uint64_t len);

weft_variant weft_variant_of(const weft_str *str); /* borrows */
weft_variant_kind weft_variant_kind_of(const weft_variant *v);
static inline bool weft_variant_is_null(const weft_variant *v) { return v->value[0] == WEFT_VP_NULL; }

/* Values by kind: BOOLEAN, LONG, DATE, TIMESTAMP*; DOUBLE and FLOAT; DECIMAL unscaled, without zeros at its
 * end behind the point, as Spark sees it; the bytes of STRING, BINARY and UUID (16, big-endian). */
int64_t weft_variant_i64(const weft_variant *v);
double weft_variant_f64(const weft_variant *v);
weft_i128 weft_variant_decimal(const weft_variant *v, int32_t *scale);
const char *weft_variant_text(const weft_variant *v, uint32_t *len);

/* ARRAY, OBJECT: how many; the i-th (fields in the order of their names); a field by its name; false
 * where there is none, and for what is no object. */
int32_t weft_variant_count(const weft_variant *v);
weft_variant weft_variant_element(const weft_variant *v, int32_t i);
weft_variant weft_variant_field(const weft_variant *v, int32_t i, const char **name, uint32_t *name_len);
bool weft_variant_find(const weft_variant *v, const char *name, uint32_t len, weft_variant *out);

/* <0, 0, >0 by bytes: the order of fields. */
int weft_variant_compare_names(const char *a, uint32_t a_len, const char *b, uint32_t b_len);

#endif
