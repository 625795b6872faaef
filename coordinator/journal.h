/* coordinator/journal.h - what outlives a coordinator: records of jobs, each durable before it is acted upon.
 *
 * A record has a name (job, kind, number) and is created once, never changed: whoever comes second is told
 * WEFT_EXISTS and reads what stands. So a decision is taken once, also by a coordinator that was stopped for
 * a while. What must be journalled, and before what:
 *
 *     JOB        before the first task of a job with side effects; of a job that only reads when it outlives
 *                100 ms or before its second stage (until then its client submits it again). The statement,
 *                settings, user. The client makes the job's id: a job that is here is not begun again
 *     STAGE      before the first launch of a stage instance: fragment, splits, class, generation. A later
 *                coordinator does not plan it again. number: of the instance
 *     ACCEPTED   of an indeterminate stage instance, before a consumer starts: partition → attempt
 *     DECISION   before the first file of a commit is moved, or the failure of a job is told: `commit` with
 *                the closed manifest, or `abort`
 *     CARRIED    after the last step of a commit: nothing of it is left to do
 *     END        before a client is told how the job ended. A job with it is terminal
 *
 * Today jobs with side effects are here, and of their records JOB, DECISION, CARRIED and END (commits.h).
 *
 * A journal belongs to one process at a time. Opening it takes its lock and a new epoch, greater than all
 * before. A write that fails leaves nobody knowing whether it happened (an fsync that failed once may lie
 * when it is asked again): the journal is broken from then on, and every further write fails until it is
 * opened anew.
 *
 * Memory: an entry a record; values are read when they are asked for. Not thread-safe. */
#ifndef WEFT_COORDINATOR_JOURNAL_H
#define WEFT_COORDINATOR_JOURNAL_H

#include "common/mem.h"
#include "common/uuid.h"
#include "coordinator/journal_disk.h"

typedef struct weft_journal weft_journal;

typedef enum weft_journal_kind {                           /* on disk: appended only */
                                 WEFT_JOURNAL_EPOCH = 0,   /* the journal's own */
                                 WEFT_JOURNAL_REMOVED = 1, /* the journal's own */
                                 WEFT_JOURNAL_JOB = 2,
                                 WEFT_JOURNAL_STAGE = 3,
                                 WEFT_JOURNAL_ACCEPTED = 4,
                                 WEFT_JOURNAL_DECISION = 5,
                                 WEFT_JOURNAL_CARRIED = 6,
                                 WEFT_JOURNAL_END = 7,
                                 WEFT_JOURNAL_KIND_COUNT
} weft_journal_kind;

enum {
    WEFT_JOURNAL_INLINE_BYTES = 256 << 10, /* larger values are files of their own, named by their content */
    WEFT_JOURNAL_VALUE_BYTES = 256 << 20,  /* a manifest of a million files */
    WEFT_JOURNAL_RECORDS_MAX = 1000000,    /* 100 MB of entries */
    WEFT_JOURNAL_JOB_RECORDS_MAX = 20000   /* stages of one job, with all their generations */
};
#define WEFT_JOURNAL_FILE_BYTES_MAX (1LL << 30) /* read whole when it is opened */

/* A record without its value. Borrowed until the next call that writes. */
typedef struct weft_journal_record {
    weft_uuid job;
    weft_journal_kind kind;
    uint32_t number;
    uint64_t epoch; /* of who wrote it */
    int64_t at_us;  /* wall clock, then */
    int64_t value_bytes;
} weft_journal_record;

/* Open, and repair: a last record that was not written whole is cut off. disk: borrowed. The epoch is greater
 * than all before, and not less than least_epoch. Errors: WEFT_EXISTS (another process has it), WEFT_CORRUPT
 * (a record in the middle is damaged: nothing is guessed), WEFT_UNSUPPORTED (written by a later version),
 * WEFT_IO, WEFT_NOSPACE, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_journal_open(weft_ctx *ctx, const weft_journal_disk *disk,
                                              uint64_t least_epoch, weft_journal **out);
uint64_t weft_journal_epoch(const weft_journal *journal);
bool weft_journal_is_broken(const weft_journal *journal);

/* Create a record; durable when this answers WEFT_OK. Errors: WEFT_EXISTS, WEFT_LIMIT and WEFT_INVALID (no
 * such kind) write nothing; WEFT_NOSPACE writes nothing and breaks nothing; after WEFT_IO the journal is
 * broken. */
WEFT_MUST_CHECK weft_status weft_journal_create(weft_ctx *ctx, weft_journal *journal, weft_uuid job,
                                                weft_journal_kind kind, uint32_t number, const void *value,
                                                size_t bytes);
/* A record by its name, or NULL. */
const weft_journal_record *weft_journal_find(const weft_journal *journal, weft_uuid job,
                                             weft_journal_kind kind, uint32_t number);
/* All records in the order of their creation: index from 0 to count. */
int32_t weft_journal_count(const weft_journal *journal);
const weft_journal_record *weft_journal_at(const weft_journal *journal, int32_t index);
/* A record's value, in ctx->arena. Errors: WEFT_CORRUPT, WEFT_IO, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_journal_read(weft_ctx *ctx, weft_journal *journal,
                                              const weft_journal_record *record, void **value, size_t *bytes);

/* Forget terminal jobs, in one batch: those older than keep_us, and those beyond the last keep_jobs unless
 * they have a DECISION (a job with side effects that is submitted again must be found). *removed tells how
 * many. May write the journal anew. Errors: as weft_journal_create. */
WEFT_MUST_CHECK weft_status weft_journal_expire(weft_ctx *ctx, weft_journal *journal, int64_t keep_us,
                                                int32_t keep_jobs, int32_t *removed);

/* Give the lock back. NULL is allowed. */
void weft_journal_close(weft_journal **journal);

#endif
