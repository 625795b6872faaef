/* engine/formats/tolerance.c - see tolerance.h. */
#include "engine/formats/tolerance.h"

#include "common/log.h"
#include "common/settings.h"
#include "engine/formats/options.h"
#include "engine/formats/source.h"

weft_status weft_tolerance_read(weft_ctx *ctx, const char *const *options, int32_t count, weft_tolerance *out)
{
    weft_status st = WEFT_OK;
    const char *corrupt = weft_option_find(options, count, "ignoreCorruptFiles");
    const char *missing = weft_option_find(options, count, "ignoreMissingFiles");
    *out = (weft_tolerance){.corrupt = weft_setting(ctx, WEFT_SET_IGNORE_CORRUPT_FILES) != 0,
                            .missing = weft_setting(ctx, WEFT_SET_IGNORE_MISSING_FILES) != 0};
    if (corrupt != NULL) WEFT_TRY(st, weft_option_flag(ctx, "ignoreCorruptFiles", corrupt, &out->corrupt));
    if (missing != NULL) WEFT_TRY(st, weft_option_flag(ctx, "ignoreMissingFiles", missing, &out->missing));
done:
    return st;
}

bool weft_tolerates(weft_ctx *ctx, weft_tolerance tolerance, weft_status st, const char *path)
{
    const bool is_missing = st == WEFT_NOT_FOUND;
    if (!(is_missing ? tolerance.missing : st == WEFT_CORRUPT && tolerance.corrupt)) return false;
    weft_log(WEFT_LOG_WARN, is_missing ? "file_missing_ignored" : "file_corrupt_ignored",
             WEFT_LOG_TEXT("path", path), WEFT_LOG_TEXT("error", ctx->error.message));
    weft_error_clear(ctx);
    return true;
}

weft_status weft_opening_failed(weft_ctx *ctx, weft_status st)
{
    ctx->place = (weft_input_place){0}; /* the message says which file */
    return st == WEFT_CORRUPT ? weft_reading_failed(ctx, st) : st;
}

weft_status weft_reading_failed(weft_ctx *ctx, weft_status st)
{
    if (st != WEFT_CORRUPT && st != WEFT_MALFORMED_RECORD && st != WEFT_NOT_FOUND) return st;
    ctx->error.code = st == WEFT_NOT_FOUND ? WEFT_FILE_NOT_EXIST : WEFT_READ_FILE;
    if (ctx->place.path != NULL)
        weft_error_prefix(ctx, "Encountered error while reading file %s: ", ctx->place.path);
    return ctx->error.code;
}
