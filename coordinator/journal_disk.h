/* coordinator/journal_disk.h - where a journal is kept: a folder (journal_folder.c), or memory that fails on
 * request (tests/support/journal_memory.h). All names are short and without '/'. */
#ifndef WEFT_COORDINATOR_JOURNAL_DISK_H
#define WEFT_COORDINATOR_JOURNAL_DISK_H

#include "common/ctx.h"

typedef struct weft_journal_disk {
    void *self;
    /* Nobody else may use it until unlock. WEFT_EXISTS: somebody does. */
    weft_status (*lock)(weft_ctx *ctx, void *self);
    void (*unlock)(void *self);
    /* How long a file is; 0 also when there is none. */
    weft_status (*size)(weft_ctx *ctx, void *self, const char *name, int64_t *bytes);
    /* len bytes at offset; fewer are WEFT_CORRUPT. */
    weft_status (*read)(weft_ctx *ctx, void *self, const char *name, int64_t offset, void *out, size_t len);
    /* Write at the end of a file of `end` bytes, and make it durable. *undone: it failed, and nothing of it
     * is there; else nobody knows. */
    weft_status (*append)(weft_ctx *ctx, void *self, const char *name, int64_t end, const void *bytes,
                          size_t len, bool *undone);
    /* Cut a file, durably. */
    weft_status (*truncate)(weft_ctx *ctx, void *self, const char *name, int64_t bytes);
    /* Make or replace a file, durably, whole or not at all. */
    weft_status (*put)(weft_ctx *ctx, void *self, const char *name, const void *bytes, size_t len);
    /* Remove a file; one that is not there is removed already. Need not be durable. */
    weft_status (*remove)(weft_ctx *ctx, void *self, const char *name);
    /* Call visit for every file. */
    weft_status (*list)(weft_ctx *ctx, void *self,
                        weft_status (*visit)(weft_ctx *ctx, void *of, const char *name), void *of);
} weft_journal_disk;

/* A folder, made when missing. The text is copied. Errors: WEFT_IO, WEFT_NOMEM. Caller frees, after the
 * journal on it is closed. */
WEFT_MUST_CHECK weft_status weft_journal_folder_open(weft_ctx *ctx, const char *path, weft_journal_disk *out);
void weft_journal_folder_close(weft_journal_disk *disk);

#endif
