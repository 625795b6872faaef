/* coordinator/port.h - the coordinator's control port: workers and clients of other processes.
 *
 * One endpoint (common/net.h) for both. What workers send steps the core, in the endpoint's thread; what
 * clients send goes to the service. Orders of one step to one worker travel as one message, large fragments
 * behind them in pieces (fragments.h). Whatever cannot
 * be understood, or be sent, costs its sender or receiver the session, and nothing else. */
#ifndef WEFT_COORDINATOR_PORT_H
#define WEFT_COORDINATOR_PORT_H

#include "common/net.h"
#include "coordinator/coordinator.h"
#include "coordinator/service.h"

typedef struct weft_port weft_port;

/* Before the coordinator, which gets weft_port_core. */
WEFT_MUST_CHECK weft_status weft_port_new(weft_ctx *ctx, weft_port **out);
weft_core_port weft_port_core(weft_port *port);

typedef struct weft_port_options {
    weft_coordinator *coordinator; /* borrowed, as are all here */
    const char *listen;            /* "tcp://HOST:PORT", port 0: any free one */
    weft_keys *keys;               /* NULL: loopback only */
    const weft_settings *settings;
    int32_t tick_ms;
    weft_pool *pool;
    int32_t sessions_max, peers_max;
    int32_t session_keep_ms, named_keep_ms; /* as in weft_service_options, as is the next */
    weft_journal *journal;
    const struct weft_recovery *recovery; /* what an earlier leader left (recovery.h); needed until the port
                                             is stopped; NULL: nothing */
    const char *blobs;                    /* "HOST:PORT" where workers fetch artifacts; NULL: nowhere */
} weft_port_options;

/* Listen, and make the sessions of the journal. Errors: those of weft_net_start, weft_service_new and
 * weft_service_recover. */
WEFT_MUST_CHECK weft_status weft_port_start(weft_ctx *ctx, weft_port *port, const weft_port_options *options);
int32_t weft_port_number(const weft_port *port);
/* While it is suspended no statement is taken: it answers NO_QUORUM. Any thread. */
void weft_port_suspend(weft_port *port, bool suspended);
/* Fall silent, before weft_port_stop: workers and clients hear nothing of what becomes of their jobs here,
 * and find their connections broken. All workers count as silent from then on, so that nobody waits for them.
 */
void weft_port_hush(weft_port *port);
/* Take no new message, end sessions. The coordinator may be freed afterwards. */
void weft_port_stop(weft_port *port);
void weft_port_free(weft_port **port);

#endif
