/* engine/expr/nested_text.c - see nested_text.h. One walk over column and type for both forms. */
#include "engine/expr/nested_text.h"

#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "engine/expr/cast_private.h"
#include "engine/expr/datetime_pattern.h"
#include "engine/expr/utf8.h"
#include "engine/expr/value.h"

typedef struct nested_writer {
    weft_ctx *ctx;
    weft_zone *zone;
    weft_text *out;
    bool json;
    weft_json_style style;
    int32_t depth; /* objects that are open, for pretty */
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

static weft_status put(nested_writer *w, const char *text)
{
    return weft_text_append(w->ctx, w->out, text, strlen(text));
}

static weft_status put_value(nested_writer *w, const weft_column *column, int32_t row);

/* NULL in a list, a map or at the top. */
static weft_status put_slot(nested_writer *w, const weft_column *column, int32_t row)
{
    return weft_column_is_null(column, row) ? put(w, "null") : put_value(w, column, row);
}

/* Numbers and booleans stand bare in JSON, but for NaN and the infinities. */
static bool is_bare(weft_type type, const char *text, size_t len)
{
    if (type.id == WEFT_TYPE_BOOLEAN) return true;
    return weft_type_is_numeric(type) && memchr(text, 'N', len) == NULL && memchr(text, 'I', len) == NULL;
}

/* Bytes as base64. */
static weft_status put_binary(nested_writer *w, const weft_str *value)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *at = (const unsigned char *)weft_str_data(value);
    weft_status st = WEFT_OK;
    WEFT_TRY(st, put(w, "\""));
    for (uint32_t i = 0; i < value->len; i += 3) {
        const uint32_t left = value->len - i;
        const uint32_t word = (uint32_t)at[i] << 16 | (left > 1 ? (uint32_t)at[i + 1] << 8 : 0) |
                              (left > 2 ? at[i + 2] : 0);
        const char four[4] = {digits[word >> 18], digits[word >> 12 & 63],
                              left > 1 ? digits[word >> 6 & 63] : '=', left > 2 ? digits[word & 63] : '='};
        WEFT_TRY(st, weft_text_append(w->ctx, w->out, four, 4));
    }
    WEFT_TRY(st, put(w, "\""));
done:
    return st;
}

/* The format of a type's values, or NULL. */
static const weft_datetime_pattern *pattern_of(const nested_writer *w, weft_type type)
{
    if (type.id == WEFT_TYPE_DATE) return w->style.date;
    if (type.id == WEFT_TYPE_TIMESTAMP) return w->style.timestamp;
    return type.id == WEFT_TYPE_TIMESTAMP_NTZ ? w->style.timestamp_ntz : NULL;
}

static weft_status put_moment(nested_writer *w, const weft_datetime_pattern *pattern, const weft_value *value)
{
    weft_status st = WEFT_OK;
    char small[256], *text = small;
    const bool date = value->type.id == WEFT_TYPE_DATE;
    if (pattern->text_bytes_max > sizeof small)
        WEFT_TRY(st, weft_arena_alloc(w->ctx, w->ctx->arena, pattern->text_bytes_max, (void **)&text));
    const int64_t us = date ? value->i64 * INT64_C(86400000000) : value->i64;
    weft_zone *zone = value->type.id == WEFT_TYPE_TIMESTAMP ? w->zone : NULL;
    WEFT_TRY(st, weft_text_append_json(w->ctx, w->out, text, weft_datetime_format(pattern, zone, us, text),
                                       w->style.escapes));
done:
    return st;
}

static weft_status put_plain(nested_writer *w, const weft_column *column, int32_t row, bool quoted)
{
    weft_status st = WEFT_OK;
    weft_value value = weft_value_of_column(column, row);
    char small[CAST_PLAIN_TEXT_BYTES];
    char *text = small;
    value.type = column->type;
    const weft_datetime_pattern *pattern = w->json && !quoted ? pattern_of(w, column->type) : NULL;
    if (pattern != NULL) return put_moment(w, pattern, &value);
    if (w->json && column->type.id == WEFT_TYPE_BINARY) return put_binary(w, &value.str);
    if (column->phys == WEFT_PHYS_STR) {
        const char *bytes = weft_str_data(&value.str);
        return w->json ? weft_text_append_json(w->ctx, w->out, bytes, value.str.len, w->style.escapes)
                       : weft_text_append(w->ctx, w->out, bytes, value.str.len);
    }
    int len = cast_plain_text(w->zone, &value, small);
    if (len < 0) {
        WEFT_TRY(st, weft_value_text(w->ctx, &value, &text));
        len = (int)strlen(text);
    }
    if (w->json && (quoted || !is_bare(column->type, text, (size_t)len)))
        WEFT_TRY(st, weft_text_append_json(w->ctx, w->out, text, (size_t)len, w->style.escapes));
    else
        WEFT_TRY(st, weft_text_append(w->ctx, w->out, text, (size_t)len));
done:
    return st;
}

