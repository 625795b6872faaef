/* common/secret_mode.c - see secret_mode.h. */
#include "common/secret_mode.h"

#include <unistd.h>

bool weft_secret_mode_is_private(mode_t mode, uid_t owner, uid_t self)
{
    const mode_t others = mode & (S_IRWXG | S_IRWXO);
    return others == 0 || (owner == 0 && self != 0 && others == S_IRGRP);
}

bool weft_secret_file_is_private(const struct stat *about)
{
    return weft_secret_mode_is_private(about->st_mode, about->st_uid, geteuid());
}
