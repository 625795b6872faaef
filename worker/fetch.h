/* worker/fetch.h - fetching blocks from the block servers of other processes (serve.h, proto/data.h).
 *
 * weft_fetch_blocks gets the headers of many blocks at once and makes stand-ins (engine/exec/block_remote.h);
 * their pages are fetched when they are read, a little ahead of the reader: for every page that is asked for
 * there is memory already. One page of a stream may pass the pool's limit, those ahead of it may not, and all
 * of a fetcher together stay within a part of the pool.
 *
 * One endpoint, one connection to each address, opened when it is needed and closed when it is idle. A
 * connection that breaks fails at once what waits for it, and the next one who asks opens another. Whoever
 * waits sees a cancelled ctx within some 20 ms.
 *
 * Errors of reading: WEFT_UNREACHABLE when the connection broke or nothing was heard for the deadline,
 * WEFT_FETCH_FAILED when the process that was meant does not have the block (any more), WEFT_CHECKSUM. Any
 * thread. */
#ifndef WEFT_WORKER_FETCH_H
#define WEFT_WORKER_FETCH_H

#include "common/net.h"
#include "engine/exec/block_remote.h"
#include "proto/control.h"

typedef struct weft_fetcher weft_fetcher;

typedef struct weft_fetch_options {
    weft_keys *keys; /* borrowed, as are all here; NULL: none */
    weft_role role;  /* of this process */
    weft_pool *pool;
    const weft_settings *settings; /* of the process */
    const char *host_id;
    int32_t deadline_ms; /* without a sign of life; 0: 5 s */
} weft_fetch_options;

WEFT_MUST_CHECK weft_status weft_fetcher_start(weft_ctx *ctx, const weft_fetch_options *options,
                                               weft_fetcher **out);
/* Stand-ins, charged to owner, of `count` blocks with rows of these types; places[i] is where names[i] is. On
 * failure there are none, and *lost is the index of a block that could not be had, or -1; which one, and
 * whether its holder was unreachable, is also told to ctx->fetch_failure. */
WEFT_MUST_CHECK weft_status weft_fetch_blocks(weft_ctx *ctx, weft_fetcher *fetcher,
                                              const weft_block_name *names, const weft_place *const *places,
                                              int32_t count, const weft_types *types, weft_account *owner,
                                              weft_block **out, int32_t *lost);

/* The pages of a stand-in from another place than its holder: an origin that gives up much sooner, as the
 * holder can be asked instead. The block is borrowed by it. */
WEFT_MUST_CHECK weft_status weft_fetch_via(weft_ctx *ctx, weft_fetcher *fetcher, const weft_place *place,
                                           const weft_block *block, weft_block_origin *out);

typedef struct weft_fetch_counts {
    int64_t headers, pages, bytes, stored; /* as they came; bytes: of images */
    int64_t busy, ignored;
    int64_t ahead_bytes, ahead_peak; /* memory of pages that are read ahead: now, and the most */
    int32_t connections, streams;    /* now */
} weft_fetch_counts;
void weft_fetch_count(weft_fetcher *fetcher, weft_fetch_counts *out);

/* Close all, join, free. Nothing that it made may be left. NULL is allowed. */
void weft_fetcher_stop(weft_fetcher **fetcher);

#endif
