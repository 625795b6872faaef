/* client/shell.h - the interactive shell of `weft sql`. */
#ifndef WEFT_CLIENT_SHELL_H
#define WEFT_CLIENT_SHELL_H

#include "client/local.h"

/* Run one statement and print its result (command_sql.c); options is what weft_shell_run was given. */
int weft_sql_run_statement(void *options, weft_local *local, const char *text, size_t len);
/* Was there a Ctrl-C since the last take? Whoever takes it answers it. */
bool weft_sql_interrupted(void);
bool weft_sql_take_interrupt(void);
/* Can be read from at Ctrl-C, until weft_sql_interrupted is called. */
int weft_sql_interrupt_fd(void);
/* Read statements from the terminal (or from a pipe, without prompts) until end of input, quit or exit.
 * Returns the exit code: that of the last statement when the input is not a terminal, else 0. */
int weft_shell_run(void *options, weft_local *local);

#endif
