/* engine/expr/fn_format_string.c - values put into a pattern of java.util.Formatter.
 *
 * A row is written twice: first only counting, then into the room that the count asked for. What Spark hands
 * to the formatter decides which conversions a value takes: dates are whole numbers of 32 bits, timestamps,
 * times and intervals of days of 64, decimals objects that are no number. */
#include <math.h>
#include <stdio.h>

#include "engine/expr/cast_private.h"
#include "engine/expr/decimal.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/format_moment.h"
#include "engine/expr/format_text.h"
#include "engine/expr/spark_hash.h"

static bool is_whole(const weft_column *arg)
{
    const bool sized = arg->phys == WEFT_PHYS_I8 || arg->phys == WEFT_PHYS_I16 ||
                       arg->phys == WEFT_PHYS_I32 || arg->phys == WEFT_PHYS_I64;
    return sized && arg->type.id != WEFT_TYPE_DECIMAL;
}

static bool is_real(const weft_column *arg)
{
    return arg->phys == WEFT_PHYS_F64 || arg->phys == WEFT_PHYS_F32;
}

/* ---- conversions ---- */

/* %s of a value that is no string: whole numbers as such, whatever their type shows otherwise. */
static weft_status put_value(weft_ctx *ctx, format_sink *sink, const format_spec *spec,
                             const weft_column *arg, int32_t i)
{
    weft_status st = WEFT_OK;
    char number[WEFT_DECIMAL_TEXT_BYTES], *text = number;
    const weft_value value = weft_value_of_column(arg, weft_arg_slot(arg, i));
    if (is_whole(arg))
        (void)snprintf(number, sizeof number, "%lld", (long long)weft_arg_i64(arg, i));
    else if (arg->type.id == WEFT_TYPE_DECIMAL)
        number[weft_decimal_exponent_text(value.i128, arg->type.scale, number)] = '\0';
    else
        WEFT_TRY(st, weft_value_cast_text(ctx, &value, &text));
    format_put_text(sink, spec, text, strlen(text));
done:
    return st;
}

/* hashCode() of what Spark hands over. */
static bool hash_of(const weft_column *arg, int32_t i, uint32_t *out)
{
    uint64_t bits;
    if (arg->type.id == WEFT_TYPE_STRING) {
        const weft_str *s = weft_arg_str(arg, i);
        *out = weft_murmur_bytes(weft_str_data(s), s->len, 42);
        return true;
    }
    if (arg->phys == WEFT_PHYS_BOOL) {
        *out = weft_arg_i64(arg, i) != 0 ? 1231 : 1237;
        return true;
    }
    if (arg->phys == WEFT_PHYS_F32) {
        const float single = isnan(weft_arg_f64(arg, i)) ? NAN : (float)weft_arg_f64(arg, i);
        memcpy(out, &single, sizeof *out);
        return true;
    }
    if (arg->phys == WEFT_PHYS_F64) {
        const double real = isnan(weft_arg_f64(arg, i)) ? NAN : weft_arg_f64(arg, i);
        memcpy(&bits, &real, sizeof bits);
    } else if (is_whole(arg)) {
        bits = (uint64_t)weft_arg_i64(arg, i);
        if (arg->phys != WEFT_PHYS_I64) bits &= UINT32_MAX;
    } else {
        return false;
    }
    *out = (uint32_t)(bits ^ (bits >> 32));
    return true;
}

static bool put_hash(format_sink *sink, const format_spec *spec, const weft_column *arg, int32_t i)
{
    uint32_t hash;
    char text[16];
    if (!hash_of(arg, i, &hash)) return false;
    format_put_text(sink, spec, text, (size_t)snprintf(text, sizeof text, "%x", (unsigned)hash));
    return true;
}

static bool put_character(format_sink *sink, const format_spec *spec, const weft_column *arg, int32_t i)
{
    char text[4];
    if (!is_whole(arg) || arg->phys == WEFT_PHYS_I64) return false;
    const int64_t code = weft_arg_i64(arg, i);
    if (code < 0 || code > 0x10ffff) return false;
    if (code >= 0xd800 && code < 0xe000)
        format_put_text(sink, spec, "?", 1); /* half a character, as it becomes in UTF-8 */
    else
        format_put_text(sink, spec, text, weft_utf8_encode((uint32_t)code, text));
    return true;
}

static bool put_whole(format_sink *sink, const format_spec *spec, const weft_column *arg, int32_t i)
{
    if (!is_whole(arg)) return false;
    const int64_t value = weft_arg_i64(arg, i);
    if (spec->conversion == 'd') {
        format_put_whole(sink, spec, value);
        return true;
    }
    if (format_has(spec, FORMAT_PARENTHESES | FORMAT_PLUS | FORMAT_BLANK)) return false;
    const int32_t width = 8 * weft_phys_bytes((weft_phys)arg->phys);
    format_put_bits(sink, spec,
                    width < 64 ? (uint64_t)value & (((uint64_t)1 << width) - 1) : (uint64_t)value);
    return true;
}

