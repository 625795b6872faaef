/* coordinator/journal_private.h - what journal.c (records and their index) and journal_load.c (opening,
 * removing, writing anew) share.
 *
 * The file `journal` is a header of 16 bytes and records, one after the other, little-endian:
 *     u32 CRC-32C of all that follows in the record · u32 bytes of its body · u64 sequence number · i64 µs ·
 *     u64 job high · u64 job low · u64 epoch · u16 kind · u16 flags · u32 number · body
 * Sequence numbers go up by one. The body is the value, or with the flag BLOB: u64 length, and the name of
 * the file that holds it. */
#ifndef WEFT_COORDINATOR_JOURNAL_PRIVATE_H
#define WEFT_COORDINATOR_JOURNAL_PRIVATE_H

#include "coordinator/journal.h"

#define JOURNAL_FILE "journal"

enum {
    JOURNAL_FILE_HEAD = 16,
    JOURNAL_HEAD = 56,
    JOURNAL_VERSION = 1,
    JOURNAL_FLAG_BLOB = 1,
    JOURNAL_BLOB_NAME = 48, /* "blob-", 32 hex digits, and zeros */
    JOURNAL_BLOB_BODY = 8 + JOURNAL_BLOB_NAME
};

typedef struct journal_entry {
    weft_journal_record shown;
    int64_t offset; /* of the body */
    uint32_t body_bytes;
    uint16_t flags;
    int32_t next; /* in its bucket; -1: none */
} journal_entry;

struct weft_journal {
    const weft_journal_disk *disk;
    weft_account *account;
    uint64_t epoch, sequence; /* of the last record */
    int64_t end;              /* of the file */
    int64_t garbage_bytes;    /* of records that mean nothing any more */
    bool is_locked, is_broken;
    journal_entry *entries;
    int32_t count, capacity;
    int32_t *buckets; /* of a power of two */
    int32_t bucket_count;
};

/* A record before it is bytes. */
typedef struct journal_draft {
    weft_journal_record record;
    const void *body;
    uint32_t body_bytes;
    uint16_t flags;
    uint64_t sequence;
} journal_draft;

/* out has room for JOURNAL_HEAD + body_bytes. */
void weft_journal_encode(const journal_draft *draft, uint8_t *out);
/* Is there a whole, undamaged record at the beginning of these bytes? body points into them. */
bool weft_journal_decode(const uint8_t *bytes, size_t len, journal_draft *out);
/* Put an entry into the index. offset: of the body. */
weft_status weft_journal_index(weft_ctx *ctx, weft_journal *journal, const journal_draft *draft,
                               int64_t offset);
/* Write a record of the journal at its end, durably, and count it; the caller indexes it. *offset: of its
 * body. */
weft_status weft_journal_append(weft_ctx *ctx, weft_journal *journal, journal_draft *draft, int64_t *offset);
/* Forget the index (before it is made anew). */
void weft_journal_index_clear(weft_journal *journal);
/* The name of the file of a BLOB body; false when it is none. */
bool weft_journal_blob_name(const uint8_t *body, uint32_t bytes, char name[JOURNAL_BLOB_NAME]);

#endif
