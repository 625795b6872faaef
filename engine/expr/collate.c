/* engine/expr/collate.c - see collate.h. */
#include "engine/expr/collate.h"

#include <stdio.h>

#include "engine/columnar/collation.h"
#include "engine/expr/coerce.h"
#include "engine/expr/function.h"

bool weft_type_is_collated(weft_type type)
{
    if (type.id == WEFT_TYPE_STRING) return type.collation != WEFT_COLLATION_BINARY;
    for (int32_t i = 0; i < type.child_count; i++)
        if (weft_type_is_collated(type.children[i].type)) return true;
    return false;
}

static bool any_collated(const weft_expr *const *args, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (weft_type_is_collated(args[i]->type)) return true;
    return false;
}

weft_status weft_type_collate(weft_ctx *ctx, weft_type type, uint16_t collation, weft_type *out)
{
    weft_status st = WEFT_OK;
    weft_field *fields = NULL;
    *out = type;
    if (type.id == WEFT_TYPE_STRING) out->collation = collation;
    if (type.id != WEFT_TYPE_ARRAY && type.id != WEFT_TYPE_MAP) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, type.child_count, &fields));
    for (int32_t i = 0; i < type.child_count; i++) {
        fields[i] = type.children[i];
        WEFT_TRY(st, weft_type_collate(ctx, type.children[i].type, collation, &fields[i].type));
    }
    out->children = fields;
done:
    return st;
}

/* ---- which collation wins ---- */

/* In the order in which one wins over another. */
typedef enum collation_strength {
    STRENGTH_NONE,
    STRENGTH_DEFAULT,
    STRENGTH_IMPLICIT,
    STRENGTH_EXPLICIT
} collation_strength;

/* The string type of a string or of an array of them; NULL: it is neither. */
static const weft_type *string_of(const weft_type *type)
{
    while (type->id == WEFT_TYPE_ARRAY) type = &type->children[0].type;
    return type->id == WEFT_TYPE_STRING ? type : NULL;
}

static collation_strength strength_of(const weft_expr *e);

static collation_strength strength_of_args(const weft_expr *e)
{
    collation_strength most = STRENGTH_DEFAULT;
    for (int32_t i = 0; i < e->arg_count; i++) {
        /* of CASE the values count, not the conditions */
        if (e->kind == WEFT_EXPR_CASE && i % 2 == 0 && i != e->arg_count - 1) continue;
        const collation_strength one = strength_of(e->args[i]);
        if (one > most) most = one;
    }
    return most;
}

static collation_strength strength_of(const weft_expr *e)
{
    if (string_of(&e->type) == NULL) return STRENGTH_NONE;
    switch (e->kind) {
    case WEFT_EXPR_LITERAL: return STRENGTH_DEFAULT;
    case WEFT_EXPR_CAST:
        if (string_of(&e->args[0]->type) == NULL) return STRENGTH_DEFAULT;
        return e->cast.implicit ? strength_of(e->args[0]) : STRENGTH_IMPLICIT;
    case WEFT_EXPR_CALL:
        if (strcmp(e->call.function->name, "collate") == 0) return STRENGTH_EXPLICIT;
        if (e->arg_count > 0 && weft_type_is_nested(e->args[0]->type) && !weft_type_is_nested(e->type))
            return STRENGTH_IMPLICIT; /* a field, an element */
        return strength_of_args(e);
    case WEFT_EXPR_CASE:
    case WEFT_EXPR_COALESCE:
    case WEFT_EXPR_AGGREGATE:
    case WEFT_EXPR_WINDOW:
    case WEFT_EXPR_ALIAS:
    case WEFT_EXPR_SORT_KEY: return strength_of_args(e);
    case WEFT_EXPR_COLUMN:
    case WEFT_EXPR_OUTER:
    case WEFT_EXPR_SUBQUERY: return STRENGTH_IMPLICIT;
    case WEFT_EXPR_AND:
    case WEFT_EXPR_OR:
    case WEFT_EXPR_NOT:
    case WEFT_EXPR_IN:
    case WEFT_EXPR_IS_NULL:
    case WEFT_EXPR_IS_NOT_NULL:
    case WEFT_EXPR_UNRESOLVED_COLUMN:
    case WEFT_EXPR_UNRESOLVED_CALL:
    case WEFT_EXPR_STAR:
    case WEFT_EXPR_INTERVAL:
    case WEFT_EXPR_BLOOM:
    case WEFT_EXPR_KIND_COUNT: break;
    }
    return STRENGTH_NONE;
}

