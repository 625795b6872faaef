/* client/transport.h - coordinator and worker of one process: how messages get from one to the other.
 *
 * By reference, at no cost. Under weft.test.serialize (or weft.test.failFirstAttempt) of the sender's
 * statement every message is encoded and what arrives is decoded from the bytes alone, as between processes.
 * Any thread. */
#ifndef WEFT_CLIENT_TRANSPORT_H
#define WEFT_CLIENT_TRANSPORT_H

#include "worker/worker.h"

/* Between start and stop of the parts that it connects. */
typedef struct weft_transport {
    weft_worker *worker;
    weft_coordinator_link inbox; /* the coordinator's own end */
} weft_transport;

/* What the coordinator gets to reach the worker, and the worker to reach the coordinator; both borrow t. */
weft_worker_link weft_transport_to_worker(weft_transport *t);
weft_coordinator_link weft_transport_to_coordinator(weft_transport *t);

#endif
