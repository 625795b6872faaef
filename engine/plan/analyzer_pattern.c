/* engine/plan/analyzer_pattern.c - `…` in a select list as a regular expression of names (weft.sql.parser.
 * quotedRegexColumnNames): a star of the columns whose whole name it matches, in small letters or capitals.
 */
#include "engine/expr/regexp.h"
#include "engine/plan/analyzer_internal.h"

const weft_expr *weft_star_pattern(const weft_expr *star)
{
    const bool has = star->arg_count == 1 && star->args[0]->kind == WEFT_EXPR_LITERAL;
    return has ? star->args[0] : NULL;
}

weft_status weft_bind_pattern(weft_binder *b, const weft_expr *star, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    weft_regexp regexp = {0};
    char *whole = NULL;
    const weft_str *pattern = &weft_star_pattern(star)->literal.str;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &whole, "(?i)\\A(?:%.*s)\\z", (int)pattern->len,
                                   weft_str_data(pattern)));
    const weft_str text = weft_str_view(whole, (uint32_t)strlen(whole));
    WEFT_TRY(st, weft_regexp_use(ctx, star, &text, &regexp));
    for (int32_t i = 0; i < b->scope->count; i++) {
        const weft_name *name = &b->scope->names[i];
        const weft_expr *column = NULL;
        bool matches = false;
        if (!weft_star_means(star, name)) continue;
        const weft_str own = weft_str_view(name->name, (uint32_t)strlen(name->name));
        WEFT_TRY(st, weft_regexp_next(ctx, star, &regexp, &own, 0, &matches));
        if (!matches) continue;
        WEFT_TRY(st, weft_name_column(ctx, name, &column));
        WEFT_TRY(st, weft_pointers_push(ctx, out, column));
    }
done:
    weft_regexp_forget(&regexp);
    return st;
}

weft_status weft_bind_pattern_one(weft_binder *b, const weft_expr *star, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers columns = {0};
    const weft_span *span = weft_analyzer_span(b->a, &star->span);
    const weft_expr *pattern = weft_star_pattern(star);
    if (pattern == NULL)
        return weft_fail_at(b->a->ctx, WEFT_STAR_USAGE, span,
                            "Invalid usage of '*': it may stand in a select list and among arguments.");
    WEFT_TRY(st, weft_bind_pattern(b, star, &columns));
    if (columns.count != 1)
        return weft_fail_at(b->a->ctx, WEFT_STAR_USAGE, span,
                            "Invalid usage of the pattern '%.*s': it matches %d columns where one is wanted.",
                            (int)pattern->literal.str.len, weft_str_data(&pattern->literal.str),
                            columns.count);
    *out = columns.items[0];
done:
    return st;
}
