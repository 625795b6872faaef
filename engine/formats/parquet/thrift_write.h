/* engine/formats/parquet/thrift_write.h - writing the thrift compact protocol into a growing buffer.
 *
 * A writer has a sticky status: after the first failure nothing more is written, and the caller looks at `st`
 * once, at the end. Fields must be written in ascending order of their ids (the headers then take one byte).
 */
#ifndef WEFT_FORMATS_PARQUET_THRIFT_WRITE_H
#define WEFT_FORMATS_PARQUET_THRIFT_WRITE_H

#include "engine/formats/parquet/bytes.h"
#include "engine/formats/parquet/spec.h"

enum { WEFT_THRIFT_NEST_MAX = 16 }; /* the deepest structure that is written has 6 levels */

typedef struct weft_thrift_writer {
    weft_ctx *ctx;
    weft_bytes *out;
    weft_status st;
    int32_t depth;
    int16_t last[WEFT_THRIFT_NEST_MAX]; /* the last field id on each level */
} weft_thrift_writer;

static inline weft_thrift_writer weft_thrift_into(weft_ctx *ctx, weft_bytes *out)
{
    return (weft_thrift_writer){.ctx = ctx, .out = out, .st = WEFT_OK};
}

/* Structures: _begin for one that is a field, _open for one that is an element of a list or the outermost. */
void weft_thrift_put_struct_begin(weft_thrift_writer *w, int16_t id);
void weft_thrift_put_struct_open(weft_thrift_writer *w);
void weft_thrift_put_struct_end(weft_thrift_writer *w);
void weft_thrift_put_bool(weft_thrift_writer *w, int16_t id, bool value);
void weft_thrift_put_i8(weft_thrift_writer *w, int16_t id, int8_t value);
void weft_thrift_put_i16(weft_thrift_writer *w, int16_t id, int16_t value);
void weft_thrift_put_i32(weft_thrift_writer *w, int16_t id, int32_t value);
void weft_thrift_put_i64(weft_thrift_writer *w, int16_t id, int64_t value);
void weft_thrift_put_binary(weft_thrift_writer *w, int16_t id, const void *data, int64_t len);
void weft_thrift_put_text(weft_thrift_writer *w, int16_t id, const char *text);
/* A list of count elements follows, each by one of the element functions. Booleans have the type TRUE. */
void weft_thrift_put_list(weft_thrift_writer *w, int16_t id, weft_thrift_type type, int32_t count);
void weft_thrift_put_element_bool(weft_thrift_writer *w, bool value);
void weft_thrift_put_element_i32(weft_thrift_writer *w, int32_t value);
void weft_thrift_put_element_i64(weft_thrift_writer *w, int64_t value);
void weft_thrift_put_element_binary(weft_thrift_writer *w, const void *data, int64_t len);

#endif
