/* engine/expr/nested_text.c - see nested_text.h. One walk over column and type for both forms. */
#include "engine/expr/nested_text.h"

#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "engine/expr/cast_private.h"
#include "engine/expr/utf8.h"
#include "engine/expr/value.h"

typedef struct nested_writer {
    weft_ctx *ctx;
    weft_zone *zone;
    weft_text *out;
    bool json;
    weft_json_escapes escapes;
} nested_writer;

weft_status weft_text_append(weft_ctx *ctx, weft_text *text, const char *bytes, size_t len)
{
    weft_status st = WEFT_OK;
    if (len > INT32_MAX - text->len) {
        return weft_fail(ctx, WEFT_LIMIT, "the text of a value is longer than 2147483647 bytes");
    }
    if (text->len + len > text->room) {
        const size_t room = weft_pow2_ceil(text->len + len + 64);
        void *block = text->bytes;
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, room, &block));
        text->bytes = block;
        text->room = room;
    }
    if (len > 0) memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
done:
    return st;
}

void weft_text_release(weft_text *text)
{
    weft_mem_free(text->bytes);
    *text = (weft_text){0};
}

/* The escapes of the character at bytes, of size *size; 0 where it stands as it is. */
static int escape_of(const char *bytes, size_t len, weft_json_escapes escapes, char out[16], uint32_t *size)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const unsigned char c = (unsigned char)bytes[0];
    *size = 1;
    if (c < 0x80) {
        const char *found = c == 0 ? NULL : strchr(plain, (char)c);
        if (found != NULL) return snprintf(out, 16, "\\%c", letters[found - plain]);
        return c < 0x20 ? snprintf(out, 16, "\\u%04X", c) : 0;
    }
    if (escapes == WEFT_JSON_ESCAPE_LEAST) return 0;
    if (c == 0xed && len >= 3 && (unsigned char)bytes[1] >= 0xa0) { /* half a surrogate pair */
        *size = 3;
        return snprintf(out, 16, "\\u%04X",
                        0xd000u | ((unsigned)bytes[1] & 0x3f) << 6 | ((unsigned)bytes[2] & 0x3f));
    }
    const uint32_t character = weft_utf8_decode(bytes, len, size);
    if (character >= 0x10000) {
        return snprintf(out, 16, "\\u%04X\\u%04X", 0xd800 + ((character - 0x10000) >> 10),
                        0xdc00 + ((character - 0x10000) & 0x3ff));
    }
    return escapes == WEFT_JSON_ESCAPE_WIDE ? snprintf(out, 16, "\\u%04X", character) : 0;
}

weft_status weft_text_append_json(weft_ctx *ctx, weft_text *text, const char *bytes, size_t len,
                                  weft_json_escapes escapes)
{
    weft_status st = WEFT_OK;
    const unsigned char wide = escapes == WEFT_JSON_ESCAPE_LEAST ? 0xff : 0x7f;
    size_t plain = 0; /* where what was not added yet begins */
    uint32_t size = 1;
    WEFT_TRY(st, weft_text_append(ctx, text, "\"", 1));
    for (size_t i = 0; i < len; i += size) {
        const unsigned char c = (unsigned char)bytes[i];
        char escape[16];
        size = 1;
        if (c >= 0x20 && c != '"' && c != '\\' && c <= wide) continue;
        const int count = escape_of(bytes + i, len - i, escapes, escape, &size);
        if (count == 0) continue;
        WEFT_TRY(st, weft_text_append(ctx, text, bytes + plain, i - plain));
        WEFT_TRY(st, weft_text_append(ctx, text, escape, (size_t)count));
        plain = i + size;
    }
    WEFT_TRY(st, weft_text_append(ctx, text, bytes + plain, len - plain));
    WEFT_TRY(st, weft_text_append(ctx, text, "\"", 1));
done:
    return st;
}

static weft_status put(const nested_writer *w, const char *text)
{
    return weft_text_append(w->ctx, w->out, text, strlen(text));
}

static weft_status put_value(const nested_writer *w, const weft_column *column, int32_t row);

/* NULL in a list, a map or at the top. */
static weft_status put_slot(const nested_writer *w, const weft_column *column, int32_t row)
{
    return weft_column_is_null(column, row) ? put(w, "null") : put_value(w, column, row);
}

/* Numbers and booleans stand bare in JSON, but for NaN and the infinities. */
static bool is_bare(weft_type type, const char *text, size_t len)
{
    if (type.id == WEFT_TYPE_BOOLEAN) return true;
    return weft_type_is_numeric(type) && memchr(text, 'N', len) == NULL && memchr(text, 'I', len) == NULL;
}

