/* engine/expr/fn_format.c - numbers with groups of digits, and values put into a pattern of
 * java.util.Formatter.
 *
 * format_string writes a row twice: first only counting, then into the room that the count asked for. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>

#include "engine/expr/cast_private.h"
#include "engine/expr/decimal.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/real_digits.h"

/* ---- digits ---- */

enum { FORMAT_DIGITS_MAX = 700, FORMAT_PLACES_MAX = 340 }; /* DBL_MAX has 309 digits before the point */

/* The digits of a number without its sign, rounded half to even to `places` behind the point. */
static int32_t format_digits(const weft_column *arg, int32_t i, int32_t places, char *out)
{
    const int32_t slot = weft_arg_slot(arg, i);
    if (arg->phys == WEFT_PHYS_F64 || arg->phys == WEFT_PHYS_F32) {
        return snprintf(out, FORMAT_DIGITS_MAX, "%.*f", places, fabs(weft_arg_f64(arg, i)));
    }
    const int32_t scale = arg->type.id == WEFT_TYPE_DECIMAL ? arg->type.scale : 0;
    const weft_i128 value = scale > 0 || arg->phys == WEFT_PHYS_I128
                                ? weft_load_i128(arg->data, arg->phys, slot)
                                : weft_arg_i64(arg, i);
    weft_u128 size = weft_i128_abs(value);
    if (scale > places) {
        const weft_u128 unit = (weft_u128)weft_i128_pow10(scale - places), rest = size % unit;
        size /= unit;
        size += rest > unit / 2 || (rest == unit / 2 && rest * 2 == unit && (size & 1) != 0);
    }
    const int32_t kept = weft_min_i32(scale, places);
    char digits[48];
    int32_t count = 0, used = 0;
    do {
        digits[count++] = (char)('0' + (int)(size % 10));
        size /= 10;
    } while (size != 0 || count <= kept);
    while (count > 0) {
        if (count == kept) out[used++] = '.';
        out[used++] = digits[--count];
    }
    if (places > kept) {
        if (kept == 0) out[used++] = '.';
        memset(out + used, '0', (size_t)(places - kept));
        used += places - kept;
    }
    return used;
}

static bool format_negative(const weft_column *arg, int32_t i)
{
    const int32_t slot = weft_arg_slot(arg, i);
    if (arg->phys == WEFT_PHYS_F64 || arg->phys == WEFT_PHYS_F32) return signbit(weft_arg_f64(arg, i)) != 0;
    return arg->phys == WEFT_PHYS_I128 ? weft_load_i128(arg->data, arg->phys, slot) < 0
                                       : weft_arg_i64(arg, i) < 0;
}

/* ---- format_number ---- */

/* A pattern of java.text.DecimalFormat, as far as it is made of # 0 , and one point, and of plain characters
 * before and behind them. */
typedef struct format_pattern {
    int32_t whole_least, places_least, places_most;
    int32_t group; /* digits between commas; 0: no commas */
    weft_str prefix, suffix;
} format_pattern;

enum { FORMAT_AFFIX_MAX = 100 }; /* bytes before or behind the digits: they share the buffer of a number */

/* %, quotes, forms for negative numbers, per mille and currency signs mean more than themselves. */
static bool is_plain_affix(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (memchr("%';", text[i], 3) != NULL) return false;
    return len <= FORMAT_AFFIX_MAX && memmem(text, len, "\xc2\xa4", 2) == NULL &&
           memmem(text, len, "\xe2\x80\xb0", 3) == NULL;
}

