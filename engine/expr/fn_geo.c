/* engine/expr/fn_geo.c - GEOMETRY and GEOGRAPHY: from and to WKB, and the SRID. */
#include <stdio.h>
#include <strings.h>

#include "engine/expr/fn_entry.h"
#include "engine/expr/wkb.h"

static bool is_shape(weft_type type)
{
    return type.id == WEFT_TYPE_GEOMETRY || type.id == WEFT_TYPE_GEOGRAPHY;
}

static weft_type shape_type(weft_type_id id, int32_t srid)
{
    return (weft_type){.id = (uint8_t)id, .parameter = srid};
}

static weft_status fail_srid(weft_ctx *ctx, const weft_span *span, int64_t srid)
{
    return weft_fail_at(ctx, WEFT_SRID_VALUE, span,
                        "Invalid or unsupported SRID (spatial reference identifier) value: %lld.",
                        (long long)srid);
}

static weft_status fail_wkb(weft_ctx *ctx, const weft_expr *call, const weft_wkb_fault *fault)
{
    char what[96];
    (void)snprintf(what, sizeof what, fault->what, fault->value);
    return weft_fail_at(ctx, WEFT_WKB_PARSE, &call->span, "Error parsing WKB: %s at position %zu", what,
                        fault->at);
}

/* ---- binding ---- */

/* An INT; a literal is the SRID of the type, else every value brings its own. */
static weft_status bind_srid(weft_ctx *ctx, const weft_expr **args, int32_t at, bool globe,
                             const weft_span *span, int32_t *srid)
{
    weft_status st = WEFT_OK;
    const weft_type type = WEFT_TYPE_OF(WEFT_TYPE_INT), given = args[at]->type;
    if (!weft_type_is_numeric(given) && !weft_cast_implicit(given, type))
        return weft_fail_arg_type(ctx, at, "\"int\"", args[at], span);
    WEFT_TRY(st, weft_expr_cast(ctx, args[at], type, true, &args[at]));
    WEFT_TRY(st, weft_expr_fold(ctx, args[at], &args[at]));
    *srid = WEFT_SRID_ANY;
    if (args[at]->kind != WEFT_EXPR_LITERAL || args[at]->literal.is_null) goto done;
    *srid = (int32_t)args[at]->literal.i64;
    if (!weft_srid_is_known(*srid, globe)) st = fail_srid(ctx, span, *srid);
done:
    return st;
}

static weft_status bind_bytes(weft_ctx *ctx, const weft_expr **args, const weft_span *span)
{
    const weft_type_id id = (weft_type_id)args[0]->type.id;
    if (id != WEFT_TYPE_BINARY && id != WEFT_TYPE_STRING && id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, 0, "\"binary\"", args[0], span);
    return weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_BINARY), true, &args[0]);
}

/* A bare NULL is a GEOGRAPHY. */
static weft_status bind_shape(weft_ctx *ctx, const weft_expr **args, const weft_span *span)
{
    if (is_shape(args[0]->type)) return WEFT_OK;
    if (args[0]->type.id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, 0, "\"geography\" or \"geometry\"", args[0], span);
    return weft_expr_cast(ctx, args[0], shape_type(WEFT_TYPE_GEOGRAPHY, WEFT_SRID_GLOBE), true, &args[0]);
}

static weft_status bind_from(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const bool globe = fn->signatures[0].result == WEFT_TYPE_GEOGRAPHY;
    const int32_t most = globe ? 1 : 2;
    int32_t srid = globe ? WEFT_SRID_GLOBE : 0;
    if (count < 1 || count > most) return weft_fail_arg_count(ctx, fn->name, 1, most, count, span);
    WEFT_TRY(st, bind_bytes(ctx, args, span));
    if (count > 1) WEFT_TRY(st, bind_srid(ctx, args, 1, globe, span, &srid));
    *variant = 0;
    *type = shape_type(globe ? WEFT_TYPE_GEOGRAPHY : WEFT_TYPE_GEOMETRY, srid);
done:
    return st;
}

