/* worker/epoch.h - the highest epoch of a coordinator that this worker has seen, over its restarts too: a
 * file `epoch` in its work folder. */
#ifndef WEFT_WORKER_EPOCH_H
#define WEFT_WORKER_EPOCH_H

#include "common/ctx.h"

/* 0 when there is none yet. Errors: WEFT_IO; WEFT_CORRUPT when the file holds something else. */
WEFT_MUST_CHECK weft_status weft_epoch_read(weft_ctx *ctx, const char *folder, uint32_t *out);
/* On disk when it returns. Errors: WEFT_IO, WEFT_NOSPACE. */
WEFT_MUST_CHECK weft_status weft_epoch_write(weft_ctx *ctx, const char *folder, uint32_t epoch);

#endif