/* What parts values: of an array, of an object's fields, of a field and its value. */
static weft_status put_break(nested_writer *w)
{
    weft_status st = WEFT_OK;
    if (!w->style.pretty) return WEFT_OK;
    WEFT_TRY(st, put(w, "\n"));
    for (int32_t i = 0; i < w->depth; i++) WEFT_TRY(st, put(w, "  "));
done:
    return st;
}

static weft_status put_begin(nested_writer *w)
{
    w->depth++;
    return put(w, "{");
}

static weft_status put_end(nested_writer *w, bool any)
{
    weft_status st = WEFT_OK;
    w->depth--;
    if (any)
        WEFT_TRY(st, put_break(w));
    else if (w->style.pretty)
        WEFT_TRY(st, put(w, " "));
    WEFT_TRY(st, put(w, "}"));
done:
    return st;
}

/* Before a field or entry; not the first one's. */
static weft_status put_next(nested_writer *w, bool first)
{
    weft_status st = WEFT_OK;
    if (!first) WEFT_TRY(st, put(w, w->json ? "," : ", "));
    if (w->json) WEFT_TRY(st, put_break(w));
done:
    return st;
}

static const char *colon_of(const nested_writer *w) { return w->style.pretty ? " : " : ":"; }

static weft_status put_array(nested_writer *w, const weft_column *column, int32_t row)
{
    weft_status st = WEFT_OK;
    const weft_list list = *(const weft_list *)weft_column_value(column, row);
    WEFT_TRY(st, put(w, w->style.pretty ? "[ " : "["));
    for (int32_t i = 0; i < list.length; i++) {
        if (i > 0) WEFT_TRY(st, put(w, w->json && !w->style.pretty ? "," : ", "));
        WEFT_TRY(st, put_slot(w, &column->children[0], list.offset + i));
    }
    WEFT_TRY(st, put(w, w->style.pretty && list.length > 0 ? " ]" : "]"));
done:
    return st;
}

static weft_status row_text(nested_writer *w, const weft_column *row, int32_t at, weft_text *out)
{
    weft_status st = WEFT_OK;
    const int32_t slot = weft_column_slot(row, at);
    WEFT_TRY(st, weft_text_append(w->ctx, out, "[", 1));
    for (int32_t i = 0; i < row->child_count; i++) {
        if (i > 0) WEFT_TRY(st, weft_text_append(w->ctx, out, ",", 1));
        WEFT_TRY(st, weft_nested_text(w->ctx, w->zone, &row->children[i], slot, out));
    }
    WEFT_TRY(st, weft_text_append(w->ctx, out, "]", 1));
done:
    return st;
}

/* The key of a JSON object is a string, whatever its type: that of a nested key is its text. */
static weft_status put_key(nested_writer *w, const weft_column *key, int32_t slot)
{
    weft_status st = WEFT_OK;
    weft_text text = {0};
    if (w->json && key->type.id >= WEFT_TYPE_DATE && key->type.id <= WEFT_TYPE_INTERVAL_DT) {
        char number[32]; /* as Spark has it: what the value counts */
        (void)snprintf(number, sizeof number, "\"%lld\"", (long long)weft_value_of_column(key, slot).i64);
        return put(w, number);
    }
    if (!w->json || !weft_phys_is_nested((weft_phys)key->phys)) {
        return weft_phys_is_nested((weft_phys)key->phys) ? put_value(w, key, slot)
                                                         : put_plain(w, key, slot, true);
    }
    if (key->phys == WEFT_PHYS_STRUCT) /* as Spark's rows show themselves: [1,a] */
        WEFT_TRY(st, row_text(w, key, slot, &text));
    else
        WEFT_TRY(st, weft_nested_text(w->ctx, w->zone, key, slot, &text));
    WEFT_TRY(st, weft_text_append_json(w->ctx, w->out, text.bytes, text.len, w->style.escapes));
done:
    weft_text_release(&text);
    return st;
}

