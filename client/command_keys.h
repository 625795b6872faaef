/* client/command_keys.h - `weft keys`: key folders of a cluster (common/keys.h). */
#ifndef WEFT_CLIENT_COMMAND_KEYS_H
#define WEFT_CLIENT_COMMAND_KEYS_H

/* argv: what follows `weft keys`. The exit code: 0 done, 1 failed, 2 wrong usage. */
int weft_command_keys(int argc, char **argv);

#endif
