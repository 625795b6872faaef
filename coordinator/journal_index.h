/* coordinator/journal_index.h - the records of a journal by name and by owner, in the order in which they
 * were asked for. Not thread-safe: the journal's lock guards it. */
#ifndef WEFT_COORDINATOR_JOURNAL_INDEX_H
#define WEFT_COORDINATOR_JOURNAL_INDEX_H

#include "coordinator/journal_record.h"

typedef enum journal_state {
    JOURNAL_PENDING = 1, /* somebody writes it, and waits */
    JOURNAL_POSTED = 2,  /* the journal's thread will */
    JOURNAL_LIVE = 4,
    JOURNAL_DEAD = 8 /* failed, replaced or forgotten: gone when the index next grows */
} journal_state;

typedef struct journal_entry {
    weft_journal_record shown;
    journal_state state;
    uint16_t flags;
    uint32_t body_bytes;
    int64_t
        offset; /* in the file: of the body. In ZooKeeper: of a BLOB, the beginning of its name as a number */
    void *value;    /* from ZooKeeper: a heap copy, since it was loaded until it is read; or NULL */
    int32_t *place; /* PENDING and POSTED: where the writer remembers the number of this entry */
    int32_t next, next_of_job; /* in their chains; -1: none */
} journal_entry;

typedef struct journal_index {
    journal_entry *entries;
    int32_t count, capacity;
    int32_t live;          /* of them */
    int64_t garbage_bytes; /* as records, of those that died LIVE, since somebody set it to 0 */
    int32_t *names, *jobs; /* buckets: capacity of each, a power of two */
} journal_index;

/* A new entry, of a write that begins; *place is its number, kept up to date until it is committed or
 * abandoned. Memory is charged to ctx->memory. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_journal_index_add(weft_ctx *ctx, journal_index *index,
                                                   const weft_journal_record *name, journal_state state,
                                                   int32_t *place);
/* It stands; one of the same name that stood before is dead. */
void weft_journal_index_commit(journal_index *index, int32_t at);
void weft_journal_index_abandon(journal_index *index, int32_t at);
/* Those of an owner that stand are dead. *blobs is set when one of them was a BLOB. */
void weft_journal_index_forget(journal_index *index, weft_uuid job, bool *blobs);
/* The number of the newest of this name in one of these states, or -1. */
int32_t weft_journal_index_find(const journal_index *index, weft_uuid job, weft_journal_kind kind,
                                uint32_t number, uint32_t states);
/* The first entry of the chain that an owner's are in (of others too, in any state), or -1. */
int32_t weft_journal_index_first(const journal_index *index, weft_uuid job);
/* How many of an owner are in one of these states. */
int32_t weft_journal_index_count(const journal_index *index, weft_uuid job, uint32_t states);
/* The owners that may be forgotten (weft_journal_expire), sorted; at most `most`. */
int32_t weft_journal_index_terminal(const journal_index *index, int64_t before_us, int32_t keep_jobs,
                                    weft_uuid *out, int32_t most);
void weft_journal_index_free(journal_index *index);

/* For qsort and bsearch over weft_uuid. */
int weft_journal_compare_ids(const void *a, const void *b);

#endif
