/* engine/expr/text_cast.c - see text_cast.h. */
#include "engine/expr/text_cast.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "engine/expr/calendar.h"
#include "engine/expr/cast_private.h"
#include "engine/expr/datetime_pattern.h"

weft_status weft_text_caster_init(weft_ctx *ctx, const weft_json_options *options, weft_text_caster *out)
{
    weft_status st = WEFT_OK;
    *out = (weft_text_caster){.expr = {.kind = WEFT_EXPR_CAST}};
    out->expr.cast.try_ = true;
    WEFT_TRY(st, weft_json_scalars_init(ctx, options, &out->scalars));
    WEFT_TRY(st, weft_json_scalars_accept(ctx, &out->scalars, WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP)));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, WEFT_TYPE_COUNT * sizeof *out->results,
                                     (void **)&out->results));
done:
    return st;
}

void weft_text_caster_deinit(weft_text_caster *caster)
{
    for (int32_t i = 0; caster->results != NULL && i < WEFT_TYPE_COUNT; i++)
        weft_vector_deinit(&caster->results[i]);
    weft_mem_free(caster->results);
    weft_json_scalars_deinit(&caster->scalars);
    *caster = (weft_text_caster){0};
}

/* By the kernel of CAST; decimals differ in their types, so that they get a vector each time. */
static weft_status cast_plain(weft_ctx *ctx, weft_text_caster *c, const weft_str *text, weft_vector *out,
                              int32_t slot, bool *good)
{
    weft_status st = WEFT_OK;
    const weft_type type = out->column.type;
    weft_vector *result = &c->results[type.id];
    if (result->capacity > 0 && !weft_type_equal(result->column.type, type)) weft_vector_deinit(result);
    if (result->capacity == 0) WEFT_TRY(st, weft_vector_init(ctx, type, 1, result));
    weft_vector_reset(result);
    c->expr.type = type;
    const weft_column column = {
        .type = WEFT_TYPE_OF(WEFT_TYPE_STRING), .phys = WEFT_PHYS_STR, .encoding = WEFT_FLAT, .data = text};
    weft_kernel_call call = {.expr = &c->expr,
                             .args = &column,
                             .arg_count = 1,
                             .rows = 1,
                             .selected = 1,
                             .out = result,
                             .state = c->scalars.zone};
    WEFT_TRY(st, weft_cast_kernel(column.type, type)(ctx, &call));
    *good = !weft_column_is_null(&result->column, 0);
    if (*good) WEFT_TRY(st, weft_vector_set(ctx, out, slot, &result->column, 0));
done:
    return st;
}

/* A date by its format. */
static weft_status cast_date(weft_ctx *ctx, weft_text_caster *c, const weft_str *text, weft_vector *out,
                             int32_t slot, bool *good)
{
    weft_status st = WEFT_OK;
    weft_datetime_reading read;
    st = weft_datetime_parse_local(ctx, c->scalars.date, weft_str_data(text), text->len, &read);
    WEFT_TRY(st, weft_datetime_inferred(ctx, c->strict, st));
    *good = read.fits;
    ((int32_t *)out->values)[slot] = weft_days_of_us(read.us);
    if (!read.fits && !c->strict && c->scalars.cast_fallback) st = cast_plain(ctx, c, text, out, slot, good);
done:
    return st;
}

static bool is_blank(char c) { return (unsigned char)c <= ' '; }

weft_status weft_text_cast(weft_ctx *ctx, weft_text_caster *caster, const char *text, size_t len,
                           weft_vector *out, int32_t slot, bool *good)
{
    weft_status st = WEFT_OK;
    const weft_type type = out->column.type;
    const weft_str str = weft_str_view(text, (uint32_t)len);
    int64_t us = 0; /* of a TIME nanoseconds */
    *good = true;
    if (type.id == WEFT_TYPE_STRING || type.id == WEFT_TYPE_BINARY) {
        WEFT_TRY(st, weft_vector_set_string(ctx, out, slot, text, (uint32_t)len));
    } else if (type.id == WEFT_TYPE_BOOLEAN) {
        const bool yes = len == 4 && strncasecmp(text, "true", 4) == 0;
        *good = yes || (len == 5 && strncasecmp(text, "false", 5) == 0);
        ((uint8_t *)out->values)[slot] = yes;
    } else if (type.id == WEFT_TYPE_TIMESTAMP || type.id == WEFT_TYPE_TIMESTAMP_NTZ) {
        WEFT_TRY(st, weft_json_moment(ctx, &caster->scalars, text, len, type.id == WEFT_TYPE_TIMESTAMP_NTZ,
                                      caster->strict, &us, good));
        ((int64_t *)out->values)[slot] = us;
    } else if (type.id == WEFT_TYPE_DATE && caster->scalars.date != NULL) {
        WEFT_TRY(st, cast_date(ctx, caster, &str, out, slot, good));
    } else if (type.id == WEFT_TYPE_TIME) {
        WEFT_TRY(st, weft_datetime_parse_time(ctx, caster->scalars.time, text, len, type, &us, good));
        ((int64_t *)out->values)[slot] = us;
    } else if (type.id == WEFT_TYPE_DECIMAL) {
        weft_i128 value = 0;
        *good = weft_json_decimal(&caster->scalars.numbers, text, len, type, &value);
        if (out->column.phys == WEFT_PHYS_I64)
            ((int64_t *)out->values)[slot] = (int64_t)value;
        else
            memcpy((char *)out->values + (size_t)slot * 16, &value, 16);
    } else {
        *good = len > 0 && !(weft_type_is_integral(type) && (is_blank(text[0]) || is_blank(text[len - 1])));
        if (*good) WEFT_TRY(st, cast_plain(ctx, caster, &str, out, slot, good));
    }
    if (*good)
        weft_json_set_valid(out, slot);
    else
        weft_vector_set_null(out, slot);
done:
    return st;
}

