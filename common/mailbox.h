/* common/mailbox.h - a queue of small messages between threads: many senders, one or more receivers.
 *
 * Messages are copied by value; pointers in them change hands. First in, first out, except for urgent ones.
 * Bounded: a full box refuses, it never waits (senders count on credit, not on space). */
#ifndef WEFT_COMMON_MAILBOX_H
#define WEFT_COMMON_MAILBOX_H

#include "common/mem.h"

typedef struct weft_mailbox weft_mailbox;

/* A box for messages of item_bytes, at most limit of them. Charged to ctx's account, WORKING. Caller frees.
 */
WEFT_MUST_CHECK weft_status weft_mailbox_new(weft_ctx *ctx, size_t item_bytes, int32_t limit,
                                             weft_mailbox **out);
/* Room for so many messages at once (at most the limit), so that putting them needs no memory. */
WEFT_MUST_CHECK weft_status weft_mailbox_reserve(weft_ctx *ctx, weft_mailbox *box, int32_t count);
/* Copy a message in. urgent: before all that wait. Errors: WEFT_LIMIT when full, WEFT_CANCELLED when closed.
 */
WEFT_MUST_CHECK weft_status weft_mailbox_put(weft_ctx *ctx, weft_mailbox *box, const void *item, bool urgent);
/* Take the first message. Waits at most timeout_ns (0: not at all, INT64_MAX: until there is one or the box
 * closes). False when there was none. */
bool weft_mailbox_take(weft_mailbox *box, void *item, int64_t timeout_ns);
/* Receivers wake up and get what is left, then false at once; putting fails. */
void weft_mailbox_close(weft_mailbox *box);
/* What is left in the box is dropped: take it out first when it owns something. */
void weft_mailbox_free(weft_mailbox **box);

#endif
