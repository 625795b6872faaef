/* common/link.h - one end of a conversation in which nothing is lost unnoticed: pure, no I/O, no clock.
 *
 * A conversation is a *session*: the coordinator mints its number when a worker registers. Within it each end
 * numbers what it sends, 1, 2, 3, …, and tells with every message how far it has received without a gap. So
 * the receiver knows a message that came twice, and one that is missing; a heartbeat carries the number of
 * the last message, so that the loss of the very last one shows too. What was lost is not asked for again:
 * the end that notices begins a new session, in which both tell what they hold (see worker/control.h). That
 * is one way to mend everything: loss, reordering, restarts. */
#ifndef WEFT_COMMON_LINK_H
#define WEFT_COMMON_LINK_H

#include "common/base.h"

/* What every message carries. */
typedef struct weft_link_head {
    uint64_t session; /* 0: none yet */
    uint64_t number;  /* of this message, from 1; of the last one sent, in a heartbeat */
    uint64_t ack;     /* all up to this one have arrived */
} weft_link_head;

typedef enum weft_link_verdict {
    WEFT_LINK_NEXT,  /* handle it */
    WEFT_LINK_TWICE, /* it was handled before */
    WEFT_LINK_GAP,   /* something before it is missing: begin a new session */
    WEFT_LINK_OTHER  /* of another session: ignore it */
} weft_link_verdict;

typedef struct weft_link {
    uint64_t session;
    uint64_t sent, received; /* last numbers */
    uint64_t acked;          /* of what was sent, as far as the other end has told */
    int64_t heard_ns, spoke_ns;
} weft_link;

/* Begin a session. */
void weft_link_open(weft_link *link, uint64_t session, int64_t now_ns);
/* The head of the next message, or of a heartbeat. */
weft_link_head weft_link_send(weft_link *link, int64_t now_ns);
weft_link_head weft_link_beat(weft_link *link, int64_t now_ns);
/* A message, or a heartbeat, has arrived. A heartbeat is NEXT or GAP. */
weft_link_verdict weft_link_receive(weft_link *link, const weft_link_head *head, bool heartbeat,
                                    int64_t now_ns);

#endif
