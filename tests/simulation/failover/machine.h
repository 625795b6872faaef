/* tests/simulation/failover/machine.h - the disks of the machines of a world, and what they lose.
 *
 * What a program that died has written, the kernel keeps; when the machine goes down with it, what was not
 * made durable is gone. So every change that programs make below the world's folder is noted until it is
 * durable: the bytes of a file by fsync of the file, a name by fsync of the folder it stands in (a rename: of
 * the folder it leads to). Each program has a machine of its own, over its restarts. When that goes down,
 * what is noted for it is taken back, all of it or the last part, and a file that grew ends anywhere behind
 * what was durable of it.
 *
 * Twins, in the place of the C library's: open, openat, pwrite, ftruncate, fsync, fdatasync, mkdir, link,
 * rename, renameat, renameat2, unlink, unlinkat, remove. */
#ifndef WEFT_TESTS_SIMULATION_FAILOVER_MACHINE_H
#define WEFT_TESTS_SIMULATION_FAILOVER_MACHINE_H

#include "tests/simulation/failover/fiber.h"

/* folder: of the world; borrowed. */
void machine_begin(const char *folder);
/* The program dies, and its machine goes down. Called by one of its own fibers it does not return. */
void machine_crash(process *p);
/* Of world.crashed: what is lost with the machine, if it was that. */
void machine_crashed(const process *p);
/* Is there a file of this name, and will it be there whatever goes down? */
bool machine_keeps(const char *path);

typedef struct machine_counts {
    int64_t crashes, lost; /* of machines; changes that were taken back */
} machine_counts;
machine_counts machine_count(void);

#endif