static weft_status bind_set(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                            const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    int32_t srid = 0;
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    WEFT_TRY(st, bind_shape(ctx, args, span));
    WEFT_TRY(st, bind_srid(ctx, args, 1, args[0]->type.id == WEFT_TYPE_GEOGRAPHY, span, &srid));
    *variant = 0;
    *type = shape_type((weft_type_id)args[0]->type.id, srid);
done:
    return st;
}

static weft_status bind_of(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                           const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_signature *form = &fn->signatures[0];
    if (count < form->min_args || count > form->max_args)
        return weft_fail_arg_count(ctx, fn->name, form->min_args, form->max_args, count, span);
    WEFT_TRY(st, bind_shape(ctx, args, span));
    if (count > 1) WEFT_TRY(st, weft_expr_cast(ctx, args[1], WEFT_TYPE_OF(WEFT_TYPE_STRING), true, &args[1]));
    *variant = 0;
    *type = WEFT_TYPE_OF(form->result);
done:
    return st;
}

/* ---- kernels ---- */

static int32_t srid_of(const weft_str *shape)
{
    int32_t srid;
    memcpy(&srid, weft_str_data(shape), sizeof srid);
    return srid;
}

/* Values that did not come from these functions may be too short to have one. */
static weft_status check_shape(weft_ctx *ctx, const weft_kernel_call *call, const weft_str *shape)
{
    if (shape->len >= WEFT_SRID_BYTES) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_CORRUPT, &call->expr->span, "a shape of %u bytes has no SRID", shape->len);
}

static weft_status from_wkb(weft_ctx *ctx, weft_kernel_call *call, bool globe)
{
    weft_status st = WEFT_OK;
    weft_wkb_fault fault = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to = NULL;
        size_t used = 0;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *wkb = weft_arg_str(&call->args[0], i);
        int64_t given = globe ? WEFT_SRID_GLOBE : 0;
        if (call->arg_count > 1) given = weft_arg_i64(&call->args[1], i);
        const int32_t srid = (int32_t)given;
        if (!weft_srid_is_known(srid, globe)) return fail_srid(ctx, &call->expr->span, srid);
        WEFT_TRY(st, weft_text_room(ctx, call, (size_t)wkb->len + WEFT_SRID_BYTES, &to));
        memcpy(to, &srid, WEFT_SRID_BYTES);
        if (!weft_wkb_copy((const uint8_t *)weft_str_data(wkb), wkb->len, globe, false,
                           (uint8_t *)to + WEFT_SRID_BYTES, &used, &fault))
            return fail_wkb(ctx, call->expr, &fault);
        *weft_call_text(call, i) = weft_str_view(to, (uint32_t)used + WEFT_SRID_BYTES);
    }
done:
    return st;
}

static weft_status kernel_geometry(weft_ctx *ctx, weft_kernel_call *call)
{
    return from_wkb(ctx, call, false);
}
static weft_status kernel_geography(weft_ctx *ctx, weft_kernel_call *call)
{
    return from_wkb(ctx, call, true);
}

static weft_status kernel_set_srid(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const bool globe = call->expr->type.id == WEFT_TYPE_GEOGRAPHY;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to = NULL;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *shape = weft_arg_str(&call->args[0], i);
        const int32_t srid = (int32_t)weft_arg_i64(&call->args[1], i);
        if (!weft_srid_is_known(srid, globe)) return fail_srid(ctx, &call->expr->span, srid);
        WEFT_TRY(st, check_shape(ctx, call, shape));
        WEFT_TRY(st, weft_text_room(ctx, call, shape->len, &to));
        memcpy(to, weft_str_data(shape), shape->len);
        memcpy(to, &srid, WEFT_SRID_BYTES);
        *weft_call_text(call, i) = weft_str_view(to, shape->len);
    }
done:
    return st;
}

static weft_status kernel_srid(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *shape = weft_arg_str(&call->args[0], i);
        WEFT_TRY(st, check_shape(ctx, call, shape));
        weft_store_i64(call->out, i, srid_of(shape));
    }
done:
    return st;
}

