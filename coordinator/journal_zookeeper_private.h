/* coordinator/journal_zookeeper_private.h - what the files of a journal in ZooKeeper share:
 * journal_request.c (asking, and waiting while the lease lasts), journal_zookeeper.c (writing, reading,
 * forgetting), journal_zookeeper_load.c (opening). */
#ifndef WEFT_COORDINATOR_JOURNAL_ZOOKEEPER_PRIVATE_H
#define WEFT_COORDINATOR_JOURNAL_ZOOKEEPER_PRIVATE_H

#include "coordinator/journal_private.h"
#include "coordinator/journal_zookeeper.h"

enum {
    JOURNAL_PATH_BYTES = 256,           /* of a record's node */
    JOURNAL_PART_BYTES = 512 << 10,     /* of a large value, in one node */
    JOURNAL_PARTS_BYTES_MOST = 8 << 20, /* of one large value in ZooKeeper, which is memory there … */
    JOURNAL_PARTS_BYTES_ALL = 48 << 20, /* … and of all */
    JOURNAL_KEPT_BYTES = 64 << 20, /* of values that are kept since they were loaded, until they are read */
    JOURNAL_SEALED_BYTES = JOURNAL_HEAD + WEFT_JOURNAL_INLINE_BYTES + WEFT_SEAL_MORE_BYTES
};

typedef struct journal_room journal_room;

/* A question to ZooKeeper. Owned by who asks and by the answer that is still to come. */
typedef struct journal_request {
    journal_room *room;
    weft_account *account;
    atomic_int owners;
    /* Guarded by the room's lock until is_answered. */
    bool is_answered;
    weft_zookeeper_outcome outcome;
    int32_t failed;
    weft_zookeeper_stat stat;
    uint8_t *value; /* of get; of children: their names, each with a zero behind it */
    size_t bytes;
    int32_t child_count;
    bool no_memory; /* the answer could not be kept */
} journal_request;

typedef struct journal_keeper { /* a journal in ZooKeeper */
    weft_journal base;
    const weft_zookeeper *zk;
    const weft_seal *seal;
    const weft_journal_blobs *blobs;
    journal_room *room;
    int32_t epoch_version;
    int64_t kept_bytes; /* guarded by base.lock, as is parts_bytes: of large values in parts */
    int64_t parts_bytes;
    char epoch[JOURNAL_PATH_BYTES];  /* ROOT/epoch */
    char folder[JOURNAL_PATH_BYTES]; /* ROOT/journal */
} journal_keeper;

/* ---- journal_request.c ---- */

WEFT_MUST_CHECK weft_status weft_journal_room_new(weft_ctx *ctx, journal_room **out);
void weft_journal_room_leave(journal_room **room);

typedef enum journal_question {
    JOURNAL_ASK_GET,
    JOURNAL_ASK_CHILDREN,
    JOURNAL_ASK_SYNC,
    JOURNAL_ASK_CREATE, /* an empty node */
    JOURNAL_ASK_MULTI
} journal_question;

/* Ask. path: of all but MULTI; ops: of MULTI. A session that is over breaks the journal: WEFT_NOT_LEADER. */
WEFT_MUST_CHECK weft_status weft_journal_ask(weft_ctx *ctx, journal_keeper *k, journal_question question,
                                             const char *path, const weft_zookeeper_op *ops, int32_t count,
                                             journal_request **out);
/* Wait for the answer as long as the lease lasts; then the journal is broken: WEFT_NOT_LEADER. EXPIRED and
 * REFUSED are told in the same way; every other outcome is in the request. */
WEFT_MUST_CHECK weft_status weft_journal_await(weft_ctx *ctx, journal_keeper *k, journal_request *request);
void weft_journal_request_free(journal_request **request);
/* Ask and wait, again and again while the outcome is UNKNOWN. The caller frees *out. */
WEFT_MUST_CHECK weft_status weft_journal_ask_surely(weft_ctx *ctx, journal_keeper *k,
                                                    journal_question question, const char *path,
                                                    journal_request **out);
/* The journal is broken by this; answers WEFT_NOT_LEADER. */
weft_status weft_journal_depose(weft_ctx *ctx, journal_keeper *k, const char *why);

/* ---- journal_zookeeper.c ---- */

/* A node that is written by a transaction. */
typedef struct journal_write {
    journal_request *request;
    bool replaces, with_owner, as_set;
    uint8_t *sealed;
    size_t sealed_bytes;
    char owner[JOURNAL_PATH_BYTES], path[JOURNAL_PATH_BYTES];
} journal_write;

/* Send it, and wait until it stands. replaces: whatever is there. Errors: WEFT_EXISTS, WEFT_NOT_LEADER, … */
WEFT_MUST_CHECK weft_status weft_journal_write_send(weft_ctx *ctx, journal_keeper *k, journal_write *w);
WEFT_MUST_CHECK weft_status weft_journal_write_wait(weft_ctx *ctx, journal_keeper *k, journal_write *w);
void weft_journal_write_free(journal_write *w);

/* ---- journal_zookeeper_parts.c: large values, in nodes RECORD.ID.INDEX beside their record ---- */

/* The nodes of a value; id: the beginning of its SHA-256. */
void weft_journal_part_path(const journal_keeper *k, const weft_journal_record *r, int64_t id, int32_t index,
                            char out[JOURNAL_PATH_BYTES]);
int32_t weft_journal_part_count(int64_t value_bytes);
/* The id in the name of a value. */
int64_t weft_journal_part_id(const char *name);
/* Make them all durable; name: the SHA-256. Errors: WEFT_LIMIT, those of writing. */
WEFT_MUST_CHECK weft_status weft_journal_parts_store(weft_ctx *ctx, journal_keeper *k,
                                                     const weft_journal_record *r, const void *value,
                                                     char name[WEFT_BLOB_NAME_BYTES]);
/* In ctx->arena. */
WEFT_MUST_CHECK weft_status weft_journal_parts_load(weft_ctx *ctx, journal_keeper *k,
                                                    const weft_journal_record *r, const char *name,
                                                    size_t bytes, void **value);
/* The value that stood before is none any more. What cannot be removed is removed with its owner. */
void weft_journal_parts_remove(weft_ctx *ctx, journal_keeper *k, const weft_journal_record *r, int64_t id);

/* ---- journal_zookeeper.c again ---- */

extern const journal_kind_ops weft_journal_keeper_ops;

/* "…/UUID" and "…/UUID/STAGE-7". */
void weft_journal_owner_path(const journal_keeper *k, weft_uuid job, char out[JOURNAL_PATH_BYTES]);
void weft_journal_record_path(const journal_keeper *k, const weft_journal_record *r,
                              char out[JOURNAL_PATH_BYTES]);
/* "STAGE"; WEFT_JOURNAL_KIND_COUNT: there is no such kind. */
const char *weft_journal_kind_name(weft_journal_kind kind);
weft_journal_kind weft_journal_kind_find(const char *name, size_t len);
/* Unseal and decode what stands at a path: *plain (heap) holds what draft points into. Errors: WEFT_CORRUPT,
 * WEFT_UNSUPPORTED, WEFT_NOT_FOUND (sealed by a key that is not here), WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_journal_unseal(weft_ctx *ctx, const journal_keeper *k, const char *path,
                                                const uint8_t *sealed, size_t bytes, uint8_t **plain,
                                                journal_draft *draft);

#endif
