/* engine/plan/analyzer_settings.c - the settings that the text of a view or a function goes by.
 *
 * While such a text is bound they stand in the context: they say how its literals, casts and calls are
 * resolved. What is made of it keeps them (weft_expr.settings), since some of them, ANSI and the time zone,
 * count when it is evaluated, too. */
#include "engine/plan/analyzer_internal.h"

weft_status weft_analyzer_go_by(weft_analyzer *a, const weft_kept_settings *kept)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    weft_settings *own = NULL;
    if (kept == NULL || weft_kept_settings_hold(kept, ctx->settings)) return WEFT_OK;
    for (int32_t i = 0; i < a->kept.count; i++) { /* one for all that say the same: they are compared */
        const weft_settings *known = a->kept.items[i];
        if (!weft_kept_settings_hold(kept, known)) continue;
        ctx->settings = known;
        return WEFT_OK;
    }
    WEFT_TRY(st, weft_kept_settings_apply(ctx, kept, &own));
    own->reader = ctx->settings->reader != NULL ? ctx->settings->reader : ctx->settings;
    WEFT_TRY(st, weft_pointers_push(ctx, &a->kept, own));
    ctx->settings = own;
done:
    return st;
}
