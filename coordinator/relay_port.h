/* coordinator/relay_port.h - the control port of a coordinator that stands by: what connects to it is
 * connected to the leader's, bytes both ways.
 *
 * All coordinators of a cluster show the same key, and identities are proven end to end (CURVE): nobody can
 * tell the relay from the leader, and the relay understands nothing of what it passes on.
 *
 * One thread with a poll loop. What the receiver does not take is kept, at most RELAY_BYTES in each
 * direction; the sender is not read meanwhile. A connection on which nothing moves for two minutes is closed
 * (both ends send heartbeats), and one that the leader does not accept within five seconds.
 *
 * After a change of leaders all clients come at once, and shaking hands is work. So only openings_max
 * connections are passed on that the leader has not let in yet (or that have not waited for it for
 * opening_ms); the others wait to be accepted.
 *
 * Without a leader a connection is closed at once: whoever came tries its next address. It never relays to
 * itself, and only to where the epoch's node says that the leader is. */
#ifndef WEFT_COORDINATOR_RELAY_PORT_H
#define WEFT_COORDINATOR_RELAY_PORT_H

#include "common/mem.h"

typedef struct weft_relay_port weft_relay_port;

typedef struct weft_relay_port_options {
    const char *host; /* where to listen; borrowed, as are all here */
    int32_t port;     /* 0: any free one */
    int32_t connections_max;
    int32_t openings_max, opening_ms; /* 0: 64 of them, and a second */
    weft_pool *pool;
    const weft_settings *settings;
} weft_relay_port_options;

typedef struct weft_relay_port_counts {
    int64_t connections;             /* now */
    int64_t opened, refused, failed; /* refused: no leader, or too many; failed: the leader did not answer */
    int64_t bytes;
} weft_relay_port_counts;

/* Returns when it listens. Errors: WEFT_INVALID (no such address), WEFT_IO (in use), WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_relay_port_start(weft_ctx *ctx, const weft_relay_port_options *options,
                                                  weft_relay_port **out);
int32_t weft_relay_port_number(const weft_relay_port *relay);
/* Where the leader is, "HOST:PORT"; NULL: nobody knows. Connections to another are closed. Any thread. */
void weft_relay_port_lead_to(weft_relay_port *relay, const char *address);
void weft_relay_port_count(weft_relay_port *relay, weft_relay_port_counts *out);
/* Close all. NULL is allowed. */
void weft_relay_port_stop(weft_relay_port **relay);

#endif
