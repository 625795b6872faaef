/* engine/formats/parquet/thrift_write.c - see the header. Source: "Thrift compact protocol encoding", Apache
 * Thrift. */
#include "engine/formats/parquet/thrift_write.h"

/* Room for a field header, a number, and `more`; false when the writer has failed. */
static bool thrift_room(weft_thrift_writer *w, int64_t more)
{
    if (w->st == WEFT_OK) w->st = weft_bytes_reserve(w->ctx, w->out, more + 32);
    return w->st == WEFT_OK;
}

static void thrift_header(weft_thrift_writer *w, int16_t id, weft_thrift_type type)
{
    int16_t *last = &w->last[w->depth];
    const int delta = id - *last;
    assert(delta > 0);
    if (delta <= 15) {
        w->out->data[w->out->len++] = (uint8_t)(delta << 4 | (int)type);
    } else {
        w->out->data[w->out->len++] = (uint8_t)type;
        weft_bytes_put_zigzag(w->out, id);
    }
    *last = id;
}

void weft_thrift_put_struct_open(weft_thrift_writer *w)
{
    assert(w->depth + 1 < WEFT_THRIFT_NEST_MAX);
    w->last[++w->depth] = 0;
}

void weft_thrift_put_struct_begin(weft_thrift_writer *w, int16_t id)
{
    if (thrift_room(w, 0)) thrift_header(w, id, WEFT_THRIFT_STRUCT);
    weft_thrift_put_struct_open(w);
}

void weft_thrift_put_struct_end(weft_thrift_writer *w)
{
    assert(w->depth > 0);
    if (thrift_room(w, 0)) w->out->data[w->out->len++] = WEFT_THRIFT_STOP;
    w->depth--;
}

void weft_thrift_put_bool(weft_thrift_writer *w, int16_t id, bool value)
{
    if (thrift_room(w, 0)) thrift_header(w, id, value ? WEFT_THRIFT_TRUE : WEFT_THRIFT_FALSE);
}

void weft_thrift_put_i8(weft_thrift_writer *w, int16_t id, int8_t value)
{
    if (!thrift_room(w, 0)) return;
    thrift_header(w, id, WEFT_THRIFT_I8);
    w->out->data[w->out->len++] = (uint8_t)value;
}

static void thrift_number(weft_thrift_writer *w, int16_t id, weft_thrift_type type, int64_t value)
{
    if (!thrift_room(w, 0)) return;
    thrift_header(w, id, type);
    weft_bytes_put_zigzag(w->out, value);
}

void weft_thrift_put_i16(weft_thrift_writer *w, int16_t id, int16_t value)
{
    thrift_number(w, id, WEFT_THRIFT_I16, value);
}

void weft_thrift_put_i32(weft_thrift_writer *w, int16_t id, int32_t value)
{
    thrift_number(w, id, WEFT_THRIFT_I32, value);
}

void weft_thrift_put_i64(weft_thrift_writer *w, int16_t id, int64_t value)
{
    thrift_number(w, id, WEFT_THRIFT_I64, value);
}

void weft_thrift_put_binary(weft_thrift_writer *w, int16_t id, const void *data, int64_t len)
{
    if (!thrift_room(w, len)) return;
    thrift_header(w, id, WEFT_THRIFT_BINARY);
    weft_bytes_put_varint(w->out, (uint64_t)len);
    weft_bytes_put(w->out, data, len);
}

void weft_thrift_put_text(weft_thrift_writer *w, int16_t id, const char *text)
{
    weft_thrift_put_binary(w, id, text, (int64_t)strlen(text));
}

void weft_thrift_put_list(weft_thrift_writer *w, int16_t id, weft_thrift_type type, int32_t count)
{
    if (!thrift_room(w, 0)) return;
    thrift_header(w, id, WEFT_THRIFT_LIST);
    if (count < 15) {
        w->out->data[w->out->len++] = (uint8_t)(count << 4 | (int)type);
    } else {
        w->out->data[w->out->len++] = (uint8_t)(0xf0 | (int)type);
        weft_bytes_put_varint(w->out, (uint64_t)count);
    }
}

void weft_thrift_put_element_bool(weft_thrift_writer *w, bool value)
{
    if (thrift_room(w, 0)) w->out->data[w->out->len++] = value ? WEFT_THRIFT_TRUE : WEFT_THRIFT_FALSE;
}

void weft_thrift_put_element_i32(weft_thrift_writer *w, int32_t value)
{
    if (thrift_room(w, 0)) weft_bytes_put_zigzag(w->out, value);
}

void weft_thrift_put_element_i64(weft_thrift_writer *w, int64_t value)
{
    if (thrift_room(w, 0)) weft_bytes_put_zigzag(w->out, value);
}

void weft_thrift_put_element_binary(weft_thrift_writer *w, const void *data, int64_t len)
{
    if (!thrift_room(w, len)) return;
    weft_bytes_put_varint(w->out, (uint64_t)len);
    weft_bytes_put(w->out, data, len);
}
