/* client/shell.h - the interactive shell of `weft sql`. */
#ifndef WEFT_CLIENT_SHELL_H
#define WEFT_CLIENT_SHELL_H

#include "client/statements.h"

/* Read statements from the terminal (or from a pipe, without prompts) until end of input, quit or exit.
 * Returns the exit code: that of the last statement when the input is not a terminal, else 0. */
int weft_shell_run(weft_statements *statements);

#endif
