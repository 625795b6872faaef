/* engine/expr/collate_call.c - what collations make of calls by name: which functions have a twin for
 * collated strings, which take them as they are, and which cannot have them. */
#include <stdio.h>

#include "engine/columnar/collation.h"
#include "engine/expr/coerce.h"
#include "engine/expr/collate.h"
#include "engine/expr/collation_keys.h"
#include "engine/expr/function.h"

static bool is_among(const char *name, const char *const *names, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

/* The collation that all strings among the arguments have by now. */
static uint16_t common_collation(const weft_expr *const *args, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (args[i]->type.id == WEFT_TYPE_STRING) return args[i]->type.collation;
    return WEFT_COLLATION_BINARY;
}

/* Functions that search and compare have a twin for strings of collations: *fn becomes it. */
static weft_status find_twin(weft_ctx *ctx, const weft_function **fn, const weft_expr *const *args,
                             int32_t count, const weft_span *span)
{
    static const char *const searching[] = {"contains", "startswith",      "endswith",   "instr",
                                            "position", "substring_index", "split_part", "replace",
                                            "btrim",    "ltrim",           "rtrim",      "translate"};
    static const char *const comparing[] = {"find_in_set", "greatest", "least"};
    const char *name = (*fn)->name;
    const bool searches = is_among(name, searching, WEFT_COUNT(searching));
    const uint16_t collation = common_collation(args, count);
    weft_status st = WEFT_OK;
    char twin[64];
    if (!searches && !is_among(name, comparing, WEFT_COUNT(comparing))) return WEFT_OK;
    if (collation == WEFT_COLLATION_BINARY || (strstr(name, "trim") != NULL && count == 1)) return WEFT_OK;
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, weft_expect_collation(ctx, name, args[i], span));
    if (searches && (collation & WEFT_COLLATION_AI) != 0 && (collation & WEFT_COLLATION_CI) == 0)
        return weft_fail_arg_type(ctx, 0, "\"STRING\"", args[0], span);
    (void)snprintf(twin, sizeof twin, "(collated_%s)", name);
    *fn = weft_function_find(twin);
    assert(*fn != NULL);
done:
    return st;
}

static weft_status hide(weft_ctx *ctx, const char *name, const weft_expr **arg)
{
    weft_status st = WEFT_OK;
    const weft_expr *made = NULL;
    WEFT_TRY(st, weft_expr_call(ctx, name, arg, 1, &(*arg)->span, &made));
    weft_expr hidden = *made;
    hidden.call.written = WEFT_HIDDEN_CALL;
    WEFT_TRY(st, weft_expr_with_args(ctx, &hidden, made->args, arg));
done:
    return st;
}

/* Keys of maps are compared by the collation of the map. m[k]: a literal k takes it, and no other k has
 * another one. element_at() and its like convert nothing. */
static weft_status collate_key(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                               const weft_span *span)
{
    const weft_type key = args[0]->type.children[0].type;
    const weft_expr *asked = args[1];
    const bool texts = key.id == WEFT_TYPE_STRING && asked->type.id == WEFT_TYPE_STRING;
    const bool converts = strcmp(fn->name, "[]") == 0 || strcmp(fn->name, ".") == 0;
    char text[256];
    if (!texts || !converts || weft_type_equal(key, asked->type)) return WEFT_OK;
    if (asked->kind != WEFT_EXPR_LITERAL || asked->type.collation != WEFT_COLLATION_BINARY) {
        weft_type_text(key, text, sizeof text);
        return weft_fail_arg_type(ctx, 1, text, asked, span);
    }
    return weft_expr_cast(ctx, asked, key, true, &args[1]);
}

/* map(k, v, …): all keys have one collation, all values have one. */
static weft_status collate_map(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span)
{
    weft_status st = WEFT_OK;
    const weft_expr **side = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &side));
    for (int32_t at = 0; at < 2; at++) {
        for (int32_t i = 0; i < count / 2; i++) side[i] = args[2 * i + at];
        WEFT_TRY(st, weft_collate_args(ctx, side, count / 2, span));
        for (int32_t i = 0; i < count / 2; i++) args[2 * i + at] = side[i];
    }
done:
    return st;
}

/* Patterns go by the collation of the text: under UTF8_LCASE case does not count, and other collations have
 * none. */
static weft_status collate_pattern(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                   int32_t count, const weft_span *span)
{
    weft_status st = WEFT_OK;
    const uint16_t collation = args[0]->type.collation;
    if (args[0]->type.id != WEFT_TYPE_STRING || count < 2)
        return WEFT_OK; /* the binding says what is wrong */
    if (collation == WEFT_COLLATION_BINARY) return WEFT_OK;
    if (collation != WEFT_COLLATION_LCASE) return weft_fail_arg_type(ctx, 0, "\"STRING\"", args[0], span);
    if (strcmp(fn->name, "regexp_replace") == 0) WEFT_TRY(st, weft_collate_args(ctx, args, count, span));
    if (strcmp(fn->name, "ilike") == 0) return WEFT_OK; /* in small letters already */
    if (strcmp(fn->name, "like") != 0) return hide(ctx, "(case_free)", &args[1]);
    WEFT_TRY(st, hide(ctx, "lower", &args[0]));
    WEFT_TRY(st, hide(ctx, "lower", &args[1]));
done:
    return st;
}

