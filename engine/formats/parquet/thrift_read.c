/* engine/formats/parquet/thrift_read.c - see the header. Source: "Thrift compact protocol encoding" of Apache
 * Thrift. */
#include "engine/formats/parquet/thrift_read.h"

/* Structs in structs: the deepest of parquet.thrift is 6; unknown fields may add some. */
enum { THRIFT_DEPTH_MAX = 32 };

static void thrift_spoil(weft_thrift *t)
{
    t->bad = true;
    t->at = t->end;
}

static uint8_t thrift_byte(weft_thrift *t)
{
    if (t->at >= t->end) {
        thrift_spoil(t);
        return 0;
    }
    return *t->at++;
}

static uint64_t thrift_varint(weft_thrift *t)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        const uint8_t byte = thrift_byte(t);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) return value;
    }
    thrift_spoil(t);
    return 0;
}

static int64_t thrift_zigzag(weft_thrift *t)
{
    const uint64_t v = thrift_varint(t);
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

void weft_thrift_struct_begin(weft_thrift *t)
{
    if (++t->depth > THRIFT_DEPTH_MAX) thrift_spoil(t);
}

bool weft_thrift_struct_next(weft_thrift *t, weft_thrift_field *field)
{
    const uint8_t head = thrift_byte(t);
    if (t->bad || head == 0) {
        t->depth--;
        return false;
    }
    const int64_t id = (head >> 4) != 0 ? field->id + (head >> 4) : thrift_zigzag(t);
    if (t->bad || id <= 0 || id > INT16_MAX || (head & 15) > WEFT_THRIFT_STRUCT || (head & 15) == 0) {
        thrift_spoil(t);
        t->depth--;
        return false;
    }
    field->id = (int16_t)id;
    field->type = (weft_thrift_type)(head & 15);
    return true;
}

bool weft_thrift_bool(weft_thrift *t, weft_thrift_field field)
{
    if (field.type != WEFT_THRIFT_TRUE && field.type != WEFT_THRIFT_FALSE) thrift_spoil(t);
    if (field.id == 0) return thrift_byte(t) == WEFT_THRIFT_TRUE; /* in a list a byte holds the value */
    return field.type == WEFT_THRIFT_TRUE;
}

int64_t weft_thrift_int(weft_thrift *t, weft_thrift_field field)
{
    if (field.type == WEFT_THRIFT_I8) return (int8_t)thrift_byte(t);
    if (field.type >= WEFT_THRIFT_I16 && field.type <= WEFT_THRIFT_I64) return thrift_zigzag(t);
    thrift_spoil(t);
    return 0;
}

int32_t weft_thrift_i32(weft_thrift *t, weft_thrift_field field)
{
    const int64_t value = weft_thrift_int(t, field);
    if (value < INT32_MIN || value > INT32_MAX) {
        thrift_spoil(t);
        return 0;
    }
    return (int32_t)value;
}

const uint8_t *weft_thrift_binary(weft_thrift *t, weft_thrift_field field, int32_t *len)
{
    if (field.type != WEFT_THRIFT_BINARY) thrift_spoil(t);
    const uint64_t bytes = thrift_varint(t);
    *len = 0;
    if (t->bad || bytes > (uint64_t)(t->end - t->at) || bytes > INT32_MAX) {
        thrift_spoil(t);
        return t->end;
    }
    const uint8_t *data = t->at;
    t->at += bytes;
    *len = (int32_t)bytes;
    return data;
}

bool weft_thrift_is_struct(weft_thrift *t, weft_thrift_field field)
{
    if (field.type != WEFT_THRIFT_STRUCT) thrift_spoil(t);
    return !t->bad;
}

int32_t weft_thrift_list(weft_thrift *t, weft_thrift_field field, weft_thrift_field *element)
{
    if (field.type != WEFT_THRIFT_LIST && field.type != WEFT_THRIFT_SET) thrift_spoil(t);
    const uint8_t head = thrift_byte(t);
    const uint64_t count = (head >> 4) == 15 ? thrift_varint(t) : head >> 4;
    *element = (weft_thrift_field){.id = 0, .type = (weft_thrift_type)(head & 15)};
    /* Every element takes a byte at least, which bounds what a caller allocates for them. */
    if (t->bad || element->type == WEFT_THRIFT_STOP || element->type > WEFT_THRIFT_STRUCT ||
        count > (uint64_t)(t->end - t->at)) {
        if (count != 0) thrift_spoil(t);
        return 0;
    }
    return count > INT32_MAX ? 0 : (int32_t)count;
}

static void thrift_skip_map(weft_thrift *t)
{
    const uint64_t count = thrift_varint(t);
    if (t->bad || count == 0) return;
    const uint8_t types = thrift_byte(t);
    const weft_thrift_field key = {.id = 0, .type = (weft_thrift_type)(types >> 4)};
    const weft_thrift_field value = {.id = 0, .type = (weft_thrift_type)(types & 15)};
    /* An unknown type takes no bytes: the count would be the only bound. */
    if (key.type > WEFT_THRIFT_STRUCT || value.type > WEFT_THRIFT_STRUCT) thrift_spoil(t);
    for (uint64_t i = 0; i < count && !t->bad; i++) {
        weft_thrift_skip(t, key);
        weft_thrift_skip(t, value);
    }
}

void weft_thrift_skip(weft_thrift *t, weft_thrift_field field)
{
    int32_t len;
    weft_thrift_field inner = {.id = 0, .type = WEFT_THRIFT_STOP};
    switch (field.type) {
    case WEFT_THRIFT_TRUE:
    case WEFT_THRIFT_FALSE: (void)weft_thrift_bool(t, field); break;
    case WEFT_THRIFT_I8:
    case WEFT_THRIFT_I16:
    case WEFT_THRIFT_I32:
    case WEFT_THRIFT_I64: (void)weft_thrift_int(t, field); break;
    case WEFT_THRIFT_DOUBLE:
        if (t->end - t->at < 8) {
            thrift_spoil(t);
        } else {
            t->at += 8;
        }
        break;
    case WEFT_THRIFT_BINARY: (void)weft_thrift_binary(t, field, &len); break;
    case WEFT_THRIFT_LIST:
    case WEFT_THRIFT_SET:
        /* Nested lists count as depth too: recursion stays bounded. */
        if (++t->depth > THRIFT_DEPTH_MAX) thrift_spoil(t);
        for (int32_t i = weft_thrift_list(t, field, &inner); i > 0 && !t->bad; i--)
            weft_thrift_skip(t, inner);
        t->depth--;
        break;
    case WEFT_THRIFT_MAP:
        if (++t->depth > THRIFT_DEPTH_MAX) thrift_spoil(t);
        thrift_skip_map(t);
        t->depth--;
        break;
    case WEFT_THRIFT_STRUCT:
        weft_thrift_struct_begin(t);
        while (weft_thrift_struct_next(t, &inner)) weft_thrift_skip(t, inner);
        break;
    case WEFT_THRIFT_STOP: thrift_spoil(t); break;
    }
}