static bool format_pattern_parse(const weft_str *text, format_pattern *out)
{
    static const char marks[] = "#0,.";
    const char *s = weft_str_data(text);
    bool point = false;
    int32_t since = -1; /* digits since the last comma */
    uint32_t begin = 0, end = text->len;
    while (begin < end && memchr(marks, s[begin], sizeof marks - 1) == NULL) begin++;
    while (end > begin && memchr(marks, s[end - 1], sizeof marks - 1) == NULL) end--;
    *out = (format_pattern){.prefix = weft_str_part(text, 0, begin),
                            .suffix = weft_str_part(text, end, text->len - end)};
    const bool exponent = end > begin && end < text->len && s[end] == 'E';
    if (exponent || !is_plain_affix(s, begin) || !is_plain_affix(s + end, text->len - end)) return false;
    for (uint32_t i = begin; i < end; i++) {
        if (s[i] == '.' && !point) {
            point = true;
        } else if (s[i] == ',' && !point) {
            since = 0;
        } else if (s[i] == '0' || s[i] == '#') {
            if (!point && since >= 0) since++;
            if (!point && s[i] == '0') out->whole_least++;
            if (point) out->places_most++;
            if (point && s[i] == '0') out->places_least = out->places_most;
        } else {
            return false;
        }
    }
    out->group = since > 0 ? since : 0;
    return out->places_most <= FORMAT_PLACES_MAX && out->whole_least <= 100;
}

static weft_status format_number_put(weft_ctx *ctx, weft_kernel_call *call, int32_t i,
                                     const format_pattern *p)
{
    const weft_column *arg = &call->args[0];
    char digits[FORMAT_DIGITS_MAX], text[2 * FORMAT_DIGITS_MAX + 2 * FORMAT_AFFIX_MAX];
    int32_t used = 0, begin = 0;
    if (arg->phys == WEFT_PHYS_F64 && !isfinite(weft_arg_f64(arg, i))) {
        const double value = weft_arg_f64(arg, i);
        const char *name = isnan(value) ? "NaN" : value > 0 ? "∞" : "-∞";
        return weft_vector_set_string(ctx, call->out, i, name, (uint32_t)strlen(name));
    }
    int32_t count = format_digits(arg, i, p->places_most, digits);
    int32_t whole = p->places_most > 0 ? count - p->places_most - 1 : count;
    while (count > whole + 1 + p->places_least && count > whole && digits[count - 1] == '0') count--;
    if (count == whole + 1) count--; /* the point alone */
    if (p->whole_least == 0 && whole == 1 && digits[0] == '0' && count > 1) begin = 1;
    if (format_negative(arg, i)) text[used++] = '-';
    memcpy(text + used, weft_str_data(&p->prefix), p->prefix.len);
    used += (int32_t)p->prefix.len;
    for (int32_t k = p->whole_least - whole; k > 0; k--) {
        text[used++] = '0';
        if (p->group > 0 && (whole + k - 1) % p->group == 0 && whole + k > 1) text[used++] = ',';
    }
    for (int32_t k = begin; k < count; k++) {
        text[used++] = digits[k];
        const int32_t left = whole - 1 - k;
        if (p->group > 0 && left > 0 && left % p->group == 0) text[used++] = ',';
    }
    memcpy(text + used, weft_str_data(&p->suffix), p->suffix.len);
    used += (int32_t)p->suffix.len;
    return weft_vector_set_string(ctx, call->out, i, text, (uint32_t)used);
}

static weft_status kernel_number(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        format_pattern pattern = {.whole_least = 1, .group = 3};
        if (!weft_call_valid(call, i)) continue;
        if (call->args[1].phys == WEFT_PHYS_STR) {
            const weft_str *text = weft_arg_str(&call->args[1], i);
            if (text->len > 0 && !format_pattern_parse(text, &pattern)) {
                return weft_fail_at(ctx, WEFT_UNSUPPORTED, &call->expr->span,
                                    "The number pattern '%.*s': only #, 0, commas, one point and plain "
                                    "characters around them are "
                                    "supported.",
                                    (int)weft_min_i64(text->len, 100), weft_str_data(text));
            }
        } else {
            const int64_t places = weft_arg_i64(&call->args[1], i);
            if (places < 0) {
                weft_vector_set_null(call->out, i);
                continue;
            }
            pattern.places_least = pattern.places_most = (int32_t)weft_min_i64(places, FORMAT_PLACES_MAX);
        }
        WEFT_TRY(st, format_number_put(ctx, call, i, &pattern));
    }
