/* proto/blob_link.h - the end that asks of a conversation about blobs (blob.h): a connection to one place.
 *
 * It has an endpoint (common/net.h) of its own, which lives as long as the link: blobs are rare and large. A
 * call waits for its answers; it ends when the far end is gone, says nothing for a while, or ctx is
 * cancelled. After an error the link can only be closed. One thread at a time.
 *
 * Errors of every call: WEFT_UNREACHABLE, WEFT_CORRUPT (what came is no answer), WEFT_CANCELLED, WEFT_NOMEM,
 * and what the far end refuses with. */
#ifndef WEFT_PROTO_BLOB_LINK_H
#define WEFT_PROTO_BLOB_LINK_H

#include "common/net.h"
#include "proto/blob.h"

typedef struct weft_blob_link weft_blob_link;

typedef struct weft_blob_link_options {
    weft_keys *keys;   /* borrowed; NULL: none */
    weft_role role;    /* of this process */
    int32_t silent_ms; /* without an answer it is given up; 0: 5 s */
} weft_blob_link_options;

/* address: "HOST:PORT" of a coordinator. Errors: WEFT_INVALID, WEFT_NOMEM; whether somebody is there shows
 * with the first call. Caller closes. */
WEFT_MUST_CHECK weft_status weft_blob_link_open(weft_ctx *ctx, const weft_blob_link_options *options,
                                                const char *address, weft_blob_link **out);
void weft_blob_link_close(weft_blob_link **link);

/* Where chunks come from: chunk `index` into `to`, of WEFT_BLOB_CHUNK_BYTES. */
typedef struct weft_blob_source {
    void *self;
    weft_status (*read)(weft_ctx *ctx, void *self, int32_t index, uint8_t *to, size_t *len);
} weft_blob_source;
/* Have it kept there; WEFT_OK: it is durable. */
WEFT_MUST_CHECK weft_status weft_blob_link_put(weft_ctx *ctx, weft_blob_link *link, weft_blob_class class,
                                               uint64_t epoch, const char *name, int64_t bytes,
                                               const weft_blob_source *source);

/* Where chunks go, in order; begin comes first, with the bytes of all. */
typedef struct weft_blob_sink {
    void *self;
    weft_status (*begin)(weft_ctx *ctx, void *self, int64_t bytes);
    weft_status (*take)(weft_ctx *ctx, void *self, const uint8_t *chunk, size_t len);
} weft_blob_sink;
/* Fetch it. What came is not checked against its name: that is the sink's. */
WEFT_MUST_CHECK weft_status weft_blob_link_get(weft_ctx *ctx, weft_blob_link *link, weft_blob_class class,
                                               const char *name, const weft_blob_sink *sink);

/* The time at the far end, for a list that is made next. */
WEFT_MUST_CHECK weft_status weft_blob_link_clock(weft_ctx *ctx, weft_blob_link *link, int64_t *time_ns);
/* Tell what is needed (ids sorted) by a list that was begun after this link had answered that time; *missing:
 * what is not there, in ctx->arena. */
WEFT_MUST_CHECK weft_status weft_blob_link_keep(weft_ctx *ctx, weft_blob_link *link, weft_blob_class class,
                                                uint64_t epoch, int64_t time_ns, const uint64_t *ids,
                                                int32_t count, uint64_t **missing, int32_t *missing_count);

#endif
