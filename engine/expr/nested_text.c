/* engine/expr/nested_text.c - see nested_text.h. One walk over column and type for both forms. */
#include "engine/expr/nested_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "engine/expr/calendar.h"
#include "engine/expr/cast_private.h"
#include "engine/expr/datetime_record.h"
#include "engine/expr/decimal.h"
#include "engine/expr/utf8.h"
#include "engine/expr/value.h"
#include "engine/expr/variant_json.h"

typedef struct nested_writer {
    weft_ctx *ctx;
    weft_zone *zone;
    weft_text *out;
    bool json;
    bool exponents; /* small decimals have them */
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
    weft_status st = WEFT_OK;
    WEFT_TRY(st, put(w, "\""));
    WEFT_TRY(st, weft_text_append_base64(w->ctx, w->out, weft_str_data(value), value->len));
    WEFT_TRY(st, put(w, "\""));
done:
    return st;
}

/* The format of a type's values, or NULL. */
static const weft_datetime_pattern *pattern_of(const nested_writer *w, weft_type type)
{
    if (type.id == WEFT_TYPE_DATE) return w->style.date;
    if (type.id == WEFT_TYPE_TIMESTAMP) return w->style.timestamp;
    if (type.id == WEFT_TYPE_TIME) return w->style.time;
    return type.id == WEFT_TYPE_TIMESTAMP_NTZ ? w->style.timestamp_ntz : NULL;
}

static weft_status put_moment(nested_writer *w, const weft_datetime_pattern *pattern, const weft_value *value)
{
    weft_status st = WEFT_OK;
    char small[256], *text = small;
    size_t len = 0;
    if (pattern->text_bytes_max > sizeof small)
        WEFT_TRY(st, weft_arena_alloc(w->ctx, w->ctx->arena, pattern->text_bytes_max, (void **)&text));
    WEFT_TRY(st, weft_datetime_record_put(w->ctx, pattern, w->zone, value->type.id, value->i64, text, &len));
    WEFT_TRY(st, weft_text_append_json(w->ctx, w->out, text, len, w->style.escapes));
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
    if (column->type.id == WEFT_TYPE_VARIANT) {
        const weft_variant variant = weft_variant_of(&value.str);
        return weft_variant_json(w->ctx, w->zone, &variant, w->out);
    }
    if (column->phys == WEFT_PHYS_STR) {
        const char *bytes = weft_str_data(&value.str);
        return w->json ? weft_text_append_json(w->ctx, w->out, bytes, value.str.len, w->style.escapes)
                       : weft_text_append(w->ctx, w->out, bytes, value.str.len);
    }
    int len = (w->json || w->exponents) && column->type.id == WEFT_TYPE_DECIMAL
                  ? weft_decimal_exponent_text(value.i128, column->type.scale, small)
                  : cast_plain_text(w->zone, &value, small);
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

/* A nested key's text, as Spark's rows have it: [1,x], with dates and times as numbers. */
static weft_status put_raw(nested_writer *w, const weft_column *column, int32_t row)
{
    weft_status st = WEFT_OK;
    char number[32];
    if (weft_column_is_null(column, row)) return put(w, "null");
    if (column->type.id >= WEFT_TYPE_DATE && column->type.id <= WEFT_TYPE_TIMESTAMP_NTZ) {
        (void)snprintf(number, sizeof number, "%lld", (long long)weft_value_of_column(column, row).i64);
        return put(w, number);
    }
    if (!weft_phys_is_nested((weft_phys)column->phys)) return put_plain(w, column, row, false);
    const bool list = column->phys == WEFT_PHYS_LIST;
    const weft_list all = list ? *(const weft_list *)weft_column_value(column, row) : (weft_list){0};
    const int32_t count = list ? all.length : column->child_count;
    const int32_t slot = list ? 0 : weft_column_slot(column, row);
    WEFT_TRY(st, put(w, "["));
    for (int32_t i = 0; i < count; i++) {
        if (i > 0) WEFT_TRY(st, put(w, ","));
        WEFT_TRY(st, list ? put_raw(w, &column->children[0], all.offset + i)
                          : put_raw(w, &column->children[i], slot));
    }
    WEFT_TRY(st, put(w, "]"));
done:
    return st;
}

/* The key of a JSON object is a string, whatever its type. */
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
    nested_writer raw = {.ctx = w->ctx, .out = &text};
    WEFT_TRY(st, put_raw(&raw, key, slot));
    WEFT_TRY(st, weft_text_append_json(w->ctx, w->out, text.bytes, text.len, w->style.escapes));
done:
    weft_text_release(&text);
    return st;
}