done:
    return st;
}

/* ---- format_string ---- */

/* Where a formatted row goes; to NULL: its length is only counted. */
typedef struct format_sink {
    char *to;
    size_t used;
} format_sink;

static void sink_put(format_sink *sink, const char *bytes, size_t len)
{
    if (sink->to != NULL) memcpy(sink->to + sink->used, bytes, len);
    sink->used += len;
}
static void sink_fill(format_sink *sink, char c, int64_t count)
{
    if (count <= 0) return;
    if (sink->to != NULL) memset(sink->to + sink->used, c, (size_t)count);
    sink->used += (size_t)count;
}

/* %[index$][flags][width][.precision]conversion */
typedef struct format_spec {
    bool left, plus, blank, zero, comma, parenthesis, alternative;
    int32_t width, precision; /* -1: none */
    char conversion;
} format_spec;

static const char *format_spec_number(const char *at, const char *end, int32_t *out)
{
    int32_t value = 0;
    if (at == end || !isdigit((unsigned char)*at)) return at;
    for (; at < end && isdigit((unsigned char)*at); at++)
        value = weft_min_i32(value * 10 + (*at - '0'), 1000000);
    *out = value;
    return at;
}

/* At the byte behind %; the byte behind the conversion, or NULL when there is none. */
static const char *format_spec_parse(const char *at, const char *end, format_spec *spec, int32_t *index)
{
    int32_t number = -1;
    *spec = (format_spec){.width = -1, .precision = -1};
    const char *digits = format_spec_number(at, end, &number);
    if (number > 0 && digits < end && *digits == '$') {
        *index = number;
        at = digits + 1;
    }
    for (; at < end; at++) {
        if (*at == '-')
            spec->left = true;
        else if (*at == '+')
            spec->plus = true;
        else if (*at == ' ')
            spec->blank = true;
        else if (*at == '0')
            spec->zero = true;
        else if (*at == ',')
            spec->comma = true;
        else if (*at == '(')
            spec->parenthesis = true;
        else if (*at == '#')
            spec->alternative = true;
        else
            break;
    }
    at = format_spec_number(at, end, &spec->width);
    if (at < end && *at == '.') at = format_spec_number(at + 1, end, &spec->precision);
    if (at == end) return NULL;
    spec->conversion = *at;
    return at + 1;
}

static void format_padded(format_sink *sink, const format_spec *spec, const char *text, size_t len)
{
    const int64_t missing = spec->width - weft_utf8_length(text, len);
    if (!spec->left) sink_fill(sink, ' ', missing);
    sink_put(sink, text, len);
    if (spec->left) sink_fill(sink, ' ', missing);
}

/* Digits with sign, commas and zeros in front as the flags say. */
static void format_signed(format_sink *sink, const format_spec *spec, bool negative, const char *digits,
                          int32_t count)
{
    char text[2 * FORMAT_DIGITS_MAX + 8];
    int32_t used = 0, whole = 0;
    while (whole < count && isdigit((unsigned char)digits[whole])) whole++;
    const char *sign = negative ? (spec->parenthesis ? "(" : "-") : spec->plus ? "+" : spec->blank ? " " : "";
    const int32_t commas = spec->comma && whole > 0 ? (whole - 1) / 3 : 0;
    const int32_t closing = negative && spec->parenthesis;
    for (const char *s = sign; *s != 0; s++) text[used++] = *s;
    const int32_t zeros =
        spec->zero ? weft_min_i32(spec->width, FORMAT_DIGITS_MAX) - used - count - commas - closing : 0;
    for (int32_t z = 0; z < zeros; z++) text[used++] = '0';
    for (int32_t k = 0; k < count; k++) {
        text[used++] = digits[k];
        const int32_t left = whole - 1 - k;
        if (spec->comma && left > 0 && left % 3 == 0) text[used++] = ',';
    }
    if (closing) text[used++] = ')';
    format_padded(sink, spec, text, (size_t)used);
}

