/* client/command_status.h - `weft status`, `health`, `jobs`, `workers`, `cancel` and `logs`: what a
 * coordinator tells over HTTP (docs/monitoring.md), as tables or as it comes. */
#ifndef WEFT_CLIENT_COMMAND_STATUS_H
#define WEFT_CLIENT_COMMAND_STATUS_H

/* argv: what follows the command. The exit code: 0 done, 1 failed, 2 wrong usage. */
int weft_command_status(int argc, char **argv);
int weft_command_health(int argc, char **argv);
int weft_command_jobs(int argc, char **argv);
int weft_command_workers(int argc, char **argv);
int weft_command_cancel(int argc, char **argv);
int weft_command_logs(int argc, char **argv);

#endif