/* A value by a conversion; *fits: it takes it. */
static weft_status put_argument(weft_ctx *ctx, format_sink *sink, const format_spec *spec,
                                const weft_column *arg, int32_t i, bool *fits)
{
    *fits = true;
    if (spec->moment) {
        *fits = is_whole(arg) && arg->phys == WEFT_PHYS_I64;
        return *fits ? format_put_moment(ctx, sink, spec, weft_arg_i64(arg, i)) : WEFT_OK;
    }
    switch (spec->conversion) {
    case 's':
        *fits = !format_has(spec, FORMAT_ALTERNATIVE) && !weft_type_is_nested(arg->type);
        if (*fits && arg->phys == WEFT_PHYS_STR)
            format_put_text(sink, spec, weft_str_data(weft_arg_str(arg, i)), weft_arg_str(arg, i)->len);
        else if (*fits)
            return put_value(ctx, sink, spec, arg, i);
        return WEFT_OK;
    case 'h': *fits = put_hash(sink, spec, arg, i); return WEFT_OK;
    case 'c': *fits = put_character(sink, spec, arg, i); return WEFT_OK;
    case 'd':
    case 'o':
    case 'x': *fits = put_whole(sink, spec, arg, i); return WEFT_OK;
    default:
        *fits = is_real(arg);
        if (*fits) format_put_real(sink, spec, weft_arg_f64(arg, i));
        return WEFT_OK;
    }
}

static weft_status format_one(weft_ctx *ctx, weft_kernel_call *call, format_sink *sink,
                              const format_spec *spec, const weft_column *arg, int32_t i)
{
    weft_status st = WEFT_OK;
    const bool null = arg->phys == WEFT_PHYS_NULL || weft_arg_is_null(arg, i);
    bool fits;
    char type[128];
    if (spec->conversion == 'b' && !spec->moment) {
        const bool truth = !null && (arg->type.id != WEFT_TYPE_BOOLEAN || weft_arg_i64(arg, i) != 0);
        format_put_text(sink, spec, truth ? "true" : "false", truth ? 4 : 5);
        return WEFT_OK;
    }
    fits = !null || spec->conversion != 's' || !format_has(spec, FORMAT_ALTERNATIVE);
    if (null && fits)
        format_put_text(sink, spec, "null", 4);
    else if (!null)
        WEFT_TRY(st, put_argument(ctx, sink, spec, arg, i, &fits));
    if (!fits)
        st = weft_fail_at(ctx, WEFT_INVALID, &call->expr->span,
                          "The conversion %%%s%c of %s does not go with a value of the type \"%s\".",
                          spec->moment ? "t" : "", spec->conversion, call->expr->call.function->name,
                          weft_type_text(arg->type, type, sizeof type));
done:
    return st;
}

/* ---- patterns ---- */

static weft_status fail_specifier(weft_ctx *ctx, const weft_kernel_call *call, const weft_str *pattern,
                                  const char *percent)
{
    const char *const end = weft_str_data(pattern) + pattern->len, *const name =
                                                                       call->expr->call.function->name;
    if (end - percent > 2 && percent[1] == '0' && percent[2] == '$')
        return weft_fail_at(ctx, WEFT_FORMAT_ZERO_INDEX, &call->expr->span,
                            "The value of parameter(s) `strfmt` in `%s` is invalid: expects %%1$, %%2$ "
                            "and so on, but got %%0$.",
                            name);
    return weft_fail_at(ctx, WEFT_INVALID, &call->expr->span,
                        "The specifier '%.*s' of %s is none, has flags, a width or a precision that its "
                        "conversion does not take, or has no argument.",
                        (int)weft_min_i64(end - percent, 20), percent, name);
}

static weft_status format_row(weft_ctx *ctx, weft_kernel_call *call, format_sink *sink, int32_t i)
{
    weft_status st = WEFT_OK;
    const weft_str *pattern = weft_arg_str(&call->args[0], i);
    const char *at = weft_str_data(pattern), *end = at + pattern->len;
    int32_t ordinary = 0, last = 0; /* the argument that went without an index last, and any */
    while (at < end) {
        const char *percent = memchr(at, '%', (size_t)(end - at));
        if (percent == NULL) percent = end;
        sink_put(sink, at, (size_t)(percent - at));
        if (percent == end) break;
        format_spec spec;
        at = format_spec_parse(percent + 1, end, &spec);
        if (at == NULL) return fail_specifier(ctx, call, pattern, percent);
        if (!spec.moment && (spec.conversion == '%' || spec.conversion == 'n')) {
            format_put_text(sink, &spec, spec.conversion == 'n' ? "\n" : "%", 1);
            continue;
        }
        if (!format_has(&spec, FORMAT_PREVIOUS)) last = spec.index > 0 ? spec.index : ++ordinary;
        if (last == 0 || last >= call->arg_count) return fail_specifier(ctx, call, pattern, percent);
        WEFT_TRY(st, format_one(ctx, call, sink, &spec, &call->args[last], i));
    }
done:
    return st;
}

static weft_status kernel_format_string(weft_ctx *ctx, weft_kernel_call *call)
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
static const weft_signature format_string_signatures[] = {
    {{S, WEFT_TYPE_COUNT}, 1, -1, S, kernel_format_string}};
WEFT_FN_ENTRY(format_string, "format_string", "printf", WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE, NULL,
              "format_string(pattern, a, b, ...): the values in the places that % marks",
              "SELECT format_string('Hello %d %s', 100, 'days')", "Hello 100 days");