static bool format_is_integer(const weft_column *arg) { return weft_type_is_integral(arg->type); }
static bool format_is_real(const weft_column *arg)
{
    return arg->type.id == WEFT_TYPE_DOUBLE || arg->type.id == WEFT_TYPE_FLOAT ||
           arg->type.id == WEFT_TYPE_DECIMAL;
}

static bool format_integer(format_sink *sink, const format_spec *spec, const weft_column *arg, int32_t i)
{
    char text[32];
    const char kind = (char)tolower((unsigned char)spec->conversion);
    const int64_t value = weft_arg_i64(arg, i);
    const int32_t width = 8 * weft_phys_bytes((weft_phys)arg->phys);
    const uint64_t bits = width < 64 ? (uint64_t)value & (((uint64_t)1 << width) - 1) : (uint64_t)value;
    if (kind == 'd') {
        const uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
        format_signed(sink, spec, value < 0, text,
                      snprintf(text, sizeof text, "%llu", (unsigned long long)size));
        return true;
    }
    format_spec plain = *spec;
    plain.comma = plain.plus = plain.blank = false;
    const char *form = kind == 'o' ? "%llo" : spec->conversion == 'X' ? "%llX" : "%llx";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    format_signed(sink, &plain, false, text, snprintf(text, sizeof text, form, (unsigned long long)bits));
#pragma GCC diagnostic pop
    return true;
}

static bool format_real(format_sink *sink, const format_spec *spec, const weft_column *arg, int32_t i)
{
    char digits[FORMAT_DIGITS_MAX];
    const int32_t places = weft_min_i32(spec->precision < 0 ? 6 : spec->precision, FORMAT_PLACES_MAX);
    const char kind = (char)tolower((unsigned char)spec->conversion);
    const bool decimal = arg->type.id == WEFT_TYPE_DECIMAL;
    const double value = decimal ? (double)weft_load_i128(arg->data, arg->phys, weft_arg_slot(arg, i)) /
                                       pow(10, arg->type.scale)
                                 : weft_arg_f64(arg, i);
    if (!isfinite(value)) {
        const char *name = isnan(value) ? "NaN"
                           : value < 0  ? "-Infinity"
                           : spec->plus ? "+Infinity"
                                        : "Infinity";
        format_padded(sink, spec, name, strlen(name));
        return true;
    }
    int32_t count;
    if (kind == 'f' && (decimal || places < 15)) { /* half up, of the digits of its text */
        count = format_digits(arg, i, places, digits);
        if (!decimal) {
            char shown[WEFT_REAL_DIGITS_MAX];
            int exponent = 0;
            const int found =
                value == 0 ? 0 : weft_real_digits(fabs(value), arg->phys == WEFT_PHYS_F32, shown, &exponent);
            const int next = exponent + places + 1; /* the first digit that goes */
            if (found > 0 && next >= 0 && next < found && shown[next] == '5' && next == found - 1) {
                const double away = fabs(value) + pow(10, -places - 2);
                count = snprintf(digits, sizeof digits, "%.*f", places, away);
            }
        }
    } else if (kind == 'e') {
        count = snprintf(digits, sizeof digits, "%.*e", places, fabs(value));
    } else if (kind == 'g') { /* Java: scientific only below 10^-4 and from 10^precision on */
        const int32_t precision = spec->precision == 0 ? 1 : places;
        const double size = fabs(value);
        if (size != 0 && (size < 1e-4 || size >= pow(10, precision)))
            count = snprintf(digits, sizeof digits, "%.*e", precision - 1, size);
        else
            count = snprintf(digits, sizeof digits, "%.*f",
                             weft_max_i32(precision - 1 - (size == 0 ? 0 : (int32_t)floor(log10(size))), 0),
                             size);
    } else {
        count = format_digits(arg, i, places, digits);
    }
    for (int32_t k = 0; isupper((unsigned char)spec->conversion) && k < count; k++)
        digits[k] = (char)toupper((unsigned char)digits[k]);
    format_signed(sink, spec, signbit(value) != 0, digits, count);
    return true;
}

