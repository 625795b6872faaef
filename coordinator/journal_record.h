/* coordinator/journal_record.h - a record as bytes, in the file and in ZooKeeper.
 *
 * Little-endian:
 *     u32 CRC-32C of all that follows in the record · u32 bytes of its body · u64 sequence number · i64 µs ·
 *     u64 owner high · u64 owner low · u64 epoch · u16 kind · u16 flags · u32 number · body
 * In the file sequence numbers go up by one; in ZooKeeper they are 0. The body is the value, or with the flag
 * BLOB: u64 length, and the name of what holds it. The flag JOINED: written by one append together with the
 * record before it. A record EPOCH has the term as its number. */
#ifndef WEFT_COORDINATOR_JOURNAL_RECORD_H
#define WEFT_COORDINATOR_JOURNAL_RECORD_H

#include "coordinator/journal.h"

enum {
    JOURNAL_HEAD = 56,
    JOURNAL_FLAG_BLOB = 1,
    JOURNAL_FLAG_JOINED = 2,
    JOURNAL_FLAG_PARTS = 4, /* with BLOB: it lies in nodes beside the record's */
    JOURNAL_BLOB_NAME = 72, /* of the file: "blob-" and 32 digits; of blobs.h: 64; and zeros */
    JOURNAL_BLOB_BODY = 8 + JOURNAL_BLOB_NAME,
    JOURNAL_BLOB_BODY_OLD = 8 + 48 /* of files of the first version */
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
/* Is there a whole, undamaged record at the beginning of these bytes? body points into them; its kind may be
 * one of a later version. */
bool weft_journal_decode(const uint8_t *bytes, size_t len, journal_draft *out);
/* The body of a BLOB; and its parts, false when it is none. */
void weft_journal_blob_body(uint64_t bytes, const char *name, uint8_t out[JOURNAL_BLOB_BODY]);
bool weft_journal_blob_name(const uint8_t *body, uint32_t body_bytes, char name[JOURNAL_BLOB_NAME],
                            int64_t *bytes);

#endif
