/* engine/formats/options.h - reading the options of formats: pairs of keys (in any case) and values. */
#ifndef WEFT_FORMATS_OPTIONS_H
#define WEFT_FORMATS_OPTIONS_H

#include "engine/expr/option_value.h"
#include "engine/storage/fs.h"

/* Is it one that the catalogue has dealt with before a format is asked, for all formats: path, schema,
 * pathGlobFilter, modifiedBefore, modifiedAfter; or tolerance.h, ignoreCorruptFiles and ignoreMissingFiles;
 * or, when a file is written, maxRecordsPerFile? */
bool weft_option_is_general(const char *key);
/* A key that a format does not know; known: those it does, for people. Options of tables are for anybody, so
 * that it is logged and passed over, as in Spark. */
void weft_option_unknown(const char *format, const char *key, const char *known);
/* A path as files have it, in ctx->arena. Errors: WEFT_NOT_FOUND. */
WEFT_MUST_CHECK weft_status weft_option_folder(weft_ctx *ctx, const char *value, const char **out);

/* The value of a key, or NULL; of several the last. */
const char *weft_option_find(const char *const *options, int32_t count, const char *key);

/* The files that pathGlobFilter, modifiedBefore and modifiedAfter leave, in ctx->arena, in their order.
 * Errors: WEFT_INVALID_PATTERN, WEFT_CONFIG for what is no timestamp. */
WEFT_MUST_CHECK weft_status weft_files_filter(weft_ctx *ctx, const char *const *options, int32_t count,
                                              weft_file_info **files, int32_t *file_count);

#endif
