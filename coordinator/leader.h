/* coordinator/leader.h - who leads, and where: the value of the epoch's node and of a candidate's.
 *
 *     1 byte version (2) · epoch, term: 8 bytes each, little-endian · GUID: 16 bytes
 *     · address · HTTP address · program version · address of its blobs, each ended by a zero byte
 *
 * One of version 1 has no blobs. A candidate's has epoch and term 0. What is read is checked: it lay outside.
 */
#ifndef WEFT_COORDINATOR_LEADER_H
#define WEFT_COORDINATOR_LEADER_H

#include "common/uuid.h"

enum {
    WEFT_LEADER_ADDRESS_BYTES = 272, /* a host name, a colon, a port */
    WEFT_LEADER_HTTP_BYTES = 288,    /* http:// or https:// before it */
    WEFT_LEADER_VERSION_BYTES = 32,
    WEFT_LEADER_VALUE_BYTES = 33 + WEFT_LEADER_ADDRESS_BYTES + WEFT_LEADER_HTTP_BYTES +
                              WEFT_LEADER_VERSION_BYTES + WEFT_LEADER_ADDRESS_BYTES
};

typedef struct weft_leader {
    uint64_t epoch, term;
    weft_uuid guid;                          /* of its candidate */
    char address[WEFT_LEADER_ADDRESS_BYTES]; /* HOST:PORT of the control port */
    char http[WEFT_LEADER_HTTP_BYTES];       /* http://HOST:PORT of pages and REST */
    char version[WEFT_LEADER_VERSION_BYTES];
    char blobs[WEFT_LEADER_ADDRESS_BYTES]; /* HOST:PORT of its blob_port.h; "": it keeps none */
} weft_leader;

/* Returns how many of out's WEFT_LEADER_VALUE_BYTES it takes. */
size_t weft_leader_encode(const weft_leader *leader, uint8_t out[WEFT_LEADER_VALUE_BYTES]);
/* Errors: WEFT_CORRUPT, WEFT_UNSUPPORTED (of a later version). */
WEFT_MUST_CHECK weft_status weft_leader_decode(weft_ctx *ctx, const void *bytes, size_t len,
                                               weft_leader *out);

#endif
