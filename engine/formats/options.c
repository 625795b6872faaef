/* engine/formats/options.c - see options.h. */
#include "engine/formats/options.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "engine/expr/calendar.h"
#include "engine/expr/zone.h"
#include "engine/storage/glob.h"

bool weft_option_is_general(const char *key)
{
    static const char *const general[] = {"path",
                                          "schema",
                                          "pathGlobFilter",
                                          "modifiedBefore",
                                          "modifiedAfter",
                                          "maxRecordsPerFile",
                                          "ignoreCorruptFiles",
                                          "ignoreMissingFiles"};
    for (int32_t i = 0; i < WEFT_COUNT(general); i++)
        if (strcasecmp(key, general[i]) == 0) return true;
    return false;
}

void weft_option_unknown(const char *format, const char *key, const char *known)
{
    weft_log(WEFT_LOG_WARN, "option_unknown", WEFT_LOG_TEXT("option", key), WEFT_LOG_TEXT("format", format),
             WEFT_LOG_TEXT("known", known));
}

weft_status weft_option_folder(weft_ctx *ctx, const char *value, const char **out)
{
    weft_status st = WEFT_OK;
    weft_file_info base;
    WEFT_TRY(st, weft_fs_stat(ctx, value, &base));
    *out = base.path;
done:
    return st;
}

const char *weft_option_find(const char *const *options, int32_t count, const char *key)
{
    for (int32_t i = count - 1; i >= 0; i--)
        if (strcasecmp(options[2 * i], key) == 0) return options[2 * i + 1];
    return NULL;
}

/* The instant that an option means, in the session's zone; *has false when it is not given. */
static weft_status option_instant(weft_ctx *ctx, const char *const *options, int32_t count, const char *key,
                                  weft_zone *zone, int64_t *us, bool *has)
{
    weft_moment moment;
    const char *text = weft_option_find(options, count, key);
    *has = text != NULL;
    if (text == NULL) return WEFT_OK;
    if (!weft_parse_moment(text, strlen(text), &moment) || moment.zone != NULL)
        return weft_fail(ctx, WEFT_CONFIG,
                         "option %s must be a timestamp such as 2020-06-01T13:00:00, not \"%s\"", key, text);
    *us = moment.has_offset ? moment.local_us - moment.offset_us : weft_zone_to_utc(zone, moment.local_us);
    return WEFT_OK;
}

weft_status weft_files_filter(weft_ctx *ctx, const char *const *options, int32_t count,
                              weft_file_info **files, int32_t *file_count)
{
    weft_status st = WEFT_OK;
    weft_zone *zone = NULL;
    char **patterns = NULL;
    int32_t pattern_count = 0, kept = 0;
    int64_t before = 0, after = 0;
    bool has_before = false, has_after = false;
    weft_file_info *list = NULL;
    const char *glob = weft_option_find(options, count, "pathGlobFilter");
    if (glob != NULL) WEFT_TRY(st, weft_glob_expand(ctx, glob, &patterns, &pattern_count));
    WEFT_TRY(st, weft_zone_open_session(ctx, &zone));
    WEFT_TRY(st, option_instant(ctx, options, count, "modifiedBefore", zone, &before, &has_before));
    WEFT_TRY(st, option_instant(ctx, options, count, "modifiedAfter", zone, &after, &has_after));
    if (glob == NULL && !has_before && !has_after) goto done;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(*file_count, 1), &list));
    for (int32_t i = 0; i < *file_count; i++) {
        const weft_file_info *file = &(*files)[i];
        const char *slash = strrchr(file->path, '/'), *name = slash == NULL ? file->path : slash + 1;
        const int64_t us = file->mtime_ns / 1000;
        bool fits = glob == NULL;
        for (int32_t p = 0; p < pattern_count && !fits; p++) fits = weft_glob_match(patterns[p], name);
        if (!fits || (has_before && us >= before) || (has_after && us <= after)) continue;
        list[kept++] = *file;
    }
    *files = list;
    *file_count = kept;
done:
    weft_zone_close(&zone);
    return st;
}
