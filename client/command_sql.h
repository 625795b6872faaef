/* client/command_sql.h - `weft sql` and `weft submit`. */
#ifndef WEFT_CLIENT_COMMAND_SQL_H
#define WEFT_CLIENT_COMMAND_SQL_H

/* argv: what follows the command. The exit code: 0 done, 1 a statement failed, 2 wrong usage, 130
 * interrupted.
 */
int weft_command_sql(int argc, char **argv);
int weft_command_submit(int argc, char **argv);

#endif
