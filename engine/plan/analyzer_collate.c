/* engine/plan/analyzer_collate.c - x COLLATE name and collation(x). Strings are compared by their bytes: the
 * other collations of Spark are known by name, and refused. */
#include <stdio.h>
#include <strings.h>

#include "engine/plan/analyzer_internal.h"

static const char binary_collation[] = "UTF8_BINARY";

/* UTF8_LCASE, UNICODE, UNICODE_CI, de_AI_RTRIM …: a base, and what may follow it. */
static bool is_collation(const char *name, size_t len)
{
    static const char *const bases[] = {"UTF8_BINARY", "UTF8_LCASE", "UNICODE"};
    static const char *const parts[] = {"_CS", "_CI", "_AS", "_AI", "_RTRIM"};
    size_t at = 0;
    for (int32_t i = 0; i < WEFT_COUNT(bases) && at == 0; i++) {
        const size_t base = strlen(bases[i]);
        if (len >= base && strncasecmp(name, bases[i], base) == 0) at = base;
    }
    if (at == 0) { /* a language, and maybe a country: de, de_DEU */
        while (at < len && name[at] != '_') at++;
        if (at < 2 || at > 3) return false;
        if (len - at >= 4 && name[at] == '_' && (len == at + 4 || name[at + 4] == '_')) at += 4;
    }
    while (at < len) {
        const size_t before = at;
        for (int32_t i = 0; i < WEFT_COUNT(parts); i++) {
            const size_t part = strlen(parts[i]);
            if (len - at >= part && strncasecmp(name + at, parts[i], part) == 0) {
                at += part;
                break;
            }
        }
        if (at == before) return false;
    }
    return true;
}

static weft_status shown_as(weft_binder *b, const char *text, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr *own = NULL;
    WEFT_TRY(st, WEFT_NEW(b->a->ctx, &own)); /* the node may stand elsewhere too */
    *own = **out;
    *out = own;
    WEFT_TRY(st, weft_pointer_map_put(b->a->ctx, &b->a->shown, own, text));
done:
    return st;
}

static weft_status check_name(weft_binder *b, const weft_expr *e, const weft_str *name)
{
    const int len = (int)weft_min_i64(name->len, 100);
    const weft_span *span = weft_analyzer_span(b->a, &e->span);
    if (!is_collation(weft_str_data(name), name->len))
        return weft_fail_at(b->a->ctx, WEFT_COLLATION_INVALID_NAME, span,
                            "The value %.*s does not represent a correct collation name. Suggested valid "
                            "collation names: [%s].",
                            len, weft_str_data(name), binary_collation);
    if (name->len == strlen(binary_collation) &&
        strncasecmp(weft_str_data(name), binary_collation, name->len) == 0)
        return WEFT_OK;
    weft_fail_at(b->a->ctx, WEFT_UNSUPPORTED, span, "The collation %.*s is not supported.", len,
                 weft_str_data(name));
    weft_hint(b->a->ctx, "Strings are compared by their bytes; lower() on both sides is UTF8_LCASE.");
    return WEFT_UNSUPPORTED;
}

static weft_status bind_collate(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_expr *name = NULL;
    const char *shown = NULL;
    char *text = NULL;
    WEFT_TRY(st, weft_bind_expr(b, e->args[0], out));
    WEFT_TRY(st, weft_bind_expr(b, e->args[1], &name));
    WEFT_TRY(st, weft_expr_fold(ctx, name, &name));
    const bool literal = name->kind == WEFT_EXPR_LITERAL && name->type.id == WEFT_TYPE_STRING &&
                         !name->literal.is_null;
    if (!literal || ((*out)->type.id != WEFT_TYPE_STRING && (*out)->type.id != WEFT_TYPE_NULL))
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH, weft_analyzer_span(b->a, &e->span),
                                  "collate needs a string and the name of a collation as a literal."));
    WEFT_TRY(st, check_name(b, e, &name->literal.str));
    WEFT_TRY(st, weft_shown_text(b->a, *out, &shown));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "collate(%s, %s)", shown, binary_collation));
    WEFT_TRY(st, shown_as(b, text, out));
done:
    return st;
}

static weft_status bind_collation(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_expr *arg = NULL;
    const char *shown = NULL;
    char *text = NULL;
    static const char full[] = "SYSTEM.BUILTIN.UTF8_BINARY";
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING),
                              .str = weft_str_view(full, sizeof(full) - 1)};
    WEFT_TRY(st, weft_bind_expr(b, e->args[0], &arg));
    if (arg->type.id != WEFT_TYPE_STRING)
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH, weft_analyzer_span(b->a, &e->span),
                                  "collation needs a string."));
    WEFT_TRY(st, weft_shown_text(b->a, arg, &shown));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "collation(%s)", shown));
    WEFT_TRY(st, weft_expr_literal(ctx, &value, out));
    WEFT_TRY(st, shown_as(b, text, out));
done:
    return st;
}

weft_status weft_bind_collation_call(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    const bool collate = strcasecmp(e->unresolved.name, "collate") == 0;
    *out = NULL;
    if (!collate && strcasecmp(e->unresolved.name, "collation") != 0) return WEFT_OK;
    if (e->arg_count != (collate ? 2 : 1))
        return weft_fail_at(b->a->ctx, WEFT_WRONG_NUM_ARGS, weft_analyzer_span(b->a, &e->span),
                            "The `%s` requires %d parameters but the actual number is %d.",
                            e->unresolved.name, collate ? 2 : 1, e->arg_count);
    return collate ? bind_collate(b, e, out) : bind_collation(b, e, out);
}
