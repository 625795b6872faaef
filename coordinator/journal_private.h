/* coordinator/journal_private.h - what the front of a journal (journal.c, journal_post.c) and its two kinds
 * (journal_file.c with journal_load.c, journal_zookeeper.c) share.
 *
 * The front keeps the index, waits for names that are being written, and counts; a kind makes bytes durable.
 * A write is a ticket: begin, wait, and then the front puts it into the index or takes it out. Several can be
 * begun before the first is waited for.
 *
 * Locks: `lock` guards the index and what is said so below; a kind takes it, never holds it over I/O, and
 * takes its own locks before it. */
#ifndef WEFT_COORDINATOR_JOURNAL_PRIVATE_H
#define WEFT_COORDINATOR_JOURNAL_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "coordinator/journal.h"
#include "coordinator/journal_index.h"

/* A write under way. Of one thread, until it has waited for it. */
typedef struct journal_ticket {
    journal_draft draft; /* of the record; body: the value */
    bool replaces;
    int32_t at;           /* its entry in the index; -1: none (the record REMOVED) */
    const weft_uuid *ids; /* of REMOVED: whose records are forgotten with it; sorted */
    int32_t id_count;
    /* The kind's own. */
    uint8_t blob[JOURNAL_BLOB_BODY]; /* what stands for a large value */
    bool has_blob_lock;
    bool is_done; /* guarded by lock; status too */
    weft_status status;
    void *request; /* of ZooKeeper */
    struct journal_ticket *next;
} journal_ticket;

typedef struct journal_kind_ops {
    /* Begin to write; the ticket and its value stay until wait has answered. A failure wrote nothing. */
    weft_status (*begin)(weft_ctx *ctx, weft_journal *j, journal_ticket *t);
    /* Until it is written. The index was changed by the kind then, under the lock, in the order in which
     * records were written: commit, or forget for REMOVED. */
    weft_status (*wait)(weft_ctx *ctx, weft_journal *j, journal_ticket *t);
    weft_status (*fence)(weft_ctx *ctx, weft_journal *j);
    bool (*leads)(weft_journal *j); /* NULL: always, when it is not broken */
    weft_status (*read)(weft_ctx *ctx, weft_journal *j, const weft_journal_record *name, void **value,
                        size_t *bytes);
    /* Forget the records of these owners: durably, and in the index. ids: sorted. */
    weft_status (*forget)(weft_ctx *ctx, weft_journal *j, const weft_uuid *ids, int32_t count);
    /* Write anew what has grown by replacing, if that is worth it; NULL: never. */
    weft_status (*tidy)(weft_ctx *ctx, weft_journal *j);
    /* Free all of the kind's, and the journal. No thread is in it. */
    void (*close)(weft_journal *j);
} journal_kind_ops;

/* A record that waits for the journal's thread. */
typedef struct journal_post {
    struct journal_post *next;
    journal_ticket ticket;
    bool is_begun;
    uint8_t value[];
} journal_post;

struct weft_journal { /* a kind's own begins with it */
    const journal_kind_ops *ops;
    weft_account *account;
    const weft_clock *clock;
    uint64_t epoch, term;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a ticket is done, an entry settled, something posted */
    bool has_lock;
    /* Guarded by lock. */
    journal_index index;
    bool is_broken;
    weft_error failure; /* why */
    weft_journal_counts counts;
    journal_post *first, *last; /* not begun */
    int64_t post_bytes;
    int32_t posts_open; /* posted and not settled */
    bool is_closing;
    atomic_bool is_deposed; /* broken, as another leads or will */
    atomic_bool gives_up;   /* who waits for a server ends waiting: the journal is being closed */
    bool has_thread;
    pthread_t thread;
};

/* Of a kind's opening and closing: the front's fields. */
WEFT_MUST_CHECK weft_status weft_journal_base_open(weft_ctx *ctx, weft_journal *j,
                                                   const journal_kind_ops *ops);
void weft_journal_base_close(weft_journal *j);
/* Start the thread, once all is loaded. */
WEFT_MUST_CHECK weft_status weft_journal_thread_start(weft_ctx *ctx, weft_journal *j);
/* Broken from now on, by ctx->error, which is kept for those who come later; lock held. */
void weft_journal_break(weft_ctx *ctx, weft_journal *j);
/* Fails with what broke it, else WEFT_OK; lock held. */
WEFT_MUST_CHECK weft_status weft_journal_check_broken(weft_ctx *ctx, const weft_journal *j);
/* Make the ticket of a record: its entry in the index, once nobody else writes that name and nothing of its
 * owner is posted. state: PENDING, or POSTED, which waits for nobody. lock held. Errors: as
 * weft_journal_create. */
WEFT_MUST_CHECK weft_status weft_journal_admit(weft_ctx *ctx, weft_journal *j, journal_ticket *t,
                                               journal_state state);

#endif