static weft_status put_plain(const nested_writer *w, const weft_column *column, int32_t row, bool quoted)
{
    weft_status st = WEFT_OK;
    weft_value value = weft_value_of_column(column, row);
    char small[CAST_PLAIN_TEXT_BYTES];
    char *text = small;
    value.type = column->type;
    if (column->phys == WEFT_PHYS_STR) {
        const char *bytes = weft_str_data(&value.str);
        return w->json ? weft_text_append_json(w->ctx, w->out, bytes, value.str.len, w->escapes)
                       : weft_text_append(w->ctx, w->out, bytes, value.str.len);
    }
    int len = cast_plain_text(w->zone, &value, small);
    if (len < 0) {
        WEFT_TRY(st, weft_value_text(w->ctx, &value, &text));
        len = (int)strlen(text);
    }
    if (w->json && (quoted || !is_bare(column->type, text, (size_t)len)))
        WEFT_TRY(st, weft_text_append_json(w->ctx, w->out, text, (size_t)len, w->escapes));
    else
        WEFT_TRY(st, weft_text_append(w->ctx, w->out, text, (size_t)len));
done:
    return st;
}

static weft_status put_array(const nested_writer *w, const weft_column *column, int32_t row)
{
    weft_status st = WEFT_OK;
    const weft_list list = *(const weft_list *)weft_column_value(column, row);
    WEFT_TRY(st, put(w, "["));
    for (int32_t i = 0; i < list.length; i++) {
        if (i > 0) WEFT_TRY(st, put(w, w->json ? "," : ", "));
        WEFT_TRY(st, put_slot(w, &column->children[0], list.offset + i));
    }
    WEFT_TRY(st, put(w, "]"));
done:
    return st;
}

/* The key of a JSON object is a string, whatever its type: that of a nested key is its text. */
static weft_status put_key(const nested_writer *w, const weft_column *key, int32_t slot)
{
    weft_status st = WEFT_OK;
    weft_text text = {0};
    if (!w->json || !weft_phys_is_nested((weft_phys)key->phys)) {
        return weft_phys_is_nested((weft_phys)key->phys) ? put_value(w, key, slot)
                                                         : put_plain(w, key, slot, true);
    }
    WEFT_TRY(st, weft_nested_text(w->ctx, w->zone, key, slot, &text));
    WEFT_TRY(st, weft_text_append_json(w->ctx, w->out, text.bytes, text.len, w->escapes));
done:
    weft_text_release(&text);
    return st;
}

static weft_status put_map(const nested_writer *w, const weft_column *column, int32_t row)
{
    weft_status st = WEFT_OK;
    const weft_list list = *(const weft_list *)weft_column_value(column, row);
    const weft_column *entries = &column->children[0];
    WEFT_TRY(st, put(w, "{"));
    for (int32_t i = 0; i < list.length; i++) {
        const int32_t slot = weft_column_slot(entries, list.offset + i);
        if (i > 0) WEFT_TRY(st, put(w, w->json ? "," : ", "));
        WEFT_TRY(st, put_key(w, &entries->children[0], slot));
        WEFT_TRY(st, put(w, w->json ? ":" : " ->"));
        if (!w->json) WEFT_TRY(st, put(w, " "));
        WEFT_TRY(st, put_slot(w, &entries->children[1], slot));
    }
    WEFT_TRY(st, put(w, "}"));
done:
    return st;
}

static weft_status put_struct(const nested_writer *w, const weft_column *column, int32_t row)
{
    weft_status st = WEFT_OK;
    const int32_t slot = weft_column_slot(column, row);
    bool first = true;
    WEFT_TRY(st, put(w, "{"));
    for (int32_t i = 0; i < column->child_count; i++) {
        const weft_column *field = &column->children[i];
        if (w->json && weft_column_is_null(field, slot)) continue;
        if (!first) WEFT_TRY(st, put(w, w->json ? "," : ", "));
        first = false;
        if (w->json) {
            const char *name = column->type.children[i].name;
            WEFT_TRY(st, weft_text_append_json(w->ctx, w->out, name, strlen(name), w->escapes));
            WEFT_TRY(st, put(w, ":"));
        }
        WEFT_TRY(st, put_slot(w, field, slot));
    }
    WEFT_TRY(st, put(w, "}"));
done:
    return st;
}

static weft_status put_value(const nested_writer *w, const weft_column *column, int32_t row)
{
    if (column->phys == WEFT_PHYS_STRUCT) return put_struct(w, column, row);
    if (column->phys != WEFT_PHYS_LIST) return put_plain(w, column, row, false);
    return column->type.id == WEFT_TYPE_MAP ? put_map(w, column, row) : put_array(w, column, row);
}

weft_status weft_nested_text(weft_ctx *ctx, weft_zone *zone, const weft_column *column, int32_t row,
                             weft_text *out)
{
    const nested_writer w = {.ctx = ctx, .zone = zone, .out = out};
    return put_slot(&w, column, row);
}

weft_status weft_nested_json(weft_ctx *ctx, weft_zone *zone, const weft_column *column, int32_t row,
                             weft_text *out)
{
    const nested_writer w = {.ctx = ctx, .zone = zone, .out = out, .json = true};
    return put_slot(&w, column, row);
}