/* What Spark hands to the formatter: dates and timestamps are their numbers. */
static weft_status format_text(weft_ctx *ctx, format_sink *sink, const format_spec *spec,
                               const weft_column *arg, int32_t i)
{
    weft_status st = WEFT_OK;
    const weft_str *s;
    char *text = NULL;
    size_t len;
    char number[WEFT_DECIMAL_TEXT_BYTES];
    if (arg->phys == WEFT_PHYS_STR) {
        s = weft_arg_str(arg, i);
        text = (char *)(uintptr_t)weft_str_data(s);
        len = s->len;
    } else if (arg->type.id == WEFT_TYPE_DATE || arg->phys == WEFT_PHYS_I64 || arg->phys == WEFT_PHYS_I32) {
        if (arg->type.id == WEFT_TYPE_DECIMAL) goto value;
        len = (size_t)snprintf(number, sizeof number, "%lld", (long long)weft_arg_i64(arg, i));
        text = number;
    } else {
    value:;
        const weft_value value = weft_value_of_column(arg, weft_arg_slot(arg, i));
        if (arg->type.id == WEFT_TYPE_DECIMAL) {
            len = (size_t)weft_decimal_exponent_text(value.i128, arg->type.scale, number);
            text = number;
        } else {
            WEFT_TRY(st, weft_value_cast_text(ctx, &value, &text));
            len = strlen(text);
        }
    }
    if (spec->precision >= 0) len = weft_utf8_skip(text, len, spec->precision, NULL);
    if (spec->conversion == 'S') {
        for (size_t k = 0; k < len && sink->to != NULL && text == number; k++)
            text[k] = (char)toupper((unsigned char)text[k]);
    }
    format_padded(sink, spec, text, len);
done:
    return st;
}

static weft_status format_one(weft_ctx *ctx, weft_kernel_call *call, format_sink *sink,
                              const format_spec *spec, const weft_column *arg, int32_t i)
{
    const char kind = (char)tolower((unsigned char)spec->conversion);
    const bool null = arg->phys == WEFT_PHYS_NULL || weft_arg_is_null(arg, i);
    char text[8];
    bool done = false;
    if (kind == 'b') {
        const bool truth = !null && (arg->type.id != WEFT_TYPE_BOOLEAN || weft_arg_i64(arg, i) != 0);
        const bool large = spec->conversion == 'B';
        const char *word = truth ? (large ? "TRUE" : "true") : large ? "FALSE" : "false";
        format_padded(sink, spec, word, strlen(word));
        done = true;
    } else if (null && strchr("sdxofegcah", kind) != NULL) {
        format_padded(sink, spec, "null", 4);
        done = true;
    } else if (kind == 's' && !weft_type_is_nested(arg->type)) { /* those Spark shows by their addresses */
        return format_text(ctx, sink, spec, arg, i);
    } else if (strchr("dxo", kind) != NULL && format_is_integer(arg)) {
        done = format_integer(sink, spec, arg, i);
    } else if (strchr("feg", kind) != NULL && format_is_real(arg)) {
        done = format_real(sink, spec, arg, i);
    } else if (kind == 'c' && format_is_integer(arg) && arg->phys != WEFT_PHYS_I64) {
        format_padded(sink, spec, text, weft_utf8_encode((uint32_t)weft_arg_i64(arg, i), text));
        done = true;
    }
    if (done) return WEFT_OK;
    char type[128];
    return weft_fail_at(ctx, WEFT_INVALID, &call->expr->span,
                        "The conversion %%%c of %s does not go with a value of the type \"%s\".",
                        spec->conversion, call->expr->call.function->name,
                        weft_type_text(arg->type, type, sizeof type));
}

