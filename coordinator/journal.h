/* coordinator/journal.h - what outlives a coordinator: records of sessions, jobs and members.
 *
 * A record has a name (owner, kind, number) and is made once, never changed: whoever comes second is told
 * WEFT_EXISTS and reads what stands. So a decision is taken once, also by a coordinator that was stopped for
 * a while. SESSION alone is replaced: the newer one counts. What must be written before what is in
 * docs/failover.md; the kinds:
 *
 *     SESSION     what a session is
 *     JOB         a job that must be found again: with side effects, before its first task
 *     STAGE       a stage instance, before its first launch. number: of the instance
 *     GENERATION  before the first launch of a new generation of stages. number: counts
 *     ACCEPTED    partition → attempt of a stage, before its consumers start
 *     DECISION    `commit` with the closed manifest, or `abort`, before a file is moved
 *     CARRIED     after the last step of a decision
 *     END         how a job, session or member ended: it is terminal
 *     MEMBER      a worker's address
 *
 * There are two kinds of journal behind one interface: a file (journal_file.h), for one process at a time,
 * and ZooKeeper (journal_zookeeper.h), where each write is a transaction that only the leader of this epoch
 * can make.
 *
 * Any thread. Writes of different names go on side by side: those of a file share an fsync, those to
 * ZooKeeper are under way together. What was asked for of one owner is written in that order, posted or not.
 *
 * Broken: a write to the file failed and nobody knows whether it happened (an fsync that failed once may lie
 * when it is asked again), or this leader is none any more (the epoch is another's, or the lease ended while
 * ZooKeeper could not be reached: WEFT_NOT_LEADER). Every further write fails then; only opening it anew, in
 * the second case by whoever leads, tells what stands.
 *
 * Memory: an entry a record; values are read when they are asked for. */
#ifndef WEFT_COORDINATOR_JOURNAL_H
#define WEFT_COORDINATOR_JOURNAL_H

#include "common/mem.h"
#include "common/uuid.h"

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
                                 WEFT_JOURNAL_SESSION = 8,
                                 WEFT_JOURNAL_MEMBER = 9,
                                 WEFT_JOURNAL_GENERATION = 10,
                                 WEFT_JOURNAL_KIND_COUNT
} weft_journal_kind;

enum {
    WEFT_JOURNAL_INLINE_BYTES = 256 << 10, /* larger values are kept apart, named by their content */
    WEFT_JOURNAL_VALUE_BYTES = 256 << 20,  /* a manifest of a million files */
    WEFT_JOURNAL_RECORDS_MAX = 1000000,    /* 100 MB of entries */
    WEFT_JOURNAL_JOB_RECORDS_MAX = 20000,  /* stages of one job, with all their generations */
    WEFT_JOURNAL_POSTS_MAX = 65536,        /* records that wait for the journal's thread … */
    WEFT_JOURNAL_POSTS_BYTES = 64 << 20    /* … and their bytes: a minute of what ZooKeeper takes */
};

/* A record without its value. */
typedef struct weft_journal_record {
    weft_uuid job; /* its owner: a job, a session or a member */
    weft_journal_kind kind;
    uint32_t number;
    uint64_t epoch; /* of who wrote it */
    int64_t at_us;  /* wall clock, then */
    int64_t value_bytes;
} weft_journal_record;

typedef struct weft_journal_counts {
    int64_t records, writes; /* that stand; that were made by this process */
    int64_t posted, lost;    /* by weft_journal_post; those of them that could not be written */
    int64_t waiting;         /* posted, not written yet */
} weft_journal_counts;

/* The leadership in which it was opened. The epoch grows with each; the term counts 1, 2, 3, … */
uint64_t weft_journal_epoch(const weft_journal *journal);
uint64_t weft_journal_term(const weft_journal *journal);
bool weft_journal_is_broken(weft_journal *journal);
/* Is it broken because another leads, or will? */
bool weft_journal_is_deposed(const weft_journal *journal);
weft_journal_counts weft_journal_count_all(weft_journal *journal);

