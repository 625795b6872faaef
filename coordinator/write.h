/* coordinator/write.h - the life of a WRITE around its tasks: begin, commit or abort (storage/commit.h). */
#ifndef WEFT_COORDINATOR_WRITE_H
#define WEFT_COORDINATOR_WRITE_H

#include "coordinator/coordinator.h"

/* The folder that a WRITE goes into: as written, or that of the table in the warehouse. In ctx->arena.
 * Errors: WEFT_LOCATION_ALREADY_EXISTS for a new table in a folder that has files. */
WEFT_MUST_CHECK weft_status weft_write_place(weft_ctx *ctx, const weft_node *write, const char **path);
/* Give the WRITE a job name that was never used, and make its place. *out: the node with that name and path;
 * in ctx->arena.
 * Errors: WEFT_EXISTS, WEFT_IO, WEFT_DATA_SOURCE_NOT_FOUND when the format cannot be written. */
WEFT_MUST_CHECK weft_status weft_write_begin(weft_ctx *ctx, const weft_node *write, const char *path,
                                             const weft_node **out);
/* Publish the files that the accepted attempts report in their blocks. */
WEFT_MUST_CHECK weft_status weft_write_commit(weft_ctx *ctx, const weft_node *write, const weft_run *run);
/* After a failure: decide for abort and remove what was staged, unless the commit was decided before (then it
 * is carried out). ctx keeps the error that it has; a failure here is logged. */
void weft_write_abort(weft_ctx *ctx, const weft_node *write);

#endif
