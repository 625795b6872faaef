/* common/secret_mode.h - may a file that holds a secret have these permissions?
 *
 * Only its owner may read it. Or root owns it and lets one group read it, when we are not root ourselves: so
 * an administrator gives a secret to a service that cannot change it, and so Kubernetes mounts one
 * (root, fsGroup, mode 0440). PostgreSQL has the same rule for its TLS keys. */
#ifndef WEFT_COMMON_SECRET_MODE_H
#define WEFT_COMMON_SECRET_MODE_H

#include <stdbool.h>
#include <sys/stat.h>

/* self: the effective user of this process. */
bool weft_secret_mode_is_private(mode_t mode, uid_t owner, uid_t self);
/* The same of a file, for this process. */
bool weft_secret_file_is_private(const struct stat *about);

#endif
