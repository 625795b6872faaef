/* worker/outbox.h - reports on their way to the coordinator: encoded, in order, kept until acknowledged.
 *
 * A report is a *parcel*, counted: that of a block (DONE, but for the answer in it) is also kept beside the
 * block, and sent again when another coordinator leads.
 *
 * Any thread puts reports in. Its owner, one thread, takes what waits in *batches*, each one message on the
 * wire and, from the first on, the k-th report of worker/control.h; a batch stays as it is until it is
 * forgotten. Bounded: a report that does not fit is refused, and must then be missed (see worker/member.h).
 */
#ifndef WEFT_WORKER_OUTBOX_H
#define WEFT_WORKER_OUTBOX_H

#include "common/net.h"
#include "proto/control.h"

typedef struct weft_outbox weft_outbox;
typedef struct weft_parcel weft_parcel;

enum {
    WEFT_OUTBOX_REPORTS_MAX = 60,       /* in a batch: with the envelope fewer than a message has frames */
    WEFT_OUTBOX_BATCH_BYTES = 256 << 10 /* as little as a piece of a fragment (proto/control.h): a slow
                                           connection brings it before its end is taken for silent */
};

/* Charged to ctx's account. limit_bytes: of all that it holds. Caller frees. */
WEFT_MUST_CHECK weft_status weft_outbox_new(weft_ctx *ctx, int64_t limit_bytes, weft_outbox **out);
void weft_outbox_free(weft_outbox **box);

/* Encode a report and put it at the end; its parts stay the caller's. ctx->arena is used. Any thread.
 * Errors: WEFT_LIMIT, WEFT_NOMEM, and those of encoding. */
WEFT_MUST_CHECK weft_status weft_outbox_put(weft_ctx *ctx, weft_outbox *box,
                                            const weft_to_coordinator *report);
/* The same in two steps: encode, and put at the end. Of DONE *kept is a count of what is to be sent again to
 * another coordinator, NULL when memory was out for it. _add takes the parcel, and passes over one that is in
 * the outbox. A parcel that is not added is missed as one that could not be put. */
WEFT_MUST_CHECK weft_status weft_parcel_new(weft_ctx *ctx, weft_outbox *box,
                                            const weft_to_coordinator *report, weft_parcel **out,
                                            weft_parcel **kept);
WEFT_MUST_CHECK weft_status weft_outbox_add(weft_ctx *ctx, weft_outbox *box, weft_parcel *parcel);
weft_parcel *weft_parcel_share(weft_parcel *parcel);
void weft_parcel_release(weft_parcel **parcel);
/* The block that it tells of is gone, at the wish of a leader: no later one shall hear of it. Any thread. */
void weft_parcel_void(weft_parcel *parcel);
/* Memory that it takes. */
int64_t weft_parcel_bytes(const weft_parcel *parcel);
/* Send what was kept again, unless it is in the outbox; takes a count of its own. The limit of the outbox is
 * not for these: they take no new memory. */
void weft_outbox_again(weft_outbox *box, weft_parcel *kept);
/* A report could not be put: true once after it happened. */
bool weft_outbox_missed(weft_outbox *box);
bool weft_outbox_is_empty(weft_outbox *box);

/* ---- by its owner ---- */

/* Close what waits into one more batch. False when nothing waits. */
bool weft_outbox_batch(weft_outbox *box);
/* The reports of a batch, the first ever made being 1: at most WEFT_OUTBOX_REPORTS_MAX frames, borrowed until
 * it is forgotten. Returns how many; none when all that they told of is gone. */
int32_t weft_outbox_frames(const weft_outbox *box, uint64_t batch, weft_net_frame *frames);
/* Let go of all batches up to this one. */
void weft_outbox_forget(weft_outbox *box, uint64_t batch);
/* A session begins: the attempts that its reports are about, into ctx->arena: *count that are told of for the
 * first time, and behind them *again whose reports are sent again, in the order of weft_block_name_compare.
 * Those whose blocks are gone by now are not among them, nor in any batch from here on: whoever is told of an
 * attempt is told how it ended. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_outbox_attempts(weft_ctx *ctx, weft_outbox *box, weft_block_name **names,
                                                 int32_t *count, int32_t *again);

#endif
