/* engine/formats/parquet/thrift_read.h - reading the thrift compact protocol from bytes that nobody vouches
 * for.
 *
 * A reader is a cursor with a sticky `bad` flag: a read past the end, a wrong type or a nesting too deep sets
 * it and gives zeros from then on, so that callers check once, after a structure. Nothing allocates; binaries
 * borrow. */
#ifndef WEFT_FORMATS_PARQUET_THRIFT_READ_H
#define WEFT_FORMATS_PARQUET_THRIFT_READ_H

#include "common/base.h"
#include "engine/formats/parquet/spec.h"

typedef struct weft_thrift {
    const uint8_t *begin, *at, *end;
    int32_t depth; /* of structs */
    bool bad;
} weft_thrift;

/* One field of a struct, as its header tells. */
typedef struct weft_thrift_field {
    int16_t id;
    weft_thrift_type type;
} weft_thrift_field;

static inline weft_thrift weft_thrift_over(const void *bytes, int64_t len)
{
    return (weft_thrift){.begin = bytes, .at = bytes, .end = (const uint8_t *)bytes + len};
}

/* Begin a struct; then fields until false. `field` keeps the last id: start it from zero. */
void weft_thrift_struct_begin(weft_thrift *t);
bool weft_thrift_struct_next(weft_thrift *t, weft_thrift_field *field);

/* The value of a field whose header was read. A wrong type is bad input, but the integers take each other's.
 */
bool weft_thrift_bool(weft_thrift *t, weft_thrift_field field);
int64_t weft_thrift_int(weft_thrift *t, weft_thrift_field field);
int32_t weft_thrift_i32(weft_thrift *t, weft_thrift_field field); /* bad when it does not fit */
const uint8_t *weft_thrift_binary(weft_thrift *t, weft_thrift_field field, int32_t *len);
bool weft_thrift_is_struct(weft_thrift *t, weft_thrift_field field); /* bad and false when it is not */
void weft_thrift_skip(weft_thrift *t, weft_thrift_field field);

/* Begin a list whose elements must have (roughly) the type; returns their number, never more than bytes are
 * left. Elements are then read with a field of that type: id 0. */
int32_t weft_thrift_list(weft_thrift *t, weft_thrift_field field, weft_thrift_field *element);

#endif