static weft_status format_row(weft_ctx *ctx, weft_kernel_call *call, format_sink *sink, int32_t i)
{
    weft_status st = WEFT_OK;
    const weft_str *pattern = weft_arg_str(&call->args[0], i);
    const char *at = weft_str_data(pattern), *end = at + pattern->len;
    int32_t next = 1;
    while (at < end) {
        const char *percent = memchr(at, '%', (size_t)(end - at));
        if (percent == NULL) percent = end;
        sink_put(sink, at, (size_t)(percent - at));
        if (percent == end) break;
        format_spec spec;
        int32_t index = 0;
        at = format_spec_parse(percent + 1, end, &spec, &index);
        if (at != NULL && (spec.conversion == '%' || spec.conversion == 'n')) {
            format_padded(sink, &spec, spec.conversion == 'n' ? "\n" : "%", 1);
            continue;
        }
        if (at != NULL && index == 0 && percent[1] == '0' && percent[2] == '$')
            return weft_fail_at(ctx, WEFT_FORMAT_ZERO_INDEX, &call->expr->span,
                                "The value of parameter(s) `strfmt` in `%s` is invalid: expects %%1$, %%2$ "
                                "and so on, but got %%0$.",
                                call->expr->call.function->name);
        if (at != NULL && index == 0) index = next++;
        if (at == NULL || index >= call->arg_count) {
            return weft_fail_at(ctx, WEFT_INVALID, &call->expr->span,
                                "The format '%.*s' of %s has a specifier that is cut off or has no argument.",
                                (int)weft_min_i64(pattern->len, 200), weft_str_data(pattern),
                                call->expr->call.function->name);
        }
        WEFT_TRY(st, format_one(ctx, call, sink, &spec, &call->args[index], i));
    }
done:
    return st;
}

static weft_status kernel_string(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        format_sink sink = {0};
        if (weft_arg_is_null(&call->args[0], i)) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        WEFT_TRY(st, format_row(ctx, call, &sink, i));
        const size_t len = sink.used;
        sink.used = 0;
        WEFT_TRY(st, weft_text_room(ctx, call, len, &sink.to));
        WEFT_TRY(st, format_row(ctx, call, &sink, i));
        *weft_call_text(call, i) = weft_str_view(sink.to, (uint32_t)len);
    }
done:
    return st;
}

#define S WEFT_TYPE_STRING
#define NUMBER(id, with)                                                                                     \
    {                                                                                                        \
        {WEFT_TYPE_##id, WEFT_TYPE_##with}, 2, 2, S, kernel_number                                           \
    }
static const weft_signature format_number_signatures[] = {
    NUMBER(TINYINT, INT),   NUMBER(SMALLINT, INT),   NUMBER(INT, INT),       NUMBER(BIGINT, INT),
    NUMBER(DECIMAL, INT),   NUMBER(DOUBLE, INT),     NUMBER(FLOAT, INT),     NUMBER(INT, STRING),
    NUMBER(BIGINT, STRING), NUMBER(DECIMAL, STRING), NUMBER(DOUBLE, STRING), NUMBER(FLOAT, STRING)};
WEFT_FN_ENTRY(
    format_number, "format_number", NULL, WEFT_FN_GIVES_NULL | WEFT_FN_FALLIBLE, NULL,
    "format_number(x, n): with commas and n digits behind the point, or by a pattern such as '#,##0.00'",
    "SELECT format_number(12332.123456, 4)", "12,332.1235");
static const weft_signature format_string_signatures[] = {{{S, WEFT_TYPE_COUNT}, 1, -1, S, kernel_string}};
WEFT_FN_ENTRY(format_string, "format_string", "printf", WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE, NULL,
              "format_string(pattern, a, b, ...): the values in the places that % marks",
              "SELECT format_string('Hello %d %s', 100, 'days')", "Hello 100 days");
