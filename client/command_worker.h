/* client/command_worker.h - `weft worker`: the process that runs tasks. */
#ifndef WEFT_CLIENT_COMMAND_WORKER_H
#define WEFT_CLIENT_COMMAND_WORKER_H

/* argv: what follows the command. The answer is the exit code. */
int weft_command_worker(int argc, char **argv);

#endif