/* NDR is little-endian, XDR big-endian. */
static weft_status endianness_of(weft_ctx *ctx, const weft_kernel_call *call, int32_t i, bool *big)
{
    *big = false;
    if (call->arg_count < 2) return WEFT_OK;
    const weft_str *text = weft_arg_str(&call->args[1], i);
    *big = text->len == 3 && strncasecmp(weft_str_data(text), "XDR", 3) == 0;
    if (*big || (text->len == 3 && strncasecmp(weft_str_data(text), "NDR", 3) == 0)) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_ENDIANNESS_VALUE, &call->expr->span,
                        "Endianness '%.*s' must be either 'NDR' (little-endian) or 'XDR' (big-endian).",
                        (int)weft_min_i64(text->len, 100), weft_str_data(text));
}

static weft_status kernel_as_binary(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_wkb_fault fault = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to = NULL;
        bool big = false;
        size_t used = 0;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *shape = weft_arg_str(&call->args[0], i);
        WEFT_TRY(st, endianness_of(ctx, call, i, &big));
        WEFT_TRY(st, check_shape(ctx, call, shape));
        const uint32_t len = shape->len - WEFT_SRID_BYTES;
        WEFT_TRY(st, weft_text_room(ctx, call, len, &to));
        if (!weft_wkb_copy((const uint8_t *)weft_str_data(shape) + WEFT_SRID_BYTES, len, false, big,
                           (uint8_t *)to, &used, &fault))
            return fail_wkb(ctx, call->expr, &fault);
        *weft_call_text(call, i) = weft_str_view(to, (uint32_t)used);
    }
done:
    return st;
}

#define ANY WEFT_TYPE_COUNT
WEFT_FN_FORM(st_geomfromwkb, 1, 2, WEFT_TYPE_GEOMETRY, kernel_geometry, ANY, ANY);
WEFT_FN_ENTRY(st_geomfromwkb, "st_geomfromwkb", NULL, WEFT_FN_FALLIBLE, bind_from,
              "st_geomfromwkb(wkb [, srid]): the shape on the plane that the bytes describe",
              "SELECT st_srid(st_geomfromwkb(X'0101000000000000000000F03F0000000000000040'))", "0");
WEFT_FN_FORM(st_geogfromwkb, 1, 1, WEFT_TYPE_GEOGRAPHY, kernel_geography, ANY);
WEFT_FN_ENTRY(st_geogfromwkb, "st_geogfromwkb", NULL, WEFT_FN_FALLIBLE, bind_from,
              "st_geogfromwkb(wkb): the shape on the globe that the bytes describe",
              "SELECT st_srid(st_geogfromwkb(X'0101000000000000000000F03F0000000000000040'))", "4326");
WEFT_FN_FORM(st_setsrid, 2, 2, WEFT_TYPE_GEOMETRY, kernel_set_srid, ANY, ANY);
WEFT_FN_ENTRY(
    st_setsrid, "st_setsrid", NULL, WEFT_FN_FALLIBLE, bind_set,
    "st_setsrid(shape, srid): the same coordinates in another system",
    "SELECT st_srid(st_setsrid(st_geogfromwkb(X'0101000000000000000000F03F0000000000000040'), 4326))",
    "4326");
WEFT_FN_FORM(st_srid, 1, 1, WEFT_TYPE_INT, kernel_srid, ANY);
WEFT_FN_ENTRY(st_srid, "st_srid", NULL, WEFT_FN_FALLIBLE, bind_of,
              "st_srid(shape): the number of its system of coordinates",
              "SELECT st_srid(st_geogfromwkb(X'0101000000000000000000F03F0000000000000040'))", "4326");
WEFT_FN_FORM(st_asbinary, 1, 2, WEFT_TYPE_BINARY, kernel_as_binary, ANY, ANY);
WEFT_FN_ENTRY(st_asbinary, "st_asbinary", NULL, WEFT_FN_FALLIBLE, bind_of,
              "st_asbinary(shape [, endianness]): its WKB, 'NDR' (little-endian) or 'XDR' (big-endian)",
              "SELECT hex(st_asbinary(st_geomfromwkb(X'0101000000000000000000F03F0000000000000040')))",
              "0101000000000000000000F03F0000000000000040");