static weft_status fail_explicit(weft_ctx *ctx, weft_type a, weft_type b, const weft_span *span)
{
    char first[80], second[80];
    return weft_fail_at(
        ctx, WEFT_COLLATION_MISMATCH, span,
        "Could not determine which collation to use for string functions and operators. Error "
        "occurred due to the mismatch between explicit collations: [\"%s\", \"%s\"]. Decide on a "
        "single explicit collation and remove others.",
        weft_type_text(a, first, sizeof first), weft_type_text(b, second, sizeof second));
}

/* The collation of what has the most strength. */
static weft_status merge(weft_ctx *ctx, const weft_expr *const *args, int32_t count, const weft_span *span,
                         uint16_t *out)
{
    collation_strength most = STRENGTH_NONE;
    weft_type winner = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    for (int32_t i = 0; i < count; i++) {
        const weft_type *type = string_of(&args[i]->type);
        const collation_strength one = strength_of(args[i]);
        if (one == STRENGTH_NONE || one < most) continue;
        const bool differs = one == most && type->collation != winner.collation;
        if (one > most) winner = *type;
        most = one;
        if (!differs) continue;
        if (most == STRENGTH_EXPLICIT) return fail_explicit(ctx, winner, *type, span);
        if (most == STRENGTH_IMPLICIT) winner.collation = WEFT_COLLATION_NULL;
        if (winner.collation == WEFT_COLLATION_BINARY) winner = *type; /* a literal that has one by now */
    }
    *out = winner.collation;
    return WEFT_OK;
}

weft_status weft_collate_args(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span)
{
    weft_status st = WEFT_OK;
    uint16_t collation = WEFT_COLLATION_BINARY;
    if (!any_collated(args, count)) return WEFT_OK;
    WEFT_TRY(st, merge(ctx, args, count, span, &collation));
    for (int32_t i = 0; i < count; i++) {
        weft_type type;
        if (string_of(&args[i]->type) == NULL) continue;
        WEFT_TRY(st, weft_type_collate(ctx, args[i]->type, collation, &type));
        WEFT_TRY(st, weft_expr_cast(ctx, args[i], type, true, &args[i]));
    }
done:
    return st;
}

/* ---- keys ---- */

weft_status weft_collation_key(weft_ctx *ctx, const char *of, const weft_expr *e, const weft_span *span,
                               const weft_expr **out)
{
    weft_status st = WEFT_OK;
    char text[256], name[WEFT_COLLATION_NAME_BYTES];
    const weft_expr *args[2] = {e, NULL}, *key = NULL;
    weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING)};
    *out = e;
    if (!weft_type_is_collated(e->type)) return WEFT_OK;
    if (weft_type_is_nested(e->type))
        return weft_fail_at(
            ctx, WEFT_UNSUPPORTED, span,
            "%s of values of the type \"%s\" is not supported: strings within nested values are "
            "compared by their bytes alone.",
            of, weft_type_text(e->type, text, sizeof text));
    if (e->type.collation == WEFT_COLLATION_NULL)
        return weft_fail_at(ctx, WEFT_INDETERMINATE_COLLATION, span,
                            "Data type of %s has indeterminate collation. Use COLLATE clause to set the "
                            "collation explicitly.",
                            of);
    weft_collation_name(e->type.collation, name);
    value.str = weft_str_view(name, (uint32_t)strlen(name));
    if (value.str.len > WEFT_STR_INLINE) {
        char *copy = NULL;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, name, value.str.len, &copy));
        value.str = weft_str_view(copy, value.str.len);
    }
    WEFT_TRY(st, weft_expr_literal(ctx, &value, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, "(collation_key)", args, 2, span, &key));
    weft_expr hidden = *key;
    hidden.call.written = WEFT_HIDDEN_CALL;
    WEFT_TRY(st, weft_expr_with_args(ctx, &hidden, key->args, out));
