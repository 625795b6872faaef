/* engine/expr/variant_json.c - see variant_json.h. */
#include "engine/expr/variant_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/expr/calendar.h"
#include "engine/expr/cast_private.h"
#include "engine/expr/decimal.h"

const weft_json_rules weft_variant_json_rules = {.allow = 0, .depth_max = WEFT_JSON_DEPTH};

/* ---- from JSON ---- */

/* A number without exponent as unscaled digits and scale; false when 38 digits do not hold it. */
static bool read_decimal(const char *text, size_t len, weft_i128 *value, int32_t *scale)
{
    const bool negative = len > 0 && text[0] == '-';
    weft_u128 magnitude = 0;
    int32_t digits = 0;
    bool point = false;
    *scale = 0;
    for (size_t i = negative; i < len; i++) {
        if (text[i] == '.') {
            point = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9') return false; /* an exponent */
        digits += digits > 0 || text[i] != '0';
        *scale += point;
        if (digits > WEFT_DECIMAL_PRECISION_MAX || *scale > WEFT_DECIMAL_PRECISION_MAX) return false;
        magnitude = magnitude * 10 + (unsigned)(text[i] - '0');
    }
    *value = negative ? -(weft_i128)magnitude : (weft_i128)magnitude;
    return true;
}

static weft_status put_number(weft_ctx *ctx, weft_variant_builder *b, const weft_json *json)
{
    int64_t whole;
    weft_i128 value;
    int32_t scale;
    if (json->token == WEFT_JSON_INTEGER && weft_json_i64(json->text, json->len, &whole))
        return weft_variant_put_i64(ctx, b, whole);
    if (read_decimal(json->text, json->len, &value, &scale))
        return weft_variant_put_decimal(ctx, b, value, scale);
    const double real = weft_json_f64(json->text, json->len);
    return weft_variant_put_plain(ctx, b, WEFT_VP_DOUBLE, &real, sizeof real);
}

static weft_status put_object(weft_ctx *ctx, weft_variant_builder *b, weft_json *json, weft_text *room,
                              bool *bad)
{
    weft_status st = WEFT_OK;
    const weft_variant_mark mark = weft_variant_begin(b);
    while (weft_json_next(json) != WEFT_JSON_OBJECT_END) {
        const char *name = NULL;
        size_t len = 0;
        if (json->token == WEFT_JSON_BAD) {
            *bad = true;
            goto done;
        }
        WEFT_TRY(st, weft_json_value(ctx, json, WEFT_JSON_LONE_MARK, room, &name, &len));
        WEFT_TRY(st, weft_variant_name(ctx, b, name, len));
        weft_json_next(json);
        WEFT_TRY(st, weft_variant_put_json(ctx, b, json, room, bad));
        if (*bad) goto done;
    }
    WEFT_TRY(st, weft_variant_end_object(ctx, b, mark));
done:
    return st;
}

static weft_status put_array(weft_ctx *ctx, weft_variant_builder *b, weft_json *json, weft_text *room,
                             bool *bad)
{
    weft_status st = WEFT_OK;
    const weft_variant_mark mark = weft_variant_begin(b);
    while (weft_json_next(json) != WEFT_JSON_ARRAY_END) {
        WEFT_TRY(st, weft_variant_next(ctx, b));
        WEFT_TRY(st, weft_variant_put_json(ctx, b, json, room, bad));
        if (*bad) goto done;
    }
    WEFT_TRY(st, weft_variant_end_array(ctx, b, mark));
done:
    return st;
}

weft_status weft_variant_put_json(weft_ctx *ctx, weft_variant_builder *b, weft_json *json, weft_text *room,
                                  bool *bad)
{
    weft_status st = WEFT_OK;
    const char *bytes = NULL;
    size_t len = 0;
    switch (json->token) {
    case WEFT_JSON_OBJECT: return put_object(ctx, b, json, room, bad);
    case WEFT_JSON_ARRAY: return put_array(ctx, b, json, room, bad);
    case WEFT_JSON_STRING:
        WEFT_TRY(st, weft_json_value(ctx, json, WEFT_JSON_LONE_MARK, room, &bytes, &len));
        return weft_variant_put_text(ctx, b, bytes, len);
    case WEFT_JSON_INTEGER:
    case WEFT_JSON_REAL:
    case WEFT_JSON_NAN: return put_number(ctx, b, json);
    case WEFT_JSON_TRUE: return weft_variant_put_bool(ctx, b, true);
    case WEFT_JSON_FALSE: return weft_variant_put_bool(ctx, b, false);
    case WEFT_JSON_NULL: return weft_variant_put_null(ctx, b);
    case WEFT_JSON_NONE:
    case WEFT_JSON_BAD:
    case WEFT_JSON_OBJECT_END:
    case WEFT_JSON_ARRAY_END:
    case WEFT_JSON_NAME: *bad = true; break;
    }
done:
    return st;
}

/* ---- to JSON ---- */

static weft_status put(weft_ctx *ctx, weft_text *out, const char *text)
{
    return weft_text_append(ctx, out, text, strlen(text));
}

weft_status weft_text_append_base64(weft_ctx *ctx, weft_text *out, const char *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *at = (const unsigned char *)bytes;
    weft_status st = WEFT_OK;
    for (size_t i = 0; i < len; i += 3) {
        const size_t left = len - i;
        const uint32_t word = (uint32_t)at[i] << 16 | (left > 1 ? (uint32_t)at[i + 1] << 8 : 0) |
                              (left > 2 ? at[i + 2] : 0);
        const char four[4] = {digits[word >> 18], digits[word >> 12 & 63],
                              left > 1 ? digits[word >> 6 & 63] : '=', left > 2 ? digits[word & 63] : '='};
        WEFT_TRY(st, weft_text_append(ctx, out, four, 4));
    }
done:
    return st;
}

static int uuid_text(const char *bytes, char text[CAST_PLAIN_TEXT_BYTES])
{
    int len = 0;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text[len++] = '-';
        len += snprintf(text + len, (size_t)(CAST_PLAIN_TEXT_BYTES - len), "%02x", (unsigned char)bytes[i]);
    }
    return len;
}

