/* client/standby.h - the life of a coordinator with ZooKeeper: it stands by, leads, is suspended, steps down
 * and stands by again, in one process.
 *
 *     stands by     its control port is a relay to who leads (relay_port.h)
 *     leads         the relay is closed, and a leadership (leadership.h) takes the port
 *     suspended     ZooKeeper is not connected: nothing new is taken
 *     steps down    the leadership is torn down without a word to clients and workers, and the relay is back
 *
 * One thread does this; the elector tells it what happens. */
#ifndef WEFT_CLIENT_STANDBY_H
#define WEFT_CLIENT_STANDBY_H

#include "client/leadership.h"
#include "coordinator/http.h"

typedef struct weft_standby weft_standby;

typedef struct weft_standby_options {
    weft_leadership_options leadership; /* the port may be 0: it is chosen once */
    const char *servers, *folder;       /* of ZooKeeper */
    int32_t timeout_ms;                 /* of its sessions */
    const char *keys_dir;               /* with zookeeper.secret and seal.secret */
    int32_t blob_port, blob_copies;     /* as in weft_blobs_options; kept in the daemon's work_dir, if any */
    int64_t blob_bytes, blob_keep_ms;
} weft_standby_options;

/* Open the control port, as a relay. Errors: those of weft_relay_port_start, weft_seal_open and
 * weft_secret_read_login. */
WEFT_MUST_CHECK weft_status weft_standby_open(weft_ctx *ctx, const weft_standby_options *options,
                                              weft_standby **out);
int32_t weft_standby_port(const weft_standby *standby);
/* What pages and REST show. */
weft_http_provider weft_standby_provider(weft_standby *standby);
/* Stand for election. address, http: of this process, for others; copied. Errors: those of
 * weft_elector_start. */
WEFT_MUST_CHECK weft_status weft_standby_start(weft_ctx *ctx, weft_standby *standby, const char *address,
                                               const char *http);
/* Lay down what it leads, silently, and withdraw. The provider must not be called any more. NULL is allowed.
 */
void weft_standby_stop(weft_standby **standby);

#endif
