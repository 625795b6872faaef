/* engine/expr/json_copy.c - see json_copy.h. */
#include "engine/expr/json_copy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/expr/cast_private.h"

static weft_status copy_string(weft_ctx *ctx, const weft_json *json, weft_json_escapes escapes,
                               weft_text *room, weft_text *out, bool *failed)
{
    weft_status st = WEFT_OK;
    const char *bytes = NULL;
    size_t len = 0;
    const weft_json_lone lone = escapes == WEFT_JSON_ESCAPE_LEAST ? WEFT_JSON_LONE_FAIL : WEFT_JSON_LONE_KEEP;
    WEFT_TRY(st, weft_json_value(ctx, json, lone, room, &bytes, &len));
    *failed = bytes == NULL;
    if (!*failed) WEFT_TRY(st, weft_text_append_json(ctx, out, bytes, len, escapes));
done:
    return st;
}

/* How a value is written. */
typedef struct copy_style {
    weft_json_escapes escapes;
    bool exact; /* real numbers: all of their digits */
} copy_style;

/* A real number as BigDecimal.toString() has it: with an exponent when it has fewer digits than its place
 * asks for, or more than six zeros behind the point. */
static weft_status copy_exact(weft_ctx *ctx, const weft_json *json, weft_text *out)
{
    weft_status st = WEFT_OK;
    char digits[WEFT_JSON_NUMBER_MAX + 1], text[32];
    const char *at = json->text, *end = at + json->len;
    int64_t count = 0, scale = 0, exponent = 0;
    bool fraction = false, zero = true;
    const bool negative = *at == '-';
    for (at += negative; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        scale += fraction;
        if (count == 1 && digits[0] == '0') count = 0; /* zeros in front go */
        if (count < (int64_t)sizeof digits) digits[count++] = *at;
        zero &= *at == '0';
    }
    if (at < end) {
        const bool down = at[1] == '-';
        for (at += 1 + (at[1] == '-' || at[1] == '+'); at < end && exponent < INT32_MAX; at++)
            exponent = exponent * 10 + (*at - '0');
        scale += down ? exponent : -exponent;
    }
    if (negative && !zero) WEFT_TRY(st, weft_text_append(ctx, out, "-", 1));
    const int64_t place = count - 1 - scale; /* the exponent of the first digit */
    if (scale >= 0 && place >= -6) {
        const int64_t whole = weft_max_i64(count - scale, 0);
        WEFT_TRY(st, weft_text_append(ctx, out, whole > 0 ? digits : "0", (size_t)weft_max_i64(whole, 1)));
        if (scale > 0) WEFT_TRY(st, weft_text_append(ctx, out, ".", 1));
        WEFT_TRY(st, weft_text_append(ctx, out, "000000", (size_t)weft_max_i64(scale - count, 0)));
        return weft_text_append(ctx, out, digits + whole, (size_t)(count - whole));
    }
    WEFT_TRY(st, weft_text_append(ctx, out, digits, 1));
    if (count > 1) WEFT_TRY(st, weft_text_append(ctx, out, ".", 1));
    WEFT_TRY(st, weft_text_append(ctx, out, digits + 1, (size_t)count - 1));
    const int len = snprintf(text, sizeof text, "E%+lld", (long long)place);
    WEFT_TRY(st, weft_text_append(ctx, out, text, (size_t)len));
done:
    return st;
}

static weft_status copy_number(weft_ctx *ctx, const weft_json *json, copy_style style, weft_text *out)
{
    const char *at = json->text, *end = at + json->len;
    char text[CAST_DOUBLE_TEXT_BYTES + 2];
    if (json->token == WEFT_JSON_INTEGER) { /* leading zeros and the sign of zero go */
        const bool negative = *at == '-';
        at += negative;
        while (at + 1 < end && *at == '0') at++;
        if (negative && *at != '0') {
            const weft_status st = weft_text_append(ctx, out, "-", 1);
            if (st != WEFT_OK) return st;
        }
        return weft_text_append(ctx, out, at, (size_t)(end - at));
    }
    if (style.exact && json->token == WEFT_JSON_REAL) return copy_exact(ctx, json, out);
    const double value = weft_json_f64(at, json->len);
    int len = cast_double_text(value, false, text + 1);
    if (isfinite(value)) return weft_text_append(ctx, out, text + 1, (size_t)len);
    text[0] = text[++len] = '"';
    return weft_text_append(ctx, out, text, (size_t)len + 1);
}

static weft_status copy_token(weft_ctx *ctx, const weft_json *json, copy_style style, weft_text *room,
                              weft_text *out, bool *failed)
{
    weft_status st = WEFT_OK;
    switch (json->token) {
    case WEFT_JSON_NONE:
    case WEFT_JSON_BAD: *failed = true; break;
    case WEFT_JSON_OBJECT: return weft_text_append(ctx, out, "{", 1);
    case WEFT_JSON_OBJECT_END: return weft_text_append(ctx, out, "}", 1);
    case WEFT_JSON_ARRAY: return weft_text_append(ctx, out, "[", 1);
    case WEFT_JSON_ARRAY_END: return weft_text_append(ctx, out, "]", 1);
    case WEFT_JSON_NAME:
        WEFT_TRY(st, copy_string(ctx, json, style.escapes, room, out, failed));
        return weft_text_append(ctx, out, ":", 1);
    case WEFT_JSON_STRING: return copy_string(ctx, json, style.escapes, room, out, failed);
    case WEFT_JSON_INTEGER:
    case WEFT_JSON_REAL:
    case WEFT_JSON_NAN: return copy_number(ctx, json, style, out);
    case WEFT_JSON_TRUE: return weft_text_append(ctx, out, "true", 4);
    case WEFT_JSON_FALSE: return weft_text_append(ctx, out, "false", 5);
    case WEFT_JSON_NULL: return weft_text_append(ctx, out, "null", 4);
    }
done:
    return st;
}

static weft_status copy_value(weft_ctx *ctx, weft_json *json, copy_style style, weft_text *room,
                              weft_text *out, bool *failed)
{
    weft_status st = WEFT_OK;
    const bool nested = json->token == WEFT_JSON_OBJECT || json->token == WEFT_JSON_ARRAY;
    const int32_t outside = nested ? json->depth - 1 : json->depth;
    bool comma = false; /* a value or a pair came before, in this container */
    *failed = false;
    for (;;) {
        const weft_json_token token = json->token;
        const bool ends = token == WEFT_JSON_OBJECT_END || token == WEFT_JSON_ARRAY_END;
        if (comma && !ends) WEFT_TRY(st, weft_text_append(ctx, out, ",", 1));
        WEFT_TRY(st, copy_token(ctx, json, style, room, out, failed));
        if (*failed || json->depth == outside) break;
        if (!nested) break;
        comma = token != WEFT_JSON_OBJECT && token != WEFT_JSON_ARRAY && token != WEFT_JSON_NAME;
        weft_json_next(json);
    }
done:
    return st;
}

weft_status weft_json_copy(weft_ctx *ctx, weft_json *json, weft_json_escapes escapes, weft_text *room,
                           weft_text *out, bool *failed)
{
    return copy_value(ctx, json, (copy_style){.escapes = escapes}, room, out, failed);
}

weft_status weft_json_copy_exact(weft_ctx *ctx, weft_json *json, weft_text *room, weft_text *out,
                                 bool *failed)
{
    const copy_style style = {.escapes = WEFT_JSON_ESCAPE_PAIRS, .exact = true};
    return copy_value(ctx, json, style, room, out, failed);
}
