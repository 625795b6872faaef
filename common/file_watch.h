/* common/file_watch.h - was a file replaced or written since? For what is read again while a process runs:
 * tokens, certificates. Looks at most once a second. One thread. */
#ifndef WEFT_COMMON_FILE_WATCH_H
#define WEFT_COMMON_FILE_WATCH_H

#include "common/base.h"

typedef struct weft_file_watch {
    const char *path; /* borrowed */
    int64_t looked_ns;
    int64_t changed_ns, size; /* as it was then; 0: not there */
    uint64_t number;
} weft_file_watch;

/* Look now, before the file is read for the first time. */
void weft_file_watch_init(weft_file_watch *watch, const char *path, int64_t now_ns);
/* True once for each change that was seen; a file that is gone has not changed. */
bool weft_file_watch_changed(weft_file_watch *watch, int64_t now_ns);

#endif