weft_status weft_collate_call(weft_ctx *ctx, const weft_function **fn, const weft_expr **args, int32_t count,
                              const weft_span *span)
{
    weft_status st = WEFT_OK;
    /* What they are given stays apart: no argument has to do with another, or they convert nothing. */
    static const char *const apart[] = {
        "(collation_key)", "(collation_keys)", "(distinct_keys)", "(lengths_write)", "(lengths_pad)",
        "collate",         "collation",        "named_struct",    "format_string",   "to_json",
        "to_csv",          "encode",           "to_binary",       "try_to_binary",   ".",
        "arrays_zip",      "array_insert",     "array_prepend",   "map_from_arrays", "map_from_entries",
        "map_concat",      "map_zip_with",     "map_contains_key"};
    static const char *const elements[] = {"element_at", "try_element_at", "[]", "."};
    static const char *const patterns[] = {"like",           "ilike",          "rlike",
                                           "regexp_replace", "regexp_extract", "regexp_extract_all",
                                           "regexp_count",   "regexp_instr",   "regexp_substr",
                                           "split"};
    const char *name = (*fn)->name;
    if (!weft_any_collated(args, count)) return WEFT_OK;
    if (is_among(name, elements, WEFT_COUNT(elements)) && count == 2 && args[0]->type.id == WEFT_TYPE_MAP)
        return collate_key(ctx, *fn, args, span);
    if (is_among(name, apart, WEFT_COUNT(apart)) || (*fn)->lambda_types != NULL) return WEFT_OK;
    if (strcmp(name, "map") == 0) return collate_map(ctx, args, count, span);
    if (is_among(name, patterns, WEFT_COUNT(patterns))) return collate_pattern(ctx, *fn, args, count, span);
    WEFT_TRY(st, weft_collate_args(ctx, args, count, span));
    if ((*fn)->open == weft_call_keys_open)
        for (int32_t i = 0; i < count; i++) WEFT_TRY(st, weft_expect_collation(ctx, name, args[i], span));
    if ((*fn)->bind == weft_bind_compare) {
        WEFT_TRY(st, weft_expect_same_collations(ctx, args, count, span));
        WEFT_TRY(st, weft_collation_keys(ctx, name, args, count, span));
    }
    WEFT_TRY(st, find_twin(ctx, fn, args, count, span));
    if (strcmp(name, "str_to_map") == 0 && args[0]->type.collation == WEFT_COLLATION_LCASE)
        for (int32_t i = 1; i < count; i++) WEFT_TRY(st, hide(ctx, "(case_free)", &args[i]));
done:
    return st;
}

weft_status weft_collate_map(weft_ctx *ctx, const weft_expr *e, const weft_expr **out)
{
    static const char *const makers[] = {"map",        "map_from_arrays", "map_from_entries",
                                         "map_concat", "str_to_map",      "transform_keys"};
    weft_status st = WEFT_OK;
    *out = e;
    if (e->type.id != WEFT_TYPE_MAP || !weft_type_is_collated(e->type.children[0].type) ||
        !is_among(e->call.function->name, makers, WEFT_COUNT(makers)))
        return WEFT_OK;
    WEFT_TRY(st, weft_expect_collation(ctx, e->call.function->name, e, &e->span));
    WEFT_TRY(st, hide(ctx, "(distinct_keys)", out));
done:
    return st;
}

weft_status weft_collate_result(weft_ctx *ctx, const char *name, const weft_expr *const *args, int32_t count,
                                weft_type *type)
{
    /* Their texts are not made of the characters of their arguments. */
    static const char *const plain[] = {
        "collate",        "collation",       "typeof",       "md5",           "sha",        "sha2",
        "base64",         "soundex",         "quote",        "decode",        "url_encode", "url_decode",
        "try_url_decode", "parse_url",       "to_json",      "try_parse_url", "to_csv",     "schema_of_json",
        "schema_of_csv",  "get_json_object", "format_string"};
    uint16_t collation = WEFT_COLLATION_BINARY;
    if (weft_collated_string(type) == NULL && type->id != WEFT_TYPE_MAP) return WEFT_OK;
    if (weft_type_is_collated(*type) || is_among(name, plain, WEFT_COUNT(plain))) return WEFT_OK;
    for (int32_t i = 0; i < count; i++) {
        const weft_type *string = weft_collated_string(&args[i]->type);
        if (string != NULL && string->collation > collation) collation = string->collation;
    }
    return collation == WEFT_COLLATION_BINARY ? WEFT_OK : weft_type_collate(ctx, *type, collation, type);
}
