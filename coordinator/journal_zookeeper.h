/* coordinator/journal_zookeeper.h - a journal in ZooKeeper: of whoever leads.
 *
 *     ROOT/epoch                    whose version every write checks in the same transaction
 *     ROOT/journal/UUID/KIND-NUMBER one record each: what journal_record.h says, sealed, with the path as
 *                                   additional data
 *
 *     ROOT/journal/UUID/KIND-NUMBER.ID.INDEX   the parts of a large value
 *
 * Values above WEFT_JOURNAL_INLINE_BYTES are blobs: their name, which is the SHA-256 of their content, is
 * durable here after they are durable there. Where there is no place for blobs, or it can take none now, they
 * are kept here too, in parts of 512 KiB, as long as one has no more than 8 MiB and all together 48 MiB:
 * ZooKeeper's data is memory. A write
 * whose outcome is not known is looked up after a `sync`: it stands if these very bytes stand there, and is
 * tried again when nothing does. While no server answers, writers wait until the session's lease ends; then
 * the journal is broken, with WEFT_NOT_LEADER. */
#ifndef WEFT_COORDINATOR_JOURNAL_ZOOKEEPER_H
#define WEFT_COORDINATOR_JOURNAL_ZOOKEEPER_H

#include "common/blob.h"
#include "common/seal.h"
#include "common/zookeeper.h"
#include "coordinator/journal.h"
#include "coordinator/leader.h"

/* Where large values are kept: beside the journal, sealed, on the leader and a standby. Any thread. */
typedef struct weft_journal_blobs {
    void *self;
    /* Make it durable on so many machines as it should be, and tell its name; one that is there already is
     * not written again. Errors: WEFT_UNREACHABLE (too few of them), WEFT_LIMIT, WEFT_IO, WEFT_NOSPACE,
     * WEFT_NOMEM. */
    weft_status (*store)(weft_ctx *ctx, void *self, const void *value, size_t bytes,
                         char name[WEFT_BLOB_NAME_BYTES]);
    /* In ctx->arena, checked against its name. Errors: WEFT_NOT_FOUND (nobody has it), WEFT_CORRUPT, WEFT_IO,
     * WEFT_NOMEM. */
    weft_status (*load)(weft_ctx *ctx, void *self, const char *name, size_t bytes, void **value);
} weft_journal_blobs;

typedef struct weft_journal_zookeeper_options {
    const weft_zookeeper *zookeeper; /* borrowed until close; with the clock of ctx */
    const char *root;                /* "/weft/CLUSTER", which is there; copied */
    uint64_t epoch, term;            /* as this leader wrote them into ROOT/epoch … */
    int32_t epoch_version;           /* … and the version that it has since */
    const weft_seal *seal;           /* borrowed until close */
    const weft_journal_blobs *blobs; /* borrowed until close; NULL: large values are kept in parts */
} weft_journal_zookeeper_options;

/* Called by who has won the epoch. Makes ROOT/journal when there is none, and reads all records after a
 * `sync`. Errors: WEFT_NOT_LEADER (the epoch is another's, or the lease ended meanwhile), WEFT_CORRUPT (a
 * record that does not unseal, with its path), WEFT_NOT_FOUND (sealed by a key that is not here, or there is
 * no ROOT), WEFT_UNSUPPORTED (of a later version), WEFT_PERMISSION_DENIED (its nodes belong to another user),
 * WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_journal_open_zookeeper(weft_ctx *ctx,
                                                        const weft_journal_zookeeper_options *options,
                                                        weft_journal **out);

/* Those who stand for election now, who leads among them, as their nodes say; in ctx->arena. What cannot be
 * read is left out and logged. Errors: WEFT_NOT_LEADER, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_journal_candidates(weft_ctx *ctx, weft_journal *journal, weft_leader **out,
                                                    int32_t *count);
/* The ids (weft_blob_id) of the blobs that its records name, sorted; in ctx->arena. Of a journal in a file,
 * which keeps large values itself, there are none. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_journal_blob_ids(weft_ctx *ctx, weft_journal *journal, uint64_t **ids,
                                                  int32_t *count);

#endif
