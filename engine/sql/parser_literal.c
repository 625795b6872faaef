/* engine/sql/parser_literal.c - numbers and typed literals (DATE '…', TIMESTAMP '…', X'…').
 *
 * 12 is INT, BIGINT or DECIMAL(n,0), whichever is the first to hold it; 0.05 is DECIMAL(2,2): its digits, at
 * least as many as its scale; 1e3 is DOUBLE. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "common/settings.h"
#include "engine/expr/calendar.h"
#include "engine/expr/cast.h"
#include "engine/expr/interval.h"
#include "engine/expr/special_moment.h"
#include "engine/sql/parser_internal.h"

enum { NUMBER_BYTES_MAX = 4096 }; /* of a floating literal's text: strtod gets a copy */

static weft_status out_of_range(sql_parser *p, const weft_span *span, const char *type)
{
    const int32_t len = weft_min_i32(span->stop - span->start, 60);
    return weft_fail_at(p->ctx, WEFT_INVALID_NUMERIC_LITERAL_RANGE, span,
                        "Numeric literal %.*s is outside the valid range of %s.", (int)len,
                        p->text + span->start, type);
}

/* The exponent behind an 'e' at text[at], up to stop; sums beyond a million stay there. */
static int32_t exponent_of(const char *text, int32_t at, int32_t stop)
{
    const bool minus = at + 1 < stop && text[at + 1] == '-';
    int32_t value = 0;
    for (int32_t i = at + 1; i < stop; i++)
        if (text[i] >= '0' && text[i] <= '9' && value < 1000000) value = value * 10 + (text[i] - '0');
    return minus ? -value : value;
}

static weft_status decimal_too_long(sql_parser *p, const weft_span *span)
{
    const int32_t len = weft_min_i32(span->stop - span->start, 60);
    return weft_fail_at(p->ctx, WEFT_DECIMAL_PRECISION, span,
                        "The literal %.*s needs more than 38 digits, the most that a DECIMAL has.", (int)len,
                        p->text + span->start);
}

/* The digits [start, stop), with one point at most and perhaps an exponent, as DECIMAL: 26E2 has no negative
 * scale, it is 2600. */
static weft_status decimal_value(sql_parser *p, const weft_span *span, int32_t start, int32_t stop,
                                 bool negative, weft_value *out)
{
    weft_u128 unscaled = 0;
    int32_t digits = 0, scale = 0;
    bool point = false;
    for (int32_t i = start; i < stop; i++) {
        const char c = p->text[i];
        if (c == '.') {
            point = true;
            continue;
        }
        if (c == 'e' || c == 'E') {
            scale -= exponent_of(p->text, i, stop);
            break;
        }
        if (digits > 0 || c != '0') digits++;
        scale += point ? 1 : 0;
        if (digits > WEFT_DECIMAL_PRECISION_MAX) return decimal_too_long(p, span);
        unscaled = unscaled * 10 + (weft_u128)(c - '0');
    }
    if (unscaled == 0 && scale < 0) scale = 0;
    if (scale > WEFT_DECIMAL_PRECISION_MAX || digits - scale > WEFT_DECIMAL_PRECISION_MAX)
        return decimal_too_long(p, span);
    for (; scale < 0; scale++, digits++) unscaled *= 10;
    const int32_t precision = weft_max_i32(weft_max_i32(digits, scale), 1);
    *out = (weft_value){.type = weft_type_decimal(precision, scale),
                        .i128 = negative ? -(weft_i128)unscaled : (weft_i128)unscaled};
    return WEFT_OK;
}

