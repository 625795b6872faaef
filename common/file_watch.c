/* common/file_watch.c - see file_watch.h. */
#include "common/file_watch.h"

#include <sys/stat.h>

#define LOOK_NS 1000000000LL

/* False: the file cannot be looked at. */
static bool look(weft_file_watch *w, int64_t now_ns)
{
    struct stat about;
    w->looked_ns = now_ns;
    if (stat(w->path, &about) != 0) return false;
    w->changed_ns = about.st_ctim.tv_sec * 1000000000LL + about.st_ctim.tv_nsec;
    w->size = about.st_size;
    w->number = about.st_ino;
    return true;
}

void weft_file_watch_init(weft_file_watch *w, const char *path, int64_t now_ns)
{
    *w = (weft_file_watch){.path = path};
    look(w, now_ns);
}

bool weft_file_watch_changed(weft_file_watch *w, int64_t now_ns)
{
    const weft_file_watch before = *w;
    if (now_ns - w->looked_ns < LOOK_NS || !look(w, now_ns)) return false;
    return w->changed_ns != before.changed_ns || w->size != before.size || w->number != before.number;
}
