/* client/status_print.h - the documents of a coordinator as tables for people. */
#ifndef WEFT_CLIENT_STATUS_PRINT_H
#define WEFT_CLIENT_STATUS_PRINT_H

#include <stdio.h>

#include "common/mem.h"

/* What /api/v1/cluster, /workers, /jobs and /jobs/ID gave, in JSON. Errors: WEFT_CORRUPT when it is not that,
 * WEFT_NOMEM. */
typedef weft_status weft_status_print(weft_ctx *ctx, const char *json, size_t len, FILE *to);
weft_status_print weft_print_cluster, weft_print_workers, weft_print_jobs, weft_print_job;
/* What /cancel gave; *cancelled tells whether it will end; if not that is an error. to NULL: say nothing. */
WEFT_MUST_CHECK weft_status weft_print_cancel(weft_ctx *ctx, const char *json, size_t len, FILE *to,
                                              bool *cancelled);
/* The message of a refusal, in the arena; NULL when there is none. */
WEFT_MUST_CHECK weft_status weft_refusal_message(weft_ctx *ctx, const char *json, size_t len, char **out);

#endif
