/* client/command_coordinator.h - `weft coordinator`. */
#ifndef WEFT_CLIENT_COMMAND_COORDINATOR_H
#define WEFT_CLIENT_COMMAND_COORDINATOR_H

/* argv: what follows the command. Answers the exit code. */
int weft_command_coordinator(int argc, char **argv);

#endif
