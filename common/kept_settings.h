/* common/kept_settings.h - the settings that the text of a view or a function goes by: those that were in
 * force when it was made, whatever they are when it is read.
 *
 * Kept are those that say what a text means: ANSI and the time zone always, of the others those that were
 * set, and the database where its tables are named alone, if nothing else keeps that. What says where tables
 * lie and how a statement runs is not: that is the reader's. */
#ifndef WEFT_COMMON_KEPT_SETTINGS_H
#define WEFT_COMMON_KEPT_SETTINGS_H

#include "common/settings.h"

typedef struct weft_kept_settings {
    int32_t count;            /* 0: none were kept, the text goes by those of its reader */
    const char *const *pairs; /* [2 * count] keys and values */
} weft_kept_settings;

/* What ctx->settings say, in the order of the keys; in ctx->arena. database: the current one, too. Errors:
 * WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_kept_settings_take(weft_ctx *ctx, bool database, weft_kept_settings *out);
/* Do the settings say what was kept? Then the text may be read under them. */
bool weft_kept_settings_hold(const weft_kept_settings *kept, const weft_settings *settings);
/* *out: ctx->settings, but for what the text goes by; in ctx->arena. Errors: WEFT_NOMEM, and WEFT_CONFIG for
 * values that are none. */
WEFT_MUST_CHECK weft_status weft_kept_settings_apply(weft_ctx *ctx, const weft_kept_settings *kept,
                                                     weft_settings **out);
/* Let ctx go by what was kept, to parse the text; *before is what ctx->settings has to become again. Errors:
 * as above, and then nothing has changed. */
WEFT_MUST_CHECK weft_status weft_kept_settings_enter(weft_ctx *ctx, const weft_kept_settings *kept,
                                                     const weft_settings **before);
/* A text with what it goes by in front of it, for where only a text is stored; in ctx->arena. */
WEFT_MUST_CHECK weft_status weft_kept_settings_encode(weft_ctx *ctx, const weft_kept_settings *kept,
                                                      const char *text, const char **out);
/* Undo that: *text becomes the text alone, within the same bytes. One without anything in front of it kept
 * nothing. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_kept_settings_decode(weft_ctx *ctx, const char **text,
                                                      weft_kept_settings *out);

#endif
