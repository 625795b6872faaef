/* engine/formats/tolerance.h - which files may fail a reader: ignoreCorruptFiles and ignoreMissingFiles. What
 * becomes of the errors of others is in source.h. */
#ifndef WEFT_FORMATS_TOLERANCE_H
#define WEFT_FORMATS_TOLERANCE_H

#include "common/ctx.h"

typedef struct weft_tolerance {
    bool corrupt; /* what was read before the damage counts, the rest of the file is left out */
    bool missing; /* a file that is gone has no rows */
} weft_tolerance;

/* From the options ignoreCorruptFiles and ignoreMissingFiles, else the settings of these names. Errors:
 * WEFT_CONFIG. */
WEFT_MUST_CHECK weft_status weft_tolerance_read(weft_ctx *ctx, const char *const *options, int32_t count,
                                                weft_tolerance *out);
/* May reading the file fail with this error? Then it is logged and forgotten. */
bool weft_tolerates(weft_ctx *ctx, weft_tolerance tolerance, weft_status st, const char *path);
#endif