/* The text of a value that is no list, string or binary; iso: TIMESTAMP gets its distance from UTC. */
static int scalar_text(weft_zone *zone, const weft_variant *v, bool iso, char text[CAST_PLAIN_TEXT_BYTES])
{
    uint32_t len;
    int32_t scale = 0;
    weft_i128 decimal;
    int64_t local;
    switch (weft_variant_kind_of(v)) {
    case WEFT_VARIANT_NULL: return snprintf(text, CAST_PLAIN_TEXT_BYTES, "null");
    case WEFT_VARIANT_BOOLEAN:
        return snprintf(text, CAST_PLAIN_TEXT_BYTES, weft_variant_i64(v) != 0 ? "true" : "false");
    case WEFT_VARIANT_LONG:
        return snprintf(text, CAST_PLAIN_TEXT_BYTES, "%lld", (long long)weft_variant_i64(v));
    case WEFT_VARIANT_DOUBLE: return cast_double_text(weft_variant_f64(v), false, text);
    case WEFT_VARIANT_FLOAT: return cast_double_text(weft_variant_f64(v), true, text);
    case WEFT_VARIANT_DECIMAL:
        decimal = weft_variant_decimal(v, &scale);
        return weft_decimal_text(decimal, scale, text);
    case WEFT_VARIANT_DATE: return weft_date_text((int32_t)weft_variant_i64(v), text);
    case WEFT_VARIANT_TIMESTAMP: {
        local = weft_zone_to_local(zone, weft_variant_i64(v));
        int at = weft_timestamp_text(local, text);
        if (!iso) return at;
        const int64_t minutes = (local - weft_variant_i64(v)) / 60000000;
        return at + snprintf(text + at, (size_t)(CAST_PLAIN_TEXT_BYTES - at), "%c%02d:%02d",
                             minutes < 0 ? '-' : '+', (int)(llabs(minutes) / 60), (int)(llabs(minutes) % 60));
    }
    case WEFT_VARIANT_TIMESTAMP_NTZ: return weft_timestamp_text(weft_variant_i64(v), text);
    case WEFT_VARIANT_UUID: return uuid_text(weft_variant_text(v, &len), text);
    case WEFT_VARIANT_STRING:
    case WEFT_VARIANT_BINARY:
    case WEFT_VARIANT_OBJECT:
    case WEFT_VARIANT_ARRAY: break;
    }
    return 0;
}