/* sortKeys: the places of a struct's fields or a map's entries by the text of their keys. */
typedef struct keyed_place {
    const char *key;
    size_t from, len;
    int32_t place;
} keyed_place;

static int compare_places(const void *a, const void *b)
{
    const keyed_place *x = a, *y = b;
    const int order = memcmp(x->key, y->key, x->len < y->len ? x->len : y->len);
    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

/* [count] places in the order in which they are written, or NULL for that in which they are; the caller frees
 * them. keys: of a map's entries from slot `first` on, else the names of type's fields. */
static weft_status sort_places(nested_writer *w, weft_type type, const weft_column *keys, int32_t first,
                               int32_t count, keyed_place **out)
{
    weft_status st = WEFT_OK;
    weft_text text = {0};
    keyed_place *places = NULL;
    nested_writer raw = {.ctx = w->ctx, .out = &text};
    *out = NULL;
    if (!w->json || !w->style.sort_keys || count < 2) return WEFT_OK;
    WEFT_TRY(st,
             weft_mem_alloc_zero(w->ctx, WEFT_MEM_WORKING, (size_t)count * sizeof *places, (void **)&places));
    *out = places;
    for (int32_t i = 0; i < count; i++) {
        places[i].place = i;
        places[i].from = text.len;
        if (keys != NULL)
            WEFT_TRY(st, put_raw(&raw, keys, first + i));
        else
            WEFT_TRY(st, put(&raw, type.children[i].name));
        places[i].len = text.len - places[i].from;
    }
    for (int32_t i = 0; i < count; i++) places[i].key = text.bytes + places[i].from;
    qsort(places, (size_t)count, sizeof *places, compare_places);
done:
    weft_text_release(&text);
    return st;
}

static weft_status put_map(nested_writer *w, const weft_column *column, int32_t row)
{
    weft_status st = WEFT_OK;
    const weft_list list = *(const weft_list *)weft_column_value(column, row);
    const weft_column *entries = &column->children[0];
    keyed_place *places = NULL;
    WEFT_TRY(st, sort_places(w, column->type, &entries->children[0], list.offset, list.length, &places));
    WEFT_TRY(st, put_begin(w));
    for (int32_t i = 0; i < list.length; i++) {
        const int32_t at = places != NULL ? places[i].place : i;
        const int32_t slot = weft_column_slot(entries, list.offset + at);
        WEFT_TRY(st, put_next(w, i == 0));
        WEFT_TRY(st, put_key(w, &entries->children[0], slot));
        WEFT_TRY(st, put(w, w->json ? colon_of(w) : " -> "));
        WEFT_TRY(st, put_slot(w, &entries->children[1], slot));
    }
    WEFT_TRY(st, put_end(w, list.length > 0));
done:
    weft_mem_free(places);
    return st;
}

static weft_status put_struct(nested_writer *w, const weft_column *column, int32_t row)
{
    weft_status st = WEFT_OK;
    const int32_t slot = weft_column_slot(column, row);
    bool first = true;
    keyed_place *places = NULL;
    WEFT_TRY(st, sort_places(w, column->type, NULL, 0, column->child_count, &places));
    WEFT_TRY(st, put_begin(w));
    for (int32_t k = 0; k < column->child_count; k++) {
        const int32_t i = places != NULL ? places[k].place : k;
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
    weft_mem_free(places);
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

weft_status weft_nested_cast(weft_ctx *ctx, weft_zone *zone, bool plain_decimals, const weft_column *column,
                             int32_t row, weft_text *out)
{
    nested_writer w = {.ctx = ctx, .zone = zone, .out = out, .exponents = !plain_decimals};
    return put_slot(&w, column, row);
}

weft_status weft_nested_json(weft_ctx *ctx, weft_zone *zone, const weft_json_style *style,
                             const weft_column *column, int32_t row, weft_text *out)
{
    nested_writer w = {.ctx = ctx, .zone = zone, .out = out, .json = true};
    if (style != NULL) w.style = *style;
    return put_slot(&w, column, row);
}
