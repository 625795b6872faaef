/* coordinator/service_upload.h - files of a client's machine that a statement names, asked for chunk by chunk
 * while it runs; for service.c and service_session.c. */
#ifndef WEFT_COORDINATOR_SERVICE_UPLOAD_H
#define WEFT_COORDINATOR_SERVICE_UPLOAD_H

#include "coordinator/service_private.h"

/* What an EXECUTE says of them, into the operation. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status service_upload_take(weft_ctx *ctx, const weft_session_request *request,
                                                operation *op);
/* Lock held: a chunk has come; one that was not asked for is dropped. The network's thread. */
void service_upload_part(weft_ctx *ctx, client_session *s, const weft_session_request *request,
                         const weft_net_frame *frame);
/* The session's thread, while the operation runs: where its statement reads them. NULL: it named none. */
const weft_upload *service_upload_open(client_session *s, operation *op);
/* Free all, when nobody knows of the operation any more. */
void service_upload_free(operation *op);

#endif
