/* tests/simulation/failover/disk.h - the folder of a journal in a file, for a world in which one coordinator
 * dies and comes back without ZooKeeper. The folder is real; each change of it is a durable step
 * (services.h), and a crash in the midst of one leaves a part of what was to be written.
 *
 * weft_journal_folder_open is replaced when the program is linked. */
#ifndef WEFT_TESTS_SIMULATION_FAILOVER_DISK_H
#define WEFT_TESTS_SIMULATION_FAILOVER_DISK_H

#include "tests/simulation/failover/fiber.h"

/* Its locks end with it. After process_crash. */
void disk_crashed(const process *p);
int64_t disk_opened(void); /* how often a journal was, in this world */

#endif
