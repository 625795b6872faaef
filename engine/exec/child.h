/* engine/exec/child.h - a command that runs beside a task: bytes to its standard input, bytes from its
 * output.
 *
 * The process is a group of its own, inherits no descriptor but its three pipes, and has the signals of a
 * fresh program. Nothing here waits without looking whether the task is cancelled, and input and output go on
 * in turn, so that neither side waits for the other with a full pipe. What it writes to its standard error is
 * kept, the last of it, for the message of its failure. Closing kills the group and leaves no zombie.
 *
 * One thread owns a child. Memory: the struct; the buffers are the caller's. */
#ifndef WEFT_EXEC_CHILD_H
#define WEFT_EXEC_CHILD_H

#include "common/ctx.h"

typedef struct weft_child weft_child; /* opaque: the struct is in child.c */

/* Run /bin/bash -c command. The caller closes *out; it is NULL on failure. Errors: WEFT_IO (no process or
 * descriptor is to be had), WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_child_start(weft_ctx *ctx, const char *command, weft_child **out);

/* Give it of `input` what it takes and take of its output what is there and fits into `room` (> 0), waiting
 * until one of the two goes on or the output has ended. *written is all of the input once the process reads
 * no more. Errors: WEFT_IO, WEFT_CANCELLED, WEFT_DEADLINE. */
WEFT_MUST_CHECK weft_status weft_child_exchange(weft_ctx *ctx, weft_child *child, const char *input,
                                                size_t input_bytes, size_t *written, char *output,
                                                size_t room, size_t *read);
/* No more input comes. */
void weft_child_end_input(weft_child *child);
/* Has all of its output been taken? */
bool weft_child_output_ended(const weft_child *child);
/* After that: wait until it ends. Errors: WEFT_SCRIPT_EXITED with its status and the end of what it wrote to
 * its standard error, WEFT_IO, WEFT_CANCELLED, WEFT_DEADLINE. */
WEFT_MUST_CHECK weft_status weft_child_finish(weft_ctx *ctx, weft_child *child);
/* Kills what still runs; NULL is allowed. */
void weft_child_close(weft_child **child);

#endif