/* The digits [start, stop) as an integer; false when 64 bits do not hold it. */
static bool integer_value(const sql_parser *p, int32_t start, int32_t stop, bool negative, int64_t *out)
{
    uint64_t value = 0;
    for (int32_t i = start; i < stop; i++) {
        const uint64_t digit = (uint64_t)(p->text[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    if (value > (uint64_t)INT64_MAX + (negative ? 1 : 0)) return false;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

static weft_status double_value(sql_parser *p, const weft_span *span, int32_t stop, bool negative,
                                bool is_float, weft_value *out)
{
    char text[NUMBER_BYTES_MAX];
    const int32_t len = stop - span->start;
    if (len >= NUMBER_BYTES_MAX) return out_of_range(p, span, is_float ? "FLOAT" : "DOUBLE");
    memcpy(text, p->text + span->start, (size_t)len);
    text[len] = '\0';
    const double value = is_float ? (double)strtof(text, NULL) : strtod(text, NULL);
    if (isinf(value)) return out_of_range(p, span, is_float ? "FLOAT" : "DOUBLE");
    *out = (weft_value){.type = WEFT_TYPE_OF(is_float ? WEFT_TYPE_FLOAT : WEFT_TYPE_DOUBLE),
                        .f64 = negative ? -value : value};
    return WEFT_OK;
}

/* 1Y, 1S, 1L: an integer of that type. */
static weft_status small_value(sql_parser *p, const weft_span *span, char suffix, bool negative,
                               weft_value *out)
{
    const int bits = suffix == 'y' ? 8 : suffix == 's' ? 16 : 64;
    const weft_type_id id = suffix == 'y'   ? WEFT_TYPE_TINYINT
                            : suffix == 's' ? WEFT_TYPE_SMALLINT
                                            : WEFT_TYPE_BIGINT;
    int64_t value = 0;
    const bool fits = integer_value(p, span->start, span->stop - 1, negative, &value) &&
                      value <= (int64_t)(UINT64_MAX >> (65 - bits)) &&
                      value >= -(int64_t)(UINT64_MAX >> (65 - bits)) - 1;
    if (!fits) return out_of_range(p, span, bits == 8 ? "TINYINT" : bits == 16 ? "SMALLINT" : "BIGINT");
    *out = (weft_value){.type = WEFT_TYPE_OF(id), .i64 = value};
    return WEFT_OK;
}

static weft_status suffixed_value(sql_parser *p, const weft_span *span, bool negative, weft_value *out)
{
    const char last = (char)(p->text[span->stop - 1] | 0x20);
    const char before = (char)(p->text[span->stop - 2] | 0x20);
    if (last == 'd' && before == 'b')
        return decimal_value(p, span, span->start, span->stop - 2, negative, out);
    if (last == 'd' || last == 'f') return double_value(p, span, span->stop - 1, negative, last == 'f', out);
    return small_value(p, span, last, negative, out);
}

weft_status weft_sql_number(sql_parser *p, bool negative, weft_span start, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const sql_token token = *weft_sql_peek(p, 0);
    const weft_span *span = &token.span;
    weft_value value = {0};
    switch (token.kind) {
    case SQL_INTEGER:
        if (integer_value(p, span->start, span->stop, negative, &value.i64)) {
            const bool small = value.i64 >= INT32_MIN && value.i64 <= INT32_MAX;
            value.type = WEFT_TYPE_OF(small ? WEFT_TYPE_INT : WEFT_TYPE_BIGINT);
        } else {
            WEFT_TRY(st, decimal_value(p, span, span->start, span->stop, negative, &value));
        }
        break;
    case SQL_DECIMAL: WEFT_TRY(st, decimal_value(p, span, span->start, span->stop, negative, &value)); break;
    case SQL_EXPONENT: WEFT_TRY(st, double_value(p, span, span->stop, negative, false, &value)); break;
    case SQL_SUFFIXED: WEFT_TRY(st, suffixed_value(p, span, negative, &value)); break;
    default: WEFT_TRY(st, weft_sql_syntax_error(p, "a number")); break;
    }
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_literal(p, value, weft_sql_span_from(p, &start), out));
done:
    return st;
}

static weft_status invalid_literal(sql_parser *p, const weft_span *span, const char *type, const char *text)
{
    return weft_fail_at(p->ctx, WEFT_INVALID_TYPED_LITERAL, span,
                        "The value of the typed literal \"%s\" is invalid: '%.60s'.", type, text);
}

/* X'1F': pairs of hex digits; an odd one counts as if a zero stood before it, as in Spark. */
static weft_status binary_literal(sql_parser *p, const weft_span *span, const char *text, size_t len,
                                  const weft_expr **out)
{
    weft_status st = WEFT_OK;
    uint8_t *bytes = NULL;
    const size_t count = (len + 1) / 2;
    WEFT_TRY(st, weft_arena_alloc(p->ctx, p->ctx->arena, count + 1, (void **)&bytes));
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) WEFT_TRY(st, invalid_literal(p, span, "X", text));
        uint8_t *byte = &bytes[(i + len % 2) / 2];
        *byte = (uint8_t)(*byte * 16 + digit);
    }
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_BINARY),
                              .str = weft_str_view((const char *)bytes, (uint32_t)count)};
    WEFT_TRY(st, weft_sql_literal(p, value, *span, out));
done:
    return st;
}

/* A timestamp depends on the session's time zone, and a date such as today on the clock: the analyser folds
 * this cast to a literal. */