weft_status weft_text_infer(weft_ctx *ctx, weft_text_caster *caster, const char *text, size_t len, bool wide,
                            bool decimals, weft_type *out)
{
    weft_status st = WEFT_OK;
    const weft_type tried[] = {WEFT_TYPE_OF(WEFT_TYPE_INT),    WEFT_TYPE_OF(WEFT_TYPE_BIGINT),
                               weft_type_decimal(38, 0),       WEFT_TYPE_OF(WEFT_TYPE_DOUBLE),
                               WEFT_TYPE_OF(WEFT_TYPE_DATE),   WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP),
                               WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN)};
    const bool no_dates = caster->no_dates || weft_datetime_is_legacy(ctx);
    const bool whole = len > 0 && strspn(text, "+-0123456789") >= len;
    *out = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    for (int32_t i = wide; i < WEFT_COUNT(tried); i++) {
        weft_vector one = {0};
        bool good = false;
        const bool number = tried[i].id >= WEFT_TYPE_INT && tried[i].id <= WEFT_TYPE_DECIMAL;
        if (tried[i].id == WEFT_TYPE_DECIMAL) {
            const int32_t digits = decimals ? weft_locale_whole_digits(&caster->scalars.numbers, text, len)
                                            : 0;
            if (digits == 0) continue;
            *out = weft_type_decimal(digits, 0);
            break;
        }
        if (number && tried[i].id != WEFT_TYPE_DOUBLE && !whole) continue;
        if (tried[i].id == WEFT_TYPE_DATE && (no_dates || (caster->scalars.date == NULL && len != 10)))
            continue;
        caster->strict = true;
        st = weft_vector_init(ctx, tried[i], 1, &one);
        if (st == WEFT_OK) st = weft_text_cast(ctx, caster, text, len, &one, 0, &good);
        caster->strict = false;
        weft_vector_deinit(&one);
        WEFT_TRY(st, st);
        if (!good) continue;
        *out = tried[i];
        break;
    }
done:
    return st;
}

/* Bytes as Java shows an array of them. */
static weft_status append_bytes(weft_ctx *ctx, const weft_str *bytes, weft_text *out)
{
    weft_status st = WEFT_OK;
    char two[4];
    WEFT_TRY(st, weft_text_append(ctx, out, "[", 1));
    for (uint32_t i = 0; i < bytes->len; i++) {
        const int len =
            snprintf(two, sizeof two, i > 0 ? " %02X" : "%02X", (unsigned char)weft_str_data(bytes)[i]);
        WEFT_TRY(st, weft_text_append(ctx, out, two, (size_t)len));
    }
    WEFT_TRY(st, weft_text_append(ctx, out, "]", 1));
done:
    return st;
}

weft_status weft_text_of_value(weft_ctx *ctx, const weft_json_format *format, const weft_column *column,
                               int32_t slot, weft_text *out)
{
    weft_status st = WEFT_OK;
    const weft_type_id id = (weft_type_id)column->type.id;
    const size_t begin = out->len;
    if (id == WEFT_TYPE_BINARY) return append_bytes(ctx, weft_column_value(column, slot), out);
    const bool moment = id == WEFT_TYPE_DATE || id == WEFT_TYPE_TIMESTAMP || id == WEFT_TYPE_TIMESTAMP_NTZ ||
                        id == WEFT_TYPE_TIME;
    if (!moment) return weft_nested_cast(ctx, format->zone, false, column, slot, out);
    WEFT_TRY(st, weft_nested_json(ctx, format->zone, &format->style, column, slot, out));
    if (out->len - begin >= 2) { /* without the quotes of JSON */
        memmove(out->bytes + begin, out->bytes + begin + 1, out->len - begin - 2);
        out->len -= 2;
    }
done:
    return st;
}