done:
    return st;
}

weft_status weft_collation_keys(weft_ctx *ctx, const char *of, const weft_expr **args, int32_t count,
                                const weft_span *span)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, weft_collation_key(ctx, of, args[i], span, &args[i]));
done:
    return st;
}

/* ---- calls ---- */

static bool is_among(const char *name, const char *const *names, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

/* They compare what they are given, by its bytes. */
static bool compares_bytes(const char *name, const weft_expr *const *args, int32_t count)
{
    static const char *const texts[] = {"like",           "ilike",           "rlike",
                                        "regexp_replace", "regexp_extract",  "regexp_count",
                                        "regexp_instr",   "regexp_substr",   "regexp_extract_all",
                                        "split",          "contains",        "startswith",
                                        "endswith",       "instr",           "position",
                                        "replace",        "split_part",      "substring_index",
                                        "btrim",          "ltrim",           "rtrim",
                                        "translate",      "find_in_set",     "greatest",
                                        "least",          "array_contains",  "array_distinct",
                                        "array_position", "array_union",     "array_intersect",
                                        "array_except",   "arrays_overlap",  "array_remove",
                                        "array_max",      "array_min",       "sort_array",
                                        "array_sort",     "map_from_arrays", "map_from_entries",
                                        "map_concat",     "str_to_map",      "map_zip_with",
                                        "transform_keys", "map_contains_key"};
    static const char *const elements[] = {"element_at", "try_element_at", "[]"};
    if (is_among(name, texts, WEFT_COUNT(texts))) return true;
    if (is_among(name, elements, WEFT_COUNT(elements)))
        return args[0]->type.id == WEFT_TYPE_MAP && weft_type_is_collated(args[0]->type.children[0].type);
    for (int32_t i = 0; i < count && strcmp(name, "map") == 0; i += 2)
        if (weft_type_is_collated(args[i]->type)) return true;
    return false;
}

weft_status weft_collate_call(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span)
{
    weft_status st = WEFT_OK;
    /* What they are given stays apart: no argument has to do with another. */
    static const char *const apart[] = {"(collation_key)", "collate", "collation",
                                        "named_struct",    "map",     "format_string",
                                        "to_json",         "to_csv",  "."};
    if (!any_collated(args, count)) return WEFT_OK;
    if (compares_bytes(fn->name, args, count))
        return weft_fail_at(ctx, WEFT_UNSUPPORTED, span,
                            "%s() of strings that are not compared by their bytes is not supported.",
                            fn->name);
    if (is_among(fn->name, apart, WEFT_COUNT(apart))) return WEFT_OK;
    WEFT_TRY(st, weft_collate_args(ctx, args, count, span));
    if (fn->bind == weft_bind_compare) WEFT_TRY(st, weft_collation_keys(ctx, fn->name, args, count, span));
done:
    return st;
}

weft_status weft_collate_result(weft_ctx *ctx, const char *name, const weft_expr *const *args, int32_t count,
                                weft_type *type)
{
    /* Their texts are not made of the characters of their arguments. */
    static const char *const plain[] = {
        "collation",       "typeof",       "md5",           "sha",        "sha2",           "base64",
        "soundex",         "quote",        "decode",        "url_encode", "url_decode",     "try_url_decode",
        "parse_url",       "to_json",      "try_parse_url", "to_csv",     "schema_of_json", "schema_of_csv",
        "get_json_object", "format_string"};
    uint16_t collation = WEFT_COLLATION_BINARY;
    if (string_of(type) == NULL && type->id != WEFT_TYPE_MAP) return WEFT_OK;
    if (weft_type_is_collated(*type) || is_among(name, plain, WEFT_COUNT(plain))) return WEFT_OK;
    for (int32_t i = 0; i < count; i++) {
        const weft_type *string = string_of(&args[i]->type);
        if (string != NULL && string->collation > collation) collation = string->collation;
    }
    return collation == WEFT_COLLATION_BINARY ? WEFT_OK : weft_type_collate(ctx, *type, collation, type);
}