static weft_status moment_literal(sql_parser *p, const weft_span *span, weft_type_id id, const char *text,
                                  const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *string = NULL;
    weft_expr *e = NULL;
    WEFT_TRY(st, weft_sql_string_literal(p, text, *span, &string));
    WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_CAST, *span, &string, 1, &e));
    e->type = WEFT_TYPE_OF(id);
    weft_moment moment;
    const bool nanos = weft_setting(p->ctx, WEFT_SET_NANOS_TYPES) != 0 &&
                       weft_parse_moment(text, strlen(text), &moment) && moment.second_digits > 6;
    if (nanos) {
        e->type.id = id == WEFT_TYPE_TIMESTAMP ? WEFT_TYPE_TIMESTAMP_NS : WEFT_TYPE_TIMESTAMP_NTZ_NS;
        e->type.scale = (uint8_t)(9 - moment.second_digits);
    }
    e->cast.implicit = true;
    *out = e;
done:
    return st;
}

/* Six digits behind the second, or as many more as are written. */
static weft_status time_literal(sql_parser *p, const weft_span *start, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const char *text = NULL;
    size_t len = 0;
    weft_value value = {0};
    int32_t digits = 0;
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_string(p, "a string", &text, &len));
    const weft_span span = weft_sql_span_from(p, start);
    if (!weft_parse_time(text, len, &value.i64, &digits))
        WEFT_TRY(st, invalid_literal(p, &span, "TIME", text));
    value.type = weft_type_time(weft_max_i32(digits, 6));
    WEFT_TRY(st, weft_sql_literal(p, value, span, out));
done:
    return st;
}

/* word 'text', where the word is no type that literals have. */
static weft_status unknown_literal(sql_parser *p)
{
    const weft_span word = weft_sql_peek(p, 0)->span, text = weft_sql_peek(p, 1)->span;
    const weft_span span = {.start = word.start, .stop = text.stop};
    char type[64];
    int32_t len = 0;
    for (; len < word.stop - word.start && len < (int32_t)sizeof type - 1; len++)
        type[len] = (char)toupper((unsigned char)p->text[word.start + len]);
    type[len] = '\0';
    return weft_fail_at(p->ctx, WEFT_UNKNOWN_TYPED_LITERAL, &span,
                        "Literals of the type \"%s\" are not supported. Supported types are \"DATE\", "
                        "\"TIMESTAMP_NTZ\", \"TIMESTAMP_LTZ\", \"TIMESTAMP\", \"INTERVAL\", \"X\", \"TIME\".",
                        type);
}

weft_status weft_sql_typed_literal(sql_parser *p, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const sql_token token = *weft_sql_peek(p, 0);
    const char *text = NULL;
    size_t len = 0;
    *out = NULL;
    if (token.kind != SQL_WORD || (!sql_is_at(p, 1, SQL_STRING) && !sql_is_at(p, 1, SQL_RAW_STRING)))
        return WEFT_OK;
    if (weft_sql_is_text(p, 0, "TIME")) return time_literal(p, &token.span, out);
    const sql_keyword keyword = (sql_keyword)token.keyword;
    const bool known = keyword == SQL_KW_DATE || keyword == SQL_KW_TIMESTAMP ||
                       keyword == SQL_KW_TIMESTAMP_NTZ || keyword == SQL_KW_TIMESTAMP_LTZ ||
                       keyword == SQL_KW_X;
    if (!known) return unknown_literal(p);
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_string(p, "a string", &text, &len));
    const weft_span span = weft_sql_span_from(p, &token.span);
    if (keyword == SQL_KW_X) {
        WEFT_TRY(st, binary_literal(p, &span, text, len, out));
    } else if (keyword == SQL_KW_DATE && weft_is_special_moment(p->ctx, text, len)) {
        WEFT_TRY(st, moment_literal(p, &span, WEFT_TYPE_DATE, text, out));
    } else if (keyword == SQL_KW_DATE) {
        int32_t days = 0;
        if (!weft_parse_date(text, len, &days)) WEFT_TRY(st, invalid_literal(p, &span, "DATE", text));
        const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_DATE), .i64 = days};
        WEFT_TRY(st, weft_sql_literal(p, value, span, out));
    } else {
        weft_moment moment; /* TIMESTAMP '… Z' is no local time, whatever TIMESTAMP is without a zone */
        const bool zoned = weft_parse_moment(text, len, &moment) &&
                           (moment.has_offset || moment.zone != NULL);
        const weft_type_id id = keyword == SQL_KW_TIMESTAMP_NTZ         ? WEFT_TYPE_TIMESTAMP_NTZ
                                : keyword == SQL_KW_TIMESTAMP && !zoned ? weft_sql_timestamp_type(p)
                                                                        : WEFT_TYPE_TIMESTAMP;
        WEFT_TRY(st, moment_literal(p, &span, id, text, out));
    }
done:
    return st;
}
