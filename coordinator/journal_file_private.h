/* coordinator/journal_file_private.h - what journal_file.c (writing, reading) and journal_load.c (opening,
 * forgetting, writing anew) share.
 *
 * The file `journal` is a header of 16 bytes and records (journal_record.h), one after the other. Large
 * values are files of their own, `blob-…`. */
#ifndef WEFT_COORDINATOR_JOURNAL_FILE_PRIVATE_H
#define WEFT_COORDINATOR_JOURNAL_FILE_PRIVATE_H

#include "coordinator/journal_file.h"
#include "coordinator/journal_private.h"

#define JOURNAL_FILE "journal"

enum {
    JOURNAL_FILE_HEAD = 16,
    JOURNAL_VERSION = 1,
    JOURNAL_APPEND_BYTES = 1 << 20 /* of an append, unless one record alone is longer */
};

typedef struct journal_file {
    weft_journal base;
    const weft_journal_disk *disk;
    pthread_mutex_t disk_lock; /* one change of the disk at a time */
    pthread_rwlock_t shape;    /* for writing: the file is written anew */
    bool has_locks, is_locked;
    /* Of whoever writes (is_writing), and guarded by base.lock when nobody does. */
    uint64_t sequence; /* of the last record */
    int64_t end;       /* of the file */
    /* Guarded by base.lock. */
    bool is_writing; /* somebody appends, or writes the file anew */
    bool is_sweeping, has_dead_blobs;
    int32_t blob_writers;
    journal_ticket *queue, *queue_end; /* begun, not taken by who writes */
    weft_error last_failure;           /* of an append */
} journal_file;

extern const journal_kind_ops weft_journal_file_ops;

/* Begin and wait. */
weft_status weft_journal_file_write(weft_ctx *ctx, journal_file *f, journal_ticket *t);
weft_status weft_journal_file_forget(weft_ctx *ctx, weft_journal *j, const weft_uuid *ids, int32_t count);
weft_status weft_journal_file_tidy(weft_ctx *ctx, weft_journal *j);

#endif
