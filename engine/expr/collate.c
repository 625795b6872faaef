/* engine/expr/collate.c - see collate.h. */
#include "engine/expr/collate.h"

#include <stdio.h>

#include "engine/columnar/collation.h"
#include "engine/columnar/type_map.h"
#include "engine/expr/coerce.h"
#include "engine/expr/function.h"

bool weft_type_is_collated(weft_type type)
{
    if (type.id == WEFT_TYPE_STRING) return type.collation != WEFT_COLLATION_BINARY;
    for (int32_t i = 0; i < type.child_count; i++)
        if (weft_type_is_collated(type.children[i].type)) return true;
    return false;
}

bool weft_any_collated(const weft_expr *const *args, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (weft_type_is_collated(args[i]->type)) return true;
    return false;
}

/* Fields of structs keep theirs. */
static bool take_collation(const void *arg, weft_type *type)
{
    if (type->id == WEFT_TYPE_STRING) type->collation = *(const uint16_t *)arg;
    return type->id == WEFT_TYPE_ARRAY || type->id == WEFT_TYPE_MAP;
}

weft_status weft_type_collate(weft_ctx *ctx, weft_type type, uint16_t collation, weft_type *out)
{
    return weft_type_map(ctx, type, take_collation, &collation, out);
}

static bool settle_collation(const void *arg, weft_type *type)
{
    if (type->id == WEFT_TYPE_STRING && type->collation == WEFT_COLLATION_NULL)
        type->collation = *(const uint16_t *)arg;
    return true;
}

weft_status weft_type_settle_collation(weft_ctx *ctx, const char *name, weft_type *type)
{
    uint16_t collation = WEFT_COLLATION_BINARY;
    const weft_status st = name == NULL ? WEFT_OK
                                        : weft_collation_resolve(ctx, name, strlen(name), NULL, &collation);
    return st == WEFT_OK ? weft_type_map(ctx, *type, settle_collation, &collation, type) : st;
}

/* ---- which collation wins ---- */

/* In the order in which one wins over another. */
typedef enum collation_strength {
    STRENGTH_NONE,
    STRENGTH_DEFAULT,
    STRENGTH_IMPLICIT,
    STRENGTH_EXPLICIT
} collation_strength;

const weft_type *weft_collated_string(const weft_type *type)
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
    if (weft_collated_string(&e->type) == NULL) return STRENGTH_NONE;
    switch (e->kind) {
    case WEFT_EXPR_LITERAL: return STRENGTH_DEFAULT;
    case WEFT_EXPR_CAST:
        if (weft_collated_string(&e->args[0]->type) == NULL) return STRENGTH_DEFAULT;
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
        const weft_type *type = weft_collated_string(&args[i]->type);
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

static weft_status fail_indeterminate(weft_ctx *ctx, const char *of, const weft_span *span)
{
    return weft_fail_at(ctx, WEFT_INDETERMINATE_COLLATION, span,
                        "Data type of %s has indeterminate collation. Use COLLATE clause to set the "
                        "collation explicitly.",
                        of);
}

/* Is there a string of no collation in it, at any depth? */
static bool is_indeterminate(weft_type type)
{
    if (type.id == WEFT_TYPE_STRING) return type.collation == WEFT_COLLATION_NULL;
    for (int32_t i = 0; i < type.child_count; i++)
        if (is_indeterminate(type.children[i].type)) return true;
    return false;
}

weft_status weft_expect_collation(weft_ctx *ctx, const char *of, const weft_expr *e, const weft_span *span)
{
    return is_indeterminate(e->type) ? fail_indeterminate(ctx, of, span) : WEFT_OK;
}

/* Does a string in one of them have another collation than the one in its place in the other? */
static bool collations_differ(weft_type a, weft_type b)
{
    if (a.id != b.id || a.child_count != b.child_count) return false;
    if (a.id == WEFT_TYPE_STRING) return a.collation != b.collation;
    for (int32_t i = 0; i < a.child_count; i++)
        if (collations_differ(a.children[i].type, b.children[i].type)) return true;
    return false;
}

weft_status weft_expect_same_collations(weft_ctx *ctx, const weft_expr *const *args, int32_t count,
                                        const weft_span *span)
{
    for (int32_t i = 1; i < count; i++)
        if (weft_collated_string(&args[i]->type) == NULL && collations_differ(args[0]->type, args[i]->type))
            return fail_indeterminate(ctx, "what compares structs", span);
    return WEFT_OK;
}

weft_status weft_collate_args(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span)
{
    weft_status st = WEFT_OK;
    uint16_t collation = WEFT_COLLATION_BINARY;
    if (!weft_any_collated(args, count)) return WEFT_OK;
    WEFT_TRY(st, merge(ctx, args, count, span, &collation));
    for (int32_t i = 0; i < count; i++) {
        weft_type type;
        if (weft_collated_string(&args[i]->type) == NULL) continue;
        WEFT_TRY(st, weft_type_collate(ctx, args[i]->type, collation, &type));
        WEFT_TRY(st, weft_expr_cast(ctx, args[i], type, true, &args[i]));
    }
done:
    return st;
}

/* ---- keys ---- */

static weft_status collation_literal(weft_ctx *ctx, uint16_t collation, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    char name[WEFT_COLLATION_NAME_BYTES];
    weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING)};
    weft_collation_name(collation, name);
    value.str = weft_str_view(name, (uint32_t)strlen(name));
    if (value.str.len > WEFT_STR_INLINE) {
        char *copy = NULL;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, name, value.str.len, &copy));
        value.str = weft_str_view(copy, value.str.len);
    }
    st = weft_expr_literal(ctx, &value, out);
done:
    return st;
}

weft_status weft_collation_key(weft_ctx *ctx, const char *of, const weft_expr *e, const weft_span *span,
                               const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[2] = {e, NULL}, *key = NULL;
    const bool nested = weft_type_is_nested(e->type);
    *out = e;
    if (!weft_type_is_collated(e->type)) return WEFT_OK;
    WEFT_TRY(st, weft_expect_collation(ctx, of, e, span));
    if (!nested) WEFT_TRY(st, collation_literal(ctx, e->type.collation, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, nested ? "(collation_keys)" : "(collation_key)", args, nested ? 1 : 2,
                                span, &key));
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