/* The entry whose key comes behind that of entry `last` (-1: none yet); keys of a map differ. */
static int32_t next_entry(const weft_column *entries, weft_list list, int32_t last)
{
    const weft_column *keys = &entries->children[0];
    const weft_str *after = NULL, *best = NULL;
    int32_t found = 0;
    if (last >= 0) after = weft_column_value(keys, weft_column_slot(entries, list.offset + last));
    for (int32_t i = 0; i < list.length; i++) {
        const weft_str *key = weft_column_value(keys, weft_column_slot(entries, list.offset + i));
        if (after != NULL && weft_str_compare(key, after) <= 0) continue;
        if (best != NULL && weft_str_compare(key, best) >= 0) continue;
        best = key;
        found = i;
    }
    return found;
}

/* The field whose name, and then place, comes behind that of field `last` (-1: none yet). */
static int32_t next_field(weft_type type, int32_t last)
{
    int32_t found = -1;
    for (int32_t i = 0; i < type.child_count; i++) {
        const char *name = type.children[i].name;
        const int order = last < 0 ? 1 : strcmp(name, type.children[last].name);
        if (order < 0 || (order == 0 && i <= last)) continue;
        if (found < 0 || strcmp(name, type.children[found].name) < 0) found = i;
    }
    return found;
}

static weft_status put_map(nested_writer *w, const weft_column *column, int32_t row)
{
    weft_status st = WEFT_OK;
    const weft_list list = *(const weft_list *)weft_column_value(column, row);
    const weft_column *entries = &column->children[0];
    int32_t last = -1;
    WEFT_TRY(st, put_begin(w));
    for (int32_t i = 0; i < list.length; i++) {
        if (w->style.sort_keys && entries->children[0].phys == WEFT_PHYS_STR)
            last = next_entry(entries, list, last);
        else
            last = i;
        const int32_t slot = weft_column_slot(entries, list.offset + last);
        WEFT_TRY(st, put_next(w, i == 0));
        WEFT_TRY(st, put_key(w, &entries->children[0], slot));
        WEFT_TRY(st, put(w, w->json ? colon_of(w) : " -> "));
        WEFT_TRY(st, put_slot(w, &entries->children[1], slot));
    }
    WEFT_TRY(st, put_end(w, list.length > 0));
done:
    return st;
}

static weft_status put_struct(nested_writer *w, const weft_column *column, int32_t row)
{
    weft_status st = WEFT_OK;
    const int32_t slot = weft_column_slot(column, row);
    bool first = true;
    WEFT_TRY(st, put_begin(w));
    int32_t i = -1;
    for (int32_t k = 0; k < column->child_count; k++) {
        i = w->style.sort_keys ? next_field(column->type, i) : k;
        const weft_column *field = &column->children[i];
        if (w->json && !w->style.keep_nulls && weft_column_is_null(field, slot)) continue;
        WEFT_TRY(st, put_next(w, first));
        first = false;
        if (w->json) {
            const char *name = column->type.children[i].name;
            WEFT_TRY(st, weft_text_append_json(w->ctx, w->out, name, strlen(name), w->style.escapes));
            WEFT_TRY(st, put(w, colon_of(w)));
        }
        WEFT_TRY(st, put_slot(w, field, slot));
    }
    WEFT_TRY(st, put_end(w, !first));
done:
    return st;
}

static weft_status put_value(nested_writer *w, const weft_column *column, int32_t row)
{
    if (column->phys == WEFT_PHYS_STRUCT) return put_struct(w, column, row);
    if (column->phys != WEFT_PHYS_LIST) return put_plain(w, column, row, false);
    return column->type.id == WEFT_TYPE_MAP ? put_map(w, column, row) : put_array(w, column, row);
}

weft_status weft_nested_text(weft_ctx *ctx, weft_zone *zone, const weft_column *column, int32_t row,
                             weft_text *out)
{
    nested_writer w = {.ctx = ctx, .zone = zone, .out = out};
    return put_slot(&w, column, row);
}

weft_status weft_nested_json(weft_ctx *ctx, weft_zone *zone, const weft_json_style *style,
                             const weft_column *column, int32_t row, weft_text *out)
{
    nested_writer w = {.ctx = ctx, .zone = zone, .out = out, .json = true};
    if (style != NULL) w.style = *style;
    return put_slot(&w, column, row);
}
