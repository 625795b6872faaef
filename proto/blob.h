/* proto/blob.h - what is said when blobs (common/blob.h) go from one process to another.
 *
 *   PUT → READY | DONE | REFUSED      a blob shall be kept there; DONE: it is there already
 *   CHUNK* → READY* | DONE | REFUSED  its chunks in order, a few ahead of what was answered; the last one is
 *                                     answered when all of it is durable
 *   GET → CHUNK* | REFUSED            `count` chunks from `index` on: who asks has room for them
 *   CLOCK → CLOCK | REFUSED           the time there
 *   KEEP → DONE | REFUSED             these are needed, and of what was there at that time no others; DONE
 *                                     tells which of them are not there
 *
 * A message is a head of fixed size, little-endian, under a checksum, and perhaps one frame more: a chunk, a
 * list of ids, or the text of a refusal, whose CRC-32C stands in the head. Nothing is allocated to read one.
 *
 * All of it may come twice: PUT of what is there is DONE, and a KEEP says nothing new. What broke in the
 * middle begins anew. A coordinator's PUT and KEEP carry its epoch: one that led before is refused.
 *
 * A list of what is needed grows old on its way: whoever made it may have stood still since. So the time is
 * asked first, the list made then, and the KEEP says that time again: by one clock, that of who removes. */
#ifndef WEFT_PROTO_BLOB_H
#define WEFT_PROTO_BLOB_H

#include "common/blob.h"

typedef enum weft_blob_kind {
    WEFT_BLOB_PUT = 1,
    WEFT_BLOB_CHUNK,
    WEFT_BLOB_GET,
    WEFT_BLOB_KEEP,
    WEFT_BLOB_READY, /* index: of the chunk that is expected next */
    WEFT_BLOB_DONE,
    WEFT_BLOB_REFUSED,
    WEFT_BLOB_CLOCK
} weft_blob_kind;

typedef enum weft_blob_class {
    WEFT_BLOB_RECORD,   /* a value of the journal: for coordinators only */
    WEFT_BLOB_ARTIFACT, /* a file of a session: workers read it too */
    WEFT_BLOB_CLASS_COUNT
} weft_blob_class;

enum {
    WEFT_BLOB_VERSION = 1,
    WEFT_BLOB_HEAD_BYTES = 88,
    WEFT_BLOB_WINDOW = 4, /* chunks that are under way */
    WEFT_BLOB_TEXT_BYTES = 512
};

typedef struct weft_blob_message {
    weft_blob_kind kind;
    weft_blob_class class;
    char name[WEFT_BLOB_NAME_BYTES]; /* of PUT, CHUNK, GET, READY; else "" */
    uint64_t epoch;                  /* PUT, KEEP */
    int64_t bytes;                   /* PUT, CHUNK: of the whole blob */
    int64_t time_ns;                 /* CLOCK as an answer, KEEP: of the monotonic clock of who is asked */
    int32_t index, count;            /* CHUNK, GET, READY: a chunk; GET: how many; KEEP, DONE: ids */
    weft_status code;                /* REFUSED */
    const uint8_t *body;             /* CHUNK, KEEP, DONE, REFUSED; borrowed */
    size_t body_bytes;
} weft_blob_message;

/* The head of a message, into `to`, of WEFT_BLOB_HEAD_BYTES; its body is the next frame. */
void weft_blob_put_head(uint8_t *to, const weft_blob_message *message);
/* A message from its frames; body may be NULL when body_bytes is 0. What comes out is of its kind and within
 * the limits above, and borrows body. Errors: WEFT_CORRUPT, WEFT_UNSUPPORTED for another version or kind. */
WEFT_MUST_CHECK weft_status weft_blob_read_message(weft_ctx *ctx, const uint8_t *head, size_t head_bytes,
                                                   const uint8_t *body, size_t body_bytes,
                                                   weft_blob_message *out);
/* The i-th id of a KEEP or DONE. */
uint64_t weft_blob_message_id(const weft_blob_message *message, int32_t i);

#endif
