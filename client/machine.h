/* client/machine.h - cores and memory that this process may use: what the machine has, or its cgroup's
 * limits.
 *
 * A limit may be set on the process's own cgroup or on any above it (a systemd unit below a slice, a
 * container below a pod), in version 2 or 1 of cgroups; the least one counts. In a container the mount of
 * cgroups often begins at the container's own, so that the path in /proc/self/cgroup is not found there: then
 * the limits of the mount's root are the container's. */
#ifndef WEFT_CLIENT_MACHINE_H
#define WEFT_CLIENT_MACHINE_H

#include "common/base.h"

int32_t weft_machine_cores(void);
int64_t weft_machine_memory_bytes(void);
/* What a process takes of it: asked_bytes, or 70 % when that is 0. The rest is the page cache's, the stacks'
 * and everybody else's. */
int64_t weft_machine_pool_bytes(int64_t asked_bytes);

/* Limits of cgroups alone; 0: none. */
typedef struct weft_machine_limits {
    int64_t memory_bytes;
    int32_t cores; /* of time, rounded up */
} weft_machine_limits;

/* root: what stands before /proc and /sys; "" but in tests. What cannot be read is no limit. */
weft_machine_limits weft_machine_limits_of(const char *root);

#endif
