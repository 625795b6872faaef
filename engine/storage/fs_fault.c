/* engine/storage/fs_fault.c - the countdown that makes file operations fail, and what errno means.
 *
 * The countdown is process-wide and atomic, because a fault test sweeps over the operations of a whole
 * process. It is the one mutable global of this folder and costs one relaxed load an operation while it is
 * off. */
#include "engine/storage/fs_internal.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

static atomic_llong fault_left;    /* operations until the fault; 0: off */
static atomic_llong fault_counted; /* operations since weft_fs_fail_after was last called */
static atomic_bool fault_is_crash; /* the fault is a crash: everything after it fails too */
static atomic_bool fault_crashed;
static atomic_bool fault_tear; /* the write that follows the crash is torn */

int64_t weft_fs_fail_after(int64_t n)
{
    atomic_store(&fault_is_crash, false);
    atomic_store(&fault_crashed, false);
    atomic_store(&fault_tear, false);
    atomic_store(&fault_left, n);
    return atomic_exchange(&fault_counted, 0);
}

int64_t weft_fs_crash_after(int64_t n)
{
    const int64_t counted = weft_fs_fail_after(0);
    atomic_store(&fault_is_crash, n > 0);
    atomic_store(&fault_left, n);
    return counted;
}

bool weft_fs_crashed(void) { return atomic_load_explicit(&fault_crashed, memory_order_relaxed); }

bool weft_fs_torn(void) { return atomic_exchange(&fault_tear, false); }

weft_status weft_fs_fault(weft_ctx *ctx, const char *verb, const char *path)
{
    atomic_fetch_add_explicit(&fault_counted, 1, memory_order_relaxed);
    if (weft_fs_crashed()) return weft_fail(ctx, WEFT_IO, "Cannot %s '%s': injected crash.", verb, path);
    if (WEFT_LIKELY(atomic_load_explicit(&fault_left, memory_order_relaxed) <= 0)) return WEFT_OK;
    if (atomic_fetch_sub(&fault_left, 1) != 1) return WEFT_OK;
    if (atomic_load(&fault_is_crash)) {
        atomic_store(&fault_tear, true);
        atomic_store(&fault_crashed, true);
    }
    return weft_fail(ctx, WEFT_IO, "Cannot %s '%s': injected fault.", verb, path);
}

weft_status weft_fs_status_of_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR: return WEFT_NOT_FOUND;
    case EEXIST:
    case ENOTEMPTY: return WEFT_EXISTS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return WEFT_NOSPACE; /* EFBIG: the process's file size limit; another file or folder may have room */
    case EXDEV: return WEFT_UNSUPPORTED; /* no rename leads from one file system to another */
    case ENOMEM: return WEFT_NOMEM;
    case ENAMETOOLONG:
    case ELOOP: return WEFT_INVALID;
    default: return WEFT_IO;
    }
}

weft_status weft_fs_fail_errno(weft_ctx *ctx, int number, const char *verb, const char *path)
{
    char text[128];
    const char *reason = strerror_r(number, text, sizeof(text)); /* GNU form: text may be unused */
    return weft_fail(ctx, weft_fs_status_of_errno(number), "Cannot %s '%s': %s.", verb, path, reason);
}