static weft_status put_list(weft_ctx *ctx, weft_zone *zone, const weft_variant *v, weft_text *out)
{
    weft_status st = WEFT_OK;
    const bool object = weft_variant_kind_of(v) == WEFT_VARIANT_OBJECT;
    const int32_t count = weft_variant_count(v);
    WEFT_TRY(st, put(ctx, out, object ? "{" : "["));
    for (int32_t i = 0; i < count; i++) {
        const char *name = NULL;
        uint32_t len = 0;
        weft_variant part;
        if (i > 0) WEFT_TRY(st, put(ctx, out, ","));
        if (object) {
            part = weft_variant_field(v, i, &name, &len);
            WEFT_TRY(st, weft_text_append_json(ctx, out, name, len, WEFT_JSON_ESCAPE_LEAST));
            WEFT_TRY(st, put(ctx, out, ":"));
        } else {
            part = weft_variant_element(v, i);
        }
        WEFT_TRY(st, weft_variant_json(ctx, zone, &part, out));
    }
    WEFT_TRY(st, put(ctx, out, object ? "}" : "]"));
done:
    return st;
}

weft_status weft_variant_json(weft_ctx *ctx, weft_zone *zone, const weft_variant *v, weft_text *out)
{
    weft_status st = WEFT_OK;
    char text[CAST_PLAIN_TEXT_BYTES];
    uint32_t len;
    const weft_variant_kind kind = weft_variant_kind_of(v);
    if (kind >= WEFT_VARIANT_OBJECT) return put_list(ctx, zone, v, out);
    if (kind == WEFT_VARIANT_STRING) {
        const char *bytes = weft_variant_text(v, &len);
        return weft_text_append_json(ctx, out, bytes, len, WEFT_JSON_ESCAPE_LEAST);
    }
    const bool real = kind == WEFT_VARIANT_DOUBLE || kind == WEFT_VARIANT_FLOAT;
    const bool quoted = (real && !isfinite(weft_variant_f64(v))) || kind == WEFT_VARIANT_DATE ||
                        kind == WEFT_VARIANT_TIMESTAMP || kind == WEFT_VARIANT_TIMESTAMP_NTZ ||
                        kind == WEFT_VARIANT_BINARY || kind == WEFT_VARIANT_UUID;
    if (quoted) WEFT_TRY(st, put(ctx, out, "\""));
    if (kind == WEFT_VARIANT_BINARY) {
        const char *bytes = weft_variant_text(v, &len);
        WEFT_TRY(st, weft_text_append_base64(ctx, out, bytes, len));
    } else {
        WEFT_TRY(st, weft_text_append(ctx, out, text, (size_t)scalar_text(zone, v, true, text)));
    }
    if (quoted) WEFT_TRY(st, put(ctx, out, "\""));
done:
    return st;
}

weft_status weft_variant_plain_text(weft_ctx *ctx, weft_zone *zone, const weft_variant *v, weft_text *out)
{
    char text[CAST_PLAIN_TEXT_BYTES];
    uint32_t len;
    const weft_variant_kind kind = weft_variant_kind_of(v);
    if (kind >= WEFT_VARIANT_OBJECT) return put_list(ctx, zone, v, out);
    if (kind == WEFT_VARIANT_STRING || kind == WEFT_VARIANT_BINARY) {
        const char *bytes = weft_variant_text(v, &len);
        return weft_text_append(ctx, out, bytes, len);
    }
    return weft_text_append(ctx, out, text, (size_t)scalar_text(zone, v, false, text));
}
