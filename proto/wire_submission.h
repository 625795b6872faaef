/* proto/wire_submission.h - how far the statements of a named session are, as a part of a message; for
 * proto's own files and for what of a session stands in the journal. */
#ifndef WEFT_PROTO_WIRE_SUBMISSION_H
#define WEFT_PROTO_WIRE_SUBMISSION_H

#include "proto/session.h"
#include "proto/session.pb-c.h"

/* Into *out, which is a part of the message that is returned; NULL when there is nothing to tell. */
Weft__Wire__SessionSubmission *weft_submission_put(const weft_submission *submission,
                                                   Weft__Wire__SessionSubmission *out);
/* NULL: zeros. Errors: WEFT_CORRUPT. */
WEFT_MUST_CHECK weft_status weft_submission_get(weft_ctx *ctx, const Weft__Wire__SessionSubmission *message,
                                                weft_submission *out);

#endif