/* Make a record; durable when this answers WEFT_OK. Errors: WEFT_EXISTS, WEFT_LIMIT and WEFT_INVALID (no such
 * kind), WEFT_NOSPACE and WEFT_NOMEM write nothing and break nothing; after WEFT_IO and WEFT_NOT_LEADER the
 * journal is broken, and nobody knows whether the record is there. What is under way is not cancelled: it
 * ends by itself when the lease does. */
WEFT_MUST_CHECK weft_status weft_journal_create(weft_ctx *ctx, weft_journal *journal, weft_uuid job,
                                                weft_journal_kind kind, uint32_t number, const void *value,
                                                size_t bytes);
/* The same for a SESSION, whether there is one or not: it stands instead of the one before. Errors: as
 * create, but for WEFT_EXISTS; WEFT_INVALID for other kinds. */
WEFT_MUST_CHECK weft_status weft_journal_replace(weft_ctx *ctx, weft_journal *journal, weft_uuid job,
                                                 weft_journal_kind kind, uint32_t number, const void *value,
                                                 size_t bytes);
/* Is this process the leader still? A check that writes nothing, and that everything before it of this
 * journal stands in front of. A file has one writer, whose fence is its lock. Errors: WEFT_NOT_LEADER,
 * WEFT_IO (broken). */
WEFT_MUST_CHECK weft_status weft_journal_fence(weft_ctx *ctx, weft_journal *journal);
/* Is it sure, without asking anybody, that nobody else leads yet? A file: while it is not broken. */
bool weft_journal_leads(weft_journal *journal);
/* Make (a SESSION: replace) a record that nobody waits for: the value is copied, the journal's own thread
 * writes it, after what was posted before of the same owner. What it cannot write is logged and counted
 * (WEFT_EXISTS is none of that: it stands). Never waits. Errors: WEFT_LIMIT (too many wait), WEFT_INVALID,
 * WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_journal_post(weft_ctx *ctx, weft_journal *journal, weft_uuid job,
                                              weft_journal_kind kind, uint32_t number, const void *value,
                                              size_t bytes);
/* Wait until nothing that was posted is left to write; false when that took longer. */
bool weft_journal_flush(weft_journal *journal, int64_t most_ms);

/* A record by its name; false: there is none. Not one that is only posted, or under way. */
bool weft_journal_find(weft_journal *journal, weft_uuid job, weft_journal_kind kind, uint32_t number,
                       weft_journal_record *out);
/* All records as they are now, in the order in which they were written; in ctx->arena. */
WEFT_MUST_CHECK weft_status weft_journal_list(weft_ctx *ctx, weft_journal *journal, weft_journal_record **out,
                                              int32_t *count);
/* A record's value, in ctx->arena. Errors: WEFT_NOT_FOUND (no such record, or it was forgotten meanwhile),
 * WEFT_CORRUPT, WEFT_IO, WEFT_NOT_LEADER, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_journal_read(weft_ctx *ctx, weft_journal *journal,
                                              const weft_journal_record *record, void **value, size_t *bytes);

/* Forget what is terminal, in one batch: owners whose END is older than keep_us, and those beyond the last
 * keep_jobs unless they have a DECISION (a job with side effects that is submitted again must be found) or a
 * SESSION of number 1 (a submission with a name, likewise).
 * Sessions and members with an END count as jobs do. *removed tells how many. May write the file anew.
 * Errors: as weft_journal_create. */
WEFT_MUST_CHECK weft_status weft_journal_expire(weft_ctx *ctx, weft_journal *journal, int64_t keep_us,
                                                int32_t keep_jobs, int32_t *removed);

/* This process leads no more: every further write fails with WEFT_NOT_LEADER, and who waits for one waits no
 * longer. What was under way may stand or not. Any thread. */
void weft_journal_resign(weft_journal *journal);
/* Stop: what is posted and not written yet is written first, for a second at most. Nobody else may be in a
 * call. NULL is allowed. */
void weft_journal_close(weft_journal **journal);

#endif
